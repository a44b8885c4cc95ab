"""Chains of rows say what a look at the whole table would say, in the same order."""

import numpy as np
import pytest
from village import Village

from abm.engine import chains
from abm.engine import tables as ec
from abm.rules import interpreted

TABLES = {
    "loans": ("borrower", chains.first_loan, chains.next_loan, (ec.LIVE,)),
    "contracts": ("buyer", chains.first_bought, chains.next_bought, (ec.LIVE, ec.PENDING, ec.INTENT)),
    "orders": ("buyer", chains.first_order, chains.next_order, (ec.PENDING,)),
}


def crowd(seed):
    """Five firms of each kind and rows of every status between them."""
    rng = np.random.default_rng(seed)
    v = Village()
    clouds = [v.neocloud() for _ in range(5)]
    banks = [v.lender() for _ in range(5)]
    v.generation(v.vendor())
    for _ in range(40):
        a, b = rng.choice(clouds, 2, replace=False)
        status = int(rng.integers(0, 6))
        v.contract(int(a), int(b), 0.1, status=status)
        v.loan(int(rng.choice(banks)), int(a), 1.0, status=status)
        v.order(int(a), int(b), 0.1, status=status)
        v.stake(int(rng.choice(banks)), int(a), 0.01, 0.1)
    return v, clouds, banks


def walk(v, first, after, owner):
    """Rows of one chain, without building it anew."""
    rows, r = [], interpreted(first)(v.state, owner)
    while r >= 0:
        rows.append(int(r))
        r = interpreted(after)(v.state, r)
    return rows


@pytest.mark.parametrize("table", TABLES)
def test_a_chain_has_the_rows_of_its_owner_that_are_not_over_in_order(table):
    column, first, after, open_ = TABLES[table]
    v, clouds, _ = crowd(3)
    v.run(chains.chain_rows)
    rows = v.rows(table)
    for cloud in clouds:
        own = np.flatnonzero((rows[column] == cloud) & np.isin(rows["status"], open_))
        assert walk(v, first, after, cloud) == own.tolist()


def test_contracts_stand_in_their_seller_s_chain_too_and_stakes_in_their_issuer_s():
    v, clouds, _ = crowd(4)
    v.run(chains.chain_rows)
    contracts, stakes = v.rows("contracts"), v.rows("stakes")
    open_ = np.isin(contracts["status"], (ec.LIVE, ec.PENDING, ec.INTENT))
    for cloud in clouds:
        own = np.flatnonzero((contracts["seller"] == cloud) & open_)
        assert walk(v, chains.first_sold, chains.next_sold, cloud) == own.tolist()
        issued = np.flatnonzero(stakes["issuer"] == cloud).tolist()
        assert walk(v, chains.first_stake, chains.next_stake, cloud) == issued


def test_firms_stand_in_the_chain_of_their_kind_and_the_last_can_leave_it():
    v, clouds, banks = crowd(5)
    v.run(chains.chain_rows)
    assert walk(v, chains.first_of_kind, chains.next_of_kind, ec.NEOCLOUD) == clouds
    assert walk(v, chains.first_of_kind, chains.next_of_kind, ec.LENDER) == banks
    assert walk(v, chains.first_of_kind, chains.next_of_kind, ec.LAB) == []
    late = v.lender()
    v.run(chains.unchain_last_firm)
    assert late not in walk(v, chains.first_of_kind, chains.next_of_kind, ec.LENDER)
    assert walk(v, chains.first_of_kind, chains.next_of_kind, ec.LENDER) == banks
    v.market.n_firms -= 1
    again = v.lender()
    interpreted(chains.chain_firm)(v.state, again)
    assert walk(v, chains.first_of_kind, chains.next_of_kind, ec.LENDER) == [*banks, again]


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_contract_that_changes_hands_moves_to_its_place_among_the_others(place):
    v = Village()
    seller, old, new = (v.neocloud() for _ in range(3))
    owners = {"first": [old, new, new, old], "middle": [new, old, new, old], "last": [new, new, old, old]}[place]
    rows = [v.contract(buyer, seller, 0.1) for buyer in owners]
    moved = rows[owners.index(old)]
    v.run(chains.change_buyer, moved, new)
    assert v.rows("contracts")[moved].buyer == new
    assert walk(v, chains.first_bought, chains.next_bought, new) == rows[:3]
    assert walk(v, chains.first_bought, chains.next_bought, old) == rows[3:]
    r = v.contract(new, seller, 0.2)
    interpreted(chains.chain_contract)(v.state, r)
    assert walk(v, chains.first_bought, chains.next_bought, new) == [*rows[:3], r]


def test_losses_lead_back_from_the_latest_and_can_pass_to_another_firm():
    v = Village()
    a, b, c = (v.neocloud() for _ in range(3))
    for k, victim in enumerate([a, b, a, c, c]):
        h = v.state.hits[k]
        h.victim, h.amount = victim, 1.0
    v.market.n_hits = 5
    v.run(chains.chain_hits)
    assert walk(v, chains.last_hit, chains.hit_before, a) == [2, 0]
    v.run(chains.pass_hits_on, 3, a)
    assert walk(v, chains.last_hit, chains.hit_before, a) == [4, 3, 2, 0]
    assert walk(v, chains.last_hit, chains.hit_before, b) == [1]
    assert walk(v, chains.last_hit, chains.hit_before, c) == []


def test_dues_are_sorted_by_debtor_and_by_creditor_in_the_order_of_the_table():
    v = Village()
    firms = [v.neocloud() for _ in range(4)]
    rng = np.random.default_rng(6)
    d = v.state.dues
    for r in range(30):
        d.debtor[r], d.creditor[r] = rng.choice(firms[:3], 2)
    v.market.n_dues = 30
    v.run(chains.sort_dues)
    c = v.state.chains
    for side, start, rows in ((d.debtor, c.due_start, c.due_rows), (d.creditor, c.claim_start, c.claim_rows)):
        for firm in range(int(v.market.n_firms)):
            own = np.flatnonzero(side[:30] == firm).tolist()
            assert rows[start[firm] : start[firm + 1]].tolist() == own
