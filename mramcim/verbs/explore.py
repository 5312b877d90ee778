"""`mramcim explore SPACE.toml`: estimates over a space, and the best of them."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mramcim.arguments import add_json, processes, scheduler_address
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json, write_text
from mramcim.progress import Progress, add_quiet
from mramcim.space_file import read_space

if TYPE_CHECKING:
    from accelerator.exploration.exploration import Exploration
    from accelerator.exploration.space import Space

SUMMARY = "estimate a whole space of networks, arrays, tables and conditions: its Pareto front"

EXIT_NOTHING_OR_REFUSED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("space", metavar="SPACE.toml", help="axes, objectives and limits")
    parser.add_argument(
        "-o",
        dest="kept",
        metavar="POINTS.jsonl",
        help="keep finished points in this file; a later run goes on from there",
    )
    parser.add_argument(
        "-j", "--jobs", type=processes, default=1, metavar="N", help="processes (default: 1)"
    )
    parser.add_argument(
        "--scheduler",
        type=scheduler_address,
        metavar="ADDRESS",
        help="run on the Dask cluster of this scheduler",
    )
    parser.add_argument("--csv", metavar="F", help="write a row for each point to the file F")
    parser.add_argument("--plot", metavar="F", help="draw the points (png, svg, pdf)")
    parser.add_argument("--page", metavar="F", help="write an interactive page (html)")
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Explore, print the front, and write the files asked for."""
    outputs = {
        "-o": arguments.kept,
        "--json": arguments.json,
        "--csv": arguments.csv,
        "--plot": arguments.plot,
        "--page": arguments.page,
    }
    space = read_space(arguments.space)
    tables = [str(table) for table in space.axes.get("table", ())]
    check_outputs(outputs, inputs=[arguments.space, *tables])
    found = _explored(space, arguments)

    from accelerator.exploration.misses import nearest_misses, render_misses
    from accelerator.exploration.render import exploration_csv_rows, render_exploration

    if arguments.csv is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(exploration_csv_rows(found))
        write_text(arguments.csv, text.getvalue())
    nothing = not any(found.within)
    if arguments.plot is not None and not nothing:
        from accelerator.exploration.plot import save_exploration_plot

        def draw(path: Path) -> None:
            save_exploration_plot(found, path)

        write_file(arguments.plot, draw)
    if arguments.page is not None:
        from accelerator.exploration.page import exploration_page

        write_text(arguments.page, exploration_page(found))
    if arguments.json is not None:
        misses = [miss.to_dict() for miss in nearest_misses(found)] if nothing else []
        write_json(arguments.json, {**found.to_dict(), "nearest_misses": misses})
    if arguments.json != STANDARD_OUTPUT:
        missed = render_misses(found)
        sys.stdout.write(render_exploration(found) + (f"\n{missed}" if missed else ""))
    if arguments.plot is not None and nothing:
        print(f"mramcim: nothing to draw, {arguments.plot} is not written", file=sys.stderr)
    return EXIT_NOTHING_OR_REFUSED if nothing or found.refused else 0


def _explored(space: Space, arguments: argparse.Namespace) -> Exploration:
    from accelerator.exploration.exploration import explore
    from accelerator.exploration.kept import Kept

    with contextlib.ExitStack() as stack:
        kept = None if arguments.kept is None else stack.enter_context(Kept(arguments.kept))
        progress = stack.enter_context(Progress(quiet=arguments.quiet, delay=1.0))
        done = itertools.count(1)
        return explore(
            space,
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            kept=kept,
            tell=lambda _: progress(next(done), space.size),
        )
