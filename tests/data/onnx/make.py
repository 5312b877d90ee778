"""Writes the files of this folder: small networks as exporters write them (see README.md).

    python tests/data/onnx/make.py

Needs brevitas, onnxoptimizer, onnxscript, torchao and onnxruntime beside PyTorch. The outputs of
the networks themselves, on `images` of seed 5, go to expected.json with the versions.
"""

import json
from importlib.metadata import version
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import torch
import torchao.quantization.pt2e.quantizer.x86_inductor_quantizer as x86
from brevitas import quant
from brevitas.export import export_onnx_qcdq, export_qonnx
from onnxruntime import quantization as ort
from torch import nn
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

HERE = Path(__file__).parent
PACKAGES = ("brevitas", "torch", "torchao", "onnxscript", "onnx", "onnxruntime")


def images(shape, count=4, seed=5):
    return np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32)


class Residual(nn.Module):
    """Scales of channels, depth-wise, a sum of one quantizer's values, pools, widths 2, 4, 8."""

    shape = (2, 8, 8)

    def __init__(self):
        super().__init__()
        kept = {"return_quant_tensor": True}
        each = {"bias": False, "weight_scaling_per_output_channel": True}
        self.image = qnn.QuantIdentity(bit_width=8, **kept)
        self.first = qnn.QuantConv2d(2, 4, 3, padding=1, weight_bit_width=8, **each)
        self.norm = nn.BatchNorm2d(4)
        self.relu = qnn.QuantReLU(bit_width=4, **kept)
        self.deep = qnn.QuantConv2d(4, 4, 3, padding=1, groups=4, weight_bit_width=4, **each)
        self.norm_deep = nn.BatchNorm2d(4)
        self.shared = qnn.QuantIdentity(bit_width=4, **kept)
        self.most = nn.MaxPool2d(2)
        self.last = qnn.QuantConv2d(4, 4, 1, bias=True, weight_bit_width=2)
        self.relu_last = qnn.QuantReLU(bit_width=2, **kept)
        self.mean = nn.AvgPool2d(2)
        self.out = qnn.QuantIdentity(bit_width=8, **kept)
        self.product = qnn.QuantLinear(16, 3, bias=True, weight_bit_width=4)

    def forward(self, x):
        x = self.relu(self.norm(self.first(self.image(x))))
        x = self.shared(x) + self.shared(self.norm_deep(self.deep(x)))
        x = self.relu_last(self.last(self.most(x)))
        return self.product(self.out(self.mean(x)).flatten(1))


class Truncated(nn.Module):
    """Scales that are powers of two, means that drop their lowest bits, quantized biases."""

    shape = (1, 8, 8)

    def __init__(self):
        super().__init__()
        weights = {"weight_quant": quant.Int8WeightPerTensorFixedPoint}
        kept = {"return_quant_tensor": True}
        down = {"trunc_quant": quant.TruncTo8bit, **kept}
        whole = {"act_quant": quant.Uint8ActPerTensorFixedPoint, **kept}
        image = {"act_quant": quant.Int8ActPerTensorFixedPoint, **kept}
        bias = {"bias": True, "bias_quant": quant.Int32Bias}
        self.image = qnn.QuantIdentity(bit_width=8, **image)
        self.first = qnn.QuantConv2d(1, 3, 3, bias=False, weight_bit_width=2, **weights)
        self.relu = qnn.QuantReLU(bit_width=4, **whole)
        self.mean = qnn.TruncAvgPool2d(2, bit_width=4, **down)
        self.second = qnn.QuantConv2d(3, 4, 2, weight_bit_width=8, **weights, **bias, **kept)
        self.relu_second = qnn.QuantReLU(bit_width=8, **whole)
        self.whole = qnn.TruncAdaptiveAvgPool2d(1, bit_width=8, **down)
        self.product = qnn.QuantLinear(4, 3, weight_bit_width=4, **bias)

    def forward(self, x):
        x = self.mean(self.relu(self.first(self.image(x))))
        x = self.whole(self.relu_second(self.second(x)))
        return self.product(x.flatten(1))


