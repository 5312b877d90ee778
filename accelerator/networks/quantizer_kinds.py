"""Which operators make or take codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accelerator.networks import onnx_contrib
from accelerator.networks.onnx_operators import QUANTIZER_DOMAINS, RECURRENT_CODES

LINEAR_QUANTIZERS = frozenset({"QuantizeLinear", "DequantizeLinear"})
DYNAMIC_QUANTIZER = "DynamicQuantizeLinear"


def quantizes(nodes: Iterable[Any]) -> bool:
    """Whether any of the nodes makes or takes codes."""
    return any(
        node.domain in QUANTIZER_DOMAINS
        or node.op_type in LINEAR_QUANTIZERS
        or node.op_type == DYNAMIC_QUANTIZER
        or takes_codes(node)
        or node.op_type in (RECURRENT_CODES, onnx_contrib.BLOCKED)
        or onnx_contrib.meaning(node) is not None
        for node in nodes
    )


def takes_codes(node: Any) -> bool:
    """Whether a node with weights takes their codes, with a zero point beside them."""
    operator = str(node.op_type)
    return operator == "QGemm" or operator.startswith("QLinear") or operator.endswith("Integer")
