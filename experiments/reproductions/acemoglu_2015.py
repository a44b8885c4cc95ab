"""Acemoglu, Ozdaglar and Tahbaz-Salehi 2015: what is safest for small shocks is worst for large ones.

All counts are in exact fractions, because the statements are about what happens on either side of a tie.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np

from abm.contagion import clear_tiers
from abm.errors import BadInput
from experiments.reproductions.exact_clearing import clear_exactly
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, RED, panels
from experiments.reproductions.study import CLOSED_FORM, EXACT, OWN_CHECK, OWN_RUN, Bench, Outcome, Row, Study, Symbol

N, A, V, Y = 10, Fraction(1), Fraction(19, 20), Fraction(1)
DELTA = Fraction(1, 1000)
SMALL, LARGE, HAIR = Fraction(32, 100), Fraction(80, 100), Fraction(1, 10_000)
CASE = Path(__file__).parent / "cases" / "a01_acemoglu_n10.json"

Matrix = list[list[Fraction]]


def ring(n: int, y: Fraction) -> Matrix:
    """Bank i owes y to bank i + 1, the last to the first."""
    return [[y if j == (i + 1) % n else Fraction(0) for j in range(n)] for i in range(n)]


def complete(n: int, y: Fraction) -> Matrix:
    """Every bank owes y / (n - 1) to every other."""
    return [[y / (n - 1) if j != i else Fraction(0) for j in range(n)] for i in range(n)]


def between(n: int, y: Fraction, gamma: Fraction = Fraction(1, 2)) -> Matrix:
    """The gamma-convex combination: 1 - gamma of the ring and gamma of the complete network."""
    return [
        [(1 - gamma) * r + gamma * c for r, c in zip(one, other, strict=True)]
        for one, other in zip(ring(n, y), complete(n, y), strict=True)
    ]


def cliques(n: int, y: Fraction, delta: Fraction = DELTA) -> Matrix:
    """Two complete halves; a share delta of each bank's debt is owed evenly to the other half."""
    if n < 4 or n % 2:
        raise BadInput(f"two cliques need an even number of at least 4 banks, got n = {n}")
    half = n // 2
    inside, across = (1 - delta) * y / (half - 1), delta * y / half
    return [
        [Fraction(0) if i == j else inside if i // half == j // half else across for j in range(n)]
        for i in range(n)
    ]


NETWORKS = {"ring": ring, "half": between, "complete": complete, "cliques": cliques}
NAMES = {"ring": "ring", "half": "half ring, half complete", "complete": "complete", "cliques": "two cliques"}
COLOURS = {"ring": BLUE, "half": ORANGE, "complete": GREEN, "cliques": RED}


def eps_star(n: int, a: Fraction, v: Fraction, k: int = 1) -> Fraction:
    """Size of each of k shocks above which the banks' joint surplus is gone: `n (a - v) / k`."""
    return n * (a - v) / k


def y_star(n: int, a: Fraction, v: Fraction, k: int = 1) -> Fraction:
    """Debt between banks above which the surplus of the n - k others is gone: `(n - k)(a - v)`."""
    return (n - k) * (a - v)


def payments(owed: Matrix, a: Fraction, v: Fraction, shocks: Sequence[Fraction]) -> list[Fraction]:
    """What each bank pays to the others when bank i's project returns `a - shocks[i]` and v is senior."""
    if max(shocks) > a or min(shocks) < 0:
        raise BadInput(f"a shock must lie between 0 and a = {a}")
    return clear_exactly(owed, [a - eps for eps in shocks], [v] * len(owed))


def defaults(owed: Matrix, a: Fraction, v: Fraction, shocks: Sequence[Fraction]) -> int:
    """How many banks cannot pay both outsiders and banks in full; one with exactly zero equity can."""
    n = len(owed)
    paid = payments(owed, a, v, shocks)
    received = [sum(owed[j][i] * paid[j] / sum(owed[j]) for j in range(n) if owed[j][i]) for i in range(n)]
    return sum(a - shocks[i] + received[i] < v + sum(owed[i]) for i in range(n))


def first_hit(n: int, eps: Fraction, k: int = 1) -> list[Fraction]:
    """A shock eps to each of the first k banks."""
    return [eps] * k + [Fraction(0)] * (n - k)


def float_gap(owed: Matrix, shocks: Sequence[Fraction]) -> float:
    """Largest difference between exact payments and those of `abm.contagion.clear_tiers`."""
    n = len(owed)
    tiers = np.zeros((2, n, n))
    tiers[1] = np.array(owed, dtype=float)
    outside = np.zeros((2, n))
    outside[0] = float(V)
    cleared = clear_tiers(tiers, np.array([float(A - eps) for eps in shocks]), outside)
    exact = np.array([float(payment) for payment in payments(owed, A, V, shocks)])
    return float(np.abs(cleared.payments[1] - exact).max())


def run(bench: Bench) -> Outcome:
    """Counts at the two shocks and on either side of the threshold, and the whole curve of defaults."""
    eps_axis = [Fraction(step, 200) for step in range(0, 181, 5 if bench.quick else 1)]
    owed = {name: build(N, Y) for name, build in NETWORKS.items()}

    def count(name: str, eps: Fraction, k: int = 1) -> int:
        return defaults(owed[name], A, V, first_hit(N, eps, k))

    tasks = [(name, eps) for name in NETWORKS for eps in eps_axis]
    counts = bench.map(lambda task: count(*task), tasks)
    curves: dict[str, list[float]] = {"eps": [float(eps) for eps in eps_axis]}
    for place, name in enumerate(NETWORKS):
        curves[name] = list(counts[place * len(eps_axis) : (place + 1) * len(eps_axis)])

    star = eps_star(N, A, V)
    stated = [
        ("ring", SMALL, 6),
        ("complete", SMALL, 1),
        ("ring", LARGE, 10),
        ("complete", LARGE, 10),
        ("cliques", LARGE, 5),
        ("ring", star - HAIR, 9),
        ("ring", star + HAIR, 10),
        ("half", star - HAIR, 9),
        ("half", star + HAIR, 10),
        ("complete", star - HAIR, 1),
        ("complete", star + HAIR, 10),
        ("cliques", star - HAIR, 5),
        ("cliques", star + HAIR, 5),
    ]
    rows = [
        Row(
            "Threshold of the shock, ε* = n(a - v)",
            "1/2",
            str(star),
            EXACT,
            star == Fraction(1, 2),
            origin=CLOSED_FORM,
        ),
        Row(
            "Threshold of the debt, y* = (n - 1)(a - v)",
            "9/20",
            str(y_star(N, A, V)),
            EXACT,
            y_star(N, A, V) == Fraction(9, 20),
            origin=CLOSED_FORM,
        ),
    ]
    for name, eps, published in stated:
        ours = count(name, eps)
        rows.append(
            Row(
                f"Defaults, {NAMES[name]}, ε = {float(eps):g}", str(published), ours, EXACT, ours == published,
                origin=OWN_RUN,
            )
        )
    below = [eps for eps in eps_axis if 0 < eps < star]
    rule = [ceil(eps / (A - V)) - 1 for eps in below]
    found = [count("ring", eps) for eps in below]
    wrong = sum(a != b for a, b in zip(rule, found, strict=True))
    rows.append(
        Row(
            f"Ring, {len(below)} shocks below ε*: defaults are ceil(ε / (a - v)) - 1",
            "all",
            f"{len(below) - wrong} of {len(below)}",
            EXACT,
            wrong == 0,
            origin=OWN_RUN,
        )
    )
    rows += [several_shocks(k) for k in (2, 3)]
    rows += [debt_threshold("ring", 9), debt_threshold("complete", 1)]
    rows.append(the_case())
    gap = max(float_gap(owed[name], first_hit(N, eps)) for name in NETWORKS for eps in eps_axis[::4])
    rows.append(
        Row(
            "The library's clearing in floats pays the same",
            "0",
            gap,
            EXACT,
            gap < 1e-12,
            "rounding of binary fractions",
            origin=OWN_CHECK,
        )
    )

    figure, [axis] = panels(1, width=8)
    for name in NETWORKS:
        axis.step(curves["eps"], curves[name], where="pre", color=COLOURS[name], label=NAMES[name], lw=1.8)
    axis.axvline(float(star), color=GREY, ls=":", label="ε* = n(a - v)")
    axis.set(xlabel="size of the shock ε to one bank", ylabel="banks in default", ylim=(0, N + 0.6))
    axis.legend(frameon=False)
    return Outcome(rows, figure, curves)


def several_shocks(k: int) -> Row:
    """With k banks hit, the complete network's count jumps to n at `eps*_k`."""
    star = eps_star(N, A, V, k)
    owed = complete(N, Y)
    sides = tuple(defaults(owed, A, V, first_hit(N, star + side, k)) for side in (-HAIR, HAIR))
    return Row(
        f"{k} banks hit: complete network on either side of ε*_{k} = n(a - v)/{k} = {star}",
        f"{k}, {N}",
        sides,
        EXACT,
        sides == (k, N),
        origin=CLOSED_FORM,
    )


def debt_threshold(name: str, below: int) -> Row:
    """Under a large shock every bank falls if debts exceed `y*`, and not all of them below it."""
    star = y_star(N, A, V)
    sides = tuple(
        defaults(NETWORKS[name](N, star + side), A, V, first_hit(N, LARGE)) for side in (-HAIR, HAIR)
    )
    return Row(
        f"{NAMES[name].capitalize()}, ε = {float(LARGE):g}, on either side of y* = {star}",
        f"{below}, {N}",
        sides,
        EXACT,
        sides == (below, N),
        origin=OWN_RUN,
    )


def the_case() -> Row:
    """Every payment of the stored case, as fractions."""
    regimes = {
        "small shock, y=1>y*": (SMALL, Y),
        "large shock, y=1>y*": (LARGE, Y),
        "large shock, y=0.4<y*": (LARGE, Fraction(2, 5)),
        "small shock, y=0.2<y*": (SMALL, Fraction(1, 5)),
    }
    results = {
        key: value
        for key, value in json.loads(CASE.read_text())["results"].items()
        if isinstance(value, dict)
    }
    same = 0
    for key, expected in results.items():
        regime, name = key.split(" | ")
        eps, y = regimes[regime]
        same += payments(NETWORKS[name](N, y), A, V, first_hit(N, eps)) == [
            Fraction(p) for p in expected["payments"]
        ]
    return Row(
        "Stored case: every payment as a fraction",
        f"{len(results)} networks",
        f"{same} networks",
        EXACT,
        same == len(results),
        origin=OWN_RUN,
    )


STUDY = Study(
    name="acemoglu-2015",
    title="Systemic risk and stability in financial networks",
    source="Acemoglu, Ozdaglar and Tahbaz-Salehi 2015, American Economic Review 105(2), 564-608",
    question="Below a threshold of the shock, spreading debts over everyone (complete network) is safest "
    "and the ring "
    "is worst; above it both lose everyone, and weakly linked halves are safest.",
    setup=(
        Symbol("n", "banks", str(N)),
        Symbol("a", "return of each bank's project", str(A)),
        Symbol("v", "debt to outsiders, senior", str(V)),
        Symbol("y", "debt of each bank to other banks", str(Y)),
        Symbol("ε", "loss of the shocked bank's project", f"{SMALL} and {LARGE}, and 0 to 0.9"),
        Symbol("δ", "share owed to the other clique", str(DELTA)),
        Symbol("ζ", "value of a project that is liquidated", "0"),
    ),
    missing=(
        "How the weak link is spread: evenly over the banks of the other clique.",
        "The paper proves its thresholds and prints no simulated counts; the counts are those of an own "
        "independent run in exact fractions.",
    ),
    seconds=5,
    run=run,
)
