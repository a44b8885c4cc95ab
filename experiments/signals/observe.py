"""One world run month by month, and what an outside observer could have seen of it at the end of each month.

Nothing here reads what happens later: a sign of month t is made of months up to t. `SIGNS` says what each sign is and
where a reader finds it in the world; `signs` makes them of the monthly readings of `read_month`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.calibration.opening import DEFAULT_OPENING
from abm.calibration.worlds import world
from abm.engine import tables
from abm.inputs.scenarios import BASELINE, Scenario, Shock
from abm.simulation import Economy
from experiments.baseline import BORROWERS
from experiments.risk.observe import ai_debt
from experiments.signals.crisis import WEAK, defaulted, first_month, owed, share_struck

Floats = NDArray[np.float64]
PRIVATE = (tables.PRIVATE_CREDIT, tables.AI_FUND)
JUNK = 0.012  # 1/year; hazard over five years at the edge of BBB (`investment_grade_limit`)
LONG = 60.0  # months; cash that lasts longer is not told apart
SHORT = 6.0  # months; who has cash for less asks investors every month


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
appetite | credit | ratio | lenders' risk appetite, 1 is normal | mean by loans held | senior loan officers' survey of lending standards
hazard | credit | % a year | default hazard seen in labs, clouds and projects | one-year hazard of labs, neoclouds and project companies with debt, by debt | default swaps, distressed quotes, expected default frequencies
hazard_rise | credit | points | rise of that hazard in a year | hazard less that of 12 months before | the same, a year apart
junk | ratings | % | borrowers' debt below investment grade | debt of borrowers whose five-year hazard is above 1.2 % a year, over all borrowers' debt | rating agencies' lists
downgrades | ratings | points | rise of that part in half a year | junk less that of 6 months before | net downgrades of agencies
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
utilisation | capacity | % | fleets in use, clouds that live off letting | used over energised fleet of neoclouds and project companies | utilisation in filings; offers on rental platforms
idle | capacity | % | capacity that lost customers left idle | stranded over energised fleet, all firms | sublease and re-letting offers; filings
tightness | capacity | ratio | compute demanded over compute on offer | of the month | waiting times and offers on rental platforms
waiting | capacity | % | GPUs delivered that wait for halls | delivered and not installed over these and the fleet | inventories and construction in progress in filings; utilities' connection queues
orders | capacity | ratio | GPUs on order over the fleet | on order over energised fleet, all buyers | vendors' purchase commitments and backlog
second_hand | capacity | % | discount of second-hand GPUs | price of second-hand hardware below its mark because of forced sales | auction and broker prices of used servers
revenue_growth | demand | % a year | growth of AI revenue | log change of spending on AI services over 12 months | run rates of labs; cloud segments
revenue_slowing | demand | points | fall of that growth in a year | growth of 12 months before less growth | the same, a year apart
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
round_age | funding | months | since the last rounds of independent labs | mean months since the last round | news of rounds
runway | funding | months | labs' cash at their present burn | cash of independent labs over their monthly burn, 60 at most | reports on labs' cash and losses
overdue | funding | firms | firms short of cash whose rounds do not close | labs and neoclouds with cash for less than 6 months and no round in 6 months | reports of rounds that were put off or cut
refinancing | funding | ratio | debt due within a year over cash | principal due in 12 months over cash of labs, neoclouds and project companies | maturity tables in filings
cover | funding | ratio | earnings over debt service of clouds and projects | cash earnings over interest and principal due, neoclouds and project companies, -5 to 20 | EBITDA over interest and maturities in filings
sentiment | sentiment | ratio | investors' sentiment, 1 is normal | of the month | multiples of AI shares; volatility indices; fund flows
value_change | sentiment | % a year | change of the value of clouds in a year | log change over 12 months of the summed equity value of neoclouds of the opening | share prices of neoclouds
past_defaults | defaults | % | defaults of the last twelve months over borrowers' debt | what the crisis itself is counted by | trailing default rates of rating agencies
""")
BENCHMARK = "past_defaults"  # the crisis on its way: a sign that says no more than this says nothing early
NAMES = tuple(sign.name for sign in SIGNS)
BY_NAME = {sign.name: sign for sign in SIGNS}

