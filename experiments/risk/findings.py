"""What the tables of all runs say: one function a part, small tables in, numbers with intervals out.

A `Part` is all worlds of one scenario; its frames have a column `world`, 0 the first seed. Defaults are counted in all
four ways, as agencies count them, among the borrowers that begin a year; firms that enter within a year count from the
next one. Beside this, what is counted without deferrals, the mildest way, is called hard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.calibration.opening import DEFAULT_OPENING, opening_tables
from abm.engine import tables
from experiments.analysis.intervals import Estimate
from experiments.baseline import BORROWERS
from experiments.risk.holders import borne
from experiments.risk.observe import CAUSES, MONTHS, STRIKE_MONTH, WATCHED, YEARS
from experiments.risk.statistics import (
    NOTHING,
    Floats,
    auc,
    bootstrap,
    brier,
    deciles,
    jackknife,
    mean,
    middle,
    probability,
    ratio,
    resampled,
    share,
)

FACTOR = 1.5  # within which what is seen and what happens are the same
HORIZON = 5  # years
BORROWER_KINDS = tuple(tables.KIND_NAMES[k] for k in BORROWERS)
AFTER = 6  # months after the strike at which its effects are read
FOLLOWS = 24  # months within which another failure counts as following
CRISIS = range(1, 5)  # years of the scenarios in which losses are counted: the second to the fifth
SMALLEST_DEBT = 1e-3  # bn USD; a failure that owes less has no recovery to speak of
ALL = "all but lenders"
SIZES = (2, 3, 5, 10, 20)


class Part(NamedTuple):
    """All worlds of a scenario; every frame has the column `world`, the place of its seed."""

    scenario: str
    seeds: NDArray[np.int64]
    frames: Mapping[str, pd.DataFrame]

    @property
    def worlds(self) -> int:
        """How many."""
        return len(self.seeds)

    def total(self, frame: pd.DataFrame, values: Any = None) -> Floats:
        """Sum by world of some values of the rows of a frame, or their number; shape (worlds,)."""
        weights = None if values is None else np.asarray(values, float)
        return np.bincount(np.asarray(frame["world"]), weights, minlength=self.worlds).astype(float)

    def monthly(self, column: str, table: str = "months") -> Floats:
        """A column of `months`, or of a table like it, shape (worlds, months + 1); month 0 is the opening."""
        found: Floats = self.frames[table][column].to_numpy(float).reshape(self.worlds, MONTHS + 1)
        return found


def kept(part: Part, seeds: NDArray[np.int64]) -> Part:
    """The worlds of some of its seeds alone, in their order."""
    places = {int(seed): k for k, seed in enumerate(part.seeds)}
    new = {places[int(seed)]: k for k, seed in enumerate(seeds)}
    frames = {}
    for name, frame in part.frames.items():
        mine = frame[frame["world"].isin(list(new))]
        frames[name] = mine.assign(world=mine["world"].map(new).astype(np.int64)).sort_values("world", kind="stable")
    return Part(part.scenario, seeds, frames)


# --- perceived against realised ---------------------------------------------------------------------------
class Group(NamedTuple):
    """Firm-years of one group: how many, mean probability seen, what happened, one over the other."""

    name: str
    firm_years: int
    seen: float
    happened: Estimate
    ratio: Estimate

    @property
    def within(self) -> bool:
        """Whether what is seen times or over `FACTOR` reaches the interval of what happened."""
        return self.happened.low <= FACTOR * self.seen and self.happened.high >= self.seen / FACTOR

    @property
    def near(self) -> bool:
        """Whether the numbers themselves are within `FACTOR` of each other, however wide the interval."""
        return 1.0 / FACTOR <= self.ratio.value <= FACTOR


def fails_within(frame: pd.DataFrame, months: int = 12, until: str = "months") -> NDArray[np.bool_]:
    """Whether each row's firm defaults within so many months; `until` is `months_hard` where deferrals do not count."""
    found: NDArray[np.bool_] = ((frame[until] >= 1) & (frame[until] <= months)).to_numpy()
    return found


