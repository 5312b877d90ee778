"""Thresholds under stress: laws of the model, its size by hand, and decks with the shift."""

import dataclasses
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import BENCHES, Conditions, DesignError, build_deck, load_design
from circuits.ageing import (
    AGEING_FOLDER,
    SHORTEST,
    YEAR,
    Stress,
    aged,
    ageing_names,
    load_ageing,
    shift_of,
)
from circuits.variation import load_variation
from circuits.varied import sampled

MODEL = load_ageing()
DESIGN = load_design()
HOT = Conditions(temperature=398.15, rows=64, columns=64)
OLD = Stress(MODEL, 10 * YEAR)

ages = st.floats(SHORTEST, 100 * YEAR)
temperatures = st.floats(250.0, 420.0)
supplies = st.floats(0.5, 1.3)
duties = st.floats(0.01, 0.99)


def pairs(values):
    return st.tuples(values, values).map(sorted)


@settings(deadline=None)
@given(pairs(ages), pairs(temperatures), pairs(supplies), pairs(duties))
def test_the_shift_grows_with_time_temperature_supply_and_duty(age, temperature, vdd, duty):
    least = MODEL.threshold_shift(age[0], temperature[0], vdd[0], duty[0])
    assert least > 0
    for changed in (
        (age[1], temperature[0], vdd[0], duty[0]),
        (age[0], temperature[1], vdd[0], duty[0]),
        (age[0], temperature[0], vdd[1], duty[0]),
        (age[0], temperature[0], vdd[0], duty[1]),
    ):
        assert MODEL.threshold_shift(*changed) >= least * (1 - 1e-12)


@settings(deadline=None)
@given(st.floats(YEAR / 12, 10 * YEAR), st.floats(300.0, 400.0), supplies, duties)
def test_it_grows_as_the_sixth_root_of_time(age, temperature, vdd, duty):
    ratio = MODEL.threshold_shift(10 * age, temperature, vdd, duty) / MODEL.threshold_shift(
        age, temperature, vdd, duty
    )
    assert ratio == pytest.approx(10 ** (1 / 6), rel=1e-3)


def test_ten_years_to_one_is_1_468():
    one, ten = (MODEL.threshold_shift(years * YEAR, 398.15, 1.0) for years in (1, 10))
    assert ten / one == pytest.approx(1.468, abs=5e-4)


def test_nothing_at_age_zero_nor_below_threshold():
    assert MODEL.threshold_shift(0.0, 398.15, 1.0) == 0.0
    assert MODEL.threshold_shift(10 * YEAR, 398.15, 0.3) == 0.0


def test_its_size_is_that_of_the_formula_in_nanometres():
    """The published form in nm, V/nm and s, as its constants are quoted, written out anew."""
    q, k = 1.602176634e-19, 8.617333262e-5  # C, eV/K
    tox, threshold, duty, period, t, temperature = 1.25, 0.315, 0.5, 20e-9, 10 * YEAR, 398.15
    eps = 3.9 * 8.8541878128e-21  # F/nm
    overdrive = 1.0 - threshold
    c = math.exp(-0.49 / (k * temperature)) / 1e-8
    kv = (q * tox / eps) ** 3 * 8e4**2 * (eps / tox) * overdrive * math.sqrt(c)
    kv *= math.exp(2 * overdrive / tox / 0.335)
    lost = (2 * 0.9 * tox + math.sqrt(0.5 * c * (1 - duty) * period)) / (2 * tox + math.sqrt(c * t))
    beta = 1 - lost
    expected = (math.sqrt(kv**2 * duty * period) / (1 - beta**3)) ** (1 / 3)
    found = MODEL.threshold_shift(t, temperature, 1.0, duty)
    assert found == pytest.approx(expected, rel=1e-6)
    # What is published for ten years at a 45 nm node, near 1 V and 100 to 125 degC.
    assert 20e-3 < found < 50e-3


def test_the_oxide_is_that_of_the_technologys_p_card():
    card = DESIGN.technology.model_text("tt").partition(".model pmos_generic45")[2]
    for key, name in (("toxp", "oxide_thickness"), ("epsrox", "oxide_permittivity")):
        assert float(re.search(rf"\b{key}=(\S+)", card)[1]) == pytest.approx(MODEL.parameters[name])
    assert MODEL.technology == DESIGN.technology.name
    assert ageing_names() == ["nbti"]


@pytest.mark.parametrize("bench", list(BENCHES))
def test_a_fresh_deck_is_the_same_text(bench):
    variant = (BENCHES[bench].variants or ("",))[-1]
    deck = build_deck(DESIGN, bench, variant, HOT)
    assert aged(deck, DESIGN, Stress(MODEL, 0.0)) is deck


