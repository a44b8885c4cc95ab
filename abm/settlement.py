"""What falls due, how firms find the money, and who is paid: phases 5, 6 and 7."""

from __future__ import annotations

from abm.agents.neocloud import accept_renegotiation
from abm.agents.vendor import offer_vendor_finance
from abm.compiled import jit
from abm.contagion.rows import ClearingScratch, clear_rows
from abm.draws import D_ROUND, uniform
from abm.economy import (
    ACTIVE,
    BANK,
    BN_PER_RATE,
    COMPUTE,
    COUNTERPARTY,
    CUSTOMERS,
    DUE_CARBON,
    DUE_FUNDING,
    DUE_INTEREST,
    DUE_INVOICE,
    DUE_MAKING,
    DUE_OPERATING,
    DUE_ORDER,
    DUE_POWER,
    DUE_PRINCIPAL,
    E_RENEGOTIATED,
    ENDED,
    F_BANKRUPTCY,
    F_CARBON,
    F_COMPUTE,
    F_FUNDING_COST,
    F_GPU,
    F_INTEREST,
    F_LEASE,
    F_LENDING,
    F_OPERATING,
    F_OTHER_BUSINESS,
    F_POWER,
    F_PRINCIPAL,
    F_SECONDHAND,
    F_SITE,
    F_SUPPORT,
    FLEET_COLLATERAL,
    GOVERNMENT,
    GPU_ORDER,
    HYPERSCALER,
    LAB,
    LENDER,
    LIVE,
    NEOCLOUD,
    NO_COLLATERAL,
    OUTSIDE,
    PENDING,
    POWER,
    REVOLVER,
    SAVERS,
    SPONSOR,
    SUPPLIERS,
    TIER_OPERATING,
    TIER_SECURED,
    TIER_UNSECURED,
    VEHICLE,
    VENDOR,
    VENDOR_CHANNEL,
    VENDOR_LOAN,
    WAREHOUSE,
)
from abm.ledger import (
    charge,
    earn,
    endow,
    log_event,
    log_hit,
    new_stake,
    pay_cost,
    pay_out,
    raise_funding,
    return_funding,
    transfer,
    write_off,
)
from abm.markets.compute import firm_share, free_tenants, usage
from abm.markets.credit import (
    amend_loans,
    draw_warehouse,
    finance_hardware,
    is_short_of_capital,
    issue_equity,
    lend,
    prepay_loan,
    refinance,
    scheduled_principal,
)
from abm.markets.gpus import balance_due, cancel_order, take_delivery, unit_cost


@jit
def add_due(state, kind, debtor, creditor, tier, amount, ref):
    """Append an obligation of this month (bn); nothing if the amount is not positive."""
    if amount <= 0.0:
        return
    m = state.market[0]
    d = state.dues
    r = m.n_dues
    d.kind[r] = kind
    d.debtor[r] = debtor
    d.creditor[r] = creditor
    d.tier[r] = tier
    d.amount[r] = amount
    d.paid[r] = 0.0
    d.ref[r] = ref
    m.n_dues += 1


@jit
def first_cloud(state, lab):
    """The hyperscaler that holds the largest stake in a lab, to whom it pays its revenue share; -1 if none."""
    best = -1
    share = 0.0
    for r in range(state.market[0].n_stakes):
        s = state.stakes[r]
        if s.issuer == lab and s.share > share and state.firms[s.holder].kind == HYPERSCALER:
            best = s.holder
            share = s.share
    return best


@jit
def pay_in_shares(state, firm):
    """Staff paid in shares: a cost without cash, new paid-in capital held by savers."""
    f = state.firms[firm]
    amount = f.stock_pay
    if amount <= 0.0:
        return
    charge(state, firm, amount)
    earn(state, SAVERS, amount)
    new_stake(state, SAVERS, firm, 0.0, amount)
    f.paid_in += amount
    state.firms[SAVERS].holdings += amount


