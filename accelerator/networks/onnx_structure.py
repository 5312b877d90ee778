"""What must hold of any ONNX model before its nodes are looked at one by one.

Names are unique and made before they are taken, operators have as many inputs and such attributes
as their definition says, sizes are no less than one where less makes no sense, and tensors hold
as many numbers as their shape says: so that nothing later need ask.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError
from accelerator.networks.onnx_operators import QUANTIZER_DOMAINS
from files import short

LARGEST_SIZE = 2**31
"""Of a number that says how large or how far something is."""
LARGEST_RANK = 32
"""Dimensions of a tensor, as many as numpy had."""
_LARGEST_TENSOR = 2**40
_DEEPEST = 16
"""Levels of graphs within nodes."""
_AT_LEAST_ONE = frozenset({"strides", "dilations", "kernel_shape", "group", "blocksize",
                           "num_outputs", "num_groups", "size"})  # fmt: skip
_AUTO_PADS = frozenset({"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"})
_QUANTIZER_INPUTS = {"Quant": (4, 4), "IntQuant": (4, 4), "BipolarQuant": (2, 2), "Trunc": (5, 6)}
_VALUES = ("f", "i", "s", "t", "g", "sparse_tensor", "tp", "floats", "ints", "strings",
           "tensors", "graphs", "sparse_tensors", "type_protos")  # fmt: skip


def check_structure(model: Any, path: Path) -> None:
    """Raise EstimateError with the first thing that does not hold."""
    versions: dict[str, int] = {}
    for entry in model.opset_import:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        if domain in versions and versions[domain] != entry.version:
            raise EstimateError(
                f"{path} names two versions of the operators {short(repr(domain))}: export it again"
            )
        if not 1 <= entry.version <= LARGEST_SIZE:
            raise EstimateError(
                f"{path} names the version {entry.version} of operators: export it again"
            )
        versions[domain] = entry.version
    _Checker(path, versions).graph(model.graph, frozenset(), 0)


class _Checker:
    """Checks one model; every message begins with its file."""

    def __init__(self, path: Path, versions: dict[str, int]) -> None:
        self._path, self._versions = path, versions

    def graph(self, graph: Any, outer: Collection[str], depth: int) -> None:
        """Names of a graph, its tensors and its nodes; `outer` are names that it may take."""
        if depth > _DEEPEST:
            raise self._error("it has graphs within graphs without end")
        inputs = [entry.name for entry in graph.input]
        constants = [tensor.name for tensor in graph.initializer]
        constants += [tensor.values.name for tensor in graph.sparse_initializer]
        for names, what in ((inputs, "inputs"), (constants, "weights")):
            self._distinct(names, what)
        known = {*outer, *inputs, *constants, ""}
        for tensor in graph.initializer:
            self._tensor(tensor, f"the weights {short(repr(tensor.name))}")
        for tensor in graph.sparse_initializer:
            self._sparse(tensor, f"the weights {short(repr(tensor.values.name))}")
        for entry in (*graph.input, *graph.output, *graph.value_info):
            shape = entry.type.tensor_type.shape
            if len(shape.dim) > LARGEST_RANK or any(d.dim_value < -1 for d in shape.dim):
                raise self._error(f"{short(repr(entry.name))} has no shape that a tensor can have")
        for index, node in enumerate(graph.node):
            where = f"node {short(node.name or str(index))} ({short(node.op_type)})"
            for name in node.input:
                if name not in known:
                    raise self._error(
                        f"the {where} takes {short(repr(name))}, which nothing before it makes"
                    )
            self._node(node, where, known, depth)
            for name in node.output:
                if name and name in known:
                    raise self._error(f"the {where} makes {short(repr(name))}, which is there")
                known.add(name)
        if not graph.output:
            raise self._error("it has a graph without outputs")
        self._distinct([entry.name for entry in graph.output], "outputs")
        for entry in graph.output:
            if entry.name not in known:
                raise self._error(f"nothing makes the output {short(repr(entry.name))}")

    def _node(self, node: Any, where: str, known: set[str], depth: int) -> None:
        definition = _definition(node.op_type, node.domain, self._versions.get(_plain(node)))
        low, high = _QUANTIZER_INPUTS.get(node.op_type, (0, len(node.input)))
        if definition is not None:
            low, high = definition.min_input, definition.max_input
            if not definition.min_output <= len(node.output) <= definition.max_output:
                raise self._error(f"the {where} has {len(node.output)} outputs")
            for name, formal in zip(node.input, definition.inputs, strict=False):
                if not name and formal.option.name == "Single":
                    raise self._error(f"the {where} lacks its input {formal.name}")
        elif node.domain in QUANTIZER_DOMAINS and not all(node.input):
            raise self._error(f"the {where} lacks an input")
        if not low <= len(node.input) <= high:
            raise self._error(f"the {where} has {len(node.input)} inputs")
        if not any(node.output):
            raise self._error(f"the {where} has no output")
        self._distinct([entry.name for entry in node.attribute], f"attributes of the {where}")
        for attribute in node.attribute:
            self._attribute(attribute, definition, where, known, depth)
        if definition is not None:
            given = {entry.name for entry in node.attribute}
            for name, formal in definition.attributes.items():
                if formal.required and name not in given:
                    raise self._error(f"the {where} lacks its attribute {name}")

    def _attribute(
        self, entry: Any, definition: Any, where: str, known: set[str], depth: int
    ) -> None:
        what = f"the attribute {short(repr(entry.name))} of the {where}"
        if entry.ref_attr_name:
            raise self._error(f"{what} refers to one of a function, and is in none")
        kinds = type(entry).AttributeType
        filled = [name for name in _VALUES if _is_filled(entry, name)]
        kind = kinds.Name(entry.type) if entry.type in kinds.values() else "?"
        field = {"TENSOR": "t", "GRAPH": "g", "FLOAT": "f", "INT": "i", "STRING": "s"}.get(
            kind, kind.lower()
        )
        # Files of the first versions do not name the kind.
        unnamed = kind == "UNDEFINED"
        wrong = len(filled) > 1 if unnamed else any(name != field for name in filled)
        if definition is not None and entry.name in definition.attributes and not unnamed:
            wrong |= definition.attributes[entry.name].type.name != kind
        if wrong:
            raise self._error(f"{what} is of another kind than it should be")
        self._numbers(entry, what)
        for tensor in (*([entry.t] if "t" in filled else []), *entry.tensors):
            self._tensor(tensor, what)
        for tensor in (
            *([entry.sparse_tensor] if "sparse_tensor" in filled else []), *entry.sparse_tensors,
        ):  # fmt: skip
            self._sparse(tensor, what)
        for graph in (*([entry.g] if "g" in filled else []), *entry.graphs):
            self.graph(graph, frozenset(known), depth + 1)

    def _numbers(self, entry: Any, what: str) -> None:
        """Sizes that divide or multiply others."""
        numbers = [*entry.ints, entry.i]
        if entry.name in _AT_LEAST_ONE:
            least = min(entry.ints, default=1) if entry.ints else max(entry.i, 0)
            # A size that is left out is zero in the message.
            if least < 1 or max(numbers) > LARGEST_SIZE:
                raise self._error(f"{what} is not from 1 on")
        elif entry.name in ("pads", "output_padding", "axis", "axes", "perm", "to", "keepdims"):
            if max(map(abs, numbers)) > LARGEST_SIZE:
                raise self._error(f"{what} is too large")
        elif entry.name == "auto_pad" and entry.s.decode(errors="replace") not in _AUTO_PADS:
            raise self._error(f"{what} is {short(repr(entry.s))}")

    def _tensor(self, tensor: Any, what: str) -> None:
        """A tensor whose numbers are as many as its shape says."""
        from onnx import TensorProto, helper

        dims = tuple(tensor.dims)
        if len(dims) > LARGEST_RANK or any(size < 0 for size in dims):
            raise self._error(f"{what} have the shape {short(dims)}")
        count = prod(dims)
        if count > _LARGEST_TENSOR or tensor.HasField("segment"):
            raise self._error(f"{what} are not whole, of the shape {short(dims)}")
        if tensor.data_location == TensorProto.EXTERNAL:
            return
        try:
            size = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            field = helper.tensor_dtype_to_field(tensor.data_type)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._error(f"{what} are of no known type") from None
        fields = ("float_data", "int32_data", "string_data", "int64_data", "double_data",
                  "uint64_data")  # fmt: skip
        held = {name: len(getattr(tensor, name)) for name in fields if getattr(tensor, name)}
        if tensor.HasField("raw_data") and tensor.raw_data:
            if held:
                raise self._error(f"{what} hold their numbers twice")
            fits = len(tensor.raw_data) in _bytes_of(tensor.data_type, count, size)
        else:
            fits = set(held) <= {field} and held.get(field, 0) in _entries_of(
                tensor.data_type, count
            )
        if not fits:
            raise self._error(f"{what} do not hold what their shape {short(dims)} says")

    def _sparse(self, tensor: Any, what: str) -> None:
        self._tensor(tensor.values, what)
        self._tensor(tensor.indices, what)

    def _distinct(self, names: Iterable[str], what: str) -> None:
        seen: set[str] = set()
        for name in names:
            if not name or name in seen:
                fault = f"{short(repr(name))} twice" if name else "one without a name"
                raise self._error(f"it has, among the {what}, {fault}")
            seen.add(name)

    def _error(self, what: str) -> EstimateError:
        return EstimateError(f"{self._path} is no sound ONNX model: {what}; export it again")


def _plain(node: Any) -> str:
    return "" if node.domain == "ai.onnx" else str(node.domain)


def _is_filled(entry: Any, name: str) -> bool:
    value = getattr(entry, name)
    if name in ("f", "i", "s", "t", "g", "sparse_tensor", "tp"):
        return bool(entry.HasField(name)) and (not isinstance(value, bytes | int | float) or
                                               bool(value))  # fmt: skip
    return len(value) > 0


def _bytes_of(kind: int, count: int, size: int) -> set[int]:
    """Lengths that raw data of so many numbers may have; those of 4 and 2 bits are packed."""
    from onnx import TensorProto

    packed = {"UINT4": 2, "INT4": 2, "FLOAT4E2M1": 2, "UINT2": 4, "INT2": 4}
    for name, each in packed.items():
        if kind == getattr(TensorProto, name, None):
            return {-(-count // each)}
    return {count * size}


def _entries_of(kind: int, count: int) -> set[int]:
    """How many entries a typed field of so many numbers may have."""
    from onnx import TensorProto

    if kind in (TensorProto.COMPLEX64, TensorProto.COMPLEX128):
        return {2 * count}
    return _bytes_of(kind, count, 1)


@cache
def _definition(operator: str, domain: str, version: int | None) -> Any:
    """The definition of an operator of the standard, None where there is none."""
    from onnx import defs

    if version is None or domain not in ("", "ai.onnx"):
        return None
    try:
        return defs.get_schema(operator, min(version, defs.onnx_opset_version()), "")
    except Exception:
        # Unknown operators are judged where nodes become layers.
        return None
