"""Networks of several widths: their layers, what they cost, and the shipped files."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.adaptive.costing import NOMINAL, cost_widths, network_costs, run_costs
from accelerator.adaptive.narrowing import WIDTHS, channels_at, checked_widths, narrowed
from accelerator.adaptive.networks import widths_of, write_widths
from accelerator.adaptive.setting import SHIPPED, Setting, read_record
from accelerator.adaptive.study import excess
from accelerator.datasets import load_dataset
from accelerator.errors import EstimateError
from accelerator.explanation.again import estimate_again
from accelerator.explanation.terms import layer_terms
from accelerator.inference import QuantizedNetwork
from accelerator.networks import load_network
from accelerator.networks.chain import Chain
from accelerator.options import Options
from accelerator.plan import plan_layers
from accelerator.reproduction.adaptive import rows
from accelerator.trained import path_of
from lut import Table

DYNAMIC = ("sense_bias", "sense_latch", "sense_clock", "sense_equalize")


@pytest.fixture(scope="module")
def reference():
    return Table.open()


@pytest.fixture(scope="module")
def small(reference):
    networks = {width: narrowed(load_network("resnet8"), width) for width in WIDTHS}
    return networks, network_costs(networks, 8, reference)


@given(st.sampled_from((0.1, 0.25, 0.3, 0.5, 0.75, 1.0)), st.integers(1, 4096))
@settings(deadline=None, derandomize=True)
def test_channels_are_the_next_whole_number(width, channels):
    found = channels_at(width, channels)
    assert found - 1 < width * channels + 1e-9
    assert found >= width * channels - 1e-9
    assert 1 <= found <= channels


@pytest.mark.parametrize("name", ["resnet50", "resnet18", "resnet8", "lenet5", "vgg16", "svhn"])
@pytest.mark.parametrize("width", WIDTHS)
def test_narrow_layers_fit_each_other(name, width):
    whole, network = load_network(name), narrowed(load_network(name), width)
    shape = network.input_shape
    for layer in network.layers:
        if layer.name.endswith("shortcut"):
            continue
        elements = int(np.prod((layer.in_channels, *layer.in_size)))
        assert elements == int(np.prod(shape)), layer.name
        shape = (layer.out_channels, *layer.out_size)
    assert shape[0] == whole.layers[-1].out_channels
    if width == 1:
        assert network.layers == whole.layers


def test_resnet50_has_the_multiply_accumulates_of_slimmable_networks():
    """Slimmable Networks' README: 278M, 1.1G, 2.3G and 4.1G."""
    whole = load_network("resnet50")
    counted = [narrowed(whole, width).macs for width in WIDTHS]
    assert [f"{macs / 1e9:.2g}" for macs in counted] == ["0.28", "1.1", "2.3", "4.1"]
    assert round(counted[0] / 1e6) == 278
    # All layers but two have channels narrowed on both sides.
    for width, macs in zip(WIDTHS, counted, strict=True):
        assert macs / counted[-1] == pytest.approx(width**2, abs=0.01)


def test_depthwise_layers_keep_a_group_for_each_channel_and_other_groups_are_checked():
    def network(groups):
        chain = Chain(3, 8).convolution("a", 12, 3).convolution("b", 12, 3, groups=groups)
        return chain.product("c", 4).network("n", "made here")

    assert narrowed(network(12), 0.5).layers[1].groups == 6
    assert narrowed(network(2), 0.5).layers[1].groups == 2
    with pytest.raises(EstimateError, match="4 groups, which 6 channels to 6 do not share out"):
        narrowed(network(4), 0.5)
    for widths in ((), (0.5,), (0, 1), (0.5, 1.5)):
        with pytest.raises(EstimateError, match="shares of the channels above 0"):
            checked_widths(widths)


def test_the_widest_costs_what_it_costs_alone(small):
    _, costs = small
    alone = costs[1.0].own.to_dict()["total"]
    for report in costs[1.0].by_order.values():
        assert report.to_dict()["total"] == alone


