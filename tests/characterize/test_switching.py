"""The macrospin in ngspice against independent programs, laws and closed forms."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from characterize.errors import PlanError
from characterize.switching import first_zero, switch
from circuits.macrospin import Drive
from circuits.magnet_parameters import load_magnet

DATA = Path(__file__).parents[1] / "data" / "switching"
PERPENDICULAR, IN_PLANE = load_magnet("UMN2015"), load_magnet("Fan2018")


def rows(name):
    with (DATA / name).open() as stream:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(stream)]


def crossings(name):
    return [(row["current_A"], row["t_zero_dop853_s"]) for row in rows(name)]


def own_run(magnet, current):
    return switch(magnet, Drive(current, magnet.pulse_duration, magnet.run_duration))


@pytest.mark.parametrize(("current", "expected"), crossings("switching_pma_umn.csv"))
def test_perpendicular_switching_is_that_of_the_references(current, expected):
    result = own_run(PERPENDICULAR, current)
    assert result.switched == (not math.isnan(expected))
    if result.switched:
        assert result.crossing_time == pytest.approx(expected, abs=0.05e-12)
    assert np.abs(np.linalg.norm(result.magnetization, axis=1) - 1).max() < 1e-3


@pytest.mark.parametrize(("current", "expected"), crossings("switching_inplane_fan.csv"))
def test_in_plane_switching_is_that_of_the_references(current, expected):
    result = own_run(IN_PLANE, current)
    assert result.switched
    assert result.crossing_time == pytest.approx(expected, rel=2.5e-4)
    assert np.abs(np.linalg.norm(result.magnetization, axis=1) - 1).max() < 1e-3


def test_the_trajectory_during_the_pulse_is_that_of_the_references():
    result = own_run(PERPENDICULAR, 450e-6)
    reference = [row for row in rows("trajectory_pma_umn_450uA.csv") if row["t_ns"] < 2]
    assert len(reference) > 300
    time = np.array([row["t_ns"] for row in reference]) * 1e-9
    for column, axis in enumerate(("mx", "my", "mz")):
        expected = np.array([row[axis] for row in reference])
        found = np.interp(time, result.time, result.magnetization[:, column])
        assert np.abs(found - expected).max() < 1e-3


def test_a_transient_costs_less_than_half_a_second():
    assert min(own_run(PERPENDICULAR, 450e-6).analysis_seconds for _ in range(2)) < 0.5


def quiet(magnet, **changes):
    return replace(magnet, external_field=(0.0, 0.0, 0.0), **changes)


def tilted(angle):
    return (math.sin(angle), 0.0, math.cos(angle))


def test_energy_is_conserved_without_damping_and_current():
    for magnet, start in ((PERPENDICULAR, tilted(1.0)), (IN_PLANE, (0.5, math.sqrt(0.75), 0.0))):
        still = quiet(magnet, damping=0.0, initial=start)
        result = switch(still, Drive(0.0, 1e-9, 1e-9))
        energy = still.energy_density(result.magnetization)
        depth = still.energy_density(np.array(start)) - still.energy_density(still.easy_axis)
        assert np.abs(energy - energy[0]).max() < 2e-3 * depth
        assert np.ptp(result.magnetization, axis=0).max() > 0.5  # it did precess


def test_precession_frequency_and_exponential_damping():
    field = 5e4
    angle = 0.01
    magnet = replace(PERPENDICULAR, external_field=(0.0, 0.0, field), initial=tilted(angle))
    result = switch(magnet, Drive(0.0, 2e-9, 2e-9))
    total = magnet.effective_fields[0] + field
    rotation = np.unwrap(np.arctan2(result.magnetization[:, 1], result.magnetization[:, 0]))
    spread = 1 + magnet.damping**2
    rate = np.polyfit(result.time, rotation, 1)[0]
    assert rate == pytest.approx(magnet.gyromagnetic_ratio * total / spread, rel=1e-3)
    # The tilt decays as exp(-t a g H/(1+a^2)).
    tilt = np.hypot(result.magnetization[:, 0], result.magnetization[:, 1])
    decay = -np.polyfit(result.time, np.log(tilt), 1)[0]
    assert decay == pytest.approx(
        magnet.damping * magnet.gyromagnetic_ratio * total / spread, rel=3e-3
    )


@pytest.mark.parametrize(
    ("magnet", "current", "turn"),
    [
        # Half turns that keep the set: about x with its field along x, about z without one.
        (PERPENDICULAR, 450e-6, (1, -1, -1)),
        (IN_PLANE, 1e-4, (-1, -1, 1)),
    ],
)
def test_reversing_current_and_state_mirrors_the_trajectory(magnet, current, turn):
    mirror = np.array(turn)
    start = tuple(np.array(magnet.initial) * mirror)
    there = switch(magnet, Drive(current, 1e-9, 1e-9))
    back = switch(replace(magnet, initial=start), Drive(-current, 1e-9, 1e-9))
    times = np.linspace(0, 1e-9, 500)
    for column in range(3):
        first = np.interp(times, there.time, there.magnetization[:, column])
        second = np.interp(times, back.time, back.magnetization[:, column])
        assert np.abs(first - mirror[column] * second).max() < 1e-4
    assert there.crossing_time == pytest.approx(back.crossing_time, rel=1e-5)


def test_in_plane_threshold_is_sun_s():
    # a (H_K + M_d/2), H_K and M_d the fields against the two tilts; the polarization is along
    # the easy axis. The pulse is long: five percent from the threshold tilts change slowly.
    easy, hard = IN_PLANE.effective_fields
    threshold = IN_PLANE.damping * (easy + hard) / 2
    current = threshold / abs(IN_PLANE.damping_like_field(1.0))
    assert current == pytest.approx(14.07e-6, rel=2e-3)
    small = replace(IN_PLANE, initial=(math.sin(0.01), math.cos(0.01), 0.0))

    def tilt(factor):
        result = switch(small, Drive(factor * current, 20e-9, 20e-9))
        late = result.time > 19e-9
        return np.hypot(result.magnetization[late, 0], result.magnetization[late, 2]).max()

    assert tilt(0.95) < 0.007 < 0.015 < tilt(1.05)


def test_spin_transfer_threshold_is_a_times_the_effective_field():
    # Perpendicular and polarized along z: dtheta/dt = (h - a H_K) theta, exactly.
    magnet = quiet(
        PERPENDICULAR, torque="spin-transfer", polarization=(0.0, 0.0, 1.0), initial=tilted(0.02)
    )
    current = magnet.damping * magnet.effective_fields[0] / abs(magnet.damping_like_field(1.0))
    for factor, grows in ((0.95, False), (1.05, True)):
        result = switch(magnet, Drive(factor * current, 10e-9, 10e-9))
        tilt = np.hypot(*result.magnetization[[0, -1], :2].T)
        assert (tilt[1] > tilt[0]) == grows
    # A positive current drives away from the polarization; a negative one holds.
    assert switch(magnet, Drive(3 * current, 10e-9, 10e-9)).switched
    assert not switch(magnet, Drive(-3 * current, 10e-9, 10e-9)).switched


def test_perpendicular_threshold_is_lee_s_at_high_damping():
    # H_K/2 - H_x/sqrt(2), for a damping that suppresses the precession.
    magnet = replace(PERPENDICULAR, damping=0.5, initial=(0.0, 0.0, 1.0))
    easy, bias = magnet.effective_fields[0], magnet.external_field[0]
    current = (easy / 2 - bias / math.sqrt(2)) / abs(magnet.damping_like_field(1.0))
    assert current == pytest.approx(422e-6, rel=3e-3)
    for factor, crosses in ((0.95, False), (1.05, True)):
        result = switch(magnet, Drive(factor * current, 5e-9, 5e-9))
        assert (result.crossing_time is not None) == crosses


def test_field_like_torque_is_a_field_along_the_polarization():
    # f T adds to the field: a set with f equals one with that external field.
    current, ratio = 3e-4, 0.5
    field = ratio * PERPENDICULAR.damping_like_field(current)
    x, _, z = PERPENDICULAR.external_field
    with_ratio = switch(replace(PERPENDICULAR, field_like_ratio=ratio), Drive(current, 1e-9, 1e-9))
    with_field = switch(
        replace(PERPENDICULAR, external_field=(x, field, z)), Drive(current, 1e-9, 1e-9)
    )
    without = switch(PERPENDICULAR, Drive(current, 1e-9, 1e-9))
    assert with_ratio.final == pytest.approx(with_field.final, abs=1e-6)
    assert with_ratio.final != pytest.approx(without.final, abs=1e-2)


def thermal_run(magnet, duration, seed):
    result = switch(magnet, Drive(0.0, duration, duration, thermal_seed=seed))
    times = np.arange(1e-9, duration, 2e-12)
    columns = [np.interp(times, result.time, result.magnetization[:, c]) for c in range(3)]
    assert np.abs(np.linalg.norm(result.magnetization, axis=1) - 1).max() < 1e-3
    return np.array(columns)


def test_the_thermal_field_follows_its_seed():
    finals = [
        switch(IN_PLANE, Drive(1e-4, 1e-9, 1e-9, thermal_seed=seed)).final
        for seed in (3, 3, 4, None)
    ]
    assert finals[0] == finals[1]
    assert finals[0] != pytest.approx(finals[2], abs=1e-3)
    assert finals[0] != pytest.approx(finals[3], abs=1e-3)


def test_a_temporary_folder_that_ngspice_cannot_read_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "Capital"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with pytest.raises(PlanError, match="TMPDIR"):
        switch(IN_PLANE, Drive(1e-4, 1e-9, 1e-9, thermal_seed=3))


@pytest.mark.slow
def test_thermal_tilts_share_the_energy_equally():
    # Each of the two tilts has the energy kT/2: its mean square is 1/(2 stability). 60 ns
    # are some 1200 decays of the tilt, so the mean is uncertain by about 4 %.
    magnet = quiet(PERPENDICULAR, damping=0.3, initial=(0.0, 0.0, 1.0))
    x, y, _ = thermal_run(magnet, 60e-9, 2)
    assert np.mean(x**2) * 2 * magnet.stability == pytest.approx(1, abs=0.12)
    assert np.mean(y**2) * 2 * magnet.stability == pytest.approx(1, abs=0.12)


@pytest.mark.slow
def test_a_low_barrier_reaches_boltzmann_s_distribution():
    magnet = quiet(PERPENDICULAR, damping=0.5, initial=(0.0, 0.0, 1.0), length=8e-9, width=8e-9)
    assert 2 < magnet.stability < 3
    z = thermal_run(magnet, 60e-9, 2)[2]
    cosine = np.linspace(-1, 1, 4001)
    weight = np.exp(magnet.stability * cosine**2)
    assert np.mean(z**2) == pytest.approx(np.average(cosine**2, weights=weight), abs=0.02)
    assert z.min() < -0.9 < 0.9 < z.max()  # it went over the barrier


def test_first_zero_is_exact_for_a_cubic_and_none_without_a_change():
    time = np.array([0.0, 1.0, 2.1, 3.0, 4.2])
    cubic = (time - 2.5) * (1 + (time - 1) ** 2)
    assert first_zero(time, cubic) == pytest.approx(2.5, abs=1e-12)
    assert first_zero(time, cubic**2 + 0.1) is None
    assert first_zero(time, np.array([0.0, 1.0, 1.0, 1.0, 1.0])) is None


def test_a_voltage_shifts_the_precession_by_the_anisotropy_it_takes():
    magnet = replace(
        PERPENDICULAR,
        damping=0.0,
        external_field=(0.0, 0.0, 0.0),
        anisotropy_per_volt=-6e4,
        initial=(math.sin(0.02), 0.0, math.cos(0.02)),
    )
    # A current too small to turn anything switches the voltage on.
    result = switch(magnet, Drive(1e-12, 2e-9, 1e-9, voltage=1.0))
    crossings = np.flatnonzero(np.diff(np.sign(result.magnetization[:, 0])))
    times = result.time[crossings]
    period = 2 * float(np.mean(np.diff(times)))
    shift = 2 * 6e4 / (4e-7 * math.pi * magnet.magnetization)
    field = (magnet.effective_fields[0] - shift) * math.cos(0.02)
    assert 2 * math.pi / period == pytest.approx(magnet.gyromagnetic_ratio * field, rel=5e-3)
