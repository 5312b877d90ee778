"""The benches by name: what each simulates, over which axes and in which variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from circuits import counting, operations, periphery, sensing, writing
from circuits.deck import Conditions, Deck
from circuits.design import Design
from circuits.errors import DesignError

_CONDITIONS = ("corner", "vdd", "temperature")


@dataclass(frozen=True)
class Bench:
    """One bench: its builder and the axes of its group in the table.

    `size_axes` are those beside corner, supply and temperature; `variants` are the values of
    `variant_axis`.
    """

    name: str
    description: str
    builder: Callable[[Design, str, Conditions, float], Deck]
    size_axes: tuple[str, ...] = ()
    variant_axis: str = ""
    variants: tuple[str, ...] = ()
    senses: bool = False

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of conditions, in the table's order."""
        return (*_CONDITIONS, *self.size_axes)


def _sensing(operation: str, description: str) -> Bench:
    def build(design: Design, operands: str, where: Conditions, offset: float) -> Deck:
        return sensing.sense_deck(design, operation, operands, where, offset)

    patterns = operations.operand_patterns(operation)
    return Bench(operation, description, build, ("rows",), "operands", patterns, True)


_ALL = (
    _sensing("read", "read one cell of a column"),
    _sensing("and2", "AND of two cells of a column"),
    _sensing("or2", "OR of two cells of a column"),
    _sensing("xor2", "XOR of two cells of a column, two sub-amplifiers in one cycle"),
    Bench(
        "write",
        "write one cell through its driver and lines",
        lambda design, value, where, _: writing.write_deck(design, value, where),
        ("rows", "driver_width"),
        "operands",
        ("0", "1"),
    ),
    Bench(
        "wordline_driver",
        "word-line driver with its line and cells",
        lambda design, line, where, _: periphery.wordline_deck(design, line, where),
        ("columns",),
        "line",
        periphery.LINES,
    ),
    Bench(
        "decoder_gate",
        "gate of the row decoder",
        lambda design, _variant, where, _: periphery.decoder_deck(design, where),
    ),
    Bench(
        "full_adder",
        "full adder of the bit counter",
        lambda design, _variant, where, _: counting.adder_deck(design, where),
    ),
    Bench(
        "flip_flop",
        "flip-flop of counters and registers",
        lambda design, _variant, where, _: counting.flip_flop_deck(design, where),
    ),
    Bench(
        "wire",
        "one millimetre of driven wire",
        lambda design, _variant, where, _: periphery.wire_deck(design, where),
    ),
)
BENCHES: Mapping[str, Bench] = {bench.name: bench for bench in _ALL}


def build_deck(
    design: Design,
    bench: str,
    variant: str = "",
    conditions: Conditions | None = None,
    offset: float = 0.0,
) -> Deck:
    """The deck of a bench. `variant` is the operands ("01"), or the word line ("read").

    Raises DesignError on an unknown bench, variant or corner.
    """
    if bench not in BENCHES:
        raise DesignError(f"unknown bench '{bench}'; choose one of {', '.join(BENCHES)}")
    kind, where = BENCHES[bench], conditions or Conditions(vdd=design.technology.vdd)
    if where.corner not in design.technology.corners:
        raise DesignError(
            f"technology {design.technology.name} ({design.technology.path.name}) has no corner "
            f"'{where.corner}'; "
            f"it has {', '.join(design.technology.corners)}"
        )
    if not kind.variants and variant:
        raise DesignError(f"{bench} takes no {kind.variant_axis or 'operands'}; leave it out")
    if kind.variants and variant not in kind.variants:
        raise DesignError(
            f"{kind.variant_axis} '{variant}' does not fit {bench}; "
            f"choose one of {', '.join(kind.variants)}"
        )
    return kind.builder(design, variant, where, offset)
