"""The domain wall in ngspice against an independent integrator and the closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from characterize.pool import run_deck
from characterize.wall_motion import move
from circuits import DesignError
from circuits.deck import Conditions, Deck, Window
from circuits.macrospin import Drive
from circuits.magnetics import BOLTZMANN
from circuits.wall_deck import wall_deck, wall_thermal_samples
from circuits.wall_junction import load_wall_device, wall_junction_subcircuit
from circuits.wall_landscape import Landscape
from circuits.wall_parameters import load_wall

EMORI = load_wall("Emori2013")
# Everything that an equation's line may hold, at once.
BUSY = replace(
    EMORI,
    left_domain=-1,
    damping=0.1,
    field_like_ratio=0.5,
    external_field=(1e4, -2e4, 3e3),
    wall_anisotropy_field=2e4,
    landscape=replace(EMORI.landscape, pinning_field=1e4, pinning_length=21e-9),
)


def reference(wall, drive, times):
    """Positions, angles and the first crossing by DOP853, in widths of the wall."""

    def rates(_time, state, current):
        speed, turn = wall.rates(state[0] * wall.width, state[1], current)
        return [speed / wall.width, turn]

    def middle(_time, state, _current):
        return state[0]

    # The last point may lie a rounding beyond the end.
    times = np.minimum(times, drive.duration)
    state = [wall.initial[0] / wall.width, wall.initial[1]]
    rows, crossings = np.empty((2, len(times))), []
    for start, stop, current in (
        (0.0, drive.pulse, drive.current),
        (drive.pulse, drive.duration, 0.0),
    ):
        solution = solve_ivp(
            rates,
            (start, stop),
            state,
            method="DOP853",
            rtol=1e-10,
            atol=1e-12,
            dense_output=True,
            args=(current,),
            events=middle,
        )
        part = (times >= start) & (times <= stop)
        rows[:, part] = solution.sol(times[part])
        state = solution.y[:, -1]
        crossings.extend(solution.t_events[0])
    return rows[0] * wall.width, rows[1], crossings[0] if crossings else None


@pytest.mark.parametrize("wall", [EMORI, BUSY], ids=["shipped", "busy"])
@pytest.mark.parametrize("current", [2e-4, 3e-4, 5e-4, -5e-4, 1.2e-3])
def test_the_trajectory_is_that_of_an_independent_integrator(wall, current):
    drive = Drive(current, 2e-9, 5e-9)
    found = move(wall, drive)
    position, angle, crossing = reference(wall, drive, found.time)
    assert np.abs(found.position - position).max() < 1e-4 * wall.track_length
    assert np.abs(found.angle - angle).max() < 2e-3
    assert found.switched == (position[0] * position[-1] < 0)
    assert (found.crossing_time is None) == (crossing is None)
    if crossing is not None:
        assert found.crossing_time == pytest.approx(crossing, abs=0.01e-12)
    assert np.abs(found.position).max() < wall.track_length / 2


def test_the_shipped_cell_switches_above_its_threshold_and_not_below():
    assert EMORI.depinning_current == pytest.approx(2.62e-4, rel=0.01)
    below = move(EMORI, Drive(0.98 * EMORI.depinning_current, 10e-9, 12e-9))
    above = move(EMORI, Drive(1.02 * EMORI.depinning_current, 10e-9, 12e-9))
    assert (below.switched, below.crossing_time) == (False, None)
    assert above.switched
    assert below.position[-1] == pytest.approx(EMORI.rest_position, abs=0.02e-9)
    assert above.position[-1] == pytest.approx(-EMORI.rest_position, abs=0.02e-9)


@pytest.mark.parametrize(
    ("density", "damping", "dmi"),
    [(1e11, 0.3, -1.2e-3), (1e12, 0.3, -1.2e-3), (2e12, 0.05, 0.4e-3), (5e11, 0.02, -0.05e-3)],
)
def test_velocity_in_ngspice_is_the_closed_form(density, damping, dmi):
    landscape = replace(EMORI.landscape, notch_field=0.0, end_position=4.9e-6)
    wall = replace(
        EMORI,
        wall_anisotropy_field=0.0,
        damping=damping,
        dmi=dmi,
        landscape=landscape,
        track_length=10e-6,
        position_given=0.0,
    )
    current = density * wall.section
    result = move(wall, Drive(current, 8e-9, 8e-9))
    late = np.searchsorted(result.time, 6e-9)
    velocity = np.polyfit(result.time[late:], result.position[late:], 1)[0]
    assert velocity == pytest.approx(wall.spin_hall_velocity(current), rel=1e-4)
    assert abs(velocity) > 10


def test_a_wall_without_dmi_stops():
    landscape = replace(EMORI.landscape, notch_field=0.0, end_position=4.9e-6)
    wall = replace(EMORI, dmi=0.0, landscape=landscape, track_length=10e-6, position_given=0.0)
    result = move(wall, Drive(3e-4, 20e-9, 20e-9))
    late = np.searchsorted(result.time, 15e-9)
    assert np.ptp(result.position[late:]) < 1e-12
    assert np.ptp(result.position) > 1e-9


def test_reversing_current_and_state_mirrors_the_trajectory():
    there = move(EMORI, Drive(4e-4, 2e-9, 4e-9))
    mirrored = replace(EMORI, position_given=-EMORI.rest_position, angle_given=-EMORI.rest_angle)
    back = move(mirrored, Drive(-4e-4, 2e-9, 4e-9))
    second = np.interp(there.time, back.time, back.position)
    assert np.abs(there.position + second).max() < 1e-6 * EMORI.track_length
    assert there.crossing_time == pytest.approx(back.crossing_time, rel=1e-6)


def test_energy_falls_without_a_drive():
    wall = replace(EMORI, position_given=-80e-9, angle_given=1.0)
    result = move(wall, Drive(0.0, 3e-9, 3e-9))
    energy = wall.energy(result.position, result.angle)
    assert np.diff(energy).max() < 1e-3 * BOLTZMANN * 300
    assert np.ptp(energy) > 50 * BOLTZMANN * 300


def test_a_current_beyond_the_fixed_ends_is_refused():
    with pytest.raises(DesignError, match="through the fixed ends") as refusal:
        move(EMORI, Drive(1.01 * EMORI.expulsion_current, 1e-9, 2e-9))
    assert "\n" not in str(refusal.value)


def test_a_transient_costs_less_than_half_a_second():
    assert min(move(EMORI, Drive(3e-4, 2e-9, 6e-9)).analysis_seconds for _ in range(2)) < 0.5


def test_thermal_field_follows_its_seed_and_strength():
    drive = Drive(0.0, 20e-9, 20e-9, thermal_seed=5)
    samples = wall_thermal_samples(EMORI, drive)
    # 2 a k T/(g mu0 Ms 2 Delta w t dt), written out once more.
    volume = 2 * EMORI.width * 100e-9 * 0.6e-9
    variance = 2 * 0.3 * BOLTZMANN * 300 / (220_880 * 1.25663706212e-6 * 7e5 * volume * 1e-12)
    assert samples[:, 1:].var() * 1e10 == pytest.approx(variance, rel=0.03)
    first, again = move(EMORI, drive), move(EMORI, drive)
    assert np.array_equal(first.position, again.position)
    other = move(EMORI, replace(drive, thermal_seed=6))
    assert not np.array_equal(first.position, other.position)
    # The rms displacement in the well is sqrt(kT/k), here over some ten relaxation times.
    assert 1e-9 < first.position.std() < 6e-9


def cell(device, ap, voltage):
    half = device.track_resistance / 2
    lines = [
        "* a domain-wall cell between ideal sources",
        wall_junction_subcircuit(device, 300.0).strip(),
        f"Vright right 0 pwl(0 0 10p {voltage} 2n {voltage} 2.01n 0)",
        "Vread top middle dc 0.1",
        f"X1 top middle 0 right moving_junction ap={ap}",
        f"Rleft middle 0 {half!r}",
        f"Rright right middle {half!r}",
        ".option method=trap reltol=1e-5",
        ".save v(x1.wq) i(vread)",
        ".tran 1e-12 4e-9 0 1e-12",
        ".end",
    ]
    netlist = "\n".join(lines) + "\n"
    window = Window(0.0, 4e-9)
    deck = Deck("cell", "a cell", netlist, Conditions(), 4e-9, window, {}, (), (), (), 0.0)
    waves = run_deck(deck)
    position = waves["x1.wq"] * device.wall.track_length / 2
    return position, 0.1 / -waves["vread#branch"]


@pytest.mark.parametrize("fixed", ["up", "down"])
@pytest.mark.parametrize("ap", [0, 1])
def test_the_cell_s_junction_follows_the_wall(ap, fixed):
    device = load_wall_device("Emori2013", {"fixed_layer": fixed})
    # 0.16 V over 384 ohm; a positive voltage writes antiparallel, a negative parallel.
    voltage = 0.16 if ap == 0 else -0.16
    position, resistance = cell(device, ap, voltage)
    assert position[0] * device.parallel_side * (1 if ap == 0 else -1) > 90e-9
    assert position[0] * position[-1] < 0
    expected = 1 / device.conductance(position, 0.1, 300.15)
    assert resistance == pytest.approx(expected, rel=1e-4)
    kept, _ = cell(device, ap, -voltage)
    assert kept[-1] == pytest.approx(kept[0], abs=0.1e-9)


def test_the_deck_can_be_read_by_hand():
    netlist = wall_deck(EMORI, Drive(3e-4, 2e-9, 6e-9)).netlist
    assert "domain wall Emori2013" in netlist.splitlines()[0]
    assert "method=trap" in netlist
    assert ".tran 3e-13 6e-09" in netlist
    assert Landscape(1e-9).spice_field("v(q)") == "0"
    assert math.isinf(replace(EMORI, efficiency=0.0).expulsion_current)
