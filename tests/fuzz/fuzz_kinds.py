"""Kinds of input, each from sound files that are mutated: what is written, and the words given."""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import quantized_models
from fuzz_models import changed_array, changed_model
from fuzz_values import ESCAPES, changed_bytes, changed_text, json_text, mutated, toml_text

Case = tuple[list[str], list[Path]]
"""Words of the command, and the files that a refusal may name."""
ROOT = Path(__file__).parents[2]
_BENCHES = ("and2", "read", "write", "full_adder", "wordline_driver", "or2", "xor2", "flip_flop")
_SMALL = ("--samples", "0")
_DEVICES = [*sorted((ROOT / "circuits/devices").glob("*.toml")),
            *sorted((ROOT / "circuits/walls").glob("*.toml"))]  # fmt: skip


@cache
def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def _written(draw: random.Random, seed: dict[str, Any], path: Path) -> None:
    if draw.random() < 0.1:
        path.write_text(changed_text(toml_text(seed), draw))
    else:
        path.write_text(toml_text(mutated(seed, draw)))


def _bench(draw: random.Random) -> list[str]:
    return ["netlist", draw.choice(_BENCHES)]


def device(draw: random.Random, folder: Path) -> Case:
    path = folder / "device.toml"
    _written(draw, _toml(draw.choice(_DEVICES)), path)
    words = [*_bench(draw), "--device", str(path)]
    if draw.random() < 0.3:
        words = ["switch", str(path), "--current", "1e-4"]
    return words, [path]


def design(draw: random.Random, folder: Path) -> Case:
    path = folder / "design.toml"
    _written(draw, _toml(draw.choice(sorted((ROOT / "circuits/designs").glob("*.toml")))), path)
    return [*_bench(draw), "--design", str(path)], [path]


def technology(draw: random.Random, folder: Path) -> Case:
    shutil.copytree(ROOT / "circuits/technology/generic45", folder / "generic45")
    path = folder / "technology.toml"
    _written(draw, _toml(ROOT / "circuits/technology/generic45.toml"), path)
    return [*_bench(draw), "--technology", str(path)], [path]


def variation(draw: random.Random, folder: Path) -> Case:
    path = folder / "variation.toml"
    _written(draw, _toml(ROOT / "circuits/variations/default.toml"), path)
    return ["netlist", "and2", "--sample", "1", "--variation", str(path)], [path]


def ageing(draw: random.Random, folder: Path) -> Case:
    path = folder / "ageing.toml"
    _written(draw, _toml(ROOT / "circuits/ageing_sets/nbti.toml"), path)
    return ["netlist", "full_adder", "--age", "10", "--ageing", str(path)], [path]


_PLAN: dict[str, Any] = {
    "title": "fuzzed", "device": "Zhang2026", "benches": ["and2", "read", "write"],
    "tolerance": False, "time_limit": "60 s", "write_error_rate": 1e-6,
    "axes": {
        "corner": ["tt", "ss"], "vdd": ["0.9 V", "1.0 V"], "temperature": ["27 degC"],
        "rows": [128, 256], "columns": [256], "driver": [0.5, 1.0],
    },
    "limits": [
        {"bench": "and2", "measure": "delay", "max": "5 ns", "where": {"corner": ["tt"]}},
        {"bench": "write", "measure": "energy", "min": "1 fJ", "typ": "10 fJ", "max": "1 nJ",
         "any_of": "driver_width"},
    ],
    "statistics": {"benches": ["and2"], "variation": "default", "samples": 16, "seed": 3,
                   "relative_error": 0.3, "simulations": 500, "axes": {"rows": [256]}},
    "ageing": {"benches": ["full_adder"], "ages": ["1 year", "10 year"], "duty": 0.5,
               "axes": {"vdd": ["1.0 V"]}},
}  # fmt: skip


def plan(draw: random.Random, folder: Path) -> Case:
    path = folder / "plan.toml"
    _written(draw, _PLAN, path)
    return ["characterize", str(path), "--dry-run", "-o", str(folder / "out.h5")], [path]


