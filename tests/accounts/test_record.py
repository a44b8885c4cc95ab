"""What a month leaves behind: look-through debt, the series, the panel of firms, the record of flows."""

import numpy as np
import pytest
from differences import differences, near, row_of
from village import Village

from abm.accounts.record import look_through, record, record_panel
from abm.engine import tables as ec


# --- look-through debt ------------------------------------------------------------------------------------
def carried(v: Village) -> list[float]:
    """Look-through debt of every firm, the outside included."""
    v.run(look_through)
    return near([float(f.look_through) for f in v.rows("firms")])


def chain() -> tuple[Village, int, int, int, int]:
    """A bank, a neocloud that sells to two labs 3 to 1, with a backlog of 8 bn."""
    v = Village()
    bank, lab, other, cloud = v.lender(), v.lab(), v.lab(), v.neocloud(backlog_in=8.0)
    # 0.5 M H100e at 2 USD are 0.73 bn a month: six months left for one, two for the other.
    v.contract(lab, cloud, 6.0 / (2.0 * 0.73 * 6.0), 2.0, months_left=6)
    v.contract(other, cloud, 2.0 / (2.0 * 0.73 * 2.0), 2.0, months_left=2)
    return v, bank, lab, other, cloud


def test_debt_dedicated_to_a_tenant_is_wholly_the_tenants():
    v, bank, lab, other, cloud = chain()
    v.loan(bank, cloud, 3.0, end_user=other)
    assert carried(v) == [0, 0, 0, 0, 0, 0, 0, 3.0, 0]
    assert (bank, lab, other, cloud) == (5, 6, 7, 8)


def test_other_debt_is_shared_over_the_customers_of_the_backlog():
    v, bank, lab, other, cloud = chain()
    v.loan(bank, cloud, 4.0)
    v.loan(bank, cloud, 1.0, end_user=other)
    v.run(look_through)
    assert [v[i].look_through for i in (lab, other, cloud)] == near([3.0, 1.0 + 1.0, 0.0])


def test_a_hyperscaler_s_own_workloads_bear_their_part_of_its_debt():
    v = Village()
    v.market.contract_price = 2.0
    # Own workloads of 0.1 M H100e for 50 months at 2 USD are 7.3 bn, the backlog 14.6.
    bank, lab, cloud = v.lender(), v.lab(), v.hyperscaler(backlog_in=14.6, need=0.1, book_life=50.0)
    v.contract(lab, cloud, 0.5, 2.0, months_left=20)
    v.loan(bank, cloud, 3.0)
    v.loan(bank, cloud, 1.0, end_user=lab)
    v.run(look_through)
    assert v[lab].look_through == near(2.0 + 1.0)
    v[cloud].kind = ec.NEOCLOUD
    v.run(look_through)
    assert v[lab].look_through == near(3.0 + 1.0)


def test_only_live_debt_for_ai_counts():
    v, bank, *_, cloud = chain()
    v.loan(bank, cloud, 4.0, for_ai=0)
    v.loan(bank, cloud, 4.0, for_ai=0, end_user=6)
    for status in (ec.FREE, ec.PENDING, ec.ENDED, ec.BROKEN):
        v.loan(bank, cloud, 4.0, status=status)
    assert carried(v) == [0.0] * 9
    v.loan(bank, cloud, 4.0)
    assert carried(v) == [0, 0, 0, 0, 0, 0, 3.0, 1.0, 0]


def test_a_lab_s_own_debt_is_on_its_own_books():
    v, bank, lab, other, _ = chain()
    v[lab].backlog_in = 1.0
    v.contract(other, lab, 0.5)
    v.loan(bank, lab, 4.0)
    assert carried(v) == [0.0] * 9


def test_what_stood_there_before_is_forgotten():
    v, *_ = chain()
    v.state.work_space[:] = 5.0
    for i in range(9):
        v[i].look_through = 7.0
    assert carried(v) == [0.0] * 9


def test_contracts_that_do_not_bind_carry_no_debt_and_pending_ones_do():
    v = Village()
    bank, lab, cloud = v.lender(), v.lab(), v.neocloud(backlog_in=1.46)
    for status in (ec.FREE, ec.ENDED, ec.BROKEN, ec.INTENT):
        v.contract(lab, cloud, 0.5, 2.0, months_left=2, status=status)
    v.loan(bank, cloud, 4.0)
    v.run(look_through)
    assert v[lab].look_through == 0.0
    v.contract(lab, cloud, 0.5, 2.0, months_left=1, status=ec.PENDING)
    v.run(look_through)
    assert v[lab].look_through == near(2.0)


