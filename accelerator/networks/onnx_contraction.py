"""Einstein sums of data with weights as matrix products, and other products written as such."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters
from typing import Any

from accelerator.networks.onnx_attributes import text


class ContractionError(ValueError):
    """A sum that is no product of data with weights; the text is part of a sentence."""


@dataclass(frozen=True)
class Contraction:
    """Axes by letters: of the data, the weights and the output.

    `shared` ones are in all three (one product each), `summed` ones in the first two; `rows`
    and `kernels` are of the data and of the weights alone.
    """

    data: str
    weights: str
    output: str

    @property
    def shared(self) -> str:
        """In all three, in the order of the weights."""
        return "".join(a for a in self.weights if a in self.data and a in self.output)

    @property
    def summed(self) -> str:
        """In data and weights alone."""
        return "".join(a for a in self.weights if a in self.data and a not in self.output)

    @property
    def rows(self) -> str:
        """Of the data and the output."""
        return "".join(a for a in self.data if a not in self.weights)

    @property
    def kernels(self) -> str:
        """Of the weights and the output."""
        return "".join(a for a in self.weights if a not in self.data)

    def sizes(self, data: tuple[int, ...], weights: tuple[int, ...]) -> dict[str, int]:
        """The size of each axis.

        Raises ContractionError where they contradict each other.
        """
        if len(data) != len(self.data) or len(weights) != len(self.weights):
            raise ContractionError(f"axes {self.data} and {self.weights} of {data} and {weights}")
        found = dict(zip(self.weights, weights, strict=True))
        for axis, size in zip(self.data, data, strict=True):
            if found.setdefault(axis, size) != size:
                raise ContractionError(f"an axis of {found[axis]} and of {size}")
        return found


def contraction(node: Any, ranks: tuple[int, int], weights: int) -> Contraction:
    """The sum of an `Einsum` or a `MatMul` whose operand number `weights` holds the weights.

    Raises ContractionError where it is no product of data with weights.
    """
    equation = _of_product(ranks) if node.op_type == "MatMul" else _written(node, ranks)
    *operands, output = equation
    found = Contraction(operands[1 - weights], operands[weights], output)
    for axes in equation:
        if len(set(axes)) < len(axes):
            raise ContractionError("an axis that is met twice in one operand")
    if set(found.rows + found.kernels) - set(output) or not found.summed:
        raise ContractionError("axes that are summed in one operand alone, or none that are")
    return found


def _of_product(ranks: tuple[int, int]) -> list[str]:
    """Axes of a matrix product, counted from the end; a vector has no rows or no columns."""
    ahead = ascii_letters[3 : 3 + max(*ranks, 2) - 2]
    left, right = (ahead[len(ahead) - max(rank - 2, 0) :] for rank in ranks)
    rows, columns = "a" * (ranks[0] > 1), "c" * (ranks[1] > 1)
    return [f"{left}{rows}b", f"{right}b{columns}", f"{ahead}{rows}{columns}"]


def _written(node: Any, ranks: tuple[int, int]) -> list[str]:
    """Operands and output of an equation, dots filled in, the output as it is implied."""
    sides = text(node, "equation", "").replace(" ", "").split("->")
    operands = sides[0].split(",")
    if len(operands) != 2 or len(sides) > 2:
        raise ContractionError(f"{len(operands)} operands")
    free = [letter for letter in ascii_letters if letter not in "".join(sides)]
    counts = [
        rank - len(axes.replace("...", "")) for axes, rank in zip(operands, ranks, strict=True)
    ]
    most = max(
        [count for count, axes in zip(counts, operands, strict=True) if "..." in axes] or [0]
    )
    dots = "".join(free[:most])
    filled = [
        axes.replace("...", dots[len(dots) - count :] if count else "")
        for axes, count in zip(operands, counts, strict=True)
    ]
    if len(sides) == 2:
        return [*filled, sides[1].replace("...", dots)]
    letters = "".join(operands).replace("...", "")
    return [*filled, dots + "".join(sorted(a for a in set(letters) if letters.count(a) == 1))]
