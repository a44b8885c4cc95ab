"""Who makes the runs: threads or processes of this machine, or the workers of a Dask cluster.

A pool takes batches and gives back their rows, in any order. A pool of processes or of a cluster loses a worker now
and then: its batch is made once more, and a run on which a second worker dies is given up as a failure.
"""

from __future__ import annotations

import collections
import multiprocessing
import multiprocessing.connection
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pyarrow as pa

from abm.errors import BadInput, InvisibleDebtError
from experiments.execution import Batch, Recipe, code_hash, perform
from experiments.files import undisturbed
from experiments.packing import pack, unpack
from experiments.study import ECONOMY

Finished = tuple[int, bytes]  # number of a batch, its packed tables
Started = Callable[[int], None]


class Pool(Protocol):
    """What a runner needs of those who make the runs."""

    size: int

    def submit(self, batch: Batch) -> None:
        """Have a batch made."""

    def wait(self) -> Finished:
        """The next batch that is finished; raises InvisibleDebtError if none can be any more."""

    def close(self) -> None:
        """Stop: what is not finished is dropped."""


# --- threads --------------------------------------------------------------------------------------------
class _Cancelled(BaseException):
    """Raised between runs in a thread whose pool is closed."""


class Threads:
    """Threads of this process: the compiled engine holds no lock, so they run side by side."""

    def __init__(self, recipe: Recipe, size: int) -> None:
        self.size = size
        self._recipe = recipe
        self._closed = threading.Event()
        self._results: queue.SimpleQueue[Finished | BaseException] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(size, "run")

    def submit(self, batch: Batch) -> None:
        """Have a batch made."""
        self._threads.submit(self._make, batch)

    def _make(self, batch: Batch) -> None:
        try:
            self._results.put((batch.number, pack(perform(self._recipe, batch, self._check))))
        except BaseException as error:
            self._results.put(error)

    def _check(self, _: int) -> None:
        if self._closed.is_set():
            raise _Cancelled

    def wait(self) -> Finished:
        """The next batch that is finished."""
        result = self._results.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def close(self) -> None:
        """Stop after the runs now being made."""
        self._closed.set()
        self._threads.shutdown(wait=True, cancel_futures=True)


# --- processes ------------------------------------------------------------------------------------------
def serve(connection: multiprocessing.connection.Connection, recipe: Recipe) -> None:
    """What a worker process does: make the batches it is sent, and say before each run which one it is.

    It ends when the other end of the connection is gone, so that no worker outlives a killed parent.
    """
    with suppress(EOFError, OSError):
        while True:
            batch = connection.recv()
            connection.send(("done", pack(perform(recipe, batch, lambda run: connection.send(("run", run))))))


@dataclass
class _Worker:
    """A worker process, the batch it has and the run it is at."""

    process: Any
    connection: multiprocessing.connection.Connection
    batch: Batch | None = None
    run: int | None = None


