"""From which opening a run starts: in a manifest, and found again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from abm.calibration import Opening, opening_tables
from abm.errors import BadInput

# What says where an opening comes from, and nothing that a run depends on.
_WORDS = ("sources", "folder")


def table_hash(opening: Opening) -> str:
    """SHA-256 of all that a run takes from an opening: its date, its flagship, names and tables.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for field in dataclasses.fields(opening):
        if field.name in _WORDS:
            continue
        value = getattr(opening, field.name)
        digest.update(field.name.encode() + b"\0")
        if isinstance(value, np.ndarray):
            digest.update(str(value.dtype.descr).encode() + str(value.shape).encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        else:
            digest.update(json.dumps(value, default=str, ensure_ascii=False).encode())
    return digest.hexdigest()


def described(opening: Opening) -> dict[str, str]:
    """What a manifest says of the opening: name, date, hash of the tables, and the folder if it is the user's own."""
    told = {"name": opening.name, "date": opening.date.isoformat(), "hash": table_hash(opening)}
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
