"""What holds a domain wall on its track, as fields along the track and their potentials.

Fields P(q) [A/m] push towards positive q; a potential U [A] (times 2 mu0 Ms w t an energy)
has P = -U'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.deck_text import number

FloatArray = NDArray[np.float64]

NOTCH_SHAPE = 3 * math.sqrt(3) / 2
"""Inverse of the largest value of tanh x sech^2 x, which lies at tanh^2 x = 1/3."""


@dataclass(frozen=True)
class Landscape:
    """Two notches, two fixed ends and a periodic roughness; fields in A/m, lengths in m.

    A notch at +-`notch_position` is a well -U0 sech^2((q -+ position)/length), the exact
    energy of a rigid wall at a weak spot much narrower than Delta when the length is Delta;
    `notch_field` is its largest field, at U0 = 3 sqrt(3)/4 length field. Beyond
    +-`end_position` a bias field `end_field` holds the end domains: on a wall of width
    parameter `width` it is -H/2 [tanh((q - e)/Delta) + tanh((q + e)/Delta)]. The roughness is
    U = `pinning_field` p/pi sin^2(pi q/p), of period `pinning_length` p (E. Martinez et al.,
    J. Appl. Phys. 115, 213909 (2014)). Zero fields leave a part out.
    """

    width: float
    notch_field: float = 0.0
    notch_length: float = 1.0
    notch_position: float = 0.0
    end_field: float = 0.0
    end_position: float = 0.0
    pinning_field: float = 0.0
    pinning_length: float = 1.0

    def field(self, position: FloatArray) -> FloatArray:
        """P(q) [A/m]."""
        total = np.zeros_like(position)
        if self.notch_field:
            for centre in (-self.notch_position, self.notch_position):
                inside = np.tanh((position - centre) / self.notch_length)
                total = total - NOTCH_SHAPE * self.notch_field * inside * (1 - inside**2)
        if self.end_field:
            left, right = (
                np.tanh((position + edge) / self.width)
                for edge in (self.end_position, -self.end_position)
            )
            total = total - self.end_field / 2 * (left + right)
        if self.pinning_field:
            phase = 2 * math.pi * position / self.pinning_length
            total = total - self.pinning_field * np.sin(phase)
        return np.asarray(total)

    def potential(self, position: FloatArray) -> FloatArray:
        """U(q) [A]."""
        total = np.zeros_like(position)
        if self.notch_field:
            depth = NOTCH_SHAPE / 2 * self.notch_length * self.notch_field
            for centre in (-self.notch_position, self.notch_position):
                inside = np.tanh((position - centre) / self.notch_length)
                total = total - depth * (1 - inside**2)
        if self.end_field:
            for edge in (self.end_position, -self.end_position):
                # log cosh without overflow, up to a constant.
                argument = np.abs((position + edge) / self.width)
                rounded = argument + np.log1p(np.exp(-2 * argument))
                total = total + self.end_field / 2 * self.width * rounded
        if self.pinning_field:
            phase = math.pi * position / self.pinning_length
            scale = self.pinning_field * self.pinning_length / math.pi
            total = total + scale * np.sin(phase) ** 2
        return np.asarray(total)

    def spice_field(self, position: str) -> str:
        """P(q) [A/m] as a SPICE expression of an expression of q [m]."""
        terms = []
        if self.notch_field:
            scale = NOTCH_SHAPE * self.notch_field
            for centre in (-self.notch_position, self.notch_position):
                inside = f"tanh(({position}-({number(centre)}))/{number(self.notch_length)})"
                terms.append(f"-{number(scale)}*{inside}*(1-{inside}**2)")
        if self.end_field:
            for edge in (self.end_position, -self.end_position):
                shifted = f"({position}+({number(edge)}))"
                terms.append(f"-{number(self.end_field / 2)}*tanh({shifted}/{number(self.width)})")
        if self.pinning_field:
            phase = f"{number(2 * math.pi / self.pinning_length)}*{position}"
            terms.append(f"-{number(self.pinning_field)}*sin({phase})")
        return "".join(terms) or "0"
