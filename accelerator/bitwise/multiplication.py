"""A block of patches times a few kernels, with every sum in a register.

Operands are words of patches and words of kernels; what a pair of words
contributes depends on the words' type:

- 64 single bits (uint64): the ones of their AND, one VPOPCNTQ of eight words where
  the processor has it, a look-up of nibbles elsewhere;
- 4 bytes (uint32): the sum of the products of the patch's unsigned with the
  kernel's signed bytes, one VPDPBUSD of sixteen words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from accelerator.bitwise.vectors import (
    INDEX,
    REGISTER_BYTES,
    at,
    broadcast,
    call,
    constant,
    load_vector,
    processor_has,
    repeat,
    store_vector,
    variable,
)

# 3 x 8 sums fill most of AVX-512's 32 registers; a vector is two of AVX2's 16.
VECTORS_AT_ONCE, KERNELS_AT_ONCE = (3, 8) if processor_has("avx512f") else (1, 4)


def multiply_by(kernel_counts: tuple[int, ...]) -> Callable[..., Any]:
    """An intrinsic that multiplies a block of patches by one of so many kernels.

    `vectors` (1 .. VECTORS_AT_ONCE) registers of patches meet `kernels` kernels:

        sum[r, lane] = 0
        for x, w, flip, shift in steps (but the last):
            sum[r, lane] = (-sum[r, lane] if flip else sum[r, lane]) << shift
            for i in range(words):
                sum[r, lane] += patches[x, i, lane] * weights[r, w, i]
        result[r, lane] = (-sum[r, lane] if last flip else sum[r, lane]) << last shift
            + patch_terms[lane] + kernel_terms[r]

    Arrays are flat and places and distances count elements. The sums have the
    width of a word, the results 64 bits; in a sum of 32 bits no shift may be lost.
    """

    @intrinsic
    def multiply(
        _context: Any,
        _vectors: Any,
        _kernels: Any,
        steps: Any,
        _words: Any,
        patches: Any,
        _patch: Any,
        weights: Any,
        _weight: Any,
        _weight_distance: Any,
        patch_terms: Any,
        _patch_term: Any,
        kernel_terms: Any,
        _kernel_term: Any,
        _kernel_term_distance: Any,
        result: Any,
        _place: Any,
        _result_distance: Any,
    ) -> Any:
        index = types.int64
        signature = types.void(
            index, index, steps, index, patches, index, weights, index, index,
            patch_terms, index, kernel_terms, index, index, result, index, index,
        )  # fmt: skip

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            for vectors in range(1, VECTORS_AT_ONCE + 1):
                for kernels in kernel_counts:
                    chosen = builder.and_(
                        builder.icmp_signed("==", arguments[0], constant(vectors)),
                        builder.icmp_signed("==", arguments[1], constant(kernels)),
                    )
                    with builder.if_then(chosen):
                        _multiply(context, builder, signature, arguments, vectors, kernels)
            return context.get_dummy_value()

        return signature, generate

    return multiply


def _multiply(
    context: Any, builder: Any, signature: Any, arguments: Any, vectors: int, kernels: int
) -> None:
    def array(argument: int) -> Any:
        return context.make_array(signature.args[argument])(context, builder, arguments[argument])

    def pointer(argument: int) -> Any:
        return at(builder, array(argument).data, arguments[argument + 1])

    bits = signature.args[4].dtype.bitwidth
    lanes = REGISTER_BYTES * 8 // bits
    word = ir.VectorType(ir.IntType(bits), lanes)
    add_products = {64: _add_ones_of_and, 32: _add_products_of_bytes}[bits]
    steps, words = array(2).data, arguments[3]
    last = builder.sub(builder.sdiv(array(2).nitems, constant(4)), constant(1))
    patches, weights, weight_distance = pointer(4), pointer(6), arguments[8]
    sums = [[variable(builder, word) for _ in range(vectors)] for _ in range(kernels)]

    def entry(step: Any, column: int) -> Any:
        offset = builder.add(builder.mul(step, constant(4)), constant(column))
        return builder.load(at(builder, steps, offset))

    def flip_and_shift(step: Any) -> None:
        with builder.if_then(builder.icmp_signed("!=", entry(step, 2), constant(0))):
            for each in chain.from_iterable(sums):
                builder.store(builder.neg(builder.load(each)), each)
        with builder.if_then(builder.icmp_signed("!=", entry(step, 3), constant(0))):
            places = builder.trunc(entry(step, 3), word.element) if bits < 64 else entry(step, 3)
            places = broadcast(builder, places, lanes)
            for each in chain.from_iterable(sums):
                builder.store(builder.shl(builder.load(each), places), each)

    with repeat(builder, last) as step:
        flip_and_shift(step)
        line_words = builder.mul(words, constant(vectors * lanes))
        patch_plane = at(builder, patches, builder.mul(entry(step, 0), line_words))
        weight_plane = at(builder, weights, builder.mul(entry(step, 1), words))
        with repeat(builder, words) as place:
            line = at(builder, patch_plane, builder.mul(place, constant(vectors * lanes)))
            patch_words = [
                load_vector(builder, at(builder, line, constant(vector * lanes)), word)
                for vector in range(vectors)
            ]
            kernel = at(builder, weight_plane, place)
            for row in sums:
                kernel_word = broadcast(builder, builder.load(kernel), lanes)
                kernel = at(builder, kernel, weight_distance)
                for patch_word, each in zip(patch_words, row, strict=True):
                    grown = add_products(builder, builder.load(each), patch_word, kernel_word)
                    builder.store(grown, each)
    flip_and_shift(last)

    # Results are 64 bits wide: a register of 32-bit sums leaves as two halves.
    half = REGISTER_BYTES // 8
    parts = [partial(_part, first=first, size=half) for first in range(0, lanes, half)]
    long_word = ir.VectorType(INDEX, half)
    terms, kernel_term, line = pointer(9), pointer(11), pointer(14)
    places = [constant(place * half) for place in range(vectors * len(parts))]
    patch_terms = [load_vector(builder, at(builder, terms, place), long_word) for place in places]
    for row in sums:
        term = broadcast(builder, builder.load(kernel_term), half)
        values = [part(builder, builder.load(each)) for each in row for part in parts]
        for value, patch_term, place in zip(values, patch_terms, places, strict=True):
            long = builder.sext(value, long_word) if bits < 64 else value
            long = builder.add(long, builder.add(patch_term, term))
            store_vector(builder, long, at(builder, line, place))
        kernel_term = at(builder, kernel_term, arguments[13])
        line = at(builder, line, arguments[16])


def _part(builder: Any, value: Any, first: int, size: int) -> Any:
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), size), list(range(first, first + size)))
    return builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), lanes)


def _add_ones_of_and(builder: Any, total: Any, patches: Any, kernels: Any) -> Any:
    both = builder.and_(patches, kernels)
    ones = call(builder, f"llvm.ctpop.v{both.type.count}i64", both.type, [both])
    return builder.add(total, ones)


def _add_products_of_bytes(builder: Any, total: Any, patches: Any, kernels: Any) -> Any:
    return call(builder, "llvm.x86.avx512.vpdpbusd.512", total.type, [total, patches, kernels])
