"""Who pays out what it does not need: dividends, sweeps of project companies, lenders' savers, a lab's parent."""

import pytest
from differences import differences, near
from village import Village

from abm.agents.payouts import distribute
from abm.agents.project import sweep_project
from abm.agents.provider import spare_cash
from abm.engine import tables as ec

QUIET = {"provider_payout": 0.0, "vendor_payout": 0.0, "lender_payout": 0.0, "project_sweep": 0.0}


def market_of_hardware(v: Village) -> None:
    """One vendor whose hardware costs 20 bn with 1 kW a unit: with sites at 10 bn/GW, 30 bn in all."""
    v.generation(v.vendor(status=ec.ACTIVE, supply=0.0))
    v.p.site_cost = 10.0


def paid_out(firm: int, amount: float) -> dict:
    """What a dividend changes."""
    return near({
        (firm, "cash"): -amount, (firm, "retained"): -amount, (ec.SAVERS, "cash"): amount,
        (ec.SAVERS, "retained"): amount,
    })  # fmt: skip


# --- how much is spare ------------------------------------------------------------------------------------
def test_a_project_company_keeps_months_of_costs_and_service_and_what_is_on_order():
    v = Village(provider_cash_months=4.0, loan_to_cost=0.6)
    market_of_hardware(v)
    i = v.project(cash=20.0, mean_cost=0.5, debt_service=0.25, earnings=9.0, on_order=0.1, on_order_gw=0.3)
    # 20 less 4 * 0.75, less 0.1 * 30, less 0.3 * 10.
    assert v.run(spare_cash, i) == near(11.0)


def test_a_neocloud_keeps_only_its_own_part_of_what_is_on_order():
    v = Village(provider_cash_months=4.0, loan_to_cost=0.6)
    market_of_hardware(v)
    i = v.neocloud(cash=20.0, mean_cost=0.5, debt_service=0.25, earnings=9.0, on_order=0.1, on_order_gw=0.3)
    # 20 less 3 less 0.4 * 6.
    assert v.run(spare_cash, i) == near(14.6)


def test_a_hyperscaler_keeps_months_of_its_cash_earnings():
    v = Village(hyperscaler_cash_months=4.0, provider_cash_months=9.0, loan_to_cost=0.6)
    market_of_hardware(v)
    i = v.hyperscaler(cash=20.0, mean_cost=0.5, debt_service=0.25, earnings=1.5, on_order=0.1, on_order_gw=0.3)
    assert v.run(spare_cash, i) == near(20.0 - 6.0 - 6.0)
    v[i].earnings = -1.5
    assert v.run(spare_cash, i) == near(20.0 - 6.0)


def test_hardware_that_is_paid_for_and_waits_for_a_hall_needs_no_reserve():
    v = Village(provider_cash_months=4.0, loan_to_cost=0.6)
    market_of_hardware(v)
    usual = {"cash": 20.0, "mean_cost": 0.5, "debt_service": 0.25, "on_order": 0.3, "stalled": 0.2, "on_order_gw": 0.3}
    # Of 0.3 on order 0.1 are still to be paid: 20 less 3, less 3, less 3; a neocloud's own part of the 6 is 2.4.
    assert v.run(spare_cash, v.project(**usual)) == near(11.0)
    assert v.run(spare_cash, v.neocloud(**usual)) == near(14.6)


def test_nothing_is_spare_below_the_reserve():
    v = Village(provider_cash_months=4.0)
    i = v.neocloud(cash=3.0, mean_cost=0.5, debt_service=0.25)
    assert v.run(spare_cash, i) == 0.0
    v[i].cash = 2.0
    assert v.run(spare_cash, i) == 0.0
    v[i].cash = 3.5
    assert v.run(spare_cash, i) == near(0.5)


