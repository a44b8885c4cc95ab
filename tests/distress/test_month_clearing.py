"""The clearing of a month: who is paid when some cannot pay, by hand on three to five firms."""

import math

import numpy as np
from differences import differences, near
from village import Village

from abm.contagion.rows import _residual, clear_rows, clearing_scratch
from abm.distress.clearing import clearing, run_off
from abm.engine import tables as ec
from abm.instruments.due import add_due, flow_of, post_payment
from abm.rules import interpreted

OPERATING, SECURED, UNSECURED = ec.TIER_OPERATING, ec.TIER_SECURED, ec.TIER_UNSECURED


# --- the core ---------------------------------------------------------------------------------------------
def cleared(rows, cash, alpha=1.0, beta=1.0, tiers=3):
    """Payments and rounds of default for (debtor, creditor, tier, amount); a last row is not counted."""
    rows = [*rows, (0, 1, 0, 1000.0)]
    debtor, creditor, tier = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    amount, money = np.array([row[3] for row in rows], float), np.array(cash, float)
    paid, fell = np.full(len(rows), 99.0), np.full(len(cash), 9, np.int64)
    scratch = clearing_scratch(len(cash), len(rows), tiers)
    for array in scratch:
        array[...] = 7
    residual = interpreted(clear_rows)(
        debtor, creditor, tier, amount, len(rows) - 1, money, alpha, beta, scratch, paid, fell
    )  # fmt: skip
    assert residual < 1e-12
    assert paid[-1] == 99.0
    received = [sum(paid[r] for r in range(len(rows) - 1) if creditor[r] == i) for i in range(len(cash))]
    assert scratch.inflow.tolist() == near(received)
    return near(paid[:-1].tolist()), fell.tolist()


def test_who_has_exactly_enough_pays_in_full_and_who_lacks_a_cent_fails():
    assert cleared([(0, 1, 0, 5.0)], [5.0, 0.0]) == ([5.0], [0, 0])
    assert cleared([(0, 1, 0, 5.0)], [4.99, 0.0]) == ([4.99], [1, 0])


def test_rounding_is_no_default():
    assert cleared([(0, 1, 0, 5.0)], [5.0 * (1.0 - 5e-14), 0.0])[1] == [0, 0]
    assert cleared([(0, 1, 0, 5.0)], [5.0 * (1.0 - 7e-14), 0.0])[1] == [1, 0]


def test_what_comes_in_pays_what_goes_out():
    assert cleared([(0, 1, 0, 5.0), (1, 2, 0, 6.0)], [5.0, 1.0, 0.0]) == ([5.0, 6.0], [0, 0, 0])


def test_a_shortfall_is_shared_in_proportion_within_a_tier():
    assert cleared([(0, 1, 2, 6.0), (0, 2, 2, 2.0)], [4.0, 0.0, 0.0]) == ([3.0, 1.0], [1, 0, 0])


def test_a_senior_tier_is_paid_before_the_next():
    rows = [(0, 1, 2, 4.0), (0, 2, 1, 3.0), (0, 3, 0, 2.0)]
    assert cleared(rows, [8.0, 0, 0, 0]) == ([3.0, 3.0, 2.0], [1, 0, 0, 0])
    assert cleared(rows, [5.0, 0, 0, 0]) == ([0.0, 3.0, 2.0], [1, 0, 0, 0])
    assert cleared(rows, [3.5, 0, 0, 0]) == ([0.0, 1.5, 2.0], [1, 0, 0, 0])
    assert cleared(rows, [0.5, 0, 0, 0]) == ([0.0, 0.0, 0.5], [1, 0, 0, 0])
    assert cleared(rows, [0.0, 0, 0, 0]) == ([0.0, 0.0, 0.0], [1, 0, 0, 0])


def test_bankruptcy_takes_its_parts_of_cash_and_of_what_comes_in():
    # Firm 1 has 4 and gets 10: half of the one and four fifths of the other reach firm 2.
    rows = [(0, 1, 0, 10.0), (1, 2, 1, 20.0)]
    assert cleared(rows, [10.0, 4.0, 0.0], alpha=0.5, beta=0.8) == ([10.0, 10.0], [0, 1, 0])
    # 0.5 * 4 + 0.8 * 10 = 10 serves a senior 9 and 1 of what comes after it.
    senior = [(0, 1, 0, 10.0), (1, 2, 0, 9.0), (1, 3, 2, 20.0)]
    assert cleared(senior, [10.0, 4.0, 0, 0], alpha=0.5, beta=0.8) == ([10.0, 9.0, 1.0], [0, 1, 0, 0])
    # Who can pay loses nothing.
    assert cleared(rows, [10.0, 10.0, 0.0], alpha=0.5, beta=0.8) == ([10.0, 20.0], [0, 0, 0])


