"""Benches: pure text that plain ngspice runs, and refusals."""

import itertools
import os
import subprocess

import pytest

from circuits import (
    BENCHES,
    Conditions,
    DesignError,
    build_deck,
    load_design,
    operand_patterns,
    truth,
)
from circuits.counting import transition_sequence

NAMES = [
    "read",
    "and2",
    "or2",
    "xor2",
    "write",
    "wordline_driver",
    "decoder_gate",
    "full_adder",
    "flip_flop",
    "wire",
]


def test_the_benches_have_their_names():
    assert list(BENCHES) == NAMES


def test_truth_tables():
    assert operand_patterns("and2") == ("00", "01", "10", "11")
    assert [truth("and2", p) for p in operand_patterns("and2")] == [0, 0, 0, 1]
    assert [truth("or2", p) for p in operand_patterns("or2")] == [0, 1, 1, 1]
    assert [truth("xor2", p) for p in operand_patterns("xor2")] == [0, 1, 1, 0]
    assert [truth("read", p) for p in operand_patterns("read")] == [0, 1]


def test_the_adders_sequence_has_every_transition_once():
    sequence = transition_sequence()
    pairs = list(itertools.pairwise(sequence))
    assert len(pairs) == len(set(pairs)) == 64


@pytest.mark.parametrize("design", ["strongarm", "precharge"])
@pytest.mark.parametrize("name", NAMES)
def test_plain_ngspice_runs_every_deck(name, design, tmp_path):
    kind = BENCHES[name]
    deck = build_deck(load_design(design), name, kind.variants[-1] if kind.variants else "")
    path = tmp_path / "deck.cir"
    path.write_text(deck.netlist)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(
        ["ngspice", "-n", "-b", "-r", "out.raw", str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert (tmp_path / "out.raw").stat().st_size > 1000


def test_equal_arguments_give_equal_text():
    design = load_design()
    assert build_deck(design, "xor2", "01").netlist == build_deck(design, "xor2", "01").netlist


def test_a_deck_names_its_parameter_sets_and_conditions():
    text = build_deck(load_design(), "and2", "01", Conditions("ss", 0.9, 398.15, 64)).netlist
    assert "device Zhang2026" in text
    assert "corner ss, VDD 0.9 V, 64 rows" in text
    assert ".temp 125" in text


@pytest.mark.parametrize(
    ("name", "variant", "conditions", "said"),
    [
        ("nand3", "", {}, "unknown bench 'nand3'"),
        ("and2", "0", {}, "does not fit and2"),
        ("and2", "012", {}, "does not fit and2"),
        ("write", "2", {}, "does not fit write"),
        ("full_adder", "01", {}, "takes no"),
        ("and2", "01", {"corner": "tf"}, "no corner 'tf'"),
        ("and2", "01", {"vdd": -1.0}, "outside 0.2 V"),
        ("and2", "01", {"temperature": 1.0}, "outside -123 degC"),
        ("and2", "01", {"rows": 1}, "1 rows"),
    ],
)
def test_refusals_are_one_sentence(name, variant, conditions, said):
    with pytest.raises(DesignError, match=said):
        build_deck(load_design(), name, variant, Conditions(**conditions))
