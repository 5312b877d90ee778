"""What differs between two reports, by layer and component."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accelerator.explanation.told import ToldLayer, ToldReport

FORMAT = "mramcim-differences/1"
UNITS = {
    "energy": "J", "latency": "s", "interval": "s", "area": "m2", "power": "W", "subarrays": "1",
}  # fmt: skip
_LAYER_FIGURES = ("energy", "latency", "area")


@dataclass(frozen=True)
class Difference:
    """One figure in both reports (SI): 0 where a report does not have it.

    `only` is "first" or "second" where one report alone has it, else empty.
    """

    name: str
    first: float
    second: float
    only: str = ""

    @property
    def change(self) -> float:
        """The second less the first."""
        return self.second - self.first

    @property
    def percent(self) -> float | None:
        """The change in percent of the first; None where that is 0."""
        return 100 * self.change / self.first if self.first else None

    def to_dict(self) -> dict[str, Any]:
        """The entry in JSON."""
        return {
            "name": self.name,
            "first": self.first,
            "second": self.second,
            "change": self.change,
            "percent": self.percent,
            "only_in": self.only or None,
        }


@dataclass(frozen=True)
class Cell:
    """The energy (J) of one component in one layer."""

    layer: str
    component: str
    energy: Difference

    def to_dict(self) -> dict[str, Any]:
        """The entry in JSON."""
        return {"layer": self.layer, "component": self.component, **self.energy.to_dict()}


@dataclass(frozen=True)
class Differences:
    """Two reports held against each other, each list with the largest changes first.

    `chosen` are conditions, widths, options and constants that are not the same, by name.
    `layers` are by figure.
    """

    names: tuple[str, str]
    chosen: dict[str, tuple[Any, Any]]
    totals: tuple[Difference, ...]
    layers: dict[str, tuple[Difference, ...]]
    components: tuple[Difference, ...]
    area: tuple[Difference, ...]
    cells: tuple[Cell, ...]

    @property
    def same(self) -> bool:
        """Whether all figures are equal."""
        every = (*self.totals, *self.components, *self.area)
        return not any(one.change or one.only for one in every) and not any(
            one.change or one.only for figure in self.layers.values() for one in figure
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON of format "mramcim-differences/1"; SI units."""

        def told(entries: Iterable[Difference | Cell]) -> list[dict[str, Any]]:
            return [entry.to_dict() for entry in entries]

        return {
            "format": FORMAT,
            "first": self.names[0],
            "second": self.names[1],
            "chosen": {name: list(pair) for name, pair in self.chosen.items()},
            "units": dict(UNITS),
            "totals": told(self.totals),
            "layers": {name: told(figure) for name, figure in self.layers.items()},
            "components_J": told(self.components),
            "area_components_m2": told(self.area),
            "layer_components_J": told(self.cells),
        }


def compare_reports(first: ToldReport, second: ToldReport) -> Differences:
    """The second report held against the first; layers are matched by their names."""
    layers = _by_name(first.layers), _by_name(second.layers)
    names = list(dict.fromkeys((*layers[0], *layers[1])))
    cells = []
    for name in names:
        own = [one.get(name) for one in layers]
        parts = [{} if layer is None else layer.components for layer in own]
        cells += [Cell(name, one.name, one) for one in _differences(*parts)]
    chosen = {
        name: (first.chosen.get(name), second.chosen.get(name))
        for name in dict.fromkeys((*first.chosen, *second.chosen))
        if first.chosen.get(name) != second.chosen.get(name)
    }
    return Differences(
        (first.network, second.network),
        chosen,
        tuple(
            Difference(name, getattr(first.total, name), getattr(second.total, name))
            for name in UNITS
        ),
        {
            figure: _differences(
                *({name: getattr(layer, figure) for name, layer in one.items()} for one in layers)
            )
            for figure in _LAYER_FIGURES
        },
        _differences(_components(first.layers), _components(second.layers)),
        _differences(first.total.area_components, second.total.area_components),
        tuple(sorted(cells, key=lambda cell: -abs(cell.energy.change))),
    )


def _by_name(layers: Iterable[ToldLayer]) -> dict[str, ToldLayer]:
    """Layers by their names; of equal names each further one with its number."""
    seen: Counter[str] = Counter()
    found = {}
    for layer in layers:
        seen[layer.name] += 1
        times = seen[layer.name]
        found[layer.name if times == 1 else f"{layer.name} ({times})"] = layer
    return found


def _components(layers: Iterable[ToldLayer]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for layer in layers:
        for name, energy in layer.components.items():
            sums[name] = sums.get(name, 0.0) + energy
    return sums


def _differences(first: Mapping[str, float], second: Mapping[str, float]) -> tuple[Difference, ...]:
    found = [
        Difference(
            name,
            first.get(name, 0.0),
            second.get(name, 0.0),
            "" if name in first and name in second else "first" if name in first else "second",
        )
        for name in dict.fromkeys((*first, *second))
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.change)))
