"""Clearing in exact fractions, round by round, and random networks on which programs go wrong.

``python tests/contagion/exact_rounds.py --cases 5000 --seed 1`` puts both paths of `clear` and `clear_tiers` to as
many networks as wanted and prints what is wrong; the suite does a few hundred.
"""

from __future__ import annotations

import argparse
import random
import sys
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from abm.contagion import clear, clear_tiers

LEAST = 2e-13
PADDED = 66  # firms from which both functions take the sparse path


class Case(NamedTuple):
    """A network in fractions: dues as (debtor, creditor, tier, amount); outside debt as {(tier, debtor): amount}."""

    kind: str
    n: int
    tiers: int
    dues: list
    cash: list
    external: dict
    alpha: Fraction
    beta: Fraction


class Answer(NamedTuple):
    """Payments {(tier, firm): amount}, rounds of default, equities of those that stand, and the least relative
    shortfall by which anybody falls (what is short by less than 2e-13 counts as a tie, as documented)."""

    payments: dict
    rounds: list
    equity: list
    least: float


def solve_sparse(flows, leak, estate):
    """``(leak_j + sum_i flows[j][i]) x_j = estate_j + sum_k flows[k][j] x_k`` in fractions; flows as dicts of dicts."""
    m = len(leak)
    rows = [{j: leak[j] + sum(flows[j].values(), Fraction(0))} for j in range(m)]
    for k in range(m):
        for i, amount in flows[k].items():
            rows[i][k] = rows[i].get(k, Fraction(0)) - amount
    right = list(estate)
    holds = [set() for _ in range(m)]
    for i, row in enumerate(rows):
        for k in row:
            holds[k].add(i)
    order, left = [], set(range(m))
    while left:
        p = min(left, key=lambda j: (len(rows[j]), j))
        left.discard(p)
        order.append(p)
        pivot = rows[p][p]
        assert pivot != 0
        for i in [i for i in holds[p] if i != p and i in left]:
            factor = rows[i].pop(p) / pivot
            for k, value in rows[p].items():
                if k != p:
                    new = rows[i].get(k, 0) - factor * value
                    if new == 0 and k != i:
                        rows[i].pop(k, None)
                        holds[k].discard(i)
                    else:
                        rows[i][k] = new
                        holds[k].add(i)
            right[i] -= factor * right[p]
    x = [Fraction(0)] * m
    for p in reversed(order):
        x[p] = (right[p] - sum((v * x[k] for k, v in rows[p].items() if k != p), Fraction(0))) / rows[p][p]
    return x


def solve_exactly(case):
    """The greatest clearing vector by rounds of fictitious default."""
    n, tiers = case.n, case.tiers
    zero = Fraction(0)
    due = [[case.external.get((t, i), zero) for i in range(n)] for t in range(tiers)]
    for debtor, _, t, amount in case.dues:
        due[t][debtor] += amount
    ahead = [[sum((due[s][i] for s in range(t)), zero) for i in range(n)] for t in range(tiers + 1)]
    nominal = ahead[tiers]
    share = {(t, i): Fraction(1) for t in range(tiers) for i in range(n)}

    def received():
        inflow = [zero] * n
        for debtor, creditor, t, amount in case.dues:
            inflow[creditor] += amount * share[t, debtor]
        return inflow

    rounds, step, least = [0] * n, 0, 1.0
    while True:
        inflow = received()
        new = [i for i in range(n) if not rounds[i] and case.cash[i] + inflow[i] < nominal[i]]
        if not new:
            break
        step += 1
        for i in new:
            rounds[i] = step
            least = min(least, float((nominal[i] - case.cash[i] - inflow[i]) / nominal[i]))
        fallen = [i for i in range(n) if rounds[i]]
        marginal = {}
        while True:
            inflow = received()
            moved = {}
            for i in fallen:
                value, t = case.alpha * case.cash[i] + case.beta * inflow[i], marginal.get(i, tiers - 1)
                while t > 0 and value < ahead[t][i]:
                    t -= 1
                moved[i] = t
            if moved == marginal:
                break
            marginal = moved
            for i in fallen:
                for t in range(tiers):
                    share[t, i] = Fraction(int(t < marginal[i]))
            base = received()
            member = {i for i in fallen if ahead[marginal[i]][i] == 0}
            while True:
                ordered = sorted(member)
                place = {i: k for k, i in enumerate(ordered)}
                flows, leak = [{} for _ in ordered], [zero] * len(ordered)
                for k, i in enumerate(ordered):
                    leak[k] += case.external.get((marginal[i], i), zero)
                for debtor, creditor, t, amount in case.dues:
                    if debtor in place and t == marginal[debtor]:
                        j = place[debtor]
                        if creditor in place:
                            leak[j] += (1 - case.beta) * amount
                            c = place[creditor]
                            if case.beta:
                                flows[j][c] = flows[j].get(c, zero) + case.beta * amount
                        else:
                            leak[j] += amount
                # A firm whose marginal tier holds nothing has nothing to share out.
                empty = [k for k, i in enumerate(ordered) if due[marginal[i]][i] == 0]
                for k in empty:
                    leak[k] = Fraction(1)
                estate = [case.alpha * case.cash[i] + case.beta * base[i] - ahead[marginal[i]][i] for i in ordered]
                for i, x in zip(ordered, solve_sparse(flows, leak, estate), strict=True):
                    share[marginal[i], i] = max(x, zero) if due[marginal[i]][i] else Fraction(1)
                inflow = received()
                wider = member | {
                    i for i in fallen
                    if case.alpha * case.cash[i] + case.beta * inflow[i] > ahead[marginal[i]][i]
                }  # fmt: skip
                if wider == member:
                    break
                member = wider
    payments = {(t, i): share[t, i] * due[t][i] for t in range(tiers) for i in range(n) if due[t][i]}
    equity = [zero if rounds[i] else case.cash[i] + inflow[i] - nominal[i] for i in range(n)]
    return Answer(payments, rounds, equity, least)


