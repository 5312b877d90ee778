"""What the verbs that end in a report of energy, latency and area share."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mramcim.arguments import finite, kelvin, positive_count, whole
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, write_file, write_json, write_text

Option = tuple[str, Callable[[str], Any], str, str]

ARRAY_OPTIONS: tuple[Option, ...] = (
    ("rows", whole, "R", "rows of a sub-array (default: 256)"),
    ("columns", whole, "C", "columns of a sub-array (default: 256)"),
)
SAMPLE_OPTIONS: tuple[Option, ...] = (
    ("samples", whole, "N", "of what is uncertain, for the intervals; 0 for none (default: 512)"),
)
WRITE_SUPPLY: Option = (
    "write-vdd",
    finite,
    "V",
    "supply of write drivers and write word lines (default: the same)",
)
CONDITION_OPTIONS: tuple[Option, ...] = (
    ("corner", str, "NAME", "process corner (default: tt)"),
    ("vdd", finite, "V", "supply (default: the table's nominal one)"),
    ("temperature", kelvin, "DEGC", "temperature in degC (default: 27)"),
    WRITE_SUPPLY,
)


def _sizes(text: str) -> dict[str, int]:
    """Sizes by name from NAME=N[,NAME=N]."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, equals, size = (word.strip() for word in part.rpartition("="))
        if not (name and equals and size.isascii() and size.isdigit() and len(size) < 10):
            raise argparse.ArgumentTypeError(f"'{part}' is not NAME=N, N a whole number")
        if name in found:
            raise argparse.ArgumentTypeError(f"'{name}' is given twice")
        found[name] = int(size)
    return found


READING_OPTIONS: tuple[Option, ...] = (
    (
        "batch",
        positive_count,
        "N",
        "images in an ONNX file's input (default: told from its graph; 1: all is one image)",
    ),
    ("batch-axis", whole, "K", "the axis of that input along which they lie (default: told too)"),
    ("dims", _sizes, "NAME=N[,NAME=N]", "sizes for names that the file has in place of some"),
)
NETWORK_OPTIONS: tuple[Option, ...] = (
    (
        "weights",
        whole,
        "W",
        "bits of a weight, 1 to 16 (default: those of the file's own quantizers, else 1)",
    ),
    (
        "activations",
        whole,
        "A",
        "bits of an activation, 1 to 16 (default: those of the file's own quantizers, else 4)",
    ),
    *ARRAY_OPTIONS,
    (
        "first-last",
        str,
        "W:A|off",
        "widths of the first and the last layer (default: those of the others), or leave them out",
    ),
    (
        "widths",
        str,
        "FILE",
        'widths by name of layer or shell pattern, a TOML or JSON file with PATTERN = "W:A"; the '
        "last that matches wins, over the other options",
    ),
    *READING_OPTIONS,
    *CONDITION_OPTIONS,
    *SAMPLE_OPTIONS,
)
_ASSUMPTION = "assumptions."
_WORDS = {"true": True, "false": False}

# What the library calls otherwise than the command does.
_KEYWORDS = {"weights": "weight_bits", "activations": "activation_bits"}


def add_options(parser: argparse.ArgumentParser, options: tuple[Option, ...]) -> None:
    """Declare options; one that is not given is left out, so that defaults live in one place."""
    for name, kind, metavar, what in options:
        parser.add_argument(
            f"--{name}", type=kind, metavar=metavar, help=what, default=argparse.SUPPRESS
        )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare --set."""
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        type=_setting,
        action="append",
        default=[],
        help="an option of the dataflow and the accounting, such as weight_load=each_image or "
        f"off_chip=true, or a constant as {_ASSUMPTION}NAME=VALUE; may be repeated",
    )


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What --set gave, by the keyword that the library takes.

    Raises:
        CommandError: a name that has an option of its own, is unknown, or was given twice.
    """
    from dataclasses import fields

    from accelerator.options import Options

    known = [entry.name for entry in fields(Options)]
    found: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    for name, value in arguments.settings:
        own = name.startswith(_ASSUMPTION)
        place, key = (constants, name.removeprefix(_ASSUMPTION)) if own else (found, name)
        if key in place:
            raise CommandError(f"--set gives {name} twice; give it once")
        if not own and name not in known:
            raise CommandError(
                f"--set: there is no {name!r}; give one of {', '.join(known)}, or {_ASSUMPTION}NAME"
            )
        place[key] = value
    return {**found, "assumptions": constants} if constants else found


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    if value in _WORDS:
        return name, _WORDS[value]
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            pass
    return name, value


def add_full(parser: argparse.ArgumentParser) -> None:
    """Declare --full."""
    parser.add_argument(
        "--full",
        action="store_true",
        help="print every layer and component, what is counted and what is not, layout, "
        "assumptions and options",
    )


def add_csv_and_plot(parser: argparse.ArgumentParser, row: str, drawn: str) -> None:
    """Declare --csv and --plot."""
    parser.add_argument("--csv", metavar="F", help=f"write a row for each {row}, to the file F")
    parser.add_argument("--plot", metavar="F", help=f"draw {drawn} (png, svg, pdf)")


def chosen(arguments: argparse.Namespace, options: tuple[Option, ...]) -> dict[str, Any]:
    """The options that were given, by the keyword that the library takes."""
    given = vars(arguments)
    names = [name.replace("-", "_") for name, *_ in options]
    found = {_KEYWORDS.get(name, name): given[name] for name in names if name in given}
    if "widths" in found:
        found["widths"] = _read_widths(Path(found["widths"]))
    return found


def _read_widths(path: Path) -> dict[str, Any]:
    """Widths by pattern from a file."""
    from files import read_json, read_toml

    what = "file of widths"
    content = (read_json if path.suffix.lower() == ".json" else read_toml)(path, what)
    if not isinstance(content, dict) or not content:
        raise CommandError(f'{path} has no widths: give PATTERN = "W:A", one at least')
    return content


def input_files(arguments: argparse.Namespace) -> list[Any]:
    """Files that are read because of the options, which no output may replace."""
    return [vars(arguments).get("widths")]


def write_report(
    arguments: argparse.Namespace,
    rows: list[list[Any]],
    draw: Callable[[Path], None],
    content: Mapping[str, Any],
    text: str,
) -> None:
    """Write the files asked for, and print the text unless the JSON goes there."""
    if arguments.csv is not None:
        write_text(arguments.csv, _csv_text(rows))
    if arguments.plot is not None:
        write_file(arguments.plot, draw)
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(text)


def _csv_text(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
