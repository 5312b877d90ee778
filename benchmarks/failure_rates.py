"""Error rates: known probabilities, random sampling on circuits, the shipped design, repeats.

    python benchmarks/failure_rates.py known [--repeats 100]
    python benchmarks/failure_rates.py brute-force [--design NAME] [--write FILE.json]
    python benchmarks/failure_rates.py design [--design NAME]
    python benchmarks/failure_rates.py rare [--design NAME] [--repeats 6]
    python benchmarks/failure_rates.py others

Each prints one Markdown table; those of circuits need ngspice.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from known_rates import problems

from characterize.failure_rates import FailureRate, failure_rate, scaled
from characterize.importance import estimate, series
from characterize.pool import Decks
from characterize.sampling import sample_bench
from circuits import load_design
from circuits.variation import load_variation

BRUTE_FORCE = {
    # Of a design: operation, operands, factor on all sigmas, random samples, their seed (equal
    # seeds would give AND and OR the same chips). The factors give rates that can be counted.
    "strongarm": (
        ("read", "0", 1.0, 1500, 21),
        ("or2", "00", 0.5, 3000, 22),
        ("and2", "01", 0.7, 3000, 23),
        ("xor2", "01", 0.7, 1000, 24),
    ),
    "cancelled": (
        ("read", "0", 2.5, 3000, 31),
        ("and2", "01", 2.2, 3000, 32),
        ("and2", "11", 2.2, 3000, 33),
    ),
}
PATTERNS = {
    "read": ("0", "1"),
    "and2": ("00", "01", "11"),
    "or2": ("00", "01", "11"),
    "xor2": ("00", "01", "11"),
}
RARE = {"strongarm": ("and2", "01", 0.25), "cancelled": ("and2", "01", 0.87)}
"""Operation, operands and factor on all sigmas that put a design's rate near 1e-9."""


def known(repeats: int) -> None:
    """Estimates of known probabilities over many seeds."""
    print(
        "| limit state | known | mean / known | scatter | as reported | in the interval "
        "| evaluations, mean (most) |\n|---|---|---|---|---|---|---|"
    )
    for problem in problems():
        evaluate = series(problem.limit_state)
        found = [estimate(evaluate, problem.dimension, seed=1 + i) for i in range(repeats)]
        rates = np.array([one.rate for one in found]) / problem.rate
        inside = np.mean([one.low <= problem.rate <= one.high for one in found])
        reported = np.median([one.relative_error for one in found]) / 1.96
        count = [one.evaluations for one in found]
        print(
            f"| {problem.name} | {problem.rate:.3g} | {rates.mean():.3f} "
            f"| {100 * rates.std(ddof=1):.1f} % | {100 * reported:.1f} % | {100 * inside:.0f} % "
            f"| {np.mean(count):.0f} ({max(count)}) |",
            flush=True,
        )


def row(bench: str, operands: str, found: FailureRate, seconds: float) -> str:
    """One line on an error rate."""
    device, share = next(iter(found.devices().items()))
    points = ", ".join(f"{p.distance:.2f}" for p in found.design_points if p.share > 0.01)
    return (
        f"| {bench} | {operands} | {found.rate:.3g} | {found.low:.3g} to {found.high:.3g} "
        f"| {points} | {device}, {100 * share:.0f} % | {found.simulations} | {seconds:.0f} s |"
    )


HEAD = (
    "| operation | stored | error rate | 95 % | failure points, sigma | first device "
    "| simulations | time |\n|---|---|---|---|---|---|---|---|"
)


def brute_force(decks: Decks, name: str, write: Path | None) -> None:
    """Random samples of circuits beside the estimate."""
    design = load_design(name)
    entries = []
    print(
        "| operation | stored | sigmas | random: wrong | rate, 95 % | estimate, 95 % "
        "| simulations |"
    )
    print("|---|---|---|---|---|---|---|")
    for bench, operands, factor, number, seed in BRUTE_FORCE[design.name]:
        variation = scaled(load_variation(), design.technology, factor)
        drawn = sample_bench(
            design, bench, operands, None, variation, decks,
            number=number, seed=seed, sampling="random",
        )  # fmt: skip
        rate = drawn.error_rate()
        found = failure_rate(design, bench, operands, None, variation, decks=decks)
        print(
            f"| {bench} | {operands} | x {factor:g} | {drawn.wrong.sum()} of {len(drawn.wrong)} "
            f"| {rate.value:.4f}, {rate.low:.4f} to {rate.high:.4f} "
            f"| {found.rate:.4f}, {found.low:.4f} to {found.high:.4f} | {found.simulations} |",
            flush=True,
        )
        entries.append(
            {
                "bench": bench,
                "operands": operands,
                "factor": factor,
                "seed": seed,
                "samples": len(drawn.wrong),
                "wrong": int(drawn.wrong.sum()),
                "failed_simulations": drawn.failed_simulations,
            }
        )
    if write is not None:
        command = (
            f"python benchmarks/failure_rates.py brute-force --design {design.name} --write {write}"
        )
        text = json.dumps({"command": command, "design": design.name, "entries": entries}, indent=1)
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(text + "\n")


