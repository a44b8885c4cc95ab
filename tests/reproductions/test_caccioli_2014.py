from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from abm.contagion import fire_sales
from abm.errors import BadInput
from experiments.reproductions import caccioli_2014 as study
from experiments.reproductions.caccioli_2014 import Branching, Caccioli


@pytest.mark.parametrize("row", study.exact_rows(), ids=lambda row: row.statement[:20])
def test_exact_cases(row):
    assert row.holds


def test_holdings_are_drawn_evenly():
    model = Caccioli(3.0, N=300, M=200)
    rng = np.random.default_rng(1)
    drawn = [model.holdings(rng).toarray() for _ in range(60)]
    held = np.mean([part > 0 for part in drawn], axis=0)
    assert held.mean() == pytest.approx(3.0 / 200, rel=0.02)
    assert_allclose([held[:100].mean(), held[200:].mean(), held[:, :50].mean()], 3.0 / 200, rtol=0.06)
    for part in drawn[:5]:
        sums = part.sum(axis=1)
        assert_allclose(sums[sums > 0], 1.0, rtol=1e-12)
        assert all(len(set(row[row > 0])) <= 1 for row in part)


@pytest.mark.parametrize("entering", [1, 2, 4])
def test_what_one_asset_does_to_its_holders_is_what_forced_sales_do(entering):
    """Each neighbourhood as a network of its own: everything else that its banks hold, nobody else holds."""
    model = Caccioli(3.0, leverage=12.0)
    branching = Branching(model, samples=8)
    down = branching.brought_down(entering)
    for others, fell in zip(branching.others, down, strict=True):
        degrees = [entering, *np.repeat(np.arange(1, len(others) + 1), others)]
        n = len(degrees)
        held = np.zeros((n, n + 1))
        for bank, degree in enumerate(degrees):
            held[bank, 0] = 1.0 / degree
            held[bank, 1 + bank] = 1.0 - 1.0 / degree
        debt = np.full(n, 1.0 - 1.0 / model.leverage)
        debt[0] = 2.0
        fallen = fire_sales(held, np.zeros(n), debt, impact=model.alpha).defaulted[1:]
        counted = np.bincount(np.array(degrees[1:], dtype=int)[fallen], minlength=model.largest + 1)
        assert counted[1:].tolist() == fell.tolist()
    assert down.sum() > 0


def test_where_every_holder_falls_the_eigenvalue_is_that_of_the_graph():
    """Few assets a bank and much leverage: banks of degree k' reach mu_a holders by k' - 1 assets each."""
    value, error = Branching(Caccioli(1.2, leverage=60.0), samples=300).eigenvalue
    assert value == pytest.approx(1.2 * 1.2, abs=4 * error + 0.01)
    value, error = Branching(Caccioli(1.2, leverage=60.0, N=2000), samples=300).eigenvalue
    assert value == pytest.approx(2 * 1.2 * 1.2, abs=4 * error + 0.02)


def test_without_impact_or_leverage_nothing_spreads():
    for model in (Caccioli(3.0, alpha=0.0), Caccioli(3.0, leverage=1.0)):
        assert Branching(model, 20).eigenvalue == (0.0, 0.0)
        assert Branching(model, 20).frequency == (0.0, 0.0)
        assert replace(model, N=50, M=50).sizes(20).breakouts == 0
    assert study.boundaries(Caccioli(1.0, leverage=5.0), 20) is None


@pytest.mark.parametrize("wrong", [{"mu_b": 0.0}, {"mu_b": 1000.0}, {"leverage": 0.5}, {"N": 0}, {"alpha": -1.0}])
def test_out_of_range(wrong):
    with pytest.raises(BadInput, match="need N and M >= 1"):
        Caccioli(**({"mu_b": 2.0} | wrong))
