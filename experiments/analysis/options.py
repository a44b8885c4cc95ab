"""The table `[report]` of a study file: what its report looks at."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from abm.errors import BadInput, short, shown
from abm.inputs.parameters import nearest

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
        form = "'failed >= 10', an outcome, a sign and a number"
        raise BadInput(f"crisis must be like {form}, not {shown(text)}") from None
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
        Factors along the axes of the phase map; the first two numeric ones if left out, else lists of names too.
    compare : str, optional
        Factor whose values are compared, run by run with the same seeds; the policies if left out, else the first
        factor that is a list of names, else the first that is a list of numbers.
    baseline : str or float, optional
        Value of `compare` that the others are compared with; its first if left out.

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
    baseline: str | float | None = None

    def check(self, factors: Mapping[str, Sequence[str | float] | None], outcomes: Iterable[str]) -> None:
        """Make sure that what is named exists in the study.

        Parameters
        ----------
        factors : mapping
            Values of every factor in the order of the study; None for a range.
        outcomes : iterable of str
            Names of the outcomes.

        Raises
        ------
        BadInput
            For the first name that does not; the message gives the field and the nearest right name.
        """
        known = list(outcomes)
        for name in self.outcomes:
            named("report.outcomes", name, known, "outcome")
        if self.crisis is not None:
            named("report.crisis", condition(self.crisis).outcome, known, "outcome")
        for name in self.map or ():
            named("report.map", name, factors, "factor")
        if self.map is not None and self.map[0] == self.map[1]:
            raise BadInput(f"report.map needs two different factors, not '{self.map[0]}' twice")
        listed = [name for name, values in factors.items() if values is not None and len(values) > 1]
        if self.compare is not None:
            named("report.compare", self.compare, listed, "factor with a list of values")
        if self.baseline is not None:
            chosen = self.compared(factors)
            if chosen is None:
                raise BadInput("report.baseline needs a factor with a list of values")
            named("report.baseline", self.baseline, factors[chosen] or (), f"value of '{chosen}'")

    def compared(self, factors: Mapping[str, Sequence[str | float] | None]) -> str | None:
        """The factor whose values are compared; None if no factor has a list of values.

        Parameters
        ----------
        factors : mapping
            As for `check`.
        """
        if self.compare is not None:
            return self.compare
        listed = {name: values for name, values in factors.items() if values is not None and len(values) > 1}
        words = [name for name, values in listed.items() if any(isinstance(v, str) for v in values)]
        first = [name for name in ("policy", *words, *listed) if name in listed]
        return first[0] if first else None


def named(field: str, name: str | float, allowed: Iterable[str | float], what: str) -> None:
    """Raise a sentence if a name is not among those allowed."""
    known = list(allowed)
    if name not in known:
        words = [f"{value:g}" if isinstance(value, float) else str(value) for value in known]
        having = f" (this study has: {', '.join(words)})" if words else " (this study has none)"
        raise BadInput(f"{field}: there is no {what} '{short(str(name))}'{nearest(str(name), words)}{having}")
