"""Arguments that choose a bench and its conditions, and the deck they stand for."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mramcim.arguments import add_models, finite, kelvin, positive_count, seed

if TYPE_CHECKING:
    from circuits import Conditions, Deck, Design
    from circuits.ageing import Stress

DEFAULT_TEMPERATURE = 300.15  # 27 degC, ngspice's own


def add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the bench, its operands, conditions and design."""
    parser.add_argument("bench", metavar="BENCH", help="one of `mramcim list benches`")
    parser.add_argument(
        "--operands",
        metavar="BITS",
        help='stored bits, such as "01", or the bit that is written (default: all ones)',
    )
    parser.add_argument(
        "--line", metavar="LINE", help="word line that the driver drives: read (default) or write"
    )
    parser.add_argument("--corner", default="tt", help="process corner (default: tt)")
    parser.add_argument(
        "--vdd", type=finite, metavar="V", help="supply (default: the technology's own)"
    )
    parser.add_argument(
        "--temperature",
        type=kelvin,
        metavar="DEGC",
        default=DEFAULT_TEMPERATURE,
        help="temperature in degC (default: 27)",
    )
    for name in ("rows", "columns"):
        parser.add_argument(
            f"--{name}",
            type=positive_count,
            metavar=name[0].upper(),
            default=256,
            help=f"{name} of the sub-array (default: 256)",
        )
    parser.add_argument(
        "--offset",
        type=finite,
        metavar="V",
        default=0.0,
        help="input offset of every sense amplifier (default: 0)",
    )
    parser.add_argument(
        "--sample",
        type=seed,
        metavar="SEED",
        help="vary every transistor and junction, with this seed (default: all nominal)",
    )
    parser.add_argument(
        "--variation",
        metavar="NAME",
        help="distributions of the sample: a name, or the path of a .toml file (default: default)",
    )
    parser.add_argument(
        "--age",
        type=finite,
        metavar="YEARS",
        default=0.0,
        help="years under stress at this temperature and supply, which slow the p transistors "
        "(default: 0)",
    )
    parser.add_argument(
        "--duty", type=finite, metavar="D", help="share of them that each is on (default: 0.5)"
    )
    parser.add_argument(
        "--ageing",
        metavar="NAME",
        help="model of ageing: a name, or the path of a .toml file (default: nbti)",
    )
    add_design_arguments(parser)


def add_design_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the design, and the device and technology that may replace its own."""
    for name, what in (
        ("design", "sizes, currents and times"),
        ("device", "magnetic tunnel junction, replacing the design's"),
        ("technology", "transistors, replacing the design's"),
    ):
        parser.add_argument(
            f"--{name}", metavar="NAME", help=f"{what}: a name, or the path of a .toml file"
        )
    add_models(parser)


@dataclass(frozen=True)
class Request:
    """What the arguments ask for: a bench of a design, its variant and conditions."""

    design: Design
    bench: str
    variant: str
    conditions: Conditions
    offset: float
    variation: str | None
    sample: int | None
    stress: Stress | None = None

    def deck(self) -> Deck:
        """The deck, its devices off their nominal values or aged where that is asked for."""
        from circuits import build_deck

        deck = build_deck(self.design, self.bench, self.variant, self.conditions, self.offset)
        return self.varied(deck)

    def varied(self, deck: Deck) -> Deck:
        """Any deck of this request with the sample's deviates, and aged."""
        if self.sample is not None:
            from circuits.variation import DEFAULT_VARIATION, load_variation
            from circuits.varied import sampled

            variation = load_variation(self.variation or DEFAULT_VARIATION)
            deck = sampled(deck, self.design, variation, self.sample)
        if self.stress is not None:
            from circuits.ageing import aged

            deck = aged(deck, self.design, self.stress)
        return deck


def request(arguments: argparse.Namespace) -> Request:
    """Read the arguments.

    Raises:
        DesignError: a bench, operands, conditions or a parameter set that cannot be.
    """
    from circuits import BENCHES, Conditions, DesignError, load_design

    name = arguments.bench
    if name not in BENCHES:
        raise DesignError(f"unknown bench '{name}'; choose one of {', '.join(BENCHES)}")
    design = load_design(
        arguments.design,
        device=arguments.device,
        technology=arguments.technology,
        models=arguments.models,
    )
    conditions = Conditions(
        corner=arguments.corner,
        vdd=design.technology.vdd if arguments.vdd is None else arguments.vdd,
        temperature=arguments.temperature,
        rows=arguments.rows,
        columns=arguments.columns,
    )
    kind = BENCHES[name]
    given = {"operands": arguments.operands, "line": arguments.line}
    default = {"operands": kind.variants[-1:], "line": kind.variants[:1], "": ("",)}
    variant = given.pop(kind.variant_axis, None) or default[kind.variant_axis][0]
    for option, value in given.items():
        if value is not None:
            raise DesignError(f"{name} takes no --{option}; leave it out")
    if arguments.sample is None and arguments.variation is not None:
        raise DesignError("--variation needs a seed to draw by; add --sample SEED")
    return Request(
        design, name, variant, conditions, arguments.offset, arguments.variation, arguments.sample,
        _stress(arguments),
    )  # fmt: skip


def _stress(arguments: argparse.Namespace) -> Stress | None:
    """What the arguments say of ageing; None for a fresh deck."""
    from circuits import DesignError

    if not arguments.age:
        for option in ("duty", "ageing"):
            if getattr(arguments, option) is not None:
                raise DesignError(f"--{option} is of an aged circuit; add --age YEARS")
        return None

    from circuits.ageing import DEFAULT_AGEING, DEFAULT_DUTY, YEAR, Stress, load_ageing

    duty = DEFAULT_DUTY if arguments.duty is None else arguments.duty
    return Stress(load_ageing(arguments.ageing or DEFAULT_AGEING), arguments.age * YEAR, duty)


def sample_content(asked: Request, deck: Deck) -> dict[str, object]:
    """What JSON says of a sample and of age: sets, seed and shift, null where there is none."""
    name = None
    if asked.sample is not None:
        from circuits.variation import DEFAULT_VARIATION

        name = asked.variation or DEFAULT_VARIATION
    found: dict[str, object] = {"variation": name, "sample": asked.sample, "ageing": None}
    if asked.stress is not None:
        from circuits.ageing import shift_of

        found["ageing"] = {
            "name": asked.stress.ageing.name,
            "age_s": asked.stress.age,
            "duty": asked.stress.duty,
            "threshold_shift_V": shift_of(deck, asked.stress),
        }
    return found
