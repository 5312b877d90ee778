"""The mapping that a search chose, as text."""

from __future__ import annotations

from accelerator.alignment import aligned
from accelerator.options import WEIGHT_STATIONARY
from accelerator.search.search import Found


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
        f"mapping for the least {found.objective}; {found.judged} mappings judged by the whole "
        f"model, {exact}\n\n"
        + aligned(("layer", "copies", "reuse", "double buffer", "stays", "sub-arrays"), rows)
        + "\n"
    )
