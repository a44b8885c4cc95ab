# ruff: noqa: E501 - one parameter a line, however long its source
"""Every free number of the model: name, unit, default, range, source, meaning.

Compiled rules read them as `p.name` from a one-row structured array; a user sets them with
`--set name=value`, in a scenario file or in a study.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from abm.errors import BadInput, short, shown


class Parameter(NamedTuple):
    """One parameter of the model.

    `source` is the id of a fact in `abm/calibration/facts.csv`, a citation, or `assumption: reason`. What is read at
    the opening only cannot be moved by a dated shock.
    """

    name: str
    group: str
    unit: str
    default: float
    low: float
    high: float
    source: str
    meaning: str
    opening_only: bool = False


def _read(text: str) -> tuple[Parameter, ...]:
    """Read `group:` headings and `name | unit | default | low | high | source | meaning` lines; `| opening only` may
    follow."""
    found: list[Parameter] = []
    group = ""
    for line in text.strip().splitlines():
        if line.endswith(":") and "|" not in line:
            group = line[:-1]
            continue
        name, unit, default, low, high, source, meaning, *flag = (cell.strip() for cell in line.split("|"))
        numbers = (float(default), float(low), float(high))
        found.append(Parameter(name, group, unit, *numbers, source, meaning, flag == ["opening only"]))
    return tuple(found)


PARAMETERS = _read("""
demand:
demand_growth | ratio | 1 | 0 | 3 | assumption: 1 is the growth of the opening tables; digest R1, H1 | scales the growth of every kind of demand
consumer_growth | ratio | 1 | 0 | 5 | assumption: 1 is the opening growth rate | scales growth of the consumer segment
enterprise_growth | ratio | 1 | 0 | 5 | assumption: 1 is the opening growth rate | scales growth of the enterprise segment
small_firm_growth | ratio | 1 | 0 | 5 | assumption: 1 is the opening growth rate; digest H3 | scales growth of developers, small firms and application firms
demand_elasticity | ratio | 1.1 | 0 | 3 | G5-036 (aggregate -1.11), low end G5-037 (-0.06) | price elasticity of the work each customer asks for; above 1 spending rises when prices fall
demand_noise | log | 0.03 | 0 | 0.3 | assumption: yearly growth forecasts differ by a few per cent | standard deviation of the monthly demand shock
demand_persistence | ratio | 0.95 | 0 | 1 | assumption: shocks fade with a half-life of about a year | share of a demand shock left a month later
demand_cycle | 1/year | 0.2 | 0 | 1 | assumption: forecasts of AI spending of one year differ by a fifth (G5-008, G5-011, G5-018 to G5-020: 5.7 to 13.8 bn for 2024) | standard deviation of the common factor in the growth of all demand for AI
demand_cycle_persistence | ratio | 0.95 | 0 | 0.999 | assumption: booms and disappointments of a technology last a year or more; half-life of 14 months | share of the common factor left a month later
price_sensitivity | ratio | 3 | 0.5 | 10 | assumption: a 10 % dearer model loses about a quarter of undecided customers | weight of log price in customers' choice
quality_sensitivity | 1/year | 4 | 0 | 12 | G5-034: at equal intelligence open work sells at a tenth, yet holds a third of tokens (G5-035) | weight of quality in customers' choice
outside_ratchet | ratio | 1 | 0 | 1 | assumption: expectations move with the frontier | how far the outside option improves with the frontier
nest_dissimilarity | ratio | 0.7 | 0.1 | 1 | assumption: open models are closer substitutes of each other than of closed ones | nested logit parameter; 1 is a plain logit
customers_lost | share | 0.3 | 0 | 1 | assumption: a third of a failed vendor's customers put their plans on hold | part of a failed lab's customers that leaves the market for a while
switching_speed | 1/month | 0.06 | 0 | 1 | G5-048, G5-049: a tenth switches its main vendor a year, most use several | part of the way shares move to what customers would choose
switching_pull | 1/year | 3 | 0 | 30 | assumption: shares of firms' spending on models moved by half within a year in 2024, five times what switching_speed alone gives at the usual leads | how much faster customers move per year of quality by which the best model leads what they use
tenant_growth | 1/year | 0.55 | -1 | 2 | G5-011, G5-012: AI-optimised IaaS 7.4 to 18.3 bn, fading | growth of compute rented by other tenants at the opening
tenant_growth_long_run | 1/year | 0.08 | -0.5 | 1 | assumption: as fast as cloud revenue of mature customers, below G6-011 | growth of compute rented by other tenants in the long run
tenant_fade | 1/year | 0.35 | 0 | 3 | assumption: half of the extra growth is gone in two years; small firms follow the clouds' own workloads more slowly | speed at which other tenants' growth falls to the long run
tenant_failure | 1/year | 0.06 | 0 | 1 | R3-009: firms rated B default with 4 % a year, young ones more often | part of the unnamed tenants of compute that fail or leave in a year at normal sentiment
tenant_elasticity | ratio | 0.9 | 0.1 | 4 | assumption: between the two LLM elasticities, nearer the long run | price elasticity of spot demand
own_growth_long_run | 1/year | 0.15 | -0.5 | 1 | G6-011: data-centre electricity 15 % a year to 2030 | growth of clouds' own workloads in the long run
growth_fade | 1/year | 0.45 | 0 | 3 | assumption: half of the extra growth is gone in a year and a half | speed at which own workloads' growth falls to the long run
own_growth_noise | log | 0.01 | 0 | 0.2 | assumption: small next to the trend | monthly noise of own workloads
other_income_growth | 1/year | 0.09 | -0.5 | 0.5 | G1-049, G1-073: cash flow growth of the large platforms, cautious | growth of other business cash flow
technology:
algorithmic_efficiency | x/year | 3 | 0.5 | 60 | G5-026 | factor by which algorithms cut compute per unit of work each year
task_complexity | x/year | 3 | 0.5 | 18 | G5-025, low end: the rise in the cost of running the frontier | factor by which a frontier task's compute grows each year
quality_return | years | 0.48 | 0 | 1.5 | assumption: effective training compute grew about 8 times a year (G4-082, G5-027), one year of progress each | quality per log of effective training compute
training_decay | 1/month | 0.05 | 0 | 0.5 | G5-050: models of the top ten are younger than ten months | monthly loss of the training stock's value
quality_noise | years | 0.03 | 0 | 0.3 | assumption: a tenth of a year over twelve months | luck in training, monthly
quality_momentum | 1/year | 0.25 | 0 | 2 | assumption: models of the top ten are younger than ten months (G5-050), and the lead has changed hands within a year; a lab ahead by one standard deviation gains a quarter of a year on the others in a year | standard deviation of the part of a lab's pace that its compute does not explain
momentum_persistence | ratio | 0.9 | 0 | 0.999 | assumption: a team's ideas carry it for two or three releases; half-life of seven months | share of a lab's momentum left a month later
spillover | 1/year | 0.6 | 0 | 6 | assumption: ideas leak within two years | how fast labs behind learn from the frontier
open_lag | ratio | 1 | 0 | 6 | G5-038 (3.5 months, 1.1 to 5.3) through the entrants' own lags | scales the lag of open models behind the frontier
open_gap | years | 0.1 | 0 | 3 | G5-038 | quality an open model lacks against the frontier it follows
open_release_interval | months | 3 | 1 | 24 | assumption: a release a quarter | months between an entrant's releases
gpu_cadence | months | 12 | 3 | 60 | G4-032 | months between a vendor's generations
gpu_generation_gain | share | 0.40 | 0 | 3 | G4-020: 37 % a year, 25 to 30 low | more performance a dollar, generation on generation
gpu_energy_gain | share | 0.35 | 0 | 3 | G4-022: 40 % a year (26 to 50) | more performance a watt, generation on generation
failure_rate | 1/year | 0.03 | 0 | 0.5 | G4-077: 9 % fail in heavy training, most are repaired | units lost a year
economic_life | months | 54 | 12 | 120 | G4-057 to G4-061: 2 to 6 years | life over which buyers recover a GPU's price
pricing:
quality_premium | ratio | 1.4 | 0 | 10 | G5-059: opening margin 46 % | largest margin over cost that a quality lead earns
gap_scale | years | 0.4 | 0.05 | 5 | assumption: a half-year's lead earns most of the premium | quality lead at which two thirds of the premium is earned
floor_margin | share | 0.08 | -0.2 | 1 | assumption: a service business at competitive prices | margin over cost at no quality lead
open_margin | share | 0.12 | 0 | 2 | G5-034: open work sells near cost | margin of whoever serves open models
price_adjustment | 1/month | 0.2 | 0.01 | 1 | assumption: list prices change about twice a year | part of the way a price moves to what the lab wants
labs:
training_scale | ratio | 1 | 0 | 4 | assumption: 1 is the opening ratio of each lab | scales training against inference
planning_horizon | months | 15 | 1 | 36 | G4-047, G4-054: lead times of sites and servers | how far ahead capacity is planned
capacity_ambition | ratio | 1 | 0 | 3 | assumption: plans are met, not exceeded | scales the capacity labs plan for
growth_belief_cap | 1/year | 1.2 | 0 | 3 | K1-171: the stock grew 4.15 times in 2024 (1.42 in logs), H1-039 against H1-038: OpenAI 2.75 times (1.01); plans fade | fastest growth anybody plans with
belief_fade | 1/year | 0.3 | 0 | 3 | assumption: OpenAI's own plan of autumn 2024, 3.7 bn of revenue in 2024, 11.6 in 2025 and 100 in 2029, fades by about that | speed at which firms expect their growth to fade
commitment_ratio | ratio | 0.9 | 0 | 5 | assumption: invoices promised stay below expected revenue plus access to equity | invoices a lab dares to promise, relative to its means
commitment_equity | ratio | 0.3 | 0 | 3 | assumption: a third of the equity within reach is promised to landlords | part of the equity a lab could raise, or of what its parent earns, that backs its promises
tender_threshold | share | 0.05 | 0 | 1 | assumption: small gaps are bought spot | gap, relative to need, at which a tender starts
tender_part | share | 0.25 | 0.01 | 1 | assumption: a gap is closed in several deals | part of the gap put out a month
deal_chance | 1/month | 0.06 | 0 | 1 | assumption: a framework deal every year and a half at normal sentiment, as OpenAI's with Azure (2019, 2021, 2023) and Anthropic's with AWS (2023, 2024) | chance that a lab puts out a framework deal in a month
deal_after_round | ratio | 4 | 1 | 50 | assumption: the framework deals of 2019 to 2024 came with equity rounds or within months of them | how much more likely a framework deal is in the quarter after a round
framework_part | share | 0.5 | 0.01 | 1 | assumption: a buyer keeps half of a plan of several years open | part of what its plan of several years lacks that a lab signs for in one framework deal
framework_ramp | months | 30 | 1 | 72 | assumption: sites take 18 to 24 months (G4-047) and come in blocks over two years | months from first delivery to full quantity of a framework deal
letter_spacing | months | 6 | 1 | 36 | assumption: milestones by the half-year | months between the steps in which a letter of intent becomes a contract or not
runway_trigger | months | 12 | 1 | 60 | assumption: rounds are held before a year's cash is left | runway below which a lab raises equity
runway_target | months | 20 | 1 | 60 | G1-002, G1-017: cash for two years of burn | runway a round pays for
equity_dilution | share | 0.1 | 0 | 0.5 | assumption: rounds of 2023 and 2024 sold 4 to 25 % of OpenAI, Anthropic and xAI, a tenth in the middle | largest part of a firm's value sold in one round
frontier_option | years | 4 | 0 | 30 | assumption: xAI, with hardly any revenue, was worth 24 to 50 bn in 2024, when 6 to 14 bn were spent on AI services (G5-008, G5-018, G5-019) | value of being at the frontier, apart from revenue, in years of all spending on AI services
value_multiple | ratio | 6 | 0.5 | 40 | assumption: a mature software firm's price to sales | price to sales without growth
value_growth_slope | ratio | 14 | 0 | 60 | G1-010, G1-023, G5-001: 25 times sales at growth 1.16 | added price to sales per unit of log growth
parent_support | share | 0.9 | 0 | 1 | assumption: a parent stands behind its lab as long as it can | part of its spare cash a parent puts into a subsidiary in need
round_spacing | months | 6 | 0 | 60 | assumption: Anthropic's and xAI's rounds of 2023 and 2024 were two to ten months apart | months between planned equity rounds
war_chest | months | 24 | 0 | 120 | assumption: labs raise while investors are willing, up to two years of all their costs | months of cost up to which a lab takes what investors offer though it could wait
window_shut | ratio | 0.6 | 0 | 1 | assumption: new issues stop when shares have lost two fifths (2001, 2022) | sentiment at which the market for new shares is shut
round_success | 1/month | 0.45 | 0 | 1 | assumption: a round takes about two months | chance that the round of a firm without growth closes in a month at normal sentiment
round_excess | ratio | 4 | 1 | 10 | assumption: who must raise raises for more than a month | size of an emergency round relative to the shortfall
lab_cash_months | months | 3 | 0 | 36 | assumption: a subsidiary keeps a quarter's costs | cash a parent leaves in its lab
spending_cut | share | 0.05 | 0 | 0.5 | assumption: layoffs take months | cut in fixed cost in a month of shortfall
cloud_overhead_growth | ratio | 0.9 | 0 | 2 | G1-111 to G1-113: adjusted operating margins of 6 to 21 % did not rise while CoreWeave grew | elasticity of a neocloud's staff and sales to expected revenue
overhead_growth | ratio | 0.5 | 0 | 2 | assumption: costs other than compute grow half as fast as the revenue expected, in logs | elasticity of a lab's staff, research and sales to expected revenue
walk_away | ratio | 1 | 0 | 20 | Leland 1994: owners stop when their claim is worth nothing | overpayment on contracts, relative to a lab's value, at which its owners give up
contracts:
take_or_pay | share | 0.95 | 0 | 1 | G3-022: 96 to 98 % of CoreWeave's backlog | take-or-pay share of new contracts
take_or_pay_scale | ratio | 1 | 0 | 1 | assumption: 1 leaves contracts as written | scales the take-or-pay share of all contracts
contract_tenor | months | 60 | 6 | 180 | G3-023 | term of new compute contracts
max_contract_tenor | months | 180 | 6 | 180 | policy lever, off at 180 | policy cap on the term of contracts
tenor_flexibility | ratio | 0.5 | 0 | 5 | assumption: terms of 4 to 5 years on average hide 2 to 6 (G3-023) | how strongly scarcity and rising rents lengthen new contracts
contract_lead | months | 10 | 0 | 36 | G4-054, G4-056: server lead times | months from signature to delivery
contract_ramp | months | 12 | 1 | 60 | assumption: clusters come in blocks over a year | months from first delivery to full quantity
prepayment_share | share | 0.05 | 0 | 0.5 | G3-020, G3-021: 15 to 25 % with neoclouds, less with hyperscalers | part of a contract paid in advance
contract_margin | share | 0.15 | 0 | 2 | G1-111 to G1-113: adjusted operating margins 6 to 21 % | margin over full cost in new contracts
contract_spot_weight | ratio | 0.8 | 0 | 1 | assumption: a seller can let by the hour instead, a buyer can rent by the hour: arbitrage leaves a fifth to cost | how far contract prices follow the spot rent expected over their term
contract_adjustment | 1/month | 0.15 | 0.01 | 1 | assumption: half a year | speed at which contract prices move
security_premium | share | 0.2 | 0 | 5 | assumption: buyers pay a fifth for certainty | most a buyer pays above the rent it expects
scarcity_margin | share | 0.3 | 0 | 3 | assumption: full markup when demand is twice supply | added margin when compute is scarce
bid_risk_weight | ratio | 1.5 | 0 | 10 | assumption: years of rent lost if the buyer fails | bid's charge for the buyer's default probability
bid_risk_cap | 1/year | 0.25 | 0.01 | 1 | assumption: no one builds for a provider rated CCC | default probability above which a provider cannot promise or order
bid_taste | ratio | 0.5 | 0 | 2 | K1-059, K1-069, K1-017: labs paid 3.2, 1.5 to 2.5 and 1.7 USD per H100e-hour at a time; date, chip, place and people count besides | spread of what buyers see in bids beside their price
seller_cap | share | 0.5 | 0.05 | 1 | assumption: buyers keep a second source; CoreWeave and its lenders call one customer above half a risk (G3-003, G3-004) | largest part of what is promised to a buyer that one seller may have
spread_taste | ratio | 0.25 | 0 | 5 | assumption: a quarter dearer is accepted to come from one seller to none | how much dearer a seller counts for the part of a buyer's compute that it promises already
chip_taste | ratio | 0.3 | 0 | 5 | assumption: moving to other chips costs engineers' months; TPUs and Trainium are let a third cheaper | how much dearer a bid on chips counts that none of a buyer's compute runs on
partner_taste | share | 0.1 | 0 | 0.9 | assumption: clouds that hold a lab's equity sold it most of its compute until 2024 (Azure, AWS, Google) | how much cheaper a seller counts that holds the buyer's equity
renegotiation | ratio | 1 | 0 | 5 | assumption: 1 lets providers weigh loss against haircut | willingness of providers to extend and amend
renegotiation_cover | ratio | 0.9 | 0 | 5 | assumption: a provider whose own debt is not covered cannot give way | debt-service cover a provider needs to give way
termination_months | months | 12 | 0 | 60 | assumption: a year to let the capacity again | months of take-or-pay rent claimed as damages from a buyer that fails
late_damages | share | 0.3 | 0 | 2 | assumption: credits of service agreements run from a tenth to all of the price | part of the price of compute due and missing that its seller owes
late_limit | months | 6 | 1 | 60 | R5-003: delays of three to six months are usual | months after which a buyer may give up what was not delivered
reletting_glut | ratio | 3 | 0 | 50 | assumption: a tenth of all capacity in use looking for tenants at once takes a third longer to let | lengthening of that time per part of all compute in use that looks for tenants
reletting_months | months | 9 | 1 | 60 | assumption: clusters are set up for one customer; the mean of a wait that fades | months until capacity a customer left is let again
amend_haircut | share | 0.1 | 0 | 0.9 | assumption: telecom restructurings of 2001 cut more (G8-004) | price cut when a contract is amended
amend_deferral | share | 0.4 | 0 | 1 | assumption | part of the month's invoice waived when a contract is amended
amend_extension | months | 12 | 0 | 60 | assumption | months added when a contract is amended
rental_share | share | 0.35 | 0 | 2 | G7-049: 500 bn of leases over years against 1,600 of sales | rent a hyperscaler will owe relative to its sales
outsourcing | share | 0.15 | 0 | 1 | G2-016: 60 bn of Microsoft's in neoclouds, a seventh of its compute | largest part of its compute that a hyperscaler rents from neoclouds
compute:
spot_adjustment | 1/month | 0.15 | 0.01 | 1 | G4-008 to G4-010: on-demand prices fell by a third in the year to October 2024, while much capacity came; the trade is thin | part of the way the spot price moves to clear
spot_step | log | 0.12 | 0.01 | 1 | G4-019: the largest cut seen in a month | largest monthly move of the spot price
spot_cap | USD/H100e-h | 8 | 1 | 50 | G4-008 | highest spot price, the scarcity peak of 2023
spot_training | share | 0.3 | 0 | 1 | assumption: training is planned, not improvised | part of missing training compute bought spot
spot_shortage | share | 0.25 | 0 | 1 | assumption: own workloads wait rather than pay any price | part of a cloud's own shortage bought spot
spot_budget | share | 0.2 | 0 | 2 | assumption: own workloads pay for themselves over time, not at any rent | part of its cash earnings a cloud spends on spot compute for its own shortage
sublet | share | 0.5 | 0 | 1 | assumption: contracts allow it in part | part of a lab's unused capacity offered spot
idle_reserve | share | 0.05 | 0 | 1 | assumption: maintenance and failover | part of free capacity held back
holdback | ratio | 3 | 0 | 10 | assumption: a third below the rent that pays for new hardware two thirds of idle capacity are kept off the market, for maintenance, own work and customers to come | how fast offers on the spot market shrink as rents fall below the entry rent
renewal_tenor | months | 24 | 1 | 120 | assumption: one- to two-year contracts of small tenants | term for which other tenants renew
renewal_share | share | 0.7 | 0 | 1 | assumption: most tenants stay, the rest look around on the spot market | part of a tenant's capacity that is renewed when its contract ends
target_utilisation | share | 0.8 | 0.05 | 1 | assumption: utilisation investors reckon with | utilisation in investment plans
price_horizon | months | 20 | 1 | 60 | L3-006, L3-007: entry brings rents to cost over the time a site takes, 18.5 to 20.6 months | months for the rental price to go back to cost, as owners expect
mark_discount | 1/year | 0.12 | 0 | 1 | G3-018: sale-leaseback 12 to 18 %, low end | discount rate in marking GPUs
cost_of_capital | 1/year | 0.11 | 0.01 | 0.5 | G3-055, G3-024: between direct lending and equity | return buyers ask of hardware
hurdle_margin | share | 0.15 | -0.5 | 3 | assumption | excess of the rental price over full cost at which providers plan for no more than the growth they see
speculation | ratio | 0.8 | 0 | 10 | assumption: rush when rents exceed the hurdle; the trend matters, this weight hardly | weight of the expected return, in logs, in providers' plans
speculation_cap | log | 1.5 | 0 | 5 | assumption: q theory (Hayashi 1982) has no bound; this one keeps plans from following a rent of more than six times their hurdle | largest effect of the expected return on a planned fleet, up or down
capacity_cover | ratio | 1.05 | 0.5 | 3 | assumption: five per cent spares | capacity planned per unit promised
hardware:
gpu_lead | months | 4 | 0 | 24 | G4-054 to G4-056: 8 to 52 weeks | shortest time from order to delivery
site_lead | months | 20 | 0 | 72 | L3-006, L3-007: median 18.5 to 20.6 from clearing to power; G4-047: 18 to 24 | usual months to build a site
site_delay | log | 0.25 | 0 | 1 | L3-007: 12.9 to 28.5 months around a median of 20.6 | spread of the time a site takes
site_window | months | 6 | 0 | 36 | assumption: hardware is ordered for halls that stand or are due within half a year | months ahead for which a powered site must stand when hardware is ordered
shell_lead | months | 9 | 1 | 36 | assumption: between a conversion (L3-008) and a new site (L3-007), shells stand without power gear | months until a landlord's shell is ready
shell_premium | share | 0.25 | 0 | 5 | assumption: a tenant in a hurry pays a quarter more | rent of a shell over the rent of an own site
shell_gw | GW/year | 4 | 0 | 100 | L3-017, L3-019, L3-032, L3-033: 12.4 GW under construction at end-2024, a sixth not let, and what starts in the year | shells that landlords outside the model bring to the market
conversion_lead | months | 7 | 1 | 36 | L3-008: 3.6 to 13 months, central 7.7 | months until a powered site of another use is converted
conversion_premium | share | 0.4 | 0 | 5 | assumption: power that is there at once is dearer than a shell | rent of a converted site over the rent of an own site
conversion_gw | GW/year | 1.5 | 0 | 100 | assumption: miners' sites let to AI, 0.5 GW at Core Scientific in 2024 (K1-037), others to follow | powered sites of other uses that come to the market
site_ahead | ratio | 1 | 0 | 3 | assumption: 1 plans sites for the growth expected until they are built | how far ahead of orders sites are planned
site_cost | bn/GW | 11.5 | 1 | 60 | G4-045 | shell, power and cooling
site_elasticity | ratio | 1 | 0 | 10 | assumption: twice the price brings twice the sites, with generation on the site (G4-053: turbines sold out for years) | supply of powered sites by their price
site_price_speed | 1/month | 0.03 | 0 | 1 | assumption: contracts for power and land are priced anew within years | speed at which the price of sites follows the queue
site_life | months | 240 | 60 | 600 | assumption: shells and power outlast several generations | life over which sites are written off and repaid
grid_gw | GW/year | 28 | 0.5 | 500 | G7-028: 122 GW over 2026 to 2030, all workloads | site capacity the grids can connect a year
order_deposit | share | 0.12 | 0 | 1 | assumption: between list terms and prepaid supply | part of an order paid at signature
order_smoothing | months | 4 | 1 | 24 | assumption: framework orders are called off by the quarter | months over which a gap is ordered
normal_backlog | months | 4 | 0.5 | 36 | G4-055, G4-054: lead times of 2 to 9 months; orders are placed gpu_lead months ahead, a book of as many is balance | order book at which vendors leave prices and output alone
markup_speed | 1/month | 0.03 | 0 | 0.5 | assumption: list prices move slowly | speed of the vendor's markup
markup_low | ratio | 0.7 | 0.2 | 1 | assumption: list prices fell by a third in past gluts | lowest markup of a vendor over its normal price
markup_high | ratio | 1.5 | 1 | 5 | assumption: half above the normal price at most | highest markup of a vendor over its normal price
supply_growth | 1/month | 0.047 | 0 | 0.2 | H1-047 over the mean quarter of K1-155, 4.5 months before: log(35.6 / 28.8) / 4.5 | fastest growth of a vendor's output
vendor_finance_share | share | 0.05 | 0 | 1 | G8-018 to G8-020, G2-028: vendors lend to customers | part of a neocloud's hardware the vendor lends on
vendor_equity_share | share | 0.1 | 0 | 1 | G2-023, G2-035: NVIDIA in its customers' rounds | vendor's part in customers' equity rounds
vendor_cash_share | share | 0.1 | 0 | 1 | assumption | most of its cash a vendor puts into one deal
vendor_cash_months | months | 3 | 0 | 24 | G1-147 against G1-145 | output a vendor keeps in cash
vendor_payout | share | 0.3 | 0 | 1 | assumption: buybacks of excess cash over a quarter | part of excess cash paid out a month
vendor_loan_spread | 1/year | 0.06 | 0 | 0.3 | G3-003 | spread of vendor loans
entry_rate | 1/year | 0.5 | 0 | 12 | assumption: a new neocloud every two years when rents are twice cost | rate of entry at a rental price of twice the full cost
entry_equity | bn | 0.5 | 0.01 | 20 | G1-125, G1-130 | equity of an entering neocloud
open_entry_rate | 1/year | 0.3 | 0 | 12 | assumption: a new open model every few years when labs earn twice their cost | rate of entry of open models at a lab price of twice cost
providers:
equity_part | share | 0.5 | 0 | 1 | assumption | part of its cash a neocloud puts into orders
rivalry | ratio | 0.5 | 0 | 1 | assumption: half way between a plan of one's own and keeping one's share; Bulow, Geanakoplos and Klemperer 1985 | slope of a hyperscaler's best response to the capacity that rivals plan
capex_willingness | ratio | 1 | 0 | 3 | assumption: 1 is each hyperscaler's own share | scales the part of cash earnings spent on capex
hyperscaler_debt | years | 1.2 | 0 | 10 | K1-081 to K1-118: debt of the four at 0.1 to 0.6 years of cash flow in 2024; agencies leave AA names about 1.5 (L1) | debt over yearly cash earnings up to which hyperscalers borrow for capex
hyperscaler_cash_months | months | 6 | 0 | 60 | K1-098, K1-119 over the year of cash flow: 6.4 to 6.8 months, the leanest of the five in 2024 (the others 9 to 10.5) | cash earnings below which a hyperscaler does not let its cash fall
prefund_months | months | 6 | 1 | 36 | assumption: treasurers fund half a year ahead, as they refinance | months of orders for which a hyperscaler issues bonds ahead
leverage_speed | 1/year | 0.12 | 0 | 4 | Fama and French 2002: 7 to 18 % of the way to the target a year; Flannery and Rangan 2006: a third | part of the room to its target debt that a hyperscaler takes up in a year in which it grows
cloud_leverage_speed | 1/year | 0.33 | 0 | 4 | Flannery and Rangan 2006: a third of the way a year | part of the room to its target debt that a neocloud takes up in a year
bond_spacing | months | 12 | 1 | 60 | assumption: a large firm comes to the bond market about once a year (L1) | months between two issues of a hyperscaler on its way to its target debt, on average
cloud_debt | years | 4 | 0 | 12 | assumption: CoreWeave owes four to five years of cash earnings while it grows | debt over yearly cash earnings that a neocloud's owners aim at
bond_size | bn | 5 | 0 | 100 | L1: issues of 5 to 30 bn | smallest bond issue of a hyperscaler
backlog_advance | share | 0.5 | 0 | 1.5 | G1-079, G1-089: Oracle's debt against its backlog, G7-008 for what is to come | debt that firm contracts sold can carry, per unit of backlog
debt_capex_share | 1/year | 0.8 | 0 | 12 | G4-047: what is sold is built within a year and a half | part of the room to borrow used a year
cash_buffer | months | 2 | 0 | 24 | assumption | months of fixed cost, or of a hyperscaler's cash earnings, kept in cash when hardware is paid for
provider_cash_months | months | 6 | 0 | 60 | assumption: debt-service reserves of six months | costs and debt service a neocloud keeps in cash
provider_payout | share | 0.1 | 0 | 1 | assumption: buybacks over a year | part of cash beyond the reserve paid out a month
lockup_cover | ratio | 1.2 | 0 | 5 | assumption: lock-up tests stand above the default covenant of 1.05 (G3-011) | debt-service cover below which borrowers pay nothing out
project_share | share | 0.5 | 0 | 1 | assumption: half of the sites of a firm at its limit of leverage, as Oracle and Meta in 2025 (G2-032, G2-022) | part of sites built by project companies at high leverage
project_leverage | ratio | 0.7 | 0.05 | 1 | assumption: half way from the average to a speculative grade | leverage at which that part is reached
project_size | GW | 0.5 | 0.001 | 10 | assumption: smaller sites stay on the books | smallest site of a project company
project_spacing | months | 12 | 0 | 60 | assumption: one program a year | months between two project companies of one tenant
project_halls | halls | 8 | 1 | 36 | assumption: Abilene stands in ten halls, New Mexico in eight months of hand-over (G2-033, G2-034) | halls of a project company, handed over one a month
project_debt | share | 0.85 | 0 | 1 | G2-022: 27.3 of 30 bn, less for weaker tenants | debt share of a project company
project_overrun | share | 0.5 | 0 | 5 | assumption: investors complete what they have begun | largest shortfall at completion, relative to the deposits paid, that investors of a project company cover
project_sweep | share | 0.75 | 0 | 1 | assumption: mini-perm loans sweep most of free cash | part of its spare cash with which a project company pays down its loans
project_tenor | months | 72 | 6 | 240 | G2-032: 4 + 1 + 1 years | term of project loans, repaid at the end
project_spread | 1/year | 0.025 | 0 | 0.3 | G2-032: SOFR + 2.25 to 2.5 points | spread in the rent of an empty site
project_cover | ratio | 1.25 | 0.5 | 5 | assumption: project finance sizes debt to a cover of 1.2 to 1.4 | rent of a lease over level debt service across its term
lease_tenor | months | 180 | 12 | 360 | G2-036: fifteen years | term of site leases
receipt_trust | share | 0.9 | 0 | 1 | assumption: firms expect a tenth of receipts late | part of receivables firms count on
franchise | ratio | 1 | 0 | 10 | assumption: listed neoclouds at the end of 2025 were worth twice what they owned less what they owed, in the middle | value of a growing cloud above its net assets, relative to these
option_floor | share | 0.05 | 0 | 1 | assumption: shares of firms in reorganisation trade at a few per cent of assets | equity of a cloud under water, relative to its assets
earnings_multiple | ratio | 20 | 1 | 60 | assumption: market value and debt of the five large clouds over a year's cash flow at the end of 2024 and 2025, 16 to 29 | value of cash earnings
book_floor | ratio | 0.7 | 0 | 2 | assumption | value relative to book when earnings say less
value_correlation | share | 0.35 | 0 | 1 | R9-004 (15 to 40 % within a sector) | part of the news about a firm's value that all share
premium_fade | 1/month | 0.04 | 0 | 1 | assumption: what investors believe of one firm lasts a year and a half | fall of what a firm is valued above or below the rule
value_speed | 1/month | 0.25 | 0.01 | 1 | assumption: two to three rounds of news | speed at which valuations move
credit:
base_rate | 1/year | 0.038 | 0 | 0.2 | G3-052 | mean of the reference rate
rate_reversion | 1/month | 0.05 | 0 | 1 | assumption: a year and a half | speed back to the mean
rate_noise | 1/year | 0.0015 | 0 | 0.05 | assumption: half a point a year | monthly noise of the reference rate
default_barrier | ratio | 0.75 | 0.1 | 2 | assumption: firms default when what they own is worth less than their short debt and half of the long (Crosbie and Bohn 2003), R1-008 for their leverage | value of what a firm owns, relative to all it has promised, at which it fails
lease_weight | share | 0.6 | 0 | 1 | assumption: leases of 15 years are worth 0.57 of their rents at 8 % (L2-001 to L2-010: undiscounted) | part of lease rents still to be paid that counts as debt
take_or_pay_weight | share | 0.35 | 0 | 1 | assumption: rating agencies impute a quarter to a half of long purchase contracts as debt | part of take-or-pay compute still to be paid that counts as debt
order_weight | share | 0.5 | 0 | 1 | assumption: half of what is on order could be cancelled or sold on | part of what is still to be paid on orders that counts as debt
asset_volatility | 1/year | 0.5 | 0 | 3 | R1-008 (35 to 60 %) | volatility of what labs, neoclouds and entrants own (log)
hyperscaler_volatility | 1/year | 0.25 | 0 | 3 | R1-002, R1-003: Oracle's shares 38 to 53 %, less for its debt | volatility of what hyperscalers and vendors own (log)
project_volatility | 1/year | 0.15 | 0 | 3 | assumption: a site with a lease moves with rents and land, R8-001: 6.7 % default in ten years | volatility of what project companies own (log)
lender_volatility | 1/year | 0.03 | 0 | 1 | assumption: a diversified book of loans (R9-001) | volatility of what lenders own (log)
hazard_level | log odds | 2.9 | -5 | 10 | fitted to the frequency of defaults in the model by distance to default, with hazard_slope | log odds of survival at a distance to default of zero
hazard_slope | log odds | 0.6 | 0 | 5 | fitted with hazard_level | log odds of survival per standard deviation of distance to default
rating_years | years | 5 | 1 | 15 | R3-007 to R3-010: ratings are read over five years | span of the hazard that ratings, rates and mandates look at
customer_passthrough | share | 0.5 | 0 | 1 | G3-003, G3-004: 6 against 13 points by the customer's grade; R8-002: in two of three cases nothing is lost | part of its customers' hazard that is a firm's own
window_slope | ratio | 2 | 0 | 10 | assumption: high yield shut for months in 2002, 2008 and 2016 while banks lent on | narrowing of a lender's mandate, in logs of hazard per log of appetite below normal
loss_given_default | share | 0.6 | 0 | 1 | G3-067: bonds recover 40 % | loss lenders reckon with, unsecured
loss_given_default_secured | share | 0.45 | 0 | 1 | calibration README caution 7: no realised recovery known | loss lenders reckon with, secured by GPUs
return_on_capital | 1/year | 0.12 | 0 | 0.5 | assumption: banks' cost of equity | return asked on the capital behind a loan
lender_cost | 1/year | 0.008 | 0 | 0.1 | assumption | cost of running a loan book
funding_spread | 1/year | 0.001 | -0.05 | 0.1 | assumption | what savers get over the base rate
appetite_spread | ratio | 0.8 | 0 | 5 | G3-048 to G3-050: spreads from 2.4 to 22 points | how strongly appetite moves spreads
appetite_drift | 1/month | 0.02 | 0 | 1 | assumption: appetite recovers over years (Minsky) | drift of appetite upwards in calm
loss_fear | ratio | 6 | 0 | 100 | assumption: a loss of a tenth of the book ends the boom | fall of appetite per unit of loss over book
lender_capital | ratio | 1 | 0.05 | 5 | assumption: 1 is the opening; digest | scales lenders' opening capital and AI books | opening only
capital_requirement | ratio | 1 | 0 | 4 | policy lever | scales the minimum capital ratios
capital_buffer | share | 0.1 | 0 | 2 | G1-159 against G1-161 | buffer over the minimum that lenders keep when lending
loan_risk_weight | ratio | 1 | 0.1 | 5 | Basel: unrated corporates weigh 100 % | risk weight of AI loans
large_exposure_limit | share | 0.25 | 0.001 | 1 | G3-071 | largest exposure to one borrower relative to capital
rate_choice | ratio | 40 | 0 | 1000 | assumption: a lender two points dearer gets less than half of its part | how strongly dearer lenders lose their part of a loan, per unit of yearly rate
relationship | ratio | 2 | 1 | 100 | assumption: a known lender counts as much as one with twice the free capacity (Petersen and Rajan 1994) | how much likelier a lender joins that the borrower owes already
loan_ticket | bn | 2 | 0.001 | 100 | assumption: the leaders of a syndicate take a bn or two each | part of a loan for which one more lender is asked
syndicate_size | count | 5 | 1 | 60 | assumption: club deals of GPU loans had four to ten lenders | lenders asked before capacity decides
concentration_cap | share | 1 | 0.05 | 1 | policy lever, off at 1 | lenders refuse neoclouds whose largest customer has a greater share
max_ltv | ratio | 0.9 | 0 | 2 | policy lever; G3-014 at most 0.85 to cost | highest loan-to-value of new secured loans
max_tenor | months | 240 | 6 | 240 | policy lever, off at 240 | longest secured loan
loan_to_cost | share | 0.85 | 0 | 1 | G3-014: 75 to 85 % | debt share of hardware bought by neoclouds
lending_cover | ratio | 1.25 | 0.5 | 5 | assumption: GPU loans are sized to a cover of 1.2 to 1.4 | debt-service cover to which lenders size a neocloud's debt
lending_margin | 1/year | 0.03 | 0 | 0.3 | G3-006 less the expected loss | margin in the debt service lenders reckon with
spot_credit | share | 0.5 | 0 | 1 | assumption: uncontracted rent counts half | part of the rent of uncontracted capacity that lenders count
loan_tenor | months | 60 | 6 | 180 | G3-006 | term of GPU-secured loans
draw_period | months | 12 | 0 | 60 | assumption: a year, as commitments of delayed-draw loans last and shelves of notes are used (G3-006: five years from each draw) | months in which further loans of a kind to the same borrower are draws on the first; 0: each stands for itself
bond_tenor | months | 84 | 12 | 360 | G3-024, G3-025: five to six years, longer for hyperscalers | term of bonds
refinance_ahead | months | 6 | 0 | 36 | assumption: treasurers refinance half a year ahead | months before maturity at which bullets are rolled over
revolver_share | share | 0.1 | 0 | 2 | assumption: CoreWeave's line of a tenth of its debt | bank line a neocloud keeps, relative to a year's revenue
revolver_tenor | months | 48 | 1 | 120 | assumption: the opening's line | term of bank lines
line_trust | 1/year | 0.03 | 0 | 1 | assumption: BB and better | default probability up to which a bank commits a line
loan_amendment | ratio | 1 | 0 | 5 | assumption: lenders forbear when a sale would not repay them | proceeds of a forced sale over debt below which lenders amend
amendment_cover | ratio | 0.6 | -5 | 5 | assumption: most of the service is earned | debt-service cover a borrower needs to be forborne
loan_deferral | share | 0.5 | 0 | 1 | assumption | part of the principal due that an amendment puts off
loan_extension | months | 12 | 0 | 60 | assumption | months added when a loan is amended
interest_deferral | share | 0.5 | 0 | 1 | assumption: half in kind, half in cash, as payment-in-kind toggles allow | part of the interest due that an amendment adds to the principal
deferral_step | 1/year | 0.02 | 0 | 0.2 | assumption: payment in kind costs one to three points more | rise of the rate when a loan is amended
deferral_limit | - | 3 | 0 | 50 | assumption: lenders lose patience after a few years | spells of deferral of one firm that lenders agree to
exchange_consent | share | 0.9 | 0 | 1 | assumption: exchange offers ask for 90 to 95 % of the principal | part of a firm's loans whose lenders must agree to an exchange out of court
bank_risk_limit | 1/year | 0.10 | 0 | 1 | assumption: banks stop at single B | highest default probability a bank lends at
fund_risk_limit | 1/year | 0.35 | 0 | 1 | assumption: private credit goes to CCC | highest default probability a private-credit fund lends at
investment_grade_limit | 1/year | 0.012 | 0 | 1 | assumption: the edge of BBB | highest default probability of an investment-grade bond
high_yield_limit | 1/year | 0.20 | 0 | 1 | assumption: the market shuts to CCC | highest default probability of a high-yield bond
securitisation_limit | 1/year | 0.05 | 0 | 1 | assumption: pools take BB and better | highest default probability of a loan that is securitised
covenant_ltv | ratio | 1 | 0.1 | 5 | assumption: debt not above collateral | loan-to-value covenant of secured loans
cash_sweep | share | 0.5 | 0 | 1 | assumption | part of spare cash swept in a breach
acceleration_ltv | ratio | 1.5 | 1 | 10 | assumption: lenders call only when far under water | breach of the covenant at which a loan is called
acceleration_cover | ratio | 1 | 0 | 5 | G3-011 | debt-service cover below which a breached loan is called
warehouse_advance | share | 0.67 | 0 | 1 | assumption: advance rate on first-lien loans (L6-018, 0.60 to 0.72) | part of a fund's loans at their marks up to which banks let it draw on lines
warehouse_share | share | 0.3 | 0 | 0.9 | assumption: funds' back leverage | part of a fund's loan refinanced with a bank
warehouse_tenor | months | 36 | 1 | 120 | assumption | term of warehouse lines
lender_growth | ratio | 1 | 0 | 3 | assumption: 1 is the growth of each class of lenders; opening tables | scales the growth of lenders' books
lender_growth_long_run | 1/year | 0.05 | 0 | 0.5 | assumption: credit grows with nominal GDP | growth of lenders' books once that of their class has faded
mandate_growth | 1/year | 0.05 | 0 | 1 | assumption: index weights follow issues; AI's part of investment-grade issues was 30 % against 14 % of the index (G1-176, G1-177) | growth of the part of their book that lenders allow AI
mark_weight | share | 0.8 | 0 | 1 | assumption: own limits count most of what marks say, for private marks are smoothed | part of unrealised losses that lenders count against their capital
redemption_fear | ratio | 1 | 0 | 20 | assumption: flows out of illiquid funds match the loss (Goldstein, Jiang and Ng 2017) | part of a fund's money asked back for each part lost
redemption_gate | share | 0.05 | 0 | 1 | L6-007: 5 % of net assets a quarter | most that a fund of private loans pays back in a quarter
funding_access | 1/month | 0.02 | 0 | 1 | assumption: fund inflows of a quarter of net worth a year | new money savers give a fund or bond market in need, relative to its net worth
asset_sale_price | share | 0.95 | 0.05 | 1 | assumption: large portfolios sell a little below book | price of a fund's or sponsor's other holdings, of book
asset_sale_pace | 1/month | 0.06 | 0 | 1 | assumption: a quarter of a portfolio in a year | part of its other holdings a fund or sponsor can sell in a month
lender_cash | share | 0.01 | 0 | 1 | assumption | cash lenders keep per loan
lender_payout | share | 0.5 | 0 | 1 | assumption | part of surplus cash lenders pay out
bank_earnings | 1/year | 0.1 | 0 | 1 | assumption: return on equity of large banks | what a bank's other business earns on the capital behind it, kept while the bank is short of capital
stress:
common_onset | ratio | 0.85 | 0 | 1.6 | assumption: earnings carry the losses of ordinary bad moods | sentiment below which everybody's other book loses
common_loss_regulated | 1/year | 0.045 | 0 | 1 | L6-011, L6-012: stress costs banks 1.8 to 3.7 % of risk-weighted assets, two thirds of a year of full fear | loss of banks' and insurers' other risk-weighted assets in a year per unit of sentiment missing
common_loss_fund | 1/year | 0.12 | 0 | 1 | assumption: business development companies lose 8 % of assets in severe stress | the same of funds' other assets
bankruptcy_cost | share | 0.1 | 0 | 0.9 | G3-064: firm-wide recoveries 52 % leave room for costs | part of a failed firm's means lost to the proceedings (1 - alpha of Rogers and Veraart)
rescue_cover | ratio | 1.25 | 1 | 10 | assumption: a fifth of the value is left to those who come | value as a going concern over all that is owed from which a firm is rescued
rescue_success | 1/month | 0.5 | 0 | 1 | assumption: who asks for all that it can sell at a discount finds the money within two months | chance of a rescue in a month at normal sentiment, of who is just worth saving and asks for all that rescuers could bring
rescue_discount | share | 0.4 | 0 | 0.95 | assumption: rescue rights issues are priced 30 to 50 % below the market | discount at which rescuers buy, and at which claims on a firm out of default sell
rescue_dilution | share | 0.5 | 0 | 0.9 | assumption: control changes hands at half | largest part of a firm that rescuers hold after the round
rescue_months | months | 6 | 0 | 36 | assumption: time for an ordinary round | months of burn that a rescue pays for
distress_normal | share | 0.016 | 0.0001 | 1 | R3-005: US high yield in 1998, before the wave | part of the loans below investment grade that fails in a year for which investors in failed firms are many enough
distress_elasticity | ratio | 0.37 | 0 | 2 | G8-013 to G8-015 with R3-005: bonds recovered 40 % in normal years, 25 and 21 where 5.1 and 9.8 % failed | fall of what they pay (log) per rise of the debt that fails (log)
reorganisation_months | months | 10 | 1 | 60 | Bankruptcy Observer, 3rd quarter of 2017: 283 to 352 days from filing to confirmation | months of protection by the court
reorganisation_cost | share | 0.03 | 0 | 0.5 | Weiss 1990, Journal of Financial Economics 27: 3.1 % of debt and equity | cost of the proceedings relative to debt and shares
rejection_cap | months | 12 | 0 | 120 | 11 U.S.C. 502(b)(6): a year of rent | months of rent claimed at most for a contract rejected under protection
plan_tenor | months | 84 | 6 | 360 | assumption: exit loans run as long as bonds | term of the debt that a firm keeps after an exchange or a plan
owners_keep | share | 0.05 | 0 | 0.9 | Bharath, Panchapagesan and Werner 2007: deviations from absolute priority of a few per cent | least part that old owners keep where lenders become owners
distressed_factor | ratio | 0.45 | 0.05 | 1 | G4-076 | price of a forced sale relative to the mark
price_impact | ratio | 8 | 0 | 20 | G8-036: rigs fell 85 % (1.9 in logs) when a quarter of the sector's failed together | log fall of second-hand prices per share sold of the fleets that live off letting
fire_recovery | 1/month | 0.12 | 0 | 1 | assumption: half a year | speed at which the second-hand market recovers
scrap_factor | ratio | 0.8 | 0 | 1 | assumption: buyers outside the industry pay less | price paid by outsiders relative to providers
second_hand_cash | share | 0.1 | 0 | 1 | assumption | part of its cash a survivor spends on a failed firm's fleet
second_hand_ltv | ratio | 0.8 | 0 | 5 | assumption: survivors that are far enough from their covenants | loan-to-value up to which a provider buys second-hand
second_hand_cover | ratio | 1.2 | -5 | 9 | assumption: lenders' consent needs the lock-up test | debt-service cover from which a provider buys second-hand
site_recovery | share | 0.6 | 0 | 1 | assumption: powered land keeps value | recovery on sites
other_recovery | share | 0.3 | 0 | 1 | G3-062 | recovery on other assets
holdings_recovery | share | 0.5 | 0 | 1 | assumption: blocks of shares sell at a discount | recovery on shares held, of their value
loan_book_recovery | share | 0.85 | 0 | 1 | G3-070 | recovery on a failed lender's loans
public_guarantee | share | 0 | 0 | 1 | policy lever; digest H4 | part of lenders' losses on AI loans that the government bears
public_share | share | 0 | 0 | 0.9 | policy lever; digest H4 | part of the price of hardware and sites that the government pays as a grant
backstop_share | share | 0 | 0 | 1 | policy lever; digest H4 | part of a failing lender's hole that the government fills
beliefs:
expectation_speed | 1/month | 0.12 | 0 | 1 | assumption: beliefs turn over within a year | speed of adaptive expectations
earnings_speed | 1/month | 0.3 | 0.01 | 1 | assumption: a quarter's results | speed at which cash earnings are averaged
extrapolation | ratio | 0.9 | 0 | 3 | assumption: growth is expected to fade a little | how far the growth seen is carried forward
sentiment_reversion | 1/month | 0.05 | 0 | 1 | assumption | return of sentiment to normal
sentiment_growth | ratio | 0.04 | 0 | 1 | assumption | rise of sentiment per unit of AI growth above the yardstick
growth_yardstick | 1/year | 0.6 | -1 | 3 | G5-004: 86 % a year to 2030 is 0.62 in logs | growth of AI revenue that investors are content with
sentiment_fear | ratio | 1 | 0 | 50 | assumption: a default with a third of all debt behind it costs 0.3 | fall of sentiment per share of the sector's debt in default
doubt_gain | log odds | 5 | 0 | 20 | assumption: a failure with a seventh of the sector's debt behind it doubles the hazard that is seen in the others, as spreads of peers did in 2002 and 2008 | rise of the odds of default seen in all borrowers, per share of the sector's debt behind those that fail
doubt_fade | 1/month | 0.1 | 0 | 1 | assumption: half a year, as spreads after a shock | fall of that doubt
sentiment_noise | ratio | 0.05 | 0 | 0.5 | assumption | monthly noise of sentiment
sponsor_share | share | 0.25 | 0 | 1 | G1-137: SoftBank's part of OpenAI's rounds | sponsor's part in its holdings' rounds
energy:
power_price | USD/MWh | 60 | 1 | 1000 | G6-003 to G6-005 | mean price of electricity
power_price_growth | 1/year | 0.03 | -0.2 | 0.5 | G6-003, G6-004 | trend of the power price
power_load_elasticity | ratio | 0.12 | 0 | 2 | assumption: doubling AI load adds 9 % | rise of the power price with AI's load
power_load_reference | GW | 12 | 0.1 | 1000 | G4-085 with cooling | load at which the power price is its mean
power_reversion | 1/month | 0.1 | 0 | 1 | assumption | speed to the mean
power_noise | log | 0.03 | 0 | 0.5 | assumption: monthly volatility of contract prices | noise of the power price
carbon_price | USD/t | 0 | 0 | 1000 | G6-025 (US federal); G6-017 to G6-024 elsewhere | price of CO2
carbon_intensity | t/MWh | 0.37 | 0 | 2 | G6-026 | emissions of grid power
idle_power | share | 0.3 | 0 | 1 | assumption: idle servers draw a third | power of an idle GPU relative to a busy one
""")
BY_NAME: dict[str, Parameter] = {p.name: p for p in PARAMETERS}
INDEX: dict[str, int] = {p.name: i for i, p in enumerate(PARAMETERS)}
DTYPE = np.dtype([(p.name, "f8") for p in PARAMETERS])


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint for a misspelt name: `; did you mean 'x'?`, or nothing if none is near.

    >>> nearest("demand_elastcity", ["demand_elasticity"])
    "; did you mean 'demand_elasticity'?"
    """
    close = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def find(name: str) -> Parameter:
    """The parameter of this name.

    Raises
    ------
    BadInput
        If there is none; the message gives the nearest right name.
    """
    if name not in BY_NAME:
        hint = nearest(name, BY_NAME)
        raise BadInput(f"unknown parameter '{short(name)}'{hint} (see: invisible-debt parameters)")
    return BY_NAME[name]


