"""`mramcim run`: exact outputs, the report, and what is refused."""

import json

import numpy as np
import quantized_models

from accelerator.inference import InputQuantizer, QuantizedNetwork


def prepared(tmp_path):
    quantized_models.qonnx(tmp_path / "net.onnx")
    images = np.random.default_rng(2).standard_normal((3, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", images)
    return images


def test_it_writes_outputs_and_tells_what_they_cost(command, tmp_path):
    images = prepared(tmp_path)
    told = command(
        "run", "net.onnx", "--images", "x.npy", "--output", "y.npy", "--json", "r.json",
        "--csv", "r.csv", "--rows", 128,
    ).stdout  # fmt: skip
    (expected,) = QuantizedNetwork(tmp_path / "net.onnx").run(images).outputs.values()
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    assert "3 images run" in told
    assert "W1-8:A1-8" in told
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["run"]["images"] == 3
    (shape,) = report["run"]["outputs"].values()
    assert shape == [3, 10]
    assert len((tmp_path / "r.csv").read_text().splitlines()) > 5


def test_images_are_quantized_as_asked(command, refused, tmp_path):
    """A network without a quantizer on its input."""
    build = quantized_models.Builder(0)
    w = build.quant(build.constant(build.random.integers(-2, 2, (6, 4))), 1.0, 2)
    build.save(tmp_path / "n.onnx", ["N", 6], build.node("MatMul", "x", w), ["N", 4])
    images = np.random.default_rng(0).standard_normal((5, 6)).astype(np.float32)
    np.save(tmp_path / "x.npy", images)
    run = ("run", "n.onnx", "--images", "x.npy")
    command(*run, "--input-bits", "6:signed", "--input-scale", "0.125,2", "--output", "y.npy")
    network = QuantizedNetwork(tmp_path / "n.onnx")
    quantizer = InputQuantizer(6, signed=True, scale=0.125, zero=2)
    (expected,) = network.run(images, quantizer=quantizer).outputs.values()
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    np.save(tmp_path / "x.npy", np.sign(images))
    command(*run, "--lowest", -1, "--highest", 1, "--output", "y.npy")
    (expected,) = network.run(np.sign(images), lowest=-1, highest=1).outputs.values()
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    for wrong, told in (
        (("--input-bits", 17), "give 1 to 16"),
        (("--input-bits", "8:both"), "is not a number of bits"),
        (("--input-scale", 1), "--input-scale is of --input-bits"),
        (("--input-bits", 8, "--input-scale", -1), "give a positive number"),
        (("--input-bits", 8, "--highest", 3), "give one of them"),
        (("--lowest", -1), "without their highest"),
        (("--lowest", "few"), "is not a whole number"),
        ((), "MatMul x 1 (n_matmul6, 100.0% of the MACs): inputs that no quantizer makes"),
    ):
        np.save(tmp_path / "x.npy", images)
        refused(*run, *wrong, told)


def test_what_is_refused(refused, tmp_path):
    prepared(tmp_path)
    refused("run", "net.onnx", "--images", "missing.npy", "there is no file of images missing.npy")
    (tmp_path / "text.npy").write_text("no array")
    refused("run", "net.onnx", "--images", "text.npy", "not a readable file of images")
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    refused("run", "net.onnx", "--images", "objects.npy", "not a readable file of images")
    np.save(tmp_path / "small.npy", np.zeros((1, 3, 4, 4)))
    refused("run", "net.onnx", "--images", "small.npy", "takes images of the shape")
    refused("run", "net.onnx", "--images", "x.npy", "--errors", "--vdd", 0.9, "no error rates")
    refused("run", "net.onnx", "--images", "x.npy", "--highest", 255, "not whole numbers from 0")
    refused("run", "net.onnx", "--dataset", "digits", "--highest", 16, "a --dataset knows its own")
    refused("run", "missing.onnx", "--images", "x.npy", "no ONNX file missing.onnx")
    refused("run", "net.onnx", "--images", "x.npy", "--output", "net.onnx", "net.onnx")


def test_it_takes_the_options_that_an_estimate_takes(command, refused, tmp_path):
    prepared(tmp_path)
    words = ("run", "net.onnx", "--images", "x.npy", "--samples", 0)
    sets = ("--set", "copies=2", "--set", "weight_load=each_image", "--set",
            "assumptions.bias_generator_efficiency=0.5")  # fmt: skip
    ran = json.loads(command(*words, *sets, "--json").stdout)
    estimated = json.loads(command("estimate", "net.onnx", "--samples", 0, *sets, "--json").stdout)
    own, other = (report["boundary"]["options"] for report in (ran, estimated))
    assert own == {**other, "first_last": own["first_last"]}
    assert ran["boundary"]["assumptions"] == estimated["boundary"]["assumptions"]
    for key in ("latency_s", "area_m2", "subarrays", "sense_cycles"):
        assert ran["total"][key] == estimated["total"][key]
    covered = json.loads(command(*words, "--set", "coverage=convolutions", "--json").stdout)
    assert {layer["operation"] for layer in covered["layers"]} == {"convolution"}
    for setting, said in (
        ("weight_encoding=unsigned", "a run has the encodings of its own layers"),
        ("weight_density=0.4", "a run has the operand bits that it met"),
        ("copies=0", "copies is a whole number at least 1"),
        ("assumptions.rows=1", "there is no assumption 'rows'"),
        ("rows=64", "there is no 'rows'"),
    ):
        refused(*words, "--set", setting, said)
