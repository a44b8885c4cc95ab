"""Threshold cascades: a firm falls when enough of those it depends on have fallen.

Every model here becomes one integer for each firm, `need`: how many fallen neighbours bring it down. The
integers come from exact rational arithmetic, so that a tie is a tie: in floats ``0.04 / 0.2 < 1 / 5`` is true
and ``0.04 - 0.2 / 5 < 0`` is false. A firm is solvent at exactly zero equity.

The cascade itself is the compiled `spread`, on the links in compressed rows; a sweep over many networks calls
`needs` and `spread` directly.

References
----------
Furfine, C. (2003), Interbank exposures: quantifying the risk of contagion, Journal of Money, Credit and
Banking 35(1), 111-128.
Gai, P. and Kapadia, S. (2010), Contagion in financial networks, Proceedings of the Royal Society A 466,
2401-2423.
Watts, D. J. (2002), A simple model of global cascades on random networks, PNAS 99(9), 5766-5771.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from abm.contagion.inputs import in_one_order, network, share, vector
from abm.contagion.rows import TIE
from abm.engine.compiled import jit
from abm.errors import BadInput

Exact = int | str | float | Fraction | Decimal
"""A number read exactly: a float counts as the decimal it prints as, so that 0.2 is one fifth."""


@dataclass(frozen=True)
class Cascade:
    """Who falls in a threshold cascade.

    Attributes
    ----------
    fallen : (n,) bool
        Who falls, the first ones included.
    round : (n,) int
        1 for those that fall first, 2 for those they bring down at once, and so on; 0 for survivors.
    """

    fallen: NDArray[np.bool_]
    round: NDArray[np.int64]

    @property
    def share(self) -> float:
        """Share of firms that fall."""
        return float(self.fallen.mean()) if self.fallen.size else 0.0


@jit
def needs(degree: Any, up: int, down: int, strict: bool, need: Any) -> None:
    """Fallen neighbours that bring a firm down when their share of all its neighbours passes ``up / down``.

    Parameters
    ----------
    degree : (n,) int64
        Neighbours each firm depends on.
    up, down : int
        The threshold as a fraction of integers, both at least 0, ``down`` positive.
    strict : bool
        Whether the share must exceed the threshold (a tie is survived) or only reach it.
    need : (n,) int64
        Written: the smallest number that brings the firm down, at least 1; a number above the degree means
        never.

    Examples
    --------
    Capital of a fifth of interbank assets: with five debtors one failure is a tie, and survived.

    >>> need = np.zeros(3, np.int64)
    >>> needs(np.array([4, 5, 6]), 1, 5, True, need)
    >>> need
    array([1, 2, 2])
    """
    for i in range(degree.shape[0]):
        if strict:
            need[i] = degree[i] * up // down + 1
        else:
            need[i] = max((degree[i] * up + down - 1) // down, 1)


@jit
def spread(start: Any, target: Any, need: Any, first: Any, n_first: int, hits: Any, fell: Any, queue: Any) -> int:
    """Run one cascade; allocates nothing.

    Parameters
    ----------
    start : (n + 1,) int64
        ``target[start[i]:start[i + 1]]`` are the firms that a failure of i hits.
    target : (m,) int64
        Who is hit.
    need : (n,) int64
        Hits that bring a firm down.
    first : (>= n_first,) int64
        The firms that fall first, each once.
    n_first : int
        How many of them count.
    hits, fell, queue : (n,) int64
        Written: hits taken, round of the fall (0 for survivors, 1 for the first), and the order of falls.

    Returns
    -------
    int
        How many fall, the first ones included.

    Examples
    --------
    >>> start, target = np.array([0, 1, 2, 2]), np.array([1, 2])
    >>> hits, fell, queue = (np.zeros(3, np.int64) for _ in range(3))
    >>> spread(start, target, np.array([1, 1, 2]), np.array([0]), 1, hits, fell, queue), fell.tolist()
    (2, [1, 2, 0])
    """
    for i in range(need.shape[0]):
        hits[i] = 0
        fell[i] = 0
    for m in range(n_first):
        queue[m] = first[m]
        fell[first[m]] = 1
    fallen = n_first
    head = 0
    while head < fallen:
        i = queue[head]
        head += 1
        for k in range(start[i], start[i + 1]):
            c = target[k]
            hits[c] += 1
            if fell[c] == 0 and hits[c] >= need[c]:
                fell[c] = fell[i] + 1
                queue[fallen] = c
                fallen += 1
    return fallen


def exact(name: str, value: Exact) -> Fraction:
    """A number as an exact fraction.

    Parameters
    ----------
    name : str
        The field's name in messages.
    value : int, str, float, Fraction or Decimal
        "4/100", "0.04", 0.04 and Fraction(1, 25) are the same number.

    Returns
    -------
    Fraction

    Raises
    ------
    BadInput
        Not a number, infinite, or negative.

    Examples
    --------
    >>> exact("capital", 0.04) / exact("interbank", "0.2")
    Fraction(1, 5)
    """
    try:
        number = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"{name} must be a finite number; it is {value!r}") from None
    if number < 0:
        raise BadInput(f"{name} must be at least 0; it is {value!r}")
    return number


def _links(matrix: Any, first: Sequence[int] | ArrayLike) -> tuple[sp.csr_array, NDArray[np.int64]]:
    """The links as CSR, and the firms that fall first, each once."""
    (matrix,) = in_one_order(("adjacency", matrix, 2))
    links = sp.csr_array(network("adjacency", matrix))
    return links, firms("first", first, links.shape[0])


def firms(name: str, which: ArrayLike, n: int) -> NDArray[np.int64]:
    """Indices of firms, sorted, each once.

    Parameters
    ----------
    name : str
        The field's name in messages.
    which : int or sequence of int
        Indices from 0 to n - 1.
    n : int
        Number of firms.

    Returns
    -------
    (k,) int64

    Raises
    ------
    BadInput
        Not whole numbers, or out of range.
    """
    array = np.atleast_1d(np.asarray(which))
    if array.size and (array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= n):
        raise BadInput(f"{name} must hold whole numbers from 0 to {n - 1}")
    return np.unique(array.astype(np.int64))


def _small(name: str, ratio: Fraction, degree: NDArray[np.int64]) -> Fraction:
    """The ratio, if its products with the degrees fit 64-bit integers."""
    if (ratio.numerator + ratio.denominator) * (int(degree.max(initial=0)) + 1) >= 2**63:
        raise BadInput(f"{name} must be a fraction of smaller whole numbers; it is {ratio}")
    return ratio


def _run(links: sp.csr_array, need: NDArray[np.int64], first: NDArray[np.int64]) -> Cascade:
    n = links.shape[0]
    hits, fell, queue = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    spread(
        links.indptr.astype(np.int64),
        links.indices.astype(np.int64),
        need,
        first,
        first.size,
        hits,
        fell,
        queue,
    )
    return Cascade(fell > 0, fell)


def gai_kapadia(adjacency: Any, first: ArrayLike, *, capital: Exact, interbank: Exact) -> Cascade:
    """Cascade of Gai and Kapadia (2010) with zero recovery.

    A bank with k debtors holds interbank assets ``interbank`` spread evenly over them and falls when the
    claims on m fallen debtors exceed its capital: ``m * interbank / k > capital``, decided in integers.

    Parameters
    ----------
    adjacency : (n, n) array or SciPy sparse matrix
        Not zero at [i, j] where i owes to j.
    first : int or sequence of int
        Banks that fail first.
    capital, interbank : int, str, float, Fraction or Decimal
        Capital and interbank assets of each bank in the same unit, say shares of total assets, read exactly.

    Returns
    -------
    Cascade

    Raises
    ------
    BadInput
        Adjacency not square, negative or with loops; no such bank; numbers not finite or negative.

    Examples
    --------
    Banks 0 to 4 owe to bank 5, which loses exactly its capital when one of them fails.

    >>> owes = np.zeros((6, 6))
    >>> owes[:5, 5] = 1
    >>> gai_kapadia(owes, 0, capital=0.04, interbank=0.2).fallen.sum()
    np.int64(1)
    >>> gai_kapadia(owes, [0, 1], capital=0.04, interbank=0.2).fallen.sum()
    np.int64(3)
    """
    links, seeds = _links(adjacency, first)
    debtors = np.bincount(links.indices, minlength=links.shape[0]).astype(np.int64)
    threshold_up, threshold_down = exact("capital", capital), exact("interbank", interbank)
    need = np.zeros(links.shape[0], np.int64)
    if threshold_down == 0:
        need[:] = debtors + 1
    else:
        ratio = _small("capital / interbank", threshold_up / threshold_down, debtors)
        needs(debtors, ratio.numerator, ratio.denominator, True, need)
    return _run(links, need, seeds)


def watts(adjacency: Any, first: ArrayLike, *, threshold: Exact) -> Cascade:
    """Cascade of Watts (2002): a node turns when at least a share of its neighbours has turned.

    Parameters
    ----------
    adjacency : (n, n) array or SciPy sparse matrix
        Not zero where two nodes are neighbours; symmetric.
    first : int or sequence of int
        Nodes that turn first.
    threshold : int, str, float, Fraction or Decimal
        The share, read exactly; reaching it is enough. A node without neighbours never turns.

    Returns
    -------
    Cascade

    Raises
    ------
    BadInput
        Adjacency not square, not symmetric, negative or with loops; no such node; a bad threshold.

    Examples
    --------
    On a line every inner node has two neighbours: one is enough at a half.

    >>> line = np.eye(4, k=1) + np.eye(4, k=-1)
    >>> watts(line, 0, threshold="1/2").round
    array([1, 2, 3, 4])
    >>> watts(line, 0, threshold=0.51).round
    array([1, 0, 0, 0])
    """
    links, seeds = _links(adjacency, first)
    if abs(links - links.T).sum() > 0.0:
        raise BadInput("adjacency must be symmetric")
    neighbours = np.diff(links.indptr).astype(np.int64)
    ratio = _small("threshold", exact("threshold", threshold), neighbours)
    need = np.zeros(links.shape[0], np.int64)
    needs(neighbours, ratio.numerator, ratio.denominator, False, need)
    return _run(links, need, seeds)


@dataclass(frozen=True)
class Furfine:
    """Losses and failures of a Furfine cascade.

    Attributes
    ----------
    losses : (n,) float
        Credit losses of each firm, in the unit of the exposures.
    fallen : (n,) bool
        Who falls, the first ones included.
    round : (n,) int
        1 for those that fall first, and so on; 0 for survivors.
    """

    losses: NDArray[np.float64]
    fallen: NDArray[np.bool_]
    round: NDArray[np.int64]


def furfine(exposures: Any, equity: ArrayLike, first: ArrayLike, *, recovery: float = 0.0) -> Furfine:
    """Sequential failures with an exogenous recovery rate (Furfine 2003).

    Firm i falls when ``sum over fallen j of (1 - recovery) exposures_ij > equity_i``. Amounts of money are
    not rational thresholds: a loss within 256 units in the last place of the equity counts as equal to it.

    Parameters
    ----------
    exposures : (n, n) array or SciPy sparse matrix
        ``exposures[i, j] >= 0``: claim of firm i on j.
    equity : (n,) array
        Equity before the failures; a firm with negative equity falls in the first round.
    first : int or sequence of int
        Firms that fail first.
    recovery : float
        Share of a claim on a fallen firm that is paid, 0 to 1.

    Returns
    -------
    Furfine

    Raises
    ------
    BadInput
        Wrong shape, negative or not finite entries, no such firm, or a recovery outside 0 to 1.

    Examples
    --------
    >>> cascade = furfine([[0, 0, 0], [3, 0, 0], [0, 2, 0]], [1, 2, 2], 0)
    >>> print(cascade.losses, cascade.round)
    [0. 3. 2.] [1 2 0]
    """
    exposures, equity = in_one_order(("exposures", exposures, 2), ("equity", equity, 1))
    claims = sp.csr_array(network("exposures", exposures))
    n = claims.shape[0]
    capital = vector("equity", equity, n, minimum=-np.inf)
    lost_share = 1.0 - share("recovery", recovery)
    rounds = np.zeros(n, np.int64)
    rounds[firms("first", first, n)] = 1
    rounds[capital < 0.0] = 1
    losses = np.zeros(n)
    step = 1
    while (rounds == step).any():
        losses = lost_share * (claims @ (rounds > 0).astype(np.float64))
        step += 1
        rounds[(rounds == 0) & (losses > capital * (1.0 + TIE))] = step
    return Furfine(losses, rounds > 0, rounds)
