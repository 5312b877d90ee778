"""Laws of the domain wall's equations, by an integrator of their own (DOP853)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from circuits.magnetics import BOLTZMANN, VACUUM_PERMEABILITY
from circuits.wall import Wall
from circuits.wall_demagnetization import wall_demagnetization
from circuits.wall_landscape import Landscape
from circuits.wall_parameters import load_wall

SHIPPED = load_wall("Emori2013")
FREE = replace(SHIPPED, wall_anisotropy_field=0.0, landscape=Landscape(SHIPPED.width))


def flight(wall: Wall, duration, current=0.0, start=None, points=401):
    """Times, positions and angles of a wall, integrated in units of its width."""
    first = wall.initial if start is None else start
    times = np.linspace(0, duration, points)

    def rates(_time, state):
        speed, turn = wall.rates(state[0] * wall.width, state[1], current)
        return [speed / wall.width, turn]

    solution = solve_ivp(
        rates,
        (0, duration),
        [first[0] / wall.width, first[1]],
        method="DOP853",
        rtol=1e-10,
        atol=1e-12,
        t_eval=times,
    )
    assert solution.success
    return times, solution.y[0] * wall.width, solution.y[1]


def settling(wall, current):
    """The longest time constant [s] of the angle, H_K = 0, no external field."""
    drive = np.hypot(wall.damping * wall.dmi_field, wall.spin_hall_field(current))
    return (1 + wall.damping**2) / (math.pi / 2 * wall.gyromagnetic_ratio * drive)


FREE_WALLS = {
    "damping": st.floats(0.01, 1.0),
    "width": st.floats(2e-9, 30e-9),
    "dmi": st.floats(0.05e-3, 3e-3),
    "handed": st.sampled_from([-1, 1]),
    "left_domain": st.sampled_from([-1, 1]),
    "magnetization": st.floats(2e5, 1.4e6),
    "thickness": st.floats(0.4e-9, 2e-9),
    "efficiency": st.floats(-0.5, 0.5).filter(lambda angle: abs(angle) > 0.01),
    "density": st.floats(1e10, 3e12),
    "direction": st.sampled_from([-1, 1]),
}


def free_wall(damping, width, dmi, handed, left_domain, magnetization, thickness, efficiency):
    return replace(
        FREE,
        damping=damping,
        width=width,
        dmi=handed * dmi,
        left_domain=left_domain,
        magnetization=magnetization,
        thickness=thickness,
        efficiency=efficiency,
        landscape=Landscape(width),
    )


@settings(deadline=None, derandomize=True, max_examples=60)
@given(**FREE_WALLS)
def test_velocity_under_spin_hall_torque_is_thiaville_s(density, direction, **values):
    wall = free_wall(**values)
    current = direction * density * wall.section
    duration = 40 * settling(wall, current)
    time, position, _ = flight(wall, duration, current, (0.0, wall.rest_angle))
    velocity = (position[-1] - position[-11]) / (time[-1] - time[-11])
    dmi_field = values["dmi"] / (VACUUM_PERMEABILITY * wall.magnetization * wall.width)
    spin_hall = 1.054571817e-34 * abs(values["efficiency"]) * density
    spin_hall /= 2 * 1.602176634e-19 * VACUUM_PERMEABILITY * wall.magnetization * wall.thickness
    law = math.pi / 2 * 220_880 * wall.width * dmi_field
    law /= math.sqrt(1 + (values["damping"] * dmi_field / spin_hall) ** 2)
    assert abs(velocity) == pytest.approx(law, rel=1e-6)
    assert velocity == pytest.approx(wall.spin_hall_velocity(current), rel=1e-6)
    # The direction is that of the current times the spin-Hall angle for left-handed walls
    # (D < 0), whichever domain is on the left.
    expected = -direction * values["handed"] * np.sign(values["efficiency"])
    assert np.sign(velocity) == expected


def test_the_velocity_has_its_two_limits():
    # Small current: pi/2 g Delta H_SHE/a, without D; large: pi/2 g Delta H_DMI, without J.
    small, large = 1e-8, 1.0
    scale = math.pi / 2 * FREE.gyromagnetic_ratio * FREE.width
    mobility = scale * FREE.spin_hall_field(small) / FREE.damping
    assert FREE.spin_hall_velocity(small) == pytest.approx(mobility, rel=1e-6)
    assert FREE.spin_hall_velocity(large) == pytest.approx(scale * abs(FREE.dmi_field), rel=1e-4)
    assert replace(FREE, dmi=0.0).spin_hall_velocity(1e-3) == 0


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    anisotropy=st.floats(1e3, 5e4),
    # Drive over what the wall's anisotropy withstands; at one the angle takes forever.
    ratio=st.floats(0.05, 20.0).filter(lambda value: abs(value - 1) > 0.2),
    direction=st.sampled_from([-1, 1]),
    angle=st.floats(0.1, 1.4),
)
def test_without_dmi_the_wall_does_not_keep_moving(anisotropy, ratio, direction, angle):
    wall = replace(FREE, dmi=0.0, wall_anisotropy_field=anisotropy)
    held = wall.damping * anisotropy
    current = direction * ratio * held / (math.pi / 2 * wall.spin_hall_field(1.0))
    slowest = wall.gyromagnetic_ratio * held * abs(ratio - 1) / (1 + wall.damping**2)
    time, position, turned = flight(wall, 40 / slowest, current, (0.0, angle))
    velocity = (position[-1] - position[-41]) / (time[-1] - time[-41])
    assert abs(velocity) < 1e-6 * wall.gyromagnetic_ratio * wall.width * anisotropy
    # It turned into a Bloch wall, whose magnetization lies along the torque's polarization.
    assert abs(math.cos(turned[-1])) < 1e-3


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    ratio=st.floats(0.1, 5.0).filter(lambda value: abs(value - 1) > 0.1),
    damping=st.floats(0.05, 0.5),
    anisotropy=st.floats(2e3, 5e4),
    bloch=st.sampled_from([-1, 1]),
    left_domain=st.sampled_from([-1, 1]),
)
def test_field_mobility_below_and_above_the_walker_field(
    ratio, damping, anisotropy, bloch, left_domain
):
    wall = replace(
        FREE,
        dmi=0.0,
        damping=damping,
        wall_anisotropy_field=bloch * anisotropy,
        left_domain=left_domain,
    )
    assert wall.walker_field == damping * anisotropy / 2
    field = ratio * wall.walker_field
    wall = replace(wall, external_field=(0.0, 0.0, field))
    turning = wall.gyromagnetic_ratio * wall.walker_field * math.sqrt(abs(ratio**2 - 1))
    turn = math.pi * (1 + damping**2) / turning
    if ratio < 1:
        time, position, angle = flight(wall, 20 * turn, start=(0.0, wall.rest_angle + 1e-3))
        velocity = (position[-1] - position[-11]) / (time[-1] - time[-11])
        assert angle[-1] == pytest.approx(angle[-11], abs=1e-6)
        linear = wall.gyromagnetic_ratio * wall.width * field / damping * left_domain
        assert wall.field_velocity(field) == pytest.approx(linear, rel=1e-12)
    else:
        # Whole half turns, in which the motion repeats.
        _, position, angle = flight(wall, 5 * turn, start=(0.0, wall.rest_angle))
        assert angle[-1] - angle[0] == pytest.approx(5 * math.pi, rel=1e-6)
        velocity = (position[-1] - position[0]) / (5 * turn)
    assert velocity == pytest.approx(wall.field_velocity(field), rel=1e-5)


def assert_mirrored(first, second, turn_angle):
    assert np.abs(first[1] + second[1]).max() < 1e-7 * SHIPPED.track_length
    assert np.abs(turn_angle(first[2]) - second[2]).max() < 1e-6


def test_reversing_current_and_state_mirrors_the_motion():
    wall = replace(SHIPPED, external_field=(2e4, 0.0, 0.0), field_like_ratio=0.3)
    position, angle = wall.rest_position, wall.rest_angle + 0.1
    there = flight(wall, 3e-9, 4e-4, (position, angle))
    back = flight(wall, 3e-9, -4e-4, (-position, -angle))
    assert np.ptp(there[1]) > 100e-9
    assert_mirrored(there, back, lambda angles: -angles)


def test_both_kinds_of_wall_move_the_same_way():
    other = replace(SHIPPED, left_domain=-1)
    there = flight(SHIPPED, 3e-9, 4e-4, (SHIPPED.rest_position, SHIPPED.rest_angle + 0.1))
    back = flight(other, 3e-9, 4e-4, (SHIPPED.rest_position, -SHIPPED.rest_angle - 0.1 + math.pi))
    assert np.abs(there[1] - back[1]).max() < 1e-7 * SHIPPED.track_length
    assert np.ptp(there[1]) > 100e-9


def test_without_a_drive_the_energy_falls_as_the_damping_takes_it():
    wall = replace(SHIPPED, external_field=(1e4, 2e4, 0.0))
    time, position, angle = flight(wall, 2e-9, 0.0, (-80e-9, 1.0), points=20_001)
    energy = wall.energy(position, angle)
    assert np.diff(energy).max() <= 1e-9 * np.ptp(energy)
    # -dE/dt = 2 mu0 Ms w t/g (a/Delta dq/dt^2 + a Delta dphi/dt^2).
    speed, turn = wall.rates(position, angle, 0.0)
    power = wall.moment / wall.gyromagnetic_ratio * wall.damping
    power = power * (speed**2 / wall.width + turn**2 * wall.width)
    lost = np.concatenate([[0], np.cumsum((power[1:] + power[:-1]) / 2 * np.diff(time))])
    assert energy[0] - energy == pytest.approx(lost, abs=1e-5 * np.ptp(energy))
    assert np.ptp(energy) > 50 * BOLTZMANN * 300


def test_without_damping_the_energy_is_kept():
    wall = replace(SHIPPED, damping=0.0)
    _, position, angle = flight(wall, 1e-9, 0.0, (-80e-9, math.pi + 0.2))
    energy = wall.energy(position, angle)
    assert np.abs(energy - energy[0]).max() < 1e-7 * wall.barrier
    assert np.ptp(position) > 1e-9


def test_field_is_the_slope_of_the_potential():
    landscape = replace(SHIPPED.landscape, pinning_field=3e4, pinning_length=21e-9)
    position = np.linspace(-150e-9, 150e-9, 6001)
    slope = np.gradient(landscape.potential(position), position)
    field = landscape.field(position)
    assert np.abs(field + slope)[1:-1].max() < 2e-4 * np.abs(field).max()


@pytest.mark.parametrize(
    "landscape",
    [
        Landscape(8e-9, notch_field=5e4, notch_length=20e-9, notch_position=200e-9),
        Landscape(8e-9, pinning_field=5e4, pinning_length=30e-9),
    ],
)
@pytest.mark.parametrize("by_current", [True, False])
def test_depinning_threshold_is_the_landscape_s_largest_field(landscape, by_current):
    # Heavy damping and a strong DMI: the wall follows the drive without overshoot.
    wall = replace(FREE, damping=1.0, dmi=-1.5e-3, landscape=landscape, track_length=500e-9)
    assert wall.depinning_field == pytest.approx(5e4, rel=1e-6)
    assert wall.depinning_current == pytest.approx(
        5e4 / (math.pi / 2 * wall.spin_hall_field(1.0)), rel=1e-6
    )

    def travel(factor):
        start = (wall.rest_position, wall.rest_angle)
        if by_current:
            _, position, _ = flight(wall, 20e-9, factor * wall.depinning_current, start)
        else:
            pushed = replace(wall, external_field=(0.0, 0.0, factor * 5e4))
            _, position, _ = flight(pushed, 20e-9, 0.0, start)
        return (position[-1] - position[0]) / wall.width

    assert travel(0.98) < 4 < 20 < travel(1.02)


def test_barrier_of_each_pinning_is_its_closed_form():
    notch = Landscape(8e-9, notch_field=5e4, notch_length=20e-9, notch_position=200e-9)
    wall = replace(FREE, landscape=notch, track_length=500e-9)
    assert wall.rest_position == pytest.approx(-200e-9, abs=0.1e-9)
    depth = 3 * math.sqrt(3) / 4 * 20e-9 * 5e4 * wall.moment
    assert wall.barrier == pytest.approx(depth, rel=1e-4)
    assert wall.stability == pytest.approx(depth / (BOLTZMANN * 300), rel=1e-4)
    rough = replace(wall, landscape=Landscape(8e-9, pinning_field=5e4, pinning_length=30e-9))
    assert rough.barrier == pytest.approx(5e4 * 30e-9 / math.pi * wall.moment, rel=1e-4)


@pytest.mark.parametrize("current", [3e-4, 6e-4, 1e-3])
def test_the_wall_rests_at_the_track_s_end_and_stays_within_it(current):
    assert current < SHIPPED.expulsion_current
    _, position, angle = flight(SHIPPED, 4e-9, current)
    assert np.abs(position).max() < SHIPPED.track_length / 2
    # Held by the fixed end against the current, beyond the notch.
    assert position[-1] > SHIPPED.landscape.notch_position
    assert np.ptp(position[-100:]) < 1e-3 * SHIPPED.width
    _, position, angle = flight(SHIPPED, 4e-9, 0.0, (position[-1], angle[-1]))
    assert position[-1] == pytest.approx(-SHIPPED.rest_position, abs=0.02e-9)
    assert math.cos(angle[-1]) == pytest.approx(-1.0, abs=1e-6)


def test_rest_angle_follows_dmi_against_the_wall_s_anisotropy():
    # Bloch for H_DMI = 0 < H_K, Neel above 2 H_K/pi, between them cos phi = pi H_DMI/(2 H_K).
    along = VACUUM_PERMEABILITY * FREE.magnetization * FREE.width
    for field, cosine in ((0.0, 0.0), (5e3, math.pi / 4 * 0.5), (-4e4, -1.0), (4e4, 1.0)):
        wall = replace(FREE, dmi=field * along, wall_anisotropy_field=2e4)
        assert math.cos(wall.rest_angle) == pytest.approx(cosine, abs=1e-9)
        energies = wall.energy(np.zeros(1000), np.linspace(0, 2 * math.pi, 1000))
        assert wall.energy(np.zeros(1), np.array([wall.rest_angle]))[0] <= energies.min() + 1e-24


def test_demagnetization_of_a_wall_tends_to_its_thin_film_limit():
    width = 20e-9
    for thickness in (0.02e-9, 0.1e-9):
        along, across = wall_demagnetization(width, 100e-6, thickness)
        assert along == pytest.approx(thickness * math.log(2) / (math.pi * width), rel=0.01)
        assert across < 0.02 * along
    # A narrow track: the stray field of its sides prefers the wall to be of the Neel kind.
    along, across = wall_demagnetization(width, 30e-9, 1e-9)
    assert 0 < along < across
    assert along + across < 1
