"""Ten years as a picture: the clock that is possible, and what every policy makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from accelerator.errors import EstimateError
from accelerator.stochastic.policy import POLICIES, SLOWING
from accelerator.stochastic.study import YearPoint

Reading = Callable[[YearPoint], float]
_ROWS: tuple[tuple[str, Reading, Reading], ...] = (
    ("clock [MHz]", lambda p: p.frequency * 1e-6, lambda _: 0.0),
    ("bits", lambda p: p.bits.mean, lambda p: p.bits.deviation),
    ("accuracy [%]", lambda p: 100 * p.accuracy.mean, lambda p: 100 * p.accuracy.deviation),
    ("images, of the first day's", lambda p: p.relative_rate.mean, lambda _: 0.0),
    ("active power [mW]", lambda p: 1e3 * p.active_power.mean, lambda _: 0.0),
)
_MARKS = dict(zip(POLICIES, ("s", "v", "o", "D", "^"), strict=True))


def save_years(points: Sequence[YearPoint], path: str | os.PathLike[str]) -> None:
    """Write the picture, its format by the ending.

    Raises EstimateError where there are no years.
    """
    if not points:
        raise EstimateError("there are no years to draw: give a table with aged blocks")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    temperatures = list(dict.fromkeys(point.temperature for point in points))
    figure = Figure(figsize=(4.6 * len(temperatures), 12), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        len(_ROWS) + 1, len(temperatures), sharex=True, sharey="row", squeeze=False
    )
    axes[0][0].set_ylabel("fastest clock, of new [%]")
    for column, temperature in enumerate(temperatures):
        _draw_slowing(axes[0][column], points, temperature)
        for (label, value, spread), panels in zip(_ROWS, axes[1:], strict=True):
            panel = panels[column]
            for number, policy in enumerate(POLICIES):
                chosen = [p for p in points if (p.temperature, p.policy) == (temperature, policy)]
                panel.errorbar(
                    [p.years for p in chosen],
                    [value(p) for p in chosen],
                    [spread(p) for p in chosen],
                    label=policy,
                    color=f"C{number}",
                    marker=_MARKS[policy],
                    markersize=4,
                    markerfacecolor="none",
                    linewidth=1,
                    elinewidth=0.5,
                )
            if column == 0:
                panel.set_ylabel(label)
            panel.grid(alpha=0.3)
        # Most happens early: near the origin the scale is linear, above it logarithmic.
        axes[-1][column].set_xscale("symlog", linthresh=0.01)
        axes[-1][column].set_xlabel("years")
        axes[0][column].set_title(f"{temperature - 273.15:.0f} degC")
    axes[1][0].legend(fontsize="x-small")
    figure.savefig(path, dpi=90)


def _draw_slowing(panel: Any, points: Sequence[YearPoint], temperature: float) -> None:
    """The fastest clock over that of a new chip, which other scales would hide."""
    chosen = [p for p in points if (p.temperature, p.policy) == (temperature, SLOWING)]
    fresh = chosen[0].frequency
    panel.plot([p.years for p in chosen], [100 * p.frequency / fresh for p in chosen], "k.-")
    panel.grid(alpha=0.3)
