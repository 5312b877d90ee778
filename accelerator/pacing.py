"""What each layer's time goes to, and how many copies of it make it faster."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from accelerator.mapping import Mapping
from accelerator.stacks import tiles_per_patch
from accelerator.throughput import SHARED
from accelerator.timing import (
    Clock,
    LayerTime,
    SharedTime,
    kernel_time,
    layer_time,
    loading_time,
    shared_time,
)
from accelerator.work import Work, work_time

WRITING = "writing what comes into the sub-arrays"
SUMMING = "summing activations"
SENSING = "sensing"
LOADING = "loading the weights"
ROWS = "row logic"
TABLE = "reading or loading the table"


@dataclass(frozen=True, slots=True)
class LayerPace:
    """What sets a layer's time.

    resources: time (s) that one image needs of each part of the chip; parts that work side by
        side overlap, so that the layer's latency is no sum of them.
    resource: the part that the others wait for.
    useful_copies: copies of the layer beyond which it is no faster: each then has one row of
        patches, or all together wait for what layers share; None off the array. Wires grow with
        copies, which is left out here.
    """

    resource: str
    resources: dict[str, float]
    useful_copies: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return asdict(self)


def layer_pace(clock: Clock, work: Work) -> LayerPace:
    """What sets the time of one layer and one image."""
    if work.mapping is None or not work.mapping.subarrays:
        total, _, needed = work_time(clock, work)
        shared = _by_name(needed[0])
        if total > max(shared.values()):
            shared[TABLE if work.rows is None else ROWS] = total
        return LayerPace(max(shared, key=lambda name: shared[name]), shared)
    mapping, options = work.mapping, work.options
    needed_of = shared_time(clock, mapping, work.traffic, options)
    loading = loading_time(clock, work.traffic, options)
    time = layer_time(clock, mapping, work.traffic, options, needed_of, loading)
    shared = _on_wires(clock, work, mapping, needed_of)
    own = {
        WRITING: time.steps * time.write,
        SUMMING: time.steps * time.sum_pass,
        SENSING: time.steps * time.ands,
    }
    if not mapping.weights_stay:
        own[WRITING] += time.rounds * time.fill
    inside = _inside(time, mapping)
    limiting = dict(shared) if time.outside > inside else dict(own)
    if time.outside <= inside and mapping.buffers == 2:
        # Writing goes on beside the other two.
        beside = time.write >= time.sum_pass + time.ands
        limiting = {name: own[name] for name in own if (name == WRITING) == beside}
    if time.loading:
        limiting[LOADING] = time.loading
    return LayerPace(
        max(limiting, key=lambda name: limiting[name]),
        {**own, **shared, LOADING: time.loading},
        _useful_copies(mapping, inside, max(_by_name(needed_of).values())),
    )


def _inside(time: LayerTime, mapping: Mapping) -> float:
    """Time of a step within the sub-arrays (s)."""
    if mapping.buffers == 2:
        return max(time.write, time.sum_pass + time.ands)
    return time.write + time.sum_pass + time.ands


def _on_wires(clock: Clock, work: Work, mapping: Mapping, needed: SharedTime) -> dict[str, float]:
    """Needs of what layers share by name, those of the layer's own branches of wires included."""
    found, traffic = _by_name(needed), work.traffic
    inward = (
        clock.sent(traffic.input_bits, mapping, ceil(tiles_per_patch(mapping)))
        if mapping.weights_stay
        else kernel_time(clock, mapping, traffic)
    )
    outward = clock.sent(traffic.output_bits, mapping)
    for field, time in (("inward", inward), ("outward", outward)):
        found[SHARED[field]] = max(found[SHARED[field]], time)
    return found


def _by_name(needed: SharedTime) -> dict[str, float]:
    return {name: float(getattr(needed, field)) for field, name in SHARED.items()}


def _useful_copies(mapping: Mapping, inside: float, shared: float) -> int:
    """The fewest copies with which no more of them make the layer faster (1).

    `shared` is what an image needs at least of anything that copies share (s); branches of wires
    are the copies' own.
    """
    if not mapping.weights_stay:
        return max(len(mapping.patch_tiles), 1)
    rows = ceil(mapping.streams / mapping.positions_per_row)
    hidden = int(shared / (inside * mapping.steps)) if inside else rows
    # Rows of patches for each copy that work while what is shared is waited for.
    return ceil(rows / hidden) if hidden else rows
