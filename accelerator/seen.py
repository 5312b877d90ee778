"""What a layer's operands were when it ran."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """What a layer's operands were when it ran: encoding of the weights and shares of bits.

    `ands` are the shares of the operand values 00, 01, 10 and 11, weight first; `ones` those of
    ones among the bits of patches, padding included, and of weights.
    """

    weight_encoding: str
    ands: tuple[float, float, float, float]
    patch_ones: float
    weight_ones: float
