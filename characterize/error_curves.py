"""The error curve of a device, whatever its bit is: magnet or domain wall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from characterize.wall_rare import wall_error_rates
from characterize.write_errors import ErrorRates, Pulse, write_error_rates
from circuits.junction import Junction
from circuits.mtj import Device
from circuits.wall_junction import WallDevice


def device_error_rates(
    device: Junction,
    temperature: float,
    pulse: Pulse,
    widths: NDArray[np.float64],
    *,
    seed: int = 1,
    walkers: int = 40,
    repeats: int = 1,
    negligible: float = 0.0,
) -> ErrorRates:
    """Probability that a pulse [A, positive] leaves the bit, against its widths [s].

    A wall has more bins than a magnet, and a quarter of the walkers in each.
    """
    if isinstance(device, WallDevice):
        wall = device.wall_at(temperature)
        side = 1 if wall.spin_hall_velocity(1e-6) > 0 else -1
        return wall_error_rates(
            wall,
            pulse,
            widths,
            side=-side,
            seed=seed,
            walkers=max(4, walkers // 4),
            repeats=repeats,
            negligible=negligible,
        )
    assert isinstance(device, Device)
    magnet = device.magnet_at(temperature)
    return write_error_rates(
        magnet,
        pulse.scaled(magnet.polarity),
        widths,
        seed=seed,
        walkers=walkers,
        repeats=repeats,
        negligible=negligible,
    )
