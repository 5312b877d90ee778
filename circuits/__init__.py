"""What is simulated: devices, cells, sense amplifiers, columns and their benches.

Everything here is a pure function from parameters to the text of a deck; nothing runs.
"""

from circuits.benches import BENCHES, Bench, build_deck
from circuits.cells import cell_layout
from circuits.deck import (
    ZERO_CELSIUS,
    Conditions,
    Deck,
    Differential,
    Energy,
    Window,
)
from circuits.design import DEFAULT_DESIGN, Design, design_names, load_design
from circuits.device import device_names, load_device
from circuits.drive import Drive
from circuits.errors import DesignError
from circuits.macrospin import macrospin_deck
from circuits.magnet import Magnet
from circuits.magnet_parameters import load_magnet
from circuits.mtj import Device
from circuits.operations import operand_patterns, truth
from circuits.sensing import amplifiers_per_reference
from circuits.technologies import Technology, load_technology, technology_names
from circuits.units import to_si
from circuits.variation import load_variation, variation_names
from circuits.varied import sampled, vary
from circuits.varied_magnets import vary_magnet

__all__ = [
    "BENCHES",
    "DEFAULT_DESIGN",
    "ZERO_CELSIUS",
    "Bench",
    "Conditions",
    "Deck",
    "Design",
    "DesignError",
    "Device",
    "Differential",
    "Drive",
    "Energy",
    "Magnet",
    "Technology",
    "Window",
    "amplifiers_per_reference",
    "build_deck",
    "cell_layout",
    "design_names",
    "device_names",
    "load_design",
    "load_device",
    "load_magnet",
    "load_technology",
    "load_variation",
    "macrospin_deck",
    "operand_patterns",
    "sampled",
    "technology_names",
    "to_si",
    "truth",
    "variation_names",
    "vary",
    "vary_magnet",
]
