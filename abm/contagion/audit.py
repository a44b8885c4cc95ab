"""The bound of Glasserman and Young (2015) as a check of what was computed.

Losses are a flow: a fallen firm i passes on at most the share ``b_i`` of its shortfall that it owes inside
the network, and a firm j that stood before absorbs its net worth ``w_j`` before it passes anything on. So the
net worth of all firms brought down by others cannot exceed what entered the network,

    sum over D of w_j  <=  sum over S of b_i * (d_i - e_i - q_i)  +  sum over S and D of b_i * k_i

with S the firms that fall although everybody pays them, D the others that fall, d nominal obligations, e
outside assets, q inflows at full payment, and ``k_i = (1 - alpha) e_i + (1 - beta) q_i`` what bankruptcy
destroys at i (q as cleared). For one shocked firm that keeps at least nothing, and without bankruptcy costs,
the right side is at most ``b_i (c_i - w_i)``: their proposition 1.

Summed over all firms that fall, the same flow bounds what a shock x costs all creditors together: with ``b`` the
largest ``b_i``,

    sum of shortfalls  <=  sum of max(x_i - w_i, 0) / (1 - b),

which is what their theorem on expected losses rests on.

References
----------
Glasserman, P. and Young, H. P. (2015), How likely is contagion in financial networks?, Journal of Banking
and Finance 50, 383-399.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.contagion.inputs import Network, in_one_order, network, vector
from abm.errors import BadInput, InvisibleDebtError

ROUNDING = 1e-9
"""Slack of the audit, as a share of all obligations of the firms that fell."""


class AuditFailed(InvisibleDebtError, ArithmeticError):  # noqa: N818 - reads as a sentence where it is raised
    """A cleared network violates a bound that holds for every clearing: the computation is wrong."""


@dataclass(frozen=True)
class GlassermanYoung:
    """The two sides of the bound for one shocked firm.

    Attributes
    ----------
    brought_down : (m,) int
        D: the other firms that fell.
    net_worth : float
        Left side: their net worth before the shock.
    bound : float
        Right side: ``b_i (c_i - w_i)``.
    holds : bool
        Whether nobody else fell, or left <= right up to rounding.
    """

    brought_down: NDArray[np.intp]
    net_worth: float
    bound: float
    holds: bool


@dataclass(frozen=True)
class GlassermanYoungLosses:
    """The two sides of the bound on what all creditors lose together.

    Attributes
    ----------
    shortfall : float
        Left side: obligations that are not paid, inside and outside the network, summed over firms.
    alone : float
        The same if nobody owed anything to another firm and each kept its net worth: ``sum of max(x_i - w_i, 0)``.
    bound : float
        Right side: ``alone / (1 - b)``; infinite if a firm owes nothing outside.
    holds : bool
        Whether left <= right up to rounding.
    """

    shortfall: float
    alone: float
    bound: float
    holds: bool


def _full_inflow(owed: Network) -> NDArray[np.float64]:
    return np.asarray(owed.sum(axis=0), dtype=np.float64)


@dataclass(frozen=True)
class _Before:
    """A network in which everybody can pay: who owes whom, outside assets, outside debt, and what follows."""

    owed: Network
    cash: NDArray[np.float64]
    external: NDArray[np.float64]
    nominal: NDArray[np.float64]
    worth: NDArray[np.float64]
    inner: NDArray[np.float64]


def _before(liabilities: Any, external_assets: ArrayLike, external_debt: ArrayLike | None) -> _Before:
    from abm.contagion.clearing import clear  # the audit is also run by `clear` itself

    owed = network("liabilities", liabilities)
    n = owed.shape[0]
    cash = vector("external_assets", external_assets, n)
    external = vector("external_debt", external_debt, n)
    if clear(owed, cash, external).defaulted.any():
        raise BadInput("external_assets must leave every firm solvent before the shock")
    inside = np.asarray(owed.sum(axis=1), dtype=np.float64)
    nominal = inside + external
    inner = np.divide(inside, nominal, out=np.zeros(n), where=nominal > 0.0)
    return _Before(owed, cash, external, nominal, cash + _full_inflow(owed) - nominal, inner)


def glasserman_young_audit(
    liabilities: Any, external_assets: ArrayLike, external_debt: ArrayLike | None = None, *, firm: int
) -> GlassermanYoung:
    """Wipe out one firm's outside assets and compare the contagion with the Glasserman-Young bound.

    A shock to firm i alone can bring down a set D of other firms only if
    ``sum over D of w_j <= b_i (c_i - w_i)``: w net worth and c outside assets before the shock, b_i the share
    of i's obligations owed inside the network.

    Parameters
    ----------
    liabilities, external_assets, external_debt
        The network before the shock, as for `clear`; nobody may be insolvent in it.
    firm : int
        The firm that loses all its outside assets.

    Returns
    -------
    GlassermanYoung

    Raises
    ------
    BadInput
        As for `clear`, no such firm, or a firm that is insolvent before the shock.

    References
    ----------
    Glasserman and Young (2015), Journal of Banking and Finance 50, proposition 1.

    Examples
    --------
    Firm 0 holds 5 outside, owes 3 to firm 1 and 1 to outsiders; firm 1 holds 1 and owes 2 outside.

    >>> glasserman_young_audit([[0, 3], [0, 0]], [5, 1], [1, 2], firm=0)
    GlassermanYoung(brought_down=array([1]), net_worth=2.0, bound=3.0, holds=True)
    """
    from abm.contagion.clearing import clear  # the audit is also run by `clear` itself

    liabilities, external_assets, external_debt = in_one_order(
        ("liabilities", liabilities, 2), ("external_assets", external_assets, 1), ("external_debt", external_debt, 1)
    )
    before = _before(liabilities, external_assets, external_debt)
    n = before.cash.size
    if not 0 <= firm < n:
        raise BadInput(f"firm must be from 0 to {n - 1}; it is {firm}")
    shocked = before.cash.copy()
    shocked[firm] = 0.0
    fell = clear(before.owed, shocked, before.external).defaulted
    down = np.flatnonzero(fell & (np.arange(n) != firm))
    left = float(before.worth[down].sum())
    right = float(before.inner[firm] * (before.cash[firm] - before.worth[firm]))
    holds = down.size == 0 or left <= right + ROUNDING * float(before.nominal[fell].sum())
    return GlassermanYoung(down, left, right, holds)


def glasserman_young_losses(
    liabilities: Any, external_assets: ArrayLike, external_debt: ArrayLike | None = None, *, shock: ArrayLike
) -> GlassermanYoungLosses:
    """What a shock costs all creditors together, and the most that links between firms can make of it.

    Parameters
    ----------
    liabilities, external_assets, external_debt
        The network before the shock, as for `clear`; nobody may be insolvent in it.
    shock : (n,) array
        What each firm loses of its outside assets, from 0 to all of them.

    Returns
    -------
    GlassermanYoungLosses

    Raises
    ------
    BadInput
        As for `clear`, a shock outside its range, or a firm that is insolvent before it.

    References
    ----------
    Glasserman and Young (2015), Journal of Banking and Finance 50, the theorem on expected losses.

    Examples
    --------
    Two firms owe 1 to each other and 1 outside; each loses more than its net worth of 0.2. As both owe half of their
    debt inside, the bound is met.

    >>> found = glasserman_young_losses([[0, 1], [1, 0]], [1.2, 1.2], [1, 1], shock=[0.5, 0.5])
    >>> print(round(found.shortfall, 12), round(found.alone, 12), round(found.bound, 12), found.holds)
    1.2 0.6 1.2 True
    """
    from abm.contagion.clearing import clear  # the audit is also run by `clear` itself

    liabilities, external_assets, external_debt, shock = in_one_order(
        ("liabilities", liabilities, 2), ("external_assets", external_assets, 1), ("external_debt", external_debt, 1),
        ("shock", shock, 1),
    )  # fmt: skip
    before = _before(liabilities, external_assets, external_debt)
    lost = vector("shock", shock, before.cash.size)
    if (lost > before.cash).any():
        i = int(np.argmax(lost > before.cash))
        raise BadInput(f"shock[{i}] must be from 0 to the outside assets of firm {i}, {before.cash[i]:g}")
    cleared = clear(before.owed, before.cash - lost, before.external)
    shortfall = float(cleared.shortfall.sum())
    alone = float(np.maximum(lost - before.worth, 0.0).sum())
    free = 1.0 - float(before.inner.max(initial=0.0))
    bound = alone / free if free > 0.0 else (np.inf if alone > 0.0 else 0.0)
    return GlassermanYoungLosses(
        shortfall, alone, bound, shortfall <= bound + ROUNDING * float(before.nominal[cleared.defaulted].sum())
    )


def check_clearing(
    owed: Network,
    cash: NDArray[np.float64],
    nominal: NDArray[np.float64],
    defaulted: NDArray[np.bool_],
    inflow: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> None:
    """Raise if the defaults of a cleared network violate the bound at the top of this module.

    Parameters
    ----------
    owed : (n, n) array or CSR array
        Who owes whom.
    cash, nominal, inflow : (n,) float
        Outside assets, obligations, and what each firm received.
    defaulted : (n,) bool
        Who fell.
    alpha, beta : float
        Shares recovered in default.

    Raises
    ------
    AuditFailed
        The bound is violated by more than rounding.
    """
    inside = np.asarray(owed.sum(axis=1), dtype=np.float64)
    inner = np.divide(inside, nominal, out=np.zeros(nominal.size), where=nominal > 0.0)
    worth = cash + _full_inflow(owed) - nominal
    first = defaulted & (worth < 0.0)
    later = defaulted & ~first
    destroyed = np.where(defaulted, (1.0 - alpha) * cash + (1.0 - beta) * inflow, 0.0)
    left = float(worth[later].sum())
    right = float((inner * destroyed).sum() - (inner * worth)[first].sum())
    if not left <= right + ROUNDING * float(nominal[defaulted].sum()):
        raise AuditFailed(f"firms with a net worth of {left:.9g} fell to losses of {right:.9g}, which cannot be enough")
