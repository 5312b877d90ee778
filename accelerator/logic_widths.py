"""Widths of counters, accumulators and adders, in bits, from the largest value each holds."""

from __future__ import annotations


def largest_bits(length: int, weight_planes: int, activation_planes: int) -> int:
    """Bits of `length` products of the largest unsigned operands (1)."""
    largest = length * ((1 << weight_planes) - 1) * ((1 << activation_planes) - 1)
    return largest.bit_length()


def bit_count_adders(inputs: int) -> int:
    """Full adders of a tree that counts the ones among `inputs` bits (1).

    An adder takes three bits of one weight and leaves one, carrying one to the next weight.
    Reducing n bits to one takes floor(n/2) adders, the last a half adder when n is even,
    and carries as many; summed over the weights that is n minus the ones in n written in
    binary (Legendre). Half adders count as full ones.
    """
    return inputs - inputs.bit_count()


def bit_count_depth(inputs: int) -> int:
    """Full adders on the longest path of that tree (1).

    Three-to-two reduction of each weight in parallel, then the carries ripple through.
    """
    depth, height = 0, inputs
    while height > 2:
        height -= height // 3
        depth += 1
    return depth + inputs.bit_length()
