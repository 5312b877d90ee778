"""`mramcim train DATASET -o NET.onnx`: a quantized network, trained and written as QONNX."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mramcim.arguments import add_json, seed, whole
from mramcim.errors import CommandError
from mramcim.images import SETS, add_image_options, asked_images
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json
from mramcim.progress import Progress as Bar
from mramcim.progress import add_quiet

SUMMARY = "train a quantized network on a data set and write it as QONNX (needs PyTorch)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is left out gets the library's own default."""
    parser.add_argument("dataset", metavar="DATASET", help=SETS)
    parser.add_argument("-o", dest="output", metavar="NET.onnx", required=True, help="the file")
    parser.add_argument(
        "--network",
        metavar="NAME",
        help="one of `mramcim list networks` (default: the data set's usual one)",
    )
    parser.add_argument("--weights", type=whole, default=1, metavar="W", help="bits (default: 1)")
    parser.add_argument(
        "--activations", type=whole, default=2, metavar="A", help="bits (default: 2)"
    )
    parser.add_argument(
        "--ends",
        type=whole,
        default=8,
        metavar="W",
        help="bits of the first and the last layer's weights (default: 8)",
    )
    suppressed: Any = argparse.SUPPRESS
    for name, kind, what in (
        ("epochs", whole, "passes through the images (default: 40)"),
        ("batch", whole, "images of one step (default: 64)"),
        ("rate", float, "Adam's rate at the start (default: 0.002)"),
        ("shift", whole, "pixels by which images are moved about (default: 1)"),
        ("seed", seed, "of weights and order (default: 0)"),
    ):
        parser.add_argument(f"--{name}", type=kind, metavar="N", default=suppressed, help=what)
    add_image_options(parser)
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train, write the file, and say how accurate the network is."""
    if Path(arguments.output).suffix != ".onnx":
        raise CommandError(f"-o '{arguments.output}' is a network; end its name in .onnx")
    check_outputs({"--output": arguments.output, "--json": arguments.json})

    from accelerator.training import Progress, Recipe, Widths, train_network
    from accelerator.training.errors import need_torch

    need_torch()
    names = ("epochs", "batch", "rate", "shift", "seed")
    recipe = Recipe(**{name: getattr(arguments, name) for name in names if name in arguments})
    widths = Widths(arguments.weights, arguments.activations, arguments.ends)
    learnt = asked_images(arguments, arguments.dataset, "train")
    tested = asked_images(arguments, arguments.dataset, "test")
    found: list[Any] = []
    with Bar("epoch", quiet=arguments.quiet) as bar:

        def told(progress: Progress) -> None:
            bar(progress.epoch, progress.epochs)

        def write(path: Path) -> None:
            found.append(
                train_network(
                    learnt, tested, path, network=arguments.network, widths=widths,
                    recipe=recipe, told=told,
                )
            )  # fmt: skip

        write_file(arguments.output, write)
    (trained,) = found
    if arguments.json is not None:
        write_json(arguments.json, {"file": arguments.output, **asdict(trained)})
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(
            f"{arguments.output}: {trained.network} at W{widths.weights}:A{widths.activations}, "
            f"first and last weights of {widths.ends} bits, seed {recipe.seed}\n"
            f"accuracy {trained.train_accuracy:.2%} on {len(learnt.labels)} images learnt, "
            f"{trained.test_accuracy:.2%} on {len(tested.labels)} others\n"
        )
    return 0
