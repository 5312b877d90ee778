"""How many processes a run may have."""

from __future__ import annotations

import os

from jobs.errors import JobsError

_A_CORE, _ANYWHERE = 8, 64
"""Processes for each core, and how many may be asked for on a machine of any size."""


def process_count(asked: int | None) -> int:
    """The number of processes asked for, or one for each core.

    Raises JobsError where it is below 1, or so large that they would only be in each other's way.
    """
    cores = os.cpu_count() or 1
    if asked is None:
        return cores
    most = max(_ANYWHERE, _A_CORE * cores)
    if asked < 1:
        raise JobsError(f"{asked} jobs cannot run anything; give -j a number of 1 or more")
    if asked > most:
        raise JobsError(
            f"{asked} jobs are more than the {most} that this machine of {cores} cores takes; "
            "give -j some number of its cores"
        )
    return asked
