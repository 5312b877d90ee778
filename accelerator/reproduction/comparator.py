"""CMP-PIM (DAC 2018) and the accuracies of LBCNN, beside what this product gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelerator.comparator.ratios import PUBLISHED, SOURCE, ratio
from accelerator.comparator.study import ADDED, Costing, shape_results
from accelerator.reproduction.row import Row

if TYPE_CHECKING:
    from lut import Table

_BITS = 8
_OURS = (
    "ours: LBCNN's recipe for SVHN (32 x 32, 16 channels, 512 maps, 40 modules), the same for all "
    "three; activations of 8 bits, learned weights of 8, CMPNET's of -1, 0 and 1"
)
_ASSUMPTIONS = (
    "CMPNET as documented here, the published comparison patterns being unknown; multiplications "
    "bit by bit on the same sub-arrays; even operand bits, no network trained; one copy, layers "
    "one after the other, leakage, buffers and writes counted; at 4 and 2 bits the ratios over "
    "the CNN are smaller (mramcim study comparator)"
)
_LBCNN = "F. Juefei-Xu et al., LBCNN, CVPR 2017; recipes in github.com/juefeix/lbcnn.torch, README"


def rows(table: Table) -> list[Row]:
    """The published ratios and accuracies."""
    results = shape_results(Costing.of(table), widths=(_BITS,))
    figures = [
        Row(
            f"cmp-pim-{one.id}{end}",
            f"{one.quantity} of {one.over} over that of CMPNET, its pointwise sums {how}",
            one.value,
            ratio(results, one, _BITS, own),
            "1",
            f"{SOURCE} (read there)",
            f"published: {one.conditions}; {_OURS}",
            _ASSUMPTIONS,
        )
        for own, end, how in (
            ("cmpnet", "", "counted as a convolution's"),
            (ADDED, "-added-in-rows", "added in rows"),
        )
        for one in PUBLISHED
    ]
    return [*figures, *_accuracies()]


def _accuracies() -> list[Row]:
    """LBCNN's, whose data sets do not ship."""
    return [
        Row(
            f"lbcnn-{name}-accuracy",
            f"accuracy of LBCNN on {told}",
            published,
            None,
            "1",
            f"{_LBCNN} (read there)",
            f"published: {recipe}, floating point",
            f"not set beside: {told} does not ship, and training 40 to 75 modules takes days on a "
            f"processor; `mramcim study comparator --train FOLDER --dataset {name} --data FOLDER` "
            "trains the three networks on the user's files",
        )
        for name, told, published, recipe in (
            ("svhn", "SVHN", 0.945, "16 channels, 40 modules, 512 maps, 512 features"),
            ("mnist", "MNIST", 0.995, "16 channels, 75 modules, 512 maps, 128 features"),
            ("cifar10", "CIFAR-10", 0.93, "384 channels, 50 modules, 704 maps, 512 features"),
        )
    ]