# --- sweeps -----------------------------------------------------------------------------------------------
def test_a_sweep_pays_bullets_down_in_order():
    v = Village()
    v.lab()
    bank, fund, project, other = v.lender(), v.lender(), v.project(cash=9.0), v.project(cash=9.0)
    v.loan(bank, other, 5.0)
    v.loan(bank, project, 5.0, amortising=1)
    v.loan(bank, project, 5.0, status=ec.ENDED)
    v.loan(bank, project, 5.0, status=ec.BROKEN)
    a = v.loan(bank, project, 0.5, collateral=ec.SITE_COLLATERAL)
    b = v.loan(fund, project, 2.0)
    c = v.loan(fund, project, 3.0)
    did = differences(v, sweep_project, project, 1.25)
    assert did.result == near(1.25)
    assert did.firms == near({
        (project, "cash"): -1.25, (project, "debt"): -1.25, (project, "secured_debt"): -0.5,
        (bank, "cash"): 0.5, (bank, "loans_held"): -0.5, (fund, "cash"): 0.75, (fund, "loans_held"): -0.75,
    })  # fmt: skip
    assert did.rows == {"loans": near({(a, "principal"): 0.0, (b, "principal"): 1.25})}
    assert did.flows == near({(ec.F_PRINCIPAL, ec.VEHICLE, ec.LENDER): 1.25})
    assert v.state.loans[c].principal == 3.0
    v.audit()


def test_a_sweep_repays_no_more_than_is_owed():
    v = Village()
    bank, project = v.lender(), v.project(cash=9.0)
    v.loan(bank, project, 0.5)
    assert v.run(sweep_project, project, 4.0) == near(0.5)
    assert v[project].cash == near(8.5)
    v.audit()


@pytest.mark.parametrize("amount", [0.0, 1e-9, -0.5])
def test_a_sweep_of_crumbs_is_none(amount):
    v = Village()
    bank, project = v.lender(), v.project(cash=9.0)
    v.loan(bank, project, 0.5)
    did = differences(v, sweep_project, project, amount)
    assert did.result == 0.0
    assert not did.firms


# --- providers --------------------------------------------------------------------------------------------
def test_a_hyperscaler_pays_out_its_share_of_other_income_and_then_of_what_is_spare():
    v = Village(**(QUIET | {"provider_payout": 0.1, "hyperscaler_cash_months": 2.0}))
    i = v.hyperscaler(cash=10.0, payout=0.5, other_income=3.0, earnings=1.0, dscr=0.1)
    v.close()
    did = differences(v, distribute)
    # Half of 3, then a tenth of 8.5 less 2.
    assert did.firms == paid_out(i, 1.5 + 0.65)
    assert did.flows == near({(ec.F_DIVIDEND, ec.HYPERSCALER, ec.OUTSIDE): 2.15})
    v.audit()


def test_a_hyperscaler_short_of_the_cash_it_wants_pays_out_less():
    v = Village(**(QUIET | {"hyperscaler_cash_months": 8.0}))
    i = v.hyperscaler(cash=10.0, payout=0.5, other_income=3.0, earnings=2.0)
    assert differences(v, distribute).firms == paid_out(i, 1.5 * 10.0 / 16.0)


def test_a_hyperscaler_pays_out_no_more_than_a_fifth_of_its_cash():
    v = Village(**QUIET)
    i = v.hyperscaler(cash=5.0, payout=0.5, other_income=3.0)
    assert differences(v, distribute).firms == paid_out(i, 1.0)


def test_a_neocloud_pays_out_what_is_spare():
    v = Village(**(QUIET | {"provider_payout": 0.1, "provider_cash_months": 2.0, "lockup_cover": 1.2}))
    i = v.neocloud(cash=10.0, mean_cost=1.0, dscr=1.2, payout=0.5, other_income=3.0)
    v.close()
    did = differences(v, distribute)
    assert did.firms == paid_out(i, 0.8)
    assert did.flows == near({(ec.F_DIVIDEND, ec.NEOCLOUD, ec.OUTSIDE): 0.8})
    v.audit()


@pytest.mark.parametrize("kind", [ec.NEOCLOUD, ec.VEHICLE])
def test_a_thin_cover_locks_cash_up(kind):
    v = Village(**(QUIET | {"provider_payout": 0.1, "provider_cash_months": 2.0, "lockup_cover": 1.2}))
    v.firm(kind, cash=10.0, mean_cost=1.0, dscr=1.19)
    assert not differences(v, distribute).firms


