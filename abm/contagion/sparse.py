"""Clearing of large sparse networks: the same rule as `rows`, at a cost near linear in the obligations.

Losses are pushed along obligations from full payment downwards, one round of fictitious default after the
other, touching only firms that lose something; every number on the way is an upper bound of the greatest
clearing vector, so that no firm is marked by mistake. Where a default set passes losses round and round
with almost nothing leaking out, pushing would take for ever, and the set is solved as a linear system.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import gmres, splu

from abm.compiled import jit
from abm.contagion.rows import TIE, eliminate
from abm.errors import NotConverged

NEGLIGIBLE = 1e-17
"""A loss below this share of what a firm owes is not passed on: less than rounding of that debt."""

SWEEPS = 200
"""Times the obligations of a default set may be walked in one round before it is solved as a system."""

DIRECT = 1000
"""Largest default set solved by dense elimination without subtractions."""

PRECISION = 1e-10
"""Certified error of a solve, as a share of what the default set owes."""


class Pushed(NamedTuple):
    """A large network as cleared.

    Attributes
    ----------
    payments, nominal : (n,) float
        What each firm pays and owes.
    default_round : (n,) int
        0 for a solvent firm, else its round of fictitious default.
    inflow : (n,) float
        What each firm receives.
    residual : float
        Largest violation of the clearing equations.
    pushed : bool
        Whether pushing losses was enough, without a linear system.
    """

    payments: NDArray[np.float64]
    nominal: NDArray[np.float64]
    default_round: NDArray[np.int64]
    inflow: NDArray[np.float64]
    residual: float
    pushed: bool


@jit
def _push(
    start: Any, creditor: Any, amount: Any, nominal: Any, cash: Any, alpha: float, beta: float, inflow: Any,
    payment: Any, pending: Any, default_round: Any, queue: Any, queued: Any, rounds: int,
) -> tuple[int, bool]:  # fmt: skip
    """Run rounds of fictitious default until nobody falls (True) or a round stalls (False).

    A fallen firm's drop in payment waits in `pending` and is passed on when the firm's turn comes.
    """
    n = cash.shape[0]
    suspects = np.arange(n)
    n_suspects = n
    is_suspect = np.ones(n, np.bool_)
    edges = 0
    for i in range(n):
        if default_round[i] > 0:
            edges += start[i + 1] - start[i]
    while True:
        head = 0
        waiting = 0
        for m in range(n_suspects):
            i = suspects[m]
            is_suspect[i] = False
            if default_round[i] == 0:
                if cash[i] + inflow[i] >= nominal[i] * (1.0 - TIE):
                    continue
                default_round[i] = rounds + 1
                edges += start[i + 1] - start[i]
                pending[i] = nominal[i] - (alpha * cash[i] + beta * inflow[i])
            if pending[i] > NEGLIGIBLE * nominal[i] and not queued[i]:
                queue[(head + waiting) % n] = i
                queued[i] = True
                waiting += 1
        n_suspects = 0
        if waiting == 0:
            return rounds, True
        rounds += 1
        budget = SWEEPS * edges + n
        while waiting > 0:
            i = queue[head]
            head = (head + 1) % n
            waiting -= 1
            queued[i] = False
            drop = pending[i]
            pending[i] = 0.0
            payment[i] -= drop
            budget -= start[i + 1] - start[i]
            for k in range(start[i], start[i + 1]):
                c = creditor[k]
                loss = amount[k] * (drop / nominal[i])
                inflow[c] -= loss
                if default_round[c] > 0:
                    pending[c] += beta * loss
                    if not queued[c] and pending[c] > NEGLIGIBLE * nominal[c]:
                        queue[(head + waiting) % n] = c
                        queued[c] = True
                        waiting += 1
                elif not is_suspect[c]:
                    is_suspect[c] = True
                    suspects[n_suspects] = c
                    n_suspects += 1
            if budget < 0 and waiting > 0:
                return rounds, False


def _gmres(M: sp.csc_array, b: NDArray[np.float64]) -> NDArray[np.float64]:
    return gmres(M, b, rtol=1e-8, restart=60, maxiter=5)[0]


def _refined(
    solve: Callable[[NDArray[np.float64]], NDArray[np.float64]], M: sp.csc_array, b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solution of ``M x = b``, refined until rounding stops the progress."""
    x = solve(b)
    left = np.abs(b - M @ x).sum()
    for _ in range(6):
        better = x + solve(b - M @ x)
        now = np.abs(b - M @ better).sum()
        if not now < left:
            break
        x, left = better, now
    return x


