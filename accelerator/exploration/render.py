"""An exploration as text and as rows of a CSV file."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import Any

from accelerator.alignment import aligned, short
from accelerator.exploration.exploration import Exploration, Explored
from accelerator.exploration.space import BETTER_LARGER, DEFAULT_OBJECTIVES, MEASURES, SEARCHED
from accelerator.names import printable

SHOWN = {
    "energy": (1e6, "uJ"),
    "latency": (1e3, "ms"),
    "interval": (1e3, "ms"),
    "throughput": (1.0, "1/s"),
    "area": (1e6, "mm2"),
    "energy_delay": (1e9, "uJ ms"),
    "power": (1e3, "mW"),
    "subarrays": (1.0, ""),
    "error_rate": (1.0, ""),
    "accuracy": (1.0, ""),
}
_MOST_REASONS = 5


def setting_text(name: str, value: Any) -> str:
    """A setting for people: files by their name, temperatures in degC."""
    if name in ("network", "table"):
        return printable(PurePath(str(value)).name)
    if name == "temperature":
        return f"{value - 273.15:.4g} degC"
    if name in ("vdd", "write_vdd") and value is not None:
        return f"{value:g} V"
    if value is None and name in SEARCHED:
        return "searched"
    return f"{value:g}" if isinstance(value, float) else str(value)


def render_exploration(found: Exploration) -> str:
    """The front as a table, how many points there were, and why some have no result."""
    space, front = found.space, found.front
    fixed = [
        f"{name} {setting_text(name, values[0])}"
        for name, values in space.axes.items()
        if len(values) == 1
    ]
    lines = [
        f"{space.title}: {space.size} points, {sum(found.within)} within the limits, "
        f"{len(front)} in front by {', '.join(space.objectives)}"
    ]
    if fixed:
        lines.append(f"all with {', '.join(fixed)}")
    if space.limits:
        told = ", ".join(
            f"{name} {'at least ' if name in BETTER_LARGER else ''}{_amount(name, limit)}"
            for name, limit in space.limits.items()
        )
        lines.append(f"limits: {told}")
    lines += said_of_files(found)
    text = "\n".join(lines)
    if front:
        names = list(dict.fromkeys((*space.objectives, *DEFAULT_OBJECTIVES)))
        rows = [
            [*(setting_text(axis, p.settings[axis]) for axis in space.varied), *_amounts(p, names)]
            for p in front
        ]
        header = [*space.varied, *(f"{name} {SHOWN[name][1]}".strip() for name in names)]
        text += "\n\n" + aligned(header, rows, texts=())
    reasons = Counter(point.refusal for point in found.refused)
    if reasons:
        text += f"\n\n{len(found.refused)} points have no estimate:"
        for reason, number in reasons.most_common(_MOST_REASONS):
            text += f"\n  {number} x {reason}"
        if len(reasons) > _MOST_REASONS:
            text += f"\n  and {len(reasons) - _MOST_REASONS} other reasons"
    return text + "\n"


def said_of_files(found: Exploration) -> list[str]:
    """What is said of files' widths and batches, each once with the number of its points."""
    counts = Counter(
        (str(point.measures.get("widths_used")), sentence)
        for point in found.points
        for sentence in point.measures.get("said", ())
    )
    shown = [
        f"{widths}: {sentence} ({number} points)"
        for (widths, sentence), number in counts.most_common(_MOST_REASONS)
    ]
    if len(counts) > _MOST_REASONS:
        shown.append(
            f"and {len(counts) - _MOST_REASONS} more on widths and batches (--csv has all)"
        )
    return shown


def _amount(name: str, value: float) -> str:
    scale, unit = SHOWN[name]
    return f"{short(value * scale)} {unit}".strip()


def _amounts(point: Explored, names: list[str]) -> list[str]:
    return [
        "-" if point.measures.get(name) is None else short(point.value(name) * SHOWN[name][0])
        for name in names
    ]


def exploration_csv_rows(found: Exploration) -> list[list[Any]]:
    """Header and a row for each point: settings and measures in SI units."""
    axes = list(found.space.axes)
    header = [
        *axes,
        *(
            name if unit == "1" else f"{name}_{unit.replace(' ', '_')}"
            for name, unit in MEASURES.items()
        ),
        "widths_used",
        "said",
        "within_limits",
        "in_front",
        "refused",
    ]
    rows = [
        [
            *(point.settings[axis] for axis in axes),
            *(point.measures.get(name) for name in MEASURES),
            point.measures.get("widths_used"),
            "; ".join(point.measures.get("said", ())),
            within,
            front,
            point.refusal,
        ]
        for point, within, front in zip(found.points, found.within, found.in_front, strict=True)
    ]
    return [header, *rows]
