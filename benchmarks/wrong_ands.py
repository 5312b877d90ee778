"""Cost of drawing wrong ANDs: AlexNet's conv2..5 at W1:A4, one image, over the exact time.

    python benchmarks/wrong_ands.py [--repeats N] [--json FILE]

Grouped as published, random codes, weights packed beforehand; all operand pairs at one rate.
"exact" is the integer convolution alone, each ratio one of whole runs in the same process.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import least_time

from accelerator.bitwise.encodings import levels
from accelerator.inference.errors import AndErrors, with_errors
from accelerator.inference.grid import Coded
from accelerator.inference.products import LayerRun, Weights, Window, multiply

LAYERS = [
    ("conv2", 96, 27, 256, 5, 2),
    ("conv3", 256, 13, 384, 3, 1),
    ("conv4", 384, 13, 384, 3, 2),
    ("conv5", 384, 13, 256, 3, 2),
]
RATES = (1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    operands = []
    for _, channels, size, kernels, kernel, groups in LAYERS:
        codes = random.integers(0, 16, (1, channels, size, size))
        signs = 2 * random.integers(0, 2, (kernels, channels // groups, kernel, kernel)) - 1
        window = Window((1, 1), (kernel // 2,) * 4, (1, 1), groups)
        weights = Weights(Coded(signs, levels("symmetric", 1, "weight"), 0), window)
        operands.append((Coded(codes, levels("unsigned", 4, "activation"), 0), weights))

    def exact() -> list[LayerRun]:
        return [multiply("", "Conv", codes, weights) for codes, weights in operands]

    def wrong(rate: float) -> Callable[[], object]:
        errors = AndErrors(rate, rate, rate, rate)
        return lambda: [with_errors(run, errors, random) for run in exact()]

    alone = least_time(exact, arguments.repeats)
    print(f"exact: {alone * 1e3:.2f} ms")
    ratios = {}
    for rate in RATES:
        ratios[rate] = least_time(wrong(rate), arguments.repeats) / alone
        print(f"rate {rate:g}: {ratios[rate]:.2f} times the exact time")
    if arguments.json:
        arguments.json.write_text(json.dumps({"exact_s": alone, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()
