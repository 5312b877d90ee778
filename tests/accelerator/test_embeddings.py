"""Embedding tables: cells and area of their own, entries that are read and sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from accelerator import estimate
from accelerator.explanation.again import estimate_again
from accelerator.explanation.terms import layer_terms
from accelerator.networks import load_network
from lut import Table

ENTRIES, WIDTH, TOKENS = 3000, 48, 7


def save_embedded(path: Path, *, twice: bool = False, tokens: int | str = TOKENS) -> Path:
    """Tokens, their entries of a table, and a product with weights."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["a"], name="table"),
        helper.make_node("MatMul", ["a", "w"], ["y"], name="product"),
    ]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, tokens])]
    if twice:
        nodes.insert(1, helper.make_node("Gather", ["table", "more"], ["b"], name="again"))
        nodes.append(helper.make_node("MatMul", ["b", "w"], ["z"], name="other"))
        inputs.append(helper.make_tensor_value_info("more", TensorProto.INT64, [1, tokens]))
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "yz"[: 1 + twice]]
    held = {"table": (ENTRIES, WIDTH), "w": (WIDTH, 16)}
    graph = helper.make_graph(
        nodes, "g", inputs, outputs,
        [numpy_helper.from_array(np.zeros(s, np.float32), name) for name, s in held.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_a_table_has_cells_and_area(synthetic_table: Table, tmp_path: Path) -> None:
    path = save_embedded(tmp_path / "e.onnx")
    report = estimate(path, table=synthetic_table, activation_bits=8, samples=0)
    table, product = report.layers
    cells = ENTRIES * WIDTH * 8
    assert table.operation == "embedding"
    assert table.subarrays == -(-cells // 256**2)
    assert table.utilization == pytest.approx(cells / (table.subarrays * 256**2))
    assert (table.macs, table.amplifier_utilization) == (0, None)
    assert table.area > table.subarrays * 256**2 * synthetic_table.value("cell", "area")
    assert report.subarrays == table.subarrays + product.subarrays
    assert report.macs == TOKENS * WIDTH * 16
    assert table.counts["store_reads"] == TOKENS * WIDTH * 8
    assert table.counts["store_writes"] == cells
    assert table.components["buffers"] > 0
    assert any("embedding tables" in sentence for sentence in report.boundary.counted)
    # The table does no products: the peak is of the product's sub-arrays alone.
    assert report.figures.peak_tops.one_bit == pytest.approx(
        2 * report.sensing.rate * product.subarrays / 1e12
    )


def test_more_tokens_cost_more_and_the_table_stays(synthetic_table: Table, tmp_path: Path) -> None:
    few, many = (
        estimate(
            save_embedded(tmp_path / f"{tokens}.onnx", tokens=tokens),
            table=synthetic_table, samples=0, weight_load="off",
        ).layers[0]
        for tokens in (5, 50)
    )  # fmt: skip
    assert many.subarrays == few.subarrays
    assert many.latency == pytest.approx(10 * few.latency)
    for name in ("buffers", "interconnect"):
        assert many.components[name] == pytest.approx(10 * few.components[name], rel=0.2)


def test_loading_a_table_is_paid(synthetic_table: Table, tmp_path: Path) -> None:
    path = save_embedded(tmp_path / "e.onnx")

    def load(**options) -> float:
        made = estimate(path, table=synthetic_table, samples=0, **options)
        return made.layers[0].components["weight_load"]

    assert load(weight_load="off") == 0
    assert load(images_per_load=10) == pytest.approx(load(weight_load="each_image") / 10)


def test_a_table_that_two_nodes_take_from_is_there_once(
    synthetic_table: Table, tmp_path: Path
) -> None:
    network = load_network(save_embedded(tmp_path / "two.onnx", twice=True))
    assert [layer.entries for layer in network.layers[:2]] == [ENTRIES, 0]
    report = estimate(network, table=synthetic_table, samples=64, activation_bits=8)
    first, second = report.layers[:2]
    assert second.subarrays == 0
    assert second.counts["store_reads"] == first.counts["store_reads"]


def test_entries_of_unknown_number_are_named(synthetic_table: Table, tmp_path: Path) -> None:
    """A part of a constant by fixed places, and of data, is no table."""
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "place"], ["c"]),
            helper.make_node("Gather", ["x", "place"], ["a"], axis=1),
            helper.make_node("MatMul", ["a", "w"], ["y"]),
        ],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.zeros((3, 8), np.float32), "table"),
            numpy_helper.from_array(np.array([1]), "place"),
            numpy_helper.from_array(np.zeros((8, 4), np.float32), "w"),
        ],
    )  # fmt: skip
    path = tmp_path / "fixed.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    assert [layer.operation for layer in load_network(path).layers] == ["product"]


@pytest.mark.parametrize("off_chip", [False, True])
def test_terms_of_a_table_add_up(synthetic_table: Table, tmp_path: Path, off_chip: bool) -> None:
    path = save_embedded(tmp_path / "e.onnx")
    report = estimate(path, table=synthetic_table, samples=0, off_chip=off_chip, pipelined=off_chip)
    again = estimate_again(report.to_dict())
    energy = sum(term.energy for term in layer_terms(again.chip, 0))
    assert energy == pytest.approx(report.layers[0].energy, rel=1e-6)
