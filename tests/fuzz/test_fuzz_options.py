"""Every option of every verb with numbers that no quantity has, and files that are none."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from fuzz_laws import fault, run
from fuzz_words import odd_files, parsers, sound_words

NUMBERS = ("nan", "inf", "-1", "1e308", "9" * 400)
VERBS = [words for words in parsers() if words[0] not in ("train", "reproduce")]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MRAMCIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _options(verb):
    return [
        action.option_strings[-1]
        for action in parsers()[verb]._actions
        if action.option_strings and action.nargs != 0 and action.dest != "train"
    ]


def _faults(verb, options, values):
    found = []
    for option in options:
        for value in values:
            words = [*sound_words(verb), f"{option}={value}"]
            outcome = run(words)
            wrong = fault(outcome, [])
            if wrong:
                found.append(f"{' '.join(words)[:200]}: {wrong}")
    return found


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_one_option_of_each_verb(verb, place):
    options = _options(verb)
    chosen = random.Random(" ".join(verb)).sample(options, min(2, len(options)))
    assert not _faults(verb, chosen, NUMBERS)


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_option_of_every_verb(verb, place):
    assert not _faults(verb, _options(verb), (*NUMBERS, "0", "1e-320", "", "-inf"))


FILES = {
    ("netlist", "and2"): ("--device", "--design", "--technology"),
    ("netlist", "and2", "--sample", "1"): ("--variation",),
    ("netlist", "full_adder", "--age", "1"): ("--ageing",),
    ("estimate",): ("--lut", ""),
    ("characterize", "-o", "o.h5", "--dry-run"): ("",),
    ("explore",): ("",),
    ("explain",): ("",),
    ("run", "--images", "x.npy"): ("",),
    ("run", "digits-w1a2"): ("--images",),
    ("lut", "info"): ("",),
    ("lut", "compare-cell"): ("",),
    ("lut", "import", "-o", "o.h5", "--group", "read"): ("",),
    ("study", "stochastic"): ("--networks",),
}  # fmt: skip


@pytest.mark.parametrize("words", FILES, ids=" ".join)
def test_what_is_no_file_is_one_sentence_with_its_name(words, place):
    names = odd_files(place)
    np.save(place / "x.npy", np.zeros((1, 1, 8, 8), np.float32))
    for option in FILES[words]:
        suffix = _suffix(words, option)
        for name in names:
            if not name.endswith(suffix):
                continue
            given = [*words, *([option] if option else []), name]
            if words == ("estimate",) and option:
                given.insert(1, "lenet5")
            outcome = run(given)
            told = Path(name).name.replace("\n", "")
            # A name's line break is a blank or an escape in a sentence.
            assert outcome.code == 2, given
            assert not fault(outcome, []), fault(outcome, [])
            assert any(text in outcome.err for text in (told, "line" + suffix)), outcome.err
            assert outcome.seconds < 5


def _suffix(words, option):
    if option in ("--lut",) or words[:2] == ("lut", "info"):
        return ".h5"
    if option == "--images":
        return ".npy"
    if words[0] in ("estimate", "run"):
        return ".onnx"
    if words[0] == "explain":
        return ".json"
    return ".csv" if words[0] in ("lut", "study") else ".toml"
