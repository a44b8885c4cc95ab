"""`invisible-debt sweep`: all runs of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from abm.errors import BadInput, shown
from experiments.commands.options import Json, say_if_compiling, who_runs
from experiments.progress import Bars, Lines
from experiments.screen import counted, say, say_json


def read_policy(text: str | None) -> Literal["keep going", "stop"] | int | None:
    """The policy of `--failures`.

    Raises
    ------
    BadInput
        If it is neither "keep going" nor "stop" nor a number of at least 1.
    """
    if text is None:
        return None
    plain = text.replace("-", " ").strip()
    if plain == "keep going":
        return "keep going"
    if plain == "stop":
        return "stop"
    if plain.isascii() and plain.isdigit() and len(plain) < 9 and int(plain) >= 1:
        return int(plain)
    raise BadInput(f"--failures must be 'keep-going', 'stop' or a number of at least 1, not {shown(text)}")


def sweep(
    study: Annotated[Path, typer.Argument(help="Study file (TOML); see experiments/STUDIES.md.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the results; results/NAME of the study if left out."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Runs made side by side; one a processor if left out.")
    ] = None,
    threads: Annotated[
        bool | None, typer.Option("--threads/--processes", help="Who makes them; chosen by the study if left out.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster that makes the runs instead.")
    ] = None,
    failures: Annotated[
        str | None, typer.Option(metavar="POLICY", help="After failed runs: keep-going, stop, or stop after a number.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make all runs of a study file; go on where it was stopped.

    Whatever stops it, the same command goes on with what is missing, and the results are the same bytes. A run
    that fails is a row of the table `failures`.
    """
    from experiments.runner import sweep as make
    from experiments.store import finished_already
    from experiments.study import ECONOMY, load

    policy = read_policy(failures)
    told = load(study)
    folder = out or Path("results") / told.name
    if finished_already(told, folder) and not as_json:
        say(f"{folder} is finished: nothing to do")
    if told.model == ECONOMY:
        say_if_compiling()
    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("runs: {task.completed:.0f} of {task.total:.0f}{task.fields[rate]}{task.fields[failed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        transient=True,
    ) as progress:
        bar = Bar(progress)
        results = make(
            told,
            folder,
            workers=workers,
            how=who_runs(threads),
            cluster=cluster,
            failures=policy,
            progress=bar.update,
        )
    if as_json:
        say_json({"folder": str(folder), "manifest": results.manifest})
        return
    m = results.manifest
    done = f"{counted(m['runs'], 'run')} at {counted(m['points'], 'point')}, {m['failures']} failed"
    say(f"{' '.join((m['study']['title'] or told.name).split())}: {done}")
    say(f"Results in {folder}; what is in them: invisible-debt open {folder}")


class Bar:
    """A progress bar that counts runs, with their rate since it began.

    Parameters
    ----------
    progress : Bars
        Where it is drawn.
    """

    def __init__(self, progress: Bars) -> None:
        self._progress = progress
        self._lines = Lines("runs")
        self._task: TaskID | None = None
        self._before = 0

    def update(self, done: int, failed: int, total: int) -> None:
        """Move the bar, or say a line.

        Parameters
        ----------
        done, failed, total : int
            Runs that are kept, of which failed, of how many.
        """
        self._lines.update(done, total)
        if self._task is None:
            self._before = done
            self._task = self._progress.add_task("running", total=total, completed=done, rate="", failed="")
        elapsed = self._progress.tasks[0].elapsed or 0.0
        rate = f", {(done - self._before) / elapsed:.3g} a second" if done > self._before and elapsed > 0.0 else ""
        self._progress.update(self._task, completed=done, rate=rate, failed=f", {failed} failed" if failed else "")
