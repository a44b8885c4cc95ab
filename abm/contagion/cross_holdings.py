"""Clearing with cross-holdings of debt and equity, after Suzuki (2002).

A vendor's stake in the lab that buys from it is such a holding: its worth depends on what the lab can pay,
and the lab on what the vendor is worth.

References
----------
Suzuki, T. (2002), Valuing corporate debt: the effect of cross-holdings of stock and debt, Journal of the
Operations Research Society of Japan 45(2), 123-144.
Fischer, T. (2014), No-arbitrage pricing under systemic risk: accounting for cross-ownership, Mathematical
Finance 24(1), 97-124.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.contagion.clearing import Clearing, check_residual
from abm.contagion.inputs import in_one_order, network, share, vector
from abm.contagion.rows import TIE, eliminate
from abm.errors import BadInput

WHOLE_ROUNDING = 1e-12
"""Slack within which shares of one firm may sum to one."""


def clear_cross_holdings(
    liabilities: Any,
    external_assets: ArrayLike,
    equity_holdings: Any,
    external_debt: ArrayLike | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
) -> Clearing:
    """Greatest payments and equities when firms hold each other's debt and equity.

    With ``v_i = e_i + sum_j p_j L_ji / d_j + sum_j s_j Theta_ji`` the worth of what firm i holds, payments
    and equities solve ``p_i = d_i`` and ``s_i = v_i - d_i`` if ``v_i >= d_i``, else ``s_i = 0`` and
    ``p_i = alpha e_i + beta (v_i - e_i)``.

    Defaults are found downwards from full payment as in `clear`. With a default set given, the worth of the
    other firms' equity cannot be negative, and the system ``s = max(0, g + Theta' s)`` is solved by letting
    the set of firms with positive equity grow; each set is solved exactly, by elimination without
    subtractions.

    Parameters
    ----------
    liabilities : (n, n) array or SciPy sparse matrix
        ``liabilities[i, j] >= 0`` is owed by i to j.
    external_assets : (n,) array
        Outside assets e, not negative.
    equity_holdings : (n, n) array or SciPy sparse matrix
        ``equity_holdings[i, j]`` is the share of firm i's equity held by j; a row sums to at most 1, and the
        rest belongs to outsiders.
    external_debt : (n,) array, optional
        Owed to outsiders, of the same rank.
    alpha, beta : float
        Shares of a defaulter's outside assets and of its holdings that reach its creditors, 0 to 1.

    Returns
    -------
    Clearing
        `equity` is the whole equity of each firm, the part held by other firms included.

    Raises
    ------
    BadInput
        As for `clear`; more than the whole of a firm is held; or firms own each other without any outside
        owner, so that their equity is not determined.
    NotConverged
        The result does not solve the equations to 1e-10 of the largest obligation or equity.

    Examples
    --------
    Firm 0 has 4 and owes 2 to firm 1, which has 2 and owes 3 to firm 0. Firm 1 holds a fifth of firm 0, firm
    0 a tenth of firm 1: ``s0 = 4 + 3 + s1 / 10 - 2`` and ``s1 = 2 + 2 + s0 / 5 - 3``.

    >>> cleared = clear_cross_holdings([[0, 2], [3, 0]], [4, 2], [[0, 0.2], [0.1, 0]])
    >>> print(cleared.payments, cleared.equity.round(6))
    [2. 3.] [5.204082 2.040816]
    """
    liabilities, external_assets, equity_holdings, external_debt = in_one_order(
        ("liabilities", liabilities, 2),
        ("external_assets", external_assets, 1),
        ("equity_holdings", equity_holdings, 2),
        ("external_debt", external_debt, 1),
    )
    owed = _dense(network("liabilities", liabilities))
    n = owed.shape[0]
    held = _dense(network("equity_holdings", equity_holdings, n=n))
    cash = vector("external_assets", external_assets, n)
    external = vector("external_debt", external_debt, n)
    alpha, beta = share("alpha", alpha), share("beta", beta)
    owners = held.sum(axis=1)
    if (owners > 1.0 + WHOLE_ROUNDING).any():
        i = int(np.argmax(owners))
        raise BadInput(f"equity_holdings[{i}] sums to {owners[i]:g}: at most the whole of a firm can be held")
    nominal = owed.sum(axis=1) + external
    claims = np.divide(owed, nominal[:, None], out=np.zeros((n, n)), where=nominal[:, None] > 0.0)
    outside_debt = np.divide(external, nominal, out=np.zeros(n), where=nominal > 0.0)
    outside_owners = np.maximum(1.0 - owners, 0.0)
    fell = np.zeros(n, np.int64)
    rounds = 0
    while True:
        payments, equity = _given_defaults(
            claims, held, outside_debt, outside_owners, cash, nominal, fell > 0, alpha, beta
        )
        worth = cash + payments @ claims + equity @ held
        new = (fell == 0) & (worth < nominal * (1.0 - TIE))
        if not new.any():
            break
        rounds += 1
        fell[new] = rounds
    defaulted = fell > 0
    pays = np.where(defaulted, alpha * cash + beta * (worth - cash), nominal)
    owns = np.where(defaulted, 0.0, np.maximum(worth - nominal, 0.0))
    residual = float(np.maximum(np.abs(pays - payments), np.abs(owns - equity)).max(initial=0.0))
    check_residual(residual, np.append(nominal, equity))
    return Clearing(
        payments=payments,
        nominal=nominal,
        defaulted=defaulted,
        default_round=fell,
        equity=equity,
        shortfall=np.maximum(nominal - payments, 0.0),
        rounds=rounds,
        residual=residual,
        method="default set" if defaulted.any() else "full payment",
    )


def _dense(matrix: Any) -> NDArray[np.float64]:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


def _given_defaults(
    claims: NDArray[np.float64],
    held: NDArray[np.float64],
    outside_debt: NDArray[np.float64],
    outside_owners: NDArray[np.float64],
    cash: NDArray[np.float64],
    nominal: NDArray[np.float64],
    defaulted: NDArray[np.bool_],
    alpha: float,
    beta: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Payments and equities with the default set given.

    The unknowns are the payments of defaulters and the equities that are positive: each passes on what it is
    worth, the one to creditors (rows of `claims`), the other to owners (rows of `held`).
    """
    n = cash.size
    solid = np.where(defaulted, 0.0, nominal) @ claims
    alive = np.zeros(n, dtype=bool)
    while True:
        member = np.flatnonzero(defaulted | alive)
        falls = defaulted[member]
        passes = np.where(falls[:, None], claims[member], held[member])
        lost = np.where(falls, outside_debt[member], outside_owners[member])
        lost += passes.sum(axis=1, where=~(defaulted | alive))
        inner = passes[:, member]
        keeps = np.where(falls, beta, 1.0)
        lost += (inner * (1.0 - keeps)).sum(axis=1)
        estate = np.where(
            falls, alpha * cash[member] + beta * solid[member], cash[member] + solid[member] - nominal[member]
        )
        pivot, value = np.empty(member.size), np.empty(member.size)
        matrix = np.ascontiguousarray((inner * keeps).T).ravel()
        eliminate(member.size, matrix, lost, estate, pivot, value, 0.0)
        if (pivot[~falls] <= 0.0).any():
            i = int(member[~falls][np.argmin(pivot[~falls])])
            raise BadInput(f"equity_holdings leaves no outside owner in the group of firm {i}")
        payments, equity = nominal.copy(), np.zeros(n)
        payments[member[falls]] = np.clip(value[falls], 0.0, nominal[member[falls]])
        equity[member[~falls]] = np.maximum(value[~falls], 0.0)
        worth = cash + payments @ claims + equity @ held
        new = ~defaulted & ~alive & (worth > nominal * (1.0 + TIE))
        if not new.any():
            return payments, equity
        alive |= new
