"""The example of margins under variation runs and prints what it drew."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "margin_histogram.py"


@pytest.mark.slow
def test_the_histogram_has_every_pattern(tmp_path):
    picture = tmp_path / "margin.png"
    words = ("--samples", "3", "--rows", "64", "--plot", str(picture))
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (\w+) \| ([01]+) \| .* \| (\d) of 3 \|", done.stdout, re.MULTILINE)
    assert [operands for _, operands, _ in rows] == ["0", "1", *2 * ["00", "01", "11"]]
    assert picture.read_bytes().startswith(b"\x89PNG")
