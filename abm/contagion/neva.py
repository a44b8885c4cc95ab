"""Network valuation: one fixed point for equities, with interchangeable rules for the worth of a claim.

Barucca et al. (2020) write contagion as a fixed point of equities,

    E_i = A_i - D_i - sum_j X_ji + sum_j X_ij V_j(E),

with A external assets, D external debt, ``X_ij`` the claim of bank i on bank j, and the valuation ``V_j``
from 0 to 1: what one unit of a claim on j is worth. Every mechanism is a valuation; the functions below state
each formula and what it nests. Iterated down from the equities with all claims at par, a valuation that does
not fall in equity gives the greatest solution.

References
----------
Barucca, P., Bardoscia, M., Caccioli, F., D'Errico, M., Visentin, G., Caldarelli, G. and Battiston, S. (2020),
Network valuation in financial systems, Mathematical Finance 30(4), 1181-1204.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from abm.contagion.inputs import in_one_order, network, vector, within_floats
from abm.contagion.rows import TIE
from abm.errors import BadInput, NotConverged

MOST_ROUNDS = 1_000_000

FINER = 0.01
"""The iteration goes on to this share of the error asked for: extrapolations are rough."""

ROUNDING = 2.0**-52
"""Rounding of an equity in one iteration, as a share of the balance sheet."""

SURE = 1000
"""Iterations after every bank may have fallen that show how fast the equities settle."""

WINDOW = 16
"""Iterations over which the rate of convergence is measured."""


def _error_left(changes: list[float]) -> float:
    """Error after iterations that changed equities by so much: what is still to come, and rounding that comes round.

    Iterations that end at once, as when the last firm has fallen, leave no error.
    """
    moved = changes[:-1] if changes[-1] == 0.0 else changes
    before = moved[-WINDOW - 1 :]
    if not moved or (changes[-1] == 0.0 and moved[-1] > WINDOW * ROUNDING):
        return 0.0
    if len(before) < 2 or not before[-1] < before[0]:
        return np.inf if changes[-1] else 0.0
    rate = (before[-1] / before[0]) ** (1.0 / (len(before) - 1))
    return (max(changes[-1], ROUNDING) * rate) / (1.0 - rate)



class Books(NamedTuple):
    """What a valuation may look at besides equities; (n,) float each.

    Attributes
    ----------
    external_assets, external_debt : (n,) float
        After the shock.
    interbank_debt : (n,) float
        What each bank owes to banks.
    face_equity : (n,) float
        Equity before the shock with every claim at par.
    """

    external_assets: NDArray[np.float64]
    external_debt: NDArray[np.float64]
    interbank_debt: NDArray[np.float64]
    face_equity: NDArray[np.float64]


Valuation = Callable[[NDArray[np.float64], Books], NDArray[np.float64]]
"""``valuation(equity, books)``: worth of one unit of a claim on each bank, (n,) from 0 to 1."""


@dataclass(frozen=True)
class EquityFixedPoint:
    """Equities and the worth of claims at the fixed point.

    Attributes
    ----------
    equity : (n,) float
        May be negative: assets as valued less debt.
    value : (n,) float
        Worth of one unit of a claim on each bank.
    defaulted : (n,) bool
        Whether equity is negative.
    interbank_loss : float
        Share of all interbank claims that is lost.
    rounds : int
        Iterations from par down to the fixed point.
    """

    equity: NDArray[np.float64]
    value: NDArray[np.float64]
    defaulted: NDArray[np.bool_]
    interbank_loss: float
    rounds: int


def value_eisenberg_noe(
    equity: NDArray[np.float64], books: Books, *, alpha: float = 1.0, beta: float = 1.0
) -> NDArray[np.float64]:
    """Worth of a claim as paid in clearing, external debt senior to interbank debt.

    ``V = 1`` if ``E >= 0``, else ``max(0, (E + X - loss) / X)`` with X the bank's interbank debt and ``loss``
    what bankruptcy destroys: ``(1 - alpha) A + (1 - beta) (E + X + D - A)``. With ``alpha = beta = 1`` this
    is Eisenberg and Noe (2001) with external debt senior; below 1 it is Rogers and Veraart (2013); with both
    0 it is `value_furfine` with zero recovery.

    Parameters
    ----------
    equity : (n,) float
        Equities.
    books : Books
        Balance sheets.
    alpha, beta : float
        Shares of a defaulter's external and interbank assets that reach its creditors.

    Returns
    -------
    (n,) float

    Examples
    --------
    Two banks with 8 outside, 7 owed outside and 4 owed to banks; the second is 1 short.

    >>> books = Books(*(np.full(2, amount) for amount in (8.0, 7.0, 4.0, 1.0)))
    >>> value_eisenberg_noe(np.array([0.0, -1.0]), books)
    array([1.  , 0.75])
    """
    debt = books.interbank_debt
    left = equity + debt
    if alpha < 1.0 or beta < 1.0:
        external = books.external_assets
        left = left - (1.0 - alpha) * external - (1.0 - beta) * (left + books.external_debt - external)
    paid = np.divide(left, debt, out=np.ones(debt.size), where=debt > 0.0)
    return np.where(_stands(equity, books), 1.0, np.clip(paid, 0.0, 1.0))


def value_furfine(equity: NDArray[np.float64], books: Books, *, recovery: float = 0.0) -> NDArray[np.float64]:
    """Worth of a claim with an exogenous recovery rate: ``V = 1`` if ``E >= 0``, else ``recovery``.

    The cascade of Furfine (2003), and with zero recovery that of Gai and Kapadia (2010).

    Parameters
    ----------
    equity : (n,) float
        Equities.
    books : Books
        Balance sheets.
    recovery : float
        Share paid by a bank in default.

    Returns
    -------
    (n,) float

    Examples
    --------
    >>> books = Books(*(np.full(2, amount) for amount in (8.0, 7.0, 4.0, 1.0)))
    >>> value_furfine(np.array([0.0, -1.0]), books, recovery=0.4)
    array([1. , 0.4])
    """
    return np.where(_stands(equity, books), 1.0, recovery)


def value_debtrank(equity: NDArray[np.float64], books: Books) -> NDArray[np.float64]:
    """Worth of a claim marked down with every loss: ``V = max(0, E) / E0``, at most 1.

    Linear DebtRank (Bardoscia et al. 2015), with E0 the equity before the shock.

    Parameters
    ----------
    equity : (n,) float
        Equities.
    books : Books
        Balance sheets.

    Returns
    -------
    (n,) float

    Examples
    --------
    >>> books = Books(*(np.full(3, amount) for amount in (8.0, 7.0, 4.0, 2.0)))
    >>> value_debtrank(np.array([2.0, 1.0, -1.0]), books)
    array([1. , 0.5, 0. ])
    """
    face = books.face_equity
    return np.clip(np.divide(equity, face, out=np.zeros(face.size), where=face > 0.0), 0.0, 1.0)


def value_before_maturity(
    equity: NDArray[np.float64], books: Books, *, volatility: float, maturity: float = 1.0
) -> NDArray[np.float64]:
    """Worth of a claim before maturity, when external assets still move.

    External assets follow a driftless geometric Brownian motion until maturity, where claims are paid as by
    Eisenberg and Noe: ``V = E[min(1, max(0, (E + X + A (S - 1)) / X))]`` with S lognormal of mean one, a
    difference of two Black and Scholes calls (Barucca et al. 2020, section 5; after Merton 1974). As the
    volatility or the maturity goes to zero it becomes `value_eisenberg_noe`.

    Parameters
    ----------
    equity : (n,) float
        Equities.
    books : Books
        Balance sheets.
    volatility : float
        Of external assets, per square root of a year; positive.
    maturity : float
        Years; positive.

    Returns
    -------
    (n,) float

    Examples
    --------
    A bank at zero equity pays in full only if its assets do not fall.

    >>> books = Books(*(np.array([amount]) for amount in (8.0, 7.0, 4.0, 1.0)))
    >>> value_before_maturity(np.array([0.0]), books, volatility=0.2).round(4)
    array([0.8407])
    """
    spread = volatility * np.sqrt(maturity)
    assets, debt = books.external_assets, books.interbank_debt

    def expected_above(level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of ``max(0, A S - level)``."""
        risky = (assets > 0.0) & (level > 0.0)
        d = np.log(np.where(risky, assets, 1.0) / np.where(risky, level, 1.0)) / spread
        call = assets * ndtr(d + spread / 2.0) - level * ndtr(d - spread / 2.0)
        return np.where(risky, call, np.maximum(assets - level, 0.0))

    # Interbank debt gets nothing while A S is below `nothing`, everything above `nothing + X`.
    nothing = assets - equity - debt
    paid = expected_above(nothing) - expected_above(nothing + debt)
    return np.clip(np.divide(paid, debt, out=np.ones(debt.size), where=debt > 0.0), 0.0, 1.0)


