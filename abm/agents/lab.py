"""AI labs: what they charge, how much they train, how much capacity they sign for, what they are worth."""

from __future__ import annotations

import math

from abm.engine.compiled import jit
from abm.engine.tables import BN_PER_RATE, ENTRANT, LAB, N_SEGMENTS


@jit
def cost_of_work(state, firm):
    """What it costs a firm to serve one unit of work (USD per unit).

    Compute per unit of frontier work, times the firm's own factor (model size, free users), times the rent:
    the price of new contracts for a lab, the spot price for whoever serves open models.
    """
    m = state.market[0]
    f = state.firms[firm]
    rent = m.spot_price if f.kind == ENTRANT else m.contract_price
    return f.unit_compute * m.unit_compute * BN_PER_RATE * rent


@jit
def quality_gap(state, firm):
    """Lead of a lab over the best open model (years of frontier progress), never negative."""
    return max(state.firms[firm].quality - state.market[0].best_open, 0.0)


@jit
def set_price(state, lab):
    """Price a lab wants for a unit of work (USD per unit).

    Cost times one plus a margin: a floor any seller needs, plus a premium that saturates with the quality
    gap to open models, ``premium * (1 - exp(-gap / scale))``, and is smaller the more customers mind the
    price. Commoditisation is this premium going to zero. (Bertrand with vertical differentiation, Shaked
    and Sutton 1982: the price above cost is proportional to the quality gap.)
    """
    p = state.params[0]
    premium = p.quality_premium * (1.0 - math.exp(-quality_gap(state, lab) / p.gap_scale))
    premium *= 3.0 / max(p.price_sensitivity, 0.1)
    return cost_of_work(state, lab) * (1.0 + p.floor_margin + premium)


@jit
def plan_training(state, lab, inference):
    """Compute a lab wants for training this month (M H100e).

    A multiple of the compute that serves customers, scaled down when the money of a lab without a parent, with what
    investors would add in a round, lasts less than a year. A captive lab trains on what its group has for it.
    """
    f = state.firms[lab]
    wanted = f.training_target * state.params[0].training_scale * inference
    if f.parent >= 0:
        return min(wanted, max(f.capacity + f.contracted_in - f.contracted_out - inference, 0.0))
    burn = monthly_burn(state, lab)
    if burn <= 1e-9:
        return wanted
    money = max(f.cash, 0.0) + offered_equity(state, lab)
    return wanted * min(1.0, money / burn / 12.0)


@jit
def monthly_burn(state, lab):
    """Cash a firm loses a month at the present pace (bn), zero if it earns."""
    f = state.firms[lab]
    return max(f.debt_service - f.earnings, 0.0)


@jit
def ramps_ahead(state, lab):
    """Half of the invoices a month that the ramps of a firm's contracts still have to bring (bn): it and its investors
    reckon with them."""
    f = state.firms[lab]
    return 0.5 * max(f.promised_pay - f.invoiced_out, 0.0)


@jit
def burn_ahead(state, lab):
    """Cash a firm will lose a month once its ramps have come that far (bn, `ramps_ahead`), zero if it earns."""
    f = state.firms[lab]
    return max(f.debt_service - f.earnings + ramps_ahead(state, lab), 0.0)


@jit
def runway(state, lab):
    """Months a firm's cash lasts at the present burn, at most 60."""
    burn = monthly_burn(state, lab)
    if burn <= 1e-9:
        return 60.0
    return min(max(state.firms[lab].cash, 0.0) / burn, 60.0)


@jit
def sales(state, lab):
    """What a lab earned with its models this month (bn): its income less what it let of its compute."""
    f = state.firms[lab]
    return max(f.revenue - f.spot_sold * state.market[0].spot_price * BN_PER_RATE, 0.0)


@jit
def compute_wanted(state, lab):
    """Compute that a lab plans from today (M H100e): what customers and training ask for, or what it has if more.

    A captive lab plans from what it has, or needs for customers: it grows with its parent from there.
    """
    f = state.firms[lab]
    have = f.capacity + f.contracted_in - f.contracted_out
    wanted = f.need
    if f.parent < 0:
        wanted *= 1.0 + f.training_target * state.params[0].training_scale
    return max(wanted, have)


