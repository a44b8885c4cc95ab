"""Intervals for what a simulation estimates, and the rule by which an estimate agrees with a statement."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

LEVEL = 0.95
"""Coverage of every interval reported."""

SIGMAS = 3.0
"""An estimate agrees with a statement that lies within this many standard errors of it."""


def wilson(successes: float, draws: int, level: float = LEVEL) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927): never leaves [0, 1], right at 0 and at `draws`.

    Parameters
    ----------
    successes, draws : float and int
        Counts, `0 <= successes <= draws`, `draws >= 1`; successes need not be whole where a share is an average.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(7780, 10_000)]
    [0.7697, 0.786]
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / draws
    centre = share + z * z / (2 * draws)
    half = z * sqrt(share * (1 - share) / draws + z * z / (4 * draws * draws))
    scale = 1 + z * z / draws
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == draws else (centre + half) / scale
    return low, high


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean of independent values and its standard error.

    Parameters
    ----------
    values : sequence of float
        At least two values.

    Returns
    -------
    tuple of float
        Mean, and sample standard deviation over the root of the count.
    """
    n = len(values)
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    return mean, sqrt(variance / n)


def around(mean: float, error: float, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a mean by the normal law: `mean` plus and minus the quantile times `error`."""
    half = NormalDist().inv_cdf(0.5 + level / 2) * error
    return mean - half, mean + half


def proportion_error(share: float, draws: int) -> float:
    """Standard error of a proportion, with half a success and half a failure added so as never to be 0."""
    smoothed = (share * draws + 0.5) / (draws + 1)
    return sqrt(smoothed * (1 - smoothed) / draws)


def agrees(ours: float, error: float, theirs: float, their_error: float = 0.0) -> bool:
    """Whether two numbers differ by no more than `SIGMAS` joint standard errors.

    Parameters
    ----------
    ours, theirs : float
        The two numbers.
    error, their_error : float
        Their standard errors; 0 for a closed form.
    """
    return abs(ours - theirs) <= SIGMAS * sqrt(error * error + their_error * their_error)
