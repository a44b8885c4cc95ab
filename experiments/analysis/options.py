"""The table `[report]` of a study file: what its report looks at."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from abm.errors import BadInput
from abm.parameters import nearest

OPERATORS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Condition(NamedTuple):
    """A line drawn through an outcome, such as `failed >= 10`.

    Parameters
    ----------
    outcome : str
        Name of the outcome.
    sign : str
        One of `OPERATORS`.
    bound : float
        In the unit of the outcome.
    """

    outcome: str
    sign: str
    bound: float

    def __str__(self) -> str:
        """As the study file writes it."""
        return f"{self.outcome} {self.sign} {self.bound:g}"

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Where values are beyond the line, shape as `values`, boolean."""
        return OPERATORS[self.sign](np.asarray(values, dtype=np.float64), self.bound)


def condition(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        `outcome >= number`, or with `<=`, `>`, `<`.

    Raises
    ------
    BadInput
        If it is not of this form.

    Examples
    --------
    >>> condition("failed >= 10")
    Condition(outcome='failed', sign='>=', bound=10.0)
    """
    found = re.fullmatch(r"\s*(\w+)\s*(>=|<=|>|<)\s*(\S+)\s*", text)
    try:
        if found is None or not np.isfinite(bound := float(found[3])):
            raise ValueError
    except ValueError:
        raise BadInput(f"crisis must be like 'failed >= 10', an outcome, a sign and a number, not '{text}'") from None
    return Condition(found[1], found[2], bound)


def _crisis(text: str) -> str:
    return str(condition(text))


class ReportOptions(BaseModel):
    """What the report of a study looks at; all of it can be left out.

    Parameters
    ----------
    outcomes : tuple of str
        Outcomes shown, in this order; all of the study's if empty.
    crisis : str, optional
        What counts as a crisis, such as `failed >= 10`; needed for scenario discovery.
    map : tuple of two str, optional
        Factors along the axes of the phase map; the first two numeric ones if left out.
    compare : str, optional
        Factor whose levels are compared, pair by pair; the first categorical one if left out.
    baseline : str, optional
        Level of `compare` that the others are compared with; its first level if left out.

    Raises
    ------
    pydantic.ValidationError
        A ValueError, if a field is unknown or of the wrong form.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    outcomes: Annotated[tuple[str, ...], Field(strict=False)] = ()
    crisis: Annotated[str, AfterValidator(_crisis)] | None = None
    map: Annotated[tuple[str, str], Field(strict=False)] | None = None
    compare: str | None = None
    baseline: str | None = None

    def check(self, factors: Mapping[str, Iterable[str] | None], outcomes: Iterable[str]) -> None:
        """Make sure that what is named exists in the study.

        Parameters
        ----------
        factors : mapping
            Names of the factors; the levels of a categorical one, None for a numeric one.
        outcomes : iterable of str
            Names of the outcomes.

        Raises
        ------
        BadInput
            For the first name that does not; the message gives the field and the nearest right name.
        """
        known = list(outcomes)
        numeric = [name for name, levels in factors.items() if levels is None]
        categorical = {name: list(levels) for name, levels in factors.items() if levels is not None}
        for name in self.outcomes:
            _named("report.outcomes", name, known, "outcome")
        if self.crisis is not None:
            _named("report.crisis", condition(self.crisis).outcome, known, "outcome")
        for name in self.map or ():
            _named("report.map", name, numeric, "numeric factor")
        if self.map is not None and self.map[0] == self.map[1]:
            raise BadInput(f"report.map needs two different factors, not '{self.map[0]}' twice")
        if self.compare is not None:
            _named("report.compare", self.compare, categorical, "categorical factor")
        if self.baseline is not None:
            factor = self.compare or next(iter(categorical), None)
            if factor is None:
                raise BadInput("report.baseline needs a categorical factor in the study")
            _named("report.baseline", self.baseline, categorical[factor], f"level of '{factor}'")


def _named(field: str, name: str, allowed: Iterable[str], what: str) -> None:
    """Raise a sentence if a name is not among those allowed."""
    known = list(allowed)
    if name not in known:
        having = f" (this study has: {', '.join(known)})" if known else " (this study has none)"
        raise BadInput(f"{field}: there is no {what} '{name}'{nearest(name, known)}{having}")
