"""A comparison as a picture: energy by component beside each other, and the totals."""

from __future__ import annotations

import os
from collections.abc import Callable

from accelerator.alignment import short
from accelerator.comparison import Comparison
from accelerator.plots import OTHERS, SMALLEST_SHARE, plain_text
from accelerator.report import Report

# Longer names of tables would leave no room for the bars.
LONGEST_LABEL = 28
_TOTALS: dict[str, Callable[[Report], float]] = {
    "energy [uJ]": lambda report: report.energy * 1e6,
    "latency [ms]": lambda report: report.latency * 1e3,
    "area [mm2]": lambda report: report.area * 1e6,
}


def save_comparison_plot(comparison: Comparison, path: str | os.PathLike[str]) -> None:
    """Write the picture to `path`, its format by the ending; refused tables are left out.

    Raises:
        OSError: the file cannot be written.
        ValueError: the ending is of no known format.
    """
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    entries = [entry for entry in comparison.entries if entry.report is not None]
    labels = [_label(entry.name) for entry in entries]
    reports = comparison.reports
    groups = _groups(reports)
    count = len(reports)
    colors = [colormaps["tab10"](index % 10) for index in range(count)]

    width = min(max(8.0, 0.16 * count * len(groups) + 3), 40.0)
    figure = Figure(figsize=(width, 8), layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplot_mosaic([["components"] * 3, list(_TOTALS)], height_ratios=(3, 2))
    energy = places["components"]
    thickness = 0.8 / count
    for index, label in enumerate(labels):
        shift = (index - (count - 1) / 2) * thickness
        heights = [values[index] * 1e6 for values in groups.values()]
        centres = [place + shift for place in range(len(groups))]
        energy.bar(centres, heights, thickness, label=label, color=colors[index])
    energy.set_ylabel("energy [uJ]")
    energy.set_xticks(range(len(groups)), list(groups), rotation=45, ha="right", fontsize="small")
    energy.legend(fontsize="small")
    first = reports[0]
    widths = f"W{first.weight_bits}:A{first.activation_bits}"
    energy.set_title(f"{plain_text(first.network)} at {widths}: energy by component")
    for what, total in _TOTALS.items():
        axes, values = places[what], [total(report) for report in reports]
        bars = axes.bar(range(count), values, color=colors)
        if count <= 6:
            axes.bar_label(bars, [short(value) for value in values], fontsize="small")
        axes.margins(y=0.12)
        axes.set_ylabel(what)
        axes.set_xticks(range(count), labels, rotation=45, ha="right", fontsize="small")
    figure.savefig(path, dpi=120)


def _label(name: str) -> str:
    short_name = name if len(name) <= LONGEST_LABEL else "..." + name[3 - LONGEST_LABEL :]
    # The legend leaves out what begins with an underscore.
    return plain_text(" " * short_name.startswith("_") + short_name)


def _groups(reports: tuple[Report, ...]) -> dict[str, list[float]]:
    """Energies by table (J) of each component that is worth drawing in any, largest first."""
    energies = [report.components for report in reports]
    totals = [report.energy for report in reports]
    shares = {
        name: max(
            components[name] / total for components, total in zip(energies, totals, strict=True)
        )
        for name in energies[0]
    }
    large = sorted((n for n in shares if shares[n] >= SMALLEST_SHARE), key=lambda n: -shares[n])
    groups = {name: [components[name] for components in energies] for name in large}
    rest = [
        sum(energy for name, energy in components.items() if name not in large)
        for components in energies
    ]
    return {**groups, OTHERS: rest}
