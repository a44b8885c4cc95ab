"""`invisible-debt reproduce`: run published results again and say which of them hold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from abm.errors import BadInput
from experiments.folders import new_folder
from experiments.reproductions import report
from experiments.reproductions.report import Done
from experiments.reproductions.studies import STUDIES, find
from experiments.reproductions.study import Bench, Study

FOLDER = Path("results") / "reproductions"
HOLDS, FAILS, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def reproduce(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which results; see the list.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them, with one report.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help=f"Folder for the report; {FOLDER} if left out (with -NAME for single ones)."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A twentieth of the draws.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Reproduce published results: what was stated, what we find, and why they differ.

    Without a name, lists them. Exit code: 0 if all statements hold, 1 if some do not, 2 for a mistake.
    """
    messages = Console(stderr=True)
    try:
        if everything and names:
            raise BadInput("name some results or give --all, not both")
        chosen = list(STUDIES) if everything else find(names or [])
        if not chosen:
            list_studies()
            return
        folder = out or (
            FOLDER if everything else FOLDER.with_name("-".join([FOLDER.name, *(s.name for s in chosen)]))
        )
        with new_folder(folder, report.may_replace) as stage:
            all_done = run_all(chosen, quick, messages)
            report.write(all_done, stage, quick)
    except BadInput as mistake:
        messages.print(f"[red]error:[/] {escape(str(mistake))}", highlight=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        messages.print("stopped; nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print(report.results_json(all_done, quick), end="")
    else:
        show(all_done, Console(), only_failing=everything)
        print(f"Report: {folder / 'report.html'}")
    raise typer.Exit(HOLDS if all(done.outcome.holds for done in all_done) else FAILS)


def run_all(studies: Sequence[Study], quick: bool, console: Console) -> list[Done]:
    """Run studies one after the other, each on all cores, under a progress bar.

    Parameters
    ----------
    studies : sequence of Study
        What to run.
    quick : bool
        A twentieth of the draws.
    console : Console
        Where the bar is drawn.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    done = []
    with Progress(*columns, console=console) as progress:
        overall = progress.add_task("reproductions", total=len(studies))
        for study in studies:
            task = progress.add_task(study.name, total=0)

            def announce(tasks: int, task: TaskID = task) -> None:
                progress.update(task, total=(progress.tasks[task].total or 0) + tasks)

            def advance(tasks: int, task: TaskID = task) -> None:
                progress.advance(task, tasks)

            start = time.perf_counter()
            outcome = study.run(Bench(quick=quick, announce=announce, advance=advance))
            done.append(Done(study, outcome, time.perf_counter() - start))
            progress.advance(overall)
    return done


def list_studies() -> None:
    """Print the names that can be given, with what they are."""
    table = Table("name", "result", "source", title="Published results that can be reproduced")
    for study in STUDIES:
        table.add_row(study.name, study.title, escape(study.source))
    Console().print(table)
    print("Give a name, or --all.")


def show(all_done: Sequence[Done], console: Console, only_failing: bool) -> None:
    """Print the studies' tables and one closing line a study.

    Parameters
    ----------
    all_done : sequence of Done
        What was run.
    console : Console
        Where to.
    only_failing : bool
        Leave out the statements that hold: the report has them all.
    """
    for done in all_done:
        rows = [row for row in done.outcome.rows if not (only_failing and row.holds)]
        if rows:
            table = Table(title=f"{done.study.title} ({done.study.name})")
            for heading in (
                "published statement",
                "published",
                "ours",
                "interval",
                "discrepancy and why",
                "holds",
            ):
                table.add_column(heading, overflow="fold")
            for row in rows:
                cells = (
                    row.statement,
                    row.published,
                    report.text_of(row.ours, 4),
                    report.interval_of(row),
                    row.why,
                )
                table.add_row(*map(escape, cells), "[green]yes[/]" if row.holds else "[red]no[/]")
            console.print(table)
    summary = Table("name", "statements that hold", "seconds", "verdict", title="Summary")
    for done in all_done:
        rows = list(done.outcome.rows)
        summary.add_row(
            done.study.name,
            f"{sum(row.holds for row in rows)} of {len(rows)}",
            f"{done.seconds:.1f}",
            "[green]holds[/]" if done.outcome.holds else "[red]does not hold[/]",
        )
    console.print(summary)
