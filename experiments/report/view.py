"""A study's results as the analysis wants them: tables of runs with a row a point and a column a seed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.calibration import Opening
from abm.errors import BadInput
from abm.inputs.dates import LAST_MONTH, month_label
from experiments.analysis.intervals import Floats
from experiments.analysis.sensitivity import SobolIndices
from experiments.designs import sampled_factors, unit_sample
from experiments.measures import column_measured, whose
from experiments.store import Results
from experiments.study import (
    OF_DEFAULTS,
    Factor,
    Outcome,
    Study,
    Value,
)

# How a statistic of an aggregate is said.
SAID = {
    "final": "at the end of the run",
    "max": "highest month",
    "min": "lowest month",
    "mean": "mean over months",
    "sum": "sum over months",
    "first": "first month in which it is above zero",
    "argmax": "month in which it is highest",
    "drawdown": "largest fall from an earlier peak",
    "lost": "lost from the first month to the last",
}
MOST_LEVELS = 16  # values of a factor that are compared with each other


@dataclass(frozen=True)
class Meaning:
    """What an outcome is.

    Parameters
    ----------
    unit : str
        Its unit; empty if unknown.
    text : str
        In words.
    """

    unit: str
    text: str


def meaning(outcome: Outcome | None, opening: Opening) -> Meaning:
    """Unit and meaning of an outcome of runs from an opening; of what a user's function returns nothing is known."""
    if outcome is None:
        return Meaning("", "returned by the model's function")
    dated = outcome.dated(opening)
    start, end = int(dated.start), int(dated.end)
    how = SAID[outcome.statistic]
    column = column_measured(outcome)
    if outcome.of.startswith(OF_DEFAULTS):
        how = {"max": "greatest", "min": "least"}.get(outcome.statistic, outcome.statistic) + " over all failures"
    if whose(outcome):
        how = f"of {whose(outcome)}, {how}"
    when = "" if (start, end) == (1, LAST_MONTH) else f", {_months(start, end, opening.date)}"
    unit = column.unit
    if outcome.statistic in ("first", "argmax"):
        unit = f"months since {opening.date}"
    elif outcome.statistic in ("drawdown", "lost"):
        unit = "share"
    elif outcome.statistic == "sum":
        unit = unit.removesuffix("/month")
    return Meaning(unit if unit != "-" else "", f"{column.meaning}: {how}{when}")


def _months(start: int, end: int, opening: datetime.date) -> str:
    last = "the end" if end == LAST_MONTH else month_label(end, opening)
    return f"{month_label(start, opening)} to {last}"


