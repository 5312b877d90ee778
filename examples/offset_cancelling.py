"""One sense of the offset-cancelled amplifier: what the branch does, step by step.

    python examples/offset_cancelling.py [--operation and2] [--operands 11] [--plot FILE.png]

Prints the stored level and the branch's output at the end of each step of the measured cycle.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from characterize.measure import at
from characterize.ngspice import Waveforms
from characterize.pool import run_deck
from circuits import Conditions, build_deck, load_design
from circuits.cancelled_sensing import Steps, steps_of

SHOWN = {
    "line": ("data line", "tab:blue"),
    "ref0": ("reference line", "tab:cyan"),
    "out0": ("output of the branch", "tab:red"),
    "store0": ("stored level", "black"),
    "xlatch0.a": ("latch, output side", "tab:orange"),
    "xlatch0.b": ("latch, stored side", "tab:green"),
}


def sense(design_name: str, operation: str, operands: str) -> tuple[Waveforms, Steps]:
    """Waveforms of the sense and the steps of its measured cycle."""
    design, where = load_design(design_name), Conditions()
    deck = build_deck(design, operation, operands, where)
    netlist = deck.netlist.replace(".save ", f".save {' '.join(SHOWN)} ", 1)
    steps = steps_of(design, where.rows, 1, len(deck.differentials))[0]
    return run_deck(replace(deck, netlist=netlist)), steps


def plot(waves: Waveforms, steps: Steps, title: str, path: Path) -> None:
    """The measured cycle with its steps."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, panel = plt.subplots(figsize=(9, 4.5), layout="constrained")
    time = 1e9 * (waves.time - steps.start)
    for node, (name, colour) in SHOWN.items():
        panel.plot(time, waves[node], label=name, color=colour, linewidth=1.3)
    bounds = (steps.start, steps.equalized, steps.sampled, steps.settled, steps.fire, steps.stop)
    names = ("rest", "reference", "data", "amplify", "latch")
    for index, name in enumerate(names):
        left, right = (1e9 * (bounds[index + end] - steps.start) for end in (0, 1))
        panel.axvspan(left, right, color="grey", alpha=0.12 if index % 2 else 0.0, linewidth=0)
        panel.text((left + right) / 2, 1.07, name, ha="center", fontsize="small")
    panel.set_xlim(0, 1e9 * (steps.stop - steps.start))
    panel.set_ylim(-0.05, 1.15)
    panel.set_xlabel("time in the measured cycle / ns")
    panel.set_ylabel("V")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    panel.set_title(title, loc="left", fontsize="medium")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Simulate, print the steps, and plot where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--design", default="cancelled")
    parser.add_argument("--operation", default="and2")
    parser.add_argument("--operands", default="11")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    waves, steps = sense(arguments.design, arguments.operation, arguments.operands)
    print("| end of | time/ns | output/mV | stored/mV |")
    print("|---|---|---|---|")
    for name in ("sampled", "settled", "fire"):
        instant = getattr(steps, name)
        levels = (1e3 * at(waves, waves[node], instant) for node in ("out0", "store0"))
        cells = " | ".join(f"{level:.0f}" for level in levels)
        print(f"| {name} | {1e9 * (instant - steps.start):.2f} | {cells} |")
    if arguments.plot is not None:
        title = f"{arguments.operation} of {arguments.operands}, design {arguments.design}"
        plot(waves, steps, title, arguments.plot)


if __name__ == "__main__":
    main()
