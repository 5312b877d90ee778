"""Answers of workers: what is none of a point or deck is refused, and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characterize.answers import AnswerError, data_of, ngspice_version_of, point_result, waveforms
from characterize.ngspice import Waveforms
from characterize.pool import Simulations
from characterize.simulate import PointResult
from jobs import Done
from jobs.data import decoded, encoded
from lut import Outcome

RESULT = PointResult(
    Outcome.WRONG_LOGIC,
    {"energy": 1.5e-15, "margin": -0.0},
    "why",
    3,
    0.25,
    True,
    "quarter step",
    2.0,
)


def test_results_come_back_as_they_were():
    assert point_result(decoded(encoded(data_of(RESULT)))) == RESULT
    unknown = PointResult(Outcome.OK, {"energy": math.nan, "low": -math.inf})
    back = point_result(decoded(encoded(data_of(unknown)))).values
    assert math.isnan(back["energy"])
    assert back["low"] == -math.inf


def test_waveforms_come_back_to_the_bit():
    time = np.linspace(0, 1e-9, 7)
    waves = Waveforms(time, {"q0": np.sin(time), "v1#branch": -time}, 0.5)
    back = waveforms(decoded(encoded(data_of(waves))))
    assert back.time.tobytes() == time.tobytes()
    assert back["V1#branch"].tobytes() == (-time).tobytes()
    assert back.analysis_seconds == 0.5


def changed(**entries):
    return {**data_of(RESULT), **entries}


@pytest.mark.parametrize(
    "data",
    [
        None, [], "ok", {}, changed(outcome=99), changed(outcome=-1), changed(outcome=True),
        changed(outcome=0.0), changed(values=[]), changed(values={"energy": "1"}),
        changed(values={"energy": 1}), changed(values={"a b": 1.0}), changed(values={"": 1.0}),
        changed(values={f"v{one}": 1.0 for one in range(2000)}), changed(message=None),
        changed(simulations=-1), changed(simulations=2**70), changed(analysis_seconds=math.nan),
        changed(analysis_seconds=-1.0), changed(poisoned=0), changed(rung=1), changed(further=1),
        changed(processor_seconds=math.inf),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused(data):
    with pytest.raises(AnswerError):
        point_result(data)


@pytest.mark.parametrize(
    ("time", "vectors"),
    [
        (np.zeros(0), {}),
        (np.array([1.0, 0.0]), {}),
        (np.array([0.0, math.nan]), {}),
        (np.zeros((2, 2)), {}),
        ([0.0, 1.0], {}),
        (np.array([0.0, 1.0]), {"q": np.zeros(3)}),
        (np.array([0.0, 1.0]), {"q": [0.0, 1.0]}),
    ],
)
def test_what_are_no_waveforms_is_refused(time, vectors):
    with pytest.raises(AnswerError):
        waveforms({"time": time, "vectors": vectors, "analysis_seconds": 0.0})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(derandomize=True, max_examples=300)
@given(st.sampled_from(sorted(data_of(RESULT))), anything)
def test_any_entry_of_another_kind_is_refused_or_a_result(name, value):
    try:
        found = point_result(changed(**{name: value}))
    except AnswerError:
        return
    assert isinstance(found, PointResult)
    assert found.message.isprintable()


@pytest.mark.parametrize("version", ["39", "44.2", "46+"])
def test_versions_are_words(version):
    assert ngspice_version_of(version) == version


@pytest.mark.parametrize("version", [None, 39, "", "3 9", "x" * 65, "39\x1b[2J"])
def test_what_is_no_version_is_refused(version):
    with pytest.raises(AnswerError):
        ngspice_version_of(version)


def test_an_answer_that_is_none_is_one_failed_point():
    class Engine:
        hello = "39"

        def run(self, points):
            for point, result in zip(points, ({}, data_of(RESULT), None), strict=True):
                yield Done(point, result, "" if result is not None else "\x1b[2Jgone", hello="39")

    running = object.__new__(Simulations)
    running._engine = Engine()
    found = [done.result for done in running.simulate(["a", "b", "c"])]
    assert [one.outcome for one in found] == [
        Outcome.SIMULATOR_ERROR, Outcome.WRONG_LOGIC, Outcome.SIMULATOR_ERROR
    ]  # fmt: skip
    assert all(one.message.isprintable() for one in found)
