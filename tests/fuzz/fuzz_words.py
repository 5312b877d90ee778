"""Command lines of any verb with odd values for its options."""

from __future__ import annotations

import argparse
import os
import random
from functools import cache
from pathlib import Path

from fuzz_values import ESCAPES

ODD = (
    "nan", "inf", "-inf", "-1", "0", "1", "2", "7", "1e308", "-1e308", "1e-320", "9" * 400,
    "9" * 5000, "1" + "0" * 30, "0.5", "1_0", "", " ", "x", ESCAPES, "two\nlines", "8:8", "off",
    "a=b", "0,1", "1,1,1", "99999", "-273.15", "/dev/zero", "/dev/null", ".", "none.toml",
    "none.h5", "tt", "\udcff", "--", "\u0661", "/proc/self/mem", "x" * 300, "../..", "host",
    "tcp://h",
)  # fmt: skip
_SOUND = {"bench": "and2", "network": "lenet5", "device": "Zhang2026", "what": "benches",
          "report": "r.json", "space": "s.toml", "plan": "p.toml", "file": "t.h5"}  # fmt: skip
_SLOW = ({"train"}, {"reproduce"})
"""They compute for minutes where nothing is wrong."""


@cache
def parsers() -> dict[tuple[str, ...], argparse.ArgumentParser]:
    from mramcim.command import build_parser

    found: dict[tuple[str, ...], argparse.ArgumentParser] = {}

    def walk(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> None:
        inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        for action in inner:
            for name, each in action.choices.items():
                walk(each, (*words, name))
        if not inner:
            found[words] = parser

    walk(build_parser(), ())
    return found


def odd_files(folder: Path) -> list[str]:
    """Names of what no file should be: links in circles, pipes, folders, gigabytes of nothing."""
    made = []
    for suffix in (".toml", ".h5", ".onnx", ".npy", ".json", ".csv"):
        (folder / f"loop{suffix}").symlink_to(f"loop{suffix}")
        os.mkfifo(folder / f"pipe{suffix}")
        (folder / f"zero{suffix}").symlink_to("/dev/zero")
        with (folder / f"large{suffix}").open("wb") as file:
            file.truncate(700 << 20)
        (folder / f"empty{suffix}").touch()
        (folder / f"new\nline{suffix}").touch()
        (folder / f"folder{suffix}").mkdir()
        made += [f"{stem}{suffix}" for stem in
                 ("loop", "pipe", "zero", "large", "empty", "new\nline", "folder")]  # fmt: skip
    return [str(folder / name) for name in made]


def words(draw: random.Random, folder: Path) -> tuple[list[str], list[Path]]:
    """A verb with some of its options, at least one of them odd."""
    every = parsers()
    odd = [*ODD, *(draw.sample(odd_files(folder), 8) if draw.random() < 0.4 else ())]
    verb = draw.choice([name for name in every if {name[0]} not in _SLOW])
    given: list[str] = []
    options = [a for a in every[verb]._actions if a.option_strings and a.dest not in _NOT]
    chosen = draw.sample(options, min(len(options), draw.choice((1, 1, 2, 3))))
    for action in chosen:
        given.append(action.option_strings[-1])
        if (action.nargs != 0 and action.const is None) or draw.random() < 0.1:
            value = draw.choice(odd)
            if action.dest in _WRITTEN:
                places = (
                    "o.json",
                    "o.csv",
                    "o.png",
                    "o.h5",
                    "no/o",
                    "loop.h5",
                    "loop.csv",
                    "x" * 300,
                )
                value = str(folder / draw.choice(places))
            given[-1:] = [f"{given[-1]}={value}"] if draw.random() < 0.5 else [given[-1], value]
    places = [a for a in every[verb]._actions if not a.option_strings]
    for action in places:
        sound = next(iter(action.choices)) if action.choices else _sound(action)
        given.append(str(draw.choice(odd) if draw.random() < 0.25 else sound))
    if verb[0] in ("estimate", "map"):
        given += ["--rows", draw.choice(("256", *ODD))]
    if verb[0] == "characterize":
        given.append("--dry-run")
    return [*verb, *given], []


def sound_words(verb: tuple[str, ...]) -> list[str]:
    """A verb with all that it must be given; the files are missing."""
    given = list(verb)
    for action in parsers()[verb]._actions:
        if not action.option_strings:
            given.append(next(iter(action.choices)) if action.choices else _sound(action))
        elif action.required:
            given += [action.option_strings[-1], "o.h5" if action.dest == "output" else "1"]
    return [*given, *(["--dry-run"] if verb == ("characterize",) else [])]


def _sound(action: argparse.Action) -> str:
    return _SOUND.get(action.dest, "x")


_NOT = frozenset({"help", "train", "resimulate"})
_WRITTEN = frozenset({"output", "csv", "plot", "page", "kept", "report", "json", "record"})
