"""Single keys of the page, heard anywhere but in fields."""

from __future__ import annotations

import anywidget
import traitlets

from viz.widgets.bundle import module


class Keys(anywidget.AnyWidget):
    """Space or k plays and pauses, `.` or n steps, `,` or b goes back a month, r starts again.

    Attributes
    ----------
    pressed : dict
        Set by the browser: `key` ("play", "step", "back" or "reset") and `count`, which every press raises.
    """

    _esm = module("keys.js")
    pressed = traitlets.Dict().tag(sync=True)
