"""The study as text."""

from __future__ import annotations

from collections.abc import Sequence

from accelerator.stochastic.scores import SERIES, Spread
from accelerator.stochastic.study import Study, YearPoint

SHOWN_YEARS = (0.0, 1.0, 10.0)


def render_study(study: Study) -> str:
    """Tables of everything."""
    return "\n\n".join(
        [
            _trainings(study),
            _errors(study),
            _widths(study),
            _costs(study),
            _years(study),
            _transform(study),
        ]
    )


def _trainings(study: Study) -> str:
    floats = Spread(tuple(once.accuracy for once in study.stored.trainings))
    seeds = ", ".join(str(once.seed) for once in study.stored.trainings)
    return (
        f"{study.stored.network.name} on {study.stored.dataset}, seeds {seeds}: "
        f"{_percent(floats)} in floating point"
    )


def _errors(study: Study) -> str:
    rows = [
        [f"{entry['bits']}", f"{entry['largest_error']:.3f}", f"{entry['bound']:.1f}"]
        for entry in study.errors
    ]
    return _table(
        "error of a product in its last place, all pairs tried",
        ["bits", "largest", "bound N/2"],
        rows,
    )


def _widths(study: Study) -> str:
    rows = [
        [
            f"{score.bits}",
            f"{score.cycles.mean:.1f}",
            *(_percent(score.accuracy[name]) for name in SERIES),
        ]
        for score in study.widths
    ]
    heads = ["bits", "cycles", "stochastic", "exact", "stochastic, stored", "exact, stored"]
    return _table(
        "accuracy by width, mean and standard deviation over seeds: low bits cut off while it "
        "runs,\nand operands stored in the width; mean cycles of a product",
        heads,
        rows,
    )


def _costs(study: Study) -> str:
    rows = [
        [
            f"{cost.bits}",
            f"{cost.energy * 1e9:.1f}",
            f"{cost.leakage * 1e9:.1f}",
            f"{cost.time * 1e6:.1f}",
            f"{cost.waiting:.1%}",
        ]
        for cost in study.costs
    ]
    other = study.bitwise
    rows.append(["AND", f"{other['energy_J'] * 1e9:.1f}", "", f"{other['time_s'] * 1e6:.1f}", ""])
    longest = max(study.paths, key=lambda name: study.paths[name])
    return _table(
        "an image on one group of lanes, new; AND: bit-wise on sub-arrays at W8:A8",
        ["bits", "nJ", "leakage nJ", "us", "waiting"],
        rows,
    ) + (
        f"\nclock: {1e-6 / study.paths[longest]:.1f} MHz by the path of the {longest}; "
        f"{study.area * 1e6:.3f} mm2 against {other['area_m2'] * 1e6:.3f} mm2"
    )


def _years(study: Study) -> str:
    if not study.years:
        return f"no years: {study.missing}"
    parts = []
    for temperature in dict.fromkeys(point.temperature for point in study.years):
        shown = [
            point
            for point in study.years
            if point.temperature == temperature and point.years in SHOWN_YEARS
        ]
        parts.append(
            _table(
                f"at {temperature - 273.15:.0f} degC",
                ["policy", "years", "MHz", "bits", "accuracy", "rate", "mW", "active mW"],
                [_year_row(point) for point in shown],
            )
        )
    return "\n\n".join(parts)


def _year_row(point: YearPoint) -> list[str]:
    return [
        point.policy,
        f"{point.years:g}",
        f"{point.frequency * 1e-6:.1f}",
        f"{point.bits.mean:.2f}",
        _percent(point.accuracy),
        f"{point.relative_rate.mean:.3f}",
        f"{point.power.mean * 1e3:.3f}",
        f"{point.active_power.mean * 1e3:.3f}",
    ]


def _transform(study: Study) -> str:
    if not study.transform:
        return "no DCT of a photograph: it comes with scikit-learn, which is not installed"
    rows = [
        [f"{entry['bits']}", f"{entry['stochastic_dB']:.2f}", f"{entry['exact_dB']:.2f}"]
        for entry in study.transform
    ]
    return _table(
        "PSNR of a photograph after DCT and back [dB]", ["bits", "stochastic", "exact"], rows
    )


def _percent(spread: Spread) -> str:
    return f"{spread.mean * 100:.2f} +- {spread.deviation * 100:.2f} %"


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in (heads, *rows)
    ]
    return "\n".join([title, *lines])
