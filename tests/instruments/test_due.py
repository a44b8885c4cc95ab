"""What falls due in a month: who owes whom, how much, how senior, for what."""

import pytest
from differences import differences, near
from village import Village

from abm.agents.lender import rebuild_capital
from abm.distress.obligations import first_cloud, obligations, owe_running_costs, pay_in_shares
from abm.engine import tables as ec
from abm.instruments.contract import bill_contracts, check_delivery
from abm.instruments.due import add_due
from abm.instruments.loan import scheduled_principal
from abm.rules import interpreted

OPERATING, SECURED, UNSECURED = ec.TIER_OPERATING, ec.TIER_SECURED, ec.TIER_UNSECURED


def dues(v: Village) -> list[tuple]:
    """Kind, debtor, creditor, tier, amount and row behind it of every obligation, in order."""
    d = v.state.dues
    return [
        (int(d.kind[r]), int(d.debtor[r]), int(d.creditor[r]), int(d.tier[r]), near(float(d.amount[r])), int(d.ref[r]))
        for r in range(int(v.market.n_dues))
    ]


def dues_of(v: Village, rule, *arguments) -> list[tuple]:
    v.run(rule, *arguments)
    return dues(v)


# --- one obligation ---------------------------------------------------------------------------------------
def test_an_obligation_is_appended_as_it_is_owed_with_nothing_paid():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    v.state.dues.paid[:] = 9.0
    v.run(add_due, ec.DUE_POWER, lab, ec.POWER, OPERATING, 0.5, -1)
    v.run(add_due, ec.DUE_INVOICE, cloud, lab, UNSECURED, 0.25, 7)
    assert dues(v) == [
        (ec.DUE_POWER, lab, ec.POWER, OPERATING, 0.5, -1),
        (ec.DUE_INVOICE, cloud, lab, UNSECURED, 0.25, 7),
    ]
    assert v.state.dues.paid[:3].tolist() == [0.0, 0.0, 9.0]


def test_nothing_and_less_than_nothing_is_not_owed():
    v = Village()
    lab = v.lab()
    v.run(add_due, ec.DUE_POWER, lab, ec.POWER, OPERATING, 0.0, -1)
    v.run(add_due, ec.DUE_POWER, lab, ec.POWER, OPERATING, -0.5, -1)
    assert v.market.n_dues == 0
    v.run(add_due, ec.DUE_POWER, lab, ec.POWER, OPERATING, 1e-9, -1)
    assert v.market.n_dues == 1


# --- revenue share ----------------------------------------------------------------------------------------
def test_the_first_cloud_is_the_hyperscaler_with_the_largest_stake_in_the_lab():
    v = Village()
    lab, other = v.lab(), v.lab()
    small, large, third, vendor = v.hyperscaler(), v.hyperscaler(), v.hyperscaler(), v.vendor()
    v.stake(small, lab, 0.1, 5.0)
    v.stake(large, lab, 0.3, 1.0)
    v.stake(third, lab, 0.2, 9.0)
    v.stake(vendor, lab, 0.4, 2.0)
    v.stake(small, other, 0.5, 2.0)
    assert v.run(first_cloud, lab) == large
    assert v.run(first_cloud, other) == small


def test_of_two_equal_stakes_the_first_counts():
    v = Village()
    lab, one, two = v.lab(), v.hyperscaler(), v.hyperscaler()
    v.stake(two, lab, 0.2, 1.0)
    v.stake(one, lab, 0.2, 1.0)
    assert v.run(first_cloud, lab) == two


def test_a_lab_without_a_hyperscaler_among_its_owners_has_no_first_cloud():
    v = Village()
    lab, cloud, bare = v.lab(), v.hyperscaler(), v.lab()
    v.stake(ec.SAVERS, lab, 0.9, 1.0)
    v.stake(cloud, lab, 0.0, 1.0)
    assert v.run(first_cloud, lab) == -1
    assert v.run(first_cloud, bare) == -1


