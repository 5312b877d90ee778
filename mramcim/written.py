"""A write with the pulse that it needs, for the verbs that show one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from characterize.write_points import WritePoint
    from mramcim.benches import Request


def written(asked: Request) -> WritePoint:
    """The write that was asked for, with the pulse that leaves one bit in a million unswitched.

    Its deck is of nominal devices; its waveforms and measures are of those that were asked for.
    """
    from characterize.plan import Plan
    from characterize.pool import run_deck
    from characterize.write_points import WriteErrors, write_point

    errors = WriteErrors(asked.design, Plan.write_error_rate)
    return write_point(
        lambda one: run_deck(asked.varied(one)), errors, asked.variant, asked.conditions
    )
