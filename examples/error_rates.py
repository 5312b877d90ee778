"""How often each operation of a design is wrong, and which devices are to blame.

    python examples/error_rates.py [--operations and2] [--operands 01] [--scale 0.5]

`--scale` multiplies every sigma of the variation: at 1 the shipped plain amplifier is wrong in
several percent of its senses, at 0.25 once in 1e9. Needs ngspice.
"""

from __future__ import annotations

import argparse

from characterize.failure_rates import failure_rate, scaled
from characterize.pool import Decks
from circuits import Conditions, load_design
from circuits.operations import operand_patterns
from circuits.variation import load_variation


def main() -> None:
    """Print one line an operand pattern."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operations", nargs="+", default=["read"])
    parser.add_argument("--operands", help="one pattern; all but 10 where it is left out")
    parser.add_argument("--design")
    parser.add_argument("--variation", default="default")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--relative-error", type=float, default=0.2)
    parser.add_argument("--budget", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    design = load_design(arguments.design)
    variation = load_variation(arguments.variation)
    variation = scaled(variation, design.technology, arguments.scale)
    where = Conditions(vdd=design.technology.vdd, rows=arguments.rows)
    print("| operation | stored | error rate | 95 % | simulations | devices to blame |")
    print("|---|---|---|---|---|---|")
    with Decks(arguments.jobs) as decks:
        for operation in arguments.operations:
            patterns = [name for name in operand_patterns(operation) if name != "10"]
            for operands in [arguments.operands] if arguments.operands else patterns:
                found = failure_rate(
                    design,
                    operation,
                    operands,
                    where,
                    variation,
                    relative_error=arguments.relative_error,
                    budget=arguments.budget,
                    seed=arguments.seed,
                    decks=decks,
                )
                blamed = list(found.devices().items())[:3]
                print(
                    f"| {operation} | {operands} | {found.rate:.2g} "
                    f"| {found.low:.2g} to {found.high:.2g} | {found.simulations} "
                    f"| {', '.join(f'{name} {100 * share:.0f} %' for name, share in blamed)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
