"""Which rows belong to whom: the loans of a borrower, the contracts of a buyer, the shares of an issuer, the dues of a
debtor, the firms of a kind, without a look at a whole table.

A chain is a linked list in the order of the rows, so that sums over it add up as sums over the table would. Numbers
in the arrays are rows plus one; zero is the end. What is over is left out from the next month on.
"""

from __future__ import annotations

from abm.engine.compiled import jit
from abm.engine.tables import ABSENT, BROKEN, ENDED, FREE, LIVE, PENDING


@jit
def append(first, last, after, owner, row):
    """Put a row at the end of its owner's chain."""
    if first[owner] == 0:
        first[owner] = row + 1
    else:
        after[last[owner] - 1] = row + 1
    last[owner] = row + 1
    after[row] = 0


@jit
def insert(first, last, after, owner, row):
    """Put a row into another owner's chain, in the order of the rows."""
    here = first[owner]
    if here == 0 or last[owner] - 1 < row:
        append(first, last, after, owner, row)
        return
    if here - 1 > row:
        after[row] = here
        first[owner] = row + 1
        return
    while after[here - 1] - 1 < row:
        here = after[here - 1]
    after[row] = after[here - 1]
    after[here - 1] = row + 1


@jit
def chain_firm(state, i):
    """A new firm stands in the chain of its kind."""
    c = state.chains
    append(c.kind_first, c.kind_last, c.kind_after, state.firms[i].kind, i)


@jit
def chain_loan(state, r):
    """A new loan stands in the chain of its borrower."""
    c = state.chains
    append(c.owed_first, c.owed_last, c.owed_after, state.loans[r].borrower, r)


@jit
def chain_contract(state, r):
    """A new contract stands in the chains of its buyer and of its seller."""
    c = state.chains
    append(c.bought_first, c.bought_last, c.bought_after, state.contracts[r].buyer, r)
    append(c.sold_first, c.sold_last, c.sold_after, state.contracts[r].seller, r)


@jit
def chain_order(state, r):
    """A new order stands in the chain of its buyer."""
    c = state.chains
    append(c.ordered_first, c.ordered_last, c.ordered_after, state.orders[r].buyer, r)


@jit
def chain_stake(state, r):
    """A new stake stands in the chain of its issuer."""
    c = state.chains
    append(c.issued_first, c.issued_last, c.issued_after, state.stakes[r].issuer, r)


@jit
def chain_hit(state, h):
    """A new loss stands before the earlier ones of its victim."""
    c = state.chains
    c.hit_before[h] = c.hit_last[state.hits[h].victim]
    c.hit_last[state.hits[h].victim] = h + 1


@jit
def first_of_kind(state, kind):
    """Row of the first firm of a kind, -1 if there is none; `next_of_kind` leads on, in the order of the rows."""
    return state.chains.kind_first[kind] - 1


@jit
def next_of_kind(state, i):
    """Row of the next firm of the same kind, -1 after the last."""
    return state.chains.kind_after[i] - 1


@jit
def first_loan(state, borrower):
    """Row of a borrower's first loan, -1 if there is none."""
    return state.chains.owed_first[borrower] - 1


@jit
def next_loan(state, r):
    """Row of the next loan of the same borrower, -1 after the last."""
    return state.chains.owed_after[r] - 1


@jit
def first_bought(state, buyer):
    """Row of the first contract a firm has bought, -1 if there is none."""
    return state.chains.bought_first[buyer] - 1


@jit
def next_bought(state, r):
    """Row of the next contract of the same buyer, -1 after the last."""
    return state.chains.bought_after[r] - 1


@jit
def first_sold(state, seller):
    """Row of the first contract a firm has sold, -1 if there is none."""
    return state.chains.sold_first[seller] - 1


@jit
def next_sold(state, r):
    """Row of the next contract of the same seller, -1 after the last."""
    return state.chains.sold_after[r] - 1


@jit
def first_order(state, buyer):
    """Row of a buyer's first order, -1 if there is none."""
    return state.chains.ordered_first[buyer] - 1


@jit
def next_order(state, r):
    """Row of the next order of the same buyer, -1 after the last."""
    return state.chains.ordered_after[r] - 1


