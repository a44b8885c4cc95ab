"""Cross-holdings, DebtRank, threshold cascades, fire sales, network valuation and look-through debt."""

import itertools
import json
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from contagion_networks import random_network, solve_exactly
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.stats import norm

import abm.contagion.distress as distress_module
import experiments.reproductions
from abm.contagion import (
    attribute_debt,
    clear,
    clear_cross_holdings,
    clear_tiers,
    debtrank,
    equity_fixed_point,
    fire_sales,
    furfine,
    gai_kapadia,
    needs,
    spread,
    value_before_maturity,
    value_debtrank,
    value_eisenberg_noe,
    value_furfine,
    watts,
)
from abm.contagion.neva import Books
from abm.errors import BadInput, NotConverged

CASES = Path(experiments.reproductions.__file__).parent / "cases"
RING = np.array([[0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0]])


def load(stem):
    return json.loads((CASES / f"{stem}.json").read_text())


# Debt and equity cross-holdings


def test_published_cross_holdings_case():
    case = load("x05_suzuki2")
    cleared = clear_cross_holdings(case["input"]["L"], case["input"]["e"], case["input"]["Theta"])
    assert_allclose(cleared.payments, case["expected"]["p"], rtol=0, atol=1e-12)
    assert_allclose(cleared.equity, case["expected"]["equity"], rtol=0, atol=1e-12)
    assert not cleared.defaulted.any()