def test_the_months_of_a_contract_are_counted_from_the_next_and_along_its_ramp():
    v = Village()
    v.market.month = 4
    bank, lab, cloud = v.lender(), v.lab(), v.neocloud(backlog_in=7.3)
    v.contract(lab, cloud, 0.5, 2.0, start=4, ramp=4, months_left=4)
    v.loan(bank, cloud, 4.0)
    v.run(look_through)
    # 2/4 + 3/4 + 1 + 1 = 3.25 months of 0.73 of a backlog of ten.
    assert v[lab].look_through == near(1.3)


def test_a_provider_without_a_backlog_passes_nothing_on():
    v, bank, lab, _, cloud = chain()
    v[cloud].backlog_in = 0.0
    v.loan(bank, cloud, 4.0)
    v.run(look_through)
    assert v[lab].look_through == 0.0


def test_debt_is_passed_on_along_sub_contracts_to_the_lab_at_the_end():
    v = Village()
    bank, lab, big, project = v.lender(), v.lab(), v.hyperscaler(backlog_in=2.92), v.project(backlog_in=1.46)
    v.contract(big, project, 0.5, 2.0, months_left=1)
    v.contract(lab, big, 0.5, 2.0, months_left=2)
    v.loan(bank, project, 4.0)
    v.loan(bank, big, 1.0)
    v.run(look_through)
    # Half of 4 reaches the hyperscaler; half of this and of its own 1 reaches the lab.
    assert v[lab].look_through == near(1.5)
    assert v[big].look_through == 0.0


def test_a_buyer_that_uses_the_capacity_itself_passes_nothing_on():
    v = Village()
    bank, lab, big, project = v.lender(), v.lab(), v.hyperscaler(backlog_in=1.46), v.project(backlog_in=1.46)
    v.contract(big, project, 0.5, 2.0, months_left=2, own_use=1)
    v.contract(lab, big, 0.5, 2.0, months_left=2)
    v.loan(bank, project, 4.0)
    v.run(look_through)
    assert v[lab].look_through == 0.0


def test_debt_goes_to_the_firm_on_whose_behalf_the_contract_was_signed():
    v = Village()
    lab, big, bank, project = v.lab(), v.hyperscaler(backlog_in=1.46), v.lender(), v.project(backlog_in=1.46)
    other = v.lab()
    v.contract(big, project, 0.5, 2.0, months_left=2, end_user=lab, own_use=1)
    v.contract(other, big, 0.5, 2.0, months_left=2)
    v.loan(bank, project, 4.0)
    v.run(look_through)
    assert (v[lab].look_through, v[other].look_through) == (near(4.0), 0.0)


def test_the_first_firm_of_all_may_be_an_end_user():
    v = Village()
    bank, cloud, lab = v.lender(), v.neocloud(backlog_in=1.46), v.lab()
    v.contract(lab, cloud, 0.5, 2.0, months_left=2, end_user=0)
    v.loan(bank, cloud, 4.0)
    v.loan(bank, cloud, 3.0, end_user=0)
    v.run(look_through)
    assert (v[0].look_through, v[lab].look_through) == (3.0, 0.0)


@pytest.mark.parametrize(("sellers", "reached"), [(1, 4.0), (6, 4.0), (7, 0.0)])
def test_chains_of_up_to_six_sellers_are_followed(sellers, reached):
    v = Village()
    bank, lab = v.lender(), v.lab()
    clouds = [v.neocloud(backlog_in=1.46) for _ in range(sellers)]
    for buyer, seller in zip([lab, *clouds], clouds, strict=False):
        v.contract(buyer, seller, 0.5, 2.0, months_left=2)
    v.loan(bank, clouds[-1], 4.0)
    v.run(look_through)
    assert v[lab].look_through == near(reached)


# --- the series -------------------------------------------------------------------------------------------
def town() -> Village:
    """A village whose customers have an opening price."""
    v = Village()
    v.state.segments["opening_index"] = 1.0
    return v


def recorded(v: Village, row: int = 0):
    v.run(record)
    return v.state.series[row]


def test_a_month_is_recorded_after_the_others():
    v = town()
    v.market.month, v.market.n_series = 9, 3
    assert recorded(v, 3).month == 9
    assert v.market.n_series == 4


