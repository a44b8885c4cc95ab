"""Estates in which every kind of collateral pays the loans that it secures, and nobody else first."""

import pytest
from village import Village

from abm.distress.causes import BY_DECREE
from abm.distress.estate import fail
from abm.engine import tables as ec


def _poor_sponsor():
    """A sponsor with a portfolio of 40 and shares of 20 in a cloud, a margin loan of 30 and a bond of 100."""
    v = Village(bankruptcy_cost=0.0, other_recovery=0.5, holdings_recovery=0.5)
    bank, fund = v.lender("bank"), v.lender("fund", ec.PRIVATE_CREDIT)
    cloud = v.neocloud(valuation=80.0)
    sponsor = v.lender("sponsor", ec.SPONSOR, other_assets=40.0)
    v.stake(sponsor, cloud, 0.5, 20.0)
    margin = v.loan(bank, sponsor, 30.0, kind=ec.MARGIN, collateral=ec.HOLDINGS_COLLATERAL)
    bond = v.loan(fund, sponsor, 100.0)
    return v, sponsor, bank, fund, margin, bond


def test_a_margin_lender_is_paid_from_the_shares_before_the_unsecured():
    v, sponsor, bank, fund, *_ = _poor_sponsor()
    # Portfolio 40 * 0.5 = 20; shares 0.5 * 80 * 0.5 = 20: the margin loan of 30 is covered, 10 are left for the bond.
    v.run(fail, sponsor, 1.0, BY_DECREE)
    assert v.flow(ec.F_PRINCIPAL, sponsor, bank) == pytest.approx(40.0)
    assert v[bank].write_off == pytest.approx(0.0)
    assert v[fund].write_off == pytest.approx(90.0)
    assert v[bank].loss_month == pytest.approx(0.0)
    assert v[fund].loss_month == pytest.approx(90.0)
    v.audit()


def test_a_margin_loan_is_not_paid_from_sites():
    v = Village(bankruptcy_cost=0.0, site_recovery=0.5, holdings_recovery=0.5, other_recovery=0.5)
    bank, fund, other = v.lender("bank"), v.lender("fund", ec.PRIVATE_CREDIT), v.lender("other")
    issuer = v.neocloud(valuation=10.0)
    firm = v.neocloud("failing", sites=40.0)
    v.stake(firm, issuer, 0.4, 4.0)
    v.loan(bank, firm, 30.0, kind=ec.MARGIN, collateral=ec.HOLDINGS_COLLATERAL)
    v.loan(fund, firm, 16.0, kind=ec.PROJECT, collateral=ec.SITE_COLLATERAL)
    v.loan(other, firm, 50.0)
    # Sites bring 20: the project loan of 16 whole, 4 left. Shares bring 0.4 * 10 * 0.5 = 2 for the margin loan.
    # The 4 are shared by the 28 it still asks for and the 50 of the bond.
    v.run(fail, firm, 1.0, BY_DECREE)
    assert v[fund].write_off == pytest.approx(0.0)
    assert v[bank].write_off == pytest.approx(28.0 * (1.0 - 4.0 / 78.0))
    assert v[other].write_off == pytest.approx(50.0 * (1.0 - 4.0 / 78.0))
    v.audit()


def test_other_assets_of_a_firm_that_is_no_sponsor_secure_nothing():
    v = Village(bankruptcy_cost=0.0, other_recovery=0.5)
    bank, fund = v.lender("bank"), v.lender("fund", ec.PRIVATE_CREDIT)
    firm = v.neocloud("failing", other_assets=40.0)
    v.loan(bank, firm, 30.0, kind=ec.MARGIN, collateral=ec.HOLDINGS_COLLATERAL)
    v.loan(fund, firm, 50.0)
    v.run(fail, firm, 1.0, BY_DECREE)
    assert v[bank].write_off == pytest.approx(30.0 * 0.75)
    assert v[fund].write_off == pytest.approx(50.0 * 0.75)
    v.audit()


def test_what_a_failed_seller_claims_goes_to_the_other_creditors_and_not_to_the_owners():
    v = Village(bankruptcy_cost=0.0, termination_months=12.0)
    bank, lab = v.lender("bank"), v.lab("failing", cash=10.0)
    seller = v.neocloud("failed before")
    contract = v.contract(lab, seller, 0.5, status=ec.BROKEN, missed=20.0)
    v.loan(bank, lab, 12.0)
    v[seller].status = ec.FAILED
    v.run(fail, lab, 1.0, BY_DECREE)
    assert v.state.contracts[contract].missed == 0.0
    assert v[bank].write_off == pytest.approx(2.0)
    assert v[seller].cash == 0.0
    v.audit()
