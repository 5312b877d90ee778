"""`mramcim explain`: the walk as text and JSON, rows simulated again, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lut import Table
from mramcim.resimulation import resimulate, table_design

LAYER = ("--layer", "conv2", "--component", "sense_latch")


@pytest.fixture
def report(command, tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    command("estimate", "lenet5", "--json", path)
    return path


def test_it_walks_from_the_total_to_the_sources(command, report: Path) -> None:
    found = command("explain", str(report), *LAYER)
    assert "lenet5, layer conv2, component sense_latch: " in found.stdout
    assert "and2/energy_latch corner=tt" in found.stdout
    assert "simulated again" not in found.stdout


def test_the_rows_hold_when_they_are_simulated_again(command, report: Path) -> None:
    found = command("explain", str(report), *LAYER, "--resimulate", "-j", "2", "--json")
    content = json.loads(found.stdout)
    assert content["format"] == "mramcim-explanation/1"
    checks = content["resimulated"]
    assert {check["place"]["operands"] for check in checks} == {"00", "01", "10", "11"}
    for check in checks:
        assert check["holds"]
        assert check["ratio"] == pytest.approx(1, abs=1e-3)
        assert check["table"] > 0


@pytest.mark.parametrize(
    "names",
    [
        ("read_line.energy", "full_adder.energy", "wire.leakage_power", "flip_flop.energy"),
        pytest.param(("write.energy.0", "write.energy.1"), marks=pytest.mark.slow),
    ],
)
def test_rows_of_every_group_hold(names: tuple[str, ...], report: Path) -> None:
    """Lines, gates and writes at the nominal condition, through the same path."""
    from accelerator.explanation.again import estimate_again
    from accelerator.explanation.explanation import explain

    estimate = estimate_again(json.loads(report.read_text()))
    found = explain(estimate, "conv2")
    rows = [found.figures[name][0] for name in names]
    table = Table.open()
    checks = resimulate(table, rows, table_design(table, None), 2)
    assert len(checks) == len(names)
    assert all(check.holds for check in checks), checks


def test_a_row_that_does_not_hold_is_exit_code_one(command, tmp_path: Path, report: Path) -> None:
    from lut import Group, Variable, write_table

    table = Table.open()
    groups = dict(table.groups)
    and2 = groups["and2"]
    variables = dict(and2.variables)
    for name in ("energy_latch", "energy_clock"):
        old = variables[name]
        more = 0.2 * and2.variables["energy_latch"].values * (1 if name == "energy_latch" else -1)
        variables[name] = Variable(old.values + more, old.dims, old.units, old.long_name)
    groups["and2"] = Group(and2.axes, variables, and2.attributes)
    path = tmp_path / "wrong.h5"
    write_table(
        path,
        groups,
        mramcim_version="0",
        ngspice_version=table.ngspice_version,
        provenance=dict(table.provenance),
    )
    made = tmp_path / "wrong.json"
    command("estimate", "lenet5", "--lut", path, "--json", made)
    found = command("explain", str(made), *LAYER, "--resimulate", code=1)
    assert "0 of 4 rows hold" in found.stdout
    assert "does not hold" in found.stdout


def test_bad_input_is_one_sentence(refused, tmp_path: Path, report: Path) -> None:
    text = tmp_path / "text.json"
    text.write_text("not json")
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    refused("explain", "nothing.json", "there is no report nothing.json")
    refused("explain", text, "is not a readable report")
    refused("explain", deep, "is not a readable report")
    refused("explain", write(tmp_path, {"format": "x"}), "not a report")
    refused("explain", report, "--layer", "conv9", "there is no layer")
    refused("explain", report, "--json", report, "would replace an input")
    precharge = ("--design", "precharge")
    refused("explain", report, "--resimulate", *precharge, "give its file with --design")


def write(folder: Path, content: object) -> Path:
    path = folder / "other.json"
    path.write_text(json.dumps(content))
    return path
