"""What the cost model knows of a network: layers with their shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import prod
from typing import Any

from accelerator.comparator.pattern import Pairs
from files import short


class Operation(StrEnum):
    """What a layer does; the first two have weights and are mapped onto sub-arrays.

    The two that follow run on sub-arrays by row logic, without weights in cells.
    """

    CONVOLUTION = "convolution"
    PRODUCT = "product"
    COMPARISON = "comparison"
    SUMMATION = "summation"
    MAX_POOL = "max_pool"
    AVERAGE_POOL = "average_pool"
    ADDITION = "addition"
    MULTIPLICATION = "multiplication"
    NORMALIZATION = "normalization"
    ACTIVATION = "activation"
    EMBEDDING = "embedding"


MAPPED = frozenset({Operation.CONVOLUTION, Operation.PRODUCT})
ROW_LOGIC = frozenset({Operation.COMPARISON, Operation.SUMMATION})


@dataclass(frozen=True, slots=True)
class Quantized:
    """What the quantizers of a file make of a layer's operands; None where no quantizer does.

    The encodings are those that the integers would be stored in, as `accelerator.options` and
    `accelerator.bitwise.encodings` have them.
    """

    weight_bits: int | None = None
    weight_encoding: str | None = None
    activation_bits: int | None = None
    activation_encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of one image.

    Sizes are tuples over the spatial dimensions, any number of them. A matrix
    product is a convolution with a kernel of one over the rows of its left operand
    (`in_size == out_size == (rows,)`), a fully connected layer has one row.

    `operands` is the number of tensors of the input's shape that the layer reads. `pairs` are
    the pixels that a comparison compares; `summands` how many input maps each output of a
    summation adds, the subtracted ones among them. An embedding gives one of the `entries` of its
    table, `out_channels` long, for each of its input's elements; those of a table that another
    layer holds are 0. `quantized` is what the file's quantizers say.
    """

    name: str
    operation: Operation
    in_channels: int
    in_size: tuple[int, ...]
    out_channels: int
    out_size: tuple[int, ...]
    kernel: tuple[int, ...] = (1, 1)
    stride: tuple[int, ...] = (1, 1)
    pad_begin: tuple[int, ...] = (0, 0)
    pad_end: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1
    operands: int = 1
    pairs: Pairs | None = None
    summands: tuple[int, ...] = ()
    quantized: Quantized | None = None
    entries: int = 0

    @property
    def table_elements(self) -> int:
        """Elements of the table that an embedding holds (1)."""
        return self.entries * self.out_channels

    @property
    def mapped(self) -> bool:
        """True when the layer multiplies weights, so that it lives on sub-arrays."""
        return self.operation in MAPPED

    @property
    def row_logic(self) -> bool:
        """True when sub-arrays combine rows of data with each other."""
        return self.operation in ROW_LOGIC

    @property
    def positions(self) -> int:
        """Output positions a channel (1)."""
        return prod(self.out_size)

    @property
    def taps(self) -> int:
        """Elements of the window in one channel (1)."""
        return prod(self.kernel)

    @property
    def patch_length(self) -> int:
        """Elements of the input that one output of one group is computed from (1)."""
        return self.in_channels // self.groups * self.taps

    @property
    def kernels_per_group(self) -> int:
        """Output channels of one group (1)."""
        return self.out_channels // self.groups

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those with padding included as is usual (1)."""
        if not self.mapped:
            return 0
        return self.positions * self.out_channels * self.patch_length

    @property
    def weights(self) -> int:
        """Weights of the layer, biases left out (1)."""
        return self.out_channels * self.patch_length if self.mapped else 0

    @property
    def input_elements(self) -> int:
        """Elements of one input tensor (1)."""
        return self.in_channels * prod(self.in_size)

    @property
    def output_elements(self) -> int:
        """Elements of the output tensor (1)."""
        return self.out_channels * self.positions

    @property
    def valid_fraction(self) -> float:
        """Share of the patch elements that lie inside the input, the rest being padding (1)."""
        return prod(self.valid_along(index) for index in range(len(self.kernel)))

    def valid_along(self, index: int) -> float:
        """Share of positions and taps along one dimension that lie inside the input (1)."""
        width = self.kernel[index]
        inside = sum(self._positions_inside(index, tap) for tap in range(width))
        return inside / (self.out_size[index] * width)

    def times(self, number: int) -> Layer:
        """The layer for so many inputs of its shape, as frames that one image consists of."""
        if number == 1:
            return self
        return replace(
            self,
            in_size=(number, *self.in_size),
            out_size=(number, *self.out_size),
            kernel=(1, *self.kernel),
            stride=(1, *self.stride),
            pad_begin=(0, *self.pad_begin),
            pad_end=(0, *self.pad_end),
            dilation=(1, *self.dilation),
        )

    def _positions_inside(self, index: int, tap: int) -> int:
        """Positions along one dimension at which `tap` lies inside the input (1)."""
        stride, last = self.stride[index], self.in_size[index] - 1
        shift = self.pad_begin[index] - tap * self.dilation[index]
        first = max(-(-shift // stride), 0)
        return max(min((last + shift) // stride, self.out_size[index] - 1) - first + 1, 0)


@dataclass(frozen=True, slots=True)
class ActivationProduct:
    """Products of two activations in one node, which have no place on sub-arrays.

    `macs` are those of one image; None where the shapes are not known.
    """

    name: str
    operator: str
    macs: int | None


@dataclass(frozen=True, slots=True)
class Network:
    """Layers in the order of execution.

    `source` says where the shapes come from; `notes` and `not_counted` are sentences for
    the report: what of the network is folded into its neighbours, what is left out. `path` is
    what it can be loaded by again, its built-in name or its file; empty where it was made here.
    `from_file` tells whether it comes from a file, whose quantizers and batch count; `reading` are
    the arguments that it was read with, by name. `batch_said` tells what of a file's input was
    taken for one image. `products` are those of two activations, which are not counted either.
    """

    name: str
    layers: tuple[Layer, ...]
    source: str
    input_shape: tuple[int, ...]
    notes: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    path: str = ""
    from_file: bool = False
    reading: tuple[tuple[str, Any], ...] = ()
    batch_said: str = ""
    products: tuple[ActivationProduct, ...] = ()

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.input_shape))
        return (
            f"<network {short(self.name)}: {len(self.layers)} layers, "
            f"{self.macs / 1e6:.4g} M MACs, input {short(shape)}>"
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image (1)."""
        return sum(layer.macs for layer in self.layers)

    @property
    def mapped(self) -> tuple[Layer, ...]:
        """The layers that multiply weights."""
        return tuple(layer for layer in self.layers if layer.mapped)
