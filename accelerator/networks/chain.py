"""Build a network layer by layer, the shapes following from the one before."""

from __future__ import annotations

from accelerator.networks.layers import Layer, Network, Operation

FOLDED = (
    "bias, batch normalization and activation are folded into the quantizer "
    "of the layer before them"
)

Padding = int | tuple[int, int] | str


def _pads(size: int, kernel: int, stride: int, padding: Padding) -> tuple[int, int]:
    """Padding before and after; "same" keeps ceil(size/stride), the odd one going after."""
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2
    if isinstance(padding, int):
        return padding, padding
    if isinstance(padding, tuple):
        return padding
    raise ValueError(f"unknown padding {padding!r}")


class Chain:
    """Square images through square windows; `shape` is (channels, side)."""

    def __init__(self, channels: int, side: int) -> None:
        self.input_shape = (channels, side, side)
        self.shape = (channels, side)
        self.layers: list[Layer] = []

    def _window(
        self,
        name: str,
        operation: Operation,
        out_channels: int,
        kernel: int,
        stride: int,
        padding: Padding,
        groups: int = 1,
    ) -> Chain:
        channels, side = self.shape
        before, after = _pads(side, kernel, stride, padding)
        out_side = (side + before + after - kernel) // stride + 1
        self.layers.append(
            Layer(
                name,
                operation,
                channels,
                (side, side),
                out_channels,
                (out_side, out_side),
                (kernel, kernel),
                (stride, stride),
                (before, before),
                (after, after),
                groups=groups,
            )
        )
        self.shape = (out_channels, out_side)
        return self

    def convolution(
        self,
        name: str,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        padding: Padding = 0,
        groups: int = 1,
    ) -> Chain:
        """Append a convolution."""
        return self._window(
            name, Operation.CONVOLUTION, out_channels, kernel, stride, padding, groups
        )

    def max_pool(self, name: str, kernel: int, stride: int, padding: Padding = 0) -> Chain:
        """Append a maximum over windows."""
        return self._window(name, Operation.MAX_POOL, self.shape[0], kernel, stride, padding)

    def average_pool(self, name: str, kernel: int, stride: int, padding: Padding = 0) -> Chain:
        """Append a mean over windows."""
        return self._window(name, Operation.AVERAGE_POOL, self.shape[0], kernel, stride, padding)

    def addition(self, name: str) -> Chain:
        """Append the sum of the current tensor and one more of its shape."""
        channels, side = self.shape
        size = (side, side)
        self.layers.append(
            Layer(name, Operation.ADDITION, channels, size, channels, size, operands=2)
        )
        return self

    def product(self, name: str, out_features: int) -> Chain:
        """Append a fully connected layer over everything."""
        channels, side = self.shape
        one = (1,)
        self.layers.append(
            Layer(
                name,
                Operation.PRODUCT,
                channels * side * side,
                one,
                out_features,
                one,
                kernel=one,
                stride=one,
                pad_begin=(0,),
                pad_end=(0,),
                dilation=one,
            )
        )
        self.shape = (out_features, 1)
        return self

    def network(self, name: str, source: str, not_counted: tuple[str, ...] = ()) -> Network:
        """The finished network; biases, normalizations and activations are not layers."""
        layers = tuple(self.layers)
        return Network(name, layers, source, self.input_shape, (FOLDED,), not_counted)
