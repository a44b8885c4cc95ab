"""The credit market: ratios, who lends to whom and on what terms, refinancing, bank lines."""

import math

import pytest
from before import Before, cells, near
from village import Village

from abm.agents.lender import is_short_of_capital
from abm.engine.tables import (
    ABSENT,
    ACTIVE,
    AI_FUND,
    BANK,
    BOND,
    BROKEN,
    DDTL,
    E_LOAN,
    ENDED,
    F_FUNDING,
    F_LENDING,
    F_PRINCIPAL,
    FAILED,
    FLEET_COLLATERAL,
    FUNDING,
    HOLDINGS_COLLATERAL,
    HY_BONDS,
    HYPERSCALER,
    IG_BONDS,
    LAB,
    LENDER,
    LIVE,
    NEOCLOUD,
    NO_COLLATERAL,
    OUTSIDE,
    PRIVATE_CREDIT,
    PROJECT,
    REVOLVER,
    SAVERS,
    SECURITISATION,
    SITE_COLLATERAL,
    SPONSOR,
    TIER_SECURED,
    TIER_UNSECURED,
    VEHICLE,
    VENDOR,
    VENDOR_LOAN,
    WAREHOUSE,
)
from abm.markets.credit import (
    arrange_lines,
    borrow,
    collateral_value,
    contract_value,
    draw_warehouse,
    finance_hardware,
    issue_bonds,
    lend,
    measure,
    refinance,
    refinance_early,
)

TERMS = (
    "kind", "status", "lender", "borrower", "tier", "collateral", "end_user", "for_ai", "amortising", "committed",
    "made", "months", "months_left", "principal", "limit", "rate", "covenant_ltv", "amended",
)  # fmt: skip
# Loans of a bank of minimum capital 0.1 and appetite 1 to a firm of default probability 0.01: base rate, expected
# loss, return on capital, cost of the book.
UNSECURED = near(0.05 + 0.01 * 0.6 + 0.12 * 0.1 + 0.008)
SECURED = near(0.05 + 0.01 * 0.45 + 0.12 * 0.1 + 0.008)


def terms(v, row=-1):
    """All that was agreed about a loan but its number; the last loan unless another row is given."""
    return dict(zip(TERMS, cells(v.rows("loans")[row], *TERMS), strict=True))


def lent(v):
    """Who lent how much, loan by loan."""
    return [(int(loan.lender), near(float(loan.principal))) for loan in v.rows("loans")]


def cheap(v, name="cheap", **columns):
    """A bank that asks less than others, for it needs less capital."""
    return v.lender(name, min_capital=0.08, **columns)


# --- exposure, collateral, ratios ---------------------------------------------------------------------------
def test_fleet_and_sites_at_their_marks_secure_a_providers_loans():
    v = Village()
    columns = {"fleet_mark": 3.0, "sites": 2.0, "other_assets": 5.0, "deposits_out": 0.7, "cash": 9.0}
    for firm in (v.neocloud(**columns), v.lender(subkind=BANK, **columns), v.neocloud(subkind=SPONSOR, **columns)):
        v.stake(firm, v.lab(valuation=8.0), 0.5, 1.0)
        assert v.run(collateral_value, firm) == 5.0


def letting(**columns):
    """A neocloud of 2 M H100e at 1 kW, half of it let for two years and more at 0.8 bn a month, marked at 6 bn."""
    v = Village(mark_discount=0.12)
    vendor = v.vendor()
    v.generation(vendor, kw=1.0)
    usual = {
        "capacity": 2.0, "contracted_out": 1.0, "invoiced_in": 0.8, "promised_rent": 1.0, "backlog_in": 24.0,
        "fleet_mark": 6.0, "sites": 1.0, "unit_opex": 0.05,
    }  # fmt: skip
    cloud = v.neocloud(**(usual | columns))
    v.state.fleet[cloud, 0].units = 2.0
    return v, cloud


# 0.8 bn less an hour's energy at 50 USD a MWh and 0.05 USD of running cost on 1 M H100e: 0.727 a month for 24 months.
CONTRACTS = (0.8 - 0.73 * 0.1) * (1.0 - 1.01**-24) / 0.01


def test_contracts_are_worth_what_they_bring_in_above_running_costs_until_the_backlog_ends():
    v, cloud = letting()
    assert v.run(contract_value, cloud) == near(CONTRACTS)
    v[cloud].backlog_in = 0.5  # a month at least
    assert v.run(contract_value, cloud) == near((0.8 - 0.073) / 1.01)
    for columns in ({"promised_rent": 0.0}, {"capacity": 0.0}, {"invoiced_in": 0.07}):
        v, cloud = letting(**columns)
        assert v.run(contract_value, cloud) == 0.0


def test_hardware_under_contract_secures_loans_with_its_contracts_if_they_are_worth_more():
    v, cloud = letting()
    assert v.run(collateral_value, cloud) == near(6.0 + 1.0 + CONTRACTS - 3.0)
    v[cloud].fleet_mark = 40.0  # half of it let: 20 are more than the contracts
    assert v.run(collateral_value, cloud) == near(41.0)
    v[cloud].kind = HYPERSCALER
    v[cloud].fleet_mark = 6.0
    assert v.run(collateral_value, cloud) == near(7.0)


def test_a_sponsors_holdings_at_their_value_secure_its_loans():
    v = Village()
    sponsor, other = v.lender(subkind=SPONSOR, other_assets=5.0, cash=9.0, sites=0.25), v.lender(subkind=SPONSOR)
    lab, cloud = v.lab(valuation=8.0), v.neocloud(valuation=3.0)
    v.stake(sponsor, lab, 0.25, 1.0)
    v.stake(sponsor, cloud, 0.5, 7.0)
    v.stake(other, lab, 0.5, 1.0)
    assert v.run(collateral_value, sponsor) == 0.25 + 5.0 + 2.0 + 1.5


def test_what_a_project_has_paid_for_and_not_yet_spent_secures_its_loans():
    v = Village()
    project = v.project(fleet_mark=3.0, sites=2.0, deposits_out=0.75, deposits_in=6.0, cash=4.0, other_assets=5.0)
    assert v.run(collateral_value, project) == 9.75
    v[project].cash = -4.0
    assert v.run(collateral_value, project) == 5.75


def test_measure_adds_up_claims_and_debt_service():
    v = Village()
    bank, cloud, other = v.lender(), v.neocloud(cash=50.0, debt_service=99.0), v.neocloud(debt_service=7.0)
    v.loan(bank, cloud, 12.0, rate=0.1, months_left=40, amortising=1, collateral=FLEET_COLLATERAL, limit=99.0)
    v.loan(bank, cloud, 24.0, rate=0.05, months_left=20, limit=99.0)
    v.loan(bank, cloud, 6.0, rate=0.2, months_left=0, amortising=1, limit=99.0)
    v.loan(bank, cloud, 60.0, status=BROKEN)
    v[cloud].debt = v[bank].loans_held = 1.0
    v.run(measure)
    assert (v[cloud].debt, v[cloud].secured_debt, v[bank].loans_held) == (42.0, 12.0, 42.0)
    assert v[cloud].debt_service == near(0.1 + 0.3 + 0.1 + 0.1 + 6.0)
    assert v[other].debt_service == v[bank].debt_service == 0.0


