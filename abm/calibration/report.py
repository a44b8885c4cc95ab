"""What the opening state says about the flagship lab and the debt that stands behind it, from the tables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from abm.accounts.statement import sold_parts
from abm.calibration.builder import effective_months
from abm.calibration.opening import Opening
from abm.contagion import attribute_debt
from abm.engine import tables as ec


def is_firm(contracts: np.ndarray) -> np.ndarray:
    """Which contracts bind: live or signed for later; letters of intent and options do not."""
    return (contracts["status"] == ec.LIVE) | (contracts["status"] == ec.PENDING)


def remaining_values(contracts: np.ndarray) -> np.ndarray:
    """Invoices that each contract sends from month 1 to its end (bn), the ramp counted.

    Parameters
    ----------
    contracts : (n,) structured array
        Rows of the contract table at the opening.
    """
    months = [effective_months(int(c["start"]), int(c["ramp"]), int(c["months"])) for c in contracts]
    unit = np.where(contracts["kind"] == ec.COMPUTE, ec.BN_PER_RATE, 1.0)
    return contracts["quantity"] * contracts["price"] * unit * np.array(months)


def announced_commitments(opening: Opening, name: str) -> float:
    """All that a buyer has announced, firm or not (bn): a chip and the cloud that houses it count once.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    bought = opening.contracts[opening.contracts["buyer"] == opening.row(name)]
    return math.fsum(bought["announced"])


def firm_commitments(opening: Opening, name: str) -> float:
    """The part of the announced commitments that binds (bn).

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    bought = opening.contracts[opening.contracts["buyer"] == opening.row(name)]
    return math.fsum(bought["announced"][is_firm(bought)])


def backlog_shares(opening: Opening) -> np.ndarray:
    """For whose use each provider's undedicated debt was borrowed: weights over the buyers of its backlog.

    A contract that the buyer uses itself (`own_use`) ends there unless the buyer is a lab: its part stays
    with the provider, as in the press count of the debt.

    Returns
    -------
    (F, F) float array
        Row: seller; column: end user named in the contract, else buyer. Rows sum to at most 1.
    """
    contracts = opening.contracts[is_firm(opening.contracts)]
    values = remaining_values(contracts)
    n = len(opening.names)
    weights = np.zeros((n, n))
    sold = np.zeros(n)
    labs = opening.firms["kind"] == ec.LAB
    for contract, value in zip(contracts, values, strict=True):
        target = contract["end_user"] if contract["end_user"] >= 0 else contract["buyer"]
        sold[contract["seller"]] += value
        if labs[target] or not contract["own_use"]:
            weights[contract["seller"], target] += value
    return weights / np.where(sold > 0.0, sold, 1.0)[:, None]


def opening_sold_parts(opening: Opening) -> np.ndarray:
    """Part of each firm's undedicated debt that stands for what it sells at the opening, shape (F,)."""
    contracts = opening.contracts[is_firm(opening.contracts)]
    backlog = np.bincount(contracts["seller"], remaining_values(contracts), len(opening.firms))
    return sold_parts(opening.firms, backlog, opening.market["contract_price"])


def look_through(opening: Opening) -> np.ndarray:
    """AI debt by borrower and by the firm for whose use it was borrowed.

    Dedicated debt is wholly its end user's; the rest is shared over the borrower's own workloads and the customers of
    its backlog and passed on along sub-contracts (`abm.contagion.attribute_debt`).

    Returns
    -------
    (F, F) float array
        Row: borrower; column: end user. bn; rows sum to the borrower's AI debt.
    """
    n = len(opening.names)
    dedicated, free = np.zeros((n, n)), np.zeros(n)
    for loan in opening.loans[opening.loans["for_ai"] == 1]:
        if loan["end_user"] >= 0:
            dedicated[loan["borrower"], loan["end_user"]] += loan["principal"]
        else:
            free[loan["borrower"]] += loan["principal"]
    final = np.isin(opening.firms["kind"], (ec.LAB, ec.OUTSIDE))
    sold = free * opening_sold_parts(opening)
    return dedicated + np.diag(free - sold) + attribute_debt(sold, backlog_shares(opening), final)


def lender_exposures(opening: Opening, name: str) -> dict[str, float]:
    """What each lender has lent, directly or through partners, on a firm's account (bn), largest first.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    user = opening.row(name)
    final = np.isin(opening.firms["kind"], (ec.LAB, ec.OUTSIDE))
    share = attribute_debt(opening_sold_parts(opening), backlog_shares(opening), final)[:, user]
    lent = dict.fromkeys(opening.names, 0.0)
    for loan in opening.loans:
        owed = float(loan["principal"])
        if loan["borrower"] == user or (loan["for_ai"] and loan["end_user"] == user):
            lent[opening.names[loan["lender"]]] += owed
        elif loan["for_ai"] and loan["end_user"] < 0:
            lent[opening.names[loan["lender"]]] += owed * float(share[loan["borrower"]])
    return {lender: amount for lender, amount in sorted(lent.items(), key=lambda x: -x[1]) if amount > 1e-12}


def opening_report(opening: Opening, name: str | None = None) -> dict[str, Any]:
    """What the opening tables say of a lab: debt on its account, commitments, results, lenders.

    Parameters
    ----------
    opening : Opening
        Such as `abm.calibration.opening_tables` gives.
    name : str, optional
        The lab, the flagship if left out.

    Returns
    -------
    dict
        `look_through`: `total`, `groups`, `by_borrower` (bn). `commitments`: `announced`, `firm`, `intent`
        and `firm_still_to_pay` (bn; compute signed before the announcements included). `half_year`: the
        lines of the last reported half-year and `operating_result` (bn). `revenue_run_rate` (bn a year).
        `backlog_at_buyers`: value of firm compute contracts by buyer, and `total` (bn). `lender_exposure`:
        bn by lender.

    Raises
    ------
    BadInput
        If there is no firm of that name.
    """
    name = opening.flagship if name is None else name
    user = opening.row(name)
    carried = look_through(opening)[:, user]
    by_borrower = {
        borrower: float(amount)
        for borrower, amount in sorted(zip(opening.names, carried, strict=True), key=lambda x: -x[1])
        if amount > 1e-12 and borrower != name
    }
    groups = {
        group: math.fsum(by_borrower.get(member, 0.0) for member in members)
        for group, members in opening.groups.items()
    }
    announced, firm = announced_commitments(opening, name), firm_commitments(opening, name)
    contracts = opening.contracts[is_firm(opening.contracts)]
    compute = contracts[contracts["kind"] == ec.COMPUTE]
    backlog: dict[str, float] = {}
    for contract, value in zip(compute, remaining_values(compute), strict=True):
        buyer = opening.names[contract["buyer"]]
        backlog[buyer] = backlog.get(buyer, 0.0) + float(value)
    lines = opening.statements.get(name, {})
    return {
        "name": name,
        "look_through": {
            "total": math.fsum(by_borrower.values()),
            "groups": groups,
            "by_borrower": by_borrower,
        },
        "commitments": {
            "announced": announced,
            "firm": firm,
            "intent": announced - firm,
            "firm_still_to_pay": backlog.get(name, 0.0),
        },
        "half_year": {**lines, "operating_result": math.fsum(lines.values())},
        "revenue_run_rate": math.fsum(opening.revenue[:, user]),
        "backlog_at_buyers": {
            **dict(sorted(backlog.items(), key=lambda x: -x[1])),
            "total": math.fsum(backlog.values()),
        },
        "lender_exposure": lender_exposures(opening, name),
    }
