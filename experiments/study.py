"""The study file: which runs to make and what to keep of them, checked field by field.

A study is a TOML file, or a `Study` made in Python. Ten lines are enough: everything but `[factors]` has a
default. `experiments/STUDIES.md` is the reference.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from abm.calibration import DEFAULT_OPENING, Opening, opening_tables, openings
from abm.calibration.files import Files, opening_files
from abm.errors import BadInput, short, shown
from abm.inputs import parameters as registry
from abm.inputs.dates import LAST_MONTH
from abm.inputs.parameters import nearest
from abm.inputs.scenarios import BASELINE, Scenario
from abm.inputs.scenarios import load as load_scenario
from abm.inputs.toml_lines import (
    Place,
    control_characters,
    line_numbers,
    line_of,
    own_name,
    own_words,
    parse_toml,
    read_text,
)
from abm.rules import RULES
from experiments.analysis.claims import Claim
from experiments.analysis.options import ReportOptions
from experiments.designs import DESIGNS, AnyDesign, Grid, read_design, without_steps
from experiments.finished import what_was_asked
from experiments.study_fields import (
    DEFAULT_OUTCOMES,
    DEFAULT_RULE,
    ECONOMY,
    MOST_RUNS,
    NO_POLICY,
    OF_DEFAULTS,
    RULE,
    SERIES,
    Factor,
    FactorSpec,
    Failures,
    Levels,
    Outcome,
    OutcomeSpec,
    Range,
    Record,
    Strict,
    Value,
    as_float,
    known_name,
    quoted,
    read_outcome,
    read_outcomes,
)

LISTS = ("claims",)  # tables of the file of which there may be several
MOST_MISTAKES = 100  # looked at; a file with more is one of another kind


# --- the study ------------------------------------------------------------------------------------------
class Study(Strict):
    """Which runs to make and what to keep of them.

    Attributes
    ----------
    name, title, question : str
        For readers; the results do not depend on them.
    months, seed, replicates : int
        Length of a run; every point is run with the seeds seed, seed + 1, ... (one a replicate).
    paired : bool
        The same seeds at every point (common random numbers); otherwise every run has a seed of its own.
    model : str
        "economy", or ``module:function`` or ``file.py:function``: a function of (settings, seed).
    opening : str
        Name or folder of the opening from which all runs start.
    central : bool
        Whether all runs are in the central world; otherwise the seed of a run draws its world too.
    scenario : str
        Name or path of the scenario of all runs.
    parameters : mapping
        Parameters of all runs, on top of the scenario's.
    policies : mapping
        Parameters by policy. Every point is run without a policy and with each of them.
    factors : mapping
        What varies: a parameter, `scenario`, `policy` or ``rule_NAME``.
    design : Design
        How the factors are combined.
    record, outcomes : Record, mapping
        What is kept.
    claims : sequence of Claim
        What is said of the results, and put to every world of them.
    report : ReportOptions
        What the report shows; the results do not depend on it.
    failures : "keep going", "stop" or int
        After how many failed runs to stop.
    timeout, memory : float or None
        Seconds that a run may take and MB that the process which makes it may hold; beyond, it is a failed run.

    Raises
    ------
    pydantic.ValidationError
        A ValueError, if a field is missing, unknown or out of range; `load` turns it into one sentence.

    Examples
    --------
    >>> study = Study(factors={"lender_capital": [0.8, 1.2], "loan_tenor": [36, 60]})
    >>> [factor.name for factor in study.resolved]
    ['lender_capital', 'loan_tenor']
    """

    name: str = "unnamed"
    title: str = ""
    question: str = ""
    months: int = Field(default=96, ge=1, le=LAST_MONTH)
    seed: int = Field(default=1, ge=0, lt=2**61)
    replicates: int = Field(default=1, ge=1, le=MOST_RUNS)
    paired: bool = True
    model: str = ECONOMY
    opening: str = DEFAULT_OPENING
    central: bool = False
    scenario: str = BASELINE
    parameters: Mapping[str, float] = Field(default_factory=dict)
    policies: Mapping[str, Mapping[str, float]] = Field(default_factory=dict)
    factors: Mapping[str, FactorSpec] = Field(default_factory=dict)
    design: Annotated[AnyDesign, BeforeValidator(read_design)] = Grid()
    record: Record = Record()
    outcomes: Annotated[Mapping[str, OutcomeSpec | None], BeforeValidator(read_outcomes)] = Field(
        default_factory=dict, validate_default=False
    )
    claims: Annotated[tuple[Claim, ...], Field(strict=False)] = ()
    report: ReportOptions = ReportOptions()
    failures: Failures = "keep going"
    timeout: float | None = Field(default=None, ge=0.1, le=1e7)
    memory: float | None = Field(default=None, ge=100.0, le=1e8)
    _folder: Path = PrivateAttr(default=Path())
    _text: str = PrivateAttr(default="")
    _copies: dict[str, Path] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes: list[tuple[Place, str]] = []

        def check(where: Place, test: Any, *given: Any) -> None:
            if len(mistakes) >= MOST_MISTAKES:
                return
            try:
                test(*given)
            except BadInput as error:
                mistakes.append((where, str(error)))

        fixed = [("parameters", self.parameters)]
        fixed += [(f"policies.{name}", changed) for name, changed in self.policies.items()]
        for table, changed in fixed if self.model == ECONOMY else ():
            for name, value in changed.items():
                check((*table.split("."), name), registry.check, name, value)
                if name in self.factors:
                    mistakes.append(
                        ((*table.split("."), name), f"'{name}' is set here and is a factor too: choose one")
                    )
        for policy in self.policies:
            if policy == NO_POLICY or not policy.strip():
                mistakes.append((("policies", policy), f"a policy needs a name of its own, not '{policy}'"))
        for name, spec in self.factors.items():
            check(("factors", name), self._resolve, name, spec)
        if "scenario" in self.factors and self.scenario != BASELINE:
            mistakes.append((("scenario",), "'scenario' is set here and is a factor too: choose one"))
        if self.model == ECONOMY:
            for name, outcome in self.outcomes.items():
                if outcome is None:
                    mistakes.append((("outcomes", name), f"outcome '{name}' needs a statistic, such as 'max ai_debt'"))
        else:
            mistakes += self._function_mistakes()
        for name in self.outcomes:
            if name in {"run", "point", "replicate", "seed", "failed", "result_hash", *self.factors}:
                mistakes.append((("outcomes", name), f"an outcome cannot be called '{name}': the tables use that name"))
        counts = {name: len(spec.values) for name, spec in self.factors.items() if isinstance(spec, Levels)}
        mistakes += [(("factors",), sentence) for sentence in self.design.mistakes(counts)]
        if not self.factors and not self.policies and self.design.needs_factors:
            mistakes.append((("factors",), f"design '{self.design.method}' needs [factors]"))
        if not mistakes and self.design.points_file is None:
            check(("report",), self.check_report)
            for number in range(len(self.claims)):
                check(("claims", number), self.check_claim, number)
        if mistakes:
            raise PydanticCustomError("mistakes", "mistakes", {"mistakes": mistakes})
        return self

    def check_report(self) -> None:
        """Raise BadInput if the report asks for what the study has not."""
        self.report.check({factor.name: factor.values for factor in self.resolved}, self.measured)

    def check_claim(self, number: int) -> None:
        """Raise BadInput if a claim speaks of what the study has not."""
        self.claims[number].check({factor.name: factor.values for factor in self.resolved}, self.measured)

    def _function_mistakes(self) -> list[tuple[Place, str]]:
        found: list[tuple[Place, str]] = []
        module, _, function = self.model.rpartition(":")
        if not module or not function.isidentifier():
            sentence = "model must be 'economy', 'module:function' or 'file.py:function'"
            found.append((("model",), f"{sentence}, not {shown(self.model)}"))
        if self.policies:
            found.append((("policies",), "policies are for the model 'economy'"))
        for name, outcome in self.outcomes.items():
            if outcome is not None:
                found.append((("outcomes", name), 'outcomes of a function are a list of names: outcomes = ["y"]'))
        return found

    def _resolve(self, name: str, spec: Range | Levels) -> Factor:
        """A factor with its defaults filled in; BadInput for a mistake in it."""
        levels = spec.values if isinstance(spec, Levels) else None
        special = self.model == ECONOMY and (name in ("scenario", "policy") or name.startswith(RULE))
        if special:
            if levels is None or not all(isinstance(v, str) for v in levels):
                raise BadInput(f"factor '{name}' needs a list of names")
            if name == "policy":
                for value in levels:
                    known_name(str(value), [NO_POLICY, *self.policies], "policy")
                return Factor(name, "policy", values=levels)
            if name == "scenario":
                return Factor(name, "scenario", values=levels)
            known_name(name.removeprefix(RULE), RULES, "rule")
            for value in levels:
                if value != DEFAULT_RULE and ":" not in str(value):
                    named = f"'{DEFAULT_RULE}', 'module:function' or 'file.py:function'"
                    raise BadInput(f"rule '{short(str(value))}' must be {named}")
            return Factor(name, "rule", values=levels)
        unit = meaning = ""
        least, most = -float("inf"), float("inf")
        if self.model == ECONOMY:
            if name not in registry.BY_NAME:
                hint = nearest(name, [*registry.BY_NAME, "scenario", "policy", *(RULE + rule for rule in RULES)])
                raise BadInput(f"unknown parameter '{short(name)}'{hint} (see: invisible-debt parameters)")
            known = registry.find(name)
            unit, meaning, least, most = known.unit, known.meaning, known.low, known.high
        if levels is not None:
            numbers = [self._number(name, v) for v in levels]
            return Factor(name, self._kind, unit, meaning, tuple(numbers), min(numbers), max(numbers))
        assert isinstance(spec, Range)
        low = least if spec.low is None else self._number(name, spec.low)
        high = most if spec.high is None else self._number(name, spec.high)
        if not np.isfinite(low) or not np.isfinite(high):
            raise BadInput(f"factor '{name}' needs 'from' and 'to'")
        if low >= high:
            raise BadInput(f"factor '{name}': 'from' must be less than 'to', not {low:g} and {high:g}")
        if spec.log and low <= 0.0:
            raise BadInput(f"factor '{name}': a range in logs must lie above 0, not start at {low:g}")
        if spec.whole and (low != round(low) or high != round(high)):
            raise BadInput(f"factor '{name}': a range of whole numbers must start and end at whole numbers")
        factor = Factor(name, self._kind, unit, meaning, None, low, high, spec.log, spec.whole)
        if self.design.takes_ranges:
            if spec.steps is not None:
                raise BadInput(f"factor '{name}': 'steps' is for {without_steps()}, not for '{self.design.method}'")
            return factor
        if spec.steps is None:
            raise BadInput(
                f"factor '{name}': a range in design '{self.design.method}' needs 'steps', or give a list of values"
            )
        between = np.geomspace(low, high, spec.steps) if spec.log else np.linspace(low, high, spec.steps)
        steps = dict.fromkeys(float(v) for v in (np.round(between) if spec.whole else between))
        return Factor(name, self._kind, unit, meaning, tuple(steps), low, high, spec.log, spec.whole)

    @property
    def _kind(self) -> Literal["parameter", "input"]:
        return "parameter" if self.model == ECONOMY else "input"

    def _number(self, name: str, value: object) -> float:
        if self.model == ECONOMY:
            if isinstance(value, str):
                raise registry.no_number(registry.find(name), value)
            return registry.check(name, value)
        if isinstance(value, str):
            raise BadInput(f"factor '{name}' must be a number, not {shown(value)}")
        number = as_float(value, f"factor '{name}'")  # type: ignore[arg-type]
        if not np.isfinite(number):
            raise BadInput(f"factor '{name}' must be a finite number, not {shown(value)}")
        return number

    @cached_property
    def resolved(self) -> tuple[Factor, ...]:
        """The factors in order, defaults filled in; policies come last, also where no factor names them."""
        if self.design.points_file is not None:
            found = [self._resolve(name, Levels(values=tuple(dict.fromkeys(v)))) for name, v in self.table.items()]
        else:
            found = [self._resolve(name, spec) for name, spec in self.factors.items() if name != "policy"]
        if self.policies and all(factor.name != "policy" for factor in found):
            spec = self.factors.get("policy", Levels(values=(NO_POLICY, *self.policies)))
            found.append(self._resolve("policy", spec))
        return tuple(found)

    @cached_property
    def table(self) -> dict[str, list[Value]]:
        """Columns of the table of points, for a design that names one.

        Raises
        ------
        BadInput
            If the file cannot be read, lacks a column, or a value is no number or out of range.
        """
        name = self.design.points_file
        assert name is not None
        try:
            rows = list(csv.reader(io.StringIO(read_text(self.path(name), "table"))))
        except csv.Error as error:
            raise BadInput(f"{name} is no table of values separated by commas: {error}") from None
        for (number, *_), _ in control_characters(rows):
            raise BadInput(f"{name}, row {int(number) + 1}: control characters are not allowed")
        rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
        if len(rows) < 2:
            raise BadInput(f"{name} needs a line of column names and at least one line of values")
        header, lines = rows[0], rows[1:]
        for column in self.factors or header:
            if column not in header:
                raise BadInput(f"{name} has no column '{column}'{nearest(column, header)}")
            if header.count(column) > 1:
                raise BadInput(f"{name} has two columns '{column}'")
        columns: dict[str, list[Value]] = {}
        for column in self.factors or header:
            at = header.index(column)
            columns[column] = []
            for number, row in enumerate(lines, start=2):
                try:
                    if len(row) != len(header):
                        raise BadInput(f"{len(row)} values for {len(header)} columns")
                    columns[column].append(self._cell(column, row[at]))
                except BadInput as error:
                    raise BadInput(f"{name}, row {number}: {error}") from None
        return columns

    def _cell(self, column: str, text: str) -> Value:
        """A value of the table of points, checked."""
        named = self.model == ECONOMY and (column in ("scenario", "policy") or column.startswith(RULE))
        try:
            value: Value = text if named else float(text)
        except ValueError:
            raise BadInput(f"'{column}' must be a number, not {shown(text)}") from None
        spec = self.factors.get(column)
        if isinstance(spec, Levels) and value not in spec.values:
            raise BadInput(f"'{column}' must be one of the values of [factors], not {shown(text)}")
        self._resolve(column, Levels(values=(value,)))
        if isinstance(spec, Range):
            wanted = self._resolve(column, spec)
            if not wanted.low <= float(value) <= wanted.high:
                raise BadInput(f"'{column}' must lie between {wanted.low:g} and {wanted.high:g}, not {text}")
        return value

    @cached_property
    def measured(self) -> dict[str, Outcome | None]:
        """The outcomes by name, the defaults if the study names none; None for what a function returns."""
        if self.outcomes:
            return dict(self.outcomes)
        if self.model != ECONOMY:
            return {"value": None}
        return {name: Outcome.model_validate(read_outcome(text)) for name, text in DEFAULT_OUTCOMES.items()}

    @property
    def folder(self) -> Path:
        """Folder from which the paths of the study are read."""
        return self._folder

    def set_source(self, folder: Path, text: str, copied: bool = False) -> None:
        """Say where the study was read from.

        Parameters
        ----------
        folder : Path
            Folder from which the paths of the study are read.
        text : str
            Its text.
        copied : bool
            Whether the files it names lie in `folder` under the names that results give them: number and name.
        """
        self._folder, self._text = folder, text
        points_file = self.design.points_file
        if copied and points_file is not None:  # it names further files
            self._copies = {points_file: folder / copy_name(0, points_file)}
        if copied:
            self._copies = {given: folder / copy_name(k, given) for k, given in enumerate(self.files())}
            self._copies[self.opening] = folder / OPENING_COPY
        self.__dict__.pop("opened", None)  # its folder may be another one now

    def path(self, given: str) -> Path:
        """A path of the study, relative to its file."""
        return self._copies.get(given, Path(given) if Path(given).is_absolute() else self._folder / given)

    @cached_property
    def opened(self) -> Opening:
        """The central tables of the opening: its firms and dates are those of every world.

        Raises
        ------
        BadInput
            If there is no such opening, or its files have a mistake.
        """
        return opening_tables(self.opened_files)

    @property
    def opened_files(self) -> Files:
        """The files of the opening.

        Raises
        ------
        BadInput
            If there is no such opening.
        """
        folder = self.opening_folder
        return opening_files(self.opening if folder is None or not folder.is_dir() else folder)

    @property
    def opening_folder(self) -> Path | None:
        """Where the opening lies if it is none of the model's."""
        return None if self.opening in openings() else self.path(self.opening)

    def opening_mistakes(self) -> list[tuple[Place, str]]:
        """What the study asks of its opening and this has not: firms that are not in it, months before it."""
        found: list[tuple[Place, str]] = []
        if self.model != ECONOMY:
            return found

        def check(where: Place, test: Any, *given: Any) -> None:
            try:
                test(*given)
            except BadInput as error:
                found.append((where, str(error)))

        check(("record", "firms"), self.record.firms_of, self.opened)
        check(("record", "months"), self.record.at, self.months, self.opened.date)
        for name, outcome in self.measured.items():
            check(("outcomes", name), outcome.dated, self.opened)  # type: ignore[union-attr]
        return found

    def files(self) -> dict[str, Path]:
        """Files that the study names: the paths as they stand in it, and where they are.

        Raises
        ------
        BadInput
            If the table of points cannot be read.
        """
        named: list[str] = [] if self.design.points_file is None else [self.design.points_file]
        scenarios: list[Value] = [self.scenario]
        for factor in self.resolved:
            if factor.kind == "scenario":
                scenarios += factor.values or ()
        modules = [function.rpartition(":")[0] for function in self._functions()]
        named += [module for module in modules if module.endswith(".py")]
        named += [str(scenario) for scenario in scenarios if _is_path(str(scenario))]
        return {given: self.path(given) for given in dict.fromkeys(named)}

    def _functions(self) -> list[str]:
        """Where the functions of the study are: the model's, if it is not the economy, and those of rules."""
        found: list[Value] = [] if self.model == ECONOMY else [self.model]
        for factor in self.resolved:
            if factor.kind == "rule":
                found += [value for value in factor.values or () if value != DEFAULT_RULE]
        return [str(where) for where in found]

    def load_scenario(self, name: str) -> Scenario:
        """A scenario by its name, or from a file beside the study.

        Raises
        ------
        BadInput
            If there is none, it has a mistake, or the opening has not what it speaks of.
        """
        told = load_scenario(self.path(name) if _is_path(name) else name)
        told.shock_rows(self.opened.kinds, self.opened.date)
        return told

    def text(self) -> str:
        """The study as TOML: the text of its file, or one written from its fields."""
        return self._text or to_toml(self)

    def asked(self) -> dict[str, Any] | None:
        """Hashes by which the same study file is known again at a glance; None if it has no file, or names modules.

        Raises
        ------
        BadInput
            If a file it names cannot be read.
        """
        modules = [where for where in self._functions() if not where.rpartition(":")[0].endswith(".py")]
        if not self._text or self._copies or modules:
            return None
        own = self.opening if self.model == ECONOMY and self.opening_folder is not None else None
        try:
            return what_was_asked(self._text, self._folder, list(self.files()), own)
        except OSError as error:
            raise BadInput(f"cannot read {error.filename}: {error.strerror}") from None

    def identity(self) -> str:
        """Hash of all that the results depend on but this program: the fields, and the files and modules they name.

        Returns
        -------
        str
            16 hexadecimal digits.

        Raises
        ------
        BadInput
            If a file it names cannot be read.
        """
        fields = self.model_dump(mode="json", by_alias=True, exclude=set(NOT_RESULTS))
        fields["outcomes"] = {
            name: None if outcome is None else outcome.model_dump(mode="json")
            for name, outcome in self.measured.items()
        }
        digest = hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode())
        for file in self.files().values():
            digest.update(b"\0" + hashlib.sha256(read_text(file, "study").encode()).digest())
        if self.model == ECONOMY and self.opening_folder is not None:
            digest.update(b"\0" + self.opened_files.digest.encode())
        for where in self._functions():
            digest.update(b"\0" + module_source(where.rpartition(":")[0]))
        return digest.hexdigest()[:16]


