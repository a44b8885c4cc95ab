"""`invisible-debt scenarios`: what stories there are to run, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from abm.errors import BadInput, printable
from experiments.commands.options import Json, Opening, read_opening
from experiments.screen import Screen, counted, say, say_json, styled


def scenarios(
    check: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Explain every mistake of a scenario file, or by name.")
    ] = None,
    opening: Opening = None,
    as_json: Json = False,
) -> None:
    """List the scenarios, or check a scenario file.

    With --check, the exit code is 0 if the file is right and 2 if it has mistakes. Firms and dates are checked against
    the opening.
    """
    if check:
        check_files(check, opening, as_json)
        return
    from abm.inputs.scenarios import load, names

    found = [load(name) for name in names()]
    if as_json:
        fields = {"name", "title", "story", "digest", "outcome", "direction", "parameters"}
        say_json([s.model_dump(include=fields) for s in found])
        return
    table = Table("scenario", "story", box=None, padding=(0, 2, 1, 0), header_style="bold")
    for scenario in found:
        story = " ".join(scenario.story.split())
        table.add_row(scenario.name, Text.assemble(styled(f"{scenario.title}\n", "bold"), story))
    Screen().print(table)
    say("Run one: invisible-debt run NAME. A TOML file of your own runs by its path.")


def check_files(paths: list[Path], opening: str | None, as_json: bool) -> None:
    """Print the mistakes of scenario files that are to be run from this opening.

    Raises
    ------
    BadInput
        If there are any.
    """
    from abm.inputs.scenarios import FOLDER, check_file, names

    books = read_opening(opening)
    found = {}
    for path in paths:
        file = FOLDER / f"{path}.toml" if str(path) in names() and not path.exists() else path
        found[str(path)] = check_file(file, books.kinds, books.date, books.owners)
    if as_json:
        say_json(found)
    for name, mistakes in found.items():
        for mistake in mistakes if not as_json else ():
            print(printable(f"{name}, {mistake}"))  # a line each, for editors and grep
        if not mistakes and not as_json:
            say(f"{name}: no mistake")
    count = sum(len(mistakes) for mistakes in found.values())
    if count:
        raise BadInput(f"{counted(count, 'mistake')} found")
