"""Stylised facts of credit and of booms, each measured over all worlds of a scenario by a statistic that can fail.

Correlations are of yearly numbers, less their means by year and by world: neither the usual course of the years nor
what makes a world rich or poor counts, only what moves together within it. All intervals come from a bootstrap over
worlds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import exp1
from scipy.stats import binom

from abm.engine import tables
from experiments.analysis.intervals import Estimate
from experiments.risk.findings import BORROWER_KINDS, SMALLEST_DEBT, Part, fails_within, yearly
from experiments.risk.observe import YEARS
from experiments.risk.statistics import NOTHING, Floats, bootstrap, middle, probability, ratio, share

SWEEPS = 50  # in which means by year and by world are taken out of a table with gaps, in turn
TAIL = 10  # the tail is the largest one of so many
PRICE_YEARS = 3  # over which the price of work and spending are compared
MEMORY = 2  # years of credit growth before a year of defaults
SPIKES = 0.2  # part of the firm-years with the highest investment rates
LENDER = tables.KIND_NAMES[tables.LENDER]


# --- moving together ----------------------------------------------------------------------------------------
def net(values: Floats) -> Floats:
    """Yearly numbers less what is usual in their year and in their world.

    Parameters
    ----------
    values : array, shape (worlds, years)
        Not a number where there is none.
    """
    there = np.isfinite(values)
    found = np.where(there, values, 0.0)
    for _ in range(SWEEPS):
        for axis in (1, 0):
            count = np.maximum(there.sum(axis=axis, keepdims=True), 1)
            found = np.where(there, found - found.sum(axis=axis, keepdims=True) / count, 0.0)
    return found


def over_worlds(worlds: int, statistic: Callable[[np.ndarray], float]) -> Estimate:
    """A statistic of the places of some worlds, with the interval of a bootstrap over them."""
    return bootstrap(np.arange(worlds, dtype=float), lambda drawn: statistic(drawn.astype(np.int64)))


def together(x: Floats, y: Floats) -> Estimate:
    """Correlation of two yearly numbers within worlds (see the head of this file).

    Parameters
    ----------
    x, y : array, shape (worlds, years)
        Years in which either is missing are left out.

    Returns
    -------
    Estimate
        Not a number where one of them does not move.
    """
    there = np.isfinite(x) & np.isfinite(y)
    a, b = (net(np.where(there, values, np.nan)) for values in (x, y))
    sums = np.array([(a * b).sum(axis=1), (a * a).sum(axis=1), (b * b).sum(axis=1)])

    def correlation(rows: np.ndarray) -> float:
        both, one, other = sums[:, rows].sum(axis=1)
        return float(both / math.sqrt(one * other)) if one > 1e-18 and other > 1e-18 else math.nan

    return over_worlds(x.shape[0], correlation)


def growth(values: Floats) -> Floats:
    """Log changes from year to year, shape (worlds, years - 1); not a number where there is nothing to compare."""
    logs = np.log(np.where(values > 0.0, values, np.nan))
    return np.diff(logs, axis=1)


def of_year(part: Part, column: str, table: str = "months") -> Floats:
    """A monthly column summed over years, shape (worlds, YEARS)."""
    return part.monthly(column, table)[:, 1:].reshape(part.worlds, YEARS, 12).sum(axis=2)


def default_rate(part: Part) -> Floats:
    """Share of the borrowers that begin a year which default in it, shape (worlds, YEARS)."""
    seen = part.frames["seen"]
    number = yearly(part, seen)
    return yearly(part, seen[fails_within(seen)]) / np.where(number > 0.0, number, np.nan)


def debt_follows_revenue(part: Part) -> Estimate:
    """Growth of AI debt over a year against growth of AI revenue."""
    return together(growth(part.monthly("ai_debt")[:, ::12])[:, 1:], growth(of_year(part, "ai_revenue")))


def debt_follows_values(part: Part) -> Estimate:
    """Growth of borrowers' debt over a year against growth of the value of their equity."""
    books = part.frames["books"]
    return together(*(growth(yearly(part, books, books[column])) for column in ("debt", "value")))