def greatest_cross_holdings(owed, cash, held, external, alpha, beta):
    """The greatest solution in fractions, by trying every default set."""
    n = len(cash)
    owed = [[Fraction(x) for x in row] for row in owed]
    held = [[Fraction(x) for x in row] for row in held]
    cash, external = [Fraction(x) for x in cash], [Fraction(x) for x in external]
    alpha, beta = Fraction(alpha), Fraction(beta)
    nominal = [sum(owed[i]) + external[i] for i in range(n)]
    best = None
    for solvent in itertools.product([True, False], repeat=n):
        if any(not stands and nominal[i] == 0 for i, stands in enumerate(solvent)):
            continue
        matrix = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        right = []
        for i in range(n):
            keep = 1 if solvent[i] else beta
            right.append(cash[i] - nominal[i] if solvent[i] else alpha * cash[i])
            for j in range(n):
                if solvent[j]:
                    right[i] += keep * owed[j][i]
                    matrix[i][j] -= keep * held[j][i]
                else:
                    matrix[i][j] -= keep * owed[j][i] / nominal[j]
        x = solve_exactly(matrix, right)
        if x is None:
            continue
        pays = [nominal[i] if solvent[i] else x[i] for i in range(n)]
        owns = [x[i] if solvent[i] else Fraction(0) for i in range(n)]
        worth = [
            cash[i]
            + sum(pays[j] * owed[j][i] / nominal[j] for j in range(n) if nominal[j])
            + sum(owns[j] * held[j][i] for j in range(n))
            for i in range(n)
        ]
        if all(worth[i] >= nominal[i] if solvent[i] else worth[i] < nominal[i] for i in range(n)) and (
            best is None or all(a >= b for a, b in zip(pays + owns, best[0] + best[1], strict=True))
        ):
            best = pays, owns
    return np.array([float(x) for x in best[0]]), np.array([float(x) for x in best[1]])


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_cross_holdings_are_the_greatest_solution(data):
    n = data.draw(st.integers(1, 4))
    grid = st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=n, max_size=n)
    row = st.lists(st.integers(0, 4), min_size=n, max_size=n)
    owed = np.array(data.draw(grid), dtype=float)
    held = np.array(data.draw(grid), dtype=float) / 16.0
    np.fill_diagonal(owed, 0.0)
    np.fill_diagonal(held, 0.0)
    cash, external = np.array(data.draw(row), dtype=float), np.array(data.draw(row), dtype=float)
    alpha, beta = (data.draw(st.sampled_from([0.0, 0.5, 1.0])) for _ in range(2))
    payments, equity = greatest_cross_holdings(owed, cash, held, external, alpha, beta)
    cleared = clear_cross_holdings(owed, cash, held, external, alpha=alpha, beta=beta)
    assert_allclose(cleared.payments, payments, rtol=0, atol=1e-13)
    assert_allclose(cleared.equity, equity, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_cross_holdings_without_equity_are_plain_clearing(seed):
    rng = np.random.default_rng(seed)
    owed, cash, external = random_network(rng, 30)
    plain = clear(owed, cash, external, alpha=0.9, beta=0.8)
    crossed = clear_cross_holdings(sp.csr_array(owed), cash, sp.csr_array((30, 30)), external, alpha=0.9, beta=0.8)
    assert_allclose(crossed.payments, plain.payments, rtol=0, atol=1e-12)
    assert_allclose(crossed.equity, plain.equity, rtol=0, atol=1e-12)
    assert_array_equal(crossed.default_round, plain.default_round)


def test_cross_holdings_conserve_value():
    """Outside assets end with outside creditors and outside owners."""
    rng = np.random.default_rng(4)
    owed, cash, external = random_network(rng, 40, outside=0.5)
    held = rng.random((40, 40)) * (rng.random((40, 40)) < 0.2)
    np.fill_diagonal(held, 0.0)
    held *= 0.7 / held.sum(axis=1).max()
    cleared = clear_cross_holdings(owed, cash, held, external)
    assert cleared.defaulted.any()
    assert not cleared.defaulted.all()
    outside = (cleared.recovery * external).sum() + ((1.0 - held.sum(axis=1)) * cleared.equity).sum()
    assert outside == pytest.approx(cash.sum(), abs=1e-11)


def test_cross_holdings_refuse_what_has_no_answer():
    with pytest.raises(BadInput, match="at most the whole"):
        clear_cross_holdings(np.zeros((3, 3)), np.ones(3), [[0, 0.6, 0.6], [0, 0, 0], [0, 0, 0]])
    with pytest.raises(BadInput, match="no outside owner"):
        clear_cross_holdings(np.zeros((2, 2)), np.ones(2), [[0, 1], [1, 0]])
    subsidiary = clear_cross_holdings(np.zeros((2, 2)), np.ones(2), [[0, 1], [0, 0]])
    assert subsidiary.equity.tolist() == [1.0, 2.0]


# DebtRank


@pytest.mark.parametrize("stem", sorted(path.stem for path in CASES.glob("d*.json")))
def test_published_debtrank_case(stem):
    case = load(stem)
    given_, expected = case["input"], case["expected"]
    linear = debtrank(given_["A"], given_["E0"], given_["s"], weights=given_["v"])
    assert_allclose(linear.loss, expected["h"], rtol=0, atol=1e-9)
    assert np.flatnonzero(linear.defaulted).tolist() == expected["default_set"]
    assert linear.debtrank == pytest.approx(expected["debtrank"], abs=1e-9)
    assert linear.total_loss == pytest.approx(expected["H_final"], abs=1e-9)
    assert linear.weights @ linear.initial == pytest.approx(expected["H_initial"], abs=1e-9)
    assert_allclose(debtrank(given_["A"], given_["E0"], given_["s"]).weights, given_["v"], rtol=1e-12)
    single = debtrank(sp.csr_array(given_["A"]), given_["E0"], given_["s"], form="2012")
    assert_allclose(single.loss, expected["h_single_hit_2012"], rtol=0, atol=1e-9)
    assert single.debtrank == pytest.approx(expected["debtrank_2012"], abs=1e-9)
    # The same equities from the valuation that nests it, with no debts but what exposures imply.
    exposures, equity = np.array(given_["A"]), np.array(given_["E0"])
    assets = np.full(equity.size, 100.0)
    debt = assets + exposures.sum(axis=1) - exposures.sum(axis=0) - equity
    shock = np.array(given_["s"]) * equity
    fixed = equity_fixed_point(exposures, assets, debt, value_debtrank, shock=shock)
    assert_allclose(fixed.equity, expected["equity_neva_can_be_negative"], rtol=0, atol=1e-9)


def debtrank_recursion(leverage, shock):
    """The recursion of Bardoscia et al. as printed: a firm in default stops passing losses on."""
    before, loss = np.zeros(shock.size), np.minimum(shock, 1.0)
    for _ in range(200_000):
        after = np.minimum(loss + leverage @ ((before < 1.0) * (loss - before)), 1.0)
        before, loss = loss, after
        if np.abs(loss - before).max() < 1e-15:
            return loss
    raise AssertionError("no convergence")


@pytest.mark.parametrize("seed", range(40))
def test_linear_debtrank_against_its_recursion(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    exposures = (rng.random((n, n)) < 0.2) * rng.exponential(1.0, (n, n)) * rng.uniform(0.1, 2.0)
    np.fill_diagonal(exposures, 0.0)
    equity = rng.uniform(0.5, 3.0, n)
    shock = np.where(rng.random(n) < 0.2, rng.random(n), 0.0)
    expected = debtrank_recursion(exposures / equity[:, None], shock)
    assert_allclose(debtrank(exposures, equity, shock).loss, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("way", ["sweeps", "sets"])
def test_debtrank_on_a_large_sparse_network(way, monkeypatch):
    n, m = 5_000, 25_000
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, n, m), rng.integers(0, n, m)
    exposures = sp.csr_array((rng.exponential(0.17, m) * (a != b), (a, b)), shape=(n, n))
    shock = np.zeros(n)
    shock[:50] = 0.5
    if way == "sets":
        monkeypatch.setattr(distress_module, "PATIENCE", 0)
    result = debtrank(exposures, np.ones(n), shock)
    right = np.minimum(shock + exposures @ result.loss, 1.0)
    assert_allclose(result.loss, right, rtol=0, atol=1e-12)
    assert 0.015 < result.total_loss < 0.9


@pytest.mark.parametrize("core", [1000, 0], ids=["sets", "sweeps"])
def test_a_shock_leaves_alone_whom_it_cannot_reach(core, monkeypatch):
    """Two firms with claims of twice their equity on each other stay whole: the least solution, not any."""
    monkeypatch.setattr(distress_module, "DIRECT", core)
    apart = np.zeros((4, 4))
    apart[0, 1] = 0.5
    apart[2, 3] = apart[3, 2] = 2.0
    assert_allclose(debtrank(apart, np.ones(4), [0.0, 0.4, 0.0, 0.0]).loss, [0.2, 0.4, 0.0, 0.0], atol=1e-15)


def test_debtrank_of_2012_caps_impacts_and_hits_once():
    """A claim of three times the equity counts as all of it: ``W_ij = min(1, A_ij / E_i)``."""
    result = debtrank([[0, 3], [0, 0]], [1, 1], [0, 0.2], form="2012")
    assert_allclose(result.loss, [0.2, 0.2])


def test_debtrank_refuses(monkeypatch):
    with pytest.raises(BadInput, match="form must be"):
        debtrank(RING, np.ones(3), np.zeros(3), form="2013")
    with pytest.raises(BadInput, match=r"equity\[1\] is 0: it must be positive"):
        debtrank(RING, [1, 0, 1], np.zeros(3))
    with pytest.raises(BadInput, match="all be zero"):
        debtrank(RING, np.ones(3), np.zeros(3), weights=np.zeros(3))
    assert debtrank(np.zeros((0, 0)), [], []).loss.size == 0
    monkeypatch.setattr(distress_module, "ACCURACY", -1.0)
    with pytest.raises(NotConverged):
        debtrank(RING, np.ones(3), [0.1, 0, 0])


# Threshold cascades


def test_the_tie_of_gai_and_kapadia():
    """In-degree 5, capital a fifth of interbank assets: one failure is survived however it is written."""
    owes = np.zeros((6, 6))
    owes[:5, 5] = 1.0
    writings = [(0.04, 0.2), ("0.04", "1/5"), (Fraction(1, 25), Decimal("0.2")), (1, 5), (4, 20.0)]
    for capital, interbank in writings:
        assert not gai_kapadia(owes, 0, capital=capital, interbank=interbank).fallen[5]
        assert gai_kapadia(owes, [0, 3], capital=capital, interbank=interbank).fallen[5]
    assert gai_kapadia(owes, 0, capital="0.0399999", interbank="0.2").fallen[5]
    assert not gai_kapadia(owes, range(5), capital=1, interbank=0).fallen[5]


def test_watts_reaches_its_threshold_at_a_tie():
    star = np.zeros((6, 6))
    star[0, 1:] = star[1:, 0] = 1.0
    assert watts(star, 1, threshold=0.2).fallen.all()
    assert watts(star, 1, threshold="0.2000001").fallen.sum() == 1
    lonely = watts(np.zeros((2, 2)), 0, threshold=0)
    assert lonely.fallen.tolist() == [True, False]


def slow_cascade(links, need, first):
    fallen = {int(i): 1 for i in first}
    step = 1
    while True:
        new = [i for i in range(links.shape[0]) if i not in fallen and sum(links[j, i] > 0 for j in fallen) >= need[i]]
        if not new:
            return [fallen.get(i, 0) for i in range(links.shape[0])]
        step += 1
        fallen.update(dict.fromkeys(new, step))


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.floats(0.0, 0.5))
def test_spread_against_a_slow_cascade(seed, n, density):
    rng = np.random.default_rng(seed)
    links = sp.csr_array((rng.random((n, n)) < density).astype(float))
    need = rng.integers(1, 4, n)
    first = np.unique(rng.integers(0, n, 2))
    hits, fell, queue = (np.zeros(n, np.int64) for _ in range(3))
    count = spread(
        links.indptr.astype(np.int64),
        links.indices.astype(np.int64),
        need,
        first,
        first.size,
        hits,
        fell,
        queue,
    )
    assert fell.tolist() == slow_cascade(links.toarray(), need, first)
    assert count == (fell > 0).sum()


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 50), st.integers(0, 12), st.integers(1, 12), st.booleans())
def test_needs_is_the_smallest_number_that_passes(degree, up, down, strict):
    need = np.zeros(1, np.int64)
    needs(np.array([degree]), up, down, strict, need)
    passes = [m for m in range(1, degree + 1) if (m * down > up * degree if strict else m * down >= up * degree)]
    assert need[0] == passes[0] if passes else need[0] > degree


