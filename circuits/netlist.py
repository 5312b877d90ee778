"""Composition with PySpice: transistors, junctions, pulses, and the text of a whole deck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from circuits.deck import ZERO_CELSIUS, Conditions
from circuits.deck_text import comments as comment_lines
from circuits.deck_text import finite, number, piecewise, setting
from circuits.deck_text import title as title_line
from circuits.design import Design

MAGNET_STEP = 1e-12
"""Longest step [s] of a deck with magnets: a turn of precession is some 30 ps."""
EDGE = 40e-12
"""Rise and fall time [s] of the ideal signals that enter a deck from outside."""


def new_subcircuit(name: str, *nodes: str, **parameters: float) -> Any:
    """An empty PySpice sub-circuit."""
    from PySpice.Spice.Netlist import SubCircuit

    return SubCircuit(name, *nodes, **parameters)


def new_circuit(title: str) -> Any:
    """An empty PySpice circuit; its title may be any text."""
    from PySpice.Spice.Netlist import Circuit

    return Circuit(title_line(title))


def add_transistor(
    circuit: Any,
    design: Design,
    name: str,
    polarity: str,
    drain: str,
    gate: str,
    source: str,
    bulk: str,
    width: float,
    *,
    length: float | None = None,
    multiplicity: float = 1,
) -> None:
    """Add one transistor ("n" or "p"; sizes in m) in the form the technology's models take."""
    line = design.technology.transistor(
        name,
        polarity,
        (drain, gate, source, bulk),
        width,
        length if length is not None else design.technology.length_min,
        multiplicity=multiplicity,
    )
    circuit.raw_spice += line + "\n"


def add_inverter(
    circuit: Any,
    design: Design,
    name: str,
    entry: str,
    output: str,
    supply: str,
    width_n: float,
    width_p: float | None = None,
) -> None:
    """Add a static inverter; the p transistor is twice as wide by default."""
    p = width_p if width_p is not None else 2 * width_n
    add_transistor(circuit, design, name + "p", "p", output, entry, supply, supply, p)
    add_transistor(circuit, design, name + "n", "n", output, entry, "0", "0", width_n)


def waveform(low: float, high: float, highs: Iterable[tuple[float, float]]) -> str:
    """A piecewise-linear source that is `high` between each pair of times [s], else `low`."""
    points = [(0.0, low)]
    for start, stop in highs:
        points += [(start, low), (start + EDGE, high), (stop, high), (stop + EDGE, low)]
    return piecewise(points)


def assemble(
    circuit: Any,
    design: Design,
    conditions: Conditions,
    *,
    comments: Sequence[str],
    saved: Sequence[str],
    step: float,
    stop: float,
    junction: bool = True,
    guesses: Mapping[str, float] | None = None,
    held: Sequence[str] = (),
) -> str:
    """The whole deck: comments, models, circuit, temperature, options and analysis.

    `comments` may be any text; `circuit` is of `new_circuit`.

    `guesses` [V] start the operating point of bistable nodes in one of their states. Nodes of
    `held` are kept at ground while it is sought: where the solver has to step its sources it
    forgets the guesses. What a node at ground takes from the supply stays as it is.
    """
    title, body = str(circuit).split("\n", 1)
    lines = [
        title.removeprefix(".title "),
        *comment_lines(comments),
        design.technology.model_text(conditions.corner).rstrip("\n"),
    ]
    if junction:
        lines.append(design.device.subcircuit().rstrip("\n"))
        if design.moving:
            lines.append(design.device.moving_subcircuit(conditions.temperature).rstrip("\n"))
            step = min(step, MAGNET_STEP)
    lines += [
        finite(body.rstrip("\n")),
        f".temp {number(conditions.temperature - ZERO_CELSIUS, 6)}",
        *(f".option {setting(option)}" for option in design.technology.options),
        # Gear: the trapezoidal rule rings on the latch's regeneration. At 1e-3 a latch near its
        # limit decides wrongly by up to 6 mV; 1e-4 agrees with 1e-5 and a fifth of the step.
        ".option method=gear reltol=0.0001",
        *(f".nodeset v({node})={number(value, 6)}" for node, value in (guesses or {}).items()),
        *(f".ic v({node})=0" for node in held),
        ".save " + " ".join(saved),
        f".tran {number(step, 6)} {number(stop, 6)} 0 {number(step, 6)}",
        ".end",
    ]
    return "\n".join(lines) + "\n"
