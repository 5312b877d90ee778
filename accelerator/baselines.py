"""What other machines would take for the same operations, from published energies of one."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from accelerator.report import Report

PER = ("image", "and", "operation", "mac")
_PLURALS = {"image": "image", "and": "ANDs", "operation": "operations", "mac": "MACs"}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Another machine's energy (J) for one of something, and under which conditions."""

    name: str
    per: str
    energy: float
    layers: str
    tag: str
    conditions: str
    source: str
    network: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """A baseline with the operations of an image: its energy and ours over the same layers (J)."""

    baseline: Baseline
    number: int
    theirs: float
    ours: float
    widths: str

    @property
    def ratio(self) -> float:
        """Ours over theirs (1)."""
        return self.ours / self.theirs

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return {
            **asdict(self.baseline),
            "number": self.number,
            "theirs_J": self.theirs,
            "ours_J": self.ours,
            "ours_widths": self.widths,
            "ratio": self.ratio,
        }


@cache
def shipped_baselines() -> tuple[Baseline, ...]:
    """The baselines that come with the package."""
    text = files("accelerator").joinpath("baselines.toml").read_text(encoding="utf-8")
    return tuple(Baseline(**entry) for entry in tomllib.loads(text).values())


def beside(report: Report) -> tuple[Beside, ...]:
    """All baselines that have something to say of this network.

    One that is of an image of a certain network says nothing of others; one of convolutions
    stands beside our convolutions alone.
    """
    found = []
    for baseline in shipped_baselines():
        if baseline.network and baseline.network != report.network:
            continue
        layers = [
            layer
            for layer in report.layers
            if layer.macs and baseline.layers in ("all", layer.operation)
        ]
        number = {
            "image": 1,
            "and": sum(layer.and_operations for layer in layers),
            "operation": 2 * sum(layer.macs for layer in layers),
            "mac": sum(layer.macs for layer in layers),
        }[baseline.per]
        if number:
            whole = baseline.per == "image"
            ours = report.energy if whole else sum(layer.energy for layer in layers)
            theirs = number * baseline.energy
            found.append(Beside(baseline, number, theirs, ours, report.widths))
    return tuple(found)


def render_baselines(report: Report) -> str:
    """A line and its conditions for each baseline."""
    lines = ["beside other machines with the same operations (ours over theirs):"]
    for one in beside(report):
        entry = one.baseline
        layers = "" if entry.layers == "all" else f" of {entry.layers}s"
        lines.append(
            f"  {entry.name}: {one.theirs * 1e6:.4g} uJ for {one.number:.4g} "
            f"{_PLURALS[entry.per]}{layers}, ours {one.ours * 1e6:.4g} uJ at {one.widths}, "
            f"ratio {one.ratio:.3g} [{entry.tag}]"
        )
        lines.append(f"    there: {entry.conditions}; {entry.source}")
    lines.append("  here: every component of the report; a ratio is no better than its conditions")
    return "\n".join(lines) + "\n"
