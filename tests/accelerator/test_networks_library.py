"""Built-in networks against figures computed by hand or published."""

from __future__ import annotations

import pytest

from accelerator.errors import EstimateError
from accelerator.networks import Layer, Network, Operation, load_network, network_names
from accelerator.networks.chain import Chain

# Multiply-accumulates in millions: whole network, then its layers with weights.
MACS = {
    "alexnet": (
        724.406816,
        [105.4152, 223.9488, 149.520384, 112.140288, 74.760192, 37.748736, 16.777216, 4.096],
    ),
    "alexnet-dorefa": (
        1937.082368,
        [120.932352, 895.7952, 644.972544, 130.056192, 86.704128, 37.748736, 16.777216, 4.096],
    ),
    "svhn": (
        41.735424,
        [4.6656, 8.957952, 11.943936, 3.612672, 7.225344, 3.6864, 1.6384, 0.00512],
    ),
    "lenet5": (0.41652, [0.1176, 0.24, 0.048, 0.01008, 0.00084]),
}
# Published totals: MACs in units of 1e9, parameters without biases and normalization.
TOTALS = {
    "vgg16": (15.47026432, 138_344_128),
    "resnet18": (1.814073344, 11_678_912),
    # torchvision's 25,557,032 without biases (1000) and normalization (2 x 26,560).
    "resnet50": (4.089184256, 25_502_912),
    "resnet8": (0.012501632, 77_360),
}


@pytest.mark.parametrize("name", MACS)
def test_multiply_accumulates_by_layer(name: str) -> None:
    network = load_network(name)
    total, layers = MACS[name]
    assert network.macs == round(total * 1e6)
    assert [layer.macs for layer in network.mapped] == [round(macs * 1e6) for macs in layers]


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name: str) -> None:
    network = load_network(name)
    macs, weights = TOTALS[name]
    assert network.macs == round(macs * 1e9)
    assert sum(layer.weights for layer in network.layers) == weights


def test_grouped_alexnet_has_its_parameters() -> None:
    assert sum(layer.weights for layer in load_network("alexnet").layers) == 60_954_656


@pytest.mark.parametrize("name", network_names())
def test_shapes_follow_from_the_layer_before(name: str) -> None:
    shape: tuple[int, ...] | None = None
    for layer in load_network(name).layers:
        if layer.name.endswith("shortcut"):
            continue
        elements = layer.in_channels
        for size in layer.in_size:
            elements *= size
        if shape is not None:
            expected = shape[0] * shape[1] * shape[-1] if len(shape) == 3 else shape[0]
            assert elements == expected, layer.name
        shape = (layer.out_channels, *layer.out_size)


def test_valid_fraction_against_counting() -> None:
    layer = Layer(
        "x",
        Operation.CONVOLUTION,
        1,
        (5, 4),
        1,
        (4, 3),
        (3, 2),
        (2, 3),
        (2, 1),
        (3, 2),
        (1, 2),
    )
    inside = sum(
        0 <= y * 2 + a - 2 < 5 and 0 <= x * 3 + b * 2 - 1 < 4
        for y in range(4)
        for x in range(3)
        for a in range(3)
        for b in range(2)
    )
    assert layer.valid_fraction == pytest.approx(inside / (4 * 3 * 3 * 2), rel=1e-12)


def test_same_padding_puts_the_odd_one_after() -> None:
    layer = Chain(1, 27).max_pool("pool", 3, 2, padding="same").layers[0]
    assert (layer.out_size, layer.pad_begin, layer.pad_end) == ((14, 14), (1, 1), (1, 1))
    layer = Chain(1, 54).max_pool("pool", 3, 2, padding="same").layers[0]
    assert (layer.out_size, layer.pad_begin, layer.pad_end) == ((27, 27), (0, 0), (1, 1))


def test_a_network_passes_through() -> None:
    network = Chain(1, 8).convolution("c", 2, 3).network("mine", "made here")
    assert load_network(network) is network
    assert isinstance(network, Network)


def test_an_unknown_name_is_answered_with_the_names() -> None:
    with pytest.raises(EstimateError, match=r"no network 'alexnett'.*alexnet-dorefa, svhn"):
        load_network("alexnett")
