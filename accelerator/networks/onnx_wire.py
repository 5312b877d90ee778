"""How much memory the parts of an ONNX file take, told from its bytes before they are parsed.

A message of two bytes becomes an object of a hundred: a file of nothing but empty nodes takes
fifty times its own size, and only what tensors hold as plain bytes takes as much as it has.
Protocol Buffers, https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

LARGEST_FILE = 640 << 20
"""Size [B] of the largest file: its bytes and what they become are in memory together."""
LARGEST_FRAME = 24 << 20
"""Bytes of everything but the tensors' numbers; the largest published networks have some 5e6."""
_MOST_FIELDS = 1_000_000
_BY_FIELD = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "sparse": {1: "tensor", 2: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
}
_NUMBERS = frozenset({4, 9, 10})
"""Fields of a tensor that take as much memory as the file: floats, raw bytes, doubles."""
_DEEPEST = 24


class WireError(ValueError):
    """Bytes that are no messages; the text is part of a sentence."""


def frame_size(image: bytes) -> int:
    """Bytes of a model that are not numbers of its tensors.

    Raises WireError where the bytes are no model, or of too many parts to be one.
    """
    numbers = fields = 0
    waiting: list[tuple[str, int, int, int]] = [("model", 0, len(image), 0)]
    while waiting:
        kind, place, end, depth = waiting.pop()
        if depth > _DEEPEST:
            raise WireError("it is nested too deep")
        inner = _BY_FIELD.get(kind, {})
        while place < end:
            fields += 1
            if fields > _MOST_FIELDS:
                raise WireError(f"it has more than {_MOST_FIELDS} parts")
            tag = image[place]
            place += 1
            if tag >= 128:
                tag, place = _whole(image, place - 1, end)
            length = 0
            if tag & 7 == 2:
                length, place = _whole(image, place, end)
            elif tag & 7 == 0:
                _, place = _whole(image, place, end)
            elif tag & 7 in (1, 5):
                length = 8 if tag & 7 == 1 else 4
            else:
                raise WireError("it has parts of no known kind")
            if place + length > end or tag < 8:
                raise WireError("it is cut off" if tag >= 8 else "it has parts without a number")
            if tag & 7 == 2:
                if kind == "tensor" and tag >> 3 in _NUMBERS:
                    numbers += length
                elif tag >> 3 in inner:
                    waiting.append((inner[tag >> 3], place, place + length, depth + 1))
            place += length
    return len(image) - numbers


def _whole(image: bytes, place: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while place < end and shift < 70:
        byte = image[place]
        place += 1
        if byte < 128:
            return value | byte << shift, place
        value |= (byte & 127) << shift
        shift += 7
    raise WireError("it is cut off")
