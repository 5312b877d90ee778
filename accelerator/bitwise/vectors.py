"""Pieces of LLVM that the kernels are built from: vectors, loops, a shared counter.

numba has no type for a register of several numbers; llvmlite has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

INDEX = ir.IntType(64)
REGISTER_BYTES = 64
"""Bytes of a vector; a processor with shorter registers takes several of them."""


def processor_has(feature: str) -> bool:
    """Whether numba compiles for a processor with this feature, in LLVM's words."""
    from numba.core import codegen, config

    features = vars(config)["CPU_FEATURES"]  # NUMBA_CPU_FEATURES
    if features is None:
        features = vars(codegen)["get_host_cpu_features"]()
    return f"+{feature}" in features.split(",")


def constant(value: int) -> Any:
    """A 64-bit integer."""
    return ir.Constant(INDEX, value)


def at(builder: Any, pointer: Any, offset: Any) -> Any:
    """The pointer `offset` elements further."""
    return builder.gep(pointer, [offset])


def load_vector(builder: Any, pointer: Any, kind: Any) -> Any:
    """A vector of type `kind` from anywhere in an array."""
    return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=4)


def store_vector(builder: Any, value: Any, pointer: Any) -> None:
    """Write a vector anywhere in an array."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=4)


def broadcast(builder: Any, scalar: Any, lanes: int) -> Any:
    """A vector that holds `scalar` in every lane."""
    empty = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    single = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    first = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(single, empty, first)


def variable(builder: Any, kind: Any) -> Any:
    """A place for a value of type `kind`, zero at first, that LLVM keeps in a register."""
    with builder.goto_entry_block():
        place = builder.alloca(kind)
    builder.store(ir.Constant(kind, None), place)
    return place


@contextmanager
def repeat(builder: Any, times: Any) -> Iterator[Any]:
    """A loop whose body runs at least once, with its index."""
    before = builder.block
    body = builder.append_basic_block("repeat")
    done = builder.append_basic_block("repeat.done")
    builder.branch(body)
    builder.position_at_end(body)
    index = builder.phi(INDEX)
    index.add_incoming(constant(0), before)
    yield index
    following = builder.add(index, constant(1), flags=["nsw"])
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, times), body, done)
    builder.position_at_end(done)


def call(builder: Any, name: str, returns: Any, arguments: list[Any]) -> Any:
    """Call one of LLVM's own functions."""
    signature = ir.FunctionType(returns, [argument.type for argument in arguments])
    known = builder.module.globals.get(name)
    return builder.call(known or ir.Function(builder.module, signature, name), arguments)


@intrinsic
def _take(_context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", data, constant(1), "monotonic")

    return types.int64(counter), generate


take: Any = _take
"""take(counter): the number in the one-element array, which grows by one, atomically."""