@jit
def owe_running_costs(state, i):
    """Staff, power, carbon, running costs, spot compute and revenue shares of one firm."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    add_due(state, DUE_OPERATING, i, SUPPLIERS, TIER_OPERATING, f.fixed_cost, -1)
    pay_in_shares(state, i)
    if f.capacity > 0.0:
        add_due(state, DUE_OPERATING, i, SUPPLIERS, TIER_OPERATING, f.used * f.unit_opex * BN_PER_RATE, -1)
        power = f.energy * m.power_price * f.power_premium * 1e-3
        add_due(state, DUE_POWER, i, POWER, TIER_OPERATING, power, -1)
        add_due(state, DUE_CARBON, i, GOVERNMENT, TIER_OPERATING, f.emissions * m.carbon_price * 1e-3, -1)
    add_due(state, DUE_INVOICE, i, CUSTOMERS, TIER_OPERATING, f.spot_bought * m.spot_price * BN_PER_RATE, -1)
    if f.kind == LAB and f.revenue_share > 0.0:
        cloud = first_cloud(state, i)
        if cloud >= 0 and state.firms[cloud].status == ACTIVE:
            add_due(state, DUE_OPERATING, i, cloud, TIER_UNSECURED, f.revenue_share * f.revenue, -1)
    if f.kind == LENDER:
        rate = max(m.base_rate + p.funding_spread, 0.0)
        add_due(state, DUE_FUNDING, i, SAVERS, TIER_UNSECURED, f.funding * rate / 12.0, -1)
        add_due(state, DUE_OPERATING, i, SUPPLIERS, TIER_OPERATING, f.loans_held * p.lender_cost / 12.0, -1)


@jit
def bill_contracts(state):
    """Invoices of live contracts: what is delivered, the take-or-pay part whether used or not.

    A prepayment is worked off evenly over the months left.
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
        credit = min(c.prepaid / max(c.months_left, 1), invoice)
        if credit > 0.0:
            c.prepaid -= credit
            charge(state, c.buyer, credit)
            earn(state, c.seller, credit)
        add_due(state, DUE_INVOICE, c.buyer, c.seller, TIER_UNSECURED, invoice - credit, r)


@jit
def rebuild_capital(state, bank):
    """A bank short of capital keeps what its other business earns on the capital behind it.

    At other times a bank pays these earnings out, so that only this part of them is booked. Its minimum holds the
    buffers inside which distributions are restricted (Basel III, BCBS 189, part 1, section III).
    """
    p = state.params[0]
    f = state.firms[bank]
    other = f.other_weight * f.other_assets
    weighted = p.loan_risk_weight * f.loans_held + other
    earnings = p.bank_earnings / 12.0 * (f.paid_in + f.retained) * other / max(weighted, 1e-9)
    if earnings > 0.0:
        pay_cost(state, CUSTOMERS, bank, earnings, F_OTHER_BUSINESS)


@jit
def obligations(state):
    """Phase 5 of the month: everything that falls due, in one network with seniority."""
    m = state.market[0]
    m.n_dues = 0
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE:
            continue
        if f.other_income > 0.0:
            pay_cost(state, CUSTOMERS, i, f.other_income, F_OTHER_BUSINESS)
        if f.kind == LENDER and f.subkind == BANK and is_short_of_capital(state, i):
            rebuild_capital(state, i)
        owe_running_costs(state, i)
    bill_contracts(state)
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.lender < 0:
            continue
        interest = loan.principal * loan.rate / 12.0
        add_due(state, DUE_INTEREST, loan.borrower, loan.lender, loan.tier, interest, r)
        add_due(state, DUE_PRINCIPAL, loan.borrower, loan.lender, loan.tier, scheduled_principal(loan), r)
    for r in range(m.n_orders):
        o = state.orders[r]
        if o.status == PENDING and o.ready > 0.0:
            add_due(state, DUE_ORDER, o.buyer, o.vendor, TIER_UNSECURED, balance_due(o), r)
            if o.kind == GPU_ORDER:
                making = (1.0 - state.firms[o.vendor].margin) * balance_due(o)
                add_due(state, DUE_MAKING, o.vendor, SUPPLIERS, TIER_OPERATING, making, r)


@jit
def draw_revolvers(state, firm, amount):
    """Draw on open credit lines (bn drawn)."""
    m = state.market[0]
    got = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.kind != REVOLVER or loan.borrower != firm or got >= amount:
            continue
        bank = state.firms[loan.lender]
        if bank.status != ACTIVE or (bank.lending_open < 0.5 and loan.committed == 0):
            continue
        draw = min(loan.limit - loan.principal, amount - got)
        if draw <= 0.0:
            continue
        raise_funding(state, loan.lender, draw)
        transfer(state, loan.lender, firm, draw, F_LENDING)
        loan.principal += draw
        bank.loans_held += draw
        state.firms[firm].debt += draw
        got += draw
    return got


