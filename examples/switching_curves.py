"""Switching time against write current, without heat, for every kind of device, in ngspice.

    python examples/switching_curves.py [--points 8] [--plot FILE.png]

The time is that of the first crossing of the bit's boundary by a magnet, or of the junction's
middle by a wall; it says nothing of whether the bit stays (see error_curves.py).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from characterize.switching import switch
from characterize.wall_motion import move
from circuits import load_device
from circuits.drive import Drive
from circuits.mtj import Device

FAMILIES = {
    "sot-perpendicular": (0.5e-3, 1.0e-3),
    "sot-inplane": (60e-6, 300e-6),
    "stt": (45e-6, 150e-6),
    "domain-wall": (280e-6, 600e-6),
}
LONGEST = 12e-9


def crossing(family: str, current: float) -> float | None:
    """Time [s] at which the boundary is first crossed, or None."""
    device = load_device(family)
    if isinstance(device, Device):
        drive = Drive(device.polarity * current, LONGEST, LONGEST)
        return switch(device.magnet, drive).crossing_time
    # A wall starts on the left.
    away = 1 if device.wall.spin_hall_velocity(current) > 0 else -1
    return move(device.wall, Drive(away * current, LONGEST, LONGEST)).crossing_time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    curves = {}
    for family, (low, high) in FAMILIES.items():
        currents = np.geomspace(low, high, arguments.points)
        times = [crossing(family, current) for current in currents]
        curves[family] = currents, times
        found = (
            f"{current * 1e6:.0f} uA {'no crossing' if time is None else f'{time * 1e9:.3f} ns'}"
            for current, time in zip(currents, times, strict=True)
        )
        print(f"{family}: " + ", ".join(found))
    if arguments.plot:
        plot(curves, arguments.plot)


def plot(curves: dict, path: Path) -> None:
    """Switching time against current, both logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    panel = figure.subplots()
    for family, (currents, times) in curves.items():
        crossed = [(i * 1e6, t * 1e9) for i, t in zip(currents, times, strict=True) if t]
        panel.loglog(*zip(*crossed, strict=True), "o-", label=family, markersize=4)
    panel.set_xlabel("write current (uA)")
    panel.set_ylabel("time of first crossing (ns)")
    panel.set_title("Switching without heat, from the thermal angle")
    panel.grid(True, which="both", alpha=0.3)
    panel.legend()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
