"""The networks that can be costed: built in, or any ONNX file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.networks.library import NETWORKS
from accelerator.options import whole_number
from files import is_regular

READING = ("batch", "batch_axis", "dims")
"""Arguments that say how a file is read."""

__all__ = ["READING", "Layer", "Network", "Operation", "load_network", "network_names"]


def network_names() -> tuple[str, ...]:
    """Names of the built-in networks."""
    return tuple(NETWORKS)


def load_network(
    network: str | os.PathLike[str] | Network,
    *,
    batch: int | None = None,
    batch_axis: int | None = None,
    dims: Mapping[str, int] | None = None,
) -> Network:
    """A network by its built-in name, as an ONNX file, or itself.

    Args:
        batch: images in an ONNX file's input, in place of what its graph tells.
        batch_axis: the axis of the input along which they lie.
        dims: sizes for the names that the file has in place of some.

    Raises:
        EstimateError: no such name or file, or a file that cannot be costed.
    """
    reading = _reading(batch, batch_axis, dims)
    name = "" if isinstance(network, Network) else os.fspath(network)
    if reading and (isinstance(network, Network) or name in NETWORKS):
        raise EstimateError(f"{', '.join(reading)} is said of an ONNX file: leave it out")
    if isinstance(network, Network):
        return network
    if name in NETWORKS:
        return replace(NETWORKS[name](), path=name)
    path = Path(name)
    if path.suffix.lower() != ".onnx" and not is_regular(path):
        raise EstimateError(
            f"there is no network {name!r}: give the path of an ONNX file or one of "
            f"{', '.join(NETWORKS)}"
        )
    return _of_file(path, reading)


def _reading(batch: object, axis: object, dims: object) -> dict[str, Any]:
    """How a file is read, as far as it is said, checked."""
    found: dict[str, Any] = {}
    if batch is not None:
        found["batch"] = whole_number("the batch", batch, least=1)
    if axis is not None:
        found["batch_axis"] = whole_number("the axis of the batch", axis, least=0)
    if dims is not None:
        if not isinstance(dims, Mapping):
            raise EstimateError(f"dims are whole numbers by name, not {dims!r}")
        found["dims"] = {
            str(name): whole_number(f"the size {name!r}", size, least=1)
            for name, size in dims.items()
        }
    return found


def _of_file(path: Path, reading: dict[str, Any]) -> Network:
    try:
        state = path.stat()
        resolved = str(path.resolve())
    except (OSError, ValueError, RuntimeError):
        state, resolved = None, str(path)  # the reader says what is wrong
    said = tuple(
        (name, tuple(value.items()) if isinstance(value, dict) else value)
        for name, value in reading.items()
    )
    place = (0, 0) if state is None else (state.st_mtime_ns, state.st_size)
    found = _read(str(path), resolved, said, *place)
    return replace(found, from_file=True, reading=tuple(reading.items()))


@lru_cache(maxsize=8)
def _read(name: str, resolved: str, said: tuple[Any, ...], _changed: int, _size: int) -> Network:
    """The network in a file; sweeps over one file read it once."""
    from accelerator.networks.onnx_import import read_onnx

    reading: dict[str, Any] = {key: dict(value) if key == "dims" else value for key, value in said}
    return replace(read_onnx(Path(name), **reading), path=resolved)
