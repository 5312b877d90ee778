"""How a layer of row logic is cut up so that it fits sub-arrays."""

from __future__ import annotations

from dataclasses import dataclass

from accelerator.array import Array
from accelerator.comparator.addition import working_rows
from accelerator.errors import EstimateError
from accelerator.mapping import shared_out
from accelerator.networks.layers import Layer, Operation
from accelerator.options import Options


@dataclass(frozen=True, slots=True)
class RowMapping:
    """A layer of row logic on sub-arrays.

    bits: of the numbers that a comparison takes; 1 for a summation of maps.
    lanes: columns in use, all rows of them together: positions of all channels that a comparison
        does at once, positions of a summation.
    tiles: lanes of each row.
    chunks: maps that a summation has in each sub-array, further ones in other sub-arrays.
    subarrays: how many work side by side; a tile is done after another in each.
    """

    layer: Layer
    bits: int
    lanes: int
    tiles: tuple[int, ...]
    chunks: tuple[int, ...]
    subarrays: int

    @property
    def rounds(self) -> int:
        """Tiles that the busiest sub-array does one after the other (1)."""
        return -(-len(self.tiles) * len(self.chunks) // self.subarrays)

    @property
    def parallel(self) -> float:
        """All sub-arrays' work over that of the busiest (1)."""
        return len(self.tiles) * len(self.chunks) / self.rounds

    @property
    def waiting_bits(self) -> int:
        """Bits that are turned from words into planes at once (1)."""
        return self.subarrays * max(self.tiles) * self.bits

    def summary(self) -> dict[str, float]:
        """Numbers that describe the cut, for a report."""
        return {
            "column_tiles": len(self.tiles),
            "map_tiles": len(self.chunks),
            "rounds": self.rounds,
            "copies": self.subarrays // len(self.chunks),
        }


def map_rows(layer: Layer, bits: int, array: Array, options: Options) -> RowMapping:
    """Cut a comparison or a summation up for sub-arrays like `array`.

    Raises:
        EstimateError: the rows do not hold what one step needs.
    """
    if layer.operation is Operation.COMPARISON:
        if array.operand_rows < 2 * bits:
            raise EstimateError(
                f"{layer.name} compares numbers of {bits} bits, two of which a sub-array of "
                f"{array.rows} rows does not hold: give {2 * bits + array.reserved_rows} rows"
            )
        lanes, maps, parts = layer.in_channels * layer.positions, 1, 1
    else:
        lanes, maps, bits = layer.positions, layer.in_channels, 1
        parts = _chunks(layer, array)
    rest = (lanes % array.columns,) if lanes % array.columns else ()
    tiles = (*(array.columns for _ in range(lanes // array.columns)), *rest)
    subarrays = min(options.copies, len(tiles)) * parts
    return RowMapping(layer, bits, lanes, tiles, shared_out(maps, parts), subarrays)


def _chunks(layer: Layer, array: Array) -> int:
    """Sub-arrays that a summation's maps are shared out to (1).

    Each holds its maps, their complements, and the rows that counting works in.
    """
    for chunks in range(1, layer.in_channels + 1):
        maps = -(-layer.in_channels // chunks)
        if 2 * maps + working_rows(maps) <= array.operand_rows:
            return chunks
    raise EstimateError(
        f"{layer.name} adds maps in rows, for which sub-arrays of {array.rows} rows are too few: "
        f"give {2 + working_rows(1) + array.reserved_rows} rows or more"
    )
