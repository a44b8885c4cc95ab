"""Threshold cascades on infinite Poisson graphs: when one failure can bring down a share of all.

A node that one failing neighbour topples is vulnerable. A cascade breaks out where the vulnerable nodes hang
together in a cluster of infinite size (Watts 2002; Gai and Kapadia 2010, sections 2d and 3).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binom, poisson

from abm.errors import BadInput

CLOSE, SMALLEST = 1e-13, 1e-9
"""When a fixed point counts as found, and the share below which a cascade counts as none."""


def window(J: int) -> tuple[float, float] | None:
    """Mean degrees between which a cascade can break out: `z P(Poisson(z) <= J - 1) > 1`.

    Parameters
    ----------
    J : int
        Largest in-degree at which one failing neighbour topples a node; on an undirected graph, largest
        degree less one, because a cascade cannot go back where it came from.

    Returns
    -------
    tuple of float, or None
        The two ends; None where no mean degree will do (J of 2 or less).

    Examples
    --------
    >>> [round(z, 6) for z in window(4)]
    [1.020704, 5.764677]
    >>> window(2) is None
    True
    """

    def excess(z: float) -> float:
        return float(z * poisson.cdf(J - 1, z)) - 1.0

    peak = float(minimize_scalar(lambda z: -excess(z), bounds=(0.0, 2.0 * J + 4.0), method="bounded").x)
    if excess(peak) <= 0:
        return None
    far = peak
    while excess(far) > 0:
        far *= 2.0
    return float(brentq(excess, 0.0, peak, xtol=1e-14)), float(brentq(excess, peak, far, xtol=1e-14))


def least_fixed_point(step: Callable[[float], float], slope: Callable[[float], float]) -> float:
    """Least solution of `q = step(q)` in [0, 1] for a convex, rising `step` with `step(1) = 1`.

    Newton's method from 0 rises to it without passing it, also where it touches 1.
    """
    q = 0.0
    while True:
        following = q + max(step(q) - q, 0.0) / (1.0 - slope(q)) if slope(q) < 1.0 else q
        if 1.0 - following <= 10 * CLOSE:
            return 1.0
        if following - q <= CLOSE:
            return following
        q = following


def directed_frequency(z: float, J: int) -> float:
    """Chance that one random failure breaks out on an infinite directed Poisson graph.

    `f = 1 - exp(-z (1 - q))`, `q` the least solution of `q = (1 - rho) + rho exp(-z (1 - q))`,
    `rho = P(Poisson(z) <= J - 1)` (Gai and Kapadia 2010, in- and out-degrees independent).

    Parameters
    ----------
    z : float
        Mean degree, not negative.
    J : int
        Largest in-degree at which a bank is toppled by one failing debtor.
    """
    rho = float(poisson.cdf(J - 1, z))
    q = least_fixed_point(
        lambda q: (1.0 - rho) + rho * float(np.exp(-z * (1.0 - q))),
        lambda q: rho * z * float(np.exp(-z * (1.0 - q))),
    )
    return 1.0 - float(np.exp(-z * (1.0 - q)))


def undirected_frequency(z: float, K: int) -> float:
    """Chance that one random flip breaks out on an infinite undirected Poisson graph (Watts 2002).

    `f = 1 - exp(-z (1 - u))`, `u` the least solution of
    `u = 1 - P(Poisson(z) <= K - 1) + sum_{k < K} P(Poisson(z) = k) u^k`.

    Parameters
    ----------
    z : float
        Mean degree, not negative.
    K : int
        Largest degree at which a node is toppled by one flipped neighbour.
    """
    passes = Polynomial(poisson.pmf(np.arange(K), z))
    stuck = float(poisson.sf(K - 1, z))
    u = least_fixed_point(lambda u: stuck + float(passes(u)), lambda u: float(passes.deriv()(u)))
    return 1.0 - float(np.exp(-z * (1.0 - u)))


def extent(z: float, need: Callable[[int], int]) -> float:
    """Share that fails once a cascade has broken out of an infinite directed Poisson graph.

    The greatest solution of `x = sum_j P(Poisson(z) = j) P(Binomial(j, x) >= need(j))`.

    Parameters
    ----------
    z : float
        Mean in-degree, not negative.
    need : callable
        Failing debtors that topple a bank with j debtors, `need(j) >= 1`; asked for j >= 1.

    Raises
    ------
    BadInput
        If `z` is negative.
    """
    if z < 0:
        raise BadInput(f"z must not be negative, got {z}")
    degrees = np.arange(1, int(poisson.isf(1e-16, z)) + 2)
    weight = poisson.pmf(degrees, z)
    needed = np.array([need(int(j)) for j in degrees])

    def excess(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return binom.sf(needed - 1, degrees, x[:, None]) @ weight - x

    shares = np.geomspace(SMALLEST, 1.0, 4000)
    above = np.flatnonzero(excess(shares) > 0)
    if len(above) == 0:
        return 0.0
    last = int(above[-1])
    return float(
        brentq(lambda x: float(excess(np.array([x]))[0]), shares[last], shares[last + 1], xtol=1e-15)
    )
