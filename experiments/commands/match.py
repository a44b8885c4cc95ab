"""`invisible-debt match`: which draws of what is believed agree with what is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.errors import BadInput
from experiments.commands.options import (
    MOST_WORLDS,
    Jobs,
    Json,
    Out,
    Threads,
    compile_first,
    counted_worlds,
    who_runs,
    writable_page,
)
from experiments.screen import say, say_json

if TYPE_CHECKING:
    from experiments.matching.studies import Match

REPORT, TABLE, DATA = "MATCHING.md", "worlds.csv", "matching.json"


def match(
    draws: Annotated[int, typer.Option(min=100, max=MOST_WORLDS, help="Draws of what is believed, 1, 2, ...")] = 6000,
    truths: Annotated[
        int, typer.Option(min=40, max=MOST_WORLDS, help="Of these, run again with another luck and taken for truths.")
    ] = 500,
    trajectories: Annotated[
        int, typer.Option(min=2, max=1000, help="Of the screening; one is a run for every uncertain number.")
    ] = 4,
    jobs: Jobs = None,
    threads: Threads = None,
    out: Out = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report (MATCHING.md) to this file as well.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the kept draws (worlds.csv) to this file as well.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the worlds that agree with what is known, from which seeds then draw.

    Draws of all uncertain numbers are run through the year that is known and eight years ahead, held against what
    happened, against forecasts and default rates, and kept if they are no further off than worlds whose truth is known.
    History matching, with tests on such truths, a screening of what matters, and what the data do not tell.

    Stopped, the same command goes on where it was: the folder holds the runs (draws, again, screening; see
    invisible-debt open), the report (MATCHING.md), the kept draws (worlds.csv) and all findings (matching.json).
    """
    from experiments.files import new_files
    from experiments.matching import page as told
    from experiments.matching import studies

    if truths > draws:
        raise BadInput(f"--truths must be at most --draws ({draws}), not {truths}")
    writable_page(page)
    writable_page(table)
    folder = out or Path("results") / f"match-{draws}"
    compile_first()
    total = draws + truths + trajectories * (len(studies.numbers()) + 1)
    before = {"draws": 0, "again": draws, "screening": draws + truths}
    with counted_worlds(total) as progress:
        found = studies.match(
            draws, truths, trajectories, folder, workers=jobs, how=who_runs(threads),
            progress=lambda name, done, _: progress(before[name] + done),
        )  # fmt: skip
    text, kept, data = told.markdown(found), told.table(found), told.as_data(found)
    files = {folder / REPORT: text, folder / TABLE: kept, folder / DATA: json.dumps(data, indent=1) + "\n"}
    files |= {file: content for file, content in ((page, text), (table, kept)) if file is not None}
    with new_files(list(files)) as places:
        for place, content in zip(places, files.values(), strict=True):
            place.write_text(content, encoding="utf-8")
    if as_json:
        say_json({"folder": str(folder), **data})
        return
    show(found)
    say(f"Results in {folder}: {REPORT}, {TABLE}, {DATA}")


def show(found: Match) -> None:
    """Print what was found."""
    from experiments.matching import page as told

    say(title=told.TITLE)
    for sentence in told.glance(found):
        say(sentence.removeprefix("- ").replace("**", ""), hang="  ")
    say()
