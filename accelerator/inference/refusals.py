"""What stands in the way of running a network, each kind once with its number and its share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError
from files import short


@dataclass(frozen=True)
class Refused:
    """One node that cannot be run, and why; the reason is part of a sentence."""

    name: str
    operator: str
    cause: str


def operator_of(node: Any) -> str:
    """The operator's name, with its domain if that is not the standard's."""
    return short(f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type))


def listed(path: Path, refused: Sequence[Refused]) -> str:
    """All of them in one sentence: for each reason the operators, and where it is met first.

    Those that are layers have their share of the network's multiply-accumulates (MACs).
    """
    macs = _macs(path)
    total = sum(macs.values())
    parts = []
    for cause in dict.fromkeys(entry.cause for entry in refused):
        same = [entry for entry in refused if entry.cause == cause]
        kinds = Counter(entry.operator for entry in same)
        told = ", ".join(f"{operator} x {number}" for operator, number in kinds.items())
        told += f" (first {same[0].name}" if len(same) > 1 else f" ({same[0].name}"
        # Recurrent layers are several products, named after their node.
        names = {entry.name for entry in same}
        theirs = sum(
            number for name, number in macs.items()
            if name in names or name.rpartition("/")[0] in names
        )  # fmt: skip
        told += f", {theirs / total:.1%} of the MACs)" if theirs else ")"
        parts.append(f"{told}: {cause}" if cause else told)
    return "; ".join(parts)


def _macs(path: Path) -> dict[str, int]:
    """Multiply-accumulates by layer, none where the file cannot be estimated either."""
    from accelerator.networks.onnx_import import read_onnx

    try:
        return {layer.name: layer.macs for layer in read_onnx(path).mapped}
    except EstimateError:
        return {}
