"""All widths in one QONNX file: the widest network, and the others' normalizations beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from accelerator.adaptive.networks import WIDTHS_KEY, at_width
from accelerator.training.adaptive import AdaptiveModel
from accelerator.training.export import NORM_PARTS, SCORES, export_qonnx


def export_adaptive(model: AdaptiveModel, path: Path, notes: dict[str, str]) -> None:
    """Write a file that any reader of QONNX takes as the widest network.

    Constants named NAME@WIDTH, which no node reads, are those of the narrower networks.
    """
    notes = {**notes, WIDTHS_KEY: json.dumps(list(model.graphs))}
    export_qonnx(model.at(model.widest), path, notes, as_codes=True)
    made = onnx.load(path)
    last = len(model.graphs[model.widest].steps) - 1
    for width in model.graphs:
        if width == model.widest:
            continue
        for number, norm in model.norms_at(width).items():
            out = SCORES if int(number) == last else f"step{number}"
            entries = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
            for what, entry in zip(NORM_PARTS, entries, strict=True):
                value = np.ascontiguousarray(entry.detach().numpy(), np.float32)
                name = at_width(f"{out}_{what}", width)
                made.graph.initializer.append(numpy_helper.from_array(value, name))
    onnx.save(made, path)