def test_the_tier_in_which_an_estate_runs_out_is_found_after_the_cost_of_bankruptcy():
    rows = [(0, 1, 0, 3.0), (0, 2, 2, 5.0)]
    assert cleared(rows, [4.0, 0.0, 0.0], alpha=0.5) == ([2.0, 0.0], [1, 0, 0])
    # The same 4 as inflow, a half of which is lost.
    rows = [(1, 0, 0, 4.0), (0, 1, 0, 3.0), (0, 2, 2, 5.0)]
    assert cleared(rows, [0.0, 4.0, 0.0], beta=0.5) == ([4.0, 2.0, 0.0], [1, 0, 0])


def test_a_failed_firm_pays_out_what_all_its_debtors_paid_it():
    # Firms 0 and 1 pay 3 and 2, firm 2 has 1 and owes 10.
    rows = [(0, 2, 0, 3.0), (1, 2, 0, 2.0), (2, 3, 0, 10.0)]
    assert cleared(rows, [3.0, 2.0, 1.0, 0.0]) == ([3.0, 2.0, 6.0], [0, 0, 1, 0])


def test_seniors_of_a_failed_firm_pass_on_what_they_got_in_full():
    # Firm 0 has 5: its seniors get 1 and 3, its junior 1 of 10. Firm 1 has 2 and gets the 4.
    rows = [(0, 1, 0, 1.0), (0, 1, 0, 3.0), (0, 2, 2, 10.0), (1, 2, 0, 20.0)]
    assert cleared(rows, [5.0, 2.0, 0.0]) == ([1.0, 3.0, 1.0, 6.0], [1, 1, 0])


def test_a_default_that_brings_down_the_next_is_a_round_later():
    # 0 pays 6 of 10; 1 has 3 + 6 of 10; 2 has 0.5 + 9 of 10; 3 has 2 + 9.5 of 10 and stands.
    rows = [(0, 1, 0, 10.0), (1, 2, 0, 10.0), (2, 3, 0, 10.0), (3, 4, 0, 10.0)]
    assert cleared(rows, [6.0, 3.0, 0.5, 2.0, 0.0]) == ([6.0, 9.0, 9.5, 10.0], [1, 2, 3, 0, 0])


def test_losses_in_a_cascade_grow_with_the_cost_of_bankruptcy():
    # 0: 0.9 * 6 = 5.4; 1: 0.9 * (3 + 5.4) = 7.56; 2: 2 + 7.56 of 9.5 is enough.
    rows = [(0, 1, 0, 10.0), (1, 2, 0, 10.0), (2, 3, 0, 9.5)]
    assert cleared(rows, [6.0, 3.0, 2.0, 0.0], alpha=0.9, beta=0.9) == ([5.4, 7.56, 9.5], [1, 2, 0, 0])


def test_two_that_owe_each_other_are_solved_at_once():
    # 0 owes 6 to 1 and 4 to 2; 1 owes 8 to 0 and 2 to 2. x = 1 + 0.8 y, y = 2 + 0.6 x.
    rows = [(0, 1, 0, 6.0), (0, 2, 0, 4.0), (1, 0, 0, 8.0), (1, 2, 0, 2.0)]
    x, y = 5.0, 5.0
    assert (x, y) == (1 + 0.8 * y, 2 + 0.6 * x)
    assert cleared(rows, [1.0, 2.0, 0.0]) == ([3.0, 2.0, 4.0, 1.0], [1, 1, 0])


def test_two_that_owe_each_other_with_a_cost_of_bankruptcy():
    # x = 0.8 + 0.64 y, y = 1.6 + 0.48 x: x = 1.824 / 0.6928, y = 1.984 / 0.6928.
    rows = [(0, 1, 0, 6.0), (0, 2, 0, 4.0), (1, 0, 0, 8.0), (1, 2, 0, 2.0)]
    x, y = 1.824 / 0.6928, 1.984 / 0.6928
    paid, fell = cleared(rows, [1.0, 2.0, 0.0], alpha=0.8, beta=0.8)
    assert paid == [0.6 * x, 0.4 * x, 0.8 * y, 0.2 * y]
    assert fell == [1, 1, 0]


