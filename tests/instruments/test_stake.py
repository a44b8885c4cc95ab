"""Stakes: who owns whom, and how a round of equity dilutes every holder."""

import pytest
from before import Before, near
from village import Village

from abm.engine.tables import BANK, E_EQUITY, F_EQUITY, FAILED, LAB, LENDER, OUTSIDE, SAVERS, SPONSOR, VENDOR
from abm.instruments.stake import holds, issue_equity

ROUND = {"vendor_equity_share": 0.15, "vendor_cash_share": 0.04, "sponsor_share": 0.2}


def test_a_firm_holds_what_its_rows_say_and_not_the_other_way_round():
    v = Village()
    a, b, c = v.lender(subkind=SPONSOR), v.lab(), v.lab()
    v.stake(c, b, 0.5, 1.0)
    v.stake(a, c, 0.5, 1.0)
    assert not v.run(holds, a, b)
    assert not v.run(holds, c, a)
    v.stake(a, b, 0.25, 1.0)
    assert v.run(holds, a, b)
    assert not v.run(holds, b, a)


def test_savers_buy_a_round_and_every_holder_is_diluted():
    v = Village(**ROUND)
    lab, other, hyper = v.lab(cash=1.0), v.lab(), v.hyperscaler(cash=50.0)
    old = v.stake(SAVERS, lab, 0.7, 6.0)
    cloud = v.stake(hyper, lab, 0.3, 4.0)
    v.stake(hyper, other, 0.4, 2.0)
    before = Before(v)
    v.run(issue_equity, lab, 10.0, 40.0)
    assert before.rows("stakes") == near({
        (old, "share"): 0.7 * 0.8 + 10.0 / 50.0, (old, "book"): 16.0, (cloud, "share"): 0.3 * 0.8,
    })  # fmt: skip
    assert before.firms() == near({
        (lab, "cash"): 10.0, (lab, "paid_in"): 10.0, (SAVERS, "cash"): -10.0, (SAVERS, "holdings"): 10.0,
    })  # fmt: skip
    assert before.flows() == {(F_EQUITY, OUTSIDE, LAB): 10.0}
    assert before.events() == [(E_EQUITY, lab, -1, 10.0)]
    assert before.hits() == []
    v.audit()


def test_a_round_larger_than_the_firm_is_worth_leaves_new_owners_half():
    v = Village()
    lab, hyper = v.lab(), v.hyperscaler()
    old = v.stake(hyper, lab, 1.0, 3.0)
    v.run(issue_equity, lab, 10.0, 6.0)
    assert v.state.stakes[old].share == 0.5
    assert v.rows("stakes")[1].share == 0.5


def test_vendors_and_sponsors_take_their_parts_and_savers_the_rest():
    v = Village(**ROUND)
    cloud = v.neocloud(cash=1.0)
    poor, rich = v.vendor(cash=30.0), v.vendor(cash=60.0)
    sponsor, stranger = v.lender(subkind=SPONSOR, cash=12.0), v.lender(subkind=SPONSOR, cash=20.0)
    bank, hyper = v.lender(subkind=BANK, cash=40.0), v.hyperscaler(subkind=SPONSOR, cash=40.0)
    v.stake(SAVERS, cloud, 0.5, 5.0)
    v.stake(sponsor, cloud, 0.3, 3.0)
    v.stake(bank, cloud, 0.1, 1.0)
    v.stake(hyper, cloud, 0.1, 1.0)
    before = Before(v)
    v.run(issue_equity, cloud, 10.0, 40.0)
    # The poor vendor 4 % of 30, the rich one 15 % of the round, the sponsor a fifth of it; savers what is left.
    assert before.firms() == near({
        (cloud, "cash"): 10.0, (cloud, "paid_in"): 10.0, (poor, "cash"): -1.2, (poor, "holdings"): 1.2,
        (rich, "cash"): -1.5, (rich, "holdings"): 1.5, (sponsor, "cash"): -2.0, (sponsor, "holdings"): 2.0,
        (SAVERS, "cash"): -5.3, (SAVERS, "holdings"): 5.3,
    })  # fmt: skip
    assert [(int(s.holder), int(s.issuer)) for s in v.rows("stakes")] == [
        (SAVERS, cloud), (sponsor, cloud), (bank, cloud), (hyper, cloud), (poor, cloud), (rich, cloud),
    ]  # fmt: skip
    assert list(v.rows("stakes").share) == near([0.4 + 0.106, 0.24 + 0.04, 0.08, 0.08, 0.024, 0.03])
    assert list(v.rows("stakes").book) == near([10.3, 5.0, 1.0, 1.0, 1.2, 1.5])
    assert v.flow(F_EQUITY, poor, cloud) == near(2.7)
    assert v.flow(F_EQUITY, sponsor, cloud) == near(2.0)
    assert v.flow(F_EQUITY, SAVERS, cloud) == near(5.3)
    assert v[stranger].cash == 20.0
    v.audit()


