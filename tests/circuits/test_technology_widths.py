"""Widths follow the technology's rules: those of the shipped one as ever, no deck below them."""

import re
from pathlib import Path

import pytest

from circuits import BENCHES, Conditions, Design, DesignError, build_deck, load_design
from circuits.counting import unit_width
from circuits.design import AMPLIFIERS
from circuits.periphery import driver_widths

DESIGNS = Path(__file__).parents[2] / "circuits" / "designs"
SHIPPED = DESIGNS.parent / "technology" / "generic45.toml"


def technology(folder: Path, width: float, length: float = 50) -> Path:
    """A technology of the least sizes [nm], with models of the test's own."""
    text = SHIPPED.read_text()
    text = text.replace("width_min = { value = 90", f"width_min = {{ value = {width}")
    text = text.replace("length_min = { value = 50", f"length_min = {{ value = {length}")
    text = text.replace('name = "generic45"', 'name = "coarse"').replace('"generic45"', '"."')
    text, _, _ = text.partition("[corners]")
    (folder / "cards.spice").write_text(
        ".model nmos_generic45 nmos level=1\n.model pmos_generic45 pmos level=1\n"
    )
    path = folder / "coarse.toml"
    path.write_text(text + '[corners]\ntt = [{ file = "cards.spice" }]\n')
    return path


def enlarged(folder: Path, amplifier: str, factor: float) -> Path:
    """A shipped design with all lengths times a factor."""

    def enlarge(match: re.Match[str]) -> str:
        return f'{match[1]} = "{float(match[2]) * factor} {match[3]}"'

    text = (DESIGNS / f"{amplifier}.toml").read_text()
    text = re.sub(r'^(\w+(?:width|length)) = "([\d.]+) (um|nm)"', enlarge, text, flags=re.M)
    path = folder / f"{amplifier}.toml"
    path.write_text(text)
    return path


def widths_of(design: Design) -> dict[str, set[float]]:
    """Widths [m] of the transistors in the decks of every bench."""
    found = {}
    for name, bench in BENCHES.items():
        netlist = build_deck(design, name, (bench.variants or ("",))[-1]).netlist
        lines = re.findall(r"^M\S+ .*? [np]mos_generic45 w=(\S+)", netlist, re.M)
        found[name] = {float(width) for width in lines}
    return found


@pytest.mark.parametrize("amplifier", AMPLIFIERS)
def test_no_transistor_of_any_deck_is_narrower_than_the_least(
    tmp_path: Path, amplifier: str
) -> None:
    path = enlarged(tmp_path, amplifier, 5.0)
    design = load_design(path, technology=technology(tmp_path, 900, 60))
    widths = widths_of(design)
    assert all(widths.values())
    for bench, found in widths.items():
        assert min(found) >= 900e-9 * (1 - 1e-5), bench
    assert unit_width(design) == pytest.approx(900e-9)
    assert min(driver_widths(design, "read", 8)) == pytest.approx(900e-9)


# m^2, as built before widths followed the rules of the technology.
AREAS = {
    "full_adder": 2.7245999999999983e-12,
    "flip_flop": 2.109e-12,
    "decoder_gate": 1.2654e-12,
    "wire": 1.3771200000000001e-11,
}


def test_those_of_the_shipped_technology_stay_as_they_are() -> None:
    design = load_design()
    widths = widths_of(design)
    assert widths["full_adder"] == {1.2e-7, 2.4e-7, 4.8e-7}
    assert widths["flip_flop"] == {1.2e-7, 2.4e-7, 4.8e-7}
    assert widths["wire"] == {4e-6, 8e-6}
    assert {2e-7, 4e-7, 6e-7, 8e-7} <= widths["decoder_gate"]
    assert unit_width(design) == 0.12e-6
    assert min(driver_widths(design, "read", 8)) == 0.2e-6
    area = {
        name: build_deck(design, name, (BENCHES[name].variants or ("",))[-1]).values["area"]
        for name in ("full_adder", "flip_flop", "decoder_gate", "wire")
    }
    assert area == AREAS


def test_all_short_sizes_are_named_at_once(tmp_path: Path) -> None:
    coarse = technology(tmp_path, 1300, 150)
    with pytest.raises(DesignError) as told:
        load_design("cancelled", technology=coarse)
    message = str(told.value)
    assert "\n" not in message
    widths, _, lengths = message.partition(" and clamp_length")
    for name in ("read_width", "write_width per finger", "pair_width", "latch_p_width",
                 "latch_n_width", "tail_width", "reset_width", "switch_width"):  # fmt: skip
        assert f"{name} of " in widths
    for name in ("mirror_width", "multiplexer_width", "clamp_width", "driver_n_width"):
        assert name not in widths
    assert "are below the technology's least width of 1300 nm" in widths
    assert lengths.startswith(" of 100 nm is below the technology's least length of 150 nm")
    assert "for coarse" in message


def test_a_write_driver_below_the_least_is_refused(tmp_path: Path) -> None:
    path = enlarged(tmp_path, "strongarm", 5.0)
    design = load_design(path, technology=technology(tmp_path, 900, 60))
    where = Conditions(driver_width=0.5e-6)
    with pytest.raises(DesignError, match="a write driver of 500 nm is below the 900 nm that"):
        build_deck(design, "write", "1", where)
