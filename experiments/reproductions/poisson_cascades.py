"""Threshold cascades on random Poisson graphs: one compiled sweep for Gai and Kapadia 2010 and for Watts 2002.

A node fails once a whole number of its neighbours (its debtors, on a directed graph) have failed; the number
depends on its degree alone and is computed beforehand in fractions, so that no tie is decided by rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.compiled import jit
from abm.errors import BadInput

NEVER = np.iinfo(np.int64).max
"""Failed neighbours needed by a node that cannot be toppled."""


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
    links = 0
    start[0] = 0
    while True:
        skip = math.log1p(-rng.random()) * scale
        if skip >= pairs:
            break
        pair += 1 + int(skip)
        if pair >= pairs:
            break
        source = pair // (n - 1)
        column = pair - source * (n - 1)
        while row < source:
            row += 1
            start[row] = links
        if links == target.shape[0]:
            return -1
        target[links] = column if column < source else column + 1
        links += 1
    while row < n:
        row += 1
        start[row] = links
    return links


@jit
def undirected_graph(rng: Any, n: int, p: float, start: Any, target: Any, first: Any, second: Any, fill: Any) -> int:
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
        skip = math.log1p(-rng.random()) * scale
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
