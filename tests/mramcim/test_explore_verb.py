"""`mramcim explore`: files, exit codes, the page in a browser, and refusals."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SPACE = """
title = "small"
[axes]
network = "lenet5"
weight_bits = [1, 2]
vdd = ["0.9 V", "1.0 V"]
temperature = ["27 degC"]
copies = [1, 2, 4]
[axes.assumptions]
idle_leakage_fraction = [0.05]
[limits]
area = "5 mm^2"
latency = "1 ms"
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return path


def test_it_writes_what_is_asked_for(command, space: Path, tmp_path: Path) -> None:
    words = ("--csv", "p.csv", "--plot", "p.svg", "--page", "p.html", "-o", "p.jsonl", "-j", "2")
    text = command("explore", space, *words).stdout
    assert "small: 12 points" in text
    content = json.loads(command("explore", space, "-o", "p.jsonl", "--json").stdout)
    assert content["format"] == "mramcim-exploration/1"
    assert content["limits"] == {"area": 5e-6, "latency": 1e-3}
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["energy_J"]) for row in rows] == [p["energy"] for p in content["points"]]
    assert [row["in_front"] == "True" for row in rows] == [p["in_front"] for p in content["points"]]
    assert any(point["in_front"] for point in content["points"])
    assert (tmp_path / "p.svg").stat().st_size > 1000


def test_the_page_shows_the_points_in_a_browser(command, space: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium")
    content = json.loads(command("explore", space, "--page", "p.html", "--json").stdout)
    shown = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000",
            "--dump-dom", (tmp_path / "p.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    within = [point for point in content["points"] if point["within_limits"]]
    assert shown.count("<circle") == len(within)
    rows = re.findall(r"<tr( class=\"front\")?><td>(.*?)</tr>", shown)
    assert len(rows) == len(within)
    assert sum(bool(front) for front, _ in rows) == sum(p["in_front"] for p in within)
    for point in within:
        assert f"<td>{1e6 * point['energy']:.4g}</td>" in shown


def test_points_without_an_estimate_are_exit_code_one(command, space: Path) -> None:
    space.write_text(SPACE.replace('"1.0 V"', '"1.5 V"'))
    assert "6 points have no estimate" in command("explore", space, code=1).stdout


def test_bad_input_is_one_sentence(refused, tmp_path: Path) -> None:
    def told(text: str, words: str, *more: object) -> None:
        path = tmp_path / "bad.toml"
        path.write_text(text)
        refused("explore", path, *more, words)

    refused("explore", "none.toml", "there is no space file none.toml")
    refused("explore", tmp_path, "is a folder")
    told("axes = [", "mend its TOML")
    told("[axis]\n", "unknown key 'axis'")
    told("[axes]\nmagic = [1]\n", "no axis 'magic'")
    told('[axes]\nnetwork = ["lenet5"]\nvdd = [1.0]\n', "must be text such as")
    told('[axes]\nnetwork = ["lenet5"]\nvdd = ["1 nm"]\n', "'vdd'")
    told("[axes]\nnetwork = [3]\n", "must be names or files")
    told("axes = 3\n", "must be a section")
    told('[axes]\nnetwork = ["lenet5"]\n[limits]\narea = "5 s"\n', "'area'")
    told('objectives = "energy"\n[axes]\nnetwork = ["lenet5"]\n', "must be a list")
    many = ", ".join(map(str, range(1, 1200)))
    told(f'[axes]\nnetwork = ["lenet5"]\nrows = [{many}]\ncolumns = [{many}]\n', "leave some out")
    told(SPACE, "is not a picture's name", "--plot", "p.txt")
