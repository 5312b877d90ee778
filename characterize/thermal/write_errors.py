"""Write errors: the probability that a pulse leaves the old bit, against the pulse's width."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from characterize.errors import PlanError
from characterize.thermal.dynamics import STEP, Motion, Waveform
from characterize.thermal.ensemble import Ensemble
from characterize.thermal.equilibrium import Well
from circuits.magnet import Magnet

FloatArray = NDArray[np.float64]

RELAXATION = 3e-9
"""Time [s] without current after the pulse, until the side is read."""
FALL = 20e-12
"""Default time [s] in which the current of a cut waveform falls."""
CONFIDENCE = 0.95
_LOOK = 0.1e-9  # Time [s] between two looks at which walkers have settled.
# Depth [kT] below the edge between the sides at which a walker counts as settled: where it
# began, another 3e-4 of the rate may still leave; on the new side exp(-25) of all would return.
_SETTLED_OLD, _SETTLED_NEW = 8.0, 25.0


@dataclass(frozen=True)
class ErrorRates:
    """Error rates against pulse widths [s], each of shape (n,), with their 95 % interval.

    `low` and `high` are Student's interval of the mean over independent repeats, taken in
    the logarithm where all repeats are above zero.
    """

    width_s: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    repeats: FloatArray
    """The single repeats, shape (repeats, n)."""


@dataclass(frozen=True)
class CountedErrors:
    """How many of a number of independent trials kept the old bit."""

    errors: int
    trials: int

    @property
    def rate(self) -> float:
        """Observed error rate."""
        return self.errors / self.trials

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Clopper and Pearson's bounds of the error rate (Biometrika 26, 404 (1934))."""
        from scipy.special import betaincinv

        outside = (1 - confidence) / 2
        k, n = self.errors, self.trials
        low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, outside))
        high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - outside))
        return low, high


def starting_side(magnet: Magnet, waveform: Waveform) -> int:
    """The side of the easy axis, +1 or -1, that a waveform drives the magnet away from."""
    return magnet.polarity * (-1 if waveform.mean < 0 else 1)


def write_error_rate(
    magnet: Magnet,
    times: ArrayLike,
    currents: ArrayLike,
    widths: Sequence[float] | FloatArray,
    *,
    seed: int,
    walkers: int = 40,
    repeats: int = 4,
    fall: float = FALL,
    relaxation: float = RELAXATION,
    step: float = STEP,
    side: int | None = None,
    negligible: float = 1e-13,
) -> ErrorRates:
    """Probability that a magnet is on its old side after pulses of some widths.

    A weighted ensemble of `walkers` in each bin follows the waveform `times` [s], `currents`
    [A] from t = 0. At each of the `widths` [s], which rise, copies of it follow the current
    down to nothing in `fall` [s] and relax for `relaxation` [s]; the weight on the old side
    is the error rate. Widths are taken to the nearest step. `side` is where m begins; by
    default what the current drives it away from. Bins of a weight up to `negligible` are
    left out, and what that loses is added to `high`. The same seed gives the same rates.
    """
    waveform = Waveform.of(times, currents)
    asked = _checked(widths, walkers, repeats, fall, relaxation)
    motion = Motion(magnet, step)
    motion.check()
    well = Well(magnet, starting_side(magnet, waveform) if side is None else side)
    seeds = np.random.SeedSequence(seed).spawn(repeats)
    rates, lost = np.empty((repeats, len(asked))), np.empty((repeats, len(asked)))
    for index, own in enumerate(seeds):
        generator = np.random.default_rng(own)
        ensemble = Ensemble.at_rest(motion, well, walkers, generator, negligible)
        for place, after in enumerate(_pulses(ensemble, waveform, asked, fall)):
            rates[index, place] = _left_behind(after, relaxation)
            lost[index, place] = after.lost
    return _summary(asked, rates, lost.mean(axis=0))


