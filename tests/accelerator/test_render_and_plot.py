"""A report for people: text, rows, picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelerator import estimate
from accelerator.plots import save_plot
from accelerator.render import csv_rows, render_text
from accelerator.report import Report
from lut import Table


@pytest.fixture(scope="module")
def lenet5(synthetic_table: Table) -> Report:
    return estimate("lenet5", table=synthetic_table, weight_bits=1, activation_bits=8)


def test_text_says_what_was_costed_and_how(lenet5: Report) -> None:
    text = render_text(lenet5, full=True)
    assert text.startswith("lenet5  W1:A8  input 1 x 28 x 28")
    for name in ("conv1", "pool1", "fc2", "sense_bias", "leakage", "not counted:"):
        assert name in text
    assert f"{lenet5.energy * 1e6:.4g} uJ here, 0.85 uJ published" in text
    assert "0.018 mm2 published" in text
    assert "layers conv1, conv2, conv3, fc1, fc2" in text
    assert f"{lenet5.sense_cycles} sense cycles" in text
    assert "reproduces" not in text
    assert "peak_current_per_subarray = 0.02 A [assumed]" in text


def test_published_energy_in_full(synthetic_table: Table) -> None:
    text = render_text(estimate("alexnet", table=synthetic_table, activation_bits=1))
    assert "785.25 uJ published, ratio" in text


def test_rows_add_up_to_the_total(lenet5: Report) -> None:
    header, *rows = csv_rows(lenet5)
    assert all(len(row) == len(header) for row in rows)
    energy = header.index("energy_J")
    assert sum(row[energy] for row in rows) == pytest.approx(lenet5.energy)
    parts = [index for index, name in enumerate(header) if name.endswith("_J") and index != energy]
    for row in rows:
        assert sum(row[index] for index in parts) == pytest.approx(row[energy])


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_picture(lenet5: Report, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    save_plot(lenet5, path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")
    if suffix == "svg":
        assert b"latency" in content


def test_picture_of_an_unknown_format(lenet5: Report, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        save_plot(lenet5, tmp_path / "picture.nonsense")
