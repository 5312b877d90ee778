"""Ageing: how far the thresholds of p transistors shift over years, and decks with that shift.

A set lives in `circuits/ageing_sets/NAME.toml`; a user's own set is used by its path. The model
is the long-term one of S. Bhardwaj et al., CICC 2006, 189-192, for stress of period T that is on
for a share `duty` of it, at a constant temperature and supply:

    shift = (sqrt(K_v^2 duty T) / (1 - beta^(1/2n)))^2n
    beta = 1 - (2 xi_1 t_e + sqrt(xi_2 C (1 - duty) T)) / (2 t_ox + sqrt(C t))
    K_v = (q t_ox / eps_ox)^3 K^2 C_ox (V - V_th) sqrt(C) exp(2 E_ox / E_0)
    E_ox = (V - V_th) / t_ox,   C = exp(-E_a / kT) / T_0

Once sqrt(C t) is far above the oxide's thickness this grows as t^n, n = 1/6.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from circuits.deck import ZERO_CELSIUS, Deck
from circuits.deck_text import identifier, number
from circuits.design import Design
from circuits.errors import DesignError
from circuits.instances import Card, Netlist
from circuits.parameters import (
    Field,
    ParameterSet,
    read_parameters,
    shipped_names,
    shipped_or_own,
)

AGEING_FOLDER = Path(__file__).parent / "ageing_sets"
DEFAULT_AGEING = "nbti"
DEFAULT_DUTY = 0.5
YEAR = 365.25 * 86400.0
"""One year [s]."""
SHORTEST = 3600.0
"""Least age [s] above zero: before, the model's first cycles are not over."""
LONGEST = 100 * YEAR

_CHARGE = 1.602176634e-19
_BOLTZMANN = 1.380649e-23
_VACUUM = 8.8541878128e-12
FIELDS = {
    "oxide_thickness": Field("nm", "thickness t_ox of the p transistors' oxide", high=1e-7),
    "oxide_permittivity": Field("1", "relative permittivity of the oxide", high=100.0),
    "threshold": Field("V", "threshold V_th of a fresh p transistor, its magnitude", high=5.0),
    "time_exponent": Field("1", "exponent n of the time", high=0.5),
    "trap_generation": Field("C^-0.5 nm^-2.5", "prefactor K of the traps"),
    "field_constant": Field("V/nm", "oxide field E_0 over which traps grow e-fold"),
    "activation_energy": Field("eV", "activation energy E_a of the diffusion", low_allowed=True),
    "diffusion_constant": Field("s/nm^2", "inverse T_0 of the diffusion without a barrier"),
    "fast_recovery": Field("1", "share xi_1 that recovers in the oxide", low_allowed=True),
    "slow_recovery": Field("1", "share xi_2 that diffuses back", low_allowed=True),
    "recovery_thickness": Field("nm", "depth t_e of the fast recovery", high=1e-7),
    "stress_period": Field("s", "period T of stress and recovery", high=1.0),
}
_TEXTS = {"name": True, "description": True, "technology": True}


@dataclass(frozen=True)
class Ageing:
    """A validated set of one model's constants, for the p transistors of one technology."""

    name: str
    description: str
    technology: str
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

    def threshold_shift(
        self, age: float, temperature: float, vdd: float, duty: float = DEFAULT_DUTY
    ) -> float:
        """How far [V] the magnitude of a threshold has grown after `age` [s] at `temperature` [K].

        `vdd` [V] is the gate's voltage under stress, `duty` (0 to 1, both left out) the share of
        the time that it is there. Nothing at age zero, nor below threshold, where there are no
        holes. Raises DesignError on an age or duty that the model does not cover.
        """
        _check(age, duty)
        try:
            return self._shift(age, temperature, vdd, duty)
        except ArithmeticError:
            raise DesignError(
                f"{self.parameters.path}: the constants give no shift that a number holds; mend "
                "them"
            ) from None

    def _shift(self, age: float, temperature: float, vdd: float, duty: float) -> float:
        p = self.parameters
        overdrive = vdd - p["threshold"]
        if age == 0.0 or overdrive <= 0:
            return 0.0
        oxide = p["oxide_thickness"]
        permittivity = p["oxide_permittivity"] * _VACUUM
        period = p["stress_period"]
        barrier = p["activation_energy"] / (_BOLTZMANN * temperature)
        diffusion = math.exp(-barrier) / p["diffusion_constant"]
        generation = (
            (_CHARGE * oxide / permittivity) ** 3
            * p["trap_generation"] ** 2
            * (permittivity / oxide)
            * overdrive
            * math.sqrt(diffusion)
            * math.exp(2 * overdrive / oxide / p["field_constant"])
        )
        recovered = 2 * p["fast_recovery"] * p["recovery_thickness"]
        recovered += math.sqrt(p["slow_recovery"] * diffusion * (1 - duty) * period)
        lost = recovered / (2 * oxide + math.sqrt(diffusion * age))
        if not 0 < lost < 1:
            raise DesignError(
                f"{p.path}: of stress with a period of {period:g} s nothing is left after "
                f"{age:g} s at {temperature - ZERO_CELSIUS:g} degC; take a shorter stress_period"
            )
        exponent = p["time_exponent"]
        # 1 - (1 - lost)^(1/2n) without cancellation: after years `lost` is 1e-5.
        slowness = -math.expm1(math.log1p(-lost) / (2 * exponent))
        shift: float = (generation * math.sqrt(duty * period) / slowness) ** (2 * exponent)
        return shift


