"""How sure a number from many runs is.

Runs form a table with a row a point of the design and a column a seed. With common random numbers every point meets
the same seeds, so that runs of one seed are alike; whoever counts all runs as independent is too sure of himself.
The bootstrap here draws points and seeds apart (A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics
1 (2007) 386-411), points only where the design drew them at random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from experiments.reproductions.intervals import LEVEL

Floats = NDArray[np.float64]
DRAWS = 500


class Estimate(NamedTuple):
    """A number and its interval.

    Parameters
    ----------
    value : float
        The estimate.
    low, high : float
        Ends of the interval; not a number where runs are too few to tell.
    """

    value: float
    low: float
    high: float


def mean_of(values: Floats, level: float = LEVEL) -> Estimate:
    """Mean of independent values with Student's t interval.

    Parameters
    ----------
    values : array, shape (n,)
        At least one; the interval needs two.
    level : float
        Coverage, between 0 and 1.

    Examples
    --------
    >>> [round(x, 3) for x in mean_of(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(mean, np.nan, np.nan)
    half = float(student.ppf(0.5 + level / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return Estimate(mean, mean - half, mean + half)


def independent_draws(shape: tuple[int, int], points_drawn: bool) -> int:
    """How many independent draws a table of runs holds at best: its seeds, or its points if they are more.

    Parameters
    ----------
    shape : tuple of int
        Points and seeds.
    points_drawn : bool
        Whether the design drew the points at random; those of a grid are no sample.
    """
    points, seeds = shape
    return max(points, seeds) if points_drawn else seeds


def bootstrap(
    values: Floats,
    statistic: Callable[[Floats], Floats],
    *,
    points_drawn: bool,
    draws: int = DRAWS,
) -> Floats:
    """A statistic of the table with its points and seeds drawn again.

    Parameters
    ----------
    values : array, shape (points, seeds)
        Runs; NaN where one is missing.
    statistic : callable
        Of a table of the same shape, to an array of a fixed shape.
    points_drawn : bool
        Whether points are drawn again too.
    draws : int
        How often.

    Returns
    -------
    array, shape (draws, ...)
        With the same draws for the same shape of table.
    """
    points, seeds = values.shape
    rng = np.random.default_rng(0)
    rows = rng.integers(0, points, (draws, points)) if points_drawn else np.tile(np.arange(points), (draws, 1))
    columns = rng.integers(0, seeds, (draws, seeds))
    return np.array([statistic(values[np.ix_(r, c)]) for r, c in zip(rows, columns, strict=True)])


def percentile_interval(resampled: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Interval between percentiles of resampled statistics, along the first axis."""
    tail = 50.0 * (1.0 - level)
    low, high = np.nanpercentile(resampled, [tail, 100.0 - tail], axis=0)
    return low, high
