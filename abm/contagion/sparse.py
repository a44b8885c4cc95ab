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

from abm.contagion.rows import TIE
from abm.contagion.systems import row_sums, solve_shares, sums, two_product, two_sum
from abm.engine.compiled import jit
from abm.errors import NotConverged

NEGLIGIBLE = 1e-17
"""A loss below this share of what a firm owes is not pushed on."""

PLAIN = 1e-13
"""Rounding of a firm's losses as they are pushed, relatively."""

FIRST_GOAL = 1e-4
"""Error of the shares paid that a default set is swept to before asking whether it settles who falls next."""

SETTLED = 2e-15
"""Error of the shares paid at which sweeping stops."""

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
# what is paid of every slot. The claims of firm i are ``amount[start[i]:start[i + 1]]`` on the slots ``slot``.


@jit
def _receive(start: Any, slot: Any, amount: Any, share: Any, whom: Any, inflow: Any) -> None:
    """Write what the firms in `whom` receive, added up in twice the precision."""
    for m in range(whom.shape[0]):
        i = whom[m]
        total, low = 0.0, 0.0
        for k in range(start[i], start[i + 1]):
            total, rest = two_sum(total, amount[k] * share[slot[k]])
            low += rest
        inflow[i] = total + low


@jit
def _receive_about(
    start: Any, slot: Any, amount: Any, share: Any, slack: Any, whom: Any, inflow: Any, error: Any
) -> None:
    """Write what the firms in `whom` receive, and the error of that if the shares may be wrong by `slack`."""
    for m in range(whom.shape[0]):
        i = whom[m]
        total, low, wrong = 0.0, 0.0, 0.0
        for k in range(start[i], start[i + 1]):
            total, rest = two_sum(total, amount[k] * share[slot[k]])
            low += rest
            wrong += amount[k] * slack[slot[k]]
        inflow[i] = total + low
        error[i] = wrong


@jit
def too_wide(new_edges: int, edges: int) -> bool:
    """Whether so many of all obligations in default are of firms that fall now that all are better swept."""
    return new_edges > 64 and 8 * new_edges > edges


