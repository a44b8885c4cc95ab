"""Shares, ratios and scores with intervals, where what happens in one run hangs together.

Intervals cover `LEVEL`. A share of firm-years is a Wilson interval at the effective number of firm-years, that is
their number over the design effect of runs as clusters, at least 1 (Korn and Graubard 1998, "Confidence intervals for
proportions with small expected number of positive counts estimated from survey data", Survey Methodology 24), so that
it is not empty where nothing happened. All else is a percentile bootstrap over runs (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from scipy.stats import t as student

from experiments.analysis.intervals import Estimate
from experiments.reproductions.intervals import LEVEL, wilson

Floats = NDArray[np.float64]
DRAWS = 1000
BLOCKS = 20  # of worlds, left out one after the other
SEED = 20251231  # of the resampling: the same page for the same runs
NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


def share(counts: Floats, numbers: Floats) -> Estimate:
    """A share of many trials, its runs being clusters.

    Parameters
    ----------
    counts, numbers : array, shape (runs,)
        Of each run: how many of how many.

    Returns
    -------
    Estimate
        Not numbers where there were no trials.
    """
    counts, numbers = np.asarray(counts, float), np.asarray(numbers, float)
    total = float(numbers.sum())
    if total <= 0.0:
        return NOTHING
    p = float(counts.sum()) / total
    effect = 1.0
    runs = int((numbers > 0.0).sum())
    if runs > 1 and 0.0 < p < 1.0:
        spread = float(((counts - p * numbers) ** 2).sum()) * runs / (runs - 1)
        effect = max(spread / (total * p * (1.0 - p)), 1.0)
    # Fewer than one effective trial says nothing either way.
    trials = max(total / effect, 1.0)
    low, high = _wilson(p, trials)
    return Estimate(p, low, high)


def _wilson(p: float, trials: float) -> tuple[float, float]:
    """Wilson's interval for a share of trials that need not be whole."""
    return wilson(p * trials, trials)  # type: ignore[arg-type]


def resampled(runs: int) -> NDArray[np.int64]:
    """Runs drawn with replacement, shape (`DRAWS`, runs); the same for the same number."""
    return np.random.default_rng(SEED).integers(0, runs, (DRAWS, runs))


def bootstrap(values: Floats, statistic: Callable[[Floats], float]) -> Estimate:
    """A statistic of one number a run, with its interval; runs without a number are left out."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        return NOTHING
    drawn = [statistic(values[rows]) for rows in resampled(len(values))]
    return Estimate(float(statistic(values)), *ends(drawn))


def mean(values: Floats) -> Estimate:
    """Mean of one number a run."""
    return bootstrap(values, lambda v: float(np.mean(v)))


def middle(values: Floats) -> Estimate:
    """Median of one number a run."""
    return bootstrap(values, lambda v: float(np.median(v)))


def ratio(above: Floats, below: Floats) -> Estimate:
    """Sum over sum of runs, with its interval; infinite where the sum below is zero.

    Parameters
    ----------
    above, below : array, shape (runs,)
    """
    above, below = np.asarray(above, float), np.asarray(below, float)
    if not len(above) or below.sum() <= 0.0:
        return NOTHING
    rows = resampled(len(above))
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = above[rows].sum(axis=1) / below[rows].sum(axis=1)
    return Estimate(float(above.sum() / below.sum()), *ends(drawn))


def ends(drawn: Floats | list[float]) -> tuple[float, float]:
    """Ends of the interval between percentiles of resampled statistics; what is no number among them is left out."""
    found = np.asarray(drawn, float)
    found = found[~np.isnan(found)]
    if not len(found):
        return float("nan"), float("nan")
    # Of order, so that an infinite draw spoils no interpolation.
    low, high = np.quantile(found, ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0), method="inverted_cdf")
    return float(low), float(high)


def probability(hazard: Floats, years: float = 1.0) -> Floats:
    """Probability that something of a constant yearly hazard happens within some years."""
    found: Floats = 1.0 - np.exp(-np.asarray(hazard, float) * years)
    return found


def deciles(values: Floats) -> NDArray[np.int64]:
    """Group of each value, 0 the lowest, up to ten of about the same size; equal values share a group.

    Examples
    --------
    >>> deciles(np.array([3.0, 1.0, 1.0, 2.0])).tolist()
    [2, 0, 0, 1]
    """
    edges = np.unique(np.quantile(values, np.arange(1, 10) / 10.0, method="inverted_cdf"))
    groups = np.searchsorted(edges, values, side="left")
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def brier(seen: Floats, happened: Floats) -> float:
    """Mean squared error of probabilities (Brier 1950); 0 is perfect."""
    return float(np.mean((np.asarray(seen) - np.asarray(happened)) ** 2))


def auc(seen: Floats, happened: Floats) -> float:
    """Chance that of two, one of which it happens to, that one was seen as the riskier; ties count half.

    The area under the receiver operating characteristic, by ranks (Mann and Whitney 1947). Not a number where it
    happens to all or to none.
    """
    struck = np.asarray(happened) > 0.0
    yes = int(struck.sum())
    no = len(struck) - yes
    if not yes or not no:
        return float("nan")
    ranks = rankdata(np.asarray(seen))
    return float((ranks[struck].sum() - yes * (yes + 1) / 2.0) / (yes * no))


def jackknife(worlds: NDArray[np.int64], count: int, score: Callable[[NDArray[np.int64]], float]) -> Estimate:
    """A score of many rows with its interval: worlds are left out a twentieth at a time (Quenouille 1956).

    Parameters
    ----------
    worlds : array of int, shape (rows,)
        Of each row.
    count : int
        How many worlds there are.
    score : callable
        Of numbers of rows.
    """
    rows = np.arange(len(worlds))
    whole = score(rows) if len(rows) else float("nan")
    blocks = min(BLOCKS, count)
    if blocks < 2 or np.isnan(whole):
        return Estimate(whole, float("nan"), float("nan"))
    left = np.array([score(rows[worlds % blocks != k]) for k in range(blocks)])
    if np.isnan(left).any():
        return Estimate(whole, float("nan"), float("nan"))
    error = float(np.sqrt((blocks - 1) / blocks * ((left - left.mean()) ** 2).sum()))
    half = float(student.ppf(0.5 + LEVEL / 2.0, blocks - 1)) * error
    return Estimate(whole, whole - half, whole + half)