@jit
def believed_growth(state, lab):
    """Growth of sales a lab and its investors believe in (log a year): its own expectation.

    A captive lab's is at least its parent's workloads'.
    """
    f = state.firms[lab]
    growth = f.expected_growth
    if f.parent >= 0:
        growth = max(growth, state.firms[f.parent].own_growth)
    return min(growth, state.params[0].growth_belief_cap)


@jit
def planned_growth(state, lab):
    """Growth of compute a lab plans with (log a year): what it believes in, but never much less than its rivals'.

    A lab whose compute does not grow as all compute does falls behind the frontier: it plans with at least `rivalry`
    of the growth of compute in use.
    """
    p = state.params[0]
    rivals = min(p.rivalry * state.market[0].compute_growth, p.growth_belief_cap)
    return max(believed_growth(state, lab), rivals)


@jit
def plan_capacity(state, lab):
    """Capacity a lab wants to have under contract a planning horizon ahead (M H100e).

    What it plans from today, extrapolated with the growth it plans with and the expected change of compute per unit
    of work.
    """
    p = state.params[0]
    net = math.log(p.task_complexity) - math.log(p.algorithmic_efficiency)
    growth = min(max(planned_growth(state, lab) + net, -1.0), p.growth_belief_cap)
    return p.capacity_ambition * compute_wanted(state, lab) * math.exp(growth * p.planning_horizon / 12.0)


@jit
def years_to_mid_contract(state):
    """Years from today to the middle of the life of a framework deal signed today."""
    p = state.params[0]
    return (p.contract_lead + 0.5 * p.contract_tenor) / 12.0


@jit
def growth_by_mid_contract(state, pace):
    """Growth (log) until the middle of the life of a deal signed today, from a pace today (log a year).

    The pace fades by `belief_fade`: ``g (1 - exp(-fade * years)) / fade``.
    """
    fade = max(state.params[0].belief_fade, 1e-6)
    return pace * (1.0 - math.exp(-fade * years_to_mid_contract(state))) / fade


@jit
def plan_framework(state, lab):
    """Capacity a lab wants in the middle of the life of a framework deal signed today (M H100e).

    As `plan_capacity`, over years, with growth that fades.
    """
    p = state.params[0]
    net = math.log(p.task_complexity) - math.log(p.algorithmic_efficiency)
    growth = growth_by_mid_contract(state, planned_growth(state, lab)) + net * years_to_mid_contract(state)
    return p.capacity_ambition * compute_wanted(state, lab) * math.exp(growth)


@jit
def affordable_commitment(state, lab):
    """Invoices a month a lab dares to promise (bn), all contracts together at full ramp: what investors would fund.

    The commitment ratio times revenue expected in the middle of a contract's life, plus what its cash can carry for
    the length of a contract and a part of the equity it could raise a month: a round every `round_spacing` months at
    today's valuation and sentiment. Behind a captive lab stands a part of what its parent earns instead.
    """
    p = state.params[0]
    m = state.market[0]
    f = state.firms[lab]
    revenue = sales(state, lab) * math.exp(growth_by_mid_contract(state, believed_growth(state, lab)))
    if f.parent < 0:
        backing = p.equity_dilution * f.valuation * m.sentiment / max(p.round_spacing, 1.0)
    else:
        backing = p.parent_support * max(state.firms[f.parent].earnings, 0.0)
    return p.commitment_ratio * (revenue + f.cash / max(p.contract_tenor, 1.0) + p.commitment_equity * backing)


@jit
def deal_odds(state, lab):
    """Chance that a lab without a parent puts out a framework deal this month: rare, higher in a boom and after a
    round."""
    m = state.market[0]
    p = state.params[0]
    if state.firms[lab].parent >= 0:
        return 0.0
    odds = p.deal_chance * m.sentiment
    if m.month - state.firms[lab].last_round < 3:
        odds *= p.deal_after_round
    return min(odds, 1.0)


