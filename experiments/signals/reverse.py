"""The reverse stress test: the smallest shock that turns a world in which the debt was an investment into one with a
crisis, or that brings down a named firm.

A shock strikes a year after the opening and lasts for three years; what is looked for must happen within four. In each
world its size is halved in, from nothing to the most that is legal, with the luck of the world kept. If a larger shock
did less than a smaller one, halving could miss a smaller size: what is found is a size that does it, to within a
thirty-second of the range, above one that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.calibration.opening import DEFAULT_OPENING, opening_tables
from abm.engine import tables
from abm.errors import BadInput
from abm.inputs import parameters
from abm.inputs.scenarios import Shock
from abm.simulation import Economy
from experiments.baseline import BORROWERS
from experiments.execution import Run
from experiments.gather import failure_sentences, gather
from experiments.runner import How
from experiments.signals.crisis import NEVER, defaulted, first_month, owed
from experiments.signals.observe import opened

STRIKES = 12  # months after the opening; the shock is felt from the next one on
LASTS = 36
SEEN = 48  # months after it strikes within which what is looked for must happen
HALVINGS = 5
SYSTEM = "the system"


class Push(NamedTuple):
    """A kind of shock: name, what happens, unit of its size, and the most of it."""

    name: str
    what: str
    unit: str
    most: float


SYSTEM_PUSHES = (
    Push("demand", "lower growth of all demand for AI, for three years", "share of the growth lost", 1.0),
    Push("tenants", "more of the other tenants of compute leave for three years, which lowers rents",
         "share leaving a year", 1.0),
    Push("equity", "smaller equity rounds, for three years", "share of a round lost", 1.0),
    Push("rates", "a higher mean of the reference rate, for three years", "points a year", 15.0),
    Push("telecom", "demand, equity rounds and the risk that high-yield buyers accept fall together, for three years"
         " (as after 2000)", "share of each lost", 1.0),
    Push("cash", "every lab and neocloud of the opening loses cash, once", "share of its cash", 1.0),
)
SCALED = {
    "demand": ("demand_growth",),
    "equity": ("equity_dilution",),
    "telecom": ("demand_growth", "equity_dilution", "high_yield_limit"),
}  # parameters that lose the part of the size
FIRM_CASH = Push("its cash", "the firm loses cash, once", "share of its cash", 1.0)
FIRM_FAVOUR = Push("its customers", "customers' taste for its models falls for three years", "log points", 10.0)
FIRM_FLEET = Push("its computers", "computers of the firm are destroyed, once", "share of its fleet", 1.0)


class Turned(NamedTuple):
    """A kind of shock and the worlds it was tried in.

    Attributes
    ----------
    push : Push
    seeds : array, shape (worlds,)
    sizes : array, shape (worlds,)
        Smallest size that does it in each world; infinite where no legal size does.
    rents : array, shape (worlds,)
        By which part that size (the most there is, where none does it) moves the spot rent within a year.
    """

    push: Push
    seeds: NDArray[np.float64]
    sizes: NDArray[np.float64]
    rents: NDArray[np.float64]

    def at(self, share: float) -> float:
        """Smallest size at which it happens in at least this share of the worlds; infinite if none does."""
        return quantile(self.sizes, share)


def quantile(sizes: NDArray[np.float64], share: float) -> float:
    """Smallest size at which it happens in at least this share of worlds, infinite if there is none.

    Examples
    --------
    >>> sizes = np.array([0.5, np.inf, 0.2, np.inf])
    >>> quantile(sizes, 0.5), quantile(sizes, 0.75)
    (0.5, inf)
    """
    if not len(sizes):
        return float("nan")
    return float(np.sort(sizes)[max(int(np.ceil(share * len(sizes) - 1e-9)) - 1, 0)])


def smallest(happens: Callable[[float], bool], most: float, halvings: int = HALVINGS) -> float:
    """A size at which something happens, with one at which it does not less than ``most / 2**halvings`` below it.

    Parameters
    ----------
    happens : callable
        Whether it does at a size; it does not at size 0.
    most : float
        Above 0.
    halvings : int

    Returns
    -------
    float
        Infinite if it does not happen at `most`.

    Examples
    --------
    >>> smallest(lambda size: size >= 0.3, 1.0, 4)
    0.3125
    """
    if most <= 0.0 or not happens(most):
        return float("inf")
    low, high = 0.0, most
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if happens(middle) else (middle, high)
    return high


def pushes(firm: str) -> tuple[Push, ...]:
    """The kinds of shock tried on a firm, or on the system if there is no name.

    Raises
    ------
    BadInput
        If the firm is no borrower of the opening.
    """
    if not firm:
        return SYSTEM_PUSHES
    opening = opening_tables(DEFAULT_OPENING)
    kind = opening.kinds.get(firm)
    if kind not in BORROWERS:
        kinds = ", ".join(tables.KIND_NAMES[k] for k in BORROWERS)
        raise BadInput(f"--firm must be a borrower of the opening ({kinds}), not '{firm}'")
    row = opening.firms[opening.names.index(firm)]
    found = [*SYSTEM_PUSHES[:5], FIRM_CASH]
    if kind == tables.LAB:
        found.append(FIRM_FAVOUR)
    elif row["capacity"] > 0.0:
        found.append(FIRM_FLEET)
    return tuple(found)


def shocks_of(push: str, size: float, firm: str, at: Economy) -> list[Shock]:
    """A shock of a size, for a world as it stands when it strikes.

    Parameters
    ----------
    push : str
        Name of a `Push`.
    size : float
    firm : str
        Whom it strikes, if it is on a firm.
    at : Economy
        The world without the shock, `STRIKES` months after its opening.
    """
    when: dict[str, Any] = {"start": STRIKES + 1}
    whole = when | {"duration": LASTS}
    if push in SCALED:
        return [Shock(parameter=name, scale=1.0 - size, **whole) for name in SCALED[push]]
    if push == "rates":
        return [Shock(parameter="base_rate", add=_room("base_rate", size / 100.0, at), **whole)]
    if push == "tenants":
        return [Shock(parameter="tenant_failure", add=_room("tenant_failure", size, at), **whole)]
    if push == FIRM_FAVOUR.name:
        return [Shock(firm=firm, effect="demand", size=-size, **whole)]
    if push == FIRM_FLEET.name:
        return [Shock(firm=firm, effect="loses capacity", size=size, **when)]
    rows = at.rows("firms")
    struck = [firm] if firm else [
        name for name, f in zip(at.opening.names, rows, strict=False)
        if f["kind"] in (tables.LAB, tables.NEOCLOUD) and f["status"] == tables.ACTIVE
    ]  # fmt: skip
    cash = {name: max(float(rows["cash"][at.firm(name)]), 0.0) for name in struck}
    return [Shock(firm=name, effect="loses cash", size=size * held, **when) for name, held in cash.items() if held]


def _room(name: str, size: float, at: Economy) -> float:
    """What can be added to a parameter within its legal range."""
    known = parameters.find(name)
    return min(size, known.high - max(float(at.state.params[0][name]), known.default))


def happened(economy: Economy, before: NDArray[np.float64], firm: str) -> bool:
    """Whether a crisis, or a default of the firm other than a deferral, began after the shock.

    Parameters
    ----------
    economy : Economy
        Run to `STRIKES + SEEN`.
    before : array
        What borrowers owed at the opening (bn USD).
    firm : str
        Nobody's name for a crisis.
    """
    rows = economy.rows("defaults")
    if firm:
        mine = rows[(rows["firm"] == economy.firm(firm)) & (rows["way"] != tables.DEFERRAL)]
        return bool((mine["month"] > STRIKES).any())
    months = STRIKES + SEEN
    flow = defaulted(rows, economy.rows("firms")["kind"], months)
    stock = np.r_[before, owed(economy.panel())]
    return first_month(flow, stock) != NEVER


OUTCOMES = ("size", "rents")


def search(settings: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Find the smallest size of a shock in a world: what a worker does.

    Parameters
    ----------
    settings : mapping
        `push` and `firm`, names; no firm is the system.
    seed : int

    Returns
    -------
    dict of str to float
        `size`, infinite if no legal one does it; `rents`, how far it moves the spot rent in a year (a part of it).
    """
    firm = str(settings["firm"])
    push = next(p for p in pushes(firm) if p.name == settings["push"])
    start = opened(seed)
    before = np.array([float(owed(start.rows("firms")))])
    at = start.copy()
    at.run(STRIKES)
    quiet = at.copy()
    quiet.run(12)
    calm = float(quiet.state.market[0].spot_price)
    rents: dict[float, float] = {}

    def happens(size: float) -> bool:
        economy = opened(seed, shocks_of(push.name, size, firm, at))
        economy.run(STRIKES + SEEN)
        rents[size] = float(economy.rows("series")["spot_price"][STRIKES + 12 - 1]) / calm - 1.0
        return happened(economy, before, firm)

    size = smallest(happens, push.most)
    return {"size": size, "rents": rents[push.most if np.isinf(size) else size]}


def turn(
    seeds: Sequence[int],
    firm: str,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> tuple[list[Turned], tuple[str, ...]]:
    """Try every kind of shock in the worlds of some seeds.

    Parameters
    ----------
    seeds : sequence of int
        Worlds in which it does not happen without a shock.
    firm : str
        Whose default is looked for; no name for a crisis.
    workers, how, progress
        See `experiments.gather.gather`.

    Returns
    -------
    tuple
        A `Turned` a kind of shock, and a sentence for each search that ended in an error.
    """
    tried = pushes(firm)
    if not seeds:
        return [], ()
    runs = [
        Run(k * len(seeds) + j, k, j, seed, {"push": push.name, "firm": firm})
        for k, push in enumerate(tried)
        for j, seed in enumerate(seeds)
    ]
    found = gather("experiments.signals.reverse:search", runs, OUTCOMES, workers=workers, how=how, progress=progress)
    rows = found["runs"].to_pandas()
    rows = rows[~rows["failed"]]
    return [
        Turned(push, *(rows[name][rows["point"] == k].to_numpy(float) for name in ("seed", *OUTCOMES)))
        for k, push in enumerate(tried)
    ], failure_sentences(found, [push.name for push in tried])
