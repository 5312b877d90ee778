"""Discrete cosine transform of an image and back, every product a stochastic one.

The precursor of the networks: Yu et al., CASES 2020. Each block of 8 x 8 is transformed along
both sides, and back, by four matrix products with the cosines

    C_kn = c_k cos((2 n + 1) k pi / 16),  c_0 = sqrt(1/8), c_k = 1/2,

the products in dynamic fixed point, their sums exact and rounded to the next product's width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.datasets import DatasetError
from accelerator.errors import EstimateError
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.stochastic.fixed_point import chosen_point
from accelerator.stochastic.network import FixedLayer, FixedNetwork

SIDE = 8
LEVELS = 255
MIDDLE = 128

Image = NDArray[np.uint8]


def cosines() -> NDArray[np.float64]:
    """The orthogonal matrix C (8, 8)."""
    rows = np.arange(SIDE)[:, None]
    matrix = np.cos((2 * np.arange(SIDE) + 1) * rows * np.pi / (2 * SIDE)) / 2
    matrix[0] = np.sqrt(1 / SIDE)
    return matrix


def photograph(size: int = 256) -> Image:
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
    image: Image, bits: int, dropped: int = 0, multiplier: str = "stochastic"
) -> Image:
    """An image (height, width, multiples of 8) after transformation and its inverse.

    `bits` is the magnitude of every operand, `dropped` what the multipliers cut off it.
    """
    blocks = blocks_of(image)
    for matrix in _steps():
        layer = _layer(matrix, blocks, bits)
        codes = layer.taken.codes(blocks.swapaxes(-1, -2)).reshape(-1, SIDE)
        sums, fraction = layer.sums(codes, multiplier, dropped)
        blocks = np.asarray(sums.reshape(blocks.shape) * 2.0**-fraction, np.float64)
    rows, columns = blocks.shape[:2]
    found = blocks.transpose(0, 2, 1, 3).reshape(rows * SIDE, columns * SIDE) + MIDDLE
    return np.clip(np.rint(found), 0, LEVELS).astype(np.uint8)


def as_network(image: Image, bits: int) -> FixedNetwork:
    """The four matrix products of a frame as layers, to be costed on lanes."""
    blocks, layers = blocks_of(image), []
    for matrix in _steps():
        layers.append(_layer(matrix, blocks, bits))
        blocks = np.asarray(blocks.swapaxes(-1, -2) @ matrix.T, np.float64)
    shapes = tuple(own.layer for own in layers)
    network = Network("dct", shapes, "8 x 8 transform and back", (1, *image.shape))
    return FixedNetwork(network, bits, tuple(layers))


def blocks_of(image: Image) -> NDArray[np.float64]:
    """Blocks (rows, columns, 8, 8) of an image less its middle grey."""
    height, width = image.shape
    if height % SIDE or width % SIDE:
        raise EstimateError(f"an image of {height} x {width} has no whole blocks of 8 x 8: cut it")
    centred = image.astype(np.float64) - MIDDLE
    return centred.reshape(height // SIDE, SIDE, width // SIDE, SIDE).transpose(0, 2, 1, 3)


def _steps() -> tuple[NDArray[np.float64], ...]:
    """What is multiplied one after the other.

    Rows become columns before each product, so that two with one matrix make a transform.
    """
    matrix = cosines()
    return matrix, matrix, matrix.T, matrix.T


def _layer(matrix: NDArray[np.float64], blocks: NDArray[np.float64], bits: int) -> FixedLayer:
    """One product, both sides in dynamic fixed point: 8 inputs and 8 outputs at each position."""
    positions = blocks.size // SIDE
    size = (1, positions)
    layer = Layer("product", Operation.CONVOLUTION, SIDE, size, SIDE, size)
    taken, kept = chosen_point(blocks, bits), chosen_point(matrix, bits)
    return FixedLayer(layer, kept.codes(matrix.T), np.zeros(SIDE), taken, kept)


def peak_signal_to_noise(image: Image, other: Image) -> float:
    """10 log10(255^2 / mean square difference) [dB], infinite between equal images."""
    error = float(np.mean((image.astype(np.float64) - other) ** 2))
    return float(10 * np.log10(LEVELS**2 / error)) if error else float("inf")
