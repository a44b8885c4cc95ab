"""Caccioli, Shrestha, Moore and Farmer 2014: contagion between banks that hold the same assets.

A failing bank sells all it holds, prices fall, and banks that hold the same assets lose. On a large random
network few banks fail close to one another, so that the first failures are a branching process: a bank of degree
k' enters each of its other k' - 1 assets, and each of these brings down some of its other holders. Contagion is
possible where the largest eigenvalue of the mean number of banks of degree k brought down by one of degree k'
passes 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from math import ceil, log

import numpy as np
import scipy.sparse as sp
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import poisson

from abm.contagion import fire_sales
from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, RED, panels
from experiments.reproductions.intervals import SIGMAS, agrees, mean_and_error, wilson
from experiments.reproductions.poisson_cascades import Estimate, estimate, simulate
from experiments.reproductions.study import (
    CLOSED_FORM,
    EXACT,
    OWN_CHECK,
    PAPER,
    SHAPE,
    Bench,
    Outcome,
    Row,
    Study,
    Symbol,
)

SEED = 2014
ALPHA = -10 * log(0.9)
"""Market impact at which a tenth of an asset sold costs a tenth of its price: 1.0536."""

BATCHES, SAMPLES = 8, 1000
"""Asset neighbourhoods drawn for the branching process, in batches that tell its sampling error."""

PARTS, PART = 4, 1000
"""Parts of the neighbourhoods from which the frequency is found, and their size."""

GRID = (0.6, 0.8, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 7.5, 8.0, 9.0, 10.0, 12.0, 15.0)
"""Mean degrees between which the eigenvalue is interpolated."""

AXIS = tuple(k / 2 for k in range(1, 25))
LEVERAGES, CALM, BEYOND = (10.0, 20.0), 6.0, 8.25
EDGE = (8.5, 9.0, 10.0, 12.0, 15.0, 20.0)
DRAWS, CURVE_DRAWS, VANISHED = 250, 100, 0.1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Caccioli:
    """The model, in the paper's symbols.

    Parameters
    ----------
    mu_b : float
        Mean number of assets that a bank holds, positive; each possible holding is there with the same probability.
    leverage : float
        What a bank holds of assets with price risk, over its equity; at least 1. Every bank holds one unit, spread
        evenly over its assets.
    N, M : int
        Banks and assets, at least 1.
    alpha : float
        Market impact: a share x of an asset sold leaves ``exp(-alpha x)`` of its price.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """

    mu_b: float
    leverage: float = 20.0
    N: int = 1000
    M: int = 1000
    alpha: float = ALPHA

    def __post_init__(self) -> None:
        """Refuse what is no network or no bank."""
        if self.N < 1 or self.M < 1 or not 0 < self.mu_b < self.M or not self.leverage >= 1 or not self.alpha >= 0:
            raise BadInput(
                "need N and M >= 1, 0 < mu_b < M, leverage >= 1 and alpha >= 0, got "
                f"{self.N}, {self.M}, {self.mu_b}, {self.leverage} and {self.alpha}"
            )

    @property
    def mu_a(self) -> float:
        """Mean number of banks that hold an asset."""
        return self.mu_b * self.N / self.M

    @property
    def largest(self) -> int:
        """Largest degree at which one asset, sold out entirely, brings a bank down."""
        return max(ceil(self.leverage * -np.expm1(-self.alpha)) - 1, 0)

    def holdings(self, rng: np.random.Generator) -> sp.csr_array:
        """Draw who holds what, from one possible holding that is there to the next."""
        p, pairs = self.mu_b / self.M, self.N * self.M
        room = int(p * pairs + 12 * (p * pairs) ** 0.5) + 64
        place = np.cumsum(rng.geometric(p, room)) - 1
        if place[-1] < pairs:
            raise RuntimeError(f"{self.N} banks had more than {room} holdings")
        bank, asset = np.divmod(place[place < pairs], self.M)
        count = np.bincount(bank, minlength=self.N)
        start = np.concatenate(([0], np.cumsum(count)))
        return sp.csr_array((1.0 / count[bank], asset, start), shape=(self.N, self.M))

    def sizes(self, draws: int, stream: int = 0) -> Estimate:
        """Frequency and extent of contagion over `draws` networks, after the failure of bank 0."""
        rng = np.random.default_rng((SEED, self.N, self.M, round(self.mu_b * 1000), stream))
        fallen = np.zeros(draws, np.int64)
        for draw in range(draws):
            held = self.holdings(rng)
            debt = np.where(np.diff(held.indptr) > 0, 1.0 - 1.0 / self.leverage, 0.0)
            debt[0] = 2.0  # fails whatever it holds
            fallen[draw] = fire_sales(held, np.zeros(self.N), debt, impact=self.alpha).defaulted.sum()
        return estimate(fallen, self.N)


@dataclass(frozen=True)
class Branching:
    """The first failures on an infinite network: own form, from neighbourhoods of assets drawn at random.

    What an asset does to its other holders is taken in full: holders that fall sell the asset too, which may bring
    down more of its holders. With the degrees of the others drawn, this has no error but that of sampling.

    Parameters
    ----------
    model : Caccioli
        The network; only the ratio of banks to assets matters.
    samples : int
        Neighbourhoods in each batch.
    """

    model: Caccioli
    samples: int = SAMPLES

    @cached_property
    def others(self) -> NDArray[np.int64]:
        """How many other holders of each degree an asset has: `others[s, k - 1]` of degree k."""
        mu_b, mu_a = self.model.mu_b, self.model.mu_a
        degrees = np.arange(1, int(poisson.isf(1e-12, mu_b)) + 3)
        rng = np.random.default_rng((SEED, 1, round(mu_b * 1000), round(mu_a * 1000)))
        return rng.poisson(mu_a * poisson.pmf(degrees - 1, mu_b), (BATCHES * self.samples, len(degrees)))

    def brought_down(self, entering: int) -> NDArray[np.int64]:
        """How many holders of each degree fall after a bank of degree `entering` sold the asset."""
        degrees = np.arange(1, self.others.shape[1] + 1)
        supply = 1.0 / entering + self.others @ (1.0 / degrees)
        sold = np.full(len(supply), 1.0 / entering)
        falls = np.ones(len(supply), dtype=bool)
        down = np.zeros((len(supply), self.model.largest), np.int64)
        # The fewer assets a bank holds, the sooner it falls: if degree k stands, so does every higher one.
        for k in range(1, min(self.model.largest, self.others.shape[1]) + 1):
            falls &= k < self.model.leverage * -np.expm1(-self.model.alpha * sold / supply)
            down[:, k - 1] = np.where(falls, self.others[:, k - 1], 0)
            sold += down[:, k - 1] / k
        return down

    @cached_property
    def _down(self) -> list[NDArray[np.int64]]:
        return [self.brought_down(k) for k in range(1, self.model.largest + 1)]

    @cached_property
    def eigenvalue(self) -> tuple[float, float]:
        """Largest eigenvalue of the mean number of banks brought down, and its standard error."""
        if self.model.largest < 2:
            return 0.0, 0.0
        batches = [down.reshape(BATCHES, self.samples, -1).mean(axis=1) for down in self._down]
        matrix = np.arange(self.model.largest)[:, None, None] * np.array(batches)
        each = [float(np.abs(np.linalg.eigvals(matrix[:, batch])).max()) for batch in range(BATCHES)]
        whole = float(np.abs(np.linalg.eigvals(matrix.mean(axis=1))).max())
        return whole, mean_and_error(each)[1]

    @cached_property
    def frequency(self) -> tuple[float, float]:
        """Chance that the failure of one random bank brings down a share of all, and its standard error."""
        if self.eigenvalue[0] <= 1.0:
            return 0.0, 0.0
        part = min(PART, len(self.others) // PARTS)
        return mean_and_error([self._breaks_out(slice(k * part, (k + 1) * part)) for k in range(PARTS)])

    def _breaks_out(self, rows: slice) -> float:
        mu_b, types = self.model.mu_b, np.arange(1, self.model.largest + 1)
        passed = [_counted(down[rows]) for down in self._down]
        q = np.full(len(types), 1e-300)  # chance that contagion from a bank of degree k, entered by an asset, ends
        for _ in range(10_000):
            following = np.array([_mean_power(*each, q) for each in passed]) ** (types - 1)
            done = np.abs(following - q).max() < 1e-9
            q = following
            if done:
                break
        first = np.arange(int(poisson.isf(1e-6, mu_b)) + 1)
        ends = np.ones(len(first))
        for k in first[1:]:
            down = self._down[k - 1] if k <= len(self._down) else self.brought_down(int(k))
            ends[k] = _mean_power(*_counted(down[rows]), q) ** int(k)
        return 1.0 - float(poisson.pmf(first, mu_b) @ ends)


def _counted(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Different rows, and how often each is there; told apart by one sum with random weights each."""
    weights = np.random.default_rng(SEED).random(rows.shape[1])
    _, first, counts = np.unique(rows @ weights, return_index=True, return_counts=True)
    return rows[first], counts


