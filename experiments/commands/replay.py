"""`invisible-debt replay`: one run of a sweep once more, compared with what the sweep kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import Json
from experiments.screen import counted, say, say_json


def replay(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the sweep's results.")],
    number: Annotated[int, typer.Argument(metavar="RUN", min=0, help="Number of the run.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write all tables and the figure of the run there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one run of a sweep again and compare every byte.

    The exit code is 0 if all that the sweep kept of the run comes out the same, and 1 if not.
    """
    from experiments.replay import replay as again
    from experiments.replay import write_replayed
    from experiments.store import read

    results = read(folder)
    told = again(results, number)
    if out is not None:
        write_replayed(results, number, out)
    if as_json:
        say_json(told.as_dict())
    else:
        run = told.run
        settings = ", ".join(f"{k} = {v:g}" if isinstance(v, float) else f"{k} = {v}" for k, v in run.settings.items())
        say(f"run {run.number}: {settings or 'no factors'}; replicate {run.replicate}, seed {run.seed}")
        for name, value in told.outcomes.items():
            say(f"{name} = {value:.6g}", indent="  ")
        if told.other_code:
            say("made by another version of the program than this one")
        for name, (rows, same) in told.tables.items():
            say(f"{name}: {counted(rows, 'row')}, {'the same bytes' if same else 'DIFFERENT'}")
        say("The run is reproduced." if told.equal else "The run is NOT reproduced.")
        if out is not None:
            say(f"All of the run in {out}")
    if not told.equal:
        raise typer.Exit(1)
