"""Delay, energy and idle power of a block after some time under stress.

A table's aged groups hold them at a few ages. Thresholds grow as t^(1/6), and what is small in
the shift is linear in it: between two ages a value is taken linear in t^(1/6), along supply,
temperature and sizes it is linear as everywhere in a table. Ages are s; `YEAR` is one.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import product
from math import isclose, isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

from accelerator.errors import EstimateError

if TYPE_CHECKING:
    from lut import Table

YEAR = 365.25 * 86400.0
"""One year [s]."""
EXPONENT = 1 / 6
"""Of the time in the growth of a threshold: hydrogen molecules that diffuse away."""
_SAME = 1e-9


def aged_delay(
    table: Table,
    block: str,
    *,
    age: float,
    temperature: float,
    vdd: float,
    corner: str = "tt",
    **place: Any,
) -> float:
    """Delay [s] of a block after `age` [s] at `temperature` [K] and `vdd` [V].

    `block` is "full_adder", "flip_flop", "decoder_gate", "wire", "wordline_driver", "read",
    "and2", "or2" or "xor2", whatever the table has aged. `place` has its other axes: `rows` of a
    sense, `columns` of a word line. Without `operands` (or `line`) it is the longest over all.

    Raises EstimateError for a block that never ages in a table, lut.TableError for one that
    this table has not aged and for whatever lies outside its grid (with the range).
    """
    at = {"corner": corner, "vdd": vdd, "temperature": temperature, **place}
    return max(_values(table, block, "delay", age, at))


def aged_energy(
    table: Table,
    block: str,
    *,
    age: float,
    temperature: float,
    vdd: float,
    corner: str = "tt",
    **place: Any,
) -> float:
    """Energy [J] of one operation of an aged block, as `aged_delay`.

    Without `operands` (or `line`) it is the mean over all of them, equally frequent.
    """
    at = {"corner": corner, "vdd": vdd, "temperature": temperature, **place}
    found = _values(table, block, "energy", age, at)
    return sum(found) / len(found)


def aged_leakage_power(
    table: Table,
    block: str,
    *,
    age: float,
    temperature: float,
    vdd: float,
    corner: str = "tt",
    **place: Any,
) -> float:
    """Idle power [W] of an aged block, as `aged_energy`."""
    at = {"corner": corner, "vdd": vdd, "temperature": temperature, **place}
    found = _values(table, block, "leakage_power", age, at)
    return sum(found) / len(found)


def threshold_shift(
    table: Table,
    block: str,
    *,
    age: float,
    temperature: float,
    vdd: float,
    corner: str = "tt",
    **place: Any,
) -> float:
    """How far [V] the p transistors' thresholds have grown, as `aged_delay`."""
    at = {"corner": corner, "vdd": vdd, "temperature": temperature, **place}
    return max(_values(table, block, "threshold_shift", age, at))


def ages(table: Table, block: str) -> tuple[float, ...]:
    """The ages [s] at which a block was simulated, ascending.

    Raises EstimateError and lut.TableError as `aged_delay`.
    """
    return tuple(float(value) for value in table.axis(_group(block), "age"))


def _group(block: str) -> str:
    from lut import AGED

    if block not in AGED:
        raise EstimateError(f"'{block}' does not age in a table; choose one of {', '.join(AGED)}")
    return AGED[block]


def _values(table: Table, block: str, variable: str, age: float, at: dict[str, Any]) -> list[float]:
    """The variable at an age, for each value of the text axes that `at` leaves open."""
    group = _group(block)
    around = _around(table, group, age)
    left_open = {
        name: axis.values
        for name, axis in table[group].axes.items()
        if name not in at and isinstance(axis.values, tuple)
    }
    places = [dict(zip(left_open, one, strict=True)) for one in product(*left_open.values())]
    return [
        sum(share * table.value(group, variable, age=one, **at, **own) for one, share in around)
        for own in places
    ]


def _around(table: Table, group: str, age: float) -> list[tuple[float, float]]:
    """The simulated ages [s] on either side of an age, each with its share in the value (1)."""
    from lut import TableError

    known = [float(value) for value in table.axis(group, "age")]
    if not isinstance(age, Real) or not isfinite(age):
        raise TableError(f"{group} of table {table.name}: age={age!r} is not a number of seconds")
    lower = bisect_right(known, age) - 1
    for index in (lower, lower + 1):
        if 0 <= index < len(known) and isclose(age, known[index], rel_tol=_SAME):
            return [(known[index], 1.0)]
    if not 0 <= lower < len(known) - 1:
        raise TableError(
            f"{group} of table {table.name}: age={age:g} s is outside the table (it covers "
            f"{known[0]:g} s to {known[-1]:g} s); characterize it at this age too"
        )
    before, after = known[lower], known[lower + 1]
    low, here, high = (value**EXPONENT for value in (before, age, after))
    share = (here - low) / (high - low)
    return [(before, 1.0 - share), (after, share)]
