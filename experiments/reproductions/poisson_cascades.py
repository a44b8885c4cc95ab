"""Threshold cascades on random Poisson graphs: one compiled sweep for Gai-Kapadia and for Watts.

The graphs are drawn here; thresholds in whole numbers and the cascade itself are those of `abm.contagion`, so
that no tie is decided by rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.contagion import needs, spread
from abm.engine.compiled import jit
from abm.errors import BadInput
from experiments.reproductions.intervals import agrees, around, mean_and_error, proportion_error, wilson
from experiments.reproductions.study import OWN_RUN, Bench, Row

BREAKOUT, CHUNK = 0.05, 1000
"""A cascade is one if more than this share of the nodes fails; draws are made in parts of this many."""


@jit
def directed_graph(rng: Any, n: int, p: float, start: Any, target: Any) -> int:
    """Draw each ordered pair of different nodes with probability p, skipping from one drawn pair to the next.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of uniforms, one a link.
    n : int
        Nodes.
    p : float
        Probability of a link, in (0, 1) (Batagelj and Brandes 2005 for the skips).
    start : (n + 1,) int64
        Written: the links of node i are `target[start[i] : start[i + 1]]`.
    target : (>= number of links,) int64
        Written: where each link leads.

    Returns
    -------
    int
        Number of links; -1 if `target` is too short.
    """
    scale = 1.0 / math.log1p(-p)
    pairs = n * (n - 1)
    pair = -1
    row = 0
    before = 0  # pairs in rows above `row`
    links = 0
    start[0] = 0
    while True:
        skip = math.log(1.0 - rng.random()) * scale
        if skip >= pairs:
            break
        pair += 1 + int(skip)
        if pair >= pairs:
            break
        while pair - before >= n - 1:
            before += n - 1
            row += 1
            start[row] = links
        if links == target.shape[0]:
            return -1
        column = pair - before
        target[links] = column if column < row else column + 1
        links += 1
    while row < n:
        row += 1
        start[row] = links
    return links


@jit
def undirected_graph(
    rng: Any, n: int, p: float, start: Any, target: Any, first: Any, second: Any, fill: Any
) -> int:
    """Draw each unordered pair of different nodes with probability p; every link is listed at both its ends.

    Parameters
    ----------
    rng, n, p, start, target
        As in `directed_graph`; `target` holds two entries a link.
    first, second : (>= number of links,) int64
        Working memory: the ends of each link.
    fill : (n,) int64
        Working memory.

    Returns
    -------
    int
        Number of links; -1 if `first` is too short.
    """
    scale = 1.0 / math.log1p(-p)
    pairs = n * (n - 1) // 2
    pair = -1
    row = 1
    before = 0  # pairs in rows above `row`
    links = 0
    for i in range(n + 1):
        start[i] = 0
    while True:
        skip = math.log(1.0 - rng.random()) * scale
        if skip >= pairs:
            break
        pair += 1 + int(skip)
        if pair >= pairs:
            break
        while pair - before >= row:
            before += row
            row += 1
        if links == first.shape[0]:
            return -1
        first[links] = row
        second[links] = pair - before
        start[row + 1] += 1
        start[pair - before + 1] += 1
        links += 1
    for i in range(n):
        start[i + 1] += start[i]
        fill[i] = start[i]
    for k in range(links):
        target[fill[first[k]]] = second[k]
        fill[first[k]] += 1
        target[fill[second[k]]] = first[k]
        fill[second[k]] += 1
    return links


@jit
def _sweep(
    rng: Any,
    n: int,
    p: float,
    directed: bool,
    up: int,
    down: int,
    strict: bool,
    start: Any,
    target: Any,
    first: Any,
    second: Any,
    need: Any,
    hits: Any,
    fell: Any,
    queue: Any,
    seed: Any,
    out: Any,
) -> bool:
    """Draw a graph and a first failure, run the cascade, write how many fail, for each entry of `out`."""
    for draw in range(out.shape[0]):
        if directed:
            links = directed_graph(rng, n, p, start, target)
        else:
            links = undirected_graph(rng, n, p, start, target, first, second, queue)
        if links < 0:
            return False
        for i in range(n):
            fell[i] = 0 if directed else start[i + 1] - start[i]
        if directed:
            for k in range(links):
                fell[target[k]] += 1
        needs(fell, up, down, strict, need)
        seed[0] = int(rng.random() * n)
        out[draw] = spread(start, target, need, seed, 1, hits, fell, queue)
    return True


def cascade_sizes(
    draws: int,
    seed: int | tuple[int, ...],
    *,
    n: int,
    z: float,
    ratio: Fraction,
    strict: bool,
    directed: bool,
) -> NDArray[np.int64]:
    """How many nodes fail after one random failure, on `draws` random graphs.

    Parameters
    ----------
    draws : int
        Graphs, each with one random first failure.
    seed : int or tuple of int
        Of the generator.
    n : int
        Nodes, at least 3.
    z : float
        Mean degree (mean in-degree, on a directed graph), between 0 and n - 1, both excluded.
    ratio : Fraction
        Share of failed neighbours (debtors) at which a node fails.
    strict : bool
        Whether the share must pass the ratio, or only reach it.
    directed : bool
        Whether a link hits one end only.

    Returns
    -------
    ndarray (draws,)
        Failed nodes, the first one included.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """
    if draws < 1 or n < 3 or not 0 < z < n - 1 or ratio < 0:
        raise BadInput(
            f"need draws >= 1, n >= 3, 0 < z < n - 1 and ratio >= 0, got {draws}, {n}, {z} and {ratio}"
        )
    links = n * z if directed else n * z / 2
    room = min(
        int(links + 12 * math.sqrt(links)) + 64, n * (n - 1)
    )  # twelve standard deviations above the mean
    start, need, hits, fell, queue = (np.zeros(n + 1, np.int64) for _ in range(5))
    ends = [np.zeros(0 if directed else room, np.int64) for _ in range(2)]
    out = np.zeros(draws, np.int64)
    target = np.zeros(room if directed else 2 * room, np.int64)
    whole = _sweep(
        np.random.default_rng(seed),
        n,
        z / (n - 1),
        directed,
        ratio.numerator,
        ratio.denominator,
        strict,
        start,
        target,
        *ends,
        need[:n],
        hits[:n],
        fell[:n],
        queue[:n],
        np.zeros(1, np.int64),
        out,
    )
    if not whole:
        raise RuntimeError(f"a graph of {n} nodes and mean degree {z} had more than {room} links")
    return out


@dataclass(frozen=True)
class Estimate:
    """How often cascades break out, and how far they reach when they do.

    Parameters
    ----------
    draws, breakouts : int
        Graphs, and those on which more than `BREAKOUT` of the nodes failed.
    extent, extent_error : float
        Mean share that failed on these, and its standard error; nan and 0 if there are too few.
    """

    draws: int
    breakouts: int
    extent: float
    extent_error: float

    @property
    def frequency(self) -> float:
        """Share of graphs with a breakout."""
        return self.breakouts / self.draws

    @property
    def error(self) -> float:
        """Standard error of the frequency."""
        return proportion_error(self.frequency, self.draws)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson interval of the frequency."""
        return wilson(self.breakouts, self.draws)

    @property
    def extent_interval(self) -> tuple[float, float]:
        """Interval of the extent."""
        return around(self.extent, self.extent_error)


