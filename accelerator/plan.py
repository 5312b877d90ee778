"""Which layers are costed, at which widths."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Protocol

from accelerator.array import Array
from accelerator.errors import EstimateError
from accelerator.logic_counts import LogicCounts
from accelerator.networks import Layer, Network, Operation
from accelerator.occupancy import Occupancy
from accelerator.options import TERNARY, TERNARY_BITS, WEIGHT_STATIONARY, Options
from accelerator.seen import Seen
from accelerator.widths import ACTIVATION_BITS, Asked, ChosenWidths, choose_widths

__all__ = ["Choice", "Plan", "PlannedLayer", "Seen", "plan_layers", "plan_widths"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What one layer does in place of what the options say of all; as in Options."""

    copies: int
    reuse_overlap: bool
    double_buffer: bool
    dataflow: str = WEIGHT_STATIONARY
    folds: int = 1


class Ran(Protocol):
    """A layer of row logic that ran: what it counts depends on the sub-array."""

    def counts(self, array: Array) -> LogicCounts:
        """Mean events of an image."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """A layer with the widths of its weights, its inputs and its outputs.

    A layer of the digital unit has no weights and `weight_bits` 0. `seen` is known of a layer
    that ran, `choice` of one that is mapped in its own way, `occupancy` of one whose weights are
    known. `wider` is the layer that is on the chip where this one uses only its first channels
    and kernels. `ran` is what a layer of row logic met, or its events. `encoding` is that of the
    weights where it is not the option's; `widths_from` is who says the widths of weights and
    activations.
    """

    layer: Layer
    weight_bits: int
    activation_bits: int
    output_bits: int
    seen: Seen | None = None
    choice: Choice | None = None
    occupancy: Occupancy | None = None
    wider: Layer | None = None
    ran: Ran | LogicCounts | None = None
    encoding: str | None = None
    widths_from: tuple[str, str] = ("", "")

    @property
    def installed(self) -> Layer:
        """The layer that is on the chip."""
        return self.wider or self.layer

    @property
    def by_shape(self) -> bool:
        """Whether it was planned from its shape alone, as others of this shape are."""
        own = self.seen, self.choice, self.occupancy, self.wider, self.ran
        return all(part is None for part in own)

    @property
    def nameless(self) -> PlannedLayer:
        """What it has in common with other layers of its shape."""
        bare = replace(self.layer, name="", quantized=None)
        return replace(self, layer=bare, widths_from=("", ""))

    def counted(self, array: Array) -> PlannedLayer:
        """With the events in place of the run that they are counted from."""
        if self.ran is None or isinstance(self.ran, LogicCounts):
            return self
        return replace(self, ran=self.ran.counts(array))

    def options(self, common: Options) -> Options:
        """The options of this layer: its own mapping, its encoding and densities where it ran.

        Layers that are wider than ternary ones are in two's complement beside those.
        """
        if self.choice is not None:
            common = replace(common, **asdict(self.choice))
        if self.seen is None:
            encoding = self.encoding or common.weight_encoding
            if encoding == TERNARY and self.weight_bits != TERNARY_BITS:
                encoding = "twos_complement"
            if encoding != common.weight_encoding:
                return replace(common, weight_encoding=encoding)
            return common
        inside = self.layer.valid_fraction
        return replace(
            common,
            weight_encoding=self.seen.weight_encoding,
            activation_density=min(self.seen.patch_ones / inside, 1.0) if inside else 0.0,
            weight_density=self.seen.weight_ones,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers to cost, and those with weights that are left out."""

    layers: tuple[PlannedLayer, ...]
    left_out: tuple[Layer, ...]

    @property
    def row_logic(self) -> bool:
        """True when a layer needs XOR and OR."""
        return any(entry.layer.row_logic for entry in self.layers)

    def counted(self, array: Array) -> Plan:
        """With the events of layers of row logic that ran."""
        return replace(self, layers=tuple(entry.counted(array) for entry in self.layers))


def _compared_bits(layer: Layer) -> int:
    """Bits of what a comparison compares, by its file or by default."""
    own = None if layer.quantized is None else layer.quantized.activation_bits
    return own or ACTIVATION_BITS


def plan_layers(
    network: Network,
    weight_bits: int,
    activation_bits: int,
    first_last: tuple[int, int] | str | None,
    coverage: str,
) -> Plan:
    """Give every layer these widths, whatever its file says; see `plan_widths`."""
    bare = tuple(replace(layer, quantized=None) for layer in network.layers)
    asked = Asked(weight_bits, activation_bits, first_last)
    widths = choose_widths(replace(network, layers=bare), asked)
    return plan_widths(network, widths, coverage, ends=first_last != "off")


def plan_widths(network: Network, widths: ChosenWidths, coverage: str, *, ends: bool) -> Plan:
    """Give every layer its widths and leave out what shall not count.

    Data between two layers has the width that the next layer with weights takes, or the next
    comparison; maps of a comparison are bits. Without `ends` the first and the last layer with
    weights are left out.

    Raises:
        EstimateError: nothing is left to cost.
    """
    mapped = [index for index, layer in enumerate(network.layers) if layer.mapped]
    if not mapped:
        raise EstimateError(
            f"the network {network.name} has no convolution and no matrix product with weights: "
            "there is nothing to put on sub-arrays"
        )
    takes = {index: one.activation_bits for index, one in enumerate(widths.layers) if one}
    takes |= {
        index: widths.compared_bits or _compared_bits(layer)
        for index, layer in enumerate(network.layers)
        if layer.operation is Operation.COMPARISON
    }
    taking = sorted(takes)
    planned, left_out = [], []
    for index, layer in enumerate(network.layers):
        following = next((i for i in taking if i > index), mapped[-1])
        output, own = takes[following], widths.layers[index]
        if own is None:
            if coverage == "all":
                planned.append(PlannedLayer(layer, 0, takes.get(index, output), output))
        elif (not ends and index in (mapped[0], mapped[-1])) or (
            coverage == "convolutions" and layer.operation is not Operation.CONVOLUTION
        ):
            left_out.append(layer)
        else:
            sources = own.weights_from, own.activations_from
            planned.append(
                PlannedLayer(
                    layer, own.weight_bits, own.activation_bits, output,
                    encoding=own.encoding, widths_from=sources,
                )
            )  # fmt: skip
    if not any(entry.layer.mapped for entry in planned):
        raise EstimateError(
            f"no layer of {network.name} is left: it has {len(mapped)} with weights and all "
            "of them are left out"
        )
    return Plan(tuple(planned), tuple(left_out))
