"""A domain-wall cell's junction: part of it parallel, part antiparallel, as the wall stands.

The junction lies over the middle of the track. With the share s of its length that is left of
the wall (a tanh wall's average, so s has no corner), and the conductances of the two states,

    I = V [s G_left + (1 - s) G_right],    s = 1/2 + Delta/(2 l) ln[cosh((q + l/2)/Delta)/
                                               cosh((q - l/2)/Delta)]

where G_left is G_P if the left domain is parallel to the fixed layer, else G_AP(V).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from circuits import magnetics
from circuits.deck_text import comment, number
from circuits.errors import DesignError
from circuits.film import REFERENCE_TEMPERATURE
from circuits.junction import Junction
from circuits.wall import Wall
from circuits.wall_deck import wall_capacitors, wall_equation
from circuits.wall_parameters import direction, read_wall, wall_of


@dataclass(frozen=True)
class WallDevice(Junction):
    """A domain wall with its track and junction: `wall` is at 300 K.

    Axes: x along the track's current, y across it, z the normal.
    """

    wall: Wall
    fixed_layer: int

    @property
    def kind(self) -> str:
        """What the bit is."""
        return "domain-wall"

    @property
    def area(self) -> float:
        """Conducting area of the junction [m^2]."""
        return self.parameters["junction_length"] * self.parameters["junction_width"]

    @property
    def parallel_side(self) -> int:
        """Where the wall rests when the junction is parallel: +1 right, -1 left."""
        return self.wall.left_domain * self.fixed_layer

    @property
    def polarity(self) -> int:
        """+1 where a positive track current moves the wall to the antiparallel side, else -1."""
        along = self.wall.spin_hall_velocity(1e-6)
        return -self.parallel_side if along > 0 else self.parallel_side

    @property
    def stability(self) -> float:
        """Barrier over kT at 300 K."""
        return self.wall.stability

    @property
    def critical_write_current(self) -> float:
        """Track current [A] that slowly raised frees the wall, at 300 K."""
        return self.wall.depinning_current

    @property
    def critical_read_current(self) -> float:
        """Half of the track carries the junction's current: what frees the wall."""
        return self.wall.depinning_current

    def read_disturb(self, current: float, duration: float, temperature: float = 300.0) -> float:
        """Probability that this current [A] for this time [s] frees the wall."""
        wall = self.wall_at(temperature)
        return magnetics.read_disturb_probability(
            wall.stability, current, wall.depinning_current, duration
        )

    def moving_subcircuit(self, temperature: float) -> str:
        """The SPICE text of the junction with its wall at a temperature [K]."""
        return wall_junction_subcircuit(self, temperature)

    def parallel_share(self, position: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share [1] of the junction that is parallel with the wall at positions [m]."""
        length, width = self.parameters["junction_length"], self.wall.width
        ends = [np.abs((position + side * length / 2) / width) for side in (1, -1)]
        first, second = (end + np.log1p(np.exp(-2 * end)) for end in ends)
        left = 0.5 + width / (2 * length) * (first - second)
        return np.asarray(left if self.parallel_side > 0 else 1 - left)

    def conductance(
        self, position: NDArray[np.float64], voltage: float = 0.0, temperature: float = 300.0
    ) -> NDArray[np.float64]:
        """Conductance [S] with the wall at positions [m], at a bias [V] and temperature [K]."""
        share = self.parallel_share(position)
        antiparallel = 1 / (1 + self.magnetoresistance(voltage, temperature))
        return np.asarray((share + (1 - share) * antiparallel) / self.resistance_parallel)

    def resistance(
        self, antiparallel: bool, voltage: float = 0.0, temperature: float = 300.0
    ) -> float:
        """Resistance [ohm] with the wall at rest on either side."""
        side = -self.parallel_side if antiparallel else self.parallel_side
        rest = np.array([-side * self.wall.rest_position])
        return float(1 / self.conductance(rest, voltage, temperature)[0])

    def wall_at(self, temperature: float) -> Wall:
        """The wall at another temperature [K], by the set's laws."""
        return wall_of(self.parameters, temperature)


def load_wall_device(
    name_or_path: str | Path, settings: Mapping[str, str] | None = None
) -> WallDevice:
    """Load a shipped domain-wall device by its name or family, or a user's own by its file.

    Raises DesignError with the reason when the file, a setting or the physics is wrong.
    """
    read = read_wall(name_or_path, settings, junction=True)
    wall = wall_of(read, REFERENCE_TEMPERATURE)
    length, width = read["junction_length"], read["junction_width"]
    if width > wall.track_width:
        raise DesignError(
            f"{read.path}: a junction {width * 1e9:.3g} nm wide does not fit a track of "
            f"{wall.track_width * 1e9:.3g} nm; make junction_width smaller"
        )
    if length / 2 >= -wall.rest_position:
        raise DesignError(
            f"{read.path}: the wall rests {-wall.rest_position * 1e9:.3g} nm from the middle, "
            f"under the junction of {length * 1e9:.3g} nm, which then reads neither state; shorten "
            "junction_length or move the notches outwards"
        )
    texts = read.texts
    return WallDevice(
        texts["name"],
        texts["description"],
        texts.get("note", ""),
        texts.get("design", ""),
        read,
        wall,
        direction(read, "fixed_layer"),
    )


def wall_junction_subcircuit(device: WallDevice, temperature: float) -> str:
    """The SPICE text of the junction with its wall at a temperature [K].

    Terminals `top`, `bottom` (the middle of the track) and the track's ends `left`, `right`;
    half the track's resistance belongs between `bottom` and either end, outside. `ap` is the
    state at the start, `resistance` and `magnetoresistance` factors on R_P and TMR. A
    positive v(right, left) drives towards antiparallel. Nodes wq and wphi are the wall.
    """
    wall = device.wall_at(temperature)
    length = device.parameters["junction_length"]
    half = device.track_resistance / 2
    travel, end, width = (number(size) for size in (wall.track_length / 2, length / 2, wall.width))
    ends = [f"abs(({travel}*v(wq){side}{end})/{width})" for side in ("+", "-")]
    first, second = (f"{end}+ln(1+exp(-2*{end}))" for end in ends)
    share = "v(share)" if device.parallel_side > 0 else "(1-v(share))"
    # The junction's current enters the track under the junction, so the two halves carry
    # different currents; the wall feels the one at its own place.
    side = device.polarity
    gain = number(side / half)
    left, right = f"v(bottom,left)*{gain}", f"v(right,bottom)*{gain}"
    current = f"({left})*(1-v(share))+({right})*v(share)"
    position = -device.parallel_side * wall.rest_position / (wall.track_length / 2)
    start = [f"{{(1-2*ap)*({number(position, 12)})}}", number(wall.rest_angle, 12)]
    lines = [
        comment(f"domain-wall junction, set {device.name}, at {temperature:g} K"),
        ".subckt moving_junction top bottom left right ap=0 resistance=1 magnetoresistance=1",
        f"Bap ratio 0 v={{magnetoresistance}}*{device.magnetoresistance_expression}",
        f"Bshare share 0 v=0.5+{number(wall.width / (2 * length))}*(({first})-({second}))",
        f"B1 top bottom i=v(top,bottom)/({number(device.resistance_parallel)}*{{resistance}})"
        f"*(1+{share}*v(ratio))/(1+v(ratio))",
        *wall_equation(wall, current),
        *wall_capacitors(wall, *start),
        # The operating point keeps the wall where it starts.
        f".ic v(wq)={start[0]}",
        f".ic v(wphi)={start[1]}",
        ".ends moving_junction",
    ]
    return "\n".join(lines) + "\n"
