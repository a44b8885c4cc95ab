"""Clearing of large sparse networks: the same rule as `rows`, at a cost near linear in the obligations.

Everything goes down from full payment, one round of fictitious default after the other. The losses of a few
new failures are pushed along their obligations, touching only firms that lose something (a chain of a
hundred thousand failures costs no more than its length). Where a round concerns much of the default set, all
its members are swept (Gauss-Seidel) until the error left cannot change who falls next. Where a default set
passes losses round and round with almost nothing leaking out, it is solved as a linear system with a
certified error. Pushed and swept payments are upper bounds of the greatest clearing vector at any time, so
that stopping early never marks a firm that can pay.
"""

from __future__ import annotations

import math
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

FIRST_GOAL = 1e-4
"""Error of the shares paid that a round is swept to before asking whether it settles who falls next."""

SETTLED = 2e-15
"""Error of the shares paid at which sweeping stops."""

PATIENCE = 200
"""Sweeps still needed beyond which a default set is solved as a linear system."""

DIRECT = 1000
"""Largest default set solved by dense elimination without subtractions."""

ROUNDED = 1e-15
"""Relative residual that needs no refinement."""

STOPPED_EARLY = 1e-12
"""Relative residual above which an iterative solution is not taken."""

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
    method : str
        "push" if pushing and sweeping were enough, "default set" if a linear system was solved.
    """

    payments: NDArray[np.float64]
    nominal: NDArray[np.float64]
    default_round: NDArray[np.int64]
    inflow: NDArray[np.float64]
    residual: float
    method: str


@jit
def _push(
    start: Any, creditor: Any, amount: Any, nominal: Any, cash: Any, alpha: float, beta: float, inflow: Any,
    payment: Any, pending: Any, default_round: Any, queue: Any, queued: Any, rounds: int,
) -> tuple[int, bool]:  # fmt: skip
    """Run rounds of fictitious default until nobody falls (True) or a round is too wide to push (False).

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
        new_edges = 0
        for m in range(n_suspects):
            i = suspects[m]
            is_suspect[i] = False
            if default_round[i] == 0 and cash[i] + inflow[i] < nominal[i] * (1.0 - TIE):
                default_round[i] = rounds + 1
                new_edges += start[i + 1] - start[i]
                pending[i] = nominal[i] - (alpha * cash[i] + beta * inflow[i])
                queue[waiting] = i
                queued[i] = True
                waiting += 1
        n_suspects = 0
        if waiting == 0:
            return rounds, True
        rounds += 1
        edges += new_edges
        if new_edges > 64 and 8 * new_edges > edges:
            return rounds, False
        budget = edges + 64
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


@jit
def sweep(
    start: Any, debtor: Any, amount: Any, nominal: Any, cash: Any, alpha: float, beta: float, paid: Any,
    fallen: Any, goal: float, patience: int,
) -> float:  # fmt: skip
    """Sweep ``paid_i = min(1, (alpha cash_i + beta sum of amount paid_debtor) / nominal_i)`` (Gauss-Seidel).

    Parameters
    ----------
    start, debtor, amount : arrays
        The claims of firm i are ``amount[start[i]:start[i + 1]]`` on ``debtor[start[i]:start[i + 1]]``.
    nominal, cash : (n,) float
        Divisor and constant of each firm.
    alpha, beta : float
        Factors of cash and of what is received.
    paid : (n,) float
        Start and result; changed for the firms in `fallen` only.
    fallen : (k,) int
        Whom to sweep.
    goal : float
        Error at which to stop, extrapolated from how fast the sweeps converge.
    patience : int
        Sweeps still needed beyond which to give up.

    Returns
    -------
    float
        The error left, or infinity if the goal is too far.
    """
    before = 0.0
    sweeps = 0
    while True:
        change = 0.0
        for m in range(fallen.shape[0]):
            i = fallen[m]
            inflow = 0.0
            for k in range(start[i], start[i + 1]):
                inflow += amount[k] * paid[debtor[k]]
            new = min((alpha * cash[i] + beta * inflow) / nominal[i], 1.0)
            change = max(change, abs(paid[i] - new))
            paid[i] = new
        if change == 0.0:
            return 0.0
        if before > 0.0:
            rate = min(change / before, 1.0)
            left = change * rate / (1.0 - rate) if rate < 1.0 else change
            if left <= goal and (rate < 1.0 or change <= SETTLED):
                return left
            sweeps += 1
            if sweeps > 5 and (rate >= 1.0 or math.log(goal / left) < patience * math.log(rate)):
                return np.inf
        before = change


