"""Mats, banks, groups and the tree of wires through them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bitwise_layers import PLAIN

from accelerator import EstimateError, estimate
from accelerator.assumptions import load_assumptions
from accelerator.organisation import LEVELS, Occupation, Organisation
from accelerator.render import render_text
from accelerator.tree import Beats, Tree
from lut import Table

FLAT = {"subarrays_per_mat": 1, "mats_per_bank": 1, "banks_per_group": 1}


def organisation(**changes) -> Organisation:
    return Organisation.of(load_assumptions(changes))


def tree(subarrays: int, area: float = 1e-6, **changes) -> Tree:
    return Tree.over(area, subarrays, PLAIN, load_assumptions(changes))


def test_the_family_configuration_holds_512_megabits() -> None:
    array = replace(PLAIN, columns=512)
    chip = Occupation(organisation(), array, 4096)
    assert chip.capacity("mat") == 256 * 512
    assert chip.capacity("bank") == 256 * 512 * 2 * 2
    assert chip.capacity("group") == 256 * 512 * 2 * 2 * 8 * 8
    assert chip.capacity("chip") == 256 * 512 * 2 * 2 * 8 * 8 * 16 == 512 * 2**20
    assert chip.fill == 1
    assert [chip.needed(level) for level in LEVELS] == [4096, 1024, 16, 1]


def wired(leaves: int, side: float) -> float:
    """Wire of an H-tree, drawn: three halves of its side, and four of half the side."""
    return 0.0 if leaves == 1 else 1.5 * side + 4 * wired(leaves // 4, side / 2)


@pytest.mark.parametrize("leaves", [4, 16, 64, 256, 1024, 4096])
@pytest.mark.parametrize("levels", [{}, FLAT, {"subarrays_per_mat": 16, "mats_per_bank": 16}])
def test_levels_share_out_the_wires_of_one_tree(leaves: int, levels: dict[str, float]) -> None:
    """With links as wide on all levels, wires are those of the flat chip, drawn H by H."""
    area = 3e-6
    found = tree(leaves, area, **levels)
    drawn = wired(leaves, area**0.5) * PLAIN.amplifiers
    assert found.bits_per_leaf * leaves == pytest.approx(drawn, rel=1e-12)
    assert found.root_to_leaf == pytest.approx(area**0.5)
    assert sum(link.length for link in found.links(leaves)) == pytest.approx(found.root_to_leaf)


def test_a_small_region_is_as_deep_as_it_is_large() -> None:
    found = tree(1000)
    assert [found.stages(n) for n in (1, 4, 5, 256, 257, 1000)] == [0, 0, 1, 1, 2, 2]
    assert tree(1000, **FLAT).stages(1000) == 0
    assert found.span(250) == pytest.approx(found.root_to_leaf / 2)
    # A register for each direction and bit at the entrance of each bank and group.
    assert found.registers_per_leaf == pytest.approx(2 * 32 * (1 / 4 + 1 / 256))
    assert tree(1000, **FLAT).registers_per_leaf == 0


def test_levels_shorten_the_beat_and_widening_the_time(synthetic_table: Table) -> None:
    prices = estimate_prices(synthetic_table)
    area = 50e-6

    def time(spread: int, subarrays: int, **changes) -> float:
        found = tree(1024, area, **changes)
        return Beats(found.links(1024), prices).sent(32, subarrays, spread)

    side = area**0.5 * 1e3 * prices.wire.delay
    # By 32 sub-arrays a side of the chip, by 16 of a group, by 2 of a bank.
    assert time(1, 100, **FLAT) == pytest.approx(50e-12 + side)
    assert time(1, 100) == pytest.approx(50e-12 + side * (32 - 16) / 32)
    # Roots eight times as wide: now the group's link counts, of all groups that work.
    wide = {"link_widening": 8}
    assert time(1, 4, **wide) == pytest.approx(50e-12 + side * 2 / 32)
    assert time(1, 100, **wide) == pytest.approx((50e-12 + side * 14 / 32) / 8)
    # What all of a bank take goes over its link once.
    assert time(4, 4, **wide) == time(1, 4, **wide)
    assert time(8, 8, **wide) == pytest.approx(2 * time(1, 8, **wide))


def estimate_prices(table: Table):
    from accelerator.prices import Conditions, read_prices

    return read_prices(table, Conditions())


def test_the_flat_chip_is_what_it_was_before_there_were_levels(synthetic_table: Table) -> None:
    """Figures of commit 25c8e82, which counted half of the tree's wire for area and leakage."""
    report = estimate("alexnet", table=synthetic_table, samples=0, assumptions=FLAT)
    assert report.latency == pytest.approx(0.052867760200944934, rel=1e-12)
    assert report.components["interconnect"] == pytest.approx(7.89145125298935e-06, rel=1e-12)
    assert report.energy == pytest.approx(0.001191124871175558, rel=2e-3)
    assert report.area == pytest.approx(3.4813944336148856e-05, rel=1e-3)
    wire = report.area_components["interconnect"]
    assert wire == pytest.approx(2 * 3.162967001998967e-08, rel=0.04)


