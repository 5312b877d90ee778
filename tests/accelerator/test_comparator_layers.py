"""Layers of comparisons and of additions in rows: exact, counted, priced, explained."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from math import prod

import comparator_networks as networks
import numpy as np
import pytest

from accelerator import EstimateError, estimate
from accelerator.array import Array
from accelerator.comparator.addition import counting_adders, working_rows
from accelerator.comparator.configuration import KINDS, Configuration, network_of
from accelerator.comparator.expectation import expected_counts
from accelerator.comparator.layer import compare_maps, count_comparisons, execute_comparisons
from accelerator.comparator.mapping import map_rows
from accelerator.comparator.pattern import random_pairs
from accelerator.comparator.study import Costing, added_in_rows, plan_shapes
from accelerator.comparator.summation import SummationRun, sum_maps, summation_of
from accelerator.costs import COMPONENTS
from accelerator.explanation.again import estimate_again
from accelerator.explanation.explanation import explain
from accelerator.explanation.terms import layer_terms
from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.inference.costing import plan_run
from accelerator.networks import Layer, Operation, load_network
from accelerator.options import Options
from accelerator.search.search import search_mapping
from lut import Table, TableError, write_table

ARRAY = Array(256, 256, 8, 1, 1, 100, 19)
KERNEL = (3, 3)


@pytest.fixture(scope="module")
def table():
    return Table.open()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    path = networks.write(tmp_path_factory.mktemp("comparator"))
    return path, QuantizedNetwork(path).run(networks.images())


def comparison(channels=4, maps=12, size=(7, 6), seed=0):
    """A layer of comparisons."""
    pairs = random_pairs(channels, maps, 9, seed)
    return Layer(
        "compare", Operation.COMPARISON, channels, size, maps, size, KERNEL, (1, 1), (1, 1),
        (1, 1), pairs=pairs,
    )  # fmt: skip


@pytest.mark.parametrize(("channels", "maps"), [(1, 8), (3, 9), (4, 80), (16, 32)])
def test_a_channel_compares_a_pivot_with_others_and_no_pixel_with_itself(channels, maps):
    pairs = random_pairs(channels, maps, 9, seed=5)
    steps = maps // channels
    by_channel = zip(
        np.reshape(pairs.neighbours, (steps, channels)).T,
        np.reshape(pairs.pivots, (steps, channels)).T,
        strict=True,
    )
    for neighbours, pivots in by_channel:
        for start in range(0, steps, 8):
            own = slice(start, start + 8)
            assert len(set(pivots[own])) == 1
            assert len({*neighbours[own], *pivots[own]}) == len(neighbours[own]) + 1
    fresh = pairs.new_pivots(channels)
    assert [index for index, new in enumerate(fresh) if new] == list(range(0, steps, 8))
    assert pairs == random_pairs(channels, maps, 9, seed=5)
    assert pairs != random_pairs(channels, maps, 9, seed=6)


def test_maps_are_what_their_definition_says():
    layer = comparison()
    codes = np.random.default_rng(2).integers(0, 32, (2, 4, 7, 6))
    maps = compare_maps(codes, layer.pairs, KERNEL)
    for image, number, y, x in np.ndindex(maps.shape):

        def pixel(tap, image=image, number=number, y=y, x=x):
            row, column = y + tap // 3 - 1, x + tap % 3 - 1
            inside = 0 <= row < 7 and 0 <= column < 6
            return codes[image, number % 4, row, column] if inside else 0

        taps = layer.pairs.neighbours[number], layer.pairs.pivots[number]
        assert maps[image, number, y, x] == (pixel(taps[0]) > pixel(taps[1]))


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_cells_of_sub_arrays_count_and_give_what_the_fast_form_does(bits):
    layer = comparison(maps=40)
    array = Array(64, 64, 8, 2, 1, 5, 19)
    codes = np.random.default_rng(bits).integers(0, 1 << bits, (2, 4, 7, 6))
    total = None
    for image in codes:
        maps, counts = execute_comparisons(image, layer.pairs, KERNEL, bits, array)
        assert np.array_equal(maps, compare_maps(image[None], layer.pairs, KERNEL)[0])
        if total is None:
            total = counts
        else:
            total.add(counts)
    assert total == count_comparisons(codes, layer.pairs, KERNEL, bits, array)
    lanes, steps, pivots = 4 * 7 * 6, 10, 2
    assert total.input_cells == 2 * lanes * bits * (steps + pivots)


@pytest.mark.parametrize("density", [0.5, 0.2])
def test_random_bits_count_what_is_expected_of_them(density):
    layer = comparison(channels=8, maps=24, size=(20, 19))
    bits, images = 6, 6
    planes = np.random.default_rng(3).random((bits, images, 8, 20, 19)) < density
    codes = (planes * (1 << np.arange(bits))[:, None, None, None, None]).sum(axis=0)
    met = count_comparisons(codes, layer.pairs, KERNEL, bits, ARRAY).scaled(1 / images)
    mapping = map_rows(layer, bits, ARRAY, Options())
    expected = expected_counts(mapping, ARRAY, Options(activation_density=density)).to_dict()
    for name, number in met.to_dict().items():
        assert expected[name] == pytest.approx(number, rel=0.03, abs=20), name
    for name in ("input_cells", "input_rows", "input_pulses", "input_half_selected"):
        assert expected[name] == pytest.approx(met.to_dict()[name], rel=1e-12)


@pytest.mark.parametrize(("maps", "rows"), [(12, 256), (40, 256), (40, 64)])
def test_sums_of_maps_in_rows_are_exact_and_counted(maps, rows):
    random = np.random.default_rng(maps)
    array = replace(ARRAY, rows=rows)
    weights = random.integers(-1, 2, (5, maps))
    weights[0] = 0
    layer = summation_of(
        Layer("sum", Operation.CONVOLUTION, maps, (5, 4), 5, (5, 4)),
        tuple(np.abs(weights).sum(axis=1).tolist()),
    )
    bits = random.integers(0, 2, (3, maps, 5, 4)).astype(np.uint8)
    sums, counts = sum_maps(SummationRun(layer, bits, weights), array)
    assert np.array_equal(sums, np.einsum("om,nmyx->noyx", weights, bits.astype(int)))
    mapping = map_rows(layer, 1, array, Options())
    parts = np.cumsum(mapping.chunks)[:-1]
    adders = [counting_adders(np.count_nonzero(w)) for row in weights for w in np.split(row, parts)]
    full, half = np.sum(adders, axis=0)
    assert counts.xors == counts.ands == 3 * 20 * (2 * full + half)
    assert counts.ors == 3 * 20 * full
    assert counts.input_cells == 3 * 20 * 2 * maps
    assert (len(mapping.chunks) > 1) == (rows == 64)
    assert all(2 * own + working_rows(own) <= rows - 1 for own in mapping.chunks)


def test_expected_sums_take_the_senses_and_writes_of_real_ones():
    random = np.random.default_rng(0)
    weights = random.integers(-1, 2, (6, 30))
    layer = summation_of(
        Layer("sum", Operation.CONVOLUTION, 30, (16, 16), 6, (16, 16)),
        tuple(np.abs(weights).sum(axis=1).tolist()),
    )
    maps = random.integers(0, 2, (1, 30, 16, 16)).astype(np.uint8)
    met = sum_maps(SummationRun(layer, maps, weights), ARRAY)[1].to_dict()
    expected = expected_counts(map_rows(layer, 1, ARRAY, Options()), ARRAY, Options()).to_dict()
    for name, number in met.items():
        by_value = name[-1] in "01"
        assert expected[name] == pytest.approx(number, rel=0.35 if by_value else 1e-12), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_written_network_has_the_layers_of_its_configuration(kind, tmp_path):
    one = networks.SMALL.of_kind(kind)
    read, told = load_network(networks.write(tmp_path, one)), network_of(one)
    assert [layer.name for layer in read.layers] == [layer.name for layer in told.layers]
    for found, wanted in zip(read.layers, told.layers, strict=True):
        if wanted.operation is not Operation.MAX_POOL:
            assert replace(found, quantized=None) == wanted


def test_a_run_compares_the_codes_that_it_meets(ran):
    _, run = ran
    one = networks.SMALL
    assert [entry.name for entry in run.comparisons] == ["module0.spread", "module1.spread"]
    for module, entry in enumerate(run.comparisons):
        assert entry.bits == one.activation_bits
        assert entry.codes.max() <= 31
        gather = next(layer for layer in run.layers if layer.name == f"module{module}.gather")
        assert gather.activations.levels.bits == 1
        maps = compare_maps(entry.codes, one.pairs(module), KERNEL)
        assert np.array_equal(gather.activations.codes, maps)
        weights = gather.weights.stored.codes[:, :, 0, 0]
        assert set(np.unique(weights)) == {-1, 0, 1}
        product = np.einsum("om,nmyx->noyx", weights, maps.astype(int))
        assert np.array_equal(gather.results, product)


@pytest.mark.parametrize("added", [False, True])
def test_a_run_is_priced_by_the_table_and_taken_apart(ran, table, added):
    path, run = ran
    costing = Costing.of(table)
    network = load_network(path)
    plan = plan_run(network, run)
    report = costing.report(network, added_in_rows(plan, run) if added else plan)
    again = estimate_again(json.loads(json.dumps(report.to_dict())))
    for index, layer in enumerate(report.layers):
        terms = layer_terms(again.chip, index)
        for component in COMPONENTS:
            found = sum(term.energy for term in terms if term.component == component)
            assert found == pytest.approx(
                layer.components[component], rel=1e-9, abs=1e-9 * layer.energy
            )
    spread = report.layers[1]
    at = {"corner": "tt", "vdd": 1.0, "temperature": 300.15, "rows": 256}
    xor = 0.0
    for operands in ("00", "01", "10", "11"):
        energy = table.value("xor2", "energy", operands=operands, **at)
        generator = table.value("xor2", "energy_bias", operands=operands, **at) / 0.8 * 0.2
        xor += spread.counts[f"xor_{operands}"] * (energy + generator)
    assert spread.components["logic_xor"] == pytest.approx(xor, rel=1e-9)
    gather = report.layers[2]
    assert (gather.components["result_write"] > 0) == added
    assert (gather.components["sense_latch"] > 0) != added
    told = explain(again, spread.name, "logic_xor")
    assert told.groups == ["xor2"]
    assert told.energy == pytest.approx(xor, rel=1e-9)


def test_what_is_added_in_rows_is_the_same_work_for_more_energy(ran, table):
    path, run = ran
    costing, network = Costing.of(table), load_network(path)
    plan = plan_run(network, run)
    counted, added = (costing.report(network, p) for p in (plan, added_in_rows(plan, run)))
    assert added.energy > counted.energy
    weights = [
        np.count_nonzero(la.weights.stored.codes) for la in run.layers if "gather" in la.name
    ]
    summands = [sum(layer.summands) for layer in added.layers if layer.summands]
    assert summands == weights


def test_a_run_and_an_estimate_differ_by_their_bits_alone(ran, table):
    path, run = ran
    report = cost_run(path, run, table=table, samples=64)
    unseen = estimate(path, table=table, weight_bits=2, activation_bits=5, samples=64)
    for told in (report, unseen):
        low, high = told.uncertainty.energy.low, told.uncertainty.energy.high
        assert low < told.energy < high
    for met, likely in zip(report.layers, unseen.layers, strict=True):
        assert met.operation == likely.operation
        if met.operation == "comparison":
            assert met.counts["input_cells"] == likely.counts["input_cells"]
            assert met.activation_bits == likely.activation_bits == 5
            assert met.output_bits == likely.output_bits == 1
            # Each lane is sensed once at least, and once a bit at most.
            lanes = prod((4, 8, 8)) * 3
            assert lanes <= met.counts["xors"] <= 5 * lanes
        if met.name.endswith("gather"):
            assert met.activation_bits == likely.activation_bits == 1


def test_wider_numbers_cost_more_and_copies_take_less_time(table):
    costs = []
    for bits in (2, 4, 8):
        one = Configuration("cmpnet", channels=16, maps=32, depth=1).of_kind("cmpnet", bits)
        network = network_of(one)
        costs.append(Costing.of(table).report(network, plan_shapes(network, one)))
    for less, more in pairwise(costs):
        assert less.layers[1].energy < more.layers[1].energy
        assert less.layers[1].latency < more.layers[1].latency
    copied = Costing.of(table, copies=4).report(network, plan_shapes(network, one))
    # What they share, the wires, is then what takes longest.
    quarter = costs[-1].layers[1].latency / 4
    assert quarter < copied.layers[1].latency < 1.5 * quarter
    assert copied.layers[1].subarrays == 4
    assert copied.layers[1].components["logic_xor"] == pytest.approx(
        costs[-1].layers[1].components["logic_xor"]
    )


def test_pipelined_layers_of_comparisons_have_an_interval(ran, table):
    path, run = ran
    network = load_network(path)
    plan = plan_run(network, run)
    report = Costing.of(table, pipelined=True, off_chip=True).report(network, plan)
    assert report.interval < report.latency
    assert max(layer.latency for layer in report.layers) <= report.interval * (1 + 1e-9)


def test_a_table_without_xor_is_refused_only_where_it_is_needed(ran, synthetic_table, tmp_path):
    path, run = ran
    groups = {name: group for name, group in synthetic_table.groups.items() if name != "xor2"}
    made = {"mramcim_version": "0", "ngspice_version": "39", "provenance": {}}
    write_table(tmp_path / "t.h5", groups, title="no XOR", **made)
    table = Table.open(tmp_path / "t.h5")
    assert estimate("lenet5", table=table, samples=0).energy > 0
    with pytest.raises(TableError, match="xor2"):
        cost_run(path, run, table=table, samples=0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kernel_shape": [2, 3]}, "two odd sizes"),
        ({"pivots": [9] * 12}, "outside its window"),
        ({"pivots": [1]}, "no neighbour and pivot for each map"),
    ],
)
def test_a_damaged_comparison_is_refused(change, told, tmp_path):
    import onnx

    path = networks.write(tmp_path)
    model = onnx.load(path)
    node = next(node for node in model.graph.node if node.op_type == "Compare")
    for attribute in list(node.attribute):
        if attribute.name in change:
            node.attribute.remove(attribute)
            node.attribute.append(
                onnx.helper.make_attribute(attribute.name, change[attribute.name])
            )
    onnx.save(model, path)
    with pytest.raises(EstimateError, match=told):
        load_network(path)
    with pytest.raises(EstimateError, match=told):
        QuantizedNetwork(path).run(networks.images())


def test_too_few_rows_and_odd_maps_are_refused(ran):
    with pytest.raises(EstimateError, match="two of which a sub-array of 8 rows does not hold"):
        map_rows(comparison(), 8, replace(ARRAY, rows=8), Options())
    with pytest.raises(EstimateError, match="multiple of the channels"):
        random_pairs(4, 10, 9, 0)
    with pytest.raises(EstimateError, match="no network 'alexnet'"):
        Configuration("alexnet")
    path, run = ran
    with pytest.raises(EstimateError, match="lacks comparisons"):
        plan_run(load_network(path), replace(run, comparisons=()))


def test_the_search_of_mappings_takes_such_layers_as_they_are(ran, table):
    path, _ = ran
    chosen = {"table": table, "weight_bits": 2, "activation_bits": 5, "samples": 0}
    found = search_mapping(path, "latency", **chosen).report
    plain = estimate(path, **chosen)
    assert found.latency < plain.latency
    for after, before in zip(found.layers, plain.layers, strict=True):
        if after.operation == "comparison":
            assert after.choice is None
            assert after.counts == before.counts
