"""The explored points over the first two objectives, the front among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from accelerator.exploration.exploration import Exploration
from accelerator.exploration.render import SHOWN, setting_text

_MARKERS = "osD^v<>Pp*X"


def save_exploration_plot(found: Exploration, path: Path) -> None:
    """Write a picture; colours tell the axis that separates the points most."""
    names = found.space.objectives
    x, y = (names[0], names[1]) if len(names) > 1 else (names[0], "area")
    axis = telling_axis(found, x, y)
    figure = Figure(figsize=(7.5, 5), layout="constrained")
    panel = figure.subplots()
    usable = [
        (p, front)
        for p, within, front in zip(found.points, found.within, found.in_front, strict=True)
        if within
    ]
    groups = list(found.space.axes[axis]) if axis else [None]
    for index, value in enumerate(groups):
        chosen = [(p, front) for p, front in usable if axis is None or p.settings[axis] == value]
        if not chosen:
            continue
        xs = np.array([p.value(x) for p, _ in chosen]) * SHOWN[x][0]
        ys = np.array([p.value(y) for p, _ in chosen]) * SHOWN[y][0]
        front = np.array([in_front for _, in_front in chosen])
        label = None if axis is None else f"{axis} {setting_text(axis, value)}"
        colour, marker = f"C{index % 10}", _MARKERS[index % len(_MARKERS)]
        panel.plot(xs[~front], ys[~front], marker, color=colour, alpha=0.35, markersize=4)
        panel.plot(xs[front], ys[front], marker, color=colour, markeredgecolor="k", label=label)
    for name, place in ((x, panel.set_xlabel), (y, panel.set_ylabel)):
        place(f"{name.replace('_', ' ')} ({SHOWN[name][1]})".replace(" ()", ""))
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.grid(alpha=0.3, which="both")
    if axis is not None and panel.get_legend_handles_labels()[0]:
        panel.legend(fontsize="small")
    panel.set_title(
        f"{found.space.title}: {len(found.points)} points; in front by "
        f"{', '.join(found.space.objectives)}: dark edge",
        fontsize="medium",
    )
    figure.savefig(path, dpi=150)


def telling_axis(found: Exploration, *measures: str) -> str | None:
    """The axis whose values explain most of the spread of the measures."""
    usable = [p for p, within in zip(found.points, found.within, strict=True) if within]
    best, most = None, 0.0
    for axis in found.space.varied:
        explained = 0.0
        for name in measures:
            values = (
                np.log([max(p.value(name), 1e-300) for p in usable]) if usable else np.array([])
            )
            spread = values.var() if len(values) else 0.0
            if spread == 0:
                continue
            means = [
                values[[p.settings[axis] == value for p in usable]].mean()
                for value in found.space.axes[axis]
                if any(p.settings[axis] == value for p in usable)
            ]
            explained += float(np.var(means) / spread)
        if explained > most:
            best, most = axis, explained
    return best
