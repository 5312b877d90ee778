"""The study as text: a table for each number of bits, and what is above the share of MACs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from accelerator.adaptive.costing import Costs
from accelerator.adaptive.setting import Record, Spread
from accelerator.adaptive.study import BitsResult, OnChip
from accelerator.alignment import aligned

_NAMED = 0.001
"""Of the widest network's energy: a component's excess that is named."""


def render_study(
    record: Record, results: Sequence[BitsResult], networks: dict[str, dict[float, Costs]]
) -> str:
    """The tables of trained networks, and costs of larger ones that were not trained."""
    setting = record.setting
    lines = [
        f"{setting.network().name} of {', '.join(map(str, setting.channels))} channels, stem of "
        f"stride {setting.stem_stride}, {setting.dataset} at {setting.image[1]} x "
        f"{setting.image[1]}: {record.learnt_images} images learnt, {record.tested_images} others "
        f"tested; {setting.epochs} epochs, lambda {setting.mixture:g}, seeds "
        f"{', '.join(map(str, setting.seeds))}",
    ]
    for result in results:
        lines += ["", *_table(result)]
    for name, costs in networks.items():
        lines += ["", *_untrained(name, costs)]
    lines += [
        "",
        "together, alone: accuracy on the test images, mean and standard deviation over the seeds,",
        "trained with the other widths and alone; alone uJ, ms, mm2: on a chip of its own.",
        "kernels: neighbours in a sub-array (blocks), or spread over all of a layer's.",
        "above MACs: energy above the share of MACs, of the widest network's energy.",
    ]
    return "\n".join(lines) + "\n"


def _table(result: BitsResult) -> list[str]:
    alone = sum(one.weight_bits for one in result.widths)
    rows = [
        [
            f"{one.width:g}",
            _accuracy(one.together),
            _accuracy(one.alone),
            f"{one.macs / 1e6:.3f}",
            f"{one.mac_ratio:.3f}",
            f"{one.weight_bits / 1e3:.4g}",
            f"{one.own_energy * 1e6:.4g}",
            f"{one.own_latency * 1e3:.3g}",
            f"{one.own_area * 1e6:.3g}",
        ]
        for one in result.widths
    ]
    heading = ("width", "together %", "alone %", "M MACs", "share", "kbit", "alone uJ", "ms", "mm2")
    return [
        f"W{result.bits}:A{result.bits}: {result.subarrays} sub-arrays and {result.area * 1e6:.3g} "
        f"mm2 for all widths, {result.weight_bits / 1e3:.4g} kbit of weights once "
        f"({alone / 1e3:.4g} as separate networks), {result.normalizations} channels normalized",
        aligned(heading, rows),
        "",
        _on_chip([(one.width, one.on_chip) for one in result.widths]),
    ]


def _on_chip(widths: Sequence[tuple[float, dict[str, OnChip]]]) -> str:
    rows = [
        [
            f"{width:g}",
            order,
            f"{one.energy * 1e6:.4g}",
            f"{one.energy_ratio:.3f}",
            f"{one.latency * 1e3:.4g}",
            f"{one.latency_ratio:.3f}",
            str(one.active_subarrays),
            f"{one.active_area * 1e6:.4g}",
            _above(one.excess),
        ]
        for width, orders in widths
        for order, one in orders.items()
        if any(one.excess.values()) or order == "blocks"
    ]
    heading = (
        "width", "kernels", "uJ", "share", "ms", "share", "sub-arrays", "active mm2", "above MACs"
    )  # fmt: skip
    return aligned(heading, rows, texts=(0, 1, 8))


def _untrained(name: str, costs: dict[float, Costs]) -> list[str]:
    widest = costs[max(costs)]
    shares = ", ".join(f"{w:g}: {one.own.macs / widest.own.macs:.3f}" for w, one in costs.items())
    found = [
        (width, {order: OnChip.of(report, widest.by_order[order])
                 for order, report in one.by_order.items()})
        for width, one in costs.items()
    ]  # fmt: skip
    return [
        f"{name} {widest.own.widths}, counted and costed only: {widest.own.subarrays} sub-arrays, "
        f"{widest.own.area * 1e6:.4g} mm2; share of {widest.own.macs / 1e6:.1f} M MACs {shares}",
        _on_chip(found),
    ]


def _accuracy(spread: Spread) -> str:
    beside = "" if isnan(spread.deviation) else f" +- {100 * spread.deviation:.2f}"
    return f"{100 * spread.mean:.2f}{beside}"


def _above(shares: dict[str, float]) -> str:
    """Components that take more than their share, largest first."""
    named = [(share, name) for name, share in shares.items() if abs(share) >= _NAMED]
    rest = sum(share for share in shares.values() if abs(share) < _NAMED)
    parts = [f"{name} {100 * share:.1f} %" for share, name in sorted(named, reverse=True)]
    return ", ".join([*parts, f"others {100 * rest:.1f} %"]) if named else "none"