def test_three_that_owe_round_a_circle_with_a_leak_each():
    # 0 owes 5 to 1 and 5 out; 1 owes 8 to 2 and 2 out; 2 owes 4 to 0 and 6 out.
    # x = 1 + 0.4 z, y = 2 + 0.5 x, z = 1.5 + 0.8 y: x = (1 + 0.6 + 0.64) / 0.84.
    rows = [(0, 1, 0, 5.0), (0, 3, 0, 5.0), (1, 2, 0, 8.0), (1, 3, 0, 2.0), (2, 0, 0, 4.0), (2, 3, 0, 6.0)]
    x = 2.24 / 0.84
    y = 2 + 0.5 * x
    z = 1.5 + 0.8 * y
    paid, fell = cleared(rows, [1.0, 2.0, 1.5, 0.0])
    assert paid == [0.5 * x, 0.5 * x, 0.8 * y, 0.2 * y, 0.4 * z, 0.6 * z]
    assert fell == [1, 1, 1, 0]


def test_three_that_all_owe_each_other():
    # Each owes 10: a to b 3, to c 2, out 5; b to a 4, to c 4, out 2; c to a 1, to b 6, out 3.
    # a = 1 + .4 b + .1 c, b = 2 + .3 a + .6 c, c = 0.5 + .2 a + .4 b.
    solution = np.linalg.solve([[1, -0.4, -0.1], [-0.3, 1, -0.6], [-0.2, -0.4, 1]], [1.0, 2.0, 0.5])
    a, b, c = solution.tolist()
    rows = [
        (0, 1, 0, 3.0), (0, 2, 0, 2.0), (0, 3, 0, 5.0), (1, 0, 0, 4.0), (1, 2, 0, 4.0), (1, 3, 0, 2.0),
        (2, 0, 0, 1.0), (2, 1, 0, 6.0), (2, 3, 0, 3.0),
    ]  # fmt: skip
    paid, fell = cleared(rows, [1.0, 2.0, 0.5, 0.0])
    shares = [0.3 * a, 0.2 * a, 0.5 * a, 0.4 * b, 0.4 * b, 0.2 * b, 0.1 * c, 0.6 * c, 0.3 * c]
    assert paid == shares
    # Firm 1 has 2 and claims of 9: it falls only once the others have.
    assert fell == [1, 2, 1, 0]


def test_a_closed_circle_without_a_leak_pays_in_full():
    assert cleared([(0, 1, 0, 5.0), (1, 0, 0, 5.0)], [0.0, 0.0]) == ([5.0, 5.0], [0, 0])


def test_what_a_firm_owes_itself_costs_it_nothing_to_pay():
    # 0 owes 4 to itself and 8 to 1, and has 2: x = 2 + x / 3 is 3.
    assert cleared([(0, 0, 0, 4.0), (0, 1, 0, 8.0)], [2.0, 0.0]) == ([1.0, 2.0], [1, 0])


def test_a_hole_in_the_cash_is_filled_first():
    rows = [(0, 1, 0, 10.0), (1, 2, 0, 10.0)]
    assert cleared(rows, [10.0, -4.0, 0.0]) == ([10.0, 6.0], [0, 1, 0])
    assert cleared(rows, [10.0, -12.0, 0.0]) == ([10.0, 0.0], [0, 1, 0])


def test_who_owes_nothing_never_fails():
    assert cleared([(0, 1, 0, 10.0)], [10.0, -4.0]) == ([10.0], [0, 0])


def test_inflow_that_falls_moves_the_tier_where_an_estate_runs_out():
    # 0 pays 2 of 8. With 8 firm 1 would serve its senior 5 and 3 of 4 junior; with 2 it serves 2 of the senior.
    rows = [(0, 1, 0, 8.0), (1, 2, 0, 5.0), (1, 3, 2, 4.0)]
    assert cleared(rows, [2.0, 0.0, 0.0, 0.0]) == ([2.0, 2.0, 0.0], [1, 1, 0, 0])
    assert cleared(rows, [2.0, 3.0, 0.0, 0.0]) == ([2.0, 5.0, 0.0], [1, 2, 0, 0])
    assert cleared(rows, [2.0, 4.0, 0.0, 0.0]) == ([2.0, 5.0, 1.0], [1, 2, 0, 0])


def test_juniors_of_two_failed_firms_wait_for_each_other():
    # 0 owes 4 senior to 2 and 6 junior to 1; 1 owes 3 senior to 2 and 6 junior to 0; they have 4.5 and 2.
    # What 0 has left for its juniors, 0.5, goes to 1, whose senior 3 takes it: 0 gets nothing back.
    rows = [(0, 2, 0, 4.0), (0, 1, 2, 6.0), (1, 2, 1, 3.0), (1, 0, 2, 6.0)]
    assert cleared(rows, [4.5, 2.0, 0.0]) == ([4.0, 0.5, 2.5, 0.0], [2, 1, 0])
    # With 5.5 and 2.5 only 1 fails, for it lacks 0.5, and what it passes on is enough for 0.
    assert cleared(rows, [5.5, 2.5, 0.0]) == ([4.0, 6.0, 3.0, 5.5], [0, 1, 0])


