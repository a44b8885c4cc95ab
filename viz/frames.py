"""Immutable pictures of an economy at the end of a month: what the page draws, and nothing that can still change.

In all of them a firm is a *node*: its row in the firm table less the outside sectors, which are not drawn. Money
is in bn USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.accounts.statement import ASSETS, look_through, still_to_pay
from abm.engine.tables import (
    CHANNEL_NAMES,
    FAILED,
    HYPERSCALER,
    KIND_NAMES,
    LAB,
    LENDER,
    LIQUIDATION,
    LIVE,
    N_OUTSIDE,
    NEOCLOUD,
    PENDING,
    SERIES_COLUMNS,
    VEHICLE,
)
from abm.inputs.dates import month_words
from viz.history import History
from viz.places import place

if TYPE_CHECKING:
    from abm.simulation import Economy

# Health of a node.
SOUND, STRAINED, DISTRESSED, FAILED_NOW, GONE = range(5)
HEALTH_NAMES = ("sound", "strained", "distressed", "failing", "failed")
STRAINED_PD, DISTRESSED_PD = 0.05, 0.15  # default probability a year: about single B and CCC of a rating agency
# Kinds of edge, from who owes to whom it is owed.
LOAN, CONTRACT, ORDER, EQUITY = range(4)
EDGE_NAMES = ("loan", "compute contract", "order", "equity")
CARRIERS = {VEHICLE: "vehicles", HYPERSCALER: "clouds", NEOCLOUD: "clouds"}  # firms told together
MOST_EDGES = 4000  # the largest are drawn
MOST_LOSSES = 80  # of one round, the largest are drawn
SERIES = tuple(column.name for column in SERIES_COLUMNS if column.name != "month")


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Who owes whom: nodes at both ends, kind of edge, amount (bn); arrays of shape (E,)."""

    source: np.ndarray
    target: np.ndarray
    kind: np.ndarray
    amount: np.ndarray


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss passed on in a cascade; `source` is -1 where falling prices caused it."""

    source: int
    target: int
    channel: str
    amount: float


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """A round of a month's cascade: who failed in it, and the losses that their failure passed on."""

    number: int
    firms: tuple[int, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The firms drawn: names, kinds, and positions from 0 to 1; x and y have shape (F,)."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One month of an economy, drawn.

    Attributes
    ----------
    month, label : int, str
        Months since the opening, and the month in words.
    size : numpy.ndarray, shape (F,)
        What each firm owns (bn), see `owned`; of a failed firm, in the month before it failed.
    health : numpy.ndarray, shape (F,)
        `SOUND` to `GONE`.
    edges : Edges
        Largest first.
    cascade : tuple of Round
        The failures of this month, in the order in which they followed from each other.
    carried : dict of str to float
        Debt that others carry for each lab that stands (bn).
    orphaned : float
        Debt that was borrowed for firms that have failed or behind capacity that a lost customer left, until it is let
        again (bn).
    """

    month: int
    label: str
    size: np.ndarray
    health: np.ndarray
    edges: Edges
    cascade: tuple[Round, ...]
    carried: Mapping[str, float]
    orphaned: float


def nodes(economy: Economy) -> Nodes:
    """The firms drawn and where they stand."""
    first = len(economy.opening.names) - N_OUTSIDE
    opening = _ties(economy.opening.loans, economy.opening.contracts, economy.opening.orders, economy.opening.stakes, 0)
    kinds = [int(kind) for kind in economy.rows("firms")["kind"][N_OUTSIDE:]]
    spots = place(kinds, opening.source, opening.target, opening.amount, first)
    return Nodes(
        names=tuple(economy.names[N_OUTSIDE:]),
        kinds=tuple(KIND_NAMES[kind] for kind in kinds),
        x=_frozen(spots[:, 0]),
        y=_frozen(spots[:, 1]),
    )


def frame(economy: Economy, history: History) -> Frame:
    """The present month of an economy; the history tells how large the firms were that failed."""
    month = economy.month
    firms, names = economy.rows("firms"), economy.names
    labs = np.flatnonzero(firms["kind"] == LAB)
    failed = firms["status"][labs] == FAILED
    return Frame(
        month=month,
        label=month_words(month, economy.opening.date),
        size=_frozen(_sizes(economy, history)),
        health=_frozen(health(economy)),
        edges=_ties(
            economy.rows("loans"), economy.rows("contracts"), economy.rows("orders"), economy.rows("stakes"), month
        ),
        cascade=cascade(economy, month),
        carried={names[row]: float(firms["look_through"][row]) for row in labs[~failed].tolist()},
        orphaned=float(economy.state.market[0].orphaned),
    )


def borrowed_for(economy: Economy, firm: str) -> tuple[tuple[str, float], ...]:
    """Who borrowed for the use of a firm (bn USD), the largest part first: project companies together, clouds
    together, and everybody else by name."""
    kinds = economy.rows("firms")["kind"]
    parts: dict[str, float] = {}
    for carrier, amount in look_through(economy, firm).carried_by_others.items():
        kind = kinds[economy.firm(carrier)]
        who = CARRIERS.get(int(kind), carrier)
        parts[who] = parts.get(who, 0.0) + amount
    return tuple(sorted(parts.items(), key=lambda part: -part[1]))


def series(economy: Economy) -> dict[str, np.ndarray]:
    """The aggregates by column, months 1 to now, as copies nobody can change."""
    rows = economy.rows("series")
    return {name: _frozen(rows[name].copy()) for name in SERIES}


def health(economy: Economy) -> np.ndarray:
    """How each firm stands, shape (F,), `SOUND` to `GONE`.

    A firm is strained from a default probability of 5 % a year on and distressed from 15 % on, as its lenders see
    it, or under protection by a court; a lender is strained when it lends no more or its capital is inside the buffer
    over the minimum, and distressed below the minimum.
    """
    firms = economy.rows("firms")[N_OUTSIDE:]
    pd = firms["pd"]
    found = np.where(pd >= DISTRESSED_PD, DISTRESSED, np.where(pd >= STRAINED_PD, STRAINED, SOUND))
    lender = firms["kind"] == LENDER
    p = economy.state.params[0]
    minimum = firms["min_capital"] * p.capital_requirement
    ratio = firms["capital_ratio"]
    tight = (firms["lending_open"] == 0.0) | (ratio < minimum * (1.0 + p.capital_buffer))
    found[lender] = np.where(ratio < minimum, DISTRESSED, np.where(tight, STRAINED, SOUND))[lender]
    found[firms["protected_until"] > 0] = DISTRESSED
    failed = firms["status"] == FAILED
    found[failed] = np.where(firms["failed"] == economy.month, FAILED_NOW, GONE)[failed]
    return found.astype(np.uint8)


def cascade(economy: Economy, month: int) -> tuple[Round, ...]:
    """The failures of a month, round by round, with the losses each round passed on; rounds with neither left out."""
    defaults = economy.rows("defaults")
    defaults = defaults[defaults["month"] == month]
    if not len(defaults):
        return ()
    hits = economy.rows("hits")
    hits = hits[np.searchsorted(hits["month"], month) : np.searchsorted(hits["month"], month, side="right")]
    hits = hits[(hits["stage"] >= 1) & (hits["victim"] >= N_OUTSIDE)]
    struck = np.isin(hits["source"], defaults["firm"]) | (hits["source"] < 0)
    hits = hits[struck]
    found = []
    for number in np.unique(np.concatenate([defaults["stage"], hits["stage"]])).tolist():
        losses: dict[tuple[int, int, int], float] = {}
        for hit in hits[hits["stage"] == number]:
            key = (int(hit["source"]), int(hit["victim"]), int(hit["channel"]))
            losses[key] = losses.get(key, 0.0) + float(hit["amount"])
        largest = sorted(losses, key=lambda key: -losses[key])[:MOST_LOSSES]
        found.append(
            Round(
                number=number,
                firms=tuple(
                    int(row) - N_OUTSIDE
                    for row in defaults["firm"][(defaults["stage"] == number) & (defaults["way"] == LIQUIDATION)]
                ),
                losses=tuple(
                    Loss(
                        source=key[0] - N_OUTSIDE if key[0] >= 0 else -1,
                        target=key[1] - N_OUTSIDE,
                        channel=CHANNEL_NAMES[key[2]],
                        amount=losses[key],
                    )
                    for key in largest
                ),
            )
        )
    return tuple(part for part in found if part.firms or part.losses)  # who only comes to terms passes nothing on


def _sizes(economy: Economy, history: History) -> np.ndarray:
    """What each firm owns (bn), of a lender only loans and shares; of a failed firm, in the month before."""
    firms = economy.rows("firms")[N_OUTSIDE:]
    total = owned(firms, firms["kind"])
    failed = np.flatnonzero(firms["status"] == FAILED)
    months = firms["failed"][failed] - 1
    total[failed] = 0.0
    for month in np.unique(months).tolist():
        before = history.at(month)
        if before:
            nodes = failed[months == month]
            nodes = nodes[nodes < len(before["cash"])]
            total[nodes] = owned(before, firms["kind"][: len(before["cash"])])[nodes]
    return total


def owned(books: Any, kind: Any) -> Any:
    """What the disc of a firm shows: all it owns (bn), of a lender the loans it made and the shares it holds here.

    A bank's whole balance sheet would dwarf everything else.

    Parameters
    ----------
    books : mapping of column to float or array
        Columns of the firm table.
    kind : int or array
        Kinds of these firms.
    """
    everything = sum(np.maximum(books[column], 0.0) for column in ASSETS)
    return np.where(kind == LENDER, books["loans_held"] + books["holdings"], everything)


def _ties(loans: np.ndarray, contracts: np.ndarray, orders: np.ndarray, stakes: np.ndarray, month: int) -> Edges:
    """Everything owed between the firms drawn, one edge a pair and kind, largest first."""
    loans = loans[loans["status"] == LIVE]
    contracts = contracts[np.isin(contracts["status"], (LIVE, PENDING))]
    orders = orders[orders["status"] == PENDING]
    parts = (
        (LOAN, loans["borrower"], loans["lender"], loans["principal"]),
        (CONTRACT, contracts["buyer"], contracts["seller"], still_to_pay(contracts, month + 1)),
        (ORDER, orders["buyer"], orders["vendor"], orders["units"] * orders["price"] - orders["deposit"]),
        (EQUITY, stakes["issuer"], stakes["holder"], stakes["book"]),
    )
    source = np.concatenate([part[1] for part in parts]) - N_OUTSIDE
    target = np.concatenate([part[2] for part in parts]) - N_OUTSIDE
    kind = np.concatenate([np.full(len(part[1]), part[0]) for part in parts])
    amount = np.concatenate([part[3] for part in parts])
    shown = (source >= 0) & (target >= 0) & (amount > 0.0) & (source != target)
    firms = 1 + int(max(source.max(initial=0), target.max(initial=0)))
    keys, back = np.unique((kind[shown] * firms + source[shown]) * firms + target[shown], return_inverse=True)
    total = np.bincount(back, weights=amount[shown], minlength=len(keys))
    order = np.argsort(-total, kind="stable")[:MOST_EDGES]
    keys = keys[order]
    return Edges(
        source=_frozen((keys // firms % firms).astype(np.uint16)),
        target=_frozen((keys % firms).astype(np.uint16)),
        kind=_frozen((keys // firms // firms).astype(np.uint8)),
        amount=_frozen(total[order]),
    )


def _frozen(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values
