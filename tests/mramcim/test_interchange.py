"""Tables to other tools and back: `lut export`, `lut import`, `lut compare-cell`."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.prices import Conditions
from lut import Group, Table, Variable, reference_path
from lut.nvsim import cell_text, read_cell
from mramcim.errors import CommandError
from mramcim.nvsim_cell import cell_design, cell_parts

PAGE = (Path(__file__).parents[2] / "docs" / "interchange.md").read_text(encoding="utf-8")
REFERENCE = Table.open()


@pytest.fixture
def reference(tmp_path) -> Path:
    path = tmp_path / "table.h5"
    path.write_bytes(reference_path().read_bytes())
    return path


@pytest.fixture(scope="module")
def design():
    return cell_design(REFERENCE, None)


PLACES = st.builds(
    Conditions,
    corner=st.sampled_from(REFERENCE.axis("read", "corner")),
    vdd=st.sampled_from(REFERENCE.axis("read", "vdd").tolist()),
    temperature=st.sampled_from(REFERENCE.axis("read", "temperature").tolist()),
    rows=st.sampled_from(REFERENCE.axis("read", "rows").tolist()),
    write_vdd=st.sampled_from([None, 0.9, 1.1]),
)


def test_a_cell_has_the_figures_of_the_table(design):
    @settings(deadline=None, derandomize=True, max_examples=20)
    @given(PLACES)
    def law(place):
        cell = read_cell(cell_text(cell_parts(REFERENCE, design, place)))
        number = cell.numbers
        assert cell.unread == ()
        feature = number["ProcessNode"]
        assert number["CellArea"] * feature**2 == close(REFERENCE.value("cell", "area"))
        width, height = (REFERENCE.value("cell", name) for name in ("width", "height"))
        assert number["CellAspectRatio"] == close(height / width)
        read = {**place.shared, "rows": place.rows}
        parts = [
            REFERENCE.value("read", name, **read, operands=operands)
            for name in ("energy_bias", "energy_reference")
            for operands in "01"
        ]
        assert 2 * number["ReadEnergy"] == close(sum(parts) / 2)
        signals = [
            REFERENCE.value("read", "offset_tolerance", **read, operands=operands)
            for operands in "01"
        ]
        assert number["MinSenseVoltage"] == close(min(signals))
        for key, bit in (("Reset", "1"), ("Set", "0")):
            usable = writes({**place.written, "rows": place.rows, "operands": bit})
            best = min(usable, key=lambda values: values["energy"])
            assert number[f"{key}Energy"] == close(best["energy"])
            assert number[f"{key}Current"] == close(best["current"])
            assert number[f"{key}Pulse"] == close(best["delay"])
        # At the read current the voltage over the resistance is that current.
        device, current = design.device, number["ReadCurrent"]
        assert current == close(REFERENCE.attribute("read", "bias_current"))
        assert number["ResistanceOn"] == close(device.resistance_parallel)
        voltage = current * number["ResistanceOff"]
        off = device.resistance(True, voltage, place.temperature)
        assert number["ResistanceOff"] == close(off)
        assert number["ResistanceOff"] < device.resistance(True, 0.0, place.temperature)

    law()


def close(value: float):
    return pytest.approx(value, rel=1e-10, abs=0)


def writes(at: dict) -> list[dict[str, float]]:
    """Energy, current and delay with every driver that writes."""
    found = []
    for width in REFERENCE.axis("write", "driver_width").tolist():
        place = {**at, "driver_width": width}
        if REFERENCE.value("write", "outcome", **place) == 0:
            found.append(
                {
                    name: REFERENCE.value("write", name, **place)
                    for name in ("energy", "current", "delay")
                }
            )
    return found


def test_what_nvsim_asks_of_a_cell_holds_everywhere(design):
    for corner in REFERENCE.axis("read", "corner"):
        for temperature in REFERENCE.axis("read", "temperature").tolist():
            place = Conditions(corner=corner, temperature=temperature, rows=64)
            number = read_cell(cell_text(cell_parts(REFERENCE, design, place))).numbers
            swing = number["ReadCurrent"] * (number["ResistanceOff"] - number["ResistanceOn"])
            assert 0 < number["MinSenseVoltage"] < swing / 2


def test_a_cell_is_of_the_design_and_device_of_the_table():
    record = REFERENCE.provenance
    for changes, said in (
        ({"design": None}, "does not say which design it is of"),
        ({"design": {**record["design"], "amplifier": "x"}}, "the design cancelled is not, or not"),
        ({"device": None}, "does not say what its device is"),
        ({"device": {**record["device"], "parameters": {}}}, "the device Zhang2026 is not, or not"),
    ):
        with pytest.raises(CommandError, match=said):
            cell_design(replace(REFERENCE, provenance={**record, **changes}), None)


def test_a_cell_that_nvsim_could_not_sense_is_refused(design):
    read = REFERENCE["read"]
    old = read.variables["offset_tolerance"]
    larger = Variable(4 * old.values, old.dims, old.units, old.long_name)
    variables = {**read.variables, "offset_tolerance": larger}
    changed = Group(read.axes, variables, read.attributes)
    table = replace(REFERENCE, groups={**REFERENCE.groups, "read": changed})
    with pytest.raises(CommandError, match=r"NVSim would find no way to sense this cell: 93.* mV"):
        cell_parts(table, design, Conditions())


def test_import_tells_what_is_wrong_and_where_from(here, sound_table, tmp_path):
    here("lut", "export", "sound.h5", "-o", "t.csv", "--record", "t.json")
    text = (tmp_path / "t-decoder_gate.csv").read_text()
    (tmp_path / "gate.csv").write_text(text.replace("1e-11", "-1e-11"))
    words = ("lut", "import", "gate.csv", "--group", "decoder_gate", "-o", "new.h5")
    printed = here(*words, "--record", "t.json", "--title", "gates", code=1).out
    assert printed == (
        "new.h5: 1 point in 1 group\n"
        "not as the record has them, which the provenance says: decoder_gate\n"
        "decoder_gate/delay: not above zero at 1 point, first corner=tt, vdd=1.0, "
        "temperature=300.15\n"
    )
    table = Table.open(tmp_path / "new.h5")
    assert table.title == "gates"
    assert table.provenance["imported"]["decoder_gate"]["file"] == "gate.csv"
    assert table.value("decoder_gate", "delay", corner="tt", vdd=1.0, temperature=300.15) == -1e-11
    content = json.loads(here(*words, "--json", code=1).out)
    assert content["points"] == {"decoder_gate": 1}
    assert content["not_as_recorded"] == ["decoder_gate"]
    assert len(content["problems"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "gate.csv", "-o", "o.h5"), "name of 'gate.csv' does not end in a group"),
        (("import", "cell.csv", "b-cell.csv", "-o", "o.h5"), "are both cell; give one"),
        (("import", "cell.csv", "gate.csv", "--group", "cell", "-o", "o.h5"), "of one file"),
        (("import", "cell.csv", "-o", "o.h5"), "cell.csv has no heading with rows under it"),
        (("import", "none-cell.csv", "-o", "o.h5"), "there is no CSV file none-cell.csv"),
        (("import", "cell.csv", "-o", "cell.csv"), "would replace an input"),
        (("import", "cell.csv", "--record", "cell.csv", "-o", "o.h5"), "is not a readable record"),
        (("import", "cell.csv", "--record", "null.json", "-o", "o.h5"), "is not one of a table"),
        (("export", "sound.h5", "-o", "a.csv", "--record", "-"), "--record - would print"),
        (("export", "sound.h5", "-o", "out.txt"), ".cell (NVSim) or .py (hwcomponents)"),
        (("export", "sound.h5", "-o", "a.csv", "--vdd", "1"), "--vdd is of one set of conditions"),
        (("export", "sound.h5", "-o", "a.csv", "--design", "d"), "--design is of one set of"),
        (("export", "sound.h5", "-o", "a.cell", "--group", "read"), "--group is of rows"),
        (("export", "sound.h5", "-o", "a.py", "--record", "r.json"), "--record is of rows"),
        (("export", "sound.h5", "-o", "a.cell", "--columns", "64"), "--columns changes nothing"),
        (("export", "sound.h5", "-o", "a.py", "--design", "d"), "--design changes nothing"),
        (("export", "sound.h5", "-o", "-", "--format", "parquet"), "which Parquet is not"),
        (("export", "sound.h5", "-o", "a.cell"), "does not say which design it is of"),
        (("export", "sound.h5", "-o", "a.py"), "sound.h5 has no group"),
        (("export", "sound.h5", "-o", "sound.h5", "--format", "nvsim"), "would replace an input"),
        (("export", "table.h5", "-o", "a.cell", "--vdd", "2"), "outside the table"),
        (("compare-cell", "cell.csv"), "NVSim takes no number from 'cell.csv'"),
        (("compare-cell", "sound.h5"), "sound.h5 is not a readable cell file"),
        (("compare-cell", "none.cell"), "there is no cell file none.cell"),
        (("compare-cell", "cell.csv", "--columns", "64"), "--columns changes nothing"),
    ],
)
def test_requests_that_cannot_be_met(refused, sound_table, reference, tmp_path, words, said):
    for name in ("gate.csv", "cell.csv", "b-cell.csv"):
        (tmp_path / name).write_text("")
    (tmp_path / "null.json").write_text("null")
    refused("lut", *words, said)


def test_text_formats_go_to_a_file_or_to_standard_output(here, reference, tmp_path):
    printed = here("lut", "export", "table.h5", "--format", "nvsim", "-o", "-").out
    assert here("lut", "export", "table.h5", "-o", "a.cell").out == "a.cell: for nvsim\n"
    assert (tmp_path / "a.cell").read_text() == printed
    assert printed.startswith("// Zhang2026 in the design cancelled, technology generic45\n")
    content = json.loads(here("lut", "export", "table.h5", "-o", "a.py", "--json").out)
    assert content["files"] == [{"path": "a.py", "for": "hwcomponents"}]
    compile((tmp_path / "a.py").read_text(), "a.py", "exec")


def test_a_cell_beside_a_table(here, reference, tmp_path):
    (tmp_path / "x.cell").write_text(
        "-MemCellType: MRAM\n-ResetPulse (ns): 10\n-ReadPower (uW): 1\n-ReadVoltage (V): 0.25\n"
    )
    text = here("lut", "compare-cell", "x.cell", "--lut", "table.h5").out
    assert re.search(r"^ResetPulse +ns +10 +3\.7556 +0\.376$", text, flags=re.MULTILINE)
    assert re.search(r"^ReadVoltage +V +0\.25 +- +-$", text, flags=re.MULTILINE)
    assert text.endswith("NVSim takes nothing from: -ReadPower (uW): 1\n")
    words = ("lut", "compare-cell", "x.cell", "--vdd", "1.1", "--json")
    content = json.loads(here(*words).out)
    (pulse,) = (row for row in content["keys"] if row["key"] == "ResetPulse")
    assert pulse["theirs"] == pytest.approx(10e-9)
    written = min(
        writes({"corner": "tt", "vdd": 1.1, "temperature": 300.15, "rows": 256, "operands": "1"}),
        key=lambda values: values["energy"],
    )
    assert pulse["ours"] == pytest.approx(written["delay"], rel=1e-10)
    assert content["unread"] == ["-ReadPower (uW): 1"]


def test_the_commands_of_the_page_run_and_say_what_it_says(here, reference, tmp_path):
    commands = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) == 7
    for line in commands:
        words = [
            file
            for word in shlex.split(line)[1:]
            for file in (sorted(map(str, tmp_path.glob(word))) if "*" in word else [word])
        ]
        here(*words)
    # CSV files and their record give the exported file back.
    assert (tmp_path / "again.h5").read_bytes() == reference.read_bytes()
    shown = re.search(r"^```\n(// Zhang2026.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)[1]
    told = (tmp_path / "sot.cell").read_text()
    assert [line.partition(":")[0] for line in shown.splitlines()] == [
        line.partition(":")[0] for line in told.splitlines()
    ]
