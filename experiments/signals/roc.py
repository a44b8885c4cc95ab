"""How well a sign tells worlds in which a crisis begins within some months from those in which none does.

Months of one world hang together, so worlds are drawn again, not months (the cluster bootstrap of Field and Welsh 2007,
Journal of the Royal Statistical Society B 69). Worlds that make a threshold are never those that it is judged by.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.intervals import Estimate
from experiments.reproductions.intervals import wilson
from experiments.risk.statistics import NOTHING, ends, resampled, share
from experiments.signals.crisis import NEVER

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
HORIZONS = (6, 12, 24)  # months
QUIET = 0.10  # share of quiet months in which a sign may be at alarm, in the worlds that make its threshold
BEFORE = 24  # months before a crisis in which its alarm is looked for
GAP = 3  # months of quiet that do not end an alarm


class Sample(NamedTuple):
    """World-months that are judged: before a crisis has begun, and with all of the horizon within the run.

    Attributes
    ----------
    struck, quiet : array of bool, shape (worlds, months + 1)
        Months after which a crisis begins within the horizon; those after which none does.
    """

    struck: Flags
    quiet: Flags


def sample(begins: NDArray[np.int64], months: int, horizon: int) -> Sample:
    """The months of each world that are judged at a horizon.

    Parameters
    ----------
    begins : array of int, shape (worlds,)
        Month in which its crisis begins, `NEVER` if none does.
    months : int
        Length of the runs.
    horizon : int
        In months: a crisis counts that begins in (t, t + horizon].
    """
    t = np.arange(months + 1)[None, :]
    when = np.asarray(begins)[:, None]
    known = (t + horizon <= months) & ((when == NEVER) | (t < when))
    struck = known & (when != NEVER) & (when - t <= horizon)
    return Sample(struck, known & ~struck)


def pairs(values: Floats, s: Sample, same_month: bool = False) -> tuple[Floats, Floats]:
    """By world of the struck and world of the quiet month: pairs in which the struck one is higher, ties half; all
    pairs.

    Parameters
    ----------
    values : array, shape (worlds, months + 1)
        A sign; months in which it is not a number are left out.
    s : Sample
    same_month : bool
        Whether only pairs of one month since the opening count, so that nothing is told by the calendar alone.

    Returns
    -------
    array, array; shape (worlds, worlds)
    """
    worlds = len(values)
    there = ~np.isnan(values)
    struck, quiet = s.struck & there, s.quiet & there
    above, all_pairs = np.zeros((worlds, worlds)), np.zeros((worlds, worlds))
    if same_month:
        for t in np.flatnonzero((struck.any(axis=0)) & (quiet.any(axis=0))):
            i, j = np.flatnonzero(struck[:, t]), np.flatnonzero(quiet[:, t])
            a, b = values[i, t][:, None], values[j, t][None, :]
            above[np.ix_(i, j)] += (a > b) + 0.5 * (a == b)
            all_pairs[np.ix_(i, j)] += 1.0
        return above, all_pairs
    world_of = np.repeat(np.arange(worlds), quiet.sum(axis=1))
    others = values[quiet]
    for k in np.flatnonzero(struck.any(axis=1)):
        mine = np.sort(values[k][struck[k]])
        left, right = np.searchsorted(mine, others, "left"), np.searchsorted(mine, others, "right")
        above[k] = np.bincount(world_of, len(mine) - right + 0.5 * (right - left), minlength=worlds)
        all_pairs[k] = len(mine) * np.bincount(world_of, minlength=worlds)
    return above, all_pairs


def auc(values: Floats, s: Sample, same_month: bool = False) -> Estimate:
    """Area under the ROC curve, with the interval of a bootstrap over worlds; see `pairs`.

    Returns
    -------
    Estimate
        Not numbers where no month is struck or none is quiet; no interval where fewer than two worlds are struck.
    """
    above, all_pairs = pairs(values, s, same_month)
    if all_pairs.sum() <= 0.0:
        return NOTHING
    value = float(above.sum() / all_pairs.sum())
    if (all_pairs.sum(axis=1) > 0.0).sum() < 2:
        return Estimate(value, float("nan"), float("nan"))
    count = drawn(len(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        again = ((count @ above) * count).sum(axis=1) / ((count @ all_pairs) * count).sum(axis=1)
    return Estimate(value, *ends(again))


@functools.cache
def drawn(worlds: int) -> Floats:
    """How often each world is in each resample, shape (draws, worlds)."""
    return np.array([np.bincount(rows, minlength=worlds) for rows in resampled(worlds)], float)


def curve(values: Floats, s: Sample) -> tuple[Floats, Floats, Floats]:
    """The ROC curve: thresholds from high to low, share of quiet and of struck months at or above each.

    The first threshold is infinite: no alarm at all.
    """
    there = ~np.isnan(values)
    struck, quiet = np.sort(values[s.struck & there]), np.sort(values[s.quiet & there])
    cuts = np.unique(np.concatenate([struck, quiet]))[::-1]
    hits = 1.0 - np.searchsorted(struck, cuts, "left") / max(len(struck), 1)
    false = 1.0 - np.searchsorted(quiet, cuts, "left") / max(len(quiet), 1)
    return np.r_[np.inf, cuts], np.r_[0.0, false], np.r_[0.0, hits]


def youden(values: Floats, s: Sample) -> float:
    """Threshold at which hits less false alarms are most (Youden 1950); the highest of several."""
    cuts, false, hits = curve(values, s)
    return float(cuts[int(np.argmax(hits - false))])


def at_false_rate(values: Floats, s: Sample, most: float = QUIET) -> float:
    """Lowest threshold at which at most this share of quiet months is at alarm; infinite if there is none."""
    cuts, false, _ = curve(values, s)
    return float(cuts[int(np.flatnonzero(false <= most)[-1])])


class Record(NamedTuple):
    """What an alarm is worth at a horizon.

    Attributes
    ----------
    announced : Estimate
        Share of crises before which it rang within the horizon.
    false_rate : Estimate
        Share of quiet months in which it rings.
    precision : Estimate
        Share of months at alarm that a crisis follows within the horizon.
    false_alarms : float
        Alarms in ten years that no crisis follows within the horizon of their last month.
    crises : int
        That could have been announced.
    """

    announced: Estimate
    false_rate: Estimate
    precision: Estimate
    false_alarms: float
    crises: int


def record(alarm: Flags, begins: NDArray[np.int64], horizon: int) -> Record:
    """Judge an alarm on worlds.

    Parameters
    ----------
    alarm : array of bool, shape (worlds, months + 1)
    begins : array of int, shape (worlds,)
    horizon : int
        In months.
    """
    months = alarm.shape[1] - 1
    s = sample(begins, months, horizon)
    crises = [(k, int(t)) for k, t in enumerate(begins) if t != NEVER and t > 0]
    rang = sum(bool(alarm[k, max(t - horizon, 0) : t].any()) for k, t in crises)
    announced = Estimate(rang / len(crises), *wilson(rang, len(crises))) if crises else NOTHING
    false = sum(
        sum(first + horizon <= months and (t == NEVER or t > last + horizon) for first, last in spells(row, int(t)))
        for row, t in zip(alarm, begins, strict=True)
    )
    watched = float((s.struck | s.quiet).sum())
    return Record(
        announced,
        share(_count(alarm & s.quiet), _count(s.quiet)),
        share(_count(alarm & s.struck), _count(alarm & (s.struck | s.quiet))),
        120.0 * false / watched if watched else float("nan"),
        len(crises),
    )


def _count(flags: Flags) -> Floats:
    """Flagged months by world."""
    return flags.sum(axis=1).astype(float)


def spells(alarm: Flags, until: int = NEVER) -> list[tuple[int, int]]:
    """First and last months of the alarms of a world, those before a month if it is given; quiet of up to `GAP` months
    does not end one.

    Examples
    --------
    >>> spells(np.array([0, 1, 0, 1, 0, 0, 0, 0, 1], bool))
    [(1, 3), (8, 8)]
    """
    found: list[tuple[int, int]] = []
    for t in np.flatnonzero(alarm if until == NEVER else alarm[:until]).tolist():
        if found and t - found[-1][1] <= GAP + 1:
            found[-1] = (found[-1][0], t)
        else:
            found.append((t, t))
    return found


def leads(alarm: Flags, begins: NDArray[np.int64], before: int = BEFORE) -> NDArray[np.int64]:
    """Months from the first month of the last alarm before a crisis to it, of each crisis announced in the months
    before; an alarm that lasted for longer counts with all of these."""
    found = []
    for row, t in zip(alarm, np.asarray(begins).tolist(), strict=True):
        last = spells(row[max(t - before, 0) : t])[-1:] if t > 0 else []
        found += [t - max(t - before, 0) - first for first, _ in last]
    return np.array(found, np.int64)
