"""Measures, taken from the waveforms at full precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.ngspice import Waveforms
from circuits import Deck, Energy, Window
from circuits.junction import Junction
from lut import Outcome

LOGIC_HIGH = 0.8
LOGIC_LOW = 0.2
NO_LOGIC_VALUE = -1.0

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Measures of one deck by table variable (SI), and the outcome they stand under."""

    values: dict[str, float]
    outcome: Outcome


def measure(deck: Deck, waves: Waveforms) -> Measured:
    """Every measure that the deck asks for."""
    values = dict(deck.values)
    for name, energy in deck.energies.items():
        values[name] = delivered_energy(waves, energy)
    values["energy"] = sum(values[name] for name in deck.total)
    values["leakage_power"] = rest_power(deck, waves)
    values["peak_current"] = peak_current(deck, waves)
    outcome = Outcome.OK
    if deck.edges and "delay" not in values:
        values["delay"] = worst_delay(deck, waves)
    if deck.differentials:
        values["margin"] = sense_margin(deck, waves)
    if deck.outputs:
        values["logic_value"], right = logic(deck, waves)
        outcome = Outcome.OK if right else Outcome.WRONG_LOGIC
    for source, window in deck.currents.items():
        values["current"] = least_current(waves, source, window)
    needed = [v for name, v in values.items() if name != "logic_value"]
    if outcome is Outcome.OK and not all(np.isfinite(needed)):
        outcome = Outcome.MISSING_MEASUREMENT
    return Measured(values, outcome)


def measured_names(deck: Deck) -> set[str]:
    """The names of what `measure` finds on a deck, and of its read disturb."""
    asked = {
        "delay": bool(deck.edges),
        "margin": bool(deck.differentials),
        "logic_value": bool(deck.outputs),
        "current": bool(deck.currents),
        "read_disturb": bool(deck.read_cells),
    }
    own = {"energy", "leakage_power", "peak_current", *deck.values, *deck.energies}
    return own | {name for name, present in asked.items() if present}


def at(waves: Waveforms, vector: Vector, instant: float) -> float:
    """Value of a vector at an instant [s], linear between time points."""
    return float(np.interp(instant, waves.time, vector))


def integral(waves: Waveforms, vector: Vector, window: Window) -> float:
    """Integral of a vector over a window by the trapezoidal rule on the solver's own points."""
    inside = (waves.time > window.start) & (waves.time < window.stop)
    times = np.concatenate(([window.start], waves.time[inside], [window.stop]))
    ends = np.interp([window.start, window.stop], waves.time, vector)
    values = np.concatenate(([ends[0]], vector[inside], [ends[1]]))
    return float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(times)))


def delivered_energy(waves: Waveforms, energy: Energy) -> float:
    """Energy [J] that constant supplies deliver in a window, by operation."""
    total = 0.0
    for source, share in energy.sources.items():
        charge = -integral(waves, waves[f"{source}#branch"], energy.window)
        total += share * charge * waves_voltage(waves, source)
    return total / energy.operations


def waves_voltage(waves: Waveforms, source: str) -> float:
    """Voltage [V] of a supply, which is constant and saved beside its current."""
    return float(waves[source][0])


def rest_power(deck: Deck, waves: Waveforms) -> float:
    """Power [W] drawn from the counted supplies at the operating point, before any edge."""
    total = 0.0
    for source in deck.supplies:
        total -= float(waves[f"{source}#branch"][0]) * waves_voltage(waves, source)
    return total


def peak_current(deck: Deck, waves: Waveforms) -> float:
    """Largest mean current [A] over 0.5 ns that all counted supplies deliver together.

    Shorter spikes, the charging of lines and gates, come from decoupling capacitance.
    """
    total = np.zeros_like(waves.time)
    for source in deck.supplies:
        total -= waves[f"{source}#branch"]
    charge = np.concatenate(
        ([0.0], np.cumsum(0.5 * (total[1:] + total[:-1]) * np.diff(waves.time)))
    )
    span = 0.5e-9
    starts = np.arange(deck.cycle.start, deck.cycle.stop - span, span / 20)
    moved = np.interp(starts + span, waves.time, charge) - np.interp(starts, waves.time, charge)
    return float(np.max(moved) / span)


def crossings(waves: Waveforms, vector: Vector, level: float, window: Window) -> Vector:
    """Instants [s] in a window at which a vector crosses a level, in order."""
    above = vector > level
    steps = np.flatnonzero(above[1:] != above[:-1])
    t0, t1 = waves.time[steps], waves.time[steps + 1]
    v0, v1 = vector[steps], vector[steps + 1]
    instants = t0 + (level - v0) * (t1 - t0) / (v1 - v0)
    return np.asarray(instants[(instants >= window.start) & (instants <= window.stop)])


def worst_delay(deck: Deck, waves: Waveforms) -> float:
    """Longest time [s] from an edge to the last crossing that follows it; NaN without any."""
    ends = (*deck.edges[1:], deck.cycle.stop)
    worst = float("nan")
    for start, stop in zip(deck.edges, ends, strict=True):
        window = Window(start, stop)
        found = [crossings(waves, waves[node], deck.level, window) for node in deck.watched]
        last = max((float(instants[-1]) for instants in found if len(instants)), default=None)
        if last is not None:
            worst = max(last - start, worst) if worst == worst else last - start
    return worst


def sense_margin(deck: Deck, waves: Waveforms) -> float:
    """Differential [V] at the latch instant towards the right decision, the least of all."""
    return limiting_differential(deck, waves)[0]


def limiting_differential(deck: Deck, waves: Waveforms) -> tuple[float, int]:
    """The least differential [V] towards the right decision, and the sign of its amplifier."""
    instant = deck.latch_time
    if instant != instant:
        instant = deck.cycle.start + worst_delay(deck, waves)
    found = []
    for item in deck.differentials:
        when = instant if item.instant is None else item.instant
        signal, reference = (at(waves, waves[n], when) for n in (item.signal, item.reference))
        found.append((item.sign * (signal - reference), item.sign))
    return min(found)


def read_disturb(deck: Deck, waves: Waveforms, device: Junction) -> float:
    """Largest probability that the sense turns one of its cells, at its largest current."""
    temperature = deck.conditions.temperature
    inside = (waves.time >= deck.cycle.start) & (waves.time <= deck.cycle.stop)
    worst = 0.0
    for cell in deck.read_cells:
        voltages = (waves[cell.top] - waves[cell.bottom])[inside]
        voltage = float(np.max(np.abs(voltages)))
        current = voltage / device.resistance(cell.antiparallel, voltage, temperature)
        if device.parallel_is_safe and not cell.antiparallel:
            current = 0.0
        worst = max(worst, device.read_disturb(current, cell.duration, temperature))
    return worst


def logic(deck: Deck, waves: Waveforms) -> tuple[float, bool]:
    """Logic value of the first output (-1 for neither level), and whether all are right."""
    high, low = LOGIC_HIGH * deck.conditions.vdd, LOGIC_LOW * deck.conditions.vdd
    bits: list[float] = []
    for node in deck.outputs:
        value = at(waves, waves[node], deck.cycle.stop)
        bits.append(1.0 if value > high else 0.0 if value < low else NO_LOGIC_VALUE)
    return bits[0], bits == [float(bit) for bit in deck.outputs.values()]


def least_current(waves: Waveforms, source: str, window: Window) -> float:
    """Least magnitude [A] of a source's current in a window."""
    inside = (waves.time >= window.start) & (waves.time <= window.stop)
    return float(np.min(np.abs(waves[f"{source}#branch"][inside])))