def space(draw: random.Random, folder: Path) -> Case:
    path = folder / "space.toml"
    _written(draw, _toml(ROOT / "examples/space.toml"), path)
    return ["explore", str(path)], [path]


@cache
def _models() -> tuple[tuple[bytes, bytes], ...]:
    """Models with images that they take."""
    import tempfile

    import onnx

    found = []
    with tempfile.TemporaryDirectory() as name:
        made = []
        for make in ("qcdq", "qonnx", "qlinear", "integer"):
            made.append(getattr(quantized_models, make)(Path(name) / f"{make}.onnx"))
        for path in [*made, *sorted((ROOT / "tests/data/onnx").glob("*.onnx"))]:
            (shape,) = (
                [dim.dim_value or 2 for dim in entry.type.tensor_type.shape.dim]
                for entry in onnx.load(path).graph.input[:1]
            )
            images = io.BytesIO()
            np.save(images, np.random.default_rng(1).random(shape, np.float32))
            found.append((path.read_bytes(), images.getvalue()))
    return tuple(found)


def network(draw: random.Random, folder: Path) -> Case:
    path, images = folder / "net.onnx", folder / "x.npy"
    model, sound = draw.choice(_models())
    path.write_bytes(changed_model(model, draw))
    images.write_bytes(sound)
    words = draw.choice(
        (["run", str(path), "--images", str(images)], ["run", str(path), "--images", str(images)],
         ["estimate", str(path)], ["map", str(path)])
    )  # fmt: skip
    names = [path, images] if words[0] == "run" else [path]
    return [*words, *(() if words[0] == "map" else _SMALL), *_json(draw)], names


def images(draw: random.Random, folder: Path) -> Case:
    path, source = folder / "net.onnx", folder / "x.npy"
    model, sound = draw.choice(_models()[:4])
    path.write_bytes(model)
    source.write_bytes(changed_array(sound, draw))
    words = ["run", str(path), "--images", str(source), *_SMALL, *_json(draw)]
    if draw.random() < 0.3:
        words += ["--highest", draw.choice(("1", "255"))]
    return words, [source, path]


def _json(draw: random.Random) -> list[str]:
    return ["--json"] if draw.random() < 0.4 else []


@cache
def _tables() -> list[bytes]:
    names = ("tests/data/tables/schema-3.h5", "tests/data/tables/schema-1.h5")
    return [(ROOT / name).read_bytes() for name in (*names, "lut/data/reference.h5")]


def table(draw: random.Random, folder: Path) -> Case:
    path = folder / "table.h5"
    image = draw.choice(_tables())
    path.write_bytes(image)
    if draw.random() < 0.5:
        path.write_bytes(changed_bytes(image, draw))
    else:
        _change_table(path, draw)
    words = draw.choice(
        (["lut", "info", str(path)], ["lut", "check", str(path)],
         ["estimate", "lenet5", "--lut", str(path), *_SMALL],
         ["lut", "export", str(path), "-o", str(folder / "out.csv")],
         ["lut", "export", str(path), "-o", str(folder / "out.cell")],
         ["lut", "diff", str(path), str(ROOT / "tests/data/tables/schema-3.h5")])
    )  # fmt: skip
    return [*words, *([] if "export" in words else _json(draw))], [path]


def _change_table(path: Path, draw: random.Random) -> None:
    import h5py

    with h5py.File(path, "r+") as file:
        places: list[Any] = [file]
        file.visititems(lambda _, item: places.append(item))
        for _ in range(draw.choice((1, 2))):
            item = draw.choice(places)
            odd = draw.choice(
                (0, -1, float("nan"), 1e308, "text", "\x1b[31m\u202e", [1, 2], b"\xff")
            )
            what = draw.randrange(4)
            if what == 0 and item.attrs:
                item.attrs[draw.choice(list(item.attrs))] = odd
            elif what == 1 and isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu":
                values = item[()] if item.shape else None
                if values is not None and values.size:
                    values.reshape(-1)[draw.randrange(values.size)] = draw.choice((0, -1, 1, 100))
                    item[...] = values
            elif what == 2 and isinstance(item, h5py.Group) and len(item):
                del item[draw.choice(list(item))]
                return
            else:
                item.attrs[draw.choice(("title", "units", "odd", "schema_version"))] = odd


