"""A network whose width follows what an image may cost: the widest that fits each budget.

    python examples/adaptive_widths.py [--bits 8] [--budgets 5,20,60,200]

Budgets are energies of an image in uJ. One set of weights stays mapped; a width uses its first
channels, and choosing another writes nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from accelerator.adaptive.costing import run_costs
from accelerator.adaptive.networks import write_widths
from accelerator.adaptive.setting import SHIPPED, read_record
from accelerator.datasets import load_dataset
from accelerator.inference import QuantizedNetwork


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bits", type=int, default=8)
    parser.add_argument("--budgets", default="5,20,60,200")
    arguments = parser.parse_args()

    record = read_record()
    image = record.setting.image
    images = load_dataset("digits").first(10).resized((image[0], image[1], image[1]))
    with TemporaryDirectory() as folder:
        files = write_widths(SHIPPED / record.setting.file(arguments.bits), Path(folder))
        runs = {width: QuantizedNetwork(file).run(images.images) for width, file in files.items()}
        costs = run_costs(files, runs)
    for budget in map(float, arguments.budgets.split(",")):
        fitting = [width for width, cost in costs.items() if cost.spread.energy * 1e6 <= budget]
        if not fitting:
            print(f"{budget:7.1f} uJ: no width")
            continue
        width = max(fitting)
        report = costs[width].spread
        accuracy = record.spread(arguments.bits, width, "together").mean
        print(
            f"{budget:7.1f} uJ: width {width:g}, {report.energy * 1e6:.1f} uJ, "
            f"{report.latency * 1e3:.2f} ms, accuracy {accuracy:.2%}"
        )


if __name__ == "__main__":
    main()
