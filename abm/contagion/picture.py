"""The picture of a cascade: rounds from left to right, then those who lose and stand, arrows for what is not paid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abm.errors import printable, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from abm.contagion.cleared import NetworkClearing

Point = tuple[float, float]

RED, BLUE, GREY = "#d55e00", "#0072b2", "#595959"  # of Okabe and Ito, told apart by the colour-blind
MOST_AMOUNTS = 30  # arrows with their amount beside them: the largest
MOST_LETTERS = 26  # of a name
STANDS = "lose, but pay"
# Inches; the axes of the picture are in inches too, so that it is known where an arrow runs.
ACROSS, DOWN, SIDE, ABOVE, BELOW, NARROWEST = 2.5, 0.85, 1.1, 1.35, 1.1, 7.2
BENDS = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45)  # of arrows, the straightest first
BOWS = (-1.5, 1.5, -2.1, 2.1)  # twice the inches by which an arrow within a column goes to the side
ALONG = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22)  # where on an arrow its amount may stand
CLEAR = 0.4  # inches between an arrow and a firm that it passes
DASHED = (0, (4, 2))


def draw_cascade(cleared: NetworkClearing, *, title: str | None, most: int) -> Figure:
    """Draw a cleared network; see `NetworkClearing.draw`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    network, result = cleared.network, cleared.result
    fell, lost, shortfall = result.default_round, cleared.lost, cleared.shortfall
    hit = np.flatnonzero((lost > 0.0) | result.defaulted)
    size = np.maximum(lost, shortfall)
    shown = np.sort(hit[np.argsort(-size[hit], kind="stable")][: max(most, 1)])
    steps = sorted({int(fell[i]) for i in shown if fell[i]})
    heads = [f"round {step}" for step in steps] + ([STANDS] if (fell[shown] == 0).any() else [])
    column = {int(i): steps.index(int(fell[i])) if fell[i] else len(steps) for i in shown}
    unpaid = _unpaid(cleared, shown)

    tallest = max((list(column.values()).count(k) for k in range(len(heads))), default=1)
    width = max(NARROWEST, 2.0 * SIDE + ACROSS * (len(heads) - 1))
    height = ABOVE + BELOW + DOWN * (tallest - 0.4) if len(shown) else 1.0
    figure = Figure(figsize=(width, height), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0.0, width), ylim=(0.0, height))
    axes.set_axis_off()
    middle = width / 2.0
    heading = printable(headline(cleared) if title is None else title, keep="")
    axes.text(middle, height - 0.3, heading, fontsize=12, ha="center", va="center", parse_math=False)
    notes = [f"{len(hit) - len(shown):,} more lose less"] if len(hit) > len(shown) else []
    rest = len(network.names) - len(hit)
    if rest and len(hit):
        notes.append(f"{rest:,} {'firm loses' if rest == 1 else 'firms lose'} nothing")
    axes.text(middle, height - 0.55, "; ".join(notes), fontsize=8.5, color=GREY, ha="center", va="center")

    first = (width - ACROSS * (len(heads) - 1)) / 2.0
    centre = BELOW + (height - ABOVE - BELOW) / 2.0
    place = {i: (first + ACROSS * x, centre + DOWN * y) for i, (x, y) in _places(column, unpaid, size).items()}
    for k, head in enumerate(heads):
        axes.text(first + ACROSS * k, height - 0.85, head, fontsize=10, color=GREY, ha="center", va="center")
    _arrows(axes, unpaid, place, {i: bool(fell[i]) for i in place}, column)
    for i, (x, y) in place.items():
        down = bool(fell[i])
        axes.plot(x, y, "o" if down else "s", color=RED if down else BLUE, markersize=9, zorder=4)
        name = short(printable(network.names[i], keep=""), MOST_LETTERS)
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.7}
        axes.text(x, y + 0.19, name, fontsize=9, ha="center", va="center", parse_math=False, bbox=behind, zorder=5)
        if down:
            about = f"pays {told(float(network.owed[i] - shortfall[i]))} of {told(float(network.owed[i]))}"
        else:
            about = f"loses {told(float(lost[i]))} of {told(float(network.net_worth[i]))}"
        if cleared.loss[i] > 0.0:
            about += f"\nthe shock takes {told(float(cleared.loss[i]))}"
        axes.text(x, y - 0.13, about, fontsize=7.5, color=GREY, ha="center", va="top", bbox=behind, zorder=5)
    if len(shown):
        back = any(column[creditor] <= column[debtor] for debtor, creditor in unpaid)
        _legend(figure, network.unit, stands=STANDS in heads, falls=bool(steps), arrows=bool(unpaid), back=back)
    return figure


def headline(cleared: NetworkClearing) -> str:
    """How many firms fall, and what is not paid, in a line."""
    network, fallen = cleared.network, int(cleared.result.defaulted.sum())
    if not fallen:
        return "Everybody pays in full"
    unit = f" {network.unit}" if network.unit else ""
    left = f"{told(float(cleared.shortfall.sum()))} of {told(float(network.owed.sum()))}{unit} owed is not paid"
    return f"{fallen:,} of {len(network.names):,} firms cannot pay: {left}"


