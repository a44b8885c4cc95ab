"""`invisible-debt stress`: one firm is struck, who falls with it and who loses."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from abm.dates import month_label, month_number
from abm.errors import BadInput
from experiments.commands.inspect import BASELINE, complete_firm
from experiments.commands.options import (
    SCENARIO_HELP,
    Json,
    Seed,
    Settings,
    complete_scenario,
    open_scenario,
    read_settings,
)
from experiments.files import new_files
from experiments.screen import Screen, say, say_json

if TYPE_CHECKING:
    from experiments.systemic import Loss, Stress

MOST_FALLS = 25  # told on screen; --json has all
MOST_LOSERS = 12
WIDE = 96  # characters a line from which on columns stand two apart
SMALL = 0.005  # bn; losses below it are not told on screen


def stress(
    firm: Annotated[str, typer.Argument(help="Who is struck.", autocompletion=complete_firm)],
    loss: Annotated[
        float | None, typer.Option(metavar="X", help="It loses X bn: cash first, then assets written off.")
    ] = None,
    fails: Annotated[bool, typer.Option("--default", help="It fails (so it is without --loss).")] = False,
    month: Annotated[str, typer.Option(help="End of which month: 2027-06, or months since 2025-12-31.")] = "0",
    scenario: Annotated[str, typer.Option(help=SCENARIO_HELP, autocompletion=complete_scenario)] = BASELINE,
    seed: Seed = 1,
    settings: Settings = None,
    graphml: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tree of causes, for Gephi, yEd and others.")
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the tree of causes.")] = None,
    as_json: Json = False,
) -> None:
    """Strike one firm and show who falls with it, and who loses.

    The firm fails, or loses money, at the end of a month; one more month is run, so that what is left unpaid
    falls due. All is compared with the same month without the shock.
    """
    if fails and loss is not None:
        raise BadInput("give --loss or --default, not both")
    at = month_number(month, "--month")
    changed = read_settings(settings)
    from abm.scenarios import load

    told = load(scenario)
    with new_files([path for path in (graphml, png) if path is not None]) as stages:
        economy = open_scenario(told, changed, seed)
        if at:
            economy.run(at)
        from experiments import systemic

        found = systemic.stress(economy, firm, loss=loss)
        if graphml is not None:
            found.tree.to_graphml(stages[0])
        if png is not None:
            systemic.draw_tree(found.tree, stages[-1], title=systemic.shock_sentence(found))
    if as_json:
        say_json({"scenario": told.name, "seed": seed, **as_data(found)})
        return
    show(found, f"{told.title}, seed {seed}")
    for path in (graphml, png):
        if path is not None:
            say(f"Written: {path}")


def as_data(found: Stress) -> dict[str, Any]:
    """The same for a script; amounts in bn."""
    data = {field.name: getattr(found, field.name) for field in dataclasses.fields(found) if field.name != "tree"}
    data["month"] = month_label(found.month)
    data["falls"] = [{**dataclasses.asdict(d), "month": month_label(d.month)} for d in found.falls]
    for name in ("lenders", "others"):
        data[name] = [dataclasses.asdict(toll) for toll in getattr(found, name)]
    return data


def show(found: Stress, run: str) -> None:
    """Print who falls and who loses."""
    from experiments.summary import failure_sentence, number
    from experiments.systemic import shock_sentence

    console = Screen()
    say(f", owing {number(found.owed)} bn ({run})\n", title=shock_sentence(found))
    falls = [d for d in found.falls if not (found.lost is None and d.firm == found.firm)]
    if not falls:
        until = f"until the end of {month_label(found.month + 1)}"
        whom = "Nobody falls with it" if found.lost is None else "Nobody falls, nor does the firm itself,"
        say(f"{whom} {until}.")
    else:
        say(title="Who falls because of it")
    for d in falls[:MOST_FALLS]:
        say(f"round {d.round}, {failure_sentence(d)}", indent="  ", hang="    ")
    if len(falls) > MOST_FALLS:
        say(f"  and {len(falls) - MOST_FALLS} more (see --json)")
    if found.anyway:
        say(f"With the shock and without it: {', '.join(found.anyway)}")
    if found.spared:
        say(f"Falls only without it: {', '.join(found.spared)}")
    say()
    touched = [toll for toll in found.lenders if abs(toll.loss) >= SMALL or toll.lent or toll.lent_on_account]
    if touched:
        until = month_label(found.month + 1)
        show_losses(console, f"What lenders lose until the end of {until}, bn USD", touched, found)
    else:
        say("No lender loses, and none had lent to it or for its use.\n")
    hurt = [toll for toll in found.others if toll.loss >= SMALL]
    if hurt:
        show_losses(console, "What other firms lose, bn USD", hurt, found)
    say(
        "Loss: net worth without the shock less net worth with it, whatever way it came; below zero, a gain."
        " Lent for its use: to others, who borrowed it to serve the firm that is struck.",
        style="dim",
    )


def show_losses(console: Screen, title: str, losses: Sequence[Loss], found: Stress) -> None:
    """Print who loses how much, and for lenders what they had lent."""
    from experiments.summary import number

    lenders = any(toll.lent or toll.lent_on_account for toll in losses)
    headings = ["loss", "of its\nnet worth"]
    headings += [f"lent to\n{found.firm}", "lent for\nits use"] if lenders else []
    table = Table(box=None, header_style="dim", padding=(0, 2 if console.width >= WIDE else 1, 0, 0))
    table.add_column(overflow="fold")
    table.add_column("kind", vertical="bottom", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", vertical="bottom", min_width=8)
    table.add_column()
    for toll in losses[:MOST_LOSERS]:
        share = f"{number(100 * toll.loss / toll.net_worth)} %" if toll.net_worth > 0.0 else "–"
        cells = [number(toll.loss), share]
        cells += [number(toll.lent), number(toll.lent_on_account)] if lenders else []
        table.add_row(toll.firm, toll.kind, *cells, "falls" if toll.falls else "")
    if len(losses) > MOST_LOSERS:
        rest = losses[MOST_LOSERS:]
        table.add_row(f"{len(rest)} more", "", number(sum(toll.loss for toll in rest)))
    amounts = [number(sum(toll.loss for toll in losses)), ""]
    if lenders:
        amounts += [number(sum(toll.lent for toll in losses)), number(sum(toll.lent_on_account for toll in losses))]
    table.add_row("together", "", *amounts, "", style="bold")
    say(title=title)
    console.print(table)
    say()
