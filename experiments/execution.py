"""What a worker does: run economies one after the other and hand back their rows.

Nothing here knows of files, threads, processes or clusters: `perform` is a pure function of its arguments, so the
same runs give the same rows wherever they are made.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import json
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from abm.calibration import DEFAULT_OPENING, Opening, opening_tables
from abm.calibration.files import Files
from abm.engine import tables
from abm.engine.tables import Column
from abm.errors import BadInput
from abm.inputs import parameters as registry
from abm.inputs.scenarios import Scenario
from abm.inputs.toml_lines import read_text
from abm.rules import engine
from abm.simulation import Economy, open_economy
from experiments.code import code_hash
from experiments.columns import column_of, field_of, type_of
from experiments.measures import measure, outcome_field
from experiments.study import DEFAULT_RULE, ECONOMY, RULE, Outcome, Study, Value, module_source

DEFAULT_FIELDS = (
    "month", "stage", "firm", "way", "fundamental", "channel", "shortfall", "fundamental_share", "debt", "claims",
    "loss_credit", "loss_equity", "loss_claims",
)  # fmt: skip
EVENT_FIELDS = ("month", "kind", "a", "b", "amount")
RUN = pa.field("run", pa.int64(), metadata={"unit": "id", "meaning": "number of the run"})
RUN_FIELDS = (
    RUN,
    pa.field("point", pa.int64(), metadata={"unit": "id", "meaning": "row of points.parquet"}),
    pa.field("replicate", pa.int32(), metadata={"unit": "id", "meaning": "repetition of the point, from 0"}),
    pa.field("seed", pa.int64(), metadata={"unit": "-", "meaning": "seed of the random draws"}),
    pa.field("failed", pa.bool_(), metadata={"unit": "flag", "meaning": "it ended in an error: see failures"}),
)
HASH = pa.field("result_hash", pa.string(), metadata={"unit": "-", "meaning": "SHA-256 of all the run left"})
FAILURES = pa.schema(
    [
        *RUN_FIELDS[:4],
        pa.field("parameters", pa.string(), metadata={"unit": "JSON", "meaning": "factors of the run"}),
        pa.field("error", pa.string(), metadata={"unit": "-", "meaning": "kind of the error"}),
        pa.field("message", pa.string(), metadata={"unit": "-", "meaning": "what it said"}),
        pa.field("where", pa.string(), metadata={"unit": "-", "meaning": "file, line and function"}),
    ]
)
_local = threading.local()
code_hash()  # of the files as they are loaded: whoever asks later is told of the same


@dataclass(frozen=True)
class Run:
    """One run: its numbers, and the values of the study's factors."""

    number: int
    point: int
    replicate: int
    seed: int
    settings: Mapping[str, Value]


