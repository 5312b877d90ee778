"""Patches that stay while kernels come: what is written, read and sensed, by laws and by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bitwise_layers import PLAIN
from executed_layers import check_execution
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError, estimate
from accelerator.array import Array
from accelerator.closed_form import count_events
from accelerator.cutting import map_layer
from accelerator.exploration.space import Space
from accelerator.networks import Layer, Operation, load_network
from accelerator.networks.chain import Chain
from accelerator.options import Options
from accelerator.plan import Choice
from accelerator.render import render_text
from lut import Table

STAYS = Options(dataflow="input_stationary")
SMALL = Array(12, 16, 2, 2, 1, 8, 5)


def convolution(**shape) -> Layer:
    """Two groups of three channels, 3 x 3 over 4 x 5 padded, unless told otherwise."""
    base = Layer("layer", Operation.CONVOLUTION, 6, (4, 5), 4, (4, 5), (3, 3))
    return replace(base, **{"pad_begin": (1, 1), "pad_end": (1, 1), "groups": 2} | shape)


CORNERS = {
    "patches longer than the columns": (
        convolution(),
        SMALL,
        (2, 3),
        lambda m: len(m.column_tiles) > 1 and len(m.patch_tiles) > 1,
    ),
    "patches side by side, fewer in the last row": (
        convolution(
            in_size=(5, 5), out_size=(5, 5), kernel=(1, 1), pad_begin=(0, 0), pad_end=(0, 0)
        ),
        SMALL,
        (1, 2),
        lambda m: m.groups_per_row == 2 and m.streams % m.positions_per_row,
    ),
    "a last row alone in its tile": (
        Layer("layer", Operation.CONVOLUTION, 2, (1, 7), 3, (1, 7), (1, 1)),
        Array(4, 4, 1, 1, 1, 4, 3),
        (1, 2),
        lambda m: m.kernel_writes[-1][0] == m.streams % m.positions_per_row == 1,
    ),
    "strides that skip columns": (
        convolution(out_size=(2, 3), stride=(3, 2)),
        SMALL,
        (3, 2),
        lambda m: len(m.patch_tiles) > 1,
    ),
    "kernels' planes in passes": (
        convolution(),
        Array(6, 16, 2, 2, 1, 8, 5),
        (4, 3),
        lambda m: m.planes_at_once < 4,
    ),
    "a patch's planes in several sub-arrays": (
        convolution(),
        Array(4, 16, 2, 2, 1, 8, 5),
        (2, 4),
        lambda m: len(m.plane_groups) > 1,
    ),
}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *((name, "symmetric") for name in CORNERS),
        # Where the sign of the weights' top plane may go astray.
        ("kernels' planes in passes", "twos_complement"),
        ("a patch's planes in several sub-arrays", "twos_complement"),
        *((name, "zero_point") for name in CORNERS),
    ],
)
def test_corners_of_the_mapping_are_exact(name: str, encoding: str) -> None:
    layer, array, widths, holds = CORNERS[name]
    mapping = check_execution(layer, array, replace(STAYS, weight_encoding=encoding), *widths, 3)
    assert holds(mapping)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    length=st.integers(129, 900), rows=st.integers(1, 400), kernels=st.integers(1, 400),
    weight_bits=st.integers(1, 8), activation_bits=st.integers(1, 8),
    array_rows=st.integers(4, 256), double=st.booleans(),
)  # fmt: skip
def test_and_is_symmetric(
    length, rows, kernels, weight_bits, activation_bits, array_rows, double
) -> None:
    """A product with patches that stay is the product of the operands' exchanged roles."""
    array = replace(PLAIN, rows=array_rows)
    ours = Options("unsigned", "input_stationary", double_buffer=double, activation_density=0.3)
    theirs = Options("unsigned", double_buffer=double, activation_density=0.5, weight_density=0.3)

    def counted(rows, kernels, bits, choice):
        shape = ((rows,), kernels, (rows,), (1,), (1,), (0,), (0,), (1,))
        layer = Layer("product", Operation.PRODUCT, length, *shape)
        mapping = map_layer(layer, *bits, array, replace(choice, copies=10**6))
        return mapping, count_events(mapping, array, choice).to_dict()

    mine, a = counted(rows, kernels, (weight_bits, activation_bits), ours)
    other, b = counted(kernels, rows, (activation_bits, weight_bits), theirs)
    assert mine.subarrays * other.copies == other.subarrays
    for name, number in a.items():
        names = {"input": "weight", "kernel": "input", "and_01": "and_10", "and_10": "and_01"}
        exchanged = names.get(name) or next(
            (new + name.removeprefix(old) for old, new in names.items() if name.startswith(old)),
            name,
        )
        if name.startswith("weight"):
            assert number == 0
        else:
            # Kernels that stay are written into every copy.
            share = other.copies if name.startswith("input") else 1
            assert share * number == pytest.approx(b[exchanged], rel=1e-12), name


