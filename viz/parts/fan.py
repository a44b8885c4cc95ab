"""A fan chart: the band of many worlds month by month, with one run drawn on it up to the month shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.page import escape
from viz.languages import Language

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 360.0, 150.0, 46.0, 20.0, 8.0
POINTS = (5, 25, 50, 75, 95)  # per cent: the band of nine worlds in ten, that of half of them, and the middle


def fan(
    title: str, told: str, bands: ArrayLike, mine: ArrayLike, month: int, ends: tuple[str, str], language: Language
) -> str:
    """The chart as SVG.

    Parameters
    ----------
    title : str
        What is drawn, with its unit.
    told : str
        The same in a sentence, for whoever does not see it.
    bands : array, shape (5, M)
        `POINTS` over the worlds, months 1 to M.
    mine : array, shape (m,)
        The visitor's run, months 1 to m.
    month : int
        The month shown; 0 draws no line of the present.
    ends : (str, str)
        The first and the last month in words.
    language : Language

    Returns
    -------
    str
        A `<figure>`.
    """
    band = np.asarray(bands, float)
    line = np.asarray(mine, float)[: min(month, band.shape[1])]
    months = band.shape[1]
    top = max(float(np.nanmax(band)), float(np.nanmax(line, initial=0.0)), 1e-9)
    low = min(float(np.nanmin(band)), float(np.nanmin(line, initial=0.0)), 0.0)

    def place(at: int, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - 4.0) * at / max(months - 1, 1)
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value - low) / (top - low))
        return f"{x:.1f},{y:.1f}"

    def path(values: Sequence[float]) -> str:
        return " ".join(place(at, value) for at, value in enumerate(values))

    def area(lower: np.ndarray, upper: np.ndarray) -> str:
        back = [place(at, upper[at]) for at in range(months - 1, -1, -1)]
        return f"{path(lower.tolist())} {' '.join(back)}"

    base = HEIGHT - BOTTOM
    parts = [
        f"<polygon class='id-fan-wide' points='{area(band[0], band[4])}'/>",
        f"<polygon class='id-fan-half' points='{area(band[1], band[3])}'/>",
        f"<polyline class='id-fan-middle' points='{path(band[2].tolist())}'/>",
        f"<polyline class='id-fan-mine' points='{path(line.tolist())}'/>" if len(line) else "",
    ]
    if 0 < month <= months:
        x = place(month - 1, low).partition(",")[0]
        parts.append(f"<line class='id-fan-now' x1='{x}' x2='{x}' y1='{TOP}' y2='{base}'/>")
    for value, y in ((top, TOP + 9.0), (low, base)):
        parts.append(f"<text x='{LEFT - 4.0}' y='{y}' text-anchor='end'>{escape(language.number(value))}</text>")
    parts.append(f"<text x='{LEFT}' y='{HEIGHT - 5.0}'>{escape(ends[0])}</text>")
    parts.append(f"<text x='{WIDTH - 4.0}' y='{HEIGHT - 5.0}' text-anchor='end'>{escape(ends[1])}</text>")
    drawing = f"<svg viewBox='0 0 {WIDTH:g} {HEIGHT:g}' role='img' aria-label='{escape(told)}'>{''.join(parts)}</svg>"
    return f"<figure class='id-fan'><figcaption>{escape(title)}</figcaption>{drawing}</figure>"
