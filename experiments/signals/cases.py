"""Both cases at their strongest: worlds in which the debt was an investment, those in which it was not, and what either
kind has in common.

An investment: no crisis; lenders lost less than `SMALL` of the most AI debt there was; and in the last year AI revenue
was above what AI debt costs, its interest and a fifth of the principal (GPU loans run for about five years). Not an
investment: a crisis, or lenders lost `LARGE` of the most AI debt or more. The other worlds are neither.

What the world drew is compared between the two kinds in one half of the worlds, and only what the other half bears out
is told: of some four hundred numbers, twenty differ by chance alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from experiments.analysis.intervals import Estimate
from experiments.analysis.prim import Discovery, discover
from experiments.reproductions.intervals import LEVEL, wilson
from experiments.signals.crisis import NEVER
from experiments.signals.ensemble import Worlds

Floats = NDArray[np.float64]
SMALL, LARGE = 0.01, 0.05
REPAID_IN = 5.0  # years
LOOKED_AT = 12  # numbers drawn that differ most in one half, looked at in the other
LEAST = 5  # worlds of a kind and half, to compare them at all
LEAST_BOX = 40  # worlds of both kinds, to look for a box
INVESTMENT, NEITHER, NOT = "investment", "neither", "no investment"


class Difference(NamedTuple):
    """A number drawn: mean in worlds of investment less mean in the others, in standard deviations, by half."""

    name: str
    made: Estimate
    judged: Estimate
    good: float  # mean in worlds of investment
    bad: float

    @property
    def holds(self) -> bool:
        """Whether the half that did not choose it bears it out: the same sign, an interval without zero."""
        e = self.judged
        return bool((e.low > 0.0) == (self.made.value > 0.0) and (e.low > 0.0 or e.high < 0.0))


Quantiles = tuple[float, float, float]  # median, 10 % and 90 % points


class Cases(NamedTuple):
    """The two kinds of worlds.

    Attributes
    ----------
    kind : array of str, shape (worlds,)
    shares : dict of str to Estimate
        Of all worlds.
    differences : list of Difference
        Of what was drawn, that differed most in one half.
    box : Discovery, optional
        Where the debt is no investment, by what holds.
    paths : list of tuple
        What, unit, and medians in worlds of investment and in the others, with their middle 80 %.
    """

    kind: NDArray[np.str_]
    shares: dict[str, Estimate]
    differences: list[Difference]
    box: Discovery | None
    paths: list[tuple[str, str, Quantiles, Quantiles]]


def sort_worlds(w: Worlds) -> NDArray[np.str_]:
    """Which kind each world is, shape (worlds,)."""
    x = w.months
    most = np.maximum(x["ai_debt"].max(axis=1), 1e-9)
    lost = x["lost"].sum(axis=1) / most
    crisis = w.begins() != NEVER
    revenue = x["ai_revenue"][:, -12:].sum(axis=1)
    cost = x["interest"][:, -12:].sum(axis=1) + x["ai_debt"][:, -1] / REPAID_IN
    found = np.full(len(w.seeds), NEITHER, dtype="U16")
    found[~crisis & (lost < SMALL) & (revenue > cost)] = INVESTMENT
    found[crisis | (lost >= LARGE)] = NOT
    return found


def difference(a: Floats, b: Floats, spread: float) -> Estimate:
    """Difference of two means in units of a spread, with Welch's interval."""
    value = (a.mean() - b.mean()) / spread
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if va + vb <= 0.0:
        return Estimate(float(value), float(value), float(value))
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = float(student.ppf(0.5 + LEVEL / 2.0, freedom)) * np.sqrt(va + vb) / spread
    return Estimate(float(value), float(value - half), float(value + half))


def differences(draws: pd.DataFrame, kind: NDArray[np.str_], odd: NDArray[np.bool_]) -> list[Difference]:
    """Numbers drawn that differ most between the two kinds of worlds in one half, and how much they do in the other.

    Parameters
    ----------
    draws : pandas.DataFrame
        A row a world.
    kind : array of str, shape (worlds,)
    odd : array of bool, shape (worlds,)
        The half that chooses.
    """
    good, bad = kind == INVESTMENT, kind == NOT
    if min(int((k & h).sum()) for k in (good, bad) for h in (odd, ~odd)) < LEAST:
        return []
    found = []
    for name in draws.columns:
        values = draws[name].to_numpy(float)
        spread = float(values.std())
        if spread <= 1e-12 * max(abs(float(values.mean())), 1e-300):
            continue
        made, judged = (difference(values[good & half], values[bad & half], spread) for half in (odd, ~odd))
        found.append(Difference(str(name), made, judged, float(values[good].mean()), float(values[bad].mean())))

    def sure(d: Difference) -> float:
        return abs(d.made.value) / max(d.made.high - d.made.low, 1e-12)

    return sorted(found, key=lambda d: (-sure(d), d.name))[:LOOKED_AT]


def paths(w: Worlds, kind: NDArray[np.str_]) -> list[tuple[str, str, Quantiles, Quantiles]]:
    """What the two kinds of worlds look like on the way: medians and middle 80 % of each."""
    x, last = w.months, w.last
    years = last / 12.0
    first = x["ai_revenue"][:, 1:13].sum(axis=1)
    end = x["ai_revenue"][:, -12:].sum(axis=1)
    told = [
        ("AI revenue of the first year", "bn USD", first),
        ("AI revenue of the last year", "bn USD", end),
        ("growth of AI revenue between them", "% a year", 100.0 * ((end / first) ** (1.0 / (years - 1.0)) - 1.0)),
        ("AI revenue growth in the third year", "% a year", x["revenue_growth"][:, 36]),
        ("investment over AI revenue in the third year", "ratio", x["capex_revenue"][:, 36]),
        ("AI debt after three years", "bn USD", x["ai_debt"][:, 36]),
        ("AI debt over AI revenue after three years", "years", x["debt_revenue"][:, 36]),
        ("spot rent over full cost of new hardware after three years", "ratio", x["rent_cost"][:, 36]),
        ("share of fleets in use after three years", "%", x["utilisation"][:, 36]),
        ("hazard seen in labs, clouds and projects after three years", "% a year", x["hazard"][:, 36]),
        ("AI debt at the end", "bn USD", x["ai_debt"][:, -1]),
        ("lenders' credit losses over the whole run, of the most AI debt", "%",
         100.0 * x["lost"].sum(axis=1) / np.maximum(x["ai_debt"].max(axis=1), 1e-9)),
    ]  # fmt: skip
    found = []
    for what, unit, values in told:
        parts = []
        for mine in (kind == INVESTMENT, kind == NOT):
            there = values[mine & np.isfinite(values)]
            low, middle, high = np.quantile(there, (0.1, 0.5, 0.9)) if len(there) else (np.nan,) * 3
            parts.append((float(middle), float(low), float(high)))
        found.append((what, unit, parts[0], parts[1]))
    return found


def judge(w: Worlds) -> Cases:
    """The two kinds of worlds, what was drawn in each, and what they look like."""
    kind = sort_worlds(w)
    shares = {}
    for name in (INVESTMENT, NEITHER, NOT):
        count = int((kind == name).sum())
        shares[name] = Estimate(count / len(kind), *wilson(count, len(kind)))
    found = differences(w.draws, kind, w.seeds % 2 == 1)
    holds = [d.name for d in found if d.holds]
    both = kind != NEITHER
    lost = (kind[both] == NOT).astype(float)
    box = discover(w.draws[holds][both], lost) if holds and len(lost) >= LEAST_BOX else None
    return Cases(kind, shares, found, box, paths(w, kind))
