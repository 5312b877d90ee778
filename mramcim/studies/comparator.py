"""`mramcim study comparator`: networks of comparisons beside LBCNN and a plain network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from files import naming
from mramcim.arguments import add_json, whole
from mramcim.errors import CommandError
from mramcim.estimates import add_settings, settings
from mramcim.images import SETS, add_image_options, asked_images
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.progress import Progress as Bar
from mramcim.progress import add_quiet

SUMMARY = "comparisons in place of multiplications (CMP-PIM): accuracy, energy, latency, area"

NOTE = """\
Widths are of the weights learned inside and of activations; LBCNN's fixed weights have 2 bits.
Ratios depend on the baseline: ours runs multiplications bit by bit, so that they cost weight
bits times activation bits. Layers run one after the other on one copy of everything.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the study takes."""
    parser.add_argument(
        "--networks", metavar="FOLDER", help="networks that --train wrote (default: the shipped)"
    )
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    add_settings(parser)
    training = parser.add_argument_group("training anew (needs PyTorch)")
    training.add_argument(
        "--train", metavar="FOLDER", help="train all networks, write them there and study those"
    )
    training.add_argument("--dataset", metavar="NAME", default="digits", help=SETS)
    suppressed: Any = argparse.SUPPRESS
    training.add_argument(
        "--seeds", type=_numbers, metavar="N,N", default=suppressed, help="default: 0,1,2"
    )
    training.add_argument(
        "--widths", type=_numbers, metavar="N,N", default=suppressed,
        help="bits of activations and learned weights (default: 8)",
    )  # fmt: skip
    training.add_argument(
        "--epochs", type=whole, metavar="N", help="passes through the images (default: 16)"
    )
    for name, what in (
        ("channels", "channels of every module (default: 16)"),
        ("maps", "maps of every module (default: 32)"),
        ("depth", "modules (default: 4)"),
    ):
        training.add_argument(f"--{name}", type=whole, metavar="N", default=suppressed, help=what)
    add_image_options(parser)
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train where asked, cost everything, print or write the tables."""
    check_outputs({"--json": arguments.json}, inputs=[arguments.lut])
    if arguments.train is not None:
        if arguments.networks is not None:
            raise CommandError("--train makes the networks and --networks names others; give one")
        _train(arguments, Path(arguments.train))

    from accelerator.comparator.ratios import PUBLISHED, SOURCE, ratio, variants, widths
    from accelerator.comparator.record import FOLDER, Record
    from accelerator.comparator.render import render_components, render_ratios, render_results
    from accelerator.comparator.study import FORMAT, Costing, shape_results, trained_results
    from accelerator.errors import EstimateError

    given = arguments.train or arguments.networks
    folder = FOLDER if given is None else Path(given)
    record = Record.read(folder)
    costing = Costing.of(arguments.lut, **settings(arguments))
    parts = {
        f"{record.dataset}, trained": trained_results(costing, folder),
        "SVHN's shapes, not trained": shape_results(costing),
    }
    # A record may lack one of the networks that others are compared with.
    with naming(folder / "record.json", EstimateError):
        content = {
            "format": FORMAT,
            "parts": {
                name: {
                    "results": [one.to_dict() for one in results],
                    "ratios": [
                        {
                            "id": figure.id,
                            "network": own,
                            "activation_bits": bits,
                            "ours": ratio(results, figure, bits, own),
                            "published": figure.value,
                            "conditions": figure.conditions,
                            "source": SOURCE,
                        }
                        for own in variants(results)
                        for figure in PUBLISHED
                        for bits in widths(results)
                    ],
                }
                for name, results in parts.items()
            },
        }
        tables = [
            f"{name}\n\n{render_results(results)}\n\n"
            f"{render_components(results)}\n\n{render_ratios(results)}\n\n"
            for name, results in parts.items()
        ]
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write("".join(tables))
        for figure in PUBLISHED:
            sys.stdout.write(f"published {figure.value:g} ({figure.id}): {figure.conditions}\n")
        sys.stdout.write(f"source: {SOURCE}\n{NOTE}")
    return 0


def _train(arguments: argparse.Namespace, folder: Path) -> None:
    from dataclasses import replace

    from accelerator.training.errors import need_torch

    need_torch()
    from accelerator.comparator.configuration import Configuration
    from accelerator.training.comparator_networks import USUAL_RECIPE, train_networks

    learnt = asked_images(arguments, arguments.dataset, "train")
    tested = asked_images(arguments, arguments.dataset, "test")
    channels, height, width = learnt.codes.shape[1:]
    sizes = dict(_given(arguments, ("channels", "maps", "depth")))
    one = Configuration("cmpnet", input_shape=(channels, height, width), **sizes)
    recipe = USUAL_RECIPE
    if arguments.epochs is not None:
        recipe = replace(recipe, epochs=arguments.epochs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"--train '{folder}' cannot be a folder: {error.strerror}") from None
    chosen = dict(_given(arguments, ("seeds", "widths")))
    with Bar("network", quiet=arguments.quiet) as bar:
        train_networks(learnt, tested, folder, recipe=recipe, configuration=one, told=bar, **chosen)


def _given(arguments: argparse.Namespace, names: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(name, getattr(arguments, name)) for name in names if name in arguments]


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not whole numbers with commas") from None
