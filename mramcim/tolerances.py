"""Tolerances of named variables, as they are written on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mramcim.arguments import finite
from mramcim.errors import CommandError


def named_tolerances(words: Sequence[str]) -> dict[str, float]:
    """The values [SI] of words such as "offset_tolerance=1e-3".

    Raises:
        CommandError: a word is not NAME=VALUE, or a name comes twice.
    """
    found: dict[str, float] = {}
    for word in words:
        name, equals, number = word.partition("=")
        if not (name and equals):
            raise CommandError(f"--absolute is NAME=VALUE, as offset_tolerance=1e-3, not '{word}'")
        if name in found:
            raise CommandError(f"--absolute gives {name} twice; give it once")
        try:
            found[name] = finite(number)
        except argparse.ArgumentTypeError as error:
            raise CommandError(f"--absolute {word}: {error}") from None
    return found
