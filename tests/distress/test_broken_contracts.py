"""Contracts that end early: damages, guarantors, prepayments, and leases that go on."""

import pytest
from before import Before, cells, near
from village import Village

from abm.distress.cascade import refuse_to_pay
from abm.engine.tables import (
    BROKEN,
    COUNTERPARTY,
    CUSTOMER,
    CUSTOMERS,
    E_REPUDIATED,
    ENDED,
    FAILED,
    INTENT,
    LIVE,
    PENDING,
    SAVERS,
    SITE,
)
from abm.instruments.contract import break_contract

DAMAGES = {"termination_months": 6.0, "take_or_pay_scale": 0.5}
RENT = 0.5 * 4.0 * 0.73  # a month of half a million H100e at 4 USD an hour (bn)


def parties(v):
    """A lab that rents from a cloud, a rich firm that can stand behind it, and a neighbour."""
    return v.lab(cash=1.0), v.neocloud(cash=2.0), v.hyperscaler(cash=50.0), v.neocloud()


def test_a_failed_buyer_owes_damages_and_loses_its_prepayment():
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, delivered=0.4, prepaid=0.25, missed=0.125, take_or_pay=0.9)
    before = Before(v)
    v.run(break_contract, row, lab)
    assert before.hits() == [(cloud, lab, CUSTOMER, 0.8 * RENT)]
    assert before.rows("contracts") == near({
        (row, "status"): BROKEN, (row, "delivered"): 0.0, (row, "prepaid"): 0.0,
        (row, "missed"): 0.125 + 6.0 * 0.45 * RENT,
    })  # fmt: skip
    assert before.firms() == near({
        (lab, "retained"): -0.25, (lab, "write_off"): 0.25, (cloud, "retained"): 0.25, (cloud, "revenue"): 0.25,
        (cloud, "stranded"): 0.4,
        # Everybody knows at once that this income is gone.
        (cloud, "earnings"): -0.8 * RENT,
    })  # fmt: skip
    assert before.flows() == {}
    assert before.market() == {"n_hits": 1.0}
    v.audit()


@pytest.mark.parametrize(("months_left", "damages"), [(5, 5.0), (7, 6.0)])
def test_damages_end_with_the_contract(months_left, damages):
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, months_left=months_left)
    v.run(break_contract, row, lab)
    assert v.state.contracts[row].missed == near(damages * 0.5 * RENT)


@pytest.mark.parametrize(("delivered", "hit"), [(0.0, 0.0), (0.5, 1.0), (0.6, 1.0)])
def test_the_rent_lost_is_that_of_what_was_delivered(delivered, hit):
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, delivered=delivered)
    before = Before(v)
    v.run(break_contract, row, lab)
    assert before.hits() == ([(cloud, lab, CUSTOMER, near(hit * RENT))] if hit else [])


@pytest.mark.parametrize(("status", "delivered", "lost"), [(LIVE, 0.5, 1.0), (LIVE, 0.25, 0.5), (PENDING, 0.0, 0.0)])
def test_a_seller_s_earnings_fall_at_once_by_what_it_was_paid(status, delivered, lost):
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    v[lab].earnings = v[cloud].earnings = 3.0
    row = v.contract(lab, cloud, 0.5, 4.0, status=status, delivered=delivered)
    v.run(break_contract, row, lab)
    assert (v[lab].earnings, v[cloud].earnings) == (3.0, near(3.0 - lost * RENT))


def test_an_empty_site_is_no_stranded_cluster_and_its_rent_is_in_bn():
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    row = v.contract(lab, cloud, 0.5, 0.3, kind=SITE)
    before = Before(v)
    v.run(break_contract, row, lab)
    assert before.hits() == [(cloud, lab, CUSTOMER, 0.15)]
    assert v[cloud].stranded == 0.0
    assert v.state.contracts[row].missed == near(6.0 * 0.5 * 0.15)


def test_a_guarantor_takes_the_contract_over():
    v = Village(**DAMAGES)
    lab, cloud, rich, _ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, prepaid=0.25, guarantor=rich, missed=0.125)
    before = Before(v)
    v.run(break_contract, row, lab)
    assert before.rows("contracts") == {(row, "buyer"): rich, (row, "own_use"): 1, (row, "prepaid"): 0.0}
    assert before.firms() == {
        (lab, "retained"): -0.25, (lab, "operating_cost"): 0.25, (cloud, "retained"): 0.25, (cloud, "revenue"): 0.25,
    }  # fmt: skip
    assert before.hits() == []
    v.audit()


def test_a_guarantor_that_has_failed_steps_in_for_no_one():
    v = Village(**DAMAGES)
    lab, cloud, rich, _ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, guarantor=rich)
    v[rich].status = FAILED
    v.run(break_contract, row, lab)
    assert cells(v.state.contracts[row], "buyer", "status", "guarantor", "own_use") == (lab, BROKEN, rich, 0)


