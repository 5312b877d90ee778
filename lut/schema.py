"""The closed, versioned schema of a table: which groups, axes, variables and units exist.

Nothing outside it is written or accepted; a change of it raises `SCHEMA_VERSION` and brings a
converter from the version before (`lut.conversion.CONVERTERS`).
"""

from __future__ import annotations

from collections.abc import Mapping

from lut.specs import AttributeSpec, AxisSpec, GroupSpec, VariableSpec

SCHEMA_VERSION = "5"

ROOT_ATTRIBUTES = (
    "schema_version",
    "mramcim_version",
    "ngspice_version",
    "provenance",
    "title",
)


_CONDITIONS = {
    "corner": AxisSpec("text", "1", "process corner of the transistors"),
    "vdd": AxisSpec("real", "V", "supply voltage"),
    "temperature": AxisSpec("real", "K", "temperature"),
}
_ROWS = AxisSpec("count", "1", "rows of bit-cells on the column")
_COLUMNS = AxisSpec("count", "1", "columns of bit-cells on the line")

AGE = AxisSpec("real", "s", "time under stress at the point's own supply and temperature")

_OUTCOME = VariableSpec("1", "how the simulation of the point ended", "outcome", required=True)
_ERROR_RATE = VariableSpec("1", "probability of a wrong result, where known", expected=False)
_PARTS = ("energy_bias", "energy_reference", "energy_latch", "energy_clock", "energy_equalize")


def _energy(meaning: str) -> VariableSpec:
    return VariableSpec("J", meaning, positive=True)


def _time(meaning: str) -> VariableSpec:
    return VariableSpec("s", meaning, positive=True)


def _power(meaning: str) -> VariableSpec:
    return VariableSpec("W", meaning, positive=True)


def _area(meaning: str) -> VariableSpec:
    return VariableSpec("m2", meaning, positive=True)


def _sensing(meaning: str, truth: Mapping[str, int]) -> GroupSpec:
    """One sense by one amplifier, over one complete periodic cycle."""
    return GroupSpec(
        meaning=meaning,
        axes={
            **_CONDITIONS,
            "rows": _ROWS,
            "operands": AxisSpec("text", "1", "stored bits that are sensed", tuple(truth)),
        },
        variables={
            "energy": _energy("energy of one sense by one amplifier over one periodic cycle"),
            "energy_bias": VariableSpec("J", "part of energy: bias of the data branch"),
            "energy_reference": VariableSpec(
                "J", "part of energy: one amplifier's share of the reference branch"
            ),
            "energy_latch": VariableSpec("J", "part of energy: the latch"),
            "energy_clock": VariableSpec("J", "part of energy: clock of the amplifier"),
            "energy_equalize": VariableSpec("J", "part of energy: pre-charge and equalization"),
            "delay": _time("time from the start of the operation to its valid output"),
            "cycle_time": _time("full period of the operation"),
            "margin": VariableSpec("V", "differential input at the instant of latching"),
            "offset_tolerance": VariableSpec(
                "V", "input offset tolerated in either polarity", expected=False
            ),
            "logic_value": VariableSpec("1", "logic value read at the output"),
            "error_rate": _ERROR_RATE,
            "read_disturb": VariableSpec(
                "1", "probability that one sense turns a cell that it reads", expected=False
            ),
            "leakage_power": _power("power of one amplifier and its columns at rest"),
            "peak_current": VariableSpec("A", "largest supply current of one sense"),
            "outcome": _OUTCOME,
            "area": _area("area of one amplifier with its bias and its share of the reference"),
        },
        attributes={
            "columns_per_amplifier": AttributeSpec("count", "1", "columns sharing an amplifier"),
            "columns_per_reference": AttributeSpec("count", "1", "amplifiers sharing a reference"),
            "bias_current": AttributeSpec("real", "A", "bias current of one branch"),
            "amplifier": AttributeSpec("text", "1", "name of the sense amplifier"),
            "device": AttributeSpec("text", "1", "name of the device parameter set"),
            "technology": AttributeSpec("text", "1", "name of the transistor technology"),
        },
        truth=truth,
        parts=_PARTS,
    )


