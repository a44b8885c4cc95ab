"""All words of the page, one file a language, in Mozilla's Fluent; numbers and months as the language writes them.

A new language is a file `TAG.ftl` beside these and nothing else; a test holds all of them against each other.
"""

from __future__ import annotations

import datetime
import functools
import re
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentInt
from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

from abm.errors import BadInput
from abm.inputs.dates import month_end
from abm.inputs.effects import BY_NAME

HERE = Path(__file__).parent
FIRST = "en"  # where nothing else is asked for
TAGS = (FIRST, *sorted(path.stem for path in HERE.glob("*.ftl") if path.stem != FIRST))
PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})


class Refused(BadInput):
    """A mistake of the visitor that the page tells in his language; `str` of it is the first language's.

    Parameters
    ----------
    message : str
        Id in the files of words.
    values : object
        What the message names.
    """

    def __init__(self, message: str, **values: Any) -> None:
        self.message, self.values = message, values
        super().__init__(language(FIRST).say(message, **values))


class Language:
    """The words of one language. Made once for each tag, by `language`.

    Parameters
    ----------
    tag : str
        One of `TAGS`.

    Raises
    ------
    ValueError
        If the file says a message twice, or is not Fluent.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._locale = Locale.parse(tag)
        resource = FluentResource((HERE / f"{tag}.ftl").read_text("utf-8"))
        self.variables: dict[str, dict[str, bool]] = {}  # by id: names, and whether each chooses a plural
        for entry in resource.body:
            if isinstance(entry, ast.Junk):
                raise ValueError(f"{tag}.ftl: {entry.annotations[0].message}: {str(entry.content)[:80]}")
            if isinstance(entry, ast.Message):
                if entry.id.name in self.variables:
                    raise ValueError(f"{tag}.ftl says {entry.id.name} twice")
                seen = _Variables()
                seen.visit(entry)
                self.variables[entry.id.name] = seen.found
        self._bundle = FluentBundle([tag], use_isolating=False)
        self._bundle.add_resource(resource)

    def say(self, message: str, **values: Any) -> str:
        """A message with its values; numbers among them are written as the language does.

        Raises
        ------
        KeyError
            If the language has no such message.
        ValueError
            If a value is missing, of no use here, or of the wrong kind.
        """
        wanted = self.variables[message]
        if values.keys() != wanted.keys():
            raise ValueError(f"{message} takes {sorted(wanted)}, not {sorted(values)}")
        return self._format(message, values)

    def own(self, message: str, given: str) -> str:
        """The words for something of the model that says its own English, or what it says where there are none."""
        return self.say(message) if message in self.variables else given

    def told(self, mistake: BadInput) -> str:
        """A mistake of the visitor in words."""
        if isinstance(mistake, Refused):
            return self.say(mistake.message, **mistake.values)
        return str(mistake)

    def words(self, *parts: str) -> dict[str, Any]:
        """All messages of some parts for a widget: their text with `{name}` for values, or by plural form.

        Parameters
        ----------
        parts : str
            What the ids begin with, up to a hyphen.

        Returns
        -------
        dict
            Id to text, or to a dict of plural form to text; `tag` is the language.
        """
        found = [name for name in self.variables if name.partition("-")[0] in parts]
        return {"tag": self.tag, **{name: self._template(name) for name in found}}

    def number(self, value: float) -> str:
        """A number with three figures at most, and no more decimals than they need."""
        size = abs(value)
        if size >= 100.0 or value == int(value):
            places = 0
        else:
            places = 1 if size >= 9.995 else 2 if size >= 0.0995 else 3
        return self.decimal(value, places)

    def decimal(self, value: float, places: int = 0) -> str:
        """A number with so many decimals."""
        pattern = "#,##0" + (f".{'0' * places}" if places else "")
        return format_decimal(round(float(value), places), pattern, self._locale).replace("-", "−")

    def money(self, bn: float) -> str:
        """An amount of bn USD in the unit that keeps it short.

        >>> language("en").money(12.34), language("en").money(-1500.0), language("ja").money(12.34)
        ('12.3 bn', '−1.50 tn', '123億ドル')
        """
        sign, size = "−" if bn < 0.0 else "", abs(bn)
        units = [float(unit) for unit in self.say("amount-units").split()]  # in bn, the largest first
        if size < units[-1] * 0.05:
            return self.say("amount-none")
        names = ("large", "middle", "small")
        name, unit = next((pair for pair in zip(names, units, strict=True) if size >= 0.9995 * pair[1]),
                          (names[-1], units[-1]))  # fmt: skip
        return sign + self.say(f"amount-in-{name}", amount=self.number(size / unit))

    def billions(self, bn: float) -> str:
        """An amount of bn USD in whole billions, or what the language has in their place.

        >>> language("en").billions(1234.5), language("ja").billions(1234.5)
        ('1,234 bn', '12,345億ドル')
        """
        unit = float(self.say("amount-units").split()[1])
        return self.say("amount-in-middle", amount=self.decimal(bn / unit))

    def percent(self, share: float) -> str:
        """A share in per cent.

        >>> language("en").percent(0.1234), language("ja").percent(0.002)
        ('12 %', '0.2%')
        """
        places = 0 if abs(share) >= 0.0995 else 1
        return self.say("amount-percent", amount=self.decimal(100.0 * share, places))

    def month(self, date: datetime.date) -> str:
        """The month of a date in words.

        >>> language("en").month(datetime.date(2027, 1, 31)), language("ja").month(datetime.date(2027, 1, 31))
        ('January 2027', '2027年1月')
        """
        return format_date(date, self.say("date-month"), self._locale)

    def month_of(self, month: int, opening: datetime.date) -> str:
        """A month of a run in words, counted from the opening."""
        return self.month(month_end(month, opening))

    def label(self, month: int, opening: datetime.date) -> str:
        """The same, as short as the language can.

        >>> language("en").label(13, datetime.date(2025, 12, 31)), language("ja").label(13, datetime.date(2025, 12, 31))
        ('2027-01', '2027年1月')
        """
        return format_date(month_end(month, opening), self.say("date-label"), self._locale)

    def listed(self, parts: list[str]) -> str:
        """Words one after another."""
        return self.say("list-comma").strip("|").join(parts)

    def sentences(self, parts: list[str]) -> str:
        """Sentences one after another."""
        return self.say("status-between").strip("|").join(parts)

    def _format(self, message: str, values: dict[str, Any]) -> str:
        pattern = self._bundle.get_message(message).value
        if pattern is None:
            raise ValueError(f"{message} has no text")
        text, errors = self._bundle.format_pattern(pattern, values)
        if errors:
            raise ValueError(f"{message}: {errors[0]}")
        return str(text)

    def _template(self, message: str) -> str | dict[str, str]:
        chosen = [name for name, plural in self.variables[message].items() if plural]
        holes: dict[str, Any] = {name: f"{{{name}}}" for name in self.variables[message]}
        if not chosen:
            return self._format(message, holes)
        found = {}
        for form, count in (("one", 1), ("other", 5)):
            hole = _Hole(count)
            hole.name = chosen[0]
            found[form] = self._format(message, {**holes, chosen[0]: hole})
        return found


class _Hole(FluentInt):
    """A number that chooses a plural form, and leaves a hole for its digits."""

    name: str

    def format(self, _locale: Locale) -> str:
        return f"{{{self.name}}}"


class _Variables(Visitor):
    """The variables of a message."""

    def __init__(self) -> None:
        self.found: dict[str, bool] = {}

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.found.setdefault(node.id.name, False)

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802
        keys = {variant.key.name for variant in node.variants if isinstance(variant.key, ast.Identifier)}
        if isinstance(node.selector, ast.VariableReference):
            self.found[node.selector.id.name] = keys <= PLURALS
        self.generic_visit(node)


def effect_words(effect: object, speaker: Language) -> str:
    """What an effect (`abm.inputs.effects`) does to a firm."""
    known = BY_NAME[str(effect)]
    return speaker.own(f"effect-{known.name.replace(' ', '-')}", known.words)


def parameter_words(name: str, speaker: Language) -> str:
    """The name of a parameter."""
    return speaker.own(f"parameter-{name}", name.replace("_", " "))


def unit_words(unit: str, speaker: Language) -> str:
    """A unit of the model's columns and parameters."""
    return speaker.own(f"unit-{unit.lower().replace('/', '-').replace(' ', '-')}", unit)


