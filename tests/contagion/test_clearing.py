"""Exact clearing: published cases, independent solvers, properties that must hold."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import contagion_rows
import numpy as np
import pytest
import scipy.sparse as sp
from contagion_networks import core_periphery, greatest_by_enumeration, random_network, small_networks
from contagion_rows import fingerprint, rows_of, run_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.runtime import _nrt_python, rtsys
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog

import abm.contagion.clearing as clearing_module
import experiments.reproductions
from abm.contagion import clear, clear_rows, clear_tiers, clearing_scratch

CASES = sorted((Path(experiments.reproductions.__file__).parent / "cases").glob("*.json"))


def case_files(prefix):
    return [pytest.param(path, id=path.stem) for path in CASES if path.stem.startswith(prefix)]


def levels(default_round):
    return [np.flatnonzero(default_round == k + 1).tolist() for k in range(int(default_round.max(initial=0)))]


@pytest.mark.parametrize("path", case_files("c"))
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("core_firms", [256, 0], ids=["core", "large"])
def test_published_clearing_case(path, form, core_firms, monkeypatch):
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", core_firms)
    case = json.loads(path.read_text())
    given_, expected = case["input"], case["expected"]
    cleared = clear(form(given_["L"]), given_["e"], given_["b"], alpha=given_["alpha"], beta=given_["beta"], audit=True)
    assert_allclose(cleared.payments, expected["p"], rtol=0, atol=1e-9)
    assert_allclose(cleared.nominal, expected["pbar"], rtol=0, atol=1e-12)
    assert_allclose(cleared.equity, expected["equity"], rtol=0, atol=1e-9)
    assert_allclose(cleared.recovery, expected["recovery_rate"], rtol=0, atol=1e-9)
    assert np.flatnonzero(cleared.defaulted).tolist() == expected["default_set"]
    assert levels(cleared.default_round) == expected["insolvency_levels"]
    assert cleared.shortfall.sum() == pytest.approx(expected["total_shortfall"], abs=1e-9)
    assert cleared.rounds == len(expected["insolvency_levels"])
    assert cleared.residual < 1e-12
    if expected["p_exact"]:
        assert_allclose(cleared.payments, [float(Fraction(x)) for x in expected["p_exact"]], rtol=1e-14)


def test_published_seniority_case():
    (path,) = [p for p in CASES if p.stem.startswith("x01")]
    case = json.loads(path.read_text())
    cleared = clear_tiers(case["input"]["L"], case["input"]["e"], case["input"]["b"])
    assert_allclose(cleared.payments, case["expected"]["p"], rtol=0, atol=1e-12)
    assert_allclose(cleared.equity, case["expected"]["equity"], rtol=0, atol=1e-12)
    assert np.flatnonzero(cleared.defaulted).tolist() == case["expected"]["default_set"]
    assert cleared.shortfall.sum() == pytest.approx(case["expected"]["total_shortfall"])


@pytest.mark.parametrize("y", [1.0, 0.4, 0.2])
def test_senior_outsiders_in_the_ring_and_the_complete_network(y):
    """Acemoglu, Ozdaglar and Tahbaz-Salehi 2015 with n = 10, a = 1, v = 0.95."""
    (path,) = [p for p in CASES if p.stem.startswith("a01")]
    results = json.loads(path.read_text())["results"]
    n = 10
    ring = y * np.roll(np.eye(n), 1, axis=1)
    complete = y * (np.ones((n, n)) - np.eye(n)) / (n - 1)
    done = 0
    for key, result in results.items():
        if isinstance(result, list) or f"y={y:g}" not in key or "half" in key or "cliques" in key:
            continue
        size = 0.32 if "small" in key else 0.8
        cash = np.ones(n)
        cash[0] = 1.0 - size
        owed = ring if "ring" in key else complete
        cleared = clear_tiers([np.zeros((n, n)), owed], cash, [np.full(n, 0.95), np.zeros(n)])
        assert cleared.defaulted.sum() == result["defaults"], key
        assert_allclose(cleared.payments[1], result["payments_float"], rtol=0, atol=1e-12)
        assert cleared.shortfall[0].sum() == pytest.approx(result["senior_loss"], abs=1e-12)
        done += 1
    assert done >= 2


@settings(deadline=None, max_examples=200)
@given(small_networks())
def test_greatest_among_all_clearing_vectors(network):
    layers, cash, external, alpha, beta = network
    expected, defaulted = greatest_by_enumeration(layers, cash, external, alpha, beta)
    cleared = clear(layers[0], cash, external[0], alpha=alpha, beta=beta, audit=True)
    assert_allclose(cleared.payments, expected[0], rtol=0, atol=1e-13)
    assert_array_equal(cleared.defaulted, defaulted)


@settings(deadline=None, max_examples=100)
@given(small_networks(tiers=2, most=3))
def test_greatest_with_two_tiers(network):
    layers, cash, external, alpha, beta = network
    expected, defaulted = greatest_by_enumeration(layers, cash, external, alpha, beta)
    cleared = clear_tiers(layers, cash, external, alpha=alpha, beta=beta)
    assert_allclose(cleared.payments, expected, rtol=0, atol=1e-13)
    assert_array_equal(cleared.defaulted, defaulted)


@settings(deadline=None, max_examples=25)
@given(small_networks(tiers=3, most=3))
def test_greatest_with_three_tiers(network):
    layers, cash, external, alpha, beta = network
    expected, defaulted = greatest_by_enumeration(layers, cash, external, alpha, beta)
    cleared = clear_tiers(layers, cash, external, alpha=alpha, beta=beta)
    assert_allclose(cleared.payments, expected, rtol=0, atol=1e-13)
    assert_array_equal(cleared.defaulted, defaulted)


def picard_from_above(layers, cash, external, alpha, beta):
    """The defining map, iterated from full payment."""
    layers, external = np.asarray(layers), np.asarray(external)
    due = layers.sum(axis=2) + external
    part = np.divide(layers, due[:, :, None], out=np.zeros_like(layers), where=due[:, :, None] > 0)
    senior = np.vstack([np.zeros(cash.size), np.cumsum(due, axis=0)])
    pays = due.copy()
    for _ in range(100_000):
        inflow = sum(pays[t] @ part[t] for t in range(len(layers)))
        value = np.where(cash + inflow >= senior[-1] * (1 - 1e-13), np.inf, alpha * cash + beta * inflow)
        new = np.clip(value - senior[:-1], 0.0, due)
        if np.abs(new - pays).max() < 1e-15:
            return new
        pays = new
    raise AssertionError("no convergence")


@pytest.mark.parametrize("seed", range(40))
def test_tiers_against_iteration_from_above(seed):
    rng = np.random.default_rng(seed)
    n, tiers = int(rng.integers(2, 40)), int(rng.integers(2, 6))
    layers = np.array([random_network(rng, n, rng.uniform(0.1, 0.6))[0] for _ in range(tiers)])
    external = rng.random((tiers, n)) * layers.sum(axis=2)
    cash = rng.random(n) * layers.sum(axis=(0, 2)) * rng.uniform(0.1, 0.9)
    alpha, beta = (1.0, 1.0) if seed % 2 else rng.random(2)
    cleared = clear_tiers(layers, cash, external, alpha=alpha, beta=beta)
    assert_allclose(cleared.payments, picard_from_above(layers, cash, external, alpha, beta), rtol=0, atol=1e-11)
    assert cleared.defaulted.any()


def test_tiers_accept_sparse_layers():
    rng = np.random.default_rng(3)
    layers = [random_network(rng, 9)[0] for _ in range(2)]
    cash = rng.random(9)
    dense, sparse = clear_tiers(layers, cash), clear_tiers([sp.csr_array(x) for x in layers], cash)
    assert_array_equal(dense.payments, sparse.payments)


@pytest.mark.parametrize("seed", range(30))
def test_against_linear_programme(seed):
    """Eisenberg and Noe: the clearing vector maximises the sum of payments that are affordable."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    owed, cash, external = core_periphery(rng, n + 5) if seed % 3 == 0 else random_network(rng, n)
    nominal = owed.sum(axis=1) + external
    part = np.divide(owed, nominal[:, None], out=np.zeros_like(owed), where=nominal[:, None] > 0)
    best = linprog(
        -np.ones(nominal.size),
        A_ub=np.eye(nominal.size) - part.T,
        b_ub=cash,
        bounds=np.column_stack([np.zeros(nominal.size), nominal]),
        method="highs",
    )
    cleared = clear(owed, cash, external, audit=True)
    assert_allclose(cleared.payments, best.x, rtol=0, atol=1e-7)
    assert cleared.payments.sum() >= -best.fun - 1e-9


