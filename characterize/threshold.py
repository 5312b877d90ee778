"""Where a decision turns: bracketed with the help of what the decision is made from."""

from __future__ import annotations

import math

_FIRST = 0.2
"""Of the margin: an amplifier with gain has one of several times the amount that it stands for."""
_REACH = 0.45
"""Steps to either side of where the margin should vanish; both sides close the search."""
_WIDENING = 3.0
_GUIDED_TRIALS = 10


class ThresholdSearch:
    """The largest amount at which something is right, to within a step.

    It is right at none. The margin falls with the amount, nearly along a line, and vanishes
    about where right turns to wrong. It only guides: what is found rests on right and wrong.
    """

    def __init__(self, margin: float, step: float, limit: float) -> None:
        self._step, self._wrong = step, limit
        self.right = 0.0
        """The largest amount that was found right."""
        self._margins = [(0.0, margin)]
        self._reach = _REACH * step
        self._trials = 0

    def trial(self) -> float | None:
        """The next amount to look at; None when `right` is known to within a step."""
        if self._wrong - self.right <= self._step:
            return None
        self._trials += 1
        guess = self._guess() if self._trials <= _GUIDED_TRIALS else math.nan
        return guess if self.right < guess < self._wrong else (self.right + self._wrong) / 2

    def add(self, amount: float, right: bool, margin: float) -> None:
        """Tell what was found at an amount; a margin that is not known is NaN."""
        if right:
            self.right = max(self.right, amount)
        else:
            self._wrong = min(self._wrong, amount)
        if math.isfinite(margin):
            self._margins.append((amount, margin))

    def _guess(self) -> float:
        if len(self._margins) == 1:
            return max(_FIRST * self._margins[0][1], self._step)
        (one, at_one), (two, at_two) = sorted(self._margins, key=lambda entry: abs(entry[1]))[:2]
        fall = (at_one - at_two) / (two - one) if two != one else math.nan
        if not fall > 0:
            return math.nan
        crossing = one + at_one / fall
        above, below = crossing + self._reach, crossing - self._reach
        if self._wrong > above > self.right:
            return above
        if self.right < below < self._wrong:
            return below
        # It does not turn where the margin vanishes: look farther out, on the open side.
        self._reach *= _WIDENING
        if above <= self.right:
            return min(self.right + self._reach, self._wrong)
        return max(self._wrong - self._reach, self.right)