class View:
    """What a report looks at.

    Parameters
    ----------
    results : Results
        Of a study with at least one run that did not fail.
    study : Study, optional
        The study with other words, claims or another `[report]` than it had when the runs were made.

    Raises
    ------
    BadInput
        If no run is there yet, every run has failed, or `study` would make other runs.
    """

    def __init__(self, results: Results, study: Study | None = None) -> None:
        self.results = results
        self.study: Study = study or results.study
        if self.study.identity() != results.study.identity():
            raise BadInput(f"{results.folder} holds the runs of another study than '{self.study.name}'")
        self.points: pd.DataFrame = results.points
        good = results.runs[~results.runs["failed"].to_numpy(bool)]
        if not len(good):
            raise BadInput(f"{results.folder} holds no run that ended well: there is nothing to report")
        self.outcomes = self.study.report.outcomes or tuple(self.study.measured)
        self.drawn = self.study.design.drawn  # whether points are a random sample

    def meaning(self, outcome: str) -> Meaning:
        """What an outcome of the study is."""
        return meaning(self.study.measured[outcome], self.results.study.opened)

    def table(self, outcome: str) -> Floats:
        """An outcome of all runs, shape (points, seeds), NaN where a run is missing."""
        runs = self.results.runs
        found = np.full((len(self.points), self.study.replicates), np.nan)
        found[runs["point"].to_numpy(), runs["replicate"].to_numpy()] = runs[outcome].to_numpy(np.float64)
        return found

    @cached_property
    def sampled(self) -> NDArray[np.bool_]:
        """Points that describe the whole space: not those that a sensitivity design derives from others."""
        return self.study.design.describes(self.points["design_row"].to_numpy(), len(sampled_factors(self.study)))

    @cached_property
    def factors(self) -> dict[str, Factor]:
        """The factors that vary, by name."""
        return {f.name: f for f in self.study.resolved if self.points[f.name].nunique() > 1}

    @cached_property
    def numeric(self) -> list[str]:
        """Numeric factors that vary."""
        return [name for name, factor in self.factors.items() if factor.numeric]

    @cached_property
    def map_axes(self) -> tuple[str, str] | None:
        """The two factors of the phase map, if there are two."""
        if self.study.report.map is not None:
            return self.study.report.map if all(name in self.factors for name in self.study.report.map) else None
        lists = [name for name, factor in self.factors.items() if not factor.numeric]
        first = [*self.numeric, *sorted(lists, key=lambda name: name != self.compared)][:2]
        first.sort(key=lambda name: name == self.compared and name in lists)  # long names read better down the side
        return (first[0], first[1]) if len(first) == 2 else None

    def numbers(self, name: str) -> Floats:
        """A factor at every point; names are counted in the order of `ticks`."""
        column = self.points[name]
        if self.factors[name].numeric:
            return column.to_numpy(np.float64)
        return pd.Categorical(column, self.ticks(name)).codes.astype(np.float64)

    def ticks(self, name: str) -> list[str] | None:
        """Names of a factor's values in the order of the study; None for numbers."""
        factor = self.factors[name]
        return None if factor.numeric else [str(value) for value in factor.values or ()]

    @cached_property
    def compared(self) -> str | None:
        """The factor whose values are compared, if there is one with few enough of them."""
        found = self.study.report.compared({name: factor.values for name, factor in self.factors.items()})
        return found if found is not None and len(self.factors[found].values or ()) <= MOST_LEVELS else None

    @cached_property
    def levels(self) -> dict[str, NDArray[np.int64]]:
        """Rows of the sampled points by value of the compared factor, baseline first; all of them if there is none."""
        if self.compared is None:
            return {"all runs": np.flatnonzero(self.sampled)}
        values: list[Value] = list(self.factors[self.compared].values or ())
        first = self.study.report.baseline
        if first is not None:
            values.sort(key=lambda value: value != first)
        column = self.points[self.compared].to_numpy()
        return {text_of(value): np.flatnonzero((column == value) & self.sampled) for value in values}

    def pairs(self, level: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Points with a value of the compared factor, and those of the baseline that are equal in all else."""
        others = [name for name in self.points.columns if name not in (self.compared, "design_row")]
        rows = self.levels[level]
        base = next(iter(self.levels.values()))
        if not others:
            return (rows, base) if len(rows) == len(base) else (rows[:0], base[:0])
        key = self.points[others].apply(tuple, axis=1)
        place = {k: row for row, k in zip(base, key.iloc[base], strict=True)}
        found = [(row, place[k]) for row, k in zip(rows, key.iloc[rows], strict=True) if k in place]
        return (np.array([a for a, _ in found], np.int64), np.array([b for _, b in found], np.int64))

    def strength(self, outcome: str) -> dict[str, Floats]:
        """By factor, how strongly it moves an outcome in every world, shape (seeds,): mu star or the total index.

        Raises
        ------
        BadInput
            If the design is not made to tell, or lacks runs.
        """
        names, unit, rows = self.sample
        table = self.table(outcome)[rows]
        found: dict[str, list[float]] = {name: [] for name in names}
        for seed in range(table.shape[1]):
            told = self.study.design.indices(names, unit, table[:, [seed]])
            if told is None:
                raise BadInput(f"design '{self.study.design.method}' is not made to tell which factors matter")
            for name, e in (told.total if isinstance(told, SobolIndices) else told.strength).items():
                found[name].append(e.value)
        return {name: np.array(values) for name, values in found.items()}

    @cached_property
    def sample(self) -> tuple[list[str], Floats, NDArray[np.int64]]:
        """Sampled factors, the sample in the unit cube, and its points in the table (under the first policy)."""
        names = [factor.name for factor in sampled_factors(self.study)]
        rows = np.flatnonzero(~self.points["design_row"].duplicated().to_numpy())
        return names, unit_sample(self.study), rows


def text_of(value: Value) -> str:
    """A value of a factor as one reads it."""
    return value if isinstance(value, str) else f"{value:g}"
