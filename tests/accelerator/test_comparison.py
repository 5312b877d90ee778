"""One network on several tables: costs differ, outputs do not, a refusal is a line."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest

from accelerator import EstimateError, UnsuitableTableError, compare, estimate
from accelerator.array import Array
from accelerator.assumptions import load_assumptions
from accelerator.comparison_plot import save_comparison_plot
from accelerator.cutting import map_layer
from accelerator.execution import execute_layer
from accelerator.networks import Layer, Operation
from accelerator.options import Options
from accelerator.pipeline import build_array
from accelerator.prices import Conditions, read_prices
from accelerator.render_comparison import comparison_csv_rows, render_comparison
from lut import Outcome, Table, TableError, reference_path, write_table

NOT_SWITCHED = (int(Outcome.NOT_SWITCHED),) * 2


@pytest.fixture
def plain(altered_table) -> Path:
    return altered_table("plain.h5", attributes={"device": "SOT"})


@pytest.fixture
def other(altered_table) -> Path:
    """Writes take three times the energy, cells half the width."""
    factors = {("write", "energy"): 3.0, ("cell", "area"): 0.5, ("cell", "width"): 0.5}
    return altered_table("other.h5", factors, {"device": "STT", "amplifier": "precharge"})


@pytest.fixture
def stuck(altered_table) -> Path:
    return altered_table("stuck.h5", None, {"device": "wall"}, NOT_SWITCHED)


def test_each_table_gives_what_it_gives_alone(plain: Path, other: Path) -> None:
    comparison = compare("lenet5", [plain, other], weight_bits=2, rows=64)
    alone = [estimate("lenet5", table=path, weight_bits=2, rows=64) for path in (plain, other)]
    assert list(comparison.reports) == alone
    assert comparison.ratios(alone[0]) == {"energy": 1, "latency": 1, "area": 1}
    ratios = comparison.ratios(alone[1])
    assert ratios["energy"] == alone[1].energy / alone[0].energy
    assert ratios["energy"] > 1 > ratios["area"]
    writes = [report.components["input_write"] for report in alone]
    assert writes[1] == pytest.approx(3 * writes[0])
    makes = [(e.name, e.device, e.technology, e.amplifier) for e in comparison.entries]
    assert makes == [
        ("plain.h5", "SOT", "synthetic", "synthetic"),
        ("other.h5", "STT", "synthetic", "precharge"),
    ]


def test_a_table_that_cannot_answer_is_a_line_of_its_own(
    plain: Path, other: Path, stuck: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.h5"
    comparison = compare("lenet5", [stuck, missing, plain, other])
    assert [entry.name for entry in comparison.refused] == ["stuck.h5", "missing.h5"]
    assert comparison.refused[0].device == "wall"
    assert "not_switched" in comparison.refused[0].refusal
    assert "there is no table" in comparison.refused[1].refusal
    assert comparison.first.name == "plain.h5"
    assert len(comparison.reports) == 2


def test_text_has_one_line_for_each_table(plain: Path, other: Path, stuck: Path) -> None:
    comparison = compare("lenet5", [plain, other, stuck])
    text = render_comparison(comparison)
    assert text.startswith("lenet5  W1:A4  input 1 x 28 x 28; tt, 1 V, 27 degC, sub-arrays of 256")
    lines = text.splitlines()
    first, second, third = (lines[index] for index in (3, 4, 5))
    assert first.split()[:4] == ["plain.h5", "SOT", "synthetic", "synthetic"]
    for line, report in zip((first, second), comparison.reports, strict=True):
        energy, ratio = line.split()[4:6]
        assert energy == f"{report.energy * 1e6:.4g}"
        assert ratio == f"{comparison.ratios(report)['energy']:.3g}"
        name, joules = max(report.components.items(), key=lambda item: item[1])
        assert f"{name} {100 * joules / report.energy:.0f} %" in line
    assert third.startswith("stuck.h5  wall")
    assert "refused: write/energy of table stuck.h5" in third
    assert "over plain.h5" in lines[-1]
    # Numbers end where their heading ends.
    end = lines[2].index("energy uJ") + len("energy uJ")
    assert all(line[end - 1] != " " and line[end] == " " for line in (first, second))


def test_rows_and_json_hold_the_same(plain: Path, other: Path, stuck: Path) -> None:
    comparison = compare("lenet5", [plain, stuck, other])
    text = io.StringIO()
    csv.writer(text).writerows(comparison_csv_rows(comparison))
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    content = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert content["format"] == "mramcim-comparison/1"
    assert [row["table"] for row in rows] == ["plain.h5", "stuck.h5", "other.h5"]
    assert rows[1]["energy_J"] == ""
    assert rows[1]["refused"] == content["refused"][0]["reason"] != ""
    assert content["refused"][0]["device"] == "wall"
    for row, entry in zip((rows[0], rows[2]), content["reports"], strict=True):
        assert entry["format"] == "mramcim-estimate/1"
        assert entry["device"] == row["device"]
        assert row["refused"] == ""
        assert float(row["energy_J"]) == entry["total"]["energy_J"]
        assert float(row["energy_ratio"]) == entry["ratios"]["energy"]
        parts = {name: float(row[f"{name}_J"]) for name in entry["total"]["components"]}
        assert parts == entry["total"]["components"]
        assert sum(parts.values()) == pytest.approx(float(row["energy_J"]))
        assert parts[row["largest_component"]] == max(parts.values())


def test_tables_of_one_name_are_told_apart(altered_table) -> None:
    paths = [altered_table("a/table.h5"), altered_table("b/table.h5"), altered_table("c.h5")]
    names = [entry.name for entry in compare("lenet5", paths).entries]
    assert names == [str(paths[0]), str(paths[1]), "c.h5"]


def test_a_name_that_is_no_text_is_written_with_escapes(plain: Path) -> None:
    odd = plain.rename(plain.with_name("odd\udcff\n\x1b[31m.h5"))
    comparison = compare("lenet5", [odd, odd])
    text = render_comparison(comparison)
    assert r"odd\udcff\n\x1b[31m.h5" in text
    text.encode("utf-8")
    json.dumps(comparison.to_dict(), ensure_ascii=False).encode("utf-8")
    assert comparison.reports[0].table["name"] == r"odd\udcff\n\x1b[31m.h5"


@pytest.mark.parametrize(
    ("network", "settings", "sentence"),
    [
        ("alexnot", {}, "no network 'alexnot'"),
        ("lenet5", {"weight_bits": 0}, "weight bits"),
        ("lenet5", {"rows": 2}, "2 rows is too small"),
        ("lenet5", {"copies": 0}, "copies"),
    ],
)
def test_what_no_table_could_answer_is_said_once(
    plain: Path, other: Path, network: str, settings: dict, sentence: str
) -> None:
    with pytest.raises(EstimateError, match=sentence) as caught:
        compare(network, [plain, other], **settings)
    assert not isinstance(caught.value, UnsuitableTableError)
    assert "plain.h5" not in str(caught.value)


def test_no_table_at_all_and_none_that_answers(plain: Path, stuck: Path) -> None:
    with pytest.raises(EstimateError, match="give at least one table"):
        compare("lenet5", [])
    with pytest.raises(UnsuitableTableError, match="no table can be used: ") as caught:
        compare("lenet5", [plain, stuck], corner="ff")
    assert "table plain.h5" in str(caught.value)
    assert "table stuck.h5" in str(caught.value)
    with pytest.raises(UnsuitableTableError, match=r"plain.h5: 252 columns cannot be shared"):
        compare("lenet5", [plain], columns=252)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_picture(plain: Path, other: Path, stuck: Path, tmp_path: Path, suffix: str) -> None:
    formula = plain.rename(plain.with_name(r"_a$b$\frac.h5"))
    path = tmp_path / f"picture.{suffix}"
    save_comparison_plot(compare("lenet5", [formula, stuck, other]), path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")
    if suffix == "svg":
        for said in (b"input_write", b"latency [ms]", b"all others", rb"_a$b$\frac.h5"):
            assert said in content
        assert b"stuck.h5" not in content


def test_the_outcome_of_a_write_and_its_remedy_are_named(altered_table, stuck: Path) -> None:
    with pytest.raises(TableError) as caught:
        estimate("lenet5", table=stuck)
    assert Outcome.NOT_SWITCHED.meaning in str(caught.value)
    assert Outcome.NOT_SWITCHED.remedy in str(caught.value)
    # Every outcome that spoils a value comes through by its own name.
    for outcome in Outcome:
        if outcome is not Outcome.OK:
            path = altered_table(f"{outcome.meaning}.h5", None, None, (int(outcome),) * 2)
            with pytest.raises(TableError, match=f"outcome {outcome.meaning} "):
                estimate("lenet5", table=path)


def test_the_driver_width_that_takes_least_energy_of_those_that_switch(altered_table) -> None:
    """The wider driver takes 1.5 times the energy; it is taken where the other fails."""

    def written(outcomes: tuple[int, int]) -> float:
        path = altered_table("widths.h5", None, None, outcomes)
        return estimate("lenet5", table=path).components["input_write"]

    both = written((0, 0))
    assert written((0, NOT_SWITCHED[0])) == both
    assert written((NOT_SWITCHED[0], 0)) == pytest.approx(1.5 * both)


def test_each_value_has_the_driver_that_suits_it(altered_table) -> None:
    """A zero is written by the wide driver only, a one by the narrow one only."""
    fails = NOT_SWITCHED[0]
    table = Table.open(altered_table("each.h5", write_outcome=((fails, 0), (0, fails))))
    where = Conditions("tt", 1.0, 300.15, 256, 256)
    price = read_prices(table, where).write
    at = {"corner": "tt", "vdd": 1.0, "temperature": 300.15, "rows": 256}
    for value, width in (("0", 8e-6), ("1", 4e-6)):
        here = table.value("write", "energy", operands=value, driver_width=width, **at)
        assert price.energy[value] == pytest.approx(here)
    none = Table.open(altered_table("none.h5", write_outcome=((fails, 0), (fails, 0))))
    with pytest.raises(TableError, match="not_switched"):
        read_prices(none, where)


@pytest.mark.parametrize(
    ("entry", "factor"),
    [
        (("write", "energy"), -1),
        (("write", "energy_half_selected"), -1e7),
        (("write", "peak_current"), 0),
        (("write", "peak_current"), 1e-320),
        (("full_adder", "delay"), 0),
        (("full_adder", "area"), -1),
        (("wire", "energy"), 1e300),
        (("cell", "width"), 0),
    ],
)
def test_figures_that_no_circuit_has(altered_table, entry: tuple[str, str], factor: float) -> None:
    path = altered_table("odd.h5", {entry: factor})
    with pytest.raises(UnsuitableTableError, match="{}/{} of table odd.h5 is".format(*entry)):
        estimate("lenet5", table=path)


def convolution() -> Layer:
    """Nine kernels of 3 x 3 over 5 channels, 4 x 4 positions, padded by one."""
    return Layer(
        "conv",
        Operation.CONVOLUTION,
        5,
        (4, 4),
        9,
        (4, 4),
        (3, 3),
        (1, 1),
        (1, 1),
        (1, 1),
        (1, 1),
    )


def by_definition(activations, weights):
    padded = np.pad(activations, [(0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("cyxij,kcij->kyx", windows, weights)


def array_of(table: Table, rows: int, columns: int) -> Array:
    prices = read_prices(table, Conditions("tt", 1.0, 300.15, rows, columns))
    conditions = Conditions("tt", 1.0, 300.15, rows, columns)
    return build_array(conditions, prices, Options(), load_assumptions())


def test_outputs_are_the_same_whatever_the_table(tmp_path: Path) -> None:
    """The shipped table, and a copy with another amplifier, other currents and energies."""
    shipped = Table.open(reference_path())
    groups = dict(shipped.groups)
    for name in ("read", "and2", "or2", "xor2"):
        attributes = {**groups[name].attributes, "columns_per_amplifier": 16, "device": "other"}
        variables = {
            key: dataclasses.replace(value, values=3 * value.values)
            if key == "energy" or key.startswith(("energy_", "peak_current"))
            else value
            for key, value in groups[name].variables.items()
        }
        groups[name] = dataclasses.replace(groups[name], attributes=attributes, variables=variables)
    path = tmp_path / "other.h5"
    write_table(path, groups, mramcim_version="0", ngspice_version="39", provenance={})
    tables = (shipped, Table.open(path))

    random = np.random.default_rng(5)
    activations = random.integers(0, 2**3, (5, 4, 4))
    codes = random.integers(0, 2**2, (9, 5, 3, 3))
    layer, choice = convolution(), Options()
    results = []
    for table in tables:
        array = array_of(table, 64, 64)
        mapping = map_layer(layer, 2, 3, array, choice)
        results.append((array, *execute_layer(mapping, array, choice, activations, codes)))
    (one_array, one, one_counts), (two_array, two, two_counts) = results
    assert one_array != two_array
    assert one_counts != two_counts
    assert np.array_equal(one, two)
    assert np.array_equal(one, by_definition(activations, 2 * codes - 3))
    energies = [estimate("lenet5", table=table, rows=64, columns=64).energy for table in tables]
    assert energies[1] > 1.5 * energies[0]