def _spread(of: str, units: str, what: str) -> dict[str, VariableSpec]:
    """Mean and standard deviation of a measure, each with its interval of 95 %."""
    found = {}
    for name, long_name in (("mean", "mean"), ("sigma", "standard deviation")):
        found[f"{of}_{name}"] = VariableSpec(units, f"{long_name} of {what}")
        for end, side in (("low", "lower"), ("high", "upper")):
            found[f"{of}_{name}_{end}"] = VariableSpec(
                units, f"{side} end of the 95 % interval of {of}_{name}"
            )
    return found


def _statistics(operation: str) -> GroupSpec:
    """How a sense comes out over random devices."""
    sensing = SENSING[operation]
    return GroupSpec(
        meaning=f"{sensing.meaning}: spread and errors over random devices",
        axes=sensing.axes,
        variables={
            "error_rate": VariableSpec("1", "probability of a wrong result over random devices"),
            "error_rate_low": VariableSpec("1", "lower end of the 95 % interval of error_rate"),
            "error_rate_high": VariableSpec("1", "upper end of the 95 % interval of error_rate"),
            **_spread("margin", "V", "the differential input at the instant of latching"),
            **_spread("delay", "s", "the time to the valid output"),
            **_spread("energy", "J", "the energy of one sense"),
            "simulations": VariableSpec("1", "transients behind the point"),
            "outcome": _OUTCOME,
        },
        attributes={
            "variation": AttributeSpec("text", "1", "name of the set of distributions"),
            "samples": AttributeSpec("count", "1", "draws behind the means and sigmas"),
            "seed": AttributeSpec("count", "1", "seed of all draws"),
            "bias_current": AttributeSpec("real", "A", "bias current of one branch"),
            "amplifier": AttributeSpec("text", "1", "name of the sense amplifier"),
            "device": AttributeSpec("text", "1", "name of the device parameter set"),
            "technology": AttributeSpec("text", "1", "name of the transistor technology"),
        },
    )


def _aged(of: GroupSpec) -> GroupSpec:
    """What a bench measures once its p transistors have been under stress for a time."""
    variant = next((name for name in ("operands", "line") if name in of.axes), None)
    axes = {name: axis for name, axis in of.axes.items() if name != variant}
    variables = {
        "threshold_shift": VariableSpec("V", "how far the p transistors' thresholds have grown"),
        **{
            name: of.variables[name]
            for name in ("energy", "delay", "margin", "offset_tolerance", "logic_value")
            if name in of.variables
        },
        "leakage_power": of.variables["leakage_power"],
        "outcome": _OUTCOME,
    }
    return GroupSpec(
        meaning=f"{of.meaning}: after years of stress",
        axes={**axes, "age": AGE} | ({variant: of.axes[variant]} if variant else {}),
        variables=variables,
        attributes={
            "ageing": AttributeSpec("text", "1", "name of the ageing set"),
            "duty": AttributeSpec("real", "1", "share of the time that a p transistor is on"),
            "technology": AttributeSpec("text", "1", "name of the transistor technology"),
        },
        truth=of.truth,
    )


def _periphery(
    meaning: str,
    axes: Mapping[str, AxisSpec],
    *,
    energy: str,
    delay: str,
    of: str,
    extra: Mapping[str, VariableSpec] | None = None,
) -> GroupSpec:
    """One block of the periphery; `of` completes "idle power of" and "area of"."""
    return GroupSpec(
        meaning=meaning,
        axes={**_CONDITIONS, **axes},
        variables={
            "energy": _energy(energy),
            **(extra or {}),
            "delay": _time(delay),
            "leakage_power": _power(f"idle power of {of}"),
            "outcome": _OUTCOME,
            "area": _area(f"area of {of}"),
        },
    )


