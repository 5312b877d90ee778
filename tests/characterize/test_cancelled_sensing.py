"""The offset-cancelled amplifier in ngspice: truth, energy, and what its branch cancels."""

from dataclasses import replace

import numpy as np
import pytest

from characterize.measure import at, measure
from characterize.plan import Point
from characterize.pool import Simulations, run_deck
from circuits import BENCHES, Conditions, build_deck, load_design
from circuits.cancelled_sensing import steps_of
from circuits.variation import load_variation
from circuits.varied import variables, vary
from lut import Outcome

SENSING = ("read", "and2", "or2", "xor2")
HARSH = [
    Conditions(*where)
    for where in (
        ("ss", 0.9, 398.15),
        ("fs", 0.9, 398.15),
        ("ss", 0.9, 233.15),
        ("ff", 1.1, 398.15),
    )
]
ALL = [
    Conditions(corner, vdd, temperature)
    for corner in ("tt", "ss", "ff", "sf", "fs")
    for vdd in (0.9, 1.0, 1.1)
    for temperature in (233.15, 300.15, 398.15)
]


def simulated(name, points):
    with Simulations(load_design(name), 2, 300.0) as running:
        return [item.result for item in running.simulate(points)]


def assert_right(name, operations, conditions, offset=0.0):
    points = [
        Point(operation, operands, where, offset=polarity * offset)
        for where in conditions
        for operation in operations
        for operands in BENCHES[operation].variants
        for polarity in ((1, -1) if offset else (1,))
    ]
    with Simulations(load_design(name), 2, 300.0) as running:
        results = {item.point: item.result for item in running.simulate(points)}
    wrong = [p for p, r in results.items() if r.outcome is not Outcome.OK]
    assert not wrong
    return results


def test_every_operation_has_its_truth_table_and_leaks_little():
    results = assert_right("cancelled", SENSING, [Conditions()])
    # A latch at its metastable point would draw a hundred times more.
    assert max(r.values["leakage_power"] for r in results.values()) < 0.5e-6
    ands = [r.values["energy"] for p, r in results.items() if p.bench == "and2"]
    assert 0.1e-12 < min(ands) < max(ands) < 0.3e-12


@pytest.mark.parametrize("where", [("tt", 1.0, 398.15), ("sf", 0.9, 233.15)])
def test_its_output_latch_has_a_state_where_the_solver_steps_its_sources(where):
    """There it once began half-way: 144 and 68 uW of idle power for a few and a few millionths."""
    (result,) = simulated("cancelled", [Point("and2", "11", Conditions(*where))])
    assert result.values["leakage_power"] < 4e-6


def test_the_fast_design_reads_in_three_point_four_nanoseconds():
    results = assert_right("cancelled-read", ("read",), [Conditions()])
    for result in results.values():
        assert result.values["cycle_time"] == pytest.approx(3.4e-9, rel=2e-3)
        assert result.values["delay"] < result.values["cycle_time"]


@pytest.mark.slow
def test_reading_and_and_are_right_in_harsh_corners():
    assert_right("cancelled", ("read", "and2"), HARSH)


@pytest.mark.slow
def test_all_operations_are_right_at_all_conditions():
    assert_right("cancelled", SENSING, ALL)


@pytest.mark.slow
def test_reading_and_and_tolerate_six_millivolts_before_the_data_at_all_conditions():
    assert_right("cancelled", ("read", "and2"), ALL, 6e-3)


def shifted(design, bench, operands, shifts, late=55e-12):
    """Latch differential [V] soon after it fires, with some variables off by so many sigmas."""
    deck, variation = build_deck(design, bench, operands), load_variation()
    names = [variable.name for variable in variables(deck, design, variation)]
    deviates = np.zeros(len(names))
    for name, deviate in shifts.items():
        deviates[names.index(name)] = deviate
    varied = vary(deck, design, variation, deviates)
    waves = run_deck(varied)
    fire = deck.differentials[0].instant + late
    return at(waves, waves["xlatch0.a"], fire) - at(waves, waves["xlatch0.b"], fire)


def test_load_and_clamp_are_cancelled():
    # Three sigmas of threshold move the plain mirror's leg by 5 % of its current, the close
    # levels of AND by a third of their distance; here they hardly move the decision.
    design = load_design("cancelled")
    nominal = shifted(design, "and2", "01", {})
    for name in ("xbranch0.mload:vth", "xbranch0.mclamp:vth", "xbranch0.menable:vth"):
        for deviate in (-3, 3):
            moved = shifted(design, "and2", "01", {name: deviate})
            assert abs(moved - nominal) < 0.25 * abs(nominal), name


def test_an_offset_before_the_data_alone_is_not_cancelled():
    design = load_design("cancelled")
    margins = []
    for offset in (-10e-3, 0.0, 10e-3):
        deck = build_deck(design, "and2", "11", offset=offset)
        margins.append(measure(deck, run_deck(deck)).values["margin"])
    assert margins[0] > margins[1] > margins[2] > 0
    # The branch amplifies what the lines differ by.
    assert margins[0] - margins[2] > 3 * 20e-3


def test_the_reference_is_held_while_the_data_is_taken():
    design = load_design("cancelled")
    deck = build_deck(design, "and2", "01", Conditions("ff", 1.1, 398.15))
    waves = run_deck(deck)
    (steps,) = steps_of(design, 256, 1, 1)
    stored, kept = (at(waves, waves["store0"], t) for t in (steps.begun + 50e-12, steps.settled))
    assert kept == pytest.approx(stored, abs=5e-3)


def test_a_shorter_step_changes_no_energy():
    design = load_design("cancelled")
    deck = build_deck(design, "and2", "11")
    coarse = measure(deck, run_deck(deck)).values
    tran = next(line for line in deck.netlist.splitlines() if line.startswith(".tran"))
    stop = tran.split()[2]
    fine_deck = replace(deck, netlist=deck.netlist.replace(tran, f".tran 4e-12 {stop} 0 4e-12"))
    fine = measure(fine_deck, run_deck(fine_deck)).values
    assert coarse["energy"] == pytest.approx(fine["energy"], rel=5e-3)
    assert coarse["margin"] == pytest.approx(fine["margin"], rel=4e-2)
