"""How often a network on sub-arrays is right: over images, wrong ANDs and what is not known.

`score` gives a share its interval, `curve` runs a network under one condition after another.
"""

from accelerator.accuracy.curve import AccuracyPoint, accuracy_curve
from accelerator.accuracy.labelled import Images, Labelled, as_labels, fitted, shaped
from accelerator.accuracy.score import Score, right_answers, score

__all__ = [
    "AccuracyPoint",
    "Images",
    "Labelled",
    "Score",
    "accuracy_curve",
    "as_labels",
    "fitted",
    "right_answers",
    "score",
    "shaped",
]
