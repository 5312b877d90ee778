"""Closed forms of magnetism against limits, published values and independent programs."""

import math

import pytest

from circuits import load_device
from circuits.magnetics import (
    ellipse_demagnetization,
    prism_demagnetization,
    read_disturb_probability,
    retention_time,
    spin_hall_efficiency,
)


def test_a_cube_demagnetizes_alike_along_every_axis():
    assert prism_demagnetization(1.0, 1.0, 1.0) == pytest.approx((1 / 3,) * 3, rel=1e-12)


@pytest.mark.parametrize("sides", [(60, 40, 2), (45, 45, 0.7), (10, 3, 7)])
def test_factors_of_a_prism_sum_to_one(sides):
    assert sum(prism_demagnetization(*sides)) == pytest.approx(1.0, abs=1e-12)


def test_prism_factors_agree_with_values_of_an_independent_program():
    # Aharoni's form in a program for switching references: 60 x 40 x 2 and 45 x 45 x 0.7 nm.
    assert prism_demagnetization(60, 40, 2) == pytest.approx((0.0412, 0.0628, 0.896), abs=5e-5)
    assert prism_demagnetization(45, 45, 0.7)[2] == pytest.approx(0.9515, abs=5e-5)


def test_a_cylinder_of_the_known_aspect_ratio_demagnetizes_like_a_sphere():
    # Length over diameter 0.9065: N = 1/3 magnetometrically (Joseph 1966, Chen et al. 1991).
    assert ellipse_demagnetization(1, 1, 0.9065)[2] == pytest.approx(1 / 3, abs=1e-4)


def test_an_ellipse_orders_its_axes():
    nx, ny, nz = ellipse_demagnetization(60e-9, 40e-9, 2e-9)
    assert nx < ny < nz
    assert nx + ny + nz == pytest.approx(1.0)


def test_retention_of_sixty_is_longer_than_ten_years():
    assert retention_time(40.0) / 3.15e7 > 5
    assert retention_time(60.0) > 10 * 3.15e7


def test_read_disturb_vanishes_without_current_only_as_retention_allows():
    idle = read_disturb_probability(20.0, 0.0, 1e-4, 1e-6)
    assert idle == pytest.approx(1e-6 / retention_time(20.0), rel=1e-3)
    assert read_disturb_probability(20.0, 2e-4, 1e-4, 1e-6) == pytest.approx(1.0)


def test_effective_spin_hall_angle_of_the_opennvram_set():
    # 0.7316 (1 - sech(5/3.5)) = 0.400, and 0.2925 with its shunt factor 0.731.
    assert spin_hall_efficiency(0.7316, 5, 3.5) == pytest.approx(0.400, abs=5e-4)
    assert spin_hall_efficiency(0.7316 * 0.731, 5, 3.5) == pytest.approx(0.2925, abs=5e-4)


def test_write_thresholds_agree_with_closed_forms_of_the_literature():
    # Lee 2013 for the UMN set 422 uA, Sun for the Fan set 14.07 uA.
    assert load_device("UMN2015").critical_write_current == pytest.approx(422e-6, rel=0.01)
    assert load_device("Fan2018").critical_write_current == pytest.approx(14.07e-6, rel=0.01)


def test_stability_of_the_umn_set_is_the_published_one():
    assert load_device("UMN2015").stability == pytest.approx(76, rel=0.02)


def test_two_row_levels_of_the_fan_set():
    device = load_device("Fan2018")
    p, ap = device.resistance(False), device.resistance(True)

    def pair(a: float, b: float) -> float:
        return a * b / (a + b)

    levels = pair(p, p), pair(p, ap), pair(ap, ap)
    assert levels == pytest.approx((2806, 4101, 7611), rel=1e-3)
    references = (levels[0] + levels[1]) / 2, (levels[1] + levels[2]) / 2, (p + ap) / 2
    assert references == pytest.approx((3454, 5856, 10417), rel=1e-3)


def test_parallel_resistance_of_the_opennvram_set():
    assert load_device("OpenNVRAM2019").resistance_parallel == pytest.approx(2469, rel=1e-3)


def test_the_default_device_is_a_memory_and_the_fan_set_is_marked_as_none():
    from circuits import load_design
    from circuits.mtj import MEMORY_STABILITY

    assert load_design().device.stability > MEMORY_STABILITY
    fan = load_device("Fan2018")
    assert fan.magnet.stability_computed < 15
    assert 17 < fan.stability < 23
    assert "not a memory" in fan.note


def test_magnetoresistance_halves_at_the_half_bias_and_falls_with_temperature():
    device = load_device("Zhang2026")
    half = device.parameters["half_bias_voltage"]
    assert device.magnetoresistance(half) == pytest.approx(device.magnetoresistance() / 2)
    assert device.magnetoresistance(0, 300.0) == pytest.approx(1.0, rel=1e-9)
    values = [device.magnetoresistance(0, t) for t in (233.15, 300.15, 398.15)]
    assert values == sorted(values, reverse=True)
    assert math.isclose(device.resistance(False, 0.3), device.resistance_parallel)
