"""The exceptions of this package, and how they say what a user gave them."""

from __future__ import annotations

import datetime
import math
import unicodedata
from collections.abc import Mapping

MOST_SHOWN = 60  # characters of a user's text that a sentence repeats
MOST_SAID = 1000  # characters of a sentence
WRITING = "\u00ad\u200c\u200d"  # soft hyphen, and what parts or joins letters: unseen, but part of writing


def is_control(character: str) -> bool:
    """Whether a character is none that one reads: it would move the cursor, turn the line round or break a file.

    >>> [is_control(character) for character in "\\x1b\\u202e\\nä "]
    [True, True, True, False, False]
    """
    if character.isprintable() or character in WRITING:
        return False
    code = ord(character)
    broken = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # Unicode's noncharacters, which XML forbids
    return broken or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str, keep: str = "\n\t") -> str:
    """A text with its control characters, and bytes of file names that are no UTF-8, written out.

    Parameters
    ----------
    text : str
        From a user, a file or the system.
    keep : str
        Control characters that may stay.

    Returns
    -------
    str
        The same text where it has none.

    Examples
    --------
    >>> print(printable("\\x1b[31mred"))
    \\x1b[31mred
    """
    if text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode() if c not in keep and is_control(c) else c for c in text
    )


def short(text: str, most: int = MOST_SHOWN) -> str:
    """A text, cut with an ellipsis where it is longer than `most`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shown(value: object) -> str:
    """A value as a sentence may repeat it: as TOML writes it, on one line, and never long.

    >>> print(shown("a"), shown(True), shown(10**400), shown([1, [2]]), shown({"a": 1}))
    'a' true a number of 401 digits [1, a list] a table
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= 10**30:
            digits = int((value.bit_length() - 1) * math.log10(2.0)) + 1
            return f"a number of {digits + (abs(value) >= 10**digits)} digits"
        case str():
            return repr(short(value))
        case datetime.date() | datetime.time():
            return str(value)
        case Mapping():
            return "a table"
        case list() | tuple() if len(value) > 3:
            return f"a list of {len(value)} values"
        case list() | tuple():
            parts = ("a list" if isinstance(part, list | tuple) else shown(part) for part in value)
            return f"[{', '.join(parts)}]"
        case None:
            return "nothing"
        case _:
            return short(repr(value))


class InvisibleDebtError(Exception):
    """Base class of every error raised on purpose by this package: one sentence, safe to print whatever it repeats.

    Parameters
    ----------
    message : str
        The sentence; control characters in it are written out.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(short(printable(message, keep=""), MOST_SAID))


class BadInput(InvisibleDebtError, ValueError):  # noqa: N818 - reads as a sentence where it is raised
    """A user's mistake: the message names the field and what is allowed."""


class Breakdown(InvisibleDebtError, ArithmeticError):  # noqa: N818
    """A run left the numbers that a computer can hold, or its accounts do not close; the message names month and
    quantity."""


class NotConverged(InvisibleDebtError, ArithmeticError):  # noqa: N818
    """A fixed point was not reached; `residual` says by how much.

    Parameters
    ----------
    message : str
        What was being solved.
    residual : float
        Largest absolute violation of the fixed-point equation.
    """

    def __init__(self, message: str, residual: float) -> None:
        super().__init__(f"{message} (residual {residual:.3g})")
        self.residual = residual