def test_what_levels_change_is_registers_and_the_beat(synthetic_table: Table) -> None:
    flat, levels = (
        estimate("alexnet", table=synthetic_table, samples=0, assumptions=choice)
        for choice in (FLAT, {})
    )
    stages = 2  # into groups, and into banks
    moved = sum(
        layer.counts["input_bits"] + layer.counts["output_bits"]
        for layer in levels.layers
        if layer.macs
    )
    more = levels.components["interconnect"] - flat.components["interconnect"]
    assert more == pytest.approx(stages * moved * 3e-15, rel=1e-9)
    for name, energy in flat.components.items():
        if name not in ("interconnect", "buffers", "weight_load", "leakage"):
            assert levels.components[name] == pytest.approx(energy, rel=1e-12)
    assert flat.area < levels.area < 1.01 * flat.area
    assert levels.latency < flat.latency


def test_a_mat_has_one_controller(synthetic_table: Table) -> None:
    one, four = (
        estimate(
            "alexnet",
            table=synthetic_table,
            samples=0,
            assumptions={"subarrays_per_mat": n, "root_to_leaf_over_side": 1.0},
        )
        for n in (1, 4)
    )
    line = 256 * (0.45e-6 + 0.4e-12 / 0.45e-6) * 1e3 * 180e-15
    part = 64 * 3e-15 / (64 * 3e-15 + line)
    # AlexNet's convolutions work on four sub-arrays or more, but for conv1 with two.
    for layer, other in zip(one.layers, four.layers, strict=True):
        if layer.macs:
            sharing = min(4, layer.subarrays)
            expected = layer.components["control_clock"] * (1 - part + part / sharing)
            assert other.components["control_clock"] == pytest.approx(expected, rel=1e-9)
    assert four.area_components["flip_flops"] < one.area_components["flip_flops"]


def test_the_report_names_the_levels_and_how_full_they_are(synthetic_table: Table) -> None:
    report = estimate("alexnet", table=synthetic_table, samples=0, columns=512)
    entry = report.to_dict()["organisation"]
    needed = {level["name"]: level["needed"] for level in entry["levels"]}
    assert entry["subarrays"] > report.subarrays  # the buffer's are there as well
    assert needed["mat"] == entry["subarrays"]
    assert needed["bank"] == -(-needed["mat"] // 4)
    assert needed["group"] == -(-needed["bank"] // 64)
    assert [level["capacity_bits"] for level in entry["levels"]][-1] == 512 * 2**20
    assert entry["fill"] == entry["subarrays"] / 4096
    text = render_text(report, full=True)
    assert f"{needed['bank']} banks, {needed['group']} groups" in text
    assert f"{100 * entry['fill']:.3g} % of a chip of 512 Mb" in text


def test_a_network_may_need_more_than_one_chip_has(synthetic_table: Table) -> None:
    report = estimate("vgg16", table=synthetic_table, samples=0, weight_bits=8)
    assert report.occupation.fill > 1
    assert report.occupation.needed("chip") == -(-report.occupation.subarrays // 4096)


@pytest.mark.parametrize("name", FLAT)
def test_levels_hold_whole_numbers(name: str) -> None:
    for value in (0, 1.5, -2):
        with pytest.raises(EstimateError, match=name):
            load_assumptions({name: value})
