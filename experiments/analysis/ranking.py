"""Which factors go with an outcome, whatever the design: rank correlations and gaps between distributions.

Two measures, because neither sees all. The partial rank correlation (PRCC) says which way and how closely an outcome
rises or falls with a factor, the others held (S. Marino and others, Journal of Theoretical Biology 254 (2008)
178-196). The PAWN index says how far the distribution of the outcome moves when the factor is known, whichever way
(F. Pianosi and T. Wagener, Environmental Modelling & Software 67 (2015) 1-11; 108 (2018) 197-207): it sees what
helps in the middle and harms at both ends, and factors that are names.

SALib has PAWN too; its slides end below the greatest value, so that the highest level of a list is never looked at,
and it takes no weights, which the bootstrap of points and seeds needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from abm.errors import BadInput
from experiments.analysis.intervals import Estimate, Floats
from experiments.analysis.paired import holm
from experiments.analysis.phase import MOST_VALUES
from experiments.reproductions.intervals import LEVEL

CLEAR = 0.05  # chance of a single false finding among all that are told together
SLIDES = 10  # parts of equal weight of a factor with many values, as in SALib
POINTS_A_SLIDE = 10
STEPS = 256  # places at which distributions are held against each other
DRAWS = 200
SPARE = 10  # drawn points that are needed beyond the number of factors
RANK_ERROR = 1.03  # standard error of Fisher's z of ranks over that of numbers (E. C. Fieller and others 1957)
PERFECT = 1.0 - 1e-12
SAME = 1e-9


@dataclass(frozen=True)
class Rank:
    """How one factor goes with one outcome.

    Parameters
    ----------
    correlation : Estimate or None
        Partial rank correlation, -1 to 1; None for a factor whose values are names.
    p : float
        Of no correlation; 1 for names.
    gap : Estimate
        PAWN index, mean over slides of the greatest gap between distribution functions (0 to 1), less what it would
        be on average if the factor did not matter.
    gap_p : float
        Of no gap.
    """

    correlation: Estimate | None
    p: float
    gap: Estimate
    gap_p: float

    @property
    def direction(self) -> int:
        """1 where the outcome clearly rises with the factor, -1 where it clearly falls, else 0."""
        if self.correlation is None or self.p > CLEAR or not apart(self.correlation):
            return 0
        return 1 if self.correlation.value > 0.0 else -1

    @property
    def matters(self) -> bool:
        """Whether the outcome clearly depends on the factor, whichever way."""
        return self.direction != 0 or (self.gap_p <= CLEAR and self.gap.low > 0.0)


class Association(NamedTuple):
    """How one of many candidates goes with an outcome.

    Parameters
    ----------
    name : str
    correlation : Estimate
        Of the candidate with the outcome in normal scores.
    p : float
        Of no correlation.
    """

    name: str
    correlation: Estimate
    p: float

    @property
    def clear(self) -> bool:
        """Whether chance hardly makes a correlation this strong."""
        return self.p <= CLEAR and apart(self.correlation)


def apart(e: Estimate) -> bool:
    """Whether an interval is there and leaves nought out."""
    return e.low > 0.0 or e.high < 0.0


def normal_scores(values: Floats) -> Floats:
    """Values by their rank alone, as standard normal numbers of mean nought (B. L. van der Waerden 1952)."""
    scores: Floats = stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))
    return scores - scores.mean()


def correlations(columns: Floats, scores: Floats) -> Floats:
    """Correlation of every column, shape (rows, columns), with scores of mean nought; 0 for what does not vary."""
    moved = columns - columns.mean(axis=0)
    size = np.sqrt((scores @ scores) * (moved**2).sum(axis=0))
    found: Floats = np.divide(scores @ moved, size, out=np.zeros(columns.shape[1]), where=size > 0.0)
    return found


def associate(names: Sequence[str], columns: Floats, outcome: Floats) -> tuple[Association, ...]:
    """How each of many candidates goes with an outcome over independent draws, the others drawn too.

    Parameters
    ----------
    names : sequence of str
        Candidates.
    columns : array, shape (draws, candidates)
    outcome : array, shape (draws,)
        Without missing ones; ranked first, so that its tail does not decide.

    Returns
    -------
    tuple of Association
        The strongest first. Intervals are R. A. Fisher's (Metron 1 (1921) 3-32); p-values Student's, corrected for
        the number of candidates (Holm).

    Raises
    ------
    BadInput
        If there are fewer than `SPARE` draws.
    """
    draws = len(outcome)
    if draws < SPARE:
        raise BadInput(f"to rank what was drawn needs {SPARE} draws or more, not {draws}")
    found = np.clip(correlations(columns, normal_scores(outcome)), -PERFECT, PERFECT)
    p = 2.0 * stats.t.sf(np.abs(found) * np.sqrt((draws - 2) / (1.0 - found**2)), draws - 2)
    half = stats.norm.ppf(0.5 + LEVEL / 2) / np.sqrt(draws - 3)
    low, high = (np.tanh(np.arctanh(found) + step) for step in (-half, half))
    corrected = holm(p.tolist())
    rows = zip(names, found, low, high, corrected, strict=True)
    told = [Association(name, Estimate(float(r), float(a), float(b)), q) for name, r, a, b, q in rows]
    return tuple(sorted(told, key=lambda one: -abs(one.correlation.value)))


def rank(
    factors: Mapping[str, NDArray[Any]], outcome: Floats, *, points_drawn: bool, paired: bool
) -> dict[str, Rank]:
    """How every factor goes with an outcome.

    The bootstrap draws points again where the design drew them (or where one seed leaves nothing else to tell luck
    by), and seeds where there are more. Intervals are Student's t with its standard error, of correlations on
    Fisher's scale and never narrower than that of as many independent draws. What the gap would be without the factor
    comes from its values dealt anew: to drawn points at random, to chosen ones among those that are equal in all else
    and meet the same seed.

    Parameters
    ----------
    factors : mapping of str to array, shape (points,)
        Numbers, or names as text.
    outcome : array, shape (points, seeds)
        NaN where a run is missing.
    points_drawn : bool
        Whether the design drew the points at random.
    paired : bool
        Whether a column is one seed, whose luck is then taken out of the ranks.

    Returns
    -------
    dict of str to Rank
        p-values as they are: `corrected` takes their number into account.

    Raises
    ------
    BadInput
        If runs are too few, the outcome does not vary, or factors move together.
    """
    there = ~np.isnan(outcome)
    kept = there.any(axis=1)
    seen = np.ix_(kept, there.any(axis=0))
    y, there = outcome[seen], there[seen]
    columns = {name: values[kept] for name, values in factors.items()}
    columns = {name: values for name, values in columns.items() if (values != values[:1]).any()}
    points, seeds = y.shape
    drawn = points_drawn or seeds == 1
    if not columns or not there.any() or np.ptp(y[there]) == 0.0:
        raise BadInput("neither factors nor the outcome may be the same in all runs")
    if drawn and points < len(columns) + SPARE:
        raise BadInput(f"to rank {len(columns)} factors needs {len(columns) + SPARE} points or more, not {points}")
    rows, weights = _weights(points, seeds, drawn)
    some = ((rows @ there) * weights).any(axis=1)  # other draws take missing runs alone
    rows, weights = rows[some], weights[some]
    found = _partial(columns, y, there, rows, weights, drawn=drawn, paired=paired and points > 1)
    gaps = _gaps(columns, _steps(y, there), there, rows, weights, drawn)
    names: tuple[Estimate | None, float] = (None, 1.0)
    return {name: Rank(*found.get(name, names), *gaps[name]) for name in columns}


def corrected(ranks: Mapping[str, Mapping[str, Rank]]) -> dict[str, dict[str, Rank]]:
    """Ranks of several outcomes with their p-values corrected for all that is told together (Holm)."""
    places = [(outcome, name) for outcome, found in ranks.items() for name in found]
    p, gap_p = (holm([getattr(ranks[o][n], field) for o, n in places]) for field in ("p", "gap_p"))
    told: dict[str, dict[str, Rank]] = {outcome: {} for outcome in ranks}
    for (outcome, name), one, two in zip(places, p, gap_p, strict=True):
        told[outcome][name] = replace(ranks[outcome][name], p=one, gap_p=two)
    return told


def _weights(points: int, seeds: int, drawn: bool) -> tuple[Floats, Floats]:
    """How often each draw of the bootstrap takes every point and seed, shapes (draws, points) and (draws, seeds)."""
    rng = np.random.default_rng(0)
    ones = np.ones((DRAWS, points))
    rows = rng.multinomial(points, np.full(points, 1.0 / points), DRAWS).astype(np.float64) if drawn else ones
    return rows, rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), DRAWS).astype(np.float64)


# --- partial rank correlation -------------------------------------------------------------------------------
def _partial(
    factors: Mapping[str, NDArray[Any]],
    outcome: Floats,
    there: NDArray[np.bool_],
    rows: Floats,
    seeds: Floats,
    *,
    drawn: bool,
    paired: bool,
) -> dict[str, tuple[Estimate, float]]:
    """Partial rank correlation of every numeric factor, and its p-value."""
    numeric = [name for name, values in factors.items() if _is_number(values)]
    if not numeric:
        return {}
    x = [stats.rankdata(factors[name]) for name in numeric]
    for values in factors.values():
        if not _is_number(values):
            x += [(values == level).astype(np.float64) for level in np.unique(values)[1:]]
    columns = np.stack(x, axis=1)
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    y = np.zeros(outcome.shape)
    y[there] = stats.rankdata(outcome[there])
    y[there] -= y[there].mean()
    if paired:
        counts = np.maximum(there.sum(axis=0), 1)
        y = np.where(there, y - y.sum(axis=0) / counts, 0.0)
        if not y.any():
            return {name: (Estimate(0.0, np.nan, np.nan), 1.0) for name in numeric}

    def partial(row_weights: Floats, seed_weights: Floats) -> Floats:
        u = row_weights * (there @ seed_weights)
        weight, moved = u.sum(), columns - (u @ columns) / u.sum()
        of_point = row_weights * (y @ seed_weights)  # its outcomes added up; they differ by seed
        inverse = np.linalg.pinv((moved.T * u) @ moved / weight, rcond=SAME, hermitian=True)
        along = of_point @ moved / weight
        slopes = inverse @ along
        own = (row_weights @ (y**2 @ seed_weights) - of_point.sum() ** 2 / weight) / weight
        left = max(own - float(along @ slopes), SAME**1.5 * max(own, SAME))  # what factors leave, never quite nothing
        found: Floats = slopes / np.sqrt(slopes**2 + left * np.maximum(np.diagonal(inverse), SAME))
        return np.clip(found[: len(numeric)], -PERFECT, PERFECT)

    whole = np.ones(len(columns)), np.ones(y.shape[1])
    if np.linalg.matrix_rank(columns, tol=1e-6 * np.sqrt(len(columns))) < columns.shape[1]:
        raise BadInput("factors move together, so that what each does cannot be told apart")
    values = np.arctanh(partial(*whole))
    again = np.arctanh(np.array([partial(r, s) for r, s in zip(rows, seeds, strict=True)]))
    error = np.nanstd(again, axis=0, ddof=1)
    freedom = float(y.shape[1] - 1)
    if drawn:
        spare = len(columns) - 2 - columns.shape[1]
        error = np.where(np.abs(values) < np.arctanh(PERFECT), np.maximum(error, RANK_ERROR / np.sqrt(spare)), error)
        freedom = float(spare)
    half = stats.t.ppf(0.5 + LEVEL / 2, freedom) * error
    p = 2.0 * stats.t.sf(np.abs(values) / np.maximum(error, SAME), freedom)
    ends = np.tanh([values, values - half, values + half]).T
    return {
        name: (Estimate(*map(float, one)), float(chance)) for name, one, chance in zip(numeric, ends, p, strict=True)
    }


def _is_number(values: NDArray[Any]) -> bool:
    return np.issubdtype(values.dtype, np.number)


# --- gaps between distributions -----------------------------------------------------------------------------
def slides(values: NDArray[Any]) -> NDArray[np.int64]:
    """Slide of every point: one a level, or parts of equal weight of a factor with many values."""
    levels, place = np.unique(values, return_inverse=True)
    if len(levels) <= MOST_VALUES or not _is_number(values):
        return place.astype(np.int64)
    parts = int(np.clip(len(values) // POINTS_A_SLIDE, 2, SLIDES))
    edges = np.quantile(values, np.linspace(0.0, 1.0, parts + 1)[1:-1])
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def gap(slide: NDArray[np.int64], step: NDArray[np.int64], weights: Floats | None = None) -> float:
    """Mean over slides of the greatest gap between the distribution function in the slide and that of all (PAWN).

    Parameters
    ----------
    slide : array of int, shape (runs,)
    step : array of int, shape (runs,)
        Outcomes by the place of their value among all.
    weights : array, shape (runs,), optional
        How often a run counts.
    """
    shape = int(slide.max()) + 1, int(step.max()) + 1
    mass = np.bincount(slide * shape[1] + step, weights, shape[0] * shape[1]).reshape(shape)
    inside = mass.sum(axis=1)
    whole = mass.sum(axis=0).cumsum() / mass.sum()
    there = inside > 0.0
    gaps = np.abs(mass[there].cumsum(axis=1) / inside[there, None] - whole).max(axis=1)
    return float(gaps.mean())


def _steps(outcome: Floats, there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Place of every value among the distinct ones, or among `STEPS` parts of equal weight; 0 where one is missing."""
    values = outcome[there]
    distinct = np.unique(values)
    if len(distinct) > STEPS:
        distinct = np.unique(np.quantile(values, np.linspace(0.0, 1.0, STEPS), method="nearest"))
    found = np.zeros(outcome.shape, np.int64)
    found[there] = np.searchsorted(distinct, values)
    return found


