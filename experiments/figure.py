"""One picture of a run: prices, spending, debt, hardware, failures and lenders over time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatter, MaxNLocator

from abm.accounts import statement
from abm.inputs.dates import MONTHS, month_end
from experiments.reproductions.figures import any_letters, literal, save

if TYPE_CHECKING:
    from abm.simulation import Economy

# Okabe and Ito's colours, which readers with any colour vision tell apart; line styles repeat the difference.
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PINK = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
# Where the panels stand, in parts of the picture: room for numbers of six characters on axes that have a scale there.
# A layout that measures its own labels would draw the picture four times over.
COLUMNS, ROWS, SIZE = (0.064, 0.396, 0.711), (0.527, 0.05), (0.228, 0.4)
HEADING = 14.0  # size of its letters, unless it would be wider than the picture
MOST_NAMES = 14  # failures named in the picture; the rest are counted


def draw(economy: Economy, path: Path, *, title: str) -> None:
    """Draw a run.

    Parameters
    ----------
    economy : Economy
        The economy after the run.
    path : Path
        PNG file to write; the same run gives the same bytes.
    title : str
        Heading of the picture.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    series = economy.rows("series")
    opening = economy.opening.date
    days = month_days(series["month"].tolist(), opening)
    figure = Figure(figsize=(13.0, 7.6), dpi=120)
    fitted(figure, title)
    axes = [figure.add_axes((left, bottom, *SIZE)) for bottom in ROWS for left in COLUMNS]
    _prices(axes[0], days, series, f"index, {MONTHS[opening.month - 1][:3]} {opening.year} = 100")
    _spending(axes[1], days, series)
    _debt(axes[2], days, series, economy.opening.flagship)
    _hardware(axes[3], days, series)
    _failures(axes[4], days, series, economy)
    _lenders(axes[5], days, series)
    for axis in axes:
        dated(axis, days)
    save(figure, path)


def fitted(figure: Figure, title: str) -> None:
    """Give a picture its heading, in letters small enough that it fits across."""
    heading = figure.suptitle(literal(title), fontsize=HEADING, y=0.993)
    with any_letters():
        width = heading.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width
    heading.set_fontsize(HEADING * min(1.0, 0.98 * figure.bbox.width / width) if width else HEADING)


def dated(axis: Axes, days: np.ndarray) -> None:
    """A panel over the days of a run: as long as they, with a light grid and a year now and then."""
    axis.set_xlim(days[0], days[-1] + np.timedelta64(1, "D"))
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def month_days(months: Iterable[int], opening: datetime.date) -> np.ndarray:
    """Last days of months."""
    return np.array([month_end(month, opening) for month in months], dtype="datetime64[D]")


def _legend(axis: Axes, *others: Axes) -> None:
    lines = [line for a in (axis, *others) for line in a.get_lines() if not str(line.get_label()).startswith("_")]
    axis.legend(lines, [str(line.get_label()) for line in lines], fontsize=8, framealpha=0.8, edgecolor="none")


def _from_zero(axis: Axes) -> None:
    axis.set_ylim(0.0, max(1.08 * axis.dataLim.y1, 1e-9))


def _prices(axis: Axes, days: np.ndarray, s: np.ndarray, index: str) -> None:
    axis.set_title("Prices")
    axis.plot(days, s["token_price"], color=BLUE, label="AI work (left)")
    axis.plot(days, s["equal_quality_price"], color=SKY, ls="--", label="same at equal quality (left)")
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(2.0, 0.5)))
    axis.set_ylabel(index)
    right = axis.twinx()
    right.plot(days, s["spot_price"], color=ORANGE, label="GPU rental, spot (right)")
    right.plot(days, s["contract_price"], color=RED, ls=":", label="GPU rental, contracts (right)")
    right.set_ylabel("USD per H100e-hour")
    _from_zero(right)
    _legend(axis, right)


