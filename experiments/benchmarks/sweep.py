"""How fast sweeps are: runs per second, time outside the compiled engine, a second worker, memory against runs.

``python -m experiments.benchmarks.sweep`` prints the tables. Every line is measured in a process of its own, on one
machine at one moment; a machine with other work shows less. Loading the engine is left out of rates and kept in memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from abm import simulation
from experiments import runner
from experiments.study import Study


def timed(seconds: list[float], function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, adding the processor time it takes to the only entry of `seconds`."""

    def wrapped(*args: Any, **named: Any) -> Any:
        start = time.thread_time()
        try:
            return function(*args, **named)
        finally:
            seconds[0] += time.thread_time() - start

    return wrapped


def measure(runs: int, months: int, workers: int, how: runner.How) -> dict[str, float]:
    """One sweep of the baseline.

    Parameters
    ----------
    runs, months, workers : int
        How many runs of how many months by how many workers.
    how : "threads" or "processes"
        Who makes them.

    Returns
    -------
    dict
        seconds by the clock; processor (seconds of all threads); engine (those in compiled code, the opening's trial
        months included; for one thread only); memory (MiB, largest resident set, workers that are processes
        included); disk (bytes a run).
    """
    simulation.open_economy(panel=False, central=True).run(1)
    engine = [0.0]
    if workers == 1 and how == "threads":
        simulation.Economy.run = timed(engine, simulation.Economy.run)  # type: ignore[method-assign]
        simulation.run_months = timed(engine, simulation.run_months)
    study = Study(months=months, replicates=runs)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sweep"
        start, busy = time.perf_counter(), time.process_time()
        runner.sweep(study, out, workers=workers, how=how)
        seconds, processor = time.perf_counter() - start, time.process_time() - busy
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if how == "processes":
        memory += workers * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    times = {"seconds": seconds, "processor": processor, "engine": engine[0]}
    return {**times, "memory": memory, "disk": size / runs}


def apart(runs: int, months: int, workers: int, how: str) -> dict[str, float]:
    """`measure` in a process of its own."""
    words = [sys.executable, "-m", "experiments.benchmarks.sweep", "--one", str(runs), str(months), str(workers), how]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="runs of the tables of speed")
    parser.add_argument("--months", type=int, default=96)
    parser.add_argument("--sizes", type=int, nargs="*", default=[500, 1000, 2000, 4000], help="of the memory table")
    parser.add_argument("--size-months", type=int, default=12, help="months of a run in the memory table")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        runs, months, workers = (int(word) for word in options.one[:3])
        print(json.dumps(measure(runs, months, workers, options.one[3])))
        return
    print(f"{options.runs} runs of {options.months} months")
    alone = apart(options.runs, options.months, 1, "threads")
    outside = 1.0 - alone["engine"] / alone["processor"]
    print(f"{'workers':>14} {'runs/s':>8} {'efficiency':>11} {'CPU s/run':>10} {'MiB':>7}")
    line = "{:>14} {:8.2f} {:>11} {:>10} {:7.0f}"
    busy = f"{alone['processor'] / options.runs:.3f}"
    print(line.format("1 thread", options.runs / alone["seconds"], "", busy, alone["memory"]), flush=True)
    for workers, how in ((2, "threads"), (2, "processes")):
        found = apart(options.runs, options.months, workers, how)
        efficiency = alone["seconds"] / found["seconds"] / workers
        told = f"{efficiency:.2f}"
        busy = f"{found['processor'] / options.runs:.3f}" if how == "threads" else ""
        rate = options.runs / found["seconds"]
        print(line.format(f"{workers} {how}", rate, told, busy, found["memory"]), flush=True)
    print(f"outside the compiled engine, one thread: {100 * outside:.1f} % of the processor time")
    print(f"on disk: {alone['disk']:.0f} bytes a run\n\nmemory against runs, {options.size_months} months, 2 threads")
    print(f"{'runs':>8} {'runs/s':>8} {'MiB':>7}")
    for size in options.sizes:
        found = apart(size, options.size_months, 2, "threads")
        print(f"{size:8d} {size / found['seconds']:8.2f} {found['memory']:7.0f}", flush=True)


if __name__ == "__main__":
    main()
