"""What a Python user sees: representations of one line, HTML, data frames, one public front."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import mramcim
from accelerator.page import report_page
from lut import Axis, Group, Table, Variable
from mramcim import Report, compare, estimate, load_network

HOSTILE = "<b>\n\x1b[31m&\u2028" + "long " * 1000


@pytest.fixture(scope="module")
def report(synthetic_table: Table) -> Report:
    return estimate("lenet5", table=synthetic_table, samples=64)


def one_line(thing: object) -> str:
    text = repr(thing)
    assert text.isprintable()
    assert len(text) < 600
    return text


def test_representations_are_a_line(report: Report, synthetic_table: Table) -> None:
    assert f"{report.energy * 1e6:.4g} uJ" in one_line(report)
    assert "lenet5" in one_line(report)
    assert "conv1 W1:A4" in one_line(report.layers[0])
    assert "max_pool" in one_line(report.layers[1])
    assert "synthetic.h5" in one_line(synthetic_table)
    group = synthetic_table["and2"]
    for thing in (group, group.axes["rows"], group.variables["energy"], load_network("vgg16")):
        one_line(thing)
    one_line(compare("lenet5", [synthetic_table, synthetic_table], samples=0))


def test_hostile_texts_stay_on_the_line(report: Report, synthetic_table: Table) -> None:
    one_line(replace(report, network=HOSTILE, table={**report.table, "name": HOSTILE}))
    one_line(replace(report.layers[0], name=HOSTILE))
    one_line(replace(load_network("lenet5"), name=HOSTILE))
    axis = Axis([HOSTILE, "b"], HOSTILE, HOSTILE)
    variable = Variable(np.zeros(2), ("a",), HOSTILE, HOSTILE)
    for thing in (axis, variable, Group({HOSTILE: axis}, {HOSTILE: variable})):
        one_line(thing)
    one_line(replace(synthetic_table, title=HOSTILE, groups={HOSTILE: synthetic_table["and2"]}))
    one_line(Axis([], "1", "empty"))


class Text(HTMLParser):
    """The text of a document, whose elements must be closed in the order of opening."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.met: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.met.add(tag)
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("made", [Report._repr_html_, report_page])
def test_html_has_all_that_the_full_text_has(report: Report, made) -> None:
    hostile = replace(report, network="<script>alert(1)</script>")
    page = Text()
    page.feed(made(hostile))
    assert not page.open
    assert "script" not in page.met
    assert "<script>alert(1)</script>" in page.text
    for sentence in (*report.boundary.counted, *report.boundary.not_counted):
        assert sentence in page.text
    for name in (*report.components, *report.boundary.assumptions):
        assert name in page.text
    assert "TOPS/mm2" in page.text


def test_data_frames(report: Report, synthetic_table: Table) -> None:
    pytest.importorskip("pandas")
    frame = report.to_dataframe()
    assert list(frame["name"]) == [layer.name for layer in report.layers]
    assert frame["energy_J"].sum() == pytest.approx(report.energy)
    both = compare("lenet5", [synthetic_table, synthetic_table], samples=0).to_dataframe()
    assert list(both["energy_ratio"]) == [1.0, 1.0]
    points = synthetic_table.to_dataframe("and2")
    assert len(points) == synthetic_table["and2"].spread("energy").size


def test_without_pandas_the_sentence_says_so(report: Report, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"needs pandas.*pip install pandas"):
        report.to_dataframe()


def test_every_public_name_is_there() -> None:
    for name in mramcim.__all__:
        assert getattr(mramcim, name) is not None
        assert name in dir(mramcim)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = mramcim.nonsense


def test_importing_the_front_loads_nothing() -> None:
    script = (
        "import sys; import mramcim; print(*sys.modules); "
        "from mramcim import Table, estimate; print(Table.__module__, estimate.__module__)"
    )
    first, second = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    roots = {name.partition(".")[0] for name in first.split()}
    assert not roots & {"numpy", "h5py", "onnx", "lut", "accelerator", "circuits", "characterize"}
    assert second == "lut.table accelerator.pipeline"
