"""The files that a verb writes: checked before anything runs, replaced only by complete ones."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from files import is_regular, json_text
from mramcim.errors import CommandError

STANDARD_OUTPUT = "-"
PLOT_SUFFIXES = (".png", ".svg", ".pdf")
INPUT_SUFFIXES = (".toml", ".onnx", ".h5", ".hdf5", ".lib", ".spice")
PLAN_SUFFIXES = (".toml", ".onnx")


def check_outputs(outputs: Mapping[str, str | None], inputs: Sequence[str | None] = ()) -> None:
    """Refuse what could not be written, before any work is done.

    Args:
        outputs: flag -> the path given to it; None where the flag was not given and "-" where
            standard output was asked for, which are not checked.
        inputs: files that the verb reads, which no output may replace.

    Raises:
        CommandError: a folder is missing or read-only, a path is a folder or read-only, two
            outputs or an output and an input are one file, or a suffix does not suit the flag.
    """
    read = {Path(path).resolve() for path in inputs if path is not None and is_regular(Path(path))}
    taken: dict[Path, str] = {}
    for flag, name in outputs.items():
        if name is None or name == STANDARD_OUTPUT:
            continue
        path = Path(name)
        _check_suffix(flag, path)
        place = _resolved(flag, path)
        _check_place(flag, path)
        if place in read:
            raise CommandError(f"{flag} '{name}' would replace an input; give it another name")
        if place in taken and not _is_special(path):
            raise CommandError(f"{flag} and {taken[place]} both name '{name}'; give two names")
        taken[place] = flag


def _resolved(flag: str, path: Path) -> Path:
    try:
        return path.resolve()
    except (RuntimeError, ValueError, OSError):
        # Links that lead in a circle; a NUL in the name.
        raise CommandError(f"{flag} '{path}' can be no file; give it another name") from None


def _check_suffix(flag: str, path: Path) -> None:
    suffix = path.suffix.lower()
    if flag == "--plot" and suffix not in PLOT_SUFFIXES:
        raise CommandError(
            f"--plot '{path}' is not a picture's name; end it in {', '.join(PLOT_SUFFIXES)}"
        )
    if flag == "-o" and suffix in PLAN_SUFFIXES:
        raise CommandError(f"-o '{path}' has the suffix of an input; end the table's name in .h5")
    if flag in ("--json", "--csv") and suffix in INPUT_SUFFIXES:
        raise CommandError(
            f"{flag} takes the word '{path}' after it as the file to write, which has an input's "
            f"suffix; put {flag} last or name its file {flag[2:].upper()}"
        )


def _check_place(flag: str, path: Path) -> None:
    if path.is_dir():
        raise CommandError(f"{flag} '{path}' is a folder; name a file in it")
    if _is_special(path):
        return
    folder = path.resolve().parent
    if not folder.is_dir():
        raise CommandError(f"the folder of {flag} '{path}' does not exist; make '{folder}' first")
    # A mode without any write bit is a wish that also root should respect.
    if path.exists() and not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
        raise CommandError(f"{flag} '{path}' is read-only; name another file or allow writing it")
    try:
        if not folder.stat().st_mode & 0o222:
            raise PermissionError
        # The one sure way to know: quotas, read-only mounts and access lists all answer here.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(
            f"the folder of {flag} '{path}' cannot be written; "
            f"name a file elsewhere or allow writing in '{folder}'"
        ) from error


def _is_special(path: Path) -> bool:
    """Whether the path is a device or a pipe, such as /dev/null: written in place."""
    return path.exists() and not path.is_dir() and not stat.S_ISREG(path.stat().st_mode)


def write_file(name: str, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary neighbour, then give it the final name in one step."""
    path = Path(name)
    if _is_special(path):
        write(path)
        return
    path = path.resolve()  # a symbolic link stays; the file it names is replaced
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(_mode(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Permissions of a new file at `path`: the old file's, else what the umask leaves."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_text(name: str, text: str) -> None:
    """Write a text file, complete or not at all."""
    write_file(name, lambda path: _write(path, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_json(name: str, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write `content` as JSON to a file, or to standard output where `name` is "-"."""
    text = json_text(content)
    if name == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        write_text(name, text)
