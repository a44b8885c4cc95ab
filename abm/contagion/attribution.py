"""Look-through debt: what partners borrowed to serve somebody, attributed to that somebody.

A provider's debt rests on the customers of its backlog; a customer that passes the service on is looked
through, until a final customer is reached. This is an absorbing Markov chain of one unit of debt walking from
provider to customer (Kemeny and Snell 1960, chapter 3).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.contagion.inputs import in_one_order, network, table, vector
from abm.errors import BadInput, NotConverged

ROUNDING = 1e-12
"""Slack, relative, within which weights may sum to more than one and dedicated debt exceed debt."""

LOST = 1e-9
"""Largest share of a firm's debt that may be missing from its row."""


def attribute_debt(
    debt: ArrayLike, weights: Any, terminal: ArrayLike, dedicated: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Attribute every firm's debt to the final customers it was taken on for.

    Debt of firm i rests on its customer j with weight ``W_ij``; what the weights leave open stays with i (its
    own business, or customers outside). Dedicated debt, such as that of a project with one tenant, rests on
    that tenant wholly. A customer that is no final one passes the debt on by its own weights. With Q the
    weights among intermediaries and R those to final customers, one unit on an intermediary ends up as
    ``(I - Q)^-1 [R, I - rowsums]``.

    Parameters
    ----------
    debt : (n,) array
        What each firm owes, dedicated debt included; not negative.
    weights : (n, n) array or SciPy sparse matrix
        ``weights[i, j]``: share of provider i's backlog with customer j; rows sum to at most 1.
    terminal : (n,) bool array
        Final customers (labs): debt that reaches them, and their own, stays with them.
    dedicated : (n, n) array, optional
        ``dedicated[i, j]``: part of i's debt that serves customer j alone.

    Returns
    -------
    (n, n) float array
        Entry [i, c]: part of i's debt that finally rests on c. Rows sum to `debt`; columns of firms that are
        not final hold what stayed with them.

    Raises
    ------
    BadInput
        Wrong shape, negative or not finite entries, weights of a firm above 1, more dedicated debt than debt,
        or intermediaries that only serve each other.
    NotConverged
        A row does not sum to the firm's debt, to 1e-9 of it.

    Examples
    --------
    A cloud (1) owes 10 and serves the lab (0) for 60% of its backlog, another cloud (2) for 30%. The other
    owes 4, of which 1 is a project for the lab alone, and serves the lab for half.

    >>> shares = [[0, 0, 0], [0.6, 0, 0.3], [0.5, 0, 0]]
    >>> own_project = [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    >>> attribute_debt([0, 10, 4], shares, [True, False, False], own_project)
    array([[0. , 0. , 0. ],
           [7.5, 1. , 1.5],
           [2.5, 0. , 1.5]])
    """
    weights, debt, terminal, dedicated = in_one_order(
        ("weights", weights, 2), ("debt", debt, 1), ("terminal", terminal, 1), ("dedicated", dedicated, 2)
    )
    W = network("weights", weights)
    if not isinstance(W, np.ndarray):
        W = W.toarray()
    n = W.shape[0]
    owed = vector("debt", debt, n)
    final = np.asarray(terminal)
    if final.shape != (n,) or final.dtype.kind != "b":
        raise BadInput(f"terminal must have {n} entries, true or false, one a firm")
    tied = np.zeros((n, n)) if dedicated is None else table("dedicated", dedicated, (n, n))
    sums = np.array([math.fsum(row) for row in W])
    if (sums > 1.0 + ROUNDING).any():
        i = int(np.argmax(sums))
        raise BadInput(f"weights[{i}] sums to {sums[i]:g}: a backlog has at most the whole of itself")
    free = owed - tied.sum(axis=1)
    if (free < -ROUNDING * owed).any():
        i = int(np.argmin(free))
        raise BadInput(f"dedicated[{i}] sums to {tied[i].sum():g}, more than the firm's debt of {owed[i]:g}")
    passing, ends = np.flatnonzero(~final), np.flatnonzero(final)
    # Shares such as ten times 0.1 miss the whole by rounding; what they leave open beyond that is meant.
    stays = np.maximum(1.0 - sums, 0.0)[passing]
    stays[stays <= 2.0**-53 * (W[passing] > 0.0).sum(axis=1)] = 0.0
    Q, R = W[np.ix_(passing, passing)], W[np.ix_(passing, ends)]
    leads_out = (stays > 0.0) | R.any(axis=1)
    while True:
        wider = leads_out | (Q @ leads_out > 0.0)
        if (wider == leads_out).all():
            break
        leads_out = wider
    if not leads_out.all():
        i = int(passing[np.argmin(leads_out)])
        raise BadInput(f"weights must lead from firm {i} to a final customer or leave a part with somebody")
    start = np.diag(np.maximum(free, 0.0)) + tied
    rests = _absorbed(Q, np.hstack([R, np.diag(stays)]))
    result = np.zeros((n, n))
    result[:, ends] = start[:, ends] + start[:, passing] @ rests[:, : ends.size]
    result[:, passing] = start[:, passing] @ rests[:, ends.size :]
    lost = np.abs(result.sum(axis=1) - owed)
    if not (lost <= LOST * owed + np.finfo(float).tiny).all():
        i = int(np.argmax(lost))
        raise NotConverged(f"the debt of firm {i} is not attributed in full", float(lost[i]))
    return result


def _absorbed(Q: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where one unit that starts at each intermediary ends: rows sum to 1.

    The intermediaries are taken out one by one, what went through them is passed on directly. A firm's whole is the
    sum of the ways that are left to it, never one less something, so that nothing cancels however long the unit goes
    round (Grassmann, Taksar and Heyman 1985).
    """
    m = Q.shape[0]
    ways = np.hstack([Q, ends])
    for j in range(m - 1, 0, -1):
        ways[j, j:m] = 0.0
        ways[j] /= ways[j].sum()
        through = np.flatnonzero(ways[:j, j])
        ways[through] += ways[through, j, None] * ways[j]
    rests = ways[:, m:].copy()
    for j in range(m):
        rests[j] += ways[j, :j] @ rests[:j]
        rests[j] /= rests[j].sum()
    return rests
