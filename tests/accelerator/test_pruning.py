"""Tiles, compression, processing elements, and the shipped ablation."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from bitwise_layers import arrays, layers
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.cutting import map_layer
from accelerator.errors import EstimateError
from accelerator.explanation.again import estimate_again
from accelerator.explanation.explanation import explain
from accelerator.inference import QuantizedNetwork
from accelerator.networks import Layer, Operation
from accelerator.occupancy import WeightOccupancy
from accelerator.options import Options
from accelerator.pruning.ablation import ablation
from accelerator.pruning.compression import Compression, layer_compression
from accelerator.pruning.fpga import Grouped, cost_on_fpga, load_constants, tree_bits
from accelerator.pruning.recipe import ARMS, PruningRecipe
from accelerator.pruning.record import SHIPPED, Spread, read_record
from accelerator.pruning.tiles import Tiles, tiles_of
from accelerator.reproduction.pruning import rows

CONVOLUTION = Layer(
    "conv", Operation.CONVOLUTION, 16, (8, 8), 32, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1)
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    layer=layers(), array=arrays(), bits=st.integers(1, 3), share=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)  # fmt: skip
def test_tiles_are_what_the_mapping_puts_into_sub_arrays(layer, array, bits, share, seed):
    layer = dataclasses.replace(layer, groups=1)
    mapping = map_layer(layer, bits, bits, array, Options())
    if len(mapping.plane_groups) > 1:
        with pytest.raises(EstimateError, match="hold all planes"):
            Tiles.of(mapping)
        return
    tiles = Tiles.of(mapping)
    assert tiles.sizes().sum() == layer.weights
    assert tiles.sizes().size == mapping.subarrays_per_copy
    kept = np.random.default_rng(seed).random(tiles.shape) < share
    weights = tiles.spread(kept)
    assert weights.shape == (layer.out_channels, layer.patch_length)
    assert weights.sum() == tiles.sizes()[kept].sum()
    np.testing.assert_array_equal(tiles.held(weights), kept)
    pruned = map_layer(layer, bits, bits, array, Options(), WeightOccupancy(weights))
    if kept.all():
        assert pruned.kept is None
    else:
        assert pruned.kept is not None
        np.testing.assert_array_equal(np.array(pruned.kept)[0].T, kept)


def test_tiles_of_several_groups_are_refused():
    layer = dataclasses.replace(CONVOLUTION, groups=2)
    with pytest.raises(EstimateError, match="layer conv has 2 groups"):
        tiles_of(layer, 2, 4, read_array())


def read_array():
    from bitwise_layers import PLAIN

    return PLAIN


def test_both_rates_by_hand():
    tiles = Tiles((16, 16), (48, 48, 48))
    nonzero = tiles.spread(np.array([[True, False, False], [True, False, False]]))
    found = layer_compression(tiles, nonzero, 2)
    assert found == Compression(4608, 1536, 3072, 6, 2)
    assert found.structured == 3
    assert found.total == 3 * 16
    # A layer of 8 bits that keeps all beside it.
    both = found + layer_compression(Tiles((32,), (144,)), np.ones(4608, bool), 8)
    assert both.structured == 9216 / 6144
    assert both.total == 32 * 9216 / (1536 * 2 + 4608 * 8)


@pytest.mark.parametrize("inputs", [1, 2, 3, 7, 8, 48, 64])
@pytest.mark.parametrize("width", [1, 4, 12])
def test_adders_of_a_tree_hold_every_sum(inputs, width):
    """Walk the tree: at each level as many bits an adder as its operands may need."""
    bits, sizes = 0, [width + 1] * inputs
    while len(sizes) > 1:
        pairs = [max(sizes[i : i + 2]) for i in range(0, len(sizes) - 1, 2)]
        bits += sum(pairs)
        level = max(sizes) + 1
        sizes = [level] * (len(pairs) + len(sizes) % 2)
    assert tree_bits(inputs, width) == bits


def grouped(held, ternary=True):
    tiles = Tiles((16, 16), (48, 48, 48))
    return Grouped(CONVOLUTION, tiles, np.array(held, bool), 2 if ternary else 8, 4, ternary)


def test_pruned_groups_take_no_cycle_and_no_energy():
    dense = cost_on_fpga([grouped(np.ones((2, 3)))])
    assert (dense.kernels, dense.elements) == (16, 48)
    assert dense.macs == CONVOLUTION.macs
    assert dense.skipped_cycles == 0
    depth = dense.cycles - 64 * 6
    assert depth == 8
    parts = []
    for place in range(6):
        held = np.zeros(6)
        held[place] = 1
        one = cost_on_fpga([grouped(held.reshape(2, 3))])
        assert one.cycles + one.skipped_cycles == dense.cycles
        assert one.cycles == 64 + depth
        parts.append({k: v for k, v in one.energy_by_part.items() if k != "static"})
    for part, energy in parts[0].items():
        assert sum(p[part] for p in parts) == pytest.approx(dense.energy_by_part[part])
        assert energy == pytest.approx(dense.energy_by_part[part] / 6)
    none = cost_on_fpga([grouped(np.zeros((2, 3)))])
    assert none.macs == 0
    assert none.energy == none.energy_by_part["static"]


def test_resources_by_hand():
    constants = load_constants()
    one = cost_on_fpga([grouped(np.ones((2, 3)))])
    assert one.dsp_slices == 0
    # 24 adders of 5 bits, 12 of 6, 6 of 7, 3 of 8, 1 of 9, 1 of 10: carries are sums' highest bits.
    tree = 24 * 5 + 12 * 6 + 6 * 7 + 3 * 8 + 9 + 10
    assert one.look_up_tables == 16 * (tree + int(constants.partial_sum_bits.value))
    wide = cost_on_fpga([grouped(np.ones((2, 3)), ternary=False)])
    assert wide.dsp_slices == 16 * 48
    assert wide.energy_by_part["multiply"] == pytest.approx(
        CONVOLUTION.macs * constants.multiply_energy.value
    )
    for entry in dataclasses.fields(constants):
        assert getattr(constants, entry.name).tag in ("cited", "unverified", "assumed")


@pytest.fixture(scope="module")
def shipped(reference):
    record = read_record()
    return record, {one.arm.name: one for one in ablation(record, reference)}


def test_operations_on_both_machines_are_the_same(shipped):
    _, found = shipped
    for one in found.values():
        widths = {
            entry.name: entry.weight_bits * entry.activation_bits for entry in one.report.layers
        }
        macs = sum(
            entry.and_operations / widths[entry.name]
            for entry in one.report.layers
            if widths[entry.name]
        )
        assert one.fpga.macs == macs
        assert one.compression.kept_groups == one.report.subarrays
        assert one.compression.groups == one.without_skipping.subarrays


def test_every_step_makes_the_network_smaller(shipped):
    record, found = shipped
    seed = 0
    for name, one in found.items():
        told = record.content["arms"][name]
        assert one.compression.structured == pytest.approx(told["structured"][seed])
        assert one.compression.total == pytest.approx(told["total"][seed])
        pruned = one.arm.pruned
        assert (one.report.energy < one.without_skipping.energy) == pruned
        assert (one.report.area < one.without_skipping.area) == pruned
        assert one.report.latency <= one.without_skipping.latency
    energy = {name: one.report.energy for name, one in found.items()}
    assert energy["both"] < energy["ternary"] < energy["dense"]
    assert energy["pruned"] < energy["dense"]
    assert found["ternary"].compression.total == 16
    assert found["dense"].compression.total == 4


def test_a_report_with_empty_sub_arrays_is_explained_again(shipped, reference):
    _, found = shipped
    told = json.loads(json.dumps(found["both"].report.to_dict()))
    assert any(layer["kept"] for layer in told["layers"])
    again = estimate_again(told, reference)
    assert [work.mapping.kept for work in again.chip.works if work.mapping] == [
        layer.kept for layer in found["both"].report.layers if layer.macs
    ]
    explained = explain(again)
    assert sum(term.energy for term in explained.terms) == pytest.approx(
        found["both"].report.energy
    )


def test_shipped_weights_are_stored_as_the_arm_says(shipped):
    record, _ = shipped
    for arm in ARMS:
        run = QuantizedNetwork(record.path(arm.name)).run(record.images[:1])
        kinds = {one.weights.stored.levels.encoding for one in run.layers}
        assert kinds == ({"ternary"} if arm.ternary else {"twos_complement"})


@pytest.mark.slow
def test_shipped_accuracy_is_that_on_sub_arrays():
    pytest.importorskip("sklearn")
    from accelerator.datasets import load_dataset

    record = read_record()
    data = load_dataset(record.content["dataset"], "test")
    for arm in ARMS:
        run = QuantizedNetwork(record.path(arm.name)).run(data.images)
        right = run.outputs["scores"].argmax(1) == data.labels
        assert right.mean() == record.content["arms"][arm.name]["accuracy"][0]


def test_accuracies_are_over_three_seeds_and_their_spread_is_told(shipped):
    record, found = shipped
    assert len(record.content["seeds"]) >= 3
    for one in found.values():
        values = record.content["arms"][one.arm.name]["accuracy"]
        assert one.accuracy.mean == pytest.approx(np.mean(values))
        assert one.accuracy.deviation == pytest.approx(np.std(values, ddof=1))
    assert Spread.of([0.5]) == Spread(0.5, None)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 600_000


def test_published_figures_have_ours_only_where_conditions_meet(reference):
    found = {row.id: row for row in rows(reference)}
    assert found["pruning-width-rate"].ours == 16
    for name, row in found.items():
        if name != "pruning-width-rate":
            assert row.ours is None
            assert "On ours" in row.assumptions


def test_what_is_no_record_is_refused(tmp_path):
    with pytest.raises(EstimateError, match=r"there is no record .*record\.json"):
        read_record(tmp_path)
    (tmp_path / "record.json").write_text('{"format": "other"}')
    with pytest.raises(EstimateError, match="is no record of format"):
        read_record(tmp_path)
    (tmp_path / "record.json").write_text(json.dumps(read_record().content))
    with pytest.raises(EstimateError, match="lacks the networks dense, pruned, ternary"):
        read_record(tmp_path)
    for wrong in ({"penalty": -1}, {"clip": 0}, {"share": 1}):
        with pytest.raises(EstimateError, match="do not prune"):
            PruningRecipe(**wrong)
