"""The page on the accelerator: its example runs and its figures are the model's."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from accelerator import estimate
from accelerator.costs import COMPONENTS
from accelerator.networks import network_names
from accelerator.options import Options
from lut import Table

PAGE = (Path(__file__).parents[2] / "docs" / "accelerator.md").read_text(encoding="utf-8")


def test_the_example_runs(
    synthetic_table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lut.reference_path", lambda: synthetic_table.path)
    monkeypatch.setattr(Table, "open", lambda path=None: synthetic_table)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "accelerator.md", "exec"), {})
    assert "fJ an AND" in capsys.readouterr().out


def test_everything_has_its_line() -> None:
    for name in (*COMPONENTS, *(entry.name for entry in fields(Options)), *network_names()):
        assert f"`{name}`" in PAGE, name


def test_figures_of_the_comparison(synthetic_table: Table) -> None:
    report = estimate(
        "lenet5",
        table=synthetic_table,
        weight_bits=1,
        activation_bits=8,
        coverage="convolutions",
        first_last="off",
    )
    assert report.macs == 288_000
    assert report.and_operations == 2_304_000
    conv2, conv3 = report.layers
    assert conv2.counts["input_cells"] + conv3.counts["input_cells"] == 123_200
    assert conv2.counts["reads"] + conv3.counts["reads"] == 123_200
    assert "123 200 cells" in PAGE
    assert "123 200 READs" in PAGE
    assert conv2.counts["and_rows"] == 12_800
    assert conv3.counts["and_rows"] == 2 * 960
    assert (conv2.subarrays, conv3.subarrays) == (1, 2)
