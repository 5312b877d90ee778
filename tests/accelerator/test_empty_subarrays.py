"""Sub-arrays whose weights are all zero: not made, not counted, not paid, outputs unchanged."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from bitwise_layers import PLAIN, arrays, decoded, layers, reference_convolution
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accelerator import estimate
from accelerator.assumptions import load_assumptions
from accelerator.bitwise.encodings import levels
from accelerator.closed_form import count_events
from accelerator.counts import Counts
from accelerator.cutting import map_layer
from accelerator.errors import EstimateError
from accelerator.execution import execute_layer
from accelerator.hardware import Hardware
from accelerator.inference.costing import seen_of
from accelerator.inference.grid import Coded
from accelerator.inference.operands import count_operands
from accelerator.inference.products import Weights, Window, multiply
from accelerator.inference.results import LayerCounts
from accelerator.mapping import ranges
from accelerator.networks import Layer, Operation, load_network
from accelerator.occupancy import KeptTiles, WeightOccupancy
from accelerator.options import ENCODINGS, Options
from accelerator.plan import PlannedLayer
from accelerator.work import plan_work

SPLIT = re.compile(r"\w+_[01]{1,2}")
CONVOLUTION = Layer(
    "conv", Operation.CONVOLUTION, 16, (8, 8), 40, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1)
)
SMALL = dataclasses.replace(PLAIN, rows=40, columns=64, sensed_at_once=8)


def stored(codes, bits, encoding):
    return codes if encoding != "ternary" else np.array([0, 1, 2, 0])[codes]


def values(codes, bits, encoding):
    if encoding == "ternary":
        return np.array([0, 1, -1])[codes]
    return decoded(codes, bits, encoding)


def mask_of(mapping):
    """Weights (kernels, elements) in the sub-arrays that are kept, tile by tile."""
    layer = mapping.layer
    found = np.ones((layer.groups, layer.kernels_per_group, layer.patch_length), bool)
    if mapping.kept is not None:
        for group in range(layer.groups):
            tile = mapping.kept[group // mapping.groups_per_row]
            for columns, row in zip(ranges(mapping.column_tiles), tile, strict=True):
                for kernels, kept in zip(ranges(mapping.kernel_tiles), row, strict=True):
                    found[group, kernels.start : kernels.stop, columns.start : columns.stop] = kept
    return found


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    layer=layers(), array=arrays(), encoding=st.sampled_from((*ENCODINGS, "ternary", "ternary")),
    weight_bits=st.integers(1, 4), activation_bits=st.integers(1, 3), reuse=st.booleans(),
    double=st.booleans(), share=st.sampled_from((0.0, 0.3, 0.6, 1.0)), seed=st.integers(0, 2**32),
)  # fmt: skip
def test_executing_what_is_left_gives_the_closed_form_and_the_convolution(
    layer, array, encoding, weight_bits, activation_bits, reuse, double, share, seed
):
    choice = Options(weight_encoding=encoding, reuse_overlap=reuse, double_buffer=double)
    weight_bits = 2 if encoding == "ternary" else weight_bits
    random = np.random.default_rng(seed)
    dense = map_layer(layer, weight_bits, activation_bits, array, choice)
    sizes = dense.group_tiles, len(dense.column_tiles), len(dense.kernel_tiles)
    tiles = random.random(sizes) < share
    kept = tuple(tuple(map(tuple, tile)) for tile in tiles.tolist())
    mapping = dataclasses.replace(dense, kept=None if tiles.all() else kept)
    shape = (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel)
    codes = stored(random.integers(0, 2**weight_bits, shape), weight_bits, encoding)
    activations = random.integers(0, 2**activation_bits, (layer.in_channels, *layer.in_size))

    outputs, executed = execute_layer(mapping, array, choice, activations, codes)
    left = values(codes, weight_bits, encoding) * mask_of(mapping).reshape(shape)
    np.testing.assert_array_equal(outputs, reference_convolution(layer, activations, left))

    closed = count_events(mapping, array, choice)
    assert closed.ands == mask_of(mapping).sum() * layer.positions * weight_bits * activation_bits
    exact = {name: n for name, n in closed.to_dict().items() if not SPLIT.fullmatch(name)}
    assert {name: executed.to_dict()[name] for name in exact} == exact
    if not tiles.any():
        assert executed == closed == Counts()
    assert mapping.subarrays == tiles.sum() * len(mapping.plane_groups)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(layer=layers(), share=st.sampled_from((0.0, 0.1, 0.5, 1.0)), seed=st.integers(0, 2**32))
def test_what_is_kept_follows_from_the_weights(layer, share, seed):
    """Tile by tile: a sub-array exists where one of its weights is not zero, else not."""
    array = dataclasses.replace(PLAIN, rows=8, columns=8, sensed_at_once=1)
    random = np.random.default_rng(seed)
    nonzero = random.random((layer.out_channels, layer.patch_length)) < share
    occupancy = WeightOccupancy(nonzero)
    mapping = map_layer(layer, 2, 2, array, Options(), occupancy)
    weights = nonzero.reshape(layer.groups, layer.kernels_per_group, -1)
    by_row = mapping.groups_per_row
    for group in range(mapping.group_tiles):
        for c, elements in enumerate(ranges(mapping.column_tiles)):
            for k, kernels in enumerate(ranges(mapping.kernel_tiles)):
                held = weights[
                    group * by_row : (group + 1) * by_row,
                    kernels.start : kernels.stop,
                    elements.start : elements.stop,
                ]
                kept = mapping.kept is None or mapping.kept[group][c][k]
                assert kept == held.any()
    everything = map_layer(
        layer, 2, 2, array, Options(skip_empty_subarrays=False), WeightOccupancy(nonzero)
    )
    assert everything == map_layer(layer, 2, 2, array, Options())


def work(layer, array, occupancy, **options):
    planned = PlannedLayer(layer, 2, 4, 4, occupancy=occupancy)
    choice = Options(weight_encoding="ternary", **options)
    return plan_work(planned, array, choice, load_assumptions(), False, False)


def test_all_kept_is_the_dense_cost_and_none_kept_is_none():
    dense = work(CONVOLUTION, SMALL, None)
    full = work(CONVOLUTION, SMALL, WeightOccupancy(np.ones(CONVOLUTION.weights, bool)))
    assert dataclasses.replace(full, planned=dense.planned) == dense
    empty = work(CONVOLUTION, SMALL, WeightOccupancy(np.zeros(CONVOLUTION.weights, bool)))
    assert empty.counts == Counts()
    assert empty.hardware == Hardware()
    assert empty.mapping.subarrays == 0
    told = empty.traffic.to_dict()
    assert told.pop("buffer_writes") == CONVOLUTION.output_elements * 4
    assert not any(told.values())


def test_each_sub_array_left_out_takes_its_own_share_with_it():
    """A column tile of one kernel tile: counts add up over sub-arrays, whichever are left."""
    dense = work(CONVOLUTION, SMALL, None)
    tiles = np.array(dense.mapping.tiles_per_copy)
    columns, kernels = len(dense.mapping.column_tiles), len(dense.mapping.kernel_tiles)
    assert columns > 1
    assert kernels > 1
    total = Counts()
    for column in range(columns):
        for kernel in range(kernels):
            one = np.zeros((1, columns, kernels), bool)
            one[0, column, kernel] = True
            kept = tuple(tuple(map(tuple, tile)) for tile in one.tolist())
            total.add(work(CONVOLUTION, SMALL, KeptTiles(kept)).counts)
    assert int(tiles) == columns * kernels
    # Only what joins the parts of an output has no place in a single sub-array.
    joining = {"partial_adders": 0, "partial_flip_flops": 0}
    assert total.to_dict() == pytest.approx(dense.counts.to_dict() | joining)


@pytest.mark.parametrize("left", [0.0, 0.3, 0.7])
def test_energy_cells_and_area_fall_with_what_is_left_out(left, synthetic_table):
    network = load_network("vgg-small")
    random = np.random.default_rng(3)

    def known(share):
        def mapper(planned, array, *_):
            made = []
            for entry in planned:
                if not entry.layer.mapped:
                    made.append(entry)
                    continue
                mapping = map_layer(entry.layer, 2, 4, array, Options())
                sizes = (1, len(mapping.column_tiles), len(mapping.kernel_tiles))
                tiles = order.setdefault(entry.layer.name, random.random(sizes)) < share
                kept = tuple(tuple(map(tuple, tile)) for tile in tiles.tolist())
                made.append(dataclasses.replace(entry, occupancy=KeptTiles(kept)))
            return tuple(made)

        return estimate(
            network, table=synthetic_table, weight_bits=2, samples=0, mapper=mapper,
            weight_encoding="ternary",
        )  # fmt: skip

    order: dict[str, np.ndarray] = {}
    fewer, more = known(left), known(left + 0.3)
    assert fewer.subarrays < more.subarrays
    assert fewer.area_components["cells"] < more.area_components["cells"]
    assert fewer.area < more.area
    assert fewer.energy < more.energy
    assert fewer.latency <= more.latency
    for entry in fewer.layers:
        if entry.macs and not entry.subarrays:
            assert entry.and_operations == 0
            assert entry.area == 0
            sensing = {name: n for name, n in entry.components.items() if name.startswith("sense")}
            assert not any(sensing.values())


@pytest.mark.parametrize("encoding", ["ternary", "twos_complement"])
@pytest.mark.parametrize("groups", [1, 2])
def test_operands_of_a_run_are_those_of_the_sub_arrays_that_are_left(encoding, groups):
    random = np.random.default_rng(5)
    layer = dataclasses.replace(CONVOLUTION, groups=groups, in_size=(3, 3), out_size=(3, 3))
    shape = (layer.out_channels, layer.in_channels // groups, 3, 3)
    weights = random.integers(-1, 2, shape)
    choice = Options(weight_encoding=encoding)
    dense = map_layer(layer, 2, 2, SMALL, choice)
    flat = weights.reshape(groups, layer.kernels_per_group, layer.patch_length)
    for c, columns in enumerate(ranges(dense.column_tiles)):
        for k, kernels in enumerate(ranges(dense.kernel_tiles)):
            flat[:, kernels.start : kernels.stop, columns.start : columns.stop] *= (c + k) % 2
    images = random.integers(0, 4, (2, layer.in_channels, 3, 3))
    images[:, ::3] = 0
    kind = levels(encoding, 2, "weight")
    window = Window(layer.stride, (1, 1, 1, 1), layer.dilation, groups)
    run = multiply(
        "conv", "Conv", Coded(images, levels("unsigned", 2, "activation"), 0),
        Weights(Coded(weights, kind, 0), window),
    )  # fmt: skip
    found = count_operands(run)
    planned = PlannedLayer(
        layer, 2, 2, 2, seen_of(LayerCounts.of(run)), None,
        WeightOccupancy(weights != 0, found.element_ones),
    )  # fmt: skip
    work = plan_work(planned, SMALL, Options(), load_assumptions(), False, False)
    assert 0 < work.mapping.subarrays < dense.subarrays
    total = Counts()
    for image, result in zip(images, run.results, strict=True):
        outputs, counts = execute_layer(work.mapping, SMALL, choice, image, kind.stored(weights))
        np.testing.assert_array_equal(outputs, result)
        total.add(counts)
    weights_written = {f"weight_{value}": getattr(total, f"weight_{value}") / 2 for value in (0, 1)}
    mean = {name: number / 2 for name, number in total.to_dict().items()} | weights_written
    assert work.counts.to_dict() == pytest.approx(mean)


def test_other_weights_than_the_layers_are_refused():
    with pytest.raises(EstimateError, match="has 5760 weights, 7 are given"):
        work(CONVOLUTION, SMALL, WeightOccupancy(np.ones(7, bool)))
    with pytest.raises(EstimateError, match=r"are told to be kept or not"):
        work(CONVOLUTION, SMALL, KeptTiles((((True,),),)))
