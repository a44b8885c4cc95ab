"""The market for powered sites: built, leased from project companies, let by landlords, converted from other uses."""

from __future__ import annotations

import math

from abm.agents.hyperscaler import plan_fleet
from abm.agents.lab import plan_own_fleet
from abm.agents.neocloud import plan_orders
from abm.agents.project import lease_rent, off_balance_share
from abm.agents.provider import hurries
from abm.engine.compiled import jit
from abm.engine.draws import D_SITE, normal
from abm.engine.tables import ACTIVE, HYPERSCALER, LAB, NEOCLOUD, SITE_ORDER, SUPPLIERS
from abm.instruments.contract import sign_lease
from abm.instruments.order import place_order
from abm.markets.gpus import affordable_fleet, kw_on_sale, months_to_build, power_by, unit_cost
from abm.markets.power import site_price
from abm.markets.projects import found_project, lease_empty_sites

FAR = 10**6  # a month by which everything ordered stands


@jit
def offer_sites(state):
    """Landlords outside the model bring shells and powered sites of other uses to the market, and keep what nobody
    has taken for a year at most."""
    m = state.market[0]
    p = state.params[0]
    m.shells_left = min(m.shells_left + p.shell_gw / 12.0, p.shell_gw)
    m.conversions_left = min(m.conversions_left + p.conversion_gw / 12.0, p.conversion_gw)


@jit
def draw_lead(state, buyer, months, which):
    """Months until a site stands: lognormal around the usual time, with `site_delay` in logs.

    Parameters
    ----------
    months : float
        Median.
    which : int
        Kind of site, so that kinds ordered in one month have luck of their own.
    """
    m = state.market[0]
    luck = normal(m.seed, D_SITE, m.month, buyer * 4 + which)
    return max(int(months * math.exp(state.params[0].site_delay * luck) + 0.5), 1)


@jit
def plan_ahead(state, buyer, months):
    """Fleet a firm plans for some months ahead (M H100e); a neocloud's or a lab's no larger than it could pay for.

    These pay with their own cash and the equity of a round, and with loans at the usual loan to cost.
    """
    f = state.firms[buyer]
    if f.kind == HYPERSCALER:
        return plan_fleet(state, buyer, months)
    p = state.params[0]
    wanted = plan_own_fleet(state, buyer) if f.kind == LAB else plan_orders(state, buyer, months)
    cost = unit_cost(state, buyer)
    reach = p.equity_dilution * f.valuation / max(1.0 - p.loan_to_cost, 0.05) / cost + affordable_fleet(state, buyer)
    return min(wanted, f.capacity + f.on_order + reach)


@jit
def rent_early(state, buyer, gw):
    """Lease what stands earlier than an own site, where the months gained are worth its price (GW leased).

    Powered sites of other uses first, then shells of landlords; both are beyond the queue for the grid.
    """
    m = state.market[0]
    p = state.params[0]
    kw = kw_on_sale(state, buyer)
    rent = lease_rent(state, m.base_rate + p.project_spread)
    taken = 0.0
    for which in range(2):
        lead, premium, left = p.conversion_lead, p.conversion_premium, m.conversions_left
        if which == 1:
            lead, premium, left = p.shell_lead, p.shell_premium, m.shells_left
        part = min(gw - taken, left)
        if part < 1e-3 or not hurries(state, buyer, p.site_lead - lead, premium, kw):
            continue
        start = m.month + draw_lead(state, buyer, lead, which)
        sign_lease(state, buyer, SUPPLIERS, part, rent * (1.0 + premium), start, 1)
        if which == 0:
            m.conversions_left -= part
        else:
            m.shells_left -= part
        taken += part
    return taken


@jit
def order_sites(state, buyer):
    """Secure power for the fleet planned: soon, where sites come too late otherwise, and for the time to build.

    Sites come first and hardware follows them. What is short by the time a landlord's shell would stand is leased
    (`rent_early`); of what is short by the time an own site would stand, empty sites of project companies are leased
    first, then a part is built by a new project company (`off_balance_share`), and of the rest a part is ordered each
    month on the buyer's own books.
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[buyer]
    kw = kw_on_sale(state, buyer)
    price = site_price(state)
    soon = f.fleet_gw + kw * (plan_ahead(state, buyer, p.shell_lead) - f.capacity)
    short = (soon - power_by(state, buyer, m.month + int(p.shell_lead))) / p.order_smoothing
    if short > 1e-3:
        rent_early(state, buyer, short)
    needed = f.fleet_gw + kw * (plan_ahead(state, buyer, p.site_ahead * p.site_lead) - f.capacity)
    short = needed - power_by(state, buyer, FAR)
    if short > 1e-4:
        short -= lease_empty_sites(state, buyer, short)
    leased = min(off_balance_share(state, buyer) * needed - f.lease_gw, short)
    if leased > 0.0:
        built = found_project(state, buyer, leased)
        short -= built
        leased -= built
    if short > 1e-4:
        # What waits for the next project company is not built twice.
        waiting = min(max(leased, 0.0), short) if leased >= p.project_size else 0.0
        short = (short - waiting) / p.order_smoothing
        short = min(short, 0.5 * max(f.cash, 0.0) / max(p.order_deposit * price, 1e-9))
        if short > 1e-4:
            lead = months_to_build(state, draw_lead(state, buyer, p.site_lead, 2))
            place_order(state, SITE_ORDER, buyer, SUPPLIERS, -1, short, price, lead, -1)
            f.on_order_gw += short


@jit
def tally_sites(state):
    """What every provider's sites, built, ordered and leased, will hold, at the power of its fleet and of what is on
    sale (M H100e)."""
    for i in range(state.market[0].n_firms):
        f = state.firms[i]
        f.planned = 0.0
        if f.status == ACTIVE and (f.kind == HYPERSCALER or f.kind == NEOCLOUD):
            f.planned = f.capacity + max(power_by(state, i, FAR) - f.fleet_gw, 0.0) / kw_on_sale(state, i)
