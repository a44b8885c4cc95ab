"""Glasserman and Young 2015: how likely contagion is, and how much links between banks add to expected losses.

Bank i has outside assets c, net worth w and owes the share β of its debt to other banks. A shock X takes a part of
its outside assets; banks then clear as in Eisenberg and Noe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from abm.contagion import clear, glasserman_young_losses
from experiments.reproductions.clearing import random_network
from experiments.reproductions.eba_2018 import banks
from experiments.reproductions.figures import BLUE, GREY, ORANGE, RED, panels
from experiments.reproductions.intervals import SIGMAS, around, mean_and_error
from experiments.reproductions.study import EXACT, OWN_CHECK, PAPER, Bench, Outcome, Row, Study, Symbol

SEED = 2015
NETWORKS, SHOCKED, SHOCKS, PARTS = 240, 80, 60, 12
POWERS = (1, 4)
"""Shocks are ``c (1 - U**(1/k))``, U uniform: ``P(X > z c) = (1 - z)**k``, of rising failure rate."""

RATE = 0.01
"""Chance of a bank's own default for which the bound on amplification is stated."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """Banks that can all pay before a shock.

    Attributes
    ----------
    owed : (n, n) float
        Who owes whom.
    c, b : (n,) float
        Outside assets and outside debt.
    """

    owed: Floats
    c: Floats
    b: Floats

    @property
    def w(self) -> Floats:
        """Net worth."""
        return np.asarray(self.c + self.owed.sum(axis=0) - self.owed.sum(axis=1) - self.b, dtype=float)

    @property
    def beta(self) -> Floats:
        """Share of each bank's debt that it owes to other banks."""
        inside = self.owed.sum(axis=1)
        return np.divide(inside, inside + self.b, out=np.zeros(inside.size), where=inside + self.b > 0)

    def fallen(self, shock: Floats) -> NDArray[np.bool_]:
        """Who cannot pay after this shock."""
        return clear(self.owed, np.maximum(self.c - shock, 0.0), self.b).defaulted


def random_system(rng: np.random.Generator, *, chain: bool) -> System:
    """A random network, or a chain of debts, with a little net worth for everybody."""
    n = int(rng.integers(2, 20))
    if chain:
        owed, b = np.diag(rng.integers(1, 1000, n - 1) / 100, 1), rng.integers(0, 300, n) / 100
        b[-1] += 1.0
    else:
        owed, _, b = random_network(rng, n)
        b += 0.01 + rng.choice([0.0, 1.0, 4.0]) * owed.sum(axis=1)  # from almost all of the debt inside to a fifth
    slack = rng.integers(1, 300, n) / 100 * rng.choice([0.01, 1.0])
    return System(owed, np.maximum(owed.sum(axis=1) + b - owed.sum(axis=0), 0.0) + slack, b)


def systems(networks: int, stream: int) -> list[System]:
    """Random systems, every third a chain."""
    rng = np.random.default_rng((SEED, stream))
    return [random_system(rng, chain=k % 3 == 0) for k in range(networks)]