def test_furfine_at_the_knife_edge_and_against_zero_recovery_clearing():
    assert furfine([[0, 0], [3, 0]], [0, 3], 0).round.tolist() == [1, 0]
    assert furfine([[0, 0], [3, 0]], [0, 2.999], 0).round.tolist() == [1, 2]
    assert furfine([[0, 0], [3, 0]], [0, 1.5], 0, recovery=0.5).round.tolist() == [1, 0]
    assert furfine([[0, 0], [3, 0]], [-1, 5], []).round.tolist() == [1, 0]
    case = load("c17_rv_zero_recovery")
    owed, cash = np.array(case["input"]["L"]), np.array(case["input"]["e"])
    equity = cash + owed.sum(axis=0) - owed.sum(axis=1)
    cascade = furfine(owed.T, equity, [])
    assert np.flatnonzero(cascade.fallen).tolist() == case["expected"]["default_set"]
    assert_array_equal(cascade.round, clear(owed, cash, alpha=0.0, beta=0.0).default_round)


def test_threshold_models_refuse():
    with pytest.raises(BadInput, match="first must hold whole numbers from 0 to 1"):
        gai_kapadia(np.zeros((2, 2)), 2, capital=1, interbank=1)
    with pytest.raises(BadInput, match="whole numbers"):
        watts(np.zeros((2, 2)), [0.5], threshold=1)
    with pytest.raises(BadInput, match="symmetric"):
        watts([[0, 1], [0, 0]], 0, threshold=1)
    for wrong in ("a lot", np.nan, np.inf, None):
        with pytest.raises(BadInput, match="threshold must be a finite number"):
            watts(np.zeros((2, 2)), 0, threshold=wrong)
    with pytest.raises(BadInput, match="at least 0"):
        gai_kapadia(np.zeros((2, 2)), 0, capital=-1, interbank=1)
    with pytest.raises(BadInput, match="smaller whole numbers"):
        watts(np.ones((30, 30)) - np.eye(30), 0, threshold=Fraction(10**18, 10**18 + 1))
    with pytest.raises(BadInput, match="recovery"):
        furfine(np.zeros((2, 2)), [1, 1], 0, recovery=1.2)