# --- staff paid in shares ---------------------------------------------------------------------------------
def test_staff_paid_in_shares_is_a_cost_without_cash_and_new_capital_in_savers_hands():
    v = Village()
    lab = v.lab(cash=2.0, stock_pay=0.3)
    v.stake(ec.SAVERS, lab, 0.9, 0.5)
    did = differences(v, pay_in_shares, lab)
    assert did.firms == near({
        (lab, "retained"): -0.3, (lab, "operating_cost"): 0.3, (lab, "paid_in"): 0.3,
        (ec.SAVERS, "retained"): 0.3, (ec.SAVERS, "revenue"): 0.3, (ec.SAVERS, "holdings"): 0.3,
    })  # fmt: skip
    assert not did.flows
    stake = v.state.stakes[0]
    assert (stake.holder, stake.issuer, stake.share, stake.book) == (ec.SAVERS, lab, 0.9, 0.8)
    v.audit()


def test_who_pays_staff_in_cash_only_issues_nothing():
    v = Village()
    lab = v.lab(cash=2.0)
    did = differences(v, pay_in_shares, lab)
    assert not did.firms
    assert v.market.n_stakes == 0


# --- running costs ----------------------------------------------------------------------------------------
def test_a_cloud_owes_staff_running_costs_power_carbon_and_spot_compute():
    v = Village()
    v.market.power_price, v.market.carbon_price, v.market.spot_price = 60.0, 30.0, 1.5
    cloud = v.neocloud(
        fixed_cost=0.2, used=0.4, unit_opex=0.25, energy=3.0, power_premium=1.2, emissions=0.7, spot_bought=0.1
    )
    vendor = v.vendor()
    v.generation(vendor, kw=1.0)
    v.generation(vendor, kw=2.0)
    v.fleet(cloud, 0.3, 0)
    v.fleet(cloud, 0.2, 1)
    assert dues_of(v, owe_running_costs, cloud) == [
        (ec.DUE_OPERATING, cloud, ec.SUPPLIERS, OPERATING, 0.2, -1),
        # 0.4 M H100e of 1.4 kW used at 0.25 USD a kWh; 0.73 bn a month is 1 M kW at 1 USD.
        (ec.DUE_OPERATING, cloud, ec.SUPPLIERS, OPERATING, near(0.4 * 1.4 * 0.25 * 0.73), -1),
        # 3 TWh at 60 * 1.2 = 72 USD/MWh: 216 M.
        (ec.DUE_POWER, cloud, ec.POWER, OPERATING, 0.216, -1),
        # 0.7 Mt at 30 USD: 21 M.
        (ec.DUE_CARBON, cloud, ec.GOVERNMENT, OPERATING, 0.021, -1),
        (ec.DUE_SPOT, cloud, ec.CUSTOMERS, OPERATING, 0.1 * 1.5 * 0.73, -1),
    ]


def test_a_firm_without_a_fleet_owes_no_power_but_its_staff_and_spot_compute():
    v = Village()
    v.market.carbon_price = 30.0
    cloud = v.neocloud(fixed_cost=0.2, used=0.4, unit_opex=0.25, energy=3.0, emissions=0.7, spot_bought=0.1)
    assert dues_of(v, owe_running_costs, cloud) == [
        (ec.DUE_OPERATING, cloud, ec.SUPPLIERS, OPERATING, 0.2, -1),
        (ec.DUE_SPOT, cloud, ec.CUSTOMERS, OPERATING, 0.146, -1),
    ]


def test_running_costs_include_staff_paid_in_shares():
    v = Village()
    lab = v.lab(stock_pay=0.3)
    v.run(owe_running_costs, lab)
    assert v[lab].operating_cost == 0.3
    assert v[lab].paid_in == 0.3
    v.audit()


def test_a_lab_owes_its_first_cloud_a_share_of_revenue_unsecured():
    v = Village()
    lab, cloud = v.lab(revenue=4.0, revenue_share=0.2), v.hyperscaler()
    v.stake(cloud, lab, 0.27, 1.0)
    assert dues_of(v, owe_running_costs, lab) == [(ec.DUE_REVENUE_SHARE, lab, cloud, UNSECURED, 0.8, -1)]


