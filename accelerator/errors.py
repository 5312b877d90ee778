"""The exceptions of the accelerator for input that it cannot accept."""

from __future__ import annotations


class EstimateError(ValueError):
    """A network, an argument or an operand cannot be used.

    The message is one sentence that says what is wrong, where, and what to do.
    """


class UnsuitableTableError(EstimateError):
    """A table that can be read but does not serve this estimate; another one may."""
