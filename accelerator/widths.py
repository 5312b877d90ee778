"""Which widths each layer has, and who says so: the file, a pattern, a flag or the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from accelerator.errors import EstimateError
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.options import ENCODINGS, TERNARY, TERNARY_BITS, ZERO_POINT, bit_width, read_widths

WEIGHT_BITS, ACTIVATION_BITS = 1, 4
"""Of a layer that nobody says anything of."""
FILE, PATTERN, ENDS, FLAG, DEFAULT = "file", "widths", "first_last", "flag", "default"
COMPARISON = "comparison"
_SHOWN = 6
_KEYS = ("weights", "activations", "encoding")


@dataclass(frozen=True, slots=True)
class LayerWidths:
    """Bits of a layer's weights and activations, the weights' encoding, and where each is from.

    `encoding` is None where it is that of the options.
    """

    weight_bits: int
    activation_bits: int
    encoding: str | None = None
    weights_from: str = FLAG
    activations_from: str = FLAG


@dataclass(frozen=True, slots=True)
class Pattern:
    """Widths of the layers whose name a shell pattern matches; None leaves one as it is."""

    name: str
    weight_bits: int | None = None
    activation_bits: int | None = None
    encoding: str | None = None

    def matches(self, name: str) -> bool:
        """Whether it is the name itself, or a pattern of it."""
        return name == self.name or fnmatchcase(name, self.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of widths.

    weight_bits, activation_bits: of all layers, None where the file and the default decide.
    ends: of the first and the last layer, or "off"; patterns: by names, the last match wins.
    encoding: of all weights, None where the file and the option's default decide.
    """

    weight_bits: int | None = None
    activation_bits: int | None = None
    ends: tuple[int, int] | str | None = None
    patterns: tuple[Pattern, ...] = ()
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class ChosenWidths:
    """Widths by layer, None for those off the array, and sentences on where they are from.

    `compared_bits` are those of what comparisons compare, None where the file says them.
    """

    layers: tuple[LayerWidths | None, ...]
    sentences: tuple[str, ...]
    compared_bits: int | None

    @property
    def from_file(self) -> bool:
        """Whether any layer has a width of the file's own quantizers."""
        return any(one and FILE in (one.weights_from, one.activations_from) for one in self.layers)


def read_patterns(given: Mapping[str, Any] | None) -> tuple[Pattern, ...]:
    """Patterns from a mapping of names to "W:A", or to `weights`, `activations`, `encoding`.

    Raises:
        EstimateError: a value that says no widths.
    """
    if given is None:
        return ()
    if not isinstance(given, Mapping) or not given:
        raise EstimateError(
            "widths are a mapping of layers' names or patterns to W:A, with one entry at least"
        )
    return tuple(_pattern(str(name), value) for name, value in given.items())


def _pattern(name: str, value: Any) -> Pattern:
    where = f"widths of {name!r}"
    if isinstance(value, Mapping):
        for key in value:
            if key not in _KEYS:
                raise EstimateError(f"{where} have no {key!r}: give {', '.join(_KEYS)}")
        encoding = value.get("encoding")
        known = (*ENCODINGS, TERNARY, ZERO_POINT)
        if encoding is not None and encoding not in known:
            raise EstimateError(f"{where}: encoding {encoding!r} is none of {', '.join(known)}")
        bits = [
            None if value.get(key) is None else bit_width(f"{where}: {key}", value[key])
            for key in _KEYS[:2]
        ]
        if encoding == TERNARY and bits[0] != TERNARY_BITS:
            raise EstimateError(
                f"{where}: ternary weights have {TERNARY_BITS} bits; give weights 2"
            )
        if encoding is None and bits == [None, None]:
            raise EstimateError(f"{where} are empty: give {', '.join(_KEYS)}")
        return Pattern(name, bits[0], bits[1], encoding)
    return Pattern(name, *read_widths(where, value))


def choose_widths(network: Network, asked: Asked) -> ChosenWidths:
    """Every layer's widths, each from the first of these that says it.

    The last pattern that matches, the first and last layers' widths, those for all layers, the
    file's own quantizers, the default.

    A flag changes a width, not the encoding that the file's weights have; an encoding that is
    asked for changes that. Raises EstimateError for a pattern that matches no layer.
    """
    mapped = [index for index, layer in enumerate(network.layers) if layer.mapped]
    names = [network.layers[index].name for index in mapped]
    for pattern in asked.patterns:
        if not any(map(pattern.matches, names)):
            raise EstimateError(
                f"widths: {pattern.name!r} is no layer with weights of {network.name}, nor a "
                f"pattern of one; they are {_listed(names, 20)}"
            )
    ends = {mapped[0], mapped[-1]} if mapped else set()
    layers = []
    for index, layer in enumerate(network.layers):
        own = None
        if layer.mapped:
            after = bool(index) and network.layers[index - 1].operation is Operation.COMPARISON
            own = _layer_widths(layer, asked, end=index in ends, after_comparison=after)
        layers.append(own)
    sentences = tuple(_sentences(network, layers, asked))
    return ChosenWidths(tuple(layers), sentences, asked.activation_bits)


