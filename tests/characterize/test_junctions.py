"""The junction in ngspice against the forms of its resistance and magnetoresistance."""

from __future__ import annotations

import numpy as np
import pytest

from characterize.pool import run_deck
from circuits import Conditions, Deck, device_names, load_device
from circuits.deck import Window


def ramp(device, antiparallel, celsius):
    """Voltage and current of a junction at rest, from -0.6 V to 0.6 V."""
    lines = [
        "* a junction under a ramp",
        device.subcircuit().rstrip(),
        "Vramp top 0 pwl(0 -0.6 1e-9 0.6)",
        f"X1 top 0 junction ap={antiparallel}",
        f".temp {celsius}",
        ".save top vramp#branch",
        ".tran 1e-11 1e-09 0 1e-11",
        ".end",
    ]
    window = Window(0.0, 1e-9)
    deck = Deck(
        bench="junction", title="junction", netlist="\n".join(lines) + "\n",
        conditions=Conditions(), stop=1e-9, cycle=window, energies={}, total=(), watched=(),
        edges=(), level=0.0,
    )  # fmt: skip
    waves = run_deck(deck)
    return waves["top"], -waves["vramp#branch"]


@pytest.mark.parametrize("name", device_names())
def test_resistance_against_voltage_is_that_of_the_law(name):
    device = load_device(name)
    for antiparallel in (0, 1):
        for celsius in (-40.0, 125.0):
            voltage, current = ramp(device, antiparallel, celsius)
            kept = np.abs(voltage) > 0.02
            # R_P (1 + TMR/(1 + (V/V_h)^2)), TMR = 2 P^2/(1 - P^2), P = P_0 (1 - a T^1.5).
            p = device.parameters
            slope = p["polarization_temperature_coefficient"]
            at_300 = np.sqrt(p["tunnel_magnetoresistance"] / (2 + p["tunnel_magnetoresistance"]))
            polarization = at_300 * (1 - slope * (celsius + 273.15) ** 1.5)
            polarization /= 1 - slope * 300.0**1.5
            tmr = 2 * polarization**2 / (1 - polarization**2)
            tmr = antiparallel * tmr / (1 + (voltage[kept] / p["half_bias_voltage"]) ** 2)
            area = p["resistance_area_product"] / device.area
            assert voltage[kept] / current[kept] == pytest.approx(area * (1 + tmr), rel=2e-3)


def test_the_opennvram_set_has_its_resistance_and_efficiency():
    device = load_device("OpenNVRAM2019")
    assert device.resistance_parallel == pytest.approx(2469, abs=1)
    # 0.7316 (1 - sech(5/3.5)) is 0.400; with the shunt factor 0.731 it is 0.2925.
    assert device.magnet.efficiency == pytest.approx(0.2925, abs=5e-4)
