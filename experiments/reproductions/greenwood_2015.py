"""Greenwood, Landier and Thesmar 2015: what banks lose when all of them sell to come back to their leverage."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from abm.contagion import Vulnerability, fire_sales, vulnerability
from abm.errors import BadInput
from experiments.reproductions.eba_2018 import banks
from experiments.reproductions.figures import BLUE, ORANGE, panels
from experiments.reproductions.study import CLOSED_FORM, EXACT, OWN_CHECK, PAPER, Bench, Outcome, Row, Study, Symbol

Exact = list[list[Fraction]]
Floats = NDArray[np.float64]

SEED, NETWORKS, TOLERANCE = 2015, 400, 1e-9
IMPACT = 1e-7
"""Price fall for a million euros sold: 10 basis points for 10 billion."""

HOLDINGS = ((40, 30, 30), (0, 60, 20), (10, 10, 80))
EQUITY, SHOCK = (5, 8, 10), (Fraction(1, 10), 0, 0)
HAND_IMPACT = (Fraction(1, 1000), Fraction(1, 500), Fraction(1, 250))


def product(*matrices: Exact) -> Exact:
    """Matrix product from the left, in fractions.

    Raises
    ------
    BadInput
        If the shapes do not follow one another.
    """
    result = matrices[0]
    for right in matrices[1:]:
        if any(len(row) != len(right) for row in result):
            raise BadInput(f"cannot multiply rows of {len(result[0])} with a matrix of {len(right)} rows")
        result = [
            [sum((a * right[k][j] for k, a in enumerate(row)), Fraction(0)) for j in range(len(right[0]))]
            for row in result
        ]
    return result


def diagonal(values: Sequence[Fraction]) -> Exact:
    """A square matrix with these values on its diagonal."""
    return [[value if i == j else Fraction(0) for j in range(len(values))] for i, value in enumerate(values)]


def losses(
    holdings: Sequence[Sequence[Fraction | int]],
    equity: Sequence[Fraction | int],
    shock: Sequence[Fraction | int],
    impact: Sequence[Fraction | int],
    sellers: Sequence[int] | None = None,
) -> list[Fraction]:
    """Losses of every bank by the sales of some, as the paper writes them: ``A M L M' B A S M f`` in fractions.

    Parameters
    ----------
    holdings : n by m
        Value of asset a held by bank i, so that the rows of A M are these.
    equity : n
        Positive; leverage B is what is left of assets over it.
    shock, impact : m
        f, and the diagonal of L.
    sellers : sequence of int, optional
        Who sells (the diagonal of S); everybody if left out.

    Returns
    -------
    list of Fraction
        In the unit of the holdings; over the equity of all it sums to aggregate vulnerability.
    """
    assets = [sum(map(Fraction, row), Fraction(0)) for row in holdings]
    M = [[Fraction(value) / total for value in row] for row, total in zip(holdings, assets, strict=True)]
    transposed = [list(column) for column in zip(*M, strict=True)]
    B = diagonal([(total - own) / own for total, own in zip(assets, map(Fraction, equity), strict=True)])
    A, L = diagonal(assets), diagonal([Fraction(value) for value in impact])
    sells = diagonal([Fraction(sellers is None or i in sellers) for i in range(len(assets))])
    f = [[Fraction(value)] for value in shock]
    return [row[0] for row in product(A, M, L, transposed, B, A, sells, M, f)]


def of_floats(holdings: Sequence[Sequence[Fraction | int]], equity: Sequence[Fraction | int]) -> Vulnerability:
    """The library's answer for banks with the hand-sized shock and price impact."""
    return vulnerability(
        np.array(holdings, dtype=float),
        np.array(equity, dtype=float),
        np.array(SHOCK, dtype=float),
        impact=np.array(HAND_IMPACT, dtype=float),
    )


