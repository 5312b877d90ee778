"""Any ONNX file as layers: what multiplies weights is mapped, the rest costed or named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import zip_longest
from math import prod
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError
from accelerator.names import printable
from accelerator.networks.batch import Batch, find_batch
from accelerator.networks.layers import ActivationProduct, Layer, Network, Operation, Quantized
from accelerator.networks.onnx_attributes import compared_pairs, integers
from accelerator.networks.onnx_contraction import ContractionError
from accelerator.networks.onnx_embedding import embedding_layer
from accelerator.networks.onnx_graph import Graph, read_graph
from accelerator.networks.onnx_operators import (
    ADDITIONS,
    CONVOLUTIONS,
    MAX_POOLS,
    MEANS,
    NORMALIZATIONS,
    OTHER_WEIGHTED,
    RECURRENT,
    WEIGHT_INPUT,
    Fate,
    fate,
)
from accelerator.networks.onnx_plain_layers import convolution_layer, product_layer
from accelerator.networks.onnx_products import product_macs
from accelerator.networks.onnx_refusals import refusal
from accelerator.networks.onnx_weighted import weighted_layers
from files import short


def read_onnx(
    path: Path,
    *,
    batch: int | None = None,
    batch_axis: int | None = None,
    dims: Mapping[str, int] | None = None,
) -> Network:
    """The network in an ONNX file, of one image.

    `batch`, `batch_axis` and `dims` are those of `accelerator.networks.load_network`.

    Raises:
        EstimateError: the file cannot be used; operators that multiply weights and are not
            supported are all listed.
    """
    graph = read_graph(path, batch=batch, batch_axis=batch_axis, dims=dims)
    refused = Counter(name for node in graph.nodes if (name := refusal(graph, node)))
    if refused:
        raise EstimateError(
            f"{path} has operators that multiply weights and are not supported: "
            f"{_listed(refused)}; replace them by convolutions or matrix products"
        )
    images = find_batch(graph, batch, batch_axis)
    reader = _Reader(graph, images)
    quantized = _file_widths(graph)
    for index, node in enumerate(graph.nodes):
        name = printable(node.name)
        reader.widths = quantized.get(index, ())
        try:
            reader.take(node, name)
        except EstimateError:
            raise
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            # Shapes and attributes of a file contradict each other in more ways than can be
            # foreseen; the reader only reads here, so that such an error is the file's.
            raise EstimateError(
                f"{path}: the node {short(name)} ({short(node.op_type)}) contradicts itself "
                f"({short(str(error) or type(error).__name__)}); export it again"
            ) from error
    shape = next((graph.shapes[n] for n in graph.data if len(graph.shapes.get(n, ())) > 1), ())
    return Network(
        printable(path.name),
        tuple(reader.layers),
        f"ONNX file {printable(path.name)}, one image",
        tuple(size or 0 for place, size in enumerate(shape) if place != images.axis),
        reader.notes(),
        reader.not_counted(),
        from_file=True,
        batch_said=images.said,
        products=tuple(reader.products),
    )


def _file_widths(graph: Graph) -> dict[int, tuple[Quantized, ...]]:
    """Of files with quantizers only, as what runs them takes a while to import."""
    from accelerator.networks.quantizer_kinds import quantizes

    if not quantizes(graph.nodes):
        return {}
    from accelerator.networks.file_widths import file_widths

    return file_widths(graph)


class _Reader:
    """Turns nodes into layers one by one.

    A tensor is `quantizable` when it comes from a layer that quantizes its output, through
    nothing but operators that the quantizer absorbs. It absorbs a further one only if
    nothing else takes the tensor as it is.
    """

    def __init__(self, graph: Graph, batch: Batch) -> None:
        self.graph = graph
        self.batch = batch
        self.widths: tuple[Quantized, ...] = ()
        self.layers: list[Layer] = []
        self.quantizable: set[str] = set()
        self.tables: set[str] = set()
        self.products: list[ActivationProduct] = []
        self.met: dict[Fate, Counter[str]] = {kind: Counter() for kind in Fate}
        self.takers = Counter(name for node in graph.nodes for name in node.input)

    @property
    def quantized(self) -> Quantized | None:
        """What the file says of the operands of a node that is one layer."""
        return self.widths[0] if self.widths else None

    def shape(self, tensor: str, where: str) -> tuple[int, ...]:
        """The shape of a tensor for one image."""
        whole = self.graph.shape(tensor, where)
        return tuple(size or 1 for size in self.batch.of_one(tensor, whole))

    def take(self, node: Any, name: str) -> None:
        """Add what the node costs."""
        if all(tensor in self.graph.constants for tensor in node.output):
            return
        kind = fate(node.op_type)
        if kind is Fate.MAPPED:
            kind = self._mapped(node, name)
        elif kind is Fate.COMPARED:
            self._compare(node, name)
        elif node.op_type in MEANS:
            kind = self._mean(node, name)
        elif kind is Fate.POOLED:
            self._pool(node, name)
        elif kind is Fate.ELEMENTWISE:
            kind = self._elementwise(node, name)
        elif kind is Fate.MONOTONE:
            kind = self._monotone(node, name)
        elif node.op_type == "Gather" and self._is_table(node):
            kind = self._embedding(node, name)
        elif kind is Fate.MOVED:
            moved = [tensor for tensor in node.input if tensor not in self.graph.constants]
            if moved and all(self._absorbs(tensor) for tensor in moved):
                self.quantizable.update(node.output)
        if kind is Fate.REFUSED:
            # What is refused by its name has no weights here: attention of the standard.
            self._product_of_activations(node, name)
        else:
            self.met[kind][str(node.op_type)] += 1

    def _product_of_activations(self, node: Any, name: str) -> None:
        """Keep how much a node multiplies that has no weights."""

        def known(tensor: str) -> tuple[int, ...] | None:
            found = self.batch.of_one(tensor, self.graph.shapes.get(tensor) or (None,))
            sizes = tuple(size for size in found if size is not None)
            return sizes if len(sizes) == len(found) else None

        macs = product_macs(node, known)
        self.products.append(ActivationProduct(name, str(node.op_type), macs))

    def _absorbs(self, tensor: str) -> bool:
        """Whether an operator on `tensor` can go into the quantizer that makes it."""
        return tensor in self.quantizable and self.takers[tensor] == 1

    def notes(self) -> tuple[str, ...]:
        """Sentences on what is folded or moved."""
        out = ["bias and zero points are folded into the quantizer of the layer before"]
        for kind in (Fate.MONOTONE, Fate.MOVED):
            if self.met[kind]:
                out.append(f"{kind.value}: {_listed(self.met[kind])}")
        if self.batch.images > 1:
            out.append(f"one image of the file's batch of {self.batch.images}")
        return tuple(out)

    def not_counted(self) -> tuple[str, ...]:
        """Sentences on operators that are left out."""
        return tuple(
            f"{text}: {_listed(self.met[kind])}"
            for kind, text in (
                (Fate.UNCOUNTED, "operators of the digital unit"),
                (Fate.UNKNOWN, "operators that are not known and have no weights"),
            )
            if self.met[kind]
        )

    def _mapped(self, node: Any, name: str) -> Fate:
        if node.op_type in OTHER_WEIGHTED:
            return self._otherwise(node, name)
        slot = WEIGHT_INPUT[node.op_type]
        other = 0
        constants, inputs = self.graph.constants, node.input
        if len(inputs) <= slot:
            raise self._error(name, f"a {node.op_type} without weights")
        if node.op_type in CONVOLUTIONS:
            if inputs[slot] not in constants and inputs[slot] not in self.graph.data:
                self._product_of_activations(node, name)
                return Fate.MAPPED
            self.layers.append(
                self._plain(convolution_layer, node, name, inputs[other], inputs[slot])
            )
        else:
            turned = inputs[slot] not in constants and inputs[other] in constants
            known = inputs[slot] in constants or (
                node.op_type == "Gemm" and inputs[slot] in self.graph.data
            )
            if not known and not turned:
                self._product_of_activations(node, name)
                return Fate.MAPPED
            self.layers.append(
                self._plain(product_layer, node, name, inputs[other], inputs[slot], turned)
            )
        self.quantizable.update(node.output)
        return Fate.MAPPED

    def _plain(
        self, make: Callable[..., Layer], node: Any, name: str, *operands: str | bool
    ) -> Layer:
        """The one layer of a node, with the widths that the file says."""
        first, second, *turned = operands
        try:
            return make(node, name, self.shape, first, second, *turned, quantized=self.quantized)
        except ContractionError as error:
            raise self._error(name, str(error)) from None

    def _otherwise(self, node: Any, name: str) -> Fate:
        """Sums, blocks and recurrent layers, whose gates the digital unit has."""
        try:
            found = weighted_layers(node, name, self.shape, self.graph.constants)
        except ContractionError as error:
            raise self._error(name, str(error)) from None
        if not found:
            self._product_of_activations(node, name)
        self.layers.extend(
            replace(layer, quantized=widths)
            for layer, widths in zip_longest(found, self.widths[: len(found)])
        )
        if node.op_type in RECURRENT:
            self.met[Fate.UNCOUNTED][f"{node.op_type} (gates)"] += 1
        self.quantizable.update(node.output)
        return Fate.MAPPED

    def _compare(self, node: Any, name: str) -> None:
        source = self.shape(node.input[0], name)
        target = self.shape(node.output[0], name)
        kernel, pairs = compared_pairs(node)
        if len(source) != 4 or target[1:] != (len(pairs.neighbours), *source[2:]):
            raise self._error(name, f"an input {source} and an output {target}")
        if len(pairs.neighbours) % source[1]:
            raise self._error(name, f"{len(pairs.neighbours)} maps of {source[1]} channels")
        ones, pads = (1, 1), (kernel[0] // 2, kernel[1] // 2)
        self.layers.append(
            Layer(
                name, Operation.COMPARISON, source[1], source[2:], target[1], target[2:], kernel,
                ones, pads, pads, ones, pairs=pairs, quantized=self.quantized,
            )
        )  # fmt: skip
        self.quantizable.update(node.output)

    def _pool(self, node: Any, name: str) -> None:
        source = self.shape(node.input[0], name)
        target = self.shape(node.output[0], name)
        rank = len(source) - 2
        kernel = integers(node, "kernel_shape", source[2:])
        operation = Operation.MAX_POOL if node.op_type in MAX_POOLS else Operation.AVERAGE_POOL
        if rank < 1 or len(kernel) != rank or len(target) != len(source) or min(kernel) < 1:
            raise self._error(name, f"a window {kernel} over an input {source}")
        ones = (1,) * rank
        zeros = (0,) * rank
        layer = Layer(
            name, operation, source[1], source[2:], target[1], target[2:], kernel,
            integers(node, "strides", ones), zeros, zeros, ones,
        )  # fmt: skip
        self.layers.append(layer.times(target[0]))

    def _mean(self, node: Any, name: str) -> Fate:
        """A mean over whole axes: one window for each number that it leaves."""
        sizes = [
            self.batch.of_one(tensor, self.graph.shapes.get(tensor) or ())
            for tensor in (node.input[0], node.output[0])
        ]
        if not sizes[0] or None in (*sizes[0], *sizes[1]):
            return Fate.UNCOUNTED
        source, target = (prod(size or 1 for size in shape) for shape in sizes)
        if target < 1 or source % target:
            return Fate.UNCOUNTED
        window = (source // target,)
        left = target
        one, zero = (1,), (0,)
        self.layers.append(
            Layer(
                name, Operation.AVERAGE_POOL, left, window, left, one, window, one, zero, zero, one
            )
        )  # fmt: skip
        return Fate.POOLED

    def _is_table(self, node: Any) -> bool:
        """Whether a node takes entries of constants by places that are no constants."""
        table, places = node.input[:2]
        constants = self.graph.constants
        sizes = self.graph.shapes.get(table) or ()
        return table in constants and places not in constants and len(sizes) > 1

    def _embedding(self, node: Any, name: str) -> Fate:
        """Entries of a table, which has cells; one that several nodes take from has them once."""
        table = node.input[0]
        unknown = (None,)
        if any(
            None in self.graph.shapes.get(tensor, unknown)
            for tensor in (node.input[1], node.output[0])
        ):
            self.met[Fate.UNCOUNTED]["Gather (embedding table)"] += 1
            return Fate.MOVED
        shapes = self.shape(table, name), self.shape(node.output[0], name)
        layer = embedding_layer(node, name, *shapes)
        self.layers.append(replace(layer, entries=0) if table in self.tables else layer)
        self.tables.add(table)
        return Fate.EMBEDDED

    def _elementwise(self, node: Any, name: str) -> Fate:
        """Between tensors it is costed; with constants the quantizer absorbs it if it can."""
        operands = [tensor for tensor in node.input if tensor not in self.graph.constants]
        operands = operands or list(node.input[:1])
        # What is made here is quantized again, which absorbs what follows.
        self.quantizable.update(node.output)
        if len(operands) == 1 and self._absorbs(operands[0]):
            return Fate.MONOTONE
        if len(operands) == 1 or node.op_type in NORMALIZATIONS:
            operation, operands = Operation.NORMALIZATION, operands[:1]
        elif node.op_type in ADDITIONS:
            operation = Operation.ADDITION
        else:
            operation = Operation.MULTIPLICATION
        self.layers.append(self._pointwise(node, name, operation, len(operands)))
        return Fate.ELEMENTWISE

    def _monotone(self, node: Any, name: str) -> Fate:
        self.quantizable.update(node.output)
        # The image is quantized before it reaches the chip.
        if not node.input or self._absorbs(node.input[0]) or node.input[0] in self.graph.data:
            return Fate.MONOTONE
        self.layers.append(self._pointwise(node, name, Operation.ACTIVATION, 1))
        return Fate.ELEMENTWISE

    def _pointwise(self, node: Any, name: str, operation: Operation, operands: int) -> Layer:
        shape = self.shape(node.output[0], name)
        channels = shape[1] if len(shape) > 1 else prod(shape)
        size = shape[2:] or (1,)
        ones = (1,) * len(size)
        zeros = (0,) * len(size)
        layer = Layer(
            name, operation, channels, size, channels, size, ones, ones, zeros, zeros, ones,
            operands=operands,
        )  # fmt: skip
        return layer.times(shape[0] if len(shape) > 1 else 1)

    def _error(self, name: str, what: str) -> EstimateError:
        return EstimateError(
            f"{self.graph.path} contradicts itself at {name}: it has {what}; export it again"
        )


def _listed(operators: Counter[str]) -> str:
    return ", ".join(f"{name} x {number}" for name, number in sorted(operators.items()))