def _context(recipe: Recipe) -> Any:
    """How processes start: from a server that has loaded everything once, where the system can fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    engine = ["experiments.loaded_engine"] if recipe.model == ECONOMY else []
    context.set_forkserver_preload(["experiments.execution", "pandas", *engine])  # pyarrow loads pandas on first use
    return context


class Processes:
    """Processes of this machine. One that dies is replaced."""

    def __init__(self, recipe: Recipe, size: int) -> None:
        self.size = size
        self._recipe = recipe
        self._context = _context(recipe)
        self._waiting: collections.deque[Batch] = collections.deque()
        self._strikes: collections.Counter[int | None] = collections.Counter()
        self._workers = [self._hire() for _ in range(size)]

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs, self._recipe), daemon=True)
        # Ctrl-C is for the parent: what is started here inherits that it ignores it, from its first line on.
        with undisturbed():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def submit(self, batch: Batch) -> None:
        """Have a batch made."""
        self._waiting.append(batch)
        self._hand_out()

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.batch is None and self._waiting:
                worker.batch, worker.run = self._waiting.popleft(), None
                with suppress(OSError):  # it has died: `wait` notices
                    worker.connection.send(worker.batch)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def wait(self) -> Finished:
        """The next batch that is finished."""
        while True:
            by_connection = {worker.connection: worker for worker in self._workers}
            for ready in multiprocessing.connection.wait(list(by_connection)):
                worker = by_connection[ready]  # type: ignore[index]
                try:
                    kind, content = worker.connection.recv()
                except (EOFError, OSError):
                    self._replace(worker)
                    continue
                if kind == "run":
                    worker.run = content
                    continue
                batch, worker.batch = worker.batch, None
                assert batch is not None
                self._hand_out()
                return batch.number, content

    def _replace(self, worker: _Worker) -> None:
        """A new worker for one that died; its batch is made once more, the run it died on at most once more."""
        worker.connection.close()
        worker.process.join()
        batch = worker.batch
        if batch is not None:
            self._strikes[worker.run] += 1
            if worker.run is None and self._strikes[None] > 3 * self.size:
                raise InvisibleDebtError(
                    f"worker processes die before their first run (exit code {worker.process.exitcode})"
                )
            if worker.run is not None and self._strikes[worker.run] > 1:
                batch = replace(batch, lost=batch.lost | {worker.run})
            self._waiting.appendleft(batch)
        self._workers[self._workers.index(worker)] = self._hire()
        self._hand_out()

    def close(self) -> None:
        """Stop the workers at once."""
        for worker in self._workers:
            worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()


# --- a cluster ------------------------------------------------------------------------------------------
def perform_packed(recipe: Recipe, batch: Batch) -> bytes:
    """`perform`, packed for the way back: what a Dask worker does."""
    return pack(perform(recipe, batch))


class Cluster:
    """Workers of a Dask scheduler. Dask gives the batch of a worker that died to another one.

    Parameters
    ----------
    recipe : Recipe
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    BadInput
        If there is no scheduler at the address, or its workers have another version of the program.
    """

    def __init__(self, recipe: Recipe, address: str) -> None:
        import distributed

        self._distributed = distributed
        try:
            self._client = distributed.Client(address, timeout="15s", set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise BadInput(f"there is no Dask scheduler at '{address}': {error}") from None
        try:
            self._client.wait_for_workers(1, timeout=60)
        except TimeoutError:
            self._client.close()
            raise BadInput(f"the Dask scheduler at '{address}' has no workers") from None
        versions = set(self._client.run(code_hash).values())
        if versions != {code_hash()}:
            self._client.close()
            raise BadInput(f"the workers of '{address}' have another version of the program or of its packages")
        self.size = sum(self._client.nthreads().values())
        self._recipe = self._client.scatter(recipe, broadcast=True)
        self._batches: dict[Any, Batch] = {}
        self._finished = distributed.as_completed(loop=self._client.loop)

    def submit(self, batch: Batch) -> None:
        """Have a batch made."""
        future = self._client.submit(perform_packed, self._recipe, batch, pure=False, retries=0)
        self._batches[future] = batch
        self._finished.add(future)

    def wait(self) -> Finished:
        """The next batch that is finished."""
        future = next(self._finished)
        batch = self._batches.pop(future)
        if future.status == "finished":
            return batch.number, future.result()
        try:
            future.result()
        except self._distributed.KilledWorker:
            return batch.number, self._one_by_one(batch)
        raise InvisibleDebtError(f"the cluster dropped batch {batch.number} ({future.status})")

    def _one_by_one(self, batch: Batch) -> bytes:
        """The runs of a batch on which workers died, each by itself: those that kill again are given up."""
        made: list[dict[str, pa.Table]] = []
        for run in batch.runs:
            single = replace(batch, runs=(run,))
            try:
                content = self._client.submit(perform_packed, self._recipe, single, pure=False).result()
            except self._distributed.KilledWorker:
                lost = replace(single, lost=frozenset({run.number}))
                content = pack(perform(self._client.gather(self._recipe), lost))
            made.append(unpack(content))
        return pack({name: pa.concat_tables([tables[name] for tables in made]) for name in made[0]})

    def close(self) -> None:
        """Let the cluster go; it lives on."""
        for future in self._batches:
            future.cancel()
        self._client.close()
