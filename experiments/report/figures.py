"""The figures of a report; colours and line styles repeat each other for readers with any colour vision."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from experiments.analysis.distribution import Survival
from experiments.analysis.intervals import Estimate, Floats
from experiments.analysis.options import Condition
from experiments.analysis.phase import PhaseMap, Profile
from experiments.analysis.prim import Discovery, Limit
from experiments.analysis.sensitivity import MorrisEffects, SobolIndices
from experiments.report.findings import Comparison
from experiments.reproductions.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, literal, panels
from experiments.summary import number

COLOURS = ("#000000", BLUE, ORANGE, GREEN, RED, PURPLE, "#56b4e9", GREY)
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
PER_ROW = 3
MOST_BANDS = 4  # lines that get a band; with more, bands hide each other
MOST_BARS = 15  # factors drawn; a table has all
MOST_NUMBERS = 100  # cells of a map with their number in them


def survivals(curves: Mapping[str, Mapping[str, Survival]], units: Mapping[str, str]) -> Figure:
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
    axes[0].set_ylabel("share of runs with this much or more")
    _legend(axes[0], next(iter(curves.values())))
    return figure


def differences(comparisons: Sequence[Comparison], units: Mapping[str, str]) -> Figure:
    """Differences from the baseline with their intervals, one panel an outcome."""
    outcomes = list(dict.fromkeys(c.outcome for c in comparisons))
    levels = list(dict.fromkeys(c.level for c in comparisons))
    figure, axes = _panels(len(outcomes), height=1.3 + 0.35 * len(levels))
    for axis, outcome in zip(axes, outcomes, strict=True):
        for c in comparisons:
            if c.outcome != outcome:
                continue
            row = levels.index(c.level)
            d = c.found.difference
            colour = (BLUE if d.value < 0 else RED) if c.clear else GREY
            axis.plot([d.low, d.high], [row, row], color=colour, lw=2)
            axis.plot(d.value, row, "o", color=colour, mfc=colour if c.clear else "white")
        axis.axvline(0.0, color="#000000", lw=0.8)
        axis.set_yticks(range(len(levels)), [literal(level, 28) for level in levels])
        axis.set_ylim(len(levels) - 0.5, -0.5)
        _name(axis, outcome, units)
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
    axes[0].set_ylabel(_with_unit(outcome, units))
    return figure


def maps(
    found: Mapping[str, PhaseMap], names: tuple[str, str], marks: tuple[list[str], list[str]], units: Mapping[str, str]
) -> Figure:
    """Mean outcome over two factors, one panel an outcome; cells are of equal size whatever their values."""
    figure, axes = _panels(len(found), width=5.6, height=1.9 + 0.33 * max(len(marks[1]), 6), per_row=2)
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
        _bars(axis, order, found.total, -0.18, BLUE, "with others (total)")
        _bars(axis, order, found.first, 0.18, ORANGE, "alone (first order)")
        axis.set_xlim(left=min(0.0, axis.get_xlim()[0]))
        axis.set_title(literal(outcome), fontsize=10)
        axis.set_xlabel("share of the variance")
        axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes[0].legend(fontsize=8, loc="lower right")
    return figure


def morris_bars(effects: Mapping[str, MorrisEffects], units: Mapping[str, str]) -> Figure:
    """Mean absolute effects by factor, coloured by direction, one panel an outcome."""
    count = min(MOST_BARS, max(len(e.strength) for e in effects.values()))
    figure, axes = _panels(len(effects), height=1.4 + 0.3 * count)
    for axis, (outcome, found) in zip(axes, effects.items(), strict=True):
        order = sorted(found.strength, key=lambda name: -found.strength[name].value)[:MOST_BARS]
        for label, colour, test in (
            ("raises it", RED, lambda mu: mu.low > 0),
            ("lowers it", BLUE, lambda mu: mu.high < 0),
            ("either way", GREY, lambda mu: not (mu.low > 0 or mu.high < 0)),
        ):
            chosen = [name for name in order if test(found.direction[name])]
            _bars(axis, order, {name: found.strength[name] for name in chosen}, 0.0, colour, label)
        axis.set_xlim(left=0.0)
        axis.set_title(_with_unit(outcome, units), fontsize=10)
        axis.set_xlabel("mean change over the factor's whole range")
    axes[0].legend(fontsize=8, loc="lower right")
    return figure


def _bars(
    axis: Axes, order: Sequence[str], estimates: Mapping[str, Estimate], shift: float, colour: str, label: str
) -> None:
    """Horizontal bars with intervals, the first name on top."""
    places = [order.index(name) + shift for name in order if name in estimates]
    found = [estimates[name] for name in order if name in estimates]
    height = 0.34 if shift else 0.6
    axis.barh(places, [e.value for e in found], height, color=colour, label=label, alpha=0.85)
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
    figure, (left, right) = panels(2, 5.4, 4.2)
    left.plot([b.coverage for b in found.path], [b.density for b in found.path], "o-", color=BLUE, ms=3)
    left.plot(found.box.coverage, found.box.density, "D", color=RED, ms=9, label="the box told here")
    left.axhline(found.base_rate, color=GREY, ls=":", label="crises among all points")
    left.set_xlim(0.0, 1.03)
    left.set_ylim(0.0, 1.05)
    left.set_xlabel("coverage: share of all crises inside")
    left.set_ylabel("density: share of crises inside the box")
    for axis in (left.xaxis, left.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    left.legend(fontsize=8, loc="lower left")
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
    _legend(axes[0], next(iter(bands.values())))
    return figure


def _line(k: int) -> dict[str, Any]:
    """Colour and style of the k-th line: no two of the first 64 are alike."""
    return {"color": COLOURS[k % len(COLOURS)], "ls": STYLES[(k + k // len(COLOURS)) % len(STYLES)]}


def _panels(count: int, width: float = 4.2, height: float = 3.1, per_row: int = PER_ROW) -> tuple[Figure, list[Axes]]:
    return panels(count, width, height, per_row)


def _with_unit(name: str, units: Mapping[str, str]) -> str:
    return literal(f"{name}, {units[name]}" if units.get(name) else name)


def _name(axis: Axes, name: str, units: Mapping[str, str]) -> None:
    axis.set_xlabel(_with_unit(name, units))


def _legend(axis: Axes, levels: Mapping[str, object]) -> None:
    if len(levels) > 1:
        axis.legend(fontsize=8 if len(levels) <= MOST_BANDS else 6, framealpha=0.8)
