"""docs/table-format.md tells the schema as it is, and its examples run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lut import SCHEMA, Outcome, Table, check
from lut.schema import ROOT_ATTRIBUTES

PAGE_FOLDER = Path(__file__).parents[2] / "docs"
PAGE = (PAGE_FOLDER / "table-format.md").read_text()


def sections() -> dict[str, str]:
    """Name of a group to the text of its section."""
    found = {}
    for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
        found.update(dict.fromkeys(re.findall(r"`(\w+)`", heading), text))
    return found


def test_each_group_is_described_with_its_axes_variables_and_units():
    assert list(sections()) == list(SCHEMA)
    for name, text in sections().items():
        rows = re.findall(r"^\| `(\w+)` \| (\S+) \| .+ \|$", text, flags=re.MULTILINE)
        assert rows == [(key, variable.units) for key, variable in SCHEMA[name].variables.items()]
        axes = re.match(r"\s*Axes: ([^.(]*)", text)
        assert tuple(re.findall(r"`(\w+)`", axes[1] if axes else "")) == SCHEMA[name].dims
        for attribute in SCHEMA[name].attributes:
            assert f"`{attribute}`" in text


def test_axes_outcomes_and_root_attributes_are_described():
    described = re.findall(r"^\| `(\w+)` \| (text|\w+64) \| (\S+) \|", PAGE, flags=re.MULTILINE)
    types = {"text": "text", "real": "float64", "count": "int64"}
    for spec in SCHEMA.values():
        for name, axis in spec.axes.items():
            assert (name, types[axis.kind], axis.units) in described
    outcomes = re.findall(r"^\| (\d) \| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert outcomes == [(str(int(outcome)), outcome.meaning) for outcome in Outcome]
    root = PAGE.partition("Attributes of the root")[2].partition("Each group")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", root, flags=re.MULTILINE)) == (
        *ROOT_ATTRIBUTES,
        "digests",
    )


def test_variables_that_must_be_positive_are_named():
    law = PAGE.partition("are finite, and")[2].partition("above zero")[0]
    positive = {
        key
        for spec in SCHEMA.values()
        for key, variable in spec.variables.items()
        if variable.positive
    }
    assert set(re.findall(r"`(\w+)`", law)) == positive


def test_the_examples_run(save, make_groups, monkeypatch, capsys):
    pytest.importorskip("xarray")
    path = save(make_groups())
    monkeypatch.chdir(path.parent)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/table-format.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "J with a bias of 5e-06 A" in printed
    assert "4 operands (4,)" in printed
    assert check("cell.h5") == []
    assert Table.open("cell.h5").value("cell", "area") == pytest.approx(6e-14)


def test_the_commands_and_the_python_of_working_with_tables_run(
    save, make_groups, monkeypatch, capsys
):
    from mramcim.command import main

    page = (PAGE_FOLDER / "tables.md").read_text()
    groups = make_groups()
    path = save(groups)
    monkeypatch.chdir(path.parent)
    save(groups, "baseline.h5")
    for name, chosen in (("part1", ("read", "cell")), ("part2", ("and2", "cell"))):
        save(make_groups(*chosen), f"{name}.h5")
    save(make_groups("read", "and2"), "again.h5")
    commands = re.findall(r"^mramcim (.+)$", page, flags=re.MULTILINE)
    assert len(commands) == 11
    for command in commands:
        assert main(shlex.split(command)) == 0, command
    capsys.readouterr()
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "docs/tables.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("True 0 of ")
    assert "['corner', 'vdd [V]', 'temperature [K]', 'rows', 'operands'] 72" in printed
    assert Path("all-wire.csv").is_file()
