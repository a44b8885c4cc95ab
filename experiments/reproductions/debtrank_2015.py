"""Linear DebtRank: Bardoscia, Battiston, Caccioli and Caldarelli 2015, beside the single hit of 2012."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.contagion import debtrank
from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, GREY, ORANGE, panels
from experiments.reproductions.study import EXACT, OWN_CHECK, OWN_RUN, PAPER, Bench, Outcome, Row, Study, Symbol

CASES = Path(__file__).parent / "cases"
TOLERANCE = 1e-9
SEED, NETWORKS = 2015, 200
N, SHOCK, LEVERAGE = 5, 0.001, 1.2

Floats = NDArray[np.float64]


def complete(n: int, leverage: float) -> Floats:
    """Exposures of n banks of equity 1 that lend `leverage` evenly to all others: the spectral radius.

    Raises
    ------
    BadInput
        If n is below 2 or the leverage is negative.
    """
    if n < 2 or leverage < 0:
        raise BadInput(f"need n >= 2 and leverage >= 0, got {n} and {leverage}")
    return np.where(np.eye(n, dtype=bool), 0.0, leverage / (n - 1))


def added_loss(n: int, leverage: float, shock: float) -> tuple[float, float]:
    """What the complete network adds to an even shock: linear form of 2015, single hit of 2012."""
    exposures, ones, hit = complete(n, leverage), np.ones(n), np.full(n, shock)
    return debtrank(exposures, ones, hit).debtrank, debtrank(exposures, ones, hit, form="2012").debtrank


def case_row(case: dict[str, Any]) -> Row:
    """Final losses of one stored case in both forms."""
    given, expected = case["input"], case["expected"]
    linear = debtrank(given["A"], given["E0"], given["s"], weights=given["v"])
    single = debtrank(given["A"], given["E0"], given["s"], weights=given["v"], form="2012")
    gap = max(
        float(np.abs(linear.loss - expected["h"]).max()),
        float(np.abs(single.loss - expected["h_single_hit_2012"]).max()),
        abs(linear.debtrank - expected["debtrank"]),
        abs(single.debtrank - expected["debtrank_2012"]),
    )
    same = np.flatnonzero(linear.defaulted).tolist() == expected["default_set"]
    return Row(
        f"{case['id']}: {case['title']}; h, then DebtRank of 2015 and of 2012",
        ", ".join(f"{x:.6g}" for x in (*expected["h"], expected["debtrank"], expected["debtrank_2012"])),
        tuple(round(float(x), 9) for x in (*linear.loss, linear.debtrank, single.debtrank)),
        EXACT,
        gap <= TOLERANCE and same,
        f"largest difference {gap:.1e}",
        origin=OWN_RUN,
    )


def least_fixed_point_row(networks: int) -> Row:
    """On random networks the loss solves `h = min(1, s + Lam h)` and no smaller loss does."""
    rng = np.random.default_rng(SEED)
    wrong = 0
    for _ in range(networks):
        n = int(rng.integers(2, 30))
        exposures = rng.random((n, n)) * (rng.random((n, n)) < rng.uniform(0.1, 0.6))
        np.fill_diagonal(exposures, 0.0)
        equity = rng.uniform(0.5, 3.0, n)
        shock = rng.random(n) * (rng.random(n) < 0.4) * 0.5
        h = debtrank(exposures, equity, shock).loss
        leverage = exposures / equity[:, None]
        rising = np.zeros(n)
        for _ in range(20_000):
            following = np.minimum(1.0, shock + leverage @ rising)
            if np.abs(following - rising).max() < 1e-15:
                break
            rising = following
        wrong += float(np.abs(h - rising).max()) > 1e-8
    return Row(
        "The limit is the least fixed point of h = min(1, s + Λh): random networks, by iterating up from 0",
        f"all of {networks}",
        f"{networks - wrong} of {networks}",
        EXACT,
        wrong == 0,
        origin=OWN_CHECK,
    )


def run(bench: Bench) -> Outcome:
    """The stated losses, the stability boundary and the curve over leverage."""
    cases = [json.loads(path.read_text()) for path in sorted(CASES.glob("d*.json"))]
    rows = bench.map(case_row, cases)
    ring = debtrank([[0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0]], [1, 1, 1], [0.2, 0, 0]).loss
    rows.append(
        Row(
            "Ring of 3, Λ = 1/2, s = (.2, 0, 0): h",
            "8/35, 2/35, 4/35",
            tuple(ring.tolist()),
            EXACT,
            bool(np.abs(ring - np.array([8, 2, 4]) / 35).max() <= TOLERANCE),
            origin=OWN_RUN,
        )
    )
    linear, single = added_loss(N, LEVERAGE, SHOCK)
    rows.append(
        Row(
            f"Complete network of {N}, leverage {LEVERAGE}, shock {SHOCK}: loss added, linear and single hit",
            ".999 (all default) and .0012",
            (round(linear, 9), round(single, 9)),
            EXACT,
            bool(abs(linear - 0.999) <= TOLERANCE and abs(single - 0.0012) <= TOLERANCE),
            "none: a firm that passes its loss on only once cannot see the instability",
            origin=OWN_RUN,
        )
    )
    below = [added_loss(N, x, SHOCK)[0] - SHOCK * x / (1 - x) for x in np.linspace(0.05, 0.95, 19)]
    above = [added_loss(N, x, SHOCK)[0] for x in (1.0, 1.0 + 1e-9, 1.001, 1.5, 3.0)]
    rows.append(
        Row(
            "Stability: below leverage 1 the loss added is s λ / (1 - λ); from 1 on everyone defaults",
            "boundary at spectral radius 1",
            f"largest difference below {max(map(abs, below)):.1e}; smallest loss added from 1 on "
            f"{min(above):.6g}",
            EXACT,
            bool(max(map(abs, below)) <= TOLERANCE and min(above) >= 1 - SHOCK - TOLERANCE),
            origin=PAPER,
        )
    )
    rows.append(least_fixed_point_row(bench.draws(NETWORKS)))

    leverages = np.linspace(0.0, 2.0, 201)
    both = [added_loss(N, float(x), SHOCK) for x in leverages]
    curves = {
        "leverage": leverages.tolist(),
        "linear 2015": [a for a, _ in both],
        "single hit 2012": [b for _, b in both],
    }
    figure, [axis] = panels(1, width=8)
    axis.semilogy(leverages[1:], curves["linear 2015"][1:], color=BLUE, label="linear form, 2015")
    axis.semilogy(leverages[1:], curves["single hit 2012"][1:], color=ORANGE, label="single hit, 2012")
    axis.axvline(1.0, color=GREY, ls=":", label="spectral radius 1")
    axis.set(
        xlabel="interbank leverage (largest eigenvalue of Λ)",
        ylabel="relative loss of equity added",
        title=f"complete network of {N}, shock {SHOCK:g} to every bank",
    )
    axis.legend(frameon=False)
    return Outcome(rows, figure, curves)


STUDY = Study(
    name="debtrank-2015",
    title="DebtRank: a microscopic foundation for shock propagation",
    source="Bardoscia, Battiston, Caccioli and Caldarelli 2015, PLoS ONE 10(6), e0130406; single hit: "
    "Battiston, Puliga, "
    "Kaushik, Tasca and Caldarelli 2012, Scientific Reports 2, 541",
    question="Losses spread in proportion before anyone defaults; once banks lend more to each other than "
    "their equity "
    "(spectral radius above 1), the smallest shock brings down everyone.",
    setup=(
        Symbol("A[i, j]", "asset of bank i against bank j", "rings, complete networks, random ones"),
        Symbol("E(0)", "equity before the shock", "1, or as stored"),
        Symbol("Λ", "A over E(0), row by row", "-"),
        Symbol("s", "relative loss of equity that strikes first", "as stated"),
        Symbol("h", "final relative loss of equity", "least solution of h = min(1, s + Λh)"),
    ),
    missing=(
        "The small networks and their losses are those of own independent runs; the paper states the rule and "
        "its boundary.",
        "The paper's balance sheets of European banks are proprietary: its figures on them are not "
        "reproduced.",
    ),
    seconds=2,
    run=run,
)
