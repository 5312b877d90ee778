"""What is tried when ngspice finds no solution: the rungs of a ladder, each gentler and slower.

Every rung is a whole deck again, so that the one that worked can be run by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from circuits.deck_text import number

AS_PLANNED = ""
_REFINED = 4
"""Times that the steps of the upper rungs are shorter."""
_PATIENT = ".option itl1=500 itl2=500 itl4=100"
_RUNGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("quarter step", (_PATIENT,)),
    ("trapezoidal rule", (_PATIENT, ".option method=trap")),
    # With no plain attempt first, the operating point is approached in small steps from added
    # conductances and, failing that, from supplies that rise from zero. Beginning the measured
    # transient at rest (`uic`) would be wrong without a word: in the second cycle of an AND the
    # bias still delivered 0.7 fJ instead of 93, and the result was wrong.
    ("stepped operating point", (_PATIENT, ".option noopiter gminsteps=100 srcsteps=100")),
)
_ANALYSIS = re.compile(r"(?m)^\.tran (\S+) (\S+) (\S+) (\S+)$")


def rungs(netlist: str) -> Iterator[tuple[str, str]]:
    """Name and netlist of every rung, from the deck as planned to the gentlest."""
    yield AS_PLANNED, netlist
    found = _ANALYSIS.search(netlist)
    assert found is not None, "every deck has a transient"
    step, stop, start, longest = (float(number) for number in found.groups())
    for name, options in _RUNGS:
        times = " ".join(
            number(time, 6) for time in (step / _REFINED, stop, start, longest / _REFINED)
        )
        lines = "\n".join((*options, f".tran {times}"))
        yield name, netlist[: found.start()] + lines + netlist[found.end() :]


def higher(one: str, other: str) -> str:
    """The higher of two rungs by name."""
    order = [AS_PLANNED, *(name for name, _ in _RUNGS)]
    return max(one, other, key=order.index)
