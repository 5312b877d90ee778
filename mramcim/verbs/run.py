"""`mramcim run NET.onnx --images X.npy`: a quantized network's exact result, and what it costs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import naming
from mramcim.arguments import add_json, seed
from mramcim.estimates import (
    ARRAY_OPTIONS,
    CONDITION_OPTIONS,
    READING_OPTIONS,
    SAMPLE_OPTIONS,
    add_csv_and_plot,
    add_full,
    add_options,
    add_settings,
    chosen,
    settings,
    write_report,
)
from mramcim.images import NETWORK_HELP, add_images, images_or_dataset
from mramcim.outputs import check_outputs, write_file

if TYPE_CHECKING:
    import numpy as np

SUMMARY = "run a quantized ONNX network on sub-arrays: exact outputs, and their cost"

_CONDITIONS = (*ARRAY_OPTIONS, *CONDITION_OPTIONS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is left out gets the library's own default."""
    parser.add_argument("network", metavar="NET", help=NETWORK_HELP)
    add_images(parser)
    parser.add_argument(
        "--output", metavar="Y.npy", help="write the network's first output to this file"
    )
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    parser.add_argument(
        "--errors",
        action="store_true",
        help="with wrong ANDs, drawn at the error rates of the table's statistics",
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of them (default: 0)")
    add_options(parser, (*_CONDITIONS, *SAMPLE_OPTIONS, *READING_OPTIONS))
    add_settings(parser)
    add_full(parser)
    add_csv_and_plot(parser, "layer", "energy and latency")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the images, print the report of their mean cost, and write the files asked for."""
    outputs = {
        "--json": arguments.json, "--csv": arguments.csv, "--plot": arguments.plot,
        "--output": arguments.output,
    }  # fmt: skip
    check_outputs(
        outputs, inputs=[arguments.network, arguments.images, arguments.labels, arguments.lut]
    )
    given_images = images_or_dataset(arguments)

    from accelerator.accuracy import Labelled, right_answers, score, shaped
    from accelerator.errors import EstimateError
    from accelerator.inference import AndErrors, QuantizedNetwork, cost_run
    from accelerator.inference.costing import check_options
    from accelerator.pipeline import open_table
    from accelerator.prices import conditions_in
    from accelerator.render import csv_rows, render_text
    from accelerator.trained import path_of

    given, accounting = chosen(arguments, _CONDITIONS), settings(arguments)
    check_options(accounting)
    path = path_of(arguments.network)
    network = QuantizedNetwork(path)
    shown = shaped(given_images, network)
    wrong = None
    if arguments.errors:
        table = open_table(arguments.lut)
        wrong = AndErrors.of_table(table, conditions_in(table, **given))
    with naming(Path(arguments.images or path), EstimateError, unless=Path(path)):
        found = shown.run(network, wrong, arguments.seed, keep=False)
    report = cost_run(
        path,
        found,
        table=arguments.lut,
        **given,
        **chosen(arguments, (*SAMPLE_OPTIONS, *READING_OPTIONS)),
        **accounting,
    )
    name, first = next(iter(found.outputs.items()))

    def draw(path: Path) -> None:
        from accelerator.plots import save_plot

        save_plot(report, path)

    if arguments.output is not None:
        write_file(arguments.output, lambda path: _save(path, first))
    shapes = {output: list(value.shape) for output, value in found.outputs.items()}
    ran: dict[str, Any] = {"images": len(shown.images), "outputs": shapes}
    text = f"{len(shown.images)} images run, output {name!r} of {first.shape}"
    if isinstance(shown, Labelled):
        told = score([right_answers(first, shown.labels)], len(shown.labels))
        ran |= {"accuracy": told.accuracy, "accuracy_95": [told.low, told.high]}
        text += f", {told.accuracy:.2%} right (95 %: {told.low:.2%} to {told.high:.2%})"
    content = {**report.to_dict(), "run": ran}
    text += "; a mean image costs\n\n"
    write_report(
        arguments, csv_rows(report), draw, content, text + render_text(report, full=arguments.full)
    )
    return 0


def _save(path: Path, values: np.ndarray[Any, Any]) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.save(file, values, allow_pickle=False)
