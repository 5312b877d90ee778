"""Wrong ANDs of an image: from the table's statistics, only where it has them."""

import numpy as np
import pytest
from statistics_table import with_statistics

from accelerator import estimate
from accelerator.errors import UnsuitableTableError
from accelerator.inference import AndErrors
from accelerator.prices import Conditions
from accelerator.render import render_text

RATES = {"00": 1e-9, "01": 2e-6, "10": 4e-6, "11": 2e-6}


def test_the_mean_over_operands_times_the_ands_is_what_is_wrong():
    report = estimate("lenet5", table=with_statistics(RATES), weight_bits=1, activation_bits=8)
    found = report.sense_errors
    assert found.rate == pytest.approx(np.mean(list(RATES.values())), rel=1e-12)
    assert found.low == pytest.approx(0.8 * found.rate)
    assert found.high == pytest.approx(1.25 * found.rate)
    assert found.wrong == pytest.approx(found.rate * report.and_operations)
    entry = report.to_dict()["sense_errors"]
    assert entry["wrong_ands"] == found.wrong
    assert entry["by_operands"] == pytest.approx(RATES)
    text = render_text(report)
    assert "operands 10: 4e-06" in text
    assert "'made up'" in text


@pytest.mark.parametrize("where", [{"vdd": 0.9}, {"corner": "ss"}, {"rows": 128}])
def test_outside_the_statistics_nothing_is_claimed(where):
    report = estimate("lenet5", table=with_statistics(RATES), **where)
    assert report.sense_errors is None
    assert report.to_dict()["sense_errors"] is None
    assert "wrong ANDs: the table has no statistics" in render_text(report)


def test_a_run_takes_its_rates_from_the_table():
    found = AndErrors.of_table(with_statistics(RATES), Conditions())
    assert found.rates == pytest.approx([RATES[name] for name in ("00", "01", "10", "11")])
    with pytest.raises(UnsuitableTableError, match=r"no error rates of AND at tt, 0\.9 V"):
        AndErrors.of_table(with_statistics(RATES), Conditions(vdd=0.9))


def test_a_point_without_a_rate_is_not_a_rate_of_zero():
    table = with_statistics({**RATES, "01": np.nan})
    assert estimate("lenet5", table=table).sense_errors is None
