"""What there is to choose from: networks, benches, devices and technologies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circuits import Design


@dataclass(frozen=True)
class Listing:
    """Rows of one kind with unit-bearing keys, and how they look as a table.

    `columns` maps a heading to the text of a row's cell; `numbers` is how many columns after
    the first are right-aligned; `remarks` are sentences below the table.
    """

    rows: Sequence[Mapping[str, Any]]
    columns: Mapping[str, Callable[[Mapping[str, Any]], str]]
    numbers: int = 0
    remarks: Sequence[str] = ()


def benches() -> Listing:
    """The benches, each with its variants and the size that it depends on."""
    from circuits import BENCHES

    rows = [
        {
            "name": bench.name,
            "description": bench.description,
            "variant_axis": bench.variant_axis or None,
            "variants": list(bench.variants),
            "axes": list(bench.axes),
            "size_axes": list(bench.size_axes),
        }
        for bench in BENCHES.values()
    ]
    columns = {
        "bench": lambda row: row["name"],
        "operands or line": lambda row: " ".join(row["variants"]) or "-",
        "size": lambda row: " ".join(row["size_axes"]) or "-",
        "what is simulated": lambda row: row["description"],
    }
    return Listing(rows, columns)


def devices() -> Listing:
    """The junctions, each with what tells whether it is a memory."""
    from circuits import device_names, load_design
    from circuits.mtj import MEMORY_STABILITY

    default = load_design()
    rows = [_device(load_design(device=name)) for name in device_names()]
    columns = {
        "device": lambda row: row["name"],
        "R_P/kohm": lambda row: f"{row['resistance_parallel_ohm'] / 1e3:.2f}",
        "TMR/%": lambda row: f"{100 * row['tunnel_magnetoresistance']:.0f}",
        "stability": lambda row: f"{row['thermal_stability']:.1f}",
        "in field": lambda row: f"{row['thermal_stability_in_field']:.1f}",
        "retention/s": lambda row: f"{row['retention_s']:.1e}",
        "read disturb": lambda row: f"{row['read_disturb_probability']:.1e}",
        "I_write/uA": lambda row: f"{row['critical_write_current_A'] * 1e6:.0f}",
        "description": lambda row: row["description"],
    }
    remarks = [
        f"default: {default.device.name}; stability is E_b/kT at 300 K, {MEMORY_STABILITY:g} or "
        "more for a memory; read disturb is the probability that one sense of "
        f"{default.bias.current_read * 1e6:g} uA for one cycle at {_SENSE_ROWS} rows flips the cell"
    ]
    remarks += [f"{row['name']}: {row['note']}" for row in rows if row["note"]]
    return Listing(rows, columns, numbers=7, remarks=remarks)


_SENSE_ROWS = 256


def _device(design: Design) -> dict[str, Any]:
    from circuits.magnetics import retention_time
    from circuits.mtj import MEMORY_STABILITY

    device = design.device
    stability = device.stability
    in_field = device.stability_in_field
    current, duration = design.bias.current_read, design.timing.sense_cycle(_SENSE_ROWS)
    return {
        "name": device.name,
        "description": device.description,
        "note": device.note,
        "kind": device.kind,
        "resistance_parallel_ohm": device.resistance_parallel,
        "resistance_antiparallel_ohm": device.resistance(True),
        "tunnel_magnetoresistance": device.magnetoresistance(),
        "thermal_stability": stability,
        "thermal_stability_in_field": in_field,
        "is_memory": stability >= MEMORY_STABILITY,
        "retention_s": retention_time(in_field),
        "failures_in_time": 3600e9 / retention_time(in_field),
        "read_current_A": current,
        "read_duration_s": duration,
        "read_disturb_probability": device.read_disturb(current, duration),
        "critical_write_current_A": device.critical_write_current,
    }


def variations() -> Listing:
    """The sets of variation and mismatch."""
    from circuits import load_variation, variation_names

    rows = []
    for name in variation_names():
        variation = load_variation(name)
        rows.append(
            {
                "name": variation.name,
                "description": variation.parameters.texts["description"],
                "sigmas": {k: n.value for k, n in variation.parameters.numbers.items()},
            }
        )
    columns = {
        "variation": lambda row: row["name"],
        "description": lambda row: row["description"],
    }
    return Listing(rows, columns)


def technologies() -> Listing:
    """The transistor technologies that mramcim knows by name, and what those lack that it needs."""
    from circuits import technology_names

    rows = [_technology(name) for name in technology_names()]
    columns = {
        "technology": lambda row: row["name"],
        "VDD/V": lambda row: f"{row['vdd_V']:g}" if row["usable"] else "-",
        "L_min/nm": lambda row: f"{row['length_min_m'] * 1e9:g}" if row["usable"] else "-",
        "corners": lambda row: " ".join(row["corners"]) if row["usable"] else "-",
        "description": lambda row: row["description"],
    }
    return Listing(rows, columns, numbers=2)


def _technology(name: str) -> dict[str, Any]:
    from circuits import DesignError, load_technology

    try:
        technology = load_technology(name)
    except DesignError as error:
        # Models that come in a package of their own may not be installed; the others are.
        return {"name": name, "usable": False, "description": str(error)}
    return {
        "name": name,
        "usable": True,
        "description": technology.description,
        "corners": list(technology.corners),
        "vdd_V": technology.vdd,
        "length_min_m": technology.length_min,
    }


def networks() -> Listing:
    """The built-in networks; any ONNX file can be given instead."""
    from accelerator.networks import load_network, network_names

    rows = [
        {
            "name": name,
            "description": network.source,
            "input_shape": list(network.input_shape),
            "macs": network.macs,
            "mapped_layers": len(network.mapped),
        }
        for name in network_names()
        for network in [load_network(name)]
    ]
    columns = {
        "network": lambda row: row["name"],
        "MMACs": lambda row: f"{row['macs'] / 1e6:.1f}",
        "layers": lambda row: str(row["mapped_layers"]),
        "shapes from": lambda row: row["description"],
    }
    return Listing(rows, columns, numbers=2, remarks=["or the path of an .onnx file"])


def trained() -> Listing:
    """The trained networks that are shipped; `run` and `accuracy` take their names."""
    from accelerator.trained import path_of, trained_names, training_of

    rows = [{"name": name, **training_of(path_of(name))} for name in trained_names()]
    columns = {
        "trained": lambda row: row["name"],
        "test accuracy": lambda row: f"{row['test_accuracy']:.2%}",
        "network": lambda row: row["network"],
        "data": lambda row: row["dataset"],
        "seed": lambda row: str(row["recipe"]["seed"]),
    }
    return Listing(rows, columns, numbers=1, remarks=["or what `mramcim train` writes"])


LISTINGS: Mapping[str, Callable[[], Listing]] = {
    "networks": networks,
    "trained": trained,
    "benches": benches,
    "devices": devices,
    "technologies": technologies,
    "variations": variations,
}