def test_demand_is_summed_over_segments_and_its_price_averaged():
    v = town()
    v.market.complexity = 0.7
    spending, work, price, opening = (
        (1.0, 2.0, 4.0, 8.0),
        (5.0, 6.0, 7.0, 2.0),
        (3.0, 1.0, 2.0, 6.0),
        (2.0, 4.0, 5.0, 8.0),
    )
    for k in range(4):
        s = v.state.segments[k]
        s.spending, s.work, s.price_index, s.opening_index = spending[k], work[k], price[k], opening[k]
    v.lab(energy=4.0)
    s = recorded(v)
    assert s.ai_revenue == 15.0
    # 1.5 + 0.25 + 0.4 + 0.75 is 2.9; over four, times a hundred.
    assert (s.token_price, v.market.token_price) == (near(72.5), near(72.5))
    # e**-0.7
    assert s.equal_quality_price == near(72.5 * 0.4965853037914095)
    assert v.market.equal_quality_price == s.equal_quality_price
    assert s.energy_per_work == near(0.2)


def test_what_the_market_knows_is_copied():
    v = town()
    market = {
        "spot_price": 1.1, "contract_price": 1.2, "tightness": 1.3, "rationed": 1.4, "frontier": 1.5, "sentiment": 1.7,
        "public_money": 1.8, "gross_flow": 1.9,
    }  # fmt: skip
    for column, value in market.items():
        v.market[column] = value
    v.market.best_open = 0.3
    s = recorded(v)
    assert {column: s[column] for column in market} == market
    assert s.open_gap == near(1.2)


def test_fleets_power_and_emissions_are_those_of_firms_in_business():
    v = town()
    v.hyperscaler(capacity=2.0, used=1.0, energy=0.5, emissions=0.2)
    v.lab(capacity=3.0, used=2.5, energy=0.96, emissions=0.1)
    v.lender(capacity=1.0, used=0.7, energy=1.46, emissions=0.05)
    v.neocloud(capacity=8.0, used=8.0, energy=8.0, emissions=8.0, status=ec.FAILED)
    s = recorded(v)
    assert (s.fleet, s.utilisation) == (6.0, near(0.7))
    assert (s.energy_twh, s.emissions_mt) == (near(2.92), near(0.35))
    assert s.power_gw == near(4.0)  # 2.92 TWh in 730 hours


def test_without_fleet_or_work_ratios_are_zero():
    v = town()
    v.lab(used=2.0, energy=3.0)
    s = recorded(v)
    assert (s.fleet, s.utilisation, s.energy_per_work, s.appetite) == (0.0, 0.0, 0.0, 0.0)


def test_lenders_are_weighed_by_their_books():
    v = town()
    v.market.n_series = 1
    bank, fund, cloud = v.lender(appetite=0.8, loss_month=0.1), v.lender(appetite=1.2, loss_month=0.2), v.neocloud()
    failed = v.lender(appetite=9.0, loss_month=0.4, status=ec.FAILED)
    v.loan(bank, cloud, 1.0)
    v.loan(fund, cloud, 3.0)
    for i, paid_in, retained in ((bank, 4.0, -1.0), (fund, 2.0, 0.5), (failed, 64.0, 64.0)):
        v.stake(ec.SAVERS, i, 1.0, paid_in)
        v[i].retained = retained
    v.loan(failed, cloud, 5.0)
    for i, retained in ((bank, -1.0), (fund, 0.5), (failed, 64.0)):
        v[i].retained = retained
    s = recorded(v, 1)
    assert s.appetite == near((0.8 * (1 + 1e-9) + 1.2 * (3 + 1e-9)) / (4 + 2e-9))
    assert s.lender_capital == near(5.5)
    assert s.lender_losses == near(0.7)


def test_debt_counts_labs_clouds_projects_and_sponsors_and_no_other_lender():
    v = town()
    bank, fund, sponsor = v.lender(), v.lender(subkind=ec.PRIVATE_CREDIT), v.lender(subkind=ec.SPONSOR)
    lab, cloud, failed = v.lab(), v.neocloud(), v.neocloud(status=ec.FAILED)
    for k, (borrower, for_ai) in enumerate(((fund, 1), (sponsor, 0), (lab, 1), (cloud, 1), (failed, 1), (ec.POWER, 0))):
        v.loan(bank, borrower, 2.0**k, for_ai=for_ai)
    v.loan(bank, cloud, 64.0, status=ec.ENDED)
    s = recorded(v)
    assert s.debt == 2.0 + 4.0 + 8.0
    assert s.ai_debt == 1.0 + 4.0 + 8.0 + 16.0