def test_a_failed_first_cloud_gets_no_revenue_share():
    v = Village()
    lab, cloud = v.lab(revenue=4.0, revenue_share=0.2), v.hyperscaler(status=ec.FAILED)
    v.stake(cloud, lab, 0.27, 1.0)
    assert dues_of(v, owe_running_costs, lab) == []


def test_no_revenue_share_without_a_cloud_without_a_share_or_from_others_than_labs():
    v = Village()
    lab, cloud = v.lab(revenue=4.0, revenue_share=0.2), v.hyperscaler(revenue=4.0, revenue_share=0.2)
    none, cloudy = v.lab(revenue=4.0), v.hyperscaler()
    v.stake(cloudy, cloud, 0.3, 1.0)
    v.stake(cloudy, none, 0.3, 1.0)
    for firm in (lab, cloud, none):
        assert dues_of(v, owe_running_costs, firm) == []


def test_the_last_firm_of_the_table_is_no_cloud_of_a_lab_without_one():
    v = Village()
    lab = v.lab(revenue=4.0, revenue_share=0.2)
    v.state.firms[-1].status = ec.ACTIVE
    assert dues_of(v, owe_running_costs, lab) == []


def test_a_lender_owes_savers_the_funding_rate_and_pays_for_running_its_book():
    v = Village(funding_spread=0.01, lender_cost=0.006)
    v.market.base_rate = 0.05
    bank = v.lender(funding=20.0, loans_held=30.0)
    # 20 at 6 % is 1.2 a year; 30 at 0.6 % is 0.18 a year.
    assert dues_of(v, owe_running_costs, bank) == [
        (ec.DUE_FUNDING, bank, ec.SAVERS, UNSECURED, 0.1, -1),
        (ec.DUE_OPERATING, bank, ec.SUPPLIERS, OPERATING, 0.015, -1),
    ]


def test_savers_never_pay_for_lending():
    v = Village(funding_spread=-0.02)
    v.market.base_rate = 0.01
    bank = v.lender(funding=20.0)
    assert dues_of(v, owe_running_costs, bank) == []


def test_only_lenders_owe_the_cost_of_funding():
    v = Village(funding_spread=0.01, lender_cost=0.006)
    vendor = v.vendor(funding=20.0, loans_held=30.0)
    assert dues_of(v, owe_running_costs, vendor) == []


# --- invoices ---------------------------------------------------------------------------------------------
def test_a_contract_used_in_full_is_invoiced_for_what_was_delivered():
    v = Village(late_damages=0.0)
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.9, 9.0, status=ec.ENDED)
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.3, take_or_pay=0.0)
    assert dues_of(v, bill_contracts) == [(ec.DUE_INVOICE, lab, cloud, UNSECURED, 0.3 * 1.6 * 0.73, r)]
    assert r == 1


def test_take_or_pay_is_owed_whether_used_or_not_the_rest_as_used():
    v = Village(take_or_pay_scale=0.5, late_damages=0.0)
    lab, cloud = v.lab(need=0.15, contracted_in=0.6), v.neocloud()
    v.contract(lab, cloud, 0.5, 1.6, delivered=0.3, take_or_pay=0.8)
    # Firm part 0.8 * 0.5 = 0.4; used 0.15 of 0.6: a quarter of the other 0.6. Together 0.55.
    assert dues_of(v, bill_contracts) == [(ec.DUE_INVOICE, lab, cloud, UNSECURED, 0.3 * 1.6 * 0.73 * 0.55, 0)]


def test_what_is_due_and_missing_costs_its_seller_a_part_of_its_price_at_most_the_invoice():
    v = Village(late_damages=0.5)
    lab, cloud = v.lab(), v.neocloud()
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.3, take_or_pay=1.0)
    assert dues_of(v, bill_contracts) == [(ec.DUE_INVOICE, lab, cloud, UNSECURED, (0.3 - 0.5 * 0.2) * 1.6 * 0.73, r)]
    v = Village(late_damages=0.5)
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.5, 1.6, delivered=0.1, take_or_pay=1.0)
    assert dues_of(v, bill_contracts) == []


