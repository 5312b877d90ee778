"""The weighted ensemble of walls against brute force where that can reach, and its laws."""

from __future__ import annotations

import numpy as np
import pytest

from characterize.ensemble import drawn_anew
from characterize.errors import PlanError
from characterize.wall_errors import write_errors
from characterize.wall_rare import wall_error_rates
from characterize.write_errors import Pulse
from circuits.wall_parameters import load_wall

EMORI = load_wall("Emori2013")


def rare_write_errors(current, width, **choices):
    """A pulse that rises and falls at once, as brute force has it."""
    pulse = Pulse(np.array([0.0]), np.array([current]), 1e-12)
    return wall_error_rates(EMORI, pulse, np.array([width]), side=-1, **choices)


@pytest.mark.slow
@pytest.mark.parametrize(("current", "pulse"), [(3e-4, 1.4e-9), (3.3e-4, 0.8e-9)])
def test_rates_of_one_in_a_hundred_are_those_of_brute_force(current, pulse):
    waveform = ([0.0, pulse], [current, current])
    counted = write_errors(EMORI, *waveform, trials=5000, seed=9)
    assert 20 <= counted.errors <= 120
    low, high = counted.interval(0.99)
    rare = rare_write_errors(current, pulse, seed=1)
    assert rare.low[0] < high
    assert rare.high[0] > low
    assert 0.5 < rare.rate[0] / counted.rate < 2


@pytest.mark.slow
def test_rates_of_one_in_a_thousand_are_those_of_brute_force():
    waveform = ([0.0, 1.0e-9], [3.3e-4, 3.3e-4])
    low, high = write_errors(EMORI, *waveform, trials=30_000, seed=10).interval(0.99)
    rare = rare_write_errors(3.3e-4, 1.0e-9, seed=2, repeats=6)
    assert rare.low[0] < high
    assert rare.high[0] > low
    assert high < 4e-3


@pytest.mark.slow
def test_a_millionth_is_reached_and_falls_with_the_pulse():
    rates = [
        rare_write_errors(3.6e-4, pulse, seed=3, repeats=2, walkers=20).rate[0]
        for pulse in (0.8e-9, 1.0e-9)
    ]
    # Brute force has 3 in 10^4 at 0.8 ns.
    assert 3e-5 < rates[0] < 6e-4
    assert 1e-7 < rates[1] < rates[0] / 5


def test_redistribution_keeps_every_bin_s_weight():
    generator = np.random.default_rng(1)
    position = generator.normal(0, 5e-9, 500)
    weights = generator.random(500)
    weights /= weights.sum()
    bins = np.floor(position / 2e-9).astype(np.int64)
    taken, new = drawn_anew(bins, weights, 7, generator)
    assert new.sum() == pytest.approx(1.0)
    before = np.bincount(np.floor(position / 2e-9).astype(int) + 50, weights, minlength=100)
    after = np.bincount(np.floor(position[taken] / 2e-9).astype(int) + 50, new, minlength=100)
    assert after == pytest.approx(before)
    assert len(taken) == 7 * np.count_nonzero(before)


def test_the_same_seed_gives_the_same_rates():
    first, again = (rare_write_errors(3e-4, 0.3e-9, seed=1, walkers=4, repeats=2) for _ in range(2))
    assert first.rate == again.rate
    assert (first.low, first.high) == (again.low, again.high)


def test_too_few_walkers_are_refused():
    with pytest.raises(PlanError, match="2 or more"):
        rare_write_errors(0.0, 1e-9, seed=1, walkers=1)
