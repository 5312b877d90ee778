"""No text of any file runs anything: each text of each kind of file is replaced by commands.

The shipped files are walked, so that a new text is tried the day that it is there. What comes of
a file is an error of one sentence, or decks in which the text stands in comments alone.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from characterize import PlanError, load_plan
from characterize.plan import PLAN_FOLDER
from circuits import Deck, Design, DesignError, build_deck, load_design
from circuits.ageing import AGEING_FOLDER, Stress, aged, load_ageing
from circuits.deck_guard import check_deck
from circuits.design import DESIGN_FOLDER
from circuits.drive import Drive
from circuits.macrospin import macrospin_deck
from circuits.magnet_parameters import DEVICE_FOLDER, load_magnet
from circuits.technologies import TECHNOLOGY_FOLDER, load_technology
from circuits.variation import VARIATION_FOLDER, load_variation
from circuits.varied import sampled
from circuits.wall_deck import wall_deck
from circuits.wall_parameters import WALL_FOLDER, load_wall
from lut import Table
from mramcim.errors import CommandError
from mramcim.resimulation import _point, table_design

WORDS = "touch owned"
PAYLOADS = [
    f"x\n.control\nshell {WORDS}\n.endc\n",
    f"x\r\n.control\r\nshell {WORDS}\r\n.endc\r\n",
    f"x\r.control\rshell {WORDS}\r.endc\r",
    f"x\u2028.control\u2028shell {WORDS}\u2028.endc\u2028",
    f"x\u0085.control\u0085shell {WORDS}\u0085.endc\u0085",
    f"x\u000b.control\u000bshell {WORDS}\u000b.endc",
    f"x\u000c.control\u000cshell {WORDS}\u000c.endc",
    f"x\u001c.control\u001dshell {WORDS}\u001e.endc",
    f"x .control shell {WORDS}",
    f"*#shell {WORDS}",
    f"\n*#shell {WORDS}\n",
    f"*ng_script\nshell {WORDS}\n",
    f"x `{WORDS}`",
    f"x\\\\\n.control\nshell {WORDS}\n.endc",
    f".include {WORDS}",
    f"x={WORDS}",
    f"$(touch owned); {WORDS}",
    f"{WORDS}.toml",
]
ANY_TEXT = "".join(PAYLOADS)
FREE = {"description", "source", "note", "title"}
"""Texts that may be anything: they describe, and are never a name."""


def texts_of(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all texts of a TOML content."""
    if isinstance(content, str):
        yield place
    elif isinstance(content, dict | list):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield from texts_of(value, (*place, key))


