"""Training with PyTorch: quantizers as published, and networks that run as they were trained."""

import json

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")

from accelerator.datasets import DatasetError, load_dataset
from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.networks.chain import Chain
from accelerator.networks.library import NETWORKS
from accelerator.training import Recipe, TrainingError, Widths, train_network
from accelerator.training.export import export_qonnx
from accelerator.training.graph import graph_of
from accelerator.training.model import QuantizedModel
from accelerator.training.quantizers import quantize, quantized_activations, quantized_weights
from accelerator.training.train import scores, train

SHORT = Recipe(epochs=3, seed=1)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As many threads as there are tests at once would stand in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", "train"), load_dataset("digits", "test")


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_quantizers_are_those_of_dorefa(bits):
    """tensorpack's examples/DoReFa-Net/dorefa.py, formula by formula, in double precision."""
    w = torch.tensor(np.random.default_rng(1).standard_normal((16, 9)), requires_grad=True)
    levels = 2**bits - 1
    x = torch.linspace(-0.5, 1.5, 401, dtype=torch.float64)
    clipped = np.clip(x.numpy(), 0, 1)
    assert quantize(torch.tensor(clipped), bits).numpy() == pytest.approx(
        np.round(clipped * levels) / levels
    )
    assert quantized_activations(x, bits).numpy() == pytest.approx(
        np.round(clipped * levels) / levels
    )
    plain = w.detach().numpy()
    if bits == 1:
        wanted = np.sign(plain / np.abs(plain).mean()) * np.abs(plain).mean()
    else:
        bent = np.tanh(plain)
        share = bent / np.abs(bent).max() * 0.5 + 0.5
        wanted = 2 * (np.round(share * levels) / levels) - 1
    found = quantized_weights(w, bits)
    assert found.detach().numpy() == pytest.approx(wanted)
    assert len(np.unique(found.detach().numpy())) <= 2**bits


