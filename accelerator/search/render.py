"""The mapping that a search chose, as text."""

from __future__ import annotations

from collections.abc import Sequence

from accelerator.alignment import aligned, short
from accelerator.options import WEIGHT_STATIONARY
from accelerator.search.nearest import Miss
from accelerator.search.search import Found

_SHOWN = {"area": (1e6, "mm2"), "latency": (1e3, "ms")}


def render_limits(limits: dict[str, float]) -> str:
    """The limits (SI) by name, for people."""
    return ", ".join(f"{name} {_amount(name, most)}" for name, most in limits.items())


def render_mapping_misses(
    misses: Sequence[Miss], limits: dict[str, float], network: str, refusal: str
) -> str:
    """That nothing is within the limits (SI), and a line for each of the nearest mappings."""
    lines = [f"{network}: no mapping stays within {render_limits(limits)}"]
    if not misses:
        return f"{lines[0]}\n{refusal}\n"
    lines.append("the nearest, with what they miss:")
    for miss in misses:
        report = miss.found.report
        over = ", ".join(
            f"{name} {ratio:.3g} times {_amount(name, limits[name])}"
            for name, ratio in miss.over.items()
        )
        lines.append(
            f"  least {_least(miss.found)}: area "
            f"{_amount('area', report.area)}, latency {_amount('latency', report.latency)}, energy "
            f"{short(report.energy * 1e6)} uJ: {over or 'misses nothing'}"
        )
    return "\n".join(lines) + "\n"


def _least(found: Found) -> str:
    return found.objective.replace("_", " x ")


def _amount(name: str, value: float) -> str:
    scale, unit = _SHOWN.get(name, (1.0, "cells"))
    return f"{short(value * scale)} {unit}"


def render_mapping(found: Found) -> str:
    """Each layer's choice, and how the search went."""
    rows = [
        [
            layer.name,
            str(layer.choice.copies),
            "yes" if layer.choice.reuse_overlap else "no",
            "yes" if layer.choice.double_buffer else "no",
            "weights" if layer.choice.dataflow == WEIGHT_STATIONARY else "inputs",
            str(layer.subarrays),
        ]
        for layer in found.report.layers
        if layer.choice is not None
    ]
    exact = (
        "nothing was dropped that could be better"
        if found.gap == 0
        else f"sums of what was dropped unseen may be {100 * found.gap:.2g} % lower"
    )
    return (
        f"mapping for the least {_least(found)}; {found.judged} mappings judged by the whole "
        f"model, {exact}\n\n"
        + aligned(("layer", "copies", "reuse", "double buffer", "stays", "sub-arrays"), rows)
        + "\n"
    )
