"""Months as the model counts them, and the calendar: month 0 is the balance-sheet date of the opening."""

from __future__ import annotations

import calendar
import datetime
import re

from abm.errors import BadInput, shown

LAST_MONTH = 1200  # a hundred years: beyond it a number is surely a slip


def read_month(value: object, field: str = "month") -> int | str:
    """A month as a user writes it, before it is known from which opening it counts.

    Parameters
    ----------
    value : object
        A year and month such as "2027-01", or a number of months since the opening.
    field : str
        What the value is for, named in the error.

    Returns
    -------
    int or str
        Months since the opening, from 0 to `LAST_MONTH`, or the year and month as given.

    Raises
    ------
    BadInput
        If it is neither.

    Examples
    --------
    >>> read_month(" 2027-01"), read_month("13")
    ('2027-01', 13)
    """
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,9}", value.strip(), re.ASCII):
        number = int(value)
    elif isinstance(value, str) and re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])", value.strip(), re.ASCII):
        return value.strip()
    if number is None:
        raise BadInput(f"{field} must be a month such as '2027-01' or a number of months, not {shown(value)}")
    if not 0 <= number <= LAST_MONTH:
        raise BadInput(f"{field} must lie between 0 and {LAST_MONTH} months after the opening, not {shown(value)}")
    return number


def month_number(value: object, field: str, opening: datetime.date) -> int:
    """The month a user means by `"2027-01"`, `"13"` or `13`.

    Parameters
    ----------
    value : object
        A year and month, or months since the opening.
    field : str
        What the value is for, named in the error.
    opening : datetime.date
        Date of the opening balance sheets.

    Returns
    -------
    int
        Months since the opening, from 0 to `LAST_MONTH`.

    Raises
    ------
    BadInput
        If it is neither, or lies outside that span.

    Examples
    --------
    >>> newer = datetime.date(2025, 12, 31)
    >>> month_number("2027-01", "month", newer), month_number("13", "month", newer)
    (13, 13)
    >>> month_number("2027-01", "month", datetime.date(2024, 12, 31))
    25
    """
    read = read_month(value, field)
    if isinstance(read, int):
        return read
    year, month = int(read[:4]), int(read[5:])
    number = 12 * (year - opening.year) + month - opening.month
    if not 0 <= number <= LAST_MONTH:
        raise BadInput(
            f"{field} must lie between {month_label(0, opening)}, the opening,"
            f" and {month_label(LAST_MONTH, opening)}, not {shown(value)}"
        )
    return number


def month_end(month: int, opening: datetime.date) -> datetime.date:
    """Last day of a month, the day its balance sheets are drawn up.

    Parameters
    ----------
    month : int
        Months since the opening.
    opening : datetime.date
        Date of the opening balance sheets.

    Examples
    --------
    >>> month_end(2, datetime.date(2025, 12, 31))
    datetime.date(2026, 2, 28)
    """
    year, month0 = divmod(12 * opening.year + opening.month - 1 + month, 12)
    return datetime.date(year, month0 + 1, calendar.monthrange(year, month0 + 1)[1])


def month_label(month: int, opening: datetime.date) -> str:
    """Year and month, as users write them.

    Parameters
    ----------
    month : int
        Months since the opening.
    opening : datetime.date
        Date of the opening balance sheets.

    Examples
    --------
    >>> month_label(13, datetime.date(2025, 12, 31))
    '2027-01'
    """
    return month_end(month, opening).strftime("%Y-%m")


def month_words(month: int, opening: datetime.date) -> str:
    """A month in words.

    Parameters
    ----------
    month : int
        Months since the opening.
    opening : datetime.date
        Date of the opening balance sheets.

    Examples
    --------
    >>> month_words(0, datetime.date(2025, 12, 31))
    'December 2025'
    """
    day = month_end(month, opening)
    return f"{MONTHS[day.month - 1]} {day.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