def group(part: Part, name: str, frame: pd.DataFrame) -> Group:
    """Seen and happened of some rows of `seen`."""
    seen = part.total(frame, probability(frame["hazard"].to_numpy(float)))
    happened, count = part.total(frame, fails_within(frame)), part.total(frame)
    typical = float(seen.sum() / count.sum()) if len(frame) else float("nan")
    return Group(name, len(frame), typical, share(happened, count), ratio(happened, seen))


class Perceived(NamedTuple):
    """Perceived against realised: by tenth of the hazard seen, by kind, overall, and the scores."""

    tenths: list[Group]
    kinds: list[Group]
    overall: Group
    brier: Estimate
    brier_of_mean: float
    auc: Estimate


def perceived(part: Part) -> Perceived:
    """Hazard seen as each year begins against failing in its twelve months."""
    seen = part.frames["seen"]
    number = deciles(seen["hazard"].to_numpy(float)) if len(seen) else np.zeros(0, np.int64)
    tenths = [group(part, str(k + 1), seen[number == k]) for k in range(int(number.max(initial=-1)) + 1)]
    kinds = [group(part, kind, mine) for kind in BORROWER_KINDS if len(mine := seen[seen["kind"] == kind])]
    p, happened = probability(seen["hazard"].to_numpy(float)), fails_within(seen).astype(float)
    worlds = seen["world"].to_numpy()
    rate = float(happened.mean()) if len(seen) else float("nan")
    return Perceived(
        tenths, kinds, group(part, "all borrowers", seen),
        _from_0_to_1(jackknife(worlds, part.worlds, lambda rows: brier(p[rows], happened[rows]))), rate * (1.0 - rate),
        _from_0_to_1(jackknife(worlds, part.worlds, lambda rows: auc(p[rows], happened[rows]))),
    )  # fmt: skip


def _from_0_to_1(score: Estimate) -> Estimate:
    """A score that cannot lie outside, nor its interval; what is no number stays none."""
    return Estimate(score.value, *(float(np.clip(end, 0.0, 1.0)) for end in (score.low, score.high)))


# --- five-year default ------------------------------------------------------------------------------------
class FiveYears(NamedTuple):
    """Five-year default of a firm, or the mean of a class: as lenders see it at the opening, as they come to see it
    along the runs, as it happens, and as it happens without deferrals."""

    name: str
    tenant: str
    at_opening: Estimate
    along: Estimate
    happened: Estimate
    hard: Estimate


def members(opened: pd.DataFrame, who: str, apart: Iterable[str]) -> list[str]:
    """Borrowers of the opening that a row of the table of firms speaks of: one by name, or a kind without those that
    have rows of their own."""
    if who in BORROWER_KINDS:
        return sorted(set(opened.loc[opened["kind"] == who, "firm"]) - set(apart))
    return [who] if who in set(opened["firm"]) else []


def five_years(part: Part, name: str, firms: Sequence[str], tenant: str = "") -> FiveYears:
    """Five-year default of some firms of the opening together.

    At the opening lenders see ``1 - exp(-5 h)``, h the yearly hazard over five years. What they come to see is the sum,
    over the years that a firm begins before its first default, of the probability they see then: on average it equals
    the frequency of default if and only if they are right (the compensator of the default's indicator; Duffie, Saita
    and Wang 2007 for hazards of this kind).
    """
    frame = part.frames["seen"]
    mine = frame[frame["firm"].isin(firms) & (frame["year"] < HORIZON)]
    first = mine[mine["year"] == 0]
    if not len(first):
        return FiveYears(name, tenant, NOTHING, NOTHING, NOTHING, NOTHING)
    count = part.total(first)
    seen = part.total(first, probability(first["hazard_long"].to_numpy(float), HORIZON))
    happened, hard = (part.total(first, fails_within(first, 12 * HORIZON, x)) for x in ("months", "months_hard"))
    failed = first.assign(at=np.where(first["months"] > 0, first["months"], 10**6))[["world", "firm", "at"]]
    begun = mine.merge(failed, on=["world", "firm"])
    begun = begun[12 * begun["year"] < begun["at"]]
    along = part.total(begun, probability(begun["hazard"].to_numpy(float)))
    return FiveYears(
        name, tenant, ratio(seen, count), ratio(along, count), share(happened, count), share(hard, count)
    )  # fmt: skip


