"""Results of points and decks as data, and back by explicit checks.

A worker runs foreign decks, and may be another machine's: what it answers is looked at before
anything is made of it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from characterize.errors import PlanError
from characterize.ngspice import Waveforms
from characterize.simulate import PointResult
from lut import Outcome

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_LONGEST_TEXT = 4000
_MOST_VALUES = 1000


class AnswerError(PlanError):
    """An answer that is not that of a point or deck."""


def data_of(result: PointResult | Waveforms) -> dict[str, Any]:
    """The result as data that can be sent."""
    if isinstance(result, Waveforms):
        return {
            "time": result.time,
            "vectors": dict(result.vectors),
            "analysis_seconds": result.analysis_seconds,
        }
    return {
        "outcome": int(result.outcome),
        "values": {name: float(value) for name, value in result.values.items()},
        "message": result.message,
        "simulations": result.simulations,
        "analysis_seconds": result.analysis_seconds,
        "poisoned": result.poisoned,
        "rung": result.rung,
        "processor_seconds": result.processor_seconds,
    }


def point_result(data: object) -> PointResult:
    """The result of a point; raises AnswerError where the data are none."""
    found = _Fields(data)
    try:
        outcome = Outcome(found.take("outcome", int))
    except ValueError:
        raise AnswerError("a worker answered an outcome that there is not") from None
    values = found.take("values", dict)
    if len(values) > _MOST_VALUES:
        raise AnswerError("a worker answered more measures than any bench has")
    for name, value in values.items():
        if _NAME.fullmatch(name) is None or type(value) is not float:
            raise AnswerError("a worker answered a measure that is no number by name")
    result = PointResult(
        outcome,
        dict(values),
        printable_text(found.take("message", str)),
        found.count("simulations"),
        found.seconds("analysis_seconds"),
        found.take("poisoned", bool),
        printable_text(found.take("rung", str)),
        found.seconds("processor_seconds"),
    )
    found.finish()
    return result


def waveforms(data: object) -> Waveforms:
    """The waveforms of a deck; raises AnswerError where the data are none."""
    found = _Fields(data)
    time, vectors = found.take("time", np.ndarray), found.take("vectors", dict)
    if time.ndim != 1 or len(time) < 2 or not (np.diff(time) >= 0).all():
        raise AnswerError("a worker answered waveforms without time points")
    for vector in vectors.values():
        if type(vector) is not np.ndarray or vector.shape != time.shape:
            raise AnswerError("a worker answered a waveform of another length than its time points")
    result = Waveforms(time, dict(vectors), found.seconds("analysis_seconds"))
    found.finish()
    return result


def ngspice_version_of(data: object) -> str:
    """The version that a worker tells of itself; raises AnswerError where it is none."""
    if not isinstance(data, str) or re.fullmatch(r"[A-Za-z0-9_.+-]{1,64}", data) is None:
        raise AnswerError("a worker answered no version of ngspice; look at its installation")
    return data


class _Fields:
    """The entries of a dictionary, each taken once and of one type."""

    def __init__(self, data: object) -> None:
        if not isinstance(data, dict):
            raise AnswerError("a worker answered something else than a result")
        self._left = dict(data)

    def take(self, name: str, kind: type) -> Any:
        value = self._left.pop(name, None)
        # Exactly that type: true is no number.
        if type(value) is not kind:
            raise AnswerError(f"a worker answered a result without its '{name}'")
        return value

    def seconds(self, name: str) -> float:
        value = self._left.get(name)
        if type(value) is int:
            self._left[name] = float(value)
        found = float(self.take(name, float))
        if not 0 <= found < np.inf:
            raise AnswerError(f"a worker answered a '{name}' that is no time")
        return found

    def count(self, name: str) -> int:
        found = int(self.take(name, int))
        if not 0 <= found < 2**53:
            raise AnswerError(f"a worker answered a '{name}' that is no count")
        return found

    def finish(self) -> None:
        if self._left:
            raise AnswerError("a worker answered more than a result has")


def printable_text(text: str) -> str:
    """A text that a terminal shows and does not obey, cut to a length."""
    return "".join(one if one.isprintable() else " " for one in text[:_LONGEST_TEXT])
