"""The market for AI services (phase 3): quality from training, prices, and customers' choice.

Customers choose by a nested logit (McFadden 1978; Berry 1994 for the inversion that makes the opening shares
come out exactly): nests are closed labs, open models and the outside option of using none.
"""

from __future__ import annotations

import math

from abm.accounts.ledger import log_event, log_hit, pay_cost
from abm.agents.entrant import release_model
from abm.agents.lab import cost_of_work, set_price
from abm.engine.compiled import jit
from abm.engine.draws import D_MOMENTUM, D_QUALITY, normal
from abm.engine.tables import (
    ACTIVE,
    CUSTOMERS,
    E_OPEN_RELEASE,
    ENTRANT,
    F_SERVICE,
    FRONTIER_MEMORY,
    LAB,
    MARKET,
    N_SEGMENTS,
)


@jit
def sells_models(f):
    """Whether a firm is a model seller that customers can choose."""
    return f.status == ACTIVE and (f.kind == LAB or f.kind == ENTRANT)


@jit
def improve_models(state):
    """Quality follows training compute with diminishing returns; open models follow the frontier with a lag.

    ``quality += psi * log(stock / stock_before)``, where the stock of effective training compute decays and
    grows by training compute times algorithmic progress (scaling laws: loss falls with the log of compute);
    labs behind the frontier also learn from it (spillover). Luck comes by the month and as a momentum that lasts, an
    AR(1) of standard deviation `quality_momentum` (years of progress a year) that lets one lab break away.
    """
    m = state.market[0]
    p = state.params[0]
    frontier = m.frontier
    keep = p.momentum_persistence
    fresh = p.quality_momentum * math.sqrt(1.0 - keep * keep)
    best = -1e9
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind != LAB:
            continue
        before = f.training_stock
        f.training_stock = (1.0 - p.training_decay) * before + f.training * math.exp(m.algorithm_level)
        gain = p.quality_return * math.log(max(f.training_stock, 1e-12) / max(before, 1e-12))
        luck = p.quality_noise * normal(m.seed, D_QUALITY, m.month, i)
        f.momentum = keep * f.momentum + fresh * normal(m.seed, D_MOMENTUM, m.month, i)
        f.quality += gain + luck + f.momentum / 12.0 + p.spillover / 12.0 * max(frontier - f.quality, 0.0)
        best = max(best, f.quality)
    if best > -1e8:
        m.frontier = best
    state.frontier_memory[m.month % FRONTIER_MEMORY] = m.frontier
    best = -1e9
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind != ENTRANT:
            continue
        quality = release_model(state, i)
        if quality > f.quality:
            f.last_release = m.month
            log_event(state, E_OPEN_RELEASE, i, -1, quality - f.quality)
        f.quality = quality
        best = max(best, quality)
    if best > -1e8:
        m.best_open = best


@jit
def price_work(state, firm):
    """What a seller wants for a unit of work (USD): a lab by its rule, whoever serves open models cost plus."""
    if state.firms[firm].kind == LAB:
        return max(set_price(state, firm), 1e-6)
    return cost_of_work(state, firm) * (1.0 + state.params[0].open_margin)


@jit
def post_prices(state):
    """Labs move their price towards what they want, a part of the way each month; open work sells at cost."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        if f.kind == LAB:
            before = f.price
            f.price += p.price_adjustment * (price_work(state, i) - f.price)
            log_hit(state, i, -1, MARKET, f.work * (before - f.price))
        elif f.kind == ENTRANT:
            f.price = price_work(state, i)


@jit
def attraction(state, s, i):
    """Mean utility of a model in a segment: taste, quality relative to the frontier's pull, price."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    sensitivity = p.price_sensitivity * state.segments[s].price_sensitivity
    return (
        state.brand[s, i]
        + f.demand_shift
        + p.quality_sensitivity * (f.quality - p.outside_ratchet * m.frontier)
        - sensitivity * math.log(f.price)
    )


@jit
def choose(state, s):
    """Nested-logit shares of a segment into row 0 of the work space.

    ``P(j) = P(j | nest) P(nest)``; ``P(j | nest) = exp(u_j / rho) / D_n``, ``P(nest) = D_n**rho / (1 + sum
    D_k**rho)`` with the outside option at utility zero.

    Returns
    -------
    float
        Share that chooses any model.
    """
    m = state.market[0]
    rho = state.params[0].nest_dissimilarity
    top = -1e300
    for i in range(m.n_firms):
        if sells_models(state.firms[i]):
            top = max(top, attraction(state, s, i) / rho)
    closed = 0.0
    free = 0.0
    for i in range(m.n_firms):
        state.work_space[0, i] = 0.0
        if sells_models(state.firms[i]):
            weight = math.exp(attraction(state, s, i) / rho - top)
            state.work_space[0, i] = weight
            if state.firms[i].kind == LAB:
                closed += weight
            else:
                free += weight
    if closed + free <= 0.0:
        return 0.0
    log_closed = rho * top + rho * math.log(closed) if closed > 0.0 else -math.inf
    log_free = rho * top + rho * math.log(free) if free > 0.0 else -math.inf
    # Only ratios matter: utilities beyond what a float's exponent holds are brought down, the outside option with them.
    shift = max(max(log_closed, log_free) - 700.0, 0.0)
    value_closed = math.exp(log_closed - shift)
    value_free = math.exp(log_free - shift)
    total = math.exp(-shift) + value_closed + value_free
    for i in range(m.n_firms):
        if state.work_space[0, i] > 0.0:
            if state.firms[i].kind == LAB:
                state.work_space[0, i] *= value_closed / (closed * total)
            else:
                state.work_space[0, i] *= value_free / (free * total)
    return (value_closed + value_free) / total


