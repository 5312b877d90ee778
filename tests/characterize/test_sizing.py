"""Sizing: the search on products of powers with a known optimum, and on a circuit."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from characterize.errors import PlanError
from characterize.pool import Decks
from characterize.size_search import SizeSearch
from characterize.sized import find_size
from characterize.sizing import Demand, Evaluator, Sized, free_parameters, with_values
from circuits import Conditions, load_design
from circuits.variation import load_variation

DESIGN = load_design()
PARAMETERS = free_parameters(DESIGN, "and2")
DEMAND = Demand("and2", 1e-6, Conditions(), load_variation())


def made_up(bend=0.0, disturbing=False):
    """Energy and distance as products of powers, bent where `bend` is not zero."""
    origin = np.array([parameter.of(DESIGN) for parameter in PARAMETERS])
    energy_powers = np.linspace(0.8, 0.1, len(PARAMETERS))
    distance_powers = np.linspace(0.1, 0.5, len(PARAMETERS))

    def evaluate(design):
        x = np.log([parameter.of(design) for parameter in PARAMETERS]) - np.log(origin)
        energy = 1e-13 * math.exp(energy_powers @ x + bend * x @ x)
        distance = 4.0 * math.exp(distance_powers @ x - bend * x @ x)
        disturb = 1e-9 * math.exp(20 * x[0]) if disturbing else 1e-30
        return Sized(design, energy, 5e-9, disturb, 5.0, {"01": distance, "11": 1.2 * distance})

    return evaluate


def test_the_search_ends_at_the_optimum_of_a_linear_program():
    search = SizeSearch(DESIGN, PARAMETERS, DEMAND, made_up())
    found = search.run(5.0, 60)
    from scipy.optimize import linprog

    energy_powers = np.linspace(0.8, 0.1, len(PARAMETERS))
    distance_powers = np.linspace(0.1, 0.5, len(PARAMETERS))
    origin = np.array([parameter.of(DESIGN) for parameter in PARAMETERS])
    # Sizes lie on a grid and are not below what the technology can make.
    bounds = []
    for factor in (1 / 5, 5):
        end = with_values(DESIGN, PARAMETERS, factor * origin)
        bounds.append([math.log(p.of(end) / p.of(DESIGN)) for p in PARAMETERS])
    best = linprog(
        energy_powers, A_ub=[-distance_powers], b_ub=[-math.log(1.01 * 5.0 / 4.0)],
        bounds=list(zip(*bounds, strict=True)),
    )  # fmt: skip
    assert found.distance >= 5.0
    assert math.log(found.energy / 1e-13) == pytest.approx(best.fun, abs=0.02)
    assert found.energy < 0.3e-13


def test_bent_surfaces_only_cost_more_steps():
    straight = SizeSearch(DESIGN, PARAMETERS, DEMAND, made_up())
    bent = SizeSearch(DESIGN, PARAMETERS, DEMAND, made_up(bend=0.1))
    assert bent.run(4.5, 60).distance >= 4.5
    assert straight.run(4.5, 60).energy < bent.best(4.5).energy < 1e-13


def test_a_stricter_demand_costs_no_less_energy():
    search = SizeSearch(DESIGN, PARAMETERS, DEMAND, made_up(bend=0.05))
    energies = [search.run(distance, 25).energy for distance in (4.0, 5.0, 6.0)]
    assert energies == sorted(energies)


def test_constraints_are_kept():
    search = SizeSearch(DESIGN, PARAMETERS, replace(DEMAND, aspect=4.0), made_up())
    assert search.run(4.0, 20) is None  # all of them have an aspect of 5
    late = SizeSearch(DESIGN, PARAMETERS, replace(DEMAND, cycle_time=4e-9), made_up())
    assert late.run(4.0, 20) is None  # all of them take 5 ns
    disturbed = SizeSearch(DESIGN, PARAMETERS, DEMAND, made_up(disturbing=True))
    assert disturbed.run(5.0, 60).read_disturb <= DEMAND.read_disturb


def test_a_limit_on_the_cycle_costs_energy_and_is_kept():
    def timed(design):
        sized = made_up()(design)
        return replace(sized, cycle_time=5e-9 * design.sampling.amplify / DESIGN.sampling.amplify)

    found = {
        limit: SizeSearch(DESIGN, PARAMETERS, replace(DEMAND, cycle_time=limit), timed).run(5, 60)
        for limit in (math.inf, 4e-9)
    }
    assert found[4e-9].cycle_time <= 4e-9
    assert found[4e-9].distance >= 5.0
    assert found[math.inf].cycle_time > 4e-9
    assert found[math.inf].energy < found[4e-9].energy


def test_designs_that_cannot_be_evaluated_are_stepped_around():
    evaluate = made_up()

    def fragile(design):
        narrow = design.bias.mirror_width < 0.9 * DESIGN.bias.mirror_width
        return None if narrow else evaluate(design)

    found = SizeSearch(DESIGN, PARAMETERS, DEMAND, fragile).run(4.0, 40)
    assert found.energy < 1e-13
    assert found.design.bias.mirror_width >= 0.9 * DESIGN.bias.mirror_width
    with pytest.raises(PlanError, match="begin with another"):
        SizeSearch(DESIGN, PARAMETERS, DEMAND, lambda design: None).run(4.0, 10)


def test_values_lie_on_their_grids_and_within_the_technology():
    tiny = with_values(DESIGN, PARAMETERS, np.full(len(PARAMETERS), 1e-12))
    assert tiny.bias.mirror_width >= DESIGN.technology.width_min * (1 - 1e-9)
    assert tiny.bias.mirror_length >= DESIGN.technology.length_min * (1 - 1e-9)
    same = with_values(DESIGN, PARAMETERS, np.array([p.of(DESIGN) for p in PARAMETERS]))
    for section in ("bias", "timing", "amplifier_sizes"):
        written = asdict(getattr(DESIGN, section))
        assert asdict(getattr(same, section)) == pytest.approx(written, rel=1e-8)


@pytest.fixture(scope="module")
def decks():
    with Decks(2) as started:
        yield started


@pytest.mark.slow
def test_more_current_moves_a_read_away_from_failing(decks):
    demand = Demand("read", 1e-3, Conditions(rows=64), load_variation())
    evaluate = Evaluator(demand, decks)
    first = evaluate(DESIGN)
    richer = evaluate(
        replace(DESIGN, bias=replace(DESIGN.bias, current_read=1.3 * DESIGN.bias.current_read))
    )
    assert set(first.distances) == {"0", "1"}
    assert richer.distance > 1.1 * first.distance
    assert richer.energy > first.energy
    assert richer.read_disturb >= first.read_disturb


def test_what_cannot_be_built_is_no_candidate(decks):
    demand = Demand("read", 1e-3, Conditions(rows=64), load_variation())
    timing = replace(DESIGN.timing, develop=1e-12, develop_per_row=1e-15, latch=2e-12)
    assert Evaluator(demand, decks)(replace(DESIGN, timing=timing)) is None


@pytest.mark.slow
def test_a_read_is_sized_and_its_rate_confirmed(decks):
    demand = Demand("read", 1e-2, Conditions(rows=64), load_variation())
    found = find_size(DESIGN, demand, decks, evaluations=10)
    assert found.met
    assert all(rate.rate <= 1e-2 for rate in found.best.rates.values())
    rates = [rate for rate, _ in found.frontier()]
    energies = [one.energy for _, one in found.frontier()]
    assert energies == sorted(energies)
    assert rates == sorted(rates, reverse=True)
