"""AND, bit-count, shift and accumulate on vectors, written as LLVM.

LLVM's generic population count of eight 64-bit lanes becomes one VPOPCNTQ where
the processor has it and a table look-up of nibbles elsewhere; numba has no type
for such vectors, so the inner loops are built here, once for every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

LANES = 8
"""Patches that share one vector of 64-bit words."""

_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, LANES)


def multiply_block(vectors: int, kernels: int) -> Callable[..., Any]:
    """An intrinsic that multiplies a block of patches by a few kernels, bit by bit.

    `vectors` x LANES patches meet `kernels` kernels. All sums stay in registers:

        sum[r, v, lane] = 0
        for x, w, flip, shift in steps (but the last):
            sum[r, v, lane] = (sum[r, v, lane] ^ flip) - flip << shift
            for i in range(words):
                sum[r, v, lane] += bitcount(patches[x, i, v, lane] & weights[r, w, i])
        result[r, v, lane] = (sum[r, v, lane] ^ last flip) - last flip << last shift
            + patch_terms[v, lane] + kernel_terms[r]

    Arguments, all arrays flat and all places and distances in 64-bit words:
    steps, words, patches, place, weights, place, distance of kernels,
    patch_terms, place, kernel_terms, place, distance of kernels,
    result, place, distance of kernels.
    """

    @intrinsic
    def multiply(
        _context: Any,
        steps: Any,
        _words: Any,
        patches: Any,
        _patch: Any,
        weights: Any,
        _weight: Any,
        _weight_stride: Any,
        patch_terms: Any,
        _patch_term: Any,
        kernel_terms: Any,
        _term: Any,
        _term_stride: Any,
        result: Any,
        _place: Any,
        _result_stride: Any,
    ) -> Any:
        integer = types.int64
        signature = types.void(
            steps, integer, patches, integer, weights, integer, integer, patch_terms, integer,
            kernel_terms, integer, integer, result, integer, integer,
        )  # fmt: skip

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def pointer(argument: int, place: Any) -> Any:
                array = context.make_array(signature.args[argument])
                return builder.gep(array(context, builder, arguments[argument]).data, [place])

            words, weight_stride = arguments[1], arguments[6]
            steps = pointer(0, _constant(0))
            patches, weights = pointer(2, arguments[3]), pointer(4, arguments[5])
            step_rows = context.make_array(signature.args[0])(context, builder, arguments[0]).nitems
            last = builder.sub(builder.sdiv(step_rows, _constant(4)), _constant(1))
            lanes = _constant(vectors * LANES)
            sums = [[_variable(builder) for _ in range(vectors)] for _ in range(kernels)]

            def sign_and_shift(step: Any) -> None:
                row = builder.mul(step, _constant(4))
                flip, shift = (
                    builder.load(_at(builder, steps, builder.add(row, _constant(column))))
                    for column in (2, 3)
                )
                with builder.if_then(builder.icmp_signed("!=", flip, _constant(0))):
                    for each in chain.from_iterable(sums):
                        builder.store(builder.neg(builder.load(each)), each)
                with builder.if_then(builder.icmp_signed("!=", shift, _constant(0))):
                    places = _broadcast(builder, shift)
                    for each in chain.from_iterable(sums):
                        builder.store(builder.shl(builder.load(each), places), each)

            with _repeat(builder, last) as step:
                sign_and_shift(step)
                row = builder.mul(step, _constant(4))
                x = builder.load(_at(builder, steps, row))
                w = builder.load(_at(builder, steps, builder.add(row, _constant(1))))
                patch_plane = _at(builder, patches, builder.mul(builder.mul(x, words), lanes))
                weight_plane = _at(builder, weights, builder.mul(w, words))
                with _repeat(builder, words) as word:
                    line = _at(builder, patch_plane, builder.mul(word, lanes))
                    patch_bits = [
                        _load(builder, _at(builder, line, _constant(vector * LANES)))
                        for vector in range(vectors)
                    ]
                    kernel = _at(builder, weight_plane, word)
                    for row_sums in sums:
                        kernel_bits = _broadcast(builder, builder.load(kernel))
                        kernel = _at(builder, kernel, weight_stride)
                        for bits, each in zip(patch_bits, row_sums, strict=True):
                            ones = _count(builder, builder.and_(bits, kernel_bits))
                            builder.store(builder.add(builder.load(each), ones), each)
            sign_and_shift(last)
            terms = pointer(7, arguments[8])
            patch_terms = [
                _load(builder, _at(builder, terms, _constant(vector * LANES)))
                for vector in range(vectors)
            ]
            kernel_term, line = pointer(9, arguments[10]), pointer(12, arguments[13])
            for row_sums in sums:
                term = _broadcast(builder, builder.load(kernel_term))
                for vector, each in enumerate(row_sums):
                    value = builder.add(builder.load(each), builder.add(patch_terms[vector], term))
                    place = _at(builder, line, _constant(vector * LANES))
                    builder.store(value, builder.bitcast(place, _VECTOR.as_pointer()), align=8)
                kernel_term = _at(builder, kernel_term, arguments[11])
                line = _at(builder, line, arguments[14])
            return context.get_dummy_value()

        return signature, generate

    return multiply


@contextmanager
def _repeat(builder: Any, times: Any) -> Iterator[Any]:
    """A loop whose body runs at least once, with its index."""
    before = builder.block
    body = builder.append_basic_block("repeat")
    done = builder.append_basic_block("repeat.done")
    builder.branch(body)
    builder.position_at_end(body)
    index = builder.phi(_WORD)
    index.add_incoming(_constant(0), before)
    yield index
    following = builder.add(index, _constant(1), flags=["nsw"])
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, times), body, done)
    builder.position_at_end(done)


def _variable(builder: Any) -> Any:
    """A vector of zeros that LLVM keeps in a register."""
    with builder.goto_entry_block():
        place = builder.alloca(_VECTOR)
    builder.store(ir.Constant(_VECTOR, None), place)
    return place


def _constant(value: int) -> Any:
    return ir.Constant(_WORD, value)


def _at(builder: Any, pointer: Any, words: Any) -> Any:
    return builder.gep(pointer, [words])


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=8)


def _broadcast(builder: Any, scalar: Any) -> Any:
    empty = ir.Constant(_VECTOR, ir.Undefined)
    single = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(single, empty, lanes)


def _count(builder: Any, value: Any) -> Any:
    name = f"llvm.ctpop.v{LANES}i64"
    signature = ir.FunctionType(_VECTOR, [_VECTOR])
    function = builder.module.globals.get(name) or ir.Function(builder.module, signature, name)
    return builder.call(function, [value])