# Fire sales


def test_fire_sale_of_caccioli_by_hand():
    """Impact 1.0536: selling a tenth of an asset costs a tenth. The rest follows from the formula."""
    holdings = [[10, 0], [90, 50], [0, 50]]
    sale = fire_sales(holdings, [0, 0, 0], [9.5, 125, 45], price_shock=[0.06, 0], impact=1.0536)
    one = 0.94 * np.exp(-1.0536 * 0.1)
    assert sale.default_round.tolist() == [1, 0, 0]
    assert_allclose(sale.prices, [one, 1.0], rtol=1e-14)
    assert_allclose(sale.equity, [10 * one - 9.5, 90 * one + 50 - 125, 5], rtol=1e-12)
    tighter = fire_sales(holdings, [0, 0, 0], [9.5, 130, 45], price_shock=[0.06, 0], impact=1.0536)
    assert tighter.default_round.tolist() == [1, 2, 3]
    assert_allclose(tighter.prices, np.exp(-1.0536) * np.array([0.94, 1.0]), rtol=1e-14)


def test_firm_at_zero_equity_does_not_sell():
    assert fire_sales([[10.0]], [0.0], [10.0]).rounds == 0
    assert fire_sales([[0.3]], [0.1 + 0.2], [0.6]).sold.tolist() == [0.0]
    assert fire_sales([[10.0]], [0.0], [10.0 + 1e-9]).sold.tolist() == [1.0]


