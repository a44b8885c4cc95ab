"""A visitor's own what-if in many worlds, made in the background: one queue for the house, one world of each in turn.

The worlds are made by few processes of low priority, so that a page that plays stays smooth, and thirty visitors who
ask at once wait for each other and not the server for them. They are read as `invisible-debt run --seeds` reads its.
"""

from __future__ import annotations

import functools
import os
import threading
from collections import deque
from collections.abc import Hashable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pyarrow as pa

from abm.calibration.opening import DEFAULT_OPENING
from abm.engine.ahead import processors
from abm.errors import BadInput, InvisibleDebtError
from experiments.ensemble.worlds import SCHEMAS, Made, Question, put_together, settings_of
from experiments.execution import Batch, Recipe, Run, perform
from experiments.gather import recipe_of
from viz.plan import LARGEST_SEED, Plan

CHOICES = (20, 50, 200)  # worlds that can be asked for
SHARE = 4  # one process for so many processors, but one at least
NICE = 15  # by how much the priority of those processes is lower
REST = 60.0  # seconds without work after which they end

_OBSERVER = "experiments.ensemble.worlds:observe"


class Spread:
    """The worlds of one plan: those made so far.

    Parameters
    ----------
    plan : Plan
        Its own seed is the first; the seeds after it are the others.
    worlds : int
        How many.

    Raises
    ------
    BadInput
        If the opening is one of no file, or the last seed would be too large.
    """

    def __init__(self, plan: Plan, worlds: int) -> None:
        if not (plan.opening.folder or plan.opening.name):
            raise BadInput("the opening of this page stands in no file, so that no other process can read it")
        if plan.seed + worlds - 1 > LARGEST_SEED:
            raise BadInput(f"the seed may be {LARGEST_SEED - worlds + 1} at most for {worlds} worlds, not {plan.seed}")
        self.plan, self.worlds = plan, worlds
        opening = str(plan.opening.folder or plan.opening.name or DEFAULT_OPENING)
        self.question = Question(plan.scenario(), opening, {}, plan.months, plan.seed, worlds, plan.central)
        self.fault = ""
        self._left = deque(range(worlds))
        self._made: dict[int, dict[str, pa.Table]] = {}
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def done(self) -> int:
        """Worlds made."""
        with self._lock:
            return len(self._made)

    @property
    def running(self) -> bool:
        """Whether more worlds are to come."""
        return not self._stopped and self.done < self.worlds

    def stop(self, fault: str = "") -> None:
        """Let no further world be made; those made stay."""
        with self._lock:
            self._stopped = True
            self.fault = fault
            self._left.clear()

    def found(self) -> Made | None:
        """What was made so far, in the order of the seeds; None before the first world ended well."""
        with self._lock:
            parts = [self._made[number] for number in sorted(self._made)]
        if not parts:
            return None
        try:
            return put_together(self.question, {name: pa.concat_tables([p[name] for p in parts]) for name in parts[0]})
        except InvisibleDebtError:
            return None

    def next(self) -> Run | None:
        """The next world to be made, None if there is none."""
        with self._lock:
            if not self._left:
                return None
            number = self._left.popleft()
        # A number set from a month on is a step from what the world has drawn: another one in every world.
        here = replace(self.plan, seed=self.plan.seed + number)
        return Run(number, 0, 0, here.seed, settings_of(self.question._replace(scenario=here.scenario())))

    def take(self, number: int, tables: Mapping[str, pa.Table]) -> None:
        """Keep a world."""
        with self._lock:
            self._made[number] = dict(tables)


class Spreads:
    """All that the visitors of a house have asked for, one spread each.

    Parameters
    ----------
    workers : int, optional
        Processes that make worlds; one for every `SHARE` processors by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or max(1, processors() // SHARE)
        self._recipe = recipe_of(_OBSERVER, ["failures"], SCHEMAS)
        self._lock = threading.RLock()
        self._asked: dict[Hashable, Spread] = {}
        self._turn: deque[Hashable] = deque()
        self._busy = 0
        self._pool: ProcessPoolExecutor | None = None
        self._rest: threading.Timer | None = None

    def ask(self, who: Hashable, plan: Plan, worlds: int) -> Spread:
        """Begin a visitor's spread, in the place of the one before.

        Raises
        ------
        BadInput
            See `Spread`.
        """
        spread = Spread(plan, worlds)
        with self._lock:
            self.leave(who)
            self._asked[who] = spread
            self._turn.append(who)
        self._feed()
        return spread

    def asked(self, who: Hashable) -> Spread | None:
        """What a visitor has asked for last."""
        with self._lock:
            return self._asked.get(who)

    def leave(self, who: Hashable) -> None:
        """Stop a visitor's spread and forget it, if there is one."""
        with self._lock:
            spread = self._asked.pop(who, None)
            if who in self._turn:
                self._turn.remove(who)
        if spread is not None:
            spread.stop()

    def close(self) -> None:
        """Stop all, and end the processes."""
        with self._lock:
            for who in list(self._asked):
                self.leave(who)
            pool, self._pool = self._pool, None
            if self._rest is not None:
                self._rest.cancel()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _feed(self) -> None:
        """Give every free process the next world of whoever's turn it is."""
        with self._lock:
            while self._busy < self._workers and self._turn:
                who = self._turn.popleft()
                spread = self._asked[who]
                try:
                    run = spread.next()
                except BadInput as mistake:
                    spread.stop(str(mistake))
                    continue
                if run is None:
                    continue
                self._turn.append(who)
                self._busy += 1
                if self._rest is not None:
                    self._rest.cancel()
                if self._pool is None:
                    self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"), _lower)
                made = self._pool.submit(_world, self._recipe, run)
                made.add_done_callback(functools.partial(self._take, spread, run))
            if not self._busy and self._pool is not None:
                self._rest = threading.Timer(REST, self._end_idle)
                self._rest.daemon = True
                self._rest.start()

    def _take(self, spread: Spread, run: Run, future: Future[dict[str, pa.Table]]) -> None:
        with self._lock:
            self._busy -= 1
        if not future.cancelled():
            error = future.exception()
            if error is None:
                spread.take(run.number, future.result())
            else:
                spread.stop(f"{type(error).__name__}: {error}")
                with self._lock:
                    self._pool = None  # a process that died takes the others with it
        self._feed()

    def _end_idle(self) -> None:
        with self._lock:
            if self._busy:
                return
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)


def _lower() -> None:
    """In the process: whoever plays comes first."""
    os.nice(NICE)


def _world(recipe: Recipe, run: Run) -> dict[str, pa.Table]:
    """In the process: a world, as tables of one run."""
    return perform(recipe, Batch(run.number, (run,)))
