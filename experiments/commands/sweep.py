"""`invisible-debt sweep`: all runs of a study."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from abm.errors import BadInput, printable, shown
from experiments.commands.options import Json, say_if_compiling, who_runs
from experiments.progress import Bars, Lines
from experiments.screen import counted, say, say_json

if TYPE_CHECKING:
    from experiments.reasons import Reason


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
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Make runs again that failed before.")] = False,
    patience: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, max=1e6, help="How long a cluster may have no workers.")
    ] = 600.0,
    as_json: Json = False,
) -> None:
    """Make all runs of a study file; go on where it was stopped.

    Whatever stops it, the same command goes on with what is missing, makes again what is damaged, and the results
    are the same bytes. A run that fails is a row of the table `failures`; the exit code is 1 if there are any.
    """
    from experiments.finished import known_finished

    policy = read_policy(failures)
    folder = out or Path("results") / study.stem
    manifest = known_finished(study, folder)
    if manifest is not None:  # without loading the engine
        if not as_json:
            say(f"{folder} is finished: nothing to do")
        _tell(folder, manifest, [], as_json)
        return

    from experiments.reasons import reasons
    from experiments.runner import sweep as make
    from experiments.study import ECONOMY, load

    told = load(study)
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
            retry_failed=retry_failed,
            patience=patience,
            progress=bar.update,
            tell=_remark if as_json else say,
        )
    failed = reasons(results.failures) if results.manifest["failures"] else []
    _tell(folder, results.manifest, failed, as_json)
    if failed:
        raise typer.Exit(1)


def _remark(sentence: str) -> None:
    """Say something beside what is printed for other programs."""
    print(printable(sentence), file=sys.stderr, flush=True)


def _tell(folder: Path, manifest: dict[str, Any], failed: list[Reason], as_json: bool) -> None:
    """Say what there is in the end."""
    if as_json:
        reasons = [reason.as_dict() for reason in failed]
        say_json({"folder": str(folder), "manifest": manifest, "failures": reasons})
        return
    study = manifest["study"]
    runs, points = counted(manifest["runs"], "run"), counted(manifest["points"], "point")
    say(f"{' '.join((study['title'] or study['name']).split())}: {runs} at {points}, {manifest['failures']} failed")
    if failed:
        from experiments.reasons import told

        for sentence in told(failed, folder):
            say(sentence, hang="  ")
        say(
            "--retry-failed makes them again with the same functions; a study whose functions were changed is another"
            " one, and needs another --out."
        )
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