def test_measure_takes_the_ratios_lenders_look_at():
    v = Village()
    bank = v.lender(cash=10.0)
    cloud = v.neocloud(cash=4.0, sites=6.0, fleet_mark=2.0, earnings=0.3, promised_rent=5.0, other_debt=1.0)
    v.loan(bank, cloud, 5.0, rate=0.12, collateral=SITE_COLLATERAL)
    v.loan(bank, cloud, 2.0, rate=0.12)
    v.run(measure)
    assert v[cloud].debt_service == near(0.07)
    assert v[cloud].leverage == 0.8
    assert v[cloud].ltv == 0.625
    assert v[cloud].dscr == near(0.3 / 0.07)
    # and rates everybody (`rate_firms`)
    assert v[cloud].obligations == 8.0
    assert v[cloud].pd > v[cloud].pd_long > 0.0


def test_ratios_are_kept_within_bounds():
    v = Village()
    bank, cloud, loser = v.lender(), v.neocloud(cash=1.0, earnings=500.0, sites=0.01), v.neocloud(earnings=-500.0)
    v.loan(bank, cloud, 8.0, collateral=SITE_COLLATERAL)
    v.loan(bank, loser, 8.0, collateral=SITE_COLLATERAL)
    v.run(measure)
    assert (v[cloud].leverage, v[cloud].ltv, v[cloud].dscr) == (5.0, 9.9, 9.9)
    assert (v[loser].leverage, v[loser].ltv, v[loser].dscr) == (0.0, 9.9, -9.9)


def test_even_a_small_secured_debt_has_a_loan_to_value():
    v = Village()
    bank, cloud = v.lender(), v.neocloud(sites=2.0)
    v.loan(bank, cloud, 0.5, collateral=SITE_COLLATERAL)
    v.run(measure)
    assert v[cloud].ltv == 0.25


def test_who_owes_nothing_covers_everything():
    v = Village()
    cloud = v.neocloud(sites=2.0, earnings=0.5, ltv=3.0, leverage=3.0, dscr=0.0)
    v.run(measure)
    assert (v[cloud].leverage, v[cloud].ltv, v[cloud].dscr) == (0.0, 0.0, 9.9)


def test_lenders_to_a_project_look_at_the_rent_it_was_promised():
    v = Village()
    bank = v.lender()
    young, old = v.project(earnings=0.1, promised_rent=0.3), v.project(earnings=0.4, promised_rent=0.3)
    for project in (young, old):
        v.loan(bank, project, 10.0, rate=0.12)
    v.run(measure)
    assert (v[young].dscr, v[old].dscr) == (near(3.0), near(4.0))


def test_measure_weighs_a_lenders_capital_against_its_risks():
    v = Village(loan_risk_weight=1.5)
    bank, cloud = v.lender(cash=6.0, other_assets=10.0, other_weight=0.2, other_debt=4.0), v.neocloud()
    safe = v.lender(cash=3.0)
    v.stake(SAVERS, bank, 1.0, 2.0)
    v.loan(bank, cloud, 4.0)
    v.run(measure)
    assert v[bank].capital_ratio == near(16.0 / (1.5 * 4.0 + 0.2 * 10.0)) == near(2.0)
    assert v[safe].capital_ratio == 9.9
    assert v[cloud].capital_ratio == 0.0


def test_measure_leaves_the_ratios_of_the_failed_alone():
    v = Village()
    bank, cloud = v.lender(), v.neocloud(sites=4.0, leverage=0.1, ltv=0.2, dscr=0.3, pd=0.4)
    v.loan(bank, cloud, 1.0, collateral=SITE_COLLATERAL)
    v[cloud].status = FAILED
    v.run(measure)
    assert cells(v[cloud], "leverage", "ltv", "dscr", "pd") == (0.1, 0.2, 0.3, 0.4)


# --- one loan -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("collateral", "secured"), [(NO_COLLATERAL, 0.0), (FLEET_COLLATERAL, 3.0), (SITE_COLLATERAL, 3.0)]
)
def test_a_lender_raises_from_savers_what_it_pays_out(collateral, secured):
    v = Village()
    v.market.month = 7
    bank, cloud = v.lender(cash=2.0), v.neocloud(cash=1.0)
    v.loan(bank, v.neocloud(), 0.5)
    before = Before(v)
    assert v.run(lend, bank, cloud, DDTL, 3.0, 0.09, 48, collateral, 1) == 1
    changes = {
        (SAVERS, "cash"): -3.0, (SAVERS, "other_assets"): 3.0, (bank, "funding"): 3.0, (bank, "loans_held"): 3.0,
        (cloud, "cash"): 3.0, (cloud, "debt"): 3.0, (cloud, "secured_debt"): secured,
    }  # fmt: skip
    assert before.firms() == {key: change for key, change in changes.items() if change}
    assert before.flows() == {(F_FUNDING, OUTSIDE, LENDER): 3.0, (F_LENDING, LENDER, NEOCLOUD): 3.0}
    assert before.events() == [(E_LOAN, bank, cloud, 3.0)]
    assert terms(v) == {
        "kind": DDTL, "status": LIVE, "lender": bank, "borrower": cloud,
        "tier": TIER_SECURED if secured else TIER_UNSECURED,
        "collateral": collateral, "end_user": -1, "for_ai": 1, "amortising": 1, "committed": 1, "made": 7,
        "months": 48, "months_left": 48, "principal": 3.0, "limit": 3.0, "rate": 0.09, "covenant_ltv": 0.0,
        "amended": -1,
    }  # fmt: skip
    v.audit()


def test_a_vendor_lends_its_own_money():
    v = Village()
    vendor, cloud = v.vendor(cash=5.0), v.neocloud()
    v.close()
    before = Before(v)
    v.run(lend, vendor, cloud, VENDOR_LOAN, 3.0, 0.09, 48, NO_COLLATERAL, 0)
    assert before.firms() == {
        (vendor, "cash"): -3.0, (vendor, "loans_held"): 3.0, (cloud, "cash"): 3.0, (cloud, "debt"): 3.0,
    }  # fmt: skip
    assert before.flows() == {(F_LENDING, VENDOR, NEOCLOUD): 3.0}
    assert terms(v)["tier"] == TIER_UNSECURED
    assert terms(v)["amortising"] == 0
    v.audit()


# --- borrowing ------------------------------------------------------------------------------------------------
def test_of_two_lenders_with_equal_room_the_cheaper_lends_what_one_can():
    v = Village(covenant_ltv=0.75, syndicate_size=1.0, rate_choice=2e3)
    v.market.month = 4
    v.lender(cash=100.0)
    second = cheap(v, cash=100.0)
    lab, cloud = v.lab(), v.neocloud()
    v.close()
    before = Before(v)
    assert v.run(borrow, cloud, DDTL, 6.0, 60, FLEET_COLLATERAL, 1, lab) == 6.0
    assert terms(v) == {
        "kind": DDTL, "status": LIVE, "lender": second, "borrower": cloud, "tier": TIER_SECURED,
        "collateral": FLEET_COLLATERAL, "end_user": lab, "for_ai": 1, "amortising": 1, "committed": 1, "made": 4,
        "months": 60, "months_left": 60, "principal": 6.0, "limit": 6.0, "covenant_ltv": 0.75, "amended": -1,
        "rate": near(0.05 + 0.01 * 0.45 + 0.12 * 0.08 + 0.008),
    }  # fmt: skip
    assert before.events() == [(E_LOAN, second, cloud, 6.0)]
    assert before.hits() == []
    v.audit()


def test_an_unsecured_loan_costs_more_and_has_no_covenant():
    v = Village(covenant_ltv=0.75)
    bank, cloud = v.lender(cash=100.0), v.neocloud()
    v.close()
    assert v.run(borrow, cloud, REVOLVER, 6.0, 24, NO_COLLATERAL, 0, -1) == 6.0
    assert terms(v) == terms(v) | {
        "kind": REVOLVER, "lender": bank, "tier": TIER_UNSECURED, "collateral": NO_COLLATERAL, "end_user": -1,
        "amortising": 0, "months": 24, "rate": UNSECURED, "covenant_ltv": 0.0,
    }  # fmt: skip


