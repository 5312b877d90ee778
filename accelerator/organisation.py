"""The chip's levels: sub-arrays in mats, mats in banks, banks in groups, groups on the chip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import mul
from typing import Any

from accelerator.array import Array
from accelerator.assumptions import Assumptions

LEVELS = ("mat", "bank", "group", "chip")


@dataclass(frozen=True, slots=True)
class Organisation:
    """How many of one level the next holds, from the sub-arrays of a mat to the groups of a chip.

    A level that holds one of the level below is none; a chip without levels is a flat tree.
    widening: width of a link over that of the level below (1).
    """

    holds: tuple[int, int, int, int]
    widening: float

    @classmethod
    def of(cls, assumptions: Assumptions) -> Organisation:
        """As the constants have it."""
        counts = (
            assumptions.subarrays_per_mat,
            assumptions.mats_per_bank,
            assumptions.banks_per_group,
            assumptions.groups_per_chip,
        )
        first, second, third, fourth = (int(entry.value) for entry in counts)
        return cls((first, second, third, fourth), assumptions.link_widening.value)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sub-arrays in a mat, a bank, a group, a chip (1)."""
        return tuple(accumulate(self.holds, mul))

    def levels(self, subarrays: int) -> tuple[int, ...]:
        """Sub-arrays below a node of each level that `subarrays` need, the smallest first.

        The last is all of them, however many groups that takes.
        """
        return _levels(self.sizes[:-1], subarrays)

    def sharing(self, subarrays: int) -> int:
        """Sub-arrays of one layer that share the controller of a mat (1)."""
        return min(self.holds[0], max(subarrays, 1))

    def mats(self, subarrays: int) -> int:
        """Mats, each with a controller, that `subarrays` take (1)."""
        return -(-subarrays // self.holds[0])


@lru_cache(maxsize=4096)
def _levels(sizes: tuple[int, ...], subarrays: int) -> tuple[int, ...]:
    return (*sorted({size for size in sizes if 1 < size < subarrays}), subarrays)


@dataclass(frozen=True, slots=True)
class Occupation:
    """A chip that is organised so, and the sub-arrays of a network on it."""

    organisation: Organisation
    array: Array
    subarrays: int

    @property
    def fill(self) -> float:
        """Sub-arrays over those of a whole chip; above 1 it takes more groups than one has."""
        return self.subarrays / self.organisation.sizes[-1]

    def capacity(self, level: str) -> int:
        """Cells of a whole mat, bank, group or chip (bits)."""
        return self.organisation.sizes[LEVELS.index(level)] * self.array.rows * self.array.columns

    def needed(self, level: str) -> int:
        """Mats, banks, groups or chips that the sub-arrays take (1)."""
        return -(-self.subarrays // self.organisation.sizes[LEVELS.index(level)])

    def to_dict(self) -> dict[str, Any]:
        """The entry in a report's JSON."""
        return {
            "subarrays": self.subarrays,
            "fill": self.fill,
            "levels": [
                {
                    "name": level,
                    "holds": holds,
                    "capacity_bits": self.capacity(level),
                    "needed": self.needed(level),
                }
                for level, holds in zip(LEVELS, self.organisation.holds, strict=True)
            ],
        }

    def sentence(self) -> str:
        """What stands where, and how full that is."""
        mat, bank, group, chip = self.organisation.holds
        share = 100 * self.fill
        return (
            f"{self.subarrays} sub-arrays, those of the buffer included, in "
            f"{self.needed('mat')} mats, {self.needed('bank')} banks, {self.needed('group')} "
            f"groups: {share:.3g} % of a chip of {self.capacity('chip') / 2**20:.4g} Mb "
            f"(sub-arrays a mat: {mat}, mats a bank: {bank}, banks a group: {group}, "
            f"groups: {chip}); what is not needed is not built"
        )
