"""NEVA, Barucca et al. 2020: one equity fixed point and three rules for the worth of a claim."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from abm.contagion import (
    Valuation,
    clear_tiers,
    debtrank,
    equity_fixed_point,
    value_before_maturity,
    value_debtrank,
    value_eisenberg_noe,
    value_furfine,
)
from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, GREEN, ORANGE, RED, panels
from experiments.reproductions.study import EXACT, OWN_CHECK, OWN_RUN, PAPER, Bench, Outcome, Row, Study, Symbol

A_E = np.array([10.0, 5.0, 3.0])
L_E = np.array([9.0, 4.0, 2.0])
A = np.array([[0.0, 0.5, 0.0], [0.0, 0.0, 0.5], [0.5, 0.0, 0.0]])
ALPHA, VOLATILITY = 0.15, 0.1
STATED = {"Eisenberg-Noe": 0.333, "Furfine": 0.333, "linear DebtRank": 0.983}
RULES: dict[str, Valuation] = {
    "Eisenberg-Noe": value_eisenberg_noe,
    "Furfine": value_furfine,
    "linear DebtRank": value_debtrank,
}
COLOURS = {"Eisenberg-Noe": BLUE, "Furfine": ORANGE, "linear DebtRank": RED}
SLACK = 1e-12

Floats = NDArray[np.float64]


def relative_loss(
    alpha: float, rule: Valuation, exposures: Floats = A, assets: Floats = A_E, debts: Floats = L_E
) -> float:
    """Share of the face value of interbank claims that is lost after a shock `alpha` to all external assets.

    Parameters
    ----------
    alpha : float
        Share of its external assets that every bank loses, in [0, 1].
    rule : Valuation
        Worth of a claim, from `abm.contagion`.
    exposures : ndarray (n, n)
        `exposures[i, j]`, claim of bank i on bank j.
    assets, debts : ndarray (n,)
        External assets before the shock, and external debt, senior to the claims between banks.

    Raises
    ------
    BadInput
        If alpha is outside its range.
    """
    if not 0 <= alpha <= 1:
        raise BadInput(f"alpha must lie between 0 and 1, got {alpha}")
    return equity_fixed_point(exposures, assets, debts, rule, shock=alpha * assets).interbank_loss


def by_clearing(alpha: float) -> float:
    """The Eisenberg-Noe loss from the library's clearing, deposits as the senior tier."""
    cleared = clear_tiers([np.zeros((3, 3)), A.T], (1 - alpha) * A_E, [L_E, np.zeros(3)])
    return float(cleared.shortfall[1].sum() / A.sum())


def by_debtrank(alpha: float) -> float:
    """The linear DebtRank loss from the library's DebtRank, on equities of one each."""
    equity = A_E - L_E + A.sum(axis=1) - A.sum(axis=0)
    return float((A @ debtrank(A, equity, alpha * A_E / equity).loss).sum() / A.sum())


