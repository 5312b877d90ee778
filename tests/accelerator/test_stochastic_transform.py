"""The DCT of the precursor on stochastic products, and the rows of published figures."""

from __future__ import annotations

import numpy as np
import pytest
from ageing_table import with_ageing
from scipy.fft import dctn

from accelerator import EstimateError
from accelerator.reproduction.stochastic import rows
from accelerator.stochastic.network import walked
from accelerator.stochastic.transform import (
    as_network,
    blocks_of,
    cosines,
    peak_signal_to_noise,
    photograph,
    there_and_back,
)


@pytest.fixture(scope="module")
def image():
    return photograph(64)


def test_the_cosines_are_those_of_scipy(image):
    matrix = cosines()
    assert np.allclose(matrix @ matrix.T, np.eye(8))
    blocks = blocks_of(image)
    assert np.allclose(matrix @ blocks @ matrix.T, dctn(blocks, axes=(2, 3), norm="ortho"))


def test_with_many_bits_the_image_comes_back(image):
    assert np.array_equal(there_and_back(image, 14, 0, "exact"), image)
    assert peak_signal_to_noise(image, image) == float("inf")
    assert peak_signal_to_noise(image, there_and_back(image, 14)) > 58


def test_every_dropped_bit_costs_some_decibels(image):
    noise = [peak_signal_to_noise(image, there_and_back(image, 8, cut)) for cut in range(5)]
    steps = -np.diff(noise)
    # A bit of an operand is 6.02 dB; errors of products make it less at the beginning.
    assert np.all((steps > 2) & (steps < 7))


def test_blocks_do_not_disturb_each_other(image):
    """Points are chosen of the whole image: the same extremes give the same points."""
    turned = np.vstack([image[32:], image[:32]])
    back = there_and_back(turned, 8, 1)
    assert np.array_equal(np.vstack([back[32:], back[:32]]), there_and_back(image, 8, 1))


def test_the_costed_layers_are_those_of_the_frame(image):
    fixed = as_network(image, 8)
    assert fixed.network.macs == 4 * 8 * image.size
    assert [own.weights.shape for own in fixed.layers] == [(8, 8)] * 4
    # Whole cosines, to the half step of 8 bits.
    for own, matrix in zip(fixed.layers, [cosines()] * 2 + [cosines().T] * 2, strict=True):
        assert np.abs(own.kept.values(own.weights) - matrix.T).max() <= 2.0**-own.kept.fraction / 2


def test_an_image_without_whole_blocks_is_refused():
    with pytest.raises(EstimateError, match="no whole blocks"):
        there_and_back(np.zeros((12, 16), np.uint8), 8)


def test_average_pooling_is_no_part_of_a_stochastic_network():
    from accelerator.networks.chain import Chain

    network = Chain(1, 4).average_pool("mean", 2, 2).network("pooled", "made here")
    with pytest.raises(EstimateError, match="a layer of average_pool"):
        walked(network, np.zeros((1, 1, 4, 4)), lambda _, values: values)


def test_rows_stand_beside_the_published_figures():
    found = {row.id: row for row in rows(with_ageing("full_adder", "flip_flop", "decoder_gate"))}
    assert len(found) == 11
    for bits in range(4, 9):
        assert found[f"stochastic-error-{bits}"].ratio < 1
    assert found["stochastic-throughput"].ratio >= 1
    assert 0 <= found["stochastic-accuracy-loss"].ours < 0.02
    assert 0.3 < found["stochastic-active-power"].ours < 0.6
    assert found["stochastic-dct-bit"].ours == pytest.approx(4.17, abs=0.02)
    assert found["stochastic-dct-rate"].ours is None
    assert found["stochastic-dct-power"].ours == pytest.approx(0.70, abs=0.02)
    for row in found.values():
        assert row.source
        assert row.conditions
        assert row.assumptions
