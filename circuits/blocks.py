"""The deck of a block of the periphery or of the logic, from its circuit and its roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from circuits.deck import Conditions, Deck, Energy, Window
from circuits.design import Design
from circuits.layout import transistors_area
from circuits.netlist import assemble

STEP = 20e-12


def block_deck(
    design: Design,
    conditions: Conditions,
    circuit: Any,
    bench: str,
    *,
    energies: Mapping[str, Energy],
    stop: float,
    watched: tuple[str, ...],
    edges: tuple[float, ...],
    widths: Sequence[float],
    level: float | None = None,
    title: str = "",
    comments: Sequence[str] = (),
    plotted: tuple[str, ...] = (),
    outputs: Mapping[str, int] | None = None,
    guesses: Mapping[str, float] | None = None,
) -> Deck:
    """Finish a deck that holds no junction; times in s, `widths` of its transistors in m.

    The cycle runs from the start of the window of "energy" to `stop`; `level` [V] is half
    the supply by default, and what is plotted is what is watched.
    """
    sources = dict.fromkeys(name for energy in energies.values() for name in energy.sources)
    shown = plotted or watched
    netlist = assemble(
        circuit,
        design,
        conditions,
        comments=[
            f"design {design.name}, technology {design.technology.name}",
            f"corner {conditions.corner}, VDD {conditions.vdd:g} V",
            *comments,
        ],
        saved=[*shown, *sources, *(f"{name}#branch" for name in sources)],
        step=STEP,
        stop=stop,
        junction=False,
        guesses=guesses,
    )
    return Deck(
        bench=bench,
        title=title or bench,
        netlist=netlist,
        conditions=conditions,
        stop=stop,
        cycle=Window(energies["energy"].window.start, stop),
        energies=energies,
        total=("energy",),
        watched=watched,
        edges=edges,
        level=conditions.vdd / 2 if level is None else level,
        outputs=outputs or {},
        values={"area": transistors_area(design, widths)},
        plotted=shown,
    )
