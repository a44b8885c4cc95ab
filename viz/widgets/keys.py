"""Single keys of the page, heard anywhere but in fields."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from viz.widgets.bundle import module


class Keys(anywidget.AnyWidget):
    """Space or k plays and pauses, `.` or n steps, `,` or b goes back a month, r starts again, l is for
    large type.

    Attributes
    ----------
    heard : callable
        Called with "play", "step", "back", "reset" or "lecture", once for every press and in their order.
    """

    _esm = module("keys.js")
    heard = traitlets.Any(lambda _key: None)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.on_msg(self._pressed)

    def _pressed(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("key"), str):
            self.heard(content["key"])
