"""The shipped reference table: whole, right, spanning what it says, in step with the circuits."""

import hashlib
from itertools import product

import numpy as np
import pytest

from accelerator import estimate
from accelerator.ageing.delays import aged_delay, ages, threshold_shift
from characterize import load_plan
from circuits import BENCHES, Conditions, build_deck
from lut import AGED, Outcome, Table, check, reference_path

SENSING = ("read", "and2", "or2", "xor2")


@pytest.fixture(scope="module")
def table():
    return Table.open()


def test_it_obeys_its_schema_and_laws():
    assert check(reference_path()) == []


def test_it_spans_corners_supplies_temperatures_and_rows(table):
    plan = load_plan()
    for group in plan.groups:
        for name, values in plan.group_axes(group).items():
            assert tuple(table.axis(group, name)) == pytest.approx(values) or (
                tuple(table.axis(group, name)) == values
            )


@pytest.mark.parametrize("operation", SENSING)
def test_every_sense_is_right_at_every_point(table, operation):
    outcomes = table[operation].variables["outcome"].values
    assert np.all(outcomes == int(Outcome.OK))


@pytest.mark.parametrize("operation", SENSING)
def test_up_to_256_rows_every_sense_tolerates_seven_millivolts(table, operation):
    """After the amplifier's own offset was sampled; four sigma and more of what is left."""
    rows = np.asarray(table.axis(operation, "rows"))
    tolerated = table[operation].variables["offset_tolerance"].values
    assert tolerated[:, :, :, rows <= 256].min() >= 7e-3
    assert tolerated.min() >= 5e-3


def test_its_error_rates_at_the_nominal_condition_are_known_to_a_fifth(table):
    """READ below 1e-9, AND below 1e-6."""
    for operation, most in (("read", 1e-9), ("and2", 1e-6)):
        group = table[f"{operation}_statistics"].variables
        rate, low, high = (
            group[f"error_rate{end}"].values.ravel() for end in ("", "_low", "_high")
        )
        assert np.all((rate > 0) & (rate < most))
        assert np.all((low <= rate) & (rate <= high))
        # What is rarer than 1e-20 counts for nothing; the others are as precise as asked for.
        known = rate > 1e-20
        assert np.all(np.log(high[known] / low[known]) / 2 < 0.25)


def test_some_driver_writes_each_value_at_every_condition(table):
    outcomes = table["write"].variables["outcome"].values
    assert set(np.unique(outcomes)) <= {int(Outcome.OK), int(Outcome.NOT_SWITCHED)}
    # The two values have drivers of their own; perpendicular layers err when over-driven, so
    # no single width would do.
    assert np.all(np.any(outcomes == int(Outcome.OK), axis=-2))


def test_no_sense_turns_a_cell_within_its_life(table):
    temperature = np.asarray(table.axis("read", "temperature"))
    for operation in SENSING:
        # One turned cell in 1e8 senses of it in the worst corner at 125 degC; cool ones are safe.
        disturb = table[operation].variables["read_disturb"].values
        assert disturb.max() < 1e-8
        assert disturb[:, :, temperature < 310].max() < 1e-13


def test_energy_and_delay_grow_with_rows_and_tolerance_falls_with_heat(table):
    for operation in SENSING:
        group = table[operation].variables
        assert np.all(np.diff(group["energy"].values, axis=3) > 0)
        assert np.all(np.diff(group["delay"].values, axis=3) > 0)
        if operation != "xor2":  # whose tightest step changes with the temperature
            nominal = group["offset_tolerance"].values[0, 1]
            assert np.all(nominal[-1] < nominal[0])


def test_leakage_grows_with_heat(table):
    for bench in BENCHES:
        leakage = table[bench].variables["leakage_power"].values
        assert np.all(np.diff(leakage, axis=2) > 0), bench


