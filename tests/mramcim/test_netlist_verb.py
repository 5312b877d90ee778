"""`mramcim netlist`: a deck that plain ngspice runs, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest

from circuits import BENCHES, operand_patterns


def needs(monkeypatch, width):
    """Have every write need a pulse of this width [s], without looking for it."""
    from characterize.write_points import Need, WriteErrors

    monkeypatch.setattr(WriteErrors, "need", lambda *_: Need(width, 1e-7))


def test_a_write_is_printed_with_the_pulse_that_simulate_reports(here, tmp_path, monkeypatch):
    needs(monkeypatch, 1.7e-9)
    words = ("write", "--rows", 64, "--operands", "0")
    told = json.loads(here("simulate", *words, "--json").out)["measures"]
    found = printed_measures(here("netlist", *words).out, tmp_path)
    assert told["delay_s"] == pytest.approx(1.7e-9)
    for name, value in told.items():
        if name != "peak_current_A":
            assert found[re.sub("_(J|s|W|A|m2)$", "", name)] == pytest.approx(value, rel=1e-5)
    content = json.loads(here("netlist", *words, "--json").out)
    assert content["netlist"] == here("netlist", *words).out
    asked = printed_measures(here("netlist", *words, "--pulse", 1.7e-9).out, tmp_path)
    assert asked["energy"] == found["energy"]
    assert "error_rate" not in asked


def test_a_write_that_does_not_switch_is_printed_with_the_longest_pulse(here, monkeypatch):
    needs(monkeypatch, None)
    text = here("netlist", "write", "--rows", 64).out
    assert ".meas tran error_rate param=" in text
    assert ".meas tran delay param='1e-08'" in text


@pytest.mark.slow
def test_a_write_with_the_pulse_that_is_found(here, tmp_path):
    words = ("write", "--rows", 64, "--design", "domain-wall")
    told = json.loads(here("simulate", *words, "--json").out)["measures"]
    found = printed_measures(here("netlist", *words).out, tmp_path)
    assert found["energy"] == pytest.approx(told["energy_J"], rel=1e-5)
    assert found["delay"] == pytest.approx(told["delay_s"], rel=1e-5)


def printed_measures(text, folder):
    """What `mramcim netlist ... | ngspice -b` prints of measures."""
    result = subprocess.run(
        ["ngspice", "-b"], input=text, cwd=folder, capture_output=True, text=True, timeout=120,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"}, check=True,
    )  # fmt: skip
    return {
        name: float(value) for name, value in re.findall(r"(?m)^(\w+) *= +(\S+)", result.stdout)
    }


def test_the_deck_runs_in_plain_ngspice(here, tmp_path):
    if shutil.which("ngspice") is None:
        pytest.fail("ngspice is missing; `./setup.sh test` installs it")
    (tmp_path / "deck.cir").write_text(here("netlist", "and2", "--rows", 64).out)
    result = subprocess.run(
        ["ngspice", "-b", "-r", "out.raw", "deck.cir"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    head = (tmp_path / "out.raw").read_bytes()[:4000].decode("latin-1")
    assert "Plotname: Transient Analysis" in head
    assert int(head.split("No. Points:")[1].split()[0]) > 100


@pytest.mark.parametrize("bench", BENCHES)
def test_every_bench_has_a_deck_by_default(here, bench):
    # A write's own pulse takes a search; what it finds is compared above.
    text = here("netlist", bench, *(("--pulse", 2e-9) if bench == "write" else ())).out
    assert ".tran" in text
    assert ".meas tran energy " in text
    assert text.rstrip().endswith(".end")


def test_operands_and_conditions_reach_the_deck(here):
    decks = {bits: here("netlist", "and2", "--operands", bits).out for bits in ("00", "11")}
    assert decks["00"] != decks["11"]
    assert here("netlist", "and2").out == decks["11"]
    assert operand_patterns("and2")[-1] == "11"
    cold = here("netlist", "read", "--corner", "ss", "--vdd", "0.9", "--temperature", "-40").out
    assert ".temp -40" in cold.lower() or "temp=-40" in cold.lower()
    assert "corner ss, VDD 0.9 V" in cold


def test_a_sample_names_its_variation_and_seed(here):
    text = here("netlist", "and2", "--sample", 7).out
    assert "* variation default, hash" in text
    assert "seed 7" in text
    assert text == here("netlist", "and2", "--variation", "default", "--sample", 7).out
    assert "delvto" not in here("netlist", "and2").out


def test_age_shifts_p_transistors_and_age_zero_nothing(here):
    fresh = here("netlist", "full_adder").out
    assert here("netlist", "full_adder", "--age", 0).out == fresh
    words = ("netlist", "full_adder", "--age", 10, "--temperature", 125, "--duty", 0.25)
    old = here(*words).out
    assert "10 years at 125 degC and 1 V, duty 0.25" in old
    shifted = [line for line in old.splitlines() if "delvto=-0.0" in line]
    assert shifted
    assert all(" pmos_generic45 " in line for line in shifted)


def test_json_holds_the_same_deck(here, tmp_path):
    text = here("netlist", "full_adder").out
    content = json.loads(here("netlist", "--json", "full_adder").out)
    assert content["format"] == "mramcim-netlist/1"
    assert content["netlist"].rstrip("\n") == text.rstrip("\n")
    assert content["temperature_K"] == pytest.approx(300.15)
    assert here("netlist", "full_adder", "--json", "deck.json").out == text
    assert json.loads((tmp_path / "deck.json").read_text()) == content


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["and3"], "unknown bench 'and3'"),
        (["and2", "--operands", "0"], "operands '0'"),
        (["and2", "--pulse", "1e-9"], "and2 has no write pulse"),
        (["write", "--pulse", "0"], "--pulse must be from"),
        (["write", "--pulse", "1"], "--pulse must be from"),
        (["write", "--pulse", "nan"], "'nan' is not a number"),
        (["and2", "--line", "read"], "takes no --line"),
        (["wire", "--operands", "1"], "takes no --operands"),
        (["and2", "--corner", "xx"], "no corner 'xx'"),
        (["and2", "--vdd", "12"], "12 V"),
        (["and2", "--vdd", "one"], "'one' is not a number"),
        (["and2", "--temperature", "-300"], "absolute zero"),
        (["and2", "--rows", "0"], "'0' is not a whole number"),
        (["and2", "--rows", "2"], "2 rows"),
        (["and2", "--design", "none"], "unknown design 'none'"),
        (["and2", "--device", "none"], "unknown device 'none'"),
        (["and2", "--technology", "none"], "unknown technology 'none'"),
        (["and2", "--device", "missing.toml"], "missing.toml"),
        (["and2", "--technology", "missing.toml"], "missing.toml"),
        (["and2", "--json", "absent/deck.json"], "absent"),
        (["and2", "--variation", "default"], "add --sample SEED"),
        (["and2", "--sample", "1", "--variation", "wild"], "unknown variation 'wild'"),
        (["and2", "--sample", "-1"], "'-1' is not a seed"),
        (["and2", "--duty", "0.5"], "add --age YEARS"),
        (["and2", "--ageing", "nbti"], "add --age YEARS"),
        (["and2", "--age", "1", "--duty", "1"], "a duty of 1 is not between 0 and 1"),
        (["and2", "--age", "1000"], "an age of 1000 years is not 0 or"),
        (["and2", "--age", "1", "--ageing", "none"], "unknown ageing set 'none'"),
    ],
)
def test_what_cannot_be_built_is_refused(refused, words, said):
    refused("netlist", *words, said)


def test_a_negative_resistance_or_unknown_unit_in_a_device_is_refused(refused, tmp_path):
    from circuits import load_device

    text = load_device("Fan2018").parameters.path.read_text()
    assert "value = 10.58" in text
    (tmp_path / "negative.toml").write_text(text.replace("value = 10.58", "value = -10.58"))
    refused("netlist", "read", "--device", "negative.toml", "resistance_area_product")
    (tmp_path / "unit.toml").write_text(text.replace('unit = "ohm um^2"', 'unit = "ohm furlong^2"'))
    refused("netlist", "read", "--device", "unit.toml", "ohm furlong^2")
    (tmp_path / "key.toml").write_text("colour = 3\n" + text)
    refused("netlist", "read", "--device", "key.toml", "colour")
    (tmp_path / "syntax.toml").write_text(text + "= = =\n")
    refused("netlist", "read", "--device", "syntax.toml", "syntax.toml")
