"""The shared parser: one sentence, and where `--json` takes the next word."""

from __future__ import annotations

import argparse

import pytest

from mramcim.arguments import Parser, add_json, finite, kelvin, parse, positive_count
from mramcim.errors import CommandError


def parser(**positional) -> Parser:
    made = Parser(prog="verb")
    made.add_argument("what", **positional)
    made.add_argument("-o", "--output")
    add_json(made)
    return made


@pytest.mark.parametrize(
    ("words", "what", "json"),
    [
        ("alexnet", "alexnet", None),
        ("alexnet --json", "alexnet", "-"),
        ("alexnet --json -", "alexnet", "-"),
        ("alexnet --json out.json", "alexnet", "out.json"),
        ("--json out.json alexnet", "alexnet", "out.json"),
        ("--json=out.json alexnet", "alexnet", "out.json"),
        ("--json -o F alexnet", "alexnet", "-"),
        ("--json alexnet", "alexnet", "-"),
        ("-o F --json alexnet", "alexnet", "-"),
    ],
)
def test_json_takes_the_next_word_unless_a_positional_needs_it(words, what, json):
    arguments = parse(parser(), words.split())
    assert (arguments.what, arguments.json) == (what, json)


@pytest.mark.parametrize("words", ["", "a b", "a --unknown", "--json", "a --outp F"])
def test_a_complaint_is_one_line_and_tells_where_help_is(words):
    with pytest.raises(CommandError) as caught:
        parse(parser(), words.split())
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("see `verb --help`")


def test_numbers_of_arguments():
    assert [kelvin(text) for text in ("27", "-40", "125")] == [300.15, 233.15, 398.15]
    assert finite("-1e-3") == -1e-3
    assert positive_count("7") == 7
    for convert, text in [
        (finite, "nan"),
        (finite, "inf"),
        (finite, "1 V"),
        (kelvin, "-274"),
        (positive_count, "0"),
        (positive_count, "2.5"),
    ]:
        with pytest.raises(argparse.ArgumentTypeError, match=text):
            convert(text)


@pytest.mark.parametrize(
    "words", [["study", "crossbar", "--lut=--"], ["size", "and2", "--error-rate=--"]]
)
def test_dashes_alone_are_no_value(words, capsys):
    from mramcim.command import main

    assert main(words) == 2
    error = capsys.readouterr().err
    assert "'--' is no value" in error
    assert error.count("\n") == 1