def test_juniors_of_two_failed_firms_pass_on_what_is_left():
    # As above with half of each junior debt owed outside: u = 1 + v/2, v = -0.2 + u/2: u = 1.2, v = 0.4.
    rows = [
        (0, 2, 0, 4.0), (0, 1, 2, 6.0), (0, 2, 2, 6.0), (1, 2, 1, 3.0), (1, 0, 2, 6.0), (1, 2, 2, 6.0),
    ]  # fmt: skip
    assert cleared(rows, [5.0, 2.8, 0.0]) == ([4.0, 0.6, 0.6, 3.0, 0.2, 0.2], [1, 1, 0])


def test_what_is_not_a_number_is_found():
    paid, fell = np.zeros(1), np.zeros(2, np.int64)
    for amount, cash, other in ((math.nan, 1.0, 0.0), (1.0, math.nan, 0.0), (1.0, 1.0, math.nan)):
        residual = interpreted(clear_rows)(
            np.array([0]), np.array([1]), np.array([0]), np.array([amount]), 1, np.array([cash, other]), 1.0, 1.0,
            clearing_scratch(2, 1, 3), paid, fell,
        )  # fmt: skip
        assert residual == math.inf


def test_the_residual_is_the_largest_violation_of_the_rule():
    # Firm 0 has 3, owes 4 senior and 2 junior to 1, and pays 3 * 0.5; firm 1 owes 1 to 2 and has nothing else.
    debtor, creditor, tier = np.array([0, 0, 1]), np.array([1, 1, 2]), np.array([0, 2, 0])
    amount, cash = np.array([4.0, 2.0, 1.0]), np.array([3.0, 0.0, 0.0])
    paid, fell, s = np.zeros(3), np.zeros(3, np.int64), clearing_scratch(3, 3, 3)
    interpreted(clear_rows)(debtor, creditor, tier, amount, 3, cash, 0.5, 1.0, s, paid, fell)
    assert (paid.tolist(), fell.tolist()) == ([1.5, 0.0, 1.0], [1, 0, 0])

    def residual(paid, fell, cash=(3.0, 0.0, 0.0)) -> float:
        where = (debtor, creditor, 3, np.array(cash), 0.5, 1.0, s, np.array(paid), np.array(fell))
        return interpreted(_residual)(*where)

    assert residual([1.5, 0.0, 1.0], [1, 0, 0]) == 0.0
    # Firm 1 gets 0.4 and is said to pay 1.
    assert residual([0.4, 0.0, 1.0], [1, 0, 0]) == near(0.6)
    # Firm 0 is said to pay in full with 3.
    assert residual([4.0, 2.0, 1.0], [0, 0, 0]) == near(3.0)
    # Firm 0 could pay all and is said to have failed.
    assert residual([1.5, 0.0, 1.0], [1, 0, 0], cash=(6.0, 0.0, 0.0)) == 6.0
    # With 5 it would pay 2.5 of the senior, not 1.5.
    assert residual([1.5, 0.0, 1.0], [1, 0, 0], cash=(5.0, 0.0, 0.0)) == near(1.0)


# --- under which head -------------------------------------------------------------------------------------
def test_every_kind_of_due_is_paid_under_its_own_head():
    v = Village()
    lab, cloud, vendor = v.lab(), v.neocloud(), v.vendor()
    v.contract(lab, cloud, 0.5, kind=ec.SITE)
    v.contract(lab, cloud, 0.5)
    v.order(cloud, vendor, 0.5)
    v.order(cloud, ec.SUPPLIERS, 0.5, kind=ec.SITE_ORDER)
    heads = [
        (ec.DUE_OPERATING, -1, ec.F_OPERATING), (ec.DUE_POWER, -1, ec.F_POWER), (ec.DUE_CARBON, -1, ec.F_CARBON),
        (ec.DUE_INVOICE, 1, ec.F_COMPUTE), (ec.DUE_INVOICE, 0, ec.F_LEASE), (ec.DUE_INVOICE, -1, ec.F_COMPUTE),
        (ec.DUE_INTEREST, 1, ec.F_INTEREST), (ec.DUE_PRINCIPAL, 1, ec.F_PRINCIPAL), (ec.DUE_ORDER, 1, ec.F_SITE),
        (ec.DUE_ORDER, 0, ec.F_GPU), (ec.DUE_FUNDING, -1, ec.F_FUNDING_COST), (ec.DUE_MAKING, 1, ec.F_OPERATING),
    ]  # fmt: skip
    for kind, ref, _ in heads:
        v.run(add_due, kind, lab, cloud, UNSECURED, 1.0, ref)
    assert [v.run(flow_of, r) for r in range(len(heads))] == [head for *_, head in heads]


