"""What switching costs: transients in ngspice, compiled walkers, and rare errors.

    python benchmarks/switching.py

Ratios are taken in one run; seconds are of this machine.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from characterize.pool import run_deck
from characterize.stochastic import STEP, Integrator
from characterize.switching import switch
from characterize.wall_motion import move
from characterize.write_errors import Pulse, brute_force, write_error_rates
from characterize.write_points import WriteErrors
from circuits import build_deck, load_design, load_magnet
from circuits.drive import Drive
from circuits.wall_parameters import load_wall


def transients() -> None:
    """One transient of each kind at the verified settings."""
    for name, current in (("UMN2015", 450e-6), ("Fan2018", 100e-6), ("stt", 100e-6)):
        magnet = load_magnet(name)
        drive = Drive(current, magnet.pulse_duration, magnet.run_duration)
        seconds = switch(magnet, drive).analysis_seconds
        print(f"{name}: {drive.duration * 1e9:.0f} ns in {seconds:.2f} s of ngspice's analysis")
    wall = load_wall("domain-wall")
    seconds = move(wall, Drive(3e-4, 2e-9, 6e-9)).analysis_seconds
    print(f"domain-wall: 6 ns in {seconds:.2f} s of ngspice's analysis")


def sense_with_and_without_magnets() -> None:
    """A sense whose junctions are at rest, and one whose magnets move."""
    design = load_design()
    seconds = [
        run_deck(
            build_deck(replace(design, moving=moving), "read", "1"), time_limit=300.0
        ).analysis_seconds
        for moving in (False, True)
    ]
    print(
        f"READ of 256 rows: {seconds[0]:.3f} s, with magnets {seconds[1]:.2f} s, "
        f"{seconds[1] / seconds[0]:.0f} times"
    )


def walkers() -> None:
    """The time of one compiled step."""
    magnet = load_magnet("sot-inplane")
    m = np.tile(magnet.easy_axis, (500, 1))
    integrator = Integrator(magnet)
    integrator.rest(m, 1e-11, 1)
    started = time.perf_counter()
    integrator.rest(m, 2e-9, 1)
    each = (time.perf_counter() - started) / (500 * 2e-9 / STEP)
    print(f"one walker's step of 1 ps: {each * 1e9:.0f} ns")


def rare_errors() -> None:
    """A rare error rate by the ensemble, and what brute force would take for its interval."""
    magnet = load_magnet("sot-inplane")
    pulse = Pulse.trapezoid(magnet.polarity * 250e-6, 1e-10, 1e-10)
    widths = np.geomspace(0.5e-9, 2.6e-9, 8)
    started = time.perf_counter()
    rates = write_error_rates(magnet, pulse, widths, walkers=30, repeats=4)
    ensemble = time.perf_counter() - started
    rate, low, high = rates.rate[-1], rates.low[-1], rates.high[-1]
    started = time.perf_counter()
    brute_force(magnet, pulse, widths[-1], 300)
    trial = (time.perf_counter() - started) / 300
    # Trials for the same relative half-width of the 95 % interval.
    relative = (high - low) / 2 / rate
    trials = (1.96 / relative) ** 2 / rate
    print(
        f"error rate {rate:.1e} ({low:.1e} to {high:.1e}) in {ensemble:.1f} s; brute force needs "
        f"{trials:.1e} trials of {trial * 1e3:.2f} ms for that interval, "
        f"{trials * trial / ensemble:.1e} times as long"
    )


def needed_pulses(seeds: int) -> None:
    """How the pulse that a table asks for scatters with the seed of its ensembles."""
    for name, current in (
        ("sot-perpendicular", 690e-6), ("sot-perpendicular", 587e-6), ("sot-inplane", 250e-6),
        ("stt", 100e-6),
    ):  # fmt: skip
        design = load_design(device=name)
        started = time.perf_counter()
        found = [
            WriteErrors(design, 1e-6, seed=7919 * seed).at(current, 300.15).width or np.nan
            for seed in range(1, seeds + 1)
        ]
        each = (time.perf_counter() - started) / seeds
        print(
            f"{name} at {current * 1e6:.0f} uA: {np.nanmean(found) * 1e9:.2f} ns for 1e-6, "
            f"standard deviation {100 * np.nanstd(found, ddof=1) / np.nanmean(found):.1f} % of "
            f"{seeds} seeds, {each:.1f} s each"
        )


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    transients()
    sense_with_and_without_magnets()
    walkers()
    rare_errors()
    needed_pulses(arguments.seeds)


if __name__ == "__main__":
    main()
