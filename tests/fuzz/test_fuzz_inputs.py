"""Mutated inputs of every kind: a right result, or one sentence that names the file."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from fuzz_kinds import KINDS
from fuzz_laws import fault, run
from fuzz_words import words

ALL = {**KINDS, "words": words}
FEW = 28
"""Inputs of each kind: with 19 kinds 532 in the quick tests."""
MANY = 1280
"""24 320 in all."""


def survey(kind: str, seeds: range, folder: Path) -> tuple[Counter[str], list[str]]:
    """How many inputs ended how, and what was wrong, each with the seed that repeats it."""
    codes: Counter[str] = Counter()
    faults = []
    for seed in seeds:
        place = folder / f"{kind}{seed}"
        place.mkdir()
        given, names = ALL[kind](random.Random(f"{kind} {seed}"), place)
        outcome = run(given)
        codes[str(outcome.code).partition(":")[0]] += 1
        found = fault(outcome, names)
        if found:
            faults.append(f"{kind} {seed} {given[:6]}: {found}")
        shutil.rmtree(place)
    return codes, faults


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MRAMCIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ALL)
def test_a_few_inputs_of_each_kind(kind, place):
    codes, faults = survey(kind, range(FEW), place)
    assert not faults, "\n".join(faults)
    assert sum(codes.values()) == FEW
    assert codes["2"], "no mutation was refused: the mutations are no test"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_many_inputs_of_each_kind(kind, place):
    first = int(os.environ.get("MRAMCIM_FUZZ_SEED", "1000"))
    codes, faults = survey(kind, range(first, first + MANY), place)
    assert sum(codes.values()) == MANY
    assert not faults, "\n".join(faults)
