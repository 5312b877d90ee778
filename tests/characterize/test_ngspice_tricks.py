"""What ngspice itself does with the decks that the guard refuses: why each is refused.

Each deck is run by plain ctypes on the library and by `ngspice -b`, without our guard, in an empty
folder; those of `RUN` make the file `owned` there. Should another ngspice do less, or more, this
tells.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from characterize.errors import PlanError
from characterize.ngspice import Ngspice, SimulationFailedError, failure_text, find_library
from characterize.pool import run_deck
from circuits.deck import Conditions, Deck, Window
from circuits.deck_guard import check_deck
from circuits.errors import DesignError

CARDS = ["V1 a 0 1", "R1 a 0 1k", ".tran 1e-10 1e-08 0 1e-10", ".end"]
SHELL = "shell touch owned"

PLAIN = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
left = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int,
                        ctypes.c_void_p)
kept = heard(lambda *_: 0), left(lambda *_: 0)
library.ngSpice_Init(kept[0], None, kept[1], None, None, None, None)
lines = [line.encode() for line in open(sys.argv[2], newline="").read().split("\\n")]
library.ngSpice_Circ((ctypes.c_char_p * (len(lines) + 1))(*lines, None))
library.ngSpice_Command(b"run")
"""


def deck(*added: str, title: str = "a title", after: str = "") -> str:
    return "\n".join([title, *added, *CARDS]) + "\n" + after


RUN = {
    "a control block": deck(".control", SHELL, ".endc"),
    "in capitals behind blanks": deck("  .CONTROL", SHELL, ".endc"),
    "behind a tab": deck("\t.control", SHELL, ".endc"),
    "a longer word": deck(".controlled", SHELL, ".endc"),
    "inside .if": deck(".if (1)", ".control", SHELL, ".endc", ".endif"),
    "a comment": deck(f"*#{SHELL}"),
    "a comment with a blank": deck(f"*# {SHELL}"),
    "a script": deck(SHELL, title="*ng_script"),
}
# As text these are harmless in ngspice 39; they are refused, or never written, all the same.
NOT_RUN = {
    "a comment of ours": deck(f"* #{SHELL}"),
    "a title with a command": deck(title=f"*#{SHELL}"),
    "a carriage return": deck(f"* x\r.control\r{SHELL}\r.endc"),
    "a form feed": deck(f"* x\f.control\f{SHELL}\f.endc"),
    "a line separator": deck(f"* x\u2028.control\u2028{SHELL}\u2028.endc"),
    "two halves of a word": deck(".con", "+trol", SHELL, ".endc"),
    "back ticks": deck("B1 b 0 v=`touch owned`"),
    "redirected output": deck(".print tran v(a) > owned"),
}


def _owned(command: list[str], text: str, folder: Path) -> bool:
    path = folder / "deck.cir"
    path.write_bytes(text.encode())
    settings = {**os.environ, "HOME": str(folder), "OMP_THREAD_LIMIT": "1"}
    subprocess.run(
        [*command, str(path)], cwd=folder, env=settings, capture_output=True, timeout=60,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return (folder / "owned").exists()


def _library() -> list[str]:
    return [sys.executable, "-c", PLAIN, find_library()]


def _batch() -> list[str]:
    found = shutil.which("ngspice")
    if found is None:
        pytest.fail("ngspice is missing; `./setup.sh test` installs it")
    return [found, "-b"]


@pytest.mark.parametrize("text", RUN.values(), ids=RUN)
def test_the_library_runs_it_and_the_guard_refuses_it(text, tmp_path):
    assert _owned(_library(), text, tmp_path)
    with pytest.raises(DesignError):
        check_deck(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", RUN.values(), ids=RUN)
def test_ngspice_in_batch_mode_runs_it_too(text, tmp_path):
    assert _owned(_batch(), text, tmp_path)


def test_in_batch_mode_what_follows_the_end_is_read(tmp_path):
    text = deck(after=f".control\n{SHELL}\n.endc\n")
    assert _owned(_batch(), text, tmp_path)
    with pytest.raises(DesignError, match=r"follows \.end"):
        check_deck(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", NOT_RUN.values(), ids=NOT_RUN)
def test_what_ngspice_leaves_alone(text, tmp_path):
    assert not _owned(_library(), text, tmp_path)
    assert not _owned(_batch(), text, tmp_path)


HARMLESS = deck(f"* #{SHELL}")


def test_our_own_comment_is_none_of_its_commands(tmp_path):
    check_deck(HARMLESS)
    assert not _owned(_library(), HARMLESS, tmp_path)


@pytest.mark.parametrize("text", [*RUN.values(), *NOT_RUN.values()])
def test_the_worker_refuses_before_ngspice_sees_it(text):
    if text == HARMLESS:
        return
    # Without a library: whatever were done with it would fail otherwise.
    ngspice = Ngspice.__new__(Ngspice)
    ngspice._messages, ngspice._last_messages = [], deque()
    with pytest.raises(SimulationFailedError, match="was not given to ngspice") as refusal:
        ngspice.run(text)
    assert not refusal.value.convergence
    assert not refusal.value.poisoned


def test_an_error_of_ngspice_is_told_whole():
    said = [
        "stdout Circuit: a title",
        "stderr Note: No compatibility mode selected!",
        "stderr Checking parameters for BSIM 4.8 model nch",
        "stderr Fatal: Toxe = -1e-09 is not positive.",
        *(f"stderr Trying gmin =   {i}.0E-03 Warning: Further gmin increment" for i in range(60)),
        "stderr Warning: cgdo = -3.10782e-09 is negative. Set to zero.",
        "stderr Fatal error: detected during BSIM4.8.2 parameter checking for ",
        "stderr     model nch of device instance m\x1b[31m1",
        "stderr run simulation(s) aborted",
    ]
    assert failure_text(said) == (
        "Checking parameters for BSIM 4.8 model nch; Fatal: Toxe = -1e-09 is not positive.; "
        "Fatal error: detected during BSIM4.8.2 parameter checking for; "
        "model nch of device instance m?[31m1; "
        "Warning: cgdo = -3.10782e-09 is negative. Set to zero."
    )
    assert failure_text(["stdout only this"]) == "stdout only this"


def test_an_absurd_number_of_errors_is_cut_at_a_line():
    text = failure_text([f"stderr Error: {i} " + "x" * 90 for i in range(500)])
    assert len(text) < 2100
    assert re.search(r"x{90}; and \d+ lines more$", text)
    assert failure_text(["stderr Error: " + "y" * 3000]).endswith("y" * 3000)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("M1 a a 0 0 nope w=1u l=1u", ["m1 a a 0 0 nope w=1u l=1u", "find a valid modelname"]),
        ("X1 a 0 nope", ["unknown subckt: x1 a 0 nope"]),
        ("R2 a 0 {foo}", ["Undefined parameter [foo]"]),
        ("B2 b 0 v=foo(v(a))", ["no such function 'foo'"]),
    ],
)  # fmt: skip
def test_the_names_in_an_error_of_ngspice_are_told(card, said):
    window = Window(0.0, 1e-8)
    bad = Deck("t", "a title", deck(card), Conditions(), 1e-8, window, {}, (), (), (), 0.5)
    with pytest.raises(PlanError) as refusal:
        run_deck(bad)
    for words in said:
        assert words in str(refusal.value)
    assert str(refusal.value).isprintable()
