"""The files of docs/onnx-matrix.md: architectures as exporters and quantizers write them."""

import contextlib
import importlib.util
import io
import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from fake_quantizers import Qcdq, Qonnx, Widths
from float_networks import LEAST, NETWORKS
from onnx import numpy_helper

ROOT = Path(__file__).parents[2]


def _plain(model, path):
    onnx.save(model, path)


def _written(writer, **widths):
    def write(model, path):
        onnx.save(writer(model, Widths(**widths)).run(), path)

    return write


class _Images:
    """What onnxruntime's quantizer calibrates on."""

    def __init__(self, path):
        entry = onnx.load(path).graph.input[0].type.tensor_type
        sizes = [one.dim_value or 2 for one in entry.shape.dim]
        kind = onnx.helper.tensor_dtype_to_np_dtype(entry.elem_type)
        random = np.random.default_rng(3)
        self.batches = [
            {"x": np.abs(random.standard_normal(sizes)).astype(kind)}
            if kind == np.int64
            else {"x": random.standard_normal(sizes).astype(kind)}
            for _ in range(3)
        ]

    def get_next(self):
        return self.batches.pop() if self.batches else None


def _static(kind, weights="QInt8", activations="QUInt8", **options):
    def write(model, path):
        from onnxruntime import quantization

        source = path.with_suffix(".float.onnx")
        onnx.save(model, source)
        kinds = quantization.QuantType
        with _quiet():
            quantization.quantize_static(
                source, path, _Images(source), quant_format=quantization.QuantFormat[kind],
                weight_type=kinds[weights], activation_type=kinds[activations], **options,
            )  # fmt: skip
        source.unlink()
        _round_scales(path)

    return write


def _dynamic(**options):
    def write(model, path):
        from onnxruntime import quantization

        source = path.with_suffix(".float.onnx")
        onnx.save(model, source)
        with _quiet():
            quantization.quantize_dynamic(source, path, **options)
        source.unlink()

    return write


@contextlib.contextmanager
def _quiet():
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.setLevel(level)


def _round_scales(path):
    """Scales as powers of two, so that every program finds the same sums to the last bit."""
    model = onnx.load(path)
    scales = set()
    for node in model.graph.node:
        if "Linear" in node.op_type or node.op_type == "QGemm":
            scales.update(node.input)
    for tensor in model.graph.initializer:
        if tensor.name in scales and tensor.data_type == onnx.TensorProto.FLOAT:
            values = np.exp2(np.rint(np.log2(numpy_helper.to_array(tensor))))
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))
    onnx.save(model, path)


OPSETS = (7, 9, 10, 11, 13, 17, 18, 21, 23, 26)
"""Those that changed something that the networks use; the last is the newest of onnxruntime."""


@dataclass(frozen=True)
class Dialect:
    """Who writes a file, how, and from which opset on."""

    column: str
    said: str
    write: Callable[[Any, Path], None]
    least: int = 7


DIALECTS = [
    Dialect("float", "no quantizers", _plain),
    Dialect("Q1:1", "QONNX, `BipolarQuant`", _written(Qonnx, weights=1, activations=1)),
    Dialect("Q4:4", "QONNX, W4:A4", _written(Qonnx, weights=4, activations=4)),
    Dialect(
        "Q3:6k", "QONNX, W3:A6, scales by kernel",
        _written(Qonnx, weights=3, activations=6, per_kernel=True),
    ),
    Dialect(
        "Q2:8n", "QONNX, W2:A8, without an import of its domain",
        _written(Qonnx, weights=2, activations=8, import_domain=False),
    ),
    Dialect("C4:4", "QCDQ, W4:A4", _written(Qcdq, weights=4, activations=4), 13),
    Dialect("C8:8k", "QCDQ, W8:A8, scales by kernel", _written(Qcdq, per_kernel=True), 13),
    Dialect("D8:u8", "onnxruntime QDQ, int8 weights, uint8 activations", _static("QDQ"), 10),
    Dialect(
        "D8:8k", "the same, int8 both, scales by kernel",
        _static("QDQ", activations="QInt8", per_channel=True), 13,
    ),
    Dialect("D8:u16", "the same, uint16 activations", _static("QDQ", activations="QUInt16"), 10),
    Dialect("D4:u8", "the same, int4 weights", _static("QDQ", weights="QInt4"), 10),
    Dialect("O8:u8", "onnxruntime QOperator, int8 weights, uint8 activations",
            _static("QOperator"), 10),
    Dialect("Ou8:u8", "the same, uint8 both", _static("QOperator", weights="QUInt8"), 10),
    Dialect(
        "O8:8k", "the same, int8 both, scales by kernel",
        _static("QOperator", activations="QInt8", per_channel=True), 10,
    ),
    Dialect("dyn", "onnxruntime `quantize_dynamic`, int8 weights", _dynamic(), 10),
]  # fmt: skip


@dataclass(frozen=True)
class File:
    """One file of the matrix."""

    network: str
    dialect: Dialect
    opset: int


def files(*, every):
    """All files, or one for each network and dialect, the opsets in turn."""
    found, turn = [], 0
    for network in NETWORKS:
        for dialect in DIALECTS:
            least = max(LEAST[network], dialect.least)
            opsets = [opset for opset in OPSETS if opset >= least]
            if not every:
                opsets = [opsets[turn % len(opsets)]]
                turn += 1
            found += [File(network, dialect, opset) for opset in opsets]
    return found


def try_file(file, folder):
    """What examples/try_networks.py finds of it; None where its quantizer does not write it."""
    path = Path(folder) / "net.onnx"
    file.dialect.write(NETWORKS[file.network](file.opset), path)
    return example().try_network(path)


@cache
def example():
    """examples/try_networks.py as a module."""
    spec = importlib.util.spec_from_file_location(
        "try_networks", ROOT / "examples" / "try_networks.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["try_networks"] = module
    spec.loader.exec_module(module)
    return module
