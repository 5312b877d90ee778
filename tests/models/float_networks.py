"""A score of architectures in small, as float graphs of any opset (float_builder).

Each function takes the opset and gives a model; LEAST has the opset that the network needs.
"""

import numpy as np
from float_builder import Net
from onnx import TensorProto

NETWORKS = {}
LEAST = {}


def network(least=7):
    def register(function):
        name = function.__name__.replace("_", "-")
        NETWORKS[name], LEAST[name] = function, least
        return function

    return register


@network()
def mlp(opset):
    """Products behind each other."""
    net = Net(opset, ["N", 1, 6, 6])
    y = net.relu(net.gemm(net.node("Flatten", "x"), 36, 24))
    y = net.dropout(net.relu(net.gemm(y, 24, 16)))
    return net.model(net.gemm(y, 16, 10))


@network()
def lenet(opset):
    """Convolutions, pooling, products."""
    net = Net(opset, ["N", 1, 12, 12])
    y = net.pool(net.relu(net.conv("x", 1, 4, (5, 5))), (2, 2))
    y = net.pool(net.relu(net.conv(y, 4, 8, (3, 3), same=False)), (2, 2))
    return net.model(net.gemm(net.relu(net.gemm(net.node("Flatten", y), 32, 16)), 16, 10))


@network()
def vgg(opset):
    """Convolutions with batch normalization."""
    net = Net(opset, ["N", 3, 8, 8])
    y, channels = "x", 3
    for wide in (8, 12):
        for _ in range(2):
            y = net.relu(net.norm(net.conv(y, channels, wide, (3, 3), bias=False), wide))
            channels = wide
        y = net.pool(y, (2, 2))
    return net.model(net.gemm(net.node("Flatten", y), 48, 10))


@network()
def alexnet(opset):
    """Response normalization, two groups, softmax."""
    net = Net(opset, ["N", 3, 12, 12])
    y = net.node("LRN", net.relu(net.conv("x", 3, 8, (5, 5), strides=[2, 2])), size=5)
    y = net.pool(y, (3, 3), strides=[2, 2])
    y = net.relu(net.conv(y, 8, 8, (3, 3), group=2))
    y = net.gemm(net.node("Flatten", y), 32, 10)
    return net.model(net.node("Softmax", y, axis=1))


@network()
def resnet(opset):
    """Residual blocks, one with a convolution in its shortcut."""
    net = Net(opset, ["N", 3, 8, 8])
    stem = net.relu(net.conv("x", 3, 8, (3, 3)))
    y = net.relu(net.conv(stem, 8, 8, (3, 3)))
    y = net.relu(net.node("Add", net.conv(y, 8, 8, (3, 3)), stem))
    z = net.conv(net.relu(net.conv(y, 8, 16, (3, 3), strides=[2, 2])), 16, 16, (3, 3))
    short = net.conv(y, 8, 16, (1, 1), strides=[2, 2])
    return net.model(net.gemm(net.flat(net.relu(net.node("Add", z, short))), 16, 10))


@network()
def mobilenet(opset):
    """Depth-wise separable convolutions, Clip at 6."""
    net = Net(opset, ["N", 3, 8, 8])
    y = net.relu6(net.conv("x", 3, 8, (3, 3), strides=[2, 2]))
    for source, target in ((8, 12), (12, 16)):
        y = net.relu6(net.conv(y, source, source, (3, 3), group=source))
        y = net.relu6(net.conv(y, source, target, (1, 1)))
    return net.model(net.gemm(net.flat(y), 16, 10))


@network()
def squeeze_excite(opset):
    """An inverted residual as EfficientNet and MobileNetV3 have it."""
    net = Net(opset, ["N", 8, 6, 6])
    y = net.relu(net.conv("x", 8, 16, (1, 1)))
    y = net.relu(net.conv(y, 16, 16, (3, 3), group=16))
    gate = net.relu(net.conv(net.node("GlobalAveragePool", y), 16, 4, (1, 1)))
    gate = net.node("Sigmoid", net.conv(gate, 4, 16, (1, 1)))
    y = net.conv(net.node("Mul", y, gate), 16, 8, (1, 1))
    return net.model(net.gemm(net.flat(net.node("Add", y, "x")), 8, 10))


