"""Images on the command line: a data set or files of one's own, their levels and labels."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import naming, read_npy
from mramcim.arguments import finite, positive_count
from mramcim.errors import CommandError

if TYPE_CHECKING:
    import numpy as np

    from accelerator.accuracy import Images
    from accelerator.datasets import Dataset

NETWORK_HELP = "an ONNX file in QONNX, QCDQ or integer operators, or a shipped trained network"
SETS = "digits (embedded in scikit-learn), mnist, svhn, cifar10"
_OWN = ("labels", "lowest", "highest", "input_bits", "input_scale")


def add_image_options(parser: argparse.ArgumentParser) -> None:
    """Declare --data and --count."""
    parser.add_argument(
        "--data", metavar="FOLDER", help="where the files of a data set are that is not embedded"
    )
    parser.add_argument(
        "--count", type=positive_count, metavar="N", help="so many of the images (default: all)"
    )


def add_images(parser: argparse.ArgumentParser) -> None:
    """Declare --images with its labels and levels, and --dataset in place of them."""
    images = parser.add_mutually_exclusive_group(required=True)
    images.add_argument(
        "--images",
        metavar="X.npy",
        help="images as NumPy saves them, in the shape of the network's input",
    )
    images.add_argument(
        "--dataset", metavar="NAME", help=f"test images with labels, to tell the accuracy: {SETS}"
    )
    add_image_options(parser)
    parser.add_argument(
        "--labels",
        metavar="Y.npy",
        help="classes of the images of --images, whole numbers from 0, to tell the accuracy",
    )
    parser.add_argument(
        "--highest",
        type=positive_count,
        metavar="N",
        help="the images of --images are whole numbers from 0 to N, which the network takes "
        "divided by N (255 for bytes); needed where the first layer has no quantizer before it",
    )
    parser.add_argument(
        "--lowest", type=_whole, metavar="N", help="and from N, which may be negative, to --highest"
    )
    parser.add_argument(
        "--input-bits",
        type=_width,
        metavar="B[:signed]",
        help="quantize the images of --images to so many bits before the network, which has no "
        "quantizer of its own there; 1:signed is -1 and 1",
    )
    parser.add_argument(
        "--input-scale",
        type=_scale,
        metavar="S[,Z]",
        help="the distance of two levels of --input-bits (default: 1), and the code of zero",
    )


def asked_images(arguments: argparse.Namespace, name: str, part: str) -> Dataset:
    """The images that were asked for."""
    from accelerator.datasets import load_dataset

    return load_dataset(name, part, arguments.data).first(arguments.count)


def images_or_dataset(arguments: argparse.Namespace) -> Dataset | Images:
    """What the options of `add_images` gave.

    Raises CommandError or EstimateError on options that contradict each other and on files that
    are no images or labels.
    """
    if arguments.images is None:
        if any(getattr(arguments, name) is not None for name in _OWN):
            raise CommandError(
                "--labels, --highest, --lowest, --input-bits and --input-scale are of --images; a "
                "--dataset knows its own levels"
            )
        return asked_images(arguments, arguments.dataset, "test")
    if arguments.data is not None or arguments.count is not None:
        raise CommandError("--data and --count choose images of a --dataset; give that too")
    if arguments.input_scale is not None and arguments.input_bits is None:
        raise CommandError("--input-scale is of --input-bits; give that too")
    images = _array(arguments.images, "images")
    labels = None if arguments.labels is None else _array(arguments.labels, "labels")

    from accelerator.accuracy import Images, Labelled, as_labels
    from accelerator.errors import EstimateError
    from accelerator.inference import InputQuantizer

    quantizer = None
    if arguments.input_bits is not None:
        quantizer = InputQuantizer(*arguments.input_bits, *(arguments.input_scale or (1.0, 0.0)))
    told: dict[str, Any] = {
        "name": Path(arguments.images).name,
        "images": images,
        "lowest": arguments.lowest or 0,
        "highest": arguments.highest,
        "quantizer": quantizer,
    }
    if labels is None:
        return Images(**told)
    with naming(Path(arguments.labels), EstimateError):
        return Labelled(**told, labels=as_labels(labels))


def _whole(text: str) -> int:
    """A whole number, negative ones too.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _width(text: str) -> tuple[int, bool]:
    bits, _, sign = text.partition(":")
    if not re.fullmatch(r"[0-9]{1,2}", bits) or sign not in ("", "signed", "unsigned"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bits, as 8 or 8:signed")
    return int(bits), sign == "signed"


def _scale(text: str) -> tuple[float, float]:
    scale, _, zero = text.partition(",")
    return finite(scale), finite(zero or "0")


def _array(name: str, what: str) -> np.ndarray[Any, Any]:
    found = read_npy(Path(name), f"file of {what}", CommandError)
    if found.ndim == 0 or found.size == 0:
        raise CommandError(f"{name} is not an array of {what} as NumPy's save writes them")
    return found
