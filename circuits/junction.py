"""The tunnel junction that every device has: resistance, magnetoresistance, and its SPICE text.

R_P = RA/A in the parallel state, R_P (1 + TMR(V, T)) in the antiparallel one, with
TMR = 2 P^2/(1 - P^2)/(1 + (V/V_h)^2) (Julliere) and P = P_0 (1 - a T^1.5).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from circuits.deck_text import comment, number
from circuits.film import REFERENCE_TEMPERATURE
from circuits.parameters import ParameterSet


@dataclass(frozen=True)
class Junction(ABC):
    """A junction with its validated parameter set; `design` is the one made for it, or ""."""

    name: str
    description: str
    note: str
    design: str
    parameters: ParameterSet

    @property
    def cell(self) -> str:
        """The bit-cell it needs: "sot" with a track of its own, "stt" without."""
        return "sot"

    @property
    @abstractmethod
    def kind(self) -> str:
        """What the bit is: a perpendicular or in-plane free layer, or a domain wall."""

    @property
    @abstractmethod
    def polarity(self) -> int:
        """+1 where a positive write current writes antiparallel, else -1."""

    @property
    @abstractmethod
    def area(self) -> float:
        """Conducting area of the junction [m^2]."""

    @property
    @abstractmethod
    def stability(self) -> float:
        """Thermal stability E_b/kT at 300 K, without external field."""

    @property
    def stability_in_field(self) -> float:
        """The same with the external field that stands on the cell."""
        return self.stability

    @property
    @abstractmethod
    def critical_read_current(self) -> float:
        """Current [A] through the junction that turns the bit without heat, at 300 K."""

    @property
    @abstractmethod
    def critical_write_current(self) -> float:
        """Threshold [A] of writing in closed form, at 300 K."""

    @property
    def resistance_parallel(self) -> float:
        """R_P [ohm] at zero bias."""
        return self.parameters["resistance_area_product"] / self.area

    @property
    def track_resistance(self) -> float:
        """Resistance [ohm] of the track between its contacts, 0 without a track."""
        p = self.parameters
        if self.cell == "stt":
            return 0.0
        return (
            p["track_resistivity"] * p["track_length"] / (p["track_width"] * p["track_thickness"])
        )

    @property
    def polarization_zero(self) -> float:
        """Tunnelling polarization at 0 K that gives the set's TMR at 300 K."""
        tmr = self.parameters["tunnel_magnetoresistance"]
        slope = self.parameters["polarization_temperature_coefficient"]
        return float(math.sqrt(tmr / (2 + tmr)) / (1 - slope * REFERENCE_TEMPERATURE**1.5))

    def magnetoresistance(self, voltage: float = 0.0, temperature: float = 300.0) -> float:
        """TMR at a bias [V] and temperature [K]."""
        slope = self.parameters["polarization_temperature_coefficient"]
        p = self.polarization_zero * (1 - slope * temperature**1.5)
        return float(
            2 * p * p / (1 - p * p) / (1 + (voltage / self.parameters["half_bias_voltage"]) ** 2)
        )

    def resistance(
        self, antiparallel: bool, voltage: float = 0.0, temperature: float = 300.0
    ) -> float:
        """Resistance [ohm] of one state at a bias [V] and temperature [K]."""
        tmr = self.magnetoresistance(voltage, temperature) if antiparallel else 0.0
        return self.resistance_parallel * (1 + tmr)

    @property
    def parallel_is_safe(self) -> bool:
        """Whether a read current, from the bit line down, holds the parallel state."""
        return False

    @abstractmethod
    def read_disturb(self, current: float, duration: float, temperature: float = 300.0) -> float:
        """Probability that this current [A] through the junction for this time [s] turns it."""

    @property
    def magnetoresistance_expression(self) -> str:
        """SPICE expression of TMR at the simulator's temperature and v(top, bottom)."""
        p = self.parameters
        slope = number(p["polarization_temperature_coefficient"])
        polarization = f"({number(self.polarization_zero)}*(1-{slope}*(temper+273.15)**1.5))"
        bias = f"(1+(v(top,bottom)/{number(p['half_bias_voltage'])})**2)"
        return f"2*{polarization}**2/(1-{polarization}**2)/{bias}"

    @property
    def parallel_current(self) -> str:
        """SPICE expression of the current [A] of the parallel state, inside a junction."""
        return f"v(top,bottom)/({number(self.resistance_parallel)}*{{resistance}})"

    def subcircuit(self) -> str:
        """The SPICE text of a junction at rest: terminals `top`, `bottom`; `ap` 0 or 1.

        `resistance` and `magnetoresistance` are factors on R_P and TMR, for variation. The
        temperature is the simulator's own, so that a deck stays right when its `.temp` line is
        changed by hand.
        """
        head = f"magnetic tunnel junction, set {self.name}: ap=0 parallel, ap=1 antiparallel"
        return (
            f"{comment(head)}\n"
            ".subckt junction top bottom ap=0 resistance=1 magnetoresistance=1\n"
            f"B1 top bottom i={self.parallel_current}"
            f"/(1+{{ap*magnetoresistance}}*{self.magnetoresistance_expression})\n"
            ".ends junction\n"
        )

    @abstractmethod
    def moving_subcircuit(self, temperature: float) -> str:
        """The SPICE text of `moving_junction top bottom left right`, whose bit can turn [K]."""
