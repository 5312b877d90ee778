"""A transposed convolution as a convolution of its input with zeros between the elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelerator.networks.onnx_attributes import integers, text


@dataclass(frozen=True)
class Stuffing:
    """`between` zeros stand between the input's elements; `begin` and `end` pad the result.

    Padding of less than none cuts off. The convolution itself has a stride of one.
    """

    between: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]
    dilation: tuple[int, ...]

    def stuffed(self, size: tuple[int, ...]) -> tuple[int, ...]:
        """Sizes of the input with its zeros, what is cut off taken off."""
        return tuple(
            (length - 1) * (zeros + 1) + 1 + min(begin, 0) + min(end, 0)
            for length, zeros, begin, end in zip(
                size, self.between, self.begin, self.end, strict=True
            )
        )


def stuffing(node: Any, size: tuple[int, ...], kernel: tuple[int, ...]) -> Stuffing:
    """What is put between and around an input of these sizes."""
    rank = len(size)
    ones, none = (1,) * rank, (0,) * rank
    stride, dilation = integers(node, "strides", ones), integers(node, "dilations", ones)
    more = integers(node, "output_padding", none)
    asked = integers(node, "output_shape", ())[-rank:]
    automatic = text(node, "auto_pad", "NOTSET")
    reach = [(kernel[i] - 1) * dilation[i] for i in range(rank)]
    whole = [(size[i] - 1) * stride[i] + more[i] + reach[i] + 1 for i in range(rank)]
    if asked or automatic.startswith("SAME"):
        target = asked or tuple(size[i] * stride[i] for i in range(rank))
        total = [whole[i] - target[i] for i in range(rank)]
        less = [one // 2 if one > 0 else -(-one // 2) for one in total]
        begin = (
            less if automatic == "SAME_UPPER" else [t - h for t, h in zip(total, less, strict=True)]
        )
        end = [t - b for t, b in zip(total, begin, strict=True)]
    else:
        pads = integers(node, "pads", (0,) * 2 * rank) if automatic == "NOTSET" else (0,) * 2 * rank
        begin, end = list(pads[:rank]), list(pads[rank:])
    return Stuffing(
        tuple(step - 1 for step in stride),
        tuple(reach[i] - begin[i] for i in range(rank)),
        tuple(reach[i] - end[i] + more[i] for i in range(rank)),
        dilation,
    )
