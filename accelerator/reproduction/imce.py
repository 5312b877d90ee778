"""Bit-wise convolution in MRAM: IMCE, its devices, and networks trained at few bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelerator.pipeline import estimate
from accelerator.prices import Conditions, read_prices
from accelerator.references import IMCE, LENET5
from accelerator.reproduction.row import Row

if TYPE_CHECKING:
    from accelerator.report import Report
    from lut import Table

_NOMINAL = {"corner": "tt", "vdd": 1.0, "temperature": 300.15}
_AT_NOMINAL = "tt, 1.0 V, 27 degC"
_NO_IMAGENET = (
    "needs training on ImageNet, which is not at hand here; the same quantizers are held to the "
    "published script by tests, and trained on the embedded digits"
)


def rows(table: Table) -> list[Row]:
    """Energies, times and areas of bit-wise convolution and of the cells, then accuracies."""
    alexnet = estimate("alexnet", table=table, weight_bits=1, activation_bits=1, samples=0)
    lenet5 = estimate(
        "lenet5", table=table, weight_bits=1, activation_bits=8, coverage="convolutions",
        first_last="off", samples=0,
    )  # fmt: skip
    return [_energy(alexnet), *_lenet5(lenet5), *_cells(table), *_accuracies()]


def _energy(ours: Report) -> Row:
    source, published, conditions = IMCE
    return Row(
        "imce-energy",
        "energy of an image, low bit-width AlexNet",
        published,
        ours.energy,
        "J",
        f"{source}, abstract",
        f"there: {conditions}; here: grouped AlexNet, all layers, W1:A1, {_AT_NOMINAL}",
        "widths are assumed to be 1:1; leakage, buffers, wires and input writes are in ours",
    )


def _lenet5(ours: Report) -> list[Row]:
    source, figures, conditions = LENET5
    mine = {
        "energy_J": ("energy", ours.energy, "J"),
        "latency_s": ("latency", ours.latency, "s"),
        "subarray_area_m2": ("area", ours.subarray_area, "m2"),
    }
    found = []
    for name, published in figures:
        what, value, unit = mine[name]
        found.append(
            Row(
                f"sot-lenet5-{what}",
                f"{what} of LeNet-5's convolutions on SOT-MRAM",
                published,
                value,
                unit,
                source,
                f"there: {conditions}; here: conv2 and conv3, W1:A8, 256 x 256, {_AT_NOMINAL}",
                "which layers are covered is assumed; docs/accelerator.md tells the difference",
            )
        )
    for what, published, unit in (("energy", 0.78e-6, "J"), ("latency", 1.8e-3, "s")):
        found.append(
            Row(
                f"stt-lenet5-{what}",
                f"{what} of LeNet-5's convolutions on STT-MRAM",
                published,
                None,
                unit,
                source.replace("SOT", "STT"),
                f"there: {conditions}",
                "the shipped table is of spin-orbit cells; `mramcim characterize --device stt` and "
                "`mramcim estimate lenet5 --lut` give it",
            )
        )
    return found


def _cells(table: Table) -> list[Row]:
    write = read_prices(table, Conditions("tt", 1.0, 300.15, 256, 256)).write.energy
    found = [
        Row(
            "sot-write-energy",
            "energy of writing one bit",
            74e-15,
            (write["0"] + write["1"]) / 2,
            "J",
            "from the 15.6 fJ of a domain-wall cell, 79 % below spin-orbit MRAM (GLSVLSI 2017)",
            f"there: 1 ns, current and error rate not stated; here: {_AT_NOMINAL}, 256 rows, "
            "pulse for one error in a million",
            "ours is a single-domain perpendicular magnet with a barrier of 47 kT; docs/writing.md",
        ),
        Row(
            "dw-write-energy",
            "energy of writing one bit of a four-terminal domain-wall cell",
            15.6e-15,
            None,
            "J",
            "GLSVLSI 2017, abstract",
            "there: 1 ns",
            "the shipped table is of perpendicular cells; `mramcim characterize --device "
            "domain-wall` gives a three-terminal domain-wall cell",
        ),
    ]
    for rows_, published in ((128, 2.45e-9), (256, 3.2e-9)):
        delays = [
            table.value("read", "delay", **_NOMINAL, rows=rows_, operands=bit) for bit in "01"
        ]
        found.append(
            Row(
                f"opennvram-read-{rows_}",
                f"time of a READ on {rows_} rows",
                published,
                max(delays),
                "s",
                "OpenNVRAM, configuration of its spin-orbit test memories",
                f"there: FreePDK45, window of the whole read, {rows_} x 128; here: amplifier and "
                f"column alone, offset-cancelled, {_AT_NOMINAL}",
                "other amplifier, other cell: a comparison of magnitude",
            )
        )
    return found


def _accuracies() -> list[Row]:
    wanted = (
        ("dorefa-alexnet", "top-1 accuracy of AlexNet at W1:A2", 0.461, "arXiv 1606.06160"),
        (
            "dorefa-svhn",
            "accuracy on SVHN, model A at W1:A1",
            0.969,
            "tensorpack, svhn-digit-dorefa",
        ),
    )
    notes = {
        "dorefa-alexnet": _NO_IMAGENET,
        "dorefa-svhn": "needs SVHN's files, which are not shipped: `mramcim train svhn --data "
        "FOLDER --activations 1` trains this network",
    }
    return [
        Row(name, figure, published, None, "1", source, "published conditions", notes[name])
        for name, figure, published, source in wanted
    ]
