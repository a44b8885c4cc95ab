"""`invisible-debt hindcast`: an opening of the past, run and scored against what happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from experiments.commands.options import (
    Jobs,
    Json,
    Out,
    Threads,
    Worlds,
    compile_first,
    complete_opening,
    counted_worlds,
    who_runs,
    write_texts,
)
from experiments.screen import Screen, counted, say, say_json, styled

if TYPE_CHECKING:
    from experiments.hindcast import Verdict

FORMAT = "invisible-debt hindcast 1"
REPORT, PAGE, READINGS, WORLDS = "HINDCAST.md", "hindcast.html", "readings.json", "worlds.parquet"


def hindcast(
    opening: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", autocompletion=complete_opening,
            help="Opening with targets (see: invisible-debt openings), or a folder of your own; if left out, the newest"
            " of the model's that has targets.",
        ),
    ] = None,
    seeds: Worlds = 200,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict/--informed", help="Parameters set from what was known at the opening, or as they are today."
        ),
    ] = True,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run an opening of the past and score it against what happened.

    The folder holds the report (HINDCAST.md), the same as a page (hindcast.html), the scores (readings.json),
    what every world says (worlds.parquet) and what was run (manifest.json).
    """
    from abm.calibration import openings
    from experiments import hindcast as logic
    from experiments import hindcast_page as told
    from experiments.folders import MANIFEST, new_folder, same_recipe

    opening = opening or logic.newest_asked()
    question = logic.read_question(opening)
    variant = "strict" if strict else "informed"
    folder = out or Path("results") / f"hindcast-{question.opening}-{variant}-{seeds}"
    recipe = {"opening": question.opening, "variant": variant, "worlds": seeds}
    if opening not in openings():  # a folder of the user's own may have changed
        recipe |= logic.origin(opening)
        del recipe["code"]

    def may_replace(there: Path) -> None:
        same_recipe(there, FORMAT, recipe)

    with new_folder(folder, may_replace) as stage:
        compile_first(opening)
        with counted_worlds(seeds) as progress:
            ensemble = logic.run_ensemble(
                opening, seeds, strict, workers=jobs, how=who_runs(threads), progress=progress
            )
        verdict = logic.judge(question, ensemble)
        data = told.as_data(verdict, ensemble, strict)
        _write_worlds(ensemble.table, stage / WORLDS)
        about = {key: data[key] for key in ("opening", "variant", "worlds", "digest")}
        manifest = {"format": FORMAT, **about, **logic.origin(opening)}
        report, page = (told_as(verdict, ensemble, opening, strict) for told_as in (told.markdown, told.page))
        write_texts(stage, {REPORT: report, PAGE: page}, {READINGS: data, MANIFEST: manifest})
    if as_json:
        say_json({"folder": str(folder), **data})
        return
    show(verdict)
    if ensemble.failures:
        say(f"{len(ensemble.failures)} of {counted(seeds, 'world')} failed; the first: {ensemble.failures[0]}")
    say(f"Results in {folder}: {REPORT}, {PAGE}, {READINGS}, {WORLDS}")


def _write_worlds(table: object, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def show(verdict: Verdict) -> None:
    """Print the pass marks and the independent targets."""
    from experiments.hindcast_page import calibration, skill_rows

    screen = Screen()
    say(title=f"The year after {verdict.question.opening}, run from its books")
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("asked", "found", ""):
        table.add_column(heading)
    for mark in verdict.marks():
        table.add_row(mark.asked, mark.found, styled("met" if mark.met else "missed", "green" if mark.met else "red"))
    screen.print(table)
    say()
    skills = ", ".join(f"{what} ({name}) {skill}" for name, what, skill in skill_rows(verdict))
    say(f"Skill of the independent targets: {skills}.")
    say(calibration(verdict))
