"""One point of the write group: the current from ngspice, the pulse that it needs, the energy.

The driver's current at the longest pulse gives amplitude and edges. How wide a pulse of that
current must be for the stated error rate comes from ensembles at temperature, on a grid of
currents so that points share them. The deck is then simulated with that pulse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from characterize.measure import measure
from characterize.ngspice import Waveforms
from circuits import Conditions, Deck, Design, build_deck
from lut import Outcome

CURRENT_STEP = 0.05
"""Ratio between neighbouring currents of the grid, less one."""
EDGE = 100e-12
"""Rise and fall [s] of the pulses on the grid; those of the drivers are 0.1 to 0.3 ns."""
WALKERS = 20
SHORTEST = 0.3e-9
"""Least pulse [s] that a driver gives."""
_WIDTHS = 12


@dataclass(frozen=True)
class Need:
    """What a current needs: the pulse [s] for the error rate, or None; the rate at the longest."""

    width: float | None
    rate: float


@dataclass
class WriteErrors:
    """Pulse widths that currents of one device need, each computed once.

    `longest` [s] is the widest pulse, `target` the error rate; the same design gives the same
    numbers in any order, since every node has its own seed.
    """

    design: Design
    target: float
    seed: int = 1
    _nodes: dict[tuple[int, float], Need] = field(default_factory=dict)

    def need(self, current: float, temperature: float) -> Need:
        """The need of a current [A] at a temperature [K], between two nodes of the grid.

        A current beside a node that does not switch counts as not switching.
        """
        place = math.log(current) / math.log1p(CURRENT_STEP)
        index = math.floor(place)
        below, above = (self._node(index + side, temperature) for side in (0, 1))
        share = place - index
        if below.width is None or above.width is None:
            return Need(None, max(below.rate, above.rate))
        width = below.width ** (1 - share) * above.width**share
        return Need(width, max(below.rate, above.rate))

    def _node(self, index: int, temperature: float) -> Need:
        key = (index, temperature)
        if key not in self._nodes:
            current = (1 + CURRENT_STEP) ** index
            self._nodes[key] = self.at(current, temperature)
        return self._nodes[key]

    def at(self, current: float, temperature: float) -> Need:
        """The need of exactly this current [A], computed anew."""
        from characterize.error_curves import device_error_rates
        from characterize.write_errors import NEGLIGIBLE, Pulse, pulse_width_needed

        longest = self.design.timing.write_pulse
        widths = np.geomspace(SHORTEST, longest, _WIDTHS)
        pulse = Pulse.trapezoid(current, EDGE, EDGE)
        rates = device_error_rates(
            self.design.device,
            temperature,
            pulse,
            widths,
            seed=self.seed,
            walkers=WALKERS,
            negligible=self.target * NEGLIGIBLE,
        )
        return Need(pulse_width_needed(rates, self.target), float(rates.rate[-1]))


@dataclass(frozen=True)
class WritePoint:
    """A write with the pulse that it needs: its deck, waveforms, measures and outcome."""

    deck: Deck
    waves: Waveforms
    values: dict[str, float]
    outcome: Outcome


def write_point(
    run: Callable[[Deck], Waveforms], errors: WriteErrors, value: str, where: Conditions
) -> WritePoint:
    """Characterize the writing of one value under some conditions; `run` simulates a deck."""
    design = errors.design
    deck = build_deck(design, "write", value, where)
    waves = run(deck)
    first = measure(deck, waves)
    current = first.values["current"]
    need = errors.need(current, where.temperature)
    if need.width is None:
        values = {**first.values, "error_rate": max(need.rate, errors.target * (1 + 1e-9))}
        return WritePoint(deck, waves, values, Outcome.NOT_SWITCHED)
    timing = replace(design.timing, write_pulse=max(need.width, SHORTEST))
    deck = build_deck(replace(design, timing=timing), "write", value, where)
    waves = run(deck)
    measured = measure(deck, waves)
    values = {**measured.values, "current": current, "error_rate": errors.target}
    return WritePoint(deck, waves, values, measured.outcome)
