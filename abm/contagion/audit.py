"""The bound of Glasserman and Young (2015) as a check of what was computed.

Losses are a flow: a fallen firm i passes on at most the share ``b_i`` of its shortfall that it owes inside
the network, and a firm j that stood before absorbs its net worth ``w_j`` before it passes anything on. So the
net worth of all firms brought down by others cannot exceed what entered the network,

    sum over D of w_j  <=  sum over S of b_i * (d_i - e_i - q_i)  +  sum over S and D of b_i * k_i

with S the firms that fall although everybody pays them, D the others that fall, d nominal obligations, e
outside assets, q inflows at full payment, and ``k_i = (1 - alpha) e_i + (1 - beta) q_i`` what bankruptcy
destroys at i (q as cleared). For one shocked firm that keeps at least nothing, and without bankruptcy costs,
the right side is at most ``b_i (c_i - w_i)``: their proposition 1.

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

from abm.contagion.inputs import Network, network, vector
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


def _full_inflow(owed: Network) -> NDArray[np.float64]:
    return np.asarray(owed.sum(axis=0), dtype=np.float64)


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

    owed = network("liabilities", liabilities)
    n = owed.shape[0]
    cash = vector("external_assets", external_assets, n)
    external = vector("external_debt", external_debt, n)
    if not 0 <= firm < n:
        raise BadInput(f"firm must be from 0 to {n - 1}; it is {firm}")
    if clear(owed, cash, external).defaulted.any():
        raise BadInput("external_assets must leave every firm solvent before the shock")
    inside = np.asarray(owed.sum(axis=1), dtype=np.float64)
    nominal = inside + external
    worth = cash + _full_inflow(owed) - nominal
    shocked = cash.copy()
    shocked[firm] = 0.0
    fell = clear(owed, shocked, external).defaulted
    down = np.flatnonzero(fell & (np.arange(n) != firm))
    left = float(worth[down].sum())
    inner = inside[firm] / nominal[firm] if nominal[firm] > 0.0 else 0.0
    right = float(inner * (cash[firm] - worth[firm]))
    holds = down.size == 0 or left <= right + ROUNDING * float(nominal[fell].sum())
    return GlassermanYoung(down, left, right, holds)


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
