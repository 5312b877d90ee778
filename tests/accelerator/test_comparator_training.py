"""Networks of comparisons and those beside them: gradients, training, and the files of it."""

from __future__ import annotations

from dataclasses import replace

import comparator_networks as networks
import numpy as np
import pytest

from accelerator.comparator.record import Record
from accelerator.datasets import Dataset
from accelerator.inference import QuantizedNetwork
from accelerator.training.recipe import Recipe

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")

from accelerator.comparator.configuration import KINDS
from accelerator.comparator.layer import compare_maps
from accelerator.comparator.onnx_file import write_network
from accelerator.training.comparator import ComparatorNetwork, fixed_weights
from accelerator.training.comparator_networks import train_networks
from accelerator.training.train import seeded


def bars(count, seed):
    """Images of a bright row or column, of which the class tells (n, 1, 8, 8)."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, count)
    codes = random.integers(0, 4, (count, 1, 8, 8))
    for code, label in zip(codes, labels, strict=True):
        place = 2 + label // 2 * 3
        (code[0] if label % 2 else code[0].T)[place] += 10
    return codes.astype(np.uint8), labels.astype(np.int64)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_computes_what_was_trained(kind, tmp_path):
    one = networks.SMALL.of_kind(kind, 4)
    model = seeded(lambda: ComparatorNetwork(one, 15), 3)
    images = networks.images(count=20)
    model.train()
    with torch.no_grad():
        for _ in range(30):
            model(torch.from_numpy(images))
        model.eval()
        wanted = model(torch.from_numpy(images)).numpy()
    path = tmp_path / "net.onnx"
    write_network(one, model.parameters_written(), path, {}, networks.INPUT_LEVELS)
    found = QuantizedNetwork(path).run(images).outputs["scores.norm"]
    assert np.ptp(wanted, axis=0).min() > 0.1
    # A sum on the border of two codes may fall to either side in another order of adding.
    close = np.abs(found - wanted).max(axis=1) < 1e-3
    assert close.mean() >= 0.9


def test_comparisons_have_the_gradient_of_the_difference():
    one = networks.SMALL
    model = seeded(lambda: ComparatorNetwork(one, 15), 0)
    codes = np.random.default_rng(0).integers(0, 32, (2, 4, 8, 8))
    x = torch.tensor(codes / 31, dtype=torch.float32, requires_grad=True)
    maps = model._compared(x, 1)
    assert np.array_equal(maps.detach().numpy(), compare_maps(codes, one.pairs(1), (3, 3)))
    maps[0, 5, 4, 4].backward()
    neighbour, pivot = one.pairs(1).neighbours[5], one.pairs(1).pivots[5]
    wanted = np.zeros((4, 8, 8))
    wanted[5 % 4, 3 + neighbour // 3, 3 + neighbour % 3] += 1
    wanted[5 % 4, 3 + pivot // 3, 3 + pivot % 3] -= 1
    assert np.array_equal(x.grad[0].numpy(), wanted)


def test_fixed_weights_have_their_density_and_follow_the_seed():
    one = networks.SMALL.of_kind("lbcnn")
    weights = fixed_weights(one, 0)
    assert set(np.unique(weights)) == {-1.0, 0.0, 1.0}
    assert np.count_nonzero(weights) / weights.size == pytest.approx(one.density, abs=0.1)
    assert np.array_equal(weights, fixed_weights(one, 0))
    assert not np.array_equal(weights, fixed_weights(one, 1))


@pytest.mark.slow
def test_all_kinds_learn_and_the_same_seed_writes_the_same_files(tmp_path):
    learnt, tested = (Dataset("bars", "any", *bars(320, seed), 15) for seed in (0, 1))
    chosen = {
        "recipe": Recipe(epochs=8, batch=32, rate=1e-2, shift=0),
        "widths": (4,),
        "configuration": replace(networks.SMALL, depth=1),
    }
    folders = [tmp_path / "one", tmp_path / "two"]
    told = []
    for folder, seeds in zip(folders, ((0,), (0, 1)), strict=True):
        folder.mkdir()
        record = train_networks(
            learnt, tested, folder, seeds=seeds, told=lambda *n: told.append(n), **chosen
        )
    assert told[3:] == [(n, 6) for n in range(1, 7)]
    assert Record.read(folders[1]) == record
    names = sorted(path.name for path in folders[0].iterdir())
    assert names == sorted(
        ["comparator.json", "images.npy", *(f"{kind}-a4.onnx" for kind in KINDS)]
    )
    # The record tells of more seeds; images and the first seed's networks are the same.
    for name in names:
        if name.endswith("json"):
            continue
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    for trained in record.networks:
        assert trained.seeds == (0, 1)
        assert min(trained.test) > 0.5, trained.configuration.kind
        # The file is that of the first seed.
        path = folders[1] / f"{trained.configuration.name}.onnx"
        scores = QuantizedNetwork(path).run(tested.images).outputs["scores.norm"]
        right = (scores.argmax(axis=1) == tested.labels).mean()
        assert right == pytest.approx(trained.test[0], abs=0.02)
