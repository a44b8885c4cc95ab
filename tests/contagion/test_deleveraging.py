from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from abm.contagion import fire_sales, glasserman_young_losses, vulnerability
from abm.errors import BadInput


def by_hand(holdings, equity, shock, impact, leverage):
    """Who loses how much by whose sales, bank by bank and asset by asset, in fractions: `lost[j][i]`."""
    assets = [sum(map(Fraction, row)) for row in holdings]
    lost = []
    for i, row in enumerate(holdings):
        sells = leverage[i] * sum(Fraction(value) * f for value, f in zip(row, shock, strict=True))
        falls = [sells * value / assets[i] * part for value, part in zip(row, impact, strict=True)]
        lost.append([sum(value * fall for value, fall in zip(other, falls, strict=True)) for other in holdings])
    return lost


@pytest.mark.parametrize("target", [None, [3, 0, Fraction(1, 2)]])
@pytest.mark.parametrize("convert", [np.array, sp.csr_array], ids=["dense", "sparse"])
def test_vulnerability_in_fractions(target, convert):
    holdings, equity = [[4, 0, 6], [5, 5, 0], [1, 2, 9]], [2, 1, 4]
    shock, impact = [Fraction(1, 10), Fraction(1, 5), 0], [Fraction(1, 100), Fraction(1, 50), Fraction(3, 100)]
    own = target or [Fraction(sum(row) - e, e) for row, e in zip(holdings, equity, strict=True)]
    lost = by_hand(holdings, equity, shock, impact, own)
    found = vulnerability(
        convert(np.array(holdings, float)), equity, np.array(shock, float), impact=np.array(impact, float),
        leverage=None if target is None else np.array(target, float),
    )  # fmt: skip
    caused = [float(sum(row) / sum(equity)) for row in lost]
    borne = [float(sum(row[i] for row in lost) / e) for i, e in enumerate(equity)]
    assert_allclose(found.systemicness, caused, rtol=1e-13)
    assert_allclose(found.indirect, borne, rtol=1e-13)
    assert_allclose(found.aggregate, sum(caused), rtol=1e-13)
    assert_allclose(found.direct, [float(Fraction(2, 5) / 2), 1.5, float(Fraction(1, 2) / 4)], rtol=1e-13)
    assert_allclose(found.sales, [float(b * d * e) for b, d, e in zip(own, (0.2, 1.5, 0.125), equity, strict=True)])


def test_vulnerability_refuses():
    with pytest.raises(BadInput, match=r"equity\[1\] must be positive"):
        vulnerability([[1], [1]], [1, 0], [0.1], impact=0.1)
    with pytest.raises(BadInput, match="price_shock must be from 0 to 1"):
        vulnerability([[1]], [1], [1.5], impact=0.1)
    with pytest.raises(BadInput, match="leverage must be given"):
        vulnerability([[1]], [2], [0.5], impact=0.1)
    with pytest.raises(BadInput, match="row for each firm"):
        vulnerability([1, 2], [1], [1], impact=0.1)


@pytest.mark.parametrize("rule", ["default", "leverage"])
def test_sparse_holdings_sell_as_dense_ones(rule):
    rng = np.random.default_rng(5)
    for _ in range(30):
        n, m = rng.integers(1, 30, 2)
        holdings = rng.exponential(1.0, (n, m)) * (rng.random((n, m)) < 0.3)
        debt, other = 0.9 * holdings.sum(axis=1), np.full(n, 0.01)
        shock = rng.random(m) * 0.1
        dense, *others = (
            fire_sales(held, other, debt, price_shock=shock, impact=0.8, rule=rule)
            for held in (holdings, sp.csr_array(holdings), sp.coo_array(holdings))
        )
        for sparse in others:
            assert sparse.default_round.tolist() == dense.default_round.tolist()
            assert_allclose(sparse.prices, dense.prices, rtol=1e-12)
            assert_allclose(sparse.equity, dense.equity, rtol=1e-9, atol=1e-12)


def test_sparse_holdings_are_checked_and_left_alone():
    held = sp.csr_array(([1.0, 2.0, 3.0], [1, 0, 1], [0, 3]), shape=(1, 2))
    kept = held.copy()
    assert fire_sales(held, [0], [7]).defaulted.all()
    assert not fire_sales(held, [0], [6]).defaulted.any()
    assert held.indices.tolist() == kept.indices.tolist()
    assert held.data.tolist() == kept.data.tolist()
    with pytest.raises(BadInput, match=r"holdings\[0, 1\] is -1: it must be a finite number, at least 0"):
        fire_sales(sp.csr_array([[0.0, -1.0]]), [1], [1])
    with pytest.raises(BadInput, match="row for each firm"):
        fire_sales(sp.coo_array(np.ones(3)), [1], [1])


def test_losses_of_all_are_within_their_bound():
    rng = np.random.default_rng(3)
    for _ in range(80):
        n = int(rng.integers(1, 8))
        owed = rng.integers(0, 9, (n, n)) * (rng.random((n, n)) < 0.5) / 4
        np.fill_diagonal(owed, 0.0)
        outside = rng.integers(1, 9, n) / 4
        cash = np.maximum(owed.sum(axis=1) + outside - owed.sum(axis=0), 0.0) + rng.integers(0, 4, n) / 8
        found = glasserman_young_losses(owed, cash, outside, shock=cash * rng.random(n))
        assert found.holds
        assert found.alone <= found.shortfall + 1e-9
    # Two owed to the next firm and two outside, none of it paid; the next firm then pays one of three.
    chain = glasserman_young_losses([[0, 2], [0, 0]], [4, 1], [2, 3], shock=[4, 0])
    assert (chain.shortfall, chain.alone, chain.bound) == (6.0, 4.0, 8.0)


def test_losses_where_nothing_is_owed_outside_have_no_bound():
    closed = [[0, 1], [1, 0]]
    assert glasserman_young_losses(closed, [1, 1], shock=[1, 1]).bound == 0.0
    chain = [[0, 1], [0, 0]]
    found = glasserman_young_losses(chain, [1.5, 0], [0, 0.5], shock=[1, 0])
    assert (found.shortfall, found.alone, found.bound, found.holds) == (0.5, 0.5, np.inf, True)


def test_losses_refuse():
    with pytest.raises(BadInput, match=r"shock\[0\] must be from 0 to the outside assets of firm 0, 5"):
        glasserman_young_losses([[0, 3], [0, 0]], [5, 0], shock=[6, 0])
    with pytest.raises(BadInput, match="solvent before the shock"):
        glasserman_young_losses([[0, 3], [0, 0]], [1, 0], shock=[0, 0])
