"""Bench `write`: one cell of a row is written, another of the same row is half selected.

Two cycles, the opposite value first; the second is measured. With moving magnets one cycle,
from the opposite value. Whether the junction switches
rests on a static criterion, the least track current of the pulse against the critical one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from circuits.cells import cell_layout, cell_of
from circuits.deck import Conditions, Deck, Energy, Window
from circuits.design import Design
from circuits.errors import DesignError
from circuits.layout import transistors_area
from circuits.netlist import (
    add_inverter,
    assemble,
    new_circuit,
    new_subcircuit,
    waveform,
)

STEP = 20e-12
LINES = ("wbl", "sl")
TAPER = 4
"""Ratio of the widths of one driver stage to the one before it."""


def write_deck(design: Design, value: str, conditions: Conditions) -> Deck:
    """The deck that writes the bit "0" or "1" into a cell at the far end of a column."""
    if value not in ("0", "1"):
        raise DesignError(f"operands '{value}' do not fit write; choose 0 or 1")
    design = _with_driver(design, conditions.driver_width)
    timing, vdd = design.timing, conditions.vdd
    period = timing.write_cycle
    # A moving magnet comes to rest along its axis, where without heat nothing turns it again.
    written = [value] if design.moving else ["10"[int(value)], value]
    windows = [
        (index * period + 0.1e-9, index * period + 0.1e-9 + timing.write_pulse)
        for index in range(len(written))
    ]
    circuit = new_circuit(f"write {value}, {design.name}")
    cell = cell_of(design)
    circuit.subcircuit(cell.bit_cell(design))
    circuit.subcircuit(_write_line(design, conditions.rows))
    circuit.subcircuit(_driver(design))
    circuit.V("drive", "vdrive", "0", vdd)
    circuit.V("half", "vhalf", "0", vdd)
    boosted = design.write_word_line
    circuit.V("word", "wwl", "0", waveform(0, boosted, windows))
    for line in LINES:
        highs = [(bit == "1") == (line == cell.LINE_OF_ONE) for bit in written]
        driven = [window for window, high in zip(windows, highs, strict=True) if high]
        circuit.V(f"data_{line}", f"data_{line}", "0", waveform(0, vdd, driven))
    _add_column(circuit, cell, "written", "vdrive", ("data_wbl", "data_sl"), 1 - int(value))
    _add_column(circuit, cell, "resting", "vhalf", ("0", "0"), 0)
    start, stop = windows[-1]
    cycle = Window((len(written) - 1) * period, len(written) * period)
    saved = ["wwl", "wbl_written", "sl_written", "vtrack_written#branch"]
    saved += ["vdrive", "vdrive#branch", "vhalf", "vhalf#branch"]
    netlist = assemble(
        circuit,
        design,
        conditions,
        comments=[
            f"design {design.name}, device {design.device.name}",
            f"technology {design.technology.name}",
            f"corner {conditions.corner}, VDD {vdd:g} V, word line {boosted:g} V, "
            f"{conditions.rows} rows",
            f"critical current {design.device.critical_write_current:.4g} A (static criterion)",
        ],
        saved=saved,
        step=STEP,
        stop=cycle.stop,
    )
    settled = Window(start + 0.3 * (stop - start), stop - 0.05e-9)
    return Deck(
        bench="write",
        title=f"write {value}",
        netlist=netlist,
        conditions=conditions,
        stop=cycle.stop,
        cycle=cycle,
        energies={
            "energy": Energy({"vdrive": 1.0}, cycle),
            "energy_half_selected": Energy({"vhalf": 1.0}, cycle),
        },
        total=("energy",),
        watched=(),
        edges=(),
        level=vdd / 2,
        currents={"vtrack_written": settled},
        values={
            "critical_current": design.device.critical_write_current,
            "delay": timing.write_pulse,
            "cycle_time": period,
            "area": write_driver_area(design),
        },
        plotted=("wwl", "wbl_written", "sl_written", "vtrack_written#branch"),
    )


def _with_driver(design: Design, width: float | None) -> Design:
    if width is None:
        return design
    least = design.technology.width_min
    if width < least * (1 - 1e-9):
        raise DesignError(
            f"a write driver of {width * 1e9:g} nm is below the {least * 1e9:g} nm that technology "
            f"{design.technology.name} can make; choose a wider one"
        )
    scale = width / design.write.driver_n_width
    sizes = replace(
        design.write, driver_n_width=width, driver_p_width=design.write.driver_p_width * scale
    )
    return replace(design, write=sizes)


def write_driver_area(design: Design) -> float:
    """Area [m^2] of one column's two write drivers with their first stages."""
    last = design.write.driver_n_width + design.write.driver_p_width
    return transistors_area(design, [last, sum(_first_stage(design))] * len(LINES))


def _first_stage(design: Design) -> tuple[float, float]:
    """Widths [m] of the n and p transistor of a driver's first inverter."""
    least = design.technology.at_least
    return least(design.write.driver_n_width / TAPER), least(design.write.driver_p_width / TAPER)


def _driver(design: Design) -> Any:
    """Sub-circuit `driver data out vdd`: two inverters, the second of the stated widths."""
    driver = new_subcircuit("driver", "data", "out", "vdd")
    sizes = design.write
    add_inverter(driver, design, "first", "data", "middle", "vdd", *_first_stage(design))
    add_inverter(
        driver, design, "last", "middle", "out", "vdd", sizes.driver_n_width, sizes.driver_p_width
    )
    return driver


def _write_line(design: Design, rows: int) -> Any:
    """Sub-circuit `write_line wbl_near wbl_far sl_near sl_far`: the write lines of a column.

    Drawn in wide upper metal on `line_layers` layers, since the write current drops over them;
    the bit line is driven at the top and the source line at the bottom, so that every row sees
    the same resistance.
    """
    line = new_subcircuit("write_line", "wbl_near", "wbl_far", "sl_near", "sl_far")
    segments = design.column.segments
    length = cell_layout(design).height * rows / segments
    layers = design.write.line_layers
    resistance = design.interconnect["global_resistance"] * length / layers
    capacitance = design.interconnect["global_capacitance"] * length * layers
    for index in range(1, segments + 1):
        wbl = f"wbl{index}" if index < segments else "wbl_far"
        sl = f"sl{index}" if index < segments else "sl_near"
        wbl_before = f"wbl{index - 1}" if index > 1 else "wbl_near"
        sl_before = f"sl{index - 1}" if index > 1 else "sl_far"
        line.R(f"wbl{index}", wbl_before, wbl, resistance)
        line.R(f"sl{index}", sl_before, sl, resistance)
        line.C(f"wbl{index}", wbl, "0", capacitance)
        line.C(f"sl{index}", sl, "0", capacitance)
        cell_of(design).unwritten_rows(line, design, str(index), wbl, sl, (rows - 1) / segments)
    return line


def _add_column(
    circuit: Any, cell: Any, name: str, supply: str, data: tuple[str, str], stored: int
) -> None:
    # The cell is at the far end of the bit line, which is the near end of the source line.
    circuit.X(f"{name}_wbl", "driver", data[0], f"wbl_{name}", supply)
    circuit.X(f"{name}_sl", "driver", data[1], f"sl_{name}", supply)
    far, source = f"wbl_far_{name}", f"sl_at_{name}"
    circuit.X(f"{name}_line", "write_line", f"wbl_{name}", far, f"sl_{name}", source)
    circuit.V(f"track_{name}", f"sl_{name}", f"sl_cell_{name}", 0)
    cell.add_written_cell(circuit, f"{name}_cell", far, f"sl_cell_{name}", "wwl", stored)
