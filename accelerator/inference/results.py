"""What a run of a network leaves: outputs, and each layer whole or counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.errors import EstimateError
from accelerator.inference.comparisons import ComparisonRun
from accelerator.inference.grid import Array
from accelerator.inference.operands import OperandCounts, count_operands
from accelerator.inference.products import LayerRun
from accelerator.options import ZERO_POINT


@dataclass(frozen=True)
class LayerCounts:
    """One layer of a run, its operands counted: what its cost needs.

    `nonzero` tells which weights are not stored as zero, in the shape of the kernels; `corrected`
    whether they are codes about a zero point.
    """

    name: str
    operator: str
    activations: Levels
    weights: Levels
    operands: OperandCounts
    nonzero: NDArray[np.bool_] = field(compare=False)
    corrected: bool = False

    @property
    def weight_encoding(self) -> str:
        """As the cost model has it."""
        return ZERO_POINT if self.corrected else self.weights.encoding

    @classmethod
    def of(cls, run: LayerRun) -> LayerCounts:
        """The layer without its tensors."""
        stored = run.weights.stored
        levels = run.activations.levels, stored.levels
        counted, corrected = count_operands(run), run.weights.offsets is not None
        return cls(run.name, run.operator, *levels, counted, stored.codes != 0, corrected)


@dataclass(frozen=True)
class NetworkRun:
    """Outputs by name, and the layers that ran on sub-arrays, in their order.

    A run that did not keep its layers' tensors has `counted` instead of `layers`. `comparisons`
    are the layers of row logic.
    """

    outputs: dict[str, Array]
    layers: tuple[LayerRun, ...]
    counted: tuple[LayerCounts, ...] = ()
    comparisons: tuple[ComparisonRun, ...] = ()

    @property
    def counts(self) -> tuple[LayerCounts, ...]:
        """The layers with their operands counted."""
        return self.counted or tuple(LayerCounts.of(layer) for layer in self.layers)


def joined(path: Path, runs: Sequence[NetworkRun], sizes: Sequence[int]) -> NetworkRun:
    """Runs of one network on so many images each, as one.

    Raises EstimateError where an output has no place for more images.
    """
    if len(runs) == 1:
        return runs[0]
    outputs = {}
    for name in runs[0].outputs:
        values = [run.outputs[name] for run in runs]
        if any(value.shape[:1] != (size,) for value, size in zip(values, sizes, strict=True)):
            raise EstimateError(
                f"{path} gives {name!r} in the shape {values[0].shape} for {sizes[0]} images; "
                f"give {sizes[0]} images at once"
            )
        outputs[name] = np.concatenate(values)
    layers = [_one_layer(path, same) for same in zip(*(run.layers for run in runs), strict=True)]
    counted = [_one_count(same) for same in zip(*(run.counted for run in runs), strict=True)]
    compared = [
        replace(same[0], codes=np.concatenate([run.codes for run in same]))
        for same in zip(*(run.comparisons for run in runs), strict=True)
    ]
    return NetworkRun(outputs, tuple(layers), tuple(counted), tuple(compared))


def _one_layer(path: Path, runs: tuple[LayerRun, ...]) -> LayerRun:
    first = runs[0].activations
    if any((run.activations.levels, run.activations.offset) != (first.levels, first.offset)
           for run in runs):  # fmt: skip
        raise EstimateError(
            f"{path} has codes at {runs[0].name} that stand for other values from image to image; "
            "run them without keeping the layers"
        )
    activations = replace(first, codes=np.concatenate([run.activations.codes for run in runs]))
    results = np.concatenate([run.results for run in runs])
    return replace(runs[0], activations=activations, results=results)


def _one_count(counts: tuple[LayerCounts, ...]) -> LayerCounts:
    total = counts[0].operands
    for other in counts[1:]:
        total = total.together(other.operands)
    widest = max((one.activations for one in counts), key=lambda levels: levels.bits)
    return replace(counts[0], activations=widest, operands=total)