def module_source(module: str) -> bytes:
    """Source of an installed module; empty for a file, which is named by its path, and for what cannot be found."""
    if not module or module.endswith(".py"):
        return b""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return b""
    return Path(spec.origin).read_bytes()


def copy_name(number: int, given: str) -> str:
    """Name under which results keep a file that a study names."""
    return f"{number}_{Path(given).name}"


OPENING_COPY = "opening"  # name under which results keep a folder that a study opens from


def _is_path(scenario: str) -> bool:
    """Whether a scenario is given by its file."""
    return scenario.endswith(".toml") or "/" in scenario


# Fields on which no result depends; a failed run may end well under others.
NOT_RESULTS = ("name", "title", "question", "claims", "report", "failures", "timeout", "memory")


# --- reading --------------------------------------------------------------------------------------------
def load(path: str | Path) -> Study:
    """Read a study file.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    Study

    Raises
    ------
    BadInput
        If it cannot be read or has a mistake: one sentence that names file, line, field and what is allowed.
    """
    path = Path(path)
    text = read_text(path, "study")
    name = own_name(path, "study")
    try:
        data = parse_toml(text)
        if "shock" in data or "story" in data:
            raise BadInput(f"this is a scenario, no study: invisible-debt run {short(str(path))}")
        if "name" in data:
            raise BadInput(f"line {line_numbers(text)['name',]}: unknown field 'name': a study is named by its file")
        study = Study.model_validate({"name": name, **data})
        study.set_source(path.parent, text)
        varies = study.factors or study.policies or study.replicates > 1 or study.design.points_file is not None
        if not varies:
            line = line_of(("factors",), line_numbers(text))
            needs = "it needs [factors], [policies] or 'replicates' of more than 1 (one run is: invisible-debt run)"
            raise BadInput(f"line {line}: the study varies nothing: {needs}")
        _check_files(study, text)
    except ValidationError as error:
        lines = line_numbers(text, LISTS)
        all_found = error.errors(include_url=False)[:MOST_MISTAKES]
        found = [item for details in all_found for item in _explain(details)]
        said = sorted({(line_of(where, lines), sentence) for where, sentence in found})
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        raise BadInput(f"{path.name}, line {said[0][0]}: {said[0][1]}{more}") from None
    except BadInput as error:
        raise BadInput(f"{path.name}, {error}") from None
    return study


