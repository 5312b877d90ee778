"""From a network and a table to energy, latency and area."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerator.array import Array, require_room
from accelerator.assumptions import Assumptions, load_assumptions
from accelerator.boundary import FILE_WIDTHS, boundary
from accelerator.chip import Chip
from accelerator.errors import EstimateError, UnsuitableTableError
from accelerator.figures import Sensing, amplifier_share
from accelerator.names import printable
from accelerator.networks import Network, load_network
from accelerator.options import (
    TERNARY,
    TERNARY_BITS,
    Options,
    bit_width,
    first_last_widths,
    read_options,
    whole_number,
)
from accelerator.plan import Plan, PlannedLayer, plan_widths
from accelerator.prices import USUAL_VDD, Conditions, Prices, conditions_in, read_prices
from accelerator.references import references
from accelerator.report import Report
from accelerator.sense_errors import sense_errors
from accelerator.uncertainty.propagation import SAMPLES, Sampling, UncertainChip, propagate
from accelerator.uncertainty.sources import find_sources
from accelerator.widths import (
    ACTIVATION_BITS,
    WEIGHT_BITS,
    Asked,
    choose_widths,
    read_patterns,
)

if TYPE_CHECKING:
    from lut import Table


Mapper = Callable[
    [tuple[PlannedLayer, ...], Array, Prices, Options, Assumptions], tuple[PlannedLayer, ...]
]
"""Gives layers their choices, under the prices and constants that they will be costed with."""


def estimate(
    network: str | os.PathLike[str] | Network,
    *,
    table: str | os.PathLike[str] | Table | None = None,
    weight_bits: int | None = None,
    activation_bits: int | None = None,
    rows: int = 256,
    columns: int = 256,
    first_last: str | tuple[int, int] | None = None,
    widths: MappingType[str, Any] | None = None,
    batch: int | None = None,
    batch_axis: int | None = None,
    dims: MappingType[str, int] | None = None,
    corner: str = "tt",
    vdd: float | None = None,
    temperature: float = 300.15,
    write_vdd: float | None = None,
    assumptions: MappingType[str, float] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    mapper: Mapper | None = None,
    **options: Any,
) -> Report:
    """Energy, latency and area of one image through `network` on sub-arrays.

    Args:
        network: a built-in name, the path of an ONNX file, or a `Network`.
        table: the table of simulated operations, or its path; None is the one shipped.
        weight_bits, activation_bits: widths of the operands, 1 to 16; None are those of the
            file's own quantizers, and 1 and 4 where there are none.
        rows, columns: of a sub-array.
        first_last: widths of the first and last layers as "W:A", or "off" to leave them out.
        widths: of layers by name or shell pattern, as "W:A" or with `weights`, `activations` and
            `encoding`; the last that matches wins, over everything else.
        batch, batch_axis, dims: of an ONNX file, as `accelerator.networks.load_network` has them.
        corner, vdd, temperature: conditions in the table; V and K. Without a supply it is the
            table's nominal one.
        write_vdd: supply of write drivers and write word lines (V), where it is another one.
        assumptions: values in place of the shipped constants, by name.
        samples, seed: of what is uncertain, for the intervals; no samples leave them out.
        mapper: chooses how each layer is mapped, in place of the options.
        options: fields of `accelerator.options.Options`.

    Raises:
        EstimateError: a network or an argument that cannot be used; its kind
            `UnsuitableTableError` where another table could serve.
        lut.TableError: a table that cannot be used, or conditions outside it.
    """
    chosen = read_options(options)
    sampling = Sampling.of(samples, seed)
    constants = load_assumptions(assumptions)
    asked = _asked(weight_bits, activation_bits, first_last, widths, options)
    rows = whole_number("rows", rows, least=1)
    columns = whole_number("columns", columns, least=1)
    require_room(rows, int(constants.reserved_rows.value))
    parsed = load_network(network, batch=batch, batch_axis=batch_axis, dims=dims)
    chosen_widths = choose_widths(parsed, asked)
    plan = plan_widths(parsed, chosen_widths, chosen.coverage, ends=asked.ends != "off")

    opened = open_table(table)
    conditions = conditions_in(
        opened,
        vdd,
        corner=corner,
        temperature=temperature,
        rows=rows,
        columns=columns,
        write_vdd=write_vdd,
    )
    ends = FILE_WIDTHS if asked.ends is None and chosen_widths.from_file else asked.ends
    report = cost_plan(parsed, plan, opened, conditions, chosen, constants, ends, sampling, mapper)
    report = replace(report, widths_said=chosen_widths.sentences)
    if not chosen_widths.from_file:
        # What was asked for, be it that of no layer that is left.
        report = replace(
            report,
            weight_bits=asked.weight_bits or WEIGHT_BITS,
            activation_bits=asked.activation_bits or ACTIVATION_BITS,
        )
    if vdd is None:
        report = at_nominal_supply(report)
    return replace(report, references=references(report))


def _asked(
    weight_bits: int | None,
    activation_bits: int | None,
    first_last: str | tuple[int, int] | None,
    widths: MappingType[str, Any] | None,
    options: MappingType[str, Any],
) -> Asked:
    """What was asked for of widths, checked."""
    if weight_bits is not None:
        weight_bits = bit_width("weight bits", weight_bits)
    if activation_bits is not None:
        activation_bits = bit_width("activation bits", activation_bits)
    encoding = options.get("weight_encoding")
    if encoding == TERNARY and (weight_bits or WEIGHT_BITS) != TERNARY_BITS:
        raise EstimateError(
            f"ternary weights have {TERNARY_BITS} bits, not {weight_bits or WEIGHT_BITS}: give "
            "weight_bits=2, or another weight_encoding"
        )
    ends = first_last_widths(first_last)
    return Asked(weight_bits, activation_bits, ends, read_patterns(widths), encoding)


def cost_plan(
    network: Network,
    plan: Plan,
    table: Table,
    conditions: Conditions,
    options: Options,
    assumptions: Assumptions,
    ends: tuple[int, int] | str | None,
    sampling: Sampling,
    mapper: Mapper | None = None,
) -> Report:
    """The report of a planned network; its widths are the largest of its layers.

    `ends` says where the widths come from, for the boundary: see `first_last_widths`, or
    OWN_WIDTHS or FILE_WIDTHS.
    """
    conditions = replace(conditions, row_logic=plan.row_logic)
    prices = read_prices(table, conditions)
    array = build_array(conditions, prices, options, assumptions)
    plan = plan.counted(array)
    if mapper is not None:
        plan = replace(plan, layers=mapper(plan.layers, array, prices, options, assumptions))
    chip = Chip.build(plan.layers, array, prices, options, assumptions)
    sensing = Sensing(min(array.amplifiers, array.sensed_at_once), prices.and2.cycle_time)
    layers = tuple(
        replace(layer, pace=pace, amplifier_utilization=amplifier_share(layer, sensing))
        for layer, pace in zip(chip.layer_reports(), chip.layer_paces(), strict=True)
    )
    mapped = [entry for entry in plan.layers if entry.layer.mapped]
    report = Report(
        network.name,
        network.source,
        printable(network.path),
        network.input_shape,
        max(entry.weight_bits for entry in mapped),
        max(entry.activation_bits for entry in mapped),
        _table_entry(table, conditions),
        boundary(
            network, plan, conditions, array, prices, options, assumptions, ends, chip.occupation
        ),
        layers,
        chip.area_components(),
        sensing=sensing,
        batch_said=network.batch_said,
        reading=network.reading,
    )
    report = replace(
        report,
        sense_errors=sense_errors(table, conditions, report.and_operations),
        pace=chip.pace(),
        occupation=chip.occupation,
    )
    if not sampling.samples:
        return report
    # What is not paid has no part in the intervals.
    paid = assumptions if options.off_chip else assumptions.exactly("off_chip_energy")
    sources = find_sources(table, conditions, prices, paid)
    uncertain = UncertainChip(plan.layers, array, options, sources)
    return replace(report, uncertainty=propagate(uncertain, sampling))


def open_table(table: str | os.PathLike[str] | Table | None) -> Table:
    """The table itself, the one in a file, or the one shipped.

    Raises:
        lut.TableError: there is none, or it cannot be used.
    """
    from lut import Table as LookupTable
    from lut import reference_path

    if isinstance(table, LookupTable):
        return table
    path = reference_path() if table is None else Path(table)
    try:
        state = path.stat()
    except OSError:
        return LookupTable.open(table)  # it says what is missing and what to do
    given = None if table is None else os.fspath(table)
    return _read(given, str(path.resolve()), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(table: str | None, _path: str, _changed: int, _size: int) -> Table:
    """The table in a file; reading it takes longer than an estimate, so sweeps keep it."""
    from lut import Table as LookupTable

    return LookupTable.open(table)


def _table_entry(table: Table, conditions: Conditions) -> dict[str, Any]:
    return {
        "name": printable(table.name),
        "path": printable(str(table.path.resolve())),
        "schema_version": table.schema_version,
        "mramcim_version": table.mramcim_version,
        "ngspice_version": table.ngspice_version,
        "corner": conditions.corner,
        "vdd_V": conditions.vdd,
        "temperature_K": conditions.temperature,
        "rows": conditions.rows,
        "columns": conditions.columns,
        "write_vdd_V": conditions.write_vdd,
    }


def at_nominal_supply(report: Report) -> Report:
    """The report, saying that its supply is the table's nominal one where that is not 1 V."""
    if report.table["vdd_V"] == USUAL_VDD:
        return report
    return replace(report, table={**report.table, "vdd_from": "the table's nominal supply"})


def build_array(
    conditions: Conditions, prices: Prices, options: Options, assumptions: Assumptions
) -> Array:
    """The sub-array under the current that it may draw.

    Raises:
        UnsuitableTableError: the current does not suffice for one cell or amplifier.
    """
    limit = assumptions.peak_current_per_subarray.value
    for what, one in (
        ("writing a cell", prices.write.peak_current),
        ("sensing", max(price.peak_current for price in prices.senses)),
    ):
        if one > limit:
            raise UnsuitableTableError(
                f"{what} draws {one:.3g} A, more than the {limit:.3g} A that a sub-array may "
                "draw: raise the assumption peak_current_per_subarray"
            )
    sense_current = max(price.peak_current for price in prices.senses)
    return Array(
        conditions.rows,
        conditions.columns,
        prices.columns_per_amplifier,
        prices.amplifiers_per_reference,
        int(assumptions.reserved_rows.value),
        int(limit / sense_current),
        int(limit / prices.write.peak_current),
        options.gate_unused_columns,
    )
