"""Peak memory of VGG-16 at 224 x 224, batch 16, W1:A4, beside the tensors that it needs.

    python benchmarks/memory.py [--batch N] [--size N] [--threads N] [--network] [--json FILE]

Each convolution runs in a process of its own, random codes in bytes, weights packed beforehand;
"beyond" is the peak of resident memory less what was resident before the call and less the
output, over the input and the output. With --network the whole network is written as QONNX,
random weights, and run like `mramcim run` does, its layers counted and dropped. "threads" is
processor time of the process over that of its first thread, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Kernels of the convolutions, a zero for each maximum over 2 x 2."""
ACTIVATIONS, WEIGHTS = 4, 1


def layers(size: int) -> list[tuple[int, int, int]]:
    """Channels, kernels and side of each convolution."""
    found, channels = [], 3
    for kernels in WIDTHS:
        if kernels:
            found.append((channels, kernels, size))
            channels = kernels
        else:
            size //= 2
    return found


def resident() -> int:
    """Bytes of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak() -> int:
    """Most bytes of this process in memory since its start, or since `forget_peak`."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Let the peak begin anew."""
    Path("/proc/self/clear_refs").write_text("5")


def timed(work: Any) -> tuple[Any, dict[str, float]]:
    """What `work` gives, with its seconds, threads at work and bytes at the peak."""
    before, start = resident(), time.perf_counter()
    whole, first = time.process_time(), time.thread_time()
    forget_peak()
    result = work()
    return result, {
        "seconds": time.perf_counter() - start,
        "threads": (time.process_time() - whole) / (time.thread_time() - first),
        "peak": peak() - before,
    }


def one_layer(channels: int, kernels: int, side: int, batch: int) -> dict[str, float]:
    """A convolution of the exact bit-wise kind, warmed up on a small input."""
    from accelerator import bitwise_conv2d, pack_weights

    random = np.random.default_rng(1)
    signs = 2 * random.integers(0, 2, (kernels, channels, 3, 3)) - 1
    weights = pack_weights(signs, weight_bits=WEIGHTS)
    options: dict[str, Any] = {
        "activation_bits": ACTIVATIONS, "weight_bits": WEIGHTS, "padding": 1,
    }  # fmt: skip
    small = random.integers(0, 2**ACTIVATIONS, (1, channels, 16, 16), np.uint8)
    bitwise_conv2d(small, weights, **options)
    codes = random.integers(0, 2**ACTIVATIONS, (batch, channels, side, side), np.uint8)
    result, found = timed(lambda: bitwise_conv2d(codes, weights, **options))
    found |= {"input": codes.nbytes, "output": result.nbytes}
    return found | {"beyond": (found["peak"] - result.nbytes) / (codes.nbytes + result.nbytes)}


def vgg16(path: Path, size: int, classes: int = 10) -> None:
    """VGG-16 in QONNX: its thirteen convolutions, a mean over each channel and one product."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(1)
    nodes, constants = [], []

    def constant(value: Any) -> str:
        constants.append(
            numpy_helper.from_array(np.asarray(value, np.float32), f"c{len(constants)}")
        )
        return str(constants[-1].name)

    def node(operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"{operator.lower()}{len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def quantized(x: str, scale: float, bits: int, signed: int) -> str:
        numbers = (constant(one) for one in (scale, 0, bits))
        return node("Quant", x, *numbers, domain="qonnx.custom_op.general", signed=signed,
                    narrow=0, rounding_mode="ROUND")  # fmt: skip

    x = quantized("x", 1 / 15, ACTIVATIONS, 0)
    channels = 3
    for kernels in WIDTHS:
        if not kernels:
            x = node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
            continue
        signs = constant(random.standard_normal((kernels, channels, 3, 3)))
        w = node("BipolarQuant", signs, constant(1.0), domain="qonnx.custom_op.general")
        x = node("Relu", node("Conv", x, w, kernel_shape=[3, 3], pads=[1] * 4))
        x = quantized(x, float(np.sqrt(channels * 9)) / 8, ACTIVATIONS, 0)
        channels = kernels
    x = node("Flatten", node("GlobalAveragePool", x))
    w = quantized(constant(random.standard_normal((classes, channels))), 1 / 64, 8, 1)
    x = node("Gemm", x, w, transB=1)
    graph = helper.make_graph(
        nodes, "vgg16",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["N", classes])], constants,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


def whole_network(size: int, batch: int) -> dict[str, float]:
    """The network as `mramcim run` runs it; tensors are all of one image in single precision."""
    from accelerator.inference import QuantizedNetwork, cost_run

    with TemporaryDirectory() as folder:
        path = Path(folder) / "vgg16.onnx"
        vgg16(path, size)
        network = QuantizedNetwork(path)
        images = np.random.default_rng(2).integers(0, 256, (batch, 3, size, size), np.uint8)
        network.run(images[:1, :, :, :], highest=255, keep=False)
        run, found = timed(lambda: network.run(images, highest=255, keep=False))
        one = sum(kernels * side * side for _, kernels, side in layers(size)) * 4
        energy = cost_run(path, run, samples=0).energy
        return {**found, "convolutions_of_one_image": one, "energy": energy}


def child(options: argparse.Namespace, *words: object) -> dict[str, float]:
    """The same script in a process of its own."""
    environment = {**os.environ, "NUMBA_NUM_THREADS": str(options.threads)}
    command = [sys.executable, __file__, "--batch", options.batch, "--size", options.size, *words]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=True, env=environment
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure each layer, or the network, and print megabytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only == "network":
        print(json.dumps(whole_network(options.size, options.batch)))
        return
    if options.only:
        channels, kernels, side = map(int, options.only.split(","))
        print(json.dumps(one_layer(channels, kernels, side, options.batch)))
        return
    rows: dict[str, dict[str, float]] = {}
    if options.network:
        rows["network"] = found = child(options, "--only", "network")
        print(
            f"{options.batch} images: {found['seconds']:.1f} s, {found['threads']:.2f} "
            f"threads, {found['peak'] / 1e6:.0f} MB above the start; all convolutions of one "
            f"image are {found['convolutions_of_one_image'] / 1e6:.0f} MB"
        )
    else:
        print("layer            input MB  output MB  peak MB  beyond  seconds  threads")
        for channels, kernels, side in dict.fromkeys(layers(options.size)):
            name = f"{channels},{kernels},{side}"
            rows[name] = found = child(options, "--only", name)
            print(
                f"{name:15}{found['input'] / 1e6:10.1f}{found['output'] / 1e6:11.1f}"
                f"{found['peak'] / 1e6:9.1f}{found['beyond']:8.2f}{found['seconds']:9.2f}"
                f"{found['threads']:9.2f}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
