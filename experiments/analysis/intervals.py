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


class Mean(NamedTuple):
    """A mean and how sure it is.

    Parameters
    ----------
    value : float
        The mean.
    error : float
        Its standard error; not a number where runs are too few to tell.
    freedom : float
        Degrees of freedom of the error.
    """

    value: float
    error: float
    freedom: float

    def interval(self, level: float = LEVEL) -> Estimate:
        """The mean with Student's t interval."""
        from scipy.stats import t as student  # takes seconds to load, which most who need an `Estimate` can save

        half = float(student.ppf(0.5 + level / 2, self.freedom)) * self.error if self.error else self.error
        return Estimate(self.value, self.value - half, self.value + half)

    def p(self) -> float:
        """Probability of a mean at least as far from zero if the true one is zero (Student's t test)."""
        from scipy.stats import t as student

        if self.error == 0.0:
            return float(self.value == 0.0)
        return float(2.0 * student.sf(abs(self.value) / self.error, self.freedom))


def mean_of(values: Floats, *, points_drawn: bool) -> Mean:
    """Mean of a table of runs, and how sure it is in view of the luck of its seeds and of its points.

    The variance of the mean is that of the means by seed plus that of the means by point, each over its number: never
    too small, because luck that strikes one point and not the other counts in both. Degrees of freedom after
    F. E. Satterthwaite (Biometrics Bulletin 2 (1946) 110-114).

    Parameters
    ----------
    values : array, shape (points, seeds)
        At least one that is not missing (NaN).
    points_drawn : bool
        Whether the design drew the points at random. Points that it chose are taken as all that matter, unless there
        is one seed and nothing else to tell the spread from.

    Returns
    -------
    Mean

    Examples
    --------
    >>> [round(x, 3) for x in mean_of(np.array([[1.0, 2.0, 3.0]]), points_drawn=False).interval()]
    [2.0, -0.484, 4.484]
    """
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    by_seed, by_point = 0, 1
    found = []
    for axis in (by_seed, by_point) if points_drawn else (by_seed,) if values.shape[1] > 1 else (by_point,):
        counts = there.sum(axis=axis)
        means = filled.sum(axis=axis)[counts > 0] / counts[counts > 0]
        if len(means) > 1:
            found.append((float(means.var(ddof=1)) / len(means), len(means) - 1))
    value = float(filled.sum() / there.sum())
    if not found:
        return Mean(value, np.nan, np.nan)
    variance = sum(part for part, _ in found)
    weight = sum(part**2 / freedom for part, freedom in found)
    return Mean(value, float(np.sqrt(variance)), variance**2 / weight if weight else np.inf)


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