def lending_follows_mood(part: Part) -> Estimate:
    """New loans of a year against investors' sentiment."""
    lenders = part.frames["lenders"]
    lent = yearly(part, lenders, lenders["lent"])
    return together(np.log(np.where(lent > 0.0, lent, np.nan)), of_year(part, "sentiment"))


def leverage_follows_books(part: Part) -> Estimate:
    """Growth of lenders' loans over capital against growth of their loans."""
    lenders = part.frames["lenders"]
    book, capital = (yearly(part, lenders, lenders[column]) for column in ("book", "capital"))
    return together(growth(book / np.where(capital > 0.0, capital, np.nan)), growth(book))


def hazards_against_revenue(part: Part) -> Estimate:
    """Mean hazard that lenders see (what spreads are made of) against growth of AI revenue."""
    return together(_hazard(part)[:, 1:], growth(of_year(part, "ai_revenue")))


def hazards_against_mood(part: Part) -> Estimate:
    """The same against investors' sentiment."""
    return together(_hazard(part), of_year(part, "sentiment"))


def _hazard(part: Part) -> Floats:
    hazard = of_year(part, "hazard")
    return np.log(np.where(hazard > 0.0, hazard, np.nan))


def recovered(part: Part) -> Floats:
    """Share of the principal in default that is recovered in each year, shape (worlds, YEARS); not a number in years
    without a default.

    Of borrowers; left out are deferrals, in which nothing is given up, and losses that are not known.
    """
    frame = part.frames["defaults"]
    known = frame["kind"].isin(BORROWER_KINDS) & (frame["way"] != tables.DEFERRAL) & (frame["settled"] == 1)
    mine = frame[known & (frame["debt"] > SMALLEST_DEBT)]
    mine = mine.assign(year=(mine["month"] - 1) // 12)
    debt, lost = mine["debt"].to_numpy(float), mine["loss_credit"].to_numpy(float)
    owed = yearly(part, mine, debt)
    return yearly(part, mine, debt - np.minimum(lost, debt)) / np.where(owed > 0.0, owed, np.nan)


def recoveries_against_defaults(part: Part) -> Estimate:
    """Recovery of a year against the default rate of the year."""
    return together(recovered(part), default_rate(part))


def credit_before_defaults(part: Part) -> Estimate:
    """Default rate of a year against growth of AI debt over the two years before it."""
    grown = np.diff(np.log(np.maximum(part.monthly("ai_debt")[:, ::12], 1e-9)), axis=1)
    before = grown[:, :-2] + grown[:, 1:-1]
    return together(default_rate(part)[:, MEMORY:], before)


# --- defaults come together -----------------------------------------------------------------------------------
def clustering(part: Part) -> Estimate:
    """Dispersion of the defaults of a world over its years, over that of independent ones; 1 if they are.

    Given how many defaults a world has, independent ones would fall into its years with the odds of the years over all
    worlds. The number is the squared distance from that, over what is expected of it.
    """
    seen = part.frames["seen"]
    count = yearly(part, seen[fails_within(seen)])
    odds = count.sum(axis=0) / max(count.sum(), 1.0)
    years = odds > 0.0
    total = count.sum(axis=1)
    apart = (count - total[:, None] * odds)[:, years] ** 2 / odds[years]
    return ratio(apart.sum(axis=1), total * (years.sum() - 1))


def clustering_beyond_hazards(part: Part) -> Estimate:
    """Variance of yearly defaults around what the hazards seen say, over that of defaults independent given these.

    The hazards of each kind of firm are first scaled to what happens to it.
    """
    seen = part.frames["seen"]
    failed = fails_within(seen)
    p = probability(seen["hazard"].to_numpy(float))
    names, kind = np.unique(seen["kind"].to_numpy(str), return_inverse=True)
    happened, expected = (np.bincount(kind, weights, len(names)) for weights in (failed.astype(float), p))
    scaled = np.minimum(p * (happened / np.maximum(expected, 1e-12))[kind], 1.0)
    apart = yearly(part, seen[failed]) - yearly(part, seen, scaled)
    return ratio((apart**2).sum(axis=1), part.total(seen, scaled * (1.0 - scaled)))


def by_count(part: Part) -> tuple[Floats, Floats]:
    """World-years by how many borrowers default in them: counted, and if defaults were independent in time."""
    seen = part.frames["seen"]
    count = yearly(part, seen[fails_within(seen)])
    odds = count.sum(axis=0) / max(count.sum(), 1.0)
    sizes = np.arange(int(count.max()) + 1)
    chances = np.asarray(binom.pmf(sizes[:, None, None], count.sum(axis=1)[None, :, None], odds[None, None, :]))
    return np.bincount(count.astype(int).ravel(), minlength=len(sizes)).astype(float), chances.sum(axis=(1, 2))


class Cascades(NamedTuple):
    """Months in which anybody fails: the world of each, how many fail, what lenders lose (all but on lenders)."""

    worlds: np.ndarray
    sizes: Floats
    losses: Floats


def cascades(part: Part) -> Cascades:
    """All months of all worlds with a default, of whichever kind of firm."""
    frame = part.frames["defaults"]
    lost = np.where(frame["kind"] == LENDER, 0.0, frame["loss_credit"].to_numpy(float))
    by_month = frame.assign(lost=lost).groupby(["world", "month"])
    found = by_month.agg(size=("firm", "size"), lost=("lost", "sum")).reset_index()
    return Cascades(
        found["world"].to_numpy(np.int64), found["size"].to_numpy(float), found["lost"].to_numpy(float)
    )  # fmt: skip


def size_tail(part: Part) -> Estimate:
    """Variance of the number of firms that fail in a month beyond the first, over that of a geometric law of the same
    mean: 1 if each failure brings another with the same odds, more if the tail is heavier."""
    found = cascades(part)
    beyond = found.sizes - 1.0
    sums = np.array(
        [np.bincount(found.worlds, weights, minlength=part.worlds) for weights in (None, beyond, beyond**2)]
    )

    def over_geometric(rows: np.ndarray) -> float:
        n, first, second = sums[:, rows].sum(axis=1)
        if n <= 0.0 or first <= 0.0:
            return math.nan
        mean = first / n
        return float((second / n - mean**2) / (mean * (1.0 + mean)))

    return over_worlds(part.worlds, over_geometric)


def hill(values: Floats) -> float:
    """Hill's estimate of the tail index over the largest of `TAIL`, over what an exponential law gives: 1 if the tail
    is exponential, more if it is heavier (B. M. Hill, Annals of Statistics 3 (1975) 1163).

    Of an exponential law the mean log excess over the point that one of ``k`` exceeds is ``k E1(log k)``.
    """
    k = len(values) // TAIL
    if k < TAIL:
        return math.nan
    ordered = np.sort(values)
    excess = float(np.mean(np.log(ordered[-k:] / ordered[-k - 1])))
    return excess / float(TAIL * exp1(math.log(TAIL)))


def loss_tail(part: Part) -> Estimate:
    """The same of what lenders lose in such a month, where they lose anything."""
    found = cascades(part)
    lossy = found.losses > SMALLEST_DEBT
    by_world = [found.losses[lossy & (found.worlds == w)] for w in range(part.worlds)]
    return over_worlds(part.worlds, lambda rows: hill(np.concatenate([by_world[w] for w in rows])))


# --- firms and lenders ----------------------------------------------------------------------------------------
def drift(part: Part) -> Estimate:
    """Growth of the hazard seen over the year before that in which a firm defaults (log), beyond that of the others."""
    seen = part.frames["seen"]
    now = seen.assign(fails=fails_within(seen))[["world", "firm", "year", "hazard", "fails"]]
    before = seen[["world", "firm", "year", "hazard"]].assign(year=seen["year"] + 1)
    both = now.merge(before, on=["world", "firm", "year"], suffixes=("", "_before"))
    both = both[(both["hazard"] > 0.0) & (both["hazard_before"] > 0.0)]
    rise = np.log(both["hazard"].to_numpy(float) / both["hazard_before"].to_numpy(float))
    failing = both["fails"].to_numpy(bool)
    sums = np.array(
        [[part.total(both[k]), part.total(both[k], rise[k])] for k in (failing, ~failing)]
    )  # failing or not, number or sum, worlds

    def difference(rows: np.ndarray) -> float:
        (n, total), (others, their_total) = sums[:, :, rows].sum(axis=2)
        return float(total / n - their_total / others) if n > 0.0 and others > 0.0 else math.nan

    return over_worlds(part.worlds, difference)


def investment_swings(part: Part) -> Estimate:
    """Standard deviation of the yearly growth of investment over that of AI revenue, both net."""
    a, b = (growth(of_year(part, column)) for column in ("capex", "ai_revenue"))
    there = np.isfinite(a) & np.isfinite(b)
    x, y = ((net(np.where(there, values, np.nan)) ** 2).sum(axis=1) for values in (a, b))

    def relative(rows: np.ndarray) -> float:
        below = float(y[rows].sum())
        return math.sqrt(float(x[rows].sum()) / below) if below > 1e-18 else math.nan

    return over_worlds(part.worlds, relative)


def lumps(part: Part) -> Estimate:
    """Share of firms' investment made in the fifth of firm-years with the highest rates of investment, firms weighing
    alike.

    A rate is investment over the capital at the beginning of the year, over the mean rate of its world and year, so
    that a boom makes no lump; where rates are all the same the share is a fifth.
    """
    books = part.frames["books"]
    mine = books[books["capital"] > SMALLEST_DEBT]
    if not len(mine):
        return NOTHING
    raw = (mine["capex"] / mine["capital"]).to_numpy(float)
    places = mine["world"].to_numpy(np.int64) * YEARS + mine["year"].to_numpy(np.int64)
    typical = (np.bincount(places, raw) / np.maximum(np.bincount(places), 1))[places]
    rate = np.where(typical > 0.0, raw / np.where(typical > 0.0, typical, 1.0), 0.0)
    # Of equal rates each counts in the fifth by the part of them that lies in it.
    count = max(round(SPIKES * len(rate)), 1)
    edge = np.sort(rate)[-count]
    at_edge = rate == edge
    weight = np.where(rate > edge, 1.0, np.where(at_edge, (count - (rate > edge).sum()) / at_edge.sum(), 0.0))
    return ratio(part.total(mine, rate * weight), part.total(mine, rate))


def concentration(part: Part) -> Estimate:
    """Share of all credit losses of a world that the tenth of its lenders which lose most bear; sums over worlds."""
    by_lender = part.frames["lenders"].groupby(["world", "lender"])["losses"].sum().reset_index()
    top, whole = np.zeros(part.worlds), np.zeros(part.worlds)
    for world in range(part.worlds):
        lost = np.sort(by_lender.loc[by_lender["world"] == world, "losses"].to_numpy(float))
        whole[world] = lost.sum()
        top[world] = lost[len(lost) - math.ceil(len(lost) / 10) :].sum()
    return ratio(top, whole)


def cheaper_and_more(part: Part) -> Estimate:
    """Share of worlds in which work of the same quality gets cheaper and spending rises over the first years."""
    spent = of_year(part, "ai_revenue")
    more = spent[:, PRICE_YEARS - 1] > spent[:, 0]
    return share((_cheaper(part, "equal_quality_price") & more).astype(float), np.ones(part.worlds))


def cheaper_on_average(part: Part) -> Estimate:
    """Share of worlds in which the mean price of the work that is sold falls over the first years."""
    return share(_cheaper(part, "token_price").astype(float), np.ones(part.worlds))


def _cheaper(part: Part, column: str) -> np.ndarray:
    price = part.monthly(column, "prices")
    return price[:, 12 * PRICE_YEARS] < price[:, 0]


def fall_at_equal_quality(part: Part) -> Estimate:
    """By how many times a year the price of work of the same quality falls over the first years, median world."""
    price = part.monthly("equal_quality_price", "prices")
    return middle((price[:, 0] / np.maximum(price[:, 12 * PRICE_YEARS], 1e-12)) ** (1.0 / PRICE_YEARS))
