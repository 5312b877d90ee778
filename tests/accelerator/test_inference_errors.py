"""Wrong ANDs: the three ways to draw them against their exact mean, spread and each other."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from accelerator.bitwise.encodings import levels
from accelerator.errors import EstimateError
from accelerator.inference.errors import AndErrors, with_errors
from accelerator.inference.grid import Coded
from accelerator.inference.products import Weights, Window, multiply

METHODS = ("thinned", "counted", "sensed")
ENCODINGS = ("unsigned", "twos_complement", "symmetric")
UNEVEN = AndErrors(0.02, 0.05, 0.11, 0.2)


def layer(seed=0, wide=2, deep=2, encoding="twos_complement", groups=1, side=4, channels=4):
    random = np.random.default_rng(seed)
    low = levels("unsigned", wide, "activation")
    kind = levels(encoding, deep, "weight")
    activations = random.integers(low.lowest, low.highest + 1, (2, channels, side, side))
    weights = random.integers(0, 2**deep, (4, channels // groups, 3, 3)) * kind.step + kind.lowest
    window = Window((1, 2), (1, 0, 1, 1), (1, 1), groups)
    return multiply(
        "n", "Conv", Coded(activations, low, 0), Weights(Coded(weights, kind, 0), window)
    )


def expected(run, errors):
    """Exact mean and variance of every output's change, from its definition."""
    weights, activations, window = run.weights.stored, run.activations, run.weights.window
    a = (activations.codes - activations.levels.constant) // activations.levels.step
    top, left, bottom, right = window.pads
    a = np.pad(a & (2**activations.levels.bits - 1), ((0, 0), (0, 0), (top, bottom), (left, right)))
    w = (weights.codes - weights.levels.constant) // weights.levels.step
    w = w & (2**weights.levels.bits - 1)
    mean, variance = (np.zeros(run.results.shape) for _ in range(2))
    kernels, channels = w.shape[:2]
    for image, kernel, row, column in np.ndindex(run.results.shape):
        first = kernel // (kernels // window.groups) * channels
        y, x = row * window.stride[0], column * window.stride[1]
        patch = a[image, first : first + channels, y : y + 3, x : x + 3]
        for m, a_weight in enumerate(activations.levels.plane_weights):
            for k, w_weight in enumerate(weights.levels.plane_weights):
                one, other = patch >> m & 1, w[kernel] >> k & 1
                rate = np.array(errors.rates)[2 * other + one]
                sign = np.where(one & other, -1, 1)
                mean[image, kernel, row, column] += a_weight * w_weight * (sign * rate).sum()
                variance[image, kernel, row, column] += (a_weight * w_weight) ** 2 * (
                    rate * (1 - rate)
                ).sum()
    return mean, variance


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("encoding", "groups"), [("twos_complement", 1), ("symmetric", 2)])
def test_mean_and_spread_are_the_exact_ones(method, encoding, groups):
    run = layer(encoding=encoding, groups=groups)
    mean, variance = expected(run, UNEVEN)
    random = np.random.default_rng(5)
    repeats = 1500
    draws = np.array(
        [with_errors(run, UNEVEN, random, method).results - run.results for _ in range(repeats)]
    )
    scores = (draws.mean(axis=0) - mean) / np.sqrt(variance / repeats)
    # Some hundred nearly normal scores.
    assert np.abs(scores).max() < 4.5
    assert stats.kstest(scores.ravel(), "norm").pvalue > 1e-4
    ratios = draws.var(axis=0) / variance
    assert abs(ratios.mean() - 1) < 0.02


def test_the_three_draw_from_one_law():
    run = layer(side=3, channels=1)
    samples = {}
    for method in METHODS:
        random = np.random.default_rng(11)
        draws = [with_errors(run, UNEVEN, random, method).results for _ in range(3000)]
        samples[method] = np.array(draws).reshape(3000, -1)
    for output in range(0, run.results.size, 3):
        first = samples["sensed"][:, output]
        for method in ("thinned", "counted"):
            values = np.union1d(first, samples[method][:, output])
            table = [[np.sum(s == v) for v in values] for s in (first, samples[method][:, output])]
            table = np.array(table)[:, np.sum(table, axis=0) > 20]
            assert stats.chi2_contingency(table).pvalue > 1e-5, (method, output)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    wide=st.integers(1, 3), deep=st.integers(1, 3), encoding=st.sampled_from(ENCODINGS),
    groups=st.sampled_from([1, 2]), seed=st.integers(0, 100),
)  # fmt: skip
def test_when_all_are_wrong_all_agree(wide, deep, encoding, groups, seed):
    run = layer(seed, wide, deep, encoding, groups)
    surely = AndErrors(1.0, 1.0, 1.0, 1.0)
    results = [
        with_errors(run, surely, np.random.default_rng(0), method).results for method in METHODS
    ]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    mean, _ = expected(run, surely)
    np.testing.assert_array_equal(results[0] - run.results, mean)


def test_no_errors_change_nothing_and_a_seed_repeats():
    run = layer()
    assert with_errors(run, AndErrors(0, 0, 0, 0), np.random.default_rng(0)) is run
    for method in (*METHODS, "fastest"):
        one, two = (
            with_errors(run, UNEVEN, np.random.default_rng(3), method).results for _ in range(2)
        )
        np.testing.assert_array_equal(one, two)
        assert np.any(one != run.results)


def test_rare_errors_are_as_many_as_they_should_be():
    run = layer(side=20, channels=16)
    rare = AndErrors(1e-5, 1e-4, 1e-5, 3e-4)
    mean, variance = expected(run, rare)
    random = np.random.default_rng(2)
    sums = [(with_errors(run, rare, random).results - run.results).sum() for _ in range(300)]
    spread = np.sqrt(variance.sum() / 300)
    assert abs(np.mean(sums) - mean.sum()) < 4 * spread


def test_mistakes_are_told():
    with pytest.raises(EstimateError, match=r"AND of 10 is 1\.5"):
        AndErrors(0, 0, 1.5, 0)
    with pytest.raises(EstimateError, match="thinned, counted, sensed"):
        with_errors(layer(), UNEVEN, np.random.default_rng(0), "guessed")
