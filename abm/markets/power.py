"""Power: what a fleet draws, what a unit of compute costs in electricity and carbon, what a firm emits."""

from __future__ import annotations

import math

from abm.engine.compiled import jit
from abm.engine.tables import HOURS


@jit
def mean_kw(state, firm):
    """Average power of a firm's fleet at the server (kW per H100e); 0 without a fleet."""
    units = 0.0
    power = 0.0
    for g in range(state.market[0].n_generations):
        v = state.fleet[firm, g]
        units += v.units
        power += v.units * state.generations[g].kw
    return power / units if units > 1e-12 else 0.0


@jit
def price_of_energy(state, firm):
    """What a firm pays for a MWh (USD): market price with its premium, plus carbon on the fossil part."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[firm]
    return m.power_price * f.power_premium + m.carbon_price * p.carbon_intensity * (1.0 - f.renewables)


@jit
def running_cost(state, firm, kw):
    """Cost of running one H100e for an hour (USD) on hardware of this power: electricity, cooling, carbon, staff."""
    f = state.firms[firm]
    return kw * (f.pue * price_of_energy(state, firm) / 1000.0 + f.unit_opex)


@jit
def site_price(state):
    """Price of a powered site ordered now (bn/GW): its cost, times what the scarcity of power adds."""
    return state.params[0].site_cost * state.market[0].site_scarcity


@jit
def connections(state):
    """Powered sites that come to the market in a year (GW): the grids' own, and more at a higher price.

    ``grid_gw * scarcity**site_elasticity``: turbines and batteries on the site, farther sites, dearer lines.
    """
    p = state.params[0]
    return p.grid_gw * math.exp(p.site_elasticity * math.log(state.market[0].site_scarcity))


@jit
def site_queue(state):
    """Months until all sites on order are connected."""
    waiting = 0.0
    for i in range(state.market[0].n_firms):
        waiting += state.firms[i].on_order_gw
    return 12.0 * waiting / connections(state)


@jit
def price_sites(state):
    """The price of powered sites moves with the queue: up while what is ordered takes longer than a site takes to
    build, down towards its cost while it does not, at most `site_price_speed` a month per log of the excess."""
    m = state.market[0]
    p = state.params[0]
    excess = math.log(max(site_queue(state), 0.1) / max(p.site_lead, 1.0))
    m.site_scarcity = max(m.site_scarcity * math.exp(p.site_price_speed * min(max(excess, -1.0), 1.0)), 1.0)


@jit
def use_energy(state, firm):
    """Electricity and emissions of a firm this month from the capacity it uses; idle hardware draws a part."""
    f = state.firms[firm]
    p = state.params[0]
    if f.capacity <= 0.0:
        f.energy = 0.0
        f.emissions = 0.0
        return
    drawing = f.used + p.idle_power * max(f.capacity - f.used, 0.0)
    gw = drawing * mean_kw(state, firm) * f.pue
    f.energy = gw * HOURS / 1000.0
    f.emissions = f.energy * p.carbon_intensity * (1.0 - f.renewables)
