"""A report as a picture: energy by layer and component, latency by layer."""

from __future__ import annotations

import os

from accelerator.report import Report

# Components below this share of the total are drawn as one.
SMALLEST_SHARE = 0.01
OTHERS = "all others"


def save_plot(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the picture to `path`, its format by the ending.

    Raises:
        OSError: the file cannot be written.
        ValueError: the ending is of no known format.
    """
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layers = report.layers
    names = [plain_text(layer.name) for layer in layers]
    places = range(len(layers))
    width = min(max(6.0, 0.35 * len(layers) + 3), 40.0)
    figure = Figure(figsize=(width, 7), layout="constrained")
    FigureCanvasAgg(figure)
    energy, latency = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))

    bottom = [0.0] * len(layers)
    shades = colormaps["tab20"]
    for index, (name, heights) in enumerate(_stacks(report).items()):
        color = "0.8" if name == OTHERS else shades(index % shades.N)
        energy.bar(places, heights, bottom=bottom, label=name, color=color)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    energy.set_ylim(bottom=0)
    energy.set_ylabel("energy [uJ]")
    energy.legend(fontsize="small", ncols=2)
    energy.set_title(
        f"{plain_text(report.network)} at {report.widths}: "
        f"{report.energy * 1e6:.4g} uJ, {report.latency * 1e3:.4g} ms an image"
    )
    latency.bar(places, [layer.latency * 1e6 for layer in layers], color="0.4")
    latency.set_ylabel("latency [us]")
    latency.set_xticks(list(places), names, rotation=90, fontsize="small")
    figure.savefig(path, dpi=120)


def plain_text(name: str) -> str:
    """A name as matplotlib draws it letter by letter: dollar signs would begin a formula."""
    return name.replace("$", r"\$")


def _stacks(report: Report) -> dict[str, list[float]]:
    """Energies by layer (uJ) of each component worth drawing, largest first."""
    totals = report.components
    large = [name for name in totals if totals[name] >= SMALLEST_SHARE * report.energy]
    large.sort(key=lambda name: -totals[name])
    stacks = {name: [layer.components[name] * 1e6 for layer in report.layers] for name in large}
    rest = [
        sum(energy for name, energy in layer.components.items() if name not in large) * 1e6
        for layer in report.layers
    ]
    return {**stacks, OTHERS: rest}
