"""The tables of the economy: every column with its unit, and nothing else moves the model.

The state is a handful of NumPy structured arrays, one row a firm, a contract, a loan, an order, a
vintage. Money is in billions of USD (bn), compute in millions of H100-equivalents (M H100e), power in
GW, prices of compute in USD per H100e-hour, rates per year, time in months since the opening (month 0).
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from abm.engine.pointed import Pointed, pointed
from abm.inputs import parameters

# --- codes --------------------------------------------------------------------------------------------
# Firm kinds. OUTSIDE, the last, is the sectors around the agents: they never default and close every flow.
LAB, HYPERSCALER, NEOCLOUD, VEHICLE, LENDER, VENDOR, ENTRANT, OUTSIDE = range(8)
KIND_NAMES = ("lab", "hyperscaler", "neocloud", "vehicle", "lender", "vendor", "entrant", "outside")
# Lender kinds (column `subkind` of a lender).
BANK, PRIVATE_CREDIT, IG_BONDS, HY_BONDS, SECURITISATION, SPONSOR, INSURER, AI_FUND = range(8)
LENDER_NAMES = (
    "bank", "private credit", "IG bonds", "HY bonds", "securitisation", "sponsor", "insurer", "AI credit fund",
)  # fmt: skip
# Outside sectors stand in fixed rows, before any agent.
CUSTOMERS, SUPPLIERS, POWER, GOVERNMENT, SAVERS = range(5)
OUTSIDE_NAMES = ("Customers", "Workers and suppliers", "Power companies", "Government", "Savers and investors")
N_OUTSIDE = 5
# Firm status.
ABSENT, ACTIVE, FAILED = range(3)
# Ways to default. Only the first ends a firm.
LIQUIDATION, REORGANISATION, EXCHANGE, DEFERRAL = range(4)
WAY_NAMES = ("liquidation", "reorganisation", "distressed exchange", "deferral")
# Contract kinds and status. INTENT is a letter of intent or an option: it can cause no default.
COMPUTE, SITE = range(2)
CONTRACT_NAMES = ("compute", "site lease")
FREE, PENDING, LIVE, ENDED, BROKEN, INTENT = range(6)
CONTRACT_STATUS = ("free", "pending", "live", "ended", "broken", "intent")
# Loan kinds and status (FREE, PENDING unused, LIVE, ENDED = repaid, BROKEN = defaulted).
DDTL, BOND, REVOLVER, PROJECT, WAREHOUSE, VENDOR_LOAN, MARGIN = range(7)
LOAN_NAMES = ("DDTL", "bond", "revolver", "project loan", "warehouse line", "vendor loan", "margin loan")
NO_COLLATERAL, FLEET_COLLATERAL, SITE_COLLATERAL, HOLDINGS_COLLATERAL = range(4)
# Order kinds; status is FREE, PENDING (in the queue), ENDED (delivered) or BROKEN (cancelled).
GPU_ORDER, SITE_ORDER = range(2)
# Seniority tiers of what falls due, most senior first.
TIER_OPERATING, TIER_SECURED, TIER_UNSECURED = range(3)
N_TIERS = 3
# Kinds of flow in the transaction-flow matrix.
(
    F_SERVICE, F_COMPUTE, F_LEASE, F_POWER, F_OPERATING, F_OTHER_BUSINESS, F_INTEREST, F_PRINCIPAL, F_LENDING,
    F_EQUITY, F_DIVIDEND, F_GPU, F_SITE, F_PREPAYMENT, F_FUNDING, F_CARBON, F_BANKRUPTCY, F_SUPPORT, F_SECONDHAND,
    F_FUNDING_COST,
) = range(20)  # fmt: skip
FLOW_NAMES = (
    "AI services", "compute", "site leases", "power", "operating costs", "other business", "interest", "principal",
    "lending", "equity", "dividends", "GPUs", "sites", "prepayments", "lender funding", "carbon price",
    "bankruptcy costs", "support", "second-hand GPUs", "cost of funding",
)  # fmt: skip
# Contagion channels.
COUNTERPARTY, CUSTOMER, COLLATERAL, FUNDING, LENDER_TO_LENDER, VENDOR_CHANNEL, MARKET = range(7)
CHANNEL_NAMES = ("counterparty", "customer", "collateral", "funding", "lender-to-lender", "vendor", "market")
N_CHANNELS = 7
# What dues are for.
(
    DUE_OPERATING, DUE_POWER, DUE_CARBON, DUE_INVOICE, DUE_INTEREST, DUE_PRINCIPAL, DUE_ORDER, DUE_FUNDING,
    DUE_MAKING, DUE_SPOT, DUE_REVENUE_SHARE,
) = range(11)  # fmt: skip
N_DUES = 11
# Events of the log and what they are called.
(
    E_CONTRACT, E_LOAN, E_ORDER, E_EQUITY, E_RENEGOTIATED, E_GENERATION, E_OPEN_RELEASE, E_DEFAULT, E_BREACH,
    E_CREDIT_STOP, E_FIRE_SALE, E_CANCELLED, E_ENTRY, E_CALLED, E_BACKSTOP, E_AMENDED, E_PROJECT, E_RESCUED,
    E_EXCHANGED, E_PROTECTED, E_REORGANISED, E_REPUDIATED,
) = range(22)  # fmt: skip
_EVENTS = {
    E_CONTRACT: "contract signed", E_LOAN: "loan made", E_ORDER: "GPUs ordered", E_EQUITY: "equity raised",
    E_RENEGOTIATED: "contract renegotiated", E_GENERATION: "generation released",
    E_OPEN_RELEASE: "open model released", E_DEFAULT: "default", E_BREACH: "covenant broken",
    E_CREDIT_STOP: "lender stops lending", E_FIRE_SALE: "fire sale", E_CANCELLED: "order cancelled",
    E_ENTRY: "firm entered", E_CALLED: "line called", E_BACKSTOP: "public backstop", E_AMENDED: "loan amended",
    E_PROJECT: "project founded", E_RESCUED: "rescue round", E_EXCHANGED: "debt exchanged",
    E_PROTECTED: "protected by the court", E_REORGANISED: "reorganised", E_REPUDIATED: "contract repudiated",
}  # fmt: skip
EVENT_NAMES = tuple(_EVENTS[code] for code in range(len(_EVENTS)))
# Customer segments.
CONSUMER, ENTERPRISE, DEVELOPERS, APPLICATIONS = range(4)
SEGMENT_NAMES = ("consumers", "enterprises", "developers and small firms", "application firms")
N_SEGMENTS = 4
HOURS = 730.0  # hours in a month
BN_PER_RATE = 0.73  # bn USD a month of 1 M H100e at 1 USD an hour: 730 h * 1e6 / 1e9
HISTORY = 12  # months a firm remembers of itself
FRONTIER_MEMORY = 64  # months of frontier quality kept, the longest lag of an open model


class Column(NamedTuple):
    """One column of a table: name, NumPy type, unit and meaning."""

    name: str
    type: str
    unit: str
    meaning: str


def _columns(text: str) -> tuple[Column, ...]:
    """Read `name | type | unit | meaning` lines."""
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(Column(*(cell.strip() for cell in row)) for row in rows)


FIRM_COLUMNS = _columns("""
kind | i8 | code | LAB, HYPERSCALER, NEOCLOUD, VEHICLE, LENDER, VENDOR, ENTRANT or OUTSIDE
subkind | i8 | code | for a lender BANK .. AI_FUND, else 0
status | i8 | code | ABSENT, ACTIVE or FAILED
parent | i8 | firm | firm that stands behind this one and funds it, -1 if none
tenant | i8 | firm | for whom a project company was founded during the run, -1 for every other firm
entered | i8 | month | month of entry
failed | i8 | month | month in which it was liquidated, -1 if none
protected_since | i8 | month | month in which it last asked a court for protection, 0 if none
protected_until | i8 | month | last month of its protection by the court, 0 if none
exchanged | i8 | month | month in which its lenders last took less than they were owed, 0 if none
deferred | i8 | month | month in which its last spell of deferral began, 0 if none
deferrals | i8 | - | spells in which its lenders put off what it owed
offered | f8 | bn | of its loans, those that failed and still seek new holders, for about a year
cash | f8 | bn | money held
other_assets | f8 | bn | book value of everything else owned (goodwill, other business, a lender's other book)
other_debt | f8 | bn | owed to savers outside the loan table (deposits, units and notes behind other_assets)
funding | f8 | bn | a lender's deposits or fund units behind its AI book, owed to savers
sites | f8 | bn | book value of data-centre shells owned
retained | f8 | bn | net worth less paid-in capital: moves only with income, cost, depreciation and write-offs
paid_in | f8 | bn | paid-in capital, the sum of the issuer's rows in the stakes table
revenue | f8 | bn/month | income of the month (sales, rents, interest)
operating_cost | f8 | bn/month | cost of the month other than interest and depreciation
interest_cost | f8 | bn/month | interest of the month
depreciation | f8 | bn/month | depreciation and amortisation of the month
write_off | f8 | bn/month | losses on claims, fleet and holdings in the month
earnings | f8 | bn/month | cash earnings before interest, smoothed
mean_cost | f8 | bn/month | operating cost, smoothed
operating_result_6m | f8 | bn | operating result of the last six months
capex | f8 | bn/month | paid for GPUs and sites in the month
bonds | f8 | bn/month | bonds issued in the month
capacity | f8 | M H100e | own energised fleet
site_gw | f8 | GW | powered site capacity it owns
leased_gw | f8 | GW | site capacity leased in, less leased out
lease_gw | f8 | GW | site capacity promised to it by leases, built or not
planned | f8 | M H100e | fleet that its sites built, ordered and leased can hold
fleet_gw | f8 | GW | power the own fleet draws at full load, with cooling
contracted_in | f8 | M H100e | capacity others must deliver to it now (live contracts)
contracted_out | f8 | M H100e | capacity it delivers to others now (live contracts)
stranded | f8 | M H100e | capacity a lost customer left idle and that is not let again yet
promised_out | f8 | M H100e | capacity it has promised to others at full ramp (live and pending, firm)
promised_in | f8 | M H100e | capacity promised to it at full ramp (live and pending, firm)
need | f8 | M H100e | compute its work needs this month (labs: inference; clouds: own workloads)
own_growth | f8 | 1/year | growth rate of a cloud's own workloads, or of a vendor's demand from outside
outside_demand | f8 | bn/month | what buyers outside the model want of a vendor's hardware
stalled | f8 | M H100e | hardware delivered that waits for a powered hall
training | f8 | M H100e | compute spent on training this month
spot_bought | f8 | M H100e | bought on the spot market
spot_sold | f8 | M H100e | sold on the spot market
used | f8 | M H100e | own fleet in use
utilisation | f8 | share | used / capacity
on_order | f8 | M H100e | ordered or delivered and not yet running
on_order_gw | f8 | GW | site capacity ordered and not delivered
energy | f8 | TWh/month | electricity drawn
emissions | f8 | Mt/month | CO2 emitted
renewables | f8 | share | share of electricity from renewables
pue | f8 | ratio | facility power over computer power
power_premium | f8 | ratio | its power price over the market's
unit_opex | f8 | USD/kWh | running cost of the fleet other than power, for each kW of server power and hour
other_income | f8 | bn/month | net operating cash flow of its other business
fixed_cost | f8 | bn/month | staff, research and sales paid in cash
stock_pay | f8 | bn/month | staff paid in shares (a cost without cash)
revenue_share | f8 | share | share of a lab's revenue paid to the hyperscaler that holds most of it
fleet_book | f8 | bn | book value of the fleet
fleet_mark | f8 | bn | mark-to-market value of the fleet
book_life | f8 | months | straight-line depreciation of GPUs
debt | f8 | bn | principal owed
secured_debt | f8 | bn | principal owed with collateral
debt_service | f8 | bn/month | interest and scheduled principal due next month
backlog_in | f8 | bn | value of firm contracts it has sold, still to be invoiced
backlog_out | f8 | bn | value of firm contracts it has bought, still to be paid
leases_owed | f8 | bn | of which site leases, commenced or not
compute_owed | f8 | bn | of which the take-or-pay part of compute
orders_owed | f8 | bn | still to be paid on what it has ordered
invoiced_in | f8 | bn/month | contract invoices it sends at the present ramp
promised_rent | f8 | bn/month | invoices of the contracts it has sold, at full ramp
promised_pay | f8 | bn/month | invoices of the contracts it has bought, at full ramp
invoiced_out | f8 | bn/month | contract invoices it receives at the present ramp
prepaid_in | f8 | bn | prepayments received and not yet worked off (a liability)
prepaid_out | f8 | bn | prepayments made and not yet used (an asset)
deposits_out | f8 | bn | deposits paid on orders (an asset)
deposits_in | f8 | bn | deposits received on orders (a liability of a vendor)
loans_held | f8 | bn | principal lent
undrawn | f8 | bn | committed to borrowers and not drawn yet
holdings | f8 | bn | book value of shares held
top_customer | f8 | share | largest customer's share of the backlog sold
top_customer_id | i8 | firm | that customer, -1 if none
dscr | f8 | ratio | debt-service cover: expected cash earnings over debt service
ltv | f8 | ratio | secured debt over marked collateral
leverage | f8 | ratio | all it owes over assets
pd | f8 | 1/year | hazard of default over the next year as everybody sees it
pd_long | f8 | 1/year | the same over `rating_years`, a yearly rate
customer_risk | f8 | 1/year | hazard of its customers, weighted by their parts of the backlog
customer_risk_long | f8 | 1/year | the same over `rating_years`
obligations | f8 | bn | all it has promised to pay, as debt
feared | f8 | 1/year | its hazard when investors last looked
expected_growth | f8 | 1/year | adaptive expectation of revenue growth (log)
expected_spot | f8 | USD/H100e-h | adaptive expectation of the rental price
momentum | f8 | 1/year | pace of its quality beyond what its training compute explains: people, ideas, luck that lasts
quality | f8 | years | log capability; one unit is one year of frontier progress at the pace of 2025
training_stock | f8 | M H100e-months | effective training compute accumulated
price | f8 | USD/unit | price of a unit of AI work
unit_compute | f8 | ratio | compute per unit of work relative to the frontier model (with free users)
demand_shift | f8 | log | shock to customers' taste for this firm's model
stops_paying | f8 | code | 1 if a shock makes it walk away from its contracts, 2 if it makes it fail, else 0
work | f8 | bn units/month | AI work sold
training_target | f8 | share | training compute it aims at, relative to inference compute
valuation | f8 | bn | equity value investors use
premium | f8 | log | what investors paid at the opening above the value by the rule, fading
own_hardware | f8 | share | part of its compute that a lab wants to own, not rent
lag | f8 | months | an open model's lag behind the frontier
last_release | i8 | month | month of the last model or hardware release
last_round | i8 | month | month of the last equity round
last_project | i8 | month | month its last project company was founded
overpay | f8 | bn | what its contracts bought ask above the market, over their remaining months
ai_limit | f8 | bn | largest AI book the lender allows itself
ai_other | f8 | bn | part of a lender's other assets that is AI loans the loan table does not know
book_growth | f8 | 1/year | growth of a lender's capital, other book and limits in calm (log)
redeemable | f8 | share | part of a fund's money that its investors may ask back
asked | f8 | share | part of it that they have asked back and not got yet
gated | i8 | flag | 1 while a fund pays back less than is asked
unrealised | f8 | bn | loss on its traded loans that marks show and books do not
mark_move | f8 | bn/month | change of it
appetite | f8 | ratio | risk appetite, 1 is normal
capital_ratio | f8 | share | net worth over risk-weighted assets
min_capital | f8 | share | minimum capital ratio of this kind of lender
other_weight | f8 | share | risk weight of the lender's other assets
lending_open | f8 | flag | 1 while it lends
loss_month | f8 | bn/month | credit losses of the month
own_use_only | i8 | flag | 1 if it lets no compute to others than its own lab
custom_share | f8 | share | share of orders that goes to custom chips
amd_share | f8 | share | share of orders that goes to the second vendor
supply | f8 | bn/month | value a vendor can deliver in a month
margin | f8 | share | gross margin of a vendor's list price
markup | f8 | ratio | vendor's price over its normal price
cadence | f8 | months | months between a vendor's generations
capex_share | f8 | share | share of other-business cash flow it will spend on AI capex
payout | f8 | share | share of other-business cash flow paid out
look_through | f8 | bn | debt that stands on others' books for it
desired | f8 | M H100e | capacity it wants to sign for or to order
""")
CONTRACT_COLUMNS = _columns("""
id | i8 | id | running number, never reused
kind | i8 | code | COMPUTE or SITE
status | i8 | code | FREE, PENDING, LIVE, ENDED, BROKEN or INTENT
buyer | i8 | firm | who pays
seller | i8 | firm | who delivers
guarantor | i8 | firm | who pays if the buyer does not, -1 if none
end_user | i8 | firm | customer on whose behalf the buyer signed, -1 if none
own_use | i8 | flag | 1 if the buyer uses the capacity itself and does not sell it on
backstop | i8 | flag | 1 if the buyer takes only what the seller cannot let, up to the value announced
signed | i8 | month | when signed
start | i8 | month | first month of delivery
ramp | i8 | months | months from start to full quantity
months | i8 | months | whole term
months_left | i8 | months | months still to run
quantity | f8 | M H100e or GW | capacity at full ramp
delivered | f8 | M H100e or GW | capacity delivered this month
price | f8 | USD/H100e-h or bn/GW-month | price
take_or_pay | f8 | share | share of the invoice owed whether used or not
prepaid | f8 | bn | prepayment not yet used
announced | f8 | bn | value announced at signing
missed | f8 | bn | claim on the buyer: invoices left unpaid and, once broken, damages
amended | i8 | month | month of the last renegotiation, -1 if none
claim | f8 | bn | damages for the part that a buyer under protection has rejected, until its plan settles them
late | i8 | months | months in a row in which a part of what was due was missing
""")
LOAN_COLUMNS = _columns("""
id | i8 | id | running number, never reused
kind | i8 | code | DDTL .. MARGIN
status | i8 | code | FREE, LIVE, ENDED or BROKEN
lender | i8 | firm | who lent
borrower | i8 | firm | who owes
tier | i8 | code | seniority (`abm.instruments.seniority`)
collateral | i8 | code | NO_, FLEET_, SITE_ or HOLDINGS_COLLATERAL
end_user | i8 | firm | lab or tenant to which the debt is dedicated, -1 if none
for_ai | i8 | flag | 1 if borrowed to build AI infrastructure (0: general corporate debt)
amortising | i8 | flag | 1 if principal is repaid in equal parts, 0 for a bullet
committed | i8 | flag | 1 if the lender cannot call the line
made | i8 | month | when made
draws_until | i8 | month | first month in which no more can be drawn on it (term loans)
months | i8 | months | whole term of a draw
months_left | i8 | months | months still to run, of what was drawn in parts their mean
principal | f8 | bn | owed
limit | f8 | bn | commitment (lines and project loans), else all that was drawn on it
undrawn | f8 | bn | of a project loan: committed, not drawn yet
rate | f8 | 1/year | interest, of what was drawn in parts their mean
covenant_ltv | f8 | ratio | loan-to-value covenant, 0 if none
amended | i8 | month | month of the last amendment, -1 if none
""")
ORDER_COLUMNS = _columns("""
id | i8 | id | running number, never reused
kind | i8 | code | GPU_ORDER or SITE_ORDER
status | i8 | code | FREE, PENDING, ENDED (delivered) or BROKEN (cancelled)
buyer | i8 | firm | who ordered
vendor | i8 | firm | who delivers
generation | i8 | index | row of the generation table, -1 for a site
placed | i8 | month | when ordered
due | i8 | month | earliest delivery
end_user | i8 | firm | customer to whom the capacity is dedicated, -1 if none
units | f8 | M H100e or GW | still to be delivered
price | f8 | bn per unit | agreed price
deposit | f8 | bn | paid in advance on the units still to be delivered
ready | f8 | M H100e or GW | units that arrive this month if paid for
""")
STAKE_COLUMNS = _columns("""
holder | i8 | firm | who owns the shares
issuer | i8 | firm | whose shares
share | f8 | share | part of the issuer
book | f8 | bn | paid-in value, on both sides
""")
GENERATION_COLUMNS = _columns("""
vendor | i8 | firm | who makes it
released | i8 | month | first month it can be ordered (negative: before the opening)
cost | f8 | bn per M H100e | list price at a normal markup
kw | f8 | kW/H100e | power at the server
age_limit | f8 | months | physical life
mark | f8 | bn per M H100e | mark-to-market value of the average unit this month
""")
VINTAGE_COLUMNS = _columns("""
units | f8 | M H100e | energised units of one firm and one generation
waiting | f8 | M H100e | units delivered and paid for that wait for a powered hall
book | f8 | bn | book value
cost | f8 | bn | purchase cost of the units still held
age | f8 | months | average age
""")
SEGMENT_COLUMNS = _columns("""
adoption | f8 | share | part of the potential reached
growth | f8 | 1/year | logistic growth rate
potential | f8 | bn units/month | work demanded at full adoption, opening prices and quality
elasticity | f8 | ratio | relative to the parameter demand_elasticity
price_sensitivity | f8 | ratio | relative to the parameter price_sensitivity
shock | f8 | log | persistent demand shock
price_index | f8 | USD/unit | quality-adjusted price index
opening_index | f8 | USD/unit | the same at the opening
inside | f8 | share | customers who choose any model
opening_inside | f8 | share | the same at the opening
spending | f8 | bn/month | spent on AI services
work | f8 | bn units/month | work bought
""")
MARKET_COLUMNS = _columns("""
month | i8 | month | months since the opening
seed | i8 | - | seed of the run
base_rate | f8 | 1/year | reference rate
power_price | f8 | USD/MWh | price of electricity
carbon_price | f8 | USD/t | price of a tonne of CO2
unit_compute | f8 | M H100e per bn units/month | compute per unit of frontier work
algorithm_level | f8 | log | cumulated algorithmic efficiency
complexity | f8 | log | cumulated growth of what a frontier task asks for
frontier | f8 | years | quality of the best closed model
best_open | f8 | years | quality of the best open model
token_price | f8 | index | average price of AI work, the opening = 100
equal_quality_price | f8 | index | the same at constant quality
spot_price | f8 | USD/H100e-h | rental price
opening_spot | f8 | USD/H100e-h | rental price at the opening, where the tenants' demand curve is anchored
contract_price | f8 | USD/H100e-h | price of new contracts of the usual term
year_price | f8 | USD/H100e-h | price of new contracts for a year
entry_rent | f8 | USD/H100e-h | spot rent at which new hardware earns its cost though rents fall with progress
long_run_price | f8 | USD/H100e-h | full cost of the hardware on sale, weighted by the vendors' output
site_scarcity | f8 | ratio | price of a powered site over `site_cost`
orphaned | f8 | bn | debt for failed firms or behind capacity that a lost customer left, until it is let again
tightness | f8 | ratio | compute demanded over compute on offer
sentiment | f8 | ratio | investors' sentiment, 1 is normal
distress | f8 | share | loans that failed in about the last year, of the loans of borrowers below investment grade
doubt | f8 | log odds | what recent failures add to the odds of default that everybody sees in borrowers
fire_discount | f8 | log | second-hand price below the mark because of distressed sales
tenant_demand | f8 | M H100e | compute rented by other tenants at the opening price
compute_used | f8 | M H100e | compute in use last month
compute_growth | f8 | 1/year | growth of compute in use as planners see it (log)
shells_left | f8 | GW | shells that landlords outside the model can let now
conversions_left | f8 | GW | powered sites of other uses that can be converted now
rationed | f8 | M H100e | spot demand not served
demand_growth | f8 | 1/year | growth of AI revenue over the last twelve months (log)
demand_cycle | f8 | 1/year | common part of the growth of all demand for AI, above its trend (log)
stage | i8 | - | round of the cascade now running
seen_hits | i8 | rows | rows of the table of hits that lenders' other books have felt
seen_defaults | i8 | rows | rows of the default table that the recorded months have counted
seen_events | i8 | rows | rows of the event log that the recorded months have counted
n_firms | i8 | rows | rows used in the firm table
n_contracts | i8 | rows | rows used in the contract table
n_loans | i8 | rows | rows used in the loan table
n_orders | i8 | rows | rows used in the order table
oldest_order | i8 | row | first row of the order table that may still be in the queue
n_stakes | i8 | rows | rows used in the stakes table
n_generations | i8 | rows | rows used in the generation table
n_shocks | i8 | rows | rows used in the shock table
n_dues | i8 | rows | obligations of this month
n_hits | i8 | rows | rows used in the table of losses passed on
n_defaults | i8 | rows | rows used in the default table
n_parents | i8 | rows | rows used in the table of causes
n_events | i8 | rows | rows used in the event log
n_series | i8 | rows | months recorded
record_panel | i8 | flag | 1 if the firm panel is recorded
flagship | i8 | firm | the lab whose look-through debt is reported apart
next_contract | i8 | id | next running number
next_loan | i8 | id | next running number
next_order | i8 | id | next running number
grid_left | f8 | GW | site capacity the grid can still connect this month
gross_flow | f8 | bn/month | all payments of the month
largest_flow | f8 | bn/month | all payments of the largest month so far
public_money | f8 | bn | public money paid out so far: rescues, guarantees, grants
no_room | i8 | flag | 1 if a table of the month was too short for what happened, so that it must be run again
""")
SHOCK_COLUMNS = _columns("""
target | i8 | code | 0 a parameter, 1 a firm's column
parameter | i8 | index | which parameter
firm | i8 | firm | which firm, -1 as long as one that is to enter has not
kind | i8 | code | of a firm that is to enter: NEOCLOUD, ENTRANT or VEHICLE, else -1
number | i8 | - | of a firm that is to enter: from 1, among those of its kind, or of its tenant's projects, else 0
tenant | i8 | firm | of a project that is to be founded: for whom; -1 if no project, or until its tenant has entered
tenant_number | i8 | - | of a project whose tenant is to enter: which entering cloud, from 1, else 0
after | i8 | firm | rows of the firms of the opening
effect | i8 | code | for a firm: 0 demand, 1 stops paying, 2 loses cash, 3 defaults, 4 loses capacity
start | i8 | month | first month
ramp | i8 | months | months to full strength, 0 at once
duration | i8 | months | months it lasts, 0 for ever
scale | f8 | ratio | multiplies a parameter (1: leaves it)
add | f8 | unit | added to a parameter, or the size of a firm's shock
probability | f8 | 1/month | chance of striking each month from start on; 1 strikes at start
struck | i8 | month | month it struck, -1 if not yet
""")
HIT_COLUMNS = _columns("""
month | i8 | month | when
stage | i8 | - | round of the cascade within the month
victim | i8 | firm | who lost
source | i8 | firm | whose failure or stress caused it, -1 for the market
channel | i8 | code | COUNTERPARTY .. MARKET
amount | f8 | bn | cash or value lost
""")
DEFAULT_COLUMNS = _columns("""
month | i8 | month | when
stage | i8 | - | round of the cascade within the month, 1 is the first
firm | i8 | firm | who defaulted
way | i8 | code | LIQUIDATION, REORGANISATION, EXCHANGE or DEFERRAL
fundamental | i8 | flag | 1 if it would have defaulted with every claim paid
channel | i8 | code | heaviest contagion channel, -1 if fundamental
shortfall | f8 | bn | what it could not pay
fundamental_share | f8 | share | part of the shortfall no earlier failure explains
carried | f8 | bn | debt that stood on others' books for it, of a deferral or an exchange none
debt | f8 | bn | principal in default (of a deferral: of the loans amended)
loans | f8 | bn | of it loans: the rest is other debt, deposits and fund units of who is wound up
claims | f8 | bn | damages it owed under contracts
loss_credit | f8 | bn | lost by those who had lent to it
loss_equity | f8 | bn | value of its shares lost by their owners
loss_claims | f8 | bn | damages not paid
""")
PARENT_COLUMNS = _columns("""
default | i8 | row | row of the default table
parent | i8 | firm | earlier failure or stress that explains it, -1 for the market
channel | i8 | code | through which channel
weight | f8 | share | part of the shortfall
""")
EVENT_COLUMNS = _columns("""
month | i8 | month | when
kind | i8 | code | what happened (`EVENT_NAMES`)
a | i8 | firm | who
b | i8 | firm | with or to whom, -1 if none
amount | f8 | bn | how much; of a generation bn per M H100e, an open model years, a stopped lender its capital ratio
""")
SERIES_COLUMNS = _columns("""
month | i8 | month | months since the opening
ai_revenue | f8 | bn/month | spent on AI services
token_price | f8 | index | price of AI work, the opening = 100
equal_quality_price | f8 | index | the same at constant quality
spot_price | f8 | USD/H100e-h | rental price
contract_price | f8 | USD/H100e-h | price of new contracts of the usual term
year_price | f8 | USD/H100e-h | price of new contracts for a year
tightness | f8 | ratio | compute demanded over compute on offer
rationed | f8 | M H100e | spot demand not served
fleet | f8 | M H100e | energised fleet
utilisation | f8 | share | fleet in use
power_gw | f8 | GW | power drawn at the meter
energy_twh | f8 | TWh/month | electricity drawn
emissions_mt | f8 | Mt/month | CO2 emitted
energy_per_work | f8 | kWh/unit | energy per unit of AI work
capex | f8 | bn/month | paid for GPUs and sites
capex_big5 | f8 | bn/month | the same, hyperscalers only
debt | f8 | bn | loans owed by all firms but lenders, and by sponsors
ai_debt | f8 | bn | borrowed for AI infrastructure
look_through | f8 | bn | debt others carry for the labs
look_through_flagship | f8 | bn | debt others carry for the flagship lab
orphaned | f8 | bn | debt for failed firms or behind capacity that a lost customer left, until it is let again
backlog | f8 | bn | firm contracts still to be paid, at the buyer
gpu_sales | f8 | bn/month | vendors' revenue, their other business with it
frontier | f8 | years | quality of the best closed model
open_gap | f8 | years | its lead over the best open model
sentiment | f8 | ratio | investors' sentiment
appetite | f8 | ratio | lenders' risk appetite, weighted by book
lender_capital | f8 | bn | lenders' net worth
lender_losses | f8 | bn/month | credit losses
new_loans | f8 | bn/month | lent
equity_raised | f8 | bn/month | equity raised by labs and clouds
new_contracts | f8 | bn/month | value of contracts signed
lab_contracts | f8 | bn/month | of which by labs
bonds_big5 | f8 | bn/month | bonds issued by hyperscalers
stalled | f8 | M H100e | hardware delivered that waits for powered halls
defaults | i8 | firms | defaults in the month, of whichever way
contagious | i8 | firms | of which contagious
liquidations | i8 | firms | of which the firm is wound up
reorganisations | i8 | firms | of which reorganisations under protection
exchanges | i8 | firms | of which distressed exchanges
deferrals | i8 | firms | of which deferrals
failed | i8 | firms | liquidated so far
rounds | i8 | - | rounds of the month's cascade
public_money | f8 | bn | public money paid out so far
gross_flow | f8 | bn/month | all payments
imbalance | f8 | bn | largest accounting error of the month
""")
PANEL_COLUMNS = (
    "kind", "status", "cash", "retained", "paid_in", "revenue", "operating_cost", "interest_cost", "depreciation",
    "write_off", "operating_result_6m", "capex", "capacity", "site_gw", "contracted_in", "contracted_out", "need",
    "training", "used", "spot_bought", "spot_sold", "energy", "emissions", "fleet_book", "fleet_mark", "debt",
    "secured_debt", "debt_service", "backlog_in", "backlog_out", "top_customer", "top_customer_id", "dscr", "ltv",
    "leverage", "pd", "pd_long", "obligations", "quality", "price", "valuation", "appetite", "capital_ratio",
    "loans_held", "loss_month", "unrealised", "gated", "look_through", "on_order", "other_assets", "other_debt",
    "funding", "sites", "holdings", "prepaid_in", "prepaid_out", "deposits_in", "deposits_out", "utilisation",
    "lease_gw", "on_order_gw", "stalled", "protected_until",
)  # fmt: skip
# What a firm earns, pays and loses in a month; acts between months move it in the month that follows.
ACTED_COLUMNS = (
    "revenue", "operating_cost", "interest_cost", "depreciation", "write_off", "capex", "bonds", "loss_month",
)  # fmt: skip


def dtype_of(columns: tuple[Column, ...]) -> np.dtype:
    """NumPy structured type of a table, aligned so that compiled code reads it fast."""
    return np.dtype([(c.name, c.type) for c in columns], align=True)


TABLES: dict[str, tuple[Column, ...]] = {
    "firms": FIRM_COLUMNS,
    "contracts": CONTRACT_COLUMNS,
    "loans": LOAN_COLUMNS,
    "orders": ORDER_COLUMNS,
    "stakes": STAKE_COLUMNS,
    "generations": GENERATION_COLUMNS,
    "segments": SEGMENT_COLUMNS,
    "market": MARKET_COLUMNS,
    "shocks": SHOCK_COLUMNS,
    "hits": HIT_COLUMNS,
    "defaults": DEFAULT_COLUMNS,
    "parents": PARENT_COLUMNS,
    "events": EVENT_COLUMNS,
    "series": SERIES_COLUMNS,
    "panel": tuple(c for name in PANEL_COLUMNS for c in FIRM_COLUMNS if c.name == name),
    "acted": tuple(c for name in ACTED_COLUMNS for c in FIRM_COLUMNS if c.name == name),
}
DTYPES: dict[str, np.dtype] = {name: dtype_of(columns) for name, columns in TABLES.items()}
_WHOLE, _NUMBER = np.dtype(np.int64), np.dtype(np.float64)


@pointed
class Dues(Pointed):
    """What falls due this month, one row an obligation; plain arrays because the clearing reads them."""

    fields: ClassVar = {
        "debtor": (_WHOLE, 1),
        "creditor": (_WHOLE, 1),
        "tier": (_WHOLE, 1),
        "amount": (_NUMBER, 1),
        "paid": (_NUMBER, 1),
        "kind": (_WHOLE, 1),
        "ref": (_WHOLE, 1),
    }


@pointed
class Scratch(Pointed):
    """Working memory of the clearing (`abm.contagion.ClearingScratch`)."""

    fields: ClassVar = {
        "matrix": (_NUMBER, 1),
        "senior": (_NUMBER, 2),
        "share": (_NUMBER, 2),
        "marginal": (_WHOLE, 1),
        "solid": (_NUMBER, 1),
        "base": (_NUMBER, 1),
        "inflow": (_NUMBER, 1),
        "estate": (_NUMBER, 1),
        "leak": (_NUMBER, 1),
        "pivot": (_NUMBER, 1),
        "recovery": (_NUMBER, 1),
        "member": (_WHOLE, 1),
        "place": (_WHOLE, 1),
        "rows": (_WHOLE, 1),
    }


# Chains of rows (`abm.engine.chains`): whose, and of which table.
CHAINS = {"owed": "loans", "bought": "contracts", "sold": "contracts", "ordered": "orders", "issued": "stakes"}


@pointed
class Chains(Pointed):
    """Which rows belong to whom (`abm.engine.chains`): first and last row of every firm, the row after each row.

    `hit_last` and `hit_before` lead back through the losses of a firm; `due_start` and `due_rows` (F + 1 and D long)
    are the dues by debtor, `claim_start` and `claim_rows` by creditor.
    """

    fields: ClassVar = {
        f"{name}_{part}": (_WHOLE, 1)
        for name, parts in (
            *((name, ("first", "last", "after")) for name in ("kind", *CHAINS)),
            ("hit", ("last", "before")),
            ("due", ("start", "rows")),
            ("claim", ("start", "rows")),
        )
        for part in parts
    }


@pointed
class State(Pointed):
    """All that a month reads and writes. Shapes: F firms, S segments, G generations (capacities, not counts).

    Attributes
    ----------
    params : (1,) record
        One row of parameters, by name.
    param_values : (P,) float
        The same memory as plain numbers.
    base_values, bounds : (P,), (P, 2) float
        The parameters before this month's shocks; lowest and highest value of each.
    market, segments, firms, generations, fleet, contracts, loans, orders, stakes, shocks : records
        The tables; `fleet` has shape (F, G).
    dues, scratch, chains : Dues, Scratch, Chains
        The month's obligations, the working memory of their clearing, and which rows belong to whom.
    default_round, cash_before : (F,)
        Round of the clearing in which a firm fell, 0 if it stands; its cash before the clearing.
    brand, share : (S, F) float
        Taste of customers for a lab's model (logit intercepts); share of the segment's work.
    frontier_memory : (FRONTIER_MEMORY,) float
        Frontier quality of the past months, a ring.
    revenue_memory, result_memory, market_memory : (F, HISTORY), (F, HISTORY), (HISTORY,) float
        Revenue and operating result of every firm and AI revenue of the past months, rings.
    work_space : (10, F) float
        Numbers of one phase.
    flows : (kinds of flow, firm kinds, firm kinds) float
        Payments of the month.
    acted, acted_flows : (F,) records, as `flows`
        What acts since the last month have earned, paid, lost and moved, for the month that follows.
    flow_record : (months, kinds of flow, firm kinds, firm kinds) float
        The same of every month recorded, as long as the panel.
    hits, defaults, parents, events, series, panel : records
        What is recorded; `panel` has shape (months, F).
    """

    fields: ClassVar = {
        "params": (parameters.DTYPE, 1),
        "param_values": (_NUMBER, 1),
        "base_values": (_NUMBER, 1),
        "bounds": (_NUMBER, 2),
        **{
            name: (DTYPES[name], 1)
            for name in (
                "market", "segments", "firms", "generations", "contracts", "loans", "orders", "stakes", "shocks",
                "hits", "defaults", "parents", "events", "series", "acted",
            )
        },
        "fleet": (dtype_of(VINTAGE_COLUMNS), 2),
        "panel": (DTYPES["panel"], 2),
        "dues": Dues,
        "scratch": Scratch,
        "chains": Chains,
        "default_round": (_WHOLE, 1),
        "cash_before": (_NUMBER, 1),
        "brand": (_NUMBER, 2),
        "share": (_NUMBER, 2),
        "frontier_memory": (_NUMBER, 1),
        "revenue_memory": (_NUMBER, 2),
        "result_memory": (_NUMBER, 2),
        "market_memory": (_NUMBER, 1),
        "work_space": (_NUMBER, 2),
        "flows": (_NUMBER, 3),
        "acted_flows": (_NUMBER, 3),
        "flow_record": (_NUMBER, 4),
    }  # fmt: skip
