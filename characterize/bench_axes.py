"""The axes of one bench's group, from those of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from circuits import BENCHES


def bench_axes(bench: str, axes: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The axes that a bench has, in order, with its variants (operands or lines) last."""
    kind = BENCHES[bench]
    own = {name: axes[name] for name in kind.axes}
    if kind.variants:
        own[kind.variant_axis] = kind.variants
    return own
