# ruff: noqa: E501 - one sign a line, however long its formula
"""What an outside observer could have seen: every sign, how it is made of monthly readings, and where it is found.

Nothing here reads what happens later: a sign of month t is made of months up to t.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.signals.crisis import share_struck

Floats = NDArray[np.float64]
EXACT = 6  # decimals of a sign; what is smaller is the noise of sums


class Sign(NamedTuple):
    """One sign: name, family, unit, what it is, how it is made, and where it is found in the real world."""

    name: str
    family: str
    unit: str
    what: str
    formula: str
    real: str


def _signs(text: str) -> tuple[Sign, ...]:
    """Read `name | family | unit | what | formula | real counterpart` lines."""
    return tuple(Sign(*(cell.strip() for cell in line.split("|"))) for line in text.strip().splitlines())


SIGNS = _signs("""
spread | credit | bp | spread of new loans | rate less the reference rate of loans made in the last 6 months, by amount; the last known where there is none | spreads of new AI bonds and loans; index of high-yield technology bonds
bond_spread | credit | bp | spread of new bonds | the same of bonds | prospectuses of bonds; index of technology bonds
gpu_spread | credit | bp | spread of new GPU and project loans | the same of delayed-draw and project loans | 8-K filings on GPU loans; pricing of private-credit deals
spread_rise | credit | bp | rise of the spread of new loans in a year | spread less that of 12 months before | the same index, a year apart
appetite | credit | ratio | lenders' risk appetite (1 is normal) | mean by loans held | senior loan officers' survey of lending standards
hazard | credit | % a year | default hazard seen in labs, clouds and projects | one-year hazard of labs, neoclouds and project companies with debt, by debt | default swaps, distressed quotes, expected default frequencies
hazard_rise | credit | points | rise in a year of the default hazard seen | hazard less that of 12 months before | the same, a year apart
junk | ratings | % | borrowers' debt below investment grade | debt of borrowers whose five-year hazard is above 1.2 % a year, over all borrowers' debt | rating agencies' lists
downgrades | ratings | points | downgrades: rise of that part of the debt in half a year | junk less that of 6 months before | net downgrades of agencies
room | lenders | ratio | lenders' room for AI loans over AI debt | limits times appetite less loans held and promised, of lenders that are open, over AI debt | dry powder of credit funds; banks' limits in earnings calls
closed | lenders | % | AI loans held by lenders that lend no more | part of loans held by lenders whose lending has stopped | funds and banks that announce no new business
asked_back | lenders | % | money asked back from funds and not paid | part asked, mean over redeemable funds by loans held | tender offers of business development companies and interval funds
gated | lenders | % | private credit in funds behind gates | loans held by gated funds of private credit over those of all such funds | announcements of limits on redemptions
marks | lenders | % | losses that marks show and books do not | unrealised losses over loans held, all lenders | quoted prices of bonds and loans; funds' net asset values
rent | rents | USD/h | rent of an H100-hour at the spot market | spot price of the month | rental indices of H100 hours
rent_change | rents | % a year | change of the spot rent in a year | log change over 12 months | rental indices
contract_change | rents | % a year | change of rents in new contracts in a year | log change over 12 months of the price of contracts of the usual term | contract announcements over their capacity; brokers
spot_contract | rents | ratio | spot rent over contract rent | spot price over the price of new contracts of the usual term | rental index over announced contracts
rent_cost | rents | ratio | spot rent over full cost of new hardware | spot price over the cost of an hour of the hardware on sale | rental index over list prices of servers, power and halls
utilisation | capacity | % | fleets in use of clouds that live off letting | used over energised fleet of neoclouds and project companies | utilisation in filings; offers on rental platforms
idle | capacity | % | capacity that lost customers left idle | stranded over energised fleet, all firms | sublease and re-letting offers; filings
tightness | capacity | ratio | compute demanded over compute on offer | of the month | waiting times and offers on rental platforms
waiting | capacity | % | GPUs delivered that wait for halls | delivered and not installed over these and the fleet | inventories and construction in progress in filings; utilities' connection queues
orders | capacity | ratio | GPUs on order over the fleet | on order over energised fleet, all buyers | vendors' purchase commitments and backlog
second_hand | capacity | % | discount of second-hand GPUs | price of second-hand hardware below its mark because of forced sales | auction and broker prices of used servers
revenue_growth | demand | % a year | growth of AI revenue | log change of spending on AI services over 12 months | run rates of labs; cloud segments
revenue_slowing | demand | points | slowing of AI revenue growth in a year | growth of 12 months before less growth | the same, a year apart
backlog_growth | demand | % a year | growth of contracted backlog | log change over 12 months of what firm contracts still bring | remaining performance obligations in filings
signing | demand | ratio | contracts signed, last half-year over the year before it | monthly mean of the last 6 months over that of the 12 months before them | announcements of compute contracts
backlog_cover | demand | years | backlog over AI revenue | firm contracts still to be paid over twice the AI revenue of 6 months | remaining obligations over run rates
capex_growth | investment | % a year | growth of investment | log change of the last 6 months' investment against the same months a year before | capital expenditure in quarterly filings
capex_revenue | investment | ratio | investment over AI revenue | sums of the last 6 months | capital expenditure over AI run rates
debt_growth | investment | % a year | growth of AI debt | log change over 12 months | issues of AI bonds, loans and project debt
debt_over_growth | investment | points | growth of AI debt over growth of AI revenue | debt_growth less revenue_growth | the two, side by side
debt_revenue | investment | years | AI debt over AI revenue | AI debt over twice the AI revenue of 6 months | debt outstanding over run rates
carried | investment | years | debt others carry for labs over labs' sales | look-through debt over twice the AI revenue of 6 months | debt of partners and project companies dedicated to a lab, over its run rate
orphaned | investment | % | AI debt whose customer has gone | for failed firms or behind capacity that lost customers left, over AI debt | filings on terminated contracts
equity | funding | % | equity raised over AI revenue | labs' and clouds' equity of the last 6 months over AI revenue of these | rounds announced; share issues
round_age | funding | months | months since the last rounds of independent labs | mean months since the last round | news of rounds
runway | funding | months | labs' cash at their present burn | cash of independent labs over their monthly burn, 60 at most | reports on labs' cash and losses
overdue | funding | firms | firms short of cash whose rounds do not close | labs and neoclouds with cash for less than 6 months and no round in 6 months | reports of rounds that were put off or cut
refinancing | funding | ratio | debt due within a year over cash | principal due in 12 months over cash of labs, neoclouds and project companies | maturity tables in filings
cover | funding | ratio | earnings over debt service of clouds and projects | cash earnings over interest and principal due, neoclouds and project companies, -5 to 20 | EBITDA over interest and maturities in filings
sentiment | sentiment | ratio | investors' sentiment (1 is normal) | of the month | multiples of AI shares; volatility indices; fund flows
value_change | sentiment | % a year | change of the value of clouds in a year | log change over 12 months of the summed equity value of neoclouds of the opening | share prices of neoclouds
past_defaults | defaults | % | defaults of the last twelve months over borrowers' debt | what the crisis itself is counted by | trailing default rates of rating agencies
""")
BENCHMARK = "past_defaults"  # the crisis on its way: a sign that says no more than this says nothing early
NAMES = tuple(sign.name for sign in SIGNS)
BY_NAME = {sign.name: sign for sign in SIGNS}
# Signs that are a reading as it stands.
SAME = (
    "appetite", "hazard", "junk", "closed", "asked_back", "gated", "marks", "utilisation", "idle", "tightness",
    "waiting", "orders", "round_age", "runway", "overdue", "refinancing", "cover", "sentiment",
)  # fmt: skip


def ago(values: Floats, months: int) -> Floats:
    """What stood so many months before; not a number where the run had not begun."""
    return np.r_[np.full(min(months, len(values)), np.nan), values[: max(len(values) - months, 0)]]


def growth(values: Floats, months: int = 12) -> Floats:
    """Log change over some months, in per cent; not a number where either end is not above zero."""
    before = ago(values, months)
    both = (values > 0.0) & (before > 0.0)
    return np.where(both, 100.0 * np.log(np.where(both, values, 1.0) / np.where(both, before, 1.0)), np.nan)


def recent(flow: Floats, months: int = 6) -> Floats:
    """Sum of the last months of a flow; not a number where there were fewer (the opening has no flow)."""
    return np.array([flow[t - months + 1 : t + 1].sum() if t >= months else np.nan for t in range(len(flow))])


def _ratio(above: Floats, below: Floats) -> Floats:
    there = below > 0.0
    return np.where(there, above / np.where(there, below, 1.0), np.nan)


def _spread(new: Floats, priced: Floats) -> Floats:
    """Spread of new loans in basis points: of six months, else the last known."""
    found = 1e4 * _ratio(recent(np.where(np.isnan(priced), 0.0, priced)), recent(new))
    last = np.maximum.accumulate(np.where(np.isnan(found), 0, np.arange(len(found))))
    return found[last]


def signs(months: Mapping[str, Floats]) -> dict[str, Floats]:
    """All signs of a run.

    Parameters
    ----------
    months : mapping of str to array
        The readings of `read_month`, month 0 first, with `defaulted` of the month.

    Returns
    -------
    dict of str to array
        In the order and units of `SIGNS`; not a number where a sign cannot be read yet.
    """
    x = dict(months)
    for name in ("utilisation", "tightness"):  # of a month's work, of which the opening has none
        x[name] = np.r_[np.nan, x[name][1:]]
    revenue = recent(x["ai_revenue"])
    yearly = 2.0 * revenue
    made = {name: x[name] for name in SAME}
    made["spread"] = _spread(x["new_all"], x["priced_all"])
    made["bond_spread"] = _spread(x["new_bond"], x["priced_bond"])
    made["gpu_spread"] = _spread(x["new_gpu"], x["priced_gpu"])
    made["spread_rise"] = made["spread"] - ago(made["spread"], 12)
    made["hazard_rise"] = x["hazard"] - ago(x["hazard"], 12)
    made["downgrades"] = x["junk"] - ago(x["junk"], 6)
    made["room"] = _ratio(x["room"], x["ai_debt"])
    made["rent"] = x["spot_price"]
    made["rent_change"] = growth(x["spot_price"])
    made["contract_change"] = growth(x["contract_price"])
    made["spot_contract"] = _ratio(x["spot_price"], x["contract_price"])
    made["rent_cost"] = _ratio(x["spot_price"], x["long_run_price"])
    made["second_hand"] = 100.0 * (1.0 - np.exp(-x["fire_discount"]))
    made["revenue_growth"] = 100.0 * x["demand_growth"]
    made["revenue_slowing"] = ago(made["revenue_growth"], 12) - made["revenue_growth"]
    made["backlog_growth"] = growth(x["backlog"])
    signed = x["new_contracts"]
    made["signing"] = _ratio(recent(signed) / 6.0, ago(recent(signed, 12) / 12.0, 6))
    made["backlog_cover"] = _ratio(x["backlog"], yearly)
    made["capex_growth"] = growth(recent(x["capex"]))
    made["capex_revenue"] = _ratio(recent(x["capex"]), revenue)
    made["debt_growth"] = growth(x["ai_debt"])
    made["debt_over_growth"] = made["debt_growth"] - made["revenue_growth"]
    made["debt_revenue"] = _ratio(x["ai_debt"], yearly)
    made["carried"] = _ratio(x["look_through"], yearly)
    made["orphaned"] = 100.0 * _ratio(x["orphaned"], x["ai_debt"])
    made["equity"] = 100.0 * _ratio(recent(x["equity_raised"]), revenue)
    made["value_change"] = growth(x["cloud_value"])
    made[BENCHMARK] = 100.0 * share_struck(x["defaulted"], x["owed"])
    return {name: np.round(made[name], EXACT) for name in NAMES}
