"""The `.meas` cards of a deck: plain ngspice prints what the engine measures."""

import os
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from characterize.measure import measure
from characterize.measure_cards import with_measures
from characterize.pool import Decks
from circuits import BENCHES, Conditions, build_deck, load_design
from circuits.ageing import DEFAULT_AGEING, DEFAULT_DUTY, YEAR, Stress, aged, load_ageing
from circuits.variation import load_variation
from circuits.varied import sampled
from lut import SCHEMA

NOT_A_CARD = {"peak_current"}
PRINTED = 1e-5
"""ngspice prints six digits."""
SENSING = ("read", "and2", "or2", "xor2")


@pytest.fixture(scope="module")
def decks():
    with Decks(1) as started:
        yield started


def plain_ngspice(text, folder, *options):
    """What `ngspice -b` prints of the measures, reading a deck from standard input."""
    if shutil.which("ngspice") is None:
        pytest.fail("ngspice is missing; `./setup.sh test` installs it")
    result = subprocess.run(
        ["ngspice", "-n", "-b", *options],
        input=text,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_THREAD_LIMIT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "no simulations run" not in result.stdout
    return {
        name: float(value) for name, value in re.findall(r"(?m)^(\w+) *= +(\S+)", result.stdout)
    }


def assert_same(deck, decks, folder, known=None):
    """Every measure of the engine is printed, with its value."""
    ((_, waves),) = decks.simulate([deck])
    wanted = {**measure(deck, waves).values, **(known or {})}
    found = plain_ngspice(with_measures(deck, known), folder)
    variables = SCHEMA[deck.bench].variables
    asked = {name for name in wanted if name in variables} - NOT_A_CARD
    assert asked <= found.keys()
    assert len(asked) >= 4
    for name in asked:
        assert found[name] == pytest.approx(wanted[name], rel=PRINTED, abs=1e-21), name
    for node, bit in deck.outputs.items():
        assert (found[f"level_{node}"] > 0.5 * deck.conditions.vdd) == bool(bit)


def cases():
    for bench in BENCHES.values():
        for variant in bench.variants or ("",):
            yield "strongarm", bench.name, variant
    for name in ("cancelled", "precharge", "stt", "domain-wall"):
        yield name, "read", "0"
        yield name, "xor2", "01"
        yield name, "write", "0"
        yield name, "write", "1"


def where(design, **others):
    return Conditions(vdd=design.technology.vdd, rows=64, columns=64, **others)


@pytest.mark.parametrize(("name", "bench", "variant"), list(cases()))
def test_plain_ngspice_prints_the_measures(name, bench, variant, decks, tmp_path):
    design = load_design(name)
    assert_same(build_deck(design, bench, variant, where(design)), decks, tmp_path)


@pytest.mark.parametrize("width", [1.23456789e-9, 3.3e-10, 7.77e-9])
def test_pulses_that_end_between_time_points(width, decks, tmp_path):
    design = load_design()
    design = replace(design, timing=replace(design.timing, write_pulse=width))
    deck = build_deck(design, "write", "1", where(design))
    assert_same(deck, decks, tmp_path, {"error_rate": 1e-6, "current": 5e-4})


def test_other_conditions_age_and_samples(decks, tmp_path):
    design = load_design()
    hot = where(design, corner="ss", temperature=398.15)
    stress = Stress(load_ageing(DEFAULT_AGEING), 10 * YEAR, DEFAULT_DUTY)
    assert_same(aged(build_deck(design, "and2", "01", hot), design, stress), decks, tmp_path)
    deck = build_deck(design, "flip_flop", "", replace(hot, vdd=0.9))
    assert_same(aged(deck, design, stress), decks, tmp_path)
    varied = sampled(build_deck(design, "or2", "10", hot), design, load_variation("default"), 3)
    assert_same(varied, decks, tmp_path)
    moved = build_deck(design, "read", "1", hot, offset=0.02)
    assert_same(moved, decks, tmp_path)


def test_the_cards_change_no_time_point(tmp_path):
    design = load_design()
    deck = build_deck(design, "read", "1", where(design))
    images = []
    for text in (deck.netlist, with_measures(deck)):
        plain_ngspice(text, tmp_path, "-r", "out.raw")
        images.append((tmp_path / "out.raw").read_bytes().partition(b"Binary:\n")[2])
    assert len(images[0]) > 10_000
    assert np.array_equal(*(np.frombuffer(image) for image in images))


def test_every_measure_is_a_card_or_is_told_of(decks):
    for bench in BENCHES.values():
        design = load_design()
        text = with_measures(build_deck(design, bench.name, (bench.variants or ("",))[-1]))
        named = set(re.findall(r"(?m)^\.meas tran (\w+)", text))
        assert "* peak_current" in text
        assert {"energy", "leakage_power", "delay", "area"} <= named
        if bench.senses:
            assert {"margin", "logic_value", "cycle_time"} <= named


def test_without_a_crossing_the_delay_is_below_zero(tmp_path):
    design = load_design()
    deck = build_deck(design, "decoder_gate", "", where(design))
    found = plain_ngspice(with_measures(replace(deck, level=10.0)), tmp_path)
    assert found["delay"] < 0
    assert found["energy"] > 0
