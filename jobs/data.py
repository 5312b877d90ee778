"""Data between processes: bytes whose decoding can run nothing.

A message is a head in JSON and a body of raw bytes, to which the head points for arrays of
doubles and for bytes. Whoever receives one gets None, booleans, numbers, texts, lists and
dictionaries with text as keys, arrays and bytes, or DataError; never an object of a class that
the sender chose, as a pickle would give.
"""

from __future__ import annotations

import json
import math
import struct
from typing import IO, Any

MAGIC = b"mrd1"
HEADER = struct.Struct("<4sIQ")
"""Magic, length of the head and of the body [B]."""
LARGEST_HEAD = 64 << 20
LARGEST_BODY = 2 << 30
_ARRAY, _BYTES = "\0array", "\0bytes"
_DOUBLE = 8


class DataError(ValueError):
    """Something that is no such message, or cannot be put into one."""


def encoded(value: object) -> bytes:
    """The message of a value; raises DataError where it is not made of data alone."""
    return b"".join(parts(value))


def parts(value: object) -> list[bytes]:
    """The message in pieces, to be written one after the other."""
    import numpy as np

    body: list[bytes] = []
    size = 0

    def placed(content: bytes) -> list[int]:
        nonlocal size
        body.append(content)
        size += len(content)
        return [size - len(content), len(content)]

    def special(one: object) -> object:
        if isinstance(one, bytes):
            return {_BYTES: placed(one)}
        if isinstance(one, np.ndarray) and one.dtype == np.float64:
            return {_ARRAY: [*placed(one.astype("<f8").tobytes()), list(one.shape)]}
        raise DataError(f"a {type(one).__name__} is no data")

    try:
        head = json.dumps(value, default=special, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as problem:
        raise DataError(f"not data: {_reason(problem)}") from None
    if len(head) > LARGEST_HEAD or size > LARGEST_BODY:
        raise DataError(f"{len(head) + size} bytes are too many for one message")
    return [HEADER.pack(MAGIC, len(head), size) + head, *body]


def length(start: bytes | bytearray) -> int:
    """Length [B] of the message that begins with `start`, which holds at least a header."""
    magic, head, body = HEADER.unpack_from(start)
    if magic != MAGIC or head > LARGEST_HEAD or body > LARGEST_BODY:
        raise DataError("it does not begin as a message does")
    return int(HEADER.size + head + body)


def decoded(message: bytes | bytearray) -> Any:
    """The value of a message; raises DataError where it is none."""
    if len(message) < HEADER.size or len(message) != length(message):
        raise DataError("its length is not that of a message")
    head_size = HEADER.unpack_from(message)[1]
    body = memoryview(message)[HEADER.size + head_size :]

    def special(content: dict[str, Any]) -> Any:
        if _BYTES in content:
            return bytes(_within(body, content[_BYTES]))
        if _ARRAY in content:
            return _array(body, content[_ARRAY])
        return content

    try:
        head = bytes(message[HEADER.size : HEADER.size + head_size]).decode()
        return json.loads(head, object_hook=special)
    except (ValueError, RecursionError) as problem:
        raise DataError(f"not data: {_reason(problem)}") from None


def write(stream: IO[bytes], value: object) -> None:
    """Write the message of a value."""
    for piece in parts(value):
        stream.write(piece)
    stream.flush()


def read(stream: IO[bytes]) -> Any:
    """The value of the next message of a stream; EOFError at its end, DataError otherwise."""
    start = stream.read(HEADER.size)
    if not start:
        raise EOFError
    if len(start) < HEADER.size:
        raise DataError("it is cut off")
    return decoded(start + stream.read(length(start) - HEADER.size))


def _within(body: memoryview, place: Any) -> memoryview:
    if not _are_counts(place) or len(place) != 2 or sum(place) > len(body):
        raise DataError("a place outside the message")
    start, size = place
    return body[start : start + size]


def _array(body: memoryview, place: Any) -> Any:
    import numpy as np

    if not isinstance(place, list) or len(place) != 3 or not _are_counts(place[2]):
        raise DataError("an array without a place or shape")
    content, shape = _within(body, place[:2]), place[2]
    if len(shape) > 8 or math.prod(shape) * _DOUBLE != len(content):
        raise DataError("an array of another size than its shape")
    # A copy: aligned, writable, and without the rest of the message.
    return np.frombuffer(content, dtype="<f8").reshape(shape).astype(np.float64)


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(one) is int and one >= 0 for one in values)


def _reason(problem: BaseException) -> str:
    text = "nested too deep" if isinstance(problem, RecursionError) else str(problem)
    return text[:200]