def _mean_power(rows: NDArray[np.int64], counts: NDArray[np.intp], q: Floats) -> float:
    return float(counts @ np.exp(rows @ np.log(q)) / counts.sum())


@cache
def boundaries(model: Caccioli, samples: int) -> tuple[float, float] | None:
    """Mean degrees between which the largest eigenvalue passes 1, by interpolation; None where it never does.

    Parameters
    ----------
    model : Caccioli
        Its `mu_b` does not matter.
    samples : int
        As in `Branching`.
    """
    grown = np.array([Branching(replace(model, mu_b=float(mu)), samples).eigenvalue[0] for mu in GRID])
    above = np.flatnonzero(grown > 1.0)
    if len(above) == 0:
        return None
    first, last = int(above[0]), int(above[-1])
    if first == 0 or last == len(GRID) - 1:
        raise RuntimeError(f"the boundary at leverage {model.leverage} lies outside mean degrees of {GRID}")
    height = np.log(np.maximum(grown, 1e-9))
    ends = [float(GRID[a] - height[a] * (GRID[b] - GRID[a]) / (height[b] - height[a])) for a, b in (
        (first - 1, first), (last, last + 1))]  # fmt: skip
    return ends[0], ends[1]


def critical_leverage(samples: int) -> float:
    """Leverage below which no mean degree lets contagion spread, with as many assets as banks."""
    low, high = 2.0, 20.0
    while high - low > 0.01:
        middle = (low + high) / 2
        grown = max(Branching(Caccioli(mu, middle), samples).eigenvalue[0] for mu in (1.4, 1.6, 1.8, 2.0, 2.2))
        low, high = (low, middle) if grown > 1.0 else (middle, high)
    return (low + high) / 2


