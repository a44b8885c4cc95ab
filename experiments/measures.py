"""The outcomes of a study: one number of a run each, out of what the economy recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.engine import tables
from abm.engine.tables import Column
from abm.simulation import Economy
from experiments.study_fields import DERIVED, OF_DEFAULTS, SHARES, Outcome

Floats = NDArray[np.float64]


def column_measured(outcome: Outcome) -> Column:
    """What an outcome is a statistic of, with its unit and meaning."""
    if outcome.of in DERIVED:
        return DERIVED[outcome.of]
    if outcome.firm is not None:
        known: Sequence[Column] = tables.FIRM_COLUMNS
    else:
        known = tables.TABLES["defaults" if outcome.of.startswith(OF_DEFAULTS) else "series"]
    return next(column for column in known if column.name == outcome.of.removeprefix(OF_DEFAULTS))


def whose(outcome: Outcome) -> str:
    """Whose number it is, in words; empty if the whole economy's."""
    if outcome.firms:
        return " and ".join(outcome.firms) if len(outcome.firms) < 3 else f"{len(outcome.firms)} firms in equal parts"
    return outcome.firm or (f"{outcome.kind}s" if outcome.kind is not None else "")


def unit_measured(outcome: Outcome) -> str:
    """The unit of an outcome: "month" counts from the opening."""
    unit = column_measured(outcome).unit
    match outcome.statistic:
        case "first" | "argmax":
            return "month"
        case "drawdown" | "lost":
            return "share"
        case "sum":
            return unit.removesuffix("/month")  # of flows: what they come to
    return unit


def outcome_field(name: str, outcome: Outcome | None) -> pa.Field:
    """The Arrow field of an outcome, with its unit and meaning; of a user's function nothing is known."""
    if outcome is None:
        return pa.field(name, pa.float64(), metadata={"unit": "-", "meaning": "returned by the function"})
    of = f"{outcome.of} of {whose(outcome)}" if whose(outcome) else outcome.of
    told = {"unit": unit_measured(outcome), "meaning": f"{outcome.statistic} {of}"}
    return pa.field(name, pa.float64(), metadata=told)


def measure(economy: Economy, outcome: Outcome) -> float:
    """One outcome of a finished run.

    Returns
    -------
    float
        NaN where there is nothing to measure: a month that never came, the mean of no defaults.
    """
    if outcome.firm is not None and outcome.statistic == "final":
        value = float(economy.state.firms[economy.firm(outcome.firm)][outcome.of])
        return float("nan") if column_measured(outcome).unit == "month" and value < 0.0 else value
    months, values = _recorded(economy, outcome)
    inside = (months >= int(outcome.start)) & (months <= int(outcome.end))
    months, values = months[inside], values[inside]
    if outcome.statistic == "sum":
        return float(values.sum())
    if not len(values):
        return 0.0 if outcome.statistic == "max" and outcome.of.startswith(OF_DEFAULTS) else float("nan")
    if np.isnan(values).any():
        return float("nan")
    match outcome.statistic:
        case "final":
            return float(values[-1])
        case "max":
            return float(values.max())
        case "min":
            return float(values.min())
        case "mean":
            return float(values.mean())
        case "argmax":
            return float(months[int(values.argmax())])
        case "drawdown":
            return drawdown(values)
        case "lost":
            return float(max(1.0 - values[-1] / values[0], 0.0)) if values[0] > 0.0 else float("nan")
    above = values > 0.0
    return float(months[int(above.argmax())]) if above.any() else float("nan")


def _recorded(economy: Economy, outcome: Outcome) -> tuple[NDArray[np.int64], Floats]:
    """Months and values that a statistic is taken of: of defaults a value each, of all else a value a month."""
    months = economy.rows("series")["month"]
    if outcome.of == SHARES:
        return months, share_value(economy, outcome.firms)
    if outcome.of in DERIVED or outcome.of.startswith(OF_DEFAULTS):
        rows = economy.rows("defaults")
        kinds = economy.state.firms["kind"][rows["firm"]]
        if outcome.kind is not None:
            keep = kinds == tables.KIND_NAMES.index(outcome.kind)
        else:
            keep = (kinds != tables.LENDER) | (outcome.of != "credit_losses")
        rows = rows[keep]
        if outcome.of.startswith(OF_DEFAULTS):
            return rows["month"], np.asarray(rows[outcome.of.removeprefix(OF_DEFAULTS)], float)
        weights = (rows["way"] != tables.DEFERRAL) if outcome.of == "failures" else rows["loss_credit"]
        return months, np.bincount(rows["month"], weights, minlength=months[-1] + 1)[months]
    if outcome.firm is not None:
        return months, np.asarray(economy.panel()[outcome.of][:, economy.firm(outcome.firm)], float)
    return months, np.asarray(economy.rows("series")[outcome.of], float)


def drawdown(values: Floats) -> float:
    """Largest fall from an earlier peak, as a share of the peak; 0 where nothing ever falls.

    Examples
    --------
    >>> drawdown(np.array([1.0, 2.0, 0.5, 3.0]))
    0.75
    """
    peak = np.maximum.accumulate(values)
    fall = np.where(peak > 0.0, 1.0 - values / np.where(peak > 0.0, peak, 1.0), 0.0)
    return float(max(fall.max(), 0.0))


def share_value(economy: Economy, firms: Sequence[str]) -> Floats:
    """What one unit of money, put in equal parts into shares of firms after the first month and left there, is worth.

    A holding moves with the firm's equity value, less what new owners paid in (they take their part at that value).
    When the firm fails, the old owners keep what its plan, exchange or estate leaves them; of a deferral nothing is
    lost. Dividends are not counted, and a rescue is taken as paid at the value of the day, not at its discount.

    Parameters
    ----------
    economy : Economy
        After a run with its firm panel recorded.
    firms : sequence of str
        Names.

    Returns
    -------
    (months,) float
        At the end of every month, 1 at the end of the first; NaN if shares of one of them are worth nothing then.
    """
    panel, rows = economy.panel(), economy.rows("defaults")
    at = [economy.firm(name) for name in firms]
    value = np.maximum(np.asarray(panel["valuation"][:, at], float), 0.0)
    paid = np.maximum(np.diff(np.asarray(panel["paid_in"][:, at], float), axis=0), 0.0)
    kept = np.ones_like(value)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept[1:] = np.where(value[:-1] > 0.0, np.maximum(value[1:] - paid, 0.0) / value[:-1], 0.0)
    for row in rows[np.isin(rows["firm"], at) & (rows["way"] != tables.DEFERRAL) & (rows["month"] > 1)]:
        j, month = at.index(int(row["firm"])), int(row["month"]) - 1
        if row["way"] == tables.REORGANISATION:  # owners lose when the plan is carried out, not when it is filed
            protected = panel["protected_until"][month:, at[j]] > 0
            if protected.all():
                continue
            month += int(protected.argmin())
        worth = value[month - 1, j]
        if row["way"] == tables.LIQUIDATION:  # what the estate leaves is paid out, and moves no more
            kept[month + 1 :, j] = 1.0
        kept[month, j] = min(max(1.0 - row["loss_equity"] / worth, 0.0), 1.0) if worth > 0.0 else 0.0
    kept[0] = np.where(value[0] > 0.0, 1.0, np.nan)
    return np.cumprod(kept, axis=0).mean(axis=1)