def test_investment_backlog_and_sales_are_summed_by_kind():
    v = town()
    v.hyperscaler(capex=1.0, backlog_out=0.5, revenue=7.0)
    v.neocloud(capex=2.0, backlog_out=0.25, revenue=7.0)
    v.vendor(capex=4.0, backlog_out=0.125, revenue=3.0)
    v.vendor(revenue=0.5)
    v.vendor(capex=16.0, revenue=16.0, backlog_out=16.0, status=ec.FAILED)
    v.lender(capex=32.0, revenue=32.0, backlog_out=32.0)
    v[ec.CUSTOMERS].capex = v[ec.CUSTOMERS].backlog_out = 64.0
    s = recorded(v)
    assert (s.capex, s.capex_big5, s.backlog, s.gpu_sales) == (7.0, 1.0, 0.875, 3.5)


def test_look_through_debt_of_labs_in_business_is_summed_and_that_of_the_flagship_apart():
    v = town()
    bank, cloud = v.lender(), v.neocloud()
    labs = [v.lab(), v.lab(), v.lab(status=ec.FAILED)]
    v.market.flagship = labs[1]
    for lab, principal in zip(labs, (1.0, 2.0, 4.0), strict=True):
        v.loan(bank, cloud, principal, end_user=lab)
    v.loan(bank, cloud, 8.0, end_user=cloud)
    s = recorded(v)
    assert (s.look_through, s.look_through_flagship) == (3.0, 2.0)


def test_events_of_the_month_are_summed_by_kind_and_older_ones_left():
    v = town()
    v.market.month = 5
    log = [
        (4, ec.E_LOAN, 64.0), (4, ec.E_EQUITY, 64.0), (5, ec.E_LOAN, 1.0), (5, ec.E_EQUITY, 2.0),
        (5, ec.E_CONTRACT, 4.0), (5, ec.E_ORDER, 32.0), (5, ec.E_LOAN, 0.5), (5, ec.E_EQUITY, 0.25),
        (5, ec.E_CONTRACT, 0.125),
    ]  # fmt: skip
    for k, (month, kind, amount) in enumerate(log):
        e = v.state.events[k]
        e.month, e.kind, e.amount = month, kind, amount
    v.market.n_events, v.market.seen_events = len(log), 2
    s = recorded(v)
    assert v.market.seen_events == len(log)
    assert (s.new_loans, s.equity_raised, s.new_contracts) == (1.5, 2.25, 4.125)


def test_contracts_that_labs_signed_are_summed_apart():
    v = town()
    lab, cloud = v.lab(), v.neocloud()
    log = [
        (ec.E_CONTRACT, lab, cloud, 4.0), (ec.E_CONTRACT, cloud, lab, 2.0), (ec.E_LOAN, lab, cloud, 8.0),
        (ec.E_CONTRACT, lab, cloud, 0.5),
    ]  # fmt: skip
    for k, (kind, a, b, amount) in enumerate(log):
        e = v.state.events[k]
        e.kind, e.a, e.b, e.amount = kind, a, b, amount
    v.market.n_events = len(log)
    s = recorded(v)
    assert (s.new_contracts, s.lab_contracts) == (6.5, 4.5)


def test_contracts_within_a_group_are_not_counted():
    v = town()
    parent = v.hyperscaler()
    for b in (parent, v.neocloud()):
        e = v.state.events[int(v.market.n_events)]
        e.kind, e.a, e.b, e.amount = ec.E_CONTRACT, v.lab(parent=parent), b, 4.0
        v.market.n_events += 1
    s = recorded(v)
    assert (s.new_contracts, s.lab_contracts) == (4.0, 4.0)


def test_bonds_that_hyperscalers_issued_this_month_are_summed():
    v = town()
    v.hyperscaler(bonds=1.0)
    v.hyperscaler(bonds=2.0)
    v.hyperscaler(bonds=16.0, status=ec.FAILED)
    v.neocloud(bonds=16.0)
    assert recorded(v).bonds_big5 == 3.0


def test_hardware_that_waits_for_halls_is_summed_over_firms_in_business():
    v = town()
    v.hyperscaler(stalled=0.3)
    v.lab(stalled=0.2)
    v.neocloud(stalled=7.0, status=ec.FAILED)
    assert recorded(v).stalled == near(0.5)


def test_the_first_event_of_all_counts_if_it_is_of_the_month():
    v = town()
    v.market.month, v.market.n_events = 5, 1
    e = v.state.events[0]
    e.month, e.kind, e.amount = 5, ec.E_LOAN, 1.0
    assert recorded(v).new_loans == 1.0