def keys_of(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all its keys."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield (*place, key)
            yield from keys_of(value, (*place, key))


def with_text(content: Any, place: tuple[Any, ...], text: str) -> Any:
    """The content with another text at a place."""
    changed = copy.deepcopy(content)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return changed


def with_key(content: Any, place: tuple[Any, ...], key: str) -> Any:
    """The content with another key at a place, which keeps its value."""
    changed = copy.deepcopy(content)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[key] = inner.pop(place[-1])
    return changed


def toml(value: Any) -> str:
    """A value in TOML, tables as inline ones."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def write(path: Path, content: dict[str, Any]) -> Path:
    lines = (f"{toml(key)} = {toml(value)}\n" for key, value in content.items())
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


DRIVE = Drive(1e-6, 1e-9, 2e-9)


def of_device(path: Path) -> Iterator[Deck]:
    yield macrospin_deck(load_magnet(path), DRIVE)
    design = load_design(device=path)
    # The junction's magnet in one deck, the junction alone in another.
    yield build_deck(replace(design, moving=True), "write", "1")
    yield build_deck(design, "read", "1")


def of_wall(path: Path) -> Iterator[Deck]:
    yield wall_deck(load_wall(path), DRIVE)
    yield build_deck(replace(load_design(device=path), moving=True), "write", "1")


def of_design(path: Path) -> Iterator[Deck]:
    design = load_design(path)
    for bench, variant in (("xor2", "11"), ("write", "1"), ("wire", ""), ("flip_flop", "")):
        yield build_deck(design, bench, variant)


@cache
def shipped_design() -> Design:
    return load_design("strongarm")


@cache
def shipped_deck() -> Deck:
    return build_deck(shipped_design(), "read", "1")


def of_technology(path: Path) -> Iterator[Deck]:
    design = replace(shipped_design(), technology=load_technology(path))
    deck = build_deck(design, "and2", "11")
    yield deck
    yield sampled(deck, design, load_variation(), 1)


def of_variation(path: Path) -> Iterator[Deck]:
    yield sampled(shipped_deck(), shipped_design(), load_variation(path), 1)


def of_ageing(path: Path) -> Iterator[Deck]:
    yield aged(shipped_deck(), shipped_design(), Stress(load_ageing(path), 1e8))


def of_plan(path: Path) -> Iterator[Deck]:
    plan = load_plan(path)
    for group in plan.groups:
        for point in islice((p for p in plan.points() if p.group == group), 1):
            deck = point.deck(plan.design)
            yield deck
            if point.draws is not None:
                yield sampled(deck, plan.design, point.draws.variation, 1)


PLAN = """
title = "all that a plan may say"
design = "strongarm"
device = "Zhang2026"
technology = "generic45"
benches = ["read", "write", "decoder_gate"]
tolerance = false
time_limit = "60 s"

[axes]
corner = ["tt", "ss"]
vdd = ["1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]

[[limits]]
bench = "read"
measure = "margin"
min = "10 mV"
where = { corner = ["tt"] }

[statistics]
benches = ["read"]
variation = "default"
samples = 8
time_limit = "60 s"
axes = { corner = ["tt"] }

[ageing]
benches = ["read"]
model = "nbti"
ages = ["0 s", "10 year"]
axes = { corner = ["tt"] }
"""


def _shipped(folder: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((folder / f"{name}.toml").read_text())


KINDS: dict[str, tuple[Callable[[Path], Iterator[Deck]], dict[str, Any]]] = {
    "magnet": (of_device, _shipped(DEVICE_FOLDER, "Zhang2026")),
    "spin-transfer": (of_device, _shipped(DEVICE_FOLDER, "ARM2021")),
    "wall": (of_wall, _shipped(WALL_FOLDER, "Emori2013")),
    "design": (of_design, _shipped(DESIGN_FOLDER, "cancelled")),
    "technology": (
        of_technology,
        {**_shipped(TECHNOLOGY_FOLDER, "generic45"), "options": ["wnflag=1"]},
    ),
    "variation": (of_variation, _shipped(VARIATION_FOLDER, "default")),
    "ageing": (of_ageing, _shipped(AGEING_FOLDER, "nbti")),
    "plan": (of_plan, tomllib.loads(PLAN)),
    "shipped plan": (of_plan, _shipped(PLAN_FOLDER, "quick")),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder beside the one with the file and its models."""
    place = tmp_path / "files"
    place.mkdir()
    shutil.copytree(TECHNOLOGY_FOLDER / "generic45", place / "generic45")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return place


def harmless(decks: Callable[[Path], Iterator[Deck]], path: Path) -> bool:
    """Whether decks came of a file; fails where one holds more than it may."""
    try:
        made = list(decks(path))
    except (DesignError, PlanError):
        return False
    for deck in made:
        check_deck(deck.netlist)
        title, *lines = deck.netlist.split("\n")
        assert not title.startswith(("*#", "*ng_script", "."))
        foreign = [line for line in lines if "owned" in line and not line.startswith("* ")]
        assert not foreign
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_itself_is_taken(kind, folder):
    decks, content = KINDS[kind]
    assert harmless(decks, write(folder / "own.toml", content))


def _tried(content: Any, thorough: bool) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Places and contents with a payload there.

    All payloads where a name may stand, one in turn elsewhere; all of them everywhere if
    `thorough`. The sources of numbers are changed at once.
    """
    described = content
    for number, place in enumerate(texts_of(content)):
        named = len(place) == 1 or place[-1] in ("model", "kind", "instance_parameter", "section")
        if thorough or (named and place[-1] not in FREE):
            yield from ((place, with_text(content, place, payload)) for payload in PAYLOADS)
        elif place[-1] in FREE:
            described = with_text(described, place, ANY_TEXT)
        else:
            yield place, with_text(content, place, PAYLOADS[number % len(PAYLOADS)])
    if described is not content:
        yield ("description",), described


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_of_a_file_gets_into_a_deck_but_as_a_comment(kind, thorough, folder):
    decks, content = KINDS[kind]
    taken = set()
    for place, changed in _tried(content, thorough):
        if harmless(decks, write(folder / "own.toml", changed)):
            taken.add(place[-1])
    assert taken <= FREE
    assert kind == "design" or taken


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_of_a_file_gets_into_a_deck(kind, folder):
    decks, content = KINDS[kind]
    for number, place in enumerate(keys_of(content)):
        payload = PAYLOADS[number % len(PAYLOADS)]
        path = write(folder / "own.toml", with_key(content, place, payload))
        assert not harmless(decks, path), place


def test_corners_are_names(folder):
    content = KINDS["technology"][1]
    for payload in PAYLOADS:
        changed = with_key(content, ("corners", "ff"), payload)
        with pytest.raises(DesignError, match=r"a corner in \[corners\] must be a name"):
            load_technology(write(folder / "own.toml", changed))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_is_refused_by_the_command_in_one_sentence(payload, folder, refused, tmp_path):
    for kind, words in (
        ("magnet", ("simulate", "read", "--device")),
        ("magnet", ("switch", "--current", "1e-4")),
        ("wall", ("switch", "--current", "1e-6")),
        ("design", ("netlist", "read", "--design")),
        ("technology", ("netlist", "read", "--technology")),
        ("variation", ("netlist", "read", "--sample", 1, "--variation")),
        ("ageing", ("netlist", "read", "--age", 1, "--ageing")),
    ):
        path = write(folder / "own.toml", with_text(KINDS[kind][1], ("name",), payload))
        refused(*words, path, "'name' must be a name")
    refused("switch", "Zhang2026", "--current", "1e-4", "--set", f"name={payload}", "must be a nam")
    refused("netlist", "read", "--corner", payload, "has no corner")
    assert not list(tmp_path.rglob("owned*"))


@pytest.fixture(scope="module")
def table():
    return Table.open()


def test_no_text_of_a_tables_provenance_is_taken_for_a_design(table):
    provenance = dict(table.provenance)
    assert table_design(table, None).name == provenance["design"]["name"]
    tried = 0
    for place in texts_of(provenance["design"]):
        for payload in PAYLOADS:
            changed = {**provenance, "design": with_text(provenance["design"], place, payload)}
            with pytest.raises(CommandError, match="--design"):
                table_design(SimpleNamespace(name="own.h5", provenance=changed), None)
            tried += 1
    assert tried > 50


def test_a_table_names_no_file_for_its_design(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DESIGN_FOLDER / "strongarm.toml", tmp_path / "own.toml")
    record = {**table.provenance["design"], "name": "own.toml"}
    with pytest.raises(CommandError, match="no shipped one"):
        table_design(SimpleNamespace(name="own.h5", provenance={"design": record}), None)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_coordinate_of_a_table_gets_into_a_deck(payload, table):
    design = shipped_design()
    sound = {"corner": "tt", "vdd": 1.0, "temperature": 300.0, "rows": 64.0, "operands": "11"}
    for name in ("corner", "operands"):
        row = SimpleNamespace(group="and2", place={**sound, name: payload})
        with pytest.raises(DesignError):
            _point(table, row).deck(design)
    with pytest.raises(DesignError):
        _point(table, SimpleNamespace(group=payload, place=sound)).deck(design)


@pytest.mark.parametrize("rate", [PAYLOADS[0], float("nan"), 0.0, True, None])
def test_a_tables_rate_of_write_errors_is_a_number(rate):
    table = SimpleNamespace(name="own.h5", attribute=lambda *_: rate)
    place = {"corner": "tt", "vdd": 1.0, "temperature": 300.0, "rows": 64.0, "operands": "1"}
    with pytest.raises(CommandError, match="error rate"):
        _point(table, SimpleNamespace(group="write", place=place))


@pytest.fixture
def described(folder):
    """A device and a plan whose describing texts are all of the commands."""
    device = KINDS["magnet"][1]
    for place in texts_of(device):
        if place[-1] in FREE:
            device = with_text(device, place, ANY_TEXT)
    write(folder / "device.toml", device)
    plan = {
        **_shipped(PLAN_FOLDER, "quick"),
        "title": ANY_TEXT,
        "benches": ["decoder_gate"],
        "device": "device.toml",
        "design": "strongarm",
    }
    write(folder / "plan.toml", plan)
    return folder


def _nothing_ran(tmp_path: Path) -> bool:
    return not list(tmp_path.rglob("owned*"))


def test_any_description_is_simulated_and_switched(described, here, tmp_path):
    device = described / "device.toml"
    here("simulate", "decoder_gate", "--design", "strongarm", "--device", device)
    here("switch", device, "--current", "1e-4", "--duration", "1e-9", "--pulse", "1e-9")
    assert _nothing_ran(tmp_path)


def test_any_title_and_source_is_characterized(described, here, tmp_path, own_store):
    here("characterize", described / "plan.toml", "-o", "own.h5", "-j", 1)
    assert (Path.cwd() / "own.h5").is_file()
    assert _nothing_ran(tmp_path)
    assert _nothing_ran(own_store)


def test_the_deck_of_any_description_is_harmless_in_plain_ngspice(described, here, tmp_path):
    if shutil.which("ngspice") is None:
        pytest.fail("ngspice is missing; `./setup.sh test` installs it")
    printed = here(
        "netlist", "decoder_gate", "--design", "strongarm", "--device", described / "device.toml"
    )
    Path("deck.cir").write_text(printed.out)
    settings = {**os.environ, "HOME": str(Path.cwd()), "OMP_THREAD_LIMIT": "1"}
    result = subprocess.run(
        ["ngspice", "-b", "-r", "out.raw", "deck.cir"],
        capture_output=True, timeout=120, env=settings, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert _nothing_ran(tmp_path)
