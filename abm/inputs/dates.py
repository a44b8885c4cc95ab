"""Months as the model counts them, and the calendar: month 0 is the balance-sheet date 2025-12-31."""

from __future__ import annotations

import calendar
import datetime
import re

from abm.errors import BadInput, shown

OPENING_YEAR = 2025
OPENING_MONTH = 12
LAST_MONTH = 1200  # a hundred years: beyond it a number is surely a slip


def month_number(value: object, field: str = "month") -> int:
    """The month a user means by `"2027-01"`, `"13"` or `13`.

    Parameters
    ----------
    value : object
        A year and month, or months since 2025-12-31.
    field : str
        What the value is for, named in the error.

    Returns
    -------
    int
        Months since 2025-12-31, from 0 to `LAST_MONTH`.

    Raises
    ------
    BadInput
        If it is neither, or lies outside that span.

    Examples
    --------
    >>> month_number("2027-01"), month_number("13"), month_number(0)
    (13, 13, 0)
    """
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,9}", value.strip(), re.ASCII):
        number = int(value)
    elif isinstance(value, str) and (found := re.fullmatch(r"(\d{4})-(\d{2})", value.strip(), re.ASCII)):
        year, month = int(found[1]), int(found[2])
        if 1 <= month <= 12:
            number = 12 * (year - OPENING_YEAR) + month - OPENING_MONTH
    if number is None:
        raise BadInput(f"{field} must be a month such as '2027-01' or a number of months, not {shown(value)}")
    if not 0 <= number <= LAST_MONTH:
        raise BadInput(
            f"{field} must lie between 0 ({month_label(0)}) and {LAST_MONTH} ({month_label(LAST_MONTH)}),"
            f" not {shown(value)}"
        )
    return number


def month_end(month: int) -> datetime.date:
    """Last day of a month, the day its balance sheets are drawn up.

    >>> month_end(0), month_end(2)
    (datetime.date(2025, 12, 31), datetime.date(2026, 2, 28))
    """
    year, month0 = divmod(12 * OPENING_YEAR + OPENING_MONTH - 1 + month, 12)
    return datetime.date(year, month0 + 1, calendar.monthrange(year, month0 + 1)[1])


def month_label(month: int) -> str:
    """Year and month, as users write them.

    >>> month_label(13)
    '2027-01'
    """
    return month_end(month).strftime("%Y-%m")