def test_a_project_company_sweeps_a_part_of_what_is_spare_and_pays_out_the_rest():
    v = Village(**(QUIET | {"provider_payout": 0.5, "provider_cash_months": 2.0, "project_sweep": 0.6}))
    v.lab()
    bank, i = v.lender(), v.project(cash=10.0, mean_cost=1.0, dscr=1.3)
    v.p.lender_cash = 99.0
    v.loan(bank, i, 30.0)
    did = differences(v, distribute)
    # Spare: half of 8; 2.4 repay the loan, 1.6 go to the owners.
    assert did.firms == near({
        (i, "cash"): -4.0, (i, "debt"): -2.4, (i, "retained"): -1.6, (bank, "cash"): 2.4, (bank, "loans_held"): -2.4,
        (ec.SAVERS, "cash"): 1.6, (ec.SAVERS, "retained"): 1.6,
    })  # fmt: skip
    assert did.flows == near({
        (ec.F_PRINCIPAL, ec.VEHICLE, ec.LENDER): 2.4, (ec.F_DIVIDEND, ec.VEHICLE, ec.OUTSIDE): 1.6,
    })  # fmt: skip
    v.audit()


def test_a_project_company_without_loans_pays_out_all_that_is_spare():
    v = Village(**(QUIET | {"provider_payout": 0.5, "provider_cash_months": 2.0, "project_sweep": 0.6}))
    i = v.project(cash=10.0, mean_cost=1.0, dscr=1.3)
    assert differences(v, distribute).firms == paid_out(i, 4.0)


def test_a_locked_project_company_sweeps_all_the_same():
    v = Village(**(QUIET | {"provider_payout": 0.5, "provider_cash_months": 2.0, "project_sweep": 0.6}))
    bank, i = v.lender(), v.project(cash=10.0, mean_cost=1.0, dscr=1.1)
    v.p.lender_cash = 99.0
    v.loan(bank, i, 30.0)
    v.run(distribute)
    assert v[i].cash == near(7.6)
    assert v.flow(ec.F_DIVIDEND, i, ec.SAVERS) == 0.0


def test_a_neocloud_sweeps_nothing():
    v = Village(**(QUIET | {"provider_payout": 0.5, "provider_cash_months": 2.0, "project_sweep": 0.6}))
    bank, i = v.lender(), v.neocloud(cash=10.0, mean_cost=1.0)
    v.loan(bank, i, 30.0)
    assert differences(v, distribute).firms == paid_out(i, 4.0)


# --- vendors ----------------------------------------------------------------------------------------------
def test_a_vendor_pays_out_a_part_of_what_its_output_and_its_deposits_leave():
    v = Village(**(QUIET | {"vendor_payout": 0.3, "vendor_cash_months": 2.0}))
    i, cloud = v.vendor(cash=20.0, supply=4.0), v.neocloud()
    v.order(cloud, i, 0.5, deposit=3.0)
    did = differences(v, distribute)
    # 30 % of 20 less 8 less 3.
    assert did.firms == paid_out(i, 2.7)
    assert did.flows == near({(ec.F_DIVIDEND, ec.VENDOR, ec.OUTSIDE): 2.7})
    v.audit()


def test_a_vendor_without_spare_cash_pays_nothing_and_gets_nothing():
    v = Village(**(QUIET | {"vendor_payout": 0.3, "vendor_cash_months": 2.0}))
    v.vendor(cash=7.0, supply=4.0)
    assert not differences(v, distribute).firms


# --- lenders ----------------------------------------------------------------------------------------------
def lender(subkind: int = ec.BANK, **columns: float) -> tuple[Village, int]:
    """A lender with 10 lent, that keeps a tenth of it in cash and pays out half of what savers do not get back."""
    v = Village(**(QUIET | {"lender_payout": 0.5, "lender_cash": 0.1, "capital_buffer": 0.0}))
    v.lab()
    i, cloud = v.lender(subkind=subkind, **({"capital_ratio": 0.3, "funding": 2.0} | columns)), v.neocloud(dscr=0.0)
    v.loan(i, cloud, 10.0)
    return v, i


def test_a_lender_returns_funding_first_and_pays_out_a_part_of_the_rest():
    v, i = lender(cash=6.0)
    did = differences(v, distribute)
    # 6 less 1 is 5: 2 go back, half of 3 are paid out.
    assert did.firms == near({
        (i, "cash"): -3.5, (i, "funding"): -2.0, (i, "retained"): -1.5, (ec.SAVERS, "cash"): 3.5,
        (ec.SAVERS, "other_assets"): -2.0, (ec.SAVERS, "retained"): 1.5,
    })  # fmt: skip
    assert did.flows == near({
        (ec.F_FUNDING, ec.LENDER, ec.OUTSIDE): 2.0, (ec.F_DIVIDEND, ec.LENDER, ec.OUTSIDE): 1.5,
    })  # fmt: skip
    v.audit()


