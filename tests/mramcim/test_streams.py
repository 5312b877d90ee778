"""Standard streams that are closed, environments without UTF-8, texts that drive a terminal."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings

import onnx
import pytest
import quantized_models

from characterize.plan import PLAN_FOLDER
from mramcim import command as command_module
from mramcim.command import main

RED = "\x1b[31mred\u202e"
SHOWN = "\\x1b[31mred\\u202e"


def shell(folder, words, tail="", **environment):
    """The command as a shell runs it, in an environment of its own."""
    script = f'{sys.executable} -m mramcim "$@" {tail}'
    paths = ":".join(entry for entry in sys.path if entry)
    return subprocess.run(
        ["sh", "-c", script, "sh", *words],
        capture_output=True,
        cwd=folder,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": paths, **environment},
    )


@pytest.mark.parametrize("tail", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_but_what_is_seen(tmp_path, tail):
    done = shell(tmp_path, ["list", "benches", "--json", "b.json"], tail)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "b.json").read_bytes().startswith(b"{")
    refused = shell(tmp_path, ["explain", "none.json"], tail)
    assert refused.returncode == 2
    told = b"" if "2>&-" in tail else b"mramcim: error: there is no report none.json"
    assert refused.stderr.startswith(told)
    assert refused.stdout == b""


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii:strict"},
    ],
)
def test_without_utf_8_names_of_any_bytes_are_told(tmp_path, environment):
    name = b"caf\xc3\xa9\xff\n.json"
    (tmp_path / "x").touch()
    done = shell(tmp_path, ["explain", name], **environment)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"mramcim: error: there is no report caf")
    assert done.stderr.isascii()
    sound = shell(tmp_path, ["list", "technologies"], **environment)
    assert sound.returncode == 0


def test_what_a_file_says_cannot_drive_the_terminal(here, tmp_path):
    path = quantized_models.qonnx(tmp_path / "net.onnx")
    model = onnx.load(path)
    for index, node in enumerate(model.graph.node):
        node.name = f"{RED}{index}"
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                names[place] = f"{RED}{name}"
    for entry in (*model.graph.initializer, *model.graph.input, *model.graph.output):
        entry.name = f"{RED}{entry.name}"
    renamed = tmp_path / f"{RED}.onnx"
    onnx.save(model, renamed)
    for words in (["estimate", str(renamed)], ["map", str(renamed)]):
        printed = here(*words, "--rows", "256").out
        assert SHOWN in printed
        assert "\x1b" not in printed
        assert "\u202e" not in printed
    (tmp_path / "s.toml").write_text(
        'title = "\\u001b[31mred\\u202e"\n[axes]\nnetwork = ["lenet5"]\n'
    )
    printed = here("explore", "s.toml").out
    assert "red" in printed
    assert "\x1b" not in printed


def test_one_wall_stands_behind_every_verb(here, monkeypatch):
    parser = command_module.build_parser()
    monkeypatch.setattr(command_module, "build_parser", lambda: parser)

    def careless(_):
        sys.stdout.write(f"{RED}\ta\r\nb\u2028c\x9bd é\n")
        return 0

    monkeypatch.setattr(
        parser, "parse_args", lambda _: command_module.argparse.Namespace(run=careless)
    )
    assert here().out == f"{SHOWN}\ta\r\nb\\u2028c\\x9bd é\n"


def test_warnings_are_not_shown_and_errors_of_theirs_stay(monkeypatch, capsys):
    parser = command_module.build_parser()
    monkeypatch.setattr(command_module, "build_parser", lambda: parser)

    def warning(_):
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(
        parser, "parse_args", lambda _: command_module.argparse.Namespace(run=warning)
    )
    assert main([]) == 0
    assert capsys.readouterr().err == ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            main([])


def test_the_memory_s_end_is_one_sentence(monkeypatch, capsys, tmp_path):
    parser = command_module.build_parser()
    monkeypatch.setattr(command_module, "build_parser", lambda: parser)

    def greedy(_):
        raise MemoryError

    monkeypatch.setattr(
        parser, "parse_args", lambda _: command_module.argparse.Namespace(run=greedy)
    )
    (tmp_path / "net.onnx").touch()
    assert main([str(tmp_path / "net.onnx")]) == 2
    error = capsys.readouterr().err
    assert "the memory does not suffice" in error
    assert "net.onnx" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "address", ["host", "tcp://host", "host:", "host:0", "host:99999", "a b:1"]
)
def test_a_scheduler_without_a_port_is_refused_at_once(refused, address):
    refused("characterize", "--scheduler", address, "-o", "t.h5", "port included")


def test_a_folder_that_is_a_link_to_itself_is_one_sentence(refused, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    shutil.copy(PLAN_FOLDER / "quick.toml", tmp_path / "p.toml")
    refused("nightly", "p.toml", "--report", "loop", "loop")
