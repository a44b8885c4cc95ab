"""The card on which the guided story is told, and the keys and the clock that lead through it."""

from __future__ import annotations

import anywidget
import traitlets

from viz.widgets.bundle import module, style


class GuideCard(anywidget.AnyWidget):
    """A caption below the picture, with its scenes, Next, Back, Skip and a pause; a button to open it while closed.

    Attributes
    ----------
    scenes : list of dict
        Each with `title`, `text`, `seconds` to read it, and `picture`: whether the network must be in sight.
    at : int
        The scene told, -1 while closed; set by both sides.
    arrived : int
        The scene whose month is there: its time runs from then on.
    ask : str
        "yes" opens it at once, "no" does not, "ask" does so unless this browser has seen it.
    dark : bool
        Dark colours.
    words : dict
        Of the buttons, by name.
    """

    _esm = module("guide.js")
    _css = style("common.css", "guide.css")
    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    at = traitlets.Int(-1).tag(sync=True)
    arrived = traitlets.Int(-1).tag(sync=True)
    ask = traitlets.Unicode("no").tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
