"""The visitor's own run in many worlds: how it spreads, who fails in how many, made while he looks on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import solara

from abm.errors import BadInput
from experiments.ensemble.findings import Fails, points, quantities, who_fails
from experiments.ensemble.worlds import Made
from viz.house import house
from viz.languages import Language, use_language
from viz.parts.fan import POINTS, fan
from viz.parts.markup import Html, paragraph, table
from viz.screen import Screen, use_report
from viz.session import Report
from viz.spread import CHOICES, Spread

EVERY = 1.0  # seconds between two looks at what has been made
FEW = 5  # worlds from which on a band is drawn
MOST_FIRMS = 15
FANS = ("look_through_flagship", "lost", "failed", "capex", "ai_revenue", "spot_price")


@solara.component
def ManyWorlds(screen: Screen, on_note: Callable[[str], None]) -> None:  # noqa: N802
    """Asks for worlds, and shows what they say."""
    language = use_language()
    report = use_report(screen, lambda r: (r.run, r.frame.month))
    spread, set_spread = solara.use_state(house().spreads.asked(screen.session))
    done, set_done = solara.use_state(spread.done if spread else 0)

    def watch() -> Callable[[], None] | None:
        if spread is None:
            return None
        over = threading.Event()

        def look() -> None:
            while not over.wait(EVERY):
                set_done(spread.done)
                if not spread.running:
                    return

        threading.Thread(target=look, name="invisible-debt spread", daemon=True).start()
        return over.set

    solara.use_effect(watch, [spread])
    found = solara.use_memo(lambda: spread.found() if spread and done else None, [spread, done])
    if report is None:
        return

    def ask(worlds: int) -> None:
        try:
            set_spread(house().spreads.ask(screen.session, report.plan, worlds))
            set_done(0)
        except BadInput as mistake:
            on_note(language.told(mistake))

    def stop() -> None:
        if spread is not None:
            spread.stop()
            set_done(spread.done)

    running = spread is not None and spread.running
    Html(paragraph(language.say("spread-what"), "id-hint"))
    with solara.Row(classes=["id-filters"]):
        for worlds in CHOICES:
            words = language.say("spread-run", worlds=worlds)
            solara.Button(words, on_click=partial(ask, worlds), disabled=running)
        solara.Button(language.say("spread-stop"), on_click=stop, disabled=not running, icon_name="mdi-stop")
    if spread is None:
        return
    told = "spread-progress" if running else "spread-finished"
    Html(paragraph(language.say(told, done=done, worlds=spread.worlds, first=str(spread.plan.seed)), "id-sub"))
    if spread.fault:
        Html(paragraph(language.say("spread-fault", fault=spread.fault), "id-note"))
    if replace(report.plan, months=spread.plan.months) != spread.plan:
        Html(paragraph(language.say("spread-other"), "id-note"))
    if found is not None:
        if found.failures:
            Html(paragraph(language.say("spread-broken", runs=len(found.failures)), "id-note"))
        Html(failing(found, language))
        if len(found.seeds) >= FEW:
            Html(fans(found, spread, report, language))


def failing(made: Made, language: Language) -> str:
    """Who fails in how many of the worlds, with 95 % intervals."""
    found = [fails for fails in who_fails(made) if fails.worlds][:MOST_FIRMS]
    if not found:
        return paragraph(language.say("spread-nobody", of=len(made.seeds)), "id-line")
    rows = [_row(fails, made, language) for fails in found]
    heads = [language.say(f"spread-head-{name}") for name in ("firm", "fails", "interval", "when")]
    return table(heads, rows, numbers=[2])


def _row(fails: Fails, made: Made, language: Language) -> tuple[str, str, str, str]:
    share = fails.share
    interval = language.say("spread-interval", low=language.percent(share.low), high=language.percent(share.high))
    when = "" if fails.median is None else language.month_of(fails.median, made.tables.date)
    return fails.name, language.say("spread-fails", worlds=fails.worlds, of=len(made.seeds)), interval, when


def fans(made: Made, spread: Spread, report: Report, language: Language) -> str:
    """Fan charts of the quantities of `FANS`, with the run on screen drawn on them."""
    opening, months = made.tables.date, spread.plan.months
    ends = language.month_of(1, opening), language.month_of(months, opening)
    mine = {**report.series, "lost": report.series["lender_losses"].cumsum()}
    same = replace(report.plan, months=months) == spread.plan
    drawn = ""
    for quantity in quantities(made):
        if quantity.name not in FANS:
            continue
        bands = points(quantity.values, POINTS)
        name = language.say(f"spread-fan-{quantity.name}", firm=made.tables.flagship) if "flagship" in quantity.name \
            else language.say(f"spread-fan-{quantity.name}")  # fmt: skip
        low, middle, high = (language.number(float(bands[k][-1])) for k in (0, 2, 4))
        told = language.say("spread-fan-told", what=name, middle=middle, low=low, high=high, when=ends[1])
        drawn += fan(name, told, bands, mine[quantity.name] if same else (), report.frame.month if same else 0, ends,
                     language)  # fmt: skip
    return paragraph(language.say("spread-fan-how"), "id-hint") + f"<div class='id-fans'>{drawn}</div>"
