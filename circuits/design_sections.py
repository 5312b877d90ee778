"""The sections of a design file: sizes, currents and times, with the keys each must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from circuits.parameters import Field

_LENGTH = Field("m", "a length", high=1e-3)
_TIME = Field("s", "a time", high=1e-6)
_CURRENT = Field("A", "a current", high=1e-2)
_RATIO = Field("1", "a ratio", high=4.0)
_COUNT = Field("count", "a whole number", high=4096)


@dataclass(frozen=True)
class Cell:
    """2T1R bit-cell: read and write access widths [m] and the write word line's boost.

    The boosted word line is regulated: `word_line_boost` times the nominal supply.
    """

    read_width: float
    write_width: float
    write_fingers: int
    word_line_boost: float


@dataclass(frozen=True)
class Column:
    """Bit-line column: ladder lumps, sharing of amplifiers and references, multiplexer [m]."""

    segments: int
    columns_per_amplifier: int
    columns_per_reference: int
    multiplexer_width: float


@dataclass(frozen=True)
class Bias:
    """Sensing current [A] of one branch by kind of operation, and the mirror's size [m]."""

    current_read: float
    current_logic: float
    mirror_width: float
    mirror_length: float


@dataclass(frozen=True)
class AmplifierSizes:
    """Transistor widths [m] of the sense amplifier."""

    pair_width: float
    latch_p_width: float
    latch_n_width: float
    tail_width: float
    reset_width: float


@dataclass(frozen=True)
class Timing:
    """Phases [s] of a sensing and of a writing cycle; `develop` grows with the rows."""

    equalize: float
    develop: float
    develop_per_row: float
    latch: float
    write_pulse: float
    write_rest: float

    def development(self, rows: int) -> float:
        """Time [s] for the signal to develop on a column of `rows` cells."""
        return self.develop + self.develop_per_row * rows

    def sense_cycle(self, rows: int) -> float:
        """Period [s] of one complete sensing cycle."""
        return self.equalize + self.development(rows) + self.latch

    @property
    def write_cycle(self) -> float:
        """Period [s] of one complete writing cycle."""
        return self.write_pulse + self.write_rest


@dataclass(frozen=True)
class WriteDriver:
    """Widths [m] of the last stage of a line's driver, and the metal layers of a write line."""

    driver_n_width: float
    driver_p_width: float
    line_layers: int


@dataclass(frozen=True)
class Sampling:
    """The offset-cancelled amplifier's branch: sizes [m] and its last phase [s].

    The load itself has the sizes of the mirror in [bias].
    """

    clamp_width: float
    clamp_length: float
    enable_width: float
    switch_width: float
    storage_width: float
    storage_length: float
    reference_share: float
    amplify: float


SECTIONS: dict[str, tuple[type, dict[str, Field]]] = {
    "cell": (
        Cell,
        {
            "read_width": _LENGTH,
            "write_width": _LENGTH,
            "write_fingers": _COUNT,
            "word_line_boost": _RATIO,
        },
    ),
    "column": (
        Column,
        {
            "segments": _COUNT,
            "columns_per_amplifier": _COUNT,
            "columns_per_reference": _COUNT,
            "multiplexer_width": _LENGTH,
        },
    ),
    "bias": (
        Bias,
        {
            "current_read": _CURRENT,
            "current_logic": _CURRENT,
            "mirror_width": _LENGTH,
            "mirror_length": _LENGTH,
        },
    ),
    "amplifier_sizes": (AmplifierSizes, {f.name: _LENGTH for f in fields(AmplifierSizes)}),
    "timing": (Timing, {f.name: _TIME for f in fields(Timing)}),
    "write": (
        WriteDriver,
        {"driver_n_width": _LENGTH, "driver_p_width": _LENGTH, "line_layers": _COUNT},
    ),
    "sampling": (
        Sampling,
        {f.name: _LENGTH for f in fields(Sampling)}
        | {"reference_share": Field("1", "a part of the whole", high=0.9), "amplify": _TIME},
    ),
}
OPTIONAL: Mapping[str, str] = {"sampling": "cancelled"}
"""Sections that only one kind of amplifier has, which then must be there."""
