"""One picture of many worlds: fans of six quantities with one world drawn on them, and who fails how often."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.ensemble.findings import points, quantities
from experiments.ensemble.told import Findings
from experiments.ensemble.worlds import Floats, Made
from experiments.figure import BLACK, BLUE, RED, dated, fitted, month_days
from experiments.reproductions.figures import literal, save

# Quantity, title, unit and the factor that makes it.
FANS = (
    ("ai_revenue", "AI revenue", "bn USD a year (month × 12)", 12.0),
    ("capex", "Investment in GPUs and sites", "bn USD a year (month × 12)", 12.0),
    ("ai_debt", "Borrowed for AI infrastructure", "bn USD", 1.0),
    ("look_through", "Invisible debt: carried for the labs", "bn USD", 1.0),
    ("spot_price", "GPU rent (spot)", "USD per H100e-hour", 1.0),
    ("lost", "Lenders' losses so far", "bn USD", 1.0),
)
FAN = (5, 25, 50, 75, 95)
# Where the panels stand, in parts of the picture: left ends, lower ends, size; the bars take the whole height.
COLUMNS, ROWS, SIZE = (0.05, 0.3, 0.55), (0.55, 0.1), (0.19, 0.36)
BARS = (0.855, 0.1, 0.13, 0.81)
MOST_BARS = 16


def draw(made: Made, found: Findings, path: Path, *, title: str) -> None:
    """Draw an ensemble.

    Parameters
    ----------
    made : Made
    found : Findings
        Of it.
    path : Path
        PNG file to write; the same worlds give the same bytes.
    title : str
        Heading of the picture.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    kept = {quantity.name: quantity.values for quantity in quantities(made)}
    days = month_days(range(1, made.question.months + 1), made.tables.date)
    seed = found.stories[0].seed
    figure = Figure(figsize=(15.0, 8.0), dpi=110)
    fitted(figure, title)
    places = [(left, bottom, *SIZE) for bottom in ROWS for left in COLUMNS]
    for place, (name, heading, unit, factor) in zip(places, FANS, strict=True):
        axis = figure.add_axes(place)
        _fan(axis, days, factor * kept[name], made.seeds.index(seed))
        axis.set_title(heading, fontsize=11)
        axis.set_ylabel(unit)
        dated(axis, days)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    labels = [f"seed {seed}, the most typical of the largest story" if label == "one" else label for label in labels]
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.05, 0.0), ncols=4, frameon=False, fontsize=10)
    _bars(figure.add_axes(BARS), made, found)
    save(figure, path)


def _fan(axis: Axes, days: np.ndarray, values: Floats, one: int) -> None:
    lowest, low, middle, high, highest = points(values, FAN)
    axis.fill_between(days, lowest, highest, color=BLUE, alpha=0.18, lw=0, label="nine worlds in ten")
    axis.fill_between(days, low, high, color=BLUE, alpha=0.32, lw=0, label="half of the worlds")
    axis.plot(days, middle, color=BLUE, label="median")
    axis.plot(days, values[one], color=BLACK, ls="--", lw=1.2, label="one")
    axis.set_ylim(0.0, max(1.08 * float(max(highest.max(), values[one].max())), 1e-9))


def _bars(axis: Axes, made: Made, found: Findings) -> None:
    failing = [f for f in found.fails if f.worlds][:MOST_BARS]
    axis.set_title("Fails in so many worlds", fontsize=11)
    axis.set_xlabel("% of worlds, with 95 % intervals")
    axis.set_xlim(0.0, 100.0)
    axis.set_ylim(max(len(failing), 1) - 0.4, -0.6)
    axis.grid(alpha=0.25, axis="x")
    axis.spines[["top", "right"]].set_visible(False)
    if not failing:
        axis.set_yticks([])
        axis.text(0.5, 0.5, "no firm fails", transform=axis.transAxes, ha="center")
        return
    share = 100.0 * np.array([f.share for f in failing])
    rows = np.arange(len(failing))
    axis.barh(rows, share[:, 0], color=RED, height=0.6)
    axis.errorbar(
        share[:, 0], rows, xerr=(share[:, 0] - share[:, 1], share[:, 2] - share[:, 0]), fmt="none", ecolor=BLACK, lw=1.0
    )
    axis.set_yticks(rows, [literal(f.name) for f in failing], fontsize=8)
