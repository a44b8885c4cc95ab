"""The fields of a study file: factors, what is recorded and what is measured (designs: `experiments.designs`)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from abm.calibration import Opening
from abm.engine import tables
from abm.engine.tables import Column
from abm.errors import BadInput, short, shown
from abm.inputs.dates import LAST_MONTH, month_number, read_month
from abm.inputs.parameters import nearest
from abm.inputs.toml_lines import Place, control_characters

ECONOMY = "economy"  # the model of `abm`; anything else is a function of the user
NO_POLICY = "none"
DEFAULT_RULE = "default"
RULE = "rule_"  # a factor of this prefix and a rule's name replaces that rule
MOST_RUNS = 10_000_000  # beyond it a design is surely a slip

Value = float | str
Statistic = Literal["final", "max", "min", "mean", "sum", "first", "argmax", "drawdown", "lost"]
SERIES = {column.name: column for column in tables.SERIES_COLUMNS}
DEFAULTS = {column.name: column for column in tables.DEFAULT_COLUMNS if column.unit not in ("firm", "code")}
FIRMS = {column.name: column for column in tables.FIRM_COLUMNS}
PANEL = {column.name: column for column in tables.TABLES["panel"]}
OF_DEFAULTS = "defaults."
SHARES = "share_value"
# What is worked out of several tables of a run.
DERIVED = {
    column.name: column
    for column in (
        Column("failures", "f8", "firms", "firms that are wound up, reorganised or pay less than owed, in the month"),
        Column("credit_losses", "f8", "bn/month", "lost by those who had lent to firms that fail and are no lenders"),
        Column(SHARES, "f8", "ratio", "worth of shares bought in equal parts after the first month, which cost 1 then"),
    )
}
TURNED = "'start' must not be later than 'end'"
DEFAULT_OUTCOMES: dict[str, Any] = {
    "failures": "sum failures",
    "contagious": "sum contagious",
    "first_failure": "first failures",
    "losses": "sum credit_losses",
    "peak_ai_debt": "max ai_debt",
    "peak_look_through": "max look_through",
    "final_look_through": "final look_through",
    "final_ai_revenue": "final ai_revenue",
}


def quoted(words: Sequence[str]) -> str:
    """Words in quotes, for a sentence."""
    return ", ".join(f"'{word}'" for word in words)


def known_name(name: str, allowed: Sequence[str] | Mapping[str, Any], what: str) -> str:
    """The name if it is allowed; BadInput with the nearest or with all that are allowed otherwise."""
    if name not in allowed:
        hint = nearest(name, allowed) or f" (allowed are {quoted(list(allowed))})"
        raise BadInput(f"unknown {what} '{short(name)}'{hint}")
    return name


def known_firm(name: str, opening: Opening) -> str:
    """The name if the opening has such a firm; BadInput with the nearest otherwise."""
    if name not in opening.names:
        hint = nearest(name, opening.names)
        raise BadInput(f"unknown firm '{short(name)}' in the opening of {opening.date}{hint}")
    return name


class Strict(BaseModel):
    """What every table of a study file is: frozen, of exact types, without unknown fields."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, validate_by_alias=True
    )

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, given: object) -> object:
        """Refuse control characters in any text or name: what is shown on a screen or a page must be seen."""
        mistakes = list(control_characters(given))
        if mistakes:
            raise PydanticCustomError("mistakes", "{first}", {"mistakes": mistakes, "first": mistakes[0][1]})
        return given


def as_float(value: float, field: str) -> float:
    """A number as a float; BadInput if it is larger than floats are."""
    try:
        return float(value)
    except OverflowError:
        raise BadInput(f"{field} must be numbers of at most 308 digits, not {shown(value)}") from None


# --- factors --------------------------------------------------------------------------------------------
class Range(Strict):
    """An interval of a factor: what sampled designs draw from; a grid takes `steps` values of it."""

    low: float | None = Field(default=None, alias="from")
    high: float | None = Field(default=None, alias="to")
    steps: int | None = Field(default=None, ge=2, le=100_000)
    log: bool = False
    whole: bool = False


class Levels(Strict):
    """The values of a factor: numbers or names."""

    values: Annotated[tuple[Value, ...], Field(min_length=1)]