def estimate(sizes: NDArray[np.int64], n: int) -> Estimate:
    """Frequency and extent of the cascades of these sizes on graphs of n nodes."""
    shares = (sizes[sizes > BREAKOUT * n] / n).tolist()
    extent, error = mean_and_error(shares) if len(shares) > 1 else (shares[0] if shares else math.nan, 0.0)
    return Estimate(len(sizes), len(shares), extent, error)


class Model(Protocol):
    """Something that can be drawn many times and says how often cascades broke out."""

    def sizes(self, draws: int, stream: int) -> Estimate:
        """Frequency and extent over `draws` graphs of this stream of random numbers."""
        ...


def pooled(parts: list[Estimate]) -> Estimate:
    """One estimate from several of the same model."""
    draws, breakouts = sum(part.draws for part in parts), sum(part.breakouts for part in parts)
    some = [part for part in parts if part.breakouts]
    if not some:
        return Estimate(draws, 0, math.nan, 0.0)
    mean = sum(part.extent * part.breakouts for part in some) / breakouts
    error = math.sqrt(sum((part.extent_error * part.breakouts) ** 2 for part in some)) / breakouts
    return Estimate(draws, breakouts, mean, error)


def simulate[M: Model](bench: Bench, wanted: dict[M, int]) -> dict[M, Estimate]:
    """Estimates of several models, each with its number of draws, in parts that can run side by side.

    Parameters
    ----------
    bench : Bench
        Runs the parts.
    wanted : dict
        Model to number of draws.

    Returns
    -------
    dict
        Model to estimate; the same whatever the number of threads.
    """
    tasks = [
        (model, min(CHUNK, draws - done), done)
        for model, draws in wanted.items()
        for done in range(0, draws, CHUNK)
    ]
    parts = bench.map(lambda task: task[0].sizes(task[1], task[2]), tasks)
    by_model: dict[M, list[Estimate]] = {}
    for (model, _, _), part in zip(tasks, parts, strict=True):
        by_model.setdefault(model, []).append(part)
    return {model: pooled(found) for model, found in by_model.items()}


def frequency_row(statement: str, published: str, value: float, draws: int, ours: Estimate) -> Row:
    """A simulated frequency against that of an own independent run.

    Parameters
    ----------
    statement, published : str
        As in `Row`.
    value : float
        The stated frequency.
    draws : int
        Draws behind it.
    ours : Estimate
        Our frequency.
    """
    low, high = ours.interval
    inside = "" if low <= value <= high else ", outside our interval"
    return Row(
        f"{statement} ({ours.draws:,} draws)",
        published,
        ours.frequency,
        ours.interval,
        agrees(ours.frequency, ours.error, value, math.sqrt(value * (1 - value) / draws)),
        f"{ours.frequency - value:+.3f}{inside}: sampling, ours and theirs ({draws:,} draws)",
        origin=OWN_RUN,
    )
