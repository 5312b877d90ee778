"""A report as text and as rows of a CSV file; nothing is printed or written here."""

from __future__ import annotations

from typing import Any

from accelerator.alignment import aligned, short
from accelerator.report import LayerReport, Report

SHOWN_UNITS = {
    "energy_J": (1e6, "uJ"),
    "latency_s": (1e3, "ms"),
    "subarray_area_m2": (1e6, "mm2"),
}


def render_text(report: Report) -> str:
    """The whole report for a terminal."""
    sections = (
        _heading(report),
        _layers(report),
        _components(report),
        _totals(report),
        _intervals(report),
        _wrong_senses(report),
        _references(report),
        _boundary(report),
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
            *(layer.components[name] for name in names),
        ]
        for layer in report.layers
    ]
    return [header, *rows]


def _heading(report: Report) -> str:
    table = report.table
    shape = " x ".join(map(str, report.input_shape))
    return (
        f"{report.network}  {report.widths}  "
        f"input {shape}  ({report.network_source})\n"
        f"table {table['name']}: {table['corner']}, {supplies(table)}, "
        f"{table['temperature_K'] - 273.15:.4g} degC, "
        f"sub-arrays of {table['rows']} rows x {table['columns']} columns"
        + "".join(
            f"\n{sentence}" for sentence in (*report.widths_said, report.batch_said) if sentence
        )
    )


def supplies(table: dict[str, Any]) -> str:
    """The supply, and that of writing where it is another one."""
    said = f", {table['vdd_from']}" if "vdd_from" in table else ""
    text = f"{table['vdd_V']:g} V{said}"
    return text if table["write_vdd_V"] is None else f"{text} (writes {table['write_vdd_V']:g} V)"


def _layers(report: Report) -> str:
    def row(layer: LayerReport) -> list[str]:
        widths = f"{layer.weight_bits}:{layer.activation_bits}" if layer.macs else "-"
        return [
            layer.name,
            short(layer.macs / 1e6) if layer.macs else "-",
            widths,
            str(layer.subarrays) if layer.subarrays else "-",
            "-" if layer.utilization is None else short(100 * layer.utilization),
            short(layer.energy * 1e6),
            f"{100 * layer.energy / report.energy:.1f}",
            short(layer.latency * 1e6),
        ]

    total = [
        "total",
        short(report.macs / 1e6),
        "",
        str(report.subarrays),
        short(100 * report.utilization),
        short(report.energy * 1e6),
        "100.0",
        short(report.latency * 1e6),
    ]
    header = ("layer", "M MACs", "W:A", "sub-arrays", "cells %", "energy uJ", "%", "latency us")
    return aligned(header, [*map(row, report.layers), total])


def _components(report: Report) -> str:
    ranked = sorted(report.components.items(), key=lambda item: -item[1])
    rows = [
        [
            name,
            short(energy * 1e6),
            f"{100 * energy / report.energy:.1f}",
            short(energy / report.and_operations * 1e15),
        ]
        for name, energy in ranked
    ]
    return aligned(("component", "energy uJ", "%", "fJ an AND"), rows)


def _totals(report: Report) -> str:
    area = ", ".join(
        f"{name} {short(value * 1e6)}"
        for name, value in sorted(report.area_components.items(), key=lambda item: -item[1])
    )
    return (
        f"energy {short(report.energy * 1e6)} uJ an image, "
        f"{short(report.energy / report.and_operations * 1e15)} fJ a bit-wise AND, "
        f"{short(report.tops_per_w)} TOPS/W (2 operations a MAC at these widths)\n"
        f"latency {short(report.latency * 1e3)} ms, {_pace(report)}"
        f"{short(report.images_per_s)} images/s, {short(report.power * 1e3)} mW, "
        f"{report.sense_cycles} sense cycles of a sub-array\n"
        f"area {short(report.area * 1e6)} mm2: {area} mm2;\n"
        f"  {report.subarrays} sub-arrays with weights occupy "
        f"{short(report.subarray_area * 1e6)} mm2"
    )


def _pace(report: Report) -> str:
    if report.pace is None:
        return ""
    return f"an image each {short(report.interval * 1e3)} ms (set by {report.pace.bottleneck}), "


_SHOWN_SHARE = 0.02


def _intervals(report: Report) -> str:
    found = report.uncertainty
    if found is None:
        return ""
    lines = [f"95 % of {found.samples} samples of what is uncertain, and shares in the variance:"]
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
        rest = 1 - sum(part for _, part in interval.ranked if part > _SHOWN_SHARE)
        if shown and rest > _SHOWN_SHARE:
            shown.append(f"others and several together {100 * rest:.0f} %")
        lines.append(
            f"  {name} {_digits(interval.low * scale)} to {_digits(interval.high * scale)} {unit}, "
            f"median {_digits(interval.median * scale)} {unit}"
            + (f": {', '.join(shown)}" if shown else "")
        )
    lines += [f"  not known: {sentence}" for sentence in found.unknown]
    return "\n".join(lines)


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
    lines = []
    for entry in report.references:
        scale, unit = SHOWN_UNITS[entry.quantity]
        lines.append(
            f"beside {entry.name}: {short(entry.ours * scale)} {unit} here, "
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


def _boundary(report: Report) -> str:
    lines = ["counted:"]
    lines += [f"  - {sentence}" for sentence in report.boundary.counted]
    lines.append("not counted:")
    lines += [f"  - {sentence}" for sentence in report.boundary.not_counted]
    lines.append("layout:")
    lines += [f"  - {sentence}" for sentence in report.boundary.layout]
    lines.append("assumptions:")
    lines += [
        f"  - {name} = {entry['value']:g} {entry['unit']} [{entry['tag']}]: {entry['meaning']}"
        for name, entry in report.boundary.assumptions.items()
    ]
    lines.append(
        "options: "
        + ", ".join(f"{name}={value}" for name, value in report.boundary.options.items())
    )
    return "\n".join(lines)