def test_senses_are_in_proportion_to_the_multiply_accumulates(small):
    networks, costs = small
    widest = costs[1.0].shared
    for width, cost in costs.items():
        for one, whole in zip(cost.shared.layers, widest.layers, strict=True):
            assert one.name == whole.name
            if not one.macs:
                continue
            assert one.and_operations == one.macs * 64
            share = one.macs / whole.macs
            for part in DYNAMIC:
                assert one.components[part] == pytest.approx(share * whole.components[part])
            assert one.subarrays == whole.subarrays
            assert 0 < one.active_subarrays <= one.subarrays
        assert cost.shared.macs == networks[width].macs


def test_what_a_width_takes_grows_with_it_on_the_same_chip(small):
    _, costs = small
    for order in ("blocks", "spread"):
        check_growth([cost.by_order[order] for cost in costs.values()])
    # Spreading takes less time in more sub-arrays; what is sensed is the same.
    for cost in list(costs.values())[:-1]:
        assert cost.spread.latency < cost.shared.latency
        assert cost.spread.active_area >= cost.shared.active_area
        assert cost.spread.components["leakage"] < cost.shared.components["leakage"]
        assert cost.spread.components["input_write"] >= cost.shared.components["input_write"]
        assert cost.spread.components["sense_bias"] == cost.shared.components["sense_bias"]


def check_growth(reports):
    for name in ("energy", "latency", "active_area"):
        values = [getattr(report, name) for report in reports]
        assert values == sorted(values), name
        # A width may reach into all sub-arrays that the widest has.
        assert name == "active_area" or len(set(values)) == len(values)
    assert len({report.area for report in reports}) == 1
    assert reports[-1].active_area == pytest.approx(reports[-1].area)
    assert len({report.components["weight_load"] for report in reports}) == 1
    # The whole excess is shared out by component.
    for report in reports:
        above = report.energy / reports[-1].energy - report.macs / reports[-1].macs
        assert sum(excess(report, reports[-1]).values()) == pytest.approx(above, abs=1e-12)


def test_idle_subarrays_leak_as_they_are_gated(reference):
    networks = {width: narrowed(load_network("resnet8"), width) for width in (0.25, 1.0)}
    plans = {w: plan_layers(one, 8, 8, None, "all") for w, one in networks.items()}

    def costs(conditions=NOMINAL, **options):
        found = cost_widths(networks, plans, table=reference, conditions=conditions,
                            options=Options(**options))  # fmt: skip
        return found[0.25].shared

    gated, awake = costs(), costs(gate_idle_subarrays=False)
    assert awake.latency == gated.latency
    assert awake.components["leakage"] > 3 * gated.components["leakage"]
    for name in gated.components:
        if name != "leakage":
            assert awake.components[name] == gated.components[name]
    piped = costs(pipelined=True, gate_idle_subarrays=False)
    # Nothing is switched off: all of the chip leaks all the time, whatever is in use.
    whole = cost_widths(networks, plans, table=reference,
                        options=Options(pipelined=True, gate_idle_subarrays=False))  # fmt: skip
    power = [
        (report.components["leakage"] + busy) / report.interval
        for report, busy in ((piped, _busy(piped, reference)),
                             (whole[1.0].shared, _busy(whole[1.0].shared, reference)))
    ]  # fmt: skip
    assert power[0] == pytest.approx(power[1], rel=1e-9)


