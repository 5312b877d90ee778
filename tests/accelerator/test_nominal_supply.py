"""Without a supply an estimate is made at the table's own, which it says unless it is 1 V."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accelerator import estimate
from accelerator.prices import Conditions, conditions_in
from accelerator.render import render_text
from lut import Table, reference_path


@pytest.fixture(scope="module")
def table_at():
    """The shipped table as of another technology: its three supplies, or some, times a factor."""

    shipped = Table.open(reference_path())

    def make(factor: float, kept: slice = slice(None), **provenance: object) -> Table:
        groups = {}
        for name, group in shipped.groups.items():
            if "vdd" not in group.axes:
                groups[name] = group
                continue
            axis = group.axes["vdd"]
            chosen = kept if len(axis.values) == 3 else slice(-1, None)
            groups[name] = replace(
                group,
                axes={**group.axes, "vdd": replace(axis, values=axis.values[chosen] * factor)},
                variables={
                    variable: replace(
                        item,
                        values=item.values[
                            tuple(chosen if dim == "vdd" else slice(None) for dim in item.dims)
                        ],
                    )
                    for variable, item in group.variables.items()
                },
            )
        return replace(shipped, groups=groups, provenance=provenance)

    return make


def test_of_the_shipped_table_it_is_one_volt_as_ever() -> None:
    table = Table.open(reference_path())
    assert table.nominal_vdd == 1.0
    assert conditions_in(table) == Conditions()
    report = estimate("lenet5", samples=0)
    assert report.to_dict() == estimate("lenet5", samples=0, vdd=1.0).to_dict()
    assert ": tt, 1 V, 27 degC" in render_text(report)


def test_of_a_table_of_another_technology_it_is_that_ones(table_at) -> None:
    # The prices are those of the shipped table, which stand at other supplies here.
    table = table_at(1.8)
    assert table.nominal_vdd == pytest.approx(1.8)
    report = estimate("lenet5", table=table, samples=0)
    shipped = estimate("lenet5", samples=0)
    assert report.energy == pytest.approx(shipped.energy, rel=1e-9)
    assert report.table["vdd_V"] == pytest.approx(1.8)
    assert ": tt, 1.8 V, the table's nominal supply, 27 degC" in render_text(report)
    named = estimate("lenet5", table=table, samples=0, vdd=table.nominal_vdd)
    assert named.energy == report.energy
    assert ": tt, 1.8 V, 27 degC" in render_text(named)


def test_what_the_table_says_counts_before_its_grid(table_at) -> None:
    assert table_at(1.8, nominal_vdd=1.62).nominal_vdd == 1.62
    # What the grid does not reach cannot be meant.
    assert table_at(1.8, nominal_vdd=0.9).nominal_vdd == pytest.approx(1.8)
    assert table_at(1.8, nominal_vdd="1.7 V").nominal_vdd == pytest.approx(1.8)
    # One that reaches 1 V and says nothing is read as ever.
    assert table_at(1.05).nominal_vdd == 1.0
    assert table_at(1.8, kept=slice(0, 1)).nominal_vdd == pytest.approx(1.62)
    assert table_at(1.8, kept=slice(0, 2)).nominal_vdd == pytest.approx(1.62)
