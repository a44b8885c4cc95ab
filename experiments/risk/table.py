"""The table of what must come out: every line ours beside the evidence, with an interval, met or missed.

What is asked stands in `targets.csv` and `firms.csv`, as formulas over facts; a line without a range is stated and
judged by nobody. A line is met if the number lies in the range; where a direction alone is asked for, if the whole
interval does.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from abm.calibration.facts import evaluate, read_table
from abm.calibration.opening import DEFAULT_OPENING, opening_tables
from abm.engine import tables
from abm.errors import BadInput
from abm.inputs.scenarios import BASELINE
from experiments.analysis.intervals import Estimate
from experiments.risk import findings as found
from experiments.risk.asked import FOLDER, about_firms, targets
from experiments.risk.ensemble import ANALOGUE, Made
from experiments.risk.findings import (
    Cascades,
    Causes,
    FiveYears,
    LenderClass,
    Losses,
    Perceived,
    Rates,
    Recovery,
    Strike,
)
from experiments.risk.holders import holders
from experiments.risk.observe import CAUSES, STRIKE

MET, MISSED, STATED = "met", "missed", "stated"
POINTS = (
    "what lenders see is what happens",
    "five-year default by firm",
    "borrowers' default rate, clustered",
    "volatility of values",
    "the telecom analogue",
    "the flagship fails after a year and a half",
    "each channel is the heaviest cause of some default",
    "AI debt grows at the forecasters' pace",
)


class Line(NamedTuple):
    """One line: its name in `targets.csv` or `firms.csv`, its point, what, ours, unit, the range asked for (none:
    stated), evidence."""

    name: str
    point: int
    what: str
    ours: Estimate
    unit: str
    low: float | None
    high: float | None
    evidence: str
    whole: bool = False  # whether the whole interval must lie in the range

    @property
    def verdict(self) -> str:
        """Met if the number lies in the range, or the interval where that is asked; what is no number misses it."""
        if self.low is None or self.high is None:
            return STATED
        if self.whole:
            return MET if self.low <= self.ours.low and self.ours.high < self.high else MISSED
        return MET if self.low <= self.ours.value <= self.high else MISSED

    @property
    def reached(self) -> bool:
        """Whether the interval of a missed line reaches the range."""
        if self.verdict != MISSED or self.low is None or self.high is None:
            return False
        return self.ours.low <= self.high and self.ours.high >= self.low


class FirmLine(NamedTuple):
    """Five-year default of a firm or class beside what the market charges (risk-neutral, %) and the range asked for."""

    ours: FiveYears
    market: tuple[float, float] | None
    low: float | None
    high: float | None
    why: str


class Findings(NamedTuple):
    """Everything that the page tells."""

    lines: list[Line]
    firms: list[FirmLine]
    perceived: Perceived
    rates: Rates
    rates_analogue: Rates
    volatilities: dict[str, tuple[Estimate, tuple[float, float]]]
    recoveries: list[Recovery]
    recoveries_analogue: list[Recovery]
    losses: dict[str, list[Losses]]
    cascades: dict[str, Cascades]
    lenders: list[LenderClass]
    routed: dict[str, list[tuple[str, str, Estimate]]]
    strike: Strike
    causes: list[Causes]
    debt: tuple[Estimate, Estimate, Estimate]


def _no_name(name: str) -> float:
    raise BadInput(f"'{name}' is no fact")


def _formula(cell: str) -> float | None:
    return evaluate(cell, _no_name) if cell else None


def line(name: str, ours: Estimate, scale: float = 1.0) -> Line:
    """A line of `targets.csv` with our number, in its unit once scaled."""
    return line_of(targets()[name], ours, scale)


def line_of(row: Mapping[str, str], ours: Estimate, scale: float = 1.0) -> Line:
    """A row with the columns of `targets.csv` and our number, in the unit of the row once scaled."""
    scaled = Estimate(*(scale * x for x in ours))
    return Line(
        row["id"], int(row["point"]), row["what"], scaled, row["unit"], _formula(row["low"]), _formula(row["high"]),
        row["evidence"], row["judged"] == "interval",
    )  # fmt: skip


def exact(value: float) -> Estimate:
    """A count that has no interval."""
    return Estimate(value, value, value)


@functools.cache
def tenants() -> dict[str, str]:
    """Project companies of the opening and whom they serve: the buyer of most of what they sell."""
    opening = opening_tables(DEFAULT_OPENING)
    kinds = opening.kinds
    sold: dict[str, dict[str, float]] = {}
    for row in opening.contracts:
        seller, buyer = opening.names[row["seller"]], opening.names[row["buyer"]]
        if kinds[seller] == tables.VEHICLE:
            sold.setdefault(seller, {}).setdefault(buyer, 0.0)
            sold[seller][buyer] += float(row["quantity"])
    return {name: max(buyers, key=lambda b: buyers[b]) for name, buyers in sold.items()}


def firm_lines(part: found.Part) -> list[FirmLine]:
    """Five-year default of the firms and classes of `firms.csv`, then of the other project companies of the opening."""
    rows = read_table(FOLDER / "firms.csv")
    seen = part.frames["seen"]
    opened = seen[seen["year"] == 0]
    apart = [row["members"] for row in rows if row["members"] not in found.BORROWER_KINDS]
    lines = []
    for row in rows:
        who = found.members(opened, row["members"], apart)
        low, high = _formula(row["market_low"]), _formula(row["market_high"])
        lines.append(
            FirmLine(
                found.five_years(part, row["name"], who, tenants().get(row["name"], "")),
                None if low is None or high is None else (low, high), _formula(row["low"]), _formula(row["high"]),
                row["why"],
            )
        )  # fmt: skip
    lines += [
        FirmLine(found.five_years(part, name, [name], tenant), None, None, None, "stated: no rating is published")
        for name, tenant in sorted(tenants().items())
        if name not in apart
    ]
    return lines


def judge(made: Made) -> Findings:
    """All findings of all runs."""
    base, analogue, struck = made.parts[BASELINE], made.parts[ANALOGUE], made.parts[STRIKE]
    perceived, rates, rates_analogue = found.perceived(base), found.rates(base), found.rates(analogue)
    firms, strike = firm_lines(base), found.strike(struck, base)
    seen = base.frames["seen"]
    neoclouds = found.members(seen[seen["year"] == 0], "neocloud", ())
    values = {
        name: found.volatilities(base, neoclouds if name == "neoclouds" else [name])
        for name in (*about_firms("volatility"), *_unquoted())
    }
    recoveries, later = found.recoveries(base), found.recoveries(analogue)
    causes = [found.causes(part) for part in made.parts.values()]
    heavy = {name for c in causes for name in CAUSES[1:] if c.heaviest[name]}
    debt = found.debt_added(base)
    tenths = perceived.tenths
    within, near = (sum(k) / max(len(tenths), 1) for k in ((g.within for g in tenths), (g.near for g in tenths)))
    worst = found.middle(rates_analogue.worst)
    lines = [
        line("ratio", perceived.overall.ratio),
        line("deciles", exact(within), 100.0),
        line("deciles near", exact(near), 100.0),
        line("auc", perceived.auc),
        line("brier", perceived.brier),
        *[
            Line(
                f.ours.name, 2, f.ours.name, Estimate(*(100.0 * x for x in f.ours.happened)), "% in five years",
                f.low, f.high, f.why,
            )
            for f in firms
        ],
        line("rate", rates.overall, 100.0),
        line("rate hard", rates.hard, 100.0),
        line("worst", rates.tenth, 100.0),
        *[
            line(f"volatility {name}", v[0], 100.0) for name, v in values.items() if f"volatility {name}" in targets()
        ],
        line("correlation", found.correlation(base, "neocloud"), 100.0),
        line("telecom worst", worst, 100.0),
        line("telecom recovery", later[-1].unsecured, 100.0),
        line("telecom lag", found.quarterly_lag(analogue)),
        line("sentiment", strike.sentiment[0]),
        line("spot", strike.spot[found.AFTER], 100.0),
        *[line(f"hazard {name}", h[found.AFTER]) for name, h in strike.hazards.items()],
        line("spread", strike.spread[found.AFTER]),
        line("follow", strike.follows, 100.0),
        line("follow strong", strike.by_demand[-1].follows, 100.0),
        line("channels", exact(float(len(heavy)))),
        line("debt low", debt[0]),
        line("debt high", debt[2]),
    ]
    return Findings(
        lines, firms, perceived, rates, rates_analogue, values, recoveries, later,
        {name: found.losses(made.parts[name]) for name in (BASELINE, ANALOGUE)},
        {name: found.cascades(made.parts[name]) for name in (BASELINE, ANALOGUE)},
        found.lender_classes(analogue, base),
        {name: found.routed(made.parts[name], holders()) for name in (BASELINE, ANALOGUE)}, strike, causes, debt,
    )  # fmt: skip


def _unquoted() -> tuple[str, ...]:
    """Labs and hyperscalers of the opening that have a value of their own, and of which no volatility is quoted."""
    opening = opening_tables(DEFAULT_OPENING)
    rows = zip(opening.names, opening.firms, strict=True)
    valued = (name for name, f in rows if f["kind"] in (tables.LAB, tables.HYPERSCALER) and f["valuation"] > 0.0)
    quoted = about_firms("volatility")
    return tuple(name for name in valued if name not in quoted)


def verdicts(lines: list[Line]) -> list[tuple[int, str, int, int]]:
    """By point: number, what, lines met, lines judged; a point is met if all its judged lines are."""
    return [
        (
            number, what, sum(x.verdict == MET for x in lines if x.point == number),
            sum(x.verdict != STATED for x in lines if x.point == number),
        )
        for number, what in enumerate(POINTS, 1)
    ]  # fmt: skip

