"""The ledger: who pays whom, both sides of every entry, rows as they are written, and the checks of the books."""

import numpy as np
import pytest
from differences import differences, near, row_of
from village import Village

from abm.accounts.ledger import (
    assets,
    begin_month,
    binds,
    charge,
    depreciate,
    earn,
    imbalance,
    liabilities,
    log_event,
    log_hit,
    net_worth,
    pay_cost,
    pay_out,
    raise_funding,
    return_funding,
    sum_claims,
    transfer,
    write_off,
)
from abm.agents.firm import new_firm
from abm.engine import tables as ec
from abm.engine.room import overflowing
from abm.instruments.contract import new_contract
from abm.instruments.loan import new_loan
from abm.instruments.order import new_order
from abm.instruments.stake import endow, new_stake
from abm.rules import interpreted


def trio() -> tuple[Village, int, int, int]:
    """A lab, a neocloud and a bystander, with cash."""
    v = Village()
    lab, cloud, other = v.lab(cash=5.0), v.neocloud(cash=3.0), v.hyperscaler(cash=11.0)
    v.close()
    return v, lab, cloud, other


# --- money ----------------------------------------------------------------------------------------------
def test_a_transfer_moves_cash_from_payer_to_payee_and_is_recorded_by_their_kinds():
    v, lab, cloud, _ = trio()
    did = differences(v, transfer, lab, cloud, 0.7, ec.F_COMPUTE)
    assert did.firms == near({(lab, "cash"): -0.7, (cloud, "cash"): 0.7})
    assert did.flows == near({(ec.F_COMPUTE, ec.LAB, ec.NEOCLOUD): 0.7})
    assert did.market == near({"gross_flow": 0.7})
    assert not did.rows


def test_transfers_of_a_month_add_up():
    v, lab, cloud, _ = trio()
    v.run(transfer, lab, cloud, 0.7, ec.F_COMPUTE)
    v.run(transfer, lab, cloud, 0.2, ec.F_COMPUTE)
    v.run(transfer, cloud, lab, 0.4, ec.F_COMPUTE)
    assert v.flow(ec.F_COMPUTE, lab, cloud) == near(0.9)
    assert v.flow(ec.F_COMPUTE, cloud, lab) == near(0.4)
    assert v.market.gross_flow == near(1.3)
    assert v[lab].cash == near(4.5)


@pytest.mark.parametrize(
    ("rule", "column", "retained"),
    [
        (earn, "revenue", 0.7),
        (charge, "operating_cost", -0.7),
        (write_off, "write_off", -0.7),
        (depreciate, "depreciation", -0.7),
    ],
)
def test_income_and_cost_move_retained_earnings_and_their_own_column(rule, column, retained):
    v, _, cloud, _ = trio()
    v[cloud][column] = 0.1
    did = differences(v, rule, cloud, 0.7)
    assert did.firms == near({(cloud, "retained"): retained, (cloud, column): 0.7})
    assert not did.flows
    assert not did.market


def test_a_negative_write_off_is_a_gain():
    v, _, cloud, _ = trio()
    did = differences(v, write_off, cloud, -0.4)
    assert did.firms == near({(cloud, "retained"): 0.4, (cloud, "write_off"): -0.4})


def test_a_cost_of_the_payer_is_income_of_the_payee():
    v, lab, cloud, _ = trio()
    did = differences(v, pay_cost, lab, cloud, 0.7, ec.F_POWER)
    assert did.firms == near(
        {
            (lab, "cash"): -0.7, (lab, "retained"): -0.7, (lab, "operating_cost"): 0.7,
            (cloud, "cash"): 0.7, (cloud, "retained"): 0.7, (cloud, "revenue"): 0.7,
        })  # fmt: skip
    assert did.flows == near({(ec.F_POWER, ec.LAB, ec.NEOCLOUD): 0.7})
    v.audit()


def test_savers_fund_a_lender_and_hold_the_claim():
    v = Village()
    bank = v.lender(cash=2.0, funding=1.0)
    v.close()
    did = differences(v, raise_funding, bank, 0.6)
    assert did.firms == near(
        {
            (ec.SAVERS, "cash"): -0.6, (bank, "cash"): 0.6, (bank, "funding"): 0.6,
            (ec.SAVERS, "other_assets"): 0.6,
        })  # fmt: skip
    assert did.flows == near({(ec.F_FUNDING, ec.OUTSIDE, ec.LENDER): 0.6})
    v.audit()


