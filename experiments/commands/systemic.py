"""`invisible-debt systemic`: which firms matter most to the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, TextColumn
from rich.table import Table

from abm.inputs.dates import month_number
from experiments.commands.inspect import BASELINE
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
    open_scenario,
    read_opening,
    read_settings,
    world_words,
)
from experiments.progress import Bars
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    from experiments.systemic import Importance

SHOWN = 15  # firms on screen without --top
WIDE = 96  # characters a line from which on the kinds have room beside the numbers
LEGEND = (
    "Equity at risk (DebtRank): what all others would lose if this firm's equity were wiped out, share of all"
    " equity. Loss if it fails: what the other firms lose at once if it fails now, in loans, prepayments and shares,"
    " through those it pulls down too; times the chance that it fails within a year, as lenders see it, that is the"
    " expected loss. Carried for it: debt on others' books on its account. Score: the mean of its shares in the"
    " sums of the columns with ranks. In brackets: its rank."
)


def systemic(
    month: Annotated[str, typer.Option(help=MONTH_HELP)] = "0",
    top: Annotated[
        int | None, typer.Option(min=1, help=f"How many firms; {SHOWN} if left out, all with --json.")
    ] = None,
    scenario: Annotated[str, typer.Option(help=SCENARIO_HELP, autocompletion=complete_scenario)] = BASELINE,
    opening: Opening = None,
    seed: Seed = 1,
    central: Central = False,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Rank firms by how much the others depend on them.

    Three measures at the end of a month: DebtRank, the loss it is expected to cause, look-through debt.
    """
    books = read_opening(opening)
    at = month_number(month, "--month", books.date)
    changed = read_settings(settings)
    from abm.inputs.scenarios import load

    told = load(scenario)
    drawn = draw_world(books, seed, central)
    economy = open_scenario(told, changed, seed, books, drawn)
    if at:
        economy.run(at)
    from experiments.systemic import importance

    with Bars(TextColumn("letting one firm after the other fail"), BarColumn(), transient=True) as progress:
        task = progress.add_task("", total=1.0)
        ranked = importance(economy, progress=lambda done: progress.update(task, completed=done))
    if as_json:
        firms = [dataclasses.asdict(entry) for entry in ranked[:top]]
        about = {"opening": books.name, "scenario": told.name, "seed": seed, "central": central}
        say_json({**about, "month": economy.label, "firms": firms})
        return
    show(ranked, top or SHOWN, f"at the end of {economy.label} ({told.title}, seed {seed})")
    say(world_words(drawn), style="dim")


def show(ranked: Sequence[Importance], top: int, when: str) -> None:
    """Print the table of ranks."""
    from experiments.summary import number

    console = Screen()
    say(f" {when}\n", title="Who matters most to the others")
    kinds = console.width >= WIDE
    table = Table(box=None, header_style="dim", padding=(0, 2 if kinds else 1, 0, 0))
    for heading in (
        "", "firm", *(("kind",) if kinds else ()), "score\n%", "equity\nat risk\n%", "expected\nloss\nbn a year",
        "loss if\nit fails\nbn", "pulls\ndown\nfirms", "carried\nfor it\nbn",
    ):  # fmt: skip
        words = heading in ("firm", "kind")
        table.add_column(heading, justify="left" if words else "right", vertical="bottom", no_wrap=heading != "firm")
    for entry in ranked[:top]:
        table.add_row(
            str(entry.rank),
            entry.firm,
            *((entry.kind,) if kinds else ()),
            number(100 * entry.score),
            f"{number(100 * entry.debtrank)} {_bracket(entry.debtrank_rank)}",
            f"{number(entry.expected_loss)} {_bracket(entry.expected_loss_rank)}",
            number(entry.loss_caused),
            str(len(entry.pulls_down)),
            f"{number(entry.look_through)} {_bracket(entry.look_through_rank)}",
        )
    console.print(table)
    if len(ranked) > top:
        say(f"and {counted(len(ranked) - top, 'more firm')} (--top {len(ranked)} shows all)")
    say(f"\n{LEGEND}", style="dim")


def _bracket(rank: int | None) -> str:
    """A rank beside its number, of constant width."""
    return f"{'' if rank is None else f'({rank})':>4}"
