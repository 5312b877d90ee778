"""The crossbar's published powers and areas, part by part."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Geometry:
    """Cells and their organisation; `cycle` in s, `technology` in m."""

    rows: int
    columns: int
    cell_bits: int
    arrays_per_ima: int
    imas_per_tile: int
    tiles_per_chip: int
    cycle: float
    fill_cycles: int
    technology: float
    tag: str
    source: str

    @property
    def arrays_per_tile(self) -> int:
        """Arrays of one tile (1)."""
        return self.arrays_per_ima * self.imas_per_tile


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of component: `number` of them in a unit `of` "ima" or "tile" (W, m2)."""

    of: str
    number: int
    power: float
    area: float
    tag: str
    source: str


@dataclass(frozen=True, slots=True)
class CrossbarParameters:
    """All of a chip; `links` and `adc_scaling` as in the file."""

    geometry: Geometry
    parts: dict[str, Part]
    link_power: float
    link_area: float
    adc_scaling: dict[int, float]

    def energy(self, part: str) -> float:
        """Energy of one of a part's number in one cycle (J)."""
        one = self.parts[part]
        return one.power * self.geometry.cycle / one.number

    @property
    def array_power(self) -> float:
        """Power of an array with its share of all parts but the links (W)."""
        return sum(part.power / self._arrays(part) for part in self.parts.values())

    @property
    def array_area(self) -> float:
        """Area of an array with its share of all parts but the links (m2)."""
        return sum(part.area / self._arrays(part) for part in self.parts.values())

    def _arrays(self, part: Part) -> int:
        geometry = self.geometry
        return geometry.arrays_per_ima if part.of == "ima" else geometry.arrays_per_tile


@cache
def crossbar_parameters() -> CrossbarParameters:
    """The parameters that come with the package."""
    text = files("accelerator.crossbar").joinpath("parameters.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    scaling = {int(key): value for key, value in entries["adc_scaling"].items() if key.isdigit()}
    return CrossbarParameters(
        Geometry(**entries["geometry"]),
        {name: Part(**entry) for name, entry in entries["parts"].items()},
        entries["links"]["power"],
        entries["links"]["area"],
        scaling,
    )
