"""The closed form of the counts against executing layers on sub-array objects."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bitwise_layers import PLAIN, arrays, layers
from executed_layers import check_execution
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accelerator.accumulator import Accumulator, count_ones
from accelerator.array import Array
from accelerator.closed_form import count_events
from accelerator.cutting import map_layer
from accelerator.errors import EstimateError
from accelerator.logic_widths import bit_count_adders, bit_count_depth
from accelerator.mapping import row_phases
from accelerator.networks import Layer, load_network
from accelerator.networks.chain import Chain
from accelerator.options import DATAFLOWS, ENCODINGS, ZERO_POINT, Options
from accelerator.stacks import input_cells_written
from accelerator.subarray import segment_columns


@st.composite
def options(draw) -> Options:
    return Options(
        weight_encoding=draw(st.sampled_from((*ENCODINGS, ZERO_POINT))),
        reuse_overlap=draw(st.booleans()),
        double_buffer=draw(st.booleans()),
        folds=draw(st.sampled_from((1, 2, 3, 64))),
    )


def depthwise(channels: int, side: int) -> Layer:
    """One kernel of 3 x 3 for each channel."""
    chain = Chain(channels, side).convolution("dw", channels, 3, 1, 1, groups=channels)
    return chain.network("depth-wise", "made here").mapped[0]


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(layers(), arrays(), options(), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32))
def test_executing_gives_the_closed_form_and_the_convolution(
    layer: Layer, array: Array, choice: Options, weight_bits: int, activation_bits: int, seed: int
) -> None:
    for dataflow in DATAFLOWS:
        own = dataclasses.replace(choice, dataflow=dataflow)
        check_execution(layer, array, own, weight_bits, activation_bits, seed)


@pytest.mark.parametrize("name", ["alexnet", "svhn", "resnet18"])
@pytest.mark.parametrize(("weight_bits", "activation_bits"), [(1, 1), (2, 4), (16, 16)])
@pytest.mark.parametrize("reuse", [False, True])
def test_ands_of_a_network_are_its_macs_times_the_widths(
    name: str, weight_bits: int, activation_bits: int, reuse: bool
) -> None:
    choice = Options(reuse_overlap=reuse)
    for layer in load_network(name).mapped:
        mapping = map_layer(layer, weight_bits, activation_bits, PLAIN, choice)
        counts = count_events(mapping, PLAIN, choice)
        assert counts.ands == layer.macs * weight_bits * activation_bits
        assert counts.reads == layer.positions * layer.groups * layer.patch_length * activation_bits
        splits = counts.and_00 + counts.and_01 + counts.and_10 + counts.and_11
        assert splits == pytest.approx(counts.ands, rel=1e-12)


def test_a_long_patch_by_hand() -> None:
    """AlexNet's conv2 at W1:A4: 1200 elements in 5 tiles of 240, 128 kernels in one tile."""
    layer = load_network("alexnet").mapped[1]
    mapping = map_layer(layer, 1, 4, PLAIN, Options())
    assert mapping.column_tiles == (240,) * 5
    assert mapping.kernel_tiles == (128,)
    assert mapping.subarrays == 2 * 5
    counts = count_events(mapping, PLAIN, Options())
    assert counts.and_rows == 2 * 5 * 729 * 128 * 4
    assert counts.and_cycles == counts.and_rows * 8  # 240 of 32 amplifiers at a time
    assert counts.input_cells == 2 * 729 * 1200 * 4
    assert counts.input_pulses == 2 * 5 * 729 * 4 * 12  # 240 cells, 20 at a time
    assert counts.input_half_selected == counts.input_pulses * 256 - counts.input_cells
    assert counts.weight_cells == layer.weights
    # 7 phases of 32 bits (31 adders each) and one of 16 (15): 240 - popcounts.
    assert counts.bit_count_adders == counts.and_rows * (7 * 31 + 15)


def test_kernels_beyond_the_rows_repeat_the_patch() -> None:
    layer = load_network("alexnet").mapped[2]  # 384 kernels, 2304 elements
    mapping = map_layer(layer, 1, 4, PLAIN, Options())
    assert mapping.kernel_tiles == (192, 192)  # 251 kernels would fit
    counts = count_events(mapping, PLAIN, Options())
    assert counts.input_cells == 2 * 169 * 2304 * 4


