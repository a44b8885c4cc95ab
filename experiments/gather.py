"""Runs of a function made side by side and put together again, in the order of their numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import pyarrow as pa

from abm.engine.ahead import processors
from abm.inputs.scenarios import BASELINE
from experiments.execution import Batch, Recipe, Run
from experiments.packing import unpack
from experiments.pools import Pool, Processes, Threads
from experiments.runner import FEW, How
from experiments.work import Made

BATCH = 5  # runs handed out together


def gather(
    function: str,
    runs: Sequence[Run],
    outcomes: Sequence[str],
    tables: Mapping[str, pa.Schema] | None = None,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] | None = None,
) -> dict[str, pa.Table]:
    """Make runs on threads or processes; the same rows whoever makes them.

    Parameters
    ----------
    function : str
        Where it is (`experiments.execution.load_function`); it takes the settings and the seed of a run.
    runs : sequence of Run
        At least one.
    outcomes : sequence of str
        Names of the numbers it returns.
    tables : mapping, optional
        Schemas of the tables that it returns beside them, by name.
    workers : int, optional
        One a processor by default.
    how : "auto", "threads" or "processes"
        Who makes the runs.
    progress : callable, optional
        Called with the runs done.

    Returns
    -------
    dict of str to pyarrow.Table
        As `experiments.execution.perform` makes them, rows in the order of the runs.
    """
    recipe = recipe_of(function, outcomes, tables)
    batches = [Batch(k, tuple(runs[at : at + BATCH])) for k, at in enumerate(range(0, len(runs), BATCH))]
    size = min(workers or processors(), len(batches))
    pool: Pool
    pool = Threads(recipe, size) if how == "threads" or (how == "auto" and size <= FEW) else Processes(recipe, size)
    found: dict[int, dict[str, pa.Table]] = {}
    done = 0
    try:
        left = iter(batches)
        while done < len(runs):
            while pool.room > 0 and (batch := next(left, None)) is not None:
                pool.submit(batch)
            made = pool.wait()
            assert isinstance(made, Made)
            assert made.content is not None  # there is no folder to write it into
            found[made.number] = unpack(made.content)
            done += made.runs
            if progress is not None:
                progress(done)
    finally:
        pool.close()
    return {name: pa.concat_tables([found[k][name] for k in range(len(batches))]) for name in found[0]}


def recipe_of(function: str, outcomes: Sequence[str], tables: Mapping[str, pa.Schema] | None = None) -> Recipe:
    """What runs of a function share; parameters as of `gather`."""
    # What is kept of an economy, and of which one, is for runs without a function.
    return Recipe(
        model=function, months=0, scenario=BASELINE, scenarios={}, parameters={}, policies={}, rules={},
        outcomes=dict.fromkeys(outcomes), series=(), columns=(), firms=(), events=(), defaults=False, months_at=(),
        left=tables or {},
    )  # fmt: skip


def digest(tables: Iterable[pa.Table]) -> str:
    """SHA-256 of what stands in tables, in their order."""
    found = hashlib.sha256()
    for table in tables:
        for column in table.columns:
            found.update(repr(column.to_pylist()).encode())
    return found.hexdigest()


def failure_sentences(found: Mapping[str, pa.Table], points: Sequence[str] = ()) -> tuple[str, ...]:
    """A sentence for each gathered run that ended in an error, with the name of its point if these are given."""
    rows = found["failures"].to_pylist()
    named = [f"{points[row['point']]}, " if points else "" for row in rows]
    return tuple(
        f"{name}seed {row['seed']}: {row['error']}: {row['message']}" for name, row in zip(named, rows, strict=True)
    )
