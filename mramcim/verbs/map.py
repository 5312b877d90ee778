"""`mramcim map NETWORK`: the mapping of every layer that is best within limits."""

from __future__ import annotations

import argparse
from pathlib import Path

from mramcim.arguments import add_json, finite
from mramcim.estimates import (
    NETWORK_OPTIONS,
    add_csv_and_plot,
    add_full,
    add_options,
    add_settings,
    chosen,
    input_files,
    settings,
    write_report,
)
from mramcim.outputs import check_outputs

SUMMARY = "choose dataflow, copies, reuse and double buffering of every layer for energy or latency"

_MM2 = 1e-6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is left out gets the library's own default."""
    parser.add_argument(
        "network", metavar="NETWORK", help="one of `mramcim list networks`, or an ONNX file"
    )
    parser.add_argument(
        "--for",
        dest="objective",
        metavar="WHAT",
        default="energy",
        help="energy (default), latency, or product: of one image",
    )
    parser.add_argument("--area", type=finite, metavar="MM2", help="largest area of the chip")
    parser.add_argument(
        "--capacity", type=finite, metavar="CELLS", help="most cells of sub-arrays with weights"
    )
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    add_options(parser, NETWORK_OPTIONS)
    add_settings(parser)
    add_full(parser)
    add_csv_and_plot(parser, "layer", "energy and latency")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Search, print the mapping with its report, and write the files asked for."""
    outputs = {"--json": arguments.json, "--csv": arguments.csv, "--plot": arguments.plot}
    check_outputs(outputs, inputs=[arguments.network, arguments.lut, *input_files(arguments)])

    from accelerator.render import csv_rows, render_text
    from accelerator.search.render import render_mapping
    from accelerator.search.search import search_mapping

    found = search_mapping(
        arguments.network,
        arguments.objective,
        area_limit=None if arguments.area is None else arguments.area * _MM2,
        capacity_limit=arguments.capacity,
        table=arguments.lut,
        **chosen(arguments, NETWORK_OPTIONS),
        **settings(arguments),
    )

    def draw(path: Path) -> None:
        from accelerator.plots import save_plot

        save_plot(found.report, path)

    search = {"objective": found.objective, "judged": found.judged, "gap": found.gap}
    content = {**found.report.to_dict(), "search": search}
    text = render_mapping(found) + "\n" + render_text(found.report, full=arguments.full)
    write_report(arguments, csv_rows(found.report), draw, content, text)
    return 0
