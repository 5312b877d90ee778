"""Quantizers bit by bit as the qonnx package has them, and the grids that they say they make."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.inference.grid import Grid, coded
from accelerator.inference.quantizers import (
    ROUNDINGS,
    QuantizerError,
    bipolar,
    limits,
    quant,
    trunc,
)

pytest.importorskip("qonnx")
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.intquant import int_quant, max_int, min_int
from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2


def single(value):
    return np.asarray(value, np.float32)


def on_grid(tensor):
    """The values are what their integers stand for, and inside the grid's range."""
    grid = tensor.grid
    integers = grid.integers(tensor.values)
    np.testing.assert_allclose(integers * grid.scale, tensor.values, rtol=1e-5, atol=1e-7)
    assert integers.min() >= grid.low
    assert integers.max() <= grid.high
    assert np.all((integers - grid.low) % grid.step == 0)
    return True


SCALES = st.sampled_from([0.25, 0.1, 1.0, 3.7e-3, 2 / 3])


@settings(max_examples=200, deadline=None)
@given(
    bits=st.integers(1, 8), signed=st.booleans(), narrow=st.booleans(), scale=SCALES,
    zero=st.sampled_from([0.0, 1.0, 3.0, 0.5, 1.5]), mode=st.sampled_from(sorted(ROUNDINGS)),
    seed=st.integers(0, 100),
)  # fmt: skip
def test_quant_is_qonnx_s(bits, signed, narrow, scale, zero, mode, seed):
    values = single(np.random.default_rng(seed).normal(0, 4, 50) * scale)
    scale, zero = single(scale), single(zero)
    # Without codes there is nothing to clip to.
    if (
        limits(bits, signed=signed, narrow=narrow)[1]
        < limits(bits, signed=signed, narrow=narrow)[0]
    ):
        return
    ours = quant(values, scale, zero, single(bits), signed=signed, narrow=narrow, mode=mode)
    theirs = int_quant(values, scale, zero, single(bits), signed, narrow, mode)
    np.testing.assert_array_equal(ours.values, theirs)
    if bits == 1 and signed and float(zero) % 1:
        assert ours.grid is None  # quarters of odd numbers: no levels that are stored
    else:
        assert on_grid(ours)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("narrow", [True, False])
def test_limits_are_qonnx_s(signed, narrow):
    for bits in range(2, 17):
        assert limits(bits, signed=signed, narrow=narrow) == (
            min_int(signed, narrow, bits),
            max_int(signed, narrow, bits),
        )


def test_bipolar_counts_zero_as_positive():
    values = single([-0.5, -0.0, 0.0, 1e-9, 3])
    ours = bipolar(values, single(0.25))
    np.testing.assert_array_equal(ours.values, binary_quant(values, single(0.25)))
    assert ours.values[1] == ours.values[2] == 0.25
    assert on_grid(ours)


@settings(max_examples=100, deadline=None)
@given(
    before=st.integers(2, 10), dropped=st.integers(0, 6), signed=st.booleans(), scale=SCALES,
    mode=st.sampled_from(["FLOOR", "CEIL", "ROUND"]), seed=st.integers(0, 100),
)  # fmt: skip
def test_trunc_is_qonnx_s_in_both_versions(before, dropped, signed, scale, mode, seed):
    after = max(1 + signed, before - dropped)
    low, high = limits(before, signed=signed, narrow=False)
    codes = np.random.default_rng(seed).integers(low, high + 1, 50)
    scale, zero = single(scale), single(0.0)
    values = (codes * scale).astype(np.float32)
    source = quant(values, scale, zero, single(before), signed=signed, narrow=False, mode="ROUND")
    widths = single(before), single(after)
    first = trunc(source, [scale, zero, *widths], signed=signed, narrow=False, mode=mode)
    theirs = trunc_v1(source.values, scale, zero, *widths, mode)
    np.testing.assert_array_equal(first.values, theirs)
    assert on_grid(first)
    out_scale = single(scale * 2.0 ** (before - after))
    inputs = [scale, zero, widths[0], out_scale, widths[1]]
    second = trunc(source, inputs, signed=signed, narrow=False, mode=mode)
    theirs = trunc_v2(
        source.values, scale, zero, widths[0], False, signed, out_scale, widths[1], mode
    )
    np.testing.assert_array_equal(second.values, theirs)
    assert on_grid(second)


@given(low=st.integers(-300, 300), span=st.integers(0, 600))
def test_stored_codes_stand_for_their_integers_in_the_fewest_bits(low, span):
    grid = Grid(np.ones(()), low, low + span)
    values = np.array([low, low + span, low + span // 2])
    found = coded(values, grid, "activation")
    np.testing.assert_array_equal(found.codes + found.offset, values)
    found.levels.check(found.codes, "activations")
    least = max(1, (max(low + span, 0) if low >= 0 else span).bit_length())
    assert found.levels.bits >= least or found.offset == 0
    if low < 0:
        assert found.levels.bits == max(1, span.bit_length()) or found.offset == 0


def test_mistakes_are_told():
    one, zero, four = single(1), single(0), single(4)
    for arguments, said in (
        ((one, single(0), zero, four), "not positive"),
        ((one, single(np.nan), zero, four), "not positive"),
        ((one, one, zero, single(0)), "0 bits"),
        ((one, one, zero, single(2.5)), "2.5 bits"),
        ((one, one, zero, single([2, 4])), "2, 4 bits"),
    ):
        with pytest.raises(QuantizerError, match=said):
            quant(*arguments, signed=True, narrow=False, mode="ROUND")
    with pytest.raises(QuantizerError, match="SIDEWAYS"):
        quant(one, one, zero, four, signed=True, narrow=False, mode="SIDEWAYS")
