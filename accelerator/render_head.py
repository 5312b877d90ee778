"""The head of a report: the figures that an architect looks at first."""

from __future__ import annotations

from accelerator.alignment import short
from accelerator.figures import Figures, PerWidth
from accelerator.grouping import equals_of
from accelerator.report import Report


def render_head(report: Report) -> str:
    """Energy, time, area and what follows from them, a line each."""
    pairs = head_lines(report)
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name.ljust(width)}  {text}" for name, text in pairs)


def head_lines(report: Report) -> list[tuple[str, str]]:
    """Name and text of each line."""
    return [(name, text) for name, text in _lines(report) if text]


def _lines(report: Report) -> list[tuple[str, str]]:
    found = report.figures
    ands = f"{short(report.energy / report.and_operations * 1e15)} fJ a bit-wise AND"
    area = (
        f"{short(report.area * 1e6)} mm2, of which {report.subarrays} sub-arrays with weights "
        f"{short(report.subarray_area * 1e6)} mm2"
    )
    if found is None:
        return [
            ("energy", f"{short(report.energy * 1e6)} uJ an image, {ands}"),
            ("latency", f"{short(report.latency * 1e3)} ms"),
            ("area", area),
        ]
    return [
        ("energy", f"{short(report.energy * 1e6)} uJ an image, {ands}"),
        ("latency", _latency(report)),
        ("area", area),
        (
            "power",
            f"{short(report.power * 1e3)} mW; energy x delay {found.energy_delay:.4g} J s",
        ),
        (
            "TOPS",
            f"{_per_width(found.tops)}; peak {_per_width(found.peak_tops)}",
        ),
        ("TOPS/W", _per_width(found.tops_per_w)),
        (
            "TOPS/mm2",
            f"{_per_width(found.tops_per_mm2)}; peak {_per_width(found.peak_tops_per_mm2)}",
        ),
        (
            "",
            "(2 operations a MAC at these widths; in brackets one-bit-normalised: times W x A)",
        ),
        (
            "used",
            f"{100 * found.cells:.3g} % of the cells, {100 * found.amplifier_cycles:.3g} % of "
            "the amplifiers' cycles",
        ),
        ("pace", _pace(report, found)),
        ("copies", _copies(found)),
    ]


def _per_width(value: PerWidth) -> str:
    return f"{short(value.own)} ({short(value.one_bit)})"


def _latency(report: Report) -> str:
    text = f"{short(report.latency * 1e3)} ms"
    if report.pace is not None:
        text += f", an image each {short(report.interval * 1e3)} ms"
    return f"{text}, {short(report.images_per_s)} images/s"


def _pace(report: Report, found: Figures) -> str:
    if report.pace is not None:
        # Of images that follow each other, the layer or what all layers share.
        wait = f", by {found.pace_resource}" if found.pace_layer else ""
        return f"set by {report.pace.bottleneck}{wait}"
    wait = f", by {found.pace_resource}" if found.pace_resource else ""
    alike = equals_of(report.layers, found.pace_layer)
    share = found.pace_share * len(alike.layers)
    return f"set by {alike.name}{wait}: {100 * share:.3g} % of the latency"


def _copies(found: Figures) -> str:
    if not found.useful_copies:
        return ""
    if found.useful_copies == 1:
        return "of layers make none of them faster"
    return f"beyond {found.useful_copies} of each layer make none faster ({found.copies_layer})"
