"""What is printed: a user's text is never markup, no word is cut, and a line ends where the screen does.

Everything that a command prints goes through `Screen`, `say` or `say_json`.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from abm.errors import is_control, printable

NARROWEST = 40  # characters a line; a narrower screen breaks the lines itself


class Screen(Console):
    """A console to which a text is no more than a text: no markup, no emoji codes, no control characters.

    Parameters
    ----------
    **options
        As `rich.console.Console` takes them.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)
        self.width = max(self.width, NARROWEST)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as rich draws it."""
        return super().render_str(printable(text), **options)


def styled(text: str, style: str) -> Text:
    """A text in a style, for a cell or a line of a `Screen`."""
    return Text(printable(text), style)


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "month"), counted(1200, "run")
    ('1 month', '1,200 runs')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def say_json(data: object) -> None:
    """Print data as JSON; control characters in it are written as JSON's escapes, so that a screen ignores them."""
    plain = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    text = json.dumps(data, indent=2, ensure_ascii=plain)
    if not text.isprintable():
        text = re.sub(r"[^\n -~]", lambda c: json.dumps(c[0])[1:-1] if is_control(c[0]) else c[0], text)
    print(text)


def say(
    text: str = "", *, indent: str = "", hang: str | None = None, style: str = "", title: str = "", width: int = 0
) -> None:
    """Print sentences, broken between words; a path stays whole, however long.

    Parameters
    ----------
    text : str
        One or more lines.
    indent, hang : str
        What stands before the first line, and before those that follow it.
    style : str
        How the text is drawn, as rich calls it.
    title : str
        What the text begins with, drawn bold.
    width : int, optional
        Characters a line; those of the screen if left out.
    """
    screen = Screen()
    title = printable(title)
    lines = broken(title + printable(text), width or screen.width, indent, indent if hang is None else hang)
    drawn = Text("\n".join(lines), style)
    if title:  # a line break may have taken the place of a space of it
        drawn.stylize("bold", len(indent), len(indent) + len(title))
    screen.print(drawn, soft_wrap=True)


def screen_width() -> int:
    """Characters a line of the screen has: those of COLUMNS or of the terminal, else 80."""
    return Screen().width


def broken(text: str, width: int, indent: str = "", hang: str = "") -> list[str]:
    """A text as lines of at most some width.

    Parameters
    ----------
    text : str
        One or more lines.
    width : int
        Characters a line; wide letters count twice.
    indent, hang : str
        What stands before the first line, and before all others.

    Examples
    --------
    >>> broken("who owes what to whom", 12, "- ", "  ")
    ['- who owes', '  what to', '  whom']
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, empty = (hang if lines else indent), True
        for word in paragraph.split(" "):
            if not empty and cell_len(line) + 1 + cell_len(word) > width:
                lines.append(line)
                line, empty = hang, True
            room = width - cell_len(line)
            if empty and cell_len(word) > room and "/" not in word and "\\" not in word:
                *whole, word = chop_cells(word, room)
                lines += [line + whole[0], *(hang + part for part in whole[1:])] if whole else []
                line = hang if whole else line
            line += word if empty else f" {word}"
            empty = False
        lines.append(line.rstrip())
    return lines