@pytest.mark.parametrize(("late", "market", "kept", "months"), [
    (4, 1.5, 0.5, 5),  # five months are borne
    (5, 1.5, 0.3, 0),  # after six, what is missing is given up where the market is cheaper
    (5, 1.7, 0.5, 6),
])  # fmt: skip
def test_what_comes_too_late_is_given_up_where_the_market_is_cheaper(late, market, kept, months):
    v = Village(late_limit=6.0)
    v.market.contract_price = market
    lab, cloud = v.lab(), v.neocloud()
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.3, late=late)
    assert v.run(check_delivery, r) == pytest.approx(0.2, rel=1e-12)
    assert (v.state.contracts[r].quantity, v.state.contracts[r].late) == (pytest.approx(kept, rel=1e-12), months)
    lost = [(h.victim, h.source, h.channel, h.amount) for h in v.rows("hits")]
    assert lost == ([(cloud, lab, ec.CUSTOMER, pytest.approx(0.2 * 1.6 * 0.73, rel=1e-12))] if kept == 0.3 else [])


def test_what_the_ramp_does_not_ask_for_yet_is_not_missing():
    v = Village(late_limit=6.0)
    v.market.contract_price = 1.5
    lab, cloud = v.lab(), v.neocloud()
    # 0.25 of 0.5 is due in the second of four months: of what is promised as much is given up as of what is due
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.2, late=5, start=-1, ramp=4)
    assert v.run(check_delivery, r) == pytest.approx(0.05, rel=1e-12)
    assert v.state.contracts[r].quantity == pytest.approx(0.4, rel=1e-12)


def test_a_backstop_gives_nothing_up():
    v = Village(late_limit=6.0)
    v.market.contract_price = 1.5
    lab, cloud = v.lab(), v.neocloud()
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.3, late=5, backstop=1)
    assert v.run(check_delivery, r) == pytest.approx(0.2, rel=1e-12)
    assert (v.state.contracts[r].quantity, v.state.contracts[r].late) == (0.5, 6)


def test_damages_are_no_more_than_the_invoice_and_take_nothing_of_a_prepayment():
    v = Village(late_damages=0.5)
    lab, cloud = v.lab(), v.neocloud()
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.1, prepaid=2.4)
    assert dues_of(v, bill_contracts) == []
    assert (v.state.contracts[r].prepaid, v[cloud].revenue, v[lab].operating_cost) == (2.4, 0.0, 0.0)


def test_a_delivery_all_but_complete_is_none_that_is_late():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    r = v.contract(lab, cloud, 0.5, 1.6, delivered=0.48, late=3)
    assert (v.run(check_delivery, r), v.state.contracts[r].late) == (0.0, 0)


def test_it_is_the_buyer_s_use_that_counts():
    v = Village(late_damages=0.0)
    lab, cloud = v.lab(), v.hyperscaler(need=0.15, contracted_in=0.6)
    v.contract(lab, cloud, 0.5, 1.6, delivered=0.3, take_or_pay=0.0)
    assert dues_of(v, bill_contracts) == [(ec.DUE_INVOICE, lab, cloud, UNSECURED, 0.3 * 1.6 * 0.73, 0)]


def test_a_site_lease_is_owed_per_gw_however_much_is_used():
    v = Village()
    lab, owner = v.lab(need=0.15, contracted_in=0.6), v.project()
    r = v.contract(lab, owner, 1.2, 0.11, kind=ec.SITE, delivered=0.5, take_or_pay=0.25)
    assert dues_of(v, bill_contracts) == [(ec.DUE_INVOICE, lab, owner, UNSECURED, 0.055, r)]


def test_a_prepayment_is_worked_off_evenly_over_the_months_left():
    v = Village()
    lab, cloud = v.lab(cash=1.0), v.neocloud(cash=1.0)
    r = v.contract(lab, cloud, 0.5, 2.0, delivered=0.5, prepaid=0.8, months_left=8)
    did = differences(v, bill_contracts)
    # Invoice 0.5 * 2 * 0.73 = 0.73, of which 0.8 / 8 = 0.1 has been paid before.
    assert dues(v) == [(ec.DUE_INVOICE, lab, cloud, UNSECURED, 0.63, r)]
    assert did.firms == near({
        (lab, "retained"): -0.1, (lab, "operating_cost"): 0.1, (cloud, "retained"): 0.1, (cloud, "revenue"): 0.1,
    })  # fmt: skip
    assert did.rows["contracts"] == near({(r, "prepaid"): 0.7})
    assert not did.flows
    v.audit()


