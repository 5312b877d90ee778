"""`mramcim estimate`: report, JSON, CSV and picture on a table, and what is refused."""

from __future__ import annotations

import csv
import inspect
import json
import os
from dataclasses import replace
from pathlib import Path
from shutil import copy

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper

import accelerator
from accelerator.widths import ACTIVATION_BITS, WEIGHT_BITS
from lut import Outcome, Table, reference_path, write_table
from mramcim.arguments import parse
from mramcim.command import build_parser
from mramcim.errors import CommandError


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A copy of the shipped table, with others beside it in the folder."""
    return Path(copy(reference_path(), tmp_path_factory.mktemp("own") / "own.h5"))


def test_a_table_takes_the_default_flags(command, table):
    text = command("estimate", "lenet5", "--lut", table).stdout
    assert text.startswith("lenet5  W1:A4")
    assert "27 degC" in text
    assert "counted:" in text


def test_alexnet_stands_beside_the_published_figure(command, table):
    words = ("estimate", "alexnet", "--weights", 1, "--activations", 1, "--lut", table)
    text = command(*words).stdout
    assert "785.25 uJ published" in text
    assert "ratio" in text


def test_json_layers_sum_to_the_total(command, table):
    words = ("estimate", "--json", "alexnet", "--lut", table, "--weights", 2, "--activations", 3)
    content = json.loads(command(*words).stdout)
    assert content["format"] == "mramcim-estimate/1"
    assert (content["weight_bits"], content["activation_bits"]) == (2, 3)
    total = content["total"]
    for key in ("energy_J", "macs", "and_operations"):
        assert sum(layer[key] for layer in content["layers"]) == pytest.approx(total[key], rel=1e-6)
    assert total["macs"] == pytest.approx(724.4e6, rel=1e-4)
    assert total["and_operations"] == total["macs"] * 2 * 3
    assert total["TOPS_per_W"] == pytest.approx(2 * total["macs"] / total["energy_J"] / 1e12)


def test_files_are_written_beside_the_printed_report(command, table, tmp_path):
    words = ("estimate", "lenet5", "--lut", table)
    files = ("--json", "out.json", "--csv", "out.csv", "--plot", "out.png")
    text = command(*words, *files).stdout
    assert text == command(*words).stdout
    content = json.loads((tmp_path / "out.json").read_text())
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [layer["name"] for layer in content["layers"]]
    energy = sum(float(row["energy_J"]) for row in rows)
    assert energy == pytest.approx(content["total"]["energy_J"])
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "out.json", "out.png"]


@pytest.fixture(scope="module")
def dearer(table):
    """The same table with writes of three times the energy, and one whose writes all fail."""
    opened = Table.open(table)

    def save_with(name: str, variable: str, change) -> Path:
        write = opened["write"]
        old = write.variables[variable]
        new = replace(old, values=change(old.values), attributes={})
        groups = {
            **opened.groups,
            "write": replace(write, variables={**write.variables, variable: new}),
        }
        path = table.with_name(name)
        write_table(path, groups, mramcim_version="0", ngspice_version="39", provenance={})
        return path

    stuck = int(Outcome.NOT_SWITCHED)
    return (
        save_with("dear.h5", "energy", lambda values: 3 * values),
        save_with("stuck.h5", "outcome", lambda values: np.full_like(values, stuck)),
    )


def test_several_tables_are_compared_in_one(command, table, dearer, tmp_path):
    dear, _ = dearer
    words = ("estimate", "lenet5", "--activations", 2, "--lut", table, "--lut", dear)
    files = ("--json", "out.json", "--csv", "out.csv", "--plot", "out.png")
    text = command(*words, *files).stdout
    assert text == command(*words).stdout
    assert text.startswith("lenet5  W1:A2")
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["table", "own.h5", "dear.h5"]
    content = json.loads((tmp_path / "out.json").read_text())
    single = json.loads(command(*words[:6], "--json").stdout)
    assert content["format"] == "mramcim-comparison/1"
    assert content["refused"] == []
    first, second = content["reports"]
    assert {key: first[key] for key in single} == single
    assert second["ratios"]["energy"] > 1
    assert second["ratios"]["area"] == 1
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["table"] for row in rows] == ["own.h5", "dear.h5"]
    assert float(rows[1]["energy_J"]) == second["total"]["energy_J"]
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert command(*words, "--json").stdout == (tmp_path / "out.json").read_text()


def test_a_refused_table_is_a_line_and_an_exit_code(command, refused, table, dearer):
    _, stuck = dearer
    tables = ("--lut", stuck, "--lut", "missing.h5")
    result = command("estimate", "lenet5", "--lut", table, *tables, code=1)
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert "refused: " in lines[4]
    assert "not_switched" in lines[4]
    assert "there is no table missing.h5" in lines[5]
    text = refused("estimate", "lenet5", *tables, "--csv", "out.csv", "no table can be used")
    assert "not_switched" in text
    assert "missing.h5" in text
    refused("estimate", "alexnot", "--lut", table, "--lut", stuck, "no network 'alexnot'")
    refused("estimate", "lenet5", "--rows", 2, "--lut", "missing.h5", "2 rows is too small")
    refused("estimate", "lenet5", "--lut", stuck, "not_switched (choose another driver width")


def test_no_output_replaces_any_of_the_tables(refused, table, dearer):
    dear, _ = dearer
    words = ("estimate", "lenet5", "--lut", table, "--lut", dear)
    link = table.with_name("link.png")
    link.symlink_to(dear)
    refused(*words, "--plot", link, "would replace an input")


def test_every_flag_reaches_the_estimate(monkeypatch, tmp_path):
    def estimate_call(network, **given):
        raise CommandError(json.dumps({"network": network, **given}))

    def said(words: str) -> dict:
        arguments = parse(build_parser(), words.split())
        with pytest.raises(CommandError) as caught:
            arguments.run(arguments)
        return json.loads(str(caught.value))

    monkeypatch.setattr(accelerator, "estimate", estimate_call)
    assert said("estimate lenet5") == {"network": "lenet5", "table": None}
    flags = (
        "--lut a.h5 --weights 3 --activations 2 --rows 64 --columns 128 --first-last 8:7 "
        "--corner ss --vdd 0.95 --temperature -40 --set off_chip=true --set copies=4 "
        "--set weight_load=each_image --set assumptions.off_chip_energy=4.5 "
        "--batch 4 --batch-axis 1 --dims T=16,N=4 --widths widths.json"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "widths.json").write_text('{"conv*": "8:4"}')
    assert said(f"estimate lenet5 {flags}") == {
        "network": "lenet5",
        "table": "a.h5",
        "weight_bits": 3,
        "activation_bits": 2,
        "rows": 64,
        "columns": 128,
        "first_last": "8:7",
        "corner": "ss",
        "vdd": 0.95,
        "temperature": 233.15,
        "off_chip": True,
        "copies": 4,
        "weight_load": "each_image",
        "assumptions": {"off_chip_energy": 4.5},
        "batch": 4,
        "batch_axis": 1,
        "dims": {"T": 16, "N": 4},
        "widths": {"conv*": "8:4"},
    }


def test_the_command_gives_what_the_function_gives(command, table):
    words = ("estimate", "lenet5", "--lut", table, "--first-last", "8:8", "--json")
    content = json.loads(command(*words).stdout)
    expected = accelerator.estimate("lenet5", table=table, first_last="8:8")
    assert content["total"]["energy_J"] == expected.energy
    assert content["layers"][0]["weight_bits"] == 8


def test_help_tells_the_defaults_of_the_estimate(command):
    text = " ".join(command("estimate", "--help").stdout.split())
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(accelerator.estimate).parameters.items()
    }
    for flag, name in (
        ("--rows", "rows"),
        ("--columns", "columns"),
        ("--corner", "corner"),
    ):
        assert f"(default: {defaults[name]})" in text.split(f" {flag} ")[-1].split(" --")[0]
    assert "(default: the table's nominal one)" in text.split(" --vdd ")[-1].split(" --")[0]
    for flag, name, least in (
        ("--weights", "weight_bits", WEIGHT_BITS),
        ("--activations", "activation_bits", ACTIVATION_BITS),
    ):
        assert defaults[name] is None
        said = f"(default: those of the file's own quantizers, else {least})"
        assert said in text.split(f" {flag} ")[-1].split(" --")[0]
    assert defaults["vdd"] is None
    assert "(default: the table's nominal one)" in text.split(" --vdd ")[-1].split(" --")[0]
    assert defaults["temperature"] == pytest.approx(27 + 273.15)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alexnot"], "alexnot"),
        (["missing.onnx"], "missing.onnx"),
        (["text.onnx"], "text.onnx"),
        (["empty.onnx"], "not an ONNX model"),
        (["folder.onnx"], "folder.onnx is a folder, not an ONNX file"),
        (["pipe.onnx"], "pipe.onnx is a device or a pipe, not an ONNX file"),
        (["lenet5", "--lut", "pipe.onnx"], "not a regular file"),
        (["lenet5", "--plot", "folder.onnx"], "not a picture's name"),
        (["lenet5", "--csv", "folder.onnx"], "suffix"),
        (["lenet5", "--csv", "locked"], "is a folder"),
        (["lenet5", "--weights", "0"], "weight"),
        (["lenet5", "--weights", "17"], "weight"),
        (["lenet5", "--weights", "one"], "'one'"),
        (["lenet5", "--activations", "0"], "activation"),
        (["lenet5", "--activations", "-1"], "activation"),
        (["lenet5", "--rows", "0"], "rows"),
        (["lenet5", "--rows", "2"], "2 rows is too small"),
        (["lenet5", "--rows", "9" * 400], "is not a whole number"),
        (["lenet5", "--columns", "9" * 400], "is not a whole number"),
        (["lenet5", "--vdd", "nan"], "'nan' is not a number"),
        (["lenet5", "--columns", "0"], "columns"),
        (["lenet5", "--columns", "1e9"], "'1e9'"),
        (["lenet5", "--first-last", "eight"], "eight"),
        (["lenet5", "--first-last", "0:8"], "0"),
        (["lenet5", "--first-last", "9" * 5000 + ":8"], "give their widths"),
        (["lenet5", "--corner", "xx"], "xx"),
        (["lenet5", "--vdd", "2"], "vdd"),
        (["lenet5", "--temperature", "300"], "temperature"),
        (["lenet5", "--temperature", "warm"], "'warm' is not a number"),
        (["lenet5", "--set", "copies"], "'copies' is not NAME=VALUE"),
        (["lenet5", "--set", "rows=64"], "there is no 'rows'"),
        (["lenet5", "--set", "copies=2", "--set", "copies=4"], "gives copies twice"),
        (["lenet5", "--set", "copies=1.5"], "copies is a whole number"),
        (["lenet5", "--set", "off_chip=yes"], "off_chip is true or false, not 'yes'"),
        (["lenet5", "--set", "assumptions.rows=1"], "there is no assumption 'rows'"),
        (["lenet5", "--set", "activation_density=2"], "activation_density is a probability"),
        (["lenet5", "--widths", "absent.toml"], "absent.toml"),
        (["lenet5", "--widths", "text.onnx"], "text.onnx is not a readable file of widths"),
        (["lenet5", "--widths", "none.toml"], "none.toml has no widths"),
        (["lenet5", "--widths", "odd.toml"], "'odd*' is no layer with weights of lenet5"),
        (["lenet5", "--widths", "odd.txt", "--csv", "odd.txt"], "would replace an input"),
        (["lenet5", "--batch", "0"], "'0' is not a whole number"),
        (["lenet5", "--batch", "2"], "batch is said of an ONNX file"),
        (["lenet5", "--dims", "T"], "'T' is not NAME=N"),
        (["lenet5", "--dims", "T=x"], "'T=x' is not NAME=N"),
        (["lenet5", "--dims", "T=1,T=2"], "'T' is given twice"),
        (["lenet5", "--plot", "a.txt"], "not a picture's name"),
        (["lenet5", "--csv", "absent/a.csv"], "does not exist"),
        (["lenet5", "--json", "locked/a.json"], "cannot be written"),
        (["lenet5", "--csv", "a", "--json", "a"], "both name 'a'"),
        (["text.onnx", "--csv", "text.onnx"], "suffix"),
    ],
)
def test_bad_words_are_refused(refused, table, tmp_path, words, said):
    (tmp_path / "text.onnx").write_text("no network")
    (tmp_path / "none.toml").write_text("")
    for name in ("odd.toml", "odd.txt"):
        (tmp_path / name).write_text('"odd*" = "8:8"\n')
    (tmp_path / "locked").mkdir(mode=0o555)
    (tmp_path / "empty.onnx").write_bytes(b"")
    (tmp_path / "folder.onnx").mkdir()
    os.mkfifo(tmp_path / "pipe.onnx")
    tables = () if "--lut" in words else ("--lut", table)
    refused("estimate", *words, *tables, said)


@pytest.mark.parametrize("name", ["missing.h5", "foreign.h5", "cut.h5"])
def test_a_table_that_is_none_is_refused(refused, table, tmp_path, name):
    (tmp_path / "foreign.h5").write_text("not a table")
    (tmp_path / "cut.h5").write_bytes(table.read_bytes()[:5000])
    refused("estimate", "lenet5", "--lut", name, name)


def save_onnx(path: Path, *operators: str) -> None:
    """A chain of operators, each with a weight as its second input."""
    nodes, tensors, name = [], [], "x"
    for index, operator in enumerate(operators):
        nodes.append(helper.make_node(operator, [name, f"w{index}"], [f"y{index}"], domain="own"))
        tensors.append(helper.make_tensor(f"w{index}", TensorProto.FLOAT, [3, 3], [1.0] * 9))
        name = f"y{index}"
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8])],
        tensors,
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=imports), path)


def test_unknown_operators_that_multiply_weights_are_listed_at_once(refused, table, tmp_path):
    save_onnx(tmp_path / "own.onnx", "SpikingProduct", "WaveProduct")
    text = refused("estimate", "own.onnx", "--lut", table, "SpikingProduct")
    assert "WaveProduct" in text


def test_baselines_stand_below_the_report(command, refused):
    text = command("estimate", "lenet5", "--baselines", "--samples", 0).stdout
    assert "bit-wise DRAM" in text.split("beside other machines")[1]
    content = json.loads(command("estimate", "lenet5", "--baselines", "--json").stdout)
    assert {one["tag"] for one in content["baselines"]} <= {"cited", "unverified", "derived"}
    assert content["uncertainty"]["energy_J"]["low"] < content["total"]["energy_J"]
    tables = ("--lut", "a.h5", "--lut", "b.h5")
    refused("estimate", "lenet5", "--baselines", *tables, "give --lut once")


def test_widths_and_batch_of_a_file_are_in_every_report(command, refused, tmp_path):
    quantized_models.qonnx(tmp_path / "net.onnx")
    words = ("estimate", "net.onnx", "--samples", 0)
    text = command(*words, "--json", "own.json", "--csv", "own.csv").stdout
    assert "widths are those of the file's own quantizers, layer by layer\n" in text
    assert "free batch (axis 0 of 'x'): costs are of one image\n" in text
    content = json.loads((tmp_path / "own.json").read_text())
    assert content["widths"]["said"] == text.splitlines()[2:3]
    assert content["batch"] == text.splitlines()[3]
    with (tmp_path / "own.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["macs"])]
    layers = [layer for layer in content["layers"] if layer["macs"]]
    assert [row["weight_encoding"] for row in rows] == [one["weight_encoding"] for one in layers]
    assert layers[2]["weight_encoding"] == "symmetric"
    assert layers[3]["activation_encoding"] == "symmetric"
    for row, layer in zip(rows, layers, strict=True):
        assert layer["widths_from"] == {"weights": "file", "activations": "file"}
        assert (row["weights_from"], row["activations_from"]) == ("file", "file")
        assert float(row["utilization"]) == layer["utilization"] > 0
    (tmp_path / "w.toml").write_text(f"'*' = '2:3'\n['{layers[1]['name']}']\nweights = 7\n")
    told = command(*words, "--widths", "w.toml", "--first-last", "6:6").stdout
    assert "--widths overrides the file's weights: W2-7 in place of W1-8 in " in told
    assert told.startswith("net.onnx  W2-7:A3 ")
    refused(*words, "--batch-axis", 9, "has no axis 9")


def test_utilization_is_the_share_of_cells_with_weights(command, tmp_path):
    """A depth-wise layer has a kernel for each channel: most columns of most rows are empty."""
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], "deep", group=512, pads=[1, 1, 1, 1])],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 512, 14, 14])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [512, 1, 3, 3], [0.0] * 512 * 9)],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, ir_version=8), tmp_path / "deep.onnx")
    words = ("estimate", "deep.onnx", "--samples", 0)
    layer = json.loads(command(*words, "--json").stdout)["layers"][0]
    assert layer["utilization"] == 512 * 9 / (layer["subarrays"] * 256 * 256)
    line = next(line for line in command(*words).stdout.splitlines() if line.startswith("deep "))
    assert line.split()[3:5] == [str(layer["subarrays"]), f"{100 * layer['utilization']:.4g}"]


def test_a_report_of_a_file_read_in_its_own_way_is_explained(command, tmp_path):
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [6, 4], [0.0] * 24)],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, ir_version=8), tmp_path / "net.onnx")
    words = ("estimate", "net.onnx", "--dims", "T=5", "--weights", 3, "--json", "r.json")
    (layer,) = (command(*words), json.loads((tmp_path / "r.json").read_text()))[1]["layers"]
    assert layer["macs"] == 5 * 24
    assert "product" in command("explain", "r.json", "--layer", "product").stdout


def test_the_whole_report_as_text_and_as_a_page(command, tmp_path):
    words = ("estimate", "lenet5", "--samples", 0)
    short, full = command(*words).stdout, command(*words, "--full", "--page", "p.html").stdout
    assert "assumptions:" not in short
    assert "assumptions:" in full
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "peak_current_per_subarray" in page
    json_page = command(*words, "--page", "q.html", "--json", "q.html", code=2).stderr
    assert "both name" in json_page
