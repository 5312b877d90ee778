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
    if encoding == "zero_point":
        # The zero point with most ones, which takes most additions.
        return codes - (2**bits - 1)
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


@st.composite
def arrays(draw) -> Array:
    shared = draw(st.sampled_from((1, 2, 4, 8)))
    amplifiers = draw(st.integers(1, 6))
    reserved = draw(st.integers(0, 2))
    return Array(
        rows=reserved + draw(st.integers(2, 20)),
        columns=shared * amplifiers,
        columns_per_amplifier=shared,
        amplifiers_per_reference=draw(st.sampled_from((1, 2, 4))),
        reserved_rows=reserved,
        sensed_at_once=draw(st.integers(1, amplifiers)),
        written_at_once=draw(st.integers(1, shared * amplifiers)),
        gate_unused_columns=draw(st.booleans()),
    )


def reference_convolution(layer: Layer, activations, weights):
    """Integer convolution by its definition, tap by tap."""
    padded = np.pad(activations, [(0, 0), *zip(layer.pad_begin, layer.pad_end, strict=True)])
    out = np.zeros((layer.out_channels, *layer.out_size), dtype=np.int64)
    channels = layer.in_channels // layer.groups
    for kernel in range(layer.out_channels):
        group = kernel // layer.kernels_per_group
        own = padded[group * channels : (group + 1) * channels]
        for a in range(layer.kernel[0]):
            for b in range(layer.kernel[1]):
                ys = a * layer.dilation[0] + np.arange(layer.out_size[0]) * layer.stride[0]
                xs = b * layer.dilation[1] + np.arange(layer.out_size[1]) * layer.stride[1]
                taps = own[:, ys[:, None], xs[None, :]]
                out[kernel] += np.tensordot(weights[kernel, :, a, b], taps, axes=1)
    return out
