"""Cells whose bits can turn, in the decks: what is written turns, what is read stays."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from characterize.measure import measure
from characterize.pool import run_deck
from circuits import Conditions, build_deck, load_design
from circuits.wall_junction import WallDevice
from lut import Outcome

FAMILIES = ("sot-perpendicular", "sot-inplane", "stt", "domain-wall")
PULSES = {
    "sot-perpendicular": 5e-9,
    "sot-inplane": 3e-9,
    "stt": 8e-9,
    "domain-wall": 1.5e-9,
}


def moving(family, **timing):
    design = load_design(device=family)
    return replace(design, moving=True, timing=replace(design.timing, **timing))


def run_with_bits(deck, design, cells):
    """The waveforms and each cell's bit over time: +1 parallel, -1 antiparallel."""
    device = design.device
    wall = isinstance(device, WallDevice)
    nodes = ("wq",) if wall else ("mx", "my", "mz")
    names = " ".join(f"{cell}.xmtj.{node}" for cell in cells for node in nodes)
    netlist = re.sub(r"^(\.save .*)$", rf"\1 {names}", deck.netlist, flags=re.M)
    waves = run_deck(replace(deck, netlist=netlist), time_limit=600.0)
    bits = []
    for cell in cells:
        if wall:
            bits.append(np.sign(waves[f"{cell}.xmtj.wq"]) * device.parallel_side)
        else:
            m = np.stack([waves[f"{cell}.xmtj.{node}"] for node in nodes])
            bits.append(
                device.magnet.easy_axis @ m / (device.magnet.easy_axis @ device.magnet.rest)
            )
    return waves, bits


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("value", ["0", "1"])
def test_the_driver_turns_the_bit_in_both_directions(family, value):
    design = moving(family, write_pulse=PULSES[family], write_rest=3e-9)
    deck = build_deck(design, "write", value)
    _, (bit,) = run_with_bits(deck, design, ["xwritten_cell"])
    wanted = 1 if value == "0" else -1
    assert bit[0] * wanted < -0.9
    assert bit[-1] * wanted > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_a_half_selected_cell_keeps_its_bit(family):
    design = moving(family, write_pulse=PULSES[family], write_rest=1e-9)
    _, (bit,) = run_with_bits(build_deck(design, "write", "1"), design, ["xresting_cell"])
    assert bit.min() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("operation", "operands"), [("read", "1"), ("and2", "01"), ("or2", "01"), ("xor2", "01")]
)
def test_operands_are_the_same_after_every_operation(family, operation, operands):
    design = moving(family)
    deck = build_deck(design, operation, operands, Conditions(rows=64))
    count = len(operands)
    cells = [f"xdata.xcell{index}" for index in range(2 * count)]
    waves, bits = run_with_bits(deck, design, cells)
    for bit in bits:
        # A tilt of a tenth would be a disturb in the making.
        assert abs(bit[-1] - bit[0]) < 0.1
        assert np.all(bit * bit[0] > 0)
    assert measure(deck, waves).outcome is Outcome.OK


def test_a_moving_bit_at_rest_senses_as_a_static_one():
    design = load_design("strongarm")
    where = Conditions(rows=64)
    short = replace(design, timing=replace(design.timing, develop=0.5e-9, equalize=0.3e-9))
    still = build_deck(short, "read", "1", where)
    turning = build_deck(replace(short, moving=True), "read", "1", where)
    margins = [measure(deck, run_deck(deck, time_limit=300.0)) for deck in (still, turning)]
    one, two = (found.values["margin"] for found in margins)
    # The thermal tilt of the start lowers the antiparallel state's resistance by a part.
    assert two == pytest.approx(one, rel=0.02)


def test_without_asking_there_is_no_magnet_in_a_deck():
    deck = build_deck(load_design(), "and2", "01")
    assert "moving" not in deck.netlist
    assert "mx" not in deck.netlist


def test_temperature_reaches_the_magnet_of_a_deck():
    design = moving("sot-perpendicular", write_pulse=1e-9)
    cold, hot = (
        build_deck(design, "write", "1", Conditions(temperature=kelvin)).netlist
        for kelvin in (233.15, 398.15)
    )
    assert "at 233.15 K" in cold
    assert "at 398.15 K" in hot
    field = re.compile(r"^Bhz .*$", re.M)
    assert field.findall(cold) != field.findall(hot)
