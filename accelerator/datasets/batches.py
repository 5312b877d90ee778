"""CIFAR-10's Python batches: pickles of a dictionary, read without running anything in them."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.datasets.errors import DatasetError

_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
"""What rebuilds an array of bytes, and nothing else."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def cifar_pickles(path: Path, pickled: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 3, 32, 32) and labels (n,) of one batch, from what is in the file at `path`.

    Raises DatasetError for a file that is another, or that would do more than hold data.
    """
    try:
        content = _Reader(io.BytesIO(pickled), encoding="bytes").load()
        codes = np.asarray(content[b"data"])
        labels = np.asarray(content[b"labels"], dtype=np.int64)
        if codes.dtype != np.uint8 or codes.shape != (len(labels), 3 * 32 * 32):
            raise ValueError
    except Exception:
        # A damaged pickle can raise anything.
        raise DatasetError(f"{path} is not a batch of CIFAR-10; fetch it anew") from None
    return codes.reshape(-1, 3, 32, 32), labels
