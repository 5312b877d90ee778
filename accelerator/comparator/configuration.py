"""The three networks that are set beside each other, by their sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from accelerator.comparator.pattern import Pairs, random_pairs
from accelerator.errors import EstimateError
from accelerator.networks.chain import FOLDED
from accelerator.networks.layers import Layer, Network, Operation

KINDS = ("cmpnet", "lbcnn", "cnn")
LARGEST = 4096
"""Of any size of a network."""


@dataclass(frozen=True)
class Configuration:
    """One network of `depth` modules after a first convolution.

    kind: what makes the `maps` maps of a module from its channels: "cmpnet" comparisons,
        "lbcnn" a fixed random convolution of -1, 0 and 1, "cnn" a learned one.
    kernel: width of that window and of the first convolution's (1).
    pool: width and stride of the largest value after the last module; `full`: features of a fully
        connected layer before the scores, 0 for none.
    activation_bits: of everything between layers, and of what is compared.
    weight_bits: of what is learned; the pointwise weights of "cmpnet" are -1, 0 and 1.
    end_bits: of the first convolution and the fully connected layers.
    density: share of the fixed weights that are not zero. pattern_seed: of them, or the pairs.
    """

    kind: str
    input_shape: tuple[int, int, int] = (1, 8, 8)
    channels: int = 16
    maps: int = 32
    depth: int = 4
    kernel: int = 3
    pool: int = 2
    full: int = 0
    classes: int = 10
    activation_bits: int = 8
    weight_bits: int = 8
    end_bits: int = 8
    density: float = 0.5
    pattern_seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise EstimateError(f"there is no network {self.kind!r}: give {', '.join(KINDS)}")
        sizes = (*self.input_shape, self.channels, self.maps, self.depth, self.kernel, self.pool,
                 self.classes)  # fmt: skip
        if not 1 <= min(sizes) <= max(sizes) <= LARGEST or not 0 <= self.full <= LARGEST:
            raise EstimateError(f"sizes of the network {self.kind} are from 1 to {LARGEST}")
        if not 0 <= self.density <= 1:
            raise EstimateError(f"a density of {self.density:g} is not from 0 to 1")
        for what, bits in (
            ("activations", self.activation_bits),
            ("learned weights", self.weight_bits),
            ("the ends' weights", self.end_bits),
        ):
            if not 2 <= bits <= 8:
                raise EstimateError(f"{bits} bits for {what} are not trained here: give 2 to 8")

    @property
    def name(self) -> str:
        """Kind and width, as files are called: "cmpnet-a8"."""
        return f"{self.kind}-a{self.activation_bits}"

    @property
    def features(self) -> int:
        """Elements after the pool (1)."""
        return self.channels * prod(self.pooled)

    @property
    def pooled(self) -> tuple[int, int]:
        """Height and width after the pool (1)."""
        height, width = ((side - self.pool) // self.pool + 1 for side in self.size)
        return height, width

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of every map (1)."""
        return self.input_shape[1], self.input_shape[2]

    def pairs(self, module: int) -> Pairs:
        """What the module with this index compares."""
        seed = self.pattern_seed * 10_000 + module
        return random_pairs(self.channels, self.maps, self.kernel**2, seed)

    def of_kind(self, kind: str, bits: int | None = None) -> Configuration:
        """The same network of another kind, and of other widths where they are given."""
        if bits is None:
            return replace(self, kind=kind)
        return replace(self, kind=kind, activation_bits=bits, weight_bits=bits)


SVHN = Configuration(
    "cmpnet", input_shape=(3, 32, 32), channels=16, maps=512, depth=40, pool=5, full=512
)
"""LBCNN's recipe for SVHN: 16 channels, 512 maps, 40 modules, a pool over 5, 512 features."""


def network_of(configuration: Configuration) -> Network:
    """The layers of a network, without weights, as the cost model takes them."""
    one = configuration
    layers = [_window("stem", Operation.CONVOLUTION, one.input_shape[0], one.channels, one)]
    for module in range(one.depth):
        name = f"module{module}"
        if one.kind == "cmpnet":
            spread = _window(f"{name}.spread", Operation.COMPARISON, one.channels, one.maps, one)
            spread = replace(spread, pairs=one.pairs(module))
        else:
            spread = _window(f"{name}.spread", Operation.CONVOLUTION, one.channels, one.maps, one)
        layers += [
            spread,
            Layer(
                f"{name}.gather", Operation.CONVOLUTION, one.maps, one.size, one.channels, one.size
            ),
            Layer(
                f"{name}.add", Operation.ADDITION, one.channels, one.size, one.channels, one.size,
                operands=2,
            ),
        ]  # fmt: skip
    window = (one.pool, one.pool)
    layers.append(
        Layer(
            "pool", Operation.MAX_POOL, one.channels, one.size, one.channels, one.pooled, window,
            window,
        )
    )  # fmt: skip
    features = one.features
    if one.full:
        layers.append(_product("full", features, one.full))
        features = one.full
    layers.append(_product("scores", features, one.classes))
    return Network(one.name, tuple(layers), "ours, docs/comparator.md", one.input_shape, (FOLDED,))


def _window(
    name: str, operation: Operation, inputs: int, outputs: int, one: Configuration
) -> Layer:
    pads = (one.kernel // 2, one.kernel // 2)
    return Layer(
        name, operation, inputs, one.size, outputs, one.size, (one.kernel, one.kernel), (1, 1),
        pads, pads,
    )  # fmt: skip


def _product(name: str, inputs: int, outputs: int) -> Layer:
    one, none = (1,), (0,)
    return Layer(name, Operation.PRODUCT, inputs, one, outputs, one, one, one, none, none, one)
