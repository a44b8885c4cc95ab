"""Who fell because of whom, from the first failure to the last."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from viz.languages import FIRST, language
from viz.widgets.bundle import module, style


class CascadeTree(anywidget.AnyWidget):
    """Failures as cards in the order of time, joined where one explains another.

    Attributes
    ----------
    cascade : dict
        What `viz.funding.cascade_tree` returns.
    dark : bool
        Dark colours.
    words : dict
        What `Language.words` gives of the `PARTS`; in the first language if left out.
    clicked : dict
        Set by the browser: `firm` (row), `month` and `count`, which every click raises.
    """

    PARTS: ClassVar = ("amount", "list", "drawn", "tree", "channel", "kind")
    _esm = module("tree.js")
    _css = style("common.css", "tree.css")
    cascade = traitlets.Dict().tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
    words = traitlets.Dict(language(FIRST).words(*PARTS)).tag(sync=True)
    clicked = traitlets.Dict().tag(sync=True)
