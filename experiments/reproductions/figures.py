"""One look for all figures, and a drawing whose bytes depend on its numbers alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from textwrap import shorten

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from abm.errors import printable, short

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#666666"
"""Okabe and Ito's colours, told apart by the colour-blind."""


MOST_LETTERS = 120  # of a text in a figure


def literal(text: str, most: int = MOST_LETTERS) -> str:
    """A user's text as matplotlib draws it: dollars begin no formula, and a first underscore hides no label.

    Parameters
    ----------
    text : str
        One line, or more that become one.
    most : int
        Letters at which it is cut with an ellipsis, between words where there are any.

    Examples
    --------
    >>> print(literal("$x_$ costs 3 $"))
    \\$x_\\$ costs 3 \\$
    """
    one = " ".join(printable(text).split())
    cut = shorten(one, most, placeholder=" …") if " " in one[:most] else short(one, most)
    return (" " if cut.startswith("_") else "") + cut.replace("$", r"\$")


@contextmanager
def any_letters() -> Iterator[None]:
    """Let letters that the font lacks be drawn as boxes, without a warning for each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def save(figure: Figure, target: Path | BytesIO, dpi: float | str = "figure") -> None:
    """Write a figure as PNG, without the name of the drawing software and the date.

    Letters that the font lacks are drawn as boxes (`any_letters`).

    Parameters
    ----------
    figure : Figure
    target : Path or BytesIO
        Where to.
    dpi : float or "figure"
        Dots an inch; the figure's own if left out.
    """
    with any_letters():
        figure.savefig(target, format="png", dpi=dpi, metadata={"Software": None})


def panels(
    count: int = 1, width: float = 6.4, height: float = 4.0, per_row: int | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels side by side.

    Parameters
    ----------
    count : int
        Panels, from left to right.
    width, height : float
        Of one panel, in inches.
    per_row : int, optional
        Panels before a new row begins; all in one row if left out.

    Returns
    -------
    tuple
        The figure and its panels, light grid on, top and right frame off.
    """
    across = min(count, per_row or count)
    down = -(-count // across)
    figure = Figure(figsize=(width * across, height * down), layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(down, across, place + 1) for place in range(count)]
    for axis in axes:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def png(figure: Figure) -> bytes:
    """The figure as PNG; the name of the drawing software and the date are left out."""
    buffer = BytesIO()
    save(figure, buffer, dpi=110)
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """The figure as SVG with its letters as shapes, so that it looks alike everywhere; no date and no software."""
    buffer = BytesIO()
    with any_letters(), matplotlib.rc_context({"svg.hashsalt": "figure", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
