"""Accuracy and energy against the width, for each number of bits."""

from __future__ import annotations

import os
from collections.abc import Sequence

from accelerator.adaptive.study import BitsResult


def save_plot(results: Sequence[BitsResult], path: str | os.PathLike[str]) -> None:
    """Write the picture to `path`, its format by the ending."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    accuracy, energy = figure.subplots(1, 2)
    for number, result in enumerate(results):
        widths = [one.width for one in result.widths]
        name = f"{result.bits} bits"
        for kind, line in (("together", "-"), ("alone", ":")):
            spreads = [getattr(one, kind) for one in result.widths]
            accuracy.errorbar(
                widths,
                [100 * spread.mean for spread in spreads],
                [100 * spread.deviation for spread in spreads],
                color=f"C{number}",
                linestyle=line,
                marker="o",
                capsize=3,
                label=f"{name}, {kind}",
            )
        for order, line in (("spread", "-"), ("blocks", ":")):
            ratios = [one.on_chip[order].energy_ratio for one in result.widths]
            label = f"{name}, kernels {order}"
            style = {"color": f"C{number}", "linestyle": line, "marker": "o"}
            energy.plot(widths, ratios, label=label, **style)
    widths = [one.width for one in results[0].widths]
    energy.plot(
        widths, [one.mac_ratio for one in results[0].widths], "k--", label="multiply-accumulates"
    )
    accuracy.set_ylabel("accuracy on test images [%]")
    energy.set_ylabel("of the widest network's [1]")
    energy.set_ylim(bottom=0)
    energy.set_title("energy of an image", fontsize="medium")
    for axes in (accuracy, energy):
        axes.set_xlabel("width [1]")
        axes.legend(fontsize="small", loc="lower right")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
