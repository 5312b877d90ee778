"""Published figures beside ours: complete rows, honest gaps, the same table each time."""

import re
from pathlib import Path

import pytest

from accelerator.pipeline import open_table
from accelerator.reproduction import all_rows
from accelerator.reproduction.render import render_rows

DOCS = Path(__file__).parents[2] / "docs" / "reproduction.md"


@pytest.fixture(scope="module")
def rows():
    return all_rows(open_table(None))


def test_every_row_says_what_it_is(rows):
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.figure
        assert row.source
        assert row.conditions
        assert row.assumptions
        assert row.unit
        assert (row.ratio is None) == (row.ours is None or row.published is None)


def test_what_is_ours_is_computed_from_the_table(rows):
    """IMCE's row is the estimate of the same network, nothing typed in."""
    from accelerator.pipeline import estimate

    found = {row.id: row for row in rows}
    wanted = estimate("alexnet", weight_bits=1, activation_bits=1, samples=0).energy
    assert found["imce-energy"].ours == wanted
    assert found["imce-energy"].ratio == pytest.approx(wanted / 785.25e-6)


def test_the_page_has_what_the_command_prints(rows):
    """Number by number, so that the page cannot fall behind."""
    page = DOCS.read_text(encoding="utf-8")
    block = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert block, "the page shows the command's output"
    assert block.group(1) == render_rows(rows)
