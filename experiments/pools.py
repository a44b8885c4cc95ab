"""Who makes the runs: threads or processes of this machine, or the workers of a Dask cluster (`experiments.crew`).

A pool takes batches and shards to be closed, and gives back receipts in any order. A worker that is lost is replaced:
what it had is made once more, and a run on which a second worker dies is given up as a failure. So is at once a run
that takes longer than its study allows.
"""

from __future__ import annotations

import collections
import multiprocessing
import multiprocessing.connection
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Protocol

import psutil

from abm.errors import BadInput, InvisibleDebtError
from experiments.execution import Batch, Recipe
from experiments.files import undisturbed
from experiments.study import ECONOMY
from experiments.work import Closing, Item, Post, Receipt, work

QUEUED = 2  # items a worker has: the one it makes and the next
LOOK = 0.1  # seconds between two looks at the memory of a worker
Started = Callable[[int], None]


class Pool(Protocol):
    """What a runner needs of those who make the runs.

    Attributes
    ----------
    size : int
        Runs made side by side; that of a cluster changes.
    busy : int
        Items handed in and not yet given back.
    room : int
        Items that should be handed in now so that nobody is idle.
    """

    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def busy(self) -> int: ...  # noqa: D102
    @property
    def room(self) -> int: ...  # noqa: D102

    def submit(self, item: Item) -> None:
        """Have something made."""

    def wait(self) -> Receipt | None:
        """The next receipt, or None if `room` has changed; raises InvisibleDebtError if none can come any more."""

    def close(self) -> None:
        """Stop: what is not finished is dropped."""


# --- threads --------------------------------------------------------------------------------------------
class _Cancelled(BaseException):
    """Raised between runs in a thread whose pool is closed."""


class Threads:
    """Threads of this process: the compiled engine holds no lock, so they run side by side.

    Parameters
    ----------
    recipe : Recipe
    size : int
    post : Post, optional
        Where they write.

    Raises
    ------
    BadInput
        If the study limits its runs: a thread cannot be stopped.
    """

    def __init__(self, recipe: Recipe, size: int, post: Post | None = None) -> None:
        if recipe.limited:
            raise BadInput("'timeout' and 'memory' need processes, not threads: a thread cannot be stopped")
        self.size, self.busy = size, 0
        self._recipe, self._post = recipe, post
        self._closed = threading.Event()
        self._results: queue.SimpleQueue[Receipt | BaseException] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(size, "run")

    @property
    def room(self) -> int:
        """Items that should be handed in now."""
        return QUEUED * self.size - self.busy

    def submit(self, item: Item) -> None:
        """Have something made."""
        self.busy += 1
        self._threads.submit(self._make, item)

    def _make(self, item: Item) -> None:
        try:
            self._results.put(work(self._recipe, item, self._post, self._check))
        except BaseException as error:
            self._results.put(error)

    def _check(self, _: int | None) -> None:
        if self._closed.is_set():
            raise _Cancelled

    def wait(self) -> Receipt:
        """The next receipt."""
        result = self._results.get()
        self.busy -= 1
        if isinstance(result, BaseException):
            raise result
        return result

    def close(self) -> None:
        """Stop after the runs now being made."""
        self._closed.set()
        self._threads.shutdown(wait=True, cancel_futures=True)