def first_theorem_rows(networks: int) -> list[Row]:
    """Shocks of every size to one bank: who falls, against the bound; and weak contagion."""
    wrong, sets, tightest = 0, 0, 0.0
    weak, weak_wrong, strong, more_likely = 0, 0, 0, 0
    rng = np.random.default_rng((SEED, 9))
    for system in systems(networks, 0):
        i = int(rng.integers(system.c.size))
        others = np.arange(system.c.size) != i
        least = system.c[i] * np.arange(1, PARTS + 1) / PARTS
        fallen = [np.flatnonzero(system.fallen(only(system, i, x)) & others) for x in least]
        for x, down in zip(least, fallen, strict=True):
            if down.size:
                need = system.w[i] + system.w[down].sum() / system.beta[i]
                sets += 1
                wrong += bool(need > x * (1 + 1e-9))
                tightest = max(tightest, float(need / x))
        for down in (fallen[-1], fallen[-1][-1:]):
            if down.size == 0:
                continue
            chance = 1.0 - smallest_shock(system, i, down) / system.c[i]
            alone = float(np.prod(np.maximum(1.0 - system.w[[i, *down]] / system.c[[i, *down]], 0.0)))
            if weak_ratio(system.w[down], system.c[down], system.beta[i], float(system.c[i])) >= 1.0:
                weak += 1
                weak_wrong += bool(chance > alone * (1 + 1e-9))
            else:
                strong += 1
                more_likely += bool(chance > alone)
    return [
        Row(
            f"First theorem: a shock of x to bank i alone brings down a set D only if x ≥ w_i + Σ_D w_j / β_i; "
            f"{sets:,} sets on {networks:,} networks, {PARTS} sizes of shock each",
            "no violation (the paper, a theorem)",
            f"{wrong} violations, tightest {tightest:.4f}",
            EXACT,
            wrong == 0 and tightest > 0.9,
            "the bound over the shock; 1 would be met exactly",
            origin=PAPER,
        ),
        Row(
            "Where Σ_D w_j ≥ β_i c_i Σ_D w_j / c_j, contagion is weak: i brings down D with no more chance than "
            f"independent shocks would (shocks of rising failure rate, here uniform); {weak:,} sets",
            "no violation (the paper, a theorem)",
            f"{weak_wrong} violations",
            EXACT,
            weak_wrong == 0 and weak > 0,
            f"where it is not so, contagion was the likelier way in {more_likely:,} of {strong:,} sets",
            origin=PAPER,
        ),
    ]


def only(system: System, i: int, x: float) -> Floats:
    """A shock of x to bank i, and to nobody else."""
    shock = np.zeros(system.c.size)
    shock[i] = x
    return shock


def smallest_shock(system: System, i: int, down: NDArray[np.intp]) -> float:
    """Smallest shock to bank i that brings down all of a set, from below, to a part in a billion."""
    low, high = 0.0, float(system.c[i])
    while high - low > 1e-9 * system.c[i]:
        middle = (low + high) / 2
        low, high = (low, middle) if system.fallen(only(system, i, middle))[down].all() else (middle, high)
    return low


def weak_ratio(w: Floats, c: Floats, beta: float, c_i: float) -> float:
    """Net worth of a set over ``beta_i c_i sum of w_j / c_j``; from 1 on, contagion to it is weak."""
    return float(w.sum() / (beta * c_i * (w / c).sum()))


def second_theorem_rows(networks: int) -> tuple[list[Row], list[float], list[float]]:
    """Losses of all together, shock by shock and on average, against the bounds."""
    wrong, tightest, shocks = 0, 0.0, 0
    over, beyond, ratios, bounds = 0, 0, [], []
    closest: tuple[float, tuple[float, float]] = (0.0, (0.0, 0.0))
    rng = np.random.default_rng((SEED, 10))
    for number, system in enumerate(systems(networks, 1)):
        power = POWERS[number % len(POWERS)]
        lost, apart = [], []
        for _ in range(SHOCKS):
            # Every other network is hit by one shock for all: independence is not asked for.
            u = rng.random(system.c.size) if number % 4 < 2 else np.full(system.c.size, rng.random())
            x = system.c * (1.0 - u ** (1.0 / power))
            found = glasserman_young_losses(system.owed, system.c, system.b, shock=x)
            wrong += not found.holds
            shocks += 1
            if 0.0 < found.bound < np.inf:
                tightest = max(tightest, found.shortfall / found.bound)
            lost.append(float(x.sum()) + found.shortfall)
            apart.append(float(x.sum()) + found.alone)
        bound = amplification(system, power)
        ratio = sum(lost) / sum(apart)
        error = mean_and_error([a - bound * b for a, b in zip(lost, apart, strict=True)])
        over += ratio > bound
        beyond += error[0] > SIGMAS * error[1]
        ratios.append(ratio)
        bounds.append(bound)
        if (ratio - 1.0) / (bound - 1.0) > closest[0]:
            spread = mean_and_error([a - ratio * b for a, b in zip(lost, apart, strict=True)])[1] * SHOCKS / sum(apart)
            closest = ((ratio - 1.0) / (bound - 1.0), around(ratio, spread))
    return [
        Row(
            f"What all creditors lose is at most Σ max(x_i - w_i, 0) / (1 - β⁺); {shocks:,} shocks on {networks:,} "
            "networks",
            "no violation (the step of the paper's proof; own derivation)",
            f"{wrong} violations, tightest {tightest:.4f}",
            EXACT,
            wrong == 0 and tightest > 0.5,
            "losses over the bound",
            origin=OWN_CHECK,
        ),
        Row(
            "Second theorem: expected losses with links over those without are at most "
            "1 + Σ δ_i c_i / ((1 - β⁺) Σ c_i), δ_i the chance that a shock alone takes w_i "
            f"({SHOCKS} shocks a network); networks whose mean is above it",
            "none (the paper, a theorem)",
            f"{over}, and {beyond} by more than {SIGMAS:g} standard errors",
            EXACT,
            beyond == 0,
            f"closest: {closest[0]:.2f} of the amplification allowed, ratio within "
            f"[{closest[1][0]:.3f}, {closest[1][1]:.3f}]",
            origin=PAPER,
        ),
    ], ratios, bounds


