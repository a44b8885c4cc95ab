"""The hindcast: an opening of the past run through a year that is known, and scored against what happened.

`experiments/HINDCAST.md` is the file of that name which `invisible-debt hindcast --opening 2024-12-31` writes; what is
missed and why stands by hand in `experiments/hindcast_causes.md`, a section an opening, and goes into it.

The folder of the opening holds what is asked: `targets.csv`, one reading a row (outcome, forecasts of the time,
column, aggregation), and `pass_marks.toml`. Every seed is a world of its own (`abm.calibration.worlds`) with its own
luck. A reading is scored in logs, unless its row says `linear`, by

- CRPS of the ensemble, which for a point forecast is the absolute error (Gneiting and Raftery 2007, "Strictly proper
  scoring rules, prediction, and estimation", JASA 102), and the log score with a Gaussian kernel;
- coverage of the 50 % and 90 % bands, and the PIT, the share of the ensemble below what happened;
- skill, ``1 - CRPS / CRPS of the better benchmark``, the better one being the one that did better in the end.

Benchmarks: the forecast of the time, a point, or a normal with the 5 % and 95 % points of its range; and a random
walk with drift. The drift of the walk is the mean rise of its history, its spread a year the standard deviation of
the rises around that; with one rise only, half of it and at least `LEAST_SPREAD`; with none, `NO_HISTORY`.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import scoringrules as sr
from numpy.typing import NDArray
from scipy import stats

from abm.calibration import opening_tables, openings
from abm.calibration.facts import evaluate, facts, names_in, read_table
from abm.calibration.files import opening_files, opening_folder
from abm.calibration.worlds import strict_priors, world
from abm.engine import tables
from abm.errors import BadInput, InvisibleDebtError, shown
from abm.inputs import parameters as registry
from abm.inputs.priors import PRIORS, Z95
from abm.simulation import Economy, open_economy
from experiments.code import code_hash
from experiments.execution import Run, Value
from experiments.gather import failure_sentences, gather
from experiments.readings import AGGREGATIONS, FLOWS, Recorder, aggregate
from experiments.runner import How

TARGETS, MARKS = "targets.csv", "pass_marks.toml"
COLUMNS = (
    "id", "target", "weight", "name", "unit", "outcome", "when", "firms", "value", "aggregation", "months", "over",
    "transform", "forecast", "history", "note",
)  # fmt: skip
WEIGHTS = ("independent", "part")
TRANSFORMS = ("log", "linear")
LEAST_SPREAD = 0.15  # of a random walk, in logs a year, or of its last value if linear
NO_HISTORY = 0.5  # the same where no rise is known
FLOOR = 1e-3  # of what happened: what lies below it counts as this much in logs
_MONTHS = re.compile(r"(\d+)(?:-(\d+))?")
_WHEN = re.compile(r"(\d{4})-(\d{2})")


# --- what is asked ----------------------------------------------------------------------------------------
class Target(NamedTuple):
    """One reading of `targets.csv`.

    Attributes
    ----------
    id, target : str
        Of the reading; of the target it belongs to, which counts once.
    weight : str
        `independent` for the readings of targets that count for skill, else `part`.
    outcome : float
        What happened, in `unit`.
    when : float
        The middle of the period, as a year.
    firms : tuple of str
        Names or kinds of firms whose columns are summed; empty for a column of the aggregate series.
    value : str
        A formula over columns, worked out month by month.
    aggregation : str
        sum, mean, last or change over `months`.
    over : tuple of int or None
        Months by whose aggregate it is divided.
    forecast : tuple of float or None
        Low, central and high of the forecast of the time; all the same for a point.
    history : tuple of (float, float)
        Year and value, up to the opening.
    """

    id: str
    target: str
    weight: str
    name: str
    unit: str
    outcome: float
    when: float
    firms: tuple[str, ...]
    value: str
    aggregation: str
    months: tuple[int, int]
    over: tuple[int, int] | None
    transform: str
    forecast: tuple[float, float, float] | None
    history: tuple[tuple[float, float], ...]
    note: str


@dataclass(frozen=True)
class Question:
    """All that is asked of an opening: its readings, and what counts as a pass."""

    opening: str
    targets: tuple[Target, ...]
    coverage: float
    skilful: float
    factor: float
    within_factor: tuple[str, ...]

    @property
    def months(self) -> int:
        """Months a run needs."""
        return max(target.months[1] for target in self.targets)


def newest_asked() -> str:
    """The newest opening of the model that has targets; the oldest one if none has."""
    names = openings()
    return next((name for name in reversed(names) if (opening_folder(name) / TARGETS).is_file()), names[0])


def read_question(opening: str | Path) -> Question:
    """What is asked of an opening.

    Parameters
    ----------
    opening : str or Path
        One of `abm.calibration.openings()`, or a folder.

    Returns
    -------
    Question

    Raises
    ------
    BadInput
        If its folder asks nothing, or a row names what does not exist.
    """
    folder = opening_folder(opening)
    if not (folder / TARGETS).is_file():
        raise BadInput(f"the opening {folder.name} has no {TARGETS}: there is nothing to score it against")
    try:
        marks = tomllib.loads((folder / MARKS).read_text(encoding="utf-8"))
        rows = read_table(folder / TARGETS)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"the targets of {folder.name} cannot be read: {error}") from None
    place = f"{folder.name}/{MARKS}"
    names = marks.get("names", {})
    if not isinstance(names, dict) or not all(isinstance(n, dict) and "value" in n for n in names.values()):
        raise BadInput(f"{place}: every table under names needs a value")
    values = {name: _number(place, f"value of {name}", entry["value"]) for name, entry in names.items()}
    if not rows or set(rows[0]) != set(COLUMNS):
        raise BadInput(f"{folder.name}/{TARGETS} must have the columns {', '.join(COLUMNS)}")
    who = set(opening_tables(opening).names) | set(tables.KIND_NAMES)
    targets = tuple(_target(f"{folder.name}/{TARGETS}, row '{row['id']}'", row, values, who) for row in rows)
    ids = [target.id for target in targets]
    if len(set(ids)) < len(ids):
        raise BadInput(f"{folder.name}/{TARGETS}: an id stands twice")
    within = marks.get("within_factor", [])
    if not isinstance(within, list) or not set(map(str, within)) <= set(ids):
        raise BadInput(f"{place}: within_factor must be a list of ids of {TARGETS}")
    return Question(
        folder.name, targets, _number(place, "coverage", marks.get("coverage")),
        _number(place, "skilful", marks.get("skilful")), _number(place, "factor", marks.get("factor")),
        tuple(map(str, within)),
    )  # fmt: skip


def _number(place: str, what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{place}: {what} must be a number, not {shown(value)}")
    return float(value)


def _target(place: str, row: Mapping[str, str], names: Mapping[str, float], who: set[str]) -> Target:
    """A row worked out; raises BadInput that names row and column."""

    def worked_out(column: str, formula: str) -> float:
        def named(name: str) -> float:
            if name not in names:
                raise BadInput(f"'{name}' is neither a fact nor a name of {MARKS}")
            return names[name]

        try:
            return evaluate(formula, named)
        except (BadInput, ZeroDivisionError) as error:
            raise BadInput(f"{place}, column {column}: {error}") from None

    def months(column: str) -> tuple[int, int]:
        found = _MONTHS.fullmatch(row[column])
        if found is None or not int(found[1]) <= int(found[2] or found[1]) <= 120:
            raise BadInput(f"{place}, column {column}: months are such as 6 or 4-6, not {shown(row[column])}")
        return int(found[1]), int(found[2] or found[1])

    for column, allowed in (("weight", WEIGHTS), ("aggregation", AGGREGATIONS), ("transform", TRANSFORMS)):
        if row[column] not in allowed:
            raise BadInput(f"{place}, column {column}: one of {', '.join(allowed)}, not {shown(row[column])}")
    firms = tuple(name.strip() for name in row["firms"].split(";") if name.strip())
    for name in firms:
        if name not in who:
            raise BadInput(f"{place}, column firms: the opening has no firm or kind '{name}'")
    columns = {c.name for c in (tables.FIRM_COLUMNS if firms else tables.SERIES_COLUMNS)} | set(FLOWS if firms else ())
    for name in names_in(row["value"])[1]:
        if name not in columns:
            raise BadInput(
                f"{place}, column value: there is no column '{name}' of {'firms' if firms else 'the series'}"
            )
    if names_in(row["value"])[0] or not names_in(row["value"])[1]:
        raise BadInput(f"{place}, column value: a formula over columns of the model, not {shown(row['value'])}")
    forecast = None
    if row["forecast"]:
        given = [worked_out("forecast", part.strip()) for part in row["forecast"].split(":")]
        if len(given) not in (1, 3):
            raise BadInput(f"{place}, column forecast: one number, or low: central: high")
        forecast = (given[0], given[-1 if len(given) == 1 else 1], given[-1])
    history = []
    for part in row["history"].split(";") if row["history"] else ():
        date, _, formula = part.partition(":")
        history.append((_year(place, "history", date.strip()), worked_out("history", formula.strip())))
    if forecast is None and not history:
        raise BadInput(f"{place}: a reading needs a forecast or a history to be compared with")
    target = Target(
        row["id"], row["target"], row["weight"], row["name"], row["unit"], worked_out("outcome", row["outcome"]),
        _year(place, "when", row["when"]), firms, row["value"], row["aggregation"], months("months"),
        months("over") if row["over"] else None, row["transform"], forecast, tuple(sorted(history)), row["note"],
    )  # fmt: skip
    numbers = [target.outcome, *(forecast or ()), *(value for _, value in history)]
    if target.transform == "log" and min(numbers) <= 0.0:
        raise BadInput(f"{place}: what is scored in logs must be above 0, here {min(numbers):g}")
    if history and target.when <= target.history[-1][0]:
        raise BadInput(f"{place}, column history: it must end before {row['when']}")
    return target


def _year(place: str, column: str, text: str) -> float:
    """The middle of a month, as a year."""
    found = _WHEN.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12:
        raise BadInput(f"{place}, column {column}: dates are such as 2025-06, not {shown(text)}")
    return int(found[1]) + (int(found[2]) - 0.5) / 12.0


# --- what the model says -----------------------------------------------------------------------------------
@functools.lru_cache(maxsize=4)
def _question(opening: str) -> Question:
    return read_question(opening)


def observe(settings: Mapping[str, Value], seed: int) -> dict[str, float]:
    """Run the world of a seed and read it: what a worker does.

    Parameters
    ----------
    settings : mapping
        `opening`, its name or folder; `strict`, whether parameters rest on what was known at its date.
    seed : int
        Of the world and of its luck.

    Returns
    -------
    dict of str to float
        By id of the reading.
    """
    opening = str(settings["opening"])
    question = _question(opening)
    drawn = world(seed, opening, strict=bool(settings["strict"]), matched=False)
    return read_run(open_economy(opening=drawn, seed=seed, panel=False), question)


def read_run(economy: Economy, question: Question) -> dict[str, float]:
    """Run an economy, just opened, as long as is asked, and read it: numbers by id of the reading."""
    recorder = Recorder(economy, [(target.firms, target.value) for target in question.targets])
    recorder.take()
    for _ in range(question.months):
        economy.run(1)
        recorder.take()
    return {target.id: reading(recorder, target) for target in question.targets}


def reading(recorder: Recorder, target: Target) -> float:
    """The number of a reading."""
    values = recorder.path(target.firms, target.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = aggregate(values, target.aggregation, target.months)
        if target.over is not None:
            found /= aggregate(values, target.aggregation, target.over)
    return found


class Ensemble(NamedTuple):
    """What all worlds say: `values[id]` has one number a run that did not fail, in the order of the seeds."""

    values: dict[str, NDArray[np.float64]]
    runs: int
    failures: tuple[str, ...]
    table: pa.Table

    @property
    def digest(self) -> str:
        """SHA-256 of all readings of all runs."""
        found = hashlib.sha256()
        for name in sorted(self.values):
            found.update(name.encode() + np.ascontiguousarray(self.values[name]).tobytes())
        return found.hexdigest()


def run_ensemble(
    opening: str | Path,
    seeds: int,
    strict: bool,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> Ensemble:
    """Run the worlds of the seeds 1, 2, ... on threads or processes; the same numbers whoever makes them.

    Parameters
    ----------
    opening : str or Path
        One of `abm.calibration.openings()`, or a folder.
    seeds : int
        How many.
    strict : bool
        See `abm.calibration.worlds.world`.
    workers, how, progress
        See `experiments.gather.gather`.

    Raises
    ------
    BadInput
        If the opening asks nothing, or its files have a mistake.
    InvisibleDebtError
        If no run ended well.
    """
    question = read_question(opening)
    world(1, opening, strict)  # a mistake in the files is told once, before any worker meets it
    settings: dict[str, Value] = {"opening": str(opening_folder(opening)), "strict": strict}
    runs = [Run(number, number, 0, number + 1, settings) for number in range(seeds)]
    names = [target.id for target in question.targets]
    found = gather("experiments.hindcast:observe", runs, names, workers=workers, how=how, progress=progress)
    made, failures = found["runs"], failure_sentences(found)
    whole = made.filter(pa.compute.invert(made["failed"]))
    if not whole.num_rows:
        raise InvisibleDebtError(f"no run of the hindcast ended well; the first: {failures[0]}")
    values = {name: whole[name].to_numpy() for name in names}
    return Ensemble(values, seeds, failures, made)


# --- scores --------------------------------------------------------------------------------------------------
class Benchmark(NamedTuple):
    """A normal in the space of the scores (logs, or the unit itself); a point has no spread."""

    centre: float
    spread: float

    def crps(self, outcome: float) -> float:
        """Continuous ranked probability score of an outcome; of a point, the absolute error."""
        if self.spread <= 0.0:
            return abs(outcome - self.centre)
        return float(sr.crps_normal(outcome, self.centre, self.spread))


class Scored(NamedTuple):
    """A reading and its scores; numbers of the model and the benchmarks are in the unit of the reading."""

    target: Target
    median: float
    band50: tuple[float, float]
    band90: tuple[float, float]
    crps: float
    log_score: float
    pit: float
    forecast: float | None
    forecast_crps: float
    walk: float | None
    walk_crps: float

    @property
    def benchmark_crps(self) -> float:
        """Of the benchmark that did better."""
        return min(self.forecast_crps, self.walk_crps)

    @property
    def skill(self) -> float:
        """Against the better benchmark; 0 where both are right."""
        return _skill(self.crps, self.benchmark_crps)

    @property
    def inside90(self) -> bool:
        """Whether the 90 % band holds what happened."""
        return self.band90[0] <= self.target.outcome <= self.band90[1]

    @property
    def inside50(self) -> bool:
        """Whether the 50 % band holds what happened."""
        return self.band50[0] <= self.target.outcome <= self.band50[1]


def _skill(crps: float, benchmark: float) -> float:
    """One less the ratio of scores."""
    if benchmark <= 0.0:
        return 0.0 if crps <= 0.0 else -math.inf
    return 1.0 - crps / benchmark


def random_walk(target: Target) -> Benchmark | None:
    """The random walk with drift from the history of a reading, None without one.

    Parameters
    ----------
    target : Target

    Returns
    -------
    Benchmark or None
        In logs, or in the unit if the reading is linear.
    """
    if not target.history:
        return None
    years = np.array([year for year, _ in target.history])
    values = np.array([_carried(target, value) for _, value in target.history])
    scale = 1.0 if target.transform == "log" else abs(float(values[-1]))
    ahead = target.when - float(years[-1])
    if len(values) == 1:
        return Benchmark(float(values[-1]), NO_HISTORY * scale * math.sqrt(ahead))
    drift = float((values[-1] - values[0]) / (years[-1] - years[0]))
    spans = np.diff(years)
    if len(values) == 2:
        spread = max(abs(drift) / 2.0, LEAST_SPREAD * scale)
    else:
        spread = max(float(np.std((np.diff(values) - drift * spans) / np.sqrt(spans), ddof=1)), LEAST_SPREAD * scale)
    return Benchmark(float(values[-1]) + drift * ahead, spread * math.sqrt(ahead))


def forecast_of_the_time(target: Target) -> Benchmark | None:
    """The forecast of the time as a normal, or a point if it has no range; None without one."""
    if target.forecast is None:
        return None
    low, middle, high = (_carried(target, value) for value in target.forecast)
    return Benchmark(middle, (high - low) / (2.0 * Z95))


def _carried(target: Target, value: float) -> float:
    """A number in the space of the scores."""
    if target.transform == "linear":
        return value
    return math.log(max(value, FLOOR * target.outcome))


def _back(target: Target, value: float) -> float:
    return value if target.transform == "linear" else math.exp(value)


def score(target: Target, values: NDArray[np.float64]) -> Scored:
    """Score one reading.

    Parameters
    ----------
    target : Target
    values : numpy.ndarray
        Of the ensemble, shape (runs,), in the unit of the reading. What is no number counts as the worst: 0.

    Returns
    -------
    Scored
    """
    values = np.where(np.isfinite(values), values, 0.0)
    carried = np.array([_carried(target, float(value)) for value in values])
    outcome = _carried(target, target.outcome)
    low, lower, median, upper, high = (float(q) for q in np.percentile(values, (5, 25, 50, 75, 95)))
    spread = float(carried.std())
    forecast, walk = forecast_of_the_time(target), random_walk(target)
    width = 1.06 * spread * len(carried) ** -0.2  # Silverman's rule for the width of a kernel
    with np.errstate(divide="ignore"):  # what no kernel reaches has an infinite log score
        log_score = float(sr.logs_ensemble(outcome, carried, bw=width)) if spread > 1e-12 else math.nan
    return Scored(
        target,
        median,
        (lower, upper),
        (low, high),
        crps=float(sr.crps_ensemble(outcome, carried)),
        log_score=log_score,
        pit=float((carried < outcome).mean() + 0.5 * (carried == outcome).mean()),
        forecast=None if forecast is None else _back(target, forecast.centre),
        forecast_crps=math.inf if forecast is None else forecast.crps(outcome),
        walk=None if walk is None else _back(target, walk.centre),
        walk_crps=math.inf if walk is None else walk.crps(outcome),
    )


class Mark(NamedTuple):
    """A line of the pass marks: what is asked, what was found, whether it is met."""

    asked: str
    found: str
    met: bool


@dataclass(frozen=True)
class Verdict:
    """All scores of an ensemble."""

    question: Question
    scored: tuple[Scored, ...]

    def by_target(self) -> dict[str, list[Scored]]:
        """Readings of each target."""
        found: dict[str, list[Scored]] = {}
        for s in self.scored:
            found.setdefault(s.target.target, []).append(s)
        return found

    def coverage(self, band: str = "inside90") -> float:
        """Share of targets inside their band, each target once: of several readings, the part inside."""
        return float(np.mean([np.mean([getattr(s, band) for s in group]) for group in self.by_target().values()]))

    def skills(self) -> dict[str, float]:
        """Skill of the independent targets over all their readings, by target."""
        return {
            name: _skill(math.fsum(s.crps for s in group), math.fsum(s.benchmark_crps for s in group))
            for name, group in self.by_target().items()
            if any(s.target.weight == "independent" for s in group)
        }

    def pits(self) -> NDArray[np.float64]:
        """PIT of the last reading of each target: readings of one target are not independent."""
        return np.array([group[-1].pit for group in self.by_target().values()])

    def uniformity(self) -> float:
        """Chance of PITs as uneven as these if the bands were right (Kolmogorov and Smirnov); targets hang together,
        so it is too small."""
        return float(stats.kstest(self.pits(), "uniform").pvalue)

    def marks(self) -> list[Mark]:
        """The pass marks, line by line."""
        q = self.question
        covered, skills = self.coverage(), self.skills()
        skilful = sum(skill > 0.0 for skill in skills.values())
        lines = [
            Mark(
                f"at least {q.coverage:.0%} of the targets inside the 90 % band",
                f"{covered:.0%} of {len(self.by_target())}",
                covered >= q.coverage,
            ),
            Mark(
                f"at least {q.skilful:.0%} of the independent targets with skill against the better benchmark",
                f"{skilful} of {len(skills)}",
                skilful >= q.skilful * len(skills),
            ),
            Mark(
                "nothing without skill shown with a band",
                f"{sum(s.skill <= 0.0 for s in self.scored)} of {len(self.scored)} readings have none, and no band",
                all(band_shown(s) is None for s in self.scored if s.skill <= 0.0),
            ),
        ]
        by_id = {s.target.id: s for s in self.scored}
        for name in q.within_factor:
            s = by_id[name]
            ratio = s.median / s.target.outcome
            lines.append(
                Mark(
                    f"{s.target.name} within a factor of {q.factor:g}",
                    f"{ratio:.2g} times",
                    1.0 / q.factor <= ratio <= q.factor,
                )
            )
        return lines


def band_shown(scored: Scored) -> tuple[float, float] | None:
    """The 90 % band as the report may show it: None for a reading without skill."""
    return scored.band90 if scored.skill > 0.0 else None


def judge(question: Question, ensemble: Ensemble) -> Verdict:
    """Score an ensemble."""
    return Verdict(question, tuple(score(target, ensemble.values[target.id]) for target in question.targets))


def origin(opening: str | Path) -> dict[str, str]:
    """What the numbers come from, for a manifest: the code, the tables of the opening, the targets."""
    folder = opening_folder(opening)
    asked = hashlib.sha256(b"".join((folder / name).read_bytes() for name in (TARGETS, MARKS)))
    return {"code": code_hash(), "tables": opening_tables(opening).digest, "targets": asked.hexdigest()}


# --- leaks ----------------------------------------------------------------------------------------------------
class Leak(NamedTuple):
    """A parameter that rests on facts later than the opening, and what the strict variant puts in its place."""

    parameter: str
    default: float
    facts: tuple[str, ...]
    strict: float | None


def leaks(folder: Path) -> list[Leak]:
    """Parameters whose source names a fact that was known only after an opening.

    Parameters
    ----------
    folder : Path
        Of the opening, with its strict values.

    Returns
    -------
    list of Leak
        In the order of the parameters; one without a strict value stays as it is.
    """
    replaced, until = strict_priors(folder), opening_files(folder).facts_until
    found = []
    for parameter in registry.PARAMETERS:
        named = [facts()[name] for name in names_in(parameter.source)[0] if name in facts()]
        late = tuple(fact.id for fact in named if not fact.known_by(until))
        prior = replaced.get(parameter.name)
        if late or prior is not None:
            found.append(Leak(parameter.name, parameter.default, late, None if prior is None else prior.median))
    return found


def drawn_parameters(strict: bool, folder: Path) -> int:
    """How many parameters a world draws."""
    return len(set(PRIORS) | set(strict_priors(folder) if strict else ()))