def _check_files(study: Study, text: str) -> None:
    """Make sure that what a study names can be read, and fits the opening."""
    lines = line_numbers(text, LISTS)
    if study.model == ECONOMY:
        try:
            _ = study.opened
        except BadInput as error:
            raise BadInput(f"line {line_of(('opening',), lines)}: {error}") from None
        for where, sentence in study.opening_mistakes():
            raise BadInput(f"line {line_of(where, lines)}: {sentence}")
    named: list[tuple[Place, str]] = [(("scenario",), study.scenario)] if study.model == ECONOMY else []
    if "scenario" in study.factors and study.design.points_file is None:
        values = study._resolve("scenario", study.factors["scenario"]).values or ()
        named += [(("factors", "scenario"), str(value)) for value in values]
    if study.design.points_file is not None:
        try:
            named += [(("design", "file"), str(value)) for value in study.table.get("scenario", ())]
        except BadInput as error:
            raise BadInput(f"line {line_of(('design', 'file'), lines)}: {error}") from None
        try:
            study.check_report()
        except BadInput as error:
            raise BadInput(f"line {line_of(('report',), lines)}: {error}") from None
        for number in range(len(study.claims)):
            try:
                study.check_claim(number)
            except BadInput as error:
                raise BadInput(f"line {line_of(('claims', number), lines)}: {error}") from None
    for where, name in named:
        try:
            study.load_scenario(name)
        except BadInput as error:
            raise BadInput(f"line {line_of(where, lines)}: {error}") from None


