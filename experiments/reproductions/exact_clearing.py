"""Clearing with senior outside debt in exact fractions, for networks whose results turn on ties."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from abm.errors import BadInput

ZERO = Fraction(0)


def clear_exactly(
    owed: Sequence[Sequence[Fraction]], assets: Sequence[Fraction], senior: Sequence[Fraction]
) -> list[Fraction]:
    """Greatest payments to banks when outsiders are paid first, as fractions.

    `p_i = min(pbar_i, max(0, assets_i + sum_j owed_ji / pbar_j p_j - senior_i))`, `pbar_i = sum_j owed_ij`
    (Elsinger 2009, two tiers; Acemoglu, Ozdaglar and Tahbaz-Salehi 2015, eq. 3, without liquidation value).
    From full payment down: who cannot pay in full on what the others pay so far joins the defaulters
    (fictitious default), whose payments are then solved for.

    Parameters
    ----------
    owed : sequence of sequences of Fraction, n by n
        `owed[i][j]`, what bank i owes bank j; not negative, zero on the diagonal.
    assets : sequence of Fraction, n
        Outside assets, not negative.
    senior : sequence of Fraction, n
        Debt to outsiders, paid before the banks.

    Returns
    -------
    list of Fraction, n
        What each bank pays to the other banks in all.

    Raises
    ------
    BadInput
        If the shapes do not fit or an entry is negative.

    Examples
    --------
    A bank with 4 owes 1 to outsiders and 6 to the other bank.

    >>> clear_exactly([[ZERO, Fraction(6)], [ZERO, ZERO]], [Fraction(4), ZERO], [Fraction(1), ZERO])
    [Fraction(3, 1), Fraction(0, 1)]
    """
    n = len(assets)
    if len(senior) != n or len(owed) != n or any(len(row) != n for row in owed):
        raise BadInput(f"owed must be {n} by {n} and senior of length {n}, as assets is")
    if min((*assets, *senior, *(amount for row in owed for amount in row)), default=ZERO) < 0:
        raise BadInput("owed, assets and senior must not be negative")
    full = [sum(row, ZERO) for row in owed]
    share = [[owed[i][j] / full[i] if full[i] else ZERO for j in range(n)] for i in range(n)]
    own = [assets[i] - senior[i] for i in range(n)]
    paid = list(full)
    defaulted: list[int] = []
    while True:
        left = [own[i] + sum((share[j][i] * paid[j] for j in range(n)), ZERO) for i in range(n)]
        fallen = [i for i in range(n) if i not in defaulted and left[i] < full[i]]
        if not fallen:
            return paid
        defaulted = sorted(defaulted + fallen)
        solid = [
            own[i] + sum((share[j][i] * full[j] for j in range(n) if j not in defaulted), ZERO)
            for i in defaulted
        ]
        passed = [[share[j][i] for j in defaulted] for i in defaulted]
        for i, payment in zip(defaulted, least_payments(passed, solid), strict=True):
            paid[i] = payment


def least_payments(passed: list[list[Fraction]], own: list[Fraction]) -> list[Fraction]:
    """The solution of `u = max(0, own + passed u)`, from below.

    The map is convex, so the set of those with something to pay only grows, and each set is solved exactly
    (Chandrasekaran 1970, A special case of the complementary pivot problem).
    """
    n = len(own)
    paying: list[int] = []
    u = [ZERO] * n
    while True:
        joining = [
            i for i in range(n) if i not in paying and own[i] + sum(passed[i][j] * u[j] for j in paying) > 0
        ]
        if not joining:
            return u
        paying = sorted(paying + joining)
        matrix = [[Fraction(int(i == j)) - passed[i][j] for j in paying] for i in paying]
        for i, payment in zip(paying, solve(matrix, [own[i] for i in paying]), strict=True):
            u[i] = payment


def solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solve a regular linear system by Gauss and Jordan's elimination."""
    rows = [[*row, end] for row, end in zip(matrix, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = next(row for row in range(column, size) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        rows[column] = [entry / scale for entry in rows[column]]
        for row in range(size):
            factor = rows[row][column]
            if row != column and factor:
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[size] for row in rows]
