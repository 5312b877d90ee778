"""DoReFa-Net's quantizers, ternary and whole weights, with their gradients.

S. Zhou et al., arXiv 1606.06160; formulas as in tensorpack's examples/DoReFa-Net/dorefa.py.
Ternary weights: Z. He and D. Fan, CVPR 2019, in the form of their published code with a fixed
threshold (github.com/elliothe/Ternarized_Neural_Network, models/ResNet_tern.py). Rounding passes
the gradient on unchanged, the straight-through estimator.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from accelerator.training.threads import keep_to_thread_limit

TERNARY_THRESHOLD = 0.05


# Whatever computes with PyTorch here imports these.
keep_to_thread_limit()


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


class _Ternary(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, weights: Tensor) -> Tensor:
        context.save_for_backward(weights)
        signs, size = ternary(weights)
        return signs * size

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        (weights,) = context.saved_tensors
        return gradients[0] * (weights.abs() <= 1)


def ternary(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Signs (-1, 0 or 1) and their common size.

    Weights within 0.05 of the largest one's size are zero, the size is the mean of the others'.
    """
    sizes = weights.abs()
    large = sizes > TERNARY_THRESHOLD * sizes.max()
    number = large.sum()
    size = torch.where(number > 0, (sizes * large).sum() / number.clamp(min=1), torch.ones(()))
    return torch.sign(weights) * large, size


def ternary_weights(weights: Tensor) -> Tensor:
    """Weights on -a, 0 and a; no gradient where a weight is larger than 1."""
    return _Ternary.apply(weights)


def whole(weights: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Whole numbers from -(2^(b-1) - 1) to 2^(b-1) - 1 and their scale, the largest fitting."""
    highest = (1 << bits - 1) - 1
    largest = weights.detach().abs().max()
    scale = torch.where(largest > 0, largest, torch.ones(())) / highest
    rounded: Tensor = _Round.apply(weights / scale)
    return rounded, scale


def quantized_activations(values: Tensor, bits: int) -> Tensor:
    """Activations clipped to 0 to 1, on 2^k levels."""
    return quantize(torch.clamp(values, 0.0, 1.0), bits)


def signed_activations(values: Tensor, bits: int) -> Tensor:
    """Activations clipped to -1 to 1, on 2^k - 1 levels, zero among them."""
    return quantize(torch.clamp(values, -1.0, 1.0), bits - 1)
