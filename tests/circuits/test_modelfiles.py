"""Inlining keeps the meaning of harmless cards, whatever their form, and lets nothing else by."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import DesignError
from circuits.modelfiles import inline_models

# Cards of libraries, each a list of words; blocks keep their lines together.
PLAIN_BLOCKS = [
    [[".param", "shift=0.01"]],
    [[".param", "width", "=", "{2*1e-6}"]],
    [[".func", "twice(x)", "{2*x}"]],
    [[".model", "nch", "nmos", "level=54", "version=4.8", "vth0=0.4", "toxe=1.2e-9"]],
    [[".model", "dio", "d(is=1e-14", "n=1.05)"]],
    [[".option", "gmin=1e-13", "scale=1.0u"]],
    [[".subckt", "cell", "a", "b", "r=1k"], ["r1", "a", "b", "{r}"], [".ends", "cell"]],
    [
        [".subckt", "fet", "d", "g", "s", "b"],
        [".param", "w=1", "l=1"],
        ["m1", "d", "g", "s", "b", "nch", "w={w}", "l={l}"],
        [".if", "(w", "==", "1)"],
        ["c1", "d", "0", "1f"],
        [".else"],
        ["c1", "d", "0", "2f"],
        [".endif"],
        [".ends"],
    ],
]
COMMENTS = ["* a comment", "  * indented .control", "", "   ", "$ also .end", "; shell touch owned"]
COMMENTS_STRIPPED = {comment.strip() for comment in COMMENTS}
DANGEROUS = [
    ".control",
    ".endc",
    ".controlled",
    ".exec touch owned",
    ".csparam a=1",
    ".save all",
    ".print op v(a)",
    ".plot tran v(a)",
    ".meas tran x avg v(a)",
    ".four 1k v(a)",
    ".tran 1n 1u",
    ".ac dec 10 1 1k",
    ".dc v1 0 1 0.1",
    ".op",
    ".noise v(a) v1 dec 10 1 1k",
    ".sens v(a)",
    ".tf v(a) v1",
    ".pz 1 0 2 0 vol pz",
    ".global a",
    ".ic v(a)=1",
    ".nodeset v(a)=1",
    ".temp 125",
    ".width out=80",
    ".probe v(a)",
    ".inclusion other.spice",
    ".option savecurrents",
    ".model x filesource(level=1)",
    ".model x d_source(level=1)",
    ".model x table2d(file=1)",
    "a1 x y model",
    "n1 a b model",
    "u1 a b model",
    "shell touch owned",
    "system touch owned",
    "pre_codemodel evil.cm",
    "write owned",
    "*#shell touch owned",
    ".param a=`id`",
    '.param a="text"',
    ".param input_file=1",
    "v1 a 0 pwl file=data",
    "@",
    "!ls",
]
SWITCHED_CASE = st.sampled_from([str, str.upper, str.title])
BLANKS = st.sampled_from(["", " ", "\t", "  \t"])
TAILS = st.sampled_from(["", " $ comment", " ; comment", " // comment", "\t$ .control", " "])


@st.composite
def written_card(draw: st.DrawFn, words: list[str]) -> list[str]:
    """Physical lines of one card: broken at blanks, with comments between and blanks before."""
    breaks = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    lines: list[str] = []
    current = draw(BLANKS) + draw(SWITCHED_CASE)(words[0])
    for word, broken in zip(words[1:], breaks[1:], strict=True):
        if broken:
            lines.append(current + draw(TAILS))
            lines.extend(draw(st.lists(st.sampled_from(COMMENTS), max_size=2)))
            current = draw(BLANKS) + "+" + draw(BLANKS) + word
        else:
            current += draw(st.sampled_from([" ", "\t", "   "])) + word
    lines.append(current + draw(TAILS))
    return lines


@st.composite
def library(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """A model file's lines, and its cards as words in lower case: what the file means."""
    blocks = draw(st.lists(st.sampled_from(PLAIN_BLOCKS), min_size=1, max_size=4))
    lines: list[str] = []
    meaning = []
    for block in blocks:
        for words in block:
            lines.extend(draw(st.lists(st.sampled_from(COMMENTS), max_size=2)))
            lines.extend(draw(written_card(words)))
            meaning.append(" ".join(words))
    return lines, meaning


