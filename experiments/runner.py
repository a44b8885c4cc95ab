"""From a study to its results: batches handed out, rows kept as they come, everything resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from abm.engine.ahead import processors
from abm.errors import BadInput, InvisibleDebtError
from experiments.crew import PATIENCE, Cluster, ClusterLost
from experiments.execution import Recipe
from experiments.pools import Pool, Processes, Threads
from experiments.screen import Screen, counted
from experiments.store import Results, Store, Tell, finished_already, keep_text, open_store, read
from experiments.study import ECONOMY, Study
from experiments.work import Made

Progress = Callable[[int, int, int], None]  # runs done, of which failed, of how many
How = Literal["auto", "threads", "processes"]
FEW = 4  # workers up to which threads share one interpreter without waiting for each other
BATCH_SECONDS = 3.0  # of work in a batch, and all that is lost when a worker dies
WORKERS_A_SECOND = 200.0  # workers for which a batch is a second longer
MOST_IN_BATCH = 4096  # runs
SECONDS_A_MONTH = 0.004  # what a month of the economy takes on a usual processor, about


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
    retry_failed: bool = False,
    patience: float = PATIENCE,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> Results:
    """Make all runs of a study that are not there yet, or not as they were written.

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
        not wait for each other where many of them run Python, as a replaced rule in plain Python does. Only
        processes can hold a run to the study's `timeout` and `memory`.
    cluster : str, optional
        Address of a Dask scheduler whose workers make them instead.
    failures : "keep going", "stop" or int, optional
        After how many failed runs to stop; what the study says by default.
    retry_failed : bool
        Whether to make runs again that failed.
    patience : float
        Seconds for which a cluster may have no workers.
    progress : callable, optional
        Called with the runs done, how many of them failed, and how many there are.
    tell : callable, optional
        Called with a sentence where something is worth knowing: damaged files, lost workers, nothing to do. By
        default they go to standard error.

    Returns
    -------
    Results

    Raises
    ------
    BadInput
        If the folder holds something else or cannot be written, or the study names what does not exist.
    Damaged
        If the manifest of the folder is not as it was written.
    ClusterLost
        If the scheduler is gone, or there are no workers for too long; what is done is kept.
    TooManyFailures
        If the policy says to stop.
    Interrupted
        At Ctrl-C.
    """
    folder = Path(out)
    if workers is not None and workers < 1:
        raise BadInput(f"workers must be at least 1, not {workers}")
    tell = tell or (lambda sentence: Screen(stderr=True).print(sentence))
    manifest = finished_already(study, folder)
    if manifest is not None and not (retry_failed and manifest["failures"]):
        keep_text(study, folder)
        tell(f"{folder} is finished: nothing to do")
        return read(folder)
    limit = most_failures(study.failures if failures is None else failures)
    with open_store(study, folder, retry=retry_failed, tell=tell) as store:
        size = workers or processors()
        if how == "auto":
            plain = study.model == ECONOMY and not store.recipe.rules and not store.recipe.limited
            how = "threads" if plain and size <= FEW else "processes"
        kept = f"{store.plan.runs} {'run is' if store.plan.runs == 1 else 'runs are'} kept in {folder}"
        try:
            _stop_at(store, limit)
            store.begin(cluster or f"{size} {how}")
            try:
                if not store.finished:
                    with _pool(store, size, how, cluster, patience, tell) as pool:
                        _make(store, pool, limit, progress)
            finally:
                store.end()
        except KeyboardInterrupt:
            raise Interrupted(f"stopped: {store.runs_done} of {kept}; the same command goes on") from None
        except ClusterLost as lost:
            raise ClusterLost(f"{lost}; {store.runs_done} of {kept}; the same command goes on") from None
        except OSError as error:  # a file taken away meanwhile, no process or memory to be had
            raise BadInput(f"stopped ({error}): {store.runs_done} of {kept}; the same command goes on") from error
    return read(folder)


def most_failures(policy: Literal["keep going", "stop"] | int) -> float:
    """Number of failures at which a sweep stops, infinite if it keeps going."""
    return {"keep going": float("inf"), "stop": 1.0}[policy] if isinstance(policy, str) else float(policy)


class Pace:
    """How many runs make a batch: so many that they take a few seconds, by the time of those made before.

    Parameters
    ----------
    seconds : float or None
        What a run is thought to take before one is made; None if nobody knows.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._last = 1

    def heard(self, made: Made) -> None:
        """Learn from a finished batch."""
        found = max(made.seconds / made.runs, 1e-6)
        self._seconds = found if self._seconds is None else 0.7 * self._seconds + 0.3 * found
        self._last = max(self._last, made.runs)

    def runs(self, left: int, workers: int) -> int:
        """Runs of the next batch, of so many that are left to so many workers.

        A batch is at most four times the largest so far, and small enough that all workers have some to the end. More
        workers get longer ones, for one process hears of all of them.
        """
        if self._seconds is None:
            return 1
        wanted = (BATCH_SECONDS + workers / WORKERS_A_SECOND) / self._seconds
        fair = -(-left // (2 * max(workers, 1)))
        return max(1, min(int(wanted), fair, 4 * self._last, MOST_IN_BATCH))


def _make(store: Store, pool: Pool, limit: float, progress: Progress | None) -> None:
    """Hand out what is missing and keep what comes back."""
    pace = Pace(SECONDS_A_MONTH * store.recipe.months if store.recipe.model == ECONOMY else None)

    def tell() -> None:
        if progress is not None:
            progress(store.runs_done, store.failures, store.plan.runs)

    tell()
    while True:
        while pool.room > 0 and (item := store.next(pace.runs(store.left, pool.size))) is not None:
            pool.submit(item)
        if store.finished:
            return
        receipt = pool.wait()
        if isinstance(receipt, Made):
            store.add(receipt)
            pace.heard(receipt)
            tell()
            _stop_at(store, limit)
        elif receipt is not None:
            store.closed(receipt)


def _stop_at(store: Store, limit: float) -> None:
    """Stop if as many runs have failed as the policy allows."""
    if store.failures >= limit:
        first = read(store.folder).failures.iloc[0]
        raise TooManyFailures(
            f"stopped after {counted(store.failures, 'failed run')}; run {first['run']}:"
            f" {first['error']}: {first['message']} ({counted(store.runs_done, 'run')} kept;"
            f" see: invisible-debt open {store.folder})"
        )


@contextmanager
def _pool(store: Store, workers: int, how: How, cluster: str | None, patience: float, tell: Tell) -> Iterator[Pool]:
    """Those who make the runs, dismissed at the end."""
    pool: Pool
    recipe = store.recipe
    if cluster is not None:
        pool = Cluster(recipe, cluster, store.post, patience=patience, tell=tell)
    else:
        if recipe.model == ECONOMY:
            compile_once(recipe)
        kind = Threads if how == "threads" else Processes
        pool = kind(recipe, workers, store.post)
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
