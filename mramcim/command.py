"""The command line: finds the verb, runs it, and turns errors into one sentence."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from mramcim.arguments import Parser, parse
from mramcim.errors import CommandError, is_user_error, one_sentence
from mramcim.printable import printable
from mramcim.streams import open_closed_streams, printable_output, unseen_warnings

VERBS = (
    "characterize",
    "nightly",
    "cache",
    "lut",
    "estimate",
    "run",
    "train",
    "accuracy",
    "explain",
    "compare",
    "explore",
    "map",
    "netlist",
    "simulate",
    "switch",
    "size",
    "study",
    "reproduce",
    "list",
)

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE

# Of an encoding error in what is printed; any other handler is the user's own choice.
_FAILING_HANDLERS = ("strict", "surrogateescape")


class _Version(argparse.Action):
    """Print the version, read from the installed distribution only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"mramcim {version('mramcim')}")
        parser.exit()


def build_parser() -> Parser:
    """The parser of all verbs."""
    parser = Parser(
        prog="mramcim",
        description="SOT-MRAM in-memory logic: simulated in ngspice, kept in a table, and costed "
        "for whole neural networks.",
        epilog="`mramcim VERB --help` tells a verb's options.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")
    for name in VERBS:
        module = import_module(f"mramcim.verbs.{name}")
        verb = verbs.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run `mramcim` with `argv` (without the program's name) and return the exit code.

    0: done; 1: the verb ran and found something wrong (it says so itself); 2: bad input, one
    sentence on standard error; 130: interrupted; 141: the reader of our output went away.
    """
    open_closed_streams()
    _escape_what_has_no_encoding()
    given = sys.argv[1:] if argv is None else argv
    code: int | None
    try:
        with unseen_warnings(), printable_output():
            code = _run(given)
        # Here, and not at the interpreter's end, a full disk or a closed pipe can be handled.
        sys.stdout.flush()
    except KeyboardInterrupt:
        _tell("mramcim: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _abandon_standard_output()
        return EXIT_BROKEN_PIPE
    except MemoryError:
        # Told below: here the error still holds on to what filled the memory.
        code = None
    except (ValueError, OSError, RuntimeError) as error:
        if not is_user_error(error):
            raise
        _tell(f"mramcim: error: {printable(one_sentence(error))}")
        _abandon_standard_output()
        return EXIT_USER_ERROR
    if code is None:
        # Sizes are checked where files are read; how much memory there is, only this tells.
        files = ", ".join(f"'{printable(word)}'" for word in given if Path(word).is_file())
        what = f" for {files}" if files else ""
        _tell(f"mramcim: error: the memory does not suffice{what}; use smaller input")
        _abandon_standard_output()
        return EXIT_USER_ERROR
    return code


def _tell(text: str) -> None:
    # Where nobody listens any more, the exit code tells.
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _escape_what_has_no_encoding() -> None:
    """Let standard output write as an escape what its encoding lacks, as standard error does."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in _FAILING_HANDLERS:
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(argv: Sequence[str]) -> int:
    try:
        arguments = parse(build_parser(), argv)
    except SystemExit as after_help:
        return int(after_help.code or 0)
    except CommandError as error:
        if argv[:1] == ["nightly"]:
            import_module("mramcim.verbs.nightly").report_refusal(argv, error)
        raise
    code: int = arguments.run(arguments)
    return code


def _abandon_standard_output() -> None:
    """Keep the interpreter from failing once more on what is still buffered."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