def test_a_prepayment_covers_no_more_than_the_invoice():
    v = Village()
    lab, cloud = v.lab(cash=1.0), v.neocloud(cash=1.0)
    v.contract(lab, cloud, 0.1, 2.0, delivered=0.1, prepaid=0.8, months_left=0)
    v.run(bill_contracts)
    assert dues(v) == []
    assert v.state.contracts[0].prepaid == near(0.8 - 0.146)
    assert v[cloud].revenue == near(0.146)
    v.audit()


def test_in_the_month_after_the_last_all_of_a_prepayment_counts():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.5, 2.0, delivered=0.5, prepaid=0.3, months_left=0)
    assert dues_of(v, bill_contracts) == [(ec.DUE_INVOICE, lab, cloud, UNSECURED, 0.43, 0)]


def test_only_live_contracts_are_invoiced_and_what_was_missed_before_is_forgotten():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    for status in (ec.FREE, ec.PENDING, ec.ENDED, ec.BROKEN, ec.INTENT, ec.LIVE):
        v.contract(lab, cloud, 0.5, 2.0, prepaid=0.4, status=status, missed=0.2)
    v.run(bill_contracts)
    assert [due[5] for due in dues(v)] == [5]
    assert [c.missed for c in v.rows("contracts")] == [0.0] * 6
    assert [c.prepaid for c in v.rows("contracts")] == [0.4] * 5 + [near(0.4 - 0.4 / 24)]


# --- banks that rebuild capital ---------------------------------------------------------------------------
def test_a_bank_earns_on_the_capital_behind_its_other_business():
    v = Village(bank_earnings=0.12, loan_risk_weight=1.5)
    v.lab(cash=2.0)
    bank, cloud = v.lender(cash=1.0, other_assets=40.0, other_weight=0.5, other_debt=15.0), v.neocloud()
    v.loan(bank, cloud, 8.0)
    v[bank].paid_in = v[bank].paid_in + 4.0
    v[bank].retained -= 4.0
    # Net worth 1 + 40 + 8 - 15 = 34; other business weighs 20 of 1.5 * 8 + 20 = 32.
    did = differences(v, rebuild_capital, bank)
    earned = 0.01 * 34 * 20 / 32
    assert did.firms == near({
        (ec.CUSTOMERS, "cash"): -earned, (ec.CUSTOMERS, "retained"): -earned,
        (ec.CUSTOMERS, "operating_cost"): earned,
        (bank, "cash"): earned, (bank, "retained"): earned, (bank, "revenue"): earned,
    })  # fmt: skip
    assert did.flows == near({(ec.F_OTHER_BUSINESS, ec.OUTSIDE, ec.LENDER): earned})


def test_a_bank_without_capital_or_without_any_assets_earns_nothing():
    v = Village(bank_earnings=0.12)
    bank, empty = v.lender(other_assets=40.0, other_debt=45.0), v.lender(cash=3.0)
    v.close()
    for i in (bank, empty):
        did = differences(v, rebuild_capital, i)
        assert not did.firms
        assert not did.flows


def test_a_small_bank_earns_as_much_on_its_capital():
    v = Village(bank_earnings=0.12)
    bank = v.lender(other_assets=0.4, other_weight=0.5)
    v.close()
    assert differences(v, rebuild_capital, bank).firms[bank, "cash"] == near(0.004)


# --- the whole list ---------------------------------------------------------------------------------------
def test_other_business_pays_its_firm_at_once():
    v = Village()
    lab, cloud = v.lab(cash=1.0), v.hyperscaler(other_income=0.7)
    v.close()
    did = differences(v, obligations)
    assert did.firms == near({
        (ec.CUSTOMERS, "cash"): -0.7, (ec.CUSTOMERS, "retained"): -0.7, (ec.CUSTOMERS, "operating_cost"): 0.7,
        (cloud, "cash"): 0.7, (cloud, "retained"): 0.7, (cloud, "revenue"): 0.7,
    })  # fmt: skip
    assert did.flows == near({(ec.F_OTHER_BUSINESS, ec.OUTSIDE, ec.HYPERSCALER): 0.7})
    assert lab == 5
    v.audit()


