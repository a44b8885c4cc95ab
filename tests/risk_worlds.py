"""Worlds of a few rows by hand, as the tables of risk keep them."""

import numpy as np
import pandas as pd
import pyarrow as pa

from abm.engine import tables
from abm.inputs.scenarios import BASELINE
from experiments.risk import observe as watched
from experiments.risk.findings import Part
from experiments.validation.observe import MORE

MONTHLY = ("months", "prices")


def part(worlds=2, scenario=BASELINE, **rows):
    """Worlds with the seeds 1, 2, ... and these rows of tables; monthly ones are a value a column, or a whole path."""
    frames = {}
    for name, schema in {**watched.SCHEMAS, **MORE}.items():
        if name in MONTHLY:
            given = rows.get(name, {})
            frame = pd.DataFrame(
                {
                    field.name: np.broadcast_to(given.get(field.name, 1.0), (worlds, watched.MONTHS + 1)).ravel()
                    for field in schema
                }
            )
            frame["world"] = np.repeat(np.arange(worlds), watched.MONTHS + 1)
        else:
            frame = pd.DataFrame(rows.get(name, []), columns=[*schema.names, "world"])
            for field in schema:
                if not pa.types.is_string(field.type):
                    frame[field.name] = frame[field.name].fillna(0).astype(field.type.to_pandas_dtype())
            frame["world"] = frame["world"].astype(np.int64)
        frames[name] = frame
    return Part(scenario, np.arange(1, worlds + 1), frames)


def year(world, firm, months=-1, hazard=0.1, year=0, kind="neocloud", debt=1.0, way=0, long=0.1, hard=None):
    """A firm that begins a year; after how many months it defaults, and does so other than by a deferral."""
    if hard is None:
        hard = -1 if way == tables.DEFERRAL else months
    return {
        "world": world, "year": year, "firm": firm, "kind": kind, "debt": debt, "hazard": hazard, "hazard_long": long,
        "months": months, "way": way if months > 0 else -1, "months_hard": hard,
    }  # fmt: skip


def fall(world, firm, month, kind="neocloud", debt=10.0, secured=0.0, lost=0.0, stage=1, way=0, settled=1,
         equity=0.0, claims=0.0, **weights):  # fmt: skip
    """A default; the weights of its causes."""
    causes = dict.fromkeys(watched.CAUSES, 0.0) | (weights or {"own doing": 1.0})
    return {
        "world": world, "month": month, "stage": stage, "firm": firm, "kind": kind, "way": way, "debt": debt,
        "secured": secured, "loss_credit": lost, "loss_equity": equity, "loss_claims": claims, "settled": settled,
        **causes,
    }  # fmt: skip


def lender(world, year, losses=0.0, lent=1.0, name="bank 1", kind="bank", capital=10.0, closed=0, gated=0, marks=0.0):
    return {
        "world": world, "lender": name, "class": kind, "year": year, "capital": capital, "book": 5.0,
        "losses": losses, "marks": marks, "lent": lent, "closed": closed, "gated": gated, "failed": 0,
    }  # fmt: skip