def test_a_lender_returns_funding_to_savers():
    v = Village()
    bank = v.lender(cash=2.0, funding=1.0)
    v.close()
    did = differences(v, return_funding, bank, 0.6)
    assert did.firms == near(
        {
            (ec.SAVERS, "cash"): 0.6, (bank, "cash"): -0.6, (bank, "funding"): -0.6,
            (ec.SAVERS, "other_assets"): -0.6,
        })  # fmt: skip
    assert did.flows == near({(ec.F_FUNDING, ec.LENDER, ec.OUTSIDE): 0.6})
    v.audit()


def test_a_dividend_goes_to_savers_out_of_retained_earnings_and_is_no_cost():
    v, _, cloud, _ = trio()
    did = differences(v, pay_out, cloud, 0.6)
    assert did.firms == near(
        {
            (cloud, "cash"): -0.6, (ec.SAVERS, "cash"): 0.6,
            (cloud, "retained"): -0.6, (ec.SAVERS, "retained"): 0.6,
        })  # fmt: skip
    assert did.flows == near({(ec.F_DIVIDEND, ec.NEOCLOUD, ec.OUTSIDE): 0.6})
    v.audit()


def test_savers_found_a_firm_with_equity_and_own_all_of_it():
    v = Village()
    cloud = v.neocloud(valuation=0.25)
    v.close()
    did = differences(v, endow, cloud, 0.6)
    assert did.firms == near(
        {
            (ec.SAVERS, "cash"): -0.6, (cloud, "cash"): 0.6, (cloud, "paid_in"): 0.6, (cloud, "valuation"): 0.6,
            (ec.SAVERS, "holdings"): 0.6,
        })  # fmt: skip
    assert did.flows == near({(ec.F_EQUITY, ec.OUTSIDE, ec.NEOCLOUD): 0.6})
    assert row_of(v.state.stakes, 0) == {"holder": ec.SAVERS, "issuer": cloud, "share": 1.0, "book": 0.6}
    assert v.market.n_stakes == 1
    v.audit()


def test_more_equity_from_savers_adds_no_share_to_what_they_have():
    v = Village()
    cloud, sponsor = v.neocloud(), v.lender(subkind=ec.SPONSOR)
    v.stake(sponsor, cloud, 0.7, 2.0)
    v.run(endow, cloud, 0.6)
    assert row_of(v.state.stakes, 1) == {"holder": ec.SAVERS, "issuer": cloud, "share": 0.0, "book": 0.6}
    assert v[cloud].paid_in == near(2.6)
    v.audit()


# --- the month opens --------------------------------------------------------------------------------------
ZEROED = {
    "revenue", "operating_cost", "interest_cost", "depreciation", "write_off", "capex", "bonds", "loss_month",
    "spot_bought", "spot_sold", "used", "energy", "emissions",
}  # fmt: skip


def test_a_month_opens_with_its_flows_at_zero_and_nothing_else_changed():
    v, lab, cloud, other = trio()
    for i in range(int(v.market.n_firms)):
        for column in set(v.state.firms.dtype.names) - {"kind"}:
            v[i][column] = i + 2
    v.state.flows[:] = 0.5
    v.market.gross_flow, v.market.stage, v.market.tightness = 3.0, 2, 0.8
    did = differences(v, begin_month)
    assert {key: int(x) for key, x in did.firms.items()} == {
        (i, column): -(i + 2) for i in range(int(v.market.n_firms)) for column in ZEROED
    }
    assert did.market == {"gross_flow": -3.0, "stage": -2}
    assert not v.state.flows.any()
    assert {lab, cloud, other} == {5, 6, 7}


