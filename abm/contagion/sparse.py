"""Clearing of large sparse networks, with or without seniority: the rule of `rows`, at a cost near linear in the
obligations.

Everything goes down from full payment, one round of fictitious default after the other. The losses of a few new
failures are pushed along their obligations, touching only firms that lose something (a chain of a hundred thousand
failures costs no more than its length). Then the payments of the whole default set are settled: swept from above
(Gauss-Seidel), or solved as a linear system where they go round and round with almost nothing leaking out.

What is pushed is only good enough to name those who fall beyond doubt. Everything else is decided on what a firm
receives, added up anew from the payments of its debtors, and against a bound of the error of that sum: the payments
are made more precise until it is plain who falls. A firm short by less than `TIE`, or with tiers by less than
rounding of what stands ahead of a claim, pays in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from abm.contagion.inputs import Network, within_floats
from abm.contagion.rows import TIE
from abm.contagion.systems import row_sums, solve_shares, sums, two_product, two_sum
from abm.engine.compiled import jit
from abm.errors import NotConverged

NEGLIGIBLE = 1e-17
"""A loss below this share of what a firm owes is not pushed on."""

PLAIN = 1e-13
"""Rounding of a firm's losses as they are pushed, relatively."""

WIDE = 1000
"""Failures with more than one of so many obligations in default are not pushed but swept."""

FIRST_GOAL = 1e-4
"""Error of the shares paid, at most, that a default set is swept to before asking whether it settles who falls next."""

LEVEL = 1e-15
"""A level of payments this near to what comes in is not scaled."""

CLOSED = 1e-10
"""A network that loses no larger part of an error in one step is too nearly closed to bound it by weights."""

SAFE = 1e-12
"""Rounding of a weight, relatively, at most."""

SETTLED = 2e-15
"""Error of the shares paid at which sweeping stops."""

STALLED = 1e-12
"""Changes of shares below which sweeps that do not converge any more have met rounding."""

PATIENCE = 40
"""Sweeps still needed beyond which a default set is solved as a linear system."""

PRECISION = 1e-9
"""Bound of the error of what a firm pays, as a share of what it owes, beyond which sweeping is not enough; the error
itself is many times smaller."""

ROUNDING = 8 * 2.0**-52
"""Relative rounding of one firm's estate, its sums of claims included."""

HIDDEN = 1e-9
"""Rounding of what a firm receives, as a share of what it owes, that may count as a tie."""

NEAR = 1e-6
"""A tier whose edge is this near to a firm's estate, relatively, counts as touched by errors of the estate."""

HUGE = 1e100
"""Amounts above this, or all below its inverse, are cleared in another unit."""

ROUGHLY = 0.1
"""Relative error of what is itself an error."""

ACCURACY = 1e-10
"""Largest violation accepted of a firm's equation, as a share of what it owes."""


class Cleared(NamedTuple):
    """A large network as cleared.

    Attributes
    ----------
    payments, due : (T, n) float
        What each firm pays and owes in each tier.
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
    due: NDArray[np.float64]
    default_round: NDArray[np.int64]
    inflow: NDArray[np.float64]
    residual: float
    method: str


# What firms owe and what they are owed. A slot ``tier * n + debtor`` is what one firm owes in one tier; `share` is
# what is paid of every slot.


class Books(NamedTuple):
    """A network being cleared, as the compiled steps see it.

    Attributes
    ----------
    owes, to, amount : arrays
        The obligations of firm i are ``amount[owes[i]:owes[i + 1]]``, to ``to = tier * n + creditor``.
    gets, slot, claim : arrays
        Its claims are ``claim[gets[i]:gets[i + 1]]`` on the slots ``slot``.
    cash, nominal, line : (n,) float
        Outside assets, all that a firm owes, and what it must have to count as solvent.
    due, senior : (T, n) float
        What it owes in each tier, and in the tiers ahead of it.
    external : (T, n) float
        What of that it owes to outsiders.
    equity : (n,) float
        What its owners have if everybody pays.
    left : (T, n) float
        What it has for each tier if it is in default and everybody else pays.
    share : (T * n,) float
        What is paid of every slot.
    default_round : (n,) int
        0 for those that stand.
    inflow : (n,) float
        What each firm receives.
    """

    owes: Any
    to: Any
    amount: Any
    gets: Any
    slot: Any
    claim: Any
    cash: Any
    nominal: Any
    line: Any
    due: Any
    senior: Any
    external: Any
    equity: Any
    left: Any
    share: Any
    default_round: Any
    inflow: Any


class Rows(NamedTuple):
    """A matrix without zeros in compressed rows: row i is ``value[start[i]:start[i + 1]]`` in columns ``column``."""

    start: NDArray[Any]
    column: NDArray[Any]
    value: NDArray[np.float64]


@jit
def _numbers_in_rows(dense: Any, start: Any) -> None:
    for i in range(dense.shape[0]):
        many = 0
        for j in range(dense.shape[1]):
            many += dense[i, j] != 0.0
        start[i + 1] = start[i] + many


@jit
def _compress(dense: Any, column: Any, value: Any) -> None:
    place = 0
    for i in range(dense.shape[0]):
        for j in range(dense.shape[1]):
            column[place] = j
            value[place] = dense[i, j]
            place += dense[i, j] != 0.0


def rows_of(owed: Network) -> Rows:
    """The entries of a network by debtor, without copying if it is sparse.

    Parameters
    ----------
    owed : (n, n) array, or CSR array without stored zeros
        Who owes whom.

    Returns
    -------
    Rows
    """
    if not isinstance(owed, np.ndarray):
        return Rows(owed.indptr, owed.indices, owed.data)
    start = np.zeros(owed.shape[0] + 1, np.int64)
    _numbers_in_rows(owed, start)
    column, value = np.empty(start[-1] + 1, np.int32), np.empty(start[-1] + 1)
    _compress(owed, column, value)
    return Rows(start, column[:-1], value[:-1])


def _joined(parts: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return (parts[0] if len(parts) == 1 else np.concatenate(parts)).astype(kind, copy=False)


@jit
def _count(starts: Any, index: Any, gets: Any) -> None:
    """Write where the claims of each firm start, if layer t's rows are ``starts[t]`` of ``index``, the creditors."""
    gets[:] = 0
    for k in range(starts[0, 0], starts[-1, -1]):
        gets[index[k] + 1] += 1
    for i in range(gets.shape[0] - 1):
        gets[i + 1] += gets[i]


