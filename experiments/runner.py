"""From a study to its results: batches handed out, rows kept as they come, everything resumable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from abm.errors import BadInput, InvisibleDebtError
from experiments.execution import Recipe
from experiments.pools import Cluster, Pool, Processes, Threads
from experiments.screen import counted
from experiments.store import Results, Store, finished_already, keep_text, now, open_store, read
from experiments.study import ECONOMY, Study

Progress = Callable[[int, int, int], None]  # runs done, of which failed, of how many
How = Literal["auto", "threads", "processes"]
FEW = 4  # workers up to which threads share one interpreter without waiting for each other
QUEUED = 2  # batches a worker has: the one it makes and the next


class TooManyFailures(InvisibleDebtError):  # noqa: N818 - reads as a sentence where it is raised
    """A sweep stopped because runs failed, as its policy asked; what is done is kept."""

    exit_code = 1


class Interrupted(InvisibleDebtError):  # noqa: N818
    """A sweep stopped by Ctrl-C; what is done is kept."""

    exit_code = 130


def sweep(
    study: Study,
    out: str | Path,
    *,
    workers: int | None = None,
    how: How = "auto",
    cluster: str | None = None,
    failures: Literal["keep going", "stop"] | int | None = None,
    progress: Progress | None = None,
) -> Results:
    """Make all runs of a study that are not there yet.

    Parameters
    ----------
    study : Study
        What to run.
    out : str or Path
        Folder of the results, new or begun before with the same study and code.
    workers : int, optional
        Threads or processes; one a processor by default.
    how : "auto", "threads" or "processes"
        Who makes the runs on this machine. Threads start at once; processes outlive a crash of one of them and do
        not wait for each other where many of them run Python, as a replaced rule in plain Python does.
    cluster : str, optional
        Address of a Dask scheduler whose workers make them instead.
    failures : "keep going", "stop" or int, optional
        After how many failed runs to stop; what the study says by default.
    progress : callable, optional
        Called with the runs done, how many of them failed, and how many there are.

    Returns
    -------
    Results

    Raises
    ------
    BadInput
        If the folder holds something else or cannot be written, or the study names what does not exist.
    TooManyFailures
        If the policy says to stop.
    Interrupted
        At Ctrl-C.
    """
    folder = Path(out)
    if workers is not None and workers < 1:
        raise BadInput(f"workers must be at least 1, not {workers}")
    if finished_already(study, folder):
        keep_text(study, folder)
        return read(folder)
    limit = most_failures(study.failures if failures is None else failures)
    with open_store(study, folder) as store:
        keep_text(study, folder)
        size = workers or processors()
        if how == "auto":
            plain = study.model == ECONOMY and not store.recipe.rules
            how = "threads" if plain and size <= FEW else "processes"
        try:
            _make(store, size, how, cluster, limit, progress)
        except KeyboardInterrupt:
            kept = "run is" if store.plan.runs == 1 else "runs are"
            raise Interrupted(
                f"stopped: {store.runs_done} of {store.plan.runs} {kept} kept in {folder}; the same command goes on"
            ) from None
    return read(folder)


def most_failures(policy: Literal["keep going", "stop"] | int) -> float:
    """Number of failures at which a sweep stops, infinite if it keeps going."""
    return {"keep going": float("inf"), "stop": 1.0}[policy] if isinstance(policy, str) else float(policy)


def _make(store: Store, workers: int, how: How, cluster: str | None, limit: float, progress: Progress | None) -> None:
    """Hand out the missing batches and keep what comes back."""
    started, clock, before = now(), time.perf_counter(), store.runs_done
    told = cluster or f"{workers} {how}"
    try:
        if not store.finished:
            _stop_at(store, limit)
            with _pool(store.recipe, workers, how, cluster) as pool:
                if progress is not None:
                    progress(store.runs_done, store.failures, store.plan.runs)
                missing = store.missing()
                under_way = 0
                for batch in missing:
                    pool.submit(batch)
                    under_way += 1
                    if under_way >= QUEUED * pool.size:
                        break
                while under_way:
                    store.add(*pool.wait())
                    under_way -= 1
                    if progress is not None:
                        progress(store.runs_done, store.failures, store.plan.runs)
                    _stop_at(store, limit)
                    if (batch_next := next(missing, None)) is not None:
                        pool.submit(batch_next)
                        under_way += 1
    finally:
        seconds = round(time.perf_counter() - clock, 3)
        store.close({"started": started, "seconds": seconds, "runs": store.runs_done - before, "workers": told})


def _stop_at(store: Store, limit: float) -> None:
    """Stop if as many runs have failed as the policy allows."""
    if store.failures >= limit:
        first = read(store.folder).failures.iloc[0]
        raise TooManyFailures(
            f"stopped after {counted(store.failures, 'failed run')}; run {first['run']}:"
            f" {first['error']}: {first['message']} ({counted(store.runs_done, 'run')} kept;"
            f" see: invisible-debt open {store.folder})"
        )


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _pool(recipe: Recipe, workers: int, how: How, cluster: str | None) -> Iterator[Pool]:
    """Those who make the runs, dismissed at the end."""
    pool: Pool
    if cluster is not None:
        pool = Cluster(recipe, cluster)
    else:
        if recipe.model == ECONOMY:
            compile_once(recipe)
        pool = Threads(recipe, workers) if how == "threads" else Processes(recipe, workers)
    try:
        yield pool
    finally:
        pool.close()


def compile_once(recipe: Recipe) -> None:
    """Make sure that the compiled model is on disk before several workers look for it."""
    from abm.engine.compiled import is_compiled_already
    from abm.simulation import open_economy

    if not is_compiled_already():
        open_economy(next(iter(recipe.scenarios.values())), central=True).run(1)
