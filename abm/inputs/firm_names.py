"""Firms as scenarios name them: those of the opening, and those that may enter during a run.

A firm that enters is named by what it is and its number, so that a scenario can name it before it is there:
"Entering cloud 2", "Open model 1", "Google Cloud project 1", "Entering cloud 2 project 1".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from abm.engine.tables import ENTRANT, HYPERSCALER, LAB, NEOCLOUD, VEHICLE
from abm.errors import BadInput
from abm.inputs.parameters import nearest

_STEMS = {NEOCLOUD: "Entering cloud", ENTRANT: "Open model"}
_PROJECT = " project"
_NUMBERED = re.compile(r"(?P<stem>.*\S) +(?P<number>[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Named:
    """A firm that is there at the opening, or may enter.

    Attributes
    ----------
    name : str
        As the model writes it.
    row : int
        Of the firm table, -1 if it is to enter.
    kind : int
        NEOCLOUD, ENTRANT or VEHICLE if it is to enter, else -1.
    number : int
        If it is to enter: from 1, among those of its kind, or among its tenant's projects; else 0.
    tenant : int
        Row of the firm that the project is for; -1 if it is no project, or its tenant is to enter too.
    tenant_number : int
        Of a project whose tenant is to enter: which entering cloud, from 1; else 0.
    """

    name: str
    row: int = -1
    kind: int = -1
    number: int = 0
    tenant: int = -1
    tenant_number: int = 0


def stem_of(kind: int, tenant: str) -> str:
    """The name of a firm that has entered, without its number.

    Parameters
    ----------
    kind : int
        Its kind.
    tenant : str
        Whom its project is for; of no matter to other kinds.
    """
    return tenant + _PROJECT if kind == VEHICLE else _STEMS[kind]


def named_firm(name: str, kinds: Mapping[str, int], opening: datetime.date | None = None) -> Named:
    """The firm of this name, letter case aside.

    Parameters
    ----------
    name : str
    kinds : mapping of str to int
        Kind of each firm of the opening by name, in the order of their rows.
    opening : datetime.date, optional
        Date of that opening, named in the error.

    Raises
    ------
    BadInput
        If there is no such firm and none can enter; the message gives the nearest name.
    """
    found = _known(name, kinds) or _entering(name)
    if found is not None:
        return found
    match = _NUMBERED.fullmatch(name.strip())
    if match is not None and match["stem"].casefold().endswith(_PROJECT):
        for_whom = match["stem"][: -len(_PROJECT)]
        tenant = _known(for_whom, kinds) or _entering(for_whom)
        if tenant is not None:
            kind = tenant.kind if tenant.row < 0 else kinds[tenant.name]
            if kind not in (LAB, HYPERSCALER, NEOCLOUD):
                raise BadInput(
                    f"'{name.strip()}' never enters: only labs and clouds found project companies,"
                    f" and {tenant.name} is neither"
                )
            number = int(match["number"])
            written = f"{stem_of(VEHICLE, tenant.name)} {number}"
            return Named(written, -1, VEHICLE, number, tenant.row, tenant.number)
    numbered = match["number"] if match is not None else "1"
    known = (*kinds, *(f"{stem} {numbered}" for stem in _STEMS.values()))
    where = "" if opening is None else f" in the opening of {opening}"
    raise BadInput(f"unknown firm '{name}'{where}{nearest(name, known)}")


def row_of(name: str, names: Iterable[str]) -> int | None:
    """Place of a name among others, letter case aside; None if it is not there.

    Examples
    --------
    >>> row_of("openai", ["Customers", "OpenAI"])
    1
    """
    folded = name.casefold()
    return next((row for row, known in enumerate(names) if known.casefold() == folded), None)


def _known(name: str, kinds: Mapping[str, int]) -> Named | None:
    row = row_of(name.strip(), kinds)
    return None if row is None else Named(list(kinds)[row], row)


def _entering(name: str) -> Named | None:
    """A firm that enters by itself, for no tenant."""
    match = _NUMBERED.fullmatch(name.strip())
    if match is None:
        return None
    stem, number = match["stem"].casefold(), int(match["number"])
    kind = next((kind for kind, known in _STEMS.items() if known.casefold() == stem), None)
    return None if kind is None else Named(f"{_STEMS[kind]} {number}", kind=kind, number=number)
