"""`mramcim netlist BENCH`: the deck of a bench, for reading and for `ngspice -b`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from mramcim.arguments import add_json, finite
from mramcim.benches import Request, add_bench_arguments, request, sample_content
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

if TYPE_CHECKING:
    from circuits import Deck

SUMMARY = "print the deck of a bench with its measures, which `ngspice -b` runs as it is"
_SHORTEST, _LONGEST = 1e-11, 1e-6
"""Write pulses [s] that --pulse takes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.description = (
        "Print the deck of a bench with cards for its measures: `mramcim netlist and2 | ngspice "
        "-b` prints what `mramcim simulate and2` reports. The pulse of a write is the one that "
        "its device needs, found as `simulate` does, which takes some seconds and ngspice."
    )
    add_bench_arguments(parser)
    parser.add_argument(
        "--pulse",
        type=finite,
        metavar="S",
        help="the write pulse in s, such as 2e-9 (default: the one that is needed)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the deck."""
    check_outputs({"--json": arguments.json})
    asked = request(arguments)
    deck, known = _decided(asked, arguments.pulse)

    from characterize.measure_cards import with_measures
    from circuits.deck_guard import check_deck

    # Who reads the text may give it to `ngspice -b`, which runs what it finds. The cards for the
    # measures are ours, with nothing of a file in them.
    check_deck(deck.netlist)
    netlist = with_measures(deck, known)
    if arguments.json is not None:
        content = {
            "format": "mramcim-netlist/1",
            "bench": deck.bench,
            "title": deck.title,
            "corner": deck.conditions.corner,
            "vdd_V": deck.conditions.vdd,
            "temperature_K": deck.conditions.temperature,
            **sample_content(asked, deck),
            "cycle_start_s": deck.cycle.start,
            "cycle_stop_s": deck.cycle.stop,
            "netlist": netlist,
        }
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(netlist)
    return 0


def _decided(asked: Request, pulse: float | None) -> tuple[Deck, dict[str, float]]:
    """The deck, and measures that it does not have of itself: those of a pulse that was found."""
    if asked.bench != "write":
        if pulse is not None:
            raise CommandError(f"{asked.bench} has no write pulse; leave --pulse out")
        return asked.deck(), {}
    if pulse is not None:
        if not _SHORTEST <= pulse <= _LONGEST:
            raise CommandError(
                f"--pulse must be from {_SHORTEST:g} to {_LONGEST:g} s, not {pulse:g} s"
            )
        timing = replace(asked.design.timing, write_pulse=pulse)
        return replace(asked, design=replace(asked.design, timing=timing)).deck(), {}

    from mramcim.written import written

    found = written(asked)
    known = {name: found.values[name] for name in ("current", "error_rate")}
    return asked.varied(found.deck), known