def rooms(v, *sizes, **columns):
    """Banks at one price, each with room for so much (bn) to one borrower."""
    return [v.lender(cash=4.0 * size, **columns) for size in sizes]


def test_a_loan_is_split_by_free_capacity():
    v = Village(loan_ticket=1.0)
    one, two, three = rooms(v, 8.0, 16.0, 8.0)
    cloud = v.neocloud()
    v.close()
    assert v.run(borrow, cloud, DDTL, 6.0, 60, SITE_COLLATERAL, 1, -1) == 6.0
    assert lent(v) == [(one, 1.5), (two, 3.0), (three, 1.5)]
    assert terms(v)["collateral"] == SITE_COLLATERAL
    assert terms(v)["rate"] == SECURED
    v.audit()


def test_a_lender_dearer_by_a_point_has_its_part_cut_by_the_choice_of_rates():
    v = Village(loan_ticket=1.0, rate_choice=50.0)
    # The dear one needs 5 points of capital more, at 12 % a year.
    (near_one,), dear = rooms(v, 8.0), v.lender(cash=32.0, min_capital=0.15)
    cloud = v.neocloud()
    v.close()
    v.run(borrow, cloud, DDTL, 6.0, 60, FLEET_COLLATERAL, 1, -1)
    cut = math.exp(-50.0 * 0.12 * 0.05)
    assert lent(v) == [(near_one, 6.0 / (1.0 + cut)), (dear, 6.0 * cut / (1.0 + cut))]
    assert [near(r) for r in v.rows("loans")["rate"]] == [float(v.rows("loans")["rate"][0]), near(0.0625 + 0.018)]


@pytest.mark.parametrize(("ticket", "size", "members"), [(2.0, 8, 4), (3.1, 8, 2), (2.0, 3, 3), (9.0, 8, 1)])
def test_one_lender_more_for_every_ticket_up_to_the_size_of_a_syndicate(ticket, size, members):
    v = Village(loan_ticket=ticket, syndicate_size=float(size))
    rooms(v, *[8.0] * 9)
    cloud = v.neocloud()
    v.close()
    assert v.run(borrow, cloud, DDTL, 6.0, 60, FLEET_COLLATERAL, 1, -1) == 6.0
    assert [size for _, size in lent(v)] == [6.0 / members] * members
    assert len({lender for lender, _ in lent(v)}) == members


def test_as_many_lenders_join_as_the_loan_needs():
    v = Village(loan_ticket=100.0, syndicate_size=1.0)
    banks = rooms(v, 2.0, 2.0, 2.0, 2.0)
    cloud = v.neocloud()
    v.close()
    assert v.run(borrow, cloud, DDTL, 5.0, 60, FLEET_COLLATERAL, 1, -1) == 5.0
    assert [size for _, size in lent(v)] == [5.0 / 3.0] * 3
    assert {lender for lender, _ in lent(v)} < set(banks)


def test_who_is_full_leaves_its_rest_to_the_others():
    v = Village(loan_ticket=1.0)
    # Weights 1, 2 and 3 of 6 would ask 2 of the first, which a part of its limit on AI leaves 0.5.
    small, (mid, big) = v.lender(cash=32.0, ai_limit=0.5), rooms(v, 1.0, 1.5)
    cloud = v.neocloud()
    v.close()
    assert v.run(borrow, cloud, DDTL, 2.9, 60, FLEET_COLLATERAL, 1, -1) == 2.9
    assert lent(v) == [(small, 2.9 / 6.0), (mid, 2.9 / 3.0), (big, 1.45)]
    v = Village(loan_ticket=1.0, rate_choice=100.0)
    (dear,), cheap_one = [v.lender(cash=16.0, min_capital=0.2)], v.lender(cash=4.0)
    cloud = v.neocloud()
    v.close()
    assert v.run(borrow, cloud, DDTL, 4.0, 60, FLEET_COLLATERAL, 1, -1) == 4.0
    cut = 4.0 * math.exp(-100.0 * 0.12 * 0.1)
    assert 4.0 / (1.0 + cut) > 1.0, "it would be asked for more than it can lend"
    assert lent(v) == [(dear, 3.0), (cheap_one, 1.0)]


def test_all_together_lend_what_they_can():
    v = Village(loan_ticket=1.0)
    banks = rooms(v, 2.0, 1.0, 0.5)
    cloud = v.neocloud()
    v.close()
    assert v.run(borrow, cloud, DDTL, 9.0, 60, FLEET_COLLATERAL, 1, -1) == 3.5
    assert lent(v) == [(banks[0], 2.0), (banks[1], 1.0), (banks[2], 0.5)]


def single_lenders(v, months, **columns):
    """How often each lender makes a small loan alone, of so many months with draws of their own."""
    cloud = columns.pop("cloud")
    v.close()
    counts = {}
    for month in range(months):
        v.market.month = month
        n = int(v.market.n_loans)
        v.run(borrow, cloud, DDTL, 0.002, 60, FLEET_COLLATERAL, 1, -1)
        (loan,) = v.rows("loans")[n:]
        counts[int(loan.lender)] = counts.get(int(loan.lender), 0) + 1
        v.market.n_loans = n
    return counts


def test_a_loan_of_one_lender_goes_to_each_as_often_as_its_capacity_weighs():
    v = Village()
    small, big = rooms(v, 8.0, 24.0)
    counts = single_lenders(v, 400, cloud=v.neocloud())
    assert counts[small] + counts[big] == 400
    assert abs(counts[small] - 100) < 27, "three standard deviations"


def test_a_known_lender_is_asked_more_often():
    v = Village(relationship=9.0)
    cloud = v.neocloud()
    known, other = v.lender(cash=32.0), v.lender(cash=32.0)
    v.loan(known, cloud, 0.001)
    counts = single_lenders(v, 400, cloud=cloud)
    # Nine times in ten.
    assert abs(counts[other] - 40) < 18, "three standard deviations"


def test_a_borrowers_loans_of_a_month_stand_with_the_same_lender():
    v = Village(relationship=1.0)
    rooms(v, *[8.0] * 9)
    cloud = v.neocloud()
    v.close()
    for _ in range(4):
        v.run(borrow, cloud, DDTL, 0.1, 60, FLEET_COLLATERAL, 1, -1)
    assert len({lender for lender, _ in lent(v)}) == 1


def test_what_a_lender_is_owed_already_counts_against_its_limit():
    v = Village(large_exposure_limit=0.25)
    bank, cloud, other = v.lender(cash=8.0), v.neocloud(), v.neocloud()
    v.loan(bank, other, 1.5)
    v.loan(bank, cloud, 1.25)
    # Its capital: cash and the two loans.
    assert v.run(borrow, cloud, DDTL, 6.0, 60, FLEET_COLLATERAL, 1, -1) == near(0.25 * 10.75 - 1.25)


