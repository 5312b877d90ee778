"""The schema is closed: the writer refuses whatever is not in it, with a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from lut import SCHEMA, Axis, Group, Table, TableError, Variable, check
from lut.outcomes import Outcome


def test_every_group_has_what_the_contract_promises():
    assert set(SCHEMA) == {
        *("read", "and2", "or2", "xor2", "write", "wordline_driver", "decoder_gate"),
        *("full_adder", "flip_flop", "wire", "cell"),
        *("read_statistics", "and2_statistics", "or2_statistics", "xor2_statistics"),
        *("read_aged", "and2_aged", "or2_aged", "xor2_aged", "wordline_driver_aged"),
        *("decoder_gate_aged", "full_adder_aged", "flip_flop_aged", "wire_aged"),
    }
    for name, spec in SCHEMA.items():
        units = {key: variable.units for key, variable in spec.variables.items()}
        if name == "cell":
            assert units == {"area": "m2", "width": "m", "height": "m"}
            continue
        assert spec.dims[:3] == ("corner", "vdd", "temperature")
        if name.endswith("_statistics"):
            assert spec.dims == SCHEMA[name.removesuffix("_statistics")].dims
            assert units["error_rate"] == "1"
            continue
        if name.endswith("_aged"):
            fresh = SCHEMA[name.removesuffix("_aged")]
            assert tuple(dim for dim in spec.dims if dim != "age") == fresh.dims
            assert set(spec.variables) - {"threshold_shift"} < set(fresh.variables)
            assert units.items() >= {"threshold_shift": "V", "delay": "s", "energy": "J"}.items()
            assert spec.axes["age"].units == "s"
            continue
        common = {"energy": "J", "delay": "s", "leakage_power": "W", "area": "m2", "outcome": "1"}
        assert units.items() >= common.items()
        if name in ("read", "and2", "or2", "xor2"):
            assert units.items() >= {"margin": "V", "logic_value": "1", "error_rate": "1"}.items()


def test_truth_tables_are_those_of_the_operations():
    assert SCHEMA["read"].truth == {"0": 0, "1": 1}
    for first in (0, 1):
        for second in (0, 1):
            operands = f"{first}{second}"
            assert SCHEMA["and2"].truth[operands] == (first & second)
            assert SCHEMA["or2"].truth[operands] == (first | second)
            assert SCHEMA["xor2"].truth[operands] == (first ^ second)


def test_every_outcome_has_a_word_and_a_remedy():
    assert [outcome.meaning for outcome in Outcome] == [
        *("ok", "wrong_logic", "no_convergence", "time_out", "missing_measurement"),
        *("simulator_error", "below_critical_current", "not_switched"),
    ]
    assert all(outcome.remedy for outcome in Outcome)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"units": "pJ"}, "and2/energy: units are 'pJ', the schema has 'J'"),
        ({"units": ""}, "units are ''"),
        ({"long_name": " "}, "and2/energy: long_name"),
        ({"values": np.ones((2, 3, 3, 2))}, "shape is (2, 3, 3, 2), its axes have (2, 3, 3, 2, 4)"),
        ({"values": np.ones((2, 3)), "dims": ("corner", "rows")}, "shape is (2, 3)"),
        ({"values": np.ones((3, 2)), "dims": ("vdd", "corner")}, "in this order"),
        ({"values": np.ones((2, 2)), "dims": ("corner", "corner")}, "in this order"),
        ({"values": np.ones((2, 2)), "dims": ("corner", "columns")}, "(corner, columns) are not"),
        ({"values": np.array("many"), "dims": ()}, "not real numbers"),
        ({"values": np.array(1j), "dims": ()}, "values are complex128, not real numbers"),
        ({"attributes": {"units": "J"}}, "'units' belongs to the file format"),
        ({"attributes": {"parts": [1, 2]}}, "'parts' is a list"),
        ({"attributes": {"factor": float("nan")}}, "'factor' is not finite"),
    ],
)
def test_a_variable_that_departs_is_refused(make_groups, save, with_variable, changes, told):
    group = with_variable(make_groups("and2")["and2"], "energy", **changes)
    with pytest.raises(TableError) as caught:
        save({"and2": group})
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"values": np.full((2, 3, 3, 2, 4), 8)}, "unknown outcome 8"),
        ({"values": np.zeros((2, 3, 3, 2, 4))}, "values are float64, not whole numbers"),
        ({"attributes": {"flag_meanings": "fine bad"}}, "flag_values and flag_meanings"),
    ],
)
def test_outcomes_are_those_of_the_schema(make_groups, save, with_variable, changes, told):
    group = with_variable(make_groups("and2")["and2"], "outcome", **changes)
    with pytest.raises(TableError) as caught:
        save({"and2": group})
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("vdd", {"values": [0.9, 1.1, 1.0]}, "and2/vdd: coordinates do not strictly increase"),
        ("vdd", {"values": [0.9, 1.0, 1.0]}, "do not strictly increase"),
        ("vdd", {"values": [0.9, 1.0, np.nan]}, "are not finite"),
        ("vdd", {"values": []}, "have shape (0,)"),
        ("vdd", {"values": [[0.9, 1.0, 1.1]]}, "have shape (1, 3)"),
        ("vdd", {"values": ["a", "b", "c"]}, "are not numbers"),
        ("vdd", {"units": "mV"}, "and2/vdd: units are 'mV'"),
        ("rows", {"values": [64, 64.5]}, "whole numbers of at least 1"),
        ("rows", {"values": [0, 64]}, "whole numbers of at least 1"),
        ("rows", {"values": [64, 1e300]}, "whole numbers of at least 1"),
        ("corner", {"values": ["tt", "tt"]}, "coordinates repeat"),
        ("corner", {"values": ["tt", ""]}, "'' is not a usable text"),
        ("corner", {"values": ["tt", "\ud800"]}, "is not a usable text"),
        ("corner", {"values": [1, 2]}, "are not texts"),
        ("corner", {"values": []}, "are not texts"),
        ("operands", {"values": ["00", "01", "10", "2"]}, "unknown coordinate '2'"),
        ("temperature", {"long_name": ""}, "and2/temperature: long_name"),
    ],
)
def test_an_axis_that_departs_is_refused(make_groups, save, with_axis, name, changes, told):
    group = with_axis(make_groups("and2")["and2"], name, **changes)
    with pytest.raises(TableError) as caught:
        save({"and2": group})
    assert told in str(caught.value)


def test_one_text_is_not_a_list_of_texts():
    with pytest.raises(TableError, match="not the one text 'tt'"):
        Axis("tt", "1", "corner")


def test_what_the_schema_does_not_have_is_refused(make_groups, save):
    and2 = make_groups("and2")["and2"]
    extra = Variable(np.array(1.0), (), "W", "power")
    with pytest.raises(TableError, match="unknown variable 'power'"):
        save({"and2": Group(and2.axes, {**and2.variables, "power": extra}, {})})
    columns = Axis([128], "1", "columns")
    with pytest.raises(TableError, match="unknown axis 'columns'"):
        save({"and2": Group({**and2.axes, "columns": columns}, and2.variables, {})})
    axes = {name: axis for name, axis in and2.axes.items() if name != "vdd"}
    with pytest.raises(TableError, match="no axis 'vdd'"):
        save({"and2": Group(axes, and2.variables, {})})
    variables = {key: v for key, v in and2.variables.items() if key != "outcome"}
    with pytest.raises(TableError, match="no variable 'outcome'"):
        save({"and2": Group(and2.axes, variables, {})})
    with pytest.raises(TableError, match="at least one group"):
        save({})
    with pytest.raises(TableError, match=r"unknown group 'and3' .*\(and 1 more such problem"):
        save({"and3": and2, "or2": Group(and2.axes, variables, {})})


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"columns_per_amplifier": 0}, "'columns_per_amplifier' is 0, not a whole number"),
        ({"columns_per_amplifier": 1.5}, "is 1.5, not a whole number"),
        ({"columns_per_reference": True}, "is True, not a whole number"),
        ({"bias_current": "5u"}, "'bias_current' is '5u', not a number"),
        ({"bias_current": float("inf")}, "'bias_current' is not finite"),
        ({"amplifier": 3}, "'amplifier' is 3, not a text"),
        ({"anything": None}, "'anything' is a NoneType"),
    ],
)
def test_attributes_have_the_kind_of_the_schema(make_groups, save, attributes, told):
    and2 = make_groups("and2")["and2"]
    with pytest.raises(TableError) as caught:
        save({"and2": Group(and2.axes, and2.variables, attributes)})
    assert told in str(caught.value)


def test_numbers_take_the_type_of_the_schema(make_groups, save, with_axis, with_variable):
    group = with_axis(make_groups("and2")["and2"], "rows", values=np.array([64.0, 256.0]))
    group = with_variable(group, "area", values=np.array(1, dtype=np.int32))
    group = with_variable(group, "outcome", values=np.zeros((2, 3, 3, 2, 4), dtype=np.int64))
    table = Table.open(save({"and2": group}))
    assert table.axis("and2", "rows").dtype == np.int64
    assert table["and2"].variables["area"].values.dtype == np.float64
    assert table["and2"].variables["outcome"].values.dtype == np.int8
    assert table.attribute("and2", "columns_per_amplifier") == 4


def test_an_interval_that_does_not_hold_its_value_is_told(make_groups, save):
    groups = make_groups("read_statistics")
    group = groups["read_statistics"]
    low = group.variables["margin_mean_low"]
    wrong = Variable(low.values * 2, low.dims, low.units, low.long_name)
    groups["read_statistics"] = Group(
        group.axes, {**group.variables, "margin_mean_low": wrong}, group.attributes
    )
    (problem,) = check(save(groups))
    assert problem.startswith("read_statistics/margin_mean: outside its interval at")
