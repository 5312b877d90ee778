"""The sensing operations: their operands, truth tables and the data that goes before."""

from __future__ import annotations

OPERANDS = {"read": 1, "and2": 2, "or2": 2, "xor2": 2}


def truth(operation: str, operands: str) -> int:
    """The bit that an operation gives for stored operands such as "01"."""
    bits = [int(bit) for bit in operands]
    if operation == "read":
        return bits[0]
    if operation == "and2":
        return bits[0] & bits[1]
    if operation == "or2":
        return bits[0] | bits[1]
    return bits[0] ^ bits[1]


def before(operation: str, operands: str) -> str:
    """The stored bits that the cycle before senses: the opposite level and result.

    The complement, but for mixed operands, whose complement is the same level on the line:
    before them AND has seen 11 and OR, whose levels are the closest, 00; so has XOR.
    """
    if len(set(operands)) == 1:
        return "".join("1" if bit == "0" else "0" for bit in operands)
    return "11" if operation == "and2" else "00"


def operand_patterns(operation: str) -> tuple[str, ...]:
    """All operand patterns of an operation, in counting order."""
    count = OPERANDS[operation]
    return tuple(format(value, f"0{count}b") for value in range(2**count))
