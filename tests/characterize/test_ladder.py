"""The retry ladder: what is tried when ngspice finds no solution, and that it is said."""

import numpy as np
import pytest

from characterize.ladder import higher, rungs
from characterize.measure import measure
from characterize.ngspice import SimulationFailedError, Waveforms
from characterize.plan import Point
from characterize.pool import run_deck
from characterize.simulate import Simulator
from circuits import Conditions, build_deck, load_design
from lut import Outcome


class Stubborn:
    """An ngspice that finds a solution only where the deck holds some text."""

    def __init__(self, wanted, *, convergence=True, waves=None):
        self.wanted, self.convergence, self.waves, self.runs = wanted, convergence, waves, 0

    def run(self, netlist):
        self.runs += 1
        if self.wanted in netlist:
            return self.waves
        raise SimulationFailedError("timestep too small", convergence=self.convergence)


@pytest.fixture(scope="module")
def gate():
    deck = build_deck(load_design(), "decoder_gate", "", Conditions())
    return deck, run_deck(deck)


def test_the_plan_comes_first_and_every_rung_is_another_deck(gate):
    names, decks = zip(*rungs(gate[0].netlist), strict=True)
    assert decks[0] == gate[0].netlist
    assert len(set(decks)) == len(set(names)) == 4
    for netlist in decks[1:]:
        assert netlist.endswith(".end\n")
        assert netlist.count(".tran ") == 1
        # Nothing of the circuit, its models and its temperature changes.
        head = gate[0].netlist.split(".tran")[0]
        assert netlist.startswith(head)


@pytest.mark.parametrize(
    ("wanted", "rung", "runs"),
    [(".end", "", 1), ("itl4=100", "quarter step", 2), ("method=trap", "trapezoidal rule", 3),
     ("srcsteps", "stepped operating point", 4)],
)  # fmt: skip
def test_the_first_rung_that_works_is_taken_and_recorded(gate, wanted, rung, runs):
    ngspice = Stubborn(wanted, waves=gate[1])
    result = Simulator(ngspice, load_design()).point(Point("decoder_gate", "", Conditions()))
    assert result.outcome is Outcome.OK
    assert (result.rung, ngspice.runs, result.simulations) == (rung, runs, runs)


def test_what_no_rung_solves_is_an_outcome(gate):
    ngspice = Stubborn("nothing has this")
    result = Simulator(ngspice, load_design()).point(Point("decoder_gate", "", Conditions()))
    assert result.outcome is Outcome.NO_CONVERGENCE
    assert ngspice.runs == 4
    refused = Stubborn("nothing has this", convergence=False)
    result = Simulator(refused, load_design()).point(Point("decoder_gate", "", Conditions()))
    assert result.outcome is Outcome.SIMULATOR_ERROR
    assert refused.runs == 1


def test_higher():
    assert higher("", "quarter step") == higher("quarter step", "") == "quarter step"
    assert higher("trapezoidal rule", "quarter step") == "trapezoidal rule"


@pytest.mark.parametrize("bench", ["and2", "decoder_gate"])
def test_every_rung_measures_the_same(bench):
    """What a rung changes is the way to the solution: measures move by less than 2 %."""
    deck = build_deck(load_design(), bench, "11" if bench == "and2" else "", Conditions(rows=64))
    found = []
    for _, netlist in rungs(deck.netlist):
        waves = run_deck(type(deck)(**{**vars(deck), "netlist": netlist}))
        assert isinstance(waves, Waveforms)
        measured = measure(deck, waves)
        assert measured.outcome is Outcome.OK
        found.append([measured.values[name] for name in ("energy", "delay")])
    assert np.max(np.abs(np.array(found) / found[0] - 1)) < 0.02
