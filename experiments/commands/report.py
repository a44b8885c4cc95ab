"""`invisible-debt report`: what the runs of a study say, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import Json
from experiments.files import new_files
from experiments.screen import say, say_json

PAGE = "report.html"


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a study's results.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"Page to write; {PAGE} in the folder if left out.")
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take question, claims and [report] from this study file instead."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the report of a study on one page.

    The page is one file that loads nothing else. With --json the numbers are printed and no page is written.
    """
    from experiments.report.data import as_data
    from experiments.report.findings import find
    from experiments.report.html import glance, html
    from experiments.report.view import View
    from experiments.store import read
    from experiments.study import load

    view = View(read(folder), None if study is None else load(study))
    if as_json:
        say_json(as_data(view, find(view)))
        return
    page = folder / PAGE if out is None else out
    with new_files([page]) as (stage,):
        found = find(view)
        stage.write_text(html(view, found), encoding="utf-8")
    for sentence in glance(view, found):
        say(sentence)
    say(f"Written: {page}")