def test_other_business_that_loses_money_is_not_paid_for():
    v = Village()
    v.hyperscaler(other_income=-0.7)
    did = differences(v, obligations)
    assert not did.firms


def test_failed_and_absent_firms_and_the_outside_owe_and_get_nothing():
    v = Village()
    for column, value in (("fixed_cost", 0.2), ("other_income", 0.3)):
        v[ec.CUSTOMERS][column] = value
    v.lab(status=ec.FAILED, fixed_cost=0.4, other_income=0.5)
    v.lab(status=ec.ABSENT, fixed_cost=0.4, other_income=0.5)
    lab = v.lab(fixed_cost=0.6)
    did = differences(v, obligations)
    assert dues(v) == [(ec.DUE_OPERATING, lab, ec.SUPPLIERS, OPERATING, 0.6, -1)]
    assert not did.firms


def test_the_list_begins_anew_each_month():
    v = Village()
    lab = v.lab(fixed_cost=0.6)
    v.run(obligations)
    v.run(obligations)
    assert dues(v) == [(ec.DUE_OPERATING, lab, ec.SUPPLIERS, OPERATING, 0.6, -1)]


def test_a_bank_short_of_capital_books_its_other_earnings_and_no_one_else_does():
    v = Village(bank_earnings=0.12, capital_requirement=1.0, capital_buffer=0.0)
    usual = {"other_assets": 40.0, "other_debt": 30.0, "other_weight": 0.5, "min_capital": 0.1}
    short = v.lender(**usual, capital_ratio=0.09)
    v.lender(**usual, capital_ratio=0.11)
    v.lender(**usual, capital_ratio=0.09, subkind=ec.PRIVATE_CREDIT)
    v.hyperscaler(capital_ratio=0.09, other_assets=40.0, other_weight=0.5, min_capital=0.1)
    v.lender(**usual, capital_ratio=0.09, status=ec.FAILED)
    v.close()
    did = differences(v, obligations)
    # 1 % of 10 bn of capital, all of it behind the other business.
    assert did.flows == near({(ec.F_OTHER_BUSINESS, ec.OUTSIDE, ec.LENDER): 0.1})
    assert did.firms[short, "cash"] == near(0.1)
    v.audit()


def test_a_loan_owes_a_month_of_interest_and_no_principal_before_its_end():
    v = Village()
    bank, cloud = v.lender(), v.neocloud()
    v.loan(bank, cloud, 50.0, status=ec.ENDED)
    r = v.loan(bank, cloud, 3.0, rate=0.08, collateral=ec.FLEET_COLLATERAL, months_left=2, limit=9.0)
    v.p.lender_cost = 0.0
    assert dues_of(v, obligations) == [(ec.DUE_INTEREST, cloud, bank, SECURED, 0.02, r)]


def test_a_bullet_falls_due_in_its_last_month_with_interest():
    v = Village(lender_cost=0.0)
    v.lab()
    bank, cloud = v.lender(), v.neocloud()
    r = v.loan(bank, cloud, 3.0, rate=0.08, months_left=1)
    assert dues_of(v, obligations) == [
        (ec.DUE_INTEREST, cloud, bank, UNSECURED, 0.02, r),
        (ec.DUE_PRINCIPAL, cloud, bank, UNSECURED, 3.0, r),
    ]


def test_what_was_not_repaid_at_the_end_stays_due():
    v = Village(lender_cost=0.0)
    bank, cloud = v.lender(), v.neocloud()
    v.loan(bank, cloud, 3.0, rate=0.0, months_left=0)
    assert dues_of(v, obligations) == [(ec.DUE_PRINCIPAL, cloud, bank, UNSECURED, 3.0, 0)]