def test_what_acts_have_moved_opens_the_next_month_and_is_counted_once():
    v, lab, cloud, _ = trio()
    for k, column in enumerate(ec.ACTED_COLUMNS):
        v.state.acted[cloud][column] = 0.5 + k
        v[cloud][column] = 40.0
    v.state.acted_flows[ec.F_LENDING, ec.LENDER, ec.NEOCLOUD] = 3.0
    v.state.acted_flows[ec.F_GPU, ec.NEOCLOUD, ec.VENDOR] = 0.25
    v.run(begin_month)
    assert [v[cloud][column] for column in ec.ACTED_COLUMNS] == [0.5 + k for k in range(len(ec.ACTED_COLUMNS))]
    assert [v[lab][column] for column in ec.ACTED_COLUMNS] == [0.0] * len(ec.ACTED_COLUMNS)
    assert v.state.flows[ec.F_LENDING, ec.LENDER, ec.NEOCLOUD] == 3.0
    assert v.market.gross_flow == v.state.flows.sum() == 3.25
    v.run(begin_month)
    assert [v[cloud][column] for column in ec.ACTED_COLUMNS] == [0.0] * len(ec.ACTED_COLUMNS)
    assert v.market.gross_flow == v.state.flows.sum() == 0.0


# --- claims from their rows --------------------------------------------------------------------------------
def test_live_loans_are_debt_of_the_borrower_and_an_asset_of_the_lender():
    v = Village()
    bank, cloud, other = v.lender(), v.neocloud(), v.project()
    v.loan(bank, cloud, 3.0, collateral=ec.FLEET_COLLATERAL)
    v.loan(bank, cloud, 0.5)
    v.loan(bank, other, 0.25, collateral=ec.SITE_COLLATERAL)
    v.loan(bank, cloud, 16.0, status=ec.ENDED)
    v.loan(bank, cloud, 32.0, status=ec.BROKEN, collateral=ec.FLEET_COLLATERAL)
    for i in (bank, cloud, other):
        v[i].debt = v[i].secured_debt = v[i].loans_held = 99.0
    v.run(sum_claims)
    assert [v[i].debt for i in (bank, cloud, other)] == [0.0, 3.5, 0.25]
    assert [v[i].secured_debt for i in (bank, cloud, other)] == [0.0, 3.0, 0.25]
    assert [v[i].loans_held for i in (bank, cloud, other)] == [3.75, 0.0, 0.0]


def test_prepayments_of_live_and_pending_contracts_are_owed_by_the_seller_to_the_buyer():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.1, prepaid=0.5)
    v.contract(lab, cloud, 0.1, prepaid=0.25, status=ec.PENDING)
    for status in (ec.FREE, ec.ENDED, ec.BROKEN, ec.INTENT):
        v.contract(lab, cloud, 0.1, prepaid=8.0, status=status)
    for i in (lab, cloud):
        v[i].prepaid_in = v[i].prepaid_out = 99.0
    v.run(sum_claims)
    assert (v[lab].prepaid_in, v[lab].prepaid_out) == (0.0, 0.75)
    assert (v[cloud].prepaid_in, v[cloud].prepaid_out) == (0.75, 0.0)


def test_deposits_of_pending_orders_are_owed_by_the_vendor_to_the_buyer():
    v = Village()
    vendor, cloud = v.vendor(), v.neocloud()
    v.order(cloud, vendor, 0.1, deposit=0.5)
    v.order(cloud, vendor, 0.1, deposit=0.25)
    for status in (ec.FREE, ec.LIVE, ec.ENDED, ec.BROKEN):
        v.order(cloud, vendor, 0.1, deposit=8.0, status=status)
    for i in (vendor, cloud):
        v[i].deposits_in = v[i].deposits_out = 99.0
    v.run(sum_claims)
    assert (v[vendor].deposits_in, v[vendor].deposits_out) == (0.75, 0.0)
    assert (v[cloud].deposits_in, v[cloud].deposits_out) == (0.0, 0.75)


def test_stakes_are_paid_in_at_the_issuer_and_holdings_of_the_holder():
    v = Village()
    vendor, lab = v.vendor(), v.lab()
    v.stake(vendor, lab, 0.3, 2.0)
    v.stake(ec.SAVERS, lab, 0.7, 4.5)
    for i in (vendor, lab):
        v[i].paid_in = v[i].holdings = 99.0
    v.run(sum_claims)
    assert (v[vendor].paid_in, v[vendor].holdings) == (0.0, 2.0)
    assert (v[lab].paid_in, v[lab].holdings) == (6.5, 0.0)
    assert v[ec.SAVERS].holdings == 4.5


