"""Limits of a plan: every point judged, the worst named, failures never passed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characterize import PlanError, load_plan
from characterize.limits import Limit, judge
from characterize.plan_measures import plan_measures
from lut import Axis, Group, Outcome, Table, Variable

CORNERS, WIDTHS = ("tt", "ss"), (1e-6, 2e-6, 4e-6)
# Tenths: by how much a bound is missed has the precision of the bound.
tenths = st.integers(-100, 100).map(lambda number: number / 10)
numbers = st.one_of(tenths, st.just(math.nan))


def group(values, outcomes=None):
    shape = (len(CORNERS), len(WIDTHS))
    values = np.array(values, float).reshape(shape)
    if outcomes is None:
        outcomes = np.where(np.isnan(values), int(Outcome.TIME_OUT), 0)
    axes = {"corner": Axis(CORNERS, "1", "corner"), "driver_width": Axis(WIDTHS, "m", "driver")}
    dims = tuple(axes)
    return Group(
        axes,
        {
            "energy": Variable(values, dims, "J", "energy"),
            "outcome": Variable(np.array(outcomes, np.int8).reshape(shape), dims, "1", "outcome"),
        },
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(values=st.lists(numbers, min_size=6, max_size=6), low=tenths)
def test_every_point_is_judged(values, low):
    verdict = judge(Limit("write", "energy", low), group(values))
    bad = [not value >= low for value in values]
    assert (verdict.points, verdict.violated) == (6, sum(bad))
    assert verdict.failed == sum(math.isnan(value) for value in values)
    assert verdict.passed is (not any(bad))
    measured = [value for value in values if not math.isnan(value)]
    if measured:
        assert verdict.worst == min(measured)
        assert verdict.middle == np.median(measured)
    else:
        assert math.isnan(verdict.worst)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(values=st.lists(numbers, min_size=6, max_size=6), high=tenths)
def test_one_value_of_an_axis_may_be_enough(values, high):
    verdict = judge(Limit("write", "energy", high=high, any_of="driver_width"), group(values))
    lines = np.array(values).reshape(2, 3)
    bad = [not any(value <= high for value in line) for line in lines]
    assert (verdict.points, verdict.violated) == (2, sum(bad))
    best = [np.nanmin(line) for line in lines if not np.isnan(line).all()]
    if best:
        assert verdict.worst == max(best)
        at = CORNERS.index(verdict.place["corner"]), WIDTHS.index(verdict.place["driver_width"])
        assert lines[at] == verdict.worst


def test_a_place_may_be_chosen_and_a_bit_that_stays_is_no_write():
    values = [1, 2, 3, 4, 5, 6]
    only = Limit("write", "energy", high=3.0, where={"corner": ("tt",)})
    assert judge(only, group(values)).passed
    assert not judge(Limit("write", "energy", high=3.0), group(values)).passed
    stays = np.array([[0, 0, int(Outcome.NOT_SWITCHED)], [0, 0, 0]])
    verdict = judge(only, group(values, stays))
    assert (verdict.violated, verdict.failed, verdict.worst) == (1, 1, 2.0)
    wrong = np.full((2, 3), int(Outcome.WRONG_LOGIC))
    assert judge(only, group(values, wrong)).passed  # its energy was measured all the same


def test_bounds_from_both_sides_name_the_nearer():
    verdict = judge(Limit("write", "energy", 0.0, 3.0, 10.0), group([5, 5, 9, 5, 5, 2]))
    assert verdict.passed
    assert verdict.worst == 9
    assert verdict.place == {"corner": "tt", "driver_width": 4e-6}
    assert verdict.to_dict()["worst_at"] == {"corner": "tt", "driver_width": 4e-6}


HEAD = """
benches = ["and2", "write"]
[axes]
corner = ["tt", "ss"]
vdd = ["1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
"""


def read(tmp_path, text):
    path = tmp_path / "plan.toml"
    path.write_text(HEAD + text)
    return load_plan(path).limits


def test_limits_are_read_with_their_units(tmp_path):
    (first, second) = read(
        tmp_path,
        '[[limits]]\nbench = "and2"\nmeasure = "margin"\nmin = "10 mV"\ntyp = "0.03 V"\n'
        'where = { temperature = ["300.15 K"], corner = ["ss"], operands = ["01"] }\n'
        '[[limits]]\nbench = "write"\nmeasure = "error_rate"\nmax = 1e-6\n'
        'any_of = "driver_width"\n',
    )
    assert first == Limit(
        "and2", "margin", 0.01, 0.03, None,
        {"temperature": (300.15,), "corner": ("ss",), "operands": ("01",)},
    )  # fmt: skip
    assert (second.high, second.any_of) == (1e-6, "driver_width")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('bench = "xor2"', "choose one that the plan simulates"),
        ('bench = "and2"\nmeasure = "beauty"', "no measure 'beauty'"),
        ('bench = "and2"\nmeasure = "margin"', "neither 'min' nor 'max'"),
        ('bench = "and2"\nmeasure = "margin"\nmin = 10', "text such as"),
        ('bench = "and2"\nmeasure = "margin"\nmin = "10 ns"', "electric potential|voltage"),
        ('bench = "and2"\nmeasure = "margin"\nmin = "2 V"\nmax = "1 V"', "must ascend"),
        ('bench = "and2"\nmeasure = "margin"\nmin = "1 V"\nbest = 3', "unknown key 'best'"),
        ('bench = "and2"\nmeasure = "margin"\nmin = "1 V"\nwhere = { corner = ["ff"] }', "has no"),
        ('bench = "and2"\nmeasure = "margin"\nmin = "1 V"\nwhere = { size = [1] }', "the axes are"),
        ('bench = "and2"\nmeasure = "margin"\nmin = "1 V"\nany_of = "size"', "has the axes"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, entry, said):
    with pytest.raises(PlanError, match=said) as caught:
        read(tmp_path, f"[[limits]]\n{entry}\n")
    assert "\n" not in str(caught.value)
    assert "limit 1" in str(caught.value)


# Of each, the limit and what the plan lacks for it; the same measures are in the schema.
UNWRITTEN = [
    ("and2", "error_rate", "max = 1e-9", "ask for [statistics] of and2"),
    ("and2", "offset_tolerance", 'min = "5 mV"', "`tolerance = false`"),
    ("decoder_gate", "margin", 'min = "5 mV"', "no measure 'margin'"),
    ("and2_aged", "offset_tolerance", 'min = "5 mV"', "`tolerance = false`"),
]


@pytest.mark.parametrize(("bench", "measure", "bound", "said"), UNWRITTEN)
def test_a_limit_on_what_the_plan_will_not_write_is_refused(tmp_path, bench, measure, bound, said):
    path = tmp_path / "plan.toml"
    path.write_text(
        "tolerance = false\n"
        + HEAD.replace('"write"', '"decoder_gate"')
        + '[ageing]\nbenches = ["and2"]\nages = ["1 year"]\n'
        + f'[[limits]]\nbench = "{bench}"\nmeasure = "{measure}"\n{bound}\n'
    )
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    assert said in str(caught.value)
    assert f"{path}: limit 1" in str(caught.value)


@pytest.mark.parametrize("name", ["any_of", "measure", "bench"])
def test_a_list_where_a_name_belongs_is_a_sentence(tmp_path, name):
    entry = {"bench": '"and2"', "measure": '"margin"', "min": '"1 mV"', name: '["rows"]'}
    lines = "\n".join(f"{key} = {value}" for key, value in entry.items())
    with pytest.raises(PlanError, match=f"'{name}'|measure"):
        read(tmp_path, f"[[limits]]\n{lines}\n")


def test_the_shipped_plan_has_the_shipped_tables_measures():
    plan, table = load_plan(), Table.open()
    for group in plan.groups:
        if group in table.groups:
            assert {*plan_measures(plan, group), "outcome"} == set(table[group].variables)


def test_a_bench_without_any_measure_fails_its_limits():
    failed = group([math.nan] * 6)
    bare = Group(failed.axes, {"outcome": failed.variables["outcome"]})
    verdict = judge(Limit("write", "energy", high=1.0), bare)
    assert not verdict.passed
    assert (verdict.points, verdict.violated, verdict.failed) == (6, 6, 6)
    assert (verdict.units, verdict.to_dict()["worst"]) == ("J", None)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    values=st.lists(numbers, min_size=6, max_size=6),
    mask=st.lists(st.booleans(), min_size=6, max_size=6),
    high=tenths,
    some=st.booleans(),
)
def test_what_was_not_run_is_neither_kept_nor_violated(values, mask, high, some):
    limit = Limit("write", "energy", high=high, any_of="driver_width" if some else None)
    reached = np.array(mask).reshape(2, 3)
    verdict = judge(limit, group(values), reached)
    kept = np.array([value <= high for value in values]).reshape(2, 3)
    assert verdict.not_run == 6 - sum(mask)
    if some:
        # A line is lost only once all of it was run.
        assert verdict.violated == sum(
            run.all() and not line.any() for line, run in zip(kept, reached, strict=True)
        )
    else:
        assert verdict.violated == int((reached & ~kept).sum())
    if sum(mask) < 6:
        assert not verdict.passed
    else:
        assert verdict == judge(limit, group(values)) or math.isnan(verdict.worst)
