"""A plan's [statistics]: senses with random devices, in the table and under the store's keys."""

from dataclasses import replace

import numpy as np
import pytest

from characterize import PlanError, load_plan, run_plan
from characterize.identity import Identity
from characterize.sampling import binomial_interval
from lut import Outcome, Table, check

PLAN = """
title = "statistics"
benches = ["read"]
tolerance = true
[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC", "125 degC"]
rows = [64, 128]
columns = [64]
[statistics]
benches = ["read"]
variation = "none"
samples = 8
[statistics.axes]
temperature = ["27 degC"]
rows = [128]
"""


@pytest.fixture
def plan(tmp_path):
    def load(*changes):
        text = PLAN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return load_plan(path)

    return load


def test_points_of_random_devices_come_first_and_only_where_asked(plan):
    loaded = plan()
    points = list(loaded.points())
    assert len(points) == loaded.count() == 2 + 8
    assert [point.group for point in points] == ["read_statistics"] * 2 + ["read"] * 8
    drawn = points[:2]
    assert {point.variant for point in drawn} == {"0", "1"}
    assert all(point.conditions.rows == 128 for point in drawn)
    assert all(point.draws == loaded.statistics.draws for point in drawn)
    assert all(point.draws is None for point in points[2:])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("samples = 8", "samples = 7", "'samples' must be a whole number from 8"),
        ("samples = 8", "samples = true", "'samples'"),
        ("samples = 8", "sample = 8", "unknown key 'sample'"),
        ("samples = 8", "relative_error = 2", "'relative_error' must be from 0.01 to 1"),
        ("samples = 8", "simulations = 10", "'simulations'"),
        ("samples = 8", "seed = 0", "'seed'"),
        ("samples = 8", 'time_limit = "0 s"', "'time_limit' must be above 0 s"),
        ("[statistics.axes]", "[statistics.axis]", "unknown key 'axis'"),
        ('variation = "none"', 'variation = "absent"', "unknown variation 'absent'"),
        ('variation = "none"', "variation = 1", "'variation'"),
        ('benches = ["read"]\nvariation', 'benches = ["write"]\nvariation', "'benches'"),
        ("rows = [128]", "rows = [256]", "no 256"),
        ("rows = [128]", "row = [128]", "the axes are"),
    ],
)
def test_a_malformed_section_is_refused(plan, old, new, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[")) as caught:
        plan((old, new))
    assert "\n" not in str(caught.value)


def test_a_plan_without_benches_or_statistics_is_refused(plan):
    statistics = PLAN[PLAN.index("[statistics]") :]
    assert plan(('benches = ["read"]\ntolerance', "benches = []\ntolerance")).count() == 2
    with pytest.raises(PlanError, match="'benches'"):
        plan(('benches = ["read"]\ntolerance', "benches = []\ntolerance"), (statistics, ""))


def test_keys_follow_what_decides_the_draws_and_nothing_else(plan):
    def keys(loaded):
        identity = Identity(loaded.design, "39")
        point = next(loaded.points())
        assert point.draws is not None
        nominal = replace(point, draws=None)
        return identity.content(point), identity.recipe(point), identity.content(nominal)

    first = keys(plan())
    assert first[0] != first[2]
    for change in (
        ("samples = 8", "samples = 9"),
        ("samples = 8", "samples = 8\nseed = 2"),
        ("samples = 8", "samples = 8\nrelative_error = 0.5"),
        ('variation = "none"', 'variation = "default"'),
    ):
        other = keys(plan(change))
        assert other[0] != first[0]
        assert other[1] != first[1]
        assert other[2] == first[2]
    patient = keys(plan(("samples = 8", 'samples = 8\ntime_limit = "9 s"')))
    assert patient[0] == first[0]


def test_nominal_devices_spread_nothing_and_agree_with_the_sense_itself(plan, tmp_path):
    limit = """
[[limits]]
bench = "read_statistics"
measure = "margin_sigma"
max = "1 mV"
"""
    loaded = plan(
        ("rows = [128]\n", f"rows = [128]\n{limit}"),
        ("rows = [64, 128]", "rows = [128]"),
        ('temperature = ["27 degC", "125 degC"]', 'temperature = ["27 degC"]'),
    )
    run = run_plan(loaded, tmp_path / "table.h5", jobs=2)
    assert check(run.output) == []
    assert run.verdicts[0].passed
    table = Table.open(run.output)
    group = table["read_statistics"]
    assert group.attributes["variation"] == "none"
    assert group.attributes["samples"] == 8
    for operands in ("0", "1"):
        at = {"corner": "tt", "vdd": 1.0, "temperature": 300.15, "rows": 128}
        for name in ("margin", "energy", "delay"):
            nominal = table.value("read", name, **at, operands=operands)
            mean = table.value("read_statistics", f"{name}_mean", **at, operands=operands)
            assert mean == pytest.approx(nominal, rel=1e-9)
            assert table.value("read_statistics", f"{name}_sigma", **at, operands=operands) == 0
        assert table.value("read_statistics", "error_rate", **at, operands=operands) == 0
    assert table.provenance["statistics"]["variation"]["name"] == "none"


@pytest.mark.slow
def test_rates_and_spreads_are_those_of_plain_sampling(plan, tmp_path):
    plain = ('title = "statistics"', 'title = "statistics"\ndesign = "strongarm"')
    loaded = plan(
        plain, ('variation = "none"', 'variation = "default"'), ("samples = 8", "samples = 200")
    )
    run = run_plan(loaded, tmp_path / "table.h5", jobs=2)
    group = Table.open(run.output)["read_statistics"]
    assert np.all(group.spread("outcome") == Outcome.OK)
    rates = group.spread("error_rate").ravel()
    assert np.all(group.spread("error_rate_high") < 1.5 * group.spread("error_rate"))
    # 70 of 1200 senses of the shipped plain amplifier were wrong, other devices than these.
    low, high = (getattr(binomial_interval(70, 1200), end) for end in ("low", "high"))
    assert 0.3 * low < rates.mean() < 2 * high
    assert np.all(group.spread("margin_sigma") > 2e-3)
