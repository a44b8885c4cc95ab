"""Who can pay what: the greatest clearing vector of a network of obligations.

`clear` is Eisenberg and Noe (2001) with the bankruptcy costs of Rogers and Veraart (2013), `clear_tiers` adds
the strict seniority of Elsinger (2009). Up to `CORE_FIRMS` firms `clear` runs the compiled core of the economy's
month, `clear_rows`. Larger networks, and several tiers, take the sparse path of the same rule, whose cost grows with
the obligations; it bounds the rounding of what stands ahead of a claim, which the core with its fixed slack does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.contagion.audit import check_clearing
from abm.contagion.inputs import Network, in_one_order, network, share, table, vector, within_floats
from abm.contagion.rows import TIE, ClearingScratch, clear_rows, clearing_scratch
from abm.contagion.sparse import Cleared, clear_sparse, rows_of
from abm.errors import BadInput, NotConverged

__all__ = [
    "CORE_FIRMS",
    "TIE",
    "Clearing",
    "ClearingScratch",
    "TieredClearing",
    "clear",
    "clear_rows",
    "clear_tiers",
    "clearing_scratch",
]

CORE_FIRMS = 64
"""Networks up to this many firms are cleared by dense elimination on the default set."""

ACCURACY = 1e-10
"""Largest residual accepted, as a share of the largest nominal obligation."""


@dataclass(frozen=True)
class Clearing:
    """A cleared network of n firms; amounts in the unit of the liabilities.

    Attributes
    ----------
    payments : (n,) float
        What each firm pays in total, to firms and to outsiders.
    nominal : (n,) float
        What it owes in total.
    defaulted : (n,) bool
        Whether it pays less than it owes. A firm at exactly zero equity is solvent.
    default_round : (n,) int
        Round of fictitious default in which it falls: 1 if it could not pay even with all claims on it met,
        2 if the failures of round 1 bring it down, and so on; 0 if it is solvent.
    equity : (n,) float
        What is left to its owners after payments; 0 in default.
    shortfall : (n,) float
        ``nominal - payments``.
    rounds : int
        Rounds until nobody else fell.
    residual : float
        Largest violation of the clearing equations.
    method : str
        "full payment" (nobody defaults), "default set" (linear solve on it), or "push" (losses pushed along
        obligations and swept until below rounding).
    """

    payments: NDArray[np.float64]
    nominal: NDArray[np.float64]
    defaulted: NDArray[np.bool_]
    default_round: NDArray[np.int64]
    equity: NDArray[np.float64]
    shortfall: NDArray[np.float64]
    rounds: int
    residual: float
    method: str

    @property
    def recovery(self) -> NDArray[np.float64]:
        """Share of its obligations that each firm pays, 1 for a firm that owes nothing."""
        return np.divide(self.payments, self.nominal, out=np.ones(self.nominal.size), where=self.nominal > 0)


@dataclass(frozen=True)
class TieredClearing:
    """A cleared network of n firms with obligations in T tiers, the most senior first.

    Attributes
    ----------
    payments, nominal, shortfall : (T, n) float
        What each firm pays, owes and fails to pay in each tier.
    defaulted, default_round, equity, rounds, residual, method
        As in `Clearing`.
    """

    payments: NDArray[np.float64]
    nominal: NDArray[np.float64]
    defaulted: NDArray[np.bool_]
    default_round: NDArray[np.int64]
    equity: NDArray[np.float64]
    shortfall: NDArray[np.float64]
    rounds: int
    residual: float
    method: str


def _entries(owed: Network) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Debtors, creditors and amounts of a network, by debtor."""
    if isinstance(owed, np.ndarray):
        debtor, creditor = np.nonzero(owed)
        return debtor.astype(np.int64), creditor.astype(np.int64), owed[debtor, creditor]
    coo = owed.tocoo()
    return coo.coords[0].astype(np.int64), coo.coords[1].astype(np.int64), coo.data


def check_residual(residual: float, nominal: NDArray[np.float64]) -> None:
    """Raise if a result does not solve its equations.

    Parameters
    ----------
    residual : float
        Largest violation.
    nominal : array
        The amounts by which it is judged.

    Raises
    ------
    NotConverged
        The residual is above 1e-10 of the largest amount, or not a number.
    """
    if not residual <= ACCURACY * max(float(nominal.max(initial=0.0)), np.finfo(float).tiny):
        raise NotConverged("the clearing equations do not hold", residual)


