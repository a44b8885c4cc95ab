"""One look for every HTML page written to a file: a page is one file that loads nothing else."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape as _escape
from typing import Any

from abm.errors import printable

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --line: #d7d7d7; --soft: #f5f5f2;
  --good: #00695c; --bad: #b23b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181a; --line: #3a3d40;
  --soft: #1f2224; --good: #4fc3a1; --bad: #ff8a50; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
h1 { line-height: 1.2; } h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { background: var(--soft); } th, td:first-child { overflow-wrap: normal; } .scroll { overflow-x: auto; }
img { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); margin: 1rem 0; }
.yes { color: var(--good); font-weight: 600; } .no { color: var(--bad); font-weight: 600; }
.source { opacity: .8; } code { background: var(--soft); padding: 0 .2rem; }
figure { margin: 1rem 0; } figure img { margin: 0; } figcaption { font-size: .85rem; }
a { color: inherit; }
@media print { @page { size: A4; margin: 12mm; }
  :root { --ink: #000000; --paper: #ffffff; --line: #bbbbbb; --soft: #f0f0f0; }
  body { font-size: 10pt; max-width: none; padding: 0; } table { font-size: 8pt; }
  h2, h3 { break-after: avoid; } figure, img, tr { break-inside: avoid; } .scroll { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 7.5pt; }
  figcaption { display: none; } h2 { margin-top: 1.5rem; padding-top: .75rem; } }
"""

PLAIN: Mapping[str, str] = {}
type Told = tuple[str, list[str], list[tuple[Sequence[str], list[Any]]]]
"""A section: heading, sentences, tables (heads and rows of texts)."""


def escape(text: str) -> str:
    """A text as HTML shows it: no markup, and control characters written out."""
    return _escape(printable(text))


def document(title: str, body: str, style: str = STYLE) -> str:
    """A whole page.

    Parameters
    ----------
    title : str
        Plain text, for the browser's tab.
    body : str
        HTML.
    style : str
        CSS.
    """
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{style}</style></head><body>
{body}
</body></html>
"""


def image(png: bytes, about: str) -> str:
    """A picture within the page.

    Parameters
    ----------
    png : bytes
        The picture.
    about : str
        Plain text for readers who cannot see it.
    """
    return f'<img alt="{escape(about)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def drawing(svg: bytes, about: str, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A drawing within the page, and what it is drawn from as a file to download.

    Parameters
    ----------
    svg : bytes
        The drawing.
    about : str
        Plain text for readers who cannot see it.
    name : str
        Of the file, without its ending.
    heads, rows
        Of its table; a number that is missing is an empty cell.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(["" if cell != cell else cell for cell in row] for row in rows)
    data, picture = (base64.b64encode(part).decode() for part in (text.getvalue().encode(), svg))
    return f"""<figure><img alt="{escape(about)}" src="data:image/svg+xml;base64,{picture}">
<figcaption><a download="{escape(name)}.csv" href="data:text/csv;charset=utf-8;base64,{data}">Data of this figure
(CSV)</a></figcaption></figure>"""


def prose(sentences: Iterable[str]) -> str:
    """Paragraphs of our own Markdown, with what it has of lists, bold and code.

    Examples
    --------
    >>> prose(["One.", "- **two:** `x`", "- three"])
    '<p>One.</p>\\n<ul><li><b>two:</b> <code>x</code></li>\\n<li>three</li></ul>'
    """
    drawn: list[str] = []
    for sentence in sentences:
        listed = sentence.startswith("- ")
        text = escape(sentence.removeprefix("- "))
        text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", re.sub(r"`([^`]+)`", r"<code>\1</code>", text))
        if not listed:
            drawn.append(f"<p>{text}</p>")
        elif drawn and drawn[-1].endswith("</ul>"):
            drawn[-1] = f"{drawn[-1].removesuffix('</ul>')}\n<li>{text}</li></ul>"
        else:
            drawn.append(f"<ul><li>{text}</li></ul>")
    return "\n".join(drawn)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], classes: Mapping[str, str] = PLAIN) -> str:
    """A table of plain texts.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequence of str
    classes : mapping
        CSS classes of cells by their whole text, such as `yes` and `no`.
    """

    def drawn(cell: str) -> str:
        marked = f' class="{classes[cell]}"' if cell in classes else ""
        return f"<td{marked}>{escape(cell)}</td>"

    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = "".join(f"<tr>{''.join(map(drawn, row))}</tr>\n" for row in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>\n{lines}</table></div>'


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of plain texts as lines of Markdown; a bar in a cell would end it, and is written out.

    Examples
    --------
    >>> markdown_table(("a", "b"), [("1", "2|3")])
    ['| a | b |', '|---|---|', '| 1 | 2\\\\|3 |']
    """
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *(f"| {' | '.join(row)} |" for row in cells)]


def markdown_sections(sections: Iterable[Told]) -> list[str]:
    """Sections as lines of Markdown: heading, sentences (a list if all of them begin with a dash), tables."""
    lines: list[str] = []
    for heading, sentences, shown in sections:
        lines += [f"## {heading}", ""]
        listed = all(x.startswith("- ") for x in sentences)
        for sentence in sentences:
            lines += [sentence] if listed else [sentence, ""]
        if sentences and listed:
            lines.append("")
        for heads, rows in shown:
            lines += [*markdown_table(heads, rows), ""]
    return lines
