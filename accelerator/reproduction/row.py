"""One published figure beside ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A published figure and what this product gives in its place.

    id: short and unique, such as "imce-energy".
    figure: what is told, such as "energy of an image of low bit-width AlexNet".
    published, ours: in `unit`, SI or 1. `ours` is None where nothing can honestly be set beside
        the figure; `assumptions` then says why.
    source: of the published figure, with how sure it is.
    conditions: both sides' conditions, as far as they are known.
    assumptions: what ours rests on.
    """

    id: str
    figure: str
    published: float | None
    ours: float | None
    unit: str
    source: str
    conditions: str
    assumptions: str

    @property
    def ratio(self) -> float | None:
        """Ours over the published figure (1)."""
        if self.ours is None or not self.published:
            return None
        return self.ours / self.published

    def to_dict(self) -> dict[str, Any]:
        """The row's entry in the JSON."""
        return {
            "id": self.id,
            "figure": self.figure,
            "published": self.published,
            "ours": self.ours,
            "ratio": self.ratio,
            "unit": self.unit,
            "source": self.source,
            "conditions": self.conditions,
            "assumptions": self.assumptions,
        }
