"""When something happens, if it does: survival curves of runs that end before it came to all.

E. L. Kaplan and P. Meier, Journal of the American Statistical Association 53 (1958) 457-481. A run in which it never
happens says that it takes longer than the run does, and is counted as that: neither left out nor taken for the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.errors import BadInput
from experiments.analysis.distribution import chance
from experiments.analysis.intervals import (
    Estimate,
    Floats,
    bootstrap,
    independent_draws,
    mean_of,
    percentile_interval,
)
from experiments.reproductions.intervals import wilson


@dataclass(frozen=True)
class Duration:
    """The share of runs in which it has not happened yet, by time.

    Parameters
    ----------
    at : array, shape (times,)
        0 and every time at which it happened, rising.
    free, low, high : array, shape (times,)
        Share of runs free of it after that time, with its interval at the level of `LEVEL`.
    at_risk : array of int, shape (times,)
        Runs still free of it and not over just before that time.
    runs, happened : int
        All runs, and those in which it happened.
    ever : Estimate
        Share of runs in which it happened before they were over.
    mean : Estimate
        Mean time free of it until the longest run is over (restricted mean).
    """

    at: Floats
    free: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]
    runs: int
    happened: int
    ever: Estimate
    mean: Estimate

    def reached(self, share: float) -> float:
        """Time by which it has happened in this share of the runs; not a number if they end before."""
        there = np.flatnonzero(self.free <= 1.0 - share + 1e-12)
        return float(self.at[there[0]]) if len(there) else float("nan")


def free_after(at: Floats, times: Floats, happened: NDArray[np.bool_]) -> Floats:
    """Kaplan and Meier's estimate, as SciPy's `ecdf` has it, at given times (SciPy's is slow to do often).

    Parameters
    ----------
    at : array, shape (times,)
        Rising; every time at which it happened is among them.
    times : array, shape (runs,)
        When it happened, or when the run was over without it.
    happened : array of bool, shape (runs,)

    Returns
    -------
    array, shape (times,)

    Examples
    --------
    >>> free_after(np.array([2.0, 5.0]), np.array([2.0, 3.0, 5.0, 9.0]), np.array([True, False, True, False]))
    array([0.75 , 0.375])
    """
    came = np.bincount(np.searchsorted(at, times[happened]), minlength=len(at))[: len(at)]
    risk = len(times) - np.searchsorted(np.sort(times), at, side="left")
    found: Floats = np.cumprod(1.0 - came / np.maximum(risk, 1))
    return found


def duration(times: Floats, over: Floats, *, points_drawn: bool) -> Duration:
    """How long it takes until something happens.

    Intervals at each time are those of the bootstrap of points and seeds (`experiments.analysis.intervals`), and
    never narrower than Wilson's for as many independent runs as Greenwood's variance is worth (K. J. Rothman, Journal
    of Chronic Diseases 31 (1978) 557-560), counted by independent draws.

    Parameters
    ----------
    times : array, shape (points, seeds)
        When it happened, above 0; infinite where the run was over without it, NaN where the run is missing.
    over : array, shape (points, seeds)
        When each run was over; not before it happened.
    points_drawn : bool
        Whether the design drew the points at random.

    Returns
    -------
    Duration

    Raises
    ------
    BadInput
        If no run is left, or it happened after a run was over.
    """
    there = ~np.isnan(times)
    if not there.any():
        raise BadInput("no run is left to say when it happened")
    came = np.isfinite(times)
    if (times[came] > over[came]).any():
        raise BadInput("what happened in a run happened before the run was over")
    # One table for the bootstrap: times at which runs were over without it are below zero.
    table = np.where(there, np.where(came, times, -over), np.nan)
    at = np.unique(np.concatenate([[0.0], times[came]]))

    def curve(part: Floats) -> Floats:
        kept = part[~np.isnan(part)]
        return free_after(at, np.abs(kept), kept > 0.0) if len(kept) else np.full(len(at), np.nan)

    free = curve(table)
    low, high = percentile_interval(bootstrap(table, curve, points_drawn=points_drawn))
    ends = np.abs(table[there])
    risk = len(ends) - np.searchsorted(np.sort(ends), at, side="left")
    worth = _worth(at, risk, times[came], free) * independent_draws(times.shape, points_drawn) / there.sum()
    least = np.array([wilson(share * n, n) for share, n in zip(free, np.maximum(worth, 1e-9), strict=True)])
    low, high = np.minimum(low, least[:, 0]), np.maximum(high, least[:, 1])
    low[at == 0.0] = high[at == 0.0] = 1.0  # at the start it has not happened
    last = float(ends.max())
    lived = mean_of(np.where(there, np.minimum(np.where(came, times, last), last), np.nan), points_drawn=points_drawn)
    area = float(np.sum(np.diff(np.append(at, last)) * free))
    shift = area - lived.value  # of runs over before the last one
    interval = lived.interval()
    mean = Estimate(area, max(interval.low + shift, 0.0), min(interval.high + shift, last))
    ever = chance(np.where(there, came.astype(np.float64), np.nan), points_drawn=points_drawn)
    return Duration(at, free, low, high, risk, int(there.sum()), int(came.sum()), ever, mean)


def _worth(at: Floats, risk: NDArray[np.int64], came: Floats, free: Floats) -> Floats:
    """How many independent runs that all ended alike would tell as much, by M. Greenwood's variance (1926)."""
    deaths = np.bincount(np.searchsorted(at, came), minlength=len(at))
    left = risk - deaths
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.cumsum(np.where(left > 0, deaths / (risk * np.maximum(left, 1)), 0.0))
        found = (1.0 - free) / (free * grown)
    return np.where((free > 0.0) & (grown > 0.0), found, np.maximum(risk, 1).astype(np.float64))
