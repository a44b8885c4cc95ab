"""Scenarios: small TOML files that change parameters and let dated shocks strike.

A file in this folder is a scenario of that name; a file anywhere else is used by its path. A scenario has a
title, a story, changed `[parameters]` and any number of `[[shock]]` entries. A shock moves a parameter
(`parameter`, `scale`, `add`) or strikes a firm (`firm`, `effect`, `size`); it strikes in month `start`, or
with `probability` in each month from `start` on, grows over `ramp` months and ends after `duration` months.
A `start` such as "2027-01" is a month of the calendar, whatever the opening; a number counts from the opening.
Shocks compose: of those in force on one parameter the scales multiply and the adds sum.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from abm.errors import BadInput, short, shown
from abm.inputs import parameters as registry
from abm.inputs.dates import LAST_MONTH, month_label, month_number, read_month
from abm.inputs.effects import BY_NAME, CODES
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

if TYPE_CHECKING:
    from abm.calibration import Opening

FOLDER = Path(__file__).parents[1] / "scenarios"
BASELINE = "baseline"
MOST_MISTAKES = 100  # of a table of parameters that are told: more are those of another kind of file


def _known_parameter(name: str) -> str:
    return registry.find(name).name


def _known_effect(value: object) -> str:
    if not isinstance(value, str) or value not in BY_NAME:
        hint = registry.nearest(value, BY_NAME) if isinstance(value, str) else ""
        raise BadInput(f"effect must be one of {_list(BY_NAME)}, not {shown(value)}{hint}")
    return value


def _known_series(name: str) -> str:
    from abm.engine.tables import SERIES_COLUMNS  # the tables load the compiler, and only this check needs them

    allowed = [column.name for column in SERIES_COLUMNS]
    if name not in allowed:
        raise BadInput(f"unknown series '{short(name)}'{registry.nearest(name, allowed)}")
    return name


def _start(value: object) -> int | str:
    month = read_month(value, "start")
    if month == 0:
        raise BadInput(f"start must be month 1, the first after the opening, or later, not {shown(value)}")
    return month


def _one_line(title: str) -> str:
    if not title.strip():
        raise BadInput(f"title must be a text in quotes, not {shown(title)}")
    return " ".join(title.split())


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, given: object) -> object:
        """Refuse control characters in any text or name: what is shown on a screen or a page must be seen."""
        mistakes = list(control_characters(given))
        if mistakes:
            context = {"mistakes": mistakes, "of": "places", "first": mistakes[0][1]}
            raise PydanticCustomError("mistakes", "{first}", context)
        return given


class Shock(_Strict):
    """One shock: to a parameter of the whole market, or to one firm.

    Raises
    ------
    pydantic.ValidationError
        A ValueError, if a field is missing, unknown or out of range; `load` and `check_file` turn it into
        sentences.
    """

    parameter: Annotated[str, AfterValidator(_known_parameter)] | None = None
    scale: float | None = None
    add: float | None = None
    firm: str | None = None
    effect: Annotated[str, BeforeValidator(_known_effect)] | None = None
    size: float | None = None
    start: Annotated[int | str, BeforeValidator(_start)]
    ramp: int = Field(default=0, ge=0, le=LAST_MONTH)
    duration: int = Field(default=0, ge=0, le=LAST_MONTH)
    probability: float = Field(default=1.0, gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _moves_one_thing(self) -> Self:
        if (self.parameter is None) == (self.firm is None):
            raise BadInput("a shock needs either 'parameter' or 'firm', and not both")
        if self.parameter is not None:
            if self.effect is not None or self.size is not None:
                raise BadInput(
                    "'effect' and 'size' are for a shock on a firm; a parameter takes 'scale' or 'add'"
                )
            if self.scale is None and self.add is None:
                raise BadInput("a shock on a parameter needs 'scale' or 'add'")
            return self
        if self.scale is not None or self.add is not None:
            raise BadInput(
                "'scale' and 'add' are for a shock on a parameter; a firm takes 'effect' and 'size'"
            )
        if self.effect is None:
            raise BadInput(f"a shock on a firm needs 'effect': one of {_list(BY_NAME)}")
        effect = BY_NAME[self.effect]
        if self.ramp and not effect.ramps:
            raise BadInput(f"'ramp' has no meaning for effect '{self.effect}': it strikes at once")
        if self.duration and not effect.lasts:
            raise BadInput(f"'duration' has no meaning for effect '{self.effect}': it happens once")
        if effect.size is None:
            if self.size is not None:
                raise BadInput(f"'size' has no meaning for effect '{self.effect}'")
            return self
        if self.size is None:
            raise BadInput(f"effect '{self.effect}' needs 'size' ({effect.size.unit})")
        if not effect.size.low <= self.size <= effect.size.high:
            raise BadInput(
                f"size must lie between {effect.size.low:g} and {effect.size.high:g} ({effect.size.unit}),"
                f" not {self.size:g}"
            )
        return self

    def first_month(self, opening: datetime.date) -> int:
        """Month from which the shock may strike (months since the opening).

        Parameters
        ----------
        opening : datetime.date
            Date of the opening balance sheets.

        Raises
        ------
        BadInput
            If it lies before the first month after the opening.
        """
        first = month_label(1, opening)
        if isinstance(self.start, str) and self.start < first:
            raise BadInput(
                f"start must be {first} (month 1) or later, not {shown(self.start)}: the opening is that of {opening}"
            )
        return month_number(self.start, "start", opening)

    def at_full_strength(self, value: float) -> float:
        """Value of the shocked parameter once the ramp is over, this shock alone acting on `value`."""
        return value * (1.0 if self.scale is None else self.scale) + (self.add or 0.0)


class Scenario(_Strict):
    """A story told to the model: changed parameters and shocks.

    `outcome` names the column of the aggregate series (its mean over the months of a run) that the story says
    will move against the baseline with the same seed, and `direction` says which way.

    Raises
    ------
    pydantic.ValidationError
        A ValueError, if a field is missing, unknown or out of range.

    Examples
    --------
    >>> from abm.inputs.scenarios import Scenario, Shock
    >>> stop = Shock(firm="OpenAI", effect="stops paying", start="2027-01")
    >>> Scenario(title="OpenAI stops paying", shocks=[stop]).shocks[0].start
    '2027-01'
    """

    name: str = "unnamed"
    title: Annotated[str, AfterValidator(_one_line)]
    story: str = ""
    digest: str = ""
    outcome: Annotated[str, AfterValidator(_known_series)] | None = None
    direction: Literal["up", "down"] | None = None
    parameters: Mapping[str, float] = Field(default_factory=dict)
    shocks: Annotated[Sequence[Shock], AfterValidator(tuple)] = Field(default=(), alias="shock")

    @field_validator("parameters", mode="before")
    @classmethod
    def _in_range(cls, given: object) -> dict[str, float]:
        if not isinstance(given, Mapping):
            raise BadInput("parameters must be a table of names and numbers")
        good: dict[str, float] = {}
        bad: list[tuple[str, str]] = []
        for name, value in given.items():
            try:
                if isinstance(value, str):
                    raise registry.no_number(registry.find(name), value)
                good[name] = registry.check(name, value)
            except BadInput as error:
                bad.append((name, str(error)))
            if len(bad) == MOST_MISTAKES:
                break
        if bad:
            raise PydanticCustomError("mistakes", "wrong parameters", {"mistakes": bad})
        return good

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.outcome is None) != (self.direction is None):
            raise BadInput("'outcome' and 'direction' belong together: give both or neither")
        bad: list[tuple[str, str]] = []
        for number, shock in enumerate(self.shocks):
            if shock.parameter is None:
                continue
            known = registry.find(shock.parameter)
            reached = shock.at_full_strength(self.parameters.get(known.name, known.default))
            if not known.low <= reached <= known.high:
                sentence = (
                    f"it takes parameter '{known.name}' to {reached:g},"
                    f" outside {known.low:g} to {known.high:g} {known.unit}"
                )
                bad.append((str(number), sentence))
        if bad:
            raise PydanticCustomError("mistakes", "shocks out of range", {"mistakes": bad, "of": "shock"})
        return self

    def shock_rows(self, kinds: Mapping[str, int], opening: datetime.date) -> np.ndarray:
        """The shocks as rows of the shock table.

        Parameters
        ----------
        kinds : mapping of str to int
            Kind of each firm of the opening by name, in the order of the firm table.
        opening : datetime.date
            Date of the opening balance sheets.

        Returns
        -------
        numpy.ndarray
            Shape (number of shocks,), type `abm.engine.tables.DTYPES["shocks"]`.

        Raises
        ------
        BadInput
            If a shock names a firm that neither is there nor can enter, with the nearest name, or begins before the
            opening; the message names the shock.
        """
        from abm.engine.tables import DTYPES
        from abm.inputs.firm_names import named_firm

        rows = np.zeros(len(self.shocks), DTYPES["shocks"])
        for number, (row, shock) in enumerate(zip(rows, self.shocks, strict=True), 1):
            try:
                row["start"] = shock.first_month(opening)
                firm = None if shock.firm is None else named_firm(shock.firm, kinds, opening)
            except BadInput as mistake:
                raise BadInput(f"shock {number} of scenario '{self.name}': {mistake}") from None
            row["ramp"], row["duration"] = shock.ramp, shock.duration
            row["probability"], row["struck"] = shock.probability, -1
            row["scale"] = 1.0
            row["parameter"] = row["firm"] = row["kind"] = row["tenant"] = row["effect"] = -1
            if firm is None:
                row["parameter"] = registry.INDEX[str(shock.parameter)]
                row["scale"] = 1.0 if shock.scale is None else shock.scale
                row["add"] = shock.add or 0.0
            else:
                row["target"] = 1
                row["firm"], row["kind"], row["number"] = firm.row, firm.kind, firm.number
                row["tenant"], row["tenant_number"] = firm.tenant, firm.tenant_number
                row["after"] = len(kinds)
                row["effect"] = CODES[str(shock.effect)]
                row["add"] = shock.size or 0.0
        return rows

    def without_effect(
        self, opening: Opening, changed: Mapping[str, float], drawn: Mapping[str, float]
    ) -> list[tuple[int, str]]:
        """The shocks that can have no effect in a run: neither in its world, nor with the defaults in its place.

        A shock that only the draw of a world leaves without effect, by a bound that it has reached, is no mistake.

        Parameters
        ----------
        opening : Opening
        changed : mapping of str to float
            Parameters of the run, those of the scenario among them.
        drawn : mapping of str to float
            Parameters of its world, which stand below.

        Returns
        -------
        list of (int, str)
            Number of the shock and a sentence that says why.
        """

        def idle(values: Mapping[str, float]) -> dict[int, str]:
            told = self.model_copy(update={"parameters": values})
            return {number: sentence for number, _, sentence in told.idle_shocks(opening.kinds, opening.owners)}

        found = idle(changed)
        still = idle({**drawn, **changed}) if found and drawn else found
        return [(number, sentence) for number, sentence in still.items() if number in found]

    def idle_shocks(self, kinds: Mapping[str, int], owners: Collection[str]) -> list[tuple[int, str, str]]:
        """The shocks that cannot have an effect, whatever happens in the run.

        Parameters
        ----------
        kinds : mapping of str to int
            Kind of each firm of the opening by name, in the order of their rows.
        owners : collection of str
            Names of the firms that own hardware at the opening, or mean to (`Opening.owners`).

        Returns
        -------
        list of (int, str, str)
            Number of the shock, the field that leaves it without effect, and a sentence that says why. Shocks on
            firms that nobody knows are left out.
        """
        from abm.engine.tables import HYPERSCALER, KIND_NAMES, LAB, NEOCLOUD
        from abm.inputs.firm_names import named_firm

        at_opening = list(kinds)
        found = []
        for number, shock in enumerate(self.shocks):
            if shock.parameter is not None:
                known = registry.find(shock.parameter)
                value = self.parameters.get(known.name, known.default)
                if known.opening_only:
                    said = f"parameter '{known.name}' is read at the opening only: set it under [parameters]"
                    found.append((number, "parameter", said))
                elif shock.at_full_strength(value) == value:
                    said = f"it leaves parameter '{known.name}' at {value:g} and has no effect"
                    found.append((number, "parameter", said))
                continue
            try:
                firm = named_firm(str(shock.firm), kinds)
            except BadInput:
                continue
            tenant = at_opening[firm.tenant] if firm.tenant >= 0 else ""
            if tenant and kinds[tenant] == LAB and tenant not in owners:
                found.append((number, "firm", f"'{firm.name}' never enters: {tenant} builds no sites of its own"))
                continue
            kind = firm.kind if firm.row < 0 else kinds[firm.name]
            effect = BY_NAME[str(shock.effect)]
            bare = effect.hardware and kind not in (HYPERSCALER, NEOCLOUD) and firm.name not in owners
            if bare or not effect.strikes(KIND_NAMES[kind]):
                found.append((number, "effect", f"'{effect.name}' has no effect on {firm.name}: {effect.why_not}"))
            elif shock.size == 0.0:
                found.append((number, "size", f"'{effect.name}' of size 0 has no effect"))
        return found

    def toml(self) -> str:
        """The scenario as the text of a file that loads as the same scenario."""
        tables = {"name", "parameters", "shocks"}
        data = self.model_dump(exclude_none=True, exclude_defaults=True, exclude=tables)
        blocks = [[f"{key} = {_value(value)}" for key, value in data.items()]]
        if self.parameters:
            blocks.append(["[parameters]", *(f"{k} = {_value(v)}" for k, v in self.parameters.items())])
        for shock in self.shocks:
            fields = shock.model_dump(exclude_none=True, exclude_defaults=True)
            blocks.append(["[[shock]]", *(f"{k} = {_value(v)}" for k, v in fields.items())])
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _value(value: object) -> str:
    """A TOML string, integer or float (JSON's escapes are TOML's, except for DEL)."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def names() -> list[str]:
    """Names of the scenarios in this folder: the baseline first, then in alphabetical order."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return sorted(found, key=lambda name: name != BASELINE)


def load(name_or_path: str | Path) -> Scenario:
    """Read a scenario by its name, or from a file by its path.

    Raises
    ------
    BadInput
        If there is no such scenario or file, or it has a mistake; the message names file, line and field.
    """
    path = _locate(name_or_path)
    scenario, mistakes = _read(path)
    if scenario is None:
        others = len(mistakes) - 1
        more = f" (and {others} more; see: invisible-debt scenarios --check)" if others else ""
        raise BadInput(f"{path.name}, {mistakes[0]}{more}")
    return scenario


def check_file(
    path: str | Path, kinds: Mapping[str, int], opening: datetime.date, owners: Collection[str] = ()
) -> list[str]:
    """Every mistake of a scenario file, as sentences that name line and field; empty if there is none.

    Parameters
    ----------
    path : str or Path
        The file.
    kinds : mapping of str to int
        Kind of each firm of the opening by name, in the order of their rows.
    opening : datetime.date
        Date of the opening from which it is to be run.
    owners : collection of str
        Names of the firms that own hardware at the opening, or mean to (`Opening.owners`).

    Raises
    ------
    BadInput
        If the file cannot be read.
    """
    _, mistakes = _read(Path(path), kinds, opening, owners)
    return mistakes


OF_STUDIES = frozenset({"design", "factors", "outcomes", "policies", "record", "replicates"})  # no scenario has them


def _locate(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return Path(name_or_path)
    known = names()
    if text not in known:
        begins = [name for name in known if text and name.startswith(text.casefold())]
        hint = f"; did you mean '{begins[0]}'?" if begins else registry.nearest(text, known)
        raise BadInput(f"unknown scenario '{short(text)}'{hint} (see: invisible-debt scenarios)")
    return FOLDER / f"{text}.toml"


def _read(
    path: Path,
    kinds: Mapping[str, int] | None = None,
    opening: datetime.date | None = None,
    owners: Collection[str] = (),
) -> tuple[Scenario | None, list[str]]:
    """The scenario of a file, or its mistakes; firms and dates are checked where an opening is given."""
    text = read_text(path, "scenario")
    name = own_name(path, "scenario")
    try:
        data = parse_toml(text)
    except BadInput as error:
        return None, [str(error)]
    lines = line_numbers(text, lists=("shock",))
    if "shock" not in data and (found := data.keys() & OF_STUDIES):
        line, field = min((lines.get((name,), 1), name) for name in found)
        return None, [f"line {line}: '{field}' makes it a study: invisible-debt sweep {short(str(path))}"]
    found_mistakes: list[tuple[Place, str]] = []
    scenario = None
    if "name" in data:
        found_mistakes.append((("name",), "unknown field 'name': a scenario is named by its file"))
        del data["name"]
    try:
        scenario = Scenario.model_validate({"name": name, **data})
    except ValidationError as error:
        for details in error.errors(include_url=False):
            found_mistakes.extend(_explain(details))
    if kinds and opening:
        from abm.inputs.firm_names import named_firm

        given = data.get("shock")
        for number, shock in enumerate(given if isinstance(given, list) else ()):
            if isinstance(shock, dict) and isinstance(shock.get("firm"), str):
                try:
                    named_firm(shock["firm"], kinds, opening)
                except BadInput as problem:
                    found_mistakes.append((("shock", number, "firm"), str(problem)))
        if scenario is not None:
            for number, field, sentence in scenario.idle_shocks(kinds, owners):
                found_mistakes.append((("shock", number, field), sentence))
            for number, told in enumerate(scenario.shocks):
                try:
                    told.first_month(opening)
                except BadInput as problem:
                    found_mistakes.append((("shock", number, "start"), str(problem)))
    sentences = [(line_of(where, lines), _place(where), sentence) for where, sentence in found_mistakes]
    sentences.sort(key=lambda s: s[0])
    return (None if sentences else scenario), [f"line {n}: {place}{said}" for n, place, said in sentences]


def _explain(error: ErrorDetails) -> list[tuple[Place, str]]:
    """One of pydantic's errors as places and sentences."""
    where = tuple(part for part in error["loc"] if not str(part).startswith("function-"))
    context: dict[str, Any] = error.get("ctx", {})
    given = error["input"]
    field = short(str(where[-1])) if where else "the scenario"
    match error["type"]:
        case "mistakes" if context.get("of") == "shock":
            return [(("shock", int(number)), sentence) for number, sentence in context["mistakes"]]
        case "mistakes" if context.get("of") == "places":
            return [((*where, *place), sentence) for place, sentence in context["mistakes"]]
        case "mistakes":
            return [((*where, name), sentence) for name, sentence in context["mistakes"]]
        case "extra_forbidden":
            model: type[_Strict] = Shock if where[0] == "shock" else Scenario
            allowed = [info.alias or name for name, info in model.model_fields.items() if name != "name"]
            hint = registry.nearest(field, allowed) or f" (allowed are {_list(allowed)})"
            sentence = f"unknown field '{field}'{hint}"
        case "literal_error":
            allowed = ["up", "down"]
            hint = registry.nearest(given, allowed) if isinstance(given, str) else ""
            sentence = f"{field} must be one of {_list(allowed)}, not {shown(given)}{hint}"
        case "greater_than_equal" | "less_than_equal" | "greater_than" if field in ("ramp", "duration"):
            sentence = f"{field} must lie between 0 and {LAST_MONTH} months, not {shown(given)}"
        case "greater_than_equal" | "less_than_equal" | "greater_than" if field == "probability":
            sentence = f"probability must lie above 0 and at most 1 (per month), not {shown(given)}"
        case "is_instance_of" | "list_type" | "model_type" | "sequence_str" if where[:1] == ("shock",):
            sentence = "shocks are written as [[shock]] tables"
        case _:
            sentence = own_words(error, field)
    return [(where, sentence)]


def _place(where: Place) -> str:
    if len(where) > 1 and where[0] == "shock" and isinstance(where[1], int):
        return f"shock {where[1] + 1}: "
    return ""