# --- processes ------------------------------------------------------------------------------------------
def serve(
    connection: multiprocessing.connection.Connection, recipe: Recipe, post: Post | None, idle: float | None
) -> None:
    """What a worker process does: make what it is sent, and say before each run which one it is, None after the last.

    It ends when the process that started it is gone, or after `idle` seconds without work.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with suppress(EOFError, OSError):
        try:
            recipe.check_sources()
        except BadInput as error:
            connection.send(("refused", str(error)))
            return
        while connection.poll(idle):
            item = connection.recv()
            connection.send(("done", work(recipe, item, post, lambda run: connection.send(("run", run)))))


def _end_with(parent: Any) -> None:
    """End this process at once when another ends, also in the middle of a run."""
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


@dataclass
class _Worker:
    """A worker process, what it has, the run it is at and since when."""

    process: Any
    connection: multiprocessing.connection.Connection
    item: Item | None = None
    run: int | None = None
    made: bool = False  # all runs of its item, whose rows it now writes
    since: float = 0.0
    verdict: tuple[str, str] | None = None  # why we ended it


def _context(recipe: Recipe) -> Any:
    """How processes start: from a server that has loaded everything once, where the system can fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    engine = ["experiments.loaded_engine"] if recipe.model == ECONOMY else []
    context.set_forkserver_preload(["experiments.work", "pandas", *engine])  # pyarrow loads pandas on first use
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """Let processes started meanwhile not run the user's program once more: they need nothing of it.

    `multiprocessing` imports the main module in every process it starts, and a script without the usual guard would
    begin its sweep again in each of them.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class Processes:
    """Processes of this machine. One that dies, or whose run takes too much, is replaced.

    Parameters
    ----------
    recipe : Recipe
    size : int
    post : Post, optional
        Where they write.
    idle : float, optional
        Seconds without work after which a process ends.
    """

    def __init__(self, recipe: Recipe, size: int, post: Post | None = None, idle: float | None = None) -> None:
        self.size, self.busy = size, 0
        self._recipe, self._post, self._idle = recipe, post, idle
        self._context = _context(recipe)
        self._waiting: collections.deque[Item] = collections.deque()
        self._strikes: collections.Counter[int | str | None] = collections.Counter()
        self._workers = [self._hire() for _ in range(size)]

    @property
    def room(self) -> int:
        """Items that should be handed in now."""
        return QUEUED * self.size - self.busy

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=serve, args=(theirs, self._recipe, self._post, self._idle), daemon=True
        )
        # Ctrl-C is for the parent: what is started here inherits that it ignores it, from its first line on.
        with undisturbed(), _without_main():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def submit(self, item: Item) -> None:
        """Have something made."""
        self.busy += 1
        self._waiting.append(item)
        self._hand_out()

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.item is None and self._waiting:
                worker.item, worker.run, worker.made = self._waiting.popleft(), None, False
                with suppress(OSError):  # it has died: `wait` notices
                    worker.connection.send(worker.item)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def wait(self) -> Receipt:
        """The next receipt.

        Raises
        ------
        InvisibleDebtError
            If processes die before their first run, or have other functions than we do.
        """
        while True:
            self._watch()
            by_connection = {worker.connection: worker for worker in self._workers}
            for ready in multiprocessing.connection.wait(list(by_connection), self._patience()):
                worker = by_connection[ready]  # type: ignore[index]
                try:
                    kind, content = worker.connection.recv()
                except (EOFError, OSError):
                    self._replace(worker)
                    continue
                if kind == "refused":
                    raise BadInput(content)
                if kind == "run":
                    worker.run, worker.made, worker.since = content, content is None, time.monotonic()
                    self._strikes.pop(None, None)
                    continue
                worker.item = worker.run = None
                self._hand_out()
                self.busy -= 1
                receipt: Receipt = content
                return receipt

    def _patience(self) -> float | None:
        """Seconds after which to look at the workers although none has said anything."""
        at_work = [worker.since for worker in self._workers if worker.run is not None]
        if not at_work or not self._recipe.limited:
            return None
        if self._recipe.memory is not None:
            return LOOK
        return max(min(at_work) + (self._recipe.timeout or 0.0) - time.monotonic(), 0.0) + 0.01

    def _watch(self) -> None:
        """End workers whose run takes more time or memory than it may; `wait` hears of it."""
        timeout, memory = self._recipe.timeout, self._recipe.memory
        for worker in self._workers:
            if worker.run is None or worker.verdict is not None:
                continue
            if timeout is not None and time.monotonic() - worker.since > timeout:
                worker.verdict = ("TookTooLong", f"it took longer than the {timeout:g} s of 'timeout'")
            elif memory is not None and _memory_of(worker.process.pid) > memory:
                worker.verdict = ("TookTooMuchMemory", f"it held more than the {memory:g} MB of 'memory'")
            if worker.verdict is not None:
                worker.process.kill()

    def _replace(self, worker: _Worker) -> None:
        """A new worker for one that is gone; what it had is made once more, the run it died on at most once more."""
        worker.connection.close()
        worker.process.join()
        item = worker.item
        if isinstance(item, Closing) or (item is not None and worker.made):
            self._again_in_parts(item, worker.process.exitcode)
        elif item is not None:
            self._strikes[worker.run] += 1
            if worker.run is None and self._strikes[None] > 3 * self.size:
                raise InvisibleDebtError(
                    f"worker processes die before their first run (exit code {worker.process.exitcode})"
                )
            late = worker.verdict is not None and worker.verdict[0] == "TookTooLong"  # again it would be as late
            if isinstance(item, Batch) and worker.run is not None and (late or self._strikes[worker.run] > 1):
                why = worker.verdict or ("WorkerDied", "the process that made this run died, twice")
                item = replace(item, lost={**item.lost, worker.run: why})
            self._waiting.appendleft(item)
        self._workers[self._workers.index(worker)] = self._hire()
        self._hand_out()

    def _again_in_parts(self, item: Item, code: int | None) -> None:
        """Have something made again whose maker died while it wrote, for lack of memory perhaps: runs by half as many.

        Raises
        ------
        InvisibleDebtError
            If one run or one shard takes the third process with it.
        """
        if isinstance(item, Batch) and len(item.runs) > 1:
            half = len(item.runs) // 2
            self._waiting.extendleft(replace(item, runs=runs) for runs in (item.runs[half:], item.runs[:half]))
            self.busy += 1
            return
        what = f"run {item.runs[0].number}" if isinstance(item, Batch) else f"shard {item.shard}"
        self._strikes[what] += 1
        if self._strikes[what] > 2:
            raise InvisibleDebtError(f"worker processes die while they write {what} (exit code {code})")
        self._waiting.appendleft(item)

    def close(self) -> None:
        """Stop the workers at once."""
        for worker in self._workers:
            worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()


def _memory_of(process: int) -> float:
    """MB that a process holds; 0 if it is gone."""
    try:
        return float(psutil.Process(process).memory_info().rss) / 1e6
    except psutil.Error:
        return 0.0
