"""An ONNX file that can be run: nodes, constants and the shapes that bound its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from accelerator.errors import EstimateError
from accelerator.inference.grid import Array
from accelerator.networks.onnx_file import parse_model
from accelerator.networks.onnx_graph import tensor_shapes
from files import short

OLDEST_OPSET = 7
"""Before it, operators did not broadcast their operands as they do now."""
LARGEST_TENSOR = 2**28
"""Elements of one tensor of a network that is run."""


@dataclass(frozen=True)
class Model:
    """Nodes in order, constants by name, shapes of all tensors, inputs and outputs."""

    path: Path
    nodes: tuple[Any, ...]
    constants: Mapping[str, Array]
    shapes: Mapping[str, tuple[int | None, ...]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    versions: Mapping[str, int]
    takes_integers: bool
    input_kind: str = ""
    """The data type that a file of FINN or QONNX names for its input."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the first input; a free batch is None."""
        return self.shapes.get(self.inputs[0], ())


def read_model(path: Path) -> Model:
    """Read an ONNX file with its weights.

    Weights in other files must lie in the model's own folder.

    Raises EstimateError where the file cannot be used.
    """
    import onnx

    model = parse_model(path)
    _bring_in(model, path)
    graph = model.graph
    constants = {}
    for tensor in graph.initializer:
        try:
            constants[tensor.name] = onnx.numpy_helper.to_array(tensor)
        except Exception:
            raise EstimateError(
                f"{path}: the weights {short(repr(tensor.name))} are damaged; export the network "
                "again"
            ) from None
        require_numbers(path, tensor.name, constants[tensor.name])
    if graph.sparse_initializer:
        raise EstimateError(f"{path} has sparse weights, which are not run; export dense ones")
    shapes = tensor_shapes(model, path)
    inputs = tuple(entry.name for entry in graph.input if entry.name not in constants)
    if len(inputs) != 1:
        raise EstimateError(f"{path} has {len(inputs)} inputs; a network with one can be run")
    outputs = tuple(entry.name for entry in graph.output)
    nodes = tuple(graph.node)
    versions = {entry.domain: entry.version for entry in model.opset_import}
    if versions.get("", OLDEST_OPSET) < OLDEST_OPSET:
        raise EstimateError(
            f"{path} has operators of opset {versions['']}; those from {OLDEST_OPSET} on are run: "
            "export it again"
        )
    (entry,) = (entry for entry in graph.input if entry.name == inputs[0])
    kind = entry.type.tensor_type.elem_type
    takes_integers = kind not in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16,
                                  onnx.TensorProto.DOUBLE, onnx.TensorProto.UNDEFINED)  # fmt: skip
    return Model(
        path, nodes, constants, shapes, inputs, outputs, versions, takes_integers,
        _named_kind(graph, inputs[0]),
    )  # fmt: skip


def _named_kind(graph: Any, tensor: str) -> str:
    named = [
        entry.value
        for annotation in graph.quantization_annotation
        if annotation.tensor_name == tensor
        for entry in annotation.quant_parameter_tensor_names
        if entry.key == "finn_datatype"
    ]
    return str(named[0]) if named else ""


def _bring_in(model: Any, path: Path) -> None:
    """Load weights kept beside the file."""
    import onnx
    from onnx import external_data_helper

    folder = path.resolve().parent
    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        place = Path(entries.get("location", ""))
        found = (folder / place).resolve()
        if place.is_absolute() or not found.is_relative_to(folder) or not found.is_file():
            raise EstimateError(
                f"{path} keeps the weights {tensor.name!r} in {str(place)!r}, which is not a "
                "file in its own folder; put it there or export the network in one file"
            )
        if prod(tensor.dims) > LARGEST_TENSOR:
            raise EstimateError(
                f"{path}: the weights {tensor.name!r} have {prod(tensor.dims)} elements, more "
                f"than the {LARGEST_TENSOR} of a network that is run"
            )
        try:
            external_data_helper.load_external_data_for_tensor(tensor, str(folder))
        except Exception:
            raise EstimateError(
                f"{path}: the weights {tensor.name!r} do not fit the file {str(place)!r}; export "
                "the network again"
            ) from None
        tensor.data_location = onnx.TensorProto.DEFAULT


def require_numbers(path: Path, name: str, values: Array) -> None:
    """Refuse constants that are not numbers; infinities are bounds and masks."""
    # The least is no number either where one is none, and takes no memory to find.
    if values.dtype.kind == "f" and np.isnan(values.min(initial=0)):
        raise EstimateError(
            f"{path}: {short(repr(name))} has entries that are no numbers (NaN); train the "
            "network again"
        )


def check_size(path: Path, name: str, shape: tuple[int | None, ...], batch: int) -> None:
    """Refuse a tensor that would exhaust the memory; a free size counts as the batch."""
    elements = prod(batch if size is None else size for size in shape)
    if elements > LARGEST_TENSOR:
        raise EstimateError(
            f"{path}: the tensor {name!r} has {elements} elements, more than the "
            f"{LARGEST_TENSOR} of a network that is run; give fewer images at once"
        )