def design_table(decks: Decks, name: str) -> None:
    """Every operation and operand pattern of a design at the nominal condition."""
    design, variation = load_design(name), load_variation()
    print(HEAD)
    for bench, patterns in PATTERNS.items():
        for operands in patterns:
            start = time.perf_counter()
            found = failure_rate(design, bench, operands, None, variation, decks=decks)
            print(row(bench, operands, found, time.perf_counter() - start), flush=True)


def rare(decks: Decks, name: str, repeats: int) -> None:
    """The same rare rate from several seeds."""
    design = load_design(name)
    bench, operands, factor = RARE[design.name]
    variation = scaled(load_variation(), design.technology, factor)
    print(HEAD)
    rates = []
    for seed in range(1, repeats + 1):
        start = time.perf_counter()
        found = failure_rate(design, bench, operands, None, variation, seed=seed, decks=decks)
        rates.append(found.rate)
        print(row(bench, operands, found, time.perf_counter() - start), flush=True)
    mean, scatter = np.mean(rates), np.std(rates, ddof=1)
    print(f"\nmean {mean:.3g}, scatter of one {100 * scatter / mean:.1f} %")


def others() -> None:
    """What OpenTURNS' own algorithms need for one of the known probabilities."""
    import openturns as ot

    problem = problems()[1]
    function = ot.PythonFunction(
        problem.dimension,
        1,
        func_sample=lambda z: problem.limit_state(np.asarray(z)).reshape(-1, 1),
    )
    vector = ot.CompositeRandomVector(function, ot.RandomVector(ot.Normal(problem.dimension)))
    event = ot.ThresholdEvent(vector, ot.Less(), 0.0)
    solver = ot.AbdoRackwitz()
    solver.setStartingPoint([0.0] * problem.dimension)
    solver.setMaximumIterationNumber(20)
    print(f"{problem.name}, {problem.rate:g}\n")
    print("| algorithm | rate / known | its own 95 % | evaluations |\n|---|---|---|---|")
    for name in ("FORM, then importance sampling", "subset sampling", "cross entropy", "NAIS"):
        ot.RandomGenerator.SetSeed(1)
        before = function.getEvaluationCallsNumber()
        if name.startswith("FORM"):
            form = ot.FORM(solver, event)
            form.run()
            algorithm = ot.PostAnalyticalImportanceSampling(form.getResult())
            algorithm.setMaximumCoefficientOfVariation(0.1)
            algorithm.setMaximumOuterSampling(2000)
        elif name.startswith("subset"):
            algorithm = ot.SubsetSampling(event)
            algorithm.setMaximumOuterSampling(100)
            algorithm.setBlockSize(10)
        elif name.startswith("cross"):
            algorithm = ot.StandardSpaceCrossEntropyImportanceSampling(event, 0.25)
            algorithm.setMaximumOuterSampling(1000)
        else:
            algorithm = ot.NAIS(event, 0.25)
            algorithm.setMaximumOuterSampling(1000)
        try:
            algorithm.run()
            result = algorithm.getResult()
            rate = result.getProbabilityEstimate()
            half = 1.96 * result.getCoefficientOfVariation()
            text = f"{rate / problem.rate:.3g} | {100 * half:.0f} %"
        except (RuntimeError, TypeError) as error:
            text = f"{str(error).splitlines()[0][:60]} | -"
        used = function.getEvaluationCallsNumber() - before
        print(f"| {name} | {text} | {used} |", flush=True)


def main() -> None:
    """Print the table that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=("known", "brute-force", "design", "rare", "others"))
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--design")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    if arguments.table == "known":
        known(arguments.repeats or 100)
        return
    if arguments.table == "others":
        others()
        return
    name = load_design(arguments.design).name
    if arguments.table != "design" and name not in RARE:
        parser.error(f"--design {name}: its factors are not known; choose from {', '.join(RARE)}")
    with Decks(arguments.jobs) as decks:
        if arguments.table == "brute-force":
            brute_force(decks, name, arguments.write)
        elif arguments.table == "design":
            design_table(decks, name)
        else:
            rare(decks, name, arguments.repeats or 6)


if __name__ == "__main__":
    main()
