"""Energies taken apart: terms that add up, rows that give the prices, reports made again."""

from __future__ import annotations

import json

import numpy as np
import pytest
import quantized_models

from accelerator import EstimateError, estimate
from accelerator.costs import COMPONENTS
from accelerator.explanation.again import estimate_again
from accelerator.explanation.explanation import explain
from accelerator.explanation.readings import readings
from accelerator.explanation.render import render_explanation
from accelerator.explanation.terms import layer_terms
from accelerator.networks.chain import Chain
from accelerator.price_list import listed
from lut import Table, TableError

SETTINGS = [
    ("alexnet", {}),
    ("lenet5", {"weight_bits": 3, "reuse_overlap": True, "copies": 2}),
    ("lenet5", {"double_buffer": True, "weight_load": "each_image", "activation_density": 0.2}),
    ("resnet18", {"off_chip": True, "copies": 2}),
    ("lenet5", {"off_chip": True, "weight_load": "each_image"}),
    (
        "svhn",
        {
            "weight_encoding": "unsigned",
            "count_input_writes": False,
            "gate_unused_columns": False,
            "gate_idle_subarrays": False,
            "vdd": 0.95,
            "rows": 100,
            "assumptions": {"bias_generator_efficiency": 0.6},
        },
    ),
    ("lenet5", {"pipelined": True, "copies": 2}),
    ("alexnet", {"dataflow": "input_stationary", "copies": 4, "double_buffer": True}),
    (
        "lenet5",
        {
            "dataflow": "input_stationary",
            "weight_store": "outside",
            "off_chip": True,
            "weight_bits": 2,
            "assumptions": {"subarrays_per_mat": 4.0, "link_widening": 2.0},
        },
    ),
]


def again(report, table=None):
    return estimate_again(json.loads(json.dumps(report.to_dict())), table)


@pytest.mark.parametrize(("network", "settings"), SETTINGS)
def test_the_terms_of_every_component_of_every_layer_add_up(network, settings) -> None:
    report = estimate(network, **settings)
    chip = again(report).chip
    for index, layer in enumerate(report.layers):
        terms = layer_terms(chip, index)
        for component in COMPONENTS:
            found = sum(term.energy for term in terms if term.component == component)
            assert found == pytest.approx(
                layer.components[component], rel=1e-9, abs=1e-9 * layer.energy
            )


@pytest.mark.parametrize(("network", "settings"), SETTINGS)
def test_the_rows_of_every_price_give_the_price(network, settings) -> None:
    found = again(estimate(network, **settings))
    for name, price in listed(found.chip.pricing.prices).items():
        rows = readings(found.table, found.conditions, name)
        assert rows
        total = sum(row.share * row.value for row in rows)
        if name.endswith((".cycle_time", ".peak_current")) and len(rows) > 1:
            # Between grid points the price is the larger of two lines, the rows those of one.
            assert total == pytest.approx(price, rel=1e-3)
        else:
            assert total == pytest.approx(price, rel=1e-9)
        for row in rows:
            assert found.table.value(row.group, row.variable, **row.place) == row.value


def test_a_term_is_what_the_model_says_of_it() -> None:
    """By hand: senses of 01 times their bias energy over the generator's efficiency."""
    report = estimate("alexnet")
    found = explain(again(report), "conv3", "sense_bias")
    layer = next(layer for layer in report.layers if layer.name == "conv3")
    term = next(term for term in found.terms if term.figure == "and2.energy.01.bias")
    assert term.count == "and_01"
    assert term.number == layer.counts["and_01"]
    assert term.factor == pytest.approx(1 / 0.8)
    assert found.energy == pytest.approx(layer.components["sense_bias"])
    assert found.constants["bias_generator_efficiency"].elasticity == pytest.approx(-1, abs=1e-5)
    assert set(found.constants) == {"bias_generator_efficiency"}
    assert found.groups == ["and2"]


def test_all_layers_together_are_the_report() -> None:
    report = estimate("lenet5")
    found = explain(again(report))
    assert found.energy == pytest.approx(report.energy)
    assert sum(term.energy for term in found.terms) == pytest.approx(report.energy)
    content = json.loads(json.dumps(found.to_dict()))
    assert content["format"] == "mramcim-explanation/1"
    assert content["share_of_total"] == pytest.approx(1)
    assert {"and2", "write", "wire"} <= set(content["netlists"])
    assert content["device"]["parameters"]["damping"]["tag"] == "fitted"


def test_the_text_has_every_step_of_the_walk() -> None:
    text = render_explanation(explain(again(estimate("lenet5")), "conv2"))
    for words in (
        "lenet5, layer conv2, all components",
        "and2.energy.01.bias",
        "bias_generator_efficiency = 0.8 [assumed]",
        "and2/energy_bias corner=tt vdd=1 temperature=300.15 rows=256 operands=01 = ",
        "and2: AND of two cells of a column, sha256",
        "damping = 0.05 (SI) [fitted]",
    ):
        assert words in text


def test_a_run_is_explained_with_the_bits_that_it_met(tmp_path) -> None:
    from accelerator.inference import QuantizedNetwork, cost_run

    path = quantized_models.qonnx(tmp_path / "net.onnx")
    images = np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)
    report = cost_run(path, QuantizedNetwork(path).run(images))
    found = explain(again(report))
    assert found.energy == pytest.approx(report.energy)
    assert all(layer.seen is not None for layer in report.layers if layer.macs)


def test_another_table_is_noticed(scaled_table) -> None:
    report = estimate("lenet5", table=scaled_table({}))
    dearer = scaled_table({("full_adder", "energy"): 1.5})
    with pytest.raises(EstimateError, match="the table, the network or mramcim changed"):
        again(report, dearer)


def test_a_table_that_is_gone_is_told(tmp_path, scaled_table) -> None:
    report = estimate("lenet5", table=scaled_table({}))
    content = report.to_dict()
    content["table"]["path"] = str(tmp_path / "gone.h5")
    with pytest.raises(TableError, match=r"gone\.h5"):
        estimate_again(content)


def test_a_network_made_in_python_cannot_be_made_again() -> None:
    network = Chain(8, 8).convolution("conv", 4, 3).network("small", "made here")
    with pytest.raises(EstimateError, match="save it as ONNX"):
        again(estimate(network))


@pytest.mark.parametrize("content", [None, [], "text", {"format": "mramcim-comparison/1"}])
def test_what_is_no_report_is_refused(content) -> None:
    with pytest.raises(EstimateError, match="not a report"):
        estimate_again(content)


@pytest.mark.parametrize(
    "change",
    [
        {"layers": []},
        {"layers": [{}]},
        {"table": {}},
        {"table": None},
        {"boundary": {}},
        {"network_path": None},
        {"network_path": "no/such.onnx"},
        {"network_path": "svhn"},
        {"layers": "text"},
    ],
)
def test_a_damaged_report_is_one_sentence(change, synthetic_table: Table) -> None:
    content = {**estimate("lenet5", table=synthetic_table).to_dict(), **change}
    with pytest.raises(EstimateError) as caught:
        estimate_again(json.loads(json.dumps(content)), synthetic_table)
    assert "\n" not in str(caught.value)


def test_a_layer_or_component_that_is_not_there() -> None:
    found = again(estimate("lenet5"))
    with pytest.raises(EstimateError, match="there is no layer 'conv9': give one of conv1"):
        explain(found, "conv9")
    with pytest.raises(EstimateError, match="there is no component 'magic'"):
        explain(found, None, "magic")