class Binary(nn.Module):
    """One bit: weights and activations of plus and minus one, and ternary weights."""

    shape = (2, 6, 6)

    def __init__(self):
        super().__init__()
        binary = {"weight_quant": quant.SignedBinaryWeightPerTensorConst, "bias": False}
        ternary = {"weight_quant": quant.SignedTernaryWeightPerTensorConst, "bias": False}
        self.image = qnn.QuantIdentity(bit_width=8, return_quant_tensor=True)
        self.first = qnn.QuantConv2d(2, 6, 3, padding=1, **binary)
        self.norm = nn.BatchNorm2d(6)
        self.sign = qnn.QuantIdentity(
            act_quant=quant.SignedBinaryActPerTensorConst, return_quant_tensor=True
        )
        self.second = qnn.QuantConv2d(6, 4, 3, **ternary)
        self.norm_second = nn.BatchNorm2d(4)
        self.relu = qnn.QuantReLU(bit_width=2, return_quant_tensor=True)
        self.product = qnn.QuantLinear(64, 3, **binary)

    def forward(self, x):
        x = self.sign(self.norm(self.first(self.image(x))))
        return self.product(self.relu(self.norm_second(self.second(x))).flatten(1))


class Shifted(nn.Module):
    """Zero points in the middle of the range, for weights too."""

    shape = (2, 6, 6)

    def __init__(self):
        super().__init__()
        shifted = {"act_quant": quant.ShiftedUint8ActPerTensorFloat, "return_quant_tensor": True}
        weights = {"weight_quant": quant.ShiftedUint8WeightPerTensorFloat}
        self.image = qnn.QuantIdentity(**shifted)
        self.first = qnn.QuantConv2d(2, 4, 3, stride=2, padding=1, bias=True, **weights)
        self.between = qnn.QuantIdentity(bit_width=4, **shifted)
        self.product = qnn.QuantLinear(36, 3, bias=True)

    def forward(self, x):
        return self.product(self.between(self.first(self.image(x))).flatten(1))


class Plain(nn.Module):
    """Without quantizers: a residual sum, branches, squeeze and excitation, means, products."""

    shape = (2, 8, 8)

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.deep = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.point = nn.Conv2d(4, 4, 1)
        self.left, self.right = nn.Conv2d(4, 2, 1), nn.Conv2d(4, 2, 3, padding=1)
        self.gate = nn.Conv2d(4, 4, 1)
        self.most, self.whole = nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)
        self.mean = nn.AvgPool2d(2, padding=1, count_include_pad=False)
        self.product, self.last = nn.Linear(4, 4), nn.Linear(4, 3, bias=False)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = self.most(torch.relu(x + self.point(torch.clamp(self.deep(x), 0, 6))))
        x = torch.cat([nn.functional.leaky_relu(self.left(x), 0.1), self.right(x)], 1)
        x = x * torch.sigmoid(self.gate(self.whole(x)))
        return self.last(torch.relu(self.product(self.whole(self.mean(x)).flatten(1))))


class Residue(nn.Module):
    """What the quantizers of PyTorch take: a depth-wise convolution and a sum."""

    shape = (2, 8, 8)

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.deep = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.most, self.whole = nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)
        self.product = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = self.most(torch.relu(x + self.deep(x)))
        return self.product(self.whole(x).flatten(1))


def settled(kind):
    """A network whose statistics and scales come from some batches of noise."""
    torch.manual_seed(0)
    model = kind().train()
    with torch.no_grad():
        for step in range(20):
            model(torch.from_numpy(images(kind.shape, 16, 100 + step)))
    return model.eval()


def outputs(model):
    with torch.no_grad():
        found = model(torch.from_numpy(images(model.shape)))
    return getattr(found, "value", found).numpy().tolist()


