"""Ratios between the three networks, beside the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelerator.comparator.study import ADDED, Result
from accelerator.errors import EstimateError

SOURCE = (
    "S. Angizi, Z. He, A. S. Rakin, D. Fan, CMP-PIM, DAC 2018, doi 10.1145/3195970.3196009, "
    "abstract"
)


@dataclass(frozen=True)
class Published:
    """A published ratio: of what, over which network, and what is known of its conditions."""

    id: str
    quantity: str
    over: str
    value: float
    conditions: str


PUBLISHED = (
    Published(
        "energy-over-cnn", "energy", "cnn", 94.0,
        "SVHN; a CNN with multiplications of identical configuration; its widths, mapping, "
        "parallelism and the accounting of writes and leakage are not in the abstract",
    ),
    Published(
        "energy-over-lbcnn", "energy", "lbcnn", 3.0,
        "SVHN; LBCNN; widths and mapping are not in the abstract",
    ),
    Published(
        "speed-over-cnn", "latency", "cnn", 4.3,
        "SVHN; the CNN baseline of identical configuration; parallelism is not in the abstract",
    ),
)  # fmt: skip


def find(results: Sequence[Result], name: str, bits: int) -> Result:
    """The result of a network at a width.

    Raises:
        EstimateError: there is none.
    """
    for one in results:
        if (one.name, one.configuration.activation_bits) == (name, bits):
            return one
    raise EstimateError(f"there is no {name} of {bits} bits among the results")


def ratio(results: Sequence[Result], figure: Published, bits: int, own: str = "cmpnet") -> float:
    """The other network's energy or latency over that of CMPNET, both at one width (1)."""
    mine, other = find(results, own, bits), find(results, figure.over, bits)
    return float(getattr(other.report, figure.quantity) / getattr(mine.report, figure.quantity))


def widths(results: Sequence[Result]) -> list[int]:
    """The widths of the results, widest first."""
    return sorted({one.configuration.activation_bits for one in results}, reverse=True)


def variants(results: Sequence[Result]) -> list[str]:
    """The CMPNETs there are: sums counted, and added in rows."""
    names = {one.name for one in results}
    return [name for name in ("cmpnet", ADDED) if name in names]
