"""`mramcim study pruning`: the shipped networks without PyTorch, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mramcim.command import main


def test_the_shipped_ablation_is_printed_without_pytorch(tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['sklearn'] = None\n"
        "from mramcim.command import main\n"
        f"sys.exit(main(['study', 'pruning', '--json', {str(tmp_path / 'out.json')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("resnet8, 16 channels at first, digits: 360 test images, seeds 0, 1")
    told = json.loads((tmp_path / "out.json").read_text())
    assert [arm["name"] for arm in told["arms"]] == [
        "dense", "pruned", "ternary", "both", "clipped",
    ]  # fmt: skip
    for arm in told["arms"]:
        (line, costs) = [line for line in lines if line.startswith(arm["told"] + "  ")]
        assert f"{arm['accuracy']['mean'] * 100:.2f} +- " in line
        assert f"{arm['energy_J'] * 1e6:.3f}" in costs
        assert arm["compression"]["kept_groups"] == arm["subarrays"]
    assert told["format"] == "mramcim-pruning/1"
    assert "images" not in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "nowhere"], "no record of this study nowhere/record.json"),
        (["--train", "nowhere"], "--train 'nowhere' is no folder"),
        (["--penalty", "1"], "--penalty is how networks are trained; give --train FOLDER too"),
        (["--train", ".", "--from", "."], "leave out --from"),
        (["--train", ".", "--share", "1"], "a share of 1 do not prune"),
    ],
)
def test_what_cannot_be_is_one_sentence(words, said, capsys):
    assert main(["study", "pruning", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
