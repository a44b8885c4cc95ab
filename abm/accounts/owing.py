"""Who owes whom in an economy, as a network for the models of `abm.contagion`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from abm.engine import tables
from abm.errors import BadInput, shown

if TYPE_CHECKING:
    from abm.contagion import Network
    from abm.simulation import Economy

UNIT = "bn USD"
CLAIMS = ("loans_held", "prepaid_out", "deposits_out")  # what others owe to a firm, in its row of the firm table


def network(economy: Economy, owed: Literal["books", "dues"] = "books") -> Network:
    """The network of an economy; see `Economy.network`."""
    from abm.contagion import read_network  # brings SciPy and pandas, which a run does without

    if owed == "books":
        edges, nodes = _books(economy)
    elif owed == "dues":
        edges, nodes = _dues(economy)
    else:
        raise BadInput(f"owed must be 'books' or 'dues', not {shown(owed)}")
    names = np.array([*economy.names, ""], dtype=object)[:-1]
    for table in (edges, nodes):
        for column in ("debtor", "creditor", "firm"):
            if column in table:
                table[column] = names[table[column]]
    # Several loans of one lender are nothing to be told.
    return dataclasses.replace(read_network(edges, nodes, unit=UNIT), notes=())


def _rows(parts: list[tuple[Any, Any, Any, Any]]) -> dict[str, np.ndarray]:
    """Columns of obligations, those of nothing and those without a party left out."""
    columns = [np.concatenate([np.asarray(part[k]) for part in parts]) for k in range(4)]
    there = (columns[2] > 0.0) & (columns[0] >= 0) & (columns[1] >= 0)
    return {name: column[there] for name, column in zip(("debtor", "creditor", "amount", "tier"), columns, strict=True)}


def _books(economy: Economy) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    firms = economy.rows("firms")
    loans, contracts, orders = economy.rows("loans"), economy.rows("contracts"), economy.rows("orders")
    loans = loans[loans["status"] == tables.LIVE]
    contracts = contracts[np.isin(contracts["status"], (tables.LIVE, tables.PENDING))]
    orders = orders[orders["status"] == tables.PENDING]
    unsecured = [np.full(len(rows), tables.TIER_UNSECURED) for rows in (contracts, orders)]
    edges = _rows(
        [
            (loans["borrower"], loans["lender"], loans["principal"], loans["tier"]),
            (contracts["seller"], contracts["buyer"], contracts["prepaid"], unsecured[0]),
            (orders["vendor"], orders["buyer"], orders["deposit"], unsecured[1]),
        ]
    )
    around = firms["kind"] == tables.OUTSIDE
    party = np.union1d(edges["debtor"], edges["creditor"])
    row = np.union1d(np.flatnonzero((firms["status"] == tables.ACTIVE) & ~around), party)
    mine = firms[row]
    debt = mine["funding"] + mine["other_debt"]
    claims = sum(mine[column] for column in CLAIMS)
    liabilities = mine["debt"] + mine["prepaid_in"] + mine["deposits_in"] + debt
    assets = mine["paid_in"] + mine["retained"] + liabilities - claims
    # The sectors around the firms pay whatever they owe, and nobody asks who stands behind them.
    owes = np.bincount(edges["debtor"], edges["amount"], len(firms))[row]
    assets, debt = np.where(around[row], owes, assets), np.where(around[row], 0.0, debt)
    # A firm with an overdraft beyond all else that it owns has it as a debt.
    nodes = {"firm": row, "assets": np.maximum(assets, 0.0), "debt": debt + np.maximum(-assets, 0.0)}
    return edges, {**nodes, "debt_tier": np.full(len(row), tables.TIER_UNSECURED)}


def _dues(economy: Economy) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    if economy.month == 0:
        raise BadInput("owed='dues' needs a month that has been run: at the opening nothing has fallen due yet")
    firms, dues = economy.rows("firms"), economy.state.dues
    used = slice(int(economy.state.market[0].n_dues))
    edges = _rows([(dues.debtor[used], dues.creditor[used], dues.amount[used], dues.tier[used])])
    row = np.union1d(edges["debtor"], edges["creditor"])
    owes = np.bincount(edges["debtor"], edges["amount"], len(firms))
    assets = np.where(firms["kind"] == tables.OUTSIDE, owes, economy.state.cash_before[: len(firms)])
    return edges, {"firm": row, "assets": assets[row]}
