"""Map of the tolerated input offset over corners, supplies and temperatures, from a table.

    python examples/offset_map.py [--lut TABLE.h5] [--rows 256] [--plot FILE.png]

For every operation the worst operand pattern counts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lut import Table

OPERATIONS = ("read", "and2", "or2", "xor2")


def worst_tolerance(table: Table, operation: str, rows: int) -> np.ndarray:
    """Tolerated offset [V] by corner, supply and temperature, the least over the patterns."""
    group = table[operation]
    counts = [int(count) for count in group.axes["rows"].values]
    if rows not in counts:
        raise SystemExit(f"the table has {counts} rows; choose one of them with --rows")
    values = group.variables["offset_tolerance"].values[:, :, :, counts.index(rows), :]
    return values.min(axis=-1)


def print_map(table: Table, rows: int) -> None:
    """Markdown: one row a corner and supply, the operations at each temperature in mV."""
    group = table["and2"]
    corners, supplies = group.axes["corner"].values, group.axes["vdd"].values
    celsius = [f"{kelvin - 273.15:.0f}" for kelvin in group.axes["temperature"].values]
    found = {operation: worst_tolerance(table, operation, rows) for operation in OPERATIONS}
    print(f"Tolerated offset in mV, {rows} rows, at {' / '.join(celsius)} degC\n")
    print("| corner | VDD | " + " | ".join(OPERATIONS) + " |")
    print("|---|---|" + "---|" * len(OPERATIONS))
    for i, corner in enumerate(corners):
        for j, supply in enumerate(supplies):
            cells = [
                " / ".join(f"{1e3 * value:.0f}" for value in found[operation][i, j])
                for operation in OPERATIONS
            ]
            print(f"| {corner} | {supply:.1f} V | " + " | ".join(cells) + " |")


def plot_map(table: Table, rows: int, path: Path) -> None:
    """One coloured map an operation: corners and supplies down, temperatures across."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    group = table["and2"]
    corners, supplies = group.axes["corner"].values, group.axes["vdd"].values
    celsius = [f"{kelvin - 273.15:.0f}" for kelvin in group.axes["temperature"].values]
    labels = [f"{corner} {supply:.1f} V" for corner in corners for supply in supplies]
    figure, axes = plt.subplots(1, len(OPERATIONS), figsize=(11, 5.5), layout="constrained")
    for panel, operation in zip(axes, OPERATIONS, strict=True):
        values = 1e3 * worst_tolerance(table, operation, rows).reshape(len(labels), -1)
        image = panel.imshow(values, aspect="auto", cmap="viridis", vmin=0)
        panel.set_title(operation)
        panel.set_xticks(range(len(celsius)), celsius)
        panel.set_xlabel("temperature / degC")
        panel.set_yticks(range(len(labels)), labels if panel is axes[0] else [""] * len(labels))
        for (row, column), value in np.ndenumerate(values):
            dark = value < 0.6 * values.max()
            shade = "white" if dark else "black"
            panel.text(
                column, row, f"{value:.0f}", ha="center", va="center", color=shade, fontsize=8
            )
        figure.colorbar(image, ax=panel, shrink=0.6)
    figure.suptitle(f"Tolerated input offset in mV, worst operand pattern, {rows} rows")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the map, and plot it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lut")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    table = Table.open(arguments.lut)
    print_map(table, arguments.rows)
    if arguments.plot is not None:
        plot_map(table, arguments.rows, arguments.plot)


if __name__ == "__main__":
    main()