@jit
def _push(
    start: Any, to: Any, amount: Any, due: Any, left: Any, nominal: Any, equity: Any, beta: float, share: Any,
    lost: Any, default_round: Any, new: Any, rounds: int,
) -> int:  # fmt: skip
    """Let the firms in `new` fall and run rounds while it is plain who falls next; return the rounds.

    The obligations of firm i are ``amount[start[i]:start[i + 1]]``, to ``to = tier * n + creditor``. If all claims on
    others are met, firms have `equity`, and `left` for each tier if in default; `lost` is what they have lost of
    their claims, and `doubt` by how much that may be wrong.
    """
    n = nominal.shape[0]
    n_tiers = due.shape[0]
    falling, n_falling = np.empty(n, np.int64), new.shape[0]
    falling[:n_falling] = new
    suspects = np.empty(n, np.int64)
    is_suspect, queued = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    queue = np.empty(n, np.int64)
    passed_on, doubt, doubt_passed_on = lost.copy(), np.zeros(n), np.zeros(n)
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
    start: Any, slot: Any, amount: Any, due: Any, senior: Any, cash: Any, alpha: float, beta: float, share: Any,
    fallen: Any, goal: float, patience: int,
) -> float:  # fmt: skip
    """Sweep what fallen firms pay of each slot out of ``alpha cash + beta inflow``, tier by tier (Gauss-Seidel).

    Parameters
    ----------
    start, slot, amount : arrays
        The claims of firm i are ``amount[start[i]:start[i + 1]]`` on the slots ``tier * n + debtor``.
    due, senior : (T, n) float
        What each firm owes in each tier, and in the tiers ahead of it.
    cash : (n,) float
        Constant of each firm.
    alpha, beta : float
        Factors of cash and of what is received.
    share : (T * n,) float
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
    n = cash.shape[0]
    before = 0.0
    sweeps = 0
    while True:
        change = 0.0
        for m in range(fallen.shape[0]):
            i = fallen[m]
            inflow = 0.0
            for k in range(start[i], start[i + 1]):
                inflow += amount[k] * share[slot[k]]
            value = alpha * cash[i] + beta * inflow
            for t in range(due.shape[0]):
                if due[t, i] > 0.0:
                    paid = min(max(value - senior[t, i], 0.0) / due[t, i], 1.0)
                    change = max(change, abs(share[t * n + i] - paid))
                    share[t * n + i] = paid
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
def _widen(
    start: Any, slot: Any, amount: Any, reach: Any, beta: float, fallen: Any, own: Any, error: Any, slack: Any,
    patience: int,
) -> bool:  # fmt: skip
    """Bound the error of every estate by its own and what reaches it: ``error >= own + beta sum amount slack``.

    `slack` is the error of each slot's share, ``error * reach``, at most 1. Whether a bound was found and checked.
    """
    n = own.shape[0]
    n_tiers = reach.shape[0] // n
    for m in range(fallen.shape[0]):
        i = fallen[m]
        error[i] = own[i]
        for t in range(n_tiers):
            slack[t * n + i] = min(own[i] * reach[t * n + i], 1.0)
    growing = True
    for _ in range(patience):
        growing = False
        for m in range(fallen.shape[0]):
            i = fallen[m]
            total = 0.0
            for k in range(start[i], start[i + 1]):
                total += amount[k] * slack[slot[k]]
            total = own[i] + beta * total
            if total > 1.3 * error[i]:
                growing = True
            error[i] = max(total, error[i])
            for t in range(n_tiers):
                slack[t * n + i] = min(error[i] * reach[t * n + i], 1.0)
        if not growing:
            break
    if growing:
        return False
    for m in range(fallen.shape[0]):
        i = fallen[m]
        error[i] *= 4.0
        for t in range(n_tiers):
            slack[t * n + i] = min(error[i] * reach[t * n + i], 1.0)
    for m in range(fallen.shape[0]):
        i = fallen[m]
        total = 0.0
        for k in range(start[i], start[i + 1]):
            total += amount[k] * slack[slot[k]]
        if not (own[i] + beta * total) * (1.0 + ROUNDING) <= error[i]:
            return False
    return True


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
        layers: Sequence[sp.csr_array],
        cash: NDArray[np.float64],
        external: NDArray[np.float64],
        alpha: float,
        beta: float,
    ) -> None:
        n, tiers = cash.size, len(layers)
        self.n, self.cash, self.external, self.alpha, self.beta = n, cash, external, alpha, beta
        owed: Any = layers[0] if tiers == 1 else sp.csr_array(sp.hstack(layers, format="csr"))
        received: Any = sp.csc_array(owed if tiers == 1 else sp.vstack(layers, format="csc"))
        self.owes = (owed.indptr.astype(np.int64), owed.indices.astype(np.int64), owed.data)
        self.gets = (received.indptr.astype(np.int64), received.indices.astype(np.int64), received.data)
        self.due, due_low = external.copy(), np.zeros((tiers, n))
        for t, layer in enumerate(layers):
            sums(layer.indptr.astype(np.int64), layer.data, self.due[t], due_low[t])
        self.senior = np.vstack([np.zeros(n), np.cumsum(self.due, axis=0)[:-1]])
        self.nominal = self.senior[-1] + self.due[-1]
        self.line = self.nominal * (1.0 - TIE)
        self.claims, claims_low = np.zeros(n), np.zeros(n)
        sums(self.gets[0], self.gets[2], self.claims, claims_low)
        self.equity, self.left = np.empty(n), np.empty((tiers, n))
        _at_par(self.claims, claims_low, self.due, due_low, cash, alpha, beta, self.equity, self.left)
        self.share = np.ones(tiers * n)
        self.default_round = np.zeros(n, np.int64)
        self.rounds = 0
        self.inflow = self.claims.copy()
        self.method = "push"

    def received(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each firm receives if that is what is paid of each slot."""
        inflow = np.empty(self.n)
        _receive(*self.gets, share, np.arange(self.n), inflow)
        return inflow

    def fall(self, new: NDArray[np.int64], push: bool) -> None:
        """Let firms fall, and push their losses on while it is plain who falls next."""
        many = np.diff(self.owes[0])
        falling, all_in_default = int(many[new].sum()), int(many[self.default_round > 0].sum())
        if not push or too_wide(falling, falling + all_in_default):
            self.rounds += 1
            self.default_round[new] = self.rounds
            return
        lost = self.received(1.0 - self.share)
        self.rounds = _push(
            *self.owes, self.due, self.left, self.nominal, self.equity, self.beta, self.share, lost,
            self.default_round, new, self.rounds,
        )  # fmt: skip

    def settle(self) -> NDArray[np.int64]:
        """Payments of those that have fallen, precise enough to tell who falls next; return whom."""
        fallen = np.flatnonzero(self.default_round)
        stands = np.flatnonzero((self.default_round == 0) & (self.nominal > 0.0))
        goal, patience = FIRST_GOAL, PATIENCE
        if self.due.shape[0] > 1:  # errors must be small to tell which tiers they touch
            goal, patience = FIRST_GOAL * NEAR, 2 * PATIENCE
        while True:
            left = sweep(
                *self.gets, self.due, self.senior, self.cash, self.alpha, self.beta, self.share, fallen, goal, patience
            )
            if left > goal:
                break
            bounds = self.bounds(fallen, stands)
            if bounds is None:
                if goal <= SETTLED:
                    break
                goal = SETTLED
                continue
            pays, gets = bounds
            margin = (self.cash + self.inflow - self.line)[stands]
            exposed = gets[stands] > 0.0
            nearest = float((np.abs(margin[exposed]) / gets[stands][exposed]).min(initial=np.inf))
            new = stands[margin < 0.0]
            if nearest > 1.0 and (new.size or goal <= SETTLED):
                if new.size or (pays[fallen] <= PRECISION * self.nominal[fallen]).all():
                    return new
                break
            if goal <= SETTLED:
                break
            goal = SETTLED if nearest > 1.0 else max(min(0.1, 0.5 * nearest) * goal, SETTLED)
        self.method = "default set"
        gets = self.solve(fallen)
        return stands[(self.cash + self.inflow < self.line - gets)[stands]]

    def bounds(
        self, fallen: NDArray[np.int64], stands: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Bounds of the errors of what the fallen pay, and of what the others receive; None if none is found."""
        n, tiers = self.n, self.due.shape[0]
        _receive(*self.gets, self.share, fallen, self.inflow)
        value = (self.alpha * self.cash + self.beta * self.inflow)[fallen]
        due, senior = self.due[:, fallen], self.senior[:, fallen]
        slots = fallen + n * np.arange(tiers)[:, None]
        paid = due * self.share[slots]
        gap = np.abs(np.clip(value - senior, 0.0, due) - paid).sum(axis=0)
        own, error = np.zeros(n), np.zeros(n)
        own[fallen] = gap + ROUNDING * (value + paid.sum(axis=0))
        touched = due > 0.0
        if tiers > 1:
            touched &= (value >= senior * (1.0 - NEAR)) & (value * (1.0 - NEAR) <= senior + due)
        reach, slack = np.zeros(n * tiers), np.zeros(n * tiers)
        reach[slots[touched]] = 1.0 / due[touched]
        if not _widen(*self.gets, reach, self.beta, fallen, own, error, slack, PATIENCE):
            return None
        if tiers > 1:
            near = np.where(touched | (due == 0.0), np.inf, np.where(value < senior, senior, value) * NEAR)
            if (error[fallen] > near.min(axis=0)).any():
                return None
        gets = np.zeros(n)
        _receive_about(*self.gets, self.share, slack, stands, self.inflow, gets)
        return error, np.where(gets > 0.0, gets + ROUNDING * (self.cash + self.inflow), 0.0)

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
        self.inflow = self.received(self.share)
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
        self.inflow = self.received(self.share)
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
    layers: Sequence[sp.csr_array],
    cash: NDArray[np.float64],
    external: NDArray[np.float64],
    alpha: float,
    beta: float,
) -> Cleared:
    """Greatest clearing vector of a large sparse network; inputs are not checked.

    Parameters
    ----------
    layers : sequence of T (n, n) CSR arrays
        ``layers[t][i, j] >= 0`` is owed by i to j in tier t; tier 0 is paid first.
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
    NotConverged
        If a default set could not be solved well enough to tell who falls.
    """
    # In a unit in which no product is beyond a float; a power of two changes no digit.
    largest = max(float(cash.max(initial=0.0)), float(external.max(initial=0.0)), *(_largest(x) for x in layers))
    unit = math.ldexp(1.0, -math.frexp(largest)[1]) if largest > HUGE or 0.0 < largest < 1.0 / HUGE else 1.0
    if unit != 1.0:
        layers, cash, external = [sp.csr_array(layer * unit) for layer in layers], cash * unit, external * unit
    for push in (True, False):
        books = _Books(layers, cash, external, alpha, beta)
        new = np.flatnonzero((books.nominal > 0.0) & (books.equity < -TIE * books.nominal))
        while new.size:
            books.fall(new, push)
            new = books.settle()
        try:
            found = books.cleared()
        except NotConverged:
            if push:
                continue
            raise
        return found._replace(
            payments=found.payments / unit, due=found.due / unit, inflow=found.inflow / unit,
            residual=found.residual / unit,
        )  # fmt: skip
    raise AssertionError


def _largest(layer: sp.csr_array) -> float:
    return float(layer.data.max(initial=0.0))
