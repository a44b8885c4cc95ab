"""Scenario discovery: the box of parameters in which the crisis happens.

The patient rule induction method (PRIM): J. H. Friedman and N. I. Fisher, "Bump hunting in high-dimensional data",
Statistics and Computing 9 (1999) 123-143; coverage, density and the quasi-p-value after B. P. Bryant and
R. J. Lempert, "Thinking inside the box", Technological Forecasting and Social Change 77 (2010) 34-49; the gain per
share of points removed, which treats categories fairly, after J. H. Kwakkel and M. Jaxa-Rozen, Environmental
Modelling & Software 79 (2016) 311-321.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from abm.errors import BadInput
from experiments.analysis.intervals import DRAWS, Estimate, percentile_interval

PEEL = 0.05  # share of the points in the box taken off a side at a time
LEAST_MASS = 0.05  # peeling ends before the box holds a smaller share of all points
SIGNIFICANCE = 0.05  # limits whose quasi-p-value is greater are dropped
RESAMPLES = 40

Columns = Mapping[str, NDArray[Any]]
"""The factors by name: numbers, or names of levels as text."""


@dataclass(frozen=True)
class Limit:
    """What a box allows of one factor.

    Parameters
    ----------
    low, high : float
        Both included; infinite where the side is free.
    levels : tuple of str, optional
        Levels allowed, for a categorical factor.
    """

    low: float = -np.inf
    high: float = np.inf
    levels: tuple[str, ...] | None = None

    def holds(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Where values of the factor, numbers or names of levels, are allowed."""
        if self.levels is not None:
            return np.isin(values, self.levels)
        return (values >= self.low) & (values <= self.high)


@dataclass(frozen=True)
class Box:
    """A region of the factors.

    Parameters
    ----------
    limits : dict of str to Limit
        Factors that are restricted.
    mass : float
        Share of all points inside.
    density : float
        Share of crises among the points inside.
    coverage : float
        Share of all crises that lie inside.
    """

    limits: dict[str, Limit]
    mass: float
    density: float
    coverage: float


@dataclass(frozen=True)
class Discovery:
    """What PRIM found.

    Parameters
    ----------
    box : Box
        The region: of all on the way, the one that best tells crises from the rest, cleared of chance limits.
    quasi_p : dict of str to float
        By restricted factor: probability of a density as high if this limit had no effect (binomial).
    found_again : dict of str to float
        By factor of the table: share of resamples of the points in which it is restricted too.
    path : tuple of Box
        Every box from the whole space to the smallest.
    base_rate : float
        Share of crises among all points.
    density, coverage : Estimate
        Those of the box with their intervals over other points, the box held where it is.
    """

    box: Box
    quasi_p: dict[str, float]
    found_again: dict[str, float]
    path: tuple[Box, ...]
    base_rate: float
    density: Estimate
    coverage: Estimate


