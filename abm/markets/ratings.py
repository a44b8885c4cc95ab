"""The credit state of a firm: all it has promised, against what it is worth and how long its cash lasts.

One assessment that everybody sees: lenders price and refuse by it, mandates are written on it, investors and customers
shy away from it. It reads the same promises for every kind of firm: loans, leases signed, take-or-pay contracts bought,
hardware and sites on order.
"""

from __future__ import annotations

import math

from abm.accounts.ledger import assets, liabilities
from abm.agents.lab import burn_ahead, closing_odds, rescue_odds
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, CUSTOMERS, HYPERSCALER, LAB, LENDER, OUTSIDE, VEHICLE, VENDOR
from abm.instruments.annuity import annuity
from abm.instruments.contract import tenant_hazard

SURVIVES = 0.0002  # yearly hazard of the safest firm, and the most that anyone is given below
DOOMED = 0.9


@jit
def obligations_of(state, firm):
    """All a firm has promised to pay, as debt (bn).

    Loans and other debt in full; leases, take-or-pay contracts and orders, commenced or not, with the part that
    rating agencies count as debt (leases discounted, purchase obligations by a risk factor), and the cash that its
    business will have burnt in a year beyond what it holds (the service of its loans is that of debt that counts
    already). A project company has paid for what it builds in advance: it owes its debt.
    """
    p = state.params[0]
    f = state.firms[firm]
    if f.kind == VEHICLE:
        return f.debt
    promised = p.lease_weight * f.leases_owed + p.take_or_pay_weight * f.compute_owed + p.order_weight * f.orders_owed
    need = max(12.0 * max(-f.earnings, 0.0) - max(f.cash, 0.0), 0.0)
    return f.debt + f.other_debt + promised + need


@jit
def asset_volatility(state, firm):
    """Standard deviation of the yearly change of what a firm owns (log), by kind (Merton 1974)."""
    p = state.params[0]
    f = state.firms[firm]
    if f.kind == LENDER:
        return p.lender_volatility
    if f.kind == HYPERSCALER or f.kind == VENDOR:
        return p.hyperscaler_volatility
    if f.kind == VEHICLE:
        return p.project_volatility
    return p.asset_volatility


@jit
def worth(state, firm, owed):
    """What a firm owns is worth to who buys it whole (bn): its shares at what investors pay, and what it owes.

    A project company is worth what its lease still brings, or its site; a lender what stands in its books.
    """
    f = state.firms[firm]
    if f.kind == LENDER:
        return assets(f)
    if f.kind == VEHICLE:
        lease = 0.0
        if f.promised_rent > 0.0:
            months = max(f.backlog_in / f.promised_rent, 1.0)
            lease = f.promised_rent / annuity(state.market[0].base_rate + state.params[0].project_spread, months)
        return max(lease, f.sites + f.deposits_out + max(f.cash, 0.0)) + f.fleet_mark
    return max(f.valuation, 0.0) + owed


@jit
def distance_to_default(state, firm, years):
    """Standard deviations that what a firm owns may fall within some years until it is worth less than the barrier.

    ``(ln(V / (barrier * D)) - s**2 T / 2) / (s sqrt(T))`` with V what it is worth, D what it has promised and s its
    asset volatility (Merton 1974; Crosbie and Bohn 2003 on the barrier between short and long debt).
    """
    p = state.params[0]
    f = state.firms[firm]
    owed = liabilities(f) if f.kind == LENDER else obligations_of(state, firm)
    if owed <= 1e-9:
        return 30.0
    barrier = owed if f.kind == LENDER else p.default_barrier * owed
    volatility = max(asset_volatility(state, firm), 1e-3)
    ratio = math.log(max(worth(state, firm, owed), 1e-9) / barrier)
    distance = (ratio - 0.5 * volatility * volatility * years) / (volatility * math.sqrt(years))
    return min(max(distance, -30.0), 30.0)


@jit
def runs_dry(state, firm, years):
    """Chance that a lab's cash ends within some years before a round closes and that no rescuers come then.

    It asks every month, each time with the odds of `closing_odds`, until its cash is gone at the burn that its
    contracts will bring (`burn_ahead`): ``(1 - odds)**months``; at the end there are rescuers (`rescue_odds`).
    """
    f = state.firms[firm]
    burn = burn_ahead(state, firm)
    if f.kind != LAB or f.parent >= 0 or burn <= 1e-9:
        return 0.0
    months = max(f.cash, 0.0) / burn
    if months >= 12.0 * years:
        return 0.0
    odds = min(max(closing_odds(state, firm), 0.0), 1.0)
    alone = 1.0 - rescue_odds(state, firm, burn)
    return alone * math.exp(months * math.log(max(1.0 - odds, 1e-9)))


@jit
def judge(state, firm, years):
    """Yearly hazard of a firm by its own means over some years, its customers left aside (1/year).

    Failures make everybody doubt what they know of those that are left (`market.doubt`), which is added to the odds.
    The chance to default within T years is a logistic function of the distance to default, fitted to how often firms
    of that distance fail (as the expected default frequency of Crosbie and Bohn 2003 maps distances to frequencies),
    and of the cash running dry (`runs_dry`); ``hazard = -ln(1 - chance) / T``.
    """
    p = state.params[0]
    odds = p.hazard_level + p.hazard_slope * distance_to_default(state, firm, years)
    if state.firms[firm].kind != LENDER:
        odds -= state.market[0].doubt
    chance = 1.0 / (1.0 + math.exp(odds))
    survives = (1.0 - chance) * (1.0 - runs_dry(state, firm, years))
    return min(max(-math.log(max(survives, 1e-9)) / years, SURVIVES), DOOMED)


@jit
def rate_firms(state):
    """Every firm's hazard for the next year (`pd`) and, as a yearly rate, over `rating_years` (`pd_long`).

    Its own hazard, and the part `customer_passthrough` of its customers', each with its share of the backlog: who lives
    off one customer fails with it unless its capacity is let again. A subsidiary stands as well as its parent, while
    that is there. Tenants without a name fail as `lose_tenants` has it; the other outside sectors are not rated.
    Customers count with last month's rating, so that the order of the rows does not matter. Work space rows 0 and 1.
    """
    m = state.market[0]
    p = state.params[0]
    near = state.work_space[0]
    far = state.work_space[1]
    for i in range(m.n_firms):
        f = state.firms[i]
        near[i] = 0.0
        far[i] = 0.0
        f.obligations = 0.0
        if i == CUSTOMERS:
            near[i] = tenant_hazard(state)
            far[i] = near[i]
        elif f.status == ACTIVE and f.kind != OUTSIDE:
            f.obligations = obligations_of(state, i)
            near[i] = min(judge(state, i, 1.0) + p.customer_passthrough * f.customer_risk, DOOMED)
            far[i] = min(judge(state, i, p.rating_years) + p.customer_passthrough * f.customer_risk_long, DOOMED)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        f.pd = near[i]
        f.pd_long = far[i]
        if f.kind == LAB and f.parent >= 0 and state.firms[f.parent].status == ACTIVE:
            f.pd = near[f.parent]
            f.pd_long = far[f.parent]
