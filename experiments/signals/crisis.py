"""What a crisis is, and the month in which it begins.

A crisis begins in the first month at whose end loans of `SHARE` or more of what borrowers owed a year before have
defaulted within twelve months: liquidations, reorganisations under protection and distressed exchanges count,
deferrals do not. A firm counts once in twelve months. Other definitions (`DEFINITIONS`) say how much hangs on that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.engine import tables
from experiments.baseline import BORROWERS

Floats = NDArray[np.float64]
SHARE = 0.05
WINDOW = 12  # months over which defaults and losses are counted together
NEVER = -1
WEAK = (tables.LAB, tables.NEOCLOUD, tables.VEHICLE)  # borrowers that live off AI alone


class Definition(NamedTuple):
    """A definition of a crisis: the columns of `months` that are counted and what they are compared with."""

    name: str
    what: str
    counted: str
    of: str
    share: float
    at_first: bool = False  # whether it begins with the first default of the twelve months, not with the threshold


CRISIS = Definition("crisis", "defaults of 5 % of what borrowers owe within a year", "defaulted", "owed", SHARE)
DEFINITIONS = (
    CRISIS,
    Definition("smaller", "2.5 % of what borrowers owe", "defaulted", "owed", 0.025),
    Definition("larger", "10 % of what borrowers owe", "defaulted", "owed", 0.10),
    Definition("with deferrals", "5 %, deferrals counted too", "put_off", "owed", SHARE),
    Definition("losses", "lenders lose 5 % of AI debt within a year", "lost", "ai_debt", SHARE),
    Definition("weak", "20 % of what labs, neoclouds and project companies owe", "of_weak", "owed_weak", 0.20),
    Definition("first default", "5 %, begun with the first default of the twelve months", "defaulted", "owed", SHARE,
               at_first=True),
)  # fmt: skip


def trailing(flow: Floats) -> Floats:
    """Sum of the last `WINDOW` months, of fewer at the beginning; shape as given, months along the last axis."""
    whole = np.cumsum(flow, axis=-1)
    before = np.zeros_like(whole)
    before[..., WINDOW:] = whole[..., :-WINDOW]
    found: Floats = whole - before
    return found


def share_struck(flow: Floats, stock: Floats) -> Floats:
    """What was counted within a year over what stood at its beginning (at the opening, within the first year).

    Parameters
    ----------
    flow, stock : array, shape (..., months + 1)
        bn USD; month 0 is the opening.
    """
    stock = np.asarray(stock, float)
    start = np.concatenate([np.repeat(stock[..., :1], WINDOW, axis=-1), stock], axis=-1)[..., : stock.shape[-1]]
    return np.where(start > 0.0, trailing(np.asarray(flow, float)) / np.where(start > 0.0, start, 1.0), 0.0)


def first_month(flow: Floats, stock: Floats, share: float = SHARE, at_first: bool = False) -> int:
    """Month in which a crisis begins, `NEVER` if none does.

    Parameters
    ----------
    flow, stock : array, shape (months + 1,)
        What is counted each month, and what it is compared with (bn USD).
    share : float
        Of the stock a year before, from which it is a crisis.
    at_first : bool
        Whether it begins in the first of the twelve months in which anything is counted.

    Examples
    --------
    >>> flow, stock = np.zeros(40), np.full(40, 100.0)
    >>> flow[20], flow[25] = 2.0, 4.0
    >>> first_month(flow, stock), first_month(flow, stock, at_first=True), first_month(flow, stock, 0.07)
    (25, 20, -1)
    """
    reached = np.flatnonzero(share_struck(flow, stock) >= share)
    if not len(reached):
        return NEVER
    month = int(reached[0])
    if at_first:
        since = max(month - WINDOW + 1, 0)
        month = since + int(np.flatnonzero(np.asarray(flow)[since : month + 1] > 0.0)[0])
    return month


def defaulted(
    defaults: Any, kinds: NDArray[np.int64], months: int, deferrals: bool = False, who: Sequence[int] = BORROWERS
) -> Floats:
    """Principal of borrowers' loans that default, by month (bn USD); a firm that has within the last twelve months
    counts only with what exceeds that.

    Parameters
    ----------
    defaults : structured array
        Rows `month`, `firm`, `way` and `debt`, in the order of time.
    kinds : array of int
        Of firms by row.
    months : int
        Length of the run.
    deferrals : bool
        Whether they count.
    who : sequence of int
        Kinds of firms that count.

    Returns
    -------
    array, shape (months + 1,)
    """
    found = np.zeros(months + 1)
    last: dict[int, tuple[int, float]] = {}
    for row in defaults:
        firm, month, debt = int(row["firm"]), int(row["month"]), float(row["debt"])
        if kinds[firm] not in who or (row["way"] == tables.DEFERRAL and not deferrals):
            continue
        when, before = last.get(firm, (-WINDOW, 0.0))
        counted = before if month - when < WINDOW else 0.0
        found[month] += max(debt - counted, 0.0)
        last[firm] = (month, max(debt, counted)) if not counted else (when, max(debt, counted))
    return found


def owed(rows: Any, who: Sequence[int] = BORROWERS) -> Floats:
    """Debt of active borrowers of some kinds (bn USD); rows of firms along the last axis."""
    there = (rows["status"] == tables.ACTIVE) & np.isin(rows["kind"], who)
    found: Floats = np.where(there, rows["debt"], 0.0).sum(axis=-1)
    return found
