"""Linear systems of default sets and of losses: who passes how much on to whom, and what is left.

A default set is ``d_j x_j = g_j + sum_k A_jk x_k``: x the shares paid, d what is due, A what one unit of k's share
passes on to j, g the estate from elsewhere. What j pays outside the set is its leak, ``d_j = leak_j + sum_i A_ij``.
No way of solving it forms ``d_j`` less something: elimination needs sums only and keeps every digit however little
leaks; iteration is refined on residuals in twice the precision, and its error is bounded before it is believed.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.sparse.linalg import splu

from abm.contagion.rows import eliminate
from abm.engine.compiled import jit
from abm.errors import NotConverged

DIRECT = 1000
"""Largest system solved by dense elimination at once."""

LAST_RESORT = 3000
"""Largest system solved by dense elimination where nothing else works."""

FILL = 50_000_000
"""Most products that a sparse elimination may take."""

DENSER = 100
"""Where dense elimination can do it, the sparse one may take one product for so many of ``m^3``."""

ROUNDED = 1e-15
"""Relative residual that needs no refinement."""

STEP, ROUGH = 1e-8, (0.1, 1e-3, 1e-5)
"""Relative residuals at which BiCGSTAB stops: between two refinements, and where only a bound is wanted."""

MOST_STEPS = 300
"""Steps of BiCGSTAB between two refinements."""

MOST_REFINEMENTS = 12
"""Refinements of one solution."""

TOLERABLE = 1e-12
"""Error, as a share of all payments, that is taken with its bound where there is no other way."""

STALLED = 1e-12
"""Relative residual above which an iterative solution is not taken."""

HUB = 8
"""A firm with more links than this many times the mean is eliminated last."""


Enough = Callable[[NDArray[np.float64], float], bool]


# Sums in twice the precision: `a + b` and `a * b` as a rounded number and what rounding lost (Dekker 1971).


@jit
def two_sum(a: float, b: float) -> tuple[float, float]:
    """The rounded sum and what rounding lost."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


@jit
def two_product(a: float, b: float) -> tuple[float, float]:
    """The rounded product and what rounding lost; for factors below 1e292."""
    p = a * b
    c = 134217729.0 * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = 134217729.0 * b
    b_high = c - (c - b)
    b_low = b - b_high
    return p, a_low * b_low - (((p - a_high * b_high) - a_low * b_high) - a_high * b_low)


@jit
def sums(start: Any, value: Any, high: Any, low: Any) -> None:
    """Add the sum of each compressed row to ``high + low``, in twice the precision."""
    for i in range(high.shape[0]):
        total, lost = high[i], low[i]
        for k in range(start[i], start[i + 1]):
            total, rest = two_sum(total, value[k])
            lost += rest
        high[i], low[i] = two_sum(total, lost)


