"""Layers of the first channels of a mapped one: what they compute, count and leave alone."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from bitwise_layers import PLAIN, decoded, layers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accelerator.array import Array
from accelerator.bitwise.convolution import bitwise_conv2d
from accelerator.closed_form import count_events
from accelerator.cutting import map_layer
from accelerator.errors import EstimateError
from accelerator.execution import execute_layer, load_layer, run_layer
from accelerator.narrowing import narrow
from accelerator.networks import Layer, Operation, load_network
from accelerator.options import ENCODINGS, KERNEL_ORDERS, Options
from accelerator.subarray import segment_columns

SPLIT = re.compile(r"\w+_[01]{1,2}")


@st.composite
def arrays(draw) -> Array:
    shared, amplifiers = draw(st.sampled_from((1, 2, 4))), draw(st.integers(1, 9))
    return Array(
        rows=1 + draw(st.integers(2, 20)),
        columns=shared * amplifiers,
        columns_per_amplifier=shared,
        amplifiers_per_reference=draw(st.sampled_from((1, 2, 3, 4))),
        reserved_rows=1,
        sensed_at_once=draw(st.integers(1, amplifiers)),
        written_at_once=draw(st.integers(1, shared * amplifiers)),
        gate_unused_columns=draw(st.booleans()),
    )


@st.composite
def parts(draw) -> tuple[Layer, Layer]:
    """A layer, and one of its first channels and kernels."""
    wide = draw(layers())
    channels = wide.groups * draw(st.integers(1, wide.in_channels // wide.groups))
    kernels = wide.groups * draw(st.integers(1, wide.kernels_per_group))
    return wide, replace(wide, in_channels=channels, out_channels=kernels)


def first_of(array: np.ndarray, whole: int, part: int, groups: int) -> np.ndarray:
    """The first channels of each group along the first axis."""
    shaped = array.reshape(groups, whole // groups, *array.shape[1:])[:, : part // groups]
    return shaped.reshape(part, *array.shape[1:])


def convolved(layer: Layer, activations: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Integer convolution, tap by tap."""
    pads = [(0, 0), *zip(layer.pad_begin, layer.pad_end, strict=True)]
    padded, out = np.pad(activations, pads), []
    channels = layer.in_channels // layer.groups
    for kernel in range(layer.out_channels):
        start = kernel // layer.kernels_per_group * channels
        total = np.zeros(layer.out_size, np.int64)
        for a, b in np.ndindex(*layer.kernel):
            rows = a * layer.dilation[0] + np.arange(layer.out_size[0]) * layer.stride[0]
            columns = b * layer.dilation[1] + np.arange(layer.out_size[1]) * layer.stride[1]
            taps = padded[start : start + channels, rows[:, None], columns]
            total += np.tensordot(weights[kernel, :, a, b], taps, axes=1)
        out.append(total)
    return np.array(out)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    parts(),
    arrays(),
    st.builds(Options, st.sampled_from(ENCODINGS), reuse_overlap=st.booleans(),
              double_buffer=st.booleans(), kernel_order=st.sampled_from(KERNEL_ORDERS)),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2**32),
)  # fmt: skip
def test_a_part_of_a_mapped_layer_runs_where_it_is(
    pair, array, choice, weight_bits, activation_bits, seed
):
    wide, layer = pair
    random = np.random.default_rng(seed)
    shape = (wide.out_channels, wide.in_channels // wide.groups, *wide.kernel)
    codes = random.integers(0, 2**weight_bits, shape)
    activations = random.integers(0, 2**activation_bits, (layer.in_channels, *layer.in_size))
    stored = map_layer(wide, weight_bits, activation_bits, array, choice)
    part = narrow(stored, layer)
    loaded = load_layer(stored, array, codes)
    before = [cells[loaded.weight_rows].copy() for cells in loaded.cells]

    outputs, counts = run_layer(loaded, part, choice, activations)

    own = first_of(codes, wide.out_channels, layer.out_channels, wide.groups)
    own = own[:, : layer.in_channels // layer.groups]
    weights = decoded(own, weight_bits, choice.weight_encoding)
    np.testing.assert_array_equal(outputs, convolved(layer, activations, weights))
    # No weight was written, and those in the cells are the bits that were.
    assert counts.weight_cells == counts.weight_rows == 0
    for cells, kept in zip(loaded.cells, before, strict=True):
        assert cells[loaded.weight_rows].tobytes() == kept.tobytes()

    counts.add(loaded.counts)
    closed = count_events(part, array, choice).to_dict()
    exact = {name: number for name, number in closed.items() if not SPLIT.fullmatch(name)}
    assert {name: counts.to_dict()[name] for name in exact} == exact
    assert closed["ands"] == layer.macs * weight_bits * activation_bits
    # The widest runs after it as if nothing had been.
    whole = random.integers(0, 2**activation_bits, (wide.in_channels, *wide.in_size))
    again, events = run_layer(loaded, stored, choice, whole)
    fresh, all_events = execute_layer(stored, array, choice, whole, codes)
    np.testing.assert_array_equal(again, fresh)
    events.add(loaded.counts)
    assert events.to_dict() == all_events.to_dict()


def square(channels: int) -> Layer:
    return Layer("c", Operation.CONVOLUTION, channels, (1, 2), channels, (1, 2), (3, 3),
                 pad_begin=(1, 1), pad_end=(1, 1))  # fmt: skip


@pytest.mark.parametrize("bits", [8, 16])
def test_widths_run_in_turn_on_one_set_of_weights(bits):
    """A layer of 4 channels and kernels at three widths; the widest in between."""
    array = Array(64, 16, 4, 4, 1, 4, 20)
    random = np.random.default_rng(bits)
    codes = random.integers(0, 2**bits, (4, 4, 3, 3))
    image = random.integers(0, 2**bits, (4, 1, 2))
    choice = Options()
    stored = map_layer(square(4), bits, bits, array, choice)
    loaded = load_layer(stored, array, codes)
    before = [cells[loaded.weight_rows].tobytes() for cells in loaded.cells]
    assert len(loaded.cells) == stored.subarrays >= 3
    used = []
    for channels in (1, 4, 2):
        part = narrow(stored, square(channels))
        outputs, _ = run_layer(loaded, part, choice, image[:channels])
        expected = bitwise_conv2d(
            image[None, :channels], decoded(codes[:channels, :channels], bits, "symmetric"),
            weight_bits=bits, activation_bits=bits, weight_encoding="symmetric", padding=1,
        )  # fmt: skip
        np.testing.assert_array_equal(outputs, expected[0])
        assert [cells[loaded.weight_rows].tobytes() for cells in loaded.cells] == before
        used.append(part.subarrays)
    assert used[0] < used[2] < used[1] == stored.subarrays


def test_the_first_channels_are_the_first_columns_and_tiles():
    (wide,) = (one for one in load_network("resnet8").mapped if one.name == "layer3.1.conv2")
    stored = map_layer(wide, 8, 8, PLAIN, Options())
    assert stored.column_tiles == (192, 192, 192)
    assert stored.kernel_tiles == (22, 21, 21)
    expected = {16: ((144,), (16,)), 32: ((192, 96), (22, 10)), 48: ((192, 192, 48), (22, 21, 5))}
    for channels, tiles in expected.items():
        part = narrow(stored, replace(wide, in_channels=channels, out_channels=channels))
        assert (part.column_tiles, part.kernel_tiles) == tiles
    spread = map_layer(wide, 8, 8, PLAIN, Options(kernel_order="spread"))
    assert spread.kernel_tiles == stored.kernel_tiles
    part = narrow(spread, replace(wide, in_channels=16, out_channels=16))
    assert (part.column_tiles, part.kernel_tiles) == ((144,), (6, 5, 5))
    for room in (5, 9, 16, 40, 200):
        for length in (1, room // 2, room):
            for segment in range(2 if room < 200 else 1):
                whole = segment_columns(segment, room, PLAIN, room)
                part = segment_columns(segment, length, PLAIN, room)
                assert part.tolist() == whole[:length].tolist()


def test_what_is_no_part_of_the_mapped_layer_is_refused():
    wide = square(8)
    stored = map_layer(wide, 4, 4, PLAIN, Options())
    for other in (
        replace(wide, in_channels=9),
        replace(wide, out_channels=9),
        replace(wide, stride=(2, 2)),
        replace(wide, in_channels=4, out_channels=4, groups=4),
    ):
        with pytest.raises(EstimateError, match="no part of the layer that is mapped"):
            narrow(stored, other)
