"""The parser that all verbs share, and the types of their arguments."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from files import short
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT

ZERO_CELSIUS = 273.15
LARGEST = 1e30
"""Magnitude of a number: products of several are finite, and whole ones have few digits."""
LARGEST_COUNT = 2**53


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one sentence and no usage text."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)
        # argparse's own pattern takes -1e-4 for an unknown option.
        self._negative_number_matcher = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and leaving.

        Raises:
            CommandError: always.
        """
        # What was given may be of any length.
        told = re.sub(r"\S{81,}", lambda found: short(found[0]), message)
        raise CommandError(f"{told}; see `{self.prog} --help`")


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse, reading `--json WORD` as `--json` and a positional where one would lack otherwise.

    So `estimate --json alexnet` prints JSON of alexnet, and `estimate alexnet --json F` writes F.

    Raises:
        CommandError: the arguments do not fit the verb.
    """
    for word in argv:
        if word.startswith("--") and word.endswith("=--"):
            # Python drops these dashes and gives the option an empty list for its value.
            raise CommandError(f"'--' is no value of {word[:-3]}; give it one or leave it out")
    try:
        return parser.parse_args(argv)
    except CommandError:
        bare = _without_json_file(argv)
        if bare == list(argv):
            raise
        try:
            return parser.parse_args(bare)
        except CommandError:
            pass
        raise


def _without_json_file(argv: Sequence[str]) -> list[str]:
    return [f"--json={STANDARD_OUTPUT}" if word == "--json" else word for word in argv]


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json [F]`; `arguments.json` is None, "-" for standard output, or a path."""
    parser.add_argument(
        "--json",
        nargs="?",
        const=STANDARD_OUTPUT,
        metavar="F",
        help="print JSON alone on standard output, or write it to the file F",
    )


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add `--models DIR`, the folders that a technology may take its model files from."""
    parser.add_argument(
        "--models",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder that the technology may take its model files from, beside the folder of "
        "its own file and its package; may be repeated",
    )


def finite(text: str) -> float:
    """A finite number, of a size that some quantity has in some unit.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return number


def kelvin(text: str) -> float:
    """A temperature [K] from its text in degC.

    Raises:
        argparse.ArgumentTypeError: not a number, or at or below absolute zero.
    """
    celsius = finite(text)
    if celsius <= -ZERO_CELSIUS:
        raise argparse.ArgumentTypeError(f"{text} degC is not above absolute zero")
    # Rounded, so that -40 degC is the 233.15 K of a table and not just below its range.
    return round(celsius + ZERO_CELSIUS, 9)


def positive_count(text: str) -> int:
    """A whole number of one or more.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= LARGEST_COUNT:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return number


def whole(text: str) -> int:
    """A whole number, which whoever takes it bounds further.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    try:
        number = int(text)
    except ValueError:
        number = LARGEST_COUNT + 1
    if abs(number) > LARGEST_COUNT:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return number


def seed(text: str) -> int:
    """A seed: a whole number from 0.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a seed; give a whole number from 0, of at most 16 digits"
        )
    return int(text)


_ADDRESS = re.compile(
    r"(?:(?:tcp|tls|ws|wss|ucx)://)?(?:\[[0-9a-fA-F:.%]+\]|[\w.-]+):(\d{1,5})", re.ASCII
)


def scheduler_address(text: str) -> str:
    """Where a Dask scheduler listens, port included: without one a client waits in vain.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 65535:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not the address of a Dask scheduler; give one such as tcp://host:8786, "
            "port included"
        )
    return text


def processes(text: str) -> int:
    """A number of processes that this machine can have.

    Raises:
        argparse.ArgumentTypeError: no whole number, or one that makes no sense here.
    """
    from jobs import JobsError, process_count

    try:
        return process_count(positive_count(text))
    except JobsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
