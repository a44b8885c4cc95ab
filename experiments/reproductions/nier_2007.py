"""Nier, Yang, Yorulmazer and Alentorn 2007: how capital and connectivity shape knock-on defaults.

Random graphs of banks with senior deposits; one bank loses its external assets; what it cannot bear is
passed to its bank creditors and then to its depositors. The losses are cleared by the compiled core of
`abm.contagion`, with deposits as the senior tier.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.contagion import clear_rows, clearing_scratch
from abm.engine.compiled import jit
from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, panels
from experiments.reproductions.intervals import SIGMAS, agrees, around, mean_and_error
from experiments.reproductions.study import OWN_CHECK, OWN_RUN, PAPER, SHAPE, Bench, Outcome, Row, Study, Symbol

N, P, E, THETA = 25, 0.2, 100_000.0, 0.2
GRAPHS, CURVE_GRAPHS = 4000, 300
SEED = 2007
STATED = {0.01: (14.66, 0.11), 0.03: (5.80, 0.08), 0.05: (1.15, 0.0)}
"""Net worth: mean defaults of an own independent run and its half-width, 0 where none is stated."""
GAMMAS = tuple(k / 400 for k in range(41))
PROBABILITIES = (
    0.01,
    0.02,
    0.03,
    0.05,
    0.075,
    0.1,
    0.125,
    0.15,
    0.175,
    0.2,
    0.25,
    0.3,
    0.35,
    0.4,
    0.45,
    0.5,
    0.55,
    0.6,
    0.65,
    0.7,
    0.75,
    0.8,
    0.85,
    0.9,
    0.95,
    1.0,
)
M_GAMMA, M_TURNS = 0.01, (0.01, 0.2, 0.4, 0.8, 1.0)
"""Where defaults against connectivity are compared: start, first top, dip, second top, end."""
CURVES = {0.01: BLUE, 0.015: ORANGE, 0.02: GREEN, 0.03: RED, 0.05: PURPLE}


@jit
def _mean_defaults(
    rng: Any,
    n: int,
    p: float,
    external: float,
    theta: float,
    gamma: float,
    shock: float,
    scratch: Any,
    debtor: Any,
    creditor: Any,
    tier: Any,
    amount: Any,
    paid: Any,
    cash: Any,
    fell: Any,
    lent: Any,
    borrowed: Any,
    out: Any,
) -> None:
    """Mean number of defaults over the n choices of the hit bank, for each of `len(out)` random graphs."""
    for graph in range(out.shape[0]):
        links = 0
        for i in range(n):
            lent[i] = 0.0
            borrowed[i] = 0.0
            for j in range(n):
                if i != j and rng.random() < p:
                    row = n + links
                    debtor[row] = j
                    creditor[row] = i
                    tier[row] = 1
                    links += 1
        w = theta / (1.0 - theta) * external / links if links > 0 else 0.0
        for row in range(n, n + links):
            amount[row] = w
            borrowed[debtor[row]] += w
            lent[creditor[row]] += w
        filled = 0.0
        for i in range(n):
            cash[i] = max(borrowed[i] - lent[i], 0.0)
            filled += cash[i]
        for i in range(n):
            cash[i] += (external - filled) / n
            debtor[i] = i
            creditor[i] = n  # depositors, all as one
            tier[i] = 0
            amount[i] = max((1.0 - gamma) * (cash[i] + lent[i]) - borrowed[i], 0.0)
        fallen = 0
        for hit in range(n):
            before = cash[hit]
            cash[hit] = (1.0 - shock) * before
            clear_rows(debtor, creditor, tier, amount, n + links, cash, 1.0, 1.0, scratch, paid, fell)
            cash[hit] = before
            for i in range(n):
                if fell[i] > 0:
                    fallen += 1
        out[graph] = fallen / n


def mean_defaults(
    graphs: int,
    seed: int,
    *,
    n: int = N,
    p: float = P,
    external: float = E,
    theta: float = THETA,
    gamma: float = 0.05,
    shock: float = 1.0,
) -> NDArray[np.float64]:
    """Defaults after one bank's loss, averaged over the choice of the bank, for each of many random graphs.

    Balance sheets (Nier et al. 2007, section 2): interbank assets are `theta / (1 - theta) * external` in
    all, evenly over the links; external assets first fill each net borrower up to its interbank debt, and
    what is left is spread evenly; net worth is `gamma` of a bank's assets; deposits are the rest, and senior.

    Parameters
    ----------
    graphs : int
        Random graphs to draw.
    seed : int
        Of the generator.
    n : int
        Banks, at least 2.
    p : float
        Probability that a bank has lent to another, in [0, 1].
    external : float
        External assets of the system, positive.
    theta : float
        Share of interbank assets in total assets, in [0, 0.5] so that every bank can be filled up.
    gamma : float
        Net worth over assets, in [0, 1]; at most what interbank debt leaves.
    shock : float
        Share of its external assets that the hit bank loses, in [0, 1].

    Returns
    -------
    ndarray (graphs,)
        Mean number of defaults, the hit bank included.

    Raises
    ------
    BadInput
        If a parameter is outside its range.
    """
    for name, value, low, high in (
        ("p", p, 0, 1),
        ("theta", theta, 0, 0.5),
        ("gamma", gamma, 0, 1),
        ("shock", shock, 0, 1),
    ):
        if not low <= value <= high:
            raise BadInput(f"{name} must lie between {low} and {high}, got {value}")
    if n < 2 or graphs < 1 or not external > 0:
        raise BadInput(f"need n >= 2, graphs >= 1 and external > 0, got {n}, {graphs} and {external}")
    rows = n * n
    whole, real = np.int64, np.float64
    out = np.zeros(graphs)
    _mean_defaults(
        np.random.default_rng(seed),
        n,
        float(p),
        float(external),
        float(theta),
        float(gamma),
        float(shock),
        clearing_scratch(n + 1, rows, 2),
        np.zeros(rows, whole),
        np.zeros(rows, whole),
        np.zeros(rows, whole),
        np.zeros(rows, real),
        np.zeros(rows, real),
        np.zeros(n + 1, real),
        np.zeros(n + 1, whole),
        np.zeros(n, real),
        np.zeros(n, real),
        out,
    )
    return out


def run(bench: Bench) -> Outcome:
    """The three stated means, defaults against net worth, and defaults against connectivity."""
    few, many = bench.draws(CURVE_GRAPHS), bench.draws(GRAPHS)
    by_gamma = [(many if gamma in STATED else few, gamma, P) for gamma in GAMMAS]
    turns = {(M_GAMMA, p) for p in M_TURNS}
    by_p = [(many if (gamma, p) in turns else few, gamma, p) for gamma in CURVES for p in PROBABILITIES]
    answers = bench.map(
        lambda task: mean_and_error(mean_defaults(task[0], SEED, gamma=task[1], p=task[2]).tolist()),
        by_gamma + by_p,
    )
    at_gamma = {gamma: answer for (_, gamma, _), answer in zip(by_gamma, answers, strict=False)}
    at_p = {(gamma, p): answer for (_, gamma, p), answer in zip(by_p, answers[len(by_gamma) :], strict=True)}

    rows = []
    for gamma, (published, half) in STATED.items():
        mean, error = at_gamma[gamma]
        stated = f"{published:.2f} ± {half}" if half else f"{published:.2f}"
        rows.append(
            Row(
                f"Mean defaults, γ = {gamma:.0%}",
                stated,
                mean,
                around(mean, error),
                agrees(mean, error, published, half),
                f"{mean - published:+.2f}: sampling, and how external assets are spread (see below)",
                origin=OWN_RUN,
            )
        )
    first_round = 1 + P * (N - 1)
    mean, error = at_gamma[0.03]
    rows.append(
        Row(
            "γ = 3 %: only the first round, 1 + p(N - 1)",
            f"{first_round:g}",
            mean,
            around(mean, error),
            agrees(mean, error, first_round),
            "none beyond sampling: every creditor of the hit bank fails, and no one else",
            origin=OWN_CHECK,
        )
    )
    rows.append(m_shape([at_p[M_GAMMA, p] for p in M_TURNS]))
    means = [at_gamma[gamma][0] for gamma in GAMMAS]
    falling = all(later <= earlier + 1e-9 + 0.05 * earlier for earlier, later in itertools.pairwise(means))
    rows.append(
        Row(
            "More net worth, fewer defaults",
            "decreasing",
            "decreasing" if falling else "not decreasing",
            SHAPE,
            falling,
            "shape reproduced",
            origin=PAPER,
        )
    )

    curves: dict[str, list[float]] = {"gamma": list(GAMMAS), "defaults": means, "p": list(PROBABILITIES)}
    figure, (left, right) = panels(2)
    left.plot([100 * gamma for gamma in GAMMAS], means, color=BLUE)
    left.errorbar(
        [100 * g for g in STATED],
        [m for m, _ in STATED.values()],
        [h for _, h in STATED.values()],
        fmt="x",
        color=RED,
        label="stated",
    )
    left.axhline(first_round, color=GREY, ls=":", label="1 + p(N - 1)")
    left.set(xlabel="net worth γ (% of assets)", ylabel="mean number of defaults")
    left.legend(frameon=False)
    for gamma, colour in CURVES.items():
        line = [at_p[gamma, p][0] for p in PROBABILITIES]
        curves[f"defaults at gamma = {gamma}"] = line
        right.plot(PROBABILITIES, line, color=colour, label=f"γ = {100 * gamma:g} %")
    right.set(xlabel="Erdős-Rényi probability p", ylabel="mean number of defaults")
    right.legend(frameon=False)
    return Outcome(rows, figure, curves)


def m_shape(turns: list[tuple[float, float]]) -> Row:
    """Whether defaults rise, fall, rise and fall again with connectivity, by more than sampling error.

    Parameters
    ----------
    turns : list of tuple
        Mean and standard error at each of `M_TURNS`.
    """
    (start, e0), (first, e1), (dip, e2), (second, e3), (end, e4) = turns
    steps = ((first - start, e0, e1), (first - dip, e1, e2), (second - dip, e2, e3), (second - end, e3, e4))
    holds = all(step > SIGMAS * (a * a + b * b) ** 0.5 for step, a, b in steps)
    return Row(
        f"Defaults against connectivity form an M (γ = {M_GAMMA:.0%}; p = {', '.join(map(str, M_TURNS))})",
        "up, down, up, down",
        tuple(round(value, 2) for value in (start, first, dip, second, end)),
        SHAPE,
        holds,
        "shape reproduced; each step exceeds the sampling error",
        origin=PAPER,
    )


STUDY = Study(
    name="nier-2007",
    title="Network models and financial stability",
    source="Nier, Yang, Yorulmazer and Alentorn 2007, Journal of Economic Dynamics and Control 31(6), "
    "2033-2060",
    question="More capital means fewer knock-on defaults, in steps; more links first spread a shock and "
    "then share it, "
    "so that defaults against connectivity look like an M.",
    setup=(
        Symbol("N", "banks", str(N)),
        Symbol("p", "probability that one bank has lent to another", f"{P}, and {PROBABILITIES[0]} to 1"),
        Symbol("E", "external assets of the system", f"{E:,.0f}"),
        Symbol("θ", "interbank assets over total assets", str(THETA)),
        Symbol("γ", "net worth over a bank's assets", "0 to 10 %"),
        Symbol("s", "share of external assets lost by the hit bank", "1"),
    ),
    missing=(
        "The paper prints curves without numbers: the three means are those of an own independent run.",
        "How external assets are spread when a bank lends more than it borrows: net borrowers are filled "
        "up to their "
        "interbank debt, the rest is spread evenly. Letting net lenders start below zero instead gives "
        "14.85, 5.83 "
        "and 1.29 defaults.",
        "The number of graphs and the random numbers: "
        f"{GRAPHS:,} graphs at the stated points, {CURVE_GRAPHS} on the curves, seed {SEED}.",
        "Whether a stated half-width is a standard error or an interval: taken as a standard error.",
        "Net worth larger than what interbank debt leaves (γ above about one half): deposits are then zero.",
    ),
    seconds=15,
    run=run,
)
