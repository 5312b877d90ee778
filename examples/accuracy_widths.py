"""Accuracy on sub-arrays and energy of an image against the widths of weights and activations.

    python examples/accuracy_widths.py [--epochs N] [--seeds N] [--widths W:A ...] [--plot F.png]

Trains the digits network anew at each pair of widths and seed (needs PyTorch), runs the test
images on sub-arrays and prices a mean image from the shipped table. First and last layer have
weights of 8 bits everywhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory

from accelerator.accuracy import right_answers
from accelerator.datasets import load_dataset
from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.training import Recipe, Widths, train_network
from lut import Table

PAIRS = ("1:1", "1:2", "1:4", "2:2", "4:4", "8:8")


def measured(widths: Widths, recipe: Recipe, table: Table) -> tuple[float, float]:
    """Accuracy [1] of one training on sub-arrays, and energy of a mean image [J]."""
    learnt, tested = load_dataset("digits", "train"), load_dataset("digits", "test")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        train_network(learnt, tested, path, widths=widths, recipe=recipe)
        run = QuantizedNetwork(path).run(tested.codes, highest=tested.highest, keep=False)
        right = right_answers(next(iter(run.outputs.values())), tested.labels)
        return right / len(tested.labels), cost_run(path, run, table=table, samples=0).energy


def draw(rows: list[tuple[str, list[float], list[float]]], path: Path) -> None:
    """Accuracy of every seed over the energy of its image."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for name, accuracies, energies in rows:
        x = [energy * 1e6 for energy in energies]
        y = [accuracy * 100 for accuracy in accuracies]
        axes.plot(x, y, "o", label=f"W{name.replace(':', ':A')}")
    axes.set(xscale="log", xlabel="energy of a mean image [uJ]", ylabel="test images right [%]")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--widths", nargs="+", default=PAIRS, metavar="W:A")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    table = Table.open()
    rows = []
    print("| W:A | right, mean | spread (s) | least to most | energy of an image |")
    print("|---|---|---|---|---|")
    for name in options.widths:
        weights, activations = map(int, name.split(":"))
        found = [
            measured(Widths(weights, activations), Recipe(options.epochs, seed=seed), table)
            for seed in range(options.seeds)
        ]
        accuracies, energies = [one for one, _ in found], [energy for _, energy in found]
        rows.append((name, accuracies, energies))
        spread = stdev(accuracies) if len(accuracies) > 1 else 0.0
        print(
            f"| {name} | {fmean(accuracies):.2%} | {spread * 100:.2f} % | "
            f"{min(accuracies):.2%} to {max(accuracies):.2%} | {fmean(energies) * 1e6:.3g} uJ |",
            flush=True,
        )
    if options.plot is not None:
        draw(rows, options.plot)


if __name__ == "__main__":
    main()
