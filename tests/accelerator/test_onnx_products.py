"""Multiply-accumulates of products of two activations, held against what runs or a sum of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from vision_transformer import save_vision_transformer

from accelerator import estimate
from accelerator.networks import load_network
from accelerator.networks.onnx_products import product_macs
from accelerator.render import render_text
from lut import Table


def counted(operator: str, shapes: Iterable[tuple[int, ...] | None], target=None, **attributes):
    """MACs of one node whose inputs have these shapes; an input of None has no name."""
    names = {f"t{place}": shape for place, shape in enumerate(shapes)}
    inputs = [name if shape is not None else "" for name, shape in names.items()]
    domain = attributes.pop("domain", "")
    node = helper.make_node(operator, inputs, ["y"], domain=domain, **attributes)
    return product_macs(node, {**names, "y": target}.get)


SIZES = st.integers(1, 4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(SIZES, max_size=2), SIZES, SIZES, SIZES)
def test_matrix_products(ahead, rows, inner, columns) -> None:
    shapes = (*ahead, rows, inner), (*ahead, inner, columns)
    target = (*ahead, rows, columns)
    expected = sum(1 for _ in product(*map(range, (*target, inner))))
    assert counted("MatMul", shapes, target) == expected
    letters = "xyz"[: len(ahead)]
    assert counted("Einsum", shapes, equation=f"{letters}ab,{letters}bc->{letters}ac") == expected
    assert counted("Einsum", shapes, equation="...ab,...bc->...ac") == expected
    assert counted("Einsum", shapes, equation="...ab,...bc") == expected


def test_gemm_with_either_operand_turned() -> None:
    assert counted("Gemm", [(3, 5), (5, 7)], (3, 7)) == 105
    assert counted("Gemm", [(5, 3), (7, 5)], (3, 7), transA=1, transB=1) == 105


def test_a_sum_of_three_operands_is_computed_pair_by_pair() -> None:
    """(2 x 3) (3 x 5) (5 x 7): 2 * 3 * 5, then 2 * 5 * 7."""
    shapes = [(2, 3), (3, 5), (5, 7)]
    assert counted("Einsum", shapes, equation="ab,bc,cd->ad") == 30 + 70


def test_convolution_with_a_kernel_that_is_computed() -> None:
    assert counted("Conv", [(1, 4, 6, 6), (8, 2, 3, 3)], (1, 8, 4, 4), group=2) == 128 * 18
    assert counted("ConvTranspose", [(1, 4, 6, 6), (4, 2, 3, 3)], (1, 2, 8, 8)) == 144 * 18


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SIZES, SIZES, SIZES, SIZES, SIZES, SIZES)
def test_attention_is_its_two_products(batch, heads, places, met, size, value_size) -> None:
    two = batch * heads * places * met * size + batch * heads * places * met * value_size
    four = (batch, heads, places, size), (batch, heads, met, size), (batch, heads, met, value_size)
    assert counted("Attention", four) == two
    three = [(batch, places, heads * size), (batch, met, heads * size),
             (batch, met, heads * value_size)]  # fmt: skip
    numbers = {"q_num_heads": heads, "kv_num_heads": heads}
    assert counted("Attention", three, **numbers) == two
    contrib = {"domain": "com.microsoft", "num_heads": heads}
    assert counted("MultiHeadAttention", three, **contrib) == two
    past = (batch, heads, 3, size)
    more = two // met * (met + 3)
    assert counted("Attention", [*three, None, past], **numbers) == more
    assert counted("MultiHeadAttention", [*three, None, None, None, past], **contrib) == more


def test_attention_with_fewer_heads_of_keys() -> None:
    shapes = [(1, 5, 8 * 4), (1, 5, 2 * 4), (1, 5, 2 * 4)]
    assert counted("Attention", shapes, q_num_heads=8, kv_num_heads=2) == 2 * 8 * 25 * 4
    contrib = {"domain": "com.microsoft", "num_heads": 8, "kv_num_heads": 2}
    assert counted("GroupQueryAttention", shapes, **contrib) == 2 * 8 * 25 * 4


def test_what_has_no_known_shape_has_no_number() -> None:
    assert counted("MatMul", [(2, 3), (3, 4)], None) is None
    assert counted("Einsum", [(2, 3), (3,)], equation="ab,bc->ac") is None


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    return save_vision_transformer(tmp_path_factory.mktemp("transformer") / "vit.onnx", blocks=12)


def test_a_transformer_says_what_share_is_not_counted(synthetic_table: Table, transformer) -> None:
    """12 blocks, 16 tokens, width 64: 2 x 16 x 16 x 64 a block beside 12 x 64 x 64 x 16."""
    products = 12 * 2 * 16 * 16 * 64
    weights = 12 * 12 * 64 * 64 * 16 + 16 * 64 * 768 + 640
    network = load_network(transformer)
    assert network.macs == weights
    assert sum(one.macs for one in network.products) == products
    report = estimate(network, table=synthetic_table, samples=0)
    share = 100 * products / (products + weights)
    first = f"24 products of activations, {share:.3g} % of the MACs"
    assert report.boundary.not_counted[0].startswith(first)
    assert report.to_dict()["boundary"]["not_counted"][0].startswith(first)
    text = render_text(report)
    assert first in text
    assert "Gelu x 12, LayerNormalization x 24, Softmax x 12" in text


def test_a_transformer_is_a_screen(synthetic_table: Table, transformer) -> None:
    report = estimate(transformer, table=synthetic_table, samples=64)
    text = render_text(report)
    assert len(text.splitlines()) <= 60
    assert "/blocks.0..11/mlp/fc1/MatMul x 12" in text
    full = render_text(report, full=True)
    assert all(layer.name in full for layer in report.layers)
    assert "assumptions:" in full
    assert "assumptions:" not in text


def test_layers_left_out_have_a_share_too(synthetic_table: Table) -> None:
    report = estimate("lenet5", table=synthetic_table, samples=0, first_last="off")
    left = load_network("lenet5").macs - report.macs
    share = 100 * left / load_network("lenet5").macs
    assert report.boundary.not_counted[0].endswith(f"{share:.3g} % of the MACs")
