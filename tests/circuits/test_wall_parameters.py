"""Domain-wall sets: what they hold, what is computed from them, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from circuits import DesignError
from circuits.magnetics import VACUUM_PERMEABILITY
from circuits.wall_demagnetization import wall_demagnetization
from circuits.wall_junction import load_wall_device
from circuits.wall_parameters import WALL_FOLDER, is_wall, load_wall, wall_names, wall_of

EMORI = load_wall("domain-wall")
SHIPPED_FILE = WALL_FOLDER / "Emori2013.toml"


def test_the_family_is_a_shipped_set_and_a_file_is_known_by_its_kind(tmp_path):
    assert wall_names() == ["Emori2013"]
    assert is_wall("domain-wall")
    assert is_wall("Emori2013")
    assert not is_wall("UMN2015")
    own = tmp_path / "own.toml"
    own.write_text(SHIPPED_FILE.read_text().replace("36, ", "40, "))
    assert is_wall(own)
    own.write_text('kind = "in-plane"')
    assert not is_wall(own)


def test_quantities_follow_from_the_set():
    # The papers' film: Delta = sqrt(A/(K - mu0 Ms^2/2)), H_DMI = D/(mu0 Ms Delta).
    effective = 4.8e5 - VACUUM_PERMEABILITY * 7e5**2 / 2
    width = math.sqrt(1e-11 / effective)
    assert EMORI.magnetization == pytest.approx(7e5, rel=1e-5)
    assert EMORI.width == pytest.approx(width, rel=1e-4)
    assert EMORI.dmi_field == pytest.approx(-1.2e-3 / (VACUUM_PERMEABILITY * 7e5 * width), rel=1e-4)
    along, across = wall_demagnetization(EMORI.width, 100e-9, 0.6e-9)
    assert EMORI.wall_anisotropy_field == pytest.approx(7e5 * (along - across), rel=1e-4)
    assert EMORI.stability > 60


def test_given_values_hold_before_computed_ones():
    wall = load_wall("Emori2013", {"wall_width": "9 nm", "wall_anisotropy_field": "12 kA/m"})
    assert wall.width == pytest.approx(9e-9)
    assert wall.wall_anisotropy_field == pytest.approx(12e3)
    thin = load_wall("Emori2013", {"spin_diffusion_length": "1.4 nm"})
    assert thin.efficiency == pytest.approx(0.07 * (1 - 1 / math.cosh(3 / 1.4)))
    turned = load_wall("Emori2013", {"left_domain": "down", "external_field_x": "0.1"})
    assert turned.left_domain == -1
    assert turned.external_field == (0.1, 0.0, 0.0)


def test_a_set_without_notch_and_junction_is_a_wall_but_no_cell(tmp_path):
    left_out = ("notch_", "junction_", "resistance_", "tunnel_", "half_", "polarization_")
    left_out += ("track_resistivity", "spin_polarization")
    lines = [
        line for line in SHIPPED_FILE.read_text().splitlines() if not line.startswith(left_out)
    ]
    own = tmp_path / "own.toml"
    own.write_text("\n".join(lines))
    wall = load_wall(own)
    assert wall.depinning_current == pytest.approx(0.0, abs=1e-9)
    assert wall.stability < 1
    with pytest.raises(DesignError, match="junction_length"):
        load_wall_device(own)


def test_laws_of_temperature():
    assert EMORI.sources is not None
    hot = wall_of(EMORI.sources, 400.0)
    ratio = ((1 - 400 / 1420) / (1 - 300 / 1420)) ** 0.4
    assert hot.temperature == 400
    assert hot.magnetization == pytest.approx(EMORI.magnetization * ratio)
    assert hot.dmi == pytest.approx(-1.2e-3 * ratio**1.8)
    effective = 4.8e5 * ratio**2.18 - VACUUM_PERMEABILITY * hot.magnetization**2 / 2
    assert hot.width == pytest.approx(math.sqrt(1e-11 * ratio**1.8 / effective))
    assert hot.stability < EMORI.stability
    with pytest.raises(DesignError, match="no magnet"):
        wall_of(EMORI.sources, 1500.0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"saturation_magnetization_zero": "-7e5"}, "must be above 0"),
        ({"saturation_magnetization": "7e5"}, "both given"),
        ({"dmi_constant": "0"}, "Dzyaloshinskii-Moriya"),
        ({"dmi_constant": "2 mJ/m^2"}, "walls multiply"),
        ({"dmi_constant": "2 mJ/m^3"}, "unknown unit"),
        ({"spin_hall_angle": "0"}, "spin_hall_angle"),
        ({"anisotropy": "2e5"}, "not magnetized perpendicular"),
        ({"free_layer_thickness": "0.2 nm"}, "thinner than 0.3 nm"),
        ({"wall_width": "80 nm"}, "wider than"),
        ({"end_length": "170 nm"}, "fill the track"),
        ({"notch_position": "130 nm"}, "lie in the fixed ends"),
        ({"pinning_field": "1e3"}, "pinning_length"),
        ({"initial_position": "170 nm"}, "off the track"),
        ({"external_field_z": "5e5"}, "off the track"),
        ({"damping": "0"}, "must be above 0"),
        ({"damping": "nan"}, "'nan' is no value"),
        ({"left_domain": "left"}, "must be up or down"),
        ({"kind": "in-plane"}, "kind must be domain-wall"),
        ({"damp": "1"}, "unknown key 'damp'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(settings, said):
    with pytest.raises(DesignError, match=said) as refusal:
        load_wall("Emori2013", settings)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("junction_width", "120 nm", "does not fit"),
        ("junction_length", "200 nm", "reads neither state"),
        ("fixed_layer", "left", "must be up or down"),
    ],
)
def test_a_junction_that_cannot_read_is_refused(key, value, said):
    with pytest.raises(DesignError, match=said):
        load_wall_device("Emori2013", {key: value})


@pytest.mark.parametrize("left", ["up", "down"])
@pytest.mark.parametrize("fixed", ["up", "down"])
def test_the_junction_s_conductance_is_that_of_the_two_shares(left, fixed):
    device = load_wall_device("Emori2013", {"left_domain": left, "fixed_layer": fixed})
    position = np.linspace(-150e-9, 150e-9, 301)
    share = device.parallel_share(position)
    # The wall's profile averaged over the junction, by brute force.
    along = (np.arange(4000) + 0.5) / 4000 * 100e-9 - 50e-9
    up = -device.wall.left_domain * np.tanh((along - position[:, None]) / device.wall.width)
    parallel = (1 + device.fixed_layer * up) / 2
    assert share == pytest.approx(parallel.mean(axis=1), abs=1e-6)
    assert device.parallel_share(np.zeros(1))[0] == pytest.approx(0.5)
    antiparallel = 1 + device.magnetoresistance(0.2, 350.0)
    expected = (share + (1 - share) / antiparallel) / device.resistance_parallel
    assert device.conductance(position, 0.2, 350.0) == pytest.approx(expected)
    side = device.parallel_side
    assert side == (1 if left == fixed else -1)
    # At rest the junction is in one state to parts in a million.
    assert device.resistance(False) == pytest.approx(device.resistance_parallel, rel=1e-5)
    tmr = device.parameters["tunnel_magnetoresistance"]
    assert device.resistance(True) / device.resistance(False) == pytest.approx(1 + tmr, rel=1e-5)


def test_resistances_of_the_shipped_cell():
    device = load_wall_device("domain-wall")
    assert device.resistance_parallel == pytest.approx(10.58e-12 / (100e-9 * 60e-9))
    assert device.track_resistance == pytest.approx(36e-8 * 320e-9 / (100e-9 * 3e-9))
    assert device.critical_write_current == pytest.approx(2.62e-4, rel=0.01)