def _layer_widths(layer: Layer, asked: Asked, *, end: bool, after_comparison: bool) -> LayerWidths:
    last = _last_matching(layer.name, asked.patterns)
    ends = asked.ends if end and isinstance(asked.ends, tuple) else (None, None)
    quantized = layer.quantized
    own = (None, None) if quantized is None else (quantized.weight_bits, quantized.activation_bits)
    flags = asked.weight_bits, asked.activation_bits
    sides = zip(
        (last.weight_bits, last.activation_bits), ends, flags, own,
        (WEIGHT_BITS, ACTIVATION_BITS), strict=True,
    )  # fmt: skip
    (weights, weights_from), (activations, activations_from) = map(_first_given, sides)
    if after_comparison:
        activations, activations_from = 1, COMPARISON
    encoding = last.encoding or asked.encoding
    if encoding is None and quantized is not None:
        encoding = quantized.weight_encoding
    if encoding == TERNARY and weights != TERNARY_BITS:
        encoding = "twos_complement"
    return LayerWidths(weights, activations, encoding, weights_from, activations_from)


def _last_matching(name: str, patterns: Sequence[Pattern]) -> Pattern:
    """What the last pattern that matches and says it says of each of a layer's widths."""
    found = Pattern(name)
    for one in patterns:
        if one.matches(name):
            found = Pattern(
                name,
                one.weight_bits or found.weight_bits,
                one.activation_bits or found.activation_bits,
                one.encoding or found.encoding,
            )
    return found


def _first_given(candidates: Sequence[int | None]) -> tuple[int, str]:
    sources = (PATTERN, ENDS, FLAG, FILE, DEFAULT)
    return next(
        (bits, source) for bits, source in zip(candidates, sources, strict=True) if bits is not None
    )


def _sentences(network: Network, chosen: Sequence[LayerWidths | None], asked: Asked) -> list[str]:
    """Where the widths of a file are from, and what was overridden or assumed."""
    pairs = [(layer, own) for layer, own in zip(network.layers, chosen, strict=True) if own]
    known = [
        (layer, own)
        for layer, own in pairs
        if layer.quantized is not None
        and (layer.quantized.weight_bits or layer.quantized.activation_bits)
    ]
    said = []
    if known and any(FILE in (own.weights_from, own.activations_from) for _, own in known):
        said.append("widths are those of the file's own quantizers, layer by layer")
    for what, bits, source in (
        ("weights", "weight_bits", "weights_from"),
        ("activations", "activation_bits", "activations_from"),
    ):
        for by, flag in ((FLAG, f"--{what}"), (ENDS, "--first-last"), (PATTERN, "--widths")):
            changed: list[tuple[str, int, int]] = [
                (layer.name, getattr(layer.quantized, bits), getattr(own, bits))
                for layer, own in known
                if getattr(own, source) == by
                and getattr(layer.quantized, bits) is not None
                and getattr(layer.quantized, bits) != getattr(own, bits)
            ]
            if changed:
                was, now = _span([one[1] for one in changed]), _span([one[2] for one in changed])
                letter = what[0].upper()
                said.append(
                    f"{flag} overrides the file's {what}: {letter}{now} in place of {letter}{was} "
                    f"in {_listed([name for name, _, _ in changed])}"
                )
        assumed = [layer.name for layer, own in pairs if getattr(own, source) == DEFAULT]
        if assumed and known:
            default = WEIGHT_BITS if what == "weights" else ACTIVATION_BITS
            said.append(
                f"the file does not quantize the {what} of {_listed(assumed)}: "
                f"{what[0].upper()}{default} is assumed"
            )
    if known and asked.encoding is not None:
        said.append(f"weight_encoding overrides the file's: {asked.encoding}")
    if network.from_file and not known:
        said.append(_not_quantized(pairs))
    return said


def _not_quantized(pairs: Sequence[tuple[Layer, LayerWidths]]) -> str:
    defaults = [
        f"{letter}{default}"
        for letter, source, default in (
            ("W", "weights_from", WEIGHT_BITS),
            ("A", "activations_from", ACTIVATION_BITS),
        )
        if any(getattr(own, source) == DEFAULT for _, own in pairs)
    ]
    text = "the file is not quantized"
    if any(layer.quantized is not None for layer, _ in pairs):
        text = "the file's quantizers make no whole codes of 16 bits at most for any layer"
    return f"{text}: {':'.join(defaults)} is assumed" if defaults else f"{text}: widths as given"


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low}-{high}"


def _listed(names: Sequence[str], most: int = _SHOWN) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
