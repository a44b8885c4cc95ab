"""`invisible-debt brief`: one page a board can read."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from abm.errors import BadInput
from experiments.commands.options import (
    LARGEST_SEED,
    LONGEST_RUN,
    MOST_SEEDS,
    Jobs,
    Json,
    Opening,
    Out,
    Seed,
    compile_first,
    complete_scenario,
    counted_worlds,
    read_opening,
)
from experiments.screen import counted, say, say_json

PAGE = "brief.html"
WORLDS = 100
MONTHS = 96
FEWEST = 20  # worlds: of fewer nothing is said of the worst ones


def brief(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SCENARIO]...", help="Stories to answer; all risks R1 to R6 and hopes H1 to H4 if left out.",
            autocompletion=complete_scenario,
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=FEWEST, max=MOST_SEEDS, help="Worlds of every story.")] = WORLDS,
    seed: Seed = 1,
    months: Annotated[int, typer.Option(min=24, max=LONGEST_RUN, help="Months to run.")] = MONTHS,
    opening: Opening = None,
    jobs: Jobs = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Answer the founding document point by point, on one page.

    Runs the baseline, the stories and every policy lever (under the first story) in the same worlds. Whatever stops
    it, the same command goes on. The folder holds brief.html, numbers.csv (every number with its interval and
    command) and the runs of two studies.
    """
    from abm.inputs.scenarios import load
    from experiments.brief.numbers import Number, Numbers, option, told
    from experiments.brief.page import TABLE, html, sentences
    from experiments.brief.studies import BASELINE, asked, lenders, studies
    from experiments.files import new_files
    from experiments.runner import sweep

    if seed + seeds - 1 > LARGEST_SEED:
        raise BadInput(f"--seed and --seeds: the last seed must be at most {LARGEST_SEED}, not {seed + seeds - 1}")
    books = read_opening(opening)
    names = asked(scenarios or [])
    wanted = [load(name) for name in names]
    made = studies(names, books, opened=opening or books.name, seeds=seeds, seed=seed, months=months)
    folder = out or Path("results") / _name(names, bool(scenarios), seeds, seed, months, option(books))
    command = _command(scenarios or (), seeds, seed, months, option(books))
    compile_first(opening)
    runs = seeds * (len(names) + 1 + len(made["levers"].policies) + 1)
    if not as_json:
        say(f"{counted(runs, 'run')}, in {counted(seeds, 'world')}: some minutes on two processors.")
    results = {}
    with counted_worlds(runs) as progress:
        before = 0
        for kind, study in made.items():

            def heard(done: int, failed: int, of: int, before: int = before) -> None:
                progress(before + done)

            results[kind] = sweep(study, folder / kind, workers=jobs, progress=heard, tell=lambda _: None)
            before += int(results[kind].manifest["runs"])
    target = names[0] if names else BASELINE
    usual = f"{_unusual(seed, months)}{option(books)}"

    def of_story(name: str) -> str:
        return f"invisible-debt run {name} --seeds {seeds}{usual}"

    def of_lever(name: str) -> str:
        changed = made["levers"].policies.get(name, {})
        return of_story(target) + "".join(f" --set {key}={value:g}" for key, value in changed.items())

    out_of_names = lenders(books)
    stories = told(results["stories"], "scenario", of_story, out_of_names)
    levers = told(results["levers"], "policy", of_lever, out_of_names)
    numbers = Numbers(stories, levers, books)
    if as_json:
        say_json({"folder": str(folder), "command": command, "numbers": [n._asdict() for n in numbers.by_id.values()]})
    with new_files([folder / PAGE, folder / TABLE]) as (page, table):
        page.write_text(html(numbers, books, wanted, command), encoding="utf-8")
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(Number._fields)
            writer.writerows(numbers.by_id.values())
    if not as_json:
        for sentence in sentences(numbers, books, wanted):
            say(sentence, hang="  ")
        say(f"Written: {folder / PAGE}, {folder / TABLE}; the runs: invisible-debt open {folder / 'stories'}")


def _unusual(seed: int, months: int) -> str:
    """The options of a command that are not the usual ones."""
    return (f" --seed {seed}" if seed != 1 else "") + (f" --months {months}" if months != MONTHS else "")


def _name(names: Sequence[str], chosen: bool, seeds: int, seed: int, months: int, opening: str) -> str:
    """The folder of a brief: what is asked, if it is not all, and what is unusual about it."""
    told = "".join(f"-{name}" for name in names) if chosen else ""
    told += f"-{months}months" if months != MONTHS else ""
    return f"brief{told}{opening.replace(' --opening ', '-from-').replace('/', '_')}-seeds{seed}-{seed + seeds - 1}"


def _command(scenarios: Sequence[str], seeds: int, seed: int, months: int, opening: str) -> str:
    """What makes the page again."""
    words = ["invisible-debt", "brief", *scenarios, "--seeds", str(seeds)]
    return f"{shlex.join(words)}{_unusual(seed, months)}{opening}"
