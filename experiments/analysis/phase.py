"""An outcome along one factor, and over two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.errors import BadInput
from experiments.analysis.intervals import Estimate, Floats, mean_of

MOST_VALUES = 15  # factors with more distinct values are cut into cells
MOST_CELLS = 8
POINTS_A_CELL = 5  # a map is cut so that about as many points fall into a cell


@dataclass(frozen=True)
class Axis:
    """One axis of a map.

    Parameters
    ----------
    values : array, shape (cells,)
        The factor's values, or the middles of its cells.
    edges : array, shape (cells + 1,)
        Where cells meet; outer edges lie as far beyond the outer values as the inner ones.
    place : array of int, shape (points,)
        Cell of every point.
    """

    values: Floats
    edges: Floats
    place: NDArray[np.int64]


@dataclass(frozen=True)
class PhaseMap:
    """Mean outcome by cell.

    Parameters
    ----------
    x, y : Axis
        The two factors.
    mean, low, high : array, shape (cells of y, cells of x)
        Mean and its interval (`experiments.analysis.intervals.mean_of`); NaN where runs are missing.
    runs : array of int, shape (cells of y, cells of x)
        Runs in the cell.
    """

    x: Axis
    y: Axis
    mean: Floats
    low: Floats
    high: Floats
    runs: NDArray[np.int64]


@dataclass(frozen=True)
class Profile:
    """Mean outcome along one factor.

    Parameters
    ----------
    x : Axis
        The factor.
    mean, low, high : array, shape (cells,)
        Mean and its interval (`experiments.analysis.intervals.mean_of`); NaN where runs are missing.
    """

    x: Axis
    mean: Floats
    low: Floats
    high: Floats


def axis(factor: Floats, cells: int) -> Axis:
    """Cut a factor into cells: one a value, or some of equal width if it has many.

    Parameters
    ----------
    factor : array, shape (points,)
        Value of the factor at every point.
    cells : int
        How many of equal width.

    Returns
    -------
    Axis

    Raises
    ------
    BadInput
        If the factor takes one value only.
    """
    values = np.unique(factor)
    if len(values) < 2:
        raise BadInput("a map needs factors that vary")
    if len(values) <= MOST_VALUES:
        middles = (values[1:] + values[:-1]) / 2.0
        edges = np.concatenate([[2.0 * values[0] - middles[0]], middles, [2.0 * values[-1] - middles[-1]]])
    else:
        edges = np.linspace(values[0], values[-1], cells + 1)
        values = (edges[1:] + edges[:-1]) / 2.0
    place = np.clip(np.searchsorted(edges, factor, side="right") - 1, 0, len(values) - 1)
    return Axis(values, edges, place.astype(np.int64))


def phase_map(x: Floats, y: Floats, outcome: Floats, *, points_drawn: bool) -> PhaseMap:
    """Mean outcome over two factors.

    Parameters
    ----------
    x, y : array, shape (points,)
        Values of the two factors.
    outcome : array, shape (points, seeds)
        Outcomes of the runs; NaN where one is missing.
    points_drawn : bool
        Whether the design drew the points at random.

    Returns
    -------
    PhaseMap

    Raises
    ------
    BadInput
        If a factor takes one value only.
    """
    cells_a_side = int(np.clip(np.sqrt(len(x) / POINTS_A_CELL), 2, MOST_CELLS))
    across, up = axis(x, cells_a_side), axis(y, cells_a_side)
    shape = (len(up.values), len(across.values))
    cells = [
        outcome[(up.place == row) & (across.place == column)] for row in range(shape[0]) for column in range(shape[1])
    ]
    mean, low, high = (part.reshape(shape) for part in np.array([_cell(cell, points_drawn) for cell in cells]).T)
    runs = np.array([(~np.isnan(cell)).sum() for cell in cells]).reshape(shape)
    return PhaseMap(across, up, mean, low, high, runs)


def profile(x: Floats, outcome: Floats, *, points_drawn: bool) -> Profile:
    """Mean outcome along a factor, over all values of the others in the design.

    Parameters
    ----------
    x : array, shape (points,)
        Values of the factor.
    outcome : array, shape (points, seeds)
        Outcomes of the runs; NaN where one is missing.
    points_drawn : bool
        Whether the design drew the points at random.

    Returns
    -------
    Profile

    Raises
    ------
    BadInput
        If the factor takes one value only.
    """
    along = axis(x, int(np.clip(len(x) / POINTS_A_CELL, 2, MOST_CELLS)))
    return Profile(
        along, *np.array([_cell(outcome[along.place == k], points_drawn) for k in range(len(along.values))]).T
    )


def _cell(outcome: Floats, points_drawn: bool) -> Estimate:
    """Mean of the runs in a cell with its interval, which stays above zero if all outcomes do."""
    if np.isnan(outcome).all():
        return Estimate(np.nan, np.nan, np.nan)
    value, low, high = mean_of(outcome, points_drawn=points_drawn).interval()
    return Estimate(value, max(low, 0.0) if np.nanmin(outcome) >= 0.0 else low, high)
