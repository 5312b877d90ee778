"""Figures of the pruning and ternary works beside ours.

L. Yang, Z. He, D. Fan, AAAI 2020, 34(04), 6623-6630; Z. He, D. Fan, CVPR 2019 (arXiv 1810.01018)
with the accuracies of its published code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelerator.pruning.ablation import dense_compression
from accelerator.pruning.record import Record, read_record
from accelerator.reproduction.row import Row

if TYPE_CHECKING:
    from lut import Table

_AAAI = (
    "L. Yang, Z. He, D. Fan, AAAI 2020, abstract (figures certain; that 21 is the structured rate "
    "alone is a reading of it)"
)
_CODE = "github.com/elliothe/Ternarized_Neural_Network, README (certain)"
_IMAGENET = (
    "ResNet-18 on ImageNet, tiles of unknown size on an FPGA; the baseline is very likely "
    "69.75/89.07 %, so 68.01/88.13 %"
)


def rows(table: Table) -> list[Row]:
    """Published figures of structured pruning and ternary weights, and ours where there are any."""
    record = read_record()
    here = _conditions(record)
    dense, ternary, clipped = (
        record.spread(arm, "accuracy").mean * 100 for arm in ("dense", "ternary", "clipped")
    )
    rate = record.spread("clipped", "structured").mean
    imagenet = (
        "no network of ImageNet is trained here: the images are not shipped and a training takes "
        f"days on many processors. On ours {dense:.2f} % dense become {clipped:.2f} % at a "
        f"structured rate of {rate:.1f} with ternary weights ({here})"
    )
    cifar = (
        "CIFAR-10 is not shipped and ResNet-20 takes hours on one core; mramcim study pruning "
        "--train FOLDER --dataset cifar10 --data FILES --blocks 3 trains it. On ours ternary "
        f"weights reach {ternary:.2f} % beside {dense:.2f} % of dense ones ({here})"
    )

    def row(
        name: str, figure: str, published: float, source: str, conditions: str, why: str
    ) -> Row:
        return Row(name, figure, published, None, "1", source, conditions, why)

    return [
        Row(
            "pruning-width-rate",
            "rate of compression by ternary weights alone",
            16.0,
            dense_compression(record, "ternary", table).total,
            "1",
            _AAAI,
            f"32 bits a weight to 2; ours: {here}",
            "all weights of the shipped network as they are stored, a plane for each sign",
        ),
        row(
            "pruning-structured-rate",
            "rate of structured compression",
            21.0,
            _AAAI,
            _IMAGENET,
            f"a rate is one of a network, its images and its tiles, which all differ: {imagenet}",
        ),
        row(
            "pruning-top1",
            "change of top-1 accuracy at a structured rate of 21",
            -0.0174,
            _AAAI,
            _IMAGENET,
            imagenet,
        ),
        row(
            "pruning-top5",
            "change of top-5 accuracy at a structured rate of 21",
            -0.0094,
            _AAAI,
            _IMAGENET,
            imagenet,
        ),
        row(
            "ternary-cifar10",
            "accuracy of a ternary ResNet-20 on CIFAR-10",
            0.9165,
            _CODE,
            "all layers ternary",
            cifar,
        ),
        row(
            "float-cifar10",
            "accuracy of ResNet-20 on CIFAR-10 in floating point",
            0.9170,
            _CODE,
            "the baseline of the ternary network",
            cifar,
        ),
    ]


def _conditions(record: Record) -> str:
    content = record.content
    return (
        f"{content['network']} on {content['dataset']}, {content['tested']} test images, means of "
        f"{len(content['seeds'])} seeds, tiles of sub-arrays of {record.recipe.rows} x "
        f"{record.recipe.columns}"
    )
