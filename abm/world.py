"""Phase 1, the world around the agents: shocks, technology, rates, power, the growth of demand."""

from __future__ import annotations

import math

from abm.compiled import jit
from abm.draws import D_DEMAND, D_POWER, D_RATE, D_SHOCK, normal, uniform
from abm.economy import ACTIVE, F_OPERATING, HYPERSCALER, N_SEGMENTS, NEOCLOUD, SUPPLIERS, VEHICLE
from abm.ledger import pay_cost

# Effects of a shock on a named firm (column `effect` of the shock table).
EFFECT_DEMAND, EFFECT_STOPS_PAYING, EFFECT_LOSES_CASH, EFFECT_DEFAULTS, EFFECT_LOSES_CAPACITY = range(5)


@jit
def shock_strength(state, r):
    """How much of a shock is felt this month, from 0 (not yet or over) to 1 (full strength).

    A shock with probability below one strikes at random from its start month on, once.
    """
    m = state.market[0]
    s = state.shocks[r]
    if s.struck < 0:
        if m.month < s.start:
            return 0.0
        if s.probability < 1.0 and uniform(m.seed, D_SHOCK, m.month, r) >= s.probability:
            return 0.0
        s.struck = m.month
    age = m.month - s.struck
    if s.duration > 0 and age >= s.duration:
        return 0.0
    if s.ramp > 0:
        return min(1.0, (age + 1.0) / s.ramp)
    return 1.0


@jit
def struck_firm(state, r):
    """Row of the firm that a shock is for; -1 as long as a firm that is to enter has not."""
    s = state.shocks[r]
    if s.firm < 0 and s.tenant_number > 0 and s.tenant < 0:
        s.tenant = entered(state, s.after, NEOCLOUD, -1, s.tenant_number)
    if s.firm < 0 and (s.tenant >= 0 or s.kind != VEHICLE):
        s.firm = entered(state, s.after, s.kind, s.tenant, s.number)
    return s.firm


@jit
def entered(state, after, kind, tenant, number):
    """Row of the `number`th firm of a kind that entered after the opening, of a tenant's projects if there is a tenant.

    Returns
    -------
    int
        -1 if fewer have entered.
    """
    for i in range(after, state.market[0].n_firms):
        f = state.firms[i]
        if f.kind == kind and (tenant < 0 or f.tenant == tenant):
            number -= 1
            if number == 0:
                return i
    return -1


@jit
def apply_shocks(state):
    """Set this month's parameters and the shocks on named firms.

    Scales multiply and additions add up over all shocks on one parameter: value = base * product + sum, kept
    within the parameter's range. A shock on a firm that is yet to enter waits for it.
    """
    m = state.market[0]
    for k in range(state.param_values.shape[0]):
        state.param_values[k] = state.base_values[k]
    for i in range(m.n_firms):
        state.firms[i].demand_shift = 0.0
        state.firms[i].stops_paying = 0.0
    for r in range(m.n_shocks):
        if state.shocks[r].target == 0:
            s = state.shocks[r]
            strength = shock_strength(state, r)
            state.param_values[s.parameter] *= 1.0 + strength * (s.scale - 1.0)
    for r in range(m.n_shocks):
        s = state.shocks[r]
        if s.target == 0 and s.struck >= 0:
            state.param_values[s.parameter] += shock_strength(state, r) * s.add
    for k in range(state.param_values.shape[0]):
        state.param_values[k] = min(max(state.param_values[k], state.bounds[k, 0]), state.bounds[k, 1])
    for r in range(m.n_shocks):
        s = state.shocks[r]
        if s.target == 0 or struck_firm(state, r) < 0:
            continue
        strength = shock_strength(state, r)
        if strength == 0.0:
            continue
        f = state.firms[s.firm]
        if f.status != ACTIVE:
            continue
        if s.effect == EFFECT_DEMAND:
            f.demand_shift += strength * s.add
        elif s.effect == EFFECT_STOPS_PAYING or s.effect == EFFECT_DEFAULTS:
            f.stops_paying = max(f.stops_paying, 1.0 if s.effect == EFFECT_STOPS_PAYING else 2.0)
        elif s.effect == EFFECT_LOSES_CASH and s.struck == m.month:
            pay_cost(state, s.firm, SUPPLIERS, min(s.add, max(f.cash, 0.0)), F_OPERATING)
        elif s.effect == EFFECT_LOSES_CAPACITY and s.struck == m.month:
            for g in range(m.n_generations):
                v = state.fleet[s.firm, g]
                lost = min(max(s.add, 0.0), 1.0)
                f.retained -= v.book * lost
                f.write_off += v.book * lost
                f.fleet_book -= v.book * lost
                v.units *= 1.0 - lost
                v.cost *= 1.0 - lost
                v.book *= 1.0 - lost


