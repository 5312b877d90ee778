"""The seal behind an HDF5 file: a digest of all its bytes, checked before libhdf5 reads them.

libhdf5 may take a damaged file for a sound one, never end, or crash. HDF5 ends a file where its
superblock says, so that other programs do not see what stands behind. A program that changes the
file cuts the seal off; what it changed then shows by the digests inside (`lut.digests`).

Layout of the seal: one line of JSON (the spans of numbers of each group, so that damage has a
place), and one of fixed length with the length of the former and the SHA-256 of all before it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

Spans = Sequence[tuple[int, int]]

_MARK = b"mramcim-seal/1"
_DIGITS = 12
_HEX = 64
_FOOTER = len(_MARK) + 1 + _DIGITS + 1 + _HEX + 1
_LARGEST_BODY = 1 << 24
_CHUNK = 1 << 20
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Version of the superblock: where the sizes of its fields, its base and its end stand.
_PLACES = {0: (13, 24, 40), 1: (13, 28, 44), 2: (9, 12, 28), 3: (9, 12, 28)}


def seal_of(image: bytes, spans: Mapping[str, Spans]) -> bytes:
    """What stands behind the HDF5 file `image`; `spans` are offset and size [B], by group."""
    parts = {
        name: [_digest(image[start : start + size] for start, size in found), list(found)]
        for name, found in spans.items()
    }
    body = json.dumps(parts, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    start = _MARK + b" %0*d " % (_DIGITS, len(body))
    whole = _digest((image, body, start))
    return body + start + whole.encode() + b"\n"


def require_intact(path: Path) -> bool:
    """Whether the HDF5 file at `path` has a seal, which is then that of its bytes.

    Raises:
        OSError: it is not what was sealed, or not as long as its superblock says; the text says
            where, as far as that is known.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _FOOTER))
        footer = file.read()
        sealed = len(footer) == _FOOTER and footer.startswith(_MARK + b" ")
        if sealed:
            _require_sealed(file, size, footer)
        else:
            file.seek(0)
            _require_end(file.read(64), size)
        return sealed


def _require_sealed(file: BinaryIO, size: int, footer: bytes) -> None:
    if _digest(_chunks(file, 0, size - _HEX - 1)).encode() + b"\n" != footer[-_HEX - 1 :]:
        raise OSError(_place(file, size, footer))


def _place(file: BinaryIO, size: int, footer: bytes) -> str:
    """Say what of a file is damaged; the seal itself may be."""
    try:
        length = int(footer[len(_MARK) + 1 :][:_DIGITS])
        if length > _LARGEST_BODY:
            raise ValueError
        parts: Any = json.loads(_read(file, size - _FOOTER - length, length))
        damaged = [
            f"'{name}'"
            for name, (digest, spans) in parts.items()
            if _digest(_read(file, start, count) for start, count in spans) != digest
        ]
    except (ValueError, TypeError, AttributeError, OverflowError, MemoryError, RecursionError):
        damaged = []
    if not damaged:
        return "its bytes are not those that were written"
    groups = "group" if len(damaged) == 1 else "groups"
    return f"the numbers of {groups} {', '.join(damaged)} are not those that were written"


def _require_end(head: bytes, size: int) -> None:
    """Refuse a file that is shorter or longer than its superblock says, where that is readable."""
    if not head.startswith(_SIGNATURE) or len(head) < 64 or head[8] not in _PLACES:
        return
    sizes, base, end = _PLACES[head[8]]
    if head[sizes] != 8 or any(head[base : base + 8]):
        return
    whole = int.from_bytes(head[end : end + 8], "little")
    if size < whole:
        raise OSError(f"it has {size} of its {whole} bytes")
    if size > whole:
        raise OSError(f"the {size - whole} bytes behind its end are no whole seal")


def _digest(pieces: Iterator[bytes] | Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    if not 0 <= count <= os.fstat(file.fileno()).st_size or start < 0:
        raise ValueError
    file.seek(start)
    return file.read(count)


def _chunks(file: BinaryIO, start: int, count: int) -> Iterator[bytes]:
    file.seek(start)
    while count > 0:
        piece = file.read(min(_CHUNK, count))
        if not piece:
            return
        count -= len(piece)
        yield piece
