from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import poisson

from abm.contagion import gai_kapadia, watts
from abm.errors import BadInput
from experiments.reproductions.gai_kapadia_2010 import GaiKapadia
from experiments.reproductions.poisson_cascades import (
    Estimate,
    cascade_sizes,
    directed_graph,
    estimate,
    pooled,
    undirected_graph,
)
from experiments.reproductions.poisson_window import directed_frequency
from experiments.reproductions.watts_2002 import Watts


def directed(rng, n, p):
    start, target = np.zeros(n + 1, np.int64), np.zeros(n * (n - 1), np.int64)
    links = directed_graph(rng, n, p, start, target)
    assert start[n] == links
    table = np.zeros((n, n))
    for i in range(n):
        table[i, target[start[i] : start[i + 1]]] += 1
    return table


def undirected(rng, n, p):
    room = n * (n - 1) // 2
    start, target, fill = np.zeros(n + 1, np.int64), np.zeros(2 * room, np.int64), np.zeros(n, np.int64)
    links = undirected_graph(
        rng, n, p, start, target, np.zeros(room, np.int64), np.zeros(room, np.int64), fill
    )
    assert start[n] == 2 * links
    table = np.zeros((n, n))
    for i in range(n):
        table[i, target[start[i] : start[i + 1]]] += 1
    return table


@pytest.mark.parametrize("draw", [directed, undirected])
def test_every_pair_is_drawn_alike(draw):
    rng, n, p, draws = np.random.default_rng(3), 6, 0.3, 4000
    total = np.zeros((n, n))
    for _ in range(draws):
        table = draw(rng, n, p)
        assert table.max(initial=0) <= 1
        assert (np.diag(table) == 0).all()
        if draw is undirected:
            assert (table == table.T).all()
        total += table
    shares = total[~np.eye(n, dtype=bool)] / draws
    assert np.abs(shares - p).max() < 5 * (p * (1 - p) / draws) ** 0.5


def test_too_little_room_is_noticed():
    rng = np.random.default_rng(1)
    assert directed_graph(rng, 30, 0.5, np.zeros(31, np.int64), np.zeros(10, np.int64)) == -1


@pytest.mark.parametrize("strict", [True, False])
def test_the_sweep_is_the_public_gai_kapadia(strict):
    n, z, seed, draws = 40, 3.0, 11, 30
    sizes = cascade_sizes(draws, seed, n=n, z=z, ratio=Fraction(1, 5), strict=strict, directed=True)
    rng = np.random.default_rng(seed)
    capital = (
        Fraction(4, 100) if strict else Fraction(4, 100) - Fraction(1, 10**6)
    )  # a tie is fatal just below
    for size in sizes:
        owes = directed(rng, n, z / (n - 1))
        first = int(rng.random() * n)
        assert gai_kapadia(owes, first, capital=capital, interbank="0.2").fallen.sum() == size


def test_the_sweep_is_the_public_watts():
    n, z, seed = 40, 2.5, 12
    sizes = cascade_sizes(30, seed, n=n, z=z, ratio=Fraction(18, 100), strict=False, directed=False)
    rng = np.random.default_rng(seed)
    for size in sizes:
        friends = undirected(rng, n, z / (n - 1))
        assert watts(friends, int(rng.random() * n), threshold="0.18").fallen.sum() == size


@pytest.mark.parametrize(
    ("K", "A_IB", "tie"), [("0.04", "0.2", True), ("0.04", "0.2", False), ("0.03", "0.2", True)]
)
def test_frequency_follows_the_closed_form_inside_the_window(K, A_IB, tie):
    model = GaiKapadia(3.5, K=K, A_IB=A_IB, tie_solvent=tie)
    found = model.sizes(1500)
    assert abs(found.frequency - directed_frequency(3.5, model.J)) < 4 * found.error + 0.01


def test_thresholds_are_exact():
    assert [GaiKapadia(3.0).need(j) for j in (1, 4, 5, 9, 10)] == [1, 1, 2, 2, 3]
    assert [GaiKapadia(3.0, tie_solvent=False).need(j) for j in (1, 4, 5, 6, 10)] == [1, 1, 1, 2, 2]
    assert (GaiKapadia(3.0).J, GaiKapadia(3.0, tie_solvent=False).J) == (4, 5)
    assert GaiKapadia(3.0, K=0.3).J == 0
    assert [Watts(3.0).need(k) for k in (1, 5, 6, 50, 51)] == [1, 1, 2, 9, 10]
    assert Watts(3.0, phi=0.25).K == 4


def test_estimates():
    sizes = np.array([1, 1, 600, 1000, 50, 51])
    found = estimate(sizes, 1000)
    assert (found.draws, found.breakouts) == (6, 3)  # fifty of a thousand is not more than 5 %
    assert found.extent == pytest.approx((600 + 1000 + 51) / 3000)
    halves = pooled([estimate(sizes[:3], 1000), estimate(sizes[3:], 1000)])
    assert (halves.draws, halves.breakouts, halves.extent) == (6, 3, pytest.approx(found.extent))
    assert np.isnan(pooled([Estimate(5, 0, float("nan"), 0.0)]).extent)


def test_mean_degree_is_z():
    rng = np.random.default_rng(5)
    degrees = directed(rng, 300, 4.0 / 299).sum(axis=0)
    assert abs(degrees.mean() - 4.0) < 5 * (4.0 / 300) ** 0.5
    assert abs((degrees == 0).mean() - poisson.pmf(0, 4.0)) < 0.05


@pytest.mark.parametrize("wrong", [{"n": 2}, {"z": 0.0}, {"z": 99.0}, {"draws": 0}, {"ratio": Fraction(-1)}])
def test_out_of_range(wrong):
    given = {"draws": 1, "n": 100, "z": 3.0, "ratio": Fraction(1, 5)} | wrong
    with pytest.raises(BadInput, match="need draws >= 1"):
        cascade_sizes(given.pop("draws"), 1, **given, strict=True, directed=True)


def test_models_refuse_thresholds_that_are_none():
    with pytest.raises(BadInput, match="K and A_IB must be positive"):
        GaiKapadia(3.0, K=0)
    with pytest.raises(BadInput, match="phi must be positive"):
        Watts(3.0, phi=0)
    with pytest.raises(BadInput, match="K must be"):
        GaiKapadia(3.0, K="lots")
