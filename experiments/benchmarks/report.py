"""What a report of many runs takes: ``python -m experiments.benchmarks.report [--runs 100000]``.

It writes a folder of made-up results, as large as those of so many runs of the economy, and prints time and peak memory
of `open` and `report` on it, each in a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from experiments.code import code_hash
from experiments.execution import Recipe
from experiments.packing import pack
from experiments.store import Plan, Store, open_store
from experiments.study import Study
from experiments.work import Closed, Closing, Made

IN_PART = 5000  # runs
DEFAULTS = 3  # a run
PROBE = (
    "import resource, sys, time; from experiments.cli import main\n"
    "sys.argv[0] = 'invisible-debt'; t = time.process_time()\n"
    "try: main()\n"
    "except SystemExit: pass\n"
    "memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
    "print(f'{time.process_time() - t:.1f} s of processor time, {memory:.0f} MiB', file=sys.stderr)"
)


def study_of(runs: int, points: int) -> Study:
    """A study of so many runs: two factors, a policy, a crisis."""
    values = [0.5 + 1.5 * k / (points // 2) for k in range(points // 2)]
    return Study.model_validate(
        {
            "factors": {"lender_capital": values},
            "policies": {"buffers": {"capital_requirement": 1.5}},
            "replicates": runs // points,
            "report": {"crisis": "losses > 1"},
        }
    )


def rows(recipe: Recipe, plan: Plan, first: int, runs: int, draw: np.random.Generator) -> dict[str, pa.Table]:
    """Made-up tables of so many runs from this one on."""
    times = {"runs": 1, "failures": 0, "series": len(recipe.months_at), "defaults": DEFAULTS}
    made = {}
    for name, schema in recipe.schemas().items():
        count = runs * times[name]
        columns = []
        for field in schema:
            if field.name == "run":
                column: np.ndarray = np.repeat(np.arange(first, first + runs), times[name])
            elif name == "runs" and field.name in ("point", "replicate", "seed"):
                point, replicate = divmod(np.arange(first, first + runs), plan.study.replicates)
                column = {"point": point, "replicate": replicate, "seed": replicate + 1}[field.name]
            elif field.name == "month" and name == "series":
                column = np.tile(recipe.months_at, runs)
            elif (field.metadata or {}).get(b"unit") == b"month" and pa.types.is_floating(field.type):
                column = draw.integers(1, plan.study.months + 1, count)
            elif pa.types.is_floating(field.type):
                column = draw.exponential(size=count)
            elif pa.types.is_string(field.type):
                column = np.array([f"{k:016x}" * 4 for k in draw.integers(0, 2**60, count)], object)
            else:
                column = np.zeros(count, int)
            columns.append(pa.array(column, field.type) if count else pa.array([], field.type))
        made[name] = pa.Table.from_arrays(columns, schema=schema)
    return made


def fill(store: Store) -> None:
    """Give a store made-up rows of all its runs."""
    draw = np.random.default_rng(1)
    store.begin("nobody")
    while (item := store.next(IN_PART)) is not None:
        if isinstance(item, Closing):
            store.closed(Closed(item.number, item.shard, code_hash()))
            continue
        first, runs = item.runs[0].number, len(item.runs)
        content = pack(rows(store.recipe, store.plan, first, runs, draw), code_hash())
        store.add(Made(item.number, code_hash(), first, runs, 0, 1.0, content))
    store.end()


def main() -> None:
    """Write, open, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help="keep the results there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = given.folder or Path(place) / "results"
        with open_store(study_of(given.runs, given.points), folder) as store:
            fill(store)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{given.runs:,} runs, {size / 1e6:.0f} MB", flush=True)
        for words in (["open"], ["open", "--verify"], ["report"]):
            done = subprocess.run([sys.executable, "-c", PROBE, *words, folder], capture_output=True, text=True)
            print(f"{' '.join(words):<14} {done.stderr.strip().splitlines()[-1]}", flush=True)


if __name__ == "__main__":
    main()
