"""What becomes of each ONNX operator."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """How an operator enters the estimate; the text is what the report calls it."""

    MAPPED = "on sub-arrays"
    COMPARED = "on sub-arrays, by row logic"
    POOLED = "in the digital unit"
    ELEMENTWISE = "elementwise in the digital unit"
    EMBEDDED = "entries of a table in sub-arrays"
    MONOTONE = "folded into the quantizer of the layer before"
    MOVED = "only moves or selects data, no arithmetic counted"
    UNCOUNTED = "arithmetic of the digital unit that is not counted"
    REFUSED = "multiplies weights in a way that is not supported"
    UNKNOWN = "not known"


# Where the weights are among the inputs.
WEIGHT_INPUT = {
    "Conv": 1,
    "ConvTranspose": 1,
    "ConvInteger": 1,
    "QLinearConv": 3,
    "Gemm": 1,
    "MatMul": 1,
    "MatMulInteger": 1,
    "QLinearMatMul": 3,
    "QGemm": 3,
}
RECURRENT_CODES = "DynamicQuantizeLSTM"
"""onnxruntime's LSTM (com.microsoft) with codes for weights, which quantizes its data itself."""
RECURRENT = frozenset({"LSTM", "GRU", "RNN", RECURRENT_CODES})
OTHER_WEIGHTED = RECURRENT | {"ConvTranspose", "Einsum", "MatMulNBits"}
"""Their layers are not those of one plain convolution or product."""
CONVOLUTIONS = frozenset({"Conv", "ConvInteger", "QLinearConv"})

# Of this project: maps of "this pixel is larger than that one"; docs/comparator.md.
COMPARISON_DOMAIN, COMPARISONS = "mramcim", frozenset({"Compare"})

MEANS = frozenset({"ReduceMean"})
MAX_POOLS = frozenset({"MaxPool", "GlobalMaxPool"})
AVERAGE_POOLS = frozenset(
    {"AveragePool", "GlobalAveragePool", "QLinearAveragePool", "QLinearGlobalAveragePool"}
)

ADDITIONS = frozenset({"Add", "Sub", "Sum", "Mean", "Max", "Min", "QLinearAdd"})
MULTIPLICATIONS = frozenset({"Mul", "Div", "QLinearMul"})
NORMALIZATIONS = frozenset({"BatchNormalization"})

# A threshold quantizer absorbs any function that does not change the order of its inputs.
MONOTONE = frozenset(
    [
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Clip",
        "Sigmoid",
        "HardSigmoid",
        "Tanh",
        "Elu",
        "Selu",
        "Celu",
        "Softplus",
        "Softsign",
        "ThresholdedRelu",
        "QuantizeLinear",
        "Quant",
        "IntQuant",
        "BipolarQuant",
        "FloatQuant",
        "Trunc",
        "MultiThreshold",
        "DynamicQuantizeLinear",
        "Ceil",
        "Floor",
        "Round",
        "Sign",
        "QLinearLeakyRelu",
        "QLinearSigmoid",
    ]
)

MOVES = frozenset(
    [
        "Reshape",
        "Flatten",
        "Transpose",
        "Squeeze",
        "Unsqueeze",
        "Concat",
        "QLinearConcat",
        "Split",
        "Slice",
        "Identity",
        "Dropout",
        "Cast",
        "CastLike",
        "Pad",
        "Gather",
        "GatherElements",
        "GatherND",
        "Expand",
        "Tile",
        "Shape",
        "Size",
        "Constant",
        "ConstantOfShape",
        "DepthToSpace",
        "SpaceToDepth",
        "Resize",
        "Upsample",
        "DequantizeLinear",
        "Range",
        "Where",
        "QLinearWhere",
        "NonZero",
        "OneHot",
        "EyeLike",
        "ArgMax",
        "ArgMin",
        "TopK",
        "ScatterND",
        "ScatterElements",
        "Compress",
        "ReverseSequence",
        "Unique",
        "RandomNormal",
        "RandomUniform",
        "RandomNormalLike",
        "RandomUniformLike",
        "Optional",
    ]
)

UNCOUNTED = frozenset(
    [
        "Softmax",
        "QLinearSoftmax",
        "LogSoftmax",
        "Hardmax",
        "LRN",
        "LpNormalization",
        "InstanceNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "SkipLayerNormalization",
        "SimplifiedLayerNormalization",
        "SkipSimplifiedLayerNormalization",
        "RotaryEmbedding",
        "MeanVarianceNormalization",
        "RMSNormalization",
        "LpPool",
        "GlobalLpPool",
        "ReduceSum",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceSumSquare",
        "Exp",
        "Log",
        "Sqrt",
        "Reciprocal",
        "Pow",
        "Abs",
        "Neg",
        "Erf",
        "Gelu",
        "HardSwish",
        "Mish",
        "Swish",
        "Sin",
        "Cos",
        "And",
        "Or",
        "Not",
        "Xor",
        "Equal",
        "Less",
        "Greater",
        "LessOrEqual",
        "GreaterOrEqual",
        "Mod",
        "CumSum",
        "NonMaxSuppression",
        "RoiAlign",
        "MaxRoiPool",
        "MaxUnpool",
        "IsNaN",
        "IsInf",
        "BitShift",
    ]
)

ATTENTION_OF_DATA = frozenset(
    ["MultiHeadAttention", "GroupQueryAttention", "DecoderMaskedMultiHeadAttention"]
)
"""Products of activations alone, of onnxruntime (com.microsoft)."""

# They hold weights whatever their inputs are called.
ALWAYS_REFUSED = frozenset(
    [
        "DeformConv",
        "FusedConv",
        "FusedGemm",
        "FusedMatMul",
        "Attention",
        *ATTENTION_OF_DATA,
        "QAttention",
        "NhwcConv",
    ]
)

CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})

QUANTIZER_DOMAINS = frozenset(
    {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"}
)


def fate(operator: str) -> Fate:
    """What becomes of an operator by its name alone."""
    for names, result in (
        (WEIGHT_INPUT, Fate.MAPPED),
        (OTHER_WEIGHTED, Fate.MAPPED),
        (COMPARISONS, Fate.COMPARED),
        (MAX_POOLS | AVERAGE_POOLS | MEANS, Fate.POOLED),
        (ADDITIONS | MULTIPLICATIONS | NORMALIZATIONS, Fate.ELEMENTWISE),
        (MONOTONE, Fate.MONOTONE),
        (MOVES, Fate.MOVED),
        (UNCOUNTED, Fate.UNCOUNTED),
        (ALWAYS_REFUSED, Fate.REFUSED),
    ):
        if operator in names:
            return result
    return Fate.UNKNOWN