def _busy(report, table):
    """Leakage that the energies of senses and writes contain (J)."""
    from accelerator.prices import read_prices

    prices = read_prices(table, NOMINAL)
    total = 0.0
    for layer in report.layers:
        for count, price in (("ands", prices.and2), ("reads", prices.read),
                             ("input_cells", prices.write)):  # fmt: skip
            total += layer.counts.get(count, 0) * price.cycle_time * price.leakage_power
    return total


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Files of every width of the 8-bit network, and runs of test images."""
    folder = tmp_path_factory.mktemp("widths")
    files = write_widths(SHIPPED / "w8a8.onnx", folder)
    images = load_dataset("digits").resized((1, 32, 32))
    return files, images, {w: QuantizedNetwork(f).run(images.images) for w, f in files.items()}


def test_the_shipped_files_are_small_and_hold_all_widths():
    record = read_record()
    assert record.setting == Setting()
    assert len(record.setting.seeds) >= 3
    for bits in record.setting.bits:
        path = SHIPPED / record.setting.file(bits)
        assert path.stat().st_size < 200_000
        assert widths_of(path) == record.setting.widths


def test_the_shipped_network_is_as_accurate_at_every_width_as_it_was_trained(shipped):
    _, images, runs = shipped
    (trial,) = (one for one in read_record().trials if (one.bits, one.seed) == (8, 0))
    for width, run in runs.items():
        right = (run.outputs["scores"].argmax(1) == images.labels).mean()
        # A sum on a quantizer's edge may fall to either side in single precision.
        assert abs(right - trial.together[width]) <= 2 / len(images.labels)


def test_widths_use_the_first_of_the_same_stored_bits(shipped):
    files, _, runs = shipped
    for width, run in runs.items():
        macs = 0
        for one, whole in zip(run.layers, runs[1.0].layers, strict=True):
            kernels, channels = one.weights.bits.shape[:2]
            assert np.array_equal(one.weights.bits, whole.weights.bits[:kernels, :channels])
            macs += one.weights.bits.size * one.results[0, 0].size
        assert macs == Setting().network(width).macs == load_network(files[width]).macs


def test_a_run_is_costed_with_its_own_bits_and_explained(shipped, reference):
    files, images, _ = shipped
    few = {
        width: QuantizedNetwork(files[width]).run(images.first(4).images) for width in (0.25, 1.0)
    }
    costs = run_costs(files, few, reference)
    narrow = costs[0.25].shared
    assert narrow.layers[1].seen.ands != costs[1.0].shared.layers[1].seen.ands
    assert narrow.components["weight_load"] == costs[1.0].shared.components["weight_load"]
    # The same again from its JSON, and the terms of a layer add up to its energy.
    again = estimate_again(narrow.to_dict())
    for index in (1, 3):
        found = sum(term.energy for term in layer_terms(again.chip, index))
        assert found == pytest.approx(narrow.layers[index].energy, rel=1e-6)


def test_what_is_no_adaptive_file_is_refused(tmp_path):
    with pytest.raises(EstimateError, match="has one width only"):
        widths_of(path_of("digits-w1a2"))
    model = onnx.load(SHIPPED / "w8a8.onnx")
    kept = [entry for entry in model.graph.initializer if not entry.name.endswith("mean@0.5")]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.save(model, tmp_path / "n.onnx")
    with pytest.raises(EstimateError, match=r"for 8 channels at width 0\.5; train it again"):
        write_widths(tmp_path / "n.onnx", tmp_path)
    with pytest.raises(EstimateError, match="is no record of this study"):
        read_record(tmp_path)
    for wrong in ({"channels": ()}, {"depth": 0}, {"bits": ()}, {"stem_stride": 3}):
        with pytest.raises(EstimateError, match="give"):
            Setting(**wrong)


def test_published_rows_have_ours_beside_them_or_a_reason(reference):
    found = {row.id: row for row in rows(reference)}
    assert len(found) == len(rows(reference))
    for width, published in ((0.75, 0.561), (0.5, 0.268), (0.25, 0.068)):
        row = found[f"adaptive-macs-{width:g}"]
        assert row.published == pytest.approx(published, abs=5e-4)
        assert row.ratio == pytest.approx(1, abs=0.05)
    for row in found.values():
        assert row.ours is not None or "not trained here" in row.assumptions
        assert dataclasses.asdict(row)["source"]
