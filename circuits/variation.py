"""Variation sets: how far one junction, free layer or transistor is from its nominal self.

A set lives in `circuits/variations/NAME.toml`; a user's own set is used by its path. All
distributions are local: independent from device to device. Relative quantities are lognormal
with the nominal value as median, factor exp(sigma z) with z standard normal, so that no
deviate gives a negative resistance; thresholds shift by sigma z.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from circuits.errors import DesignError
from circuits.parameters import (
    Field,
    ParameterSet,
    read_parameters,
    shipped_names,
    shipped_or_own,
)
from circuits.technologies import Technology

VARIATION_FOLDER = Path(__file__).parent / "variations"
DEFAULT_VARIATION = "default"
LARGEST = 0.5
"""Largest relative sigma: beyond it a distribution is no longer one of working devices."""

FIELDS = {
    "barrier_thickness_sigma": Field(
        "nm", "standard deviation of the barrier's thickness", high=1e-9, low_allowed=True
    ),
    "barrier_decay_length": Field(
        "nm", "thickness over which RA grows e-fold", low=0.02e-9, high=1e-9
    ),
    **{
        f"{name}_sigma": Field(
            "%", f"relative standard deviation of {what}", high=LARGEST, low_allowed=True
        )
        for name, what in (
            ("magnetoresistance", "TMR"),
            ("area", "the junction's area"),
            ("magnetization", "Ms"),
            ("anisotropy", "the anisotropy K"),
        )
    },
    **{
        f"threshold_coefficient_{polarity}": Field(
            "mV um",
            f"Pelgrom coefficient A_VT of a pair of {polarity} transistors",
            high=1e-7,
            low_allowed=True,
            required=False,
        )
        for polarity in ("n", "p")
    },
    **{
        f"current_factor_coefficient_{polarity}": Field(
            "nm",
            f"Pelgrom coefficient A_beta of a pair of {polarity} transistors, 10 nm = 1 % um",
            high=1e-7,
            low_allowed=True,
        )
        for polarity in ("n", "p")
    },
}
_TEXTS = {"name": True, "description": True}


@dataclass(frozen=True)
class Variation:
    """A validated set of distributions; sigmas of one device follow from it."""

    name: str
    description: str
    parameters: ParameterSet

    def __hash__(self) -> int:
        return hash(self.content_hash)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the numbers in SI, whatever units and sources the file writes."""
        lines = [
            f"{key}={number.value!r}" for key, number in sorted(self.parameters.numbers.items())
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def resistance_sigma(self) -> float:
        """Sigma [1] of ln RA that the barrier's thickness gives: sigma_t / t_c."""
        p = self.parameters
        return p["barrier_thickness_sigma"] / p["barrier_decay_length"]

    def threshold_coefficient(self, technology: Technology, polarity: str) -> float:
        """A_VT [V m] of a pair: the set's own, else the technology's."""
        own = self.parameters.get(f"threshold_coefficient_{polarity}")
        if own is not None:
            return own
        mismatch = technology.mismatch
        return mismatch.coefficient * (math.sqrt(2) if mismatch.convention == "device" else 1.0)

    def threshold_sigma(
        self, technology: Technology, polarity: str, width: float, length: float
    ) -> float:
        """Sigma [V] of one transistor's threshold, A_VT / sqrt(2 W L) with drawn sizes [m].

        Two such transistors differ by A_VT / sqrt(W L): M. J. M. Pelgrom et al., IEEE J.
        Solid-State Circuits 24, 1433 (1989).
        """
        return self.threshold_coefficient(technology, polarity) / math.sqrt(2 * width * length)

    def current_factor_sigma(self, polarity: str, width: float, length: float) -> float:
        """Sigma [1] of one transistor's current factor, A_beta / sqrt(2 W L)."""
        coefficient = self.parameters[f"current_factor_coefficient_{polarity}"]
        return coefficient / math.sqrt(2 * width * length)


def variation_names() -> list[str]:
    """Names of the shipped variation sets, sorted."""
    return shipped_names(VARIATION_FOLDER)


def load_variation(name_or_path: str | Path = DEFAULT_VARIATION) -> Variation:
    """Load a shipped variation set by name, or a user's own by the path of its TOML file.

    Raises DesignError on unknown keys and units and on sigmas that no process has.
    """
    path = shipped_or_own(VARIATION_FOLDER, "variation", name_or_path)
    read = read_parameters(path, "variation", FIELDS, _TEXTS)
    found = Variation(read.texts["name"], read.texts["description"], read)
    if found.resistance_sigma > LARGEST:
        raise DesignError(
            f"{path}: barrier_thickness_sigma over barrier_decay_length gives RA a sigma of "
            f"{found.resistance_sigma:.3g}; make it {LARGEST:g} or less"
        )
    return found
