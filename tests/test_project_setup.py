"""setup.sh: what it says where it cannot go on, and what it asks of apt."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "env", "dirname", "cat", "cut", "grep", "sha256sum", "ldconfig")


@pytest.fixture
def machine(tmp_path: Path):
    """A machine of a few tools only: `machine(name=script)` adds tools, then runs a profile."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool, path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
        assert found, f"{tool} is not on this machine"
        (folder / tool).symlink_to(found)

    def run(profile: str = "core", **tools: str) -> subprocess.CompletedProcess[str]:
        for name, script in tools.items():
            tool = folder / name.replace("_", "-")
            tool.write_text(f"#!{folder}/bash\n{script}\n")
            tool.chmod(0o755)
        environment = {"PATH": str(folder), "VENV": str(tmp_path / "venv"), "LOG": str(tmp_path)}
        return subprocess.run(
            [str(folder / "bash"), str(ROOT / "setup.sh"), profile],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    return run


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("setup: error: ")
    return lines[0]


def test_without_root_or_sudo_one_sentence_names_the_packages(machine):
    text = sentence(machine(id="echo 1000", apt_get="exit 0"))
    assert "ngspice" in text
    assert "neither root nor have sudo" in text


def test_without_apt_one_sentence_names_the_packages(machine):
    text = sentence(machine(id="echo 0"))
    assert "ngspice" in text
    assert "no apt-get" in text


@pytest.mark.parametrize(
    ("user", "sudo"), [("0", "exit 99"), ("1000", 'test "$1" = -n && shift; "$@"')]
)
def test_missing_packages_come_through_apt_as_root_or_with_sudo(machine, tmp_path, user, sudo):
    apt = 'echo "$*" >>"$LOG/apt"; case "$*" in *install*) exit 100;; esac'
    text = sentence(machine(id=f"echo {user}", sudo=sudo, apt_get=apt))
    assert "could not install ngspice" in text
    update, install = (tmp_path / "apt").read_text().splitlines()
    assert update.endswith("update")
    assert "install -y --no-install-recommends" in install
    assert install.endswith("ngspice")


def test_an_old_python_is_refused_with_its_version(machine):
    old = 'test "$1" = -V && echo "Python 3.10.12"; exit 1'
    text = sentence(machine("check", id="echo 1000", python3=old))
    assert "3.11 or newer" in text
    assert "3.10.12" in text


def test_an_unknown_profile_is_refused(machine):
    assert "'demos'" in sentence(machine("demos"))


def test_targets_of_the_makefile_use_profiles_that_exist():
    targets = (ROOT / "Makefile").read_text().split("./setup.sh ")[1:]
    profiles = {text.split()[0] for text in targets}
    assert profiles == {"core", "test", "train", "check", "docs"}


def test_no_machine_path_or_registry_host_in_the_set_up():
    for name in ("setup.sh", "Makefile", ".ci/run", "pyproject.toml"):
        text = (ROOT / name).read_text()
        for word in ("http://", "https://", "index-url", "/work/", "/root/", "/home/"):
            assert word not in text, f"{name} holds {word}"
