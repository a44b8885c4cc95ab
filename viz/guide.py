"""The guided story that the page opens on: a script of a few scenes, each a month of a run.

Nothing in it is typed in that a run can tell: the scenes read the same economies that the page then plays. What is
chosen is the world, a seed in which the chain is easy to follow, and the last scene says how likely either end is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abm.accounts.statement import Default, defaults, look_through, statement
from abm.inputs.scenarios import load
from viz.odds import OPENING, YEARS, odds
from viz.plan import Plan

if TYPE_CHECKING:
    from viz.languages import Language

WEAK, STRONG = "r1_demand_disappoints", "h1_new_uses"  # the same world in two stories
SEED = 22
STRUCK = 18  # month in which the firm fails, as in section 6 of abm/RISK.md
WATCHED = 24  # months after it, as there
FOLLOWERS = 2  # months of failures that have a scene: the first, and the one that costs lenders most
LETTERS = 26.0  # read in a second, of alphabets; a sign of Chinese or Japanese counts for two
LEAST = 4.0  # seconds of a scene
AMOUNTS = frozenset({"total", "most", "next", "sales", "cash", "credit", "claims", "equity", "before", "now"})
Value = str | float


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: what is run, the month shown, the firm to look at ("": none), and its sentence by name.

    `numbers` are what the sentence `guide-NAME` is filled with: amounts in bn USD, counts, shares in per cent, names of
    firms. `picture` is whether the network must be seen.
    """

    name: str
    plan: Plan
    month: int
    firm: str
    numbers: Mapping[str, Value]
    picture: bool = True

    def title(self, language: Language) -> str:
        """A few words above the sentence."""
        return self._said(f"guide-{self.name}-title", language)

    def told(self, language: Language) -> str:
        """The sentence."""
        return self._said(f"guide-{self.name}", language)

    def seconds(self, language: Language) -> float:
        """How long its sentence takes to read."""
        return max(LEAST, sum(2 if letter >= "\u2e80" else 1 for letter in self.told(language)) / LETTERS)

    def _said(self, message: str, language: Language) -> str:
        """A message, filled with those of the numbers that it asks for."""
        return language.say(message, **{name: self._filled(name, language) for name in language.variables[message]})

    def _filled(self, name: str, language: Language) -> Value:
        if name == "month":
            return language.month_of(self.month, self.plan.opening.date)
        if name == "cause":
            return self._said(f"guide-by-{self.numbers['channel']}", language)
        value = self.numbers[name]
        if name in AMOUNTS:
            return language.money(round(float(value), 6))
        return value if isinstance(value, int | str) else language.decimal(value, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run tells: failures up to the month in which the guide leaves it, and aggregates by month (bn)."""

    failures: tuple[Default, ...]
    orphaned: tuple[float, ...]
    sales: tuple[float, ...]

    def in_month(self, month: int) -> list[Default]:
        """Who fails in a month."""
        return [one for one in self.failures if one.month == month]

    def after(self, firm: str) -> list[Default]:
        """Failures that follow `STRUCK`, but those of the firm itself."""
        return [one for one in self.failures if one.month >= STRUCK and one.firm != firm]


def script(start: Plan) -> tuple[Scene, ...]:
    """The scenes, in order; none where the opening is not the usual one, of which the odds are known.

    Parameters
    ----------
    start : Plan
        What the visitor sees at first: the first scenes are of its opening.
    """
    firm = start.opening.flagship
    known = odds(firm) if firm and start.opening.name == OPENING else None
    if known is None:
        return ()
    weak, strong = struck(WEAK, start), struck(STRONG, start)
    told, healed, alone = run(weak), run(strong), run(weak.as_chosen())
    end = STRUCK + WATCHED
    followers = {one.firm for one in told.after(firm)}
    anyway = {one.firm for one in alone.failures}
    last: dict[str, Value] = {
        "firm": firm, "followers": len(followers), "anyway": len(followers & anyway), "years": WATCHED // 12,
        "credit": sum(one.loss_credit for one in told.failures if one.month >= STRUCK),
        "before": told.orphaned[STRUCK - 1], "now": told.orphaned[end - 1],
        "itself": "yes" if firm in anyway else "no",
        "mostly": "yes" if 2 * len(followers & anyway) > len(followers) else "no",
    }  # fmt: skip
    found = [
        Scene("borrowed", start, 0, "", _borrowed(start, firm), picture=False),
        Scene("promised", start, 0, firm, _promised(start, firm)),
        Scene("weak", weak, STRUCK, firm, _lost(told.in_month(STRUCK), firm)),
        *(
            Scene("follows", weak, month, _heaviest(told.in_month(month)).firm, _lost(told.in_month(month), firm))
            for month in _telling(told.after(firm))
        ),
        Scene("spread", weak, end, "", last),
        Scene("strong", strong, STRUCK, firm, _lost(healed.in_month(STRUCK), firm)),
        Scene("healed", strong, end, "", {
            "firm": firm, "followers": len({one.firm for one in healed.after(firm)}), "years": WATCHED // 12,
            "before": healed.orphaned[STRUCK - 1], "now": healed.orphaned[end - 1],
            "grown": healed.sales[end - 1] / healed.sales[STRUCK - 1],
        }),
        Scene("odds", strong, end, "", {
            "firm": firm, "worlds": known.worlds, "of": known.of, "year": str(start.opening.date.year + YEARS),
            "weak": round(known.weak), "strong": round(known.strong),
        }, picture=False),
    ]  # fmt: skip
    return tuple(found)


def struck(story: str, start: Plan) -> Plan:
    """A story in the world of the guide, in which the firm that the page is about fails in month `STRUCK`."""
    plan = Plan(load(story), seed=SEED, months=start.months, opening=start.opening)
    if plan.months < STRUCK + WATCHED:
        plan = Plan(load(story), seed=SEED, opening=start.opening)
    return plan.with_strike(start.opening.flagship, "defaults", STRUCK - 1)


_known: dict[str, Told] = {}


def run(plan: Plan) -> Told:
    """What a plan tells up to the end of the guide's scenes; run once a process."""
    key = plan.toml()
    if key not in _known:
        economy = plan.open(panel=False)
        economy.run(STRUCK + WATCHED)
        series = economy.rows("series")
        _known[key] = Told(
            failures=tuple(one for one in defaults(economy) if one.fails),
            orphaned=tuple(series["orphaned"].tolist()),
            sales=tuple(series["ai_revenue"].tolist()),
        )
    return _known[key]


def _borrowed(start: Plan, firm: str) -> dict[str, Value]:
    """Who borrowed for the firm: how much, how many firms, and the largest of them."""
    economy = start.open(panel=False)
    carried = sorted(look_through(economy, firm).carried_by_others.items(), key=lambda one: -one[1])
    (first, most), (second, next_most) = carried[0], carried[1]
    return {
        "firm": firm, "total": sum(amount for _, amount in carried), "count": len(carried),
        "first": first, "most": most, "second": second, "next": next_most,
    }  # fmt: skip


def _promised(start: Plan, firm: str) -> dict[str, Value]:
    """What the firm has promised to pay for computers, to whom most of it, and what it has and sells."""
    told = statement(start.open(panel=False), firm)
    sellers: dict[str, float] = {}
    for contract in told.contracts:
        if contract.role == "buys" and contract.status != "intent":
            sellers[contract.counterparty] = sellers.get(contract.counterparty, 0.0) + contract.left
    first = max(sellers, key=lambda seller: sellers[seller])
    return {
        "firm": firm, "total": sum(sellers.values()), "first": first, "most": sellers[first],
        "sales": 12.0 * (told.ratios.revenue or 0.0), "cash": told.balance_sheet.assets["cash"],
    }  # fmt: skip


def _passed_on(failure: Default) -> tuple[float, float]:
    """What lenders lose of a failure: as far as others brought it about, and in all (bn)."""
    return failure.loss_credit * sum(cause.weight for cause in failure.causes if cause.parent), failure.loss_credit


def _heaviest(failures: Sequence[Default]) -> Default:
    """The failure that tells most of how losses spread."""
    return max(failures, key=_passed_on)


def _lost(failures: Sequence[Default], of: str) -> dict[str, Value]:
    """Who fails in a month, because of what above all, and who loses what of it (bn USD, each apart)."""
    worst = next((one for one in failures if one.firm == of), None) or _heaviest(failures)
    by: dict[tuple[str, str], float] = {("", "own"): worst.own_share}
    for cause in worst.causes:
        key = (cause.parent, cause.channel) if cause.parent else ("", "market")
        by[key] = by.get(key, 0.0) + cause.weight
    (parent, channel), share = max(by.items(), key=lambda one: one[1])
    return {
        "firm": worst.firm, "others": len({one.firm for one in failures} - {worst.firm}),
        "parent": parent, "channel": channel, "share": round(100.0 * share),
        "lent": "yes" if any(one.loss_credit >= 0.05 for one in failures) else "no",
        "credit": round(sum(one.loss_credit for one in failures), 1),
        "claims": round(sum(one.loss_claims for one in failures), 1),
        "equity": round(sum(one.loss_equity for one in failures), 1),
    }  # fmt: skip


def _telling(failures: Sequence[Default]) -> list[int]:
    """Months of failures that have a scene: the first, and those in which most is passed on to lenders."""
    cost: dict[int, float] = {}
    for one in failures:
        cost[one.month] = cost.get(one.month, 0.0) + _passed_on(one)[0]
    months = sorted(cost)
    dear = sorted(months[1:], key=lambda month: -cost[month])
    return sorted([*months[:1], *dear[: FOLLOWERS - 1]])