def amplification(system: System, power: int) -> float:
    """The paper's bound on expected losses over those without links."""
    delta = np.maximum(1.0 - system.w / system.c, 0.0) ** power
    return bound_of(delta, system.c, float(system.beta.max()))


def bound_of(delta: Floats | float, c: Floats, beta: float) -> float:
    """``1 + sum of delta_i c_i / ((1 - beta) sum of c_i)``, infinite at a beta of 1."""
    return 1.0 + float((delta * c).sum() / c.sum()) / (1.0 - beta) if beta < 1.0 else np.inf


def tight_row() -> Row:
    """Two banks alike: the bound of losses is met."""
    found = glasserman_young_losses([[0, 1], [1, 0]], [1.2, 1.2], [1, 1], shock=[0.5, 0.5])
    return Row(
        "Two banks that owe each other 1 and outsiders 1, both with 1.2 outside, both lose 0.5: shortfalls and bound",
        "6/5, 6/5 (own closed form)",
        (round(found.shortfall, 12), round(found.bound, 12)),
        EXACT,
        abs(found.shortfall - 1.2) < 1e-12 and abs(found.bound - 1.2) < 1e-12,
        "none: all are in default and owe the same share inside",
        origin=OWN_CHECK,
    )


def table() -> System:
    """The banks of 2018 by the paper's recipe for its table: debts between banks as large as claims on them.

    Who owes whom is not known, and does not matter for the bounds; the matrix has the right sums only: everything
    is owed to the others in all.
    """
    known = banks()
    owed = np.zeros((known.assets.size, known.assets.size))
    owed[np.arange(known.assets.size), (np.arange(known.assets.size) + 1) % known.assets.size] = known.interbank
    return System(owed, known.assets - known.interbank, known.assets - known.equity - known.interbank)


def weak_pairs(system: System, worth: Floats, sizes: Floats) -> dict[str, Sequence[float]]:
    """Contagion from each of the five largest banks to pairs of the next, as in the paper's table."""
    order = np.argsort(-sizes, kind="stable")
    found: dict[str, Sequence[float]] = {}
    for i in order[:5]:
        rest = [j for j in order if j != i]
        pairs = [np.array(pair) for pair in pairwise(rest)]
        found[banks().names[i]] = [
            weak_ratio(worth[pair], system.c[pair], float(system.beta[i]), float(system.c[i])) for pair in pairs
        ]
    return found