def homogeneous(weights: Floats, impact: Floats, assets: float, leverage: float, loss: float) -> float:
    """Aggregate vulnerability of banks with one portfolio and one leverage, whatever their number and sizes.

    ``sum_k l_k m_k**2`` times all assets, times ``1 + b`` (assets over equity), times b, times the loss as a share
    of assets.
    """
    return float(impact @ weights**2) * assets * (1.0 + leverage) * leverage * loss


def exact_rows() -> list[Row]:
    """Three banks and three assets in fractions."""
    n = len(EQUITY)
    found = of_floats(HOLDINGS, EQUITY)
    total = sum(EQUITY)
    all_sell = losses(HOLDINGS, EQUITY, SHOCK, HAND_IMPACT)
    aggregate = sum(all_sell, Fraction(0)) / total
    alone = [sum(losses(HOLDINGS, EQUITY, SHOCK, HAND_IMPACT, [i]), Fraction(0)) / total for i in range(n)]
    indirect = [loss / own for loss, own in zip(all_sell, EQUITY, strict=True)]
    gap = max(
        abs(found.aggregate - float(aggregate)),
        float(np.abs(found.systemicness - [float(x) for x in alone]).max()),
        float(np.abs(found.indirect - [float(x) for x in indirect]).max()),
    )
    more = [EQUITY[0] + 1, *EQUITY[1:]]
    injected = sum(losses(HOLDINGS, more, SHOCK, HAND_IMPACT), Fraction(0))
    assets = sum(HOLDINGS[0])
    per_unit = alone[0] * total * assets / ((assets - EQUITY[0]) * Fraction(EQUITY[0] + 1))
    return [
        Row(
            "Three banks, three assets: aggregate vulnerability AV = 1'AMLM'BAMf / E, systemicness S and indirect "
            "vulnerability IV of each",
            ", ".join(map(str, (aggregate, *alone, *indirect))) + " (the paper's formula in fractions)",
            tuple(round(float(x), 9) for x in (found.aggregate, *found.systemicness, *found.indirect)),
            EXACT,
            gap <= TOLERANCE,
            f"largest difference {gap:.1e}",
            origin=CLOSED_FORM,
        ),
        Row(
            "AV is the sum of systemicness, in fractions",
            "equal (the paper)",
            str(sum(alone, Fraction(0))),
            EXACT,
            sum(alone, Fraction(0)) == aggregate,
            origin=PAPER,
        ),
        Row(
            "A unit of equity for the first bank, used to repay debt, saves all banks together its losses caused times "
            "a / ((a - e) (e + 1))",
            f"{per_unit} (closed form of the formula)",
            str(sum(all_sell, Fraction(0)) - injected),
            EXACT,
            sum(all_sell, Fraction(0)) - injected == per_unit,
            origin=OWN_CHECK,
        ),
    ]