@jit
def _turn(starts: Any, index: Any, value: Any, gets: Any, slot: Any, claim: Any) -> None:
    """List the claims of each firm, tier by tier and debtor by debtor."""
    n = gets.shape[0] - 1
    free = gets.copy()
    for t in range(starts.shape[0]):
        for i in range(n):
            for k in range(starts[t, i], starts[t, i + 1]):
                place = free[index[k]]
                free[index[k]] = place + 1
                slot[place] = t * n + i
                claim[place] = value[k]


@jit
def _merge(starts: Any, index: Any, value: Any, owes: Any, to: Any, amount: Any) -> None:
    """List the obligations of each firm in all tiers."""
    n = owes.shape[0] - 1
    place = 0
    for i in range(n):
        owes[i] = place
        for t in range(starts.shape[0]):
            for k in range(starts[t, i], starts[t, i + 1]):
                to[place] = t * n + index[k]
                amount[place] = value[k]
                place += 1
    owes[n] = place


@jit
def _receive(start: Any, slot: Any, amount: Any, share: Any, inflow: Any) -> None:
    """Write what every firm receives, added up in twice the precision."""
    for i in range(inflow.shape[0]):
        total, low = 0.0, 0.0
        for k in range(start[i], start[i + 1]):
            total, rest = two_sum(total, amount[k] * share[slot[k]])
            low += rest
        inflow[i] = total + low


@jit
def too_wide(new_edges: int, edges: int) -> bool:
    """Whether so many of all obligations in default are of firms that fall now that all are better swept."""
    return new_edges > 64 and WIDE * new_edges > edges


@jit
def _push(
    b: Books, beta: float, lost: Any, doubt: Any, doubt_passed_on: Any, falling: Any, n_falling: int, rounds: int
) -> int:  # fmt: skip
    """Let the first of `falling` fall and run rounds while it is plain who falls next; return the rounds.

    `lost` is what firms have lost of their claims, `doubt` by how much that may be wrong, and `doubt_passed_on` what
    error of its estate is in the doubt of a firm's creditors already.
    """
    start, to, amount, due, left, nominal, equity = b.owes, b.to, b.amount, b.due, b.left, b.nominal, b.equity
    share, default_round = b.share, b.default_round
    n = nominal.shape[0]
    n_tiers = due.shape[0]
    suspects = np.empty(n, np.int64)
    is_suspect, queued = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    queue = np.empty(n, np.int64)
    passed_on = lost.copy()
    drop, slack = np.empty(n_tiers), np.empty(n_tiers)
    edges = 0
    for i in range(n):
        if default_round[i] > 0:
            edges += start[i + 1] - start[i]
    while n_falling > 0:
        rounds += 1
        waiting, head, new_edges, n_suspects = n_falling, 0, 0, 0
        for m in range(n_falling):
            i = falling[m]
            default_round[i] = rounds
            queue[m] = i
            queued[i] = True
            new_edges += start[i + 1] - start[i]
        edges += new_edges
        if too_wide(new_edges, edges):
            return rounds
        budget = edges // 4 + 64
        while waiting > 0:
            i = queue[head]
            head = (head + 1) % n
            waiting -= 1
            queued[i] = False
            passed_on[i] = lost[i]
            unsure = doubt[i] + PLAIN * lost[i] + 64.0 * NEGLIGIBLE * nominal[i]
            more_unsure = max(beta * unsure - doubt_passed_on[i], 0.0)
            doubt_passed_on[i] += more_unsure
            for t in range(n_tiers):
                drop[t], slack[t] = 0.0, 0.0
                if due[t, i] > 0.0:
                    pays = left[t, i] - beta * lost[i]
                    drop[t] = max(share[t * n + i] - min(max(pays, 0.0) / due[t, i], 1.0), 0.0)
                    share[t * n + i] -= drop[t]
                    if pays > -unsure and pays < due[t, i] + unsure:
                        slack[t] = min(more_unsure / due[t, i], 1.0)
            budget -= start[i + 1] - start[i]
            for k in range(start[i], start[i + 1]):
                t = to[k] // n
                c = to[k] - t * n
                loss = amount[k] * drop[t]
                doubt[c] += amount[k] * slack[t]
                if loss > 0.0:
                    lost[c] += loss
                    if default_round[c] > 0:
                        if not queued[c] and beta * (lost[c] - passed_on[c]) > NEGLIGIBLE * nominal[c]:
                            queue[(head + waiting) % n] = c
                            queued[c] = True
                            waiting += 1
                    elif not is_suspect[c]:
                        is_suspect[c] = True
                        suspects[n_suspects] = c
                        n_suspects += 1
            if budget < 0 and waiting > 0:
                return rounds
        n_falling = 0
        for m in range(n_suspects):
            i = suspects[m]
            is_suspect[i] = False
            if nominal[i] > 0.0:
                margin = equity[i] - lost[i] + TIE * nominal[i]
                unsure = doubt[i] + PLAIN * lost[i]
                if margin < -unsure:
                    falling[n_falling] = i
                    n_falling += 1
                elif margin <= unsure:
                    return rounds
    return rounds