def transistors(netlist, model):
    return [line for line in netlist.splitlines() if f" {model} w=" in line]


@pytest.mark.parametrize("bench", list(BENCHES))
def test_every_p_transistor_and_nothing_else_is_shifted(bench):
    variant = (BENCHES[bench].variants or ("",))[-1]
    deck = build_deck(DESIGN, bench, variant, HOT)
    old = aged(deck, DESIGN, OLD)
    shift = shift_of(deck, OLD)
    assert shift == MODEL.threshold_shift(10 * YEAR, 398.15, 1.0, 0.5) > 0
    found = transistors(old.netlist, "pmos_generic45")
    assert len(found) >= len(transistors(deck.netlist, "pmos_generic45")) > 0
    for line in found:
        assert float(line.partition("delvto=")[2]) == pytest.approx(-shift, rel=1e-11)
    assert "delvto" not in "\n".join(transistors(old.netlist, "nmos_generic45"))
    assert f"thresholds of p transistors up by {1e3 * shift:.6g} mV" in old.netlist
    assert dataclasses.replace(old, netlist=deck.netlist) == deck


def test_mismatch_is_added_to():
    deck = build_deck(DESIGN, "full_adder", "", HOT)
    varied = sampled(deck, DESIGN, load_variation(), 1)
    both = aged(varied, DESIGN, OLD)
    shift = shift_of(deck, OLD)
    before, after = (
        [float(re.search(r"delvto=(\S+)", line)[1]) for line in transistors(text, "pmos_generic45")]
        for text in (varied.netlist, both.netlist)
    )
    assert len(set(before)) > 10
    assert after == pytest.approx([one - shift for one in before], rel=1e-9)


def test_some_transistors_may_have_a_duty_of_their_own():
    deck = build_deck(DESIGN, "flip_flop", "", HOT)
    plain = aged(deck, DESIGN, OLD)
    # In the order of the netlist, whose first p transistor is one path.
    path = transistors(plain.netlist, "pmos_generic45")[0].split()[0].lower()
    uneven = aged(deck, DESIGN, OLD, {f"*{path}": 0.9})
    shifts = {
        float(re.search(r"delvto=(\S+)", line)[1])
        for line in transistors(uneven.netlist, "pmos_generic45")
    }
    heavier = MODEL.threshold_shift(10 * YEAR, 398.15, 1.0, 0.9)
    assert sorted(shifts) == pytest.approx([-heavier, -shift_of(deck, OLD)])
    with pytest.raises(DesignError, match="no p transistor of flip_flop fits xabsent"):
        aged(deck, DESIGN, OLD, {"xabsent": 0.9})


@pytest.mark.parametrize("age", [-1.0, 60.0, 101 * YEAR, math.nan, math.inf])
def test_ages_that_the_model_does_not_cover_are_refused(age):
    with pytest.raises(DesignError, match="years is not 0 or from an hour to a hundred years"):
        Stress(MODEL, age)


@pytest.mark.parametrize("duty", [0.0, 1.0, -0.5, math.nan])
def test_stress_that_never_comes_or_goes_is_refused(duty):
    with pytest.raises(DesignError, match="is not between 0 and 1"):
        Stress(MODEL, YEAR, duty)


def test_another_technology_needs_a_set_of_its_own():
    deck = build_deck(DESIGN, "full_adder", "", HOT)
    other = dataclasses.replace(DESIGN.technology, name="own")
    with pytest.raises(DesignError, match="is of technology generic45, the design's is own"):
        aged(deck, dataclasses.replace(DESIGN, technology=other), OLD)
    mismatch = dataclasses.replace(DESIGN.technology.mismatch, instance_parameter=None)
    closed = dataclasses.replace(DESIGN.technology, mismatch=mismatch)
    with pytest.raises(DesignError, match="take no threshold shift"):
        aged(deck, dataclasses.replace(DESIGN, technology=closed), OLD)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value = 1.25", "value = -1.25", "oxide_thickness.*outside its bounds"),
        ('unit = "V/nm"', 'unit = "V"', "measures voltage, but electric field is expected"),
        ('name = "nbti"', "", "'name' is missing"),
        ('name = "nbti"', 'name = "a\\nb"', "must be a name"),
        ('unit = "ns"', 'unit = "s"', "'stress_period' = 20 s is outside"),
    ],
)
def test_a_bad_set_is_refused(tmp_path, old, new, said):
    path = tmp_path / "own.toml"
    text = (AGEING_FOLDER / "nbti.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DesignError, match=said):
        load_ageing(path)


def test_an_unknown_set_is_told_with_those_there_are():
    with pytest.raises(DesignError, match="unknown ageing set 'absent'; choose one of nbti"):
        load_ageing("absent")
