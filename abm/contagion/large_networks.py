"""What a cascade of defaults comes to in a large random network: a condition of resilience, and the final fraction.

Only numbers of debtors and creditors and what each bank can bear are given; who lends to whom is drawn at random
(configuration model). No simulation: both answers are exact as the number of banks grows.

References
----------
Amini, H., Cont, R. and Minca, A. (2016), Resilience to contagion in financial networks, Mathematical Finance 26(2),
329-365.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln, xlog1py, xlogy

from abm.contagion.inputs import share, vector
from abm.errors import BadInput

ROUNDING = 4e-16
"""The fixed point counts as found once the sum is above x by no larger a share of x."""


@dataclass(frozen=True)
class Resilience:
    """How a large random network takes the default of a few.

    Attributes
    ----------
    contagious : float
        Contagious links that one contagious link leads to, on average: below 1 the network is resilient.
    reached : float
        Chance that the debtor at the end of a link defaults in the end.
    fallen : float
        Final fraction of defaults, the first ones included.
    """

    contagious: float
    reached: float
    fallen: float

    @property
    def resilient(self) -> bool:
        """Whether the final fraction goes to zero with the fraction that defaults first."""
        return self.contagious < 1.0


def _whole(name: str, values: ArrayLike, n: int) -> NDArray[np.int64]:
    """Whole numbers of at least 0, one for each of n types."""
    numbers = vector(name, values, n)
    if (numbers != np.floor(numbers)).any() or numbers.max(initial=0.0) >= 2**53:
        raise BadInput(f"{name} must hold whole numbers")
    return numbers.astype(np.int64)


def resilience(
    debtors: ArrayLike, creditors: ArrayLike, need: ArrayLike, *, weights: ArrayLike | None = None, first: float = 0.0
) -> Resilience:
    """Resilience and final fraction of defaults of a large random network with given degrees.

    With ``mu`` the weights, ``lambda`` the mean degree and ``B(j, x, m)`` the chance of at least m successes in j
    trials of chance x (Amini, Cont and Minca 2016):

        ``contagious = sum mu j k / lambda over types that one default brings down``

        ``reached = least x with x = sum mu k / lambda (first + (1 - first) B(j, x, need))``

        ``fallen = sum mu (first + (1 - first) B(j, reached, need))``

    The paper's ``p(j, k, m)``, the share of banks with these degrees that the m-th default brings down, is the
    weight of the types with that need among those with the same j and k. A bank with unequal exposures is several
    types: its debtors default in random order.

    Parameters
    ----------
    debtors, creditors : (n,) whole numbers
        j and k of each type: links to banks that owe it, and to banks that it owes. One type may be one bank.
    need : (n,) whole numbers
        Defaults among its debtors that bring it down: 0 if it defaults anyway; never, if more than its debtors.
    weights : (n,) array, optional
        Banks of each type, in any unit; equal if left out.
    first : float
        Share of all banks, drawn evenly, that defaults first, 0 to 1.

    Returns
    -------
    Resilience

    Raises
    ------
    BadInput
        Not whole numbers, negative ones, shapes that differ, no weight, a share outside 0 to 1, or more links of
        one kind than of the other.

    Examples
    --------
    Everyone has two debtors and two creditors, and half of the banks fall with the first default of a debtor.

    >>> answer = resilience([2, 2], [2, 2], [1, 2], first=0.01)
    >>> answer.contagious, answer.resilient
    (1.0, False)
    """
    n = np.size(debtors)
    j, k, m = _whole("debtors", debtors, n), _whole("creditors", creditors, n), _whole("need", need, n)
    mass = vector("weights", weights, n, default=1.0)
    struck = share("first", first)
    if not mass.sum() > 0.0:
        raise BadInput("weights must have a sum above 0")
    mass = mass / mass.sum()
    degree, owed = float(mass @ k), float(mass @ j)
    if abs(degree - owed) > 1e-9 * max(degree, owed):
        raise BadInput(
            f"debtors and creditors must be as many in all: on average they are {owed:.6g} and {degree:.6g}"
        )
    links = mass * k / degree if degree else np.zeros(n)
    contagious = float((links * j)[m == 1].sum())

    kinds, of = np.unique(np.column_stack([j, m]), axis=0, return_inverse=True)
    by_link, by_bank = np.bincount(of, links), np.bincount(of, mass)

    trials, least = kinds.T
    bearable = (least >= 1) & (least <= trials)
    chance = (least == 0).astype(np.float64)

    def falls(x: float) -> NDArray[np.float64]:
        chance[bearable] = betainc(least[bearable], (trials - least + 1)[bearable], x)  # at least so many in so many
        return struck + (1.0 - struck) * chance

    def slope(x: float) -> float:
        """Derivative of the sum: of densities of the beta distribution."""
        lower, upper = least[bearable] - 1, (trials - least)[bearable]
        density = np.exp(xlogy(lower, x) + xlog1py(upper, -x) - betaln(lower + 1, upper + 1))
        return (1.0 - struck) * float(by_link[bearable] @ density)

    bend = (1.0 - struck) * _bend(trials[bearable], least[bearable], by_link[bearable])
    reached = 0.0
    while reached < 1.0:
        over = float(by_link @ falls(reached)) - reached
        if over <= ROUNDING * reached:
            break
        # The sum rises, so there is no solution within `over`; nor where a parabola below it is still above x.
        reached = min(reached + max(over, _root(over, 1.0 - slope(reached), bend)), 1.0)
    return Resilience(contagious, reached, float(by_bank @ falls(reached)))


def _root(over: float, down: float, bend: float) -> float:
    """Least positive root of ``over - down d - bend d**2 / 2``; infinite if there is none."""
    root = math.sqrt(down**2 + 2.0 * bend * over)
    if down > 0.0:
        return 2.0 * over / (down + root)
    return (root - down) / bend if bend > 0.0 else math.inf


def _bend(trials: NDArray[np.int64], least: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    """How much, at most, the slope of ``sum weights B(trials, x, least)`` falls as x rises by one.

    The second derivative of a tail of j trials is ``j (j - 1) (b(m - 2) - b(m - 1))`` in the Bernstein polynomials b of
    degree j - 2; a sum of them is nowhere below its least coefficient.
    """
    falls = 0.0
    for j in np.unique(trials[trials > 1]).tolist():
        coefficients = np.zeros(j + 1)  # of b(-1) to b(j - 1), of which the first and the last are nought
        of = trials == j
        np.add.at(coefficients, least[of] - 1, j * (j - 1) * weights[of])
        np.add.at(coefficients, least[of], -j * (j - 1) * weights[of])
        falls += max(-float(coefficients[1:-1].min()), 0.0)
    return falls
