"""The keys of a device file: the free layer, the junction above it and the track below.

One file describes a device whole; who reads only the magnet needs only the magnet's keys.
Axes: x along the track's current, y across it, z the normal of the film.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from circuits.parameters import Field

AXES = ("x", "y", "z")
KINDS = ("perpendicular", "in-plane")
SHAPES = ("ellipse", "rectangle")
TORQUES = ("spin-orbit", "spin-transfer")


def _vector(name: str, unit: str, description: str) -> dict[str, Field]:
    return {
        f"{name}_{axis}": Field(unit, f"{description}, {axis} component", low=-1e9, required=False)
        for axis in AXES
    }


FILM_FIELDS: Mapping[str, Field] = {
    "temperature": Field("K", "temperature at which the set holds", high=1500.0, required=False),
    "free_layer_thickness": Field("nm", "free-layer thickness", high=1e-7),
    "saturation_magnetization": Field(
        "kA/m", "saturation magnetization at the temperature given", high=3e6, required=False
    ),
    "saturation_magnetization_zero": Field(
        "kA/m", "saturation magnetization at 0 K", high=3e6, required=False
    ),
    "curie_temperature": Field("K", "temperature at which Ms vanishes", required=False),
    "magnetization_exponent": Field("1", "exponent of (1 - T/T_c)", high=5.0, required=False),
    "anisotropy_exponent": Field(
        "1", "x in K ~ Ms(T)^x", low_allowed=True, high=10.0, required=False
    ),
    "gyromagnetic_ratio": Field("1", "gyromagnetic ratio times mu0, in m/(A s)", required=False),
    "spin_diffusion_length": Field("nm", "spin diffusion length of the track", required=False),
    "field_like_ratio": Field("1", "field-like over damping-like", low=-100.0, required=False),
    **_vector("external_field", "A/m", "external field"),
    "pulse_duration": Field("ns", "current pulse", high=1e-6, required=False),
    "run_duration": Field("ns", "simulated time", high=1e-6, required=False),
}
"""What the file of any device may hold of its film and of a run of `switch`."""
BARRIER_FIELDS: Mapping[str, Field] = {
    "resistance_area_product": Field("ohm um^2", "resistance-area product, parallel state"),
    "tunnel_magnetoresistance": Field("%", "TMR at zero bias and 300 K"),
    "half_bias_voltage": Field("V", "bias at which TMR halves"),
    "polarization_temperature_coefficient": Field(
        "1", "a in P = P_0 (1 - a T^1.5), T in kelvin", low_allowed=True, high=1e-3
    ),
    "spin_polarization": Field("1", "polarization of the tunnel current", high=1.0, required=False),
}
"""The tunnel barrier of any device."""
_BOTH: Mapping[str, Field] = {
    "free_layer_length": Field("nm", "free-layer size along x", high=1e-6),
    "free_layer_width": Field("nm", "free-layer size along y", high=1e-6),
    "free_layer_thickness": FILM_FIELDS["free_layer_thickness"],
    "spin_polarization": BARRIER_FIELDS["spin_polarization"],
    "track_width": Field("nm", "spin-Hall track width", high=1e-5, required=False),
    "track_thickness": Field("nm", "spin-Hall track thickness", high=1e-6, required=False),
}
MAGNET_FIELDS: Mapping[str, Field] = {
    **FILM_FIELDS,
    **_BOTH,
    "anisotropy": Field("J/m^3", "uniaxial anisotropy energy K", low_allowed=True),
    **_vector("anisotropy_axis", "1", "direction of the anisotropy"),
    **{
        f"demagnetization_{axis}": Field(
            "1", f"demagnetization factor along {axis}", high=1.0, low_allowed=True, required=False
        )
        for axis in AXES
    },
    "damping": Field("1", "Gilbert damping", high=1.0, low_allowed=True),
    "spin_hall_angle": Field("1", "spin-Hall angle", low=-10.0, high=10.0, required=False),
    "anisotropy_per_voltage": Field(
        "fJ/(V m)",
        "voltage-controlled anisotropy: surface energy per field",
        low=-1e-11,
        required=False,
    ),
    "oxide_thickness": Field("nm", "thickness of the tunnel barrier", high=1e-8, required=False),
    **_vector("polarization", "1", "direction of the spin polarization"),
    **_vector("initial", "1", "direction at the start"),
}
JUNCTION_FIELDS: Mapping[str, Field] = {
    **_BOTH,
    **BARRIER_FIELDS,
    "electrical_length": Field("nm", "conducting size along the track", required=False),
    "electrical_width": Field("nm", "conducting size across the track", required=False),
    "track_length": Field("nm", "track between its contacts", high=1e-5, required=False),
    "track_resistivity": Field("uohm cm", "resistivity of the track", required=False),
    "critical_current_density": Field(
        "A/m^2", "measured switching current density in the track", required=False
    ),
}
TEXTS = {
    "name": True,
    "description": True,
    "kind": True,
    "shape": True,
    "torque": False,
    "design": False,
    "note": False,
}


def merged(required: Mapping[str, Field], others: Mapping[str, Field]) -> dict[str, Field]:
    """`required` with its own obligations, `others` beside it as optional keys."""
    optional = {key: replace(field, required=False) for key, field in others.items()}
    return {**optional, **required}
