"""Random networks and slow exact references for the contagion tests."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st


def solve_exactly(matrix, right):
    """Gauss-Jordan in fractions; None if singular."""
    n = len(right)
    rows = [[*map(Fraction, row), Fraction(b)] for row, b in zip(matrix, right, strict=True)]
    for c in range(n):
        pivot = next((r for r in range(c, n) if rows[r][c] != 0), None)
        if pivot is None:
            return None
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [x / rows[c][c] for x in rows[c]]
        for r in range(n):
            if r != c and rows[r][c] != 0:
                rows[r] = [x - rows[r][c] * y for x, y in zip(rows[r], rows[c], strict=True)]
    return [row[n] for row in rows]


def greatest_by_enumeration(layers, cash, external, alpha, beta):
    """Greatest clearing vector with tiers, exactly, by trying every regime of every firm.

    Regime T is solvent, t < T is default with the estate running out in tier t. Every fixed point belongs to
    a regime; one inside a continuum of them is dominated by one on its border, which belongs to another.
    """
    tiers, n = len(layers), len(cash)
    owed = [
        [[Fraction(layers[t][i][j]) for j in range(n)] + [Fraction(external[t][i])] for i in range(n)]
        for t in range(tiers)
    ]
    due = [[sum(owed[t][i]) for t in range(tiers)] for i in range(n)]
    senior = [[sum(due[i][:t], Fraction(0)) for t in range(tiers + 1)] for i in range(n)]
    cash = [Fraction(x) for x in cash]
    alpha, beta = Fraction(alpha), Fraction(beta)
    best = None
    for regime in itertools.product(range(tiers + 1), repeat=n):
        if any(k < tiers and due[i][k] == 0 for i, k in enumerate(regime)):
            continue
        # Unknowns: inflows q. Payments of i in tier t are a constant plus a multiple of q_i.
        matrix = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        right = [Fraction(0)] * n
        for j, k in enumerate(regime):
            for t in range(tiers):
                if due[j][t] == 0 or t > k:
                    continue
                for i in range(n):
                    part = owed[t][j][i] / due[j][t]
                    if t < k:
                        right[i] += part * due[j][t]
                    else:
                        right[i] += part * (alpha * cash[j] - senior[j][t])
                        matrix[i][j] -= part * beta
        inflow = solve_exactly(matrix, right)
        if inflow is None:
            continue
        pays = []
        for i, k in enumerate(regime):
            funds, value = cash[i] + inflow[i], alpha * cash[i] + beta * inflow[i]
            if k == tiers:
                if funds < senior[i][tiers]:
                    break
                pays.append(due[i])
            else:
                if funds >= senior[i][tiers] or not senior[i][k] <= value <= senior[i][k + 1]:
                    break
                pays.append([due[i][t] if t < k else value - senior[i][t] if t == k else 0 for t in range(tiers)])
        else:
            total = [sum(p) for p in pays]
            if best is None or all(a >= b for a, b in zip(total, best[0], strict=True)):
                best = total, pays, [k < tiers for k in regime]
    assert best is not None
    return np.array([[float(x) for x in p] for p in best[1]]).T, np.array(best[2])


def random_network(rng, n, density=0.3, outside=0.3, cushion=0.6):
    """Liabilities, outside assets and outside debt of a random network."""
    owed = (rng.random((n, n)) < density) * rng.exponential(1.0, (n, n))
    np.fill_diagonal(owed, 0.0)
    total = owed.sum(axis=1)
    return owed, rng.random(n) * total * cushion, total * outside * rng.random(n)


def core_periphery(rng, n, core=5):
    """A few banks tied to each other, and many tied to one of them each."""
    owed = np.zeros((n, n))
    owed[:core, :core] = rng.exponential(5.0, (core, core))
    for i in range(core, n):
        hub = rng.integers(core)
        owed[i, hub], owed[hub, i] = rng.exponential(1.0, 2)
    np.fill_diagonal(owed, 0.0)
    total = owed.sum(axis=1)
    return owed, rng.random(n) * total * 0.4, total * 0.2


amounts = st.integers(0, 4)


@st.composite
def small_networks(draw, tiers=1, most=4):
    """Layers, cash, external debt in small integers (many ties), and recovered shares in quarters."""
    n = draw(st.integers(1, most))
    layers = draw(
        st.lists(
            st.lists(st.lists(amounts, min_size=n, max_size=n), min_size=n, max_size=n),
            min_size=tiers,
            max_size=tiers,
        )
    )
    layers = np.array(layers, dtype=float).reshape(tiers, n, n)
    for layer in layers:
        np.fill_diagonal(layer, 0.0)
    cash = np.array(draw(st.lists(amounts, min_size=n, max_size=n)), dtype=float)
    external = np.array(
        draw(st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=tiers, max_size=tiers)),
        dtype=float,
    ).reshape(tiers, n)
    quarters = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    return layers, cash, external, draw(quarters), draw(quarters)
