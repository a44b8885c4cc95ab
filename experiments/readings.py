"""Readings of a run in the terms in which the world reports: sums over firms, flows of a month, series."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from abm.calibration.facts import evaluate, names_in
from abm.engine import tables
from abm.simulation import Economy

AGGREGATIONS = ("sum", "mean", "last", "change")
# Flows and stocks that are read off events and tables, beside the columns of firms.
FLOWS = ("bonds", "lent", "raised", "signed", "units", "failures", "lent_out", "held_for_ai", "defaulted")
OPENING_SERIES: Mapping[str, Callable[[Economy], float]] = {
    "fleet": lambda e: float(_active(e)["capacity"].sum()),
    "ai_debt": lambda e: float(_ai_loans(e)["principal"].sum()),
    "equal_quality_price": lambda e: 100.0,
    "token_price": lambda e: 100.0,
}


def _active(economy: Economy) -> Any:
    firms = economy.rows("firms")
    return firms[firms["status"] == tables.ACTIVE]


def _ai_loans(economy: Economy) -> Any:
    loans = economy.rows("loans")
    return loans[(loans["status"] == tables.LIVE) & (loans["for_ai"] == 1)]


class Recorder:
    """Takes down, month by month, the columns that readings need.

    Parameters
    ----------
    economy : Economy
        At its opening.
    readings : iterable of (tuple of str, str)
        Of each the firms, kinds of firm and classes of lender whose columns are summed (none: the aggregate series),
        and a formula over columns.
    """

    def __init__(self, economy: Economy, readings: Iterable[tuple[tuple[str, ...], str]]) -> None:
        self._economy = economy
        self._wanted = sorted({(firms, name) for firms, formula in readings for name in names_in(formula)[1]})
        self._months: list[dict[tuple[tuple[str, ...], str], float]] = []

    def take(self) -> None:
        """Take the month down that is just over, or the opening."""
        economy = self._economy
        month, firms = economy.month, economy.rows("firms")
        series = economy.rows("series")
        row: dict[tuple[tuple[str, ...], str], float] = {}
        for who, name in self._wanted:
            if not who:
                if month:
                    value = float(series[name][-1])
                elif name in OPENING_SERIES:
                    value = OPENING_SERIES[name](economy)
                else:
                    market = economy.state.market[0]
                    value = float(market[name]) if name in market.dtype.names else math.nan
            elif name in FLOWS:
                value = self._flow(name, self._rows_of(who), month)
            else:
                rows = [i for i in self._rows_of(who) if firms["status"][i] == tables.ACTIVE]
                value = math.fsum(firms[name][rows].tolist())
            row[who, name] = value
        self._months.append(row)

    def _rows_of(self, who: tuple[str, ...]) -> list[int]:
        """Rows of firms named, or of all of a kind or class of lender, those that entered with them."""
        firms = self._economy.rows("firms")
        kinds = firms["kind"]
        found: list[int] = []
        for name in who:
            if name in tables.KIND_NAMES:
                found += np.flatnonzero(kinds == tables.KIND_NAMES.index(name)).tolist()
            elif name in tables.LENDER_NAMES:
                lends = (kinds == tables.LENDER) & (firms["subkind"] == tables.LENDER_NAMES.index(name))
                found += np.flatnonzero(lends).tolist()
            else:
                found.append(self._economy.firm(name))
        return found

    def _flow(self, name: str, rows: list[int], month: int) -> float:
        """What is read off other tables; a flow is 0 at the opening."""
        economy = self._economy
        if name == "units":  # a stock: energised units that these firms made
            made = np.isin(economy.rows("generations")["vendor"], rows)
            return float(economy.state.fleet["units"][:, : len(made)][:, made].sum())
        if name == "held_for_ai":  # a stock: principal of loans for AI in the books of these lenders
            loans = _ai_loans(economy)
            return float(loans["principal"][np.isin(loans["lender"], rows)].sum())
        if not month:
            return 0.0
        if name == "defaulted":  # whichever way but a deferral
            defaults = economy.rows("defaults")
            hard = (defaults["month"] == month) & (defaults["way"] != tables.DEFERRAL)
            return float(len(set(defaults["firm"][hard].tolist()) & set(rows)))
        if name == "failures":
            return float((economy.rows("firms")["failed"][rows] == month).sum())
        if name == "signed":
            contracts, firms_parent = economy.rows("contracts"), economy.rows("firms")["parent"]
            new = (contracts["signed"] == month) & (contracts["kind"] == tables.COMPUTE)
            new &= (contracts["status"] != tables.INTENT) & np.isin(contracts["buyer"], rows)
            new &= firms_parent[contracts["buyer"]] != contracts["seller"]  # not what stays within a group
            return float(contracts["announced"][new].sum())
        events = economy.rows("events")
        events = events[events["month"] == month]
        if name == "raised":
            return float(events["amount"][(events["kind"] == tables.E_EQUITY) & np.isin(events["a"], rows)].sum())
        whose = "a" if name == "lent_out" else "b"
        lent = events[(events["kind"] == tables.E_LOAN) & np.isin(events[whose], rows)]
        if name == "bonds":
            firms = economy.rows("firms")
            market = np.isin(firms["subkind"][lent["a"]], (tables.IG_BONDS, tables.HY_BONDS))
            lent = lent[market & (firms["kind"][lent["a"]] == tables.LENDER)]
        return float(lent["amount"].sum())

    def path(self, firms: tuple[str, ...], formula: str) -> NDArray[np.float64]:
        """A formula month by month from the opening on, shape (months taken,)."""

        def column(name: str) -> float:  # arrays go through a formula as numbers do
            return cast(float, np.array([row[firms, name] for row in self._months]))

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.broadcast_to(np.asarray(evaluate(formula, column)), len(self._months))


def aggregate(values: NDArray[np.float64], how: str, months: tuple[int, int]) -> float:
    """Sum, mean, last value or change over months, both ends with them."""
    first, last = months
    if how == "last":
        return float(values[last])
    if how == "change":
        return float(values[last] - values[first - 1])
    part = values[first : last + 1]
    return float(part.sum() if how == "sum" else part.mean())
