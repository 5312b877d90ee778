"""What the command says when it cannot do what it was asked."""

from __future__ import annotations

LONGEST = 4000
"""Characters of a sentence; only lists of what a file has come near."""
PACKAGES = ("files", "jobs", "circuits", "characterize", "lut", "accelerator", "mramcim")


class CommandError(ValueError):
    """Arguments or output paths that cannot be used; the message is one sentence."""


def is_user_error(error: BaseException) -> bool:
    """Whether `error` is about the input (one sentence, exit code 2) and not a bug (traceback).

    The packages' own errors derive from ValueError. They are known by the package that defines
    them, so that telling them apart imports nothing; a ValueError of numpy or h5py is a bug here.
    """
    if isinstance(error, OSError) or is_link_loop(error):
        return True
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, ValueError) and package in PACKAGES


def is_link_loop(error: BaseException) -> bool:
    """Whether a path was resolved that leads in a circle: an OSError only from Python 3.13 on."""
    return isinstance(error, RuntimeError) and str(error).startswith("Symlink loop from ")


def one_sentence(error: BaseException) -> str:
    """The error's message on one line."""
    if isinstance(error, OSError) and error.strerror:
        where = f"'{error.filename}': " if error.filename is not None else ""
        text = f"{where}{error.strerror.lower()}; check the path, its permissions and free space"
    elif is_link_loop(error):
        path = str(error).removeprefix("Symlink loop from ")
        text = f"{path} is a link that leads back to itself; name the file or folder itself"
    else:
        text = str(error) or type(error).__name__
    text = "; ".join([text, *getattr(error, "__notes__", [])])
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 1000]} ... {text[-990:]}"
