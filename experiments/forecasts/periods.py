"""Months, quarters and years of a forecast, as they are written and as they are read."""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

from abm.errors import BadInput, shown

LEVEL, FLOW, CHANGE, CHANCE = "level", "flow", "change", "chance"
KINDS = (LEVEL, FLOW, CHANGE, CHANCE)
FORMS = "written YYYY, YYYYH1, YYYYQ1, YYYY-MM or, for other months, YYYY-MM..YYYY-MM"
_MONTH = r"(\d{4})-(\d{1,2})(?:-\d{1,2})?"
_PART = re.compile(r"(\d{4})[- ]?([QH])(\d)|([QH])(\d)[- ](\d{4})")
_RANGE = re.compile(rf"{_MONTH}\s*(?:\.\.|/|to)\s*{_MONTH}")


class Period(NamedTuple):
    """Months of a forecast, both ends with them, counted from the opening: month 1 is the first after it."""

    first: int
    last: int


def month_number(opening: datetime.date, year: int, month: int) -> int:
    """Months from the opening to a month of the calendar."""
    return 12 * (year - opening.year) + month - opening.month


def written(opening: datetime.date, kind: str, period: Period) -> str:
    """A period as it stands in the file.

    >>> end = datetime.date(2025, 12, 31)
    >>> [written(end, FLOW, Period(*months)) for months in ((1, 3), (7, 12), (1, 12), (2, 4))]
    ['2026Q1', '2026H2', '2026', '2026-02..2026-04']
    >>> written(end, LEVEL, Period(3, 3)), written(end, CHANCE, Period(1, 24))
    ('2026-03', '2027-12')
    """
    year, month = divmod(12 * opening.year + opening.month - 1 + period.last, 12)
    end = f"{year}-{month + 1:02d}"
    if kind in (LEVEL, CHANCE):
        return end
    months = period.last - period.first + 1
    if months in (3, 6, 12) and (month + 1) % months == 0:
        return {3: f"{year}Q{(month + 1) // 3}", 6: f"{year}H{(month + 1) // 6}", 12: f"{year}"}[months]
    year, month = divmod(12 * opening.year + opening.month - 1 + period.first, 12)
    return f"{year}-{month + 1:02d}..{end}"


def read(opening: datetime.date, kind: str, text: str) -> Period:
    """A period as somebody wrote it.

    Of a level or a chance the end of the period counts: a chance is that of the time since the opening.

    Raises
    ------
    BadInput
        If it is no period, or one of a month for a flow that is not known by month.

    Examples
    --------
    >>> end = datetime.date(2025, 12, 31)
    >>> [tuple(read(end, FLOW, text)) for text in ("2026Q1", "Q1 2026", "2026-02..2026-04", "2026")]
    [(1, 3), (1, 3), (2, 4), (1, 12)]
    >>> tuple(read(end, LEVEL, "2026-03-31")), tuple(read(end, CHANCE, "2027"))
    ((3, 3), (1, 24))
    """
    said = text.strip().removeprefix("by ").strip()
    first = last = 0
    if part := _PART.fullmatch(said):
        year = int(part[1] or part[6])
        length = 3 if (part[2] or part[4]) == "Q" else 6
        number = int(part[3] or part[5])
        if not 1 <= number <= 12 // length:
            raise BadInput(f"a period is {FORMS}, not {shown(text)}")
        last = month_number(opening, year, length * number)
        first = last - length + 1
    elif span := _RANGE.fullmatch(said):
        first, last = (month_number(opening, int(span[k]), _calendar(span[k + 1], text)) for k in (1, 3))
    elif month := re.fullmatch(_MONTH, said):
        first = last = month_number(opening, int(month[1]), _calendar(month[2], text))
    elif re.fullmatch(r"\d{4}", said):
        last = month_number(opening, int(said), 12)
        first = last - 11
    else:
        raise BadInput(f"a period is {FORMS}, not {shown(text)}")
    if kind == LEVEL:
        return Period(last, last)
    return Period(1, last) if kind == CHANCE else Period(first, last)


def _calendar(month: str, text: str) -> int:
    if not 1 <= int(month) <= 12:
        raise BadInput(f"a period is {FORMS}, not {shown(text)}")
    return int(month)


def periods_of(opening: datetime.date, kind: str, quarter_ends: int, months: int) -> list[Period]:
    """All periods of a quantity within the months of a forecast.

    Levels have every month. Flows have quarters, halves and years of the calendar, or the quarters and fiscal years
    that end in month `quarter_ends` (1 to 3) of a calendar quarter: fiscal years end with the second such quarter of
    the calendar year (Oracle's in May), those of January quarters in January (NVIDIA's).
    """
    if kind == LEVEL:
        return [Period(m, m) for m in range(1, months + 1)]
    ends = [(m, (opening.month - 1 + m) % 12 + 1) for m in range(1, months + 1)]
    years = [Period(m - 11, m) for m, month in ends if month == 12 and m >= 12]
    if kind == CHANCE:
        return [Period(1, p.last) for p in years]
    quarters = [Period(m - 2, m) for m, month in ends if month % 3 == quarter_ends % 3]
    if quarter_ends % 3 == 0:
        halves = [Period(m - 5, m) for m, month in ends if month % 6 == 0 and m >= 6]
        return quarters + halves + years
    close = 1 if quarter_ends == 1 else 5
    return quarters + years + [Period(m - 11, m) for m, month in ends if month == close and m >= 12]
