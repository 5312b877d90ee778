"""A memory outside the chip: what crosses the edge, what it costs, how long it takes."""

from __future__ import annotations

import pytest

from accelerator import estimate
from accelerator.report import Report
from lut import Table

ALEXNET_WEIGHTS = 60_954_656
"""Of the network with groups, its biases left out (A. Krizhevsky et al., NIPS 2012: 60 M)."""


def outside(table: Table, network: str = "alexnet", **choice) -> Report:
    return estimate(network, table=table, off_chip=True, samples=0, **choice)


def test_image_result_and_weights_cross_the_edge_once(synthetic_table: Table) -> None:
    report = outside(synthetic_table, weight_load="each_image", weight_bits=2, activation_bits=4)
    crossed = 227 * 227 * 3 * 4 + 1000 * 4 + ALEXNET_WEIGHTS * 2
    assert report.components["off_chip"] == pytest.approx(crossed * 30e-12, rel=1e-9)
    first, last = report.layers[0], report.layers[-1]
    assert first.counts["off_chip_bits"] == 227 * 227 * 3 * 4
    assert last.counts["off_chip_bits"] == 1000 * 4
    assert not any(layer.counts["off_chip_bits"] for layer in report.layers[1:-1])


@pytest.mark.parametrize(("load", "share"), [("off", 0), ("amortized", 1e-3), ("each_image", 1)])
def test_weights_come_as_often_as_they_are_loaded(
    load: str, share: float, synthetic_table: Table
) -> None:
    report = outside(synthetic_table, weight_load=load, weight_bits=1, activation_bits=1)
    crossed = 227 * 227 * 3 + 1000 + share * ALEXNET_WEIGHTS
    assert report.components["off_chip"] == pytest.approx(crossed * 30e-12, rel=1e-9)


def test_copies_on_the_chip_are_made_from_one_that_comes(synthetic_table: Table) -> None:
    one, four = (outside(synthetic_table, "lenet5", copies=copies) for copies in (1, 4))
    assert four.components["off_chip"] == one.components["off_chip"]
    assert four.components["weight_load"] > one.components["weight_load"]


def test_without_it_nothing_else_changes(synthetic_table: Table) -> None:
    with_it = outside(synthetic_table, "lenet5")
    without = estimate("lenet5", table=synthetic_table, samples=0)
    assert without.components["off_chip"] == 0
    assert with_it.latency == pytest.approx(without.latency, rel=1e-12)
    for name, energy in without.components.items():
        if name != "off_chip":
            assert with_it.components[name] == pytest.approx(energy, rel=1e-12)
    assert any("outside the chip" in text for text in with_it.boundary.counted)
    assert not any("outside the chip" in text for text in with_it.boundary.not_counted)
    assert any("outside the chip" in text for text in without.boundary.not_counted)


def test_a_slow_memory_sets_the_pace(synthetic_table: Table) -> None:
    rate = 1e6
    slow = outside(
        synthetic_table,
        "lenet5",
        weight_bits=1,
        activation_bits=8,
        weight_load="each_image",
        assumptions={"off_chip_rate": rate},
    )
    crossed = slow.components["off_chip"] / 30e-12
    # Loading does not overlap with the image's steps, which the rest of a layer takes.
    assert slow.latency == pytest.approx(crossed / rate, rel=0.05)
    fast = outside(synthetic_table, "lenet5", weight_bits=1, activation_bits=8)
    assert fast.latency < 0.01 * slow.latency


def test_its_range_is_carried_only_where_it_is_paid() -> None:
    with_it = estimate("lenet5", off_chip=True, weight_load="each_image")
    without = estimate("lenet5", weight_load="each_image")
    assert with_it.uncertainty is not None
    assert without.uncertainty is not None
    assert "off_chip_energy" not in without.uncertainty.energy.shares
    assert with_it.uncertainty.energy.shares["off_chip_energy"] > 0.2