def table_rows() -> tuple[list[Row], dict[str, Sequence[float]]]:
    """The paper's recipe on the banks of 2018."""
    known, system = banks(), table()
    pairs = weak_pairs(system, known.equity, known.assets)
    every = [ratio for line in pairs.values() for ratio in line]
    beta = float(system.beta.max())
    top = known.names[int(np.argmax(system.beta))]
    return [
        Row(
            "48 banks of the 2018 stress test by the paper's recipe: β⁺, whose, and the most that links add to "
            f"expected losses if each bank fails by itself with a chance of {RATE:.0%}",
            "none: the paper's table is of 2011 (own run on other data)",
            (round(beta, 4), top, round(bound_of(RATE, system.c, beta) - 1.0, 5)),
            EXACT,
            0.0 < beta < 1.0 and abs(bound_of(RATE, system.c, beta) - 1.0 - RATE / (1.0 - beta)) < 1e-12,
            "a share of expected losses without links",
            origin=OWN_CHECK,
        ),
        Row(
            f"From each of the five largest to pairs of banks next in size: {len(every)} ratios of net worth to what "
            "weak contagion asks for; share above 1, least, median",
            "none: the paper's table is of 2011 (own run on other data)",
            (
                round(float(np.mean(np.array(every) > 1.0)), 3),
                round(min(every), 3),
                round(float(np.median(every)), 3),
            ),
            EXACT,
            bool(np.isfinite(every).all()),
            "above 1: two small banks fail together more likely by themselves than by this one",
            origin=OWN_CHECK,
        ),
    ], pairs


def run(bench: Bench) -> Outcome:
    """Both theorems on random networks, and the recipe for the table."""
    first, second = bench.map(
        lambda task: task(),
        [
            lambda: (first_theorem_rows(bench.draws(NETWORKS)), [], []),
            lambda: second_theorem_rows(bench.draws(SHOCKED)),
        ],
    )
    rows, pairs = table_rows()
    return Outcome([*first[0], tight_row(), *second[0], *rows], *draw(second[1], second[2], pairs))


def draw(
    ratios: list[float], bounds: list[float], pairs: dict[str, Sequence[float]]
) -> tuple[Figure, dict[str, list[float]]]:
    """Amplification against its bound, and the ratios of the table."""
    figure, (left, right) = panels(2)
    finite = [(bound, ratio) for bound, ratio in zip(bounds, ratios, strict=True) if np.isfinite(bound)]
    x, y = np.array(finite).T - 1.0
    left.loglog(x, np.maximum(y, 1e-6), ".", color=BLUE)
    ends = [float(x.min()), float(x.max())]
    left.plot(ends, ends, color=GREY, label="the bound")
    left.set(xlabel="amplification allowed by the theorem", ylabel="amplification of expected losses",
             title="random networks")  # fmt: skip
    left.legend(frameon=False)
    for (name, line), colour in zip(pairs.items(), (BLUE, ORANGE, RED, GREY, "black"), strict=True):
        right.semilogy(range(1, len(line) + 1), line, color=colour, label=f"from {name}")
    right.axhline(1.0, color=GREY, ls=":")
    right.set(xlabel="pair of banks, from large to small", ylabel="net worth over what weak contagion asks for",
              title="48 banks of 2018")  # fmt: skip
    right.legend(frameon=False)
    curves = {"amplification": ratios, "bound": [bound if np.isfinite(bound) else -1.0 for bound in bounds]}
    return figure, curves | {f"weak ratio from {name}": list(line) for name, line in pairs.items()}


STUDY = Study(
    name="glasserman-young-2015",
    title="How likely is contagion in financial networks?",
    source="Glasserman and Young 2015, Journal of Banking and Finance 50, 383-399; figures of banks: European Banking "
    "Authority, stress test of 2018",
    question="Without knowing who owes whom: links between banks bring down more than independent shocks only if banks "
    "are thin and owe much of their debt to one another, and they add little to expected losses.",
    setup=(
        Symbol("c, w", "outside assets and net worth", "-"),
        Symbol("β, β⁺", "share of a bank's debt owed to other banks, and its largest", "below 1"),
        Symbol("X", "loss of outside assets", "c (1 - U^(1/k)), k = 1 and 4: in proportion to c, rising failure rate"),
        Symbol("δ", "chance that the shock alone takes a bank's net worth", "-"),
        Symbol("losses", "outside assets lost and obligations not paid, summed over banks", "-"),
    ),
    missing=(
        "The paper's table of the 50 largest European banks (stress test of 2011) could not be had whole, so that its "
        "numbers are not compared; its recipe is followed on 48 banks of 2018: claims on other banks are taken for "
        "debts to them, all assets are equity over the leverage ratio.",
        "Expected losses are those without bankruptcy costs.",
    ),
    seconds=10,
    run=run,
)