@jit
def plan_own_fleet(state, lab):
    """Capacity a lab wants to own in a planning horizon (M H100e): the part `own_hardware` of its plan."""
    return state.firms[lab].own_hardware * plan_capacity(state, lab)


@jit
def value_lab(state, lab):
    """Equity value investors see (bn): annual revenue times a multiple that follows growth, plus the option
    that a lab at the frontier may win the market; both times sentiment.

    ``multiple = base + slope * growth``; 25 times revenue at OpenAI's growth of 2025 (G1-010, G1-023,
    G5-001). No lab is believed to outgrow its market for longer than it takes to win it all: growth counts up to that
    of all spending and the logarithm of spending over its own sales. The option is worth `frontier_option` years of all
    spending on AI services at the frontier and halves with every half-year behind it.
    """
    p = state.params[0]
    f = state.firms[lab]
    m = state.market[0]
    spending = 0.0
    for s in range(N_SEGMENTS):
        spending += state.segments[s].spending
    growth = min(max(f.expected_growth, 0.0), p.growth_belief_cap)
    sold = sales(state, lab)
    if sold > 0.0:
        growth = min(growth, max(m.demand_growth, 0.0) + math.log(max(spending / sold, 1.0)))
    multiple = p.value_multiple + p.value_growth_slope * growth
    option = p.frontier_option * 12.0 * spending * math.exp(-1.386 * max(m.frontier - f.quality, 0.0))
    return (12.0 * sold * multiple + option) * m.sentiment


@jit
def appeal(state, firm):
    """How much investors like a firm's growth: none to one, whole from `growth_yardstick` on."""
    return min(max(state.firms[firm].expected_growth, 0.0) / max(state.params[0].growth_yardstick, 1e-3), 1.0)


@jit
def equity_window(state):
    """How open the market for new shares is: 1 at normal sentiment, shut at `window_shut` and below, wider in a boom.

    Issues come in waves with the market (hot and cold markets: Ritter 1984; Baker and Wurgler 2000).
    """
    shut = state.params[0].window_shut
    return max((state.market[0].sentiment - shut) / max(1.0 - shut, 1e-3), 0.0)


@jit
def closing_odds(state, firm):
    """Chance that a round closes in a month: while the window is open, up to twice as likely for a firm that investors
    like, less likely the more of the new money would serve old creditors (debt overhang, Myers 1977).

    The part that would is the chance that the firm fails within `rating_years`.
    """
    p = state.params[0]
    stands = math.exp(-p.rating_years * state.firms[firm].pd_long)
    return p.round_success * equity_window(state) * (1.0 + appeal(state, firm)) * stands


@jit
def rescue_margin(state, firm):
    """What a firm is worth as a going concern over `rescue_cover` times all it has promised, at most 99: from one on
    the trouble is cash and not value.

    ``(valuation + owed) / (rescue_cover * (owed + overpay))``, owed its `obligations` as everybody sees them: what
    investors pay for its shares and what it owes make its value as a going concern; what its contracts ask above the
    market, a loss for certain, counts beside the part of them that is debt. What it borrowed since its obligations were
    last added up counts at least as far as its loans exceed them.
    """
    f = state.firms[firm]
    if f.valuation <= 0.0:
        return 0.0
    owed = max(f.obligations, f.debt + f.other_debt)
    return min((f.valuation + owed) / max(state.params[0].rescue_cover * (owed + f.overpay), 1e-9), 99.0)


@jit
def rescue_most(state, firm):
    """The most that rescuers bring (bn): `rescue_dilution` of the firm after the round, at a price `rescue_discount`
    below its value."""
    p = state.params[0]
    return (1.0 - p.rescue_discount) * state.firms[firm].valuation * p.rescue_dilution / (1.0 - p.rescue_dilution)


@jit
def seek_rescue(state, firm, gap):
    """Money a firm asks of rescuers (bn): what is missing and `rescue_months` of burn, within `rescue_most`."""
    return min(gap + state.params[0].rescue_months * monthly_burn(state, firm), rescue_most(state, firm))


