"""AND and bit-count on vectors, written as LLVM so that one source fits every machine.

LLVM's generic population count of eight 64-bit lanes becomes one VPOPCNTQ where
the processor has it and a table look-up of nibbles elsewhere; numba has no type
for such vectors, so the inner loop is built here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

LANES = 8
"""Patches that share one vector of 64-bit words."""

_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, LANES)


def _broadcast(builder: Any, scalar: Any) -> Any:
    single = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, _index(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(single, ir.Constant(_VECTOR, ir.Undefined), mask)


def _index(value: int) -> Any:
    return ir.Constant(ir.IntType(32), value)


def _count(builder: Any, value: Any) -> Any:
    name = f"llvm.ctpop.v{LANES}i64" if value.type == _VECTOR else "llvm.ctpop.i64"
    signature = ir.FunctionType(value.type, [value.type])
    function = builder.module.globals.get(name) or ir.Function(builder.module, signature, name)
    return builder.call(function, [value])


def _vector_pointer(builder: Any, pointer: Any, words: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [words]), _VECTOR.as_pointer())


@intrinsic
def _bit_count(_context: Any, word: Any) -> Any:
    """Number of ones in a 64-bit word, as an unsigned 64-bit integer."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _count(builder, arguments[0])

    return (types.uint64(types.uint64), generate) if word == types.uint64 else None


bit_count: Any = _bit_count


def and_count(vectors: int, kernels: int) -> Callable[..., Any]:
    """An intrinsic that counts the ANDs of a block of patches with a few kernels.

    `vectors` x LANES patches meet `kernels` kernels; all vectors * kernels
    accumulators stay in registers over the loop:

        accumulators[r, v, lane] = (accumulators[r, v, lane] ^ flip) - flip << shift
            + sum_i bitcount(patches[i, v, lane] & weights[r, i])

    `flip` is 0 or -1 (then the accumulator changes its sign first), which makes
    shift and accumulate of the whole bit-wise product one chain of these calls.
    """

    @intrinsic
    def block(
        _context: Any,
        accumulators: Any,
        patches: Any,
        _patch_start: Any,
        weights: Any,
        _weight_start: Any,
        _weight_stride: Any,
        _words: Any,
        _flip: Any,
        _shift: Any,
    ) -> Any:
        """Arrays are flat; starts, stride and `words` count 64-bit words."""
        signature = types.void(accumulators, patches, types.int64, weights, *(types.int64,) * 5)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def data(position: int) -> Any:
                array = context.make_array(signature.args[position])
                return array(context, builder, arguments[position]).data

            total, patch, weight = data(0), data(1), data(3)
            patch_at, weight_at, stride, count, sign, bits = (
                arguments[position] for position in (2, 4, 5, 6, 7, 8)
            )
            signs, shifts = _broadcast(builder, sign), _broadcast(builder, bits)
            places = [
                _vector_pointer(builder, total, ir.Constant(_WORD, position * LANES))
                for position in range(kernels * vectors)
            ]
            initial = [
                builder.shl(builder.sub(builder.xor(old, signs), signs), shifts)
                for old in (builder.load(place, align=8) for place in places)
            ]
            entry = builder.block
            head = builder.append_basic_block("and_count.head")
            body = builder.append_basic_block("and_count.body")
            done = builder.append_basic_block("and_count.done")
            builder.branch(head)

            builder.position_at_end(head)
            word = builder.phi(_WORD)
            word.add_incoming(ir.Constant(_WORD, 0), entry)
            running = [builder.phi(_VECTOR) for _ in initial]
            for phi, start in zip(running, initial, strict=True):
                phi.add_incoming(start, entry)
            builder.cbranch(builder.icmp_signed("<", word, count), body, done)

            builder.position_at_end(body)
            first = builder.add(patch_at, builder.mul(word, ir.Constant(_WORD, vectors * LANES)))
            bits_of_patches = [
                builder.load(
                    _vector_pointer(
                        builder, patch, builder.add(first, ir.Constant(_WORD, vector * LANES))
                    ),
                    align=8,
                )
                for vector in range(vectors)
            ]
            grown = []
            row = builder.add(weight_at, word)
            for kernel in range(kernels):
                bits_of_kernel = _broadcast(builder, builder.load(builder.gep(weight, [row])))
                row = builder.add(row, stride)
                for vector, bits_of_patch in enumerate(bits_of_patches):
                    ones = _count(builder, builder.and_(bits_of_patch, bits_of_kernel))
                    grown.append(builder.add(running[kernel * vectors + vector], ones))
            for phi, value in zip(running, grown, strict=True):
                phi.add_incoming(value, body)
            word.add_incoming(builder.add(word, ir.Constant(_WORD, 1)), body)
            builder.branch(head)

            builder.position_at_end(done)
            for value, place in zip(running, places, strict=True):
                builder.store(value, place, align=8)
            return context.get_dummy_value()

        return signature, generate

    return block
