"""The workers of a Dask cluster, as many as there are at the moment.

Every worker is asked once whether it has the same program, packages and functions, and gets the recipe with that; what
follows are batches of a few seconds, each handed to one worker, and receipts on the way back. Each item carries the
hash of the code again. Runs are made in processes beside the Dask workers, as on one machine (`experiments.pools`): a
run that kills its process, hangs or eats memory costs the worker nothing.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import itertools
import logging
import multiprocessing
import pickle
import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from abm.errors import BadInput, InvisibleDebtError
from experiments.call import Refused, call
from experiments.code import code_hash
from experiments.execution import Batch, Recipe
from experiments.pools import Processes
from experiments.work import Closed, Closing, Item, Made, Post, Receipt

LOOK = 1.0  # seconds between two counts of the workers, at least
PATIENCE = 600.0  # seconds without any worker after which a sweep ends
RECONNECT = 60.0  # seconds in which a scheduler must answer or be back
IDLE = 20.0  # seconds after which a process beside a Dask worker ends if there is nothing to make
MOST_LOSSES = 3  # workers lost with a batch before its runs are handed out one by one
Tell = Callable[[str], None]


class ClusterLost(InvisibleDebtError):  # noqa: N818 - reads as a sentence where it is raised
    """A cluster is gone for good."""

    exit_code = 1


# --- on a worker of the cluster ---------------------------------------------------------------------------
class _Hands:
    """What a Dask worker keeps of a sweep: the recipe, and a process for each of its threads."""

    def __init__(self, recipe: Recipe, post: Post) -> None:
        self._recipe, self._post = recipe, post
        self._own = threading.local()

    def make(self, item: Item) -> Receipt:
        """Have the process of this thread make something."""
        if not hasattr(self._own, "processes"):
            # A process that a nanny started may have no children, for they would outlive it; ours do not.
            _may_have_children()
            self._own.processes = Processes(self._recipe, 1, self._post, IDLE)
        self._own.processes.submit(item)
        receipt: Receipt = self._own.processes.wait()
        return receipt


def _may_have_children() -> None:
    process = multiprocessing.current_process()
    if process.daemon:
        process.daemon = False


_known: dict[str, _Hands] = {}


def enlist(key: str, given: tuple[Recipe, Post]) -> Refused | None:
    """Take the recipe of a sweep, and where its results go; called by `experiments.call`."""
    recipe, post = given
    try:
        recipe.check_sources()
    except BadInput as error:
        return Refused(str(error))
    _known[key] = _Hands(recipe, post)
    return None


def make(key: str, item: Item) -> Receipt | Refused:
    """Make something for a sweep whose recipe is known here; called by `experiments.call`."""
    hands = _known.get(key)
    if hands is None:
        return Refused("it has not been asked yet", unknown=True)
    try:
        return hands.make(item)
    except InvisibleDebtError as error:
        return Refused(str(error))


# --- where the sweep is -----------------------------------------------------------------------------------
@dataclass
class _Worker:
    """A worker of the cluster: its threads, whether it is ready or refused, and what it has."""

    threads: int
    ready: bool = False
    refused: bool = False
    items: dict[int, Item] = field(default_factory=dict)  # by number of the task


class Cluster:
    """Workers of a Dask scheduler, those that join later too.

    Parameters
    ----------
    recipe : Recipe
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    post : Post
        Where workers write if they see the folder.
    patience : float
        Seconds for which there may be no worker at all.
    tell : callable
        Called with a sentence when workers are lost, refused or awaited.

    Raises
    ------
    BadInput
        If there is no scheduler at the address.
    """

    def __init__(
        self, recipe: Recipe, address: str, post: Post, *, patience: float = PATIENCE, tell: Tell = print
    ) -> None:
        import distributed

        # What Dask says of lost workers and schedulers, with tracebacks, is said here in sentences.
        self._quiet = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
        self._levels = [logger.level for logger in self._quiet]
        for logger in self._quiet:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            self._client = distributed.Client(address, timeout="15s", set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            self._loud()
            raise BadInput(f"there is no Dask scheduler at '{address}': {error}") from None
        self._address, self._patience, self._tell = address, patience, tell
        self._packed = pickle.dumps((recipe, post))
        self._key = hashlib.sha256(self._packed).hexdigest()[:16]
        self._session = secrets.token_hex(4)
        self._workers: dict[str, _Worker] = {}
        self._waiting: collections.deque[Item] = collections.deque()
        self._losses: collections.Counter[int] = collections.Counter()  # by the first run of a batch
        self._tasks = itertools.count()
        self._futures: dict[int, tuple[Any, str]] = {}
        self._results: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._looked = 0.0
        self._alone_since: float | None = None
        self._told_alone = False
        self.busy = self.size = 0

    @property
    def room(self) -> int:
        """Items that should be handed in now: every thread has one and the next."""
        return 2 * self.size - self.busy

    def submit(self, item: Item) -> None:
        """Have something made."""
        self.busy += 1
        self._waiting.append(item)
        self._hand_out()

    # --- handing out ------------------------------------------------------------------------------------
    def _hand_out(self, first: str | None = None) -> None:
        """Give what waits to workers with room, to one of them before all others."""
        ready = [first] if first is not None else list(self._workers)
        for depth in (1, 2):  # nobody gets a second item before everybody has a first
            for address in ready:
                worker = self._workers.get(address)
                while (
                    self._waiting
                    and worker is not None
                    and worker.ready
                    and len(worker.items) < depth * worker.threads
                ):
                    self._give(address, worker, self._waiting.popleft())

    def _give(self, address: str, worker: _Worker, item: Item) -> None:
        worker.items[self._send(address, make, pickle.dumps(item))] = item

    def _ask(self, address: str) -> None:
        """Ask a worker whether it can make these runs, and give it the recipe."""
        self._send(address, enlist, self._packed)

    def _send(self, address: str, function: Callable[..., Any], packed: bytes) -> int:
        number = next(self._tasks)
        future = self._client.submit(
            call, code_hash(), function.__name__, self._key, packed, key=f"debt-{self._session}-{number}",
            workers=[address], allow_other_workers=False, pure=False, retries=0,
        )  # fmt: skip
        self._futures[number] = (future, address)
        future.add_done_callback(lambda done: self._results.put((number, done)))
        return number

    # --- what comes back --------------------------------------------------------------------------------
    def wait(self) -> Receipt | None:
        """The next receipt, or None if workers have come or gone.

        Raises
        ------
        ClusterLost
            If the scheduler is gone, or there has been no worker for too long.
        BadInput
            If no worker has the same program, packages and functions.
        """
        while True:
            if time.monotonic() - self._looked > LOOK and self._look():
                return None
            room = self.room
            try:
                receipt = self._heard(*self._results.get(timeout=LOOK))
            except queue.Empty:
                continue
            if receipt is not None or self.room > room:
                return receipt

    def _heard(self, number: int, future: Any) -> Receipt | None:
        """What a task says; None if it is no receipt."""
        if number not in self._futures:
            return None  # of a worker that was given up
        _, address = self._futures.pop(number)
        worker = self._workers.get(address)
        item = None if worker is None else worker.items.pop(number, None)
        if future.status != "finished":
            error = _error_of(future)
            if item is not None:
                self._again(item)
            if error and worker is not None:
                self._refuse(address, worker, error)
            elif worker is not None and not worker.ready:
                self._looked = 0.0  # lost on the way: a look tells what has become of the worker
                self._take_back(worker)
                del self._workers[address]
            return None
        answer = future.result()
        if isinstance(answer, Made | Closed):
            self.busy -= 1
            self._losses.pop(_first_of(item), None)
            self._hand_out(address)
            return answer
        if item is not None:
            self._waiting.appendleft(item)
        if worker is None:
            return None
        if isinstance(answer, Refused) and not answer.unknown:
            self._refuse(address, worker, answer.why)
        elif isinstance(answer, Refused):
            worker.ready = False
            self._ask(address)
        else:
            worker.ready = True
        self._count()
        self._hand_out()
        return None

    def _refuse(self, address: str, worker: _Worker, why: str) -> None:
        """Leave a worker out for good."""
        if worker.refused:
            return
        worker.ready, worker.refused = False, True
        self._take_back(worker)
        self._count()
        self._tell(f"the worker {address} is left out: {why}")
        if all(other.refused for other in self._workers.values()):
            raise BadInput(f"no worker of '{self._address}' can make these runs; {address}: {why}")

    def _again(self, item: Item) -> None:
        """Have something made once more that was lost with its worker."""
        first = _first_of(item)
        self._losses[first] += 1
        if not isinstance(item, Batch) or self._losses[first] < MOST_LOSSES:
            self._waiting.appendleft(item)
            return
        del self._losses[first]
        if len(item.runs) == 1:
            why = ("WorkerDied", f"{MOST_LOSSES} workers of the cluster were lost while they made this run")
            self._waiting.appendleft(replace(item, lost={item.runs[0].number: why}))
            return
        self.busy += 1
        half = len(item.runs) // 2
        for runs in (item.runs[half:], item.runs[:half]):
            self._waiting.appendleft(replace(item, runs=runs))

    def _take_back(self, worker: _Worker) -> None:
        """What a worker has goes to others."""
        for number, item in worker.items.items():
            self._waiting.append(item)
            future, _ = self._futures.pop(number)
            future.cancel()
        worker.items.clear()

    def _count(self) -> None:
        self.size = sum(worker.threads for worker in self._workers.values() if worker.ready)

    # --- who is there -----------------------------------------------------------------------------------
    def _look(self) -> bool:
        """Find workers that have come and gone; whether there are any changes."""
        self._looked = time.monotonic()
        there = self._there()
        gone = [address for address in self._workers if address not in there]
        for address in gone:
            worker = self._workers.pop(address)
            for number in list(worker.items):
                self._again(worker.items.pop(number))
                future, _ = self._futures.pop(number)
                future.cancel()
            if worker.ready:
                self._tell(f"the worker {address} is lost: what it had is made again by others")
        new = [address for address in there if address not in self._workers]
        for address in new:
            self._workers[address] = _Worker(there[address])
            self._ask(address)
        self._count()
        if gone:
            self._hand_out()
        self._mind_the_time()
        return bool(gone or new)

    def _there(self) -> dict[str, int]:
        """Threads of the workers by address.

        Raises
        ------
        ClusterLost
            If the scheduler does not answer.
        """
        until = time.monotonic() + RECONNECT
        while True:
            try:
                if self._client.status == "running":
                    asked = self._client.scheduler.ncores
                    return dict(self._client.sync(asked, workers=None, callback_timeout=RECONNECT))
            except Exception as error:
                why: object = error
            else:
                why = "the connection is closed"
            if time.monotonic() > until or self._client.status == "closed":
                raise ClusterLost(f"the Dask scheduler at '{self._address}' is lost ({why})") from None
            time.sleep(0.2)

    def _mind_the_time(self) -> None:
        """Wait for workers where there are none, but not for ever."""
        if any(not worker.refused for worker in self._workers.values()):
            self._alone_since, self._told_alone = None, False
            return
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > self._patience:
            raise ClusterLost(f"the Dask scheduler at '{self._address}' has had no workers for {self._patience:g} s")
        if not self._told_alone:
            self._told_alone = True
            self._tell(
                f"no workers at {self._address}: waiting up to {self._patience:g} s for new ones (--patience)"
            )

    def close(self) -> None:
        """Let the cluster go; it lives on."""
        with contextlib.suppress(Exception):
            for future, _ in list(self._futures.values()):
                future.cancel()
            self._client.close(timeout=5)
        self._loud()

    def _loud(self) -> None:
        for logger, level in zip(self._quiet, self._levels, strict=True):
            logger.setLevel(level)


def _first_of(item: Item | None) -> int:
    """What tells an item from others whatever its number: its first run, or its shard below zero."""
    if isinstance(item, Closing):
        return -1 - item.shard
    return item.runs[0].number if isinstance(item, Batch) else 0


def _error_of(future: Any) -> str:
    """What a worker did wrong, in a few words; nothing if it was lost itself."""
    if future.status != "error":
        return ""
    error = future.exception(timeout=5)
    return "" if type(error).__name__ == "KilledWorker" else f"{type(error).__name__}: {error}"
