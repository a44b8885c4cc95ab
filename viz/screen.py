"""Carries a session's reports to the browser: one thread a page, that lives as long as the page.

What moves fast (the network, the charts) is set on the widgets by listeners, at every report; what is text is
rendered anew by Solara, a few times a second at most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from viz.session import Report, Session

TEXT_EVERY = 0.25  # seconds between two renderings of text while the run plays
Listener = Callable[[Report], None]
_log = logging.getLogger(__name__)


class Screen:
    """The listeners of one page, and the thread that calls them.

    Parameters
    ----------
    session : Session
        Whose reports are shown.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._listeners: list[Listener] = []
        self._lock = threading.RLock()

    def attach(self, listener: Listener) -> Callable[[], None]:
        """Call this with every report from now on, and with the last one at once; gives what ends it."""
        with self._lock:
            self._listeners.append(listener)
            report = self.session.report
            if report is not None:
                listener(report)

        def detach() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return detach

    def begin(self, show: Listener) -> Callable[[], None]:
        """Start the session and its reports; `show` renders text. Gives what ends both."""
        carrier = threading.Thread(target=self._carry, args=(show,), name="invisible-debt screen", daemon=True)
        self.session.start()
        carrier.start()
        return self.session.stop

    def _carry(self, show: Listener) -> None:
        number, drawn, shown, last = 0, 0, 0, 0.0
        while not self.session.stopped:
            waiting = 1.0 if shown == number else max(0.01, TEXT_EVERY - (time.monotonic() - last))
            number, report = self.session.wait(number, waiting)
            if report is None or self.session.stopped:
                continue
            try:
                if number != drawn:
                    drawn = number
                    with self._lock:
                        for listener in tuple(self._listeners):
                            listener(report)
                if number != shown and (not report.playing or time.monotonic() - last >= TEXT_EVERY):
                    shown, last = number, time.monotonic()
                    show(report)
            except Exception:  # a page that is closing may have lost a widget: the others go on
                if not self.session.stopped:
                    _log.exception("a report could not be shown")
