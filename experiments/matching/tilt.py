"""Kept draws weighed so that together they default as often as borrowers do.

How often borrowers default is known over many firms and years, not of one world: it binds the draws together and not
each. Among all weights under which the mean default rate of the kept draws is the asked one, those are taken that are
nearest to equal ones, with the least relative entropy: ``w ~ exp(l x)``, x the default rate of a draw (weighted Monte
Carlo; Avellaneda, Buff, Friedman, Grandchamp, Kruk and Newman 2001, International Journal of Theoretical and Applied
Finance 4). The table of worlds has as many rows as draws are kept, each draw as often as its weight says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from experiments.analysis.intervals import Floats
from experiments.risk.asked import targets

STEEPEST = 50.0  # of the exponent over the spread of x: beyond it one draw has all the weight


def asked_rate() -> float:
    """The mean default rate asked for (% a year): the middle, in roots, of the range in which it is to lie."""
    row = targets()["rate"]
    return (0.5 * (float(row["low"]) ** 0.5 + float(row["high"]) ** 0.5)) ** 2


def weights(x: Floats, mean: float) -> Floats:
    """Weights nearest to equal ones under which x has a mean, shape (draws,); their sum is 1.

    Where no weights make that mean, those that come nearest of the form above.

    Examples
    --------
    >>> w = weights(np.array([0.0, 1.0, 5.0]), 3.0)
    >>> round(float(w @ [0.0, 1.0, 5.0]), 6), round(float(w.sum()), 6)
    (3.0, 1.0)
    """
    spread = float(x.std())
    if spread == 0.0:
        return np.full(len(x), 1.0 / len(x))
    scaled = (x - x.mean()) / spread

    def at(steepness: float) -> Floats:
        exponent = steepness * scaled
        found = np.exp(exponent - exponent.max())
        return found / found.sum()

    def off(steepness: float) -> float:
        return float(at(steepness) @ x) - mean

    if off(STEEPEST) <= 0.0:
        return at(STEEPEST)
    if off(-STEEPEST) >= 0.0:
        return at(-STEEPEST)
    return at(float(optimize.brentq(off, -STEEPEST, STEEPEST, xtol=1e-12)))


def drawn_as_often(w: Floats) -> NDArray[np.int64]:
    """Rows of the draws, each as often as its weight says, as many as there are draws: mixed, so that any part of the
    rows has draws of all kinds.

    Systematic resampling: a draw of weight w comes ``w n`` times, rounded up or down.
    """
    n = len(w)
    rows = np.searchsorted(np.cumsum(w), (np.arange(n) + 0.5) / n)
    return np.random.default_rng(0).permutation(np.minimum(rows, n - 1))


def effective(w: Floats) -> float:
    """How many draws of equal weight tell as much (Kish 1965)."""
    return float(1.0 / (w**2).sum())
