"""`mramcim estimate NETWORK`: energy, latency and area of a network on one table or several."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mramcim.arguments import add_json, finite, kelvin
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json, write_text

SUMMARY = "estimate a network's energy, latency and area on a table, or compare tables"

EXIT_SOME_REFUSED = 1

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
        "--lut",
        metavar="FILE",
        action="append",
        default=[],
        help="the table (default: the reference table of mramcim); given several times, the "
        "tables are compared, and the exit code is 1 where some of them cannot be used",
    )
    for name, kind, metavar, what in _OPTIONS:
        # An option that is not given is left out of the call, so that defaults live in one place.
        parser.add_argument(
            f"--{name}", type=kind, metavar=metavar, help=what, default=argparse.SUPPRESS
        )
    parser.add_argument(
        "--csv", metavar="F", help="write a row for each layer, or table compared, to the file F"
    )
    parser.add_argument(
        "--plot",
        metavar="F",
        help="draw energy and latency, or the tables compared (png, svg, pdf)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Estimate, print the report or the comparison, and write the files asked for."""
    outputs = {"--json": arguments.json, "--csv": arguments.csv, "--plot": arguments.plot}
    check_outputs(outputs, inputs=[arguments.network, *arguments.lut])
    return _compare(arguments) if len(arguments.lut) > 1 else _estimate(arguments)


def _estimate(arguments: argparse.Namespace) -> int:
    from accelerator import estimate
    from accelerator.render import csv_rows, render_text

    table = arguments.lut[0] if arguments.lut else None
    report = estimate(arguments.network, table=table, **_chosen(arguments))

    def draw(path: Path) -> None:
        from accelerator.plots import save_plot

        save_plot(report, path)

    _write(arguments, csv_rows(report), draw, report.to_dict(), render_text(report))
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from accelerator import compare
    from accelerator.render_comparison import comparison_csv_rows, render_comparison

    comparison = compare(arguments.network, arguments.lut, **_chosen(arguments))

    def draw(path: Path) -> None:
        from accelerator.comparison_plot import save_comparison_plot

        save_comparison_plot(comparison, path)

    rows, text = comparison_csv_rows(comparison), render_comparison(comparison)
    _write(arguments, rows, draw, comparison.to_dict(), text)
    return EXIT_SOME_REFUSED if comparison.refused else 0


def _write(
    arguments: argparse.Namespace,
    rows: list[list[Any]],
    draw: Callable[[Path], None],
    content: Mapping[str, Any],
    text: str,
) -> None:
    if arguments.csv is not None:
        write_text(arguments.csv, _csv_text(rows))
    if arguments.plot is not None:
        write_file(arguments.plot, draw)
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(text)


def _chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of the estimate that were given on the command line."""
    given = vars(arguments)
    names = [name.replace("-", "_") for name, *_ in _OPTIONS]
    return {_KEYWORDS.get(name, name): given[name] for name in names if name in given}


def _csv_text(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
