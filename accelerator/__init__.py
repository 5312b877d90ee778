"""What a network costs and computes on sub-arrays of bit-wise logic.

`estimate` gives energy, latency and area of a network on a table of simulated
operations, `compare` on several tables; `bitwise_conv2d` computes the same convolutions
exactly from AND, bit-count, shift and accumulate; `pack_weights` pays the packing of a
layer's weights once. The names are loaded on first use, so importing the package is free.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelerator.bitwise.convolution import bitwise_conv2d
    from accelerator.bitwise.weights import PackedWeights, pack_weights
    from accelerator.comparison import compare
    from accelerator.errors import EstimateError, UnsuitableTableError
    from accelerator.pipeline import estimate

__all__ = [
    "EstimateError",
    "PackedWeights",
    "UnsuitableTableError",
    "bitwise_conv2d",
    "compare",
    "estimate",
    "pack_weights",
]

_HOMES = {
    "EstimateError": "accelerator.errors",
    "UnsuitableTableError": "accelerator.errors",
    "PackedWeights": "accelerator.bitwise.weights",
    "bitwise_conv2d": "accelerator.bitwise.convolution",
    "compare": "accelerator.comparison",
    "estimate": "accelerator.pipeline",
    "pack_weights": "accelerator.bitwise.weights",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
