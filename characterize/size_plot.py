"""Energy against error rate: what was tried, the trade-off, and what was confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from characterize.sized import SizedDesign


def plot_trade_off(results: Sequence[SizedDesign], path: str | Path) -> None:
    """Draw one or several searches into a picture file."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    colours = mpl.colormaps["tab10"].colors  # type: ignore[attr-defined]
    for index, result in enumerate(results):
        colour = colours[index % len(colours)]
        rows = f"{result.demand.conditions.rows} rows"
        tried = [(result.rate_of(one), one.energy * 1e12) for one in result.evaluated]
        axes.plot(*zip(*tried, strict=True), ".", color=colour, alpha=0.35, markersize=5)
        frontier = result.frontier()
        if frontier:
            rates, designs = zip(*frontier, strict=True)
            axes.step(
                rates, [one.energy * 1e12 for one in designs], color=colour, where="post",
                label=f"{rows}: least energy of {len(tried)} designs (first-order)",
            )  # fmt: skip
        for one in result.confirmed:
            worst = max(one.rates.values(), key=lambda found: found.rate)
            spread = [[worst.rate - worst.low], [worst.high - worst.rate]]
            axes.errorbar(
                [worst.rate], [one.sized.energy * 1e12], xerr=spread, fmt="o", color=colour,
                markeredgecolor="black", capsize=3,
                label=f"{rows}: confirmed by importance sampling" if one is result.best else None,
            )  # fmt: skip
    demand = results[0].demand
    axes.axvline(demand.error_rate, color="grey", linestyle=":", label="asked for")
    axes.set_xscale("log")
    axes.set_xlim(1e-14, 1)
    axes.invert_xaxis()
    axes.set_xlabel("error rate of the worst operands")
    axes.set_ylabel("energy of a sense (pJ)")
    axes.set_title(f"{demand.bench}: energy against error rate")
    axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None} if str(path).endswith(".svg") else None)
