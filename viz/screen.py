"""Carries a session's reports to the browser: one thread a page, that lives as long as the page.

What moves fast (the network, the charts) is set on the widgets by listeners, at every report. What is text is
rendered by Solara, which takes longer: a few times a second at most, and only the parts whose key has changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from typing import Any

import solara
from reacton.core import Ref, get_render_context

from viz.session import Report, Session

TEXT_EVERY = 0.25  # seconds between two renderings of text while the run plays
ON_THE_WAY = 5  # pictures sent that the browser has not drawn yet: more of them would delay the answer to a click
TARDY = 0.2  # seconds from sending a picture to hearing that it is drawn, above which fewer may be on the way
PATIENCE = 1.0  # seconds after which a browser that takes nothing is sent the next
BUSY = 0.01  # seconds between two looks whether the browser has taken one
Listener = Callable[[Report], None]
_log = logging.getLogger(__name__)


def use_last_sent(value: Any) -> Ref[Any]:
    """What a field has last sent, to be set when it sends; `value`, what is so by now, anew whenever that changes.

    A field that is left sends only what differs: whoever leaves it untouched must not undo what was chosen elsewhere
    and is not rendered yet, and whoever takes back what is not rendered yet must be heard.
    """
    sent, so = solara.use_ref(value), solara.use_ref(value)
    if so.current != value:
        so.current = sent.current = value
    return sent


class Screen:
    """The listeners of one page, and the thread that calls them.

    Made while the page is rendered: all its text is then rendered at once, and not part by part.

    Parameters
    ----------
    session : Session
        Whose reports are shown.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._together = get_render_context(required=False) or nullcontext()
        self._fast: list[Listener] = []
        self._text: list[Listener] = []
        self._lock = threading.RLock()
        self._sent = self._taken = 0
        self._sent_at: dict[int, float] = {}  # of those that are on the way
        self._room = ON_THE_WAY  # pictures that may be on the way to this browser

    def attach(self, listener: Listener, *, text: bool = False) -> Callable[[], None]:
        """Call this with the last report at once and with those to come; gives what ends it.

        Parameters
        ----------
        listener : callable
            Takes a report.
        text : bool
            Whether it renders text: it is then called less often, and always with the last report of a run.
        """
        listeners = self._text if text else self._fast
        with self._lock:
            listeners.append(listener)
            report = self.session.report
            if report is not None:
                listener(report)

        def detach() -> None:
            with self._lock:
                if listener in listeners:
                    listeners.remove(listener)

        return detach

    def sent(self) -> int:
        """Note that a picture goes to the browser; gives its number, with which the browser says that it has come."""
        self._sent += 1
        self._sent_at[self._sent] = time.monotonic()
        return self._sent

    def taken(self, number: int) -> None:
        """Note that a picture has been drawn by the browser: one that was slow about it has fewer on the way."""
        self._taken = number
        for old in [one for one in tuple(self._sent_at) if one < number]:
            self._sent_at.pop(old, None)
        sent_at = self._sent_at.pop(number, None)
        if sent_at is not None:
            late = time.monotonic() - sent_at > TARDY
            self._room = max(1, self._room // 2) if late else min(ON_THE_WAY, self._room + 1)

    def _behind(self) -> bool:
        last = self._sent_at.get(self._sent)
        return last is not None and self._sent - self._taken >= self._room and time.monotonic() - last < PATIENCE

    def begin(self) -> Callable[[], None]:
        """Start the session and its reports; gives what ends both."""
        carrier = threading.Thread(target=self._carry, name="invisible-debt screen", daemon=True)
        self.session.start()
        carrier.start()
        return self.session.stop

    def _carry(self) -> None:
        number, drawn, told, last = 0, 0, 0, 0.0
        while not self.session.stopped:
            if drawn != number:
                waiting = BUSY
            else:
                waiting = 1.0 if told == number else max(BUSY, TEXT_EVERY - (time.monotonic() - last))
            number, report = self.session.wait(number, waiting)
            if report is None or self.session.stopped or (report.playing and self._behind()):
                continue
            if number != drawn:
                drawn = number
                self._call(self._fast, report)
            # The words of a month with failures come with its picture.
            if number != told and (not report.playing or report.held or time.monotonic() - last >= TEXT_EVERY):
                told = number
                self._render(report)
                last = time.monotonic()

    def _render(self, report: Report) -> None:
        """Render all text that has changed, at once."""
        try:
            with self._together:
                self._call(self._text, report)
        except Exception:  # as in `_call`; what follows is shown again
            if not self.session.stopped:
                _log.exception("a report could not be rendered")

    def _call(self, listeners: list[Listener], report: Report) -> None:
        with self._lock:
            for listener in tuple(listeners):
                try:
                    listener(report)
                except Exception:  # a page that is closing may have lost a widget: the others go on
                    if not self.session.stopped:
                        _log.exception("a report could not be shown")


def use_report(screen: Screen, key: Callable[[Report], Hashable]) -> Report | None:
    """The newest report whose key differs from the one before; a hook for components.

    Parameters
    ----------
    screen : Screen
        The page's.
    key : callable
        What of a report the component shows; it is rendered anew when this changes, and only then.

    Returns
    -------
    Report or None
        None before the first report.
    """
    report, set_report = solara.use_state(screen.session.report)

    def attach() -> Callable[[], None]:
        last: list[Hashable] = [None if report is None else key(report)]

        def show(new: Report) -> None:
            now = key(new)
            if now != last[0]:
                last[0] = now
                set_report(new)

        return screen.attach(show, text=True)

    solara.use_effect(attach, [screen])
    return report