COUNTED = """
month | i | month | months since the opening, 0 the opening itself
defaulted | f | bn USD | principal of borrowers' loans that defaulted in the month, deferrals left out
put_off | f | bn USD | the same, deferrals counted
of_weak | f | bn USD | of `defaulted`, loans of labs, neoclouds and project companies
lost | f | bn USD | lenders' credit losses of the month
owed | f | bn USD | debt of active borrowers
owed_weak | f | bn USD | of which of labs, neoclouds and project companies
ai_debt | f | bn USD | borrowed for AI infrastructure
ai_revenue | f | bn USD/month | spent on AI services
capex | f | bn USD/month | paid for GPUs and sites
interest | f | bn USD/month | interest on AI debt at the mean rate of its loans
"""
"""Columns of `months` that crises and the two kinds of worlds are read off."""


def opened(seed: int, shocks: Sequence[Shock] = ()) -> Economy:
    """The world of a seed at its opening, with shocks to come; a seed is a world and its luck.

    Raises
    ------
    BadInput
        If the accounts of the world do not close.
    """
    drawn = world(seed, DEFAULT_OPENING)
    story = Scenario(name=BASELINE, title="a shock", shock=list(shocks))
    return Economy(drawn.opening(), story, parameters=drawn.parameters, seed=seed)


# --- readings of a month ----------------------------------------------------------------------------------
def _over(above: float, below: float) -> float:
    return float(above / below) if below > 0.0 else float("nan")


def read_month(economy: Economy) -> dict[str, float]:
    """Numbers of the end of a month, of which signs are made; flows are not numbers at the opening.

    Returns
    -------
    dict of str to float
        Money in bn USD, rates a year, capacity in million H100-equivalents.
    """
    m = economy.state.market[0]
    firms, loans = economy.rows("firms"), economy.rows("loans")
    active = firms["status"] == tables.ACTIVE
    kind = firms["kind"]
    found = {
        name: float(m[name])
        for name in (
            "base_rate", "spot_price", "contract_price", "long_run_price", "tightness", "sentiment", "fire_discount",
            "demand_growth", "orphaned",
        )
    }  # fmt: skip
    series = economy.rows("series")
    for name in ("ai_revenue", "capex", "equity_raised", "new_contracts", "lender_losses"):
        found[name] = float(series[name][-1]) if len(series) else float("nan")
    found |= _of_borrowers(m, firms, active, kind)
    found |= _of_lenders(firms, active & (kind == tables.LENDER) & (firms["subkind"] != tables.SPONSOR))
    live = loans["status"] == tables.LIVE
    found |= _of_loans(loans, live, int(m.month), float(m.base_rate))
    mine = live & np.isin(kind[loans["borrower"]], WEAK) & active[loans["borrower"]]
    left = np.maximum(loans["months_left"][mine], 1)
    due = np.where(loans["amortising"][mine] == 1, np.minimum(12.0 / left, 1.0), left <= 12)
    weak = active & np.isin(kind, WEAK)
    found["refinancing"] = _over(float((loans["principal"][mine] * due).sum()), float(firms["cash"][weak].sum()))
    ai = live & (loans["for_ai"] == 1)
    found["ai_debt"] = ai_debt(economy)
    found["interest"] = float((loans["principal"] * loans["rate"])[ai].sum()) / 12.0
    return found


