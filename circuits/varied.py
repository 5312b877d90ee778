"""Decks off their nominal values: named standard-normal variables, drawn by seed.

Every transistor of a deck gets a threshold shift (`delvto`) and a factor on its current
factor, every junction factors on R_P and TMR, every moving magnet its own Ms, K and area. What
a line stands for many devices in parallel gets their mean, sigma over the root of their count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from circuits.deck import Deck
from circuits.deck_text import identifier, number
from circuits.design import Design
from circuits.errors import DesignError
from circuits.instances import Card, Instance, Netlist
from circuits.variation import Variation
from circuits.varied_magnets import varied_junction

_FACTORS = ("resistance", "magnetoresistance")
_MAGNET = "moving_junction"
_MAGNETIC = {"magnetization", "anisotropy", "area"}


@dataclass(frozen=True)
class Variable:
    """One quantity of one device: `path:quantity`, and its sigma.

    The path is ngspice's, "xlatch0.msig". Quantities are `vth` (shift, sigma in V), `beta`,
    `thickness`, `magnetoresistance`, `area`, `magnetization` and `anisotropy` (logarithm of a
    factor, sigma 1; the thickness's is that of RA).
    """

    name: str
    sigma: float

    @property
    def path(self) -> str:
        """The device."""
        return self.name.rpartition(":")[0]

    @property
    def quantity(self) -> str:
        """What varies."""
        return self.name.rpartition(":")[2]


def variables(deck: Deck, design: Design, variation: Variation) -> tuple[Variable, ...]:
    """The variables of a deck in the order of its netlist; none where a sigma is zero.

    Decks of one bench at equal sizes have the same variables, whatever operands they hold.
    Raises DesignError where the technology's transistors take no shift.
    """
    return tuple(
        variable
        for _, own in _own_variables(_netlist(deck, design), design, variation)
        for variable in own
    )


def sample(
    deck: Deck, design: Design, variation: Variation, seed: int, number: int = 1
) -> NDArray[np.float64]:
    """Standard-normal deviates of a deck's variables, shape (number, variables).

    The first row is the deck that `sampled` gives for this seed.
    """
    count = len(variables(deck, design, variation))
    return np.random.default_rng(seed).standard_normal((number, count))


def sampled(deck: Deck, design: Design, variation: Variation, seed: int) -> Deck:
    """The deck with the deviates of a seed, which its comments name."""
    return vary(deck, design, variation, sample(deck, design, variation, seed)[0], f"seed {seed}")


def vary(
    deck: Deck,
    design: Design,
    variation: Variation,
    deviates: Sequence[float] | NDArray[np.float64],
    origin: str = "deviates given",
) -> Deck:
    """The deck with every device off by its sigma times its deviate.

    `deviates` are standard normal, one for each of `variables`; `origin` tells in the deck's
    comments where they come from. Raises DesignError on another number of them, and where a
    magnet is left without a barrier.
    """
    netlist = _netlist(deck, design)
    owners = _own_variables(netlist, design, variation)
    expected = sum(len(own) for _, own in owners)
    if len(deviates) != expected:
        raise DesignError(
            f"{deck.title} has {expected} variables under variation {variation.name}, not "
            f"{len(deviates)}; give one deviate for each"
        )
    remaining = iter(float(value) for value in deviates)
    cards: dict[str, Card] = {}
    magnets: list[str] = []
    for instance, own in owners:
        shifts = {v.quantity: v.sigma * z for v, z in zip(own, remaining, strict=False)}
        if _polarity(instance.card, design):
            cards[instance.path] = _transistor(instance.card, design, shifts)
            continue
        if instance.card.model == _MAGNET and not _MAGNETIC.isdisjoint(shifts):
            name = f"{_MAGNET}__{instance.path.replace('.', '__')}"
            text = varied_junction(design.device, deck.conditions.temperature, shifts)
            magnets += text.rstrip("\n").replace(_MAGNET, name).split("\n")
            instance = replace(instance, card=instance.card.with_model(name))
            # The magnet's own device has its area already.
            shifts["area"] = 0.0
        cards[instance.path] = _junction(instance.card, shifts)
    thresholds = ", ".join(
        f"{1e9 * variation.threshold_coefficient(design.technology, polarity):g} ({polarity})"
        for polarity in ("n", "p")
    )
    comments = [
        f"variation {variation.name}, hash {variation.content_hash[:16]}, {origin}, "
        f"{expected} variables",
        f"A_VT of a pair in mV um: {thresholds}",
    ]
    added = {_MAGNET: magnets} if magnets else {}
    return replace(deck, netlist=netlist.rewritten(cards, added, comments))


def _netlist(deck: Deck, design: Design) -> Netlist:
    def chosen(card: Card) -> bool:
        if card.name[0] == "m":
            return bool(_polarity(card, design))
        return set(_FACTORS) <= set(netlist.header_parameters(card.model))

    kinds = design.technology.transistors.values()
    closed = [kind.model for kind in kinds if kind.kind == "X"]
    netlist = Netlist(deck.netlist, chosen, closed)
    return netlist


def _polarity(card: Card, design: Design) -> str | None:
    """ "n" or "p" of a transistor, None of anything else."""
    for polarity, kind in design.technology.transistors.items():
        if kind.kind == "M" and card.name[0] == "m" and card.model == kind.model:
            return polarity
    return None


def _own_variables(
    netlist: Netlist, design: Design, variation: Variation
) -> list[tuple[Instance, list[Variable]]]:
    """The varying devices of a deck with their variables."""
    _check_technology(design, variation)
    found = []
    for instance in netlist.instances():
        polarity = _polarity(instance.card, design)
        sigmas = (
            _transistor_sigmas(instance.card, polarity, design, variation)
            if polarity
            else _junction_sigmas(instance.card, variation)
        )
        own = [
            Variable(f"{instance.path}:{quantity}", sigma / math.sqrt(instance.copies))
            for quantity, sigma in sigmas.items()
            if sigma > 0
        ]
        if own:
            found.append((instance, own))
    return found


def _check_technology(design: Design, variation: Variation) -> None:
    technology, p = design.technology, variation.parameters
    mismatched = any(
        variation.threshold_coefficient(technology, polarity)
        or p[f"current_factor_coefficient_{polarity}"]
        for polarity in technology.transistors
    )
    plain = all(model.kind == "M" for model in technology.transistors.values())
    if mismatched and not (plain and technology.mismatch.instance_parameter):
        raise DesignError(
            f"the transistors of {technology.name} are sub-circuits with mismatch models of "
            f"their own, which variation {variation.name} cannot shift one by one; use a set "
            "whose threshold and current-factor coefficients are 0, or another technology"
        )


def _transistor_sigmas(
    card: Card, polarity: str, design: Design, variation: Variation
) -> dict[str, float]:
    unit = design.technology.transistors[polarity].scale
    width, length = (float(card.parameters[key]) * unit for key in ("w", "l"))
    return {
        "vth": variation.threshold_sigma(design.technology, polarity, width, length),
        "beta": variation.current_factor_sigma(polarity, width, length),
    }


def _junction_sigmas(card: Card, variation: Variation) -> dict[str, float]:
    p = variation.parameters
    sigmas = {
        "thickness": variation.resistance_sigma,
        "magnetoresistance": p["magnetoresistance_sigma"],
        "area": p["area_sigma"],
    }
    if card.model == _MAGNET:
        sigmas["magnetization"] = p["magnetization_sigma"]
        sigmas["anisotropy"] = p["anisotropy_sigma"]
    return sigmas


def _transistor(card: Card, design: Design, shifts: Mapping[str, float]) -> Card:
    values = {}
    if "vth" in shifts:
        parameter = identifier(design.technology.mismatch.instance_parameter)
        values[parameter] = number(shifts["vth"], 12)
    if "beta" in shifts:
        # The multiplicity scales the current itself; a mobility factor would lose two thirds
        # of it to velocity saturation.
        values["m"] = number(card.multiplicity * math.exp(shifts["beta"]), 12)
    return card.with_parameters(values)


def _junction(card: Card, shifts: Mapping[str, float]) -> Card:
    resistance = math.exp(shifts.get("thickness", 0.0) - shifts.get("area", 0.0))
    magnetoresistance = math.exp(shifts.get("magnetoresistance", 0.0))
    return card.with_parameters(
        {
            "resistance": number(resistance, 12),
            "magnetoresistance": number(magnetoresistance, 12),
        }
    )
