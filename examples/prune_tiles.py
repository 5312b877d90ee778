"""What is left of a trained network when tiles go, by its layers, and what that saves.

    python examples/prune_tiles.py [--arm both]

The shipped networks of `mramcim study pruning`: every tile is what one sub-array would hold. A dot
is a tile whose weights are all zero, so that it has no sub-array.
"""

from __future__ import annotations

import argparse

from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.pruning.recipe import ARMS
from accelerator.pruning.record import read_record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--arm", choices=[arm.name for arm in ARMS], default="clipped")
    arguments = parser.parse_args()
    record = read_record()
    path = record.path(arguments.arm)
    run = QuantizedNetwork(path).run(record.images)
    size = {"rows": record.recipe.rows, "columns": record.recipe.columns, "samples": 0}
    pruned = cost_run(path, run, **size)
    whole = cost_run(path, run, **size, skip_empty_subarrays=False)
    for layer, dense in zip(pruned.layers, whole.layers, strict=True):
        if not dense.subarrays:
            continue
        columns, kernels = (int(dense.mapping[key]) for key in ("column_tiles", "kernel_tiles"))
        kept = layer.kept or (((True,) * kernels,) * columns,)
        shown = " ".join("".join("#" if one else "." for one in column) for column in kept[0])
        share = layer.energy / dense.energy
        print(f"{layer.name:14} {layer.subarrays:3} of {dense.subarrays:3}  {share:4.0%}  {shown}")
    for name, unit, scale in (("energy", "uJ", 1e6), ("area", "mm2", 1e6), ("latency", "us", 1e6)):
        before, after = getattr(whole, name) * scale, getattr(pruned, name) * scale
        print(f"{name}: {before:.3f} {unit} with all tiles, {after:.3f} {unit} without empty ones")


if __name__ == "__main__":
    main()
