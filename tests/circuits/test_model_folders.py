"""Which folders a technology may read, and that no message tells a line of another file."""

import re
from pathlib import Path

import pytest

from circuits import DesignError, load_design
from circuits.technologies import load_technology

DOCUMENT = Path(__file__).parents[2] / "docs" / "technology.md"
SECRET = "admin:x:0:0:secret:/root:/bin/sh"
# Contents of files that a user can read, as an attacker's technology would name them.
FOREIGN = {
    "accounts": f"{SECRET}\n",
    "key": "-----BEGIN PRIVATE KEY-----\nsecret==\n-----END PRIVATE KEY-----\n",
    "settings": "# settings\nPASSWORD=secret\n",
    "quoted": 'password "secret\n',
    "ends in a model's letters": "r1 secret\n",
    "dotted": ".profile secret\n",
    "continued": "+ secret\n",
    "command": "*#secret\n",
    "bytes": "\x00secret\x80\n",
    "names a file": "input_file=secret\n",
    "latin": "secr\xe9t secret\n",
}


def technology(folder: Path, root: str, file: str) -> Path:
    """A technology file in a folder whose only corner is one file under a root."""
    text = re.search(r"```toml\n(.*?)\[corners\]", DOCUMENT.read_text(), re.S)
    assert text is not None
    path = folder / "own.toml"
    path.write_text(
        text.group(1).replace('root = "models"', f'root = "{root}"')
        + f'[corners]\ntt = [{{ file = "{file}" }}]\n'
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for technology files, links in it that lead outside, and a file outside."""
    outside, folder = tmp_path / "outside", tmp_path / "given" / "deeper"
    for made in (outside, folder / "models"):
        made.mkdir(parents=True)
    (outside / "accounts").write_text(SECRET)
    (folder / "link").symlink_to(outside)
    (folder / "models" / "link").symlink_to(outside)
    (folder / "models" / "accounts").symlink_to(outside / "accounts")
    return folder


@pytest.mark.parametrize(
    ("root", "file"),
    [
        ("{outside}", "accounts"),
        ("/", "{outside}/accounts"),
        ("/", "etc/passwd"),
        ("../..", "outside/accounts"),
        ("models/../../..", "outside/accounts"),
        ("link", "accounts"),
        ("models/link", "accounts"),
    ],
)
def test_a_root_outside_of_the_files_folder_is_refused(folder: Path, root: str, file: str) -> None:
    outside = folder.parents[1] / "outside"
    path = technology(folder, root.format(outside=outside), file.format(outside=outside))
    with pytest.raises(DesignError, match="of 'root' is outside that of the technology") as told:
        load_technology(path)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("file", ["accounts", "../../../outside/accounts", "link/accounts"])
def test_a_file_outside_of_the_root_is_refused(folder: Path, file: str) -> None:
    loaded = load_technology(technology(folder, "models", file))
    with pytest.raises(DesignError, match="is outside the folder") as told:
        loaded.model_text("tt")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("section", [None, "tt"])
def test_no_message_tells_a_line_of_a_file_that_is_no_model_file(
    tmp_path: Path, what: str, section: str | None
) -> None:
    (tmp_path / "file").write_text(FOREIGN[what], encoding="latin-1")
    path = technology(tmp_path, ".", "file")
    if section is not None:
        path.write_text(path.read_text().replace('"file"', f'"file", section = "{section}"'))
    with pytest.raises(DesignError) as told:
        load_technology(path).model_text("tt")
    message = str(told.value).replace(str(tmp_path), "")
    assert not re.search(r"secr|admin|PASSWORD|PRIVATE|profile|r1", message), message
    assert "\n" not in message


def test_a_folder_named_beside_the_file_may_hold_the_models(tmp_path: Path) -> None:
    models, own = tmp_path / "models", tmp_path / "own"
    for made in (models, own):
        made.mkdir()
    (models / "cards.spice").write_text(".model nch nmos level=1\n.model pch pmos level=1\n")
    path = technology(own, str(models), "cards.spice")
    with pytest.raises(DesignError, match=f"name it with --models {models}"):
        load_technology(path)
    assert "nch" in load_technology(path, models=[models]).model_text("tt")
    assert "nch" in load_design(technology=path, models=[tmp_path]).technology.model_text("tt")


def test_a_folder_that_is_no_package_is_not_taken_for_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python takes any folder beside the running program for a package without a file.
    monkeypatch.syspath_prepend(folder)
    path = technology(folder, ".", "accounts")
    path.write_text(path.read_text().replace('root = "."', 'package = "link"'))
    with pytest.raises(DesignError, match="package 'link', which is not installed"):
        load_technology(path)
