"""Text of a TOML file and the line of every key, which `tomllib` does not tell: for mistakes that name their line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abm.errors import BadInput

MAX_BYTES = 1_000_000  # what people write is a page of text; anything larger is the wrong file

Place = tuple[str | int, ...]  # keys and indices that lead to a value


def read_text(path: Path, what: str) -> str:
    """Text of a file that a user wrote.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it should be, such as "scenario", named in the error.

    Raises
    ------
    BadInput
        If it cannot be read, is too large or is no text; said with the path as the user gave it.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise BadInput(f"there is no {what} file {path}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"cannot read the {what} file {path}: {reason}") from None
    if len(raw) > MAX_BYTES:
        raise BadInput(f"{path} is too large to be a {what} (more than {MAX_BYTES} bytes)")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not a text file in UTF-8") from None


def parse_toml(text: str) -> dict[str, Any]:
    """Content of a TOML text.

    Raises
    ------
    BadInput
        If it is broken: ``line 3, column 7: broken TOML: ...``.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said, _, where = str(error).partition(" (at ")
        place = where.rstrip(")") or "somewhere"
        raise BadInput(f"{place}: broken TOML: {said[:1].lower()}{said[1:]}") from None


def line_of(where: Place, lines: Mapping[Place, int]) -> int:
    """Line of a field, or of the table that lacks it, or 1."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)


def line_numbers(text: str, lists: Sequence[str] = ()) -> dict[Place, int]:
    """Line of every table header and of every key of a TOML text.

    Parameters
    ----------
    text : str
        The text.
    lists : sequence of str
        Names of the lists of tables, written as ``[[name]]``.

    Returns
    -------
    dict
        Line numbers from 1, by place.
    """
    found: dict[Place, int] = {}
    table: Place = ()
    counts = dict.fromkeys(lists, 0)
    quotes = ""  # the kind of quotes of the multi-line string we are inside
    for number, line in enumerate(text.splitlines(), start=1):
        if quotes:
            quotes = "" if quotes in line else quotes
            continue
        listed = re.match(r"\s*\[\[\s*([\w-]+)\s*\]\]", line)
        if listed and listed[1] in counts:
            table = (listed[1], counts[listed[1]])
            counts[listed[1]] += 1
            found[table] = number
        elif header := re.match(r"""\s*\[([\w\s."'-]+)\]\s*(?:#.*)?$""", line):
            table = tuple(part.strip("\"' ") for part in header[1].split("."))
            found[table] = number
        elif key := re.match(r"""\s*["']?([\w.-]+)["']?\s*=(.*)""", line):
            found[*table, *key[1].split(".")] = number
            for mark in ('"""', "'''"):
                if key[2].count(mark) == 1:
                    quotes = mark
    return found
