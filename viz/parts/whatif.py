"""What the visitor can change: strike a firm, switch a policy on, set a number of the model."""

from __future__ import annotations

from dataclasses import dataclass

import reacton.ipyvuetify as rv
import solara

from abm.inputs import parameters as registry
from abm.inputs.effects import BY_NAME, EFFECTS
from abm.inputs.parameters import PARAMETERS, Parameter
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
    words: str


POLICIES = (
    Policy("backstop_share", 0.8, "The state fills four fifths of the hole of a failing lender"),
    Policy("public_guarantee", 0.5, "The state bears half of lenders' losses on AI loans"),
    Policy("public_share", 0.3, "The state pays three tenths of hardware and sites"),
    Policy("concentration_cap", 0.5, "No loans to clouds with more than half of their business from one customer"),
    Policy("max_ltv", 0.6, "Loans at most three fifths of the worth of the hardware that secures them"),
    Policy("max_contract_tenor", 36.0, "Contracts to rent computers run three years at most"),
    Policy("capital_requirement", 1.5, "Lenders must hold half as much capital again"),
)


@solara.component
def WhatIf(screen: Screen, selected: int) -> None:  # noqa: N802
    """All changes the visitor can make, and those made so far."""
    report = use_report(screen, lambda r: (r.run, r.playing, len(r.nodes.names), -1 if r.playing else r.frame.month))
    Explained("explained-what-if")
    if report is None:
        return
    session = screen.session
    Made(report, session)
    Strike(report, session, selected)
    with Section("Policies", opened=True):
        for policy in POLICIES:
            PolicySwitch(report, session, policy)
    with Section("Numbers that matter most", opened=True):
        for name in MATTER:
            Number(registry.BY_NAME[name], report, session)
    with Section(f"All {len(PARAMETERS)} numbers of the model"):
        Search(report, session)


@solara.component
def Made(report: Report, session: Session) -> None:  # noqa: N802
    """What was changed so far, and the way back."""
    plan = report.plan
    if not plan.by_hand:
        return
    told = [f"{name.replace('_', ' ')} = {value:g} from the start" for name, value in plan.parameters.items()]
    for name, given in plan.changes.items():
        told += [f"{name.replace('_', ' ')} = {value:g} from {plan.label(start)}" for start, value in given]
    for shock in plan.strikes:
        size = f" ({shock.size:g})" if shock.size is not None else ""
        when = plan.label(shock.first_month(plan.opening.date))
        told.append(f"{shock.firm} {BY_NAME[str(shock.effect)].words}{size} in {when}")
    with solara.Div(classes=["id-made"]):
        Html("<b>Your changes</b>" + "".join(paragraph(line, "id-line") for line in told))
        solara.Button("Undo all of them", on_click=session.undo_changes, small=True, icon_name="mdi-undo")


@solara.component
def Strike(report: Report, session: Session, selected: int) -> None:  # noqa: N802
    """A blow to a named firm in the next month."""
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
    with Section("Strike a firm next month", opened=True), solara.Div(classes=["id-strike"]):
        FirmField(report.nodes.names, firm.value, lambda name: firm.set(name) if name else None)
        rv.Select(
            label="What happens", v_model=effect.value, dense=True, outlined=True, hide_details=True, on_v_model=choose,
            items=[{"text": known.words, "value": known.name} for known in EFFECTS],
        )  # fmt: skip
        rv.TextField(
            label=asked.question if asked else "how much: all of it", v_model=size.value, dense=True,
            outlined=True, hide_details=True, disabled=asked is None,
            on_v_model=lambda text: size.set(str(text)[:20]),
        )  # fmt: skip
        solara.Button("Strike", on_click=strike, color="primary", icon_name="mdi-flash")


@solara.component
def PolicySwitch(report: Report, session: Session, policy: Policy) -> None:  # noqa: N802
    """A rule on or off."""
    plain = registry.BY_NAME[policy.parameter].default
    on = report.plan.value(policy.parameter) != plain
    rv.Switch(
        label=policy.words, v_model=on, dense=True, hide_details=True, inset=True,
        on_v_model=lambda wanted: session.set_parameter(policy.parameter, policy.on if wanted else plain),
    )  # fmt: skip


@solara.component
def Number(parameter: Parameter, report: Report, session: Session) -> None:  # noqa: N802
    """A number of the model: value, slider, unit, range, meaning and source."""
    value = report.plan.value(parameter.name)
    now = report.forces[parameter.name]
    text = solara.use_reactive(f"{value:g}")  # read when the visitor acts, as above
    sent = use_last_sent(f"{value:g}")
    spoken = {"aria-label": parameter.name.replace("_", " ")}

    def moved(to: float) -> None:
        session.set_parameter(parameter.name, f"{float(to):g}")

    def typed() -> None:
        given = text.value.strip()
        if given != sent.current:
            sent.current = given
            session.set_parameter(parameter.name, given)

    with solara.Div(classes=["id-number"]):
        Html(f"{paragraph(parameter.name.replace('_', ' '), 'id-sub')}{paragraph(parameter.meaning, 'id-hint')}")
        with solara.Div(classes=["id-number-row"]):
            if parameter.name in MATTER:
                low, high, step = MATTER[parameter.name]
                slider = rv.Slider(
                    v_model=min(max(value, low), high), min=low, max=high, step=step, dense=True, hide_details=True,
                    attributes=spoken,
                )  # fmt: skip
                rv.use_event(slider, "change", lambda *told: moved(told[2]))
            field = rv.TextField(
                v_model=text.value, dense=True, outlined=True, hide_details=True, suffix=parameter.unit,
                class_="id-value", on_v_model=lambda given: text.set(str(given)[:40]), attributes=spoken,
            )  # fmt: skip
            rv.use_event(field, "blur", lambda *_: typed())
            rv.use_event(field, "keydown.enter", lambda *_: typed())
        acting = f" Acting now, shocks included: {now:g}." if abs(now - value) > 1e-12 else ""
        drawn = report.plan.drawn.get(parameter.name)
        here = "" if drawn is None else f", in this world {drawn:g}"
        span = f"{parameter.low:g} to {parameter.high:g}, default {parameter.default:g}{here}."
        Html(paragraph(f"{span}{acting}", "id-source") + source_of(parameter.source))


@solara.component
def Search(report: Report, session: Session) -> None:  # noqa: N802
    """Every number of the model, by any word of its name or meaning."""
    words, set_words = solara.use_state("")
    rv.TextField(
        label="Search: a word of the name or meaning", v_model=words, dense=True, outlined=True, hide_details=True,
        clearable=True, on_v_model=lambda text: set_words(str(text or "")[:80]),
    )  # fmt: skip
    wanted = words.casefold().split()
    found = [p for p in PARAMETERS if all(w in f"{p.name} {p.group} {p.meaning}".casefold() for w in wanted)]
    if not found:
        Html(paragraph("No number of the model has these words in its name or meaning.", "id-hint"))
    for parameter in found[:MOST_FOUND]:
        Number(parameter, report, session).key(parameter.name)
    if len(found) > MOST_FOUND:
        Html(paragraph(f"and {len(found) - MOST_FOUND} more: add a word", "id-hint"))


def _number(text: str) -> float | None:
    """The number of a field, or None where there is none."""
    try:
        return float(text)
    except ValueError:
        return None
