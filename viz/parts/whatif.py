"""What the visitor can change: strike a firm, switch a policy on, set a number of the model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import reacton.ipyvuetify as rv
import solara

from abm.inputs import parameters as registry
from abm.inputs.effects import BY_NAME, EFFECTS
from abm.inputs.parameters import PARAMETERS, Parameter
from viz.languages import Language, effect_words, parameter_words, unit_words, use_language
from viz.parts.markup import Explained, FirmField, Html, Section, paragraph, source_of
from viz.screen import Screen, use_last_sent, use_report
from viz.session import Report, Session

# Told first, with the span of their sliders: the numbers on which the story hangs most.
MATTER: dict[str, tuple[float, float, float]] = {
    "demand_growth": (0.0, 2.0, 0.05),
    "algorithmic_efficiency": (1.0, 10.0, 0.5),
    "gpu_generation_gain": (0.0, 1.5, 0.05),
    "open_lag": (0.0, 3.0, 0.1),
    "equity_dilution": (0.0, 0.2, 0.01),
    "take_or_pay_scale": (0.0, 1.0, 0.05),
    "base_rate": (0.0, 0.12, 0.002),
    "loan_to_cost": (0.0, 1.0, 0.05),
    "power_price": (20.0, 300.0, 5.0),
    "carbon_price": (0.0, 300.0, 10.0),
    "price_impact": (0.0, 20.0, 0.5),
}
# Of all that can happen to the firm that the page is about, only this is seen at once in every world: in the next month
# lenders lose some 15 to 30 bn, and in two years up to five more firms fall. The other effects make nobody fail in it.
STRONGEST = "defaults"
MOST_FOUND = 12  # parameters shown at a time


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule that can be switched on: a parameter and its value while on."""

    parameter: str
    on: float


POLICIES = (
    Policy("backstop_share", 0.8),
    Policy("public_guarantee", 0.5),
    Policy("public_share", 0.3),
    Policy("concentration_cap", 0.5),
    Policy("max_ltv", 0.6),
    Policy("max_contract_tenor", 36.0),
    Policy("capital_requirement", 1.5),
)


@solara.component
def WhatIf(screen: Screen, selected: int) -> None:  # noqa: N802
    """All changes the visitor can make, and those made so far."""
    report = use_report(screen, lambda r: (r.run, r.playing, len(r.nodes.names), -1 if r.playing else r.frame.month))
    Explained("explained-what-if")
    if report is None:
        return
    session, speaker = screen.session, use_language()
    Made(report, session)
    Strike(report, session, selected)
    with Section(speaker.say("change-policies"), opened=True):
        for policy in POLICIES:
            PolicySwitch(report, session, policy)
    with Section(speaker.say("change-matter"), opened=True):
        for name in MATTER:
            Number(registry.BY_NAME[name], report, session)
    with Section(speaker.say("change-all", count=len(PARAMETERS))):
        Search(report, session)


@solara.component
def Made(report: Report, session: Session) -> None:  # noqa: N802
    """What was changed so far, and the way back."""
    plan = report.plan
    if not plan.by_hand:
        return
    speaker, opening = use_language(), plan.opening.date
    say, named = speaker.say, partial(parameter_words, speaker=speaker)
    told = [
        say("change-from-start", parameter=named(name), value=f"{value:g}") for name, value in plan.parameters.items()
    ]
    for name, given in plan.changes.items():
        for start, value in given:
            when = speaker.label(start, opening)
            told.append(say("change-from", parameter=named(name), value=f"{value:g}", month=when))
    for shock in plan.strikes:
        values = {"firm": str(shock.firm), "what": effect_words(shock.effect, speaker)}
        values["month"] = speaker.label(shock.first_month(opening), opening)
        if shock.size is not None:
            told.append(say("change-strike-sized", **values, size=f"{shock.size:g}"))
        else:
            told.append(say("change-strike", **values))
    with solara.Div(classes=["id-made"]):
        Html(f"<b>{say('change-yours')}</b>" + "".join(paragraph(line, "id-line") for line in told))
        solara.Button(say("change-undo"), on_click=session.undo_changes, small=True, icon_name="mdi-undo")


@solara.component
def Strike(report: Report, session: Session, selected: int) -> None:  # noqa: N802
    """A blow to a named firm in the next month."""
    speaker = use_language()
    # Read when the visitor acts, which may be before all he chose is rendered.
    flagship = report.plan.opening.flagship
    firm = solara.use_reactive(flagship if flagship in report.nodes.names else report.nodes.names[0])
    effect = solara.use_reactive(STRONGEST)
    size = solara.use_reactive("")

    def follow() -> None:
        if 0 <= selected < len(report.nodes.names):
            firm.set(report.nodes.names[selected])

    solara.use_effect(follow, [selected])

    def choose(value: object) -> None:
        if value in BY_NAME:
            effect.set(str(value))
            asked = BY_NAME[str(value)].size
            size.set(asked.proposal if asked else "")

    def strike() -> None:
        sized = _number(size.value) if BY_NAME[effect.value].size else None
        session.strike(firm.value, effect.value, sized, step=True)

    asked = BY_NAME[effect.value].size
    with Section(speaker.say("change-strike-title"), opened=True), solara.Div(classes=["id-strike"]):
        FirmField(report.nodes.names, firm.value, lambda name: firm.set(name) if name else None)
        rv.Select(
            label=speaker.say("change-what-happens"), v_model=effect.value, dense=True, outlined=True,
            hide_details=True, on_v_model=choose,
            items=[{"text": effect_words(known.name, speaker), "value": known.name} for known in EFFECTS],
        )  # fmt: skip
        rv.TextField(
            label=_question(effect.value, speaker), v_model=size.value, dense=True,
            outlined=True, hide_details=True, disabled=asked is None,
            on_v_model=lambda text: size.set(str(text)[:20]),
        )  # fmt: skip
        solara.Button(speaker.say("change-strike-button"), on_click=strike, color="primary", icon_name="mdi-flash")


