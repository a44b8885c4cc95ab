import itertools
from fractions import Fraction

import numpy as np
import pytest

from abm.errors import BadInput
from experiments.reproductions.elliott_golub_jackson_2014 import (
    CLAIMS,
    COUNTRIES,
    HIERARCHIES,
    MENDED,
    PUBLISHED,
    SEED,
    C,
    complete_row,
    countries_dependency,
    cross_holdings,
    hierarchy,
    valuation,
    waves,
)
from experiments.reproductions.elliott_golub_jackson_2014_curves import hump, shares_failing


def test_counts_by_round():
    rounds = waves(valuation(cross_holdings(100, C, 1.0, SEED), 1 - C), 0.3, 1.0, np.ones(100))
    assert tuple(int(failed.sum()) for failed in rounds) == PUBLISHED


def test_shares_sum_to_c_where_there_is_a_holder():
    shares = cross_holdings(60, 0.5, 2.0, 7)
    held = shares.sum(axis=0)
    assert np.allclose(held[held > 0], 0.5)
    assert (np.diag(shares) == 0).all()


def test_values_are_those_of_the_dependency_matrix():
    shares, assets = cross_holdings(12, 0.6, 2.0, 5), np.arange(24.0).reshape(12, 2)
    matrix = np.diag(1 - shares.sum(axis=0)) @ np.linalg.inv(np.eye(12) - shares)
    assert np.allclose(matrix.sum(axis=0), 1)
    assert np.allclose(valuation(shares)(assets), matrix @ assets)
    assert np.allclose(valuation(shares)(assets[:, 0]), matrix @ assets[:, 0])


def test_failures_only_grow_and_rest_at_the_greatest_values():
    shares, n = cross_holdings(40, 0.6, 1.5, 3), 40
    rounds = waves(valuation(shares, 0.4), 0.45, 0.5, np.ones(n))
    assert all((earlier <= later).all() for earlier, later in itertools.pairwise(rounds))
    values = np.linalg.solve((np.eye(n) - shares).T, np.eye(n)).T * 0.4 @ (1 - 0.5 * rounds[-1])
    assert ((values < 0.45) == rounds[-1]).all()


def test_a_firm_at_its_threshold_stands():
    values = valuation(np.zeros((3, 3)), 0.7)
    assert not waves(values, 0.7, 1.0, np.ones(3))[-1].any()
    assert waves(values, 0.7 + 1e-9, 1.0, np.ones(3))[-1].all()


@pytest.mark.parametrize("wrong", [{"n": 1}, {"c": 1.0}, {"d": -1.0}, {"d": 100.0}])
def test_out_of_range(wrong):
    with pytest.raises(BadInput, match="need n >= 2"):
        cross_holdings(**({"n": 10, "c": 0.5, "d": 1.0, "seed": 1} | wrong))


def test_six_countries():
    exact = countries_dependency()
    assert [sum(exact[:, j]) for j in range(6)] == [1] * 6
    for j, row in enumerate(exact.T):  # what others hold of a country is a third, in the proportions of the claims
        owed = sum(claims[j] for claims in CLAIMS)
        for i in range(6):
            through = sum(Fraction(CLAIMS[k][j], 3 * owed) * exact[i, k] for k in range(6))
            assert row[i] == through + (Fraction(2, 3) if i == j else 0)
    two = np.round(exact.astype(float), 2)
    assert two[COUNTRIES.index("Spain")].tolist() == [0.03, 0.03, 0.02, 0.02, 0.14, 0.68]
    assert {theta: hierarchy(countries_dependency(slip=True, digits=2), theta) for theta in HIERARCHIES} == HIERARCHIES
    assert {theta: hierarchy(countries_dependency(digits=2), theta) for theta in MENDED} == MENDED
    assert hierarchy(exact, "0.94") == "Greece; Portugal, Spain; France, Germany; Italy"
    assert hierarchy(exact, "0.8") == "no one"


def test_one_lost_asset():
    alone = shares_failing(20, [(0.5, 0.0)], (0.1, 0.9), range(20))
    assert (alone == 1 / 20).all()  # no one holds anyone
    [at_point] = shares_failing(50, [(0.5, 3.0)], (0.85, 0.93), range(40))
    assert (at_point[0] <= at_point[1]).all()
    assert at_point[1].mean() > 0.3
    for place, seed in enumerate((3, 61)):  # the same by inverting
        shares = cross_holdings(50, 0.5, 3.0, seed)
        matrix = np.diag(1 - shares.sum(axis=0)) @ np.linalg.inv(np.eye(50) - shares)
        lost = np.ones(50)
        lost[seed % 50] = 0
        failed = np.zeros(50, bool)
        for _ in range(50):
            failed = matrix @ (lost * ~failed) < 0.93 * matrix.sum(axis=1) - 1e-12
        assert shares_failing(50, [(0.5, 3.0)], (0.93,), (3, 61))[0, 0, place] == failed.mean()
    assert complete_row().holds


def test_a_hump_must_rise_and_fall():
    flat, low, high = (0.4, 0.01), (0.1, 0.01), (0.8, 0.01)
    assert hump("d", "", (1, 2, 3), (low, high, low)).holds
    for found in ((low, flat, high), (high, flat, low), (flat, flat, flat), (low, (0.8, 0.5), low)):
        assert not hump("d", "", (1, 2, 3), found).holds
