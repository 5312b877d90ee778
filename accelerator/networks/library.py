"""The built-in networks."""

from __future__ import annotations

from collections.abc import Callable

from accelerator.networks.chain import Chain
from accelerator.networks.layers import Network
from accelerator.networks.residual import residual_network, resnet50

WITHOUT_RESPONSE_NORMALIZATION = (
    "local response normalization, absent from the low bit-width variants of the network"
)


def alexnet() -> Network:
    """AlexNet as published, two groups in conv2, conv4 and conv5, 227 x 227."""
    return (
        Chain(3, 227)
        .convolution("conv1", 96, 11, stride=4)
        .max_pool("pool1", 3, 2)
        .convolution("conv2", 256, 5, padding=2, groups=2)
        .max_pool("pool2", 3, 2)
        .convolution("conv3", 384, 3, padding=1)
        .convolution("conv4", 384, 3, padding=1, groups=2)
        .convolution("conv5", 256, 3, padding=1, groups=2)
        .max_pool("pool5", 3, 2)
        .product("fc6", 4096)
        .product("fc7", 4096)
        .product("fc8", 1000)
        .network(
            "alexnet",
            "Krizhevsky, Sutskever, Hinton, NIPS 2012, grouped, input 227 x 227",
            (WITHOUT_RESPONSE_NORMALIZATION,),
        )
    )


def alexnet_dorefa() -> Network:
    """AlexNet of DoReFa-Net's published training script, 224 x 224."""
    return (
        Chain(3, 224)
        .convolution("conv0", 96, 12, stride=4)
        .convolution("conv1", 256, 5, padding="same", groups=2)
        .max_pool("pool1", 3, 2, padding="same")
        .convolution("conv2", 384, 3, padding="same")
        .max_pool("pool2", 3, 2, padding="same")
        .convolution("conv3", 384, 3, padding="same", groups=2)
        .convolution("conv4", 256, 3, padding="same", groups=2)
        .max_pool("pool4", 3, 2)
        .product("fc0", 4096)
        .product("fc1", 4096)
        .product("fct", 1000)
        .network(
            "alexnet-dorefa",
            "tensorpack examples/DoReFa-Net/alexnet-dorefa.py, input 224 x 224",
        )
    )


def svhn() -> Network:
    """The street-view digits network of DoReFa-Net (model A), 40 x 40."""
    return (
        Chain(3, 40)
        .convolution("conv0", 48, 5)
        .max_pool("pool0", 2, 2, padding="same")
        .convolution("conv1", 64, 3, padding="same")
        .convolution("conv2", 64, 3, padding="same")
        .max_pool("pool1", 2, 2, padding="same")
        .convolution("conv3", 128, 3)
        .convolution("conv4", 128, 3, padding="same")
        .convolution("conv5", 128, 3)
        .convolution("conv6", 512, 5)
        .product("fc1", 10)
        .network(
            "svhn",
            "tensorpack examples/DoReFa-Net/svhn-digit-dorefa.py, input 40 x 40",
        )
    )


def lenet5() -> Network:
    """LeNet-5 on 28 x 28 digits padded by two, its second convolution fully connected."""
    return (
        Chain(1, 28)
        .convolution("conv1", 6, 5, padding=2)
        .max_pool("pool1", 2, 2)
        .convolution("conv2", 16, 5)
        .max_pool("pool2", 2, 2)
        .convolution("conv3", 120, 5)
        .product("fc1", 84)
        .product("fc2", 10)
        .network(
            "lenet5",
            "LeCun, Bottou, Bengio, Haffner, Proc. IEEE 1998, input 28 x 28 padded by 2, "
            "conv2 connected to all channels",
        )
    )


def digits() -> Network:
    """A small network for the digits that come with scikit-learn, 8 x 8; our own."""
    return (
        Chain(1, 8)
        .convolution("conv1", 32, 3, padding=1)
        .convolution("conv2", 32, 3, padding=1)
        .max_pool("pool2", 2, 2)
        .convolution("conv3", 64, 3, padding=1)
        .max_pool("pool3", 2, 2)
        .product("fc4", 64)
        .product("fc5", 10)
        .network("digits", "ours, for the 8 x 8 digits that come with scikit-learn")
    )


def vgg_small() -> Network:
    """The small VGG of low bit-width work on CIFAR-10, 32 x 32."""
    chain = Chain(3, 32)
    for block, channels in enumerate((128, 256, 512), 1):
        for index in (1, 2):
            chain.convolution(f"conv{block}_{index}", channels, 3, padding=1)
        chain.max_pool(f"pool{block}", 2, 2)
    return chain.product("fc", 10).network(
        "vgg-small", "Cai, He, Sun, Vasconcelos, CVPR 2017 (HWGQ-Net), input 32 x 32"
    )


def vgg16() -> Network:
    """VGG-16 (configuration D), 224 x 224."""
    chain = Chain(3, 224)
    for block, (channels, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for index in range(1, depth + 1):
            chain.convolution(f"conv{block}_{index}", channels, 3, padding=1)
        chain.max_pool(f"pool{block}", 2, 2)
    for name, features in (("fc6", 4096), ("fc7", 4096), ("fc8", 1000)):
        chain.product(name, features)
    return chain.network(
        "vgg16", "Simonyan, Zisserman, ICLR 2015, configuration D, input 224 x 224"
    )


def resnet18() -> Network:
    """ResNet-18 with projection shortcuts (option B), 224 x 224."""
    chain = Chain(3, 224).convolution("conv1", 64, 7, stride=2, padding=3)
    chain.max_pool("pool1", 3, 2, padding=1)
    for stage, channels in enumerate((64, 128, 256, 512), 1):
        for block in (1, 2):
            stride = 2 if stage > 1 and block == 1 else 1
            prefix = f"layer{stage}.{block}"
            start = chain.shape
            chain.convolution(f"{prefix}.conv1", channels, 3, stride=stride, padding=1)
            chain.convolution(f"{prefix}.conv2", channels, 3, padding=1)
            if stride != 1:
                end, chain.shape = chain.shape, start
                chain.convolution(f"{prefix}.shortcut", channels, 1, stride=stride)
                chain.shape = end
            chain.addition(f"{prefix}.add")
    return (
        chain.average_pool("pool5", 7, 7)
        .product("fc", 1000)
        .network(
            "resnet18",
            "He, Zhang, Ren, Sun, CVPR 2016, projection shortcuts, input 224 x 224",
        )
    )


NETWORKS: dict[str, Callable[[], Network]] = {
    "alexnet": alexnet,
    "alexnet-dorefa": alexnet_dorefa,
    "svhn": svhn,
    "lenet5": lenet5,
    "digits": digits,
    "vgg-small": vgg_small,
    "vgg16": vgg16,
    "resnet18": resnet18,
    "resnet50": resnet50,
    "resnet8": residual_network,
}