def read_factor(given: object) -> object:
    """A list is short for `{ values = [...] }`."""
    if isinstance(given, list | tuple):
        given = {"values": list(given)}
    if isinstance(given, Mapping):
        if "values" in given:
            if set(given) != {"values"} or not isinstance(given["values"], list | tuple):
                raise BadInput("'values' must be a list and stands alone")
            bad = [v for v in given["values"] if isinstance(v, bool) or not isinstance(v, int | float | str)]
            if bad or not given["values"]:
                raise BadInput("'values' must be a list of numbers or names with at least one entry")
            values = [v if isinstance(v, str) else as_float(v, "'values'") for v in given["values"]]
            twice = [v for i, v in enumerate(values) if v in values[:i]]
            if twice:
                raise BadInput(f"the value {shown(twice[0])} is listed twice (use 'replicates' to repeat runs)")
            return Levels(values=tuple(values))
        return Range.model_validate(dict(given))
    if isinstance(given, Range | Levels):
        return given
    raise BadInput("a factor is a list of values or a range such as { from = 0.5, to = 1.5 }")


FactorSpec = Annotated[Range | Levels, BeforeValidator(read_factor)]


@dataclass(frozen=True)
class Factor:
    """A factor with all that its study file leaves to defaults filled in.

    Attributes
    ----------
    name : str
        Column of the table of points.
    kind : str
        parameter, input (of a user's function), scenario, policy or rule.
    unit, meaning : str
        Of a parameter, from the registry.
    values : tuple or None
        The levels; None for a range.
    low, high : float
        The range; NaN for levels that are names.
    log, whole : bool
        Whether it is sampled evenly in logs, and rounded to whole numbers.
    """

    name: str
    kind: Literal["parameter", "input", "scenario", "policy", "rule"]
    unit: str = ""
    meaning: str = ""
    values: tuple[Value, ...] | None = None
    low: float = float("nan")
    high: float = float("nan")
    log: bool = False
    whole: bool = False

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.kind in ("parameter", "input")

    def at(self, unit: np.ndarray) -> list[Value]:
        """Values at places of the unit interval: levels by equal parts, ranges by (log-)linear interpolation."""
        if self.values is not None:
            index = np.minimum((np.asarray(unit) * len(self.values)).astype(int), len(self.values) - 1)
            return [self.values[i] for i in index]
        if self.log:
            found = np.exp(np.log(self.low) + np.asarray(unit) * (np.log(self.high) - np.log(self.low)))
        else:
            found = self.low + np.asarray(unit) * (self.high - self.low)
        if self.whole:
            found = np.round(found)
        return [float(v) for v in np.clip(found, self.low, self.high)]


# --- what to keep ---------------------------------------------------------------------------------------
def _month(value: object) -> int | str:
    return read_month(value, "month")


Month = Annotated[int | str, BeforeValidator(_month)]  # a number counts from the opening, a text is of the calendar
Names = tuple[str, ...] | Literal["all"]


