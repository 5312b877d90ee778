"""Layers executed on sub-array objects, held against their convolution and the closed form."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from bitwise_layers import decoded, reference_convolution

from accelerator.array import Array
from accelerator.closed_form import count_events
from accelerator.cutting import map_layer
from accelerator.execution import execute_layer
from accelerator.mapping import Mapping
from accelerator.networks import Layer
from accelerator.options import Options

SPLIT = re.compile(r"\w+_[01]{1,2}")


def check_execution(
    layer: Layer, array: Array, choice: Options, weight_bits: int, activation_bits: int, seed: int
) -> Mapping:
    """Outputs are the integer convolution's, and every count is the closed form's."""
    mapping = map_layer(layer, weight_bits, activation_bits, array, choice)
    random = np.random.default_rng(seed)
    shape = (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel)
    activations = random.integers(0, 2**activation_bits, (layer.in_channels, *layer.in_size))
    codes = random.integers(0, 2**weight_bits, shape)

    outputs, executed = execute_layer(mapping, array, choice, activations, codes)
    weights = decoded(codes, weight_bits, choice.weight_encoding)
    np.testing.assert_array_equal(outputs, reference_convolution(layer, activations, weights))

    closed = count_events(mapping, array, choice)
    assert closed.ands == layer.macs * weight_bits * activation_bits
    patches = layer.positions * layer.groups
    expected_reads = patches * layer.patch_length * activation_bits * choice.sums_activations
    assert closed.reads == expected_reads
    exact = {name: n for name, n in closed.to_dict().items() if not SPLIT.fullmatch(name)}
    assert {name: executed.to_dict()[name] for name in exact} == exact

    # Splits by value: exact when every stored bit outside the padding is one.
    activations[:], codes[:] = 2**activation_bits - 1, 2**weight_bits - 1
    ones = dataclasses.replace(choice, activation_density=1.0, weight_density=1.0)
    _, executed = execute_layer(mapping, array, ones, activations, codes)
    assert executed.to_dict() == pytest.approx(count_events(mapping, array, ones).to_dict())
    return mapping
