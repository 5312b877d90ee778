"""Rare probabilities: limit states whose rate is known, honest intervals, reproducible draws."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from characterize.errors import PlanError
from characterize.failure_search import Evaluation
from characterize.importance import estimate, series
from characterize.linear_limits import Region, fit_region
from characterize.proposals import Proposal
from characterize.subset_sampling import subset_estimate

# Some minutes on two cores.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def problems():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        import known_rates

        yield {problem.name: problem for problem in known_rates.problems()}


def names():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        import known_rates

        return [problem.name for problem in known_rates.problems()]


@pytest.mark.parametrize("name", names())
def test_known_rates_are_found_within_the_budget(name, problems):
    problem = problems[name]
    found = estimate(series(problem.limit_state), problem.dimension, seed=1)
    assert found.converged
    assert found.evaluations <= 2000
    assert found.relative_error <= 0.2
    # A missed region of two would halve the rate, one of four take a quarter.
    assert abs(found.rate / problem.rate - 1) < 0.25


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_intervals_hold_as_often_as_they_say(name, problems):
    problem, repeats = problems[name], 50
    found = [
        estimate(series(problem.limit_state), problem.dimension, seed=100 + i)
        for i in range(repeats)
    ]
    inside = sum(one.low <= problem.rate <= one.high for one in found)
    # 95 % of 50 is 47.5 with a standard deviation of 1.5.
    assert inside >= 43
    rates = np.array([one.rate for one in found]) / problem.rate
    reported = np.median([one.relative_error for one in found]) / 1.96
    assert rates.mean() == pytest.approx(1, abs=4 * reported / np.sqrt(repeats))
    assert rates.std(ddof=1) < 1.6 * reported


def test_the_same_seed_gives_the_same_estimate(problems):
    problem = next(iter(problems.values()))
    one, same, other = (
        estimate(series(problem.limit_state), problem.dimension, seed=seed) for seed in (3, 3, 4)
    )
    assert one.rate == same.rate
    assert one.rate != other.rate


def test_sensitivity_and_failure_point_of_a_hyperplane():
    slopes = np.zeros(40)
    slopes[[3, 17]] = 0.6, -0.8
    found = estimate(series(lambda z: 5 - z @ slopes), 40)
    assert found.sensitivity[3] == pytest.approx(0.36, abs=0.02)
    assert found.sensitivity[17] == pytest.approx(0.64, abs=0.02)
    assert found.sensitivity.sum() == pytest.approx(1)
    (region,) = found.regions
    assert region.point == pytest.approx(5 * slopes, abs=0.15)
    assert found.first_order == pytest.approx(ndtr(-5), rel=0.1)


def test_shares_tell_unequal_regions_apart():
    distances = -ndtri(np.array([1e-6, 3e-6]))
    found = estimate(series(lambda z: distances - z[:, :2]), 20)
    shares = {
        region.component: share for region, share in zip(found.regions, found.shares, strict=True)
    }
    assert shares[1] == pytest.approx(0.75, abs=0.1)
    assert sum(found.shares) == pytest.approx(1)


def test_a_negligible_rate_need_not_be_known_well():
    """At 14 sigma with a bent surface the interval stays wide; that it is far away is enough."""
    random = np.random.default_rng(7)
    direction = random.standard_normal(60)
    direction /= np.linalg.norm(direction)

    def bent(points):
        return 14 - points @ direction + 0.02 * (points**2).sum(axis=1) / 60

    asked = estimate(series(bent), 60, relative_error=0.02, seed=2)
    enough = estimate(series(bent), 60, relative_error=0.02, seed=2, negligible=1e-20)
    assert enough.converged
    assert enough.high < 1e-20
    assert enough.evaluations < asked.evaluations
    # Both are of the same number, each within what it says of itself.
    assert enough.low < asked.high
    assert asked.low < enough.high


def test_a_rate_that_is_not_small_is_no_special_case():
    for distance in (0.5, -1.0):
        found = estimate(series(lambda z, d=distance: d - z[:, 0]), 10)
        assert found.low <= ndtr(-distance) <= found.high
        assert found.converged


def test_failures_are_counted_by_what_fails_and_not_by_the_value():
    """The value is negative earlier than the point fails; only failures count."""

    def evaluate(points):
        along = points[:, 0]
        return Evaluation((4 - along)[:, None], along > 4.3)

    found = estimate(evaluate, 30)
    assert found.low <= ndtr(-4.3) <= found.high
    assert found.first_order > 2 * found.rate


def test_points_without_result_widen_the_interval_upwards():
    """A tenth of the points has no result, at random."""
    generator = np.random.default_rng(0)

    def evaluate(points):
        values = (4 - points[:, 0])[:, None]
        failed = values[:, 0] < 0
        lost = generator.uniform(size=len(points)) < 0.1
        values[lost], failed[lost] = np.nan, True
        return Evaluation(values, failed)

    found = estimate(evaluate, 20)
    assert 0.05 < found.unresolved / found.evaluations < 0.15
    assert found.low <= ndtr(-4) <= found.high
    assert found.high - found.rate > found.rate - found.low
    assert found.rate == pytest.approx(ndtr(-4), rel=0.3)


def test_nothing_but_lost_points_is_an_error():
    def evaluate(points):
        return Evaluation(np.full((len(points), 1), np.nan), np.zeros(len(points), bool))

    with pytest.raises(PlanError, match="have no result"):
        estimate(evaluate, 10)


def test_what_never_fails_has_an_upper_bound_only():
    found = estimate(series(lambda z: np.ones(len(z))), 10, budget=300)
    assert found.rate == 0
    assert 0 < found.high < 0.05
    assert not found.converged


def test_too_small_a_budget_is_said_and_not_hidden(problems):
    problem = problems["linear, 150 of 150 variables matter"]
    found = estimate(series(problem.limit_state), 150, budget=200)
    assert found.evaluations <= 200
    assert not found.converged


def test_a_strongly_bent_surface_is_not_called_converged_wrongly():
    """Beyond what hyperplanes can do: the interval may be wide, but not wrong."""

    def limit_state(z):
        return 5 - z[:, 0] + 0.1 * (z[:, 1:6] ** 2).sum(axis=1)

    from scipy.integrate import quad
    from scipy.stats import chi2

    rate = quad(lambda c: ndtr(-(5 + 0.1 * c)) * chi2.pdf(c, 5), 0, 300, epsrel=1e-9)[0]
    found = estimate(series(limit_state), 60)
    assert abs(np.log(found.rate / rate)) < 2 * found.relative_error
    assert found.relative_error < 1


@pytest.mark.parametrize(
    "request_", [{"relative_error": 0.0}, {"relative_error": 2.0}, {"budget": 10}]
)
def test_requests_without_sense_are_refused(request_):
    with pytest.raises(PlanError, match="cannot be estimated"):
        estimate(series(lambda z: z[:, 0]), 5, **request_)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    st.floats(-1.0, 7.5),
    st.floats(0.0, 0.3),
    st.integers(1, 40),
    st.integers(0, 1000),
)
def test_a_proposal_weighs_to_one(distance, scatter, dimension, seed):
    """The mean of a bounded function under the weights is that of the standard normal law."""
    generator = np.random.default_rng(seed)
    direction = generator.standard_normal(dimension)
    direction /= np.linalg.norm(direction)
    proposal = Proposal([Region(0, direction, distance, scatter, 1.0)])
    points = proposal.draw(generator, 4000)
    # Beyond the hyperplane, where the weights are small.
    terms = np.exp(proposal.log_weights(points)) * (points @ direction > distance)
    assert terms.mean() == pytest.approx(
        ndtr(-distance), abs=5 * terms.std() / np.sqrt(len(terms)) + 1e-12 * ndtr(-distance)
    )


def test_few_points_show_a_sparse_slope():
    generator = np.random.default_rng(2)
    slopes = np.zeros(200)
    slopes[:8] = 1 / np.sqrt(8)
    points = generator.standard_normal((120, 200))
    region = fit_region(0, points, 6 - points @ slopes, np.ones(120))
    assert region.direction @ slopes > 0.999
    assert region.distance == pytest.approx(6, abs=0.02)


def test_subset_sampling_agrees_where_hyperplanes_are_the_idea():
    pytest.importorskip("openturns")

    def limit_state(z):
        return (3.5 - z[:, :2]).min(axis=1) + 0.05 * z[:, 2] ** 2

    ours = estimate(series(limit_state), 10)
    theirs = subset_estimate(series(limit_state), 10)
    spread = theirs.coefficient_of_variation
    assert abs(np.log(ours.rate / theirs.rate)) < 3 * spread + ours.relative_error
    assert theirs.evaluations > 2 * ours.evaluations


def test_missing_openturns_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "openturns", None)
    with pytest.raises(PlanError, match="pip install"):
        subset_estimate(series(lambda z: z[:, 0]), 2)
