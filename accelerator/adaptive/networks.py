"""A trained file that holds all widths, and the ordinary QONNX of each.

The file is the widest network. Constants named NAME@WIDTH stand in for NAME at a width; weights
are cut to their first kernels and channels, which are the cells that a width uses of the same
mapped weights.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from accelerator.adaptive.narrowing import channels_at
from accelerator.errors import EstimateError
from accelerator.networks.onnx_file import parse_model
from accelerator.networks.onnx_operators import WEIGHT_INPUT
from files import typed

WIDTHS_KEY = "adaptive_widths"
"""Under which a file's metadata list its widths."""


def at_width(name: str, width: float) -> str:
    """What a constant is called at a width that is not the largest."""
    return f"{name}@{width:g}"


def widths_of(path: str | os.PathLike[str]) -> tuple[float, ...]:
    """The widths in a file, rising. Raises EstimateError where it is no such file."""
    return _widths(parse_model(Path(path)), Path(path))


def _widths(model: Any, path: Path) -> tuple[float, ...]:
    found = {entry.key: entry.value for entry in model.metadata_props}.get(WIDTHS_KEY)
    if found is None:
        raise EstimateError(
            f"{path} has one width only; mramcim study adaptive --train writes files with several"
        )
    try:
        widths: list[float] = typed(json.loads(found), list[float], f"{path}: widths")
    except (ValueError, RecursionError):
        widths = []
    if not widths or not all(0 < width <= 1 for width in widths) or widths != sorted(set(widths)):
        raise EstimateError(
            f"{path} names no widths that rise up to 1; mramcim study adaptive --train writes "
            "files with several"
        )
    return tuple(widths)


def write_widths(path: str | os.PathLike[str], folder: Path) -> dict[float, Path]:
    """Write the QONNX of every width into a folder; the file's name and the width name each.

    Raises EstimateError where the file holds no widths or contradicts itself.
    """
    import onnx

    source = Path(path)
    written = {}
    for width in _widths(parse_model(source), source):
        made = parse_model(source)
        _narrow(made, width, source)
        target = folder / f"{source.stem}-{width:g}.onnx"
        onnx.save(made, target)
        written[width] = target
    return written


def _narrow(model: Any, width: float, path: Path) -> None:
    """Cut weights and put in the constants of a width, in place."""
    from onnx import numpy_helper

    graph = model.graph
    constants = {entry.name: entry for entry in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    weighted = [node for node in graph.node if node.op_type in WEIGHT_INPUT]
    (image,) = (entry for entry in graph.input if entry.name not in constants)
    colours = image.type.tensor_type.shape.dim[1].dim_value
    # Channels of each tensor in the file, and how many of them take part.
    channels: dict[str, tuple[int, int]] = {image.name: (colours, colours)}
    for node in graph.node:
        source = next((name for name in node.input if name in channels), None)
        if source is None:
            continue
        whole, part = channels[source]
        if node in weighted:
            name = _stored(node.input[WEIGHT_INPUT[node.op_type]], makers, constants, path)
            weights = numpy_helper.to_array(constants[name])
            taken = part * (weights.shape[1] // whole)
            whole = len(weights)
            part = whole if node is weighted[-1] else channels_at(width, whole)
            cut = numpy_helper.from_array(weights[:part, :taken].copy(), name)
            constants[name].CopyFrom(cut)
        elif node.op_type == "BatchNormalization":
            for name in node.input[1:]:
                own = constants.get(at_width(name, width))
                if own is not None:
                    constants[name].CopyFrom(own)
                    constants[name].name = name
                if tuple(constants[name].dims) != (part,):
                    raise EstimateError(
                        f"{path} has no {name!r} for {part} channels at width {width:g}; train it "
                        "again with mramcim study adaptive --train"
                    )
        for output in node.output:
            channels[output] = (whole, part)
    kept = [entry for entry in graph.initializer if "@" not in entry.name]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _stored(name: str, makers: dict[str, Any], constants: dict[str, Any], path: Path) -> str:
    """The constant that weights are made of."""
    while name not in constants:
        if name not in makers:
            raise EstimateError(f"{path} has the weights {name!r}, which nothing makes")
        name = makers[name].input[0]
    return name
