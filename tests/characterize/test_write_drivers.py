"""A one and a zero flow through different transistors of a column's two write drivers.

So an estimate may take the best driver width of each value: what is asserted here is that the
transistors of the other value hardly matter, and that idle power and area are the mean.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from characterize.measure import measure
from characterize.pool import run_deck
from circuits import Conditions, Design, build_deck, load_design
from circuits.cells import cell_of


def with_others_scaled(design: Design, netlist: str, value: str, factor: float) -> str:
    """The deck with the transistors that do not carry this value's current made wider."""
    one = cell_of(design).LINE_OF_ONE
    high = one if value == "1" else {"wbl": "sl", "sl": "wbl"}[one]
    found = re.search(r"\.subckt driver .*?\.ends driver\n", netlist, re.DOTALL)
    assert found is not None
    drivers = ""
    for line in ("wbl", "sl"):
        other = "Mlastn " if line == high else "Mlastp "
        drivers += found[0].replace("driver", f"driver_{line}")
        begin = drivers.rindex(other)
        drivers = drivers[:begin] + re.sub(
            r"\b(w|ad|as)=(\S+)",
            lambda size: f"{size[1]}={float(size[2]) * factor:g}",
            drivers[begin:].split("\n", 1)[0],
        ) + "\n" + drivers[begin:].split("\n", 1)[1]  # fmt: skip
    split, count = re.subn(
        r"(?m)^(X\S+_(wbl|sl) .*)driver$", r"\1driver_\2", netlist.replace(found[0], drivers)
    )
    assert count == 4  # the written column and the resting one
    return split


@pytest.mark.parametrize("device", ["sot-perpendicular", "stt"])
@pytest.mark.parametrize("value", ["0", "1"])
@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_the_other_values_transistors_do_not_change_a_write(device, value, factor):
    design = load_design(device=device)
    deck = build_deck(design, "write", value, Conditions())
    base = measure(deck, run_deck(deck)).values
    netlist = with_others_scaled(design, deck.netlist, value, factor)
    split = measure(deck, run_deck(replace(deck, netlist=netlist))).values
    assert split["current"] == pytest.approx(base["current"], rel=1e-3)
    assert split["energy"] == pytest.approx(base["energy"], rel=0.02)
    both = Conditions(driver_width=factor * design.write.driver_n_width)
    wide = build_deck(design, "write", value, both)
    resting = measure(wide, run_deck(wide)).values["leakage_power"]
    mean = (base["leakage_power"] + resting) / 2
    # At rest the p transistors of the last stages leak; one of the two was scaled, and the
    # first stages were not.
    assert split["leakage_power"] == pytest.approx(mean, rel=0.06)
