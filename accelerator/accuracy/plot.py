"""Accuracy and energy against the supply, a curve for each table, corner and temperature."""

from __future__ import annotations

import os
from collections.abc import Sequence

from accelerator.accuracy.curve import AccuracyPoint
from accelerator.plots import plain_text


def save_plot(
    faultless: float, points: Sequence[AccuracyPoint], path: str | os.PathLike[str]
) -> None:
    """Write the picture to `path`, its format by the ending."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 7), layout="constrained")
    FigureCanvasAgg(figure)
    accuracy, energy = figure.subplots(2, 1, sharex=True)
    for number, (name, curve) in enumerate(_curves(points).items()):
        supplies = [point.conditions.vdd for point in curve]
        style = {"color": f"C{number}", "marker": "o", "capsize": 3, "label": name}
        middle = [100 * point.score.accuracy for point in curve]
        ends = [(100 * point.score.low, 100 * point.score.high) for point in curve]
        accuracy.errorbar(supplies, middle, _bars(middle, ends), **style)
        rows = [point.to_dict() for point in curve]
        middle = [row["energy"] * 1e6 for row in rows]
        ends = [(row["energy_low"] * 1e6, row["energy_high"] * 1e6) for row in rows]
        energy.errorbar(supplies, middle, _bars(middle, ends), **style)
    accuracy.axhline(100 * faultless, color="0.5", linestyle=":", label="without errors")
    accuracy.set_ylabel("accuracy [%]")
    accuracy.set_ylim(0, 102)
    accuracy.legend(fontsize="small", loc="lower right")
    energy.set_ylabel("energy of an image [uJ]")
    energy.set_ylim(bottom=0)
    energy.set_xlabel("supply [V]")
    for axes in (accuracy, energy):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def _curves(points: Sequence[AccuracyPoint]) -> dict[str, list[AccuracyPoint]]:
    """Points by what they have in common, in ascending supply."""
    curves: dict[str, list[AccuracyPoint]] = {}
    several = len({str(point.report.table["name"]) for point in points}) > 1
    for point in sorted(points, key=lambda point: point.conditions.vdd):
        one = point.conditions
        name = f"{one.corner}, {point.celsius:.4g} degC"
        if several:
            name = f"{point.report.table['name']}, {name}"
        curves.setdefault(plain_text(name), []).append(point)
    return curves


def _bars(middle: Sequence[float], ends: Sequence[tuple[float, float]]) -> list[list[float]]:
    """How far an interval reaches below and above what is drawn."""
    pairs = list(zip(middle, ends, strict=True))
    return [
        [max(value - low, 0.0) for value, (low, _) in pairs],
        [max(high - value, 0.0) for value, (_, high) in pairs],
    ]
