"""Where compute contracts are signed: labs and clouds tender, providers bid, both are bound (phase 9)."""

from __future__ import annotations

from abm.agents.firm import is_protected
from abm.agents.lab import (
    affordable_commitment,
    choose_tenor,
    deal_odds,
    plan_capacity,
    plan_framework,
    plan_own_fleet,
    years_to_mid_contract,
)
from abm.agents.neocloud import quote_contract
from abm.agents.provider import part_to_build
from abm.engine.compiled import jit
from abm.engine.draws import D_DEAL, D_TENDER, uniform
from abm.engine.tables import ACTIVE, BN_PER_RATE, ENDED, HYPERSCALER, INTENT, LAB, NEOCLOUD
from abm.instruments.contract import promised_at, promised_by, promised_invoices, ramp_months, sign_contract
from abm.instruments.stake import holds
from abm.markets.gpus import nth_vendor, unit_cost
from abm.markets.marks import best_generation, contract_cost

MOST_DEALS = 5  # sellers that one tender is split over
LEAST_DEAL = 0.1  # part of a tender that a seller must be able to carry


@jit
def means_to_build(state, seller):
    """Own money a provider can bring until what it promises today must stand (bn).

    Its cash as far as it puts it into orders, its cash earnings after debt service until the end of the ramp
    (a hyperscaler's: the part it spends on AI) and one round of equity at today's value and sentiment.
    """
    p = state.params[0]
    f = state.firms[seller]
    months = p.contract_lead + p.contract_ramp
    flow = max(f.earnings - f.debt_service, 0.0) * months
    if f.kind == HYPERSCALER:
        flow *= f.capex_share
    equity = p.equity_dilution * max(f.valuation, 0.0) * state.market[0].sentiment
    return p.equity_part * max(f.cash, 0.0) + flow + equity


@jit
def can_promise(state, seller):
    """Capacity a provider can still promise (M H100e): what it has and has ordered and what it can finance.

    Lenders advance `loan_to_cost` of hardware and site against the contract; the rest is own money, of which a
    provider with a bad name can raise less: none at a default probability of `bid_risk_cap`, where it promises nothing.
    """
    p = state.params[0]
    f = state.firms[seller]
    if f.status != ACTIVE or (f.kind != NEOCLOUD and f.kind != HYPERSCALER) or is_protected(state, seller):
        return 0.0
    if f.pd_long > p.bid_risk_cap:
        return 0.0
    own = f.need if f.kind == HYPERSCALER else 0.0
    access = 1.0 - f.pd_long / p.bid_risk_cap
    financed = access * means_to_build(state, seller) / max(1.0 - p.loan_to_cost, 0.05) / unit_cost(state, seller)
    return max(f.capacity + f.on_order - own + financed - f.promised_out, 0.0)


@jit
def own_cost(state, seller):
    """Full cost of a promise for a provider (USD per H100e-hour): its power, its chips, its spread over the usual
    cost of capital."""
    vendor = nth_vendor(state, 2 if state.firms[seller].custom_share > 0.5 else 0)
    if vendor < 0:
        return state.market[0].long_run_price
    g = best_generation(state, vendor)
    if g < 0:
        return state.market[0].long_run_price
    p = state.params[0]
    spread = state.firms[seller].pd_long * p.loss_given_default_secured * p.loan_to_cost
    return contract_cost(state, g, seller) * (1.0 + spread * p.economic_life / 24.0)


@jit
def room_at(state, buyer, seller, wanted):
    """How much of a wanted capacity a buyer would take from one seller (M H100e).

    Within what the seller can promise and within `seller_cap` of all that is promised to the buyer then. The lab of a
    hyperscaler takes all its compute within the group; who builds for its own use only sells to nobody else.
    """
    most = can_promise(state, seller)
    f = state.firms[buyer]
    if f.parent >= 0 and state.firms[f.parent].kind == HYPERSCALER:
        return most if seller == f.parent else 0.0
    if state.firms[seller].own_use_only == 1:
        return 0.0
    cap = state.params[0].seller_cap * (f.promised_in + wanted) - promised_by(state, buyer, seller)
    return max(min(most, cap), 0.0)


