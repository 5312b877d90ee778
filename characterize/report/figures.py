"""Figures of a report, as SVG text: margins, shmoo plots, waveforms of a point."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from characterize.ngspice import Waveforms
from circuits import Deck
from lut import ZERO_CELSIUS, Group, Outcome, Table

SENSING = ("read", "and2", "or2", "xor2")
# Text stays text, so that it can be read and searched; a fixed salt gives equal pages for
# equal tables.
_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "mramcim", "font.size": 8.0}


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    with rc_context(_STYLE):
        FigureCanvasSVG(figure)
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    found = text.getvalue()
    return found[found.index("<svg") :]


def sensing_groups(table: Table) -> dict[str, Group]:
    """The sensing groups that have margins."""
    return {
        name: table[name]
        for name in SENSING
        if name in table.groups and "margin" in table[name].variables
    }


def margins(table: Table, least: dict[str, float]) -> str:
    """Histogram of the margins of every point, by operands; `least` [V] are limits to draw."""
    groups = sensing_groups(table)
    with rc_context(_STYLE):
        figure = Figure(figsize=(9.0, 1.9 * len(groups)), layout="constrained")
        panels = figure.subplots(len(groups), 1, squeeze=False, sharex=True)[:, 0]
        for panel, (name, group) in zip(panels, groups.items(), strict=True):
            values = 1e3 * group.spread("margin")
            bins = np.linspace(*_span(values), 61)
            for index, operands in enumerate(group.axes["operands"].values):
                panel.hist(
                    values[..., index].ravel(), bins, histtype="stepfilled", alpha=0.5,
                    label=str(operands),
                )  # fmt: skip
            if name in least:
                panel.axvline(1e3 * least[name], color="black", linestyle="--", label="limit")
            panel.set_title(name, loc="left")
            panel.set_ylabel("points")
            panel.legend(loc="upper right", fontsize=7)
        panels[-1].set_xlabel("margin / mV")
        return _svg(figure)


def _span(values: Any) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def shmoo(table: Table, rows: int) -> str:
    """Worst margin of each operation over supply and temperature, a panel a corner.

    A cross marks where some operand pattern is wrong or failed.
    """
    groups = sensing_groups(table)
    corners = next(iter(groups.values())).axes["corner"].values
    with rc_context(_STYLE):
        size = (2.4 * len(groups) + 0.8, 1.5 * len(corners) + 0.6)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(corners), len(groups), squeeze=False)
        for column, (name, group) in enumerate(groups.items()):
            at = list(group.axes["rows"].values).index(rows)
            margin = 1e3 * group.spread("margin")[:, :, :, at].min(axis=-1)
            bad = (group.spread("outcome")[:, :, :, at] != int(Outcome.OK)).any(axis=-1)
            low, high = _span(margin)
            supplies = [f"{value:g}" for value in group.axes["vdd"].values]
            kelvins = np.asarray(group.axes["temperature"].values, dtype=float)
            heats = [f"{value - ZERO_CELSIUS:.0f}" for value in kelvins]
            for row, corner in enumerate(corners):
                panel = panels[row][column]
                # Cells as shapes: a page without a network may not load images, even its own.
                panel.pcolormesh(
                    np.where(np.isfinite(margin[row]), margin[row], low).T,
                    vmin=min(low, 0.0), vmax=high, cmap="RdYlGn", edgecolors="white",
                )  # fmt: skip
                for vdd, heat in np.ndindex(margin[row].shape):
                    text = "X" if bad[row, vdd, heat] else f"{margin[row, vdd, heat]:.0f}"
                    weight = "bold" if bad[row, vdd, heat] else "normal"
                    panel.text(vdd + 0.5, heat + 0.5, text, ha="center", va="center", weight=weight)
                panel.set_xticks(np.arange(len(supplies)) + 0.5, supplies)
                panel.set_yticks(np.arange(len(heats)) + 0.5, heats)
                panel.set_title(f"{name}, {corner}", fontsize=8)
        figure.supxlabel("supply / V")
        figure.supylabel("temperature / degC")
        return _svg(figure)


def waveforms(deck: Deck, waves: Waveforms) -> str:
    """The plotted nodes of a deck over time, voltages above and currents below."""
    names = [name for name in deck.plotted or tuple(waves.vectors) if name in waves.vectors]
    kinds = {
        "V": [name for name in names if not name.endswith("#branch")],
        "A": [name for name in names if name.endswith("#branch")],
    }
    shown = {unit: found for unit, found in kinds.items() if found}
    with rc_context(_STYLE):
        figure = Figure(figsize=(9.0, 2.4 * len(shown)), layout="constrained")
        panels = figure.subplots(len(shown), 1, squeeze=False, sharex=True)[:, 0]
        for panel, (unit, found) in zip(panels, shown.items(), strict=True):
            for name in found:
                panel.plot(1e9 * waves.time, waves[name], label=name.removesuffix("#branch"))
            panel.axvspan(1e9 * deck.cycle.start, 1e9 * deck.cycle.stop, color="grey", alpha=0.12)
            panel.set_ylabel(unit)
            panel.legend(loc="upper left", fontsize=7)
        panels[-1].set_xlabel("time / ns (shaded: the measured cycle)")
        return _svg(figure)
