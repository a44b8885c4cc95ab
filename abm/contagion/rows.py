"""Clearing of a list of dues, compiled: the greatest vector of payments everyone can make.

The month of the economy calls `clear_rows` itself; `clear` and `clear_tiers` call it for everybody else. It
covers Eisenberg and Noe (2001), Rogers and Veraart (2013) and, through strict tiers, Elsinger (2009).

The rule. A firm with cash `e`, inflow `q` and nominal obligation `d` (the sum of its dues) pays in full if
``e + q >= d``; it is solvent at exactly zero equity. Otherwise its estate ``alpha e + beta q`` is paid out
tier by tier, the most senior first, pro rata within a tier.

The method. Start from full payment and go down. A round marks everyone who cannot pay on the inflows found
so far (fictitious default: they are upper bounds, so nobody is marked wrongly), then clears exactly with
that default set. With tiers the payments of a fixed default set solve a piecewise linear system, which is
solved from above by the tier in which each estate runs out (`_move_marginal_tiers`).

Ties. Data such as 0.03 are not exact in binary, so equality is tested with a relative slack of `TIE`, 256
units in the last place (5.7e-14) of the amount owed: a firm or a tier short by less counts as paid in full.
The linear systems are solved without a single subtraction (`eliminate`), so that the slack is enough
even where the network is within 1e-12 of a closed cycle and an ordinary solver loses all its digits.

References
----------
Eisenberg, L. and Noe, T. (2001), Systemic risk in financial systems, Management Science 47(2), 236-249.
Rogers, L. C. G. and Veraart, L. A. M. (2013), Failure and rescue in an interbank network, Management
Science 59(4), 882-898.
Elsinger, H. (2009), Financial networks, cross holdings, and limited liability, OeNB Working Paper 156.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.engine.compiled import jit

TIE = 256 * 2.0**-52
"""Relative slack within which two amounts count as equal: 256 units in the last place."""


class ClearingScratch(NamedTuple):
    """Working memory of `clear_rows`, made once by `clearing_scratch` and reused every month.

    Attributes
    ----------
    matrix : (n_firms * n_firms,) float
        Obligations among defaulters whose marginal tier is being shared; only the part that a solve needs is
        ever touched, and the operating system gives memory only to that part.
    senior : (n_firms, n_tiers + 1) float
        ``senior[i, t]`` is what firm i owes in tiers more senior than t; the last column is all it owes.
    share : (n_firms, n_tiers) float
        Share of its dues that firm i pays in tier t.
    marginal : (n_firms,) int
        The tier in which a defaulter's estate runs out.
    solid, base, inflow, estate, leak, pivot, recovery : (n_firms,) float
        Inflow from firms that pay in full, inflow apart from marginal tiers, inflow, estate left for the
        marginal tier, and the parts of the elimination.
    member, place : (n_firms,) int
        Firms in the linear system, and where each stands in it (-1 if it does not).
    rows : (n_rows,) int
        Rows whose debtor is in default.
    """

    matrix: NDArray[np.float64]
    senior: NDArray[np.float64]
    share: NDArray[np.float64]
    marginal: NDArray[np.int64]
    solid: NDArray[np.float64]
    base: NDArray[np.float64]
    inflow: NDArray[np.float64]
    estate: NDArray[np.float64]
    leak: NDArray[np.float64]
    pivot: NDArray[np.float64]
    recovery: NDArray[np.float64]
    member: NDArray[np.int64]
    place: NDArray[np.int64]
    rows: NDArray[np.int64]


def clearing_scratch(n_firms: int, n_rows: int, n_tiers: int) -> ClearingScratch:
    """Allocate the working memory of `clear_rows`.

    Parameters
    ----------
    n_firms, n_rows : int
        Most firms and most rows that any call will have.
    n_tiers : int
        Number of tiers of seniority, at least 1.

    Returns
    -------
    ClearingScratch
        About ``n_firms * n_firms`` floats of address space, of which only what a default set needs is used.

    Examples
    --------
    >>> clearing_scratch(3, 10, 2).senior.shape
    (3, 3)
    """
    return ClearingScratch(
        matrix=np.zeros(n_firms * n_firms),
        senior=np.zeros((n_firms, n_tiers + 1)),
        share=np.zeros((n_firms, n_tiers)),
        marginal=np.zeros(n_firms, np.int64),
        solid=np.zeros(n_firms),
        base=np.zeros(n_firms),
        inflow=np.zeros(n_firms),
        estate=np.zeros(n_firms),
        leak=np.zeros(n_firms),
        pivot=np.zeros(n_firms),
        recovery=np.zeros(n_firms),
        member=np.zeros(n_firms, np.int64),
        place=np.zeros(n_firms, np.int64),
        rows=np.zeros(n_rows, np.int64),
    )


@jit
def eliminate(size: int, matrix: Any, leak: Any, estate: Any, pivot: Any, solution: Any, closed_value: float) -> None:
    """Solve ``(D - B) x = estate`` by elimination without subtractions, in place.

    Nothing cancels because the diagonal is never formed by a difference: ``D[j] = leak[j] + sum_i B[i, j]``.
    Every entry of the inverse is accurate to a few units in the last place however close the matrix is to
    singular (Grassmann, Taksar and Heyman 1985; Alfa, Xue and Ye 2002).

    Parameters
    ----------
    size : int
        Number of unknowns.
    matrix : (size * size,) float
        ``matrix[i * size + j] = B[i, j] >= 0``: what one unit of x[j] passes on to i. Overwritten.
    leak : (size,) float
        What one unit of x[j] pays outside the system, not negative. Overwritten.
    estate : (size,) float
        Right-hand side. Overwritten.
    pivot : (size,) float
        Written: the pivots; zero where a group of unknowns passes everything on among itself.
    solution : (size,) float
        Written: x.
    closed_value : float
        The value of x where the pivot is zero.
    """
    B = matrix
    for j in range(size - 1, -1, -1):
        total = leak[j]
        for i in range(j):
            total += B[i * size + j]
        pivot[j] = total
        if total <= 0.0:
            continue
        for i in range(j):
            if B[i * size + j] > 0.0:
                weight = B[i * size + j] / total
                estate[i] += weight * estate[j]
                for k in range(j):
                    B[i * size + k] += weight * B[j * size + k]
        weight = leak[j] / total
        if weight > 0.0:
            for k in range(j):
                leak[k] += weight * B[j * size + k]
    for j in range(size):
        total = estate[j]
        for k in range(j):
            total += B[j * size + k] * solution[k]
        solution[j] = total / pivot[j] if pivot[j] > 0.0 else closed_value


# The steps of a round, each compiled once and called in order by `clear_rows`.


@jit
def _mark_new_defaults(cash: Any, s: ClearingScratch, default_round: Any, this_round: int) -> bool:
    """Mark whoever cannot pay on the inflows found so far; return whether anybody fell."""
    fallen = False
    for i in range(cash.shape[0]):
        nominal = s.senior[i, s.share.shape[1]]
        if default_round[i] == 0 and nominal > 0.0 and cash[i] + s.inflow[i] < nominal * (1.0 - TIE):
            default_round[i] = this_round
            fallen = True
    return fallen


@jit
def _split_rows(debtor: Any, creditor: Any, amount: Any, n_rows: int, s: ClearingScratch, default_round: Any) -> int:
    """List the rows of defaulters, and sum what everybody receives from the others; return their number."""
    for i in range(default_round.shape[0]):
        s.solid[i] = 0.0
    n_in_default = 0
    for r in range(n_rows):
        if default_round[debtor[r]] == 0:
            s.solid[creditor[r]] += amount[r]
        else:
            s.rows[n_in_default] = r
            n_in_default += 1
    return n_in_default


@jit
def _move_marginal_tiers(cash: Any, alpha: float, beta: float, s: ClearingScratch, default_round: Any) -> bool:
    """Move each defaulter's marginal tier up to where its estate runs out; return whether any moved.

    With marginal tiers fixed the payments dominate the true ones, so a tier found to be out of reach stays
    out of reach: marginal tiers only move up in seniority, from the most junior one. When nobody moves, the
    payments are a fixed point that dominates every other one.
    """
    moved = False
    for i in range(cash.shape[0]):
        if default_round[i] > 0:
            estate = alpha * cash[i] + beta * s.inflow[i]
            t = min(s.marginal[i], s.share.shape[1] - 1)
            while t > 0 and estate < s.senior[i, t] * (1.0 - TIE):
                t -= 1
            if t != s.marginal[i]:
                s.marginal[i] = t
                moved = True
    return moved


# With marginal tiers fixed, what defaulters have left for them solves u = max(0, g + B u): g is the estate
# less the tiers ahead if no marginal tier paid anything, and B passes payments on. The map is convex, so its
# solution is reached from below: the set of members, firms with something left, only grows, and each set is
# solved exactly (Chandrasekaran 1970). On the default sets met here the solution is unique, so the greatest.


@jit
def _first_members(
    debtor: Any,
    creditor: Any,
    tier: Any,
    amount: Any,
    n_in_default: int,
    cash: Any,
    s: ClearingScratch,
    default_round: Any,
) -> int:
    """Write `base`, and take in every defaulter that has something left for sure; return how many."""
    for i in range(default_round.shape[0]):
        s.base[i] = s.solid[i]
        s.place[i] = -1
    for m in range(n_in_default):
        r = s.rows[m]
        if tier[r] < s.marginal[debtor[r]]:
            s.base[creditor[r]] += amount[r]
    size = 0
    for i in range(default_round.shape[0]):
        if default_round[i] > 0 and s.senior[i, s.marginal[i]] == 0.0 and cash[i] >= 0.0:
            s.member[size] = i
            s.place[i] = size
            size += 1
    return size


@jit
def _set_up(
    debtor: Any, creditor: Any, tier: Any, amount: Any, n_in_default: int, cash: Any, alpha: float,
    beta: float, s: ClearingScratch, size: int,
) -> None:  # fmt: skip
    """Write the linear system of the members, in shares paid of their marginal tiers."""
    for k in range(size * size):
        s.matrix[k] = 0.0
    for k in range(size):
        i = s.member[k]
        s.estate[k] = alpha * cash[i] + beta * s.base[i] - s.senior[i, s.marginal[i]]
        s.leak[k] = 0.0
    for m in range(n_in_default):
        r = s.rows[m]
        j = s.place[debtor[r]]
        if j >= 0 and tier[r] == s.marginal[debtor[r]]:
            i = s.place[creditor[r]]
            if i < 0:
                s.leak[j] += amount[r]
            else:
                s.leak[j] += (1.0 - beta) * amount[r]
                if i != j:
                    s.matrix[i * size + j] += beta * amount[r]


@jit
def _more_members(
    debtor: Any, creditor: Any, tier: Any, amount: Any, n_in_default: int, cash: Any, alpha: float,
    beta: float, s: ClearingScratch, default_round: Any, size: int,
) -> int:  # fmt: skip
    """Write `inflow`, and take in every defaulter that has something left now; return the new size."""
    for i in range(cash.shape[0]):
        s.inflow[i] = s.base[i]
    for m in range(n_in_default):
        r = s.rows[m]
        j = s.place[debtor[r]]
        if j >= 0 and tier[r] == s.marginal[debtor[r]]:
            s.recovery[j] = min(max(s.recovery[j], 0.0), 1.0)
            s.inflow[creditor[r]] += s.recovery[j] * amount[r]
    for i in range(cash.shape[0]):
        if default_round[i] > 0 and s.place[i] < 0:
            ahead = s.senior[i, s.marginal[i]]
            if alpha * cash[i] + beta * s.inflow[i] > ahead * (1.0 + TIE):
                s.member[size] = i
                s.place[i] = size
                size += 1
    return size


@jit
def _write_shares(s: ClearingScratch, default_round: Any) -> None:
    """Write the shares that defaulters pay, tier by tier."""
    for i in range(default_round.shape[0]):
        if default_round[i] > 0:
            for t in range(s.share.shape[1]):
                s.share[i, t] = 1.0 if t < s.marginal[i] else 0.0
            if s.place[i] >= 0:
                s.share[i, s.marginal[i]] = s.recovery[s.place[i]]


@jit
def _residual(
    debtor: Any,
    creditor: Any,
    n_rows: int,
    cash: Any,
    alpha: float,
    beta: float,
    s: ClearingScratch,
    paid: Any,
    default_round: Any,
) -> float:
    """Largest violation of the clearing equations by `paid`; infinity if anything is not a number."""
    n_tiers = s.share.shape[1]
    for i in range(cash.shape[0]):
        s.inflow[i] = 0.0
    for r in range(n_rows):
        s.inflow[creditor[r]] += paid[r]
    largest = 0.0
    for i in range(cash.shape[0]):
        nominal = s.senior[i, n_tiers]
        funds = cash[i] + s.inflow[i]
        gap = 0.0
        if default_round[i] == 0:
            gap = max(nominal - funds, 0.0) if nominal > 0.0 else 0.0
        elif funds < nominal:
            value = alpha * cash[i] + beta * s.inflow[i]
            for t in range(n_tiers):
                due = s.senior[i, t + 1] - s.senior[i, t]
                left = min(max(value - s.senior[i, t], 0.0), due)
                gap = max(gap, abs(left - s.share[i, t] * due))
        else:
            gap = nominal
        if math.isnan(funds) or math.isnan(nominal) or math.isnan(gap):
            return math.inf
        largest = max(largest, gap)
    return largest


@jit
def clear_rows(
    debtor: Any,
    creditor: Any,
    tier: Any,
    amount: Any,
    n_rows: int,
    cash: Any,
    alpha: float,
    beta: float,
    scratch: ClearingScratch,
    paid: Any,
    default_round: Any,
) -> float:
    """Clear a list of dues: the compiled core, which allocates nothing.

    Parameters
    ----------
    debtor, creditor, tier : (>= n_rows,) int64
        Who owes whom, firms 0 to n_firms - 1, and how senior the due is (0 is paid first).
    amount : (>= n_rows,) float64
        What is owed, not negative.
    n_rows : int
        How many rows count; the arrays may be longer.
    cash : (n_firms,) float64
        What each firm can pay with apart from what it receives here. A hole (negative cash) is filled before
        any creditor is paid. A firm without dues, such as an external creditor, never defaults.
    alpha, beta : float
        Shares of a defaulter's cash and inflow that reach its creditors, 0 to 1.
    scratch : ClearingScratch
        Working memory from `clearing_scratch`; afterwards its `inflow` holds what each firm received.
    paid : (>= n_rows,) float64
        Written: what is paid on each row.
    default_round : (n_firms,) int64
        Written: 0 for a solvent firm, else the round of fictitious default in which it falls, from 1.

    Returns
    -------
    float
        Largest violation of the clearing equations, in units of `amount`: rounding only, unless an input is
        not a number, when it is infinite. The arrays are not checked otherwise.

    Examples
    --------
    Firm 0 has 4 and owes 10 to firm 1, which has 3 and owes 10 to firm 2.

    >>> s = clearing_scratch(3, 2, 1)
    >>> paid, fell = np.zeros(2), np.zeros(3, np.int64)
    >>> clear_rows(np.array([0, 1]), np.array([1, 2]), np.array([0, 0]), np.array([10.0, 10.0]), 2,
    ...            np.array([4.0, 3.0, 0.0]), 1.0, 1.0, s, paid, fell)
    0.0
    >>> print(paid, fell)
    [4. 7.] [1 2 0]
    """
    s = scratch
    n = cash.shape[0]
    n_tiers = s.share.shape[1]
    for i in range(n):
        default_round[i] = 0
        s.marginal[i] = n_tiers
        s.inflow[i] = 0.0
        for t in range(n_tiers):
            s.senior[i, t] = 0.0
            s.share[i, t] = 1.0
        s.senior[i, n_tiers] = 0.0
    for r in range(n_rows):
        s.senior[debtor[r], tier[r] + 1] += amount[r]
        s.inflow[creditor[r]] += amount[r]
    for i in range(n):
        for t in range(n_tiers):
            s.senior[i, t + 1] += s.senior[i, t]
    rounds = 0
    while _mark_new_defaults(cash, s, default_round, rounds + 1):
        rounds += 1
        m = _split_rows(debtor, creditor, amount, n_rows, s, default_round)
        while _move_marginal_tiers(cash, alpha, beta, s, default_round):
            size, before = _first_members(debtor, creditor, tier, amount, m, cash, s, default_round), -1
            while size > before:
                before = size
                _set_up(debtor, creditor, tier, amount, m, cash, alpha, beta, s, size)
                # A closed circle with nothing lost: its greatest solution pays in full.
                eliminate(size, s.matrix, s.leak, s.estate, s.pivot, s.recovery, 1.0)
                size = _more_members(debtor, creditor, tier, amount, m, cash, alpha, beta, s, default_round, size)
            _write_shares(s, default_round)
    for r in range(n_rows):
        paid[r] = amount[r] * s.share[debtor[r], tier[r]]
    return _residual(debtor, creditor, n_rows, cash, alpha, beta, s, paid, default_round)
