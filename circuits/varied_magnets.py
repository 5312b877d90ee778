"""Free layers and walls off their nominal values: magnetization, anisotropy and area."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from circuits.errors import DesignError
from circuits.junction import Junction
from circuits.magnet import Magnet
from circuits.parameters import Parameter
from circuits.variation import Variation

_SIZES = (
    *("free_layer_length", "free_layer_width", "electrical_length", "electrical_width"),
    *("junction_length", "junction_width"),
)
_MAGNETIZATIONS = ("saturation_magnetization", "saturation_magnetization_zero")


def vary_magnet(magnet: Magnet, variation: Variation, seed: int) -> Magnet:
    """A free layer with Ms, K and area off their nominal values; the thickness is kept.

    Length and width change alike. The initial direction and a given demagnetization tensor
    stay. Raises DesignError where nothing of the barrier is left.
    """
    p = variation.parameters
    deviates = np.random.default_rng(seed).standard_normal(3)
    sigmas = [p[f"{name}_sigma"] for name in ("magnetization", "anisotropy", "area")]
    magnetization, anisotropy, area = (
        math.exp(sigma * z) for sigma, z in zip(sigmas, deviates, strict=True)
    )
    side = math.sqrt(area)
    varied = replace(
        magnet,
        magnetization=magnet.magnetization * magnetization,
        anisotropy=magnet.anisotropy * anisotropy,
        length=magnet.length * side,
        width=magnet.width * side,
        # A spin-transfer current flows through the layer's own area.
        section=magnet.section * (area if magnet.torque == "spin-transfer" else 1.0),
    )
    if varied.fault:
        raise DesignError(f"{magnet.name}, seed {seed}: {varied.fault}")
    return varied


def varied_junction(device: Junction, temperature: float, shifts: Mapping[str, float]) -> str:
    """The SPICE text of a junction whose bit can turn [K], off its nominal values.

    `shifts` are logarithms of the factors on `magnetization`, `anisotropy` and `area`, which is
    that of magnet and junction alike; a wall's track stays. Raises DesignError where no barrier
    is left.
    """
    side = math.exp(shifts.get("area", 0.0) / 2)
    factors = {
        **dict.fromkeys(_SIZES, side),
        **dict.fromkeys(_MAGNETIZATIONS, math.exp(shifts.get("magnetization", 0.0))),
        "anisotropy": math.exp(shifts.get("anisotropy", 0.0)),
    }
    numbers: dict[str, Parameter] = {
        key: replace(number, value=number.value * factors.get(key, 1.0))
        for key, number in device.parameters.numbers.items()
    }
    varied = replace(device, parameters=replace(device.parameters, numbers=numbers))
    return varied.moving_subcircuit(temperature)
