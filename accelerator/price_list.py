"""Prices as a flat list of named figures, and back: "and2.energy.01.bias" and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from accelerator.prices import Prices


def listed(prices: Prices) -> dict[str, float]:
    """Every figure in SI units by its dotted name; how amplifiers are shared is none."""
    return dict(_walk(prices, ""))


def _walk(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield name, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _walk(entry, f"{name}.{key}")
    elif is_dataclass(value):
        for field in fields(value):
            yield from _walk(
                getattr(value, field.name), f"{name}.{field.name}" if name else field.name
            )


def with_figures(prices: Prices, figures: Mapping[str, Any]) -> Prices:
    """The same prices with other figures, which may be arrays of samples; all are given."""
    changed: Prices = _rebuilt(prices, "", figures)
    return changed


def _rebuilt(value: Any, name: str, figures: Mapping[str, Any]) -> Any:
    if isinstance(value, float):
        return figures[name]
    if isinstance(value, dict):
        return {key: _rebuilt(entry, f"{name}.{key}", figures) for key, entry in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return replace(
        value,
        **{
            f.name: _rebuilt(
                getattr(value, f.name), f"{name}.{f.name}" if name else f.name, figures
            )
            for f in fields(value)
        },
    )
