"""What changed between two nights, cause before consequence: inputs, then variables, signed."""

from __future__ import annotations

import difflib
import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from files import short
from lut import Difference, ProvenanceChange, VariableDifference, shown_place

SHOWN_PLAN_LINES = 12
# Parts of the provenance that are causes, most likely first. The netlists follow from them, unless
# nothing else changed; failures and retries are consequences.
_CAUSES = {
    "device": "device",
    "design": "design",
    "models": "model file",
    "ageing": "ageing",
    "statistics": "statistics",
    "ngspice_version": "ngspice",
    "mramcim_version": "mramcim",
    "schema_version": "schema of tables",
    "plan": "plan",
    "tolerance": "plan",
    "seed": "seed",
    "title": "title",
}
_NETLISTS = "netlists"
NOTHING_CHANGED = (
    "nothing that a table records: the same plan, design, device, models, ngspice and mramcim; "
    "look for an edited program of the same version, or another machine"
)


@dataclass(frozen=True)
class Cause:
    """One thing that a table was made from and that is another now, both values as text."""

    what: str
    where: str
    before: str
    now: str

    def __str__(self) -> str:
        """A line of the command."""
        return f"{self.what} {self.where}".strip() + f": {self.before} -> {self.now}"

    def to_dict(self) -> dict[str, str]:
        """The fields, as JSON has them."""
        return dict(vars(self))


def causes(difference: Difference) -> list[Cause]:
    """What changed of all that the tables were made from."""
    parts = {change.part: change for change in difference.provenance}
    found = [cause for part in _CAUSES if part in parts for cause in _causes_of(part, parts[part])]
    known = {*_CAUSES, _NETLISTS, "failures", "retried"}
    for part in sorted(parts.keys() - known):
        found += _plain(part, parts[part])
    if _NETLISTS in parts and not any(cause.what != "title" for cause in found):
        found += _changed_netlists(parts[_NETLISTS])
    return found


def _causes_of(part: str, change: ProvenanceChange) -> Iterator[Cause]:
    if part == "plan":
        yield from _plan_lines(change)
    elif part == "models":
        for corner, before, now in change.places:
            yield Cause(_CAUSES[part], f"of corner {corner}", _text(before), _text(now))
    else:
        yield from _plain(_CAUSES[part], change)


def _plain(what: str, change: ProvenanceChange) -> Iterator[Cause]:
    places = change.places
    values = [entry for entry in places if not _is_digest(entry[0])]
    # Where a value changed, so did the digest of its file; alone it tells of words about values.
    for place, before, now in values or places:
        where = "file (no value in it)" if _is_digest(place) else _named(place)
        yield Cause(what, where, _text(before), _text(now))


def _is_digest(place: str) -> bool:
    return place.rpartition(".")[2] == "sha256"


def _named(place: str) -> str:
    """A dotted path of the provenance as a person names it: "parameters.tmr.value_SI" is "tmr"."""
    return place.removeprefix("parameters.").removesuffix(".value_SI")


def _plan_lines(change: ProvenanceChange) -> Iterator[Cause]:
    ((_, before, now),) = change.places[:1]
    one, other = ([line.strip() for line in str(side or "").splitlines()] for side in (before, now))
    pairs = [
        (number, old, new)
        for kind, a, b, c, d in difflib.SequenceMatcher(None, one, other, False).get_opcodes()
        if kind != "equal"
        for number, (old, new) in enumerate(zip_longest(one[a:b], other[c:d], fillvalue=""), c + 1)
        if old or new
    ]
    for number, old, new in pairs[:SHOWN_PLAN_LINES]:
        yield Cause("plan", f"line {number}", short(old) or "-", short(new) or "-")
    if not pairs:
        yield Cause("plan", "", "its blanks", "other blanks")
    elif len(pairs) > SHOWN_PLAN_LINES:
        yield Cause("plan", "", "...", f"and {len(pairs) - SHOWN_PLAN_LINES} more lines")


