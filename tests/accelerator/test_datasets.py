"""Labelled images: the embedded digits, and the formats of files that a user has."""

import gzip
import pickle
import struct
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from accelerator.datasets import DatasetError, load_dataset
from accelerator.datasets.loading import scikit_digits


def idx(path, array, pack=False):
    content = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content += array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if pack else content)


@pytest.fixture
def random():
    return np.random.default_rng(5)


def test_the_digits_are_embedded_and_split_without_overlap():
    train, test = (load_dataset("digits", part) for part in ("train", "test"))
    assert train.codes.shape == (1437, 1, 8, 8)
    assert test.codes.shape == (360, 1, 8, 8)
    assert (test.highest, test.bits) == (16, 5)
    assert test.images.min() == 0
    assert test.images.max() == 1
    assert set(test.labels) == set(range(10))
    # Every one of the file's 1797 images is in one part.
    assert len(train.labels) + len(test.labels) == 1797


def test_the_shipped_digits_are_those_of_scikit_learn():
    pytest.importorskip("sklearn")
    codes, labels = scikit_digits("test")
    test = load_dataset("digits", "test")
    assert np.array_equal(test.codes, codes)
    assert np.array_equal(test.labels, labels)
    assert (test.codes.dtype, test.labels.dtype) == (codes.dtype, labels.dtype)


@pytest.mark.parametrize("pack", [False, True])
def test_mnist_is_read_as_it_was_written(tmp_path, random, pack):
    images, labels = random.integers(0, 256, (7, 28, 28)), random.integers(0, 10, 7)
    end = ".gz" if pack else ""
    idx(tmp_path / f"t10k-images-idx3-ubyte{end}", images, pack)
    idx(tmp_path / f"t10k-labels-idx1-ubyte{end}", labels, pack)
    found = load_dataset("mnist", "test", tmp_path)
    assert np.array_equal(found.codes[:, 0], images)
    assert np.array_equal(found.labels, labels)
    assert found.bits == 8
    with pytest.raises(DatasetError, match=r"needs the file train-images-idx3-ubyte"):
        load_dataset("mnist", "train", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08\x03",
        b"\0\0\x08\x01" + struct.pack(">I", 4) + b"abcd",
        b"\0\0\x0d\x03" + struct.pack(">3I", 1, 1, 1) + b"a",
        b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31) + b"a",
        b"\0\0\x08\x03" + struct.pack(">3I", 2, 1, 1) + b"a",
    ],
)
def test_damaged_idx_files_are_refused(tmp_path, content):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(2))
    with pytest.raises(DatasetError, match="train-images-idx3-ubyte"):
        load_dataset("mnist", "train", tmp_path)


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"x" * 100)[:-12])
    idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(2))
    with pytest.raises(DatasetError, match="cannot be unpacked"):
        load_dataset("mnist", "train", tmp_path)


def test_svhn_is_read_with_ten_as_zero(tmp_path, random):
    images = random.integers(0, 256, (32, 32, 3, 5)).astype(np.uint8)
    savemat(tmp_path / "test_32x32.mat", {"X": images, "y": np.array([[10], [1], [9], [10], [3]])})
    found = load_dataset("svhn", "test", tmp_path)
    assert found.labels.tolist() == [0, 1, 9, 0, 3]
    assert np.array_equal(found.codes[2, 1], images[:, :, 1, 2])
    (tmp_path / "train_32x32.mat").write_bytes(b"no MATLAB file")
    with pytest.raises(DatasetError, match="not a file of SVHN"):
        load_dataset("svhn", "train", tmp_path)


def test_cifar10_is_read_from_both_of_its_versions(tmp_path, random):
    codes, labels = random.integers(0, 256, (4, 3072)).astype(np.uint8), [3, 0, 9, 9]
    binary, python = tmp_path / "cifar-10-batches-bin", tmp_path / "python"
    binary.mkdir()
    python.mkdir()
    records = np.column_stack([np.array(labels, np.uint8), codes])
    (binary / "test_batch.bin").write_bytes(records.tobytes())
    (python / "test_batch").write_bytes(pickle.dumps({b"data": codes, b"labels": labels}, 2))
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "test_batch.bin.gz").write_bytes(gzip.compress(records.tobytes()))
    for folder in (tmp_path, python, packed):
        found = load_dataset("cifar10", "test", folder)
        assert np.array_equal(found.codes, codes.reshape(4, 3, 32, 32))
        assert found.labels.tolist() == labels


class Hostile:
    def __reduce__(self):
        return print, ("run from a data set",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({b"data": Hostile(), b"labels": [1]}),
        pickle.dumps({b"data": np.zeros((2, 3072), np.float32), b"labels": [1, 2]}),
        pickle.dumps([1, 2]),
        b"",
    ],
)
def test_batches_that_are_more_or_less_than_data_are_refused(tmp_path, capsys, content):
    (tmp_path / "test_batch").write_bytes(content)
    with pytest.raises(DatasetError, match="not a batch of CIFAR-10"):
        load_dataset("cifar10", "test", tmp_path)
    assert capsys.readouterr().out == ""


def test_what_is_missing_or_unknown_is_told(tmp_path):
    for call, said in (
        (("mnist", "test", None), "not embedded: name the folder"),
        (("cifar10", "test", None), "not embedded: name the folder"),
        (("cifar10", "train", tmp_path), r"needs the file data_batch_1.bin"),
        (("svhn", "test", tmp_path / "no"), "does not exist"),
        (("imagenet", "test", None), "there is no data set 'imagenet'; there are digits"),
        (("digits", "valid", None), "there is no part 'valid'"),
    ):
        with pytest.raises(DatasetError, match=said):
            load_dataset(*call)
    with pytest.raises(DatasetError, match="1 or more"):
        load_dataset("digits").first(0)


def test_without_scikit_learn_the_digits_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert len(load_dataset("digits").labels) == 360
    with pytest.raises(DatasetError, match=r"pip install 'mramcim\[training\]'"):
        load_dataset("digits", "train")


def test_resizing_keeps_what_is_flat_and_linear():
    data = load_dataset("digits").first(3)
    data.codes[0] = 7
    data.codes[1, 0] = np.arange(8) * 2
    found = data.resized((1, 12, 16)).codes
    assert found.shape == (3, 1, 12, 16)
    assert (found[0] == 7).all()
    # Between the first and the last centre the ramp stays one, of half the slope.
    assert np.abs(np.diff(found[1, 0, 0, 1:-1].astype(int)) - 1).max() <= 1
    assert found[1, 0, 5, 0] == 0
    assert found[1, 0, 5, -1] == 14
    with pytest.raises(DatasetError, match="give a network for 1 channels"):
        data.resized((3, 8, 8))


@given(st.integers(1, 20), st.integers(1, 20))
def test_weights_of_interpolation_are_shares(old, new):
    from accelerator.datasets.loading import _bilinear

    weights = _bilinear(old, new)
    assert weights.min() >= 0
    assert weights.sum(axis=1) == pytest.approx(1)