def stripped(name):
    """Weights inside, and none of the newer exporter's notes on where each node comes from."""
    path = HERE / f"{name}.onnx"
    model = onnx.load(path)
    for entry in (*model.graph.node, *model.graph.value_info, *model.graph.input):
        entry.ClearField("metadata_props")
        entry.ClearField("doc_string")
    model.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    onnx.save(model, path)
    path.with_suffix(".onnx.data").unlink(missing_ok=True)


def brevitas_files(expected):
    for kind in (Residual, Truncated, Binary, Shifted):
        for dialect, export in (("qonnx", export_qonnx), ("qcdq", export_onnx_qcdq)):
            if (kind, dialect) == (Binary, "qcdq"):
                continue  # not of that exporter: "Binary quant not supported"
            for dynamo in (False, True) if kind is Residual else (False,):
                model = settled(kind)
                name = f"brevitas-{kind.__name__.lower()}-{dialect}{'-dynamo' if dynamo else ''}"
                one = torch.from_numpy(images(kind.shape, 1))
                expected[name] = outputs(model)
                export(model, args=one, export_path=str(HERE / f"{name}.onnx"), dynamo=dynamo)
                stripped(name)


def torch_files(expected):
    for name, dynamo in (("torch-plain", False), ("torch-plain-dynamo", True)):
        model = settled(Plain)
        one = (torch.from_numpy(images(Plain.shape, 1)),)
        expected[name] = outputs(model)
        torch.onnx.export(model, one, HERE / f"{name}.onnx", dynamo=dynamo, verbose=False)
        stripped(name)
    noise = torch.from_numpy(images(Residue.shape, 16, 7))
    prepared = prepare_fx(settled(Residue), get_default_qconfig_mapping("fbgemm"), (noise,))
    prepared(noise)
    save_quantized("torch-fx", convert_fx(prepared), expected, dynamo=False)
    quantizer = x86.X86InductorQuantizer()
    quantizer.set_global(x86.get_default_x86_inductor_quantization_config())
    free = ({0: torch.export.Dim("N", min=2)},)
    program = torch.export.export(settled(Residue), (noise,), dynamic_shapes=free)
    prepared = prepare_pt2e(program.module(), quantizer)
    prepared(noise)
    save_quantized("torch-pt2e-dynamo", convert_pt2e(prepared), expected, dynamo=True)


def save_quantized(name, model, expected, dynamo):
    model.shape = Residue.shape
    expected[name] = outputs(model)
    four = torch.from_numpy(images(Residue.shape))
    torch.onnx.export(model, (four,), HERE / f"{name}.onnx", dynamo=dynamo, verbose=False)
    stripped(name)


class Noise(ort.CalibrationDataReader):
    def __init__(self):
        self.batches = iter([{"x": images(Plain.shape, 8, seed)} for seed in range(3)])

    def get_next(self):
        return next(self.batches, None)


def onnxruntime_files():
    path = HERE / "plain.onnx"
    example = (torch.from_numpy(images(Plain.shape)),)
    torch.onnx.export(
        settled(Plain), example, path, dynamo=False, opset_version=17,
        input_names=["x"], dynamic_axes={"x": {0: "N"}},
    )  # fmt: skip
    unsigned = {"activation_type": ort.QuantType.QUInt8}
    for name, options in {
        "onnxruntime-qoperator": {"quant_format": ort.QuantFormat.QOperator, **unsigned},
        "onnxruntime-qdq": {"quant_format": ort.QuantFormat.QDQ, "per_channel": True},
        "onnxruntime-qdq-w4": {
            "quant_format": ort.QuantFormat.QDQ, "weight_type": ort.QuantType.QInt4, **unsigned,
        },
    }.items():  # fmt: skip
        ort.quantize_static(path, HERE / f"{name}.onnx", Noise(), **options)
    ort.quantize_dynamic(path, HERE / "onnxruntime-dynamic.onnx")
    path.unlink()


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = {"versions": {package: version(package) for package in PACKAGES}}
    brevitas_files(made)
    torch_files(made)
    onnxruntime_files()
    (HERE / "expected.json").write_text(json.dumps(made, indent=1) + "\n")
