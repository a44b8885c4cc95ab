"""The probability of a crisis from a few signs together, and whether it says what it means.

A logistic regression with a ridge (Hoerl and Kennard 1970; Le Cessie and van Houwelingen 1992), fitted by Newton's
method; how strong the ridge is, worlds left out of the fit decide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.intervals import Estimate
from experiments.risk.statistics import NOTHING, brier, deciles, ends, share
from experiments.signals.roc import Sample, drawn

Floats = NDArray[np.float64]
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)  # of the squared weights of standardised signs
FOLDS = 5  # of worlds
FARTHEST = 3.0  # standard deviations beyond which a sign is not read
STEPS, CLOSE = 50, 1e-10
GROUPS = 5  # of months by probability


class Fit(NamedTuple):
    """Weights of standardised signs, the constant first; mean and standard deviation of each; the ridge."""

    weights: Floats
    middle: Floats
    spread: Floats
    penalty: float


class Bin(NamedTuple):
    """Months of like probability: what was said on average, what happened, how many months."""

    said: float
    happened: Estimate
    months: int


def standardise(rows: Floats, middle: Floats, spread: Floats) -> Floats:
    """Signs in standard deviations, at most `FARTHEST`; what is missing is at the mean.

    Parameters
    ----------
    rows : array, shape (..., signs)
    middle, spread : array, shape (signs,)
    """
    z = (np.asarray(rows, float) - middle) / spread
    found: Floats = np.clip(np.where(np.isnan(z), 0.0, z), -FARTHEST, FARTHEST)
    return found


def newton(z: Floats, happened: Floats, penalty: float) -> Floats:
    """Weights of a logistic regression with a ridge on all but the constant.

    Parameters
    ----------
    z : array, shape (rows, signs)
    happened : array, shape (rows,)
        0 or 1.
    penalty : float
        Half of it times the sum of squared weights is taken off the log likelihood; above zero.

    Returns
    -------
    array, shape (1 + signs,)
    """
    x = np.column_stack([np.ones(len(z)), z])
    ridge = np.full(x.shape[1], penalty)
    ridge[0] = 1e-6  # so that a sample in which it happens always or never has a constant
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = logistic(x @ weights)
        slope = x.T @ (happened - p) - ridge * weights
        step = np.linalg.solve((x * (p * (1.0 - p))[:, None]).T @ x + np.diag(ridge), slope)
        weights = weights + np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < CLOSE:
            break
    return weights


def logistic(odds: Floats) -> Floats:
    """Probability of log odds."""
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -40.0, 40.0)))
    return found


def fit(rows: Floats, s: Sample) -> Fit:
    """Fit the probability of being struck to worlds.

    Parameters
    ----------
    rows : array, shape (worlds, months + 1, signs)
    s : Sample
        Of the same worlds.
    """
    judged = s.struck | s.quiet
    worlds = np.repeat(np.arange(len(rows)), judged.sum(axis=1))
    happened = s.struck[judged].astype(float)
    taken = rows[judged]
    middle = np.nan_to_num(np.nanmean(taken, axis=0))
    spread = np.nan_to_num(np.nanstd(taken, axis=0))
    spread = np.where(spread > 1e-12, spread, 1.0)
    z = standardise(taken, middle, spread)
    fold = _folds(worlds, s.struck.any(axis=1))
    scores = []
    for penalty in PENALTIES:
        surprise = 0.0
        for k in range(FOLDS):
            out = fold == k
            if not out.any() or out.all():
                continue
            w = newton(z[~out], happened[~out], penalty)
            p = np.clip(logistic(w[0] + z[out] @ w[1:]), 1e-9, 1.0 - 1e-9)
            surprise -= float((happened[out] * np.log(p) + (1.0 - happened[out]) * np.log(1.0 - p)).sum())
        scores.append(surprise)
    best = PENALTIES[len(scores) - 1 - int(np.argmin(scores[::-1]))]  # of equals, the strongest
    return Fit(newton(z, happened, best), middle, spread, best)


def _folds(worlds: NDArray[np.int64], struck: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Fold of each row; worlds with and without a crisis are dealt out evenly."""
    place = np.zeros(len(struck), np.int64)
    for kind in (True, False):
        mine = np.flatnonzero(struck == kind)
        place[mine] = np.arange(len(mine)) % FOLDS
    return place[worlds]


def probability(f: Fit, rows: Floats) -> Floats:
    """Probability of a crisis within the horizon; rows of signs along the last axis."""
    return logistic(f.weights[0] + standardise(rows, f.middle, f.spread) @ f.weights[1:])


def reliability(said: Floats, s: Sample) -> list[Bin]:
    """Months in groups of like probability: what was said, and what happened with its interval (worlds as clusters)."""
    judged = s.struck | s.quiet
    if not judged.any():
        return []
    worlds = np.repeat(np.arange(len(said)), judged.sum(axis=1))
    p, happened = said[judged], s.struck[judged].astype(float)
    tenth = deciles(p)
    group = tenth * GROUPS // (int(tenth.max()) + 1)
    found = []
    for k in range(GROUPS):
        mine = group == k
        if mine.any():
            counts = np.bincount(worlds[mine], happened[mine], minlength=len(said))
            numbers = np.bincount(worlds[mine], minlength=len(said)).astype(float)
            found.append(Bin(float(p[mine].mean()), share(counts, numbers), int(mine.sum())))
    return found


def skill(said: Floats, s: Sample, base: float) -> Estimate:
    """Brier skill score against always saying a base rate: 1 is perfect, 0 or less is no better (worlds drawn again).

    Parameters
    ----------
    said : array, shape (worlds, months + 1)
    s : Sample
    base : float
        The share of struck months in the worlds that made the probability.
    """
    judged = s.struck | s.quiet
    ours = np.where(judged, (said - s.struck) ** 2, 0.0).sum(axis=1)
    theirs = np.where(judged, (base - s.struck) ** 2, 0.0).sum(axis=1)
    if theirs.sum() <= 0.0:
        return NOTHING
    count = drawn(len(said))
    with np.errstate(divide="ignore", invalid="ignore"):
        again = 1.0 - (count @ ours) / (count @ theirs)
    return Estimate(float(1.0 - ours.sum() / theirs.sum()), *ends(again))


def score(said: Floats, s: Sample) -> float:
    """Brier score over all months judged."""
    judged = s.struck | s.quiet
    return brier(said[judged], s.struck[judged].astype(float)) if judged.any() else float("nan")
