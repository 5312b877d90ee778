"""Figures of accuracy-reconfigurable stochastic computing beside ours.

Liu, Yu, Peng, Tan, "Runtime Long-Term Reliability Management Using Stochastic Computing in DNNs",
ISQED 2021, and its precursor with a DCT, CASES 2020. Only their abstracts were read; the multiplier
is that of H. Sim and J. Lee, DAC 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelerator.datasets import DatasetError, load_dataset
from accelerator.prices import Conditions, read_prices
from accelerator.reproduction.row import Row
from accelerator.stochastic.image_cost import LaneMachine
from accelerator.stochastic.multiplier import largest_error
from accelerator.stochastic.policy import FEWER, THROTTLED
from accelerator.stochastic.stored import BITS, StoredNetworks
from accelerator.stochastic.study import ERROR_WIDTHS, TEMPERATURES, YearPoint, over_years
from accelerator.stochastic.transform import (
    as_network,
    peak_signal_to_noise,
    photograph,
    there_and_back,
)

if TYPE_CHECKING:
    from lut import Table

_NETWORKS = (
    "ISQED 2021, doi 10.1109/ISQED51717.2021.9424285, abstract: ten years of NBTI made up for with "
    "marginal loss of accuracy at the throughput of before or more, at lower active power"
)
_TRANSFORM = "CASES 2020, precursor of ISQED 2021, abstract of the authors' institute"
_THEIRS = "there: five-layer CNN, MNIST, Zynq-7000 xc7z045 by high-level synthesis"
_FRAME = "there: Spartan-6 XC6SLX45, frame size and images not stated in the abstract"
_LOST_DECIBELS = 10.67


def rows(table: Table) -> list[Row]:
    """All rows; those of ten years have no figure of ours on a table without aged blocks."""
    return [*_errors(), *_years(table), *_transform(table)]


def _errors() -> list[Row]:
    return [
        Row(
            f"stochastic-error-{bits}",
            f"largest error of a product of {bits} bits in its last place",
            bits / 2,
            largest_error(bits),
            "1",
            "bound N/2 of H. Sim, J. Lee, DAC 2017, recalled with high confidence",
            "both: counter-based multiplier, unsigned operands; ours over all pairs",
            "published is a bound that holds for every pair, ours the largest that there is",
        )
        for bits in ERROR_WIDTHS
    ]


def _years(table: Table) -> list[Row]:
    from lut import TableError

    stored = StoredNetworks.load()
    seeds = len(stored.trainings)
    hot = max(TEMPERATURES)
    conditions = (
        f"{_THEIRS}; here: {stored.network.name} on scikit-learn's digits, mean of {seeds} seeds, "
        f"{hot - 273.15:.0f} degC, 1 V, all bits new against ten years"
    )
    rests = "clock 1 over the path of the up-down counter from the table's aged blocks; "
    rate = loss = power = None
    try:
        points = over_years(stored, table, load_dataset("digits"), (hot,), (0.0, 10.0))
    except TableError as error:
        rests = f"none: {error}; "
    else:
        fast = {point.years: point for point in points if point.policy == FEWER}
        slow = {point.years: point for point in points if point.policy == THROTTLED}
        rate = fast[10.0].relative_rate.mean
        loss = fast[0.0].accuracy.mean - fast[10.0].accuracy.mean
        power = 1 - _active(slow[10.0]) / _active(slow[0.0])
        rests += f"{BITS - fast[10.0].bits.mean:.0f} of {BITS} bits dropped after ten years; "
    return [
        Row(
            "stochastic-throughput",
            "throughput after ten years over that of the first day, at least",
            1.0,
            rate,
            "1",
            _NETWORKS,
            conditions,
            rests + "the aged clock as fast as it can be",
        ),
        Row(
            "stochastic-accuracy-loss",
            "loss of accuracy after ten years",
            None,
            loss,
            "1",
            _NETWORKS + "; no number in it",
            conditions,
            rests + "bits cut off as they are, without training again",
        ),
        Row(
            "stochastic-active-power",
            "share of the active power saved at the first day's throughput",
            None,
            power,
            "1",
            _NETWORKS + "; no number in it",
            conditions,
            rests + "the clock as slow as that throughput allows; leakage, which stays, left out",
        ),
    ]


def _active(point: YearPoint) -> float:
    return point.active_power.mean


_FIRST_BIT = "PSNR lost by the first bit dropped from the operands of DCT and inverse"
_RATE = "frames a second, ten years of NBTI made up for"
_POWER = f"share of the power saved at {_LOST_DECIBELS} dB lost"


def _transform(table: Table) -> list[Row]:
    try:
        image = photograph()
    except DatasetError as error:
        return [
            Row(name, figure, published, None, unit, _TRANSFORM, _FRAME, f"none: {error}")
            for name, figure, published, unit in (
                ("stochastic-dct-bit", _FIRST_BIT, 3.44, "dB"),
                ("stochastic-dct-rate", _RATE, 7.19, "1/s"),
                ("stochastic-dct-power", _POWER, 0.74, "1"),
            )
        ]
    losses = [peak_signal_to_noise(image, there_and_back(image, BITS, cut)) for cut in range(6)]
    lost = [losses[0] - value for value in losses]
    cut = min(range(len(lost)), key=lambda number: abs(lost[number] - _LOST_DECIBELS))
    conditions = Conditions()
    machine = LaneMachine.of(as_network(image, BITS), conditions, read_prices(table, conditions))
    whole = machine.cost(0, machine.period)
    fewer = machine.cost(cut, machine.period_for(cut, whole.time))
    powers = [(cost.energy - cost.components["leakage"]) / cost.time for cost in (whole, fewer)]
    here = (
        f"{_FRAME}; here: photograph of scikit-learn, {image.shape[0]} x {image.shape[1]}, "
        f"8 x 8 transform and back, {BITS} bits and sign"
    )
    return [
        Row(
            "stochastic-dct-bit",
            _FIRST_BIT,
            3.44,
            lost[1],
            "dB",
            _TRANSFORM,
            here,
            f"against the original image; {lost[cut] / cut:.2f} dB a bit over {cut} bits",
        ),
        Row(
            "stochastic-dct-rate",
            _RATE,
            7.19,
            None,
            "1/s",
            _TRANSFORM,
            here,
            "none: the frame's size and the number of multipliers there are not known; one group "
            f"of {machine.group.lanes} lanes here takes {whole.time * 1e3:.1f} ms",
        ),
        Row(
            "stochastic-dct-power",
            _POWER,
            0.74,
            1 - powers[1] / powers[0],
            "1",
            _TRANSFORM,
            here + ", 27 degC",
            f"{cut} bits dropped, which lose {lost[cut]:.2f} dB here; clock slowed to the same "
            f"frames a second; active power: with leakage {1 - fewer.power / whole.power:.1%}",
        ),
    ]