@jit
def sweep(
    start: Any, slot: Any, amount: Any, due: Any, senior: Any, base: Any, beta: float, share: Any, whom: Any, leak: Any,
    goal: float, patience: int,
) -> float:  # fmt: skip
    """Sweep what firms pay of each slot out of ``base + beta inflow``, tier by tier (Gauss-Seidel).

    Where the leak is known and there is one tier, all are scaled after each sweep so that as much leaves as comes in:
    the level is what converges last in a network that keeps nearly everything inside.

    Parameters
    ----------
    start, slot, amount : arrays
        The claims of firm ``whom[m]`` are ``amount[start[m]:start[m + 1]]`` on the slots ``tier * n + debtor``.
    due, senior : (T, n) float
        What each firm owes in each tier, and in the tiers ahead of it.
    base : (k,) float
        What each firm has apart from these claims.
    beta : float
        Factor of what is received.
    share : (T * n,) float
        Start and result; changed for the firms in `whom` only.
    whom : (k,) int
        Whom to sweep.
    leak : (k,) float
        What one unit of a firm's share pays to others than these, or is lost on the way; empty if not known.
    goal : float
        Error at which to stop, extrapolated from how fast the sweeps converge.
    patience : int
        Sweeps still needed beyond which to give up.

    Returns
    -------
    float
        The error left, above the goal if rounding keeps it there, or infinity if the goal is too far.
    """
    n = due.shape[1]
    before, long_before = 0.0, np.zeros(4)
    sweeps = 0
    levels = leak.shape[0] > 0
    into = base.sum()
    off_before, worse = np.inf, 0
    while True:
        change, out = 0.0, 0.0
        for m in range(whom.shape[0]):
            i = whom[m]
            inflow = 0.0
            for k in range(start[m], start[m + 1]):
                inflow += amount[k] * share[slot[k]]
            value = base[m] + beta * inflow
            if due.shape[0] == 1:  # the same, without looking for the tier
                paid = min(value / due[0, i], 1.0) if due[0, i] > 0.0 else share[i]
                change = max(change, abs(share[i] - paid))
                share[i] = paid
                if levels:
                    out += leak[m] * paid
                continue
            for t in range(due.shape[0]):
                if due[t, i] > 0.0:
                    paid = min(max(value - senior[t, i], 0.0) / due[t, i], 1.0)
                    change = max(change, abs(share[t * n + i] - paid))
                    share[t * n + i] = paid
        if levels and out > 0.0:
            scale = into / out
            off = abs(scale - 1.0)
            if off >= off_before:
                worse += 1
                levels = worse < 4
            off_before = off
            if levels and off > LEVEL:
                change = max(change, off)
                for m in range(whom.shape[0]):
                    share[whom[m]] = min(share[whom[m]] * scale, 1.0)
        if change == 0.0:
            return 0.0
        if before > 0.0:
            rate = min(change / before, 1.0)
            left = change * rate / (1.0 - rate) if rate < 1.0 else change
            if left <= goal and (rate < 1.0 or change <= SETTLED):
                return left
            earlier = long_before[sweeps % 4]
            if earlier > 0.0:
                rate = math.sqrt(math.sqrt(change / earlier))
                if rate >= 1.0 and change <= STALLED:
                    return change
                left = change * rate / (1.0 - rate)
                if rate >= 1.0 or (left > goal and math.log(goal / left) < patience * math.log(rate)):
                    return np.inf
        long_before[sweeps % 4] = change
        sweeps += 1
        before = change


# What is known of the firms in default: member m is the firm ``fallen[m]``.