@jit
def on_custom_chips(state, buyer):
    """Part of the compute promised to a buyer that its sellers run mostly on custom chips; 0 without any."""
    m = state.market[0]
    total = 0.0
    custom = 0.0
    for i in range(m.n_firms):
        if state.firms[i].kind == HYPERSCALER or state.firms[i].kind == NEOCLOUD:
            quantity = promised_by(state, buyer, i)
            total += quantity
            if state.firms[i].custom_share > 0.5:
                custom += quantity
    return custom / total if total > 0.0 else 0.0


@jit
def liking(state, buyer, seller, wanted, custom):
    """What a buyer multiplies a bid by when it compares: dearer the more of its compute the seller has promised it
    and the less of its compute runs on the seller's kind of chips, cheaper if the seller holds its equity.

    Parameters
    ----------
    wanted : float
        Capacity (M H100e).
    custom : float
        Part of the buyer's compute on custom chips (`on_custom_chips`).
    """
    p = state.params[0]
    f = state.firms[buyer]
    part = promised_by(state, buyer, seller) / max(f.promised_in + wanted, 1e-9)
    foreign = 1.0 - custom if state.firms[seller].custom_share > 0.5 else custom
    factor = (1.0 + p.spread_taste * part) * (1.0 + p.chip_taste * foreign)
    if holds(state, seller, buyer):
        factor *= 1.0 - p.partner_taste
    return factor


@jit
def highest_bid(state, buyer):
    """Most a buyer signs for (USD per H100e-hour): a premium for certainty over the rent it expects."""
    expected = max(state.firms[buyer].expected_spot, state.market[0].contract_price)
    return (1.0 + state.params[0].security_premium) * expected


@jit
def sign_promise(state, buyer, seller, quantity, price, months, ramp):
    """Sign a compute contract that starts and ramps the later, the more of it the seller must still build."""
    building = part_to_build(state, seller, quantity)
    lead = 1 + int(building * state.params[0].contract_lead)
    sign_contract(state, buyer, seller, quantity, price, months, lead, max(int(building * ramp), 1))


@jit
def tender(state, buyer, wanted, ramp):
    """Sign with the bidders a buyer likes best, at most `MOST_DEALS`, until the wanted capacity is covered.

    Parameters
    ----------
    wanted : float
        Capacity (M H100e).
    ramp : int
        Months from first delivery to full quantity.

    Returns
    -------
    float
        Signed (M H100e).
    """
    m = state.market[0]
    p = state.params[0]
    signed = 0.0
    tried = state.work_space[3]
    for i in range(m.n_firms):
        tried[i] = 0.0
    months = choose_tenor(state, buyer)
    limit = highest_bid(state, buyer)
    custom = on_custom_chips(state, buyer)
    for _ in range(MOST_DEALS):
        best = -1
        best_price = 1e9
        best_score = 1e9
        for i in range(m.n_firms):
            if i == buyer or tried[i] > 0.0 or room_at(state, buyer, i, wanted - signed) < LEAST_DEAL * wanted:
                continue
            if state.firms[buyer].kind == HYPERSCALER and state.firms[i].kind == HYPERSCALER:
                continue
            taste = 1.0 + p.bid_taste * (uniform(m.seed, D_TENDER, m.month, buyer * 65536 + i) - 0.5)
            price = quote_contract(state, i, buyer, own_cost(state, i), 1.0 * months)
            score = price * taste * liking(state, buyer, i, wanted - signed, custom)
            if price <= limit and score < best_score:
                best = i
                best_price = price
                best_score = score
        if best < 0:
            break
        tried[best] = 1.0
        quantity = min(wanted - signed, room_at(state, buyer, best, wanted - signed))
        if quantity <= 1e-6:
            continue
        sign_promise(state, buyer, best, quantity, best_price, months, ramp)
        signed += quantity
        if signed >= 0.98 * wanted:
            break
    return signed