def test_a_fund_puts_a_part_of_its_loan_on_a_bank_line():
    v = Village(warehouse_share=0.25, warehouse_tenor=30.0, syndicate_size=1.0, rate_choice=2e3)
    v.market.month = 9
    bank, fund = v.lender(cash=100.0), v.lender(subkind=PRIVATE_CREDIT, cash=100.0, min_capital=0.05, pd=0.02)
    cloud = v.neocloud()
    v.close()
    before = Before(v)
    assert v.run(borrow, cloud, DDTL, 6.0, 60, FLEET_COLLATERAL, 1, -1) == 6.0
    assert lent(v) == [(fund, 6.0), (bank, 1.5)]
    assert terms(v) == {
        "kind": WAREHOUSE, "status": LIVE, "lender": bank, "borrower": fund, "tier": TIER_SECURED,
        "collateral": HOLDINGS_COLLATERAL, "end_user": -1, "for_ai": 0, "amortising": 0, "committed": 0, "made": 9,
        "months": 30, "months_left": 30, "principal": 1.5, "limit": 1.5, "covenant_ltv": 0.0, "amended": -1,
        "rate": near(0.05 + 0.02 * 0.45 + 0.12 * 0.1 + 0.008),
    }  # fmt: skip
    assert before.events() == [(E_LOAN, fund, cloud, 6.0), (E_LOAN, bank, fund, 1.5)]
    v.audit()


def test_a_fund_puts_a_part_of_what_it_lends_on_a_line_not_of_what_was_asked():
    v = Village(warehouse_share=0.25, large_exposure_limit=0.25, rate_choice=0.0)
    bank, fund = v.lender(cash=100.0, ai_limit=20.0), v.lender(subkind=AI_FUND, cash=16.0, min_capital=0.05)
    cloud = v.neocloud()
    v.close()
    # Room for 20 and for 4.
    assert v.run(borrow, cloud, DDTL, 6.0, 60, FLEET_COLLATERAL, 1, -1) == 6.0
    assert lent(v) == [(bank, 5.0), (fund, 1.0), (bank, 0.25)]


@pytest.mark.parametrize(("amount", "got"), [(0.00099, 0.0), (0.001, 0.001)])
def test_crumbs_are_not_lent(amount, got):
    v = Village()
    v.lender(cash=100.0)
    v.close()
    assert v.run(borrow, v.neocloud(), DDTL, amount, 60, FLEET_COLLATERAL, 1, -1) == got


@pytest.mark.parametrize(
    ("kind", "share", "got"), [(NEOCLOUD, 0.7, 3.0), (NEOCLOUD, 0.71, 0.0), (HYPERSCALER, 0.71, 3.0)]
)
def test_no_one_lends_to_a_neocloud_above_the_concentration_cap(kind, share, got):
    v = Village(concentration_cap=0.7)
    v.lender(cash=100.0)
    v.close()
    assert v.run(borrow, v.firm(kind, top_customer=share), DDTL, 3.0, 60, FLEET_COLLATERAL, 1, -1) == got


@pytest.mark.parametrize(("room", "got"), [(128, 3.0), (127, 0.0)])
def test_a_full_table_takes_no_new_loan(room, got):
    v = Village()
    v.lender(cash=100.0)
    cloud = v.neocloud()
    v.market.n_loans = len(v.state.loans) - room
    v.close()
    assert v.run(borrow, cloud, DDTL, 3.0, 60, FLEET_COLLATERAL, 1, -1) == got


def test_only_lenders_in_business_lend_and_none_to_itself():
    v = Village()
    cheap(v, cash=100.0, status=FAILED)
    cheap(v, cash=100.0, status=ABSENT)
    v.hyperscaler(cash=100.0, lending_open=1.0, appetite=1.0, min_capital=0.01, ai_limit=1e6)
    fund = v.lender(subkind=PRIVATE_CREDIT, cash=100.0, min_capital=0.01, pd=0.01)
    bank = v.lender(cash=100.0)
    v.close()
    assert v.run(borrow, fund, DDTL, 3.0, 60, FLEET_COLLATERAL, 1, -1) == 3.0
    assert lent(v) == [(bank, 3.0)]


@pytest.mark.parametrize(
    ("kind", "pd", "by"),
    [
        (BOND, 0.0119, IG_BONDS), (BOND, 0.012, HY_BONDS), (BOND, 0.2, None), (REVOLVER, 0.05, BANK),
        (REVOLVER, 0.1, None), (DDTL, 0.3, PRIVATE_CREDIT), (DDTL, 0.04, SECURITISATION), (DDTL, 0.06, BANK),
    ],
)  # fmt: skip
def test_a_loan_is_made_by_those_who_make_its_kind_at_its_risk(kind, pd, by):
    v = Village(warehouse_share=0.0, syndicate_size=1.0, rate_choice=2e3)
    kinds = (SECURITISATION, IG_BONDS, HY_BONDS, BANK, PRIVATE_CREDIT, SPONSOR)
    rows = {s: v.lender(subkind=s, cash=100.0, min_capital=0.05 + 0.05 * k) for k, s in enumerate(kinds)}
    v.close()
    v.run(borrow, v.neocloud(pd=pd), kind, 3.0, 60, NO_COLLATERAL, 0, -1)
    assert lent(v) == ([] if by is None else [(rows[by], 3.0)])


@pytest.mark.parametrize(("limit", "lends"), [(0.000624, False), (0.000626, True)])
def test_a_lender_leaves_a_loan_alone_of_which_it_could_lend_a_hundredth(limit, lends):
    v = Village(large_exposure_limit=limit)
    bank, cloud = v.lender(cash=80.0, capital_ratio=9.0), v.neocloud()
    v.close()
    before = Before(v)
    # A hundredth of 5 is 0.05, the limit a little below or above it.
    assert v.run(borrow, cloud, DDTL, 5.0, 60, FLEET_COLLATERAL, 1, -1) == (near(limit * 80.0) if lends else 0.0)
    assert lent(v) == ([(bank, limit * 80.0)] if lends else [])
    # It has capital enough: nobody's stress keeps the money from the borrower.
    assert before.hits() == []


def test_a_refusal_for_want_of_capital_is_a_hit_of_the_funding_channel():
    v = Village(large_exposure_limit=0.5)
    closed = cheap(v, cash=50.0, lending_open=0.0)
    short = v.lender(cash=1.0, other_assets=80.0, other_debt=40.0, capital_ratio=0.01, ai_limit=0.0, min_capital=0.09)
    willing, cloud = v.lender(cash=4.0, capital_ratio=9.0), v.neocloud()
    v.close()
    before = Before(v)
    assert v.run(borrow, cloud, DDTL, 8.0, 60, FLEET_COLLATERAL, 1, -1) == 2.0
    assert lent(v) == [(willing, 2.0)]
    assert before.hits() == [(cloud, closed, FUNDING, 3.0), (cloud, short, FUNDING, 3.0)]


@pytest.mark.parametrize(("cash", "hit"), [(15.85, False), (15.83, True)])
def test_who_gets_ninety_nine_hundredths_has_not_been_refused(cash, hit):
    v = Village(large_exposure_limit=0.5)
    closed, _, cloud = cheap(v, cash=50.0, lending_open=0.0), v.lender(cash=cash, capital_ratio=9.0), v.neocloud()
    v.close()
    before = Before(v)
    v.run(borrow, cloud, DDTL, 8.0, 60, FLEET_COLLATERAL, 1, -1)
    assert before.hits() == ([(cloud, closed, FUNDING, 8.0 - cash / 2.0)] if hit else [])


@pytest.mark.parametrize(("amount", "got"), [(8.0, 8.0), (9.0, 8.0)])
def test_a_lender_with_capital_but_no_limit_left_is_no_hit(amount, got):
    v = Village(large_exposure_limit=0.5)
    cheap(v, cash=50.0, ai_limit=0.0, capital_ratio=9.0)
    _, cloud = v.lender(cash=16.0, capital_ratio=9.0), v.neocloud()
    v.close()
    before = Before(v)
    assert v.run(borrow, cloud, DDTL, amount, 60, FLEET_COLLATERAL, 1, -1) == got
    assert before.hits() == []


