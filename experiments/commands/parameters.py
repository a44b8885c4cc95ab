"""`invisible-debt parameters`: every number of the model that can be set."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from experiments.commands.options import Json, complete_parameter
from experiments.screen import Screen, say, say_json, styled


def parameters(
    name: Annotated[
        str | None, typer.Argument(help="Show this one only.", autocompletion=complete_parameter)
    ] = None,
    as_json: Json = False,
) -> None:
    """List what can be set, with unit, range and source."""
    from abm.inputs.parameters import PARAMETERS, find

    chosen = PARAMETERS if name is None else (find(name),)
    if as_json:
        listed = [p._asdict() for p in chosen]
        say_json(listed if name is None else listed[0])
        return
    if name is not None:
        (p,) = chosen
        facts = Table.grid(padding=(0, 2))
        for label, text in [
            ("parameter", p.name),
            ("meaning", p.meaning),
            ("unit", p.unit),
            ("default", f"{p.default:g}"),
            ("range", f"{p.low:g} to {p.high:g}"),
            ("group", p.group),
            ("source", p.source),
        ]:
            facts.add_row(styled(label, "bold"), text)
        Screen().print(facts)
        return
    for group in dict.fromkeys(p.group for p in chosen):
        say(title=group.capitalize())
        for p in chosen:
            if p.group == group:
                say(f"{p.name} = {p.default:g}  ({p.low:g} to {p.high:g} {p.unit})", indent="  ")
                say(f"{p.meaning} [{p.source}]", indent="      ")
    say("Set one: invisible-debt run --set NAME=VALUE")
