"""The sparse path: the same numbers as the core, on every way through it, and the audit of both."""

import numpy as np
import pytest
import scipy.sparse as sp
from contagion_networks import core_periphery, random_network
from numpy.testing import assert_allclose, assert_array_equal

import abm.contagion.clearing as clearing_module
import abm.contagion.sparse as sparse_module
import abm.contagion.systems as systems_module
from abm.contagion import AuditFailed, clear, glasserman_young_audit
from abm.contagion.audit import check_clearing
from abm.errors import BadInput, NotConverged


def both_paths(monkeypatch, owed, cash, external=None, **shares):
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", 10**9)
    core = clear(owed, cash, external, audit=True, **shares)
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", 0)
    return core, clear(sp.csc_array(owed), cash, external, audit=True, **shares)


def assert_same(one, two):
    assert_allclose(one.payments, two.payments, rtol=0, atol=1e-12 * max(one.nominal.max(), 1e-300))
    assert_allclose(one.equity, two.equity, rtol=0, atol=1e-11 * max(one.nominal.max(), 1e-300))
    assert_array_equal(one.default_round, two.default_round)


@pytest.mark.parametrize("seed", range(60))
def test_same_as_the_core(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 120))
    outside = (0.0, 1e-9, 1e-3, 0.3)[seed % 4]
    owed, cash, external = random_network(rng, n, rng.uniform(0.02, 1.0), outside, rng.uniform(0.1, 1.0))
    if seed % 5 == 0:
        cash[1:] = 0.0
    if seed % 7 == 0:
        owed, cash, external = core_periphery(rng, n + 5)
    shares = {} if seed % 2 else {"alpha": rng.random(), "beta": rng.random()}
    assert_same(*both_paths(monkeypatch, owed, cash, external, **shares))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("patience", [0, 200], ids=["system", "sweeps"])
@pytest.mark.parametrize(
    ("direct", "fill"), [(0, 0), (1000, 0), (1000, 10**9)], ids=["iterative", "dense", "sparse elimination"]
)
def test_every_way_to_solve_a_default_set(seed, patience, direct, fill, monkeypatch):
    monkeypatch.setattr(sparse_module, "PATIENCE", patience)
    monkeypatch.setattr(systems_module, "DIRECT", direct)
    monkeypatch.setattr(systems_module, "FILL", fill)
    rng = np.random.default_rng(seed)
    owed, cash, external = random_network(rng, 150, 0.05, 1e-4, 2e-4)
    core, large = both_paths(monkeypatch, owed, cash, external)
    assert_same(core, large)
    assert core.defaulted.sum() > 75
    assert large.method == "default set"


