"""`check` finds each law that a table breaks, and `info` tells what a table holds."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pytest

from lut import SCHEMA_VERSION, Group, Outcome, Table, check, info

AND_SHAPE = (2, 3, 3, 2, 4)
FIRST = "corner=tt, vdd=0.9, temperature=233.15, rows=64, operands=00"


def test_a_sound_table_has_no_problems(make_groups, save):
    assert check(save(make_groups())) == []


def changed(group, with_variable, name, function):
    values = np.array(group.variables[name].values)
    return with_variable(group, name, values=function(values))


def set_first(value):
    def function(values):
        values[(0,) * values.ndim] = value
        return values

    return function


@pytest.mark.parametrize(
    ("name", "variable", "function", "told"),
    [
        (
            "and2",
            "margin",
            set_first(np.nan),
            f"and2/margin: not finite although the outcome is ok, at 1 point, first {FIRST}",
        ),
        ("and2", "margin", lambda v: v + np.inf, "and2/margin: not finite"),
        ("and2", "area", set_first(np.nan), "and2/area: not finite although the outcome is ok"),
        ("and2", "energy", lambda v: v * (1 + 3e-9), "and2/energy: not the sum of energy_bias"),
        ("or2", "energy_latch", set_first(0.0), f"or2/energy: not the sum of .* first {FIRST}"),
        ("read", "energy_clock", lambda v: -v, "read/energy: not the sum"),
        ("and2", "logic_value", set_first(1.0), f"and2/logic_value: against .* first {FIRST}"),
        ("xor2", "logic_value", lambda v: v * 0.9, "xor2/logic_value: against .* at 72 points"),
        ("and2", "outcome", set_first(Outcome.WRONG_LOGIC), "logic_value: as in the truth table"),
        ("read", "cycle_time", lambda v: v / 4, "read/delay: longer than cycle_time"),
        ("wire", "energy", lambda v: -v, "wire/energy: not above zero at 18 points"),
        ("wire", "leakage_power", lambda v: -v, "wire/leakage_power: not above zero"),
        ("write", "error_rate", lambda v: v + 0.01, "write/error_rate: above error_rate_target"),
        (
            "write",
            "outcome",
            set_first(Outcome.NOT_SWITCHED),
            "write/error_rate: within error_rate_target",
        ),
        ("and2", "error_rate", lambda v: v + 1, "and2/error_rate: not between 0 and 1"),
        (
            "and2_aged",
            "threshold_shift",
            set_first(1e-6),
            "and2_aged/threshold_shift: not zero at age zero at 1 point, first "
            "corner=tt, vdd=0.9, temperature=233.15, rows=64, age=0.0, operands=00",
        ),
        (
            "full_adder_aged",
            "threshold_shift",
            lambda v: -v,
            "full_adder_aged/threshold_shift: below that of a lower age at 18 points, first .* "
            "age=31557600.0",
        ),
        ("and2_aged", "logic_value", set_first(1.0), "and2_aged/logic_value: against the truth"),
        ("cell", "area", lambda v: v * 1.01, "cell/area: not width times height"),
    ],
)
def test_each_broken_law_is_found(make_groups, save, with_variable, name, variable, function, told):
    groups = make_groups()
    groups[name] = changed(groups[name], with_variable, variable, function)
    found = check(save(groups))
    pattern = re.compile(told)
    assert any(pattern.search(problem) for problem in found), found


def test_rounding_of_the_parts_is_no_problem(make_groups, save, with_variable):
    groups = make_groups("and2")
    groups["and2"] = changed(groups["and2"], with_variable, "energy", lambda v: v * (1 + 1e-12))
    assert check(save(groups)) == []


def test_a_failed_point_may_be_nan_everywhere(make_groups, save, with_variable):
    group = make_groups("and2")["and2"]
    for name, variable in group.variables.items():
        if variable.dims and name != "outcome":
            group = changed(group, with_variable, name, set_first(np.nan))
    group = changed(group, with_variable, "outcome", set_first(Outcome.TIME_OUT))
    assert check(save({"and2": group})) == []


def test_a_point_with_wrong_logic_agrees_when_its_logic_value_is_wrong(
    make_groups, save, with_variable
):
    group = changed(make_groups("and2")["and2"], with_variable, "logic_value", set_first(1.0))
    group = changed(group, with_variable, "outcome", set_first(Outcome.WRONG_LOGIC))
    assert check(save({"and2": group})) == []


def test_what_a_group_lacks_is_listed_though_it_can_be_written(make_groups, save):
    group = make_groups("and2")["and2"]
    kept = {key: group.variables[key] for key in ("energy", "outcome")}
    found = check(save({"and2": Group(group.axes, kept, {"amplifier": "x"})}))
    assert "and2 has no variable 'cycle_time' (full period of the operation)" in found
    assert "and2 has no attribute 'bias_current' (bias current of one branch)" in found
    assert not any("error_rate" in problem for problem in found)
    assert not any("offset_tolerance" in problem for problem in found)
    assert len(found) == 12 + 5


def test_info_is_json_and_tells_versions_axes_variables_outcomes_and_hashes(
    make_groups, save, with_variable
):
    digest = hashlib.sha256(b"model").hexdigest()
    groups = make_groups()
    groups["and2"] = changed(
        groups["and2"], with_variable, "outcome", set_first(Outcome.NO_CONVERGENCE)
    )
    provenance = {"models": {"nmos": {"sha256": digest}}, "decks": [f"sha256:{digest}"], "seed": 7}
    path = save(groups, provenance=provenance)
    table = Table.open(path)
    told = info(table)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["format"] == "mramcim-table-info/1"
    assert told["path"] == str(path)
    assert (told["schema_version"], told["mramcim_version"], told["ngspice_version"]) == (
        SCHEMA_VERSION,
        "0.1.0",
        "39",
    )
    assert told["hashes"] == {"models.nmos.sha256": digest, "decks.0": f"sha256:{digest}"}
    and2 = told["groups"]["and2"]
    assert and2["axes"]["vdd"] == {
        "units": "V",
        "size": 3,
        "minimum": 0.9,
        "maximum": 1.1,
        "values": [0.9, 1.0, 1.1],
    }
    assert and2["axes"]["corner"] == {"units": "1", "size": 2, "values": ["tt", "ss"]}
    assert and2["variables"]["energy"]["units"] == "J"
    assert and2["variables"]["energy"]["shape"] == list(AND_SHAPE)
    assert and2["variables"]["area"]["dims"] == []
    assert and2["attributes"]["bias_current"] == 5e-6
    assert and2["outcomes"] == {"ok": 143, "no_convergence": 1}
    assert told["outcomes"]["no_convergence"] == 1
    assert told["groups"]["cell"]["outcomes"] == {}
