"""Training with pruned tiles: the penalty and its clipping, ternary weights, what is written."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from accelerator.array import Array
from accelerator.datasets import load_dataset
from accelerator.inference import QuantizedNetwork
from accelerator.pruning.recipe import ARMS, PruningRecipe
from accelerator.pruning.tiles import Tiles
from accelerator.training.cifar_resnet import cifar_resnet_graph
from accelerator.training.errors import TrainingError
from accelerator.training.graph import Product, WeightLevels
from accelerator.training.pruning import (
    Phases,
    PrunedModel,
    penalty,
    prunable,
    rounded,
    trained_arm,
    warm_start,
    with_levels,
)
from accelerator.training.pruning_study import arm_tiles, train_study
from accelerator.training.quantizers import ternary, ternary_weights, whole
from accelerator.training.train import scores

SMALL = Array(64, 32, 8, 4, 1, 4, 20)
SHORT = PruningRecipe(channels=4, warm_epochs=1, penalty_epochs=1, fine_epochs=1, share=0.5)
CLIPPED = ARMS[-1]


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", "train").first(128), load_dataset("digits", "test").first(32)


def graph_for(data, recipe=SHORT):
    return cifar_resnet_graph(
        data.codes.shape[1:], blocks=recipe.blocks, channels=recipe.channels, classes=10,
        activation_bits=recipe.activation_bits, input_bits=data.bits, highest=data.highest,
    )  # fmt: skip


def test_ternary_weights_are_those_of_the_published_formula():
    weights = torch.tensor(np.random.default_rng(0).normal(0, 0.6, (8, 9)), dtype=torch.float32)
    weights.requires_grad_()
    found = ternary_weights(weights)
    values = weights.detach().numpy()
    threshold = 0.05 * np.abs(values).max()
    size = np.abs(values)[np.abs(values) > threshold].mean()
    expected = np.where(np.abs(values) > threshold, np.sign(values) * size, 0)
    assert found.detach().numpy() == pytest.approx(expected, rel=1e-6)
    (found * 3).sum().backward()
    np.testing.assert_array_equal(weights.grad.numpy(), np.where(np.abs(values) <= 1, 3.0, 0.0))
    assert (np.abs(values) > 1).any()


def test_weights_that_are_all_zero_have_levels_too():
    signs, size = ternary(torch.zeros(3))
    assert (signs == 0).all()
    assert size == 1
    codes, scale = whole(torch.zeros(3), 8)
    assert (codes == 0).all()
    assert scale > 0


def test_whole_weights_reach_the_ends_and_keep_zero():
    values = torch.tensor([-0.5, 0.0, 0.1, 0.25])
    codes, scale = whole(values, 8)
    assert codes.tolist() == [-127, 0, 25, 64]
    assert float(scale) == pytest.approx(0.5 / 127)


def model_of_one_layer(digits):
    graph = with_levels(graph_for(digits[0]), WeightLevels.REAL, WeightLevels.REAL, 8)
    number = prunable(graph)[0]
    rows, columns = graph.steps[number].layer.out_channels, graph.steps[number].layer.patch_length
    tiles = Tiles((rows // 2,) * 2, (columns // 3,) * 3)
    model = PrunedModel(graph, {number: tiles})
    with torch.no_grad():
        weights = model.weights[str(number)]
        weights.copy_(torch.from_numpy(np.random.default_rng(3).normal(size=weights.shape)))
        weights[: rows // 2] *= torch.linspace(0.2, 3.0, columns).reshape(1, *weights.shape[1:])
    return model, number, tiles


def test_the_penalty_is_the_sum_of_the_tiles_norms(digits):
    model, number, tiles = model_of_one_layer(digits)
    weights = model.weights[str(number)].detach().numpy().reshape(4, 36)
    norms = [np.linalg.norm(weights[k : k + 2, e : e + 12]) for k in (0, 2) for e in (0, 12, 24)]
    assert penalty(model, None).item() == pytest.approx(sum(norms), rel=1e-6)
    clip = 0.9 * np.mean(norms)
    clipped = penalty(model, 0.9)
    assert clipped.item() == pytest.approx(sum(min(n, clip) for n in norms), rel=1e-6)
    clipped.backward()
    slopes = model.weights[str(number)].grad.numpy().reshape(4, 36)
    felt = tiles.held(slopes != 0).ravel()
    assert felt.tolist() == [norm < clip for norm in norms]
    assert 0 < felt.sum() < 6


def test_the_share_of_least_norm_goes_and_stays_gone(digits):
    model, number, tiles = model_of_one_layer(digits)
    norms = model.norms_of_groups(number).detach().numpy()
    model.prune(0.5)
    held = tiles.held(model.learnt(number).detach().numpy() != 0)
    np.testing.assert_array_equal(held, norms >= np.sort(norms.ravel())[3])
    scored = model(torch.from_numpy(digits[0].images[:4]))
    scored.sum().backward()
    slopes = model.weights[str(number)].grad.numpy()
    assert not slopes[~tiles.spread(held).reshape(slopes.shape)].any()
    model.prune(0.99)
    assert tiles.held(model.learnt(number).detach().numpy() != 0).sum() == 1


@pytest.mark.parametrize(
    "arm", [pytest.param(ARMS[1], marks=pytest.mark.slow), CLIPPED], ids=["pruned", "clipped"]
)
def test_what_is_trained_is_what_runs_on_sub_arrays(tmp_path, digits, arm):
    from accelerator.training.export import export_qonnx

    learnt, tested = digits
    graph = graph_for(learnt)
    phases = Phases(learnt, SHORT, 0)
    every = arm_tiles(arm, graph, SHORT, SMALL)
    chosen = {number: every[number] for number in prunable(graph)}
    model = rounded(trained_arm(arm, warm_start(graph, phases), chosen, phases), 8)
    export_qonnx(model, tmp_path / "net.onnx", {})
    run = QuantizedNetwork(tmp_path / "net.onnx").run(tested.images)
    assert run.outputs["scores"] == pytest.approx(scores(model, tested).numpy(), abs=1e-4)
    by_name = {one.name: one.weights.stored for one in run.layers}
    empty = 0
    for number, tiles in chosen.items():
        step = graph.steps[number]
        assert isinstance(step, Product)
        held = tiles.held(by_name[step.layer.name].codes != 0)
        kept = tiles.held(model.get_buffer(f"mask{number}").numpy() != 0)
        assert not held[~kept].any()
        empty += int((~held).sum())
    assert empty >= sum(np.prod(tiles.shape) for tiles in chosen.values()) // 2 - len(chosen)


@pytest.mark.slow
def test_the_same_seeds_write_the_same_files(tmp_path, digits):
    made = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        record = train_study(folder, *digits, SHORT, SMALL, [1, 2])
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
        assert json.loads((folder / "record.json").read_text()) == record
    assert made[0] == made[1]
    assert set(made[0]) == {"record.json", *(f"{arm.name}.onnx" for arm in ARMS)}
    one = record["arms"]["clipped"]
    assert len(one["accuracy"]) == 2
    assert all(rate > 1.5 for rate in one["structured"])
    assert record["arms"]["ternary"]["total"] == [16, 16]


def test_what_cannot_be_trained_is_refused(tmp_path, digits):
    with pytest.raises(TrainingError, match="are none or not different"):
        train_study(tmp_path, *digits, SHORT, SMALL, [1, 1])
    sizes = {"classes": 10, "activation_bits": 4, "input_bits": 5, "highest": 16}
    with pytest.raises(TrainingError, match="6 x 6 cannot be halved twice"):
        cifar_resnet_graph((1, 6, 6), blocks=1, channels=4, **sizes)
    with pytest.raises(TrainingError, match="0 blocks of 4 channels"):
        cifar_resnet_graph((1, 8, 8), blocks=0, channels=4, **sizes)


def test_the_published_shape_is_resnet20():
    sizes = {"classes": 10, "activation_bits": 4, "input_bits": 8, "highest": 255}
    graph = cifar_resnet_graph((3, 32, 32), blocks=3, channels=16, **sizes)
    layers = [step.layer for step in graph.steps if isinstance(step, Product)]
    assert graph.name == "resnet20"
    assert len([layer for layer in layers if not layer.name.endswith("_cut")]) == 20
    # 0.27 M parameters in table 6 of arXiv 1512.03385; the two short cuts of 1 x 1 are ours.
    own = [layer for layer in layers if layer.name.endswith("_cut")]
    assert round(sum(layer.weights for layer in layers if layer not in own) / 1e6, 2) == 0.27
