"""Wires and registers from the chip's root to its sub-arrays, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.elementwise import larger
from accelerator.organisation import Organisation
from accelerator.prices import Prices

# A square H-tree from its root to n leaves of pitch p has 3/2 p (n - sqrt(n)) of wire: each level
# of four has an H of three halves of its side.
TREE_LENGTH = 1.5


@dataclass(frozen=True, slots=True)
class Link:
    """One level: its length from root to entrance of the level below (m), the bits side by side
    on it, and the sub-arrays below its root (1)."""

    length: float
    width: float
    size: int


@dataclass(frozen=True, slots=True)
class Tree:
    """An H-tree of H-trees over square levels, with `pitch` (m) between sub-arrays.

    Each level's tree ends in a register at the entrances of the next, so that words follow each
    other as fast as one level's wires allow. The lowest links are `width` bits wide, those of
    each further level wider by the organisation's factor.

    straightness: length from the root of a square tree to a leaf, over the side of the square.
    """

    organisation: Organisation
    subarrays: int
    pitch: float
    straightness: float
    width: int

    @classmethod
    def over(cls, area: float, subarrays: int, array: Array, assumptions: Assumptions) -> Tree:
        """To sub-arrays that take `area` (m2) with all that stands beside them but the tree."""
        return cls(
            Organisation.of(assumptions),
            subarrays,
            (area / subarrays) ** 0.5,
            assumptions.root_to_leaf_over_side.value,
            array.amplifiers,
        )

    def span(self, subarrays: int) -> float:
        """Length from the root of a region of so many sub-arrays to one of them (m)."""
        return self.straightness * self.pitch * sqrt(subarrays)

    def stages(self, subarrays: int) -> int:
        """Registers that a bit passes on that way (1)."""
        return len(self.organisation.levels(subarrays)) - 1

    @property
    def root_to_leaf(self) -> float:
        """Length from the chip's root to a sub-array (m)."""
        return self.span(self.subarrays)

    @property
    def bits_per_leaf(self) -> float:
        """Wire, in lengths of one bit, that falls to one sub-array (m)."""
        total, below = 0.0, 1
        for level, size in enumerate(self.organisation.levels(self.subarrays)):
            share = 1 / sqrt(below) - 1 / sqrt(size)
            total += TREE_LENGTH * share * self._width(level)
            below = size
        return total * self.pitch

    @property
    def registers_per_leaf(self) -> float:
        """Flip-flops at the entrances of levels, in both directions, for one sub-array (1)."""
        levels = self.organisation.levels(self.subarrays)[:-1]
        return sum(2 * self._width(level + 1) / size for level, size in enumerate(levels))

    def links(self, subarrays: int) -> list[Link]:
        """Levels of links in a region of so many sub-arrays, the lowest first."""
        found, below = [], 0
        for level, size in enumerate(self.organisation.levels(subarrays)):
            length = self.span(size) - self.span(below) if below else self.span(size)
            found.append(Link(length, self._width(level), size))
            below = size
        return found

    def _width(self, level: int) -> float:
        return self.width * self.organisation.widening**level


class Beats:
    """How long it takes to send bits through the links of a region."""

    def __init__(self, links: list[Link], prices: Prices) -> None:
        # Time for one bit on one link of each level (s), and the sub-arrays below it.
        self._each = [
            (
                (prices.flip_flop.delay + link.length * 1e3 * prices.wire.delay) / link.width,
                link.size,
            )
            for link in links
        ]

    def root(self, bits: float) -> float:
        """Send `bits` through the root (s)."""
        return bits * self._each[-1][0]

    def sent(self, bits: float, subarrays: int, spread: int = 1) -> float:
        """Send `bits` from the root to `subarrays`, or back (s).

        Each bit goes to `spread` neighbouring ones of them. Every level's links work at once,
        those of all mats, banks and groups that are involved; the slowest level counts.
        """
        shares = [-(-spread // size) / -(-subarrays // size) for _, size in self._each]
        return bits * larger(
            *(share * beat for share, (beat, _) in zip(shares, self._each, strict=True))
        )
