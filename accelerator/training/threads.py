"""How many threads PyTorch asks for."""

from __future__ import annotations

import os

import torch


def keep_to_thread_limit() -> None:
    """Ask for no more threads than OMP_THREAD_LIMIT allows.

    PyTorch waits for ever for those that it asked for and did not get.
    """
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    if limit.isdigit() and 0 < int(limit) < torch.get_num_threads():
        torch.set_num_threads(int(limit))