def test_one_round_of_leverage_targeting_is_greenwood_landier_thesmar():
    """Sales are leverage times loss, spread over the portfolio, with linear impact on every asset."""
    rng = np.random.default_rng(0)
    holdings, other = rng.exponential(10.0, (6, 4)), rng.exponential(5.0, 6)
    debt = 0.8 * (holdings.sum(axis=1) + other)
    shock, impact = np.array([0.02, 0.0, 0.01, 0.0]), np.full(4, 0.3)
    sale = fire_sales(
        holdings, other, debt, price_shock=shock, impact=impact, shape="linear", rule="leverage", rounds=1
    )
    equity = holdings.sum(axis=1) + other - debt
    sold = (debt / equity) * (holdings @ shock) / (holdings @ (1 - shock))
    assert_allclose(sale.sold, sold, rtol=1e-12)
    depth = (sold @ holdings) / holdings.sum(axis=0)
    assert_allclose(sale.prices, (1 - shock) * (1 - impact * depth), rtol=1e-12)


def test_leverage_targeting_comes_to_rest_at_its_target():
    rng = np.random.default_rng(1)
    holdings = rng.exponential(10.0, (8, 5))
    debt = 0.6 * holdings.sum(axis=1)
    sale = fire_sales(holdings, np.zeros(8), debt, price_shock=[0.03, 0, 0, 0, 0], impact=0.2, rule="leverage")
    proceeds = sale.sold * (holdings @ sale.prices)
    assert_allclose(debt - proceeds, 1.5 * sale.equity, rtol=1e-10)
    depth = (sale.sold @ holdings) / holdings.sum(axis=0)
    assert_allclose(sale.prices, np.array([0.97, 1, 1, 1, 1]) * np.exp(-0.2 * depth), rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["default", "leverage"]), st.floats(0.0, 1.0))
