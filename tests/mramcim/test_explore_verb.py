"""`mramcim explore`: files, exit codes, the page in a browser, and refusals."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import quantized_models

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


def test_nothing_within_the_limits_tells_the_nearest_misses(command, space: Path, tmp_path) -> None:
    space.write_text(SPACE.replace("5 mm^2", "0.4 mm^2").replace("1 ms", "0.1 ms"))
    words = ("explore", space, "--plot", "p.png", "--page", "p.html", "--json", "p.json")
    found = command(*words, code=1)
    assert "0 within the limits" in found.stdout
    assert "nothing stays within the limits; the nearest, with what they miss:" in found.stdout
    assert "nothing to draw, p.png is not written" in found.stderr
    assert not (tmp_path / "p.png").exists()
    assert "nothing stays within the limits" in (tmp_path / "p.html").read_text()
    content = json.loads((tmp_path / "p.json").read_text())
    misses = content["nearest_misses"]
    assert len(misses) == 5
    limits = content["limits"]

    def product(point: dict) -> float:
        overs = (max(point[name] / limit, 1.0) for name, limit in limits.items())
        return math.prod(overs)

    best = sorted(map(product, content["points"]))[:5]
    assert [product(miss) for miss in misses] == pytest.approx(best)
    for miss in misses:
        over = {name: miss[name] / limit for name, limit in limits.items() if miss[name] > limit}
        assert miss["over"] == pytest.approx(over)
        assert f"{1e3 * miss['latency']:.4g} ms" in found.stdout


def test_mappings_and_pairs_are_axes_and_the_whole_front_is_told(command, tmp_path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        'pairs = [["rows", "columns"]]\n[axes]\nnetwork = "lenet5"\nwidths = ["1:4", "2:4"]\n'
        'mapping = ["default", "energy"]\nrows = [128, 256]\ncolumns = [128, 256]\n'
        'copies = [1, 2]\n[limits]\narea = "2 mm2"\nlatency = "1 ms"\n'
    )
    text = command("explore", path, "--json", "p.json", "--csv", "p.csv", "--page", "p.html").stdout
    content = json.loads((tmp_path / "p.json").read_text())
    assert len(content["points"]) == 12
    assert {p["copies"] for p in content["points"] if p["mapping"] == "energy"} == {None}
    front = [point for point in content["points"] if point["in_front"]]
    assert "searched" in text
    for point in front:
        assert f"{1e6 * point['energy']:.4g}" in text


def test_a_file_is_explored_at_its_own_widths_unless_an_axis_says_others(command, tmp_path) -> None:
    quantized_models.qcdq(tmp_path / "net.onnx")
    for axis, widths in (("", {"W8:A4-8"}), ("weight_bits = [2, 4]\n", {"W2:A4-8", "W4:A4-8"})):
        path = tmp_path / "file.toml"
        path.write_text(f'[axes]\nnetwork = "net.onnx"\nrows = [128, 256]\n{axis}')
        text = command("explore", path, "--page", "p.html", "--json", "p.json").stdout
        content = json.loads((tmp_path / "p.json").read_text())
        assert content["nearest_misses"] == []
        assert {point["widths_used"] for point in content["points"]} == widths
        assert "layer by layer" in text
        assert ("--weights overrides the file's weights" in text) == bool(axis)
        assert min(widths) in (tmp_path / "p.html").read_text()


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
    told('pairs = ["rows"]\n[axes]\nnetwork = ["lenet5"]\n', "'pairs' must be lists of axes")
    told('[axes]\nnetwork = ["lenet5"]\nmapping = ["best"]\n', "there is no mapping 'best'")
    told('[axes]\nnetwork = ["lenet5"]\nmapping = [["a"]]\n', "there is no mapping")
    told('[axes]\nnetwork = ["lenet5"]\n[limits]\narea = "5 s"\n', "'area'")
    told('objectives = "energy"\n[axes]\nnetwork = ["lenet5"]\n', "must be a list")
    many = ", ".join(map(str, range(1, 1200)))
    told(f'[axes]\nnetwork = ["lenet5"]\nrows = [{many}]\ncolumns = [{many}]\n', "leave some out")
    told(SPACE, "is not a picture's name", "--plot", "p.txt")
