"""`invisible-debt reproduce`: run published results again and say which of them hold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from abm.errors import BadInput
from experiments.commands.options import Json
from experiments.folders import new_folder
from experiments.progress import Bars, Lines
from experiments.reproductions import studies
from experiments.screen import Screen, say, styled

if TYPE_CHECKING:
    from experiments.reproductions.report import Done

FOLDER = Path("results") / "reproductions"


def complete_name(incomplete: str) -> list[str]:
    """Names of studies that begin like this, for the shell."""
    return [name for name in studies.NAMES if name.startswith(incomplete)]


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Which results; without any, lists them.", autocompletion=complete_name
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them, with one report.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help=f"Folder for the report; {FOLDER} (and -NAME for single ones, -quick) if left out."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A twentieth of the draws.")] = False,
    as_json: Json = False,
) -> None:
    """Reproduce published results: what was stated, what we find, and why they differ.

    The exit code is 0 if all statements hold and 1 if some do not.
    """
    if everything and names:
        raise BadInput("name some results or give --all, not both")
    chosen = list(studies.NAMES) if everything else studies.find(names or [])
    if not chosen:
        list_studies()
        return

    from experiments.reproductions import report

    parts = [FOLDER.name, *([] if everything else chosen), *(["quick"] if quick else [])]
    folder = out or FOLDER.with_name("-".join(parts))
    with new_folder(folder, lambda there: report.may_replace(there, chosen, quick)) as stage:
        all_done = run_all(chosen, quick, Screen(stderr=True))
        report.write(all_done, stage, quick)
    if as_json:
        print(report.results_json(all_done, quick), end="")
    else:
        show(all_done, Screen(), only_failing=everything)
        say(f"Report: {folder / 'report.html'}")
    raise typer.Exit(0 if all(done.outcome.holds for done in all_done) else 1)


def run_all(chosen: Sequence[str], quick: bool, console: Screen) -> list[Done]:
    """Run studies one after the other, each on all cores, under a progress bar.

    Parameters
    ----------
    chosen : sequence of str
        Names of what to run.
    quick : bool
        A twentieth of the draws.
    console : Screen
        Where the bar is drawn.
    """
    from experiments.reproductions.report import Done
    from experiments.reproductions.study import Bench

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    done = []
    lines = Lines("reproductions")
    with Bars(*columns, console=console) as progress:
        overall = progress.add_task("reproductions", total=len(chosen))
        for name in chosen:
            task = progress.add_task(name, total=0)
            study = studies.load(name)

            def announce(tasks: int, task: TaskID = task) -> None:
                progress.update(task, total=(progress.tasks[task].total or 0) + tasks)

            def advance(tasks: int, task: TaskID = task) -> None:
                progress.advance(task, tasks)

            start = time.perf_counter()
            outcome = study.run(Bench(quick=quick, announce=announce, advance=advance))
            done.append(Done(study, outcome, time.perf_counter() - start))
            progress.advance(overall)
            lines.update(len(done), len(chosen))
    return done


def list_studies() -> None:
    """Print the names that can be given, with what they are."""
    table = Table(title="Published results that can be reproduced")
    table.add_column("name", no_wrap=True)
    for heading in ("result", "source"):
        table.add_column(heading, overflow="fold")
    for study in map(studies.load, studies.NAMES):
        table.add_row(study.name, study.title, study.source)
    Screen().print(table)
    say("Give a name, or --all.")


def show(all_done: Sequence[Done], console: Screen, only_failing: bool) -> None:
    """Print the studies' statements, a paragraph each, and one closing line a study.

    Parameters
    ----------
    all_done : sequence of Done
        What was run.
    console : Screen
        Where to.
    only_failing : bool
        Leave out the statements that hold: the report has them all.
    """
    from experiments.reproductions import report

    for done in all_done:
        rows = [row for row in done.outcome.rows if not (only_failing and row.holds)]
        if rows:
            say(f" ({done.study.name})", title=done.study.title)
            for row in rows:
                say(report.sentence(row), indent="  " if row.holds else "! ", hang="    ")
            say()
    summary = Table(title="How many statements hold", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("study", "published", "own checks", "verdict", "seconds"):
        summary.add_column(heading, overflow="fold")
    for done in all_done:
        verdict = styled("holds", "green") if done.outcome.holds else styled("does not hold", "red")
        summary.add_row(done.study.name, *report.counts(done.outcome.rows), verdict, f"{done.seconds:.1f}")
    console.print(summary)
