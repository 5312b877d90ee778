"""A deck: the complete text of one simulation and what its results mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from circuits.errors import DesignError

ZERO_CELSIUS = 273.15


@dataclass(frozen=True)
class Conditions:
    """Where one simulation stands: corner, supply [V], temperature [K], rows and columns.

    `driver_width` [m] is that of the write driver's last n transistor; None is the design's.
    """

    corner: str = "tt"
    vdd: float = 1.0
    temperature: float = 300.15
    rows: int = 256
    columns: int = 256
    driver_width: float | None = None

    def __post_init__(self) -> None:
        if not 0.2 <= self.vdd <= 5.0:
            raise DesignError(f"a supply of {self.vdd:g} V is outside 0.2 V to 5 V; choose another")
        if not 150.0 <= self.temperature <= 500.0:
            celsius = self.temperature - ZERO_CELSIUS
            raise DesignError(
                f"a temperature of {celsius:g} degC is outside -123 degC to 226 degC; "
                "choose another"
            )
        for name, count in (("rows", self.rows), ("columns", self.columns)):
            if not 8 <= count <= 8192:
                raise DesignError(f"{count} {name} cannot be built; choose 8 to 8192 {name}")
        if self.driver_width is not None and not 1e-7 <= self.driver_width <= 1e-3:
            raise DesignError(
                f"a write driver of {self.driver_width:g} m is outside 0.1 um to 1 mm; choose "
                "another width"
            )


@dataclass(frozen=True)
class Window:
    """A stretch of time [s] of the transient, over which a measure is taken."""

    start: float
    stop: float

    @property
    def duration(self) -> float:
        """Length [s]."""
        return self.stop - self.start


@dataclass(frozen=True)
class Energy:
    """Energy of one component: what its sources deliver in a window, by operation.

    `sources` maps voltage sources to the share [1] of them that belongs to one operation;
    `operations` is the number of operations in the window.
    """

    sources: Mapping[str, float]
    window: Window
    operations: int = 1


@dataclass(frozen=True)
class LatchNodes:
    """A latch's own nodes, signal's side first, and the clock that lets their difference grow."""

    signal: str
    reference: str
    clock: str


@dataclass(frozen=True)
class Differential:
    """A sense amplifier's inputs; `sign` is +1 where the right decision has signal > reference.

    `instant` [s] is when it latches, where that is not the deck's own `latch_time`. `inner` is
    given where the latch holds its inputs on nodes of its own when it fires.
    """

    signal: str
    reference: str
    sign: int
    instant: float | None = None
    inner: LatchNodes | None = None


@dataclass(frozen=True)
class ReadCell:
    """A cell that a sense reads: nodes over its junction, the stored bit, how long it is read."""

    top: str
    bottom: str
    antiparallel: bool
    duration: float


@dataclass(frozen=True)
class Deck:
    """Text of a simulation with the roles of its nodes, sources and times [s].

    `energies` maps table variables to what they sum; the table's `energy` is the sum of the
    parts named in `total`. `outputs` are logic nodes with the bit they must hold when the
    cycle ends. The delay is the last crossing of `level` [V] by a node of `watched` after an
    edge, the worst over the edges, `cycle.stop` ending the last. `currents` maps a source to
    the window of its least current. `values` are variables that need no simulation.
    """

    bench: str
    title: str
    netlist: str
    conditions: Conditions
    stop: float
    cycle: Window
    energies: Mapping[str, Energy]
    total: tuple[str, ...]
    watched: tuple[str, ...]
    edges: tuple[float, ...]
    level: float
    outputs: Mapping[str, int] = field(default_factory=dict)
    differentials: tuple[Differential, ...] = ()
    latch_time: float = float("nan")
    currents: Mapping[str, Window] = field(default_factory=dict)
    read_cells: tuple[ReadCell, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    plotted: tuple[str, ...] = ()

    @property
    def supplies(self) -> tuple[str, ...]:
        """The voltage sources whose energy counts, each once."""
        names = (name for energy in self.energies.values() for name in energy.sources)
        return tuple(dict.fromkeys(names))
