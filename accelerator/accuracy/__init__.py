"""How often a network on sub-arrays is right: over images, wrong ANDs and what is not known.

`score` gives a share its interval, `curve` runs a network under one condition after another.
"""

from accelerator.accuracy.curve import AccuracyPoint, accuracy_curve, fitted
from accelerator.accuracy.score import Score, right_answers, score

__all__ = ["AccuracyPoint", "Score", "accuracy_curve", "fitted", "right_answers", "score"]
