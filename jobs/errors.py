"""The error of this package."""


class JobsError(ValueError):
    """Tasks that cannot run at all; the message says what, where and what to do."""
