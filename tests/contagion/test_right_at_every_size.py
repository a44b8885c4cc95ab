"""Clearing on both paths against exact fractions, and the inputs on which the sparse path once went wrong."""

import random

import numpy as np
import pytest
import scipy.sparse as sp
from exact_rounds import LEAST, PADDED, Case, draw, in_floats, mistake, solve_exactly
from numpy.testing import assert_allclose, assert_array_equal

import abm.contagion.clearing as clearing_module
from abm.contagion import clear, clear_tiers
from abm.errors import NotConverged

RUNS = 8  # tests, so that workers share them
CASES = {1: 12, 3: 6}  # networks a test by number of tiers; exact_rounds.py runs thousands


@pytest.mark.parametrize("tiers", list(CASES))
@pytest.mark.parametrize("run", range(RUNS))
def test_both_paths_against_exact_fractions(run, tiers):
    for seed in range(run * CASES[tiers], (run + 1) * CASES[tiers]):
        case = draw(random.Random(seed), largest=80, tiers=tiers)
        answer = solve_exactly(case)
        if answer.least >= LEAST:
            faults = [mistake(case, answer, size) for size in (case.n, max(PADDED, case.n) + seed % 2)]
            assert faults == ["", ""], (seed, case.kind)


def test_a_push_starts_from_payments_that_are_not_quite_right():
    """A tie behind a chain of failures: what those who fell before pay is known to a millionth only by then."""
    case = draw(random.Random(7100117), tiers=1)
    answer = solve_exactly(case)
    assert answer.rounds[48] == 0
    assert not mistake(case, answer, 121)


def test_the_reference_is_not_easily_pleased():
    """A firm that is short by one part in a hundred thousand must not pass for solvent."""
    case = draw(random.Random(3), largest=80)
    answer = solve_exactly(case)
    size = max(PADDED, case.n)
    assert not mistake(case, answer, case.n)
    stands = next(i for i, fell in enumerate(answer.rounds) if not fell)
    rounds = [fell + (i == stands) for i, fell in enumerate(answer.rounds)]
    assert "round of" in mistake(case, answer._replace(rounds=rounds), size)
    less = {key: 0.99999 * amount for key, amount in answer.payments.items()}
    assert "pays" in mistake(case, answer._replace(payments=less), size)


def padded(owed, cash, external, n=257):
    owed = np.asarray(owed, dtype=float)
    k = len(owed)
    whole = np.zeros((n, n))
    whole[:k, :k] = owed
    return whole, np.r_[cash, np.zeros(n - k)], np.r_[external, np.zeros(n - k)]


LOST = np.array([0.3, 0.81, 0.09, 0.6, 0.73, 0.19, 0.06, 0.27, 0.66, 0.56])


def investor(unit, has):
    """Firm 0 owes 1, has `has`, and loses its claims on ten firms that have nothing."""
    owed = np.zeros((11, 11))
    owed[1:, 0] = LOST * unit
    return owed, np.r_[has, np.zeros(10)], np.r_[1.0, np.zeros(10)]


@pytest.mark.parametrize(
    ("owed", "cash", "external", "alpha", "down"),
    [
        ([[0, 0, 0, 0.1], [0, 0, 0, 0.7], [0, 0, 0, 0.1], [0] * 4], [0] * 4, [0] * 4, 1.0, [0, 1, 2]),
        (*investor(1e4, 1.0), 1.0, range(1, 11)),
        (*investor(1e15, 1.001), 1.0, range(1, 11)),
        (*investor(1e15, 0.999), 1.0, range(11)),
        (
            np.array([[0, 0, 0, 2, 0], [0] * 5, [0, 2, 0, 0, 0], [0] * 5, [0, 0, 0, 3, 0]]) / 3,
            [0, 0, 1, 0, 0], np.array([0, 0, 2, 0, 0]) / 3, 0.5, [0, 2, 4],
        ),
    ],
    ids=["a fund that owes nothing", "tie", "short by less than claims round", "truly short", "fund at alpha 0.5"],
)  # fmt: skip
def test_small_networks_among_idle_firms(owed, cash, external, alpha, down):
    cleared = clear(*padded(owed, cash, external), alpha=alpha)
    assert np.flatnonzero(cleared.defaulted).tolist() == list(down)
    assert cleared.residual < 1e-15


