"""Elliott, Golub and Jackson 2014 in the form of QuantEcon's Economic Networks, chapter 5.

Firms hold shares of each other; a firm whose market value falls below a threshold loses a lump of
its assets, which lowers the value of its holders: failures come in waves.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, ORANGE, panels
from experiments.reproductions.study import EXACT, LATER, Bench, Outcome, Row, Study, Symbol

N, C, D, THETA, BETA, SEED = 100, 0.72, 1.0, 0.3, 1.0, 1234
PUBLISHED = (31, 42, 49, 52, 55, 57, 59, 62, 64, 66, 69, 77, 81, 86, 93, 97, 99, 100)
BOOK = f"{LATER}: Sargent and Stachurski, Economic Networks, chapter 5"
TIE = 1e-12
"""A firm worth its threshold to within this stands: rounding must not decide a failure."""


def cross_holdings(n: int, c: float, d: float, seed: int) -> NDArray[np.float64]:
    """Random shares that firms hold in each other.

    Parameters
    ----------
    n : int
        Firms, at least 2.
    c : float
        Share of each firm held by other firms, if it has any such holder, in [0, 1).
    d : float
        Expected number of firms that a firm holds shares of, in [0, n - 1].
    seed : int
        Of NumPy's legacy Mersenne Twister, the book's generator; one uniform per ordered pair, row by row.

    Returns
    -------
    ndarray (n, n)
        `C[i, j]`, the share of firm j held by firm i.

    Raises
    ------
    BadInput
        If a parameter is outside its range.
    """
    if n < 2 or not 0 <= c < 1 or not 0 <= d <= n - 1:
        raise BadInput(f"need n >= 2, 0 <= c < 1 and 0 <= d <= n - 1, got n = {n}, c = {c}, d = {d}")
    holds = np.zeros((n, n), dtype=bool)
    holds[~np.eye(n, dtype=bool)] = np.random.RandomState(seed).random_sample(n * (n - 1)) < d / (n - 1)
    holders = holds.sum(axis=0)
    return np.where(holds, c / np.maximum(holders, 1), 0.0)


def waves(
    C: NDArray[np.float64], c: float, theta: float, beta: float, e: NDArray[np.float64] | None = None
) -> list[NDArray[np.bool_]]:
    """Which firms have failed, round by round, until nothing changes.

    `v = (1 - c) (I - C)^-1 (e - beta 1{v < theta})`, iterated from the values without failures
    (Elliott, Golub and Jackson 2014, eq. 5, with the outside share `1 - c` of every firm).

    Parameters
    ----------
    C : ndarray (n, n)
        `C[i, j]`, the share of firm j held by firm i; columns sum to less than 1.
    c : float
        Share of a firm not held by outsiders.
    theta : float
        Value below which a firm fails; at it, it stands.
    beta : float
        Lump of assets lost by a failing firm.
    e : ndarray (n,), optional
        Outside assets; one each by default.

    Returns
    -------
    list of ndarray (n,)
        Failed firms at each round; the first round is before any failure cost, the last is the resting one.
    """
    n = len(C)
    e = np.ones(n) if e is None else e
    A = (1 - c) * np.linalg.inv(np.eye(n) - C)
    rounds = [A @ e < theta - TIE]
    while True:
        failed = A @ (e - beta * rounds[-1]) < theta - TIE
        if np.array_equal(failed, rounds[-1]):
            return rounds
        rounds.append(failed)


def run(bench: Bench) -> Outcome:
    """The seeded network of the book, its waves of failures, and the network drawn by wave."""
    [rounds] = bench.map(lambda seed: waves(C_of(seed), C, THETA, BETA), [SEED])
    counts = tuple(int(failed.sum()) for failed in rounds)
    rows = [
        Row(
            "Number failing by round",
            ", ".join(map(str, PUBLISHED)),
            counts,
            EXACT,
            counts == PUBLISHED,
            "none: same generator, same order of draws",
            origin=BOOK,
        ),
        Row("Firms standing at the end", "0", N - counts[-1], EXACT, counts[-1] == N, origin=BOOK),
    ]
    figure, (left, right) = panels(2)
    left.plot(range(len(counts)), counts, "o-", color=BLUE, label="ours")
    left.plot(range(len(PUBLISHED)), PUBLISHED, "x", color=ORANGE, ms=9, label="Economic Networks, chapter 5")
    left.set(xlabel="round", ylabel="number of failing firms", ylim=(0, N * 1.05))
    left.legend(frameon=False)
    wave_of = np.full(N, len(rounds))
    for wave in reversed(range(len(rounds))):
        wave_of[rounds[wave]] = wave
    graph = nx.from_numpy_array(C_of(SEED), create_using=nx.DiGraph)
    place = nx.spring_layout(graph, k=1.1, seed=SEED)
    nx.draw_networkx_edges(graph, place, ax=right, alpha=0.3, node_size=60, arrowsize=6)
    dots = nx.draw_networkx_nodes(graph, place, ax=right, node_size=60, node_color=wave_of, cmap="plasma")
    figure.colorbar(dots, ax=right, label="round of failure")
    right.set_axis_off()
    return Outcome(rows, figure, {"round": list(range(len(counts))), "failing": list(counts)})


def C_of(seed: int) -> NDArray[np.float64]:  # noqa: N802 - the book's symbol
    """Cross-holdings of the book's parameters and a seed."""
    return cross_holdings(N, C, D, seed)


STUDY = Study(
    name="elliott-golub-jackson-2014",
    title="Waves of failures under cross-holdings",
    source="Elliott, Golub and Jackson 2014, American Economic Review 104(10), in the form of Sargent and "
    "Stachurski, Economic Networks: Theory and Computation (QuantEcon), chapter 5",
    question="Firms that hold shares of each other and lose a lump of value when they fail can bring each "
    "other down "
    "in waves, long after the first ones fell.",
    setup=(
        Symbol("n", "firms", str(N)),
        Symbol("c", "share of a firm held by other firms", str(C)),
        Symbol("d", "expected number of firms held", str(D)),
        Symbol("θ", "value below which a firm fails", str(THETA)),
        Symbol("β", "assets lost by a failing firm", str(BETA)),
        Symbol("e", "outside assets of each firm", "1"),
        Symbol("seed", "of the Mersenne Twister, one uniform per ordered pair", str(SEED)),
    ),
    missing=(
        "Whether a firm worth exactly its threshold fails: it stands here; no firm of this network is at a "
        "tie.",
        "The original paper draws its own random networks without a seed; the seeded one is the book's.",
    ),
    seconds=1,
    run=run,
)