def _gaps(
    factors: Mapping[str, NDArray[Any]],
    step: NDArray[np.int64],
    there: NDArray[np.bool_],
    rows: Floats,
    seeds: Floats,
    drawn: bool,
) -> dict[str, tuple[Estimate, float]]:
    """Gap of every factor beyond that of luck, and its p-value."""
    freedom = (len(step) if drawn else step.shape[1]) - 1
    width = float(stats.t.ppf(0.5 + LEVEL / 2, freedom))
    steps = step[there]
    dealt: dict[tuple[int, ...], Floats] = {}  # drawn points do not mind which factor has slides of these sizes
    found = {}
    for name, values in factors.items():
        slide = slides(values)
        cells = np.broadcast_to(slide[:, None], step.shape)[there]
        value = gap(cells, steps)
        again = [gap(cells, steps, np.outer(r, s)[there]) for r, s in zip(rows, seeds, strict=True)]
        sizes = tuple(np.sort(np.bincount(slide)).tolist())
        if not drawn or sizes not in dealt:
            others = [other for key, other in factors.items() if key != name]
            dealt[sizes] = np.array([gap(one[there], steps) for one in _dealt(slide, others, step.shape, drawn)])
        middle, spread = float(dealt[sizes].mean()), float(dealt[sizes].std(ddof=1))
        if spread <= SAME:  # dealing the values anew changes nothing: nothing can be told
            found[name] = Estimate(value - middle, np.nan, np.nan), 1.0
            continue
        half = width * max(float(np.std(again, ddof=1)), spread)
        # The tail beyond the dealt ones: Pearson's type III through their mean, spread and skewness.
        skew = max(float(stats.skew(dealt[sizes])), 0.0)
        p = float(stats.pearson3.sf(value, skew, loc=middle, scale=spread))
        found[name] = Estimate(value - middle, value - middle - half, value - middle + half), p
    return found


def _dealt(
    slide: NDArray[np.int64], others: Sequence[NDArray[Any]], shape: tuple[int, int], drawn: bool
) -> Iterator[NDArray[np.int64]]:
    """The slides of a factor dealt anew, shape (points, seeds)."""
    rng = np.random.default_rng(1)
    if drawn:
        for _ in range(DRAWS):
            yield np.broadcast_to(rng.permutation(slide)[:, None], shape)
        return
    block = np.zeros(len(slide), np.int64)
    for values in others:
        place = np.unique(values, return_inverse=True)[1]
        block = np.unique(block * (int(place.max()) + 1) + place, return_inverse=True)[1]
    sorted_points = np.argsort(block, kind="stable")
    for _ in range(DRAWS):
        found = np.empty(shape, np.int64)
        for column in range(shape[1]):
            found[sorted_points, column] = slide[np.lexsort((rng.random(len(slide)), block))]
        yield found
