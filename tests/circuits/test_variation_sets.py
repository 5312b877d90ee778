"""Variation sets: what they hold, the sigmas that follow, and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

from circuits import DesignError, load_magnet, load_technology
from circuits.variation import FIELDS, VARIATION_FOLDER, load_variation, variation_names
from circuits.varied_magnets import vary_magnet


@pytest.fixture
def own_set(tmp_path):
    """`own_set(area_sigma=0.1)`: the default set with SI values replaced."""

    def load(**values):
        lines = (VARIATION_FOLDER / "default.toml").read_text().split("\n")
        kept = [line for line in lines if line.split(" = ")[0] not in values]
        si = {"nm": 1e-9, "%": 1e-2, "mV um": 1e-9}
        for key, value in values.items():
            unit = FIELDS[key].unit
            number = value / si[unit]
            kept.append(
                f'{key} = {{ value = {number!r}, unit = "{unit}", tag = "assumed", source = "x" }}'
            )
        path = tmp_path / "own.toml"
        path.write_text("\n".join(kept))
        return load_variation(path)

    return load


def test_the_shipped_sets_have_their_names():
    assert variation_names() == ["default", "none"]
    assert load_variation().name == "default"
    assert load_variation("none").name == "none"


def test_the_default_set_gives_ra_two_percent():
    assert load_variation().resistance_sigma == pytest.approx(0.02, rel=1e-3)


def test_the_decay_length_is_that_of_its_barrier():
    mass, planck, charge = 9.1093837e-31, 6.62607015e-34, 1.602176634e-19
    decay = planck / (4 * math.pi * math.sqrt(2 * mass * 0.39 * charge))
    assert load_variation().parameters["barrier_decay_length"] == pytest.approx(decay, rel=5e-3)


def test_a_pair_differs_by_the_coefficient_over_the_root_of_the_area():
    technology, variation = load_technology("generic45"), load_variation()
    one = variation.threshold_sigma(technology, "p", 1e-6, 1e-6)
    assert math.sqrt(2) * one == pytest.approx(2.5e-3)
    assert math.sqrt(2) * variation.current_factor_sigma("n", 1e-6, 1e-6) == pytest.approx(0.01)
    assert variation.threshold_sigma(technology, "p", 4e-6, 1e-6) == pytest.approx(one / 2)
    assert variation.threshold_sigma(technology, "p", 2e-6, 2e-6) == pytest.approx(one / 2)


def test_a_coefficient_of_single_devices_is_converted():
    technology, variation = load_technology("generic45"), load_variation()
    mismatch = replace(technology.mismatch, convention="device")
    single = replace(technology, mismatch=mismatch)
    assert variation.threshold_sigma(single, "n", 1e-6, 1e-6) == pytest.approx(2.5e-3)


def test_an_own_coefficient_comes_before_the_technologys(own_set):
    variation = own_set(threshold_coefficient_n=4e-9)
    technology = load_technology("generic45")
    assert variation.threshold_coefficient(technology, "n") == pytest.approx(4e-9)
    assert variation.threshold_coefficient(technology, "p") == pytest.approx(2.5e-9)


def test_the_hash_is_of_the_numbers_alone(own_set):
    assert own_set().content_hash == load_variation().content_hash
    assert own_set(area_sigma=0.03).content_hash != load_variation().content_hash


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"area_sigma": -0.01}, "area_sigma.*at least 0"),
        ({"magnetoresistance_sigma": 0.9}, "at most 0.5"),
        ({"barrier_decay_length": 0.0}, "barrier_decay_length"),
        ({"barrier_thickness_sigma": 0.1e-9}, "gives RA a sigma of 0.641"),
        ({"threshold_coefficient_p": -1e-9}, "threshold_coefficient_p"),
        ({"current_factor_coefficient_n": 1e-6}, "current_factor_coefficient_n"),
    ],
)
def test_what_no_process_has_is_refused(own_set, values, said):
    with pytest.raises(DesignError, match=said) as caught:
        own_set(**values)
    assert "\n" not in str(caught.value)


def test_unknown_sets_keys_and_texts_are_refused(tmp_path):
    with pytest.raises(DesignError, match="unknown variation 'wild'; choose one of default, none"):
        load_variation("wild")
    text = (VARIATION_FOLDER / "default.toml").read_text()
    for old, new, said in (
        ('name = "default"', 'name = "a\\nb"', "must be a name"),
        ("area_sigma", "area_spread", "unknown key 'area_spread'"),
        ('"%"', '"furlong"', "unknown unit 'furlong'"),
    ):
        path = tmp_path / "bad.toml"
        path.write_text(text.replace(old, new))
        with pytest.raises(DesignError, match=said):
            load_variation(path)


def test_magnets_have_the_sets_sigmas():
    magnet, variation = load_magnet("Zhang2026"), load_variation()
    drawn = [vary_magnet(magnet, variation, seed) for seed in range(400)]
    for name, sigma, nominal in (
        ("magnetization", 0.01, magnet.magnetization),
        ("anisotropy", 0.02, magnet.anisotropy),
        ("volume", 0.02, magnet.volume),
    ):
        logarithms = np.log([getattr(one, name) / nominal for one in drawn])
        assert np.std(logarithms) == pytest.approx(sigma, rel=0.12)
        assert abs(np.mean(logarithms)) < 4 * sigma / math.sqrt(len(drawn))
    assert vary_magnet(magnet, variation, 5) == vary_magnet(magnet, variation, 5)
    assert vary_magnet(magnet, load_variation("none"), 5) == magnet


def test_a_magnet_without_a_barrier_is_refused(own_set):
    magnet, variation = load_magnet("Zhang2026"), own_set(anisotropy_sigma=0.5)
    weak = next(
        seed for seed in range(100) if np.random.default_rng(seed).standard_normal(3)[1] < -1.5
    )
    with pytest.raises(DesignError, match=f"Zhang2026, seed {weak}: "):
        vary_magnet(magnet, variation, weak)
