"""What a run would do: how many points are new, and how long they should take."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from characterize.identity import Identity
from characterize.plan import Plan
from characterize.pool import ngspice_version
from characterize.run import look_up
from characterize.store import Store

# Processor time [s] of a point on an AMD EPYC (Zen 4), from the runs of the shipped plan; a
# store that knows a bench says better. Writes are mostly ensembles, shared by many points.
_TYPICAL = {
    "read": 0.35, "and2": 0.45, "or2": 0.45, "xor2": 0.7, "write": 0.25, "wordline_driver": 0.03,
    "decoder_gate": 0.02, "full_adder": 0.25, "flip_flop": 0.1, "wire": 0.02,
    "read_statistics": 60.0, "and2_statistics": 90.0, "or2_statistics": 90.0,
    "xor2_statistics": 150.0, "read_aged": 0.4, "and2_aged": 0.5, "or2_aged": 0.5,
    "xor2_aged": 0.8, "wordline_driver_aged": 0.03, "decoder_gate_aged": 0.02,
    "full_adder_aged": 0.25, "flip_flop_aged": 0.1, "wire_aged": 0.02,
}  # fmt: skip


@dataclass(frozen=True)
class DryRun:
    """Points by what would become of them; `seconds` of wall time that the new ones take."""

    points: int
    cached: int
    new: dict[str, int]
    seconds: float
    ngspice_version: str
    unused_axes: tuple[str, ...] = ()
    """Axes of the plan that none of its benches has: a mistake, or no longer needed."""

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary with unit-bearing keys."""
        return {
            "format": "mramcim-dry-run/1",
            "points": self.points,
            "cached": self.cached,
            "new": sum(self.new.values()),
            "new_by_bench": self.new,
            "expected_time_s": self.seconds,
            "ngspice_version": self.ngspice_version,
            "unused_axes": list(self.unused_axes),
        }


def dry_run(plan: Plan, store: Store | None, jobs: int) -> DryRun:
    """Look every point of a plan up and simulate none; raises PlanError as a run does."""
    version = ngspice_version()
    identity = Identity(plan.design, version)
    new: Counter[str] = Counter()
    total = 0
    for point in plan.points():
        total += 1
        if store is None or look_up(store, identity, point) is None:
            new[point.group] += 1
    known = {} if store is None else store.seconds(new)
    seconds = sum(count * known.get(bench, _TYPICAL[bench]) for bench, count in new.items())
    cached = total - sum(new.values())
    return DryRun(total, cached, dict(new), seconds / jobs, version, plan.unused_axes)
