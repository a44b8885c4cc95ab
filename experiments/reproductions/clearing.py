"""Clearing vectors: Eisenberg and Noe 2001, Rogers and Veraart 2013, Elsinger 2009, Suzuki 2002.

Small networks with known answers, the closed form of a circle of banks, the trap of iterating upwards, the
properties that hold (and one that does not), and the bound of Glasserman and Young on thousands of networks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.contagion import clear, clear_cross_holdings, clear_tiers, glasserman_young_audit
from experiments.reproductions.exact_clearing import clear_exactly
from experiments.reproductions.figures import BLUE, GREY, ORANGE, RED, panels
from experiments.reproductions.study import (
    CLOSED_FORM,
    EXACT,
    LATER,
    OWN_CHECK,
    OWN_RUN,
    PAPER,
    Bench,
    Outcome,
    Row,
    Study,
    Symbol,
)

CASES = Path(__file__).parent / "cases"
TOLERANCE, LOOSE = 1e-9, 1e-4
SEED = 2001
PROPERTY_NETWORKS, CRITICAL_NETWORKS, AUDITED_NETWORKS = 200, 125, 2041

RV = "Rogers and Veraart 2013"
CASE_ORIGINS = {
    "c07_rv_ex33": f"{LATER}: tests of the package Greatest-Clearing-Vector-Algorithm, quoting {RV}",
    "c08_rv_circular6": f"{CLOSED_FORM}: {RV}",
}
"""Who stated the answers of a stored case, if not an own run: networks of books and packages come without answers."""

Floats = NDArray[np.float64]


def load(pattern: str) -> list[dict[str, Any]]:
    """The stored cases whose file name matches, in order."""
    return [json.loads(path.read_text()) for path in sorted(CASES.glob(pattern))]


def payments_of(case: dict[str, Any]) -> tuple[Floats, set[int], Floats]:
    """Payments, default set and equity of a stored clearing, seniority or cross-holdings case."""
    given = case["input"]
    if case["model"] == "elsinger_seniority":
        tiered = clear_tiers(given["L"], given["e"], given["b"])
        return tiered.payments, set(np.flatnonzero(tiered.defaulted).tolist()), tiered.equity
    if case["model"] == "suzuki_cross_holdings":
        held = clear_cross_holdings(given["L"], given["e"], given["Theta"])
        return held.payments, set(np.flatnonzero(held.defaulted).tolist()), held.equity
    cleared = clear(given["L"], given["e"], given["b"], alpha=given["alpha"], beta=given["beta"])
    return cleared.payments, set(np.flatnonzero(cleared.defaulted).tolist()), cleared.equity


def case_row(case: dict[str, Any]) -> Row:
    """Payments, default set, equities and, where stated, rounds of one case against the stated ones."""
    paid, fallen, equity = payments_of(case)
    stated = np.array(case["expected"]["p"])
    gap = max(
        float(np.abs(paid - stated).max()), float(np.abs(equity - np.array(case["expected"]["equity"])).max())
    )
    same = fallen == set(case["expected"]["default_set"])
    if "insolvency_levels" in case["expected"]:
        given = case["input"]
        rounds = clear(
            given["L"], given["e"], given["b"], alpha=given["alpha"], beta=given["beta"]
        ).default_round
        levels = [np.flatnonzero(rounds == level + 1).tolist() for level in range(int(rounds.max()))]
        same = same and levels == case["expected"]["insolvency_levels"]
    shown = np.round(paid.ravel()[:6], 6).tolist()
    return Row(
        f"{case['id']}: {case['title']}",
        f"{sorted(case['expected']['default_set'])[:8]} default; pays {listed(stated)}"
        if case["n"] <= 6
        else f"{len(case['expected']['default_set'])} of {case['n']} default",
        tuple(shown) if case["n"] <= 6 else f"{len(fallen)} of {case['n']} default",
        EXACT,
        gap <= TOLERANCE and same,
        f"largest difference of payments and equities {gap:.1e}, same defaults in the same rounds"
        if same
        else f"other defaults: {sorted(fallen)}",
        origin=CASE_ORIGINS.get(case["id"], OWN_RUN),
    )


def listed(values: Floats) -> str:
    """A few payments as text."""
    return ", ".join(f"{value:g}" for value in np.round(values.ravel()[:6], 6))


def circle(gamma: float, eps: float, a: float) -> tuple[Floats, Floats]:
    """Rogers and Veraart 2013, section 5.1: six banks in a circle, who owes whom and outside assets.

    Odd banks owe a and hold `gamma (1 - eps)`, even banks owe `a + eps` and hold `gamma (1 + eps)`.
    """
    owed = np.zeros((6, 6))
    for i in range(6):
        owed[i, (i + 1) % 6] = a if i % 2 == 0 else a + eps
    return owed, np.array([gamma * (1 - eps), gamma * (1 + eps)] * 3)


def circle_payments(gamma: float, eps: float, alpha: float, beta: float) -> Floats:
    """Closed form of `circle` when every bank is in default."""
    scale = alpha * gamma / (1 - beta * beta)
    odd, even = (1 - eps) + beta * (1 + eps), beta * (1 - eps) + (1 + eps)
    return scale * np.array([odd, even] * 3)


def circle_row() -> Row:
    """The closed form at the paper's point and at 39 others, all with every bank in default."""
    worst = 0.0
    points = [(g, b) for g in np.linspace(0.05, 0.4, 8) for b in (0.1, 0.3, 0.5, 0.6, 0.7)]
    for gamma, beta in points:
        owed, e = circle(gamma, 1.0, 2.0)
        cleared = clear(owed, e, alpha=beta, beta=beta)
        worst = max(worst, float(np.abs(cleared.payments - circle_payments(gamma, 1.0, beta, beta)).max()))
    return Row(
        f"Circle of section 5.1: closed form at {len(points)} points of γ and α = β, ε = 1, a = 2",
        "equal",
        worst,
        EXACT,
        worst <= TOLERANCE,
        "largest difference, rounding",
        origin=f"{CLOSED_FORM}: {RV}",
    )