def _check_sums(layers: Sequence[Network], cash: NDArray[np.float64], external: NDArray[np.float64]) -> None:
    """Raise if what a firm owes, or what it may have, is beyond the largest float."""
    with np.errstate(over="ignore"):
        owed, claims = (sum(layer.sum(axis=axis) for layer in layers) for axis in (1, 0))
        within_floats("liabilities and external_debt", owed + external.sum(axis=0))
        within_floats("external_assets and claims", claims + cash)


def _clear_core(
    layers: Sequence[Network],
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], float]:
    """Payments and nominal by tier, default rounds, inflows and residual, from the compiled core.

    Outsiders are one more firm without dues.
    """
    n = cash.size
    parts = [(*_entries(layer), t) for t, layer in enumerate(layers)]
    parts += [(np.flatnonzero(b), np.full(np.count_nonzero(b), n), b[b > 0], t) for t, b in enumerate(external)]
    debtor = np.concatenate([p[0] for p in parts]).astype(np.int64)
    creditor = np.concatenate([p[1] for p in parts]).astype(np.int64)
    amount = np.concatenate([p[2] for p in parts])
    tier = np.concatenate([np.full(p[0].size, p[3], np.int64) for p in parts])
    paid = np.zeros(amount.size)
    fell = np.zeros(n + 1, np.int64)
    scratch = clearing_scratch(n + 1, amount.size, len(layers))
    residual = clear_rows(
        debtor, creditor, tier, amount, amount.size, np.append(cash, 0.0), alpha, beta, scratch, paid, fell
    )
    slot = tier * n + debtor
    cells = len(layers) * n
    shape = (len(layers), n)
    # Without any due `bincount` would count in whole numbers.
    payments = np.bincount(slot, paid, cells).astype(np.float64).reshape(shape)
    nominal = np.bincount(slot, amount, cells).astype(np.float64).reshape(shape)
    return payments, nominal, fell[:n], scratch.inflow[:n].copy(), residual


