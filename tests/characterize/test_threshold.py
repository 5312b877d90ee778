"""The search of a threshold: right whatever the margin says, quick where it is a line."""

import math

from hypothesis import given
from hypothesis import strategies as st

from characterize.threshold import ThresholdSearch

STEP, LIMIT = 1e-3, 0.2


def searched(threshold, margin):
    search, trials = ThresholdSearch(margin(0.0), STEP, LIMIT), 0
    while (trial := search.trial()) is not None:
        assert 0 < trial < LIMIT
        search.add(trial, trial <= threshold, margin(trial))
        trials += 1
        assert trials < 60
    return search.right, trials


@given(
    threshold=st.floats(1e-6, 0.19),
    gain=st.floats(0.1, 30),
    bend=st.floats(-0.5, 0.5),
    shift=st.floats(-0.02, 0.02),
)
def test_it_ends_within_a_step_below_the_threshold(threshold, gain, bend, shift):
    def margin(x):
        return gain * ((threshold - x) * (1 + bend * x / threshold) + shift)

    right, trials = searched(threshold, margin)
    assert threshold - STEP <= right <= threshold
    assert trials <= 24


@given(threshold=st.floats(2e-3, 0.15), gain=st.floats(0.5, 10))
def test_along_a_line_a_few_trials_are_enough(threshold, gain):
    _, trials = searched(threshold, lambda x: gain * (threshold - x))
    assert trials <= 5


@given(threshold=st.floats(1e-6, 0.19))
def test_a_margin_that_says_nothing_only_costs_trials(threshold):
    for margin in (lambda x: math.nan if x else 0.01, lambda _: 0.05, lambda x: -1.0):
        right, trials = searched(threshold, margin)
        assert threshold - STEP <= right <= threshold
        assert trials <= 24