@pytest.mark.parametrize(
    ("open_", "ratio", "short"), [(0.49, 9.0, True), (0.5, 9.0, False), (1.0, 0.1799, True), (1.0, 0.1801, False)]
)
def test_a_lender_is_short_of_capital_when_closed_or_below_its_buffer(open_, ratio, short):
    v = Village(capital_requirement=1.2, capital_buffer=0.25)
    bank = v.lender(lending_open=open_, capital_ratio=ratio, min_capital=0.12)
    assert bool(v.run(is_short_of_capital, bank)) is short


# --- a fund's line with a bank --------------------------------------------------------------------------------
def test_a_fund_draws_on_banks_by_their_capacity():
    v = Village(large_exposure_limit=0.25, warehouse_tenor=30.0, loan_ticket=4.0, relationship=1.0)
    v.hyperscaler(cash=90.0, lending_open=1.0, appetite=1.0, min_capital=0.1, ai_limit=1e6)
    v.lender(cash=90.0, status=FAILED)
    v.lender(cash=90.0, subkind=SECURITISATION)
    small, big = v.lender(cash=16.0), v.lender(cash=80.0)
    fund = v.lender(subkind=PRIVATE_CREDIT, cash=50.0, pd=0.03)
    v.close()
    before = Before(v)
    assert v.run(draw_warehouse, fund, 6.0) == 6.0
    assert lent(v) == [(small, 1.0), (big, 5.0)]
    assert before.firms() == {
        (SAVERS, "cash"): -6.0, (SAVERS, "other_assets"): 6.0, (small, "funding"): 1.0, (small, "loans_held"): 1.0,
        (big, "funding"): 5.0, (big, "loans_held"): 5.0, (fund, "cash"): 6.0, (fund, "debt"): 6.0,
        (fund, "secured_debt"): 6.0,
    }  # fmt: skip
    v[big].lending_open = 0.0
    assert v.run(draw_warehouse, fund, 8.0) == 3.0
    assert lent(v) == [(small, 4.0), (big, 5.0)]
    v.audit()


@pytest.mark.parametrize(("amount", "got"), [(0.00099, 0.0), (0.001, 0.001)])
def test_a_fund_draws_no_crumbs(amount, got):
    v = Village()
    v.lender(cash=90.0)
    v.close()
    assert v.run(draw_warehouse, v.lender(subkind=PRIVATE_CREDIT), amount) == got


def test_a_bank_refuses_a_line_to_a_risky_fund_and_counts_what_it_is_owed():
    v = Village(bank_risk_limit=0.1, large_exposure_limit=0.25)
    bank, fund = v.lender(cash=11.0), v.lender(subkind=PRIVATE_CREDIT, pd=0.1)
    v.loan(bank, fund, 1.0)
    assert v.run(draw_warehouse, fund, 3.0) == 0.0
    v[fund].pd_long = 0.099
    assert v.run(draw_warehouse, fund, 3.0) == 2.0


# --- hardware -------------------------------------------------------------------------------------------------
def test_a_hyperscaler_issues_bonds_for_hardware_beyond_the_cash_it_keeps():
    v = Village(cash_buffer=2.0, provider_cash_months=9.0, bond_tenor=90.0)
    fund, lab = v.lender(subkind=IG_BONDS, cash=100.0), v.lab()
    # 5 for hardware, two months of 1.5 to keep, 6 at hand.
    hyper = v.hyperscaler(cash=6.0, earnings=1.5, debt_service=0.7, revenue=9.0)
    v.close()
    assert v.run(finance_hardware, hyper, 5.0, lab) == 2.0
    assert terms(v) == terms(v) | {
        "kind": BOND, "lender": fund, "borrower": hyper, "principal": 2.0, "months": 90, "amortising": 0,
        "tier": TIER_UNSECURED, "collateral": NO_COLLATERAL, "end_user": lab, "for_ai": 1,
    }  # fmt: skip
    v.audit()
    v[hyper].earnings = -3.0
    v[hyper].cash = 4.0
    assert v.run(finance_hardware, hyper, 5.0, lab) == 1.0
    v[hyper].cash = 5.0
    assert v.run(finance_hardware, hyper, 5.0, lab) == 0.0


def bonds_of(kind=HYPERSCALER, **columns):
    """Two months of 4 are to be kept and 3 are at hand: 5 are wanted, by a firm that may owe a year of earnings."""
    v = Village(hyperscaler_cash_months=2.0, hyperscaler_debt=1.0, bond_size=2.0, bond_tenor=90.0, backlog_advance=0.0)
    fund = v.lender(subkind=IG_BONDS, cash=100.0)
    usual = {"earnings": 4.0, "cash": 3.0, "other_income": 4.0, "payout": 1.0}
    issuers = [v.firm(kind, **(usual | columns)), v.hyperscaler(**(usual | {"cash": 5.0}))]
    v.close()
    return v, fund, issuers


def test_hyperscalers_issue_bonds_ahead_of_what_they_ordered():
    v, fund, (first, second) = bonds_of()
    v.run(issue_bonds)
    assert [(int(x.borrower), near(float(x.principal))) for x in v.rows("loans")] == [(first, 5.0), (second, 3.0)]
    assert terms(v, 0) == terms(v, 0) | {
        "kind": BOND, "lender": fund, "borrower": first, "months": 90, "amortising": 0, "tier": TIER_UNSECURED,
        "collateral": NO_COLLATERAL, "end_user": -1, "for_ai": 1,
    }  # fmt: skip
    assert v[first].cash == near(8.0)
    v.audit()
    v.run(issue_bonds)
    assert v.market.n_loans == 2


@pytest.mark.parametrize(("status", "owed"), [(ACTIVE, 0.72), (FAILED, 0.0)])
def test_neoclouds_issue_unsecured_notes_towards_their_target_debt(status, owed):
    v = Village(cloud_debt=4.0, cloud_leverage_speed=0.3, bond_spacing=1.0, bond_tenor=90.0, loan_tenor=50.0)
    fund = v.lender(subkind=HY_BONDS, cash=100.0)
    cloud = v.neocloud(earnings=0.6, status=status)
    v.close()
    v.run(issue_bonds)
    # 0.3 a year of the way to 28.8, a month's part of it.
    assert float(v[cloud].debt) == near(owed)
    if owed:
        assert terms(v, 0) == terms(v, 0) | {
            "kind": BOND, "lender": fund, "borrower": cloud, "months": 90, "amortising": 0, "tier": TIER_UNSECURED,
            "collateral": NO_COLLATERAL, "end_user": -1, "for_ai": 1, "committed": 1,
        }  # fmt: skip
    v.audit()


@pytest.mark.parametrize("columns", [{"kind": NEOCLOUD}, {"kind": VENDOR}, {"status": FAILED}])
def test_others_and_failed_hyperscalers_issue_none(columns):
    v, _, (_, second) = bonds_of(columns.pop("kind", HYPERSCALER), **columns)
    v.run(issue_bonds)
    assert [int(x.borrower) for x in v.rows("loans")] == [second]


def test_a_project_borrows_against_its_hardware_what_its_money_does_not_cover():
    v = Village(max_ltv=0.8, loan_to_cost=0.5, loan_tenor=50.0, max_tenor=70.0, provider_cash_months=2.0)
    bank, lab = v.lender(cash=100.0), v.lab()
    project = v.project(cash=3.0, debt_service=0.5, earnings=9.0, sites=9.0)
    v.close()
    assert v.run(finance_hardware, project, 6.0, lab) == 3.5
    assert terms(v) == terms(v) | {
        "kind": DDTL, "lender": bank, "borrower": project, "principal": 3.5, "months": 50, "amortising": 1,
        "tier": TIER_SECURED, "collateral": FLEET_COLLATERAL, "end_user": lab, "for_ai": 1,
    }  # fmt: skip
    v[project].cash = 6.5
    assert v.run(finance_hardware, project, 6.0, lab) == 0.0


