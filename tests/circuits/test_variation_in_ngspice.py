"""Varied decks in ngspice: nothing changes at zero, and what does change has its size."""

import math
import os
import subprocess

import numpy as np
import pytest

from characterize.answers import waveforms
from characterize.measure import measure
from characterize.worker import FACTORY
from circuits import BENCHES, Conditions, build_deck, load_design, load_technology
from circuits.variation import load_variation
from circuits.varied import sample, sampled, variables, vary
from jobs import Process
from lut import Outcome

SMALL = Conditions(rows=64, columns=64)
SENSING = ("read", "and2", "or2", "xor2")
RESOLUTION = 2e-4


@pytest.fixture(scope="module")
def simulate(tmp_path_factory):
    """`simulate(deck)`: its measures, by one ngspice for the whole module."""
    worker = Process(FACTORY, None, str(tmp_path_factory.mktemp("worker")))
    worker.receive()

    def run(deck):
        worker.send(deck)
        return measure(deck, waveforms(worker.receive().result))

    yield run
    worker.kill()


def plain_ngspice(text, folder):
    """Columns of `wrdata` in plain ngspice, first the scale."""
    (folder / "deck.cir").write_text(text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_THREAD_LIMIT": "1"}
    subprocess.run(
        ["ngspice", "-n", "-b", "deck.cir"],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return np.loadtxt(folder / "out.txt").T


# What a design chooses is in its sensing and writing; the logic is the same in all.
@pytest.mark.parametrize(
    ("name", "bench"),
    [
        *(("strongarm", bench) for bench in BENCHES),
        *((name, bench) for name in ("precharge", "stt") for bench in (*SENSING, "write")),
        ("domain-wall", "and2"),
        ("domain-wall", "write"),
    ],
)
def test_zero_deviates_change_nothing_and_a_sample_does(name, bench, simulate):
    design, variation = load_design(name), load_variation()
    for variant in BENCHES[bench].variants or ("",):
        deck = build_deck(design, bench, variant, SMALL)
        count = len(variables(deck, design, variation))
        nominal = simulate(deck)
        same = simulate(vary(deck, design, variation, np.zeros(count)))
        assert nominal.outcome is same.outcome is Outcome.OK
        assert same.values == pytest.approx(nominal.values, rel=1e-9, abs=0)
    other = simulate(sampled(deck, design, variation, 1))
    assert other.values["energy"] != nominal.values["energy"]


def tolerated(simulate, polarity, operands, device, shift):
    """Largest offset [V] of one polarity with which AND is right, one threshold shifted [V]."""
    design, variation = load_design("strongarm"), load_variation()
    right, wrong = 0.0, 0.1
    while wrong - right > RESOLUTION:
        trial = (right + wrong) / 2
        deck = build_deck(design, "and2", operands, SMALL, polarity * trial)
        known = variables(deck, design, variation)
        deviates = [shift / v.sigma if v.name == f"{device}:vth" else 0.0 for v in known]
        assert any(deviates) == (shift != 0)
        outcome = simulate(vary(deck, design, variation, deviates)).outcome
        right, wrong = (trial, wrong) if outcome is Outcome.OK else (right, trial)
    return right


def test_a_threshold_of_the_pair_shifts_the_tolerated_offset(simulate, tmp_path):
    # BSIM4's mobility falls with the threshold, so that 10 mV of it acts like some 11 at the
    # gate: how many is read off one transistor, at the overdrive at which the pair decides.
    cards = load_technology("generic45").model_text("tt")
    size = "pmos_generic45 w=1.6u l=50n"
    text = (
        f"gate shift\n{cards}\nM1 a g 0 0 {size}\nM2 b g 0 0 {size} delvto=10m\n"
        "Va a 0 -0.4\nVb b 0 -0.4\nVg g 0 0\n"
        ".control\ndc Vg -0.8 -0.2 0.005\nset wr_singlescale\n"
        "wrdata out.txt i(Va) i(Vb)\nquit\n.endc\n.end\n"
    )
    gate, plain, shifted = plain_ngspice(text, tmp_path)
    equivalent = np.interp(np.interp(-0.6, gate, np.log(shifted)), np.log(plain[::-1]), gate[::-1])
    acts_like = -0.6 - equivalent
    assert 0.010 < acts_like < 0.012
    before = tolerated(simulate, -1, "01", "xlatch0.msig", 0.0)
    assert before > 0.015
    for device, sign in (("xlatch0.msig", 1), ("xlatch0.mref", -1)):
        after = tolerated(simulate, -1, "01", device, 0.010)
        assert after - before == pytest.approx(sign * acts_like, abs=1e-3)


@pytest.mark.parametrize("state", [0, 1])
def test_factors_change_a_junctions_current_exactly(state, tmp_path):
    device = load_design("strongarm").device
    factor, tmr_factor = 1.13, 0.87
    text = (
        f"junction\n{device.subcircuit()}"
        f"X1 a 0 junction ap={state} resistance={factor} magnetoresistance={tmr_factor}\n"
        "Va a 0 0\n.temp 26.85\n.control\ndc Va 0.1 0.5 0.1\nset wr_singlescale\n"
        "set numdgt=15\nwrdata out.txt i(Va)\nquit\n.endc\n.end\n"
    )
    for voltage, current in plain_ngspice(text, tmp_path).T:
        tmr = tmr_factor * device.magnetoresistance(voltage, 300.0) * state
        expected = voltage / (factor * device.resistance_parallel * (1 + tmr))
        assert -current == pytest.approx(expected, rel=1e-9)


def test_the_mean_margin_is_the_nominal_one(simulate):
    design, variation = load_design("strongarm"), load_variation()
    deck = build_deck(design, "and2", "01", SMALL)
    nominal = simulate(deck).values["margin"]
    margins = np.array(
        [
            simulate(vary(deck, design, variation, deviates)).values["margin"]
            for deviates in sample(deck, design, variation, 3, 25)
        ]
    )
    spread = float(np.std(margins, ddof=1))
    assert spread > 1e-3
    assert abs(float(np.mean(margins)) - nominal) < 3 * spread / math.sqrt(len(margins))
