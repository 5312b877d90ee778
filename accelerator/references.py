"""Published figures to stand beside ours; nothing is tuned to them."""

from __future__ import annotations

from accelerator.report import Reference, Report

IMCE = (
    "IMCE, ASP-DAC 2018",
    785.25e-6,
    "low bit-width AlexNet on ImageNet; the widths, the variant of the network, the layers "
    "covered and what is counted of writing are not stated",
)
LENET5 = (
    "SOT-MRAM column of the analog-or-digital study, ISVLSI 2019",
    (("energy_J", 0.85e-6), ("latency_s", 0.9e-3), ("subarray_area_m2", 0.018e-6)),
    "convolutions of LeNet-5 at W1:A8 with first and last layers in full precision, 256 x 256 "
    "sub-arrays; as quoted by others, input size and layers covered are not stated; the area "
    "can only be one sub-array",
)


def references(report: Report) -> tuple[Reference, ...]:
    """The published figures for the network of `report`."""
    if report.network in ("alexnet", "alexnet-dorefa"):
        name, energy, conditions = IMCE
        return (Reference(name, "energy_J", energy, report.energy, conditions),)
    if report.network == "lenet5":
        name, figures, conditions = LENET5
        ours = {
            "energy_J": report.energy,
            "latency_s": report.latency,
            "subarray_area_m2": report.subarray_area,
        }
        return tuple(
            Reference(name, quantity, published, ours[quantity], conditions)
            for quantity, published in figures
        )
    return ()