def ratio(rng, most=9):
    return Fraction(rng.randint(1, most), rng.choice([1, 1, 2, 3, 7, 10]))


def draw(rng, largest=400, tiers=None):
    """A random network of one of the kinds that are hard to clear in floating point."""
    kind = rng.choice(["small", "small", "ring", "chain", "star", "sparse", "closed", "funds", "dense"])
    n_tiers = tiers or 1
    zero = Fraction(0)
    dues, external = [], {}

    def tier():
        return rng.randrange(n_tiers)

    if kind in ("small", "funds", "closed", "dense"):
        n = rng.randint(2, 18 if kind == "dense" else 10)
        density = 0.8 if kind == "dense" else rng.choice([0.2, 0.4, 0.7])
        owing = range(rng.randint(1, n)) if kind == "funds" else range(n)
        for i in owing:
            for j in range(n):
                if i != j and rng.random() < density:
                    dues.append((i, j, tier(), ratio(rng)))
    elif kind == "ring":
        n = rng.randint(3, rng.choice([10, 60, min(300, largest)]))
        core = rng.randint(2, n)
        dues = [(i, (i + 1) % core, tier(), Fraction(rng.choice([1, 1, 1, 2]))) for i in range(core)]
        dues += [(rng.randrange(core), j, tier(), ratio(rng) / 10**6) for j in range(core, n)]
    elif kind == "chain":
        n = rng.randint(2, rng.choice([10, 60, min(300, largest)]))
        dues = [(i, i + 1, tier(), ratio(rng) + 3) for i in range(n - 1)]
        dues += [(i, rng.randrange(i), tier(), ratio(rng)) for i in range(1, n) if rng.random() < 0.1]
    elif kind == "star":
        n = rng.randint(3, rng.choice([10, 60, min(300, largest)]))
        dues = [(i, 0, tier(), ratio(rng) / 100) for i in range(1, n) if rng.random() < 0.8]
        dues += [(0, i, tier(), ratio(rng)) for i in range(1, n) if rng.random() < 0.1]
    else:
        n = rng.randint(5, rng.choice([20, 60, min(120, largest)]))
        for _ in range(int(n * rng.choice([0.8, 1.2, 1.5]))):
            i, j = rng.randrange(n), rng.randrange(n)
            if i != j:
                dues.append((i, j, tier(), ratio(rng)))
    owed = [zero] * n
    for debtor, _, _, amount in dues:
        owed[debtor] += amount
    scale = rng.choice([zero, zero, Fraction(1, 10**12), Fraction(1, 10**9), Fraction(1, 10**6), Fraction(1, 1000),
                        Fraction(1, 10), Fraction(1)])  # fmt: skip
    if kind == "closed":
        scale = rng.choice([zero, Fraction(1, 10**12), Fraction(1, 10**9)])
    if tiers:  # with tiers the answer hangs on differences: rounding the input changes it where little leaks
        scale = rng.choice([Fraction(1, 100), Fraction(1, 10), Fraction(1)])
    if scale:
        external = {(tier(), i): ratio(rng) * scale for i in range(n) if rng.random() < 0.6}
    poor = rng.choice([0.0, 0.3, 0.7, 0.9, 1.0])
    cushion = scale if scale and rng.random() < 0.5 else Fraction(rng.choice([1, 1, 3]), rng.choice([1, 2, 10]))
    cash = [zero if rng.random() < poor else ratio(rng) * cushion for _ in range(n)]
    if kind == "chain" and rng.random() < 0.5:
        cash = [Fraction(3, 100)] * n
    rates = [Fraction(1), Fraction(1), Fraction(1, 2), Fraction(9, 10), Fraction(1, 3), zero]
    alpha, beta = rng.choice(rates), rng.choice(rates)
    if rng.random() < 0.4:
        alpha = beta = Fraction(1)
    if rng.random() < 0.3:  # firms of very different sizes
        most = 2 if tiers else 6
        size = [Fraction(10) ** rng.randint(-most, most) for _ in range(n)]
        dues = [(i, j, t, a * size[i]) for i, j, t, a in dues]
        external = {(t, i): a * size[i] for (t, i), a in external.items()}
        cash = [a * size[i] for i, a in enumerate(cash)]
    case = Case(kind, n, n_tiers, dues, cash, external, alpha, beta)
    if rng.random() < 0.7:  # ties: those who can give up all their equity and stay solvent do
        equity = solve_exactly(case).equity
        indebted = {d[0] for d in dues} | {i for _, i in external}
        spare = [i for i in range(n) if i in indebted and 0 < equity[i] <= cash[i] and rng.random() < 0.8]
        cash = [c - equity[i] if i in spare else c for i, c in enumerate(cash)]
        case = case._replace(cash=cash)
    unit = Fraction(10) ** rng.choice([-15, -9, -6, -2, 0, 0, 3, 9, 15]) * rng.choice([1, 1, Fraction(1, 3), 7])
    return case._replace(
        dues=[(i, j, t, a * unit) for i, j, t, a in case.dues],
        cash=[a * unit for a in case.cash],
        external={key: a * unit for key, a in case.external.items()},
    )


