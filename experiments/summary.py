"""A run in words and a few numbers, for a reader who does not know the model."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.accounts import statement
from abm.accounts.statement import Default
from abm.engine import tables
from abm.inputs.dates import month_end, month_label, month_words

if TYPE_CHECKING:
    from abm.simulation import Economy

# Columns of the yearly table: name in JSON -> (columns of the series, added up, how a year is told, heading, unit); a
# heading may name the flagship of the opening.
# "sum": over the year's months; "end": at its last month.
YEARLY: dict[str, tuple[str, str, str, str]] = {
    "ai_revenue": ("ai_revenue", "sum", "AI revenue", "bn USD"),
    "capex": ("capex", "sum", "invested", "bn USD"),
    "ai_debt": ("ai_debt", "end", "AI debt", "bn USD"),
    "look_through": ("look_through", "end", "carried for labs", "bn USD"),
    "look_through_flagship": ("look_through_flagship", "end", "for {flagship}", "bn USD"),
    "token_price": ("token_price", "end", "price of AI work", "index"),
    "spot_price": ("spot_price", "end", "GPU rent", "USD/h"),
    "failures": ("liquidations reorganisations exchanges", "sum", "failures", "firms"),
}
# How a failure came through each channel, as a reader would say it.
BECAUSE = {
    "counterparty": "unpaid bills or loans",
    "customer": "lost as a customer",
    "collateral": "hardware worth less",
    "funding": "credit refused",
    "lender-to-lender": "losses on a lender",
    "vendor": "orders or vendor finance withdrawn",
    "market": "falling prices",
}
# What becomes of a firm that defaults and goes on; of the last two the table has the loans changed, not what it owes.
GOES_ON = {
    "reorganisation": "protected by the court",
    "distressed exchange": "exchanging loans",
    "deferral": "putting off loans",
}
# Ways of failing, as they are counted.
COUNTED = {
    "liquidation": "wound up",
    "reorganisation": "under a court",
    "distressed exchange": "paying less than owed",
}
IN_PART = ("distressed exchange", "deferral")
MOST_NAMED = 3  # causes of a failure told one by one


def headings(economy: Economy) -> list[tuple[str, str]]:
    """Heading and unit of the columns of the yearly table."""
    flagship = economy.opening.flagship
    return [(heading.format(flagship=flagship), unit) for _, _, heading, unit in YEARLY.values()]


def legend(economy: Economy) -> str:
    """What the columns of the yearly table mean."""
    return (
        "AI revenue: spent on AI services. Invested: in GPUs and sites. Both over the year, the rest at its end."
        " Carried: borrowed by others to serve the labs."
        f" Price of AI work: {month_words(0, economy.opening.date)} = 100."
        " Failures: firms wound up, under a court, or paying less than they owe; who only puts off loans has not"
        " failed."
    )


def yearly(economy: Economy) -> list[dict[str, float]]:
    """One row a calendar year of the run.

    Returns
    -------
    list of dict
        `year`, `months` (how many of the year were run) and the keys of `YEARLY`.
    """
    series = economy.rows("series")
    years = np.array([month_end(month, economy.opening.date).year for month in series["month"].tolist()])
    rows = []
    for year in np.unique(years):
        part = series[years == year]
        row: dict[str, float] = {"year": int(year), "months": len(part)}
        for name, (columns, how, _, _) in YEARLY.items():
            months = np.sum([part[column] for column in columns.split()], axis=0)
            row[name] = float(months.sum() if how == "sum" else months[-1])
        rows.append(row)
    return rows


def failure_sentence(default: Default, opening: datetime.date) -> str:
    """Who defaulted, when, in which way if it goes on, owing what, over how much, and because of whom: the heaviest
    causes. Amounts that round to nothing are left out.

    The table does not tell cash that was missing from what a lab that walks away will not pay above the market, or
    the bills of a firm that a shock makes fail: the words hold for all.

    Parameters
    ----------
    default : Default
    opening : datetime.date
        Date of the opening balance sheets of the run.
    """
    own = "its own doing and the shock that struck it" if default.struck else "its own doing"
    shares: dict[str, float] = {own: default.own_share}
    channels: dict[str, list[str]] = {}
    for cause in default.causes:  # heaviest first
        who = cause.parent or "the market"
        shares[who] = shares.get(who, 0.0) + cause.weight
        if BECAUSE[cause.channel] not in channels.setdefault(who, []):
            channels[who].append(BECAUSE[cause.channel])
    told = sorted((who for who in shares if shares[who] >= 0.005), key=lambda who: -shares[who])
    parts = []
    named = len(told) if len(told) == MOST_NAMED + 1 else MOST_NAMED  # one more is named, not counted
    for who in told[:named]:
        how = f" ({', '.join(channels[who])})" if who in channels else ""
        parts.append(f"{who}{how} {100 * shares[who]:.0f} %" if len(told) > 1 else f"{who}{how}")
    if rest := told[named:]:
        parts.append(f"{len(rest)} others {100 * sum(shares[who] for who in rest):.0f} %")
    words = [f"{default.firm} ({default.kind})"]
    if not default.ends:
        words.append(GOES_ON[default.way])
    if default.way in IN_PART:
        words[-1] += f" of {number(default.debt)} bn" if told_at_all(default.debt) else ""
        words += [owing(0.0, default.claims)] if told_at_all(default.claims) else []
    elif told_at_all(default.debt) or told_at_all(default.claims):
        words.append(owing(default.debt, default.claims))
    if told_at_all(default.shortfall):
        words.append(f"could not or would not pay {number(default.shortfall)} bn")
    return f"{month_label(default.month, opening)}  {', '.join(words)}: {', '.join(parts)}"


def failures_counted(defaults: Sequence[Default]) -> str:
    """How many firms failed, in which ways, and how often loans were put off beside, in a sentence without its end."""
    ways = Counter(default.way for default in defaults)
    failed = len({default.firm for default in defaults if default.fails})
    told = [f"{ways[way]} {words}" for way, words in COUNTED.items() if ways[way]]
    put_off = ways[tables.WAY_NAMES[tables.DEFERRAL]]
    whom = f"{failed} firms failed" if failed > 1 else "One firm failed" if failed else "No firm failed"
    if told:
        whom += f" ({', '.join(told)})"
    return f"{whom}, loans were put off {put_off} time{'s' if put_off > 1 else ''}" if put_off else whom


def owing(debt: float, claims: float) -> str:
    """What a firm owes and what it owes under contracts (bn), each left out where it rounds to nothing.

    >>> owing(3.2, 12.0), owing(0.0, 609.5), owing(3.2, 0.0), owing(0.0, 0.0)
    ('owing 3.20 bn and 12 bn under contracts', 'owing 610 bn under contracts', 'owing 3.20 bn', 'owing nothing')
    """
    parts = [f"{number(debt)} bn"] if told_at_all(debt) else []
    parts += [f"{number(claims)} bn under contracts"] if told_at_all(claims) else []
    return f"owing {' and '.join(parts) or 'nothing'}"


def told_at_all(amount: float) -> bool:
    """Whether `number` makes more than nothing of an amount.

    >>> told_at_all(0.0004), told_at_all(0.0006), told_at_all(-3.0)
    (False, True, True)
    """
    return abs(amount) >= 0.0005


def number(value: float) -> str:
    """Three figures at most, and no more decimals than they need."""
    size = abs(value)
    if size >= 100.0 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}" if size >= 0.0995 else f"{value:.3f}"


def never_entered(economy: Economy) -> list[str]:
    """Firms that a shock was to strike by now and that have not entered, in the scenario's order."""
    if economy.scenario is None:
        return []
    rows = economy.rows("shocks")
    waiting = (rows["target"] == 1) & (rows["firm"] < 0) & (rows["start"] <= economy.month)
    return [str(shock.firm) for shock, waits in zip(economy.scenario.shocks, waiting.tolist(), strict=True) if waits]


def summary(economy: Economy) -> dict[str, Any]:
    """The same for a script: the yearly table, the defaults of all ways with their causes, and whom no shock could
    strike."""
    failures = []
    for d in statement.defaults(economy):
        causes = [{"parent": c.parent, "channel": c.channel, "weight": c.weight} for c in d.causes]
        failures.append(
            {
                "month": month_label(d.month, economy.opening.date),
                "round": d.round,
                "firm": d.firm,
                "kind": d.kind,
                "way": d.way,
                "fundamental": d.fundamental,
                "debt": d.debt,
                "claims": d.claims,
                "shortfall": d.shortfall,
                "loss_credit": d.loss_credit,
                "loss_equity": d.loss_equity,
                "loss_claims": d.loss_claims,
                "own_share": d.own_share,
                "struck": d.struck,
                "causes": causes,
            }
        )
    return {"years": yearly(economy), "failures": failures, "never_entered": never_entered(economy)}