@dataclass(frozen=True)
class Batch:
    """Runs made together.

    Attributes
    ----------
    number : int
        By which it is known to those who hand it out.
    runs : tuple of Run
        In the order of their numbers.
    lost : mapping
        Runs that are given up, with the kind of the error and what it says.
    """

    number: int
    runs: tuple[Run, ...]
    lost: Mapping[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """What all runs of a study share, with every file read: what is sent to a worker.

    Attributes
    ----------
    model : str
        "economy" or where a function is (see `load_function`).
    months : int
        Length of a run.
    scenario : str
        The scenario of runs without a factor `scenario`.
    scenarios : mapping
        All scenarios by the name the study uses.
    parameters, policies : mapping
        Fixed parameters; parameters by policy.
    rules : mapping
        Where the function of a rule factor's value is.
    outcomes : mapping
        What is measured, by name.
    series, columns, firms, events : tuple of str
        What is recorded; `months_at` says when.
    defaults : bool
        Whether defaults are recorded.
    opening : str or Files
        Name of the opening from which runs start; the files themselves if it is none of the model's.
    central : bool
        Whether runs are in the central world; otherwise each is in the one that its seed draws.
    left : mapping
        Schemas of the tables that a function leaves beside its outcomes, by name: it returns both, as a pair.
    sources : mapping
        SHA-256 of the files and modules of all functions, so that a worker with others is found out.
    timeout, memory : float or None
        Seconds a run may take; MB that the process which makes it may hold.
    """

    model: str
    months: int
    scenario: str
    scenarios: Mapping[str, Scenario]
    parameters: Mapping[str, float]
    policies: Mapping[str, Mapping[str, float]]
    rules: Mapping[str, str]
    outcomes: Mapping[str, Outcome | None]
    series: tuple[str, ...]
    columns: tuple[str, ...]
    firms: tuple[str, ...]
    events: tuple[str, ...]
    defaults: bool
    months_at: tuple[int, ...]
    opening: str | Files = DEFAULT_OPENING
    central: bool = False
    left: Mapping[str, pa.Schema] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    memory: float | None = None

    @property
    def limited(self) -> bool:
        """Whether a run is watched while it is made, which only a process of its own can be."""
        return self.timeout is not None or self.memory is not None

    def check_sources(self) -> None:
        """Raise BadInput if the functions of the study are not the same here as where it was read."""
        for module, known in self.sources.items():
            if _source_hash(module) != known:
                raise BadInput(f"'{module}' is not the same file as where the study was read")

    @classmethod
    def of(cls, study: Study) -> Recipe:
        """The recipe of a study.

        Raises
        ------
        BadInput
            If a file it names cannot be read, or has no such function.
        """
        economy = study.model == ECONOMY
        for _, sentence in study.opening_mistakes():
            raise BadInput(sentence)
        names = {study.scenario} if economy else set()
        rules: dict[str, str] = {}
        for factor in study.resolved:
            if factor.kind == "scenario":
                names |= {str(value) for value in factor.values or ()}
            if factor.kind == "rule":
                rules |= {str(v): located(study, str(v)) for v in factor.values or () if v != DEFAULT_RULE}
        model = study.model if economy else located(study, study.model)
        if not economy:
            load_function(model)
        for factor in study.resolved:
            for value in factor.values or () if factor.kind == "rule" else ():
                if value != DEFAULT_RULE:  # linking it tells whether it takes the right arguments
                    engine({factor.name.removeprefix(RULE): load_function(rules[str(value)])})
        record = study.record
        return cls(
            model=model,
            months=study.months,
            opening=study.opening if not economy or study.opening_folder is None else study.opened_files,
            central=study.central,
            scenario=study.scenario,
            scenarios={name: study.load_scenario(name) for name in sorted(names)},
            parameters=dict(study.parameters),
            policies={name: dict(changed) for name, changed in study.policies.items()},
            rules=rules,
            outcomes={n: o.dated(study.opened) if economy and o else o for n, o in study.measured.items()},
            series=record.of("series") if economy else (),
            columns=record.of("columns"),
            firms=record.firms_of(study.opened) if economy else (),
            events=record.of("events") if economy else (),
            defaults=record.defaults and economy,
            months_at=record.at(study.months, study.opened.date) if economy else (),
            sources={module: _source_hash(module) for module in _modules(model, rules)},
            timeout=study.timeout,
            memory=study.memory,
        )

    def tables(self) -> Opening:
        """The central tables, made once a thread: economies copy what they change."""
        kept: dict[str | Files, Opening] = _local.__dict__.setdefault("openings", {})
        if self.opening not in kept:
            kept[self.opening] = opening_tables(self.opening)
        return kept[self.opening]

    @property
    def panel(self) -> bool:
        """Whether the firm panel is needed."""
        measured = any(outcome is not None and outcome.needs_panel for outcome in self.outcomes.values())
        return bool(self.firms) or measured

    def schemas(self) -> dict[str, pa.Schema]:
        """Arrow schemas of all tables of the study, by name."""
        found = {
            "runs": pa.schema([*RUN_FIELDS, *(outcome_field(n, o) for n, o in self.outcomes.items()), HASH]),
            "failures": FAILURES,
        }
        if self.series:
            found["series"] = _schema("series", ("month", *self.series))
        if self.firms:
            firm = Column("firm", "i8", "firm", "who")
            month = Column("month", "i8", "month", "months since the opening")
            found["firms"] = _schema("firms", self.columns, extra=(month, firm))
        if self.defaults:
            found["defaults"] = _schema("defaults", DEFAULT_FIELDS)
        if self.events:
            found["events"] = _schema("events", EVENT_FIELDS)
        return found | {name: pa.schema([RUN, *schema]) for name, schema in self.left.items()}

    def cells(self) -> int:
        """About how many numbers a run leaves: what the size of a shard is made of."""
        at = len(self.months_at)
        recorded = at * len(self.series) + at * len(self.firms) * len(self.columns)
        return 16 + len(self.outcomes) + recorded + 300 * self.defaults + 40_000 * bool(self.events)


def located(study: Study, where: str) -> str:
    """``module:function`` as it is, ``file.py:function`` with the whole path."""
    module, _, function = where.rpartition(":")
    return f"{study.path(module).resolve()}:{function}" if module.endswith(".py") else where


def _modules(model: str, rules: Mapping[str, str]) -> list[str]:
    """Files and modules in which functions are."""
    functions = [*([] if model == ECONOMY else [model]), *rules.values()]
    return sorted({where.rpartition(":")[0] for where in functions})


def _source_hash(module: str) -> str:
    """SHA-256 of a file or of the source of an installed module; empty if there is none here."""
    try:
        source = Path(module).read_bytes() if module.endswith(".py") else module_source(module)
    except OSError:
        return ""
    return hashlib.sha256(source).hexdigest()


@functools.cache
def load_function(where: str) -> Callable[..., Any]:
    """A function of the user, from ``module:function`` or ``/path/file.py:function``.

    Raises
    ------
    BadInput
        If it cannot be loaded.
    """
    module, _, name = where.rpartition(":")
    if module == "__main__":
        raise BadInput(f"'{where}' is in the program that was started, where no worker finds it: put it into a file")
    try:
        loaded = _load_file(Path(module)) if module.endswith(".py") else importlib.import_module(module)
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"cannot load '{where}': {type(error).__name__}: {error}") from None
    function = getattr(loaded, name, None)
    if not callable(function):
        raise BadInput(f"'{module}' has no function '{name}'")
    return function


