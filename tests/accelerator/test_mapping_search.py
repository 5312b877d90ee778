"""The mapping search: exhaustive search finds nothing better, limits hold, sums are right."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError, estimate
from accelerator.assumptions import load_assumptions
from accelerator.chip import Chip
from accelerator.dominance import undominated
from accelerator.hardware import Hardware, floorplan
from accelerator.networks.chain import Chain
from accelerator.options import INPUT_STATIONARY, WEIGHT_STATIONARY, Options
from accelerator.pipeline import build_array
from accelerator.plan import Choice, plan_layers
from accelerator.prices import Conditions, read_prices
from accelerator.search.alternatives import AREA, ENERGY, POWER, TIME, alternatives, idle_power
from accelerator.search.merging import at_hand, merge
from accelerator.search.nearest import nearest_mappings
from accelerator.search.search import OBJECTIVES, NothingWithinError, search_mapping
from lut import Table


def small():
    """Two convolutions and a product, small enough to try every mapping."""
    return (
        Chain(3, 10)
        .convolution("conv1", 8, 3)
        .convolution("conv2", 16, 3)
        .product("fc", 10)
        .network("small", "made here")
    )


def top_heavy():
    """A convolution, and products whose weights take ten sub-arrays and one."""
    return (
        Chain(16, 8)
        .convolution("conv", 32, 3)
        .product("fc1", 256)
        .product("fc2", 10)
        .network("top-heavy", "made here")
    )


def chip_of_one_copy(network, **choice) -> Chip:
    conditions, options, assumptions = Conditions(), Options(**choice), load_assumptions()
    prices = read_prices(Table.open(), conditions)
    array = build_array(conditions, prices, options, assumptions)
    layers = plan_layers(network, 1, 4, None, "all").layers
    return Chip.build(layers, array, prices, options, assumptions)


@pytest.fixture(scope="module")
def one_copy() -> Chip:
    """The chip with one copy of everything, on the reference table."""
    return chip_of_one_copy(small())


def every_mapping(chip: Chip):
    """(area, energy, latency, sub-arrays) of all choices of all layers by the whole model."""
    layers = [work.planned for work in chip.works]
    choices = [alternatives(chip, layer).choices for layer in layers]
    pricing = chip.pricing
    for picked in product(*choices):
        mapped = tuple(
            replace(layer, choice=choice) for layer, choice in zip(layers, picked, strict=True)
        )
        one = Chip.build(
            mapped, pricing.array, pricing.prices, pricing.options, pricing.assumptions
        )
        reports = one.layer_reports()
        yield (
            sum(one.area_components().values()),
            sum(report.energy for report in reports),
            sum(report.latency for report in reports),
            sum(report.subarrays for report in reports),
        )


@pytest.fixture(scope="module")
def all_mappings(one_copy) -> np.ndarray:
    return np.array(list(every_mapping(one_copy)))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("share", [None, 0.05, 0.3, 0.8])
def test_exhaustive_search_finds_nothing_better(objective, share, all_mappings) -> None:
    area, energy, latency, _ = all_mappings.T
    limit = None if share is None else float(np.quantile(area, share))
    within = area <= (np.inf if limit is None else limit)
    values = {
        "energy": energy, "latency": latency, "product": energy * latency,
        "area": area, "area_latency": area * latency,
    }[objective]  # fmt: skip
    found = search_mapping(small(), objective, area_limit=limit, samples=0)
    report = found.report
    ours = {
        "energy": report.energy,
        "latency": report.latency,
        "product": report.energy * report.latency,
        "area": report.area,
        "area_latency": report.area * report.latency,
    }[objective]
    assert len(values) > 100
    assert found.gap == 0
    assert ours == pytest.approx(values[within].min(), rel=1e-9)
    if limit is not None:
        assert report.area <= limit


def test_kernels_come_from_outside_where_the_chip_is_too_small_for_them() -> None:
    """Exhaustively again; the least area has no room for the kernels of the large product."""
    settings = {"weight_store": "outside", "off_chip": True}
    chip = chip_of_one_copy(top_heavy(), **settings)
    area, energy, latency, _ = np.array(list(every_mapping(chip))).T
    for share, chosen in ((0.2, INPUT_STATIONARY), (0.6, WEIGHT_STATIONARY)):
        limit = float(np.quantile(area, share))
        for objective, values in (("energy", energy), ("latency", latency)):
            found = search_mapping(top_heavy(), objective, area_limit=limit, samples=0, **settings)
            best = values[area <= limit].min()
            assert getattr(found.report, objective) == pytest.approx(best, rel=1e-9)
            dataflows = {layer.name: layer.choice.dataflow for layer in found.report.layers}
            assert (dataflows["conv"], dataflows["fc1"]) == (WEIGHT_STATIONARY, chosen)


@pytest.mark.parametrize("share", [0.05, 0.3])
@pytest.mark.parametrize("objective", ["energy", "area"])
def test_a_latency_is_kept_by_the_best_that_keeps_it(objective, share, all_mappings) -> None:
    area, energy, latency, _ = all_mappings.T
    slowest = float(np.quantile(latency, share))
    largest = float(np.quantile(area[latency <= slowest], 0.5))
    within = (latency <= slowest) & (area <= largest)
    values = {"energy": energy, "area": area}[objective]
    found = search_mapping(small(), objective, area_limit=largest, latency_limit=slowest, samples=0)
    assert found.report.latency <= slowest
    assert found.report.area <= largest
    assert getattr(found.report, objective) == pytest.approx(values[within].min(), rel=1e-9)


def test_where_nothing_is_within_the_nearest_are_those_of_all_mappings(all_mappings) -> None:
    area, _, latency, _ = all_mappings.T
    largest, slowest = float(area.min()) * 1.01, float(latency.min()) * 1.01
    assert not np.any((area <= largest) & (latency <= slowest))
    limits = {"area_limit": largest, "latency_limit": slowest, "samples": 0}
    with pytest.raises(NothingWithinError, match="no mapping stays within the limits"):
        search_mapping(small(), **limits)
    misses = nearest_mappings(small(), **limits)
    found = {miss.found.objective: miss.over for miss in misses}
    assert found["latency"] == {
        "latency": pytest.approx(latency[area <= largest].min() / slowest, rel=1e-9)
    }
    smallest = area[latency <= slowest].min() / largest
    assert found["area"] == {"area": pytest.approx(smallest, rel=1e-9)}
    products = np.maximum(area / largest, 1) * np.maximum(latency / slowest, 1)
    assert misses[0].product >= products.min() * (1 - 1e-9)
    assert [miss.product for miss in misses] == sorted(miss.product for miss in misses)


def test_a_capacity_is_kept(all_mappings) -> None:
    subarrays = all_mappings[:, 3]
    most = float(np.quantile(subarrays, 0.2))
    found = search_mapping(small(), "latency", capacity_limit=most * 256 * 256, samples=0)
    assert found.report.subarrays <= most
    assert found.report.latency == pytest.approx(
        all_mappings[subarrays <= most][:, 2].min(), rel=1e-9
    )


def test_the_sums_are_those_of_the_whole_model(one_copy) -> None:
    """With one copy of everything the sums are of the very chip that they are added up for."""
    options = [alternatives(one_copy, work.planned) for work in one_copy.works]
    plain = [
        one.added[
            next(
                place
                for place, choice in enumerate(one.choices)
                if choice in (None, Choice(1, False, False))
            )
        ]
        for one in options
    ]
    sums = np.sum(plain, axis=0)
    report = estimate(small(), samples=0)
    rest = idle_power(one_copy, 0.0).rest
    assert sums[TIME] == pytest.approx(report.latency)
    assert sums[ENERGY] + rest * sums[POWER] * sums[TIME] == pytest.approx(report.energy)
    outside = ("buffers", "transpose", "digital_unit")
    inside = sum(v for name, v in report.area_components.items() if name not in outside)
    pricing, leaves = one_copy.pricing, Hardware(leaves=report.subarrays)
    tree = floorplan(leaves, pricing.tree, pricing.prices, pricing.assumptions).total_area
    assert sums[AREA] + tree == pytest.approx(inside, rel=1e-12)


def test_the_report_has_its_intervals() -> None:
    report = search_mapping("lenet5", "product").report
    assert report.uncertainty.energy.low < report.energy < report.uncertainty.energy.high
    assert any(layer.choice.copies > 1 for layer in report.layers if layer.choice)


def test_more_area_is_never_worse() -> None:
    base = estimate("lenet5", samples=0)
    energies = [
        search_mapping("lenet5", "energy", area_limit=factor * base.area, samples=0).report.energy
        for factor in (1.05, 1.3, 2.0, 4.0)
    ]
    assert energies == sorted(energies, reverse=True)
    assert energies[0] <= base.energy


# --- merging


tables = st.lists(
    st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, 3.5, 7.0])] * 3), min_size=1, max_size=5),
    min_size=1,
    max_size=4,
)


@given(tables, st.sampled_from([np.inf, 4.0, 9.0]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_merging_finds_the_least_of_all_sums(layers, limit: float, informed: bool) -> None:
    arrays = [np.array(layer) for layer in layers]
    limits = np.array([limit, np.inf, np.inf])

    def objective(sums):
        return sums[:, 2] + sums[:, 0] * sums[:, 1]

    sums = np.array([np.sum(picked, axis=0) for picked in product(*arrays)])
    allowed = sums[sums[:, 0] <= limit]
    known = at_hand(arrays, limits, objective) if informed else np.inf
    found = merge(arrays, limits, objective, known)
    if not len(allowed):
        assert not len(found.sums)
        return
    assert objective(found.sums)[0] == objective(allowed).min()
    picked = np.sum([a[i] for a, i in zip(arrays, found.picks[0], strict=True)], axis=0)
    assert picked.tolist() == found.sums[0].tolist()


def test_of_equal_rows_one_stays() -> None:
    values = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])
    assert sorted(values[undominated(values)].tolist()) == [[1.0, 2.0], [2.0, 1.0]]


# --- refusals


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"objective": "speed"}, "no objective 'speed'"),
        ({"area_limit": -1.0}, "a number above 0"),
        ({"capacity_limit": float("nan")}, "a number above 0"),
        ({"area_limit": 1e-9}, "no mapping stays within the limits"),
        ({"capacity_limit": 100}, "no mapping stays within the limits"),
        ({"copies": 3}, "what the search chooses"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, words: str) -> None:
    with pytest.raises(EstimateError, match=words) as caught:
        search_mapping("lenet5", samples=0, **arguments)
    assert "\n" not in str(caught.value)