def test_the_book_value_of_a_fleet_is_that_of_all_its_generations():
    v = Village()
    vendor, cloud, other = v.vendor(), v.neocloud(), v.neocloud()
    v.generation(vendor)
    v.generation(vendor, cost=30.0)
    v.state.fleet[cloud, 0].book, v.state.fleet[cloud, 1].book, v.state.fleet[other, 1].book = 1.5, 2.25, 0.5
    v[cloud].fleet_book = 99.0
    v.run(sum_claims)
    assert [v[i].fleet_book for i in (vendor, cloud, other)] == [0.0, 3.75, 0.5]


OWNED = ("cash", "other_assets", "sites", "fleet_book", "prepaid_out", "deposits_out", "loans_held", "holdings")
OWED = ("other_debt", "funding", "debt", "prepaid_in", "deposits_in")


def test_assets_liabilities_and_net_worth_add_up_their_own_items_only():
    v = Village()
    cloud = v.neocloud()
    for column in v.state.firms.dtype.names:
        v[cloud][column] = 1000.0 if column not in ("kind", "status") else v[cloud][column]
    for k, column in enumerate(OWNED):
        v[cloud][column] = 2.0**k
    for k, column in enumerate(OWED):
        v[cloud][column] = 2.0**k
    v[cloud].paid_in, v[cloud].retained = 0.75, -0.25
    assert interpreted(assets)(v[cloud]) == 255.0
    assert interpreted(liabilities)(v[cloud]) == 31.0
    assert interpreted(net_worth)(v[cloud]) == 0.5


# --- the checks -------------------------------------------------------------------------------------------
def test_closed_books_have_no_imbalance():
    v, *_ = trio()
    assert v.run(imbalance) < 1e-12


def test_the_imbalance_is_that_of_the_worst_firm():
    v, lab, cloud, other = trio()
    v[lab].retained += 0.25
    v[cloud].retained -= 0.5
    v[other].retained += 0.125
    assert v.run(imbalance) == near(0.5)


@pytest.mark.parametrize(
    ("column", "retained"),
    [
        ("cash", 0.5), ("loans_held", 0.5), ("debt", -0.5), ("prepaid_out", 0.5), ("prepaid_in", -0.5),
        ("deposits_out", 0.5), ("deposits_in", -0.5), ("holdings", 0.5), ("paid_in", -0.5), ("funding", -0.5),
        ("other_debt", -0.5),
    ],
)  # fmt: skip
def test_a_claim_without_its_other_side_is_an_imbalance(column, retained):
    v, _, cloud, _ = trio()
    v[cloud][column] += 0.5
    v[cloud].retained += retained
    assert v.run(imbalance) == near(0.5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("loans_held", "debt"),
        ("prepaid_out", "prepaid_in"),
        ("deposits_out", "deposits_in"),
        ("holdings", "paid_in"),
    ],
)
def test_a_claim_with_its_other_side_is_none(one, other):
    v, lab, cloud, _ = trio()
    v[lab][one] += 0.5
    v[lab].retained += 0.5
    v[cloud][other] += 0.5
    v[cloud].retained -= 0.5
    assert v.run(imbalance) < 1e-12


@pytest.mark.parametrize("column", ["funding", "other_debt"])
def test_what_savers_hold_is_what_firms_owe_them(column):
    v, _, cloud, _ = trio()
    v[cloud][column] += 0.5
    v[cloud].retained -= 0.5
    v[ec.SAVERS].other_assets += 0.5
    v[ec.SAVERS].retained += 0.5
    assert v.run(imbalance) < 1e-12
    v[ec.SAVERS].other_assets += 0.25
    v[ec.SAVERS].retained += 0.25
    assert v.run(imbalance) == near(0.25)


