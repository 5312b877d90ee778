"""Walls at temperature: equilibrium, the noise's step, and errors that a write leaves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from characterize.errors import PlanError
from characterize.wall_errors import WriteErrors, propagate, settled, write_errors
from characterize.wall_motion import move
from circuits.macrospin import Drive
from circuits.magnetics import BOLTZMANN
from circuits.wall_parameters import load_wall

EMORI = load_wall("Emori2013")
PULSE = ([0.0, 0.9e-9], [3e-4, 3e-4])


def boltzmann_variance(wall):
    """Variance [m^2] of the position in the left well, from the energy alone."""
    position = np.linspace(2 * wall.rest_position, 0.0, 20_001)
    energy = wall.energy(position, np.full(position.shape, wall.rest_angle))
    weight = np.exp(-(energy - energy.min()) / (BOLTZMANN * wall.temperature))
    mean = np.average(position, weights=weight)
    return np.average((position - mean) ** 2, weights=weight)


def curvature(wall):
    """Second derivative [J/m^2] of the energy by the position at rest."""
    step = 0.05e-9
    around = wall.rest_position + np.array([-step, 0.0, step])
    low, middle, high = wall.energy(around, np.full(3, wall.rest_angle))
    return (low - 2 * middle + high) / step**2


@pytest.mark.parametrize("damping", [0.1, 0.3, 1.0])
def test_the_variance_in_the_well_is_kt_over_k(damping):
    # At a tenth of the temperature the well is harmonic to half a percent.
    wall = replace(EMORI, damping=damping, temperature=30.0)
    position, angle = settled(wall, 6000, seed=11)
    thermal = BOLTZMANN * wall.temperature
    # The sample variance of 6000 walls is known within 1.8 % (one sigma).
    assert position.var() == pytest.approx(thermal / curvature(wall), rel=0.06)
    bend = wall.moment * wall.width
    bend *= math.pi / 2 * abs(wall.dmi_field) + -wall.wall_anisotropy_field
    assert angle.var() == pytest.approx(thermal / bend, rel=0.06)
    assert np.corrcoef(position, angle)[0, 1] == pytest.approx(0.0, abs=0.05)


def test_the_distribution_at_room_temperature_is_boltzmann_s():
    position, _ = settled(EMORI, 6000, seed=3)
    assert position.var() == pytest.approx(boltzmann_variance(EMORI), rel=0.06)


def test_without_temperature_the_compiled_wall_is_that_of_ngspice():
    wall = replace(EMORI, temperature=1e-12, field_like_ratio=0.2, external_field=(1e3, 2e3, 3e3))
    wall = replace(wall, landscape=replace(wall.landscape, pinning_field=5e3, pinning_length=2e-8))
    step, drive = 0.5e-12, Drive(4e-4, 3e-9, 3e-9)
    position, angle = wall.initial
    currents = np.full(6001, 4e-4)
    moved, turned = propagate(
        wall, np.array([position]), np.array([angle]), currents, seed=1, step=step
    )
    found = move(wall, drive)
    assert moved[0] == pytest.approx(found.position[-1], abs=1e-4 * wall.track_length)
    assert turned[0] == pytest.approx(found.angle[-1], abs=2e-3)


@pytest.mark.slow
def test_the_error_rate_does_not_depend_on_the_step():
    coarse = write_errors(EMORI, *PULSE, trials=4000, seed=1, step=4e-12)
    usual = write_errors(EMORI, *PULSE, trials=4000, seed=2)
    fine = write_errors(EMORI, *PULSE, trials=4000, seed=3, step=1e-12)
    assert 0.05 < usual.rate < 0.2
    spread = math.sqrt(2 * usual.rate * (1 - usual.rate) / 4000)
    assert abs(coarse.rate - usual.rate) < 3.5 * spread
    assert abs(fine.rate - usual.rate) < 3.5 * spread


def test_errors_fall_with_pulse_and_current():
    rates = [
        write_errors(EMORI, [0.0, pulse], [3e-4, 3e-4], trials=1000, seed=4).rate
        for pulse in (0.3e-9, 0.7e-9, 1.2e-9)
    ]
    assert rates[0] > rates[1] > rates[2]
    stronger = write_errors(EMORI, [0.0, 0.7e-9], [3.6e-4, 3.6e-4], trials=1000, seed=4).rate
    assert stronger < rates[1] / 5


def test_both_directions_have_the_same_errors():
    right = write_errors(EMORI, *PULSE, trials=4000, seed=5)
    left = write_errors(EMORI, PULSE[0], [-3e-4, -3e-4], trials=4000, seed=6, side=1)
    assert abs(right.rate - left.rate) < 3.5 * math.sqrt(2 * 0.1 * 0.9 / 4000)
    # And a wall at rest stays: every one of them is an error.
    still = write_errors(EMORI, [0.0, 1e-9], [0.0, 0.0], trials=500, seed=7)
    assert still.rate == 1


def test_lifetime_at_a_low_barrier_grows_as_its_exponential():
    # The escape rate falls by exp of the barrier's growth, 2 kT here.
    def kept(field, seed):
        notch = replace(EMORI.landscape, notch_field=field)
        wall = replace(EMORI, landscape=notch)
        start = np.full(1500, wall.rest_position)
        angle = np.full(1500, wall.rest_angle)
        at, turned = propagate(wall, start, angle, np.zeros(2001), seed=seed)
        first = np.count_nonzero(at < -wall.landscape.notch_position / 3)
        at, _ = propagate(wall, at, turned, np.zeros(4001), seed=seed + 1)
        return wall.stability, first, np.count_nonzero(at < -wall.landscape.notch_position / 3)

    low, high = kept(3e3, 21), kept(5e3, 23)
    growth = high[0] - low[0]
    assert 1.5 < growth < 2.5
    rates = [math.log(first / last) for _, first, last in (low, high)]
    assert math.log(rates[0] / rates[1]) == pytest.approx(growth, abs=1.2)


def test_the_waveform_is_followed_between_its_times():
    # A ramp of half the current and then the whole charge of a pulse that would switch.
    times = [0.0, 0.5e-9, 1.5e-9, 2.0e-9]
    ramped = write_errors(EMORI, times, [0.0, 4e-4, 4e-4, 0.0], trials=200, seed=8)
    assert ramped.rate == 0
    weak = write_errors(EMORI, times, [0.0, 1e-4, 1e-4, 0.0], trials=200, seed=8)
    assert weak.rate == 1


def test_the_same_seed_gives_the_same_walls():
    first, again, other = (write_errors(EMORI, *PULSE, trials=50, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.position, again.position)
    assert not np.array_equal(first.position, other.position)


@pytest.mark.parametrize(("errors", "trials"), [(0, 100), (3, 1000), (50, 100), (100, 100)])
def test_interval_is_clopper_and_pearson_s(errors, trials):
    found = WriteErrors(errors, trials, np.empty(0)).interval()
    exact = binomtest(errors, trials).proportion_ci(0.95, method="exact")
    assert found == pytest.approx((exact.low, exact.high), rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"times": [0.0], "currents": [1.0]}, "two or more times"),
        ({"times": [0.0, 1e-9, 2e-9]}, "two or more times"),
        ({"times": [1e-9, 2e-9]}, "rise from 0"),
        ({"trials": 0}, "0 trials"),
        ({"side": 0}, "side"),
        ({"seed": -1}, "the seed -1"),
    ],
)
def test_what_cannot_be_run_is_refused(arguments, said):
    usual = {"times": PULSE[0], "currents": PULSE[1], "trials": 10, "seed": 1}
    usual.update(arguments)
    times, currents = usual.pop("times"), usual.pop("currents")
    with pytest.raises(PlanError, match=said):
        write_errors(EMORI, times, currents, **usual)