@dataclass(frozen=True)
class Stress:
    """What a circuit has been through: an age [s], its p transistors on for a share of it."""

    ageing: Ageing
    age: float
    duty: float = DEFAULT_DUTY

    def __post_init__(self) -> None:
        _check(self.age, self.duty)


def ageing_names() -> list[str]:
    """Names of the shipped ageing sets, sorted."""
    return shipped_names(AGEING_FOLDER)


def load_ageing(name_or_path: str | Path = DEFAULT_AGEING) -> Ageing:
    """Load a shipped ageing set by name, or a user's own by the path of its TOML file."""
    path = shipped_or_own(AGEING_FOLDER, "ageing set", name_or_path)
    read = read_parameters(path, "ageing", FIELDS, _TEXTS)
    return Ageing(read.texts["name"], read.texts["description"], read.texts["technology"], read)


def shift_of(deck: Deck, stress: Stress) -> float:
    """The shift [V] of a deck's p transistors: stressed at its own temperature and supply."""
    where = deck.conditions
    return stress.ageing.threshold_shift(stress.age, where.temperature, where.vdd, stress.duty)


def aged(
    deck: Deck, design: Design, stress: Stress, duties: Mapping[str, float] | None = None
) -> Deck:
    """The deck with every p transistor's threshold shifted; the same deck at age zero.

    Each has the stress's duty, or that of the last of `duties` whose pattern fits its path, as
    "xlatch0.*". Shifts of mismatch are added to: vary first, then age. Raises DesignError where
    the technology's transistors take no shift or are not those of the ageing set, and where a
    pattern fits none.
    """
    check_technology(design, stress.ageing)
    for duty in (duties or {}).values():
        _check(stress.age, duty)
    if stress.age == 0.0:
        return deck
    model = design.technology.transistors["p"].model
    parameter = design.technology.mismatch.instance_parameter
    assert parameter is not None, "checked above"
    netlist = Netlist(deck.netlist, lambda card: card.name[0] == "m" and card.model == model)
    paths = {instance.path: instance.card for instance in netlist.instances()}
    unused = set(duties or {})
    cards: dict[str, Card] = {}
    for path, card in paths.items():
        own = stress
        for pattern, duty in (duties or {}).items():
            if fnmatchcase(path, pattern):
                own = replace(stress, duty=duty)
                unused.discard(pattern)
        # A p transistor's threshold is negative: its magnitude grows downwards.
        shift = float(card.parameters.get(parameter, "0")) - shift_of(deck, own)
        cards[path] = card.with_parameters({identifier(parameter): number(shift, 12)})
    if unused:
        raise DesignError(
            f"no p transistor of {deck.title} fits {', '.join(sorted(unused))}; its own are "
            f"{', '.join(paths)}"
        )
    return replace(deck, netlist=netlist.rewritten(cards, {}, _comments(deck, stress, duties)))


def check_technology(design: Design, ageing: Ageing) -> None:
    """Refuse, as DesignError, a design whose p transistors an ageing set says nothing of."""
    technology = design.technology
    if technology.transistors["p"].kind != "M" or technology.mismatch.instance_parameter is None:
        raise DesignError(
            f"the transistors of {technology.name} take no threshold shift, so that they cannot "
            "age; use another technology"
        )
    if technology.name != ageing.technology:
        raise DesignError(
            f"ageing set {ageing.name} is of technology {ageing.technology}, the design's is "
            f"{technology.name}; give a set of its own"
        )


def _comments(deck: Deck, stress: Stress, duties: Mapping[str, float] | None) -> list[str]:
    where, ageing = deck.conditions, stress.ageing
    lines = [
        f"ageing {ageing.name}, hash {ageing.content_hash[:16]}: {stress.age / YEAR:.6g} years at "
        f"{where.temperature - ZERO_CELSIUS:g} degC and {where.vdd:g} V, duty {stress.duty:g}",
        f"thresholds of p transistors up by {1e3 * shift_of(deck, stress):.6g} mV",
    ]
    return lines + [f"duty {duty:g} of {pattern}" for pattern, duty in (duties or {}).items()]


def _check(age: float, duty: float) -> None:
    if not (age == 0.0 or SHORTEST <= age <= LONGEST):
        raise DesignError(
            f"an age of {age / YEAR:g} years is not 0 or from an hour to a hundred years; "
            "choose another"
        )
    if not 0 < duty < 1:
        raise DesignError(f"a duty of {duty:g} is not between 0 and 1; choose another")
