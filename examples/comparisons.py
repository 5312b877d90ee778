"""What comparing and adding two numbers in rows takes, by width, from a table."""

from __future__ import annotations

import argparse

import numpy as np

from accelerator.assumptions import load_assumptions
from accelerator.comparator.addition import add
from accelerator.comparator.comparison import compare
from accelerator.options import Options
from accelerator.pipeline import build_array
from accelerator.prices import Conditions, read_prices
from lut import Table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lut", help="the table (default: the reference table)")
    parser.add_argument("--alike", type=float, default=0.0, help="share of equal pairs (default 0)")
    arguments = parser.parse_args()
    prices = read_prices(Table.open(arguments.lut), Conditions(row_logic=True))
    array = build_array(Conditions(row_logic=True), prices, Options(), load_assumptions())
    senses = {"xor": prices.xor2, "and": prices.and2, "or": prices.or2, "read": prices.read}
    random = np.random.default_rng(0)

    def energy(counts, name):
        number, parts = counts.to_dict(), senses[name].energy
        return sum(number[f"{name}_{value}"] * sum(parts[value].values()) for value in parts)

    print("bits  XORs  compared fJ  planes a row  added: senses fJ  written fJ")
    for bits in (1, 2, 4, 8):
        a, b = random.integers(0, 1 << bits, (2, 64, array.columns))
        b = np.where(random.random(a.shape) < arguments.alike, a, b)
        compared, added = compare(a, b, bits, array), add(a, b, bits, array)
        assert np.array_equal(compared.greater, a > b)
        assert np.array_equal(added.sums, a + b)
        one = compared.counts
        writes = prices.write.energy
        written = added.counts.result_0 * writes["0"] + added.counts.result_1 * writes["1"]
        figures = (
            one.xors / a.size,
            (energy(one, "xor") + energy(one, "read")) / a.size * 1e15,
            compared.planes.mean(),
            sum(energy(added.counts, name) for name in ("xor", "and", "or")) / a.size * 1e15,
            written / a.size * 1e15,
        )
        print(f"{bits:4d}  {figures[0]:4.2f}  {figures[1]:11.0f}  {figures[2]:12.2f}  ", end="")
        print(f"{figures[3]:16.0f}  {figures[4]:10.0f}")


if __name__ == "__main__":
    main()