@cache
def _report() -> Any:
    return json.loads(_printed("estimate", "lenet5", "--json", *_SMALL))


def _printed(*words: str) -> str:
    from mramcim.command import main

    out = io.StringIO()
    with redirect_stdout(out):
        assert main(list(words)) == 0
    return out.getvalue()


def report(draw: random.Random, folder: Path) -> Case:
    path = folder / "report.json"
    path.write_text(json_text(mutated(_report(), draw)))
    if draw.random() < 0.1:
        path.write_bytes(changed_bytes(path.read_bytes(), draw))
    return ["explain", str(path), *_json(draw)], [path]


_RECORDS = {
    "adaptive": ("adaptive/training.json", "--networks", ["w8a8.onnx", "w16a16.onnx"]),
    "comparator": ("comparator/comparator.json", "--networks", ["cmpnet-a8.onnx", "cnn-a8.onnx",
                   "lbcnn-a8.onnx", "images.npy"]),
    "pruning": ("pruning/record.json", "--from", ["both.onnx", "clipped.onnx", "dense.onnx",
                "pruned.onnx", "ternary.onnx"]),
}  # fmt: skip


def record(draw: random.Random, folder: Path) -> Case:
    study = draw.choice(list(_RECORDS))
    name, option, others = _RECORDS[study]
    source = ROOT / "accelerator/trained" / name
    path = folder / source.name
    path.write_text(json_text(mutated(json.loads(source.read_text()), draw)))
    for other in others:
        (folder / other).symlink_to(source.parent / other)
    words = ["study", study, option, str(folder)]
    return [*words, *(["--count", "2"] if study != "comparator" else [])], [path, folder]


@cache
def _csv() -> tuple[str, str]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        target, about = Path(name) / "t-read.csv", Path(name) / "record.json"
        table_path = ROOT / "tests/data/tables/schema-3.h5"
        _printed("lut", "export", str(table_path), "--group", "read", "-o", str(target),
                 "--record", str(about))  # fmt: skip
        return target.read_text(), about.read_text()


def rows(draw: random.Random, folder: Path) -> Case:
    path, about = folder / "t-read.csv", folder / "record.json"
    text, told = _csv()
    few = "\n".join(text.splitlines()[:40]) + "\n" if draw.random() < 0.3 else text
    changed = draw.random() < 0.7
    path.write_text(changed_text(few, draw) if changed else text, errors="surrogatepass")
    if draw.random() < 0.1:
        path.write_bytes(changed_bytes(text.encode(), draw))
    words = ["lut", "import", str(path), "-o", str(folder / "out.h5")]
    if not changed or draw.random() < 0.2:
        about.write_text(json_text(mutated(json.loads(told), draw)))
        words += ["--record", str(about)]
    return [*words, *_json(draw)], [path, about]


def cell(draw: random.Random, folder: Path) -> Case:
    path = folder / "their.cell"
    path.write_text(changed_text(_cell(), draw))
    if draw.random() < 0.1:
        path.write_bytes(changed_bytes(_cell().encode(), draw))
    return ["lut", "compare-cell", str(path), *_json(draw)], [path]


@cache
def _cell() -> str:
    return _printed("lut", "export", str(ROOT / "lut/data/reference.h5"), "-o", "-", "--format",
                    "nvsim")  # fmt: skip


@cache
def _archive() -> tuple[dict[str, Any], dict[str, Any]]:
    with np.load(ROOT / "accelerator/trained/stochastic-digits.npz") as content:
        arrays = {name: content[name] for name in content.files}
    return json.loads(str(arrays.pop("about"))), arrays


