"""The keys of a domain-wall device's file: track, wall, what holds it, and the junction.

Axes: x along the track's current, y across it, z the normal of the film.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuits.device_fields import BARRIER_FIELDS, FILM_FIELDS
from circuits.parameters import Field

KIND = "domain-wall"
DIRECTIONS = ("up", "down")

WALL_FIELDS: Mapping[str, Field] = {
    **FILM_FIELDS,
    "track_length": Field("nm", "track between its contacts", high=1e-4),
    "track_width": Field("nm", "width of track and free layer", high=1e-5),
    "track_thickness": Field("nm", "spin-Hall layer thickness", high=1e-6),
    "anisotropy": Field("J/m^3", "uniaxial anisotropy energy K", required=False),
    "exchange_stiffness": Field("pJ/m", "exchange stiffness A", high=1e-9, required=False),
    "exchange_exponent": Field(
        "1", "x in A ~ Ms(T)^x", low_allowed=True, high=10.0, required=False
    ),
    "wall_width": Field("nm", "width parameter Delta of the wall", high=1e-6, required=False),
    "dmi_constant": Field("mJ/m^2", "Dzyaloshinskii-Moriya energy D", low=-0.1, high=0.1),
    "dmi_exponent": Field("1", "x in D ~ Ms(T)^x", low_allowed=True, high=10.0, required=False),
    "wall_anisotropy_field": Field(
        "kA/m", "shape anisotropy field H_K of the wall", low=-1e7, high=1e7, required=False
    ),
    "damping": Field("1", "Gilbert damping", high=10.0),
    "spin_hall_angle": Field("1", "spin-Hall angle", low=-10.0, high=10.0),
    "notch_field": Field(
        "kA/m", "largest field of a notch", low_allowed=True, high=1e7, required=False
    ),
    "notch_length": Field("nm", "length of a notch's well", high=1e-5, required=False),
    "notch_position": Field("nm", "distance of either notch from the middle", required=False),
    "pinning_field": Field(
        "kA/m", "largest field of the roughness", low_allowed=True, high=1e7, required=False
    ),
    "pinning_length": Field("nm", "period of the roughness", high=1e-5, required=False),
    "end_field": Field("kA/m", "bias field of the fixed ends", high=1e8),
    "end_length": Field("nm", "length of either fixed end", low_allowed=True),
    "initial_position": Field("nm", "position at the start", low=-1e-4, required=False),
    "initial_angle": Field("1", "angle at the start, in rad", low=-1e3, high=1e3, required=False),
}
WALL_JUNCTION_FIELDS: Mapping[str, Field] = {
    "junction_length": Field("nm", "junction size along the track, over its middle", high=1e-5),
    "junction_width": Field("nm", "junction size across the track", high=1e-5),
    "track_resistivity": Field("uohm cm", "resistivity of the track"),
    **BARRIER_FIELDS,
}
WALL_TEXTS = {
    "name": True,
    "description": True,
    "kind": True,
    "left_domain": False,
    "fixed_layer": False,
    "design": False,
    "note": False,
}
