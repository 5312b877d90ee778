"""`mramcim study crossbar`: the same network on analog RRAM crossbars with converters."""

from __future__ import annotations

import argparse
import sys

from mramcim.arguments import add_json, whole
from mramcim.estimates import Option, add_options, chosen
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

SUMMARY = "a network on analog RRAM crossbars with converters, beside ours"

_OPTIONS: tuple[Option, ...] = (
    ("weights", whole, "W", "bits of a weight, 1 to 16 (default: 1)"),
    ("activations", whole, "A", "bits of an activation, 1 to 16 (default: 1)"),
    ("first-last", str, "W:A|off", "widths of the first and the last layer, or leave them out"),
    ("coverage", str, "WHAT", "all (default), or convolutions"),
    ("copies", whole, "N", "copies of all weights, on both (default: 1)"),
    ("adc-bits", whole, "N", "bits of the crossbar's converters, 4 to 10 (default: 8)"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the study takes."""
    parser.add_argument(
        "network",
        nargs="?",
        default="alexnet",
        metavar="NETWORK",
        help="one of `mramcim list networks`, or an ONNX file (default: alexnet)",
    )
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    add_options(parser, _OPTIONS)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Cost the network on both and print them beside each other."""
    check_outputs({"--json": arguments.json}, inputs=[arguments.network, arguments.lut])

    from accelerator.crossbar.beside import beside_crossbar
    from accelerator.crossbar.render import render_beside

    found = beside_crossbar(arguments.network, table=arguments.lut, **chosen(arguments, _OPTIONS))
    if arguments.json is not None:
        write_json(arguments.json, found.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(render_beside(found))
    return 0