def test_spot_compute_is_compute_whatever_the_last_contract_is():
    v = Village()
    lab = v.lab()
    v.state.contracts[-1].kind = ec.SITE
    v.run(add_due, ec.DUE_SPOT, lab, ec.CUSTOMERS, OPERATING, 1.0, -1)
    assert v.run(flow_of, 0) == ec.F_COMPUTE


# --- one payment ------------------------------------------------------------------------------------------
def payment(
    v: Village, kind: int, debtor: int, creditor: int, amount: float, paid: float, ref: int = -1, fell: int = 1
):
    """What one payment of one obligation, the second of the list, changes."""
    v.run(add_due, ec.DUE_OPERATING, creditor, debtor, OPERATING, 50.0, -1)
    v.run(add_due, kind, debtor, creditor, UNSECURED, amount, ref)
    v.state.dues.paid[:2] = 40.0, paid
    v.state.default_round[debtor], v.state.default_round[creditor] = fell, 7
    return differences(v, post_payment, 1)


def trio() -> tuple[Village, int, int, int]:
    """A cloud, a bank that lent it 3, and a lab, all with cash."""
    v = Village()
    # Rows beyond the codes of kinds, so that one is not taken for the other.
    for _ in range(6):
        v.project()
    cloud, bank, lab = v.neocloud(cash=4.0), v.lender(cash=9.0), v.lab(cash=6.0)
    v.loan(bank, lab, 7.0)
    v.loan(bank, cloud, 3.0)
    v.market.month = 6
    return v, cloud, bank, lab


def test_a_running_cost_paid_is_the_creditor_s_income():
    v, cloud, bank, _ = trio()
    did = payment(v, ec.DUE_OPERATING, cloud, bank, 0.5, 0.5)
    assert did.firms == near({
        (cloud, "cash"): -0.5, (cloud, "retained"): -0.5, (cloud, "operating_cost"): 0.5,
        (bank, "cash"): 0.5, (bank, "retained"): 0.5, (bank, "revenue"): 0.5,
    })  # fmt: skip
    assert did.flows == near({(ec.F_OPERATING, ec.NEOCLOUD, ec.LENDER): 0.5})
    assert did.market == near({"gross_flow": 0.5})
    assert not did.rows
    v.audit()


def test_interest_paid_is_no_operating_cost():
    v, cloud, bank, _ = trio()
    v[cloud].interest_cost = 0.25
    did = payment(v, ec.DUE_INTEREST, cloud, bank, 0.5, 0.5, ref=1)
    assert did.firms == near({
        (cloud, "cash"): -0.5, (cloud, "retained"): -0.5, (cloud, "interest_cost"): 0.5,
        (bank, "cash"): 0.5, (bank, "retained"): 0.5, (bank, "revenue"): 0.5,
    })  # fmt: skip
    assert did.flows == near({(ec.F_INTEREST, ec.NEOCLOUD, ec.LENDER): 0.5})
    v.audit()


def test_principal_paid_lowers_the_loan_and_is_no_cost():
    v, cloud, bank, _ = trio()
    did = payment(v, ec.DUE_PRINCIPAL, cloud, bank, 0.5, 0.5, ref=1)
    assert did.firms == near({
        (cloud, "cash"): -0.5, (cloud, "debt"): -0.5, (bank, "cash"): 0.5, (bank, "loans_held"): -0.5,
    })  # fmt: skip
    assert did.rows == {"loans": near({(1, "principal"): 2.5})}
    assert did.flows == near({(ec.F_PRINCIPAL, ec.NEOCLOUD, ec.LENDER): 0.5})
    v.audit()


def test_a_repaid_loan_owes_nothing_and_never_less():
    v, cloud, bank, _ = trio()
    payment(v, ec.DUE_PRINCIPAL, cloud, bank, 3.0, 3.0 + 1e-15, ref=1)
    assert v.state.loans[1].principal == 0.0


def test_an_order_paid_in_full_is_delivered():
    v = Village()
    vendor, cloud = v.vendor(cash=1.0), v.neocloud(cash=9.0, site_gw=9.0)
    v.generation(vendor)
    r = v.order(cloud, vendor, 0.5, 20.0, deposit=2.0, ready=0.2)
    did = payment(v, ec.DUE_ORDER, cloud, vendor, 3.2, 3.2, ref=r)
    assert did.flows == near({(ec.F_GPU, ec.NEOCLOUD, ec.VENDOR): 3.2})
    assert did.rows["orders"] == near({(r, "units"): 0.3, (r, "deposit"): 1.2, (r, "ready"): 0.0})
    assert v.state.fleet[cloud, 0].units == near(0.2)
    assert v[vendor].revenue == near(4.0)
    assert v[cloud].operating_cost == 0.0
    v.audit()


