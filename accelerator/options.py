"""What the user may choose about dataflow and accounting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from accelerator.errors import EstimateError

ENCODINGS = ("symmetric", "unsigned", "twos_complement")
"""Those of any width."""
ZERO_POINT = "zero_point"
TERNARY = "ternary"
TERNARY_BITS = 2
WEIGHT_LOADS = ("amortized", "each_image", "off")
WEIGHT_STATIONARY, INPUT_STATIONARY = "weight_stationary", "input_stationary"
DATAFLOWS = (WEIGHT_STATIONARY, INPUT_STATIONARY)
ON_CHIP, OUTSIDE = "on_chip", "outside"
DENSITIES = ("activation_density", "weight_density")
COVERAGES = ("all", "convolutions")
KERNEL_ORDERS = ("blocks", "spread")
LARGEST_WIDTH = 16
LARGEST_COUNT = 2**53  # above, a float no longer counts in ones
_WIDTHS = re.compile(r"\s*(\d{1,9})\s*:\s*(\d{1,9})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Options:
    """Dataflow and accounting of an estimate.

    weight_encoding: "symmetric" are the odd levels of DoReFa, which need the sum of the
        activations of every patch, as do the unsigned codes about a "zero_point"; "unsigned" and
        "twos_complement" do not, nor does "ternary", a plane for each sign of weights of two bits.
    dataflow: which operand stays in the sub-arrays while the other comes; the patches' planes
        "input_stationary", and kernels are then written for every image.
    weight_store: where kernels that come are kept: in further sub-arrays, or outside the chip.
    weight_load: how writing the weights counts: shared by `images_per_load` images,
        paid for each image, or not counted.
    count_input_writes: whether writing the patches' bit-planes into the sub-arrays counts.
    reuse_overlap: keep in place what neighbouring windows share, with rotated copies of
        the kernels; used on the layers where it saves writes.
    double_buffer: write the next patch while the present one is used.
    kernel_order: which kernels share a sub-array where there are several for them: "blocks" of
        neighbours, or every so-manieth, "spread". It matters where a layer uses the first kernels
        of a wider one: blocks leave whole sub-arrays idle, spreading shares the work out.
    gate_unused_columns: amplifiers without an operand are not fired.
    gate_idle_subarrays: sub-arrays of layers that are not running are switched off.
    skip_empty_subarrays: sub-arrays whose weights are known to be all zero are left out.
    copies: times that every layer's weights are stored, to work on positions in parallel.
    folds: tiles of groups, of depth-wise layers above all, that at most share sub-arrays and
        work in turn: fewer sub-arrays, and as many times the time.
    pipelined: every layer works on an image of its own, so that images enter as often as the
        slowest layer allows; the buffer holds every tensor between layers twice.
    off_chip: image, result and weights come from and go to a memory outside the chip.
    activation_density, weight_density: probability that a stored bit is one.
    coverage: which of the layers with weights are costed.
    """

    weight_encoding: str = "symmetric"
    dataflow: str = WEIGHT_STATIONARY
    weight_store: str = ON_CHIP
    weight_load: str = "amortized"
    images_per_load: int = 1000
    count_input_writes: bool = True
    reuse_overlap: bool = False
    double_buffer: bool = False
    kernel_order: str = "blocks"
    gate_unused_columns: bool = True
    gate_idle_subarrays: bool = True
    skip_empty_subarrays: bool = True
    copies: int = 1
    folds: int = 1
    pipelined: bool = False
    off_chip: bool = False
    activation_density: float = 0.5
    weight_density: float = 0.5
    coverage: str = "all"

    def __post_init__(self) -> None:
        for name, choices in (
            ("weight_encoding", (*ENCODINGS, TERNARY, ZERO_POINT)),
            ("dataflow", DATAFLOWS),
            ("weight_store", (ON_CHIP, OUTSIDE)),
            ("weight_load", WEIGHT_LOADS),
            ("coverage", COVERAGES),
            ("kernel_order", KERNEL_ORDERS),
        ):
            if getattr(self, name) not in choices:
                raise EstimateError(
                    f"{name} cannot be {getattr(self, name)!r}: give one of {', '.join(choices)}"
                )
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(entry.default, bool) and not isinstance(value, bool):
                raise EstimateError(f"{entry.name} is true or false, not {value!r}")
        for name in ("images_per_load", "copies", "folds"):
            whole_number(name, getattr(self, name), least=1)
        for name in DENSITIES:
            value = getattr(self, name)
            # Inside the model a density may be an array of samples.
            if isinstance(value, int | float) and not 0 <= value <= 1:
                raise EstimateError(f"{name} is a probability, {value!r} is not between 0 and 1")

    @property
    def sums_activations(self) -> bool:
        """True when the weights' encoding needs the sum of each patch's activations."""
        return self.weight_encoding in ("symmetric", ZERO_POINT)


def read_options(values: dict[str, Any]) -> Options:
    """Options from keyword arguments.

    Raises:
        EstimateError: an unknown name or a value that cannot be.
    """
    known = [entry.name for entry in fields(Options)]
    for name in values:
        if name not in known:
            raise EstimateError(f"there is no option {name!r}: give one of {', '.join(known)}")
    for name in DENSITIES:
        if not isinstance(values.get(name, 0.5), int | float):
            raise EstimateError(f"{name} is a probability, {values[name]!r} is not between 0 and 1")
    return Options(**values)


def whole_number(name: str, value: object, least: int, most: int | None = None) -> int:
    """`value` as an int within bounds.

    Raises:
        EstimateError: it is not a whole number, or outside.
    """
    bounds = f"at least {least}" if most is None else f"between {least} and {most}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise EstimateError(f"{name} is a whole number {bounds}, not {value!r}")
    number = value.__index__()
    if number < least or (most is not None and number > most):
        raise EstimateError(f"{name} is a whole number {bounds}, not {number}")
    if number > LARGEST_COUNT:
        raise EstimateError(f"{name} is a whole number {bounds}, and at most {LARGEST_COUNT}")
    return int(number)


def bit_width(name: str, value: object) -> int:
    """`value` as a number of bits from 1 to 16.

    Raises:
        EstimateError: it is not.
    """
    return whole_number(name, value, least=1, most=LARGEST_WIDTH)


def read_widths(what: str, value: object) -> tuple[int, int]:
    """Weight and activation bits from "W:A", or from two numbers.

    Raises:
        EstimateError: neither.
    """
    parts: Sequence[object] = ()
    if isinstance(value, str):
        found = _WIDTHS.fullmatch(value)
        parts = [int(text) for text in found.groups()] if found else ()
    elif isinstance(value, Sequence):
        parts = value
    if len(parts) != 2:
        raise EstimateError(f"{what} cannot be {value!r}: give their widths as W:A, such as 8:8")
    return (
        bit_width(f"{what}: weight bits", parts[0]),
        bit_width(f"{what}: activation bits", parts[1]),
    )


def first_last_widths(value: str | tuple[int, int] | None) -> tuple[int, int] | str | None:
    """The widths of the first and last layers: None, "off" or (weight, activation) bits.

    Raises:
        EstimateError: neither "W:A" nor "off".
    """
    if value is None or value == "off":
        return value
    if isinstance(value, str) and not _WIDTHS.fullmatch(value):
        raise EstimateError(
            f"the first and last layers cannot be {value!r}: "
            "give their widths as W:A, such as 8:8, or off"
        )
    return read_widths("the first and last layers", value)