def random_system(rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Holdings, equity, shock and price impact of a random system."""
    n, m = (int(x) for x in rng.integers(2, 12, 2))
    holdings = rng.exponential(10.0, (n, m)) * (rng.random((n, m)) < 0.6)
    holdings[:, 0] += 0.1
    return holdings, rng.uniform(0.02, 0.5, n) * holdings.sum(axis=1), rng.random(m) * 0.3, rng.random(m) * 0.01


def invariant_rows(networks: int) -> list[Row]:
    """What the paper says of every system, on random ones."""
    rng = np.random.default_rng(SEED)
    apart = dict.fromkeys(("parts", "factors", "split", "merged", "homogeneous"), 0.0)
    rises, steps = 0, []
    for _ in range(networks):
        holdings, equity, shock, impact = random_system(rng)
        found = vulnerability(holdings, equity, shock, impact=impact)
        size = max(found.aggregate, 1e-300)
        assets = holdings.sum(axis=1)
        factors = (assets / equity.sum()) * (assets / equity - 1) * (holdings @ shock / assets) * found.linkage
        apart["parts"] = max(apart["parts"], abs(found.systemicness.sum() - found.aggregate) / size)
        apart["factors"] = max(apart["factors"], float(np.abs(factors - found.systemicness).max()) / size)
        part = rng.uniform(0.1, 0.9)
        halves = [np.vstack([values * part, values * (1 - part)]) for values in (holdings, equity[:, None])]
        split = vulnerability(halves[0], halves[1].ravel(), shock, impact=impact)
        apart["split"] = max(apart["split"], abs(split.aggregate - found.aggregate) / size)
        alike = 3 * holdings[0], 3 * equity[0]
        double = vulnerability(
            np.vstack([holdings, alike[0]]), np.append(equity, alike[1]), shock, impact=impact
        ).aggregate
        merged = vulnerability(
            np.vstack([holdings[1:], 4 * holdings[0]]), np.append(equity[1:], 4 * equity[0]), shock, impact=impact
        ).aggregate
        apart["merged"] = max(apart["merged"], abs(double - merged) / max(double, 1e-300))
        richer = equity.copy()
        richer[int(rng.integers(len(equity)))] *= 1.01
        before = found.aggregate * equity.sum()
        after = vulnerability(holdings, richer, shock, impact=impact).aggregate * richer.sum()
        rises += bool(after > before * (1 + 1e-12))
        weights, leverage = holdings[0] / assets[0], assets[0] / equity[0] - 1
        one = vulnerability(assets[:, None] * weights, assets / (1 + leverage), shock, impact=impact).aggregate
        closed = homogeneous(weights, impact, float(assets.sum()), float(leverage), float(weights @ shock))
        apart["homogeneous"] = max(apart["homogeneous"], abs(one - closed) / max(closed, 1e-300))
        steps.append(first_order_gap(holdings, equity, shock, impact))
    small = np.array(steps)
    texts = {
        "parts": ("AV, what all bear, is the sum of systemicness, what each causes", "the paper"),
        "factors": (
            "Systemicness is linkage times size (assets over all equity), leverage and exposure (loss by the shock)",
            "the paper",
        ),
        "homogeneous": (
            "Banks of one portfolio and one leverage: AV does not depend on their number and sizes",
            "own closed form of the formula",
        ),
        "split": ("Splitting every bank in proportion changes nothing", "own closed form of the formula"),
        "merged": ("Merging banks of one portfolio and one leverage changes nothing", "own closed form of the formula"),
    }
    rows = [
        Row(
            f"{text}: largest relative difference in {networks:,} random systems",
            f"0 ({by})",
            apart[key],
            EXACT,
            apart[key] <= TOLERANCE,
            "rounding",
            origin=PAPER if by == "the paper" else OWN_CHECK,
        )
        for key, (text, by) in texts.items()
    ]
    rows += [
        Row(
            f"Equity for any bank never raises what all lose by sales: cases in {networks:,} random systems",
            "0 (own closed form of the formula)",
            rises,
            EXACT,
            rises == 0,
            origin=OWN_CHECK,
        ),
        Row(
            "The library's forced sales (one round, linear) come to the formula as the shock becomes small: largest "
            "relative difference at a thousandth and at a millionth of the shock",
            "of the order of the shock (own check)",
            (float(small[:, 0].max()), float(small[:, 1].max())),
            EXACT,
            bool(small[:, 1].max() < 1e-5 and small[:, 0].max() < 1e-2),
            "forced sales are made at shocked prices, and what is sold falls with them",
            origin=OWN_CHECK,
        ),
    ]
    return rows


def first_order_gap(holdings: Floats, equity: Floats, shock: Floats, impact: Floats) -> tuple[float, float]:
    """Relative distance of forced sales from the formula at a thousandth and at a millionth of a shock."""
    gaps = []
    for part in (1e-3, 1e-6):
        formula = vulnerability(holdings, equity, part * shock, impact=impact)
        debt = holdings.sum(axis=1) - equity
        sale = fire_sales(
            holdings, np.zeros(len(equity)), debt, price_shock=part * shock, impact=impact * holdings.sum(axis=0),
            shape="linear", rule="leverage", rounds=1,
        )  # fmt: skip
        lost = (holdings @ ((1.0 - part * shock) - sale.prices)).sum()
        gaps.append(abs(lost / (formula.aggregate * equity.sum()) - 1.0))
    return gaps[0], gaps[1]


def of_2018(shock: float) -> Vulnerability:
    """The banks of 2018 after a fall of government bonds, every asset with the same price impact."""
    known = banks()
    rest = known.assets - known.government - known.corporate
    return vulnerability(
        np.column_stack([known.government, known.corporate, rest]), known.equity, [shock, 0.0, 0.0], impact=IMPACT
    )


def run(bench: Bench) -> Outcome:
    """The formula in fractions, its invariants, and the banks of 2018."""
    rows = exact_rows() + [row for part in bench.map(invariant_rows, [bench.draws(NETWORKS)]) for row in part]
    known, found = banks(), of_2018(0.1)
    order = np.argsort(-found.systemicness, kind="stable")
    twice = of_2018(0.2).aggregate
    rows.append(
        Row(
            "48 banks of the 2018 stress test, government bonds down by a tenth, all assets with an impact of 10 basis "
            "points for 10 billion: direct loss over equity, AV, and the share of AV that the ten largest causes are",
            "none: the paper's figures are of 2011 (own run on other data)",
            (
                round(float(found.direct @ known.equity / known.equity.sum()), 4),
                round(found.aggregate, 4),
                round(float(found.systemicness[order[:10]].sum() / found.aggregate), 3),
            ),
            EXACT,
            abs(twice - 2 * found.aggregate) < TOLERANCE and found.aggregate > 0,
            "what is checked is that twice the shock gives twice the loss",
            origin=OWN_CHECK,
        )
    )
    size = known.assets / 1e6
    figure, (left, right) = panels(2)
    left.scatter(size, found.systemicness, color=BLUE, s=18)
    for bank in order[:5]:
        left.annotate(known.names[bank], (size[bank], found.systemicness[bank]), fontsize=7)
    left.set(xlabel="assets, trillions of euros", ylabel="systemicness (share of all equity)",
             title="48 banks of 2018: who causes the losses")  # fmt: skip
    right.scatter(found.direct, found.indirect, color=ORANGE, s=18)
    for bank in np.argsort(-found.indirect, kind="stable")[:5]:
        right.annotate(known.names[bank], (found.direct[bank], found.indirect[bank]), fontsize=7)
    right.set(xlabel="direct loss over own equity", ylabel="indirect vulnerability (over own equity)",
              title="and who bears them")  # fmt: skip
    curves = {
        "systemicness": found.systemicness.tolist(),
        "indirect vulnerability": found.indirect.tolist(),
        "direct loss": found.direct.tolist(),
    }
    return Outcome(rows, figure, curves)


STUDY = Study(
    name="greenwood-2015",
    title="Vulnerable banks",
    source="Greenwood, Landier and Thesmar 2015, Journal of Financial Economics 115(3), 471-485; figures of banks: "
    "European Banking Authority, stress test of 2018",
    question="Banks that lose sell to come back to their leverage, and what they sell costs others that hold the same; "
    "how much of all equity that takes is one product of matrices, and who causes it falls apart into four factors.",
    setup=(
        Symbol("A", "assets of each bank", "-"),
        Symbol("M", "portfolios, rows sum to 1", "-"),
        Symbol("B", "debt over equity, to which banks come back", "that before the shock"),
        Symbol("L", "price fall for a unit sold", "10 basis points for 10 billion euros, on the banks of 2018"),
        Symbol("f", "shock: share of its price that each asset loses", "as stated"),
        Symbol("AV, S, IV", "aggregate vulnerability, systemicness, indirect vulnerability", "-"),
    ),
    missing=(
        "The paper's figures of banks (stress test of July 2011) could not be had, so that none of its numbers is "
        "compared. On the banks of 2018 the classes are government bonds, bonds of firms and the rest.",
        "The signs: losses, sales and price falls are positive here.",
    ),
    seconds=1,
    run=run,
)
