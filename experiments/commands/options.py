"""Arguments and options that several commands share, and what they mean."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import BadInput, shown
from experiments.screen import Screen, counted, say

if TYPE_CHECKING:
    from abm.calibration import Opening as Tables
    from abm.calibration.worlds import World
    from abm.inputs.scenarios import Scenario
    from abm.simulation import Economy
    from experiments.runner import How

LARGEST_SEED = 2**62 - 1
MOST_WORLDS = 100_000
LONGEST_RUN = 1200
MOST_NAMED = 5  # runs that ended in an error, on screen


def complete_scenario(incomplete: str) -> list[str]:
    """Names of scenarios that begin like this, for the shell."""
    from abm.inputs.scenarios import names

    return [name for name in names() if name.startswith(incomplete)]


def complete_parameter(incomplete: str) -> list[str]:
    """Names of parameters that begin like this, for the shell."""
    from abm.inputs.parameters import BY_NAME

    return [name for name in BY_NAME if name.startswith(incomplete)]


def complete_setting(incomplete: str) -> list[str]:
    """The same, ready for a value."""
    return [f"{name}=" for name in complete_parameter(incomplete)]


def complete_opening(incomplete: str) -> list[str]:
    """Names of openings that begin like this, for the shell."""
    from abm.calibration import openings

    return [name for name in openings() if name.startswith(incomplete)]


MONTH_HELP = "End of which month: 2027-06, or months since the opening."
SCENARIO_HELP = "Name of a scenario (see: invisible-debt scenarios) or path of a scenario file."
Seed = Annotated[
    int, typer.Option(min=0, max=LARGEST_SEED, help="Seed: it draws the world (parameters and opening) and the luck.")
]
Central = Annotated[
    bool,
    typer.Option(
        "--central", help="Draw no world: parameters and opening at the middle of their ranges, only luck by the seed."
    ),
]
Opening = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_opening,
        help="Balance sheets to start from: a name such as 2024-12-31, or a folder of your own; if left out, the one"
        " that 'invisible-debt openings' names for that.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        autocompletion=complete_setting,
        help="Change a parameter; may be repeated (see: invisible-debt parameters).",
    ),
]
Worlds = Annotated[int, typer.Option(min=2, max=MOST_WORLDS, help="Worlds to run, with seeds 1, 2, ...")]
MOST_SEEDS = 10_000  # of one scenario on screen: more are a sweep
Seeds = Annotated[
    int | None,
    typer.Option(
        min=2, max=MOST_SEEDS, help="Run so many worlds, the first with the seed of --seed, and tell them together."
    ),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, max=4096, help="Worlds run side by side; one a processor if left out.")
]
Threads = Annotated[
    bool | None, typer.Option("--threads/--processes", help="Who runs them; chosen by their number if left out.")
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for the results; if left out, one in results/ named by what is run."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of text.")]


def writable_page(page: Path | None) -> None:
    """Make sure that the file of `--page` can be one.

    Raises
    ------
    BadInput
        If it is a folder, or lies in none.
    """
    if page is not None and (page.is_dir() or not page.absolute().parent.is_dir()):
        raise BadInput(f"--page: {page} is a folder, or lies in none")


def who_runs(threads: bool | None) -> How:
    """Who makes the runs by `--threads` or `--processes`."""
    return "auto" if threads is None else "threads" if threads else "processes"


@contextmanager
def counted_worlds(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, or lines where that is no screen, told how many worlds are done."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    from experiments.progress import Bars, Lines

    lines = Lines("worlds")
    with Bars(
        TextColumn("worlds: {task.completed:.0f} of {task.total:.0f}"), BarColumn(), TimeRemainingColumn(),
        transient=True,
    ) as progress:  # fmt: skip
        bar = progress.add_task("", total=total)

        def update(done: int) -> None:
            progress.update(bar, completed=done)
            lines.update(done, total)

        yield update


def read_settings(settings: Sequence[str] | None) -> dict[str, float]:
    """Parameters of `--set name=value`.

    Raises
    ------
    BadInput
        If an entry has no '=', a name is unknown or given twice, or a value is no number or out of range.
    """
    from abm.inputs import parameters

    changed: dict[str, float] = {}
    for entry in settings or ():
        name, equals, value = entry.partition("=")
        name = name.strip()
        if not equals:
            raise BadInput(f"--set needs name=value, not {shown(entry)}")
        if name in changed:
            raise BadInput(f"parameter '{name}' is set twice")
        changed[name] = parameters.check(name, value.strip())
    return changed


def read_opening(name: str | None) -> Tables:
    """The opening of `--opening`; `DEFAULT_OPENING` if left out.

    Raises
    ------
    BadInput
        If there is no such opening, with the nearest names, or its tables have a mistake.
    """
    from abm.calibration import DEFAULT_OPENING, opening_tables

    return opening_tables(DEFAULT_OPENING if name is None else name)


def known_firm(name: str, opening: Tables) -> str:
    """The name of a firm that is there at the opening or may enter, as the model writes it.

    Raises
    ------
    BadInput
        If there is none, with the nearest name and where all are listed.
    """
    from abm.inputs.firm_names import named_firm

    try:
        return named_firm(name, opening.kinds, opening.date).name
    except BadInput as error:
        raise BadInput(f"{error} (see: invisible-debt inspect opening)") from None


def has_entered(name: str, economy: Economy) -> None:
    """Make sure that a firm is there by now.

    Raises
    ------
    BadInput
        If it has not entered.
    """
    if name not in economy.names:
        raise BadInput(f"{name} has not entered by the end of {economy.label} in this run; a later --month may have it")


def say_if_compiling() -> bool:
    """Say on standard error that the model has first to be compiled, if it has; whether it said so."""
    from abm.engine.compiled import is_compiled_already

    if is_compiled_already():
        return False
    print("Compiling the model, once: this takes a minute or two, later runs start at once.", file=sys.stderr)
    return True


def compile_first(opening: str | Path | None = None) -> None:
    """Compile the model, and say so, if that is not done already: before any worker meets it."""
    if not say_if_compiling():
        return
    from abm.calibration import DEFAULT_OPENING
    from abm.simulation import open_economy

    open_economy(opening=opening or DEFAULT_OPENING, central=True).run(1)


def write_texts(folder: Path, texts: Mapping[str, str], data: Mapping[str, Any]) -> None:
    """Write texts, and data as JSON, into a folder, by name of the file."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, told in data.items():
        (folder / name).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def say_failures(failures: Sequence[str], report: str) -> None:
    """Say which runs ended in an error, the first `MOST_NAMED` of them; the report names all."""
    if failures:
        say(f"{counted(len(failures), 'run')} ended in an error, all named in {report}:")
        for sentence in failures[:MOST_NAMED]:
            say(f"  {sentence}")


def draw_world(books: Tables, seed: int, central: bool) -> World | None:
    """The world that a seed draws from the opening of these books; None for the central one.

    Raises
    ------
    BadInput
        If what the opening says of its ranges has a mistake.
    """
    from abm.calibration.worlds import world

    return None if central else world(seed, books.origin)


def world_words(drawn: World | None) -> str:
    """Which world a run is in, in a sentence for the screen."""
    if drawn is None:
        return "Central: parameters and opening at the middle of every range; without --central the seed draws them."
    return f"World {drawn.seed}: parameters and opening drawn by the seed; --central takes the middle of every range."


def open_scenario(
    scenario: Scenario, changed: Mapping[str, float], seed: int, books: Tables, drawn: World | None
) -> Economy:
    """The economy at its opening, ready to run; says so if the model has first to be compiled.

    Parameters
    ----------
    books : Opening
        The central tables.
    drawn : World or None
        See `draw_world`.
    """
    from abm.simulation import open_economy

    def opened() -> Economy:
        where: Tables | World = books if drawn is None else drawn
        return open_economy(scenario, parameters=changed, seed=seed, opening=where, central=drawn is None)

    if not say_if_compiling():
        return opened()
    with Screen(stderr=True).status("compiling"):
        return opened()