# --- default rates ----------------------------------------------------------------------------------------
class Rates(NamedTuple):
    """Default rates a year: of all, without deferrals, weighted by debt, by year, kind and way (of several of a firm
    in a year the first); the worst year of each world."""

    overall: Estimate
    hard: Estimate
    by_debt: Estimate
    years: list[Estimate]
    kinds: dict[str, Estimate]
    ways: dict[str, Estimate]
    worst: Floats
    tenth: Estimate
    mean_of_tenth: Estimate


def yearly(part: Part, frame: pd.DataFrame, values: Any = None) -> Floats:
    """Rows of `seen`, or values of theirs, summed by world and year; shape (worlds, YEARS)."""
    weights = None if values is None else np.asarray(values, float)
    places = frame["world"].to_numpy() * YEARS + frame["year"].to_numpy()
    return np.bincount(places, weights, minlength=part.worlds * YEARS).reshape(part.worlds, YEARS).astype(float)


def worst_years(count: Floats, number: Floats) -> Floats:
    """Highest yearly share of each world, years without borrowers left out.

    Parameters
    ----------
    count, number : array, shape (worlds, years)
    """
    rates = np.where(number > 0.0, count / np.maximum(number, 1.0), 0.0)
    found: Floats = rates.max(axis=1)
    return found


