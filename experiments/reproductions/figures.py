"""One look for all figures, and a drawing whose bytes depend on its numbers alone."""

from __future__ import annotations

from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#666666"
"""Okabe and Ito's colours, told apart by the colour-blind."""


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
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
