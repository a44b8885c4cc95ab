"""Names of firms that enter during a run: what they are, for whom, and the how-manyth.

A scenario can name them before they are there: "Entering cloud 2", "Open model 1", "Meta AI project 3".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from abm.economy import ENTRANT, NEOCLOUD, VEHICLE

_STEMS = {NEOCLOUD: "Entering cloud", ENTRANT: "Open model"}
_NUMBERED = re.compile(r"(?P<stem>.*\S) +(?P<number>[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A firm that may enter: the `number`th of its kind, or of its tenant's projects.

    Attributes
    ----------
    kind : int
        NEOCLOUD, ENTRANT or VEHICLE.
    tenant : int
        Row of the firm that the project is for, -1 if it is no project.
    number : int
        From 1.
    name : str
    """

    kind: int
    tenant: int
    number: int
    name: str


def stem_of(kind: int, tenant: str) -> str:
    """The name of a firm that has entered, without its number.

    Parameters
    ----------
    kind : int
        Its kind.
    tenant : str
        Whom its project is for; of no matter to other kinds.
    """
    return f"{tenant} project" if kind == VEHICLE else _STEMS[kind]


def find(name: str, names: Sequence[str]) -> Newcomer | None:
    """The firm of this name that may enter, letter case aside; None if it is no such name.

    Parameters
    ----------
    name : str
    names : sequence of str
        The firms of the opening, by row: theirs are no names of newcomers.
    """
    match = _NUMBERED.fullmatch(name.strip())
    if match is None or name.strip().casefold() in (known.casefold() for known in names):
        return None
    number = int(match["number"])
    folded = match["stem"].casefold()
    for kind, stem in _STEMS.items():
        if folded == stem.casefold():
            return Newcomer(kind, -1, number, f"{stem} {number}")
    for tenant, known in enumerate(names):
        stem = stem_of(VEHICLE, known)
        if folded == stem.casefold():
            return Newcomer(VEHICLE, tenant, number, f"{stem} {number}")
    return None