def discover(factors: pd.DataFrame, crisis: NDArray[np.float64], *, resamples: int = RESAMPLES) -> Discovery:
    """Find the region of the factors in which crises concentrate.

    Parameters
    ----------
    factors : pandas.DataFrame
        One row a point, one column a factor; columns that are not numeric are categories. Best sampled at random
        (Latin hypercube, Sobol).
    crisis : array, shape (points,)
        Share of a point's runs that end in a crisis, 0 to 1.
    resamples : int
        Resamples of the points for `found_again`.

    Returns
    -------
    Discovery

    Raises
    ------
    BadInput
        If there are fewer than 20 points, lengths differ, or all points are crises or none is.
    """
    target = np.asarray(crisis, dtype=np.float64)
    if target.shape != (len(factors),) or len(factors) < 20:
        raise BadInput(f"scenario discovery needs 20 points or more and one value each, not {len(factors)}")
    if not (np.all(target >= 0.0) and np.all(target <= 1.0)):
        raise BadInput("scenario discovery needs shares from 0 to 1")
    if target.sum() == 0.0 or target.mean() == 1.0:
        raise BadInput(f"scenario discovery needs points with and without the crisis; {target.mean():.0%} have it")
    table = _columns(factors)
    path = tuple(_peel(table, target))
    box = _paste(table, target, max(path, key=lambda b: _told_apart(b, target.mean())))
    box = _without_chance(table, target, box)
    again = dict.fromkeys(table, 0)
    rng = np.random.default_rng(0)
    for _ in range(resamples):
        rows = rng.integers(0, len(target), len(target))
        drawn, base_rate = target[rows], float(target[rows].mean())
        if 0.0 < base_rate < 1.0:
            resampled = {name: values[rows] for name, values in table.items()}
            chosen = max(_peel(resampled, drawn), key=lambda b: _told_apart(b, base_rate))
            for name in _without_chance(resampled, drawn, chosen).limits:
                again[name] += 1
    return Discovery(
        box,
        {name: _quasi_p(table, target, box, name) for name in box.limits},
        {name: count / max(resamples, 1) for name, count in again.items()},
        path,
        float(target.mean()),
        *_sure(box, _inside(table, box.limits), target),
    )


