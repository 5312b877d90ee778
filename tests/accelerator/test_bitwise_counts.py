"""The closed-form counts equal those of a convolution executed bit by bit in plain Python."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from accelerator import bitwise_conv2d
from accelerator.bitwise.counts import bit_counts
from accelerator.bitwise.encodings import levels


def execute(activations, weights, activation, weight, padding, stride, groups):
    """Run AND, bit-count, shift, accumulate one bit at a time, counting each."""
    counts = Counter()
    batch, _, height, width = activations.shape
    kernels, channels, kernel_height, kernel_width = weights.shape
    rows = (height + 2 * padding - kernel_height) // stride + 1
    columns = (width + 2 * padding - kernel_width) // stride + 1
    result = np.zeros((batch, kernels, rows, columns), np.int64)
    weight_sums = {}
    cells = [*itertools.product(range(channels), range(kernel_height), range(kernel_width))]

    def bits(value, kind):
        code = (value - kind.constant) // kind.step
        return [(code >> plane) & 1 for plane in range(kind.bits)]

    for n, y, x, group in itertools.product(
        range(batch), range(rows), range(columns), range(groups)
    ):
        patch = []
        for c, i, j in cells:
            row, column = y * stride + i - padding, x * stride + j - padding
            inside = 0 <= row < height and 0 <= column < width
            value = int(activations[n, group * channels + c, row, column]) if inside else None
            patch.append(bits(value, activation) if inside else None)
        mask = tuple(bit is not None for bit in patch)
        activation_sum = 0
        if weight.constant:
            for plane, scale in enumerate(activation.plane_weights):
                counts["activation_sum_passes"] += 1
                counts["activation_sum_bits"] += len(patch)
                activation_sum += scale * sum(code[plane] for code in patch if code)
        for o in range(group * kernels // groups, (group + 1) * kernels // groups):
            codes = [bits(int(weights[o, c, i, j]), weight) for c, i, j in cells]
            counts["macs"] += len(patch)
            total = weight.constant * activation_sum
            for plane, first in enumerate(activation.plane_weights):
                for other, second in enumerate(weight.plane_weights):
                    ones = 0
                    for code, kernel_code in zip(patch, codes, strict=True):
                        counts["and_operations"] += 1
                        counts["and_operations_on_padding"] += code is None
                        ones += (code[plane] if code else 0) & kernel_code[other]
                    counts["bit_counts"] += 1
                    total += first * second * ones
            if activation.constant and any(mask):
                if (o, mask) not in weight_sums:
                    weight_sums[o, mask] = sum(mask) * weight.constant
                    for other, second in enumerate(weight.plane_weights):
                        counts["weight_sum_passes"] += 1
                        counts["weight_sum_bits"] += sum(mask)
                        weight_sums[o, mask] += second * sum(
                            code[other] for code, seen in zip(codes, mask, strict=True) if seen
                        )
                total += activation.constant * weight_sums[o, mask]
            result[n, o, y, x] = total
    return result, counts


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("activation", [("unsigned", 3), ("symmetric", 2), ("twos_complement", 2)])
@pytest.mark.parametrize("weight", [("symmetric", 2), ("unsigned", 1), ("twos_complement", 3)])
def test_counts_equal_those_of_an_execution(padding, groups, activation, weight):
    rng = np.random.default_rng(1)
    first, second = levels(*activation, "activation"), levels(*weight, "weight")
    activations = rng.integers(0, 2**first.bits, (2, 4, 4, 5)) * first.step + first.lowest
    weights = rng.integers(0, 2**second.bits, (4, 4 // groups, 3, 2)) * second.step + second.lowest
    spatial = {"padding": padding, "stride": 2, "groups": groups}
    arguments = {
        "activation_encoding": first.encoding,
        "activation_bits": first.bits,
        "weight_encoding": second.encoding,
        "weight_bits": second.bits,
        **spatial,
    }
    result, executed = execute(activations, weights, first, second, **spatial)
    np.testing.assert_array_equal(result, bitwise_conv2d(activations, weights, **arguments))
    counted = bit_counts(activations.shape, weights.shape, **arguments)
    assert {name: executed[name] for name in vars(counted)} == vars(counted)
    assert counted.and_operations == counted.macs * first.bits * second.bits


def test_alexnet_second_layer():
    counts = bit_counts(
        (1, 96, 27, 27), (256, 48, 5, 5), padding=2, groups=2, activation_bits=4, weight_bits=1
    )
    assert counts.macs == 27 * 27 * 256 * 48 * 25
    assert counts.and_operations == 4 * counts.macs
    assert counts.activation_sum_passes == 27 * 27 * 2 * 4
    assert counts.weight_sum_passes == 0
