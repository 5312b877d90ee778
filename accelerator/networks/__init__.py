"""The networks that can be costed: built in, or any ONNX file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from accelerator.errors import EstimateError
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.networks.library import NETWORKS
from files import is_regular

__all__ = ["Layer", "Network", "Operation", "load_network", "network_names"]


def network_names() -> tuple[str, ...]:
    """Names of the built-in networks."""
    return tuple(NETWORKS)


def load_network(network: str | os.PathLike[str] | Network) -> Network:
    """A network by its built-in name, as an ONNX file, or itself.

    Raises:
        EstimateError: no such name or file, or a file that cannot be costed.
    """
    if isinstance(network, Network):
        return network
    name = os.fspath(network)
    if name in NETWORKS:
        return replace(NETWORKS[name](), path=name)
    path = Path(name)
    if path.suffix.lower() != ".onnx" and not is_regular(path):
        raise EstimateError(
            f"there is no network {name!r}: give the path of an ONNX file or one of "
            f"{', '.join(NETWORKS)}"
        )
    from accelerator.networks.onnx_import import read_onnx

    return replace(read_onnx(path), path=str(path.resolve()))
