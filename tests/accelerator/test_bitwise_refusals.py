"""What `bitwise_conv2d` and `pack_weights` do not accept, each in one sentence."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from accelerator import EstimateError, bitwise_conv2d, pack_weights

ACTIVATIONS = np.ones((1, 2, 4, 4), np.uint8)
WEIGHTS = np.ones((2, 2, 3, 3), np.int8)


def refusal(activations=ACTIVATIONS, weights=WEIGHTS, **changes):
    arguments = {"activation_bits": 2, "weight_bits": 1} | changes
    with pytest.raises(EstimateError) as caught:
        bitwise_conv2d(activations, weights, **arguments)
    message = str(caught.value)
    assert "\n" not in message
    assert not message.endswith(".")
    return message


@pytest.mark.parametrize(
    ("encoding", "bits", "value", "parts"),
    [
        ("unsigned", 4, 17, ["17", "0 .. 15", "4-bit unsigned"]),
        ("unsigned", 4, -1, ["-1", "0 .. 15"]),
        ("twos_complement", 4, 8, ["8", "-8 .. 7", "4-bit two's complement"]),
        ("twos_complement", 1, 1, ["1", "-1 .. 0"]),
        ("symmetric", 2, 5, ["5", "odd values -3 .. 3", "2-bit symmetric"]),
        ("symmetric", 2, 2, ["2", "odd values -3 .. 3"]),
        ("symmetric", 1, 0, ["0", "odd values -1 .. 1"]),
    ],
)
def test_a_value_outside_its_encoding(encoding, bits, value, parts):
    ones = np.ones((1, 2, 4, 4), np.int64) * (-1 if encoding == "twos_complement" else 1)
    wrong = ones.copy()
    wrong[0, 1, 2, 3] = value
    message = refusal(wrong, activation_bits=bits, activation_encoding=encoding)
    assert message.startswith("activations hold ")
    assert all(part in message for part in parts)
    message = refusal(weights=wrong, weight_bits=bits, weight_encoding=encoding)
    assert message.startswith("weights hold ")
    assert all(part in message for part in parts)
    with pytest.raises(EstimateError, match="weights hold"):
        pack_weights(wrong, weight_bits=bits, weight_encoding=encoding)


@pytest.mark.parametrize("argument", ["activation", "weight"])
def test_widths_and_encodings(argument):
    for bits in (0, 17, -1, 2.0, True, "4"):
        assert f"{argument}_bits is {bits!r}" in refusal(**{f"{argument}_bits": bits})
    assert f"{argument}_encoding is 'binary'" in refusal(**{f"{argument}_encoding": "binary"})


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"stride": 0}, "stride is 0"),
        ({"stride": (1, 2, 3)}, "stride is (1, 2, 3)"),
        ({"stride": 1.5}, "stride is 1.5"),
        ({"dilation": -1}, "dilation is -1"),
        ({"padding": -1}, "padding is -1"),
        ({"padding": (1, 2, 3)}, "padding is (1, 2, 3)"),
        ({"groups": 0}, "groups is 0"),
        ({"groups": 3}, "3 groups do not divide"),
        ({"groups": 2}, "activations have 2 channels"),
        ({"dilation": 4}, "smaller than the kernel's extent 9"),
    ],
)
def test_geometry(changes, part):
    assert part in refusal(**changes)


def test_arrays_of_the_wrong_kind():
    assert "activations are of type float64" in refusal(ACTIVATIONS * 1.0)
    assert "weights are of type float32" in refusal(weights=WEIGHTS.astype(np.float32))
    assert "activations have shape (2, 4, 4)" in refusal(ACTIVATIONS[0])
    assert "weights have shape (2, 2, 3)" in refusal(weights=WEIGHTS[..., 0])
    assert "no dimension may be empty" in refusal(weights=WEIGHTS[:0])
    assert "activations have 2 channels" in refusal(weights=np.ones((2, 3, 3, 3), int))
    assert "activations of height 2" in refusal(ACTIVATIONS[:, :, :2])


def test_weights_packed_for_something_else():
    packed = pack_weights(WEIGHTS, weight_bits=1)
    assert "pack them again" in refusal(weights=packed, weight_bits=2)
    assert "pack them again" in refusal(weights=packed, weight_encoding="unsigned")
    assert "groups=1" in refusal(np.ones((1, 4, 4, 4), int), weights=packed, groups=2)


def test_sums_beyond_63_bits(monkeypatch):
    # Two billion operand pairs do not fit in a test's memory.
    bound = "accelerator.bitwise.convolution.greatest_sum"
    monkeypatch.setattr(bound, lambda *_: 2**63 - 1)
    assert bitwise_conv2d(ACTIVATIONS, WEIGHTS, activation_bits=2, weight_bits=1).shape
    monkeypatch.setattr(bound, lambda *_: 2**63)
    assert "may not fit in 64 bits" in refusal()


def test_packed_weights_do_not_change():
    source = WEIGHTS.copy()
    packed = pack_weights(source, weight_bits=1)
    before = bitwise_conv2d(ACTIVATIONS, packed, activation_bits=2, weight_bits=1)
    source[...] = -1
    after = bitwise_conv2d(ACTIVATIONS, packed, activation_bits=2, weight_bits=1)
    np.testing.assert_array_equal(before, after)
    with pytest.raises(AttributeError):
        packed.groups = 2
    for array in (packed.values, packed.planes, packed.matrix, packed.tap_sums, *packed.byte_words):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_importing_loads_nothing_heavy():
    code = "import sys, accelerator; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "numba", "scipy", "h5py", "onnx"} & set(loaded)