def ring_threshold() -> Fraction:
    """Leverage at which a ring falls: two assets a bank, two banks an asset, half of an asset sold.

    A bank loses ``(1 - exp(-alpha / 2)) / 2`` of what it holds, with ``exp(-alpha) = (9 / 10)**10``.
    """
    return 2 / (1 - Fraction(9, 10) ** 5)


def ring_defaults(leverage: float, n: int = 12) -> int:
    """Banks that fail on a ring of n after one of them did; bank i holds assets i and i + 1, half each."""
    held = 0.5 * (np.eye(n) + np.roll(np.eye(n), 1, axis=1))
    debt = np.full(n, 1.0 - 1.0 / leverage)
    debt[0] = 2.0
    return int(fire_sales(held, np.zeros(n), debt, impact=ALPHA).defaulted.sum())


def exact_rows() -> list[Row]:
    """What can be said without drawing anything."""
    star = np.ones((10, 1))
    fallen = []
    for leverage in (10.0, 10.001):
        debt = np.full(10, 1.0 - 1.0 / leverage)
        debt[0] = 2.0
        fallen.append(int(fire_sales(star, np.zeros(10), debt, impact=ALPHA).defaulted.sum()))
    edge = ring_threshold()
    ring = ring_defaults(float(edge) * (1 - 1e-9)), ring_defaults(float(edge) * (1 + 1e-9))
    return [
        Row(
            "Market impact α at which a tenth of an asset sold costs a tenth of its price",
            "1.0536 (closed form of the paper, -10 log .9)",
            ALPHA,
            EXACT,
            abs(ALPHA - 1.0536) < 5e-5,
            origin=CLOSED_FORM,
        ),
        Row(
            "Ten banks with one asset, one fails: failures at a leverage of 10 (a tie: a tenth lost on a tenth of "
            "equity) and of 10.001",
            "1, 10 (own closed form)",
            tuple(fallen),
            EXACT,
            fallen == [1, 10],
            origin=OWN_CHECK,
        ),
        Row(
            f"Ring of 12 with two assets a bank and two banks an asset: it falls beyond a leverage of {edge}; "
            "failures a billionth below and above",
            "1, 12 (own closed form)",
            ring,
            EXACT,
            ring == (1, 12),
            origin=OWN_CHECK,
        ),
    ]


