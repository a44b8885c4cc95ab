import json
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.contagion import clear_tiers
from abm.errors import BadInput
from experiments.reproductions import acemoglu_2015 as study
from experiments.reproductions.exact_clearing import clear_exactly


@st.composite
def networks(draw):
    n = draw(st.integers(1, 6))
    whole = st.integers(0, 9)
    owed = [[Fraction(0) if i == j else Fraction(draw(whole), 4) for j in range(n)] for i in range(n)]
    assets = [Fraction(draw(whole), 3) for _ in range(n)]
    senior = [Fraction(draw(whole), 3) for _ in range(n)]
    return owed, assets, senior


def payment_map(owed, assets, senior, paid):
    n = len(assets)
    full = [sum(row) for row in owed]
    left = [
        assets[i] - senior[i] + sum(owed[j][i] * paid[j] / full[j] for j in range(n) if owed[j][i])
        for i in range(n)
    ]
    return [min(full[i], max(Fraction(0), left[i])) for i in range(n)]


@settings(deadline=None, max_examples=80)
@given(networks())
def test_exact_payments_are_the_greatest_fixed_point(network):
    paid = clear_exactly(*network)
    assert payment_map(*network, paid) == paid
    upper = [sum(row) for row in network[0]]
    for _ in range(15):
        upper = payment_map(*network, upper)
        assert all(p <= u for p, u in zip(paid, upper, strict=True))
    L, e, b = (np.array(part, dtype=float) for part in network)
    full = L.sum(axis=1)
    share = np.divide(L, full[:, None], out=np.zeros_like(L), where=full[:, None] > 0)
    above = np.array(upper, dtype=float)
    for _ in range(2000):  # in floats from here, to where they rest
        above = np.clip(e - b + share.T @ above, 0.0, full)
    np.testing.assert_allclose(above, [float(p) for p in paid], atol=1e-3)


@settings(deadline=None, max_examples=50)
@given(networks())
def test_the_library_agrees_with_fractions(network):
    owed, assets, senior = network
    n = len(assets)
    tiers = np.zeros((2, n, n))
    tiers[1] = np.array(owed, dtype=float)
    outside = np.zeros((2, n))
    outside[0] = np.array(senior, dtype=float)
    cleared = clear_tiers(tiers, np.array(assets, dtype=float), outside)
    np.testing.assert_allclose(cleared.payments[1], [float(p) for p in clear_exactly(*network)], atol=1e-9)


def test_every_stored_payment():
    case = json.loads(study.CASE.read_text())
    row = study.the_case()
    assert row.holds
    assert row.ours == "16 networks"
    assert sum(isinstance(value, dict) for value in case["results"].values()) == 16


@pytest.mark.parametrize("n", [4, 7, 12])
def test_ring_counts_follow_the_formula_for_other_sizes(n):
    a, v, y = Fraction(4), Fraction(19, 5), Fraction(3)
    for k in range(1, 20):
        eps = study.eps_star(n, a, v) * Fraction(k, 20)
        count = study.defaults(study.ring(n, y), a, v, study.first_hit(n, eps))
        assert count == ceil(eps / (a - v)) - 1
    hair = study.eps_star(n, a, v) + Fraction(1, 10**6)
    assert study.defaults(study.ring(n, y), a, v, study.first_hit(n, hair)) == n


def test_threshold_of_the_shock_by_number_of_banks_hit():
    assert [study.eps_star(10, study.A, study.V, k) for k in (1, 2, 5)] == [
        Fraction(1, 2),
        Fraction(1, 4),
        Fraction(1, 10),
    ]
    assert study.y_star(10, study.A, study.V, 4) == Fraction(3, 10)


def test_bad_shapes_and_shocks():
    with pytest.raises(BadInput, match="owed must be 2 by 2"):
        clear_exactly([[Fraction(0)]], [Fraction(1)] * 2, [Fraction(0)] * 2)
    with pytest.raises(BadInput, match="negative"):
        clear_exactly([[Fraction(0)]], [Fraction(-1)], [Fraction(0)])
    with pytest.raises(BadInput, match="shock"):
        study.payments(study.ring(3, study.Y), study.A, study.V, [Fraction(2), Fraction(0), Fraction(0)])
    with pytest.raises(BadInput, match="even number"):
        study.cliques(5, study.Y)