@jit
def lead_over_used(state, s):
    """Lead of the best model on sale over the mean of what customers of a segment use (years), never negative."""
    best = -1e300
    used = 0.0
    held = 0.0
    for i in range(state.market[0].n_firms):
        f = state.firms[i]
        if sells_models(f):
            best = max(best, f.quality)
            used += state.share[s, i] * f.quality
            held += state.share[s, i]
    if held <= 0.0:
        return 0.0
    return max(best - used / held, 0.0)


@jit
def switching(state, s):
    """Part of the way that customers of a segment move this month to what they would choose.

    ``switching_speed * (1 + switching_pull * lead)``, at most all of it: when one model is clearly better than what is
    used, tools, advice and example make it easy to change (adoption that feeds on itself, as in Arthur 1989).
    """
    p = state.params[0]
    return min(p.switching_speed * (1.0 + p.switching_pull * lead_over_used(state, s)), 1.0)


@jit
def buy_services(state, first):
    """Each segment's work and its split over models.

    Customers move a part of the way to the logit shares each month (`switching`); a failed lab's customers
    move at once. Work per customer responds to the segment's average price with its elasticity:
    ``work = potential * adoption * exp(shock) * inside / inside_0 * (P / P_0)**(-elasticity)``.

    Parameters
    ----------
    state : State
    first : bool
        Whether this is the opening, which takes the shares as they are and sets the reference index.
    """
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        if sells_models(state.firms[i]):
            state.firms[i].work = 0.0
    for s in range(N_SEGMENTS):
        segment = state.segments[s]
        inside = choose(state, s)
        orphaned = 0.0
        total = 0.0
        for i in range(m.n_firms):
            if not sells_models(state.firms[i]):
                orphaned += state.share[s, i]
                state.share[s, i] = 0.0
            total += state.work_space[0, i]
        if total <= 0.0:
            segment.inside = 0.0
            segment.spending = 0.0
            segment.work = 0.0
            continue
        speed = 0.0 if first else switching(state, s)
        held = 0.0
        for i in range(m.n_firms):
            held += state.share[s, i]
        # Part of a failed lab's customers stay away for a while: their work comes back as the shock fades.
        if total > 0.0 and orphaned > 0.0:
            segment.shock += math.log(max(1.0 - p.customers_lost * min(orphaned, 1.0), 1e-6))
        if held + orphaned <= 0.0:
            # After a month without sellers nobody has a habit.
            orphaned = 1.0
        mean = 0.0
        for i in range(m.n_firms):
            if sells_models(state.firms[i]):
                target = state.work_space[0, i] / total
                kept = state.share[s, i] + orphaned * target
                state.share[s, i] = kept + speed * (target - kept)
                mean += state.share[s, i] * math.log(state.firms[i].price)
        segment.inside = inside
        segment.price_index = math.exp(mean)
        if first:
            segment.opening_index = segment.price_index
            segment.opening_inside = inside
        elasticity = p.demand_elasticity * segment.elasticity
        relative = math.log(segment.price_index / segment.opening_index)
        segment.work = segment.potential * segment.adoption * math.exp(segment.shock - elasticity * relative)
        segment.work *= segment.inside / segment.opening_inside
        for i in range(m.n_firms):
            if sells_models(state.firms[i]):
                state.firms[i].work += segment.work * state.share[s, i]


@jit
def model_market(state):
    """Phase 3 of the month."""
    improve_models(state)
    post_prices(state)
    buy_services(state, False)


@jit
def bill_services(state, served):
    """Customers pay for the work that found compute.

    Parameters
    ----------
    state : State
    served : (F,) float
        Share of each model seller's work that was served.
    """
    m = state.market[0]
    for s in range(N_SEGMENTS):
        segment = state.segments[s]
        segment.spending = 0.0
        for i in range(m.n_firms):
            f = state.firms[i]
            if sells_models(f) and state.share[s, i] > 0.0:
                amount = segment.work * state.share[s, i] * served[i] * f.price
                pay_cost(state, CUSTOMERS, i, amount, F_SERVICE)
                segment.spending += amount
