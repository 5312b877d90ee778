"""An ONNX file as a graph with known shapes, or one sentence why not."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError
from accelerator.networks import onnx_contrib
from accelerator.networks.onnx_file import parse_model
from accelerator.networks.onnx_folding import fold_sizes
from accelerator.networks.onnx_operators import QUANTIZER_DOMAINS
from files import bounded_memory, short

# Shapes are computed from constants no larger than this; weights need not be copied about.
LARGEST_SHAPE_CONSTANT = 4096  # bytes
LARGEST_TENSOR = 2**33  # elements
LARGEST_INFERENCE = 512 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in order, the shape of every tensor as far as known, and what is constant.

    `data` are the names of the inputs that are not weights.
    """

    path: Path
    nodes: tuple[Any, ...]
    shapes: dict[str, tuple[int | None, ...]]
    constants: frozenset[str]
    data: tuple[str, ...]

    def shape(self, tensor: str, where: str) -> tuple[int, ...]:
        """The shape of a tensor that a layer needs.

        Raises:
            EstimateError: it is not known, or not positive.
        """
        found = self.shapes.get(tensor)
        if found is None or any(size is None for size in found):
            raise EstimateError(
                f"in {self.path} the shape of {tensor!r} at {where} is not known: "
                "export the network with fixed sizes (the batch may stay free)"
            )
        known = tuple(size for size in found if size is not None)
        if any(size < 1 for size in known):
            raise EstimateError(
                f"in {self.path} the tensor {tensor!r} at {where} has the shape {known}: "
                "export the network with positive sizes"
            )
        if prod(known) > LARGEST_TENSOR:
            raise EstimateError(
                f"in {self.path} the tensor {tensor!r} at {where} has {prod(known):.2g} elements, "
                f"more than the {LARGEST_TENSOR:.2g} that are accepted: check the file"
            )
        return known


def read_graph(path: Path) -> Graph:
    """Read an ONNX file and infer its shapes, the batch being one image.

    Weights kept in other files are not read: their shapes suffice.

    Raises:
        EstimateError: the file cannot be read or is not a model with nodes.
    """
    model = parse_model(path)
    weights = _weight_shapes(model.graph)
    data = tuple(entry.name for entry in model.graph.input if entry.name not in weights)
    _one_image(model.graph, data)
    model, shapes = _inferred(model, path)
    graph = model.graph
    return Graph(path, tuple(graph.node), shapes, _constants(graph, set(weights)), data)


def tensor_shapes(model: Any, path: Path) -> dict[str, tuple[int | None, ...]]:
    """Shapes of all tensors of a model, as far as known, which stays as it is.

    Raises:
        EstimateError: they contradict each other.
    """
    import onnx

    copy = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    graph = copy.graph
    for name in ("node", "input", "output", "value_info", "sparse_initializer"):
        getattr(graph, name).extend(getattr(model.graph, name))
    for tensor in model.graph.initializer:
        # A copy of large weights would be thrown away below.
        few = len(tensor.raw_data) <= LARGEST_SHAPE_CONSTANT
        made = graph.initializer.add()
        if few:
            made.CopyFrom(tensor)
        else:
            made.name, made.data_type = tensor.name, tensor.data_type
            made.dims.extend(tensor.dims)
    return _inferred(copy, path)[1]


def _weight_shapes(graph: Any) -> dict[str, tuple[int | None, ...]]:
    weights: dict[str, tuple[int | None, ...]] = {
        tensor.name: tuple(tensor.dims) for tensor in graph.initializer
    }
    return weights | {tensor.values.name: tuple(tensor.dims) for tensor in graph.sparse_initializer}


def _inferred(model: Any, path: Path) -> tuple[Any, dict[str, tuple[int | None, ...]]]:
    """The model after shape inference, without its large weights, and the shapes."""
    import onnx

    graph = model.graph
    # The inference knows none of these; while it runs, plain operators stand for them.
    own = {}
    for index, node in enumerate(graph.node):
        if node.input and node.domain in (*QUANTIZER_DOMAINS, onnx_contrib.DOMAIN):
            own[index] = onnx.NodeProto()
            own[index].CopyFrom(node)
            onnx_contrib.make_plain(node)
        if node.domain in QUANTIZER_DOMAINS and node.input:
            node.op_type, node.domain = "Identity", ""
            del node.input[1:]
            del node.attribute[:]
    weights = _weight_shapes(graph)
    for tensor in graph.initializer:
        if len(tensor.raw_data) > LARGEST_SHAPE_CONSTANT:
            tensor.ClearField("raw_data")
    while True:
        try:
            # The inference makes an entry of a list for each element that a file's numbers claim.
            with bounded_memory(LARGEST_INFERENCE):
                model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        except MemoryError:
            raise EstimateError(
                f"{path} has tensors of so many elements that inferring their shapes takes more "
                f"than {LARGEST_INFERENCE >> 20} MiB: check the sizes that it computes"
            ) from None
        except Exception as error:
            raise EstimateError(
                f"the shapes in {path} contradict each other ({short(str(error))}): "
                "check it with onnx.checker"
            ) from None
        shapes = _known_shapes(model.graph) | weights
        made = [shapes.get(name, (None,)) for node in model.graph.node for name in node.output]
        if not any(None in shape for shape in made) or not fold_sizes(model, shapes, own):
            break
    for index, node in own.items():
        model.graph.node[index].CopyFrom(node)
    return model, shapes


def _known_shapes(graph: Any) -> dict[str, tuple[int | None, ...]]:
    shapes: dict[str, tuple[int | None, ...]] = {}
    for entry in (*graph.input, *graph.value_info, *graph.output):
        if entry.type.tensor_type.HasField("shape"):
            dims = entry.type.tensor_type.shape.dim
            shapes[entry.name] = tuple(
                int(dim.dim_value) if dim.HasField("dim_value") else None for dim in dims
            )
    return shapes


def _one_image(graph: Any, data: tuple[str, ...]) -> None:
    """Set a free batch to one, wherever the file uses its symbol."""
    free: set[str] = set()
    for entry in graph.input:
        dims = entry.type.tensor_type.shape.dim
        if entry.name in data and len(dims) > 1 and not dims[0].HasField("dim_value"):
            free.add(dims[0].dim_param)
            dims[0].dim_value = 1
    for entry in (*graph.input, *graph.value_info, *graph.output):
        for dim in entry.type.tensor_type.shape.dim:
            if dim.dim_param and dim.dim_param in free:
                dim.dim_value = 1


def _constants(graph: Any, weights: set[str]) -> frozenset[str]:
    """Weights and everything computed from nothing but constants."""
    constant = set(weights)
    for node in graph.node:
        inputs = [name for name in node.input if name]
        if all(name in constant for name in inputs) and not node.op_type.startswith("Random"):
            constant.update(node.output)
    return frozenset(constant)
