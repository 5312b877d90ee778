"""What a thin magnetic film brings to every device: its laws of temperature and its limits."""

from __future__ import annotations

from circuits.errors import DesignError
from circuits.magnetics import spin_hall_efficiency
from circuits.parameters import ParameterSet

REFERENCE_TEMPERATURE = 300.0
"""Temperature [K] at which a set without a temperature of its own holds, and states its TMR."""
GYROMAGNETIC_RATIO = 220_880.0
"""Default gyromagnetic ratio times vacuum permeability [m/(A s)], the value that cmtj has."""
THINNEST = 0.3e-9
"""Least thickness [m] of a free layer: about one and a half atomic layers of iron."""
PULSE, RUN = 5e-9, 10e-9
"""Pulse and simulated time [s] where the set states none."""
_LAW = ("saturation_magnetization_zero", "curie_temperature", "magnetization_exponent")


def own_temperature(read: ParameterSet) -> float:
    """Temperature [K] at which a set's numbers hold."""
    return read.get("temperature") or REFERENCE_TEMPERATURE


def film_thickness(read: ParameterSet) -> float:
    """Thickness [m] of the free layer, refused where it is no magnet."""
    thickness = read["free_layer_thickness"]
    if thickness < THINNEST:
        raise DesignError(
            f"{read.path}: a free layer of {thickness * 1e9:.3g} nm is thinner than "
            f"{THINNEST * 1e9:g} nm and no magnet; make free_layer_thickness larger"
        )
    return thickness


def magnetization_at(read: ParameterSet, temperature: float) -> float:
    """Ms [A/m] at a temperature [K]: the plain value, or Ms0 (1 - T/T_c)^n."""
    given = [key for key in _LAW if read.get(key) is not None]
    plain = read.get("saturation_magnetization")
    if plain is not None and given:
        raise DesignError(
            f"{read.path}: saturation_magnetization and {given[0]} are both given; give the value "
            "at the temperature or the law, not both"
        )
    if plain is not None:
        return plain
    if len(given) < len(_LAW):
        raise DesignError(
            f"{read.path}: no saturation magnetization; give saturation_magnetization or all of "
            f"{', '.join(_LAW)}"
        )
    zero, curie, exponent = (read[key] for key in _LAW)
    if temperature >= curie:
        raise DesignError(
            f"{read.path}: at {temperature:g} K the layer is no magnet, its curie_temperature is "
            f"{curie:g} K; lower the temperature"
        )
    return float(zero * (1 - temperature / curie) ** exponent)


def scaled(read: ParameterSet, ratio: float, quantity: str) -> float:
    """Factor [1] on a quantity that goes with a power of Ms; `ratio` is Ms over the set's own."""
    return float(ratio ** (read.get(f"{quantity}_exponent") or 0.0))


def track_efficiency(read: ParameterSet) -> float:
    """Effective spin-Hall angle: the given one, or theta (1 - sech(d/lambda))."""
    angle, length = read["spin_hall_angle"], read.get("spin_diffusion_length")
    if length is None:
        return angle
    # Beyond 700 diffusion lengths the correction is zero and cosh overflows.
    depth = min(read["track_thickness"], 700 * length)
    return spin_hall_efficiency(angle, depth, length)
