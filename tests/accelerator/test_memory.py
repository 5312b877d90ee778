"""Peak memory: of a convolution in a process of its own, and of a network."""

import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import quantized_models

from accelerator.inference import QuantizedNetwork

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "memory.py"


def measured(*words):
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, words)],
        capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux's account of memory"
)
@pytest.mark.parametrize("layer", ["64,64,112", "64,128,56"])
def test_a_convolution_needs_little_beyond_its_input_and_output(layer):
    """Gathered patches would be nine times the input; tiles of them stay in the cache."""
    found = measured("--batch", 8, "--only", layer)
    assert found["output"] > 12e6
    assert 0 < found["peak"] < 1.25 * (found["input"] + found["output"])


def peak_of(network, images, **options):
    network.run(images[:1], **options)
    gc.collect()
    tracemalloc.start()
    run = network.run(images, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return run, peak


def test_a_networks_memory_does_not_grow_with_its_images(tmp_path, monkeypatch):
    monkeypatch.setattr("accelerator.inference.images._ELEMENTS_AT_ONCE", 2**14)
    network = QuantizedNetwork(quantized_models.qonnx(tmp_path / "net.onnx"))
    many = np.random.default_rng(0).standard_normal((1024, 3, 8, 8)).astype(np.float32)
    few = many[:64]
    (run, peak), (_, peak_few) = (peak_of(network, images, keep=False) for images in (many, few))
    kept, peak_kept = peak_of(network, many)
    # Scores and counts stay, which are little; 16 times as many images would be 16 times as much.
    assert peak < 2 * peak_few
    assert peak_kept > 10 * peak
    np.testing.assert_array_equal(*(next(iter(one.outputs.values())) for one in (run, kept)))
    assert run.counts == kept.counts
    for one, other in zip(run.counts, kept.counts, strict=True):
        assert np.array_equal(one.nonzero, other.nonzero)
        np.testing.assert_allclose(one.operands.element_ones, other.operands.element_ones)