def _sure(box: Box, inside: NDArray[np.bool_], crisis: NDArray[np.float64]) -> tuple[Estimate, Estimate]:
    """Density and coverage of a box, and their intervals with the points drawn again."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        weights = rng.multinomial(len(crisis), np.full(len(crisis), 1.0 / len(crisis)))
        caught, all_of_them, held = weights[inside] @ crisis[inside], weights @ crisis, weights[inside].sum()
        found.append((caught / held if held else np.nan, caught / all_of_them if all_of_them else np.nan))
    low, high = percentile_interval(np.array(found))
    density, coverage = zip((box.density, box.coverage), low, high, strict=True)
    return Estimate(*map(float, density)), Estimate(*map(float, coverage))


def _columns(factors: pd.DataFrame) -> Columns:
    """The columns as arrays of numbers or of text."""
    return {
        str(name): factors[name].to_numpy(np.float64 if pd.api.types.is_numeric_dtype(factors[name].dtype) else np.str_)
        for name in factors.columns
    }


def _quasi_p(factors: Columns, crisis: NDArray[np.float64], box: Box, name: str) -> float:
    """Probability of as many crises in the box as there are, if its limit on one factor had no effect.

    The upper tail of the binomial law with the density of the box that lacks this limit (Bryant and Lempert 2010).
    """
    others = {other: limit for other, limit in box.limits.items() if other != name}
    wider, inside = _inside(factors, others), _inside(factors, box.limits)
    hits = int(np.floor(crisis[inside].sum()))
    return float(binom.sf(hits - 1, int(inside.sum()), crisis[wider].mean()))


def _inside(factors: Columns, limits: Mapping[str, Limit]) -> NDArray[np.bool_]:
    found = np.ones(len(next(iter(factors.values()))), dtype=bool)
    for name, limit in limits.items():
        found &= limit.holds(factors[name])
    return found


def _box(limits: dict[str, Limit], inside: NDArray[np.bool_], crisis: NDArray[np.float64]) -> Box:
    return Box(limits, float(inside.mean()), float(crisis[inside].mean()), float(crisis[inside].sum() / crisis.sum()))


def _told_apart(box: Box, base_rate: float) -> float:
    """Share of the crises caught less share of the rest caught (Youden's J); 0 for the whole space."""
    return box.coverage - box.mass * (1.0 - box.density) / (1.0 - base_rate)


def _smaller(column: NDArray[Any], limit: Limit, inside: NDArray[np.bool_]) -> Iterator[Limit]:
    """The limit with a little less allowed: one level, or the values at one end."""
    values = np.sort(column[inside])
    if column.dtype.kind == "U":
        levels = [str(level) for level in np.unique(values)]
        for level in levels if len(levels) > 1 else ():
            yield Limit(levels=tuple(other for other in levels if other != level))
        return
    if values[0] == values[-1]:
        return
    cut = max(1, int(PEEL * len(values)))
    above = values[values > values[cut - 1]]
    below = values[values < values[-cut]]
    if len(above):
        yield replace(limit, low=_between(values[values < above[0]][-1], above[0]))
    if len(below):
        yield replace(limit, high=_between(below[-1], values[values > below[-1]][0]))


def _between(left: float, right: float) -> float:
    """A limit between two neighbouring values."""
    return float((left + right) / 2.0)


def _peel(factors: Columns, crisis: NDArray[np.float64]) -> Iterator[Box]:
    """Boxes from the whole space inwards, each taking off the side whose loss raises the density most."""
    limits: dict[str, Limit] = {}
    inside = np.ones(len(crisis), dtype=bool)
    while True:
        here = _box(limits, inside, crisis)
        yield here
        best: tuple[float, float] = (0.0, 0.0)
        for name, values in factors.items():
            for limit in _smaller(values, limits.get(name, Limit()), inside):
                left = inside & limit.holds(values)
                mass = left.mean()
                if mass < LEAST_MASS:
                    continue
                density = crisis[left].mean()
                rank = ((density - here.density) / (here.mass - mass), mass)
                if density > here.density and rank > best:
                    best, next_limits, next_inside = rank, {**limits, name: limit}, left
        if best == (0.0, 0.0):
            return
        limits, inside = next_limits, next_inside


def _larger(column: NDArray[Any], limit: Limit, others: NDArray[np.bool_]) -> Iterator[Limit]:
    """The limit with a little more allowed: one level, or values beyond one end; `others` holds without it."""
    if limit.levels is not None:
        for level in sorted(set(np.unique(column).tolist()) - set(limit.levels)):
            yield Limit(levels=tuple(sorted((*limit.levels, level))))
        return
    within = np.sort(column[others])
    step = max(1, int(PEEL * (others & limit.holds(column)).sum()))
    below, above = within[within < limit.low], within[within > limit.high]
    if len(below):
        yield replace(limit, low=_beyond(below[: len(below) - step][-1:], below, -np.inf))
    if len(above):
        yield replace(limit, high=_beyond(above[step:][:1], above[::-1], np.inf))


def _beyond(next_value: NDArray[np.float64], beyond: NDArray[np.float64], free: float) -> float:
    """The limit just before `next_value`; none at all if every value beyond the limit is taken in."""
    if not len(next_value):
        return free
    inner = beyond[beyond > next_value[0]] if free < 0 else beyond[beyond < next_value[0]]
    if not len(inner):
        return float(next_value[0])
    return _between(float(next_value[0]), float(inner.min() if free < 0 else inner.max()))


def _paste(factors: Columns, crisis: NDArray[np.float64], box: Box) -> Box:
    """Widen a box side by side as long as its density does not fall."""
    while True:
        best = None
        for name, limit in box.limits.items():
            others = _inside(factors, {other: kept for other, kept in box.limits.items() if other != name})
            for wider in _larger(factors[name], limit, others):
                found = others & wider.holds(factors[name])
                grown = _box({**box.limits, name: wider}, found, crisis)
                gains = grown.mass > box.mass and grown.density >= box.density
                if gains and (best is None or grown.density > best.density):
                    best = grown
        if best is None:
            free = {name for name, limit in box.limits.items() if limit == Limit()}
            return replace(box, limits={name: limit for name, limit in box.limits.items() if name not in free})
        box = best


def _without_chance(factors: Columns, crisis: NDArray[np.float64], box: Box) -> Box:
    """Drop limits that chance explains, the least significant first."""
    while box.limits:
        worst = max(box.limits, key=lambda name: _quasi_p(factors, crisis, box, name))
        if _quasi_p(factors, crisis, box, worst) <= SIGNIFICANCE:
            return box
        limits = {name: limit for name, limit in box.limits.items() if name != worst}
        box = _box(limits, _inside(factors, limits), crisis)
    return box
