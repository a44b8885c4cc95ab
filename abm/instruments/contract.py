"""Contracts for compute and sites: signed, billed, worked off, amended, broken.

A row of the contract table has two parties, so that both sides of every claim are read from the same number.
"""

from __future__ import annotations

import math

from abm.accounts.ledger import binds, charge, earn, log_event, log_hit, transfer, write_off
from abm.engine.chains import chain_contract, change_buyer, first_bought, first_sold, next_bought, next_sold
from abm.engine.compiled import jit
from abm.engine.draws import D_TENANT, uniform
from abm.engine.tables import (
    ACTIVE,
    BN_PER_RATE,
    BROKEN,
    COMPUTE,
    COUNTERPARTY,
    CUSTOMER,
    CUSTOMERS,
    DUE_INVOICE,
    E_CONTRACT,
    F_PREPAYMENT,
    HYPERSCALER,
    INTENT,
    LAB,
    LIVE,
    MARKET,
    PENDING,
    SAVERS,
    SITE,
    VEHICLE,
)
from abm.instruments.due import owe

TENANTS = 4  # of a provider, that its contracts with tenants without a name stand for (assumption)


@jit
def new_contract(state, kind, buyer, seller, quantity, price, months, start, ramp, take_or_pay):
    """Append a contract, PENDING until its start month.

    Returns
    -------
    int
        Its row.
    """
    m = state.market[0]
    r = m.n_contracts
    c = state.contracts[r]
    c.id = m.next_contract
    c.kind = kind
    c.status = PENDING
    c.buyer = buyer
    c.seller = seller
    c.guarantor = -1
    c.end_user = -1
    c.own_use = 0
    c.backstop = 0
    c.signed = m.month
    c.start = start
    c.ramp = ramp
    c.months = months
    c.months_left = months
    c.quantity = quantity
    c.delivered = 0.0
    c.price = price
    c.take_or_pay = take_or_pay
    c.prepaid = 0.0
    c.announced = 0.0
    c.missed = 0.0
    c.amended = -1
    c.claim = 0.0
    c.late = 0
    chain_contract(state, r)
    m.n_contracts += 1
    m.next_contract += 1
    return r


@jit
def ramp_share(contract, month):
    """Part of a contract's quantity that its ramp asks for in a month (linear, 1 at the end of the ramp)."""
    if month < contract.start:
        return 0.0
    if contract.ramp <= 1:
        return 1.0
    return min(1.0, (month - contract.start + 1.0) / contract.ramp)


@jit
def ramp_months(contract, month):
    """Full-quantity months still to be invoiced from a month on, the ramp counted."""
    left = contract.months_left
    total = 0.0
    at = max(month, contract.start)
    while left > 0 and at < contract.start + contract.ramp:
        total += ramp_share(contract, at)
        left -= 1
        at += 1
    return total + left


@jit
def unit_invoice(contract):
    """Invoice of a month at full quantity and full use (bn)."""
    if contract.kind == COMPUTE:
        return contract.quantity * contract.price * BN_PER_RATE
    return contract.quantity * contract.price


@jit
def firm_share(state, contract):
    """Share of a contract's invoice that is owed whether its capacity is used or not."""
    return min(contract.take_or_pay * state.params[0].take_or_pay_scale, 1.0)


@jit
def promised_at(state, buyer, month):
    """Compute promised to a buyer that will still run in a month to come (M H100e)."""
    m = state.market[0]
    total = 0.0
    r = first_bought(state, buyer)
    while r >= 0:
        c = state.contracts[r]
        runs = c.status == PENDING or (c.status == LIVE and m.month + c.months_left > month)
        if c.kind == COMPUTE and runs:
            total += c.quantity
        r = next_bought(state, r)
    return total


@jit
def promised_by(state, buyer, seller):
    """Compute that one seller has promised to a buyer, at full ramp (M H100e)."""
    total = 0.0
    r = first_bought(state, buyer)
    while r >= 0:
        c = state.contracts[r]
        if c.kind == COMPUTE and c.seller == seller and binds(c):
            total += c.quantity
        r = next_bought(state, r)
    return total


@jit
def promised_invoices(state, buyer):
    """Invoices a month a buyer has promised, all binding contracts at full ramp (bn)."""
    total = 0.0
    r = first_bought(state, buyer)
    while r >= 0:
        c = state.contracts[r]
        if binds(c):
            total += unit_invoice(c)
        r = next_bought(state, r)
    return total


