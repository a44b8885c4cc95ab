"""Every free number of the model: name, unit, default, range, source, meaning.

Compiled rules read them as `p.name` from a one-row structured array; a user sets them with
`--set name=value`, in a scenario file or in a study.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from abm.errors import BadInput


class Parameter(NamedTuple):
    """One parameter of the model.

    `source` is the id of a fact in `abm/calibration/facts.csv`, a citation, or `assumption: reason`.
    """

    name: str
    group: str
    unit: str
    default: float
    low: float
    high: float
    source: str
    meaning: str


def _read(text: str) -> tuple[Parameter, ...]:
    """Read `group:` headings and `name | unit | default | low | high | source | meaning` lines."""
    found: list[Parameter] = []
    group = ""
    for line in text.strip().splitlines():
        if line.endswith(":") and "|" not in line:
            group = line[:-1]
            continue
        name, unit, default, low, high, source, meaning = (cell.strip() for cell in line.split("|"))
        found.append(Parameter(name, group, unit, float(default), float(low), float(high), source, meaning))
    return tuple(found)


PARAMETERS = _read("""
demand:
demand_elasticity | ratio | 1.1 | 0 | 3 | G5-036, low end G5-037 | price elasticity of the work each customer asks for (above 1: spending rises when prices fall)
""")

BY_NAME: dict[str, Parameter] = {p.name: p for p in PARAMETERS}
INDEX: dict[str, int] = {p.name: i for i, p in enumerate(PARAMETERS)}
DTYPE = np.dtype([(p.name, "f8") for p in PARAMETERS])


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint for a misspelt name: `; did you mean 'x'?`, or nothing if none is near.

    >>> nearest("demand_elastcity", ["demand_elasticity"])
    "; did you mean 'demand_elasticity'?"
    """
    close = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def find(name: str) -> Parameter:
    """The parameter of this name.

    Raises
    ------
    BadInput
        If there is none; the message gives the nearest right name.
    """
    if name not in BY_NAME:
        raise BadInput(f"unknown parameter '{name}'{nearest(name, BY_NAME)} (see: invisible-debt parameters)")
    return BY_NAME[name]


def check(name: str, value: object) -> float:
    """The value as a number, if the parameter exists and the value lies in its range.

    Raises
    ------
    BadInput
        If the name is unknown, the value is no finite number or lies outside the range.
    """
    parameter = find(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str | np.number):
        raise BadInput(f"parameter '{name}' must be a number, not {value!r}")
    try:
        number = float(value)
    except ValueError:
        raise BadInput(f"parameter '{name}' must be a number, not {value!r}") from None
    if not math.isfinite(number) or not parameter.low <= number <= parameter.high:
        raise BadInput(
            f"parameter '{name}' must lie between {parameter.low:g} and {parameter.high:g}"
            f" {parameter.unit}, not {value}"
        )
    return number


def values(changed: Mapping[str, object] | None = None) -> np.ndarray:
    """All parameters as one vector, the defaults with some of them changed.

    Parameters
    ----------
    changed : mapping, optional
        Names and values.

    Returns
    -------
    numpy.ndarray
        float64, in the order of `PARAMETERS`.

    Raises
    ------
    BadInput
        For an unknown name or a value out of range.
    """
    vector = np.array([p.default for p in PARAMETERS])
    for name, value in (changed or {}).items():
        vector[INDEX[find(name).name]] = check(name, value)
    return vector
