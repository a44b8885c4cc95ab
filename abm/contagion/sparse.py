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
from scipy.sparse.linalg import splu

from abm.contagion.rows import TIE, eliminate
from abm.engine.compiled import jit
from abm.errors import NotConverged

NEGLIGIBLE = 1e-17
"""A loss below this share of what a firm owes is not passed on: less than rounding of that debt."""

FIRST_GOAL = 1e-4
"""Error of the shares paid that a round is swept to before asking whether it settles who falls next."""

SETTLED = 2e-15
"""Error of the shares paid at which sweeping stops."""

PATIENCE = 40
"""Sweeps still needed beyond which a default set is solved as a linear system."""

DIRECT = 1000
"""Largest default set solved by dense elimination without subtractions."""

ROUNDED = 1e-15
"""Relative residual that needs no refinement."""

STEP, ROUGH = 1e-8, 0.1
"""Relative residuals at which BiCGSTAB stops: between two refinements, and where only a bound is wanted."""

MOST_STEPS = 300
"""Steps of BiCGSTAB between two refinements."""

STALLED = 1e-12
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


@jit
def _apply(start: Any, index: Any, value: Any, x: Any, result: Any) -> None:
    """Write ``x - B x`` for B in compressed rows."""
    for i in range(x.shape[0]):
        total = x[i]
        for k in range(start[i], start[i + 1]):
            total -= value[k] * x[index[k]]
        result[i] = total


@jit
def _dot(x: Any, y: Any) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    return total


@jit
def _bicgstab(start: Any, index: Any, value: Any, b: Any, x: Any, tolerance: float, most: int) -> None:
    """Improve x in ``x - B x = b`` by BiCGSTAB (van der Vorst 1992).

    Compiled here because a library's runs its many short products on all cores, which is slower than the
    products themselves, and rounds differently from machine to machine.
    """
    n = b.shape[0]
    r, v, t = np.empty(n), np.zeros(n), np.empty(n)
    _apply(start, index, value, x, r)
    for i in range(n):
        r[i] = b[i] - r[i]
    shadow, p = r.copy(), np.zeros(n)
    rho, alpha, omega = 1.0, 1.0, 1.0
    goal = tolerance * math.sqrt(_dot(b, b))
    for _ in range(most):
        if math.sqrt(_dot(r, r)) <= goal:
            return
        rho_new = _dot(shadow, r)
        if rho_new == 0.0 or omega == 0.0:
            return
        beta = (rho_new / rho) * (alpha / omega)
        rho = rho_new
        for i in range(n):
            p[i] = r[i] + beta * (p[i] - omega * v[i])
        _apply(start, index, value, p, v)
        along = _dot(shadow, v)
        if along == 0.0:
            return
        alpha = rho / along
        for i in range(n):
            x[i] += alpha * p[i]
            r[i] -= alpha * v[i]
        _apply(start, index, value, r, t)
        squared = _dot(t, t)
        if squared == 0.0:
            return
        omega = _dot(t, r) / squared
        for i in range(n):
            x[i] += omega * r[i]
            r[i] -= omega * t[i]


def _by_iteration(
    B: sp.csr_array, b: NDArray[np.float64], guess: NDArray[np.float64], tolerance: float
) -> NDArray[np.float64]:
    rows = (B.indptr.astype(np.int64), B.indices.astype(np.int64), B.data)
    x = guess.copy()
    _bicgstab(*rows, b, x, tolerance, MOST_STEPS)
    return x


def _refined(
    solve: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    B: sp.csr_array,
    b: NDArray[np.float64],
    x: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The solution x of ``x - B x = b``, refined until rounding stops the progress."""
    rest = b - (x - B @ x)
    left = float(np.abs(rest).sum())
    while left > ROUNDED * np.abs(b).sum():
        better = x + solve(rest)
        rest = b - (better - B @ better)
        now = float(np.abs(rest).sum())
        if now < left:
            x = better
        if not now < 0.5 * left:
            break
        left = now
    return x


def solve_refined(B: sp.csr_array, b: NDArray[np.float64], guess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve ``x - B x = b`` by the way that suits its size; the caller checks the residual.

    Parameters
    ----------
    B : (m, m) CSR array
        The matrix.
    b : (m,) float
        Right-hand side.
    guess : (m,) float
        Where to start.

    Returns
    -------
    (m,) float
        By dense elimination up to `DIRECT` unknowns, else by BiCGSTAB, or by sparse LU where that stalls.
    """
    zero = np.zeros(b.size)
    if b.size <= DIRECT:
        dense = np.eye(b.size) - B.toarray()
        return _refined(partial(np.linalg.solve, dense), B, b, zero)
    x = _refined(lambda rest: _by_iteration(B, rest, zero, STEP), B, b, _by_iteration(B, b, guess, STEP))
    if np.abs(b - (x - B @ x)).max() <= STALLED * np.abs(b).max():
        return x
    return _refined(splu(sp.csc_array(sp.eye_array(b.size) - B)).solve, B, b, x)


def _certified(
    B: sp.csr_array, b: NDArray[np.float64], guess: NDArray[np.float64], direct: bool
) -> tuple[NDArray[np.float64], float]:
    """Solution of ``x - B x = b`` and a bound of its summed error, for columns of B that sum to at most 1.

    The bound: if ``z >= 0`` and ``z - B' z >= c > 0`` everywhere, then ``z / c`` is above the column sums of the
    inverse (which is not negative), so the summed error is at most ``z' |rest| / c``.
    """
    ones = np.ones(b.size)
    if direct:
        lu = splu(sp.csc_array(sp.eye_array(b.size) - B))
        x = _refined(lu.solve, B, b, guess)
        z = lu.solve(ones, "T")
    else:
        zero = np.zeros(b.size)
        x = _refined(lambda rest: _by_iteration(B, rest, zero, STEP), B, b, _by_iteration(B, b, guess, STEP))
        z = _by_iteration(sp.csr_array(B.T), ones, ones, ROUGH)
    z = np.maximum(z, 0.0)
    floor = float((z - B.T @ z).min())
    return x, float(z @ np.abs(b - (x - B @ x))) / floor if floor > 0.0 else np.inf


def _solve_default_set(
    owed: sp.csr_array,
    received: sp.csr_array,
    fell: NDArray[np.bool_],
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    nominal: NDArray[np.float64],
    alpha: float,
    beta: float,
    paid: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Shares paid by the firms that fell if all others pay in full. `received` is `owed` transposed."""
    fallen = np.flatnonzero(fell)
    solvent = (~fell).astype(np.float64)
    estate = alpha * cash[fallen] + beta * (received @ solvent)[fallen]
    from_fallen = sp.csr_array(owed[fallen])
    inside = sp.csr_array(from_fallen[:, fallen])
    if fallen.size <= DIRECT:
        leak = from_fallen @ solvent + external[fallen] + (1.0 - beta) * inside.sum(axis=1)
        matrix = np.ascontiguousarray(beta * inside.toarray().T).ravel()
        share = np.empty(fallen.size)
        eliminate(fallen.size, matrix, leak, estate, np.empty(fallen.size), share, 1.0)
        return share
    B = sp.csr_array((sp.diags_array(beta / nominal[fallen]) @ inside).T)
    guess = nominal[fallen] * paid[fallen]
    error = np.inf
    for direct in (False, True):
        payment, error = _certified(B, estate, guess, direct)
        if error <= PRECISION * nominal[fallen].sum():
            return payment / nominal[fallen]
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
                exact = _solve_default_set(owed, received, fell, cash, external, nominal, alpha, beta, paid)
                paid[fallen] = np.minimum(exact, paid[fallen])
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
