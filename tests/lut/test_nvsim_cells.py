"""Cell files are read as NVSim reads them.

`as_nvsim_reads` is written after the parser of NVSim (MemCell.cpp, SEAL-UCSB/NVSim on GitHub,
commit 1938868, facts alone: its keys, their order and formats, and the scanf calls that it makes)
and makes these calls in the C library itself.
"""

from __future__ import annotations

import ctypes
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.prices import Conditions
from lut import Table
from lut.nvsim import NUMBERS, WORDS, cell_text, read_cell
from mramcim.nvsim_cell import cell_design, cell_parts

# Keys in the order in which NVSim compares the beginning of a line, with what scanf is asked for
# and what the number is divided by. Those of SRAM, DRAM and flash are left out.
FORMATS = [
    ("-MemCellType", "-MemCellType: %s", None),
    ("-ProcessNode", "-ProcessNode: %d", 1e9),
    ("-CellArea", "-CellArea (F^2): %lf", 1),
    ("-CellAspectRatio", "-CellAspectRatio: %lf", 1),
    ("-ResistanceOnAtSetVoltage", "-ResistanceOnAtSetVoltage (ohm): %lf", 1),
    ("-ResistanceOffAtSetVoltage", "-ResistanceOffAtSetVoltage (ohm): %lf", 1),
    ("-ResistanceOnAtResetVoltage", "-ResistanceOnAtResetVoltage (ohm): %lf", 1),
    ("-ResistanceOffAtResetVoltage", "-ResistanceOffAtResetVoltage (ohm): %lf", 1),
    ("-ResistanceOnAtReadVoltage", "-ResistanceOnAtReadVoltage (ohm): %lf", 1),
    ("-ResistanceOffAtReadVoltage", "-ResistanceOffAtReadVoltage (ohm): %lf", 1),
    ("-ResistanceOnAtHalfReadVoltage", "-ResistanceOnAtHalfReadVoltage (ohm): %lf", 1),
    ("-ResistanceOffAtHalfReadVoltage", "-ResistanceOffAtHalfReadVoltage (ohm): %lf", 1),
    ("-ResistanceOnAtHalfResetVoltage", "-ResistanceOnAtHalfResetVoltage (ohm): %lf", 1),
    ("-ResistanceOn", "-ResistanceOn (ohm): %lf", 1),
    ("-ResistanceOff", "-ResistanceOff (ohm): %lf", 1),
    ("-CapacitanceOn", "-CapacitanceOn (F): %lf", 1),
    ("-CapacitanceOff", "-CapacitanceOff (F): %lf", 1),
    ("-ReadMode", "-ReadMode: %s", None),
    ("-ReadVoltage", "-ReadVoltage (V): %lf", 1),
    ("-ReadCurrent", "-ReadCurrent (uA): %lf", 1e6),
    ("-ReadEnergy", "-ReadEnergy (pJ): %lf", 1e12),
    ("-MinSenseVoltage", "-MinSenseVoltage (mV): %lf", 1e3),
    ("-ResetMode", "-ResetMode: %s", None),
    ("-ResetVoltage", "-ResetVoltage (V): %lf", 1),
    ("-ResetCurrent", "-ResetCurrent (uA): %lf", 1e6),
    ("-ResetPulse", "-ResetPulse (ns): %lf", 1e9),
    ("-ResetEnergy", "-ResetEnergy (pJ): %lf", 1e12),
    ("-SetMode", "-SetMode: %s", None),
    ("-SetVoltage", "-SetVoltage (V): %lf", 1),
    ("-SetCurrent", "-SetCurrent (uA): %lf", 1e6),
    ("-SetPulse", "-SetPulse (ns): %lf", 1e9),
    ("-SetEnergy", "-SetEnergy (pJ): %lf", 1e12),
    ("-AccessType", "-AccessType: %s", None),
    ("-AccessCMOSWidth", "-AccessCMOSWidth (F): %lf", 1),
    ("-VoltageDropAccessDevice", "-VoltageDropAccessDevice (V): %lf", 1),
    ("-LeakageCurrentAccessDevice", "-LeakageCurrentAccessDevice (uA): %lf", 1e6),
    ("-ReadFloating", "-ReadFloating: %s", None),
]


def lines_of(text: str) -> list[str]:
    """The lines that NVSim's loop of `fscanf(file, "%[^\\n]\\n", line)` sees."""
    library = ctypes.CDLL(None)
    library.fmemopen.restype = ctypes.c_void_p
    image = text.encode()
    stream = ctypes.c_void_p(library.fmemopen(image, ctypes.c_size_t(len(image)), b"r"))
    line, found = ctypes.create_string_buffer(5000), []
    while library.fscanf(stream, b"%[^\n]\n", line) == 1:
        found.append(line.value.decode())
    library.fclose(stream)
    return found