def frequency_row(model: Caccioli, ours: Estimate, samples: int) -> Row:
    """The simulated frequency against the branching process."""
    closed, error = Branching(model, samples).frequency
    return Row(
        f"Frequency of contagion at μ_b = {model.mu_b:g}, λ = {model.leverage:g}, N = {model.N:,}, M = {model.M:,} "
        f"({ours.draws:,} networks)",
        f"{closed:.3f} ± {error:.3f} (own run of the branching process, infinite system)",
        ours.frequency,
        ours.interval,
        agrees(ours.frequency, ours.error, closed, error),
        f"{ours.frequency - closed:+.3f}: sampling, of both",
        origin=OWN_CHECK,
    )


def run(bench: Bench) -> Outcome:
    """Exact cases, the boundary and the frequency of the branching process against simulation, and curves."""
    samples, axis = (100, AXIS[2::3]) if bench.quick else (SAMPLES, AXIS)
    points = [
        Caccioli(2.0, N=4000, M=4000),
        Caccioli(6.0, N=4000, M=4000),
        Caccioli(2.0, leverage=10.0, N=4000, M=4000),
        Caccioli(3.0, N=2000, M=1000),
        Caccioli(6.0, N=1000, M=2000),
    ]
    sizes = [Caccioli(BEYOND, N=n, M=n) for n in (1000, 4000, 16_000)]
    curve = [Caccioli(mu, leverage) for leverage in LEVERAGES for mu in axis]
    calm = [Caccioli(mu, leverage=CALM) for mu in (1.5, 2.0, 3.0)]
    wanted = dict.fromkeys(curve, bench.draws(CURVE_DRAWS)) | dict.fromkeys(calm, bench.draws(DRAWS))
    wanted |= dict.fromkeys(points, bench.draws(DRAWS))
    wanted |= {model: bench.draws(draws) for model, draws in zip(sizes, (1000, 400, 100), strict=True)}
    found = simulate(bench, wanted)
    rows = exact_rows() + bench.map(lambda model: frequency_row(model, found[model], samples), points)

    [critical] = bench.map(critical_leverage, [samples])
    low, high = bench.map(lambda leverage: boundaries(Caccioli(1.0, leverage), samples), LEVERAGES)
    assert low is not None
    assert high is not None
    quiet = sum(found[model].breakouts for model in calm)
    draws = sum(found[model].draws for model in calm)
    rows += [
        Row(
            f"There is a critical leverage below which the network is always stable: that of N = M, and contagions at "
            f"λ = {CALM:g} ({draws:,} networks, μ_b = 1.5, 2, 3)",
            "there is one (the paper, abstract; no number in what we could read)",
            (round(critical, 2), quiet),
            wilson(quiet, draws),
            CALM < critical < LEVERAGES[0] and quiet == 0,
            "the interval is that of the frequency below the critical leverage",
            origin=PAPER,
        ),
        Row(
            "Above it, the unstable region grows with leverage: mean degrees with an eigenvalue above 1 at λ = 10, 20",
            "grows (the paper, abstract)",
            tuple(round(end, 2) for end in (*low, *high)),
            EXACT,
            high[0] <= low[0] and high[1] > low[1],
            f"own eigenvalue; sampling error of it about 1 % ({BATCHES * samples:,} neighbourhoods)",
            origin=PAPER,
        ),
        boundary_row(found, axis, high[1]),
        size_row([found[model] for model in sizes], high[1]),
        Row(
            f"Robust yet fragile: frequency and extent at μ_b = {BEYOND:g}, λ = 20, N = 1,000",
            "rare, and nearly all banks when it comes (the paper, abstract)",
            (round(found[sizes[0]].frequency, 3), round(found[sizes[0]].extent, 4)),
            found[sizes[0]].interval,
            found[sizes[0]].frequency < 0.25 and found[sizes[0]].extent > 0.99,
            origin=PAPER,
        ),
        crowding_row(samples),
    ]
    return Outcome(rows, *draw(found, axis, samples, LEVERAGES if bench.quick else EDGE))