def test_an_absent_firm_is_in_no_sum():
    v, lab, cloud, _ = trio()
    v[lab].status = ec.ABSENT
    v[lab].cash, v[lab].retained = 0.0, 0.0
    v[ec.SAVERS].cash += 5.0
    v[ec.SAVERS].retained += 5.0
    v[lab].retained, v[lab].debt = 77.0, 66.0
    v[cloud].retained += 0.25
    assert v.run(imbalance) == near(0.25)


def test_a_failed_firm_still_counts():
    v, lab, _, _ = trio()
    v[lab].status = ec.FAILED
    v[lab].retained += 0.25
    assert v.run(imbalance) == near(0.25)


# Five firms: spare = 8 * 5 + 64 = 104; with 10 contracts and 20 loans a month can log 10 + 20 + 2 * 104 + 25 = 263
# causes, four times as many losses, and 104 events more.
@pytest.mark.parametrize(
    ("counters", "grows"),
    [
        ({"n_contracts": 2048 - 104}, "n_contracts"),
        ({"n_loans": 1024 - 104}, "n_loans"),
        ({"n_orders": 2048 - 104}, "n_orders"),
        ({"n_stakes": 1024 - 104}, "n_stakes"),
        ({"n_contracts": 10, "n_loans": 20, "n_hits": 32768 - 4 * 263}, "n_hits"),
        ({"n_contracts": 10, "n_loans": 20, "n_hits": 32768 - 4 * 263}, "n_contracts"),
        ({"n_contracts": 10, "n_loans": 20, "n_hits": 32768 - 4 * 263}, "n_loans"),
        ({"n_defaults": 256 - 3 * 5}, "n_defaults"),
        ({"n_contracts": 10, "n_loans": 20, "n_parents": 32768 - 263}, "n_parents"),
        ({"n_contracts": 10, "n_loans": 20, "n_events": 32768 - 263 - 104}, "n_events"),
        ({"n_firms": 37 - 16}, "n_firms"),
        ({"n_generations": 32 - 4}, "n_generations"),
        ({"n_series": 127}, "n_series"),
        # Dues: 1900 + 2 * 900 + 2 * 1174 + 4 * 104 = 6464 = 64 * 37 + 4096.
        ({"n_contracts": 1900, "n_loans": 900, "n_orders": 1174}, "n_contracts"),
        ({"n_contracts": 1899, "n_loans": 900, "n_orders": 1174}, "n_loans"),
        ({"n_contracts": 1899, "n_loans": 900, "n_orders": 1174}, "n_orders"),
    ],
)
def test_a_table_overflows_with_one_row_more_than_a_month_has_room_for(counters, grows):
    v = Village()
    for name, count in counters.items():
        v.market[name] = count
    assert not v.run(overflowing)
    v.market[grows] += 1
    assert v.run(overflowing)


def test_the_room_a_month_needs_grows_with_the_firms():
    # Twenty firms: spare = 8 * 20 + 64 = 224, causes 2 * 224 + 400 = 848, losses four times that.
    v = Village()
    v.market.n_firms = 20
    for name, most in (
        ("n_contracts", 2048 - 224), ("n_loans", 1024 - 224), ("n_orders", 2048 - 224), ("n_stakes", 1024 - 224),
        ("n_defaults", 256 - 3 * 20), ("n_hits", 32768 - 4 * 848), ("n_parents", 32768 - 848),
        ("n_events", 32768 - 848 - 224),
    ):  # fmt: skip
        v.market[name] = most
        assert not v.run(overflowing), name
        v.market[name] = most + 1
        assert v.run(overflowing), name
        v.market[name] = 0


def test_a_panel_without_room_overflows_only_if_it_is_recorded():
    v = Village()
    v.state = v.state.replace(panel=v.state.panel[:10].copy())
    v.market, v.p = v.state.market[0], v.state.params[0]
    v.market.n_series = 9
    assert not v.run(overflowing)
    v.market.n_series = 10
    assert v.run(overflowing)
    v.market.record_panel = 0
    assert not v.run(overflowing)