@jit
def own_part(state, lab):
    """Capacity of its plan that a lab owns or means to own (M H100e)."""
    f = state.firms[lab]
    return max(f.capacity + f.on_order, plan_own_fleet(state, lab))


@jit
def affordable_quantity(state, lab):
    """Capacity at today's contract price for which a lab still dares to sign (M H100e)."""
    room = affordable_commitment(state, lab) - promised_invoices(state, lab)
    return room / (state.market[0].contract_price * BN_PER_RATE)


@jit
def firm_up(state, r):
    """A letter of intent takes its next step: a part becomes a contract if the buyer can fund it; at the end it lapses.

    Steps are `letter_spacing` months apart from a lead time before the letter's start to the end of its ramp; each
    is an equal part of what is left. The seller of the letter takes it if it is a provider that can promise it within
    what the buyer pays at most, else the market.
    """
    m = state.market[0]
    p = state.params[0]
    c = state.contracts[r]
    buyer = c.buyer
    last = c.start + c.ramp
    if c.announced <= 1e-6 or m.month >= last:
        c.status = ENDED
        c.announced = 0.0
        return
    spacing = max(int(p.letter_spacing), 1)
    since = m.month - (c.start - int(p.contract_lead))
    if since < 0 or since % spacing != 0:
        return
    steps = (last - m.month + spacing - 1) // spacing
    unit = c.price * BN_PER_RATE * max(ramp_months(c, c.start), 1.0)
    quantity = min(c.announced / steps / unit, affordable_quantity(state, buyer))
    if quantity <= 1e-4:
        return
    direct = min(quantity, room_at(state, buyer, c.seller, quantity))
    if direct > 1e-4:
        price = quote_contract(state, c.seller, buyer, own_cost(state, c.seller), 1.0 * c.months)
        if price <= highest_bid(state, buyer):
            sign_promise(state, buyer, c.seller, direct, price, c.months, int(p.contract_ramp))
            return
    tender(state, buyer, quantity, int(p.contract_ramp))


@jit
def labs_tender(state):
    """Labs sign for the capacity their plans lack, within the invoices they dare to promise.

    Letters of intent first. Then, rarely, a framework deal over a part of what the plan of several years lacks; in
    every other month a part of what is lacking within the planning horizon.
    """
    m = state.market[0]
    p = state.params[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == INTENT and state.firms[c.buyer].kind == LAB and state.firms[c.buyer].status == ACTIVE:
            firm_up(state, r)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind != LAB or f.stops_paying > 0.0 or is_protected(state, i):
            continue
        horizon = m.month + int(p.planning_horizon)
        short = plan_capacity(state, i) - promised_at(state, i, horizon) - own_part(state, i)
        f.desired = max(short, 0.0)
        least = p.tender_threshold * max(f.need, 1e-3)
        if uniform(m.seed, D_DEAL, m.month, i) < deal_odds(state, i):
            middle = m.month + int(12.0 * years_to_mid_contract(state))
            far = plan_framework(state, i) - promised_at(state, i, middle) - own_part(state, i)
            quantity = min(far * p.framework_part, affordable_quantity(state, i))
            if quantity > least:
                tender(state, i, quantity, int(p.framework_ramp))
                continue
        if short < least:
            continue
        quantity = min(short, affordable_quantity(state, i)) * p.tender_part
        if quantity > 1e-4:
            tender(state, i, quantity, int(p.contract_ramp))


@jit
def clouds_tender(state):
    """Hyperscalers whose budget or power cannot cover their plan rent the rest from neoclouds."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind != HYPERSCALER or is_protected(state, i):
            continue
        short = f.desired - f.on_order
        if short > p.tender_threshold * max(f.need, 1e-3):
            promise = promised_invoices(state, i) + short * m.contract_price * BN_PER_RATE
            if promise < p.rental_share * (f.other_income + f.revenue):
                room = p.outsourcing * (f.capacity + f.on_order + f.promised_in + short) - f.promised_in
                signed = min(short, room) * p.tender_part
                if signed > 1e-4:
                    tender(state, i, signed, int(p.contract_ramp))