def test_gradients_pass_straight_through_within_the_range():
    x = torch.tensor([-0.2, 0.1, 0.6, 0.9, 1.3], requires_grad=True)
    quantized_activations(x, 2).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0]
    w = torch.tensor([0.3, -0.2, 0.7], requires_grad=True)
    (quantized_weights(w, 1) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    # sign(w / E) E: the scale stands still, the sign's gradient is that of w / E.
    assert w.grad.tolist() == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("widths", [Widths(1, 1), Widths(1, 2), Widths(2, 2), Widths(4, 3, 4)])
def test_what_runs_on_sub_arrays_is_what_was_trained(tmp_path, digits, widths):
    learnt, tested = digits
    graph = graph_of(NETWORKS["digits"](), widths, input_bits=5, highest=16)
    model = train(graph, learnt, Recipe(epochs=2))
    export_qonnx(model, tmp_path / "net.onnx", {})
    wanted = scores(model, tested).numpy()
    found = QuantizedNetwork(tmp_path / "net.onnx").run(tested.images).outputs["scores"]
    # Single precision on both sides: what is between quantizers differs in its last digits, and a
    # sum that falls on a quantizer's edge may come out a level apart. Which sums do depends on
    # the processor's order of additions; it was 3 of 360 images at the most.
    same = np.abs(found - wanted).max(axis=1) < 2e-5
    assert same.mean() > 0.98
    assert np.array_equal(found[same].argmax(1), wanted[same].argmax(1))


def uneven():
    """Strides, groups, and padding that is more on one side."""
    return (
        Chain(3, 23)
        .convolution("a", 8, 4, stride=2, padding="same")
        .max_pool("b", 3, 2, padding="same")
        .convolution("c", 12, 3, padding=(0, 1), groups=2)
        .average_pool("d", 2, 2)
        .product("e", 20)
        .product("f", 10)
        .network("uneven", "made here")
    )


@pytest.mark.parametrize("name", ["lenet5", "svhn", "vgg-small", "uneven"])
def test_other_networks_are_exported_as_they_compute(tmp_path, name):
    """Untrained, with statistics of one batch."""
    network = uneven() if name == "uneven" else NETWORKS[name]()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = QuantizedModel(graph_of(network, Widths(1, 2), input_bits=8, highest=255))
    random = np.random.default_rng(3)
    images = (random.integers(0, 256, (6, *network.input_shape)) / 255).astype(np.float32)
    with torch.no_grad():
        for _ in range(10):
            model(torch.tensor(images))
        wanted = model.eval()(torch.tensor(images)).numpy()
    export_qonnx(model, tmp_path / "net.onnx", {})
    found = QuantizedNetwork(tmp_path / "net.onnx").run(images).outputs["scores"]
    # A sum within rounding of a quantizer's edge may fall to either side, a level apart, which
    # spreads: of 54 images of three seeds two came out otherwise.
    assert np.median(np.abs(found - wanted).max(axis=1)) < 1e-3
    assert np.median(np.abs(found - wanted)) < 1e-3
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.98


def test_the_executor_of_qonnx_agrees(tmp_path, digits):
    pytest.importorskip("qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    learnt, tested = digits
    graph = graph_of(NETWORKS["digits"](), Widths(1, 2), input_bits=5, highest=16)
    model = train(graph, learnt, Recipe(epochs=1))
    export_qonnx(model, tmp_path / "net.onnx", {})
    images = tested.first(8).images
    loaded = onnx.load(tmp_path / "net.onnx")
    for entry in (*loaded.graph.input, *loaded.graph.output):
        entry.type.tensor_type.shape.dim[0].dim_value = len(images)
    theirs = execute_onnx(ModelWrapper(loaded).transform(InferShapes()), {"image": images})
    ours = QuantizedNetwork(tmp_path / "net.onnx").run(images).outputs["scores"]
    assert ours == pytest.approx(theirs["scores"], abs=1e-5)


def test_the_same_seed_trains_the_same_network_and_another_does_not(tmp_path, digits):
    files = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{name}.onnx"
        recipe = Recipe(epochs=1, seed=seed)
        train_network(*digits, path, widths=Widths(1, 2), recipe=recipe)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_the_file_says_how_it_was_made(tmp_path, digits):
    found = train_network(*digits, tmp_path / "n.onnx", widths=Widths(1, 2), recipe=SHORT)
    assert found.test_accuracy > 0.5
    (entry,) = onnx.load(tmp_path / "n.onnx").metadata_props
    told = json.loads(entry.value)
    assert told["recipe"]["seed"] == 1
    assert told["test_accuracy"] == found.test_accuracy


def test_what_cannot_be_trained_is_refused(tmp_path, digits):
    for widths in ((0, 2), (17, 2), (1, 0), (1, 2, 17)):
        with pytest.raises(TrainingError, match="cannot be trained"):
            Widths(*widths)
    for recipe in ({"epochs": 0}, {"batch": 1}, {"rate": 0.0}, {"shift": -1}):
        with pytest.raises(TrainingError, match="train nothing"):
            Recipe(**recipe)
    sizes = {"input_bits": 5, "highest": 16}
    with pytest.raises(TrainingError, match="other layers cannot be trained"):
        graph_of(NETWORKS["resnet18"](), Widths(1, 2), **sizes)
    with pytest.raises(TrainingError, match="no class scores"):
        graph_of(Chain(1, 8).convolution("a", 4, 3).max_pool("b", 2, 2).network("n", "here"),
                 Widths(1, 2), **sizes)  # fmt: skip
    with pytest.raises(TrainingError, match=r"takes images of \(1, 28, 28\)"):
        train(graph_of(NETWORKS["lenet5"](), Widths(1, 2), **sizes), digits[0], SHORT)
    with pytest.raises(EstimateError, match="no network 'alexnot'"):
        train_network(
            *digits, tmp_path / "n.onnx", network="alexnot", widths=Widths(1, 2), recipe=SHORT
        )
    with pytest.raises(DatasetError, match="give a network for 1 channels"):
        train_network(
            *digits, tmp_path / "n.onnx", network="svhn", widths=Widths(1, 2), recipe=SHORT
        )
    assert not list(tmp_path.iterdir())
