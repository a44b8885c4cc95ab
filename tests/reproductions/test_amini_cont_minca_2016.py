import itertools
from fractions import Fraction

import numpy as np
import pytest

from abm.contagion import gai_kapadia, resilience
from abm.errors import BadInput
from experiments.reproductions.amini_cont_minca_2016 import (
    LARGEST,
    WEAK,
    banks,
    boundary,
    boundary_row,
    fallen,
    fallen_unequal,
    lenders,
    order_needs,
    poisson_banks,
    poisson_row,
    unequal,
)
from experiments.reproductions.gai_kapadia_2010 import GaiKapadia
from experiments.reproductions.poisson_window import extent


def test_degrees_are_those_asked_for():
    for equal in (False, True):
        of = banks(0.3, equal, copies=2)
        assert of.n == 1922
        assert of.count @ of.debtors == of.count @ of.creditors
        assert (of.count >= 0).all()
    start, target = lenders(of, np.random.default_rng(1))
    assert (np.diff(start) == np.repeat(of.creditors, of.count)).all()
    assert (np.bincount(target, minlength=of.n) == np.repeat(of.debtors, of.count)).all()


def test_boundaries():
    assert (boundary(False), boundary(True)) == (Fraction(31, 96), Fraction(5, 14))
    assert boundary_row(False).holds
    assert boundary_row(True).holds
    for equal in (False, True):
        edge = float(boundary(equal))
        assert banks(edge - 0.01, equal, 100).limit(0.0).resilient
        assert not banks(edge + 0.01, equal, 100).limit(0.0).resilient


def test_poisson_degrees_give_gai_and_kapadia():
    assert poisson_row().holds
    model = GaiKapadia(3.0)
    j, k, need, weights = poisson_banks(model)
    assert resilience(j, k, need, weights=weights, first=1e-12).fallen == pytest.approx(
        extent(model.z, model.need), abs=1e-6
    )


def test_a_network_falls_as_the_public_model_says():
    of = banks(1, True, copies=1)
    [share] = fallen(of, 0.01, 1, 5)
    rng = np.random.default_rng(5)
    start, target = lenders(of, rng)
    first = rng.permutation(of.n)[:10]
    links = np.zeros((of.n, of.n))
    links[np.repeat(np.arange(of.n), np.diff(start)), target] = 1
    np.fill_diagonal(links, 0)
    simple = gai_kapadia(links, first, capital=WEAK, interbank=1).fallen.mean()
    assert abs(simple - share) < 0.02  # the public model has no repeated links
    assert share > 0.9


def test_simulation_meets_the_limit_on_both_sides():
    for weak, low, high in ((0.2, 0.0, 0.1), (0.35, 0.15, 0.4), (0.6, 0.99, 1.0)):
        of = banks(weak)
        shares, limit = fallen(of, 0.01, 20, 3), of.limit(0.01).fallen
        assert low <= limit <= high
        assert abs(shares.mean() - limit) < 4 * shares.std() / 20**0.5 + 0.001


def test_needs_in_a_random_order_against_all_orders():
    for j, capital in itertools.product((2, 3, 4, 5), (0.1, 0.3, 0.45, 0.7, 0.9, 1.5)):
        losses = [LARGEST, *[(1 - LARGEST) / (j - 1)] * (j - 1)]
        counts = np.zeros(j + 2)
        for order in itertools.permutations(losses):
            over = np.flatnonzero(np.cumsum(order) > capital + 1e-12)
            counts[over[0] + 1 if over.size else j + 1] += 1
        assert np.allclose(order_needs(j, capital), counts / counts.sum())


def test_unequal_exposures_meet_the_limit():
    shares = np.array(fallen_unequal(0.3, 0.01, 12, 2, 4))
    assert abs(shares.mean() - unequal(0.3).limit(0.01).fallen) < 4 * shares.std() / 12**0.5
    assert unequal(0.3).limit(0.01).fallen > banks(0.0).limit(0.01).fallen


@pytest.mark.parametrize("wrong", [{"weak": -0.1}, {"weak": 1.1}, {"weak": 0.5, "copies": 0}])
def test_out_of_range(wrong):
    with pytest.raises(BadInput, match="need 0 <= weak <= 1"):
        banks(**wrong)
