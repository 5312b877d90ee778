"""The command as a whole: help, version, exit codes, and how it ends when cut short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from mramcim import command as command_module
from mramcim.command import VERBS, main
from mramcim.errors import CommandError
from mramcim.verbs.study import STUDIES


def test_help_answers_within_half_a_second():
    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mramcim", "--help"], check=True, capture_output=True)
        return time.perf_counter() - start

    # The best of a few: what is measured is the command, not what else the machine does.
    assert min(seconds() for _ in range(5)) < 0.5


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from mramcim.command import build_parser; build_parser().format_help(); "
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()
    roots = {name.partition(".")[0] for name in loaded}
    heavy = {"numpy", "h5py", "scipy", "matplotlib", "numba", "onnx", "PySpice", "tqdm"}
    packages = {"circuits", "characterize", "lut", "accelerator"}
    assert not roots & (heavy | packages)


def test_help_names_every_verb_and_its_summary(command):
    text = command("--help").stdout
    for verb in VERBS:
        assert f"\n    {verb}" in text


@pytest.mark.parametrize(
    "words", [(verb,) for verb in VERBS if verb != "study"] + [("study", name) for name in STUDIES]
)
def test_each_verb_has_help_and_takes_json(command, words):
    text = command(*words, "--help").stdout
    assert text.startswith(f"usage: mramcim {' '.join(words)}")
    assert "--json [F]" in text


def test_version_is_the_distribution_s(command):
    assert command("--version").stdout == f"mramcim {version('mramcim')}\n"


def test_the_installed_script_is_this_command():
    (script,) = entry_points(group="console_scripts", name="mramcim")
    assert script.load() is main
    assert (Path(sys.executable).parent / "mramcim").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "required: VERB"),
        (("guess",), "invalid choice: 'guess'"),
        (("--colour",), "VERB"),
        (("lut", "info"), "required: FILE"),
        (("lut", "erase", "a.h5"), "invalid choice: 'erase'"),
        (("lut", "info", "a.h5", "b.h5"), "unrecognized arguments: b.h5"),
    ],
)
def test_unknown_words_are_refused_in_one_sentence(refused, words, said):
    assert "--help`" in refused(*words, said)


def replace_verb(monkeypatch, run):
    parser = command_module.build_parser()
    monkeypatch.setattr(command_module, "build_parser", lambda: parser)
    monkeypatch.setattr(parser, "parse_args", lambda _: command_module.argparse.Namespace(run=run))


def test_exit_code_of_an_interruption_is_that_of_shells(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    replace_verb(monkeypatch, interrupted)
    assert main([]) == 130
    assert capsys.readouterr().err == "mramcim: interrupted\n"


def test_a_message_of_many_lines_becomes_one(monkeypatch, capsys):
    def refusing(_):
        raise CommandError("first\n  second")

    replace_verb(monkeypatch, refusing)
    assert main([]) == 2
    assert capsys.readouterr().err == "mramcim: error: first second\n"


def test_a_bug_shows_its_traceback(monkeypatch):
    def buggy(_):
        raise ValueError("operands could not be broadcast")

    replace_verb(monkeypatch, buggy)
    with pytest.raises(ValueError, match="broadcast"):
        main([])


def run_until(reader, words):
    """Run the command with its standard output given to `reader`, return code and errors."""
    receiving, sending = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "mramcim", *words], stdout=sending, stderr=subprocess.PIPE, text=True
    )
    os.close(sending)
    reader(receiving)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_a_reader_that_leaves_is_not_an_error(tmp_path):
    code, errors = run_until(os.close, ["lut", "check", str(tmp_path / "none.h5")])
    assert code == 2  # the bad input is still told
    assert errors.count("\n") == 1
    code, errors = run_until(os.close, ["--help"])
    # Where standard output is not buffered, argparse itself ignores that nobody reads.
    assert code in (0, 128 + signal.SIGPIPE)
    assert errors == ""


def test_a_full_disk_is_one_sentence(command, sound_table):
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "mramcim", "lut", "info", str(sound_table)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert "no space left" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "ascii:surrogateescape", "latin-1:strict"])
def test_a_character_that_the_output_cannot_encode_is_escaped(monkeypatch, encoding):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    script = (
        "import argparse, sys; from mramcim import command; "
        "command.build_parser = lambda: None; "
        "run = lambda _: print('title \\u03bc') or 0; "
        "command.parse = lambda *_: argparse.Namespace(run=run); raise SystemExit(command.main([]))"
    )
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert result.stdout == b"title \\u03bc\n"


def test_a_closed_pipe_ends_quietly(sound_table):
    code, errors = run_until(os.close, ["lut", "info", str(sound_table)])
    assert (code, errors) == (128 + signal.SIGPIPE, "")
