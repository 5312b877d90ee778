"""The compiled walk over single ANDs of a convolution, picked by their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled


@compiled
def flip_picked(
    picked: NDArray[np.int64],
    thresholds: NDArray[np.float64],
    rates: NDArray[np.float64],
    activations: NDArray[np.uint16],
    weights: NDArray[np.uint16],
    activation_steps: NDArray[np.int64],
    weight_steps: NDArray[np.int64],
    stride: NDArray[np.int64],
    dilation: NDArray[np.int64],
    groups: int,
    changes: NDArray[np.int64],
) -> None:
    """Add to every output what its wrong ANDs change.

    picked : numbers of ANDs, counted over outputs, taps, weight planes and activation planes
    thresholds : one for each; the AND is wrong where it is below the rate of its operands
    rates : by operand values 00, 01, 10 and 11, the weight's bit first
    activations : stored bits, images x channels x padded rows x padded columns
    weights : stored bits, kernels x channels of a group x height x width
    activation_steps, weight_steps : what a one in each plane adds
    changes : images x kernels x rows x columns
    """
    _, kernels, rows, columns = changes.shape
    channels, height, width = weights.shape[1:]
    wide, deep = activation_steps.size, weight_steps.size
    group_kernels, pixels = kernels // groups, rows * columns
    line = activations.shape[3]
    plane = activations.shape[2] * line
    # Divisions are what a walk is made of: all that one output's ANDs share is looked up.
    taps = channels * height * width
    each = taps * deep * wide
    places = np.empty(taps, np.int64)
    for tap in range(taps):
        j, i = tap % width, tap // width % height
        channel = tap // (width * height)
        places[tap] = channel * plane + i * dilation[0] * line + j * dilation[1]
    bits, codes, sums = activations.ravel(), weights.ravel(), changes.ravel()
    for index in range(picked.size):
        output = picked[index] // each
        inner = np.uint32(picked[index] - output * each)
        m = inner % np.uint32(wide)
        pair = inner // np.uint32(wide)
        k = pair % np.uint32(deep)
        place = pair // np.uint32(deep)
        map_ = output // pixels
        pixel = output - map_ * pixels
        row = pixel // columns
        image = map_ // kernels
        kernel = map_ - image * kernels
        origin = (image * groups + kernel // group_kernels) * channels * plane
        origin += row * stride[0] * line + (pixel - row * columns) * stride[1]
        one = (bits[origin + places[place]] >> m) & 1
        other = (codes[kernel * taps + place] >> k) & 1
        if thresholds[index] < rates[2 * other + one]:
            step = activation_steps[m] * weight_steps[k]
            sums[output] += -step if one & other else step
