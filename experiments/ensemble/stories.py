"""The typical stories among many worlds: worlds alike are put together, and one of each group is told.

Worlds are compared by what matters of them (`FEATURES`), each standardised, and grouped by Ward's method (J. H. Ward,
"Hierarchical grouping to optimize an objective function", JASA 58 (1963) 236-244): into four groups, or fewer where a
group would hold less than one world in twenty. The world told is the medoid: the one nearest to the others of its
group.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist

from abm.engine import tables
from abm.inputs.dates import month_end
from experiments.analysis.intervals import Estimate
from experiments.ensemble.findings import BORROWER_KINDS, CLOUD, largest_clouds, share_of
from experiments.ensemble.worlds import Floats, Made

STORIES = 4  # at most
FEWEST = 3  # worlds a story, on average: of few worlds fewer stories are told
SMALLEST = 0.05  # part of the worlds that a story has at least
MOST_GROUPED = 2000  # worlds that are grouped; others join the story whose medoid is nearest
SAME_TIME = 18  # months within which eight in ten failures of the flagship lie, if a story is named by their year
MOST_OFTEN = 3  # firms named that fail most often in a story
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# What worlds are compared by. Money is in logs: ten times as much is as far above as a tenth is below.
FEATURES: dict[str, str] = {
    "flagship": "1 if the flagship fails",
    "flagship_holds": "part of the run until the flagship fails; 1 if it does not",
    "borrowers": "borrowers that fail (log of one more)",
    "big_clouds": "hyperscalers that fail",
    "first": "part of the run until the first borrower fails; 1 if none does",
    "lost": "credit losses of lenders (bn USD; log of one more)",
    "ai_revenue": "AI revenue of the last twelve months (bn USD; log)",
    "spot_price": "GPU rent at the end (USD/h; log)",
    "sentiment": "lowest sentiment of investors",
    "ai_debt": "AI debt at the end (bn USD; log)",
    "look_through": "debt that others carry for the labs at the end (bn USD; log)",
    "debt_left": "AI debt at the end over its peak",
}


class World(NamedTuple):
    """What matters of every world, each of shape (worlds,); `FEATURES` are made of it.

    `fell` is the month in which the flagship fails, 0 if it does not; `first` that in which the first borrower does.
    """

    fell: NDArray[np.int64]
    first: NDArray[np.int64]
    borrowers: NDArray[np.int64]
    clouds: NDArray[np.int64]
    big_clouds: NDArray[np.int64]
    lost: Floats
    ai_revenue: Floats
    spot_price: Floats
    sentiment: Floats
    ai_debt: Floats
    peak_debt: Floats
    look_through: Floats
    months: int


class Story(NamedTuple):
    """A group of worlds that are alike.

    Attributes
    ----------
    name : str
    worlds : int
    share : Estimate
        Of all worlds, with its 95 % interval.
    seed : int
        Of the world told.
    median : dict of str to float
        Of its worlds: `borrowers`, `lost`, `ai_revenue`, `spot_price`.
    fallen : int
        Worlds in which the flagship fails.
    by : int or None
        Month by which it does in half of these.
    often : list of (str, int)
        The borrowers that fail in most of its worlds, in how many.
    failures : list of dict
        Rows `month`, `firm`, `way` and `text` of the world told: all defaults, in the order of time.
    """

    name: str
    worlds: int
    share: Estimate
    seed: int
    median: dict[str, float]
    fallen: int
    by: int | None
    often: list[tuple[str, int]]
    failures: list[dict[str, Any]]


def read(made: Made) -> World:
    """What matters of every world."""
    n = len(made.seeds)
    fell, first, borrowers, clouds, big = (np.zeros(n, np.int64) for _ in range(5))
    large = tables.KIND_NAMES[tables.HYPERSCALER]
    for row in made.firms:
        if row["failed"] is None or row["kind"] not in BORROWER_KINDS:
            continue
        w, month = row["world"], row["failed"]
        borrowers[w] += 1
        clouds[w] += row["kind"] == CLOUD
        big[w] += row["kind"] == large
        first[w] = min(first[w] or month, month)
        if row["firm"] == made.tables.flagship:
            fell[w] = month
    m = made.months
    length = m["ai_revenue"].shape[1]
    year = 12.0 / min(12, length)
    return World(
        fell, first, borrowers, clouds, big, m["lender_losses"].sum(axis=1),
        year * m["ai_revenue"][:, -12:].sum(axis=1), m["spot_price"][:, -1], m["sentiment"].min(axis=1),
        m["ai_debt"][:, -1], m["ai_debt"].max(axis=1), m["look_through"][:, -1], length,
    )  # fmt: skip


def features(w: World) -> Floats:
    """`FEATURES` standardised, shape (worlds, features); a feature in which all worlds agree is zero."""
    columns = {
        "flagship": w.fell > 0,
        "flagship_holds": np.where(w.fell > 0, w.fell / w.months, 1.0),
        "borrowers": np.log1p(w.borrowers),
        "big_clouds": w.big_clouds,
        "first": np.where(w.first > 0, w.first / w.months, 1.0),
        "lost": np.log1p(np.maximum(w.lost, 0.0)),
        "ai_revenue": np.log(np.maximum(w.ai_revenue, 1e-3)),
        "spot_price": np.log(np.maximum(w.spot_price, 1e-3)),
        "sentiment": w.sentiment,
        "ai_debt": np.log(np.maximum(w.ai_debt, 1.0)),
        "look_through": np.log(np.maximum(w.look_through, 1.0)),
        "debt_left": w.ai_debt / np.maximum(w.peak_debt, 1e-9),
    }
    values = np.stack([np.asarray(columns[name], float) for name in FEATURES], axis=1)
    spread = values.std(axis=0)
    moves = spread > 1e-9
    found: Floats = np.where(moves, (values - values.mean(axis=0)) / np.where(moves, spread, 1.0), 0.0)
    return found


def groups(values: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Worlds put together by what they are like.

    Parameters
    ----------
    values : array, shape (worlds, features)
        Standardised.

    Returns
    -------
    array of int, shape (worlds,)
        The group of each world, the largest group 0; of two as large that of the first world.
    array of int, shape (groups,)
        The medoid of each.

    Examples
    --------
    >>> groups(np.array([[0.0], [0.2], [0.1], [9.0], [9.1], [8.8], [4.0], [4.1], [3.9], [4.2]]))
    (array([1, 1, 1, 2, 2, 2, 0, 0, 0, 0]), array([6, 2, 3]))
    """
    worlds = len(values)
    grouped = values[:: -(-worlds // MOST_GROUPED)]
    labels = np.ones(len(grouped), np.int64)
    most = min(STORIES, len(grouped) // FEWEST)
    if most > 1:
        tree = linkage(grouped, "ward")
        for count in range(most, 0, -1):
            labels = fcluster(tree, count, "maxclust").astype(np.int64)
            if np.bincount(labels)[1:].min() >= SMALLEST * len(grouped):
                break
    medoids = []
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        medoids.append(mine[np.argmin(cdist(grouped[mine], grouped[mine]).sum(axis=1))])
    places = np.array(medoids, np.int64)
    if len(grouped) == worlds:
        of = labels - 1
    else:
        of = np.argmin(cdist(values, grouped[places]), axis=1)
        places = places * -(-worlds // MOST_GROUPED)
    first = np.array([np.argmax(of == k) for k in range(len(places))])
    order = np.lexsort((first, -np.bincount(of, minlength=len(places))))
    new = np.empty(len(order), np.int64)
    new[order] = np.arange(len(order))
    return new[of], places[order]


def stories(made: Made) -> tuple[list[Story], NDArray[np.int64]]:
    """The typical stories, that of most worlds first, and the story of each world."""
    world = read(made)
    of, medoids = groups(features(world))
    names = named(made, world, of)
    found = []
    for k, medoid in enumerate(medoids.tolist()):
        mine = of == k
        median = {"borrowers": float(_middle(world.borrowers[mine]))}
        median |= {n: float(np.median(getattr(world, n)[mine])) for n in ("lost", "ai_revenue", "spot_price")}
        told = [
            {key: row[key] for key in ("month", "firm", "way", "text")} for row in made.told if row["world"] == medoid
        ]
        count = int(mine.sum())
        often = fail_most(made, mine)[:MOST_OFTEN]
        fell = world.fell[mine & (world.fell > 0)]
        by = _middle(fell) if len(fell) else None
        share = share_of(count, len(of))
        found.append(Story(names[k], count, share, made.seeds[medoid], median, len(fell), by, often, told))
    return found, of


def named(made: Made, world: World, of: NDArray[np.int64]) -> list[str]:
    """A plain name for each story, from what most of its worlds have in common; all different."""
    heads = [_head(made, world, of == k) for k in range(int(of.max()) + 1)]
    typical = float(np.median(world.ai_revenue))
    names = []
    for k, head in enumerate(heads):
        revenue = float(np.median(world.ai_revenue[of == k]))
        name = head
        if heads.count(head) > 1:
            rank = sorted(
                (float(np.median(world.ai_revenue[of == j])), j) for j, other in enumerate(heads) if other == head
            )
            place = [j for _, j in rank].index(k)
            name += _WHEN_ALIKE[len(rank)][place]
        elif head == BOOM and revenue < typical:
            name = SLOW
        names.append(name)
    return names


BOOM, SLOW = "The boom holds", "Growth is slow, but debts are paid"
_WHEN_ALIKE = {
    2: (", and AI earns less", ", and AI earns more"),
    3: (", and AI earns least", ", and AI earns more", ", and AI earns most"),
    4: (", and AI earns least", ", and AI earns less", ", and AI earns more", ", and AI earns most"),
}


def _head(made: Made, world: World, mine: NDArray[np.bool_]) -> str:
    """What happens in most worlds of a group."""
    fell = world.fell[mine & (world.fell > 0)]
    borrowers = _middle(world.borrowers[mine])
    if 2 * len(fell) > mine.sum():
        name = _with(made.tables.flagship, borrowers - 1)
        low, high = np.quantile(fell, (0.1, 0.9))
        if high - low <= SAME_TIME:
            name += f", {made.tables.flagship} in about {month_end(_middle(fell), made.tables.date).year}"
        return name
    if borrowers == 0:
        return BOOM
    told = made.tables.names, largest_clouds(made.tables)
    for firm, count in fail_most(made, mine):
        small = firm not in told[0] or (made.tables.kinds[firm] == tables.NEOCLOUD and firm not in told[1])
        if 2 * count > mine.sum() and not small:
            return _with(firm, borrowers - 1)
    clouds = _middle(world.clouds[mine])
    what = _ones("cloud" if clouds == borrowers else "borrower", borrowers)
    return f"{_number(borrowers).capitalize()} {what}, {made.tables.flagship} {'mostly ' if len(fell) else ''}holds"


def fail_most(made: Made, mine: NDArray[np.bool_]) -> list[tuple[str, int]]:
    """Borrowers that fail in some worlds, and in how many of them; those that fail in most come first.

    Parameters
    ----------
    made : Made
    mine : array of bool, shape (worlds,)
    """
    count = Counter(
        row["firm"]
        for row in made.firms
        if row["failed"] is not None and row["kind"] in BORROWER_KINDS and mine[row["world"]]
    )
    return sorted(count.items(), key=lambda x: (-x[1], x[0]))


def _middle(counts: NDArray[np.int64]) -> int:
    """Median of counts, one of them."""
    return int(np.quantile(counts, 0.5, method="inverted_cdf"))


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def _ones(what: str, count: int) -> str:
    return f"{what} fails" if count == 1 else f"{what}s fail"


def _with(firm: str, others: int) -> str:
    """A firm and how many other borrowers fail.

    >>> _with("OpenAI", 0), _with("OpenAI", 1), _with("OpenAI", 12)
    ('OpenAI fails, other borrowers hold', 'OpenAI and one other borrower fail', 'OpenAI and 12 other borrowers fail')
    """
    if others <= 0:
        return f"{firm} fails, other borrowers hold"
    return f"{firm} and {_number(others)} other {'borrower' if others == 1 else 'borrowers'} fail"