class Fallen(NamedTuple):
    """The firms in default, what they owe one another, and bounds of the errors of what they pay.

    Attributes
    ----------
    start, slot, amount : arrays
        The claims of member m on others in default.
    solid, solid_low : (n,) float
        What it receives from those that stand, in twice the precision.
    base, leak : (n,) float
        What it has for its creditors apart from its claims on others in default, and what it pays to others than
        those per unit of its share (empty with tiers).
    estate, own, near : (n,) float
        What it has, what its equation is wrong by, and the error beyond which another tier is touched.
    error, weight, least : (n,) float
        Bound of the error of what it pays; and a vector ``weight`` of which ``1 - B`` makes at least `least`, B being
        how errors are passed on.
    reach, slack : (T * n,) float
        Error of each slot's share per unit of error of the firm's estate, and that error.
    """

    start: Any
    slot: Any
    amount: Any
    solid: Any
    solid_low: Any
    base: Any
    leak: Any
    estate: Any
    own: Any
    near: Any
    error: Any
    weight: Any
    least: Any
    reach: Any
    slack: Any


@jit
def _room(n: int, n_tiers: int, claims: int, slot: Any) -> Fallen:
    return Fallen(
        np.empty(n + 1, np.int64), np.empty(claims, slot.dtype), np.empty(claims), np.empty(n), np.empty(n),
        np.empty(n), np.empty(n if n_tiers == 1 else 0), np.empty(n), np.empty(n), np.empty(n), np.empty(n),
        np.empty(n), np.empty(n), np.zeros(n_tiers * n), np.zeros(n_tiers * n),
    )  # fmt: skip


@jit
def _gather(b: Books, alpha: float, beta: float, f: Fallen, fallen: Any) -> None:
    """Write the claims of the fallen on one another, and what comes in and leaves."""
    n = b.cash.shape[0]
    n_tiers = b.due.shape[0]
    fell = (b.default_round > 0).astype(np.int8)
    place = 0
    for m in range(fallen.shape[0]):
        i = fallen[m]
        f.start[m] = place
        total, low = 0.0, 0.0
        for k in range(b.gets[i], b.gets[i + 1]):
            s = b.slot[k]
            inside = fell[s if n_tiers == 1 else s % n]
            f.slot[place] = s  # overwritten by the next unless it counts: a branch would be guessed wrong half the time
            f.amount[place] = b.claim[k]
            place += inside
            total, rest = two_sum(total, b.claim[k] * (1 - inside))
            low += rest
        f.solid[m], f.solid_low[m] = total, low
        f.base[m] = alpha * b.cash[i] + beta * (total + low)
        if n_tiers == 1:
            leak = b.external[0, i]
            for k in range(b.owes[i], b.owes[i + 1]):
                leak += b.amount[k] * (1.0 - beta * fell[b.to[k]])
            f.leak[m] = leak
    f.start[fallen.shape[0]] = place


@jit
def _examine(b: Books, alpha: float, beta: float, f: Fallen, fallen: Any) -> None:
    """Write what the fallen receive, by how much their equations are wrong, and what an error would touch."""
    n_tiers, n = b.due.shape
    for m in range(fallen.shape[0]):
        i = fallen[m]
        total, low = f.solid[m], f.solid_low[m]
        for k in range(f.start[m], f.start[m + 1]):
            total, rest = two_sum(total, f.amount[k] * b.share[f.slot[k]])
            low += rest
        b.inflow[i] = total + low
        value = alpha * b.cash[i] + beta * b.inflow[i]
        gap, pays, near = 0.0, 0.0, np.inf
        for t in range(n_tiers):
            due, senior = b.due[t, i], b.senior[t, i]
            f.reach[t * n + i] = 0.0
            if due > 0.0:
                paid = due * b.share[t * n + i]
                gap += abs(min(max(value - senior, 0.0), due) - paid)
                pays += paid
                if n_tiers == 1 or (value >= senior * (1.0 - NEAR) and value * (1.0 - NEAR) <= senior + due):
                    f.reach[t * n + i] = 1.0 / due
                else:
                    near = min(near, NEAR * max(value, senior))
        f.estate[m], f.near[m] = value, near
        f.own[m] = gap + ROUNDING * (value + pays)


@jit
def _reached(f: Fallen, m: int) -> float:
    """The error of what member m receives."""
    total = 0.0
    for k in range(f.start[m], f.start[m + 1]):
        total += f.amount[k] * f.slack[f.slot[k]]
    return total


@jit
def _spread(f: Fallen, fallen: Any, error: Any, n_tiers: int, n: int, most: float) -> None:
    """Write the slack of each slot for errors of the estates."""
    for m in range(fallen.shape[0]):
        for t in range(n_tiers):
            s = t * n + fallen[m]
            f.slack[s] = min(error[m] * f.reach[s], most)