@jit
def roll_over(state, firm, amount):
    """Refinance what falls due, loan by loan, so that each new loan stands for what the old one did (bn)."""
    d = state.dues
    got = 0.0
    for r in range(state.market[0].n_dues):
        if got >= amount:
            break
        if d.kind[r] == DUE_PRINCIPAL and d.debtor[r] == firm and d.amount[r] > 0.0:
            for_ai = state.loans[d.ref[r]].for_ai
            end_user = state.loans[d.ref[r]].end_user
            part = min(d.amount[r], amount - got)
            if state.loans[d.ref[r]].kind == WAREHOUSE:
                got += draw_warehouse(state, firm, part)
            else:
                secured = 1 if state.loans[d.ref[r]].collateral != NO_COLLATERAL else 0
                got += refinance(state, firm, part, part, secured, for_ai, end_user)
    return got


@jit
def maturing_soon(state, firm):
    """Bullets of a firm that fall due after this month and within `refinance_ahead` months (bn)."""
    total = 0.0
    for r in range(state.market[0].n_loans):
        loan = state.loans[r]
        soon = 1 < loan.months_left <= state.params[0].refinance_ahead
        if soon and loan.borrower == firm and loan.status == LIVE and loan.amortising == 0:
            total += loan.principal
    return total


@jit
def hardware_user(state, firm):
    """The customer to whom the hardware that is about to arrive is dedicated, -1 if none."""
    d = state.dues
    for r in range(state.market[0].n_dues):
        if d.kind[r] == DUE_ORDER and d.debtor[r] == firm and state.orders[d.ref[r]].end_user >= 0:
            return state.orders[d.ref[r]].end_user
    return -1


@jit
def parent_support(state, firm, amount):
    """A parent with money to spare puts equity into its subsidiary (bn given)."""
    parent = state.firms[firm].parent
    if parent < 0 or state.firms[parent].status != ACTIVE:
        return 0.0
    spare = max(state.firms[parent].cash - state.firms[parent].operating_cost, 0.0)
    give = min(amount, state.params[0].parent_support * spare)
    if give <= 1e-9:
        return 0.0
    transfer(state, parent, firm, give, F_SUPPORT)
    new_stake(state, parent, firm, 0.0, give)
    state.firms[parent].holdings += give
    state.firms[firm].paid_in += give
    return give


