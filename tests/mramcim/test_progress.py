"""Progress: a bar on a terminal, plain lines elsewhere, nothing where nobody asked."""

from __future__ import annotations

import io
import re
import sys
from itertools import pairwise

import pytest

from mramcim import progress as module
from mramcim.command import build_parser
from mramcim.progress import Progress

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (\d+)/(\d+) points \((\d+) %\) in \d+:\d\d:\d\d")


class Clock:
    """A clock that goes on by a step at every look."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def lines(monkeypatch, total, seconds=5.0, **options):
    """What a run of `total` points of so many seconds writes to a file."""
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(module.time, "monotonic", Clock(seconds))
    with Progress(**options) as progress:
        for done in range(1, total + 1):
            progress(done, total)
    return shown.getvalue().splitlines()


@pytest.mark.parametrize("total", [1, 2, 7, 20, 1000, 12345])
def test_a_log_has_plain_lines_and_few(monkeypatch, total):
    found = lines(monkeypatch, total)
    assert all(LINE.fullmatch(line) for line in found), found
    counts = [int(LINE.fullmatch(line)[1]) for line in found]
    assert counts == sorted(set(counts))
    assert counts[0] == 1
    assert counts[-1] == total
    assert len(counts) <= 22
    assert all(b - a <= 0.05 * total + 1 for a, b in pairwise(counts))


def test_what_is_quick_has_no_more_than_a_line_a_second(monkeypatch):
    assert len(lines(monkeypatch, 1000, seconds=1e-3)) <= 5


def test_quiet_and_delayed_say_nothing(monkeypatch):
    assert lines(monkeypatch, 100, quiet=True) == []
    assert lines(monkeypatch, 100, seconds=1e-4, delay=1.0) == []


def test_a_slow_point_is_no_silence(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(module, "SILENCE", 0.0)
    monkeypatch.setattr(module, "_BREATH", 0.01)
    with Progress() as progress:
        progress(1, 3)
        deadline = module.time.monotonic() + 10.0
        while shown.getvalue().count("\n") < 3:
            assert module.time.monotonic() < deadline
    assert "\r" not in shown.getvalue()
    assert {LINE.sub(r"\1", line) for line in shown.getvalue().splitlines()} == {"1"}


def test_a_log_that_is_gone_ends_nothing(monkeypatch):
    class Gone(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    with Progress() as progress:
        progress(1, 2)
        progress(2, 2)
    monkeypatch.setattr(sys, "stderr", None)
    with Progress() as progress:
        progress(1, 2)


@pytest.mark.parametrize(
    "words",
    [
        ["characterize", "-o", "t.h5"],
        ["nightly", "p.toml", "--report", "out"],
        ["explore", "s.toml"],
        ["accuracy", "n.onnx", "--dataset", "digits"],
        ["train", "digits", "-o", "n.onnx"],
        ["size", "and2", "--error-rate", "1e-6"],
        *(["study", name] for name in ("stochastic", "adaptive", "pruning", "comparator")),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_every_verb_that_shows_progress_can_be_quiet(words):
    assert build_parser().parse_args([*words, "--quiet"]).quiet is True
