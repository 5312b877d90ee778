"""Values of a file as the types that a dataclass or an annotation names."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from files.errors import FileError, short, shown_path


def typed(value: object, kind: Any, place: str, error: type[ValueError] = FileError) -> Any:
    """`value`, read from JSON or TOML, as `kind`; whatever does not fit raises `error`.

    `kind` is bool, int, float, str, None, Any, a dataclass, or a tuple, list, dict or union of
    these. Lists become tuples where tuples are asked for, and keys of objects numbers. `place`
    begins every message: the file's name, and where in it the value stands.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(value, arguments, place, error)
    if origin in (tuple, list) and isinstance(value, list | tuple):
        return _sequence(value, origin, arguments, place, error)
    if origin is dict and isinstance(value, Mapping):
        return {
            _key(key, arguments[0], place, error): typed(
                item, arguments[1], f"{place}.{short(key)}", error
            )
            for key, item in value.items()
        }
    if dataclasses.is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        return _dataclass(value, kind, place, error)
    if kind is type(None) and value is None:
        return None
    if kind in (bool, str) and isinstance(value, kind):
        return value
    if kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool):
        if kind is float:
            return float(value)
        if isinstance(value, int):
            return value
    name = getattr(kind, "__name__", str(kind)) if origin is None else str(kind)
    raise error(f"{shown_path(place)} is {short(repr(value))}, not of the kind {name}; mend it")


def _one_of(value: object, kinds: tuple[Any, ...], place: str, error: type[ValueError]) -> Any:
    for kind in kinds[:-1]:
        try:
            return typed(value, kind, place, error)
        except error:
            continue
    return typed(value, kinds[-1], place, error)


def _sequence(
    value: list[Any] | tuple[Any, ...],
    origin: Any,
    kinds: tuple[Any, ...],
    place: str,
    error: type[ValueError],
) -> Any:
    if origin is tuple and kinds[-1] is not Ellipsis:
        if len(value) != len(kinds):
            raise error(f"{shown_path(place)} has {len(value)} entries, not {len(kinds)}; mend it")
        each = kinds
    else:
        each = (kinds[0],) * len(value)
    found = [
        typed(item, kind, f"{place}[{index}]", error)
        for index, (item, kind) in enumerate(zip(value, each, strict=True))
    ]
    return tuple(found) if origin is tuple else found


def _key(key: str, kind: Any, place: str, error: type[ValueError]) -> Any:
    try:
        return kind(key)
    except ValueError:
        raise error(f"{shown_path(place)} has the key '{short(key)}', which is no number") from None


def _dataclass(value: Mapping[str, Any], kind: type, place: str, error: type[ValueError]) -> Any:
    hints = get_type_hints(kind)
    fields = {entry.name: entry for entry in dataclasses.fields(kind) if entry.init}
    for name in value:
        if name not in fields:
            raise error(f"{shown_path(place)} has an unknown entry '{short(name)}'; leave it out")
    given = {}
    for name, entry in fields.items():
        if name in value:
            given[name] = typed(value[name], hints[name], f"{place}.{name}", error)
        elif entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
            raise error(f"{shown_path(place)} lacks '{name}'; add it")
    return kind(**given)
