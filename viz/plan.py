"""What a session of the page runs: a scenario, a seed, and what the visitor changed by hand, month by month.

A plan is immutable, and it is all that is needed to repeat what is on screen: its scenario file run by
`invisible-debt run` gives the same numbers. Changes made at month `m` are shocks of month `m + 1`. They stand
after the scenario's own shocks, so that random shocks of the scenario strike in the same months as without them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from abm.calibration.files import Files, opening_files
from abm.calibration.opening import DEFAULT_OPENING, Opening, opening_tables
from abm.calibration.worlds import World, world
from abm.errors import BadInput, shown
from abm.inputs import parameters as registry
from abm.inputs.dates import LAST_MONTH, month_label
from abm.inputs.effects import BY_NAME
from abm.inputs.firm_names import named_firm
from abm.inputs.scenarios import Scenario, Shock
from abm.inputs.toml_lines import own_words
from abm.simulation import Economy

LONGEST = 360  # months a page runs at most: its memory and the time to go back have a bound
WHY_NOT_LONGER = (
    f"; the page runs all months again at every step back, so that longer runs, up to {LAST_MONTH:,} months,"
    " are left to invisible-debt run"
)
DEFAULT_MONTHS = 96
LARGEST_SEED = 2**62 - 1


@functools.cache
def usual_opening() -> Opening:
    """The tables of the usual opening, shared: economies copy what they change."""
    return opening_tables()


@functools.lru_cache(maxsize=64)
def _world(seed: int, files: Files) -> World:
    """A world, drawn once: a page asks for it at every turn."""
    return world(seed, files)


@functools.lru_cache(maxsize=16)
def _tables(seed: int, files: Files) -> Opening:
    """The opening of a world, built once: going back in time starts from it again. Nobody changes it."""
    return _world(seed, files).opening()


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, a seed, a length, and the changes made by hand.

    Parameters
    ----------
    base : Scenario
        The scenario before any change.
    seed : int
        0 to 2**62 - 1.
    months : int
        Length of the run, 1 to `LONGEST`.
    parameters : mapping of str to float
        Parameters set before the first month, on top of the scenario's.
    changes : mapping of str to tuple of (month, value)
        Parameters set later: from each month on, the value it is given.
    strikes : tuple of Shock
        Shocks on firms made by hand.
    opening : Opening
        Central tables of the opening, which nobody changes; those of the usual one by default.
    central : bool
        Whether the run starts from those tables, with no parameter drawn; otherwise the seed draws its world.

    Raises
    ------
    BadInput
        If the seed or the length is out of range.
    """

    base: Scenario
    seed: int = 1
    months: int = DEFAULT_MONTHS
    parameters: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    strikes: tuple[Shock, ...] = ()
    opening: Opening = field(default_factory=usual_opening, compare=False)
    central: bool = False

    def __post_init__(self) -> None:
        whole(self.seed, "seed", 0, LARGEST_SEED)
        run_length(self.months)

    def label(self, month: int) -> str:
        """A month of the run as a year and month."""
        return month_label(month, self.opening.date)

    @property
    def world(self) -> World | None:
        """The world that the seed draws, None if the plan is central.

        Raises
        ------
        BadInput
            If the opening is no longer there, or what it says of its ranges has a mistake.
        """
        if self.central:
            return None
        origin = self.opening.origin
        return world(self.seed, origin) if isinstance(origin, Opening) else _world(self.seed, opening_files(origin))

    @property
    def drawn(self) -> Mapping[str, float]:
        """The parameters that the seed draws."""
        found = self.world
        return {} if found is None else found.parameters

    @property
    def by_hand(self) -> bool:
        """Whether anything differs from the scenario as it was chosen."""
        return bool(self.parameters or self.changes or self.strikes)

    def value(self, name: str) -> float:
        """The value a parameter was last given; the scenario's, the world's, or the default, if none.

        Raises
        ------
        BadInput
            If there is no such parameter.
        """
        known = registry.find(name)
        if self.changes.get(known.name):
            return self.changes[known.name][-1][1]
        return self._from_the_start(known)

    def with_parameter(self, name: str, value: object, month: int) -> Plan:
        """The plan with a parameter set at a month: for the whole run at month 0, else from the next month on.

        A later change of the same parameter takes the place of an earlier one; one to the value that it has already
        gives this very plan. Shocks of the scenario on this parameter go on acting: they multiply and add to what is
        set here.

        Raises
        ------
        BadInput
            If there is no such parameter, the value is out of its range, or the run is over.
        """
        number = registry.check(name, value)
        if number == self.value(name) and all(start <= month + 1 for start, _ in self.changes.get(name, ())):
            return self
        if month == 0:
            plan = replace(self, parameters={**self.parameters, name: number})
        else:
            start = self._next(month)
            earlier = tuple(change for change in self.changes.get(name, ()) if change[0] < start)
            plan = replace(self, changes={**self.changes, name: (*earlier, (start, number))})
        plan.scenario()
        return plan

    def with_strike(self, firm: str, effect: str, month: int, size: float | None = None) -> Plan:
        """The plan with a shock on a named firm in the month after `month`.

        Raises
        ------
        BadInput
            If the firm or the effect does not exist, the size is missing or out of range, or the run is over.
        """
        named = named_firm(firm, self.opening.kinds, self.opening.date).name
        given = {"size": size} if size is not None and effect in BY_NAME and BY_NAME[effect].size else {}
        try:
            start = self.label(self._next(month))
            shock = Shock.model_validate({"firm": named, "effect": effect, "start": start, **given})
        except ValidationError as error:
            raise BadInput(_sentence(error)) from None
        plan = replace(self, strikes=(*self.strikes, shock))
        plan.scenario()
        return plan

    def strikes_on(self, firm: str, month: int) -> list[Shock]:
        """Shocks made by hand that had struck a firm by a month."""
        return [s for s in self.strikes if s.firm == firm and s.first_month(self.opening.date) <= month]

    @property
    def struck_months(self) -> frozenset[int]:
        """Months in which a shock begins, of the story or made by hand; one that strikes by chance is not known."""
        shocks = (*self.base.shocks, *self.strikes)
        return frozenset(s.first_month(self.opening.date) for s in shocks if s.probability >= 1.0)

    def as_chosen(self) -> Plan:
        """The plan without the changes made by hand."""
        return replace(self, parameters={}, changes={}, strikes=())

    def scenario(self) -> Scenario:
        """All of it as one scenario, shocks made by hand included.

        Raises
        ------
        BadInput
            If the changes taken together are out of range, or one of them can have no effect.
        """
        if not self.by_hand:
            return self.base
        fields = {
            name: getattr(self.base, name) for name in ("name", "title", "story", "digest", "outcome", "direction")
        }
        try:
            told = Scenario.model_validate(
                {
                    **fields,
                    "parameters": {**self.base.parameters, **self.parameters},
                    "shocks": [*self.base.shocks, *self._parameter_shocks(), *self.strikes],
                }
            )
        except ValidationError as error:
            raise BadInput(_sentence(error)) from None
        for _, sentence in told.without_effect(self.opening, told.parameters, self.drawn):
            raise BadInput(sentence)
        return told

    def toml(self) -> str:
        """A scenario file that gives what is on screen, with the command that runs it."""
        told = self.scenario()
        if self.by_hand:
            told = told.model_copy(update={"title": f"{self.base.title}, changed by hand"})
        command = f"invisible-debt run FILE --seed {self.seed} --months {self.months}"
        if self.opening.name != DEFAULT_OPENING:
            command += f" --opening {self.opening.folder or self.opening.name}"
        if self.central:
            command += " --central"
        return f"# Made on the live page. The same numbers: {command}\n{told.toml()}"

    def open(self, *, panel: bool = True) -> Economy:
        """The economy at its opening.

        Raises
        ------
        BadInput
            If the opening is no longer there, or its accounts do not close in this world.
        """
        drawn = self.world
        tables = self.opening if drawn is None or drawn.files is None else _tables(self.seed, drawn.files)
        return Economy(tables, self.scenario(), seed=self.seed, panel=panel, world=drawn)

    def _parameter_shocks(self) -> list[Shock]:
        """Each change as a shock that lasts until the next change of the same parameter."""
        shocks = []
        for name, given in self.changes.items():
            opening = self._from_the_start(registry.BY_NAME[name])
            ends = [start for start, _ in given[1:]] + [0]
            for (start, value), end in zip(given, ends, strict=True):
                if value == opening:
                    continue
                given_shock = {"parameter": name, "add": value - opening, "start": self.label(start)}
                lasting = {"duration": end - start} if end else {}
                shocks.append(Shock.model_validate({**given_shock, **lasting}))
        return shocks

    def _from_the_start(self, known: registry.Parameter) -> float:
        """The value of a parameter at the opening."""
        name = known.name
        if name in self.parameters:
            return self.parameters[name]
        return self.base.parameters.get(name, self.drawn.get(name, known.default))

    def _next(self, month: int) -> int:
        if month >= self.months:
            raise BadInput(f"the run ends in {self.label(self.months)}: make it longer, or go back, to change it")
        return month + 1