def test_an_order_short_by_rounding_is_delivered_and_by_more_is_not():
    for missing, units in ((0.9e-12, 0.3), (1.1e-12, 0.5)):
        v = Village()
        vendor, cloud = v.vendor(cash=1.0), v.neocloud(cash=9.0)
        v.generation(vendor)
        r = v.order(cloud, vendor, 0.5, 20.0, deposit=2.0, ready=0.2)
        payment(v, ec.DUE_ORDER, cloud, vendor, 3.2, 3.2 * (1.0 - missing), ref=r)
        assert v.state.orders[r].units == near(units)


def test_an_order_paid_in_part_keeps_the_payment_as_deposit():
    v = Village()
    vendor, cloud = v.vendor(cash=1.0), v.neocloud(cash=9.0, site_gw=9.0)
    v.generation(vendor)
    r = v.order(cloud, vendor, 0.5, 20.0, deposit=2.0, ready=0.2)
    did = payment(v, ec.DUE_ORDER, cloud, vendor, 3.2, 1.5, ref=r, fell=2)
    assert did.firms == near({(cloud, "cash"): -1.5, (vendor, "cash"): 1.5})
    assert did.rows["orders"] == near({(r, "deposit"): 3.5})
    hit = v.state.hits[0]
    assert (hit.victim, hit.source, hit.channel, hit.amount) == (vendor, cloud, ec.COUNTERPARTY, near(1.7))
    v.audit()


def test_an_unpaid_invoice_is_a_claim_and_a_loss_of_the_creditor_in_the_debtor_s_round():
    v, cloud, bank, lab = trio()
    v.contract(cloud, lab, 0.5, missed=9.0)
    r = v.contract(lab, cloud, 0.5, missed=9.0)
    v.market.stage = 5
    did = payment(v, ec.DUE_INVOICE, lab, cloud, 0.8, 0.3, ref=r, fell=2)
    assert did.firms == near({
        (lab, "cash"): -0.3, (lab, "retained"): -0.3, (lab, "operating_cost"): 0.3,
        (cloud, "cash"): 0.3, (cloud, "retained"): 0.3, (cloud, "revenue"): 0.3,
    })  # fmt: skip
    assert did.flows == near({(ec.F_COMPUTE, ec.LAB, ec.NEOCLOUD): 0.3})
    assert did.rows["contracts"] == near({(r, "missed"): 0.5})
    hit = v.state.hits[0]
    assert v.market.n_hits == 1
    assert (hit.month, hit.stage, hit.victim, hit.source, hit.channel, hit.amount) == (
        6, 2, cloud, lab, ec.COUNTERPARTY, near(0.5),
    )  # fmt: skip
    assert v.market.stage == 2
    assert bank == 12


def test_an_unpaid_invoice_of_the_first_contract_is_a_claim_too():
    v, cloud, _, lab = trio()
    r = v.contract(lab, cloud, 0.5)
    payment(v, ec.DUE_INVOICE, lab, cloud, 0.8, 0.3, ref=r)
    assert (r, v.state.contracts[0].missed) == (0, near(0.5))


def test_what_is_unpaid_of_other_dues_is_no_claim_under_a_contract():
    v, cloud, bank, lab = trio()
    v.contract(lab, cloud, 0.5, missed=0.1)
    v.contract(lab, cloud, 0.5, missed=0.1)
    did = payment(v, ec.DUE_INTEREST, cloud, bank, 0.8, 0.3, ref=1)
    assert "contracts" not in did.rows
    v.state.contracts[-1].missed = 0.1
    v.market.n_dues = 0
    payment(v, ec.DUE_SPOT, lab, ec.CUSTOMERS, 0.8, 0.3)
    assert v.state.contracts[-1].missed == 0.1


def test_the_outside_is_no_victim():
    v, cloud, *_ = trio()
    v.market.stage = 5
    payment(v, ec.DUE_POWER, cloud, ec.POWER, 0.8, 0.3, fell=2)
    assert v.market.n_hits == 0
    assert v.market.stage == 5


def test_a_due_that_was_dropped_is_not_paid():
    v, cloud, bank, _ = trio()
    v.run(add_due, ec.DUE_OPERATING, cloud, bank, OPERATING, 0.5, -1)
    v.state.dues.amount[0], v.state.dues.paid[0] = 0.0, 0.2
    did = differences(v, post_payment, 0)
    assert not did.firms
    assert not did.flows


