"""`mramcim size BENCH --error-rate RATE`: the sense amplifier of least energy at an error rate."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mramcim.arguments import add_json, finite, kelvin, positive_count, processes
from mramcim.benches import DEFAULT_TEMPERATURE, add_design_arguments
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json, write_text
from mramcim.progress import add_quiet

if TYPE_CHECKING:
    from characterize.sized import SizedDesign

SUMMARY = "find the sizes, bias current and times of a sense of least energy at an error rate"
_MOST_EVALUATIONS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("bench", metavar="BENCH", help="read, and2, or2 or xor2")
    parser.add_argument(
        "--error-rate",
        type=finite,
        metavar="RATE",
        required=True,
        help="of the worst operands over random devices, such as 1e-6",
    )
    parser.add_argument("--save", metavar="OUT.toml", help="write the design that was found")
    parser.add_argument(
        "--rows",
        type=positive_count,
        nargs="+",
        metavar="R",
        default=[256],
        help="rows of the column; with several the one of least energy is taken (default: 256)",
    )
    parser.add_argument("--corner", default="tt", help="process corner (default: tt)")
    parser.add_argument(
        "--vdd", type=finite, metavar="V", help="supply (default: the technology's own)"
    )
    parser.add_argument(
        "--temperature",
        type=kelvin,
        metavar="DEGC",
        default=DEFAULT_TEMPERATURE,
        help="temperature in degC (default: 27)",
    )
    parser.add_argument(
        "--variation",
        metavar="NAME",
        default="default",
        help="distributions of the devices: a name, or the path of a .toml file",
    )
    parser.add_argument(
        "--read-disturb",
        type=finite,
        metavar="P",
        default=1e-9,
        help="most probable loss of a bit in one sense (default: 1e-9)",
    )
    parser.add_argument(
        "--pitch-aspect",
        type=finite,
        metavar="A",
        default=20.0,
        help="most height of an amplifier over the width of the columns that share it (default: "
        "20)",
    )
    parser.add_argument(
        "--cycle-time",
        type=finite,
        metavar="S",
        help="longest cycle in s, such as 3.4e-9 (default: any)",
    )
    parser.add_argument(
        "--evaluations",
        type=positive_count,
        metavar="N",
        default=30,
        help="steps of the search, after one for each size; each is some hundred transients "
        "(default: 30)",
    )
    parser.add_argument(
        "-j", "--jobs", type=processes, metavar="N", help="processes (default: all cores)"
    )
    parser.add_argument("--seed", type=positive_count, default=1, metavar="N", help="default: 1")
    parser.add_argument(
        "--plot", metavar="F", help="draw energy against error rate (.png, .svg or .pdf)"
    )
    add_design_arguments(parser)
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Search, confirm by importance sampling, print and write; 1 where the demand is not met."""
    check_outputs(
        {"--save": arguments.save, "--plot": arguments.plot, "--json": arguments.json},
        inputs=[arguments.design, arguments.device, arguments.technology, arguments.variation],
    )
    _check(arguments)

    import os

    from characterize.pool import Decks
    from characterize.sized import find_size
    from characterize.sizing import Demand
    from circuits import Conditions, load_design
    from circuits.deck_text import name_from
    from circuits.design_text import design_text
    from circuits.variation import load_variation

    design = load_design(
        arguments.design,
        device=arguments.device,
        technology=arguments.technology,
        models=arguments.models,
    )
    variation = load_variation(arguments.variation)
    supply = design.technology.vdd if arguments.vdd is None else arguments.vdd
    results: list[SizedDesign] = []
    tell = _hush if arguments.quiet else _tell
    with Decks(arguments.jobs or os.cpu_count() or 1) as decks:
        for rows in arguments.rows:
            where = Conditions(arguments.corner, supply, arguments.temperature, rows)
            demand = Demand(
                arguments.bench, arguments.error_rate, where, variation,
                arguments.read_disturb, arguments.pitch_aspect, arguments.cycle_time or math.inf,
            )  # fmt: skip
            begin = results[-1].found.design if results and results[-1].found else design
            results.append(
                find_size(begin, demand, decks, arguments.evaluations, arguments.seed, tell)
            )
    met = [result for result in results if result.met]
    best = min(met or results, key=_energy)
    if best.found is not None and arguments.save is not None:
        named = replace(best.found.design, name=name_from(Path(arguments.save).stem))
        text = design_text(named, tuple(best.lines()), Path(arguments.save).parent)
        write_text(arguments.save, text)
    if arguments.plot is not None:
        from characterize.size_plot import plot_trade_off

        write_file(arguments.plot, lambda path: plot_trade_off(results, path))
    if arguments.json is not None:
        write_json(arguments.json, _content(best, results))
    if arguments.json != STANDARD_OUTPUT:
        for result in results:
            print("\n".join(result.lines()))
    return 0 if best.met else 1


def _check(arguments: argparse.Namespace) -> None:
    from circuits.operations import OPERANDS

    if arguments.bench not in OPERANDS:
        raise CommandError(
            f"'{arguments.bench}' decides nothing; size one of {', '.join(OPERANDS)}"
        )
    for name, low, high in (
        ("error_rate", 1e-15, 0.4), ("read_disturb", 1e-30, 1.0), ("pitch_aspect", 0.1, 1e3),
        ("cycle_time", 1e-10, 1e-6),
    ):  # fmt: skip
        value = getattr(arguments, name)
        if value is not None and not low <= value <= high:
            flag = "--" + name.replace("_", "-")
            raise CommandError(f"{flag} must be from {low:g} to {high:g}, not {value:g}")
    if arguments.evaluations > _MOST_EVALUATIONS:
        raise CommandError(f"--evaluations must be at most {_MOST_EVALUATIONS}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _hush(_line: str) -> None:
    pass


def _energy(result: SizedDesign) -> float:
    return result.found.energy if result.found is not None else float("inf")


def _content(best: SizedDesign, results: list[SizedDesign]) -> dict[str, Any]:
    return {
        "format": "mramcim-size/1",
        "met": best.met,
        "rows": best.demand.conditions.rows,
        "results": [result.to_dict() for result in results],
    }