def in_floats(case, size):
    """Layers, cash, external debt, padded with firms that have nothing to do with anybody."""
    layers = [sp.dok_array((size, size)) for _ in range(case.tiers)]
    summed = {}
    for debtor, creditor, t, amount in case.dues:
        summed[t, debtor, creditor] = summed.get((t, debtor, creditor), 0) + amount
    for (t, debtor, creditor), amount in summed.items():
        layers[t][debtor, creditor] = float(amount)
    external = np.zeros((case.tiers, size))
    for (t, i), amount in case.external.items():
        external[t, i] = float(amount)
    cash = np.array([float(a) for a in case.cash] + [0.0] * (size - case.n))
    return [layer.tocsr() for layer in layers], cash, external


def mistake(case, answer, size):
    """What is wrong with the result for a network padded to a size; empty if nothing is."""
    layers, cash, external = in_floats(case, size)
    rates = {"alpha": float(case.alpha), "beta": float(case.beta)}
    try:
        if case.tiers == 1:
            form = layers[0] if size % 2 else layers[0].toarray()
            cleared = clear(form, cash, external[0], **rates)
        else:
            cleared = clear_tiers(layers, cash, external, **rates)
    except ArithmeticError as error:
        return f"{type(error).__name__}: {error}"
    got = cleared.default_round.tolist()
    if got[: case.n] != answer.rounds or any(got[case.n :]):
        wrong = [i for i in range(case.n) if got[i] != answer.rounds[i]]
        return f"round of {wrong[0]} is {got[wrong[0]]}, right is {answer.rounds[wrong[0]]}; {len(wrong)} wrong"
    pays, nominal = np.atleast_2d(cleared.payments), np.atleast_2d(cleared.nominal).sum(axis=0)
    for (t, i), amount in answer.payments.items():
        if not abs(pays[t, i] - float(amount)) <= 1e-9 * (nominal[i] if case.tiers == 1 else nominal.max()):
            return f"{i} pays {pays[t, i]!r} in tier {t}, right is {float(amount)!r}"
    largest = max([float(nominal.max()), *map(float, case.cash)])
    for i, amount in enumerate(answer.equity):
        if not abs(cleared.equity[i] - float(amount)) <= 1e-9 * max(largest, float(amount)):
            return f"{i} has {cleared.equity[i]!r}, right is {float(amount)!r}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tiers", type=int, default=1)
    given = parser.parse_args()
    wrong = 0
    for seed in range(given.seed, given.seed + given.cases):
        case = draw(random.Random(seed), tiers=given.tiers)
        answer = solve_exactly(case)
        if answer.least < LEAST:
            continue
        for size in (case.n, max(PADDED, case.n) + seed % 2):
            if fault := mistake(case, answer, size):
                wrong += 1
                print(f"seed {seed}, {case.kind}, {case.n} firms padded to {size}: {fault}", flush=True)
    print(f"{given.cases} networks, {wrong} wrong answers")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
