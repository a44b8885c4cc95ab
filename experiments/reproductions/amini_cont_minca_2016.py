"""Amini, Cont and Minca 2016: when a large network resists the default of a few, and how many default in the end.

The analytic answers are those of `abm.contagion.resilience`; networks with the same degrees are drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
import scipy.sparse as sp
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import poisson

from abm.contagion import Resilience, furfine, needs, resilience, spread
from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, GREY, ORANGE, RED, panels
from experiments.reproductions.gai_kapadia_2010 import GaiKapadia
from experiments.reproductions.intervals import agrees, around, mean_and_error
from experiments.reproductions.poisson_window import window
from experiments.reproductions.study import (
    CLOSED_FORM,
    EXACT,
    OWN_CHECK,
    PAPER,
    Bench,
    Outcome,
    Row,
    Study,
    Symbol,
)

SEED = 2016
SIZES, COUNTS = (2, 4, 8, 16, 32), (16, 8, 4, 2, 1)
"""Debtors (and creditors) of a bank, and how many of 31 have so many: half as many for twice the links."""
WEAK, STRONG = Fraction(1, 10), Fraction(3, 5)
"""Capital over interbank assets of the two kinds of banks."""
CELLS = sum(COUNTS) ** 2
COPIES, DRAWS, LARGE = 10, 60, 40
GROWTH, GROWTH_DRAWS = (1, 4, 16, 64), 100
FIRST, FEW, NONE = 0.01, 0.001, 1e-9
"""Shares of the banks that default first: on the curves, close to none, and in the limit."""
W_AXIS = tuple(k / 20 for k in range(17))
SIDES, NEAR, FAR = (0.1, 0.2, 0.35), 0.35, 0.5
"""Shares of weak banks: where simulation is held against the limit, just past the boundary, and well past it."""
LARGEST, UNEQUAL_CAPITAL, UNEQUAL_SAFE = 0.5, 0.45, 0.75
"""Share of a bank's interbank assets that one debtor owes, and capital over interbank assets of weak and strong."""
UNEQUAL_SIDES = (0.3, 0.9)
KINDS = {False: "debtors and creditors independent", True: "as many creditors as debtors"}
MOST_LEFT = 20
"""Banks that may survive a total cascade by chance: one that lends to itself, or two to one another."""

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Banks:
    """Banks by type.

    Parameters
    ----------
    debtors, creditors, need : (types,) int64
        As in `abm.contagion.resilience`.
    count : (types,) int64
        Banks of each type.
    """

    debtors: Whole
    creditors: Whole
    need: Whole
    count: Whole

    @property
    def n(self) -> int:
        """Banks in all."""
        return int(self.count.sum())

    def limit(self, first: float) -> Resilience:
        """The answer for a large network of these types."""
        return resilience(self.debtors, self.creditors, self.need, weights=self.count, first=first)


def banks(weak: float | Fraction, equal: bool = False, copies: int = COPIES) -> Banks:
    """Banks of all sizes, a share of them with little capital.

    Parameters
    ----------
    weak : float or Fraction
        Share of each kind of bank with capital `WEAK`, rounded to whole banks; the others have `STRONG`.
    equal : bool
        Whether a bank has as many creditors as debtors; else the two are independent.
    copies : int
        Times that the smallest network of these shares, of 961 banks, is taken.

    Raises
    ------
    BadInput
        If the share is not between 0 and 1, or there is no copy.
    """
    if not 0 <= weak <= 1 or copies < 1:
        raise BadInput(f"need 0 <= weak <= 1 and copies >= 1, got {weak} and {copies}")
    total = sum(COUNTS)
    if equal:
        cells = [(j, j, total * count * copies) for j, count in zip(SIZES, COUNTS, strict=True)]
    else:
        sizes = list(zip(SIZES, COUNTS, strict=True))
        cells = [(j, k, a * b * copies) for (j, a), (k, b) in product(sizes, sizes)]
    j, k, count = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    poor = np.rint(count * float(weak)).astype(np.int64)
    split = [needed(j, ratio) for ratio in (WEAK, STRONG)]
    return Banks(np.tile(j, 2), np.tile(k, 2), np.concatenate(split), np.concatenate([poor, count - poor]))