def archive(draw: random.Random, folder: Path) -> Case:
    path = folder / "networks.npz"
    about, arrays = _archive()
    arrays = dict(arrays)
    told = json_text(mutated(about, draw) if draw.random() < 0.6 else about)
    if draw.random() < 0.5:
        name = draw.choice(list(arrays))
        kind = draw.choice((np.float64, np.complex64, np.int8, np.bool_))
        shape = draw.choice(((-1,), (1, -1), arrays[name].shape[::-1], arrays[name].shape))
        odd = arrays.pop(name).astype(kind).reshape(shape) * draw.choice((1, np.nan, 1e30))
        arrays[draw.choice((name, ESCAPES.encode("unicode_escape").decode(), "x"))] = odd
    np.savez(path, about=np.array(told), **arrays)
    if draw.random() < 0.3:
        path.write_bytes(changed_bytes(path.read_bytes(), draw))
    return ["study", "stochastic", "--networks", str(path), "--count", "1"], [path]


def dataset(draw: random.Random, folder: Path) -> Case:
    sizes = {"images": (2, 28, 28), "labels": (2,)}
    paths = []
    for what, shape in sizes.items():
        path = folder / f"t10k-{what}-idx{len(shape)}-ubyte"
        body = bytes(draw.randrange(9) for _ in range(int(np.prod(shape))))
        image = bytes((0, 0, 8, len(shape))) + b"".join(n.to_bytes(4) for n in shape) + body
        if draw.random() < 0.7:
            head = draw.randrange(4 + 4 * len(shape))
            image = image[:head] + bytes((draw.choice((0, 1, 2, 255)),)) + image[head + 1 :]
            image = changed_bytes(image, draw) if draw.random() < 0.5 else image
        if draw.random() < 0.3:
            path, image = path.with_name(path.name + ".gz"), gzip.compress(image)
            image = changed_bytes(image, draw) if draw.random() < 0.5 else image
        path.write_bytes(image)
        paths.append(path)
    words = ["run", "digits-w1a2", "--dataset", "mnist", "--data", str(folder), "--count", "1"]
    return [*words, *_SMALL, *_json(draw)], [*paths, folder, Path("mnist")]


def points(draw: random.Random, folder: Path) -> Case:
    path, asked = folder / "points.jsonl", folder / "space.toml"
    shutil.copy(ROOT / "examples/space.toml", asked)
    entry = {"format": "mramcim-points/1", "key": "a" * 64, "settings": {"rows": 64},
             "measures": {"energy": 1e-6, "latency": 1e-3, "area": 1e-6}}  # fmt: skip
    lines = [json_text(mutated(entry, draw) if draw.random() < 0.5 else entry) for _ in range(3)]
    path.write_text("\n".join(lines) + draw.choice(("\n", "")))
    if draw.random() < 0.3:
        path.write_bytes(changed_bytes(path.read_bytes(), draw))
    return ["explore", str(asked), "-o", str(path)], [path]


def library(draw: random.Random, folder: Path) -> Case:
    shutil.copytree(ROOT / "circuits/technology/generic45", folder / "generic45")
    path = folder / "technology.toml"
    shutil.copy(ROOT / "circuits/technology/generic45.toml", path)
    model = folder / "generic45" / draw.choice(("nmos_tt.spice", "pmos_tt.spice"))
    text = model.read_text()
    model.write_text(changed_text(text, draw))
    if draw.random() < 0.2:
        model.write_bytes(changed_bytes(text.encode(), draw))
    return [*_bench(draw), "--technology", str(path)], [model, path, folder]


KINDS: dict[str, Callable[[random.Random, Path], Case]] = {
    "device": device, "design": design, "technology": technology, "variation": variation,
    "ageing": ageing, "plan": plan, "space": space, "network": network, "images": images,
    "table": table, "report": report, "record": record, "rows": rows, "cell": cell,
    "library": library, "archive": archive, "dataset": dataset, "points": points,
}  # fmt: skip