class _Uncached(SourceFileLoader):
    """Neither reads nor writes compiled code beside a file: the file may lie in a folder of results."""

    def path_stats(self, path: Any) -> NoReturn:
        raise OSError("compiled code is not kept")


def _load_file(path: Path) -> ModuleType:
    """A Python file as a module; its name holds a hash of place and text, for it may read what lies beside it."""
    digest = hashlib.sha256(f"{path}\0{read_text(path, 'Python')}".encode()).hexdigest()[:12]
    name = f"study_{path.stem}_{digest}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path, loader=_Uncached(name, str(path)))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _columns_of(table: str) -> Sequence[Column]:
    """Columns of the engine's table that a table of results is cut from."""
    return tables.TABLES["panel" if table == "firms" else table]


def _schema(table: str, names: Sequence[str], extra: Sequence[Column] = ()) -> pa.Schema:
    columns = {column.name: column for column in _columns_of(table)}
    chosen = [*extra, *(columns[name] for name in names)]
    return pa.schema([RUN, *(field_of(column, type_of(column, table)) for column in chosen)])


# --- one run --------------------------------------------------------------------------------------------
def chosen(recipe: Recipe, run: Run) -> tuple[Scenario, dict[str, float]]:
    """The scenario of a run, and the parameters that the study sets on top of it."""
    changed: dict[str, float] = dict(recipe.parameters)
    changed |= {name: float(value) for name, value in run.settings.items() if name in registry.BY_NAME}
    changed |= recipe.policies.get(str(run.settings.get("policy")), {})
    return recipe.scenarios[str(run.settings.get("scenario", recipe.scenario))], changed


