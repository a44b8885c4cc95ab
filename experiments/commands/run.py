"""`invisible-debt run`: the main job."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from abm.errors import BadInput
from experiments.commands.options import (
    LONGEST_RUN,
    SCENARIO_HELP,
    Central,
    Jobs,
    Json,
    Opening,
    Out,
    Seed,
    Seeds,
    Settings,
    Threads,
    complete_scenario,
    draw_world,
    open_scenario,
    read_opening,
    read_settings,
    world_words,
)
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    from abm.simulation import Economy

MONTHS = 96
MOST_FAILURES = 20  # told on screen; the files hold all of them
LONGEST_NAME = 80  # characters of a folder's name that tell what was set


def run(
    scenario: Annotated[
        str, typer.Argument(help=SCENARIO_HELP, autocompletion=complete_scenario)
    ] = "baseline",
    months: Annotated[int, typer.Option(min=1, max=LONGEST_RUN, help="Months to run.")] = MONTHS,
    opening: Opening = None,
    seed: Seed = 1,
    seeds: Seeds = None,
    central: Central = False,
    settings: Settings = None,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run the economy and write the results into a folder.

    Starts from the balance sheets of an opening. The seed draws a world, that is parameters and uncertain numbers
    of the opening, and the luck of the run. The folder holds tables (Parquet), a figure (PNG) and a manifest with
    all that is needed to repeat the run.

    With --seeds N it runs N worlds, and says who fails in how many of them, what lenders lose, and the typical stories.
    """
    from abm.inputs.scenarios import load

    told = load(scenario)
    changed = read_settings(settings)
    books = read_opening(opening)
    if seeds is not None:
        from experiments.commands.run_many import run_many
        from experiments.ensemble.worlds import Question

        question = Question(told, opening or books.name, changed, months, seed, seeds, central)
        run_many(question, scenario, books, out=out, jobs=jobs, threads=threads, as_json=as_json)
        return
    if jobs is not None or threads is not None:
        raise BadInput("--jobs, --threads and --processes are for many worlds: give --seeds too")
    drawn = draw_world(books, seed, central)
    length = "" if months == MONTHS else f"-{months}months"
    luck = f"seed{seed}{'-central' if central else ''}"
    folder = out or Path("results") / f"{told.name}{from_where(books.name)}{name_of(changed)}{length}-{luck}"

    from experiments import results
    from experiments.summary import summary

    recipe = results.recipe_of(books, scenario=told, changed=changed, seed=seed, months=months, world=drawn)
    with results.run_folder(folder, recipe) as stage:
        economy = open_scenario(told, changed, seed, books, drawn)
        started = time.perf_counter()
        run_months(economy, months)
        seconds = time.perf_counter() - started
        manifest = results.write_run(economy, stage, scenario=told, changed=changed, seed=seed, months=months)
    if as_json:
        say_json({"folder": str(folder), "manifest": manifest, **summary(economy)})
        return
    with_set = "".join(f", {name} = {value:g}" for name, value in changed.items())
    span = f"{counted(months, 'month')} from {books.date} to {manifest['last_month']}"
    show(economy, f"{told.title}{with_set}: {span}, seed {seed}, in {seconds:.1f} s", world_words(drawn))
    say(f"Results in {folder}: figure.png, tables (.parquet), manifest.json")


def from_where(opening: str) -> str:
    """The opening as part of a folder's name; nothing for the usual one."""
    from abm.calibration import DEFAULT_OPENING

    return "" if opening == DEFAULT_OPENING else f"-from-{opening}"


def run_months(economy: Economy, months: int) -> None:
    """Run the months, with a bar on standard error where that is a screen."""
    screen = Screen(stderr=True)
    if not screen.is_terminal:
        economy.run(months)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("month {task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
    ) as progress:
        task = progress.add_task("running", total=months)
        economy.run(months, progress=lambda done: progress.update(task, completed=done))


def name_of(changed: Mapping[str, float]) -> str:
    """What was set, as part of a folder's name: runs that differ do not take each other's place."""
    told = "".join(f"-{name}={value!r}".removesuffix(".0") for name, value in sorted(changed.items()))
    return told if len(told) <= LONGEST_NAME else f"-changed-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def show(economy: Economy, heading: str, world: str) -> None:
    """Print in which world it was, the yearly table, and who failed, when and because of whom."""
    from abm.accounts.statement import defaults
    from experiments.summary import (
        YEARLY,
        failure_sentence,
        failures_counted,
        headings,
        legend,
        never_entered,
        number,
        yearly,
    )

    console = Screen()
    say(title=heading)
    say(world)
    say()
    table = Table(header_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("year")
    for name, unit in headings(economy):
        table.add_column(Text.assemble(f"{name}\n", (unit, "not bold")), justify="right", vertical="bottom")
    rows = yearly(economy)
    for row in rows:
        table.add_row(f"{row['year']}{'*' if row['months'] < 12 else ''}", *(number(row[x]) for x in YEARLY))
    console.print(table)
    part = "".join(f" * {counted(int(row['months']), 'month')} of {row['year']}." for row in rows if row["months"] < 12)
    say(f"{legend(economy)}{part}", style="dim")
    failures = list(defaults(economy))
    say()
    say(f"{failures_counted(failures)}{':' if failures else '.'}")
    for default in failures[:MOST_FAILURES]:
        say(failure_sentence(default, economy.opening.date), indent="  ", hang="    ")
    if len(failures) > MOST_FAILURES:
        say(f"  and {len(failures) - MOST_FAILURES} more: see defaults.parquet")
    for name in never_entered(economy):
        say(f"A shock was to strike {name}, which has not entered.")
    say()
