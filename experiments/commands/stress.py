"""`invisible-debt stress`: one firm is struck, who falls with it and who loses."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from abm.errors import BadInput
from abm.inputs.dates import month_label, month_number
from experiments.commands.inspect import BASELINE, complete_firm
from experiments.commands.options import (
    MONTH_HELP,
    SCENARIO_HELP,
    Central,
    Json,
    Opening,
    Seed,
    Settings,
    complete_scenario,
    draw_world,
    has_entered,
    known_firm,
    open_scenario,
    read_opening,
    read_settings,
    world_words,
)
from experiments.files import new_files
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    from abm.accounts.statement import Default
    from experiments.systemic import Loss, Moved, Paths, Stress

MOST_FALLS = 25  # told on screen; --json has all
MOST_LOSERS = 12
WIDE = 96  # characters a line from which on columns stand two apart
HORIZON = 24  # months
PATHS = ("sentiment", "spot_price", "new_loans", "lender_losses")
SMALL = 0.005  # bn; losses below it are not told on screen


def stress(
    firm: Annotated[str, typer.Argument(help="Who is struck.", autocompletion=complete_firm)],
    loss: Annotated[
        float | None, typer.Option(metavar="X", help="It loses X bn: cash first, then assets written off.")
    ] = None,
    fails: Annotated[bool, typer.Option("--default", help="It fails (so it is without --loss).")] = False,
    month: Annotated[str, typer.Option(help=MONTH_HELP)] = "0",
    months: Annotated[int, typer.Option(help="How many months it is followed, 1 or more.")] = HORIZON,
    scenario: Annotated[str, typer.Option(help=SCENARIO_HELP, autocompletion=complete_scenario)] = BASELINE,
    opening: Opening = None,
    seed: Seed = 1,
    central: Central = False,
    settings: Settings = None,
    graphml: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tree of causes, for Gephi, yEd and others.")
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the tree of causes.")] = None,
    as_json: Json = False,
) -> None:
    """Strike one firm and show who falls with it, and who loses.

    The firm fails, or loses money, at the end of a month. Told are what follows at once, until what is left unpaid
    has fallen due a month later, and what follows until --months later. All is compared with the same months
    without the shock, in the same world and with the same luck.
    """
    if fails and loss is not None:
        raise BadInput("give --loss or --default, not both")
    books = read_opening(opening)
    at = month_number(month, "--month", books.date)
    changed = read_settings(settings)
    from abm.inputs.scenarios import load
    from experiments import systemic

    systemic.check_horizon(at, months, books.date)

    told = load(scenario)
    name = known_firm(firm, books)
    drawn = draw_world(books, seed, central)
    with new_files([path for path in (graphml, png) if path is not None]) as stages:
        economy = open_scenario(told, changed, seed, books, drawn)
        if at:
            economy.run(at)
        has_entered(name, economy)
        found = systemic.stress(economy, name, loss=loss, months=months)
        if graphml is not None:
            found.tree.to_graphml(stages[0])
        if png is not None:
            systemic.draw_tree(found.tree, stages[-1], title=systemic.shock_sentence(found))
    if as_json:
        say_json({"opening": books.name, "scenario": told.name, "seed": seed, "central": central, **as_data(found)})
        return
    show(found, f"{told.title}, seed {seed}")
    say(world_words(drawn), style="dim")
    for path in (graphml, png):
        if path is not None:
            say(f"Written: {path}")


def as_data(found: Stress) -> dict[str, Any]:
    """The same for a script; amounts in bn."""
    data = {
        field.name: getattr(found, field.name)
        for field in dataclasses.fields(found)
        if field.name not in ("opening", "tree")
    }
    data["month"] = month_label(found.month, found.opening)
    data["falls"] = [_labelled(d, found.opening) for d in found.falls]
    for name in ("lenders", "others"):
        data[name] = [dataclasses.asdict(toll) for toll in getattr(found, name)]
    later = found.aftermath
    data["aftermath"] = {
        "months": [month_label(found.month + k, found.opening) for k in range(1, later.months + 1)],
        "early": later.early,
        "falls": [_labelled(d, found.opening) for d in later.falls],
        "spared": [_labelled(d, found.opening) for d in later.spared],
        "moved": [_labelled(d, found.opening) for d in later.moved],
        "lenders": [dataclasses.asdict(toll) for toll in later.lenders],
        **{name: dataclasses.asdict(getattr(later, name)) for name in PATHS},
    }
    return data


def _labelled(told: Default | Moved, opening: datetime.date) -> dict[str, Any]:
    """A record with its months as users write them."""
    return {
        name: month_label(value, opening) if name.startswith("month") else value
        for name, value in dataclasses.asdict(told).items()
    }


def show(found: Stress, run: str) -> None:
    """Print who falls and who loses, at once and later."""
    from experiments.summary import failure_sentence, number, owing
    from experiments.systemic import shock_sentence

    console = Screen()
    say(f", {owing(found.owed, found.promised)} ({run})\n", title=shock_sentence(found))
    falls = [d for d in found.falls if not (found.lost is None and d.firm == found.firm)]
    if not falls:
        until = f"until the end of {month_label(found.month + 1, found.opening)}"
        whom = "Nobody falls with it" if found.lost is None else "Nobody falls, nor does the firm itself,"
        say(f"{whom} {until}.")
    else:
        say(title=f"Who falls because of it until the end of {month_label(found.month + 1, found.opening)}")
    _list([f"round {d.round}, {failure_sentence(d, found.opening)}" for d in falls])
    if found.anyway:
        say(f"With the shock and without it: {', '.join(found.anyway)}")
    if found.spared:
        say(f"Falls only without it: {', '.join(found.spared)}")
    say()
    losing = [toll for toll in found.lenders if abs(toll.loss) >= SMALL]
    sums = {
        "to it": sum(toll.lent for toll in found.lenders),
        "to others for its use": sum(toll.lent_on_account for toll in found.lenders),
    }
    lent = [f"{number(amount)} bn {whom}" for whom, amount in sums.items() if amount >= SMALL]
    until = month_label(found.month + 1, found.opening)
    if losing:
        show_losses(console, f"What lenders lose until the end of {until}, bn USD", losing)
    elif not lent:
        say("No lender loses, and none had lent to it or for its use.\n")
    else:
        say(f"No lender loses until the end of {until}.")
    if lent:
        say(f"All lenders together had lent {' and '.join(lent)}.\n")
    hurt = [toll for toll in found.others if toll.loss >= SMALL]
    if hurt:
        show_losses(console, "What other firms lose, bn USD", hurt)
    show_aftermath(console, found)
    say(
        "Falls: is wound up, goes on under a court, or pays less than it owes; who only puts off loans does not."
        " Loss: net worth without the shock less net worth with it, whatever way it came; below zero, a gain."
        " Lent to it: to the firm that is struck; for its use: to others, who borrowed it to serve that firm.",
        style="dim",
    )


def _list(sentences: Sequence[str]) -> None:
    """Print sentences one below the other, two steps in."""
    for sentence in sentences[:MOST_FALLS]:
        say(sentence, indent="  ", hang="    ")
    if len(sentences) > MOST_FALLS:
        say(f"  and {len(sentences) - MOST_FALLS} more (see --json)")


def show_aftermath(console: Screen, found: Stress) -> None:
    """Print what the shock has done by the end of the horizon, against the same months without it."""
    from experiments.summary import failure_sentence, number, told_at_all

    later = found.aftermath
    until = f"until the end of {month_label(found.month + later.months, found.opening)}"
    known = {d.firm for d in found.falls} | {found.firm}
    falls = [d for d in later.falls if d.firm not in known]
    say(f", {counted(later.months, 'month')} after it", title=f"What follows {until}")
    if later.early:
        say(
            "That is early: lost customers, cancelled orders and refused refinancing bring firms down after many"
            f" months. --months {HORIZON} looks further ahead."
        )
    if falls:
        say("Falls that would not happen without it:")
        _list([failure_sentence(d, found.opening) for d in falls])
    else:
        say("No other firm falls by then that would stand without it.")
    if later.moved:
        say("Falls either way, in another month:")
        moved = []
        for d in later.moved:
            when, alone = (month_label(month, found.opening) for month in (d.month, d.month_without))
            moved.append(f"{d.firm} ({d.kind}) in {when}, without it in {alone}")
        _list(moved)
    if later.spared:
        say("Falls that do not happen with it:")
        _list([f"{month_label(d.month, found.opening)}  {d.firm} ({d.kind})" for d in later.spared])
    say()
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column()
    nothing = []
    for heading in ("with it", "without it"):
        table.add_column(heading, justify="right")
    told: list[tuple[str, Paths, Callable[[Sequence[float]], float]]] = [
        ("credit losses of all lenders, bn", later.lender_losses, sum),
        ("new loans, bn", later.new_loans, sum),
        ("sentiment at its lowest (normal: 1)", later.sentiment, min),
        ("sentiment at the end", later.sentiment, _last),
        ("rent of a GPU at its lowest, USD/h", later.spot_price, min),
        ("rent of a GPU at the end, USD/h", later.spot_price, _last),
    ]
    for label, paths, of in told:
        both = [float(of(path)) for path in (paths.with_shock, paths.without)]
        if any(map(told_at_all, both)):
            table.add_row(label, *map(number, both))
        else:
            nothing.append(label.removesuffix(", bn"))
    say(title=f"The economy {until}")
    console.print(table)
    if nothing:
        say(f"None with it or without it: {', '.join(nothing)}.")
    say()
    hit = [x for x in later.lenders if abs(x.losses - x.losses_without) >= SMALL]
    if not hit:
        say("No lender loses more or less on its loans than without it.\n")
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column("kind", overflow="fold")
    for heading in ("with it", "without it", "difference"):
        table.add_column(heading, justify="right")
    rows = [(x.firm, x.kind, x.losses, x.losses_without) for x in hit[:MOST_LOSERS]]
    if len(hit) > MOST_LOSERS:
        rest = hit[MOST_LOSERS:]
        amounts = (sum(x.losses for x in rest), sum(x.losses_without for x in rest))
        rows.append((f"{len(rest)} more", "", *amounts))
    for firm, kind, with_it, without in rows:
        table.add_row(firm, kind, number(with_it), number(without), number(with_it - without))
    say(title=f"Credit losses {until}, bn USD")
    console.print(table)
    say()


def _last(path: Sequence[float]) -> float:
    return path[-1]


def show_losses(console: Screen, title: str, losses: Sequence[Loss]) -> None:
    """Print who loses how much, and for lenders what they had lent, where any had."""
    from experiments.summary import number

    lent = [
        (heading, name)
        for heading, name in (("lent to it", "lent"), ("lent for its use", "lent_on_account"))
        if any(getattr(toll, name) >= SMALL for toll in losses)
    ]
    headings = ["loss", "of net worth", *(heading for heading, _ in lent)]
    table = Table(box=None, header_style="dim", padding=(0, 2 if console.width >= WIDE else 1, 0, 0))
    table.add_column(overflow="fold")
    table.add_column("kind", overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right")
    if any(toll.falls for toll in losses):
        table.add_column()
    for toll in losses[:MOST_LOSERS]:
        share = f"{number(100 * toll.loss / toll.net_worth)} %" if toll.net_worth > 0.0 else "–"
        cells = [number(toll.loss), share]
        cells += [number(getattr(toll, name)) for _, name in lent]
        table.add_row(toll.firm, toll.kind, *cells, *(["falls"] if toll.falls else []))
    if len(losses) > MOST_LOSERS:
        rest = losses[MOST_LOSERS:]
        more = [number(sum(getattr(toll, name) for toll in rest)) for _, name in lent]
        table.add_row(f"{len(rest)} more", "", number(sum(toll.loss for toll in rest)), "", *more)
    amounts = [number(sum(toll.loss for toll in losses)), ""]
    amounts += [number(sum(getattr(toll, name) for toll in losses)) for _, name in lent]
    table.add_row("together", "", *amounts, style="bold")
    say(title=title)
    console.print(table)
    say()
