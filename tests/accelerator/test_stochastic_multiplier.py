"""The stochastic multiplier: its registers and its closed form agree, and keep their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError
from accelerator.stochastic.cycles import Lanes
from accelerator.stochastic.multiplier import largest_error, latency, product
from accelerator.stochastic.products import exact_products, stochastic_products

WIDTHS = st.integers(1, 12)


@st.composite
def operands(draw, shape=(6,)):
    """Width, dropped bits, and two arrays of signed operands that fit."""
    bits = draw(WIDTHS)
    dropped = draw(st.integers(0, bits - 1))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    limit = (1 << bits) - 1
    x, w = (random.integers(-limit, limit, shape, endpoint=True) for _ in range(2))
    return bits, dropped, x, w


@pytest.mark.parametrize("bits", range(1, 9))
def test_registers_and_closed_form_agree_on_every_pair(bits):
    every = np.arange(1 << bits)
    x, w = np.meshgrid(every, every)
    for dropped in range(bits):
        lanes = Lanes(x.shape, bits, dropped)
        lanes.multiply(x, w)
        assert np.array_equal(lanes.count, product(x, w, bits, dropped))
        assert np.array_equal(lanes.cycles, latency(w, bits, dropped))


@settings(deadline=None)
@given(operands())
def test_they_agree_on_signed_operands_and_sums(drawn):
    bits, dropped, x, w = drawn
    lanes = Lanes(x.shape, bits, dropped)
    lanes.multiply(x, w)
    lanes.multiply(w, x)
    wanted = product(x, w, bits, dropped) + product(w, x, bits, dropped)
    assert np.array_equal(lanes.count, wanted)


def test_one_product_clock_by_clock():
    """6 x 5 in three bits: the stream of 110 is 1 1 1 0 1 1 1, and its first five are counted."""
    lanes = Lanes((), 3)
    lanes.load(6, -5)
    counts = []
    while lanes.busy:
        lanes.clock()
        counts.append(int(lanes.count))
    assert counts == [-1, -2, -3, -3, -4]


def test_largest_errors_are_those_found_elsewhere():
    """Exhaustive maxima by a program of its own, to three places."""
    found = [round(largest_error(bits), 3) for bits in range(4, 9)]
    assert found == [1.062, 1.219, 1.391, 1.555, 1.723]


def test_rounded_counts_make_up_for_cut_operands():
    """Mean errors over all pairs of 8 bits, in last places; exact products lose half a one."""
    every = np.arange(256)
    exact = every[:, None] * every / 256
    means = [float((product(every[:, None], every, 8, cut) - exact).mean()) for cut in range(3)]
    assert means == pytest.approx([0.25, 0.0, -0.5], abs=2e-3)
    cut = (every[:, None] >> 1 << 1) * (every >> 1 << 1) / 256
    assert (cut - exact).mean() == pytest.approx(-0.4971, abs=1e-3)


@settings(deadline=None)
@given(operands())
def test_an_error_is_within_half_the_width(drawn):
    bits, dropped, x, w = drawn
    exact = x * w / 2.0**bits
    assert np.all(np.abs(product(x, w, bits) - exact) <= bits / 2)
    # Cutting an operand takes less than 2^dropped off it, the other being below 2^bits.
    bound = ((bits - dropped) / 2 + 2) * 2.0**dropped
    assert np.all(np.abs(product(x, w, bits, dropped) - exact) <= bound)


@settings(deadline=None)
@given(operands())
def test_signs_come_out_of_the_product_alone(drawn):
    bits, dropped, x, w = drawn
    found = product(x, w, bits, dropped)
    assert np.array_equal(found, -product(-x, w, bits, dropped))
    assert np.array_equal(found, product(-x, -w, bits, dropped))
    assert not product(x, 0 * w, bits, dropped).any()


@settings(deadline=None)
@given(operands())
def test_dropping_bits_is_a_narrower_multiplier_with_larger_steps(drawn):
    bits, dropped, x, w = drawn
    narrow = product(np.abs(x) >> dropped, np.abs(w) >> dropped, bits - dropped)
    assert np.array_equal(np.abs(product(x, w, bits, dropped)), narrow << dropped)
    cycles = latency(w, bits, dropped)
    assert np.all(cycles < 1 << (bits - dropped))
    if dropped:
        assert np.array_equal(cycles, latency(w, bits, dropped - 1) // 2)


@given(WIDTHS)
def test_the_longest_count_gives_the_other_operand(bits):
    every = np.arange(1 << bits)
    assert np.array_equal(product(every, (1 << bits) - 1, bits), every)


def test_a_product_grows_with_the_cycles_that_are_counted():
    every = np.arange(256)
    assert np.all(np.diff(product(every[:, None], every, 8), axis=1) >= 0)


@settings(deadline=None, max_examples=50)
@given(operands(shape=(5, 4)), st.integers(1, 6))
def test_layers_are_sums_of_products(drawn, kernels):
    bits, dropped, x, w = drawn
    columns = np.resize(w, (4, kernels))
    pairs = product(x[:, :, None], columns, bits, dropped)
    assert np.array_equal(stochastic_products(x, columns, bits, dropped), pairs.sum(axis=1))
    cut = [np.sign(part) * (np.abs(part) >> dropped << dropped) for part in (x, columns)]
    assert np.array_equal(exact_products(x, columns, bits, dropped), cut[0] @ cut[1])


def test_sums_stay_exact_beyond_single_precision():
    """2^24 is met: 300 products of the largest 16 bits, whose sum has 41 bits."""
    largest = (1 << 16) - 1
    x, w = np.full((1, 300), largest), np.full((300, 1), -largest)
    assert exact_products(x, w, 16)[0, 0] == -300 * largest**2
    assert stochastic_products(x, w, 16)[0, 0] == 300 * int(product(largest, -largest, 16))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: product(16, 3, 4), "do not fit 4 bits"),
        (lambda: product(-16, 3, 4), "do not fit 4 bits"),
        (lambda: product(1.5, 3, 4), "whole numbers"),
        (lambda: product(1, 3, 0), "1 to 16 bits, not 0"),
        (lambda: product(1, 3, 4, 4), "4 of 4 bits cannot be dropped: give 0 to 3"),
        (lambda: product(1, 3, 4, -1), "cannot be dropped"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(EstimateError, match=words):
        call()
