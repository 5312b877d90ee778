"""How many images a file's input is of, told from its graph or by the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accelerator.errors import EstimateError
from accelerator.names import printable
from accelerator.networks.batch_flow import follow_images
from accelerator.networks.batch_places import MixedError, Place, UnclearError
from accelerator.networks.onnx_graph import Graph

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Batch:
    """So many images along an axis of the first input, and where they are in every tensor.

    `axis` is None where no axis of the input is one of images. `said` is the sentence that tells
    what was decided, empty where there was nothing to decide.
    """

    images: int = 1
    axis: int | None = 0
    said: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)

    def of_one(self, name: str, shape: Shape) -> Shape:
        """A tensor's shape for one image."""
        place = self.places.get(name)
        if place is None or self.images == 1 or place.axis >= len(shape):
            return shape
        size = shape[place.axis]
        own = None if size is None else size // self.images
        return (*shape[: place.axis], own, *shape[place.axis + 1 :])


def find_batch(graph: Graph, images: int | None = None, axis: int | None = None) -> Batch:
    """The batch of a file's first data input.

    Its first axis is one of images if no operator takes several of them together; else the
    second one, if that is so of it; else there is one image. `images` and `axis` say so.

    Raises:
        EstimateError: what is said contradicts the file.
    """
    first = next((name for name in graph.data if len(graph.shapes.get(name, ())) > 1), None)
    if first is None:
        if axis is not None or (images or 1) > 1:
            raise EstimateError(f"{graph.path} has no input with a batch: leave out what says one")
        return Batch()
    shape = graph.shapes[first]
    shown = printable(first)
    if axis is not None and not 0 <= axis < len(shape):
        raise EstimateError(
            f"{graph.path}: its input {shown!r} has no axis {axis}, of {len(shape)}"
        )
    if images == 1:
        alone = axis or 0 if shape[axis or 0] == 1 else None
        return Batch(1, alone, f"batch 1, as said: all of {shown!r} is one image")
    candidates = [axis] if axis is not None else [0, 1]
    if images is not None:
        sized = [place for place, size in enumerate(shape) if size == images]
        candidates = [place for place in sized if axis in (None, place)]
        if not candidates:
            sizes = " x ".join("?" if size is None else str(size) for size in shape)
            where = "an axis" if axis is None else f"axis {axis}"
            raise EstimateError(
                f"{graph.path}: its input {shown!r} of {sizes} has no batch of {images} along "
                f"{where}"
            )
    said = axis is not None or images is not None
    reasons: list[str] = []
    for candidate in candidates:
        number = shape[candidate] or 1
        if number == 1 and (first, candidate) not in graph.free:
            return _of_one(graph, first, candidate, "", reasons)
        try:
            places = _flow(graph, first, candidate, number)
        except (MixedError, UnclearError) as error:
            certain = isinstance(error, MixedError)
            if number == 1:
                return _of_one(graph, first, candidate, str(error) if certain else "", reasons)
            why = str(error) if certain else f"{error} is not known to keep them apart"
            reasons.append(
                f"the {number} along axis {candidate} of {shown!r} are no images: {printable(why)}"
            )
            continue
        if (first, candidate) in graph.free:
            return _of_one(graph, first, candidate, "", reasons, places)
        how = ", as said" if said else ""
        text = f"batch {number}{how} (axis {candidate} of {shown!r}): costs are of one image"
        return Batch(number, candidate, "; ".join([text, *reasons]), places)
    if said:
        raise EstimateError(
            f"{graph.path}: {reasons[0]}; say --batch 1, or export it for one image"
        )
    return Batch(1, None, "; ".join(["no batch: costs are of the whole input", *reasons]))


def _of_one(
    graph: Graph,
    first: str,
    axis: int,
    mixed_by: str,
    reasons: list[str],
    places: Mapping[str, Place] | None = None,
) -> Batch:
    """A batch of one, or one that the file leaves open."""
    number = graph.shapes[first][axis] or 1
    if (first, axis) in graph.free:
        text = f"free batch (axis {axis} of {printable(first)!r}): costs are of one image"
        if mixed_by:
            text = (
                f"the free axis {axis} of {printable(first)!r} is taken for a batch of one, but "
                f"{printable(mixed_by)}, so that it may be none: say its size with --dims NAME=N"
            )
    else:
        text = f"batch 1 (axis {axis} of {printable(first)!r})" if reasons else ""
    said = "; ".join([text, *reasons] if text else reasons)
    return Batch(number, axis, said, places or {})


def _flow(graph: Graph, first: str, axis: int, images: int) -> dict[str, Place]:
    """Places of the images, those of all inputs of that size or else of the first alone."""
    alike = [
        name
        for name in graph.data
        if len(shape := graph.shapes.get(name, ())) > axis
        and shape[axis] == images
        and (len(shape) > 1 or axis == 0)
    ]
    try:
        return _followed(graph, dict.fromkeys(alike, Place(axis)), images)
    except (MixedError, UnclearError):
        if len(alike) == 1:
            raise
        return _followed(graph, {first: Place(axis)}, images)


def _followed(graph: Graph, starts: dict[str, Place], images: int) -> dict[str, Place]:
    try:
        return follow_images(graph, starts, images)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        # A file whose nodes contradict themselves is told of by those who need them.
        raise UnclearError("a node that contradicts itself") from error
