"""Everything that a report says in numbers, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from abm.errors import BadInput
from experiments.analysis.claims import Weighed, weigh
from experiments.analysis.distribution import Summary, Survival, chance, summarise, survival
from experiments.analysis.duration import Duration, duration
from experiments.analysis.intervals import Estimate
from experiments.analysis.options import Condition, condition
from experiments.analysis.paired import Difference, compare, holm
from experiments.analysis.phase import PhaseMap, Profile, phase_map, profile
from experiments.analysis.prim import Discovery, discover
from experiments.analysis.ranking import Association, Rank, corrected, rank
from experiments.analysis.sensitivity import (
    MorrisEffects,
    SobolIndices,
    VarianceParts,
    variance_parts,
)
from experiments.report.drawn import Drawn
from experiments.report.view import MOST_LEVELS, View
from experiments.screen import counted
from experiments.study import ECONOMY

CLEAR = 0.05


@dataclass(frozen=True)
class Comparison:
    """One value of a factor against its first, in one outcome.

    Parameters
    ----------
    outcome, level : str
        What and whom.
    found : Difference
        The paired difference.
    p : float
        Its p-value, corrected for the number of comparisons of the factor in the report (Holm).
    factor : str
        Whose value it is.
    """

    outcome: str
    level: str
    found: Difference
    p: float
    factor: str

    @property
    def clear(self) -> bool:
        """Whether chance hardly makes a difference this large, given how many were looked at."""
        return self.p <= CLEAR


@dataclass
class Findings:
    """What the runs of a study say; tables are by outcome, and by value of the compared factor below.

    Parameters
    ----------
    summaries, survivals : dict
        Distribution of every outcome.
    comparisons : list of Comparison
        Against the baseline: values of the compared factor.
    others : list of Comparison
        Values of the other factors that have a list of them, against its first.
    ranks : dict
        By outcome and factor: how they go together, in any design.
    durations : dict
        When it happens, of outcomes that are the month of something.
    drawn : dict
        Which of the uncertain numbers that seeds draw go with an outcome, the strongest first.
    candidates, worlds : int
        How many numbers were looked at, in how many worlds.
    parts : dict
        How much of the variance is luck.
    sobol, morris : dict
        Sensitivity, for designs made for it.
    profiles : dict
        By outcome and factor.
    maps : dict
        Over two factors.
    crisis : Condition, optional
        What counts as a crisis.
    chances : dict
        Probability of a crisis.
    discovery : Discovery, optional
        Where crises concentrate.
    claims : list of Weighed
        What is claimed of the study, with the share of worlds in which it holds.
    constant : dict
        Outcomes that are the same in every run that has a value, with it; the tables above leave them out.
    missing : list of str
        Which outcomes have no value in how many runs.
    notes : list of str
        What could not be worked out, and why.
    """

    summaries: dict[str, dict[str, Summary]] = field(default_factory=dict)
    survivals: dict[str, dict[str, Survival]] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    others: list[Comparison] = field(default_factory=list)
    ranks: dict[str, dict[str, Rank]] = field(default_factory=dict)
    durations: dict[str, dict[str, Duration]] = field(default_factory=dict)
    drawn: dict[str, tuple[Association, ...]] = field(default_factory=dict)
    candidates: int = 0
    worlds: int = 0
    parts: dict[str, VarianceParts] = field(default_factory=dict)
    sobol: dict[str, SobolIndices] = field(default_factory=dict)
    morris: dict[str, MorrisEffects] = field(default_factory=dict)
    profiles: dict[str, dict[str, Profile]] = field(default_factory=dict)
    maps: dict[str, PhaseMap] = field(default_factory=dict)
    crisis: Condition | None = None
    chances: dict[str, Estimate] = field(default_factory=dict)
    discovery: Discovery | None = None
    claims: list[Weighed] = field(default_factory=list)
    constant: dict[str, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find(view: View) -> Findings:
    """Work out all findings of a study.

    Parameters
    ----------
    view : View

    Returns
    -------
    Findings
        What the runs do not allow is left out, with a note.
    """
    found = Findings()
    varying: list[str] = []
    for outcome in view.outcomes:
        _count_missing(view, outcome, found)
        table = view.table(outcome)
        values = np.unique(table[~np.isnan(table)])
        if len(values) > 1:
            varying.append(outcome)
        elif len(values) and view.over(outcome) is None:
            found.constant[outcome] = float(values[0])
    _weigh(view, found)
    for outcome in varying:
        if view.drawn:
            _sensitivity(view, outcome, found)
    _drawn(view, varying, found)
    if view.study.model == ECONOMY and view.study.paired and view.study.replicates == 1:
        found.notes.append("Every point met one and the same seed: what luck does cannot be told from these runs.")
    if not view.sampled.any():
        found.notes.append(view.study.design.no_sample)
        return found
    for outcome in view.outcomes:
        if view.over(outcome) is not None:
            _when(view, outcome, found)
    for outcome in varying:
        _describe(view, outcome, found)
    if view.ranked[0]:
        _rank(view, varying, found)
    _compare(view, varying, found)
    if view.compared is None and any(factor.values is not None for factor in view.factors.values()):
        found.notes.append(
            f"Nothing is compared value by value: no factor has a list of at most {MOST_LEVELS} values, or the one"
            " named under report.compare has more."
        )
    if view.study.report.crisis is not None:
        _crisis(view, found)
    return found


def _count_missing(view: View, outcome: str, found: Findings) -> None:
    """Say how many runs that ended well have no value of an outcome."""
    good = int((~view.runs["failed"]).sum())
    missing = good - int((~np.isnan(view.table(outcome))).sum())
    if missing:
        found.missing.append(
            f"{outcome} has no value in {missing:,} of {counted(good, 'run')} (missing, not nought): what is said of it"
            " holds for the other runs only."
        )


def _weigh(view: View, found: Findings) -> None:
    """Put the claims of the study to its worlds."""
    tables = {outcome: view.table(outcome) for outcome in view.study.measured}

    for claim in view.study.claims:
        try:
            found.claims.append(weigh(claim, view.points, tables, view.strength, paired=view.study.paired))
        except BadInput as error:
            found.notes.append(f"A claim cannot be weighed: {error}.")


def _describe(view: View, outcome: str, found: Findings) -> None:
    """Distribution, profiles, map and parts of the variance of one outcome.

    Intervals of means are symmetric; where no run is below zero, their lower ends stop there, and their upper ends at
    the last month where months are counted.
    """
    table = view.table(outcome)
    last = view.over(outcome)
    floor, ceiling = -np.inf if (table < 0.0).any() else 0.0, np.inf if last is None else float(last)
    found.summaries[outcome], found.profiles[outcome] = {}, {}
    for level, rows in view.levels.items():
        part = table[rows]
        if not np.isnan(part).all():
            told = summarise(part, points_drawn=view.drawn)
            value, *ends = told.mean
            mean = Estimate(value, *(float(end) for end in np.clip(ends, floor, ceiling)))
            found.summaries[outcome][level] = replace(told, mean=mean)
            if last is None:
                found.survivals.setdefault(outcome, {})[level] = survival(part, points_drawn=view.drawn)
    chosen = table[view.sampled]
    for name in view.numeric:
        line = profile(view.numbers(name)[view.sampled], chosen, points_drawn=view.drawn)
        low, high = np.maximum(line.low, floor), np.minimum(line.high, ceiling)
        found.profiles[outcome][name] = replace(line, low=low, high=high)
    if view.map_axes is not None:
        x, y = (view.numbers(name)[view.sampled] for name in view.map_axes)
        drawn = phase_map(x, y, chosen, points_drawn=view.drawn)
        low, high = np.maximum(drawn.low, floor), np.minimum(drawn.high, ceiling)
        found.maps[outcome] = replace(drawn, low=low, high=high)
    parts = variance_parts(chosen) if view.study.paired else None
    if parts is not None:
        found.parts[outcome] = parts


def _when(view: View, outcome: str, found: Findings) -> None:
    """When something happens, by value of the compared factor."""
    times = view.times(outcome)
    over = np.full(times.shape, float(view.over(outcome) or 0))
    found.durations[outcome] = {
        level: duration(times[rows], over[rows], points_drawn=view.drawn)
        for level, rows in view.levels.items()
        if not np.isnan(times[rows]).all()
    }


def _rank(view: View, outcomes: Sequence[str], found: Findings) -> None:
    """How every factor goes with every outcome, averaged over policies."""
    factors, points = view.ranked
    ranks = {}
    drawn = view.drawn or not view.study.design.crossed
    for outcome in outcomes:
        table = view.table(outcome)[points]  # rows, policies, seeds
        counts = (~np.isnan(table)).sum(axis=1)
        mean = np.where(counts > 0, np.nansum(table, axis=1) / np.maximum(counts, 1), np.nan)
        try:
            ranks[outcome] = rank(factors, mean, points_drawn=drawn, paired=view.study.paired)
        except BadInput as error:
            found.notes.append(f"No ranking of factors for {outcome}: {error}.")
    found.ranks = corrected(ranks)


def _drawn(view: View, outcomes: Sequence[str], found: Findings) -> None:
    """Which of the numbers that worlds draw go with an outcome."""
    drawn = Drawn(view)
    if not drawn.any:
        return
    for outcome in outcomes:
        try:
            found.drawn[outcome] = drawn.associate(outcome)
        except BadInput as error:
            found.notes.append(f"What goes with {outcome} among the uncertain numbers is not told: {error}.")
    found.candidates, found.worlds = len(drawn.names), len(drawn.normals)


def _compare(view: View, outcomes: Sequence[str], found: Findings) -> None:
    """Every value of every factor that has a list of them, against its first."""
    made: list[tuple[str, str, Difference, str]] = []
    for outcome in outcomes:
        table = view.table(outcome)
        for name in view.listed:
            for level in list(view.levels_of(name))[1:]:
                ours, theirs = view.pairs(name, level)
                try:
                    made.append((outcome, level, compare(table[ours], table[theirs], points_drawn=view.drawn), name))
                except BadInput as error:
                    if name == view.compared:
                        found.notes.append(f"{name} {level} is not compared in {outcome}: {error}.")
    for name in view.listed:
        here = [row for row in made if row[3] == name]
        p = holm([difference.p for _, _, difference, _ in here])
        told = [Comparison(*row[:3], chance, row[3]) for row, chance in zip(here, p, strict=True)]
        (found.comparisons if name == view.compared else found.others).extend(told)


def _sensitivity(view: View, outcome: str, found: Findings) -> None:
    """Sobol or Morris indices of one outcome, if the design was made for them."""
    names, unit, rows = view.sample
    table = view.table(outcome)[rows]
    try:
        indices = view.study.design.indices(names, unit, table)
        if isinstance(indices, SobolIndices):
            found.sobol[outcome] = indices
        elif indices is not None:
            found.morris[outcome] = indices
    except BadInput as error:
        found.notes.append(f"No sensitivity of {outcome}: {error}.")


def _crisis(view: View, found: Findings) -> None:
    """How likely the crisis is, and where it happens."""
    found.crisis = condition(str(view.study.report.crisis))
    happened = view.happened(found.crisis)
    for level, rows in view.levels.items():
        if not np.isnan(happened[rows]).all():
            found.chances[level] = chance(happened[rows], points_drawn=view.drawn)
    whole = ~np.isnan(happened).all(axis=1) & view.sampled
    try:
        if not view.factors:
            raise BadInput("scenario discovery needs factors that vary")
        found.discovery = discover(view.points.loc[whole, list(view.factors)], np.nanmean(happened[whole], axis=1))
    except BadInput as error:
        found.notes.append(f"No scenario discovery: {error}.")
