"""`mramcim study stochastic`: networks whose bit width falls while their transistors age."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mramcim.arguments import add_json, finite, kelvin, positive_count
from mramcim.errors import CommandError
from mramcim.images import add_image_options, asked_images
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json
from mramcim.progress import Progress as Bar
from mramcim.progress import add_quiet

if TYPE_CHECKING:
    from accelerator.stochastic.stored import StoredNetworks

SUMMARY = "counter-based stochastic multipliers: fewer bits keep the rate while transistors age"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the study takes; what is left out gets the library's own default."""
    parser.add_argument(
        "--networks", metavar="F.npz", help="trained networks (default: those of mramcim)"
    )
    parser.add_argument(
        "--train",
        metavar="FOLDER",
        help="train anew (needs PyTorch), write stochastic-DATASET.npz there, study that",
    )
    parser.add_argument(
        "--dataset", choices=("digits", "mnist"), help="to train on (default: digits)"
    )
    parser.add_argument("--seeds", type=positive_count, metavar="N", help="trainings (default: 5)")
    parser.add_argument(
        "--epochs", type=positive_count, metavar="N", help="passes through the images"
    )
    add_image_options(parser)
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    parser.add_argument(
        "--temperature",
        type=kelvin,
        action="append",
        metavar="DEGC",
        help="temperature of the chip's life in degC; may be repeated (default: 27 and 125)",
    )
    parser.add_argument("--vdd", type=finite, default=1.0, metavar="V", help="supply (default: 1)")
    parser.add_argument(
        "--plot", metavar="F.png", help="draw clock, bits, accuracy, rate and power over the years"
    )
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the study's tables, and write the files asked for."""
    outputs = {"--json": arguments.json, "--plot": arguments.plot}
    check_outputs(outputs, inputs=[arguments.networks, arguments.lut])
    given = [name for name in ("dataset", "seeds", "epochs") if getattr(arguments, name)]
    if given and arguments.train is None:
        raise CommandError(f"--{given[0]} is of a training: give --train FOLDER too")
    if arguments.train is not None and arguments.networks is not None:
        raise CommandError("--networks and --train both name networks; give one of them")

    from accelerator.pipeline import open_table
    from accelerator.stochastic.stored import SHIPPED, StoredNetworks
    from accelerator.stochastic.study import TEMPERATURES, study

    if arguments.train is None:
        stored = StoredNetworks.load(arguments.networks or SHIPPED)
    else:
        stored = _trained(arguments)
    data = asked_images(arguments, stored.dataset, "test")
    found = study(
        stored,
        open_table(arguments.lut),
        data,
        arguments.temperature or TEMPERATURES,
        vdd=arguments.vdd,
    )
    if arguments.plot is not None:
        from accelerator.stochastic.plot import save_years

        write_file(arguments.plot, lambda path: save_years(found.years, path))
    if arguments.json is not None:
        write_json(arguments.json, found.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        from accelerator.stochastic.render import render_study

        sys.stdout.write(render_study(found) + "\n")
    return 0


def _trained(arguments: argparse.Namespace) -> StoredNetworks:
    from dataclasses import replace

    from accelerator.training.errors import need_torch

    need_torch()
    folder = Path(arguments.train)
    if not folder.is_dir():
        raise CommandError(f"the folder {folder} of --train does not exist; make it first")
    from accelerator.stochastic.stored import StoredNetworks
    from accelerator.training.stochastic import RECIPES, SEEDS, train_stochastic

    dataset = arguments.dataset or "digits"
    recipe = RECIPES[dataset]
    if arguments.epochs:
        recipe = replace(recipe, epochs=arguments.epochs)
    seeds = range(arguments.seeds or len(SEEDS))
    learnt = asked_images(arguments, dataset, "train")
    tested = asked_images(arguments, dataset, "test")
    with Bar("epoch", quiet=arguments.quiet) as bar:

        def told(progress: Any) -> None:
            bar(progress.epoch, progress.epochs)

        stored = train_stochastic(learnt, tested, seeds, recipe, told)
    path = folder / f"stochastic-{dataset}.npz"
    check_outputs({"--train": str(path)})
    write_file(str(path), stored.save)
    # What is studied is what the file holds.
    return StoredNetworks.load(path)