@network()
def unet(opset):
    """Transposed convolution, joined with what was before."""
    net = Net(opset, ["N", 3, 8, 8])
    wide = net.relu(net.conv("x", 3, 4, (3, 3)))
    deep = net.relu(net.conv(net.pool(wide, (2, 2)), 4, 8, (3, 3)))
    y = net.node("Concat", net.transposed(deep, 8, 4), wide, axis=1)
    return net.model(net.conv(net.relu(net.conv(y, 8, 4, (3, 3))), 4, 2, (1, 1)))


@network()
def resizing_unet(opset):
    """The same with enlarging to the nearest."""
    net = Net(opset, ["N", 3, 8, 8])
    wide = net.relu(net.conv("x", 3, 4, (3, 3)))
    deep = net.relu(net.conv(net.pool(wide, (2, 2)), 4, 4, (3, 3)))
    y = net.node("Concat", net.doubled(deep), wide, axis=1)
    return net.model(net.conv(y, 8, 2, (3, 3)))


@network()
def super_resolution(opset):
    """Pixels from channels (DepthToSpace)."""
    net = Net(opset, ["N", 1, 6, 6])
    y = net.relu(net.conv(net.relu(net.conv("x", 1, 8, (5, 5))), 8, 4, (3, 3)))
    y = net.conv(y, 4, 4, (3, 3))
    return net.model(net.node("DepthToSpace", y, blocksize=2))


@network()
def audio(opset):
    """Convolutions of one dimension, dilated."""
    net = Net(opset, ["N", 4, 32])
    y = net.pool(net.relu(net.norm(net.conv("x", 4, 8, (5,)), 8)), (2,))
    y = net.relu(net.conv(y, 8, 8, (3,), dilations=[2]))
    return net.model(net.gemm(net.mean(y, [2]), 8, 6))


@network()
def video(opset):
    """Convolutions of three dimensions."""
    net = Net(opset, ["N", 2, 4, 6, 6])
    y = net.pool(net.relu(net.conv("x", 2, 6, (3, 3, 3))), (2, 2, 2))
    y = net.relu(net.conv(y, 6, 8, (3, 3, 3)))
    return net.model(net.gemm(net.flat(y), 8, 5))


@network()
def shufflenet(opset):
    """Grouped convolutions, channels shuffled."""
    net = Net(opset, ["N", 8, 6, 6])
    kept, y = net.split("x", [4, 4], 1)
    y = net.relu(net.conv(y, 4, 4, (1, 1), group=2))
    y = net.relu(net.conv(net.conv(y, 4, 4, (3, 3), group=4), 4, 4, (1, 1)))
    y = net.node("Concat", kept, y, axis=1)
    y = net.turned(net.reshape(y, -1, 2, 4, 6, 6), 0, 2, 1, 3, 4)
    return net.model(net.gemm(net.flat(net.reshape(y, -1, 8, 6, 6)), 8, 10))


@network()
def squeezenet(opset):
    """Two windows side by side, scores by a mean."""
    net = Net(opset, ["N", 3, 8, 8])
    y = net.pool(net.relu(net.conv("x", 3, 8, (3, 3))), (2, 2))
    y = net.relu(net.conv(y, 8, 4, (1, 1)))
    sides = [net.relu(net.conv(y, 4, 8, size)) for size in ((1, 1), (3, 3))]
    y = net.dropout(net.node("Concat", *sides, axis=1))
    y = net.node("GlobalAveragePool", net.relu(net.conv(y, 16, 10, (1, 1))))
    return net.model(net.node("Softmax", net.squeeze(y, [2, 3]), axis=1))


@network()
def densenet(opset):
    """Outputs joined with their inputs."""
    net = Net(opset, ["N", 3, 8, 8])
    y, channels = net.conv("x", 3, 6, (3, 3)), 6
    for _ in range(2):
        new = net.conv(net.relu(net.norm(y, channels)), channels, 4, (3, 3))
        y, channels = net.node("Concat", y, new, axis=1), channels + 4
    y = net.pool(net.relu(net.conv(y, channels, 8, (1, 1))), (2, 2), "AveragePool")
    return net.model(net.gemm(net.node("Flatten", y), 128, 10))


def _attention(net, x, tokens, size, heads):
    """Three products, scores, their softmax and a product behind them."""
    each = size // heads
    parts = [
        net.turned(net.reshape(net.product(x, size, size), -1, tokens, heads, each), *order)
        for order in ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3))
    ]
    scores = net.node("Mul", net.node("MatMul", *parts[:2]), net.constant(each**-0.5))
    # Of the last axis at every opset: before 13 that and all behind it.
    y = net.node("MatMul", net.node("Softmax", scores, axis=3), parts[2])
    y = net.reshape(net.turned(y, 0, 2, 1, 3), -1, tokens, size)
    return net.product(y, size, size)


