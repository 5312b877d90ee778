"""Errors of characterization that are the user's to mend."""


class PlanError(ValueError):
    """A plan, output or environment that cannot be run; the message says what to do."""


class StoppedError(BaseException):
    """A run that was told to end, by a signal or a deadline; the message is the reason.

    `code` is the command's exit code.
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


class DeadlineError(StoppedError):
    """A run whose time was over; what it reached is told, and judged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, 1)
