"""`mramcim run NET.onnx --images X.npy`: a quantized network's exact result, and what it costs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import naming, read_npy
from mramcim.arguments import add_json, finite, positive_count, seed
from mramcim.errors import CommandError
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
from mramcim.images import NETWORK_HELP, SETS, add_image_options, asked_images
from mramcim.outputs import check_outputs, write_file

if TYPE_CHECKING:
    import numpy as np

SUMMARY = "run a quantized ONNX network on sub-arrays: exact outputs, and their cost"

_CONDITIONS = (*ARRAY_OPTIONS, *CONDITION_OPTIONS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is left out gets the library's own default."""
    parser.add_argument("network", metavar="NET", help=NETWORK_HELP)
    images = parser.add_mutually_exclusive_group(required=True)
    images.add_argument(
        "--images",
        metavar="X.npy",
        help="images as NumPy saves them, in the shape of the network's input",
    )
    images.add_argument(
        "--dataset", metavar="NAME", help=f"test images with labels, to tell the accuracy: {SETS}"
    )
    add_image_options(parser)
    parser.add_argument(
        "--highest",
        type=positive_count,
        metavar="N",
        help="the images of --images are whole numbers from 0 to N, which the network takes "
        "divided by N (255 for bytes); needed where the first layer has no quantizer before it",
    )
    parser.add_argument(
        "--lowest", type=_whole, metavar="N", help="and from N, which may be negative, to --highest"
    )
    parser.add_argument(
        "--input-bits",
        type=_width,
        metavar="B[:signed]",
        help="quantize the images of --images to so many bits before the network, which has no "
        "quantizer of its own there; 1:signed is -1 and 1",
    )
    parser.add_argument(
        "--input-scale",
        type=_scale,
        metavar="S[,Z]",
        help="the distance of two levels of --input-bits (default: 1), and the code of zero",
    )
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
    check_outputs(outputs, inputs=[arguments.network, arguments.images, arguments.lut])
    if arguments.images is not None:
        if arguments.data is not None or arguments.count is not None:
            raise CommandError("--data and --count choose images of a --dataset; give that too")
        images, data = _images(arguments.images), None
        highest = arguments.highest
    elif any(entry is not None for entry in _levels(arguments).values()):
        raise CommandError(
            "--highest, --lowest, --input-bits and --input-scale are of --images; a --dataset "
            "knows its own levels"
        )
    else:
        data = asked_images(arguments, arguments.dataset, "test")

    from accelerator.errors import EstimateError
    from accelerator.inference import AndErrors, InputQuantizer, QuantizedNetwork, cost_run
    from accelerator.inference.costing import check_options
    from accelerator.pipeline import open_table
    from accelerator.prices import conditions_in
    from accelerator.render import csv_rows, render_text
    from accelerator.trained import path_of

    given, accounting = chosen(arguments, _CONDITIONS), settings(arguments)
    check_options(accounting)
    path = path_of(arguments.network)
    network = QuantizedNetwork(path)
    if data is not None:
        from accelerator.accuracy import fitted

        data = fitted(data, network)
        images, highest = data.codes, data.highest
    wrong = None
    if arguments.errors:
        table = open_table(arguments.lut)
        wrong = AndErrors.of_table(table, conditions_in(table, **given))
    quantizer = None
    if arguments.input_bits is not None:
        quantizer = InputQuantizer(*arguments.input_bits, *(arguments.input_scale or (1.0, 0.0)))
    elif arguments.input_scale is not None:
        raise CommandError("--input-scale is of --input-bits; give that too")
    with naming(Path(arguments.images or path), EstimateError):
        found = network.run(
            images, errors=wrong, seed=arguments.seed, lowest=arguments.lowest or 0,
            highest=highest, quantizer=quantizer, keep=False,
        )  # fmt: skip
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
    ran: dict[str, Any] = {"images": len(images), "outputs": shapes}
    text = f"{len(images)} images run, output {name!r} of {first.shape}"
    if data is not None:
        from accelerator.accuracy import right_answers, score

        told = score([right_answers(first, data.labels)], len(data.labels))
        ran |= {"accuracy": told.accuracy, "accuracy_95": [told.low, told.high]}
        text += f", {told.accuracy:.2%} right (95 %: {told.low:.2%} to {told.high:.2%})"
    content = {**report.to_dict(), "run": ran}
    text += "; a mean image costs\n\n"
    write_report(
        arguments, csv_rows(report), draw, content, text + render_text(report, full=arguments.full)
    )
    return 0


def _levels(arguments: argparse.Namespace) -> dict[str, object]:
    """What is said of the images' levels."""
    return {
        name: getattr(arguments, name)
        for name in ("lowest", "highest", "input_bits", "input_scale")
    }


def _whole(text: str) -> int:
    """A whole number, negative ones too.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _width(text: str) -> tuple[int, bool]:
    bits, _, sign = text.partition(":")
    if not re.fullmatch(r"[0-9]{1,2}", bits) or sign not in ("", "signed", "unsigned"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bits, as 8 or 8:signed")
    return int(bits), sign == "signed"


def _scale(text: str) -> tuple[float, float]:
    scale, _, zero = text.partition(",")
    return finite(scale), finite(zero or "0")


def _images(name: str) -> np.ndarray[Any, Any]:
    found = read_npy(Path(name), "file of images", CommandError)
    if found.ndim == 0 or found.size == 0:
        raise CommandError(f"{name} is not an array of images as NumPy's save writes them")
    return found


def _save(path: Path, values: np.ndarray[Any, Any]) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.save(file, values, allow_pickle=False)