@jit
def rescue_odds(state, firm, gap):
    """Chance that rescuers are found in the month for who lacks so much (bn): none for who is not plainly worth more
    than it owes (`rescue_margin`), or if all that they would bring (`seek_rescue`) does not close the gap.

    ``1 - (1 - rescue_success * sentiment)**(margin * most / size)``: the more is left for them the more of them look at
    it, and the less of the most they could bring is asked for, the more of them can bring it.
    """
    margin = rescue_margin(state, firm)
    size = seek_rescue(state, firm, gap)
    if margin < 1.0 or size < gap or size <= 0.0:
        return 0.0
    each = min(state.params[0].rescue_success * state.market[0].sentiment, 1.0)
    looks = margin * rescue_most(state, firm) / size
    return 1.0 - math.exp(looks * math.log(max(1.0 - each, 1e-12)))


@jit
def offered_equity(state, lab):
    """Equity that investors would put into a firm in one round though it does not need it yet (bn).

    The tolerable part of its value, times sentiment, less while it grows more slowly than `growth_yardstick`.
    """
    tolerable = state.params[0].equity_dilution * max(state.firms[lab].valuation, 0.0)
    return tolerable * state.market[0].sentiment * appeal(state, lab)


@jit
def seek_equity(state, lab):
    """Equity a lab asks investors for now (bn): what it needs, or what they offer if that is more.

    It needs the wanted runway once its cash falls below the trigger, within tolerable dilution. A lab that burns cash
    takes what investors offer while they are willing, up to `war_chest` months of cost. Both reckon with
    `ramps_ahead`.
    """
    p = state.params[0]
    f = state.firms[lab]
    ahead = monthly_burn(state, lab)
    if ahead <= 0.0:
        return 0.0
    ramps = ramps_ahead(state, lab)
    cash = max(f.cash, 0.0)
    wanted = 0.0
    if f.cash <= p.runway_trigger * (ahead + ramps):
        wanted = min(p.runway_target * (ahead + ramps) - cash, p.equity_dilution * f.valuation)
    if f.kind == LAB:
        chest = p.war_chest * (f.mean_cost + ramps) - cash
        wanted = max(wanted, min(offered_equity(state, lab), chest))
    return max(wanted, 0.0)


@jit
def choose_tenor(state, buyer):
    """Months for which a buyer signs for compute: longer while compute is scarce and rents rise.

    ``contract_tenor * exp(flexibility * (tightness - 1 + log(spot / expected spot)))``, from six months to the
    policy cap: who fears to be left without compute binds itself, who expects rents to fall waits.
    """
    m = state.market[0]
    p = state.params[0]
    trend = math.log(m.spot_price / max(state.firms[buyer].expected_spot, 1e-6))
    urge = min(max(m.tightness - 1.0 + trend, -1.0), 1.0)
    months = p.contract_tenor * math.exp(p.tenor_flexibility * urge)
    return int(max(min(months, p.max_contract_tenor), 6.0))


@jit
def walks_away(state, lab):
    """Whether a lab's owners give up though the lab could still pay: endogenous default (Leland 1994).

    They do if what its contracts ask above the market, over all the months they still run, exceeds
    `walk_away` times what investors think the lab is worth, and its cash ends within half the wanted runway.
    """
    p = state.params[0]
    f = state.firms[lab]
    if f.parent >= 0 or f.overpay <= 0.0 or runway(state, lab) > 0.5 * p.runway_trigger:
        return False
    return f.overpay > p.walk_away * f.valuation


@jit
def grow_overhead(state, lab):
    """Staff, research and sales of a lab or a neocloud next month (bn): they grow with the growth it expects.

    ``overhead_growth`` is their elasticity to revenue: below 1 a lab earns returns to scale (OpenAI's costs
    other than compute, G1-003 to G1-009); a cloud's, `cloud_overhead_growth`, is nearer 1.
    """
    p = state.params[0]
    f = state.firms[lab]
    growth = min(max(f.expected_growth, 0.0), p.growth_belief_cap)
    elasticity = p.overhead_growth if f.kind == LAB else p.cloud_overhead_growth
    return f.fixed_cost * math.exp(elasticity * growth / 12.0)
