"""Policies against a baseline that meets the same luck: differences seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from abm.errors import BadInput
from experiments.analysis.intervals import Estimate, Floats, mean_of


@dataclass(frozen=True)
class Difference:
    """A policy less the baseline.

    Parameters
    ----------
    baseline : float
        Mean outcome of the baseline.
    difference : Estimate
        Mean of the paired differences with its interval (`experiments.analysis.intervals.mean_of`).
    pairs, lower, higher : int
        Pairs, and those in which the policy has the lower and the higher outcome.
    p : float
        Of Student's t test that the mean difference is zero.
    sign_p : float
        Of the sign test that lower and higher are equally likely, ties left out.
    gain : float
        How many times fewer runs the pairing needs: the variance of a difference between unrelated runs over that
        of a pair. Not a number if all pairs differ alike.
    """

    baseline: float
    difference: Estimate
    pairs: int
    lower: int
    higher: int
    p: float
    sign_p: float
    gain: float


def compare(policy: Floats, baseline: Floats, *, points_drawn: bool) -> Difference:
    """Compare runs under a policy with runs of the baseline that share points and seeds.

    Differences are averaged over the points of a seed first, because runs of one seed are alike: seeds are the pairs.
    With one seed the points are.

    Parameters
    ----------
    policy, baseline : array, shape (points, seeds)
        Outcomes; NaN where a run is missing. A pair with a missing half is left out.
    points_drawn : bool
        Whether the design drew the points at random, so that their luck counts too.

    Returns
    -------
    Difference

    Raises
    ------
    BadInput
        If shapes differ or there are fewer than two pairs.
    """
    if policy.shape != baseline.shape or policy.ndim != 2:
        raise BadInput(f"a paired comparison needs two tables of one shape, not {policy.shape} and {baseline.shape}")
    whole = ~np.isnan(policy - baseline)
    axis = 0 if policy.shape[1] > 1 else 1
    counts = whole.sum(axis=axis)
    if (counts > 0).sum() < 2:
        raise BadInput("a paired comparison needs two pairs of runs or more")
    ours, theirs = (
        np.where(whole, values, 0.0).sum(axis=axis)[counts > 0] / counts[counts > 0] for values in (policy, baseline)
    )
    gaps = ours - theirs
    lower, higher = int((gaps < 0).sum()), int((gaps > 0).sum())
    mean = mean_of(np.where(whole, policy - baseline, np.nan), points_drawn=points_drawn)
    spread = float(gaps.var(ddof=1))
    return Difference(
        baseline=float(baseline[whole].mean()),
        difference=mean.interval(),
        pairs=len(gaps),
        lower=lower,
        higher=higher,
        p=mean.p(),
        sign_p=float(binomtest(lower, lower + higher).pvalue) if lower + higher else 1.0,
        gain=float(ours.var(ddof=1) + theirs.var(ddof=1)) / spread if spread > 0.0 else np.nan,
    )


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for the number of comparisons (S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    scaled = np.minimum(1.0, np.asarray(p)[order] * np.arange(len(order), 0, -1))
    corrected = np.empty(len(order))
    corrected[order] = np.maximum.accumulate(scaled)
    return [float(value) for value in corrected]
