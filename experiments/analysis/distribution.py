"""How often an outcome is how bad: survival functions with bands, percentiles, chances."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from abm.errors import BadInput
from experiments.analysis.intervals import (
    Estimate,
    Floats,
    bootstrap,
    independent_draws,
    mean_of,
    percentile_interval,
)
from experiments.reproductions.intervals import LEVEL, wilson

MOST_VALUES = 2000  # through which a curve is drawn
WORST = 0.05  # the tail that `worst` averages


@dataclass(frozen=True)
class Survival:
    """The share of runs at or above each value.

    Parameters
    ----------
    at : array, shape (values,)
        Distinct outcomes, rising; at most `MOST_VALUES`.
    share, low, high : array, shape (values,)
        Share of runs with this outcome or more; a band that holds the whole true curve at the level of `LEVEL`.
    """

    at: Floats
    share: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Summary:
    """An outcome over runs.

    Parameters
    ----------
    runs : int
        Runs that it is made of.
    mean, median, high, worst : Estimate
        Mean; median; 95th percentile; mean of the highest 5 % (expected shortfall), with their intervals.
    """

    runs: int
    mean: Estimate
    median: Estimate
    high: Estimate
    worst: Estimate


def survival(values: Floats, *, points_drawn: bool) -> Survival:
    """Share of runs at or above each value, with a band for the whole curve.

    Of more values than `MOST_VALUES` as many equally frequent ones are kept, the least and the highest among them.

    The band is as wide as the bootstrap's (see `experiments.analysis.intervals`) largest gap between curves, and
    never narrower than that of as many independent draws as there are points or seeds (Dvoretzky, Kiefer and
    Wolfowitz, with the constant of P. Massart, Annals of Probability 18 (1990) 1269-1283).

    Parameters
    ----------
    values : array, shape (points, seeds)
        Outcomes; NaN where a run is missing.
    points_drawn : bool
        Whether the design drew its points at random.

    Returns
    -------
    Survival

    Raises
    ------
    BadInput
        If no run is left.
    """
    at = np.unique(_present(values))
    if len(at) > MOST_VALUES:
        at = np.unique(np.quantile(_present(values), np.linspace(0.0, 1.0, MOST_VALUES), method="nearest"))

    def curve(table: Floats) -> Floats:
        drawn = np.sort(table[~np.isnan(table)])
        return 1.0 - np.searchsorted(drawn, at, side="left") / max(len(drawn), 1)

    share = curve(values)

    def gap(table: Floats) -> Floats:  # of a draw this alone is kept: a curve has a number for every run
        return np.asarray(np.abs(curve(table) - share).max())

    gaps = bootstrap(values, gap, points_drawn=points_drawn)
    draws = independent_draws(values.shape, points_drawn)
    half = max(float(np.quantile(gaps, LEVEL)), sqrt(log(2.0 / (1.0 - LEVEL)) / (2.0 * draws)))
    return Survival(at, share, np.maximum(share - half, 0.0), np.minimum(share + half, 1.0))


def summarise(values: Floats, *, points_drawn: bool) -> Summary:
    """Mean, median, 95th percentile and mean of the worst 5 %, with their intervals.

    That of the mean is Student's t (`experiments.analysis.intervals.mean_of`), which holds its level with few seeds;
    the others are the bootstrap's.

    Parameters
    ----------
    values, points_drawn
        As for `survival`.

    Returns
    -------
    Summary

    Raises
    ------
    BadInput
        If no run is left.
    """

    def numbers(table: Floats) -> Floats:
        drawn = table[~np.isnan(table)]
        if not len(drawn):
            return np.full(3, np.nan)
        middle, high = np.quantile(drawn, [0.5, 1.0 - WORST])
        return np.array([middle, high, drawn[drawn >= high].mean()])

    runs = len(_present(values))
    found = numbers(values)
    if independent_draws(values.shape, points_drawn) < 2:
        low = high = np.full(3, np.nan)
    else:
        low, high = percentile_interval(bootstrap(values, numbers, points_drawn=points_drawn))
    mean = mean_of(values, points_drawn=points_drawn).interval()
    return Summary(runs, mean, *(Estimate(*map(float, row)) for row in zip(found, low, high, strict=True)))


def chance(happened: Floats, *, points_drawn: bool) -> Estimate:
    """Probability of an event, from where it happened.

    Parameters
    ----------
    happened : array, shape (points, seeds)
        1 where it did, 0 where not, NaN where a run is missing.
    points_drawn : bool
        Whether the design drew its points at random.

    Returns
    -------
    Estimate
        The interval is the bootstrap's, and never narrower than Wilson's for as many independent draws as there are
        points or seeds.

    Raises
    ------
    BadInput
        If no run is left.
    """
    share = float(_present(happened).mean())
    draws = independent_draws(happened.shape, points_drawn)
    least = wilson(share * draws, draws)
    low, high = percentile_interval(bootstrap(happened, lambda t: np.array(np.nanmean(t)), points_drawn=points_drawn))
    return Estimate(share, min(float(low), least[0]), max(float(high), least[1]))


def _present(values: Floats) -> Floats:
    found = values[~np.isnan(values)]
    if not len(found):
        raise BadInput("no run with this outcome is left to describe")
    return found
