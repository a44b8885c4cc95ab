"""What many worlds say: who fails in how many of them, what lenders lose, and how the quantities spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.calibration import Opening
from abm.engine import tables
from abm.inputs.dates import month_end, month_label
from experiments.analysis.intervals import Estimate
from experiments.baseline import BORROWERS
from experiments.ensemble.worlds import SERIES, Floats, Made
from experiments.reproductions.intervals import wilson
from experiments.risk.holders import borne, holders
from experiments.summary import YEARLY

POINTS = (5, 10, 25, 50, 75, 90, 95)  # per cent
TAIL = 20  # one world in so many; with fewer worlds than this nothing is said of it
LARGEST = 5  # clouds of the opening that are told by name, by what they owe
YEARLY_KEPT = ("ai_revenue", "capex", "ai_debt", "look_through", "look_through_flagship", "spot_price")
BORROWER_KINDS = frozenset(tables.KIND_NAMES[k] for k in BORROWERS)
CLOUD, PROJECT, MODEL = (tables.KIND_NAMES[k] for k in (tables.NEOCLOUD, tables.VEHICLE, tables.ENTRANT))

# A lender of each class, as it is told.
LENDER_FIRMS = {
    "bank": "bank", "private credit": "private credit fund", "IG bonds": "IG bond fund", "HY bonds": "HY bond fund",
    "securitisation": "securitisation", "sponsor": "sponsor", "insurer": "insurer", "AI credit fund": "AI credit fund",
}  # fmt: skip


# --- who fails --------------------------------------------------------------------------------------------
class Fails(NamedTuple):
    """A firm, or a group of firms that are told together.

    Attributes
    ----------
    name : str
        The firm, or "any ..." of a group.
    group : bool
    worlds : int
        In which it fails, or at least one of the group does.
    share : Estimate
        The same as a share of all worlds, with its 95 % interval.
    median, earliest, latest : int or None
        Months from the opening to the first failure: median of these worlds, and the 5 and 95 % points; None without.
    ways : dict of str to float
        Parts of its failures by their way; of a firm that fails more than once the first.
    wound_up, put_off : int
        Worlds in which it, or one of the group, is wound up in the end; in which it does not fail but puts off loans.
    each : float
        Firms that fail, a world.
    """

    name: str
    group: bool
    worlds: int
    share: Estimate
    median: int | None
    earliest: int | None
    latest: int | None
    ways: dict[str, float]
    wound_up: int
    put_off: int
    each: float


def share_of(count: int, worlds: int) -> Estimate:
    """A share of the worlds with its 95 % interval (Wilson)."""
    return Estimate(count / worlds, *wilson(count, worlds))


def largest_clouds(opening: Opening) -> frozenset[str]:
    """The `LARGEST` clouds of an opening by the loans they owe."""
    owed = np.bincount(opening.loans["borrower"], opening.loans["principal"], minlength=len(opening.names))
    clouds = [i for i in range(len(opening.names)) if opening.firms["kind"][i] == tables.NEOCLOUD]
    return frozenset(opening.names[i] for i in sorted(clouds, key=lambda i: (-owed[i], i))[:LARGEST])


def told_as(firm: str, kind: str, named: frozenset[str], opening: frozenset[str]) -> tuple[str, bool]:
    """The firm itself, or the group with which it is told, and whether it is a group.

    Parameters
    ----------
    firm, kind : str
        `kind` is the class of a lender.
    named, opening : frozenset of str
        Clouds that are told by name, and all firms of the opening.
    """
    if kind in tables.LENDER_NAMES:
        return f"any {LENDER_FIRMS[kind]}", True
    if kind == MODEL:
        return "any open-model maker", True
    if kind == CLOUD and firm not in named:
        return ("any smaller cloud", True) if firm in opening else ("any entering cloud", True)
    if kind == PROJECT and firm not in opening:
        return "any later project", True
    return firm, False


def who_fails(made: Made) -> list[Fails]:
    """All firms and groups that default in some world, those that fail in most worlds first."""
    named, at_opening = largest_clouds(made.tables), frozenset(made.tables.names)
    rows: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for row in made.firms:
        rows.setdefault(told_as(row["firm"], row["kind"], named, at_opening), []).append(row)
    found = [_fails(name, group, mine, len(made.seeds)) for (name, group), mine in rows.items()]
    return sorted(found, key=lambda f: (-f.worlds, -f.each, -f.put_off, f.name))


def _fails(name: str, group: bool, rows: Sequence[Mapping[str, Any]], worlds: int) -> Fails:
    failed = [row for row in rows if row["failed"] is not None]
    first: dict[int, int] = {}
    for row in failed:
        first[row["world"]] = min(first.get(row["world"], row["failed"]), row["failed"])
    when = months_of(first.values())
    ways = Counter(row["way"] for row in failed)
    return Fails(
        name, group, len(first), share_of(len(first), worlds), *when,
        {way: ways[way] / len(failed) for way in tables.WAY_NAMES if ways[way]},
        len({row["world"] for row in rows if row["wound_up"] is not None}),
        len({row["world"] for row in rows} - set(first)), len(failed) / worlds,
    )  # fmt: skip


def months_of(months: Iterable[int]) -> tuple[int | None, int | None, int | None]:
    """Median, 5 and 95 % point of some months, each one of them; None without any.

    >>> months_of([30, 10, 20])
    (20, 10, 30)
    """
    listed = list(months)
    if not listed:
        return None, None, None
    middle, low, high = np.quantile(listed, (0.5, 0.05, 0.95), method="inverted_cdf").astype(int).tolist()
    return middle, low, high


def spared(made: Made) -> dict[str, int]:
    """Worlds in which nobody fails: `anyone`, and `borrowers`: labs, hyperscalers, clouds and project companies."""
    failed = [row for row in made.firms if row["failed"] is not None]
    who = {row["world"] for row in failed}, {row["world"] for row in failed if row["kind"] in BORROWER_KINDS}
    return {name: len(made.seeds) - len(w) for name, w in zip(("anyone", "borrowers"), who, strict=True)}


# --- what lenders lose ------------------------------------------------------------------------------------
class Lost(NamedTuple):
    """Credit losses over the run by a class of lenders or a group of those who bear them (bn USD).

    Attributes
    ----------
    name : str
    median : float
        Half of the worlds lose no more.
    tail : float
        One world in twenty loses so much or more; not a number with fewer than `TAIL` worlds.
    mean : float
    capital : float
        Median net worth of the class at the opening; not a number of those who bear losses.
    """

    name: str
    median: float
    tail: float
    mean: float
    capital: float


def classes(made: Made) -> dict[str, dict[str, Floats]]:
    """`capital`, `within` and `beyond` (see `SCHEMAS["losses"]`) by class of lender, each of shape (worlds,)."""
    found: dict[str, dict[str, Floats]] = {}
    for row in made.losses:
        mine = found.setdefault(row["class"], {k: np.zeros(len(made.seeds)) for k in ("capital", "within", "beyond")})
        for name, values in mine.items():
            values[row["world"]] = row[name]
    return found


def by_class(made: Made) -> dict[str, Floats]:
    """Losses by class of lender, shape (worlds,), bn USD."""
    return {name: mine["within"] + mine["beyond"] for name, mine in classes(made).items()}


def by_holder(made: Made) -> dict[str, Floats]:
    """Losses by the groups of those who bear them in the end, shape (worlds,), bn USD; their sum is all losses."""
    found: dict[str, Floats] = {}
    for name, mine in classes(made).items():
        for group, amount in borne(name, mine["within"], mine["beyond"], holders(), by="group").items():
            found[group] = found.get(group, np.zeros(len(made.seeds))) + amount
    return found


def lost(name: str, values: Floats, capital: float = float("nan")) -> Lost:
    """Losses of the worlds in a few numbers."""
    tail = float(np.quantile(values, 1.0 - 1.0 / TAIL)) if len(values) >= TAIL else float("nan")
    return Lost(name, float(np.median(values)), tail, float(values.mean()), capital)


def losses(made: Made) -> tuple[Lost, list[Lost], list[Lost]]:
    """All lenders together; by class; by who bears them, who bears most first."""
    found = classes(made)
    each = {name: mine["within"] + mine["beyond"] for name, mine in found.items()}
    capital = {name: float(np.median(mine["capital"])) for name, mine in found.items()}
    whole = np.sum(list(each.values()), axis=0)
    all_capital = float(np.median(np.sum([mine["capital"] for mine in found.values()], axis=0)))
    lenders = [lost(name, values, capital[name]) for name, values in each.items()]
    bearers = [lost(name, values) for name, values in by_holder(made).items()]
    return (
        lost("all lenders", whole, all_capital), sorted(lenders, key=lambda x: (-x.mean, x.name)),
        sorted(bearers, key=lambda x: (-x.mean, x.name)),
    )  # fmt: skip


# --- bands ------------------------------------------------------------------------------------------------
class Quantity(NamedTuple):
    """A quantity month by month: name, unit, meaning, values of shape (worlds, months)."""

    name: str
    unit: str
    meaning: str
    values: Floats


def quantities(made: Made) -> list[Quantity]:
    """The columns of the series that are kept, and what has been lost and who has failed so far."""
    columns = {column.name: column for column in tables.SERIES_COLUMNS}
    found = [Quantity(name, columns[name].unit, columns[name].meaning, made.months[name]) for name in SERIES]
    failed = np.zeros_like(made.months[SERIES[0]])
    for row in made.firms:
        if row["failed"] is not None:
            failed[row["world"], row["failed"] - 1 :] += 1.0
    so_far = np.cumsum(made.months["lender_losses"], axis=1)
    return [
        *found, Quantity("lost", "bn", "credit losses of lenders so far", so_far),
        Quantity("failed", "firms", "firms that have failed so far, in whichever way but by a deferral", failed),
    ]  # fmt: skip


def points(values: Floats, at: Sequence[float] = POINTS) -> Floats:
    """Percentage points over the worlds, shape (points, ...)."""
    found: Floats = np.percentile(values, at, axis=0)
    return found


class Year(NamedTuple):
    """A calendar year: how many of its months were run; median and 90 % band of each quantity of `YEARLY_KEPT`."""

    year: int
    months: int
    bands: dict[str, Estimate]


def by_year(made: Made) -> tuple[NDArray[np.int64], dict[str, Floats]]:
    """The calendar years, and the quantities of `YEARLY_KEPT` by world and year: a year's sum, or its end."""
    months = made.months[SERIES[0]].shape[1]
    of = np.array([month_end(month, made.tables.date).year for month in range(1, months + 1)])
    years = np.unique(of)
    found = {}
    for name in YEARLY_KEPT:
        column, how, *_ = YEARLY[name]
        values = made.months[column]
        parts = [values[:, of == year] for year in years]
        found[name] = np.stack([p.sum(axis=1) if how == "sum" else p[:, -1] for p in parts], axis=1)
    return years, found


def yearly(made: Made) -> list[Year]:
    """The calendar years of the run with their bands."""
    years, found = by_year(made)
    bands = {name: points(values, (50, 5, 95)) for name, values in found.items()}
    first, length = made.tables.date, made.months[SERIES[0]].shape[1]
    count = Counter(month_end(month, first).year for month in range(1, length + 1))
    return [
        Year(year, count[year], {name: Estimate(*band[:, k].tolist()) for name, band in bands.items()})
        for k, year in enumerate(years.tolist())
    ]


def month_name(month: int | None, made: Made) -> str | None:
    """A month as users write it; None for none."""
    return None if month is None else month_label(month, made.tables.date)
