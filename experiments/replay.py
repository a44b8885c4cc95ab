"""One run of a sweep made once more: is it the same to the last bit?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import BadInput
from experiments.code import code_hash
from experiments.execution import Batch, Run, open_run, perform
from experiments.store import Results
from experiments.study import ECONOMY


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Attributes
    ----------
    run : Run
        What was run.
    outcomes : dict
        Its outcomes, made now.
    tables : dict
        Rows of every table and whether they are the same bytes.
    other_code : bool
        Whether the sweep was made by another version of the program.
    """

    run: Run
    outcomes: dict[str, float]
    tables: dict[str, tuple[int, bool]]
    other_code: bool

    @property
    def equal(self) -> bool:
        """Whether everything is the same."""
        return all(same for _, same in self.tables.values())

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "run": self.run.number,
            "settings": dict(self.run.settings),
            "replicate": self.run.replicate,
            "seed": self.run.seed,
            "outcomes": self.outcomes,
            "tables": {name: {"rows": rows, "equal": same} for name, (rows, same) in self.tables.items()},
            "other_code": self.other_code,
            "equal": self.equal,
        }


def _run(results: Results, number: int) -> Run:
    total = results.plan.runs
    if not 0 <= number < total:
        raise BadInput(f"there is no run {number}: the sweep has runs 0 to {total - 1}")
    return results.plan.run(number)


def _bytes(table: pa.Table) -> bytes:
    """A table as bytes that are the same for the same rows, NaN included."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def replay(results: Results, number: int) -> Replay:
    """Make one run again and compare it with what was kept of it.

    Parameters
    ----------
    results : Results
    number : int
        The run.

    Returns
    -------
    Replay

    Raises
    ------
    BadInput
        If there is no such run, or it is not made yet.
    """
    run = _run(results, number)
    kept = {name: results.rows_of(name, number) for name in results.recipe.schemas()}
    if not kept["runs"].num_rows:
        raise BadInput(f"run {number} is not made yet: invisible-debt sweep goes on with the sweep")
    made = perform(results.recipe, Batch(0, (run,)))
    compared = {name: (table.num_rows, _bytes(table) == _bytes(made[name])) for name, table in kept.items()}
    row = made["runs"].to_pylist()[0]
    outcomes = {name: row[name] for name in results.recipe.outcomes}
    return Replay(run, outcomes, compared, results.manifest["code_hash"] != code_hash())


def write_replayed(results: Results, number: int, out: Path) -> None:
    """Write all tables and the figure of one run, as `invisible-debt run` does.

    Raises
    ------
    BadInput
        If the study runs a function and no economy, or the disk does not let us write.
    """
    from experiments.results import recipe_of, run_folder, write_run

    recipe, run = results.recipe, _run(results, number)
    if recipe.model != ECONOMY:
        raise BadInput("--out is for runs of the economy: this study runs a function")
    economy = open_run(recipe, run, panel=True)
    scenario = economy.scenario
    assert scenario is not None
    changed = {name: value for name, value in economy.changed.items() if scenario.parameters.get(name) != value}
    told = recipe_of(
        economy.opening, scenario=scenario, changed=changed, seed=run.seed, months=recipe.months, world=economy.world
    )
    with run_folder(out, told) as stage:
        economy.run(recipe.months)
        write_run(economy, stage, scenario=scenario, changed=changed, seed=run.seed, months=recipe.months)
