"""A latch that holds its inputs: where it balances, and what its own devices add."""

import numpy as np
import pytest

from characterize.latch_balance import find_balance
from characterize.latch_growth import early
from characterize.limit_state import SensingLimitState
from characterize.ngspice import Waveforms
from characterize.pool import Decks
from circuits import build_deck, load_design
from circuits.variation import load_variation

GAIN, TAU, SUPPLY = 6.0, 8e-12, 1.0
CRITICAL = 3e-3
MOVES = np.array([0.0, 4e-3, -2e-3, 0.0, 1e-3])


@pytest.fixture(scope="module")
def deck():
    return build_deck(load_design("cancelled"), "and2", "01")


def waves_of(deck, offset, point=None):
    """A latch whose difference grows exponentially from what its inputs hold."""
    item = deck.differentials[0]
    edge = item.instant + 40e-12
    time = np.unique(
        np.concatenate([np.linspace(0, deck.stop, 2001), edge + np.arange(200) * 5e-13])
    )
    critical = CRITICAL + (0.0 if point is None else float(MOVES @ point))
    held = 0.1 - GAIN * offset
    since = np.clip((time - edge) / TAU, 0, 30)
    apart = np.clip(critical + (held - critical) * np.exp(since), -SUPPLY, SUPPLY)
    vectors = {
        item.inner.signal: item.sign * apart / 2,
        item.inner.reference: -item.sign * apart / 2,
        item.inner.clock: np.where(time < edge, 0.0, 1.0),
    }
    return Waveforms(time, vectors, 0.0)


def balance_of(deck, own=(1, 2, 4), broken=False):
    asked = []

    def simulate(decks):
        asked.extend(decks)
        return [None if broken else waves_of(deck, *one) for one in decks]

    found = find_balance(
        waves_of(deck, 0.0),
        lambda offset: _Offset(deck, offset),
        lambda one, point: (one[0], point),
        simulate,
        0,
        own,
        len(MOVES),
    )
    return found, asked


class _Offset(tuple):
    """Stands for a deck with an offset; as a tuple it is what `waves_of` takes."""

    def __new__(cls, deck, offset):
        made = super().__new__(cls, (offset,))
        made.deck = deck
        return made

    def __getattr__(self, name):
        return getattr(self.__dict__["deck"], name)


def test_the_difference_that_does_not_grow_and_what_moves_it_are_found(deck):
    found, asked = balance_of(deck)
    assert found.critical == pytest.approx(CRITICAL, abs=2e-5)
    assert found.moves == pytest.approx(MOVES, abs=2e-5)
    assert found.nominal == pytest.approx(0.1 - CRITICAL, rel=1e-3)
    assert len(asked) < 12


def test_the_imbalance_is_linear_in_the_offset_and_in_the_latchs_own_deviates(deck):
    found, _ = balance_of(deck)
    for offset in (-10e-3, 0.0, 5e-3, 15e-3, 18e-3):
        for point in (np.zeros(5), np.array([1.0, -2, 3, 1, 0]), np.array([0, 6.0, -6, 0, 4])):
            told = found.imbalance(deck, waves_of(deck, offset, point), 0, point)
            true = (0.1 - GAIN * offset - CRITICAL - MOVES @ point) / (0.1 - CRITICAL)
            assert told == pytest.approx(true, abs=2e-3)


def test_no_balance_is_no_error(deck):
    assert balance_of(deck, broken=True)[0] is None


def test_how_far_a_difference_grows_has_the_side_that_wins(deck):
    nominal = early(deck, waves_of(deck, 0.0), 0)
    assert nominal.imbalance(deck, waves_of(deck, 0.0), 0) == pytest.approx(1)
    # Held 2 mV to the right side of zero, but on the wrong side of what the latch takes for it.
    assert nominal.imbalance(deck, waves_of(deck, 0.098 / GAIN), 0) < 0


@pytest.mark.slow
def test_in_ngspice_the_value_is_one_at_rest_and_has_the_decisions_sign():
    with Decks(2) as decks:
        state = SensingLimitState(
            load_design("cancelled"), "and2", "01", None, load_variation(), decks
        )
        names = [variable.name for variable in state.variables]
        points = np.zeros((9, len(names)))
        # Thresholds of the latch's cross-coupled pair, so far apart that it errs.
        apart = np.array([0, -15, -10, -5, -2, 2, 5, 10, 15])
        points[:, names.index("xlatch0.mp1:vth")] = apart
        points[:, names.index("xlatch0.mp2:vth")] = -apart
        found = state(points)
    values = found.values[:, 0]
    assert values[0] == pytest.approx(1, rel=1e-6)
    assert np.array_equal(values < 0, found.failed)
    assert found.failed.any()
    # Linear in the threshold, although the difference at the clock does not know of it.
    line = np.polyfit(apart, values, 1)
    assert np.polyval(line, apart) == pytest.approx(values, abs=0.1)