def test_defaults_of_the_month_are_counted_and_all_failed_firms():
    v = town()
    v.market.month = 5
    for k, (month, fundamental, stage) in enumerate(((4, 0, 9), (5, 1, 1), (5, 0, 3), (5, 0, 2))):
        d = v.state.defaults[k]
        d.month, d.fundamental, d.stage = month, fundamental, stage
    v.market.n_defaults, v.market.seen_defaults = 4, 1
    for _ in range(5):
        v.lab(status=ec.FAILED)
    v.lab(status=ec.ABSENT)
    v.lab()
    s = recorded(v)
    assert (s.defaults, s.contagious, s.rounds, s.failed) == (3, 2, 3, 5)
    assert v.market.seen_defaults == 4


def test_defaults_are_counted_by_their_way():
    v = town()
    ways = [ec.DEFERRAL] * 4 + [ec.EXCHANGE] * 3 + [ec.REORGANISATION] * 2 + [ec.LIQUIDATION]
    for k, way in enumerate(ways):
        v.state.defaults[k].way = way
    v.market.n_defaults = len(ways)
    s = recorded(v)
    assert (s.defaults, s.liquidations, s.reorganisations, s.exchanges, s.deferrals) == (10, 1, 2, 3, 4)


def test_what_acts_since_the_last_month_did_counts_though_it_bears_its_date():
    v = town()
    v.market.month = 5
    d, e = v.state.defaults[0], v.state.events[0]
    d.month, d.fundamental, d.stage = 4, 0, 2
    e.month, e.kind, e.amount = 4, ec.E_LOAN, 1.5
    v.market.n_defaults = v.market.n_events = 1
    s = recorded(v)
    assert (s.defaults, s.contagious, s.rounds, s.new_loans) == (1, 1, 2, 1.5)


def test_the_first_default_of_all_counts_if_it_is_of_the_month():
    v = town()
    v.market.month, v.market.n_defaults = 5, 1
    d = v.state.defaults[0]
    d.month, d.fundamental, d.stage = 5, 1, 1
    s = recorded(v)
    assert (s.defaults, s.contagious, s.rounds) == (1, 0, 1)


def test_a_row_of_the_series_is_written_over():
    v = town()
    for column in v.state.series.dtype.names:
        v.state.series[0][column] = 77
    s = recorded(v)
    zero = set(v.state.series.dtype.names) - {
        "spot_price", "contract_price", "tightness", "sentiment", "token_price", "equal_quality_price", "imbalance",
    }  # fmt: skip
    assert {column for column in zero if s[column] != 0} == set()


def test_claims_are_summed_and_the_books_checked_before_they_are_recorded():
    v = town()
    bank, lab = v.lender(), v.lab()
    v.loan(bank, lab, 3.0)
    v[lab].debt = v[bank].loans_held = 77.0
    v[bank].retained += 0.25
    s = recorded(v)
    assert v[lab].debt == 3.0
    assert s.debt == 3.0
    assert s.imbalance == near(0.25)


# --- the panel and the flows --------------------------------------------------------------------------------
def filled() -> Village:
    """A village in whose tables every cell of every firm is a number of its own."""
    v = town()
    v.lab()
    v.neocloud()
    for i in range(7):
        for k, column in enumerate(v.state.firms.dtype.names):
            v[i][column] = 1000 * i + k + 1
    return v


def test_the_panel_keeps_its_columns_of_every_firm():
    v = filled()
    v.state.firms["kind"][:7] = range(1, 8)
    v.market.n_series = 2
    v.run(record_panel)
    for i in range(7):
        kept = {column: v[i][column].item() for column in ec.PANEL_COLUMNS}
        assert row_of(v.state.panel[2], i) == kept
    assert not v.state.panel[:2]["cash"].any()
    assert not v.state.panel[3:]["cash"].any()


def test_panel_and_flows_are_recorded_in_the_row_of_the_series():
    v = town()
    lab = v.lab(cash=3.0)
    v.market.n_series = 2
    v.state.flows[:] = np.arange(v.state.flows.size).reshape(v.state.flows.shape)
    did = differences(v, record)
    assert v.state.panel[2, lab].cash == 3.0
    assert (v.state.flow_record[2] == v.state.flows).all()
    assert not v.state.flow_record[3:].any()
    assert not v.state.flow_record[:2].any()
    assert not did.flows


def test_without_a_panel_neither_is_recorded():
    v = town()
    lab = v.lab(cash=3.0)
    v.market.record_panel = 0
    v.state.flows[:] = 1.0
    v.run(record)
    assert v.market.n_series == 1
    assert v.state.panel[0, lab].cash == 0.0
    assert not v.state.flow_record.any()