@jit
def move_prices_of_the_world(state):
    """Base rate, power and carbon price: means from the parameters, noise that dies out.

    Ornstein-Uhlenbeck steps around the parameter; the power price also rises with the power that AI draws.
    """
    m = state.market[0]
    p = state.params[0]
    m.base_rate += p.rate_reversion * (p.base_rate - m.base_rate)
    m.base_rate += p.rate_noise * normal(m.seed, D_RATE, m.month, 0)
    m.base_rate = max(m.base_rate, 0.0)
    drawn = 0.0
    for i in range(m.n_firms):
        if state.firms[i].status == ACTIVE:
            drawn += state.firms[i].fleet_gw
    load = max(drawn / p.power_load_reference, 0.1)
    mean = p.power_price * math.exp(p.power_price_growth * m.month / 12.0 + p.power_load_elasticity * math.log(load))
    m.power_price += p.power_reversion * (mean - m.power_price)
    m.power_price *= math.exp(p.power_noise * normal(m.seed, D_POWER, m.month, 0))
    m.power_price = max(m.power_price, 1.0)
    m.carbon_price = max(p.carbon_price, 0.0)


@jit
def advance_technology(state):
    """Algorithmic efficiency lowers compute per unit of work, the complexity of frontier tasks raises it.

    Two processes, not one (calibration README, caution 5): price at equal quality falls with the first,
    the cost of running the frontier rises with the second.
    """
    m = state.market[0]
    p = state.params[0]
    efficiency = math.log(p.algorithmic_efficiency) / 12.0
    complexity = math.log(p.task_complexity) / 12.0
    m.algorithm_level += efficiency
    m.complexity += complexity
    m.unit_compute *= math.exp(complexity - efficiency)


@jit
def grow_demand(state):
    """Adoption by segment grows logistically times a growth shock that persists; so do clouds' own workloads.

    The same elasticity governs what a fall of compute per unit of work does to the compute that clouds' own
    workloads and other tenants ask for: compute = work * unit, work ~ unit**(-elasticity) (rebound).
    """
    m = state.market[0]
    p = state.params[0]
    net_efficiency = (math.log(p.task_complexity) - math.log(p.algorithmic_efficiency)) / 12.0
    rebound = math.exp((1.0 - p.demand_elasticity) * net_efficiency)
    for s in range(N_SEGMENTS):
        segment = state.segments[s]
        a = segment.adoption
        scale = p.demand_growth
        if s == 0:
            scale *= p.consumer_growth
        elif s == 1:
            scale *= p.enterprise_growth
        else:
            scale *= p.small_firm_growth
        a += scale * segment.growth / 12.0 * a * (1.0 - a)
        segment.adoption = min(max(a, 1e-6), 1.0)
        segment.shock *= p.demand_persistence
        segment.shock += p.demand_noise * normal(m.seed, D_DEMAND, m.month, s)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.kind == HYPERSCALER and f.status == ACTIVE:
            f.own_growth += p.growth_fade / 12.0 * (p.own_growth_long_run - f.own_growth)
            noise = p.own_growth_noise * normal(m.seed, D_DEMAND, m.month, 100 + i)
            f.need *= math.exp(p.demand_growth * f.own_growth / 12.0 + noise) * rebound
            f.other_income *= math.exp(p.other_income_growth / 12.0)
    m.tenant_demand *= math.exp(p.demand_growth * p.tenant_growth / 12.0) * rebound


@jit
def world(state):
    """Phase 1 of the month."""
    apply_shocks(state)
    move_prices_of_the_world(state)
    advance_technology(state)
    grow_demand(state)
