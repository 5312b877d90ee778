"""Write error rates: the probability that a pulse leaves the old bit, against its width."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.ensemble import Ensemble, thermal_ensemble
from characterize.errors import PlanError
from characterize.forecast import Forecast, forecast
from characterize.stochastic import STEP, Integrator
from circuits.magnet import Magnet
from circuits.magnetics import BOLTZMANN

Array = NDArray[np.float64]

RELAXATION = 6e-9
"""Longest time [s] after a pulse until every walker counts for the side it is on."""
_REACH = 1e4
NEGLIGIBLE = 1e-4
"""Ratio of a rate that is negligible to the one that is asked for."""
PATIENCE = 0.25e-9
"""Time [s] between two looks at which walkers have settled."""


@dataclass(frozen=True)
class Pulse:
    """A current pulse [A]: what rises at t = 0 and stays, and the time [s] in which it falls.

    `times` [s] and `currents` [A] are the waveform with the current on, joined by straight
    lines and constant after its end; a pulse of width w follows it up to w and falls then.
    """

    times: Array
    currents: Array
    fall: float

    @classmethod
    def trapezoid(cls, current: float, rise: float, fall: float) -> Pulse:
        """A pulse of constant current with linear edges."""
        return cls(np.array([0.0, rise]), np.array([0.0, current]), fall)

    def scaled(self, factor: float) -> Pulse:
        """The same pulse with its current times a factor."""
        return Pulse(self.times, factor * self.currents, self.fall)

    def on(self, start: float, stop: float, step: float) -> Array:
        """The current at the ends of the steps from `start` to `stop`."""
        count = round((stop - start) / step)
        instants = start + step * np.arange(count + 1)
        return np.asarray(np.interp(instants, self.times, self.currents))

    def falling(self, width: float, step: float) -> Array:
        """The current at the ends of the steps of the falling edge after `width`."""
        count = max(1, round(self.fall / step))
        last = float(np.interp(width, self.times, self.currents))
        return last * (1 - np.arange(count + 1) / count)


@dataclass(frozen=True)
class ErrorRates:
    """Error rates against pulse widths [s], with the 95 % interval of the repeats' mean."""

    widths: Array
    rate: Array
    low: Array
    high: Array


def write_error_rates(
    magnet: Magnet,
    pulse: Pulse,
    widths: Sequence[float] | Array,
    *,
    seed: int = 1,
    walkers: int = 50,
    repeats: int = 4,
    step: float = STEP,
    negligible: float = 0.0,
) -> ErrorRates:
    """Probability that a magnet at its easy axis has not changed sides after a pulse.

    A weighted ensemble of `walkers` in each bin follows the current; copies of it at each of
    the ascending `widths` [s] follow the falling edge and settle. Independent `repeats` give
    the interval, with Student's t. Where no walker carries error, the rate is 0; `negligible`
    ends a curve early, as `error_curve` tells.
    """
    require_walkers(walkers, repeats)
    integrator = Integrator(magnet, step)
    runs = np.array(
        [
            _run(integrator, pulse, widths, walkers, seed + 1000 * index, negligible)
            for index in range(repeats)
        ]
    )
    return mean_rates(np.array(widths), runs)


def require_walkers(walkers: int, repeats: int) -> None:
    """Refuse numbers with which nothing can be drawn."""
    if walkers < 2 or repeats < 1:
        raise PlanError(
            f"{walkers} walkers in a bin and {repeats} repeats give no rate; take 2 or more of "
            "the first and 1 or more of the second"
        )


def mean_rates(widths: Array, runs: Array) -> ErrorRates:
    """Mean of independent runs, shape (repeats, widths), with Student's interval."""
    # Weights sum to one within rounding only.
    mean, repeats = np.minimum(runs.mean(axis=0), 1.0), len(runs)
    if repeats == 1:
        return ErrorRates(widths, mean, np.zeros_like(mean), np.ones_like(mean))
    from scipy.special import stdtrit

    half = stdtrit(repeats - 1, 0.975) * runs.std(axis=0, ddof=1) / math.sqrt(repeats)
    return ErrorRates(widths, mean, np.maximum(mean - half, 0.0), mean + half)


def _run(
    integrator: Integrator,
    pulse: Pulse,
    widths: Sequence[float] | Array,
    walkers: int,
    seed: int,
    negligible: float,
) -> list[float]:
    ensemble = thermal_ensemble(integrator, walkers, seed)
    plateau = float(np.median(pulse.on(0.0, widths[-1], integrator.step)))
    start = ensemble.m, ensemble.weights
    coming = forecast(integrator, plateau, widths, RELAXATION, start, seed)
    reached = 0.0

    def during(done: float) -> Array:
        return coming.during(reached + done)

    def at_the_end(_: float) -> Array:
        return coming.after(RELAXATION)

    def rate_at(width: float) -> float:
        nonlocal reached
        ensemble.advance(integrator, pulse.on(reached, width, integrator.step), during)
        reached = width
        after = ensemble.copy()
        after.advance(integrator, pulse.falling(width, integrator.step), at_the_end)
        return _left_behind(integrator, after, coming, negligible)

    return error_curve(widths, rate_at, negligible)


