"""What is trained for the study, and the record of what training gave."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from accelerator.adaptive.narrowing import WIDTHS, checked_widths, narrowed
from accelerator.errors import EstimateError
from accelerator.networks.layers import Network
from accelerator.networks.residual import residual_network
from files import read_json, short, typed

FORMAT = "mramcim-adaptive/1"
RECORD = "training.json"
LARGEST, LARGEST_STAGES = 4096, 8
"""Blocks, channels and sizes of a network that is described, and its stages."""
SHIPPED = Path(__file__).parents[1] / "trained" / "adaptive"
"""The folder of what `mramcim study adaptive --train FOLDER` makes by default."""


@dataclass(frozen=True)
class Setting:
    """A channel-adaptive residual network and how it is trained.

    `depth` blocks in each stage, one stage for each of `channels`, the stem moving by
    `stem_stride`; `mixture` is lambda of the loss; every number of `bits` is trained at, weights
    and activations alike, with every seed.
    """

    dataset: str = "digits"
    image: tuple[int, int] = (1, 32)
    depth: int = 1
    channels: tuple[int, ...] = (16, 32, 64)
    stem_stride: int = 4
    widths: tuple[float, ...] = WIDTHS
    bits: tuple[int, ...] = (8, 16)
    seeds: tuple[int, ...] = (0, 1, 2)
    mixture: float = 0.5
    epochs: int = 10
    batch: int = 64
    rate: float = 5e-3
    shift: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", checked_widths(self.widths))
        if self.depth < 1 or not self.channels or min(self.channels) < 1 or self.stem_stride < 1:
            raise EstimateError(
                f"{self.depth} blocks of {self.channels} channels behind a stem of stride "
                f"{self.stem_stride} are no network; give whole numbers above 0"
            )
        largest = (self.depth, self.stem_stride, *self.image, *self.channels, *self.bits)
        if max(largest) > LARGEST or len(self.channels) > LARGEST_STAGES or min(self.image) < 1:
            raise EstimateError(
                f"sizes of the network are from 1 to {LARGEST}, in {LARGEST_STAGES} stages at most"
            )
        if not self.bits or not self.seeds:
            raise EstimateError("nothing is trained without bits and seeds; give one of each")
        if self.image[1] % (self.stem_stride << len(self.channels) - 1):
            raise EstimateError(
                f"images of {self.image[1]} x {self.image[1]} are not halved "
                f"{len(self.channels) - 1} times behind a stem of stride {self.stem_stride}; "
                "give fewer stages or a smaller stride"
            )

    def network(self, width: float = 1.0) -> Network:
        """The layers at a width."""
        blocks = 2 * self.depth * len(self.channels) + 2
        whole = residual_network(
            self.depth,
            self.channels,
            image=self.image,
            stem_stride=self.stem_stride,
            name=f"resnet{blocks}",
        )
        return narrowed(whole, width)

    def file(self, bits: int) -> str:
        """Name of the file with the widths at so many bits, of the first seed."""
        return f"w{bits}a{bits}.onnx"


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of accuracies over seeds [1]."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Of one value the deviation is not known: NaN."""
        return cls(mean(values), stdev(values) if len(values) > 1 else float("nan"))


@dataclass(frozen=True)
class Trial:
    """Accuracies [1] of one seed by width: trained together, and each width trained alone.

    `together` and `alone` are of the test images, `learnt` of those learnt, trained together.
    """

    bits: int
    seed: int
    together: dict[float, float]
    learnt: dict[float, float]
    alone: dict[float, float]


@dataclass(frozen=True)
class Record:
    """What training gave, beside the files of the first seed."""

    setting: Setting
    learnt_images: int
    tested_images: int
    trials: tuple[Trial, ...]

    def spread(self, bits: int, width: float, kind: str) -> Spread:
        """Accuracy over seeds; `kind` is a field of Trial."""
        found = [getattr(one, kind)[width] for one in self.trials if one.bits == bits]
        return Spread.of(found)

    def to_dict(self) -> dict[str, Any]:
        """The content of the record's file."""
        return {"format": FORMAT, **asdict(self)}

    def write(self, folder: Path) -> None:
        """Write the record beside its networks."""
        text = json.dumps(self.to_dict(), indent=1) + "\n"
        (folder / RECORD).write_text(text, encoding="utf-8")


def read_record(folder: Path = SHIPPED) -> Record:
    """The record in a folder that the study's training wrote.

    Raises EstimateError where there is none.
    """
    path = folder / RECORD
    try:
        content = read_json(path, "record of this study", error=EstimateError)
        if content.pop("format") != FORMAT:
            raise KeyError
        record: Record = typed(content, Record, str(path), EstimateError)
        for one in record.trials:
            for shares in (one.together, one.learnt, one.alone):
                if set(shares) != set(record.setting.widths):
                    raise KeyError
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise EstimateError(
            f"{path} is no record of this study ({short(str(error))}); "
            f"mramcim study adaptive --train {folder} makes it"
        ) from None
    return record
