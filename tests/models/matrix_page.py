"""The page docs/onnx-matrix.md from what came of the files of the matrix, and back.

Run as a program (`python tests/models/matrix_page.py`) it tries all of them and writes the page.
"""

import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import network_matrix
from network_matrix import DIALECTS, OPSETS

PAGE = network_matrix.ROOT / "docs" / "onnx-matrix.md"
MARKS = ("=", "~", "a level", "?", "-", "x")
"""From best to worst; what they mean is said on the page. The second may be better elsewhere."""
LEVEL = 0.03
OPERATORS = "operators of the digital unit: "
"""Of the largest output, which a level of 8 bits or two are below."""

HEAD = """# Matrix of ONNX files

{count} files are built, tried and held against other programs: {networks} small networks, as \
{dialects} quantizers and exporters write them, at opsets {opsets}. Graphs are written by \
the tests with random weights, those of onnxruntime by its own quantizer, their scales rounded to \
powers of two so that sums are exact in any order. \
`tests/accelerator/test_network_matrix.py` asserts this page, \
one opset a cell in `make test` and all in `make test-all`; \
`python tests/models/matrix_page.py` writes it anew. Your own files are tried in the same way:

```console
$ python examples/try_networks.py FOLDER
```

For every file `estimate` finds the multiply-accumulates (MACs) of the network, the same in every \
dialect and opset, and where the file runs, the widths that the run meets.

## What runs

| mark | meaning |
|---|---|
| = | runs; outputs equal onnxruntime or qonnx's executor to the last bit, at every opset |
| ~ | runs; within 1e-6 of the largest output (reals behind softmax, norms, dynamic scales) |
| a level | runs; some outputs a level or two apart, behind onnxruntime's own 8-bit softmax |
| ? | runs, but the other program does not run the file |
| - | costed, not run: see below |
| x | refused by `estimate`: see below |

"""


def mark(tried):
    """What came of one file as a mark of the page."""
    if tried.refused:
        return "x"
    if tried.not_run:
        return "-"
    if not tried.result:
        return "?"
    if tried.result == "levels apart":
        by = float(re.search(r"by ([0-9.]+)%", tried.apart)[1]) / 100
        return "a level" if by < LEVEL else f"off by {by:.0%}"
    return {"equal": "=", "within 1e-6": "~"}[tried.result]


def rank(one):
    """How good a mark is, the least the best; marks that are none of the page's are the worst."""
    return MARKS.index(one) if one in MARKS else len(MARKS)


def reason(tried):
    """Why a file is refused or not run, without names and numbers of single nodes."""
    text = tried.refused or tried.not_run
    kinds = re.sub(r" x \d+| \([^)]*\)", "", text)
    kinds = re.sub(
        r"has operators that cannot be run: (.*?); .*",
        r"\1: of no operator that the digital unit has", kinds,
    )  # fmt: skip
    return re.sub(
        r"has operators that multiply weights and are not supported: (.*?); .*",
        r"\1: multiplies weights in a way of its own", kinds,
    )  # fmt: skip


class Page:
    """Marks by network and column, reasons with where they are met, MACs by network."""

    def __init__(self):
        self.marks, self.macs, self.not_counted = {}, defaultdict(set), {}
        self.reasons = defaultdict(set)
        self.count = 0

    def add(self, file, tried):
        self.count += 1
        place = file.network, file.dialect.column
        found = mark(tried)
        self.marks[place] = max(self.marks.get(place, "="), found, key=rank)
        if not tried.refused:
            self.macs[file.network].add(tried.macs)
        if found in ("-", "x"):
            self.reasons[reason(tried)].add(place)
        if file.dialect.column == "float" and file.opset == OPSETS[-1]:
            self.not_counted[file.network] = tried.not_counted.replace(OPERATORS, "")

    def text(self):
        opsets = f"{', '.join(map(str, OPSETS[:-1]))} and {OPSETS[-1]}"
        head = HEAD.format(
            count=self.count, networks=len(self.macs), dialects=len(DIALECTS), opsets=opsets
        )
        columns = [dialect.column for dialect in DIALECTS]
        rows = [["network", *columns]]
        rows += [
            [name, *(self.marks.get((name, column), "") for column in columns)]
            for name in self.macs
        ]
        legend = [["column", "who writes it", "opsets"]]
        legend += [[one.column, one.said, f"{one.least} on"] for one in DIALECTS]
        sizes = [["network", "MACs", "what it is", "not counted"]]
        for name, macs in self.macs.items():
            (only,) = macs
            said = network_matrix.NETWORKS[name].__doc__ or ""
            sizes.append([name, str(only), said.rstrip("."), self.not_counted.get(name, "")])
        reasons = [["reason", "networks", "columns"]]
        for why in sorted(self.reasons):
            places = self.reasons[why]
            names = sorted({name for name, _ in places}, key=list(self.macs).index)
            used = sorted({column for _, column in places}, key=columns.index)
            whole = len(names) == len(self.macs)
            reasons.append([why, "all" if whole else ", ".join(names), ", ".join(used)])
        return (
            head + _table(rows) + "\n" + _table(legend)
            + "\n## What does not run, and why\n\n" + _table(reasons)
            + "\n## What is costed\n\n" + _table(sizes)
        )  # fmt: skip


def _table(rows):
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines) + "\n"


def marks_of(text):
    """The marks of a page by network and column."""
    part = text.partition("| network | float |")[2].partition("\n\n")[0]
    columns = [dialect.column for dialect in DIALECTS]
    found = {}
    for line in part.splitlines()[2:]:
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        found |= {(name, column): cell for column, cell in zip(columns, cells, strict=True)}
    return found


def try_all(every, folder, told=lambda file, tried: None):
    """The page of all files, or of one for each cell."""
    page = Page()
    for file in network_matrix.files(every=every):
        tried = network_matrix.try_file(file, folder)
        told(file, tried)
        page.add(file, tried)
    return page


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        PAGE.write_text(try_all(True, place).text(), encoding="utf-8")