@jit
def emergency_round(state, firm, amount):
    """Equity raised under pressure (bn): investors come in with a chance that follows sentiment."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[firm]
    if (f.kind != LAB and f.kind != NEOCLOUD) or f.parent >= 0 or f.valuation <= 0.0:
        return 0.0
    if uniform(m.seed, D_ROUND, m.month, firm) > p.round_success * m.sentiment:
        return 0.0
    size = min(amount, p.equity_dilution * f.valuation)
    issue_equity(state, firm, size, f.valuation)
    return size


@jit
def drop_orders(state, firm, amount):
    """Cancel arrivals that cannot be paid (bn of dues removed), the latest first."""
    m = state.market[0]
    d = state.dues
    saved = 0.0
    for back in range(m.n_dues):
        r = m.n_dues - 1 - back
        if saved >= amount:
            break
        if d.kind[r] == DUE_ORDER and d.debtor[r] == firm and d.amount[r] > 0.0:
            saved += d.amount[r]
            d.amount[r] = 0.0
            for making in range(m.n_dues):
                if d.kind[making] == DUE_MAKING and d.ref[making] == d.ref[r]:
                    d.amount[making] = 0.0
            cancel_order(state, d.ref[r])
    return saved


@jit
def renegotiate(state, firm, amount):
    """Ask providers to extend and amend: less now, a lower price, a longer contract (bn of dues removed)."""
    m = state.market[0]
    p = state.params[0]
    d = state.dues
    saved = 0.0
    for r in range(m.n_dues):
        if saved >= amount:
            break
        if d.kind[r] != DUE_INVOICE or d.debtor[r] != firm or d.ref[r] < 0:
            continue
        c = state.contracts[d.ref[r]]
        if c.amended >= 0 and m.month - c.amended < 12:
            continue
        if not accept_renegotiation(state, c.seller, firm):
            continue
        relief = d.amount[r] * p.amend_deferral
        d.amount[r] -= relief
        c.price *= 1.0 - p.amend_haircut
        c.months_left += int(p.amend_extension)
        c.months += int(p.amend_extension)
        c.amended = m.month
        saved += relief
        log_event(state, E_RENEGOTIATED, firm, c.seller, relief)
    return saved


@jit
def sell_assets(state, firm, amount):
    """A fund or sponsor sells other holdings to savers, in a month only so much, at a discount (bn raised)."""
    p = state.params[0]
    f = state.firms[firm]
    book = min(amount / max(p.asset_sale_price, 0.01), p.asset_sale_pace * f.other_assets)
    if book <= 0.0:
        return 0.0
    got = book * p.asset_sale_price
    transfer(state, SAVERS, firm, got, F_SECONDHAND)
    state.firms[SAVERS].retained -= got
    f.other_assets -= book
    write_off(state, firm, book - got)
    return got


@jit
def fund_firm(state, i, outflow, inflow, hardware, maturing):
    """The funding ladder of one firm that foresees a shortfall, in order: hardware loans, revolvers,
    refinancing, the parent, equity, cancelled orders and spending cuts, renegotiation, forbearance of lenders."""
    p = state.params[0]
    f = state.firms[i]
    if f.kind == LENDER:
        # Lenders do not live from hand to mouth: they have what they owe before their borrowers pay.
        gap = outflow - f.cash
        if f.subkind == SPONSOR:
            # A holding company sells in time for what matures, for blocks take months to place.
            gap += maturing_soon(state, i)
        if gap <= 0.0:
            return
        if f.subkind == BANK:
            # Banks have deposits and the central bank as long as they are solvent.
            if f.paid_in + f.retained > 0.0:
                raise_funding(state, i, gap)
            return
        gap -= roll_over(state, i, min(gap, maturing))
        if gap > 0.0 and f.subkind != SPONSOR and f.lending_open > 0.5 and f.paid_in + f.retained > 0.0:
            new = min(gap, p.funding_access * (f.paid_in + f.retained))
            raise_funding(state, i, new)
            gap -= new
        if gap > 0.0:
            sell_assets(state, i, gap)
        return
    buffer = p.cash_buffer * f.fixed_cost
    if hardware > 0.0:
        if f.kind == NEOCLOUD:
            for v in range(state.market[0].n_firms):
                if state.firms[v].kind == VENDOR and state.firms[v].status == ACTIVE:
                    size = offer_vendor_finance(state, v, hardware)
                    wanted = p.vendor_finance_share * hardware
                    if size < 0.99 * wanted:
                        log_hit(state, i, v, VENDOR_CHANNEL, wanted - size)
                    if size > 0.01:
                        rate = state.market[0].base_rate + p.vendor_loan_spread
                        months = int(min(p.loan_tenor, p.max_tenor))
                        lend(state, v, i, VENDOR_LOAN, size, rate, months, TIER_SECURED, FLEET_COLLATERAL, 1)
                        hardware -= size
                    break
        finance_hardware(state, i, hardware, hardware_user(state, i))
    gap = outflow + buffer - f.cash - p.receipt_trust * inflow
    if gap <= 0.0:
        return
    gap -= draw_revolvers(state, i, gap)
    if gap > 0.0 and maturing > 0.0:
        gap -= roll_over(state, i, min(gap, maturing))
    if gap > 0.0:
        gap -= parent_support(state, i, gap)
    if gap > 0.0 and f.kind == VEHICLE and gap < p.project_overrun * f.deposits_out:
        # Investors complete what they have begun: a cost overrun is small beside what they would lose.
        endow(state, i, gap)
        gap = 0.0
    if gap > 0.0:
        gap -= emergency_round(state, i, gap * p.round_excess)
    if gap > 0.0 and (f.kind == NEOCLOUD or f.kind == HYPERSCALER):
        gap -= refinance(state, i, gap, 0.0, 0, 1, -1)
    gap -= buffer
    if gap > 0.0 and hardware > 0.0:
        gap -= drop_orders(state, i, gap)
    if gap > 0.0:
        f.fixed_cost *= 1.0 - p.spending_cut
        gap -= renegotiate(state, i, gap)
    if gap > 0.0:
        amend_loans(state, i, gap)


@jit
def funding(state):
    """Phase 6 of the month: every firm looks ahead to its dues and finds the money it can."""
    m = state.market[0]
    d = state.dues
    n = m.n_dues
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE:
            continue
        outflow = 0.0
        inflow = 0.0
        hardware = 0.0
        maturing = 0.0
        for r in range(n):
            if d.debtor[r] == i:
                outflow += d.amount[r]
                if d.kind[r] == DUE_ORDER:
                    hardware += d.amount[r]
                elif d.kind[r] == DUE_PRINCIPAL:
                    maturing += d.amount[r]
            if d.creditor[r] == i:
                inflow += d.amount[r]
        fund_firm(state, i, outflow, inflow, hardware, maturing)


@jit
def flow_of(state, r):
    """Kind of flow of an obligation."""
    d = state.dues
    kind = d.kind[r]
    if kind == DUE_POWER:
        return F_POWER
    if kind == DUE_CARBON:
        return F_CARBON
    if kind == DUE_INTEREST:
        return F_INTEREST
    if kind == DUE_PRINCIPAL:
        return F_PRINCIPAL
    if kind == DUE_ORDER:
        return F_GPU if state.orders[d.ref[r]].kind == GPU_ORDER else F_SITE
    if kind == DUE_INVOICE:
        if d.ref[r] >= 0 and state.contracts[d.ref[r]].kind != COMPUTE:
            return F_LEASE
        return F_COMPUTE
    if kind == DUE_FUNDING:
        return F_FUNDING_COST
    return F_OPERATING


@jit
def post_payment(state, r):
    """Book what was paid on one obligation: income and cost, principal, or a delivery."""
    d = state.dues
    if d.amount[r] <= 0.0:
        return
    paid = d.paid[r]
    debtor = d.debtor[r]
    creditor = d.creditor[r]
    kind = d.kind[r]
    transfer(state, debtor, creditor, paid, flow_of(state, r))
    if kind == DUE_PRINCIPAL:
        loan = state.loans[d.ref[r]]
        # Twelve digits are enough to know that nothing is left.
        loan.principal = max(loan.principal - paid, 0.0)
        state.firms[debtor].debt -= paid
        state.firms[creditor].loans_held -= paid
    elif kind == DUE_ORDER:
        if d.amount[r] - paid <= 1e-12 * d.amount[r]:
            take_delivery(state, d.ref[r], paid)
        else:
            state.orders[d.ref[r]].deposit += paid
    elif kind == DUE_INTEREST:
        state.firms[debtor].interest_cost += paid
        state.firms[debtor].retained -= paid
        earn(state, creditor, paid)
    else:
        charge(state, debtor, paid)
        earn(state, creditor, paid)
    missed = d.amount[r] - paid
    if missed > 0.0:
        if kind == DUE_INVOICE and d.ref[r] >= 0:
            state.contracts[d.ref[r]].missed = missed
        if state.firms[creditor].kind != OUTSIDE:
            state.market[0].stage = state.default_round[debtor]
            log_hit(state, creditor, debtor, COUNTERPARTY, missed)


@jit
def clearing(state):
    """Phase 7 of the month: the greatest clearing payments with seniority, limited liability and bankruptcy costs.

    Eisenberg and Noe 2001; Rogers and Veraart 2013 with alpha = beta = 1 - bankruptcy_cost; Elsinger 2009.

    Returns
    -------
    float
        Residual of the fixed point.
    """
    m = state.market[0]
    d = state.dues
    keep = 1.0 - state.params[0].bankruptcy_cost
    for i in range(m.n_firms):
        # The sectors around the agents never default: they can pay whatever they owe.
        state.cash_before[i] = 1e9 if state.firms[i].kind == OUTSIDE else max(state.firms[i].cash, 0.0)
        state.default_round[i] = 0
    for i in range(m.n_firms, state.cash_before.shape[0]):
        state.cash_before[i] = 0.0
        state.default_round[i] = 0
    w = state.scratch
    scratch = ClearingScratch(
        w.matrix, w.senior, w.share, w.marginal, w.solid, w.base, w.inflow, w.estate, w.leak, w.pivot, w.recovery,
        w.member, w.place, w.rows,
    )  # fmt: skip
    residual = clear_rows(
        d.debtor, d.creditor, d.tier, d.amount, m.n_dues, state.cash_before, keep, keep, scratch, d.paid,
        state.default_round,
    )  # fmt: skip
    for r in range(m.n_dues):
        post_payment(state, r)
    for i in range(m.n_firms):
        if state.default_round[i] > 0:
            # What bankruptcy costs is all that is left, since a firm in default pays out everything else.
            pay_cost(state, i, SUPPLIERS, max(state.firms[i].cash, 0.0), F_BANKRUPTCY)
    run_off(state)
    return residual


@jit
def run_off(state):
    """Contracts and loans come a month nearer to their end; what has ended is closed."""
    m = state.market[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status != LIVE:
            continue
        c.months_left -= 1
        if c.months_left <= 0:
            c.status = ENDED
            charge(state, c.buyer, c.prepaid)
            earn(state, c.seller, c.prepaid)
            c.prepaid = 0.0
            free_tenants(state, c)
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE:
            continue
        loan.months_left = max(loan.months_left - 1, 0)
        if loan.months_left == 0 and loan.principal <= 0.0:
            loan.status = ENDED


@jit
def spare_cash(state, i):
    """What a provider pays its owners this month (bn): a part of its cash beyond a reserve.

    The reserve is `provider_cash_months` of its costs and debt service (a hyperscaler: of its cash earnings, as
    the platforms held at the end of 2025) and its own part of what it has on order.
    """
    p = state.params[0]
    f = state.firms[i]
    on_order = f.on_order * unit_cost(state, i) + f.on_order_gw * p.site_cost
    if f.kind == NEOCLOUD:
        on_order *= 1.0 - p.loan_to_cost
    kept = max(f.earnings, 0.0) if f.kind == HYPERSCALER else f.mean_cost + f.debt_service
    reserve = p.provider_cash_months * kept + on_order
    return max(p.provider_payout * (f.cash - reserve), 0.0)


@jit
def sweep_project(state, firm, amount):
    """A project company pays its bullet loans down with cash it does not need (bn repaid)."""
    left = amount
    for r in range(state.market[0].n_loans):
        loan = state.loans[r]
        if left > 1e-9 and loan.borrower == firm and loan.status == LIVE and loan.amortising == 0:
            part = min(left, loan.principal)
            prepay_loan(state, r, part)
            left -= part
    return amount - left


@jit
def distribute(state):
    """Surplus cash: providers and vendors pay out, lenders give savers back what they do not lend."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.cash <= 0.0:
            continue
        if f.kind == HYPERSCALER:
            pay_out(state, i, min(f.payout * f.other_income, 0.2 * f.cash))
            pay_out(state, i, spare_cash(state, i))
        elif f.kind == NEOCLOUD or f.kind == VEHICLE:
            spare = spare_cash(state, i)
            if f.kind == VEHICLE:
                spare -= sweep_project(state, i, p.project_sweep * spare)
            # Lenders' covenants lock up the cash of a borrower whose service is thinly covered.
            if f.dscr >= p.lockup_cover:
                pay_out(state, i, spare)
        elif f.kind == VENDOR:
            spare = f.cash - p.vendor_cash_months * f.supply - f.deposits_in
            pay_out(state, i, max(p.vendor_payout * spare, 0.0))
        elif f.kind == LENDER and f.subkind != SPONSOR:
            spare = f.cash - p.lender_cash * f.loans_held
            if spare > 0.0:
                back = min(spare, f.funding)
                return_funding(state, i, back)
                if not is_short_of_capital(state, i):
                    pay_out(state, i, p.lender_payout * (spare - back))
        elif f.parent >= 0 and f.kind == LAB and state.firms[f.parent].status == ACTIVE:
            spare = f.cash - p.lab_cash_months * max(f.operating_cost, 0.0)
            if spare > 0.0:
                transfer(state, i, f.parent, spare, F_SUPPORT)
                f.retained -= spare
                state.firms[f.parent].retained += spare
