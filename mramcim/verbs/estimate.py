"""`mramcim estimate NETWORK`: energy, latency and area of a network on one table or several."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mramcim.arguments import add_json
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
from mramcim.outputs import check_outputs, write_text

SUMMARY = "estimate a network's energy, latency and area on a table, or compare tables"

EXIT_SOME_REFUSED = 1


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
    add_options(parser, NETWORK_OPTIONS)
    add_settings(parser)
    add_full(parser)
    parser.add_argument(
        "--baselines",
        action="store_true",
        help="print what RRAM, DRAM, an ASIC and a CPU would take for the same operations",
    )
    add_csv_and_plot(
        parser, "layer, or table compared", "energy and latency, or the tables compared"
    )
    parser.add_argument("--page", metavar="F", help="write the whole report as a page (html)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Estimate, print the report or the comparison, and write the files asked for."""
    outputs = {
        "--json": arguments.json, "--csv": arguments.csv, "--plot": arguments.plot,
        "--page": arguments.page,
    }  # fmt: skip
    check_outputs(outputs, inputs=[arguments.network, *arguments.lut, *input_files(arguments)])
    if len(arguments.lut) > 1:
        if arguments.baselines:
            raise CommandError("--baselines stands beside one table: give --lut once")
        if arguments.page is not None:
            raise CommandError("--page is of one table: give --lut once")
        return _compare(arguments)
    return _estimate(arguments)


def _estimate(arguments: argparse.Namespace) -> int:
    from accelerator import estimate
    from accelerator.render import csv_rows, render_text

    table = arguments.lut[0] if arguments.lut else None
    report = estimate(arguments.network, table=table, **_chosen(arguments))

    def draw(path: Path) -> None:
        from accelerator.plots import save_plot

        save_plot(report, path)

    text, content = render_text(report, full=arguments.full), report.to_dict()
    if arguments.baselines:
        from accelerator.baselines import beside, render_baselines

        text += "\n" + render_baselines(report)
        content["baselines"] = [one.to_dict() for one in beside(report)]
    if arguments.page is not None:
        from accelerator.page import report_page

        write_text(arguments.page, report_page(report))
    write_report(arguments, csv_rows(report), draw, content, text)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from accelerator import compare
    from accelerator.render_comparison import comparison_csv_rows, render_comparison

    comparison = compare(arguments.network, arguments.lut, **_chosen(arguments))

    def draw(path: Path) -> None:
        from accelerator.comparison_plot import save_comparison_plot

        save_comparison_plot(comparison, path)

    rows, text = comparison_csv_rows(comparison), render_comparison(comparison)
    write_report(arguments, rows, draw, comparison.to_dict(), text)
    return EXIT_SOME_REFUSED if comparison.refused else 0


def _chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of the estimate that were given on the command line."""
    return chosen(arguments, NETWORK_OPTIONS) | settings(arguments)
