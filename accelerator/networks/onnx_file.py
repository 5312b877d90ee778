"""ONNX files as models: read, bounded and checked before anything else looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError
from accelerator.networks.onnx_fused import unfuse
from accelerator.networks.onnx_structure import check_structure
from accelerator.networks.onnx_wire import LARGEST_FILE, LARGEST_FRAME, WireError, frame_size
from files import read_bytes, short

LARGEST_GRAPH = 100_000
"""Nodes of a graph, its functions put in; the largest published networks have some 20 000."""


_DEEPEST_CALLS = 32


def parse_model(path: Path) -> Any:
    """The model in a file, functions inlined, fused operators plain, every node with its own name.

    Its structure holds: see `check_structure`.

    Raises:
        EstimateError: the file cannot be read or is not a model with nodes.
    """
    model = _parse(path)
    if model.functions:
        _check_functions(model, path)
        from onnx import inliner

        try:
            model = inliner.inline_local_functions(model)
        except Exception as error:
            raise EstimateError(
                f"{path} has functions that cannot be inlined ({short(str(error))}): "
                "export it without"
            ) from None
    if not model.graph.node:
        raise EstimateError(f"{path} is not an ONNX model with nodes: give another file")
    if len(model.graph.node) > LARGEST_GRAPH:
        raise EstimateError(f"{path} has more than {LARGEST_GRAPH} nodes: give another file")
    check_structure(model, path)
    _name_nodes(model.graph)
    _name_domains(model)
    unfuse(model)
    return model


def _name_domains(model: Any) -> None:
    """One name for the standard's domain, and an import for each domain that nodes are of."""
    for entry in (*model.opset_import, *model.graph.node):
        if entry.domain == "ai.onnx":
            entry.domain = ""
    known = {entry.domain for entry in model.opset_import}
    for domain in sorted({node.domain for node in model.graph.node} - known - {""}):
        model.opset_import.add(domain=domain, version=1)


def _parse(path: Path) -> Any:
    import onnx

    image = read_bytes(path, "ONNX file", LARGEST_FILE, EstimateError)
    damaged = f"{path} is not an ONNX model or is damaged"
    try:
        frame = frame_size(image)
    except WireError as problem:
        raise EstimateError(f"{damaged} ({problem}): export the network again") from None
    if frame > LARGEST_FRAME:
        raise EstimateError(
            f"{path} has {frame} bytes besides the numbers of its tensors, more than the "
            f"{LARGEST_FRAME} of any network: export it again, with weights as raw data"
        )
    try:
        model = onnx.load_model_from_string(image)
    except Exception:
        # protobuf has several errors for bytes that are none of its own.
        raise EstimateError(f"{damaged}: export the network again") from None
    if not all(isinstance(text, str) for text in _texts(model)):
        raise EstimateError(
            f"{path} is a damaged ONNX model with names that are no text: export it again"
        )
    return model


def _texts(message: Any) -> Iterator[object]:
    """Every text in a message; damaged ones come as bytes."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        one = isinstance(value, str | bytes | int | float) or hasattr(value, "ListFields")
        every = (value,) if one else value
        if field.type == field.TYPE_STRING:
            yield from every
        else:
            for inner in every:
                yield from _texts(inner)


def _check_functions(model: Any, path: Path) -> None:
    """Refuse functions that call each other without end, or become too many nodes."""
    bodies = {(entry.domain, entry.name): entry for entry in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    open_calls: set[tuple[str, str]] = set()

    def size_of(nodes: Any, depth: int) -> int:
        total = 0
        for node in nodes:
            key = (node.domain, node.op_type)
            total += 1
            if key in bodies:
                if key in open_calls or depth > _DEEPEST_CALLS:
                    raise EstimateError(
                        f"{path} has the function '{short(node.op_type)}' that calls itself or "
                        "others too deep: export it without"
                    )
                if key not in sizes:
                    open_calls.add(key)
                    sizes[key] = size_of(bodies[key].node, depth + 1)
                    open_calls.discard(key)
                total += sizes[key]
            for attribute in node.attribute:
                for graph in (attribute.g, *attribute.graphs):
                    if depth > _DEEPEST_CALLS:
                        raise EstimateError(f"{path} has graphs nested too deep: export it again")
                    total += size_of(graph.node, depth + 1)
            if total > LARGEST_GRAPH:
                raise EstimateError(
                    f"{path} has functions that become more than {LARGEST_GRAPH} nodes: export "
                    "it without"
                )
        return total

    size_of(model.graph.node, 0)


def _name_nodes(graph: Any) -> None:
    """Give each node a name that no other has: reports, plans and runs go by it."""
    taken: set[str] = set()
    for index, node in enumerate(graph.node):
        name = node.name or f"{node.op_type}_{index}"
        while name in taken:
            name = f"{name}_{index}"
        taken.add(name)
        node.name = name
