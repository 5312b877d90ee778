"""The write group by physics: the pulse that is needed, what it costs, what cannot be written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from characterize import PlanError, load_plan
from characterize.pool import run_deck
from characterize.write_errors import Pulse, write_error_rates
from characterize.write_points import WriteErrors, write_point
from circuits import Conditions, build_deck, load_design
from lut import Outcome

TARGET = 1e-4


@pytest.fixture(scope="module")
def errors():
    return WriteErrors(load_design(device="sot-inplane"), TARGET)


@pytest.fixture(scope="module")
def point(errors):
    return write_point(run_deck, errors, "1", Conditions(rows=64))


def test_the_pulse_is_what_the_error_rate_needs(errors, point):
    assert point.outcome is Outcome.OK
    assert point.values["error_rate"] == TARGET
    width = point.values["delay"]
    assert 0.3e-9 < width < errors.design.timing.write_pulse
    assert point.values["cycle_time"] == pytest.approx(width + errors.design.timing.write_rest)


def test_ngspices_own_waveform_gives_the_rate_that_was_asked_for(errors, point):
    """The table uses a trapezoid between two currents of the grid; here is the current itself."""
    deck, waves = point.deck, point.waves
    inside = waves.time >= deck.cycle.start
    time = waves.time[inside] - deck.cycle.start
    current = np.abs(waves["vtrack_written#branch"][inside])
    # Off at the end of the waveform; the last width is the whole of it.
    magnet = errors.design.device.magnet_at(300.15)
    pulse = Pulse(time, magnet.polarity * current, 1e-12)
    rates = write_error_rates(magnet, pulse, [float(time[-1])], walkers=30, repeats=3)
    assert TARGET / 10 < rates.rate[0] < TARGET * 10


def test_its_energy_is_that_of_a_deck_with_this_pulse(errors, point):
    timing = replace(errors.design.timing, write_pulse=point.values["delay"])
    deck = build_deck(replace(errors.design, timing=timing), "write", "1", Conditions(rows=64))
    assert deck.netlist == point.deck.netlist
    static = point.values["current"] * point.values["delay"]
    assert static < point.values["energy"] < 3 * static


def test_a_stricter_rate_needs_a_longer_pulse(errors, point):
    strict = WriteErrors(errors.design, 1e-9)
    found = write_point(run_deck, strict, "1", Conditions(rows=64))
    assert found.values["delay"] > 1.3 * point.values["delay"]
    assert found.values["energy"] > 1.2 * point.values["energy"]


def test_a_pulse_that_never_turns_the_bit_is_an_outcome(errors):
    weak = Conditions(rows=64, driver_width=0.1e-6)
    design = replace(errors.design, timing=replace(errors.design.timing, write_pulse=1.5e-9))
    found = write_point(run_deck, WriteErrors(design, TARGET), "1", weak)
    assert found.outcome is Outcome.NOT_SWITCHED
    assert found.values["error_rate"] > TARGET
    assert found.values["delay"] == 1.5e-9
    assert all(np.isfinite(value) for value in found.values.values())


def test_a_wider_driver_gives_more_current(errors):
    from characterize.measure import measure

    currents = []
    for width in (0.5e-6, 1e-6, 2e-6):
        deck = build_deck(errors.design, "write", "1", Conditions(rows=64, driver_width=width))
        currents.append(measure(deck, run_deck(deck)).values["current"])
    assert currents == sorted(currents)


PLAN = """
device = "{device}"
{extra}
[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
{driver}
"""


def plan(tmp_path, device="stt", extra="", driver=""):
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.format(device=device, extra=extra, driver=driver))
    return load_plan(path)


@pytest.mark.parametrize(
    ("device", "design", "name"),
    [
        ("sot-perpendicular", "cancelled", "Zhang2026"),
        ("sot-inplane", "inplane", "Fan2018Memory"),
        ("stt", "stt", "ARM2021"),
        ("domain-wall", "domain-wall", "Emori2013"),
    ],
)
def test_a_family_brings_its_set_and_its_design(tmp_path, device, design, name):
    loaded = plan(tmp_path, device).design
    assert (loaded.name, loaded.device.name) == (design, name)
    assert load_plan(quick=True, device=device).design.name == design


def test_a_plans_own_design_comes_before_the_devices(tmp_path):
    loaded = plan(tmp_path, "sot-inplane", 'design = "strongarm"').design
    assert (loaded.name, loaded.device.name) == ("strongarm", "Fan2018Memory")


def test_drivers_are_multiples_of_the_designs(tmp_path):
    width = load_design(device="stt").write.driver_n_width
    found = plan(tmp_path, driver="driver = [0.5, 2]").axes["driver_width"]
    assert found == pytest.approx((0.5 * width, 2 * width))
    assert plan(tmp_path).axes["driver_width"] == pytest.approx((width,))


@pytest.mark.parametrize(
    ("extra", "driver", "said"),
    [
        ("write_error_rate = 0", "", "write_error_rate"),
        ("write_error_rate = 0.9", "", "write_error_rate"),
        ('write_error_rate = "1e-6"', "", "write_error_rate"),
        ("", "driver = [0]", "numbers above 0"),
        ("", "driver = [2, 1]", "must ascend"),
        ("", "driver = [1e6]", "outside 0.1 um"),
        ("", "driver = [inf]", "not a finite number"),
    ],
)
def test_a_mistake_in_the_plan_is_one_sentence(tmp_path, extra, driver, said):
    with pytest.raises(PlanError, match=said):
        plan(tmp_path, extra=extra, driver=driver)
