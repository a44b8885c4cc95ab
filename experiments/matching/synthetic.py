"""Tests of the matching on truths that are known: draws taken for the world itself.

Such a truth is run with a luck that is not the draw's own, and what is known of it is what it says with errors drawn as
the variances say. Then it is matched like the world, the draw itself left out of the runs it is matched with.

Three things are asked. Of the truths, the part that is kept is the stated one: each half of them is tested with the cut
that the other half asks for. And of every number that is to be told from the kept draws, the truth lies within their
50 and 90 % bands in 50 and 90 % of the truths, and its rank among them is uniform (simulation-based calibration;
Talts, Betancourt, Simpson, Vehtari and Gelman 2018).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from experiments.analysis.intervals import Estimate, Floats
from experiments.matching.plausible import Yardstick, cut_of
from experiments.reproductions.intervals import wilson

BANDS = (0.5, 0.9)


class Coverage(NamedTuple):
    """Of one number: parts of the truths within the bands of the kept draws, and how uniform their ranks are.

    Attributes
    ----------
    name : str
    inside : tuple of Estimate
        By band of `BANDS`, with 95 % intervals.
    p : float
        Of a test (Kolmogorov and Smirnov) that ranks are uniform.

    Bands have their ends at the places ``q (n + 1)`` of n kept draws, within which one more draw lies with the stated
    chance, however few they are.
    """

    name: str
    inside: tuple[Estimate, ...]
    p: float


class Tested(NamedTuple):
    """What truths that are known say of the matching.

    Attributes
    ----------
    cut : float
        Distance of the truths within which the stated part of them lies.
    kept : Estimate
        Part of each half that is kept with the cut of the other. The two cuts are luck too: the interval is that of
        half as many truths.
    share : float
        Median part of all draws that a truth keeps.
    alone : int
        Truths that keep no draw, so that nothing is told of them.
    coverage : tuple of Coverage
    """

    cut: float
    kept: Estimate
    share: float
    alone: int
    coverage: tuple[Coverage, ...]


def test(
    yardstick: Yardstick,
    told: Floats,
    again: Floats,
    rows: NDArray[np.int64],
    numbers: dict[str, tuple[Floats, Floats]],
    stated: float,
) -> Tested:
    """Match truths.

    Parameters
    ----------
    yardstick : Yardstick
    told : numpy.ndarray, shape (draws, readings)
        What all draws say, carried to the scales.
    again : numpy.ndarray, shape (truths, readings)
        What the draws that serve as truths say with another luck.
    rows : numpy.ndarray of int, shape (truths,)
        Their rows among the draws.
    numbers : dict of str to (numpy.ndarray, numpy.ndarray)
        Numbers to be told from the kept draws: of all draws, shape (draws,), and of the truths, shape (truths,).
    stated : float
        Part of the truths to be kept.
    """
    rng = np.random.default_rng(0)
    known = again + rng.standard_normal(again.shape) * np.sqrt(yardstick.errors)
    own = np.array([yardstick.distances(told[[row]], data)[0] for row, data in zip(rows, known, strict=True)])
    first = np.arange(len(rows)) % 2 == 0
    cuts = np.where(first, cut_of(own[~first], stated), cut_of(own[first], stated))
    inside: dict[str, list[list[bool]]] = {name: [] for name in numbers}
    ranks: dict[str, list[float]] = {name: [] for name in numbers}
    shares = []
    for k in range(len(rows)):
        near = yardstick.distances(told, known[k]) <= cuts[k]
        near[rows[k]] = False
        shares.append(near.mean())
        if not near.any():
            continue
        for name, (of_draws, of_truths) in numbers.items():
            kept, truth = of_draws[near], of_truths[k]
            ends = [np.quantile(kept, (0.5 - b / 2.0, 0.5 + b / 2.0), method="weibull") for b in BANDS]
            inside[name].append([low <= truth <= high for low, high in ends])
            below, same = float((kept < truth).mean()), float((kept == truth).mean())
            ranks[name].append(below + rng.random() * same)
    coverage = tuple(
        Coverage(
            name,
            tuple(_share(row, row.size) for row in np.array(inside[name]).T),
            float(stats.kstest(ranks[name], "uniform").pvalue),
        )
        for name in numbers
    )  # fmt: skip
    kept = _share(own <= cuts, len(rows) // 2)
    return Tested(cut_of(own, stated), kept, float(np.median(shares)), sum(s == 0.0 for s in shares), coverage)


def _share(hit: NDArray[np.bool_], trials: int) -> Estimate:
    part = float(hit.mean())
    return Estimate(part, *wilson(part * trials, trials))
