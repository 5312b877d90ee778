"""How often an image can enter where every layer works on an image of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelerator.elementwise import larger
from accelerator.timing import SharedTime

SHARED = {
    "buffer_read": "reading the buffer",
    "buffer_write": "writing the buffer",
    "inward": "the wires to the sub-arrays",
    "outward": "the wires from the sub-arrays",
    "digital": "the digital unit",
    "off_chip": "the memory outside the chip",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """Images that follow each other.

    latency: of one image that waits for no other (s).
    interval: from image to image (s), set by the slowest layer or what all layers share; never
        more than the latency, as no layer takes less than it needs of anything shared.
    limits: all candidates for the interval (s) by name.
    """

    latency: float
    interval: float
    limits: dict[str, float]

    @classmethod
    def of(cls, latencies: dict[str, float], shared: Sequence[SharedTime]) -> Pace:
        """From the layers' own times (s) by name and their needs of what they share."""
        needs = {name: sum(getattr(one, field) for one in shared) for field, name in SHARED.items()}
        limits = latencies | needs
        return cls(sum(latencies.values()), larger(*limits.values()), limits)

    @property
    def bottleneck(self) -> str:
        """The layer, or what is shared, that sets the interval."""
        return max(self.limits, key=lambda name: self.limits[name])
