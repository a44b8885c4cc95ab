"""Phase 1, the world around the agents: shocks, technology, rates, power, the growth of demand."""

from __future__ import annotations

import math

from abm.engine.compiled import jit
from abm.engine.draws import D_CYCLE, D_DEMAND, D_POWER, D_RATE, normal
from abm.engine.tables import ACTIVE, HYPERSCALER, N_SEGMENTS, VENDOR
from abm.environment.shocks import apply_shocks


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
def swing_demand(state):
    """The common factor in the growth of all demand for AI (log a year above trend): an AR(1) that may be negative.

    Its stationary standard deviation is `demand_cycle`; a run starts on the trend. Services, clouds' own workloads and
    other tenants share it, so that forecasts of them fail together.
    """
    m = state.market[0]
    p = state.params[0]
    keep = p.demand_cycle_persistence
    m.demand_cycle *= keep
    m.demand_cycle += p.demand_cycle * math.sqrt(1.0 - keep * keep) * normal(m.seed, D_CYCLE, m.month, 0)


@jit
def grow_demand(state):
    """Adoption by segment grows logistically times a growth shock that persists; so do clouds' own workloads.

    Growth is the trend of each plus the common factor; other tenants' trend fades from the opening on to the long run,
    and so does that of the hardware that buyers outside the model want of a vendor.
    The same elasticity governs what a fall of compute per unit of work does to the compute that clouds' own
    workloads and other tenants ask for: compute = work * unit, work ~ unit**(-elasticity) (rebound).
    """
    m = state.market[0]
    p = state.params[0]
    net_efficiency = (math.log(p.task_complexity) - math.log(p.algorithmic_efficiency)) / 12.0
    rebound = math.exp((1.0 - p.demand_elasticity) * net_efficiency)
    swing_demand(state)
    cycle = m.demand_cycle
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
        a += (scale * segment.growth + cycle) / 12.0 * a * (1.0 - a)
        segment.adoption = min(max(a, 1e-6), 1.0)
        segment.shock *= p.demand_persistence
        segment.shock += p.demand_noise * normal(m.seed, D_DEMAND, m.month, s)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or (f.kind != HYPERSCALER and f.kind != VENDOR):
            continue
        f.own_growth += p.growth_fade / 12.0 * (p.own_growth_long_run - f.own_growth)
        grown = (p.demand_growth * f.own_growth + cycle) / 12.0
        if f.kind == VENDOR:
            f.outside_demand *= math.exp(grown)
        else:
            noise = p.own_growth_noise * normal(m.seed, D_DEMAND, m.month, 100 + i)
            f.need *= math.exp(grown + noise) * rebound
            f.other_income *= math.exp(p.other_income_growth / 12.0)
    extra = (p.tenant_growth - p.tenant_growth_long_run) * math.exp(-p.tenant_fade * m.month / 12.0)
    pace = p.demand_growth * (p.tenant_growth_long_run + extra) + cycle
    m.tenant_demand *= math.exp(pace / 12.0) * rebound


@jit
def world(state):
    """Phase 1 of the month."""
    apply_shocks(state)
    move_prices_of_the_world(state)
    advance_technology(state)
    grow_demand(state)