@pytest.mark.parametrize("leak", [1e-3, 1e-6, 1e-9, 1e-12])
def test_ties_behind_a_long_ring(leak):
    """1,200 firms pay half; each owes a little to a firm of its own that can just pay with that."""
    n, little = 1200, leak * 1e-3
    i = np.arange(n)
    rows, columns = np.r_[i, i], np.r_[(i + 1) % n, n + i]
    owed = sp.coo_array((np.r_[np.ones(n), np.full(n, little)], (rows, columns)), shape=(2 * n, 2 * n))
    cash = np.r_[np.full(n, 0.5 * (leak + little)), np.full(n, 0.5 * little)]
    cleared = clear(owed, cash, np.r_[np.full(n, leak), np.full(n, little)])
    assert cleared.defaulted[:n].all()
    assert not cleared.defaulted[n:].any()
    assert_allclose(cleared.recovery[:n], 0.5, rtol=1e-12)


def with_satellites(n, leak, seed):
    """A random network and one small creditor of each of its firms."""
    rng = np.random.default_rng(seed)
    debtor, creditor = rng.integers(0, n, 4 * n), rng.integers(0, n - 1, 4 * n)
    creditor += creditor >= debtor
    owed = sp.csr_array((rng.exponential(1.0, 4 * n), (debtor, creditor)), shape=(n, n))
    total = owed.sum(axis=1)
    little = 0.01 * leak * np.maximum(total, 1e-3)
    whole = sp.csr_array(sp.block_array([[owed, sp.diags_array(little)], [None, sp.csr_array((n, n))]]))
    return whole, np.r_[0.5 * leak * total * rng.random(n), little], np.r_[leak * total, little], little


@pytest.mark.parametrize("leak", [0.2, 1e-3, 1e-9])
@pytest.mark.parametrize("n", [300, 1100])
def test_ties_behind_a_large_default_set_are_those_of_the_core(n, leak, monkeypatch):
    owed, cash, external, little = with_satellites(n, leak, n)
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", 10**9)
    cash[n:] = little * (1.0 - clear(owed, cash, external).recovery[:n])
    core = clear(owed, cash, external)
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", 0)
    large = clear(owed, cash, external)
    assert not core.defaulted[n:].any()
    assert core.defaulted[:n].mean() > 0.8
    assert_array_equal(large.default_round, core.default_round)
    assert_allclose(large.payments, core.payments, rtol=1e-11)


def test_a_hub_adds_up_its_claims_without_drift():
    """A tenth from each of a hundred thousand firms is ten thousand, not a little more or less."""
    n = 100_000
    owed = sp.coo_array((np.full(n, 0.1), (np.arange(1, n + 1), np.zeros(n, np.int64))), shape=(n + 1, n + 1))
    cash = np.r_[0.0, np.full(n, 0.1)]
    cash[1::2] = 0.0
    outside = np.zeros(n + 1)
    outside[0] = 0.05 * n
    assert not clear(owed, cash, outside).defaulted[0]
    outside[0] *= 1.0 + 1e-12
    assert clear(owed, cash, outside).default_round[0] == 2


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**-300, 2.0**990])
def test_same_answer_in_any_unit(unit):
    rng = np.random.default_rng(1)
    owed = sp.random_array((400, 400), density=0.01, rng=rng).toarray()
    np.fill_diagonal(owed, 0.0)
    cash = rng.random(400) * owed.sum(axis=1) * 0.5
    base, scaled = clear(owed, cash, beta=0.9), clear(owed * unit, cash * unit, beta=0.9)
    assert base.defaulted.any()
    assert_array_equal(scaled.default_round, base.default_round)
    assert_array_equal(scaled.payments, base.payments * unit)