def replaced_rules(run: Run) -> dict[str, str]:
    """The rules that a run replaces, and by what."""
    return {
        name.removeprefix(RULE): str(value)
        for name, value in run.settings.items()
        if name.startswith(RULE) and value != DEFAULT_RULE
    }


def open_run(recipe: Recipe, run: Run, *, panel: bool = False) -> Economy:
    """The economy of a run at its opening, in the world of its seed or in the central one.

    Parameters
    ----------
    recipe : Recipe
    run : Run
    panel : bool
        Record the firm panel even if the recipe does not need it.

    Raises
    ------
    BadInput
        For a value out of range.
    """
    scenario, changed = chosen(recipe, run)
    rules = {name: load_function(recipe.rules[value]) for name, value in replaced_rules(run).items()}
    panel = panel or recipe.panel
    where = recipe.tables() if recipe.central else recipe.opening
    return open_economy(
        scenario, parameters=changed, rules=rules, seed=run.seed, panel=panel, opening=where, central=recipe.central
    )


class _Rows:
    """Rows of a batch, kept as records until they become Arrow tables."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.runs: list[tuple[Any, ...]] = []
        self.failures: list[tuple[Any, ...]] = []
        self.records: dict[str, list[np.ndarray]] = {name: [] for name in recipe.schemas()}
        self.owners: dict[str, list[int]] = {name: [] for name in self.records}
        self.firm_rows: list[tuple[np.ndarray, list[str]]] = []  # month and firm of the panel rows
        self.left: dict[str, list[pa.Table]] = {name: [] for name in recipe.left}
        self.names: dict[str, int] = {}  # all firms of the batch; rows of the records become places here

    def add_run(self, run: Run, values: Sequence[float], digest: str | None) -> None:
        self.runs.append((run.number, run.point, run.replicate, run.seed, digest is None, *values, digest))

    def add_failure(self, run: Run, error: str, message: str, where: str) -> None:
        told = json.dumps(dict(run.settings), ensure_ascii=False)
        message = message.encode("utf-8", "backslashreplace").decode()  # what is no text would kill who writes it
        self.failures.append((run.number, run.point, run.replicate, run.seed, told, error, message, where))
        self.add_run(run, [float("nan")] * len(self.recipe.outcomes), None)

    def _keep(self, table: str, run: Run, rows: np.ndarray, names: Sequence[str]) -> None:
        """Records of a run whose firms have these names: which firm entered in a row differs from run to run."""
        rows = np.array(rows)
        place = np.array([self.names.setdefault(name, len(self.names)) for name in names])
        for column in _columns_of(table):
            if column.unit == "firm":
                who = rows[column.name]
                rows[column.name] = np.where(who >= 0, place[who], who)
        self.records[table].append(rows)
        self.owners[table].append(run.number)

    def add_economy(self, run: Run, economy: Economy) -> None:
        """What the study wants of a finished run."""
        recipe = self.recipe
        values = [measure(economy, outcome) for outcome in recipe.outcomes.values() if outcome is not None]
        digest = economy.result_hash()
        months = economy.rows("series")["month"]
        chosen = np.flatnonzero(np.isin(months, recipe.months_at))
        if recipe.series:
            self._keep("series", run, economy.rows("series")[chosen], economy.names)
        if recipe.firms:
            who = [economy.firm(name) for name in recipe.firms]
            self._keep("firms", run, economy.panel()[np.ix_(chosen, who)].reshape(-1), economy.names)
            self.firm_rows.append((np.repeat(months[chosen], len(who)), [economy.names[i] for i in who] * len(chosen)))
        if recipe.defaults:
            self._keep("defaults", run, economy.rows("defaults"), economy.names)
        if recipe.events:
            events = economy.rows("events")
            codes = [tables.EVENT_NAMES.index(name) for name in recipe.events]
            self._keep("events", run, events[np.isin(events["kind"], codes)], economy.names)
        self.add_run(run, values, digest)

    def add_function(self, run: Run, values: Sequence[float], digest: str, left: Mapping[str, pa.Table]) -> None:
        """What a function made of a run."""
        for name, table in left.items():
            owner = pa.array(np.full(table.num_rows, run.number))
            self.left[name].append(table.add_column(0, RUN, owner))
        self.add_run(run, values, digest)

    def tables(self) -> dict[str, pa.Table]:
        """The rows as Arrow tables."""
        made: dict[str, pa.Table] = {}
        for name, schema in self.recipe.schemas().items():
            if name in ("runs", "failures"):
                rows = self.runs if name == "runs" else self.failures
                columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                made[name] = pa.Table.from_arrays(arrays, schema=schema)
            elif name in self.left:
                made[name] = pa.concat_tables(self.left[name]).cast(schema) if self.left[name] else schema.empty_table()
            else:
                made[name] = self._records(name, schema)
        return made

    def _records(self, name: str, schema: pa.Schema) -> pa.Table:
        parts = self.records[name]
        if not parts:
            return schema.empty_table()
        rows = np.concatenate(parts)
        arrays = [pa.array(np.repeat(self.owners[name], [len(part) for part in parts]).astype(np.int64))]
        if name == "firms":
            month = np.concatenate([part[0] for part in self.firm_rows])
            arrays += [pa.array(month.astype(np.int32)), pa.array([who for part in self.firm_rows for who in part[1]])]
        columns, names = {column.name: column for column in _columns_of(name)}, list(self.names)
        for wanted in list(schema)[len(arrays) :]:
            arrays.append(column_of(rows, columns[wanted.name], name, names)[0])
        return pa.Table.from_arrays(arrays, schema=schema)


def _run_function(recipe: Recipe, run: Run) -> tuple[list[float], str, Mapping[str, pa.Table]]:
    """Outcomes of a user's function, in the order of the recipe, their hash, and the tables it leaves."""
    settings = {**recipe.parameters, **run.settings}
    found = load_function(recipe.model)(settings, run.seed)
    left: Mapping[str, pa.Table] = {}
    if recipe.left:
        found, left = found
    names = list(recipe.outcomes)
    if isinstance(found, Mapping):
        if set(found) != set(names):
            raise BadInput(f"the function returned {sorted(map(str, found))}, not the outcomes {sorted(names)}")
        values = [float(found[name]) for name in names]
    elif len(names) == 1:
        values = [float(found)]
    else:
        raise BadInput(f"the function must return a mapping with the outcomes {names}, not {type(found).__name__}")
    return values, hashlib.sha256(np.array(values).tobytes()).hexdigest(), left


def perform(recipe: Recipe, batch: Batch, started: Callable[[int], None] | None = None) -> dict[str, pa.Table]:
    """Make the runs of a batch.

    Parameters
    ----------
    recipe : Recipe
        What they share.
    batch : Batch
        The runs.
    started : callable, optional
        Called with the number of each run before it is made.

    Returns
    -------
    dict of str to pyarrow.Table
        Rows in the order of the runs; an error in a run is a row of `failures`, not an exception.
    """
    rows = _Rows(recipe)
    for run in batch.runs:
        if started is not None:
            started(run.number)
        if run.number in batch.lost:
            rows.add_failure(run, *batch.lost[run.number], "")
            continue
        try:
            if recipe.model == ECONOMY:
                economy = open_run(recipe, run)
                economy.run(recipe.months)
                rows.add_economy(run, economy)
            else:
                rows.add_function(run, *_run_function(recipe, run))
        except Exception as error:
            rows.add_failure(run, type(error).__name__, str(error), _place(error))
    return rows.tables()


def _place(error: BaseException) -> str:
    """Where an error was raised: the innermost line of it that stands in no library."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}, line {ours[-1].lineno}, in {ours[-1].name}" if ours else ""