@pytest.mark.parametrize("name", ["alexnet", "lenet5", "resnet18"])
def test_what_is_sensed_is_the_same(name: str) -> None:
    for layer in load_network(name).mapped:
        one, other = (
            count_events(map_layer(layer, 2, 3, PLAIN, choice), PLAIN, choice)
            for choice in (Options(), STAYS)
        )
        for event in ("ands", "and_00", "and_01", "and_10", "and_11", "and_rows", "and_cycles"):
            assert getattr(one, event) == getattr(other, event), event
        for event in ("reads", "read_1", "read_rows", "bit_count_adders", "sum_adders"):
            assert getattr(one, event) == getattr(other, event), event
        # A patch is written once, whatever the kernels' number.
        assert other.input_cells == layer.positions * layer.groups * layer.patch_length * 3
        assert other.input_cells <= one.input_cells


def test_alexnet_conv3_by_hand() -> None:
    """169 positions of 2304 elements, 384 kernels, W1:A4: 63 patches have room in 254 rows."""
    layer = load_network("alexnet").mapped[2]
    mapping = map_layer(layer, 1, 4, PLAIN, STAYS)
    assert mapping.column_tiles == (256,) * 9
    assert mapping.patch_tiles == (57, 56, 56)
    assert (mapping.rounds, mapping.copies, mapping.subarrays) == (3, 1, 9)
    assert mapping.stores == -(-384 * 2304 // 65536)
    counts = count_events(mapping, PLAIN, STAYS)
    assert counts.input_cells == 169 * 2304 * 4
    assert counts.kernel_cells == 3 * 384 * 2304
    assert counts.kernel_rows == 3 * 384 * 9
    assert counts.weight_cells == 0
    copied = map_layer(layer, 1, 4, PLAIN, replace(STAYS, copies=8))
    assert (copied.rounds, copied.copies, copied.subarrays) == (1, 3, 27)
    assert count_events(copied, PLAIN, STAYS) == counts


def one_convolution():
    """Four kernels of 3 x 3 over 8 channels, 6 x 6 positions, nothing padded."""
    return Chain(8, 8).convolution("conv", 4, 3).network("small", "made here")


def small(table: Table, **choice):
    settings = {"weight_bits": 1, "activation_bits": 2, "samples": 0} | choice
    return estimate(one_convolution(), table=table, **settings)


def test_a_small_layer_by_hand(synthetic_table: Table) -> None:
    """18 rows of two patches of 72 elements stay; four kernels come to lie beside both."""
    report = small(synthetic_table, dataflow="input_stationary")
    other = small(synthetic_table)
    (layer,), components = report.layers, report.components
    for name in ("sense_bias", "sense_latch", "bit_count", "input_write", "transpose"):
        assert components[name] == pytest.approx(other.components[name])
    assert components["weight_write"] == pytest.approx(4 * 144 * 3e-12 * 1.1)
    pulses = 18 * 2 * 8 + 4 * 8  # 144 cells, 20 at a time
    half_selected = pulses * 256 - 36 * 72 * 2 - 4 * 144
    assert components["half_select"] == pytest.approx(half_selected * 0.5e-15)
    read_lines = 2 * 18 * 4 * 2 + 18 * 2
    lines = read_lines * 60e-15 + (18 * 2 + 4) * 120e-15
    assert components["word_lines"] == pytest.approx(lines)
    # 7 bits hold 72, 8 bits 3 * 72: two planes of three phases, and their sum once.
    assert components["shift_accumulate"] == pytest.approx(36 * 4 * (2 * 3 * 8 + 8) * 6e-15)
    assert layer.subarrays == 2  # one works, one keeps 288 weights
    assert layer.counts["store_reads"] == layer.counts["kernel_bits"] == 288
    start = 5 * 30e-12 + 0.3e-9
    write, sense = start + 8 * 3e-9, start + 6 * 4e-9
    fill = 18 * 2 * (write + sense)
    assert layer.row_steps == 4
    assert layer.latency == pytest.approx(fill + 4 * (write + 18 * 2 * sense), rel=0.02)
    buffered = small(synthetic_table, dataflow="input_stationary", double_buffer=True)
    assert buffered.latency == pytest.approx(fill + write + 4 * 18 * 2 * sense, rel=0.02)


def test_kernels_are_read_once_for_all_copies(synthetic_table: Table) -> None:
    def traffic(copies: int):
        report = estimate(
            "alexnet",
            table=synthetic_table,
            samples=0,
            dataflow="input_stationary",
            copies=copies,
        )
        return report.layers[0].counts, report

    one, slow = traffic(1)
    many, fast = traffic(64)
    rounds = -(-3025 // 63)
    weights = 96 * 363
    assert one["kernel_bits"] == rounds * weights
    assert many["kernel_bits"] == weights
    assert many["kernel_cells"] == one["kernel_cells"] == rounds * 2 * weights // 2
    assert fast.latency < slow.latency / 5
    assert fast.components["weight_write"] == slow.components["weight_write"]


def test_kernels_from_outside_cross_the_edge_for_every_round(synthetic_table: Table) -> None:
    choice = {"dataflow": "input_stationary", "off_chip": True}
    kept = small(synthetic_table, **choice, weight_load="off")
    outside = small(synthetic_table, **choice, weight_store="outside", weight_load="off")
    edge = 8 * 8 * 8 * 2 + 4 * 36 * 2
    assert kept.components["off_chip"] == pytest.approx(edge * 30e-12)
    assert outside.components["off_chip"] == pytest.approx((edge + 288) * 30e-12)
    assert outside.subarrays == kept.subarrays - 1
    assert outside.area < kept.area
    assert outside.components["buffers"] < kept.components["buffers"]
    slow = small(
        synthetic_table,
        **choice,
        weight_store="outside",
        assumptions={"off_chip_rate": 1e6},
    )
    # What leaves with the last of four kernels does so after it.
    assert slow.latency == pytest.approx(5 / 4 * (edge + 288) / 1e6, rel=0.05)


def test_loading_fills_the_stores_and_writing_patches_can_be_left_out(
    synthetic_table: Table,
) -> None:
    choice = {"dataflow": "input_stationary"}
    each = small(synthetic_table, **choice, weight_load="each_image")
    assert each.components["weight_load"] == pytest.approx(288 * 3.3e-12, rel=0.1)
    assert small(synthetic_table, **choice, weight_load="off").components["weight_load"] == 0
    left_out = small(synthetic_table, **choice, count_input_writes=False)
    base = small(synthetic_table, **choice)
    assert left_out.components["input_write"] == 0
    assert left_out.components["weight_write"] == base.components["weight_write"]
    assert left_out.latency < base.latency


def test_sums_of_the_patches_that_stay_are_kept(synthetic_table: Table) -> None:
    """17 rows more than there are registers for, two patches each, 8 bits for 3 * 72."""
    symmetric, unsigned = (
        small(synthetic_table, dataflow="input_stationary", weight_encoding=encoding)
        for encoding in ("symmetric", "unsigned")
    )
    stays, comes = (
        small(synthetic_table, weight_encoding=encoding) for encoding in ("symmetric", "unsigned")
    )
    more = symmetric.area_components["flip_flops"] - unsigned.area_components["flip_flops"]
    more -= stays.area_components["flip_flops"] - comes.area_components["flip_flops"]
    assert more == pytest.approx(17 * 2 * 8 * 5e-12 / 0.7, rel=1e-3)


def test_reuse_and_choice(synthetic_table: Table) -> None:
    choice = {"dataflow": "input_stationary", "samples": 0, "table": synthetic_table}
    plain = estimate("lenet5", **choice)
    assert estimate("lenet5", **choice, reuse_overlap=True).energy == plain.energy

    def mapper(layers, *_):
        ways = {"conv2": "input_stationary"}
        return tuple(
            replace(one, choice=Choice(1, False, False, ways.get(one.layer.name, STAY)))
            for one in layers
        )

    mixed = estimate("lenet5", table=synthetic_table, samples=0, mapper=mapper)
    other = estimate("lenet5", table=synthetic_table, samples=0)
    senses = {layer.name: layer.counts.get("kernel_cells", 0) > 0 for layer in mixed.layers}
    assert [name for name, comes in senses.items() if comes] == ["conv2"]
    assert mixed.components["sense_bias"] == pytest.approx(other.components["sense_bias"])
    assert "kernels written for every image" in render_text(mixed, full=True)
    assert "kernels written for every image" not in render_text(other, full=True)


STAY = "weight_stationary"


def test_pipelined_layers_and_intervals(synthetic_table: Table) -> None:
    found = estimate("lenet5", table=synthetic_table, dataflow="input_stationary", pipelined=True)
    slowest = max(layer.latency for layer in found.layers)
    assert slowest <= found.interval <= found.latency
    assert found.uncertainty.energy.low < found.energy < found.uncertainty.energy.high


def test_it_is_an_axis_of_a_space() -> None:
    space = Space({"network": ("lenet5",), "dataflow": ("weight_stationary", "input_stationary")})
    assert [point["dataflow"] for point in space.points()] == list(space.axes["dataflow"])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"dataflow": "output_stationary"}, "dataflow cannot be 'output_stationary'.*input_st"),
        ({"weight_store": "nowhere"}, "weight_store cannot be 'nowhere'.*on_chip, outside"),
    ],
)
def test_what_cannot_be_is_refused(option, words: str) -> None:
    with pytest.raises(EstimateError, match=words):
        estimate("lenet5", samples=0, **option)
