"""Which factors an outcome depends on: Sobol and Morris indices, and how much is luck.

SALib makes the samples and the Sobol estimates (J. Herman and W. Usher, Journal of Open Source Software 2 (2017) 97;
T. Iwanaga, W. Usher and J. Herman, Socio-Environmental Systems Modelling 4 (2022) 18155). The outcome at a point is
its mean over seeds. Intervals draw again the base points of the design (Sobol) or its trajectories (Morris), and the
seeds, so that they cover the luck of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from SALib.analyze import sobol as salib

from abm.errors import BadInput
from experiments.analysis.intervals import DRAWS, Estimate, Floats, percentile_interval

AT_ONCE = 50  # draws held in memory together
WIDEST = 0.5  # of the whole variance: an interval of a share wider than that settles nothing


@dataclass(frozen=True)
class SobolIndices:
    """Shares of the variance of an outcome over the ranges of the factors.

    Parameters
    ----------
    first : dict of str to Estimate
        By factor: share explained by it alone.
    total : dict of str to Estimate
        By factor: share that it has a part in, alone and with others.
    pairs : dict of (str, str) to Estimate
        By pair of factors: share explained by the two together beyond each alone; empty if the design lacks it.
    bases : int
        Base points that the estimates use.
    alone : Estimate
        Sum of `first`: share explained by the factors each for itself.
    """

    first: dict[str, Estimate]
    total: dict[str, Estimate]
    pairs: dict[tuple[str, str], Estimate]
    bases: int
    alone: Estimate


def settled(share: Estimate) -> bool:
    """Whether the interval of a share of the variance says anything.

    It does not where it is wider than half of the range of a share, or holds nothing that a share can be: estimates
    of Sobol indices may leave 0 to 1, and an interval wholly outside says that there are too few base points.

    Examples
    --------
    >>> settled(Estimate(0.3, 0.1, 0.5)), settled(Estimate(0.3, 0.0, 0.6)), settled(Estimate(-0.2, -0.3, -0.1))
    (True, False, False)
    """
    return share.high - share.low <= WIDEST and share.high >= 0.0 and share.low <= 1.0


@dataclass(frozen=True)
class MorrisEffects:
    """Elementary effects: change of the outcome over the whole range of a factor, others held.

    Parameters
    ----------
    strength : dict of str to Estimate
        By factor: mean absolute effect (mu star).
    direction : dict of str to Estimate
        By factor: mean effect (mu).
    spread : dict of str to float
        By factor: standard deviation of the effects (sigma); large where it depends on others or is not linear.
    trajectories : int
        Trajectories that the estimates use.
    luck : dict of str to float
        By factor: mean absolute effect that the luck of seeds makes of a factor that does nothing; not a number with
        one seed.
    """

    strength: dict[str, Estimate]
    direction: dict[str, Estimate]
    spread: dict[str, float]
    trajectories: int
    luck: dict[str, float]

    def moves(self, name: str) -> bool:
        """Whether a factor clearly does something: one way on average, or more than luck would."""
        mu = self.direction[name]
        return mu.low > 0.0 or mu.high < 0.0 or self.strength[name].low > self.luck[name]


@dataclass(frozen=True)
class VarianceParts:
    """Where the variance of an outcome over all runs comes from, as shares.

    Parameters
    ----------
    points : float
        The point of the design.
    seeds : float
        Luck that strikes every point alike.
    both : float
        Luck that strikes one point and not the other.
    """

    points: float
    seeds: float
    both: float


def sobol(names: Sequence[str], outcome: Floats, *, second_order: bool) -> SobolIndices:
    """Sobol indices by the estimators of Saltelli and others (Computer Physics Communications 181 (2010) 259-270).

    Parameters
    ----------
    names : sequence of str
        The D factors, in the order of the design.
    outcome : array, shape (points, seeds)
        In the order of SALib's Saltelli sample: blocks of D + 2 points, or 2 D + 2 with second order. Blocks with a
        missing run (NaN) are left out.
    second_order : bool
        Whether the sample has the points for pairs.

    Returns
    -------
    SobolIndices

    Raises
    ------
    BadInput
        If the number of points does not fit, or fewer than two whole blocks are left.
    """
    d = len(names)
    blocks = _blocks(outcome, (2 if second_order else 1) * d + 2, "Sobol design")
    couples = list(combinations(range(d), 2)) if second_order else []

    def indices(means: Floats) -> Floats:
        """Of means over seeds, shape (blocks, size, draws), all indices, shape (draws, indices)."""
        if np.ptp(means) == 0.0:  # what does not vary depends on nothing
            return np.zeros((means.shape[2], 2 * d + len(couples)))
        y = means - means.mean(axis=(0, 1))
        a, b, ab = y[:, 0], y[:, -1], y[:, 1 : d + 1]
        found = [salib.first_order(a, ab[:, j], b) for j in range(d)]
        found += [salib.total_order(a, ab[:, j], b) for j in range(d)]
        found += [salib.second_order(a, ab[:, j], ab[:, k], y[:, d + 1 + j], b) for j, k in couples]
        return np.array(found).T

    resampled = np.concatenate([indices(means) for means in _drawn(blocks)])
    value = indices(blocks.mean(axis=2, keepdims=True))[0]
    found = _with_intervals(value, resampled)
    alone = _with_intervals(value[:d].sum(keepdims=True), resampled[:, :d].sum(axis=1, keepdims=True))[0]
    return SobolIndices(
        dict(zip(names, found, strict=False)),
        dict(zip(names, found[d:], strict=False)),
        dict(zip(combinations(names, 2), found[2 * d :], strict=False)) if second_order else {},
        len(blocks),
        alone,
    )


def morris(names: Sequence[str], points: Floats, outcome: Floats) -> MorrisEffects:
    """Morris' elementary effects (M. D. Morris, Technometrics 33 (1991) 161-174; F. Campolongo and others 2007).

    The same numbers as SALib's, kept one by one so that trajectories and seeds can be drawn again.

    Parameters
    ----------
    names : sequence of str
        The D factors.
    points : array, shape (points, D)
        The sample in the unit cube, in SALib's order: trajectories of D + 1 points that change one factor a step.
    outcome : array, shape (points, seeds)
        Trajectories with a missing run (NaN) are left out.

    Returns
    -------
    MorrisEffects

    Raises
    ------
    BadInput
        If the points are no such trajectories, or fewer than two whole ones are left.
    """
    d = len(names)
    if points.shape != (len(outcome), d):
        raise BadInput(f"the Morris design has {len(outcome)} points of {d} factors, not {points.shape}")
    blocks = _blocks(outcome, d + 1, "Morris design")
    steps = np.diff(points.reshape(-1, d + 1, d)[_whole(outcome, d + 1, "Morris design")], axis=1)
    changed = np.abs(steps) > 1e-9
    if not (changed.sum(axis=1) == 1).all() or not (changed.sum(axis=2) == 1).all():
        raise BadInput("the Morris design needs trajectories in which every factor changes once, one a step")
    order = np.argsort(changed.argmax(axis=2), axis=1)[:, :, None]  # step that changes each factor
    gaps = np.diff(blocks, axis=1) / steps.sum(axis=2)[:, :, None]
    effects = np.take_along_axis(gaps, order, axis=1)

    def measures(means: Floats) -> Floats:
        """Of effects averaged over seeds, shape (trajectories, D, draws): mu star, mu, sigma; (draws, 3 D)."""
        return np.concatenate([np.abs(means).mean(axis=0), means.mean(axis=0), means.std(axis=0, ddof=1)]).T

    resampled = np.concatenate([measures(means) for means in _drawn(effects)])
    found = _with_intervals(measures(effects.mean(axis=2, keepdims=True))[0], resampled)
    return MorrisEffects(
        dict(zip(names, found, strict=False)),
        dict(zip(names, found[d:], strict=False)),
        {name: estimate.value for name, estimate in zip(names, found[2 * d :], strict=True)},
        len(blocks),
        dict(zip(names, _luck_alone(effects), strict=True)),
    )


def _luck_alone(effects: Floats) -> list[float]:
    """Mean absolute effect by factor if effects, shape (trajectories, D, seeds), were nought but for their luck.

    Each is then a mean over seeds of a normal number around nought, of which the absolute value is
    sqrt(2 / pi) standard errors on average.
    """
    seeds = effects.shape[2]
    if seeds < 2:
        return [float("nan")] * effects.shape[1]
    errors = effects.std(axis=2, ddof=1) / np.sqrt(seeds)
    return [float(part) for part in np.sqrt(2.0 / np.pi) * errors.mean(axis=0)]


def variance_parts(outcome: Floats) -> VarianceParts | None:
    """Split the variance of an outcome into that of points, of seeds, and of both together.

    Two-way analysis of variance without repetition, random effects (H. Scheffe, The Analysis of Variance, 1959,
    section 7.4), negative components taken as zero.

    Parameters
    ----------
    outcome : array, shape (points, seeds)
        Points with a missing run (NaN) are left out.

    Returns
    -------
    VarianceParts or None
        None if the outcome is constant, or fewer than two points or two seeds are left.
    """
    table = outcome[~np.isnan(outcome).any(axis=1)]
    n, s = table.shape
    if n < 2 or s < 2 or np.ptp(table) == 0.0:
        return None
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns + table.mean()
    both = float((rest**2).sum() / ((n - 1) * (s - 1)))
    points = max(float(rows.var(ddof=1)) - both / s, 0.0)
    seeds = max(float(columns.var(ddof=1)) - both / n, 0.0)
    total = points + seeds + both
    return VarianceParts(points / total, seeds / total, both / total)


def _whole(outcome: Floats, size: int, what: str) -> NDArray[np.bool_]:
    """Which blocks of a design have all their runs."""
    if outcome.ndim != 2 or len(outcome) % size:
        raise BadInput(f"the {what} needs blocks of {size} points, which {len(outcome)} points are not")
    whole = ~np.isnan(outcome.reshape(-1, size * outcome.shape[1])).any(axis=1)
    if whole.sum() < 2:
        raise BadInput(f"the {what} needs two blocks of {size} points or more with all their runs")
    return whole


def _blocks(outcome: Floats, size: int, what: str) -> Floats:
    """Whole blocks of a design, shape (blocks, size, seeds)."""
    whole = _whole(outcome, size, what)
    return outcome.reshape(-1, size, outcome.shape[1])[whole]


def _drawn(blocks: Floats) -> Iterator[Floats]:
    """Means over seeds with blocks and seeds drawn again, shape (blocks, size, some draws), until `DRAWS` are made."""
    rng = np.random.default_rng(0)
    count, _, seeds = blocks.shape
    for start in range(0, DRAWS, AT_ONCE):
        draws = min(AT_ONCE, DRAWS - start)
        weights = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), draws).T / seeds
        rows = rng.integers(0, count, (count, draws))
        yield np.take_along_axis(blocks @ weights, rows[:, None, :], axis=0)


def _with_intervals(found: Floats, resampled: Floats) -> list[Estimate]:
    low, high = percentile_interval(resampled)
    return [Estimate(*map(float, row)) for row in zip(found, low, high, strict=True)]
