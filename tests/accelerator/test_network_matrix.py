"""The matrix of ONNX files: what runs, is costed or refused is what docs/onnx-matrix.md says."""

from collections import defaultdict

import matrix_page
import network_matrix
import pytest
from matrix_page import Page, mark, marks_of, rank, reason

pytest.importorskip("onnxruntime")
pytest.importorskip("qonnx")

TEXT = matrix_page.PAGE.read_text(encoding="utf-8")
SAID = marks_of(TEXT)
REASONS = TEXT.partition("## What does not run")[2].partition("\n## ")[0]


def check(file, tried):
    """A file's result is the page's, and its estimate has the widths of its run."""
    said, found = SAID[file.network, file.dialect.column], mark(tried)
    place = f"{file}: {tried.line()}"
    if said in ("-", "x") or found in ("-", "x"):
        assert found == said or said == "-", place
        assert found not in ("-", "x") or reason(tried) in REASONS, place
    else:
        assert rank(found) <= rank(said), place
    if not tried.refused:
        assert tried.energy > 0
    if not tried.not_run and not tried.refused:
        assert tried.agrees, place
        assert all(None not in one for one in tried.widths), place


@pytest.mark.parametrize("network", network_matrix.NETWORKS)
def test_files_give_what_the_page_says(network, tmp_path):
    macs = set()
    for file in network_matrix.files(every=False):
        if file.network == network:
            tried = network_matrix.try_file(file, tmp_path)
            check(file, tried)
            macs |= {tried.macs} if not tried.refused else set()
    assert len(macs) == 1


@pytest.mark.slow
def test_the_page_is_that_of_all_files(tmp_path):
    page = matrix_page.try_all(True, tmp_path, check)
    found, said = page.text(), TEXT
    # Reals may come out equal to the last bit where they did on another machine by chance.
    assert marks_of(found).keys() == SAID.keys()
    for place, one in marks_of(found).items():
        assert one == SAID[place] or (rank(one) < rank(SAID[place]) < 3), place
    assert found.partition("| column")[2] == said.partition("| column")[2]
    assert found.partition("| network")[0] == said.partition("| network")[0]


def test_the_matrix_is_large_and_has_every_kind():
    every = network_matrix.files(every=True)
    assert len(every) > 2000
    assert len(SAID) == len(network_matrix.NETWORKS) * len(network_matrix.DIALECTS) >= 60
    met = defaultdict(set)
    for file in network_matrix.files(every=False):
        met[file.network].add(file.opset)
    assert all(len(opsets) > 1 for opsets in met.values())
    assert {one.opset for one in every} == set(network_matrix.OPSETS)


def test_what_is_worse_than_the_page_is_found():
    """The check can fail: levels apart, other widths, a refusal, another reason."""
    example = network_matrix.example()
    (file,) = [one for one in network_matrix.files(every=False)
               if one.network == "mlp" and one.dialect.column == "Q4:4"]  # fmt: skip
    good = {"macs": 1, "widths": [(4, 4)], "ran": [(4, 4)], "result": "equal", "energy": 1.0}
    check(file, example.Tried(**good))
    for wrong in (
        {"result": "within 1e-6"}, {"result": "levels apart", "apart": ", by 1.00% of the largest"},
        {"ran": [(4, 5)]}, {"ran": []}, {"widths": [(4, None)]}, {"result": ""},
        {"not_run": "Gemm x 1 (a): anything"}, {"refused": "anything"},
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            check(file, example.Tried(**good | wrong))
    page = Page()
    page.add(file, example.Tried(**good))
    page.add(file, example.Tried(**good | {"result": "within 1e-6"}))
    assert page.marks == {("mlp", "Q4:4"): "~"}
