"""A world read for the scorecard: what risk reads of it, and beside it prices of work and the books of borrowers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from abm.engine import tables
from abm.simulation import Economy
from experiments.baseline import BORROWERS
from experiments.columns import schema_of
from experiments.risk import observe as risk

OBSERVER = "experiments.validation.observe:observe"
MORE: Mapping[str, pa.Schema] = {
    "prices": schema_of("""
month | i | month | months since the opening, 0 the opening itself
token_price | f | index | price of AI work, the opening = 100
equal_quality_price | f | index | the same at constant quality
imbalance | f | ratio | largest accounting error of the month over the payments of the largest month so far
"""),
    "books": schema_of("""
year | i | year | years since the opening, 0 the first: at its beginning
firm | s | name | a borrower that is active then
kind | s | kind | of firm
capital | f | bn USD | book value of its fleet and its sites
debt | f | bn USD | principal it owes
value | f | bn USD | value of its equity
capex | f | bn USD | paid for GPUs and sites in the year
"""),
}


def observe(settings: Mapping[str, Any], seed: int) -> tuple[dict[str, float], dict[str, pa.Table]]:
    """Run a world and read it: what a worker does.

    Parameters
    ----------
    settings, seed
        See `experiments.risk.observe.open_world`.

    Returns
    -------
    tuple
        As `experiments.risk.observe.observe`, with the tables of `MORE` beside.
    """
    economy, opened = risk.run_world(settings, seed)
    columns = {"prices": _prices(economy), "books": _books(economy, opened["firms"])}
    more = {name: risk.tabled(columns[name], wanted) for name, wanted in MORE.items()}
    return {"failures": float(len(economy.rows("defaults")))}, risk.read(economy, opened) | more


def _prices(economy: Economy) -> list[Any]:
    series = economy.rows("series")
    largest = np.maximum.accumulate(series["gross_flow"])
    return [
        np.r_[0, series["month"]], np.r_[100.0, series["token_price"]], np.r_[100.0, series["equal_quality_price"]],
        np.r_[0.0, np.abs(series["imbalance"]) / np.maximum(largest, 1e-9)],
    ]  # fmt: skip


def _books(economy: Economy, opened: Any) -> list[Any]:
    panel = economy.panel()
    found: list[list[Any]] = [[] for _ in MORE["books"]]
    for year, rows in enumerate(risk.beginnings(economy, opened)):
        who = np.flatnonzero((rows["status"] == tables.ACTIVE) & np.isin(rows["kind"], BORROWERS))
        told = [
            [year] * len(who), risk.named(economy, who), risk.kinds_of(rows["kind"][who]),
            (rows["fleet_book"] + rows["sites"])[who], rows["debt"][who], rows["valuation"][who],
            panel["capex"][12 * year : 12 * year + 12][:, who].sum(axis=0),
        ]  # fmt: skip
        for column, values in zip(found, told, strict=True):
            column.extend(values)
    return found