def test_a_project_borrows_no_more_than_its_collateral_carries():
    v = Village(max_ltv=0.75)
    bank, project = v.lender(cash=100.0), v.project(cash=1.0, sites=4.0, deposits_out=1.0)
    v.loan(bank, project, 4.0, collateral=SITE_COLLATERAL)
    v.loan(bank, project, 9.0)
    # Collateral 4 of sites and 1 of cash, and 7 - 1 of hardware: three quarters of 11 less 4.
    assert v.run(finance_hardware, project, 7.0, -1) == near(4.25)


def cloud_of(v, rent=1.0, **columns):
    """A neocloud whose contracts carry a debt of 40 times its rent less cost, with no interest reckoned."""
    v.market.base_rate = 0.0
    return v.neocloud(**({"pd": 0.0, "promised_rent": rent, "fleet_mark": 200.0} | columns))


CAPACITY = {"lending_margin": 0.0, "lending_cover": 1.25, "loan_tenor": 50.0}


@pytest.mark.parametrize(
    ("parameters", "rent", "borrowed"),
    [
        ({"loan_to_cost": 0.6, "max_ltv": 0.9}, 1.0, 3.0),
        ({"loan_to_cost": 0.1, "max_ltv": 0.9}, 1.0, 0.5),
        ({"loan_to_cost": 0.6, "max_ltv": 0.5}, 1.0, 2.5),
        ({"loan_to_cost": 0.6, "max_ltv": 0.9}, 0.35, 2.0),
        ({"loan_to_cost": 0.6, "max_ltv": 0.9}, 0.3, 0.0),
        ({"loan_to_cost": 0.6, "max_ltv": 0.9}, 0.2, 0.0),
    ],
)
def test_a_neocloud_borrows_for_hardware_within_its_cost_and_its_contracts(parameters, rent, borrowed):
    v = Village(**CAPACITY, **parameters)
    bank, lab = v.lender(cash=100.0), v.lab()
    cloud = cloud_of(v, rent, cash=50.0)
    v.loan(bank, cloud, 12.0)
    assert v.run(finance_hardware, cloud, 5.0, lab) == near(borrowed)
    if borrowed:
        assert terms(v) == terms(v) | {
            "kind": DDTL, "lender": bank, "borrower": cloud, "months": 50, "amortising": 1, "end_user": lab,
            "tier": TIER_SECURED, "collateral": FLEET_COLLATERAL,
        }  # fmt: skip


def test_a_neocloud_borrows_for_hardware_within_its_collateral():
    v = Village(**CAPACITY, max_ltv=0.9, max_tenor=36.0)
    bank = v.lender(cash=100.0)
    cloud = cloud_of(v, 1.0, fleet_mark=6.0)
    v.loan(bank, cloud, 8.0, collateral=FLEET_COLLATERAL)
    # Nine tenths of 6 and 5, less 8.
    assert v.run(finance_hardware, cloud, 5.0, -1) == near(1.9)
    assert terms(v)["months"] == 36


# --- refinancing ----------------------------------------------------------------------------------------------
def test_a_neocloud_rolls_secured_debt_into_a_loan_on_its_fleet():
    v = Village(**CAPACITY, max_ltv=0.5)
    v.market.month = 3
    bank, lab = v.lender(cash=200.0), v.lab()
    cloud = cloud_of(v, fleet_mark=12.0, sites=8.0)
    old = v.loan(bank, cloud, 9.0, collateral=SITE_COLLATERAL)
    # Half of 20, less 9 that stand, and the 4 of them that this loan replaces.
    assert v.run(refinance, cloud, 4.0, 4.0, 1, 0, lab) == 4.0
    assert terms(v) == terms(v) | {
        "kind": DDTL, "lender": bank, "borrower": cloud, "principal": 4.0, "months": 50, "amortising": 1, "for_ai": 0,
        "tier": TIER_SECURED, "collateral": FLEET_COLLATERAL, "end_user": lab, "made": 3,
    }  # fmt: skip
    assert v.state.loans[old].for_ai == 1
    v.audit()


def test_unsecured_debt_finds_only_the_collateral_that_is_free():
    v = Village(**CAPACITY, max_ltv=0.5, bond_tenor=90.0, max_tenor=240.0)
    bank, bonds, lab = v.lender(cash=200.0), v.lender(subkind=HY_BONDS, cash=200.0), v.lab()
    cloud = cloud_of(v, fleet_mark=8.0, sites=12.0)
    v.loan(bank, cloud, 9.0, collateral=SITE_COLLATERAL)
    assert v.run(refinance, cloud, 4.0, 4.0, 0, 0, lab) == 4.0
    secured, bond = terms(v, 1), terms(v, 2)
    assert secured == secured | {
        "kind": DDTL, "lender": bank, "principal": 1.0, "tier": TIER_SECURED, "collateral": SITE_COLLATERAL,
        "amortising": 1, "for_ai": 0, "end_user": lab, "months": 50,
    }  # fmt: skip
    assert bond == bond | {
        "kind": BOND, "lender": bonds, "principal": 3.0, "tier": TIER_UNSECURED, "collateral": NO_COLLATERAL,
        "amortising": 0, "for_ai": 0, "end_user": lab, "months": 90,
    }  # fmt: skip


def test_a_policy_cap_on_terms_binds_secured_loans_and_five_years_later_bonds():
    v = Village(**CAPACITY, max_ltv=0.5, bond_tenor=90.0, max_tenor=20.0)
    bank = v.lender(cash=200.0)
    v.lender(subkind=HY_BONDS, cash=200.0)
    cloud = cloud_of(v, fleet_mark=8.0, sites=12.0)
    v.loan(bank, cloud, 9.0, collateral=SITE_COLLATERAL)
    v.run(refinance, cloud, 4.0, 4.0, 0, 1, -1)
    assert [terms(v, r)["months"] for r in (1, 2)] == [20, 80]
    assert [terms(v, r)["for_ai"] for r in (1, 2)] == [1, 1]


@pytest.mark.parametrize(("debt", "loans"), [(9.59, [DDTL, BOND]), (9.61, [BOND])])
def test_collateral_for_less_than_a_tenth_is_left_alone(debt, loans):
    v = Village(**CAPACITY, max_ltv=0.5)
    bank = v.lender(cash=200.0)
    v.lender(subkind=HY_BONDS, cash=200.0)
    cloud = cloud_of(v, fleet_mark=8.0, sites=12.0)
    v.loan(bank, cloud, debt, collateral=SITE_COLLATERAL)
    assert v.run(refinance, cloud, 4.0, 4.0, 0, 1, -1) == near(4.0)
    assert [terms(v, r)["kind"] for r in range(1, int(v.market.n_loans))] == loans


@pytest.mark.parametrize(("amount", "replaced", "got"), [(30.0, 0.0, 28.0), (30.0, 1.5, 29.5), (5.0, 1.5, 5.0)])
def test_a_neocloud_refinances_within_what_its_contracts_carry(amount, replaced, got):
    v = Village(**CAPACITY)
    bank, cloud = v.lender(cash=300.0), cloud_of(v)
    v.loan(bank, cloud, 12.0)
    assert v.run(refinance, cloud, amount, replaced, 0, 1, -1) == near(got)


