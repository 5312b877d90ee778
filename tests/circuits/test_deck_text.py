"""What foreign text may become in a deck, and that nothing else gets there."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import BENCHES, DesignError, build_deck, load_design
from circuits.ageing import Stress, aged, load_ageing
from circuits.deck_guard import check_deck
from circuits.deck_text import (
    LONGEST_COMMENT,
    comment,
    finite,
    identifier,
    name_from,
    number,
    setting,
    title,
)
from circuits.drive import Drive
from circuits.macrospin import macrospin_deck
from circuits.magnet_parameters import load_magnet
from circuits.variation import load_variation
from circuits.varied import sampled
from circuits.wall_deck import wall_deck
from circuits.wall_parameters import load_wall

seeded = settings(derandomize=True, deadline=None, max_examples=200)
HOSTILE = "x\n.control\nshell touch owned\n.endc\n*#shell touch owned\n"
DECK = "{}\n{}\nV1 a 0 1\n.tran 1e-12 1e-09 0 1e-12\n.end\n"


@seeded
@given(st.text())
def test_a_comment_is_one_line_of_printable_ascii_that_ngspice_does_not_run(text):
    line = comment(text)
    assert re.fullmatch(r"\*( [ -~]*)?", line)
    assert "\\" not in line
    assert len(line) <= LONGEST_COMMENT + 2
    check_deck(DECK.format(title(text), line))
    plain = text.isascii() and text.isprintable() and "\\" not in text
    if plain and len(text) <= LONGEST_COMMENT:
        assert line == f"* {text}".rstrip() or not text.strip()


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\v", "\f", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_no_line_end_of_any_kind_is_left(end):
    assert comment(f"a{end}.control") == "* a?.control"
    assert title(f"a{end}.control") == "a?.control"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("and2 of 11, strongarm", "and2 of 11, strongarm"),
        ("*ng_script", "* *ng_script"),
        ("*#shell", "* *#shell"),
        (".control", "* .control"),
        ("ends in \\\\", "ends in ??"),
    ],
)
def test_a_title_is_no_command(text, line):
    assert title(text) == line


@pytest.mark.parametrize("text", ["a", "nch", "sky130_fd_pr__nfet_01v8", "1.2-x+y", "A" * 64])
def test_names_stand_as_they_are(text):
    assert identifier(text) == text


@pytest.mark.parametrize(
    "text",
    ["", " a", "a b", "a\n", "a\n.control", "\u00e4", "_a", ".a", "*a", "+a", "a=1", "a;b", "a$b",
     "a" * 65, "a\u2028b", None, 5, ["a"]],
)  # fmt: skip
def test_what_is_no_name_is_refused_with_its_place(text):
    with pytest.raises(DesignError, match=r"my\.toml: 'name' must be a name") as refusal:
        identifier(text, "my.toml: 'name'")
    assert str(refusal.value).isprintable()


@seeded
@given(st.text(min_size=1))
def test_any_text_gives_a_name(text):
    assert identifier(name_from(text)) == name_from(text)
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}", text):
        assert name_from(text) == text


@seeded
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back(value):
    assert float(number(value)) == value
    assert float(number(value, 12)) == pytest.approx(value, rel=1e-11, abs=1e-320)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(DesignError, match="a value in the deck is"):
        number(value)
    with pytest.raises(DesignError, match=r"'Rinf a 0 .*' in the deck is not finite"):
        finite(f"R1 a 0 1\nRinf a 0 {value}\nC1 a 0 1")
    assert finite("Rinf a infinite 1")


def test_options_are_names_and_plain_numbers():
    assert setting("wnflag=1") == "wnflag=1"
    assert setting(" scale = 1e-6 ") == "scale=1e-6"
    assert setting("wnflag") == "wnflag"
    for text in ("seed=random", "scale=1e999", "a=1 b=2", "a=1\n.control", "a={x}", "a=`x`", 3):
        with pytest.raises(DesignError, match="a name and a finite number"):
            setting(text)


def _hostile_decks():
    """Decks of objects whose texts were never checked, as if a reader had forgotten to."""
    design = load_design("strongarm")
    device = replace(design.device, name=HOSTILE, description=HOSTILE, note=HOSTILE)
    technology = replace(design.technology, name=HOSTILE, description=HOSTILE)
    for moving in (False, True):
        bad = replace(design, name=HOSTILE, device=device, technology=technology, moving=moving)
        for name, bench in BENCHES.items():
            deck = build_deck(bad, name, bench.variants[-1] if bench.variants else "")
            yield deck
            yield sampled(deck, bad, replace(load_variation(), name=HOSTILE), 1)
            stress = Stress(replace(load_ageing(), name=HOSTILE, technology=HOSTILE), 1e8)
            yield aged(deck, bad, stress)
    drive = Drive(1e-6, 1e-9, 2e-9)
    yield macrospin_deck(replace(load_magnet("Zhang2026"), name=HOSTILE, kind=HOSTILE), drive)
    yield wall_deck(replace(load_wall("Emori2013"), name=HOSTILE), drive)


def test_a_text_that_nobody_checked_reaches_comments_alone():
    count = 0
    for deck in _hostile_decks():
        check_deck(deck.netlist)
        title_line, *lines = deck.netlist.split("\n")
        assert not title_line.startswith(("*#", "*ng"))
        assert not [line for line in lines if "touch" in line and not line.startswith("* ")]
        count += "touch" in deck.netlist
    assert count > 60


@pytest.mark.parametrize("field", ["model", "kind"])
def test_an_unchecked_model_name_is_refused_where_it_is_written(field):
    design = load_design("strongarm")
    transistors = {
        polarity: replace(model, **{field: HOSTILE})
        for polarity, model in design.technology.transistors.items()
    }
    bad = replace(design, technology=replace(design.technology, transistors=transistors))
    with pytest.raises(DesignError, match="must be a name"):
        build_deck(bad, "read", "1")


def test_an_unchecked_instance_parameter_or_option_is_refused_where_it_is_written():
    design = load_design("strongarm")
    mismatch = replace(design.technology.mismatch, instance_parameter=HOSTILE)
    bad = replace(design, technology=replace(design.technology, mismatch=mismatch))
    with pytest.raises(DesignError, match="must be a name"):
        sampled(build_deck(bad, "read", "1"), bad, load_variation(), 1)
    with pytest.raises(DesignError, match="must be a name"):
        aged(build_deck(bad, "read", "1"), bad, Stress(load_ageing(), 1e8))
    bad = replace(design, technology=replace(design.technology, options=(HOSTILE,)))
    with pytest.raises(DesignError, match="a name and a finite number"):
        build_deck(bad, "read", "1")
