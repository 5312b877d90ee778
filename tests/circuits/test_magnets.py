"""Magnet parameter sets: what a file says, what follows from it, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from circuits.errors import DesignError
from circuits.macrospin import FIELD_SCALE, Drive, macrospin_deck, thermal_samples
from circuits.magnet_parameters import DEVICE_FOLDER, FIELDS, load_magnet
from circuits.mtj import load_magnet_device
from circuits.parameters import shipped_names

UMN, FAN = "UMN2015", "Fan2018"


def test_the_shipped_sets_are_the_ones_of_the_references():
    assert set(shipped_names(DEVICE_FOLDER)) >= {UMN, FAN}
    umn, fan = load_magnet(UMN), load_magnet(FAN)
    assert umn.magnetization == pytest.approx(1185e3 * (1 - 300 / 1420) ** 0.4)
    assert umn.external_field == pytest.approx((400 * 1000 / (4 * math.pi), 0, 0))
    assert umn.efficiency == pytest.approx(0.4 * (1 - 1 / math.cosh(5 / 3.5)))
    assert umn.initial == pytest.approx((0, math.sin(0.02436), math.cos(0.02436)), abs=1e-9)
    assert fan.demagnetization == (0.066, 0.022, 0.911)
    assert fan.easy_axis.tolist() == [0, 1, 0]
    # h of the references, whose mu0 is 3e-5 larger.
    assert umn.damping_like_field(450e-6) == pytest.approx(-1.518496009e5, rel=4e-5)
    assert fan.damping_like_field(1e-4) == pytest.approx(-1.973372919e4, rel=4e-5)


def test_barrier_and_fields_of_the_perpendicular_set():
    umn = load_magnet(UMN)
    near, far = umn.effective_fields
    assert near == pytest.approx(far) == pytest.approx(3.30e5, rel=2e-3)
    assert umn.stability == pytest.approx(76.4, abs=0.1)


def test_given_factors_come_before_computed_ones_and_both_are_known():
    fan = load_magnet(FAN)
    assert sum(fan.demagnetization_computed) == pytest.approx(1)
    # Of the dimensions the long side is x: the tabulated factors contradict them.
    assert fan.demagnetization_computed[0] < fan.demagnetization_computed[1]
    computed = replace(fan, demagnetization_given=None)
    assert computed.demagnetization == fan.demagnetization_computed
    assert computed.stability == pytest.approx(fan.stability_computed)
    assert not math.isclose(fan.stability, fan.stability_computed, rel_tol=0.1)


def test_energy_is_least_at_the_easy_axis_and_the_barrier_is_its_depth():
    rng = np.random.default_rng(5)
    directions = rng.normal(size=(2000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    for name in shipped_names(DEVICE_FOLDER):
        magnet = replace(load_magnet(name), external_field=(0.0, 0.0, 0.0))
        energies = magnet.energy_density(directions)
        assert energies.min() >= magnet.energy_density(magnet.easy_axis)


def test_settings_take_si_or_a_unit_and_text():
    bare = load_magnet(UMN, {"free_layer_thickness": "0.9e-9", "external_field_x": "31830.98862"})
    unit = load_magnet(UMN, {"free_layer_thickness": "0.9 nm", "external_field_x": "400 Oe"})
    assert bare.thickness == pytest.approx(unit.thickness) == pytest.approx(0.9e-9)
    assert bare.external_field == pytest.approx(unit.external_field)
    assert load_magnet(UMN, {"shape": "ellipse"}).shape == "ellipse"
    plain = {"pulse_duration": "3e-9", "anisotropy": "950 kJ/m^3"}
    assert load_magnet(UMN, plain).pulse_duration == 3e-9
    assert load_magnet(UMN, plain).anisotropy == pytest.approx(9.5e5)
    # Every key whose own unit is a multiple of SI takes bare numbers in SI.
    for key in ("track_width", "saturation_magnetization_zero"):
        assert FIELDS[key].unit in ("nm", "kA/m")


def test_a_spin_transfer_set_needs_no_track(tmp_path):
    lines = (DEVICE_FOLDER / "UMN2015.toml").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith(("spin_", "track_", "external")))
    text = text.replace("kind = ", 'torque = "spin-transfer"\nkind = ')
    path = tmp_path / "stt.toml"
    path.write_text(
        text + '\nspin_polarization = { value = 0.6, unit = "1", tag = "assumed", source = "x" }\n'
    )
    magnet = load_magnet(path)
    assert magnet.polarization == (0, 0, 1)
    assert magnet.section == pytest.approx(45e-9**2)
    assert magnet.efficiency == 0.6


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        (UMN, {"saturation_magnetization_zero": "-1"}, "saturation magnetization"),
        (UMN, {"saturation_magnetization": "1e6"}, "both given"),
        (UMN, {"temperature": "1420"}, "no magnet"),
        (UMN, {"temperature": "-3"}, "outside its bounds"),
        (UMN, {"demagnetization_z": "0.9"}, "must sum to 1"),
        (UMN, {"demagnetization_x": "0.0265"}, "must sum to 1"),
        (UMN, {"free_layer_thickness": "0.29 nm"}, "thinner than 0.3 nm"),
        (UMN, {"external_field_x": "0"}, "symmetry breaking"),
        (UMN, {"external_field_x": "0", "external_field_z": "4e4"}, "symmetry breaking"),
        (UMN, {"anisotropy": "0"}, "no energy barrier"),
        (UMN, {"anisotropy": "6e5"}, "no energy barrier"),
        (UMN, {"kind": "in-plane"}, "is perpendicular, not in-plane"),
        (FAN, {"demagnetization_x": "0.044", "demagnetization_y": "0.044"}, "no energy barrier"),
        (UMN, {"damping": "2"}, "damping"),
        (UMN, {"damping": "-0.1"}, "damping"),
        (UMN, {"damping": "nan"}, "no value"),
        (UMN, {"damping": "small"}, "no value"),
        (UMN, {"colour": "3"}, "unknown key 'colour'"),
        (UMN, {"shape": "sphere"}, "shape must be one of"),
        (UMN, {"torque": "heat"}, "torque must be one of"),
        (UMN, {"initial_y": "0", "initial_z": "0"}, "no direction"),
        (UMN, {"track_width": "45 kA/m"}, "measures magnetic field"),
        ("UMN1900", {}, "unknown device"),
        ("absent.toml", {}, "no device file"),
    ],
)
def test_unphysical_sets_are_refused_with_the_reason(name, settings, said):
    with pytest.raises(DesignError, match=said):
        load_magnet(name, settings)


def test_without_a_stated_start_the_magnet_is_tilted_by_the_thermal_angle():
    for name, aside in (("sot-perpendicular", 1), ("sot-inplane", 0), ("stt", 1)):
        magnet = load_magnet(name)
        sine = 1 / math.sqrt(2 * magnet.stability)
        assert abs(magnet.initial[aside]) == pytest.approx(sine)
        assert float(magnet.rest @ magnet.initial) == pytest.approx(math.sqrt(1 - sine**2))


def test_a_voltage_needs_a_coefficient_and_stands_in_the_field():
    drive = Drive(1e-4, 1e-9, 2e-9, voltage=0.5)
    with pytest.raises(DesignError, match="anisotropy_per_voltage"):
        macrospin_deck(load_magnet(UMN), drive)
    settings = {"anisotropy_per_voltage": "60 fJ/(V m)", "oxide_thickness": "1.4 nm"}
    magnet = load_magnet(UMN, settings)
    # 60 fJ/(V m) over 1.4 nm of barrier and 0.7 nm of layer.
    assert magnet.anisotropy_per_volt == pytest.approx(-60e-15 / (1.4e-9 * 0.7e-9))
    assert "0.5*(v(i)!=0)" in macrospin_deck(magnet, drive).netlist
    with pytest.raises(DesignError, match="oxide_thickness"):
        load_magnet(UMN, {"anisotropy_per_voltage": "60 fJ/(V m)"})


def test_magnetization_and_anisotropy_follow_the_temperature():
    device = load_magnet_device("sot-perpendicular")
    cold, hot = device.magnet_at(300.0), device.magnet_at(400.0)
    ratio = ((1 - 400 / 1420) / (1 - 300 / 1420)) ** 0.4
    assert cold.magnetization == pytest.approx(625e3, rel=1e-4)
    assert hot.magnetization == pytest.approx(cold.magnetization * ratio)
    assert hot.anisotropy == pytest.approx(cold.anisotropy * ratio**2.18)
    # The barrier falls, and kT rises.
    assert hot.stability < 0.75 * cold.stability


def test_a_device_file_is_a_magnet_file():
    for name in shipped_names(DEVICE_FOLDER):
        assert load_magnet(name).stability == pytest.approx(load_magnet_device(name).stability)


def test_factors_that_sum_to_one_within_two_thousandths_are_taken():
    load_magnet(UMN, {"demagnetization_x": "0.0258"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((2.0, 1e-9, 1e-9), "current"),
        ((math.nan, 1e-9, 1e-9), "current"),
        ((1e-4, 0.0, 1e-9), "pulse"),
        ((1e-4, 1e-9, 2e-6), "duration"),
        ((1e-4, 1e-9, 1e-9, -1), "seed"),
    ],
)
def test_drives_that_cannot_be_are_refused(arguments, said):
    with pytest.raises(DesignError, match=said):
        Drive(*arguments)


def test_the_deck_steps_finely_by_the_trapezoidal_rule():
    deck = macrospin_deck(load_magnet(UMN), Drive(450e-6, 2e-9, 6e-9))
    assert "method=trap" in deck.netlist
    (run,) = [line for line in deck.netlist.splitlines() if line.startswith(".tran")]
    assert float(run.split()[4]) <= 1e-12
    assert deck == macrospin_deck(load_magnet(UMN), Drive(450e-6, 2e-9, 6e-9))


def test_thermal_samples_have_brown_s_strength_and_follow_the_seed():
    umn = load_magnet(UMN)
    drive = Drive(0.0, 1e-9, 20e-9, thermal_seed=7)
    samples = thermal_samples(umn, drive)
    assert (samples == thermal_samples(umn, drive)).all()
    fields = samples[:, 1:] * FIELD_SCALE
    step = samples[1, 0] - samples[0, 0]
    # 2 a k T / (g mu0 Ms V), from the numbers of the file.
    volume = 45e-9 * 45e-9 * 0.7e-9
    moment = 4e-7 * math.pi * 1185e3 * (1 - 300 / 1420) ** 0.4 * volume
    density = 2 * 0.02 * 1.380649e-23 * 300 / (220_880 * moment)
    assert fields.var(axis=0) * step == pytest.approx(3 * [density], rel=0.05)
    assert abs(fields.mean()) < 0.02 * fields.std()
    assert np.abs(np.corrcoef(fields.T) - np.eye(3)).max() < 0.03
    assert samples[-1, 0] >= drive.duration
