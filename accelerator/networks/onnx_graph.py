"""An ONNX file as a graph with known shapes, or one sentence why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

    `data` are the names of the inputs that are not weights, `free` the axes of theirs that the
    file leaves open and that were taken for one image, `weights` the tensors of the file, `kinds`
    the element types as far as they are known and `versions` those of operators.
    """

    path: Path
    nodes: tuple[Any, ...]
    shapes: dict[str, tuple[int | None, ...]]
    constants: frozenset[str]
    data: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    free: frozenset[tuple[str, int]] = frozenset()
    weights: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)

    def values(self, tensor: str) -> Any | None:
        """The values of a tensor of the file; None where it has none, or they are elsewhere."""
        from onnx import TensorProto, numpy_helper

        found = self.weights.get(tensor)
        if found is None or found.data_location == TensorProto.EXTERNAL:
            return None
        try:
            return numpy_helper.to_array(found)
        except Exception:
            # A damaged one is told of by those who run the file.
            return None

    def shape(self, tensor: str, where: str) -> tuple[int, ...]:
        """The shape of a tensor that a layer needs.

        Raises:
            EstimateError: it is not known, or not positive.
        """
        found = self.shapes.get(tensor)
        if found is None or any(size is None for size in found):
            raise EstimateError(
                f"in {self.path} the shape of {tensor!r} at {where} is not known: "
                "export the network with fixed sizes (the batch may stay free), or give those that "
                "have names with --dims NAME=N"
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


def read_graph(
    path: Path,
    *,
    batch: int | None = None,
    batch_axis: int | None = None,
    dims: Mapping[str, int] | None = None,
) -> Graph:
    """Read an ONNX file and infer its shapes, a free batch being `batch` images, or one.

    Weights kept in other files are not read: their shapes suffice. `batch_axis` is where a free
    batch lies, the first if it is not given; `dims` are sizes for names that the file has in
    place of some.

    Raises:
        EstimateError: the file cannot be read or is not a model with nodes, or has no such name.
    """
    model = parse_model(path)
    weights = _weight_shapes(model.graph)
    data = tuple(entry.name for entry in model.graph.input if entry.name not in weights)
    if dims:
        _set_dims(model.graph, path, dims)
    free = _one_image(model.graph, data, batch or 1, batch_axis or 0)
    tensors = _take_weights(model.graph)
    model, shapes = _inferred(model, path)
    graph = model.graph
    kinds = {
        entry.name: entry.type.tensor_type.elem_type
        for entry in (*graph.input, *graph.value_info, *graph.output)
    }
    return Graph(
        path,
        tuple(graph.node),
        shapes,
        _constants(graph, set(weights)),
        data,
        tuple(entry.name for entry in graph.output),
        frozenset(free),
        tensors,
        kinds,
        {entry.domain: entry.version for entry in model.opset_import},
    )


def _take_weights(graph: Any) -> dict[str, Any]:
    """The tensors of the graph by name; large ones leave nothing in it but their shapes."""
    held = list(graph.initializer)
    del graph.initializer[:]
    for tensor in held:
        if tensor.ByteSize() > LARGEST_SHAPE_CONSTANT:
            graph.initializer.add(
                name=tensor.name, data_type=tensor.data_type, dims=list(tensor.dims)
            )
        else:
            graph.initializer.add().CopyFrom(tensor)
    return {tensor.name: tensor for tensor in held}


def _set_dims(graph: Any, path: Path, dims: Mapping[str, int]) -> None:
    """Sizes for the names of free ones, wherever the file uses them."""
    known = {
        dim.dim_param
        for entry in graph.input
        for dim in entry.type.tensor_type.shape.dim
        if dim.dim_param
    }
    for name in dims:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise EstimateError(f"{path} has no free size {name!r}; its names are: {names}")
    for entry in (*graph.input, *graph.value_info, *graph.output):
        for dim in entry.type.tensor_type.shape.dim:
            if dim.dim_param in dims:
                dim.dim_value = dims[dim.dim_param]


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
        foreign = node.domain in (*QUANTIZER_DOMAINS, onnx_contrib.DOMAIN)
        if node.input and (foreign or node.op_type in onnx_contrib.UNLISTED):
            own[index] = onnx.NodeProto()
            own[index].CopyFrom(node)
            onnx_contrib.make_plain(node, graph)
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


def _one_image(graph: Any, data: tuple[str, ...], batch: int, axis: int) -> set[tuple[str, int]]:
    """Set a free batch, wherever the file uses its symbol; the inputs that have one."""
    names: set[str] = set()
    found: set[tuple[str, int]] = set()
    for entry in graph.input:
        dims = entry.type.tensor_type.shape.dim
        least = max(1, axis)
        if entry.name in data and len(dims) > least and not dims[axis].HasField("dim_value"):
            names.add(dims[axis].dim_param)
            found.add((entry.name, axis))
            dims[axis].dim_value = batch
    for entry in (*graph.input, *graph.value_info, *graph.output):
        for dim in entry.type.tensor_type.shape.dim:
            if dim.dim_param and dim.dim_param in names:
                dim.dim_value = batch
    return found


def _constants(graph: Any, weights: set[str]) -> frozenset[str]:
    """Weights and everything computed from nothing but constants."""
    constant = set(weights)
    for node in graph.node:
        inputs = [name for name in node.input if name]
        if all(name in constant for name in inputs) and not node.op_type.startswith("Random"):
            constant.update(node.output)
    return frozenset(constant)