def mean_of_worst_tenth(worst: Floats) -> float:
    """Mean of the highest tenth, at least one of them."""
    return float(np.sort(worst)[-max(len(worst) // 10, 1) :].mean())


def rates(part: Part) -> Rates:
    """Default rates of the borrowers that begin each year."""
    seen = part.frames["seen"]
    failed = seen[fails_within(seen)]
    count, number = yearly(part, failed), yearly(part, seen)
    worst = worst_years(count, number)
    everyone = number.sum(axis=1)
    kinds = {kind: seen[seen["kind"] == kind] for kind in BORROWER_KINDS}
    return Rates(
        share(count.sum(axis=1), everyone),
        share(part.total(seen, fails_within(seen, until="months_hard")), everyone),
        ratio(part.total(failed, failed["debt"]), part.total(seen, seen["debt"])),
        [share(count[:, k], number[:, k]) for k in range(YEARS)],
        {kind: share(part.total(mine, fails_within(mine)), part.total(mine)) for kind, mine in kinds.items()},
        {name: share(part.total(failed[failed["way"] == k]), everyone) for k, name in enumerate(tables.WAY_NAMES)},
        worst,
        bootstrap(worst, lambda w: float(np.quantile(w, 0.9, method="inverted_cdf"))),
        bootstrap(worst, mean_of_worst_tenth),
    )


# --- values -----------------------------------------------------------------------------------------------
def volatilities(part: Part, firms: Sequence[str]) -> tuple[Estimate, tuple[float, float]]:
    """Median yearly volatility of some firms' values over all worlds, and its 5 and 95 % points."""
    frame = part.frames["firms"]
    mine = frame[frame["firm"].isin(firms)]
    by_world = mine.groupby("world")["volatility"].mean().to_numpy(float)
    by_world = by_world[np.isfinite(by_world)]
    if not len(by_world):
        return NOTHING, (float("nan"), float("nan"))
    low, high = np.quantile(by_world, (0.05, 0.95))
    return middle(by_world), (float(low), float(high))


def correlation(part: Part, kind: str) -> Estimate:
    """Mean correlation of the values of a kind's firms with those of the neoclouds: mean over worlds."""
    frame = part.frames["firms"]
    by_world = frame[frame["kind"] == kind].groupby("world")["correlation"].mean().to_numpy(float)
    return mean(by_world)


# --- recoveries and cascades ------------------------------------------------------------------------------
class Recovery(NamedTuple):
    """Of the defaults of a kind of borrower or a way: how many, recovery of all debt, and of unsecured debt."""

    name: str
    failures: int
    debt: float
    all: Estimate
    unsecured: Estimate


def unsecured_recovered(debt: Floats, secured: Floats, lost: Floats) -> Floats:
    """What unsecured creditors get (bn) if secured ones are paid first: the engine keeps no loss by loan."""
    found: Floats = np.clip(debt - np.minimum(lost, debt) - secured, 0.0, debt - secured)
    return found


def recovery(part: Part, name: str, frame: pd.DataFrame) -> Recovery:
    """Recovery over some rows of `defaults`, pooled: one less what lenders lost over the principal in default."""
    mine = frame[frame["debt"] > SMALLEST_DEBT]
    debt, secured, lost = (mine[c].to_numpy(float) for c in ("debt", "secured", "loss_credit"))
    free = debt - secured
    return Recovery(
        name, len(mine), float(debt.sum()),
        ratio(part.total(mine, debt - np.minimum(lost, debt)), part.total(mine, debt)),
        ratio(part.total(mine, unsecured_recovered(debt, secured, lost)), part.total(mine, free)),
    )  # fmt: skip


def recoveries(part: Part) -> list[Recovery]:
    """By way, by kind, and all borrowers together.

    Left out are deferrals, in which nothing is given up, and reorganisations whose losses are not known.
    """
    frame = part.frames["defaults"]
    mine = frame[frame["kind"].isin(BORROWER_KINDS) & (frame["way"] != tables.DEFERRAL) & (frame["settled"] == 1)]
    found = [
        recovery(part, name, mine[mine["way"] == way])
        for way, name in enumerate(tables.WAY_NAMES)
        if way != tables.DEFERRAL
    ]
    found += [recovery(part, kind, mine[mine["kind"] == kind]) for kind in BORROWER_KINDS]
    return [*found, recovery(part, "all borrowers", mine)]


class Losses(NamedTuple):
    """What the defaults of a kind of firm cost, bn USD a run: lenders to it, its owners, parties of its contracts."""

    kind: str
    credit: Estimate
    equity: Estimate
    claims: Estimate


def losses(part: Part) -> list[Losses]:
    """Losses by kind of firm that defaults, those without defaults left out, and of all but lenders; never added.

    What a failed lender's creditors lose is for the most part what it has lost itself, and would be counted twice.
    """
    frame = part.frames["defaults"]
    kinds = [kind for kind in tables.KIND_NAMES if (frame["kind"] == kind).any()]
    found = []
    others = frame[frame["kind"] != tables.KIND_NAMES[tables.LENDER]]
    for name, mine in [*((kind, frame[frame["kind"] == kind]) for kind in kinds), (ALL, others)]:
        three = (mean(part.total(mine, mine[column])) for column in ("loss_credit", "loss_equity", "loss_claims"))
        found.append(Losses(name, *three))
    return found


class Cascades(NamedTuple):
    """Sizes of cascades: firms that default in one month of a world, all kinds."""

    months: int
    at_least: dict[int, Estimate]
    largest: int
    longest: int


def cascades(part: Part) -> Cascades:
    """How many months have a default, in how many of them at least so many firms fail, the largest and the longest."""
    frame = part.frames["defaults"]
    found = frame.groupby(["world", "month"]).agg(size=("firm", "size"), rounds=("stage", "max")).reset_index()
    at_least = {n: share(part.total(found[found["size"] >= n]), part.total(found)) for n in SIZES}
    largest, longest = (int(found[c].max()) if len(found) else 0 for c in ("size", "rounds"))
    return Cascades(len(found), at_least, largest, longest)


# --- the telecom analogue ---------------------------------------------------------------------------------
def quarterly_lag(part: Part) -> Estimate:
    """Quarters from the peak of investment to the peak of defaults up to the end of `CRISIS`, averaged over worlds.

    The default rate of a quarter is that of the twelve months that end with it, as agencies publish it, dated at
    their middle.
    """
    quarters = 4 * (CRISIS[-1] + 1)
    capex = part.monthly("capex")[:, 1 : 3 * quarters + 1].reshape(part.worlds, quarters, 3).sum(axis=2)
    frame = part.frames["defaults"]
    mine = frame[frame["kind"].isin(BORROWER_KINDS) & (frame["month"] <= 3 * quarters)]
    place = mine["world"].to_numpy() * quarters + (mine["month"].to_numpy() - 1) // 3
    count = np.bincount(place, minlength=part.worlds * quarters).reshape(part.worlds, quarters)
    lags = [peak_lag(capex[rows], count[rows]) for rows in resampled(part.worlds)]
    whole = peak_lag(capex, count)
    if np.isnan(whole):
        return NOTHING
    low, high = np.nanquantile(lags, (0.025, 0.975))
    return Estimate(whole, float(low), float(high))


def peak_lag(capex: Floats, defaults: NDArray[np.int64]) -> float:
    """Quarters from the peak of mean investment to that of mean defaults of four quarters, dated at their middle.

    Parameters
    ----------
    capex, defaults : array, shape (worlds, quarters)

    Returns
    -------
    float
        Not a number if nobody defaults.
    """
    rate = np.convolve(defaults.mean(axis=0), np.ones(4), mode="valid")
    if rate.max() <= 0.0:
        return float("nan")
    return float(np.argmax(rate)) + 1.5 - float(np.argmax(capex.mean(axis=0)))


class LenderClass(NamedTuple):
    """A class of lenders over the years of `CRISIS`, and in the same worlds of the baseline: losses, and losses that
    marks show and books do not in the worst year, over the capital they begin with; share of the class by loans held
    that was gated (in the baseline too), stopped lending or failed, in one month at least; change of new credit against
    the baseline in the worst year."""

    name: str
    losses: Estimate
    losses_baseline: Estimate
    marks: Estimate
    gated: Estimate
    gated_baseline: Estimate
    closed: Estimate
    failed: Estimate
    credit: Estimate


def lender_classes(part: Part, baseline: Part) -> list[LenderClass]:
    """Lenders by class under a scenario, beside the baseline with the same seeds."""
    both = np.intersect1d(part.seeds, baseline.seeds)
    ours, theirs = kept(part, both), kept(baseline, both)
    found = []
    for name in tables.LENDER_NAMES:
        a, b = (p.frames["lenders"][p.frames["lenders"]["class"] == name] for p in (ours, theirs))
        if len(a):
            found.append(_lender_class(name, ours, a, theirs, b))
    return found


def _lender_class(name: str, ours: Part, a: pd.DataFrame, theirs: Part, b: pd.DataFrame) -> LenderClass:
    first, years = CRISIS[0], list(CRISIS)

    def losses(part: Part, frame: pd.DataFrame) -> Estimate:
        begin, during = frame[frame["year"] == first], frame[frame["year"].isin(years)]
        return ratio(part.total(during, during["losses"]), part.total(begin, begin["capital"]))

    def struck(part: Part, frame: pd.DataFrame, what: str) -> Estimate:
        begin, during = frame[frame["year"] == first], frame[frame["year"].isin(years)]
        ever = during.groupby(["world", "lender"])[what].max().rename("ever").reset_index()
        held = begin.merge(ever, on=["world", "lender"])
        return ratio(part.total(held, held["book"] * held["ever"]), part.total(begin, begin["book"]))

    begin, during = a[a["year"] == first], a[a["year"].isin(years)]
    marked = np.array([ours.total(f, f["marks"]) for f in (during[during["year"] == year] for year in years)])
    lent, usual = (
        np.array([p.total(f[f["year"] == year], f.loc[f["year"] == year, "lent"]) for year in years]).T
        for p, f in ((ours, a), (theirs, b))
    )
    return LenderClass(
        name, losses(ours, a), losses(theirs, b), ratio(marked.max(axis=0), ours.total(begin, begin["capital"])),
        struck(ours, a, "gated"), struck(theirs, b, "gated"), struck(ours, a, "closed"), struck(ours, a, "failed"),
        worst_change(lent, usual),
    )  # fmt: skip


def worst_change(ours: Floats, usual: Floats) -> Estimate:
    """Largest fall of a yearly sum against the same year of other runs, over the years; sums over worlds.

    Parameters
    ----------
    ours, usual : array, shape (worlds, years)
    """
    total = usual.sum(axis=0)
    if (total <= 0.0).all():
        return NOTHING
    change = np.where(total > 0.0, ours.sum(axis=0) / np.where(total > 0.0, total, 1.0), np.inf)
    year = int(np.argmin(change))
    found = ratio(ours[:, year], usual[:, year])
    return Estimate(found.value - 1.0, found.low - 1.0, found.high - 1.0)


def routed(part: Part, holders: Sequence[Mapping[str, str]]) -> list[tuple[str, str, Estimate]]:
    """Mean credit losses of a run by class of lender and by who bears them in the end (bn USD).

    Parameters
    ----------
    part : Part
    holders : sequence of mapping
        Rows `class`, `layer` (`capital` the lender begins with, or `beyond` it), `holder`, `share`.

    Returns
    -------
    list of (class, holder, bn USD a run)
        What no row assigns stands under "not assigned".
    """
    frame = part.frames["lenders"]
    each = frame.groupby(["world", "lender", "class"], sort=True)
    whole = each.agg(losses=("losses", "sum"), capital=("capital", "first")).reset_index()
    whole["capital"] = np.minimum(whole["losses"], whole["capital"].clip(lower=0.0))
    whole["beyond"] = whole["losses"] - whole["capital"]
    found = []
    for name in dict.fromkeys(whole["class"]):
        mine = whole[whole["class"] == name]
        within, beyond = (part.total(mine, mine[layer]) for layer in ("capital", "beyond"))
        found += [
            (name, holder, mean(b)) for holder, b in borne(name, within, beyond, holders).items() if b.sum() > 0.0
        ]
    return found


# --- the flagship fails -----------------------------------------------------------------------------------
class Kind(NamedTuple):
    """Worlds by demand: how many, growth of AI revenue over two years, where another borrower follows."""

    name: str
    worlds: int
    growth: float
    follows: Estimate


class Strike(NamedTuple):
    """The flagship fails, against the same worlds in which it does not: medians over worlds."""

    worlds: int
    left_out: int
    sentiment: dict[int, Estimate]
    spot: dict[int, Estimate]
    hazards: dict[str, dict[int, Estimate]]
    spread: dict[int, Estimate]
    orphaned: dict[int, Estimate]
    follows: Estimate
    by_demand: list[Kind]
    followers: list[tuple[str, float]]


def followers(struck: pd.DataFrame, spared: pd.DataFrame, world: int, flagship: str) -> set[str]:
    """Borrowers other than the flagship that fail within `FOLLOWS` months of the strike and not without it."""
    end = STRIKE_MONTH + FOLLOWS

    def fallen(frame: pd.DataFrame, first: int) -> set[str]:
        mine = frame[(frame["world"] == world) & frame["kind"].isin(BORROWER_KINDS)]
        return set(mine.loc[(mine["month"] >= first) & (mine["month"] <= end), "firm"])

    return fallen(struck, STRIKE_MONTH) - fallen(spared, 1) - {flagship}


def strike(struck: Part, baseline: Part) -> Strike:
    """Pairs of worlds with the same seed; those in which the flagship has failed by itself before are left out."""
    flagship = opening_tables(DEFAULT_OPENING).flagship
    seeds = np.intersect1d(struck.seeds, baseline.seeds)
    gone = kept(baseline, seeds).frames["defaults"]
    early = gone.loc[(gone["firm"] == flagship) & (gone["month"] <= STRIKE_MONTH), "world"]
    left = np.delete(seeds, early.to_numpy(np.int64))
    a, b = kept(struck, left), kept(baseline, left)
    months = {0: STRIKE_MONTH, AFTER: STRIKE_MONTH + AFTER}

    def change(column: str, read: Callable[[Floats, Floats], Floats]) -> dict[int, Estimate]:
        x, y = a.monthly(column), b.monthly(column)
        return {k: middle(read(x[:, m], y[:, m])) for k, m in months.items()}

    def times(x: Floats, y: Floats) -> Floats:
        return x / np.where(y > 0.0, y, np.nan)

    who = [followers(a.frames["defaults"], b.frames["defaults"], k, flagship) for k in range(len(left))]
    fell = np.array([len(f) > 0 for f in who], float)
    revenue = b.monthly("ai_revenue")
    year_to, two_later = (revenue[:, m - 11 : m + 1].sum(axis=1) for m in (STRIKE_MONTH, STRIKE_MONTH + FOLLOWS))
    growth = np.log(np.maximum(two_later, 1e-9) / np.maximum(year_to, 1e-9))
    names = sorted({name for f in who for name in f})
    often = sorted(((n, float(np.mean([n in f for f in who]))) for n in names), key=lambda x: (-x[1], x[0]))
    return Strike(
        len(left), len(seeds) - len(left),
        change("sentiment", lambda x, y: x - y), change("spot_price", lambda x, y: times(x, y) - 1.0),
        {name: change(f"hazard of {name}", times) for name in WATCHED}, change("hazard", times),
        change("orphaned", lambda x, y: x - y), share(fell, np.ones(len(fell))), by_terciles(growth, fell), often,
    )  # fmt: skip


def by_terciles(growth: Floats, fell: Floats) -> list[Kind]:
    """Share of worlds in which another falls, by tercile of the growth of demand: weak, middle, strong."""
    order = np.argsort(growth, kind="stable")
    found = []
    for name, rows in zip(("weak", "middle", "strong"), np.array_split(order, 3), strict=True):
        typical = float(np.mean(growth[rows])) if len(rows) else float("nan")
        found.append(Kind(name, len(rows), typical, share(fell[rows], np.ones(len(rows)))))
    return found


# --- channels and debt ------------------------------------------------------------------------------------
def heaviest(frame: pd.DataFrame) -> list[str]:
    """The heaviest cause of each default; the first of `CAUSES` of several as heavy."""
    weights = frame[list(CAUSES)].to_numpy(float)
    return [CAUSES[k] for k in weights.argmax(axis=1)] if len(frame) else []


class Causes(NamedTuple):
    """A scenario's failures: how many a world, of how many each cause is the heaviest, and its share of them all."""

    scenario: str
    worlds: int
    failures: int
    heaviest: dict[str, int]
    shares: dict[str, float]


def causes(part: Part) -> Causes:
    """Causes of all defaults of a scenario, lenders' and vendors' among them."""
    frame = part.frames["defaults"]
    names = heaviest(frame)
    weights = frame[list(CAUSES)].to_numpy(float).sum(axis=0)
    total = float(weights.sum()) or 1.0
    return Causes(
        part.scenario, part.worlds, len(frame), {name: names.count(name) for name in CAUSES},
        {name: float(w) / total for name, w in zip(CAUSES, weights, strict=True)},
    )  # fmt: skip


def debt_added(part: Part, years: int = 3) -> tuple[Estimate, Estimate, Estimate]:
    """AI debt added over the first years (bn USD): 10 %, median and 90 % of the worlds, each with its interval."""
    debt = part.monthly("ai_debt")
    added = debt[:, 12 * years] - debt[:, 0]

    def point(q: float) -> Estimate:
        return bootstrap(added, lambda v: float(np.quantile(v, q)))

    return point(0.1), point(0.5), point(0.9)
