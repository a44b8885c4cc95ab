"""`invisible-debt parameters`: every number of the model that can be set, and what is believed about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from abm.errors import BadInput
from experiments.commands.options import Json, complete_opening, complete_parameter
from experiments.screen import Screen, say, say_json, styled

if TYPE_CHECKING:
    from abm.inputs.parameters import Parameter
    from abm.inputs.priors import Prior

LEVER = "none: it is a choice of policy makers, which no seed draws"
GROUPS = (
    ("assumptions", "Assumptions"),
    ("facts", "Facts that are estimates"),
    ("common", "Doubts that all rows of a kind share (factors)"),
)


def parameters(
    name: Annotated[
        str | None, typer.Argument(help="Show this one only.", autocompletion=complete_parameter)
    ] = None,
    opening: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            autocompletion=complete_opening,
            help="Show what is uncertain about an opening instead: the other numbers that a seed draws.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List what can be set, with unit, range and source.

    With it stands the prior from which a seed draws it, told by three points: 5 %, 50 % and 95 % of what is believed
    possible lie below them.
    """
    from abm.inputs.parameters import PARAMETERS, find
    from abm.inputs.priors import PRIORS

    if opening is not None:
        if name is not None:
            raise BadInput("give a parameter or --opening, not both")
        show_doubts(opening, as_json)
        return
    chosen = PARAMETERS if name is None else (find(name),)
    if as_json:
        listed = [{**p._asdict(), "prior": _as_data(PRIORS.get(p.name))} for p in chosen]
        say_json(listed if name is None else listed[0])
        return
    if name is not None:
        show_one(chosen[0], PRIORS.get(name))
        return
    for group in dict.fromkeys(p.group for p in chosen):
        say(title=group.capitalize())
        for p in chosen:
            if p.group == group:
                say(f"{p.name} = {p.default:g}  ({p.low:g} to {p.high:g} {p.unit})", indent="  ")
                say(f"{p.meaning} [{p.source}]", indent="      ")
                say(f"prior {_points(PRIORS.get(p.name))}", indent="      ")
    say("Set one: invisible-debt run --set NAME=VALUE. What a seed draws of an opening: --opening NAME")


def show_one(p: Parameter, prior: Prior | None) -> None:
    """Print all that is known of a parameter."""
    facts = Table.grid(padding=(0, 2))
    for label, text in [
        ("parameter", p.name),
        ("meaning", p.meaning),
        ("unit", p.unit),
        ("default", f"{p.default:g}"),
        ("range", f"{p.low:g} to {p.high:g}"),
        ("group", p.group),
        ("source", p.source),
        ("prior", _points(prior)),
    ]:
        facts.add_row(styled(label, "bold"), text)
    Screen().print(facts)


def show_doubts(opening: str, as_json: bool) -> None:
    """Print what is uncertain about an opening.

    Raises
    ------
    BadInput
        If there is no such opening, or it has a mistake.
    """
    from abm.calibration.facts import facts
    from abm.calibration.files import opening_files
    from abm.calibration.worlds import COMMON_DOUBTS, doubts_of

    files = opening_files(opening)
    found = doubts_of(files)
    common = [doubt.prior for doubt in COMMON_DOUBTS]
    listed: dict[str, Sequence[Prior]] = {"assumptions": found["assumption"], "facts": found["fact"], "common": common}
    if as_json:
        say_json({"opening": files.name, **{key: [_as_data(prior) for prior in listed[key]] for key, _ in GROUPS}})
        return
    for key, title in GROUPS:
        say(title=f"{title} of the opening {files.name}" if key != "common" else title)
        for prior in listed[key]:
            what = f" ({facts()[prior.name].entity}, {facts()[prior.name].parameter})" if key == "facts" else ""
            say(f"{prior.name}{what}: {_points(prior)}", indent="  ", hang="      ")
        if not listed[key]:
            say("none", indent="  ")
    say("Of assumptions and facts, nothing beyond the 5 % and 95 % points is drawn.")


def _points(prior: Prior | None) -> str:
    """A prior in words; of a lever, that it has none."""
    if prior is None:
        return LEVER
    points = f"5 %: {prior.low:g}, 50 %: {prior.median:g}, 95 %: {prior.high:g}"
    return f"{points} ({prior.kind}) [{prior.reason}]"


def _as_data(prior: Prior | None) -> dict[str, Any] | None:
    """A prior for a script: name, kind, low (5 %), median, high (95 %) and reason; None for a lever."""
    return None if prior is None else prior._asdict()
