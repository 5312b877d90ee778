"""Lanes beside a sub-array, what an image costs on them, and ten years of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from ageing_table import with_ageing
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError
from accelerator.ageing.delays import YEAR
from accelerator.array import Array
from accelerator.datasets import load_dataset
from accelerator.prices import Conditions, read_prices
from accelerator.stochastic.image_cost import LaneMachine
from accelerator.stochastic.ladder import cycles_of
from accelerator.stochastic.lanes import LaneGroup, aged_prices
from accelerator.stochastic.multiplier import product
from accelerator.stochastic.plot import save_years
from accelerator.stochastic.policy import (
    BY_LAYER,
    FEWER,
    GUARD_BAND,
    POLICIES,
    SLOWING,
    THROTTLED,
    Life,
    prices_over_age,
)
from accelerator.stochastic.stored import StoredNetworks
from accelerator.stochastic.study import over_years, study
from lut import Table, TableError

HOT = Conditions(temperature=398.15)
BLOCKS = ("full_adder", "flip_flop", "decoder_gate")


@pytest.fixture(scope="module")
def table():
    return with_ageing(*BLOCKS, per_volt=4.0)


@pytest.fixture(scope="module")
def stored():
    whole = StoredNetworks.load()
    return replace(whole, trainings=whole.trainings[:2])


@pytest.fixture(scope="module")
def machine(stored, table):
    fixed = stored.trainings[0].fixed(stored.network)
    return LaneMachine.of(fixed, HOT, read_prices(table, HOT))


@pytest.fixture(scope="module")
def life(machine, table, stored):
    return Life(machine, prices_over_age(table, HOT), stored.trainings[0].rungs)


def slowed(prices, factor):
    """Prices whose lanes are slower."""
    blocks = {name: getattr(prices, name) for name in BLOCKS}
    return replace(
        prices, **{n: replace(block, delay=block.delay * factor) for n, block in blocks.items()}
    )


def with_sensing(machine, cycle_time):
    prices = machine.prices
    return machine.with_prices(replace(prices, read=replace(prices.read, cycle_time=cycle_time)))


ARRAY = Array(256, 256, 8, 1, 1, 32, 20)


@given(st.integers(1, 12), st.integers(1, 5000), st.integers(1, 8))
def test_a_sum_holds_its_largest_value(bits, length, phases):
    group = LaneGroup.beside(ARRAY, bits, length, phases)
    largest = product((1 << bits) - 1, np.arange(1 << bits), bits).max()
    assert (length + 1) * largest < 1 << (group.sum_bits - 1)
    assert group.lanes == phases * (32 // bits)


def test_the_shipped_networks_sums_fit(stored):
    for once in stored.trainings:
        fixed = once.fixed(stored.network)
        for own in fixed.layers:
            fraction = own.taken.fraction + own.kept.fraction - fixed.bits
            assert np.abs(own.bias * 2.0**fraction).max() < 1 << fixed.bits


def test_the_carry_through_the_sum_sets_the_clock(machine):
    paths = machine.group.paths(machine.prices)
    adder, register = machine.prices.full_adder.delay, machine.prices.flip_flop.delay
    assert machine.period == paths["sum"] == register + machine.group.sum_bits * adder
    assert machine.with_prices(slowed(machine.prices, 1.5)).period == pytest.approx(
        1.5 * machine.period
    )


@pytest.mark.parametrize("dropped", [0, 1, 3, (1, 0, 2, 0, 4)])
def test_without_sensing_an_image_takes_its_cycles(machine, dropped):
    quick = with_sensing(machine, 1e-20)
    cycles = cycles_of(machine.network, dropped)
    assert quick.time(dropped, 2e-9) == pytest.approx(cycles / machine.group.lanes * 2e-9)
    cost = quick.cost(dropped, 2e-9)
    assert cost.cycles == pytest.approx(cycles)
    assert cost.waiting == pytest.approx(0, abs=1e-9)
    assert cost.energy == sum(cost.components.values())


def test_with_slow_sensing_bits_give_no_time(machine):
    """Each weight then takes a fetch, whatever its magnitude."""
    slow = with_sensing(machine, 1e-3)
    weights = sum(own.weights.size * own.layer.positions for own in machine.network.layers)
    wanted = weights / machine.group.lanes * machine.phases * 1e-3
    assert slow.time(0, 1e-9) == pytest.approx(wanted)
    assert slow.time(4, 1e-9) == pytest.approx(wanted)
    assert slow.period_for(4, wanted * 0.99) == 0.0


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 5), st.floats(1e-10, 1e-8))
def test_the_slowest_clock_for_a_time_gives_that_time(machine, dropped, period):
    time = machine.time(dropped, period)
    slowest = machine.period_for(dropped, time)
    assert machine.time(dropped, slowest) == pytest.approx(time, rel=1e-9)
    assert slowest >= period * (1 - 1e-9)


def test_energy_is_counts_times_prices(machine):
    """One layer by hand: counters, multiplexers, reads of activations."""
    cost = machine.cost(2, machine.period)
    prices, group = machine.prices, machine.group
    counters = gates = reads = 0.0
    for own in machine.network.layers:
        rounds = own.layer.positions / group.lanes
        magnitudes = [abs(int(w)) >> 2 for w in own.weights.ravel()]
        counters += rounds * sum(magnitudes) * (2 * 6 + group.lanes * (group.sum_bits - 2))
        gates += rounds * sum(magnitudes)
        reads += rounds * sum(m > 0 for m in magnitudes) * group.lanes * 6
    one = prices.full_adder.energy + prices.flip_flop.energy
    assert cost.components["counters"] == pytest.approx(counters * one)
    one = (6 + 2 * group.lanes) * prices.decoder_gate.energy
    one += group.lanes * prices.flip_flop.energy
    assert cost.components["multiplexers"] == pytest.approx(gates * one)
    parts = [prices.read.energy[value] for value in "01"]
    mean = {name: (parts[0][name] + parts[1][name]) / 2 for name in parts[0]}
    given = mean["bias"] + mean["reference"]
    one = sum(mean.values()) - given + given / machine.assumptions.bias_generator_efficiency.value
    assert cost.components["activation_reads"] == pytest.approx(reads * one)


def test_fewer_bits_take_less_of_everything(machine):
    costs = [machine.cost(cut, machine.period) for cut in range(6)]
    for before, after in pairwise(costs):
        assert after.energy < before.energy
        assert after.time < before.time
        assert after.waiting > before.waiting
        assert after.area == before.area


def test_the_clock_slows_with_age_as_its_blocks_do(table, machine, life):
    for years in (0.0, 1.0, 10.0):
        prices = aged_prices(table, HOT, years * YEAR)
        period = machine.group.period(prices)
        assert life.moment(SLOWING, years * YEAR).frequency == pytest.approx(1 / period)
    ages = [0.0, 0.01, 0.5, 3.0, 10.0]
    found = [life.moment(SLOWING, age * YEAR).frequency for age in ages]
    assert all(after < before for before, after in pairwise(found))


@pytest.mark.parametrize("policy", [FEWER, THROTTLED, BY_LAYER])
def test_the_first_days_rate_is_kept(life, policy):
    for years in (0.0, 0.01, 1.0, 10.0):
        moment = life.moment(policy, years * YEAR)
        assert moment.rate >= life.fresh_rate * (1 - 1e-9)
        assert any(moment.dropped) == (years > 0)
        if policy == FEWER:
            # The plain rule, f / 2^N: a bit fewer doubles what the clock has left.
            fresh = life.moment(SLOWING, 0.0)
            wanted = moment.frequency / fresh.frequency * 2 ** max(moment.dropped)
            assert moment.product_rate / fresh.product_rate == pytest.approx(wanted)
            assert wanted >= 1


def test_without_a_policy_the_rate_is_lost(life):
    aged, guarded = (life.moment(policy, 10 * YEAR) for policy in (SLOWING, GUARD_BAND))
    assert aged.rate == pytest.approx(guarded.rate)
    assert guarded.rate == pytest.approx(life.moment(GUARD_BAND, 0.0).rate)
    assert guarded.rate < 0.98 * life.fresh_rate


def test_a_slower_clock_saves_power_at_the_same_rate(life):
    fresh, late = life.moment(THROTTLED, 0.0), life.moment(THROTTLED, 10 * YEAR)
    assert late.rate == pytest.approx(fresh.rate, rel=1e-9)
    assert late.frequency < 0.55 * fresh.frequency
    assert late.active_power < 0.7 * fresh.active_power
    assert late.power < life.moment(FEWER, 10 * YEAR).power


def test_single_layers_give_up_fewer_bits_than_all(life):
    layers, everything = (life.moment(policy, 10 * YEAR) for policy in (BY_LAYER, FEWER))
    assert everything.bits == 7
    assert 7 < layers.bits < 8
    assert sum(layers.dropped) < sum(everything.dropped)
    assert layers.rate == pytest.approx(life.fresh_rate, rel=1e-9)


def test_bits_fall_as_far_as_the_clock_does(machine, stored):
    """Half the clock needs somewhat less than one bit, a third two, hundredfold is refused."""
    fresh = machine.prices
    rungs = stored.trainings[0].rungs
    bits = []
    for factor in (1.0, 1.9, 3.0):
        life = Life(
            machine, lambda age, factor=factor: slowed(fresh, factor) if age else fresh, rungs
        )
        bits.append(life.moment(FEWER, YEAR).bits)
    assert bits == [8, 7, 6]
    life = Life(machine, lambda age: slowed(fresh, 1000) if age else fresh, rungs)
    with pytest.raises(EstimateError, match="no width gives the first day's"):
        life.moment(FEWER, YEAR)
    with pytest.raises(EstimateError, match="there is no policy 'none'"):
        life.moment("none", 0.0)


def test_years_have_every_policy_with_its_accuracy(stored, table):
    tested = load_dataset("digits", "test").first(60)
    points = over_years(stored, table, tested, (398.15,), (0.0, 10.0))
    assert [(p.policy, p.years) for p in points] == [(n, y) for n in POLICIES for y in (0, 10)]
    whole = points[0].accuracy.values
    assert len(whole) == 2
    for point in points:
        if point.bits.mean == 8:
            assert point.accuracy.values == whole
        assert np.isfinite(point.power.mean)


def test_years_are_drawn(stored, table, tmp_path):
    tested = load_dataset("digits", "test").first(20)
    points = over_years(stored, table, tested, (398.15,), (0.0, 1.0))
    save_years(points, tmp_path / "years.png")
    assert (tmp_path / "years.png").stat().st_size > 5000
    with pytest.raises(EstimateError, match="there are no years to draw"):
        save_years((), tmp_path / "none.png")


def test_a_table_without_aged_blocks_gives_all_but_the_years(stored):
    fresh = Table.open()
    groups = {name: group for name, group in fresh.groups.items() if not name.endswith("_aged")}
    fresh = replace(fresh, groups=groups)
    with pytest.raises(TableError, match="full_adder_aged"):
        aged_prices(fresh, HOT, 0.0)
    found = study(stored, fresh, load_dataset("digits", "test").first(20))
    assert not found.years
    assert "full_adder_aged" in found.missing
    assert [cost.bits for cost in found.costs] == [8, 7, 6, 5, 4]


def test_what_no_sub_array_feeds_is_refused():
    with pytest.raises(EstimateError, match="give more columns"):
        LaneGroup.beside(replace(ARRAY, columns=32), 8, 9, 1)
    with pytest.raises(EstimateError, match="in 1 to 8 phases, not 9"):
        LaneGroup.beside(ARRAY, 8, 9, 9)