def test_who_guarantees_its_own_contract_breaks_it():
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, guarantor=lab)
    v.run(break_contract, row, lab)
    assert cells(v.state.contracts[row], "buyer", "status", "guarantor", "own_use") == (lab, BROKEN, -1, 0)


def test_the_first_row_of_the_firm_table_can_stand_behind_a_contract():
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, guarantor=0)
    v.run(break_contract, row, lab)
    assert v.state.contracts[row].buyer == 0


def test_a_failed_seller_keeps_the_prepayment_and_owes_no_damages():
    v = Village(**DAMAGES)
    lab, cloud, rich, _ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, prepaid=0.25, guarantor=rich, missed=0.125)
    before = Before(v)
    v.run(break_contract, row, cloud)
    assert before.hits() == [(lab, cloud, COUNTERPARTY, 0.25)]
    assert before.rows("contracts") == {(row, "status"): BROKEN, (row, "delivered"): 0.0, (row, "prepaid"): 0.0}
    assert before.firms() == {
        (lab, "retained"): -0.25, (lab, "write_off"): 0.25, (cloud, "retained"): 0.25, (cloud, "revenue"): 0.25,
    }  # fmt: skip
    assert before.market() == {"n_hits": 1.0}
    v.audit()


@pytest.mark.parametrize("at_fault", ["buyer", "seller"])
def test_tenants_whose_provider_fails_look_for_the_same_on_the_spot_market(at_fault):
    v = Village(**DAMAGES, tenant_elasticity=2.0)
    _, cloud, *_ = parties(v)
    v.market.spot_price, v.market.opening_spot = 3.0, 1.5
    row = v.contract(CUSTOMERS, cloud, 0.5, 4.0)
    before = Before(v)
    v.run(break_contract, row, cloud if at_fault == "seller" else CUSTOMERS)
    assert before.market().get("tenant_demand", 0.0) == near(0.5 * 4.0 if at_fault == "seller" else 0.0)


def test_the_lease_of_a_failed_project_goes_on_with_the_new_owner():
    v = Village(**DAMAGES)
    lab, _, rich, _ = parties(v)
    project = v.project()
    row = v.contract(lab, project, 0.5, 0.3, kind=SITE, prepaid=0.25, guarantor=rich)
    before = Before(v)
    v.run(break_contract, row, project)
    assert before.rows("contracts") == {(row, "seller"): SAVERS, (row, "prepaid"): 0.0}
    assert before.firms() == {(lab, "retained"): -0.25, (lab, "write_off"): 0.25, (project, "retained"): 0.25}
    assert before.hits() == []
    v.audit()


def test_other_contracts_of_failed_sellers_do_not_go_on():
    v = Village(**DAMAGES)
    lab, cloud, *_ = parties(v)
    project = v.project()
    lease = v.contract(lab, cloud, 0.5, 0.3, kind=SITE)
    compute = v.contract(lab, project, 0.5)
    v.run(break_contract, lease, cloud)
    v.run(break_contract, compute, project)
    assert list(v.rows("contracts").status) == [BROKEN, BROKEN]


@pytest.mark.parametrize(
    ("flag", "status", "broken"),
    [(1.0, LIVE, True), (1.0, PENDING, True), (1.0, ENDED, False), (1.0, INTENT, False), (2.0, LIVE, False),
     (0.0, LIVE, False)],
)  # fmt: skip
def test_who_refuses_to_pay_walks_away_from_what_it_has_bought_and_pays_no_damages(flag, status, broken):
    v = Village(**DAMAGES)
    v.market.stage = 5
    lab, cloud, rich, _ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, prepaid=0.25, missed=0.125, status=status)
    sold = v.contract(rich, lab, 0.5)
    v[lab].stops_paying = flag
    before = Before(v)
    v.run(refuse_to_pay)
    assert v.state.contracts[row].status == (BROKEN if broken else status)
    assert v.state.contracts[row].missed == (0.0 if broken else 0.125)
    assert before.hits() == ([(cloud, lab, CUSTOMER, RENT)] if broken else [])
    events = v.state.events[: v.market.n_events]
    told = [(E_REPUDIATED, lab, cloud)] if broken else []
    assert [(int(e.kind), int(e.a), int(e.b)) for e in events] == told
    assert all(e.amount > 0.0 for e in events)
    assert v.state.contracts[sold].status == LIVE
    assert v.market.stage == 0
    assert not broken or v.state.hits[0].stage == 0
    v.audit()


def test_a_guarantor_pays_on_when_its_ward_refuses():
    v = Village(**DAMAGES)
    lab, cloud, rich, _ = parties(v)
    row = v.contract(lab, cloud, 0.5, 4.0, guarantor=rich, missed=0.125)
    v[lab].stops_paying = 1.0
    v.run(refuse_to_pay)
    assert cells(v.state.contracts[row], "buyer", "status", "missed") == (rich, LIVE, 0.125)
    assert v.market.n_events == 0