def needed(debtors: Whole, ratio: Fraction) -> Whole:
    """Defaults that use up a capital of `ratio` of interbank assets, which are even over the debtors."""
    need = np.zeros(len(debtors), np.int64)
    needs(debtors, ratio.numerator, ratio.denominator, True, need)
    return need


def boundary(equal: bool) -> Fraction:
    """Share of weak banks at which `sum mu j k / lambda p(j, k, 1) = 1`: no strong bank falls with one default."""
    total, top = sum(COUNTS), 1 / WEAK
    of = [(Fraction(count, total), j) for j, count in zip(SIZES, COUNTS, strict=True)]
    mean = sum((part * j for part, j in of), Fraction(0))
    return 1 / sum((part * j * (j / mean if equal else 1) for part, j in of if j < top), Fraction(0))


def lenders(of: Banks, rng: np.random.Generator) -> tuple[Whole, Whole]:
    """Draw who lends to whom: ends of links are matched at random (configuration model, loops and repeats allowed).

    Returns
    -------
    tuple of int64 arrays
        `target[start[i] : start[i + 1]]` are the creditors of bank i; banks stand type after type.
    """
    creditors = np.repeat(of.creditors, of.count)
    start = np.concatenate([[0], np.cumsum(creditors)])
    ends = np.repeat(np.arange(of.n), np.repeat(of.debtors, of.count))
    return start, rng.permutation(ends)


def fallen(of: Banks, first: float, draws: int, seed: int | tuple[int, ...]) -> NDArray[np.float64]:
    """Final fraction of defaults on random networks, each with its own first defaults.

    Parameters
    ----------
    of : Banks
    first : float
        Share of the banks that defaults first, rounded to whole banks.
    draws : int
        Networks.
    seed : int or tuple of int
        Of the generator.

    Returns
    -------
    ndarray (draws,)
    """
    rng, n = np.random.default_rng(seed), of.n
    need = np.repeat(of.need, of.count)
    struck = round(first * n)
    hits, fell, queue = (np.zeros(n, np.int64) for _ in range(3))
    shares = np.empty(draws)
    for draw in range(draws):
        start, target = lenders(of, rng)
        begin = rng.permutation(n)[:struck]
        shares[draw] = spread(start, target, need, begin, struck, hits, fell, queue) / n
    return shares


def unequal(weak: float) -> Banks:
    """Types of banks that lend `LARGEST` to one debtor and the rest evenly: what brings them down depends on order.

    A bank that the largest loss alone brings down falls with it, or with the m-th of the others. In a random order
    of its j debtors the largest comes at each place alike: need 1 to m - 1 with chance 1 / j each, else m.
    """
    base = banks(weak)
    rows: list[tuple[int, int, int, float]] = []
    half = len(base.count) // 2
    for place, (j, k, count) in enumerate(zip(base.debtors, base.creditors, base.count, strict=True)):
        capital = UNEQUAL_CAPITAL if place < half else UNEQUAL_SAFE
        for m, chance in enumerate(order_needs(int(j), capital)):
            rows.append((int(j), int(k), m, float(count) * chance))
    j, k, need, mass = (np.array(column) for column in zip(*rows, strict=True))
    return Banks(j, k, need, mass)


