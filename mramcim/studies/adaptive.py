"""`mramcim study adaptive`: one mapped set of weights at several widths, chosen at run time."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from mramcim.arguments import add_json, positive_count, whole
from mramcim.errors import CommandError
from mramcim.images import SETS, asked_images
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json
from mramcim.progress import Progress, add_quiet

SUMMARY = "a network whose width is chosen while it runs: accuracy, energy, latency by width"


def _numbers(kind: type[int] | type[float]) -> Any:
    def read(text: str) -> tuple[int | float, ...]:
        try:
            return tuple(kind(part) for part in text.split(","))
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers like 1,2") from None

    return read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the study takes; what is left out of the training gets its own default."""
    parser.add_argument(
        "--networks", metavar="FOLDER", help="what --train wrote (default: what is shipped)"
    )
    parser.add_argument("--lut", metavar="TABLE.h5", help="a table (default: the one shipped)")
    parser.add_argument(
        "--count",
        type=positive_count,
        metavar="N",
        help="test images of the mean one that is costed (default: 36)",
    )
    parser.add_argument("--plot", metavar="F", help="draw accuracy and energy against the width")
    parser.add_argument(
        "--train", metavar="FOLDER", help="train anew and write the files there (needs PyTorch)"
    )
    parser.add_argument(
        "--data", metavar="FOLDER", help="where the files of a data set are that is not embedded"
    )
    suppressed: Any = argparse.SUPPRESS
    for name, kind, what in (
        ("dataset", str, f"{SETS} (default: digits)"),
        ("depth", whole, "blocks of a stage (default: 1)"),
        ("channels", _numbers(int), "of the stages (default: 16,32,64)"),
        ("stem-stride", whole, "of the first convolution (default: 4)"),
        ("widths", _numbers(float), "shares of the channels (default: 0.25,0.5,0.75,1)"),
        ("bits", _numbers(int), "of weights and activations (default: 8,16)"),
        ("seeds", _numbers(int), "one training each (default: 0,1,2)"),
        ("mixture", float, "lambda: the teacher's share of the loss (default: 0.5)"),
        ("epochs", whole, "passes through the images (default: 10)"),
        ("batch", whole, "images of one step (default: 64)"),
        ("rate", float, "Adam's rate at the start (default: 0.005)"),
        ("shift", whole, "pixels by which images are moved about (default: 2)"),
    ):
        parser.add_argument(f"--{name}", type=kind, metavar="N", default=suppressed, help=what)
    add_quiet(parser)
    add_json(parser)


def _trained(arguments: argparse.Namespace) -> Path:
    """Train into the folder that was named."""
    from accelerator.adaptive.setting import Setting
    from accelerator.datasets import load_dataset
    from accelerator.training.errors import need_torch

    need_torch()
    from accelerator.training.adaptive_study import train_study

    folder = Path(arguments.train)
    if not folder.is_dir():
        raise CommandError(f"the folder --train '{folder}' does not exist; make it first")
    dataset = getattr(arguments, "dataset", Setting().dataset)
    learnt, tested = (load_dataset(dataset, part, arguments.data) for part in ("train", "test"))
    asked = {entry.name: vars(arguments)[entry.name] for entry in fields(Setting)
             if entry.name in arguments}  # fmt: skip
    setting = Setting(**asked, image=(learnt.codes.shape[1], 32))
    with Progress("network", quiet=arguments.quiet) as bar:
        train_study(setting, learnt, tested, folder, bar)
    return folder


def run(arguments: argparse.Namespace) -> int:
    """Train where that was asked for, then run, cost and print every width."""
    check_outputs({"--json": arguments.json, "--plot": arguments.plot}, [arguments.lut])

    from accelerator.adaptive.costing import network_costs
    from accelerator.adaptive.narrowing import narrowed
    from accelerator.adaptive.render import render_study
    from accelerator.adaptive.setting import SHIPPED, read_record
    from accelerator.adaptive.study import IMAGES, as_dict, study
    from accelerator.networks import load_network
    from accelerator.pipeline import open_table

    folder = Path(arguments.networks or SHIPPED)
    if arguments.train is not None:
        folder = _trained(arguments)
    setting = read_record(folder).setting
    arguments.count = arguments.count or IMAGES
    tested = asked_images(arguments, setting.dataset, "test")
    table = open_table(arguments.lut)
    record, results = study(tested, folder=folder, table=table)
    bits = min(setting.bits)
    networks = {}
    for name in ("resnet18", "resnet50"):
        widths = {width: narrowed(load_network(name), width) for width in setting.widths}
        networks[name] = network_costs(widths, bits, table)
    if arguments.plot is not None:
        from accelerator.adaptive.plot import save_plot

        write_file(arguments.plot, lambda path: save_plot(results, path))
    if arguments.json is not None:
        content = as_dict(record, results, networks)
        write_json(arguments.json, {"images": len(tested.labels), **content})
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(render_study(record, results, networks))
    return 0
