"""A plan's [ageing]: benches after years of stress, in the table and under the store's keys."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from accelerator.ageing.delays import YEAR, aged_delay, aged_energy
from characterize import PlanError, load_plan, run_plan
from characterize.identity import Identity
from characterize.store import Store
from circuits import build_deck
from lut import Outcome, Table, check

PLAN = """
title = "ageing"
benches = ["full_adder"]
tolerance = false
[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC", "125 degC"]
rows = [64]
columns = [64]
[ageing]
benches = ["full_adder", "flip_flop", "read"]
ages = ["0 s", "1 year", "3 year", "10 year"]
duty = 0.5
[ageing.axes]
temperature = ["125 degC"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ageing")


@pytest.fixture(scope="module")
def plan(folder):
    def load(*changes):
        text = PLAN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = folder / "plan.toml"
        path.write_text(text)
        return load_plan(path)

    return load


@pytest.fixture(scope="module")
def ran(plan, folder):
    """The plan's table, all of its points in a store."""
    with Store(folder / "store") as store:
        return run_plan(plan(), folder / "table.h5", jobs=1, store=store)


def test_points_come_at_each_age_where_asked(plan):
    loaded = plan()
    points = [point for point in loaded.points() if point.stress is not None]
    assert len(points) == 4 + 4 + 4 * 2
    assert loaded.count() == len(points) + 2 == len(list(loaded.points()))
    assert {point.group for point in points} == {"full_adder_aged", "flip_flop_aged", "read_aged"}
    assert {point.conditions.temperature for point in points} == {398.15}
    assert [point.stress.age / YEAR for point in points if point.variant == "1"] == [0, 1, 3, 10]
    assert list(loaded.group_axes("read_aged")) == [
        *("corner", "vdd", "temperature", "rows", "age", "operands"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("duty = 0.5", "duty = 1", "a duty of 1 is not between 0 and 1"),
        ("duty = 0.5", "duty = true", "'duty' must be a number"),
        ("duty = 0.5", "dut = 0.5", "unknown key 'dut'"),
        ("duty = 0.5", 'model = "absent"', "unknown ageing set 'absent'"),
        ("duty = 0.5", "model = 1", "'model' must be a name or a path"),
        ('ages = ["0 s", ', 'ages = ["2 year", ', "'ages' must ascend"),
        ('ages = ["0 s", ', 'ages = ["1 s", ', "not 0 or from an hour"),
        ('ages = ["0 s", ', 'ages = ["0 V", ', "measures voltage, but time is expected"),
        ('ages = ["0 s", ', "ages = [0, ", "must be text such as"),
        ('ages = ["0 s", "1 year", "3 year", "10 year"]', "", "'ages' must be a list of times"),
        ('benches = ["full_adder", "flip_flop"', 'benches = ["write"', "'benches' must be a list"),
        ("[ageing.axes]", "[ageing.axis]", "unknown key 'axis'"),
        ('temperature = ["125 degC"]', 'temperature = ["85 degC"]', "no '85 degC'"),
    ],
)
def test_a_malformed_section_is_refused(plan, old, new, said):
    with pytest.raises(ValueError, match=said) as caught:
        plan((old, new))
    assert "\n" not in str(caught.value)


def test_a_plan_may_have_aged_points_alone(plan):
    assert plan(('benches = ["full_adder"]', "benches = []")).count() == 16
    section = PLAN[PLAN.index("[ageing]") :]
    with pytest.raises(PlanError, match="'benches'"):
        plan(('benches = ["full_adder"]', "benches = []"), (section, ""))


def test_keys_follow_the_shift_and_leave_fresh_points_alone(plan):
    def keys(loaded):
        identity = Identity(loaded.design, "39")
        points = [p for p in loaded.points() if p.stress is not None and p.stress.age > YEAR]
        fresh = [p for p in loaded.points() if p.stress is None]
        return (
            [identity.content(point) for point in points],
            [identity.content(point) for point in fresh],
            [identity.recipe(point) for point in fresh],
        )

    first = keys(plan())
    other = keys(plan(("duty = 0.5", "duty = 0.6")))
    assert not set(first[0]) & set(other[0])
    assert first[1:] == other[1:]
    identity = Identity(plan().design, "39")
    point = next(p for p in plan().points() if p.stress is not None and p.stress.age == 0)
    assert identity.content(point) != identity.content(replace(point, stress=None))


def test_decks_of_fresh_points_are_those_of_the_circuits(plan):
    loaded = plan()
    for point in loaded.points():
        if point.stress is None or point.stress.age == 0:
            deck = build_deck(loaded.design, point.bench, point.variant, point.conditions)
            assert point.deck(loaded.design).netlist == deck.netlist


def test_the_age_zero_is_the_fresh_circuit_to_the_last_bit(ran):
    table = Table.open(ran.output)
    # The plan searches no tolerated offset.
    assert [text for text in check(ran.output) if "offset_tolerance" not in text] == []
    at = {"corner": "tt", "vdd": 1.0, "temperature": 398.15}
    for variable in ("energy", "delay", "leakage_power"):
        assert table.value("full_adder_aged", variable, age=0.0, **at) == table.value(
            "full_adder", variable, **at
        )


def test_aged_logic_is_slower_and_leaks_less(ran):
    table = Table.open(ran.output)
    for name in ("full_adder_aged", "flip_flop_aged", "read_aged"):
        group = table[name]
        assert np.all(group.variables["outcome"].values == Outcome.OK)
        along = list(group.axes).index("age")
        assert np.all(np.diff(group.spread("threshold_shift"), axis=along) > 0)
        if name != "read_aged":  # whose output the clock decides
            assert np.all(np.diff(group.spread("delay"), axis=along) > 0)
        assert np.all(np.diff(group.spread("leakage_power"), axis=along) < 0)
        assert group.attributes == {"ageing": "nbti", "duty": 0.5, "technology": "generic45"}


def test_its_provenance_names_model_and_decks(ran):
    record = Table.open(ran.output).provenance
    assert record["ageing"]["duty"] == 0.5
    parameters = record["ageing"]["model"]["parameters"]
    assert parameters["activation_energy"]["tag"] == "fitted"
    assert parameters["activation_energy"]["value_SI"] == pytest.approx(0.49 * 1.602176634e-19)
    assert (
        record["netlists"]["full_adder_aged"]["sha256"]
        != (record["netlists"]["full_adder"]["sha256"])
    )


def test_what_was_simulated_is_not_again(ran, folder):
    with Store(folder / "store") as store:
        again = run_plan(ran.plan, folder / "again.h5", jobs=1, store=store)
    assert again.cached == len(again.results)
    assert (folder / "again.h5").read_bytes() == ran.output.read_bytes()


def test_between_ages_the_sixth_root_of_time_gives_the_age_left_out(ran, plan, folder):
    """Three years, simulated, from one and ten."""
    with Store(folder / "store") as store:
        loaded = plan(('"1 year", "3 year", ', '"1 year", '))
        coarse = Table.open(run_plan(loaded, folder / "coarse.h5", jobs=1, store=store).output)
    fine = Table.open(ran.output)
    at = {"temperature": 398.15, "vdd": 1.0}
    for block in ("full_adder", "flip_flop"):
        fresh = aged_delay(fine, block, age=0.0, **at)
        simulated = aged_delay(fine, block, age=3 * YEAR, **at)
        found = aged_delay(coarse, block, age=3 * YEAR, **at)
        # Within 3 % of how much it has slowed down; a straight line in time misses by more.
        slower = simulated - fresh
        assert abs(found - simulated) < 0.03 * slower
        straight = coarse.value(f"{block}_aged", "delay", corner="tt", age=3 * YEAR, **at)
        assert straight - simulated < -0.05 * slower
    for block, place in (("full_adder", {}), ("read", {"rows": 64})):
        energies = [aged_energy(one, block, age=3 * YEAR, **at, **place) for one in (coarse, fine)]
        assert energies[0] == pytest.approx(energies[1], rel=2e-3)


def test_a_failed_aged_point_is_told_with_its_age(plan, tmp_path):
    from characterize.night import Night
    from characterize.report.junit import junit_xml
    from characterize.run import Run
    from characterize.simulate import PointResult

    point = next(p for p in plan().points() if p.stress is not None and p.stress.age > YEAR)
    results = {point: PointResult(Outcome.TIME_OUT, message="too slow")}
    run = Run(plan(), tmp_path / "none.h5", results, "39", 0.0, 0, 0, 0.0)
    text = junit_xml(Night(tmp_path, "aged", datetime.now(UTC), 0.0, "0", run))
    assert "at tt, 1 V, 125 degC" in text
    assert "3 years: time_out (too slow)" in text