# --- the month --------------------------------------------------------------------------------------------
def test_firms_that_can_pay_pay_and_nobody_fails():
    v, cloud, bank, lab = trio()
    v.state.default_round[:] = 3
    v.state.cash_before[:] = 5.0
    v.run(add_due, ec.DUE_OPERATING, lab, cloud, UNSECURED, 5.5, -1)
    v.run(add_due, ec.DUE_OPERATING, cloud, bank, UNSECURED, 9.25, -1)
    did = differences(v, clearing)
    assert did.firms == near({
        (lab, "cash"): -5.5, (lab, "retained"): -5.5, (lab, "operating_cost"): 5.5,
        (cloud, "cash"): 5.5 - 9.25, (cloud, "retained"): 5.5 - 9.25, (cloud, "operating_cost"): 9.25,
        (cloud, "revenue"): 5.5, (bank, "cash"): 9.25, (bank, "retained"): 9.25, (bank, "revenue"): 9.25,
    })  # fmt: skip
    assert did.result < 1e-12
    assert not v.state.default_round.any()
    assert v.state.cash_before[[cloud, bank, lab]].tolist() == [4.0, 9.0, 6.0]
    assert not v.state.cash_before[14:].any()
    v.audit()


def test_a_firm_that_cannot_pay_pays_by_seniority_what_bankruptcy_leaves_and_ends_without_cash():
    v = Village(bankruptcy_cost=0.2)
    cloud, bank, fund = v.neocloud(cash=5.0), v.lender(cash=1.0), v.lender(cash=1.5, subkind=ec.PRIVATE_CREDIT)
    v.loan(bank, cloud, 8.0, collateral=ec.FLEET_COLLATERAL, months_left=1)
    v.loan(fund, cloud, 2.0, months_left=9)
    v.run(add_due, ec.DUE_INTEREST, cloud, fund, UNSECURED, 0.5, 1)
    v.run(add_due, ec.DUE_PRINCIPAL, cloud, bank, SECURED, 8.0, 0)
    v.run(add_due, ec.DUE_OPERATING, cloud, ec.SUPPLIERS, OPERATING, 1.5, -1)
    did = differences(v, clearing)
    # 0.8 * 5 = 4: suppliers 1.5, the bank 2.5 of 8, the fund nothing; 1 goes to the bankruptcy's costs.
    assert did.firms == near({
        (cloud, "cash"): -5.0, (cloud, "retained"): -2.5, (cloud, "operating_cost"): 2.5, (cloud, "debt"): -2.5,
        (ec.SUPPLIERS, "cash"): 2.5, (ec.SUPPLIERS, "retained"): 2.5, (ec.SUPPLIERS, "revenue"): 2.5,
        (bank, "cash"): 2.5, (bank, "loans_held"): -2.5,
    })  # fmt: skip
    assert did.flows == near({
        (ec.F_OPERATING, ec.NEOCLOUD, ec.OUTSIDE): 1.5, (ec.F_PRINCIPAL, ec.NEOCLOUD, ec.LENDER): 2.5,
        (ec.F_BANKRUPTCY, ec.NEOCLOUD, ec.OUTSIDE): 1.0,
    })  # fmt: skip
    hits = [(h.victim, h.source, h.channel, h.stage, near(h.amount)) for h in v.rows("hits")]
    assert hits == [(fund, cloud, ec.COUNTERPARTY, 1, 0.5), (bank, cloud, ec.COUNTERPARTY, 1, 5.5)]
    assert v.state.default_round[[cloud, bank, fund]].tolist() == [1, 0, 0]
    assert v.state.loans[0].status == ec.LIVE
    v.audit()


def test_a_cascade_runs_in_rounds_and_each_loss_is_dated_with_its_own():
    v = Village(bankruptcy_cost=0.1)
    lab, cloud, bank, fund = v.lab(cash=6.0), v.neocloud(cash=3.0), v.lender(cash=2.0), v.lender(cash=0.5)
    for debtor, creditor, amount in ((lab, cloud, 10.0), (cloud, bank, 10.0), (bank, fund, 9.5)):
        v.run(add_due, ec.DUE_OPERATING, debtor, creditor, UNSECURED, amount, -1)
    v.close()
    v.run(clearing)
    # 0.9 * 6 = 5.4 and 0.9 * (3 + 5.4) = 7.56; the bank has 9.56 and stands.
    assert [v[i].cash for i in (lab, cloud, bank, fund)] == near([0.0, 0.0, 0.06, 10.0])
    assert v.state.default_round[[lab, cloud, bank, fund]].tolist() == [1, 2, 0, 0]
    hits = [(h.victim, h.source, h.stage, near(h.amount)) for h in v.rows("hits")]
    assert hits == [(cloud, lab, 1, 4.6), (bank, cloud, 2, 2.44)]
    assert v.flow(ec.F_BANKRUPTCY, lab, ec.SUPPLIERS) == near(0.6)
    assert v.flow(ec.F_BANKRUPTCY, cloud, ec.SUPPLIERS) == near(0.84)
    v.audit()


