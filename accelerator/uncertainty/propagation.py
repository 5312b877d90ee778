"""Samples of what is uncertain through the cost model, all of them in one walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.chip import Chip
from accelerator.errors import EstimateError
from accelerator.options import DENSITIES, Options, whole_number
from accelerator.plan import PlannedLayer
from accelerator.uncertainty.result import Interval, Uncertainty
from accelerator.uncertainty.sampling import latin_hypercube, shares
from accelerator.uncertainty.sources import ONES, Source, Sources

Samples = NDArray[np.float64]
SAMPLES = 512
LEAST_SAMPLES, MOST_SAMPLES = 64, 100_000
_QUANTILES = (0.5, 0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many samples, and their seed; none leave the intervals out."""

    samples: int = SAMPLES
    seed: int = 0

    @classmethod
    def of(cls, samples: object, seed: object) -> Sampling:
        """Checked.

        Raises:
            EstimateError: no whole numbers, fewer samples than sixty-four, or too many.
        """
        number = whole_number("samples", samples, least=0, most=MOST_SAMPLES)
        if 0 < number < LEAST_SAMPLES:
            raise EstimateError(
                f"{number} samples tell no interval: give {LEAST_SAMPLES} or more, or 0 for none"
            )
        return cls(number, whole_number("seed", seed, least=0))


@dataclass(frozen=True, slots=True)
class UncertainChip:
    """A planned network whose prices, constants and operands are uncertain.

    The array is the nominal one: how many cells are written at once is a choice of the design.
    """

    layers: tuple[PlannedLayer, ...]
    array: Array
    options: Options
    sources: Sources

    @property
    def carried(self) -> tuple[Source, ...]:
        """All sources; the operands' bits are one where the layers did not run."""
        if any(entry.seen is not None for entry in self.layers):
            return self.sources.carried
        laws = ["uniform from {:g} to {:g}".format(*self._range(f)) for f in DENSITIES]
        return (
            *self.sources.carried,
            *(Source(name, law) for name, law in zip(ONES, laws, strict=True)),
        )

    def totals(self, uniform: Mapping[str, Samples]) -> tuple[Samples, Samples, Samples]:
        """Energy (J), latency (s) and area (m2) of samples uniform in (0, 1) by source."""
        prices, constants = self.sources.figures(uniform), self.sources.constants(uniform)
        options = self._options(uniform) if ONES[0] in uniform else self.options
        chip = Chip.build(self.layers, self.array, prices, options, constants)
        reports = chip.layer_reports()
        number = len(next(iter(uniform.values())))
        energy, latency, area = (
            np.broadcast_to(total, number)
            for total in (
                sum(layer.energy for layer in reports),
                sum(layer.latency for layer in reports),
                sum(chip.area_components().values()),
            )
        )
        return energy, latency, area

    def _options(self, uniform: Mapping[str, Samples]) -> Options:
        """The options with samples of the operands' bits; counting only multiplies by them."""
        densities: dict[str, Any] = {}
        for name, field in zip(ONES, DENSITIES, strict=True):
            low, high = self._range(field)
            densities[field] = low + (high - low) * uniform[name]
        return replace(self.options, **densities)

    def _range(self, field: str) -> tuple[float, float]:
        half = self.sources.assumptions.density_half_width.value
        middle = getattr(self.options, field)
        return max(middle - half, 0.0), min(middle + half, 1.0)


def propagate(chip: UncertainChip, sampling: Sampling) -> Uncertainty:
    """Medians, intervals and shares over even samples."""
    carried = chip.carried
    uniform = latin_hypercube(sampling.samples, len(carried), sampling.seed)
    by_name = {source.name: values for source, values in zip(carried, uniform, strict=True)}
    totals = np.stack(chip.totals(by_name))
    parts = shares(uniform, totals)
    quantiles = np.quantile(totals, _QUANTILES, axis=1)
    names = [source.name for source in carried]

    def interval(index: int) -> Interval:
        median, low, high = quantiles[:, index].tolist()
        return Interval(median, low, high, dict(zip(names, parts[index].tolist(), strict=True)))

    energy, latency, area = (interval(index) for index in range(len(totals)))
    return Uncertainty(
        sampling.samples, sampling.seed, carried, chip.sources.unknown, energy, latency, area
    )
