"""What the figures of a report are drawn from, as tables: name of the file, headings, rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.intervals import Floats
from experiments.analysis.phase import Profile
from experiments.report.findings import Comparison, Findings

type Download = tuple[str, Sequence[str], list[Sequence[Any]]]
ESTIMATE = ("value", "low", "high")


def survivals(found: Findings, factor: str | None) -> Download:
    """Share of runs at or above each value."""
    rows: list[Sequence[Any]] = [
        (outcome, level, *row)
        for outcome, levels in found.survivals.items()
        for level, s in levels.items()
        for row in zip(*_lists(s.at, s.share, s.low, s.high), strict=True)
    ]
    return "how_often_how_much", ("outcome", factor or "runs", "at_or_above", "share", "low", "high"), rows


def durations(found: Findings, factor: str | None) -> Download:
    """Share of runs free of something so far, by month."""
    rows: list[Sequence[Any]] = [
        (outcome, level, *row)
        for outcome, levels in found.durations.items()
        for level, d in levels.items()
        for row in zip(*_lists(d.at, d.at_risk, d.free, d.low, d.high), strict=True)
    ]
    return "survival_curves", ("outcome", factor or "runs", "month", "at_risk", "free", "low", "high"), rows


def differences(factor: str, comparisons: Sequence[Comparison]) -> Download:
    """Paired differences from the first value of a factor."""
    rows: list[Sequence[Any]] = [
        (c.outcome, c.level, c.found.baseline, *c.found.difference, c.p, c.found.pairs) for c in comparisons
    ]
    return "compared", ("outcome", factor, "baseline", *ESTIMATE, "p", "pairs"), rows


def ranks(found: Findings) -> Download:
    """Rank correlations and gaps by factor."""
    none = (np.nan,) * len(ESTIMATE)
    rows: list[Sequence[Any]] = [
        (outcome, name, *(none if r.correlation is None else r.correlation), r.p, *r.gap, r.gap_p)
        for outcome, part in found.ranks.items()
        for name, r in part.items()
    ]
    heads = ("outcome", "factor", "correlation", "low", "high", "p", "gap", "gap_low", "gap_high", "gap_p")
    return "factors", heads, rows


def drawn(found: Findings) -> Download:
    """How all the uncertain numbers go with outcomes."""
    rows: list[Sequence[Any]] = [
        (outcome, one.name, *one.correlation, one.p) for outcome, part in found.drawn.items() for one in part
    ]
    return "uncertain_numbers", ("outcome", "number", "correlation", "low", "high", "p"), rows


def profiles(outcome: str, lines: Mapping[str, Profile]) -> Download:
    """Mean outcome along factors."""
    rows: list[Sequence[Any]] = [
        (name, *row)
        for name, p in lines.items()
        for row in zip(*_lists(p.x.values, p.mean, p.low, p.high), strict=True)
    ]
    return f"{outcome}_by_factor", ("factor", "at", "mean", "low", "high"), rows


def maps(found: Findings, axes: tuple[str, str], marks: tuple[list[str], list[str]]) -> Download:
    """Mean outcomes over two factors."""
    rows: list[Sequence[Any]] = [
        (outcome, marks[0][i], marks[1][j], float(mean), float(m.low[j, i]), float(m.high[j, i]), int(m.runs[j, i]))
        for outcome, m in found.maps.items()
        for (j, i), mean in np.ndenumerate(m.mean)
    ]
    return "two_factors", ("outcome", *axes, "mean", "low", "high", "runs"), rows


def sobol(found: Findings) -> Download:
    """Shares of the variance."""
    rows: list[Sequence[Any]] = [
        (outcome, name, *i.first[name], *i.total[name]) for outcome, i in found.sobol.items() for name in i.total
    ]
    heads = ("outcome", "factor", "alone", "alone_low", "alone_high", "total", "total_low", "total_high")
    return "shares_of_variance", heads, rows


def morris(found: Findings) -> Download:
    """Elementary effects."""
    rows: list[Sequence[Any]] = [
        (outcome, name, *m.strength[name], m.luck[name], *m.direction[name], m.spread[name])
        for outcome, m in found.morris.items()
        for name in m.strength
    ]
    heads = ("outcome", "factor", "mu_star", "low", "high", "luck", "mu", "mu_low", "mu_high", "sigma")
    return "effects", heads, rows


def discovery(points: pd.DataFrame, struck: Floats) -> Download:
    """The points of scenario discovery, and the share of their runs that end in the crisis."""
    rows: list[Sequence[Any]] = [
        (*row, share) for row, share in zip(points.itertuples(index=False), struck.tolist(), strict=True)
    ]
    return "crisis_by_point", (*map(str, points.columns), "crisis"), rows


def paths(
    bands: Mapping[str, Mapping[str, tuple[Floats, Floats, Floats, Floats]]], factor: str | None
) -> Download:
    """Aggregates by month."""
    rows: list[Sequence[Any]] = [
        (name, level, *row)
        for name, lines in bands.items()
        for level, parts in lines.items()
        for row in zip(*_lists(*parts), strict=True)
    ]
    return "through_time", ("aggregate", factor or "runs", "month", "low", "median", "high"), rows


def _lists(*arrays: np.ndarray) -> list[list[Any]]:
    return [array.tolist() for array in arrays]