def _stands(equity: NDArray[np.float64], books: Books) -> NDArray[np.bool_]:
    """Solvent, at exactly zero equity too: a deficit within rounding of what is owed is none."""
    return equity >= -TIE * (books.external_debt + books.interbank_debt)


def equity_fixed_point(
    exposures: Any,
    external_assets: ArrayLike,
    external_debt: ArrayLike,
    valuation: Valuation = value_eisenberg_noe,
    *,
    shock: ArrayLike | None = None,
    precision: float = 1e-12,
) -> EquityFixedPoint:
    """Greatest equities consistent with each other under a rule for the worth of claims.

    Parameters
    ----------
    exposures : (n, n) array or SciPy sparse matrix
        ``exposures[i, j] >= 0``: claim of bank i on bank j.
    external_assets, external_debt : (n,) array
        Before the shock, not negative.
    valuation : callable
        ``valuation(equity, books)``: worth of one unit of a claim on each bank, 0 to 1 and not falling in
        equity. `value_eisenberg_noe`, `value_furfine`, `value_debtrank`, `value_before_maturity`, or your
        own; parameters are set with `functools.partial`.
    shock : (n,) array, optional
        Loss of external assets, in their unit.
    precision : float
        Largest error of a bank's equity, as a share of its balance sheet, extrapolated from how fast the iteration
        converges. Where almost everything comes round again, as with `value_debtrank` near a spectral radius of
        1, rounding comes round too, and less can be reached.

    Returns
    -------
    EquityFixedPoint

    Raises
    ------
    BadInput
        Wrong shape, negative or not finite entries, or a shock above the external assets.
    NotConverged
        The iteration does not settle, settles no better than to an error above `precision`, or a valuation gives no
        number.

    References
    ----------
    Barucca et al. (2020), Mathematical Finance 30(4).

    Examples
    --------
    The ring of three banks of their figure 2, hit by 15% of external assets.

    >>> ring = [[0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0]]
    >>> for rule in (value_eisenberg_noe, value_furfine, value_debtrank):
    ...     fixed = equity_fixed_point(ring, [10, 5, 3], [9, 4, 2], rule, shock=[1.5, 0.75, 0.45])
    ...     print(round(fixed.interbank_loss, 3))
    0.333
    0.333
    0.983
    """
    exposures, external_assets, external_debt, shock = in_one_order(
        ("exposures", exposures, 2),
        ("external_assets", external_assets, 1),
        ("external_debt", external_debt, 1),
        ("shock", shock, 1),
    )
    claims = sp.csr_array(network("exposures", exposures))
    n = claims.shape[0]
    assets, external = (
        vector("external_assets", external_assets, n),
        vector("external_debt", external_debt, n),
    )
    lost = vector("shock", shock, n)
    if (lost > assets).any():
        raise BadInput("shock must not exceed external_assets")
    interbank, par = claims.sum(axis=0), claims.sum(axis=1)
    with np.errstate(over="ignore"):
        within_floats("assets and debts", assets + par + external + interbank)
    net = assets - external - interbank
    books = Books(assets - lost, external, interbank, net + par)
    base = net - lost
    size = np.maximum(assets + par + external + interbank, np.finfo(float).tiny)
    equity, value = base + par, np.ones(n)
    changes: list[float] = []
    while True:
        value = np.asarray(valuation(equity, books), dtype=np.float64)
        lower = np.minimum(base + claims @ value, equity)
        change = float(((equity - lower) / size).max(initial=0.0))
        equity = lower
        if not change <= 1.0 or len(changes) >= MOST_ROUNDS:
            raise NotConverged("the equities do not settle", change)
        changes.append(change)
        error = _error_left(changes)
        if change == 0.0 or error <= precision * (FINER if change > 4.0 * ROUNDING else 1.0):
            break
        if len(changes) == n + SURE:
            rate = (change / changes[-SURE]) ** (1.0 / (SURE - 1))
            if rate < 1.0 and precision * (1.0 - rate) < ROUNDING * rate:
                raise NotConverged("rounding comes round too often for the equities to be as precise as asked", change)
    rounds = len(changes)
    if not error <= precision:
        raise NotConverged("rounding comes round too often for the equities to be as precise as asked", error)
    total = float(par.sum())
    loss = 1.0 - float(interbank @ value) / total if total > 0.0 else 0.0
    return EquityFixedPoint(equity, value, ~_stands(equity, books), loss, rounds)
