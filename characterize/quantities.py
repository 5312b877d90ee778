"""Numbers with their units, as plans write them."""

from __future__ import annotations

from characterize.errors import PlanError
from circuits import to_si
from circuits.parameters import LARGEST
from files import short


def quantity(place: str, key: str, entry: object, unit: str) -> float:
    """The SI value of a text such as "27 degC", which must measure what `unit` does.

    `place` says where it stands. Raises PlanError.
    """
    if not isinstance(entry, str) or len(entry.split(None, 1)) != 2:
        raise PlanError(
            f"{place}: '{key}' must be text such as \"1.0 {unit}\", not {short(repr(entry))}"
        )
    number, given = entry.split(None, 1)
    try:
        # Rounded, so that 27 degC is the same number however it was written.
        found = float(f"{to_si(float(number), given, like=unit):.12g}")
    except ValueError as error:
        raise PlanError(f"{place}: '{key}': {short(str(error))}") from None
    if not abs(found) <= LARGEST:
        raise PlanError(f"{place}: '{key}' is {short(entry)}, which nothing has; mend it")
    return found