def _clear_layers(
    layers: Sequence[Network],
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> Cleared:
    """Clear by the path that suits the size and the tiers."""
    if cash.size > CORE_FIRMS or len(layers) > 1:
        return clear_sparse([rows_of(layer) for layer in layers], cash, external, alpha, beta)
    _check_sums(layers, cash, external)
    payments, due, fell, inflow, residual = _clear_core(layers, cash, external, alpha, beta)
    return Cleared(payments, due, fell, inflow, residual, "default set")


def clear(
    liabilities: Any,
    external_assets: ArrayLike,
    external_debt: ArrayLike | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    audit: bool = False,
) -> Clearing:
    """Greatest clearing vector of Eisenberg-Noe and Rogers-Veraart.

    With ``d`` the nominal obligations (row sums plus external debt) and ``q_i = sum_j p_j L_ji / d_j`` the
    inflow, the payments solve ``p_i = d_i`` if ``e_i + q_i >= d_i``, else ``alpha e_i + beta q_i``. Among all
    solutions the greatest is returned, reached from full payment downwards.

    Parameters
    ----------
    liabilities : (n, n) array, data frame or SciPy sparse matrix
        ``liabilities[i, j] >= 0`` is owed by i to j; zero on the diagonal. If it, or another field, has labels as
        pandas does, all fields that have them are put into the order of the first one, and so is the result.
    external_assets : (n,) array
        Outside assets e of each firm, not negative.
    external_debt : (n,) array, optional
        Owed to outsiders, of the same rank as the debts between firms.
    alpha, beta : float
        Shares of a defaulter's outside assets and of its inflow that reach its creditors, 0 to 1; both 1 is
        Eisenberg and Noe.
    audit : bool
        Check the bound of Glasserman and Young on the result (`glasserman_young_audit`).

    Returns
    -------
    Clearing
        Payments to 1e-10 of the largest obligation; ties within 256 units in the last place count as equal.

    Raises
    ------
    BadInput
        Wrong shape, negative, missing or not finite, a debt to oneself, other labels in one field than in another,
        sums beyond the largest float, or a share outside 0 to 1.
    NotConverged
        The result does not solve the equations to the accuracy stated, or it cannot be told who falls.
    AuditFailed
        With ``audit=True``, the bound is violated.

    References
    ----------
    Eisenberg and Noe (2001), Management Science 47(2); Rogers and Veraart (2013), Management Science 59(4).

    Examples
    --------
    Firm 0 has 4 and owes 10 to firm 1, which has 3 and owes 10 to firm 2: both fall, one after the other.

    >>> cleared = clear([[0, 10, 0], [0, 0, 10], [0, 0, 0]], [4, 3, 0])
    >>> print(cleared.payments, cleared.default_round, cleared.equity)
    [4. 7. 0.] [1 2 0] [0. 0. 7.]

    With half of everything lost in bankruptcy:

    >>> print(clear([[0, 10, 0], [0, 0, 10], [0, 0, 0]], [4, 3, 0], alpha=0.5, beta=0.5).payments)
    [2.  2.5 0. ]
    """
    liabilities, external_assets, external_debt = in_one_order(
        ("liabilities", liabilities, 2), ("external_assets", external_assets, 1), ("external_debt", external_debt, 1)
    )
    owed = network("liabilities", liabilities, copy=False)
    n = owed.shape[0]
    cash = vector("external_assets", external_assets, n)
    external = vector("external_debt", external_debt, n)
    alpha, beta = share("alpha", alpha), share("beta", beta)
    by_tier, due, fell, inflow, residual, method = _clear_layers([owed], cash, external[None], alpha, beta)
    payments, nominal = by_tier[0], due[0]
    check_residual(residual, nominal)
    defaulted = fell > 0
    cleared = Clearing(
        payments=payments,
        nominal=nominal,
        defaulted=defaulted,
        default_round=fell,
        equity=np.where(defaulted, 0.0, np.maximum(cash + inflow - nominal, 0.0)),
        shortfall=np.maximum(nominal - payments, 0.0),
        rounds=int(fell.max(initial=0)),
        residual=residual,
        method=method if defaulted.any() else "full payment",
    )
    if audit:
        check_clearing(owed, cash, nominal, defaulted, inflow, alpha, beta)
    return cleared


def clear_tiers(
    liabilities: Any,
    external_assets: ArrayLike,
    external_debt: ArrayLike | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
) -> TieredClearing:
    """Greatest clearing vector with strict seniority in tiers (Elsinger 2009) and bankruptcy costs.

    A firm that can pay everything does. Another pays its estate ``alpha e + beta q`` to tier 0 first, then to
    tier 1 and so on, pro rata within a tier.

    Parameters
    ----------
    liabilities : (T, n, n) array, or sequence of T SciPy sparse matrices
        ``liabilities[t, i, j] >= 0`` is owed by i to j in tier t; tier 0 is paid first.
    external_assets : (n,) array
        Outside assets of each firm, not negative.
    external_debt : (T, n) array, optional
        Owed to outsiders in each tier.
    alpha, beta : float
        Shares of a defaulter's outside assets and of its inflow that reach its creditors, 0 to 1.

    Returns
    -------
    TieredClearing
        What stands ahead of a claim is taken off an estate: the rounding of that counts as a tie, up to 1e-9 of what
        a firm owes.

    Raises
    ------
    BadInput
        As for `clear`.
    NotConverged
        As for `clear`.

    References
    ----------
    Elsinger (2009), Financial networks, cross holdings, and limited liability, OeNB Working Paper 156.

    Examples
    --------
    Firm 0 has 6, owes 4 in senior debt to outsiders and 4 in junior debt to firm 1.

    >>> cleared = clear_tiers([[[0, 0], [0, 0]], [[0, 4], [0, 0]]], [6, 0], [[4, 0], [0, 0]])
    >>> print(cleared.payments.tolist(), cleared.equity)
    [[4.0, 0.0], [2.0, 0.0]] [0. 2.]
    """
    try:
        given = list(liabilities)
    except TypeError:
        raise BadInput("liabilities must be an array [tier, debtor, creditor], or one matrix a tier") from None
    if not given:
        raise BadInput("liabilities must have at least one tier")
    names = [f"liabilities[{t}]" for t in range(len(given))]
    *given, external_assets, external_debt = in_one_order(
        *((name, layer, 2) for name, layer in zip(names, given, strict=True)),
        ("external_assets", external_assets, 1),
        ("external_debt", external_debt, 1),
    )
    first = network(names[0], given[0], copy=False)
    n = first.shape[0]
    layers = [first]
    layers += [network(name, layer, n=n, copy=False) for name, layer in zip(names[1:], given[1:], strict=True)]
    cash = vector("external_assets", external_assets, n)
    shape = (len(layers), n)
    external = np.zeros(shape) if external_debt is None else table("external_debt", external_debt, shape)
    alpha, beta = share("alpha", alpha), share("beta", beta)
    payments, nominal, fell, inflow, residual, method = _clear_layers(layers, cash, external, alpha, beta)
    check_residual(residual, nominal)
    defaulted = fell > 0
    return TieredClearing(
        payments=payments,
        nominal=nominal,
        defaulted=defaulted,
        default_round=fell,
        equity=np.where(defaulted, 0.0, np.maximum(cash + inflow - nominal.sum(axis=0), 0.0)),
        shortfall=np.maximum(nominal - payments, 0.0),
        rounds=int(fell.max(initial=0)),
        residual=residual,
        method=method if defaulted.any() else "full payment",
    )
