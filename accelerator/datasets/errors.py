"""The exception of the data sets."""

from __future__ import annotations


class DatasetError(ValueError):
    """Images cannot be had; the message is one sentence that says what to do."""