def _certified(M: sp.csc_array, b: NDArray[np.float64], direct: bool) -> tuple[NDArray[np.float64], float]:
    """Solution of ``M x = b`` and a bound of its summed error, for an M-matrix M.

    The bound: if ``z >= 0`` and ``M' z >= c > 0`` everywhere, then ``z / c`` is above the column sums of the
    inverse (which is not negative), so the summed error is at most ``z' |b - M x| / c``.
    """
    if direct:
        lu = splu(M)
        x = _refined(lu.solve, M, b)
        z = lu.solve(np.ones(b.size), "T")
    else:
        x = _refined(partial(_gmres, M), M, b)
        z = _gmres(sp.csc_array(M.T), np.ones(b.size))
    z = np.maximum(z, 0.0)
    floor = float((M.T @ z).min())
    return x, float(z @ np.abs(b - M @ x)) / floor if floor > 0.0 else np.inf


def _solve_default_set(
    owed: sp.csr_array,
    received: sp.csr_array,
    fell: NDArray[np.bool_],
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    nominal: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> NDArray[np.float64]:
    """Payments of the firms that fell if all others pay in full. `received` is `owed` transposed."""
    fallen = np.flatnonzero(fell)
    estate = alpha * cash[fallen] + beta * (received @ (~fell).astype(np.float64))[fallen]
    from_fallen = sp.csr_array(owed[fallen])
    inside = sp.csr_array(from_fallen[:, fallen])
    if fallen.size <= DIRECT:
        outside = from_fallen @ (~fell).astype(np.float64) + external[fallen]
        recovery = np.empty(fallen.size)
        eliminate(
            fallen.size,
            np.ascontiguousarray(beta * inside.toarray().T).ravel(),
            outside + (1.0 - beta) * inside.sum(axis=1),
            estate,
            np.empty(fallen.size),
            recovery,
            1.0,
        )
        return nominal[fallen] * recovery
    passed_on = sp.diags_array(beta / nominal[fallen]) @ inside
    M = sp.csc_array(sp.eye_array(fallen.size) - passed_on.T)
    error = np.inf
    for direct in (False, True):
        payment, error = _certified(M, estate, direct)
        if error <= PRECISION * nominal[fallen].sum():
            return payment
    raise NotConverged(f"the default set of {fallen.size} firms could not be solved", error)


def clear_sparse(
    owed: sp.csr_array,
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> Pushed:
    """Greatest clearing vector of a large sparse network; inputs are not checked.

    Parameters
    ----------
    owed : (n, n) CSR array
        ``owed[i, j] >= 0`` is owed by i to j.
    cash, external : (n,) float
        Outside assets, and debt to outsiders of the same rank.
    alpha, beta : float
        Shares of a defaulter's cash and inflow that reach its creditors.

    Returns
    -------
    Pushed

    Raises
    ------
    NotConverged
        If a default set could not be solved to a certified 1e-10.
    """
    n = cash.size
    received = sp.csr_array(owed.T)
    start, creditor = owed.indptr.astype(np.int64), owed.indices.astype(np.int64)
    nominal = owed.sum(axis=1) + external
    payment = nominal.copy()
    pending = np.zeros(n)
    default_round = np.zeros(n, np.int64)
    rounds, pushed = 0, True
    while True:
        inflow = received @ np.divide(payment, nominal, out=np.ones(n), where=nominal > 0.0)
        fell = default_round > 0
        payment[fell] = alpha * cash[fell] + beta * inflow[fell]
        before = rounds
        pending[:] = 0.0
        rounds, done = _push(
            start, creditor, owed.data, nominal, cash, alpha, beta, inflow, payment, pending, default_round,
            np.zeros(n, np.int64), np.zeros(n, np.bool_), rounds,
        )  # fmt: skip
        if done and rounds == before:
            break
        if not done:
            pushed = False
            fell = default_round > 0
            exact = _solve_default_set(owed, received, fell, cash, external, nominal, alpha, beta)
            payment[fell] = np.minimum(exact, payment[fell])
    inflow = received @ np.divide(payment, nominal, out=np.ones(n), where=nominal > 0.0)
    right = np.where(fell, alpha * cash + beta * inflow, np.minimum(nominal, cash + inflow))
    return Pushed(payment, nominal, default_round, inflow, float(np.abs(payment - right).max()), pushed)
