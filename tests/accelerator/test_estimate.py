"""The estimate: counts times table by hand, by its laws, by its options and refusals."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from accelerator import EstimateError, estimate
from accelerator.networks import load_network, network_names
from accelerator.networks.chain import Chain
from accelerator.report import Report
from lut import Table, TableError

REQUIRED = {
    "name",
    "macs",
    "weight_bits",
    "activation_bits",
    "and_operations",
    "energy_J",
    "latency_s",
    "components",
}


@pytest.fixture(scope="module")
def alexnet(synthetic_table: Table) -> Report:
    return estimate("alexnet", table=synthetic_table, weight_bits=1, activation_bits=4)


def one_convolution():
    """Four kernels of 3 x 3 over 8 channels, 6 x 6 positions, nothing padded."""
    return Chain(8, 8).convolution("conv", 4, 3).network("small", "made here")


@pytest.mark.parametrize("name", network_names())
def test_the_parts_add_up(name: str, synthetic_table: Table) -> None:
    report = estimate(name, table=synthetic_table, weight_bits=2, activation_bits=3)
    result = json.loads(json.dumps(report.to_dict()))
    total, layers = result["total"], result["layers"]
    assert result["format"] == "mramcim-estimate/1"
    assert set(total) >= REQUIRED
    assert {"area_m2", "power_W", "images_per_s", "TOPS_per_W"} <= set(total)
    for layer in layers:
        assert set(layer) >= REQUIRED
        assert sum(layer["components"].values()) == pytest.approx(layer["energy_J"], rel=1e-9)
        assert min(layer["components"].values()) >= 0
        assert layer["latency_s"] > 0
        assert (layer["macs"] == 0) == (layer["operation"] not in ("convolution", "product"))
    for key in ("energy_J", "latency_s", "macs", "and_operations"):
        assert sum(layer[key] for layer in layers) == pytest.approx(total[key], rel=1e-6)
    assert sum(total["area_components_m2"].values()) == pytest.approx(total["area_m2"])
    assert total["macs"] == load_network(name).macs
    assert total["and_operations"] == total["macs"] * 2 * 3
    assert total["power_W"] * total["latency_s"] == pytest.approx(total["energy_J"])
    assert total["TOPS_per_W"] == pytest.approx(2e-12 * total["macs"] / total["energy_J"])
    assert result["boundary"]["counted"]
    assert result["boundary"]["not_counted"]
    for entry in result["boundary"]["assumptions"].values():
        assert all(entry[key] != "" for key in ("value", "unit", "tag", "meaning", "source"))


def test_a_small_layer_by_hand(synthetic_table: Table) -> None:
    """36 positions, 72 elements in one tile, 3 to a row for want of phases: 12 rows."""
    report = estimate(one_convolution(), table=synthetic_table, weight_bits=1, activation_bits=2)
    (layer,) = report.layers
    rows, ands = 18, 36 * 4 * 72 * 2  # 72 elements take 3 of 8 phases: 2 segments a row
    sense = {"bias": 150e-15, "reference": 60e-15, "latch": 10e-15, "clock": 4e-15}
    assert layer.and_operations == ands
    assert layer.row_steps == rows
    # Densities of one half: operand values are equally likely, their factors average to 1.
    for part in ("latch", "clock"):
        assert layer.components[f"sense_{part}"] == pytest.approx(ands * sense[part])
    assert layer.components["sense_bias"] == pytest.approx(ands * sense["bias"] / 0.8)
    # Phases of 32, 32 and 8 amplifiers leave no reference partly used.
    assert layer.components["sense_reference"] == pytest.approx(ands * sense["reference"] / 0.8)
    cells = 36 * 72 * 2
    assert layer.components["input_write"] == pytest.approx(cells * 3e-12 * 1.1)
    pulses = rows * 2 * 8  # 144 cells, 20 at a time
    half_selected = pulses * 256 - cells
    assert layer.components["half_select"] == pytest.approx(half_selected * 0.5e-15)
    read_lines = 2 * rows * 4 * 2 + rows * 2
    lines = read_lines * 60e-15 + rows * 2 * 120e-15
    assert layer.components["word_lines"] == pytest.approx(lines)
    assert layer.components["decoder"] == pytest.approx((read_lines + rows * 2) * 5 * 3e-15)
    # 72 bits: 31 adders for each full phase and 7 for the 8 left over.
    assert layer.components["bit_count"] == pytest.approx(36 * 4 * 2 * (31 + 31 + 7) * 3e-15)
    # 7 bits hold 72; 8 bits hold 72 * 3: three phase sums, then one plane sum.
    bits = 36 * 4 * 2 * (3 * 7 + 8)
    assert layer.components["shift_accumulate"] == pytest.approx(bits * 6e-15)
    reads = 36 * 72 * 2
    sums = 36 * 2 * 3 * 8 + 36 * 4 * 9
    expected = reads * (20e-15 + 210e-15 / 0.8) + 36 * 2 * (31 + 31 + 7) * 3e-15 + sums * 6e-15
    assert layer.components["activation_sum"] == pytest.approx(expected)
    load = 2 * 4 * 72 * 3.3e-12  # two copies side by side; cells are nearly all of it
    assert layer.components["weight_load"] == pytest.approx(load / 1000, rel=0.05)
    # A row: 2 planes written, read, and used by 4 kernels; 6 phases.
    start = 5 * 30e-12 + 0.3e-9
    step = 2 * (start + 8 * 3e-9) + 2 * (start + 6 * 4e-9) + 4 * 2 * (start + 6 * 4e-9)
    assert layer.latency == pytest.approx(rows * step, rel=0.01)


ENERGIES = {
    ("and2", "energy_bias"): {"sense_bias"},
    ("and2", "energy_reference"): {"sense_reference"},
    ("and2", "energy_latch"): {"sense_latch"},
    ("and2", "energy_clock"): {"sense_clock"},
    ("and2", "energy_equalize"): {"sense_equalize"},
    ("read", "energy_bias"): {"activation_sum", "buffers"},
    ("write", "energy"): {"input_write", "weight_load", "buffers"},
    ("write", "energy_half_selected"): {"half_select", "weight_load", "buffers"},
    ("wordline_driver", "energy"): {"word_lines", "weight_load", "buffers"},
    ("decoder_gate", "energy"): {"decoder", "weight_load", "buffers"},
    ("full_adder", "energy"): {
        "bit_count",
        "shift_accumulate",
        "activation_sum",
        "digital_unit",
    },
    ("flip_flop", "energy"): {
        "shift_accumulate",
        "activation_sum",
        "transpose",
        "control_clock",
        "digital_unit",
        "buffers",
        "weight_load",
        "interconnect",  # registers between the levels of the chip
    },
    ("wire", "energy"): {"interconnect", "control_clock", "buffers", "weight_load"},
    ("and2", "leakage_power"): {"leakage"},
    ("full_adder", "leakage_power"): {"leakage"},
}


@pytest.mark.parametrize("entry", ENERGIES)
def test_every_joule_follows_its_entry_of_the_table(
    entry: tuple[str, str], alexnet: Report, scaled_table
) -> None:
    factors = {entry: 2.0}
    group, variable = entry
    if variable.startswith("energy_") and group in ("and2", "read"):
        parts = {"bias": 150, "reference": 60, "latch": 10, "clock": 4, "equalize": 6}
        factors[group, "energy"] = 1 + parts[variable.removeprefix("energy_")] / 230
    doubled = estimate("alexnet", table=scaled_table(factors)).components
    before = alexnet.components
    changed = {name for name in before if abs(doubled[name] - before[name]) > 1e-9 * before[name]}
    assert changed == ENERGIES[entry]


def test_all_energies_doubled_double_the_total(alexnet: Report, scaled_table) -> None:
    names = [
        (group, name)
        for group in ("and2", "read")
        for name in ("energy", *(f"energy_{part}" for part in ("bias", "reference", "latch")))
    ]
    names += [(g, f"energy_{part}") for g in ("and2", "read") for part in ("clock", "equalize")]
    names += [("write", "energy"), ("write", "energy_half_selected")]
    blocks = ("wordline_driver", "decoder_gate", "full_adder", "flip_flop", "wire")
    names += [(block, "energy") for block in blocks]
    names += [(block, "leakage_power") for block in (*blocks, "and2", "read", "write")]
    report = estimate("alexnet", table=scaled_table(dict.fromkeys(names, 2.0)))
    assert report.energy == pytest.approx(2 * alexnet.energy)
    assert report.latency == pytest.approx(alexnet.latency)


def test_slower_operations_take_longer_and_larger_blocks_more_room(
    alexnet: Report, scaled_table
) -> None:
    slower = estimate("alexnet", table=scaled_table({("and2", "cycle_time"): 2.0}))
    assert 1.8 < slower.latency / alexnet.latency < 2
    larger = estimate("alexnet", table=scaled_table({("cell", "area"): 2.0}))
    for name in ("cells", "buffers"):
        assert larger.area_components[name] > alexnet.area_components[name]
    assert larger.area_components["cells"] == pytest.approx(2 * alexnet.area_components["cells"])
    assert larger.area_components["amplifiers"] == alexnet.area_components["amplifiers"]


def test_conditions_reach_the_table(synthetic_table: Table) -> None:
    def energy(**conditions) -> float:
        report = estimate("lenet5", table=synthetic_table, **conditions)
        return report.components["sense_bias"]

    assert energy(vdd=0.9) == pytest.approx(0.81 * energy(vdd=1.0))
    halfway = (energy(vdd=0.9) + energy(vdd=1.0)) / 2
    assert energy(vdd=0.95) == pytest.approx(halfway)
    assert energy(corner="ss", temperature=398.15) == pytest.approx(energy())


def test_weights_are_amortized_paid_or_left_out(synthetic_table: Table) -> None:
    def load(**choice) -> tuple[float, float]:
        report = estimate("lenet5", table=synthetic_table, **choice)
        return report.components["weight_load"], report.latency

    energy, latency = load(weight_load="each_image")
    assert load(images_per_load=10)[0] == pytest.approx(energy / 10)
    assert load()[0] == pytest.approx(energy / 1000)
    off, latency_off = load(weight_load="off")
    assert off == 0
    assert latency > latency_off
    assert energy > 61_000 * 3e-12


def test_options_move_energy_and_time_the_right_way(synthetic_table: Table) -> None:
    def run(**choice) -> Report:
        return estimate("lenet5", table=synthetic_table, activation_bits=8, **choice)

    base = run()
    assert run(count_input_writes=False).components["input_write"] == 0
    assert run(count_input_writes=False).latency < base.latency
    reuse = run(reuse_overlap=True)
    assert reuse.components["input_write"] < 0.4 * base.components["input_write"]
    assert reuse.and_operations == base.and_operations
    fired = run(gate_unused_columns=False)
    assert base.components["unused_columns"] == 0
    assert fired.components["unused_columns"] > 0
    assert fired.latency > base.latency
    buffered = run(double_buffer=True)
    assert buffered.latency < base.latency
    copies = run(copies=4)
    assert copies.latency < 0.4 * base.latency
    assert copies.subarrays > base.subarrays
    assert copies.components["sense_bias"] == pytest.approx(base.components["sense_bias"])
    assert run(gate_idle_subarrays=False).components["leakage"] > base.components["leakage"]
    unsigned = run(weight_encoding="unsigned")
    assert unsigned.components["activation_sum"] == 0
    zeros = run(activation_density=0.0, weight_density=0.0).components["sense_bias"]
    ones = run(activation_density=1.0, weight_density=1.0).components["sense_bias"]
    assert 0.9 / 1.1 - 0.01 < zeros / ones < 0.95  # padding keeps zeros among the ones


def test_padding_is_known_to_be_zero(synthetic_table: Table) -> None:
    counts = (
        estimate("lenet5", table=synthetic_table, activation_density=1.0, weight_density=1.0)
        .layers[0]
        .counts
    )
    inside = load_network("lenet5").layers[0].valid_fraction
    assert inside < 1
    assert counts["and_11"] == pytest.approx(counts["ands"] * inside)
    assert counts["and_10"] == pytest.approx(counts["ands"] * (1 - inside))


def test_first_and_last_layers(synthetic_table: Table) -> None:
    def widths(first_last) -> dict[str, tuple[int, int]]:
        report = estimate(
            "lenet5", table=synthetic_table, weight_bits=1, activation_bits=2, first_last=first_last
        )
        return {
            layer.name: (layer.weight_bits, layer.activation_bits)
            for layer in report.layers
            if layer.macs
        }

    same = dict.fromkeys(("conv1", "conv2", "conv3", "fc1", "fc2"), (1, 2))
    assert widths(None) == same
    assert widths("8:4") == {**same, "conv1": (8, 4), "fc2": (8, 4)}
    assert widths((8, 4)) == widths("8:4")
    off = {name: same[name] for name in ("conv2", "conv3", "fc1")}
    assert widths("off") == off
    report = estimate("lenet5", table=synthetic_table, first_last="off")
    assert any("left out: conv1, fc2 (0.1184 M" in text for text in report.boundary.not_counted)


def test_convolutions_alone(synthetic_table: Table) -> None:
    report = estimate("lenet5", table=synthetic_table, first_last="off", coverage="convolutions")
    assert [layer.name for layer in report.layers] == ["conv2", "conv3"]
    assert any("conv1, fc1, fc2" in text for text in report.boundary.not_counted)


def test_published_figures_stand_beside(alexnet: Report, synthetic_table: Table) -> None:
    (imce,) = alexnet.references
    assert (imce.published, imce.ours) == (785.25e-6, alexnet.energy)
    assert imce.ratio == pytest.approx(alexnet.energy / 785.25e-6)
    assert "not stated" in imce.conditions
    lenet5 = estimate("lenet5", table=synthetic_table, activation_bits=8)
    assert [(r.quantity, r.published) for r in lenet5.references] == [
        ("energy_J", 0.85e-6),
        ("latency_s", 0.9e-3),
        ("subarray_area_m2", 0.018e-6),
    ]
    assert estimate("svhn", table=synthetic_table).references == ()


def test_assumptions_can_be_replaced(alexnet: Report, synthetic_table: Table) -> None:
    report = estimate(
        "alexnet", table=synthetic_table, assumptions={"bias_generator_efficiency": 0.4}
    )
    assert report.components["sense_bias"] == pytest.approx(2 * alexnet.components["sense_bias"])
    assert report.boundary.assumptions["bias_generator_efficiency"]["tag"] == "user"


def test_current_limits_what_happens_at_once(alexnet: Report, synthetic_table: Table) -> None:
    def pulses(current: float) -> float:
        limit = {"peak_current_per_subarray": current}
        report = estimate("alexnet", table=synthetic_table, assumptions=limit)
        return report.layers[0].counts["input_pulses"]

    assert pulses(0.02) == 3025 * 2 * 4 * 10  # 182 or 181 cells of 1 mA at 20 mA
    assert pulses(0.2) == 3025 * 2 * 4
    sensed = estimate(
        "alexnet", table=synthetic_table, assumptions={"peak_current_per_subarray": 0.0016}
    )
    # 16 amplifiers of 100 uA at a time instead of 32: 240 columns are 7 phases of 32 and one
    # of 16, which now take 7 * 2 + 1 cycles.
    assert 8 * sensed.layers[2].sense_cycles == 15 * alexnet.layers[2].sense_cycles


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"weight_bits": 0}, "weight bits is a whole number between 1 and 16, not 0"),
        ({"activation_bits": 17}, "activation bits is a whole number between 1 and 16, not 17"),
        ({"weight_bits": 1.5}, "not 1.5"),
        ({"weight_bits": True}, "not True"),
        ({"rows": -1}, "rows is a whole number at least 1, not -1"),
        ({"columns": 0}, "columns is a whole number at least 1"),
        ({"rows": 10**400}, "and at most 9007199254740992"),
        ({"images_per_load": 10**400}, "and at most 9007199254740992"),
        ({"columns": 100}, "give a multiple of that"),
        ({"rows": 16, "assumptions": {"reserved_rows": 15}}, "15 reserved rows need 17"),
        ({"first_last": "8"}, "give their widths as W:A"),
        ({"first_last": "8:0"}, "between 1 and 16, not 0"),
        ({"first_last": "a:b"}, "give their widths as W:A"),
        ({"first_last": "1" * 5000 + ":8"}, "give their widths as W:A"),
        ({"first_last": 8}, "give their widths as W:A"),
        ({"assumptions": {"array_utilisation": "most"}}, "give a positive number"),
        ({"network": "alexnot"}, "no network 'alexnot'"),
        ({"copies": 0}, "copies is a whole number at least 1"),
        ({"activation_density": 1.5}, "is a probability"),
        ({"weight_encoding": "binary"}, "symmetric, unsigned, twos_complement, ternary"),
        ({"weight_load": "never"}, "amortized, each_image, off"),
        ({"nonsense": 1}, "there is no option 'nonsense'"),
        ({"assumptions": {"nonsense": 1}}, "there is no assumption 'nonsense'"),
        ({"assumptions": {"array_utilisation": 2}}, "is a share"),
        ({"assumptions": {"array_utilisation": 0}}, "give a positive number"),
        ({"assumptions": {"reserved_rows": 1.5}}, "is a whole number"),
        ({"assumptions": {"peak_current_per_subarray": 1e-6}}, "raise the assumption"),
        ({"assumptions": {"idle_leakage_fraction": float("nan")}}, "give a positive number"),
    ],
)
def test_refusals(arguments: dict, sentence: str, synthetic_table: Table) -> None:
    settings = {"network": "lenet5", "table": synthetic_table} | arguments
    with pytest.raises(EstimateError) as caught:
        estimate(**settings)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_sub_array_without_room_is_refused_before_any_table_is_opened(
    rows: int, tmp_path: Path
) -> None:
    with pytest.raises(EstimateError, match=f"{rows} rows is too small: .* reserved rows need 3"):
        estimate("lenet5", table=tmp_path / "missing.h5", rows=rows)


@pytest.mark.parametrize(
    "conditions",
    [{"vdd": 2.0}, {"corner": "xx"}, {"temperature": 1000.0}, {"rows": 4096}, {"columns": 2048}],
)
def test_conditions_outside_the_table(conditions: dict, synthetic_table: Table) -> None:
    with pytest.raises(TableError):
        estimate("lenet5", table=synthetic_table, **conditions)


def test_a_table_that_contradicts_itself(scaled_table) -> None:
    with pytest.raises(EstimateError, match="parts of and2's energy"):
        estimate("lenet5", table=scaled_table({("and2", "energy"): 1.5}))


def test_a_network_without_weights(synthetic_table: Table) -> None:
    network = Chain(3, 8).max_pool("pool", 2, 2).network("pools", "made here")
    with pytest.raises(EstimateError, match="nothing to put on sub-arrays"):
        estimate(network, table=synthetic_table)
    network = one_convolution()
    with pytest.raises(EstimateError, match="no layer of small is left"):
        estimate(network, table=synthetic_table, first_last="off")


def test_rows_that_do_not_hold_one_kernel_still_work(synthetic_table: Table) -> None:
    report = estimate(
        "lenet5",
        table=synthetic_table,
        rows=16,
        columns=64,
        weight_bits=16,
        activation_bits=16,
    )
    assert report.and_operations == report.macs * 256


def test_it_is_quick_and_imports_little(synthetic_table: Table) -> None:
    estimate("resnet18", table=synthetic_table)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        estimate("resnet18", table=synthetic_table)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05
    code = (
        "import sys; from accelerator import estimate; "
        "heavy = {'numba', 'scipy', 'matplotlib', 'onnx', 'PySpice'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_table_is_read_again_only_when_it_changes(
    synthetic_table: Table, scaled_table, tmp_path: Path
) -> None:
    path = tmp_path / "table.h5"
    shutil.copy(synthetic_table.path, path)
    before = estimate("lenet5", table=path)
    assert estimate("lenet5", table=str(path)).energy == before.energy
    shutil.copy(scaled_table({("write", "energy"): 2.0}).path, path)
    after = estimate("lenet5", table=path)
    assert after.components["input_write"] == pytest.approx(2 * before.components["input_write"])
    path.unlink()
    with pytest.raises(TableError):
        estimate("lenet5", table=path)


def test_layers_of_one_shape_cost_the_same_wherever_they_are_worked_out(reference, monkeypatch):
    shared = estimate("resnet18", table=reference)
    monkeypatch.setattr("accelerator.plan.PlannedLayer.by_shape", False)
    assert estimate("resnet18", table=reference).to_dict() == shared.to_dict()
    energies = [layer.energy for layer in shared.layers]
    assert len(set(energies)) < len(energies)
    names = [layer.name for layer in shared.layers]
    assert len(set(names)) == len(names)
