"""The address of the browser, kept at what is on screen, and its back button."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from viz.widgets.bundle import module


class AddressLine(anywidget.AnyWidget):
    """Writes a query into the address, and tells of the one that the back or forward button leads to.

    Attributes
    ----------
    entry : dict
        `query`, without the question mark, and `push`: whether the back button shall lead to what stood before.
    came : callable
        Called with the query to which the visitor went back or forward.
    """

    _esm = module("address.js")
    entry = traitlets.Dict().tag(sync=True)
    came = traitlets.Any(lambda _query: None)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.on_msg(self._moved)

    def _moved(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("came"), str):
            self.came(content["came"])