@solara.component
def PolicySwitch(report: Report, session: Session, policy: Policy) -> None:  # noqa: N802
    """A rule on or off."""
    plain = registry.BY_NAME[policy.parameter].default
    on = report.plan.value(policy.parameter) != plain
    rv.Switch(
        label=use_language().say(f"policy-{policy.parameter.replace('_', '-')}"),
        v_model=on, dense=True, hide_details=True, inset=True,
        on_v_model=lambda wanted: session.set_parameter(policy.parameter, policy.on if wanted else plain),
    )  # fmt: skip


@solara.component
def Number(parameter: Parameter, report: Report, session: Session) -> None:  # noqa: N802
    """A number of the model: value, slider, unit, range, meaning and source."""
    value = report.plan.value(parameter.name)
    now = report.forces[parameter.name]
    text = solara.use_reactive(f"{value:g}")  # read when the visitor acts, as above
    sent = use_last_sent(f"{value:g}")
    speaker = use_language()
    named = parameter_words(parameter.name, speaker)
    meaning = speaker.own(f"meaning-{parameter.name}", parameter.meaning)
    spoken = {"aria-label": named}

    def moved(to: float) -> None:
        session.set_parameter(parameter.name, f"{float(to):g}")

    def typed() -> None:
        given = text.value.strip()
        if given != sent.current:
            sent.current = given
            session.set_parameter(parameter.name, given)

    with solara.Div(classes=["id-number"]):
        Html(f"{paragraph(named, 'id-sub')}{paragraph(meaning, 'id-hint')}")
        with solara.Div(classes=["id-number-row"]):
            if parameter.name in MATTER:
                low, high, step = MATTER[parameter.name]
                slider = rv.Slider(
                    v_model=min(max(value, low), high), min=low, max=high, step=step, dense=True, hide_details=True,
                    attributes=spoken,
                )  # fmt: skip
                rv.use_event(slider, "change", lambda *told: moved(told[2]))
            field = rv.TextField(
                v_model=text.value, dense=True, outlined=True, hide_details=True,
                suffix=unit_words(parameter.unit, speaker),
                class_="id-value", on_v_model=lambda given: text.set(str(given)[:40]), attributes=spoken,
            )  # fmt: skip
            rv.use_event(field, "blur", lambda *_: typed())
            rv.use_event(field, "keydown.enter", lambda *_: typed())
        drawn = report.plan.drawn.get(parameter.name)
        span = {"low": f"{parameter.low:g}", "high": f"{parameter.high:g}", "usual": f"{parameter.default:g}"}
        if drawn is None:
            told = [speaker.say("change-span", **span)]
        else:
            told = [speaker.say("change-span-drawn", **span, drawn=f"{drawn:g}")]
        if abs(now - value) > 1e-12:
            told.append(speaker.say("change-acting", value=f"{now:g}"))
        Html(paragraph(speaker.sentences(told), "id-source") + source_of(parameter.source))


@solara.component
def Search(report: Report, session: Session) -> None:  # noqa: N802
    """Every number of the model, by any word of its name or meaning."""
    speaker = use_language()
    words, set_words = solara.use_state("")
    rv.TextField(
        label=speaker.say("change-search"), v_model=words, dense=True, outlined=True, hide_details=True,
        clearable=True, on_v_model=lambda text: set_words(str(text or "")[:80]),
    )  # fmt: skip
    wanted = words.casefold().split()
    found = [p for p in PARAMETERS if all(w in _searched(p, speaker) for w in wanted)]
    if not found:
        Html(paragraph(speaker.say("change-none-found"), "id-hint"))
    for parameter in found[:MOST_FOUND]:
        Number(parameter, report, session).key(parameter.name)
    if len(found) > MOST_FOUND:
        Html(paragraph(speaker.say("change-more", count=len(found) - MOST_FOUND), "id-hint"))


def _searched(parameter: Parameter, speaker: Language) -> str:
    """All words of a parameter, in English and in the visitor's language."""
    english = f"{parameter.name} {parameter.group} {parameter.meaning}"
    own = f"{parameter_words(parameter.name, speaker)} {speaker.own(f'meaning-{parameter.name}', '')}"
    return f"{english} {own}".casefold()


def _question(effect: str, speaker: Language) -> str:
    """What is asked of the size of an effect."""
    asked = BY_NAME[effect].size
    if asked is None:
        return speaker.say("change-all-of-it")
    return speaker.own(f"effect-{effect.replace(' ', '-')}-size", asked.question)


def _number(text: str) -> float | None:
    """The number of a field, or None where there is none."""
    try:
        return float(text)
    except ValueError:
        return None