@jit
def _weigh(b: Books, beta: float, f: Fallen, fallen: Any, patience: int) -> bool:
    """Find a vector ``weight`` with ``weight - B weight >= least > 0`` wherever an error can be; whether there is one.

    With ``y_0`` the estates and ``y_l = B y_(l-1)``, it is ``y_0 + ... + y_(k-1) + tail y_k``, of which ``1 - B`` makes
    ``y_0 - y_k + tail (y_k - y_(k+1))``: at least ``y_0`` if no entry of ``y_(k+1)`` is above ``1 - 1 / tail`` of that
    of ``y_k`` (Collatz's bound of the largest eigenvalue).
    """
    n_tiers, n = b.due.shape
    size = fallen.shape[0]
    part, following = f.error, f.least
    for m in range(size):
        part[m] = f.estate[m]
        f.weight[m] = 0.0
    before = np.inf
    for step in range(patience):
        _spread(f, fallen, part, n_tiers, n, np.inf)
        worst = 0.0
        for m in range(size):
            following[m] = beta * _reached(f, m)
            if following[m] > 0.0:
                worst = max(worst, following[m] / part[m])
        if worst < 1.0 - CLOSED and (worst < 0.75 or 1.0 - worst < 1.5 * (1.0 - before)):
            tail = 1.0 / (1.0 - worst)
            for m in range(size):
                f.weight[m] += tail * part[m]
                f.least[m] = f.estate[m] - SAFE * f.weight[m]
                if f.least[m] < 0.5 * f.estate[m]:
                    return False
            return True
        if step > 10 and worst >= 1.0 and worst > before - 0.01:
            return False
        before = worst if worst < 1.0 else np.inf
        for m in range(size):
            f.weight[m] += part[m]
            part[m] = following[m]
    return False


@jit
def _bound(b: Books, f: Fallen, fallen: Any) -> bool:
    """Bound the errors by a multiple of the weights; whether no other tier is touched by them."""
    n_tiers, n = b.due.shape
    most = 0.0
    for m in range(fallen.shape[0]):
        if f.own[m] > 0.0:
            if f.least[m] <= 0.0:
                return False
            most = max(most, f.own[m] / f.least[m])
    most *= 1.0 + CLOSED
    for m in range(fallen.shape[0]):
        f.error[m] = most * f.weight[m]
        if f.error[m] > f.near[m]:
            return False
    _spread(f, fallen, f.error, n_tiers, n, 1.0)
    return True


@jit
def _widen(b: Books, beta: float, f: Fallen, fallen: Any, patience: int) -> bool:
    """Bound the error of every estate by its own and what reaches it: ``error >= own + beta sum amount slack``.

    Whether a bound was found and checked, and touches no other tier.
    """
    n_tiers, n = b.due.shape
    for m in range(fallen.shape[0]):
        f.error[m] = f.own[m]
    _spread(f, fallen, f.error, n_tiers, n, 1.0)
    growing = True
    for _ in range(patience):
        growing = False
        for m in range(fallen.shape[0]):
            total = f.own[m] + beta * _reached(f, m)
            if total > 1.3 * f.error[m]:
                growing = True
            f.error[m] = max(total, f.error[m])
            for t in range(n_tiers):
                s = t * n + fallen[m]
                f.slack[s] = min(f.error[m] * f.reach[s], 1.0)
        if not growing:
            break
    if growing:
        return False
    for m in range(fallen.shape[0]):
        f.error[m] *= 4.0
    _spread(f, fallen, f.error, n_tiers, n, 1.0)
    for m in range(fallen.shape[0]):
        if not (f.own[m] + beta * _reached(f, m)) * (1.0 + ROUNDING) <= f.error[m] or f.error[m] > f.near[m]:
            return False
    return True


@jit
def _judge(b: Books, f: Fallen, falling: Any) -> tuple[int, float]:
    """Write what those receive that stand, and list who cannot pay; return how many, and how plain it is.

    It is plain beyond 1: by so many times the error of what somebody receives they are off the line, at least.
    """
    n_falling = 0
    nearest = np.inf
    for i in range(b.cash.shape[0]):
        if b.default_round[i] == 0:
            total, low, wrong = 0.0, 0.0, 0.0
            for k in range(b.gets[i], b.gets[i + 1]):
                total, rest = two_sum(total, b.claim[k] * b.share[b.slot[k]])
                low += rest
                wrong += b.claim[k] * f.slack[b.slot[k]]
            b.inflow[i] = total + low
            if b.nominal[i] > 0.0:
                funds = b.cash[i] + b.inflow[i]
                margin = funds - b.line[i]
                if wrong > 0.0:
                    nearest = min(nearest, abs(margin) / (wrong + ROUNDING * funds))
                if margin < 0.0:
                    falling[n_falling] = i
                    n_falling += 1
    return n_falling, nearest


@jit
def _settle(b: Books, alpha: float, beta: float, f: Fallen, fallen: Any, falling: Any, patience: int) -> int:
    """Pay out what the fallen have, precisely enough to tell who falls next; return how many, -1 if it cannot tell."""
    n_tiers = b.due.shape[0]
    _gather(b, alpha, beta, f, fallen)
    goal = min(FIRST_GOAL, 0.01 / (b.cash.shape[0] - fallen.shape[0] + 1.0))
    if n_tiers > 1:  # errors must be small to tell which tiers they touch
        goal = min(goal, FIRST_GOAL * NEAR)
        patience *= 2
    base, leak = f.base[: fallen.shape[0]], f.leak[: fallen.shape[0]]
    weighed = False
    while True:
        left = sweep(
            f.start, f.slot, f.amount, b.due, b.senior, base, beta, b.share, fallen, leak, goal, patience
        )
        if left > max(goal, STALLED):
            return -1
        _examine(b, alpha, beta, f, fallen)
        if n_tiers > 1 or not weighed:
            weighed = _weigh(b, beta, f, fallen, patience)
        nearest, n_falling, bounded = 0.0, 0, weighed and _bound(b, f, fallen)
        if bounded:
            n_falling, nearest = _judge(b, f, falling)
        if goal <= SETTLED and nearest <= 1.0:
            bounded = _widen(b, beta, f, fallen, patience)
            if bounded:
                n_falling, nearest = _judge(b, f, falling)
        if nearest > 1.0 and n_falling > 0:
            return n_falling
        if goal <= SETTLED:
            if nearest <= 1.0:
                return -1
            for m in range(fallen.shape[0]):
                if f.error[m] > PRECISION * b.nominal[fallen[m]]:
                    return -1
            return 0
        goal = SETTLED if nearest > 1.0 or not bounded else max(min(0.1, 0.5 * nearest) * min(goal, left), SETTLED)


