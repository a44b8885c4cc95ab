"""What hardware costs and is worth: full cost of a generation, the mark to market of every vintage, and the price of
what failed firms leave."""

from __future__ import annotations

import math

from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, HOURS, HYPERSCALER
from abm.instruments.annuity import annuity
from abm.markets.power import running_cost, site_price


@jit
def capital_cost(state, g, firm):
    """Capital and site of a generation per H100e-hour of capacity (USD) for a firm.

    Capital is the list price with the vendor's markup, repaid over the economic life at the cost of capital;
    the site is repaid over its own life.
    """
    p = state.params[0]
    gen = state.generations[g]
    gpu = gen.cost * state.firms[gen.vendor].markup * annuity(p.cost_of_capital, p.economic_life)
    site = gen.kw * state.firms[firm].pue * site_price(state) * annuity(p.cost_of_capital, p.site_life)
    # bn per M H100e is a thousand USD per H100e.
    return (gpu + site) * 1000.0 / HOURS


@jit
def full_cost(state, g, firm):
    """Full cost per H100e-hour let on the spot market (USD): capital over the hours one can hope to let, and
    power and running cost."""
    used = state.params[0].target_utilisation
    return capital_cost(state, g, firm) / used + running_cost(state, firm, state.generations[g].kw)


@jit
def contract_cost(state, g, firm):
    """Full cost per H100e-hour promised (USD): paid for whether used or not, with the spares a promise needs."""
    cover = state.params[0].capacity_cover
    return capital_cost(state, g, firm) * cover + running_cost(state, firm, state.generations[g].kw)


@jit
def progress(state):
    """Progress of hardware (log a month): how fast the rent of a unit of compute falls in the long run."""
    p = state.params[0]
    return math.log(1.0 + p.gpu_generation_gain) / max(p.gpu_cadence, 1.0)


@jit
def geometric(q, first, count):
    """Sum of ``q**k`` for `count` whole steps from `first` on."""
    if abs(1.0 - q) < 1e-9:
        return 1.0 * count
    return q**first * (1.0 - q**count) / (1.0 - q)


@jit
def entry_cost(state, g, firm):
    """Spot rent today (USD per H100e-hour) at which new hardware earns its cost although rents fall with progress.

    The level payment for the GPU, times the discounted months of its economic life over the same with rents that
    shrink every month (user cost of capital with expected price change: Jorgenson 1963).
    """
    p = state.params[0]
    gen = state.generations[g]
    discount = 1.0 / (1.0 + p.cost_of_capital / 12.0)
    shrink = math.exp(-progress(state))
    tilt = geometric(discount, 1, p.economic_life) / geometric(discount * shrink, 1, p.economic_life)
    gpu = gen.cost * state.firms[gen.vendor].markup * annuity(p.cost_of_capital, p.economic_life) * 1000.0 / HOURS
    return full_cost(state, g, firm) + gpu * (tilt - 1.0) / p.target_utilisation


@jit
def path_rent(state, spot, lead, months):
    """Mean spot rent expected over a term (USD per H100e-hour), discounted.

    Rents go from today's towards the entry rent, which falls with progress, over `price_horizon` months.

    Parameters
    ----------
    spot : float
        Rent expected today.
    lead, months : float
        Months until the term begins, and its length.
    """
    m = state.market[0]
    p = state.params[0]
    discount = 1.0 / (1.0 + p.mark_discount / 12.0)
    base = discount * math.exp(-progress(state))
    fade = discount * math.exp(-1.0 / p.price_horizon)
    worth = m.entry_rent * geometric(base, lead, months) + (spot - m.entry_rent) * geometric(fade, lead, months)
    return max(worth / geometric(discount, lead, months), 0.0)


@jit
def term_rent(state, asked, spot, lead, months):
    """Rent of a contract (USD per H100e-hour): between what is asked on cost and the spot rent expected over its term.

    ``asked**(1 - w) * path**w`` with `contract_spot_weight`: each term on its own forward, joined to the spot market.
    """
    outside = math.log(max(path_rent(state, spot, lead, months), 1e-6) / max(asked, 1e-6))
    return asked * math.exp(state.params[0].contract_spot_weight * outside)


