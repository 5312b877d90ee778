"""An explanation as text."""

from __future__ import annotations

from typing import Any

from accelerator.alignment import aligned, short
from accelerator.explanation.explanation import Constant, Explanation
from accelerator.explanation.readings import Reading
from accelerator.explanation.terms import LEAKAGE

_SMALL = 1e-3
_HASH = 12


def render_explanation(found: Explanation) -> str:
    """The whole walk for a terminal."""
    kept = [term for term in found.terms if abs(term.energy) >= _SMALL * abs(found.energy)]
    shown = {term.figure for term in kept}
    sections = (
        _heading(found),
        _terms(found, len(kept)),
        _constants(found),
        _rows(found, shown),
        _makings(found, {row.group for name in shown for row in found.figures.get(name, ())}),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _heading(found: Explanation) -> str:
    report = found.estimate.report
    layer = "all layers" if found.layer is None else f"layer {found.layer}"
    what = "all components" if found.component is None else f"component {found.component}"
    return (
        f"{report['network']}, {layer}, {what}: {short(found.energy * 1e6)} uJ, "
        f"{100 * found.energy / found.total:.3g} % of {short(found.total * 1e6)} uJ an image"
    )


def _terms(found: Explanation, kept: int) -> str:
    rows = [
        [
            term.component,
            term.count or "-",
            f"{term.number:.6g}" if term.count else "-",
            term.figure,
            _each(term.figure, term.each),
            f"{term.factor:.4g} s" if term.component == LEAKAGE else f"{term.factor:.4g}",
            short(term.energy * 1e6),
            f"{100 * term.energy / found.energy:.1f}",
        ]
        for term in found.terms[:kept]
    ]
    rest = sum(term.energy for term in found.terms[kept:])
    if len(found.terms) > kept:
        rows.append([f"{len(found.terms) - kept} smaller terms", *[""] * 5, short(rest * 1e6), ""])
    header = ("component", "count", "number", "figure", "each", "factor", "energy uJ", "%")
    return aligned(header, rows, texts=(0, 1, 3))


def _each(figure: str, value: float) -> str:
    if figure.endswith("leakage_power"):
        return f"{value * 1e9:.4g} nW"
    return f"{value * 1e15:.4g} fJ"


def _constants(found: Explanation) -> str:
    if not found.constants:
        return ""
    lines = ["constants behind the factors, and percent of energy for a percent of each:"]
    lines += [
        f"  {name} = {_amount(one)} [{one.assumption.tag}] {one.elasticity:+.3g}"
        for name, one in found.constants.items()
    ]
    return "\n".join(lines)


def _amount(constant: Constant) -> str:
    one = constant.assumption
    return f"{one.value:g}" if one.unit == "1" else f"{one.value:g} {one.unit}"


def _rows(found: Explanation, shown: set[str]) -> str:
    lines = [f"rows of the table {found.estimate.report['table']['path']}:"]
    for figure, rows in found.figures.items():
        if figure in shown:
            lines.append(f"  {figure}")
            lines += [f"    {_row(row)}" for row in rows]
    return "\n".join(lines)


def _row(row: Reading) -> str:
    where = " ".join(f"{name}={_place(value)}" for name, value in row.place.items())
    share = "" if abs(row.share - 1) < 1e-9 else f", share {row.share:.3g}"
    return f"{row.group}/{row.variable} {where} = {row.value:.5g} {row.units}{share}".replace(
        "  ", " "
    )


def _place(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _makings(found: Explanation, groups: set[str]) -> str:
    """Netlists, design, models and the device's parameters with their sources."""
    made = found.to_dict()
    lines = ["netlists of these rows (see them with `mramcim netlist`):"]
    lines += [
        f"  {group}: {entry['description']}, sha256 {entry['sha256'][:_HASH]}"
        for group, entry in made["netlists"].items()
        if group in groups
    ]
    design, device, models = made["design"], made["device"], made["models"]
    if design is None or device is None or models is None:
        return "\n".join([*lines, "the table does not say what else it was made of"])
    corner = found.estimate.conditions.corner
    lines.append(
        f"design {design['name']}, amplifier {design['amplifier']}; technology "
        f"{design['technology']}, models of {corner} sha256 {str(models.get(corner))[:_HASH]}"
    )
    lines.append(f"device {device['name']}, sha256 {device['sha256'][:_HASH]}:")
    lines += [
        f"  {name} = {one['value_SI']:.6g} (SI) [{one['tag']}] {one['source']}"
        for name, one in device["parameters"].items()
    ]
    return "\n".join(lines)