def test_fire_sales_are_monotone(seed, rule, strength):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 8, 2)
    holdings = rng.exponential(1.0, (n, m)) * (rng.random((n, m)) < 0.7)
    debt, other = 0.8 * holdings.sum(axis=1), rng.random(n) + 0.01
    shock = rng.random(m) * 0.2
    mild = fire_sales(holdings, other, debt, price_shock=shock, impact=0.5 * strength, rule=rule)
    hard = fire_sales(holdings, other, debt, price_shock=shock, impact=strength, rule=rule)
    assert (hard.prices <= mild.prices + 1e-12).all()
    assert (hard.sold >= mild.sold - 1e-9).all()
    assert (hard.equity <= mild.equity + 1e-9).all()
    assert_allclose(hard.equity, other + holdings @ hard.prices - debt, atol=1e-12)


def test_fire_sales_refuse():
    with pytest.raises(BadInput, match="row for each firm"):
        fire_sales([1, 2], [1], [1])
    with pytest.raises(BadInput, match="price_shock must be from 0 to 1"):
        fire_sales([[1]], [1], [1], price_shock=[1.5])
    with pytest.raises(BadInput, match="rule must be"):
        fire_sales([[1]], [1], [1], rule="panic")
    with pytest.raises(BadInput, match="shape must be"):
        fire_sales([[1]], [1], [1], shape="square")
    with pytest.raises(BadInput, match="leverage must be given"):
        fire_sales([[1]], [0], [2], rule="leverage")
    with pytest.raises(BadInput, match="rounds"):
        fire_sales([[1]], [0], [2], rounds=-1)


# Network valuation


@pytest.mark.parametrize(("rule", "loss"), [(value_eisenberg_noe, 0.5 / 1.5), (value_furfine, 0.5 / 1.5)])
def test_ring_of_barucca(rule, loss):
    """Loss on interbank claims at a shock of 15%; .333, .333 and .983 in the paper's figure."""
    books = ([10, 5, 3], [9, 4, 2])
    assert equity_fixed_point(RING, *books, rule, shock=[1.5, 0.75, 0.45]).interbank_loss == pytest.approx(loss)
    linear = equity_fixed_point(RING, *books, value_debtrank, shock=[1.5, 0.75, 0.45])
    assert linear.interbank_loss == pytest.approx(0.5 / 1.5 + 0.5 / 1.5 + 0.475 / 1.5)


