"""`mramcim study pruning`: tiles of weights pruned as sub-arrays hold them, and ternary weights."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import naming
from mramcim.arguments import add_json, seed, whole
from mramcim.columns import aligned
from mramcim.errors import CommandError
from mramcim.images import SETS, add_image_options, asked_images
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.progress import Progress as Bar
from mramcim.progress import add_quiet

if TYPE_CHECKING:
    from accelerator.pruning.ablation import ArmResult
    from accelerator.pruning.record import Record, Spread

SUMMARY = "prune what a sub-array holds as a whole, with ternary weights: accuracy, size, costs"

_RECIPE = (
    ("blocks", whole, "residual blocks of each stage; 3 are ResNet-20"),
    ("channels", whole, "of the first stage"),
    ("rows", whole, "of the sub-arrays whose tiles are the groups"),
    ("columns", whole, "of these sub-arrays"),
    ("activation-bits", whole, "between the layers"),
    ("rounds", whole, "times that a share of the groups is pruned"),
    ("warm-epochs", whole, "of the dense network"),
    ("penalty-epochs", whole, "with the penalty, in each round"),
    ("fine-epochs", whole, "after pruning"),
    ("rate", float, "Adam's at the start for the dense network"),
    ("penalty-rate", float, "the same with the penalty"),
    ("fine-rate", float, "the same after pruning"),
    ("batch", whole, "images of one step"),
    ("shift", whole, "pixels by which images are moved about"),
    ("penalty", float, "weight of the group lasso"),
    ("clip", float, "norm over its layer's mean above which a group feels no penalty"),
    ("share", float, "of the groups that is pruned in a round"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the study takes; what is left out gets the library's own default."""
    parser.add_argument(
        "--from", dest="folder", metavar="FOLDER", help="networks of --train (default: shipped)"
    )
    parser.add_argument("--lut", metavar="FILE.h5", help="table (default: the reference)")
    group = parser.add_argument_group("training (needs PyTorch)")
    group.add_argument("--train", metavar="FOLDER", help="train all anew and write the files there")
    group.add_argument("--dataset", default="digits", metavar="NAME", help=SETS)
    group.add_argument(
        "--seeds", type=seed, nargs="+", default=[0, 1, 2], metavar="N", help="default: 0 1 2"
    )
    group.add_argument(
        "--wide-ends", action="store_true",
        help="8 bits for the first and last layer where the others are ternary",
    )  # fmt: skip
    suppressed: Any = argparse.SUPPRESS
    for name, kind, what in _RECIPE:
        group.add_argument(f"--{name}", type=kind, metavar="N", default=suppressed, help=what)
    add_image_options(group)  # type: ignore[arg-type]
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train if asked to, then print accuracy, compression and costs of every arm."""
    check_outputs({"--json": arguments.json}, [arguments.lut])
    folder = arguments.folder
    if arguments.train is not None:
        if folder is not None:
            raise CommandError("--train writes the networks that are shown; leave out --from")
        folder = arguments.train
        _train(arguments, Path(folder))
    elif given := [name for name, _, _ in _RECIPE if name.replace("-", "_") in arguments]:
        raise CommandError(f"--{given[0]} is how networks are trained; give --train FOLDER too")

    from accelerator.errors import EstimateError
    from accelerator.pruning.ablation import ablation
    from accelerator.pruning.record import read_record
    from lut import TableError

    record = read_record(None if folder is None else Path(folder))
    with naming(record.folder, EstimateError, TableError):
        results = ablation(record, arguments.lut)
    if arguments.json is not None:
        content = {key: value for key, value in record.content.items() if key != "images"}
        write_json(arguments.json, content | {"arms": [result.to_dict() for result in results]})
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(_text(record, results))
    return 0


def _train(arguments: argparse.Namespace, folder: Path) -> None:
    from accelerator.pruning.recipe import ARMS, PruningRecipe

    if not folder.is_dir():
        raise CommandError(f"--train '{folder}' is no folder; make it first")
    names = [entry.name for entry in fields(PruningRecipe)]
    given = {name: getattr(arguments, name) for name in names if name in arguments}
    recipe = PruningRecipe(**given, ends_like_others=not arguments.wide_ends)

    from accelerator.training.errors import need_torch

    need_torch()

    from accelerator.pipeline import open_table
    from accelerator.pruning.ablation import pruning_array
    from accelerator.training.pruning_study import train_study

    learnt = asked_images(arguments, arguments.dataset, "train")
    tested = asked_images(arguments, arguments.dataset, "test")
    array = pruning_array(recipe.rows, recipe.columns, open_table(arguments.lut))
    phases = recipe.rounds * recipe.penalty_epochs + recipe.fine_epochs
    total = len(arguments.seeds) * (recipe.warm_epochs + len(ARMS) * phases)
    done = 0
    with Bar("epoch", quiet=arguments.quiet) as bar:

        def told(_name: str, _progress: object) -> None:
            nonlocal done
            done += 1
            bar(done, total)

        train_study(folder, learnt, tested, recipe, array, arguments.seeds, told)


def _text(record: Record, results: tuple[ArmResult, ...]) -> str:
    content, recipe = record.content, record.recipe
    lines = [
        f"{content['network']}, {recipe.channels} channels at first, {content['dataset']}: "
        f"{content['tested']} test images, seeds {', '.join(map(str, content['seeds']))}; "
        f"groups are the tiles of sub-arrays of {recipe.rows} x {recipe.columns}",
        "",
        aligned(
            ("", "accuracy %", "structured", "total", "tiles left"),
            [
                (
                    one.arm.told,
                    _percent(one.accuracy),
                    _rate(one.structured),
                    _rate(one.total),
                    f"{one.compression.kept_groups} of {one.compression.groups}",
                )
                for one in results
            ],
            numbers=4,
        ),
        "",
        f"an image of the networks of seed {content['seeds'][0]} on sub-arrays, and their ANDs as "
        "additions and products on an FPGA:",
        "",
        aligned(
            ("", "uJ", "all tiles", "us", "mm2", "all tiles", "sub-arrays", "ANDs/M", "FPGA uJ",
             "cycles", "skipped", "LUTs", "DSPs"),
            [_costs(one) for one in results],
            numbers=12,
        ),
        "",
        "structured: weights over those in tiles that are left; total: 32 bits of each over the "
        "bits stored. all tiles: empty ones made and sensed too",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _costs(one: ArmResult) -> tuple[str, ...]:
    report, fpga = one.report, one.fpga
    return (
        one.arm.told,
        f"{report.energy * 1e6:.3f}",
        f"{one.without_skipping.energy * 1e6:.3f}",
        f"{report.latency * 1e6:.1f}",
        f"{report.area * 1e6:.3f}",
        f"{one.without_skipping.area * 1e6:.3f}",
        str(report.subarrays),
        f"{report.and_operations / 1e6:.2f}",
        f"{fpga.energy * 1e6:.3f}",
        str(fpga.cycles),
        str(fpga.skipped_cycles),
        str(fpga.look_up_tables),
        str(fpga.dsp_slices),
    )


def _percent(values: Spread) -> str:
    spread = "" if values.deviation is None else f" +- {values.deviation * 100:.2f}"
    return f"{values.mean * 100:.2f}{spread}"


def _rate(values: Spread) -> str:
    spread = "" if values.deviation is None else f" +- {values.deviation:.2f}"
    return f"{values.mean:.2f}{spread}"
