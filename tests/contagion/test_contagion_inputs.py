"""What a user may get wrong in a network, and what they are told."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

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
    glasserman_young_audit,
    glasserman_young_losses,
    vulnerability,
    watts,
)
from abm.errors import BadInput

RING = np.roll(np.eye(3), 1, axis=1)


def with_entry(value, place=(0, 1)):
    matrix = RING.copy()
    matrix[place] = value
    return matrix


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.coo_matrix], ids=["dense", "csr", "coo"])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (with_entry(-1.0), r"liabilities\[0, 1\] is -1: it must be a finite number, at least 0"),
        (with_entry(np.nan), r"liabilities\[0, 1\] is nan"),
        (with_entry(np.inf), r"liabilities\[0, 1\] is inf"),
        (with_entry(2.0, (2, 2)), r"liabilities\[2, 2\] is 2: nobody owes"),
        (np.ones((2, 3)), r"liabilities must be a square matrix; its shape is \(2, 3\)"),
    ],
)
def test_liabilities(form, matrix, message):
    with pytest.raises(BadInput, match=message):
        clear(form(matrix), np.ones(3))


@pytest.mark.parametrize(
    ("liabilities", "message"),
    [
        ([[0, 1], [0]], "liabilities must hold plain numbers"),
        ([["a", "b"], ["c", "d"]], "liabilities must hold plain numbers"),
        (RING.astype(complex), "liabilities must hold plain numbers"),
        (None, "liabilities must hold plain numbers"),
        (np.zeros(3), "square matrix"),
        (np.zeros((2, 3, 3)), "square matrix"),
        (5.0, "square matrix"),
    ],
)
def test_not_a_matrix(liabilities, message):
    with pytest.raises(BadInput, match=message):
        clear(liabilities, np.ones(3))


@pytest.mark.parametrize("field", ["external_assets", "external_debt"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 1], "must have 3 entries, one a firm; its shape is \\(2,\\)"),
        (np.ones((3, 1)), "must have 3 entries"),
        (1.0, "must have 3 entries"),
        ([1, -1, 1], r"\[1\] is -1: it must be a finite number, at least 0"),
        ([1, 1, np.nan], r"\[2\] is nan"),
        ([1, np.inf, 1], r"\[1\] is inf"),
        (["x", "y", "z"], "must hold plain numbers"),
    ],
)
def test_vectors(field, values, message):
    with pytest.raises(BadInput, match=f"{field}.*{message}|{field}{message}"):
        clear(RING, **{"external_assets": np.ones(3)} | {field: values})


@pytest.mark.parametrize("field", ["alpha", "beta"])
@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, "all", None, [0.5, 0.5]])
def test_recovered_shares(field, value):
    with pytest.raises(BadInput, match=field):
        clear(RING, np.ones(3), **{field: value})


def test_empty_and_trivial_networks():
    for empty in ([], np.zeros((0, 0)), sp.csr_array((0, 0))):
        cleared = clear(empty, [], audit=True)
        assert cleared.payments.shape == cleared.equity.shape == (0,)
        assert (cleared.rounds, cleared.residual, cleared.method) == (0, 0.0, "full payment")
    alone = clear([[0]], [3], [5])
    assert (alone.payments[0], alone.default_round[0], alone.shortfall[0]) == (3.0, 1, 2.0)
    idle = clear(np.zeros((3, 3)), [1, 0, 2])
    assert idle.equity.tolist() == [1.0, 0.0, 2.0]
    assert idle.recovery.tolist() == [1.0, 1.0, 1.0]
    assert clear_tiers(np.zeros((2, 0, 0)), []).payments.shape == (2, 0)


def test_inputs_are_not_changed():
    owed, cash, external = RING * 2.0, np.array([0.5, 0.0, 0.1]), np.array([0.5, 0.5, 0.5])
    copies = owed.copy(), cash.copy(), external.copy()
    clear(owed, cash, external, alpha=0.5)
    for now, before in zip((owed, cash, external), copies, strict=True):
        np.testing.assert_array_equal(now, before)
    assert clear(owed.astype(int), [1, 1, 1]).payments.dtype == float


@pytest.mark.parametrize(
    ("liabilities", "external", "message"),
    [
        ([], None, "at least one tier"),
        (RING, None, r"liabilities\[0\] must be a square matrix"),
        ([RING, np.zeros((2, 2))], None, r"liabilities\[1\] must be 3 by 3"),
        ([RING, with_entry(-1.0)], None, r"liabilities\[1\]\[0, 1\] is -1"),
        ([RING, RING], np.zeros(3), r"external_debt must have the shape \(2, 3\)"),
        ([RING, RING], np.full((2, 3), np.nan), r"external_debt\[0, 0\] is nan"),
        (3.0, None, "array \\[tier, debtor, creditor\\]"),
    ],
)
def test_tiers(liabilities, external, message):
    with pytest.raises(BadInput, match=message):
        clear_tiers(liabilities, np.ones(3), external)


NAMES = ["a", "b", "c"]
OWED = np.array([[0.0, 10, 0], [0, 0, 10], [0, 0, 0]])
FRAME = pd.DataFrame(OWED, NAMES, NAMES)
CASH = pd.Series([4.0, 3.0, 0.0], NAMES)
DEBT = pd.Series([0.0, 0.0, 2.0], NAMES)
MIXED = ["c", "a", "b"]


def test_labels_are_matched_in_any_order():
    expected = clear(OWED, CASH.to_numpy(), DEBT.to_numpy()).payments
    for owed in (FRAME, FRAME.loc[NAMES, MIXED], OWED):
        cleared = clear(owed, CASH if owed is OWED else CASH[MIXED], DEBT[MIXED])
        np.testing.assert_array_equal(cleared.payments, expected)
    np.testing.assert_array_equal(clear(FRAME.loc[MIXED], CASH, DEBT).payments, expected[[2, 0, 1]])
    numbered = pd.Series([0.0, 3.0, 4.0], [2, 1, 0])
    np.testing.assert_array_equal(clear(OWED, numbered, DEBT.to_numpy()).payments, expected)
    tiers = clear_tiers([FRAME * 0.0, FRAME.loc[MIXED, NAMES]], CASH[MIXED])
    np.testing.assert_array_equal(tiers.payments[1], clear(OWED, CASH.to_numpy()).payments)
    ring = pd.DataFrame([[0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0]], NAMES, NAMES)
    shock = pd.Series([0.2, 0.0, 0.0], MIXED)
    assert debtrank(ring, [1, 1, 1], shock).initial.tolist() == [0.0, 0.0, 0.2]
    fixed = equity_fixed_point(ring, pd.Series([3.0, 10, 5], MIXED), pd.Series([9.0, 4, 2], NAMES))
    np.testing.assert_array_equal(fixed.equity, equity_fixed_point(ring.to_numpy(), [10, 5, 3], [9, 4, 2]).equity)
    shares = pd.DataFrame([[0, 0, 0], [0.6, 0, 0.3], [0.5, 0, 0]], NAMES, NAMES)
    np.testing.assert_array_equal(
        attribute_debt(pd.Series([4, 0, 10], MIXED), shares, [True, False, False]),
        attribute_debt([0, 10, 4], shares.to_numpy(), [True, False, False]),
    )


HELD = np.array([[0, 0.2, 0.1], [0.1, 0, 0], [0, 0.3, 0]])
ASSETS = ["gold", "land"]
STOCKS = np.array([[10.0, 1.0], [2.0, 8.0], [5.0, 5.0]])


def test_cross_holdings_match_labels():
    expected = clear_cross_holdings(OWED, CASH.to_numpy(), HELD, DEBT.to_numpy())
    held = pd.DataFrame(HELD, NAMES, NAMES).loc[MIXED]
    found = clear_cross_holdings(FRAME, CASH[MIXED], held, DEBT[MIXED])
    np.testing.assert_array_equal(found.payments, expected.payments)
    np.testing.assert_array_equal(found.equity, expected.equity)


def test_furfine_matches_labels():
    claims = pd.DataFrame([[0, 0, 0], [3, 0, 0], [0, 2, 0]], NAMES, NAMES)
    equity = pd.Series([1.0, 2.0, 2.5], NAMES)
    assert furfine(claims, equity[MIXED], 0).round.tolist() == [1, 2, 0]
    assert furfine(claims[MIXED], equity, 0).round.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("cascade", "back"),
    [(lambda owed: watts(owed, 0, threshold="0.5"), 1), (lambda owed: gai_kapadia(owed, 0, capital=0, interbank=1), 0)],
)
def test_cascades_match_rows_and_columns(cascade, back):
    links = pd.DataFrame([[0, 1, 0], [back, 0, 1], [0, back, 0]], NAMES, NAMES)
    assert cascade(links).round.tolist() == [1, 2, 3]
    assert cascade(links[MIXED]).round.tolist() == [1, 2, 3]


def test_the_audit_matches_labels():
    owed, cash, debt = np.array([[0, 3, 0], [0, 0, 0], [0, 1, 0]]), np.array([5.0, 0.5, 2.0]), np.array([1.0, 2.0, 0.5])
    expected = glasserman_young_audit(owed, cash, debt, firm=0)
    assert expected.brought_down.tolist() == [1]
    given = (pd.DataFrame(owed, NAMES, NAMES), pd.Series(cash, NAMES)[MIXED], pd.Series(debt, NAMES)[MIXED])
    assert repr(glasserman_young_audit(*given, firm=0)) == repr(expected)
    shock = np.array([3.5, 0.25, 0.5])
    losses = glasserman_young_losses(owed, cash, debt, shock=shock)
    assert losses.shortfall > 0.0
    assert glasserman_young_losses(*given, shock=pd.Series(shock, NAMES)[MIXED]) == losses


def test_vulnerability_matches_firms_and_assets():
    equity, shock, impact = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.0]), np.array([0.5, 0.2])
    expected = vulnerability(STOCKS, equity, shock, impact=impact)
    found = vulnerability(
        pd.DataFrame(STOCKS, NAMES, ASSETS),
        pd.Series(equity, NAMES)[MIXED],
        pd.Series(shock, ASSETS)[::-1],
        impact=pd.Series(impact, ASSETS)[::-1],
    )
    for one, other in zip(found.__dict__.values(), expected.__dict__.values(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rule", ["default", "leverage"])
def test_fire_sales_match_firms_and_assets(rule):
    other, debt, target = np.array([0.0, 5.0, 2.0]), np.array([10.5, 14.5, 6.0]), np.array([9.0, 7.0, 2.0])
    shock, impact = np.array([0.1, 0.0]), np.array([0.5, 0.2])
    more = {"price_shock": shock, "impact": impact, "rule": rule, "leverage": target, "rounds": 2}
    expected = fire_sales(STOCKS, other, debt, **more)
    assert expected.default_round.max() > 1
    mixed = {name: pd.Series(value, NAMES)[MIXED] for name, value in (("other", other), ("debt", debt), ("to", target))}
    turned = {name: pd.Series(value, ASSETS)[::-1] for name, value in (("price_shock", shock), ("impact", impact))}
    found = fire_sales(
        pd.DataFrame(STOCKS, NAMES, ASSETS), mixed["other"], mixed["debt"], leverage=mixed["to"], rule=rule, rounds=2,
        **turned,
    )  # fmt: skip
    for one, other in zip(found.__dict__.values(), expected.__dict__.values(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(BadInput, match="price_shock has 'oil', which is none of the labels of holdings"):
        fire_sales(pd.DataFrame(STOCKS, NAMES, ASSETS), other, debt, price_shock=pd.Series([0.1, 0], ["gold", "oil"]))


@pytest.mark.parametrize(
    ("cash", "message"),
    [
        (pd.Series([1, 2, 3], ["a", "b", "x"]), "external_assets has 'x', which is none of the labels of liabilities"),
        (pd.Series([1, 2], ["a", "b"]), "external_assets lacks 'c', which is one of the labels of liabilities"),
        (pd.Series([1, 2, 3], ["a", "b", "b"]), "external_assets has the label 'b' twice"),
        (pd.Series([1, None, 3], NAMES, dtype="Int64"), r"external_assets\[1\] is (missing|nan)"),
        (pd.Series([1, np.nan, 3], NAMES), r"external_assets\[1\] is nan"),
        ([1, None, 3], r"external_assets\[1\] is missing"),
        (np.ma.array([1, 2, 3], mask=[False, True, False]), r"external_assets\[1\] is missing"),
        (np.array([1, "2", 3], dtype=object), "external_assets must hold plain numbers"),
        ([1, 10**400, 3], r"external_assets\[1\] is inf"),
    ],
)
def test_labels_and_missing_values(cash, message):
    with pytest.raises(BadInput, match=message):
        clear(FRAME, cash)


@pytest.mark.parametrize(
    "cash",
    [
        pd.Series([4, 3, 0], NAMES, dtype="Int64"),
        pd.Series([4, 3, 0], NAMES, dtype="Float64"),
        np.array([4, Fraction(3), Decimal(0)], dtype=object),
        np.ma.array([4, 3, 0]),
        [True + 3, 3, False],
    ],
)
def test_numbers_of_every_kind(cash):
    assert clear(FRAME, cash).payments.tolist() == [4.0, 7.0, 0.0]


@pytest.mark.parametrize("n", [3, 300])
def test_results_are_floats_and_sums_must_be(n):
    assert clear(np.zeros((n, n)), np.ones(n, int)).payments.dtype == float
    assert clear_tiers(np.zeros((2, n, n)), np.ones(n)).nominal.dtype == float
    huge = np.zeros((n, n))
    huge[0, 1:3] = 1e308
    with pytest.raises(BadInput, match=r"liabilities and external_debt of firm 0 must sum to less than 1\.8e308"):
        clear(huge, np.ones(n))
    with pytest.raises(BadInput, match="external_assets and claims of firm 1 must sum"):
        clear(huge * 0.4, np.full(n, 1.7e308))
    with pytest.raises(BadInput, match="of firm 0 must sum"):
        clear_tiers([huge * 0.5, huge * 0.5], np.ones(n))
