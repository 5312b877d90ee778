"""Writing at a supply of its own: what is priced where."""

from __future__ import annotations

import json

import pytest

from accelerator import EstimateError, estimate
from accelerator.explanation.again import estimate_again
from accelerator.explanation.readings import readings
from accelerator.prices import Conditions, read_prices
from accelerator.uncertainty.interpolation import between_grid_points
from lut import Table

LOW = {"vdd": 0.9, "temperature": 300.15}


def test_only_writing_is_priced_at_its_supply(reference: Table) -> None:
    apart = read_prices(reference, Conditions(vdd=0.9, write_vdd=1.1))
    low = read_prices(reference, Conditions(vdd=0.9))
    high = read_prices(reference, Conditions(vdd=1.1))
    assert apart.write == high.write != low.write
    assert apart.write_line == high.write_line != low.write_line
    for name in ("and2", "read", "read_line", "decoder_gate", "full_adder", "flip_flop", "wire"):
        assert getattr(apart, name) == getattr(low, name)


def test_the_same_supply_given_twice_changes_nothing(reference: Table) -> None:
    one = estimate("lenet5", table=reference, samples=0, **LOW)
    twice = estimate("lenet5", table=reference, samples=0, write_vdd=0.9, **LOW)
    assert twice.components == one.components
    assert twice.latency == one.latency


def test_a_report_names_it_and_is_explained_with_it(reference: Table) -> None:
    report = estimate("lenet5", table=reference, samples=64, write_vdd=1.1, **LOW)
    content = json.loads(json.dumps(report.to_dict()))
    assert content["table"]["write_vdd_V"] == 1.1
    assert any("supply of 1.1 V" in text for text in report.boundary.counted)
    assert any("level shifters" in text for text in report.boundary.not_counted)
    again = estimate_again(content, None)
    told = [layer.energy for layer in report.layers]
    assert [layer.energy for layer in again.chip.layer_reports()] == pytest.approx(told, rel=1e-12)
    where = Conditions(vdd=0.9, write_vdd=1.1)
    for figure, supply in (
        ("write.energy.1", 1.1),
        ("write_line.energy", 1.1),
        ("wire.delay", 0.9),
    ):
        rows = readings(reference, where, figure)
        assert {row.place["vdd"] for row in rows} == {supply}
        prices = read_prices(reference, where)
        if figure == "write.energy.1":
            value = sum(row.share * row.value for row in rows)
            assert value == pytest.approx(prices.write.energy["1"])


def test_it_is_interpolated_and_bounded_as_any_supply(reference: Table) -> None:
    assert between_grid_points(reference, Conditions(write_vdd=1.05)) == ["write_vdd"]
    assert between_grid_points(reference, Conditions(write_vdd=1.1)) == []
    assert between_grid_points(reference, Conditions()) == []
    found = estimate("lenet5", table=reference, write_vdd=1.05).uncertainty
    assert any("write_vdd" in source.name for source in found.sources)
    with pytest.raises(EstimateError, match="write has vdd from"):
        estimate("lenet5", table=reference, write_vdd=1.5)
