"""The exact state of the page as a query of its address, and back: the run, the month, and what is open.

What a plan and the fields of `State` say is all that is needed to show the same screen again: after a reload, by the
back button, on another machine with the same version. Numbers are written so that they come back to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from abm.calibration.files import openings
from abm.calibration.opening import Opening, opening_tables
from abm.errors import BadInput, printable, shown
from abm.inputs import parameters as registry
from abm.inputs.dates import month_number
from abm.inputs.effects import BY_NAME
from abm.inputs.firm_names import named_firm
from abm.inputs.scenarios import Scenario, load, names
from viz.languages import TAGS as LANGUAGES
from viz.languages import Refused
from viz.plan import LARGEST_SEED, Plan, run_length, whole

MOST = 8000  # characters of a query that are read or written
TABS = ("time", "funding", "failures", "events", "compare", "files", "spread")  # below the picture
SIDES = ("firm", "what-if")  # beside it
FIELDS = (
    "scenario", "opening", "seed", "central", "months", "set", "strike", "month", "firm", "side", "tab", "compare",
    "lang",
)  # fmt: skip
OF_THE_GUIDE = ("guide", "lecture")  # read by `viz.parts.guide`
REPEATED = ("set", "strike")  # fields that may stand several times, in an order that matters


@dataclass(frozen=True, slots=True)
class State:
    """What is on screen.

    Attributes
    ----------
    plan : Plan
    month : int
        Shown.
    firm : str
        Whose books are open; "" for nobody's.
    side, tab : str
        Which of `SIDES` and of `TABS` is open.
    compare : bool
        Whether the baseline runs beside it.
    language : str
        One of `viz.languages.TAGS`; "" where the address leaves it to the browser.
    """

    plan: Plan
    month: int = 0
    firm: str = ""
    side: str = SIDES[0]
    tab: str = TABS[0]
    compare: bool = False
    language: str = ""


def write(state: State, start: Plan) -> str:
    """A state as a query, without the question mark.

    Parameters
    ----------
    state : State
    start : Plan
        What the server begins with: its story and its opening may be no ones of the model.

    Returns
    -------
    str
        Empty where an address cannot name it: a story that stands in a recorded run alone, an opening in memory, or
        more changes than an address has room for.
    """
    plan = state.plan
    if not _is_known(plan.base, start.base) or (plan.opening.name not in openings() and plan.opening != start.opening):
        return ""
    found: list[tuple[str, str]] = [
        ("scenario", plan.base.name), ("opening", plan.opening.name), ("seed", str(plan.seed)),
        ("central", str(int(plan.central))), ("months", str(plan.months)),
    ]  # fmt: skip
    found += [("set", f"{name}:{value!r}") for name, value in plan.parameters.items()]
    for name, given in plan.changes.items():
        found += [("set", f"{name}:{value!r}:{plan.label(month)}") for month, value in given]
    for shock in plan.strikes:
        when = plan.label(shock.first_month(plan.opening.date))
        size = "" if shock.size is None else f"{shock.size!r}:"
        found.append(("strike", f"{when}:{shock.effect}:{size}{shock.firm}"))
    found.append(("month", plan.label(state.month)))
    for name, value, usual in (
        ("firm", state.firm, ""), ("side", state.side, SIDES[0]), ("tab", state.tab, TABS[0]),
        ("compare", str(int(state.compare)), "0"), ("lang", state.language, ""),
    ):  # fmt: skip
        if value != usual:
            found.append((name, value))
    query = urlencode(found, safe=":", quote_via=quote)
    return query if len(query) <= MOST else ""


def read(query: str | None, start: Plan) -> State:
    """The state that a query asks for; what it leaves out is as in `start`.

    Parameters
    ----------
    query : str or None
        Without the question mark; None for none.
    start : Plan
        What the server begins with.

    Raises
    ------
    BadInput
        In one sentence, the first mistake of the query.
    """
    if query is not None and len(query) > MOST:
        raise Refused("page-address-length", most=MOST, given=len(query))
    pairs = parse_qsl((query or "").removeprefix("?"), keep_blank_values=True)
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in OF_THE_GUIDE:
            continue
        if name not in FIELDS:
            raise Refused("page-address-names", fields=", ".join(FIELDS), given=printable(name[:40], keep=""))
        given.setdefault(name, []).append(value)
    for name, values in given.items():
        if len(values) > 1 and name not in REPEATED:
            raise BadInput(f"the address may name {name} once, not {len(values)} times")
    one = {name: values[0] for name, values in given.items()}
    plan = Plan(
        _story(one.get("scenario"), start.base),
        whole(one.get("seed", start.seed), "seed", 0, LARGEST_SEED),
        run_length(one.get("months", start.months)),
        opening=_opening(one.get("opening"), start.opening),
        central=_flag(one, "central", start.central),
    )
    plan = _with_numbers(plan, given.get("set", ()))
    for text in given.get("strike", ()):
        plan = _with_strike(plan, text)
    plan.scenario()
    firm = one.get("firm", "")
    return State(
        plan,
        _month(one["month"], plan, "month", 0) if "month" in one else 0,
        named_firm(firm, plan.opening.kinds, plan.opening.date).name if firm else "",
        _choice(one, "side", SIDES), _choice(one, "tab", TABS), _flag(one, "compare", False),
        _choice(one, "lang", LANGUAGES, ""),
    )  # fmt: skip


def named_story(typed: str, known: Sequence[str]) -> str:
    """The name of a story as people write it: in any case, or its beginning up to a word's end, as "R6".

    Raises
    ------
    BadInput
        If it names none of those known, or several.
    """
    if typed in known:
        return typed
    wanted = typed.strip().casefold().replace("-", "_").replace(" ", "_")
    found = {name for name in known if wanted and f"{name.casefold()}_".startswith(f"{wanted}_")}
    if len(found) != 1:
        raise Refused("choice-unknown-story", known=", ".join(dict.fromkeys(known)), given=typed[:40])
    return found.pop()


def _is_known(base: Scenario, own: Scenario) -> bool:
    """Whether a story is the one that its name names here."""
    if base.name == own.name:
        return base == own
    return base.name in names() and load(base.name) == base


def _story(name: str | None, own: Scenario) -> Scenario:
    wanted = own.name if name is None else named_story(name, [own.name, *names()])
    return own if wanted == own.name else load(wanted)


def _opening(name: str | None, own: Opening) -> Opening:
    """One of the model's openings or the server's own: no address opens another folder of the server."""
    if name is None or name == own.name:
        return own
    if name not in openings():
        raise BadInput(f"opening must be one of {', '.join(dict.fromkeys((own.name, *openings())))}, not {shown(name)}")
    return opening_tables(name)


def _flag(given: Mapping[str, str], name: str, usual: bool) -> bool:
    return _choice(given, name, ("0", "1"), str(int(usual))) == "1"


def _choice(given: Mapping[str, str], name: str, allowed: Sequence[str], usual: str | None = None) -> str:
    value = given.get(name, allowed[0] if usual is None else usual)
    if name == "central" and value not in allowed:
        raise Refused("page-address-central", given=printable(value[:40], keep=""))
    if name in given and value not in allowed:
        raise BadInput(f"{name} must be one of {', '.join(allowed)}, not {shown(value[:40])}")
    return value


def _month(text: str, plan: Plan, name: str, least: int) -> int:
    month = month_number(text, name, plan.opening.date)
    if not least <= month <= plan.months:
        ends = f"{plan.label(least)} to {plan.label(plan.months)}"
        raise BadInput(f"{name} must be one of the months of the run, {ends}, not {shown(text)}")
    return month


def _with_numbers(plan: Plan, given: Sequence[str]) -> Plan:
    """The plan with numbers set: `NAME:VALUE` for the whole run, `NAME:VALUE:MONTH` from a month on."""
    parameters: dict[str, float] = {}
    changes: dict[str, tuple[tuple[int, float], ...]] = {}
    for text in given:
        name, *rest = text.split(":")
        if len(rest) not in (1, 2):
            raise BadInput(f"set must be NAME:VALUE or NAME:VALUE:MONTH, not {shown(text[:80])}")
        value = registry.check(name, rest[0])
        if len(rest) == 1:
            parameters[name] = value
            continue
        month, earlier = _month(rest[1], plan, f"the month from which {name} is set", 1), changes.get(name, ())
        if earlier and earlier[-1][0] >= month:
            raise BadInput(f"set of {name} must be given in the order of its months, each once, not {shown(text[:80])}")
        changes[name] = (*earlier, (month, value))
    return Plan(
        plan.base, plan.seed, plan.months, parameters, changes, opening=plan.opening, central=plan.central
    )  # fmt: skip


def _with_strike(plan: Plan, text: str) -> Plan:
    """The plan with a blow: `MONTH:EFFECT:FIRM`, or `MONTH:EFFECT:SIZE:FIRM` where the effect has a size."""
    form = "strike must be MONTH:EFFECT:FIRM or MONTH:EFFECT:SIZE:FIRM"
    when, _, rest = text.partition(":")
    effect, _, firm = rest.partition(":")
    if effect not in BY_NAME:
        raise BadInput(f"{form}, with an effect of {', '.join(BY_NAME)}, not {shown(text[:80])}")
    size: float | None = None
    if BY_NAME[effect].size:
        number, _, firm = firm.partition(":")
        try:
            size = float(number)
        except ValueError:
            raise BadInput(f"{form}: '{effect}' needs a size, which {shown(number[:40])} is not") from None
    if not firm:
        raise BadInput(f"{form}, not {shown(text[:80])}")
    return plan.with_strike(firm, effect, _month(when, plan, "the month of a strike", 1) - 1, size)


