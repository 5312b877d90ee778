"""Differences between two reports as text."""

from __future__ import annotations

from collections.abc import Sequence

from accelerator.alignment import aligned, short
from accelerator.explanation.differences import Difference, Differences
from accelerator.names import printable

_MOST_SHOWN = 15
_UNITS = {
    "energy": (1e6, "energy uJ"),
    "latency": (1e3, "latency ms"),
    "interval": (1e3, "interval ms"),
    "area": (1e6, "area mm2"),
    "power": (1e3, "power mW"),
    "subarrays": (1.0, "sub-arrays"),
}


def render_differences(found: Differences, files: tuple[str, str], *, full: bool = False) -> str:
    """Totals, then energy by layer and component, by component and by layer, time and area.

    Without `full` the smaller differences of each table are told by their number.
    """
    first, second = (
        f"{printable(name)} ({printable(file)})"
        for name, file in zip(found.names, files, strict=True)
    )
    sections = [f"{second} over {first}" + (": the figures are the same" if found.same else "")]
    if found.chosen:
        rows = [
            [printable(name), *(printable(str(value)) for value in pair)]
            for name, pair in found.chosen.items()
        ]
        most = len(rows) if full else _MOST_SHOWN
        text = aligned(("chosen", "first", "second"), rows[:most], texts=(0, 1, 2))
        sections.append(text + _more(len(rows) - most))
    totals = [[_UNITS[one.name][1], *_numbers(one, _UNITS[one.name][0])] for one in found.totals]
    sections.append(aligned(("total", *_HEAD), totals))
    cells = [([printable(cell.layer), cell.component], cell.energy) for cell in found.cells]
    sections += [
        _table(("layer", "component", *_heads("energy")), cells, "energy", full),
        _table(("component", *_heads("energy")), _named(found.components), "energy", full),
        *(
            _table(("layer", *_heads(figure)), _named(layers), figure, full)
            for figure, layers in found.layers.items()
        ),
        _table(("part of the area", *_heads("area")), _named(found.area), "area", full),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


_HEAD = ("first", "second", "change", "%")


def _heads(figure: str) -> tuple[str, ...]:
    return (f"{_UNITS[figure][1]} first", "second", "change", "%")


def _named(entries: Sequence[Difference]) -> list[tuple[list[str], Difference]]:
    return [([printable(one.name)], one) for one in entries]


def _table(
    header: Sequence[str], entries: Sequence[tuple[list[str], Difference]], figure: str, full: bool
) -> str:
    """A table of what differs, largest first; empty where nothing does."""
    differing = [(names, one) for names, one in entries if one.change or one.only]
    if not differing:
        return ""
    most = len(differing) if full else _MOST_SHOWN
    scale = _UNITS[figure][0]
    rows = [[*names, *_numbers(one, scale)] for names, one in differing[:most]]
    texts = tuple(range(len(differing[0][0])))
    return aligned(header, rows, texts=texts) + _more(len(differing) - most)


def _more(number: int) -> str:
    return f"\n... {number} smaller ones (--full, --json)" if number > 0 else ""


def _numbers(one: Difference, scale: float) -> list[str]:
    if one.only:
        percent = f"only in the {one.only}"
    elif one.percent is None:
        percent = "-" if not one.change else "from 0"
    else:
        percent = f"{one.percent:+.3g}"
    change = short(one.change * scale)
    return [
        short(one.first * scale),
        short(one.second * scale),
        change if one.change <= 0 else f"+{change}",
        percent,
    ]
