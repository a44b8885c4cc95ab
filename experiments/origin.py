"""From which opening a run starts: in a manifest, and found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm.calibration import Opening, opening_tables
from abm.errors import BadInput


def described(opening: Opening) -> dict[str, str]:
    """What a manifest says of the opening: name, date, hash of the tables, and the folder if it is the user's own."""
    told = {"name": opening.name, "date": opening.date.isoformat(), "hash": opening.digest}
    return told if opening.folder is None else {**told, "folder": str(opening.folder)}


def opening_again(told: Mapping[str, Any]) -> Opening:
    """The opening that a manifest describes.

    Parameters
    ----------
    told : mapping
        As `described` gives it.

    Raises
    ------
    BadInput
        If it is no longer there, or the description is not complete.
    """
    try:
        where = str(told.get("folder") or told["name"])
    except (AttributeError, KeyError, TypeError):
        raise BadInput("the manifest does not say from which opening the run started") from None
    return opening_tables(where)
