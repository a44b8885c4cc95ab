"""The network of who owes whom, drawn and animated in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from abm.errors import BadInput
from viz.languages import FIRST, language
from viz.widgets.bundle import module, style

EDGE_KINDS = ("loan", "compute contract", "order", "equity")
HEALTH = ("sound", "strained", "distressed", "failing now", "failed earlier")


class NetworkView(anywidget.AnyWidget):
    """Firms as shapes, what they owe as arrows, failures spreading round by round.

    Attributes
    ----------
    firms : dict
        Names, kinds and places, see `network_firms`; sent when firms change.
    frame : dict
        A month, see `network_frame`; with a `number` if the browser is to say in `taken` that it is drawn.
    selected : int
        Row of the firm that is ringed, -1 for none.
    dark : bool
        Dark colours.
    credit : dict
        What a still or a video of the picture says below it: `title`, and `source`.
    lines : dict
        Which lines the visitor hides, set by either side: `hidden`, indices into `EDGE_KINDS`, and `least`, the amount
        (bn USD) below which a line is hidden.
    film : dict
        Months to be recorded as a video when they come: `first`, `last`, and a `count` that every new wish raises.
    filmed : dict
        Set by the browser when such a video was saved: its `count` and `size` (bytes).
    words : dict
        What `Language.words` gives of the `PARTS`; in the first language if left out.
    clicked : dict
        Set by the browser: `firm` (row, -1 for the background) and `count`, which every click raises.
    taken : int
        Set by the browser: number of the last frame that is drawn.
    """

    PARTS: ClassVar = ("amount", "list", "drawn", "network", "picture", "edge", "channel", "kind", "health")
    _esm = module("network.js")
    _css = style("common.css", "network.css")
    firms = traitlets.Dict().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(-1).tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
    credit = traitlets.Dict().tag(sync=True)
    lines = traitlets.Dict().tag(sync=True)
    film = traitlets.Dict().tag(sync=True)
    filmed = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict(language(FIRST).words(*PARTS)).tag(sync=True)
    clicked = traitlets.Dict().tag(sync=True)
    taken = traitlets.Int(0).tag(sync=True)


def network_firms(
    names: Sequence[str],
    kinds: Sequence[str],
    x: ArrayLike,
    y: ArrayLike,
    captions: Sequence[Mapping[str, Any]] = (),
    size_note: str = "balance sheet",
    room: ArrayLike = (),
) -> dict[str, Any]:
    """The lasting part of the network.

    Parameters
    ----------
    names, kinds : sequence of str, F
        Names, and kinds out of `abm.engine.tables.KIND_NAMES`.
    x, y : (F,) float
        Places from 0 to 1: `x` along the lanes from left to right, `y` downwards. A tall screen turns them.
    captions : sequence of mappings
        Titles of lanes, each with `text`, `x` and `y`.
    size_note : str
        What the size of a mark stands for, said in the legend.
    room : (F,) float
        Sizes for which each firm is given room, so that two pictures have one layout; those of the frame if left out.

    Returns
    -------
    dict
        Value for `NetworkView.firms`.

    Raises
    ------
    BadInput
        If the lengths differ.
    """
    places = (_packed(x, "<f4"), _packed(y, "<f4"))
    _same_length({"names": len(names), "kinds": len(kinds), "x": len(places[0]) // 4, "y": len(places[1]) // 4})
    return {
        "names": list(names),
        "kinds": list(kinds),
        "x": places[0],
        "y": places[1],
        "captions": [dict(caption) for caption in captions],
        "size_note": size_note,
        "room": _packed(room, "<f4"),
    }


def network_frame(
    month: int,
    label: str,
    size: ArrayLike,
    health: ArrayLike,
    source: ArrayLike = (),
    target: ArrayLike = (),
    kind: ArrayLike = (),
    amount: ArrayLike = (),
    cascade: Sequence[Mapping[str, Any]] = (),
    hold: float = 0.0,
    apart: ArrayLike = (),
    shared: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """One month of the network.

    Parameters
    ----------
    month : int
        Months since the opening; a month before the last one shown ends the animation of a cascade.
    label : str
        The month as the reader sees it.
    size : (F,) float
        Balance sheets (bn USD); the area of a mark stands for it.
    health : (F,) int
        Index into `HEALTH`.
    source, target : (E,) int
        Rows of who owes or has promised, and to whom.
    kind : (E,) int
        Index into `EDGE_KINDS`.
    amount : (E,) float
        What is owed or promised (bn USD).
    cascade : sequence of mappings
        Rounds in order, each with `round`, `firms` (rows that fail in it) and `edges`: mappings with `source`
        (row, -1 for the market), `target` (who loses), `channel` and `amount` (bn USD).
    hold : float
        Seconds after which the next month comes, in which the cascade must have run; 0 if none will by itself.
    apart : (F,) int
        1 for firms that stand otherwise in the picture beside this one, 2 if they have failed in one of them alone.
    shared : mapping
        What two pictures side by side measure by (bn USD): the `largest` firm, all firms' `total`, the `most` owed.

    Returns
    -------
    dict
        Value for `NetworkView.frame`; arrays as bytes, which travel unencoded.

    Raises
    ------
    BadInput
        If lengths differ.
    """
    arrays = {
        "source": _packed(source, "<i4"),
        "target": _packed(target, "<i4"),
        "amount": _packed(amount, "<f4"),
    }
    kinds = _packed(kind, "<u1")
    _same_length({**{name: len(held) // 4 for name, held in arrays.items()}, "kind": len(kinds)})
    sizes, healths = _packed(size, "<f4"), _packed(health, "<u1")
    _same_length({"size": len(sizes) // 4, "health": len(healths)})
    return {
        "month": int(month),
        "label": label,
        "size": sizes,
        "health": healths,
        "kind": kinds,
        **arrays,
        "cascade": [dict(round_) for round_ in cascade],
        "hold": 1000.0 * hold,
        "apart": _packed(apart, "<u1"),
        "shared": dict(shared or {}),
    }


def _packed(values: ArrayLike, dtype: str) -> bytes:
    return np.ascontiguousarray(values, dtype=dtype).tobytes()


def _same_length(lengths: Mapping[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise BadInput(f"these must have the same length: {told}")
