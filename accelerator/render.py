"""A report as text and as rows of a CSV file; nothing is printed or written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accelerator.alignment import aligned, short
from accelerator.grouping import Row, few_rows, single_rows
from accelerator.render_head import render_head
from accelerator.report import Report

SHOWN_UNITS = {
    "energy_J": (1e6, "uJ"),
    "latency_s": (1e3, "ms"),
    "subarray_area_m2": (1e6, "mm2"),
}


def render_text(report: Report, *, full: bool = False) -> str:
    """The report for a terminal.

    A screen of it is the head, the layers and the components that matter, and what has no share
    in the figures; `full` has every layer, every component and all that the figures stand on.
    """
    sections = (
        "\n".join(heading(report)),
        render_head(report),
        aligned(*layer_table(report, full=full)),
        aligned(*component_table(report, full=full)),
        _areas(report),
        _intervals(report),
        _wrong_senses(report),
        _references(report),
        _boundary(report) if full else _left_out(report),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def csv_rows(report: Report) -> list[list[Any]]:
    """Header and a row for each layer; energies in J, times in s, areas in m2."""
    names = list(report.components)
    header = [
        "name",
        "operation",
        "macs",
        "weight_bits",
        "activation_bits",
        "and_operations",
        "subarrays",
        "area_m2",
        "energy_J",
        "latency_s",
        "utilization",
        "weight_encoding",
        "activation_encoding",
        "weights_from",
        "activations_from",
        "amplifier_utilization",
        "useful_copies",
        "set_by",
        *(f"{name}_J" for name in names),
    ]
    rows = [
        [
            layer.name,
            layer.operation,
            layer.macs,
            layer.weight_bits,
            layer.activation_bits,
            layer.and_operations,
            layer.subarrays,
            layer.area,
            layer.energy,
            layer.latency,
            layer.utilization,
            layer.weight_encoding,
            layer.activation_encoding,
            *layer.widths_from,
            layer.amplifier_utilization,
            None if layer.pace is None else layer.pace.useful_copies,
            None if layer.pace is None else layer.pace.resource,
            *(layer.components[name] for name in names),
        ]
        for layer in report.layers
    ]
    return [header, *rows]


def heading(report: Report) -> list[str]:
    """What was costed on what, then where widths and the batch are from, a line each."""
    table = report.table
    shape = " x ".join(map(str, report.input_shape))
    lines = [
        f"{report.network}  {report.widths}  input {shape}  ({report.network_source})",
        f"table {table['name']}: {table['corner']}, {supplies(table)}, "
        f"{table['temperature_K'] - 273.15:.4g} degC, "
        f"sub-arrays of {table['rows']} rows x {table['columns']} columns",
    ]
    return lines + [line for line in (*report.widths_said, report.batch_said) if line]


def supplies(table: dict[str, Any]) -> str:
    """The supply, and that of writing where it is another one."""
    said = f", {table['vdd_from']}" if "vdd_from" in table else ""
    text = f"{table['vdd_V']:g} V{said}"
    return text if table["write_vdd_V"] is None else f"{text} (writes {table['write_vdd_V']:g} V)"


def layer_table(report: Report, *, full: bool) -> tuple[Sequence[str], list[list[str]]]:
    """Header and rows of the layers and their total; `full` has a row for each layer."""

    def line(row: Row) -> list[str]:
        layer = row.layers[0]
        widths = f"{layer.weight_bits}:{layer.activation_bits}" if layer.macs else "-"
        subarrays = sum(one.subarrays for one in row.layers)
        return [
            row.name,
            short(layer.macs * len(row.layers) / 1e6) if layer.macs else "-",
            widths,
            str(subarrays) if subarrays else "-",
            *map(_percent, (layer.utilization, layer.amplifier_utilization)),
            short(row.energy * 1e6),
            f"{100 * row.energy / report.energy:.1f}",
            short(row.latency * 1e6),
        ]

    figures = report.figures
    total = [
        "total",
        short(report.macs / 1e6),
        "",
        str(report.subarrays),
        *map(_percent, (report.utilization, None if figures is None else figures.amplifier_cycles)),
        short(report.energy * 1e6),
        "100.0",
        short(report.latency * 1e6),
    ]
    rows, others = (single_rows(report.layers), []) if full else few_rows(report.layers)
    lines = [line(row) for row in rows]
    if others:
        lines.append(_others(report, others))
    return _LAYER_HEADER, [*lines, total]


_LAYER_HEADER = (
    "layer", "M MACs", "W:A", "sub-arrays", "cells %", "amps %", "energy uJ", "%", "latency us",
)  # fmt: skip


def _percent(share: float | None) -> str:
    return "-" if share is None else short(100 * share)


def _others(report: Report, rows: Sequence[Row]) -> list[str]:
    """One line for the layers that have none of their own."""
    layers = [layer for row in rows for layer in row.layers]
    energy = sum(row.energy for row in rows)
    return [
        f"and {len(layers)} more",
        short(sum(layer.macs for layer in layers) / 1e6),
        "",
        str(sum(layer.subarrays for layer in layers)),
        "",
        "",
        short(energy * 1e6),
        f"{100 * energy / report.energy:.1f}",
        short(sum(row.latency for row in rows) * 1e6),
    ]


_SMALL_COMPONENT = 0.01


def component_table(report: Report, *, full: bool) -> tuple[Sequence[str], list[list[str]]]:
    """Header and rows of the components, largest first; `full` has those of nothing, too."""
    ranked = sorted(report.components.items(), key=lambda item: -item[1])
    least = 0.0 if full else _SMALL_COMPONENT * report.energy
    shown = [(name, energy) for name, energy in ranked if full or energy >= least]
    small = [energy for _, energy in ranked[len(shown) :] if energy]
    if small:
        shown.append((f"{len(small)} smaller", sum(small)))
    rows = [
        [
            name,
            short(energy * 1e6),
            f"{100 * energy / report.energy:.1f}",
            short(energy / report.and_operations * 1e15),
        ]
        for name, energy in shown
    ]
    return ("component", "energy uJ", "%", "fJ an AND"), rows


def _areas(report: Report) -> str:
    ranked = sorted(report.area_components.items(), key=lambda item: -item[1])
    return "area in mm2: " + ", ".join(f"{name} {short(area * 1e6)}" for name, area in ranked)


_SHOWN_SHARE = 0.02


def _intervals(report: Report) -> str:
    found = report.uncertainty
    if found is None:
        return ""
    lines = []
    for name, interval, scale, unit in (
        ("energy", found.energy, 1e6, "uJ"),
        ("latency", found.latency, 1e3, "ms"),
        ("area", found.area, 1e6, "mm2"),
    ):
        known = [f"{source} {100 * part:.0f} %" for source, part in interval.ranked]
        shown = [
            text
            for text, (_, part) in zip(known, interval.ranked, strict=True)
            if part > _SHOWN_SHARE
        ]
        low, high = _digits(interval.low * scale), _digits(interval.high * scale)
        if low == high:
            # Nothing that is uncertain changes what is printed.
            continue
        rest = 1 - sum(part for _, part in interval.ranked if part > _SHOWN_SHARE)
        if shown and rest > _SHOWN_SHARE:
            shown.append(f"others and several together {100 * rest:.0f} %")
        lines.append(
            f"  {name} {low} to {high} {unit}, "
            f"median {_digits(interval.median * scale)} {unit}"
            + (f": {', '.join(shown)}" if shown else "")
        )
    lines += [f"  not known: {sentence}" for sentence in found.unknown]
    if not lines:
        return ""
    head = f"95 % of {found.samples} samples of what is uncertain, and shares in the variance:"
    return "\n".join([head, *lines])


def _digits(value: float) -> str:
    """Three digits, or as many as stand before the point."""
    return f"{value:.3g}" if abs(value) < 1e3 else f"{value:.0f}"


def _wrong_senses(report: Report) -> str:
    found = report.sense_errors
    if found is None:
        return (
            "wrong ANDs: the table has no statistics of random devices under these conditions "
            "(a plan's [statistics] simulates them)"
        )
    worst = max(found.by_operands, key=lambda operands: found.by_operands[operands])
    return (
        f"wrong ANDs: {short(found.wrong)} of {report.and_operations} an image, rate "
        f"{found.rate:.2g} (95 %: {found.low:.2g} to {found.high:.2g}; operands {worst}: "
        f"{found.by_operands[worst]:.2g}), devices varied as in '{found.variation}'"
    )


def _references(report: Report) -> str:
    lines: list[str] = []
    beside = ""
    for entry in report.references:
        if entry.name != beside:
            lines.append(f"beside {entry.name}:")
            beside = entry.name
        scale, unit = SHOWN_UNITS[entry.quantity]
        lines.append(
            f"  {short(entry.ours * scale)} {unit} here, "
            f"{entry.published * scale:.5g} {unit} published, ratio {entry.ratio:.3g}"
        )
    if report.references:
        lines.append(f"  there: {report.references[0].conditions}")
        lines.append(f"  here: {_own_conditions(report)}; nothing is tuned to the published figure")
    return "\n".join(lines)


def _own_conditions(report: Report) -> str:
    """What a published figure has to be held against."""
    options = report.boundary.options
    layers = ", ".join(layer.name for layer in report.layers if layer.macs)
    return (
        f"{report.widths}, "
        f"input {' x '.join(map(str, report.input_shape))}, layers {layers}, columns without "
        f"operands {'not fired' if options['gate_unused_columns'] else 'fired'}, "
        f"{report.subarrays} sub-arrays of {short(report.one_subarray_area * 1e6)} mm2 each, "
        f"{report.sense_cycles} sense cycles, writing of inputs "
        f"{'counted' if options['count_input_writes'] else 'not counted'}"
    )


def uncounted_sentences(report: Report) -> list[str]:
    """What of the network has no share in the figures, and what has no room on the chip."""
    tight = [one for one in report.boundary.layout if "does not fit" in one]
    return [*report.boundary.uncounted, *tight]


def _left_out(report: Report) -> str:
    """What of the network is not counted, what has no room, and where the rest is told."""
    said = uncounted_sentences(report)
    lines = ["not counted:", *(f"  - {sentence}" for sentence in said)]
    if not said:
        lines = ["not counted: nothing of the network itself"]
    around = len(report.boundary.not_counted) - len(report.boundary.uncounted)
    return "\n".join(
        [
            *lines,
            f"all layers and components, what is counted and what is not ({around} things around "
            "the network), layout, assumptions, options: --full or --json",
        ]
    )


def boundary_lists(report: Report) -> list[tuple[str, list[str]]]:
    """What is counted and what is not, the layout, constants and options, by title."""
    found = report.boundary
    return [
        ("counted", list(found.counted)),
        ("not counted", list(found.not_counted)),
        ("layout", list(found.layout)),
        (
            "assumptions",
            [
                f"{name} = {one['value']:g} {one['unit']} [{one['tag']}]: {one['meaning']}"
                for name, one in found.assumptions.items()
            ],
        ),
        ("options", [f"{name}={value}" for name, value in found.options.items()]),
    ]


def _boundary(report: Report) -> str:
    *lists, (last, options) = boundary_lists(report)
    lines = [
        line for title, entries in lists for line in (f"{title}:", *(f"  - {x}" for x in entries))
    ]
    return "\n".join([*lines, f"{last}: {', '.join(options)}"])
