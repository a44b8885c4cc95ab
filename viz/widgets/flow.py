"""Who funds whom for whom, as ribbons from lenders through borrowers to those served."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from viz.languages import FIRST, language
from viz.widgets.bundle import module, style


class FlowDiagram(anywidget.AnyWidget):
    """Ribbons in three columns, coloured by the lab for whose use the money was borrowed.

    Attributes
    ----------
    flows : dict
        What `viz.funding.funding_flows` returns.
    dark : bool
        Dark colours.
    words : dict
        What `Language.words` gives of the `PARTS`; in the first language if left out.
    clicked : dict
        Set by the browser: `firm` (row) and `count`, which every click raises.
    """

    PARTS: ClassVar = ("amount", "list", "drawn", "flow", "kind")
    _esm = module("flow.js")
    _css = style("common.css", "flow.css")
    flows = traitlets.Dict().tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
    words = traitlets.Dict(language(FIRST).words(*PARTS)).tag(sync=True)
    clicked = traitlets.Dict().tag(sync=True)
