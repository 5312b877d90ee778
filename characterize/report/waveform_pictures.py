"""Waveforms of points that are not ok, simulated again for the report."""

from __future__ import annotations

import os
from html import escape

from characterize.errors import DeadlineError, PlanError
from characterize.plan import Point
from characterize.pool import Decks
from characterize.run import Run
from jobs import JobsError
from lut import shown_place

PICTURES = 12
"""Points whose waveforms are in the report, at most."""


def waveform_pictures(run: Run, jobs: int | None) -> dict[str, str]:
    """Waveforms of the first points that are not ok, simulated again, as SVG by title.

    A deadline that comes meanwhile ends this, not the night: its points are all run.
    """
    from characterize.report.figures import waveforms

    points = [point for point, _ in run.not_ok[:PICTURES]]
    if not points:
        return {}
    decks = [point.deck(run.plan.design) for point in points]
    titles = [_title(run, point) for point in points]
    pictures = dict.fromkeys(titles, without("they were not simulated"))
    try:
        with Decks(min(jobs or os.cpu_count() or 1, len(decks))) as running:
            for index, waves in running.simulate(decks):
                pictures[titles[index]] = (
                    without(waves) if isinstance(waves, str) else waveforms(decks[index], waves)
                )
    except (PlanError, JobsError) as error:
        # The points may have been simulated on a cluster, by an ngspice that is not here.
        return dict.fromkeys(pictures, without(str(error)))
    except DeadlineError:
        pass
    return pictures


def without(why: str) -> str:
    """What stands where a picture would."""
    return f"<p>no waveforms: {escape(why)}</p>"


def _title(run: Run, point: Point) -> str:
    outcome = run.results[point].outcome.meaning
    return f"{point.group} {point.variant}".strip() + f" at {shown_place(point.place)}: {outcome}"
