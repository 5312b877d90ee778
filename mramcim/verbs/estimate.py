"""`mramcim estimate NETWORK`: energy, latency and area of a network on a table."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import Any

from mramcim.arguments import add_json, finite, kelvin
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json, write_text

SUMMARY = "estimate a network's energy, latency and area on a table"


_OPTIONS = (
    ("weights", int, "W", "bits of a weight, 1 to 16 (default: 1)"),
    ("activations", int, "A", "bits of an activation, 1 to 16 (default: 4)"),
    ("rows", int, "R", "rows of a sub-array (default: 256)"),
    ("columns", int, "C", "columns of a sub-array (default: 256)"),
    (
        "first-last",
        str,
        "W:A|off",
        "widths of the first and the last layer (default: those of the others), or leave them out",
    ),
    ("corner", str, "NAME", "process corner (default: tt)"),
    ("vdd", finite, "V", "supply (default: 1.0)"),
    ("temperature", kelvin, "DEGC", "temperature in degC (default: 27)"),
)
_KEYWORDS = {"weights": "weight_bits", "activations": "activation_bits"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is left out gets the estimate's own default."""
    parser.add_argument(
        "network", metavar="NETWORK", help="one of `mramcim list networks`, or an ONNX file"
    )
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    for name, kind, metavar, what in _OPTIONS:
        # An option that is not given is left out of the call, so that defaults live in one place.
        parser.add_argument(
            f"--{name}", type=kind, metavar=metavar, help=what, default=argparse.SUPPRESS
        )
    parser.add_argument("--csv", metavar="F", help="write a row for each layer to the file F")
    parser.add_argument("--plot", metavar="F", help="draw energy and latency (png, svg, pdf)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Estimate, print the report, and write the files asked for."""
    outputs = {"--json": arguments.json, "--csv": arguments.csv, "--plot": arguments.plot}
    check_outputs(outputs, inputs=[arguments.network, arguments.lut])

    from accelerator import estimate
    from accelerator.render import csv_rows, render_text

    report = estimate(arguments.network, table=arguments.lut, **_chosen(arguments))
    if arguments.csv is not None:
        write_text(arguments.csv, _csv_text(csv_rows(report)))
    if arguments.plot is not None:
        from accelerator.plots import save_plot

        def draw(path: Path) -> None:
            save_plot(report, path)

        write_file(arguments.plot, draw)
    if arguments.json is not None:
        write_json(arguments.json, report.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(render_text(report))
    return 0


def _chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of the estimate that were given on the command line."""
    given = vars(arguments)
    names = [name.replace("-", "_") for name, *_ in _OPTIONS]
    return {_KEYWORDS.get(name, name): given[name] for name in names if name in given}


def _csv_text(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
