"""Try every ONNX file of a folder: what it costs, whether it runs, and what stands in the way.

python examples/try_networks.py FOLDER prints one line a file: the multiply-accumulates (MACs) and
widths of an estimate, then whether a run of random images equals onnxruntime (the executor of the
qonnx package for QONNX), where that is installed. Nothing is written.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from accelerator import estimate
from accelerator.boundary import sized
from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.inference.costing import plan_run
from accelerator.networks import load_network

QONNX = "qonnx.custom_op.general"
QONNX_DOMAINS = (QONNX, "finn.custom_op.general", "finn", "onnx.brevitas")
EQUAL, CLOSE, LEVELS = "equal", "within 1e-6", "levels apart"
HIGHEST = 255
SPREAD = 1.0


@dataclass
class Tried:
    """What came of one file: energy of one image in J; widths are (weights, activations) by layer.

    A width is None where no quantizer of the file says it.
    """

    macs: int = 0
    energy: float = 0.0
    widths: list[tuple[int | None, int | None]] = field(default_factory=list)
    ran: list[tuple[int | None, int | None]] = field(default_factory=list)
    not_counted: str = ""
    refused: str = ""
    not_run: str = ""
    result: str = ""
    apart: str = ""
    program: str = ""
    images: str = "real"

    @property
    def agrees(self) -> bool:
        """Whether the estimate has the widths that the run met, where it knows them."""
        return len(self.ran) == len(self.widths) and all(
            mine in (None, theirs)
            for one, other in zip(self.widths, self.ran, strict=True)
            for mine, theirs in zip(one, other, strict=True)
        )

    def line(self) -> str:
        """All of it in one line."""
        if self.refused:
            return f"refused: {self.refused}"
        text = f"{self.macs} MACs at {shown(self.widths)}, {self.energy * 1e6:.4g} uJ"
        if self.not_counted:
            text += f" (not counted: {self.not_counted})"
        if self.not_run:
            return f"{text}; not run: {self.not_run}"
        text += "; runs"
        if self.images != "real":
            text += f" on {self.images}"
        if not self.agrees:
            text += f" at other widths ({shown(self.ran)})"
        if not self.program:
            return text
        if self.result:
            return f"{text}, {self.result}{self.apart} ({self.program})"
        return f"{text}, not compared: {self.program}"


def shown(widths: list[tuple[int | None, int | None]]) -> str:
    """Widths in one word: W4:A4-8, float where no quantizer says them."""
    sides = []
    for letter, place in (("W", 0), ("A", 1)):
        known = sorted({one[place] or 0 for one in widths})
        low, high = (known[0], known[-1]) if known else (0, 0)
        span = f"{low}" if low == high else f"{low}-{high}"
        sides.append(
            f"{letter}{span}" if low else f"{letter}{'float' if not high else f'?-{high}'}"
        )
    return ":".join(sides)


def try_network(path: Path, count: int = 2, seed: int = 1) -> Tried:
    """Estimate the file's layers, run images, and hold the outputs against another program's."""
    tried = Tried()
    try:
        network = load_network(path)
        tried.energy = estimate(path, samples=0).energy
    except EstimateError as error:
        tried.refused = str(error).removeprefix(f"{path} ").removeprefix(f"{path}: ")
        return tried
    tried.macs = sum(layer.macs for layer in network.mapped)
    tried.not_counted = "; ".join([*sized(network, ()), *network.not_counted])
    told = [layer.quantized for layer in network.mapped]
    tried.widths = [(one.weight_bits, one.activation_bits) if one else (None, None) for one in told]
    try:
        quantized = QuantizedNetwork(path)
        images, found = _run(path, quantized, tried, count, seed)
        plan = plan_run(network, found)
    except EstimateError as error:
        tried.not_run = _cause(path, str(error))
        return tried
    tried.ran = [(one.weight_bits, one.activation_bits) for one in plan.layers if one.layer.mapped]
    try:
        wanted = other_program(path, images)
    except ImportError as error:
        tried.program = str(error)
        return tried
    except Exception as error:  # Whatever the other program makes of the file.
        tried.program = f"the other program refuses it ({str(error).strip().splitlines()[-1][:90]})"
        return tried
    tried.program = "qonnx" if is_qonnx(path) else "onnxruntime"
    tried.result, tried.apart = compared(list(found.outputs.values()), wanted)
    return tried


def _run(
    path: Path, network: QuantizedNetwork, tried: Tried, count: int, seed: int
) -> tuple[Any, Any]:
    """Real images, else whole numbers where no quantizer takes reals; small ones are words."""
    shape = network.input_shape
    first = shape[0] if shape and shape[0] is not None else count
    sizes = (first, *(size or 8 for size in shape[1:]))
    random = np.random.default_rng(seed)
    kind = input_type(path)
    if kind.kind in "iub":
        tried.images = "whole numbers"
        ends = np.iinfo(kind) if kind.itemsize == 1 and kind.kind != "b" else None
        low, high = (int(ends.min), int(ends.max) + 1) if ends else (0, 2)
        words = random.integers(low, high, sizes).astype(kind)
        return words, network.run(words, keep=False)
    reals = (random.standard_normal(sizes) * SPREAD).astype(np.float32)
    with contextlib.suppress(EstimateError):
        return reals, network.run(reals, keep=False)
    whole = random.integers(0, HIGHEST + 1, sizes)
    tried.images = f"whole numbers from 0 to {HIGHEST} divided by it"
    found = network.run(whole, highest=HIGHEST, keep=False)
    return whole.astype(np.float32) / np.float32(HIGHEST), found


def input_type(path: Path) -> np.dtype[Any]:
    """The element type of the input that is no constant."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    held = {one.name for one in graph.initializer}
    kinds = [one.type.tensor_type.elem_type for one in graph.input if one.name not in held]
    return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kinds[0]))


