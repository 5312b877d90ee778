"""Spaces and their points: the front by its definition, runs that go on, equal results."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from accelerator import EstimateError, estimate
from accelerator.datasets import load_dataset
from accelerator.exploration.exploration import explore
from accelerator.exploration.front import pareto_front
from accelerator.exploration.kept import Kept, key_of
from accelerator.exploration.misses import nearest_misses, render_misses
from accelerator.exploration.page import exploration_page
from accelerator.exploration.render import exploration_csv_rows, render_exploration
from accelerator.exploration.space import MAPPINGS, MEASURES, Space
from accelerator.search.search import search_mapping
from accelerator.trained import path_of
from lut import Table

AXES = {
    "network": ("lenet5",),
    "weight_bits": (1, 2),
    "rows": (64, 256),
    "vdd": (0.9, 1.0),
    "copies": (1, 2),
}


@pytest.fixture
def space(synthetic_table: Table) -> Space:
    return Space({**AXES, "table": (str(synthetic_table.path),)})


# --- the front


def dominated(values, index):
    row = values[index]
    return any(
        np.all(other <= row) and np.any(other < row)
        for place, other in enumerate(values)
        if place != index
    )


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(0, 30), st.integers(1, 4)),
        elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.5, -1.0]),
    )
)
def test_the_front_is_what_nothing_dominates(values) -> None:
    found = pareto_front(values)
    assert found.tolist() == [not dominated(values, index) for index in range(len(values))]


def test_points_without_a_value_are_never_in_front() -> None:
    values = np.array([[np.nan, 0.0], [1.0, np.inf], [2.0, 2.0]])
    assert pareto_front(values).tolist() == [False, False, True]


# --- points


def test_paired_axes_run_together(synthetic_table: Table) -> None:
    axes = {
        "network": ("lenet5",),
        "rows": (64, 256),
        "widths": ("1:4", "4:8"),
        "columns": (128, 256),
        "vdd": (0.9, 1.0),
        "table": (str(synthetic_table.path),),
    }
    paired = Space(axes, pairs=(("rows", "columns"),))
    points = list(paired.points())
    assert len(points) == paired.size == 8
    assert {(p["rows"], p["columns"]) for p in points} == {(64, 128), (256, 256)}
    for point in explore(paired).points:
        weights, activations = map(int, point.settings["widths"].split(":"))
        table, rows, vdd = (point.settings[name] for name in ("table", "rows", "vdd"))
        report = estimate(
            "lenet5", table=table, weight_bits=weights, activation_bits=activations, rows=rows,
            columns=point.settings["columns"], vdd=vdd, samples=0,
        )  # fmt: skip
        assert point.value("energy") == report.energy


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ((("rows",),), "two axes at least"),
        ((("rows", "vdd"), ("vdd", "copies")), "in pairs twice"),
        ((("rows", "columns"),), "which is no axis here"),
        ((("rows", "weight_bits"),), "as many values each, but rows has 2, weight_bits has 3"),
        ((("rows", "copies"),), "cannot be paired"),
    ],
)
def test_pairs_that_cannot_be_are_one_sentence(pairs, words: str) -> None:
    axes = {**AXES, "weight_bits": (1, 2, 4), "mapping": ("default", "energy")}
    with pytest.raises(EstimateError, match=words):
        Space(axes, pairs=pairs)


def test_a_searched_mapping_is_a_point_within_the_limits(synthetic_table: Table) -> None:
    axes = {
        "network": ("lenet5",),
        "mapping": ("default", "energy", "latency", "both", "area"),
        "copies": (1, 2, 4),
        "table": (str(synthetic_table.path),),
    }
    free = explore(Space(axes))
    assert len(free.points) == free.space.size == 3 + 4
    by_mapping = {p.settings["mapping"]: p for p in free.points}
    plain = [p for p in free.points if p.settings["mapping"] == "default"]
    assert by_mapping["energy"].settings["copies"] is None
    for name, value in (
        ("energy", lambda p: p.value("energy")),
        ("latency", lambda p: p.value("latency")),
        ("both", lambda p: p.value("energy_delay")),
        ("area", lambda p: p.value("area")),
    ):
        least = value(by_mapping[name])
        assert all(least <= value(p) * (1 + 1e-9) for p in free.points), name
    area, latency = plain[1].value("area") * 1.05, plain[1].value("latency") * 1.05
    limited = explore(Space(axes, limits={"area": area, "throughput": 1 / latency}))
    for point, within in zip(limited.points, limited.within, strict=True):
        if point.settings["mapping"] != "default":
            assert within
            report = search_mapping(
                "lenet5", MAPPINGS[point.settings["mapping"]], table=axes["table"][0],
                area_limit=area, latency_limit=latency, samples=0,
            ).report  # fmt: skip
            assert point.value("energy") == report.energy
            assert point.value("area") <= area
            assert point.value("latency") <= latency
    # What no mapping keeps is no refusal: the nearest mapping is told.
    never = explore(Space(axes, limits={"area": area, "latency": latency / 1e3}))
    assert not any(never.within)
    assert not never.refused
    assert nearest_misses(never)[0].over.keys() <= {"area", "latency"}


def test_a_least_value_is_a_limit_and_an_objective(synthetic_table: Table) -> None:
    axes = {**AXES, "table": (str(synthetic_table.path),)}
    every = explore(Space(axes, objectives=("throughput", "area")))
    best = max(p.value("throughput") for p in every.points)
    assert every.front[0].value("throughput") == best
    least = float(np.median([p.value("throughput") for p in every.points]))
    found = explore(Space(axes, limits={"throughput": least}))
    assert list(found.within) == [p.value("throughput") >= least for p in found.points]
    none = explore(Space(axes, limits={"throughput": 2 * best}))
    miss = nearest_misses(none)[0]
    assert miss.over == {"throughput": pytest.approx(2.0)}
    assert "is 2 times it" in render_misses(none)


def test_accuracy_is_a_measure_of_a_file_with_labelled_images(monkeypatch) -> None:
    digits = load_dataset("digits", "test").first(40)
    monkeypatch.setattr("accelerator.datasets.load_dataset", lambda *_: digits)
    path = str(path_of("digits-w1a2"))
    axes = {"network": (path,), "dataset": ("digits",), "vdd": (1.0,)}
    found = explore(Space({**axes, "copies": (1, 2)}, limits={"accuracy": 0.5}))
    first, second = (p.value("accuracy") for p in found.points)
    assert 0.9 < first == second <= 1
    assert all(found.within)
    others = Space({**axes, "weight_bits": (1,)}, limits={"accuracy": 0.5})
    assert "at its own widths" in explore(others).points[0].refusal
    named = Space({**axes, "network": ("alexnet",)})
    assert "has no weights" in explore(named).points[0].refusal
    with pytest.raises(EstimateError, match="give the axis dataset"):
        Space({"network": (path,)}, limits={"accuracy": 0.5})
    with pytest.raises(EstimateError, match="a share up to 1"):
        Space(axes, limits={"accuracy": 95})


def test_every_point_is_its_own_estimate(space: Space) -> None:
    found = explore(space)
    assert len(found.points) == space.size == 16
    for point in found.points:
        settings = dict(point.settings)
        report = estimate(settings.pop("network"), samples=0, **settings)
        assert point.value("energy") == report.energy
        assert point.value("latency") == report.latency
        assert point.value("area") == report.area
        assert point.value("energy_delay") == report.energy * report.latency
    # Settings in the order of the axes, the last running fastest.
    assert [p.settings["copies"] for p in found.points[:4]] == [1, 2, 1, 2]
    assert found.front
    assert all(not point.refusal for point in found.front)


def test_processes_give_what_one_gives(space: Space) -> None:
    assert explore(space, jobs=2) == explore(space)


def test_limits_keep_points_out_of_the_front(space: Space) -> None:
    free = explore(space)
    most = sorted(point.value("area") for point in free.points)[8]
    bound = explore(Space(space.axes, space.objectives, {"area": most}))
    assert sum(bound.within) == sum(point.value("area") <= most for point in free.points)
    assert all(point.value("area") <= most for point in bound.front)
    values = np.array([[p.value(name) for name in space.objectives] for p in bound.points])
    values = values[np.array(bound.within)]
    assert len(bound.front) == sum(not dominated(values, index) for index in range(len(values)))


def test_a_refusal_is_an_outcome(space: Space) -> None:
    wide = Space({**space.axes, "vdd": (1.0, 2.0), "columns": (250, 256)})
    found = explore(wide)
    assert len(found.refused) == 24
    told = {point.refusal for point in found.refused}
    assert any("outside the table" in sentence for sentence in told)
    assert any("columns cannot be shared out" in sentence for sentence in told)
    text = render_exploration(found)
    assert "24 points have no estimate" in text
    assert not any(point.refusal for point in found.front)


# --- kept points


def test_a_run_goes_on_where_it_was(space: Space, tmp_path) -> None:
    path = tmp_path / "points.jsonl"
    with Kept(path) as kept:
        whole = explore(space, kept=kept)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 16
    # What a kill leaves: some points, the last line cut off.
    path.write_bytes(b"".join(lines[:7]) + lines[7][:20])
    with Kept(path) as kept:
        assert explore(space, kept=kept) == whole
    assert sorted(path.read_bytes().splitlines()) == sorted(line.strip() for line in lines)
    # Kept points are taken as they are, not estimated again.
    marked = [json.loads(line) for line in lines]
    for entry in marked:
        entry["measures"]["energy"] = 42.0
    path.write_text("".join(json.dumps(entry) + "\n" for entry in marked))
    with Kept(path) as kept:
        assert all(p.value("energy") == 42.0 for p in explore(space, kept=kept).points)


def test_one_more_value_estimates_only_what_it_adds(space: Space, tmp_path) -> None:
    path = tmp_path / "points.jsonl"
    with Kept(path) as kept:
        explore(space, kept=kept)
    with Kept(path) as kept:
        explore(Space({**space.axes, "copies": (1, 2, 4)}), kept=kept)
    assert len(path.read_bytes().splitlines()) == 24


def test_the_key_follows_the_contents(space: Space, scaled_table) -> None:
    settings = next(space.points())
    other = {**settings, "table": str(scaled_table({("wire", "energy"): 2.0}).path)}
    assert key_of(settings) == key_of(dict(reversed(settings.items())))
    assert len({key_of(settings), key_of(other), key_of({**settings, "rows": 256})}) == 3


def test_two_runs_do_not_write_one_file(tmp_path) -> None:
    path = tmp_path / "points.jsonl"
    with Kept(path), pytest.raises(EstimateError, match="another run writes"), Kept(path):
        pass


@pytest.mark.parametrize("content", ["text\n", "{}\n", "[" * 5000 + "\n", '{"format": 1}\n'])
def test_a_foreign_file_is_left_alone(content: str, tmp_path) -> None:
    path = tmp_path / "points.jsonl"
    path.write_text(content)
    with pytest.raises(EstimateError, match="not a file of explored points"), Kept(path):
        pass
    assert path.read_text() == content


# --- refusals


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"axes": {"network": ("lenet5",), "magic": (1,)}}, "no axis 'magic'"),
        ({"axes": {"rows": (64,)}}, "the axis network is missing"),
        ({"axes": {"network": ()}}, "has no values"),
        ({"axes": {"network": ("lenet5",), "rows": (64, 64)}}, "a value twice"),
        ({"axes": {"network": ("lenet5",)}, "objectives": ("speed",)}, "no measure 'speed'"),
        ({"axes": {"network": ("lenet5",)}, "objectives": ()}, "no objective"),
        ({"axes": {"network": ("lenet5",)}, "limits": {"area": -1}}, "a number above 0"),
        ({"axes": {"network": ("lenet5",)}, "limits": {"area": "much"}}, "a number above 0"),
    ],
)
def test_a_space_that_cannot_be_is_refused(change, words: str) -> None:
    with pytest.raises(EstimateError, match=words):
        Space(**change)


# --- what is shown


def test_rows_of_the_csv_are_the_points(space: Space) -> None:
    header, *rows = exploration_csv_rows(explore(space))
    assert header[: len(space.axes)] == list(space.axes)
    assert {"energy_J", "latency_s", "area_m2", "energy_delay_J_s"} <= set(header)
    assert len(rows) == space.size
    # Beside those: the widths used, what is said of files, within, in front, why refused.
    assert len(MEASURES) + len(space.axes) + 5 == len(header)


def test_a_title_does_not_break_out_of_the_page(space: Space) -> None:
    title = "</script><script>alert(1)</script>"
    page = exploration_page(explore(Space(space.axes, title=title)))
    assert "<script>alert" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
