"""Years of stress: thresholds, delays and what a sense amplifier tolerates, from a table.

    python examples/ageing.py [--lut TABLE.h5] [--vdd 1.0] [--plot FILE.png]
    python examples/ageing.py --latch strongarm   # simulated: a latch aged on one side

The table's aged points are at one duty. `--latch` ages the two sides of a latch's p transistors
differently, as data does that is nearly always the same, and finds the offset that it tolerates.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from accelerator.ageing.delays import YEAR, aged_delay, ages, threshold_shift
from lut import AGED, Table

LOGIC = ("full_adder", "flip_flop", "decoder_gate")
SENSES = ("read", "and2")
ROWS = 256
UNEVEN = (None, (0.5, 0.5), (0.9, 0.1), (0.1, 0.9))


def temperatures(table: Table) -> list[float]:
    """The temperatures [K] of the aged points."""
    return [float(value) for value in table.axis(AGED["full_adder"], "temperature")]


def tolerance(table: Table, sense: str, age: float, temperature: float, vdd: float) -> float:
    """Input offset [V] that a sense tolerates, the least over its operands."""
    at = {"corner": "tt", "vdd": vdd, "temperature": temperature, "rows": ROWS, "age": age}
    operands = table.axis(AGED[sense], "operands")
    return min(table.value(AGED[sense], "offset_tolerance", **at, operands=one) for one in operands)


def print_table(table: Table, vdd: float) -> None:
    """Markdown: a row for each temperature and simulated age."""
    heads = ["shift/mV", *(f"{name}/ps" for name in LOGIC), *(f"{name}/ps" for name in SENSES)]
    heads += [f"{name} tolerates/mV" for name in SENSES]
    print("| degC | years | " + " | ".join(heads) + " |")
    print("|---|---|" + "---|" * len(heads))
    for kelvin in temperatures(table):
        for age in ages(table, "full_adder"):
            at = {"age": age, "temperature": kelvin, "vdd": vdd}
            cells = [f"{1e3 * threshold_shift(table, 'full_adder', **at):.1f}"]
            for name in (*LOGIC, *SENSES):
                place = {"rows": ROWS} if name in SENSES else {}
                cells.append(f"{1e12 * aged_delay(table, name, **at, **place):.2f}")
            cells += [f"{1e3 * tolerance(table, name, age, kelvin, vdd):.1f}" for name in SENSES]
            print(f"| {kelvin - 273.15:.0f} | {age / YEAR:.3g} | " + " | ".join(cells) + " |")


def plot(table: Table, vdd: float, path: Path) -> None:
    """Shift, slower logic and tolerated offset against years; simulated ages are dots."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    known = np.array(ages(table, "full_adder"))
    between = np.linspace(known[0] ** (1 / 6), known[-1] ** (1 / 6), 60) ** 6
    between = np.clip(between, known[0], known[-1])

    def draw(panel: plt.Axes, values: list[list[float]], label: str, style: str) -> None:
        (line,) = panel.plot(between / YEAR, values[0], style, label=label)
        panel.plot(known / YEAR, values[1], "o", ms=4, color=line.get_color())

    for kelvin, style in zip(temperatures(table), ("--", "-"), strict=False):
        where, at = f"{kelvin - 273.15:.0f} degC", {"temperature": kelvin, "vdd": vdd}
        shifts = [
            [1e3 * threshold_shift(table, "full_adder", age=age, **at) for age in some]
            for some in (between, known)
        ]
        draw(panels[0], shifts, where, style)
        for name in (*LOGIC, "and2"):
            place = {**at, "rows": ROWS} if name in SENSES else at
            fresh = aged_delay(table, name, age=0.0, **place)
            slower = [
                [100 * (aged_delay(table, name, age=age, **place) / fresh - 1) for age in some]
                for some in (between, known)
            ]
            draw(panels[1], slower, f"{name}, {where}", style)
        for name in SENSES:
            offsets = [1e3 * tolerance(table, name, age, kelvin, vdd) for age in known]
            panels[2].plot(known / YEAR, offsets, style + "o", ms=4, label=f"{name}, {where}")
    titles = ("threshold shift / mV", "slower by / %", "tolerated offset / mV")
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(title)
        panel.set_xlabel("years")
    panels[1].set_ylim(top=1.5 * panels[1].get_ylim()[1])
    panels[0].legend(fontsize="small")
    panels[1].legend(fontsize="x-small", loc="upper left", ncols=2)
    panels[2].legend(fontsize="small")
    panels[2].set_ylim(bottom=0)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def print_latch(design_name: str, years: float, celsius: float) -> None:
    """Tolerated offset of an AND whose latch has aged on one side, by simulation."""
    from characterize.measure import measure
    from characterize.pool import Decks
    from circuits import Conditions, build_deck, load_design
    from circuits.ageing import Stress, aged, load_ageing
    from lut import Outcome

    design, where = load_design(design_name), Conditions(temperature=celsius + 273.15)
    stress = Stress(load_ageing(), years * YEAR)

    def right(decks: Decks, duties: tuple[float, float] | None, offset: float) -> bool:
        deck = build_deck(design, "and2", "01", where, offset)
        if duties is not None:
            sides = {"xlatch0.*p1": duties[0], "xlatch0.*p2": duties[1]}
            deck = aged(deck, design, stress, sides)
        ((_, waves),) = decks.simulate([deck])
        if isinstance(waves, str):
            raise SystemExit(f"ngspice: {waves}")
        return measure(deck, waves).outcome is Outcome.OK

    print(f"AND of 0 and 1, {design_name}, {years:g} years at {celsius:g} degC")
    print("| duty of the latch's two sides | tolerated offset/mV |\n|---|---|")
    with Decks(1) as decks:
        wrong = next(sign for sign in (0.1, -0.1) if not right(decks, None, sign))
        for duties in UNEVEN:
            low, high = 0.0, wrong
            while abs(high - low) > 2.5e-4:
                middle = (low + high) / 2
                low, high = (middle, high) if right(decks, duties, middle) else (low, middle)
            label = "fresh" if duties is None else f"{duties[0]:g} and {duties[1]:g}"
            print(f"| {label} | {1e3 * abs(low):.1f} |", flush=True)


def main() -> None:
    """Print the table, and plot it where asked; or simulate a latch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lut")
    parser.add_argument("--vdd", type=float, default=1.0)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--latch", metavar="DESIGN")
    parser.add_argument("--years", type=float, default=10.0)
    parser.add_argument("--temperature", type=float, default=125.0)
    arguments = parser.parse_args()
    if arguments.latch is not None:
        print_latch(arguments.latch, arguments.years, arguments.temperature)
        return
    table = Table.open(arguments.lut)
    print_table(table, arguments.vdd)
    if arguments.plot is not None:
        plot(table, arguments.vdd, arguments.plot)


if __name__ == "__main__":
    main()
