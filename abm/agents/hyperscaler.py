"""Hyperscalers: capacity for their own workloads and their cloud's customers, capex against cash flow."""

from __future__ import annotations

import math

from abm.engine.compiled import jit


@jit
def plan_fleet(state, cloud):
    """Capacity a hyperscaler wants in a planning horizon (M H100e): own workloads, promises, a spot reserve."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[cloud]
    own = f.need * math.exp(min(p.demand_growth * f.own_growth, p.growth_belief_cap) * p.planning_horizon / 12.0)
    target = own + f.promised_out * p.capacity_cover
    hurdle = m.long_run_price * (1.0 + p.hurdle_margin)
    if f.expected_spot > hurdle:
        target += min((f.expected_spot / hurdle - 1.0) * p.speculation, p.speculation_cap) * own
    return target - f.promised_in


@jit
def capex_budget(state, cloud):
    """Most a hyperscaler orders in a month (bn): a share of its cash earnings, more while its debt is low.

    The debt part lets leverage rise towards `hyperscaler_leverage` of assets, or debt towards the part of the
    firm backlog that lenders advance, whichever is more.
    """
    p = state.params[0]
    f = state.firms[cloud]
    own = f.capex_share * max(f.earnings, 0.0) * p.capex_willingness
    room = max(p.hyperscaler_leverage - f.leverage, 0.0) * max(f.other_assets + f.fleet_book + f.sites, 0.0)
    room = max(room, p.backlog_advance * f.backlog_in - f.debt)
    return own + room * p.debt_capex_share / 12.0