def _changed_netlists(change: ProvenanceChange) -> Iterator[Cause]:
    """Where the same inputs gave another netlist, the circuits themselves were edited."""
    for bench in dict.fromkeys(place.partition(".")[0] for place, _, _ in change.places):
        sides = {place: (a, b) for place, a, b in change.places if place.startswith(f"{bench}.")}
        before, now = sides.get(f"{bench}.example", ("another", "another"))
        one = str(before).splitlines()
        other = str(now).splitlines()
        first = next(
            ((a, b) for a, b in zip(one, other, strict=False) if a != b), ("another", "another")
        )
        yield Cause("netlist", f"of {bench}", *(short(text) for text in first))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return f"{len(value)} entries"
    text = short(value)
    return text[:12] if len(text) == 64 and text.isalnum() else text


@dataclass(frozen=True)
class Move:
    """How one variable moved: points beyond tolerance, `up` and `down` of them, signed changes.

    `median` is over the points that moved, `largest` that of the point at `place`, both relative
    to the baseline; NaN where no number became another number. `lost` points have a number on
    one side only.
    """

    group: str
    variable: str
    units: str
    compared: int
    beyond: int
    up: int
    down: int
    lost: int
    median: float
    largest: float
    before: float
    now: float
    place: str

    @property
    def direction(self) -> str:
        """Which way, in words."""
        ways = [f"{count} {way}" for count, way in ((self.up, "up"), (self.down, "down")) if count]
        if self.lost:
            ways.append(f"{self.lost} on one side only")
        return ", ".join(ways)

    @property
    def text(self) -> str:
        """One line: the variable, how many points, median and largest change, where."""
        change = f"median {percent(self.median)}, " if self.up + self.down > 1 else ""
        units = "" if self.units == "1" else f" {self.units}"
        return (
            f"{self.group}/{self.variable}: {self.beyond} of {self.compared} points moved "
            f"({self.direction}), {change}largest {percent(self.largest)} "
            f"({self.before:.5g} -> {self.now:.5g}{units}) at {self.place}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields; numbers may be NaN."""
        return dict(vars(self))


def moves(difference: Difference) -> list[Move]:
    """The variables that moved, the one with the largest change first."""
    found = [_move(variable) for variable in difference.variables if variable.beyond]
    return sorted(found, key=lambda move: -_size(move.largest))


def _size(change: float) -> float:
    return abs(change) if not math.isnan(change) else math.inf


def _move(variable: VariableDifference) -> Move:
    changes, lost = [], 0
    for point in variable.moved():
        if math.isfinite(point.a) and math.isfinite(point.b):
            changes.append((change(point.a, point.b), point))
        else:
            lost += 1
    worst = variable.moved(1)[0]
    largest = math.nan
    if changes:
        largest, worst = max(changes, key=lambda entry: abs(entry[0]))
    ups = sum(point.b > point.a for _, point in changes)
    return Move(
        group=variable.group,
        variable=variable.variable,
        units=variable.units,
        compared=variable.compared,
        beyond=variable.beyond,
        up=ups,
        down=len(changes) - ups,
        lost=lost,
        median=statistics.median(size for size, _ in changes) if changes else math.nan,
        largest=largest,
        before=worst.a,
        now=worst.b,
        place=shown_place(worst.coordinates),
    )


def change(before: float, now: float) -> float:
    """The change relative to what was before; infinite from zero, NaN where a side has none."""
    if not (math.isfinite(before) and math.isfinite(now)):
        return math.nan
    if before == 0:
        return math.copysign(math.inf, now)
    return (now - before) / abs(before)


def percent(change: float) -> str:
    """A signed change in percent; "from 0" where there was nothing before."""
    if math.isnan(change):
        return "-"
    if math.isinf(change):
        return "from 0"
    return f"{100 * change:+.3g} %"
