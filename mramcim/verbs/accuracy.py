"""`mramcim accuracy NET.onnx`: accuracy and energy of labelled images against supply and heat."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from mramcim.arguments import add_json, finite, kelvin, positive_count, seed
from mramcim.errors import CommandError
from mramcim.estimates import (
    ARRAY_OPTIONS,
    SAMPLE_OPTIONS,
    WRITE_SUPPLY,
    add_csv_and_plot,
    add_options,
    chosen,
    write_report,
)
from mramcim.images import NETWORK_HELP, add_images, images_or_dataset
from mramcim.outputs import check_outputs
from mramcim.progress import Progress, add_quiet

SUMMARY = "accuracy and energy of a quantized network with the wrong ANDs of its conditions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is left out gets the library's own default."""
    parser.add_argument("network", metavar="NET", help=NETWORK_HELP)
    add_images(parser)
    parser.add_argument(
        "--lut",
        action="append",
        metavar="FILE",
        help="a table with error rates; given again, each is a curve of its own (default: the "
        "reference table of mramcim)",
    )
    for name, kind, unit, default, what, told in (
        ("vdd", finite, "V", None, "supplies", "the nominal one of the first table"),
        ("temperature", kelvin, "DEGC", "27", "temperatures in degC", "27"),
    ):
        parser.add_argument(
            f"--{name}",
            type=_listed(kind),
            metavar=f"{unit},..",
            default=default,
            help=f"{what}, separated by commas (default: {told})",
        )
    parser.add_argument("--corner", default="tt", metavar="NAME", help="corner (default: tt)")
    parser.add_argument(
        "--repeats",
        type=positive_count,
        metavar="N",
        default=argparse.SUPPRESS,
        help="runs of the images, each with other wrong ANDs (default: 20)",
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of them (default: 0)")
    add_options(parser, (*ARRAY_OPTIONS, WRITE_SUPPLY, *SAMPLE_OPTIONS))
    add_csv_and_plot(parser, "condition", "accuracy and energy against the supply")
    add_quiet(parser)
    add_json(parser)


def _listed(kind: Callable[[str], float]) -> Callable[[str], list[float]]:
    def read(text: str) -> list[float]:
        return [kind(word) for word in text.split(",")]

    return read


def run(arguments: argparse.Namespace) -> int:
    """Run the images under each condition, print a row for each, write the files asked for."""
    outputs = {"--json": arguments.json, "--csv": arguments.csv, "--plot": arguments.plot}
    tables = arguments.lut or [None]
    files = [arguments.network, arguments.images, arguments.labels]
    check_outputs(outputs, inputs=[*files, *tables])
    data = images_or_dataset(arguments)

    from accelerator.accuracy import Images, Labelled, accuracy_curve
    from accelerator.accuracy.render import csv_rows, render_text
    from accelerator.pipeline import open_table
    from accelerator.prices import Conditions
    from accelerator.trained import path_of

    if isinstance(data, Images) and not isinstance(data, Labelled):
        raise CommandError("accuracy needs the classes of the images: give them with --labels")
    array = chosen(arguments, (*ARRAY_OPTIONS, WRITE_SUPPLY))
    supplies = arguments.vdd or [open_table(tables[0]).nominal_vdd]
    conditions = [
        Conditions(arguments.corner, vdd, temperature, **array)
        for temperature, vdd in product(arguments.temperature, supplies)
    ]
    options: dict[str, Any] = chosen(arguments, SAMPLE_OPTIONS)
    if "repeats" in arguments:
        options["repeats"] = arguments.repeats
    with Progress("run", quiet=arguments.quiet) as progress:
        faultless, points = accuracy_curve(
            path_of(arguments.network), data, conditions, tables=tables, seed=arguments.seed,
            told=progress, **options,
        )  # fmt: skip

    def draw(path: Path) -> None:
        from accelerator.accuracy.plot import save_plot

        save_plot(faultless, points, path)

    content = {
        "network": arguments.network,
        "dataset": data.name,
        "images": len(data.labels),
        "seed": arguments.seed,
        "accuracy_without_errors": faultless,
        "points": [point.to_dict() for point in points],
    }
    text = render_text(arguments.network, data.name, faultless, points)
    write_report(arguments, csv_rows(points), draw, content, text)
    return 0