MODELS: dict[str, type[BaseModel]] = {
    "record": Record,
    "outcomes": Outcome,
    "claims": Claim,
    "report": ReportOptions,
    "factors": Range,
    **DESIGNS,
}


NAMES = "a list of names, or 'all'"
# What fields that take more than one kind of value must be.
EITHER: dict[Place, str] = {
    ("record", "series"): NAMES,
    ("record", "firms"): NAMES,
    ("record", "columns"): NAMES,
    ("record", "events"): NAMES,
    ("record", "months"): "a list of months",
    ("report", "outcomes"): "a list of names",
    ("report", "map"): "a list of two factors",
    ("report", "baseline"): "a text in quotes or a number",
}


def _explain(error: ErrorDetails) -> list[tuple[Place, str]]:
    """One of pydantic's errors as places and sentences."""
    where = tuple(part for part in error["loc"] if not str(part).startswith("function-"))
    method = next((str(part) for part in where[1:2] if where[0] == "design" and part in DESIGNS), "")
    if method:
        where = (where[0], *where[2:])
    context: dict[str, Any] = error.get("ctx", {})
    kind = error["type"]
    field = short(str(where[-1])) if where else "the study"
    if kind == "mistakes":
        return [((*where, *place), sentence) for place, sentence in context["mistakes"]]
    if kind == "extra_forbidden":
        model = MODELS.get(method or str(where[0]), Study) if len(where) > 1 else Study
        allowed = [info.alias or name for name, info in model.model_fields.items() if name != "name"]
        hint = nearest(field, allowed) or f" (allowed are {quoted(allowed)})"
        return [(where, f"unknown field '{field}'{hint}")]
    if where[:2] in EITHER and kind != "value_error":
        return [(where[:2], f"{where[1]} must be {EITHER[where[:2]]}, not {shown(error['input'])}")]
    if where[:1] == ("outcomes",) and len(where) == 2 and kind == "model_type":
        given = shown(error["input"])
        return [(where, f"outcome '{field}' must be a text such as 'max ai_debt', or a table, not {given}")]
    return [(where, own_words(error, field))]