networks_with_room = st.tuples(st.integers(0, 2**32 - 1), st.integers(2, 25), st.floats(0.05, 1.0), st.floats(0.0, 1.5))


def drawn(seed, n, density, cushion):
    return random_network(np.random.default_rng(seed), n, density, 0.4, cushion)


@settings(deadline=None, max_examples=60)
@given(networks_with_room, st.floats(0.0, 1.0))
def test_monotone_and_concave_in_outside_assets(choice, weight):
    owed, poor, external = drawn(*choice)
    rich = poor + np.random.default_rng(choice[0] + 1).random(poor.size)
    low, high = clear(owed, poor, external).payments, clear(owed, rich, external).payments
    assert (high >= low - 1e-12).all()
    between = clear(owed, weight * poor + (1 - weight) * rich, external).payments
    assert (between >= weight * low + (1 - weight) * high - 1e-12).all()


@settings(deadline=None, max_examples=60)
@given(networks_with_room, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_monotone_in_recovered_shares(choice, low, high, other):
    owed, cash, external = drawn(*choice)
    low, high = min(low, high), max(low, high)
    for a, b in (((low, other), (high, other)), ((other, low), (other, high))):
        less = clear(owed, cash, external, alpha=a[0], beta=a[1]).payments
        more = clear(owed, cash, external, alpha=b[0], beta=b[1]).payments
        assert (more >= less - 1e-12).all()


@settings(deadline=None, max_examples=60)
@given(networks_with_room)
def test_value_is_conserved(choice):
    """Equities add up to outside assets less what outsiders get; nobody pays from nothing."""
    owed, cash, external = drawn(*choice)
    cleared = clear(owed, cash, external, audit=True)
    paid_outside = (cleared.recovery * external).sum()
    assert cleared.equity.sum() == pytest.approx(cash.sum() - paid_outside, abs=1e-10)
    inflow = cleared.recovery @ owed
    fell = cleared.defaulted
    assert_allclose(cleared.payments[fell], (cash + inflow)[fell], rtol=1e-12, atol=1e-300)
    assert (cash + inflow - cleared.nominal)[~fell].min(initial=0.0) > -1e-12


def test_payments_can_fall_by_more_than_assets():
    """The property that does not hold: one lost dollar is passed on and lost again at every link."""
    chain = 10.0 * np.eye(5, k=1)
    before, after = (clear(chain, [cash, 0, 0, 0, 0]).payments.sum() for cash in (10, 9))
    assert before - after == pytest.approx(4.0)


@pytest.mark.parametrize("gap", [1e-9, 1e-10, 1e-12, 5e-13])
def test_knife_edge(gap):
    """Short by one part in a thousand billion is a default, with all its bankruptcy costs; equal is not."""
    owed = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert clear(owed, [1.0, 0.0, 0.0], alpha=0.5, beta=0.5).rounds == 0
    short = clear(owed, [1.0 - gap, 0.0, 0.0], alpha=0.5, beta=0.5)
    assert short.default_round.tolist() == [1, 2, 0]
    assert_allclose(short.payments, [0.5, 0.25, 0], rtol=0, atol=gap)


@pytest.mark.parametrize("core_firms", [256, 0], ids=["core", "large"])
@pytest.mark.parametrize("n", [2, 10, 200])
def test_tie_along_a_chain_of_decimals(n, core_firms, monkeypatch):
    """Firm k can pay its 4 + 0.03 k exactly, but in binary the sums do not come out: still solvent."""
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", core_firms)
    owes = 4.0 + 0.03 * np.arange(n)
    cash = np.full(n, 0.03)
    cash[0] = 4.0
    cleared = clear(np.diag(owes[:-1], 1), cash, np.r_[np.zeros(n - 1), owes[-1]], alpha=0.1, beta=0.1)
    assert not cleared.defaulted.any()
    assert cleared.method == "full payment"


@pytest.mark.parametrize("core_firms", [256, 0], ids=["core", "large"])
def test_tie_behind_defaulters(core_firms, monkeypatch):
    """Firm 3 is owed by three firms that pay a third each of what it owes: exactly enough."""
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", core_firms)
    owed = np.zeros((5, 5))
    owed[:3, 3] = 1.0
    owed[3, 4] = 1.0
    for third in (1 / 3, 0.1 + 0.1 + 0.4 / 3):
        cleared = clear(owed, [third, third, 1 - 2 * third, 0, 0], beta=0.5)
        assert cleared.default_round.tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("core_firms", [256, 0], ids=["core", "large"])
@pytest.mark.parametrize("n", [2, 3, 50, 200])
def test_cycle_without_outside_assets_pays_itself(n, core_firms, monkeypatch):
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", core_firms)
    ring = np.roll(np.eye(n), 1, axis=1) / 3
    cleared = clear(ring, np.zeros(n), alpha=0.5, beta=0.5)
    assert not cleared.defaulted.any()
    assert_array_equal(cleared.payments, cleared.nominal)


@pytest.mark.parametrize("core_firms", [256, 0], ids=["core", "large"])
@pytest.mark.parametrize("leak", [1e-3, 1e-6, 1e-9, 1e-12])
def test_almost_closed_circle_keeps_its_digits(leak, core_firms, monkeypatch):
    """Ring where each firm owes 1 inside and `leak` outside but holds 0.9 of that: all pay 0.9 in total."""
    monkeypatch.setattr(clearing_module, "CORE_FIRMS", core_firms)
    n = 40
    ring = np.roll(np.eye(n), 1, axis=1)
    cash = np.full(n, leak * 0.9)
    cash[0], cash[1] = leak * 1.3, leak * 0.5
    # The exact answer: shares f solve (1 + leak) f_i = cash_i + f_(i-1).
    exact_leak = Fraction(leak)
    constant, slope = Fraction(0), Fraction(1)
    for i in [*range(1, n), 0]:
        constant = (Fraction(float(cash[i])) + constant) / (1 + exact_leak)
        slope /= 1 + exact_leak
    share = [constant / (1 - slope)]
    for i in range(1, n):
        share.append((Fraction(float(cash[i])) + share[-1]) / (1 + exact_leak))
    cleared = clear(ring, cash, np.full(n, leak))
    assert cleared.defaulted.all()
    assert_allclose(cleared.recovery, [float(x) for x in share], rtol=1e-11)


def test_disconnected_parts_do_not_matter_to_each_other():
    rng = np.random.default_rng(5)
    one, two = random_network(rng, 12), core_periphery(rng, 15)
    both = np.zeros((28, 28))
    both[:12, :12], both[12:27, 12:27] = one[0], two[0]
    together = clear(both, np.r_[one[1], two[1], 3.0], np.r_[one[2], two[2], 0.0])
    first, second = clear(*one), clear(*two)
    assert_allclose(together.payments, np.r_[first.payments, second.payments, 0.0], rtol=0, atol=1e-13)
    assert_array_equal(together.default_round, np.r_[first.default_round, second.default_round, 0])


def test_same_debt_in_other_units_and_another_order():
    rng = np.random.default_rng(6)
    owed, cash, external = random_network(rng, 30)
    base = clear(owed, cash, external, alpha=0.7, beta=0.6)
    for unit in (2.0**40, 2.0**-40):
        scaled = clear(owed * unit, cash * unit, external * unit, alpha=0.7, beta=0.6)
        assert_array_equal(scaled.payments, base.payments * unit)
    order = rng.permutation(30)
    mixed = clear(owed[np.ix_(order, order)], cash[order], external[order], alpha=0.7, beta=0.6)
    assert_allclose(mixed.payments, base.payments[order], rtol=0, atol=1e-13)
    assert_array_equal(mixed.default_round, base.default_round[order])


def test_core_and_public_function_agree():
    for seed in range(20):
        n, tiers = 15, 1 + seed % 4
        debtor, creditor, tier, amount, _, cash = rows_of(seed, n, tiers)
        layers = np.zeros((tiers, n, n))
        np.add.at(layers, (tier, debtor, creditor), amount)
        paid, fell, residual = run_rows(seed, n, tiers, 0.8, 0.9)
        cleared = clear_tiers(layers, cash, alpha=0.8, beta=0.9)
        by_tier = np.zeros((tiers, n))
        np.add.at(by_tier, (tier, debtor), paid)
        assert_allclose(by_tier, cleared.payments, rtol=0, atol=1e-13)
        assert_array_equal(fell, cleared.default_round)
        assert 0.0 <= residual < 1e-12
        if tiers == 1:
            assert_allclose(clear(layers[0], cash, alpha=0.8, beta=0.9).payments, by_tier[0], rtol=0, atol=1e-13)


def test_scratch_can_be_larger_and_is_reused():
    scratch, paid, fell = clearing_scratch(50, 500, 3), np.zeros(500), np.zeros(30, np.int64)
    for seed in (1, 2, 3):
        debtor, creditor, tier, amount, m, cash = rows_of(seed, 30, 3)
        clear_rows(debtor, creditor, tier, amount, m, cash, 1.0, 0.9, scratch, paid, fell)
        expected, expected_fell, _ = run_rows(seed, 30, 3, 1.0, 0.9)
        assert_array_equal(paid[:m], expected)
        assert_array_equal(fell, expected_fell)


def test_core_allocates_nothing():
    """Unpacking the arguments counts as allocations, one an array; clearing itself adds none."""
    if not hasattr(clear_rows, "py_func"):
        pytest.skip("not compiled")
    debtor, creditor, tier, amount, m, cash = rows_of(7, 60, 3)
    scratch, paid, fell = clearing_scratch(60, m, 3), np.zeros(m), np.zeros(60, np.int64)
    counts = []
    for outside in (cash + 1e9, cash):
        clear_rows(debtor, creditor, tier, amount, m, outside, 0.9, 0.9, scratch, paid, fell)
        _nrt_python.memsys_enable_stats()
        before = rtsys.get_allocation_stats().alloc
        clear_rows(debtor, creditor, tier, amount, m, outside, 0.9, 0.9, scratch, paid, fell)
        counts.append(rtsys.get_allocation_stats().alloc - before)
        _nrt_python.memsys_disable_stats()
    assert fell.max() > 1
    assert counts[0] == counts[1] == 7 + len(scratch)


def test_core_fills_a_hole_before_it_pays():
    """Firm 1 receives 4, first fills its hole of 3, and pays 1; firm 2 owes nothing and cannot default."""
    paid, fell = np.zeros(3), np.zeros(4, np.int64)
    dues = (np.array([0, 1, 3]), np.array([1, 2, 1]), np.zeros(3, np.int64), np.array([5.0, 4.0, 2.0]))
    cash = np.array([4.0, -3.0, -2.0, -1.0])
    residual = clear_rows(*dues, 3, cash, 1.0, 1.0, clearing_scratch(4, 3, 1), paid, fell)
    assert paid.tolist() == [4.0, 1.0, 0.0]
    assert fell.tolist() == [1, 2, 0, 1]
    assert residual == 0.0


def test_core_says_when_an_input_is_no_number():
    debtor, creditor, tier, amount, m, cash = rows_of(8, 10, 1)
    cash[3] = np.nan
    paid, fell = np.zeros(m), np.zeros(10, np.int64)
    scratch = clearing_scratch(10, m, 1)
    assert clear_rows(debtor, creditor, tier, amount, m, cash, 1.0, 1.0, scratch, paid, fell) == np.inf


def test_compiled_and_uncompiled_give_the_same_bytes():
    script = Path(contagion_rows.__file__)
    path = os.pathsep.join([str(Path(experiments.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    uncompiled = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert uncompiled.stdout.strip() == fingerprint()
