"""CA-DNN (S. Yang, S. Angizi, D. Fan, ASP-DAC 2020) and the slimmable networks it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelerator.adaptive.costing import network_costs
from accelerator.adaptive.narrowing import WIDTHS, narrowed
from accelerator.adaptive.setting import read_record
from accelerator.adaptive.study import excess
from accelerator.networks import load_network
from accelerator.reproduction.row import Row

if TYPE_CHECKING:
    from lut import Table

_SLIMMABLE = "J. Yu et al., Slimmable Neural Networks, ICLR 2019; README of slimmable_networks"
_FLOPS = {0.25: 278e6, 0.5: 1.1e9, 0.75: 2.3e9, 1.0: 4.1e9}
_ERRORS = {0.25: 0.35, 0.5: 0.279, 0.75: 0.251, 1.0: 0.24}
_CA_DNN = "S. Yang, S. Angizi, D. Fan, ASP-DAC 2020, abstract"


def rows(table: Table) -> list[Row]:
    """Multiply-accumulates by width, and what of the paper has no figure to set ours beside."""
    return [*_counted(), *_energies(table), *_accuracies()]


def _counted() -> list[Row]:
    whole = load_network("resnet50")
    counted = {width: narrowed(whole, width).macs for width in WIDTHS}
    found = [
        Row(
            f"adaptive-macs-{width:g}",
            f"multiply-accumulates of ResNet-50 at width {width:g}, of the widest's",
            published / _FLOPS[1.0],
            counted[width] / counted[1.0],
            "1",
            f"{_SLIMMABLE} (ratio of the rounded totals there)",
            "224 x 224, all layers but the image and the classes narrowed",
            "counted; ceil(w C) channels, strides at the 3 x 3 windows",
        )
        for width, published in _FLOPS.items()
        if width < 1
    ]
    found.append(
        Row(
            "adaptive-macs-1",
            "multiply-accumulates of ResNet-50",
            _FLOPS[1.0],
            counted[1.0],
            "1",
            f"{_SLIMMABLE} (called FLOPs there)",
            "224 x 224",
            "counted",
        )
    )
    return found


def _energies(table: Table) -> list[Row]:
    """Energy of a width over that of the widest: the paper's trade-off, whose table is not open."""
    whole = load_network("resnet18")
    costs = network_costs({width: narrowed(whole, width) for width in WIDTHS}, 8, table)
    widest = costs[1.0].shared
    found = []
    for width in WIDTHS[:-1]:
        one, spread = costs[width].shared, costs[width].spread
        leakage = excess(one, widest)["leakage"]
        found.append(
            Row(
                f"adaptive-energy-{width:g}",
                f"energy of an image of ResNet-18 at width {width:g}, of the widest's",
                None,
                one.energy / widest.energy,
                "1",
                f"{_CA_DNN}: a trade-off of width against energy, whose figures are not public",
                f"W8:A8, one copy; share of multiply-accumulates {one.macs / widest.macs:.3f}",
                f"one mapped set of weights, neighbouring kernels in a sub-array; {leakage:.3f} of "
                "the widest's energy is leakage above that share, as senses get fewer but do not "
                f"take as much less time; {spread.energy / widest.energy:.3f} with kernels spread "
                "over a layer's sub-arrays",
            )
        )
    return found


def _accuracies() -> list[Row]:
    record = read_record()
    setting = record.setting
    found = []
    for bits in setting.bits:
        gains = [
            record.spread(bits, width, "together").mean - record.spread(bits, width, "alone").mean
            for width in setting.widths
        ]
        found.append(
            Row(
                f"adaptive-gain-w{bits}a{bits}",
                f"accuracy of widths trained together minus alone, mean of widths, {bits} bits",
                None,
                sum(gains) / len(gains),
                "1",
                f"{_CA_DNN}: better than individually trained networks of the same size; no figure",
                "there: ResNet on CIFAR-10 and ImageNet; here: "
                f"{setting.network().name} on {setting.dataset}, {len(setting.seeds)} seeds",
                "by width "
                + ", ".join(f"{w:g}: {g:+.4f}" for w, g in zip(setting.widths, gains, strict=True)),
            )
        )
    found += [
        Row(
            f"adaptive-imagenet-{width:g}",
            f"top-1 error of slimmable ResNet-50 on ImageNet at width {width:g}",
            error,
            None,
            "1",
            _SLIMMABLE,
            "ImageNet, floating point",
            "ImageNet is not trained here: it needs data and weeks of processors",
        )
        for width, error in _ERRORS.items()
    ]
    return found