_WRITE = GroupSpec(
    meaning="one row write: one cell switched, its neighbours half-selected",
    axes={
        **_CONDITIONS,
        "rows": _ROWS,
        "driver_width": AxisSpec("real", "m", "width of the driver's last n transistor"),
        "operands": AxisSpec("text", "1", "value that is written", ("0", "1")),
    },
    variables={
        "energy": _energy("energy of writing one cell, all supplies"),
        "energy_half_selected": VariableSpec(
            "J", "energy of one unselected cell and column on the selected row in one row write"
        ),
        "current": VariableSpec("A", "least write current through track or junction"),
        "critical_current": VariableSpec("A", "threshold current in closed form"),
        "delay": _time("pulse width that the stated error rate needs"),
        "cycle_time": _time("full period of the operation"),
        "error_rate": VariableSpec(
            "1", "probability that a pulse of this width leaves the old bit", expected=False
        ),
        "leakage_power": _power("power of one write driver at rest"),
        "peak_current": VariableSpec("A", "largest supply current of one cell's write"),
        "outcome": _OUTCOME,
        "area": _area("area of the write driver of one column"),
    },
    attributes={
        "error_rate_target": AttributeSpec("real", "1", "write error rate that the pulse meets"),
        "device": AttributeSpec("text", "1", "name of the device parameter set"),
        "technology": AttributeSpec("text", "1", "name of the transistor technology"),
    },
)

_CELL = GroupSpec(
    meaning="layout of one bit-cell",
    axes={},
    variables={
        "area": VariableSpec("m2", "area of one bit-cell", required=True, positive=True),
        "width": VariableSpec("m", "column pitch", required=True, positive=True),
        "height": VariableSpec("m", "row pitch", required=True, positive=True),
    },
)

SENSING: Mapping[str, GroupSpec] = {
    "read": _sensing("reading one bit-cell", {"0": 0, "1": 1}),
    "and2": _sensing("AND of two cells of a column", {"00": 0, "01": 0, "10": 0, "11": 1}),
    "or2": _sensing("OR of two cells of a column", {"00": 0, "01": 1, "10": 1, "11": 1}),
    "xor2": _sensing("XOR of two cells of a column", {"00": 0, "01": 1, "10": 1, "11": 0}),
}
STATISTICS: Mapping[str, str] = {name: f"{name}_statistics" for name in SENSING}
"""Sensing operation -> its group of errors and spreads over random devices."""

PERIPHERY: Mapping[str, GroupSpec] = {
    "wordline_driver": _periphery(
        "driver of one row with its word line",
        {"columns": _COLUMNS, "line": AxisSpec("text", "1", "word line", ("read", "write"))},
        energy="energy of one on and off cycle of a driver with its line",
        delay="time from the driver's input to the end of its line",
        of="one row's driver",
    ),
    "decoder_gate": _periphery(
        "one gate of the row decoder",
        {},
        energy="energy of one select and deselect cycle of one gate",
        delay="delay of one gate",
        of="one gate",
    ),
    "full_adder": _periphery(
        "one full adder of the bit counter",
        {},
        energy="mean energy per operation over all input transitions",
        delay="longest delay over all input transitions",
        of="one full adder",
    ),
    "flip_flop": _periphery(
        "one flip-flop",
        {},
        energy="energy per clock cycle at a data activity of one half",
        delay="delay from the clock to the output",
        of="one flip-flop",
        extra={"energy_clock_only": VariableSpec("J", "energy per clock cycle, data still")},
    ),
    "wire": _periphery(
        "one millimetre of driven wire, its repeaters included",
        {},
        energy="energy of one full charge and discharge of 1 mm",
        delay="delay of 1 mm",
        of="1 mm with its repeaters",
    ),
}
AGED: Mapping[str, str] = {name: f"{name}_aged" for name in (*SENSING, *PERIPHERY)}
"""Sense or block of the periphery -> its group after years of stress."""

SCHEMA: Mapping[str, GroupSpec] = {
    **SENSING,
    **{group: _statistics(name) for name, group in STATISTICS.items()},
    "write": _WRITE,
    **PERIPHERY,
    **{group: _aged({**SENSING, **PERIPHERY}[name]) for name, group in AGED.items()},
    "cell": _CELL,
}
