"""The pictures of the page: ROC curves, signs before crises, reliability, all signs, and the sizes of shocks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.reproductions.figures import BLUE, GREY, ORANGE, RED, literal, panels
from experiments.signals.findings import SETTING, Findings, Told
from experiments.signals.reverse import Turned
from experiments.signals.roc import BEFORE, HORIZONS
from experiments.signals.signs import BENCHMARK

LINES = {6: (RED, "-"), 12: (BLUE, "--"), 24: (ORANGE, "-.")}  # by horizon
PER_ROW = 3


def _unit(unit: str) -> str:
    return "" if unit == "ratio" else f", {unit}"


def roc_curves(f: Findings) -> Figure:
    """Small multiples: share of crises' months caught against share of quiet months at alarm."""
    figure, axes = panels(len(f.watch) + 1, 3.6, 3.5, per_row=PER_ROW)
    for axis, line in zip(axes, f.watch, strict=False):
        aucs = {t.horizon: t.judged.value for t in f.table if t.sign == line.told.sign}
        for h in HORIZONS:
            false, hits = line.curves[h]
            _line(axis, false, hits, h, aucs[h])
        record = line.records[SETTING]
        axis.axvline(record.false_rate.value, color=GREY, lw=0.8, ls=":")
        _roc(axis, line.told.sign.what)
    for c in f.combined:
        _line(axes[-1], *c.curve, c.horizon, c.auc.value)
    _roc(axes[-1], "all of them together (probability)")
    return figure


def _line(axis: Axes, false: np.ndarray, hits: np.ndarray, horizon: int, area: float) -> None:
    colour, style = LINES[horizon]
    axis.plot(false, hits, style, color=colour, lw=1.6, label=f"{horizon} months ahead: {area:.2f}")


def _roc(axis: Axes, title: str) -> None:
    axis.plot([0.0, 1.0], [0.0, 1.0], color=GREY, lw=0.8)
    axis.set_xlim(0.0, 1.0)
    axis.set_ylim(0.0, 1.0)
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_formatter(PercentFormatter(1.0))
    axis.set_title(literal(title, 66), fontsize=8)
    axis.set_xlabel("false: quiet months at alarm", fontsize=8)
    axis.set_ylabel("right: months before a crisis", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.legend(fontsize=7, loc="lower right", title="area under the curve", title_fontsize=7)


def before_crises(f: Findings) -> Figure:
    """The watched signs in the two years before crises, and in worlds without one in the same months."""
    figure, axes = panels(len(f.watch), 3.6, 3.0, per_row=PER_ROW)
    months = np.arange(-BEFORE, 1)
    for k, (axis, line) in enumerate(zip(axes, f.watch, strict=True)):
        for band, colour, style, label in (
            (line.before[0], RED, "-", "before a crisis"),
            (line.before[1], BLUE, "--", "no crisis, same months"),
        ):
            axis.fill_between(months, band[0], band[2], color=colour, alpha=0.15, lw=0)
            axis.plot(months, band[1], style, color=colour, lw=1.8, label=label)
        if np.isfinite(line.told.alarm):
            axis.axhline(line.told.alarm, color="black", lw=0.9, ls=":")
            axis.annotate(
                "alarm above" if line.told.high else "alarm below", (-BEFORE, line.told.alarm), fontsize=7,
                xytext=(2, 2), textcoords="offset points", bbox={"fc": "white", "alpha": 0.7, "lw": 0, "pad": 0.5},
            )  # fmt: skip
        axis.set_title(literal(f"{line.told.sign.what}{_unit(line.told.sign.unit)}", 66), fontsize=8)
        axis.set_xticks(range(-BEFORE, 1, 6))
        axis.set_xlim(-BEFORE, 0)
        axis.set_xlabel("months before the crisis begins", fontsize=8)
        axis.tick_params(labelsize=8)
        if not k:
            axis.legend(fontsize=7)
    return figure


def reliability(f: Findings) -> Figure:
    """What the probability said against what happened, by horizon."""
    figure, axes = panels(len(f.combined), 3.6, 3.5)
    for axis, c in zip(axes, f.combined, strict=True):
        most = max([0.05, *(max(b.said, b.happened.high) for b in c.bins)])
        axis.plot([0.0, most], [0.0, most], color=GREY, lw=0.8)
        for b in c.bins:
            axis.plot([b.said, b.said], [b.happened.low, b.happened.high], color=BLUE, lw=1.2)
        axis.plot([b.said for b in c.bins], [b.happened.value for b in c.bins], "o", color=BLUE)
        axis.set_xlim(0.0, most * 1.03)
        axis.set_ylim(0.0, most * 1.03)
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_formatter(PercentFormatter(1.0))
        axis.set_title(f"a crisis within {c.horizon} months", fontsize=9)
        axis.set_xlabel("probability said", fontsize=8)
        axis.set_ylabel("share in which it came", fontsize=8)
        axis.tick_params(labelsize=8)
    return figure


def all_signs(f: Findings) -> Figure:
    """Area under the ROC curve of every sign a year ahead, with its interval, the best on top."""
    shown = ranked(f)
    figure = Figure(figsize=(8.2, 0.2 * len(shown) + 1.0), layout="constrained")
    axis = figure.subplots()
    watched = {line.told.sign.name for line in f.watch}
    for row, t in enumerate(reversed(shown)):
        colour = RED if t.sign.name in watched else "black" if t.sign.name == BENCHMARK else BLUE
        axis.plot([t.judged.low, t.judged.high], [row, row], color=colour, lw=1.5)
        axis.plot(t.judged.value, row, "o", color=colour, ms=4)
    axis.axvline(0.5, color=GREY, lw=0.8)
    labels = [literal(f"{t.sign.what} ({'high' if t.high else 'low'})", 70) for t in reversed(shown)]
    axis.set_yticks(range(len(shown)), labels, fontsize=7)
    axis.set_ylim(-0.7, len(shown) - 0.3)
    axis.set_xlabel(f"area under the ROC curve, {SETTING} months ahead (0.5 tells nothing, 1 everything)", fontsize=8)
    axis.grid(axis="x", alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def ranked(f: Findings) -> list[Told]:
    """Signs at the horizon of the thresholds, the best by the worlds that judge first."""
    return sorted((t for t in f.table if t.horizon == SETTING), key=lambda t: -t.judged.value)


def sizes(turned: list[Turned]) -> Figure:
    """Share of worlds that each shock turns, by its size, in parts of the most that is legal."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axis = figure.subplots()
    for k, t in enumerate(turned):
        n = max(len(t.sizes), 1)
        there = np.sort(t.sizes[np.isfinite(t.sizes)]) / t.push.most
        at = np.r_[0.0, there, 1.0]
        share = np.r_[0.0, np.arange(1, len(there) + 1) / n, len(there) / n]
        colour = (RED, BLUE, ORANGE, "black", GREY, "#009e73", "#cc79a7", "#56b4e9")[k % 8]
        style = ("-", "--", "-.", ":")[k % 4]
        none = "" if len(there) else " (turns none)"
        label = literal(f"{t.push.name} ({t.push.unit}, up to {t.push.most:g}){none}")
        axis.step(at, share, style, where="post", color=colour, lw=1.8, label=label)
    axis.axhline(0.5, color=GREY, lw=0.8)
    axis.set_xlim(0.0, 1.0)
    axis.set_ylim(-0.02, 1.02)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.set_xlabel("size, in parts of the most that is tried", fontsize=8)
    axis.set_ylabel("share of worlds turned", fontsize=8)
    axis.legend(fontsize=7, loc="upper left")
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return figure
