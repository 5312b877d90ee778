"""A comparison as text and as rows of a CSV file; nothing is printed or written here."""

from __future__ import annotations

from typing import Any

from accelerator.alignment import aligned, short
from accelerator.comparison import DESCRIPTIONS, Comparison, Entry
from accelerator.render import supplies
from accelerator.report import Report

_HEADER = (
    "table",
    *DESCRIPTIONS,
    "energy uJ",
    "ratio",
    "latency ms",
    "ratio",
    "area mm2",
    "ratio",
    "power mW",
    "TOPS/W",
    "largest component",
)
_TEXTS = (0, 1, 2, 3, len(_HEADER) - 1)


def render_comparison(comparison: Comparison) -> str:
    """One line for each table, for a terminal."""
    report = comparison.reports[0]
    table = report.table
    shape = " x ".join(map(str, report.input_shape))
    others = f"ratio: over {comparison.first.name}"
    if report.boundary.options["first_last"] is not None:
        others += f"; first and last layer: {report.boundary.options['first_last']}"
    others += "".join(f"; {one}" for one in (*report.widths_said, report.batch_said) if one)
    return (
        f"{report.network}  {report.widths}  input {shape}; "
        f"{table['corner']}, {supplies(table)}, {table['temperature_K'] - 273.15:.4g} degC, "
        f"sub-arrays of {table['rows']} rows x {table['columns']} columns\n\n"
        + aligned(_HEADER, [_line(comparison, entry) for entry in comparison.entries], _TEXTS)
        + f"\n\n{others}\n"
    )


def _line(comparison: Comparison, entry: Entry) -> list[str]:
    head = [entry.name, *(getattr(entry, what) or "-" for what in DESCRIPTIONS)]
    report = entry.report
    if report is None:
        figures = ["-"] * (len(_HEADER) - len(head) - 1)
        return [*head, *figures, f"refused: {entry.refusal}"]
    ratios = {name: f"{value:.3g}" for name, value in comparison.ratios(report).items()}
    name, energy = largest_component(report)
    return [
        *head,
        short(report.energy * 1e6),
        ratios["energy"],
        short(report.latency * 1e3),
        ratios["latency"],
        short(report.area * 1e6),
        ratios["area"],
        short(report.power * 1e3),
        short(report.tops_per_w),
        f"{name} {100 * energy / report.energy:.0f} %",
    ]


def largest_component(report: Report) -> tuple[str, float]:
    """Name and energy (J) of the component that takes most."""
    return max(report.components.items(), key=lambda item: item[1])


def comparison_csv_rows(comparison: Comparison) -> list[list[Any]]:
    """Header and a row for each table in SI units; cells of a refused one are empty."""
    names = list(comparison.reports[0].components)
    header = [
        "table",
        "path",
        *DESCRIPTIONS,
        "energy_J",
        "energy_ratio",
        "latency_s",
        "latency_ratio",
        "area_m2",
        "area_ratio",
        "power_W",
        "images_per_s",
        "TOPS_per_W",
        "largest_component",
        *(f"{name}_J" for name in names),
        "refused",
    ]
    rows = []
    for entry in comparison.entries:
        head = [entry.name, entry.path, *(getattr(entry, what) for what in DESCRIPTIONS)]
        report = entry.report
        if report is None:
            rows.append([*head, *[""] * (len(header) - len(head) - 1), entry.refusal])
            continue
        ratios = comparison.ratios(report)
        components = report.components
        rows.append(
            [
                *head,
                report.energy,
                ratios["energy"],
                report.latency,
                ratios["latency"],
                report.area,
                ratios["area"],
                report.power,
                report.images_per_s,
                report.tops_per_w,
                largest_component(report)[0],
                *(components[name] for name in names),
                "",
            ]
        )
    return [header, *rows]
