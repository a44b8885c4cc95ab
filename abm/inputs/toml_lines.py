"""Text of a TOML file and the line of every key, which `tomllib` does not tell: for mistakes that name their line."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from abm.errors import BadInput, is_control, shown

MAX_BYTES = 1_000_000  # what people write is a page of text; anything larger is the wrong file
DEEPEST = 32  # keys or brackets within each other; what people write needs four
Place = tuple[str | int, ...]  # keys and indices that lead to a value
# What a path may lead to that is no file: reading it could wait for ever, or never end.
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_text(path: Path, what: str, most: int = MAX_BYTES) -> str:
    """Text of a file that a user wrote.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it should be, such as "scenario", named in the error.
    most : int
        Bytes it may have.

    Raises
    ------
    BadInput
        If it cannot be read, is no file, is too large or is no text; said with the path as the user gave it.
    """
    try:
        mode = path.stat().st_mode
        kind = next((name for test, name in KINDS if test(mode)), None)
        if kind is not None:
            raise BadInput(f"cannot read the {what} file {path}: it is {kind}")
        with open(path, "rb", opener=_without_waiting) as file:
            raw = file.read(most + 1) or b""
    except FileNotFoundError:
        raise BadInput(f"there is no {what} file {path}") from None
    except BadInput:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"cannot read the {what} file {path}: {reason}") from None
    if len(raw) > most:
        raise BadInput(f"{path} is too large to be a {what} (more than {most} bytes)")
    try:
        return raw.decode("utf-8-sig")  # some editors begin a file with a mark of its encoding
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not a text file in UTF-8") from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def own_name(path: Path, what: str) -> str:
    """Name of what a file holds: the file's, without its ending.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it holds, named in the error.

    Raises
    ------
    BadInput
        If the name has bytes that are no UTF-8, or control characters: folders and tables take this name.
    """
    if any(map(is_control, path.stem)):
        raise BadInput(f"the name of a {what} file must be text in UTF-8 without control characters, not {path.name!r}")
    return path.stem


def parse_toml(text: str) -> dict[str, Any]:
    """Content of a TOML text.

    Raises
    ------
    BadInput
        If it is broken (``line 3, column 7: broken TOML: ...``), nested too deep, or has a number that is too long.
    """
    _check_nesting(text)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said, _, where = str(error).partition(" (at ")
        place = where.rstrip(")") or "somewhere"
        raise BadInput(f"{place}: broken TOML: {said[:1].lower()}{said[1:]}") from None
    except ValueError:  # Python reads no whole number of more than 4300 digits
        lines = enumerate(_bare(text).split("\n"), start=1)
        number = next((n for n, line in lines if re.search(r"\d[\d_]{4000}", line)), 1)
        near = [place for place, line in line_numbers(text).items() if line <= number]
        field = f"'{near[-1][-1]}' has " if near else ""
        raise BadInput(f"line {number}: {field}a number of thousands of digits, which is too long") from None


# A string or a remark; what looks like one within another is part of it.
QUOTED = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"""|\'{3}.*?\'{3}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*''', re.DOTALL
)


def _bare(text: str) -> str:
    """The text with an S for every string and without remarks, line by line as before."""
    return QUOTED.sub(lambda found: ("" if found[0][0] == "#" else "S") + "\n" * found[0].count("\n"), text)


def _check_nesting(text: str) -> None:
    """Refuse what is nested so deep that reading it could take for ever, or more memory than there is."""
    depth = 0
    for number, line in enumerate(_bare(text).split("\n"), start=1):
        parts, dotted = 1, False  # of the key that is being read
        for token in re.findall(r"[\w-]+|[^\s\w-]", line):
            if token in ("[", "{"):
                depth += 1
            elif token in ("]", "}"):
                depth = max(depth - 1, 0)
            elif token == ".":
                parts += 1
            elif not dotted:
                parts = 1
            dotted = token == "."
            if parts > DEEPEST:
                raise BadInput(f"line {number}: a key may have at most {DEEPEST} parts between its points")
            if depth > DEEPEST:
                raise BadInput(f"line {number}: brackets may stand at most {DEEPEST} deep within each other")


def control_characters(given: object, where: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every key and text with a control character in it, as place and sentence.

    A text may have line breaks and tabs; a key may have neither.

    Parameters
    ----------
    given : object
        Tables, lists and texts, as a TOML file or a call from Python has them.
    where : tuple
        Where it stands.
    """
    if isinstance(given, str):
        found = next((c for c in given if is_control(c) and c not in "\n\t"), None)
        if found is not None:
            field = next((str(part) for part in reversed(where) if isinstance(part, str)), "the text")
            code = f"U+{ord(found):04X}"
            yield where, f"{field} must be text without control characters, but has {code}: {shown(given)}"
    elif isinstance(given, Mapping):
        for key, value in given.items():
            if isinstance(key, str) and any(map(is_control, key)):
                yield (*where, key), f"a name must be text without control characters, not {shown(key)}"
            else:
                yield from control_characters(value, (*where, key))
    elif isinstance(given, list | tuple):
        for number, value in enumerate(given):
            yield from control_characters(value, (*where, number))


# What each of pydantic's errors asks for, in words of our own.
WANTED = {
    "string_type": "a text in quotes",
    "string_too_short": "a text in quotes",
    "string_unicode": "a text in UTF-8",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "float_parsing": "a number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "list_type": "a list in brackets",
    "tuple_type": "a list in brackets",
    "iterable_type": "a list in brackets",
    "sequence_str": "a list in brackets",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "a list of at least {min_length} values",
    "too_long": "a list of at most {max_length} values",
}


def own_words(error: Mapping[str, Any], field: str) -> str:
    """The sentence for an error of pydantic's, without a word of pydantic's.

    Parameters
    ----------
    error : mapping
        One of `ValidationError.errors()`.
    field : str
        The field as its file calls it.
    """
    given, kind, context = shown(error["input"]), error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return f"'{field}' is missing"
    if kind == "float_type" and isinstance(error["input"], int) and not isinstance(error["input"], bool):
        return f"{field} must be a number of at most 308 digits, not {given}"
    if kind not in WANTED:
        return f"{field} cannot be {given}"
    return f"{field} must be {WANTED[kind].format(**context)}, not {given}"


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
    for number, line in enumerate(text.split("\n"), start=1):
        if quotes:
            quotes = "" if quotes in line else quotes
            continue
        listed = re.match(r"\s*\[\[\s*([\w-]+)\s*\]\]", line)
        if listed and listed[1] in counts:
            table = (listed[1], counts[listed[1]])
            counts[listed[1]] += 1
            found[table] = number
        elif header := re.match(rf"\s*\[\s*({KEY})\s*\]\s*(?:#.*)?$", line):
            table = _parts(header[1])
            found[table] = number
        elif key := re.match(rf"\s*({KEY})\s*=(.*)", line):
            found[*table, *_parts(key[1])] = number
            for mark in ('"""', "'''"):
                if key[2].count(mark) == 1:
                    quotes = mark
    return found


PART = r'''(?:[\w-]+|"(?:[^"\\]|\\.)*"|\'[^\']*\')'''
KEY = rf"{PART}(?:\s*\.\s*{PART})*"


def _parts(key: str) -> Place:
    """The parts of a dotted key, without their quotes."""
    return tuple(_unquoted(part) for part in re.findall(PART, key))


def _unquoted(part: str) -> str:
    if part[0] == '"':
        try:
            return str(json.loads(part))  # JSON's escapes are TOML's, but for the long ones
        except ValueError:
            return part[1:-1]
    return part[1:-1] if part[0] == "'" else part
