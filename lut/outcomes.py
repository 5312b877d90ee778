"""How the simulation of one point of a table ended."""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    """Outcome of one simulated point; the numbers are those stored in a table (int8).

    `remedy` says what to do about it. The values beside `OK`, `WRONG_LOGIC`,
    `BELOW_CRITICAL_CURRENT` (of tables before schema 2) and `NOT_SWITCHED` were measured;
    beside every other outcome they are NaN.
    """

    OK = 0
    WRONG_LOGIC = 1
    NO_CONVERGENCE = 2
    TIME_OUT = 3
    MISSING_MEASUREMENT = 4
    SIMULATOR_ERROR = 5
    BELOW_CRITICAL_CURRENT = 6
    NOT_SWITCHED = 7

    @property
    def meaning(self) -> str:
        """The word written to `flag_meanings`, for example "wrong_logic"."""
        return self.name.lower()

    @property
    def remedy(self) -> str:
        """What to do about this outcome, as the end of a sentence."""
        return _REMEDIES[self]


_REMEDIES = {
    Outcome.OK: "nothing to do",
    Outcome.WRONG_LOGIC: "give the amplifier more time or size, fewer rows, or milder conditions",
    Outcome.NO_CONVERGENCE: "loosen the simulator's tolerances or shorten its time step",
    Outcome.TIME_OUT: "raise the time limit of a point",
    Outcome.MISSING_MEASUREMENT: "lengthen the operation, as an expected edge never came",
    Outcome.SIMULATOR_ERROR: "run the point's netlist by hand in ngspice and read its message",
    Outcome.NOT_SWITCHED: "choose another driver width, a longer pulse or fewer rows, as no pulse "
    "within the limit meets the write error rate",
    Outcome.BELOW_CRITICAL_CURRENT: "widen the write transistor or shorten the write line",
}

# The spelling of the CF conventions: numbers, and one space-separated text of words.
FLAG_VALUES = tuple(int(outcome) for outcome in Outcome)
FLAG_MEANINGS = " ".join(outcome.meaning for outcome in Outcome)
