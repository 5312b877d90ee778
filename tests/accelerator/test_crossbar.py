"""Analog crossbars: their parts add up to the published chip, counts to the operations."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.crossbar.beside import beside_crossbar
from accelerator.crossbar.cost import crossbar_cost, needed_bits
from accelerator.crossbar.parameters import crossbar_parameters
from accelerator.errors import EstimateError
from accelerator.networks import load_network
from accelerator.networks.chain import Chain
from accelerator.plan import plan_layers
from accelerator.reproduction.crossbar import _isaac_density


def plan(network, weight_bits=1, activation_bits=1):
    return plan_layers(network, weight_bits, activation_bits, None, "all")


def test_the_parts_add_up_to_the_published_chip():
    """ISAAC, ISCA 2016: 330 mW and 0.372 mm2 a tile, 65.8 W and 85.4 mm2 a chip."""
    parameters = crossbar_parameters()
    tile, chip = parameters.geometry.arrays_per_tile, parameters.geometry.tiles_per_chip
    assert parameters.array_power * tile == pytest.approx(0.330, rel=1e-3)
    assert parameters.array_area * tile == pytest.approx(0.372e-6, rel=1e-3)
    assert parameters.array_power * tile * chip + parameters.link_power == pytest.approx(
        65.8, rel=1e-3
    )
    assert parameters.array_area * tile * chip + parameters.link_area == pytest.approx(
        85.4e-6, rel=1e-3
    )


def test_full_arrays_have_the_published_density():
    """479 GOP/s/mm2 at 16 bits; one more array column and the time to fill are ours."""
    assert _isaac_density() == pytest.approx(479e15, rel=0.02)


def test_full_arrays_at_work_draw_the_published_power():
    parameters = crossbar_parameters()
    geometry = parameters.geometry
    chain = Chain(geometry.rows, 64).convolution("full", geometry.columns, 1)
    layer = crossbar_cost(plan(chain.network("full", "made here"))).layers[0]
    working = layer.latency - geometry.fill_cycles * geometry.cycle
    # The column that adds up the inputs is one more of 128.
    assert layer.arrays == 1
    assert layer.energy / working == pytest.approx(parameters.array_power, rel=0.01)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 3), st.integers(1, 6), st.integers(1, 300),
    st.integers(1, 8), st.integers(1, 8),
)  # fmt: skip
def test_counts_follow_from_the_operations(channels, kernel, extra, kernels, weights, activations):
    chain = Chain(channels, kernel + extra).convolution("c", kernels, kernel)
    network = chain.network("one", "made here")
    found = crossbar_cost(plan(network, weights, activations)).layers[0]
    (layer,) = network.layers
    slices = -(-weights // min(weights, 2))
    unit_columns = -(-kernels * slices // 128)
    # Every product of a cell with an input bit is made once, and those of the added columns.
    products = layer.macs * slices * activations
    added = layer.positions * layer.patch_length * unit_columns * activations
    assert found.cells_read == products + added
    assert found.conversions >= products / 128
    assert found.rows_driven == layer.positions * layer.patch_length * activations * unit_columns
    assert found.cycles == layer.positions * activations + 22
    assert all(energy > 0 for energy in found.components.values())


def test_copies_share_the_positions_and_keep_the_energy():
    network = load_network("lenet5")
    one, four = crossbar_cost(plan(network)), crossbar_cost(plan(network), copies=4)
    assert four.energy == pytest.approx(one.energy)
    assert four.latency < one.latency
    # A product has one position only, of which there can be no copies.
    assert one.arrays < four.arrays < 4 * one.arrays


def test_the_sums_of_full_arrays_need_all_bits_of_the_converter():
    parameters = crossbar_parameters()
    network = load_network("alexnet")
    widest = max(needed_bits(entry, parameters) for entry in plan(network, 8).layers)
    assert widest == 8  # 128 rows of two-bit cells, less the bit that inverting saves
    assert crossbar_cost(plan(network, 8)).exact
    assert not crossbar_cost(plan(network, 8), adc_bits=7).exact
    assert (
        crossbar_cost(plan(network, 8), adc_bits=7).energy < crossbar_cost(plan(network, 8)).energy
    )
    with pytest.raises(EstimateError, match="give one of 4, 5"):
        crossbar_cost(plan(network), adc_bits=11)


def test_the_table_of_the_docs_is_what_the_study_gives():
    text = (Path(__file__).parents[2] / "docs/crossbar.md").read_text(encoding="utf-8")
    cases = {
        "AlexNet, W1:A1": ("alexnet", 1, 1, {}),
        "AlexNet, W1:A4": ("alexnet", 1, 4, {}),
        "AlexNet, W8:A8": ("alexnet", 8, 8, {}),
        "ResNet-18, W1:A4": ("resnet18", 1, 4, {}),
        "LeNet-5 conv2 and conv3, W1:A8": (
            "lenet5", 1, 8, {"coverage": "convolutions", "first_last": "off"},
        ),
    }  # fmt: skip
    for name, (network, weights, activations, words) in cases.items():
        found = beside_crossbar(network, weight_bits=weights, activation_bits=activations, **words)
        (row,) = (line for line in text.splitlines() if line.startswith(f"| {name} |"))
        told = [float(number) for number in re.findall(r"[0-9.]+(?= (?:uJ|ms|mm2|x))", row)]
        ratios = [found.ratios[key] for key in ("energy", "latency", "area")]
        theirs = [found.crossbar.energy * 1e6, found.crossbar.latency * 1e3]
        theirs.append(found.crossbar.area * 1e6)
        ours = [theirs[i] * ratios[i] for i in range(3)]
        assert told == pytest.approx([*theirs, *ours, *ratios], rel=0.02)


def test_both_sides_are_of_the_same_operations():
    found = beside_crossbar("lenet5", weight_bits=1, activation_bits=2)
    assert found.ratios["energy"] == pytest.approx(found.ours.energy / found.crossbar.energy)
    products = found.ours.and_operations
    added = found.crossbar.layers
    assert sum(layer.cells_read for layer in added) > products
    assert {layer.name for layer in added} == {
        layer.name for layer in found.ours.layers if layer.macs
    }
