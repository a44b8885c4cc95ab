"""One world run month by month, and what an outside observer could have seen of it at the end of each month.

`read_month` reads the tables of the economy; `experiments.signals.signs` makes signs of these readings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.calibration.opening import DEFAULT_OPENING
from abm.calibration.worlds import world
from abm.engine import tables
from abm.inputs.scenarios import BASELINE, Scenario, Shock
from abm.simulation import Economy, open_economy
from experiments.baseline import BORROWERS
from experiments.risk.observe import ai_debt
from experiments.signals.crisis import WEAK, defaulted, first_month, owed
from experiments.signals.signs import SIGNS, signs

Floats = NDArray[np.float64]
PRIVATE = (tables.PRIVATE_CREDIT, tables.AI_FUND)
JUNK = 0.012  # 1/year; hazard over five years at the edge of BBB (`investment_grade_limit`)
LONG = 60.0  # months; cash that lasts longer is not told apart
SHORT = 6.0  # months; who has cash for less asks investors every month


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
    return open_economy(Scenario(name=BASELINE, title="a shock", shock=list(shocks)), seed=seed)


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
    parts = {
        "parameter": drawn.parameters, "assumption": drawn.assumptions, "fact": drawn.facts, "common": drawn.common,
    }  # fmt: skip
    draws = [(kind, name, value) for kind, part in parts.items() for name, value in part.items()]
    columns: dict[str, list[Any]] = {
        "months": [x[name] for name in SCHEMAS["months"].names],
        "defaults": [
            [int(d["month"]) for d in hard], [economy.names[d["firm"]] for d in hard],
            [tables.WAY_NAMES[d["way"]] for d in hard], [float(d["debt"]) for d in hard],
        ],
        "draws": [list(column) for column in zip(*draws, strict=True)],
    }  # fmt: skip
    found = {
        name: pa.table([pa.array(c, f.type) for c, f in zip(columns[name], schema, strict=True)], schema)
        for name, schema in SCHEMAS.items()
    }
    return {"crisis": float(first_month(x["defaulted"], x["owed"]))}, found