@network()
def transformer(opset):
    """A block of an encoder: attention of plain operators, norm, Gelu."""
    net = Net(opset, ["N", 6, 16])
    y = net.layer_norm(net.node("Add", "x", _attention(net, "x", 6, 16, 2)), 16)
    z = net.product(net.gelu(net.product(y, 16, 32)), 32, 16)
    return net.model(net.layer_norm(net.node("Add", y, z), 16))


@network()
def vit(opset):
    """Patches as tokens, a block, their mean."""
    net = Net(opset, ["N", 3, 8, 8])
    y = net.node("Conv", "x", net.dyadic(16, 3, 4, 4), kernel_shape=[4, 4], strides=[4, 4])
    y = net.turned(net.reshape(y, -1, 16, 4), 0, 2, 1)
    y = net.node("Add", y, net.dyadic(1, 4, 16))
    y = net.node("Add", y, _attention(net, net.layer_norm(y, 16), 4, 16, 2))
    z = net.product(net.gelu(net.product(net.layer_norm(y, 16), 16, 32)), 32, 16)
    return net.model(net.gemm(net.mean(net.node("Add", y, z), [1]), 16, 10))


@network()
def convnext(opset):
    """Depth-wise 7 x 7, norm of channels last, Gelu."""
    net = Net(opset, ["N", 8, 6, 6])
    y = net.turned(net.conv("x", 8, 8, (7, 7), group=8), 0, 2, 3, 1)
    y = net.reshape(net.layer_norm(net.reshape(y, -1, 36, 8), 8), -1, 6, 6, 8)
    y = net.product(net.gelu(net.product(y, 8, 16)), 16, 8)
    return net.model(net.gemm(net.flat(net.node("Add", net.turned(y, 0, 3, 1, 2), "x")), 8, 10))


def _recurrent(net, operator, gates):
    y = net.turned("x", 1, 0, 2)
    weights = net.dyadic(1, gates * 8, 6), net.dyadic(1, gates * 8, 8), net.dyadic(1, gates * 16)
    _, last = net.node(operator, y, *weights, outputs=2, hidden_size=8)
    return net.model(net.gemm(net.squeeze(last, [0]), 8, 5))


@network()
def lstm(opset):
    """Recurrent, the last state classified."""
    return _recurrent(Net(opset, ["N", 5, 6]), "LSTM", 4)


@network()
def gru(opset):
    """The same with another cell."""
    return _recurrent(Net(opset, ["N", 5, 6]), "GRU", 3)


@network(12)
def einsum_head(opset):
    """Products written as Einstein sums."""
    net = Net(opset, [1, 5, 12])
    y = net.node("Einsum", "x", net.dyadic(12, 2, 6), equation="bij,jhd->bhid")
    y = net.relu(y)
    return net.model(net.node("Einsum", y, net.dyadic(2, 6, 7), equation="bhid,hdk->bik"))


@network(23)
def fused_attention(opset):
    """The standard's own operator of attention between products."""
    net = Net(opset, [1, 6, 16])
    parts = [net.product("x", 16, 16) for _ in range(3)]
    y = net.node("Attention", *parts, q_num_heads=2, kv_num_heads=2)
    return net.model(net.product(y, 16, 16))


@network(8)
def language_head(opset):
    """A product with weights of four bits, a scale for each block of inputs."""
    net = Net(opset, ["N", 4, 32])
    y = net.relu(net.product("x", 32, 32))
    packed = net.constant(net.random.integers(0, 256, (20, 2, 8)), np.uint8)
    scales = net.constant(2.0 ** net.random.integers(-5, -2, 40))
    y = net.node(
        "MatMulNBits", y, packed, scales, domain="com.microsoft", K=32, N=20, bits=4, block_size=16
    )
    return net.model(y)


@network()
def embedding(opset):
    """Words, each a row of a table, their mean, a product."""
    net = Net(opset, ["N", 5], kind=TensorProto.INT64)
    y = net.node("Gather", net.dyadic(50, 12), "x", axis=0)
    return net.model(net.gemm(net.mean(y, [1]), 12, 4))
