"""The cards of generic45, simulated by ngspice itself and held against the calibration figures."""

import functools
import os
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

from circuits.technologies import load_technology

WIDTH = 1e-6
LENGTH = 50e-9
TEMPERATURES = (-40, 27, 125)
CORNERS = ("tt", "ss", "ff")
CARDS = [(polarity, corner) for polarity in "np" for corner in CORNERS]
STEP = 0.005
VOLTAGES = np.arange(0, 1 + STEP / 2, STEP)
GATES = (0.4, 0.6, 0.8, 1.0)

# Origin: FreePDK45 nominal, fast and slow cards simulated in ngspice 39.3; W = 1 um, drawn
# L = 50 nm, 27 degC, 1.0 V, linear at 50 mV. Ion, Id,lin [uA/um], Ioff [nA/um],
# Vt,lin, Vt,sat [V] at 100 nA W/L, swing [mV/dec].
TARGETS = {
    ("n", "tt"): (979, 174, 10.6, 0.289, 0.203, 85.4),
    ("n", "ff"): (1043, 180, 23.1, 0.263, 0.173, 84.5),
    ("n", "ss"): (908, 166, 4.88, 0.315, 0.236, 86.7),
    ("p", "tt"): (653, 113, 10.6, 0.315, 0.208, 86.8),
    ("p", "ff"): (702, 119, 24.9, 0.287, 0.174, 85.9),
    ("p", "ss"): (607, 108, 4.64, 0.342, 0.241, 87.6),
}

DOCUMENT = Path(__file__).parents[2] / "docs" / "technology.md"