def boundary_row(found: dict[Caccioli, Estimate], axis: Sequence[float], edge: float) -> Row:
    """Where the simulated contagion vanishes, against the eigenvalue."""
    seen = [mu for mu in axis if found[Caccioli(mu)].frequency >= VANISHED]
    return Row(
        f"Contagion vanishes where the largest eigenvalue is 1 (λ = 20): mean degrees {axis[1] - axis[0]:g} apart at "
        f"which more than {VANISHED:.0%} of networks break out, N = 1,000",
        f"up to {edge:.2f} (own eigenvalue, infinite system)",
        f"{seen[0]:g} to {seen[-1]:g}",
        SHAPE,
        abs(seen[-1] - edge) <= 1.5 and seen[0] <= 1.5,
        f"{seen[-1] - edge:+.2f}: small systems break out beyond the line too, where early failures meet by chance; "
        "the next row follows this with size",
        origin=OWN_CHECK,
    )


def size_row(ours: list[Estimate], edge: float) -> Row:
    """Just beyond the boundary, contagion dies out as the system grows."""
    shares = tuple(round(each.frequency, 4) for each in ours)
    falls = ours[0].frequency - ours[-1].frequency
    joint = (ours[0].error ** 2 + ours[-1].error ** 2) ** 0.5
    return Row(
        f"Beyond the line (μ_b = {BEYOND:g}, line at {edge:.2f}), contagion dies out with size: N = 1,000, 4,000, "
        f"16,000 ({', '.join(f'{each.draws:,}' for each in ours)} networks)",
        "falling to 0 (own branching process)",
        shares,
        ours[-1].interval,
        edge < BEYOND and falls > -SIGMAS * joint and ours[-1].frequency < 0.5,
        "finite-size effect; the interval is that of the largest",
        origin=OWN_CHECK,
    )


def crowding_row(samples: int) -> Row:
    """The upper end of the window by banks per asset."""
    ends = [boundaries(Caccioli(1.0, N=n, M=m), samples) for n, m in ((1000, 2000), (1000, 1000), (2000, 1000))]
    uppers = tuple(round(end[1], 2) for end in ends if end is not None)
    return Row(
        "Crowding: upper end of the window at λ = 20 with 1/2, 1 and 2 banks an asset",
        "no number to compare with (own eigenvalue)",
        uppers,
        SHAPE,
        len(uppers) == 3 and uppers[0] > uppers[1] > uppers[2],
        "the more banks hold an asset, the smaller the part of it that one of them sells",
        origin=OWN_CHECK,
    )


