"""Small networks of comparisons with random parameters, written without PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from accelerator.comparator.configuration import Configuration
from accelerator.comparator.onnx_file import write_network

SMALL = Configuration(
    "cmpnet", input_shape=(1, 8, 8), channels=4, maps=12, depth=2, full=6, activation_bits=5
)
INPUT_LEVELS = (4, 15)


def parameters(one: Configuration, seed: int = 0) -> dict[str, np.ndarray]:
    """Random codes and normalizations of a configuration."""
    random = np.random.default_rng(seed)
    window = (one.kernel, one.kernel)
    found = {"stem": random.integers(0, 256, (one.channels, one.input_shape[0], *window))}
    norms = {"stem": one.channels, "full": one.full, "scores": one.classes}
    highest = 1 << one.weight_bits
    for module in range(one.depth):
        name = f"module{module}"
        norms[name] = one.channels
        shape = (one.maps, one.channels, *window)
        gather = (one.channels, one.maps, 1, 1)
        if one.kind == "cmpnet":
            found[f"{name}.gather"] = random.integers(-1, 2, gather)
            found[f"{name}.gather.scale"] = np.asarray(0.25)
            continue
        norms[f"{name}.spread"] = one.maps
        found[f"{name}.gather"] = random.integers(0, highest, gather)
        if one.kind == "lbcnn":
            found[f"{name}.spread"] = random.integers(-1, 2, shape)
            found[f"{name}.spread.scale"] = np.ones(())
        else:
            found[f"{name}.spread"] = random.integers(0, highest, shape)
    found["full"] = random.integers(0, 256, (one.full, one.features))
    found["scores"] = random.integers(0, 256, (one.classes, one.full))
    for name, channels in norms.items():
        found[f"{name}.norm"] = np.stack(
            [
                random.uniform(0.2, 0.6, channels),
                random.uniform(0.2, 0.8, channels),
                random.normal(0, 0.5, channels),
                random.uniform(0.5, 2, channels),
            ]
        )
    return found


def write(folder: Path, one: Configuration = SMALL, seed: int = 0) -> Path:
    """The network's file in a folder."""
    path = folder / f"{one.name}.onnx"
    write_network(one, parameters(one, seed), path, {}, INPUT_LEVELS)
    return path


def images(one: Configuration = SMALL, count: int = 3, seed: int = 1) -> np.ndarray:
    """Images on the input's levels (n, channels, height, width)."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, INPUT_LEVELS[1] + 1, (count, *one.input_shape))
    return (codes / INPUT_LEVELS[1]).astype(np.float32)