def _names(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


class Record(Strict):
    """What every run leaves beside its outcomes.

    `series` and `columns` at every `every`-th month and the last one, or at `months`; `events` by kind.
    """

    series: Annotated[Names, BeforeValidator(_names)] = (
        "ai_revenue", "ai_debt", "look_through", "look_through_flagship", "spot_price", "capex", "failed",
    )  # fmt: skip
    every: int = Field(default=12, ge=1, le=LAST_MONTH)
    months: Annotated[tuple[Month, ...] | None, BeforeValidator(_names)] = None
    firms: Annotated[Names, BeforeValidator(_names)] = ()
    columns: Annotated[Names, BeforeValidator(_names)] = ("status", "cash", "revenue", "debt", "pd")
    defaults: bool = True
    events: Annotated[Names, BeforeValidator(_names)] = ()

    @model_validator(mode="after")
    def _all_known(self) -> Self:
        mistakes: list[tuple[Place, str]] = []
        for field, allowed, what in (
            ("series", SERIES, "series"),
            ("columns", PANEL, "firm column"),
            ("events", tables.EVENT_NAMES, "event"),
        ):
            given = getattr(self, field)
            for name in () if given == "all" else given:
                try:
                    known_name(name, allowed, what)
                except BadInput as error:
                    mistakes.append(((field,), str(error)))
        if self.months is not None and not self.months:
            mistakes.append((("months",), "'months' must name at least one month"))
        if mistakes:
            raise PydanticCustomError("mistakes", "unknown names", {"mistakes": mistakes})
        return self

    def of(self, field: Literal["series", "columns", "events"]) -> tuple[str, ...]:
        """The names recorded, with "all" written out and in the order of the table."""
        given = getattr(self, field)
        every: dict[str, Sequence[str]] = {
            "series": [name for name in SERIES if name != "month"],
            "columns": list(PANEL),
            "events": list(tables.EVENT_NAMES),
        }
        return tuple(every[field]) if given == "all" else tuple(dict.fromkeys(n for n in given if n != "month"))

    def firms_of(self, opening: Opening) -> tuple[str, ...]:
        """The firms recorded, with "all" written out.

        Raises
        ------
        BadInput
            If one is not in the opening; the message gives the nearest name.
        """
        if self.firms == "all":
            return tuple(opening.names[tables.N_OUTSIDE :])
        return tuple(dict.fromkeys(known_firm(name, opening) for name in self.firms))

    def at(self, last: int, opening: datetime.date) -> tuple[int, ...]:
        """Months at which aggregates and firms are recorded, in a run of `last` months from this date.

        Raises
        ------
        BadInput
            If a month lies before the opening.
        """
        chosen: Iterable[int] = range(self.every, last + 1, self.every)
        if self.months is not None:
            chosen = [month_number(month, "month", opening) for month in self.months]
        return tuple(sorted({m for m in chosen if 1 <= m <= last} | ({last} if self.months is None else set())))


class Outcome(Strict):
    """One number of a run: a statistic of an aggregate, of a firm's column, of the table of defaults or of shares.

    `firm` names whose column is meant, `kind` to whose failures it is confined, `firms` whose shares are held.
    """

    statistic: Statistic
    of: str
    firm: str | None = None
    kind: Literal[tables.KIND_NAMES] | None = None  # type: ignore[valid-type]
    firms: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    start: Month = 1
    end: Month = LAST_MONTH

    @model_validator(mode="after")
    def _readable(self) -> Self:
        start, end = self.start, self.end
        alike = (isinstance(start, int) and isinstance(end, int)) or (isinstance(start, str) and isinstance(end, str))
        if alike and start > end:  # type: ignore[operator]
            raise BadInput(TURNED)
        if self.kind is not None and (self.of in (SHARES, *SERIES) or self.firm is not None):
            raise BadInput("'kind' is for failures: 'failures', 'credit_losses' or a column of 'defaults.'")
        if bool(self.firms) != (self.of == SHARES):
            raise BadInput(f"'firms' and '{SHARES}' go together: the firms whose shares are held, a list of names")
        if self.firm is not None:
            known_name(self.of, FIRMS if self.statistic == "final" else PANEL, "firm column")
            if self.statistic == "final" and (self.start, self.end) != (1, LAST_MONTH):
                raise BadInput("'final' of a firm's column is its value at the end of the run: leave out the months")
        elif self.of.startswith(OF_DEFAULTS):
            known_name(self.of.removeprefix(OF_DEFAULTS), DEFAULTS, "column of defaults")
            if self.statistic not in ("sum", "max", "min", "mean"):
                raise BadInput(f"'{self.statistic}' has no meaning for the table of defaults: sum, max, min or mean")
        else:
            known_name(self.of, [*SERIES, *DERIVED], "series")
        return self

    def dated(self, opening: Opening) -> Outcome:
        """The outcome with its months as numbers.

        Raises
        ------
        BadInput
            If the opening has no such firm, or a month lies before it.
        """
        for name in (*self.firms, *([self.firm] if self.firm is not None else ())):
            known_firm(name, opening)
        start, end = (month_number(month, "month", opening.date) for month in (self.start, self.end))
        if start > end:
            raise BadInput(TURNED)
        return self.model_copy(update={"start": start, "end": end})

    @property
    def needs_panel(self) -> bool:
        """Whether the firm panel must be recorded for it."""
        return self.of == SHARES or (self.firm is not None and self.statistic != "final")


def read_outcome(given: object) -> object:
    """`"max ai_debt"` is short for `{ statistic = "max", of = "ai_debt" }`; months may follow: `2027-01..2030-12`."""
    if isinstance(given, str):
        words = given.split()
        if len(words) not in (2, 3) or words[0] not in get_args(Statistic):
            raise BadInput(
                f"an outcome is a statistic ({', '.join(get_args(Statistic))}), a series and perhaps months,"
                f" such as 'max ai_debt 2027-01..2030-12', not {shown(given)}"
            )
        given = {"statistic": words[0], "of": words[1]}
        if len(words) == 3:
            start, dots, end = words[2].partition("..")
            given |= {"start": start, "end": end if dots else start}
    return given


OutcomeSpec = Annotated[Outcome, BeforeValidator(read_outcome)]


def read_outcomes(given: object) -> object:
    """A list of names is what a user's function returns."""
    if not isinstance(given, list | tuple):
        return given
    for name in given:
        if not isinstance(name, str):
            raise BadInput(f"outcomes must be a list of names or a table, and {shown(name)} is no name")
    return dict.fromkeys(given)


def read_failures(given: object) -> object:
    """The policy for failed runs, if it is one."""
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST_RUNS:
        return given
    if isinstance(given, str) and given in ("keep going", "stop"):
        return given
    raise BadInput(f"failures must be 'keep going', 'stop' or a number of failures to stop after, not {shown(given)}")


Failures = Annotated[Literal["keep going", "stop"] | int, BeforeValidator(read_failures)]
