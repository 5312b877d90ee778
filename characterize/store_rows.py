"""What a row of the store says: a result as text with a digest, and back only where all fits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from typing import Any

from characterize.simulate import PointResult
from lut import Outcome

# A time-out or a crash may be of the machine and not of the point: it is tried again.
KEPT = frozenset(
    {
        Outcome.OK,
        Outcome.WRONG_LOGIC,
        Outcome.NOT_SWITCHED,
        Outcome.NO_CONVERGENCE,
        Outcome.MISSING_MEASUREMENT,
    }
)
_KINDS: dict[str, type | tuple[type, ...]] = {
    "outcome": int,
    "values": dict,
    "message": str,
    "simulations": int,
    "analysis_seconds": (int, float),
    "poisoned": bool,
    "rung": str,
    "processor_seconds": (int, float),
}


def digest(*parts: Any) -> str:
    """The digest of a row: of its key and of all that must stay as it was written."""
    return hashlib.sha256(json.dumps(parts, default=repr).encode()).hexdigest()


def text_of(result: PointResult) -> str:
    """A result as the store keeps it."""
    return json.dumps(asdict(result))


def result_of(text: object) -> PointResult | None:
    """The result that a text is of; None where it is no result that a store keeps."""
    try:
        entry = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.keys() != {f.name for f in fields(PointResult)}:
        return None
    for name, value in entry.items():
        if not _is(value, _KINDS[name]):
            return None
    if not all(_is(value, (int, float)) for value in entry["values"].values()):
        return None
    if entry["outcome"] not in {int(outcome) for outcome in KEPT} or entry["simulations"] < 0:
        return None
    return PointResult(**{**entry, "outcome": Outcome(entry["outcome"])})


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    # A truth value is a whole number to Python.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