def test_a_neocloud_beyond_its_capacity_refinances_nothing():
    v = Village(**CAPACITY)
    bank, cloud = v.lender(cash=300.0), cloud_of(v, rent=0.2)
    v.loan(bank, cloud, 12.0)
    assert v.run(refinance, cloud, 5.0, 0.0, 0, 1, -1) == 0.0
    assert len(v.rows("loans")) == 1


def test_a_hyperscaler_rolls_its_debt_into_bonds_whatever_it_owns():
    v = Village(bond_tenor=90.0)
    bonds, bank = v.lender(subkind=IG_BONDS, cash=200.0), v.lender(cash=200.0)
    hyper = v.hyperscaler(fleet_mark=50.0, sites=60.0, promised_rent=0.0)
    v.loan(bank, hyper, 3.0)
    assert v.run(refinance, hyper, 5.0, 3.0, 0, 0, -1) == 5.0
    assert lent(v)[1:] == [(bonds, 5.0)]
    assert terms(v) == terms(v) | {"kind": BOND, "months": 90, "for_ai": 0, "amortising": 0}


@pytest.mark.parametrize(
    ("fleet", "sites", "collateral", "amortising"),
    [(12.0, 8.0, FLEET_COLLATERAL, 1), (8.0, 12.0, SITE_COLLATERAL, 0), (10.0, 10.0, SITE_COLLATERAL, 0)],
)
def test_a_project_rolls_into_a_project_loan_and_a_bullet_on_sites(fleet, sites, collateral, amortising):
    v = Village(max_ltv=0.5, project_tenor=70.0, loan_tenor=50.0)
    bank, lab = v.lender(cash=200.0), v.lab()
    project = v.project(fleet_mark=fleet, sites=sites)
    v.loan(bank, project, 6.0, collateral=SITE_COLLATERAL)
    assert v.run(refinance, project, 6.0, 6.0, 1, 1, lab) == 6.0
    assert terms(v) == terms(v) | {
        "kind": PROJECT, "lender": bank, "borrower": project, "principal": 6.0, "months": 70,
        "amortising": amortising, "collateral": collateral, "tier": TIER_SECURED, "end_user": lab, "for_ai": 1,
    }  # fmt: skip


def test_a_neoclouds_loan_on_its_sites_is_repaid_in_parts():
    v = Village(**CAPACITY)
    v.lender(cash=200.0)
    cloud = cloud_of(v, fleet_mark=1.0, sites=90.0)
    v.close()
    v.run(refinance, cloud, 6.0, 0.0, 0, 1, -1)
    assert (terms(v)["collateral"], terms(v)["amortising"]) == (SITE_COLLATERAL, 1)


def test_a_funds_own_line_stays_its_own_when_a_borrower_rolls_over():
    v = Village(**CAPACITY, warehouse_share=0.25, syndicate_size=1.0, rate_choice=2e3)
    v.lender(cash=200.0)
    fund = v.lender(subkind=PRIVATE_CREDIT, cash=200.0, min_capital=0.05)
    v.close()
    v.run(refinance, cloud_of(v), 4.0, 4.0, 0, 1, -1)
    assert [(terms(v, r)["lender"] == fund, terms(v, r)["for_ai"]) for r in (0, 1)] == [(True, 1), (False, 0)]


# --- early refinancing ----------------------------------------------------------------------------------------
def maturing(v, **columns):
    """A bond of 3 bn of a hyperscaler, five months from its end."""
    old, new = v.lender("old", subkind=IG_BONDS, cash=1.0), v.lender("new", subkind=IG_BONDS, cash=80.0)
    hyper, lab = v.hyperscaler(cash=1.0), v.lab()
    row = v.loan(old, hyper, 3.0, **({"months": 60, "months_left": 5, "for_ai": 0, "end_user": lab} | columns))
    v[old].lending_open = 0.0
    return old, new, hyper, lab, row


def test_a_bullet_is_rolled_over_before_it_matures():
    v = Village(refinance_ahead=5.0, bond_tenor=90.0)
    old, new, hyper, lab, row = maturing(v)
    before = Before(v)
    v.run(refinance_early)
    assert before.flows() == {
        (F_FUNDING, OUTSIDE, LENDER): 3.0, (F_LENDING, LENDER, HYPERSCALER): 3.0,
        (F_PRINCIPAL, HYPERSCALER, LENDER): 3.0,
    }  # fmt: skip
    assert before.firms() == {
        (SAVERS, "cash"): -3.0, (SAVERS, "other_assets"): 3.0, (new, "funding"): 3.0, (new, "loans_held"): 3.0,
        (old, "cash"): 3.0, (old, "loans_held"): -3.0, (hyper, "bonds"): 3.0,
    }  # fmt: skip
    assert v.state.loans[row].principal == 0.0
    assert terms(v) == terms(v) | {
        "kind": BOND, "lender": new, "borrower": hyper, "principal": 3.0, "months": 90, "for_ai": 0, "end_user": lab,
    }  # fmt: skip
    v.audit()


@pytest.mark.parametrize(
    ("columns", "rolled"),
    [
        ({"months_left": 6}, False), ({"months_left": 5}, True), ({"months_left": 2}, True),
        ({"months_left": 1}, False), ({"months": 5, "months_left": 3}, False), ({"months": 6, "months_left": 3}, True),
        ({"amortising": 1}, False), ({"status": ENDED}, False), ({"kind": PROJECT}, True), ({"kind": DDTL}, False),
        ({"kind": REVOLVER}, False), ({"for_ai": 1}, True),
    ],
)  # fmt: skip
def test_only_bonds_and_project_loans_near_their_end_are_rolled_over(columns, rolled):
    v = Village(refinance_ahead=5.0)
    *_, row = maturing(v, **columns)
    v.run(refinance_early)
    assert v.state.loans[row].principal == (0.0 if rolled else 3.0)
    assert len(v.rows("loans")) == (2 if rolled else 1)
    if rolled:
        assert terms(v)["for_ai"] == columns.get("for_ai", 0)


@pytest.mark.parametrize("who", [0, 2])
def test_no_loan_of_or_to_the_failed_is_rolled_over(who):
    v = Village(refinance_ahead=5.0)
    parties = maturing(v)
    v[parties[who]].status = FAILED
    v.run(refinance_early)
    assert len(v.rows("loans")) == 1


def test_what_new_lenders_do_not_give_stays_with_the_old():
    v = Village(refinance_ahead=5.0, large_exposure_limit=0.025)
    *_, row = maturing(v)
    v.run(refinance_early)
    assert v.state.loans[row].principal == 1.0
    assert lent(v)[1][1] == 2.0


def test_a_repaid_bond_is_not_rolled_over():
    v = Village(refinance_ahead=5.0)
    *_, row = maturing(v)
    v.state.loans[row].principal = 0.0
    v.run(refinance_early)
    assert len(v.rows("loans")) == 1


@pytest.mark.parametrize(("collateral", "left"), [(SITE_COLLATERAL, 0.0), (HOLDINGS_COLLATERAL, 0.0)])
def test_the_new_loan_takes_over_the_collateral_of_the_old(collateral, left):
    v = Village(refinance_ahead=5.0, max_ltv=0.5)
    bank = v.lender(cash=80.0)
    project, lab = v.project(sites=6.0), v.lab()
    old = v.loan(bank, project, 3.0, months_left=4, kind=PROJECT, collateral=collateral, end_user=lab)
    v.run(refinance_early)
    assert v.state.loans[old].principal == left
    assert terms(v) == terms(v) | {
        "kind": PROJECT, "principal": 3.0, "collateral": SITE_COLLATERAL, "tier": TIER_SECURED, "end_user": lab,
    }  # fmt: skip


