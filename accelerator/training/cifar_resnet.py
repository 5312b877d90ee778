"""Residual networks for small images, as trainable steps.

The form of K. He et al., arXiv 1512.03385, section 4.2: a convolution, three stages of n blocks
of two convolutions each, halved sides and doubled channels from stage to stage, the mean of each
channel and a product: 6 n + 2 layers. Where the shape changes, the short cut is a convolution of
1 x 1 (option B there), so that it runs on sub-arrays as everything else.
"""

from __future__ import annotations

from accelerator.networks.chain import Chain
from accelerator.networks.layers import Layer
from accelerator.training.errors import TrainingError
from accelerator.training.graph import (
    INPUT,
    Activate,
    Add,
    Graph,
    Normalize,
    Pool,
    Product,
    Quantize,
)

STAGES = 3


def cifar_resnet_graph(
    input_shape: tuple[int, ...],
    *,
    blocks: int,
    channels: int,
    classes: int,
    activation_bits: int,
    input_bits: int,
    highest: int,
    weight_bits: int = 8,
) -> Graph:
    """The steps of a residual network, its weights on DoReFa-Net's levels until told otherwise.

    Args:
        input_shape: channels, height and width of a square image.
        blocks: n, of each stage; 3 make ResNet-20.
        channels: of the first stage, 16 in ResNet-20.
        activation_bits: of what is between the layers.
        input_bits, highest: width of the image's codes and the largest one.

    Raises:
        TrainingError: the image is not square or too small to be halved twice.
    """
    colours, height, width = input_shape
    if height != width or height % 4:
        raise TrainingError(
            f"images of {height} x {width} cannot be halved twice; give square ones whose side "
            "is a multiple of 4"
        )
    if blocks < 1 or channels < 1:
        raise TrainingError(
            f"{blocks} blocks of {channels} channels are no network; give 1 or more of each"
        )
    graph = Graph(f"resnet{2 * STAGES * blocks + 2}", input_shape)

    def convolution(source: int, layer: Layer) -> int:
        made = graph.add(Product(source, layer, weight_bits))
        return graph.add(Normalize(made, layer.out_channels))

    def activated(source: int) -> int:
        return graph.add(Activate(source, activation_bits))

    image = graph.add(Quantize(INPUT, input_bits, highest))
    stem = Chain(colours, height).convolution("conv1", channels, 3, padding=1).layers[0]
    last, wide, side = activated(convolution(image, stem)), channels, height
    for stage in range(STAGES):
        for block in range(blocks):
            name, narrow = f"stage{stage + 1}_{block + 1}", wide
            stride = 2 if stage and not block else 1
            wide = channels << stage
            shape = Chain(narrow, side)
            first = shape.convolution(f"{name}_a", wide, 3, stride, 1).layers[-1]
            second = shape.convolution(f"{name}_b", wide, 3, 1, 1).layers[-1]
            inner = activated(convolution(last, first))
            outer, straight = convolution(inner, second), last
            if stride != 1 or narrow != wide:
                cut = Chain(narrow, side).convolution(f"{name}_cut", wide, 1, stride).layers[0]
                straight = convolution(last, cut)
            side = shape.shape[1]
            last = activated(graph.add(Add(outer, straight)))
    pool = Chain(wide, side).average_pool("pool", side, side)
    # Means stay sums of codes: many would lie halfway between levels to be rounded to.
    last = graph.add(Pool(last, pool.layers[0]))
    score = Chain(wide, 1).product("fc", classes).layers[0]
    convolution(last, score)
    return graph
