"""The month: which phases run, in which order, and when a run of months stops."""

from __future__ import annotations

import pytest
from calls import calls
from village import Village

from abm.engine import tables as ec
from abm.month import decide, deliveries, run_months


def names(made):
    return [name for name, _ in made]


def ends(made):
    """What is asked before and after each month."""
    return [name for name in names(made) if name in ("overflowing", "is_sound")]


def test_the_ten_phases_of_a_month_run_in_order():
    v = Village()
    made, done = calls(run_months, v.state, 1, answer=lambda name, given: name == "is_sound")
    assert done == 1
    assert names(made) == [
        "overflowing",
        "begin_month",
        "world",  # 1
        "deliveries",  # 2
        "model_market",  # 3
        "compute_market",  # 4
        "refuse_to_pay",
        "obligations",  # 5
        "funding",  # 6
        "clearing",  # 7
        "distribute",
        "aftermath",  # 8
        "decide",  # 9
        "record",  # 10
        "is_sound",
    ]
    assert all(given == (v.state,) for _, given in made)


def test_the_month_is_counted_before_anything_happens_in_it():
    v = Village()
    v.market.month = 4
    seen = []
    calls(run_months, v.state, 1, answer=lambda name, given: seen.append((name, int(given[0].market[0].month))))
    assert seen[:2] == [("overflowing", 4), ("begin_month", 5)]
    assert seen[-1] == ("is_sound", 5)


def test_contracts_start_before_fleets_are_counted_and_deliveries_fill_what_is_left():
    v = Village()
    made, _ = calls(deliveries, v.state)
    assert names(made) == [
        "start_contracts", "lose_tenants", "wear", "serve_contracts", "house_waiting", "ready_deliveries",
    ]  # fmt: skip
    assert all(given == (v.state,) for _, given in made)


def test_what_is_decided_is_decided_in_order_on_counts_of_today():
    v = Village()
    made, _ = calls(decide, v.state)
    assert names(made) == [
        "tally_orders",
        "serve_contracts",
        "keep_books",
        "update_beliefs",
        "refinance_early",
        "arrange_lines",
        "pay_builders",
        "labs_tender",
        "invest",
        "issue_bonds",
        "clouds_tender",
        "vendors_plan",
        "enter",
        "tally_orders",
        "serve_contracts",
        "measure",
    ]
    assert all(given == (v.state,) for _, given in made)


def test_months_run_until_a_table_has_no_room_for_another():
    v = Village()
    made, done = calls(run_months, v.state, 3, answer=lambda name, given: name == "is_sound")
    assert ends(made) == ["overflowing", "is_sound"] * 3
    assert done == 3
    full = iter([False, False, True])
    made, done = calls(run_months, v.state, 5, answer=lambda name, given: name != "overflowing" or next(full))
    assert ends(made) == ["overflowing", "is_sound", "overflowing", "is_sound", "overflowing"]
    assert done == 2
    assert calls(run_months, v.state, 0) == ([], 0)


def test_months_end_with_one_that_is_not_sound():
    v = Village()
    sound = iter([True, False])
    made, done = calls(run_months, v.state, 5, answer=lambda name, given: name == "is_sound" and next(sound))
    assert ends(made) == ["overflowing", "is_sound", "overflowing", "is_sound"]
    assert done == -2


def test_a_month_of_a_few_firms_moves_money_and_closes_the_books():
    v = Village()
    v.state.segments["opening_index"] = v.state.segments["opening_inside"] = 1.0
    bank = v.lender(cash=9.0)
    lab, cloud, vendor = v.lab(cash=5.0, price=3.0), v.neocloud(cash=4.0, site_gw=1.0), v.vendor(cash=1.0)
    v.generation(vendor)
    v.fleet(cloud, 0.2, book=3.0)
    v.loan(bank, cloud, 1.2)
    v.contract(lab, cloud, 0.1, status=ec.PENDING, start=1, delivered=0.0)
    v.state.flows[:] = 7.0
    v.run(run_months, 1)
    assert v.market.month == 1
    assert v.market.n_series == 1
    # 0.1 at 2 USD an hour is billed in the month in which it goes live, 1.2 bn at 12 % costs a hundredth.
    assert v.rows("contracts")[0].status == ec.LIVE
    assert v.flow(ec.F_COMPUTE, lab, cloud) == pytest.approx(0.146, rel=1e-12)
    assert v.flow(ec.F_INTEREST, cloud, bank) == pytest.approx(0.012, rel=1e-12)
    v.audit()
