"""Networks in dynamic fixed point on stochastic products, and the ones that are shipped."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError
from accelerator.datasets import load_dataset
from accelerator.networks.chain import Chain
from accelerator.stochastic.cycles import Lanes
from accelerator.stochastic.fixed_point import FixedPoint, chosen_point, rescaled
from accelerator.stochastic.ladder import cycles_of, ladder
from accelerator.stochastic.network import (
    FixedNetwork,
    Parameters,
    calibrated,
    images_of,
    patches_of,
    walked,
)
from accelerator.stochastic.scores import accuracy_of, width_scores
from accelerator.stochastic.stored import SHIPPED, StoredNetworks, five_layers


@pytest.fixture(scope="module")
def stored():
    return StoredNetworks.load()


@pytest.fixture(scope="module")
def tested():
    return load_dataset("digits", "test")


def random_network(seed, bits=8):
    """Untrained, with strides and uneven padding; its points come from random images."""
    network = (
        Chain(2, 7)
        .convolution("a", 4, 3, stride=2, padding=(1, 0))
        .max_pool("b", 2, 1)
        .product("c", 6)
        .product("d", 3)
        .network("random", "made here")
    )
    random = np.random.default_rng(seed)
    parameters = [
        Parameters(
            random.normal(0, 0.5, (layer.out_channels, layer.patch_length)),
            random.normal(0, 0.1, layer.out_channels),
        )
        for layer in network.mapped
    ]
    images = random.random((5, 2, 7, 7))
    points = calibrated(network, parameters, images, bits)
    return FixedNetwork.of(network, parameters, bits, points), parameters, images


def by_registers(fixed, images, cuts):
    """The same network, each product on a lane of its own, cycle by cycle."""
    following = [*fixed.layers[1:], None]
    steps = iter(zip(fixed.layers, following, cuts, strict=True))

    def weighted(layer, codes):
        own, after, cut = next(steps)
        patches = patches_of(layer, codes).reshape(-1, layer.patch_length, 1)
        shape = (*patches.shape[:2], layer.out_channels)
        lanes = Lanes(shape, fixed.bits, cut)
        lanes.multiply(np.broadcast_to(patches, shape), np.broadcast_to(own.weights, shape))
        fraction = own.taken.fraction + own.kept.fraction - fixed.bits
        sums = lanes.count.sum(axis=1) + np.rint(own.bias * 2.0**fraction).astype(int)
        if after is not None:
            sums = rescaled(sums, fraction - after.taken.fraction, fixed.bits)
        return images_of(layer, sums, len(codes))

    return walked(fixed.network, fixed.layers[0].taken.codes(images), weighted)


@pytest.mark.parametrize(("seed", "cuts"), [(1, (0, 0, 0)), (2, (1, 1, 1)), (3, (3, 0, 5))])
def test_a_network_computes_what_its_registers_do(seed, cuts):
    fixed, _, images = random_network(seed)
    assert np.array_equal(fixed.run(images, cuts), by_registers(fixed, images, cuts))


def test_the_shipped_network_computes_what_its_registers_do(stored, tested):
    fixed = stored.trainings[0].fixed(stored.network)
    images = tested.images[:2]
    wanted = by_registers(fixed, images, (1,) * 5)
    assert np.array_equal(fixed.run(images, 1), wanted)


@pytest.mark.parametrize("multiplier", ["stochastic", "exact"])
def test_more_bits_come_nearer_to_floating_point(multiplier):
    errors = []
    for bits in (6, 10, 14):
        fixed, parameters, images = random_network(5, bits)
        left = iter(parameters)

        def weighted(layer, values, left=left, last=fixed.layers[-1].layer):
            given = next(left)
            sums = patches_of(layer, values).reshape(-1, layer.patch_length) @ given.weights.T
            sums = sums + given.bias
            return images_of(layer, sums if layer is last else np.maximum(sums, 0), len(values))

        real = walked(fixed.network, images, weighted)
        fraction = fixed.layers[-1].taken.fraction + fixed.layers[-1].kept.fraction
        fraction -= bits if multiplier == "stochastic" else 0
        found = fixed.run(images, 0, multiplier) * 2.0**-fraction
        errors.append(np.abs(found - real).max())
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 5e-3


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(-20, 20), st.integers(0, 2**32))
def test_the_point_follows_the_size_and_cuts_little(bits, doublings, seed):
    values = np.random.default_rng(seed).normal(size=50)
    point = chosen_point(values, bits)
    moved = chosen_point(values * 2.0**doublings, bits)
    assert moved.fraction == point.fraction - doublings
    assert np.array_equal(moved.codes(values * 2.0**doublings), point.codes(values))
    # No worse than the coarser points, which cut nothing off either.
    error = np.mean((point.values(point.codes(values)) - values) ** 2)
    for coarser in range(1, 4):
        other = FixedPoint(bits, point.fraction - coarser)
        assert error <= np.mean((other.values(other.codes(values)) - values) ** 2) * (1 + 1e-12)


def test_zeros_have_a_point_too():
    assert not chosen_point(np.zeros(3), 8).codes(np.zeros(3)).any()


@given(st.integers(-(2**30), 2**30), st.integers(-3, 12))
def test_sums_are_rounded_half_up_and_cut(total, shift):
    wanted = min(max(int(np.floor(total / 2.0**shift + 0.5)), 0), 255)
    assert rescaled(np.array([total]), shift, 8)[0] == wanted


def test_shipped_accuracies(stored, tested):
    """Of the shipped file: five trainings of `mramcim study stochastic --train`, 360 images."""
    scores = {score.bits: score for score in width_scores(stored, tested, (8, 7, 4))}
    floats = [once.accuracy for once in stored.trainings]
    assert len(floats) >= 3
    assert min(floats) > 0.97
    assert scores[8].accuracy["stochastic"].mean == pytest.approx(np.mean(floats), abs=0.006)
    assert scores[8].accuracy["stochastic"].mean == pytest.approx(0.97944, abs=2e-3)
    assert scores[7].accuracy["stochastic"].mean == pytest.approx(0.97500, abs=2e-3)
    four = scores[4].accuracy
    assert four["stochastic"].mean < four["exact"].mean < four["exact_stored"].mean
    # Half the cycles with every bit; a little less where odd magnitudes lose their one.
    assert 0.45 < scores[7].cycles.mean / scores[8].cycles.mean < 0.5


def test_the_ladder_gives_up_a_bit_at_a_time(stored):
    for once in stored.trainings:
        fixed = once.fixed(stored.network)
        assert once.rungs[0] == (0,) * 5
        assert once.rungs[-1] == (4,) * 5
        cycles = [cycles_of(fixed, rung) for rung in once.rungs]
        assert all(after < before for before, after in pairwise(cycles))
        for before, after in pairwise(once.rungs):
            assert sum(after) == sum(before) + 1


def test_the_ladder_takes_the_cheapest_step_first():
    fixed, _, images = random_network(4)
    rungs = ladder(fixed, images, least_bits=6)
    assert len(rungs) == 1 + 3 * 2
    whole = fixed.run(images)

    def price(rung):
        change = np.mean((fixed.run(images, rung) - whole) ** 2.0)
        return change / (cycles_of(fixed, 0) - cycles_of(fixed, rung))

    steps = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert rungs[1] == min(steps, key=price)


def test_a_stored_file_is_small_and_reads_back_the_same(stored, tmp_path):
    assert SHIPPED.stat().st_size < 200_000
    stored.save(tmp_path / "again.npz")
    again = StoredNetworks.load(tmp_path / "again.npz")
    again.save(tmp_path / "twice.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "twice.npz").read_bytes()
    assert again.training == stored.training
    for ours, read in zip(stored.trainings, again.trainings, strict=True):
        assert (ours.seed, ours.taken, ours.rungs) == (read.seed, read.taken, read.rungs)
        for one, other in zip(ours.parameters, read.parameters, strict=True):
            assert np.array_equal(one.weights, other.weights)


def test_what_cannot_be_run_is_refused(stored, tested, tmp_path):
    fixed = stored.trainings[0].fixed(stored.network)
    with pytest.raises(EstimateError, match="numbers of dropped bits for 5 layers"):
        fixed.run(tested.images, (1, 2))
    with pytest.raises(EstimateError, match="8 of 8 bits cannot be dropped"):
        fixed.run(tested.images, 8)
    with pytest.raises(EstimateError, match="resize them"):
        fixed.run(np.zeros((1, 1, 9, 9)))
    with pytest.raises(EstimateError, match="stochastic or exact"):
        fixed.run(tested.images, 0, "analog")
    with pytest.raises(EstimateError, match="there is no five-layer network for 'svhn'"):
        five_layers("svhn")
    (tmp_path / "bad.npz").write_bytes(b"PK damaged")
    with pytest.raises(EstimateError, match="not a readable file of networks"):
        StoredNetworks.load(tmp_path / "bad.npz")
    with pytest.raises(EstimateError, match="there is no file of networks"):
        StoredNetworks.load(tmp_path / "absent.npz")


@pytest.mark.slow
def test_training_by_seed_gives_the_shipped_file(stored, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    from accelerator.training.stochastic import RECIPES, train_stochastic

    learnt, tested = load_dataset("digits", "train"), load_dataset("digits", "test")
    made = train_stochastic(learnt, tested, [0], RECIPES["digits"])
    wanted, found = stored.trainings[0], made.trainings[0]
    if torch.__version__ == stored.training["torch"]:
        # Sums of another processor end in another digit, and another training follows.
        assert found.accuracy == pytest.approx(wanted.accuracy, abs=0.02)
    assert accuracy_of(found.fixed(made.network), tested) > 0.95
