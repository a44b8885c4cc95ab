"""All runs that the table of risk needs: the baseline, the flagship's failure and the analogue in every world, every
other scenario in a part of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from abm.calibration.opening import DEFAULT_OPENING
from abm.calibration.worlds import world
from abm.errors import InvisibleDebtError
from abm.inputs.scenarios import BASELINE, names
from experiments.execution import Run, Value
from experiments.gather import digest, failure_sentences, gather
from experiments.risk.findings import Part
from experiments.risk.observe import SCHEMAS, STRIKE
from experiments.runner import How

ANALOGUE = "telecom_2001"
WHOLE = (BASELINE, STRIKE, ANALOGUE)  # scenarios that every world goes through
OBSERVER = "experiments.risk.observe:observe"
NOTHING_MORE: Mapping[str, pa.Schema] = {}
FEWER = 4  # the other scenarios get a seed of so many


class Made(NamedTuple):
    """All runs: the parts by scenario, the tables as they are written, and what failed in a sentence each."""

    parts: dict[str, Part]
    tables: dict[str, pa.Table]
    seeds: int
    central: bool
    failures: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all tables."""
        return digest(self.tables[name] for name in sorted(self.tables))


def plan(seeds: int) -> dict[str, int]:
    """Worlds by scenario."""
    others = [name for name in names() if name not in WHOLE]
    return dict.fromkeys(WHOLE, seeds) | dict.fromkeys(others, max(seeds // FEWER, 1))


def make(
    seeds: int,
    central: bool,
    *,
    observer: str = OBSERVER,
    more: Mapping[str, pa.Schema] = NOTHING_MORE,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Run all worlds; the same tables whoever makes them.

    Parameters
    ----------
    seeds : int
        Worlds of the baseline, with the seeds 1, 2, ...
    central : bool
        Whether only luck differs by seed (`experiments.risk.observe.open_world`).
    observer : str
        Who runs a world and reads it, as `experiments.risk.observe.observe` does.
    more : mapping
        Schemas of the tables that it returns beside those.
    workers, how, progress
        See `experiments.gather.gather`.

    Raises
    ------
    InvisibleDebtError
        If no world of one of the `WHOLE` scenarios ended well.
    """
    if not central:
        world(1, DEFAULT_OPENING)  # a mistake in the files is told once, before any worker meets it
    wanted = plan(seeds)
    runs: list[Run] = []
    for point, (name, count) in enumerate(wanted.items()):
        settings: dict[str, Value] = {"opening": DEFAULT_OPENING, "scenario": name, "central": central}
        runs += [Run(len(runs) + k, point, 0, k + 1, settings) for k in range(count)]
    schemas = {**SCHEMAS, **more}
    found = gather(observer, runs, ["failures"], schemas, workers=workers, how=how, progress=progress)
    return put_together(found, seeds, central, schemas)


def put_together(
    found: dict[str, pa.Table], seeds: int, central: bool, schemas: Mapping[str, pa.Schema] = SCHEMAS
) -> Made:
    """Parts and tables of gathered runs; runs that ended in an error are named, and are in no part.

    Raises
    ------
    InvisibleDebtError
        If no world of one of the `WHOLE` scenarios ended well.
    """
    wanted = list(plan(seeds))
    failures = failure_sentences(found, wanted)
    runs = found["runs"].to_pandas()
    runs = runs[~runs["failed"]]
    names_of = pa.array([wanted[k] for k in found["runs"]["point"].to_pylist()])
    listed = found["runs"].append_column("scenario", names_of)
    tables = {"runs": listed} | {name: found[name] for name in schemas}
    parts = {}
    for point, name in enumerate(wanted):
        mine = runs[runs["point"] == point]
        if not len(mine) and name not in WHOLE:
            continue
        if not len(mine):
            raise InvisibleDebtError(f"no run of '{name}' ended well; the first: {failures[0]}")
        place = {int(run): k for k, run in enumerate(mine["run"])}
        frames = {}
        for table in schemas:
            rows = found[table].filter(pc.is_in(found[table]["run"], pa.array(list(place), pa.int64()))).to_pandas()
            frames[table] = rows.assign(world=rows["run"].map(place).astype(np.int64))
        parts[name] = Part(name, mine["seed"].to_numpy(np.int64), frames)
    return Made(parts, tables, seeds, central, failures)