def _of_borrowers(m: Any, firms: Any, active: NDArray[np.bool_], kind: Any) -> dict[str, float]:
    weak, borrows = active & np.isin(kind, WEAK), active & np.isin(kind, (*WEAK, tables.HYPERSCALER))
    lets = active & np.isin(kind, (tables.NEOCLOUD, tables.VEHICLE))
    labs = active & (kind == tables.LAB) & (firms["parent"] < 0)
    raises = labs | (active & (kind == tables.NEOCLOUD) & (firms["parent"] < 0))
    agents = active & (kind != tables.OUTSIDE)
    debt, cash = firms["debt"], np.maximum(firms["cash"], 0.0)
    burn = np.maximum(-firms["earnings"], 0.0)
    months = np.where(burn > 1e-9, np.minimum(cash / np.maximum(burn, 1e-9), LONG), LONG)
    since = float(m.month) - firms["last_round"]
    service = float(firms["debt_service"][lets].sum())
    fleet, stalled = float(firms["capacity"][agents].sum()), float(firms["stalled"][agents].sum())
    opened_clouds = lets & (kind == tables.NEOCLOUD) & (firms["entered"] <= 0)
    spent = float(burn[labs].sum())
    return {
        "owed": float(owed(firms)),
        "owed_weak": float(owed(firms, WEAK)),
        "hazard": 100.0 * _over(float((debt * firms["pd"])[weak].sum()), float(debt[weak].sum())),
        "junk": 100.0 * _over(float(debt[borrows & (firms["pd_long"] > JUNK)].sum()), float(debt[borrows].sum())),
        "utilisation": 100.0 * _over(float(firms["used"][lets].sum()), float(firms["capacity"][lets].sum())),
        "idle": 100.0 * _over(float(firms["stranded"][agents].sum()), fleet),
        "waiting": 100.0 * _over(stalled, fleet + stalled),
        "orders": _over(float(firms["on_order"][agents].sum()), fleet),
        "backlog": float(firms["backlog_out"][agents].sum()),
        "look_through": float(firms["look_through"][active & (kind == tables.LAB)].sum()),
        "cover": min(max(float(firms["earnings"][lets].sum()) / service, -5.0), 20.0) if service > 0.0 else np.nan,
        "round_age": float(since[labs].mean()) if labs.any() else np.nan,
        "runway": min(float(cash[labs].sum()) / spent, LONG) if spent > 1e-9 else LONG,
        "overdue": float((raises & (months < SHORT) & (since > SHORT)).sum()),
        "cloud_value": float(firms["valuation"][opened_clouds].sum()),
    }


def _of_lenders(firms: Any, lends: NDArray[np.bool_]) -> dict[str, float]:
    held = np.where(lends, firms["loans_held"], 0.0)
    funds = lends & np.isin(firms["subkind"], PRIVATE)
    redeemable = lends & (firms["redeemable"] > 0.0)
    free = lends & (firms["lending_open"] > 0.5) & (firms["gated"] == 0)
    room = np.maximum(firms["ai_limit"] * firms["appetite"] - firms["loans_held"] - firms["undrawn"], 0.0)
    whole = float(held.sum())
    return {
        "appetite": _over(float((firms["appetite"] * held).sum()), whole),
        "room": float(room[free].sum()),
        "closed": 100.0 * _over(float(held[lends & (firms["lending_open"] <= 0.5)].sum()), whole),
        "asked_back": 100.0 * _over(float((firms["asked"] * held)[redeemable].sum()), float(held[redeemable].sum())),
        "gated": 100.0 * _over(float(held[funds & (firms["gated"] == 1)].sum()), float(held[funds].sum())),
        "marks": 100.0 * _over(float(firms["unrealised"][lends].sum()), whole),
    }  # fmt: skip


def _of_loans(loans: Any, live: NDArray[np.bool_], month: int, base: float) -> dict[str, float]:
    """Amounts of loans made in the month and amounts times spread, by kind."""
    new = live & (loans["made"] == month) & (loans["principal"] > 0.0) & (month > 0)
    found = {}
    for name, kinds in (
        ("all", (tables.BOND, tables.DDTL, tables.PROJECT)),
        ("bond", (tables.BOND,)),
        ("gpu", (tables.DDTL, tables.PROJECT)),
    ):
        mine = new & np.isin(loans["kind"], kinds)
        found[f"new_{name}"] = float(loans["principal"][mine].sum())
        found[f"priced_{name}"] = float((loans["principal"] * (loans["rate"] - base))[mine].sum())
    return found


