"""What one Dask scheduler carries: ``python -m experiments.benchmarks.cluster``.

A scheduler and two workers on this machine make runs that take no time, in batches of few runs. Printed is the
processor time that a batch, and a run in it, costs the scheduler and the client (the process that runs `sweep`), and
what comes of it: the share of one processor that both need for so many workers that make batches as long as
`experiments.runner` makes them. Workers see the folder of the results; ``--apart`` lets the rows travel instead.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from experiments import runner, work
from experiments.study import Study

WORKERS = (100, 500, 2000)


def nothing(settings: Mapping[str, float], seed: int) -> float:
    """A run that takes no time."""
    return settings["x"] + seed


def measured(address: str, scheduler: int, runs: int, most: int) -> tuple[int, float, float, float]:
    """Batches made, and seconds a batch: of the clock, of the client's processor, of the scheduler's."""
    study = Study.model_validate(
        {"model": f"{__spec__.name}:nothing", "factors": {"x": {"from": 0, "to": runs - 1, "steps": runs}}}
    )
    runner.MOST_IN_BATCH = most
    batches = -(-runs // most)
    with tempfile.TemporaryDirectory() as folder:
        warm = Study.model_validate({"model": study.model, "factors": {"x": [0.0, 1.0, 2.0, 3.0]}})
        runner.sweep(warm, Path(folder) / "warm", cluster=address)
        busy = psutil.Process(scheduler).cpu_times()
        began, ours = time.perf_counter(), time.process_time()
        runner.sweep(study, Path(folder) / "x", cluster=address)
        seconds, client = time.perf_counter() - began, time.process_time() - ours
        after = psutil.Process(scheduler).cpu_times()
    theirs = after.user + after.system - busy.user - busy.system
    return batches, seconds / batches, client / batches, theirs / batches


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--apart", action="store_true", help="as if the workers did not see the folder")
    given = parser.parse_args()
    if given.apart:
        runner.open_store.__globals__["Post"] = lambda folder, word: work.Post(folder, "")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, dask = f"tcp://127.0.0.1:{port}", [sys.executable, "-m", "dask"]
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
    with tempfile.TemporaryFile() as log:
        words = [[*dask, "scheduler", "--port", str(port), "--no-dashboard"]]
        words += [[*dask, "worker", address, *options]] * 2
        started = [subprocess.Popen(line, stdout=log, stderr=log) for line in words]
        try:
            time.sleep(10)
            print(f"{'runs a batch':>12} {'batches/s':>10} {'client ms':>10} {'scheduler ms':>13}")
            cost = 0.0
            for most in (1, 8, 64):
                _, seconds, client, theirs = measured(address, started[0].pid, given.batches * most, most)
                cost = max(client, theirs) if most == 8 else cost
                told = f"{1 / seconds:>10.0f} {1e3 * client:>10.2f} {1e3 * theirs:>13.2f}"
                print(f"{most:>12} {told}", flush=True)
            for workers in WORKERS:
                length = runner.BATCH_SECONDS + workers / runner.WORKERS_A_SECOND
                share = cost * workers / length
                print(f"{workers} workers: batches of {length:.1f} s, {share:.0%} of a processor")
        finally:
            for process in started:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
