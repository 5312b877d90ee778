"""Ternary operands: two passes of AND, whose difference is the integer convolution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError, bitwise_conv2d, estimate, pack_weights
from accelerator.bitwise.byte_products import bytes_available, fits
from accelerator.bitwise.convolution import convolve_by
from accelerator.bitwise.direct import fits_directly
from accelerator.bitwise.encodings import ENCODINGS, levels
from accelerator.bitwise.geometry import geometry


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    encoding=st.sampled_from((*ENCODINGS, "ternary")),
    bits=st.integers(1, 8),
    channels=st.integers(1, 70),
    groups=st.sampled_from((1, 2)),
    stride=st.integers(1, 2),
    padding=st.integers(0, 2),
    ternary_activations=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_path_gives_the_integer_convolution(
    encoding, bits, channels, groups, stride, padding, ternary_activations, seed
):
    rng = np.random.default_rng(seed)
    other = levels(encoding, 2 if encoding == "ternary" else bits, "weight")
    mine = levels("ternary", 2, "weight")
    activation, weight = (mine, other) if ternary_activations else (other, mine)
    operands = []
    for kind, shape in (
        (activation, (2, channels * groups, 5, 6)),
        (weight, (3 * groups, channels, 3, 2)),
    ):
        operands.append(rng.choice(np.arange(kind.lowest, kind.highest + 1, kind.step), shape))
    spatial = {"stride": stride, "padding": padding, "groups": groups}
    shape = geometry(operands[0].shape, operands[1].shape, **spatial)
    paths = ["bits", "products"]
    paths += ["bytes"] * (fits(shape, activation, weight) and bytes_available())
    paths += ["direct"] * fits_directly(shape, activation, weight)
    padded = np.pad(operands[0], ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    expected = np.zeros(shape.output_shape, np.int64)
    _, _, rows, columns = expected.shape
    for kernel in range(3 * groups):
        own = padded[:, kernel // 3 * channels : (kernel // 3 + 1) * channels]
        for i, j in np.ndindex(3, 2):
            seen = own[:, :, i:, j:][:, :, ::stride, ::stride][:, :, :rows, :columns]
            expected[:, kernel] += np.einsum("nchw,c->nhw", seen, operands[1][kernel, :, i, j])
    for path in (*paths, None):
        found = convolve_by(
            path, *operands, activation_levels=activation, weight_levels=weight, **spatial
        )
        np.testing.assert_array_equal(found, expected)


def test_a_product_is_the_difference_of_a_pass_for_each_sign():
    rng = np.random.default_rng(1)
    activations, weights = rng.integers(0, 16, (1, 9, 7, 7)), rng.integers(-1, 2, (4, 9, 3, 3))
    common = {"activation_bits": 4, "padding": 1}
    passes = [
        bitwise_conv2d(activations, one, weight_bits=1, weight_encoding="unsigned", **common)
        for one in (weights == 1, weights == -1)
    ]
    both = bitwise_conv2d(activations, weights, weight_bits=2, weight_encoding="ternary", **common)
    np.testing.assert_array_equal(both, passes[0] - passes[1])


def test_planes_hold_one_sign_each():
    kind = levels("ternary", 2, "weight")
    assert kind.stored(np.array([-1, 0, 1])).tolist() == [2, 0, 1]
    values = np.random.default_rng(2).integers(-1, 2, (3, 4, 3, 3))
    planes = pack_weights(values, weight_bits=2, weight_encoding="ternary").planes
    ones = [sum(int(word).bit_count() for word in planes[:, plane].flat) for plane in (0, 1)]
    assert ones == [(values == 1).sum(), (values == -1).sum()]


def test_a_network_of_ternary_weights_costs_less_than_one_of_two_bits(synthetic_table):
    common = {"network": "svhn", "table": synthetic_table, "weight_bits": 2, "samples": 0}
    whole = estimate(**common, weight_encoding="twos_complement")
    ternary = estimate(**common, weight_encoding="ternary")
    assert ternary.and_operations == whole.and_operations
    assert ternary.subarrays == whole.subarrays
    counts = [layer.counts for layer in ternary.layers if layer.macs]
    wider = [layer.counts for layer in whole.layers if layer.macs]
    for one, other in zip(counts, wider, strict=True):
        assert one["reads"] == 0
        assert one["accumulate_adders"] < other["accumulate_adders"]
        assert one["bit_count_adders"] == other["bit_count_adders"]
    assert ternary.energy < whole.energy
    assert ternary.area < whole.area
    ends = estimate(**common, weight_encoding="ternary", first_last="8:8")
    assert next(layer.weight_bits for layer in ends.layers if layer.macs) == 8
    with pytest.raises(EstimateError, match="ternary weights have 2 bits, not 4"):
        estimate(**(common | {"weight_bits": 4}), weight_encoding="ternary")


def test_what_is_not_ternary_is_refused():
    values = np.full((1, 1, 1, 1), 2)
    with pytest.raises(EstimateError, match="hold 2, which is outside the -1, 0 and 1 of ternary"):
        pack_weights(values, weight_bits=2, weight_encoding="ternary")
    for bits in (1, 3):
        with pytest.raises(EstimateError, match=f"weight_bits is {bits}: a ternary weight has 2"):
            pack_weights(values, weight_bits=bits, weight_encoding="ternary")