# --- signs ------------------------------------------------------------------------------------------------
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
    return {name: made[name] for name in NAMES}


# Signs that are a reading as it stands.
SAME = (
    "appetite", "hazard", "junk", "closed", "asked_back", "gated", "marks", "utilisation", "idle", "tightness",
    "waiting", "orders", "round_age", "runway", "overdue", "refinancing", "cover", "sentiment",
)  # fmt: skip


# --- a worker ---------------------------------------------------------------------------------------------
def _schema(text: str, more: Sequence[pa.Field] = ()) -> pa.Schema:
    types = {"i": pa.int32(), "f": pa.float64(), "s": pa.string()}
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return pa.schema([*(pa.field(n, types[t], metadata={"unit": u, "meaning": m}) for n, t, u, m in rows), *more])


SCHEMAS: Mapping[str, pa.Schema] = {
    "months": _schema(
        COUNTED,
        [pa.field(s.name, pa.float64(), metadata={"unit": s.unit, "meaning": f"{s.what}: {s.formula}"}) for s in SIGNS],
    ),
    "defaults": _schema("""
month | i | month | months since the opening
firm | s | name | a borrower that defaulted, deferrals left out
way | s | - | how
debt | f | bn USD | principal in default
"""),
    "draws": _schema("""
kind | s | - | parameter, assumption or fact of the opening, or common: a doubt about all rows of a kind
name | s | - | what was drawn
value | f | of the name | the number of this world
"""),
}


def observe(settings: Mapping[str, Any], seed: int) -> tuple[dict[str, float], dict[str, pa.Table]]:
    """Run a world and read it every month: what a worker does.

    Parameters
    ----------
    settings : mapping
        `months`, the length of the run.
    seed : int

    Returns
    -------
    tuple
        `{"crisis": month in which one begins, -1 if none does}`, and the tables of `SCHEMAS`.
    """
    months = int(settings["months"])
    economy = opened(seed)
    rows = [read_month(economy)]
    for _ in range(months):
        economy.run(1)
        rows.append(read_month(economy))
    x = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    failures, kinds = economy.rows("defaults"), economy.rows("firms")["kind"]
    x["defaulted"] = defaulted(failures, kinds, months)
    x["put_off"] = defaulted(failures, kinds, months, deferrals=True)
    x["of_weak"] = defaulted(failures, kinds, months, who=WEAK)
    x["lost"] = np.nan_to_num(x["lender_losses"])
    x["month"] = np.arange(months + 1)
    x |= signs(x)
    hard = [d for d in failures if kinds[d["firm"]] in BORROWERS and d["way"] != tables.DEFERRAL]
    drawn = world(seed, DEFAULT_OPENING)
    parts = {"parameter": drawn.parameters, "assumption": drawn.assumptions, "fact": drawn.facts, "common": drawn.common}
    draws = [(kind, name, value) for kind, part in parts.items() for name, value in part.items()]
    columns = {
        "months": [x[name] for name in SCHEMAS["months"].names],
        "defaults": [
            [int(d["month"]) for d in hard], [economy.names[d["firm"]] for d in hard],
            [tables.WAY_NAMES[d["way"]] for d in hard], [float(d["debt"]) for d in hard],
        ],
        "draws": [list(column) for column in zip(*draws, strict=True)],
    }  # fmt: skip
    found = {
        name: pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns[name], schema, strict=True)], schema=schema)
        for name, schema in SCHEMAS.items()
    }
    return {"crisis": float(first_month(x["defaulted"], x["owed"]))}, found