def brute_force(
    magnet: Magnet,
    times: ArrayLike,
    currents: ArrayLike,
    width: float,
    *,
    trials: int,
    seed: int,
    fall: float = FALL,
    relaxation: float = RELAXATION,
    step: float = STEP,
    side: int | None = None,
) -> CountedErrors:
    """Count the magnets on their old side after a pulse, each simulated by itself.

    As `write_error_rate` for one width, without an ensemble.
    """
    waveform = Waveform.of(times, currents)
    _checked([width], trials, 1, fall, relaxation)
    motion = Motion(magnet, step)
    motion.check()
    well = Well(magnet, starting_side(magnet, waveform) if side is None else side)
    generator = np.random.default_rng(seed)
    m = well.sample(trials, generator)
    pulse = waveform.cut(motion.steps(width) * step, fall)
    motion.advance(m, motion.currents(pulse, 0, motion.steps(width + fall) + 1), generator)
    motion.advance(m, np.zeros(motion.steps(relaxation) + 1), generator)
    return CountedErrors(int(np.count_nonzero(m @ well.axis > 0)), trials)


def _checked(
    widths: Sequence[float] | FloatArray, walkers: int, repeats: int, fall: float, relaxation: float
) -> FloatArray:
    asked = np.asarray(widths, dtype=float)
    if asked.ndim != 1 or len(asked) == 0 or np.any(np.diff(asked) <= 0) or not asked[0] >= 0:
        raise PlanError("pulse widths must rise from 0 s or more; sort them and drop doubles")
    if not asked[-1] <= 1e-6:
        raise PlanError(f"a pulse width of {asked[-1]:g} s is above 1 us; give it in seconds")
    if walkers < 2 or repeats < 1:
        raise PlanError(
            f"{walkers} walkers and {repeats} repeats give no rate; take 2 walkers, 1 repeat or "
            "more"
        )
    if not (0 <= fall <= 1e-7 and 0 <= relaxation <= 1e-6):
        raise PlanError(
            f"a fall of {fall:g} s and a relaxation of {relaxation:g} s cannot be simulated; give "
            "0 to 100 ns and 0 to 1 us in seconds"
        )
    return asked


def _pulses(
    ensemble: Ensemble, waveform: Waveform, widths: FloatArray, fall: float
) -> Iterator[Ensemble]:
    """Copies of the ensemble after the falling edges at each of the widths."""
    motion, reached = ensemble.motion, 0
    for width in widths:
        last = motion.steps(width)
        ensemble.advance(motion.currents(waveform, reached, last))
        reached = last
        after = ensemble.copy()
        pulse = waveform.cut(last * motion.step, fall)
        after.advance(motion.currents(pulse, last, motion.steps(last * motion.step + fall) + 1))
        yield after


def _left_behind(ensemble: Ensemble, relaxation: float) -> float:
    """Weight on the old side after relaxing; takes the ensemble apart."""
    motion, well = ensemble.motion, ensemble.well
    old_edge = well.edge - _SETTLED_OLD
    new_edge = well.edge - _SETTLED_NEW
    left, remaining = 0.0, motion.steps(relaxation)
    while remaining > 0 and len(ensemble.weights):
        energy, old = well.energy(ensemble.m), ensemble.m @ well.axis > 0
        left += ensemble.take_out(old & (energy < old_edge))
        energy, old = well.energy(ensemble.m), ensemble.m @ well.axis > 0
        ensemble.take_out(~old & (energy < new_edge))
        # What is undecided cannot change the rate by more than a thousandth.
        if ensemble.weights.sum() <= 1e-3 * left:
            break
        count = min(remaining, motion.steps(_LOOK))
        ensemble.advance(np.zeros(count + 1))
        remaining -= count
    return left + ensemble.take_out(ensemble.m @ well.axis > 0)


def _summary(widths: FloatArray, runs: FloatArray, lost: FloatArray) -> ErrorRates:
    count = len(runs)
    mean = runs.mean(axis=0)
    low, high = np.zeros_like(mean), np.ones_like(mean)
    if count > 1:
        from scipy.special import stdtrit

        factor = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) / math.sqrt(count)
        spread = factor * runs.std(axis=0, ddof=1)
        low, high = np.maximum(mean - spread, 0.0), mean + spread
        sound = (runs > 0).all(axis=0)
        relative = factor * np.log(runs[:, sound]).std(axis=0, ddof=1)
        low[sound] = mean[sound] * np.exp(-relative)
        high[sound] = mean[sound] * np.exp(relative)
        high = np.minimum(high + lost, 1.0)
    return ErrorRates(widths, mean, low, high, runs)
