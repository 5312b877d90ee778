"""Messages of data: what goes in comes out, and nothing else does."""

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.data import HEADER, MAGIC, DataError, decoded, encoded, length

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text().filter(lambda key: not key.startswith("\0")), inner, max_size=4)
    ),
    max_leaves=20,
)


def same(one, other):
    if isinstance(one, float):
        return type(other) is float and (one == other or (math.isnan(one) and math.isnan(other)))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@settings(derandomize=True, max_examples=200)
@given(plain)
def test_data_come_back_as_they_were(value):
    message = encoded(value)
    assert length(message) == len(message)
    assert same(decoded(message), value)


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.floats(), max_size=30), st.booleans())
def test_arrays_come_back_to_the_bit(values, two_dimensional):
    array = np.array(values, dtype=float)
    if two_dimensional:
        array = array.reshape(1, -1).T
    back = decoded(encoded({"one": array, "other": [array[:1], b"x"]}))
    assert back["one"].shape == array.shape
    assert back["one"].tobytes() == array.tobytes()
    assert back["other"][0].tobytes() == array[:1].tobytes()
    back["one"][:] = 0.0


@settings(derandomize=True, max_examples=300)
@given(st.binary(max_size=200))
@example(pickle.dumps(print))
@example(HEADER.pack(MAGIC, 2**32 - 1, 2**64 - 1))
def test_other_bytes_are_refused(content):
    with pytest.raises(DataError):
        decoded(content)


@settings(derandomize=True, max_examples=300)
@given(st.data())
def test_a_damaged_message_is_refused_or_data(data):
    message = bytearray(encoded({"a": np.arange(4.0), "b": [1, "text", b"raw", None]}))
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decoded(message)
    except DataError:
        return
    assert isinstance(found, dict | list)


@pytest.mark.parametrize(
    "head",
    [
        {"\0array": [0, 8, [2]]},
        {"\0array": [0, 800, [100]]},
        {"\0array": [-8, 8, [1]]},
        {"\0array": [0, 8, [1, -1]]},
        {"\0array": [0, 8, [True]]},
        {"\0array": [0, 0, [0] * 100]},
        {"\0array": [0, 8]},
        {"\0array": None},
        {"\0bytes": [0, 9]},
        {"\0bytes": [0]},
        {"\0bytes": "x"},
    ],
)
def test_places_outside_the_message_are_refused(head):
    text = json.dumps(head).encode()
    with pytest.raises(DataError):
        decoded(HEADER.pack(MAGIC, len(text), 8) + text + bytes(8))


@pytest.mark.parametrize("text", [b"[" * 100_000, b"1" * 5000, b"{", b"\xff", b""])
def test_heads_that_json_does_not_survive_are_refused(text):
    with pytest.raises(DataError):
        decoded(HEADER.pack(MAGIC, len(text), 0) + text)


@pytest.mark.parametrize(
    "value", [object(), {1: print}, {1, 2}, np.arange(3), 1j, np.array([None])]
)
def test_what_is_no_data_is_not_sent(value):
    with pytest.raises(DataError):
        encoded(value)
