"""Bit-wise convolution equals integer convolution, whatever the path."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import bitwise_conv2d, pack_weights
from accelerator.bitwise import convolution
from accelerator.bitwise.byte_products import bytes_available, fits
from accelerator.bitwise.convolution import convolve_by
from accelerator.bitwise.direct import fits_directly
from accelerator.bitwise.encodings import ENCODINGS, levels
from accelerator.bitwise.geometry import geometry
from accelerator.bitwise.matrix_product import exact_type


def every_level(encoding: str, bits: int) -> np.ndarray:
    """The values of an encoding, enumerated from its definition."""
    if encoding == "unsigned":
        return np.arange(0, 2**bits)
    if encoding == "twos_complement":
        return np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))
    return 2 * np.arange(0, 2**bits) - (2**bits - 1)


def direct(activations, weights, stride, padding, dilation, groups):
    """Integer convolution tap by tap, by nothing but int64 products and sums."""
    (top, bottom), (left, right) = padding
    padded = np.pad(activations.astype(np.int64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    kernels, channels, height, width = weights.shape
    rows = (padded.shape[2] - (height - 1) * dilation[0] - 1) // stride[0] + 1
    columns = (padded.shape[3] - (width - 1) * dilation[1] - 1) // stride[1] + 1
    result = np.zeros((len(padded), kernels, rows, columns), np.int64)
    each = kernels // groups
    for i in range(height):
        for j in range(width):
            y, x = i * dilation[0], j * dilation[1]
            seen = padded[:, :, y:, x:][:, :, :: stride[0], :: stride[1]][:, :, :rows, :columns]
            for group in range(groups):
                result[:, group * each : (group + 1) * each] += np.einsum(
                    "nchw,oc->nohw",
                    seen[:, group * channels : (group + 1) * channels],
                    weights[group * each : (group + 1) * each, :, i, j].astype(np.int64),
                )
    return result


@dataclass
class Case:
    activations: np.ndarray
    weights: np.ndarray
    activation: tuple[str, int]
    weight: tuple[str, int]
    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    dilation: tuple[int, int]
    groups: int

    @property
    def spatial(self):
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    @property
    def widths(self):
        return {
            "activation_encoding": self.activation[0],
            "activation_bits": self.activation[1],
            "weight_encoding": self.weight[0],
            "weight_bits": self.weight[1],
        }

    @property
    def expected(self):
        return direct(self.activations, self.weights, *self.spatial.values())

    @property
    def other_paths(self):
        shape = geometry(self.activations.shape, self.weights.shape, **self.spatial)
        both = self.levels["activation_levels"], self.levels["weight_levels"]
        paths = ["products"] if exact_type(shape, *both) else []
        if fits(shape, *both) and bytes_available():
            paths.append("bytes")
        if fits_directly(shape, *both):
            paths.append("direct")
        return paths

    @property
    def levels(self):
        return {
            "activation_levels": levels(*self.activation, "activation"),
            "weight_levels": levels(*self.weight, "weight"),
        }


def draw_values(draw, encoding, bits, shape):
    """Random levels in a random integer type, sometimes only the two outermost."""
    values = every_level(encoding, bits)
    if draw(st.booleans()):
        values = values[[0, -1]]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    array = rng.choice(values, shape)
    types = [
        t
        for t in "bBhHiIqQ"
        if np.can_cast(np.result_type(*map(np.min_scalar_type, (values.min(), values.max()))), t)
    ]
    return array.astype(draw(st.sampled_from(types or ["q"])))


@st.composite
def cases(draw, widest=16, most_channels=140):
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    channels = draw(st.one_of(st.integers(1, 9), st.integers(1, most_channels))) // groups or 1
    kernels = draw(st.integers(1, 9))
    size, kernel, dilation, stride, padding = [], [], [], [], []
    for _ in range(2):
        kernel.append(draw(st.integers(1, 4)))
        dilation.append(draw(st.integers(1, 3)))
        stride.append(draw(st.integers(1, 3)))
        padding.append((draw(st.integers(0, 3)), draw(st.integers(0, 3))))
        extent = (kernel[-1] - 1) * dilation[-1] + 1
        size.append(draw(st.integers(max(1, extent - sum(padding[-1])), 11)))
    activation = draw(st.sampled_from(ENCODINGS)), draw(st.integers(1, widest))
    weight = draw(st.sampled_from(ENCODINGS)), draw(st.integers(1, widest))
    batch = draw(st.integers(1, 3))
    return Case(
        draw_values(draw, *activation, (batch, channels * groups, *size)),
        draw_values(draw, *weight, (kernels * groups, channels, *kernel)),
        activation,
        weight,
        tuple(stride),
        tuple(padding),
        tuple(dilation),
        groups,
    )


@given(cases())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_result_is_the_integer_convolution(case):
    result = bitwise_conv2d(case.activations, case.weights, **case.widths, **case.spatial)
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result, case.expected)


@given(cases())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_bits_alone_give_the_integer_convolution(case):
    result = convolve_by("bits", case.activations, case.weights, **case.levels, **case.spatial)
    np.testing.assert_array_equal(result, case.expected)


@given(cases(widest=2))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_narrow_operands(case):
    result = bitwise_conv2d(case.activations, case.weights, **case.widths, **case.spatial)
    np.testing.assert_array_equal(result, case.expected)


@given(cases())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_wider_products_give_the_integer_convolution(case):
    for path in case.other_paths:
        result = convolve_by(path, case.activations, case.weights, **case.levels, **case.spatial)
        np.testing.assert_array_equal(result, case.expected)


@given(cases(widest=4))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_packed_weights_give_the_same(case):
    packed = pack_weights(
        case.weights,
        weight_bits=case.weight[1],
        weight_encoding=case.weight[0],
        groups=case.groups,
    )
    for _ in range(2):
        np.testing.assert_array_equal(
            bitwise_conv2d(case.activations, packed, **case.widths, **case.spatial),
            bitwise_conv2d(case.activations, case.weights, **case.widths, **case.spatial),
        )


@pytest.mark.parametrize("activation_encoding", ENCODINGS)
@pytest.mark.parametrize("weight_encoding", ENCODINGS)
@pytest.mark.parametrize("end", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_extremes_at_the_widest(activation_encoding, weight_encoding, end):
    activation = every_level(activation_encoding, 16)[end[0]]
    weight = every_level(weight_encoding, 16)[end[1]]
    for path in ("bits", "products", "bytes") if bytes_available() else ("bits", "products"):
        result = convolve_by(
            path,
            np.full((1, 200, 7, 7), activation),
            np.full((5, 200, 3, 3), weight),
            activation_levels=levels(activation_encoding, 16, "activation"),
            weight_levels=levels(weight_encoding, 16, "weight"),
        )
        assert result.shape == (1, 5, 5, 5)
        assert np.all(result == int(activation) * int(weight) * 1800)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_long_sums_of_bytes_at_their_ends(encoding):
    # 3600 products of eight bits each: far beyond what a 32-bit float holds.
    for activation in every_level("unsigned", 8)[[0, -1]]:
        for weight in every_level(encoding, 8)[[0, -1]]:
            result = bitwise_conv2d(
                np.full((1, 400, 3, 3), activation),
                np.full((9, 400, 3, 3), weight),
                activation_bits=8,
                weight_bits=8,
                weight_encoding=encoding,
            )
            assert np.all(result == int(activation) * int(weight) * 3600)


@pytest.mark.parametrize("activation_bits", range(1, 17))
@pytest.mark.parametrize("weight_bits", range(1, 17))
def test_every_pair_of_widths(activation_bits, weight_bits):
    rng = np.random.default_rng(activation_bits * 17 + weight_bits)
    for activation_encoding in ENCODINGS:
        for weight_encoding in ENCODINGS:
            activations = rng.choice(
                every_level(activation_encoding, activation_bits), (1, 5, 4, 3)
            )
            weights = rng.choice(every_level(weight_encoding, weight_bits), (3, 5, 2, 2))
            case = Case(
                activations,
                weights,
                (activation_encoding, activation_bits),
                (weight_encoding, weight_bits),
                (1, 1),
                ((1, 1), (1, 1)),
                (1, 1),
                1,
            )
            for path in ("bits", *case.other_paths, None):
                result = convolve_by(path, activations, weights, **case.levels, padding=1)
                np.testing.assert_array_equal(result, case.expected)


@pytest.mark.parametrize(
    ("weight_bits", "activation_bits", "groups", "bits"),
    [(1, 1, 1, True), (1, 4, 1, True), (2, 2, 4, True), (16, 16, 1, False), (2, 2, 64, False)],
)
def test_few_bits_are_computed_as_bits(monkeypatch, weight_bits, activation_bits, groups, bits):
    calls = []
    for name, path in dict(convolution._PATHS).items():
        monkeypatch.setitem(
            convolution._PATHS, name, lambda *a, n=name, p=path: calls.append(n) or p(*a)
        )
    shape = (64, 64 // groups, 3, 3)
    bitwise_conv2d(
        np.zeros((1, 64, 4, 4), int),
        np.zeros(shape, int),
        activation_bits=activation_bits,
        weight_bits=weight_bits,
        weight_encoding="unsigned",
        groups=groups,
    )
    assert (calls == ["bits"]) == bits


def test_one_bit_twos_complement_is_minus_one_and_zero():
    activations = np.array([-1, 0, -1, 0]).reshape(1, 4, 1, 1)
    weights = np.array([-1, -1, 0, 0]).reshape(1, 4, 1, 1)
    arguments = {
        "activation_bits": 1,
        "weight_bits": 1,
        "activation_encoding": "twos_complement",
        "weight_encoding": "twos_complement",
    }
    assert bitwise_conv2d(activations, weights, **arguments).item() == 1


def test_padding_is_zero_where_zero_is_not_a_level():
    ones = np.ones((1, 1, 1, 1), int)
    kernel = np.ones((1, 1, 3, 3), int)
    result = bitwise_conv2d(
        ones, kernel, activation_bits=1, weight_bits=1, padding=1, activation_encoding="symmetric"
    )
    assert result.item() == 1


def test_many_images_of_one_pixel_are_a_matrix_product():
    rng = np.random.default_rng(5)
    activations = rng.integers(0, 4, (37, 300, 1, 1))
    weights = rng.choice([-1, 1], (10, 300, 1, 1))
    result = bitwise_conv2d(activations, weights, activation_bits=2, weight_bits=1)
    np.testing.assert_array_equal(
        result[:, :, 0, 0], activations[:, :, 0, 0] @ weights[:, :, 0, 0].T
    )


def test_no_images_give_no_results():
    result = bitwise_conv2d(
        np.zeros((0, 3, 5, 5), int), np.ones((2, 3, 3, 3), int), activation_bits=2, weight_bits=1
    )
    assert result.shape == (0, 2, 3, 3)
    assert result.dtype == np.int64


@pytest.mark.parametrize("shape", [(2, 64, 30, 30), (5, 512, 3, 3), (64, 40, 5, 5)])
def test_threads_give_what_one_gives(monkeypatch, shape):
    rng = np.random.default_rng(8)
    activations = rng.integers(0, 2, shape)
    weights = rng.choice([-1, 1], (300, shape[1], 3, 3))
    padding = ((1, 1), (1, 1))
    expected = direct(activations, weights, (1, 1), padding, (1, 1), 1)
    monkeypatch.setattr("accelerator.bitwise.execution._WORTH_SHARING", 0)
    for threads in (1, 2, 3):
        monkeypatch.setattr("accelerator.bitwise.threads.thread_count", lambda n=threads: n)
        for bits in (1, 3):
            result = bitwise_conv2d(
                activations, weights, activation_bits=bits, weight_bits=bits, padding=1
            )
            np.testing.assert_array_equal(result, expected)


def test_calls_from_several_threads_do_not_disturb_each_other(monkeypatch):
    monkeypatch.setattr("accelerator.bitwise.execution._WORTH_SHARING", 0)
    monkeypatch.setattr("accelerator.bitwise.threads.thread_count", lambda: 2)
    rng = np.random.default_rng(9)
    weights = pack_weights(rng.choice([-1, 1], (20, 70, 3, 3)), weight_bits=1)
    images = rng.integers(0, 4, (8, 1, 70, 12, 12))

    def convolve(image):
        return bitwise_conv2d(image, weights, activation_bits=2, weight_bits=1)

    with ThreadPoolExecutor(4) as pool:
        results = [*pool.map(convolve, images)]
    for image, result in zip(images, results, strict=True):
        no_padding = ((0, 0), (0, 0))
        expected = direct(image, weights.values, (1, 1), no_padding, (1, 1), 1)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.slow
def test_a_plain_processor_gives_the_same(tmp_path):
    """Without AVX-512 and even without a vector bit-count, by numba's own switches."""
    code = """
import numpy as np
from accelerator.bitwise.bit_serial import counts_in_vectors
from accelerator.bitwise import convolution
from accelerator.bitwise.byte_products import bytes_available
from accelerator import bitwise_conv2d
rng = np.random.default_rng(3)
assert not counts_in_vectors() and not bytes_available()
for bits in (1, 2, 8):
    activations = rng.integers(0, 2**bits, (2, 70, 9, 7))
    weights = rng.integers(0, 2**bits, (11, 70, 3, 3))
    widths = dict(activation_bits=bits, weight_bits=bits, weight_encoding="unsigned")
    result = bitwise_conv2d(activations, weights, **widths)
    windows = np.lib.stride_tricks.sliding_window_view(activations, (3, 3), axis=(2, 3))
    assert np.array_equal(result, np.einsum("nchwij,ocij->nohw", windows, weights))
"""
    environment = os.environ | {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
