"""Small pieces of HTML; whatever is text is escaped here, and nowhere else is HTML made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import reacton.ipyvuetify as rv
import solara

from abm.calibration import facts as recorded
from experiments.page import escape
from experiments.summary import number
from viz.languages import use_language

_URL = re.compile(r"https?://(?:[\w.~:/?#@!$*+,=%-]|&amp;)*[\w/]")  # as it stands in escaped text
_ARXIV = re.compile(r"\barXiv[: ](\d{4}\.\d{4,5})")
_GRADE = re.compile(r"\[[A-Z](?:/[A-Z])*\] ?")  # how good the tables of facts hold a source to be
_DIGEST = re.compile(r"\bdigest (?=[RH]\d)")  # by which sources name the stories


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


def ledger(heads: tuple[str, str], rows: Iterable[tuple[str, str, str]]) -> str:
    """A table of names and figures, the rest about each under its name: as wide as the page, however narrow that is."""
    first, last = (escape(head) for head in heads)
    body = "".join(
        f"<tr><td>{escape(name)}<div class='id-rest'>{escape(rest)}</div></td><td class='n'>{escape(figure)}</td></tr>"
        for name, figure, rest in rows
    )
    head = f"<thead><tr><th scope='col'>{first}</th><th class='n' scope='col'>{last}</th></tr></thead>"
    return f"<table class='id-table'>{head}<tbody>{body}</tbody></table>"


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


def source_of(text: str) -> str:
    """Where a number comes from; each fact that the text names opens, with its value and its own source.

    Parameters
    ----------
    text : str
        Such as "G5-026" or "assumption: half of it".
    """
    known = recorded.facts()
    told = _DIGEST.sub("story ", text).removesuffix("; digest")
    parts, at = ["Source: "], 0
    for found in recorded.FACT_ID.finditer(told):
        if found[0] not in known:
            continue
        fact = known[found[0]]
        title = escape(f"{fact.entity}: {fact.parameter}")
        parts.append(escape(told[at : found.start()]))
        opener = f"<summary title=\"{title}\">{found[0]}</summary>"
        parts.append(f"<details class='id-cited'>{opener}<div><b>{title}</b>: {_fact(fact)}</div></details>")
        at = found.end()
    return f"<div class='id-source'>{''.join(parts)}{escape(told[at:])}</div>"


def _fact(fact: recorded.Fact) -> str:
    """A fact in full: value, date, where it stands, whether it was checked there."""
    ends = [f"{value:g}" for value in (fact.low, fact.central, fact.high) if value is not None]
    value = f"{' to '.join(dict.fromkeys((ends[0], ends[-1])))} {fact.unit}" if ends else fact.unit
    middle = f", {fact.central:g} in the middle" if len(ends) == 3 and fact.central is not None else ""
    checked = "checked there" if fact.verified else "not checked there"
    source = _URL.sub(
        lambda found: f"<a href=\"{found[0]}\" target='_blank' rel='noopener noreferrer'>{found[0]}</a>",
        escape(_ARXIV.sub(r"https://arxiv.org/abs/\1", _GRADE.sub("", fact.source))),
    )
    return f"{escape(f'{value}{middle}, as of {fact.as_of}')}. Found in ({checked}): {source}"


@solara.component
def Html(markup: str) -> None:  # noqa: N802 - components are named like classes
    """HTML made by this module."""
    solara.HTML(tag="div", unsafe_innerHTML=markup)


@solara.component
def Explained(message: str) -> None:  # noqa: N802
    """What the reader is looking at, behind one click."""
    speaker = use_language()
    paragraphs = "".join(paragraph(part) for part in speaker.say(message).split("\n\n"))
    markup = f"<summary>{escape(speaker.say('page-what'))}</summary>{paragraphs}"
    solara.HTML(tag="details", unsafe_innerHTML=markup, classes=["id-explained"])


@solara.component
def FirmField(  # noqa: N802
    names: Iterable[str], chosen: str | None, choose: Callable[[str], None], clearable: bool = False, kind: str = ""
) -> None:
    """A field for the name of a firm; `choose` is given "" where it is cleared.

    The firm chosen stands first: whoever types its name is offered the whole list, and takes the first of it.
    """
    rest = sorted((name for name in names if name != chosen), key=str.casefold)
    rv.Autocomplete(
        label=use_language().say("page-firm"),
        items=[*([chosen] if chosen else []), *rest], v_model=chosen, dense=True, outlined=True,
        hide_details=True, clearable=clearable, class_=kind,
        on_v_model=lambda name: choose(str(name or "")),
    )  # fmt: skip


@solara.component
def Section(title: str, children: list[solara.Element] | None = None, opened: bool = False) -> None:  # noqa: N802
    """A part that opens at a click on its title."""
    rv.Html(
        tag="details",
        class_="id-section",
        attributes={"open": True} if opened else {},
        children=[rv.Html(tag="summary", children=[title]), *(children or [])],
    )
