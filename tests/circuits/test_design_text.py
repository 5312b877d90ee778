"""A design written as text is the same design when it is read again."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from circuits import load_design
from circuits.design import design_names
from circuits.design_text import design_text


@pytest.mark.parametrize("name", design_names())
def test_every_shipped_design_survives(name, tmp_path):
    design = load_design(name)
    path = tmp_path / "again.toml"
    path.write_text(design_text(design, ("found by a search", "for nobody")))
    again = load_design(path)
    for section in ("cell", "column", "bias", "amplifier_sizes", "timing", "write", "sampling"):
        # "0.2 ns" and "200 ps" differ in the last bit.
        if getattr(design, section) is not None:
            written = asdict(getattr(design, section))
            assert asdict(getattr(again, section)) == pytest.approx(written, rel=1e-12)
    assert (again.name, again.device.name) == (design.name, design.device.name)
    assert (again.technology.name, again.amplifier) == (design.technology.name, design.amplifier)


def test_odd_sizes_keep_their_digits(tmp_path):
    design = load_design()
    odd = replace(design, bias=replace(design.bias, current_logic=42.1e-6, mirror_width=3.105e-6))
    path = tmp_path / "odd.toml"
    path.write_text(design_text(odd))
    assert asdict(load_design(path).bias) == pytest.approx(asdict(odd.bias), rel=1e-12)


def test_a_device_of_ones_own_is_named_by_its_path(tmp_path):
    shipped = load_design().device.parameters.path
    own = tmp_path / "mine.toml"
    own.write_text(Path(shipped).read_text())
    design = load_design(device=own)
    assert 'device = "mine.toml"' in design_text(design, base=tmp_path)
    (tmp_path / "design.toml").write_text(design_text(design, base=tmp_path))
    assert load_design(tmp_path / "design.toml").device.name == design.device.name
    assert f'device = "{own.resolve().as_posix()}"' in design_text(design)
