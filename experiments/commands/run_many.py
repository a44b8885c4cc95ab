"""`invisible-debt run --seeds`: many worlds of one scenario, told together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from abm.errors import BadInput
from experiments.commands.options import LARGEST_SEED, counted_worlds, draw_world, open_scenario, who_runs
from experiments.commands.run import MONTHS, from_where, name_of
from experiments.screen import counted, say, say_json

if TYPE_CHECKING:
    from abm.calibration import Opening
    from experiments.ensemble.worlds import Question


def run_many(
    question: Question,
    scenario: str,
    books: Opening,
    *,
    out: Path | None,
    jobs: int | None,
    threads: bool | None,
    as_json: bool,
) -> None:
    """Run the worlds, write their folder and tell what they say.

    Parameters
    ----------
    question : Question
        What is run.
    scenario : str
        The scenario as the user named it.
    books : Opening
        The central opening.
    out, jobs, threads, as_json
        The options of these names.

    Raises
    ------
    BadInput
        If a seed would be too large, or the folder must be left alone or cannot be written.
    """
    last = question.first_seed + question.seeds - 1
    if last > LARGEST_SEED:
        raise BadInput(f"--seed and --seeds: the last seed must be at most {LARGEST_SEED}, not {last}")
    folder = out or Path("results") / folder_name(question, books)

    from experiments.ensemble import results, told
    from experiments.ensemble.worlds import make
    from experiments.results import run_folder

    recipe = results.recipe(question, books)
    with run_folder(folder, recipe, results.FORMAT, results.FILES) as stage:
        # A user's mistake is told once, and the model compiled, before any worker meets them.
        drawn = draw_world(books, question.first_seed, question.central)
        open_scenario(question.scenario, question.changed, question.first_seed, books, drawn)
        with counted_worlds(question.seeds) as progress:
            made = make(question, workers=jobs, how=who_runs(threads), progress=progress)
        found = told.read(made)
        which = f"seeds {question.first_seed} to {last}"
        title = f"{question.scenario.title} ({counted(len(made.seeds), 'world')}, {which})"
        manifest = results.write(made, found, stage, title=title)
    command = words(question, scenario)
    if as_json:
        say_json({"folder": str(folder), "manifest": manifest, **told.as_data(made, found, command)})
        return
    with_set = "".join(f", {name} = {value:g}" for name, value in question.changed.items())
    span = f"{counted(question.months, 'month')} from {books.date} to {manifest['last_month']}"
    say(title=f"{question.scenario.title}{with_set}: {counted(question.seeds, 'world')} of {span}, {which}")
    differ = (
        "Parameters and opening are the central ones: luck alone differs."
        if question.central
        else "Each seed draws a world, the unknown numbers within what is believed of them, and its luck."
    )
    say(differ, style="dim")
    say()
    told.show(made, found, command)
    say(f"Results in {folder}: figure.png, tables (.parquet), manifest.json")


def folder_name(question: Question, books: Opening) -> str:
    """The folder of an ensemble for which none is given: all that is not the usual is part of its name."""
    length = "" if question.months == MONTHS else f"-{question.months}months"
    central = "-central" if question.central else ""
    seeds = f"-seeds{question.first_seed}-{question.first_seed + question.seeds - 1}"
    return f"{question.scenario.name}{from_where(books.name)}{name_of(question.changed)}{length}{central}{seeds}"


def words(question: Question, scenario: str) -> list[str]:
    """The words that run one of the worlds, but for its seed."""
    from abm.calibration import DEFAULT_OPENING
    from abm.inputs.scenarios import BASELINE

    found = ["invisible-debt", "run"]
    found += [] if scenario == BASELINE else [scenario]
    found += [] if question.months == MONTHS else ["--months", str(question.months)]
    found += [] if question.opening == DEFAULT_OPENING else ["--opening", question.opening]
    for name, value in question.changed.items():
        found += ["--set", f"{name}={value!r}".removesuffix(".0")]
    return found + (["--central"] if question.central else [])
