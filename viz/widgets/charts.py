"""Many small time series side by side, appended to month by month."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from viz.languages import FIRST, language
from viz.widgets.bundle import module, style


@dataclass(frozen=True, slots=True, eq=False)
class ChartData:
    """Series of one run.

    Parameters
    ----------
    run : str
        What tells this run from another; the same run with more months only sends the new ones.
    first : int
        Month of the first value.
    values : mapping of str to (M,) float
        Values by column; NaN draws nothing.
    """

    run: str
    first: int
    values: Mapping[str, ArrayLike]


class Charts(anywidget.AnyWidget):
    """Panels of lines over the same months, with a comparison run dashed behind.

    Attributes
    ----------
    panels : list of dict
        `title`, `unit`, `series` (each with `name` and `column`), and if wanted `log` and `about`, a sentence
        that explains the panel.
    data, baseline : ChartData or None
        The run and the one it is compared with. Stay in Python; `history` and `tail` carry what is new.
    marks : list of dict
        Failures on the time line: `month` and `text`.
    opening : str
        Year and month from which months are counted, such as "2025-12".
    until : int
        Last month the axis has room for, so that it stands still while a run plays.
    cursor : int
        Month on which a line stands, -1 for none.
    dark : bool
        Dark colours.
    words : dict
        What `Language.words` gives of the `PARTS`; in the first language if left out.
    clicked_month : dict
        Set by the browser: `month` and `count`, which every click raises.
    """

    WHICH: ClassVar = ("data", "baseline")
    PARTS: ClassVar = ("amount", "list", "drawn", "chart")
    _esm = module("charts.js", "uPlot.iife.min.js")
    _css = style("uPlot.min.css", "common.css", "charts.css")
    panels = traitlets.List(traitlets.Dict()).tag(sync=True)
    data = traitlets.Instance(ChartData, allow_none=True)
    baseline = traitlets.Instance(ChartData, allow_none=True)
    history = traitlets.Dict().tag(sync=True)
    tail = traitlets.Dict().tag(sync=True)
    marks = traitlets.List(traitlets.Dict()).tag(sync=True)
    opening = traitlets.Unicode("0000-01").tag(sync=True)
    until = traitlets.Int(0).tag(sync=True)
    cursor = traitlets.Int(-1).tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
    words = traitlets.Dict(language(FIRST).words(*PARTS)).tag(sync=True)
    clicked_month = traitlets.Dict().tag(sync=True)

    def __init__(self, **given: Any) -> None:
        self._lock = threading.RLock()  # the browser asks in one thread while the run appends in another
        self._sent: dict[str, tuple[str, int]] = {}
        self._serial = 0  # a browser takes no notice of a value equal to the last one
        super().__init__(**given)
        self.on_msg(self._asked)
        self._send_all()

    @traitlets.observe("panels")
    def _panels_changed(self, _change: Any) -> None:
        self._send_all()

    @traitlets.observe("data", "baseline")
    def _data_changed(self, change: Any) -> None:
        held: ChartData | None = change["new"]
        which = change["name"]
        columns = self._columns(held)
        months = len(columns[0]) if columns else 0
        with self._lock:
            run, sent = self._sent.get(which, ("", 0))
            if held is None or held.run != run or months < sent or sent == 0:
                self._send_all()
            elif months > sent:
                self._sent[which] = (run, months)
                values = _packed([column[sent:] for column in columns])
                self.tail = {"serial": self._next(), "which": which, "run": run, "at": sent, "values": values}

    def _asked(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """The browser has missed something, as after a reload."""
        if content == {"ask": "history"}:
            self._send_all()

    def _send_all(self) -> None:
        with self._lock:
            history: dict[str, Any] = {"serial": self._next(), "columns": self._names()}
            for which in self.WHICH:
                held: ChartData | None = getattr(self, which)
                columns = self._columns(held)
                if held is None or not columns:
                    self._sent.pop(which, None)
                    continue
                months = len(columns[0])
                self._sent[which] = (held.run, months)
                values = _packed(columns)
                history[which] = {"run": held.run, "first": held.first, "months": months, "values": values}
            self.tail = {}
            self.history = history

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _names(self) -> list[str]:
        return list(dict.fromkeys(line["column"] for panel in self.panels for line in panel["series"]))

    def _columns(self, held: ChartData | None) -> list[np.ndarray]:
        """The panels' columns; one that the run has not is empty of values."""
        if held is None:
            return []
        known = {name: np.asarray(held.values[name], "<f4") for name in self._names() if name in held.values}
        months = min((len(values) for values in known.values()), default=0)
        blank = np.full(months, np.nan, "<f4")
        return [known.get(name, blank)[:months] for name in self._names()]


def _packed(columns: list[np.ndarray]) -> bytes:
    return np.concatenate(columns).astype("<f4").tobytes() if columns else b""
