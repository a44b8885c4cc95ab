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
@pytest.mark.parametrize(
    ("direct", "fill"), [(0, 0), (1000, 0), (1000, 10**9)], ids=["iterative", "dense", "sparse elimination"]
)
def test_every_way_to_solve_a_default_set(seed, direct, fill, monkeypatch):
    monkeypatch.setattr(sparse_module, "PATIENCE", 0)
    monkeypatch.setattr(systems_module, "DIRECT", direct)
    monkeypatch.setattr(systems_module, "FILL", fill)
    rng = np.random.default_rng(seed)
    owed, cash, external = random_network(rng, 150, 0.05, 1e-4, 2e-4)
    core, large = both_paths(monkeypatch, owed, cash, external)
    assert_same(core, large)
    assert core.defaulted.sum() > 75
    assert large.method == "default set"


@pytest.mark.parametrize("leak", [1e-2, 1e-4])
def test_sweeps_settle_what_leaks_little(leak, monkeypatch):
    """Plain iteration would take thousands of turns; at the level that what comes in sets, some dozens do."""
    monkeypatch.setattr(sparse_module._Books, "solve", None)
    owed, cash, external = random_network(np.random.default_rng(4), 150, 0.3, leak, 0.5 * leak)
    core, large = both_paths(monkeypatch, owed, cash, external)
    assert_same(core, large)
    assert core.defaulted.sum() > 75
    assert large.method == "push"


@pytest.mark.parametrize("tiers", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_weights_bound_the_errors_of_all_payments(seed, tiers):
    """Payments wrong by up to one part in a billion are further from the right ones than their gaps, not
    further than the bound."""
    rng = np.random.default_rng(seed)
    n = 60
    layers = [sp.csr_array(random_network(rng, n, 0.1)[0]) for _ in range(tiers)]
    owed = sum(layers)
    external, cash = 0.05 * rng.random((tiers, n)) * owed.sum(axis=1), 0.1 * rng.random(n) * owed.sum(axis=1)
    books = sparse_module._Books([sparse_module.rows_of(layer) for layer in layers], cash, external, 1.0, 0.9, 1.0)
    books.run(False)
    fallen = np.flatnonzero(books.default_round)
    right = books.due * books.share.reshape(tiers, n)
    inside = (books.share > 0.01) & (books.share < 0.99)
    books.share[inside] *= 1.0 + 1e-9 * rng.uniform(-1.0, 1.0, inside.sum())
    known = sparse_module._room(n, tiers, books.books.claim.size, books.books.slot)
    sparse_module._gather(books.books, 1.0, 0.9, known, fallen)
    sparse_module._examine(books.books, 1.0, 0.9, known, fallen)
    assert sparse_module._weigh(books.books, 0.9, known, fallen, 40)
    assert sparse_module._bound(books.books, known, fallen)
    error = np.abs(books.due * books.share.reshape(tiers, n) - right).sum(axis=0)[fallen]
    bound = known.error[: fallen.size]
    assert fallen.size > 30
    assert (error <= bound).all()
    assert error.max() > 0.01 * bound.max()


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
    monkeypatch.setattr(sparse_module, "PATIENCE", 1)
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


def test_what_is_given_is_not_written_to_and_its_form_does_not_matter():
    owed, cash, external = random_network(np.random.default_rng(7), 90, 0.2)
    expected = clear(owed, cash, external)
    rows = sp.csr_array(owed)
    turned = rows.copy()
    for i in range(90):  # columns of each row the wrong way round
        part = slice(turned.indptr[i], turned.indptr[i + 1])
        turned.indices[part], turned.data[part] = turned.indices[part][::-1].copy(), turned.data[part][::-1].copy()
    turned.has_sorted_indices = False
    zeros = sp.csr_array((np.r_[rows.data, 0.0], np.r_[rows.indices, 0], np.r_[rows.indptr[:-1], rows.nnz + 1]))
    fixed = owed.copy()
    fixed.flags.writeable = False
    before = [part.copy() for part in (rows.data, rows.indices, rows.indptr)]
    for form in (rows, turned, zeros, sp.csc_array(owed), sp.csr_matrix(owed), np.asfortranarray(owed), fixed):
        found = clear(form, cash, external)
        assert_array_equal(found.payments, expected.payments)
        assert_array_equal(found.default_round, expected.default_round)
        assert not np.shares_memory(found.payments, owed)
    for part, kept in zip((rows.data, rows.indices, rows.indptr), before, strict=True):
        assert_array_equal(part, kept)
    with pytest.raises(BadInput, match=r"liabilities\[0, 1\] is -1"):
        clear(sp.csr_array([[0.0, -1.0], [1.0, 0.0]]), [1, 1])
    with pytest.raises(BadInput, match=r"liabilities\[1, 1\] is 2: nobody owes"):
        clear(sp.csr_array([[0.0, 1.0], [1.0, 2.0]]), [1, 1])
    with pytest.raises(BadInput, match=r"liabilities\[0, 1\] is nan"):
        clear(sp.csr_array([[0.0, np.nan], [1.0, 0.0]]), [1, 1])


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
