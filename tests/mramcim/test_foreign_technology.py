"""Technologies of the user's own on the command: what is refused, before anything is simulated."""

from __future__ import annotations

from pathlib import Path

import pytest

import circuits
from circuits import load_design

SHIPPED = Path(circuits.__file__).parent / "technology" / "generic45.toml"
PLAN = """\
benches = ["full_adder"]
[axes]
corner = ["tt", "other"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
"""


@pytest.fixture
def technology(tmp_path: Path) -> Path:
    """A technology with two corners, the second of which is a file `other.spice`."""
    models = tmp_path / "models"
    models.mkdir()
    text, _, _ = SHIPPED.read_text().partition("[corners]")
    path = tmp_path / "own.toml"
    path.write_text(
        text.replace('"generic45"', '"own"', 1).replace('root = "generic45"', 'root = "models"')
        + '[corners]\ntt = [{ file = "cards.spice" }]\n'
        'other = [{ file = "cards.spice" }, { file = "other.spice" }]\n'
    )
    cards = load_design().technology.model_text("tt")
    (models / "cards.spice").write_text(cards)
    (models / "other.spice").write_text(".model x r rsh=1\n")
    (tmp_path / "plan.toml").write_text(PLAN)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".param mc=1\n.model x r rsh='1+mc*agauss(0,0.1,3)'\n", "line 2: the parameter 'rsh' is"),
        (".model x nmos level=72\n", "line 1: the model 'x' has level 72 (BSIM-CMG)"),
        ("name:secret\n", "other.spice, line 1: a line that is no card of a model is refused"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--no-cache"], ["--dry-run"]])
def test_bad_models_end_a_run_before_it_begins(
    command, technology: Path, text: str, words: str, options: list[str]
) -> None:
    (technology.parent / "models" / "other.spice").write_text(text)
    arguments = ("plan.toml", "--technology", technology, "-o", "out.h5", *options)
    done = command("characterize", *arguments, code=2)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "point" not in done.stderr
    assert "secret" not in done.stderr
    assert not (technology.parent / "out.h5").exists()


def test_a_folder_elsewhere_has_to_be_named(command, technology: Path) -> None:
    outside = technology.parent / "elsewhere"
    outside.mkdir()
    moved = technology.rename(outside / technology.name)
    models = technology.parent / "models"
    moved.write_text(moved.read_text().replace('root = "models"', f'root = "{models}"'))
    words = ("netlist", "full_adder", "--technology", moved)
    refused = command(*words, code=2)
    assert f"name it with --models {models}" in refused.stderr
    assert refused.stdout == ""
    assert "nmos_generic45" in command(*words, "--models", models).stdout
    moved.write_text(moved.read_text().replace(f'root = "{models}"', 'root = "/"'))
    refused = command(*words, "--models", models, code=2)
    assert "the folder / of 'root' is outside that of the technology file" in refused.stderr