@jit
def sign_contract(state, buyer, seller, quantity, price, months, lead, ramp):
    """Sign a compute contract: prepayment now, delivery after the lead time, full quantity after the ramp (months).

    Returns
    -------
    int
        Row of the contract.
    """
    m = state.market[0]
    p = state.params[0]
    ramp = max(ramp, 1)
    r = new_contract(
        state, COMPUTE, buyer, seller, quantity, price, months, m.month + lead, ramp, p.take_or_pay
    )
    c = state.contracts[r]
    value = unit_invoice(c) * ramp_months(c, c.start)
    c.announced = value
    # A cloud that serves itself more than others uses what it rents; one that lives from letting sells it on.
    c.own_use = 1 if state.firms[buyer].need > state.firms[buyer].promised_out else 0
    prepaid = min(p.prepayment_share * value, 0.1 * max(state.firms[buyer].cash, 0.0))
    if prepaid > 1e-9:
        transfer(state, buyer, seller, prepaid, F_PREPAYMENT)
        c.prepaid = prepaid
    state.firms[seller].promised_out += quantity
    state.firms[buyer].promised_in += quantity
    log_event(state, E_CONTRACT, buyer, seller, value)
    use_intents(state, buyer, value)
    return r


@jit
def use_intents(state, buyer, value):
    """A signed contract turns the same value of the buyer's letters of intent into a binding promise."""
    left = value
    r = first_bought(state, buyer)
    while r >= 0 and left > 0.0:
        c = state.contracts[r]
        if c.status == INTENT:
            used = min(left, c.announced)
            c.announced -= used
            left -= used
        r = next_bought(state, r)


@jit
def sign_lease(state, tenant, owner, gw, rent, start, ramp):
    """Sign a site lease; the tenant owes the rent from its start on, as much of it as is built.

    Returns
    -------
    int
        Row of the contract.
    """
    p = state.params[0]
    r = new_contract(state, SITE, tenant, owner, gw, rent, max(int(p.lease_tenor), 1), start, ramp, 1.0)
    c = state.contracts[r]
    f = state.firms[tenant]
    c.announced = unit_invoice(c) * ramp_months(c, start)
    c.own_use = 1 if f.need > f.promised_out else 0
    if f.top_customer_id >= 0 and f.top_customer > 0.5 and state.firms[f.top_customer_id].kind == LAB:
        # A tenant that builds for one lab builds on that lab's account.
        c.end_user = f.top_customer_id
        c.own_use = 0
    f.lease_gw += gw
    log_event(state, E_CONTRACT, tenant, owner, c.announced)
    return r


@jit
def usage(f):
    """Share of what a firm has under contract that it uses: labs and clouds by their need, others all of it."""
    if (f.kind != LAB and f.kind != HYPERSCALER) or f.contracted_in <= 1e-12:
        return 1.0
    have = f.capacity + f.contracted_in
    return min(1.0, (f.need + f.training + f.contracted_out + f.spot_sold) / have)


@jit
def check_delivery(state, r):
    """Compute of a contract that is due and missing (M H100e); what has been missing for `late_limit` months the buyer
    may give up, and does where the market is cheaper (termination rights: R5-001 to R5-007 on delays)."""
    m = state.market[0]
    c = state.contracts[r]
    due = c.quantity * ramp_share(c, m.month)
    missing = max(due - c.delivered, 0.0)
    if missing <= 0.05 * due:
        c.late = 0
        return 0.0
    c.late += 1
    if c.late >= state.params[0].late_limit and m.contract_price < c.price and c.backstop == 0:
        log_hit(state, c.seller, c.buyer, CUSTOMER, missing * c.price * BN_PER_RATE)
        c.quantity *= c.delivered / due
        c.late = 0
    return missing


