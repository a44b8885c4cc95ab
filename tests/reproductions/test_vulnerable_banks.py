from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from abm.contagion import vulnerability
from abm.errors import BadInput
from experiments.reproductions import glasserman_young_2015 as contagion
from experiments.reproductions import greenwood_2015 as study
from experiments.reproductions.eba_2018 import banks
from experiments.reproductions.glasserman_young_2015 import System


def test_the_figures_of_2018():
    known = banks()
    assert len(known.names) == len(set(known.names)) == 48
    place = known.names.index("NL33")
    assert (known.government[place], known.corporate[place], known.interbank[place]) == (8876, 8243, 13904)
    assert known.equity[place] / known.assets[place] == pytest.approx(0.0349)
    # The largest bank: 65831 + 163799 of government bonds, 29559 + 10375 + 5471 of firms.
    assert (known.government.max(), known.corporate[known.names.index("UK46")]) == (229630, 45405)
    assert (known.government + known.corporate <= known.assets).all()


@pytest.mark.parametrize("row", study.exact_rows(), ids=lambda row: row.statement[:20])
def test_exact_cases(row):
    assert row.holds


def test_the_formula_in_fractions_is_the_librarys():
    rng = np.random.default_rng(1)
    for _ in range(20):
        n, m = (int(x) for x in rng.integers(1, 5, 2))
        holdings = [[int(x) for x in row] for row in rng.integers(1, 9, (n, m))]
        equity = [1 + int(rng.integers(sum(row))) for row in holdings]
        shock = [Fraction(int(x), 10) for x in rng.integers(0, 5, m)]
        impact = [Fraction(int(x), 100) for x in rng.integers(0, 5, m)]
        exactly = study.losses(holdings, equity, shock, impact)
        found = vulnerability(
            holdings, equity, [float(x) for x in shock], impact=np.array([float(x) for x in impact])
        )
        assert_allclose(found.indirect * equity, [float(x) for x in exactly], atol=1e-12)
        alone = [sum(study.losses(holdings, equity, shock, impact, [i])) for i in range(n)]
        assert sum(alone) == sum(exactly)
        assert_allclose(found.systemicness * sum(equity), [float(x) for x in alone], atol=1e-12)


def test_matrices_that_do_not_follow_one_another():
    with pytest.raises(BadInput, match="cannot multiply rows of 2 with a matrix of 1 rows"):
        study.product([[Fraction(1), Fraction(2)]], [[Fraction(1)]])


def test_a_chain_falls_at_the_shock_that_the_first_theorem_names():
    """Bank 0 owes half of its debt to bank 1, which has a net worth of 1; nobody else gets anything of it."""
    system = System(np.array([[0.0, 4.0], [0.0, 0.0]]), np.array([9.0, 2.0]), np.array([4.0, 5.0]))
    assert system.w.tolist() == [1.0, 1.0]
    assert system.beta.tolist() == [0.5, 0.0]
    assert contagion.smallest_shock(system, 0, np.array([1])) == pytest.approx(1.0 + 1.0 / 0.5, abs=1e-8)
    assert contagion.weak_ratio(system.w[1:], system.c[1:], 0.5, 9.0) == pytest.approx(1.0 / (0.5 * 9.0 * 0.5))


def test_amplification_in_closed_form():
    """One bank that owes half inside: chance of default .9 at a net worth of a tenth of outside assets."""
    system = System(np.array([[0.0, 5.0], [0.0, 0.0]]), np.array([10.0, 30.0]), np.array([4.0, 5.0]))
    assert system.w.tolist() == [1.0, 30.0]
    assert contagion.amplification(system, 1) == pytest.approx(1 + (0.9 * 10 / 40) / (1 - 5 / 9))
    assert contagion.amplification(system, 4) == pytest.approx(1 + (0.9**4 * 10 / 40) / (1 - 5 / 9))
    assert contagion.bound_of(0.01, np.ones(3), 0.5) == pytest.approx(1.02)
    assert contagion.bound_of(0.01, np.ones(3), 1.0) == np.inf


def test_the_recipe_for_the_table():
    known, system = banks(), contagion.table()
    assert_allclose(system.owed.sum(axis=1), known.interbank)
    assert_allclose(system.beta, known.interbank / (known.assets - known.equity))
    assert_allclose(system.c + known.interbank - system.owed.sum(axis=1) - system.b, known.equity)
