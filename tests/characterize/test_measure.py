"""Measures against waveforms whose integrals and crossings are known exactly."""

import numpy as np
import pytest

from characterize.measure import (
    crossings,
    delivered_energy,
    integral,
    least_current,
    logic,
    measure,
    peak_current,
    sense_margin,
    worst_delay,
)
from characterize.ngspice import Waveforms
from circuits import Conditions, Deck, Differential, Energy, Window
from lut import Outcome


def make_waves(**vectors):
    time = np.linspace(0.0, 10e-9, 1001)
    named = {name.replace("_branch", "#branch"): values(time) for name, values in vectors.items()}
    return Waveforms(time, named, 0.0)


def make_deck(**changes):
    whole = Window(0.0, 10e-9)
    fields = {
        "bench": "test",
        "title": "test",
        "netlist": "",
        "conditions": Conditions(),
        "stop": 10e-9,
        "cycle": whole,
        "energies": {"energy": Energy({"vdrive": 1.0}, whole)},
        "total": ("energy",),
        "watched": ("out",),
        "edges": (1e-9,),
        "level": 0.5,
    }
    return Deck(**(fields | changes))


def test_a_resistor_on_a_constant_supply_takes_v_squared_over_r():
    waves = make_waves(vdrive=np.ones_like, vdrive_branch=lambda t: np.full_like(t, -1e-3))
    energy = Energy({"vdrive": 1.0}, Window(2e-9, 7e-9))
    assert delivered_energy(waves, energy) == pytest.approx(1.0 * 1e-3 * 5e-9)
    shared = Energy({"vdrive": 0.25}, Window(2e-9, 7e-9), operations=2)
    assert delivered_energy(waves, shared) == pytest.approx(5e-12 / 8)


def test_charging_a_capacitor_takes_c_v_squared_from_the_supply():
    capacitance, resistance = 10e-15, 1e4
    tau = resistance * capacitance
    waves = make_waves(vdrive=np.ones_like, vdrive_branch=lambda t: -np.exp(-t / tau) / resistance)
    energy = Energy({"vdrive": 1.0}, Window(0.0, 10e-9))
    assert delivered_energy(waves, energy) == pytest.approx(capacitance, rel=1e-3)


def test_an_integral_may_start_between_time_points():
    waves = make_waves(x=lambda t: t)
    window = Window(1.2345e-9, 6.789e-9)
    exact = (window.stop**2 - window.start**2) / 2
    assert integral(waves, waves["x"], window) == pytest.approx(exact, rel=1e-12)


def test_crossings_are_linear_between_time_points():
    waves = make_waves(out=lambda t: 0.5 + 0.5 * np.sin(2 * np.pi * t / 4e-9))
    found = crossings(waves, waves["out"], 0.5, Window(0.5e-9, 7e-9))
    assert found == pytest.approx([2e-9, 4e-9, 6e-9], abs=1e-14)


def test_the_delay_is_to_the_last_crossing_after_an_edge_and_the_worst_of_all():
    waves = make_waves(out=lambda t: ((t > 3e-9) ^ (t > 4e-9) ^ (t > 8e-9)).astype(float))
    deck = make_deck(edges=(1e-9, 6e-9))
    assert worst_delay(deck, waves) == pytest.approx(3e-9, abs=1e-11)


def test_no_crossing_is_a_missing_measurement_and_not_a_number():
    waves = make_waves(
        out=np.zeros_like, vdrive=np.ones_like, vdrive_branch=lambda t: np.full_like(t, -1e-6)
    )
    assert measure(make_deck(), waves).outcome is Outcome.MISSING_MEASUREMENT


def test_logic_accepts_only_levels_near_the_rails():
    for level, bit, right in ((0.95, 1.0, True), (0.5, -1.0, False), (0.05, 0.0, False)):
        waves = make_waves(q0=lambda t, level=level: np.full_like(t, level))
        assert logic(make_deck(outputs={"q0": 1}), waves) == (bit, right)


def test_margin_is_positive_towards_the_right_decision_and_the_least_counts():
    waves = make_waves(
        a=lambda t: np.full_like(t, 0.30),
        b=lambda t: np.full_like(t, 0.28),
        c=lambda t: np.full_like(t, 0.33),
    )
    deck = make_deck(
        differentials=(Differential("a", "b", 1), Differential("a", "c", -1)), latch_time=5e-9
    )
    assert sense_margin(deck, waves) == pytest.approx(0.02)
    wrong = make_deck(differentials=(Differential("a", "b", -1),), latch_time=5e-9)
    assert sense_margin(wrong, waves) == pytest.approx(-0.02)


def test_the_least_current_of_the_pulse_is_measured():
    waves = make_waves(
        vdrive=np.ones_like,
        vdrive_branch=lambda t: np.full_like(t, -1e-4),
        vtrack_branch=lambda t: -1e-4 * np.ones_like(t),
    )
    deck = make_deck(
        watched=(),
        edges=(),
        currents={"vtrack": Window(2e-9, 4e-9)},
        values={"critical_current": 2e-4, "delay": 1e-9},
    )
    assert least_current(waves, "vtrack", Window(2e-9, 4e-9)) == pytest.approx(1e-4)
    assert measure(deck, waves).values["current"] == pytest.approx(1e-4)


def test_peak_current_is_a_mean_over_half_a_nanosecond():
    waves = make_waves(
        vdrive=np.ones_like,
        vdrive_branch=lambda t: -np.where((t > 5e-9) & (t < 5.2e-9), 1e-3, 0.0),
    )
    assert peak_current(make_deck(), waves) == pytest.approx(1e-3 * 0.2 / 0.5, rel=0.1)
