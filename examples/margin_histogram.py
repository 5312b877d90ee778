"""Sense margins under variation: what every operand pattern's amplifier sees, and its errors.

    python examples/margin_histogram.py [--samples 30] [--rows 256] [--plot FILE.png]

Every sample is one column with its reference and amplifier, the same for all patterns of an
operation: transistors and junctions are drawn from a variation set by a seed. The pattern 10
is left out, it is 01 with its two cells exchanged.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from characterize.pool import Decks
from characterize.sampling import Sampled, sample_bench
from circuits import Conditions, Design, build_deck, load_design
from circuits.variation import Variation, load_variation

PATTERNS = {"read": ("0", "1"), "and2": ("00", "01", "11"), "or2": ("00", "01", "11")}


@dataclass(frozen=True)
class Sensed:
    """One pattern over all samples.

    `differentials` [V] are signal less reference when the amplifier latches, shape (samples,);
    `right` is the sign of a right differential.
    """

    differentials: np.ndarray
    right: int
    sampled: Sampled


def sense_all(
    design: Design, variation: Variation, where: Conditions, samples: int, seed: int, jobs: int
) -> dict[tuple[str, str], Sensed]:
    """All samples of every operation and pattern."""
    found: dict[tuple[str, str], Sensed] = {}
    with Decks(jobs) as decks:
        for operation, patterns in PATTERNS.items():
            for operands in patterns:
                sampled = sample_bench(
                    design, operation, operands, where, variation, decks,
                    number=samples, seed=seed, sampling="random", measures=("margin",),
                )  # fmt: skip
                if sampled.failed_simulations:
                    raise SystemExit(f"ngspice could not simulate: {sampled.messages[0]}")
                right = build_deck(design, operation, operands, where).differentials[0].sign
                margins = right * sampled.values["margin"]
                found[operation, operands] = Sensed(margins, right, sampled)
    return found


def print_table(found: dict[tuple[str, str], Sensed]) -> None:
    """Markdown: one row an operation and pattern."""
    print("| operation | stored | margin/mV | sigma/mV | wrong | error rate, 95 % |")
    print("|---|---|---|---|---|---|")
    for (operation, operands), sensed in found.items():
        count = len(sensed.differentials)
        wrong = int(sensed.sampled.wrong.sum())
        rate = sensed.sampled.error_rate()
        margin = 1e3 * sensed.right * sensed.differentials.mean()
        sigma = 1e3 * sensed.differentials.std(ddof=1)
        print(
            f"| {operation} | {operands} | {margin:.1f} | {sigma:.1f} | {wrong} of {count} "
            f"| {100 * rate.low:.1f} to {100 * rate.high:.1f} % |"
        )


def plot(found: dict[tuple[str, str], Sensed], title: str, path: Path) -> None:
    """One panel an operation: a histogram of every pattern about the reference level.

    Wrong decisions are red: the amplifier's own offset outweighed the differential.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    everything = 1e3 * np.concatenate([sensed.differentials for sensed in found.values()])
    width = 4.0
    low, high = (np.floor(everything.min() / width), np.ceil(everything.max() / width))
    bins = width * np.arange(low - 1, high + 2)
    figure, panels = plt.subplots(
        len(PATTERNS), 1, figsize=(9, 7), sharex=True, sharey=True, layout="constrained"
    )
    colours = {"0": "tab:blue", "00": "tab:blue", "01": "tab:orange"}
    for panel, (operation, patterns) in zip(panels, PATTERNS.items(), strict=True):
        for operands in patterns:
            sensed = found[operation, operands]
            millivolts = 1e3 * sensed.differentials
            panel.hist(
                millivolts,
                bins,
                histtype="stepfilled",
                alpha=0.55,
                color=colours.get(operands, "tab:green"),
                label=f"{operands} stored, {sensed.sampled.wrong.sum()} wrong",
            )
            panel.hist(
                millivolts[sensed.sampled.wrong],
                bins,
                histtype="stepfilled",
                color="tab:red",
                label="decided wrongly" if operands == patterns[-1] else None,
            )
        panel.axvline(0, color="black", linewidth=1.2, label="reference level")
        panel.set_title(operation, loc="left", fontsize="medium")
        panel.set_ylabel("samples")
        panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    panels[-1].set_xlabel("signal less reference when the amplifier latches / mV")
    figure.suptitle(title, fontsize="medium")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Simulate, print the table, and plot it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--variation", default="default")
    parser.add_argument("--design")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    design, variation = load_design(arguments.design), load_variation(arguments.variation)
    where = Conditions(vdd=design.technology.vdd, rows=arguments.rows)
    found = sense_all(design, variation, where, arguments.samples, arguments.seed, arguments.jobs)
    print_table(found)
    if arguments.plot is not None:
        title = (
            f"{design.name} with {design.device.name}, variation {variation.name}, "
            f"{arguments.rows} rows, {arguments.samples} samples of seed {arguments.seed}"
        )
        plot(found, title, arguments.plot)


if __name__ == "__main__":
    main()
