"""`invisible-debt openings`: the dates at which the economy can be opened, what is wrong with one, how two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from abm.errors import BadInput, printable
from experiments.commands.options import Json, say_if_compiling
from experiments.screen import Screen, counted, say, say_json

if TYPE_CHECKING:
    from abm.calibration import Opening

MISTAKES = 1  # exit code where an opening has mistakes


def complete_opening(incomplete: str) -> list[str]:
    """Names of openings that begin like this, for the shell."""
    from abm.calibration import openings as names

    return [name for name in names() if name.startswith(incomplete)]


def openings(
    check: Annotated[
        str | None,
        typer.Option(
            metavar="OPENING",
            help="Explain every mistake of an opening, a name or a folder, and what is odd about it.",
            autocompletion=complete_opening,
        ),
    ] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="ONE OTHER", help="Show what differs between two openings.", autocompletion=complete_opening
        ),
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="With --check: run six months even if the model has first to be compiled.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the dates to open at, check an opening, compare two.

    With --check, the exit code is 0 if there is no mistake (what is odd is a warning), and 1 if there is one.
    """
    if check is not None and diff is not None:
        raise BadInput("give either --check or --diff")
    if run and check is None:
        raise BadInput("--run goes with --check")
    if check is not None:
        check_opening(check, run, as_json)
    elif diff is not None:
        show_differences(*diff, as_json)
    else:
        list_openings(as_json)


def list_openings(as_json: bool) -> None:
    """Print name, date, flagship and note of every opening."""
    from abm.calibration.files import DEFAULT_OPENING, opening_folder, read_files
    from abm.calibration.files import openings as names

    found = [read_files(opening_folder(name)) for name in names()]
    told = [
        {
            "name": files.name, "date": str(files.date), "facts_until": str(files.facts_until),
            "flagship": files.flagship, "note": files.note, "default": files.name == DEFAULT_OPENING,
        }
        for files in found
    ]  # fmt: skip
    if as_json:
        say_json(told)
        return
    table = Table("opening", "date", "flagship", "note", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for row in told:
        table.add_row(*(str(row[key]) for key in ("name", "date", "flagship", "note")))
    Screen().print(table)
    say(f"{DEFAULT_OPENING} is opened where none is named. How to open another: abm/calibration/OPENINGS.md")


def check_opening(name: str, run: bool, as_json: bool) -> None:
    """Print the mistakes of an opening, and what is odd about it.

    Raises
    ------
    typer.Exit
        With code 1 if there are mistakes.
    BadInput
        If there is no such opening.
    """
    from abm.calibration.files import opening_folder, read_files
    from abm.calibration.mistakes import doubts
    from abm.calibration.opening import all_mistakes, build
    from abm.calibration.plausibility import doubtful

    files = read_files(opening_folder(name))
    found = all_mistakes(files)
    warnings: list[str] = []
    left = ""
    if not found:
        opening = build(files)
        warnings = [*doubts(files), *doubtful(opening)]
        ran = _first_month(opening, run)
        warnings += ran or []
        if ran is None:
            left = "The first month was not looked at: --run compiles the model for it."
    if as_json:
        say_json({"opening": files.name, "mistakes": found, "warnings": warnings, "ran": not found and not left})
    else:
        for mistake in found:
            print(printable(mistake))  # a line each, for editors and grep
        for warning in warnings:
            print(printable(f"warning: {warning}"))
        say(f"{files.name}: {counted(len(found), 'mistake')}, {counted(len(warnings), 'warning')}. {left}".rstrip())
    if found:
        raise typer.Exit(MISTAKES)


def _first_month(opening: Opening, run: bool) -> list[str] | None:
    """What a run of six months shows; None if the model is not compiled and is not to be."""
    from abm.engine.compiled import is_compiled_already

    if not run and not is_compiled_already():
        return None
    from experiments.opening_checks import first_months

    say_if_compiling()
    return first_months(opening)


def show_differences(one: str, other: str, as_json: bool) -> None:
    """Print what differs between two openings, table by table.

    Raises
    ------
    BadInput
        If there is no such opening.
    """
    from abm.calibration.difference import differences
    from abm.calibration.files import opening_folder, read_files

    files = [read_files(opening_folder(name)) for name in (one, other)]
    found = differences(*files)
    if as_json:
        say_json([row._asdict() for row in found])
        return
    if not found:
        say(f"{one} and {other} say the same.")
        return
    say(f"- only in {one}, + only in {other}, -> from the first to the second\n")
    by_table: dict[str, list[Any]] = {}
    for row in found:
        by_table.setdefault(row.table, []).append(row)
    for name, rows in by_table.items():
        say(f": {counted(len(rows), 'difference')}", title=name)
        for row in rows:
            cell = " ".join(part for part in (row.row, row.column) if part)
            if row.one is None or row.other is None:
                told = f"{'+' if row.one is None else '-'} {cell}: {row.other or row.one}"
            else:
                told = f"  {cell}: {row.one or 'empty'} -> {row.other or 'empty'}"
            say(told, indent="  ", hang=" " * 8)
        say()
