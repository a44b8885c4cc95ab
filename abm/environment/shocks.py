"""The shocks of a scenario (phase 1): when they strike, whom, and what they do to parameters and firms."""

from __future__ import annotations

from abm.accounts.ledger import pay_cost
from abm.engine.compiled import jit
from abm.engine.dispatch import by_code
from abm.engine.draws import D_SHOCK, uniform
from abm.engine.tables import ACTIVE, F_OPERATING, NEOCLOUD, SUPPLIERS, VEHICLE
from abm.inputs.effects import EFFECTS


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
def shift_demand(state, firm, size, strength, first):
    """Customers' taste for its models moves (log points), as long as the shock lasts."""
    state.firms[firm].demand_shift += strength * size


@jit
def stop_paying(state, firm, size, strength, first):
    """It walks away from every contract it has bought (`refuse_to_pay`)."""
    f = state.firms[firm]
    f.stops_paying = max(f.stops_paying, 1.0)


@jit
def lose_cash(state, firm, size, strength, first):
    """It pays suppliers once (bn), as for a fine or a repair, as far as it has cash."""
    if first:
        pay_cost(state, firm, SUPPLIERS, min(size, max(state.firms[firm].cash, 0.0)), F_OPERATING)


@jit
def give_up(state, firm, size, strength, first):
    """It fails in the aftermath of the month, whatever it has."""
    f = state.firms[firm]
    f.stops_paying = max(f.stops_paying, 2.0)


@jit
def lose_capacity(state, firm, size, strength, first):
    """A share of every vintage of its fleet is destroyed and written off, once."""
    if not first:
        return
    f = state.firms[firm]
    lost = min(max(size, 0.0), 1.0)
    for g in range(state.market[0].n_generations):
        v = state.fleet[firm, g]
        f.retained -= v.book * lost
        f.write_off += v.book * lost
        f.fleet_book -= v.book * lost
        v.units *= 1.0 - lost
        v.waiting *= 1.0 - lost
        v.cost *= 1.0 - lost
        v.book *= 1.0 - lost


# Does the effect of a code (`abm.inputs.effects`) to a firm: size, strength of the month, whether it strikes now.
strike = by_code("strike", [globals()[effect.act] for effect in EFFECTS], __name__)


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
        if state.firms[s.firm].status == ACTIVE:
            strike(s.effect, state, s.firm, s.add, strength, s.struck == m.month)