def test_a_sponsor_puts_at_most_a_quarter_of_its_cash_into_a_round():
    v = Village(**ROUND)
    lab, sponsor = v.lab(), v.lender(subkind=SPONSOR, cash=6.0)
    v.stake(sponsor, lab, 1.0, 3.0)
    v.run(issue_equity, lab, 10.0, 40.0)
    assert v[sponsor].cash == 4.5
    assert v.flow(F_EQUITY, SAVERS, lab) == 8.5


def test_savers_take_even_a_small_rest():
    v = Village(vendor_equity_share=0.75, vendor_cash_share=0.5)
    lab, vendor = v.lab(), v.vendor(cash=90.0)
    v.run(issue_equity, lab, 2.0, 40.0)
    assert v.flow(F_EQUITY, vendor, lab) == 1.5
    assert v.flow(F_EQUITY, SAVERS, lab) == 0.5


@pytest.mark.parametrize("column", ["cash", "status"])
def test_who_has_no_money_or_has_failed_buys_no_shares(column):
    v = Village(**ROUND)
    lab, vendor, sponsor = v.lab(), v.vendor(cash=30.0), v.lender(subkind=SPONSOR, cash=12.0)
    v.stake(sponsor, lab, 1.0, 3.0)
    for i in (vendor, sponsor):
        v[i][column] = {"cash": -5.0, "status": FAILED}[column]
    before = Before(v)
    v.run(issue_equity, lab, 10.0, 40.0)
    assert before.flows() == {(F_EQUITY, OUTSIDE, LAB): 10.0}


def test_parts_end_where_the_round_is_full():
    v = Village(vendor_equity_share=0.7, vendor_cash_share=0.5, sponsor_share=0.6)
    v.vendor(cash=90.0)
    lab, sponsor = v.lab(), v.lender(subkind=SPONSOR, cash=80.0)
    v.stake(sponsor, lab, 1.0, 3.0)
    before = Before(v)
    v.run(issue_equity, lab, 10.0, 40.0)
    assert before.flows() == near({(F_EQUITY, VENDOR, LAB): 7.0, (F_EQUITY, LENDER, LAB): 3.0})
    assert len(v.rows("stakes")) == 2
    v.audit()


def test_a_vendor_or_sponsor_does_not_buy_its_own_shares():
    v = Village(**ROUND)
    vendor, sponsor = v.vendor(cash=30.0), v.lender(subkind=SPONSOR, cash=12.0)
    v.stake(sponsor, sponsor, 1.0, 1.0)
    before = Before(v)
    v.run(issue_equity, vendor, 10.0, 40.0)
    assert before.flows() == {(F_EQUITY, OUTSIDE, VENDOR): 10.0}
    v[vendor].cash = 0.0
    before = Before(v)
    v.run(issue_equity, sponsor, 10.0, 40.0)
    assert before.flows() == {(F_EQUITY, OUTSIDE, LENDER): 10.0}


def test_crumbs_are_no_round():
    v = Village()
    lab = v.lab()
    before = Before(v)
    v.run(issue_equity, lab, 1e-6, 40.0)
    assert before.events() == []
    assert before.flows() == {}
    v.run(issue_equity, lab, 2e-6, 40.0)
    assert before.events() == [(E_EQUITY, lab, -1, 2e-6)]