def error_curve(
    widths: Sequence[float] | Array, rate_at: Callable[[float], float], negligible: float
) -> list[float]:
    """Rates at ascending widths [s]; `rate_at` is called at each in turn, until it is idle.

    After three rates under `negligible` the rest is 0; where no width will come near what it
    is negligible to, the rest is the last rate.
    """
    rates: list[float] = []
    for width in widths:
        rates.append(rate_at(float(width)))
        missing = len(widths) - len(rates)
        if len(rates) >= 3 and max(rates[-3:]) < negligible:
            return [*rates, *[0.0] * missing]
        if hopeless(rates, widths, negligible / NEGLIGIBLE):
            return [*rates, *[rates[-1]] * missing]
    return rates


def hopeless(rates: Sequence[float], widths: Sequence[float] | Array, target: float) -> bool:
    """Whether the rates so far, carried on as an exponential, miss the target by far.

    Judged past a third of the widest pulse, by ten thousand times the target at its end.
    """
    index = len(rates) - 1
    if target <= 0 or index < 3 or widths[index] < widths[-1] / 3 or min(rates[-3:]) <= 0:
        return False
    slope = (math.log(rates[-1]) - math.log(rates[-3])) / (widths[index] - widths[index - 2])
    end = math.log(rates[-1]) + min(slope, 0.0) * (widths[-1] - widths[index])
    return end > math.log(1e4 * target)


def _left_behind(
    integrator: Integrator, ensemble: Ensemble, coming: Forecast, negligible: float
) -> float:
    """Weight that settles on the side where it began; takes the ensemble apart."""
    magnet = integrator.magnet
    old_edge, new_edge = _settled_energies(magnet)
    wrong, left = 0.0, RELAXATION

    def later(done: float) -> Array:
        return coming.after(left - done)

    for _ in range(round(RELAXATION / PATIENCE)):
        behind = ensemble.m @ ensemble.axis > 0
        settled = magnet.energy_density(ensemble.m) < np.where(behind, old_edge, new_edge)
        wrong += float(ensemble.weights[settled & behind].sum())
        ensemble.m = np.ascontiguousarray(ensemble.m[~settled])
        ensemble.weights = ensemble.weights[~settled]
        # What is still undecided cannot change the rate by more than a hundredth.
        if ensemble.weights.sum() <= 1e-2 * max(wrong, negligible) or len(ensemble.weights) == 0:
            return wrong
        ensemble.advance(integrator, np.zeros(round(PATIENCE / integrator.step) + 1), later)
        left -= PATIENCE
    behind = ensemble.m @ ensemble.axis > 0
    return wrong + float(ensemble.weights[behind].sum())


def _settled_energies(magnet: Magnet) -> tuple[float, float]:
    """Energy densities [J/m^3] under which a walker keeps the old side, and the new.

    Of an error exp(-8) may still leave; of all that switched rightly that would be a rate of
    3e-4 that comes back, so there the walker has to be 25 kT down.
    """
    depth = magnet.saddle_energy - float(magnet.energy_density(magnet.rest))
    heat = BOLTZMANN * magnet.temperature / magnet.volume
    old, new = min(0.5 * depth, 8 * heat), min(0.75 * depth, 25 * heat)
    return magnet.saddle_energy - old, magnet.saddle_energy - new


def pulse_width_needed(rates: ErrorRates, target: float) -> float | None:
    """The width [s] from which the error rate keeps within the target, or None.

    In the tail the rate falls exponentially: a straight line is fitted to its logarithm over
    the widths whose rates are within a factor of 1e4 of the target, which evens out the
    scatter of single rates. It is at least the widest that misses the target tenfold. With
    fewer than three such widths it is the first of those from which all keep within.
    """
    failing = np.flatnonzero(rates.rate > target)
    first = int(failing[-1]) + 1 if len(failing) else 0
    if first == len(rates.widths):
        return None
    near = (rates.rate < target * _REACH) & (rates.rate > target / _REACH)
    if np.count_nonzero(near) < 3:
        return float(rates.widths[first])
    slope, level = np.polyfit(rates.widths[near], np.log(rates.rate[near]), 1)
    if slope >= 0:
        return float(rates.widths[first])
    clear = np.flatnonzero(rates.rate > 10 * target)
    least = float(rates.widths[clear[-1]]) if len(clear) else 0.0
    found = max(float((math.log(target) - level) / slope), least)
    return found if found <= rates.widths[-1] else None


def brute_force(
    magnet: Magnet, pulse: Pulse, width: float, trials: int, *, seed: int = 1, step: float = STEP
) -> int:
    """Number of `trials` that end on the side where they began, each simulated by itself."""
    integrator = Integrator(magnet, step)
    m = np.tile(magnet.easy_axis, (trials, 1))
    integrator.rest(m, 2e-9, seed)
    integrator.advance(m, pulse.on(0.0, width, step), seed + 1)
    integrator.advance(m, pulse.falling(width, step), seed + 2)
    integrator.rest(m, RELAXATION, seed + 3)
    return int(np.count_nonzero(m @ magnet.easy_axis > 0))