def test_elimination_where_iteration_stalls(monkeypatch):
    """A long ring that keeps almost everything inside stalls BiCGSTAB; the certificate sends it on to elimination."""
    monkeypatch.setattr(systems_module, "DIRECT", 0)
    eliminated = []
    sparse_elimination = systems_module._eliminated
    monkeypatch.setattr(
        systems_module, "_eliminated", lambda A, *rest: eliminated.append(A.shape) or sparse_elimination(A, *rest)
    )
    n = 1500
    rng = np.random.default_rng(0)
    ring = sp.csr_array((np.ones(n), (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    cash = 1e-6 * rng.uniform(0.5, 0.9, n)
    cleared = clear(ring, cash, np.full(n, 1e-6))
    assert cleared.defaulted.all()
    assert eliminated == [(n, n)]
    assert_allclose((cleared.recovery * 1e-6).sum(), cash.sum(), rtol=1e-13)
    assert_allclose(cleared.payments, cash + np.roll(cleared.recovery, 1), rtol=1e-13)


def test_not_converged_is_an_error_with_its_residual(monkeypatch):
    monkeypatch.setattr(systems_module, "DIRECT", 0)
    monkeypatch.setattr(systems_module, "FILL", 0)
    monkeypatch.setattr(systems_module, "LAST_RESORT", 0)
    monkeypatch.setattr(systems_module, "MOST_REFINEMENTS", 1)
    monkeypatch.setattr(sparse_module, "PATIENCE", 0)
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", 0)
    owed, cash, external = random_network(np.random.default_rng(0), 100, 0.1, 1e-4, 2e-4)
    with pytest.raises(NotConverged, match="default set") as caught:
        clear(owed, cash, external)
    assert 0.0 < caught.value.residual < 1.0


@pytest.mark.parametrize("accuracy", [0.0, np.nan])
def test_residual_is_checked_at_the_end(accuracy, monkeypatch):
    monkeypatch.setattr(clearing_module, "ACCURACY", accuracy)
    owed, cash, external = random_network(np.random.default_rng(1), 30)
    with pytest.raises(NotConverged, match="do not hold"):
        clear(owed, cash, external)


def test_chain_of_a_hundred_thousand():
    n = 100_000
    chain = sp.csr_array((np.full(n - 1, 10.0), (np.arange(n - 1), np.arange(1, n))), shape=(n, n))
    cash = np.full(n, 5e-5)
    cash[0] = 4.0
    cleared = clear(chain, cash, audit=True)
    assert_array_equal(cleared.default_round, [*range(1, n), 0])
    assert_allclose(cleared.payments[:-1], 4.0 + 5e-5 * np.arange(n - 1), rtol=1e-11)


def test_large_sparse_network_solves_its_equations():
    n, m = 30_000, 300_000
    rng = np.random.default_rng(2)
    debtor, creditor = rng.integers(0, n, m), rng.integers(0, n, m)
    debtor, creditor = debtor[debtor != creditor], creditor[debtor != creditor]
    owed = sp.csr_array((rng.exponential(1.0, debtor.size), (debtor, creditor)), shape=(n, n))
    total = owed.sum(axis=1)
    cash, external = rng.random(n) * total * 0.5, 0.3 * total
    cleared = clear(owed, cash, external, alpha=0.9, beta=0.8, audit=True)
    inflow = owed.T @ cleared.recovery
    estate = np.where(cleared.defaulted, 0.9 * cash + 0.8 * inflow, cleared.nominal)
    assert_allclose(cleared.payments, estate, rtol=0, atol=1e-11)
    assert_array_equal(cleared.defaulted, cash + inflow < cleared.nominal)
    assert 2 < cleared.rounds < 50


def test_duplicates_and_stored_zeros_are_summed():
    owed = sp.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 1])), shape=(2, 2))
    assert clear(owed, [5, 0]).nominal.tolist() == [3.0, 0.0]


def test_glasserman_young_over_thousands_of_networks():
    """Each network is made solvent, one firm at a time is wiped out, and the bound is compared."""
    tightest, contagious = 0.0, 0
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 10))
        owed, cash, external = random_network(rng, n, rng.uniform(0.2, 1.0), rng.uniform(0.0, 0.5))
        short = owed.sum(axis=1) + external - owed.sum(axis=0) - cash
        cash = cash + np.maximum(short, 0.0) + rng.exponential(0.05, n) * (rng.random(n) < 0.7)
        audit = glasserman_young_audit(owed, cash, external, firm=int(rng.integers(n)))
        assert audit.holds
        if audit.brought_down.size:
            contagious += 1
            tightest = max(tightest, audit.net_worth / audit.bound)
    assert contagious > 500
    assert 0.9 < tightest <= 1.0


def test_audit_on_the_run_passes_and_notices_a_wrong_default():
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        owed, cash, external = random_network(rng, int(rng.integers(2, 15)), rng.uniform(0.1, 1.0))
        alpha, beta = (1.0, 1.0) if seed % 2 else rng.random(2)
        cleared = clear(owed, cash, external, alpha=alpha, beta=beta, audit=True)
    inflow = cleared.recovery @ owed
    wrong = np.ones_like(cleared.defaulted)
    with pytest.raises(AuditFailed, match="cannot be enough"):
        check_clearing(owed, cash + 10.0, cleared.nominal, wrong, inflow, 1.0, 1.0)


def test_audit_refuses_what_the_bound_is_not_about():
    with pytest.raises(BadInput, match="solvent before"):
        glasserman_young_audit([[0, 3], [0, 0]], [1, 0], firm=0)
    with pytest.raises(BadInput, match="firm must be"):
        glasserman_young_audit([[0, 3], [0, 0]], [5, 0], firm=2)
