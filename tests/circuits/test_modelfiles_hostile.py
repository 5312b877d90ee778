"""Every hostile model file is refused by name and line; ngspice itself would run many of them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from circuits import DesignError
from circuits.modelfiles import inline_models

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"

# File: (section, file that is blamed, its line, words of the refusal).
REFUSED = {
    "control_block.spice": (None, "control_block.spice", 3, "'.control' is refused"),
    "nested_include.spice": (None, "inner/control.spice", 2, "'.control' is refused"),
    "odd_case.spice": (None, "odd_case.spice", 3, "'.CoNtRoL' is refused"),
    "leading_blanks.spice": (None, "leading_blanks.spice", 3, "'.control' is refused"),
    "suffixed_control.spice": (None, "suffixed_control.spice", 3, "'.controlled' is refused"),
    "between_continuations.spice": (None, "between_continuations.spice", 3, "'.control'"),
    "command_comment.spice": (None, "command_comment.spice", 3, "as a command"),
    "indented_command_comment.spice": (None, "indented_command_comment.spice", 3, "as a command"),
    "pre_command.spice": (None, "pre_command.spice", 3, "'.control' is refused"),
    "write_command.spice": (None, "write_command.spice", 3, "'.control' is refused"),
    "odd_include.spice": (None, "odd_include.spice", 3, "'.inclusion"),
    "quoted_name.spice": (None, "inner/with blanks.spice", 2, "'.control' is refused"),
    "library.spice": ("bad", "library.spice", 5, "'.control' is refused"),
    "library_call.spice": (None, "library.spice", 5, "'.control' is refused"),
    "after_nul.spice": (None, "after_nul.spice", 1, "NUL"),
    "after_byte_order_mark.spice": (None, "after_byte_order_mark.spice", 1, "'.control'"),
    "stray_carriage_return.spice": (None, "stray_carriage_return.spice", 1, "stray CR"),
    "other_encoding.spice": (None, "other_encoding.spice", 3, "plain ASCII"),
    "split_word.spice": (None, "split_word.spice", 3, "'.cont rol' is refused"),
    "script.spice": (None, "script.spice", 2, "a line that is no card of a model is refused"),
    "at_sign.spice": (None, "at_sign.spice", 3, "'@' is refused"),
    "code_model_device.spice": (None, "code_model_device.spice", 2, "'a1 %v([a]) source1'"),
    "code_model.spice": (None, "code_model.spice", 3, "names a file"),
    "code_model_in_quotes.spice": (None, "code_model_in_quotes.spice", 3, "types of .model"),
    "code_model_after_comma.spice": (None, "code_model_after_comma.spice", 3, "types of .model"),
    "file_of_a_source.spice": (None, "file_of_a_source.spice", 2, "names a file"),
    "csparam.spice": (None, "csparam.spice", 3, "'.csparam a=1' is refused"),
    "back_ticks.spice": (None, "back_ticks.spice", 3, "'`'"),
    "analysis.spice": (None, "analysis.spice", 3, "'.tran 1n 1u' is refused"),
    "output.spice": (None, "output.spice", 3, "'.save all' is refused"),
    "measurement.spice": (None, "measurement.spice", 3, "'.meas tran x avg v(a)' is refused"),
    "option.spice": (None, "option.spice", 3, "the option 'savecurrents' is refused"),
    "temperature.spice": (None, "temperature.spice", 3, "'.temp 125' is refused"),
    "source_outside_subcircuit.spice": (None, "source_outside_subcircuit.spice", 3, "inside sub"),
    "parent_folder.spice": (None, "parent_folder.spice", 3, "outside the folder"),
    "absolute_name.spice": (None, "absolute_name.spice", 3, "outside the folder"),
    "cycle.spice": (None, "inner/cycle.spice", 2, "includes itself"),
    "open_subcircuit.spice": (None, "open_subcircuit.spice", 3, "never closed"),
}

# What ngspice 39 does with the same files included in a harmless deck, in batch mode, without
# any start-up file: it runs the command, which makes the file `owned` in the current folder.
RUN_BY_NGSPICE = [
    "control_block.spice",
    "nested_include.spice",
    "odd_case.spice",
    "leading_blanks.spice",
    "suffixed_control.spice",
    "between_continuations.spice",
    "command_comment.spice",
    "indented_command_comment.spice",
    "pre_command.spice",
    "write_command.spice",
    "odd_include.spice",
    "quoted_name.spice",
    "library_call.spice",
    "after_nul.spice",
]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the hostile files, with a file outside their folder."""
    shutil.copytree(HOSTILE, tmp_path / "models")
    (tmp_path / "outside.spice").write_text("* nothing\n")
    return tmp_path / "models"


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_every_file_of_the_collection_is_listed() -> None:
    found = {str(path.relative_to(HOSTILE)) for path in HOSTILE.glob("*.spice")}
    assert found == set(REFUSED)
    assert set(RUN_BY_NGSPICE) <= set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_file_is_refused_by_name_and_line(
    name: str, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = everything(tmp_path)
    section, blamed, line, words = REFUSED[name]
    with pytest.raises(DesignError) as refusal:
        inline_models(models / name, section, models)
    message = str(refusal.value)
    assert message.startswith(f"{models / blamed}, line {line}: ")
    assert words in message
    assert "\n" not in message
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", RUN_BY_NGSPICE)
def test_ngspice_itself_runs_it(name: str, models: Path, tmp_path: Path) -> None:
    deck = models / "deck.spice"
    deck.write_text(
        f"a harmless deck\n.include '{name}'\nv1 a 0 1\nr1 a 0 1k\n.op\n.print op v(a)\n.end\n"
    )
    subprocess.run(
        ["ngspice", "-n", "-b", str(deck)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (tmp_path / "owned").is_file()


def test_unused_section_is_left_out_whatever_it_holds(models: Path) -> None:
    text = inline_models(models / "library.spice", "good", models)
    assert text == ".model d1 d is=1e-14\n"


def test_symbolic_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    (tmp_path / "secret.spice").write_text(".param secret=1\n")
    (root / "link.spice").symlink_to(tmp_path / "secret.spice")
    (root / "top.spice").write_text("* a library\n.include link.spice\n")
    with pytest.raises(DesignError, match=r"top\.spice, line 2: .*secret\.spice is outside"):
        inline_models(root / "top.spice", None, root)


def test_symbolic_link_inside_the_root_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.spice").write_text(".param a=1\n")
    (tmp_path / "link.spice").symlink_to("real.spice")
    assert inline_models(tmp_path / "link.spice", None, tmp_path) == ".param a=1\n"


def test_loop_of_symbolic_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.spice").symlink_to("b.spice")
    (tmp_path / "b.spice").symlink_to("a.spice")
    with pytest.raises(DesignError, match=r"there is no file .*a\.spice"):
        inline_models(tmp_path / "a.spice", None, tmp_path)


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.spice")
    with pytest.raises(DesignError, match="not a regular file"):
        inline_models(tmp_path / "pipe.spice", None, tmp_path)


def test_depth_is_limited(tmp_path: Path) -> None:
    for level in range(20):
        (tmp_path / f"level{level}.spice").write_text(f".include level{level + 1}.spice\n")
    (tmp_path / "level20.spice").write_text(".param a=1\n")
    with pytest.raises(DesignError, match="nested deeper than 16"):
        inline_models(tmp_path / "level0.spice", None, tmp_path)


def test_number_of_files_is_limited(tmp_path: Path) -> None:
    # Ten includes in each of four files in a row would be 11111 readings.
    for level in range(4):
        (tmp_path / f"level{level}.spice").write_text(f".include level{level + 1}.spice\n" * 10)
    (tmp_path / "level4.spice").write_text("* nothing\n")
    with pytest.raises(DesignError, match="more than 2000 files"):
        inline_models(tmp_path / "level0.spice", None, tmp_path)


def test_number_of_bytes_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("circuits.modelfiles.MOST_BYTES", 1024)
    (tmp_path / "large.spice").write_text("* comment\n" * 200)
    with pytest.raises(DesignError, match="MiB are included"):
        inline_models(tmp_path / "large.spice", None, tmp_path)
