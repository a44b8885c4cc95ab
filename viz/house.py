"""What all visitors of one server share: the plan they begin with and the number of seats. Nothing else."""

from __future__ import annotations

import ctypes
import gc
import threading
from contextlib import suppress
from pathlib import Path

from abm.inputs.scenarios import BASELINE, load
from viz.plan import Plan
from viz.session import Session
from viz.spread import Spreads

SEATS = 24  # sessions at once; each holds an economy of some ten megabytes
CLEAR_AFTER = 3.0  # seconds after a visitor has left in which the page is taken down


class House:
    """Opens sessions, no more at once than there are seats.

    Parameters
    ----------
    plan : Plan
        What a visitor sees first.
    seats : int
        Sessions at once.
    runs : Path
        Folder whose recorded runs visitors can open.
    """

    def __init__(self, plan: Plan, seats: int = SEATS, runs: Path = Path("results")) -> None:
        self.plan = plan
        self.seats = seats
        self.runs = runs
        self.spreads = Spreads()
        self._lock = threading.Lock()
        self._taken: set[Session] = set()
        self._left = 0  # visitors since memory was last collected

    @property
    def taken(self) -> int:
        """Sessions open now."""
        with self._lock:
            return len(self._taken)

    def full(self) -> bool:
        """Whether no seat is free."""
        return self.taken >= self.seats

    def enter(self, plan: Plan) -> Session | None:
        """A session that runs this plan, not yet started; None if no seat is free."""
        with self._lock:
            if len(self._taken) >= self.seats:
                return None
        session = Session(plan)
        with self._lock:
            if len(self._taken) >= self.seats:
                return None
            self._taken.add(session)
        return session

    def leave(self, session: Session) -> None:
        """Stop a session and free its seat and, soon, its memory; once is enough, twice does no harm."""
        session.stop()
        self.spreads.leave(session)
        with self._lock:
            self._taken.discard(session)
            self._left += 1
            first = self._left == 1
        if first:
            self._clear_soon()

    def _clear_soon(self) -> None:
        timer = threading.Timer(CLEAR_AFTER, self._clear)
        timer.daemon = True
        timer.current_context = None  # type: ignore[attr-defined]  # Solara's threads hold the page they begin in
        timer.start()

    def _clear(self) -> None:
        """Collect what pages leave behind: cycles of some megabytes each, for which Python sees no hurry."""
        with self._lock:
            again = self._left > 1
            self._left = int(again)
        gc.collect()
        with suppress(OSError, AttributeError):  # the GNU C library keeps what is freed until it is asked
            ctypes.CDLL(None).malloc_trim(0)
        if again:  # a page may have closed too late for this time
            self._clear_soon()


_house: list[House] = []


def house() -> House:
    """The house of this process; one that begins with the baseline if none was set."""
    if not _house:
        _house.append(House(Plan(load(BASELINE))))
    return _house[0]


def set_house(new: House) -> None:
    """Let the page use this house from now on."""
    _house[:] = [new]