def is_qonnx(path: Path) -> bool:
    """Whether the file has quantizers of QONNX."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    return any(node.domain in QONNX_DOMAINS for node in model.graph.node)


def other_program(path: Path, images: Any) -> list[Any]:
    """The outputs that onnxruntime or qonnx's executor gives, without any optimization."""
    return (by_qonnx if is_qonnx(path) else by_onnxruntime)(path, images)


def by_onnxruntime(path: Path, images: Any) -> list[Any]:
    """Outputs of onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        os.fspath(path), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, {session.get_inputs()[0].name: images}))


def by_qonnx(path: Path, images: Any) -> list[Any]:
    """Outputs of qonnx's executor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Shapes that a file does not say, renamed domains.
        from qonnx.core.modelwrapper import ModelWrapper
        from qonnx.core.onnx_exec import execute_onnx
        from qonnx.transformation.infer_shapes import InferShapes

        model = ModelWrapper(os.fspath(path))
        entry = model.graph.input[0].name
        if not model.get_opset_imports().get(QONNX):
            # As published by some: without the domain's own opset.
            model.model.opset_import.add(domain=QONNX, version=1)
        model.set_tensor_shape(entry, list(images.shape))
        model = model.transform(InferShapes())
        found = execute_onnx(model, {entry: images})
    return [found[one.name] for one in model.graph.output]


def compared(found: list[Any], wanted: list[Any]) -> tuple[str, str]:
    """How far outputs are apart: equal bit for bit, close, or how many by how much."""
    worst, off, total = 0.0, 0, 0
    for one, other in zip(found, wanted, strict=True):
        if one.shape != other.shape:
            return "other shapes", f": {one.shape} and {other.shape}"
        mine, theirs = one.astype(np.float64), other.astype(np.float64)
        apart = np.abs(mine - theirs)
        span = np.abs(theirs).max(initial=0.0) or 1.0
        worst = max(worst, float(apart.max(initial=0.0)) / float(span))
        off += int((apart > 1e-6 * span).sum())
        total += apart.size
    if worst == 0:
        return EQUAL, ""
    if worst <= 1e-6:
        return CLOSE, ""
    return LEVELS, f": {off} of {total} outputs, by {worst:.2%} of the largest at the most"


def _cause(path: Path, text: str) -> str:
    """A refusal without the file's name and the advice behind it."""
    text = text.removeprefix(f"{path} ").removeprefix(f"{path}: ")
    return text.removeprefix("cannot be run: ").partition("; quantize what is listed")[0]


def main(folder: Path, count: int, report: Callable[[str], object] = print) -> int:
    """Print a line for each file; 1 where a file neither is estimated nor refused in a sentence."""
    files = sorted(folder.rglob("*.onnx"))
    if not files:
        report(f"{folder} has no ONNX files")
        return 2
    for path in files:
        report(f"{path.relative_to(folder)}: {try_network(path, count).line()}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="looked through with the folders in it")
    parser.add_argument("--images", type=int, default=2, help="random images (default: 2)")
    arguments = parser.parse_args()
    raise SystemExit(main(arguments.folder, max(arguments.images, 1)))