@pytest.mark.parametrize("folds", [1, 2, 3, 64])
@pytest.mark.parametrize("reuse", [False, True])
def test_folded_channels_are_executed_as_counted(folds: int, reuse: bool) -> None:
    layer = depthwise(30, 5)
    array = dataclasses.replace(PLAIN, rows=24, columns=32)
    choice = Options(folds=folds, reuse_overlap=reuse)
    mapping = check_execution(layer, array, choice, 2, 3, 7)
    plain = map_layer(layer, 2, 3, array, dataclasses.replace(choice, folds=1))
    slots = (array.operand_rows - 3) // (2 * mapping.rotations)
    assert mapping.folds == min(folds, slots, plain.group_tiles)
    assert mapping.subarrays == -(-plain.subarrays // mapping.folds)
    assert count_events(mapping, array, choice) == count_events(plain, array, choice)


def test_a_depthwise_layer_takes_one_sub_array_where_its_kernels_have_room() -> None:
    layer = depthwise(512, 14)
    array = dataclasses.replace(PLAIN, rows=256, columns=256)
    alone, folded = (map_layer(layer, 1, 4, array, Options(folds=folds)) for folds in (1, 64))
    assert folded.subarrays == 1
    assert folded.folds == alone.subarrays


def test_short_patches_stand_side_by_side() -> None:
    layer = load_network("lenet5").mapped[0]  # 25 elements, 784 positions
    mapping = map_layer(layer, 1, 8, PLAIN, Options())
    assert (mapping.groups_per_row, mapping.positions_per_row) == (1, 8)
    counts = count_events(mapping, PLAIN, Options())
    assert counts.weight_cells == 8 * layer.weights
    assert counts.and_rows == 98 * 6 * 8
    assert counts.and_cycles == 8 * counts.and_rows


def test_reuse_writes_only_what_is_fresh() -> None:
    layer = load_network("lenet5").mapped[1]  # 5 x 5 over 6 channels, 10 x 10 positions
    plain = map_layer(layer, 1, 8, PLAIN, Options())
    reused = map_layer(layer, 1, 8, PLAIN, Options(reuse_overlap=True))
    assert input_cells_written(plain) == 100 * 150 * 8
    assert input_cells_written(reused) == 10 * (150 + 9 * 30) * 8
    assert (reused.rotations, reused.steps, reused.streams) == (5, 10, 10)
    counts = count_events(reused, PLAIN, Options(reuse_overlap=True))
    assert counts.weight_cells == 5 * layer.weights


def test_reuse_is_left_where_more_kernel_tiles_cost_more() -> None:
    layer = load_network("resnet18").mapped[1]  # 64 kernels of 3 x 3 at 16 bits fill the rows
    choice = Options(reuse_overlap=True)
    assert map_layer(layer, 16, 16, PLAIN, choice).rotations == 1


def test_unused_columns_are_fired_without_gating() -> None:
    layer = load_network("lenet5").mapped[1]  # 150 of 256 columns
    array = dataclasses.replace(PLAIN, gate_unused_columns=False)
    gated = count_events(map_layer(layer, 1, 8, PLAIN, Options()), PLAIN, Options())
    fired = count_events(map_layer(layer, 1, 8, array, Options()), array, Options())
    assert gated.and_unused == gated.read_unused == 0
    assert fired.and_unused == fired.and_rows * (256 - 150)
    assert fired.ands == gated.ands


def test_the_sum_pass_is_for_symmetric_weights_only() -> None:
    layer = load_network("lenet5").mapped[1]
    for encoding, reads in (("symmetric", 100 * 150 * 8), ("unsigned", 0), ("twos_complement", 0)):
        choice = Options(weight_encoding=encoding)
        counts = count_events(map_layer(layer, 2, 8, PLAIN, choice), PLAIN, choice)
        assert counts.reads == reads
        assert (counts.sum_adders > 0) == bool(reads)


@pytest.mark.parametrize("length", [1, 5, 31, 32, 33, 64, 200, 256])
def test_elements_have_columns_of_their_own_and_few_phases(length: int) -> None:
    room = 32 // length * 8 if length <= 32 else 8 // -(-length // 32)
    columns = [segment_columns(segment, length, PLAIN, length) for segment in range(room)]
    everything = np.concatenate(columns)
    assert len(set(everything.tolist())) == room * length
    assert everything.min() >= 0
    assert everything.max() < 256
    phases = row_phases(room, length, PLAIN, length)
    assert sum(active * times for active, times in phases) == room * length
    assert sum(times for _, times in phases) == len(set((everything % 8).tolist()))


def test_counting_ones_takes_the_adders_of_the_formula() -> None:
    random = np.random.default_rng(7)
    for inputs in range(1, 65):
        bits = random.integers(0, 2, inputs).astype(np.uint8)
        ones, adders = count_ones(bits)
        assert (ones, adders) == (int(bits.sum()), bit_count_adders(inputs))
    assert bit_count_adders(7) == 4  # the classical seven-input counter
    assert bit_count_depth(3) == 1 + 2


def test_a_register_too_narrow_is_noticed() -> None:
    register = Accumulator(3)
    register.add(7)
    with pytest.raises(OverflowError):
        register.add(1)


@pytest.mark.parametrize("rows", [1, 2])
def test_rows_for_one_plane_of_each_operand(rows: int) -> None:
    with pytest.raises(EstimateError, match=rf"{rows} rows is too small.*1 reserved rows need 3"):
        Array(rows, 256, 8, 4, 1, 32, 20)
    Array(3, 256, 8, 4, 1, 32, 20)


def test_columns_are_a_multiple_of_those_an_amplifier_has() -> None:
    with pytest.raises(EstimateError, match=r"252 columns.*has 8 columns"):
        Array(256, 252, 8, 4, 1, 32, 20)