def test_a_lender_returns_no_more_than_it_has_to_spare():
    v, i = lender(cash=1.75)
    v.run(distribute)
    assert (v[i].cash, v[i].funding) == (1.0, 1.25)
    assert v.flow(ec.F_DIVIDEND, i, ec.SAVERS) == 0.0


def test_a_lender_keeps_its_reserve():
    v, _ = lender(cash=1.0)
    assert not differences(v, distribute).firms
    v, _ = lender(cash=0.5)
    assert not differences(v, distribute).firms


@pytest.mark.parametrize("columns", [{"capital_ratio": 0.09}, {"lending_open": 0.0}])
def test_a_lender_short_of_capital_returns_funding_but_pays_nothing_out(columns):
    v, i = lender(cash=6.0, **columns)
    v.run(distribute)
    assert (v[i].cash, v[i].funding) == (4.0, 0.0)
    assert v.flow(ec.F_DIVIDEND, i, ec.SAVERS) == 0.0


def test_a_sponsor_keeps_its_cash():
    v, _ = lender(ec.SPONSOR, cash=6.0)
    assert not differences(v, distribute).firms


@pytest.mark.parametrize("subkind", [ec.PRIVATE_CREDIT, ec.IG_BONDS, ec.HY_BONDS, ec.SECURITISATION])
def test_every_other_lender_gives_back_what_it_does_not_lend(subkind):
    v, i = lender(subkind, cash=6.0)
    v.run(distribute)
    assert (v[i].cash, v[i].funding) == (2.5, 0.0)


# --- a lab and its parent ---------------------------------------------------------------------------------
def family(**columns: float) -> tuple[Village, int, int]:
    """A lab of a parent that keeps its own cash."""
    v = Village(**QUIET, lab_cash_months=3.0)
    v.project(status=ec.FAILED)
    parent = v.hyperscaler(cash=1.0)
    kind = columns.pop("kind", ec.LAB)
    lab = v.firm(kind, **({"cash": 5.0, "operating_cost": 1.2, "parent": parent} | columns))
    v.close()
    return v, parent, lab


def test_a_lab_hands_its_parent_what_exceeds_months_of_its_costs():
    v, parent, lab = family()
    did = differences(v, distribute)
    # 5 less 3 * 1.2.
    assert did.firms == near({
        (lab, "cash"): -1.4, (lab, "retained"): -1.4, (parent, "cash"): 1.4, (parent, "retained"): 1.4,
    })  # fmt: skip
    assert did.flows == near({(ec.F_SUPPORT, ec.LAB, ec.HYPERSCALER): 1.4})
    v.audit()


def test_a_lab_whose_costs_are_negative_hands_over_all_its_cash():
    v, parent, lab = family(operating_cost=-1.0)
    v.run(distribute)
    assert (v[lab].cash, v[parent].cash) == (0.0, 6.0)


@pytest.mark.parametrize("columns", [{"cash": 3.6}, {"cash": 3.5}, {"parent": -1}, {"kind": ec.ENTRANT}])
def test_a_lab_without_spare_cash_or_parent_and_other_subsidiaries_hand_over_nothing(columns):
    v, _, _ = family(**columns)
    assert not differences(v, distribute).firms


def test_a_failed_parent_gets_nothing():
    v, parent, _ = family()
    v[parent].status = ec.FAILED
    assert not differences(v, distribute).firms


# --- nobody else ------------------------------------------------------------------------------------------
def test_failed_firms_and_those_without_cash_pay_nothing():
    usual = {"payout": 0.5, "other_income": 3.0, "dscr": 9.0}
    v = Village(**(QUIET | {"provider_payout": 0.1}))
    v.hyperscaler(cash=10.0, status=ec.FAILED, **usual)
    v.hyperscaler(cash=10.0, status=ec.ABSENT, **usual)
    v.hyperscaler(cash=0.0, **usual)
    v.hyperscaler(cash=-1.0, **usual)
    last = v.neocloud(cash=10.0)
    assert differences(v, distribute).firms == paid_out(last, 1.0)