# --- the logs ---------------------------------------------------------------------------------------------
def test_an_event_is_logged_in_its_month_after_the_others():
    v, lab, cloud, _ = trio()
    v.market.month = 7
    v.run(log_event, ec.E_ORDER, cloud, lab, 0.5)
    v.run(log_event, ec.E_LOAN, lab, cloud, 0.25)
    assert v.market.n_events == 2
    assert row_of(v.state.events, 0) == {"month": 7, "kind": ec.E_ORDER, "a": cloud, "b": lab, "amount": 0.5}
    assert row_of(v.state.events, 1) == {"month": 7, "kind": ec.E_LOAN, "a": lab, "b": cloud, "amount": 0.25}


def test_a_loss_passed_on_is_logged_with_month_and_round():
    v, lab, cloud, _ = trio()
    v.market.month, v.market.stage = 7, 3
    v.run(log_hit, cloud, lab, ec.CUSTOMER, 0.5)
    v.run(log_hit, lab, -1, ec.MARKET, 1e-11)
    assert v.market.n_hits == 2
    assert row_of(v.state.hits, 0) == {
        "month": 7, "stage": 3, "victim": cloud, "source": lab, "channel": ec.CUSTOMER, "amount": 0.5,
    }  # fmt: skip
    assert row_of(v.state.hits, 1)["source"] == -1


@pytest.mark.parametrize("amount", [0.0, -0.5, 1e-12])
def test_what_is_no_loss_is_not_logged(amount):
    v, lab, cloud, _ = trio()
    v.run(log_hit, cloud, lab, ec.CUSTOMER, amount)
    assert v.market.n_hits == 0


def test_nobody_is_its_own_victim():
    v, lab, _, _ = trio()
    v.run(log_hit, lab, lab, ec.CUSTOMER, 0.5)
    assert v.market.n_hits == 0


# --- new rows ---------------------------------------------------------------------------------------------
def soil(table) -> None:
    """Fill a table with what an earlier row may have left."""
    for column in table.dtype.names:
        table[column] = 77


def test_a_new_contract_waits_for_its_start_and_holds_what_was_agreed():
    v, lab, cloud, _ = trio()
    soil(v.state.contracts)
    v.state.contracts[0].status = ec.FREE
    v.market.month, v.market.n_contracts, v.market.next_contract = 5, 1, 40
    r = v.run(new_contract, ec.SITE, lab, cloud, 0.3, 1.7, 48, 9, 6, 0.9)
    assert r == 1
    assert (v.market.n_contracts, v.market.next_contract) == (2, 41)
    assert row_of(v.state.contracts, 1) == {
        "id": 40, "kind": ec.SITE, "status": ec.PENDING, "buyer": lab, "seller": cloud, "guarantor": -1,
        "end_user": -1, "own_use": 0, "backstop": 0, "signed": 5, "start": 9, "ramp": 6, "months": 48,
        "months_left": 48, "quantity": 0.3, "delivered": 0.0, "price": 1.7, "take_or_pay": 0.9, "prepaid": 0.0,
        "announced": 0.0, "missed": 0.0, "amended": -1, "claim": 0.0, "late": 0,
    }  # fmt: skip


def test_a_new_loan_is_live_and_holds_what_was_agreed():
    v, lab, cloud, bank = trio()
    soil(v.state.loans)
    v.market.month, v.market.n_loans, v.market.next_loan = 5, 1, 40
    r = v.run(new_loan, ec.DDTL, bank, cloud, 2.5, 0.09, 36, ec.FLEET_COLLATERAL, 1)
    assert r == 1
    assert (v.market.n_loans, v.market.next_loan) == (2, 41)
    assert row_of(v.state.loans, 1) == {
        "id": 40, "kind": ec.DDTL, "status": ec.LIVE, "lender": bank, "borrower": cloud, "tier": ec.TIER_SECURED,
        "collateral": ec.FLEET_COLLATERAL, "end_user": -1, "for_ai": 1, "amortising": 1, "committed": 1, "made": 5,
        "months": 36, "months_left": 36, "principal": 2.5, "limit": 2.5, "rate": 0.09, "covenant_ltv": 0.0,
        "amended": -1, "undrawn": 0.0, "draws_until": 17,
    }  # fmt: skip
    assert lab == 5
    assert v.run(new_loan, ec.BOND, bank, cloud, 2.5, 0.09, 36, ec.NO_COLLATERAL, 0) == 2
    assert (v.state.loans[2].kind, v.state.loans[2].tier, v.state.loans[2].amortising) == (ec.BOND, 2, 0)