def test_unsecured_debt_of_a_project_takes_over_no_collateral():
    v = Village(refinance_ahead=5.0, max_ltv=0.5)
    bank, bonds = v.lender(cash=80.0), v.lender(subkind=HY_BONDS, cash=80.0)
    project = v.project(sites=6.0)
    v.loan(bank, project, 3.0, collateral=SITE_COLLATERAL)
    v.loan(bank, project, 2.0, months_left=4)
    v.run(refinance_early)
    assert lent(v)[2:] == [(bonds, 2.0)]
    assert terms(v)["kind"] == BOND


def test_in_one_month_no_more_loans_are_made_than_four_a_firm_and_a_little():
    v = Village(refinance_ahead=5.0, draw_period=0.0)
    hyper = v.hyperscaler()
    v.lender(subkind=IG_BONDS, cash=900.0)
    firms = int(v.market.n_firms)
    for _ in range(4 * firms + 3):
        v.loan(firms - 1, hyper, 0.5, months_left=4)
    old = int(v.market.n_loans)
    v.run(refinance_early)
    assert int(v.market.n_loans) - old == 4 * firms + 1


# --- bank lines -----------------------------------------------------------------------------------------------
LINES = {"revolver_share": 0.1, "revolver_tenor": 30.0, "line_trust": 0.03}


def test_a_neocloud_keeps_a_line_of_a_tenth_of_a_years_revenue_with_the_cheapest_bank():
    v = Village(**LINES)
    v.market.month = 6
    v.lender(cash=100.0)
    bank = cheap(v, cash=100.0)
    cheap(v, cash=100.0)
    cloud = v.neocloud(revenue=5.0, earnings=2.0, pd=0.029)
    v.close()
    before = Before(v)
    v.run(arrange_lines)
    assert terms(v) == {
        "kind": REVOLVER, "status": LIVE, "lender": bank, "borrower": cloud, "tier": TIER_UNSECURED,
        "collateral": NO_COLLATERAL, "end_user": -1, "for_ai": 1, "amortising": 0, "committed": 1, "made": 6,
        "months": 30, "months_left": 30, "principal": 0.0, "limit": near(6.0), "covenant_ltv": 0.0, "amended": -1,
        "rate": near(0.05 + 0.029 * 0.6 + 0.12 * 0.08 + 0.008),
    }  # fmt: skip
    assert len(v.rows("loans")) == 1
    assert before.firms() == before.flows() == {}
    assert before.events() == []


@pytest.mark.parametrize(("pd", "committed"), [(0.0299, 1), (0.03, 0)])
def test_a_bank_may_call_the_line_of_whom_it_doubts(pd, committed):
    v = Village(**LINES)
    v.lender(cash=100.0)
    v.neocloud(revenue=5.0, pd=pd)
    v.close()
    v.run(arrange_lines)
    assert terms(v)["committed"] == committed


@pytest.mark.parametrize(
    ("columns", "limit"),
    [
        ({"kind": HYPERSCALER}, 6.0), ({"kind": LAB}, 6.0), ({"kind": LAB, "parent": 0}, None),
        ({"kind": HYPERSCALER, "earnings": 8.0}, 9.6), ({"kind": VENDOR}, None),
    ],
)  # fmt: skip
def test_labs_and_clouds_keep_lines_of_what_they_take_in_or_earn(columns, limit):
    v = Village(**LINES)
    v.lender(cash=100.0)
    v.firm(**({"revenue": 5.0, "earnings": 2.0} | columns))
    v.close()
    v.run(arrange_lines)
    assert [float(loan.limit) for loan in v.rows("loans")] == ([] if limit is None else [near(limit)])


def test_a_bank_looks_years_ahead_when_it_commits_itself():
    v = Village(**LINES)
    v.lender(cash=100.0)
    v.neocloud(revenue=5.0, pd=0.001, pd_long=0.031)
    v.close()
    v.run(arrange_lines)
    assert terms(v)["committed"] == 0


def test_a_line_lasts_a_month_at_least():
    v = Village(**(LINES | {"revolver_tenor": 0.5}))
    v.lender(cash=100.0)
    v.neocloud(revenue=5.0)
    v.close()
    v.run(arrange_lines)
    assert terms(v)["months"] == 1


@pytest.mark.parametrize(
    "columns",
    [{"revenue": 0.0083}, {"top_customer": 0.71}, {"pd": 0.1}, {"status": FAILED}, {"kind": VEHICLE}],
)
def test_who_is_small_or_dependent_or_risky_or_failed_or_a_project_has_no_line(columns):
    v = Village(**LINES, concentration_cap=0.7)
    v.lender(cash=100.0)
    v.firm(**({"kind": NEOCLOUD, "revenue": 5.0} | columns))
    v.close()
    v.run(arrange_lines)
    assert len(v.rows("loans")) == 0


def test_who_is_just_large_enough_and_just_independent_enough_has_a_line():
    v = Village(**LINES, concentration_cap=0.7)
    v.lender(cash=100.0)
    v.neocloud(revenue=0.0084, top_customer=0.7)
    v.close()
    v.run(arrange_lines)
    assert len(v.rows("loans")) == 1


def test_lines_can_be_switched_off():
    v = Village(**(LINES | {"revolver_share": 0.0}))
    v.lender(cash=100.0)
    v.neocloud(revenue=5.0)
    v.run(arrange_lines)
    assert len(v.rows("loans")) == 0


@pytest.mark.parametrize(
    ("columns", "new"),
    [
        ({"kind": REVOLVER, "months_left": 2}, 0), ({"kind": REVOLVER, "months_left": 1}, 1),
        ({"kind": REVOLVER, "status": ENDED}, 1), ({"kind": WAREHOUSE}, 1), ({"kind": DDTL}, 1),
    ],
)  # fmt: skip
def test_one_line_at_a_time(columns, new):
    v = Village(**LINES)
    bank, other = v.lender(cash=100.0), v.neocloud(revenue=0.0)
    cloud = v.neocloud(revenue=5.0)
    v.loan(bank, other, 0.0, kind=REVOLVER)
    v.loan(bank, cloud, 0.0, **columns)
    v.state.work_space[0, cloud] = 1.0
    v.run(arrange_lines)
    assert len(v.rows("loans")) - 2 == new
    assert not new or terms(v)["borrower"] == cloud


@pytest.mark.parametrize(
    "columns", [{"status": FAILED}, {"subkind": PRIVATE_CREDIT}, {"cash": 23.9}, {"lending_open": 0.0}]
)
def test_a_line_is_given_whole_by_a_bank_in_business_or_not_at_all(columns):
    v = Village(**LINES, large_exposure_limit=0.25)
    v.firm(HYPERSCALER, cash=100.0, lending_open=1.0, appetite=1.0, min_capital=0.05, ai_limit=1e6)
    cheap(v, **({"cash": 100.0} | columns))
    bank = v.lender(cash=24.1)
    v.neocloud(revenue=5.0)
    v.close()
    v.run(arrange_lines)
    assert lent(v) == [(bank, 0.0)]


def test_what_a_bank_is_owed_counts_against_a_line():
    v = Village(**LINES, large_exposure_limit=0.25)
    bank, cloud = v.lender(cash=24.5), v.neocloud(revenue=5.0)
    v.loan(bank, cloud, 0.2)
    v.run(arrange_lines)
    # Its capital is 24.7, its limit 6.175, of which 5.975 are free.
    assert len(v.rows("loans")) == 1