def as_nvsim_reads(text: str) -> dict[str, float | str]:
    """What NVSim holds of a cell afterwards, by key without its dash, in SI units."""
    scan = ctypes.CDLL(None).sscanf
    found: dict[str, float | str] = {}
    for line in lines_of(text):
        for key, form, divisor in FORMATS:
            if not line.startswith(key):
                continue
            if key == "-AccessCMOSWidth" and found.get("AccessType", "CMOS") != "CMOS":
                break
            place: ctypes.Array | ctypes.c_int | ctypes.c_double
            if divisor is None:
                place = ctypes.create_string_buffer(5000)
            else:
                place = ctypes.c_int() if form.endswith("%d") else ctypes.c_double()
            if scan(line.encode(), form.encode(), ctypes.byref(place)) == 1:
                value = place.value
                found[key[1:]] = value.decode() if divisor is None else value / divisor
            break
    return found


def agrees(text: str) -> None:
    ours, theirs = read_cell(text), as_nvsim_reads(text)
    assert {**ours.numbers, **ours.words}.keys() == theirs.keys()
    for name, value in theirs.items():
        if isinstance(value, str):
            assert ours.words[name] == value
        else:
            assert math.isclose(ours.numbers[name], value, rel_tol=1e-12, abs_tol=0)


def test_every_key_is_one_of_nvsim():
    assert {key[1:] for key, *_ in FORMATS} == {key.name for key in NUMBERS} | set(WORDS)
    for key in NUMBERS:
        (form,) = (form for name, form, _ in FORMATS if name == f"-{key.name}")
        assert key.title == form.rpartition(" ")[0]


# As those that come with NVSim are written, with numbers of their own.
SAMPLE = """//A CELL

-MemCellType: MRAM
-CellArea (F^2): 40.5
-CellAspectRatio: 0.9
-ResistanceOn (ohm): 5000
-ResistanceOff (ohm): 1.1e4
-ReadMode: current
-ReadVoltage (V): 0.3
-MinSenseVoltage (mV): 30mV
-ReadPower (uW): 20
-ResetMode:current
-ResetCurrent(uA):80
-ResetPulse (us): 10
-AccessType: CMOS
  -AccessCMOSWidth (F): 5
"""


def test_what_nvsim_takes_and_what_it_passes_over():
    cell = read_cell(SAMPLE)
    agrees(SAMPLE)
    assert cell.words == {
        "MemCellType": "MRAM",
        "ReadMode": "current",
        "ResetMode": "current",
        "AccessType": "CMOS",
    }
    assert cell.numbers["MinSenseVoltage"] == pytest.approx(0.03)
    assert cell.numbers["ResetCurrent"] == pytest.approx(80e-6)
    assert cell.numbers["AccessCMOSWidth"] == 5
    assert cell.unread == ("-ReadPower (uW): 20", "-ResetPulse (us): 10")
    agrees(SAMPLE.replace("AccessType: CMOS", "AccessType: diode"))
    assert "AccessCMOSWidth" not in read_cell(SAMPLE.replace(": CMOS", ": none")).numbers


BLANKS = st.sampled_from(["", " ", "  ", "\t"])
TITLES = st.sampled_from([key.title for key in NUMBERS] + [f"-{word}:" for word in WORDS])
NUMERALS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(1e-9, 1e9).map(repr),
    st.sampled_from(
        ["MRAM", "current", "1.", ".5", "+3e2", "7.5 // remark", "12uA", "-", "e5", ""]
    ),
)


@st.composite
def lines(draw):
    title = draw(TITLES)
    if draw(st.booleans()):
        title = title.replace(" ", draw(BLANKS))
    if draw(st.integers(0, 3)) == 0:
        title = title.replace(draw(st.sampled_from(["(", "m", ":", "n", "V"])), "", 1)
    return draw(BLANKS) + title + draw(BLANKS) + draw(NUMERALS) + draw(BLANKS)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(lines(), min_size=1, max_size=8), st.sampled_from(["\n", "\n\n", "\n \n"]))
def test_any_lines_are_read_as_the_c_library_reads_them(found, between):
    agrees("// remark\n" + between.join(found) + "\n")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from([key.name for key in NUMBERS if key.real]), st.floats(1e-20, 1e20)
    )
)
def test_what_is_written_is_read(values):
    text = cell_text([("two\nlines", {"MemCellType": "MRAM", **values}), ("", {"ReadMode": "x"})])
    agrees(text)
    cell = read_cell(text)
    assert cell.words == {"MemCellType": "MRAM", "ReadMode": "x"}
    assert cell.unread == ()
    assert cell.numbers.keys() == values.keys()
    for name, value in values.items():
        assert math.isclose(cell.numbers[name], value, rel_tol=1e-11)
    assert text.startswith("// two\n// lines\n-MemCellType: MRAM\n")


def test_a_key_that_nvsim_has_not_is_not_written():
    with pytest.raises(KeyError):
        cell_text([("", {"ReadPower": 1.0})])


def test_remarks_fit_into_the_line_that_nvsim_has_room_for():
    text = cell_text([("x" * 9000, {"MemCellType": "MRAM"})])
    assert max(map(len, text.splitlines())) < 5000
    agrees(text)


def test_the_exported_cell_is_read_whole():
    table = Table.open()
    text = cell_text(cell_parts(table, cell_design(table, None), Conditions(corner="ss")))
    agrees(text)
    keys = [line for line in text.splitlines() if line.startswith("-")]
    assert len(as_nvsim_reads(text)) == len(keys) == 20
