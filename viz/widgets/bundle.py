"""One ES module, or one style sheet, out of the small files it is written in.

A page hands each widget's module to the browser as text, so that it cannot import its neighbours by address.
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)


def module(entry: str, *libraries: str) -> str:
    """The text of an ES module with all that it imports.

    Parameters
    ----------
    entry : str
        File in `js/` that exports the widget by default.
    libraries : str
        Files in `vendor/` that define a global name, placed first.

    Returns
    -------
    str
        Libraries, then each imported file once, what it imports before it; all share one scope.
    """
    placed: dict[str, str] = {}

    def place(name: str) -> None:
        if name in placed:
            return
        text = (HERE / "js" / name).read_text("utf-8")
        for imported in _IMPORT.findall(text):
            place(imported)
        placed[name] = _IMPORT.sub("", text)

    place(entry)
    own = placed.pop(entry)
    shared = [_EXPORT.sub("", text) for text in placed.values()]
    return "\n".join([*((HERE / "vendor" / name).read_text("utf-8") for name in libraries), *shared, own])


def style(*names: str) -> str:
    """The style sheets of `css/` or, for a library, of `vendor/`, in the order given."""
    folders = (HERE / "css", HERE / "vendor")
    return "\n".join(next(f / n for f in folders if (f / n).exists()).read_text("utf-8") for n in names)
