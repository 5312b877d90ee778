"""`mramcim map NETWORK`: the mapping of every layer that is best within limits."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from mramcim.arguments import add_json, finite
from mramcim.errors import CommandError
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
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable

EXIT_NOTHING_WITHIN = 1
SUMMARY = "choose dataflow, copies, reuse and double buffering of every layer for energy or latency"

_MM2 = 1e-6
_MS = 1e-3


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
        help="energy (default), latency, or product: of one image; area of the chip, or "
        "area_latency, the product",
    )
    parser.add_argument("--area", type=finite, metavar="MM2", help="largest area of the chip")
    parser.add_argument("--latency", type=finite, metavar="MS", help="longest time of an image")
    parser.add_argument(
        "--throughput", type=finite, metavar="IMAGES/S", help="fewest images in a second"
    )
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
    from accelerator.search.nearest import nearest_mappings
    from accelerator.search.render import render_limits, render_mapping, render_mapping_misses
    from accelerator.search.search import NothingWithinError, search_mapping

    limits = _limits(arguments)
    asked = {
        **{f"{name}_limit": limit for name, limit in limits.items()},
        "table": arguments.lut,
        **chosen(arguments, NETWORK_OPTIONS),
        **settings(arguments),
    }
    try:
        found = search_mapping(arguments.network, arguments.objective, **asked)
    except NothingWithinError as refusal:
        misses = nearest_mappings(arguments.network, **asked)
        if arguments.json is not None:
            nearest = [miss.to_dict() for miss in misses]
            write_json(arguments.json, {"limits": limits, "nearest_misses": nearest})
        if arguments.json != STANDARD_OUTPUT:
            name = printable(arguments.network)
            sys.stdout.write(render_mapping_misses(misses, limits, name, str(refusal)))
        return EXIT_NOTHING_WITHIN

    def draw(path: Path) -> None:
        from accelerator.plots import save_plot

        save_plot(found.report, path)

    search = {
        "objective": found.objective, "judged": found.judged, "gap": found.gap, "limits": limits,
    }  # fmt: skip
    content = {**found.report.to_dict(), "search": search}
    kept = f"within {render_limits(limits)}\n" if limits else ""
    text = render_mapping(found) + kept + "\n" + render_text(found.report, full=arguments.full)
    write_report(arguments, csv_rows(found.report), draw, content, text)
    return 0


def _limits(arguments: argparse.Namespace) -> dict[str, float]:
    """The limits that were given, in SI; so many images in a second are a time of each."""
    limits: dict[str, float] = {}
    for name, unit in (("area", _MM2), ("capacity", 1.0), ("latency", _MS)):
        value = getattr(arguments, name)
        if value is not None:
            limits[name] = value * unit
    if arguments.throughput is not None:
        if arguments.throughput <= 0:
            raise CommandError(f"--throughput is above 0, not {arguments.throughput:g}")
        limits["latency"] = min(limits.get("latency", math.inf), 1 / arguments.throughput)
    return limits
