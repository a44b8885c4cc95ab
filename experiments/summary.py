"""A run in words and a few numbers, for a reader who does not know the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm import statement
from abm.dates import month_end, month_label
from abm.statement import Default

if TYPE_CHECKING:
    from abm.simulation import Economy

# Columns of the yearly table: name in JSON -> (column of the series, how a year is told, heading, unit).
# "sum": over the year's months; "end": at its last month.
YEARLY: dict[str, tuple[str, str, str, str]] = {
    "ai_revenue": ("ai_revenue", "sum", "AI revenue", "bn USD"),
    "capex": ("capex", "sum", "invested", "bn USD"),
    "ai_debt": ("ai_debt", "end", "AI debt", "bn USD"),
    "look_through": ("look_through", "end", "carried for labs", "bn USD"),
    "look_through_openai": ("look_through_openai", "end", "for OpenAI", "bn USD"),
    "token_price": ("token_price", "end", "price of AI work", "index"),
    "spot_price": ("spot_price", "end", "GPU rent", "USD/h"),
    "failures": ("defaults", "sum", "failures", "firms"),
}
LEGEND = (
    "AI revenue: spent on AI services. Invested: in GPUs and sites. Both over the year, the rest at its end."
    " Carried: borrowed by others to serve the labs. Price of AI work: December 2025 = 100."
)
# How a failure came through each channel, as a reader would say it.
BECAUSE = {
    "counterparty": "unpaid bills and loans",
    "customer": "lost as a customer",
    "collateral": "falling value of its hardware",
    "funding": "credit refused or called",
    "lender-to-lender": "losses on another lender",
    "vendor": "orders or vendor finance withdrawn",
    "market": "falling market prices",
}


def yearly(economy: Economy) -> list[dict[str, float]]:
    """One row a calendar year of the run.

    Returns
    -------
    list of dict
        `year`, `months` (how many of the year were run) and the keys of `YEARLY`.
    """
    series = economy.rows("series")
    years = np.array([month_end(month).year for month in series["month"].tolist()])
    rows = []
    for year in np.unique(years):
        part = series[years == year]
        row: dict[str, float] = {"year": int(year), "months": len(part)}
        for name, (column, how, _, _) in YEARLY.items():
            row[name] = float(part[column].sum() if how == "sum" else part[column][-1])
        rows.append(row)
    return rows


def failure_sentence(default: Default) -> str:
    """Who failed, when, owing what, and because of whom."""
    parts = [(default.own_share, "by itself")]
    for cause in default.causes:
        reason = BECAUSE[cause.channel]
        parts.append((cause.weight, f"{cause.parent} ({reason})" if cause.parent else reason))
    parts = [part for part in sorted(parts, key=lambda part: -part[0]) if part[0] >= 0.005]
    why = ", ".join(f"{100 * weight:.0f} % {who}" for weight, who in parts)
    if len(parts) == 1:
        why = parts[0][1]
    return (
        f"{month_label(default.month)}  {default.firm} ({default.kind}), owing {default.debt:.2g} bn,"
        f" was {default.shortfall:.2g} bn short: {why}."
    )


def summary(economy: Economy) -> dict[str, Any]:
    """The same for a script: the yearly table and the failures with their causes."""
    failures = []
    for d in statement.defaults(economy):
        causes = [{"parent": c.parent, "channel": c.channel, "weight": c.weight} for c in d.causes]
        failures.append(
            {
                "month": month_label(d.month),
                "round": d.round,
                "firm": d.firm,
                "kind": d.kind,
                "fundamental": d.fundamental,
                "debt": d.debt,
                "shortfall": d.shortfall,
                "loss_given": d.loss_given,
                "own_share": d.own_share,
                "causes": causes,
            }
        )
    return {"years": yearly(economy), "failures": failures}