def upward_row() -> Row:
    """Iterating up from nothing ends where nothing clears."""
    [case] = load("c07*")
    owed, e = np.array(case["input"]["L"]), np.array(case["input"]["e"])
    due = owed.sum(axis=1)

    def clearing_map(p: Floats) -> Floats:
        funds = e + (owed / due[:, None]).T @ p
        return np.where(funds >= due, due, 0.5 * funds)

    p = np.zeros(2)
    for _ in range(40):
        p = clearing_map(p)
    end = np.round(p, 9)
    gap = float(np.abs(clearing_map(end) - end).max())
    greatest = clear(owed, e, alpha=0.5, beta=0.5).payments
    holds = bool(
        np.array_equal(end, [1.0, 1.0]) and gap > 0.5 and np.abs(greatest - [2.0, 2.2]).max() <= TOLERANCE
    )
    return Row(
        "Example 3.3: iterating up goes to (1, 1), which is no clearing vector; the greatest is (2, 2.2)",
        "(1, 1) and (2, 2.2)",
        (*end.tolist(), *np.round(greatest, 9).tolist()),
        EXACT,
        holds,
        origin=OWN_RUN,
    )


def random_network(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
    """Who owes whom, outside assets, outside debt: whole hundredths, a random density, some banks short."""
    owed = rng.integers(1, 1000, (n, n)) * (rng.random((n, n)) < rng.uniform(0.1, 0.9)) / 100
    np.fill_diagonal(owed, 0.0)
    return owed, rng.integers(0, 1500, n) / 100, rng.integers(0, 500, n) / 100


def property_rows(networks: int) -> list[Row]:
    """What holds on all networks: monotone, concave, value conserved; and what does not."""
    rng = np.random.default_rng(SEED)
    broken = {"rising": 0, "concave": 0, "costs": 0, "conserved": 0}
    for _ in range(networks):
        owed, low, b = random_network(rng, int(rng.integers(2, 30)))
        high = low + rng.integers(0, 800, low.size) / 100
        below, above = clear(owed, low, b), clear(owed, high, b)
        middle = clear(owed, (low + high) / 2, b)
        broken["rising"] += bool((below.payments > above.payments + TOLERANCE).any())
        broken["concave"] += bool((middle.payments < (below.payments + above.payments) / 2 - TOLERANCE).any())
        alpha, beta = rng.random(2)
        costly, cheap = (
            clear(owed, low, b, alpha=alpha, beta=beta),
            clear(owed, low, b, alpha=alpha, beta=1.0),
        )
        wrong = (costly.payments > cheap.payments + TOLERANCE) | (cheap.payments > below.payments + TOLERANCE)
        broken["costs"] += bool(wrong.any())
        outside = float((below.recovery * b).sum())
        broken["conserved"] += abs(float(below.equity.sum()) - float(low.sum()) + outside) > 1e-8
    words = {
        "rising": "Payments rise with outside assets",
        "concave": "Payments are concave in outside assets",
        "costs": "Payments rise with α and β",
        "conserved": "Equities add up to outside assets less outside debt paid",
    }
    proved = dict.fromkeys(("rising", "concave"), f"{PAPER}: Eisenberg and Noe 2001")
    rows = [
        Row(
            f"{words[key]}: random networks",
            f"all of {networks}",
            f"{networks - count} of {networks}",
            EXACT,
            count == 0,
            origin=proved.get(key, OWN_CHECK),
        )
        for key, count in broken.items()
    ]
    chain = np.array([[0.0, 10.0, 0.0], [0.0, 0.0, 10.0], [0.0, 0.0, 0.0]])
    gain = float(clear(chain, [5.0, 3.0, 0.0]).payments.sum() - clear(chain, [4.0, 3.0, 0.0]).payments.sum())
    rows.append(
        Row(
            "Not a property: payments move no more than outside assets do (chain of three, e + 1)",
            "more than 1",
            gain,
            EXACT,
            gain > 1.0,
            "the same unit is paid on along the chain",
            origin=OWN_CHECK,
        )
    )
    return rows


def critical_row(networks: int) -> Row:
    """Networks that hardly leak, against exact fractions; and what a loose stop misses."""
    rng = np.random.default_rng(SEED + 1)
    wrong = missed = 0
    for _ in range(networks):
        n = int(rng.integers(3, 9))
        half = np.triu(rng.integers(1, 1000, (n, n)), 1)
        owed = half + half.T  # what one owes it is owed: only b leaves, and only e can make up for it
        b = np.where(np.arange(n) == 0, 10, 0)
        e = rng.integers(0, 6, n)
        cleared = clear(owed.astype(float), e.astype(float), b.astype(float))
        exact = clear_exactly(*with_outsider(owed, e, b))[:n]
        due = owed.sum(axis=1) + b
        falls = [payment < full for payment, full in zip(exact, due.tolist(), strict=True)]
        close = max(abs(float(p) - q) for p, q in zip(exact, cleared.payments.tolist(), strict=True))
        wrong += falls != cleared.defaulted.tolist() or close > TOLERANCE * float(due.max())
        missed += falls != loose_defaults(owed, e, due)
    return Row(
        f"{networks} networks that leak almost nothing (spectral radius near 1): defaults and payments as "
        "in exact fractions",
        "one published package misses defaults in 2 of 125",
        f"wrong in {wrong} of {networks}",
        EXACT,
        wrong == 0,
        f"iterating down until payments move by less than {LOOSE:g} of the largest debt misses defaults in "
        f"{missed} of them; other networks than the package's",
        origin=OWN_RUN,
    )


def with_outsider(owed: NDArray[np.int64], e: NDArray[np.int64], b: NDArray[np.int64]) -> Sequence[Any]:
    """Whole-number inputs for `clear_exactly`: outsiders of equal rank become one more bank without debts."""
    table = np.column_stack([np.vstack([owed, np.zeros(len(e), np.int64)]), np.append(b, 0)])
    return (
        [[Fraction(x) for x in row] for row in table.tolist()],
        [Fraction(x) for x in [*e.tolist(), 0]],
        [Fraction(0)] * (len(e) + 1),
    )


def loose_defaults(owed: NDArray[np.int64], e: NDArray[np.int64], due: NDArray[np.int64]) -> list[bool]:
    """Defaults found by iterating down until payments move by less than `LOOSE` of the largest debt."""
    p = due.astype(float)
    while True:
        following = np.minimum(due, e + (owed / due[:, None]).T @ p)
        if np.abs(following - p).max() < LOOSE * due.max():
            return (following < due).tolist()
        p = following


def audit_row(networks: int) -> Row:
    """One bank loses all outside assets: net worth brought down against the bound."""
    rng = np.random.default_rng(SEED + 2)
    violations, tightest = 0, 0.0
    for k in range(networks):
        n = int(rng.integers(2, 25))
        if k % 3 == 0:  # a chain: the bound is nearly met there
            owed, b = np.diag(rng.integers(1, 1000, n - 1) / 100, 1), np.zeros(n)
            b[-1] = rng.integers(1, 1000) / 100
        else:
            owed, _, b = random_network(rng, n)
        slack = rng.integers(1, 300, n) / 100 * rng.choice([0.01, 1.0])
        e = np.maximum(owed.sum(axis=1) + b - owed.sum(axis=0), 0.0) + slack
        bound = glasserman_young_audit(owed, e, b, firm=int(rng.integers(0, n)))
        if bound.brought_down.size:
            violations += not bound.holds
            tightest = max(tightest, bound.net_worth / bound.bound)
    return Row(
        f"Glasserman and Young's bound on {networks:,} networks: net worth brought down over the bound",
        "no violation, tightest .9998",
        f"{violations} violations, tightest {tightest:.4f}",
        EXACT,
        violations == 0,
        "other random networks",
        origin=OWN_RUN,
    )


def run(bench: Bench) -> Outcome:
    """Every stored case, then what is true of all networks."""
    tasks: list[Any] = [
        lambda: [case_row(case) for case in (*load("c*.json"), *load("x*.json"))],
        lambda: [circle_row(), upward_row()],
        lambda: property_rows(bench.draws(PROPERTY_NETWORKS)),
        lambda: [critical_row(CRITICAL_NETWORKS)],
        lambda: [audit_row(bench.draws(AUDITED_NETWORKS))],
    ]
    rows = [row for part in bench.map(lambda task: task(), tasks) for row in part]

    [case] = load("c20*")
    given = case["input"]
    scale = np.linspace(0.0, 4.0, 161)
    curves: dict[str, list[float]] = {"scale": scale.tolist()}
    figure, (left, right) = panels(2)
    ours, theirs = [], []
    for stored in (*load("c*.json"), *load("x*.json")):
        paid, _, _ = payments_of(stored)
        ours += paid.ravel().tolist()
        theirs += np.array(stored["expected"]["p"]).ravel().tolist()
    left.plot([0, 40], [0, 40], color=GREY, lw=0.8)
    left.plot(theirs, ours, ".", color=BLUE, alpha=0.6)
    left.set(xlabel="stated payment", ylabel="our payment", title="every payment of the stored networks")
    for cost, colour in ((1.0, BLUE), (0.9, ORANGE), (0.5, RED)):
        line = [
            float(
                clear(given["L"], np.array(given["e"]) * s, given["b"], alpha=cost, beta=cost).payments.sum()
            )
            for s in scale
        ]
        curves[f"payments, alpha = beta = {cost}"] = line
        right.plot(scale, line, color=colour, label=f"α = β = {cost:g}")
    right.set(
        xlabel="outside assets, as a multiple of the stated ones",
        ylabel="sum of payments",
        title="20 random banks: concave without costs, in jumps with them",
    )
    right.legend(frameon=False)
    return Outcome(rows, figure, curves)


STUDY = Study(
    name="clearing",
    title="Clearing vectors of obligations networks",
    source="Eisenberg and Noe 2001, Management Science 47(2); Rogers and Veraart 2013, Management Science "
    "59(4); "
    "Elsinger 2009, OeNB Working Paper 156; Suzuki 2002, Asia-Pacific Financial Markets 9; Glasserman and "
    "Young 2015, "
    "Journal of Banking and Finance 50",
    question="Who can pay how much when everyone's payments depend on everyone else's: the greatest vector "
    "of payments, "
    "who defaults, and in which round.",
    setup=(
        Symbol("L[i, j]", "owed by i to j", "21 stored networks, and random ones"),
        Symbol("p̄", "row sum of L plus outside debt", "-"),
        Symbol("Π", "L over p̄", "-"),
        Symbol("e", "outside assets", "not negative"),
        Symbol("α, β", "shares of outside assets and of inflow left in default", "1, and 0 to 1"),
        Symbol("tie", "a firm with exactly zero equity is solvent", "within 256 units in the last place"),
    ),
    missing=(
        "Rogers and Veraart's circle at other values of ε than 1: debts of a and a + ε are assumed.",
        "The networks of the other audit are not stored; ours are other random ones of the same kinds.",
    ),
    seconds=4,
    run=run,
)