def _spending(axis: Axes, days: np.ndarray, s: np.ndarray) -> None:
    axis.set_title("Investment and AI revenue")
    axis.plot(days, 12 * s["capex"], color=BLUE, label="investment in GPUs and sites")
    axis.plot(days, 12 * s["capex_big5"], color=SKY, ls="--", label="of which hyperscalers")
    axis.plot(days, 12 * s["ai_revenue"], color=RED, label="spent on AI services")
    axis.set_ylabel("bn USD a year (month × 12)")
    _from_zero(axis)
    _legend(axis)


def _debt(axis: Axes, days: np.ndarray, s: np.ndarray, flagship: str) -> None:
    axis.set_title("Debt, seen and unseen")
    axis.plot(days, s["ai_debt"], color=BLACK, label="borrowed for AI infrastructure")
    axis.plot(days, s["look_through"], color=BLUE, ls="--", label="carried by others for the labs")
    axis.plot(days, s["look_through_flagship"], color=RED, ls=":", label=literal(f"of which for {flagship}"))
    axis.set_ylabel("bn USD")
    _from_zero(axis)
    _legend(axis)


def _hardware(axis: Axes, days: np.ndarray, s: np.ndarray) -> None:
    axis.set_title("Hardware and power")
    axis.plot(days, s["fleet"], color=GREEN, label="fleet (left)")
    axis.plot(days, s["fleet"] * s["utilisation"], color=GREEN, ls="--", label="in use (left)")
    axis.set_ylabel("million H100-equivalents")
    _from_zero(axis)
    right = axis.twinx()
    right.plot(days, s["power_gw"], color=ORANGE, ls=":", label="power drawn (right)")
    right.set_ylabel("GW")
    _from_zero(right)
    _legend(axis, right)


def _failures(axis: Axes, days: np.ndarray, s: np.ndarray, economy: Economy) -> None:
    axis.set_title("Failures")
    axis.step(days, s["failed"], where="post", color=BLACK, label="firms failed so far")
    found = [d for d in statement.defaults(economy) if d.ends]
    when = month_days((d.month for d in found), economy.opening.date)
    count = np.arange(1, len(found) + 1)
    own = np.array([d.fundamental for d in found], dtype=bool)
    for part, mark, colour, label in [
        (own, "o", ORANGE, "of itself"),
        (~own, "^", BLUE, "pulled down by others"),
    ]:
        if part.any():
            axis.plot(when[part], count[part], mark, color=colour, label=label)
    middle = days[len(days) // 2]
    for place in sorted(range(len(found)), key=lambda k: -found[k].debt)[:MOST_NAMES]:
        late = when[place] > middle
        axis.annotate(
            found[place].firm, (when[place], count[place]), xytext=(-6 if late else 6, 4), fontsize=7,
            textcoords="offset points", ha="right" if late else "left", va="center",
        )  # fmt: skip
    axis.set_ylim(0, max(1.0, 1.08 * len(found)))
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel("firms")
    if not found:
        axis.text(0.5, 0.5, "no firm failed", transform=axis.transAxes, ha="center", color=BLACK)
    elif len(found) > MOST_NAMES:
        note = f"the {MOST_NAMES} with most debt are named"
        axis.text(0.99, 0.01, note, transform=axis.transAxes, ha="right", va="bottom", fontsize=7)
    _legend(axis)


def _lenders(axis: Axes, days: np.ndarray, s: np.ndarray) -> None:
    axis.set_title("Lenders")
    axis.plot(days, s["lender_capital"], color=BLUE, label="capital (left)")
    axis.set_ylabel("bn USD")
    _from_zero(axis)
    right = axis.twinx()
    right.plot(days, np.cumsum(s["lender_losses"]), color=RED, ls="--", label="credit losses so far, bn (right)")
    right.plot(days, 12 * s["new_loans"], color=PINK, ls=":", label="new loans, bn a year (right)")
    right.set_ylabel("bn USD")
    _from_zero(right)
    _legend(axis, right)
