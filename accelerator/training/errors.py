"""The exception of training, and the check for PyTorch."""

from __future__ import annotations

from importlib.util import find_spec


class TrainingError(ValueError):
    """A network cannot be trained; the message is one sentence that says what to do."""


def need_torch() -> None:
    """Raise TrainingError where PyTorch is not installed."""
    if find_spec("torch") is None:
        raise TrainingError(
            "training needs PyTorch, which is not installed: pip install 'mramcim[training]' "
            "(its CPU build is enough)"
        )
