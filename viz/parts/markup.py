"""Small pieces of HTML; whatever is text is escaped here, and nowhere else is HTML made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import reacton.ipyvuetify as rv
import solara

from experiments.page import escape
from experiments.summary import number


class Success(str):
    """A note that all went well: it is shown as such, and leaves."""

    __slots__ = ()


def money(bn: float) -> str:
    """An amount of USD in a unit that keeps it short.

    >>> money(0.042), money(12.34), money(-1500.0), money(0.0)
    ('42 m', '12.3 bn', '−1.50 tn', '0')
    """
    sign = "−" if bn < 0.0 else ""
    size = abs(bn)
    if size < 5e-5:
        return "0"
    if size >= 1000.0:
        return f"{sign}{number(size / 1000.0)} tn"
    return f"{sign}{number(size)} bn" if size >= 0.995 else f"{sign}{1000.0 * size:.3g} m"


def percent(share: float) -> str:
    """A share in per cent.

    >>> percent(0.1234), percent(0.002)
    ('12 %', '0.2 %')
    """
    return f"{100.0 * share:.0f} %" if abs(share) >= 0.0995 else f"{100.0 * share:.1f} %"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table; `numbers` are the columns that stand right."""
    right = [' class="n"' if k in numbers else "" for k in range(len(heads))]
    head = "".join(f"<th{r} scope='col'>{escape(h)}</th>" for h, r in zip(heads, right, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{r}>{escape(cell)}</td>" for cell, r in zip(row, right, strict=True)) + "</tr>"
        for row in rows
    )
    inside = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<div class='id-scroll'><table class='id-table'>{inside}</table></div>"


def facts(pairs: Iterable[tuple[str, str, str]]) -> str:
    """Cards of a name, a figure and a remark."""
    cards = (
        f"<div class='id-fact'><span>{escape(name)}</span><b>{escape(figure)}</b><i>{escape(remark)}</i></div>"
        for name, figure, remark in pairs
    )
    return f"<div class='id-facts'>{''.join(cards)}</div>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of a class of the style sheet."""
    return f"<p class='{kind}'>{escape(text)}</p>"


@solara.component
def Html(markup: str) -> None:  # noqa: N802 - components are named like classes
    """HTML made by this module."""
    solara.HTML(tag="div", unsafe_innerHTML=markup)


@solara.component
def Explained(text: str) -> None:  # noqa: N802
    """What the reader is looking at, behind one click."""
    paragraphs = "".join(paragraph(part) for part in text.strip().split("\n\n"))
    markup = f"<summary>What am I looking at?</summary>{paragraphs}"
    solara.HTML(tag="details", unsafe_innerHTML=markup, classes=["id-explained"])


@solara.component
def Section(title: str, children: list[solara.Element] | None = None, opened: bool = False) -> None:  # noqa: N802
    """A part that opens at a click on its title."""
    rv.Html(
        tag="details",
        class_="id-section",
        attributes={"open": True} if opened else {},
        children=[rv.Html(tag="summary", children=[title]), *(children or [])],
    )
