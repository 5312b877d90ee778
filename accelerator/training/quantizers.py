"""DoReFa-Net's quantizers with their gradients.

S. Zhou et al., arXiv 1606.06160; formulas as in tensorpack's examples/DoReFa-Net/dorefa.py.
Rounding passes the gradient on unchanged, the straight-through estimator.
"""

from __future__ import annotations

import torch
from torch import Tensor


class _Round(torch.autograd.Function):
    @staticmethod
    def forward(_: object, values: Tensor) -> Tensor:
        return torch.round(values)

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(_: object, values: Tensor) -> Tensor:
        # Zero counts as positive, as in the hardware, where it has to be one of two states.
        return torch.where(values >= 0, 1.0, -1.0)

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


def quantize(values: Tensor, bits: int) -> Tensor:
    """round(x (2^k - 1)) / (2^k - 1), for x from 0 to 1 in size.

    Single precision misses the place of a level of 16 bits by at most 2^-8 of the distance to
    the next, so that it can be told which level a value is on.
    """
    highest = float((1 << bits) - 1)
    rounded: Tensor = _Round.apply(values * highest)
    return rounded / highest


def quantized_weights(weights: Tensor, bits: int) -> Tensor:
    """Weights on 2^k levels: plus and minus their mean size for one bit, from -1 to 1 for more."""
    if bits == 1:
        size = weights.abs().mean().detach()
        signs: Tensor = _Sign.apply(weights / size)
        return signs * size
    bent = torch.tanh(weights)
    return 2 * quantize(bent / (2 * bent.abs().max().detach()) + 0.5, bits) - 1


def quantized_activations(values: Tensor, bits: int) -> Tensor:
    """Activations clipped to 0 to 1, on 2^k levels."""
    return quantize(torch.clamp(values, 0.0, 1.0), bits)


def signed_activations(values: Tensor, bits: int) -> Tensor:
    """Activations clipped to -1 to 1, on 2^k - 1 levels, zero among them."""
    return quantize(torch.clamp(values, -1.0, 1.0), bits - 1)