def test_the_outside_pays_whatever_it_owes_and_a_hole_in_the_cash_pays_nothing():
    v = Village()
    lab, cloud = v.lab(cash=2.0), v.neocloud(cash=-4.0)
    v.close()
    v.run(add_due, ec.DUE_OPERATING, ec.CUSTOMERS, lab, UNSECURED, 300.0, -1)
    v.run(add_due, ec.DUE_OPERATING, cloud, lab, UNSECURED, 1.0, -1)
    v.run(clearing)
    assert v[lab].cash == 302.0
    assert v[cloud].cash == -4.0
    assert v.state.default_round[[ec.CUSTOMERS, lab, cloud]].tolist() == [0, 0, 1]
    assert v.state.cash_before[[ec.CUSTOMERS, lab, cloud]].tolist() == [1e9, 2.0, 0.0]
    v.audit()


def test_contracts_and_loans_come_a_month_nearer_in_the_clearing():
    v, *_ = trio()
    r = v.contract(13, 11, 0.5, months_left=9)
    v.run(clearing)
    assert v.state.contracts[r].months_left == 8
    assert v.state.loans[1].months_left == 59


# --- what runs off ----------------------------------------------------------------------------------------
def test_a_contract_ends_after_its_last_month_with_what_was_prepaid_and_its_tenants_set_free():
    v = Village(tenant_elasticity=1.0, renewal_share=0.0)
    cloud = v.neocloud()
    r = v.contract(ec.CUSTOMERS, cloud, 0.4, months_left=1, prepaid=0.3)
    did = differences(v, run_off)
    assert did.rows == {"contracts": {(r, "status"): ec.ENDED, (r, "months_left"): 0, (r, "prepaid"): 0.0}}
    assert did.firms == near({
        (ec.CUSTOMERS, "retained"): -0.3, (ec.CUSTOMERS, "operating_cost"): 0.3,
        (cloud, "retained"): 0.3, (cloud, "revenue"): 0.3,
    })  # fmt: skip
    assert did.market == near({"tenant_demand": 0.4})
    assert not did.flows
    v.audit()


def test_a_contract_with_months_left_goes_on():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.4, months_left=2, prepaid=0.3)
    for status in (ec.FREE, ec.PENDING, ec.ENDED, ec.BROKEN, ec.INTENT):
        v.contract(lab, cloud, 0.4, months_left=1, prepaid=0.3, status=status)
    last = v.contract(lab, cloud, 0.4, months_left=7)
    did = differences(v, run_off)
    assert did.rows == {"contracts": {(0, "months_left"): 1, (last, "months_left"): 6}}
    assert not did.firms
    assert not did.market


def test_a_repaid_loan_ends_a_line_in_its_last_month_and_what_is_owed_stays_live():
    v = Village()
    bank, cloud = v.lender(), v.neocloud()
    v.loan(bank, cloud, 0.0, months_left=2)
    v.loan(bank, cloud, 2.0, months_left=1)
    v.loan(bank, cloud, 0.0, months_left=2, kind=ec.REVOLVER)
    v.loan(bank, cloud, 2.0, months_left=0)
    for status in (ec.ENDED, ec.BROKEN):
        v.loan(bank, cloud, 0.0, months_left=5, status=status)
    v.loan(bank, cloud, 0.0, months_left=0, kind=ec.REVOLVER)
    v.loan(bank, cloud, 0.0, months_left=2, kind=ec.WAREHOUSE)
    did = differences(v, run_off)
    assert did.rows == {
        "loans": {
            (0, "months_left"): 1, (0, "status"): ec.ENDED, (1, "months_left"): 0, (2, "months_left"): 1,
            (6, "status"): ec.ENDED, (7, "months_left"): 1,
        }
    }  # fmt: skip


def test_a_commitment_keeps_a_loan_live_until_it_lapses():
    v = Village()
    v.market.month = 7
    bank, project = v.lender(), v.project()
    v.loan(bank, project, 0.0, months_left=20, undrawn=2.0, draws_until=8)
    v.loan(bank, project, 0.0, months_left=20, undrawn=3.0, draws_until=7)
    v.loan(bank, project, 1.0, months_left=20, undrawn=4.0, draws_until=7)
    did = differences(v, run_off)
    assert did.rows == {
        "loans": {
            (0, "months_left"): 19, (1, "months_left"): 19, (1, "undrawn"): 0.0, (1, "status"): ec.ENDED,
            (2, "months_left"): 19, (2, "undrawn"): 0.0,
        }
    }  # fmt: skip
    assert not did.firms