def run_length(value: object, field_name: str = "months") -> int:
    """The value as a number of months that the page can run.

    Raises
    ------
    BadInput
        If it is not; of one that only the command line takes, it says why.
    """
    try:
        return whole(value, field_name, 1, LONGEST)
    except BadInput as mistake:
        try:
            whole(value, field_name, 1, LAST_MONTH)
        except BadInput:
            raise mistake from None
        raise BadInput(f"{mistake}{WHY_NOT_LONGER}") from None


def whole(value: object, field_name: str, low: int, high: int) -> int:
    """The value as a whole number within a range.

    Parameters
    ----------
    value : object
        An int, or text of one.
    field_name : str
        What it is for, named in the error.
    low, high : int
        Least and greatest value allowed.

    Raises
    ------
    BadInput
        If it is not.
    """
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and len(value) <= 20 and value.strip().isascii() and value.strip().isdigit():
        number = int(value)
    if number is None or not low <= number <= high:
        raise BadInput(f"{field_name} must be a whole number from {low} to {high}, not {shown(value)}")
    return number


def _sentence(error: ValidationError) -> str:
    """The first mistake that pydantic found, as a sentence."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    mistakes = context.get("mistakes")
    if mistakes:
        return str(mistakes[0][1])
    return own_words(first, ".".join(str(part) for part in first["loc"]) or "the scenario")
