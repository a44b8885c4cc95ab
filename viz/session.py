"""One visitor's run: an economy, a thread that steps it, and a mailbox for what the page draws.

The page sends commands and reads reports; it never touches the economy. The thread steps as fast as it is told and
leaves at most `fps` reports a second in a mailbox of one place: the newest wins, so that a slow reader skips months
instead of holding up the run. Going back in time runs the economy again from its opening, which gives the same
numbers; a change made by hand does so with one more shock in the plan.
"""

from __future__ import annotations

import datetime
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from abm.accounts import statement as books_of
from abm.engine.tables import DEFERRAL, EVENT_NAMES, FAILED, LAB, N_OUTSIDE
from abm.errors import BadInput
from abm.inputs.scenarios import BASELINE, Shock, load
from abm.simulation import Economy
from viz import frames
from viz.frames import Frame, Nodes
from viz.funding import cascade_tree, funding_flows
from viz.history import History
from viz.plan import Plan
from viz.words import unseen

FPS = 30.0
HURRIED_FPS = 10.0  # when months pass faster than they can be drawn, so that the browser has time for a click
SLOW = 1.0  # seconds at least between two looks at contracts, events and causes while the run plays
SHARE = 8.0  # and as many times what such a look takes
SOON = 0.2  # seconds at most until the look that follows a command, so that the answer to a click is drawn first
SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, math.inf)  # months a second
ROUND = 1.5  # seconds that a month with failures stays, while playing, for each round of its cascade
LONGEST_HOLD = 5.0  # seconds, and
HELD_MONTHS = 8.0  # so many months' time at most: who wants to go fast goes on sooner
NEAR = 3.0  # times as long as usual that a month beside a failure, a strike or a shock takes
BEFORE, AFTER = 2, 1  # months before and after it that do
LEAD = 3  # months that are played before a scene of the guide, and
ARRIVES = 2.5  # seconds in which they have passed, at whatever speed
MOST_EVENTS = 3000  # of the log, the latest are shown
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the log: firms as nodes (-1: none, or an outside sector); `outside`: `whom` is such a one."""

    month: int
    kind: str
    who: str
    whom: str
    node: int
    amount: float
    outside: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """What has happened up to the furthest month of the run: slower to make than a frame, so made less often."""

    failures: tuple[books_of.Default, ...]
    events: tuple[Event, ...]
    tree: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Books:
    """All that is known of the firm the visitor looks at, at the month shown."""

    node: int
    name: str
    month: int
    statement: books_of.Statement
    failures: tuple[books_of.Default, ...]
    months: np.ndarray
    history: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Blow:
    """A blow of the visitor, the month in which it strikes, the firm's row, and its cash and health before."""

    shock: Shock
    month: int
    row: int
    cash: float
    health: int


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What the page draws; nothing in it changes any more.

    `run` names the run whose numbers these are: it changes whenever the past may have changed. `borrowed`
    is who had borrowed at the opening for the firm that the page is about (bn), see `borrowed_for`. `series`, `carried`
    (by lab, the debt that others carry for it, bn) and `story` reach to `reach`, the furthest month run, also while
    an earlier month is shown. `held` is for how many seconds the month stays because firms fail in it, 0 if it is not
    held. `slowing` is whether months beside failures, strikes and shocks pass more slowly. `scene` is the number that
    `Session.show` was given, -1 as soon as anything else moved time or changed the run.
    """

    run: int
    plan: Plan
    borrowed: tuple[tuple[str, float], ...]
    nodes: Nodes
    frame: Frame
    series: Mapping[str, np.ndarray]
    carried: Mapping[str, np.ndarray]
    reach: int
    playing: bool
    held: float
    speed: float
    flows: Mapping[str, Any]
    story: Story
    books: Books | None
    forces: Mapping[str, float]
    base_nodes: Nodes | None
    base_frame: Frame | None
    base_series: Mapping[str, np.ndarray] | None
    base_carried: Mapping[str, np.ndarray] | None
    message: str
    slowing: bool = True
    scene: int = -1


class Session:
    """A run that a visitor plays, stops, changes and goes back in.

    Every method but `start`, `stop`, `wait` and `report` only leaves a command for the thread and returns at once;
    that the run pauses is reported before the thread hears of it.
    A mistake in a command changes nothing and is told in `Report.message`.

    Parameters
    ----------
    plan : Plan
        What to run.
    fps : float
        Reports a second at most.
    """

    def __init__(self, plan: Plan, *, fps: float = FPS) -> None:
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._mail = threading.Condition()
        self._report: Report | None = None
        self._number = 0
        self._sending = threading.Lock()
        self._moves: list[Callable[[int], int]] | None = None  # steps at the end of the queue that are not yet taken
        self._stopping = threading.Event()
        self._pausing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="invisible-debt session", daemon=True)
        self._fps = fps
        # The rest belongs to the thread alone once it runs.
        self._opening = plan.opening.date
        self._begun = plan
        self._plan = plan
        self._run = 0
        self._playing = False
        self._until, self._pace = 0, 0.0  # month up to which a scene plays, and its seconds a month
        self._scene = -1
        self._slowing = True
        self._speed = 2.0
        self._watched = -1
        self._comparing = False
        self._message = ""
        self._blow: Blow | None = None
        self._held = self._due = self._reported = self._look_again = self._look_takes = 0.0
        self._looked = False
        self._base: _Run | None = None
        self._main = _Run(plan)

    @property
    def opening(self) -> datetime.date:
        """Date of the opening with which the session began."""
        return self._opening

    @property
    def begun(self) -> Plan:
        """The plan with which the session began."""
        return self._begun

    # --- from any thread ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to listen; the first report follows at once."""
        self._commands.put(lambda: None)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a month that is running is run to its end."""
        self._stopping.set()
        self._commands.put(lambda: None)
        with self._mail:
            self._mail.notify_all()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end after `stop`; whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    @property
    def report(self) -> Report | None:
        """The newest report, None before the first."""
        return self._report

    def wait(self, after: int, timeout: float) -> tuple[int, Report | None]:
        """The newest report and its number, as soon as the number exceeds `after` or the time is up."""
        with self._mail:
            self._mail.wait_for(lambda: self._number > after or self._stopping.is_set(), timeout)
            return self._number, self._report

    def play(self) -> None:
        """Run on from the month shown."""
        self._send(self._do_play)

    def pause(self) -> None:
        """Stop after the month that is running, which may take a while; that it stops is reported at once."""
        self._pausing.set()
        with self._mail:
            if self._report is not None and self._report.playing:
                self._leave(replace(self._report, playing=False))
        self._send(lambda: self._set_playing(False))

    def toggle(self) -> None:
        """Play if paused, pause if playing."""
        if self._report is not None and self._report.playing:
            self.pause()
        else:
            self._send(lambda: self._set_playing(False) if self._playing else self._do_play())

    def step(self, months: int = 1) -> None:
        """Go on by some months (back, if negative) and stay there."""
        self._move(lambda month: month + months)

    def seek(self, month: int) -> None:
        """Show a month: of the past by running again from the opening, of the future by running on."""
        self._move(lambda _: int(month))

    def next_failure(self) -> None:
        """Run on to the next month in which somebody fails."""
        self._send(self._do_next_failure)

    def set_speed(self, months_a_second: float) -> None:
        """Months a second while playing; infinity is as fast as the machine can."""
        self._send(lambda: self._do_speed(months_a_second))

    def slow_down(self, wanted: bool) -> None:
        """Let months beside failures, strikes and shocks pass more slowly, or no longer."""
        self._send(lambda: setattr(self, "_slowing", bool(wanted)))

    def show(self, plan: Plan, month: int, scene: int) -> None:
        """Play up to a month of a plan and stay there; reports name the scene until somebody takes over."""
        self._send(lambda: self._do_show(plan, month, scene))

    def watch(self, node: int) -> None:
        """Report the books of this firm, of none if -1."""
        self._send(lambda: setattr(self, "_watched", int(node)))

    def compare(self, wanted: bool) -> None:
        """Report the baseline of the same world and luck too, or no longer."""
        self._send(lambda: setattr(self, "_comparing", bool(wanted)))

    def choose(self, plan: Plan, *, to_month: int = 0) -> None:
        """Run another plan, from its opening, and show this month of it."""
        self._send(lambda: self._do_choose(plan, to_month))

    def restore(self, plan: Plan, month: int) -> None:
        """Show this month of a plan, which is begun anew only if it is another one."""
        self._send(lambda: self._do_restore(plan, month))

    def select(self, plan: Plan) -> None:
        """Story, world, luck and length as in this plan, in the present economy.

        With another world or other luck, what was changed by hand stays; if only the length differs, so do the run and
        the month shown.
        """
        self._send(lambda: self._do_select(plan))

    def undo_changes(self) -> None:
        """The scenario as chosen, without what was changed by hand; the month shown stays."""
        self._send(lambda: self._change(self._plan.as_chosen()))

    def set_parameter(self, name: str, value: object) -> None:
        """Set a parameter from the next month on, or for the whole run at month 0."""
        self._send(lambda: self._change(self._plan.with_parameter(name, value, self._main.month)))

    def strike(self, firm: str, effect: str, size: float | None = None, *, step: bool = False) -> None:
        """Let a shock strike a firm that is there next month, and go there if `step` and the run is not playing."""

        def struck() -> None:
            plan = self._plan.with_strike(firm, effect, self._main.month, size)
            name = plan.strikes[-1].firm
            if name not in self._main.economy.names:
                raise BadInput(f"{name} is not there yet in {self._main.frame().label}: go on until it has entered")
            economy = self._main.economy
            row = economy.firm(name)
            firms = economy.rows("firms")
            if firms["status"][row] == FAILED:
                raise BadInput(f"{name} has failed already: nothing can strike it any more")
            cash, health = float(firms["cash"][row]), int(frames.health(economy)[row - N_OUTSIDE])
            self._change(plan)
            self._blow = Blow(plan.strikes[-1], self._main.month + 1, row, cash, health)
            if step and not self._playing:
                self._do_seek(self._main.month + 1)

        self._send(struck)

    def _move(self, move: Callable[[int], int]) -> None:
        """Ask for a step through time.

        Steps that follow each other while the thread is busy, as by a slider that is dragged or keys pressed fast, are
        taken one after the other, but only the month to which they lead is run.
        """
        with self._sending:
            if self._moves is None:
                moves: list[Callable[[int], int]] = []
                self._moves = moves
                self._commands.put(lambda: self._do_moves(moves))
            self._moves.append(move)

    def _send(self, command: Callable[[], None]) -> None:
        with self._sending:
            self._moves = None  # later steps count from where this command leaves off
            self._commands.put(command)

    # --- the thread ---------------------------------------------------------------------------------------
    def _work(self) -> None:
        """Obey commands, step when a month is due, report."""
        while not self._stopping.is_set():
            try:
                self._turn()
            except BadInput as mistake:
                self._tell(str(mistake))
            except Exception:
                _log.exception("the session failed")
                self._tell("The program failed here; the run was stopped. Restart it to go on.")
                self._looked = True  # the look itself may be what fails

    def _turn(self) -> None:
        """One command, or one month, or one look at what takes longer, or nothing but waiting."""
        now = time.monotonic()
        due = self._due if self._playing else math.inf
        look = math.inf if self._looked else self._look_again
        wait = None if math.isinf(min(due, look)) else max(0.0, min(due, look) - now)
        try:
            command = self._commands.get(timeout=wait) if wait != 0.0 else self._commands.get_nowait()
        except queue.Empty:
            if due <= look:
                self._advance()
            else:
                self._publish(full=True)
            return
        self._message = ""
        command()
        if self._commands.empty() and not self._stopping.is_set():
            self._answer()

    def _answer(self) -> None:
        """Report what a command has changed at once, and look closer soon."""
        self._publish(full=False)
        soon = time.monotonic() + min(SOON, SHARE * self._look_takes)
        self._look_again = soon if self._looked else min(self._look_again, soon)
        self._looked = False

    def _tell(self, sentence: str) -> None:
        self._playing = False
        self._message = sentence
        self._answer()

    def _advance(self) -> None:
        """A month of play."""
        now = time.monotonic()
        self._main.step()
        self._message = self._unseen() or self._message
        if self._main.month >= (self._until or self._plan.months):
            self._playing = False
        month = self._pace or self._month_takes()
        plain = month if self._pace or not self._slowing else min(month, 1.0 / self._speed)  # a hold is slow enough
        self._held = min(ROUND * self._main.rounds(), LONGEST_HOLD, HELD_MONTHS * plain)
        self._due = max(self._due, now - 0.2) + max(month, self._held)
        now = time.monotonic()
        if not self._playing:
            self._publish(full=True)
            return
        fps = self._fps if self._speed <= self._fps else min(self._fps, HURRIED_FPS)
        if now - self._reported >= 1.0 / fps or self._held:
            self._publish(full=now >= self._look_again)

    def _month_takes(self) -> float:
        """Seconds of the month that has begun: more beside what is worth seeing, as far as that is known by now."""
        if math.isinf(self._speed):
            return 0.0
        month, marks = self._main.month, self._main.failures.union(self._plan.struck_months)
        near = self._slowing and any(month - AFTER <= mark <= month + BEFORE for mark in marks)
        return (NEAR if near else 1.0) / self._speed

    def _do_play(self) -> None:
        self._scene = -1
        if self._main.month >= self._plan.months:
            self._main.restart(self._plan)
        self._set_playing(True)

    def _set_playing(self, playing: bool) -> None:
        self._pausing.clear()
        self._until, self._pace = 0, 0.0
        self._playing = playing
        self._due = time.monotonic()

    def _do_speed(self, months_a_second: float) -> None:
        if isinstance(months_a_second, bool) or not months_a_second > 0.0:
            raise BadInput(f"speed must be a positive number of months a second, not {months_a_second!r}")
        self._speed = float(months_a_second)
        self._due = time.monotonic()

    def _do_moves(self, moves: list[Callable[[int], int]]) -> None:
        with self._sending:
            if self._moves is moves:
                self._moves = None
        month = self._main.month
        for move in moves:
            month = min(max(move(month), 0), self._plan.months)
        self._do_seek(month)

    def _do_show(self, plan: Plan, month: int, scene: int) -> None:
        self._playing = False
        month = min(month, plan.months)
        if plan != self._plan:
            self._do_choose(plan, max(0, month - LEAD))
        elif month < self._main.month:
            self._go_to(max(0, month - LEAD))
        left = month - self._main.month
        if left > 0:
            self._set_playing(True)
            self._until, self._pace = month, ARRIVES / left
        self._scene = scene

    def _do_seek(self, month: int) -> None:
        self._scene = -1
        self._playing = False
        self._go_to(min(max(month, 0), self._plan.months))

    def _do_next_failure(self) -> None:
        self._scene = -1
        self._playing = False
        while self._main.month < self._plan.months and self._commands.empty() and not self._stopping.is_set():
            self._go_to(self._main.month + 1)
            if self._main.fails():
                return
        if self._main.month >= self._plan.months:
            self._message = f"Nobody fails any more until {self._main.frame().label}, the end of the run."

    def _do_choose(self, plan: Plan, to_month: int) -> None:
        main = _Run(plan)
        now = self._plan
        if (plan.seed, plan.central) != (now.seed, now.central) or plan.opening is not now.opening:
            self._base = None
        self._plan, self._main = plan, main
        self._scene = -1
        self._run += 1
        self._playing = False
        self._go_to(min(max(to_month, 0), plan.months))

    def _do_restore(self, plan: Plan, month: int) -> None:
        if (plan, plan.opening.name) == (self._plan, self._plan.opening.name):
            self._do_seek(month)
        else:
            self._do_choose(plan, month)

    def _do_select(self, plan: Plan) -> None:
        now = self._plan
        if plan.base.name != now.base.name:
            self._do_choose(replace(plan, opening=now.opening), 0)
            if now.by_hand:
                self._message = "Another story begins without your changes to the one before."
        elif (plan.seed, plan.central) != (now.seed, now.central):
            self._do_choose(replace(now, seed=plan.seed, central=plan.central, months=plan.months), 0)
        elif plan.months != now.months:
            self._change(replace(now, months=plan.months))

    def _change(self, plan: Plan) -> None:
        """Take up a changed plan at the month shown: the past is the same, or run again where it is not."""
        if plan is self._plan:
            return
        month = min(self._main.month, plan.months)
        changed = _Run(plan)
        self._plan, self._main = plan, changed
        self._scene = -1
        self._run += 1
        self._go_to(month)
        if self._main.month >= plan.months:
            self._playing = False

    def _unseen(self) -> str:
        """Why the last blow of the visitor cannot be seen in its month, once that is there; "" if it can be."""
        blow = self._blow
        if blow is None or self._main.month < blow.month:
            return ""
        self._blow = None
        if self._main.month > blow.month or blow.shock not in self._plan.strikes or self._main.rounds():
            return ""
        economy = self._main.economy
        if frames.health(economy)[blow.row - N_OUTSIDE] != blow.health:
            return ""
        after = float(economy.rows("firms")["cash"][blow.row])
        return unseen(blow.shock.firm or "", str(blow.shock.effect), blow.cash, after)

    def _go_to(self, month: int) -> None:
        """Run to a month, again from the opening if it lies behind; left half-way if the session is stopped."""
        if month < self._main.month:
            self._main.restart(self._plan)
        while self._main.month < month and not self._stopping.is_set():
            self._main.step()
        self._message = self._unseen() or self._message

    def _publish(self, *, full: bool) -> None:
        """Leave a report; a full one looks at books, flows and story again, which takes longer.

        Where a command comes during the look, its answer takes the place of this report.
        """
        self._reported = time.monotonic()
        main, last = self._main, self._report
        must = last is None or last.run != self._run
        if must or full:
            looks = self._looks(must)
            if looks is None:
                return
            flows, books, story = looks
            now = time.monotonic()
            self._look_takes = now - self._reported
            self._look_again = now + max(SLOW, SHARE * self._look_takes)
            self._looked = True
        else:
            assert last is not None
            books, flows, story = last.books, last.flows, last.story
        base = self._baseline() if self._comparing else None
        report = Report(
            run=self._run,
            plan=self._plan,
            borrowed=main.borrowed,
            nodes=main.nodes(),
            frame=main.frame(),
            series=main.series(),
            carried=main.carried(),
            reach=main.reach,
            playing=self._playing,
            held=self._held if self._playing else 0.0,
            speed=self._speed,
            flows=flows,
            story=story,
            books=books,
            forces=main.forces(),
            base_nodes=base.nodes() if base else None,
            base_frame=base.frame() if base else None,
            base_series=base.series() if base else None,
            base_carried=base.carried() if base else None,
            message=self._message,
            slowing=self._slowing,
            scene=self._scene,
        )
        with self._mail:
            self._leave(replace(report, playing=False) if self._pausing.is_set() else report)

    def _leave(self, report: Report) -> None:
        """Put a report into the mailbox, whose lock is held."""
        self._report = report
        self._number += 1
        self._mail.notify_all()

    def _looks(self, must: bool) -> tuple[Mapping[str, Any], Books | None, Story] | None:
        """What takes longer to look at; None if a command comes meanwhile, unless it must be."""
        found: list[Any] = []
        for look in (lambda: funding_flows(self._main.economy), self._books, self._main.story):
            if not must and not self._commands.empty():
                return None
            found.append(look())
        flows, books, story = found
        return flows, books, story

    def _baseline(self) -> _Run:
        """The baseline of the same seed, at the month shown."""
        plan = replace(self._plan.as_chosen(), base=load(BASELINE))
        base = self._base or _Run(plan)
        if base.month > self._main.month:
            base.restart(plan)
        while base.month < self._main.month and not self._stopping.is_set():
            base.step()
        self._base = base
        return base

    def _books(self) -> Books | None:
        """The books of the firm watched, if it is there."""
        economy, node = self._main.economy, self._watched
        names = economy.names[N_OUTSIDE:]
        if not 0 <= node < len(names):
            return None
        return Books(
            node=node,
            name=names[node],
            month=economy.month,
            statement=books_of.statement(economy, node + N_OUTSIDE),
            failures=tuple(d for d in self._main.story().failures if d.firm == names[node]),
            months=self._main.history.months,
            history=self._main.history.of(node),
        )


class _Run:
    """An economy at some month, and what is remembered of the furthest month it was run to."""

    def __init__(self, plan: Plan) -> None:
        self.economy: Economy = plan.open(panel=False)
        self._plan = plan
        self.borrowed = frames.borrowed_for(self.economy, plan.opening.flagship) if plan.opening.flagship else ()
        self.history = History()
        self.history.record(self.economy)
        self.reach = 0
        self.failures: set[int] = set()  # months, up to the furthest, in which somebody fails
        self._series: Mapping[str, np.ndarray] = frames.series(self.economy)
        self._series_month = 0
        self._story: Story | None = None
        self._story_month = -1
        self._nodes: Nodes | None = None

    @property
    def month(self) -> int:
        """The month the economy is in."""
        return self.economy.month

    def restart(self, plan: Plan) -> None:
        """Back to the opening; what is remembered of the run stays."""
        self.series(), self.story()
        self._plan, self.economy = plan, plan.open(panel=False)

    def step(self) -> None:
        """One month."""
        self.economy.run(1)
        if self.month > self.reach:
            self.reach = self.month
            self.history.record(self.economy)
            if self.fails():
                self.failures.add(self.month)

    def frame(self) -> Frame:
        """The present month, drawn."""
        return frames.frame(self.economy, self.history)

    def rounds(self) -> int:
        """Rounds of the cascade of the present month, 0 where nobody fails."""
        return len(frames.cascade(self.economy, self.month))

    def fails(self) -> bool:
        """Whether somebody fails in the present month; who only puts off loans does not (`Default.fails`)."""
        defaults = self.economy.rows("defaults")
        return bool(np.any((defaults["month"] == self.month) & (defaults["way"] != DEFERRAL)))

    def nodes(self) -> Nodes:
        """The firms drawn."""
        if self._nodes is None or len(self._nodes.names) != len(self.economy.names) - N_OUTSIDE:
            self._nodes = frames.nodes(self.economy)
        return self._nodes

    def series(self) -> Mapping[str, np.ndarray]:
        """The aggregates up to the furthest month."""
        if self.month > self._series_month:
            self._series = frames.series(self.economy)
            self._series_month = self.month
        return self._series

    def carried(self) -> Mapping[str, np.ndarray]:
        """Debt that others carry for each lab of the opening, months 1 to the furthest (bn)."""
        opening = self.economy.opening
        labs = np.flatnonzero(self.economy.rows("firms")["kind"][: len(opening.names)] == LAB)
        found = self.history.column("look_through", labs - N_OUTSIDE)[1:]
        return dict(zip((opening.names[row] for row in labs.tolist()), found.T, strict=True))

    def forces(self) -> Mapping[str, float]:
        """Every parameter as it acts this month, shocks included."""
        row = self.economy.state.params[0]
        return {name: float(row[name]) for name in row.dtype.names}

    def story(self) -> Story:
        """Failures, events and causes up to the furthest month."""
        if self._story is None or self.month > self._story_month:
            economy = self.economy
            names = economy.names
            events = economy.rows("events")[-MOST_EVENTS:]
            self._story = Story(
                failures=tuple(books_of.defaults(economy)),
                events=tuple(_event(row, names) for row in events.tolist()),
                tree=cascade_tree(economy, lambda firm, month: bool(self._plan.strikes_on(firm, month))),
            )
            self._story_month = self.month
        return self._story


def _event(row: tuple[int, int, int, int, float], names: tuple[str, ...]) -> Event:
    month, kind, a, b, amount = row
    return Event(
        month=month,
        kind=EVENT_NAMES[kind],
        who=names[a] if a >= 0 else "",
        whom=names[b] if b >= 0 else "",
        node=max(a - N_OUTSIDE, -1),
        amount=amount,
        outside=0 <= b < N_OUTSIDE,
    )
