"""Operand bits counted by sums against every AND counted on sub-array objects."""

import numpy as np
from bitwise_layers import PLAIN, decoded, layers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accelerator.bitwise.encodings import levels
from accelerator.cutting import map_layer
from accelerator.execution import execute_layer
from accelerator.inference.grid import Coded
from accelerator.inference.operands import count_operands
from accelerator.inference.products import Weights, Window, multiply
from accelerator.options import Options

ENCODINGS = ("symmetric", "unsigned", "twos_complement")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    layer=layers(), weight_bits=st.integers(1, 3), activation_bits=st.integers(1, 3),
    encoding=st.sampled_from(ENCODINGS), seed=st.integers(0, 1000),
)  # fmt: skip
def test_counts_are_those_of_sub_arrays(layer, weight_bits, activation_bits, encoding, seed):
    random = np.random.default_rng(seed)
    images = random.integers(0, 2**activation_bits, (2, layer.in_channels, *layer.in_size))
    shape = (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel)
    codes = random.integers(0, 2**weight_bits, shape)
    window = Window(layer.stride, (*layer.pad_begin, *layer.pad_end), layer.dilation, layer.groups)
    stored = Coded(
        decoded(codes, weight_bits, encoding), levels(encoding, weight_bits, "weight"), 0
    )
    activations = Coded(images, levels("unsigned", activation_bits, "activation"), 0)
    run = multiply("layer", "Conv", activations, Weights(stored, window))
    found = count_operands(run)

    choice = Options(weight_encoding=encoding)
    mapping = map_layer(layer, weight_bits, activation_bits, PLAIN, choice)
    executed = []
    for image, result in zip(images, run.results, strict=True):
        outputs, counts = execute_layer(mapping, PLAIN, choice, image, codes)
        np.testing.assert_array_equal(outputs, result)
        executed.append(counts)
    for name in ("and_00", "and_01", "and_10", "and_11"):
        assert getattr(found, name) == sum(getattr(counts, name) for counts in executed), name
    assert found.ands == sum(counts.ands for counts in executed)
    if encoding == "symmetric":
        assert found.patch_ones == sum(counts.read_1 for counts in executed)
        assert found.patch_bits == sum(counts.reads for counts in executed)
    # Kernels are stored once for each position side by side.
    share = sum(counts.weight_1 for counts in executed) / sum(c.weight_cells for c in executed)
    assert found.weight_ones / found.weight_bits == share


def test_signed_activations_count_their_stored_bits():
    activations = Coded(
        np.array([[[[-1, 0], [1, -2]]]]), levels("twos_complement", 2, "activation"), 0
    )
    weights = Weights(Coded(np.array([[[[1]]]]), levels("unsigned", 1, "weight"), 0), Window())
    found = count_operands(multiply("layer", "Conv", activations, weights))
    assert (found.and_11, found.and_10, found.and_01, found.and_00) == (4, 4, 0, 0)
    odd = Coded(np.array([[[[-3, -1], [1, 3]]]]), levels("symmetric", 2, "activation"), 0)
    found = count_operands(multiply("layer", "Conv", odd, weights))
    assert (found.patch_bits, found.patch_ones) == (8, 4)