def _gmres(M: sp.csc_array, b: NDArray[np.float64]) -> NDArray[np.float64]:
    return gmres(M, b, rtol=1e-8, restart=60, maxiter=5)[0]


def _refined(
    solve: Callable[[NDArray[np.float64]], NDArray[np.float64]], M: sp.csc_array, b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solution of ``M x = b``, refined until rounding stops the progress."""
    x = solve(b)
    left = np.abs(b - M @ x).sum()
    while left > ROUNDED * np.abs(b).sum():
        better = x + solve(b - M @ x)
        now = np.abs(b - M @ better).sum()
        if not now < left:
            break
        x, left = better, now
    return x


def solve_refined(M: sp.csc_array, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve a linear system by the way that suits its size; the caller checks the residual.

    Parameters
    ----------
    M : (m, m) CSC array
        The matrix.
    b : (m,) float
        Right-hand side.

    Returns
    -------
    (m,) float
        By dense elimination up to `DIRECT` unknowns, else by GMRES, or by sparse LU where GMRES stops early.
    """
    if b.size <= DIRECT:
        dense = M.toarray()
        return _refined(partial(np.linalg.solve, dense), M, b) if b.size else b
    x = _refined(partial(_gmres, M), M, b)
    if np.abs(b - M @ x).max() <= STOPPED_EARLY * np.abs(b).max():
        return x
    return _refined(splu(M).solve, M, b)


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
    owes = (owed.indptr.astype(np.int64), owed.indices.astype(np.int64), owed.data)
    gets = (received.indptr.astype(np.int64), received.indices.astype(np.int64), received.data)
    claims, nominal = owed.sum(axis=0), owed.sum(axis=1) + external
    paid, default_round = np.ones(n), np.zeros(n, np.int64)
    rounds, error, method = 0, 0.0, "push"
    while True:
        inflow = received @ paid
        payment = nominal * paid
        before = rounds
        rounds, done = _push(
            *owes, nominal, cash, alpha, beta, inflow, payment, np.zeros(n), default_round,
            np.zeros(n, np.int64), np.zeros(n, np.bool_), rounds,
        )  # fmt: skip
        final = done and rounds == before
        if final and error <= SETTLED:
            break
        fell = default_round > 0
        fallen = np.flatnonzero(fell)
        paid[fallen] = np.minimum(payment[fallen] / nominal[fallen], 1.0)
        error = np.inf
        goal = SETTLED if final else FIRST_GOAL
        while not done or final:
            error = sweep(*gets, nominal, cash, alpha, beta, paid, fallen, goal, PATIENCE)
            if error > goal:
                method = "default set"
                exact = _solve_default_set(owed, received, fell, cash, external, nominal, alpha, beta)
                paid[fallen] = np.minimum(exact / nominal[fallen], paid[fallen])
                error = SETTLED
            margin = cash + received @ paid - nominal * (1.0 - TIE)
            sure = ~fell & (margin >= 0.0) & (claims > 0.0)
            gap = float((margin[sure] / claims[sure]).min(initial=1.0))
            if error <= max(gap, SETTLED):
                break
            goal = max(0.1 * min(error, gap), SETTLED)
    right = np.where(default_round > 0, alpha * cash + beta * inflow, np.minimum(nominal, cash + inflow))
    could_pay = (default_round > 0) & (cash + inflow >= nominal * (1.0 + TIE))
    right[could_pay] = nominal[could_pay]
    payments = nominal * paid
    return Pushed(payments, nominal, default_round, inflow, float(np.abs(payments - right).max()), method)