def joined(text: str) -> list[str]:
    """The cards of a text in normal form, one line each, single blanks, lower case."""
    return [
        re.sub(r"\s+", " ", card).strip().lower()
        for card in text.replace("\n+", " ").split("\n")
        if card
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def inline(folder: Path, lines: list[str], ending: str = "\n") -> str:
    path = folder / "library.spice"
    path.write_bytes(ending.join([*lines, ""]).encode())
    # Equal size within one tick of the file system's clock would look like the same file.
    os.utime(path, ns=(0, inline.tick))
    inline.tick += 1
    return inline_models(path, None, folder)


inline.tick = 0


@settings(deadline=None, derandomize=True, max_examples=100)
@given(written=library(), ending=st.sampled_from(["\n", "\r\n"]))
def test_harmless_cards_keep_their_meaning(
    folder: Path, written: tuple[list[str], list[str]], ending: str
) -> None:
    lines, meaning = written
    text = inline(folder, lines, ending)
    assert joined(text) == meaning
    # Normal form: nothing but cards and their continuations, and stable when read again.
    assert all(re.match(r"[a-z.+]", line, re.I) for line in text.splitlines())
    assert inline(folder, text.splitlines()) == text


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    written=library(),
    dangerous=st.sampled_from(DANGEROUS),
    change=SWITCHED_CASE,
    blanks=BLANKS,
    position=st.integers(0, 10_000),
)
def test_a_dangerous_line_anywhere_is_refused(
    folder: Path,
    written: tuple[list[str], list[str]],
    dangerous: str,
    change: Callable[[str], str],
    blanks: str,
    position: int,
) -> None:
    lines, _ = written
    place = position % (len(lines) + 1)
    line = blanks + change(dangerous)
    with pytest.raises(DesignError) as refusal:
        inline(folder, [*lines[:place], line, *lines[place:]])
    found = re.search(r"library\.spice, line (\d+): ", str(refusal.value))
    assert found is not None
    # Between a card and its continuation the halved card may be refused before the line is.
    codes = (code.strip() for code in lines[place:] if code.strip() not in COMMENTS_STRIPPED)
    halved = next(codes, "").startswith("+")
    assert int(found.group(1)) == place + 1 or (halved and int(found.group(1)) <= place)


