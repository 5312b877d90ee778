"""Errors of circuits that are the user's to mend."""


class DesignError(ValueError):
    """A design, device, technology or condition that cannot be built; says what to do."""
