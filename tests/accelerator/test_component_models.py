"""Component models for hwcomponents hand out the figures of the table, and it loads them."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.component_models import component_models
from accelerator.errors import EstimateError
from accelerator.prices import Conditions, read_prices
from lut import Table, TableError, write_table


class ComponentModel:
    """As much of hwcomponents' class as keeps what a model says of itself."""

    def __init__(self, leak_power: float, area: float) -> None:
        self.leak_power, self.area = leak_power, area


def action(function=None, bits_per_action=None):
    return function if function else lambda given: given


def loaded(text: str) -> SimpleNamespace:
    """The names of a file of component models, hwcomponents being the double above."""
    double = ModuleType("hwcomponents")
    double.ActionCost, double.ComponentModel, double.action = (
        SimpleNamespace,
        ComponentModel,
        action,
    )
    names: dict = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "hwcomponents", double)
        exec(compile(text, "models.py", "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def table() -> Table:
    return Table.open()


@pytest.fixture(scope="module")
def models(table) -> SimpleNamespace:
    return loaded(component_models(table, Conditions()))


REFERENCE = Table.open()
PLACES = st.builds(
    Conditions,
    corner=st.sampled_from(REFERENCE.axis("read", "corner")),
    vdd=st.sampled_from(REFERENCE.axis("read", "vdd").tolist()),
    temperature=st.sampled_from(REFERENCE.axis("read", "temperature").tolist()),
    rows=st.sampled_from(REFERENCE.axis("read", "rows").tolist()),
    columns=st.sampled_from(REFERENCE.axis("wordline_driver", "columns").tolist()),
    write_vdd=st.sampled_from([None, 1.1]),
)


@settings(deadline=None, derandomize=True, max_examples=15)
@given(PLACES)
def test_figures_are_those_of_the_table_digit_for_digit(place):
    models = loaded(component_models(REFERENCE, place))
    columns = models.MramcimColumns()
    at = {**place.shared, "rows": place.rows}
    for name in ("read", "and2", "or2", "xor2"):
        patterns = REFERENCE.axis(name, "operands")
        for operands in patterns:
            cost = getattr(columns, name)(operands)
            values = {
                key: REFERENCE.value(name, key, **at, operands=operands)
                for key in ("energy", "delay", "cycle_time")
            }
            assert cost.energy == values["energy"]
            assert cost.latency == values["delay"]
            assert cost.throughput == 1 / values["cycle_time"]
        mean = getattr(columns, name)()
        energies = [REFERENCE.value(name, "energy", **at, operands=value) for value in patterns]
        assert mean.energy == sum(energies) / len(energies)
        assert min(energies) <= mean.energy <= max(energies)
    prices = read_prices(REFERENCE, place)
    for value, energy in prices.write.energy.items():
        assert columns.write(value).energy == energy
    assert 1 / columns.write().throughput == pytest.approx(prices.write.cycle_time, rel=1e-12)
    unselected = columns.write(half_selected=10).energy - columns.write().energy
    assert unselected == pytest.approx(10 * prices.write.half_selected, rel=1e-6)
    lines = models.MramcimWordLines()
    assert lines.read().energy == prices.read_line.energy
    assert lines.write().energy == prices.write_line.energy
    assert lines.area == prices.read_line.area + prices.write_line.area
    assert models.MramcimFullAdder().compute().energy == prices.full_adder.energy
    assert models.MramcimFlipFlop().write().latency == prices.flip_flop.delay
    assert models.MramcimDecoderGate().leak_power == prices.decoder_gate.leakage_power
    assert models.MramcimWire(1e-3).read().energy == prices.wire.energy


def test_area_and_leakage_are_those_of_a_sub_array(models, table):
    prices = read_prices(table, Conditions())
    plain = models.MramcimColumns(with_or2=False, with_xor2=False)
    number = prices.columns_per_amplifier
    area = max(prices.and2.area, prices.read.area) + number * (
        prices.write.area + 256 * prices.cell_area
    )
    assert plain.area == pytest.approx(area, rel=1e-12)
    power = max(prices.and2.leakage_power, prices.read.leakage_power)
    assert plain.leak_power == pytest.approx(power + number * prices.write.leakage_power, rel=1e-12)
    # XOR takes two sub-amplifiers.
    both = models.MramcimColumns()
    assert both.area > plain.area
    assert both.leak_power > plain.leak_power
    with pytest.raises(ValueError, match="the amplifier is not built for xor2"):
        plain.xor2()


def test_a_wire_is_as_long_as_asked_for(models):
    short, long = models.MramcimWire(length=1e-3), models.MramcimWire(length=4e-3)
    for name in ("leak_power", "area"):
        assert getattr(long, name) == pytest.approx(4 * getattr(short, name))
    assert long.read().latency == pytest.approx(4 * short.read().latency)
    assert long.read().throughput == pytest.approx(short.read().throughput / 4)


def test_operands_may_be_numbers_and_others_are_refused(models):
    columns = models.MramcimColumns()
    assert columns.and2(1) == columns.and2("01")
    assert columns.and2(11) == columns.and2("11") == columns.compute("11")
    for wrong in (2, "12", "000", "all"):
        with pytest.raises(ValueError, match="is none of 00, 01, 10, 11 or mean"):
            columns.and2(wrong)
    with pytest.raises(ValueError, match="these figures are of 256 rows; export 512"):
        models.MramcimColumns(rows=512)
    with pytest.raises(ValueError, match="these figures are of 256 columns; export 512"):
        models.MramcimWordLines(columns=512)


def test_the_file_says_where_its_figures_are_from(models, table):
    record = models.PROVENANCE
    assert record["table"] == "reference.h5"
    assert record["ngspice_version"] == table.ngspice_version
    assert record["device_sha256"] == table.provenance["device"]["sha256"]
    assert record["conditions"]["temperature"] == 300.15
    assert component_models(table, Conditions()) == component_models(table, Conditions())
    assert max(map(len, component_models(table, Conditions()).splitlines())) <= 100


def of_groups(path, table: Table, *names: str) -> Table:
    write_table(
        path,
        {name: table[name] for name in names},
        mramcim_version=table.mramcim_version,
        ngspice_version=table.ngspice_version,
        provenance={},
    )
    return Table.open(path)


def test_what_the_table_has_not_is_left_out_or_asked_for(table, tmp_path):
    small = of_groups(tmp_path / "small.h5", table, "read", "and2", "write", "cell")
    models = loaded(component_models(small, Conditions()))
    classes = [name for name in vars(models) if name.startswith("Mramcim")]
    assert classes == ["MramcimColumns"]
    assert not hasattr(models.MramcimColumns, "xor2")
    assert models.MramcimColumns().operations == ["read", "and2"]
    without = of_groups(tmp_path / "without.h5", table, "read", "and2", "cell")
    with pytest.raises(TableError, match=r"without.h5 has no group 'write'"):
        component_models(without, Conditions())
    with pytest.raises((TableError, EstimateError), match=r"vdd=2 is outside the table"):
        component_models(table, Conditions(vdd=2.0))


PAGE = (Path(__file__).parents[2] / "docs" / "interchange.md").read_text(encoding="utf-8")
PYTHON = os.environ.get("MRAMCIM_HWCOMPONENTS_PYTHON", sys.executable)
CHECK = """
import json, sys
import hwcomponents

models = hwcomponents.get_models(sys.argv[1], include_installed=False)
columns = hwcomponents.get_model("mramcim_columns", {}, ["read", "write", "and2"], models=models)
cost = hwcomponents.get_action_cost(
    "mramcim_columns", {}, "xor2", {"operands": "10", "bits_per_action": 8}, models=models
)
print(json.dumps({
    "classes": sorted(model.__name__ for model in models),
    "and2": {name: columns.and2(name).energy for name in ("00", "01", "10", "11", "mean")},
    "eight": [cost.energy, cost.latency, cost.throughput],
    "area": hwcomponents.get_area("mramcim_columns", {"with_xor2": False}, models=models),
    "leak": columns.leak_power,
    "wire": hwcomponents.get_model("mramcim_wire", {"length": 2e-3}, models=models).read().energy,
}))
"""


def has(package: str) -> bool:
    words = [PYTHON, "-c", f"import importlib.util as u; assert u.find_spec({package!r})"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def answer(code: str, folder: Path, *words: str) -> dict:
    """What a script prints as JSON in the Python that has hwcomponents."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [PYTHON, "-c", code, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.skipif(
    not has("hwcomponents"),
    reason="hwcomponents is not installed (it needs Python 3.12); name a Python that has it in "
    "MRAMCIM_HWCOMPONENTS_PYTHON",
)
def test_hwcomponents_loads_them(models, table, tmp_path):
    (tmp_path / "models.py").write_text(component_models(table, Conditions()))
    found = answer(CHECK, tmp_path, "models.py")
    assert found["classes"] == [
        "MramcimColumns",
        "MramcimDecoderGate",
        "MramcimFlipFlop",
        "MramcimFullAdder",
        "MramcimWire",
        "MramcimWordLines",
    ]
    columns = models.MramcimColumns()
    assert found["and2"] == {
        name: columns.and2(name).energy for name in ("00", "01", "10", "11", "mean")
    }
    one = columns.xor2("10")
    for value, expected in zip(
        found["eight"], (8 * one.energy, one.latency, one.throughput / 8), strict=True
    ):
        assert math.isclose(value, expected, rel_tol=1e-12)
    assert found["area"] == models.MramcimColumns(with_xor2=False).area
    assert found["leak"] == columns.leak_power
    assert found["wire"] == models.MramcimWire(2e-3).read().energy


ACCELFORGE = """
import json
import accelforge

spec = accelforge.Spec.from_yaml("binary.yaml")
spec.config.component_models = ["sot.py"]
spec.config.use_installed_component_models = False
nodes = {node.name: node for node in spec.calculate_component_costs().arch.nodes}
actions = {
    f"{name} {one.name}": [one.energy, one.throughput]
    for name in ("Columns", "And") for one in nodes[name].actions
}
columns = nodes["Columns"]
print(json.dumps({
    "actions": actions, "area": columns.total_area, "leak": columns.total_leak_power,
}))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not has("accelforge"),
    reason="accelforge is not installed (it needs Python 3.12); name a Python that has it in "
    "MRAMCIM_HWCOMPONENTS_PYTHON",
)
def test_accelforge_costs_the_architecture_of_the_page(models, table, tmp_path):
    (architecture,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "binary.yaml").write_text(architecture)
    (tmp_path / "sot.py").write_text(component_models(table, Conditions()))
    found = answer(ACCELFORGE, tmp_path)
    columns = models.MramcimColumns(with_or2=False, with_xor2=False)
    assert found["actions"]["And compute"] == [columns.and2().energy, columns.and2().throughput]
    assert found["actions"]["Columns write"] == [
        columns.write().energy,
        columns.write().throughput,
    ]
    assert found["area"] == pytest.approx(32 * columns.area, rel=1e-12)
    assert found["leak"] == pytest.approx(32 * columns.leak_power, rel=1e-12)