# --- writing --------------------------------------------------------------------------------------------
def to_toml(study: Study) -> str:
    """The fields of a study that differ from the defaults, as the text of a file that loads as the same study."""
    data = study.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True, exclude={"name"})
    if any(outcome is None for outcome in study.outcomes.values()):
        data["outcomes"] = list(study.outcomes)
    if "factors" in data:
        data["factors"] = {name: f.get("values", f) for name, f in data["factors"].items()}
    if "design" in data:
        data["design"] = {"method": study.design.method, **data["design"]}
    blocks = ["\n".join(f"{k} = {_toml(v)}" for k, v in data.items() if not isinstance(v, dict))]
    for name, table in data.items():
        if isinstance(table, dict):
            blocks.append("\n".join([f"[{name}]", *(f"{json.dumps(k)} = {_toml(v)}" for k, v in table.items())]))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return repr(value)


__all__ = [
    "DEFAULT_OUTCOMES",
    "DEFAULT_RULE",
    "ECONOMY",
    "MOST_RUNS",
    "OF_DEFAULTS",
    "OPENING_COPY",
    "RULE",
    "SERIES",
    "Factor",
    "Levels",
    "Outcome",
    "Range",
    "Record",
    "Study",
    "Value",
    "copy_name",
    "load",
    "module_source",
    "to_toml",
]