def test_an_amortising_loan_repays_an_equal_part_each_month():
    v = Village(lender_cost=0.0)
    bank, cloud = v.lender(), v.neocloud()
    v.loan(bank, cloud, 3.0, rate=0.08, months=60, months_left=12, amortising=1, collateral=ec.SITE_COLLATERAL)
    assert dues_of(v, obligations) == [
        (ec.DUE_INTEREST, cloud, bank, SECURED, 0.02, 0),
        (ec.DUE_PRINCIPAL, cloud, bank, SECURED, 0.25, 0),
    ]


def test_scheduled_principal_is_the_part_of_the_months_left():
    v = Village()
    bank, cloud = v.lender(), v.neocloud()
    for months_left, amortising in ((1, 1), (2, 1), (2, 0), (1, 0), (0, 1)):
        v.loan(bank, cloud, 3.0, months_left=months_left, amortising=amortising)
    assert [interpreted(scheduled_principal)(loan) for loan in v.rows("loans")] == [3.0, 1.5, 0.0, 3.0, 3.0]


def test_a_loan_without_a_lender_left_or_not_live_owes_nothing():
    v = Village(lender_cost=0.0)
    bank, cloud = v.lender(), v.neocloud()
    r = v.loan(bank, cloud, 3.0, months_left=1)
    for status in 2 * (ec.FREE, ec.PENDING, ec.ENDED, ec.BROKEN):
        v.loan(bank, cloud, 3.0, months_left=1, status=status)
    last = v.loan(bank, cloud, 0.6, rate=0.2, months_left=9)
    v.state.loans[r].lender = -1
    assert dues_of(v, obligations) == [(ec.DUE_INTEREST, cloud, bank, UNSECURED, 0.01, last)]


def test_hardware_that_is_ready_owes_its_balance_and_the_vendor_its_making():
    v = Village()
    vendor, cloud = v.vendor(margin=0.6), v.neocloud()
    v.order(cloud, vendor, 0.9, deposit=1.0)
    r = v.order(cloud, vendor, 0.5, 20.0, deposit=2.0, ready=0.2)
    # 0.2 of 0.5 units: 4 bn less 0.8 of the deposit; making costs 40 % of it.
    assert dues_of(v, obligations) == [
        (ec.DUE_ORDER, cloud, vendor, UNSECURED, 3.2, r),
        (ec.DUE_MAKING, vendor, ec.SUPPLIERS, OPERATING, 1.28, r),
    ]


def test_a_site_that_is_ready_owes_its_balance_and_has_no_making():
    v = Village()
    cloud = v.neocloud()
    r = v.order(cloud, ec.SUPPLIERS, 0.5, 10.0, kind=ec.SITE_ORDER, generation=-1, deposit=1.0, ready=0.25)
    assert dues_of(v, obligations) == [(ec.DUE_ORDER, cloud, ec.SUPPLIERS, UNSECURED, 2.0, r)]


def test_only_orders_in_the_queue_fall_due():
    v = Village()
    vendor, cloud = v.vendor(), v.neocloud()
    for status in 2 * (ec.FREE, ec.LIVE, ec.ENDED, ec.BROKEN):
        v.order(cloud, vendor, 0.5, 20.0, ready=0.2, status=status)
    last = v.order(cloud, vendor, 0.5, 20.0, ready=0.1)
    assert [(due[0], due[5]) for due in dues_of(v, obligations)] == [(ec.DUE_ORDER, last), (ec.DUE_MAKING, last)]


def test_invoices_come_before_loans_and_loans_before_orders():
    v = Village(lender_cost=0.0)
    bank, lab, cloud, vendor = v.lender(), v.lab(fixed_cost=0.2), v.neocloud(), v.vendor()
    v.contract(lab, cloud, 0.5, 2.0)
    v.loan(bank, cloud, 3.0)
    v.order(cloud, vendor, 0.5, ready=0.5)
    v.run(obligations)
    assert [due[0] for due in dues(v)] == [
        ec.DUE_OPERATING, ec.DUE_INVOICE, ec.DUE_INTEREST, ec.DUE_ORDER, ec.DUE_MAKING,
    ]  # fmt: skip