def ngspice(deck: str, *names: str) -> dict[str, np.ndarray]:
    """What a deck's `wrdata` wrote under the names."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "deck.spice").write_text(deck)
        run = subprocess.run(
            ["ngspice", "-n", "-b", "deck.spice"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "OMP_THREAD_LIMIT": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "aborted" not in run.stdout + run.stderr, run.stderr[-2000:]
        return {name: np.loadtxt(Path(folder) / name) for name in names}


@functools.cache
def curves(
    polarity: str, corner: str, length: float = LENGTH, temperatures: tuple[int, ...] = (27,)
) -> dict[tuple[str, int, float], np.ndarray]:
    """Drain currents [A] of one card over VOLTAGES, from one deck with all its sweeps.

    Keys: ("gate", temperature, VDS) for sweeps of VGS and ("drain", temperature, VGS).
    """
    technology = load_technology("generic45")
    sign = 1 if polarity == "n" else -1
    transistor = technology.transistor("1", polarity, ("d", "g", "0", "0"), WIDTH, length)
    commands, names = [], {}
    for temperature in temperatures:
        commands.append(f"option temp={temperature}")
        for swept, held, levels in (("g", "d", (0.05, 1.0)), ("d", "g", GATES)):
            for level in levels:
                name = f"{swept}_{temperature}_{level}.txt"
                names[("gate" if swept == "g" else "drain", temperature, level)] = name
                commands += [
                    f"alter v{held} {sign * level}",
                    f"dc v{swept} 0 {sign} {sign * STEP}",
                    f"wrdata {name} i(vd)",
                ]
    deck = "\n".join(
        [
            "output and transfer curves",
            technology.model_text(corner),
            transistor,
            "vd d 0 0",
            "vg g 0 0",
            ".option gmin=1e-15 reltol=1e-6 abstol=1e-16",
            ".control",
            "set numdgt=12",
            *commands,
            ".endc",
            ".end",
            "",
        ]
    )
    read = ngspice(deck, *names.values())
    return {key: -sign * read[name][:, 1] for key, name in names.items()}


def threshold(current: np.ndarray, length: float = LENGTH) -> float:
    """Gate voltage [V] at 100 nA W/L."""
    return float(np.interp(np.log(1e-7 * WIDTH / length), np.log(current), VOLTAGES))


def figures(
    polarity: str,
    corner: str,
    temperature: int = 27,
    length: float = LENGTH,
) -> tuple[float, float, float, float, float, float]:
    """The figures of TARGETS, simulated; swing from VGS = 50 to 150 mV at VDS = 50 mV."""
    temperatures = TEMPERATURES if length == LENGTH else (27,)
    found = curves(polarity, corner, length, temperatures)
    linear, saturated = found["gate", temperature, 0.05], found["gate", temperature, 1.0]
    low, high = np.interp([0.05, 0.15], VOLTAGES, np.log10(linear))
    return (
        saturated[-1] * 1e6,
        linear[-1] * 1e6,
        saturated[0] * 1e9,
        threshold(linear, length),
        threshold(saturated, length),
        100 / (high - low),
    )


@pytest.mark.parametrize(("polarity", "corner"), CARDS)
def test_card_meets_its_calibration_figures(polarity: str, corner: str) -> None:
    on, _, off, linear, saturated, swing = figures(polarity, corner)
    target = TARGETS[polarity, corner]
    assert on == pytest.approx(target[0], rel=0.05)
    assert off == pytest.approx(target[2], rel=0.20)
    assert linear == pytest.approx(target[3], abs=0.015)
    assert saturated == pytest.approx(target[4], abs=0.015)
    assert swing == pytest.approx(target[5], abs=5)


@pytest.mark.parametrize(("polarity", "corner"), CARDS)
def test_linear_current_follows_too(polarity: str, corner: str) -> None:
    assert figures(polarity, corner)[1] == pytest.approx(TARGETS[polarity, corner][1], rel=0.05)


@pytest.mark.parametrize("polarity", "np")
def test_slow_and_fast_lie_on_either_side(polarity: str) -> None:
    slow, typical, fast = (figures(polarity, corner) for corner in ("ss", "tt", "ff"))
    for index in (0, 1, 2):
        assert slow[index] < typical[index] < fast[index]
    for index in (3, 4):
        assert slow[index] > typical[index] > fast[index]


@pytest.mark.parametrize(("polarity", "corner"), CARDS)
def test_temperature_acts_as_on_silicon(polarity: str, corner: str) -> None:
    cold, room, hot = (figures(polarity, corner, temperature) for temperature in TEMPERATURES)
    # Strong inversion: mobility wins, the current falls; thresholds fall; leakage soars.
    assert cold[0] > room[0] > hot[0]
    assert cold[1] > room[1] > hot[1]
    assert cold[3] > room[3] > hot[3]
    assert cold[4] > room[4] > hot[4]
    assert 5 <= hot[2] / room[2] <= 50
    assert 5 <= room[2] / cold[2] <= 50
    # dVt/dT of bulk transistors lies between -0.3 and -1.2 mV/K.
    assert -1.2e-3 < (hot[3] - cold[3]) / 165 < -0.3e-3
    # The swing is at least its thermal limit, kT/q ln 10.
    for temperature, found in zip(TEMPERATURES, (cold, room, hot), strict=True):
        assert found[5] > 0.19842 * (temperature + 273.15)


@pytest.mark.parametrize(("polarity", "corner"), CARDS)
@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_conductances_are_positive_and_without_kinks(
    polarity: str, corner: str, temperature: int
) -> None:
    found = curves(polarity, corner, LENGTH, TEMPERATURES)
    for (swept, at, level), current in found.items():
        if at != temperature:
            continue
        slope = np.diff(current)
        assert (slope > 0).all(), (swept, level)
        # A kink is a jump of the slope in one step of 5 mV. The most seen is at the origin of
        # the output curve, where triode bends fastest: 0.3 % of the largest current.
        assert np.abs(np.diff(slope)).max() < 0.005 * current.max(), (swept, level)
    # The transconductance in saturation grows all the way to strong inversion.
    transconductance = np.gradient(found["gate", temperature, 1.0], STEP)
    rising = transconductance[VOLTAGES <= 0.4]
    assert (np.diff(rising) > 0).all()


@pytest.mark.parametrize("polarity", "np")
def test_length_acts_as_on_silicon(polarity: str) -> None:
    lengths = (50e-9, 60e-9, 100e-9, 200e-9, 1e-6)
    rows = [figures(polarity, "tt", 27, length) for length in lengths]
    on, _, off, linear, saturated, _ = (np.array(column) for column in zip(*rows, strict=True))
    assert (np.diff(on) < 0).all()
    assert (np.diff(off) < 0).all()
    # Roll-off: short channels have lower thresholds, most of all at high drain voltage.
    assert (np.diff(linear) > 0).all()
    assert (np.diff(saturated) > 0).all()
    assert (np.diff(linear - saturated) < 0).all()
    # Long channels: current goes with 1/L; 1 um against 200 nm, velocity saturation apart.
    assert 4 < on[3] / on[4] < 6.5
    conductance = [
        np.diff(
            curves(polarity, "tt", length, TEMPERATURES if length == LENGTH else (27,))[
                "drain", 27, 0.6
            ]
        )[-1]
        for length in lengths
    ]
    assert (np.diff(conductance) < 0).all()


@functools.cache
def ring_oscillator(corner: str) -> tuple[float, float]:
    """Stage delay [s] of five inverters (0.2 um, 0.4 um) at 1 V, 27 degC, and its spread."""
    technology = load_technology("generic45")
    lines = ["ring oscillator", technology.model_text(corner), "vdd vdd 0 1"]
    for stage in range(5):
        entry, output = f"n{stage}", f"n{(stage + 1) % 5}"
        for polarity, rail, width in (("n", "0", 0.2e-6), ("p", "vdd", 0.4e-6)):
            nodes = (output, entry, rail, rail)
            lines.append(
                technology.transistor(f"{polarity}{stage}", polarity, nodes, width, LENGTH)
            )
    lines += [
        ".ic v(n0)=0 v(n1)=1",
        ".option method=gear reltol=1e-4",
        ".control",
        "tran 0.2p 0.8n uic",
        "wrdata ring.txt v(n0)",
        ".endc",
        ".end",
        "",
    ]
    time, voltage = ngspice("\n".join(lines), "ring.txt")["ring.txt"].T
    # It swings from rail to rail to the end of the run.
    late = voltage[time > 0.6e-9]
    assert late.min() < 0.05
    assert late.max() > 0.95
    rising = np.nonzero((voltage[:-1] < 0.5) & (voltage[1:] >= 0.5))[0]
    part = (0.5 - voltage[rising]) / (voltage[rising + 1] - voltage[rising])
    crossings = time[rising] + part * (time[rising + 1] - time[rising])
    periods = np.diff(crossings)[2:]
    assert len(periods) >= 4
    return float(periods.mean()) / 10, float(np.ptp(periods)) / 10


def test_ring_oscillator_runs_at_every_corner() -> None:
    delay = {}
    for corner in ("tt", "ss", "ff", "sf", "fs"):
        delay[corner], spread = ring_oscillator(corner)
        assert spread < 0.02 * delay[corner]
    assert 5e-12 < delay["tt"] < 25e-12
    assert delay["ff"] < delay["tt"] < delay["ss"]
    for mixed in ("sf", "fs"):
        assert delay["ff"] < delay[mixed] < delay["ss"]


def test_mixed_corners_are_compositions() -> None:
    technology = load_technology("generic45")
    text = {corner: technology.model_text(corner) for corner in technology.corners}
    parts = {
        corner: dict(zip("np", re.findall(r"\.model (?:.|\n\+)*", text[corner]), strict=True))
        for corner in text
    }
    assert parts["sf"] == {"n": parts["ss"]["n"], "p": parts["ff"]["p"]}
    assert parts["fs"] == {"n": parts["ff"]["n"], "p": parts["ss"]["p"]}


def table_rows(heading: str) -> list[list[str]]:
    """Cells of the table under a heading of docs/technology.md, without its two head lines."""
    text = DOCUMENT.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def test_documented_calibration_is_what_is_measured() -> None:
    rows = table_rows("Calibration of generic45")
    assert len(rows) == 6
    for card, *cells in rows:
        polarity, corner = card[0], card.split()[1]
        for cell, target, simulated in zip(
            cells, TARGETS[polarity, corner], figures(polarity, corner), strict=True
        ):
            shown_target, shown = (float(number) for number in cell.split(" / "))
            assert shown_target == target
            assert shown == pytest.approx(simulated, rel=0.006)


def test_documented_temperatures_are_what_is_measured() -> None:
    rows = table_rows("Temperature")
    assert len(rows) == 18
    for card, temperature, *cells in rows:
        on, linear, off, *thresholds, swing = figures(card[0], card.split()[1], int(temperature))
        measured = [on, linear, off, *thresholds, swing]
        assert [float(cell) for cell in cells] == pytest.approx(measured, rel=0.006)


def test_documented_stage_delays_are_what_is_measured() -> None:
    rows = table_rows("Ring oscillator")
    assert {row[0] for row in rows} == {"tt", "ss", "ff", "sf", "fs"}
    for corner, shown in rows:
        assert float(shown) * 1e-12 == pytest.approx(ring_oscillator(corner)[0], rel=0.03)