@functools.cache
def language(tag: str) -> Language:
    """The language of a tag, loaded once."""
    return Language(tag)


def asked(query: str | None, accepted: str | None) -> str:
    """The tag of the language that an address asks for, else of the one that the browser likes best here.

    Parameters
    ----------
    query : str, optional
        Of the address, such as "lang=ja&seed=3".
    accepted : str, optional
        The header Accept-Language.

    >>> asked("seed=3&lang=ja", "en"), asked(None, "fr, ja;q=0.8, en;q=0.9"), asked("lang=xx", None)
    ('ja', 'en', 'en')
    """
    named = re.search(r"(?:^|&)lang=([a-z]+)(?:&|$)", query or "")
    if named and named[1] in TAGS:
        return named[1]
    liked: list[tuple[float, int, str]] = []
    for part in (accepted or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        if re.fullmatch(r"[0-9.]*", weight) and tag.lower().partition("-")[0] in TAGS:
            liked.append((-float(weight.strip(".") or 1.0), len(liked), tag.lower().partition("-")[0]))
    return min(liked)[2] if liked else FIRST


@functools.cache
def _chosen() -> Any:
    """The choice of each visitor, kept in his kernel."""
    import solara  # not sooner: the server sets what it reads at its import

    return solara.reactive("")


def use_language() -> Language:
    """The language of the visitor whose page is rendered; a hook for components."""
    return language(_chosen().value or FIRST)


def choose(tag: str) -> None:
    """Let the page of this visitor speak another language."""
    _chosen().value = tag
