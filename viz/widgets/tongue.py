"""The language that the browser is told: by it screen readers choose a voice, and fonts their characters."""

from __future__ import annotations

import anywidget
import traitlets

from viz.widgets.bundle import module


class Tongue(anywidget.AnyWidget):
    """Sets `<html lang>`; draws nothing.

    Attributes
    ----------
    tag : str
        Of the language that the page speaks.
    """

    _esm = module("tongue.js")
    tag = traitlets.Unicode("en").tag(sync=True)
