"""How fast the economy runs: compiled and not, with and without the firm panel.

``python -m experiments.benchmarks.engine`` prints the tables; `experiments.benchmarks.scale` those of larger economies.
All times are of one machine at one moment; the ratio to the uncompiled rules is taken in a process with
``NUMBA_DISABLE_JIT=1`` that does the same months.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from abm.calibration.opening import Opening, opening_tables
from abm.simulation import Economy


def timed_run(opening: Opening, months: int, seed: int, *, panel: bool = False) -> float:
    """Seconds that the months of one run take, opening and compilation left out.

    Parameters
    ----------
    opening : Opening
        Where to start.
    months, seed : int
        Length and seed.
    panel : bool
        Whether the firm panel is recorded.

    Returns
    -------
    float
    """
    economy = Economy(opening, seed=seed, panel=panel)
    start = time.perf_counter()
    economy.run(months)
    return time.perf_counter() - start


def uncompiled_seconds(months: int) -> float:
    """Seconds of some months with the plain Python rules, in a process of its own."""
    code = (
        "from experiments.benchmarks.engine import timed_run\n"
        "from abm.calibration.opening import opening_tables\n"
        f"print(timed_run(opening_tables(), {months}, 1))"
    )
    settings = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=96, help="length of a run")
    parser.add_argument("--seeds", type=int, default=7, help="runs per line; the median is printed")
    parser.add_argument("--uncompiled", type=int, default=3, help="months of the uncompiled run")
    given = parser.parse_args()
    if min(given.months, given.seeds, given.uncompiled) < 1:
        parser.error("--months, --seeds and --uncompiled must be at least 1")
    opening, months = opening_tables(), given.months
    seeds = range(1, given.seeds + 1)
    timed_run(opening, 1, 1)  # compiles

    print(f"{'run':<44} {'seconds':>9} {'months/s':>10}")
    for panel in (False, True):
        middle = statistics.median(timed_run(opening, months, seed, panel=panel) for seed in seeds)
        name = f"{months} months, {'with' if panel else 'without'} firm panel"
        print(f"{name:<44} {middle:>9.4f} {months / middle:>10,.0f}", flush=True)

    short = given.uncompiled
    compiled = statistics.median(timed_run(opening, short, seed) for seed in seeds)
    plain = uncompiled_seconds(short)
    print(f"\n{short} months compiled {compiled * 1e3:.1f} ms, uncompiled {plain:.2f} s: {plain / compiled:,.0f} times")


if __name__ == "__main__":
    main()