@pytest.mark.parametrize("seed", range(25))
def test_losses_are_ordered_and_special_cases_nested(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 15))
    owed, cash, _ = random_network(rng, n, rng.uniform(0.2, 0.8))
    senior = rng.random(n) * 2.0
    cash = cash + np.maximum(senior + owed.sum(axis=1) - owed.sum(axis=0) - cash, 0.0) + rng.random(n) * 0.3
    shock = cash * rng.uniform(0.0, 0.5)
    fixed = {
        name: equity_fixed_point(owed.T, cash, senior, rule, shock=shock)
        for name, rule in {
            "clearing": value_eisenberg_noe,
            "costs": partial(value_eisenberg_noe, alpha=0.7, beta=0.6),
            "total loss": partial(value_eisenberg_noe, alpha=0.0, beta=0.0),
            "furfine": value_furfine,
            "linear": value_debtrank,
        }.items()
    }
    order = [fixed[name].interbank_loss for name in ("clearing", "costs", "furfine", "linear")]
    assert (np.diff(order) >= -1e-12).all()
    assert_allclose(fixed["total loss"].equity, fixed["furfine"].equity, rtol=0, atol=1e-12)
    layers, external = [np.zeros((n, n)), owed], [senior, np.zeros(n)]
    for name, alpha, beta in (("clearing", 1.0, 1.0), ("costs", 0.7, 0.6)):
        cleared = clear_tiers(layers, cash - shock, external, alpha=alpha, beta=beta)
        paid = owed.sum(axis=1) * fixed[name].value
        assert_allclose(paid, cleared.payments[1], rtol=0, atol=1e-10)
        assert_allclose(np.maximum(fixed[name].equity, 0.0), cleared.equity, rtol=0, atol=1e-10)
        assert_array_equal(fixed[name].defaulted, cleared.defaulted)
    cascade = furfine(owed.T, cash - shock + owed.sum(axis=0) - owed.sum(axis=1) - senior, [])
    assert_array_equal(cascade.fallen, fixed["furfine"].defaulted)


def test_value_before_maturity_is_an_integral_and_tends_to_clearing():
    books = Books(np.array([10.0, 4.0, 5.0]), np.array([9.0, 1.0, 0.0]), np.array([2.0, 3.0, 0.0]), np.ones(3))
    equity = np.array([0.5, -1.0, 3.0])
    value = value_before_maturity(equity, books, volatility=0.3, maturity=2.0)
    spread_ = 0.3 * np.sqrt(2.0)
    for k in range(2):
        assets, debt = books.external_assets[k], books.interbank_debt[k]

        def pays(z, assets=assets, debt=debt, base=equity[k]):
            left = base + debt + assets * (np.exp(spread_ * z - spread_**2 / 2) - 1.0)
            return np.clip(left / debt, 0.0, 1.0) * norm.pdf(z)

        assert value[k] == pytest.approx(quad(pays, -9, 9, points=[-2, -1, 0, 1, 2], limit=200)[0], abs=1e-8)
    assert value[2] == 1.0
    calm = value_before_maturity(equity, books, volatility=1e-9)
    assert_allclose(calm, value_eisenberg_noe(equity, books), rtol=0, atol=1e-9)
    fixed = equity_fixed_point(RING, [10, 5, 3], [9, 4, 2], partial(value_before_maturity, volatility=0.2))
    assert (fixed.value < 1.0).all()


def test_valuation_of_ones_own_and_what_is_refused():
    half = equity_fixed_point(RING, [10, 5, 3], [9, 4, 2], lambda equity, books: np.full(3, 0.5))
    assert half.interbank_loss == pytest.approx(0.5)
    with pytest.raises(BadInput, match="shock must not exceed"):
        equity_fixed_point(RING, [10, 5, 3], [9, 4, 2], shock=[11, 0, 0])
    with pytest.raises(NotConverged, match="do not settle"):
        equity_fixed_point(RING, [10, 5, 3], [9, 4, 2], lambda equity, books: np.full(3, np.nan))


@pytest.mark.parametrize(("gap", "precision"), [(0.1, 1e-13), (1e-2, 1e-12), (1e-2, 1e-15), (1e-6, 1e-12)])
def test_equities_near_a_spectral_radius_of_one_are_as_precise_as_asked_or_an_error(gap, precision):
    """Two banks that lose ``1 - gap`` of each other's relative losses: h = s + (1 - gap) h of the other."""
    equity, claim = 10.0, 10.0 * (1.0 - gap)
    exact_loss = Fraction(equity) * Fraction(gap) / 4 / (1 - Fraction(claim) / Fraction(equity))
    args = ([[0, claim], [claim, 0]], [20.0, 20.0], [10.0, 10.0], value_debtrank)
    shock = [equity * gap / 4] * 2
    if gap * precision < 1e-16:
        with pytest.raises(NotConverged, match="rounding comes round"):
            equity_fixed_point(*args, shock=shock, precision=precision)
    else:
        fixed = equity_fixed_point(*args, shock=shock, precision=precision)
        assert abs(fixed.equity[0] - float(Fraction(equity) - exact_loss)) <= precision * (40.0 + 2 * claim)


