"""Write error rate against pulse width at several currents, for every kind of device.

    python examples/error_curves.py [--repeats 2] [--plot FILE.png]

By weighted ensembles of compiled magnets and walls at 300 K. Perpendicular spin-orbit cells
err again when they are driven too hard; the other devices only gain.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from characterize.error_curves import device_error_rates
from characterize.write_errors import Pulse
from circuits import load_device

FAMILIES = {
    "sot-perpendicular": ((560e-6, 650e-6, 800e-6, 950e-6), 8e-9),
    "sot-inplane": ((150e-6, 200e-6, 250e-6), 5e-9),
    "stt": ((80e-6, 100e-6, 120e-6), 12e-9),
    "domain-wall": ((300e-6, 360e-6, 450e-6), 2.5e-9),
}
EDGE = 100e-12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--walkers", type=int, default=30)
    parser.add_argument("--device", choices=FAMILIES, action="append")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    curves = {}
    for family in arguments.device or FAMILIES:
        currents, longest = FAMILIES[family]
        widths = np.geomspace(0.3e-9, longest, 12)
        for current in currents:
            found = device_error_rates(
                load_device(family),
                300.0,
                Pulse.trapezoid(current, EDGE, EDGE),
                widths,
                walkers=arguments.walkers,
                repeats=arguments.repeats,
                negligible=1e-11,
            )
            curves[family, current] = found
            rates = " ".join(
                f"{width * 1e9:.2f}:{rate:.1e}"
                for width, rate in zip(widths, found.rate, strict=True)
            )
            print(f"{family} {current * 1e6:.0f} uA  {rates}", flush=True)
    if arguments.plot:
        plot(curves, arguments.plot)


def plot(curves: dict, path: Path) -> None:
    """One panel a device, one line a current."""
    from matplotlib.figure import Figure

    families = list(dict.fromkeys(family for family, _ in curves))
    figure = Figure(figsize=(9, 3.3 * ((len(families) + 1) // 2)), layout="constrained")
    panels = figure.subplots((len(families) + 1) // 2, 2, squeeze=False).ravel()
    for panel, family in zip(panels, families, strict=False):
        for (name, current), found in curves.items():
            if name == family:
                shown = found.rate > 1e-12
                panel.semilogy(
                    found.widths[shown] * 1e9,
                    found.rate[shown],
                    "o-",
                    markersize=3,
                    label=f"{current * 1e6:.0f} uA",
                )
        panel.axhline(1e-6, color="0.6", linewidth=0.8, linestyle="--")
        panel.set_ylim(1e-11, 2)
        panel.set_title(family)
        panel.set_xlabel("pulse width (ns)")
        panel.set_ylabel("write error rate")
        panel.grid(True, alpha=0.3)
        panel.legend(fontsize="small")
    for panel in panels[len(families) :]:
        panel.set_visible(False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
