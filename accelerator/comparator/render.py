"""The study of comparisons as text."""

from __future__ import annotations

from collections.abc import Sequence

from accelerator.alignment import aligned, short
from accelerator.comparator.ratios import PUBLISHED, ratio, variants, widths
from accelerator.comparator.study import ADDED, Result, operations

_HEADER = (
    "network", "W:A", "accuracy %", "energy uJ", "latency us", "area mm2", "k MACs",
    "k compared", "k AND", "k XOR", "k OR", "k READ", "k cells written",
)  # fmt: skip
_KINDS = ("multiply_accumulates", "comparisons", "and", "xor", "or", "read", "cells_written")


def render_results(results: Sequence[Result]) -> str:
    """A row for each network."""
    return aligned(_HEADER, [_row(one) for one in results])


def _row(one: Result) -> list[str]:
    report, configuration, counted = one.report, one.configuration, operations(one.report)
    accuracy = "-"
    if one.trained is not None:
        accuracy = f"{100 * one.trained.mean:.2f} +- {100 * one.trained.spread:.2f}"
    learned = 2 if one.name in ("cmpnet", ADDED) else configuration.weight_bits
    return [
        one.name,
        f"{learned}:{configuration.activation_bits}",
        accuracy,
        short(report.energy * 1e6),
        short(report.latency * 1e6),
        f"{report.area * 1e6:.3g}",
        *(short(counted[kind] / 1e3) for kind in _KINDS),
    ]


def render_components(results: Sequence[Result]) -> str:
    """The largest components of each network's energy."""
    lines = []
    for one in results:
        ranked = sorted(one.report.components.items(), key=lambda item: -item[1])[:6]
        parts = ", ".join(f"{name} {100 * e / one.report.energy:.0f} %" for name, e in ranked)
        lines.append(f"  {one.name} {one.configuration.activation_bits} bit: {parts}")
    return "\n".join(lines)


def render_ratios(results: Sequence[Result]) -> str:
    """Ours beside the published ratios, at each width."""
    rows = [
        [
            f"{figure.quantity} of {figure.over} over {name}",
            *(short(ratio(results, figure, bits, name)) for bits in widths(results)),
            short(figure.value),
        ]
        for name in variants(results)
        for figure in PUBLISHED
    ]
    return aligned(("", *(f"{bits} bit" for bits in widths(results)), "published"), rows)