@jit
def _run(
    b: Books, alpha: float, beta: float, falling: Any, n_falling: int, doubt: Any, push: bool, rounds: int,
    patience: int,
) -> int:  # fmt: skip
    """Run rounds until nobody else falls, or until it takes a linear system to tell; return the rounds.

    Negative if it takes one: the fallen are those with a round then. `doubt` is by how much what firms receive may
    be wrong at first.
    """
    n = b.cash.shape[0]
    f = _room(n, b.due.shape[0], b.claim.shape[0], b.slot)
    fallen, lost, passed_on = np.empty(n, np.int64), np.empty(n), beta * doubt
    known, size = True, 0
    while n_falling > 0:
        new_edges, edges = 0, 0
        for m in range(n_falling):
            new_edges += b.owes[falling[m] + 1] - b.owes[falling[m]]
        for i in range(n):
            if b.default_round[i] > 0:
                edges += b.owes[i + 1] - b.owes[i]
        if push and not too_wide(new_edges, edges + new_edges):
            _receive(b.gets, b.slot, b.claim, 1.0 - b.share, lost)
            if not known:
                _receive(b.gets, b.slot, b.claim, f.slack, doubt)
                passed_on[:] = 0.0
                for m in range(size):
                    passed_on[fallen[m]] = f.error[m]
            rounds = _push(b, beta, lost, doubt, passed_on, falling, n_falling, rounds)
        else:
            rounds += 1
            for m in range(n_falling):
                b.default_round[falling[m]] = rounds
        size = 0
        for i in range(n):
            if b.default_round[i] > 0:
                fallen[size] = i
                size += 1
        n_falling = _settle(b, alpha, beta, f, fallen[:size], falling, patience) if patience > 0 else -1
        known = False
    return rounds if n_falling == 0 else -rounds


@jit
def _at_par(
    claims: Any, claims_low: Any, due: Any, due_low: Any, cash: Any, alpha: float, beta: float, equity: Any, left: Any
) -> None:
    """Write what each firm has if everybody pays: equity, and in default what is left for each tier."""
    for i in range(cash.shape[0]):
        for whole in (True, False):
            a, b = (1.0, 1.0) if whole else (alpha, beta)
            total, low = two_product(a, cash[i])
            part, lost = two_product(b, claims[i])
            low += lost + b * claims_low[i]
            total, lost = two_sum(total, part)
            low += lost
            for t in range(due.shape[0]):
                if not whole:
                    left[t, i] = total + low
                total, lost = two_sum(total, -due[t, i])
                low += lost - due_low[t, i]
            if whole:
                equity[i] = total + low


