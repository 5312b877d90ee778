"""Residual networks: blocks of convolutions whose input is added to their result.

Layers of a block are named `layer<stage>.<block>.conv1`, ..., `.shortcut` where a convolution
makes the input fit, and `.add`; trainers read the shortcut's source off these names.
"""

from __future__ import annotations

from collections.abc import Callable

from accelerator.networks.chain import Chain
from accelerator.networks.layers import Network

Branch = Callable[[Chain, str, int, int], None]
"""Appends a block's convolutions: to the chain, with names' prefix, channels and stride."""


def _two(chain: Chain, prefix: str, channels: int, stride: int) -> None:
    chain.convolution(f"{prefix}.conv1", channels, 3, stride=stride, padding=1)
    chain.convolution(f"{prefix}.conv2", channels, 3, padding=1)


def _bottleneck(chain: Chain, prefix: str, channels: int, stride: int) -> None:
    # The stride is that of the window, as trained networks are handed out today.
    chain.convolution(f"{prefix}.conv1", channels, 1)
    chain.convolution(f"{prefix}.conv2", channels, 3, stride=stride, padding=1)
    chain.convolution(f"{prefix}.conv3", 4 * channels, 1)


def _blocks(
    chain: Chain, channels: tuple[int, ...], depths: tuple[int, ...], branch: Branch
) -> None:
    for stage, (width, depth) in enumerate(zip(channels, depths, strict=True), 1):
        for block in range(1, depth + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            prefix, start = f"layer{stage}.{block}", chain.shape
            branch(chain, prefix, width, stride)
            if chain.shape != start:
                end, chain.shape = chain.shape, start
                chain.convolution(f"{prefix}.shortcut", end[0], 1, stride=stride)
                chain.shape = end
            chain.addition(f"{prefix}.add")


def residual_network(
    depth: int = 1,
    channels: tuple[int, ...] = (16, 32, 64),
    *,
    image: tuple[int, int] = (3, 32),
    stem_stride: int = 1,
    classes: int = 10,
    name: str = "resnet8",
) -> Network:
    """A residual network for small images, 2 x depth x stages + 2 layers deep.

    One stage for each of `channels`, all but the first halving the image; `image` is channels
    and side. Shortcuts that change the shape are convolutions of one tap (option B).
    """
    chain = Chain(*image).convolution("conv1", channels[0], 3, stride=stem_stride, padding=1)
    _blocks(chain, channels, (depth,) * len(channels), _two)
    side = chain.shape[1]
    return (
        chain.average_pool("pool", side, side)
        .product("fc", classes)
        .network(
            name,
            f"He, Zhang, Ren, Sun, CVPR 2016, for small images, projection shortcuts, "
            f"input {image[1]} x {image[1]}",
        )
    )


def resnet50() -> Network:
    """ResNet-50 with projection shortcuts (option B), strides at the 3 x 3 windows, 224 x 224."""
    chain = Chain(3, 224).convolution("conv1", 64, 7, stride=2, padding=3)
    chain.max_pool("pool1", 3, 2, padding=1)
    _blocks(chain, (64, 128, 256, 512), (3, 4, 6, 3), _bottleneck)
    return (
        chain.average_pool("pool5", 7, 7)
        .product("fc", 1000)
        .network(
            "resnet50",
            "He, Zhang, Ren, Sun, CVPR 2016, projection shortcuts, strides at the 3 x 3 windows "
            "as in torchvision, input 224 x 224",
        )
    )