def test_it_was_made_from_the_present_models_and_netlists(table):
    plan = load_plan()
    technology = plan.design.technology
    assert table.provenance["models"] == {
        corner: technology.content_hash(corner) for corner in plan.axes["corner"]
    }
    digests = {group: hashlib.sha256() for group in plan.groups}
    for point in plan.points():
        digests[point.group].update(point.deck(plan.design).netlist.encode())
    assert {group: digest.hexdigest() for group, digest in digests.items()} == {
        group: record["sha256"] for group, record in table.provenance["netlists"].items()
    }


def test_its_provenance_tells_the_plan_and_model_behind_each_of_its_groups(table):
    plan = load_plan()
    records = table.provenance["sources"]
    (drawn,) = [record for record in records if "statistics" in record]
    (aged,) = [record for record in records if "ageing" in record]
    assert drawn["statistics"]["variation"]["sha256"] == (
        plan.statistics.draws.variation.content_hash
    )
    assert aged["ageing"]["model"]["sha256"] == plan.ageing.model.content_hash
    assert aged["ageing"]["duty"] == plan.ageing.duty
    # The plan of each source is a part of the shipped one.
    for section, record in (("[statistics]", drawn), ("[ageing]", aged)):
        assert plan.source.partition(section)[2].partition("\n\n")[0].strip() in record["plan"]


@pytest.mark.parametrize("block", ["read", "and2", "decoder_gate", "full_adder", "flip_flop"])
def test_its_age_zero_is_the_fresh_circuit_to_the_last_bit(table, block):
    """Simulated apart: the aged points of the table agree with the rest of it."""
    aged = table[AGED[block]]
    places = [
        [list(table.axis(block, name)).index(value) for value in aged.axes[name].values]
        for name in table[block].axes
    ]
    for name in ("energy", "delay", "leakage_power", "margin", "offset_tolerance"):
        if name in aged.variables:
            along = list(aged.axes).index("age")
            fresh = table[block].spread(name)[np.ix_(*places)]
            assert np.array_equal(np.take(aged.spread(name), 0, along), fresh), name


def test_its_thresholds_shift_by_what_the_model_says(table):
    model = load_plan().ageing.model
    for block in ("full_adder", "read"):
        group = table[AGED[block]]
        for vdd in group.axes["vdd"].values:
            for temperature in group.axes["temperature"].values:
                for age in group.axes["age"].values:
                    place = {"rows": 256} if block == "read" else {}
                    found = threshold_shift(
                        table, block, age=age, vdd=vdd, temperature=temperature, **place
                    )
                    assert found == model.threshold_shift(age, temperature, vdd, 0.5)


@pytest.mark.parametrize("block", ["full_adder", "flip_flop"])
def test_logic_slows_down_with_age_and_more_so_when_hot(table, block):
    at = {"vdd": 1.0}
    slower = {}
    for temperature in (300.15, 398.15):
        delays = [
            aged_delay(table, block, age=age, temperature=temperature, **at)
            for age in ages(table, block)
        ]
        assert np.all(np.diff(delays) > 0)
        slower[temperature] = delays[-1] / delays[0] - 1
    # Ten years: 0.4 and 1.8 % of the adder, 0.7 and 4.5 % of the flip-flop.
    assert 0.002 < slower[300.15] < 0.01 < slower[398.15] < 0.06


def test_an_estimate_runs_between_its_points(table):
    report = estimate("lenet5", vdd=0.95, temperature=350.0, rows=200, columns=200)
    assert 0 < report.energy < 1e-3
    assert report.to_dict()["table"]


@pytest.mark.parametrize("bench", list(BENCHES))
def test_areas_are_those_of_the_decks_wherever_they_depend_on_a_size(table, bench):
    plan = load_plan()
    group = table[bench]
    areas = group.spread("area")
    kind = BENCHES[bench]
    ends = [(values[0], values[-1]) for values in plan.group_axes(bench).values()]
    places = [(0, len(values) - 1) for values in plan.group_axes(bench).values()]
    for place, values in zip(product(*places), product(*ends), strict=True):
        where = Conditions(**dict(zip(kind.axes, values, strict=False)))
        variant = values[-1] if kind.variants else ""
        deck = build_deck(plan.design, bench, variant, where)
        assert areas[place] == pytest.approx(deck.values["area"], rel=1e-12)
