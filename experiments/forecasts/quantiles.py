"""From what worlds say to a forecast on record: joined to what was last reported, and widened by the model's errors.

The ensemble knows what its parameters and its luck make of the future, not where the model itself is wrong. Its errors
a year before (`experiments.forecasts.errors`) say how wrong: a band is made so wide that its spread is at least the
error of the horizon, ``E * sqrt(h)`` for the first two years and as after two years later. Where the ensemble is
narrower, each world's number is spread by a normal of the missing variance (in logs, or in the unit for what may be
negative), at `NODES` points of equal chance, so that nothing is drawn.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from experiments.forecasts.errors import TrackRecord
from experiments.forecasts.periods import CHANCE, CHANGE, FLOW, LEVEL, Period, periods_of, written
from experiments.forecasts.quantities import LOG, RISE, Quantity
from experiments.forecasts.record import LEVELS, Line

NODES = 200
YEARS_OF_ERROR = 2.0
LEAST = 0.1  # error of a year of what stood at the opening, for the scale `rise` (assumption)
_SPREAD = stats.norm.ppf((np.arange(NODES) + 0.5) / NODES)
_SPREAD = _SPREAD / math.sqrt(float(np.mean(_SPREAD**2)))  # of variance one
_NINETY = 2.0 * float(stats.norm.ppf(0.95))


def lines(
    quantities: Sequence[Quantity],
    paths: NDArray[np.float64],
    errors: Sequence[TrackRecord],
    opening: datetime.date,
) -> list[Line]:
    """The forecast.

    Parameters
    ----------
    quantities : sequence of Quantity
    paths : numpy.ndarray, shape (worlds, formulas, months + 1)
        What the worlds say, from the opening on (`experiments.forecasts.worlds.formulas`).
    errors : sequence of TrackRecord
        One a quantity.
    opening : datetime.date

    Returns
    -------
    list of Line
        Every period of every quantity, in the order of the table and of time.
    """
    found = []
    sizes = iter(range(len(quantities), paths.shape[1]))
    for k, (quantity, error) in enumerate(zip(quantities, errors, strict=True)):
        told = joined(quantity, paths[:, k])
        size_path = paths[:, next(sizes)] if quantity.size else None
        for period in periods_of(opening, quantity.kind, quantity.quarter_ends, paths.shape[2] - 1):
            name = written(opening, quantity.kind, period)
            values = over(quantity.kind, told, period)
            if quantity.kind == CHANCE:
                found.append(Line(quantity.name, name, quantity.unit, (), float(np.mean(values)), error.told))
                continue
            size = None if size_path is None else float(np.median(np.abs(over(FLOW, size_path, period))))
            since = told[:, 0] if quantity.scale == RISE else np.zeros(len(told))
            quantiles = widened(values, quantity.scale, error.error, period.last / 12.0, size=size, since=since)
            found.append(Line(quantity.name, name, quantity.unit, quantiles, None, error.told))
    return found


def joined(quantity: Quantity, path: NDArray[np.float64]) -> NDArray[np.float64]:
    """A path in the unit in which the world reports it (`experiments.forecasts.quantities`).

    Parameters
    ----------
    quantity : Quantity
    path : numpy.ndarray, shape (worlds, months + 1)

    Returns
    -------
    numpy.ndarray, shape (worlds, months + 1)
        Where the opening has no value, as a flow has none, the first month's counts.
    """
    path = np.array(path)
    unknown = np.ones(len(path), bool) if quantity.kind == FLOW else ~np.isfinite(path[:, 0])
    path[unknown, 0] = path[unknown, 1]
    if quantity.join == "scale":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(path[:, :1] > 0.0, path * (quantity.last / path[:, :1]), np.nan)
    if quantity.join:
        growth = (1.0 + quantity.rest_growth) ** (np.arange(path.shape[1]) / 12.0)
        if quantity.join == "add":
            rest = quantity.last - path[:, :1]
        else:  # a quarter's, of which a month is a third
            ends = quantity.quarter_ends % 3 or 3
            rest = np.full((len(path), 1), (quantity.last - np.median(path[:, ends - 2 : ends + 1].sum(axis=1))) / 3.0)
        return path + np.maximum(rest, 0.0) * growth
    return path


def over(kind: str, path: NDArray[np.float64], period: Period) -> NDArray[np.float64]:
    """What the worlds say of a period, shape (worlds,)."""
    if kind == LEVEL:
        return path[:, period.last]
    if kind == CHANGE:
        return path[:, period.last] - path[:, max(period.first - 1, 0)]
    found = path[:, max(period.first, 0) : period.last + 1].sum(axis=1)
    return (found > 0.0).astype(float) if kind == CHANCE else found


def widened(
    values: NDArray[np.float64],
    scale: str,
    error: float,
    years: float,
    *,
    size: float | None = None,
    since: NDArray[np.float64] | float = 0.0,
) -> tuple[float, ...]:
    """Quantiles at `LEVELS` of an ensemble, at least as wide as the model's errors.

    Parameters
    ----------
    values : numpy.ndarray, shape (worlds,)
        What is no number is left out.
    scale : str
        One of `experiments.forecasts.quantities.SCALES`.
    error : float
        Of a year, in logs or relative to the size of the values.
    years : float
        From the opening to the end of the period.
    size : float, optional
        Of which errors of the scale `linear` are parts; if left out, of the values.
    since : numpy.ndarray or float
        What a rise counts from, for the scale `rise`.
    """
    told = np.isfinite(values)
    if not told.any():
        return (math.nan,) * len(LEVELS)
    values, since = values[told], np.broadcast_to(since, told.shape)[told]
    wanted = error * math.sqrt(min(years, YEARS_OF_ERROR))
    if scale in (LOG, RISE):
        rise = values - since
        above = rise[rise > 0.0]
        low, high = np.quantile(np.log(above), (0.05, 0.95)) if len(above) else (0.0, 0.0)
        missing = math.sqrt(max(wanted**2 - ((high - low) / _NINETY) ** 2, 0.0))
        stands = LEAST * math.sqrt(min(years, YEARS_OF_ERROR)) * _SPREAD
        spread = since[:, None] * np.exp(stands) + rise[:, None] * np.exp(missing * _SPREAD)
    else:
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
        if size is None:
            size = max(abs(float(middle)), 0.5 * float(np.mean(np.abs(values))))
        missing = math.sqrt(max((wanted * size) ** 2 - ((high - low) / _NINETY) ** 2, 0.0))
        spread = values[:, None] + missing * _SPREAD
    if not (values < 0.0).any():  # what is negative in no world is not in the forecast
        spread = np.maximum(spread, 0.0)
    # Hazen's points: the nodes stand in the middle of parts of equal chance.
    return tuple(float(q) for q in np.quantile(spread, LEVELS, method="hazen"))
