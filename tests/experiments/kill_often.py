"""Sweeps that are killed again and again: forks a sweep, kills it with all its children at a random moment, resumes.

A program of its own, because the process that forks must have no threads; `test_kills` calls it. It prints one line
of JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from abm.inputs.scenarios import BASELINE, load
from abm.simulation import open_economy
from experiments import runner, store
from experiments.code import code_hash
from experiments.store import read
from experiments.study import Study

TIMED = ("manifest.json", ".lock")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a results folder that must be the same bytes."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in TIMED]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def fork_sweep(study: Study, out: Path, how: runner.How) -> int:
    """Start a sweep in a process group of its own; the id of the process."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            runner.sweep(study, out, workers=2, how=how)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def sweep_with_kills(
    study: Study, out: Path, how: runner.How, longest: float, most: int, draw: random.Random, log: Path
) -> int:
    """Kill and resume, `most` times at the utmost, until a sweep ends by itself; the number of kills.

    A run whose rows were kept when a kill struck must never be made again.
    """
    kills = 0
    while True:
        seen = log.read_text().splitlines() if log.exists() else []
        kept = set(read(out).runs.index) if (out / "manifest.json").exists() else set()
        began = time.perf_counter()
        child = fork_sweep(study, out, how)
        patience = draw.uniform(0.0, longest) if kills < most else float("inf")
        ended = 0
        at_work = how == "threads"  # processes take a while to start: the clock waits for their first run
        while not ended and (not at_work or time.perf_counter() - began < patience):
            ended, status = os.waitpid(child, os.WNOHANG)
            if not at_work and log.exists() and log.read_text().count("\n") > len(seen):
                at_work, began = True, time.perf_counter()
            time.sleep(0.0005)
        if not ended:
            (os.killpg if os.getpgid(child) == child else os.kill)(child, signal.SIGKILL)
            os.waitpid(child, 0)
            kills += 1
        again = {int(line) for line in log.read_text().splitlines()[len(seen) :]} if log.exists() else set()
        if again & kept:
            raise AssertionError(f"runs {sorted(again & kept)[:5]} were kept and made again")
        if ended:
            if os.waitstatus_to_exitcode(status) != 0:
                raise AssertionError("a resumed sweep failed")
            return kills


def main() -> None:
    """Kill at least as often as asked; print how often."""
    folder, wanted, how, model = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    draw = random.Random(20251231)
    code_hash()  # once, before the forks: so that it is of the code they run even if a file changes meanwhile
    store.RUNS_IN_SHARD, runner.MOST_IN_BATCH = (40, 8) if model != "economy" else (10, 2)
    log = Path(model.partition(":")[0]).with_suffix(".log")
    if model == "economy":
        study = Study.model_validate({"months": 6, "factors": {"lender_capital": [0.3, 0.6, 1.0]}, "replicates": 6})
        # The compiled engine, once: kills are to strike sweeps that are at work.
        open_economy(load(BASELINE), central=True).run(1)
    else:
        x = {"from": 0.0, "to": 299.0, "steps": 300}
        study = Study.model_validate({"model": model, "factors": {"x": x}})
    # The reference is made in a child too: this process must stay without threads.
    began = time.perf_counter()
    os.waitpid(fork_sweep(study, folder / "whole", how), 0)
    longest = 0.6 * (time.perf_counter() - began) if how == "threads" else 0.1
    most = 1000 if how == "threads" else wanted  # processes start slowly: as few as will do
    whole = contents(folder / "whole")
    kills = rounds = 0
    while kills < wanted:
        log.unlink(missing_ok=True)
        out = folder / f"killed{rounds}"
        kills += sweep_with_kills(study, out, how, longest, most, draw, log)
        rounds += 1
        if contents(out) != whole:
            raise AssertionError(f"after kills {out} differs from the uninterrupted sweep")
    print(json.dumps({"kills": kills, "sweeps": rounds}))


if __name__ == "__main__":
    main()
