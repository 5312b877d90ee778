"""The formats in which data sets are handed out: IDX (MNIST), MATLAB (SVHN), CIFAR's batches.

Sizes are checked before anything is allocated, and nothing in a file is ever executed.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accelerator.datasets.batches import cifar_pickles
from accelerator.datasets.errors import DatasetError
from files import read_bytes

Codes = NDArray[np.uint8]
Labels = NDArray[np.int64]
_LARGEST = 512 << 20
"""Bytes of a file, unpacked: the largest there is, SVHN's, has 182 MB."""
_CIFAR_RECORD = 1 + 3 * 32 * 32


def mnist(folder: Path | None, part: str) -> tuple[Codes, Labels]:
    """MNIST's IDX files, packed or not: 28 x 28, codes 0 to 255."""
    stem = "train" if part == "train" else "t10k"
    images = _found(folder, "MNIST", (f"{stem}-images-idx3-ubyte", f"{stem}-images.idx3-ubyte"))
    labels = _found(folder, "MNIST", (f"{stem}-labels-idx1-ubyte", f"{stem}-labels.idx1-ubyte"))
    return _idx(images, 3)[:, None], _idx(labels, 1).astype(np.int64)


def svhn(folder: Path | None, part: str) -> tuple[Codes, Labels]:
    """SVHN's cropped digits (`train_32x32.mat`): 32 x 32, three colours, codes 0 to 255."""
    from scipy.io import loadmat

    path = _found(folder, "SVHN", (f"{part}_32x32.mat",))
    try:
        content = loadmat(path, variable_names=["X", "y"])
        codes, labels = content["X"], content["y"].reshape(-1).astype(np.int64)
        if codes.shape[:3] != (32, 32, 3) or codes.dtype != np.uint8:
            raise ValueError
    except Exception:
        # SciPy's reader raises many kinds on a damaged file.
        raise DatasetError(
            f"{path} is not a file of SVHN's cropped digits; fetch it anew"
        ) from None
    # The file writes the digit 0 as class 10.
    return np.ascontiguousarray(codes.transpose(3, 2, 0, 1)), labels % 10


def cifar10(folder: Path | None, part: str) -> tuple[Codes, Labels]:
    """CIFAR-10, its binary version or its Python batches: 32 x 32, three colours."""
    stems = [f"data_batch_{n}" for n in range(1, 6)] if part == "train" else ["test_batch"]
    parts = []
    for stem in stems:
        path = _found(folder, "CIFAR-10", (f"{stem}.bin", stem), _CIFAR_FOLDERS)
        content = _content(path, _LARGEST)
        binary = ".bin" in path.suffixes
        parts.append((_cifar_binary if binary else cifar_pickles)(path, content))
    codes, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    return codes, labels


_CIFAR_FOLDERS = ("", "cifar-10-batches-bin", "cifar-10-batches-py")


def _found(
    folder: Path | None, what: str, names: tuple[str, ...], inside: tuple[str, ...] = ("",)
) -> Path:
    if folder is None:
        raise DatasetError(f"{what} is not embedded: name the folder of its files with --data")
    if not folder.is_dir():
        raise DatasetError(f"the folder {folder} of {what} does not exist; unpack its files there")
    for name in names:
        for suffix in ("", ".gz"):
            for place in inside:
                path = folder / place / (name + suffix)
                if path.is_file():
                    return path
    raise DatasetError(f"{what} needs the file {names[0]} in {folder}, which is not there")


def _content(path: Path, limit: int) -> bytes:
    """What is in a file, at most `limit` bytes; packed ones are unpacked."""
    if path.suffix != ".gz":
        return read_bytes(path, "part of a data set", limit, DatasetError)
    try:
        with gzip.open(path) as file:
            content = file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise DatasetError(f"{path} cannot be unpacked; fetch it anew") from None
    if len(content) > limit:
        raise DatasetError(f"{path} holds more than {limit} bytes; it is no part of a data set")
    return content


def _idx(path: Path, rank: int) -> Codes:
    content = _content(path, _LARGEST)
    head = 4 + 4 * rank
    if len(content) < head or content[:3] != b"\0\0\x08" or content[3] != rank:
        raise DatasetError(f"{path} is not an IDX file of {rank} dimensions of bytes")
    shape = struct.unpack(f">{rank}I", content[4:head])
    if len(content) - head != prod(shape):
        raise DatasetError(
            f"{path} says {' x '.join(map(str, shape))} and has {len(content) - head} bytes; "
            "fetch it anew"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _cifar_binary(path: Path, content: bytes) -> tuple[Codes, Labels]:
    if not content or len(content) % _CIFAR_RECORD:
        raise DatasetError(f"{path} is not of CIFAR-10's binary version; fetch it anew")
    records = np.frombuffer(content, np.uint8).reshape(-1, _CIFAR_RECORD)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)
