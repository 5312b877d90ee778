"""Inputs that no quantizer of the file makes: whole numbers of a range, and quantized reals."""

import numpy as np
import onnx
import pytest
import quantized_models

from accelerator.errors import EstimateError
from accelerator.inference import InputQuantizer, QuantizedNetwork


def network(path, kind=None, before=()):
    """One product with weights of -2 to 1 behind some operators; its weights too."""
    build = quantized_models.Builder(3)
    weights = build.random.integers(-2, 2, (6, 4))
    x = "x"
    for operator, value in before:
        x = build.node(operator, x, build.constant(value))
    y = build.node("MatMul", x, build.quant(build.constant(weights), 1.0, 2))
    build.save(path, ["N", 6], y, ["N", 4])
    if kind is not None:
        model = onnx.load(path)
        note = model.graph.quantization_annotation.add(tensor_name="x")
        note.quant_parameter_tensor_names.add(key="finn_datatype", value=kind)
        onnx.save(model, path)
    return QuantizedNetwork(path), weights


def only(found):
    (output,) = found.outputs.values()
    return output


def test_whole_numbers_stored_as_reals_are_taken(tmp_path):
    made, weights = network(tmp_path / "n.onnx")
    codes = np.random.default_rng(0).integers(0, 256, (5, 6))
    for kind in (np.float16, np.float32, np.float64, np.uint8, np.int64):
        found = made.run(codes.astype(kind), highest=255)
        np.testing.assert_array_equal(found.layers[0].results[:, :, 0, 0], codes @ weights)
        np.testing.assert_allclose(only(found), codes @ weights / 255, rtol=1e-6)
    for wrong in (codes + 0.5, codes - 300, codes * 2.0 + 300, np.full((1, 6), np.nan)):
        with pytest.raises(EstimateError, match="not whole numbers from 0 to 255"):
            made.run(wrong, highest=255)


def test_the_lowest_may_be_negative(tmp_path):
    made, weights = network(tmp_path / "n.onnx")
    codes = np.random.default_rng(0).integers(-3, 4, (5, 6))
    found = made.run(codes.astype(np.float32), lowest=-3, highest=3)
    np.testing.assert_allclose(only(found), codes @ weights / 3, rtol=1e-6)
    assert found.layers[0].activations.levels.bits == 3
    with pytest.raises(EstimateError, match="from -2 to 3"):
        made.run(codes, lowest=-2, highest=3)
    with pytest.raises(EstimateError, match="without their highest"):
        made.run(codes, lowest=-2)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_reals_are_quantized_as_asked(tmp_path, bits, signed):
    made, weights = network(tmp_path / "n.onnx")
    images = np.random.default_rng(bits).standard_normal((7, 6)) * 2
    scale, zero = 0.25, 0 if bits == 1 else 1
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    codes = np.clip(np.rint(images.astype(np.float32) / scale + zero), low, high) - zero
    if bits == 1 and signed:
        codes = np.where(images >= 0, 1, -1)
    found = made.run(images, quantizer=InputQuantizer(bits, signed, scale, zero))
    np.testing.assert_array_equal(only(found), (codes * scale) @ weights)


def test_a_type_that_the_file_names_for_its_input_is_heeded(tmp_path):
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (5, 6))
    for kind, images in (
        ("BIPOLAR", signs), ("INT4", signs * 7), ("UINT3", signs + 6), ("TERNARY", signs),
        ("BINARY", (signs + 1) / 2),
    ):  # fmt: skip
        made, weights = network(tmp_path / "n.onnx", kind)
        np.testing.assert_array_equal(only(made.run(images)), images @ weights)
        with pytest.raises(EstimateError, match="inputs that no quantizer makes"):
            made.run(images + 0.25)


@pytest.mark.parametrize(
    ("before", "bits"),
    [
        ([("Add", 1.0), ("Div", 2.0)], 1), ([("Sub", 1.0)], 1), ([("Add", 3.0)], 2),
        ([("Mul", 0.5)], 1), ([("Add", 2.0), ("Mul", 0.5)], 2),
    ],
)  # fmt: skip
def test_signs_moved_by_a_number_stay_on_a_grid(tmp_path, before, bits):
    """As networks of signs begin: (x + 1) / 2."""
    made, weights = network(tmp_path / "n.onnx", "BIPOLAR", before)
    images = np.random.default_rng(0).choice([-1.0, 1.0], (5, 6))
    moved = images
    for operator, value in before:
        moved = {"Add": moved + value, "Sub": moved - value, "Mul": moved * value,
                 "Div": moved / value}[operator]  # fmt: skip
    found = made.run(images)
    np.testing.assert_array_equal(only(found), moved @ weights)
    assert found.layers[0].activations.levels.bits == bits


def test_numbers_between_the_levels_lose_the_grid(tmp_path):
    made, _ = network(tmp_path / "n.onnx", "BIPOLAR", [("Add", 0.3)])
    with pytest.raises(EstimateError, match="inputs that no quantizer makes"):
        made.run(np.ones((1, 6)))


@pytest.mark.parametrize(
    "wrong", [(0,), (17,), (4, True, 0.0), (4, True, -1.0), (4, True, np.inf), (4, True, 1.0, 0.3)]
)
def test_input_quantizers_that_make_no_sense_are_told(wrong):
    with pytest.raises(EstimateError, match="an input"):
        InputQuantizer(*wrong)


def test_only_one_thing_is_said_of_the_levels(tmp_path):
    made, _ = network(tmp_path / "n.onnx")
    with pytest.raises(EstimateError, match="give one of them"):
        made.run(np.ones((1, 6)), highest=3, quantizer=InputQuantizer(4))
    with pytest.raises(EstimateError, match="infinite"):
        made.run(np.full((1, 6), np.nan), quantizer=InputQuantizer(4))
