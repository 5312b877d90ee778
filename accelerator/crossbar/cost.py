"""Energy, latency and area of a planned network on analog crossbars.

A weight of W bits lies in ceil(W / cell bits) columns, an activation of A bits comes in over A
cycles; a column's current is the sum of the products of up to 128 rows and is converted once a
cycle. Patches longer than the rows and kernels beyond the columns take further arrays. Every
array has one more column that adds up its inputs, by which signed weights are corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelerator.crossbar.parameters import CrossbarParameters, crossbar_parameters
from accelerator.errors import EstimateError
from accelerator.plan import Plan, PlannedLayer

ADC_BITS = 8


@dataclass(frozen=True, slots=True)
class CrossbarLayer:
    """One layer of one image: energies by component (J), latency (s), and its events."""

    name: str
    arrays: int
    cycles: int
    rows_driven: int
    cells_read: int
    conversions: int
    components: dict[str, float]
    latency: float

    @property
    def energy(self) -> float:
        """All components (J)."""
        return sum(self.components.values())


@dataclass(frozen=True, slots=True)
class CrossbarReport:
    """A network on crossbars: `energy` (J), `latency` (s) and `area` (m2) of one image."""

    layers: tuple[CrossbarLayer, ...]
    adc_bits: int
    exact: bool
    array_area: float
    technology: float

    @property
    def energy(self) -> float:
        """All layers (J)."""
        return sum(layer.energy for layer in self.layers)

    @property
    def latency(self) -> float:
        """Layers one after the other, as in ours (s)."""
        return sum(layer.latency for layer in self.layers)

    @property
    def arrays(self) -> int:
        """Arrays of all layers (1)."""
        return sum(layer.arrays for layer in self.layers)

    @property
    def area(self) -> float:
        """Arrays with their shares of everything but the links (m2)."""
        return self.arrays * self.array_area

    @property
    def components(self) -> dict[str, float]:
        """Energy by component, all layers (J)."""
        names = self.layers[0].components
        return {name: sum(layer.components[name] for layer in self.layers) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return {
            "energy_J": self.energy,
            "latency_s": self.latency,
            "area_m2": self.area,
            "arrays": self.arrays,
            "adc_bits": self.adc_bits,
            "sums_exact": self.exact,
            "technology_m": self.technology,
            "components": self.components,
            "layers": [
                {
                    "name": layer.name,
                    "arrays": layer.arrays,
                    "cycles": layer.cycles,
                    "rows_driven": layer.rows_driven,
                    "cells_read": layer.cells_read,
                    "conversions": layer.conversions,
                    "energy_J": layer.energy,
                    "latency_s": layer.latency,
                }
                for layer in self.layers
            ],
        }


def crossbar_cost(plan: Plan, *, copies: int = 1, adc_bits: int = ADC_BITS) -> CrossbarReport:
    """One image through the layers of a plan that multiply weights.

    What a layer of the digital unit takes is in the tiles' share. Raises EstimateError for a
    resolution that no converter here has.
    """
    parameters = crossbar_parameters()
    if adc_bits not in parameters.adc_scaling:
        known = ", ".join(map(str, sorted(parameters.adc_scaling)))
        raise EstimateError(f"no converter has {adc_bits} bits here: give one of {known}")
    layers = [entry for entry in plan.layers if entry.layer.mapped]
    return CrossbarReport(
        tuple(_layer(entry, parameters, copies, adc_bits) for entry in layers),
        adc_bits,
        all(adc_bits >= needed_bits(entry, parameters) for entry in layers),
        parameters.array_area,
        parameters.geometry.technology,
    )


def needed_bits(entry: PlannedLayer, parameters: CrossbarParameters) -> int:
    """Bits of a converter that tells every sum of a column apart.

    Storing columns that are mostly ones inverted, as ISAAC does, saves one.
    """
    geometry = parameters.geometry
    rows = min(entry.layer.patch_length, geometry.rows)
    largest = rows * ((1 << _cell_bits(entry, parameters)) - 1)
    return largest.bit_length() - 1


def _cell_bits(entry: PlannedLayer, parameters: CrossbarParameters) -> int:
    return min(entry.weight_bits, parameters.geometry.cell_bits)


def _layer(
    entry: PlannedLayer, parameters: CrossbarParameters, copies: int, adc_bits: int
) -> CrossbarLayer:
    layer, geometry = entry.layer, parameters.geometry
    slices = -(-entry.weight_bits // _cell_bits(entry, parameters))
    columns = layer.kernels_per_group * slices
    row_tiles = -(-layer.patch_length // geometry.rows)
    column_tiles = -(-columns // geometry.columns)
    arrays = layer.groups * row_tiles * column_tiles
    copies = min(copies, layer.positions)
    # Of one position and one input bit, all arrays together.
    rows_driven = layer.groups * layer.patch_length * column_tiles
    cells_read = layer.groups * layer.patch_length * (columns + column_tiles)
    conversions = layer.groups * row_tiles * (columns + column_tiles)
    times = layer.positions * entry.activation_bits
    each = {
        "crossbar": cells_read,
        "dac": rows_driven,
        "adc": conversions * parameters.adc_scaling[adc_bits],
        "sample_hold": conversions,
        "shift_add": conversions,
        "registers": arrays,
        "buffers": arrays,
        "interconnect": arrays,
        "digital_unit": arrays,
    }
    cycles = -(-layer.positions // copies) * entry.activation_bits + geometry.fill_cycles
    return CrossbarLayer(
        layer.name,
        arrays * copies,
        cycles,
        rows_driven * times,
        cells_read * times,
        conversions * times,
        {name: times * number * parameters.energy(name) for name, number in each.items()},
        cycles * geometry.cycle,
    )