@jit
def scarcity(state):
    """What scarcity adds to the margin in new contracts: `scarcity_margin` when demand is twice supply or more."""
    return state.params[0].scarcity_margin * min(max(state.market[0].tightness - 1.0, 0.0), 1.0)


@jit
def best_generation(state, vendor):
    """Row of a vendor's generation on sale, the latest; -1 if it has none."""
    m = state.market[0]
    best = -1
    for g in range(m.n_generations):
        gen = state.generations[g]
        if gen.vendor == vendor and gen.released <= m.month:
            best = g
    return best


@jit
def mark_fleets(state):
    """Mark every generation to market: present value of its expected rental margin over its remaining life.

    The rental price is expected to go from today's towards the full cost of the hardware on sale (each vendor's
    best generation, weighted by what the vendors deliver: no one vendor can serve all), which itself falls with
    technical progress; so both a lower spot price and a better generation mark every older vintage down (vintage
    capital: Solow 1960; the discounted-rent view of capital: Jorgenson 1963).
    """
    m = state.market[0]
    p = state.params[0]
    reference = 0
    for i in range(m.n_firms):
        if state.firms[i].status == ACTIVE and state.firms[i].kind == HYPERSCALER:
            reference = i
            break
    output = 0.0
    weighted = 0.0
    promised = 0.0
    entry = 0.0
    for g in range(m.n_generations):
        vendor = state.generations[g].vendor
        if state.firms[vendor].status == ACTIVE and g == best_generation(state, vendor):
            output += state.firms[vendor].supply
            weighted += state.firms[vendor].supply * full_cost(state, g, reference)
            promised += state.firms[vendor].supply * contract_cost(state, g, reference)
            entry += state.firms[vendor].supply * entry_cost(state, g, reference)
    if output > 0.0:
        m.long_run_price = min(weighted / output, p.spot_cap)
        m.entry_rent = min(entry / output, p.spot_cap)
        # The same blend of cost and rent that providers quote (`quote_contract`).
        cost = promised / output
        asked = cost * (1.0 + p.contract_margin + scarcity(state))
        least = cost if m.tightness < p.target_utilisation else asked
        usual = max(term_rent(state, asked, m.spot_price, p.contract_lead, p.contract_tenor), least)
        year = term_rent(state, asked, m.spot_price, 0.0, 12.0)
        if m.year_price <= 0.0:
            m.year_price = year
        m.contract_price += p.contract_adjustment * (usual - m.contract_price)
        m.year_price += p.contract_adjustment * (year - m.year_price)
    now = 0.5 * (m.spot_price + m.contract_price)
    keep = math.exp(-1.0 / p.price_horizon)
    discount = math.exp(-p.mark_discount / 12.0)
    shrink = math.exp(-progress(state))
    for g in range(m.n_generations):
        gen = state.generations[g]
        units = 0.0
        aged = 0.0
        for i in range(m.n_firms):
            v = state.fleet[i, g]
            units += v.units
            aged += v.units * v.age
        age = aged / units if units > 1e-12 else max(m.month - gen.released, 0)
        left = int(max(gen.age_limit - age, 3.0))
        cost = running_cost(state, reference, gen.kw)
        excess = now - m.long_run_price
        base = m.long_run_price
        weight = 1.0
        value = 0.0
        for _ in range(left):
            excess *= keep
            base *= shrink
            weight *= discount
            margin = p.target_utilisation * (base + excess) - cost
            if margin <= 0.0:
                break
            value += weight * margin * HOURS / 1000.0
        gen.mark = value * math.exp(-m.fire_discount)
    for i in range(m.n_firms):
        f = state.firms[i]
        f.fleet_mark = 0.0
        for g in range(m.n_generations):
            held = state.fleet[i, g].units + state.fleet[i, g].waiting
            f.fleet_mark += held * state.generations[g].mark


@jit
def distressed_price(state):
    """What those who finance failed firms or buy what they leave pay, relative to normal times: the less, the more debt
    has failed within about a year and seeks them (Altman, Brady, Resti and Sironi 2005; fire sales to a market of few
    buyers: Shleifer and Vishny 1992).

    ``min((distress_normal / distress)**distress_elasticity, 1)``.
    """
    p = state.params[0]
    distress = state.market[0].distress
    if distress <= p.distress_normal:
        return 1.0
    return (p.distress_normal / distress) ** p.distress_elasticity