@pytest.mark.parametrize("seed", range(6))
def test_tiers_are_those_of_the_core(seed):
    rng = np.random.default_rng(seed)
    n, tiers = 300, 3
    layers = [sp.random_array((n, n), density=0.01, rng=rng).tolil() for _ in range(tiers)]
    for layer in layers:
        layer.setdiag(0.0)
    total = sum(layer.sum(axis=1) for layer in layers)
    external = 0.2 * rng.random((tiers, n)) * total
    cash = rng.random(n) * total * 0.5
    rates = {} if seed % 2 else {"alpha": 0.7, "beta": 0.9}  # in the order of the core
    large = clear_tiers(layers, cash, external, **rates)
    given = [layer.toarray() for layer in layers]
    payments, _, fell, _, _ = clearing_module._clear_core(given, cash, external, *(rates.values() or (1.0, 1.0)))
    assert (fell > 0).sum() > 50
    assert_array_equal(large.default_round, fell)
    assert_allclose(large.payments, payments, rtol=0, atol=1e-12)


def test_tiers_at_two_hundred_thousand_obligations():
    """No array of firms by firms: that would take 9 GiB here."""
    n, tiers = 20_000, 3
    rng = np.random.default_rng(0)
    debtor, creditor = rng.integers(0, n, 10 * n), rng.integers(0, n - 1, 10 * n)
    creditor += creditor >= debtor
    tier, amount = rng.integers(0, tiers, 10 * n), rng.exponential(1.0, 10 * n)
    layers = [
        sp.csr_array((amount[tier == t], (debtor[tier == t], creditor[tier == t])), shape=(n, n)) for t in range(tiers)
    ]
    total = sum(layer.sum(axis=1) for layer in layers)
    external = np.array([[0.1], [0.05], [0.05]]) * total
    cash = 0.5 * rng.random(n) * total
    cleared = clear_tiers(layers, cash, external)
    paid = np.divide(cleared.payments, cleared.nominal, out=np.ones((tiers, n)), where=cleared.nominal > 0.0)
    funds = cash + sum(layer.T @ paid[t] for t, layer in enumerate(layers))
    assert_array_equal(cleared.defaulted, funds < cleared.nominal.sum(axis=0) * (1.0 - 1e-12))
    assert_allclose(cleared.payments.sum(axis=0)[cleared.defaulted], funds[cleared.defaulted], rtol=1e-12)
    assert ((paid[1] == 0.0) | (paid[0] > 1.0 - 1e-12)).all()
    assert ((paid[2] == 0.0) | (paid[1] > 1.0 - 1e-12)).all()


def test_nobody_is_told_to_stand_where_rounding_hides_the_answer():
    """Senior debts of 1e15 leave 500 to a junior creditor who owes 500.1: such sums are rounded to eighths."""
    external = [[1e15, 0.0], [0.0, 500.1]]
    with pytest.raises(NotConverged, match="whether firm 1 can pay"):
        clear_tiers([np.zeros((2, 2)), [[0, 1000], [0, 0]]], [1e15 + 500.0, 0.0], external)
    external[1][1] = 600.0
    assert clear_tiers([np.zeros((2, 2)), [[0, 1000], [0, 0]]], [1e15 + 500.0, 0.0], external).defaulted.all()


def test_cases_are_padded_with_firms_that_change_nothing():
    case = Case("pair", 2, 1, [(0, 1, 0, 2)], [1, 0], {}, 1, 1)
    layers, cash, external = in_floats(case, 5)
    assert layers[0].toarray().sum() == 2.0
    assert cash.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert external.shape == (1, 5)
    assert solve_exactly(case).rounds == [1, 0]
