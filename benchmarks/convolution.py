"""Speed of exact low-bit convolution beside onnxruntime and the processor's own bound.

    python benchmarks/convolution.py [--threads N] [--repeats N] [--json FILE]

Prints, for AlexNet's quantized convolutions (ungrouped) and one of ResNet-18, the
milliseconds of a whole call of `bitwise_conv2d` (checks and packing of activations
included, weights packed beforehand), its bit operations a second, and onnxruntime's
float Conv and ConvInteger on the same shape. Each figure is the least of many runs.
The bound is a loop of AND, bit-count and addition whose operands stay in registers.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from machine import least_time


class Layer(NamedTuple):
    """A square convolution of stride 1 whose output is as large as its input."""

    name: str
    channels: int
    kernels: int
    size: int
    kernel: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return self.size**2 * self.kernels * self.channels * self.kernel**2


ALEXNET = [
    Layer("conv2", 64, 192, 27, 5),
    Layer("conv3", 192, 384, 13, 3),
    Layer("conv4", 384, 256, 13, 3),
    Layer("conv5", 256, 256, 13, 3),
]
LAYERS = [*ALEXNET, Layer("resnet18.layer2", 128, 128, 28, 3)]
WIDTHS = [(1, 1), (1, 2), (2, 2), (1, 4), (4, 4), (8, 8), (16, 16)]


def register_bound(repeats: int) -> float:
    """Bit operations a second of one core that ANDs, counts and adds without memory."""
    from llvmlite import ir
    from numba import njit, types
    from numba.extending import intrinsic

    from accelerator.bitwise import vectors

    lanes, chains = 8, 12
    word = ir.VectorType(ir.IntType(64), lanes)

    @intrinsic
    def spin(_context: Any, output: Any, _rounds: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            sums = [vectors.variable(builder, word) for _ in range(chains)]
            place = [vectors.at(builder, data, vectors.constant(8 * i)) for i in range(chains)]
            fixed = [vectors.load_vector(builder, each, word) for each in place]
            with vectors.repeat(builder, arguments[1]) as index:
                changing = vectors.broadcast(builder, index, lanes)
                for total, operand in zip(sums, fixed, strict=True):
                    both = builder.and_(operand, changing)
                    ones = vectors.call(builder, f"llvm.ctpop.v{lanes}i64", word, [both])
                    builder.store(builder.add(builder.load(total), ones), total)
            for total, each in zip(sums, place, strict=True):
                vectors.store_vector(builder, builder.load(total), each)
            return context.get_dummy_value()

        return types.void(output, types.int64), generate

    @njit
    def run(output: Any, rounds: int) -> None:
        spin(output, rounds)

    output, rounds = np.arange(lanes * chains, dtype=np.int64), 100_000
    return rounds * chains * lanes * 64 / least_time(lambda: run(output, rounds), repeats)


def ours(layer: Layer, weight_bits: int, activation_bits: int, repeats: int) -> float:
    """Seconds of one call of `bitwise_conv2d`."""
    from accelerator import bitwise_conv2d, pack_weights

    rng = np.random.default_rng(1)
    shape = (1, layer.channels, layer.size, layer.size)
    activations = rng.integers(0, 2**activation_bits, shape)
    activations = activations.astype(np.uint8 if activation_bits <= 8 else np.uint16)
    codes = rng.integers(0, 2**weight_bits, (layer.kernels, layer.channels, *[layer.kernel] * 2))
    weights = pack_weights(2 * codes - (2**weight_bits - 1), weight_bits=weight_bits)
    return least_time(
        lambda: bitwise_conv2d(
            activations,
            weights,
            activation_bits=activation_bits,
            weight_bits=weight_bits,
            padding=layer.kernel // 2,
        ),
        repeats,
    )


def onnxruntime_time(layer: Layer, operator: str, threads: int, repeats: int) -> float:
    """Seconds of onnxruntime's Conv (float32) or ConvInteger (uint8 by int8)."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    floats = operator == "Conv"
    rng = np.random.default_rng(1)
    shape = (1, layer.channels, layer.size, layer.size)
    activations = rng.integers(0, 255, shape).astype(np.float32 if floats else np.uint8)
    weights = rng.integers(-127, 127, (layer.kernels, layer.channels, *[layer.kernel] * 2))
    weights = weights.astype(np.float32 if floats else np.int8)
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "w"], ["y"], pads=[layer.kernel // 2] * 4)],
        operator,
        [
            helper.make_tensor_value_info(
                "x", TensorProto.FLOAT if floats else TensorProto.UINT8, shape
            )
        ],
        [
            helper.make_tensor_value_info(
                "y", TensorProto.FLOAT if floats else TensorProto.INT32, None
            )
        ],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return least_time(lambda: session.run(None, {"x": activations}), repeats)


def measure(threads: int, repeats: int) -> dict[str, Any]:
    """All figures, in seconds and bit operations a second."""
    results: dict[str, Any] = {
        "threads": threads,
        "register_bound_one_core": register_bound(repeats),
        "layers": [],
    }
    for layer in LAYERS:
        row: dict[str, Any] = {"name": layer.name, "macs": layer.macs}
        for weight_bits, activation_bits in WIDTHS:
            row[f"W{weight_bits}:A{activation_bits}"] = ours(
                layer, weight_bits, activation_bits, repeats
            )
        for operator in ("Conv", "ConvInteger"):
            row[operator] = onnxruntime_time(layer, operator, threads, repeats)
        results["layers"].append(row)
    return results


def show(results: dict[str, Any]) -> None:
    """Print milliseconds, with Tbit-op/s where single bits are computed."""
    bound = results["register_bound_one_core"]
    print(f"{results['threads']} thread(s); bound of one core {bound / 1e12:.3f} Tbit-op/s")
    names = [f"W{w}:A{a}" for w, a in WIDTHS]
    print(f"{'layer':16}{'MMAC':>8}" + "".join(f"{n:>16}" for n in names), end="")
    print(f"{'ORT Conv f32':>14}{'ConvInteger':>13}   (ms; Tbit-op/s)")
    rows = [*results["layers"]]
    alexnet = rows[: len(ALEXNET)]
    rows.append({key: sum(row[key] for row in alexnet) for key in alexnet[0] if key != "name"})
    rows[-1]["name"] = "sum conv2..5"
    for row in rows:
        print(f"{row['name']:16}{row['macs'] / 1e6:8.1f}", end="")
        for (weight_bits, activation_bits), name in zip(WIDTHS, names, strict=True):
            pairs = weight_bits * activation_bits
            rate = f"({row['macs'] * pairs / row[name] / 1e12:.2f})" if pairs <= 4 else ""
            print(f"{row[name] * 1e3:9.3f}{rate:>7}", end="")
        print(f"{row['Conv'] * 1e3:14.3f}{row['ConvInteger'] * 1e3:13.3f}")


def main() -> None:
    """Measure and print; with --json, write the figures to a file too."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for variable in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    results = measure(options.threads, options.repeats)
    show(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
