"""The measures of a deck as `.meas` cards, for `ngspice -b`: what `characterize.measure` takes.

The cards stand after the analysis and change nothing in it. A card that only helps another one
has a name that begins with "m_"; what no card can express is told in a comment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from characterize.measure import LOGIC_HIGH, LOGIC_LOW, NO_LOGIC_VALUE
from circuits import Deck, Energy, Window
from lut import SCHEMA

_NEVER = -1.0
"""Instant [s] of a crossing that does not come; ngspice keeps it where a card fails."""
_SAME = 1e-9
"""Relative difference of instants that are the same."""
_INSIDE = 1e-9
"""Part of the analysis that the last instants stay before its end: it is reached but rounded."""
_NEAR = 1e-15
"""Time [s] in which a current is surely a straight line: no step is so short."""


def with_measures(deck: Deck, known: Mapping[str, float] | None = None) -> str:
    """The deck's text with cards for its measures before its end.

    `known` are measures [SI] that were found by more than this deck, told in place of its own.
    """
    text = deck.netlist.rstrip("\n")
    body, end = text.rsplit("\n", 1)
    assert end == ".end", "every deck ends so"
    return "\n".join([body, *_Cards(deck).lines(dict(known or {})), end]) + "\n"


class _Cards:
    """The lines of one deck."""

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        # The analysis ends where its card says, which is rounded.
        (self._end,) = (
            float(line.split()[2]) for line in deck.netlist.splitlines() if line.startswith(".tran")
        )

    def lines(self, known: dict[str, float]) -> list[str]:
        deck = self._deck
        given = {**deck.values, **known}
        lines = ["* measures, as `ngspice -b` prints them; m_... are steps on the way"]
        lines += self._delay("delay" in given)
        lines += self._energies()
        if "energy" not in deck.energies:
            lines.append(_formula("energy", " + ".join(deck.total)))
        lines += self._rest()
        if deck.differentials:
            lines += self._margin()
        if deck.outputs:
            lines += self._logic()
        for source, window in deck.currents.items():
            if "current" not in given:
                lines += self._current(source, window.start, window.stop)
        variables = SCHEMA[deck.bench].variables
        for name, value in given.items():
            if name in variables and math.isfinite(value):
                lines.append(f"* {name} is not of this simulation: {_origin(name, known)}")
                lines.append(_formula(name, f"{value:.12g}"))
        lines.append(
            "* peak_current, the largest mean current over 0.5 ns wherever these lie, is no card"
        )
        return lines

    def _at(self, instant: float) -> str:
        return f"{min(instant, self._end * (1 - _INSIDE)):.12g}"

    def _find(self, name: str, vector: str, instant: float) -> str:
        return f".meas tran {name} find {vector} at={self._at(instant)}"

    def _energies(self) -> Iterator[str]:
        """The energy of every component: charges by the trapezoidal rule times voltages.

        `integ` is no such rule: it takes Simpson's where steps happen to be equal. `avg` is, over
        the time points that lie inside its window, divided by the time between the first and the
        last of them. What is left at either end is a piece of a straight line, of which `find`
        gives two values.
        """
        windows: dict[Window, str] = {}
        for name, energy in self._deck.energies.items():
            if energy.sources and energy.window not in windows:
                windows[energy.window] = prefix = f"m_window{len(windows)}"
                for kind, end in (("min", "first"), ("max", "last")):
                    yield f".meas tran {prefix}_{end} {kind} time {self._points(energy.window)}"
            yield from self._energy(name, energy, windows.get(energy.window, ""))

    def _energy(self, name: str, energy: Energy, window: str) -> Iterator[str]:
        terms = []
        for source, share in energy.sources.items():
            step = f"m_{name.removeprefix('energy_')}_{source}"
            yield f".meas tran {step}_mean avg i({source}) {self._points(energy.window)}"
            pieces = [f"{step}_mean*({window}_last - {window}_first)"]
            start, stop = energy.window.start, energy.window.stop
            if start > 0.0:
                left = f"({window}_first - {start:.12g})"
                yield from self._line(f"{step}_start", source, start, start + _NEAR)
                pieces.append(_piece(f"{step}_start", left))
            if stop < self._end * (1 - _INSIDE):
                left = f"({stop:.12g} - {window}_last)"
                yield from self._line(f"{step}_stop", source, stop, stop - _NEAR)
                pieces.append(_piece(f"{step}_stop", left))
            yield self._find(f"{step}_voltage", f"v({source})", 0.0)
            yield _formula(f"{step}_charge", " + ".join(pieces))
            terms.append(f"{-share / energy.operations:.12g}*{step}_charge*{step}_voltage")
        yield _formula(name, " + ".join(terms) or "0")

    def _line(self, name: str, source: str, end: float, inside: float) -> Iterator[str]:
        """A source's current at the end of a window, and close to that inside of it."""
        yield self._find(name, f"i({source})", end)
        yield self._find(f"{name}_near", f"i({source})", inside)

    def _points(self, window: Window) -> str:
        """From just before a window to just after it: time points at its ends are rounded."""
        start, stop = window.start * (1 - _INSIDE), window.stop * (1 + _INSIDE)
        return f"from={start:.12g} to={stop:.12g}"

    def _rest(self) -> Iterator[str]:
        terms = []
        for source in self._deck.supplies:
            yield self._find(f"m_rest_{source}_current", f"i({source})", 0.0)
            yield self._find(f"m_rest_{source}_voltage", f"v({source})", 0.0)
            terms.append(f"m_rest_{source}_current*m_rest_{source}_voltage")
        yield _formula("leakage_power", f"-({' + '.join(terms) or '0'})")

    def _delay(self, is_given: bool) -> Iterator[str]:
        """The last crossings after every edge, and the longest of their delays."""
        deck = self._deck
        if not deck.edges or (is_given and not self._needs_crossings()):
            return
        yield "* a node that does not cross leaves its m_last at -1, with a word on standard error"
        ends, worst = (*deck.edges[1:], deck.cycle.stop), ""
        for index, (start, stop) in enumerate(zip(deck.edges, ends, strict=True)):
            names = [f"m_last{index}_{place}" for place in range(len(deck.watched))]
            yield ".param " + " ".join(f"{name}={_NEVER:g}" for name in names)
            for name, node in zip(names, deck.watched, strict=True):
                yield (
                    f".meas tran {name} when v({node})={deck.level:.12g} cross=last "
                    f"from={start:.12g} to={self._at(stop)}"
                )
            last = names[0]
            for name in names[1:]:
                last = f"max({last},{name})"
            yield _formula(f"m_delay{index}", f"{last} - {start:.12g}")
            if worst:
                yield _formula(f"m_worst{index}", f"max({worst},m_delay{index})")
                worst = f"m_worst{index}"
            else:
                worst = f"m_delay{index}"
        if not is_given:
            yield _formula("delay", worst)

    def _needs_crossings(self) -> bool:
        return math.isnan(self._deck.latch_time) and bool(self._deck.differentials)

    def _margin(self) -> Iterator[str]:
        deck, differences = self._deck, []
        for index, item in enumerate(deck.differentials):
            when = deck.latch_time if item.instant is None else item.instant
            for side, node in (("signal", item.signal), ("reference", item.reference)):
                if math.isnan(when):
                    yield from self._at_decision(f"m_{side}{index}", node)
                else:
                    yield self._find(f"m_{side}{index}", f"v({node})", when)
            differences.append(f"{item.sign:+d}*(m_signal{index} - m_reference{index})")
        least = differences[0]
        for difference in differences[1:]:
            least = f"min({least},{difference})"
        yield _formula("margin", least)

    def _at_decision(self, name: str, node: str) -> Iterator[str]:
        """A node when the last of the watched ones crosses: the amplifier has decided."""
        deck = self._deck
        assert len(deck.edges) == 1, "one decision is one edge"
        (start,) = deck.edges
        places = range(len(deck.watched))
        yield ".param " + " ".join(f"{name}_{place}=0" for place in places)
        for place in places:
            yield (
                f".meas tran {name}_{place} find v({node}) when v({deck.watched[place]})="
                f"{deck.level:.12g} cross=last from={start:.12g} to={self._at(deck.cycle.stop)}"
            )
        chosen = f"{name}_{places[-1]}"
        for place in reversed(places[:-1]):
            last = f"m_last0_{place} - {start:.12g} >= {1 - _SAME:.12g}*m_delay0"
            chosen = f"(({last}) ? {name}_{place} : {chosen})"
        yield _formula(name, chosen)

    def _logic(self) -> Iterator[str]:
        deck = self._deck
        high, low = (share * deck.conditions.vdd for share in (LOGIC_HIGH, LOGIC_LOW))
        for node in deck.outputs:
            yield self._find(f"level_{node}", f"v({node})", deck.cycle.stop)
        first = f"level_{next(iter(deck.outputs))}"
        value = f"{first} > {high:.12g} ? 1 : ({first} < {low:.12g} ? 0 : {NO_LOGIC_VALUE:g})"
        yield _formula("logic_value", value)

    def _current(self, source: str, start: float, stop: float) -> Iterator[str]:
        yield "* the least magnitude, of a current that keeps its sign"
        for kind in ("min", "max"):
            window = f"from={self._at(start)} to={self._at(stop)}"
            yield f".meas tran m_current_{kind} {kind} i({source}) {window}"
        yield _formula("current", "min(abs(m_current_min),abs(m_current_max))")


def _piece(name: str, left: str) -> str:
    """The charge between the end of a window and the time point next to it, `left` [s] away."""
    return f"{left}*({name} + ({name}_near - {name})/{_NEAR:g}*{left}/2)"


def _formula(name: str, expression: str) -> str:
    return f".meas tran {name} param='{expression}'"


def _origin(name: str, known: Mapping[str, float]) -> str:
    if name not in known:
        return "it follows from the design"
    return "it was found with the pulse" if name != "current" else "it is that of the longest pulse"
