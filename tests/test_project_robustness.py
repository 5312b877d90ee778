"""The page "What it survives" says what the tests do."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "robustness.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and ".py`" in line]


def test_the_page_has_the_kinds_of_attack():
    assert len(ROWS) == 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.findall(r"`tests/\S+/(\w+)\.py`", row)[0])
def test_its_numbers_are_those_of_the_test(row):
    _, _, quick, everything, _, file, _ = row.split("|")
    source = (ROOT / file.strip().strip("`")).read_text()
    literals = {int(text) for text in re.findall(r"(?<![\w.])\d+(?![\w.])", source)}
    counted = [int(text) for text in re.findall(r"\d+", quick + everything)]
    # Numbers of up to ten are counted, not written: plans, ways, runs.
    told = [number for number in counted if number > 10]
    assert set(told) <= literals, (told, file)
    if "slow" not in source:
        assert quick.strip() == everything.strip()


def test_the_kinds_and_spellings_are_as_many_as_it_says():
    fuzz = (ROOT / "tests/fuzz/fuzz_kinds.py").read_text()
    table = re.search(r"KINDS[^{]*{(.*?)\n}", fuzz, re.S)
    assert table is not None
    kinds = re.findall(r'"\w+":', table[1])
    # The words of the command are one more.
    assert f"inputs of {len(kinds) + 1} kinds" in PAGE
    hostile = (ROOT / "tests/mramcim/test_hostile_texts.py").read_text()
    payloads = re.search(r"PAYLOADS = \[(.*?)\n\]", hostile, re.S)
    assert payloads is not None
    spellings = payloads[1].count("\n    ")
    assert f"in {spellings} spellings" in PAGE
    cluster = (ROOT / "tests/jobs/test_cluster.py").read_text()
    ways = re.search(r"HOSTILE = \((.*?)\)", cluster)
    few = re.search(r"QUICK = \((.*?)\)", cluster)
    assert ways is not None
    assert few is not None
    assert f"in {len(ways[1].split(', '))} ways | {len(few[1].split(', '))} | " in PAGE
