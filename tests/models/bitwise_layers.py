"""Random layers and codes for the tests that count their bits."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from accelerator.array import Array
from accelerator.networks import Layer, Operation

PLAIN = Array(256, 256, 8, 4, 1, 32, 20)


def decoded(codes, bits: int, encoding: str):
    if encoding == "symmetric":
        return 2 * codes - (2**bits - 1)
    if encoding == "twos_complement":
        return np.where(codes >= 2 ** (bits - 1), codes - 2**bits, codes)
    return codes


@st.composite
def layers(draw) -> Layer:
    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    groups = draw(st.sampled_from((1, 1, 2, 3)))
    kernel, stride = pair(1, 3), pair(1, 3)
    begin, end, dilation, size = pair(0, 2), pair(0, 2), pair(1, 2), pair(2, 6)
    out = tuple(
        (size[i] + begin[i] + end[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
        for i in (0, 1)
    )
    assume(min(out) >= 1)
    channels = groups * draw(st.integers(1, 4))
    kernels = groups * draw(st.integers(1, 4))
    return Layer(
        "layer",
        Operation.CONVOLUTION,
        channels,
        size,
        kernels,
        out,
        kernel,
        stride,
        begin,
        end,
        dilation,
        groups,
    )
