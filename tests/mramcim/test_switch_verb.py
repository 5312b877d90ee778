"""`mramcim switch`: the crossing time and the end, as text and JSON, and what is refused."""

from __future__ import annotations

import json

import pytest

from circuits import load_magnet


def test_text_and_json_tell_the_crossing_and_the_end(command):
    words = ("switch", "UMN2015", "--current", "450e-6")
    content = json.loads(command(*words, "--json").stdout)
    assert content["format"] == "mramcim-switch/1"
    assert content["crossing_time_s"] == pytest.approx(87.81662506e-12, abs=0.2e-12)
    assert content["switched"] is True
    assert content["final_m"] == pytest.approx([0.0739, 0.0054, -0.9972], abs=0.01)
    assert content["demagnetization"] == [0.0242, 0.0242, 0.9515]
    assert content["demagnetization_computed"] == pytest.approx([0.0242, 0.0242, 0.9515], abs=1e-4)
    lines = dict(line.split(maxsplit=1) for line in command(*words).stdout.splitlines())
    assert float(lines["crossing_time_s"]) == pytest.approx(content["crossing_time_s"], rel=1e-5)
    assert lines["switched"] == "yes"
    assert len(lines["final_m"].split()) == 3


def test_no_crossing_is_null(command):
    words = ("switch", "UMN2015", "--current", "2e-4")
    content = json.loads(command(*words, "--json").stdout)
    assert content["crossing_time_s"] is None
    assert content["switched"] is False
    assert "crossing_time_s   null" in command(*words).stdout


def test_pulse_duration_and_settings_reach_the_run(command, tmp_path):
    short = ("switch", "Fan2018", "--current", "1e-4", "--duration", "2e-9", "--json")
    whole = json.loads(command(*short).stdout)
    cut = json.loads(command(*short, "--pulse", "0.3e-9").stdout)
    assert whole["pulse_s"] == 10e-9
    assert cut["pulse_s"] == 0.3e-9
    assert whole["crossing_time_s"] == pytest.approx(738.4613e-12, rel=5e-4)
    assert cut["crossing_time_s"] != whole["crossing_time_s"]
    changes = ("--set", "damping=0.01", "--set", "temperature=350")
    lossy = json.loads(command(*short, *changes).stdout)
    assert lossy["crossing_time_s"] > whole["crossing_time_s"]
    assert lossy["temperature_K"] == 350
    text = load_magnet("Fan2018").sources.path.read_text().replace("value = 0.007", "value = 0.01")
    (tmp_path / "own.toml").write_text(text)
    own = json.loads(command("switch", "own.toml", *short[2:]).stdout)
    assert own["crossing_time_s"] == lossy["crossing_time_s"]


def test_temperature_noise_follows_its_seed(command):
    words = ("switch", "Fan2018", "--current", "1e-4", "--duration", "1e-9", "--json")
    quiet = json.loads(command(*words, "--temperature-noise", "off").stdout)
    assert quiet == json.loads(command(*words).stdout)
    assert quiet["temperature_noise_seed"] is None
    noisy = json.loads(command(*words, "--temperature-noise", "on", "--seed", "3").stdout)
    assert noisy["temperature_noise_seed"] == 3
    assert noisy["crossing_time_s"] != quiet["crossing_time_s"]


def test_a_domain_wall_moves_by_its_name_family_and_file(command, tmp_path):
    words = ("--current", "3e-4", "--pulse", "2e-9", "--duration", "6e-9")
    content = json.loads(command("switch", "domain-wall", *words, "--json").stdout)
    assert content["format"] == "mramcim-switch/1"
    assert content["device"] == "Emori2013"
    # DOP853 of the same equations: 679.3767 ps.
    assert content["crossing_time_s"] == pytest.approx(679.3767e-12, abs=0.05e-12)
    assert content["switched"] is True
    assert content["final_position_m"] == pytest.approx(-content["initial_position_m"], abs=1e-11)
    assert content["final_angle_rad"] == pytest.approx(3.14159265, abs=1e-5)
    assert content["thermal_stability"] > 60
    output = command("switch", "Emori2013", *words).stdout
    lines = dict(line.split(maxsplit=1) for line in output.splitlines())
    assert float(lines["crossing_time_s"]) == pytest.approx(content["crossing_time_s"], rel=1e-6)
    assert lines["switched"] == "yes"
    from circuits.wall_parameters import WALL_FOLDER

    (tmp_path / "own.toml").write_text((WALL_FOLDER / "Emori2013.toml").read_text())
    own = json.loads(command("switch", "own.toml", *words, "--json").stdout)
    assert own == content
    noisy = ("--temperature-noise", "on", "--seed", "2", "--json")
    warm = json.loads(command("switch", "domain-wall", *words, *noisy).stdout)
    assert warm["temperature_noise_seed"] == 2
    assert warm["crossing_time_s"] != content["crossing_time_s"]


def test_a_domain_wall_that_does_not_pass_is_null(command):
    words = ("switch", "domain-wall", "--current", "2e-4", "--json")
    content = json.loads(command(*words).stdout)
    assert content["crossing_time_s"] is None
    assert content["switched"] is False
    strong = json.loads(command(*words, "--set", "spin_hall_angle=0.15").stdout)
    assert strong["switched"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["UMN2015"], "--current"),
        (["domain-wall", "--current", "2e-3"], "through the fixed ends"),
        (["domain-wall", "--current", "1e-4", "--set", "dmi_constant=0"], "Dzyaloshinskii-Moriya"),
        (["domain-wall", "--current", "1e-4", "--set", "damp=1"], "unknown key 'damp'"),
        (["domain-wall", "--current", "1e-4", "--pulse", "0"], "a pulse of 0 s"),
        (["UMN1900", "--current", "1e-4"], "unknown device 'UMN1900'"),
        (["absent.toml", "--current", "1e-4"], "absent.toml"),
        (["UMN2015", "--current", "much"], "'much' is not a number"),
        (["UMN2015", "--current", "450"], "give it in ampere"),
        (["UMN2015", "--current", "1e-4", "--pulse", "0"], "a pulse of 0 s"),
        (["UMN2015", "--current", "1e-4", "--duration", "6"], "a duration of 6 s"),
        (["UMN2015", "--current", "1e-4", "--set", "damping"], "is not KEY=VALUE"),
        (["UMN2015", "--current", "1e-4", "--set", "damping=a"], "'a' is no value of 'damping'"),
        (["UMN2015", "--current", "1e-4", "--set", "damp=1"], "unknown key 'damp'"),
        (["UMN2015", "--current", "1e-4", "--set", "damping=1 nm"], "measures length"),
        (["UMN2015", "--current", "1e-4", "--set", "external_field_x=0"], "symmetry breaking"),
        (["UMN2015", "--current", "1e-4", "--temperature-noise", "warm"], "'warm'"),
        (["UMN2015", "--current", "1e-4", "--seed", "0"], "'0' is not a whole number"),
        (["UMN2015", "--current", "1e-4", "--json", "absent/a.json"], "absent"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(refused, words, said):
    refused("switch", *words, said)
