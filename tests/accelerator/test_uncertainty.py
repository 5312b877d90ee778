"""Intervals of totals: limits without spread, sample by sample, shares beside known ones."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from accelerator import EstimateError, estimate
from accelerator.assumptions import load_assumptions
from accelerator.chip import Chip
from accelerator.networks import load_network
from accelerator.options import Options
from accelerator.pipeline import build_array
from accelerator.plan import plan_layers
from accelerator.price_list import listed, with_figures
from accelerator.prices import Conditions, read_prices
from accelerator.uncertainty.interpolation import between_grid_points, curvature
from accelerator.uncertainty.process import CORNERS, ProcessSpread
from accelerator.uncertainty.propagation import UncertainChip
from accelerator.uncertainty.sampling import latin_hypercube, shares, standard_normal
from accelerator.uncertainty.sources import find_sources
from lut import SCHEMA, Axis, Group, Table, Variable

CERTAIN = {
    "bias_generator_efficiency": 0.8,
    "idle_leakage_fraction": 0.05,
    "periphery_utilisation": 0.7,
    "array_utilisation": 0.9,
    "control_flip_flops": 64,
    "density_half_width": 0,
}


def uncertain_chip(
    table: Table, conditions: Conditions, network: str = "lenet5", **choice: bool
) -> UncertainChip:
    options = Options(**choice)
    # As an estimate does: what is not paid has no part in the intervals.
    assumptions = load_assumptions().exactly("off_chip_energy")
    prices = read_prices(table, conditions)
    array = build_array(conditions, prices, options, assumptions)
    layers = plan_layers(load_network(network), 1, 4, None, "all").layers
    sources = find_sources(table, conditions, prices, assumptions)
    return UncertainChip(layers, array, options, sources)


def drawn(chip: UncertainChip, number: int, seed: int = 0) -> dict[str, np.ndarray]:
    uniform = latin_hypercube(number, len(chip.carried), seed)
    return {source.name: one for source, one in zip(chip.carried, uniform, strict=True)}


# --- limits


def test_without_spread_the_interval_is_the_nominal_value(synthetic_table: Table) -> None:
    report = estimate("lenet5", table=synthetic_table, assumptions=CERTAIN, corner="ss")
    found = report.uncertainty
    assert [source.name for source in found.sources] == [
        "ones among activation bits",
        "ones among weight bits",
    ]
    for interval, nominal in (
        (found.energy, report.energy),
        (found.latency, report.latency),
        (found.area, report.area),
    ):
        assert interval.low == pytest.approx(nominal, rel=1e-12)
        assert interval.median == pytest.approx(nominal, rel=1e-12)
        assert interval.high == pytest.approx(nominal, rel=1e-12)
        assert set(interval.shares.values()) == {0.0}


def test_what_is_not_carried_is_said(synthetic_table: Table, reference: Table) -> None:
    unknown = estimate("lenet5", table=synthetic_table).uncertainty.unknown
    assert any("'ff' is not in the table" in sentence for sentence in unknown)
    assert any("no statistics" in sentence for sentence in unknown)
    slow = estimate("lenet5", table=reference, corner="ss").uncertainty.unknown
    assert any("the corner ss was chosen" in sentence for sentence in slow)


def test_equal_seeds_give_equal_intervals(reference: Table) -> None:
    one, same, other = (
        estimate("lenet5", table=reference, seed=seed).uncertainty for seed in (3, 3, 4)
    )
    assert one == same
    assert one.energy != other.energy
    assert one.energy.low == pytest.approx(other.energy.low, rel=0.02)
    assert one.energy.high == pytest.approx(other.energy.high, rel=0.02)


def test_no_samples_leave_the_intervals_out(reference: Table) -> None:
    report = estimate("lenet5", table=reference, samples=0)
    assert report.uncertainty is None
    assert report.to_dict()["uncertainty"] is None


@pytest.mark.parametrize(
    ("samples", "words"), [(10, "tell no interval"), (-1, "whole number"), (10**7, "whole number")]
)
def test_numbers_of_samples_that_cannot_be(samples: int, words: str, reference: Table) -> None:
    with pytest.raises(EstimateError, match=words):
        estimate("lenet5", table=reference, samples=samples)


# --- the walk over samples


def test_prices_come_back_from_their_list(reference: Table) -> None:
    prices = read_prices(reference, Conditions())
    assert with_figures(prices, listed(prices)) == prices
    doubled = with_figures(prices, {name: 2 * value for name, value in listed(prices).items()})
    assert doubled.and2.energy["01"]["bias"] == 2 * prices.and2.energy["01"]["bias"]
    assert doubled.columns_per_amplifier == prices.columns_per_amplifier


def single(value):
    """Arrays of one sample as numbers, all through a price."""
    if isinstance(value, np.ndarray):
        return float(value[0])
    if isinstance(value, dict):
        return {key: single(entry) for key, entry in value.items()}
    if is_dataclass(value):
        return replace(value, **{f.name: single(getattr(value, f.name)) for f in fields(value)})
    return value


@pytest.mark.parametrize("conditions", [Conditions(), Conditions(vdd=0.93, temperature=320.0)])
@pytest.mark.parametrize("pipelined", [False, True])
def test_samples_walked_together_equal_samples_walked_alone(
    pipelined: bool, conditions: Conditions, reference: Table
) -> None:
    chip = uncertain_chip(reference, conditions, "alexnet", pipelined=pipelined)
    together = chip.totals(drawn(chip, 64))
    for index in (0, 17, 63):
        one = {name: values[index : index + 1] for name, values in drawn(chip, 64).items()}
        prices = single(chip.sources.figures(one))
        constants = single(chip.sources.constants(one))
        options = replace(
            chip.options,
            activation_density=0.3 + 0.4 * float(one["ones among activation bits"][0]),
            weight_density=0.3 + 0.4 * float(one["ones among weight bits"][0]),
        )
        alone = Chip.build(chip.layers, chip.array, prices, options, constants)
        reports = alone.layer_reports()
        assert together[0][index] == pytest.approx(sum(r.energy for r in reports), rel=1e-12)
        assert together[1][index] == pytest.approx(sum(r.latency for r in reports), rel=1e-12)
        area = sum(alone.area_components().values())
        assert together[2][index] == pytest.approx(area, rel=1e-12)


def test_the_interval_is_that_of_many_random_samples(reference: Table) -> None:
    # Of 512 samples 13 lie beyond each end, which scatters by 3 % of the width from seed to seed.
    reports = [estimate("alexnet", table=reference, seed=seed).uncertainty for seed in range(8)]
    chip = uncertain_chip(reference, Conditions(), "alexnet")
    many = chip.totals(drawn(chip, 40_000, seed=7))
    for total, values in zip(("energy", "latency", "area"), many, strict=True):
        each = [getattr(report, total) for report in reports]
        found = np.mean([(one.low, one.median, one.high) for one in each], axis=0)
        low, median, high = np.quantile(values, (0.025, 0.5, 0.975))
        width = high - low
        assert found[0] == pytest.approx(low, abs=0.05 * width)
        assert found[1] == pytest.approx(median, abs=0.05 * width)
        assert found[2] == pytest.approx(high, abs=0.05 * width)


# --- sources


def test_every_corner_has_its_own_prices(reference: Table) -> None:
    at = Conditions(vdd=0.9, temperature=398.15)
    figures = {
        corner: listed(read_prices(reference, replace(at, corner=corner))) for corner in CORNERS
    }
    spread = ProcessSpread(figures)
    speeds = {"tt": (0, 0), "ff": (1, 1), "ss": (-1, -1), "fs": (1, -1), "sf": (-1, 1)}
    n, p = np.array([speeds[corner] for corner in CORNERS], dtype=float).T
    found = spread.at(n, p)
    for index, corner in enumerate(CORNERS):
        for name, value in figures[corner].items():
            assert found[name][index] == pytest.approx(value, rel=1e-9, abs=1e-30)


def test_the_error_of_interpolating_a_square_is_known(synthetic_table: Table) -> None:
    """Energies there go as VDD squared: a straight line is above by (x - a)(b - x)."""
    at = Conditions(vdd=0.96)
    assert between_grid_points(synthetic_table, at) == ["vdd"]
    errors = curvature(synthetic_table, at, "vdd")
    line = 0.9**2 + (1.0**2 - 0.9**2) * 0.6
    assert errors["and2.energy.01.bias"] == pytest.approx((0.96**2 - line) / line, rel=1e-6)
    assert errors["and2.cycle_time"] == pytest.approx(0, abs=1e-9)


def test_the_error_of_interpolation_is_that_of_a_point_left_out(reference: Table) -> None:
    """The parabola's distance is at least of the order of what a finer grid shows: between
    64 and 256 rows the table knows 128."""
    known = listed(read_prices(reference, Conditions(rows=128)))
    low, high = (listed(read_prices(reference, Conditions(rows=rows))) for rows in (64, 256))
    far = listed(read_prices(reference, Conditions(rows=512)))
    for name in ("and2.cycle_time", "and2.energy.01.bias", "read.cycle_time"):
        line = low[name] + (high[name] - low[name]) * (128 - 64) / (256 - 64)
        second = (far[name] - low[name]) / (512 - 64) - (high[name] - low[name]) / (256 - 64)
        told = abs(second / (512 - 256) * (128 - 64) * (128 - 256))
        assert abs(known[name] - line) <= 3 * told + 0.005 * known[name]


def test_on_the_grid_nothing_is_interpolated(reference: Table) -> None:
    assert between_grid_points(reference, Conditions()) == []
    assert between_grid_points(reference, Conditions(vdd=0.95, rows=100)) == ["vdd", "rows"]


def with_means(table: Table, ratio: float, half_width: float) -> Table:
    """The table with mean energies over random devices: of AND, at its nominal condition."""
    spec = SCHEMA["and2_statistics"]
    place = {"corner": ["tt"], "vdd": [1.0], "temperature": [300.15], "rows": [256]}
    place["operands"] = ["00", "01", "10", "11"]
    axes = {name: Axis(place[name], axis.units, axis.meaning) for name, axis in spec.axes.items()}
    energy = np.array(
        [
            table.value("and2", "energy", corner="tt", vdd=1.0, temperature=300.15, rows=256,
                        operands=operands)
            for operands in place["operands"]
        ]
    ).reshape(1, 1, 1, 1, 4)  # fmt: skip
    variables = {
        f"energy_mean{end}": Variable(factor * energy, spec.dims, "J", "made up")
        for end, factor in (
            ("", ratio),
            ("_low", ratio - half_width),
            ("_high", ratio + half_width),
        )
    }
    outcome = np.zeros(energy.shape, dtype=np.int8)
    variables["outcome"] = Variable(outcome, spec.dims, "1", "how it ended")
    group = Group(axes, variables, {"variation": "made up"})
    return replace(table, groups={**table.groups, "and2_statistics": group})


def test_mean_energies_over_random_devices_take_the_place_of_nominal_ones(
    reference: Table,
) -> None:
    """AND senses cost a fifth more on the mean, give or take a tenth in 95 % of all cases."""
    conditions = Conditions()
    table = with_means(reference, 1.2, 0.1)
    sources = find_sources(table, conditions, read_prices(table, conditions), load_assumptions())
    name = "mean over random devices"
    assert name in [source.name for source in sources.carried]
    assert not any("statistics" in sentence for sentence in sources.unknown)
    number = 2001
    uniform = {source.name: np.full(number, 0.5) for source in sources.carried}
    uniform[name] = (np.arange(number) + 0.5) / number
    nominal = read_prices(reference, conditions)
    found = sources.figures(uniform)
    for operands, parts in nominal.and2.energy.items():
        for part, value in parts.items():
            if value == 0:  # an amplifier without a reference branch of its own
                continue
            factors = found.and2.energy[operands][part] / value
            assert factors.mean() == pytest.approx(1.2, rel=1e-6)
            low, high = np.quantile(factors, (0.025, 0.975))
            assert (low, high) == (pytest.approx(1.1, abs=1e-3), pytest.approx(1.3, abs=1e-3))
    assert found.read.energy["1"]["bias"] == pytest.approx(nominal.read.energy["1"]["bias"])


# --- shares


def test_samples_are_even_in_every_variable() -> None:
    found = latin_hypercube(128, 5, seed=1)
    for values in found:
        assert sorted(np.floor(values * 128).astype(int)) == list(range(128))
    assert np.abs(np.corrcoef(found) - np.eye(5)).max() < 0.3
    scores = standard_normal(found[0])
    assert scores.mean() == pytest.approx(0, abs=1e-9)
    assert scores.std() == pytest.approx(1, abs=0.02)


def test_shares_of_a_sum_are_its_variances() -> None:
    uniform = latin_hypercube(4096, 3, seed=2)
    a, b, c = (standard_normal(one) for one in uniform)
    total = 10 + 3 * a + 2 * b + 1 * (c**2 - 1) / 2**0.5
    found = shares(uniform, np.stack([total, 5 + 0 * a]))
    assert found[0] == pytest.approx([9 / 14, 4 / 14, 1 / 14], abs=0.02)
    assert found[1] == pytest.approx([0, 0, 0], abs=1e-9)


def test_shares_of_a_product_leave_the_rest_to_both_together() -> None:
    """x y with means of one: first-order shares 1/(2 + s^2), together s^2/(2 + s^2)."""
    uniform = latin_hypercube(8192, 2, seed=3)
    sigma = 0.8
    x, y = (1 + sigma * standard_normal(one) for one in uniform)
    found = shares(uniform, (x * y)[None])[0]
    assert found == pytest.approx([1 / (2 + sigma**2)] * 2, abs=0.02)


def test_shares_are_those_of_an_independent_library(reference: Table) -> None:
    openturns = pytest.importorskip("openturns", reason="the extra [statistics] is not installed")
    chip = uncertain_chip(reference, Conditions(), "alexnet")
    names = [source.name for source in chip.carried]
    law = openturns.JointDistribution([openturns.Uniform(0, 1)] * len(names))
    openturns.RandomGenerator.SetSeed(1)
    design = np.array(openturns.SobolIndicesExperiment(law, 2048).generate())
    columns = dict(zip(names, design.T, strict=True))
    energy = chip.totals(columns)[0]
    indices = openturns.SaltelliSensitivityAlgorithm(
        openturns.Sample(design), openturns.Sample(energy[:, None]), 2048
    ).getFirstOrderIndices()
    ours = estimate("alexnet", table=reference).uncertainty.energy.shares
    for name, theirs in zip(names, indices, strict=True):
        assert ours[name] == pytest.approx(theirs, abs=0.06)
