"""`invisible-debt parameters`: every number of the model that can be set."""

from __future__ import annotations

import json
import textwrap
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from experiments.commands.options import Json, complete_parameter


def parameters(
    name: Annotated[
        str | None, typer.Argument(help="Show this one only.", autocompletion=complete_parameter)
    ] = None,
    as_json: Json = False,
) -> None:
    """List what can be set, with unit, range and source."""
    from abm.parameters import PARAMETERS, find

    chosen = PARAMETERS if name is None else (find(name),)
    if as_json:
        listed = [p._asdict() for p in chosen]
        print(json.dumps(listed if name is None else listed[0], indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
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
            facts.add_row(f"[bold]{label}[/]", text)
        console.print(facts)
        return
    for group in dict.fromkeys(p.group for p in chosen):
        console.print(f"[bold]{group.capitalize()}[/]")
        for p in chosen:
            if p.group == group:
                print(f"  {p.name} = {p.default:g}  ({p.low:g} to {p.high:g} {p.unit})")
                for line in textwrap.wrap(f"{p.meaning} [{p.source}]", width=console.width - 6):
                    print(f"      {line}")
    print("Set one: invisible-debt run --set NAME=VALUE")