@jit
def first_stake(state, issuer):
    """Row of the first stake in an issuer, -1 if there is none."""
    return state.chains.issued_first[issuer] - 1


@jit
def next_stake(state, r):
    """Row of the next stake in the same issuer, -1 after the last."""
    return state.chains.issued_after[r] - 1


@jit
def last_hit(state, victim):
    """Row of the latest loss of a firm, -1 if there is none."""
    return state.chains.hit_last[victim] - 1


@jit
def hit_before(state, h):
    """Row of the loss of the same firm before, -1 before the first."""
    return state.chains.hit_before[h] - 1


@jit
def remove(first, last, after, owner, row):
    """Take a row out of its owner's chain."""
    before = 0
    here = first[owner]
    while here != 0 and here - 1 != row:
        before = here
        here = after[here - 1]
    if here == 0:
        return
    if before == 0:
        first[owner] = after[row]
    else:
        after[before - 1] = after[row]
    if last[owner] == here:
        last[owner] = before


@jit
def change_buyer(state, r, buyer):
    """A contract goes over to another buyer."""
    c = state.chains
    contract = state.contracts[r]
    remove(c.bought_first, c.bought_last, c.bought_after, contract.buyer, r)
    contract.buyer = buyer
    insert(c.bought_first, c.bought_last, c.bought_after, buyer, r)


@jit
def unchain_last_firm(state):
    """The latest firm was never founded: it leaves the chain of its kind."""
    c = state.chains
    i = state.market[0].n_firms - 1
    remove(c.kind_first, c.kind_last, c.kind_after, state.firms[i].kind, i)


@jit
def pass_hits_on(state, first, victim):
    """The losses from a row on are another firm's: those of a firm that was never founded."""
    m = state.market[0]
    c = state.chains
    for h in range(first, m.n_hits):
        c.hit_last[state.hits[h].victim] = 0
    for h in range(first, m.n_hits):
        state.hits[h].victim = victim
        chain_hit(state, h)


@jit
def chain_hits(state):
    """The losses of every firm anew, from the table."""
    m = state.market[0]
    for i in range(m.n_firms):
        state.chains.hit_last[i] = 0
    for h in range(m.n_hits):
        chain_hit(state, h)


@jit
def chain_rows(state):
    """All chains anew, from the tables: at the opening and at the beginning of every month."""
    m = state.market[0]
    c = state.chains
    c.kind_first[:] = 0
    for i in range(m.n_firms):
        c.owed_first[i] = 0
        c.bought_first[i] = 0
        c.sold_first[i] = 0
        c.ordered_first[i] = 0
        c.issued_first[i] = 0
        if state.firms[i].status != ABSENT:
            chain_firm(state, i)
    for r in range(m.n_loans):
        if state.loans[r].status == LIVE and state.loans[r].borrower >= 0:
            chain_loan(state, r)
    for r in range(m.n_contracts):
        status = state.contracts[r].status
        if status != FREE and status != ENDED and status != BROKEN:
            chain_contract(state, r)
    while m.oldest_order < m.n_orders and state.orders[m.oldest_order].status != PENDING:
        m.oldest_order += 1
    for r in range(m.oldest_order, m.n_orders):
        if state.orders[r].status == PENDING:
            chain_order(state, r)
    for r in range(m.n_stakes):
        chain_stake(state, r)


@jit
def sort_dues(state):
    """The dues of every debtor and of every creditor, in the order of the table (counting sort)."""
    m = state.market[0]
    d = state.dues
    c = state.chains
    for i in range(m.n_firms + 1):
        c.due_start[i] = 0
        c.claim_start[i] = 0
    for r in range(m.n_dues):
        c.due_start[d.debtor[r]] += 1
        c.claim_start[d.creditor[r]] += 1
    for i in range(1, m.n_firms + 1):
        c.due_start[i] += c.due_start[i - 1]
        c.claim_start[i] += c.claim_start[i - 1]
    # Each start is still the end of its firm: filled from behind it becomes the start.
    for back in range(m.n_dues):
        r = m.n_dues - 1 - back
        c.due_start[d.debtor[r]] -= 1
        c.due_rows[c.due_start[d.debtor[r]]] = r
        c.claim_start[d.creditor[r]] -= 1
        c.claim_rows[c.claim_start[d.creditor[r]]] = r
