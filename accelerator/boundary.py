"""The sentences that say what a figure contains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.networks import Layer, Network, Operation
from accelerator.options import INPUT_STATIONARY, ON_CHIP, Options
from accelerator.organisation import Occupation
from accelerator.plan import Plan
from accelerator.prices import Conditions, Prices
from accelerator.report import Boundary

COUNTED = (
    "AND senses by operand values, with bias, reference, latch, clock and equalization; "
    "both word lines and their decoders; bit counts, shifts, accumulation, partial sums",
    "fetching the patches from a buffer of the same sub-arrays, turning them into bit-planes, "
    "the quantized outputs written back",
    "wires between buffer, sub-arrays and digital unit; controllers and their clock lines",
    "quantizer of A comparisons an output, batch normalization and activation folded in; "
    "pooling and additions in the digital unit",
    "leakage of everything on the chip for the whole time",
)
NOT_COUNTED = (
    "storing and reading the quantizer's thresholds",
    "switching idle sub-arrays off and on again",
    "host, supply regulators other than the bias generator, input and output pads",
)

OFF_CHIP = (
    "a memory outside the chip, its interface included: the image and the loaded weights come "
    "from it, the result goes to it"
)
PIPELINED = (
    "every layer works on an image of its own: buffers for two of each tensor between layers; "
    "the latency is that of an image that waits for no other"
)
TABLES = (
    "embedding tables in sub-arrays of their own, at the width of the activations that follow; "
    "their entries are read one after the other"
)
ROW_LOGIC = (
    "comparisons and additions of rows by XOR, AND, OR and READ with operand values, masks and "
    "their latches, results written back; decided columns do not fire, and a row is left when "
    "all are decided"
)
ROW_LOGIC_UNCOUNTED = "what inverts a map where its complement is written"
EDGE = "memory and links outside the chip: the image and the weights start at the chip's edge"

OWN_WIDTHS, FILE_WIDTHS = "own", "file"
"""In place of widths for the first and last layers: all have those of a run, or of the file."""


def boundary(
    network: Network,
    plan: Plan,
    conditions: Conditions,
    array: Array,
    prices: Prices,
    options: Options,
    assumptions: Assumptions,
    first_last: tuple[int, int] | str | None,
    occupation: Occupation,
) -> Boundary:
    """What is counted, what not, and all choices and constants."""
    counted = [*COUNTED, *network.notes]
    uncounted = [*sized(network, plan.left_out), *network.not_counted]
    not_counted = [*NOT_COUNTED]
    if options.off_chip:
        counted.append(OFF_CHIP)
    else:
        not_counted.insert(0, EDGE)
    counted.append(_first_last(first_last))
    if any(entry.options(options).sums_activations for entry in plan.layers if entry.layer.mapped):
        counted.append(
            "the sum of the activations of each patch, READ once a patch and activation plane "
            "and shared by all kernels, which symmetric weights and those about a zero point need"
        )
    loads = {
        "amortized": f"writing the weights, shared by {options.images_per_load} images",
        "each_image": "writing the weights for each image",
        "off": "writing the weights",
    }
    (not_counted if options.weight_load == "off" else counted).append(loads[options.weight_load])
    writes = "writing the patches' bit-planes into the sub-arrays, with half-selected cells"
    (counted if options.count_input_writes else not_counted).append(writes)
    if plan.row_logic:
        counted.append(ROW_LOGIC)
        not_counted.append(ROW_LOGIC_UNCOUNTED)
    counted.append(
        "columns without operands are not fired"
        if options.gate_unused_columns
        else "columns without operands are fired with the others"
    )
    counted.append(
        "sub-arrays of layers that do not run are switched off but for a rest of leakage"
        if options.gate_idle_subarrays
        else "sub-arrays of layers that do not run leak in full"
    )
    if conditions.write_vdd is not None:
        counted.append(f"writes with their own supply of {conditions.write_vdd:g} V")
        not_counted.append("level shifters between the supplies")
    if any(entry.layer.operation is Operation.EMBEDDING for entry in plan.layers):
        counted.append(TABLES)
    if options.pipelined:
        counted.append(PIPELINED)
        not_counted.append("a third room for a tensor that skips layers, in a pipeline")
    if options.skip_empty_subarrays and any(entry.occupancy for entry in plan.layers):
        counted.append("sub-arrays whose weights are all zero are left out")
    if any(entry.choice is not None for entry in plan.layers):
        counted.append(
            "every layer has a dataflow, copies, reuse of overlap and double buffering of its own"
        )
    coming = [
        entry.layer.name
        for entry in plan.layers
        if entry.layer.mapped and entry.options(options).dataflow == INPUT_STATIONARY
    ]
    if coming:
        kept = (
            "kept in sub-arrays of their own"
            if options.weight_store == ON_CHIP
            else "from outside the chip, where they pay for the edge only with off_chip"
        )
        counted.append(
            f"kernels written for every image while patches stay, {kept}: {', '.join(coming)}"
        )
    if options.coverage == "convolutions":
        uncounted.append("everything but convolutions: pooling, additions, matrix products")
    amplifier = max(prices.and2.area, prices.read.area)
    layout = (
        fits("an amplifier", amplifier, array.columns_per_amplifier, prices, assumptions),
        fits("a write driver", prices.write.area, 1, prices, assumptions),
        occupation.sentence(),
    )
    return Boundary(
        tuple(counted),
        (*uncounted, *not_counted),
        layout,
        {**asdict(options), "first_last": _widths(first_last)},
        {name: asdict(entry) for name, entry in assumptions.items()},
        tuple(uncounted),
    )


def sized(network: Network, left_out: Sequence[Layer]) -> list[str]:
    """Sentences on multiplications that are not counted, each with its share of all MACs."""
    products = network.products
    left = sum(layer.macs for layer in left_out)
    known = sum(one.macs or 0 for one in products)
    everything = network.macs + known
    said = []
    if products:
        number = f"{len(products)} product{'s' if len(products) > 1 else ''} of activations"
        unknown = sum(one.macs is None for one in products)
        kinds = Counter(one.operator for one in products)
        listed = ", ".join(f"{name} x {times}" for name, times in sorted(kinds.items()))
        size = f"{_share(known, everything)} ({known / 1e6:.4g} M: {listed})"
        if unknown == len(products):
            size = f"of unknown shapes ({listed})"
        elif unknown:
            size += f", {unknown} of them of unknown shapes"
        said.append(f"{number}, {size}")
    if left_out:
        names = ", ".join(layer.name for layer in left_out)
        said.append(
            f"layers left out: {names} ({left / 1e6:.4g} M MACs), {_share(left, everything)}"
        )
    return said


def _share(macs: int, everything: int) -> str:
    return f"{100 * macs / everything:.3g} % of the MACs"


def _widths(first_last: tuple[int, int] | str | None) -> str | None:
    if first_last == FILE_WIDTHS:
        return None
    return "{}:{}".format(*first_last) if isinstance(first_last, tuple) else first_last


def _first_last(first_last: tuple[int, int] | str | None) -> str:
    if first_last == OWN_WIDTHS:
        return "every layer has the widths and the operand bits that it ran with"
    if first_last == FILE_WIDTHS:
        return "every layer has the widths of the file's own quantizers, where nothing else is said"
    if first_last is None:
        return "first and last layer are on the array at the widths of the others"
    if first_last == "off":
        return "first and last layer with weights are left out"
    return "first and last layer are on the array at W{}:A{}".format(*first_last)


def fits(what: str, area: float, columns: int, prices: Prices, assumptions: Assumptions) -> str:
    """Whether a block of `area` m2 has room at the end of the columns that share it."""
    width = columns * prices.cell_width
    height = area / assumptions.periphery_utilisation.value / width
    limit = assumptions.largest_pitch_aspect.value
    verdict = "fits" if height / width <= limit else "does not fit"
    owners = "its column" if columns == 1 else f"its {columns} columns"
    return (
        f"{what} {verdict} the {width * 1e6:.3g} um of {owners}: it is {height * 1e6:.3g} um "
        f"high there, {height / width:.3g} times its width (limit {limit:g})"
    )
