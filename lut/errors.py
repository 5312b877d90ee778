"""The one exception that this package raises for input it cannot use."""

from __future__ import annotations


class TableError(ValueError):
    """A table, or a request to one, that cannot be used; the message is one sentence."""