def current(deck_folder: Path, library_text: str) -> str:
    """What ngspice prints for the operating point of a cell of the library."""
    deck = deck_folder / "deck.spice"
    deck.write_text(
        f"title\n{library_text}\nv1 a 0 1\nx1 a 0 stack r=3k\n.op\n.print op i(v1) v(x1.m)\n.end\n"
    )
    run = subprocess.run(
        ["ngspice", "-n", "-b", deck.name],
        cwd=deck_folder,
        env={"PATH": os.environ["PATH"], "HOME": str(deck_folder), "OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return next(line for line in run.stdout.splitlines() if line.startswith("0\t"))


def test_ngspice_computes_the_same_from_both(tmp_path: Path) -> None:
    (tmp_path / "part.spice").write_text(
        "* a part in the middle of a sub-circuit\n  R1 A M  {r*\n* between\n+ factor}  $ ohm\n"
    )
    (tmp_path / "sections.spice").write_text(
        ".lib slow\n.param factor=2\n.endl\n\n.LIB 'Fast'\n.param factor=0.5 ; faster\n.endl fast\n"
    )
    source = tmp_path / "top.spice"
    source.write_text(
        "* top\n.lib sections.spice FAST\n.SubCkt Stack a b r=1k\n.inc 'part.spice'\n"
        "D1 m b diode\n\n.ends Stack\n.model diode d(is=1e-14\n*\n+ n=1.2)\n.model other r "
        'rsh = {"2*factor"}\n'
    )
    text = inline_models(source, None, tmp_path)
    assert text == (
        ".param factor=0.5\n.SubCkt Stack a b r=1k\nR1 A M  {r*\n+ factor}\nD1 m b diode\n"
        ".ends Stack\n.model diode d(is=1e-14\n+ n=1.2)\n.model other r rsh = { 2*factor }\n"
    )
    assert current(tmp_path, ".include top.spice") == current(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "section", "words"),
    [
        (".lib tt\n.param a=1\n.endl\n", "ss", "has no section 'ss'; it has tt"),
        (".param a=1\n", "tt", "has no section 'tt'; it has none"),
        (".lib tt\n.param a=1\n", "tt", "line 1: the section is never closed; add .endl"),
        (".lib a\n.lib b\n.endl\n.endl\n", "a", "line 2: '.lib b' stands inside another section"),
        (".param a=1\n.endl\n", "a", "has no section 'a'; it has none"),
        (".param a=1\n.endl\n", None, "line 2: '.endl' ends no section"),
        (".lib a\n.endl\n.lib A\n.endl\n", "a", "line 3: 'a' is there twice"),
        (".lib tt\n.endl\n", None, "line 1: the file is a library with sections, such as 'tt'"),
        (".lib\n", None, "line 1: '.lib' must name a file and a section"),
        (".include a b\n", None, "line 1: '.include a b' must name one file"),
        (".include 'a\n", None, "line 1: '.include 'a' must name one file"),
        (".include none.spice\n", None, r"line 1: there is no file .*none\.spice; check"),
        ("+ a=1\n", None, r"line 1: there is nothing that '\+' continues"),
        (".ends\n", None, "line 1: '.ends' closes nothing"),
        (".subckt s a\n.endif\n", None, "line 2: '.endif' closes nothing"),
        (".if (a==1)\n", None, r"line 1: '.if \(a==1\)' is never closed; add .endif"),
        (".else\n", None, "line 1: '.else' stands outside .if"),
        (".model x\n", None, "line 1: '.model x' is refused; the types of .model may be nmos"),
        (".option\n+ gmin=1 reltol=1\n", None, "line 1: the option 'reltol=1' is refused"),
        ("# .param\n", None, "line 1: a line that is no card of a model is refused"),
    ],
)
def test_malformed_library_gets_one_sentence(
    tmp_path: Path, text: str, section: str | None, words: str
) -> None:
    (tmp_path / "library.spice").write_text(text)
    with pytest.raises(DesignError, match=words) as refusal:
        inline_models(tmp_path / "library.spice", section, tmp_path)
    assert "\n" not in str(refusal.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"there is no file .*absent\.spice; check its name"):
        inline_models(tmp_path / "absent.spice", None, tmp_path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "library.spice"
    path.write_text(".param a=1\n")
    assert inline_models(path, None, tmp_path) == ".param a=1\n"
    path.write_text(".param a=10\n")
    assert inline_models(path, None, tmp_path) == ".param a=10\n"


def test_the_same_file_may_be_included_twice(tmp_path: Path) -> None:
    (tmp_path / "part.spice").write_text(".param a=1\n")
    (tmp_path / "top.spice").write_text(".include part.spice\n.include part.spice\n")
    assert inline_models(tmp_path / "top.spice", None, tmp_path) == ".param a=1\n" * 2


def test_macro_is_a_subcircuit(tmp_path: Path) -> None:
    (tmp_path / "top.spice").write_text(".macro s a b\nr1 a b 1k\n.eom\n")
    text = inline_models(tmp_path / "top.spice", None, tmp_path)
    assert text == ".macro s a b\nr1 a b 1k\n.eom\n"
