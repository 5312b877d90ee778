"""Accuracy: its interval, error rates between grid points, and what wrong ANDs do to a network."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, norm
from statistics_table import with_statistics

from accelerator import trained
from accelerator.accuracy import accuracy_curve, fitted, right_answers, score
from accelerator.accuracy.plot import save_plot
from accelerator.accuracy.render import csv_rows, render_text
from accelerator.datasets import load_dataset
from accelerator.errors import EstimateError, UnsuitableTableError
from accelerator.inference import QuantizedNetwork
from accelerator.prices import Conditions
from accelerator.sense_errors import and_rates
from lut import Outcome

SUPPLIES = (0.9, 1.0, 1.1)
RATES = {"00": 0.0, "01": (0.3, 1e-2, 1e-9), "10": (0.3, 1e-2, 1e-9), "11": (0.3, 1e-2, 1e-9)}
DIGITS = trained.path_of("digits-w1a2")


@given(st.integers(1, 500), st.data())
def test_the_interval_of_one_run_is_jeffreys(images, data):
    right = data.draw(st.integers(0, images))
    found = score([right], images)
    low, high = beta(right + 0.5, images - right + 0.5).ppf([0.025, 0.975])
    assert found.accuracy == right / images
    assert found.low == pytest.approx(min(low, found.accuracy), abs=0.01)
    assert found.high == pytest.approx(max(high, found.accuracy), abs=0.01)
    assert found.spread == 0


def test_repeats_that_differ_widen_the_interval():
    same, apart = score([90] * 4, 100), score([80, 85, 95, 100], 100)
    assert apart.accuracy == pytest.approx(same.accuracy)
    assert apart.low < same.low < same.high < apart.high
    assert apart.spread == pytest.approx(np.std([0.8, 0.85, 0.95, 1.0], ddof=1))


def test_scores_are_held_against_labels():
    outputs = np.array([[1.0, 3, 2], [5, 1, 1], [0, 0, 9]])
    assert right_answers(outputs, np.array([1, 0, 0])) == 2
    with pytest.raises(EstimateError, match="no scores of 2 images"):
        right_answers(outputs, np.array([1, 0]))
    with pytest.raises(EstimateError, match="in 4 classes"):
        right_answers(outputs, np.array([1, 0, 3]))


def test_between_supplies_the_sigmas_are_interpolated():
    table = with_statistics(RATES, supplies=SUPPLIES)
    found = and_rates(table, Conditions(vdd=1.05))
    sigmas = (norm.ppf(1e-2) + norm.ppf(1e-9)) / 2
    assert found["01"] == pytest.approx(norm.cdf(sigmas), rel=1e-9)
    assert found["00"] < 1e-200
    assert and_rates(table, Conditions(vdd=1.0))["11"] == pytest.approx(1e-2)
    assert and_rates(table, Conditions(vdd=1.2)) is None


def test_a_sense_that_is_wrong_at_rest_keeps_its_rate():
    table = with_statistics(RATES, supplies=SUPPLIES)
    group = table["and2_statistics"]
    outcome = group.variables["outcome"]
    wrong = np.full(outcome.values.shape, int(Outcome.WRONG_LOGIC), np.int8)
    variables = {**group.variables, "outcome": replace(outcome, values=wrong)}
    groups = {**table.groups, "and2_statistics": replace(group, variables=variables)}
    assert and_rates(replace(table, groups=groups), Conditions(vdd=0.9))["01"] == 0.3


def test_the_shipped_network_is_as_accurate_on_sub_arrays_as_it_was_trained():
    """The accuracy in the file was found by the network that computes in floating point."""
    data = load_dataset("digits")
    outputs = QuantizedNetwork(DIGITS).run(data.images).outputs["scores"]
    right = right_answers(outputs, data.labels) / len(data.labels)
    assert right == trained.training_of(DIGITS)["test_accuracy"]
    assert right > 0.97


@pytest.fixture(scope="module")
def curve():
    table = with_statistics(RATES, supplies=SUPPLIES)
    where = [Conditions(vdd=vdd) for vdd in SUPPLIES]
    data = load_dataset("digits").first(100)
    return accuracy_curve(DIGITS, data, where, tables=[table], repeats=3, samples=64)


def test_accuracy_falls_with_the_supply_and_energy_too(curve):
    faultless, (low, middle, high) = curve
    assert high.score.accuracy == faultless
    assert low.score.accuracy < middle.score.accuracy < high.score.accuracy
    # ANDs of two zeros are never wrong here; of the others three in ten at the lowest supply.
    assert 0.05 < low.error_rate < 0.3
    assert low.report.energy < high.report.energy
    assert low.score.low < low.score.accuracy < low.score.high


def test_images_are_brought_to_the_networks_size_as_in_training():
    data = load_dataset("digits").first(2)
    larger = data.resized((1, 12, 12))
    found = fitted(larger, QuantizedNetwork(DIGITS))
    assert found.codes.shape == data.codes.shape
    assert np.array_equal(found.codes, larger.resized((1, 8, 8)).codes)
    assert np.array_equal(found.labels, data.labels)


def test_equal_seeds_give_equal_curves():
    table = with_statistics(RATES, supplies=SUPPLIES)
    data = load_dataset("digits").first(30)

    def found(seed):
        where = [Conditions(vdd=1.0)]
        options = {"tables": [table], "repeats": 2, "samples": 0, "seed": seed}
        return accuracy_curve(DIGITS, data, where, **options)[1][0].score

    assert found(1) == found(1)
    assert {found(seed).accuracy for seed in range(6)} != {found(1).accuracy}


def test_it_is_told_in_text_rows_and_a_picture(curve, tmp_path):
    faultless, points = curve
    text = render_text("digits", "digits", faultless, points)
    assert f"{faultless:.2%} without errors" in text
    assert all(f"{point.score.accuracy:.2%}" in text for point in points)
    heading, *rows = csv_rows(points)
    assert len(rows) == 3
    assert [row[heading.index("vdd")] for row in rows] == list(SUPPLIES)
    save_plot(faultless, points, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 10_000


def test_what_cannot_be_told_is_refused():
    data = load_dataset("digits").first(5)
    with pytest.raises(UnsuitableTableError, match="no error rates of AND at ss"):
        accuracy_curve(DIGITS, data, [Conditions("ss")])
    table = with_statistics(RATES, supplies=SUPPLIES)
    with pytest.raises(EstimateError, match="0 repeats"):
        accuracy_curve(DIGITS, data, [Conditions()], tables=[table], repeats=0)
