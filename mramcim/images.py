"""Labelled images on the command line: which data set, from which folder, how many."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mramcim.arguments import positive_count

if TYPE_CHECKING:
    from accelerator.datasets import Dataset

NETWORK_HELP = "an ONNX file in QONNX, QCDQ or integer operators, or a shipped trained network"
SETS = "digits (embedded in scikit-learn), mnist, svhn, cifar10"


def add_image_options(parser: argparse.ArgumentParser) -> None:
    """Declare --data and --count."""
    parser.add_argument(
        "--data", metavar="FOLDER", help="where the files of a data set are that is not embedded"
    )
    parser.add_argument(
        "--count", type=positive_count, metavar="N", help="so many of the images (default: all)"
    )


def asked_images(arguments: argparse.Namespace, name: str, part: str) -> Dataset:
    """The images that were asked for."""
    from accelerator.datasets import load_dataset

    return load_dataset(name, part, arguments.data).first(arguments.count)
