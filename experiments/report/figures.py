"""The figures of a report; colours and line styles repeat each other for readers with any colour vision."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from experiments.analysis.distribution import Survival
from experiments.analysis.duration import Duration
from experiments.analysis.intervals import Estimate, Floats
from experiments.analysis.options import Condition
from experiments.analysis.phase import PhaseMap, Profile
from experiments.analysis.prim import Discovery, Limit
from experiments.analysis.ranking import CLEAR, Association, Rank
from experiments.analysis.sensitivity import MorrisEffects, SobolIndices, settled
from experiments.report.findings import Comparison
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, literal, panels
from experiments.summary import number

COLOURS = ("#000000", BLUE, ORANGE, GREEN, RED, PURPLE, "#56b4e9", GREY)
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
PER_ROW = 2
WIDTH = 4.7  # of a panel, in inches: two fill a printed page at nearly their size
MOST_BANDS = 4  # lines that get a band; with more, bands hide each other
MOST_BARS = 15  # factors drawn; a table has all
SMALL = 9  # letters of legends
SHARES = (-0.25, 1.25)  # of a variance, as far as they are drawn
MOST_NUMBERS = 100  # cells of a map with their number in them


def survivals(
    curves: Mapping[str, Mapping[str, Survival]], units: Mapping[str, str], factor: str | None
) -> Figure:
    """Share of runs at or above each value, one panel an outcome, one line a level."""
    figure, axes = _panels(len(curves))
    for axis, (outcome, lines) in zip(axes, curves.items(), strict=True):
        for k, (level, s) in enumerate(lines.items()):
            # Every step reaches back to the value before: the share at or above x is that of the next outcome.
            axis.step(s.at, s.share, where="pre", label=literal(level), **_line(k))
            if len(lines) <= MOST_BANDS:
                axis.fill_between(s.at, s.low, s.high, step="pre", color=_line(k)["color"], alpha=0.12, lw=0)
        axis.set_ylim(0.0, 1.03)
        axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        _name(axis, outcome, units)
    _left(axes, "share of runs with this much or more")
    _legend(axes[0], next(iter(curves.values())), factor)
    return figure


def durations(
    found: Mapping[str, Mapping[str, Duration]], factor: str | None, opening: datetime.date, last: Mapping[str, int]
) -> Figure:
    """Share of runs in which something has not happened yet, one panel an outcome, one line a level.

    Parameters
    ----------
    found : mapping
        By outcome and level.
    factor : str, optional
        Whose levels they are.
    opening : datetime.date
        Date from which months count.
    last : mapping of str to int
        By outcome: the last month in which it could have happened.
    """
    figure, axes = _panels(len(found))
    for axis, (outcome, lines) in zip(axes, found.items(), strict=True):
        for k, (level, d) in enumerate(lines.items()):
            years = opening.year + (opening.month + np.append(d.at, last[outcome])) / 12.0
            free, low, high = (np.append(part, part[-1]) for part in (d.free, d.low, d.high))
            axis.step(years, free, where="post", label=literal(level), **_line(k))
            if len(lines) <= MOST_BANDS:
                axis.fill_between(years, low, high, step="post", color=_line(k)["color"], alpha=0.12, lw=0)
        axis.set_ylim(0.0, 1.03)
        axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axis.set_title(literal(outcome), fontsize=10)
    _left(axes, "share of runs free of it so far")
    _legend(axes[0], next(iter(found.values())), factor)
    return figure


def ranks(found: Mapping[str, Mapping[str, Rank]]) -> Figure:
    """How factors go with outcomes, one panel an outcome: rank correlations, and gaps between distributions."""
    count = max(len(part) for part in found.values())
    figure, axes = _panels(len(found), height=1.4 + 0.36 * count)
    for axis, (outcome, part) in zip(axes, found.items(), strict=True):
        for row, r in enumerate(part.values()):
            colour = {1: RED, -1: BLUE}.get(r.direction, GREY)
            if r.correlation is not None:
                _whisker(axis, r.correlation, row - 0.14, colour, "o", r.direction != 0)
            clear = r.gap_p <= CLEAR and r.gap.low > 0.0
            _whisker(axis, r.gap, row + 0.14, "#000000" if clear else GREY, "D", clear)
        axis.axvline(0.0, color="#000000", lw=0.8)
        axis.set_yticks(range(len(part)), [literal(name, 28) for name in part])
        axis.set_ylim(len(part) - 0.4, -0.6)
        axis.set_title(literal(outcome), fontsize=10)
    # What the marks are, where no mark is in their way.
    for mark, label in (("o", "rank correlation, others held"), ("D", "gap between distributions")):
        axes[0].plot([], [], mark, color=GREY, label=label)
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False)
    return figure


def drawn(found: Mapping[str, Sequence[Association]]) -> Figure:
    """The uncertain numbers that go most with each outcome, one panel an outcome."""
    count = max(len(part) for part in found.values())
    figure, axes = _panels(len(found), height=1.1 + 0.28 * count)
    for axis, (outcome, part) in zip(axes, found.items(), strict=True):
        for row, one in enumerate(part):
            colour = (RED if one.correlation.value > 0.0 else BLUE) if one.clear else GREY
            _whisker(axis, one.correlation, row, colour, "o", one.clear)
        axis.axvline(0.0, color="#000000", lw=0.8)
        axis.set_yticks(range(len(part)), [literal(one.name, 34) for one in part])
        axis.set_ylim(len(part) - 0.5, -0.5)
        axis.set_title(literal(outcome), fontsize=10)
        axis.set_xlabel("correlation in normal scores")
    return figure


def _whisker(axis: Axes, e: Estimate, row: float, colour: str, mark: str, filled: bool) -> None:
    """An estimate with its interval, hollow where it is no finding."""
    axis.plot([e.low, e.high], [row, row], color=colour, lw=1.6)
    axis.plot(e.value, row, mark, color=colour, ms=5, mfc=colour if filled else "white")


def differences(comparisons: Sequence[Comparison], units: Mapping[str, str], factor: str, base: str) -> Figure:
    """Differences from the baseline with their intervals, one panel an outcome."""
    outcomes = list(dict.fromkeys(c.outcome for c in comparisons))
    levels = list(dict.fromkeys(c.level for c in comparisons))
    figure, axes = _panels(len(outcomes), height=1.3 + 0.35 * len(levels))
    for axis, outcome in zip(axes, outcomes, strict=True):
        for c in comparisons:
            if c.outcome != outcome:
                continue
            colour = (BLUE if c.found.difference.value < 0 else RED) if c.clear else GREY
            _whisker(axis, c.found.difference, levels.index(c.level), colour, "o", c.clear)
        axis.axvline(0.0, color="#000000", lw=0.8)
        axis.set_yticks(range(len(levels)), [literal(level, 28) for level in levels])
        axis.set_ylim(len(levels) - 0.5, -0.5)
        axis.set_title(_with_unit(outcome, units), fontsize=10)
        axis.set_xlabel(literal(f"difference from {factor} {base}", 48))
    _left(axes, literal(factor, 28))
    return figure


def profiles(lines: Mapping[str, Profile], outcome: str, units: Mapping[str, str], logarithmic: set[str]) -> Figure:
    """Mean outcome along each factor with its interval, one panel a factor."""
    figure, axes = _panels(len(lines))
    for axis, (factor, p) in zip(axes, lines.items(), strict=True):
        axis.fill_between(p.x.values, p.low, p.high, color=BLUE, alpha=0.2, lw=0)
        axis.plot(p.x.values, p.mean, "o-", color=BLUE, ms=4)
        if factor in logarithmic:
            axis.set_xscale("log")
        _name(axis, factor, units)
    if all(np.nanmin(p.low) >= 0.0 for p in lines.values() if not np.isnan(p.low).all()):
        axes[0].set_ylim(bottom=0.0)
    span = [axis.get_ylim() for axis in axes]
    for axis in axes:
        axis.set_ylim(min(low for low, _ in span), max(high for _, high in span))
    _left(axes, _with_unit(outcome, units))
    return figure


def maps(
    found: Mapping[str, PhaseMap], names: tuple[str, str], marks: tuple[list[str], list[str]], units: Mapping[str, str]
) -> Figure:
    """Mean outcome over two factors, one panel an outcome; cells are of equal size whatever their values."""
    figure, axes = _panels(len(found), height=1.9 + 0.33 * max(len(marks[1]), 6))
    for axis, (outcome, m) in zip(axes, found.items(), strict=True):
        picture = axis.imshow(m.mean, origin="lower", aspect="auto", cmap="cividis")
        axis.grid(visible=False)
        low, high = np.nanmin(m.mean), np.nanmax(m.mean)
        for (row, column), value in np.ndenumerate(m.mean):
            if m.mean.size <= MOST_NUMBERS and not np.isnan(value):
                dark = value < (low + high) / 2.0
                text = number(float(value))
                axis.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
        long = max(len(mark) for mark in marks[0]) > 5
        axis.set_xticks(range(len(marks[0])), [literal(mark, 22) for mark in marks[0]])
        axis.tick_params("x", rotation=30 if long else 0)
        for label in axis.get_xticklabels() if long else ():
            label.set_horizontalalignment("right")
        axis.set_yticks(range(len(marks[1])), [literal(mark, 22) for mark in marks[1]])
        axis.set_xlabel(_with_unit(names[0], units))
        axis.set_ylabel(_with_unit(names[1], units))
        axis.set_title(_with_unit(outcome, units), fontsize=10)
        figure.colorbar(picture, ax=axis, shrink=0.85)
    return figure


def sobol_bars(indices: Mapping[str, SobolIndices]) -> Figure:
    """First-order and total indices, one panel an outcome."""
    count = min(MOST_BARS, max(len(i.total) for i in indices.values()))
    figure, axes = _panels(len(indices), height=1.4 + 0.32 * count)
    for axis, (outcome, found) in zip(axes, indices.items(), strict=True):
        order = sorted(found.total, key=lambda name: -found.total[name].value)[:MOST_BARS]
        for shares, shift, colour, label in (
            (found.total, -0.18, BLUE, "with others (total)"),
            (found.first, 0.18, ORANGE, "alone (first order)"),
        ):
            sure = {name: e for name, e in shares.items() if settled(e)}
            _bars(axis, order, sure, shift, colour, label)
            _bars(axis, order, {name: shares[name] for name in shares if name not in sure}, shift, None, "unsettled")
        axis.set_xlim(*np.clip(axis.get_xlim(), *SHARES))
        axis.set_title(literal(outcome), fontsize=10)
        axis.set_xlabel("share of the variance")
        axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    _below(figure, axes)
    return figure


def morris_bars(effects: Mapping[str, MorrisEffects], units: Mapping[str, str]) -> Figure:
    """Mean absolute effects by factor, coloured by direction, one panel an outcome."""
    count = min(MOST_BARS, max(len(e.strength) for e in effects.values()))
    figure, axes = _panels(len(effects), height=1.4 + 0.3 * count)
    for axis, (outcome, found) in zip(axes, effects.items(), strict=True):
        order = sorted(found.strength, key=lambda name: -found.strength[name].value)[:MOST_BARS]
        for label, colour, test in (
            ("raises it", RED, lambda name, e: e.direction[name].low > 0),
            ("lowers it", BLUE, lambda name, e: e.direction[name].high < 0),
            ("either way", PURPLE, lambda name, e: e.direction[name].low <= 0 <= e.direction[name].high),
            ("no finding", None, lambda name, e: not e.moves(name)),
        ):
            chosen = [name for name in order if test(name, found) and found.moves(name) == (colour is not None)]
            _bars(axis, order, {name: found.strength[name] for name in chosen}, 0.0, colour, label)
        axis.set_xlim(left=0.0)
        axis.set_title(_with_unit(outcome, units), fontsize=10)
        axis.set_xlabel("mean change over the factor's whole range")
    _below(figure, axes)
    return figure


def _bars(
    axis: Axes, order: Sequence[str], estimates: Mapping[str, Estimate], shift: float, colour: str | None, label: str
) -> None:
    """Horizontal bars with intervals, the first name on top; hatched where there is no colour: no finding."""
    places = [order.index(name) + shift for name in order if name in estimates]
    found = [estimates[name] for name in order if name in estimates]
    height = 0.34 if shift else 0.6
    look: dict[str, Any] = {"color": colour, "alpha": 0.85}
    if colour is None:
        look = {"facecolor": "white", "edgecolor": GREY, "hatch": "////", "lw": 0.8}
    axis.barh(places, [e.value for e in found], height, label=label if found else None, **look)
    for place, e in zip(places, found, strict=True):
        axis.plot([e.low, e.high], [place, place], color="#000000", lw=1.2)
    axis.set_yticks(range(len(order)), [literal(name, 30) for name in order])
    axis.set_ylim(len(order) - 0.4, -0.6)


def discovery(found: Discovery, points: pd.DataFrame, crisis: Floats, what: Condition) -> Figure:
    """Left: every box on the way, by what it catches and how pure it is. Right: the points in two factors, and the box.

    Parameters
    ----------
    found : Discovery
    points : pandas.DataFrame
        The factors.
    crisis : array, shape (points,)
        Share of each point's runs that end in the crisis.
    what : Condition
        The crisis.
    """
    figure, (left, right) = panels(2, WIDTH, 4.0)
    left.plot([b.coverage for b in found.path], [b.density for b in found.path], "o-", color=BLUE, ms=3)
    left.plot(found.box.coverage, found.box.density, "D", color=RED, ms=9, label="the box told here")
    left.axhline(found.base_rate, color=GREY, ls=":", label="crises among all points")
    left.set_xlim(0.0, 1.03)
    left.set_ylim(0.0, 1.05)
    left.set_xlabel("coverage: share of all crises inside")
    left.set_ylabel("density: share of crises inside the box")
    for axis in (left.xaxis, left.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    left.legend(fontsize=SMALL, loc="lower left")
    numeric = [str(name) for name in points.columns if pd.api.types.is_numeric_dtype(points[name].dtype)]
    limited = sorted((n for n in numeric if n in found.box.limits), key=lambda n: found.quasi_p[n])
    names = (limited + [n for n in numeric if n not in limited])[:2]
    if len(names) < 2:
        right.set_axis_off()
        return figure
    x, y = (points[name].to_numpy(np.float64) for name in names)
    marks = right.scatter(x, y, c=crisis, cmap="cividis", vmin=0.0, vmax=1.0, s=14, edgecolors="none")
    figure.colorbar(marks, ax=right, label=literal(f"share of runs with {what}"), format=PercentFormatter(1.0))
    spans = []
    for name, values in zip(names, (x, y), strict=True):
        room = 0.03 * np.ptp(values)
        limit = found.box.limits.get(name, Limit())
        spans.append((max(limit.low, values.min() - room), min(limit.high, values.max() + room)))
    (x0, x1), (y0, y1) = spans
    right.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=RED, lw=2))
    right.set_xlabel(literal(names[0]))
    right.set_ylabel(literal(names[1]))
    return figure


def paths(
    bands: Mapping[str, Mapping[str, tuple[Floats, Floats, Floats, Floats]]],
    units: Mapping[str, str],
    opening: datetime.date,
    factor: str | None,
) -> Figure:
    """Median and 10 to 90 % of the runs by month, one panel an aggregate, one line a level.

    Parameters
    ----------
    bands : mapping
        By aggregate and level: months, 10th percentile, median, 90th percentile.
    units : mapping of str to str
        By aggregate.
    opening : datetime.date
        Date from which months count.
    factor : str, optional
        Whose levels they are.
    """
    figure, axes = _panels(len(bands))
    for axis, (name, lines) in zip(axes, bands.items(), strict=True):
        for k, (level, (months, low, middle, high)) in enumerate(lines.items()):
            years = opening.year + (opening.month + months) / 12.0
            if len(lines) <= MOST_BANDS:
                axis.fill_between(years, low, high, color=_line(k)["color"], alpha=0.1, lw=0)
            axis.plot(years, middle, label=literal(level), **_line(k))
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axis.set_title(_with_unit(name, units), fontsize=10)
    _legend(axes[0], next(iter(bands.values())), factor)
    return figure


def _line(k: int) -> dict[str, Any]:
    """Colour and style of the k-th line: no two of the first 64 are alike."""
    return {"color": COLOURS[k % len(COLOURS)], "ls": STYLES[(k + k // len(COLOURS)) % len(STYLES)]}


def _panels(count: int, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    figure, axes = panels(count, WIDTH if count > 1 else 1.4 * WIDTH, height, PER_ROW)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(h_pad=0.1)
    return figure, axes


def _left(axes: Sequence[Axes], text: str) -> None:
    """A label for the vertical axes, at the first panel of every row."""
    for axis in axes[::PER_ROW]:
        axis.set_ylabel(text)


def _below(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend for all panels, below them."""
    kinds = {label: mark for axis in axes for mark, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(kinds.values(), kinds, loc="outside lower center", ncols=4, fontsize=SMALL, frameon=False)


def _with_unit(name: str, units: Mapping[str, str]) -> str:
    return literal(f"{name}, {units[name]}" if units.get(name) else name)


def _name(axis: Axes, name: str, units: Mapping[str, str]) -> None:
    axis.set_xlabel(_with_unit(name, units))


def _legend(axis: Axes, levels: Mapping[str, object], factor: str | None) -> None:
    """The levels of a factor, under its name."""
    if len(levels) > 1:
        few = len(levels) <= MOST_BANDS
        title = None if factor is None else literal(factor, 40)
        axis.legend(title=title, fontsize=SMALL if few else 7, title_fontsize=SMALL, framealpha=0.8)
