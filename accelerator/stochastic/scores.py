"""Accuracy against the width, mean and spread over the trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from accelerator.datasets import Dataset
from accelerator.stochastic.ladder import Rung, cycles_of
from accelerator.stochastic.network import MULTIPLIERS, FixedNetwork
from accelerator.stochastic.stored import BITS, StoredNetworks

SERIES = ("stochastic", "exact", "stochastic_stored", "exact_stored")
"""Stochastic and exact products of operands of 8 bits whose low bits are cut off; the same of
operands that are stored in the smaller width, rounded."""


@dataclass(frozen=True)
class Spread:
    """A figure over trainings: one value for each."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return mean(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation of one training; 0 of a single one."""
        return stdev(self.values) if len(self.values) > 1 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Entry in the JSON."""
        return {"mean": self.mean, "deviation": self.deviation, "values": list(self.values)}


@dataclass(frozen=True)
class WidthScore:
    """Accuracies (1) by series at one width, and the mean cycles of a product."""

    bits: int
    accuracy: dict[str, Spread]
    cycles: Spread

    def to_dict(self) -> dict[str, Any]:
        """Entry in the JSON."""
        return {
            "bits": self.bits,
            "cycles_a_product": self.cycles.to_dict(),
            "accuracy": {name: spread.to_dict() for name, spread in self.accuracy.items()},
        }


def accuracy_of(
    network: FixedNetwork,
    data: Dataset,
    dropped: int | Rung = 0,
    multiplier: str = "stochastic",
) -> float:
    """Share (1) of the images whose highest score is that of their class."""
    scores = network.run(data.images, dropped, multiplier)
    return float((scores.argmax(axis=1) == data.labels).mean())


def width_scores(
    stored: StoredNetworks, data: Dataset, widths: Sequence[int] = range(BITS, 1, -1)
) -> tuple[WidthScore, ...]:
    """All series at each width."""
    network = stored.network
    data = data.resized(network.input_shape)
    wide = [once.fixed(network) for once in stored.trainings]
    found = []
    for bits in widths:
        cut = BITS - bits
        narrow = [once.fixed(network, bits) for once in stored.trainings]
        values = {}
        for name in MULTIPLIERS:
            values[name] = [accuracy_of(fixed, data, cut, name) for fixed in wide]
            values[f"{name}_stored"] = (
                [accuracy_of(fixed, data, 0, name) for fixed in narrow] if cut else values[name]
            )
        cycles = tuple(cycles_of(fixed, cut) / network.macs for fixed in wide)
        found.append(
            WidthScore(bits, {name: Spread(tuple(values[name])) for name in SERIES}, Spread(cycles))
        )
    return tuple(found)