class _Books:
    """A network being cleared, and how far it has come."""

    def __init__(
        self,
        layers: Sequence[Rows],
        cash: NDArray[np.float64],
        external: NDArray[np.float64],
        alpha: float,
        beta: float,
        unit: float,
    ) -> None:
        n, tiers = cash.size, len(layers)
        self.n, self.cash, self.external, self.alpha, self.beta = n, cash, external, alpha, beta
        many = sum(layer.value.size for layer in layers)
        whole = np.int32 if max(many, n * tiers) < 2**31 else np.int64
        starts, before = np.empty((tiers, n + 1), whole), 0
        for t, layer in enumerate(layers):
            starts[t] = layer.start
            starts[t] += before
            before += layer.value.size
        index = _joined([layer.column for layer in layers], whole)
        value = _joined([layer.value for layer in layers], np.float64)
        owes, to, amount = starts[0], index, value
        if tiers > 1:
            owes, to, amount = np.empty(n + 1, whole), np.empty(many, whole), np.empty(many)
            _merge(starts, index, value, owes, to, amount)
        gets, slot, claim = np.empty(n + 1, whole), np.empty(many, whole), np.empty(many)
        _count(starts, index, gets)
        _turn(starts, index, value, gets, slot, claim)
        self.owes, self.gets = (owes, to, amount), (gets, slot, claim)
        self.due, due_low = external.copy(), np.zeros((tiers, n))
        for t in range(tiers):
            sums(starts[t], value, self.due[t], due_low[t])
        self.senior = np.zeros((tiers, n))
        np.cumsum(self.due[:-1], axis=0, out=self.senior[1:])
        self.nominal = self.senior[-1] + self.due[-1]
        self.line = self.nominal * (1.0 - TIE)
        self.claims, claims_low = np.zeros(n), np.zeros(n)
        sums(gets, claim, self.claims, claims_low)
        with np.errstate(over="ignore"):
            within_floats("liabilities and external_debt", self.nominal / unit)
            within_floats("external_assets and claims", (self.claims + cash) / unit)
        equity, left = np.empty(n), np.empty((tiers, n))
        _at_par(self.claims, claims_low, self.due, due_low, cash, alpha, beta, equity, left)
        self.share = np.ones(tiers * n)
        self.default_round = np.zeros(n, np.int64)
        self.rounds = 0
        self.inflow = self.claims.copy()
        self.method = "push"
        self.books = Books(
            owes, to, amount, gets, slot, claim, cash, self.nominal, self.line, self.due, self.senior, external,
            equity, left, self.share, self.default_round, self.inflow,
        )  # fmt: skip

    def received(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each firm receives if that is what is paid of each slot."""
        inflow = np.empty(self.n)
        _receive(*self.gets, share, inflow)
        return inflow

    def run(self, push: bool) -> None:
        """Let firms fall, round after round, until nobody else does."""
        falling = np.empty(self.n, np.int64)
        new = np.flatnonzero((self.nominal > 0.0) & (self.books.equity < -TIE * self.nominal))
        doubt = np.zeros(self.n)
        while new.size:
            falling[: new.size] = new
            rounds = _run(self.books, self.alpha, self.beta, falling, new.size, doubt, push, self.rounds, PATIENCE)
            self.rounds = abs(rounds)
            if rounds > 0:
                break
            self.method = "default set"
            gets = doubt = self.solve(np.flatnonzero(self.default_round))
            stands = (self.default_round == 0) & (self.nominal > 0.0)
            new = np.flatnonzero(stands & (self.cash + self.inflow < self.line - gets))

    def solve(self, fallen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Solve for what the fallen pay; return how much rounding may have changed what each firm receives.

        With the tier fixed in which each estate runs out, what is left for it solves ``u = max(0, g + B u)``: g is
        the estate less the tiers ahead if no such tier paid anything. It is reached from below, as in `rows`: the
        set of firms with something left only grows. The tiers are found from above, and only move up.
        """
        tiers = self.due.shape[0]
        marginal = np.full(fallen.size, tiers)
        while True:
            value = self.estate(fallen)
            new = np.minimum(marginal, tiers - 1)
            while True:
                out_of_reach = (new > 0) & (value < self.senior[new, fallen] * (1.0 - TIE))
                if not out_of_reach.any():
                    break
                new = new - out_of_reach
            if (new == marginal).all():
                break
            marginal = new
            error, rounding = self._solve_tiers(fallen, marginal)
        self.inflow[:] = self.received(self.share)
        # Rounding may decide for firms at a tie; where it could hide a real shortfall, nobody can tell who falls.
        vague = (error > 0.5 * TIE * self.nominal) | (rounding > HIDDEN * self.nominal)
        rounding = rounding + error
        vague &= (self.default_round == 0) & (self.nominal > 0.0)
        vague &= np.abs(self.cash + self.inflow - self.line) <= rounding
        if vague.any():
            i = int(np.argmax(vague))
            raise NotConverged(f"rounding leaves open whether firm {i} can pay", float(rounding[i]))
        return rounding

    def estate(self, whom: NDArray[np.int64]) -> NDArray[np.float64]:
        """What firms in default have for their creditors."""
        return (self.alpha * self.cash + self.beta * self.received(self.share))[whom]

    def _solve_tiers(
        self, fallen: NDArray[np.int64], marginal: NDArray[np.int64]
    ) -> tuple[float, NDArray[np.float64]]:
        """Shares paid, each firm's marginal tier given; error of payments, and by firm that of what it receives."""
        n, tiers = self.n, self.due.shape[0]
        slot = marginal * n + fallen
        guess = self.share[slot]
        for t in range(tiers):
            self.share[t * n + fallen] = np.where(t < marginal, 1.0, 0.0)
        ahead = self.senior[marginal, fallen]
        estate = self.estate(fallen) - ahead
        passes, leak = self._links(fallen, marginal)
        goal = self._goal(fallen)

        def enough(found: NDArray[np.float64], error: float) -> bool:
            """Whether it is plain who falls next, and all is precise if nobody does."""
            if error <= goal or tiers > 1:
                return error <= goal
            self.share[slot] = np.clip(found, 0.0, 1.0)
            stands = (self.default_round == 0) & (self.nominal > 0.0)
            margin = (self.cash + self.received(self.share) - self.line)[stands]
            return bool((np.abs(margin) > error).all() and (margin < 0.0).any())

        if tiers == 1:
            found, error = solve_shares(passes, leak, estate, guess, enough)
            self.share[slot] = np.clip(found, 0.0, 1.0)
            return error, np.zeros(n)
        due = self.due[marginal, fallen]
        paid = np.zeros(fallen.size)
        for _ in range(PATIENCE):
            paid = np.clip(np.divide(estate + passes @ paid, due, out=np.ones(due.size), where=due > 0.0), 0.0, 1.0)
        inside = np.flatnonzero((paid > 0.0) | (ahead == 0.0))
        while True:
            to_all = sp.csr_array(passes[:, inside])
            among = sp.csr_array(to_all[inside])
            outside = np.ones(fallen.size)
            outside[inside] = 0.0
            elsewhere = leak[inside] + outside @ to_all
            found, error = solve_shares(among, elsewhere, estate[inside], guess[inside], enough)
            self.share[slot] = 0.0
            self.share[slot[inside]] = np.clip(found, 0.0, 1.0)
            value = self.estate(fallen)
            wider = np.union1d(inside, np.flatnonzero(value > ahead * (1.0 + TIE)))
            if wider.size == inside.size:
                break
            inside = wider
        # What stands ahead is taken off the estate: its rounding is passed on like anything else.
        own = np.where(ahead > 0.0, ROUNDING * (value + ahead), 0.0)[inside]
        slack = np.zeros(n * tiers)
        if own.any():
            rough = ROUGHLY * float(own.sum())
            passed_on, _ = solve_shares(among, elsewhere, own, own, lambda _, error: error <= rough)
            slack[slot[inside]] = np.clip(passed_on, 0.0, 1.0)
        return error, self.received(slack)

    def _links(
        self, member: NDArray[np.int64], marginal: NDArray[np.int64]
    ) -> tuple[sp.csr_array, NDArray[np.float64]]:
        """What one unit of each member's marginal share passes on to other members, and what it pays elsewhere."""
        n, m = self.n, member.size
        start, to, amount = self.owes
        many = start[member + 1] - start[member]
        first = np.concatenate([[0], np.cumsum(many)])
        entry = np.repeat(start[member] - first[:-1], many) + np.arange(first[-1])
        debtor = np.repeat(np.arange(m), many)
        tier, creditor = np.divmod(to[entry], n)
        place = np.full(n, -1)
        place[member] = np.arange(m)
        owed = np.where(tier == marginal[debtor], amount[entry], 0.0)
        among = place[creditor] >= 0
        leak = row_sums(first, np.where(among, (1.0 - self.beta) * owed, owed)) + self.external[marginal, member]
        kept = among & (owed > 0.0) & (self.beta > 0.0)
        passes = sp.csr_array((self.beta * owed[kept], (place[creditor[kept]], debtor[kept])), shape=(m, m))
        return passes, leak

    def _goal(self, fallen: NDArray[np.int64]) -> float:
        """Error of all payments that leaves no doubt about anybody who may be concerned."""
        paid = np.ones(self.share.size)
        paid[self.default_round[np.arange(paid.size) % self.n] == 0] = 0.0
        concerned = (self.received(paid) > 0.0) & (self.nominal > 0.0)
        concerned[fallen] = True
        return float(self.nominal[concerned].min()) * TIE / 16.0

    def cleared(self) -> Cleared:
        """The result, checked firm by firm on what the debtors of each pay.

        Raises
        ------
        NotConverged
            A firm pays something else than its equation says, or has fallen that could pay.
        """
        tiers = self.due.shape[0]
        funds = self.cash + self.inflow
        fell = self.default_round > 0
        value = self.alpha * self.cash + self.beta * self.inflow
        payments = self.due * self.share.reshape(tiers, self.n)
        right = np.where(fell, np.clip(value - self.senior, 0.0, self.due), self.due)
        gap = np.where(fell, np.abs(payments - right).max(axis=0), np.maximum(self.nominal - funds, 0.0))
        gap[fell & (funds >= self.nominal * (1.0 + TIE))] = np.inf
        gap[self.nominal == 0.0] = 0.0
        scale = self.nominal if tiers == 1 else self.nominal + self.claims
        if not (gap <= ACCURACY * scale).all():
            raise NotConverged("the clearing equations do not hold", float(gap.max()))
        return Cleared(payments, self.due, self.default_round, self.inflow, float(gap.max(initial=0.0)), self.method)


def clear_sparse(
    layers: Sequence[Rows],
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> Cleared:
    """Greatest clearing vector of a large sparse network; inputs are not checked.

    Parameters
    ----------
    layers : sequence of T `Rows`
        What is owed in each tier, by debtor; tier 0 is paid first.
    cash : (n,) float
        Outside assets.
    external : (T, n) float
        Debt to outsiders in each tier.
    alpha, beta : float
        Shares of a defaulter's cash and inflow that reach its creditors.

    Returns
    -------
    Cleared

    Raises
    ------
    BadInput
        What a firm owes, or what it may have, is beyond the largest float.
    NotConverged
        If a default set could not be solved well enough to tell who falls.
    """
    # In a unit in which no product is beyond a float; a power of two changes no digit.
    largest = max(float(part.max(initial=0.0)) for part in (cash, external, *(layer.value for layer in layers)))
    unit = math.ldexp(1.0, -math.frexp(largest)[1]) if largest > HUGE or 0.0 < largest < 1.0 / HUGE else 1.0
    if unit != 1.0:
        layers = [layer._replace(value=layer.value * unit) for layer in layers]
        cash, external = cash * unit, external * unit
    for push in (True, False):
        books = _Books(layers, cash, external, alpha, beta, unit)
        books.run(push)
        try:
            found = books.cleared()
        except NotConverged:
            if push:
                continue
            raise
        if unit == 1.0:
            return found
        return found._replace(
            payments=found.payments / unit, due=found.due / unit, inflow=found.inflow / unit,
            residual=found.residual / unit,
        )  # fmt: skip
    raise AssertionError
