"""Decks and design files of the offset-cancelled amplifier."""

import re

import pytest

from circuits import Conditions, DesignError, amplifiers_per_reference, build_deck, load_design
from circuits.cancelled_sensing import steps_of
from circuits.design import DESIGN_FOLDER


def changed(tmp_path, source, pattern, replacement):
    text, count = re.subn(
        pattern, replacement, (DESIGN_FOLDER / source).read_text(), count=1, flags=re.M | re.S
    )
    assert count == 1, pattern
    path = tmp_path / source
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("source", "pattern", "replacement", "said"),
    [
        ("cancelled.toml", r"^\[sampling\].*?(?=^\[)", "", r"section \[sampling\] is missing"),
        ("cancelled.toml", r"^columns_per_reference = 1", "columns_per_reference = 2", "own; set"),
        ("cancelled.toml", r'^reference_share = "0.65', 'reference_share = "1.2', "at most 0.9"),
        ("cancelled.toml", r'^storage_length = "1 um"', 'storage_length = "9 nm"', "least length"),
        ("cancelled.toml", r'^clamp_width = "4 um"', 'clamp_width = "9 nm"', "least width"),
        ("strongarm.toml", r"^\[bias\]", "[sampling]\n[bias]", "only a design with the amplifier"),
        ("precharge.toml", r"^\[bias\]", "[sampling]\n[bias]", "only a design with the amplifier"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, source, pattern, replacement, said):
    with pytest.raises(DesignError, match=said) as caught:
        load_design(changed(tmp_path, source, pattern, replacement))
    assert "\n" not in str(caught.value)


def test_other_designs_have_no_sampling():
    for name in ("strongarm", "precharge", "stt"):
        assert load_design(name).sampling is None


@pytest.mark.parametrize("count", [1, 2])
def test_steps_follow_each_other_and_fill_the_cycle(count):
    design = load_design("cancelled")
    first, second = (steps_of(design, 256, cycle, count) for cycle in (0, 1))
    assert len(first) == count
    for steps in first:
        times = [
            steps.start, steps.equalized, steps.sampled, steps.begun, steps.settled, steps.fire,
        ]  # fmt: skip
        assert times == sorted(times)
        assert steps.fire < steps.stop
    assert second[0].start == pytest.approx(first[0].stop)
    if count == 1:
        assert first[0].stop == pytest.approx(design.timing.sense_cycle(256))
    else:
        assert first[1].begun == first[0].fire


def test_too_few_rows_for_the_samples_are_refused():
    design = load_design("cancelled-read")
    with pytest.raises(DesignError, match="amplify"):
        build_deck(design, "read", "0", Conditions(rows=8))


def test_each_amplifier_has_a_reference_of_its_own():
    design = load_design("cancelled")
    assert amplifiers_per_reference(design, "and2") == 1
    assert amplifiers_per_reference(design, "xor2") == 1
    netlist = build_deck(design, "xor2", "01").netlist.lower()
    assert netlist.count("xbranch") == 2
    # One dummy column for each, and the generator's.
    assert len(re.findall(r"^x\w+ .*column_2_m1", netlist, flags=re.M)) == 3


def test_the_branch_and_its_store_count_in_the_area():
    design = load_design("cancelled")
    areas = {
        op: build_deck(design, op, "0" * n).values["area"] for op, n in (("read", 1), ("xor2", 2))
    }
    assert 15e-12 < areas["read"] < areas["xor2"] < 2 * areas["read"]