def no_number(parameter: Parameter, value: object) -> BadInput:
    """The error of a value that is no number, with what is allowed."""
    allowed = f"{parameter.low:g} to {parameter.high:g} {parameter.unit}"
    return BadInput(f"parameter '{parameter.name}' must be a number, not {shown(value)}; allowed are {allowed}")


def check(name: str, value: object) -> float:
    """The value as a number, if the parameter exists and the value lies in its range.

    Raises
    ------
    BadInput
        If the name is unknown, the value is no finite number or lies outside the range.
    """
    parameter = find(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str | np.number):
        raise no_number(parameter, value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except ValueError:
        raise no_number(parameter, value) from None
    if not math.isfinite(number) or not parameter.low <= number <= parameter.high:
        raise BadInput(
            f"parameter '{name}' must lie between {parameter.low:g} and {parameter.high:g}"
            f" {parameter.unit}, not {short(value) if isinstance(value, str) else shown(value)}"
        )
    return number


def values(changed: Mapping[str, object] | None = None) -> np.ndarray:
    """All parameters as one vector, the defaults with some of them changed.

    Parameters
    ----------
    changed : mapping, optional
        Names and values.

    Returns
    -------
    numpy.ndarray
        float64, in the order of `PARAMETERS`.

    Raises
    ------
    BadInput
        For an unknown name or a value out of range.
    """
    vector = np.array([p.default for p in PARAMETERS])
    for name, value in (changed or {}).items():
        vector[INDEX[find(name).name]] = check(name, value)
    return vector