def _unpaid(cleared: NetworkClearing, shown: NDArray[np.int64]) -> dict[tuple[int, int], float]:
    """What debtors do not pay to creditors, both among the firms drawn; debts of several tiers are one arrow."""
    network = cleared.network
    left = np.maximum(network.amount - cleared.paid, 0.0)
    found: dict[tuple[int, int], float] = {}
    for at in np.flatnonzero(np.isin(network.debtor, shown) & np.isin(network.creditor, shown) & (left > 0.0)):
        pair = int(network.debtor[at]), int(network.creditor[at])
        found[pair] = found.get(pair, 0.0) + float(left[at])
    return found


def _places(
    column: dict[int, int], unpaid: dict[tuple[int, int], float], size: NDArray[np.float64]
) -> dict[int, Point]:
    """Where each firm stands: columns from left to right, in each near the middle of those that do not pay it."""
    place: dict[int, Point] = {}
    for k in range(max(column.values(), default=-1) + 1):
        above: dict[int, list[float]] = {i: [] for i in column if column[i] == k}
        for debtor, creditor in unpaid:
            if creditor in above and debtor in place:
                above[creditor].append(place[debtor][1])
        mine = sorted(above, key=lambda i: (-float(np.mean(above[i] or 0.0)), -float(size[i]), i))
        place.update({i: (float(k), (len(mine) - 1) / 2.0 - at) for at, i in enumerate(mine)})
    return place


def _arrows(
    axes: Axes, unpaid: dict[tuple[int, int], float], place: dict[int, Point], fell: dict[int, bool],
    column: dict[int, int],
) -> None:  # fmt: skip
    """An arrow for everything that is not paid, bent round the firms between, the largest with their amount."""
    largest = sorted(unpaid.values(), reverse=True)[:MOST_AMOUNTS]
    taken: list[Point] = list(place.values())
    for (debtor, creditor), amount in sorted(unpaid.items(), key=lambda item: (-item[1], item[0])):
        start, end = place[debtor], place[creditor]
        others = [where for i, where in place.items() if i not in (debtor, creditor)]
        ahead = column[creditor] > column[debtor]
        bends: Sequence[float] = BENDS if ahead else BENDS[1:]
        if column[creditor] == column[debtor]:  # beside the words between them
            bends = [bow / math.dist(start, end) for bow in BOWS]
        bend = next((b for b in bends if _distance(start, end, b, others) >= CLEAR), bends[-1])
        axes.annotate(
            "", end, start,
            arrowprops={
                "arrowstyle": "-|>,head_width=0.25,head_length=0.5", "color": RED if fell[creditor] else BLUE,
                "alpha": 0.6, "linewidth": 0.6 + 3.4 * amount / largest[0], "linestyle": "-" if ahead else DASHED,
                "shrinkA": 8, "shrinkB": 8, "connectionstyle": f"arc3,rad={bend}",
            },
        )  # fmt: skip
        if amount >= largest[-1]:
            spots = [_on(start, end, bend, along) for along in ALONG]
            spot = max(spots, key=lambda at: (min(_nearest(at, taken), 0.45), -spots.index(at)))
            taken.append(spot)
            behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
            axes.text(*spot, told(amount), fontsize=7.5, color=GREY, ha="center", va="center", bbox=behind, zorder=6)


def _on(start: Point, end: Point, bend: float, along: float) -> Point:
    """A point of an arrow, a part of the way along it: matplotlib's arc3, a quadratic Bezier curve."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    middle = (start[0] + dx / 2.0 + bend * dy, start[1] + dy / 2.0 - bend * dx)
    a, b, c = (1.0 - along) ** 2, 2.0 * along * (1.0 - along), along**2
    return a * start[0] + b * middle[0] + c * end[0], a * start[1] + b * middle[1] + c * end[1]


def _distance(start: Point, end: Point, bend: float, others: Sequence[Point]) -> float:
    """How near an arrow comes to firms that it does not concern, in inches."""
    return min((_nearest(_on(start, end, bend, k / 16.0), others) for k in range(1, 16)), default=math.inf)


def _nearest(at: Point, others: Iterable[Point]) -> float:
    return min((math.dist(at, other) for other in others), default=math.inf)


def _legend(figure: Figure, unit: str, *, stands: bool, falls: bool, arrows: bool, back: bool) -> None:
    """What marks and arrows stand for."""
    from matplotlib.lines import Line2D

    in_unit = f" ({printable(unit, keep='')})".replace("$", r"\$") if unit else ""
    marks = [
        (falls, {"marker": "o", "ls": "", "color": RED, "label": "pays less than it owes"}),
        (stands, {"marker": "s", "ls": "", "color": BLUE, "label": "loses so much of its net worth, and pays all"}),
        (arrows, {"color": GREY, "label": f"what the debtor does not pay{in_unit}"}),
        (back, {"color": GREY, "ls": DASHED, "label": "the same, to a firm that fell before it or with it"}),
    ]
    lines = [Line2D([], [], **style) for wanted, style in marks if wanted]  # type: ignore[arg-type]
    figure.legend(handles=lines, loc="lower center", ncols=2, fontsize=8, frameon=False)


def told(value: float) -> str:
    """An amount as a person writes it: three or four figures.

    >>> [told(x) for x in (1234.5, 123.45, 12.345, 0.012345, 0.0)]
    ['1,234', '123.5', '12.3', '0.0123', '0']
    """
    size = abs(value)
    return f"{value:,.0f}" if 1000.0 <= size < 1e15 else f"{value:.4g}" if size >= 100.0 else f"{value:.3g}"
