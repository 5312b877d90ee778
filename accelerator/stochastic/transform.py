"""Discrete cosine transform of an image and back, every product a stochastic one.

The precursor of the networks: Yu et al., CASES 2020. Each block of 8 x 8 is transformed along its
columns and rows, and back, by four matrix products with the cosines

    C_kn = c_k cos((2 n + 1) k pi / 16),  c_0 = sqrt(1/8), c_k = 1/2,

the products in dynamic fixed point, their sums exact and rounded to the next product's width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.datasets import DatasetError
from accelerator.errors import EstimateError
from accelerator.stochastic.fixed_point import FixedPoint, chosen_point
from accelerator.stochastic.products import exact_products, stochastic_products

SIDE = 8
LEVELS = 255


def cosines() -> NDArray[np.float64]:
    """The orthogonal matrix C (8, 8)."""
    rows = np.arange(SIDE)[:, None]
    matrix = np.cos((2 * np.arange(SIDE) + 1) * rows * np.pi / (2 * SIDE)) / 2
    matrix[0] = np.sqrt(1 / SIDE)
    return matrix


def photograph(size: int = 256) -> NDArray[np.uint8]:
    """A square of grey levels from the middle of the photograph `china.jpg` in scikit-learn."""
    try:
        from sklearn.datasets import load_sample_image
    except ImportError:
        raise DatasetError(
            "the photograph comes with scikit-learn, which is not installed: "
            "pip install 'mramcim[training]'"
        ) from None
    colours = load_sample_image("china.jpg").astype(np.float64)
    # Luma as in ITU-R BT.601.
    grey = colours @ np.array([0.299, 0.587, 0.114])
    top, left = ((side - size) // 2 for side in grey.shape)
    square = grey[top : top + size, left : left + size]
    return np.asarray(np.rint(square).astype(np.uint8))


def there_and_back(
    image: NDArray[np.uint8], bits: int, dropped: int = 0, multiplier: str = "stochastic"
) -> NDArray[np.uint8]:
    """An image (height, width, multiples of 8) after transformation and its inverse.

    `bits` is the magnitude of every operand, `dropped` what the multipliers cut off it.
    """
    height, width = image.shape
    if height % SIDE or width % SIDE:
        raise EstimateError(f"an image of {height} x {width} has no whole blocks of 8 x 8: cut it")
    blocks = (
        (image.astype(np.float64) - 128)
        .reshape(height // SIDE, SIDE, width // SIDE, SIDE)
        .transpose(0, 2, 1, 3)
    )
    matrix = cosines()
    for step in (matrix, matrix, matrix.T, matrix.T):
        # What was rows becomes columns: two products with the same matrix make one transform.
        blocks = _product(blocks.swapaxes(-1, -2), step.T, bits, dropped, multiplier)
    found = blocks.transpose(0, 2, 1, 3).reshape(height, width) + 128
    return np.clip(np.rint(found), 0, LEVELS).astype(np.uint8)


def _product(
    values: NDArray[np.float64],
    matrix: NDArray[np.float64],
    bits: int,
    dropped: int,
    multiplier: str,
) -> NDArray[np.float64]:
    """values (..., 8) times matrix (8, 8), both put on `bits` first."""
    taken, kept = chosen_point(values, bits), chosen_point(matrix, bits)
    codes = taken.codes(values).reshape(-1, SIDE)
    if multiplier == "stochastic":
        sums = stochastic_products(codes, kept.codes(matrix), bits, dropped)
        point = FixedPoint(bits, taken.fraction + kept.fraction - bits)
    else:
        sums = exact_products(codes, kept.codes(matrix), bits, dropped)
        point = FixedPoint(bits, taken.fraction + kept.fraction)
    return point.values(sums).reshape(values.shape)


def peak_signal_to_noise(image: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """10 log10(255^2 / mean square difference) [dB], infinite between equal images."""
    error = float(np.mean((image.astype(np.float64) - other) ** 2))
    return float(10 * np.log10(LEVELS**2 / error)) if error else float("inf")
