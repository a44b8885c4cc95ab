"""Elliott, Golub and Jackson 2014, random networks: failures against diversification and against integration."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.reproductions.elliott_golub_jackson_2014 import Floats, N, chances, held_evenly, valuation, waves
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, panels
from experiments.reproductions.intervals import SIGMAS, around, mean_and_error
from experiments.reproductions.study import EXACT, OWN_CHECK, PAPER, SHAPE, Bench, Outcome, Row, Study, Symbol

DRAWS, INTEGRATION, DIVERSIFICATION, FAILING = 1000, 0.5, 3.0, 0.93
D_AXIS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0)
C_AXIS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
THETAS = {0.8: GREEN, 0.85: PURPLE, 0.9: ORANGE, 0.93: BLUE, 0.96: RED, 0.98: GREY}
"""Thresholds of the curves, as shares of the value before the shock, and their colours."""


def shares_failing(
    n: int, points: Sequence[tuple[float, float]], thetas: Sequence[float], seeds: Sequence[int]
) -> Floats:
    """Share of firms that fail when one firm's asset is lost, on random networks of the paper.

    Every firm has an asset of 1 and fails below θ of its value before the shock; its asset is then worth nothing.
    All points and thresholds share their random numbers.

    Parameters
    ----------
    n : int
        Firms, at least 2.
    points : sequence of tuple
        Integration c in [0, 1) and diversification d in [0, n - 1], as in `cross_holdings`.
    thetas : sequence of float
        Thresholds.
    seeds : sequence of int
        One for each network; seed k hits firm k modulo n.

    Returns
    -------
    ndarray (points, thetas, seeds)
    """
    shares = np.empty((len(points), len(thetas), len(seeds)))
    for column, seed in enumerate(seeds):
        chance = chances(n, seed)
        e = np.ones((n, len(thetas)))
        for row, (c, d) in enumerate(points):
            values = valuation(held_evenly(chance < d / (n - 1), c))
            e[seed % n] = 1.0
            threshold = values(e) * thetas
            e[seed % n] = 0.0
            shares[row, :, column] = waves(values, threshold, e, e)[-1].mean(axis=0)
    return shares


def run(bench: Bench) -> Outcome:
    """The share failing against diversification and against integration, at several thresholds."""
    seeds, part = range(bench.draws(DRAWS)), 20
    points = list(dict.fromkeys([(INTEGRATION, d) for d in D_AXIS] + [(c, DIVERSIFICATION) for c in C_AXIS]))
    drawn = bench.map(
        lambda first: shares_failing(N, points, list(THETAS), seeds[first : first + part]),
        range(0, len(seeds), part),
    )
    shares = dict(zip(points, np.concatenate(drawn, axis=2), strict=True))
    failing = {
        (c, d, theta): mean_and_error(shares[c, d][place].tolist())
        for c, d in points
        for place, theta in enumerate(THETAS)
    }
    by_d = [failing[INTEGRATION, d, FAILING] for d in D_AXIS]
    by_c = [failing[c, DIVERSIFICATION, FAILING] for c in C_AXIS]
    rows = [
        hump("diversification d", f"c = {INTEGRATION}", D_AXIS, by_d),
        hump("integration c", f"d = {DIVERSIFICATION:g}", C_AXIS, by_c),
        first_failure_row(shares),
        thresholds_row(failing),
    ]
    return Outcome(rows, *draw(failing))


def hump(what: str, fixed: str, axis: Sequence[float], found: Sequence[tuple[float, float]]) -> Row:
    """Whether the share failing rises and then falls along an axis, by more than sampling error.

    Parameters
    ----------
    what, fixed : str
        The axis, and what is held.
    axis : sequence of float
        Its values.
    found : sequence of tuple
        Mean share failing and its standard error at each of them.
    """
    top = max(range(len(axis)), key=lambda place: found[place][0])
    (start, e0), (peak, e1), (end, e2) = found[0], found[top], found[-1]
    rises = peak - start > SIGMAS * (e0 * e0 + e1 * e1) ** 0.5
    falls = peak - end > SIGMAS * (e1 * e1 + e2 * e2) ** 0.5
    return Row(
        f"Share failing against {what} (θ = {FAILING}, {fixed}): at {axis[0]:g}, at its top, at {axis[-1]:g}",
        "not monotone: up, then down",
        (round(start, 4), f"{peak:.4g} at {axis[top]:g}", round(end, 4)),
        around(peak, e1),
        rises and falls,
        "shape only: the paper draws curves; the interval is that of the top",
        origin=PAPER,
    )


def first_failure_row(shares: dict[tuple[float, float], Floats]) -> Row:
    """The more a firm is held by others, the less it depends on its own asset, and the rarer a first failure."""
    place = list(THETAS).index(0.8)
    frequencies = tuple(float((shares[c, DIVERSIFICATION][place] > 0).mean()) for c in C_AXIS[-4:])
    return Row(
        "Integrated firms depend less on their own asset: how often anyone fails, θ = 0.8, "
        f"d = {DIVERSIFICATION:g}, c = {', '.join(f'{c:g}' for c in C_AXIS[-4:])}",
        "falling",
        frequencies,
        SHAPE,
        all(later < earlier for earlier, later in itertools.pairwise(frequencies)),
        "shape reproduced",
        origin=PAPER,
    )


def thresholds_row(failing: dict[tuple[float, float, float], tuple[float, float]]) -> Row:
    """On the same networks, the higher the threshold, the more fail."""
    points = sorted({(c, d) for c, d, _ in failing})
    means = [[failing[c, d, theta][0] for theta in THETAS] for c, d in points]
    rising = sum(all(a <= b for a, b in itertools.pairwise(row)) for row in means)
    return Row(
        f"The higher the threshold, the more fail, at {len(points)} points of c and d",
        "at all",
        f"at {rising}",
        EXACT,
        rising == len(points),
        origin=OWN_CHECK,
    )


def draw(
    failing: dict[tuple[float, float, float], tuple[float, float]],
) -> tuple[Figure, dict[str, list[float]]]:
    """Share failing against diversification and against integration."""
    figure, (by_d, by_c) = panels(2)
    curves: dict[str, list[float]] = {"d": list(D_AXIS), "c": list(C_AXIS)}
    for axes, axis, name, points in (
        (by_d, D_AXIS, "d", [(INTEGRATION, d) for d in D_AXIS]),
        (by_c, C_AXIS, "c", [(c, DIVERSIFICATION) for c in C_AXIS]),
    ):
        for theta, colour in THETAS.items():
            found = [failing[c, d, theta] for c, d in points]
            curves[f"share failing against {name}, theta = {theta}"] = [mean for mean, _ in found]
            with_bars(axes, axis, found, f"θ = {theta}", colour)
    by_d.legend(frameon=False, fontsize=8)
    by_d.set(xlabel="expected degree d (diversification)", ylabel="% failing", title=f"c = {INTEGRATION}")
    by_c.set(xlabel="share c held by others (integration)", ylabel="% failing", title=f"d = {DIVERSIFICATION:g}")
    return figure, curves


def with_bars(
    axes: Axes, axis: Sequence[float], found: Sequence[tuple[float, float]], label: str, colour: str
) -> None:
    """Means in per cent with their intervals."""
    means = [100 * mean for mean, _ in found]
    halves = [100 * (around(mean, error)[1] - mean) for mean, error in found]
    axes.errorbar(axis, means, halves, fmt="o-", ms=3, lw=1, color=colour, label=label)


STUDY = Study(
    name="elliott-golub-jackson-2014-curves",
    title="Financial networks and contagion: diversification and integration",
    source="Elliott, Golub and Jackson 2014, American Economic Review 104(10), 3115-3153",
    question="Some diversification connects organizations, more of it insures them; some integration exposes them to "
    "each other, more of it frees them of their own asset: the extent of cascades is monotone in neither.",
    setup=(
        Symbol("n", "organizations, each with an asset of 1", str(N)),
        Symbol("c", "integration: share held by others, evenly", f"{INTEGRATION}; {C_AXIS[0]} to {C_AXIS[-1]}"),
        Symbol("d", "diversification: expected number held", f"{D_AXIS[0]} to {D_AXIS[-1]:g}; {DIVERSIFICATION:g}"),
        Symbol("θ", "share of the value before the shock below which one fails", ", ".join(map(str, THETAS))),
        Symbol("β", "assets lost by one that fails", "all of its own asset"),
    ),
    missing=(
        "The paper's own pages could not be opened where this was written: n = 100, c = .5, θ = .93 and 1,000 draws "
        "are its settings as they are known; the other thresholds and integrations are ours. It draws such curves "
        "without numbers.",
        "One organization, drawn evenly, loses its asset; one that fails loses what is left of its own. An "
        "organization that no other holds belongs to outsiders wholly.",
        "Whether one worth exactly its threshold fails: it stands here.",
        f"Random numbers: seeds 0 to {DRAWS - 1} of the Mersenne Twister, the same at every point.",
    ),
    seconds=30,
    run=run,
)
