"""Damage in the global heaps of an HDF5 file that libhdf5 does not survive.

A global heap holds the texts of a file, one object after the other. libhdf5 steps from each
object to the next by the length that it reads there, and where that length is zero it steps on
the spot for ever. So the steps are made here first, before the file is opened.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_SIGNATURE = b"GCOL\x01\0\0\0"  # With the version and the reserved bytes, which data rarely has.
_HEADER = 16  # Bytes: of a collection (signature, size) and of each object in it (index, size).
_ALIGNMENT = 8
_INDEX = slice(0, 2)
_SIZE = slice(8, 16)


def require_sound_heaps(path: Path) -> None:
    """Step through all global heaps of the HDF5 file at `path`.

    A collection that does not fit in the file is left to libhdf5, which tells truncation itself.

    Raises:
        OSError: a step leads nowhere or out of its collection.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        start = image.find(_SIGNATURE)
        while start >= 0:
            end = start + _number(image, start, _SIZE)
            if end <= len(image):
                _step_through(image, start, end)
            start = image.find(_SIGNATURE, start + 1)


def _step_through(image: mmap.mmap, start: int, end: int) -> None:
    place = start + _HEADER
    # What is left at the end may be too small for an object and is then unused.
    while place + _HEADER <= end:
        size = _number(image, place, _SIZE)
        free = _number(image, place, _INDEX) == 0
        # The size of free space counts its own header. libhdf5 goes on behind it.
        step = size if free else _HEADER + size + -size % _ALIGNMENT
        if step < _HEADER or place + step > end:
            raise OSError(f"its global heap has an object of impossible size at byte {place}")
        place += step


def _number(image: mmap.mmap, start: int, field: slice) -> int:
    return int.from_bytes(image[start + field.start : start + field.stop], "little")
