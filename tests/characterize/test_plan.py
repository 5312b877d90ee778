"""Plans: lazy points in a fixed order, and a sentence for every mistake."""

import itertools
from pathlib import Path

import pytest

import circuits
from characterize import PlanError, load_plan, plan_names
from circuits import DesignError

GOOD = {
    "benches": '["and2"]',
    "corner": '["tt"]',
    "vdd": '["1.0 V"]',
    "temperature": '["27 degC"]',
    "rows": "[64]",
    "columns": "[64]",
}


def write(tmp_path, extra="", **changes):
    values = GOOD | changes
    axes = "\n".join(f"{key} = {value}" for key, value in values.items() if key != "benches")
    path = tmp_path / "plan.toml"
    path.write_text(f"{extra}\nbenches = {values['benches']}\n[axes]\n{axes}\n")
    return path


def test_shipped_plans_load_and_cover_what_they_say():
    assert plan_names() == ["quick", "reference"]
    reference, quick = load_plan(), load_plan(quick=True)
    assert reference.axes["corner"] == ("tt", "ss", "ff", "sf", "fs")
    assert reference.axes["vdd"] == (0.9, 1.0, 1.1)
    assert reference.axes["temperature"] == (233.15, 300.15, 398.15)
    assert reference.axes["rows"] == (64, 128, 256, 512)
    assert quick.axes["rows"] == (256,)
    assert quick.axes["vdd"] == (1.0,)
    assert set(quick.benches) == set(reference.benches)


def test_a_plan_without_supply_takes_the_technologys_own(tmp_path):
    text = (Path(circuits.__file__).parent / "technology" / "generic45.toml").read_text()
    folder = Path(circuits.__file__).parent / "technology" / "generic45"
    own = tmp_path / "own.toml"
    own.write_text(
        text.replace("vdd = { value = 1.0", "vdd = { value = 1.2").replace(
            'root = "generic45"', f'root = "{folder}"'
        )
    )
    with pytest.raises(DesignError, match="name it with --models"):
        load_plan(quick=True, technology=own)
    quick = load_plan(quick=True, technology=own, models=[folder])
    assert quick.axes["vdd"] == (1.2,)
    assert {point.conditions.vdd for point in quick.points()} == {1.2}
    plan = write(tmp_path, vdd='["0.9 V"]')
    assert load_plan(plan, technology=own, models=[folder]).axes["vdd"] == (0.9,)
    plan.write_text(plan.read_text().replace('vdd = ["0.9 V"]\n', ""))
    assert load_plan(plan).axes["vdd"] == (1.0,)


def test_points_are_lazy_distinct_and_counted():
    plan = load_plan()
    assert len(list(itertools.islice(plan.points(), 3))) == 3
    points = list(plan.points())
    assert len(set(points)) == len(points) == plan.count()


def test_celsius_and_kelvin_are_the_same_number(tmp_path):
    one = load_plan(write(tmp_path, temperature='["27 degC"]')).axes
    two = load_plan(write(tmp_path, temperature='["300.15 K"]')).axes
    assert one == two


def test_a_plan_needs_only_the_axes_of_its_benches(tmp_path):
    path = tmp_path / "plan.toml"
    every = '[axes]\ncorner = ["tt"]\nvdd = ["1 V"]\ntemperature = ["27 degC"]\n'
    path.write_text('benches = ["decoder_gate", "wire"]\n' + every)
    plan = load_plan(path)
    assert plan.count() == 2
    assert plan.unused_axes == ()
    for bench, needed in (("and2", "rows"), ("wordline_driver", "columns"), ("write", "rows")):
        path.write_text(f'benches = ["wire", "{bench}"]\n' + every)
        with pytest.raises(PlanError, match=f"axis '{needed}' is missing, which {bench} has"):
            load_plan(path)
        path.write_text(f'benches = ["wire", "{bench}"]\n{every}{needed} = [64]\n')
        assert load_plan(path).unused_axes == ()
    assert len(load_plan(path).axes["driver_width"]) == 1
    path.write_text(f"benches = []\n{every}[ageing]\n" + 'benches = ["and2"]\nages = [1]\n')
    with pytest.raises(PlanError, match="plan"):
        load_plan(path)
    path.write_text('benches = ["wire"]\n[axes]\ncorner = ["tt"]\nvdd = ["1 V"]\n')
    with pytest.raises(PlanError, match="axis 'temperature' is missing"):
        load_plan(path)


def test_an_axis_that_no_bench_has_is_told(tmp_path):
    assert load_plan(write(tmp_path)).unused_axes == ("columns",)
    path = write(tmp_path, benches='["wordline_driver"]', driver="[0.5, 1.0]")
    assert load_plan(path).unused_axes == ("rows", "driver")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"extra": "colour = 3"}, "unknown key 'colour'"),
        ({"benches": '["nand3"]'}, "unknown bench 'nand3'"),
        ({"benches": "[]"}, "list of names"),
        ({"corner": '["tf"]'}, "no corner 'tf'"),
        ({"vdd": "[1.0]"}, "must be text such as"),
        ({"vdd": '["1.0 furlong"]'}, "unknown unit 'furlong'"),
        ({"vdd": '["27 degC"]'}, "measures temperature"),
        ({"vdd": '["-1 V"]'}, "outside 0.2 V to 5 V"),
        ({"vdd": '["1.1 V", "1.0 V"]'}, "ascend"),
        ({"temperature": '["-300 degC"]'}, "outside -123 degC"),
        ({"rows": "[2]"}, "2 rows"),
        ({"rows": '["64"]'}, "whole numbers"),
        ({"rows": "[]"}, "empty or no list"),
        ({"extra": 'time_limit = "0 s"'}, "above 0 s"),
        ({"extra": 'tolerance = "yes"'}, "true or false"),
        ({"extra": "title = 3"}, "must be text"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, changes, said):
    with pytest.raises(PlanError, match=said) as caught:
        load_plan(write(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_missing_and_malformed_files_are_told_apart(tmp_path):
    with pytest.raises(PlanError, match="no plan file"):
        load_plan(tmp_path / "none.toml")
    with pytest.raises(PlanError, match="folder"):
        load_plan(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_text("[axes\n")
    with pytest.raises(PlanError, match="not a readable plan"):
        load_plan(bad)
    with pytest.raises(PlanError, match="--quick"):
        load_plan(bad, quick=True)


def test_an_unknown_device_is_named(tmp_path):
    with pytest.raises(DesignError, match="unknown device 'Nobody1900'"):
        load_plan(write(tmp_path, extra='device = "Nobody1900"'))
