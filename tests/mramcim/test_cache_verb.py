"""`mramcim cache`: what is kept, and dropping it."""

from __future__ import annotations

import json

import pytest

from characterize.simulate import PointResult
from characterize.store import Store
from lut import Outcome

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.fixture
def filled(own_store):
    with Store(own_store) as store:
        for index in range(30):
            store.keep(f"r{index}", f"c{index}", "and2", PointResult(Outcome.OK, {"energy": 1.0}))
    return own_store


def test_info_and_prune(command, filled):
    assert "30 results" in command("cache", "info").stdout
    content = json.loads(command("cache", "info", "--json").stdout)
    assert content["results"] == {"and2": 30}
    assert content["path"].startswith(str(filled))
    assert "dropped 0 results" in command("cache", "prune", "--days", 1).stdout
    assert "dropped 30 results" in command("cache", "prune", "--days", 0).stdout
    assert json.loads(command("cache", "info", "--json").stdout)["results"] == {}


def test_an_empty_store(command):
    assert ": 0 results" in command("cache", "info").stdout
    assert "dropped 0 results" in command("cache", "prune", "--size", 1).stdout


def test_what_is_refused(refused):
    refused("cache", "prune", "--days N")
    refused("cache", "info", "--days", 1, "belong to prune")
    refused("cache", "prune", "--days", -1, "0 or more")
    refused("cache", "clear", "invalid choice")
