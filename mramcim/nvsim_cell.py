"""A table's cell as NVSim has cells: which number becomes which key, and where it is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mramcim.errors import CommandError

if TYPE_CHECKING:
    from accelerator.prices import Conditions
    from circuits import Design
    from lut import Table

Part = tuple[str, dict[str, float | str]]

_BISECTIONS = 200


def cell_parts(table: Table, design: Design, at: Conditions) -> list[Part]:
    """Remarks with the keys under them, for `lut.nvsim.cell_text`.

    What the table holds is looked up there under the conditions `at`; widths, resistances and
    the feature size are those of its `design`. NVSim has one access transistor and one current
    path: the read path is the cell's, the write path is in the pulse and its energy.

    Raises:
        lut.TableError, accelerator.EstimateError: a group, condition or value is missing.
        CommandError: NVSim could not sense the cell with what stands in the table.
    """
    feature = design.technology.layout.feature_size
    return [
        (_head(table, design, at), {"MemCellType": "MRAM"}),
        _layout(table, design, feature),
        *_sensing(table, design, at),
        _writing(table, at),
        _access(design, feature),
    ]


def _head(table: Table, design: Design, at: Conditions) -> str:
    from importlib.metadata import version

    from lut import shown_place

    writes = "" if at.write_vdd is None else f", writes at {at.write_vdd:g} V"
    place = {**at.shared, "rows": at.rows}
    return (
        f"{design.device.name} in the design {design.name}, technology {design.technology.name}\n"
        f"table {table.name}: mramcim {table.mramcim_version}, ngspice {table.ngspice_version}; "
        f"exported by mramcim {version('mramcim')}\n"
        f"conditions: {shown_place(place)}{writes}"
    )


def _layout(table: Table, design: Design, feature: float) -> Part:
    area, width, height = (table.value("cell", name) for name in ("area", "width", "height"))
    if not min(area, width, height) > 0:
        raise CommandError(
            f"the cell of the table {table.name} is {width:g} m by {height:g} m; "
            "`mramcim lut check` tells what is wrong with it"
        )
    values: dict[str, float | str] = {}
    # NVSim's node is a whole number of nm.
    if abs(feature * 1e9 - round(feature * 1e9)) < 1e-6:
        values["ProcessNode"] = feature
    values |= {"CellArea": area / feature**2, "CellAspectRatio": height / width}
    return (
        f"cell/area, F = {feature * 1e9:g} nm of {design.technology.name}; height (row pitch) "
        f"over width (column pitch) = {height * 1e9:.4g} nm / {width * 1e9:.4g} nm",
        values,
    )


def _sensing(table: Table, design: Design, at: Conditions) -> list[Part]:
    current = float(table.attribute("read", "bias_current"))
    off, on = (_resistance(design, state, current, at.temperature) for state in (True, False))
    place = {**at.shared, "rows": at.rows}

    def values(variable: str) -> list[float]:
        return [
            table.value("read", variable, **place, operands=operands)
            for operands in table.axis("read", "operands")
        ]

    bias = [a + b for a, b in zip(values("energy_bias"), values("energy_reference"), strict=True)]
    signal, swing = min(values("offset_tolerance")), current * (off - on) / 2
    if not 0 < signal < swing:
        raise CommandError(
            f"NVSim would find no way to sense this cell: {signal * 1e3:.3g} mV reach the "
            f"amplifier of the table {table.name}, and half the difference of the two states "
            f"is {swing * 1e3:.3g} mV, which it wants larger; choose other conditions"
        )
    half_track = design.device.track_resistance / 2
    track = f"; half the track, {half_track:.4g} ohm, is not in it" if half_track else ""
    return [
        (
            f"junction with the read current at {at.temperature:g} K: RA/A, and RA/A (1 + TMR) of "
            f"{design.device.name}{track}",
            {"ResistanceOn": on, "ResistanceOff": off},
        ),
        (
            "voltage sensing under a current: read@bias_current; energy: half of read/energy_bias "
            "+ read/energy_reference, mean of 0 and 1, for NVSim counts it twice; voltage: the "
            "least read/offset_tolerance, the signal at the amplifier's input",
            {
                "ReadMode": "voltage",
                "ReadCurrent": current,
                "ReadEnergy": sum(bias) / len(bias) / 2,
                "MinSenseVoltage": signal,
            },
        ),
    ]


def _resistance(design: Design, antiparallel: bool, current: float, temperature: float) -> float:
    """The junction's resistance [ohm] at the voltage that a current [A] makes of it.

    The voltage over resistance rises with the voltage, so bisection finds the one point.
    """
    device = design.device
    low, high = 0.0, current * device.resistance(antiparallel, 0.0, temperature)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle / device.resistance(antiparallel, middle, temperature) < current:
            low = middle
        else:
            high = middle
    return device.resistance(antiparallel, high, temperature)


def _writing(table: Table, at: Conditions) -> Part:
    from accelerator.write_points import best_writes

    place = {**at.written, "rows": at.rows}
    written = best_writes(table, ("current", "delay", "energy"), place)
    target = table.attribute("write", "error_rate_target")
    values: dict[str, float | str] = {}
    # Reset is to high resistance: antiparallel, which is a one.
    for key, bit in (("Reset", "1"), ("Set", "0")):
        values |= {
            f"{key}Mode": "current",
            f"{key}Current": written[bit]["current"],
            f"{key}Pulse": written[bit]["delay"],
            f"{key}Energy": written[bit]["energy"],
        }
    return (
        f"write/current, delay and energy (all supplies) at an error rate of {target:g}, each "
        "value with its best driver; reset writes 1 (antiparallel), set 0",
        values,
    )


def _access(design: Design, feature: float) -> Part:
    cell = design.cell
    one = design.device.cell == "stt"
    width = cell.write_width if one else cell.read_width
    beside = "" if one else f"; the write transistor, {cell.write_width * 1e9:.4g} nm, has no key"
    return (
        f"access transistor{'' if one else ' of reading'}: {width * 1e9:.4g} nm{beside}",
        {"AccessType": "CMOS", "AccessCMOSWidth": width / feature},
    )


def cell_design(table: Table, path: str | None, models: Sequence[str] = ()) -> Design:
    """The design that a table was made with, its device's numbers those of the table.

    Raises:
        CommandError: the table does not say, or the design or device is another one by now.
    """
    from mramcim.resimulation import table_design

    design = table_design(table, path, models)
    record = table.provenance.get("device")
    numbers = record.get("parameters") if isinstance(record, Mapping) else None
    if not isinstance(numbers, Mapping):
        raise CommandError(
            f"the table {table.name} does not say what its device is; without its resistances "
            "there is no cell file: characterize it again"
        )
    own = {name: number.value for name, number in design.device.parameters.numbers.items()}
    if own != {name: _si(number) for name, number in numbers.items()}:
        raise CommandError(
            f"the device {design.device.name} is not, or not any more, the one that the table "
            f"{table.name} was made with: give the design that uses it with --design"
        )
    return design


def _si(number: Any) -> Any:
    return number.get("value_SI") if isinstance(number, Mapping) else None
