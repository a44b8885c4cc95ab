"""DebtRank: distress that spreads before anybody defaults.

References
----------
Bardoscia, M., Battiston, S., Caccioli, F. and Caldarelli, G. (2015), DebtRank: a microscopic foundation for
shock propagation, PLoS ONE 10(6), e0130406.
Battiston, S., Puliga, M., Kaushik, R., Tasca, P. and Caldarelli, G. (2012), DebtRank: too central to fail?,
Scientific Reports 2, 541.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from abm.contagion.inputs import in_one_order, network, vector, within_floats
from abm.contagion.rows import TIE
from abm.contagion.sparse import PATIENCE, SETTLED, sweep
from abm.contagion.systems import DIRECT, solve_refined
from abm.errors import BadInput, NotConverged

ACCURACY = 1e-10
"""Largest residual accepted for the relative losses."""

ROUNDING = 1e-12
"""A relative loss within this of 1 counts as the whole equity."""


@dataclass(frozen=True)
class DebtRank:
    """Relative losses of equity.

    Attributes
    ----------
    loss : (n,) float
        Final relative loss of equity h, from 0 to 1.
    initial : (n,) float
        The shock, capped at 1.
    defaulted : (n,) bool
        Whether all equity is lost.
    weights : (n,) float
        Economic weight of each firm; sums to 1.
    """

    loss: NDArray[np.float64]
    initial: NDArray[np.float64]
    defaulted: NDArray[np.bool_]
    weights: NDArray[np.float64]

    @property
    def total_loss(self) -> float:
        """Weighted relative loss of the whole system."""
        return float(self.weights @ self.loss)

    @property
    def debtrank(self) -> float:
        """``sum v h - sum v s``: what the network adds to the shock."""
        return self.total_loss - float(self.weights @ self.initial)


def debtrank(
    exposures: Any,
    equity: ArrayLike,
    shock: ArrayLike,
    *,
    form: Literal["2015", "2012"] = "2015",
    weights: ArrayLike | None = None,
) -> DebtRank:
    """Spread a relative loss of equity along exposures.

    With ``Lam_ij = exposures_ij / equity_i``, the linear form of 2015 is the limit of
    ``h_i(t+1) = min(1, h_i(t) + sum over j not yet in default of Lam_ij (h_j(t) - h_j(t-1)))``, ``h(1) = s``:
    the least solution of ``h = min(1, s + Lam h)``. It is computed exactly. Firms the shock cannot reach keep
    0; among the others the solution is unique and reached from above: by letting firms off the cap one set
    after the other with a linear solve each, or in large networks by sweeping until below rounding.

    In the form of 2012 the impact is ``min(1, Lam_ij)``, and a firm passes its loss on once only, in the
    round after it is first hit.

    Parameters
    ----------
    exposures : (n, n) array or SciPy sparse matrix
        ``exposures[i, j] >= 0``: asset of firm i against j.
    equity : (n,) array
        Equity before the shock, positive.
    shock : (n,) array
        Relative loss of equity that strikes first, not negative; above 1 counts as 1.
    form : "2015" or "2012"
        Linear, or single hit.
    weights : (n,) array, optional
        Economic weights, not negative; equity if left out. Scaled to sum to 1.

    Returns
    -------
    DebtRank

    Raises
    ------
    BadInput
        Wrong shape, negative, not finite, equity that is not positive, or an unknown form.
    NotConverged
        The linear solve of the 2015 form fails.

    Examples
    --------
    A ring of three, each with half its equity lent to the next; firm 0 loses a fifth of its equity.

    >>> ring = [[0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0]]
    >>> print(debtrank(ring, [1, 1, 1], [0.2, 0, 0]).loss * 35)
    [8. 2. 4.]
    >>> print(debtrank(ring, [1, 1, 1], [0.2, 0, 0], form="2012").loss.round(12))
    [0.225 0.05  0.1  ]
    """
    exposures, equity, shock, weights = in_one_order(
        ("exposures", exposures, 2), ("equity", equity, 1), ("shock", shock, 1), ("weights", weights, 1)
    )
    owed = sp.csr_array(network("exposures", exposures))
    n = owed.shape[0]
    capital = vector("equity", equity, n)
    if not (capital > 0.0).all():
        i = int(np.argmin(capital > 0.0))
        raise BadInput(f"equity[{i}] is {capital[i]:g}: it must be positive for every firm")
    initial = np.minimum(vector("shock", shock, n), 1.0)
    weight = capital if weights is None else vector("weights", weights, n)
    if n and not (weight > 0.0).any():
        raise BadInput("weights must not all be zero")
    with np.errstate(over="ignore"):
        weight = weight / weight.max(initial=0.0) if n else weight
        leverage = sp.csr_array(owed.multiply(1.0 / capital[:, None])) if n else owed
        within_floats("exposures over equity", leverage.sum(axis=1))
    if form == "2015":
        loss = _linear(leverage, initial)
    elif form == "2012":
        leverage.data = np.minimum(leverage.data, 1.0)
        loss = _single_hit(leverage, initial)
    else:
        raise BadInput(f'form must be "2015" or "2012"; it is {form!r}')
    return DebtRank(loss, initial, loss >= 1.0 - ROUNDING, weight / weight.sum() if n else weight)


def _reached(leverage: sp.csr_array, struck: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Firms that a loss of the struck ones can reach."""
    reached = struck
    while True:
        wider = reached | (leverage @ reached.astype(np.float64) > 0.0)
        if (wider == reached).all():
            return reached
        reached = wider


def _linear(leverage: sp.csr_array, initial: NDArray[np.float64]) -> NDArray[np.float64]:
    reached = _reached(leverage, initial > 0.0)
    loss = reached.astype(np.float64)
    n = loss.size
    error = np.inf
    if n > DIRECT:
        whom = np.flatnonzero(reached)
        rows = sp.csr_array(leverage[whom])
        error = sweep(
            rows.indptr, rows.indices, rows.data, np.ones((1, n)), np.zeros((1, n)), initial[whom], 1.0, loss, whom,
            np.empty(0), SETTLED, PATIENCE,
        )  # fmt: skip
    if error > SETTLED:
        loss = _uncap(leverage, initial, reached)
    residual = float(np.abs(loss - np.minimum(initial + leverage @ loss, 1.0)).max(initial=0.0))
    if not residual <= ACCURACY:
        raise NotConverged("the relative losses do not solve their equation", residual)
    return loss


def _uncap(leverage: sp.csr_array, initial: NDArray[np.float64], reached: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Let firms off the cap, one set after the other, with a linear solve each."""
    capped = reached.copy()
    loss = capped.astype(np.float64)
    while True:
        let_off = capped & (initial + leverage @ loss < 1.0 - TIE)
        if not let_off.any():
            return loss
        capped &= ~let_off
        free = np.flatnonzero(reached & ~capped)
        known = initial[free] + (leverage @ capped.astype(np.float64))[free]
        among = sp.csr_array(leverage[free])[:, free]
        loss[free] = np.clip(solve_refined(sp.csr_array(among), known, loss[free]), 0.0, 1.0)


def _single_hit(impact: sp.csr_array, initial: NDArray[np.float64]) -> NDArray[np.float64]:
    loss = initial.copy()
    active = loss > 0.0
    spent = np.zeros(loss.size, dtype=bool)
    while active.any():
        loss = np.minimum(loss + impact @ np.where(active, loss, 0.0), 1.0)
        spent |= active
        active = (loss > 0.0) & ~spent
    return loss