@jit
def bill_contracts(state):
    """Invoices of live contracts: what is delivered, the take-or-pay part whether used or not.

    A prepayment is worked off evenly over the months left. Compute that is due and not delivered costs the seller
    `late_damages` of its price, at most the invoice (credits of service agreements); `check_delivery` ends what comes
    too late.
    """
    m = state.market[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        c.missed = 0.0
        if c.status != LIVE:
            continue
        scale = BN_PER_RATE if c.kind == COMPUTE else 1.0
        firm_part = firm_share(state, c)
        used = usage(state.firms[c.buyer]) if c.kind == COMPUTE else 1.0
        invoice = c.delivered * c.price * scale * (firm_part + (1.0 - firm_part) * used)
        if c.kind == COMPUTE:
            missing = check_delivery(state, r)
            invoice = max(invoice - state.params[0].late_damages * missing * c.price * scale, 0.0)
        credit = min(c.prepaid / max(c.months_left, 1), invoice)
        if credit > 0.0:
            c.prepaid -= credit
            charge(state, c.buyer, credit)
            earn(state, c.seller, credit)
        owe(state, DUE_INVOICE, c.buyer, c.seller, invoice - credit, r)


@jit
def start_contracts(state):
    """Contracts whose start month has come go live (phase 2)."""
    m = state.market[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == PENDING and c.start <= m.month:
            c.status = LIVE


@jit
def tenant_hazard(state):
    """How often a tenant without a name fails or leaves (1/year): `tenant_failure` at normal sentiment, twice that
    where there is none left."""
    return state.params[0].tenant_failure * max(2.0 - state.market[0].sentiment, 0.0)


@jit
def lose_tenants(state):
    """Tenants without a name fail or leave (`tenant_hazard`).

    A seller's contracts with them stand for `TENANTS` tenants: one of them goes at a time, and what it rented stands
    idle until it is let again. There is nobody left to claim damages from.
    """
    m = state.market[0]
    chance = tenant_hazard(state) * TENANTS / 12.0
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status != LIVE or c.kind != COMPUTE or c.buyer != CUSTOMERS:
            continue
        if uniform(m.seed, D_TENANT, m.month, c.seller) >= chance:
            continue
        part = c.delivered / TENANTS
        log_hit(state, c.seller, -1, MARKET, part * c.price * BN_PER_RATE)
        state.firms[c.seller].stranded += part
        c.quantity -= c.quantity / TENANTS
        c.delivered -= part


@jit
def tally_contracts(state):
    """Promises, backlogs, invoices and the largest customer of every firm, from the contract table."""
    m = state.market[0]
    part = state.work_space[2]
    for i in range(m.n_firms):
        part[i] = 0.0
        state.firms[i].top_customer = 0.0
        state.firms[i].top_customer_id = -1
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if not binds(c):
            continue
        invoice = unit_invoice(c)
        value = invoice * ramp_months(c, m.month + 1)
        buyer = state.firms[c.buyer]
        seller = state.firms[c.seller]
        buyer.backlog_out += value
        seller.backlog_in += value
        seller.promised_rent += invoice
        buyer.promised_pay += invoice
        if c.kind == SITE:
            buyer.leases_owed += value
        if c.kind == COMPUTE:
            buyer.compute_owed += firm_share(state, c) * value
            above = 1.0 - m.contract_price / max(c.price, 1e-9)
            buyer.overpay += max(above, 0.0) * firm_share(state, c) * value
            buyer.promised_in += c.quantity
            seller.promised_out += c.quantity
        if c.status == LIVE:
            now = c.delivered * c.price * (BN_PER_RATE if c.kind == COMPUTE else 1.0)
            buyer.invoiced_out += now
            seller.invoiced_in += now
    for i in range(m.n_firms):
        find_top_customer(state, i)


@jit
def find_top_customer(state, seller):
    """The customer with the largest part of a seller's backlog, all its contracts together, and the hazard of all.

    Who is guaranteed counts with its guarantor's hazard if that is less.

    Work space row 2: the part of every customer, zero again at the end.
    """
    m = state.market[0]
    f = state.firms[seller]
    part = state.work_space[2]
    f.customer_risk = 0.0
    f.customer_risk_long = 0.0
    if f.backlog_in <= 0.0:
        return
    best = 0.0
    r = first_sold(state, seller)
    while r >= 0:
        c = state.contracts[r]
        if binds(c) and c.seller == seller:
            share = unit_invoice(c) * ramp_months(c, m.month + 1) / f.backlog_in
            risk = state.firms[c.buyer].pd
            far = state.firms[c.buyer].pd_long
            if c.guarantor >= 0 and state.firms[c.guarantor].status == ACTIVE:
                risk = min(risk, state.firms[c.guarantor].pd)
                far = min(far, state.firms[c.guarantor].pd_long)
            f.customer_risk += share * risk
            f.customer_risk_long += share * far
            part[c.buyer] += share
            if part[c.buyer] > best:
                best = part[c.buyer]
                f.top_customer_id = c.buyer
        r = next_sold(state, r)
    f.top_customer = min(best, 1.0)
    r = first_sold(state, seller)
    while r >= 0:
        part[state.contracts[r].buyer] = 0.0
        r = next_sold(state, r)


@jit
def free_tenants(state, contract):
    """Other tenants whose contract ends or breaks look for the same capacity on the spot market."""
    m = state.market[0]
    if contract.buyer != CUSTOMERS or contract.kind != COMPUTE:
        return
    wanted = contract.quantity * ramp_share(contract, m.month)
    elasticity = state.params[0].tenant_elasticity
    m.tenant_demand += wanted * math.exp(elasticity * math.log(m.spot_price / m.opening_spot))


@jit
def renew_tenancy(state, r):
    """A contract that has ended: its tenant, if it is one without a name, renews a part with the same seller.

    `renewal_share` of the capacity for `renewal_tenor` months at today's rent of a year's contract; what was signed
    kept its price until now. The rest looks on the spot market.
    """
    m = state.market[0]
    p = state.params[0]
    c = state.contracts[r]
    kept = 0.0
    if c.buyer == CUSTOMERS and c.kind == COMPUTE and state.firms[c.seller].status == ACTIVE:
        kept = p.renewal_share * c.quantity
    c.quantity -= kept
    free_tenants(state, c)
    if kept <= 1e-9:
        c.quantity += kept
        return
    c.status = LIVE
    c.quantity = kept
    c.delivered = min(c.delivered, kept)
    c.price = m.year_price
    c.signed = m.month
    c.months = int(p.renewal_tenor)
    c.months_left = c.months
    c.announced = unit_invoice(c) * c.months


@jit
def exercise_backstops(state):
    """Whoever has promised to buy what a provider cannot let takes it from the next month on (M H100e).

    Up to the value announced, spread over the months of the promise.
    """
    m = state.market[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.backstop == 0 or c.status != LIVE:
            continue
        f = state.firms[c.seller]
        most = c.announced / max(c.months * c.price * BN_PER_RATE, 1e-9)
        c.quantity = min(most, max(c.delivered + f.capacity - f.used, 0.0))


@jit
def break_contract(state, r, at_fault):
    """End a contract early: the buyer loses its prepayment, the seller its customer or the buyer its capacity.

    A guarantor steps in for a failed buyer; a lease of a failed vehicle goes on with the new owner of the site.
    """
    c = state.contracts[r]
    monthly = unit_invoice(c)
    if c.quantity > 0.0 and c.delivered < c.quantity:
        monthly *= c.delivered / c.quantity
    if at_fault == c.buyer:
        if c.guarantor >= 0 and c.guarantor != at_fault and state.firms[c.guarantor].status == ACTIVE:
            charge(state, c.buyer, c.prepaid)
            earn(state, c.seller, c.prepaid)
            c.prepaid = 0.0
            change_buyer(state, r, c.guarantor)
            c.own_use = 1
            return
        log_hit(state, c.seller, at_fault, CUSTOMER, monthly)
        # Everybody knows at once that this income is gone; what replaces it is seen when it comes.
        state.firms[c.seller].earnings -= monthly if c.status == LIVE else 0.0
        if c.kind == COMPUTE:
            # Clusters built for one customer stand idle until they are set up for another.
            state.firms[c.seller].stranded += c.delivered
        if c.guarantor == at_fault:
            c.guarantor = -1
        # Damages: the take-or-pay part of the rent until the capacity can be let again.
        months = min(state.params[0].termination_months, 1.0 * c.months_left)
        c.missed += months * unit_invoice(c) * firm_share(state, c)
    else:
        if c.kind == SITE and state.firms[at_fault].kind == VEHICLE:
            write_off(state, c.buyer, c.prepaid)
            state.firms[c.seller].retained += c.prepaid
            c.prepaid = 0.0
            c.seller = SAVERS
            return
        log_hit(state, c.buyer, at_fault, COUNTERPARTY, c.prepaid)
        free_tenants(state, c)
    write_off(state, c.buyer, c.prepaid)
    earn(state, c.seller, c.prepaid)
    c.prepaid = 0.0
    c.status = BROKEN
    c.delivered = 0.0
