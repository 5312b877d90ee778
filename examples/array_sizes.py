"""What the size of a sub-array does to a network's energy, latency and area.

    python examples/array_sizes.py [NETWORK] [--lut TABLE.h5] [--weights W] [--activations A]

Tries every pair of rows and columns that the table has.
"""

from __future__ import annotations

import argparse

from accelerator import estimate
from lut import Table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", nargs="?", default="lenet5")
    parser.add_argument("--lut", default=None)
    parser.add_argument("--weights", type=int, default=1)
    parser.add_argument("--activations", type=int, default=4)
    arguments = parser.parse_args()

    table = Table.open(arguments.lut)
    print(f"{'rows':>6}{'columns':>9}{'sub-arrays':>12}{'uJ':>10}{'ms':>10}{'mm2':>10}")
    for rows in table.axis("and2", "rows"):
        for columns in table.axis("wordline_driver", "columns"):
            report = estimate(
                arguments.network,
                table=table,
                rows=int(rows),
                columns=int(columns),
                weight_bits=arguments.weights,
                activation_bits=arguments.activations,
            )
            print(
                f"{int(rows):6d}{int(columns):9d}{report.subarrays:12d}{report.energy * 1e6:10.4g}"
                f"{report.latency * 1e3:10.4g}{report.area * 1e6:10.4g}"
            )


if __name__ == "__main__":
    main()
