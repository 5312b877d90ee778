"""What changed between two nights: causes by name, and signed moves of every variable."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characterize.report.changes import NOTHING_CHANGED, causes, moves, percent
from lut import Axis, Group, Table, Variable, diff, write_table

SUPPLIES = (0.9, 1.0, 1.1)
MADE_FROM = {
    "plan": 'title = "one"\n[axes]\nvdd = ["1 V"]\n',
    "device": {
        "name": "ours",
        "sha256": "a" * 64,
        "parameters": {"tmr": {"value_SI": 1.2, "tag": "measured", "source": "a paper"}},
    },
    "design": {"name": "strongarm", "timing": {"develop": 1e-9}},
    "models": {"tt": "b" * 64},
    "netlists": {"decoder_gate": {"sha256": "c" * 64, "example": "R1 a b 1k\nR2 b 0 1k"}},
    "failures": [],
}


def table(path, energies=(1e-15, 2e-15, 3e-15), made_from=None, ngspice="39"):
    axes = {
        "corner": Axis(("tt",), "1", "process corner"),
        "vdd": Axis(list(SUPPLIES), "V", "supply"),
        "temperature": Axis([300.15], "K", "temperature"),
    }
    shape = (1, len(SUPPLIES), 1)
    variables = {
        name: Variable(np.array(values).reshape(shape), tuple(axes), units, name)
        for name, values, units in (
            ("energy", energies, "J"),
            ("delay", [1e-11] * 3, "s"),
            ("outcome", np.zeros(3, np.int8), "1"),
        )
    }
    write_table(
        path, {"decoder_gate": Group(axes, variables)}, mramcim_version="0.1.0",
        ngspice_version=ngspice, provenance=made_from or MADE_FROM, title="gates",
    )  # fmt: skip
    return Table.open(path)


def changed(**parts):
    return {**MADE_FROM, **parts}


def device(value, digest, source="a paper"):
    number = {"value_SI": value, "tag": "measured", "source": source}
    return {"name": "ours", "sha256": digest * 64, "parameters": {"tmr": number}}


NETLIST = {"decoder_gate": {"sha256": "d" * 64, "example": "R1 a b 1k\nR2 b 0 2k"}}
PLAN = MADE_FROM["plan"].replace("1 V", "0.9 V")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"device": device(1.5, "e")}, ["device tmr: 1.2 -> 1.5"]),
        (
            {"device": device(1.2, "e", "another")},
            ["device tmr.source: a paper -> another"],
        ),
        (
            {"device": device(1.2, "e")},
            ["device file (no value in it): aaaaaaaaaaaa -> eeeeeeeeeeee"],
        ),
        (
            {"design": {"name": "strongarm", "timing": {"develop": 2e-9}}, "netlists": NETLIST},
            ["design timing.develop: 1e-09 -> 2e-09"],
        ),
        ({"models": {"tt": "f" * 64}}, ["model file of corner tt: bbbbbbbbbbbb -> ffffffffffff"]),
        ({"models": {}}, ["model file of corner tt: bbbbbbbbbbbb -> -"]),
        ({"plan": PLAN}, ['plan line 3: vdd = ["1 V"] -> vdd = ["0.9 V"]']),
        ({"netlists": NETLIST}, ["netlist of decoder_gate: R2 b 0 1k -> R2 b 0 2k"]),
        ({"failures": [{"bench": "and2"}]}, []),
        ({}, []),
    ],
)
def test_the_cause_is_named_and_not_what_follows_from_it(tmp_path, now, said):
    before, after = table(tmp_path / "a.h5"), table(tmp_path / "b.h5", made_from=changed(**now))
    assert [str(cause) for cause in causes(diff(before, after))] == said


def test_an_ngspice_is_a_cause_and_the_device_comes_first(tmp_path):
    now = table(tmp_path / "b.h5", made_from=changed(device=device(2.0, "e")), ngspice="44")
    found = causes(diff(table(tmp_path / "a.h5"), now))
    assert [str(cause) for cause in found] == ["device tmr: 1.2 -> 2", "ngspice: 39 -> 44"]
    assert "same plan" in NOTHING_CHANGED


numbers = st.floats(1e-18, 1e-9)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    before=st.lists(numbers, min_size=3, max_size=3),
    now=st.lists(st.one_of(numbers, st.just(math.nan)), min_size=3, max_size=3),
)
def test_moves_are_signed_and_counted(tmp_path_factory, before, now):
    folder = tmp_path_factory.mktemp("pair")
    one, other = table(folder / "a.h5", before), table(folder / "b.h5", now)
    found = {move.variable: move for move in moves(diff(one, other))}
    assert "delay" not in found
    ways = [b - a for a, b in zip(before, now, strict=True) if abs(b - a) > 1e-6 * max(a, b)]
    lost = sum(math.isnan(value) for value in now)
    if "energy" not in found:
        assert not ways
        assert not lost
        return
    move = found["energy"]
    assert (move.up, move.down) == (sum(way > 0 for way in ways), sum(way < 0 for way in ways))
    assert (move.lost, move.beyond, move.compared) == (lost, lost + len(ways), 3)
    back = {move.variable: move for move in moves(diff(other, one))}["energy"]
    assert (back.up, back.down, back.lost) == (move.down, move.up, move.lost)
    if ways:
        changes = [
            (b - a) / a for a, b in zip(before, now, strict=True) if abs(b - a) > 1e-6 * max(a, b)
        ]
        assert move.largest == max(changes, key=abs)
        assert move.median == np.median(changes)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.01, 3.0])
def test_a_scaled_variable_has_that_factor_everywhere(tmp_path, factor):
    old = (1e-15, 2e-15, 3e-15)
    new = [factor * value for value in old]
    (move,) = moves(diff(table(tmp_path / "a.h5", old), table(tmp_path / "b.h5", new)))
    assert move.median == pytest.approx(factor - 1)
    assert move.largest == pytest.approx(factor - 1)
    assert (move.up, move.down) == ((3, 0) if factor > 1 else (0, 3))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "+50 %"), (-0.1234, "-12.3 %"), (math.inf, "from 0"), (math.nan, "-")],
)
def test_a_change_is_shown_with_its_sign(value, text):
    assert percent(value) == text
