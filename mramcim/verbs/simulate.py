"""`mramcim simulate BENCH`: run one bench in ngspice, show its measures and waveforms."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mramcim.arguments import ZERO_CELSIUS, add_json
from mramcim.benches import Request, add_bench_arguments, request, sample_content
from mramcim.columns import aligned
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json

if TYPE_CHECKING:
    from characterize.ngspice import Waveforms
    from circuits import Deck
    from lut import Outcome

SUMMARY = "run one bench in ngspice and show its measures and waveforms"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_bench_arguments(parser)
    parser.add_argument("--plot", metavar="F", help="picture of the waveforms (png, svg, pdf)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, print the measures and draw the waveforms."""
    check_outputs({"--plot": arguments.plot, "--json": arguments.json})
    asked = request(arguments)
    deck, waves, values, outcome = _simulated(asked)

    from lut import SCHEMA

    if arguments.plot is not None:
        write_file(arguments.plot, lambda path: _draw(path, deck, waves))
    variables = SCHEMA[deck.bench].variables
    rows = [
        (name, value, variables[name].units, variables[name].meaning)
        for name, value in values.items()
        if name in variables
    ]
    if arguments.json is not None:
        content = {
            "format": "mramcim-simulation/1",
            "bench": deck.bench,
            "title": deck.title,
            "corner": deck.conditions.corner,
            "vdd_V": deck.conditions.vdd,
            "temperature_K": deck.conditions.temperature,
            **sample_content(asked, deck),
            "outcome": outcome.meaning,
            "measures": {
                name if units == "1" else f"{name}_{units}": value for name, value, units, _ in rows
            },
        }
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        print(f"{deck.title}: {outcome.meaning}")
        lines = [
            (name, f"{value:.4g}", "" if units == "1" else units, meaning)
            for name, value, units, meaning in rows
        ]
        print(aligned(("measure", "value", "unit", "meaning"), lines, numbers=1))
    return 0


def _simulated(asked: Request) -> tuple[Deck, Waveforms, Mapping[str, float], Outcome]:
    """The deck that was run last, its waveforms, measures and outcome.

    A write is judged by its magnet: the deck is that with the pulse it needs.
    """
    if asked.bench != "write":
        from characterize.measure import measure
        from characterize.pool import run_deck

        deck = asked.deck()
        waves = run_deck(deck)
        measured = measure(deck, waves)
        return deck, waves, measured.values, measured.outcome

    from mramcim.written import written

    point = written(asked)
    return point.deck, point.waves, point.values, point.outcome


def _draw(path: Path, deck: Deck, waves: Waveforms) -> None:
    """One panel a vector over time in ns, an amplifier's two inputs in one."""
    from matplotlib.figure import Figure

    vectors = _panels(deck)
    figure = Figure(figsize=(8, 1.2 + 0.9 * len(vectors)), layout="constrained")
    panels = figure.subplots(len(vectors), 1, sharex=True, squeeze=False)[:, 0]
    time = waves.time * 1e9
    for panel, names in zip(panels, vectors, strict=True):
        current = names[0].endswith("#branch")
        for name, style in zip(names, ("-", "--"), strict=False):
            label = name.removesuffix("#branch")
            panel.plot(time, waves[name] * (1e6 if current else 1.0), style, label=label)
        panel.axvspan(deck.cycle.start * 1e9, deck.cycle.stop * 1e9, color="0.93", zorder=0)
        if not math.isnan(deck.latch_time):
            panel.axvline(deck.latch_time * 1e9, color="0.5", linewidth=0.8, linestyle=":")
        panel.set_ylabel("uA" if current else "V")
        panel.margins(y=0.15)
        panel.legend(loc="upper left", fontsize="small")
    panels[-1].set_xlabel("time (ns); the shaded cycle is measured")
    where = deck.conditions
    celsius = where.temperature - ZERO_CELSIUS
    panels[0].set_title(f"{deck.title} at {where.corner}, {where.vdd:g} V, {celsius:g} degC")
    figure.savefig(path, dpi=150)


def _panels(deck: Deck) -> list[tuple[str, ...]]:
    """What is drawn in each panel: an amplifier's signal with its reference, else one vector."""
    signals = {item.reference: item.signal for item in deck.differentials}
    paired = set(signals.values())
    return [
        (signals[name], name) if name in signals else (name,)
        for name in deck.plotted
        if name not in paired
    ]
