"""Differences between two reports: they add up, turn about, and vanish for the same report."""

from __future__ import annotations

import math

import pytest

from accelerator import EstimateError, estimate
from accelerator.explanation.differences import compare_reports
from accelerator.explanation.render_differences import render_differences
from accelerator.explanation.told import read_told

FILES = ("a.json", "b.json")


@pytest.fixture(scope="module")
def reports() -> tuple[dict, dict]:
    first = estimate("lenet5", samples=0).to_dict()
    second = estimate("lenet5", samples=0, copies=4, first_last="8:8", vdd=0.9).to_dict()
    return first, second


def test_the_differences_add_up_to_that_of_the_totals(reports) -> None:
    found = compare_reports(*map(read_told, reports))
    change = reports[1]["total"]["energy_J"] - reports[0]["total"]["energy_J"]
    totals = {one.name: one for one in found.totals}
    assert totals["energy"].change == pytest.approx(change, rel=1e-12)
    for parts in (
        [cell.energy for cell in found.cells], found.components, found.layers["energy"],
    ):  # fmt: skip
        assert math.fsum(one.change for one in parts) == pytest.approx(change, rel=1e-9)
        sizes = [abs(one.change) for one in parts]
        assert sizes == sorted(sizes, reverse=True)
    area = math.fsum(one.change for one in found.area)
    assert area == pytest.approx(totals["area"].change, rel=1e-9)
    assert found.chosen["copies"] == (1, 4)
    assert found.chosen["table vdd_V"] == (1.0, 0.9)
    assert "weight_encoding" not in found.chosen


def test_the_other_way_round_every_sign_turns(reports) -> None:
    there = compare_reports(*map(read_told, reports))
    back = compare_reports(*map(read_told, reversed(reports)))
    own = {(cell.layer, cell.component): cell.energy.change for cell in there.cells}
    assert own == {(cell.layer, cell.component): -cell.energy.change for cell in back.cells}


def test_a_report_does_not_differ_from_itself(reports) -> None:
    found = compare_reports(*[read_told(reports[0])] * 2)
    assert found.same
    assert not found.chosen
    assert "the figures are the same" in render_differences(found, FILES)


def test_a_layer_of_one_report_alone_is_told_as_such(reports) -> None:
    less = {**reports[0], "layers": reports[0]["layers"][:-1]}
    gone = reports[0]["layers"][-1]
    found = compare_reports(read_told(reports[0]), read_told(less))
    (entry,) = (one for one in found.layers["energy"] if one.change)
    assert (entry.name, entry.only, entry.second) == (gone["name"], "first", 0.0)
    assert entry.percent == pytest.approx(-100)
    assert "only in the first" in render_differences(found, FILES)


def test_layers_of_one_name_are_held_against_each_other_in_order(reports) -> None:
    layers = [{**layer, "name": "same"} for layer in reports[0]["layers"]]
    found = compare_reports(*[read_told({**reports[0], "layers": layers})] * 2)
    assert found.same
    assert len(found.layers["energy"]) == len(layers)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "mramcim-exploration/1"}, "not a report of format"),
        ({"layers": None}, "the report's layers"),
        ({"layers": [3]}, "the report's layers"),
        ({"layers": [{"name": "a"}]}, "the report's layers"),
        ({"total": {}}, "the report's total"),
        ({"boundary": {"options": {}}}, "has no 'assumptions'"),
        ({"network": 3}, "the report's network"),
    ],
)
def test_what_is_no_report_is_one_sentence(reports, change, words: str) -> None:
    with pytest.raises(EstimateError, match=words) as caught:
        read_told({**reports[0], **change})
    assert "\n" not in str(caught.value)


def test_no_part_may_be_missing(reports) -> None:
    for name in ("network", "total", "layers", "table", "boundary"):
        with pytest.raises(EstimateError, match="incomplete"):
            read_told({key: value for key, value in reports[0].items() if key != name})
    for other in (None, [], 3, "text"):
        with pytest.raises(EstimateError, match="not a report"):
            read_told(other)
