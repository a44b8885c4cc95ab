"""A study's results as the analysis wants them: tables of runs with a row a point and a column a seed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.calibration import Opening
from abm.errors import BadInput
from abm.inputs.dates import LAST_MONTH, month_label
from experiments.analysis.intervals import Floats
from experiments.analysis.options import Condition
from experiments.analysis.sensitivity import SobolIndices
from experiments.designs import sampled_factors, unit_sample
from experiments.measures import column_measured, unit_measured, whose
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
ENDS = ("failed",)  # columns of a firm whose value at the end is the month of what may never come
NEVER = ", -1 if none"  # of months in tables of the model; in an outcome they are missing


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
    unit = f"months since {opening.date}" if outcome.statistic in ("first", "argmax") else unit_measured(outcome)
    return Meaning(unit if unit != "-" else "", f"{column.meaning.removesuffix(NEVER)}: {how}{when}")


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
        self.outcomes = self.study.report.outcomes or tuple(self.study.measured)
        wanted = ["run", "point", "replicate", "seed", "failed", *self.study.measured]  # not hashes, the larger part
        self.runs: pd.DataFrame = results.table("runs", wanted).to_pandas().set_index("run")
        if self.runs["failed"].all():
            raise BadInput(f"{results.folder} holds no run that ended well: there is nothing to report")
        self.drawn = self.study.design.drawn  # whether points are a random sample

    def meaning(self, outcome: str) -> Meaning:
        """What an outcome of the study is."""
        told = meaning(self.study.measured[outcome], self.results.study.opened)
        last = self.over(outcome)
        if last is None:
            return told
        counted = f"{told.text}; where that never comes, its last month ({last}) is counted"
        return Meaning(f"months since {self.results.study.opened.date}", counted)

    def table(self, outcome: str) -> Floats:
        """An outcome of all runs, shape (points, seeds), NaN where a run is missing.

        A month that never came counts as the last in which it could have.
        """
        last = self.over(outcome)
        return self._measured(outcome) if last is None else np.minimum(self.times(outcome), last)

    def times(self, outcome: str) -> Floats:
        """Months in which something first happened, shape (points, seeds): infinite where it never did."""
        found = self._measured(outcome)
        return np.where(np.isnan(found) & self._good, np.inf, found)

    def happened(self, crisis: Condition) -> Floats:
        """Where a condition holds, shape (points, seeds): 1, 0, or NaN where the run or its outcome is missing."""
        late = self.over(crisis.outcome) is not None
        found = self.times(crisis.outcome) if late else self._measured(crisis.outcome)
        return np.where(np.isnan(found), np.nan, crisis.holds(found).astype(np.float64))

    def over(self, outcome: str) -> int | None:
        """The last month in which an outcome can happen that is the month of something; None for all others."""
        asked = self.study.measured[outcome]
        if asked is None:
            return None
        if asked.statistic == "first":
            return min(int(asked.dated(self.results.study.opened).end), self.study.months)
        return self.study.months if asked.statistic == "final" and asked.firm and asked.of in ENDS else None

    def _measured(self, outcome: str) -> Floats:
        """The outcome as the runs left it."""
        return self._by_point(self.runs[outcome].to_numpy(np.float64), np.nan)

    @cached_property
    def _good(self) -> NDArray[np.bool_]:
        """Runs that are there and did not fail, shape (points, seeds)."""
        return self._by_point((~self.runs["failed"].to_numpy(bool)).astype(np.float64), 0.0) > 0.0

    def _by_point(self, values: Floats, missing: float) -> Floats:
        """A number of every run, shape (points, seeds)."""
        runs = self.runs
        found = np.full((len(self.points), self.study.replicates), missing)
        found[runs["point"].to_numpy(), runs["replicate"].to_numpy()] = values
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
        return self.levels_of(self.compared)

    def levels_of(self, name: str) -> dict[str, NDArray[np.int64]]:
        """Rows of the sampled points by value of a factor that has a list of them, the one compared with first."""
        values: list[Value] = list(self.factors[name].values or ())
        first = self.study.report.baseline
        if name == self.compared and first is not None:
            values.sort(key=lambda value: value != first)
        column = self.points[name].to_numpy()
        return {text_of(value): np.flatnonzero((column == value) & self.sampled) for value in values}

    @cached_property
    def listed(self) -> list[str]:
        """Factors with few enough values to be compared one by one, that of the report first."""
        short = [name for name, factor in self.factors.items() if 1 < len(factor.values or ()) <= MOST_LEVELS]
        return sorted(short, key=lambda name: name != self.compared)

    def pairs(self, name: str, level: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Points with a value of a factor, and those with its first value that are equal in all else."""
        levels = self.levels_of(name)
        rows, base = levels[level], next(iter(levels.values()))
        others = [column for column in self.points.columns if column not in (name, "design_row")]
        if not others:
            return (rows, base) if len(rows) == len(base) else (rows[:0], base[:0])
        alike = self.points.groupby(others, sort=False).ngroup().to_numpy()
        place = dict(zip(alike[base].tolist(), base.tolist(), strict=True))
        found = [(row, place[k]) for row, k in zip(rows.tolist(), alike[rows].tolist(), strict=True) if k in place]
        return (np.array([a for a, _ in found], np.int64), np.array([b for _, b in found], np.int64))

    def strength(self, outcome: str) -> dict[str, Floats]:
        """By factor, how strongly it moves an outcome in every world, shape (seeds,): mu star or the total index.

        NaN in worlds that lack a run, if others lack none.

        Raises
        ------
        BadInput
            If the design is not made to tell, or lacks runs.
        """
        names, unit, rows = self.sample
        table = self.table(outcome)[rows]
        found = {name: np.full(table.shape[1], np.nan) for name in names}
        whole = ~np.isnan(table).any(axis=0)
        for seed in np.flatnonzero(whole | ~whole.any()).tolist():  # where all lack runs, the design says what it lacks
            told = self.study.design.indices(names, unit, table[:, [seed]])
            if told is None:
                raise BadInput(f"design '{self.study.design.method}' is not made to tell which factors matter")
            for name, e in (told.total if isinstance(told, SobolIndices) else told.strength).items():
                found[name][seed] = e.value
        return found

    @cached_property
    def ranked(self) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64]]:
        """Factors that the design combines, and the point of each of its rows that describe the whole space, by policy.

        Returns
        -------
        dict of str to array, shape (rows,)
            Numbers, or names as text.
        array of int, shape (rows, policies)
        """
        names = [factor.name for factor in sampled_factors(self.study) if factor.name in self.factors]
        rows = self.points.loc[self.sampled, "design_row"].to_numpy()
        points = np.flatnonzero(self.sampled).reshape(len(np.unique(rows)), -1)
        chosen = self.points.iloc[points[:, 0]]
        kinds = {name: np.float64 if self.factors[name].numeric else np.str_ for name in names}
        return {name: chosen[name].to_numpy(kinds[name]) for name in names}, points

    @cached_property
    def sample(self) -> tuple[list[str], Floats, NDArray[np.int64]]:
        """Sampled factors, the sample in the unit cube, and its points in the table (under the first policy)."""
        names = [factor.name for factor in sampled_factors(self.study)]
        rows = np.flatnonzero(~self.points["design_row"].duplicated().to_numpy())
        return names, unit_sample(self.study), rows


def text_of(value: Value) -> str:
    """A value of a factor as one reads it."""
    return value if isinstance(value, str) else f"{value:g}"