def run(bench: Bench) -> Outcome:
    """The stated losses, their order at every shock, and the same numbers by other routes."""
    alphas = np.linspace(0.0, 1.0, 101 if bench.quick else 401)
    losses = dict(
        zip(
            RULES,
            bench.map(lambda rule: [relative_loss(a, rule) for a in alphas], RULES.values()),
            strict=True,
        )
    )
    rows = []
    for name, rule in RULES.items():
        ours = relative_loss(ALPHA, rule)
        rows.append(
            Row(
                f"Relative loss at α = {ALPHA}, {name}",
                f"{STATED[name]:.3f}",
                ours,
                EXACT,
                abs(ours - STATED[name]) < 5e-4,
                "none: stated to three digits",
                origin=OWN_RUN,
            )
        )
    en, furfine, linear = (np.array(losses[name]) for name in RULES)
    ordered = bool((en <= furfine + SLACK).all() and (furfine <= linear + SLACK).all())
    rows.append(
        Row(
            f"Eisenberg-Noe ≤ Furfine ≤ linear DebtRank at {len(alphas)} shocks from 0 to 1",
            "for every α",
            "for every α" if ordered else "not always",
            EXACT,
            ordered,
            origin=PAPER,
        )
    )
    gap = max(abs(loss - by_clearing(float(a))) for a, loss in zip(alphas, en, strict=True))
    rows.append(
        Row(
            "The Eisenberg-Noe rule is clearing with external debt senior (abm.contagion.clear_tiers)",
            "equal",
            float(gap),
            EXACT,
            gap < 1e-9,
            "largest difference, rounding",
            origin=PAPER,
        )
    )
    gap = max(abs(loss - by_debtrank(float(a))) for a, loss in zip(alphas, linear, strict=True))
    rows.append(
        Row(
            "The linear rule is DebtRank of 2015 (abm.contagion.debtrank)",
            "equal",
            float(gap),
            EXACT,
            gap < 1e-9,
            "largest difference, rounding",
            origin=PAPER,
        )
    )
    still = partial(value_before_maturity, volatility=1e-6)
    gap = max(
        abs(loss - relative_loss(float(a), still)) for a, loss in zip(alphas[::10], en[::10], strict=True)
    )
    rows.append(
        Row(
            "Before maturity with next to no volatility, the value is that of Eisenberg and Noe",
            "equal",
            float(gap),
            EXACT,
            gap < 1e-4,
            "largest difference, of the order of the volatility (1e-6) times external assets over "
            "interbank debt",
            origin=OWN_CHECK,
        )
    )

    upto = alphas <= 0.5
    moving = partial(value_before_maturity, volatility=VOLATILITY)
    curves = {"alpha": alphas.tolist(), **losses}
    figure, [axis] = panels(1, width=8)
    for name in RULES:
        axis.plot(
            alphas[upto],
            np.array(losses[name])[upto],
            color=COLOURS[name],
            label=name,
            ls="--" if name == "Furfine" else "-",
            lw=2,
        )
    axis.plot(
        alphas[upto],
        [relative_loss(float(a), moving) for a in alphas[upto]],
        color=GREEN,
        lw=1.2,
        label=f"before maturity, volatility {VOLATILITY:.0%}",
    )
    axis.plot([ALPHA] * 3, list(STATED.values()), "kx", label="stated")
    axis.set(
        xlabel="shock α to external assets", ylabel="relative loss of interbank assets", ylim=(-0.02, 1.05)
    )
    axis.legend(frameon=False)
    return Outcome(rows, figure, curves)


STUDY = Study(
    name="neva-2020",
    title="Network valuation in financial systems",
    source="Barucca, Bardoscia, Caccioli, D'Errico, Visentin, Caldarelli and Battiston 2020, Mathematical "
    "Finance 30(4), "
    "1181-1204, figure 2",
    question="Models of contagion differ only in what a claim on a weakened bank is thought to be worth; "
    "put into one fixed "
    "point of equities they can be compared and ordered.",
    setup=(
        Symbol("A^e", "external assets", "10, 5, 3"),
        Symbol("L^e", "external liabilities, senior", "9, 4, 2"),
        Symbol("A[i, j]", "claim of bank i on bank j", "0.5 on the next bank of the ring"),
        Symbol("α", "share of external assets lost by every bank", "0 to 1, stated at 0.15"),
        Symbol("V", "worth of a claim", "Eisenberg-Noe, Furfine with zero recovery, linear DebtRank"),
    ),
    missing=(
        "The paper draws the losses on the ring (figure 2) and prints no numbers: those stated are of an own "
        "independent run.",
        "What the loss is relative to: the face value of interbank claims, the reading under which all "
        "three stated "
        "numbers hold.",
        "Which way round the ring is: bank i holds a claim on bank i + 1.",
    ),
    seconds=2,
    run=run,
)