# Look-through debt


@pytest.mark.parametrize("x", [1e-3, 1e-14, 1e-16, 1e-300])
def test_no_debt_is_lost_between_intermediaries_that_serve_each_other(x):
    result = attribute_debt([0, 10, 4], [[0, 0, 0], [x, 0, 1 - x], [x, 1 - x, 0]], [True, False, False])
    assert_allclose(result.sum(axis=1), [0, 10, 4], rtol=1e-14)
    if x in (1e-16, 1e-300):  # nothing is left open
        assert_allclose(result[:, 0], [0, 10, 4], rtol=1e-14)


def test_what_is_left_open_stays_even_where_it_is_little():
    """A tenth of what leaves the two goes to the lab, the rest stays with them: 1e-14 to 9e-14."""
    w = 0.9999999999999
    result = attribute_debt([0, 10, 4], [[0, 0, 0], [1e-14, 0, w], [1e-14, w, 0]], [True, False, False])
    left = 1 - Fraction(1e-14) - Fraction(w)
    assert_allclose(result.sum(axis=1), [0, 10, 4], rtol=1e-14)
    assert_allclose(result[1:, 0], np.array([10, 4]) * float(Fraction(1e-14) / (Fraction(1e-14) + left)), rtol=2e-3)


@pytest.mark.parametrize("parts", [3, 7, 10])
def test_shares_that_miss_the_whole_by_rounding_leave_nothing_open(parts):
    weights = np.zeros((parts + 1, parts + 1))
    weights[parts, :parts] = 1 / parts
    terminal = np.arange(parts + 1) < parts
    assert attribute_debt(np.ones(parts + 1), weights, terminal)[parts, parts] == 0.0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_attribution_conserves_debt_and_is_the_sum_over_all_paths(seed, n):
    rng = np.random.default_rng(seed)
    weights = rng.random((n, n)) * (rng.random((n, n)) < 0.5)
    np.fill_diagonal(weights, 0.0)
    weights *= rng.uniform(0.3, 0.95, n)[:, None] / np.maximum(weights.sum(axis=1), 1e-9)[:, None]
    terminal = rng.random(n) < 0.3
    debt = rng.exponential(5.0, n)
    tied = rng.random((n, n)) * debt[:, None] / (2 * n)
    result = attribute_debt(debt, weights, terminal, tied)
    assert_allclose(result.sum(axis=1), debt, rtol=1e-12)
    rest, walking = np.zeros((n, n)), np.diag(debt - tied.sum(axis=1)) + tied
    step = np.where(terminal[:, None], 0.0, weights)
    for _ in range(2000):
        rest += walking * (1.0 - step.sum(axis=1))
        walking = walking @ step
    assert_allclose(result, rest, rtol=0, atol=1e-11)
    assert (result >= 0.0).all()


def test_attribution_refuses():
    with pytest.raises(BadInput, match="lead from firm 1"):
        attribute_debt([1, 1, 1], [[0, 0, 0], [0, 0, 1], [0, 1, 0]], [True, False, False])
    with pytest.raises(BadInput, match=r"weights\[0\] sums to 1.5"):
        attribute_debt([1, 1, 1], [[0, 0.7, 0.8], [0, 0, 0], [0, 0, 0]], [False, True, True])
    with pytest.raises(BadInput, match="more than the firm's debt"):
        attribute_debt([1, 1], np.zeros((2, 2)), [False, True], [[0, 2], [0, 0]])
    with pytest.raises(BadInput, match="terminal must have 2 entries"):
        attribute_debt([1, 1], np.zeros((2, 2)), [0, 1])