def row_sums(start: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of each compressed row, rounded once.

    Parameters
    ----------
    start : (n + 1,) int64
        Row i is ``value[start[i]:start[i + 1]]``.
    value : float array
        Its entries.

    Returns
    -------
    (n,) float
    """
    high, low = np.zeros(start.size - 1), np.zeros(start.size - 1)
    sums(start, value, high, low)
    return high


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


@jit
def _rest(
    start: Any, index: Any, value: Any, due: Any, due_low: Any, estate: Any, x: Any, x_low: Any, rest: Any
) -> None:
    """Write ``estate + A x - due x`` for A in compressed rows, all in twice the precision."""
    for i in range(x.shape[0]):
        product, lost = two_product(due[i], x[i])
        high, low = two_sum(estate[i], -product)
        low -= lost + due_low[i] * x[i] + due[i] * x_low[i]
        for k in range(start[i], start[i + 1]):
            j = index[k]
            product, lost = two_product(value[k], x[j])
            high, part = two_sum(high, product)
            low += part + lost + value[k] * x_low[j]
        rest[i] = high + low


@jit
def _leaving(start: Any, index: Any, value: Any, leak: Any, due: Any, z: Any, result: Any) -> None:
    """Write ``z - B' z`` with ``B_ij = A_ij / due_j``, without cancelling: z changes little along an obligation."""
    for j in range(z.shape[0]):
        result[j] = leak[j] * z[j]
    for i in range(z.shape[0]):
        for k in range(start[i], start[i + 1]):
            j = index[k]
            result[j] += value[k] * (z[j] - z[i])
    for j in range(z.shape[0]):
        result[j] /= due[j]


def _iterated(
    A: sp.csr_array,
    leak: NDArray[np.float64],
    estate: NDArray[np.float64],
    guess: NDArray[np.float64],
    enough: Enough,
) -> tuple[NDArray[np.float64], float]:
    """Shares by BiCGSTAB, refined in twice the precision, and a bound of the summed error of payments.

    The bound: if ``z >= 0`` and ``z - B' z >= c > 0`` everywhere, then ``z / c`` is above the column sums of the
    inverse of ``1 - B`` (which is not negative), so the summed error is at most ``z' |rest| / c``. What nearly
    closed circles do worst, the level of all payments, is set by what must leave the system: all that comes in.
    """
    rows = (A.indptr.astype(np.int64), A.indices.astype(np.int64), A.data)
    columns = sp.csc_array(A)
    due, due_low = leak.copy(), np.zeros(leak.size)
    sums(columns.indptr.astype(np.int64), columns.data, due, due_low)
    B = sp.csr_array(A @ sp.diags_array(1.0 / due))
    flow = np.maximum(guess, 0.0) * due
    leaves = leak / due
    out = float(leaves @ flow)
    if not out > 0.0:
        return guess, np.inf
    ones = np.ones(due.size)
    back = sp.csr_array(B.T)
    z, floor = np.full(due.size, float(flow.sum()) / out), np.zeros(due.size)
    for tolerance in ROUGH:
        z = np.maximum(_by_iteration(back, ones, z, tolerance), 0.0)
        _leaving(*rows, leak, due, z, floor)
        if floor.min() > 0.0:
            break
    else:
        return guess, np.inf
    z /= floor.min()
    if (estate >= 0.0).all():
        flow *= float(estate.sum()) / out
        out = float(leaves @ flow)
    x, x_low = flow / due, np.zeros(due.size)
    best, error = x, np.inf
    rest = np.empty(due.size)
    for _ in range(MOST_REFINEMENTS):
        _rest(*rows, due, due_low, estate, x, x_low, rest)
        now = float(z @ np.abs(rest)) + 2.0**-98 * float(z @ (np.abs(estate) + due * np.abs(x)))
        stalled = not now < 0.5 * error
        if now < error:
            best, error = x, now
        if stalled or enough(best, error):
            break
        step = _by_iteration(B, rest, np.zeros(due.size), STEP)
        if out > 0.0:
            step += flow * ((float(rest.sum()) - float(leaves @ step)) / out)
        step /= due
        high = x + step
        part = high - x
        low = x_low + ((x - (high - part)) + (step - part))
        x = high + low
        x_low = low - (x - high)
    return best, error


@jit
def _eliminate_sparse(start: Any, index: Any, value: Any, leak: Any, estate: Any, most: int, solution: Any) -> bool:
    """Solve ``(D - B) x = estate`` as `rows.eliminate` does, column by column on what is not zero.

    Column j of B is ``value[start[j]:start[j + 1]]`` in rows ``index``; the unknowns are eliminated from the
    first to the last. Gives up (False) where it takes more than `most` products. Overwrites `leak` and `estate`.
    """
    n = leak.shape[0]
    room = 4 * value.shape[0] + 1024
    down_index, down_value, down_start = np.empty(room, np.int64), np.empty(room), np.zeros(n + 1, np.int64)
    up_index, up_value, up_start = np.empty(room, np.int64), np.empty(room), np.zeros(n + 1, np.int64)
    pivot, column = np.empty(n), np.zeros(n)
    seen = np.full(n, -1, np.int64)
    rows = np.empty(n, np.int64)
    products = 0
    for j in range(n):
        waiting = [0]
        waiting.pop()
        n_rows = 0
        for k in range(start[j], start[j + 1]):
            i = index[k]
            if i != j and value[k] > 0.0:
                if seen[i] != j:
                    seen[i] = j
                    column[i] = 0.0
                    rows[n_rows] = i
                    n_rows += 1
                    if i < j:
                        heapq.heappush(waiting, i)
                column[i] += value[k]
        n_up = up_start[j]
        while len(waiting) > 0:
            k = heapq.heappop(waiting)
            weight = column[k]
            if n_up == up_index.shape[0]:
                up_index = np.concatenate((up_index, np.empty(n_up, np.int64)))
                up_value = np.concatenate((up_value, np.empty(n_up)))
            up_index[n_up] = k
            up_value[n_up] = weight
            n_up += 1
            if pivot[k] <= 0.0:
                continue
            leak[j] += leak[k] / pivot[k] * weight
            products += down_start[k + 1] - down_start[k] + 1
            for m in range(down_start[k], down_start[k + 1]):
                i = down_index[m]
                if i != j:
                    if seen[i] != j:
                        seen[i] = j
                        column[i] = 0.0
                        rows[n_rows] = i
                        n_rows += 1
                        if i < j:
                            heapq.heappush(waiting, i)
                    column[i] += down_value[m] * weight
        up_start[j + 1] = n_up
        if products > most:
            return False
        total = leak[j]
        for m in range(n_rows):
            if rows[m] > j:
                total += column[rows[m]]
        pivot[j] = total
        n_down = down_start[j]
        if total > 0.0:
            if n_down + n_rows > down_index.shape[0]:
                more = n_down + n_rows
                down_index = np.concatenate((down_index, np.empty(more, np.int64)))
                down_value = np.concatenate((down_value, np.empty(more)))
            for m in range(n_rows):
                i = rows[m]
                if i > j and column[i] > 0.0:
                    weight = column[i] / total
                    down_index[n_down] = i
                    down_value[n_down] = weight
                    n_down += 1
                    estate[i] += weight * estate[j]
        down_start[j + 1] = n_down
    for j in range(n - 1, -1, -1):
        # A closed circle with nothing lost: its greatest solution pays in full.
        solution[j] = estate[j] / pivot[j] if pivot[j] > 0.0 else 1.0
        for m in range(up_start[j], up_start[j + 1]):
            estate[up_index[m]] += up_value[m] * solution[j]
    return True


def _eliminated(
    A: sp.csr_array, leak: NDArray[np.float64], estate: NDArray[np.float64], most: int
) -> NDArray[np.float64] | None:
    """Shares by sparse elimination, ordered so that little fills in; None if it takes more than `most` products."""
    links = sp.csr_array(A + A.T)
    degree = np.diff(links.indptr)
    hub = degree > max(HUB * degree.mean(), 8.0)
    plain = np.flatnonzero(~hub)
    order = plain[reverse_cuthill_mckee(sp.csr_matrix(links[plain][:, plain]), symmetric_mode=True)]
    order = np.concatenate([order, np.flatnonzero(hub)[np.argsort(degree[hub], kind="stable")]])
    columns = sp.csc_array(sp.csr_array(A[order])[:, order])
    solution = np.empty(leak.size)
    found = _eliminate_sparse(
        columns.indptr.astype(np.int64), columns.indices.astype(np.int64), columns.data,
        leak[order], estate[order], most, solution,
    )  # fmt: skip
    if not found:
        return None
    share = np.empty(leak.size)
    share[order] = solution
    return share


def solve_shares(
    A: sp.csr_array,
    leak: NDArray[np.float64],
    estate: NDArray[np.float64],
    guess: NDArray[np.float64],
    enough: Enough,
) -> tuple[NDArray[np.float64], float]:
    """Solve ``due_j x_j = estate_j + sum_k A_jk x_k`` with ``due_j = leak_j + sum_i A_ij``.

    Parameters
    ----------
    A : (m, m) CSR array
        What one unit of x_k passes on to j, not negative.
    leak : (m,) float
        What one unit of x_j pays outside the system, not negative.
    estate : (m,) float
        Right-hand side.
    guess : (m,) float
        Where an iteration starts.
    enough : callable
        ``enough(x, error)``: whether an iterated x is good enough, given a bound of the summed error of ``due * x``.

    Returns
    -------
    x : (m,) float
    error : float
        Bound of the summed error of ``due * x``; 0 if eliminated, when every x is right to a few units in the
        last place wherever the estate was added up without cancelling.

    Raises
    ------
    NotConverged
        The system is larger than `LAST_RESORT`, fills in, and iteration stops far from enough.
    """
    m = leak.size
    error = np.inf
    if m > DIRECT:
        iterated, error = _iterated(A, leak, estate, guess, enough)
        if enough(iterated, error):
            return iterated, error
    if m > 64:
        most = min(FILL, m**3 // DENSER) if m <= LAST_RESORT else FILL
        eliminated = _eliminated(A, leak, estate, most)
        if eliminated is not None:
            return eliminated, 0.0
    if m > max(DIRECT, LAST_RESORT):
        if error <= TOLERABLE * float(((leak + A.sum(axis=0)) * iterated).sum()):
            return iterated, error
        raise NotConverged(f"the default set of {m} firms could not be solved", error)
    matrix = np.ascontiguousarray(A.toarray()).ravel()
    share = np.empty(m)
    eliminate(m, matrix, leak.copy(), estate.copy(), np.empty(m), share, 1.0)
    return share, 0.0