def order_needs(j: int, capital: float) -> list[float]:
    """Chance that the m-th default of j debtors, in random order, uses up the capital; the last is "never"."""
    small = (1 - LARGEST) / (j - 1)
    alone = int(capital // small) + 1  # small losses that use up the capital
    after = max(int((capital - LARGEST) // small) + 1, 0) if capital >= LARGEST else 0  # small ones beside the large
    chances = [0.0] * (j + 2)
    for place in range(1, j + 1):  # where the largest stands in the order
        by_small = alone if alone < place else j + 1
        by_large = max(place, after + 1)
        chances[min(by_small, by_large, j + 1)] += 1 / j
    return chances


def fallen_unequal(weak: float, first: float, draws: int, seed: int | tuple[int, ...], copies: int) -> list[float]:
    """Final fraction of defaults with unequal exposures, by `abm.contagion.furfine` on amounts."""
    of, rng = banks(weak, copies=copies), np.random.default_rng(seed)
    half = len(of.count) // 2
    debtors = np.repeat(of.debtors, of.count)
    capital = np.repeat(np.where(np.arange(len(of.count)) < half, UNEQUAL_CAPITAL, UNEQUAL_SAFE), of.count)
    stub_of = np.repeat(np.arange(of.n), debtors)
    amount = np.repeat((1 - LARGEST) / (debtors - 1), debtors)
    amount[np.cumsum(debtors) - debtors] = LARGEST
    owes = np.repeat(np.arange(of.n), np.repeat(of.creditors, of.count))
    shares = []
    for _ in range(draws):
        debtor = rng.permutation(owes)
        real = debtor != stub_of  # a loan to oneself is none
        claims = sp.csr_array((amount[real], (stub_of[real], debtor[real])), shape=(of.n, of.n))
        shares.append(float(furfine(claims, capital, rng.permutation(of.n)[: round(first * of.n)]).fallen.mean()))
    return shares


def run(bench: Bench) -> Outcome:
    """The condition, the final fraction on both sides of it, the effect of size, and unequal exposures."""
    draws, growth_draws = bench.draws(DRAWS), bench.draws(GROWTH_DRAWS)
    curve = [(w, equal, COPIES, FIRST, draws) for equal in KINDS for w in W_AXIS]
    growth = [(w, False, copies, FIRST, growth_draws) for w in (NEAR, FAR) for copies in GROWTH]
    few = [(w, False, LARGE, FEW, growth_draws) for w in (SIDES[1], NEAR)]
    sides = [(w, equal, LARGE, FIRST, growth_draws) for equal in KINDS for w in SIDES]
    tasks = list(dict.fromkeys([*curve, *growth, *few, *sides]))

    def simulate(task: tuple[float, bool, int, float, int]) -> NDArray[np.float64]:
        w, equal, copies, first, count = task
        seed = (SEED, round(1000 * w), int(equal), copies, round(1e6 * first))
        return fallen(banks(w, equal, copies), first, count, seed)

    found = dict(zip(tasks, bench.map(simulate, tasks), strict=True))
    uneven = bench.map(
        lambda w: fallen_unequal(w, FIRST, draws, (SEED, round(1000 * w)), GROWTH[1]), UNEQUAL_SIDES
    )
    rows = [
        *(boundary_row(equal) for equal in KINDS),
        poisson_row(),
        criterion_row(),
        *(
            fraction_row(f"{KINDS[equal]}, {w:.0%} weak", banks(w, equal, LARGE), found[task].tolist())
            for task in sides
            for w, equal in [task[:2]]
        ),
        amplification_row(found[few[0]]),
        remaining_row(found[few[1]]),
        size_row([found[task] for task in growth[: len(GROWTH)]]),
        survivors_row([found[task] for task in growth[len(GROWTH) :]]),
        *(
            fraction_row(f"unequal exposures, {w:.0%} weak", unequal(w), shares, " by amounts")
            for w, shares in zip(UNEQUAL_SIDES, uneven, strict=True)
        ),
    ]
    return Outcome(rows, *draw({task: found[task] for task in curve}, [found[task] for task in growth[: len(GROWTH)]]))


def boundary_row(equal: bool) -> Row:
    """Where the sum over contagious links is 1, as a fraction; it is linear in the share of weak banks."""
    edge = boundary(equal)
    ours = banks(1, equal).limit(0.0).contagious * float(edge)
    safe = banks(0, equal).limit(0.0).contagious
    return Row(
        f"Share of weak banks at which Σ μ(j, k) j k / λ p(j, k, 1) = 1, {KINDS[equal]}: the sum there",
        f"1 at {edge}",
        round(ours, 12),
        EXACT,
        abs(ours - 1) < 1e-12 and safe == 0.0,
        "none: in fractions by hand, in floats by the library",
        origin=CLOSED_FORM,
    )


def poisson_banks(model: GaiKapadia) -> tuple[Whole, Whole, Whole, NDArray[np.float64]]:
    """Degrees, needs and weights of Gai and Kapadia's infinite network, up to 60 links a bank."""
    j, k = (grid.ravel() for grid in np.meshgrid(np.arange(61), np.arange(61)))
    need = np.array([model.need(int(links)) for links in j])
    return j, k, need, poisson.pmf(j, model.z) * poisson.pmf(k, model.z)


def poisson_row() -> Row:
    """The condition on Poisson degrees is the window of Gai and Kapadia."""
    ends = window(4)
    assert ends is not None
    sums = []
    for z in ends:
        j, k, need, weights = poisson_banks(GaiKapadia(z))
        sums.append(resilience(j, k, need, weights=weights).contagious)
    return Row(
        "Poisson degrees, 4 % capital, 20 % interbank assets: the sum at the ends of Gai and Kapadia's window",
        "1, 1",
        tuple(round(total, 9) for total in sums),
        EXACT,
        max(abs(total - 1) for total in sums) < 1e-9,
        f"none: the condition becomes z P(Poisson(z) ≤ 3) = 1, at z = {ends[0]:.4f} and {ends[1]:.4f}",
        origin=f"{CLOSED_FORM}: Gai and Kapadia 2010",
    )


def criterion_row() -> Row:
    """Whether a share remains that defaults when next to no one defaults first: exactly where the sum is above 1."""
    limits = [banks(w, equal).limit(NONE) for equal in KINDS for w in W_AXIS]
    right = sum((limit.fallen > 1e-3) != limit.resilient for limit in limits)
    return Row(
        f"Resilient if the sum is below 1, else a positive share defaults however few begin: {len(limits)} networks, "
        f"a share of {NONE:g} first",
        f"all of {len(limits)}",
        f"{right} of {len(limits)}",
        EXACT,
        right == len(limits),
        origin=PAPER,
    )


def fraction_row(what: str, of: Banks, shares: Sequence[float], how: str = "") -> Row:
    """The final fraction: simulated mean against the limit."""
    limit = of.limit(FIRST)
    mean, error = mean_and_error(shares)
    gap, total = abs(mean - limit.fallen), limit.fallen > 0.999
    return Row(
        f"Final fraction of defaults, {FIRST:.0%} first, {what} (sum over contagious links {limit.contagious:.3f}): "
        f"{len(shares)} networks{how}",
        f"{limit.fallen:.4f}",
        mean,
        around(mean, error),
        agrees(mean, error, limit.fallen) or (total and gap * of.n < MOST_LEFT),
        f"{mean - limit.fallen:+.4f}: sampling and finite size"
        + (f"; where all default in the limit, up to {MOST_LEFT} banks may escape" if total else ""),
        origin=CLOSED_FORM,
    )


def amplification_row(shares: NDArray[np.float64]) -> Row:
    """Defaults in all for each first one, when few default first: `1 + sum mu j p(j, k, 1) / (1 - R)`.

    The first order of the fixed point in the share that defaults first: each of them reaches as many contagious
    links as it has creditors, and each of these R more.
    """
    of = banks(SIDES[1])
    limit = of.limit(NONE)
    begun = float((of.count * of.debtors)[of.need == 1].sum()) / of.n
    formula = 1 + begun / (1 - limit.contagious)
    mean, error = mean_and_error((shares / FEW).tolist())
    return Row(
        f"Defaults for each first default, few first, {SIDES[1]:.0%} weak: 1 + Σ μ j p(j, k, 1) / (1 - sum), and "
        f"simulated with {FEW:.1%} first",
        f"{formula:.4f}",
        (round(limit.fallen / NONE, 4), round(mean, 3)),
        around(mean, error),
        abs(limit.fallen / NONE - formula) < 1e-4 and agrees(mean, error, of.limit(FEW).fallen / FEW),
        f"with {FEW:.1%} first the limit is {of.limit(FEW).fallen / FEW:.3f}; the rest is sampling",
        origin=OWN_CHECK,
    )


def remaining_row(shares: NDArray[np.float64]) -> Row:
    """Just past the boundary a tenth of the first defaults leaves much the same final fraction."""
    of = banks(NEAR)
    low, few = of.limit(NONE).fallen, banks(NEAR, copies=LARGE).limit(FEW).fallen
    mean, error = mean_and_error(shares.tolist())
    return Row(
        f"Just past the boundary, {NEAR:.0%} weak: final fraction with {FEW:.1%} first; with next to none it is "
        f"{low:.4f}",
        f"{few:.4f}",
        mean,
        around(mean, error),
        agrees(mean, error, few) and low > 0.2,
        f"{mean - few:+.4f}: sampling and finite size",
        origin=CLOSED_FORM,
    )


def size_row(by_size: Sequence[NDArray[np.float64]]) -> Row:
    """The larger the network, the less the final fraction varies, and the closer it is to the limit."""
    spreads = [float(shares.std(ddof=1)) for shares in by_size]
    mean, error = mean_and_error(by_size[-1].tolist())
    limit = banks(NEAR, copies=GROWTH[-1]).limit(FIRST).fallen
    return Row(
        f"Near the boundary, {NEAR:.0%} weak: standard deviation of the final fraction in networks of "
        f"{', '.join(f'{CELLS * copies:,}' for copies in GROWTH)} banks",
        "falling to 0",
        tuple(round(spread, 4) for spread in spreads),
        around(mean, error),
        spreads[0] > spreads[1] > spreads[2] > spreads[3] and agrees(mean, error, limit),
        f"about as 1 / √n; the interval is that of the mean in the largest, whose limit is {limit:.4f}; in the "
        "smallest some networks fall wholly",
        origin=PAPER,
    )


def survivors_row(by_size: Sequence[NDArray[np.float64]]) -> Row:
    """Well past the boundary the limit is that all default; a few banks escape, however large the network."""
    left = [float((1 - shares.mean()) * CELLS * copies) for shares, copies in zip(by_size, GROWTH, strict=True)]
    limit = banks(FAR).limit(FIRST).fallen
    return Row(
        f"Well past it, {FAR:.0%} weak, all default in the limit: mean number of survivors in networks of "
        f"{', '.join(f'{CELLS * copies:,}' for copies in GROWTH[1:])} banks",
        "share falling to 0",
        tuple(round(count, 2) for count in left[1:]),
        EXACT,
        1 - limit < 1e-9 and max(left[1:]) < MOST_LEFT,
        "finite size: a bank that lends to itself, or two strong ones to one another, escape; their number does not "
        "grow",
        origin=PAPER,
    )


def draw(
    found: dict[tuple[float, bool, int, float, int], NDArray[np.float64]], by_size: Sequence[NDArray[np.float64]]
) -> tuple[Figure, dict[str, list[float]]]:
    """Final fraction against the share of weak banks, and against the size of the network."""
    figure, (left, right) = panels(2)
    fine = [k / 100 for k in range(81)]
    curves: dict[str, list[float]] = {"weak": list(W_AXIS), "weak, fine": fine}
    for (equal, name), colour in zip(KINDS.items(), (BLUE, ORANGE), strict=True):
        for first, style in ((FIRST, "-"), (NONE, ":")):
            line = [banks(w, equal, 1000).limit(first).fallen for w in fine]
            curves[f"fraction, {name}, first {first:g}, limit"] = line
            left.plot(fine, line, style, color=colour, lw=1)
        means = [
            mean_and_error(shares.tolist())
            for (_, kind, _, _, _), shares in found.items()
            if kind == equal
        ]
        curves[f"fraction, {name}, simulated"] = [mean for mean, _ in means]
        halves = [around(mean, error)[1] - mean for mean, error in means]
        left.errorbar(W_AXIS, [mean for mean, _ in means], halves, fmt="o", ms=3, color=colour, label=name)
        left.axvline(float(boundary(equal)), color=colour, lw=0.8, ls="--")
    left.set(
        xlabel="share of weak banks",
        ylabel="final fraction of defaults",
        title=f"lines: limit, {FIRST:.0%} first (dotted: next to none); dots: {CELLS * COPIES:,} banks",
    )
    left.legend(frameon=False, fontsize=8)
    sizes = [CELLS * copies for copies in GROWTH]
    limit = banks(NEAR, copies=GROWTH[-1]).limit(FIRST).fallen
    curves["banks"], curves["mean by size"] = [float(n) for n in sizes], [float(s.mean()) for s in by_size]
    curves["standard deviation by size"] = [float(s.std(ddof=1)) for s in by_size]
    right.errorbar(sizes, curves["mean by size"], curves["standard deviation by size"], fmt="s", ms=4, color=RED)
    right.axhline(limit, color=GREY, ls=":", label="limit")
    right.set(
        xscale="log",
        xlabel="banks",
        ylabel="final fraction, mean and standard deviation",
        title=f"{NEAR:.0%} weak, {KINDS[False]}",
    )
    right.legend(frameon=False)
    return figure, curves


STUDY = Study(
    name="amini-cont-minca-2016",
    title="Resilience to contagion in financial networks",
    source="Amini, Cont and Minca 2016, Mathematical Finance 26(2), 329-365",
    question="Of a large network only the degrees and the buffers are known. One number, the contagious links that a "
    "contagious link leads to, says whether the default of a few stays small; a fixed point says how many default.",
    setup=(
        Symbol("μ(j, k)", "share of banks with j debtors and k creditors", f"j and k of {', '.join(map(str, SIZES))}"),
        Symbol("f(j)", "share of banks with j debtors", f"{', '.join(map(str, COUNTS))} of {sum(COUNTS)}"),
        Symbol("λ", "mean degree", "160/31"),
        Symbol(
            "p(j, k, m)",
            "share of banks of these degrees that the m-th default of a debtor brings down",
            f"even exposures; capital {WEAK} of interbank assets in weak banks, {STRONG} in strong ones",
        ),
        Symbol("ε", "share of banks that defaults first, drawn evenly", f"{FIRST:.0%} and {FEW:.1%}"),
        Symbol("n", "banks", f"{CELLS:,} to {CELLS * GROWTH[-1]:,}"),
        Symbol("recovery", "on claims against a bank in default", "0"),
        Symbol(
            "unequal exposures",
            f"one debtor owes {LARGEST:.0%}, the others the rest evenly",
            f"capital {UNEQUAL_CAPITAL:.0%} and {UNEQUAL_SAFE:.0%} of interbank assets",
        ),
    ),
    missing=(
        "The paper's own pages could not be opened where this was written: the condition and the fixed point are "
        "stated as they are known, and its networks after Brazilian data cannot be had. Degrees and buffers are ours; "
        "simulation is of networks with exactly these degrees.",
        "Links are matched at random, with loops and repeats (configuration model); a loan to oneself is dropped where "
        "amounts are cleared.",
        "A bank that loses exactly its capital stands.",
        f"Close to a jump of the limit networks of {CELLS * COPIES:,} banks lie below it (figure, left): no statement "
        "is made there.",
        f"Random numbers: seed {SEED}, {DRAWS} networks a point, {GROWTH_DRAWS} where a limit is tested.",
    ),
    seconds=10,
    run=run,
)