def draw(
    found: dict[Caccioli, Estimate], axis: Sequence[float], samples: int, leverages: Sequence[float]
) -> tuple[Figure, dict[str, list[float]]]:
    """Frequency against mean degree, and the unstable region in mean degree and leverage."""
    figure, (left, right) = panels(2)
    curves: dict[str, list[float]] = {"mu_b": list(axis)}
    for leverage, colour in zip(LEVERAGES, (ORANGE, BLUE), strict=True):
        line = [found[Caccioli(mu, leverage)] for mu in axis]
        name = f"frequency, leverage {leverage:g}"
        curves[name] = [each.frequency for each in line]
        low, high = np.transpose([each.interval for each in line])
        left.fill_between(axis, low, high, color=colour, alpha=0.25, lw=0)
        left.plot(axis, curves[name], "o-", ms=3, color=colour, label=f"λ = {leverage:g}, N = M = 1,000")
        ends = boundaries(Caccioli(1.0, leverage), samples)
        for end in ends or ():
            left.axvline(end, color=colour, ls=":")
    left.set(xlabel="mean number of assets a bank, μ_b", ylabel="frequency of contagion", ylim=(-0.02, 1.05),
             title="dotted: largest eigenvalue 1")  # fmt: skip
    left.legend(frameon=False)
    shape = [(leverage, boundaries(Caccioli(1.0, leverage), samples)) for leverage in leverages]
    unstable = [(leverage, *ends) for leverage, ends in shape if ends is not None]
    heights, lows, highs = (list(part) for part in zip(*unstable, strict=True))
    curves |= {"leverage": heights, "lower end": lows, "upper end": highs}
    right.fill_betweenx(heights, lows, highs, color=RED, alpha=0.2, lw=0, label="eigenvalue above 1")
    right.plot([*lows[::-1], *highs], [*heights[::-1], *heights], color=RED)
    for leverage in LEVERAGES:
        for mu in axis:
            broke = found[Caccioli(mu, leverage)].frequency >= VANISHED
            right.plot(mu, leverage, "o" if broke else "x", color=GREEN if broke else GREY, ms=4)
    right.set(xlabel="mean number of assets a bank, μ_b", ylabel="leverage λ",
              title=f"dots: more than {VANISHED:.0%} of simulated networks break out")  # fmt: skip
    right.legend(frameon=False)
    return figure, curves


STUDY = Study(
    name="caccioli-2014",
    title="Stability analysis of financial contagion due to overlapping portfolios",
    source="Caccioli, Shrestha, Moore and Farmer 2014, Journal of Banking and Finance 46, 233-245",
    question="Banks that owe one another nothing bring each other down by what they sell; with little diversification "
    "nobody meets, with much of it nobody loses enough, and in between one failure can take all.",
    setup=(
        Symbol("N, M", "banks, assets", "1,000 to 16,000; ratios of 1/2, 1 and 2"),
        Symbol("μ_b", "mean number of assets a bank holds, each with the same probability", "0.5 to 12"),
        Symbol("λ", "assets with price risk over equity, of every bank", "10 and 20"),
        Symbol("α", "a share x of an asset sold leaves exp(-αx) of its price", "1.0536"),
        Symbol("first failure", "one random bank sells all it holds", "-"),
        Symbol("contagion", "more than 5 % of banks fail", "-"),
    ),
    missing=(
        "We have read the abstract and what others say of the paper; its figures print no numbers. What is compared "
        "with its abstract says so; the rest is our branching process against our simulation.",
        "Leverage is assets with price risk over equity; cash does not matter for banks that only sell when they fail.",
        "The branching process takes all that happens within one asset in full; that of the paper treats banks and "
        "assets of given degrees step by step.",
        "A bank at exactly zero equity stands.",
    ),
    seconds=30,
    run=run,
)
