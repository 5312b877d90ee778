"""What a screen of a report shows and what only the whole one does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import estimate
from accelerator.grouping import few_rows
from accelerator.render import render_text
from accelerator.report import LayerReport, Report
from lut import Table


@pytest.fixture(scope="module")
def report(synthetic_table: Table) -> Report:
    return estimate("lenet5", table=synthetic_table, samples=64)


def named(name: str, energy: float) -> LayerReport:
    return LayerReport(name, "product", 10, 1, 4, 40, energy, 1e-6, {"leakage": energy})


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["a1", "a2", "b1", "b7.2", "c"]), st.integers(1, 3)),
                max_size=40), st.integers(1, 8))  # fmt: skip
def test_rows_hold_every_layer_once(drawn, most) -> None:
    layers = [named(name, float(energy)) for name, energy in drawn]
    rows, others = few_rows(layers, most)
    assert len(rows) <= most
    assert sum(len(row.layers) for row in (*rows, *others)) == len(layers)
    assert sum(row.energy for row in (*rows, *others)) == sum(one.energy for one in layers)
    if others:
        assert min(row.energy for row in rows) >= max(row.energy for row in others)
    for row in (*rows, *others):
        assert len({one.energy for one in row.layers}) == 1


def test_names_of_rows() -> None:
    layers = [named(f"/blocks.{k}/fc", 1.0) for k in range(12)]
    layers += [named(f"/{k // 3}/x{k % 3}", 2.0) for k in range(9)] + [named("head", 3.0)]
    rows, _ = few_rows(layers)
    assert [row.name for row in rows] == ["/blocks.0..11/fc x 12", "/*/x* x 9", "head"]


def test_names_of_numbers_without_end_are_grouped() -> None:
    layers = [named("x" + str(k) * 5000, 1.0) for k in range(1, 5)]
    rows, others = few_rows(layers, 1)
    assert (len(rows), len(rows[0].layers), others) == (1, 4, [])


def test_a_screen_has_no_lists_and_nothing_of_zero(report: Report) -> None:
    text, full = render_text(report), render_text(report, full=True)
    assert len(text) < len(full) / 2
    for only_full in ("off_chip ", "weight_write ", "assumptions:", "counted:\n  - AND senses"):
        assert only_full not in text
        assert only_full in full
    assert "not counted: nothing of the network itself" in text


def test_intervals_that_come_to_nothing_are_not_printed(report: Report) -> None:
    found = report.uncertainty
    assert found is not None
    still = replace(found.latency, low=1.0e-3, median=1.0001e-3, high=1.0002e-3)
    wide = replace(found.energy, low=1e-6, high=2e-6)
    text = render_text(replace(report, uncertainty=replace(found, latency=still, energy=wide)))
    assert "  energy 1 to 2 uJ" in text
    assert "\n  latency " not in text
    none = replace(still, low=0.0, median=0.0, high=0.0)
    nothing = replace(found, latency=none, energy=none, area=none, unknown=())
    assert "95 % of" not in render_text(replace(report, uncertainty=nothing))


def test_what_does_not_fit_is_on_the_screen(report: Report) -> None:
    tight = replace(report.boundary, layout=("an amplifier does not fit its column", "it fits"))
    text = render_text(replace(report, boundary=tight))
    assert "an amplifier does not fit its column" in text
    assert "it fits" not in text