def test_a_new_order_waits_in_the_queue_and_holds_what_was_agreed():
    v, _, cloud, vendor = trio()
    soil(v.state.orders)
    v.market.month, v.market.n_orders, v.market.next_order = 5, 1, 40
    r = v.run(new_order, ec.SITE_ORDER, cloud, vendor, 3, 0.6, 20.0, 1.25, 9)
    assert r == 1
    assert (v.market.n_orders, v.market.next_order) == (2, 41)
    assert row_of(v.state.orders, 1) == {
        "id": 40, "kind": ec.SITE_ORDER, "status": ec.PENDING, "buyer": cloud, "vendor": vendor, "generation": 3,
        "placed": 5, "due": 9, "end_user": -1, "units": 0.6, "price": 20.0, "deposit": 1.25, "ready": 0.0,
    }  # fmt: skip


def test_a_new_holder_gets_a_row_and_an_old_one_more_of_its_own():
    v, lab, cloud, vendor = trio()
    v.run(new_stake, vendor, lab, 0.25, 2.0)
    v.run(new_stake, cloud, lab, 0.125, 1.0)
    v.run(new_stake, vendor, cloud, 0.5, 4.0)
    v.run(new_stake, cloud, lab, 0.0625, 0.5)
    assert v.market.n_stakes == 3
    assert row_of(v.state.stakes, 0) == {"holder": vendor, "issuer": lab, "share": 0.25, "book": 2.0}
    assert row_of(v.state.stakes, 1) == {"holder": cloud, "issuer": lab, "share": 0.1875, "book": 1.5}
    assert row_of(v.state.stakes, 2) == {"holder": vendor, "issuer": cloud, "share": 0.5, "book": 4.0}
    # paid-in capital stands on both sides
    assert (v[lab].paid_in, v[cloud].paid_in, v[vendor].holdings, v[cloud].holdings) == (3.5, 4.0, 6.0, 1.5)


def test_only_live_and_pending_contracts_bind():
    v, lab, cloud, _ = trio()
    for status in range(6):
        v.contract(lab, cloud, 0.1, status=status)
    assert [bool(interpreted(binds)(c)) for c in v.rows("contracts")] == [False, True, True, False, False, False]



# --- new firms --------------------------------------------------------------------------------------------
LIKE = {
    "pue": 1.3, "power_premium": 1.1, "renewables": 0.4, "unit_opex": 0.2, "book_life": 72.0, "amd_share": 0.15,
    "custom_share": 0.05, "expected_growth": 0.6, "pd": 0.07, "pd_long": 0.05, "feared": 0.07,
}  # fmt: skip


def test_a_new_firm_costs_what_its_model_costs_and_has_empty_books():
    v = Village()
    model = v.hyperscaler(cash=9.0, parent=2, tenant=3, other_debt=4.0, valuation=8.0, **LIKE)
    v.market.month, v.market.spot_price = 7, 1.6
    soil(v.state.firms[6:7])
    assert v.run(new_firm, ec.NEOCLOUD, model) == 6
    assert v.market.n_firms == 7
    empty = dict.fromkeys(v.state.firms.dtype.names, 0)
    assert row_of(v.state.firms, 6) == empty | LIKE | {
        "kind": ec.NEOCLOUD, "status": ec.ACTIVE, "parent": -1, "tenant": -1, "entered": 7, "failed": -1,
        "last_round": 7, "last_project": 7, "top_customer_id": -1, "expected_spot": 1.6, "dscr": 9.9,
    }  # fmt: skip


def test_the_last_row_of_the_firm_table_is_never_a_firm():
    v = Village()
    model = v.neocloud()
    rows = len(v.state.firms)
    v.market.n_firms = rows - 2
    assert v.run(new_firm, ec.NEOCLOUD, model) == rows - 2
    assert v.market.n_firms == rows - 1
    assert v.run(new_firm, ec.NEOCLOUD, model) == -1
    assert v.market.n_firms == rows - 1
    assert not np.any(v.state.firms["kind"][rows - 1 :])
