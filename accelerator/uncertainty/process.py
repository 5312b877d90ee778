"""Prices between the corners of the process.

A corner is a chip whose n and p transistors are all slow or all fast, taken to stand at a number
of standard deviations. Between the five corners the logarithm of a price is

    f(n, p) = f0 + a n + b p + c n p + d (n^2 + p^2) / 2

with n and p in units of a corner, which is exact at all five; where a price changes sign the
price itself takes the place of its logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
CORNERS = ("tt", "ff", "ss", "fs", "sf")
"""Speed of n, then of p: "fs" has fast n and slow p transistors."""


class ProcessSpread:
    """All prices as functions of the speed of n and p transistors.

    figures: of each of CORNERS, its prices by name.
    """

    def __init__(self, figures: Mapping[str, Mapping[str, float]]) -> None:
        self._names = tuple(figures["tt"])
        table = np.array([[figures[corner][name] for name in self._names] for corner in CORNERS])
        self._logarithmic = (table > 0).all(axis=0)
        values = np.where(self._logarithmic, np.log(np.where(table > 0, table, 1.0)), table)
        tt, ff, ss, fs, sf = values
        self._weights = np.stack(
            [
                tt,
                (ff + fs - ss - sf) / 4,
                (ff + sf - ss - fs) / 4,
                (ff + ss - fs - sf) / 4,
                (ff + ss + fs + sf) / 4 - tt,
            ]
        )

    def at(self, n: Samples, p: Samples) -> dict[str, Samples]:
        """All prices at speeds in units of a corner, each of the samples' shape."""
        basis = np.stack([np.ones_like(n), n, p, n * p, (n**2 + p**2) / 2])
        values = self._weights.T @ basis
        values[self._logarithmic] = np.exp(values[self._logarithmic])
        return dict(zip(self._names, values, strict=True))
