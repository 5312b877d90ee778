"""Errors of characterization that are the user's to mend."""


class PlanError(ValueError):
    """A plan, output or environment that cannot be run; the message says what to do."""
